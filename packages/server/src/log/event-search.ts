import { eventSeqOf } from '@ringdown/engine/core/ids'
import { EventLog } from '../store/event-log.ts'
import { tokenOf, typeToken } from '../store/log-blocks.ts'
import type { Reading } from '../store/query.ts'
import type { StoredEvent } from '../store/store.ts'
import { dataOf, type SubjectField } from './event-subjects.ts'

/** What an event must have: a type, a SID, and SIDs that it is about. */
export type EventFilter = { readonly [C in SubjectField | 'type' | 'sid']?: string | undefined }

export interface EventQuery {
  readonly account_sid: string
  readonly where: EventFilter
  /** Instants, both inclusive. */
  readonly from: number
  readonly until: number
  /** Seq of the event that the page follows (exclusive). */
  readonly after?: number
  readonly descending: boolean
  readonly limit: number
}

/** The log by what its events are about. */
export class EventSearch {
  readonly #log: EventLog

  constructor(log: Reading) {
    this.#log = new EventLog(log)
  }

  /** One page of events. */
  async page({ where, after, ...query }: EventQuery): Promise<StoredEvent[]> {
    const { sid, type, ...subjects } = where
    const seq = sid === undefined ? undefined : eventSeqOf(sid)
    if (sid !== undefined && seq === undefined) return []
    const wanted = Object.entries(subjects).filter((one): one is [string, string] => one[1] !== undefined)
    const all = wanted.map(([, subject]) => tokenOf(subject))
    if (type !== undefined) all.push(typeToken(type))
    const range = { first: seq ?? 0, last: seq ?? Number.MAX_SAFE_INTEGER }
    if (after !== undefined) {
      if (query.descending) range.last = Math.min(range.last, after - 1)
      else range.first = Math.max(range.first, after + 1)
    }
    const fits = (event: StoredEvent) =>
      (sid === undefined || event.sid === sid) &&
      (type === undefined || event.type === type) &&
      isAbout(event.data, wanted)
    return this.#log.page({ ...query, ...range, all, fits })
  }

  async find(account_sid: string, sid: string): Promise<StoredEvent | undefined> {
    const seq = eventSeqOf(sid)
    if (seq === undefined) return undefined
    const fits = (event: StoredEvent) => event.sid === sid
    return (await this.#log.page({ account_sid, first: seq, last: seq, fits, limit: 1 }))[0]
  }

  /** Numbers of the events from one instant on and before another, both inclusive; undefined where there are none. */
  async between(
    account_sid: string,
    from: number,
    until: number
  ): Promise<{ readonly first: number; readonly last: number } | undefined> {
    const [[first], [last]] = await Promise.all([
      this.#log.page({ account_sid, from, until: until - 1, limit: 1 }),
      this.#log.page({ account_sid, from, until: until - 1, descending: true, limit: 1 })
    ])
    return first && last && { first: first.seq, last: last.seq }
  }

  /** The first event at or after an instant; undefined where there is none. */
  async firstFrom(account_sid: string, instant: number): Promise<StoredEvent | undefined> {
    return (await this.#log.page({ account_sid, from: instant, limit: 1 }))[0]
  }
}

function isAbout(text: string, wanted: readonly (readonly [string, string])[]): boolean {
  // Parsing takes ten times as long as looking whether it can be.
  if (wanted.length === 0 || !wanted.every(([, subject]) => text.includes(subject))) return wanted.length === 0
  const data = dataOf(text)
  return wanted.every(([name, subject]) => data[name] === subject)
}
