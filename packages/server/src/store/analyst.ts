import { type ThreadTimes, timesOf } from './spare-time.ts'
import { type SqliteThread, sqliteThread } from './sqlite-thread.ts'
import type { Value } from './store.ts'

/** Milliseconds without a question after which the thread ends, and its memory is given back. */
const idle_ms = 10_000
/** Milliseconds that a question waits for a processor, and gets a fourth of it at most, until another thread is asked. */
const patience_ms = 1_000
const usual: Looking = { look_ms: 500, timesOf }

/** How often it is looked whether a thread gets a processor, and where. */
interface Looking {
  readonly look_ms: number
  timesOf(thread: number): ThreadTimes | undefined
}

interface Running {
  readonly thread: SqliteThread
  /** The number of a thread that takes what others leave of the processors, once it has begun. */
  readonly number: Int32Array<SharedArrayBuffer>
}

/**
 * The thread of a SQLite file that answers questions that may take long. It is there as long as somebody asks. Where others
 * want all processors, next to nothing is left for it: then another one is asked, which has a low priority and no more.
 */
export class Analyst {
  readonly #path: string
  readonly #looking: Looking
  readonly #batches = cell()
  readonly #answers = new Set<Promise<unknown>>()
  #running: Running | undefined
  /** Ends of threads that got no processor. */
  readonly #left = new Set<Promise<void>>()
  #pause: Promise<unknown> | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(path: string, looking = usual) {
    this.#path = path
    this.#looking = looking
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
    const running = this.#running
    this.#running = undefined
    await Promise.all([running?.thread.close(), ...this.#left])
  }

  async #answer<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    this.#running ??= this.#start(true)
    const asked = this.#running
    const answer = asked.thread.rows<R>(sql, values, until)
    const watch = this.#watch(asked)
    const first = await Promise.race([answer, watch.starved]).finally(watch.end)
    if (first !== 'starved') return first
    // Whoever else waits for that thread finds it replaced.
    if (this.#running === asked) this.#replace(asked)
    const other = this.#running
    if (other === undefined) return answer // it is closed, which waits for it
    answer.catch(() => {}) // nobody waits for it any more
    return other.thread.rows<R>(sql, values, until)
  }

  #replace({ thread }: Running): void {
    this.#running = this.#start(false)
    const left = thread.close().finally(() => this.#left.delete(left))
    this.#left.add(left)
  }

  #start(isSpare: boolean): Running {
    const number = cell()
    const analyst = { batches: this.#batches, number, isSpare }
    return { thread: sqliteThread({ path: this.#path, readOnly: true, analyst }), number }
  }

  /** Looks again and again whether a thread waits for a processor and gets next to nothing of it. */
  #watch({ number }: Running): { readonly starved: Promise<'starved'>; end(): void } {
    const times = () => this.#looking.timesOf(Atomics.load(number, 0))
    let begun = times()
    let end = () => {}
    const starved = new Promise<'starved'>((resolve) => {
      const timer = setInterval(() => {
        const now = times()
        begun ??= now
        if (!now || !begun) return
        const waited_ms = now.waited_ms - begun.waited_ms
        if (waited_ms >= Math.max(patience_ms, 4 * (now.worked_ms - begun.worked_ms))) resolve('starved')
      }, this.#looking.look_ms).unref()
      end = () => clearInterval(timer)
    })
    return { starved, end }
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), idle_ms)
    this.#idle.unref()
  }
}

/** A number that threads share. */
function cell(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4))
}
