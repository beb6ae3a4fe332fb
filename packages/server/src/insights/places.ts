import { TookTooLong } from '../store/store.ts'

/** So many work at once, and whoever comes then waits for its turn, in the order in which they came, for as long as it has. */
export class Places {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(many: number) {
    this.#free = many
  }

  /**
   * Works when there is a place, with the milliseconds that are left of `limit_ms`. Throws TookTooLong where none are left
   * when its turn comes: those before it have the same time, so that this is no later than the limit.
   */
  async work<T>(limit_ms: number, act: (left_ms: number) => Promise<T>): Promise<T> {
    const until = performance.now() + limit_ms
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const left = until - performance.now()
      if (left <= 0) throw new TookTooLong('the time was over before its turn')
      return await act(left)
    } finally {
      // Whoever waits takes this place.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
