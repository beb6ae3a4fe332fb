import { type Opening, type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const usualIdle_ms = 10_000

export interface AnalystOptions {
  readonly path: string
  /** Begins when the file may be opened. */
  readonly opened: <T>(ask: () => Promise<T>) => Promise<T>
  readonly start?: (opening: Opening) => Pick<SqliteThread, 'rows' | 'close'>
  readonly idle_ms?: number
}

/**
 * The thread of a SQLite file that answers questions that may take long, one after the other. It is there as long as
 * somebody asks.
 */
export class Analyst {
  readonly #options: AnalystOptions
  readonly #batches = new Int32Array(new SharedArrayBuffer(4))
  #thread: Pick<SqliteThread, 'rows' | 'close'> | undefined
  #isTaken = false
  /** Those whose turn comes when it is not taken any more. */
  readonly #waiting: (() => void)[] = []
  #idle: NodeJS.Timeout | undefined

  constructor(options: AnalystOptions) {
    this.#options = options
  }

  /** The rows of a query. Throws TookTooLong when they are not found before an instant. */
  rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    const { path, opened, start = sqliteThread } = this.#options
    const ask = () => {
      clearTimeout(this.#idle)
      this.#thread ??= start({ path, readOnly: true, batches: this.#batches })
      return this.#thread.rows<R>(sql, values, until).finally(() => this.#rest())
    }
    // Whether the file may be opened is asked when its turn has come: it may have waited for long.
    return this.#inTurn(() => opened(ask))
  }

  /** Works while nothing is read: after the question that is being answered, and before those that wait. Once at a time. */
  between(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(work, 'next')
  }

  /** Decisions are written: as long as they are, whoever answers rests for as long as it works. */
  giveWay(): void {
    Atomics.add(this.#batches, 0, 1)
  }

  /**
   * Lets go of the file when the question that is being answered is; the next one opens it again. Nobody's turn is waited
   * for: whose turn it is may wait for just this.
   */
  async letGo(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  /** The same when all that was asked is answered. */
  close(): Promise<void> {
    return this.#inTurn(() => this.letGo())
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
    this.#idle = setTimeout(() => void this.letGo(), this.#options.idle_ms ?? usualIdle_ms)
    this.#idle.unref()
  }
}
