import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type AnswerRows, objectsOf } from './sqlite-rows.ts'
import { type FailedWork, sqliteError } from './sqlite-thread.ts'
import { StoreUnavailable, type Value } from './store.ts'
import { messageOf } from './thrown.ts'
import { workerFile } from './worker-file.ts'

/** What the process is started with: its only argument, in JSON. */
export interface AnalystOpening {
  readonly path: string
  /** Of the processors: what others leave of them, from its second question on; or by the lowest priority, or a low one. */
  readonly share: 'spare' | 'lowest' | 'low'
}

export interface AnalystCall {
  readonly id: number
  readonly sql: string
  readonly values: readonly Value[]
  /** The instant at which it gives up. */
  readonly until: number
}

export interface AnalystAnswer {
  readonly id: number
  readonly rows?: AnswerRows
  readonly failed?: FailedWork
}

interface Waiting {
  readonly resolve: (rows: AnswerRows) => void
  readonly reject: (error: Error) => void
}

/**
 * The calling side of the process that answers questions of a SQLite file (`sqlite-analyst.ts`). It ends with this process,
 * however that ends. What it takes of memory, the system has back when it has ended.
 */
export class AnalystProcess {
  readonly #child: ChildProcess
  readonly #share: AnalystOpening['share']
  readonly #waiting = new Map<number, Waiting>()
  readonly #gone: Promise<void>
  #calls = 0
  #hasEnded = false
  #isClosing = false

  /** Throws StoreUnavailable where the system lets nobody begin a process. */
  constructor(opening: AnalystOpening) {
    this.#share = opening.share
    this.#child = begun(opening)
    this.#gone = new Promise((resolve) => {
      const end = (why: string) => {
        this.#hasEnded = true
        for (const { reject } of this.#waiting.values()) reject(new StoreUnavailable(why))
        this.#waiting.clear()
        resolve()
      }
      this.#child.once('error', ({ message }) => end(`the process that answers questions failed: ${message}`))
      this.#child.once('exit', (code, signal) => end(`the process that answers questions ended (${signal ?? code})`))
    })
    this.#child.on('message', (answer: AnalystAnswer) => {
      const asked = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      this.#settle()
      if (answer.failed) asked?.reject(sqliteError(answer.failed))
      else asked?.resolve(answer.rows ?? { columns: [], values: [] })
    })
    this.#settle()
  }

  /** Its number for the system; 0 where it did not begin. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** It takes what others leave of the processors, or soon will. */
  get isSpare(): boolean {
    return this.#share === 'spare' && this.#calls > 1
  }

  /** The rows of a query, as `R` says. Throws TookTooLong, and StoreUnavailable when it ends before. */
  async rows<R extends object>(sql: string, values: readonly Value[], until: number): Promise<R[]> {
    const rows = await new Promise<AnswerRows>((resolve, reject) => {
      const id = ++this.#calls
      this.#waiting.set(id, { resolve, reject })
      this.#settle()
      this.#child.send({ id, sql, values, until } satisfies AnalystCall, (error) => {
        if (error === null || !this.#waiting.delete(id)) return
        this.#settle()
        reject(new StoreUnavailable(`the process that answers questions cannot be asked: ${error.message}`))
      })
    })
    return objectsOf<R>(rows)
  }

  /** Ends it when it has answered what it was asked. */
  close(): Promise<void> {
    this.#isClosing = true
    this.#settle()
    return this.#gone
  }

  /** Ends it at once: what it was asked fails. */
  kill(): Promise<void> {
    this.#isClosing = true
    this.#child.kill('SIGKILL')
    this.#settle()
    return this.#gone
  }

  /** This process does not end as long as it waits for that one. */
  #settle(): void {
    const child = this.#child
    if (this.#isClosing && this.#waiting.size === 0 && child.connected) child.disconnect()
    for (const handle of [child, child.channel])
      if (this.#isClosing || this.#waiting.size > 0) handle?.ref()
      else handle?.unref()
  }
}

/** What has it take little memory: of its work nearly all is SQLite's. */
const small = ['--max-semi-space-size=1', '--v8-pool-size=1', '--optimize-for-size', '--no-opt']

/** Its flags are its own: those of this process, to be looked into for example, would be no good to it. */
function begun(opening: AnalystOpening): ChildProcess {
  try {
    return fork(fileURLToPath(workerFile('sqlite-analyst')), [JSON.stringify(opening)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: small,
      env: { ...process.env, MALLOC_ARENA_MAX: '1', NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' }
    })
  } catch (error) {
    throw new StoreUnavailable(`a process that answers questions cannot begin: ${messageOf(error)}`)
  }
}
