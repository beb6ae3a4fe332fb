import { randomFillSync } from 'node:crypto'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { decide } from '@ringdown/engine/decide'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import { Refusal } from '@ringdown/engine/refusals'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { type Seed, seedOf } from '@ringdown/engine/state/ids'
import type { Row } from '@ringdown/engine/state/row'
import { State } from '@ringdown/engine/state/state'
import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import { type ColdKind, coldKinds } from '../store/kinds.ts'
import {
  type AccountHead,
  ContentRejected,
  type PageQuery,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  type Value
} from '../store/store.ts'
import { batchOf } from './batch.ts'
import type { Entry, Fetched } from './entry.ts'
import { type Fetch, type Ledger, Unavailable } from './ledger.ts'

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
  /** Handed to the store, not yet durable. */
  #writing: Entry[] = []
  #status: 'open' | 'recovering' | 'closed' = 'open'
  #settlers: { readonly decision: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  /** Rows changed by decisions that are not durable yet, with how many of those there are. */
  readonly #undurable = new Map<string, number>()
  /** Cold rows that may go from memory as soon as nobody is fetching. */
  readonly #leaving = new Set<string>()
  #fetching = 0
  readonly #failures = new Map<string, number>()
  #cancelAlarm: () => void = () => {}
  #alarm: number | undefined
  readonly #abort = new AbortController()
  readonly #listeners = new Set<() => void>()
  #unlisten: () => void = () => {}
  /** Ends when the account is open again, or closed. */
  #recovery: Promise<void> = Promise.resolve()
  /** Milliseconds that the last batches took, for the metrics. */
  readonly onBatch = new Set<(seconds: number, decisions: number) => void>()

  private constructor(options: AccountOptions, head: AccountHead, state: State) {
    this.#options = options
    this.account_sid = options.account_sid
    this.#head = head
    this.#state = state
  }

  /** Takes the account (waiting while another node has it), loads it, and decides the timers that came due meanwhile. */
  static async open(options: AccountOptions, signal?: AbortSignal): Promise<Account> {
    const head = await options.store.lock(options.account_sid, signal)
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

  get queueLength(): number {
    return this.#gathered.length + this.#writing.length
  }

  /** Calls back after every durable batch; the answer ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async execute<T extends CommandType>(command: CommandOf<T>, fetch: readonly Fetch[] = []): Promise<ResultOf<T>> {
    this.#checkOpen()
    if (this.queueLength >= queueLimit) throw new Unavailable('too many commands are waiting to be written')
    if (fetch.length === 0) return this.#decideNow(command as unknown as Command, [], []) as Promise<ResultOf<T>>
    this.#fetching++
    try {
      const fetched = await this.#fetch(fetch)
      this.#checkOpen()
      return await (this.#decideNow(command as unknown as Command, fetch, fetched) as Promise<ResultOf<T>>)
    } finally {
      this.#fetching--
      this.#evict()
    }
  }

  settled(): Promise<void> {
    if (!this.isReady) return Promise.reject(new Unavailable('the store is not available'))
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

  nextDue(): number | undefined {
    return this.#status === 'open' ? this.#state.nextTimer?.due : undefined
  }

  async doDue(): Promise<void> {
    if (this.#status !== 'open') return
    this.#decideDue()
    this.#pump()
    await this.settled()
  }

  /** Stops deciding; resolves when what was decided is on disk (or the store has refused it). */
  async close(): Promise<void> {
    if (this.#status === 'open' && this.queueLength > 0) await this.settled().catch(() => {})
    this.#status = 'closed'
    this.#abort.abort()
    this.#unlisten()
    this.#cancelAlarm()
    await this.#recovery
  }

  // Deciding

  #checkOpen(): void {
    if (!this.isReady) throw new Unavailable('the store is not available')
  }

  #decideNow(command: Command, fetch: readonly Fetch[], fetched: readonly Fetched[]): Promise<unknown> {
    this.#decideDue()
    return new Promise((resolve, reject) => {
      this.#add({ command, at: this.#now(), seed: this.#seed(), fetch, fetched, timer: undefined, resolve, reject })
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
    const { command, at, seed, fetched } = waiting
    const state = this.#state
    for (const { kind, row } of fetched) this.#admit(kind, row)
    try {
      const decision = decide(state, { at, seed, command })
      const head = { at: state.at, decision: state.decision, next_seq: state.next_seq, next_event: state.next_event }
      for (const { kind, sid } of decision.changes) {
        const key = `${kind}/${sid}`
        this.#undurable.set(key, (this.#undurable.get(key) ?? 0) + 1)
      }
      this.#gathered.push({ ...waiting, decision, head })
    } catch (error) {
      // What a refusal is about may not be durable yet: it is told when it is.
      if (error instanceof Refusal && this.queueLength > 0 && this.isReady)
        this.settled().then(() => waiting.reject(error), waiting.reject)
      else waiting.reject(error)
    } finally {
      for (const { kind, row } of fetched) this.#leaving.add(`${kind}/${row.sid}`)
    }
  }

  #now(): number {
    return Math.max(this.#state.at, this.#options.clock.now())
  }

  #seed(): Seed {
    const { seed } = this.#options
    if (seed !== undefined) return seedOf(seed, this.#state.decision)
    const bits = randomFillSync(new Uint32Array(4))
    return [bits[0] as number, bits[1] as number, bits[2] as number, bits[3] as number] // four were made
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

  #pump(): void {
    if (this.#writing.length > 0 || this.#gathered.length === 0 || this.#status !== 'open') return
    this.#writing = this.#gathered.splice(0, batchLimit)
    const { store, journal } = this.#options
    const batch = batchOf(this.account_sid, this.#head.epoch, this.#writing, journal ?? false)
    const begun = performance.now()
    const written = this.#writing
    store.write(batch).then(
      () => {
        if (this.#writing !== written) return // the account was lost meanwhile; its callers know
        for (const listener of this.onBatch) listener((performance.now() - begun) / 1000, written.length)
        this.#durable()
      },
      (error: unknown) => this.#fail(error)
    )
  }

  #durable(): void {
    const written = this.#writing
    this.#writing = []
    const last = written[written.length - 1]?.head.decision ?? 0
    for (const entry of written) {
      this.#forget(entry)
      entry.resolve(entry.decision.result)
    }
    this.#evict()
    const settled = this.#settlers.filter(({ decision }) => decision <= last)
    if (settled.length > 0) {
      this.#settlers = this.#settlers.filter(({ decision }) => decision > last)
      for (const { resolve } of settled) resolve()
    }
    this.#pump()
    this.#arm()
    for (const listener of this.#listeners) listener()
  }

  /** Its rows are on disk; the cold ones among them need not stay in memory. */
  #forget(entry: Entry): void {
    for (const { kind, sid } of entry.decision.changes) {
      const key = `${kind}/${sid}`
      const left = (this.#undurable.get(key) ?? 1) - 1
      if (left > 0) this.#undurable.set(key, left)
      else this.#undurable.delete(key)
      if (Object.hasOwn(coldKinds, kind)) this.#leaving.add(key)
    }
  }

  // Cold rows

  async #fetch(fetch: readonly Fetch[]): Promise<Fetched[]> {
    const found = await Promise.all(
      fetch.map(async ({ kind, where }) => {
        const rows = await this.find(kind, where)
        return rows.map((row) => ({ kind: kind as Kind, row })) // a cold kind's name is a kind
      })
    )
    return found.flat()
  }

  /** What memory has, or is about to delete, beats what was fetched. */
  #admit(kind: Kind, row: Row): void {
    if (this.#undurable.has(`${kind}/${row.sid}`) || this.#state.find(kind, row.sid)) return
    this.#state.admit(kind, row as never) // a row of that kind, as it was stored
  }

  #evict(): void {
    if (this.#fetching > 0 || this.#leaving.size === 0) return
    for (const key of this.#leaving) {
      if (this.#undurable.has(key)) continue
      this.#leaving.delete(key)
      const [kind, sid] = key.split('/') as [Kind, string] // made as `kind/sid`
      const row = this.#state.find(kind, sid)
      if (row && !isResident(kind, row)) this.#state.evict(kind, sid)
    }
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
    const entries = [...this.#writing, ...this.#gathered]
    const suspects = isContent ? this.#writing.length : 0
    this.#status = 'recovering'
    this.#writing = []
    this.#gathered = []
    this.#undurable.clear()
    this.#leaving.clear()
    const settlers = this.#settlers
    this.#settlers = []
    for (const { reject } of settlers) reject(new Unavailable('the store is not available'))
    this.#options.log.error(
      { err: error, decisions: entries.length },
      isContent ? 'a batch was refused' : 'a write failed'
    )
    if (!isContent)
      for (const entry of entries)
        entry.reject(new Unavailable('the outcome is unknown: the store failed while writing'))
    if (!(await this.#reload())) {
      if (isContent) for (const entry of entries) entry.reject(new Unavailable('the server stopped'))
      return
    }
    if (isContent) await this.#again(entries, suspects)
    if (this.#status !== 'recovering') return
    this.#status = 'open'
    this.#options.log.info('the account is open again')
    this.#decideDue()
    this.#pump()
    this.#arm()
  }

  /** Takes and loads the account again, for as long as it takes; false when the account was closed meanwhile. */
  async #reload(): Promise<boolean> {
    for (let wait = 50; !this.#abort.signal.aborted; wait = Math.min(wait * 2, 2000)) {
      try {
        this.#head = await this.#options.store.lock(this.account_sid, this.#abort.signal)
        this.#state = await load(this.#options, this.#head)
        return true
      } catch (error) {
        if (this.#abort.signal.aborted) return false
        this.#options.log.warn({ err: error }, 'cannot load the account yet')
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
    return false
  }

  /** Decides the refused batch's commands anew, each in a batch of its own, so that only the offender fails; then the others. */
  async #again(entries: readonly Entry[], suspects: number): Promise<void> {
    for (const [i, entry] of entries.entries()) {
      try {
        this.#add({ ...entry, fetched: entry.fetch.length > 0 ? await this.#fetch(entry.fetch) : [] })
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
        this.#forget(decided)
        decided.resolve(decided.decision.result)
      } catch (error) {
        decided.reject(
          error instanceof ContentRejected
            ? error
            : new Unavailable('the outcome is unknown: the store failed while writing')
        )
        this.#undurable.clear()
        if (error instanceof ContentRejected && (await this.#reload())) continue
        const rest = entries.slice(i + 1)
        for (const other of rest) other.reject(new Unavailable('the store failed'))
        if (!(error instanceof ContentRejected)) await this.#reload()
        return
      }
    }
  }
}

async function load({ store, account_sid, settings }: AccountOptions, head: AccountHead): Promise<State> {
  const state = new State(account_sid, settings ?? defaultSettings)
  for (const { kind, row } of await store.load(account_sid)) {
    if (!Object.hasOwn(kinds, kind)) throw new Error(`the store holds rows of the unknown kind ${kind}`)
    state.admit(kind as Kind, row as never) // checked just before
  }
  state.pools.settle()
  state.at = head.at
  state.decision = head.decision
  state.next_seq = head.next_seq
  state.next_event = head.next_event
  return state
}

function isResident(kind: Kind, row: object): boolean {
  if (!Object.hasOwn(coldKinds, kind)) return true
  const { resident } = (coldKinds as Record<string, ColdKind>)[kind] as ColdKind // hasOwn says so
  return resident?.values.includes((row as Record<string, string>)[resident.column] as string) ?? false
}
