import { memberAt } from '@ringdown/engine/core/member-at'
import type { Store } from '../store/store.ts'
import { batchOf } from './batch.ts'
import { answer, type Entry } from './entry.ts'
import { Unavailable } from './ledger.ts'
import { hasTouched, type Shown } from './shown.ts'

export interface GroupCommitOptions {
  readonly store: Pick<Store, 'write'>
  readonly account_sid: string
  /** Of the account's head when it was taken. */
  readonly epoch: number
  readonly journal: boolean
  /** Whether batches may be handed to the store now. */
  readonly isOpen: () => boolean
  /** A batch is durable, and its callers are answered. */
  readonly onDurable: (entries: readonly Entry[]) => void
  /** A write failed: the account is given up and taken again. */
  readonly onFailed: (error: unknown) => void
}

/** Decisions to a transaction. */
const batchLimit = 64
/**
 * Batches that are with the store at once. While one is being written the next one is already there, if it is worth a
 * transaction: the store does not wait until this thread, which is busy with requests, has heard of the first.
 */
const writesAhead = 2
const worthWriting = batchLimit / 4
/**
 * What came during a write waits so long for others, in milliseconds, unless there are so many decisions. Where few come at
 * a time most of a transaction is its own cost, and that of the messages that it takes: without the wait, 500 contacts a
 * second take a quarter more processor time, and writing four at once no more. What comes when nothing is being written is
 * written at once.
 */
const wait_ms = 1
const worthNow = 4

/** Decisions that are looked at for one read: as many as it takes no longer for than a read. */
const maxLookedAt = batchLimit

interface Settler {
  readonly decision: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Gathers decisions while the last batch is being written, writes them as the next batch, and answers each caller when
 * its own batch is on disk (docs/decisions/003-durable-before-acknowledged.md).
 *
 * - A decision is in exactly one place: gathered, in one batch that is being written, or answered.
 * - Batches are written, and become durable, in the order in which they were decided. The first that fails is the first
 *   of `#writing`; those behind it are as lost as it is.
 * - Only `giveUp` takes decisions away unanswered. Then whoever called it answers them.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  #epoch: number
  /** Decided, not yet handed to the store. */
  #gathered: Entry[] = []
  /** Handed to the store, not yet durable: batches in their order. */
  #writing: Entry[][] = []
  /** Resolves when the outcome of all batches so far has been dealt with. */
  #answered: Promise<void> = Promise.resolve()
  #settlers: Settler[] = []
  #isScheduled = false
  /** Of decisions that wait for others. */
  #waiting: NodeJS.Timeout | undefined
  /** Called after each durable batch: the seconds that it took, and its decisions. */
  readonly onBatch = new Set<(seconds: number, decisions: number) => void>()

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.#epoch = options.epoch
  }

  /** Decisions that are not durable yet. */
  get length(): number {
    return this.#writing.reduce((sum, { length }) => sum + length, this.#gathered.length)
  }

  /** Takes a decision for the next batch, together with whatever else is decided in this turn of the event loop. */
  add(entry: Entry): void {
    this.#gathered.push(entry)
    this.pump()
  }

  /** Sees to it that what was gathered is written soon. */
  pump(): void {
    if (this.#isScheduled || this.#gathered.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#waiting === undefined || this.#gathered.length >= worthNow) this.#writeNext()
    })
  }

  /** Resolves when everything up to a decision is durable; rejects with Unavailable when it is given up. */
  settled(decision: number): Promise<void> {
    if (this.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#settlers.push({ decision, resolve, reject }))
  }

  /**
   * The last decision that is not durable and has changed something of what was shown; undefined where none has. Of many
   * it looks at none: then the last of all is meant.
   */
  lastAbout(shown: Shown): number | undefined {
    if (this.length > maxLookedAt)
      return this.#gathered.at(-1)?.head.decision ?? this.#writing.at(-1)?.at(-1)?.head.decision
    const found = lastOf(this.#gathered, shown)
    if (found !== undefined) return found
    for (let i = this.#writing.length - 1; i >= 0; i--) {
      const written = lastOf(this.#writing[i] ?? [], shown)
      if (written !== undefined) return written
    }
    return undefined
  }

  /** Writes decisions in one transaction. Rejects as the store does. */
  write(entries: readonly Entry[]): Promise<void> {
    const { store, account_sid, journal } = this.#options
    return store.write(batchOf(account_sid, this.#epoch, entries, journal))
  }

  /**
   * Everything that is not durable, in its order, is given up: it is the caller's now. `suspects` of it, the first ones,
   * were in the batch whose write failed.
   */
  giveUp(): { readonly entries: readonly Entry[]; readonly suspects: number } {
    const entries = [...this.#writing.flat(), ...this.#gathered]
    const suspects = this.#writing[0]?.length ?? 0
    this.#writing = []
    this.#gathered = []
    for (const { reject } of this.#settlers.splice(0)) reject(new Unavailable('the store is not available'))
    return { entries, suspects }
  }

  /** Takes back what was gathered and not handed to the store. */
  takeGathered(): Entry[] {
    return this.#gathered.splice(0)
  }

  /** The account was taken again: its batches are written under this epoch. */
  taken(epoch: number): void {
    this.#epoch = epoch
  }

  /** Goes on after a batch. */
  #goOn(): void {
    if (this.#gathered.length === 0 || this.#gathered.length >= worthNow) this.#writeNext()
    else
      this.#waiting ??= setTimeout(() => {
        this.#waiting = undefined
        this.#writeNext()
      }, wait_ms)
  }

  #writeNext(): void {
    if (!this.#options.isOpen() || this.#gathered.length === 0) return
    const ahead = this.#writing.length
    if (ahead >= writesAhead || (ahead > 0 && this.#gathered.length < worthWriting)) return
    clearTimeout(this.#waiting)
    this.#waiting = undefined
    const entries = this.#gathered.splice(0, batchLimit)
    this.#writing.push(entries)
    const begun = performance.now()
    const written = this.write(entries)
    written.catch(() => {}) // dealt with in its turn
    this.#answered = this.#answered.then(async () => {
      const error = await written.then(
        () => undefined,
        (error: unknown) => error ?? new Error('a write failed')
      )
      if (this.#writing[0] !== entries) return // it was given up meanwhile; its callers know
      if (error !== undefined) return this.#options.onFailed(error)
      for (const listener of this.onBatch) listener((performance.now() - begun) / 1000, entries.length)
      this.#durable()
    })
    this.#writeNext()
  }

  /** The first of the batches that are being written is on disk. */
  #durable(): void {
    const written = this.#writing.shift() ?? []
    const last = written[written.length - 1]?.head.decision ?? 0
    for (const entry of written) answer(entry)
    const settled = this.#settlers.filter(({ decision }) => decision <= last)
    if (settled.length > 0) {
      this.#settlers = this.#settlers.filter(({ decision }) => decision > last)
      for (const { resolve } of settled) resolve()
    }
    this.#goOn()
    this.#options.onDurable(written)
  }
}

function lastOf(entries: readonly Entry[], shown: Shown): number | undefined {
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = memberAt(entries, i)
    if (hasTouched(entry, shown)) return entry.head.decision
  }
  return undefined
}
