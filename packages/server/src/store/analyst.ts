import { plan } from './spare-time.ts'
import { type AnalystCells, type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const idle_ms = 10_000
/**
 * Milliseconds after which an answer is no longer left to what others leave of the processors: where they want all of them,
 * next to nothing is left.
 */
const patience_ms = 2_000

/** The thread of a SQLite file that answers questions that may take long. It is there as long as somebody asks. */
export class Analyst {
  readonly #path: string
  readonly #cells: AnalystCells = { batches: cell(), thread: cell() }
  readonly #answers = new Set<Promise<unknown>>()
  #thread: SqliteThread | undefined
  #pause: Promise<unknown> | undefined
  #idle: NodeJS.Timeout | undefined
  #among: 'idle' | 'others' = 'idle'
  #planned: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** The rows of a query. Throws TookTooLong when they are not found before an instant. */
  async rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    if (this.#pause) await this.#pause
    clearTimeout(this.#idle)
    this.#thread ??= this.#start()
    const answer = this.#thread.rows<R>(sql, values, until)
    this.#answers.add(answer)
    // Again and again: the thread may not even have begun.
    const impatience = setInterval(() => this.#plan('others'), patience_ms).unref()
    try {
      return await answer
    } finally {
      clearInterval(impatience)
      this.#answers.delete(answer)
      this.#plan('idle')
      if (this.#answers.size === 0) this.#rest()
    }
  }

  /** Works while it reads nothing: what it has been asked is answered before, and whoever asks meanwhile waits. Once at a time. */
  async between(work: () => Promise<void>): Promise<void> {
    const done = Promise.allSettled(this.#answers).then(work)
    this.#pause = Promise.allSettled([done])
    try {
      await done
    } finally {
      this.#pause = undefined
    }
  }

  /** Decisions are written: as long as they are, whoever answers rests for as long as it works. */
  giveWay(): void {
    Atomics.add(this.#cells.batches, 0, 1)
  }

  /** Ends the thread when it has answered; the next question starts another one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  #start(): SqliteThread {
    Atomics.store(this.#cells.thread, 0, 0)
    return sqliteThread({ path: this.#path, readOnly: true, analyst: this.#cells })
  }

  /** The thread begins among the idle ones. */
  #plan(among: 'idle' | 'others'): void {
    const thread = Atomics.load(this.#cells.thread, 0)
    if (this.#among === among || thread === 0) return
    this.#among = among
    this.#planned = this.#planned.then(() => plan(thread, among))
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), idle_ms)
    this.#idle.unref()
  }
}

function cell(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4))
}
