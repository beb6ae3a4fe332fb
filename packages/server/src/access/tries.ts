/** Tries that are free in a minute, by the same name or from the same address. */
const free = 5
const minute_ms = 60_000
/** What somebody is asked to wait at most. */
const maxWait_ms = 15 * minute_ms
/** Names and addresses of which tries are remembered: a flood of them takes no more memory than this. */
const maxKnown = 20_000

interface Tries {
  /** Failures in a row, as far as they are remembered. */
  count: number
  /** Before which there is no other try. */
  until: number
  last: number
}

/**
 * How often somebody may try to sign in: five times a minute, then after waits that double. Counted for names and for
 * addresses alike, so that neither one name from many addresses nor many names from one are tried in numbers.
 */
export class SignInTries {
  readonly #now: () => number
  readonly #known = new Map<string, Tries>()

  /** @param now - milliseconds that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Milliseconds to wait before the next try; 0 where there may be one. A try that may be is counted, until it was right. */
  begin(keys: readonly string[]): number {
    const now = this.#now()
    const wait = Math.max(0, ...keys.map((key) => (this.#known.get(key)?.until ?? 0) - now))
    if (wait > 0) return wait
    for (const key of keys) this.#count(key, now)
    return 0
  }

  /**
   * The last try was right: its name begins anew, and its address has one try back. It keeps the others, for whoever knows
   * one password may guess more.
   */
  right(name: string, address: string): void {
    this.#known.delete(name)
    const known = this.#known.get(address)
    if (!known) return
    known.count--
    known.until = this.#now()
  }

  #count(key: string, now: number): void {
    const known = this.#known.get(key)
    const isFresh = known && now - known.last < Math.max(minute_ms, 2 * (known.until - known.last))
    const count = isFresh ? known.count + 1 : 1
    const wait = count < free ? 0 : Math.min(maxWait_ms, minute_ms * 2 ** (count - free))
    // The newest stands last.
    this.#known.delete(key)
    this.#known.set(key, { count, until: now + wait, last: now })
    if (this.#known.size <= maxKnown) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}
