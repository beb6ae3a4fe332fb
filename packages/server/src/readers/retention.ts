import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import type { Store } from '../store/store.ts'
import { giveBack } from './blanking.ts'

const hour = 3_600_000

/** Between two times. A test clock stops at each, so there are few of them. */
const rest = 6 * hour

/** After a start, which may come oftener than that. */
const soon = 60_000

/** How far back events and statistics may be asked for (reference taskrouter 10). */
export const lookBackMs = 30 * 24 * hour

/** Rows of one transaction: routing must not wait for it. */
const batch = 500

/**
 * Forgets, every few hours and a little at a time, what nobody may ask for any more: events older than 30 days, the
 * statistics of a day before that (their cells are as long as a day), and deliveries that were finished long ago.
 */
export class Retention implements Moved {
  readonly #store: Store
  readonly #account_sid: string
  readonly #clock: Clock
  readonly #log: Logger
  readonly #deliveriesKeptMs: number
  #next: number
  #cancel: () => void = () => {}
  readonly #abort = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly store: Store
    readonly account_sid: string
    readonly clock: Clock
    readonly log: Logger
    /** Days for which finished deliveries are kept. */
    readonly deliveries_kept_days?: number
  }) {
    this.#store = options.store
    this.#account_sid = options.account_sid
    this.#clock = options.clock
    this.#log = options.log
    this.#deliveriesKeptMs = (options.deliveries_kept_days ?? 7) * 24 * hour
    this.#next = this.#clock.now() + soon
    this.#arm()
  }

  nextDue(): number | undefined {
    return this.#abort.signal.aborted ? undefined : this.#next
  }

  async doDue(): Promise<void> {
    const now = this.#clock.now()
    if (this.#abort.signal.aborted || now < this.#next) return
    this.#next = now + rest
    this.#work = this.#forget(now).catch((err: unknown) => {
      this.#log.warn({ err }, 'old events could not be deleted; it is tried again later')
    })
    await this.#work
    this.#arm()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#cancel()
    await this.#work
  }

  #arm(): void {
    this.#cancel()
    if (!this.#abort.signal.aborted) this.#cancel = this.#clock.at(this.#next, () => void this.doDue())
  }

  async #forget(now: number): Promise<void> {
    const before = { event: now - lookBackMs, rollup: now - lookBackMs - 24 * hour }
    while (!this.#abort.signal.aborted) if ((await this.#store.prune(this.#account_sid, before, batch)) === 0) break
    const finished = now - this.#deliveriesKeptMs
    while (!this.#abort.signal.aborted)
      if ((await this.#store.pruneDeliveries(this.#account_sid, finished, batch)) === 0) break
    await giveBack(this.#store, this.#abort.signal)
  }
}
