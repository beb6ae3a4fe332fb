import { binding } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Table } from '../store/tables.ts'

/** What keys, people and workers are named by in the audit: no customer's name is taken for one of these. */
const sid = /^[A-Z]{2}[0-9a-f]{32}$/

/** The audit as the store has it: who has changed what. */
export class AuditRows {
  readonly #store: Store
  readonly #table: Table

  constructor(store: Store, table: Table) {
    this.#store = store
    this.#table = table
  }

  /** Deletes entries from before an instant, at most `limit`; resolves with how many went. */
  forget(account_sid: string, before: number, limit: number): Promise<number> {
    return this.#store.forget(account_sid, { table: this.#table, column: 'date_created' }, before, limit)
  }

  /** Deletes what there is of customers who are gone, by their identities; one that is a user elsewhere stays. */
  async erase(account_sid: string, identities: readonly string[]): Promise<void> {
    for (const identity of identities) {
      if (sid.test(identity)) continue
      const others = await this.#store.find(account_sid, 'user', { identity })
      if (others.length > 0) continue
      const { values, bind } = binding(this.#store.dialect)
      const where = `account_sid = ${bind(account_sid)} and actor_sid = ${bind(identity)}`
      await this.#store.change({ sql: `delete from ${this.#table.name} where ${where}`, values })
    }
  }
}
