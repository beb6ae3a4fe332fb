import type { ServerResponse } from 'node:http'

/**
 * One request on its way to its answer. Followers of the log are told what it caused when the answer has left: whoever
 * changes something and then waits for the event hears the two in that order.
 */
export class Exchange {
  #isOver = false
  readonly #waiting: (() => void)[] = []

  get isOver(): boolean {
    return this.#isOver
  }

  /** Calls back once it is over; not for one that is over already. */
  onceOver(call: () => void): void {
    this.#waiting.push(call)
  }

  /** The answer has left, or there is nobody any more to take it. Again is to no effect. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const call of this.#waiting.splice(0)) call()
  }
}

/** The exchange of a response: over when its last byte is with the system, or its connection is gone. */
export function exchangeOf(response: ServerResponse): Exchange {
  const exchange = new Exchange()
  const end = () => exchange.end()
  response.once('finish', end)
  response.once('close', end)
  return exchange
}

/** Milliseconds for which followers wait for answers: one that nobody reads, or that takes long, holds up nobody else. */
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
