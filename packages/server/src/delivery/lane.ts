import { isLate } from './attempt.ts'
import { Breaker } from './breaker.ts'
import type { Kind } from './delivery.ts'
import type { DeliveryRow, DueDelivery } from './rows.ts'

/** A delivery in memory. */
export interface Held {
  row: DeliveryRow
  readonly kind: Kind
  /** `marking`: an attempt has ended, and its outcome is not written yet. */
  stage: 'waiting' | 'sending' | 'marking'
}

/** What can be done for a lane at an instant. */
export interface Due {
  /** What waits, is due, and has nothing before it under its order key. */
  readonly ready: readonly Held[]
  /** What has no time left for an attempt. The first attempt is made all the same, if its destination is there. */
  readonly late: readonly Held[]
}

/** Deliveries that a lane has in memory to be sent while its destination is away. */
const maxHeldAway = 8
/**
 * Deliveries that a lane has in memory to be sent, of some 2 KB each. What is offered beyond it is read again from the store,
 * which costs a seventh of what a delivery takes; a busy receiver that keeps up has some 300 waiting.
 */
const maxUnsent = 512
/** The same with those whose outcome is not written yet. */
const maxMarking = 2 * maxUnsent
/** Deliveries that all lanes together have in memory before each may have but few. */
const many = 4_096
/** The part of its room that each has then. */
const fewer = 8

/** What the lanes of one sender have in memory, all together. */
export class Room {
  held = 0
  readonly #most: number

  /** So many deliveries may a lane have to be sent, while all together are few. */
  constructor(most = maxUnsent) {
    this.#most = most
  }

  get ofLane(): number {
    return this.held < many ? this.#most : this.#most / fewer
  }
}

/**
 * What is queued for one destination: a bounded number of deliveries in memory, in the order of their events, and the
 * number of all. Under an order key they are started one after the other.
 *
 * - Of each order key the lane holds the first ones that are queued: none is held while one before it is in
 *   the store (but for urgent ones, for which somebody waits).
 * - What is being sent, or marked, stays in memory until its outcome is written; only what waits goes back to the store.
 * - `queued` may be too high for a moment: then the store is asked once too often.
 */
export class Lane {
  readonly destination: string
  readonly breaker = new Breaker()
  /** Deliveries that are queued, in the store and in memory together. */
  queued = 0
  /** Attempts under way. */
  sending = 0
  /** The instant from which on the store may have more that is due than is in memory. */
  loads_at = 0
  isLoading = false
  /** Raised by whatever may have changed in the store: a load that began before has perhaps not seen it. */
  news = 0
  /** SIDs of what left memory during a load, which may still have found it queued. */
  readonly #gone = new Set<string>()
  readonly #held = new Map<string, Held>()
  /** How many of those have ended an attempt. */
  #marking = 0
  readonly #room: Room
  /** No delivery in memory is due later. */
  #latest = 0
  cancelAlarm: () => void = () => {}

  constructor(destination: string, room: Room) {
    this.destination = destination
    this.#room = room
  }

  get isEmpty(): boolean {
    return this.queued <= 0 && this.#held.size === 0 && this.sending === 0 && !this.isLoading
  }

  /** Whether all that is queued is in memory. */
  get isComplete(): boolean {
    return this.queued <= this.#held.size
  }

  get #unsent(): number {
    return this.#held.size - this.#marking
  }

  get #most(): number {
    return this.breaker.isOpen ? maxHeldAway : this.#room.ofLane
  }

  get sids(): string[] {
    return [...this.#held.keys()]
  }

  /** How many more are to be loaded now, where so many are ready; 0 while there are enough. */
  wanted(now: number, ready: number): number {
    if (this.isLoading || this.isComplete || now < this.loads_at) return 0
    const { isOpen, asks_at = 0 } = this.breaker
    if (isOpen && now < asks_at) return 0
    const most = this.#most
    return ready >= most / 2 ? 0 : Math.max(0, Math.min(most - this.#unsent, maxMarking - this.#held.size))
  }

  /** A delivery that was just written. It is held while there is room and none is left in the store, or when it is urgent. */
  add(row: DeliveryRow, kind: Kind): void {
    const hasRoom = this.isComplete && this.#unsent < this.#most && this.#held.size < maxMarking
    this.queued += 1
    this.news += 1
    // A load may have been quicker than whoever wrote it.
    if (this.#held.has(row.sid)) return
    if (hasRoom || kind.urgent) this.#hold(row, kind)
    else {
      this.loads_at = Math.min(this.loads_at, row.due_at ?? 0)
      if (this.#unsent >= this.#most) this.#releaseLater(row.due_at ?? 0)
    }
  }

  /** Deliveries that were written, and of which only the number is known. */
  addUnseen(many: number): void {
    this.queued += many
    this.news += 1
    this.loads_at = 0
  }

  /** A delivery that was read from the store. It is not held when the one before it, under its order key, is not. */
  hold({ row, after }: DueDelivery, kind: Kind): void {
    if (this.#held.has(row.sid) || this.#gone.has(row.sid) || (after !== null && !this.#held.has(after))) return
    this.#hold(row, kind)
  }

  loadBegins(): void {
    this.isLoading = true
    this.#gone.clear()
  }

  /** An attempt has ended; what came of it is about to be written. */
  concluded(held: Held): void {
    held.stage = 'marking'
    this.#marking += 1
  }

  /** The outcome of an attempt is written: the delivery has left the lane, or waits for another attempt. */
  written(held: Held): void {
    const { row } = held
    this.news += 1
    this.loads_at = 0
    if (this.#held.get(row.sid) === held) this.#marking -= 1
    if (row.due_at === null || row.destination !== this.destination) {
      this.queued -= 1
      this.#drop(row.sid)
      return
    }
    held.stage = 'waiting'
    this.#latest = Math.max(this.#latest, row.due_at)
    // Others are waiting in the store, perhaps to be sent before it is its turn again.
    if (!this.isComplete) this.#release(held)
  }

  /** Its destination is away: leaves to the store what waits for another attempt, and of the rest all but the first ones. */
  trim(now: number): void {
    this.news += 1
    this.loads_at = 0
    this.#releaseLater(now)
    for (const [sid, { stage, kind }] of [...this.#held].slice(maxHeldAway))
      if (stage === 'waiting' && !kind.urgent) this.#drop(sid)
  }

  /** What is due at an instant. */
  due(now: number): Due {
    const ready: Held[] = []
    const late: Held[] = []
    for (const held of this.#free(now)) {
      const isTooLate = isLate(held.row, now) && (held.row.tries > 0 || this.breaker.isOpen)
      if (isTooLate) late.push(held)
      else ready.push(held)
    }
    return { ready, late }
  }

  /** What of the ready may be started now, with at most so many attempts under way in this lane. */
  startable(ready: readonly Held[], now: number, most: number): Held[] {
    const { isOpen, asks_at = 0 } = this.breaker
    let questions = isOpen ? (now >= asks_at && this.sending === 0 ? 1 : 0) : Number.POSITIVE_INFINITY
    const found: Held[] = []
    for (const held of ready) {
      if (this.sending + found.length >= most) break
      if (!held.kind.urgent) {
        if (questions === 0) continue
        questions -= 1
      }
      found.push(held)
    }
    return found
  }

  /** The next instant, after `now`, for which an alarm is needed: nothing else would pump the lane then. */
  next(now: number): number | undefined {
    const { isOpen, asks_at = 0 } = this.breaker
    let first = Number.POSITIVE_INFINITY
    if (isOpen || this.#latest > now)
      for (const { row, kind } of this.#free(Number.POSITIVE_INFINITY)) {
        const due = row.due_at ?? 0
        const at = isOpen && !kind.urgent ? Math.max(due, asks_at) : due
        if (at > now) first = Math.min(first, at)
      }
    if (!this.isComplete && !this.isLoading) {
      const at = Math.max(this.loads_at, isOpen ? asks_at : 0)
      if (at > now) first = Math.min(first, at)
    }
    return Number.isFinite(first) ? first : undefined
  }

  /** What waits, is due by an instant, and has nothing before it under its order key. */
  #free(now: number): Held[] {
    const found: Held[] = []
    const taken = new Set<string>()
    for (const held of this.#held.values()) {
      const { due_at, order_key } = held.row
      if (due_at === null) continue
      if (order_key !== null) {
        if (taken.has(order_key)) continue
        taken.add(order_key)
      }
      if (held.stage === 'waiting' && due_at <= now) found.push(held)
    }
    return found
  }

  #hold(row: DeliveryRow, kind: Kind): void {
    this.#held.set(row.sid, { row, kind, stage: 'waiting' })
    this.#room.held += 1
    this.#latest = Math.max(this.#latest, row.due_at ?? 0)
  }

  #letGo(sid: string): void {
    if (this.#held.delete(sid)) this.#room.held -= 1
  }

  #drop(sid: string): void {
    this.#letGo(sid)
    if (this.isLoading) this.#gone.add(sid)
  }

  /** What waits for another attempt can wait in the store. */
  #releaseLater(now: number): void {
    for (const held of [...this.#held.values()])
      if (held.stage === 'waiting' && (held.row.due_at ?? 0) > now) this.#release(held)
  }

  /** Leaves a delivery to the store, and with it what waits behind it under its order key. */
  #release({ row }: Held): void {
    this.#letGo(row.sid)
    if (row.order_key === null) return
    for (const [sid, held] of this.#held)
      if (held.row.order_key === row.order_key && held.stage === 'waiting') this.#letGo(sid)
  }
}
