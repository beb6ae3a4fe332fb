/**
 * Timers are columns: a kind says which of its columns hold the instant at which something is due, and this heap is the
 * index over them. So a timer is set, moved, undone, stored and restored with its row, and nothing can get out of step.
 * Order is (due, the row's seq, the column's number).
 */
export interface Timer {
  due: number
  readonly seq: number
  readonly order: number
  /** Name of the command that is decided when the timer is due. */
  readonly command: string
  readonly sid: string
  /** Place in the heap, or -1. */
  place: number
}

export class Timers {
  readonly #heap: Timer[] = []
  /** When each of the heap is due: most comparisons need not look at the timers, which lie about in memory. */
  readonly #dues: number[] = []

  get length(): number {
    return this.#heap.length
  }

  /** All of them in no particular order: for checking only. */
  [Symbol.iterator](): IterableIterator<Timer> {
    return this.#heap.values()
  }

  /** The timer that is due first. */
  get next(): Timer | undefined {
    return this.#heap[0]
  }

  add(timer: Timer): void {
    this.#heap.push(timer)
    this.#dues.push(timer.due)
    this.#up(timer, this.#heap.length - 1)
  }

  remove(timer: Timer): void {
    const { place } = timer
    const last = this.#heap.pop() as Timer // the heap holds at least `timer`
    this.#dues.pop()
    timer.place = -1
    if (last === timer) return
    this.#up(last, place)
    this.#down(last, last.place)
  }

  /** Puts a timer at a place, or as far above it as it belongs. */
  #up(timer: Timer, from: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#isBefore(timer, parent)) break
      this.#move(parent, place)
      place = parent
    }
    this.#put(timer, place)
  }

  /** Puts a timer at a place, or as far below it as it belongs. */
  #down(timer: Timer, from: number): void {
    const heap = this.#heap
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#isFirst(child + 1, child)) child++
      if (this.#isBefore(timer, child)) break
      this.#move(child, place)
      place = child
    }
    this.#put(timer, place)
  }

  #isFirst(a: number, b: number): boolean {
    const difference = (this.#dues[a] as number) - (this.#dues[b] as number) // places are below the length
    return difference === 0 ? this.#isBefore(this.#heap[a] as Timer, b) : difference < 0 // as before
  }

  #isBefore(timer: Timer, place: number): boolean {
    const difference = timer.due - (this.#dues[place] as number) // places are below the length
    if (difference !== 0) return difference < 0
    const other = this.#heap[place] as Timer // as before
    return timer.seq === other.seq ? timer.order < other.order : timer.seq < other.seq
  }

  #move(from: number, to: number): void {
    this.#put(this.#heap[from] as Timer, to) // in the heap
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer
    this.#dues[place] = timer.due
    timer.place = place
  }
}
