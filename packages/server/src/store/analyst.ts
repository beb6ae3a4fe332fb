import { type ThreadTimes, takeSpareTime, timesOf } from './spare-time.ts'
import { type AnalystOpening, type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const idle_ms = 10_000
/** Milliseconds that a thread waits for a processor, and gets a fourth of it at most, until another one is asked. */
const patience_ms = 1_000
/** Milliseconds for which that one is asked. */
const relief_ms = 60_000

export interface AnalystOptions {
  /** Whether the file may be opened now. */
  readonly mayOpen?: () => boolean
  /** How often it is looked whether a thread gets a processor, in milliseconds, and where. */
  readonly look_ms?: number
  readonly timesOf?: (thread: number) => ThreadTimes | undefined
}

interface Running extends AnalystOpening {
  readonly thread: SqliteThread
  readonly since: number
  /** It takes what others leave of the processors. */
  isIdle: boolean
}

/**
 * The thread of a SQLite file that answers questions that may take long. It is there as long as somebody asks, and from its
 * second question on it takes what others leave of the processors. Where they want all of them next to nothing is left:
 * then another thread is asked, which has a low priority and no more.
 */
export class Analyst {
  readonly #path: string
  readonly #options: AnalystOptions
  readonly #batches = cell()
  readonly #answers = new Set<Promise<unknown>>()
  /** Ends of threads that nobody asks any more. */
  readonly #left = new Set<Promise<void>>()
  #running: Running | undefined
  #pause: Promise<unknown> | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(path: string, options: AnalystOptions = {}) {
    this.#path = path
    this.#options = options
  }

  /** The rows of a query. Throws TookTooLong when they are not found before an instant. */
  async rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    if (this.#pause) await this.#pause
    clearTimeout(this.#idle)
    const answer = this.#answer<R>(sql, values, until)
    this.#answers.add(answer)
    try {
      return await answer
    } finally {
      this.#answers.delete(answer)
      if (this.#answers.size === 0) this.#rest()
    }
  }

  /** Works while it reads nothing: what it has been asked is answered before, and whoever asks meanwhile waits. Once at a time. */
  async between(work: () => Promise<void>): Promise<void> {
    await Promise.allSettled(this.#left)
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
    Atomics.add(this.#batches, 0, 1)
  }

  /** Ends the thread when it has answered; the next question starts another one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    this.#leave()
    await Promise.all(this.#left)
  }

  async #answer<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    const asked = this.#toAsk()
    const answer = asked.thread.rows<R>(sql, values, until)
    const watch = this.#watch(asked)
    const ended = answer.catch((error: unknown) => {
      // Somebody else who waited for it has replaced it.
      if (Atomics.load(asked.isOver, 0) === 1) return 'starved' as const
      throw error
    })
    const first = await Promise.race([ended, watch.starved]).finally(watch.end)
    if (first !== 'starved') return first
    // Whoever else waits for that thread finds it replaced.
    if (this.#running === asked && (this.#options.mayOpen?.() ?? true)) {
      Atomics.store(asked.isOver, 0, 1)
      this.#leave()
      this.#running = this.#start(false)
    }
    const other = this.#running
    if (other === undefined || other === asked) return answer // it is closed, which waits for it
    return other.thread.rows<R>(sql, values, until)
  }

  #toAsk(): Running {
    const relieved = this.#running
    if (relieved && !relieved.isSpare && this.#answers.size === 0 && performance.now() > relieved.since + relief_ms)
      this.#leave()
    this.#running ??= this.#start(true)
    const running = this.#running
    if (running.isSpare && !running.isIdle) running.isIdle = takeSpareTime(Atomics.load(running.number, 0))
    return running
  }

  #start(isSpare: boolean): Running {
    const analyst = { batches: this.#batches, number: cell(), isOver: cell(), isSpare }
    const thread = sqliteThread({ path: this.#path, readOnly: true, analyst })
    return { ...analyst, thread, since: performance.now(), isIdle: false }
  }

  #leave(): void {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    const left = running.thread.close().finally(() => this.#left.delete(left))
    this.#left.add(left)
  }

  /** Looks again and again whether an idle thread waits for a processor and gets next to nothing of it. */
  #watch({ number, isIdle }: Running): { readonly starved: Promise<'starved'>; end(): void } {
    const { look_ms = 500, timesOf: times = timesOf } = this.#options
    let timer: NodeJS.Timeout | undefined
    let first: ThreadTimes | undefined
    let last: ThreadTimes | undefined
    let still_ms = 0
    const isStarved = () => {
      const now = times(Atomics.load(number, 0))
      if (now === undefined) return false
      first ??= now
      still_ms = last?.runs === now.runs && last.worked_ms === now.worked_ms ? still_ms + look_ms : 0
      last = now
      const waited_ms = now.waited_ms - first.waited_ms + still_ms
      return waited_ms >= Math.max(patience_ms, 4 * (now.worked_ms - first.worked_ms))
    }
    const starved = new Promise<'starved'>((resolve) => {
      if (isIdle) timer = setInterval(() => isStarved() && resolve('starved'), look_ms).unref()
    })
    return { starved, end: () => clearInterval(timer) }
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#leave(), idle_ms)
    this.#idle.unref()
  }
}

/** A number that threads share. */
function cell(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4))
}
