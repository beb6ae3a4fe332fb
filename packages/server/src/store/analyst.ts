import { type AnalystOpening, AnalystProcess } from './analyst-process.ts'
import { canSpareTime, type ProcessTimes, timesOf } from './spare-time.ts'
import { TookTooLong, type Value } from './store.ts'

/** Milliseconds that a process waits for a processor, and gets a fourth of it at most, until another one is asked. */
const patience_ms = 1_000
/** Milliseconds for which that one is asked. */
const relief_ms = 60_000
/** Milliseconds after the time of a question in which a process says so by itself: one that is stopped, or sorts, does not. */
const grace_ms = 2_000

export interface AnalystOptions {
  /** Whether the file may be opened now. */
  readonly mayOpen?: () => boolean
  /** Milliseconds without a question after which the process ends, and its memory is given back. */
  readonly idle_ms?: number
  /** How often it is looked whether a process gets a processor, in milliseconds, and where. */
  readonly look_ms?: number
  readonly timesOf?: (pid: number) => ProcessTimes | undefined
  readonly begin?: (opening: AnalystOpening) => AnalystProcess
}

/** Why a process is not waited for. */
type Trouble = 'starved' | 'late'

interface Running {
  readonly process: AnalystProcess
  readonly since: number
  /** It was begun in the place of one that got no processor. */
  readonly isRelief: boolean
  /** Another one was begun in its place. */
  isOver: boolean
}

/**
 * Answers questions of a SQLite file that may take long, in a process of their own, which is there as long as somebody asks:
 * what they take of memory is given back (docs/decisions/070-questions-have-a-process.md). From its second question on it
 * takes what others leave of the processors. Where they want all of them next to nothing is left: then another process is
 * asked, which has a low priority and no more.
 */
export class Analyst {
  readonly #path: string
  readonly #options: AnalystOptions
  readonly #answers = new Set<Promise<unknown>>()
  /** Ends of processes that nobody asks any more. */
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

  /** Ends the process when it has answered; the next question starts another one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    this.#leave()
    await Promise.all(this.#left)
  }

  async #answer<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    const asked = this.#toAsk()
    const answer = asked.process.rows<R>(sql, values, until)
    const watch = this.#watch(asked, until)
    const ended = answer.catch((error: unknown) => {
      // Somebody else who waited for it has replaced it.
      if (asked.isOver) return 'replaced' as const
      throw error
    })
    const first = await Promise.race([ended, watch.trouble]).finally(watch.end)
    if (first === 'late') {
      this.#replace(asked, asked.isRelief)
      throw new TookTooLong('the process that answers questions does not answer')
    }
    // Whoever else waits for that process finds it replaced.
    if (first === 'starved' && (this.#options.mayOpen?.() ?? true)) this.#replace(asked, true)
    else if (typeof first !== 'string') return first
    const other = this.#running
    if (other === undefined || other === asked) return answer // it is closed, which waits for it
    return this.#answer(sql, values, until)
  }

  /** Ends a process at once, and has another one in its place. */
  #replace(asked: Running, isRelief: boolean): void {
    asked.isOver = true
    void asked.process.kill()
    if (this.#running !== asked) return
    this.#leave()
    if (this.#options.mayOpen?.() ?? true) this.#running = this.#start(isRelief)
  }

  #toAsk(): Running {
    const relief = this.#running
    if (relief?.isRelief && this.#answers.size === 0 && performance.now() > relief.since + relief_ms) this.#leave()
    if (this.#running?.process.hasEnded) this.#leave()
    this.#running ??= this.#start(false)
    return this.#running
  }

  #start(isRelief: boolean): Running {
    const lowest = canSpareTime() ? 'spare' : process.platform === 'linux' ? 'lowest' : 'low'
    const { begin = (opening) => new AnalystProcess(opening) } = this.#options
    const begun = begin({ path: this.#path, share: isRelief ? 'low' : lowest })
    return { process: begun, since: performance.now(), isRelief, isOver: false }
  }

  #leave(): void {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    const left = running.process.close().finally(() => this.#left.delete(left))
    this.#left.add(left)
  }

  /**
   * Looks again and again whether a process that takes what is left waits for a processor and gets next to nothing of it, and
   * whether one has not given up by itself though its time is over.
   */
  #watch({ process: { pid, isSpare } }: Running, until: number): { readonly trouble: Promise<Trouble>; end(): void } {
    const { look_ms = 500, timesOf: times = timesOf } = this.#options
    let first: ProcessTimes | undefined
    let last: ProcessTimes | undefined
    let still_ms = 0
    const isStarved = () => {
      const now = times(pid)
      if (now === undefined) return false
      first ??= now
      still_ms = last?.runs === now.runs && last.worked_ms === now.worked_ms ? still_ms + look_ms : 0
      last = now
      const waited_ms = now.waited_ms - first.waited_ms + still_ms
      return waited_ms >= Math.max(patience_ms, 4 * (now.worked_ms - first.worked_ms))
    }
    const timers: NodeJS.Timeout[] = []
    const trouble = new Promise<Trouble>((resolve) => {
      timers.push(setTimeout(() => resolve('late'), Math.max(until - Date.now(), 0) + grace_ms).unref())
      if (isSpare) timers.push(setInterval(() => isStarved() && resolve('starved'), look_ms).unref())
    })
    return { trouble, end: () => timers.forEach(clearTimeout) }
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#leave(), this.#options.idle_ms ?? 10_000)
    this.#idle.unref()
  }
}
