import { refuse } from '../refusals.ts'
import type { State } from '../state/state.ts'
import { checkLimit, checkName, inWorkspace, workspaceOf } from './lookup.ts'
import { isTerminal, nameKey, type TaskChannelRow } from './rows.ts'
import { warnOfChannel } from './warnings.ts'
import { addWorkerChannel } from './worker-channel.ts'

interface ChannelParams {
  readonly friendly_name: string
  readonly unique_name: string
  readonly channel_optimized_routing?: boolean
}

export function createTaskChannel(
  state: State,
  { workspace_sid, ...params }: ChannelParams & { readonly workspace_sid: string }
): { task_channel: TaskChannelRow } {
  workspaceOf(state, workspace_sid)
  const { task_channels } = state.settings.limits
  checkLimit(state, 'task_channel', 'workspace_sid', workspace_sid, task_channels, 'TaskChannels in a Workspace')
  const task_channel = addChannel(state, workspace_sid, params)
  state.emit('task-channel.created', { workspace: workspaceOf(state, workspace_sid), task_channel })
  warnOfChannel(state, task_channel)
  return { task_channel }
}

/** Adds a channel, and for every worker one of that kind (reference taskrouter 1.4). */
export function addChannel(state: State, workspace_sid: string, params: ChannelParams): TaskChannelRow {
  checkName(params.friendly_name, 'TaskChannel')
  // In a path it is one segment. That it can be written in expressions is only wise (`warnOfChannel`).
  if (params.unique_name.trim() === '' || /[\p{Cc}/]/u.test(params.unique_name))
    refuse(
      'invalid',
      `Value '${params.unique_name}' provided for UniqueName is blank, or holds a control character or /`
    )
  if (params.unique_name.length > 64) refuse('invalid', 'UniqueName must not be longer than 64 characters')
  if (state.tables.task_channel.firstBy('name', nameKey(workspace_sid, params.unique_name))) {
    refuse('exists', 'TaskChannel with the same unique name already exists')
  }
  const channel = state.insert('task_channel', {
    workspace_sid,
    friendly_name: params.friendly_name,
    unique_name: params.unique_name,
    channel_optimized_routing: params.channel_optimized_routing ?? false
  })
  for (const worker of state.tables.worker.by('workspace_sid', workspace_sid))
    addWorkerChannel(state, worker, channel.sid)
  return channel
}

export function updateTaskChannel(
  state: State,
  params: {
    readonly workspace_sid: string
    readonly sid: string
    readonly friendly_name?: string
    readonly channel_optimized_routing?: boolean
  }
): { task_channel: TaskChannelRow } {
  const before = inWorkspace(state, 'task_channel', params.workspace_sid, params.sid)
  const { friendly_name, channel_optimized_routing } = params
  if (friendly_name !== undefined) checkName(friendly_name, 'TaskChannel')
  const task_channel = state.change('task_channel', before.sid, {
    ...(friendly_name !== undefined && { friendly_name }),
    ...(channel_optimized_routing !== undefined && { channel_optimized_routing })
  })
  state.emit('task-channel.updated', { workspace: workspaceOf(state, params.workspace_sid), task_channel })
  return { task_channel }
}

export function deleteTaskChannel(
  state: State,
  { workspace_sid, sid }: { readonly workspace_sid: string; readonly sid: string }
): Record<string, never> {
  const channel = inWorkspace(state, 'task_channel', workspace_sid, sid)
  if (channel.unique_name === 'default') refuse('in_use', 'The default TaskChannel cannot be deleted')
  for (const task of state.tables.task.by('task_channel_sid', channel.sid)) {
    if (!isTerminal(task)) refuse('in_use', `TaskChannel ${channel.unique_name} cannot be deleted: tasks use it`)
  }
  for (const row of [...state.tables.worker_channel.by('task_channel_sid', channel.sid)])
    state.remove('worker_channel', row.sid)
  state.emit('task-channel.deleted', { workspace: workspaceOf(state, workspace_sid), task_channel: channel })
  state.remove('task_channel', channel.sid)
  return {}
}
