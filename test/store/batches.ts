import type { Row } from '@ringdown/engine/core/row'
import type { AccountHead, Batch, JournalEntry, Removal, RowWrite, StoredEvent } from '@ringdown/server/store/store'

export const account = 'AC00000000000000000000000000000001'
const noon = Date.UTC(2024, 0, 1, 12)

/** A SID with a readable number: `sid('WT', 7)`. */
export function sid(prefix: string, n: number): string {
  return prefix + n.toString(16).padStart(32, '0')
}

/** A row as the engine would hand it over; any further fields. */
export function row<More extends object>(prefix: string, seq: number, more?: More): Row & More {
  const common: Row = { sid: sid(prefix, seq), seq, version: 0, date_created: noon + seq, date_updated: noon + seq }
  return { ...common, ...more } as Row & More // as: `more` is optional only where it may be empty
}

/** A row's place in a batch. */
export function put(kind: string, written: Row): RowWrite {
  return { kind, sid: written.sid, seq: written.seq, row: written }
}

/** What takes a row away. */
export function take(kind: string, { sid, seq }: Row): RowWrite {
  return { kind, sid, seq, row: null }
}

export function event(seq: number, type = 'task.created', at = noon + seq): StoredEvent {
  return { seq, sid: sid('EV', seq), type, at, data: JSON.stringify({ seq }) }
}

/** An event with its data, as the log keeps it. */
export function about<Data extends Readonly<Record<string, unknown>>>(told: StoredEvent, data: Data) {
  return { ...told, about: data, data: JSON.stringify({ ...JSON.parse(told.data), data }) }
}

export function entry(decision: number, at = noon + decision): JournalEntry {
  return { decision, at, seed: 'a'.repeat(32), data: JSON.stringify({ command: { type: 'task.create' } }) }
}

interface Parts {
  rows?: RowWrite[]
  events?: StoredEvent[]
  journal?: JournalEntry[]
  removals?: Removal[]
}

/** What the holder of this head writes next: one decision. */
export function batch(head: AccountHead, { rows = [], events = [], journal = [], removals = [] }: Parts): Batch {
  const highest = Math.max(head.next_seq - 1, ...rows.map(({ row }) => row?.seq ?? 0))
  return {
    account_sid: head.account_sid,
    epoch: head.epoch,
    head: {
      at: noon + head.decision + 1,
      decision: head.decision + 1,
      next_seq: highest + 1,
      next_event: Math.max(head.next_event, ...events.map(({ seq }) => seq + 1))
    },
    rows,
    removals,
    events,
    journal
  }
}
