import { type Command, type CommandType, deciders, type ResultOf } from './commands.ts'
import type { Seed } from './core/ids.ts'
import type { Row } from './core/row.ts'
import type { Change, State } from './core/state.ts'
import type { Table } from './core/table.ts'
import type { EngineEvent } from './events.ts'
import type { Kind } from './kinds.ts'
import { reactions } from './reactions.ts'
import { offerWaiting } from './routing/route.ts'

export interface Decision<R = unknown> {
  /** Changed rows, each once, with what they were before. Timers are columns of them. */
  readonly changes: readonly Change[]
  readonly events: readonly EngineEvent[]
  /** What the command's decider answered: frozen copies of rows. */
  readonly result: R
}

/**
 * Decides one command at an instant: its own change, what follows from it in other nouns (`reactions`), and what routing
 * makes of it, together or not at all. Throws a `Refusal`, or any other error, with the state as it was before.
 *
 * The same state, instant, seed and command give the same decision, always.
 */
export function decide<C extends Command>(
  state: State,
  { at, seed, command }: { readonly at: number; readonly seed: Seed; readonly command: C }
): Decision<ResultOf<C['type']>> {
  state.begin(at, seed)
  try {
    const decider = deciders[command.type as CommandType] as unknown as (state: State, params: C) => ResultOf<C['type']> // by its type
    const result = decider(state, command)
    follow(state)
    const fresh = refreshed(state, result)
    const { changes, events } = state.end()
    return { changes, events, result: fresh }
  } catch (error) {
    state.rollback()
    throw error
  }
}

/** Reactions to what has happened, then routing, until neither has anything left to do. */
function follow(state: State): void {
  let seen = 0
  do {
    for (; seen < state.events.length; seen++) {
      const event = state.events[seen] as EngineEvent // seen < length
      reactions[event.type]?.(state, event)
    }
    offerWaiting(state)
  } while (seen < state.events.length)
}

/** Rows of the answer as they are after everything that followed: a task that was offered at once is answered reserved. */
function refreshed<R>(state: State, result: R): R {
  const rows = result as Record<string, unknown>
  let fresh = rows
  for (const name in rows) {
    const row = rows[name]
    const table = state.tables[name as Kind] as unknown as Table<Row> | undefined // a name may be that of something else
    const sid = (row as { sid?: unknown } | null)?.sid
    const now = table && typeof sid === 'string' ? (table.get(sid) ?? row) : row
    if (now === row) continue
    if (fresh === rows) fresh = { ...rows }
    fresh[name] = now
  }
  return fresh as R
}
