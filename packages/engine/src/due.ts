import type { State } from './center.ts'
import type { Command } from './commands.ts'
import type { Seed } from './core/ids.ts'
import { type Decision, decide } from './decide.ts'

/** A timer that was due, and what was decided then. */
export interface DueDecision {
  /** Instant at which it was due. */
  readonly due: number
  readonly command: Command
  readonly decision: Decision
}

/**
 * Decides every timer that is due at or before an instant, in their order, each as a decision of its own and at its own
 * time. Whoever executes commands does this before one (so that what was due earlier happens earlier) and after it (a
 * task may fall through targets whose time is over).
 *
 * A generator: the caller stores each decision before it asks for the next. What a decision throws comes out of it, with
 * the state as before that decision and the timer still there.
 */
export function* decideDue(state: State, at: number, seedFor: (decision: number) => Seed): Generator<DueDecision> {
  for (let timer = state.nextTimer; timer && timer.due <= at; timer = state.nextTimer) {
    const { due, sid } = timer
    const command = { type: timer.command, sid } as Command // a kind's timers name commands that take a SID
    const decision = decide(state, { at: Math.max(due, state.at), seed: seedFor(state.decision), command })
    const next = state.nextTimer
    if (next && next.due === due && next.sid === sid && next.command === timer.command)
      throw new Error(`invariant: ${command.type} of ${sid} ends its timer`)
    yield { due, command, decision }
  }
}
