import type { CellKey } from '@ringdown/engine/analytics/rollup'
import type { StayCell } from '@ringdown/engine/analytics/stay'
import type { CellRow, CellRun } from './cells.ts'

/*
 * Cells of stays that have ended stand in the table of roll-ups, an activity being the scope: one row for each day in
 * which some ended, with a cell in its figures for each day in which they had begun.
 */

const stay_span = 86_400_000

type Begun = readonly [begun: number, count: number, total: number, min: number, max: number]

/** The cells of stays in such a row. */
export function stayCellsIn({ scope_sid, start, figures }: CellRow): StayCell[] {
  const all: readonly Begun[] = JSON.parse(figures) // as it is written here
  return all.map(([begun, count, total, min, max]) => ({
    activity_sid: scope_sid,
    begun,
    ended: start,
    count,
    total,
    min,
    max
  }))
}

/** Where the cells stand of an activity's stays that ended in a day, by the day's first instant. */
export function stayCellPlace(activity_sid: string, day: number): CellKey {
  return { scope_sid: activity_sid, span: stay_span, start: day, task_channel_sid: '' }
}

/** The row at such a place, of all cells those that belong there. */
export function stayCellRow(place: CellKey, cells: readonly StayCell[]): CellRow {
  const here = cells.filter(({ activity_sid, ended }) => activity_sid === place.scope_sid && ended === place.start)
  const figures = here.map(({ begun, count, total, min, max }): Begun => [begun, count, total, min, max])
  return { ...place, figures: JSON.stringify(figures), histograms: '{}', seconds: null }
}

/** The cells of the stays that ended in whole days, from one instant on and before another. */
export function stayCellRuns(from: number, until: number): CellRun[] {
  return [{ span: stay_span, start: from, end: until }]
}
