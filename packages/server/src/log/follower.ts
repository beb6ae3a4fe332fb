import type { Logger } from 'pino'
import type { Moved } from '../clock/clock.ts'
import type { Ledger } from '../commit/ledger.ts'
import { Fenced, type StepWrite, type Store } from '../store/store.ts'

/** What a follower needs of its account: where the log ends, and when it grows. */
export interface Followed extends Pick<Ledger, 'account_sid' | 'state' | 'settled'> {
  /** Calls back after every durable batch with its events; the answer ends it. */
  subscribe(listener: (events: readonly { readonly seq: number }[]) => void): () => void
}

/** What a reader has made of some events: what is written with its cursor, and whatever else it wants to be told then. */
export interface Digested {
  readonly writes: readonly StepWrite[]
}

/** What a reader makes of some events. */
export type Digest<E, D extends Digested = Digested> = (events: readonly E[]) => Promise<D>

/** An event as far as a reader reads it. */
interface Sequenced {
  readonly seq: number
}

export interface FollowerOptions<E extends Sequenced, D extends Digested = Digested> {
  readonly store: Store
  readonly account: Followed
  readonly log: Logger
  /** Name of its cursor. */
  readonly reader: string
  readonly digest: Digest<E, D>
  /** Reads events after a cursor, oldest first. */
  readonly read: (cursor: number, limit: number) => Promise<readonly E[]>
  /** Seq of the event after which a reader begins that has no cursor yet. */
  readonly begins_at?: number
  /** False while nobody wants anything of the log: it is then not read. */
  readonly isNeeded?: () => boolean
  /** Told what a step has written. */
  readonly onWritten?: (digested: D) => void
  /** Told when it is not known what was written, or somebody else has read on. */
  readonly onFailed?: () => void
}

/** Events of one step. */
const readLimit = 500
/** After a failure. */
const againMs = 1_000
/** A cursor that has only moved is written after so many events, or so long, in milliseconds. */
const keptEvents = 1_000
const keptMs = 5_000

/**
 * Reads an account's log from a cursor and keeps what it makes of it, in one transaction with the cursor: what was read
 * again, after a crash or a lost answer, still counts once. It reads by itself when something was written, and at once for
 * whoever waits for it.
 */
export class Follower<E extends Sequenced, D extends Digested = Digested> implements Moved {
  readonly #options: FollowerOptions<E, D>
  /** The last event that was dealt with; undefined when it is to be asked for. */
  #cursor: number | undefined
  /** The cursor as it is in the store. */
  #kept = 0
  /** The last event that is known to be durable. */
  #end = 0
  #step: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #keeper: NodeJS.Timeout | undefined
  #unsubscribe: () => void
  #closed = false
  #isFailing = false

  constructor(options: FollowerOptions<E, D>) {
    this.#options = options
    this.#unsubscribe = options.account.subscribe((events) => this.#grown(events))
    this.#wake()
  }

  /** Resolves when it has dealt with everything that was decided before the call; rejects with Unavailable. */
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

  // With a test clock: it has nothing to do with time, but time waits for it.

  nextDue(): undefined {
    return undefined
  }

  async doDue(): Promise<void> {}

  settle(): Promise<void> {
    return this.catchUp()
  }

  get isSettled(): boolean {
    return this.#cursor !== undefined && this.#cursor >= this.#options.account.state.next_event - 1
  }

  /** Reads no more; resolves when the step that is under way has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    clearTimeout(this.#timer)
    clearTimeout(this.#keeper)
    await this.#step?.catch(() => {}) // told to whoever waited for it
    if (this.#cursor !== undefined && this.#cursor > this.#kept) await this.#advance(this.#cursor).catch(() => {}) // it is read again, to no effect
  }

  #grown(events: readonly { readonly seq: number }[] = []): void {
    const [first] = events
    const last = events.at(-1)
    if (last) this.#end = Math.max(this.#end, last.seq)
    // Nobody wants it: the cursor goes along, and is written now and then.
    if (first && last && this.#cursor === first.seq - 1 && !this.#step && this.#isNeeded === false) {
      this.#cursor = last.seq
      this.#keepLater()
    } else this.#wake()
  }

  get #isNeeded(): boolean {
    return this.#options.isNeeded?.() ?? true
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#readOn().catch((err: unknown) => {
        const { log, reader } = this.#options
        // Once: as long as nothing can be written it fails again and again.
        if (!this.#isFailing) log.warn({ err, reader }, 'a reader of the log failed, and tries again until it succeeds')
        this.#isFailing = true
        this.#options.onFailed?.()
        if (this.#timer === undefined && !this.#closed) this.#timer = setTimeout(() => this.#again(), againMs).unref()
      })
    }, 0)
    this.#timer.unref()
  }

  #again(): void {
    this.#timer = undefined
    this.#wake()
  }

  async #readOn(): Promise<void> {
    // A step that is under way may have looked before what it is woken for was there.
    await this.#step?.catch(() => {}) // it is tried again below
    for (let before = -1; !this.#closed && this.#cursor !== before; ) {
      before = this.#cursor ?? -1
      await this.#once()
      this.#isFailing = false
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
    const { store, account, reader, read, digest, begins_at = 0 } = this.#options
    const { account_sid } = account
    if (this.#cursor === undefined) {
      this.#kept = await store.cursor(account_sid, reader, begins_at)
      this.#cursor = this.#kept
    }
    if (!this.#isNeeded) {
      const end = account.state.next_event - 1
      await account.settled()
      this.#cursor = Math.max(this.#cursor, end, this.#end)
      return this.#keepLater()
    }
    const events = await read(this.#cursor, readLimit)
    const last = events.at(-1)
    if (last === undefined) return
    const digested = await digest(events)
    const isEmpty = digested.writes.every(({ rows }) => rows.length === 0)
    if (isEmpty && last.seq - this.#kept < keptEvents) {
      this.#cursor = last.seq
      return this.#keepLater()
    }
    await this.#advance(last.seq, digested)
  }

  async #advance(to: number, digested?: D): Promise<void> {
    const { store, account, reader, onWritten, onFailed } = this.#options
    const from = this.#kept
    try {
      await store.advance({ account_sid: account.account_sid, reader, from, to, writes: digested?.writes ?? [] })
      this.#kept = to
      this.#cursor = to
    } catch (error) {
      this.#cursor = undefined
      onFailed?.()
      // Another node reads on, or an answer was lost: the next step begins where the cursor is.
      if (!(error instanceof Fenced)) throw error
      return
    }
    if (digested) onWritten?.(digested)
  }

  #keepLater(): void {
    if (this.#closed || this.#cursor === undefined || this.#cursor <= this.#kept) return
    const wait = this.#cursor - this.#kept >= keptEvents ? 0 : keptMs
    if (this.#keeper !== undefined && wait > 0) return
    clearTimeout(this.#keeper)
    this.#keeper = setTimeout(() => {
      this.#keeper = undefined
      if (this.#step || this.#closed || this.#cursor === undefined || this.#cursor <= this.#kept) return
      const step = this.#advance(this.#cursor).finally(() => {
        this.#step = undefined
      })
      this.#step = step
      step.catch(() => {}) // it is written another time
    }, wait)
    this.#keeper.unref()
  }
}
