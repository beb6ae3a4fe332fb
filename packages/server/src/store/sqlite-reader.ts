import { readOnce, type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import { StoreUnavailable, type Value } from './store.ts'

/** Milliseconds without a read after which the thread ends, and its memory is given back. */
const idle_ms = 10_000

/** Milliseconds after which one that could not begin is tried again. */
const again_ms = 1_000

/**
 * Reads of a SQLite file. At rest the writer's thread answers them, and is the only one: another one takes some 10 MB. As
 * soon as somebody would have to wait for the writer, a second thread begins, and the writer answers until that can
 * (docs/decisions/063-one-thread-at-rest.md).
 */
export class SqliteReader {
  readonly #path: string
  readonly #writer: SqliteThread
  #thread: SqliteThread | undefined
  #hasBegun = false
  #beginning: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  /** Works that come back to the thread that they were given. */
  #underWay = 0
  /** When it may begin, after it could not. */
  #again = 0
  #ending: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(path: string, writer: SqliteThread) {
    this.#path = path
    this.#writer = writer
  }

  rows<R extends object>(sql: string, values: readonly Value[]): Promise<R[]> {
    return this.#ask((thread) => thread.rows<R>(sql, values))
  }

  /** Has all of that read with little room for pages: nobody will read them again. It may be begun twice. */
  async once<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await this.#ask((thread) => readOnce(thread, work))
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
    this.#end()
    await this.#ending
  }

  /** Resolves when what was asked before has been answered, and the thread has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#end()
    await this.#ending
  }

  async #ask<T>(work: (thread: SqliteThread) => Promise<T>): Promise<T> {
    const who = this.#answering()
    try {
      return await work(who)
    } catch (error) {
      if (who !== this.#writer || !(error instanceof StoreUnavailable)) throw error
      // What cannot be opened to be written may be there to be read.
      await this.#beside()
      if (!this.#thread || !this.#hasBegun) throw error
      return work(this.#thread)
    }
  }

  #answering(): SqliteThread {
    if (this.#writer.isBusy) void this.#beside()
    if (this.#thread === undefined || !this.#hasBegun) return this.#writer
    this.#idle?.refresh()
    return this.#thread
  }

  /** Resolves when the thread has begun, or cannot: what is wrong with the file, the writer says. */
  #beside(): Promise<void> {
    if (this.#thread === undefined && !this.#isClosed && performance.now() >= this.#again) this.#begin()
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
        this.#again = performance.now() + again_ms
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
