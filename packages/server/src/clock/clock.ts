import { MachineTime } from './machine-time.ts'

/** Where the server's time comes from. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once, at or after the instant; the answer cancels. A test clock calls back when it is moved there. */
  at(instant: number, call: () => void): () => void
  /** Time goes on from this instant, if it has not come there: what was decided then is not decided before it again. */
  notBefore(instant: number): void
}

/** The machine's time, as `MachineTime` makes it of the wall clock: it never goes back, and never stands still. */
export class RealClock implements Clock {
  readonly time: MachineTime
  readonly #waiting = new Set<Waiting>()
  #watch: NodeJS.Timeout | undefined

  constructor(time = new MachineTime()) {
    this.time = time
    time.onStep.add(() => this.#rearm())
  }

  now(): number {
    return this.time.now()
  }

  notBefore(instant: number): void {
    this.time.notBefore(instant)
    this.#rearm()
  }

  at(instant: number, call: () => void): () => void {
    const waiting: Waiting = { instant, call, timer: undefined }
    this.#waiting.add(waiting)
    this.#arm(waiting)
    // A wait does not notice a step by itself: somebody looks at the clock each second, as long as anybody waits.
    this.#watch ??= setInterval(() => this.time.now(), watchMs).unref()
    return () => this.#forget(waiting)
  }

  #arm(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    // setTimeout holds no more than 2^31 - 1 ms: longer waits are taken in steps.
    const ms = Math.min(Math.max(0, waiting.instant - this.now()), maxDelay_ms)
    waiting.timer = setTimeout(() => {
      // Time that is ahead of the wall clock goes a little slower than timers do.
      if (this.now() < waiting.instant) return this.#arm(waiting)
      this.#forget(waiting)
      waiting.call()
    }, ms)
  }

  #rearm(): void {
    for (const waiting of this.#waiting) this.#arm(waiting)
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.#waiting.delete(waiting)
    if (this.#waiting.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }
}

interface Waiting {
  readonly instant: number
  readonly call: () => void
  timer: NodeJS.Timeout | undefined
}

const maxDelay_ms = 2 ** 31 - 1
const watchMs = 500

/** What moves with a test clock: whoever has something due, and whoever is still at work on the last instant. */
export interface Moved {
  /** The instant at which it has something to do next. */
  nextDue(): number | undefined
  /** Does what is due now; resolves when it is done and durable. */
  doDue(): Promise<void>
  /** Resolves when it has dealt with everything up to now that others have given it. */
  settle?(): Promise<void>
  /** Whether it has; what another party did meanwhile may have given it more. */
  readonly isSettled?: boolean
}

/** Time that stands still until it is moved. */
export class TestClock implements Clock {
  #now: number
  readonly #moved: Moved[] = []
  #moving: Promise<unknown> = Promise.resolve()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Nothing calls back by itself: `advance` asks the registered parties instead. */
  at(): () => void {
    return () => {}
  }

  /** Time never goes back: not behind what the account's last decision was told, either. */
  notBefore(instant: number): void {
    this.#now = Math.max(this.#now, instant)
  }

  register(party: Moved): void {
    this.#moved.push(party)
  }

  /**
   * Moves time forward by milliseconds, stopping at every instant at which something is due; resolves with the new time
   * when nothing is due any more, no reader is behind and nothing is under way. By zero, it waits for just that. Calls one after the other when called twice at once.
   */
  advance(ms: number): Promise<number> {
    const run = this.#moving.then(() => this.#step(this.#now + Math.max(0, ms)))
    this.#moving = run.catch(() => {})
    return run
  }

  async #step(target: number): Promise<number> {
    for (;;) {
      await this.#settle()
      const due = Math.min(...this.#moved.map((party) => party.nextDue() ?? Number.POSITIVE_INFINITY))
      if (due > target) break
      this.#now = Math.max(this.#now, due)
      for (const party of this.#moved) await party.doDue()
    }
    this.#now = Math.max(this.#now, target)
    return this.#now
  }

  /** Until nobody has anything left to do at this instant: what one has done is another one's work. */
  async #settle(): Promise<void> {
    for (;;) {
      for (const party of this.#moved) await party.settle?.()
      if (!this.#moved.some(({ isSettled }) => isSettled === false)) return
      // What they wait for needs its turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
