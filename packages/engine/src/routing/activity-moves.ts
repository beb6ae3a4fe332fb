import type { State } from '../center.ts'
import { refuse } from '../core/refusals.ts'
import { emitWorker } from './events.ts'
import type { ReservationRow } from './rows.ts'

/* How a worker comes into another activity: by a command, or because a reservation takes it there and back. */

/** Puts the worker into an activity; nothing happens when it is in it already (reference taskrouter 1.7, 6.7). */
export function moveTo(state: State, sid: string, activity_sid: string): void {
  const before = state.tables.worker.need(sid)
  if (before.activity_sid === activity_sid) return
  const previous = state.tables.activity.need(before.activity_sid)
  const worker = state.change('worker', sid, { activity_sid, date_status_changed: state.at })
  const ms = state.at - before.date_status_changed
  emitWorker(state, 'worker.activity.update', worker, {
    worker_previous_activity_sid: previous.sid,
    worker_previous_activity_name: previous.friendly_name,
    worker_time_in_previous_activity: Math.floor(ms / 1000),
    worker_time_in_previous_activity_ms: ms
  })
}

/** Refuses to make one more worker available than may be; what the system moves by itself is not asked. */
export function checkMove(state: State, sid: string, activity_sid: string): void {
  const worker = state.tables.worker.need(sid)
  if (!state.tables.activity.need(worker.activity_sid).available)
    checkAvailable(state, worker.workspace_sid, activity_sid)
}

/** Refuses to have more workers in available activities than the account may. */
export function checkAvailable(state: State, workspace_sid: string, activity_sid: string): void {
  if (!state.tables.activity.need(activity_sid).available) return
  const most = state.settings.limits.available_workers
  if (state.matcher.available(workspace_sid) >= most) {
    refuse('too_many_active', `The maximum number of concurrently active workers (${most}) is reached`)
  }
}

/** In a workspace without multitasking the queue's activities are set (reference taskrouter 5.3). */
export function moveBySingleTask(
  state: State,
  reservation: ReservationRow,
  column: 'reservation_activity_sid' | 'assignment_activity_sid'
): void {
  if (state.tables.workspace.need(reservation.workspace_sid).multi_task_enabled) return
  const task = state.tables.task.need(reservation.task_sid)
  const activity_sid = state.tables.task_queue.find(task.task_queue_sid)?.[column]
  if (activity_sid) moveTo(state, reservation.worker_sid, activity_sid)
}

/**
 * Without multitasking, a worker whose reservation is withdrawn goes back to the activity that it was in before, unless
 * somebody has moved it on.
 */
export function moveBackBySingleTask(state: State, reservation: ReservationRow): void {
  if (state.tables.workspace.need(reservation.workspace_sid).multi_task_enabled) return
  const previous = state.tables.activity.find(reservation.worker_previous_activity_sid)
  if (previous && isInReservationActivity(state, reservation)) moveTo(state, reservation.worker_sid, previous.sid)
}

/** Whether the worker is still where its queue sends those who have a reservation. */
export function isInReservationActivity(state: State, reservation: ReservationRow): boolean {
  if (state.tables.workspace.need(reservation.workspace_sid).multi_task_enabled) return false
  const task = state.tables.task.need(reservation.task_sid)
  const activity_sid = state.tables.task_queue.find(task.task_queue_sid)?.reservation_activity_sid
  return activity_sid === state.tables.worker.need(reservation.worker_sid).activity_sid
}
