import { memberAt } from './member-at.ts'

/**
 * A list kept in order by a comparison that is total: two members are never equal unless they stand for the same.
 * Held in chunks, so that adding and removing cost about the square root of the length (appending costs nothing much).
 */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number
  #chunks: T[][] = []
  #length = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0]
  }

  add(member: T): void {
    this.#length++
    const chunks = this.#chunks
    if (chunks.length === 0) {
      chunks.push([member])
      return
    }
    const c = this.#chunkToAdd(member)
    const chunk = memberAt(chunks, c)
    if (this.#compare(member, lastOf(chunk)) > 0) chunk.push(member)
    else chunk.splice(this.#place(chunk, member), 0, member)
    if (chunk.length > maxChunk) chunks.splice(c + 1, 0, chunk.splice(chunk.length >> 1))
  }

  /** Removes a member; false when it was not there. The comparison must still order it as when it was added. */
  remove(member: T): boolean {
    const chunks = this.#chunks
    if (chunks.length === 0) return false
    // Who came first mostly goes first, and then nothing need be compared.
    const c = chunks[0]?.[0] === member ? 0 : this.#chunkFor(member)
    const chunk = memberAt(chunks, c)
    // Looking for the member itself along a chunk reads one piece of memory; comparing would read other members all about.
    let i = chunk[chunk.length - 1] === member ? chunk.length - 1 : chunk.indexOf(member)
    if (i < 0) {
      i = this.#place(chunk, member)
      const found = chunk[i]
      if (found === undefined || this.#compare(found, member) !== 0) return false
    }
    if (chunk.length === 1) chunks.splice(c, 1)
    else if (i === 0) chunk.shift()
    else if (i === chunk.length - 1) chunk.pop()
    else chunk.splice(i, 1)
    this.#length--
    return true
  }

  /** Visits members in order until one visit answers false. Costs less than iterating. */
  visit(visitor: (member: T) => boolean): void {
    for (const chunk of this.#chunks) for (const member of chunk) if (!visitor(member)) return
  }

  toArray(): T[] {
    return this.#chunks.length === 1 ? memberAt(this.#chunks, 0).slice() : this.#chunks.flat()
  }

  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.#chunks) yield* chunk
  }

  /** Members for which `isBefore` is false, in order. `isBefore` must be true for a beginning of the list and false after it. */
  *from(isBefore: (member: T) => boolean): Generator<T> {
    const chunks = this.#chunks
    let low = 0
    let high = chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(lastOf(memberAt(chunks, middle)))) low = middle + 1
      else high = middle
    }
    for (let c = low; c < chunks.length; c++) {
      const chunk = memberAt(chunks, c)
      let i = 0
      if (c === low) while (isBefore(memberAt(chunk, i))) i++
      for (; i < chunk.length; i++) yield memberAt(chunk, i)
    }
  }

  /** Members in reverse order, beginning with the last one for which `isAfter` is false. */
  *backwardFrom(isAfter: (member: T) => boolean): Generator<T> {
    for (let c = this.#chunks.length - 1; c >= 0; c--) {
      const chunk = memberAt(this.#chunks, c)
      if (isAfter(memberAt(chunk, 0))) continue
      for (let i = chunk.length - 1; i >= 0; i--) {
        const member = memberAt(chunk, i)
        if (!isAfter(member)) yield member
      }
    }
  }

  /** Most members are added at the end. There must be a chunk. */
  #chunkToAdd(member: T): number {
    const end = this.#chunks.length - 1
    return this.#compare(member, lastOf(memberAt(this.#chunks, end))) > 0 ? end : this.#chunkFor(member)
  }

  /** Index of the chunk in which the member is, or would be put. */
  #chunkFor(member: T): number {
    const chunks = this.#chunks
    let low = 0
    let high = chunks.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compare(lastOf(memberAt(chunks, middle)), member) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** First place in the chunk whose member is not before the given one. */
  #place(chunk: T[], member: T): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compare(memberAt(chunk, middle), member) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

const maxChunk = 512

/** Chunks are never empty. */
function lastOf<T>(chunk: readonly T[]): T {
  return memberAt(chunk, chunk.length - 1)
}
