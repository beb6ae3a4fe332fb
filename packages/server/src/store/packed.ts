import { deflateSync } from 'node:zlib'
import { memberAt } from '@ringdown/engine/core/member-at'
import type { Value } from './store.ts'
import type { Cell } from './tables.ts'

/*
 * Many values on their way to another thread. Cloned one by one, the values of a batch cost this thread as much as
 * deciding it; so texts are joined and written into memory that both threads see, and cut again over there. What is to be
 * kept deflated is not even cut: it is deflated from where it lies.
 */

/** Values in a form that is cheap to post. */
export interface Packed {
  /** How many values. */
  readonly count: number
  /**
   * Each value's number, or the length of its text in UTF-16 units, as a double; then what each is, as a byte: 0 null, 1 a
   * number, 2 a text, 3 a text that is to be deflated; then the texts, joined, in UTF-8.
   */
  readonly memory: SharedArrayBuffer
  /**
   * The texts come in pieces: where each ends among the texts, and how many values it and those before it hold. One that is to be
   * deflated is the whole of its piece.
   */
  readonly ends: readonly number[]
  readonly counts: readonly number[]
}

/** Longer texts than this live where making and dropping them costs more than copying them. */
const pieceLength = 32_000

/** Memory is made in steps of this many bytes, and kept for the next time unless it is large. */
const granule = 1 << 18
const maxKept = 1 << 22

/** What a value takes beside its text: its number and its kind. */
const headBytes = 9

function partsOf(memory: SharedArrayBuffer, count: number) {
  return {
    numbers: new Float64Array(memory, 0, count),
    kinds: new Uint8Array(memory, count * 8, count),
    bytes: Buffer.from(memory, count * headBytes)
  }
}

/** Packs lists of values, one after the other. The memory is the other thread's until it is given back. */
export class Packer {
  readonly #free: SharedArrayBuffer[] = []

  pack(lists: readonly (readonly Cell[])[]): Packed {
    let count = 0
    let length = 0
    for (const list of lists) {
      count += list.length
      for (const value of list) length += lengthOf(value)
    }
    const memory = this.#take(count * headBytes + length * 3)
    const { kinds, numbers, bytes } = partsOf(memory, count)
    const ends: number[] = []
    const counts: number[] = []
    let piece = ''
    let end = 0
    let at = 0
    const write = () => {
      end += bytes.write(piece, end, 'utf8')
      piece = ''
    }
    const finish = () => {
      write()
      ends.push(end)
      counts.push(at)
    }
    for (const list of lists) {
      for (const value of list) {
        if (typeof value === 'string') {
          if (piece.length + value.length > pieceLength) finish()
          kinds[at] = 2
          numbers[at] = value.length
          piece += value
        } else if (typeof value === 'object' && value !== null) {
          finish()
          for (const part of value) {
            if (piece.length + part.length > pieceLength) write()
            piece += part
          }
          kinds[at] = 3
        } else {
          kinds[at] = value === null ? 0 : 1
          numbers[at] = value ?? 0
        }
        at++
        if (kinds[at - 1] === 3) finish()
      }
    }
    finish()
    return { count, memory, ends, counts }
  }

  /** The other thread has read it. */
  giveBack({ memory }: Packed): void {
    if (memory.byteLength <= maxKept && this.#free.length < 2) this.#free.push(memory)
  }

  #take(size: number): SharedArrayBuffer {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= size)
    const [found] = at < 0 ? [] : this.#free.splice(at, 1)
    if (found) return found
    this.#free.shift()
    return new SharedArrayBuffer(Math.max(1, Math.ceil(size / granule)) * granule)
  }
}

function lengthOf(value: Cell): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value !== null ? value.reduce((sum, { length }) => sum + length, 0) : 0
}

/** As little as possible: the first level makes an eighth of a batch's events, the sixth a twelfth in three times the time. */
const level = 1

/**
 * The values that were packed, in one list; some of them deflated. What UTF-8 has no form for (half a surrogate pair) has
 * become U+FFFD.
 */
export function unpacked({ count: all, memory, ends, counts }: Packed): (Value | Uint8Array)[] {
  const { kinds, numbers, bytes } = partsOf(memory, all)
  const values: (Value | Uint8Array)[] = new Array(all)
  let i = 0
  let begin = 0
  for (const [n, end] of ends.entries()) {
    const count = memberAt(counts, n) // one for each end
    if (kinds[i] === 3 && i + 1 === count) {
      values[i++] = deflateSync(bytes.subarray(begin, end), { level })
      begin = end
      continue
    }
    const piece = bytes.toString('utf8', begin, end)
    begin = end
    for (let at = 0; i < count; i++) {
      const number = numbers[i] ?? 0 // as long as kinds
      if (kinds[i] === 2) {
        values[i] = piece.slice(at, at + number)
        at += number
      } else values[i] = kinds[i] === 1 ? number : null
    }
  }
  return values
}
