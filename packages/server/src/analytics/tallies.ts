import {
  coverOf,
  finest,
  type Histograms,
  type Packed,
  type Run,
  type Seconds,
  second,
  sharesOf,
  type Tally
} from '@ringdown/engine/analytics/rollup'
import { type CellRow, Cells } from './cells.ts'
import { listIn } from './keeper.ts'
import { countedBetween } from './logged.ts'
import type { Counted, Statistics } from './statistics.ts'
import { Sums } from './sums.ts'
import type { Window } from './window.ts'

/** Of which time and channel figures are asked for. */
export interface Scoped {
  readonly window: Window
  /** Undefined for all channels together. */
  readonly task_channel_sid: string | undefined
  /** Whether the raw waits are wanted, too. */
  readonly histograms: boolean
}

/** Part of a minute: from one instant on, before another, whole seconds both. */
type Edge = readonly [from: number, until: number]

/**
 * The figures of each scope (workspace, queue, workflow, worker; by SID) that has any, from the coarsest cells inside the
 * window, from seconds at its edges, and from memory for the last minutes: exact to the second, the first and the last one
 * included. Everything that was decided before the call is counted, as far as `Statistics.upToDate` waits for it.
 */
export async function talliesOf(
  statistics: Pick<Statistics, 'upToDate' | 'account'>,
  scopes: readonly string[],
  { window, task_channel_sid, histograms }: Scoped,
  patience?: number
): Promise<Map<string, Tally>> {
  const recent = await statistics.upToDate(patience)
  const sums = new Sums(task_channel_sid)
  const from = window.start - (window.start % second)
  // Nothing lies after now: the minute that has begun is read as a whole.
  const until = next(window.end, window.isOpen ? finest : second)
  // Both at this instant: what is in memory now may be in the store in a moment.
  recent.addTo(sums, scopes, [from, until])
  const { runs, edges } = coverOf(from, Math.min(until, recent.since))
  const { account } = statistics
  await Promise.all([
    addRuns(sums, account, { scopes, runs, histograms }),
    ...edges.map((edge) => addEdge(sums, account, scopes, edge))
  ])
  return sums.tallies
}

/** Adds whole cells. */
async function addRuns(
  sums: Sums,
  account: Counted,
  asked: { readonly scopes: readonly string[]; readonly runs: readonly Run[]; readonly histograms: boolean }
): Promise<void> {
  for (const row of await account.reading((kept, account_sid) => new Cells(kept).texts(account_sid, asked))) {
    const sum = sums.of(row)
    for (const packed of sum ? listIn<Packed>(row.figures) : []) sum?.addPacked(packed)
    for (const waits of sum ? listIn<Histograms>(row.histograms) : []) sum?.addHistograms(waits)
  }
}

/** Adds a part of a minute: seconds of its cells, or its events where the minute is older than seconds are kept. */
async function addEdge(sums: Sums, account: Counted, scopes: readonly string[], edge: Edge): Promise<void> {
  const [from, until] = edge
  const start = from - (from % finest)
  const runs = [{ span: finest, start, end: start + finest }]
  const cells = await account.reading((kept, account_sid) => new Cells(kept).cells(account_sid, { scopes, runs }))
  if (cells.every(hasSeconds)) {
    for (const cell of cells) {
      const seconds: Seconds = JSON.parse(cell.seconds) // as the keeper wrote it
      sums.of(cell)?.addSeconds(seconds, (from - start) / second, (until - start) / second)
    }
    return
  }
  const wanted = new Set(scopes)
  for await (const event of countedBetween(account, edge))
    for (const share of sharesOf(event)) if (wanted.has(share.scope_sid)) sums.of(share)?.add(share)
}

/** Cells that were written by an older program have no seconds. */
function hasSeconds(cell: CellRow): cell is CellRow & { readonly seconds: string } {
  return cell.seconds !== null
}

/** The first instant of the second, or minute, after the one in which an instant lies. */
function next(instant: number, span: number): number {
  return instant - (instant % span) + span
}
