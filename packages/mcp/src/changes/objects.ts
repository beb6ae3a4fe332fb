import { objectText, valueAt } from '@ringdown/contract/json-text'
import { isApi } from '../errors.ts'
import { objectIn } from '../json.ts'
import { rawRequest } from '../raw.ts'
import type { RingdownApi } from '../ringdown-api.ts'
import type { Call } from '../tool.ts'
import { configurationUri, namedTypes } from '../tools/update-flex-configuration.ts'

/** An object that a change writes: where it is, and its fields that can be written, by the names of their parameters. */
export interface Target {
  /** Undefined for what the change creates. */
  readonly uri?: string | undefined
  readonly collection: string
  readonly sid?: string | undefined
  /** Field, with dots inside of objects -> parameter; null where an update is JSON with the field's own name. */
  readonly fields: Readonly<Record<string, string>> | null
}

/** An object's fields as JSON text, each as the API wrote it. */
export type Snapshot = Readonly<Record<string, string>>

const taskrouter = 'https://taskrouter.twilio.com/v1/Workspaces'
const flexFlows = 'https://flex-api.twilio.com/v1/FlexFlows'
const addresses = 'https://conversations.twilio.com/v1/Configuration/Addresses'

const addressFields = {
  friendly_name: 'FriendlyName',
  'auto_creation.enabled': 'AutoCreation.Enabled',
  'auto_creation.type': 'AutoCreation.Type',
  'auto_creation.conversation_service_sid': 'AutoCreation.ConversationServiceSid',
  'auto_creation.webhook_url': 'AutoCreation.WebhookUrl',
  'auto_creation.studio_flow_sid': 'AutoCreation.StudioFlowSid'
}
const flexFlowFields = {
  friendly_name: 'FriendlyName',
  channel_type: 'ChannelType',
  contact_identity: 'ContactIdentity',
  chat_service_sid: 'ChatServiceSid',
  enabled: 'Enabled',
  integration_type: 'IntegrationType',
  'integration.flow_sid': 'Integration.FlowSid',
  'integration.url': 'Integration.Url',
  'integration.workspace_sid': 'Integration.WorkspaceSid',
  'integration.workflow_sid': 'Integration.WorkflowSid',
  'integration.channel': 'Integration.Channel',
  'integration.timeout': 'Integration.Timeout',
  'integration.priority': 'Integration.Priority',
  'integration.retry_count': 'Integration.RetryCount',
  'integration.creation_on_message': 'Integration.CreationOnMessage',
  long_lived: 'LongLived',
  janitor_enabled: 'JanitorEnabled'
}

/** Where the objects of a tool are, and what of them can be written. */
interface Noun {
  readonly sidName: string
  collection(workspaceSid: string): string
  readonly fields: Readonly<Record<string, string>>
}

const inWorkspace = (path: string) => (workspaceSid: string) => `${taskrouter}/${workspaceSid}/${path}`

/** By tool. */
const nouns: Readonly<Record<string, Noun>> = {
  manage_workers: {
    sidName: 'workerSid',
    collection: inWorkspace('Workers'),
    fields: { friendly_name: 'FriendlyName', activity_sid: 'ActivitySid', attributes: 'Attributes' }
  },
  manage_task_queues: {
    sidName: 'taskQueueSid',
    collection: inWorkspace('TaskQueues'),
    fields: {
      friendly_name: 'FriendlyName',
      target_workers: 'TargetWorkers',
      max_reserved_workers: 'MaxReservedWorkers',
      task_order: 'TaskOrder',
      reservation_activity_sid: 'ReservationActivitySid',
      assignment_activity_sid: 'AssignmentActivitySid'
    }
  },
  manage_workflows: {
    sidName: 'workflowSid',
    collection: inWorkspace('Workflows'),
    fields: {
      friendly_name: 'FriendlyName',
      configuration: 'Configuration',
      assignment_callback_url: 'AssignmentCallbackUrl',
      fallback_assignment_callback_url: 'FallbackAssignmentCallbackUrl',
      task_reservation_timeout: 'TaskReservationTimeout'
    }
  },
  manage_activities: {
    sidName: 'activitySid',
    collection: inWorkspace('Activities'),
    fields: { friendly_name: 'FriendlyName' }
  },
  manage_workspaces: {
    sidName: 'workspaceSid',
    collection: () => taskrouter,
    fields: {
      friendly_name: 'FriendlyName',
      event_callback_url: 'EventCallbackUrl',
      events_filter: 'EventsFilter',
      default_activity_sid: 'DefaultActivitySid',
      timeout_activity_sid: 'TimeoutActivitySid',
      prioritize_queue_order: 'PrioritizeQueueOrder'
    }
  },
  // These are read only, to see whether somebody has changed them.
  manage_tasks: {
    sidName: 'taskSid',
    collection: inWorkspace('Tasks'),
    fields: { assignment_status: 'AssignmentStatus', attributes: 'Attributes', task_queue_sid: '' }
  },
  manage_conversations: {
    sidName: 'conversationSid',
    collection: () => 'https://conversations.twilio.com/v1/Conversations',
    fields: { state: 'State', attributes: 'Attributes', friendly_name: 'FriendlyName' }
  },
  manage_flex_flows: { sidName: 'flexFlowSid', collection: () => flexFlows, fields: flexFlowFields },
  manage_addresses: { sidName: 'addressSid', collection: () => addresses, fields: addressFields }
}

/** The argument and the field of a result that name a tool's object. */
export const sidNameOf = (tool: string): string | undefined => nouns[tool]?.sidName

/** What a change writes, known before it is made; what it creates has no address yet. */
export async function targetsOf(
  tool: string,
  action: string,
  values: Readonly<Record<string, unknown>>,
  call: Call
): Promise<readonly Target[]> {
  if (tool === 'update_flex_configuration') return configurationTargets(values, call)
  const noun = nouns[tool]
  if (!noun) return []
  const { sidName, fields } = noun
  const collection = noun.collection(tool === 'manage_workspaces' ? '' : await call.workspace())
  if (action === 'create') return [{ collection, fields }]
  const sid = tool === 'manage_workspaces' ? await call.workspace() : values[sidName]
  if (typeof sid !== 'string') return []
  const own: Target = { uri: `${collection}/${sid}`, collection, sid, fields }
  const { taskChannel } = values
  if (tool !== 'manage_workers' || taskChannel === undefined) return [own]
  const channels = `${collection}/${sid}/Channels`
  const capacity = { configured_capacity: 'Capacity', available: 'Available' }
  return [own, { uri: `${channels}/${taskChannel}`, collection: channels, sid, fields: capacity }]
}

/** The configuration, and the flows and addresses of channels that are switched. */
async function configurationTargets(
  { enableChannels, disableChannels }: Readonly<Record<string, unknown>>,
  call: Call
): Promise<readonly Target[]> {
  const configuration: Target = { uri: configurationUri, collection: configurationUri, fields: null }
  const types = [enableChannels, disableChannels].flatMap((list) => (Array.isArray(list) ? list.map(String) : []))
  if (types.length === 0) return [configuration]
  const names = types.flatMap(namedTypes)
  const { flexApi, conversations } = call.backend.client
  const [flows, reached] = await Promise.all([
    flexApi.v1.flexFlow.list({ limit: 1000 }),
    conversations.v1.addressConfigurations.list({ limit: 1000, pageSize: 50 })
  ])
  return [
    configuration,
    ...flows
      .filter(({ channelType }) => names.includes(channelType))
      .map(({ sid }) => at(flexFlows, sid, { enabled: 'Enabled' })),
    ...reached
      .filter(({ type }) => names.includes(String(type)))
      .map(({ sid }) => at(addresses, sid, { 'auto_creation.enabled': 'AutoCreation.Enabled' }))
  ]
}

const at = (collection: string, sid: string, fields: Target['fields']): Target => ({
  uri: `${collection}/${sid}`,
  collection,
  sid,
  fields
})

/** What is never written, in a configuration whose fields are not listed here. */
const unwritten = new Set(['account_sid', 'date_created', 'date_updated', 'url', 'links'])

/** The fields of an object now; undefined when it is gone. */
export async function snapshotOf({ uri, fields }: Target, call: Call): Promise<Snapshot | undefined> {
  if (uri === undefined) return undefined
  try {
    const { body, text } = await rawRequest(call.backend.client, { method: 'get', uri })
    const names = fields ? Object.keys(fields) : Object.keys(body).filter((name) => !unwritten.has(name))
    return Object.fromEntries(names.map((name) => [name, valueAt(text, name.split('.')) ?? 'null']))
  } catch (error) {
    if (isApi(error, 404)) return undefined
    throw error
  }
}

/** Fields of which the text is another now. */
export const differing = (one: Snapshot, other: Snapshot): readonly string[] =>
  Object.keys(one).filter((name) => one[name] !== other[name])

/** Writes fields back as they were. */
export async function restore(
  { uri = '', fields }: Target,
  names: readonly string[],
  before: Snapshot,
  call: Call
): Promise<void> {
  const { client } = call.backend
  if (fields) {
    const data = Object.fromEntries(names.map((name) => [fields[name] ?? name, formValue(before[name])]))
    await rawRequest(client, { method: 'post', uri, data })
    return
  }
  const { text } = await rawRequest(client, { method: 'get', uri })
  const changed = Object.fromEntries(names.map((name) => [name, before[name]]))
  const data = objectText({ account_sid: valueAt(text, ['account_sid']), ...changed })
  await rawRequest(client, { method: 'post', uri, data })
}

/** JSON text as a form has it: null is empty, an object its text. */
function formValue(text = 'null'): string {
  const value: unknown = JSON.parse(text)
  if (value === null) return ''
  return typeof value === 'object' ? text : String(value)
}

/** Events that tell of writes to an object, by the first letters of its SID. */
const writesOf: Readonly<Record<string, string>> = {
  WQ: 'task-queue.*,ringdown.task-queue.*',
  WK: 'worker.*,ringdown.worker.*',
  WW: 'workflow.*',
  WA: 'activity.*',
  WS: 'workspace.*'
}

/** Who changed an object last, and by what: as the audit has it, or, of the account's own changes, the log. */
export async function lastChange(sid: string | undefined, call: Call): Promise<string | undefined> {
  const { ringdown } = call.backend
  if (!ringdown) return undefined
  try {
    const types = sid === undefined ? 'ringdown.flex-configuration.*' : writesOf[sid.slice(0, 2)]
    return (
      (sid && (await lastAudited(ringdown, sid, call))) || (types && (await lastLogged(ringdown, types, sid, call)))
    )
  } catch (error) {
    if (isApi(error, 403, 404)) return undefined
    throw error
  }
}

async function lastAudited(api: RingdownApi, sid: string, { signal }: Call): Promise<string | undefined> {
  const { audit_entries } = objectIn(await api.get('Audit', { PageSize: 200 }, signal))
  const entries = Array.isArray(audit_entries) ? audit_entries.map(objectIn) : []
  const entry = entries.find(({ subject_sid }) => subject_sid === sid)
  return entry && `${entry.command} by ${entry.actor_type} ${entry.actor_sid} at ${entry.date_created}`
}

const maxPages = 10

async function lastLogged(
  api: RingdownApi,
  types: string,
  sid: string | undefined,
  { signal }: Call
): Promise<string | undefined> {
  let last: Readonly<Record<string, unknown>> | undefined
  let cursor: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const place = cursor === undefined ? { since: 'PT1H' } : { cursor }
    const found = objectIn(await api.get('Events', { types, ...place, wait_s: 0, limit: 1000 }, signal))
    const events = Array.isArray(found.events) ? found.events.map(objectIn) : []
    last = events.filter(({ resource_sid }) => sid === undefined || resource_sid === sid).at(-1) ?? last
    if (found.has_more !== true) break
    cursor = String(found.cursor)
  }
  const by = last?.actor_type ? `${last.actor_type} ${last.actor_sid}` : 'the account'
  return last && `${last.type} (${last.sid}) by ${by} at ${last.at}`
}
