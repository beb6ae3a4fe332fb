import { InvalidRequest, shown } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import { inWorkspace, namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import { queueFigures, taskFigures, tasksOver, workforceFigures } from '../../analytics/real-time.ts'
import type { Handlers } from '../handler.ts'
import { checkRate } from './rates.ts'

/**
 * Real-time figures, from counters that follow the living rows and a count of those that were put away (reference taskrouter
 * 7.2 and 7.6). Durations are whole seconds.
 */
export const statistics = {
  async 'taskrouter_v1.FetchWorkspaceRealTimeStatistics'({ path: { workspace_sid }, params }, context) {
    const { state, now } = context
    workspaceOf(state, workspace_sid)
    const task_channel_sid = channelSid(state, workspace_sid, params.task_channel)
    const over = await tasksOver(context, 'workspace_sid', [workspace_sid], task_channel_sid)
    return {
      ...owner(state, workspace_sid),
      ...taskFigures(workspace_sid, { state, now: now(), over, task_channel_sid }),
      ...workforceFigures(state, workspace_sid)
    }
  },

  async 'taskrouter_v1.FetchTaskQueueRealTimeStatistics'({ path: { workspace_sid, task_queue_sid }, params }, context) {
    const { state, now } = context
    inWorkspace(state, 'task_queue', workspace_sid, task_queue_sid)
    const task_channel_sid = channelSid(state, workspace_sid, params.task_channel)
    const over = await tasksOver(context, 'task_queue_sid', [task_queue_sid], task_channel_sid)
    return {
      ...owner(state, workspace_sid),
      ...queueFigures(workspace_sid, task_queue_sid, { state, now: now(), over, task_channel_sid })
    }
  },

  async 'taskrouter_v1.FetchWorkflowRealTimeStatistics'({ path: { workspace_sid, workflow_sid }, params }, context) {
    const { state, now } = context
    inWorkspace(state, 'workflow', workspace_sid, workflow_sid)
    const task_channel_sid = channelSid(state, workspace_sid, params.task_channel)
    const over = await tasksOver(context, 'workflow_sid', [workflow_sid], task_channel_sid)
    return {
      ...owner(state, workspace_sid),
      workflow_sid,
      ...taskFigures(workflow_sid, { state, now: now(), over, task_channel_sid })
    }
  },

  'taskrouter_v1.FetchWorkersRealTimeStatistics'({ path: { workspace_sid } }, { state }) {
    workspaceOf(state, workspace_sid)
    return { ...owner(state, workspace_sid), ...workforceFigures(state, workspace_sid) }
  },

  async 'taskrouter_v1.CreateTaskQueueBulkRealTimeStatistics'({ path: { workspace_sid }, params }, context) {
    const { state, now } = context
    workspaceOf(state, workspace_sid)
    checkRate(context, 'bulk_statistics', 'TaskQueues/RealTimeStatistics')
    const sids = queueSids(params.queue_sids)
    const over = await tasksOver(context, 'task_queue_sid', sids, undefined)
    const counting = { state, now: now(), over }
    const task_queue_data = sids.map((sid) => {
      // A queue that does not exist has an entry with zeros (reference taskrouter 7.6).
      const { longest_relative_task_age_in_queue, longest_relative_task_sid_in_queue, ...figures } = queueFigures(
        workspace_sid,
        state.find('task_queue', sid)?.workspace_sid === workspace_sid ? sid : '',
        counting
      )
      return { ...figures, task_queue_sid: sid }
    })
    return { ...owner(state, workspace_sid), task_queue_response_count: task_queue_data.length, task_queue_data }
  }
} satisfies Handlers

function owner({ account_sid }: State, workspace_sid: string) {
  return { account_sid, workspace_sid }
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
