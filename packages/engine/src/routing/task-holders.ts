import type { State } from '../center.ts'
import type { ReservationRow, WorkerRow } from './rows.ts'

/* Who has a task. Several workers can, during and after a transfer; who has transferred it COLD has it no more. */

/** Whether the reservation's worker has transferred the task COLD. */
export function hasLetGo(state: State, reservation_sid: string): boolean {
  if (state.tables.transfer.size === 0) return false
  for (const { transfer_mode } of state.tables.transfer.by('initiating_reservation_sid', reservation_sid)) {
    if (transfer_mode === 'COLD') return true
  }
  return false
}

/** Whether a task is being transferred and somebody has it all the same. */
export function isHeldInTransfer(state: State, task_sid: string): boolean {
  return state.tables.transfer.firstBy('open_by_task', task_sid) !== undefined && holding(state, task_sid).length > 0
}

/** When nobody has a task in transfer any more, its TTL runs again, in place of the limit for assigned tasks. */
export function holderLeft(state: State, task_sid: string): void {
  const { assignment_status, timeout, ttl_at } = state.tables.task.need(task_sid)
  const isWaiting = assignment_status === 'pending' || assignment_status === 'reserved'
  if (!isWaiting || ttl_at !== null || holding(state, task_sid).length > 0) return
  state.change('task', task_sid, { ttl_at: state.at + timeout * 1000, delete_at: null })
}

/** The reservations of those who have the task. */
export function holding(state: State, task_sid: string): ReservationRow[] {
  return state.tables.reservation
    .list('task_sid', task_sid)
    .filter(
      ({ sid, reservation_status }) =>
        (reservation_status === 'accepted' || reservation_status === 'wrapping') && !hasLetGo(state, sid)
    )
}

/** The worker whose reservation is accepted or wrapping; the first of them, if there are several. */
export function holderAmong(state: State, reservations: readonly ReservationRow[]): WorkerRow | undefined {
  for (const reservation of reservations) {
    if (reservation.reservation_status === 'accepted' || reservation.reservation_status === 'wrapping') {
      return state.tables.worker.find(reservation.worker_sid)
    }
  }
  return undefined
}
