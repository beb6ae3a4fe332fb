import { binding } from '../store/query.ts'
import type { Store, StoredEvent } from '../store/store.ts'
import { logName, quote, type Table } from '../store/tables.ts'

/** What an event of the log says from now on. */
export interface EventText {
  readonly seq: number
  readonly data: string
}

/** The part of the log's table that is ever changed. */
const texts: Table = {
  name: logName,
  columns: { account_sid: 'text', seq: 'integer', data: 'text' },
  key: ['account_sid', 'seq']
}

/**
 * The log is written once and read many times; the one thing that is ever changed in it is that text goes, when what it
 * was about has been removed. Errors are those of `Store.write`, but for Fenced.
 */
export class EventTexts {
  readonly #store: Pick<Store, 'dialect' | 'query' | 'update'>

  constructor(store: Pick<Store, 'dialect' | 'query' | 'update'>) {
    this.#store = store
  }

  /** Events of some types after a cursor up to another one, oldest first. */
  async ofTypes(
    account_sid: string,
    query: {
      readonly types: readonly string[]
      readonly after: number
      readonly through: number
      readonly limit: number
    }
  ): Promise<StoredEvent[]> {
    const { types, after, through, limit } = query
    const { values, bind, among } = binding(this.#store.dialect)
    // The columns stand in front of the data, which is read of those that are found only.
    const place = `account_sid = ${bind(account_sid)} and seq > ${bind(after)} and seq <= ${bind(through)}`
    const sql = `select seq, sid, type, at, data from ${quote(logName)} where ${place}
      and ${among('type', 'text', types)} order by seq limit ${bind(limit)}`
    return (await this.#store.query({ sql, values })) as unknown as StoredEvent[] // as: selected so
  }

  /** Puts other data in the place of events' own; their places, SIDs, types and columns stay. In one transaction. */
  async rewrite(account_sid: string, events: readonly EventText[]): Promise<void> {
    const rows = events.map(({ seq, data }) => [data, seq])
    await this.#store.update(account_sid, { table: texts, set: ['data'], by: ['seq'], rows })
  }
}
