import type { State } from '../center.ts'
import { configurationOf as conversationsOf } from '../conversations/configuration.ts'
import { type Json, worded } from '../core/json.ts'
import { isKeyOf } from '../core/keys.ts'
import { refuse } from '../core/refusals.ts'
import { named, workspaceOf } from '../routing/lookup.ts'
import { addChannel } from '../routing/task-channel.ts'
import { addQueue } from '../routing/task-queue.ts'
import { addWorkflow } from '../routing/workflow.ts'
import { createWorkspace } from '../routing/workspace.ts'
import { lostKpis } from './kpis.ts'
import type { FlexConfigurationRow } from './rows.ts'

const workspaceName = 'Flex Task Assignment'

/**
 * Makes the account's Flex instance where it is missing: on the workspace that is named, or on the one called "Flex Task
 * Assignment", which is made with a queue and a workflow for everybody if there is none; its chat service is the
 * account's default one (reference flex 10 and 17).
 */
export function setupFlex(
  state: State,
  { workspace_sid }: { readonly workspace_sid?: string } = {}
): { flex_configuration: FlexConfigurationRow } {
  const present = state.tables.flex_configuration.find(state.account_sid)
  if (present) return { flex_configuration: present }
  const sid = workspace_sid ? workspaceOf(state, workspace_sid).sid : workspaceSid(state)
  return { flex_configuration: addConfiguration(state, sid) }
}

/** The Flex instance; the first one who names a workspace makes it. Another workspace than its own is refused. */
export function flexOf(state: State, workspace_sid: string): FlexConfigurationRow {
  if (!state.tables.workspace.find(workspace_sid)) {
    refuse('invalid', `Value '${workspace_sid}' provided for workspace_sid does not exist`)
  }
  const { flex_configuration } = setupFlex(state, { workspace_sid })
  if (flex_configuration.taskrouter_workspace_sid !== workspace_sid) {
    const own = flex_configuration.taskrouter_workspace_sid
    refuse(
      'invalid',
      `Value '${workspace_sid}' provided for workspace_sid is not the Workspace of Flex, which is ${own}`
    )
  }
  return flex_configuration
}

function workspaceSid(state: State): string {
  for (const workspace of state.tables.workspace.by('account_sid', state.account_sid)) {
    if (workspace.friendly_name === workspaceName) return workspace.sid
  }
  const { workspace } = createWorkspace(state, { friendly_name: workspaceName })
  addChannel(state, workspace.sid, { unique_name: 'email', friendly_name: 'Email' })
  const queue = addQueue(state, workspace.sid, { friendly_name: 'Everyone' })
  addWorkflow(state, workspace.sid, {
    friendly_name: 'Assign to Anyone',
    configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
  })
  return workspace.sid
}

function addConfiguration(state: State, workspace_sid: string): FlexConfigurationRow {
  const conversations = conversationsOf(state)
  const queue = state.tables.task_queue.firstBy('workspace_sid', workspace_sid)
  return state.insert(
    'flex_configuration',
    {
      ...defaults,
      account_sid: state.account_sid,
      taskrouter_workspace_sid: workspace_sid,
      taskrouter_target_workflow_sid: state.tables.workflow.firstBy('workspace_sid', workspace_sid)?.sid ?? null,
      taskrouter_target_taskqueue_sid: queue?.sid ?? null,
      taskrouter_taskqueues: queue ? [{ sid: queue.sid, targettable: true }] : [],
      taskrouter_offline_activity_sid: state.tables.workspace.need(workspace_sid).default_activity_sid,
      messaging_service_instance_sid: conversations.default_messaging_service_sid,
      chat_service_instance_sid: conversations.default_chat_service_sid,
      flex_service_instance_sid: state.sid('IS'),
      flex_instance_sid: state.sid('GO')
    },
    state.account_sid
  )
}

const defaults = {
  status: 'ok',
  attributes: {},
  taskrouter_skills: [],
  taskrouter_worker_channels: {},
  taskrouter_worker_attributes: {},
  runtime_domain: null,
  ui_language: 'en',
  ui_attributes: {},
  ui_dependencies: {},
  ui_version: '~2',
  service_version: null,
  call_recording_enabled: false,
  call_recording_webhook_url: null,
  crm_enabled: false,
  crm_type: null,
  crm_callback_url: null,
  crm_fallback_url: null,
  crm_attributes: {},
  public_attributes: {},
  plugin_service_enabled: true,
  plugin_service_attributes: {},
  integrations: [],
  outbound_call_flows: {
    default: { enabled: false, caller_id: null, queue_sid: null, workflow_sid: null, location: null }
  },
  serverless_service_sids: [],
  queue_stats_configuration: {
    default: {
      service_level_threshold: 20,
      short_abandoned_threshold: 5,
      reset_timezone: 'Etc/UTC',
      reset_time: '00:00'
    },
    queue_configurations: [],
    queue_channel_configurations: []
  },
  notifications: { enabled: true, mode: 'whenNotInFocus' },
  markdown: { enabled: true, mode: 'readOnly' },
  flex_insights_hr: null,
  flex_insights_drilldown: false,
  flex_url: null,
  channel_configs: [],
  debugger_integration: { enabled: false },
  flex_ui_status_report: { enabled: false },
  agent_conv_end_methods: {},
  citrix_voice_vdi: { enabled: false },
  offline_config: {}
} as const satisfies Partial<FlexConfigurationRow>

/** What may be written, and what it must be; null is always possible (reference flex 17). */
const writable = {
  attributes: 'object',
  taskrouter_target_workflow_sid: 'string',
  taskrouter_target_taskqueue_sid: 'string',
  taskrouter_taskqueues: 'array',
  taskrouter_skills: 'array',
  taskrouter_worker_channels: 'object',
  taskrouter_worker_attributes: 'object',
  taskrouter_offline_activity_sid: 'string',
  ui_language: 'string',
  ui_attributes: 'object',
  ui_dependencies: 'object',
  ui_version: 'string',
  call_recording_enabled: 'boolean',
  call_recording_webhook_url: 'string',
  crm_enabled: 'boolean',
  crm_type: 'string',
  crm_callback_url: 'string',
  crm_fallback_url: 'string',
  crm_attributes: 'object',
  public_attributes: 'object',
  plugin_service_enabled: 'boolean',
  plugin_service_attributes: 'object',
  integrations: 'array',
  outbound_call_flows: 'object',
  serverless_service_sids: 'array',
  queue_stats_configuration: 'object',
  notifications: 'object',
  markdown: 'object',
  flex_insights_hr: 'object',
  flex_insights_drilldown: 'boolean',
  flex_url: 'string',
  channel_configs: 'array',
  debugger_integration: 'object',
  flex_ui_status_report: 'object',
  agent_conv_end_methods: 'object',
  citrix_voice_vdi: 'object',
  offline_config: 'object'
} as const satisfies Partial<Record<keyof FlexConfigurationRow, 'object' | 'array' | 'string' | 'boolean'>>

const readOnly: readonly string[] = [
  'date_created',
  'date_updated',
  'url',
  'status',
  'taskrouter_workspace_sid',
  'runtime_domain',
  'messaging_service_instance_sid',
  'chat_service_instance_sid',
  'flex_service_instance_sid',
  'flex_instance_sid',
  'service_version'
]

export interface UpdateFlexConfiguration {
  readonly [name: string]: unknown
  /** The JSON texts of properties, where they came as such: objects and lists are kept as they were written. */
  readonly texts?: Readonly<Record<string, string>>
}

/** Changes the named properties, each as a whole; the body must name the account. Unknown names are ignored. */
export function updateFlexConfiguration(
  state: State,
  { texts = {}, ...params }: UpdateFlexConfiguration
): { flex_configuration: FlexConfigurationRow } {
  const before = setupFlex(state).flex_configuration
  if (params.account_sid === undefined) refuse('invalid', 'Missing required parameter account_sid in the post body')
  if (params.account_sid !== state.account_sid)
    refuse('invalid', `Value '${worded(params.account_sid)}' provided for account_sid is not this account`)
  const changes: Record<string, Json> = {}
  for (const [name, value] of Object.entries(params)) {
    if (readOnly.includes(name)) refuse('configuration.read_only', `Configuration properties are read-only: [${name}]`)
    if (isKeyOf(writable, name)) {
      const checked = checkedValue(name, value)
      changes[name] = typeof checked === 'object' && checked !== null ? (texts[name] ?? checked) : checked
    }
  }
  checkReferences(state, before.taskrouter_workspace_sid, changes)
  const flex_configuration = state.change('flex_configuration', before.sid, changes as Partial<FlexConfigurationRow>) // checked above
  if ('attributes' in changes) warnOfKpis(state, before, flex_configuration)
  const properties = Object.keys(changes)
  if (properties.length > 0)
    state.emit('ringdown.flex-configuration.updated', {
      flex_configuration,
      extra: { properties: properties.join(' ') }
    })
  return { flex_configuration }
}

/** A property is replaced as a whole: whoever sends attributes without the KPIs hardly means to delete them. */
function warnOfKpis(state: State, before: FlexConfigurationRow, flex_configuration: FlexConfigurationRow): void {
  const lost = lostKpis(before.attributes, flex_configuration.attributes)
  if (lost.length === 0) return
  const message = `attributes were written without the KPIs ${lost.join(', ')}, which are gone with that`
  state.emit('ringdown.warning', {
    flex_configuration,
    extra: { warning: 'kpis_lost', message, kpis: JSON.stringify(lost) }
  })
}

/** Whether a property holds an object or a list: a row holds its JSON text, or its value where nobody has written it. */
export function isDocument(name: string): boolean {
  const type = isKeyOf(writable, name) ? writable[name] : undefined
  return type === 'object' || type === 'array'
}

function checkedValue(name: keyof typeof writable, value: unknown): Json {
  const isFit = value === null || (Array.isArray(value) ? 'array' : typeof value) === writable[name]
  if (!isFit)
    refuse(
      'invalid',
      `Value provided for ${name} must be ${writable[name] === 'string' ? 'text' : `of type ${writable[name]}`}`
    )
  if (name === 'serverless_service_sids' && Array.isArray(value) && !value.every(isServiceSid))
    refuse('invalid', `Value provided for ${name} must be SIDs beginning with ZS`)
  return value as Json // it was parsed from JSON
}

function isServiceSid(value: unknown): boolean {
  return typeof value === 'string' && /^ZS[0-9a-fA-F]{32}$/.test(value)
}

function checkReferences(state: State, workspace_sid: string, changes: Readonly<Record<string, Json>>): void {
  for (const [name, kind] of [
    ['taskrouter_target_workflow_sid', 'workflow'],
    ['taskrouter_target_taskqueue_sid', 'task_queue'],
    ['taskrouter_offline_activity_sid', 'activity']
  ] as const) {
    const sid = changes[name]
    if (typeof sid === 'string') named(state, kind, workspace_sid, sid, name)
  }
}
