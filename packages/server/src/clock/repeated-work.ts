import type { Clock, Moved } from './clock.ts'

/** What is done again and again: after a rest, or earlier when something wakes it. One round ends before the next one begins. */
export abstract class RepeatedWork implements Moved {
  readonly #clock: Clock
  readonly #rest_ms: number
  readonly #abort = new AbortController()
  #next: number
  #cancel: () => void = () => {}
  #round: Promise<void> = Promise.resolve()

  /** The first round is `first_ms` from now, each later one `rest_ms` after the one before it has begun. */
  constructor(clock: Clock, { first_ms, rest_ms }: { readonly first_ms: number; readonly rest_ms: number }) {
    this.#clock = clock
    this.#rest_ms = rest_ms
    this.#next = clock.now() + first_ms
    this.#arm()
  }

  /** Does one round; `now` is when it was due. */
  protected abstract work(now: number): Promise<void>

  /** A round has failed, and not because it was to end. */
  protected abstract failed(error: unknown, now: number): void

  /** Aborted when it is to end. */
  protected get signal(): AbortSignal {
    return this.#abort.signal
  }

  nextDue(): number | undefined {
    return this.signal.aborted ? undefined : this.#next
  }

  async doDue(): Promise<void> {
    const now = this.#clock.now()
    if (this.signal.aborted || now < this.#next) return
    this.#next = now + this.#rest_ms
    const round = this.#round
      .then(() => this.work(now))
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.failed(error, now)
      })
    this.#round = round
    this.#arm()
    await round
  }

  /** Ends after the piece that is under way. */
  async close(): Promise<void> {
    this.#abort.abort()
    this.#cancel()
    await this.#round
  }

  protected wakeAt(due: number): void {
    if (due >= this.#next) return
    this.#next = due
    this.#arm()
  }

  #arm(): void {
    this.#cancel()
    if (!this.signal.aborted) this.#cancel = this.#clock.at(this.#next, () => void this.doDue())
  }
}
