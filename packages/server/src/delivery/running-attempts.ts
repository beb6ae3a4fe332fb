import type { Outcome } from './delivery.ts'
import type { Held, Lane } from './lane.ts'
import { Patience } from './patience.ts'
import { queuedMessage } from './queued.ts'
import type { SenderOptions } from './sending.ts'
import { send } from './transport.ts'

/** How an attempt has ended. */
export interface Ended {
  readonly outcome: Outcome
  readonly duration_ms: number
  /** We have hung up on it ourselves: it is sent again by whoever comes after us. */
  readonly isAbandoned: boolean
}

/** Attempts under way to all destinations. */
const maxSending = 256

/**
 * The attempts that are under way, and how many more there may be. The fuller it is, the fewer each destination may have:
 * the slow ones leave room for the others.
 *
 * An attempt counts from `start` until its `onEnd` is called, whatever is forgotten meanwhile: its connection is there.
 */
export class RunningAttempts {
  readonly #options: SenderOptions
  /** One for each attempt under way. */
  readonly #patiences = new Set<Patience>()
  #isAbandoned = false
  /** Lanes that may have had more under way but for the others. */
  readonly #hungry = new Set<Lane>()

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Attempts under way. */
  get count(): number {
    return this.#patiences.size
  }

  /** How many attempts a destination may have under way now. */
  get most(): number {
    const { concurrency } = this.#options
    const { count } = this
    if (count >= maxSending) return 0
    if (count >= (maxSending * 3) / 4) return 1
    return count >= maxSending / 2 ? Math.ceil(concurrency / 4) : concurrency
  }

  /** Makes an attempt, and calls back at once when it has ended. */
  start(lane: Lane, held: Held, onEnd: (ended: Ended) => void): void {
    const { auth_token, allowPrivate, kinesis, carrier, webhookSecret, signing } = this.#options
    const { row, kind } = held
    held.stage = 'sending'
    lane.sending += 1
    const patience = new Patience()
    this.#patiences.add(patience)
    if (this.#isAbandoned) patience.giveUp()
    const own = signing?.(row) ?? (webhookSecret === undefined ? undefined : { secrets: [webhookSecret] })
    const began = performance.now()
    const options = {
      kind,
      auth_token,
      allowPrivate,
      kinesis,
      carrier,
      // Another address is asked anew; whoever keeps tokens for both must not take it for a repetition.
      idempotency_token: row.leg === 1 ? `${row.sid}-fallback` : row.sid,
      patience,
      ...(own && { standard: { ...own, at: Date.now() } })
    }
    void send(queuedMessage(row, kind), options).then((outcome) => {
      this.#patiences.delete(patience)
      lane.sending -= 1
      const isAbandoned = this.#isAbandoned && 'failed' in outcome
      onEnd({ outcome, duration_ms: Math.round(performance.now() - began), isAbandoned })
    })
  }

  /** Remembers a lane that could use a place when one is free. */
  wait(lane: Lane): void {
    this.#hungry.add(lane)
  }

  /** The lane that has waited for longest for a place; it waits no more. */
  nextWaiting(): Lane | undefined {
    const [lane] = this.#hungry
    if (lane) this.#hungry.delete(lane)
    return lane
  }

  /** Lanes were forgotten. */
  forget(): void {
    this.#hungry.clear()
  }

  /** Hangs up on all that is under way. */
  abandon(): void {
    this.#isAbandoned = true
    for (const patience of this.#patiences) patience.giveUp()
  }
}
