import type { ReservationRow } from '../routing/rows.ts'

/** What a task's `filter_index` holds when no filter of its workflow has it: the default filter does, or none. */
export const defaultFilter = -1
export const noFilter = -2

/** Statuses in which a reservation holds capacity (reference taskrouter 6.2). */
export function isOpen(reservation: ReservationRow): boolean {
  const status = reservation.reservation_status
  return status === 'pending' || status === 'accepted' || status === 'wrapping'
}
