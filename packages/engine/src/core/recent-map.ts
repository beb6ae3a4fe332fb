import { SteadyMap } from './steady-map.ts'

/**
 * A map by SID that remembers what it was asked for last: one decision asks for the same few rows again and again (19
 * times for its task), and the entries of a large map lie far apart in memory.
 */
export class RecentMap<V extends object> {
  readonly #values = new SteadyMap<string, V>()
  #sid = ''
  #value: V | undefined

  get size(): number {
    return this.#values.size
  }

  get(sid: string): V | undefined {
    if (sid === this.#sid) return this.#value
    const value = this.#values.get(sid)
    this.#sid = sid
    this.#value = value
    return value
  }

  set(sid: string, value: V): void {
    this.#values.set(sid, value)
    this.#sid = sid
    this.#value = value
  }

  delete(sid: string): void {
    this.#values.delete(sid)
    this.#sid = sid
    this.#value = undefined
  }

  values(): IterableIterator<V> {
    return this.#values.values()
  }
}
