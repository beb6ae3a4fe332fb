import type { State } from '@ringdown/engine/center'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { fieldOf } from '@ringdown/engine/core/row'
import type { EngineEvent } from '@ringdown/engine/events'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import { Unfinished } from '@ringdown/engine/matching/long-answers'
import type { Settings } from '@ringdown/engine/settings'
import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import type { Reading } from '../store/query.ts'
import {
  type AccountHead,
  type PageQuery,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  type Value
} from '../store/store.ts'
import { Decider } from './decider.ts'
import { DueTimers } from './due-timers.ts'
import type { Entry, Known, Undecided } from './entry.ts'
import type { Exchange } from './exchange.ts'
import { Followers } from './followers.ts'
import { GroupCommit } from './group-commit.ts'
import type { Keep } from './kept-answers.ts'
import { coldKinds } from './kinds.ts'
import { type Ledger, Unavailable } from './ledger.ts'
import { load } from './load.ts'
import { turn } from './pieces.ts'
import { Reads, type ReadsOf } from './reads.ts'
import { Recovery } from './recovery.ts'
import type { Shown } from './shown.ts'

export interface AccountOptions {
  readonly store: Store
  readonly account_sid: string
  readonly clock: Clock
  readonly log: Logger
  readonly settings?: Settings
  /** Seeds every decision from this number and its own; without it, each draws 128 random bits. */
  readonly seed?: number
  /** Keeps every command with what was fetched for it, so that the account's history can be replayed. */
  readonly journal?: boolean
  /** What a command must have read before it is decided; the engine's own word by default. */
  readonly readsOf?: ReadsOf
}

/** Who asked for a command, and what is to be kept of its answer. */
type Asked = Pick<Undecided, 'exchange' | 'keep'>

/** Decisions that may wait to be durable. Beyond that, callers get 503 at once. */
const queueLimit = 4096

/**
 * An account as everybody else sees it. What it does is divided among its parts:
 *
 * - `Reads` reads what a command must see, `Decider` decides it in memory, `GroupCommit` makes it durable and answers,
 *   `Followers` tell it to whoever follows the log;
 * - `DueTimers` decides what is due before any command;
 * - `Recovery` says whether the account is open, and puts memory right when the store has failed.
 *
 * What `state` shows may be told only while `isSettled`, or after `settled()`: decisions are made before they are durable.
 */
export class Account implements Ledger, Moved {
  readonly account_sid: string
  readonly #store: Store
  readonly #reads: Reads
  readonly #decider: Decider
  readonly #commit: GroupCommit
  readonly #followers: Followers
  readonly #timers: DueTimers
  readonly #recovery: Recovery
  #isStopping = false
  #unlisten: () => void = () => {}
  /** Called after each durable batch, for the metrics: the seconds that it took, and its decisions. */
  readonly onBatch: Set<(seconds: number, decisions: number) => void>
  /** Called when text of the log was blanked: who keeps events in memory has it still. */
  readonly onBlanked = new Set<() => void>()
  /**
   * Told the events of each durable batch, in order, when it is durable and before its answers have left: for who keeps
   * them to itself. What an account has loaded, after its store failed, was told to nobody.
   */
  readonly onDurable = new Set<(events: readonly EngineEvent[]) => void>()

  private constructor(options: AccountOptions, head: AccountHead, state: State) {
    const { store, account_sid, clock, log, seed, readsOf, journal = false } = options
    this.account_sid = account_sid
    this.#store = store
    const isOpen = () => this.#recovery.isOpen
    const commit = new GroupCommit({
      store,
      account_sid,
      epoch: head.epoch,
      journal,
      isOpen,
      onDurable: (entries) => {
        decider.durable(entries)
        timers.arm()
        this.#tellDurable(entries)
        followers.add(entries)
      },
      onFailed: (error) => this.#recovery.fail(error)
    })
    const decider = new Decider({ state, commit, clock, seed, isReady: () => this.isReady })
    const reads = new Reads({
      readsOf,
      state: () => decider.state,
      find: (kind, where) => this.find(kind, where),
      absent: decider.cold.absent
    })
    const timers = new DueTimers({ decider, reads, clock, log, isOpen })
    // They may look at what their events are about.
    const followers = new Followers(head.next_event - 1, () => decider.sweep())
    const onOpen = () => {
      timers.go()
      commit.pump()
    }
    this.#recovery = new Recovery({ ...options, commit, decider, reads, followers, onOpen })
    this.#commit = commit
    this.#decider = decider
    this.#reads = reads
    this.#timers = timers
    this.#followers = followers
    this.onBatch = commit.onBatch
  }

  /** Takes the account (waiting while another node has it), loads it, and decides the timers that came due meanwhile. */
  static async open(options: AccountOptions, signal?: AbortSignal): Promise<Account> {
    const forget = options.store.onLost((err) => options.log.warn({ err }, 'waiting for the store'))
    const head = await options.store.lock(options.account_sid, signal).finally(forget)
    const account = new Account(options, head, await load(options, head))
    account.#unlisten = options.store.onLost((why) => account.#recovery.fail(why))
    account.#timers.go()
    return account
  }

  get state(): State {
    return this.#decider.state
  }

  /** False while the store is away or the account is another node's. */
  get isReady(): boolean {
    return this.#recovery.isOpen && this.#store.healthy()
  }

  /** Whether what `state` and the store show may be told; writing may be another matter. */
  get isReadable(): boolean {
    return this.isReady || this.#recovery.isReading
  }

  /** Decisions that are not durable yet. */
  get queueLength(): number {
    return this.#commit.length
  }

  get isSettled(): boolean {
    return this.isReadable && this.queueLength === 0
  }

  settled(): Promise<void> {
    if (!this.isReadable) return Promise.reject(new Unavailable('the store is not available'))
    return this.#commit.settled(this.state.decision)
  }

  settledAbout(shown: Shown): Promise<void> | undefined {
    if (!this.isReadable) return Promise.reject(new Unavailable('the store is not available'))
    const last = this.#commit.lastAbout(shown)
    return last === undefined ? undefined : this.#commit.settled(last)
  }

  /** Seq of the last event that followers have been notified of, or could have been. */
  get notified_seq(): number {
    return this.#followers.notified_seq
  }

  /** Resolves when followers have been notified of everything that was decided before the call; rejects as `settled` does. */
  async notified(): Promise<void> {
    await this.settled()
    await this.#followers.drained()
  }

  /** Calls back with the events of every durable batch, in order, when its requests are answered; the answer ends it. */
  subscribe(listener: (events: readonly EngineEvent[]) => void): () => void {
    return this.#followers.subscribe(listener)
  }

  execute<T extends CommandType>(command: CommandOf<T>, exchange?: Exchange, keep?: Keep): Promise<ResultOf<T>>
  async execute(command: Command, exchange?: Exchange, keep?: Keep): Promise<unknown> {
    return this.#execute(command, { exchange, keep })
  }

  // Reading

  async page<K extends Kind>(query: Omit<PageQuery, 'account_sid'> & { readonly kind: K }): Promise<Kinds[K][]> {
    const { until } = coldKinds.get(query.kind) ?? {}
    const where = until === undefined ? query.where : [...query.where, [until, '>', this.#decider.now()] as const]
    return this.#reading(this.#store.page<Kinds[K]>({ ...query, where, account_sid: this.account_sid }))
  }

  async find<K extends Kind>(kind: K, where: Readonly<Record<string, Value>>): Promise<Kinds[K][]> {
    const rows = await this.#reading(this.#store.find<Kinds[K]>(this.account_sid, kind, where))
    const { until } = coldKinds.get(kind) ?? {}
    if (until === undefined) return rows
    const now = this.#decider.now()
    return rows.filter((row) => Number(fieldOf(row, until)) > now) // an instant
  }

  async log(cursor: number, limit: number): Promise<StoredEvent[]> {
    return this.#reading(this.#store.log(this.account_sid, cursor, limit))
  }

  async reading<T>(ask: (kept: Reading, account_sid: string) => Promise<T>): Promise<T> {
    return this.#reading(ask(this.#store, this.account_sid))
  }

  // With a test clock

  nextDue(): number | undefined {
    return this.#recovery.isOpen ? this.state.nextTimer?.due : undefined
  }

  async doDue(): Promise<void> {
    if (!this.#recovery.isOpen) return
    this.#timers.decideDue()
    while (this.#timers.held) await this.#timers.held
    await this.settled()
  }

  /** Takes no more commands; resolves when what was decided is on disk (or the store has refused it). */
  async close(): Promise<void> {
    this.#isStopping = true
    if (this.#recovery.isOpen && this.queueLength > 0) await this.settled().catch(() => {})
    const closed = this.#recovery.close()
    this.#unlisten()
    this.#timers.cancelAlarm()
    await closed
  }

  #tellDurable(entries: readonly Entry[]): void {
    if (this.onDurable.size === 0) return
    const events = entries.flatMap(({ decision }) => decision.events)
    for (const listener of this.onDurable) listener(events)
  }

  /** Throws where a command would not be answered any more. */
  #checkTaking(): void {
    if (!this.isReady) throw new Unavailable('the store is not available')
    if (this.#isStopping) throw new Unavailable('the account is being let go')
  }

  async #execute(command: Command, asked: Asked, begun = 0): Promise<unknown> {
    this.#checkTaking()
    if (this.queueLength >= queueLimit) throw new Unavailable('too many commands are waiting to be written')
    const known = this.#reads.knownFor(command)
    if (known) return this.#decideNow(command, known, asked, begun)
    let result: Promise<unknown>
    const { cold } = this.#decider
    const reading = cold.fetching()
    try {
      const known = await this.#reads.readFor(command)
      this.#checkTaking()
      result = this.#decideNow(command, known, asked, begun)
    } finally {
      cold.fetched(reading)
    }
    return result
  }

  #decideNow(command: Command, { reads, fetched }: Known, asked: Asked, begun: number): Promise<unknown> {
    const timers = this.#timers
    timers.decideDue()
    // What is due comes first, and it may be reading; meanwhile everything else may change.
    if (timers.held) return timers.held.then(() => this.#execute(command, asked, begun))
    return new Promise((resolve, reject) => {
      const [at, seed] = [this.#decider.now(), this.#decider.seed()]
      // What asks much gives others their turn, and is begun again.
      const refused = (error: unknown) =>
        error instanceof Unfinished
          ? void turn()
              .then(() => this.#execute(command, asked, begun + 1))
              .then(resolve, reject)
          : reject(error)
      const { exchange, keep } = asked
      this.#decider.add({
        command,
        at,
        seed,
        reads,
        fetched,
        timer: undefined,
        exchange,
        keep,
        begun,
        resolve,
        reject: refused
      })
      timers.go()
    })
  }

  async #reading<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (error instanceof StoreUnavailable) throw new Unavailable(error.message)
      throw error
    }
  }
}
