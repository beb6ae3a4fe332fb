import { can, reservationCan } from '../can.ts'
import { oneOf } from '../enumeration.ts'
import { refuse } from '../refusals.ts'
import type { State } from '../state/state.ts'
import { emitReservation, emitTransfer } from './events.ts'
import { checkVersion, inWorkspace, named, notFound } from './lookup.ts'
import { fail, isInReservationActivity, moveBackBySingleTask, moveBySingleTask, roundEnded, withdraw } from './route.ts'
import { isOpen, type ReservationRow } from './rows.ts'
import { complete, wrapUp } from './task.ts'
import { completeTransfer, hasLetGo, holderLeft } from './transfer.ts'
import { refuseVoice, voiceInstructionNames } from './voice-instruction.ts'
import { checkMove, moveTo } from './worker.ts'

export interface UpdateReservation {
  readonly workspace_sid: string
  /** One of both says by which door the caller came. */
  readonly task_sid?: string
  readonly worker_sid?: string
  readonly sid: string
  readonly reservation_status?: string
  readonly worker_activity_sid?: string
  readonly instruction?: string
  readonly if_match?: string
}

/** A reservation below its task or its worker, or 404. */
export function findReservation(
  state: State,
  {
    workspace_sid,
    task_sid,
    worker_sid,
    sid
  }: Pick<UpdateReservation, 'workspace_sid' | 'task_sid' | 'worker_sid' | 'sid'>
): ReservationRow {
  if (task_sid !== undefined) inWorkspace(state, 'task', workspace_sid, task_sid)
  if (worker_sid !== undefined) inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const parent = task_sid !== undefined ? `Tasks/${task_sid}` : `Workers/${worker_sid}`
  const row = state.find('reservation', sid)
  if (row && row.workspace_sid === workspace_sid && (row.task_sid === task_sid || row.worker_sid === worker_sid))
    return row
  return notFound(`/Workspaces/${workspace_sid}/${parent}/Reservations/${sid}`)
}

/** What a worker, or a program for it, does with a reservation (reference taskrouter 5.1). */
export function updateReservation(state: State, params: UpdateReservation): { reservation: ReservationRow } {
  const reservation = findReservation(state, params)
  checkVersion(reservation, params.if_match)
  const { worker_activity_sid } = params
  const status = params.reservation_status ?? byInstruction(state, reservation, params)
  if (status === undefined) return { reservation }
  if (!Object.hasOwn(reservationCan, status)) {
    refuse(
      'invalid',
      `ReservationStatus cannot be set to '${status}': only ${Object.keys(reservationCan).join(', ')} can`
    )
  }
  if (worker_activity_sid) named(state, 'activity', params.workspace_sid, worker_activity_sid, 'WorkerActivitySid')
  if (!can(reservationCan, reservation.reservation_status, status)) refuseStatus(reservation, status)
  if (status === 'accepted') accept(state, reservation)
  else if (status === 'rejected') {
    if (worker_activity_sid) checkMove(state, reservation.worker_sid, worker_activity_sid)
    rejectReservation(state, reservation, worker_activity_sid || undefined)
  } else finish(state, reservation, status as 'wrapping' | 'completed') // the other two of the table
  return { reservation: state.get('reservation', reservation.sid) }
}

/** accept and reject are instructions as well; the others need a voice connection (reference taskrouter 5.5). */
function byInstruction(state: State, reservation: ReservationRow, params: UpdateReservation): string | undefined {
  if (params.instruction === undefined || params.instruction.trim() === '') return undefined
  const instruction = oneOf(instructionNames, params.instruction, 'Instruction')
  if (instruction === 'accept') return 'accepted'
  if (instruction === 'reject') return 'rejected'
  const { sid, workspace_sid, reservation_status } = reservation
  if (instruction !== 'supervise' && reservation_status !== 'pending') {
    const text = `Cannot ${instruction} reservation ${sid} in workspace ${workspace_sid} because it is not pending.`
    refuse('not_possible', `${text} It is ${reservation_status}.`)
  }
  return refuseVoice(state, reservation, instruction, { ...params })
}

const instructionNames = ['accept', 'reject', ...voiceInstructionNames] as const

function refuseStatus(reservation: ReservationRow, status: string): never {
  const { sid, workspace_sid, reservation_status } = reservation
  const verb = { accepted: 'accept', rejected: 'reject', wrapping: 'wrap up', completed: 'complete' }[status] ?? status
  const needed = reservationCan[status as keyof typeof reservationCan].join(' or ') // the caller has checked that it is one
  const text = `Cannot ${verb} reservation ${sid} in workspace ${workspace_sid} because it is not ${needed}.`
  if (status === 'accepted' && reservation_status === 'rescinded')
    return refuse('rescinded', `${text} Another worker accepted the task first.`)
  return refuse('not_possible', `${text} It is ${reservation_status}.`)
}

/** The first acceptance wins; the task's other reservations are rescinded (reference taskrouter 5.3). */
export function accept(state: State, pending: ReservationRow): void {
  const { task_sid } = pending
  state.change('task', task_sid, {
    assignment_status: 'assigned',
    ttl_at: null,
    target_at: null,
    retry_at: null,
    advance: false,
    re_evaluate: false,
    followed_attributes: null,
    delete_at: state.at + state.settings.assigned_task_lives_s * 1000
  })
  const reservation = state.change('reservation', pending.sid, { reservation_status: 'accepted', timeout_at: null })
  const transfer = completeTransfer(state, reservation)
  moveBySingleTask(state, reservation, 'assignment_activity_sid')
  emitReservation(state, 'reservation.accepted', reservation)
  if (transfer) emitTransfer(state, 'task.transfer-completed', transfer)
  for (const sibling of state.tables.reservation.list('task_sid', task_sid)) {
    if (sibling.reservation_status === 'pending') withdraw(state, sibling.sid, 'rescinded')
  }
}

/** The worker keeps its activity unless one is given; others are asked first, then it again after a back-off (reference taskrouter 5.2). */
export function rejectReservation(state: State, pending: ReservationRow, worker_activity_sid?: string): void {
  const reservation = fail(state, pending.sid, 'rejected')
  if (worker_activity_sid) moveTo(state, reservation.worker_sid, worker_activity_sid)
  backOff(state, reservation)
  roundEnded(state, reservation)
}

/** The worker is not asked again for a while, the longer the oftener that has happened to the task in its target. */
function backOff(state: State, { task_sid, worker_sid }: ReservationRow): void {
  const task = state.get('task', task_sid)
  const pause_s = Math.min(maxPause_s, firstPause_s * 2 ** task.rejections)
  state.change('task', task_sid, {
    rejected_by: [...task.rejected_by.filter((sid) => sid !== worker_sid), worker_sid],
    rejections: Math.min(task.rejections + 1, 10),
    retry_at: state.at + pause_s * 1000
  })
}

const firstPause_s = 2
const maxPause_s = 30

export function wrapUpReservation(state: State, accepted: ReservationRow): void {
  emitReservation(
    state,
    'reservation.wrapup',
    state.change('reservation', accepted.sid, { reservation_status: 'wrapping' })
  )
}

export function completeReservation(state: State, reservation: ReservationRow): void {
  emitReservation(
    state,
    'reservation.completed',
    state.change('reservation', reservation.sid, { reservation_status: 'completed' })
  )
}

/** Wraps up or completes a reservation: the last worker who has the task takes it along (reference taskrouter 5.1). */
function finish(state: State, { sid, task_sid }: ReservationRow, status: 'wrapping' | 'completed'): void {
  const others = state.tables.reservation
    .list('task_sid', task_sid)
    .filter((other) => other.sid !== sid && isOpen(other) && !hasLetGo(state, other.sid))
  // Who has handed the task on has no say in it any more.
  const isOwn = !hasLetGo(state, sid)
  if (status === 'completed') {
    if (isOwn && others.length === 0) return void complete(state, task_sid, null)
    completeReservation(state, state.get('reservation', sid))
    holderLeft(state, task_sid)
    // A task is assigned as long as somebody has accepted it (reference taskrouter 11.5).
    const isWrapping = others.every((other) => other.reservation_status === 'wrapping')
    if (isWrapping && state.get('task', task_sid).assignment_status === 'assigned') wrapUp(state, task_sid, null)
  } else {
    if (!isOwn || others.some((other) => other.reservation_status !== 'wrapping'))
      wrapUpReservation(state, state.get('reservation', sid))
    else wrapUp(state, task_sid, null)
  }
}

/**
 * Nobody decided in time: the worker goes to the timeout activity if it was available (or is where a workspace without
 * multitasking had sent it for this reservation), and the task is offered anew.
 */
export function reservationTimedOut(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const reservation = fail(state, sid, 'timeout')
  const { activity_sid } = state.get('worker', reservation.worker_sid)
  if (state.get('activity', activity_sid).available || isInReservationActivity(state, reservation)) {
    moveTo(state, reservation.worker_sid, state.get('workspace', reservation.workspace_sid).timeout_activity_sid)
  }
  roundEnded(state, reservation)
  return {}
}

/**
 * Nobody could be asked: both assignment callbacks failed, or a call could not be set up. The reservation is canceled
 * and the task offered to others first; the worker's activity stays (reference taskrouter 5.4).
 */
export function cancelReservation(
  state: State,
  params: Pick<UpdateReservation, 'workspace_sid' | 'task_sid' | 'worker_sid' | 'sid'>
): { reservation: ReservationRow } {
  const pending = findReservation(state, params)
  if (pending.reservation_status !== 'pending') {
    refuse('not_possible', `Cannot cancel reservation ${pending.sid} because it is ${pending.reservation_status}.`)
  }
  callOff(state, pending)
  return { reservation: state.get('reservation', pending.sid) }
}

export function callOff(state: State, pending: ReservationRow): void {
  const reservation = fail(state, pending.sid, 'canceled')
  moveBackBySingleTask(state, reservation)
  backOff(state, reservation)
  roundEnded(state, reservation)
}
