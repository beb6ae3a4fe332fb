import type { State } from '../center.ts'
import { isInReservationActivity, moveBackBySingleTask, moveTo } from './activity-moves.ts'
import { cancel, failDirect, reasons } from './end-task.ts'
import { emitReservation } from './events.ts'
import { followFailedAttempt, noteFailedAttempt } from './failed-transfer.ts'
import { followAgain, leaveTarget, reEvaluate } from './follow-workflow.ts'
import { offer } from './offer.ts'
import type { ReservationRow } from './rows.ts'

/* What happens when a worker does not take a task: to the reservation, to the worker, and to the task. */

/**
 * A worker rejects. It keeps its activity unless one is given. The task is offered to others first, and to this worker
 * again after a back-off (reference taskrouter 5.2).
 */
export function rejectReservation(state: State, pending: ReservationRow, worker_activity_sid?: string): void {
  const reservation = failReservation(state, pending.sid, 'rejected')
  if (worker_activity_sid) moveTo(state, reservation.worker_sid, worker_activity_sid)
  backOff(state, reservation)
  roundEnded(state, reservation)
}

/** The worker is not asked again for a while, which doubles each time that this happens to the task in its target. */
function backOff(state: State, { task_sid, worker_sid }: ReservationRow): void {
  const task = state.tables.task.need(task_sid)
  const pause_s = Math.min(maxPause_s, firstPause_s * 2 ** task.rejections)
  state.change('task', task_sid, {
    rejected_by: [...task.rejected_by.filter((sid) => sid !== worker_sid), worker_sid],
    rejections: Math.min(task.rejections + 1, 10),
    retry_at: state.at + pause_s * 1000
  })
}

const firstPause_s = 2
const maxPause_s = 30

/**
 * Nobody decided in time: the worker goes to the timeout activity if it was available (or is where a workspace without
 * multitasking had sent it for this reservation), and the task is offered anew.
 */
export function reservationTimedOut(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const reservation = failReservation(state, sid, 'timeout')
  const { activity_sid } = state.tables.worker.need(reservation.worker_sid)
  if (state.tables.activity.need(activity_sid).available || isInReservationActivity(state, reservation)) {
    moveTo(state, reservation.worker_sid, state.tables.workspace.need(reservation.workspace_sid).timeout_activity_sid)
  }
  roundEnded(state, reservation)
  return {}
}

/** Cancels a reservation whose worker could not be asked. The worker's activity stays, or is again what it was before. */
export function callOff(state: State, pending: ReservationRow): void {
  const reservation = failReservation(state, pending.sid, 'canceled')
  moveBackBySingleTask(state, reservation)
  backOff(state, reservation)
  roundEnded(state, reservation)
}

/**
 * Ends a reservation that was not accepted. When it was the last one of its round, the task is pending again; it is
 * offered only in `roundEnded`, so that the worker is moved first, who might otherwise be asked at once again.
 */
function failReservation(
  state: State,
  sid: string,
  reservation_status: 'rejected' | 'timeout' | 'canceled'
): ReservationRow {
  const reservation = state.change('reservation', sid, { reservation_status, timeout_at: null })
  const { task_sid } = reservation
  const isLast = !state.tables.reservation
    .list('task_sid', task_sid)
    .some((other) => other.reservation_status === 'pending')
  if (isLast) {
    state.change('task', task_sid, { assignment_status: 'pending' })
    noteFailedAttempt(state, reservation)
  }
  emitReservation(state, `reservation.${reservation_status}`, reservation)
  return reservation
}

/** After a reservation has failed: if it was the round's last, the task is offered again, or goes on in its workflow, or ends. */
function roundEnded(state: State, reservation: ReservationRow): void {
  const { task_sid: sid } = reservation
  const task = state.tables.task.need(sid)
  if (task.assignment_status !== 'pending') return
  if (followFailedAttempt(state, reservation)) return
  if (task.rounds >= state.settings.limits.assignment_rounds) cancel(state, sid, reasons.rounds)
  else if (task.routing_target?.startsWith('WK')) failDirect(state, sid, reasons.target_failed)
  else if (task.re_evaluate) reEvaluate(state, sid)
  else if (followAgain(state, sid, task.followed_attributes)) return
  else if (task.advance) leaveTarget(state, sid)
  else offer(state, sid)
}
