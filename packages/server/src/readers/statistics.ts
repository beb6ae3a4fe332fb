import {
  type Cell,
  cellsOf,
  type Figures,
  type Histograms,
  join,
  keyOf,
  type Run
} from '@ringdown/engine/statistics/rollup'
import { type Stay, stayEvents, staysOf } from '@ringdown/engine/statistics/stay'
import type { RollupRow } from '../store/readings.ts'
import type { Store } from '../store/store.ts'
import type { Digest } from './follower.ts'

/** Keeps the roll-ups and the stays behind cumulative statistics (reference taskrouter 7.3 and 7.4). */
export function statisticsDigest(store: Store, account_sid: string): Digest {
  return async (events) => {
    const fresh = cellsOf(events)
    const moves = events.filter(({ type }) => stayEvents.has(type))
    const [known, open] = await Promise.all([
      knownCells(store, account_sid, fresh),
      openStays(store, account_sid, moves)
    ])
    const rollups = fresh.map((cell): RollupRow => {
      const before = known.get(keyOf(cell))
      return rowOf(before ? { ...cell, ...join(before, cell) } : cell)
    })
    return { rollups, stays: staysOf(moves, open) }
  }
}

/** A cell as it was stored. */
export function cellOf({ figures, histograms, ...key }: RollupRow): Cell {
  return {
    ...key,
    figures: JSON.parse(figures) as Figures, // as rowOf wrote it
    histograms: JSON.parse(histograms) as Histograms // as above
  }
}

function rowOf({ scope_sid, span, start, task_channel_sid, figures, histograms }: Cell): RollupRow {
  return {
    scope_sid,
    span,
    start,
    task_channel_sid,
    figures: JSON.stringify(figures),
    histograms: JSON.stringify(histograms)
  }
}

/** What is stored of the cells already. */
async function knownCells(store: Store, account_sid: string, cells: readonly Cell[]): Promise<Map<string, Cell>> {
  if (cells.length === 0) return new Map()
  const scopes = [...new Set(cells.map(({ scope_sid }) => scope_sid))]
  const rows = await store.rollups(account_sid, { scopes, runs: runsOf(cells), histograms: true })
  return new Map(rows.map((row) => [keyOf(row), cellOf(row)]))
}

/** One run for each length of cells: a step's events follow each other in time. */
function runsOf(cells: readonly Cell[]): Run[] {
  const runs = new Map<number, Run>()
  for (const { span, start } of cells) {
    const known = runs.get(span)
    runs.set(span, {
      span,
      start: Math.min(start, known?.start ?? start),
      end: Math.max(start + span, known?.end ?? 0)
    })
  }
  return [...runs.values()]
}

/** The running stays that the events may end. */
async function openStays(
  store: Store,
  account_sid: string,
  moves: readonly { readonly type: string; readonly workspace_sid: string | null; readonly worker_sid: string | null }[]
): Promise<Stay[]> {
  const workers = new Set(moves.flatMap(({ worker_sid }) => worker_sid ?? []))
  const asked = workers.size === 0 ? [] : [store.openStays(account_sid, { workers: [...workers] })]
  for (const { type, workspace_sid } of moves)
    if (type === 'workspace.deleted' && workspace_sid !== null)
      asked.push(store.openStays(account_sid, { workspace_sid }))
  return (await Promise.all(asked)).flat()
}
