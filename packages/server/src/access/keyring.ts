import type { KeyRow } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
import type { Logger } from 'pino'
import type { Ledger } from '../commit/ledger.ts'
import { type Caller, everything, type Standing } from './caller.ts'
import type { Sealing } from './sealing.ts'

/** An account whose keys may come in. */
export type KeyHolder = Pick<Ledger, 'account_sid' | 'state' | 'execute' | 'find'>

/** A key with what can be compared, and what can be verified, with it. */
export interface Key {
  readonly caller: Caller
  readonly row: KeyRow
  readonly secret: string
}

/** Milliseconds between two updates of when a key was used: one for each request would be too much. */
const between_ms = 60_000

/** What a key's secret is sealed for. */
export function sealedFor(account_sid: string): string {
  return `${account_sid} key`
}

/** API keys of all accounts that are open here, with their secrets open. */
export class Keyring {
  readonly #holders: () => Iterable<KeyHolder>
  readonly #sealing: Sealing
  readonly #now: () => number
  readonly #log: Logger
  readonly #known = new WeakMap<KeyRow, Key | null>()
  /** Uses that are being kept. */
  readonly #keeping = new Set<string>()

  /** @param now - milliseconds, by the clock of the accounts. */
  constructor(options: {
    readonly holders: () => Iterable<KeyHolder>
    readonly sealing: Sealing
    readonly now: () => number
    readonly log: Logger
  }) {
    this.#holders = options.holders
    this.#sealing = options.sealing
    this.#now = options.now
    this.#log = options.log
  }

  /** Undefined for a key that is not there, or whose secret this server cannot open. */
  find(sid: string): Key | undefined {
    for (const holder of this.#holders()) {
      const row = holder.state.find('key', sid)
      if (row) return this.#open(holder, row)
    }
    return undefined
  }

  /** Keeps that a key was used, once in a while. */
  used({ row: { sid } }: Key): void {
    for (const holder of this.#holders()) {
      if (!holder.state.find('key', sid)) continue
      const kept = holder.state.find('key_use', sid)
      if (this.#keeping.has(sid) || (kept && this.#now() - kept.date_used < between_ms)) return
      this.#keeping.add(sid)
      holder
        .execute({ type: 'key.use', sid })
        .catch((err: unknown) => this.#log.debug({ err, key_sid: sid }, 'the use of a key was not kept'))
        .finally(() => this.#keeping.delete(sid))
    }
  }

  #open(holder: KeyHolder, row: KeyRow): Key | undefined {
    const known = this.#known.get(row)
    if (known !== undefined) return known ?? undefined
    const { account_sid } = holder
    const secret = this.#sealing.open(row.sealed_secret, sealedFor(account_sid))
    if (secret === undefined)
      this.#log.warn(
        { key_sid: row.sid },
        'the secret of an API key cannot be opened: it was sealed with another RINGDOWN_SECRET_KEY'
      )
    const key = secret === undefined ? null : { caller: callerOfKey(holder, row.sid), row, secret }
    this.#known.set(row, key)
    return key ?? undefined
  }
}

/** The state is asked for anew each time: it is another one after a reload. */
function callerOfKey(holder: { readonly account_sid: string; readonly state: State }, sid: string): Caller {
  return {
    account_sid: holder.account_sid,
    actor: { type: 'key', sid },
    standing: () => standingOf(holder.state.find('key', sid))
  }
}

const standard: Standing = { kind: 'standard' }

function standingOf(row: KeyRow | undefined): Standing | undefined {
  if (!row) return undefined
  if (row.key_type === 'main') return everything
  if (row.key_type === 'standard') return standard
  return row.policy ? { kind: 'policy', policy: row.policy } : undefined
}
