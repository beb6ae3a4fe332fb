import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { named, namedChannel } from '../routing/lookup.ts'
import { followedAddress, forgetAddress } from './flow-address.ts'
import { contactKey, type FlexFlowRow, flexChannelTypes, integrationTypes } from './rows.ts'

export interface FlexFlowParams {
  readonly friendly_name?: string
  readonly chat_service_sid?: string
  readonly channel_type?: string
  readonly contact_identity?: string
  readonly enabled?: boolean
  readonly integration_type?: string
  readonly integration_flow_sid?: string
  readonly integration_url?: string
  readonly integration_workspace_sid?: string
  readonly integration_workflow_sid?: string
  readonly integration_channel?: string
  /** Seconds. */
  readonly integration_timeout?: number
  readonly integration_priority?: number
  readonly integration_creation_on_message?: boolean
  readonly integration_retry_count?: number
  readonly long_lived?: boolean
  readonly janitor_enabled?: boolean
}

type Columns = Omit<
  FlexFlowRow,
  'sid' | 'seq' | 'version' | 'date_created' | 'date_updated' | 'account_sid' | 'address_configuration_sid'
>

/** Stores how messages to an address are handled (reference flex 13). */
export function createFlexFlow(
  state: State,
  params: FlexFlowParams & {
    readonly friendly_name: string
    readonly chat_service_sid: string
    readonly channel_type: string
  }
): { flex_flow: FlexFlowRow } {
  const columns = columnsOf(state, params, {
    friendly_name: '',
    chat_service_sid: '',
    channel_type: 'web',
    contact_identity: null,
    enabled: true,
    integration_type: null,
    integration: {},
    long_lived: false,
    janitor_enabled: false
  })
  const address_configuration_sid = followedAddress(state, { ...columns, address_configuration_sid: null })
  const { account_sid } = state
  return { flex_flow: state.insert('flex_flow', { account_sid, ...columns, address_configuration_sid }) }
}

export function updateFlexFlow(
  state: State,
  params: FlexFlowParams & { readonly sid: string }
): { flex_flow: FlexFlowRow } {
  const before = flowOf(state, params.sid)
  const columns = columnsOf(state, params, before, before.sid)
  const { address_configuration_sid = null } = before // older rows have none
  const followed = followedAddress(state, { ...columns, address_configuration_sid })
  return { flex_flow: state.change('flex_flow', before.sid, { ...columns, address_configuration_sid: followed }) }
}

export function deleteFlexFlow(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const flow = flowOf(state, sid)
  forgetAddress(state, flow)
  state.remove('flex_flow', flow.sid)
  return {}
}

function flowOf(state: State, sid: string): FlexFlowRow {
  return state.tables.flex_flow.find(sid) ?? notFound(`/FlexFlows/${sid}`)
}

function columnsOf(state: State, params: FlexFlowParams, before: Columns, own_sid?: string): Columns {
  const friendly_name = params.friendly_name ?? before.friendly_name
  if (friendly_name.trim() === '') refuse('invalid', 'FriendlyName of a FlexFlow must not be empty')
  checkLength(friendly_name, 'FriendlyName', 255)
  const chat_service_sid = params.chat_service_sid || before.chat_service_sid
  if (!state.tables.chat_service.find(chat_service_sid)) {
    refuse('invalid', `Value '${chat_service_sid}' provided for ChatServiceSid does not exist`)
  }
  const channel_type = oneOf(flexChannelTypes, params.channel_type ?? before.channel_type, 'ChannelType')
  const contact_identity = (params.contact_identity ?? before.contact_identity) || null
  const other =
    contact_identity && state.tables.flex_flow.firstBy('contact', contactKey(channel_type, contact_identity))
  if (other && other.sid !== own_sid) {
    refuse('conflict', `FlexFlow ${other.sid} handles ${channel_type} messages to '${contact_identity}' already`)
  }
  const wanted = params.integration_type || before.integration_type
  const integration_type = wanted === null ? null : oneOf(integrationTypes, wanted, 'IntegrationType')
  // What another type of integration had is of no use for this one.
  const kept = integration_type === before.integration_type ? before.integration : {}
  return {
    friendly_name,
    chat_service_sid,
    channel_type,
    contact_identity,
    enabled: params.enabled ?? before.enabled,
    integration_type,
    integration: integration_type === null ? {} : integrationOf(state, integration_type, params, kept),
    long_lived: params.long_lived ?? before.long_lived,
    janitor_enabled: params.janitor_enabled ?? before.janitor_enabled
  }
}

type Integration = FlexFlowRow['integration']

function integrationOf(
  state: State,
  type: (typeof integrationTypes)[number],
  params: FlexFlowParams,
  kept: Integration
): Integration {
  if (type === 'task') return taskIntegration(state, params, kept)
  checkRange(params.integration_retry_count, 'Integration.RetryCount', 0, 3)
  const retry_count = params.integration_retry_count ?? kept.retry_count ?? 3
  if (type === 'studio') {
    return { flow_sid: required(params.integration_flow_sid, kept.flow_sid, 'Integration.FlowSid', type), retry_count }
  }
  const url = required(params.integration_url, kept.url, 'Integration.Url', type)
  if (!/^https?:\/\/\S+$/i.test(url)) refuse('invalid', `Value '${url}' provided for Integration.Url is no URL`)
  return { url, retry_count }
}

function taskIntegration(state: State, params: FlexFlowParams, kept: Integration): Integration {
  const workspace_sid = required(
    params.integration_workspace_sid,
    kept.workspace_sid,
    'Integration.WorkspaceSid',
    'task'
  )
  const workflow_sid = required(params.integration_workflow_sid, kept.workflow_sid, 'Integration.WorkflowSid', 'task')
  if (!state.tables.workspace.find(workspace_sid)) {
    refuse('invalid', `Value '${workspace_sid}' provided for Integration.WorkspaceSid does not exist`)
  }
  named(state, 'workflow', workspace_sid, workflow_sid, 'Integration.WorkflowSid')
  const channel = params.integration_channel || String(kept.channel ?? 'default')
  namedChannel(state, workspace_sid, channel)
  checkRange(params.integration_timeout, 'Integration.Timeout', 1, 1_209_600)
  checkRange(params.integration_priority, 'Integration.Priority', 0, 2_147_483_647)
  const creation_on_message = params.integration_creation_on_message ?? kept.creation_on_message
  return {
    workspace_sid,
    workflow_sid,
    channel,
    timeout: params.integration_timeout ?? kept.timeout ?? 86_400,
    priority: params.integration_priority ?? kept.priority ?? 0,
    ...(creation_on_message !== undefined && { creation_on_message })
  }
}

function required(given: string | undefined, kept: unknown, parameter: string, type: string): string {
  const value = given || kept
  return typeof value === 'string'
    ? value
    : refuse('invalid', `${parameter} is required for an integration of type ${type}`)
}
