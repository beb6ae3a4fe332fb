import type { Outcome } from './delivery.ts'

/** Failures in a row after which a destination is taken to be away. */
const threshold = 5
/** From one question to the next whether it is back, in milliseconds: doubling, none longer than the last. */
const firstWait = 1_000
const maxWait = 60_000

/**
 * Whether a destination is there. After some failures in a row it is asked by one delivery at a time, with growing waits,
 * until one of them is answered.
 */
export class Breaker {
  #failures = 0
  #wait = firstWait
  #asks_at: number | undefined

  get isOpen(): boolean {
    return this.#asks_at !== undefined
  }

  /** When it may be asked again; undefined while all may be sent. */
  get asks_at(): number | undefined {
    return this.#asks_at
  }

  /** Takes note of what came back at an instant, or did not. */
  tell(outcome: Outcome, now: number): void {
    if (!isAway(outcome)) {
      this.#failures = 0
      this.#wait = firstWait
      this.#asks_at = undefined
      return
    }
    this.#failures += 1
    if (this.#failures < threshold) return
    // Those that were on their way when it opened say nothing new.
    if (this.#asks_at !== undefined && now < this.#asks_at) return
    this.#asks_at = now + this.#wait
    this.#wait = Math.min(this.#wait * 2, maxWait)
  }
}

/** Nobody is there, or nobody who could take anything. What is wrong with one address or message says nothing. */
function isAway(outcome: Outcome): boolean {
  if ('failed' in outcome) return ['timeout', 'connection', 'certificate'].includes(outcome.failed)
  return outcome.status >= 500 || outcome.status === 429
}
