/** A set of small numbers, one bit each: the members of 5,000 eligibilities of 15,000 workers take nine megabytes. */
export class BitSet {
  /** Signed: of each unsigned number from 2^31 on V8 makes an object when it is read. */
  #words = new Int32Array(2)

  has(i: number): boolean {
    return ((wordAt(this.#words, i >>> 5) >>> (i & 31)) & 1) === 1
  }

  add(i: number): void {
    const at = i >>> 5
    if (at >= this.#words.length) {
      const words = new Int32Array(Math.max(at + 1, this.#words.length * 2))
      words.set(this.#words)
      this.#words = words
    }
    this.#words[at] = wordAt(this.#words, at) | (1 << (i & 31))
  }

  delete(i: number): void {
    const at = i >>> 5
    if (at < this.#words.length) this.#words[at] = wordAt(this.#words, at) & ~(1 << (i & 31))
  }

  /** Its numbers, ascending. */
  visit(visitor: (i: number) => void): void {
    for (let at = 0; at < this.#words.length; at++) visitBits(wordAt(this.#words, at), at, visitor)
  }

  /** The numbers that are in another set as well, ascending. */
  visitShared(other: BitSet, visitor: (i: number) => void): void {
    const length = Math.min(this.#words.length, other.#words.length)
    for (let at = 0; at < length; at++) {
      const both = wordAt(this.#words, at) & wordAt(other.#words, at)
      if (both !== 0) visitBits(both, at, visitor)
    }
  }

  /**
   * The number that is in another set as well and has the least value; of equal ones that which `isBefore` says. With
   * `after`, which is in both, the one that follows it in this order.
   */
  leastShared(
    other: BitSet,
    values: readonly number[],
    isBefore: (a: number, b: number) => boolean,
    after?: number
  ): number | undefined {
    const length = Math.min(this.#words.length, other.#words.length)
    const from = after === undefined ? Number.NEGATIVE_INFINITY : (values[after] ?? 0)
    let found: number | undefined
    let least = Number.POSITIVE_INFINITY
    for (let at = 0; at < length; at++) {
      let left = wordAt(this.#words, at) & wordAt(other.#words, at)
      for (; left !== 0; left &= left - 1) {
        const i = (at << 5) + 31 - Math.clz32(left & -left)
        const value = values[i] ?? 0
        if (value > least || (value === least && found !== undefined && !isBefore(i, found))) continue
        if (value < from || (value === from && after !== undefined && !isBefore(after, i))) continue
        found = i
        least = value
      }
    }
    return found
  }
}

/** 32 of the bits; those that nobody has set are 0. */
function wordAt(words: Int32Array, at: number): number {
  return words[at] ?? 0
}

function visitBits(bits: number, at: number, visit: (i: number) => void): void {
  for (let left = bits; left !== 0; left &= left - 1) visit((at << 5) + 31 - Math.clz32(left & -left))
}
