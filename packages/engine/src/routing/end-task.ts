import type { State } from '../center.ts'
import { isOpen } from '../matching/row-values.ts'
import { moveBackBySingleTask } from './activity-moves.ts'
import { emitReservation, emitTask, emitTransfer } from './events.ts'
import { isTerminal, type ReservationRow, type TaskRow, type TransferRow, type WorkerRow } from './rows.ts'
import { holderAmong } from './task-holders.ts'

/* How a task is wrapped up, completed and canceled, and what becomes of its reservations and its workflow's document. */

/** Why routing cancels a task, in the words of its `reason`. */
export const reasons = {
  workflow: 'Task canceled on Workflow timeout',
  ttl: 'Task TTL Exceeded',
  rounds: 'Task TTL Exceeded or Max assignment count exceeded',
  target_late: 'RoutingTarget SLA for Reservation creation was not met',
  target_failed: 'RoutingTarget not available for Reservation acceptance'
} as const

/** Ends a task that nobody has, and its pending reservations with it. */
export function cancel(state: State, sid: string, reason: string | null): TaskRow {
  const task = end(state, sid, 'canceled', reason)
  cancelReservations(state, sid)
  emitTask(state, 'task.canceled', task)
  dropIfUnused(state, task.workflow_document_sid)
  putAway(state, sid, keptUntil(state))
  return task
}

/** Takes back what nobody has accepted yet, and the transfer that waits for it. */
function cancelReservations(
  state: State,
  task_sid: string,
  reservations = state.tables.reservation.list('task_sid', task_sid)
): void {
  const transfer = cancelTransferOf(state, task_sid)
  for (const pending of reservations) {
    if (pending.reservation_status === 'pending') withdraw(state, pending.sid, 'canceled')
  }
  if (transfer) emitTransfer(state, 'task.transfer-canceled', transfer)
}

/**
 * Takes a pending reservation back from its worker: the task ends, or somebody else has accepted it.
 * @param accepted_by - whose it is now, which the event says: whoever was slower is told.
 */
export function withdraw(
  state: State,
  sid: string,
  reservation_status: 'canceled' | 'rescinded',
  accepted_by?: WorkerRow
): void {
  const reservation = state.change('reservation', sid, { reservation_status, timeout_at: null })
  const extra = accepted_by && { accepted_worker_sid: accepted_by.sid, accepted_worker_name: accepted_by.friendly_name }
  emitReservation(state, `reservation.${reservation_status}`, reservation, extra)
  moveBackBySingleTask(state, reservation)
}

/** The task's timers end with it. */
function end(state: State, sid: string, assignment_status: 'canceled' | 'completed', reason: string | null): TaskRow {
  return state.change('task', sid, {
    assignment_status,
    reason,
    ttl_at: null,
    target_at: null,
    retry_at: null,
    delete_at: null
  })
}

/** A task that is over is kept a while for whoever asks (reference taskrouter 4.2). */
function keptUntil(state: State): number {
  return state.at + state.settings.finished_task_kept_s * 1000
}

/**
 * A task that is over leaves memory with its reservations and transfers, and is forgotten at that instant. While somebody
 * who had handed it on still wraps up it stays, and is deleted then.
 */
function putAway(state: State, sid: string, forget_at: number): void {
  const reservations = state.tables.reservation.list('task_sid', sid)
  if (reservations.some(isOpen)) {
    state.change('task', sid, { delete_at: forget_at })
    return
  }
  // Nobody will come back to name queue, workflow and workers when these are deleted.
  const { task_queue_sid, workflow_sid } = state.tables.task.need(sid)
  state.putAway('task', sid, {
    delete_at: null,
    forget_at,
    task_queue_name: state.tables.task_queue.find(task_queue_sid)?.friendly_name ?? null,
    workflow_name: state.tables.workflow.find(workflow_sid)?.friendly_name ?? null
  })
  for (const { sid: ended, worker_sid, worker_name } of reservations) {
    const name = state.tables.worker.find(worker_sid)?.friendly_name ?? worker_name
    state.putAway('reservation', ended, { forget_at, worker_name: name })
  }
  if (state.tables.transfer.size === 0) return
  for (const transfer of state.tables.transfer.list('task_sid', sid))
    state.putAway('transfer', transfer.sid, { forget_at })
}

/** Cancels the transfer that is under way, if one is. The caller emits the event of the transfer that is returned. */
function cancelTransferOf(state: State, task_sid: string): TransferRow | undefined {
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  return transfer && state.change('transfer', transfer.sid, { transfer_status: 'canceled' })
}

/** The task's worker wraps up: what is pending is taken back, what is accepted is wrapping. */
export function wrapUp(state: State, sid: string, reason: string | null): void {
  cancelReservations(state, sid)
  // One that was being handed on may have had a rest from workers who rejected it.
  const task = state.change('task', sid, { assignment_status: 'wrapping', retry_at: null, reason: reason ?? undefined })
  for (const reservation of state.tables.reservation.list('task_sid', sid)) {
    if (reservation.reservation_status === 'accepted') wrapUpReservation(state, reservation)
  }
  const holder = holderAmong(state, state.tables.reservation.list('task_sid', sid))
  emitTask(state, 'task.wrapup', task, undefined, holder)
}

/** Ends a task that was assigned, and all of its reservations. */
export function complete(state: State, sid: string, reason: string | null): void {
  const reservations = state.tables.reservation.list('task_sid', sid)
  const holder = holderAmong(state, reservations)
  const task = end(state, sid, 'completed', reason)
  emitTask(state, 'task.completed', task, undefined, holder)
  closeReservations(state, sid, reservations)
  dropIfUnused(state, task.workflow_document_sid)
  putAway(state, sid, keptUntil(state))
}

/** What is pending is canceled, what workers have is completed (reference taskrouter 4.5). */
export function closeReservations(
  state: State,
  task_sid: string,
  reservations = state.tables.reservation.list('task_sid', task_sid)
): void {
  cancelReservations(state, task_sid, reservations)
  for (const reservation of reservations) {
    if (reservation.reservation_status !== 'pending' && isOpen(reservation)) completeReservation(state, reservation)
  }
}

/** One worker wraps up; the task's status is the caller's business. */
export function wrapUpReservation(state: State, accepted: ReservationRow): void {
  emitReservation(
    state,
    'reservation.wrapup',
    state.change('reservation', accepted.sid, { reservation_status: 'wrapping' })
  )
}

/** One worker is done; the task's status is the caller's business. */
function completeReservation(state: State, reservation: ReservationRow): void {
  emitReservation(
    state,
    'reservation.completed',
    state.change('reservation', reservation.sid, { reservation_status: 'completed' })
  )
}

/** One worker is done with a task that somebody else has, or that is over. */
export function completeAlone(state: State, reservation: ReservationRow): void {
  completeReservation(state, reservation)
  const task = state.tables.task.need(reservation.task_sid)
  if (isTerminal(task) && task.delete_at !== null) putAway(state, task.sid, task.delete_at)
}

/** A task for one worker that this worker does not take (reference taskrouter 4.4). */
export function failDirect(state: State, sid: string, reason: string): void {
  cancel(state, sid, reason)
  const worker = state.tables.worker.find(state.tables.task.need(sid).routing_target)
  emitTask(state, 'reservation.failed', state.tables.task.need(sid), undefined, worker)
}

/** A workflow's older document goes when no open task follows it any more. */
export function dropIfUnused(state: State, workflow_document_sid: string | null): void {
  const document = state.tables.workflow_document.find(workflow_document_sid)
  if (
    !document ||
    document.re_evaluate_at !== null ||
    state.tables.workflow.find(document.workflow_sid)?.workflow_document_sid === document.sid
  )
    return
  if (state.tables.task.count('workflow_document_sid', document.sid) === 0)
    state.remove('workflow_document', document.sid)
}
