import { coverOf, finest, Sum, sharesOf, type Tally } from '@ringdown/engine/statistics/rollup'
import type { Ledger } from '../../commit/ledger.ts'
import { cellOf } from '../../readers/statistics.ts'
import type { Window } from './window.ts'

/** Of which time and channel figures are asked for. */
export interface Scoped {
  readonly window: Window
  /** Undefined for all channels together. */
  readonly task_channel_sid: string | undefined
  /** Whether the raw waits are wanted, too. */
  readonly histograms: boolean
}

/**
 * The figures of each scope (workspace, queue, workflow, worker; by SID) that has any: from the coarsest cells inside the
 * window and from single events in the minutes at its edges, exact to the millisecond. Everything that was decided
 * before the call is counted.
 */
export async function talliesOf(
  ledger: Pick<Ledger, 'caughtUp' | 'reading'>,
  scopes: readonly string[],
  { window, task_channel_sid, histograms }: Scoped
): Promise<Map<string, Tally>> {
  await ledger.caughtUp('statistics')
  // Nothing lies after now: the minute that has begun is read as a whole.
  const { runs, edges } = coverOf(window.start, window.isOpen ? endOfMinute(window.end) : window.end + 1)
  const [rows, ...told] = await ledger.reading((readings, account_sid) =>
    Promise.all([
      readings.rollups(account_sid, { scopes, runs, histograms }),
      ...edges.map(([from, until]) => readings.toldBetween(account_sid, from, until))
    ])
  )
  const sums = new Map<string, Sum>()
  const add = (scope_sid: string, channel_sid: string, tally: Tally) => {
    if (task_channel_sid !== undefined && channel_sid !== task_channel_sid) return
    let sum = sums.get(scope_sid)
    if (!sum) {
      sum = new Sum()
      sums.set(scope_sid, sum)
    }
    sum.add(tally)
  }
  for (const row of rows) add(row.scope_sid, row.task_channel_sid, cellOf(row))
  const wanted = new Set(scopes)
  for (const event of told.flat())
    for (const share of sharesOf(event))
      if (wanted.has(share.scope_sid)) add(share.scope_sid, share.task_channel_sid, share)
  return new Map([...sums].map(([scope_sid, sum]) => [scope_sid, sum.tally]))
}

function endOfMinute(instant: number): number {
  return instant - (instant % finest) + finest
}
