import { createHash } from 'node:crypto'
import type { Dialect, Query } from './query.ts'
import type { Value } from './store.ts'
import { quote, type Table } from './tables.ts'

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
  const hash = createHash('sha256').update(what).digest('hex')
  return firstSid(event_seq) + hash.slice(0, 32 - seqDigits)
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

/** What a store knows of deliveries. Errors are those of `Store.write`, but for Fenced. */
export interface Deliveries {
  queuedDeliveries(account_sid: string): Promise<Queued>
  /**
   * What may be sent to a destination at an instant, in the order in which it is due: nothing before which something with
   * the same order key is queued, unless that is in the answer as well, or one of `besides`, which are left out.
   */
  dueDeliveries(
    account_sid: string,
    query: {
      readonly destination: string
      readonly now: number
      readonly besides: readonly string[]
      readonly limit: number
    }
  ): Promise<DueDelivery[]>
  /** The first instant after another one at which something is due at a destination. */
  nextDelivery(account_sid: string, destination: string, after: number): Promise<number | undefined>
  /** Writes what came of attempts; resolves with how many rows were as they were before. */
  markDeliveries(account_sid: string, marks: readonly DeliveryMark[]): Promise<number>
  /** Queues a finished delivery again, in no order with others; resolves with whether there was one. */
  replayDelivery(
    account_sid: string,
    again: Pick<DeliveryRow, 'sid' | 'destination' | 'due_at' | 'window_ends_at'>
  ): Promise<boolean>
  delivery(account_sid: string, sid: string): Promise<DeliveryRow | undefined>
  /** One page, in the order of the events. */
  deliveries(query: DeliveryQuery): Promise<DeliveryRow[]>
  /** When the delivery was made that has been queued for longest. */
  oldestDelivery(account_sid: string): Promise<number | undefined>
  /** Deletes deliveries that were finished before an instant, at most `limit`; resolves with how many went. */
  pruneDeliveries(account_sid: string, before: number, limit: number): Promise<number>
}

type Run = (query: Query) => Promise<Record<string, unknown>[]>

/** Rows of the queue that are looked at in one go. Those whose turn has not come are passed over. */
const piece = 128

/** Ways of a store to run what writes; they answer how many rows were changed. */
export interface Writing {
  change(query: Query): Promise<number>
  /**
   * Runs a text once for each row of values, in one transaction. SQLite does so: asked to join rows with the table, it
   * goes through the whole of it (150 ms instead of 2 with 100,000 deliveries). Without it, rows are joined.
   */
  changeEach?(sql: string, rows: readonly (readonly Value[])[]): Promise<number>
}

/** The deliveries of a store that runs queries. */
export function deliveriesOf(run: Run, dialect: Dialect, { change, changeEach }: Writing): Deliveries {
  /** The text of a query and its values, which must be bound in the order of the text. */
  const asking = () => {
    const values: unknown[] = []
    const bind = (value: unknown) => dialect.parameter(values.push(value))
    return { values, bind }
  }
  const table = quote(deliveryTable.name)

  async function rowsOf(account_sid: string, sids: readonly string[]): Promise<DeliveryRow[]> {
    const { values, bind } = asking()
    const account = bind(account_sid)
    values.push(dialect.list(sids))
    const sql = `select ${columns} from ${table} where account_sid = ${account} and ${dialect.among('sid', 'text', values.length)}`
    const found = (await run({ sql, values })) as unknown as DeliveryRow[] // as: its columns are selected
    const bySid = new Map(found.map((row) => [row.sid, row]))
    return sids.flatMap((sid) => bySid.get(sid) ?? [])
  }

  return {
    async queuedDeliveries(account_sid) {
      const { values, bind } = asking()
      // One text, so that both parts see the same moment.
      const sql = `select '' as destination, 0 as queued, max(sid) as through from ${table} where account_sid = ${bind(account_sid)}
        union all select destination, count(*), '' from ${table}
        where account_sid = ${bind(account_sid)} and due_at is not null group by destination order by destination`
      const [last, ...rows] = await run({ sql, values })
      const destinations = rows.map(({ destination, queued }) => {
        return { destination: String(destination), queued: Number(queued) }
      })
      return { destinations, through: String(last?.through ?? '') }
    },

    async dueDeliveries(account_sid, { destination, now, besides, limit }) {
      const known = new Set(besides)
      let last: Place | undefined
      for (;;) {
        const { values, bind } = asking()
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
            where ${conditions.join(' and ')} order by due_at, sid limit ${bind(piece + known.size)}) queued
          order by due_at, sid`
        const places = (await run({ sql, values })) as unknown as Place[] // as: selected so
        const taken = new Map<string, string | null>()
        for (const { sid, after } of places) {
          if (taken.size === limit) break
          const isNext = after === null || known.has(after) || taken.has(after)
          if (isNext && !known.has(sid)) taken.set(sid, after)
        }
        if (taken.size > 0) {
          const rows = await rowsOf(account_sid, [...taken.keys()])
          return rows.map((row) => ({ row, after: taken.get(row.sid) ?? null }))
        }
        // All of them wait for others: what follows may not.
        if (places.length < piece + known.size) return []
        last = places.at(-1)
      }
    },

    async nextDelivery(account_sid, destination, after) {
      const { values, bind } = asking()
      const sql = `select due_at from ${table} where account_sid = ${bind(account_sid)}
        and destination = ${bind(destination)} and due_at > ${bind(after)} order by due_at limit 1`
      return (await run({ sql, values }))[0]?.due_at as number | undefined // as: the column is an integer
    },

    async markDeliveries(account_sid, marks) {
      if (marks.length === 0) return 0
      const [, ...changed] = marked
      if (changeEach) {
        const sets = changed.map((column) => `${column} = ?`).join(', ')
        const sql = `update ${table} set ${sets} where account_sid = ? and sid = ? and attempts = ? and due_at is not null`
        return changeEach(
          sql,
          marks.map(({ row, attempts_before }) => {
            return [...changed.map((column) => row[column]), account_sid, row.sid, attempts_before]
          })
        )
      }
      const { values, bind } = asking()
      const given = padded(marks).map(({ row, attempts_before }) => {
        const fields = marked.map((column) => `cast(${bind(row[column])} as ${sqlType(column)})`)
        return `(${fields.join(', ')}, cast(${bind(attempts_before)} as bigint))`
      })
      // `values` names its columns column1, column2, …; the first is the sid.
      const sets = changed.map((column, n) => `${column} = column${n + 2}`)
      const sql = `update ${table} set ${sets.join(', ')} from (values ${given.join(', ')}) as given
        where account_sid = ${bind(account_sid)} and sid = column1 and attempts = column${marked.length + 1} and due_at is not null`
      return change({ sql, values })
    },

    async replayDelivery(account_sid, { sid, destination, due_at, window_ends_at }) {
      const { values, bind } = asking()
      const sql = `update ${table} set state = 'queued', leg = 0, tries = 0, order_key = null, finished_at = null,
          first_refusal = null, destination = ${bind(destination)}, due_at = ${bind(due_at)}, updated_at = ${bind(due_at)},
          window_ends_at = ${bind(window_ends_at)}
        where account_sid = ${bind(account_sid)} and sid = ${bind(sid)} and due_at is null`
      return (await change({ sql, values })) === 1
    },

    async delivery(account_sid, sid) {
      return (await rowsOf(account_sid, [sid]))[0]
    },

    async deliveries({ account_sid, where, event_seq, after, descending, limit }) {
      const { values, bind } = asking()
      const account = bind(account_sid)
      const conditions = [`account_sid = ${account}`]
      for (const column of filters)
        if (where[column] !== undefined) conditions.push(`${column} = ${bind(where[column])}`)
      if (event_seq !== undefined)
        conditions.push(`sid >= ${bind(firstSid(event_seq))}`, `sid < ${bind(firstSid(event_seq + 1))}`)
      if (after !== undefined) conditions.push(`sid ${descending ? '<' : '>'} ${bind(after)}`)
      const order = descending ? 'sid desc' : 'sid'
      const sql = `select ${columns} from ${table} where ${conditions.join(' and ')} order by ${order} limit ${bind(limit)}`
      return (await run({ sql, values })) as unknown as DeliveryRow[] // as: its columns are selected
    },

    async oldestDelivery(account_sid) {
      const { values, bind } = asking()
      const sql = `select created_at from ${table} where account_sid = ${bind(account_sid)} and state = 'queued'
        order by sid limit 1`
      return (await run({ sql, values }))[0]?.created_at as number | undefined // as: the column is an integer
    },

    pruneDeliveries(account_sid, before, limit) {
      const { values, bind } = asking()
      const sql = `delete from ${table} where account_sid = ${bind(account_sid)} and sid in (
        select sid from ${table} where account_sid = ${bind(account_sid)} and finished_at < ${bind(before)}
        order by finished_at limit ${bind(limit)})`
      return change({ sql, values })
    }
  }
}

interface Place {
  readonly due_at: number
  readonly sid: string
  readonly after: string | null
}

/** What no delivery because of an event, or of a later one, is before. */
export function firstSid(event_seq: number): string {
  return `DV${event_seq.toString(16).padStart(seqDigits, '0')}`
}

const names = Object.keys(deliveryTable.columns).filter((column) => column !== 'account_sid')
const columns = names.join(', ')

/** What an attempt changes, the sid first. */
const marked = [
  'sid',
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

function sqlType(column: string): string {
  return deliveryTable.columns[column] === 'integer' ? 'bigint' : 'text'
}

/** Up to the next power of two with the last one again, which changes nothing: so there are few texts to prepare. */
function padded(marks: readonly DeliveryMark[]): readonly DeliveryMark[] {
  const last = marks.at(-1)
  if (last === undefined) return []
  const size = 2 ** Math.ceil(Math.log2(marks.length))
  return [...marks, ...Array.from({ length: size - marks.length }, () => last)]
}

/** Rows as a table takes them, in the order of its columns without the account. */
export function deliveryValues(rows: readonly DeliveryRow[]): Value[][] {
  return rows.map((row) => names.map((column) => row[column as keyof DeliveryRow])) // as: columns are named as the fields
}
