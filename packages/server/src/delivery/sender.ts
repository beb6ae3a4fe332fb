import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import type { Clock, Moved } from '../clock/clock.ts'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import type { DeliveryMark, DeliveryQuery, DeliveryRow } from '../store/deliveries.ts'
import type { Store } from '../store/store.ts'
import { type Conclusion, conclude, giveUp } from './attempt.ts'
import type { DeliveryKind, Kind, Message, Outcome } from './delivery.ts'
import { deliveryKinds } from './kinds.ts'
import { type Held, Lane } from './lane.ts'
import { aboutOf, destinationOf, kindOf, messageOf } from './queued.ts'
import { type KinesisSender, send } from './transport.ts'

/** What the sender needs of its account. */
export interface Sending extends Ledger {
  /** Whether this process may speak for the account. */
  readonly isReady: boolean
}

export interface SenderOptions {
  readonly store: Store
  readonly account: Sending
  readonly clock: Clock
  readonly log: Logger
  readonly auth_token: string
  readonly allowPrivate: boolean
  /** Attempts under way to one destination at once. */
  readonly concurrency: number
  readonly kinds?: Readonly<Record<DeliveryKind, Kind>>
  readonly kinesis?: KinesisSender | undefined
  /** Signs as Standard Webhooks ask as well. */
  readonly webhookSecret?: string | undefined
  /** What answers mean is decided in the order in which the attempts began, so that a test clock's run is repeatable. */
  readonly inOrder?: boolean
}

/** Attempts under way to all destinations. The fuller it is, the fewer each may have: the slow leave room for others. */
const mostSending = 256
/** Outcomes of one transaction. */
const mostMarked = 256
/** How often it is asked whether the account is ours again, in milliseconds of real time. */
const retryMs = 200
/** How long attempts under way may take when the server stops. */
const graceMs = 2_000

/** An attempt whose answer becomes commands. */
interface Asked {
  answer?: () => Promise<void>
}

/**
 * Sends what is queued: as many at once as a destination may have, again after failures as the kind says, and to the
 * fallback when the first address is done for. What came of it is written in groups. A process that dies in between sends
 * again, under the same token.
 */
export class Sender implements Moved {
  readonly #options: SenderOptions
  readonly #kinds: Readonly<Record<DeliveryKind, Kind>>
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that may have had more under way but for the others. */
  readonly #hungry = new Set<Lane>()
  readonly #abort = new AbortController()
  #marks: { readonly held: Held; readonly from: string; readonly mark: DeliveryMark }[] = []
  #isFlushing = false
  #flushing: Promise<void> = Promise.resolve()
  #isTelling = false
  #sending = 0
  #loading = 0
  #answering = 0
  #asked: Asked[] = []
  #waiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  /** An alarm has said that it is so late, even if the clock stands still. */
  #reached = 0
  /** Raised whenever memory is forgotten: what was under way before then counts no more. */
  #generation = 0
  #status: 'loading' | 'open' | 'closed' = 'loading'
  #opening: Promise<void> = Promise.resolve()
  /** SID of the last delivery that is counted: SIDs are in the order in which deliveries are made. */
  #through = ''
  /** Written while the store was asked. */
  #unseen: { readonly sid: string; readonly destination: string }[] = []
  /** Told of every attempt: its kind, and a word for what came of it. */
  readonly onAttempt = new Set<(kind: string, outcome: string) => void>()

  constructor(options: SenderOptions) {
    this.#options = options
    this.#kinds = options.kinds ?? deliveryKinds
    setMaxListeners(0, this.#abort.signal) // each attempt is one
    this.#open()
  }

  /** What was just written by the reader of the log. */
  offer(rows: readonly DeliveryRow[]): void {
    if (this.#status === 'loading') {
      // Whether they are counted is known when the store has answered.
      for (const { sid, destination } of rows) this.#unseen.push({ sid, destination })
      return
    }
    const fresh = rows.filter(({ sid }) => sid > this.#through)
    for (const { sid } of fresh) if (sid > this.#through) this.#through = sid
    this.#add(fresh)
  }

  /** Forgets what it knows and begins anew from the store: somebody else may have written there. */
  reset(): void {
    if (this.#status !== 'open') return
    this.#status = 'loading'
    this.#generation += 1
    for (const lane of this.#lanes.values()) lane.cancelAlarm()
    this.#lanes.clear()
    this.#hungry.clear()
    this.#marks = []
    this.#asked = []
    this.#loading = 0
    this.#answering = 0
    this.#open()
  }

  /** Queues a finished delivery again; answers it, undefined when there is none, or 'queued' when it still is. */
  async replay(sid: string): Promise<DeliveryRow | 'queued' | undefined> {
    const { store, account } = this.#options
    while (this.#status === 'loading') await this.#opening
    const generation = this.#generation
    const found = await store.delivery(account.account_sid, sid)
    if (!found) return undefined
    const now = this.#now()
    const kind = kindOf(found, this.#kinds)
    const window_ms = kind?.retry.window_ms
    const again = {
      sid,
      destination: destinationOf(JSON.parse(found.message) as Message), // as it was written
      due_at: now,
      window_ends_at: window_ms === undefined ? null : now + window_ms
    }
    // Counted before it is there: one too many only means that the store is asked.
    const lane = this.#laneOf(again.destination)
    lane.addUnseen(1)
    const isQueued = await store.replayDelivery(account.account_sid, again)
    if (generation === this.#generation) {
      lane.addUnseen(isQueued ? 0 : -1)
      this.#pump(lane)
    }
    if (!isQueued) return 'queued'
    return store.delivery(account.account_sid, sid)
  }

  find(sid: string): Promise<DeliveryRow | undefined> {
    const { store, account } = this.#options
    return store.delivery(account.account_sid, sid)
  }

  list(query: Omit<DeliveryQuery, 'account_sid'>): Promise<DeliveryRow[]> {
    const { store, account } = this.#options
    return store.deliveries({ ...query, account_sid: account.account_sid })
  }

  /** Deliveries that are queued, attempts under way, and destinations that are away. */
  get figures(): { readonly queued: number; readonly sending: number; readonly away: number } {
    let queued = 0
    let away = 0
    for (const lane of this.#lanes.values()) {
      queued += lane.queued
      if (lane.breaker.isOpen) away += 1
    }
    return { queued, sending: this.#sending, away }
  }

  /** Milliseconds since the delivery was made that has been queued for longest; 0 when there is none. */
  async oldest(): Promise<number> {
    const { store, account } = this.#options
    const made = await store.oldestDelivery(account.account_sid)
    return made === undefined ? 0 : Math.max(0, this.#now() - made)
  }

  // With a test clock

  nextDue(): number | undefined {
    if (this.#status !== 'open') return undefined
    const now = this.#now()
    let first: number | undefined
    for (const lane of this.#lanes.values()) {
      const next = lane.next(now)
      if (next !== undefined) first = Math.min(first ?? next, next)
    }
    return first
  }

  async doDue(): Promise<void> {
    for (const lane of [...this.#lanes.values()]) this.#pump(lane)
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
    for (const lane of this.#lanes.values()) lane.cancelAlarm()
    const timer = setTimeout(() => this.#abort.abort(), grace_ms)
    await this.settle().catch(() => {}) // the store is away: what is not written is sent again
    clearTimeout(timer)
    this.#abort.abort()
    await this.#opening
  }

  // What is queued

  #now(): number {
    const { clock, account } = this.#options
    return Math.max(clock.now(), account.state.at, this.#reached)
  }

  #open(): void {
    this.#opening = this.#load(this.#generation)
  }

  /** Which lanes there are; tries for as long as it takes. */
  async #load(generation: number): Promise<void> {
    const { store, account, log } = this.#options
    // What is being marked would change under our eyes.
    await this.#flushing
    while (this.#status === 'loading' && this.#generation === generation) {
      try {
        if (account.isReady) {
          const { destinations, through } = await store.queuedDeliveries(account.account_sid)
          if (this.#generation !== generation || this.#status !== 'loading') return
          for (const { destination, queued } of destinations) this.#laneOf(destination).addUnseen(queued)
          this.#through = through
          for (const { sid, destination } of this.#unseen.splice(0)) {
            if (sid <= through) continue
            this.#laneOf(destination).addUnseen(1)
            if (sid > this.#through) this.#through = sid
          }
          // At once: what is offered from now on is no longer among the unseen.
          this.#status = 'open'
          for (const lane of [...this.#lanes.values()]) this.#pump(lane)
          this.#changed()
          return
        }
      } catch (err) {
        log.warn({ err }, 'deliveries cannot be read yet')
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    }
  }

  #add(rows: readonly DeliveryRow[]): void {
    const touched = new Set<Lane>()
    for (const row of rows) {
      const kind = kindOf(row, this.#kinds)
      if (!kind) continue
      const lane = this.#laneOf(row.destination)
      lane.add(row, kind)
      touched.add(lane)
    }
    for (const lane of touched) this.#pump(lane)
  }

  #laneOf(destination: string): Lane {
    let lane = this.#lanes.get(destination)
    if (!lane) {
      lane = new Lane(destination)
      this.#lanes.set(destination, lane)
    }
    return lane
  }

  /** Does all that can be done for a lane now, and sets the alarm for the next time. */
  #pump(lane: Lane): void {
    if (this.#status !== 'open') return
    if (!this.#options.account.isReady) {
      this.reset()
      return
    }
    const now = this.#now()
    for (const held of lane.late(now)) {
      const { row, kind } = held
      const reason = `too late: its time was over before ${row.destination} could be asked`
      this.#concluded(lane, held, giveUp(row, reason, kind, now), { failed: 'timeout', reason })
    }
    for (const held of lane.startable(now, this.#most)) {
      const { row, kind } = held
      if (kind.isWanted?.(this.#options.account.state, row.receiver_sid) ?? true) this.#start(lane, held, now)
      else {
        const reason = `${row.receiver_sid}, which it was for, has been removed`
        this.#concluded(lane, held, giveUp(row, reason, kind, now), { failed: 'invalid', reason })
      }
    }
    if (lane.startable(now, this.#options.concurrency).length > 0) this.#hungry.add(lane)
    void this.#more(lane, now)
    this.#arm(lane, now)
    if (lane.isEmpty && this.#lanes.get(lane.destination) === lane) this.#lanes.delete(lane.destination)
  }

  /** How many attempts a destination may have under way now. */
  get #most(): number {
    const { concurrency } = this.#options
    if (this.#sending >= mostSending) return 0
    if (this.#sending >= (mostSending * 3) / 4) return 1
    return this.#sending >= mostSending / 2 ? Math.ceil(concurrency / 4) : concurrency
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

  /** Reads more of a lane from the store, where it has more. */
  async #more(lane: Lane, now: number): Promise<void> {
    const limit = lane.wanted(now)
    if (limit === 0) return
    const { store, account } = this.#options
    const { account_sid } = account
    const { destination } = lane
    const generation = this.#generation
    const seen = lane.news
    lane.loadBegins()
    this.#loading += 1
    try {
      const due = await store.dueDeliveries(account_sid, { destination, now, besides: lane.sids, limit })
      const next = due.length > 0 ? undefined : await store.nextDelivery(account_sid, destination, now)
      if (generation !== this.#generation) return
      lane.isLoading = false
      for (const one of due) {
        // Quicker than whoever wrote it: it is about to be offered, and counted then.
        if (one.row.sid > this.#through) continue
        const kind = kindOf(one.row, this.#kinds)
        if (kind) lane.hold(one, kind)
        else this.#leaveStrange(one.row)
      }
      if (due.length === 0 && lane.news === seen) {
        lane.loads_at = next ?? Number.POSITIVE_INFINITY
        // Counts may be wrong after an answer of the store was lost.
        if (next === undefined && lane.sids.length === 0) lane.queued = 0
      }
      this.#loading -= 1
      this.#pump(lane)
      this.#changed()
    } catch (err) {
      if (generation === this.#generation) this.#lost(err)
    }
  }

  /** A kind that a newer program wrote is given up here: it would be read again and again. */
  #leaveStrange(row: DeliveryRow): void {
    const kind = deliveryKinds.event_stream
    const reason = `${row.kind} is a kind of delivery that this Ringdown does not know`
    const { row: given } = giveUp({ ...row, fallback_url: null }, reason, kind, this.#now())
    this.#mark({ row: given, kind, stage: 'marking' }, row)
  }

  // Attempts

  #start(lane: Lane, held: Held, at: number): void {
    const { auth_token, allowPrivate, kinesis, webhookSecret, inOrder } = this.#options
    const { row, kind } = held
    const generation = this.#generation
    held.stage = 'sending'
    lane.sending += 1
    this.#sending += 1
    const asked: Asked = {}
    if (inOrder && kind.answered) this.#asked.push(asked)
    const began = performance.now()
    const options = {
      kind,
      auth_token,
      allowPrivate,
      kinesis,
      // Another address is asked anew; whoever keeps tokens for both must not take it for a repetition.
      idempotency_token: row.leg === 1 ? `${row.sid}-fallback` : row.sid,
      signal: this.#abort.signal,
      ...(webhookSecret !== undefined && { standard: { secret: webhookSecret, at: Date.now() } })
    }
    void send(messageOf(row, kind), options).then((outcome) => {
      this.#sending -= 1
      if (generation === this.#generation) {
        lane.sending -= 1
        // What we have hung up on ourselves is sent again by whoever comes after us.
        if (this.#abort.signal.aborted && 'failed' in outcome) held.stage = 'waiting'
        else this.#ended(lane, held, outcome, { asked, at, duration_ms: Math.round(performance.now() - began) })
        this.#pump(lane)
      }
      const [hungry] = this.#hungry
      if (hungry) {
        this.#hungry.delete(hungry)
        this.#pump(hungry)
      }
      this.#changed()
    })
  }

  #ended(
    lane: Lane,
    held: Held,
    outcome: Outcome,
    { asked, ...times }: { readonly asked: Asked; readonly at: number; readonly duration_ms: number }
  ): void {
    const { log } = this.#options
    const { row, kind } = held
    const now = this.#now()
    const wasOpen = lane.breaker.isOpen
    lane.breaker.tell(outcome, now)
    if (lane.breaker.isOpen !== wasOpen) {
      const { destination, queued } = lane
      if (wasOpen) log.info({ destination, queued }, 'a destination is back')
      else log.warn({ destination, queued }, 'a destination is away: it is asked with one delivery at a time')
      if (!wasOpen) lane.trim(now)
    }
    for (const listener of this.onAttempt) listener(row.kind, wordOf(outcome))
    const conclusion = conclude(row, outcome, { kind, now, ...times })
    const { end, refusal } = conclusion
    const about = { delivery: row.sid, kind: row.kind, destination: row.destination, event_type: row.event_type }
    const told = { ...about, attempt: row.attempts + 1, end, refusal, ms: times.duration_ms }
    if (end === 'failed') log.warn(told, 'a delivery was given up')
    else log.debug(told, 'delivery')
    this.#concluded(lane, held, conclusion, outcome, asked)
  }

  /** What its answer means is decided first; then it is written that the delivery has been dealt with. */
  #concluded(lane: Lane, held: Held, { row, end }: Conclusion, outcome: Outcome, asked?: Asked): void {
    const { row: before, kind } = held
    held.stage = 'marking'
    const isFinal = end === 'delivered' || end === 'failed'
    const mark = () => {
      held.row = row
      this.#mark(held, before)
    }
    const generation = this.#generation
    const answer = async () => {
      if (isFinal && kind.answered) await this.#answer(before, kind, outcome, end === 'delivered')
      if (generation === this.#generation) mark()
    }
    if (!kind.answered) {
      mark()
      return
    }
    const tell = async () => {
      this.#answering += 1
      await answer().catch((err: unknown) => {
        if (generation === this.#generation) this.#lost(err)
      })
      if (generation !== this.#generation) return
      this.#answering -= 1
      this.#pump(lane)
      this.#changed()
    }
    if (!asked || !this.#options.inOrder) return void tell()
    asked.answer = tell
    void this.#tellInOrder()
  }

  /** Tells what the answers of attempts were, the first that was started first. */
  async #tellInOrder(): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    for (let first = this.#asked[0]; first?.answer; first = this.#asked[0]) {
      this.#asked.shift()
      await first.answer()
    }
    this.#isTelling = false
  }

  /** Throws what is worth another attempt: the outcome of a command that nobody knows. */
  async #answer(row: DeliveryRow, kind: Kind, outcome: Outcome, isDelivered: boolean): Promise<void> {
    const { account, log } = this.#options
    const first = row.first_refusal === null ? {} : { first_refusal: row.first_refusal }
    try {
      await kind.answered?.({ about: aboutOf(row), outcome, isDelivered, ...first }, account)
    } catch (err) {
      if (err instanceof Unavailable) throw err
      // What was asked about may be over by now; that is the answer's misfortune, and no reason to ask again.
      log.warn({ err, delivery: row.sid, kind: row.kind }, 'an answer could not be used')
    }
  }

  // What came of them

  #mark(held: Held, before: DeliveryRow): void {
    this.#marks.push({ held, from: before.destination, mark: { row: held.row, attempts_before: before.attempts } })
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#flushing = new Promise((resolve) => setImmediate(() => void this.#flush(this.#generation).then(resolve)))
  }

  async #flush(generation: number): Promise<void> {
    const { store, account } = this.#options
    try {
      while (this.#marks.length > 0 && generation === this.#generation) {
        if (!account.isReady) throw new Unavailable('the account is not ours')
        const marks = this.#marks.slice(0, mostMarked)
        const changed = await store.markDeliveries(
          account.account_sid,
          marks.map(({ mark }) => mark)
        )
        if (generation !== this.#generation) break
        if (changed < marks.length) throw new Error('somebody else has marked deliveries')
        this.#marks.splice(0, marks.length)
        this.#written(marks)
      }
    } catch (err) {
      if (generation === this.#generation) this.#lost(err)
    }
    this.#isFlushing = false
    if (this.#marks.length > 0) this.#flushSoon()
    this.#changed()
  }

  #written(marks: readonly { readonly held: Held; readonly from: string }[]): void {
    const touched = new Set<Lane>()
    for (const { held, from } of marks) {
      const lane = this.#laneOf(from)
      lane.written(held)
      touched.add(lane)
      const { row, kind } = held
      if (row.due_at === null || row.destination === from) continue
      const next = this.#laneOf(row.destination)
      next.add(row, kind)
      touched.add(next)
    }
    for (const lane of touched) this.#pump(lane)
  }

  #lost(err: unknown): void {
    this.#options.log.warn({ err }, 'deliveries wait for the store')
    for (const { reject } of this.#waiters.splice(0)) reject(new Unavailable('deliveries wait for the store'))
    this.reset()
  }

  get #isBusy(): boolean {
    return (
      this.#sending > 0 || this.#loading > 0 || this.#answering > 0 || this.#isFlushing || this.#status === 'loading'
    )
  }

  #changed(): void {
    if (this.#isBusy) return
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }
}

/** For the metrics: the status's class, or why there was none. */
function wordOf(outcome: Outcome): string {
  return 'failed' in outcome ? outcome.failed : `${Math.floor(outcome.status / 100)}xx`
}
