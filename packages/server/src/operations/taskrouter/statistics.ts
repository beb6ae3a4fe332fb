import { InvalidRequest, shown } from '@ringdown/contract/form'
import { inWorkspace, namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import type { State } from '@ringdown/engine/state/state'
import { enteredAt, realTimeOf } from '@ringdown/engine/statistics/realtime'
import type { Handlers } from '../handler.ts'
import { checkRate } from './rates.ts'

/** Real-time figures, from counters that follow the live rows (reference taskrouter 7.2 and 7.6). Durations are whole seconds. */
export const statistics = {
  'taskrouter_v1.FetchWorkspaceRealTimeStatistics'({ path: { workspace_sid }, params }, { state, now }) {
    workspaceOf(state, workspace_sid)
    return {
      ...owner(state, workspace_sid),
      ...taskFigures(state, workspace_sid, channelSid(state, workspace_sid, params.task_channel), now()),
      ...workforceFigures(state, workspace_sid)
    }
  },

  'taskrouter_v1.FetchTaskQueueRealTimeStatistics'(
    { path: { workspace_sid, task_queue_sid }, params },
    { state, now }
  ) {
    inWorkspace(state, 'task_queue', workspace_sid, task_queue_sid)
    const channel = channelSid(state, workspace_sid, params.task_channel)
    return { ...owner(state, workspace_sid), ...queueFigures(state, workspace_sid, task_queue_sid, channel, now()) }
  },

  'taskrouter_v1.FetchWorkflowRealTimeStatistics'({ path: { workspace_sid, workflow_sid }, params }, { state, now }) {
    inWorkspace(state, 'workflow', workspace_sid, workflow_sid)
    const channel = channelSid(state, workspace_sid, params.task_channel)
    return { ...owner(state, workspace_sid), workflow_sid, ...taskFigures(state, workflow_sid, channel, now()) }
  },

  'taskrouter_v1.FetchWorkersRealTimeStatistics'({ path: { workspace_sid } }, { state }) {
    workspaceOf(state, workspace_sid)
    return { ...owner(state, workspace_sid), ...workforceFigures(state, workspace_sid) }
  },

  'taskrouter_v1.CreateTaskQueueBulkRealTimeStatistics'({ path: { workspace_sid }, params }, context) {
    const { state, now } = context
    workspaceOf(state, workspace_sid)
    checkRate(context, 'bulk_statistics', 'TaskQueues/RealTimeStatistics')
    const at = now()
    const task_queue_data = queueSids(params.queue_sids).map((sid) => {
      // A queue that does not exist has an entry with zeros (reference taskrouter 7.6).
      const { longest_relative_task_age_in_queue, longest_relative_task_sid_in_queue, ...figures } = queueFigures(
        state,
        workspace_sid,
        state.find('task_queue', sid)?.workspace_sid === workspace_sid ? sid : '',
        undefined,
        at
      )
      return { ...figures, task_queue_sid: sid }
    })
    return { ...owner(state, workspace_sid), task_queue_response_count: task_queue_data.length, task_queue_data }
  }
} satisfies Handlers

function owner({ account_sid }: State, workspace_sid: string) {
  return { account_sid, workspace_sid }
}

/** Of the tasks of a workspace, a queue or a workflow: of one channel, or of all. */
export function taskFigures(state: State, place_sid: string, task_channel_sid: string | undefined, now: number) {
  const figures = realTimeOf(state).tasks(place_sid, task_channel_sid)
  const { total_tasks, tasks_by_status, tasks_by_priority, longest } = figures
  return {
    total_tasks,
    tasks_by_status,
    tasks_by_priority,
    longest_task_waiting_age: longest ? secondsSince(longest.date_created, now) : 0,
    longest_task_waiting_sid: longest?.sid ?? null
  }
}

export function queueFigures(
  state: State,
  workspace_sid: string,
  task_queue_sid: string,
  task_channel_sid: string | undefined,
  now: number
) {
  const { longest_in_queue } = realTimeOf(state).tasks(task_queue_sid, task_channel_sid)
  const { by_activity, eligible, available } = realTimeOf(state).workforce(task_queue_sid, task_channel_sid)
  return {
    task_queue_sid,
    ...taskFigures(state, task_queue_sid, task_channel_sid, now),
    longest_relative_task_age_in_queue: longest_in_queue ? secondsSince(enteredAt(longest_in_queue), now) : 0,
    longest_relative_task_sid_in_queue: longest_in_queue?.sid ?? null,
    activity_statistics: activityStatistics(state, workspace_sid, (sid) => by_activity.get(sid) ?? 0),
    total_eligible_workers: eligible,
    total_available_workers: available
  }
}

/** How many workers of a workspace, or of some of them, are in each activity. */
export function workforceFigures(state: State, workspace_sid: string, some?: readonly string[]) {
  const { worker } = state.tables
  if (some === undefined) {
    const activity_statistics = activityStatistics(state, workspace_sid, (sid) => worker.count('activity_sid', sid))
    return { activity_statistics, total_workers: worker.count('workspace_sid', workspace_sid) }
  }
  const counts = new Map<string, number>()
  for (const sid of some) {
    const { activity_sid } = state.get('worker', sid)
    counts.set(activity_sid, (counts.get(activity_sid) ?? 0) + 1)
  }
  const activity_statistics = activityStatistics(state, workspace_sid, (sid) => counts.get(sid) ?? 0)
  return { activity_statistics, total_workers: some.length }
}

/** Every activity of the workspace, zeros included. */
function activityStatistics(state: State, workspace_sid: string, workersIn: (activity_sid: string) => number) {
  return [...state.tables.activity.by('workspace_sid', workspace_sid)].map(({ sid, friendly_name }) => ({
    sid,
    friendly_name,
    workers: workersIn(sid)
  }))
}

function secondsSince(instant: number, now: number): number {
  return Math.max(0, Math.floor((now - instant) / 1000))
}

function channelSid(state: State, workspace_sid: string, name: string | undefined): string | undefined {
  return name ? namedChannel(state, workspace_sid, name).sid : undefined
}

/** 1 to 50 of them, whatever the body's spelling of the name was. */
function queueSids(value: unknown): readonly string[] {
  const sids = typeof value === 'string' ? [value] : value
  if (!Array.isArray(sids) || sids.length < 1 || sids.length > 50) {
    throw new InvalidRequest(
      `Parameter QueueSids is invalid: a list of 1 to 50 SIDs is expected, not ${worded(sids)}`,
      'QueueSids'
    )
  }
  const isSid = (sid: unknown) => typeof sid === 'string' && /^WQ[0-9a-fA-F]{32}$/.test(sid)
  const wrong: unknown = sids.find((sid) => !isSid(sid))
  if (!sids.every(isSid)) {
    const expected = `SIDs beginning with WQ are expected, not ${worded(wrong)}`
    throw new InvalidRequest(`Parameter QueueSids is invalid: ${expected}`, 'QueueSids')
  }
  return sids
}

function worded(value: unknown): string {
  return shown(typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'nothing'))
}
