import { joinSpreads, type Spread } from '@ringdown/engine/analytics/rollup'
import { durationsOf, type Stay, stayCoverOf } from '@ringdown/engine/analytics/stay'
import { Cells } from './cells.ts'
import type { Statistics } from './statistics.ts'
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
 * from the cells of whole days, and stay by stay at the edges. Stays that changed a moment ago are in memory.
 */
export async function timeInActivities(
  statistics: Pick<Statistics, 'upToDate' | 'account'>,
  asked: Asked
): Promise<Map<string, Spread>> {
  const { workspace_sid, activities, workers, from, until } = asked
  const recent = await statistics.upToDate()
  const cover = workers === undefined ? stayCoverOf(from, until, recent.since) : undefined
  const changed = [...recent.stays.changed.values()]
  return statistics.account.reading(async (store, account_sid) => {
    const kept = new Cells(store)
    const runs = cover ? stayCellRuns(cover.first, cover.last) : []
    const cells = (await kept.cells(account_sid, { scopes: activities, runs })).flatMap(stayCellsIn)
    const sums = await kept.stays(account_sid, {
      workspace_sid,
      ...(workers && { workers }),
      from,
      until,
      ...(cover && { parts: cover.parts(cells) }),
      without: changed.map(({ seq }) => seq)
    })
    const spreads = durationsOf(changed.filter(isOf(asked)), from, until)
    const add = (sid: string, more: Spread) => spreads.set(sid, joinSpreads(spreads.get(sid), more))
    for (const { activity_sid, ...spread } of sums) add(activity_sid, spread)
    for (const cell of cells) if (cover && cell.begun >= cover.first) add(cell.activity_sid, cell)
    return spreads
  })
}

function isOf({ workspace_sid, workers }: Asked): (stay: Stay) => boolean {
  const some = workers && new Set(workers)
  return (stay) => stay.workspace_sid === workspace_sid && (some?.has(stay.worker_sid) ?? true)
}
