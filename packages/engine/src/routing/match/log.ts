import type { WorkerEntry } from './entry.ts'

/** Workers in the order in which they have changed, for readers who each keep their own place. Its beginning is let go of. */
export class Log {
  #entries: WorkerEntry[] = []
  /** Number of the first entry that is still there. */
  start = 0
  #lastRead = 0

  /** Number of the next entry. */
  get end(): number {
    return this.start + this.#entries.length
  }

  /** A worker whom nobody has read of since it was noted last need not be noted again. */
  add(worker: WorkerEntry, keep: number): void {
    if (worker.logged >= this.#lastRead) return
    worker.logged = this.end
    this.#entries.push(worker)
    if (this.#entries.length > 2 * keep) {
      this.#entries = this.#entries.slice(keep)
      this.start += keep
    }
  }

  at(i: number): WorkerEntry {
    return this.#entries[i - this.start] as WorkerEntry // start <= i < end
  }

  /** Somebody has read it to its end. */
  wasRead(): void {
    this.#lastRead = this.end
  }
}
