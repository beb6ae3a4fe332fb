import { noteChange } from './access/audit.ts'
import type { State } from './center.ts'
import { type Command, commands, type ResultOf } from './commands.ts'
import { type DecisionOf, decideBy, type Input, type Rules } from './core/decide.ts'
import type { EngineEvent, EventType } from './events.ts'
import type { Kinds } from './kinds.ts'
import { reactions } from './reactions.ts'
import { offerWaiting } from './routing/offer-waiting.ts'

export type Decision<R = unknown> = DecisionOf<Kinds, EventType, R>

const rules: Rules<State, EngineEvent> = { commands, reactions, conclude: offerWaiting, noted: noteChange }

/** What a decision is made from, and how much it may ask at once. */
interface BoundedInput<C> extends Input<C> {
  /** Comparisons of targets' long expressions after which it is broken off; without it, it is never. */
  readonly comparisons?: number | undefined
}

/**
 * Decides one command of the contact center at an instant: its own change, what other nouns do because of it (`reactions`),
 * and what routing makes of it, together or not at all. Throws a `Refusal`, or any other error, with the state as it was;
 * `Unfinished` when it has asked more than it may at once: begun again, it comes further.
 *
 * The same state, instant, seed and command give the same decision, always.
 */
export function decide<C extends Command>(state: State, input: BoundedInput<C>): Decision<ResultOf<C['type']>> {
  const { longAnswers } = state.matcher
  longAnswers.left = input.comparisons ?? Number.POSITIVE_INFINITY
  try {
    return decideBy<Kinds, EventType, State>(rules, state, input) as Decision<ResultOf<C['type']>> // as the command's decider answers
  } finally {
    longAnswers.left = Number.POSITIVE_INFINITY
  }
}
