import type { Account } from '../commit/account.ts'
import { binding } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { quote, type Table } from '../store/tables.ts'
import type { Removed } from './blanked.ts'

/* What flows know of people: which executions have it, and how long executions are kept. */

/** Executions that are looked up, or deleted, at a time. */
const piece = 200

/** Where executions and their steps are. */
export interface ExecutionTables {
  readonly execution: Table
  readonly execution_step: Table
}

/** Finds the executions that know something which is to be forgotten, and has each forget it by a decision of its own. */
export class ExecutionTexts {
  readonly #store: Pick<Store, 'dialect' | 'query'>
  readonly #account: Pick<Account, 'account_sid' | 'execute' | 'settled'>
  readonly #table: Table

  constructor(
    store: Pick<Store, 'dialect' | 'query'>,
    account: Pick<Account, 'account_sid' | 'execute' | 'settled'>,
    { execution }: ExecutionTables
  ) {
    this.#store = store
    this.#account = account
    this.#table = execution
  }

  /** Of a conversation that is gone goes all that was said in it; of a message, what those know who heard it. */
  async eraseRemoved(removed: readonly Removed[]): Promise<void> {
    for (const { sid, conversation_sid } of removed) {
      // A participant who is gone has said what it has said.
      if (conversation_sid === undefined || !/^(?:CH|IM)/.test(sid)) continue
      const isConversation = sid === conversation_sid
      const forgets = isConversation ? 'contact' : 'heard'
      await this.#erase({
        column: 'conversation_sid',
        is: conversation_sid,
        forgets,
        ...(!isConversation && { with: sid })
      })
    }
  }

  /** The same for a message that came to flows by an address. */
  async eraseHeard(message_sid: string, from: string): Promise<void> {
    await this.#erase({ column: 'person', is: from, forgets: 'heard', with: message_sid })
  }

  /** What flows know of a person, by an address or an identity; resolves with how many executions there were. */
  erasePerson(person: string): Promise<number> {
    return this.#erase({ column: 'person', is: person, forgets: 'contact' })
  }

  async #erase(which: {
    readonly column: 'conversation_sid' | 'person'
    readonly is: string
    readonly forgets: 'heard' | 'contact'
    /** What their text holds. */
    readonly with?: string
  }): Promise<number> {
    const { account_sid } = this.#account
    await this.#account.settled()
    let erased = 0
    for (let after = ''; ; ) {
      const { values, bind, contains } = binding(this.#store.dialect)
      const where = `account_sid = ${bind(account_sid)} and ${which.column} = ${bind(which.is)} and sid > ${bind(after)}`
      // What it held may be gone already, and its steps may not be.
      const holds =
        which.with === undefined ? '' : ` and (${contains('data', which.with)} or ${contains('data', '"forgets":"')})`
      const sql = `select sid from ${quote(this.#table.name)} where ${where}${holds} order by sid limit ${bind(piece)}`
      const rows = await this.#store.query<{ readonly sid: string }>({ sql, values })
      for (const { sid } of rows) await this.#account.execute({ type: 'execution.erase', sid, forgets: which.forgets })
      erased += rows.length
      const last = rows.at(-1)
      if (!last || rows.length < piece) return erased
      after = last.sid
    }
  }
}

/** Deletes executions that ended before an instant, with their steps, at most `limit`; resolves with how many went. */
export async function forgetExecutions(
  store: Pick<Store, 'dialect' | 'query' | 'change'>,
  { execution, execution_step }: ExecutionTables,
  { account_sid, before, limit }: { readonly account_sid: string; readonly before: number; readonly limit: number }
): Promise<number> {
  const over = binding(store.dialect)
  const sql = `select sid from ${quote(execution.name)} where account_sid = ${over.bind(account_sid)}
    and date_ended < ${over.bind(before)} order by date_ended limit ${over.bind(Math.min(limit, piece))}`
  const rows = await store.query<{ readonly sid: string }>({ sql, values: over.values })
  if (rows.length === 0) return 0
  // Steps first: what is left after a crash is found by its execution.
  for (const [table, column] of [
    [execution_step, 'execution_sid'],
    [execution, 'sid']
  ] as const) {
    const { values, bind, among } = binding(store.dialect)
    const account = `account_sid = ${bind(account_sid)}`
    const gone = among(
      column,
      'text',
      rows.map(({ sid }) => sid)
    )
    await store.change({ sql: `delete from ${quote(table.name)} where ${account} and ${gone}`, values })
  }
  return rows.length
}
