import type { Analyst } from './analyst.ts'

/** Changed rows after which the log is moved into the file, and how long nobody has written when the rest is, in milliseconds. */
const dueRows = 2_000
const idleMs = 200
/**
 * Pages of 8 KiB that the log may have before the writer itself takes a turn. Decisions wait for that, some 7 ms: with a
 * quarter of the pages, at 500 tasks a second, three times a second, which is one batch in a hundred.
 */
const maxPages = 8_000

/** Milliseconds in which so little is moved that as little has been written meanwhile; and how often that is tried. */
const soonMoved_ms = 15
const maxTurns = 5

/** Who can move the log: beside the writer, where much is written. */
interface Mover {
  checkpoint(isMuchWritten: boolean): Promise<number>
}

/** Flushes the file, as far as it has been written; nobody waits meanwhile. */
type Flush = () => Promise<void>

/**
 * Moves SQLite's write-ahead log into its file. Checkpoints that SQLite starts by itself happen inside somebody's commit,
 * and so do those that the writer makes between two: decisions waited for them (at 500 tasks a second, p99 from 19 to
 * 84 ms with them and from 10 to 29 ms without). So where much is written the reader's thread makes them, on a connection
 * of its own, while the writer writes on. A log that grows meanwhile is never moved to its end, and would grow for ever; so
 * when it is large the writer makes one, of which little is left to do. Of what has been written since a question began
 * nothing can be moved before it is answered, by nobody: the writer takes its turn between two questions.
 * SQLite flushes the file only when all of the log is in it, so with the writer's turn, in which decisions would wait for
 * all that the reader has moved in the meantime (6 to 10 ms of a turn of 7 to 11). It is flushed before.
 */
export class Checkpoints {
  readonly #writer: Mover
  readonly #reader: Mover
  readonly #questions: Pick<Analyst, 'between'>
  readonly #flush: Flush
  readonly #now: () => number
  #rows = 0
  #idle: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(from: {
    /** Rows that are in the log which was found, about: as if they had just been written. */
    readonly found?: number
    readonly writer: Mover
    readonly reader: Mover
    readonly questions: Pick<Analyst, 'between'>
    readonly flush: Flush
    /** Milliseconds. */
    readonly now?: () => number
  }) {
    this.#rows = from.found ?? 0
    this.#now = from.now ?? (() => performance.now())
    this.#writer = from.writer
    this.#reader = from.reader
    this.#questions = from.questions
    this.#flush = from.flush
  }

  /** After a transaction that has changed rows. */
  wrote(rows: number): void {
    if (rows === 0 || this.#closed) return
    this.#rows += rows
    if (this.#rows >= dueRows) this.#run()
    else this.#idle ??= setTimeout(() => this.#run(), idleMs).unref()
  }

  /** Makes no more; resolves when the one that is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#running
  }

  #run(): void {
    clearTimeout(this.#idle)
    this.#idle = undefined
    if (this.#closed) return
    this.#running ??= this.#move()
      // One that fails costs nothing but room: a disk that is really broken is reported by the next write.
      .catch(() => {})
      .finally(() => {
        this.#running = undefined
      })
  }

  async #move(): Promise<void> {
    const isMuch = this.#rows >= dueRows
    this.#rows = 0
    if ((await this.#reader.checkpoint(isMuch)) <= maxPages) return
    await this.#questions.between(async () => {
      // What is written while the reader moves much is left to the writer, unless the reader moves that, too.
      for (let turn = 0, before_ms = Number.POSITIVE_INFINITY; turn < maxTurns; turn++) {
        const begun = this.#now()
        await this.#reader.checkpoint(true)
        await this.#flush()
        const took_ms = this.#now() - begun
        // Where a flush always takes long, another one is of no use.
        if (took_ms < soonMoved_ms || took_ms >= before_ms) break
        before_ms = took_ms
      }
      await this.#writer.checkpoint(true)
    })
  }
}
