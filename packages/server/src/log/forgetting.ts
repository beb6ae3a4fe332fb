import type { ColdKind } from '@ringdown/engine/core/kind'
import { fieldOf } from '@ringdown/engine/core/row'
import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import { pause } from '../store/pause.ts'
import type { Store } from '../store/store.ts'
import { coldTable, type Table } from '../store/tables.ts'
import type { Followed } from './follower.ts'

/** Milliseconds between two times. Nobody is shown what is not deleted yet. */
const rest = 15_000

/**
 * Rows of one transaction, and milliseconds until the next one: what is decided meanwhile waits for each. With 500 at a time
 * and no rest a write took 7 ms as long as it went on; with these it takes 2, where it takes 1.5 when nothing goes.
 */
const batch = 100
const breath_ms = 5

/** A kind whose rows are put away, and its column that says until when. */
interface Forgotten {
  readonly kind: string
  readonly until: string
  readonly table: Table
}

/**
 * Deletes rows that were put away once their time is over, a little at a time. While nothing happens and nothing is left
 * it sleeps: a test clock stops at each of its times.
 */
export class Forgetting implements Moved {
  readonly #store: Store
  readonly #account_sid: string
  readonly #clock: Clock
  readonly #kinds: readonly Forgotten[]
  readonly #log: Logger
  readonly #unsubscribe: () => void
  /** After a start something may be left. */
  #next: number | undefined
  #cancel: () => void = () => {}
  readonly #abort = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly store: Store
    readonly account: Pick<Followed, 'account_sid' | 'subscribe'>
    readonly clock: Clock
    readonly log: Logger
    readonly kinds: ReadonlyMap<string, ColdKind>
  }) {
    this.#store = options.store
    this.#account_sid = options.account.account_sid
    this.#clock = options.clock
    this.#log = options.log
    this.#kinds = [...options.kinds].flatMap(([kind, { until, ...cold }]) =>
      until === undefined ? [] : [{ kind, until, table: coldTable(kind, cold) }]
    )
    this.#arm(this.#clock.now() + rest)
    this.#unsubscribe = options.account.subscribe(() => {
      if (this.#next === undefined) this.#arm(this.#clock.now() + rest)
    })
  }

  nextDue(): number | undefined {
    return this.#abort.signal.aborted ? undefined : this.#next
  }

  async doDue(): Promise<void> {
    const now = this.#clock.now()
    if (this.#abort.signal.aborted || this.#next === undefined || now < this.#next) return
    this.#next = now + rest
    const work = this.#forget(now).catch((err: unknown) => {
      this.#log.warn({ err }, 'rows whose time is over could not be deleted; it is tried again later')
      return now
    })
    this.#work = work.then(() => {})
    const earliest = await work
    this.#arm(earliest === undefined ? undefined : Math.max(now, earliest) + rest)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#unsubscribe()
    this.#cancel()
    await this.#work
  }

  #arm(next: number | undefined): void {
    this.#cancel()
    this.#next = next
    if (next !== undefined && !this.#abort.signal.aborted) this.#cancel = this.#clock.at(next, () => void this.doDue())
  }

  /** Deletes what is over; resolves with the instant at which something next is, undefined when nothing is left. */
  async #forget(now: number): Promise<number | undefined> {
    let earliest: number | undefined
    for (const { kind, until, table } of this.#kinds) {
      while (!this.#abort.signal.aborted) {
        const gone = await this.#store.forget(this.#account_sid, { table, column: until }, now + 1, batch)
        if (gone < batch) break
        await pause(breath_ms, this.#abort.signal).catch(() => {}) // the loop ends
      }
      const order = { where: [], order: [until, 'seq'], descending: false, limit: 1 }
      const [row] = await this.#store.page({ account_sid: this.#account_sid, kind, ...order })
      const left = row && Number(fieldOf(row, until)) // an instant
      if (left !== undefined) earliest = Math.min(earliest ?? left, left)
    }
    return earliest
  }
}
