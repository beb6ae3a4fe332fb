import { type Count, join, nothing, type Spread, splitAt, type Tally } from '@ringdown/engine/analytics/rollup'
import type { State } from '@ringdown/engine/center'
import type { Statistics } from './statistics.ts'
import { timeInActivities } from './stays.ts'
import { type Scoped, talliesOf } from './tallies.ts'

/*
 * Cumulative figures in the shape in which the API shows them (reference taskrouter 7.3 to 7.5).
 */

/** Which figures are asked for. */
export interface CumulativeQuery extends Scoped {
  /** Of `SplitByWaitTime`: seconds, as they were written. */
  readonly thresholds: readonly string[] | null
}

/** What an answer is made of. */
export interface Cumulated extends CumulativeQuery {
  readonly tally: Tally
}

/** What else figures are read from. */
interface Center {
  readonly state: State
  now(): number
}

/** The figures of some scopes (workspace, queue, workflow, worker; by SID) together. */
export async function cumulated(
  statistics: Statistics,
  scopes: readonly string[],
  asked: CumulativeQuery
): Promise<Cumulated> {
  const tallies = await talliesOf(statistics, scopes, asked)
  return { ...asked, tally: [...tallies.values()].reduce(join, nothing) }
}

/** How an average is shown: as whole seconds, or (in combined answers) with its fraction. */
type Rounding = (seconds: number) => number

export const whole: Rounding = Math.floor
export const exact: Rounding = (seconds) => seconds

/** Of a workspace. */
export function workspaceCumulative(found: Cumulated, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    tasks_created: count(found, 'tasks_created'),
    tasks_timed_out_in_workflow: count(found, 'tasks_timed_out_in_workflow')
  }
}

/** Of a task queue. */
export function queueCumulative(found: Cumulated, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    wait_duration_in_queue_until_accepted: durations(found.tally.figures.in_queue_until_accepted),
    tasks_entered: count(found, 'tasks_entered')
  }
}

/** Of a workflow. */
export function workflowCumulative(found: Cumulated, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    tasks_entered: count(found, 'tasks_entered'),
    tasks_timed_out_in_workflow: count(found, 'tasks_timed_out_in_workflow')
  }
}

function everyCumulative(found: Cumulated, rounding: Rounding) {
  const { figures } = found.tally
  const accepted = figures.until_accepted
  return {
    avg_task_acceptance_time: accepted ? rounding(accepted.total / accepted.count / 1000) : 0,
    ...reservations(found),
    split_by_wait_time: split(found),
    wait_duration_until_accepted: durations(accepted),
    wait_duration_until_canceled: durations(figures.until_canceled),
    tasks_canceled: count(found, 'tasks_canceled'),
    tasks_completed: count(found, 'tasks_completed'),
    tasks_deleted: count(found, 'tasks_deleted'),
    tasks_moved: count(found, 'tasks_moved')
  }
}

function reservations(found: Cumulated) {
  return {
    reservations_created: count(found, 'reservations_created'),
    reservations_accepted: count(found, 'reservations_accepted'),
    reservations_rejected: count(found, 'reservations_rejected'),
    reservations_timed_out: count(found, 'reservations_timed_out'),
    reservations_canceled: count(found, 'reservations_canceled'),
    reservations_rescinded: count(found, 'reservations_rescinded')
  }
}

function count({ tally }: Cumulated, name: Count): number {
  return tally.figures[name] ?? 0
}

/** Milliseconds as whole seconds, as everywhere: what has begun does not count. */
function durations(spread: Spread | undefined) {
  if (!spread) return { avg: 0, min: 0, max: 0, total: 0 }
  const seconds = (ms: number) => Math.floor(ms / 1000)
  return {
    avg: seconds(spread.total / spread.count),
    min: seconds(spread.min),
    max: seconds(spread.max),
    total: seconds(spread.total)
  }
}

/** By threshold: who waited shorter, and who as long or longer. */
function split({ thresholds, tally: { histograms } }: Cumulated) {
  if (thresholds === null) return null
  return Object.fromEntries(
    thresholds.map((threshold) => {
      const canceled = splitAt(histograms.tasks_canceled, Number(threshold))
      const accepted = splitAt(histograms.reservations_accepted, Number(threshold))
      const part = (side: 'above' | 'below') => ({
        tasks_canceled: canceled[side],
        reservations_accepted: accepted[side]
      })
      return [threshold, { above: part('above'), below: part('below') }]
    })
  )
}

interface Whose {
  readonly workspace_sid: string
  /** SIDs; all of the workspace's where they are not named. */
  readonly workers?: readonly string[] | undefined
}

/** Reservations, and the time spent in every activity; what still lasts is counted up to the end of the window. */
export async function workersCumulative(
  statistics: Statistics,
  { state, now }: Center,
  found: Cumulated,
  { workspace_sid, workers }: Whose
) {
  const { start, end } = found.window
  const activities = [...state.tables.activity.by('workspace_sid', workspace_sid)]
  const byActivity = await timeInActivities(statistics, {
    workspace_sid,
    activities: activities.map(({ sid }) => sid),
    workers,
    from: start,
    until: Math.min(end, now())
  })
  return {
    ...reservations(found),
    activity_durations: activities.map(({ sid, friendly_name }) => ({
      sid,
      friendly_name,
      ...durations(byActivity.get(sid))
    }))
  }
}
