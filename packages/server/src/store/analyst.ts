import { type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const idle_ms = 10_000

/**
 * The thread of a SQLite file that answers questions that may take long, one after the other. It is there as long as
 * somebody asks.
 */
export class Analyst {
  readonly #path: string
  readonly #batches = new Int32Array(new SharedArrayBuffer(4))
  #thread: SqliteThread | undefined
  #isTaken = false
  /** Those whose turn comes when it is not taken any more. */
  readonly #waiting: (() => void)[] = []
  #idle: NodeJS.Timeout | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** The rows of a query. Throws TookTooLong when they are not found before an instant. */
  rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    return this.#inTurn(async () => {
      clearTimeout(this.#idle)
      this.#thread ??= sqliteThread({ path: this.#path, readOnly: true, batches: this.#batches })
      try {
        return await this.#thread.rows<R>(sql, values, until)
      } finally {
        if (this.#waiting.length === 0) this.#rest()
      }
    })
  }

  /** Works while nothing is read: after the question that is being answered, and before those that wait. */
  between(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(work, 'next')
  }

  /** Decisions are written: as long as they are, whoever answers rests for as long as it works. */
  giveWay(): void {
    Atomics.add(this.#batches, 0, 1)
  }

  /** Ends the thread when all that was asked is answered; the next question starts another one. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      clearTimeout(this.#idle)
      const thread = this.#thread
      this.#thread = undefined
      await thread?.close()
    })
  }

  async #inTurn<T>(work: () => Promise<T>, place: 'next' | 'last' = 'last'): Promise<T> {
    if (this.#isTaken)
      await new Promise<void>((resolve) => this.#waiting[place === 'next' ? 'unshift' : 'push'](resolve))
    this.#isTaken = true
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Whoever comes between this and the next one's beginning waits behind it.
      if (next) next()
      else this.#isTaken = false
    }
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), idle_ms)
    this.#idle.unref()
  }
}
