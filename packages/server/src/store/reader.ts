import { readOnce, type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import { StoreUnavailable, type Value } from './store.ts'

/** Milliseconds without a read after which the thread ends, and its memory is given back. */
const idle_ms = 10_000

/**
 * Reads of a SQLite file, by a thread of their own beside the writer's as long as much is done. Where nobody else writes or
 * reads, the writer's answers, and is the only one: another one takes some 10 MB. It begins when somebody would have to wait
 * for the writer, which answers until it can (docs/decisions/063-one-thread-at-rest.md).
 */
export class Reader {
  readonly #path: string
  readonly #writer: SqliteThread
  #thread: SqliteThread | undefined
  #hasBegun = false
  #beginning: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  /** Works that come back to the thread with which they began. */
  #underWay = 0
  #ending: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(path: string, writer: SqliteThread) {
    this.#path = path
    this.#writer = writer
  }

  async rows<R extends object>(sql: string, values: readonly Value[]): Promise<R[]> {
    const who = this.#answering()
    try {
      return await who.rows<R>(sql, values)
    } catch (error) {
      if (who !== this.#writer || !(error instanceof StoreUnavailable)) throw error
      // What cannot be opened to be written may be there to be read.
      await this.#beside()
      if (!this.#thread || !this.#hasBegun) throw error
      return this.#thread.rows<R>(sql, values)
    }
  }

  /** Has all of that read beside the writer where it can be, and no page of it kept. */
  async once<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await readOnce(this.#answering(), work)
    } finally {
      this.#underWay--
    }
  }

  /** See `SqliteThread`. Where much is written it is made beside that, and waits until it can be. */
  async checkpoint(isMuchWritten: boolean): Promise<number> {
    if (isMuchWritten) await this.#beside()
    return this.#answering().checkpoint()
  }

  /** Lets go of the file once earlier calls have finished. */
  async renew(): Promise<void> {
    await this.#thread?.renew()
  }

  /** Resolves when what was asked before has been answered, and the thread has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#end()
    await this.#ending
  }

  #answering(): SqliteThread {
    if (this.#writer.isBusy) void this.#beside()
    if (this.#thread === undefined || !this.#hasBegun) return this.#writer
    this.#idle?.refresh()
    return this.#thread
  }

  /** Resolves when the thread has begun, or cannot: what is wrong with the file, the writer says. */
  #beside(): Promise<void> {
    if (this.#thread === undefined && !this.#isClosed) this.#begin()
    return this.#beginning
  }

  #begin(): void {
    const thread = sqliteThread({ path: this.#path, readOnly: true })
    this.#thread = thread
    this.#idle = setTimeout(() => this.#rest(), idle_ms).unref()
    this.#beginning = thread.rows('select 1', []).then(
      () => {
        this.#hasBegun = this.#thread === thread
      },
      () => {
        if (this.#thread === thread) this.#end()
      }
    )
  }

  #rest(): void {
    if (this.#underWay > 0) this.#idle?.refresh()
    else this.#end()
  }

  #end(): void {
    clearTimeout(this.#idle)
    const thread = this.#thread
    this.#thread = undefined
    this.#hasBegun = false
    if (thread) this.#ending = Promise.all([this.#ending, thread.close()]).then(() => {})
  }
}
