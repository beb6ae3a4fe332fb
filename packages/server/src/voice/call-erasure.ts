import { Refusal } from '@ringdown/engine/core/refusals'
import { calleeIn } from '@ringdown/engine/voice/calling'
import { isLiving } from '@ringdown/engine/voice/rows'
import type { Account } from '../commit/account.ts'
import { binding } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { quote, type Table } from '../store/tables.ts'

/** Where calls and recordings are that are over. */
export interface CallTables {
  readonly call: Table
  readonly recording: Table
}

interface FoundCall {
  readonly sid: string
  readonly task_sid: string | null
  readonly parent_call_sid: string | null
}

/** Calls that are looked up at a time. */
const piece = 100

/**
 * Takes away the calls of a person that are over, with what was recorded of them: on their own leg, and on those of the
 * worker, the caller and all others who were called for the same task. Calls that go on stay.
 */
export class CallErasure {
  readonly #store: Pick<Store, 'dialect' | 'query'>
  readonly #account: Pick<Account, 'account_sid' | 'execute' | 'settled' | 'state'>
  readonly #tables: CallTables

  constructor(
    store: Pick<Store, 'dialect' | 'query'>,
    account: Pick<Account, 'account_sid' | 'execute' | 'settled' | 'state'>,
    tables: CallTables
  ) {
    this.#store = store
    this.#account = account
    this.#tables = tables
  }

  /** By a number, or an identity with `client:`; resolves with how many calls went. */
  async erasePerson(person: string): Promise<number> {
    await this.#account.settled()
    const address = calleeIn(person) ?? person
    let erased = 0
    for (let after = ''; ; ) {
      const found = await this.#calls(`("from" = ? or "to" = ?) and sid > ?`, [address, address, after], piece)
      for (const call of found) if (await this.#erase(call)) erased++
      const last = found.at(-1)
      if (!last || found.length < piece) return erased
      after = last.sid
    }
  }

  async #erase(call: FoundCall): Promise<boolean> {
    const { state } = this.#account
    const row = state.resident('call', call.sid)
    if (row && isLiving(row)) return false
    for (const sid of await this.#recordingsOf(call)) await this.#without({ type: 'recording.delete', sid })
    return this.#without({ type: 'call.delete', sid: call.sid })
  }

  /** Recordings of all calls around one: those of its task, and those that it made or was made by. */
  async #recordingsOf({ sid, task_sid, parent_call_sid }: FoundCall): Promise<readonly string[]> {
    const others = await this.#calls(
      '(sid = ? or parent_call_sid = ? or sid = ? or task_sid = ?)',
      [sid, sid, parent_call_sid ?? sid, task_sid ?? ''],
      1000
    )
    const { values, bind, among } = binding(this.#store.dialect)
    const sids = others.map((one) => one.sid)
    const sql = `select sid from ${quote(this.#tables.recording.name)}
      where account_sid = ${bind(this.#account.account_sid)} and ${among('call_sid', 'text', sids)} order by sid`
    return (await this.#store.query<{ readonly sid: string }>({ sql, values })).map((one) => one.sid)
  }

  async #calls(where: string, bounds: readonly string[], limit: number): Promise<readonly FoundCall[]> {
    const { values, bind } = binding(this.#store.dialect)
    const account = bind(this.#account.account_sid)
    const [...left] = bounds
    const bound = where.replaceAll('?', () => bind(left.shift() ?? ''))
    const sql = `select sid, task_sid, parent_call_sid from ${quote(this.#tables.call.name)}
      where account_sid = ${account} and ${bound} order by sid limit ${bind(limit)}`
    return this.#store.query<FoundCall>({ sql, values })
  }

  /** Whether it went; somebody else may have taken it away, and what goes on stays. */
  async #without(command: {
    readonly type: 'recording.delete' | 'call.delete'
    readonly sid: string
  }): Promise<boolean> {
    try {
      await this.#account.execute(command)
      return true
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  }
}
