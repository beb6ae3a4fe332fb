import type { State } from './center.ts'
import type { CommandOf } from './commands.ts'
import { conversationCommands } from './conversations/commands.ts'
import type { CommandRule } from './core/command.ts'
import type { RenderedEvent } from './core/events.ts'
import type { Row } from './core/row.ts'
import { render } from './events.ts'
import type { Kind } from './kinds.ts'

/** A cold row that the command needs (`reads.ts`), as the store has it. */
export interface Lent {
  readonly kind: Kind
  readonly row: Row
}

/**
 * What would be told if a command were decided now, without what follows from it in other nouns; throws its refusal.
 * Afterwards the state is as it was: whoever must ask somebody else before a decision checks and shows by this what they
 * ask for. SIDs of what the command makes are not those that it will have.
 */
export function rehearse<T extends keyof typeof conversationCommands>(
  state: State,
  { at, command, lent }: { readonly at: number; readonly command: CommandOf<T>; readonly lent: readonly Lent[] }
): readonly RenderedEvent[] {
  const guests = lent.filter(({ kind, row }) => !state.find(kind, row.sid))
  for (const { kind, row } of guests) state.admit(kind, row as never) // a row of that kind
  try {
    return state.rehearsed(at, () => {
      const rule = conversationCommands[command.type as T] as CommandRule<State, CommandOf<T>, unknown> // by its type
      rule.decide(state, command)
      return state.events.map(render)
    })
  } finally {
    for (const { kind, row } of guests) state.evict(kind, row.sid)
  }
}
