import type { ServerResponse } from 'node:http'
import type { Actor } from '@ringdown/engine/core/events'
import type { EngineEvent } from '@ringdown/engine/events'

/**
 * One request until its answer has left. Followers of the log are told only then what the request caused: whoever changes
 * something and then waits for the event gets the two in that order.
 */
export class Exchange {
  /** Hears what the request has caused, when that is durable and before the answer is made. */
  onDurable: ((events: readonly EngineEvent[]) => void) | undefined
  /** Who asks, and in whose place; undefined for the account itself. */
  #actor: Actor | undefined
  #isOver = false
  readonly #waiting: (() => void)[] = []

  constructor(actor?: Actor) {
    this.#actor = actor
  }

  get actor(): Actor | undefined {
    return this.#actor
  }

  /** What it causes is done in the place of a worker, other than who asks. */
  actsFor(worker_sid: string | undefined): void {
    if (this.#actor && worker_sid !== undefined && worker_sid !== this.#actor.sid)
      this.#actor = { type: this.#actor.type, sid: this.#actor.sid, on_behalf_of: worker_sid }
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Calls back when it is over; never for one that is over already. */
  onceOver(call: () => void): void {
    this.#waiting.push(call)
  }

  /** The answer has left, or nobody is there any more to take it. A second call does nothing. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const call of this.#waiting.splice(0)) call()
  }
}

interface ExchangeOptions {
  readonly actor?: Actor | undefined
  readonly within?: Exchange | undefined
}

/**
 * The exchange of a response: over when its last byte is with the system, or its connection is gone. Of a request that is
 * one of several `within` an exchange: over with that one. `actor` is who asks.
 */
export function exchangeOf(response: ServerResponse, { actor, within }: ExchangeOptions = {}): Exchange {
  const exchange = new Exchange(actor)
  const end = () => exchange.end()
  if (within) {
    if (within.isOver) end()
    else within.onceOver(end)
    return exchange
  }
  response.on('finish', end).on('close', end)
  return exchange
}

/** Milliseconds for which followers wait for answers: one that nobody reads does not hold up everybody for longer. */
const patience_ms = 250

interface Held<B> {
  readonly batch: B
  readonly exchanges: Set<Exchange>
  timer: NodeJS.Timeout | undefined
}

/**
 * Durable batches whose answers are still on their way, in their order. A batch waits for its own answers and for the
 * batches before it, for no answer longer than `patience_ms` after the batch was durable; the wait is the machine's
 * time, under a test clock too, and changes no order. Without answers to wait for, a batch passes at once.
 */
export class Holding<B> {
  readonly #pass: (batch: B) => void
  #held: Held<B>[] = []
  #drained: (() => void)[] = []

  constructor(pass: (batch: B) => void) {
    this.#pass = pass
  }

  /** Passes a batch on when its answers have left. */
  add(batch: B, exchanges: Iterable<Exchange>): void {
    const open = new Set<Exchange>()
    for (const exchange of exchanges) if (!exchange.isOver) open.add(exchange)
    if (open.size === 0 && this.#held.length === 0) {
      this.#pass(batch)
      return
    }
    const held: Held<B> = { batch, exchanges: open, timer: undefined }
    this.#held.push(held)
    if (open.size === 0) return
    for (const exchange of open)
      exchange.onceOver(() => {
        open.delete(exchange)
        if (open.size === 0) this.#release()
      })
    held.timer = setTimeout(() => {
      open.clear()
      this.#release()
    }, patience_ms)
  }

  /** Resolves when all that was added before the call has been passed on. */
  async drained(): Promise<void> {
    if (this.#held.length > 0) await new Promise<void>((resolve) => this.#drained.push(resolve))
  }

  /** Passes everything on at once. */
  flush(): void {
    for (const { exchanges } of this.#held) exchanges.clear()
    this.#release()
  }

  #release(): void {
    for (let first = this.#held[0]; first && first.exchanges.size === 0; first = this.#held[0]) {
      this.#held.shift()
      clearTimeout(first.timer)
      this.#pass(first.batch)
    }
    if (this.#held.length > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
