import { State } from '@ringdown/engine/center'
import type { Row } from '@ringdown/engine/core/row'
import type { Table } from '@ringdown/engine/core/table'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import type { Settings } from '@ringdown/engine/settings'

export const allKinds = Object.keys(kinds) as readonly Kind[] // the keys of the catalogue are the kinds

/** The table of a kind, when it does not matter of which. */
export function tableOf(state: State, kind: Kind): Table<Row> {
  return state.tables[kind] as unknown as Table<Row> // every kind's row is a Row
}

/**
 * Everything that a state holds and that anything could depend on, as plain values that can be compared: rows, every
 * group of every index, timers, matcher and counters. Two states with the same snapshot must decide the same from then on.
 */
export function snapshot(state: State): Record<string, unknown> {
  const { at, decision, next_seq, next_event } = state
  const rows = Object.fromEntries(allKinds.map((kind) => [kind, tableOf(state, kind).all()]))
  return {
    at,
    decision,
    next_seq,
    next_event,
    rows,
    indexes: indexesOf(state),
    timers: timersOf(state),
    matcher: poolsOf(state)
  }
}

function indexesOf(state: State): Record<string, unknown> {
  const indexes: Record<string, unknown> = {}
  for (const kind of allKinds) {
    const table = tableOf(state, kind)
    for (const name of Object.keys(table.definition.indexes ?? {})) {
      const groups = [...table.groups(name)].map(([key, rows]) => [key, rows.map((row) => row.sid)] as const)
      indexes[`${kind}.${name}`] = groups.sort(byFirst)
    }
  }
  return indexes
}

/** In the order in which they are due. */
export function timersOf(state: State): readonly unknown[] {
  const timers = [...state.timers].sort((a, b) => a.due - b.due || a.seq - b.seq || a.order - b.order)
  return timers.map(({ due, seq, order, command, sid }) => [due, seq, order, command, sid])
}

function poolsOf(state: State): Record<string, unknown> {
  const { matcher, tables } = state
  const waiting = (place: string) => [...(matcher.waiting(place) ?? [])].map((task) => task.sid)
  return {
    queues: tables.task_queue.all().map(({ sid }) => [sid, [...matcher.members(sid)].sort(), waiting(sid)]),
    workers: tables.worker.all().map(({ sid }) => [sid, [...matcher.queuesOf(sid)].sort(), waiting(sid)]),
    loads: tables.worker_channel
      .all()
      .map(({ sid, worker_sid, task_channel_sid }) => [sid, { ...matcher.load(worker_sid, task_channel_sid) }]),
    available: tables.workspace.all().map(({ sid }) => [sid, matcher.available(sid)])
  }
}

/** A row of any kind. */
interface AnyRow {
  readonly kind: Kind
  readonly row: Row
}

/** A state made from the rows of another (or from given ones), as one is made at start from those that were stored. */
export function reloaded(
  state: State,
  settings: Settings = state.settings,
  rows: Iterable<AnyRow> = rowsOf(state)
): State {
  const fresh = new State(state.account_sid, settings, state.tools)
  for (const { kind, row } of [...rows].sort((a, b) => a.row.seq - b.row.seq)) fresh.admit(kind, row as never) // of its own kind
  fresh.matcher.settle()
  fresh.at = state.at
  fresh.decision = state.decision
  fresh.next_seq = state.next_seq
  fresh.next_event = state.next_event
  return fresh
}

function* rowsOf(state: State): Generator<AnyRow> {
  for (const kind of allKinds) for (const row of tableOf(state, kind).all()) yield { kind, row }
}

/** Forgets rows that were put away until that instant or an earlier one, as a server does in its store. */
export function forgetOver(state: State, at: number): void {
  for (const kind of allKinds) {
    const table = tableOf(state, kind)
    if (table.definition.cold?.until === undefined) continue
    for (const row of table.all())
      if ((table.goneFrom(row) ?? Number.POSITIVE_INFINITY) <= at) state.evict(kind, row.sid)
  }
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}
