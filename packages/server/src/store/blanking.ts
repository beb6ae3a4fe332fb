import { deliveryTable, firstSid, type Writing } from './deliveries.ts'
import type { Dialect, Query } from './query.ts'
import type { StoredEvent, Value } from './store.ts'
import { eventTable, quote } from './tables.ts'

/*
 * The log is written once and read many times; the one thing that is ever changed in it is that text goes, when what it
 * was about has been removed. Deliveries hold the same text.
 */

/** What an event of the log says from now on. */
export interface EventText {
  readonly seq: number
  readonly data: string
}

/** What is sent for an event. */
export interface DeliveryText {
  readonly sid: string
  readonly message: string
}

/** Errors are those of `Store.write`, but for Fenced. */
export interface Blankings {
  /** Events of some types after a cursor up to another one, oldest first. */
  eventsOf(
    account_sid: string,
    query: {
      readonly types: readonly string[]
      readonly after: number
      readonly through: number
      readonly limit: number
    }
  ): Promise<StoredEvent[]>
  /** Puts other data in the place of events' own; their places, SIDs, types and columns stay. In one transaction. */
  rewriteEvents(account_sid: string, texts: readonly EventText[]): Promise<void>
  /** What is, or was, to be sent for some events, whatever has become of it. */
  messagesFor(account_sid: string, seqs: readonly number[]): Promise<DeliveryText[]>
  /** Puts other messages in the place of deliveries' own. In one transaction. */
  rewriteDeliveries(account_sid: string, texts: readonly DeliveryText[]): Promise<void>
}

type Run = (query: Query) => Promise<Record<string, unknown>[]>

/** The same for a store that runs queries. */
export function blankingsOf(run: Run, dialect: Dialect, { change, changeEach }: Writing): Blankings {
  const events = quote(eventTable.name)
  const deliveries = quote(deliveryTable.name)

  /** Rows one by one where the store can do that in one transaction, else joined as two arrays. */
  async function rewrite(
    table: string,
    { key, keyType, column }: { readonly key: string; readonly keyType: string; readonly column: string },
    account_sid: string,
    rows: readonly (readonly [key: Value, text: string])[]
  ): Promise<void> {
    if (rows.length === 0) return
    if (changeEach) {
      const sql = `update ${table} set ${column} = ? where account_sid = ? and ${key} = ?`
      await changeEach(
        sql,
        rows.map(([found, text]) => [text, account_sid, found])
      )
      return
    }
    const sql = `update ${table} stored set ${column} = given.text from unnest($2::${keyType}[], $3::text[]) as given(key, text)
      where stored.account_sid = $1 and stored.${key} = given.key`
    await change({ sql, values: [account_sid, rows.map(([found]) => found), rows.map(([, text]) => text)] })
  }

  return {
    async eventsOf(account_sid, { types, after, through, limit }) {
      const values: unknown[] = []
      const bind = (value: unknown) => dialect.parameter(values.push(value))
      // The columns stand in front of the data, which is read of those that are found only.
      const place = `account_sid = ${bind(account_sid)} and seq > ${bind(after)} and seq <= ${bind(through)}`
      values.push(dialect.list(types))
      const isOf = dialect.among('type', 'text', values.length)
      const sql = `select seq, sid, type, at, data from ${events} where ${place} and ${isOf} order by seq limit ${bind(limit)}`
      return (await run({ sql, values })) as unknown as StoredEvent[] // as: selected so
    },

    rewriteEvents: (account_sid, texts) =>
      rewrite(
        events,
        { key: 'seq', keyType: 'bigint', column: 'data' },
        account_sid,
        texts.map(({ seq, data }) => [seq, data])
      ),

    async messagesFor(account_sid, seqs) {
      if (seqs.length === 0) return []
      const values: unknown[] = []
      const bind = (value: unknown) => dialect.parameter(values.push(value))
      const account = `account_sid = ${bind(account_sid)}`
      // SIDs are in the order of the events: a range of the key.
      const range = `sid >= ${bind(firstSid(Math.min(...seqs)))} and sid < ${bind(firstSid(Math.max(...seqs) + 1))}`
      values.push(dialect.list(seqs))
      const isOf = dialect.among('event_seq', 'integer', values.length)
      const sql = `select sid, message from ${deliveries} where ${account} and ${range} and ${isOf} order by sid`
      return (await run({ sql, values })) as unknown as DeliveryText[] // as: selected so
    },

    rewriteDeliveries: (account_sid, texts) =>
      rewrite(
        deliveries,
        { key: 'sid', keyType: 'text', column: 'message' },
        account_sid,
        texts.map(({ sid, message }) => [sid, message])
      )
  }
}
