import type { State } from '@ringdown/engine/center'
import { type Command, readsOf } from '@ringdown/engine/commands'
import type { Found, Read } from '@ringdown/engine/core/command'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { type Kind, type Kinds, kinds } from '@ringdown/engine/kinds'
import type { Value } from '../store/store.ts'
import type { AbsentRows } from './absent-rows.ts'
import { type Fetched, type Known, nothingRead } from './entry.ts'

/** What a command must have read before it is decided on a state. */
export type ReadsOf = typeof readsOf

export interface ReadsOptions {
  /** The engine's own word by default. */
  readonly readsOf?: ReadsOf | undefined
  /** The state on which commands are decided now. */
  readonly state: () => State
  /** Rows of a cold kind, from the store. */
  readonly find: (kind: Kind, where: Readonly<Record<string, Value>>) => Promise<Kinds[Kind][]>
  /** What is known not to be there. */
  readonly absent: AbsentRows
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

  /** What the command must see, where that is known at once; undefined where it must wait for the store. */
  knownFor(command: Command): Known | undefined {
    const reads = this.#of(command)
    if (reads.length === 0) return nothingRead
    const { absent } = this.#options
    return reads.every((read) => absent.has(read)) ? { reads, fetched: [] } : undefined
  }

  /**
   * Reads what the command must see; again, while that has become more: by what was found, or because what was in memory
   * has left it meanwhile.
   */
  async readFor(command: Command): Promise<Known> {
    const found = new Map<string, { readonly read: Read; readonly rows: readonly Fetched[] }>()
    for (;;) {
      const rowsOf: Found = (kind) => {
        return [...found.values()].flatMap(({ rows }) => rows.flatMap((one) => (one.kind === kind ? [one.row] : [])))
      }
      const missing = this.#of(command, rowsOf).filter((read) => !found.has(JSON.stringify(read)))
      if (missing.length === 0) break
      const rows = await Promise.all(missing.map((read) => this.#fetch(read)))
      for (const [i, read] of missing.entries()) found.set(JSON.stringify(read), { read, rows: rows[i] ?? [] })
    }
    const all = [...found.values()]
    return { reads: all.map(({ read }) => read), fetched: all.flatMap(({ rows }) => rows) }
  }

  #of(command: Command, found?: Found): readonly Read[] {
    return (this.#options.readsOf ?? readsOf)(command, this.#options.state(), found)
  }

  async #fetch({ kind, where }: Read): Promise<Fetched[]> {
    if (!isKeyOf(kinds, kind)) throw new Error(`invariant: there is no kind ${kind} to be read`)
    const { find, absent } = this.#options
    if (absent.has({ kind, where })) return []
    const isAbsent = absent.asking({ kind, where })
    const rows = await find(kind, where)
    if (rows.length === 0) isAbsent()
    return rows.map((row) => ({ kind, row }))
  }
}
