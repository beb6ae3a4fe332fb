import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { codeOf } from './thrown.ts'

/** Between two looks, in milliseconds: what is gone is known within two seconds, however busy the machine is. */
const lookMs = 500

interface Told {
  /** The file cannot be found any more, or is another one; undefined when it is there again. Called at each change. */
  gone(why: string | undefined): void
  /** Its write-ahead log is not where it was. */
  logGone(why: string): void
}

/**
 * Looks whether a database file is still the one that was opened. Whoever has it open does not notice when it is deleted or
 * replaced: writes succeed, into a file that nobody will find again.
 */
export class FileWatch {
  readonly #path: string
  readonly #told: Told
  readonly #file: string
  #log: string | undefined
  #why: string | undefined
  #isLooking = false
  readonly #timer: NodeJS.Timeout

  /** The file must be there. */
  constructor(path: string, told: Told) {
    this.#path = path
    this.#told = told
    this.#file = identityOf(statSync(path, { bigint: true }))
    this.#timer = setInterval(() => void this.#look(), lookMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** The write-ahead log that comes next is a new one. */
  expectNewLog(): void {
    this.#log = undefined
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const why = await this.#whyGone()
      if (why !== this.#why) this.#told.gone(why)
      this.#why = why
      if (why === undefined) await this.#lookAtLog()
    } finally {
      this.#isLooking = false
    }
  }

  async #whyGone(): Promise<string | undefined> {
    const found = await identity(this.#path)
    if (found.why !== undefined) return `${this.#path} is gone (${found.why})`
    if (found.id === this.#file) return undefined
    return `${this.#path} was replaced by another file: restart Ringdown to use that one`
  }

  async #lookAtLog(): Promise<void> {
    const expected = this.#log
    const { id } = await identity(`${this.#path}-wal`)
    if (this.#log !== expected) return
    this.#log = id ?? expected
    if (expected !== undefined && id !== expected) this.#told.logGone(`${this.#path}-wal is gone`)
  }
}

async function identity(path: string): Promise<{ id?: string; why?: string }> {
  try {
    return { id: identityOf(await stat(path, { bigint: true })) }
  } catch (error) {
    return { why: codeOf(error) ?? 'no answer' }
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}/${ino}`
}
