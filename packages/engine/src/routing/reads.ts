import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { isSid } from '../core/ids.ts'
import type { ReservationPath } from './lookup.ts'
import type { CreateTransfer } from './transfer.ts'

/*
 * Tasks that are over, with their reservations and transfers, are in the store only. These are the rows of them that
 * commands must see, each as long as memory does not have it: attributes can still be corrected, a task can be deleted,
 * and whoever asks for anything else is told why it is too late.
 */

type OfTask = { readonly sid: string }

export function taskReads({ sid }: OfTask, state: State): readonly Read[] {
  return rowReads(state, 'task', sid)
}

/** Its reservations and transfers go with it. Memory may have the task alone, for somebody else's command. */
export function deleteTaskReads({ sid }: OfTask, state: State): readonly Read[] {
  if (state.resident('task', sid) || !isSid('WT', sid)) return none
  const where = { task_sid: sid }
  return [...rowReads(state, 'task', sid), { kind: 'reservation', where }, { kind: 'transfer', where }]
}

export function reservationReads({ task_sid, sid }: ReservationPath, state: State): readonly Read[] {
  return [...rowReads(state, 'task', task_sid), ...rowReads(state, 'reservation', sid)]
}

export function answeredReads(
  { reservation_sid }: { readonly reservation_sid: string },
  state: State
): readonly Read[] {
  return rowReads(state, 'reservation', reservation_sid)
}

export function createTransferReads({ task_sid, reservation_sid }: CreateTransfer, state: State): readonly Read[] {
  return [...rowReads(state, 'task', task_sid), ...rowReads(state, 'reservation', reservation_sid)]
}

export function cancelTransferReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return rowReads(state, 'transfer', sid)
}

/** A row that memory has, alive or not, need not be read. */
function rowReads(state: State, kind: 'task' | 'reservation' | 'transfer', sid: string | undefined): readonly Read[] {
  if (sid === undefined || state.table(kind).entry(sid) || !isSid(state.table(kind).definition.prefix, sid)) return none
  return [{ kind, where: { sid } }]
}

const none: readonly Read[] = []
