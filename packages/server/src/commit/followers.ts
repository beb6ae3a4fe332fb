import type { EngineEvent } from '@ringdown/engine/events'
import type { Entry } from './entry.ts'
import { type Exchange, Holding } from './exchange.ts'

type Listener = (events: readonly EngineEvent[]) => void

/**
 * The followers of an account's log: they are notified of the events of every durable batch, in order, once the requests
 * that caused them are answered (docs/decisions/017-answers-before-events.md).
 *
 * - `add` is for durable batches only, in the order in which they were written.
 * - `notified_seq` lags behind the disk while answers are on their way. It jumps in `startAt` alone, when the account was
 *   loaded: what was written before that is for those who read the log.
 */
export class Followers {
  readonly #listeners = new Set<Listener>()
  readonly #holding = new Holding<readonly Entry[]>((entries) => this.#notify(entries))
  readonly #onNotified: () => void
  #notified_seq: number

  /** Begins after the event with this seq; calls back whenever everybody has been notified of a batch. */
  constructor(seq: number, onNotified: () => void = () => {}) {
    this.#notified_seq = seq
    this.#onNotified = onNotified
  }

  /** Seq of the last event that followers have been notified of, or could have been. */
  get notified_seq(): number {
    return this.#notified_seq
  }

  /** The answer ends it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A batch is durable. */
  add(entries: readonly Entry[]): void {
    this.#holding.add(entries, exchangesOf(entries))
  }

  /** Resolves when followers have been notified of all that was added before the call. */
  drained(): Promise<void> {
    return this.#holding.drained()
  }

  /** Waits for no more answers. */
  flush(): void {
    this.#holding.flush()
  }

  /** The account was loaded: the last event on disk has this seq. */
  startAt(seq: number): void {
    this.#notified_seq = seq
  }

  #notify(entries: readonly Entry[]): void {
    this.#notified_seq = Math.max(this.#notified_seq, (entries.at(-1)?.head.next_event ?? 0) - 1)
    if (this.#listeners.size > 0) {
      const events = entries.flatMap((entry) => entry.decision.events)
      for (const listener of this.#listeners) listener(events)
    }
    this.#onNotified()
  }
}

/** The requests that a batch answers. */
function exchangesOf(entries: readonly Entry[]): Exchange[] {
  return entries.flatMap(({ exchange }) => exchange ?? [])
}
