import type { CommandRule, Read } from './command.ts'
import type { Actor, EventOf } from './events.ts'
import type { Seed } from './ids.ts'
import type { Row } from './row.ts'
import type { ChangeOf, CoreState, RowsOf } from './state.ts'
import type { Table } from './table.ts'

export interface DecisionOf<K extends RowsOf<K>, E extends string, R> {
  /** Changed rows, each once, with what they were before. Timers are columns of them. */
  readonly changes: readonly ChangeOf<K>[]
  readonly events: readonly EventOf<K, E>[]
  /** What the command's decider answered: frozen copies of rows. */
  readonly result: R
}

/** What a decision is made from. */
export interface Input<C> {
  readonly at: number
  readonly seed: Seed
  readonly command: C
  /** What was read from the store for the command; without it, memory is taken to hold every row. */
  readonly reads?: readonly Read[] | undefined
  /** Who wishes it; undefined for the account itself. */
  readonly actor?: Actor | undefined
}

/** How a center decides: what each command does, and what follows from it. `S` is its state, `V` are its events. */
export interface Rules<S, V> {
  /** By the command's type. */
  readonly commands: Readonly<Record<string, CommandRule<S, never, unknown>>>
  /** What one noun does because something happened to another; by the event's type. */
  readonly reactions: Readonly<Record<string, ((state: S, event: V) => void) | undefined>>
  /** What is done once nothing reacts any more. It may cause events, to which others react in turn. */
  conclude(state: S): void
  /** Keeps that somebody other than the account wished it. */
  noted(state: S, command: { readonly type: string }, actor: Actor): void
}

/**
 * Decides one command at an instant: its own change, what follows from it in other nouns, and the conclusion, together or
 * not at all. Throws a `Refusal`, or any other error, with the state as it was before.
 *
 * The same state, instant, seed and command give the same decision, always.
 */
export function decideBy<K extends RowsOf<K>, E extends string, S extends CoreState<K, E>>(
  rules: Rules<S, EventOf<K, E>>,
  state: S & CoreState<K, E>,
  { at, seed, command, reads, actor }: Input<{ readonly type: string }>
): DecisionOf<K, E, unknown> {
  state.begin(at, seed, reads, actor)
  try {
    const rule = rules.commands[command.type] as CommandRule<S, object, unknown> // the command's type is one of them
    const result = rule.decide(state, command)
    follow(rules, state)
    if (actor) rules.noted(state, command, actor)
    const fresh = refreshed(state.tables, result)
    const { changes, events } = state.end()
    return { changes, events, result: fresh }
  } catch (error) {
    state.rollback()
    throw error
  }
}

/** Reactions to what has happened, then the conclusion, until neither has anything left to do. */
function follow<S extends { readonly events: readonly V[] }, V extends { readonly type: string }>(
  rules: Rules<S, V>,
  state: S
): void {
  let seen = 0
  do {
    for (; seen < state.events.length; seen++) {
      const event = state.events[seen]
      if (event) rules.reactions[event.type]?.(state, event)
    }
    rules.conclude(state)
  } while (seen < state.events.length)
}

/** Rows of the answer as they are after everything that followed: a task that was offered at once is answered reserved. */
function refreshed(tables: object, result: unknown): unknown {
  const rows = result as Readonly<Record<string, unknown>>
  let fresh: Record<string, unknown> | undefined
  for (const name in rows) {
    const row = rows[name]
    const table = (tables as Readonly<Record<string, Table<Row> | undefined>>)[name] // a name may be that of something else
    const sid = (row as { sid?: unknown } | null)?.sid
    const now = table && typeof sid === 'string' ? (table.entry(sid)?.row ?? row) : row
    if (now === row) continue
    fresh ??= { ...rows }
    fresh[name] = now
  }
  return fresh ?? rows
}
