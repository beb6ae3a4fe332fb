import { joinSpreads, type Spread } from '@ringdown/engine/analytics/rollup'
import { stayCoverOf } from '@ringdown/engine/analytics/stay'
import type { Ledger } from '../commit/ledger.ts'
import { Cells } from './cells.ts'
import { stayCellRuns, stayCellsIn } from './stay-cells.ts'

/** Whose time is asked for. */
interface Asked {
  readonly workspace_sid: string
  /** SIDs of the workspace's activities. */
  readonly activities: readonly string[]
  /** Undefined for all workers of the workspace. */
  readonly workers: readonly string[] | undefined
  /** Instants; what lasts is counted up to the second. */
  readonly from: number
  readonly until: number
}

/**
 * The time spent in each activity (by SID), stays clipped to the window: of some workers stay by stay; of all workers
 * from the cells of whole days, and stay by stay at the edges.
 */
export async function timeInActivities(
  ledger: Pick<Ledger, 'reading'>,
  { workspace_sid, activities, workers, from, until }: Asked
): Promise<Map<string, Spread>> {
  const cover = workers === undefined ? stayCoverOf(from, until) : undefined
  return ledger.reading(async (store, account_sid) => {
    const kept = new Cells(store)
    if (!cover) {
      const some = workers === undefined ? {} : { workers }
      const sums = await kept.stays(account_sid, { workspace_sid, ...some, from, until })
      return new Map(sums.map(({ activity_sid, ...spread }) => [activity_sid, spread]))
    }
    const runs = stayCellRuns(cover.first, cover.last)
    const rows = await kept.cells(account_sid, { scopes: activities, runs, histograms: false })
    const cells = rows.flatMap(stayCellsIn)
    const parts = cover.parts(cells)
    const sums = await kept.stays(account_sid, { workspace_sid, from, until, parts })
    const spreads = new Map<string, Spread>()
    const add = (sid: string, more: Spread) => spreads.set(sid, joinSpreads(spreads.get(sid), more))
    for (const { activity_sid, ...spread } of sums) add(activity_sid, spread)
    for (const cell of cells) if (cell.begun >= cover.first) add(cell.activity_sid, cell)
    return spreads
  })
}
