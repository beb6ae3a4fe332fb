import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { tooLong } from './in-time.ts'
import { type FailedWork, sqliteError } from './sqlite-errors.ts'
import { type AnswerRows, objectsOf } from './sqlite-rows.ts'
import { StoreUnavailable, TookTooLong, type Value } from './store.ts'
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

export type AnalystAnswer = { readonly id: number } & ({ readonly rows: AnswerRows } | { readonly failed: FailedWork })

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
      this.#child.on('error', ({ message }) => end(`the process that answers questions failed: ${message}`))
      this.#child.once('exit', (code, signal) => end(`the process that answers questions ended (${signal ?? code})`))
    })
    this.#child.on('message', (answer: AnalystAnswer) => {
      const asked = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      this.#settle()
      if ('rows' in answer) asked?.resolve(answer.rows)
      else asked?.reject(questionError(answer.failed))
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
    // One that could not begin has no channel, and none that says so.
    if (this.#hasEnded || !this.#child.connected)
      throw new StoreUnavailable('the process that answers questions is gone')
    const id = ++this.#calls
    const call: AnalystCall = { id, sql, values, until }
    const rows = await new Promise<AnswerRows>((resolve, reject) => {
      this.#child.send(call, (error) => {
        if (error === null || !this.#waiting.delete(id)) return
        this.#settle()
        reject(new StoreUnavailable(`the process that answers questions cannot be asked: ${error.message}`))
      })
      this.#waiting.set(id, { resolve, reject })
      this.#settle()
    })
    return objectsOf<R>(rows)
  }

  /** Ends it when it has answered what it was asked. */
  close(): Promise<void> {
    this.#isClosing = true
    this.#settle()
    return this.#gone
  }

  /** Ends it at once: what it was asked fails. It has nothing to lose, since it only reads. */
  kill(): Promise<void> {
    this.#isClosing = true
    this.#child.kill('SIGKILL')
    this.#settle()
    return this.#gone
  }

  /** This process does not end as long as it waits for that one. */
  #settle(): void {
    const child = this.#child
    if (this.#isClosing && this.#waiting.size === 0) child.kill('SIGKILL')
    for (const handle of [child, child.channel])
      if (this.#isClosing || this.#waiting.size > 0) handle?.ref()
      else handle?.unref()
  }
}

/** What became of a question. */
function questionError(failed: FailedWork): Error {
  return failed.message.includes(tooLong) ? new TookTooLong(failed.message) : sqliteError(failed)
}

/** What has it take little memory: of its work nearly all is SQLite's. */
const small = ['--max-semi-space-size=1', '--v8-pool-size=1', '--optimize-for-size', '--no-opt']

/** What it is started with is its own: one port for two that are looked into would be no good to it. */
function begun(opening: AnalystOpening): ChildProcess {
  const { NODE_OPTIONS = '' } = process.env
  try {
    const args = [...small, fileURLToPath(workerFile('sqlite-analyst')), JSON.stringify(opening)]
    return spawn(process.execPath, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      windowsHide: true,
      env: {
        ...process.env,
        MALLOC_ARENA_MAX: '1',
        NODE_NO_WARNINGS: '1',
        NODE_OPTIONS: NODE_OPTIONS.replace(/--inspect\S*(\s+[\d.:]+)?/g, '')
      }
    })
  } catch (error) {
    throw new StoreUnavailable(`a process that answers questions cannot begin: ${messageOf(error)}`)
  }
}
