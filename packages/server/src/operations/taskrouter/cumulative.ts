import { InvalidRequest, shown } from '@ringdown/contract/form'
import { isoSeconds } from '@ringdown/contract/instant'
import { nothing } from '@ringdown/engine/analytics/rollup'
import type { State } from '@ringdown/engine/center'
import { foldedName, isSameName, nameKey } from '@ringdown/engine/core/names'
import { inWorkspace, namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import {
  type Cumulated,
  type CumulativeQuery,
  cumulated,
  exact,
  queueCumulative,
  whole,
  workersCumulative,
  workflowCumulative,
  workspaceCumulative
} from '../../analytics/cumulative.ts'
import { type OverByPlace, queueFigures, taskFigures, tasksOver, workforceFigures } from '../../analytics/real-time.ts'
import type { Statistics } from '../../analytics/statistics.ts'
import { talliesOf } from '../../analytics/tallies.ts'
import { windowOf } from '../../analytics/window.ts'
import { Unavailable } from '../../commit/ledger.ts'
import type { Context, Handlers } from '../handler.ts'
import { pageOf } from '../listing.ts'

/*
 * Cumulative statistics, and both kinds in one answer (reference taskrouter 7.3 to 7.5). What was acknowledged
 * before is counted (see `talliesOf`).
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
    const { task_channel_sid } = figures
    const over = await tasksOver(context, 'workspace_sid', [workspace_sid], task_channel_sid)
    return {
      ...owner(context, workspace_sid),
      realtime: {
        ...taskFigures(workspace_sid, { state, now: now(), over, task_channel_sid }),
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
    const over = await tasksOver(context, 'task_queue_sid', [task_queue_sid], figures.task_channel_sid)
    return {
      ...owner(context, workspace_sid),
      ...queueStatistics(context, { workspace_sid, task_queue_sid }, figures, over)
    }
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
    const tallies = await talliesOf(statisticsOf(context), sids, asked)
    const over = await tasksOver(context, 'task_queue_sid', sids, asked.task_channel_sid)
    const items = sids
      .filter((sid) => state.find('task_queue', sid)) // one may have gone meanwhile
      .map((sid) => ({
        ...owner(context, workspace_sid),
        ...queueStatistics(
          context,
          { workspace_sid, task_queue_sid: sid },
          { ...asked, tally: tallies.get(sid) ?? nothing },
          over
        )
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
    const { state, now } = context
    const { task_channel_sid } = figures
    const over = await tasksOver(context, 'workflow_sid', [workflow_sid], task_channel_sid)
    return {
      ...owner(context, workspace_sid),
      workflow_sid,
      realtime: taskFigures(workflow_sid, { state, now: now(), over, task_channel_sid }),
      cumulative: { ...texts(figures), ...workflowCumulative(figures, exact) }
    }
  },

  async 'taskrouter_v1.FetchWorkersCumulativeStatistics'({ path: { workspace_sid }, params }, context) {
    workspaceOf(context.state, workspace_sid)
    const figures = await figuresOf(context, workspace_sid, params, [workspace_sid])
    return {
      ...owner(context, workspace_sid),
      ...dates(figures),
      ...(await workersCumulative(statisticsOf(context), context, figures, { workspace_sid }))
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
      cumulative: {
        ...texts(figures),
        ...(await workersCumulative(statisticsOf(context), context, figures, { workspace_sid, workers }))
      }
    }
  },

  async 'taskrouter_v1.FetchWorkerInstanceStatistics'({ path: { workspace_sid, worker_sid }, params }, context) {
    inWorkspace(context.state, 'worker', workspace_sid, worker_sid)
    const figures = await figuresOf(context, workspace_sid, params, [worker_sid])
    return {
      ...owner(context, workspace_sid),
      worker_sid,
      cumulative: {
        ...texts(figures),
        ...(await workersCumulative(statisticsOf(context), context, figures, { workspace_sid, workers: [worker_sid] }))
      }
    }
  }
} satisfies Handlers

function statisticsOf({ statistics, ledger }: Context): Statistics {
  if (!statistics) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
  return statistics
}

interface Params {
  readonly minutes?: number
  readonly start_date?: number
  readonly end_date?: number
  readonly task_channel?: string
  readonly split_by_wait_time?: string
}

function askedOf({ state, now }: Context, workspace_sid: string, params: Params): CumulativeQuery {
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
function figuresOf(
  context: Context,
  workspace_sid: string,
  params: Params,
  scopes: readonly string[]
): Promise<Cumulated> {
  return cumulated(statisticsOf(context), scopes, askedOf(context, workspace_sid, params))
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
  ].map((sid) => state.matcher.members(state.find('task_queue', sid)?.workspace_sid === workspace_sid ? sid : ''))
  return named.filter(({ sid }) => queues.every((members) => members.has(sid))).map(({ sid }) => sid)
}

function owner({ state }: Context, workspace_sid: string) {
  return { account_sid: state.account_sid, workspace_sid }
}

function dates({ window }: CumulativeQuery) {
  return { start_time: window.start, end_time: window.end }
}

/** The same inside an object, where nobody else writes them as text. */
function texts({ window }: CumulativeQuery) {
  return { start_time: isoSeconds(window.start), end_time: isoSeconds(window.end) }
}

function queueStatistics(
  { state, now }: Context,
  { workspace_sid, task_queue_sid: sid }: { readonly workspace_sid: string; readonly task_queue_sid: string },
  found: Cumulated,
  over: OverByPlace
) {
  const { task_channel_sid } = found
  const counting = { state, now: now(), over, task_channel_sid }
  const { task_queue_sid, ...realtime } = queueFigures(workspace_sid, sid, counting)
  return { task_queue_sid, realtime, cumulative: { ...texts(found), ...queueCumulative(found, exact) } }
}
