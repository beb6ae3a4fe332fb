import type { State } from '@ringdown/engine/center'
import { type Command, readsOf } from '@ringdown/engine/commands'
import type { Read } from '@ringdown/engine/core/command'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { type Kind, type Kinds, kinds } from '@ringdown/engine/kinds'
import type { Value } from '../store/store.ts'
import type { Fetched, Known } from './entry.ts'

/** What a command must have read before it is decided on a state. */
export type ReadsOf = typeof readsOf

export interface ReadsOptions {
  /** The engine's own word by default. */
  readonly readsOf?: ReadsOf | undefined
  /** The state on which commands are decided now. */
  readonly state: () => State
  /** Rows of a cold kind, from the store. */
  readonly find: (kind: Kind, where: Readonly<Record<string, Value>>) => Promise<Kinds[Kind][]>
}

/**
 * Reads from the store what commands must see and memory does not hold. What was read goes stale while the store answers:
 * `ColdRows` knows better where a decision was made meanwhile.
 */
export class Reads {
  readonly #options: ReadsOptions

  constructor(options: ReadsOptions) {
    this.#options = options
  }

  /** Whether a command must wait for the store before it can be decided. */
  isNeededFor(command: Command): boolean {
    return this.#of(command).length > 0
  }

  /** Reads what the command must see; again, while that has become more: what was in memory may have left it meanwhile. */
  async readFor(command: Command): Promise<Known> {
    const found = new Map<string, { readonly read: Read; readonly rows: readonly Fetched[] }>()
    for (;;) {
      const missing = this.#of(command).filter((read) => !found.has(JSON.stringify(read)))
      if (missing.length === 0) break
      const rows = await Promise.all(missing.map((read) => this.#fetch(read)))
      for (const [i, read] of missing.entries()) found.set(JSON.stringify(read), { read, rows: rows[i] ?? [] })
    }
    const all = [...found.values()]
    return { reads: all.map(({ read }) => read), fetched: all.flatMap(({ rows }) => rows) }
  }

  #of(command: Command): readonly Read[] {
    return (this.#options.readsOf ?? readsOf)(command, this.#options.state())
  }

  async #fetch({ kind, where }: Read): Promise<Fetched[]> {
    if (!isKeyOf(kinds, kind)) throw new Error(`invariant: there is no kind ${kind} to be read`)
    const rows = await this.#options.find(kind, where)
    return rows.map((row) => ({ kind, row }))
  }
}
