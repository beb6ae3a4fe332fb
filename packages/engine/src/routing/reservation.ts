import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkVersion } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { isOpen } from '../matching/row-values.ts'
import { checkMove, moveBySingleTask } from './activity-moves.ts'
import { complete, completeAlone, withdraw, wrapUp, wrapUpReservation } from './end-task.ts'
import { emitReservation, emitTransfer } from './events.ts'
import { callOff, rejectReservation } from './failed-reservation.ts'
import { canTake, isRequest, reservationLifeCycle, reservationRequests } from './life-cycle.ts'
import { findReservation, named, type ReservationPath } from './lookup.ts'
import type { ReservationRow, TransferRow } from './rows.ts'
import { hasLetGo, holderLeft } from './task-holders.ts'
import { checkedInstruction, voiceInstructionNames } from './voice-instruction.ts'

export interface UpdateReservation extends ReservationPath {
  readonly reservation_status?: string
  readonly worker_activity_sid?: string
  readonly instruction?: string
  readonly if_match?: string
}

/** What a worker, or a program for it, does with a reservation (reference taskrouter 5.1). */
export function updateReservation(state: State, params: UpdateReservation): { reservation: ReservationRow } {
  const reservation = findReservation(state, params)
  checkVersion(reservation, params.if_match)
  const { worker_activity_sid } = params
  const status = params.reservation_status ?? byInstruction(state, reservation, params)
  if (status === undefined) return { reservation }
  if (!isRequest(reservationRequests, status)) {
    const possible = Object.keys(reservationRequests).join(', ')
    return refuse('invalid', `ReservationStatus cannot be set to '${status}': only ${possible} can`)
  }
  if (worker_activity_sid) named(state, 'activity', params.workspace_sid, worker_activity_sid, 'WorkerActivitySid')
  const { step } = reservationRequests[status]
  if (!canTake(reservationLifeCycle, reservation.reservation_status, step)) refuseStatus(reservation, status)
  if (status === 'accepted') accept(state, reservation)
  else if (status === 'rejected') {
    if (worker_activity_sid) checkMove(state, reservation.worker_sid, worker_activity_sid)
    rejectReservation(state, reservation, worker_activity_sid || undefined)
  } else finish(state, reservation, status)
  return { reservation: state.tables.reservation.need(reservation.sid) }
}

/** accept and reject are instructions as well; the others are carried out by whoever has the calls (reference taskrouter 5.5). */
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
  const fields = checkedInstruction(state, reservation, instruction, { ...params })
  state.emit('ringdown.reservation.instructed', {
    reservation,
    task: state.tables.task.need(reservation.task_sid),
    extra: { instruction, fields: JSON.stringify(fields) }
  })
  return undefined
}

const instructionNames = ['accept', 'reject', ...voiceInstructionNames] as const

function refuseStatus(reservation: ReservationRow, status: keyof typeof reservationRequests): never {
  const { sid, workspace_sid, reservation_status } = reservation
  const { verb, needed } = reservationRequests[status]
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
    if (sibling.reservation_status === 'pending')
      withdraw(state, sibling.sid, 'rescinded', state.tables.worker.need(reservation.worker_sid))
  }
}

/** Completes the transfer that is under way, if one is. The caller emits the event of the transfer that is returned. */
function completeTransfer(state: State, { sid, task_sid }: ReservationRow): TransferRow | undefined {
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  return (
    transfer &&
    state.change('transfer', transfer.sid, {
      transfer_status: 'complete',
      transfer_failed_reason: null,
      reservation_sid: sid
    })
  )
}

/** Wraps up or completes a reservation: the last worker who has the task takes it along (reference taskrouter 5.1). */
export function finish(state: State, { sid, task_sid }: ReservationRow, status: 'wrapping' | 'completed'): void {
  const others = state.tables.reservation
    .list('task_sid', task_sid)
    .filter((other) => other.sid !== sid && isOpen(other) && !hasLetGo(state, other.sid))
  // Who has handed the task on has no say in it any more.
  const isOwn = !hasLetGo(state, sid)
  if (status === 'completed') {
    if (isOwn && others.length === 0) return void complete(state, task_sid, null)
    completeAlone(state, state.tables.reservation.need(sid))
    holderLeft(state, task_sid)
    // A task is assigned as long as somebody has accepted it (reference taskrouter 11.5).
    const isWrapping = others.every((other) => other.reservation_status === 'wrapping')
    if (isWrapping && state.tables.task.need(task_sid).assignment_status === 'assigned') wrapUp(state, task_sid, null)
  } else {
    if (!isOwn || others.some((other) => other.reservation_status !== 'wrapping'))
      wrapUpReservation(state, state.tables.reservation.need(sid))
    else wrapUp(state, task_sid, null)
  }
}

/**
 * Nobody could be asked: both assignment callbacks failed, or a call could not be set up. The reservation is canceled
 * and the task offered to others first; the worker's activity stays (reference taskrouter 5.4).
 */
export function cancelReservation(state: State, params: ReservationPath): { reservation: ReservationRow } {
  const pending = findReservation(state, params)
  if (!canTake(reservationLifeCycle, pending.reservation_status, 'cancel')) {
    refuse('not_possible', `Cannot cancel reservation ${pending.sid} because it is ${pending.reservation_status}.`)
  }
  callOff(state, pending)
  return { reservation: state.tables.reservation.need(pending.sid) }
}
