import { serverNow } from '../live/clock.ts'
import { notify } from '../live/notices.ts'
import { Store } from '../live/store.ts'
import { wordsOf } from '../words/words.ts'

/** A transfer that is under way, as the page that began it knows it. */
export interface PendingTransfer {
  readonly sid: string
  /** Who is being asked. */
  readonly name: string
  /** Of a contact with messages; a call's is TaskRouter's. */
  readonly of: InteractionPlace | undefined
  /** When they were asked, by the server, in milliseconds. */
  readonly at: number
}

export interface InteractionPlace {
  readonly interaction_sid: string
  readonly channel_sid: string
}

/** By task. */
export const transfers = new Store<ReadonlyMap<string, PendingTransfer>>(new Map())

export function transferBegun(task_sid: string, pending: Omit<PendingTransfer, 'at'>): void {
  transfers.set(new Map(transfers.get()).set(task_sid, { ...pending, at: serverNow() }))
  notify(wordsOf().transfer.asked(pending.name))
}

/** What became of a transfer, by the task that it was begun with. */
export function transferEnded(transfer_sid: string, how: 'done' | 'failed' | 'canceled'): void {
  const [task_sid, pending] = [...transfers.get()].find(([, { sid }]) => sid === transfer_sid) ?? []
  if (task_sid === undefined || !pending) return
  const left = new Map(transfers.get())
  left.delete(task_sid)
  transfers.set(left)
  const { transfer: words } = wordsOf()
  if (how !== 'canceled') notify(how === 'done' ? words.done(pending.name) : words.failed)
}
