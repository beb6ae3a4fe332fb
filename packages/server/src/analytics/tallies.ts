import {
  coverOf,
  figuresOf,
  finest,
  type Histograms,
  type Packed,
  Sum,
  sharesOf,
  type Tally
} from '@ringdown/engine/analytics/rollup'
import type { Ledger } from '../commit/ledger.ts'
import { Cells } from './cells.ts'
import { statisticsReader } from './reader.ts'
import { ToldEvents } from './told.ts'
import type { Window } from './window.ts'

/** Of which time and channel figures are asked for. */
export interface Scoped {
  readonly window: Window
  /** Undefined for all channels together. */
  readonly task_channel_sid: string | undefined
  /** Whether the raw waits are wanted, too. */
  readonly histograms: boolean
}

/** How long an answer waits for the reader of the log, in real time. */
const patience_ms = 2_000

/**
 * The figures of each scope (workspace, queue, workflow, worker; by SID) that has any: from the coarsest cells inside the
 * window and from single events in the minutes at its edges, exact to the millisecond.
 *
 * Everything that was decided before the call is counted, unless the reader of the log is more than `patience` (by
 * default 2,000) milliseconds behind: under a load that it does not keep up with an answer would wait for as long as
 * the load lasts. Then figures are those of what has been read so far. Twilio's may lag as well (reference taskrouter 7.1).
 */
export async function talliesOf(
  ledger: Pick<Ledger, 'caughtUp' | 'reading'>,
  scopes: readonly string[],
  { window, task_channel_sid, histograms }: Scoped,
  patience = patience_ms
): Promise<Map<string, Tally>> {
  await withPatience(ledger.caughtUp(statisticsReader), patience)
  // Nothing lies after now: the minute that has begun is read as a whole.
  const { runs, edges } = coverOf(window.start, window.isOpen ? endOfMinute(window.end) : window.end + 1)
  const [rows, groups, told] = await ledger.reading((kept, account_sid) => {
    const events = new ToldEvents(kept)
    return Promise.all([
      new Cells(kept).texts(account_sid, { scopes, runs, histograms }),
      // Raw waits are in the events alone.
      Promise.all(histograms ? [] : edges.map(([from, until]) => events.groups(account_sid, { scopes, from, until }))),
      Promise.all(histograms ? edges.map(([from, until]) => events.between(account_sid, from, until)) : [])
    ])
  })
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
  for (const row of rows) {
    if (!isAsked(row.task_channel_sid)) continue
    const sum = sumOf(row.scope_sid)
    for (const packed of listIn<Packed>(row.figures)) sum.addPacked(packed)
    for (const waits of listIn<Histograms>(row.histograms)) sum.addHistograms(waits)
  }
  for (const group of groups.flat())
    if (isAsked(group.task_channel_sid)) sumOf(group.scope_sid).add({ figures: figuresOf(group), histograms: {} })
  const wanted = new Set(scopes)
  for (const event of told.flat())
    for (const share of sharesOf(event))
      if (wanted.has(share.scope_sid) && isAsked(share.task_channel_sid)) sumOf(share.scope_sid).add(share)
  return new Map([...sums].map(([scope_sid, sum]) => [scope_sid, sum.tally]))
}

/** Texts of cells, one after the other, as the reader of the log wrote them. */
function listIn<T>(texts: string): T[] {
  return JSON.parse(`[${texts}]`) as T[] // whoever calls knows the column
}

/** Waits for something, but not longer than so many milliseconds. */
async function withPatience(awaited: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([awaited, enough]).finally(() => clearTimeout(timer))
}

function endOfMinute(instant: number): number {
  return instant - (instant % finest) + finest
}
