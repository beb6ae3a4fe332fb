import type { ToldEvent } from '@ringdown/engine/statistics/rollup'
import type { Logger } from 'pino'
import type { Ledger, LogReader } from '../commit/ledger.ts'
import { Fenced, type ReaderStep, type Store } from '../store/store.ts'

/** What a follower needs of its account: where the log ends, and when it grows. */
export interface Followed extends Pick<Ledger, 'account_sid' | 'state' | 'settled'> {
  /** Calls back after every durable batch; the answer ends it. */
  subscribe(listener: () => void): () => void
}

/** What a reader makes of some events. */
export type Digest = (events: readonly ToldEvent[]) => Promise<Pick<ReaderStep, 'rollups' | 'stays'>>

export interface FollowerOptions {
  readonly store: Store
  readonly account: Followed
  readonly log: Logger
  /** Name of its cursor. */
  readonly reader: string
  readonly digest: Digest
}

/** Events of one step. */
const stepLimit = 2_000
/** How long it waits for more before it reads what has come: a busy log is read in large steps. */
const restMs = 1_000

/**
 * Reads an account's log from a cursor and keeps what it makes of it, in one transaction with the cursor: what was read
 * again, after a crash or a lost answer, still counts once. It reads by itself a while after something was written, and
 * at once for whoever waits for it.
 */
export class Follower implements LogReader {
  readonly #options: FollowerOptions
  /** Undefined when it is to be asked for. */
  #cursor: number | undefined
  #step: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #unsubscribe: () => void
  #closed = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#unsubscribe = options.account.subscribe(() => this.#wake())
    this.#wake()
  }

  async catchUp(): Promise<void> {
    const { account } = this.#options
    const end = account.state.next_event - 1
    await account.settled()
    // A step that is under way may have begun before the end was written; all that begin from now on see it.
    await this.#step?.catch(() => {}) // its own waiters are told
    while (this.#cursor === undefined || this.#cursor < end) {
      const before = this.#cursor
      await this.#once()
      if (before !== undefined && this.#cursor === before) return // there is nothing more: the rest was never written
    }
  }

  /** Reads no more; resolves when the step that is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    clearTimeout(this.#timer)
    await this.#step?.catch(() => {}) // told to whoever waited for it
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#readOn().catch((err: unknown) => {
        this.#options.log.warn({ err, reader: this.#options.reader }, 'a reader of the log failed, and will try again')
        this.#wake()
      })
    }, restMs)
    this.#timer.unref()
  }

  async #readOn(): Promise<void> {
    for (let before = -1; !this.#closed && this.#cursor !== before; ) {
      before = this.#cursor ?? -1
      await this.#once()
    }
  }

  /** One step, shared by all who want one. */
  #once(): Promise<void> {
    this.#step ??= this.#read().finally(() => {
      this.#step = undefined
    })
    return this.#step
  }

  async #read(): Promise<void> {
    const { store, account, reader, digest } = this.#options
    const { account_sid } = account
    const from = this.#cursor ?? (await store.cursor(account_sid, reader))
    this.#cursor = from
    const events = await store.told(account_sid, from, stepLimit)
    const last = events.at(-1)
    if (last === undefined) return
    try {
      await store.advance({ account_sid, reader, from, to: last.seq, ...(await digest(events)) })
      this.#cursor = last.seq
    } catch (error) {
      this.#cursor = undefined
      // Another node reads on, or an answer was lost: the next step begins where the cursor is.
      if (!(error instanceof Fenced)) throw error
    }
  }
}
