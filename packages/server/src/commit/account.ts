import { randomFillSync } from 'node:crypto'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { decide } from '@ringdown/engine/decide'
import type { EngineEvent } from '@ringdown/engine/events'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import { Refusal } from '@ringdown/engine/refusals'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { type Seed, seedOf } from '@ringdown/engine/state/ids'
import type { Row } from '@ringdown/engine/state/row'
import { State } from '@ringdown/engine/state/state'
import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import type { Readings } from '../store/readings.ts'
import {
  type AccountHead,
  CannotOpen,
  ContentRejected,
  type PageQuery,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  type Value
} from '../store/store.ts'
import { batchOf } from './batch.ts'
import { ColdRows } from './cold-rows.ts'
import type { Entry, Fetched } from './entry.ts'
import { type Exchange, Holding } from './exchange.ts'
import { type Fetch, type Ledger, type LogReader, type ReaderName, Unavailable } from './ledger.ts'

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
}

/** Decisions to a transaction, and decisions that may wait for one. Beyond the second, callers get 503 at once. */
const batchLimit = 64
const queueLimit = 4096
/**
 * Batches that are with the store at once. While one is being written the next one stands there already, when it is worth
 * a transaction: the store does not wait until this thread, which is busy with requests, has heard of the first.
 */
const writesAhead = 2
const worthWriting = batchLimit / 4
/** Milliseconds that the account may take to be there again before it is only read. */
const patienceMs = 250
/** Tries of a timer before it is parked. */
const timerTries = 3

/**
 * The one writer of an account. Decides commands in memory as they come, gathers what was decided while the last batch is
 * being written, and answers each caller when its own batch is on disk.
 */
export class Account implements Ledger, Moved {
  readonly account_sid: string
  readonly #options: AccountOptions
  #state: State
  #head: AccountHead
  /** Decided, not yet handed to the store. */
  #gathered: Entry[] = []
  /** Handed to the store, not yet durable: batches in their order. */
  #writing: Entry[][] = []
  /** Resolves when what became of all batches so far has been dealt with. */
  #answered: Promise<void> = Promise.resolve()
  /** `reading`: nothing can be written, and what is told is what is on disk. */
  #status: 'open' | 'reading' | 'recovering' | 'closed' = 'open'
  #isStopping = false
  #settlers: { readonly decision: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  readonly #cold = new ColdRows()
  readonly #failures = new Map<string, number>()
  #cancelAlarm: () => void = () => {}
  #alarm: number | undefined
  #pumping = false
  readonly #abort = new AbortController()
  readonly #listeners = new Set<(events: readonly EngineEvent[]) => void>()
  /** Durable batches of which followers hear when their requests have been answered. */
  readonly #holding = new Holding<readonly Entry[]>((entries) => this.#tell(entries))
  /** Seq of the last event that followers may be told. */
  #told = 0
  #unlisten: () => void = () => {}
  /** Ends when the account is open again, or closed. */
  #recovery: Promise<void> = Promise.resolve()
  /** Milliseconds that the last batches took, for the metrics. */
  readonly onBatch = new Set<(seconds: number, decisions: number) => void>()
  /** Told when text of the log was blanked: who keeps events in memory has it still. */
  readonly onBlanked = new Set<() => void>()
  /** Readers of this account's log that are at work in this process. */
  readonly readers = new Map<ReaderName, LogReader>()

  private constructor(options: AccountOptions, head: AccountHead, state: State) {
    this.#options = options
    this.account_sid = options.account_sid
    this.#head = head
    this.#state = state
    this.#told = head.next_event - 1
  }

  /** Takes the account (waiting while another node has it), loads it, and decides the timers that came due meanwhile. */
  static async open(options: AccountOptions, signal?: AbortSignal): Promise<Account> {
    const forget = options.store.onLost((err) => options.log.warn({ err }, 'waiting for the store'))
    const head = await options.store.lock(options.account_sid, signal).finally(forget)
    const account = new Account(options, head, await load(options, head))
    account.#unlisten = options.store.onLost((why) => account.#fail(why))
    account.#decideDue()
    account.#pump()
    account.#arm()
    return account
  }

  get state(): State {
    return this.#state
  }

  /** False while the store is away or the account is another node's. */
  get isReady(): boolean {
    return this.#status === 'open' && this.#options.store.healthy()
  }

  /** Whether what `state` and the store show may be told; writing may be another matter. */
  get isReadable(): boolean {
    return this.isReady || this.#status === 'reading'
  }

  get queueLength(): number {
    return this.#writing.reduce((sum, { length }) => sum + length, this.#gathered.length)
  }

  /** Seq of the last event that followers have been told, or could have been. */
  get told_seq(): number {
    return this.#told
  }

  /** Resolves when followers have been told everything that was decided before the call; rejects as `settled` does. */
  async told(): Promise<void> {
    await this.settled()
    await this.#holding.drained()
  }

  /** Calls back with the events of every durable batch, in order, when its requests are answered; the answer ends it. */
  subscribe(listener: (events: readonly EngineEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async execute<T extends CommandType>(
    command: CommandOf<T>,
    fetch: readonly Fetch[] = [],
    exchange?: Exchange
  ): Promise<ResultOf<T>> {
    this.#checkTaking()
    if (this.queueLength >= queueLimit) throw new Unavailable('too many commands are waiting to be written')
    const result =
      fetch.length === 0
        ? this.#decideNow(command as unknown as Command, [], [], exchange)
        : this.#decideAfter(fetch, command as unknown as Command, exchange)
    return result as Promise<ResultOf<T>>
  }

  get isSettled(): boolean {
    return this.isReadable && this.queueLength === 0
  }

  settled(): Promise<void> {
    if (!this.isReadable) return Promise.reject(new Unavailable('the store is not available'))
    if (this.queueLength === 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#settlers.push({ decision: this.#state.decision, resolve, reject }))
  }

  async page(query: Omit<PageQuery, 'account_sid'>): Promise<Row[]> {
    return this.#reading(this.#options.store.page({ ...query, account_sid: this.account_sid }))
  }

  async find(kind: string, where: Readonly<Record<string, Value>>): Promise<Row[]> {
    return this.#reading(this.#options.store.find(this.account_sid, kind, where))
  }

  async log(cursor: number, limit: number): Promise<StoredEvent[]> {
    return this.#reading(this.#options.store.log(this.account_sid, cursor, limit))
  }

  async reading<T>(ask: (readings: Readings, account_sid: string) => Promise<T>): Promise<T> {
    return this.#reading(ask(this.#options.store, this.account_sid))
  }

  async caughtUp(reader: ReaderName): Promise<void> {
    const found = this.readers.get(reader)
    if (!found) throw new Error(`invariant: ${reader} is read in this process`)
    if (this.#status === 'reading') return // it cannot write what it would make of the rest
    return this.#reading(found.catchUp())
  }

  nextDue(): number | undefined {
    return this.#status === 'open' ? this.#state.nextTimer?.due : undefined
  }

  async doDue(): Promise<void> {
    if (this.#status !== 'open') return
    this.#decideDue()
    this.#pump()
    await this.settled()
  }

  /** Takes no more commands; resolves when what was decided is on disk (or the store has refused it). */
  async close(): Promise<void> {
    this.#isStopping = true
    if (this.#status === 'open' && this.queueLength > 0) await this.settled().catch(() => {})
    this.#status = 'closed'
    this.#holding.flush()
    this.#abort.abort()
    this.#unlisten()
    this.#cancelAlarm()
    await this.#recovery
  }

  // Deciding

  /** Throws where a command would not be answered any more. */
  #checkTaking(): void {
    if (!this.isReady) throw new Unavailable('the store is not available')
    if (this.#isStopping) throw new Unavailable('the account is being let go')
  }

  async #decideAfter(fetch: readonly Fetch[], command: Command, exchange: Exchange | undefined): Promise<unknown> {
    const reading = this.#cold.fetching()
    let result: Promise<unknown>
    try {
      const fetched = await this.#fetch(fetch)
      this.#checkTaking()
      result = this.#decideNow(command, fetch, fetched, exchange)
    } finally {
      this.#cold.fetched(reading)
    }
    return result
  }

  #decideNow(
    command: Command,
    fetch: readonly Fetch[],
    fetched: readonly Fetched[],
    exchange: Exchange | undefined
  ): Promise<unknown> {
    this.#decideDue()
    return new Promise((resolve, reject) => {
      const [at, seed] = [this.#now(), this.#seed()]
      this.#add({ command, at, seed, fetch, fetched, timer: undefined, exchange, resolve, reject })
      this.#decideDue()
      this.#pump()
      this.#arm()
    })
  }

  /** Decides every timer that is due, in order; what fails is tried again, then parked. */
  #decideDue(): void {
    const now = this.#now()
    for (let timer = this.#state.nextTimer; timer && timer.due <= now; timer = this.#state.nextTimer) {
      const key = `${timer.command}/${timer.sid}`
      if ((this.#failures.get(key) ?? 0) >= timerTries) {
        this.#options.log.error({ timer: key, due: timer.due }, 'timer parked')
        this.#state.timers.remove(timer)
        continue
      }
      const reject = (error: unknown) => {
        this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1)
        if (!(error instanceof Unavailable)) this.#options.log.error({ err: error, timer: key }, 'timer failed')
        else this.#failures.delete(key)
      }
      const command = { type: timer.command, sid: timer.sid } as Command // a kind's timers name commands that take a SID
      this.#add({
        command,
        at: now,
        seed: this.#seed(),
        fetch: [],
        fetched: [],
        timer: key,
        resolve: () => this.#failures.delete(key),
        reject
      })
    }
  }

  /** Decides one command in memory and queues it for the next batch. */
  #add(waiting: Omit<Entry, 'decision' | 'head'>): void {
    const { command, at, seed, fetched, timer } = waiting
    const state = this.#state
    this.#cold.admit(state, fetched)
    try {
      const decision = decide(state, { at, seed, command })
      const head = { at: state.at, decision: state.decision, next_seq: state.next_seq, next_event: state.next_event }
      this.#cold.decided(decision.changes)
      this.#gathered.push({ ...waiting, decision, head })
    } catch (error) {
      // What a refusal is about may not be durable yet: a caller is told when it is.
      if (timer === undefined && error instanceof Refusal && this.queueLength > 0 && this.isReady)
        this.settled().then(() => waiting.reject(error), waiting.reject)
      else waiting.reject(error)
    } finally {
      this.#cold.served(fetched)
    }
  }

  #now(): number {
    return Math.max(this.#state.at, this.#options.clock.now())
  }

  #seed(): Seed {
    const { seed } = this.#options
    if (seed !== undefined) return seedOf(seed, this.#state.decision)
    return drawSeed()
  }

  #arm(): void {
    const due = this.#status === 'open' ? this.#state.nextTimer?.due : undefined
    if (due === this.#alarm) return
    this.#cancelAlarm()
    this.#alarm = due
    if (due === undefined) return
    this.#cancelAlarm = this.#options.clock.at(due, () => {
      this.#alarm = undefined
      if (this.#status !== 'open') return
      this.#decideDue()
      this.#pump()
      this.#arm()
    })
  }

  // Writing

  /** Lets whatever else is decided in this turn of the event loop join the batch. */
  #pump(): void {
    if (this.#pumping || this.#gathered.length === 0) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      this.#writeNext()
    })
  }

  #writeNext(): void {
    if (this.#status !== 'open' || this.#gathered.length === 0) return
    const ahead = this.#writing.length
    if (ahead >= writesAhead || (ahead > 0 && this.#gathered.length < worthWriting)) return
    const entries = this.#gathered.splice(0, batchLimit)
    this.#writing.push(entries)
    const begun = performance.now()
    const { store, journal } = this.#options
    const written = store.write(batchOf(this.account_sid, this.#head.epoch, entries, journal ?? false))
    written.catch(() => {}) // told in its turn
    this.#answered = this.#answered.then(async () => {
      const error = await written.then(
        () => undefined,
        (error: unknown) => error ?? new Error('a write failed')
      )
      if (this.#writing[0] !== entries) return // the account was lost meanwhile; its callers know
      if (error !== undefined) return this.#fail(error)
      for (const listener of this.onBatch) listener((performance.now() - begun) / 1000, entries.length)
      this.#durable()
    })
    this.#writeNext()
  }

  #durable(): void {
    const written = this.#writing.shift() ?? []
    const last = written[written.length - 1]?.head.decision ?? 0
    for (const entry of written) {
      this.#cold.durable(entry.decision.changes)
      entry.resolve(entry.decision.result)
    }
    this.#cold.sweep(this.#state)
    const settled = this.#settlers.filter(({ decision }) => decision <= last)
    if (settled.length > 0) {
      this.#settlers = this.#settlers.filter(({ decision }) => decision > last)
      for (const { resolve } of settled) resolve()
    }
    this.#writeNext()
    this.#arm()
    this.#holding.add(written, exchangesOf(written))
  }

  #tell(written: readonly Entry[]): void {
    this.#told = Math.max(this.#told, (written.at(-1)?.head.next_event ?? 0) - 1)
    if (this.#listeners.size === 0) return
    const events = written.flatMap((entry) => entry.decision.events)
    for (const listener of this.#listeners) listener(events)
  }

  async #fetch(fetch: readonly Fetch[]): Promise<Fetched[]> {
    const found = await Promise.all(
      fetch.map(async ({ kind, where }) => {
        const rows = await this.find(kind, where)
        return rows.map((row) => ({ kind: kind as Kind, row })) // a cold kind's name is a kind
      })
    )
    return found.flat()
  }

  // When the store fails

  async #reading<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (error instanceof StoreUnavailable) throw new Unavailable(error.message)
      throw error
    }
  }

  #fail(error: unknown): void {
    if (this.#status === 'open') this.#recovery = this.#recover(error)
  }

  /**
   * Memory is ahead of the disk, or another node has the account. Reloads, and decides again what the store refused only
   * for its content; everybody else's outcome is unknown, so they are told so.
   */
  async #recover(error: unknown): Promise<void> {
    const isContent = error instanceof ContentRejected
    // Batches are answered in their order, so that what was refused is the first.
    const entries = [...this.#writing.flat(), ...this.#gathered]
    const suspects = isContent ? (this.#writing[0]?.length ?? 0) : 0
    this.#status = 'recovering'
    this.#holding.flush()
    this.#writing = []
    this.#gathered = []
    this.#cold.clear()
    const settlers = this.#settlers
    this.#settlers = []
    for (const { reject } of settlers) reject(new Unavailable('the store is not available'))
    this.#options.log.error(
      { err: error, decisions: entries.length },
      isContent ? 'a batch was refused' : 'nothing can be written until the store is there again'
    )
    if (!isContent)
      for (const entry of entries)
        entry.reject(new Unavailable('the outcome is unknown: the store failed while writing'))
    if (!(await this.#reload())) {
      if (isContent) for (const entry of entries) entry.reject(new Unavailable('the server stopped'))
      return
    }
    if (isContent) await this.#again(entries, suspects)
    if (this.#isClosed) {
      for (const entry of this.#gathered.splice(0)) entry.reject(new Unavailable('the server stopped'))
      return
    }
    this.#status = 'open'
    this.#options.log.info('the account is open again')
    this.#decideDue()
    this.#pump()
    this.#arm()
  }

  /**
   * Takes and loads the account again, for as long as it takes; false when the account was closed meanwhile. A store that
   * can only be read for longer than a moment (a full disk) is read.
   */
  async #reload(): Promise<boolean> {
    const reading = setTimeout(() => {
      this.#readOn().catch((err: unknown) => this.#options.log.debug({ err }, 'the store cannot be read either'))
    }, patienceMs)
    try {
      return await this.#retake()
    } finally {
      clearTimeout(reading)
      if (this.#status === 'reading') this.#status = 'recovering'
    }
  }

  async #retake(): Promise<boolean> {
    for (let wait = 50; !this.#abort.signal.aborted; wait = Math.min(wait * 2, 2000)) {
      try {
        const head = await this.#options.store.lock(this.account_sid, this.#abort.signal)
        const state = await load(this.#options, head)
        this.#head = head
        this.#state = state
        this.#told = head.next_event - 1
        return true
      } catch (error) {
        if (this.#abort.signal.aborted) return false
        this.#options.log.warn({ err: error }, 'cannot load the account yet')
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
    return false
  }

  /** Shows what is on disk, where nobody else can have changed it, until the account is taken again. */
  async #readOn(): Promise<void> {
    if (this.#status !== 'recovering') return
    const before = this.#state
    const head = await this.#options.store.peek(this.account_sid)
    if (head === undefined) return
    const state = await load(this.#options, head)
    // It may have been taken meanwhile.
    if (this.#status !== 'recovering' || this.#state !== before) return
    this.#state = state
    this.#told = head.next_event - 1
    this.#status = 'reading'
  }

  get #isClosed(): boolean {
    return this.#status === 'closed'
  }

  /** Decides the refused batch's commands anew, each in a batch of its own, so that only the offender fails; then the others. */
  async #again(entries: readonly Entry[], suspects: number): Promise<void> {
    for (const [i, entry] of entries.entries()) {
      try {
        // A seed of its own: the offender's decision has no number any more.
        this.#add({
          ...entry,
          seed: this.#seed(),
          fetched: entry.fetch.length > 0 ? await this.#fetch(entry.fetch) : []
        })
      } catch (error) {
        entry.reject(error)
      }
      if (i >= suspects) continue
      const [decided] = this.#gathered.splice(0)
      if (!decided) continue
      try {
        await this.#options.store.write(
          batchOf(this.account_sid, this.#head.epoch, [decided], this.#options.journal ?? false)
        )
        this.#cold.durable(decided.decision.changes)
        this.#told = decided.head.next_event - 1
        decided.resolve(decided.decision.result)
      } catch (error) {
        decided.reject(
          error instanceof ContentRejected
            ? error
            : new Unavailable('the outcome is unknown: the store failed while writing')
        )
        this.#cold.clear()
        if (error instanceof ContentRejected && (await this.#reload())) continue
        const rest = entries.slice(i + 1)
        for (const other of rest) other.reject(new Unavailable('the store failed'))
        if (!(error instanceof ContentRejected)) await this.#reload()
        return
      }
    }
  }
}

/** The requests that a batch answers. */
function exchangesOf(entries: readonly Entry[]): Exchange[] {
  return entries.flatMap(({ exchange }) => exchange ?? [])
}

/** Drawn ahead: asking the system for each decision costs as much as parsing its request. */
const bits = new Uint32Array(1024)
let used = bits.length

function drawSeed(): Seed {
  if (used === bits.length) {
    randomFillSync(bits)
    used = 0
  }
  const seed = bits.subarray(used, used + 4)
  used += 4
  return [seed[0] as number, seed[1] as number, seed[2] as number, seed[3] as number] // its length is a multiple of four
}

async function load({ store, account_sid, settings, clock }: AccountOptions, head: AccountHead): Promise<State> {
  const state = new State(account_sid, settings ?? defaultSettings)
  let place = 'its rows'
  try {
    for (const { kind, row } of await store.load(account_sid)) {
      place = `the row ${row.sid} of the kind ${kind}`
      if (!Object.hasOwn(kinds, kind)) throw new Error('there is no such kind')
      state.admit(kind as Kind, row as never) // checked just before
    }
    state.pools.settle()
  } catch (error) {
    if (error instanceof StoreUnavailable || error instanceof CannotOpen) throw error
    const { message } = error as Error // as: parsing and admitting throw errors
    throw new CannotOpen(`Cannot load account ${account_sid}: ${place} cannot be read (${message}).`, { cause: error })
  }
  clock.notBefore(head.at)
  state.at = head.at
  state.decision = head.decision
  state.next_seq = head.next_seq
  state.next_event = head.next_event
  return state
}
