import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds before it is tried again, at first and at most; doubled each time. */
const waits = { first: 500, max: 60_000 }
/** Milliseconds after which a connection that stood was a good one: the next wait is the first again. */
const good_ms = 5000

export interface LinkOptions {
  /**
   * Connects, calls `up` when the connection stands, and resolves or rejects when that is over. After a `Patient` error the
   * next attempt waits for its `min_ms` at least.
   */
  session(up: () => void, signal: AbortSignal): Promise<void>
  /** Why there is no connection, null when there is one. */
  note(error: string | null): void
}

/** A connection that comes back: it is made anew whenever it is over, after a wait that doubles. */
export class KeptLink {
  readonly #options: LinkOptions
  readonly #abort = new AbortController()
  readonly #over: Promise<void>
  #isUp = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#over = this.#run()
  }

  get isUp(): boolean {
    return this.#isUp
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error('the connection is closed'))
    await this.#over
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    let wait = waits.first
    while (!signal.aborted) {
      const began = performance.now()
      const failure = await this.#session(signal)
      this.#isUp = false
      if (signal.aborted) return
      this.#options.note(failure.message)
      if (performance.now() - began > good_ms) wait = waits.first
      const min_ms = failure instanceof Patient ? failure.min_ms : 0
      await delay(Math.max(min_ms, wait * (0.8 + Math.random() * 0.4)), undefined, { signal }).catch(() => {}) // it is over
      wait = Math.min(wait * 2, waits.max)
    }
  }

  async #session(signal: AbortSignal): Promise<Error> {
    try {
      await this.#options.session(() => {
        this.#isUp = true
        this.#options.note(null)
      }, signal)
      return new Error('the connection was ended by the other side')
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

/** The other side will not have us: asking soon makes it worse. */
export class Patient extends Error {
  override name = 'Patient'
  /** Milliseconds until the next attempt, at least. */
  readonly min_ms: number

  constructor(message: string, min_ms: number) {
    super(message)
    this.min_ms = min_ms
  }
}
