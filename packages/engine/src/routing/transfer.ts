import { oneOf } from '../enumeration.ts'
import { refuse } from '../refusals.ts'
import type { State } from '../state/state.ts'
import { emitTask, emitTransfer } from './events.ts'
import { checkRange, inWorkspace, named, notFound } from './lookup.ts'
import { findReservation, wrapUpReservation } from './reservation.ts'
import {
  cancel,
  dropIfUnused,
  enterQueue,
  followWorkflow,
  leaveWorkflow,
  offer,
  reasons,
  reserve,
  withdraw
} from './route.ts'
import { isUnderWay, noFilter, type ReservationRow, type TaskRow, type TransferRow } from './rows.ts'
import { checkAttributes } from './worker.ts'

/*
 * A worker hands a task on to another worker, or to a queue (reference taskrouter 9.7). WARM: the initiator keeps its
 * reservation, and has the task again when the transfer fails. COLD: the initiator wraps up at once and has no say in the
 * task any more; when the transfer fails, the task is routed anew. Meanwhile the task is pending or reserved again,
 * outside of its workflow.
 */

export interface CreateTransfer {
  readonly workspace_sid: string
  /** Who hands it on. */
  readonly worker_sid: string
  readonly reservation_sid: string
  readonly task_sid: string
  /** `WK…` or `WQ…`. */
  readonly to: string
  /** WARM (default) or COLD. */
  readonly mode?: string
  readonly priority?: number
  readonly attributes?: string
}

export function createTransfer(state: State, params: CreateTransfer): { transfer: TransferRow } {
  const { workspace_sid, worker_sid, to, priority, attributes } = params
  const task = inWorkspace(state, 'task', workspace_sid, params.task_sid)
  const reservation = findReservation(state, { workspace_sid, worker_sid, sid: params.reservation_sid })
  const mode = oneOf(['WARM', 'COLD'], params.mode ?? 'WARM', 'Mode')
  checkRange(priority, 'Priority', 0, 2_147_483_647)
  if (attributes !== undefined) checkAttributes(attributes)
  checkOwner(state, task, reservation)
  const transfer_type = checkTarget(state, params)
  const transfer = state.insert('transfer', {
    workspace_sid,
    task_sid: task.sid,
    initiating_reservation_sid: reservation.sid,
    initiating_worker_sid: worker_sid,
    initiating_queue_sid: task.task_queue_sid,
    initiating_workflow_sid: task.workflow_sid,
    transfer_mode: mode,
    transfer_type,
    transfer_to: to,
    transfer_status: 'initiated',
    transfer_failed_reason: null,
    reservation_sid: null
  })
  const changed = { ...(priority !== undefined && { priority }), ...(attributes && { attributes }) }
  release(state, task, { ...changed, ...(transfer_type === 'QUEUE' && { routing_target: to, ignore_capacity: null }) })
  if (attributes) emitTask(state, 'task.updated', state.get('task', task.sid))
  emitTransfer(state, 'task.transfer-initiated', transfer)
  if (mode === 'COLD') wrapUpReservation(state, reservation)
  holderLeft(state, task.sid)
  if (transfer_type === 'QUEUE') {
    enterQueue(state, task.sid, to)
    offer(state, task.sid)
  } else reserveFor(state, task.sid, to)
  return { transfer: state.get('transfer', transfer.sid) }
}

function checkOwner(state: State, task: TaskRow, reservation: ReservationRow): void {
  const isOwner = reservation.task_sid === task.sid && reservation.reservation_status === 'accepted'
  if (!isOwner || task.assignment_status !== 'assigned') {
    const { sid, workspace_sid } = task
    refuse(
      'not_possible',
      `Cannot transfer task ${sid} in workspace ${workspace_sid} because it is not currently assigned to worker ${reservation.worker_sid}.`
    )
  }
  if (state.tables.transfer.firstBy('open_by_task', task.sid)) {
    refuse('not_possible', `Cannot transfer task ${task.sid} because another transfer of it is under way.`)
  }
}

/** A worker is asked whatever its capacity, as by direct routing, but not while it is away. */
function checkTarget(state: State, { workspace_sid, worker_sid, task_sid, to }: CreateTransfer): 'WORKER' | 'QUEUE' {
  if (to.startsWith('WQ')) {
    named(state, 'task_queue', workspace_sid, to, 'To')
    return 'QUEUE'
  }
  const worker = named(state, 'worker', workspace_sid, to, 'To')
  if (worker.sid === worker_sid) refuse('invalid', 'A Worker cannot transfer a Task to itself')
  if (!state.get('activity', worker.activity_sid).available)
    refuse('not_possible', `Worker ${worker.sid} is not available`)
  // After a transfer several may have it; who has let go of it can have it back.
  if (holding(state, task_sid).some((row) => row.worker_sid === worker.sid))
    refuse('not_possible', `Worker ${worker.sid} has task ${task_sid} already`)
  return 'WORKER'
}

/** Takes the task out of its workflow; it can be offered again. */
function release(state: State, task: TaskRow, changes: Partial<TaskRow>): void {
  state.change('task', task.sid, {
    ...changes,
    assignment_status: 'pending',
    workflow_document_sid: null,
    filter_index: noFilter,
    target_index: 0,
    filter_entered_at: null,
    timed_out: false,
    rejected_by: [],
    rejections: 0,
    retry_at: null
  })
  dropIfUnused(state, task.workflow_document_sid)
}

function reserveFor(state: State, task_sid: string, worker_sid: string): void {
  const task = state.get('task', task_sid)
  const workflow = state.find('workflow', task.workflow_sid)
  state.change('task', task_sid, { assignment_status: 'reserved', rounds: task.rounds + 1 })
  reserve(state, task_sid, worker_sid, state.at + (workflow?.task_reservation_timeout ?? 120) * 1000)
}

/** Takes a transfer back. Only who began it may, and only while it is under way. */
export function cancelTransfer(
  state: State,
  {
    workspace_sid,
    worker_sid,
    sid
  }: { readonly workspace_sid: string; readonly worker_sid: string; readonly sid: string }
): { transfer: TransferRow } {
  inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const before = state.find('transfer', sid)
  if (!before || before.initiating_worker_sid !== worker_sid || before.workspace_sid !== workspace_sid)
    return notFound(`/Workspaces/${workspace_sid}/Workers/${worker_sid}/Transfers/${sid}`)
  // The space is the original's (reference taskrouter 9.7), and programs compare texts.
  if (!isUnderWay(before))
    refuse('not_possible', `Transfer ${sid} is already ${before.transfer_status} . Cannot cancel transfer.`)
  const transfer = state.change('transfer', sid, { transfer_status: 'canceled' })
  const isHeld = giveBack(state, transfer)
  for (const pending of state.tables.reservation.list('task_sid', transfer.task_sid)) {
    if (pending.reservation_status === 'pending') withdraw(state, pending.sid, 'canceled')
  }
  emitTransfer(state, 'task.transfer-canceled', transfer)
  if (!isHeld) routeAnew(state, transfer)
  return { transfer: state.get('transfer', sid) }
}

/**
 * The last reservation of a round has failed: how it did is why the transfer's attempt failed. A transfer to a worker has
 * failed with it, and one to a queue when its rounds are used up, so whoever is told of the reservation is told that too.
 */
export function attemptFails(
  state: State,
  { sid: reservation_sid, task_sid, reservation_status }: ReservationRow
): void {
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  if (!transfer) return
  const goesOn =
    transfer.transfer_type === 'QUEUE' && state.get('task', task_sid).rounds < state.settings.limits.assignment_rounds
  const how = ended[reservation_status] ?? 'was canceled'
  const transfer_failed_reason = `Transfer ${goesOn ? 'attempt ' : ''}failed because the reservation ${how}`
  state.change('transfer', transfer.sid, {
    reservation_sid,
    transfer_failed_reason,
    ...(!goesOn && { transfer_status: 'failed' })
  })
}

/** What follows from it, when the task is pending: the next attempt, or the end. False where there was no transfer. */
export function attemptFailed(state: State, { sid, task_sid }: ReservationRow): boolean {
  const transfer = state.tables.transfer.firstBy('reservation_sid', sid)
  if (!transfer || transfer.transfer_status === 'canceled') return false
  if (isUnderWay(transfer)) {
    emitTransfer(state, 'task.transfer-attempt-failed', transfer)
    offer(state, task_sid)
    return true
  }
  const isHeld = giveBack(state, transfer)
  emitTransfer(state, 'task.transfer-failed', transfer)
  if (!isHeld) routeAnew(state, transfer)
  return true
}

const ended: Readonly<Record<string, string>> = {
  timeout: 'timed out',
  rejected: 'was rejected',
  canceled: 'was canceled'
}

/** Somebody has accepted the task of a transfer: the changed transfer, not yet told. */
export function completeTransfer(state: State, { sid, task_sid }: ReservationRow): TransferRow | undefined {
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

/** The task ends, or whoever has it wraps up, and nobody is waited for any more: the canceled transfer, not yet told. */
export function endTransfer(state: State, task_sid: string): TransferRow | undefined {
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  return transfer && state.change('transfer', transfer.sid, { transfer_status: 'canceled' })
}

/** Whether the reservation's worker has handed the task on for good. */
export function hasLetGo(state: State, reservation_sid: string): boolean {
  if (state.tables.transfer.size === 0) return false
  for (const { transfer_mode } of state.tables.transfer.by('initiating_reservation_sid', reservation_sid)) {
    if (transfer_mode === 'COLD') return true
  }
  return false
}

/** Whether a task that is being handed on is still somebody's. */
export function isHeldInTransfer(state: State, task_sid: string): boolean {
  return state.tables.transfer.firstBy('open_by_task', task_sid) !== undefined && holding(state, task_sid).length > 0
}

/** A task in transfer that nobody has any more lives as long as one that waits, and no longer as one that is assigned. */
export function holderLeft(state: State, task_sid: string): void {
  const { assignment_status, timeout, ttl_at } = state.get('task', task_sid)
  const isWaiting = assignment_status === 'pending' || assignment_status === 'reserved'
  if (!isWaiting || ttl_at !== null || holding(state, task_sid).length > 0) return
  state.change('task', task_sid, { ttl_at: state.at + timeout * 1000, delete_at: null })
}

/** Gives the task back to whoever still has it; false when nobody does. */
function giveBack(state: State, { task_sid, initiating_queue_sid }: TransferRow): boolean {
  const holders = holding(state, task_sid)
  if (holders.length === 0) {
    state.change('task', task_sid, { assignment_status: 'pending' })
    return false
  }
  const isWrapping = holders.every((row) => row.reservation_status === 'wrapping')
  state.change('task', task_sid, {
    assignment_status: isWrapping ? 'wrapping' : 'assigned',
    rejected_by: [],
    rejections: 0,
    retry_at: null
  })
  if (state.find('task_queue', initiating_queue_sid)) enterQueue(state, task_sid, initiating_queue_sid as string) // it was found
  return true
}

/** Nobody has the task: its workflow says where it goes, or it is back in its queue. */
function routeAnew(state: State, { task_sid, initiating_queue_sid }: TransferRow): void {
  const task = state.get('task', task_sid)
  const workflow = state.find('workflow', task.workflow_sid)
  if (task.rounds >= state.settings.limits.assignment_rounds) cancel(state, task_sid, reasons.rounds)
  else if (workflow && !task.routing_target?.startsWith('WK')) {
    state.change('task', task_sid, { routing_target: null, workflow_document_sid: workflow.workflow_document_sid })
    if (!followWorkflow(state, task_sid, 0)) leaveWorkflow(state, task_sid)
  } else {
    if (state.find('task_queue', initiating_queue_sid)) enterQueue(state, task_sid, initiating_queue_sid as string) // it was found
    offer(state, task_sid)
  }
}

function holding(state: State, task_sid: string): ReservationRow[] {
  return state.tables.reservation
    .list('task_sid', task_sid)
    .filter(
      ({ sid, reservation_status }) =>
        (reservation_status === 'accepted' || reservation_status === 'wrapping') && !hasLetGo(state, sid)
    )
}
