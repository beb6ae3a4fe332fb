import { InvalidRequest, shown } from '@ringdown/contract/form'
import { isoSeconds } from '@ringdown/contract/instant'
import { foldedName, isSameName } from '@ringdown/engine/name'
import { inWorkspace, namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import { nameKey } from '@ringdown/engine/routing/rows'
import type { State } from '@ringdown/engine/state/state'
import { type Count, join, nothing, type Spread, splitAt, type Tally } from '@ringdown/engine/statistics/rollup'
import type { Context, Handlers } from '../handler.ts'
import { pageOf } from '../listing.ts'
import { queueFigures, taskFigures, workforceFigures } from './statistics.ts'
import { timeInActivities } from './stays.ts'
import { type Scoped, talliesOf } from './tallies.ts'
import { windowOf } from './window.ts'

/*
 * Cumulative statistics, and both kinds in one answer (reference taskrouter 7.3 to 7.5). The figures come from roll-ups
 * and, at the edges of a span that does not begin or end with a minute, from the events themselves: they are exact to
 * the millisecond. Whoever asks waits a while until what was acknowledged before is counted (see `talliesOf`).
 */
export const cumulative = {
  async 'taskrouter_v1.FetchWorkspaceCumulativeStatistics'({ path: { workspace_sid }, params }, context) {
    workspaceOf(context.state, workspace_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workspace_sid])
    return { ...owner(context, workspace_sid), ...dates(figures), ...workspaceCumulative(figures, whole) }
  },

  async 'taskrouter_v1.FetchWorkspaceStatistics'({ path: { workspace_sid }, params }, context) {
    workspaceOf(context.state, workspace_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workspace_sid])
    const { state, now } = context
    return {
      ...owner(context, workspace_sid),
      realtime: {
        ...taskFigures(state, workspace_sid, figures.task_channel_sid, now()),
        ...workforceFigures(state, workspace_sid)
      },
      cumulative: { ...texts(figures), ...workspaceCumulative(figures, exact) }
    }
  },

  async 'taskrouter_v1.FetchTaskQueueCumulativeStatistics'(
    { path: { workspace_sid, task_queue_sid }, params },
    context
  ) {
    inWorkspace(context.state, 'task_queue', workspace_sid, task_queue_sid)
    const figures = await figuresOf(context, workspace_sid, params, [task_queue_sid])
    return { ...owner(context, workspace_sid), task_queue_sid, ...dates(figures), ...queueCumulative(figures, whole) }
  },

  async 'taskrouter_v1.FetchTaskQueueStatistics'({ path: { workspace_sid, task_queue_sid }, params }, context) {
    inWorkspace(context.state, 'task_queue', workspace_sid, task_queue_sid)
    const figures = await figuresOf(context, workspace_sid, params, [task_queue_sid])
    return { ...owner(context, workspace_sid), ...queueStatistics(context, workspace_sid, task_queue_sid, figures) }
  },

  async 'taskrouter_v1.ListTaskQueuesStatistics'({ path: { workspace_sid }, params, page }, context) {
    const { state } = context
    workspaceOf(state, workspace_sid)
    const { friendly_name } = params
    const group = { table: state.tables.task_queue, index: 'workspace_sid', key: workspace_sid }
    const keep = (row: { friendly_name: string }) =>
      friendly_name === undefined || isSameName(row.friendly_name, friendly_name)
    const listed = pageOf(group, page, { keep })
    const sids = listed.items.map(({ sid }) => sid)
    const asked = askedOf(context, workspace_sid, params)
    const tallies = await talliesOf(context.ledger, sids, asked)
    const items = sids
      .filter((sid) => state.find('task_queue', sid)) // one may have gone meanwhile
      .map((sid) => ({
        ...owner(context, workspace_sid),
        ...queueStatistics(context, workspace_sid, sid, { ...asked, tally: tallies.get(sid) ?? nothing })
      }))
    return { ...listed, items }
  },

  async 'taskrouter_v1.FetchWorkflowCumulativeStatistics'({ path: { workspace_sid, workflow_sid }, params }, context) {
    inWorkspace(context.state, 'workflow', workspace_sid, workflow_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workflow_sid])
    return { ...owner(context, workspace_sid), workflow_sid, ...dates(figures), ...workflowCumulative(figures, whole) }
  },

  async 'taskrouter_v1.FetchWorkflowStatistics'({ path: { workspace_sid, workflow_sid }, params }, context) {
    inWorkspace(context.state, 'workflow', workspace_sid, workflow_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workflow_sid])
    return {
      ...owner(context, workspace_sid),
      workflow_sid,
      realtime: taskFigures(context.state, workflow_sid, figures.task_channel_sid, context.now()),
      cumulative: { ...texts(figures), ...workflowCumulative(figures, exact) }
    }
  },

  async 'taskrouter_v1.FetchWorkersCumulativeStatistics'({ path: { workspace_sid }, params }, context) {
    workspaceOf(context.state, workspace_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workspace_sid])
    return {
      ...owner(context, workspace_sid),
      ...dates(figures),
      ...(await workersCumulative(context, workspace_sid, undefined, figures))
    }
  },

  async 'taskrouter_v1.FetchWorkerStatistics'({ path: { workspace_sid }, params }, context) {
    const { state } = context
    workspaceOf(state, workspace_sid)
    const workers = workersOf(state, workspace_sid, params)
    const figures = await figuresOf(context, workspace_sid, params, workers ?? [workspace_sid])
    return {
      ...owner(context, workspace_sid),
      realtime: workforceFigures(
        state,
        workspace_sid,
        workers?.filter((sid) => state.find('worker', sid))
      ),
      cumulative: { ...texts(figures), ...(await workersCumulative(context, workspace_sid, workers, figures)) }
    }
  },

  async 'taskrouter_v1.FetchWorkerInstanceStatistics'({ path: { workspace_sid, worker_sid }, params }, context) {
    inWorkspace(context.state, 'worker', workspace_sid, worker_sid)
    const figures = await figuresOf(context, workspace_sid, params, [worker_sid])
    return {
      ...owner(context, workspace_sid),
      worker_sid,
      cumulative: { ...texts(figures), ...(await workersCumulative(context, workspace_sid, [worker_sid], figures)) }
    }
  }
} satisfies Handlers

interface Params {
  readonly minutes?: number
  readonly start_date?: number
  readonly end_date?: number
  readonly task_channel?: string
  readonly split_by_wait_time?: string
}

/** What a request asks for. */
interface Asked extends Scoped {
  /** Seconds, as they were written. */
  readonly thresholds: readonly string[] | null
}

/** What it is answered from. */
interface Found extends Asked {
  readonly tally: Tally
}

function askedOf({ state, now }: Context, workspace_sid: string, params: Params): Asked {
  const { task_channel, split_by_wait_time } = params
  const thresholds = split_by_wait_time ? thresholdsOf(split_by_wait_time) : null
  return {
    window: windowOf(params, now()),
    task_channel_sid: task_channel ? namedChannel(state, workspace_sid, task_channel).sid : undefined,
    thresholds,
    histograms: thresholds !== null
  }
}

/** Whole seconds, `5,30`. */
function thresholdsOf(text: string): string[] {
  const thresholds = text.split(',').map((part) => part.trim())
  if (thresholds.length > 100 || !thresholds.every((part) => /^\d{1,9}$/.test(part))) {
    const expected = `a list of up to 100 numbers of seconds is expected, not '${shown(text)}'`
    throw new InvalidRequest(`Parameter SplitByWaitTime is invalid: ${expected}`, 'SplitByWaitTime')
  }
  return thresholds
}

/** The figures of some scopes together. */
async function figuresOf(
  context: Context,
  workspace_sid: string,
  params: Params,
  scopes: readonly string[]
): Promise<Found> {
  const asked = askedOf(context, workspace_sid, params)
  const tallies = await talliesOf(context.ledger, scopes, asked)
  return { ...asked, tally: [...tallies.values()].reduce(join, nothing) }
}

/** The workers whom the filters name; undefined for all. */
function workersOf(
  state: State,
  workspace_sid: string,
  params: { readonly task_queue_sid?: string; readonly task_queue_name?: string; readonly friendly_name?: string }
): readonly string[] | undefined {
  const { task_queue_sid, task_queue_name, friendly_name } = params
  if (task_queue_sid === undefined && task_queue_name === undefined && friendly_name === undefined) return undefined
  const named =
    friendly_name === undefined
      ? [...state.tables.worker.by('workspace_sid', workspace_sid)]
      : [...state.tables.worker.by('name', nameKey(workspace_sid, foldedName(friendly_name)))]
  const queues = [
    ...(task_queue_sid === undefined ? [] : [task_queue_sid]),
    ...(task_queue_name === undefined
      ? []
      : [state.tables.task_queue.firstBy('name', nameKey(workspace_sid, task_queue_name))?.sid ?? ''])
  ].map((sid) => state.pools.members(state.find('task_queue', sid)?.workspace_sid === workspace_sid ? sid : ''))
  return named.filter(({ sid }) => queues.every((members) => members.has(sid))).map(({ sid }) => sid)
}

// Shapes

/** How an average is shown: as whole seconds, or (in combined answers) with its fraction. */
type Rounding = (seconds: number) => number

const whole: Rounding = Math.floor
const exact: Rounding = (seconds) => seconds

function owner({ state }: Context, workspace_sid: string) {
  return { account_sid: state.account_sid, workspace_sid }
}

function dates({ window }: Asked) {
  return { start_time: window.start, end_time: window.end }
}

/** The same inside an object, where nobody else writes them as text. */
function texts({ window }: Asked) {
  return { start_time: isoSeconds(window.start), end_time: isoSeconds(window.end) }
}

function workspaceCumulative(found: Found, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    tasks_created: count(found, 'tasks_created'),
    tasks_timed_out_in_workflow: count(found, 'tasks_timed_out_in_workflow')
  }
}

function queueCumulative(found: Found, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    wait_duration_in_queue_until_accepted: durations(found.tally.figures.in_queue_until_accepted),
    tasks_entered: count(found, 'tasks_entered')
  }
}

function workflowCumulative(found: Found, rounding: Rounding) {
  return {
    ...everyCumulative(found, rounding),
    tasks_entered: count(found, 'tasks_entered'),
    tasks_timed_out_in_workflow: count(found, 'tasks_timed_out_in_workflow')
  }
}

function everyCumulative(found: Found, rounding: Rounding) {
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

function reservations(found: Found) {
  return {
    reservations_created: count(found, 'reservations_created'),
    reservations_accepted: count(found, 'reservations_accepted'),
    reservations_rejected: count(found, 'reservations_rejected'),
    reservations_timed_out: count(found, 'reservations_timed_out'),
    reservations_canceled: count(found, 'reservations_canceled'),
    reservations_rescinded: count(found, 'reservations_rescinded')
  }
}

function count({ tally }: Found, name: Count): number {
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
function split({ thresholds, tally: { histograms } }: Found) {
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

function queueStatistics({ state, now }: Context, workspace_sid: string, sid: string, found: Found) {
  const { task_queue_sid, ...realtime } = queueFigures(state, workspace_sid, sid, found.task_channel_sid, now())
  return { task_queue_sid, realtime, cumulative: { ...texts(found), ...queueCumulative(found, exact) } }
}

/** Reservations, and the time spent in every activity; what still lasts is counted up to the end of the window. */
async function workersCumulative(
  { ledger, state, now }: Context,
  workspace_sid: string,
  workers: readonly string[] | undefined,
  found: Found
) {
  const { start, end } = found.window
  const activities = [...state.tables.activity.by('workspace_sid', workspace_sid)]
  const byActivity = await timeInActivities(ledger, {
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
