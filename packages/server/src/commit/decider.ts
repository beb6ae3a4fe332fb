import type { State } from '@ringdown/engine/center'
import { type Seed, seedOf } from '@ringdown/engine/core/ids'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { Timer } from '@ringdown/engine/core/timers'
import { decide } from '@ringdown/engine/decide'
import type { Clock } from '../clock/clock.ts'
import { ColdRows } from './cold-rows.ts'
import { actorOf, type Entry, type Undecided } from './entry.ts'
import type { GroupCommit } from './group-commit.ts'
import { drawSeed } from './seeds.ts'

export interface DeciderOptions {
  readonly state: State
  readonly commit: GroupCommit
  readonly clock: Clock
  /** Seeds every decision from this number and its own; without it, each draws 128 random bits. */
  readonly seed?: number | undefined
  /** Whether decisions are being written. */
  readonly isReady: () => boolean
}

/**
 * The one writer of an account's state: decides commands in memory, one at a time, and hands what was decided to the group
 * commit (docs/decisions/002-one-writer-per-account.md).
 *
 * - Rows change in `add` alone. `sweep` lets cold rows leave memory, `park` takes a timer out of the order, and `replace`
 *   puts another state in the place of this one. Everybody else reads it, and asks for it anew after each wait.
 * - Memory is ahead of the disk by what the group commit holds. `replace` therefore forgets which cold rows are where, and
 *   comes after the group commit has given up what it held (a state that is only read excepted: nothing is decided on it).
 */
export class Decider {
  readonly #options: DeciderOptions
  #state: State
  /** Which cold rows are in memory, and why. */
  readonly cold = new ColdRows()

  constructor(options: DeciderOptions) {
    this.#options = options
    this.#state = options.state
  }

  get state(): State {
    return this.#state
  }

  /** The account was loaded. */
  replace(state: State): void {
    this.#state = state
  }

  /** The instant of the next decision: time does not go back behind the last one. */
  now(): number {
    return Math.max(this.#state.at, this.#options.clock.now())
  }

  /** The seed of the next decision. */
  seed(): Seed {
    const { seed } = this.#options
    return seed === undefined ? drawSeed() : seedOf(seed, this.#state.decision)
  }

  /** Decides one command and hands it to the group commit. A refusal goes to whoever asked. */
  add(undecided: Undecided): void {
    const { command, at, seed, reads, fetched } = undecided
    const actor = actorOf(undecided)
    const state = this.#state
    this.cold.admit(state, fetched)
    try {
      const comparisons = this.#comparisons(undecided)
      const decision = decide(state, { at, seed, command, reads, actor, comparisons })
      const head = { at: state.at, decision: state.decision, next_seq: state.next_seq, next_event: state.next_event }
      this.cold.decided(decision.changes)
      const kept = undecided.keep?.(decision.result)
      this.#options.commit.add(decided(undecided, decision, head, kept))
    } catch (error) {
      this.#refuse(undecided, error)
    } finally {
      this.cold.served(state, fetched)
    }
  }

  /** How much may be asked at once. In the end it is made at once, whatever that takes. */
  #comparisons({ begun }: Undecided): number | undefined {
    return begun === undefined || begun >= maxBegun ? undefined : this.#state.settings.comparisons_at_once
  }

  /** Takes a timer out of the order, until its row changes or is loaded anew. */
  park(timer: Timer): void {
    this.#state.timers.remove(timer)
  }

  /** Decisions are on disk: the cold rows that they changed may leave memory. */
  durable(entries: readonly Entry[]): void {
    for (const { decision } of entries) this.cold.durable(decision.changes)
  }

  /** Who follows the log has been told: cold rows that may leave memory do. */
  sweep(): void {
    this.cold.sweep(this.#state)
  }

  /** What a refusal is about may not be durable yet: a caller is told when it is. */
  #refuse({ timer, reject }: Undecided, error: unknown): void {
    const { commit, isReady } = this.#options
    if (timer === undefined && error instanceof Refusal && commit.length > 0 && isReady())
      commit.settled(this.#state.decision).then(() => reject(error), reject)
    else reject(error)
  }
}

/** Named one by one: spread and added to, each would have a shape of its own (docs/decisions/064-made-for-every-decision.md). */
function decided(
  { command, at, seed, reads, fetched, timer, exchange, keep, begun, resolve, reject }: Undecided,
  decision: Entry['decision'],
  head: Entry['head'],
  kept: Entry['kept']
): Entry {
  const made = {
    command,
    at,
    seed,
    reads,
    fetched,
    timer,
    exchange,
    keep,
    begun,
    decision,
    kept,
    head,
    resolve,
    reject
  }
  return made satisfies { [F in keyof Required<Entry>]: Entry[F] }
}

/** A decision that was begun so often is made whole: workers change faster than they are asked. */
const maxBegun = 500
