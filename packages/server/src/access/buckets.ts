/** How much at once, and how much more each second. */
export interface Allowance {
  readonly burst: number
  readonly aSecond: number
}

/** Of whom is remembered how much they have used; who has used nothing for longest is forgotten first. */
const maxKnown = 20_000

/** How often each of many may do something: a flood of names takes no more memory than this. */
export class Buckets {
  readonly #now: () => number
  readonly #known = new Map<string, { left: number; at: number }>()

  /** @param now - milliseconds that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Takes one; or answers how many seconds somebody has to wait for it, at least 1. */
  take(name: string, { burst, aSecond }: Allowance): number {
    const now = this.#now()
    const { left, at } = this.#known.get(name) ?? { left: burst, at: now }
    const filled = Math.min(burst, left + ((now - at) / 1000) * aSecond)
    // The newest stands last.
    this.#known.delete(name)
    this.#known.set(name, { left: filled >= 1 ? filled - 1 : filled, at: now })
    const [eldest] = this.#known.keys()
    if (this.#known.size > maxKnown && eldest !== undefined) this.#known.delete(eldest)
    return filled >= 1 ? 0 : Math.max(1, Math.ceil((1 - filled) / aSecond))
  }

  /** How many seconds somebody would have to wait for one now; takes none. */
  wait(name: string, { burst, aSecond }: Allowance): number {
    const known = this.#known.get(name)
    if (!known) return 0
    const filled = Math.min(burst, known.left + ((this.#now() - known.at) / 1000) * aSecond)
    return filled >= 1 ? 0 : Math.max(1, Math.ceil((1 - filled) / aSecond))
  }

  get size(): number {
    return this.#known.size
  }
}
