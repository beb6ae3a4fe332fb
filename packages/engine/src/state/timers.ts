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
    timer.place = this.#heap.length
    this.#heap.push(timer)
    this.#up(timer)
  }

  remove(timer: Timer): void {
    const heap = this.#heap
    const place = timer.place
    const last = heap.pop() as Timer // the heap holds at least `timer`
    timer.place = -1
    if (last === timer) return
    heap[place] = last
    last.place = place
    this.#up(last)
    this.#down(last)
  }

  #up(timer: Timer): void {
    const heap = this.#heap
    let place = timer.place
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent] as Timer // parent < place < length
      if (!isBefore(timer, above)) break
      heap[place] = above
      above.place = place
      place = parent
    }
    heap[place] = timer
    timer.place = place
  }

  #down(timer: Timer): void {
    const heap = this.#heap
    let place = timer.place
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++
      const below = heap[child] as Timer // child < length
      if (!isBefore(below, timer)) break
      heap[place] = below
      below.place = place
      place = child
    }
    heap[place] = timer
    timer.place = place
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  if (a.due !== b.due) return a.due < b.due
  if (a.seq !== b.seq) return a.seq < b.seq
  return a.order < b.order
}
