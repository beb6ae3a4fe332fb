import { memberAt } from './member-at.ts'

/** A member of a heap, which knows where it is in it. */
export interface Heaped {
  /** Place in the heap, or -1. Only the heap changes it. */
  place: number
}

/**
 * Members in order, of which the first is at hand: a binary heap. Adding and removing cost the logarithm of the length.
 * The order is that of the keys, and among equal keys that of `isBefore`, which must be total. A member's key stays the
 * same for as long as it is in the heap; whoever orders by `isBefore` alone gives all of them the key 0.
 */
export class Heap<T extends Heaped> {
  readonly #isBefore: (a: T, b: T) => boolean
  readonly #members: T[] = []
  /** The key of each member: most comparisons need not look at the members, which lie about in memory. */
  readonly #keys: number[] = []

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get length(): number {
    return this.#members.length
  }

  /** The member that is first in order. */
  get first(): T | undefined {
    return this.#members[0]
  }

  /** All of them in no particular order: for checking only. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values()
  }

  add(member: T, key: number): void {
    this.#members.push(member)
    this.#keys.push(key)
    this.#up(member, key, this.#members.length - 1)
  }

  /** Removes a member, which must be there. */
  remove(member: T): void {
    const { place } = member
    const end = this.#members.length - 1
    const last = memberAt(this.#members, end)
    const key = memberAt(this.#keys, end)
    this.#members.pop()
    this.#keys.pop()
    member.place = -1
    if (last === member) return
    this.#up(last, key, place)
    this.#down(last, key, last.place)
  }

  /** Puts a member at a place, or as far above it as it belongs. */
  #up(member: T, key: number, from: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#belongsBefore(member, key, parent)) break
      this.#move(parent, place)
      place = parent
    }
    this.#put(member, key, place)
  }

  /** Puts a member at a place, or as far below it as it belongs. */
  #down(member: T, key: number, from: number): void {
    const { length } = this.#members
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= length) break
      if (child + 1 < length && this.#isFirst(child + 1, child)) child++
      if (this.#belongsBefore(member, key, child)) break
      this.#move(child, place)
      place = child
    }
    this.#put(member, key, place)
  }

  #isFirst(a: number, b: number): boolean {
    const difference = memberAt(this.#keys, a) - memberAt(this.#keys, b)
    return difference === 0 ? this.#isBefore(memberAt(this.#members, a), memberAt(this.#members, b)) : difference < 0
  }

  #belongsBefore(member: T, key: number, place: number): boolean {
    const difference = key - memberAt(this.#keys, place)
    return difference === 0 ? this.#isBefore(member, memberAt(this.#members, place)) : difference < 0
  }

  #move(from: number, to: number): void {
    this.#put(memberAt(this.#members, from), memberAt(this.#keys, from), to)
  }

  #put(member: T, key: number, place: number): void {
    this.#members[place] = member
    this.#keys[place] = key
    member.place = place
  }
}
