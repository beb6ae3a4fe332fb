import {
  type CellKey,
  cellKey,
  finest,
  type Histograms,
  type Packed,
  type PlacedSum,
  type Run,
  type Sum,
  summing,
  type ToldEvent
} from '@ringdown/engine/analytics/rollup'
import {
  joinStayCells,
  type Stay,
  type StayCell,
  stayCellsOf,
  stayEvents,
  staysOf
} from '@ringdown/engine/analytics/stay'
import type { Digest } from '../log/follower.ts'
import type { Store } from '../store/store.ts'
import { type CellRow, Cells, cellWrites } from './cells.ts'
import { stayCellPlace, stayCellRow, stayCellsIn } from './stay-cells.ts'
import { ToldEvents } from './told.ts'

/** Name of this reader, and of its cursor. */
export const statisticsReader = 'statistics'

/**
 * Events of one step at most. A step writes a cell for whoever took part, however many events there were, and decisions
 * wait for that transaction: so there are few steps, and large ones.
 */
const step = 20_000

/** The log as this reader reads it: by the columns that the folds take. */
export function statisticsReading(store: Store, account_sid: string) {
  const told = new ToldEvents(store)
  return {
    reader: statisticsReader,
    read: (cursor: number, limit: number) => told.after(account_sid, cursor, limit),
    digest: statisticsDigest(store, account_sid),
    step
  }
}

/**
 * Cells that are remembered from step to step; where more are at work they are read again each time. A cell takes some 600
 * bytes, and a center has three for each worker, queue and workflow that anything happens to.
 */
const maxRemembered = 80_000

/** Events, or cells, that are dealt with at a time (a millisecond or two): then whoever else waits has a turn. */
const piece = 100

/** What cells held after a step. */
interface Memory {
  /** Seq of the event with which the step that follows begins. */
  readonly next: number
  /** By their keys. */
  readonly cells: Map<string, PlacedSum>
  /** Of the last event. */
  readonly at: number
}

/**
 * Keeps the roll-ups and the stays behind cumulative statistics (reference taskrouter 7.3 and 7.4), and cells of the
 * stays that have ended. What cells held after a step is remembered for the next one, so that it need not be read back.
 */
export function statisticsDigest(store: Store, account_sid: string): Digest<ToldEvent> {
  const kept = new Cells(store)
  let memory: Memory | undefined

  return async (events) => {
    const [first, last] = [events[0], events.at(-1)]
    if (!first || !last) return { writes: [] }
    const { cells, at } = memory?.next === first.seq ? memory : { cells: new Map<string, PlacedSum>(), at: first.at }
    memory = undefined
    const fresh = await inPieces(summing(events, piece))
    const moves = events.filter(({ type }) => stayEvents.has(type))
    const unknown: CellKey[] = []
    for (const [key, { place }] of fresh) if (!cells.has(key)) unknown.push(place)
    const [known, open] = await Promise.all([
      knownCells(kept, account_sid, unknown),
      openStays(kept, account_sid, moves)
    ])
    const stays = staysOf(moves, open)
    const ended = await countEnded(kept, account_sid, stayCellsOf(stays))
    // Another process may have written this very step meanwhile. Ours is then refused, and must not be built upon.
    const isFirst = (await store.cursor(account_sid, statisticsReader)) < first.seq
    const written: CellRow[] = []
    for (const [key, more] of fresh) {
      const before = cells.get(key)
      if (before) before.sum.addSum(more.sum)
      else {
        const row = known.get(key)
        if (row) addTo(more.sum, row)
        cells.set(key, more)
      }
      written.push(rowOf(more.place, (before ?? more).sum))
      if (written.length % piece === 0) await turn()
    }
    // Time does not go back: a cell that ended before the last event is complete.
    if (last.at - (last.at % finest) > at)
      for (const [key, { place }] of cells) if (place.start + place.span <= last.at) cells.delete(key)
    if (isFirst && cells.size <= maxRemembered) memory = { next: last.seq + 1, cells, at: last.at }
    return { writes: cellWrites([...written, ...ended], stays) }
  }
}

async function inPieces<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value as T // as: what it returns comes with `done`
    await turn()
  }
}

/** Resolves when everybody else who is waiting has had a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function addTo(sum: Sum, { figures, histograms }: CellRow): void {
  sum.addPacked(JSON.parse(figures) as Packed) // as rowOf wrote it
  sum.addHistograms(JSON.parse(histograms) as Histograms) // as above
}

function rowOf(place: CellKey, sum: Sum): CellRow {
  const { scope_sid, span, start, task_channel_sid } = place
  const [figures, histograms] = [JSON.stringify(sum.packed), JSON.stringify(sum.histograms)]
  return { scope_sid, span, start, task_channel_sid, figures, histograms }
}

/** What is stored of the cells already. */
async function knownCells(kept: Cells, account_sid: string, cells: readonly CellKey[]): Promise<Map<string, CellRow>> {
  if (cells.length === 0) return new Map()
  const scopes = [...new Set(cells.map(({ scope_sid }) => scope_sid))]
  const rows = await kept.cells(account_sid, { scopes, runs: runsOf(cells), histograms: true })
  const wanted = new Set(cells.map(cellKey))
  return new Map(rows.map((row) => [cellKey(row), row] as const).filter(([key]) => wanted.has(key)))
}

/** One run for each length of cells: a step's events follow each other in time. */
function runsOf(cells: readonly CellKey[]): Run[] {
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

/** Rows of the days in which these stays ended, with what is known of them added. */
async function countEnded(kept: Cells, account_sid: string, fresh: readonly StayCell[]): Promise<CellRow[]> {
  if (fresh.length === 0) return []
  const places = new Map<string, CellKey>()
  for (const { activity_sid, ended } of fresh) {
    const place = stayCellPlace(activity_sid, ended)
    places.set(cellKey(place), place)
  }
  const known = await knownCells(kept, account_sid, [...places.values()])
  const cells = joinStayCells([...known.values()].flatMap(stayCellsIn), fresh)
  return [...places.values()].map((place) => stayCellRow(place, cells))
}

/** The running stays that the events may end. */
async function openStays(
  kept: Cells,
  account_sid: string,
  moves: readonly { readonly type: string; readonly workspace_sid: string | null; readonly worker_sid: string | null }[]
): Promise<Stay[]> {
  const workers = new Set(moves.flatMap(({ worker_sid }) => worker_sid ?? []))
  const asked = workers.size === 0 ? [] : [kept.openStays(account_sid, { workers: [...workers] })]
  for (const { type, workspace_sid } of moves)
    if (type === 'workspace.deleted' && workspace_sid !== null)
      asked.push(kept.openStays(account_sid, { workspace_sid }))
  return (await Promise.all(asked)).flat()
}
