import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock/clock.ts'
import { RepeatedWork } from '../clock/repeated-work.ts'
import type { Account } from '../commit/account.ts'
import { pause } from '../store/pause.ts'
import { codeOf } from '../store/thrown.ts'
import type { Media } from './media.ts'

const minute_ms = 60_000

/** After a start, and after something was removed, in milliseconds: text of what was removed goes as late. */
const soon = minute_ms
/** Between two sweeps: at least so long, and so many times as long as the last one took; and at most. */
const minRest_ms = 10 * minute_ms
const rests = 50
const maxRest_ms = 6 * 60 * minute_ms

/** Files that are looked up at once, and the rows of them that are read. */
const filesAtOnce = 200
const rowsAtOnce = 1000

/** Milliseconds between two pieces: decisions come first. */
const breath_ms = 5

/** Where several nodes see the files, one that is young may be another node's. */
const shared_ms = 60 * minute_ms

/** What takes rows of media along. */
const removals =
  /^(?:(?:message|channel-message|conversation|ringdown\.media|ringdown\.conversations-service)\.removed|recording\.deleted)$/

export interface SweepOptions {
  readonly media: Media
  readonly account: Pick<Account, 'page' | 'settled' | 'subscribe'>
  readonly clock: Clock
  readonly log: Logger
  /** Whether other nodes see the same files. */
  readonly isShared: boolean
}

/**
 * Removes files of which there is no row: their messages were removed, nobody has sent them, or a process ended between a
 * file and its row. It asks the store's table for each, so nothing has to be remembered over a crash.
 */
export class MediaSweep extends RepeatedWork {
  readonly #options: SweepOptions
  readonly #unsubscribe: () => void
  /** By the machine's clock, which files are dated by. */
  readonly #started = Date.now()
  /** Before which nobody is in a hurry. */
  #earliest = Number.NEGATIVE_INFINITY

  constructor(options: SweepOptions) {
    super(options.clock, { first_ms: soon, rest_ms: maxRest_ms })
    this.#options = options
    this.#unsubscribe = options.account.subscribe((events) => {
      const removed = events.find(({ type }) => removals.test(type))
      if (removed) this.wakeAt(Math.max(removed.at + soon, this.#earliest))
    })
  }

  override close(): Promise<void> {
    this.#unsubscribe()
    return super.close()
  }

  protected override async work(now: number): Promise<void> {
    this.#earliest = now + minRest_ms
    const begun = performance.now()
    try {
      await this.#sweep()
    } finally {
      this.#earliest = now + Math.max(minRest_ms, rests * (performance.now() - begun))
    }
  }

  protected override failed(err: unknown): void {
    this.#options.log.warn({ err }, 'files of media that nobody has could not be removed; it is tried again later')
  }

  async #sweep(): Promise<void> {
    const { media, isShared } = this.#options
    const { signal } = this
    const now = Date.now()
    await this.#sweepIncoming(isShared ? now - shared_ms : this.#started)
    const before = isShared ? now - shared_ms : Number.POSITIVE_INFINITY
    let files: string[] = []
    for await (const { sha256, modified } of media.store.list()) {
      signal.throwIfAborted()
      if (modified >= before) continue
      if (files.push(sha256) < filesAtOnce) continue
      await this.#removeUnneeded(files)
      files = []
      await pause(breath_ms, signal)
    }
    await this.#removeUnneeded(files)
  }

  /** What a process has not finished that is no more. */
  async #sweepIncoming(before: number): Promise<void> {
    const { incoming } = this.#options.media.store
    const names = await readdir(incoming).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    })
    for (const name of names) {
      const path = join(incoming, name)
      const found = await stat(path).catch(() => undefined) // it has arrived meanwhile
      if (found && found.mtimeMs < before) await rm(path, { force: true })
    }
  }

  async #removeUnneeded(files: readonly string[]): Promise<void> {
    const { media, log } = this.#options
    let removed = 0
    for (const sha256 of await this.#without(files)) {
      this.signal.throwIfAborted()
      if (await media.removeUnless(sha256, async () => (await this.#without([sha256])).length === 0)) removed++
    }
    if (removed > 0) log.info({ files: removed }, 'files of media that nobody has were removed')
  }

  /** Those of the files that no row has, once everything that was decided is in the store. */
  async #without(files: readonly string[]): Promise<readonly string[]> {
    const { account } = this.#options
    const left = new Set(files)
    await account.settled()
    for (;;) {
      if (left.size === 0) return []
      const rows = await account.page({
        kind: 'media',
        where: [['sha256', 'in', [...left]]],
        order: ['sha256', 'seq'],
        descending: false,
        limit: rowsAtOnce
      })
      for (const { sha256 } of rows) left.delete(sha256)
      if (rows.length < rowsAtOnce) return [...left]
    }
  }
}
