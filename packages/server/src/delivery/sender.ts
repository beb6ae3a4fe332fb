import type { Moved } from '../clock/clock.ts'
import { Unavailable } from '../commit/ledger.ts'
import { AnswerOrder } from './answer-order.ts'
import { Backlog } from './backlog.ts'
import type { DeliveryKind, Kind } from './delivery.ts'
import { Finishing } from './finishing.ts'
import { deliveryKinds } from './kinds.ts'
import type { Held, Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Marks } from './marks.ts'
import { replayDelivery } from './replay.ts'
import { type DeliveryQuery, type DeliveryRow, DeliveryRows } from './rows.ts'
import { RunningAttempts } from './running-attempts.ts'
import type { SenderOptions, Whole } from './sending.ts'

/** How long attempts under way may take when the server stops. */
const graceMs = 2_000

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Sends what is queued: as many at once as a destination may have, again after failures as the kind says, and to the
 * fallback when the first address is done for. Its parts:
 *
 * - `Lanes` is what it has in memory, a lane for each destination; `Backlog` reads the rest from the store;
 * - `RunningAttempts` sends, `Finishing` says what becomes of a delivery then, `AnswerOrder` when an answer is dealt with,
 *   and `Marks` writes it.
 *
 * `#pump` is the only one that starts anything, for one lane at a time, and only while the status is `open`. When the
 * store is lost, or somebody else has written there, `reset` forgets all of memory and begins anew: a delivery is then
 * perhaps sent twice, under the same token, and never not at all.
 */
export class Sender implements Moved {
  readonly #options: SenderOptions
  readonly #rows: DeliveryRows
  readonly #kinds: Readonly<Record<DeliveryKind, Kind>>
  readonly #whole: Whole
  readonly #lanes: Lanes
  readonly #backlog: Backlog
  readonly #attempts: RunningAttempts
  readonly #order: AnswerOrder
  readonly #marks: Marks
  readonly #finishing: Finishing
  #waiters: Waiter[] = []
  /** An alarm has said that it is so late, even if the clock stands still. */
  #reached = 0
  #status: 'loading' | 'open' | 'closed' = 'loading'
  #opening: Promise<void> = Promise.resolve()
  /** Lanes that are looked at in the next turn of the event loop; undefined when none is waited for. */
  #toPump: Set<Lane> | undefined
  /** Told of every attempt: its kind, and a word for what came of it. */
  readonly onAttempt: Set<(kind: string, outcome: string) => void>

  constructor(options: SenderOptions) {
    const { store, account, log, kinds = deliveryKinds, inOrder = false, held } = options
    const rows = new DeliveryRows(store)
    const whole: Whole = {
      now: () => this.#now(),
      pump: (lane) => this.#pump(lane),
      changed: () => this.#changed(),
      lost: (err) => this.#lost(err)
    }
    const lanes = new Lanes(kinds, held)
    const marks = new Marks({ rows, account }, lanes, whole)
    const order = new AnswerOrder(lanes, whole, inOrder)
    const finishing = new Finishing({ account, log, lanes, order, marks, whole })
    const onUnknown = (row: DeliveryRow) => finishing.leaveUnknown(row)
    this.#options = options
    this.#rows = rows
    this.#kinds = kinds
    this.#whole = whole
    this.#lanes = lanes
    this.#marks = marks
    this.#order = order
    this.#finishing = finishing
    this.#backlog = new Backlog({ rows, account, log, kinds, lanes, whole, onUnknown })
    this.#attempts = new RunningAttempts(options)
    this.onAttempt = finishing.onAttempt
    this.#open()
  }

  /** What was just written by the reader of the log; `backdated` as lanes have it. */
  offer(rows: readonly DeliveryRow[], backdated?: ReadonlySet<string>): void {
    for (const lane of this.#lanes.offer(rows, backdated)) this.#pump(lane)
  }

  /** Forgets what it knows and begins anew from the store: somebody else may have written there. */
  reset(): void {
    if (this.#status !== 'open') return
    this.#status = 'loading'
    this.#lanes.forget()
    this.#toPump?.clear()
    this.#attempts.forget()
    this.#marks.forget()
    this.#order.forget()
    this.#backlog.forget()
    this.#open()
  }

  /** Queues a finished delivery again; answers it, undefined when there is none, or 'queued' when it still is. */
  async replay(sid: string): Promise<DeliveryRow | 'queued' | undefined> {
    const { account } = this.#options
    while (this.#status === 'loading') await this.#opening
    return replayDelivery(sid, {
      rows: this.#rows,
      account,
      kinds: this.#kinds,
      lanes: this.#lanes,
      whole: this.#whole
    })
  }

  find(sid: string): Promise<DeliveryRow | undefined> {
    const { account } = this.#options
    return this.#rows.find(account.account_sid, sid)
  }

  list(query: Omit<DeliveryQuery, 'account_sid'>): Promise<DeliveryRow[]> {
    const { account } = this.#options
    return this.#rows.page({ ...query, account_sid: account.account_sid })
  }

  /** Deliveries that are queued, attempts under way, and destinations that are away. */
  get figures(): { readonly queued: number; readonly sending: number; readonly away: number } {
    let queued = 0
    let away = 0
    for (const lane of this.#lanes) {
      queued += lane.queued
      if (lane.breaker.isOpen) away += 1
    }
    return { queued, sending: this.#attempts.count, away }
  }

  /** Milliseconds since the delivery was made that has been queued for longest; 0 when there is none. */
  async oldest(): Promise<number> {
    const { account } = this.#options
    const made = await this.#rows.oldest(account.account_sid)
    return made === undefined ? 0 : Math.max(0, this.#now() - made)
  }

  // With a test clock

  nextDue(): number | undefined {
    if (this.#status !== 'open') return undefined
    const now = this.#now()
    let first: number | undefined
    for (const lane of this.#lanes) {
      const next = lane.next(now)
      if (next !== undefined) first = Math.min(first ?? next, next)
    }
    return first
  }

  async doDue(): Promise<void> {
    for (const lane of this.#lanes) this.#pump(lane)
    await this.settle()
  }

  /** Resolves when nothing can be sent now, nothing is under way and all outcomes are written. Throws Unavailable. */
  async settle(): Promise<void> {
    while (this.#status === 'loading') await this.#opening
    while (this.#isBusy) await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  get isSettled(): boolean {
    return !this.#isBusy
  }

  /** Starts nothing more; resolves when what is under way has ended, or was given up, and outcomes are written. */
  async close(grace_ms = graceMs): Promise<void> {
    this.#status = 'closed'
    this.#lanes.cancelAlarms()
    const timer = setTimeout(() => this.#attempts.abandon(), grace_ms)
    await this.settle().catch(() => {}) // the store is away: what is not written is sent again
    clearTimeout(timer)
    this.#attempts.abandon()
    await this.#opening
  }

  #now(): number {
    const { clock, account } = this.#options
    return Math.max(clock.now(), account.state.at, this.#reached)
  }

  #open(): void {
    this.#opening = this.#load()
  }

  /** Which lanes there are; tries for as long as it takes. */
  async #load(): Promise<void> {
    const { generation } = this.#lanes
    // What is being marked would change under our eyes.
    await this.#marks.flushed
    const isWanted = () => this.#status === 'loading' && !generation.isOver
    await this.#backlog.count(isWanted, () => {
      this.#status = 'open'
      for (const lane of this.#lanes) this.#pump(lane)
      this.#changed()
    })
  }

  /** Does all that can be done for a lane now, and sets the alarm for the next time. */
  #pump(lane: Lane): void {
    if (this.#status !== 'open') return
    const { account, concurrency } = this.#options
    if (!account.isReady) {
      this.reset()
      return
    }
    const now = this.#now()
    const { late, ready } = lane.due(now)
    for (const held of late) this.#finishing.tooLate(lane, held, now)
    for (const held of lane.startable(ready, now, this.#attempts.most)) {
      const { row, kind } = held
      if (kind.isWanted?.(account.state, row.receiver_sid, row.event_type) ?? true) this.#start(lane, held, now)
      else this.#finishing.unwanted(lane, held, now)
    }
    const left = ready.filter(({ stage }) => stage === 'waiting')
    if (lane.startable(left, now, concurrency).length > 0) this.#attempts.wait(lane)
    this.#backlog.more(lane, now, left.length)
    this.#arm(lane, now)
    this.#lanes.dropEmpty(lane)
  }

  #arm(lane: Lane, now: number): void {
    lane.cancelAlarm()
    const next = lane.next(now)
    if (next === undefined) return
    lane.cancelAlarm = this.#options.clock.at(next, () => {
      // The clock may have been set back meanwhile: so much time has passed all the same.
      this.#reached = Math.max(this.#reached, next)
      this.#pump(lane)
    })
  }

  #start(lane: Lane, held: Held, at: number): void {
    const { generation } = this.#lanes
    const turn = held.kind.answered ? this.#order.turn() : undefined
    this.#attempts.start(lane, held, (ended) => {
      if (!generation.isOver) {
        if (ended.isAbandoned) held.stage = 'waiting'
        else this.#finishing.ended(lane, held, ended, { at, turn })
        this.#pumpSoon(lane)
      }
      this.#pumpSoon(this.#attempts.nextWaiting())
    })
  }

  /** Several attempts end in one turn of the event loop: what can be done for their lanes then is looked at once. */
  #pumpSoon(lane: Lane | undefined): void {
    if (this.#toPump === undefined) {
      this.#toPump = new Set()
      setImmediate(() => {
        const lanes = this.#toPump ?? []
        this.#toPump = undefined
        for (const one of lanes) this.#pump(one)
        this.#changed()
      })
    }
    if (lane) this.#toPump.add(lane)
  }

  #lost(err: unknown): void {
    this.#options.log.warn({ err }, 'deliveries wait for the store')
    for (const { reject } of this.#waiters.splice(0)) reject(new Unavailable('deliveries wait for the store'))
    this.reset()
  }

  get #isBusy(): boolean {
    const isUnderWay = this.#attempts.count > 0 || this.#backlog.isLoading || this.#order.isBusy
    return isUnderWay || this.#toPump !== undefined || this.#marks.isFlushing || this.#status === 'loading'
  }

  #changed(): void {
    if (this.#isBusy) return
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }
}
