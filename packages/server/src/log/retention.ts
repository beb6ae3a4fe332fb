import type { Logger } from 'pino'
import type { Clock } from '../clock/clock.ts'
import { RepeatedWork } from '../clock/repeated-work.ts'
import { pause } from '../store/pause.ts'
import type { Store } from '../store/store.ts'
import { giveBack } from './blanking.ts'

const hour = 3_600_000

/** Between two times. A test clock stops at each, so there are few of them. */
const rest = 6 * hour

/** After a start, which may come oftener than that. */
const soon = 60_000

/** How far back events and statistics may be asked for (reference taskrouter 10). */
export const lookBackMs = 30 * 24 * hour

/** Blocks of the log, or rows of others, that go in one transaction: routing must not wait for it. */
const blocksAtOnce = 8
const rowsAtOnce = 500

/** Between two transactions, in milliseconds: at least so many, and so many times as long as the last one took. */
const breath_ms = 10
const breaths = 3

/** What is kept for some time beside the log. */
export interface Expiring {
  readonly ms: number
  /** Deletes what is older than an instant, at most `limit`; resolves with how many went. */
  forget(before: number, limit: number): Promise<number>
}

/** Other times than usual, for programs that measure what a long time leaves: in milliseconds. */
export interface Keeping {
  /** Nothing that is kept for some time is kept for longer. */
  readonly atMost_ms: number
  /** How often it is looked for what is older. */
  readonly every_ms: number
}

interface RetentionOptions {
  readonly store: Store
  readonly account_sid: string
  readonly clock: Clock
  readonly log: Logger
  readonly others?: readonly Expiring[]
  readonly keeping?: Keeping | undefined
}

/**
 * Forgets, every few hours and a little at a time, what nobody may ask for any more: blocks of events that are all older than
 * 30 days, and what others keep for as long as they say.
 */
export class Retention extends RepeatedWork {
  readonly #options: RetentionOptions
  readonly #atMost_ms: number

  constructor(options: RetentionOptions) {
    const { atMost_ms, every_ms } = options.keeping ?? { atMost_ms: Number.POSITIVE_INFINITY, every_ms: rest }
    super(options.clock, { first_ms: soon, rest_ms: every_ms })
    this.#options = options
    this.#atMost_ms = atMost_ms
  }

  protected override async work(now: number): Promise<void> {
    const { store, account_sid, others = [] } = this.#options
    const before = { event: now - Math.min(lookBackMs, this.#atMost_ms) }
    await this.#inPieces(() => store.prune(account_sid, before, blocksAtOnce))
    for (const { ms, forget } of others)
      await this.#inPieces(() => forget(now - Math.min(ms, this.#atMost_ms), rowsAtOnce))
    await giveBack(store, this.signal)
  }

  protected override failed(err: unknown): void {
    this.#options.log.warn({ err }, 'old events could not be deleted; it is tried again later')
  }

  /** Until nothing is left to go: decisions come first, so most of the time it waits. */
  async #inPieces(forget: () => Promise<number>): Promise<void> {
    const { signal } = this
    while (!signal.aborted) {
      const begun = performance.now()
      if ((await forget()) === 0) return
      const took = performance.now() - begun
      await pause(Math.max(breath_ms, breaths * took), signal).catch(() => {}) // the loop ends
    }
  }
}
