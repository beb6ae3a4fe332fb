import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { codeOf } from './thrown.ts'

/** Between two looks, in milliseconds: what is gone is known within two seconds, however busy the machine is. */
const lookMs = 500

interface Told {
  /** The file cannot be found any more, or is another one; undefined when it is there again. Called at each change. */
  gone(why: string | undefined): void
  /** Its write-ahead log, or the index of that, is not where it was. */
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
  /** The files beside it, by what their names end with. */
  #beside = new Map<string, string>()
  #why: string | undefined
  #looking: Promise<void> | undefined
  readonly #timer: NodeJS.Timeout

  /** The file must be there. */
  constructor(path: string, told: Told) {
    this.#path = path
    this.#told = told
    this.#file = identityOf(statSync(path, { bigint: true }))
    this.#timer = setInterval(() => void this.look(), lookMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** The write-ahead log that comes next is a new one. */
  expectNewLog(): void {
    this.#beside = new Map()
  }

  /** Looks now; without being asked it does so twice a second. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const why = await this.#whyGone()
    if (why !== this.#why) this.#told.gone(why)
    this.#why = why
    if (why === undefined) await this.#lookBeside()
  }

  async #whyGone(): Promise<string | undefined> {
    const found = await identity(this.#path)
    if (found.why !== undefined) return `${this.#path} is gone (${found.why})`
    if (found.id === this.#file) return undefined
    return `${this.#path} was replaced by another file: restart Ringdown to use that one`
  }

  async #lookBeside(): Promise<void> {
    const known = this.#beside
    const ends = ['-wal', '-shm']
    const found = await Promise.all(ends.map((end) => identity(this.#path + end)))
    if (this.#beside !== known) return
    for (const [n, end] of ends.entries()) {
      const { id } = found[n] ?? {}
      const before = known.get(end)
      if (id !== undefined) known.set(end, id)
      if (before === undefined || id === before) continue
      this.#told.logGone(`${this.#path}${end} is gone`)
      return
    }
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
