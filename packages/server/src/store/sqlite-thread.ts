import { Worker } from 'node:worker_threads'
import { SteadyMap } from '@ringdown/engine/core/steady-map'
import { type Packed, Packer } from './packed.ts'
import { type FailedWork, Refused, sqliteError } from './sqlite-errors.ts'
import { type AnswerRows, objectsOf } from './sqlite-rows.ts'
import { type NumberedSteps, StatementNumbers } from './statement-numbers.ts'
import { StoreUnavailable, type Value } from './store.ts'
import type { Cell } from './tables.ts'
import { workerFile } from './worker-file.ts'

/** What a worker is started with. */
export interface Opening {
  readonly path: string
  readonly readOnly: boolean
}

/** One statement, run once for each `width` of the values. Its text says its width, and whether it must change a row. */
export interface Step {
  readonly sql: string
  readonly width: number
  readonly values: Cell[]
  /** It must change a row, or the whole transaction is undone. */
  readonly must?: boolean
}

export type Work =
  | {
      readonly do: 'rows'
      readonly sql: string
      readonly values: readonly Value[]
    }
  | {
      readonly do: 'transaction'
      readonly steps: NumberedSteps
      readonly values: Packed
      /** Whose transactions follow from each other, and how many had failed when this one was sent. */
      readonly lane?: string | undefined
      readonly failures: number
    }
  | { readonly do: 'script'; readonly sql: string }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'close' }

export interface ThreadCall {
  readonly id: number
  readonly work: Work
}

export interface ThreadAnswer {
  readonly id: number
  readonly rows?: AnswerRows
  readonly changes?: number
  /** Index of the step that had to change a row and did not, or -1. */
  readonly missed?: number
  /** It was not tried: one before it in its lane had failed when it was sent, and its sender did not know. */
  readonly refused?: boolean
  readonly failed?: FailedWork
}

interface Waiting {
  readonly does: Work['do']
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: Error) => void
}

/** The calling side of one worker thread. A thread that died is started anew by the next call. */
export interface SqliteThread {
  /** Whether it writes, or many calls wait for it. */
  readonly isBusy: boolean
  /** Deflated columns come as text. `R` is what the query selects. */
  rows<R extends object = Record<string, unknown>>(sql: string, values: readonly Value[]): Promise<R[]>
  /**
   * Runs all steps or none; `missed` is the step that had to change a row and did not, or -1. Transactions of a lane need
   * not be awaited: when one has failed or missed, those that were sent before that was known are Refused.
   */
  transaction(steps: readonly Step[], lane?: string): Promise<{ missed: number; changes: number }>
  script(sql: string): Promise<void>
  /** Moves the write-ahead log, as it is at the call, into the file; resolves with how many pages it has. */
  checkpoint(): Promise<number>
  /**
   * Ends the thread once earlier calls have finished: a connection alone would not let go of the file. The next call starts
   * another one; nobody calls meanwhile.
   */
  renew(): Promise<void>
  /** Lets earlier calls finish, folds the log into the file (as the writer) and ends the thread. */
  close(): Promise<void>
}

function isWrite(does: Work['do']): boolean {
  return does === 'transaction' || does === 'script'
}

/** Calls that wait for a thread at once when it has much to do. */
const many = 4

/** Errors are those of the store: ContentRejected, and StoreUnavailable for all else. */
export function sqliteThread(opening: Opening): SqliteThread {
  const waiting = new SteadyMap<number, Waiting>()
  const packer = new Packer()
  /** What the thread knows; another one begins with nothing. */
  let numbers = new StatementNumbers()
  let worker: Worker | undefined
  let calls = 0
  /** Transactions that have failed: what is sent from now on was decided in their knowledge. */
  let failures = 0
  let closing: Promise<void> | undefined
  /** What writes and is not answered. */
  let writes = 0

  function end(gone: Worker, why: string): void {
    if (worker !== gone) return
    worker = undefined
    numbers = new StatementNumbers()
    for (const { reject } of waiting.values()) reject(new StoreUnavailable(why))
    waiting.clear()
    writes = 0
  }

  function start(): Worker {
    const name = `sqlite ${opening.readOnly ? 'reader' : 'writer'}`
    // The main thread's flags are not for this one: --input-type, for example, would end it.
    // What it holds for longer than one call are statements: without a limit its young generation grows to 48 MB.
    const resourceLimits = { maxYoungGenerationSizeMb: 8 }
    const fresh = new Worker(workerFile('sqlite-worker'), { workerData: opening, name, execArgv: [], resourceLimits })
    fresh.on('message', (answer: ThreadAnswer) => {
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (asked && isWrite(asked.does)) writes--
      if (asked?.does === 'transaction' && (answer.failed !== undefined || (answer.missed ?? -1) !== -1)) failures++
      if (waiting.size === 0) fresh.unref()
      if (answer.failed === undefined) asked?.resolve(answer)
      else asked?.reject(sqliteError(answer.failed))
    })
    fresh.on('error', (error) => end(fresh, `the SQLite thread failed: ${error.message}`))
    fresh.on('exit', () => end(fresh, 'the SQLite thread ended'))
    worker = fresh
    return fresh
  }

  function call(work: Work): Promise<ThreadAnswer> {
    if (closing !== undefined && work.do !== 'close') return Promise.reject(new StoreUnavailable('the store is closed'))
    return new Promise((resolve, reject) => {
      const thread = worker ?? start()
      const id = ++calls
      waiting.set(id, { does: work.do, resolve, reject })
      if (isWrite(work.do)) writes++
      thread.ref()
      thread.postMessage({ id, work } satisfies ThreadCall)
    })
  }

  async function finish(): Promise<void> {
    const last = worker
    if (last === undefined) return // it never started, or died: there is nothing to close
    // SQLite lets go of the file when the thread is gone, with all its statements.
    const gone = new Promise<void>((resolve) => last.once('exit', () => resolve()))
    await call({ do: 'close' }).catch(() => {}) // one that dies meanwhile is as good as closed
    last.ref()
    await gone
  }

  return {
    get isBusy() {
      return writes > 0 || waiting.size >= many
    },
    async rows<R extends object>(sql: string, values: readonly Value[]) {
      const { rows } = await call({ do: 'rows', sql, values })
      return rows === undefined ? [] : objectsOf<R>(rows)
    },
    async transaction(steps, lane) {
      const values = packer.pack(steps.map((step) => step.values))
      const answer = await call({ do: 'transaction', steps: numbers.numbered(steps), values, lane, failures })
      // Only where it answered: a thread that is ending may still read.
      packer.giveBack(values)
      const { missed = -1, changes = 0, refused = false } = answer
      if (refused) throw new Refused('a write before this one failed')
      return { missed, changes }
    },
    async script(sql) {
      await call({ do: 'script', sql })
    },
    async checkpoint() {
      const { rows } = await call({ do: 'checkpoint' })
      const [found] = rows === undefined ? [] : objectsOf<{ readonly log: number }>(rows)
      return found?.log ?? 0
    },
    async renew() {
      await finish()
    },
    close() {
      closing ??= finish()
      return closing
    }
  }
}

/**
 * Has a thread read much that nobody will read again, and keep little of it: memory that the cache of pages has once taken
 * is never given back.
 */
export async function readOnce<T>(thread: SqliteThread, work: () => Promise<T>): Promise<T> {
  const [usual] = await thread.rows<{ readonly cache_size: number }>('pragma cache_size', [])
  await thread.script('pragma cache_size = -512')
  try {
    return await work()
  } finally {
    await thread.script(`pragma cache_size = ${usual?.cache_size}`)
  }
}
