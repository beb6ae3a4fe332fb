import { Heap, type Heaped } from './heap.ts'

/**
 * Timers are columns: a kind says which of its columns hold the instant at which something is due, and this heap is the
 * index over them. So a timer is set, moved, undone, stored and restored with its row, and nothing can get out of step.
 * Order is (due, the row's seq, the column's number).
 */
export interface Timer extends Heaped {
  /** Changes only while the timer is in no heap. */
  due: number
  readonly seq: number
  readonly order: number
  /** Name of the command that is decided when the timer is due. */
  readonly command: string
  readonly sid: string
  /** Another timer of the same row. */
  other: Timer | undefined
}

export class Timers {
  readonly #heap = new Heap<Timer>((a, b) => (a.seq === b.seq ? a.order < b.order : a.seq < b.seq))

  get length(): number {
    return this.#heap.length
  }

  /** All of them in no particular order: for checking only. */
  [Symbol.iterator](): IterableIterator<Timer> {
    return this.#heap[Symbol.iterator]()
  }

  /** The timer that is due first. */
  get next(): Timer | undefined {
    return this.#heap.first
  }

  add(timer: Timer): void {
    this.#heap.add(timer, timer.due)
  }

  remove(timer: Timer): void {
    this.#heap.remove(timer)
  }
}
