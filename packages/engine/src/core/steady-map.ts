/** Entries of its own in a map that was nearly emptied, and its room with them: less than a quarter in use is made smaller. */
const own = 16
const room = 4 * own
/** With so few entries it is nearly empty. */
const few = 8

const ownNames = Array.from({ length: room }, () => Symbol('own'))

/**
 * A map through which much passes while little stays: of the tasks that are reserved, say. V8 makes a new table for a `Map`
 * with each deletion that leaves less than a quarter of its room in use, and when what is in it and what was deleted have
 * filled it; in the old generation, where the map itself is, these tables were three fifths of what the engine put there.
 * So a map that was nearly emptied is given entries of its own, and keeps its room. No value is undefined.
 */
export class SteadyMap<K extends string | number, V extends object | number> {
  readonly #values = new Map<K | symbol, V | undefined>()
  #own = 0

  get size(): number {
    return this.#values.size - this.#own
  }

  get(key: K): V | undefined {
    return this.#values.get(key)
  }

  has(key: K): boolean {
    return this.#values.has(key)
  }

  set(key: K, value: V): void {
    this.#values.set(key, value)
  }

  delete(key: K): void {
    if (this.#values.delete(key) && this.#own === 0 && this.#values.size < few) this.#keepRoom()
  }

  clear(): void {
    this.#values.clear()
    this.#own = 0
  }

  /** In the order in which they came. */
  *values(): Generator<V> {
    for (const value of this.#values.values()) if (value !== undefined) yield value
  }

  /** In the order in which they came. */
  *entries(): Generator<[key: K, value: V]> {
    for (const [key, value] of this.#values) if (value !== undefined) yield [key as K, value] // it is not an own one
  }

  #keepRoom(): void {
    for (const name of ownNames) this.#values.set(name, undefined)
    for (const name of ownNames.slice(own)) this.#values.delete(name)
    this.#own = own
  }
}
