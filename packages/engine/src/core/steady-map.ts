/**
 * Entries of its own in a map that was nearly emptied, and the room that they leave for others. V8 makes a map smaller when
 * less than a quarter of its room is in use.
 */
const own = 16
const room = 4 * own
/** With so few entries it is nearly empty. */
const few = 8

const ownNames = Array.from({ length: room }, () => Symbol('own'))

/**
 * A map by SID through which much passes while little stays: of the tasks that are reserved, say. V8 would make a `Map`
 * smaller with the deletion that empties it and larger again with the next entry, each time in the old generation, where
 * the map itself is: that took an eighth of the engine's time, and was three fifths of what the old generation had to be
 * collected for. So a map that was nearly emptied is given entries of its own, and keeps its room. A value is never
 * undefined.
 */
export class SteadyMap<V extends object> {
  readonly #values = new Map<string | symbol, V | undefined>()
  #own = 0

  get size(): number {
    return this.#values.size - this.#own
  }

  get(sid: string): V | undefined {
    return this.#values.get(sid)
  }

  set(sid: string, value: V): void {
    this.#values.set(sid, value)
  }

  delete(sid: string): void {
    this.#values.delete(sid)
    if (this.#own === 0 && this.#values.size < few) this.#keepRoom()
  }

  /** In the order in which they came. */
  *values(): Generator<V> {
    for (const value of this.#values.values()) if (value !== undefined) yield value
  }

  /** In the order in which they came. */
  *entries(): Generator<[sid: string, value: V]> {
    for (const [sid, value] of this.#values) if (value !== undefined) yield [sid as string, value] // it is not an own one
  }

  #keepRoom(): void {
    for (const name of ownNames) this.#values.set(name, undefined)
    for (const name of ownNames.slice(own)) this.#values.delete(name)
    this.#own = own
  }
}
