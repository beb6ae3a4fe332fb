import type { State } from '../center.ts'
import { checkUrl, cleared } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { warnOfUnknownEvents } from '../core/unknown-events.ts'
import { addActivity } from './activity.ts'
import { routingEvents } from './events.ts'
import { endJudgingOf } from './judging.ts'
import { checkName, named, workspaceOf } from './lookup.ts'
import type { WorkspaceRow } from './rows.ts'
import { addChannel } from './task-channel.ts'
import { addQueue } from './task-queue.ts'
import { addWorkflow } from './workflow.ts'

export interface WorkspaceParams {
  readonly friendly_name?: string
  readonly event_callback_url?: string
  readonly events_filter?: string
  readonly multi_task_enabled?: boolean
  readonly prioritize_queue_order?: 'FIFO' | 'LIFO'
}

/** Makes a workspace with its activities and task channels; template FIFO adds a queue and a workflow (reference taskrouter 1.2). */
export function createWorkspace(
  state: State,
  params: WorkspaceParams & { readonly friendly_name: string; readonly template?: 'NONE' | 'FIFO' }
): { workspace: WorkspaceRow } {
  checkName(params.friendly_name, 'Workspace')
  checkUrl(params.event_callback_url, 'EventCallbackUrl')
  const { limits, activities } = state.settings
  if (state.tables.workspace.count('account_sid', state.account_sid) >= limits.workspaces) {
    refuse('too_many', `The maximum number of Workspaces (${limits.workspaces}) is reached`)
  }
  const sid = state.sid('WS')
  state.insert(
    'workspace',
    {
      account_sid: state.account_sid,
      friendly_name: params.friendly_name,
      default_activity_sid: '',
      timeout_activity_sid: '',
      event_callback_url: cleared(params.event_callback_url) ?? null,
      events_filter: cleared(params.events_filter) ?? null,
      multi_task_enabled: params.multi_task_enabled ?? true,
      prioritize_queue_order: params.prioritize_queue_order ?? 'FIFO'
    },
    sid
  )
  const made = activities.map(([friendly_name, available]) => addActivity(state, sid, { friendly_name, available }))
  const first = made[0]?.sid ?? ''
  for (const [unique_name, friendly_name] of defaultChannels) addChannel(state, sid, { friendly_name, unique_name })
  const workspace = state.change('workspace', sid, { default_activity_sid: first, timeout_activity_sid: first })
  state.emit('workspace.created', { workspace })
  warnOfFilter(state, workspace)
  if (params.template === 'FIFO') {
    const queue = addQueue(state, sid, { friendly_name: 'Sample Queue' })
    addWorkflow(state, sid, {
      friendly_name: 'Default Fifo Workflow',
      configuration: JSON.stringify({
        task_routing: {
          filters: [{ filter_friendly_name: 'Default Filter', expression: '1==1', targets: [{ queue: queue.sid }] }],
          default_filter: { queue: queue.sid }
        }
      })
    })
  }
  return { workspace: state.tables.workspace.need(sid) }
}

const defaultChannels = [
  ['default', 'Default'],
  ['voice', 'Voice'],
  ['chat', 'Programmable Chat'],
  ['sms', 'SMS'],
  ['video', 'Video']
] as const

export function updateWorkspace(
  state: State,
  {
    sid,
    ...params
  }: WorkspaceParams & {
    readonly sid: string
    readonly default_activity_sid?: string
    readonly timeout_activity_sid?: string
  }
): { workspace: WorkspaceRow } {
  const before = workspaceOf(state, sid)
  if (params.friendly_name !== undefined) checkName(params.friendly_name, 'Workspace')
  checkUrl(params.event_callback_url, 'EventCallbackUrl')
  if (params.multi_task_enabled === false && before.multi_task_enabled) {
    refuse('invalid', 'MultiTaskEnabled cannot be changed from true to false')
  }
  for (const [name, activity] of [
    ['DefaultActivitySid', params.default_activity_sid],
    ['TimeoutActivitySid', params.timeout_activity_sid]
  ] as const) {
    if (activity !== undefined) named(state, 'activity', sid, activity, name)
  }
  const workspace = state.change('workspace', sid, {
    ...params,
    ...(params.event_callback_url !== undefined && { event_callback_url: params.event_callback_url || null }),
    ...(params.events_filter !== undefined && { events_filter: params.events_filter || null })
  })
  state.emit('workspace.updated', { workspace })
  if (params.events_filter !== undefined) warnOfFilter(state, workspace)
  return { workspace }
}

function warnOfFilter(state: State, workspace: WorkspaceRow): void {
  const names = (workspace.events_filter ?? '').split(',').map((name) => name.trim())
  warnOfUnknownEvents(state, { workspace }, { parameter: 'EventsFilter', names, known: callbackEvents })
}

/** What a workspace's callback can be told; what only we tell is not for receivers that know Twilio's. */
const callbackEvents: readonly string[] = Object.keys(routingEvents).filter((type) => !type.startsWith('ringdown.'))

/** Removes the workspace and everything in it, without routing anything (reference taskrouter 1.2). */
export function deleteWorkspace(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const workspace = workspaceOf(state, sid)
  state.emit('workspace.deleted', { workspace })
  for (const kind of inside) {
    for (const row of [...state.table(kind).by('workspace_sid', sid)]) state.remove(kind, row.sid)
  }
  endJudgingOf(state, 'workspace_sid', sid)
  state.remove('workspace', sid)
  return {}
}

/** In an order in which nothing is left that names what is gone. */
const inside = [
  'transfer',
  'reservation',
  'task',
  'worker_channel',
  'worker',
  'workflow',
  'workflow_document',
  'task_queue',
  'task_channel',
  'activity'
] as const
