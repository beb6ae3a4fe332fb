import { queries } from '../live/desk.ts'
import { attempt } from '../live/notices.ts'
import type { WorkerDesk } from '../live/rows.ts'
import { Store } from '../live/store.ts'
import { session } from './session.ts'

/** Whether somebody is asked if they really want to go while an offer rings. */
export const isLeaving = new Store(false)

/** Signs out; while something rings it is asked first. */
export function askSignOut(): void {
  const desk = queries.getQueryData<WorkerDesk>(['desk'])
  const isRinging = desk?.reservations.some(({ reservation_status }) => reservation_status === 'pending') ?? false
  if (isRinging) isLeaving.set(true)
  else signOut()
}

export function signOut(): void {
  isLeaving.set(false)
  void attempt(() => session.signOut())
}
