import { hash } from 'node:crypto'
import { binding } from '../store/query.ts'
import type { StepWrite, Store } from '../store/store.ts'
import { insertsOf, quote, type Table } from '../store/tables.ts'

/*
 * Deliveries as rows: one for each message to a receiver because of an event. Readers of the log insert them together with
 * their cursor; the sender reads them by destination in the order in which they are due, and marks what came of them.
 */

export type DeliveryState = 'queued' | 'delivered' | 'failed'

export interface DeliveryRow {
  /**
   * `DV` and 32 hex digits that follow from event, kind and receiver: the same delivery made twice is one. The event's
   * place in the log comes first (`deliverySid`), so that SIDs are in the order of the events, and rows that are made
   * together stand together.
   */
  readonly sid: string
  readonly event_seq: number
  readonly event_sid: string
  readonly event_type: string
  readonly kind: string
  readonly receiver_sid: string
  /** Where it goes now, down to the port, or the stream. */
  readonly destination: string
  readonly order_key: string | null
  readonly state: DeliveryState
  /** 0 for the first address, 1 for the fallback. */
  readonly leg: number
  /** All attempts so far, and those since the address was last changed or a replay was asked for. */
  readonly attempts: number
  readonly tries: number
  /** When it is to be tried; null when it is finished. */
  readonly due_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly finished_at: number | null
  readonly window_ends_at: number | null
  readonly fallback_url: string | null
  /** JSON of SIDs for whoever takes the answer. */
  readonly about: string | null
  /** JSON of the message. */
  readonly message: string
  /** JSON of the last attempts. */
  readonly attempts_log: string
  readonly first_refusal: string | null
  readonly last_error: string | null
}

export const deliveryTable: Table = {
  name: 'delivery',
  columns: {
    account_sid: 'text',
    sid: 'text',
    event_seq: 'integer',
    event_sid: 'text',
    event_type: 'text',
    kind: 'text',
    receiver_sid: 'text',
    destination: 'text',
    order_key: 'text',
    state: 'text',
    leg: 'integer',
    attempts: 'integer',
    tries: 'integer',
    due_at: 'integer',
    created_at: 'integer',
    updated_at: 'integer',
    finished_at: 'integer',
    window_ends_at: 'integer',
    fallback_url: 'text',
    about: 'text',
    message: 'text',
    attempts_log: 'text',
    first_refusal: 'text',
    last_error: 'text'
  },
  key: ['account_sid', 'sid'],
  optional: [
    'order_key',
    'due_at',
    'finished_at',
    'window_ends_at',
    'fallback_url',
    'about',
    'first_refusal',
    'last_error'
  ],
  indexes: [
    // What is due at a destination; only what is queued is in it.
    { columns: ['destination', 'due_at', 'sid'], where: 'due_at' },
    // Whether something with the same order key comes before.
    { columns: ['destination', 'order_key', 'sid'], where: 'due_at' },
    // Lists; a filter for which there is no index looks at the rows in the order of the key.
    { columns: ['state', 'sid'] },
    { columns: ['receiver_sid', 'sid'] },
    // For forgetting.
    { columns: ['finished_at'], where: 'finished_at' }
  ]
}

/** What is queued at one moment. */
export interface Queued {
  /** How many deliveries, for each destination that has any. */
  readonly destinations: readonly { readonly destination: string; readonly queued: number }[]
  /** SID of the last delivery that there is, finished or not: those that come later are not counted. */
  readonly through: string
}

/** A delivery that is due, and the one that is sent before it under the same order key. */
export interface DueDelivery {
  readonly row: DeliveryRow
  readonly after: string | null
}

/** What came of an attempt: the row's new values. It counts only where the row is still as it was before. */
export interface DeliveryMark {
  readonly row: DeliveryRow
  readonly attempts_before: number
}

const filters = ['destination', 'receiver_sid', 'event_type', 'state', 'kind'] as const

/** Hex digits of a SID that are the event's place in the log. */
const seqDigits = 12

/** The SID of a delivery because of an event: its place in the log, then 80 bits of what else makes it. */
export function deliverySid(event_seq: number, what: string): string {
  return firstSid(event_seq) + hash('sha256', what).slice(0, 32 - seqDigits)
}

export interface DeliveryQuery {
  readonly account_sid: string
  readonly where: { readonly [C in (typeof filters)[number]]?: string | undefined }
  /** Those because of one event, by its place in the log. */
  readonly event_seq?: number | undefined
  /** SID of the delivery that the page follows (exclusive). */
  readonly after?: string | undefined
  readonly descending: boolean
  readonly limit: number
}

/** What is asked for at a destination. */
interface DueQuery {
  readonly destination: string
  readonly now: number
  readonly besides: readonly string[]
  readonly limit: number
}

/** What is sent for an event, as JSON text. */
export interface DeliveryText {
  readonly sid: string
  readonly kind: string
  readonly message: string
}

/** Rows of the queue that are looked at in one go. Those whose turn has not come are passed over. */
const piece = 128

/** The deliveries of a store. Errors are those of `Store.write`, but for Fenced. */
export class DeliveryRows {
  readonly #store: Pick<Store, 'dialect' | 'query' | 'change' | 'update' | 'forget'>

  constructor(store: Pick<Store, 'dialect' | 'query' | 'change' | 'update' | 'forget'>) {
    this.#store = store
  }

  async queued(account_sid: string): Promise<Queued> {
    const { values, bind } = binding(this.#store.dialect)
    // One text, so that both parts see the same moment.
    const sql = `select '' as destination, 0 as queued, max(sid) as through from ${table} where account_sid = ${bind(account_sid)}
      union all select destination, count(*), '' from ${table}
      where account_sid = ${bind(account_sid)} and due_at is not null group by destination order by destination`
    const [last, ...rows] = await this.#store.query({ sql, values })
    const destinations = rows.map(({ destination, queued }) => {
      return { destination: String(destination), queued: Number(queued) }
    })
    return { destinations, through: String(last?.through ?? '') }
  }

  /**
   * What may be sent to a destination at an instant, in the order in which it is due: nothing before which something with
   * the same order key is queued, unless that is in the answer as well, or one of `besides`, which are left out.
   */
  async due(account_sid: string, query: DueQuery): Promise<DueDelivery[]> {
    const known = new Set(query.besides)
    let last: Place | undefined
    for (;;) {
      const places = await this.#places(account_sid, query, piece + known.size, last)
      const taken = new Map<string, string | null>()
      for (const { sid, after } of places) {
        if (taken.size === query.limit) break
        const isNext = after === null || known.has(after) || taken.has(after)
        if (isNext && !known.has(sid)) taken.set(sid, after)
      }
      if (taken.size > 0) {
        const rows = await this.#rowsOf(account_sid, [...taken.keys()])
        return rows.map((row) => ({ row, after: taken.get(row.sid) ?? null }))
      }
      // All of them wait for others: what follows may not.
      if (places.length < piece + known.size) return []
      last = places.at(-1)
    }
  }

  /** The first instant after another one at which something is due at a destination. */
  async nextDue(account_sid: string, destination: string, after: number): Promise<number | undefined> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `select due_at from ${table} where account_sid = ${bind(account_sid)}
      and destination = ${bind(destination)} and due_at > ${bind(after)} order by due_at limit 1`
    return (await this.#store.query<{ due_at: number }>({ sql, values }))[0]?.due_at
  }

  /** Writes what came of attempts; resolves with how many rows were as they were before. */
  mark(account_sid: string, marks: readonly DeliveryMark[]): Promise<number> {
    const rows = marks.map(({ row, attempts_before }) => [
      ...marked.map((column) => row[column]),
      row.sid,
      attempts_before
    ])
    const by = ['sid', 'attempts']
    return this.#store.update(account_sid, { table: deliveryTable, set: marked, by, where: 'due_at', rows })
  }

  /** Queues a finished delivery again, in no order with others; resolves with whether there was one. */
  async replay(
    account_sid: string,
    { sid, destination, due_at, window_ends_at }: Pick<DeliveryRow, 'sid' | 'destination' | 'due_at' | 'window_ends_at'>
  ): Promise<boolean> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `update ${table} set state = 'queued', leg = 0, tries = 0, order_key = null, finished_at = null,
        first_refusal = null, destination = ${bind(destination)}, due_at = ${bind(due_at)}, updated_at = ${bind(due_at)},
        window_ends_at = ${bind(window_ends_at)}
      where account_sid = ${bind(account_sid)} and sid = ${bind(sid)} and due_at is null`
    return (await this.#store.change({ sql, values })) === 1
  }

  async find(account_sid: string, sid: string): Promise<DeliveryRow | undefined> {
    return (await this.#rowsOf(account_sid, [sid]))[0]
  }

  /** One page, in the order of the events. */
  async page({ account_sid, where, event_seq, after, descending, limit }: DeliveryQuery): Promise<DeliveryRow[]> {
    const { values, bind } = binding(this.#store.dialect)
    const conditions = [`account_sid = ${bind(account_sid)}`]
    for (const column of filters) if (where[column] !== undefined) conditions.push(`${column} = ${bind(where[column])}`)
    if (event_seq !== undefined)
      conditions.push(`sid >= ${bind(firstSid(event_seq))}`, `sid < ${bind(firstSid(event_seq + 1))}`)
    if (after !== undefined) conditions.push(`sid ${descending ? '<' : '>'} ${bind(after)}`)
    const order = descending ? 'sid desc' : 'sid'
    const sql = `select ${columns} from ${table} where ${conditions.join(' and ')} order by ${order} limit ${bind(limit)}`
    return this.#store.query<DeliveryRow>({ sql, values })
  }

  /** When the delivery was made that has been queued for longest. */
  async oldest(account_sid: string): Promise<number | undefined> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `select created_at from ${table} where account_sid = ${bind(account_sid)} and state = 'queued'
      order by sid limit 1`
    return (await this.#store.query<{ created_at: number }>({ sql, values }))[0]?.created_at
  }

  /** Deletes deliveries that were finished before an instant, at most `limit`; resolves with how many went. */
  forget(account_sid: string, before: number, limit: number): Promise<number> {
    return this.#store.forget(account_sid, { table: deliveryTable, column: 'finished_at' }, before, limit)
  }

  /** What is, or was, to be sent for some events, whatever has become of it. */
  async messagesFor(account_sid: string, seqs: readonly number[]): Promise<DeliveryText[]> {
    if (seqs.length === 0) return []
    const { values, bind, among } = binding(this.#store.dialect)
    const account = `account_sid = ${bind(account_sid)}`
    // SIDs are in the order of the events: a range of the key.
    const range = `sid >= ${bind(firstSid(Math.min(...seqs)))} and sid < ${bind(firstSid(Math.max(...seqs) + 1))}`
    const sql = `select sid, kind, message from ${table} where ${account} and ${range} and ${among('event_seq', 'integer', seqs)} order by sid`
    return this.#store.query<DeliveryText>({ sql, values })
  }

  /** Puts other messages in the place of deliveries' own. In one transaction. */
  async rewrite(account_sid: string, texts: readonly DeliveryText[]): Promise<void> {
    const rows = texts.map(({ sid, message }) => [message, sid])
    await this.#store.update(account_sid, { table: deliveryTable, set: ['message'], by: ['sid'], rows })
  }

  /** The next deliveries in the queue of a destination, each with the one that is sent before it. */
  async #places(
    account_sid: string,
    { destination, now }: DueQuery,
    limit: number,
    last: Place | undefined
  ): Promise<Place[]> {
    const { values, bind } = binding(this.#store.dialect)
    const conditions = [
      `account_sid = ${bind(account_sid)}`,
      `destination = ${bind(destination)}`,
      `due_at <= ${bind(now)}`
    ]
    if (last) conditions.push(`(due_at, sid) > (${bind(last.due_at)}, ${bind(last.sid)})`)
    const sql = `select due_at, sid, case when order_key is null then null else (
        select max(earlier.sid) from ${table} earlier where earlier.account_sid = queued.account_sid
          and earlier.destination = queued.destination and earlier.order_key = queued.order_key
          and earlier.due_at is not null and earlier.sid < queued.sid) end as after
      from (select account_sid, destination, order_key, due_at, sid from ${table}
        where ${conditions.join(' and ')} order by due_at, sid limit ${bind(limit)}) queued
      order by due_at, sid`
    return this.#store.query<Place>({ sql, values })
  }

  async #rowsOf(account_sid: string, sids: readonly string[]): Promise<DeliveryRow[]> {
    const { values, bind, among } = binding(this.#store.dialect)
    const account = `account_sid = ${bind(account_sid)}`
    const sql = `select ${columns} from ${table} where ${account} and ${among('sid', 'text', sids)}`
    const found = await this.#store.query<DeliveryRow>({ sql, values })
    const bySid = new Map(found.map((row) => [row.sid, row]))
    return sids.flatMap((sid) => bySid.get(sid) ?? [])
  }
}

interface Place {
  readonly due_at: number
  readonly sid: string
  readonly after: string | null
}

/** What no delivery because of an event, or of a later one, is before. */
function firstSid(event_seq: number): string {
  return `DV${event_seq.toString(16).padStart(seqDigits, '0')}`
}

const table = quote(deliveryTable.name)
const columns = Object.keys(deliveryTable.columns)
  .filter((column) => column !== 'account_sid')
  .join(', ')

/** What an attempt changes. */
const marked = [
  'destination',
  'state',
  'leg',
  'attempts',
  'tries',
  'due_at',
  'updated_at',
  'finished_at',
  'window_ends_at',
  'attempts_log',
  'first_refusal',
  'last_error'
] as const satisfies readonly (keyof DeliveryRow)[]

/** Deliveries as what a reader's step writes: those that are there already stay as they are. */
export function deliveryWrites(rows: readonly DeliveryRow[]): StepWrite[] {
  return rows.length === 0 ? [] : [{ ...insertsOf(deliveryTable, rows), keeps: true }]
}
