import type { EngineEvent } from '@ringdown/engine/events'
import type { Entry } from './entry.ts'
import { type Exchange, Holding } from './exchange.ts'

type Listener = (events: readonly EngineEvent[]) => void

/**
 * Who follows the log of an account: told the events of every durable batch, in order, once the requests that caused them
 * are answered (docs/decisions/017-answers-before-events.md).
 *
 * - `add` is for durable batches only, in the order in which they were written.
 * - `told_seq` lags behind the disk while answers are on their way. It jumps in `startAt` alone, when the account was
 *   loaded: what was written before that is for those who read the log.
 */
export class Followers {
  readonly #listeners = new Set<Listener>()
  readonly #holding = new Holding<readonly Entry[]>((entries) => this.#tell(entries))
  #told: number

  /** Begins after the event with this seq. */
  constructor(seq: number) {
    this.#told = seq
  }

  /** Seq of the last event that followers have been told, or could have been. */
  get told_seq(): number {
    return this.#told
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

  /** Resolves when followers have been told of all that was added before the call. */
  drained(): Promise<void> {
    return this.#holding.drained()
  }

  /** Waits for no more answers. */
  flush(): void {
    this.#holding.flush()
  }

  /** The account was loaded: the last event on disk has this seq. */
  startAt(seq: number): void {
    this.#told = seq
  }

  #tell(entries: readonly Entry[]): void {
    this.#told = Math.max(this.#told, (entries.at(-1)?.head.next_event ?? 0) - 1)
    if (this.#listeners.size === 0) return
    const events = entries.flatMap((entry) => entry.decision.events)
    for (const listener of this.#listeners) listener(events)
  }
}

/** The requests that a batch answers. */
function exchangesOf(entries: readonly Entry[]): Exchange[] {
  return entries.flatMap(({ exchange }) => exchange ?? [])
}
