import { createHash } from 'node:crypto'
import { withoutCustomer } from '@ringdown/engine/insights/facts'
import type { ContactText } from '@ringdown/engine/insights/segment'
import { binding } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { quote, type Table } from '../store/tables.ts'
import { contactTextTable } from './segments.ts'

/** Customers who are to be forgotten, by what cannot be read, and when that was said. */
export const erasureTable: Table = {
  name: 'erasure',
  columns: { account_sid: 'text', digest: 'text', at: 'integer' },
  key: ['account_sid', 'digest']
}

type ErasureStore = Pick<Store, 'dialect' | 'query' | 'change' | 'update' | 'analyze'>

/** Milliseconds that the search for a customer's contacts may take, and contacts that are blanked in one transaction. */
const search_ms = 60_000
const piece = 200

/**
 * Customers who are to be forgotten. Their contacts stay, with what they came to; what is folded again from the log, after a
 * crash, is blanked on its way into the store.
 */
export class Erasures {
  readonly #store: ErasureStore
  readonly #account_sid: string
  readonly #at = new Map<string, number>()

  private constructor(store: ErasureStore, account_sid: string) {
    this.#store = store
    this.#account_sid = account_sid
  }

  static async open(store: ErasureStore, account_sid: string): Promise<Erasures> {
    const { values, bind } = binding(store.dialect)
    const sql = `select digest, at from ${quote(erasureTable.name)} where account_sid = ${bind(account_sid)}`
    const erasures = new Erasures(store, account_sid)
    for (const { digest, at } of await store.query<{ digest: string; at: number }>({ sql, values }))
      erasures.#at.set(digest, Number(at))
    return erasures
  }

  /** The text as it may be kept: who it was is not in it, if that was to be forgotten after it was told. */
  kept(text: ContactText): ContactText {
    if (this.#at.size === 0) return text
    const customers: readonly string[] = JSON.parse(text.customers) // as the fold wrote it
    const isErased = customers.some((name) => (this.#at.get(this.#digest(name)) ?? -1) >= text.at)
    return isErased ? { ...text, attributes: withoutCustomer(text.attributes), customers: '[]' } : text
  }

  /** Forgets a customer, by an address or an identity, up to an instant; resolves with how many contacts there were in the store. */
  async forget(customer: string, at: number): Promise<number> {
    const digest = this.#digest(customer)
    this.#at.set(digest, at)
    const { values, bind } = binding(this.#store.dialect)
    const sql = `insert into ${quote(erasureTable.name)} (account_sid, digest, at)
      values (${bind(this.#account_sid)}, ${bind(digest)}, ${bind(at)}) on conflict (account_sid, digest) do update set at = excluded.at`
    await this.#store.change({ sql, values })
    // Twice: what was being written in the meantime was not there yet.
    return (await this.#blank(customer)) + (await this.#blank(customer))
  }

  async #blank(customer: string): Promise<number> {
    const { values, bind, contains } = binding(this.#store.dialect)
    const sql = `select task_sid, at, attributes, customers from ${quote(contactTextTable.name)}
      where account_sid = ${bind(this.#account_sid)} and ${contains('customers', JSON.stringify(customer))}`
    const found = await this.#store.analyze<ContactText>({ sql, values }, search_ms)
    for (let from = 0; from < found.length; from += piece) {
      const rows = found
        .slice(from, from + piece)
        .map(({ attributes, task_sid }) => [withoutCustomer(attributes), '[]', task_sid])
      await this.#store.update(this.#account_sid, {
        table: contactTextTable,
        set: ['attributes', 'customers'],
        by: ['task_sid'],
        rows
      })
    }
    return found.length
  }

  #digest(name: string): string {
    return createHash('sha256').update(`${this.#account_sid} ${name}`).digest('hex')
  }
}
