import {
  coverOf,
  finest,
  type Histograms,
  type Packed,
  type Seconds,
  Sum,
  second,
  sharesOf,
  type Tally
} from '@ringdown/engine/analytics/rollup'
import { type CellRow, Cells } from './cells.ts'
import { listIn } from './keeper.ts'
import type { Statistics } from './statistics.ts'
import { toldBetween } from './told.ts'
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
  const sums = new Map<string, Sum>()
  const sumOf = (scope_sid: string): Sum => {
    let sum = sums.get(scope_sid)
    if (!sum) {
      sum = new Sum()
      sums.set(scope_sid, sum)
    }
    return sum
  }
  const isAsked = (channel_sid: string) => task_channel_sid === undefined || channel_sid === task_channel_sid
  const recent = await statistics.upToDate(patience)
  const { since } = recent
  const from = window.start - (window.start % second)
  // Nothing lies after now: the minute that has begun is read as a whole.
  const until = next(window.end, window.isOpen ? finest : second)
  recent.addTo(sumOf, scopes, isAsked, [from, until])
  const { runs, edges } = coverOf(from, Math.min(until, since))
  const [rows, minutes] = await statistics.account.reading((store, account_sid) => {
    const kept = new Cells(store)
    return Promise.all([
      kept.texts(account_sid, { scopes, runs, histograms }),
      Promise.all(edges.map(([start]) => kept.cells(account_sid, { scopes, runs: [minuteOf(start)] })))
    ])
  })
  for (const row of rows) {
    if (!isAsked(row.task_channel_sid)) continue
    const sum = sumOf(row.scope_sid)
    for (const packed of listIn<Packed>(row.figures)) sum.addPacked(packed)
    for (const waits of listIn<Histograms>(row.histograms)) sum.addHistograms(waits)
  }
  const wanted = new Set(scopes)
  for (const [n, edge] of edges.entries()) {
    const cells = minutes[n] ?? []
    if (cells.every(hasSeconds))
      addSeconds(
        sumOf,
        cells.filter(({ task_channel_sid: sid }) => isAsked(sid)),
        edge
      )
    else
      for await (const event of toldBetween(statistics.account, edge))
        for (const share of sharesOf(event))
          if (wanted.has(share.scope_sid) && isAsked(share.task_channel_sid)) sumOf(share.scope_sid).add(share)
  }
  return new Map([...sums].map(([scope_sid, sum]) => [scope_sid, sum.tally]))
}

type WithSeconds = CellRow & { readonly seconds: string }

/** Seconds have not been kept for ever: minutes that are older have none. */
function hasSeconds(cell: CellRow): cell is WithSeconds {
  return cell.seconds !== null
}

function addSeconds(sumOf: (scope_sid: string) => Sum, cells: readonly WithSeconds[], [from, until]: Edge): void {
  for (const { scope_sid, start, seconds } of cells)
    sumOf(scope_sid).addSeconds(JSON.parse(seconds) as Seconds, (from - start) / second, (until - start) / second) // as the keeper wrote it
}

function minuteOf(instant: number) {
  const start = instant - (instant % finest)
  return { span: finest, start, end: start + finest }
}

/** The first instant of the second, or minute, after the one in which an instant lies. */
function next(instant: number, span: number): number {
  return instant - (instant % span) + span
}
