import type { State } from '../center.ts'
import { sizeOf, withChanges } from './context.ts'
import type { ContextChange, ExecutionRow } from './rows.ts'

/** The execution goes on at once, in a decision of its own: that may read what its next widget needs. */
export function goOn(state: State, sid: string): ExecutionRow {
  const { turns } = state.tables.execution.need(sid)
  const due = turns % 2 === 0 ? { date_turn: state.at } : { date_next_turn: state.at }
  return state.change('execution', sid, {
    waits_for: 'turn',
    ticket: null,
    request: null,
    said_sid: null,
    date_timeout: null,
    ...due
  })
}

/** What an execution waited for has happened, with what is to be seen of it. */
export function happen(
  state: State,
  sid: string,
  happened: string,
  changes: readonly ContextChange[] = []
): ExecutionRow {
  setContext(state, sid, changes)
  state.change('execution', sid, { happened })
  return goOn(state, sid)
}

/** Sets members of the context; the next step shows them. */
export function setContext(state: State, sid: string, changes: readonly ContextChange[]): ExecutionRow {
  const execution = state.tables.execution.need(sid)
  if (changes.length === 0) return execution
  return state.change('execution', sid, {
    context: withChanges(execution.context, changes),
    unsaved: [...execution.unsaved, ...changes],
    context_size: execution.context_size + sizeOf(changes)
  })
}
