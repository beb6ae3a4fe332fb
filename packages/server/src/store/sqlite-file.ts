import { statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Analyst } from './analyst.ts'
import { Checkpoints } from './checkpoints.ts'
import { FileWatch } from './file-watch.ts'
import { checkIntact, expectedOf } from './intact.ts'
import { Mark, type Reached } from './mark.ts'
import { Refused } from './sqlite-errors.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { type SqliteThread, type Step, sqliteThread } from './sqlite-thread.ts'
import { CannotOpen, StoreUnavailable, type Value } from './store.ts'
import { messageOf } from './thrown.ts'

type Row = Record<string, unknown>

/** What a row that is changed takes of the log, about: a page. */
const rowBytes = 8192

/**
 * One SQLite file with its threads: one writes, and where there is much to do another one reads, so that a read waits for no
 * flush. It knows whether what memory holds of the file may be trusted: not after a write that failed, or when the
 * file is no longer the one that was opened.
 */
export class SqliteFile {
  readonly path: string
  /** Accounts that were locked since the file was last lost. */
  readonly held = new Set<string>()
  readonly #writer: SqliteThread
  readonly #reader: SqliteReader
  readonly #analyst: Analyst
  readonly #checkpoints: Checkpoints
  /**
   * The file once more, to flush it. Open until all threads have let go: whoever closes a file gives up all locks that this
   * process has on it, and SQLite's are among them.
   */
  readonly #flushed: Promise<FileHandle | undefined>
  readonly #mark: Mark
  readonly #watch: FileWatch
  readonly #listeners = new Set<(why: StoreUnavailable) => void>()
  /** Why nothing can be written, since the last write that failed. */
  #failed: StoreUnavailable | undefined
  /** Why the file is not the one that was opened. */
  #gone: StoreUnavailable | undefined
  #closed = false
  #renewal: Promise<void> | undefined
  #migration: Promise<void> | undefined
  /** The batch that was written last: those before it are answered before it is. */
  #lastBatch: Promise<unknown> | undefined

  private constructor(path: string, writer: SqliteThread, found: { reached: readonly Reached[]; logBytes: number }) {
    this.path = path
    this.#writer = writer
    this.#reader = new SqliteReader(path, writer)
    this.#analyst = new Analyst(path, {
      mayOpen: () => this.#renewal === undefined && this.#migration === undefined
    })
    const moves = (who: SqliteThread | SqliteReader) => ({
      checkpoint: (isMuchWritten: boolean) => this.#opened(() => who.checkpoint(isMuchWritten))
    })
    this.#checkpoints = new Checkpoints({
      found: found.logBytes / rowBytes,
      writer: moves(writer),
      reader: moves(this.#reader),
      questions: this.#analyst,
      flush: async () => (await this.#flushed)?.datasync()
    })
    this.#mark = new Mark(path, found.reached)
    this.#watch = new FileWatch(path, {
      gone: (why) => {
        this.#gone = why === undefined ? undefined : new StoreUnavailable(why)
        if (this.#gone) this.#lose(this.#gone)
      },
      logGone: (why) => {
        this.#lose(new StoreUnavailable(why))
        // What is in it can still be read by those who have it open: the writer moves it into the file.
        this.#renewal ??= this.#renew().finally(() => {
          this.#renewal = undefined
        })
      }
    })
    this.#flushed = open(path, 'r+').catch(() => undefined)
  }

  /** Throws CannotOpen when the file cannot be opened, or does not hold what the mark beside it says, unless `acceptDataLoss`. */
  static async open(path: string, acceptDataLoss: boolean): Promise<SqliteFile> {
    const expected = expectedOf(path, acceptDataLoss)
    const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    const writer = sqliteThread({ path, readOnly: false })
    try {
      const reached = await checkIntact(writer, { path, expected, acceptDataLoss })
      return new SqliteFile(path, writer, { reached, logBytes })
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /** Rows that are read, beside the writer where it writes; `R` is what is selected, here and below. */
  read<R extends object = Row>(sql: string, values: readonly Value[]): Promise<R[]> {
    return this.#opened(() => this.#reader.rows(sql, values))
  }

  /**
   * The same for what may take long, up to an instant: nobody else waits for it. Another process opens the files by their
   * names: beside those that this one has, others would tell it what is not true.
   */
  async analyze<R extends object = Row>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    await this.#watch.look()
    return this.#opened(() => this.#analyst.rows(sql, values, until))
  }

  /**
   * While all let go of the file, nobody opens it again: who did would find what the others still have, and what is in
   * their log would be lost with it. Nor does anybody read in the middle of a migration.
   */
  #opened<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#renewal === undefined && this.#migration === undefined) return ask()
    return Promise.allSettled([this.#renewal, this.#migration]).then(ask)
  }

  /** Has all of that read, and no page of it kept. */
  readOnce<T>(work: () => Promise<T>): Promise<T> {
    return this.#reader.once(work)
  }

  /** The same as `read`, for what would be told while nothing can be written: the file must be the one that was opened. */
  async peek<R extends object = Row>(sql: string, values: readonly Value[]): Promise<R[]> {
    await this.#renewal
    if (this.#gone) throw this.#gone
    return this.read(sql, values)
  }

  /** Rows that the writer reads. That it succeeds does not say that a write would. */
  ask<R extends object = Row>(sql: string): Promise<R[]> {
    return this.#asking(() => this.#writer.rows(sql, []))
  }

  /** One text that writes, and the rows that it returns. */
  run<R extends object = Row>(sql: string, values: readonly Value[]): Promise<R[]> {
    return this.#writing(() => this.#writer.rows(sql, values))
  }

  /** All steps or none (see `SqliteThread`). */
  transact(steps: readonly Step[], lane?: string): Promise<{ missed: number; changes: number }> {
    return this.#writing(async () => {
      const done = await this.#writer.transaction(steps, lane)
      this.#checkpoints.wrote(done.changes)
      return done
    })
  }

  /** A batch of an account; answers whether it found the account at its epoch. Its end is waited for when the file is closed. */
  async writeBatch(steps: readonly Step[], reached: Reached): Promise<boolean> {
    // In the order of the calls. What follows a failed write was decided on memory that is no longer true.
    const written = this.transact(steps, reached.account_sid)
    this.#lastBatch = written
    const { missed } = await written
    if (missed === -1) this.#mark.reached(reached)
    return missed === -1
  }

  /** Lets the writer alone with some work in one transaction; everybody else waits for it. */
  migrate(
    work: (run: (sql: string) => Promise<void>, rows: (sql: string) => Promise<Row[]>) => Promise<void>
  ): Promise<void> {
    this.#migration ??= this.#migrate(work).finally(() => {
      this.#migration = undefined
    })
    return this.#migration
  }

  /** Gives free pages at the end of the file back to the system. */
  async giveBack(pages: number): Promise<void> {
    await this.run(`pragma incremental_vacuum(${pages})`, [])
    this.#checkpoints.wrote(pages)
  }

  /** A consistent copy in a new file. Throws CannotOpen. */
  async copyTo(target: string): Promise<void> {
    // Its own thread and connection: a long copy keeps neither reads nor writes waiting.
    const copier = sqliteThread({ path: this.path, readOnly: true })
    try {
      // Made by us, for its owner only; SQLite fills an empty file, and nothing is overwritten.
      await (await open(target, 'wx', 0o600)).close()
      await copier.rows('vacuum into ?', [target])
      await syncFile(target)
    } catch (error) {
      throw new CannotOpen(`Cannot write a backup to ${target}: ${messageOf(error)}.`, { cause: error })
    } finally {
      await copier.close()
    }
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Why nothing can be told or written; undefined while it can. */
  get trouble(): string | undefined {
    return this.#closed ? 'the store is closed' : this.#failed?.message
  }

  onLost(listener: (why: StoreUnavailable) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (!this.#closed) await Promise.allSettled([this.#lastBatch])
    this.#closed = true
    this.held.clear()
    this.#watch.close()
    await this.#checkpoints.close()
    await this.#analyst.close()
    await this.#reader.close()
    try {
      await this.#writer.close()
    } finally {
      await (await this.#flushed)?.close().catch(() => {}) // nothing is written through it
      this.#mark.close()
    }
  }

  async #renew(): Promise<void> {
    this.#watch.expectNewLog()
    // The writer moves the log into the file before anybody opens another one.
    await Promise.allSettled([this.#writer.renew()])
    await Promise.allSettled([this.#reader.renew(), this.#analyst.close()])
    // Whoever looked meanwhile saw those that were left.
    this.#watch.expectNewLog()
  }

  /** Memory is no longer to be trusted: whoever holds an account must lock it again. */
  #lose(why: StoreUnavailable): void {
    const known = this.#failed
    this.#failed = why
    this.held.clear()
    if (!known) for (const listener of this.#listeners) listener(why)
  }

  /** The writer's work. When it fails for another reason than its content, memory is no longer to be trusted. */
  async #writing<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.#asking(work)
    this.#failed = undefined
    return result
  }

  /** The same for what writes nothing. */
  async #asking<T>(work: () => Promise<T>): Promise<T> {
    await this.#migration
    await this.#renewal
    try {
      if (this.#gone) throw this.#gone
      return await work()
    } catch (error) {
      if (error instanceof StoreUnavailable && !(error instanceof Refused)) this.#lose(error)
      throw error
    }
  }

  async #migrate(work: Parameters<SqliteFile['migrate']>[0]): Promise<void> {
    const { script, rows } = this.#writer
    await script('begin immediate')
    try {
      await work(script, (sql) => rows(sql, []))
      await script('commit')
    } catch (error) {
      await script('rollback').catch(() => {}) // the first error is the one to tell
      throw error
    }
  }
}

/** VACUUM INTO does not flush what it wrote. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
