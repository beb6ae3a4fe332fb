import { type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const idle_ms = 10_000

/** The thread of a SQLite file that answers questions that may take long. It is there as long as somebody asks. */
export class Analyst {
  readonly #path: string
  readonly #batches = new Int32Array(new SharedArrayBuffer(4))
  #thread: SqliteThread | undefined
  #asked = 0
  #idle: NodeJS.Timeout | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** The rows of a query. Throws TookTooLong when they are not found before an instant. */
  async rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    clearTimeout(this.#idle)
    this.#thread ??= sqliteThread({ path: this.#path, readOnly: true, batches: this.#batches })
    this.#asked++
    try {
      return await this.#thread.rows<R>(sql, values, until)
    } finally {
      this.#asked--
      if (this.#asked === 0) this.#rest()
    }
  }

  /** Decisions are written: as long as they are, whoever answers rests for as long as it works. */
  giveWay(): void {
    Atomics.add(this.#batches, 0, 1)
  }

  /** Ends the thread when it has answered; the next question starts another one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), idle_ms)
    this.#idle.unref()
  }
}
