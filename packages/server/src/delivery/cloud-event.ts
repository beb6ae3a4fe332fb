import { isKeyOf } from '@ringdown/engine/core/keys'
import { ownPrefix, type StreamType, streamTypesFrom } from '@ringdown/engine/event-streams/catalogue'
import { troubleIn } from '../log/trouble.ts'
import type { LoggedEvent } from './delivery.ts'
import { voiceParameters } from './receivers/calls.ts'
import { mediaParameters } from './receivers/conversation-parameters.ts'

/** An event as Event Streams tells it: CloudEvents 1.0, in JSON (reference events 3). */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly type: string
  readonly source: string
  /** `EZ…`: names the event, so that it is the same for all who are told, and over all attempts. */
  readonly id: string
  readonly dataschema: string
  readonly datacontenttype: 'application/json'
  /** ISO 8601 with milliseconds. */
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The types of the catalogue that an event of the log is told as: hardly ever more than one, often none. */
export function streamTypesOf(type: string): readonly StreamType[] {
  return streamTypesFrom.get(type) ?? none
}

const none: readonly StreamType[] = []

/** An event of the log in the words of one of its types, with the schema version that the subscription asks for. */
export function cloudEventOf(
  event: LoggedEvent,
  { type, schema_id }: StreamType,
  schema_version: number,
  account_sid: string
): CloudEvent {
  return {
    specversion: '1.0',
    type,
    source: sourceOf(event),
    id: `EZ${event.sid.slice(2)}`,
    dataschema: dataschemaOf(schema_id, schema_version),
    datacontenttype: 'application/json',
    time: iso(event.at),
    data: contents[productOf(type)](event, account_sid)
  }
}

/** Twilio's schemas are where Twilio has them; ours only have names. */
function dataschemaOf(schema_id: string, version: number): string {
  return isOurs(schema_id) ? `urn:ringdown:schema:${schema_id}:${version}` : rawSchemaOf(schema_id, version)
}

/** Where the JSON Schema of one of Twilio's schemas is. */
export function rawSchemaOf(schema_id: string, version: number): string {
  return `https://events-schemas.twilio.com/${schema_id}/${version}`
}

export function isOurs(schema_id: string): boolean {
  return schema_id.startsWith('Ringdown.')
}

type Product = 'taskrouter' | 'conversations' | 'flex' | 'messaging' | 'studio' | 'voice' | 'error-logs' | 'test'

function productOf(type: string): Product {
  const [product = ''] = type.slice((type.startsWith(ownPrefix) ? ownPrefix : 'com.twilio.').length).split('.', 1)
  return isKeyOf(contents, product) ? product : 'test'
}

/** What an event holds, by product. Fields that are undefined are left out of the JSON. */
const contents: {
  readonly [P in Product]: (event: LoggedEvent, account_sid: string) => Readonly<Record<string, unknown>>
} = {
  /** One shape for all of TaskRouter, numbers as numbers (reference events 4.1); so it is for what is ours of it. */
  taskrouter: (event, account_sid) => ({
    sid: event.sid,
    name: event.type,
    group: event.type.split('.', 1)[0],
    level: event.type === 'ringdown.warning' ? 'WARNING' : 'INFO',
    account_sid,
    timestamp: iso(event.at),
    product_name: 'TaskRouter',
    publisher: event.data.workspace_name ?? null,
    publisher_metadata: '{}',
    payload_type: 'application/json',
    payload: {
      sid: event.sid,
      eventtype: event.type,
      account_sid,
      timestamp: iso(event.at),
      event_description: event.description,
      resource_type: event.resource_type,
      resource_sid: event.resource_sid,
      ...taskrouterPayload(event.data)
    }
  }),

  /** The webhooks' facts under this product's names (reference events 4.2). */
  conversations: (event, account_sid) => ({ AccountSid: account_sid, ...conversationContents(event) }),

  /** Ours: the facts of the interaction's webhooks, in the log's names. */
  flex: (event, account_sid) => ({
    sid: event.sid,
    name: event.type,
    account_sid,
    timestamp: iso(event.at),
    event_description: event.description,
    ...event.data
  }),

  /** The facts in the log's names, without those that are ours (reference events 4.3). */
  studio: (event, account_sid) => ({
    account_sid,
    ...Object.fromEntries(
      studioFacts.flatMap((name) => {
        const value = event.data[name]
        if (value === undefined) return []
        return [[name, name.startsWith('date_') ? instant(value) : value]]
      })
    )
  }),

  /** An alert of the debugger (reference events 4.6). */
  'error-logs': (event, account_sid) => {
    const { level, product, error_code, message } = troubleIn(event.type, event.data, event.description)
    const service_sid = event.data.flow_sid ?? null
    return {
      sid: `NO${event.sid.slice(2)}`,
      account_sid,
      parent: null,
      error_code,
      level: level.toUpperCase(),
      payload: {
        resource_sid: event.resource_sid,
        service_sid,
        error_code,
        more_info: { message, widget: event.data.widget ?? null }
      },
      product_name: product,
      correlation_sid: event.resource_sid,
      request_sid: null,
      service_sid,
      date_created: iso(event.at)
    }
  },
  /** A status, or a message that came in (reference events 4.4). */
  messaging: (event, account_sid) => {
    const told = event.data.direction === 'inbound' ? inboundContents(event) : statusContents(event)
    return { accountSid: account_sid, eventName: streamTypesOf(event.type)[0]?.type, ...told }
  },

  /** What a webhook was told, or would have been (reference events 4). What was answered is not kept. */
  voice: (event, account_sid) => ({
    sid: event.data.call_sid ?? event.resource_sid,
    eventSid: `VW${event.sid.slice(2)}`,
    requestDateCreated: new Date(event.at).toUTCString().replace('GMT', '+0000'),
    timestamp: iso(event.at),
    request: {
      url: event.data.callback_url ?? event.data.url ?? null,
      method: event.data.callback_method ?? 'POST',
      parameters: Object.fromEntries(voiceParameters(event, { account_sid }))
    },
    response: null
  }),

  test: ({ data }) => ({ test_id: data.test_id })
}

/** What every event of a message begins with. */
function messageContents({ data, resource_sid }: LoggedEvent) {
  return {
    messageSid: resource_sid,
    messagingServiceSid: data.messaging_service_sid,
    from: data.from,
    to: data.to,
    body: data.body
  }
}

function statusContents(event: LoggedEvent) {
  const { data, at } = event
  return {
    ...messageContents(event),
    messageStatus: String(data.status).toUpperCase(),
    errorCode: data.error_code,
    apiVersion: '2010-04-01',
    statusCallBackUrl: data.status_callback,
    timestamp: iso(at)
  }
}

/** Where its number is at home nobody here knows. */
function inboundContents(event: LoggedEvent) {
  const { data, at } = event
  return {
    ...messageContents(event),
    numMedia: data.num_media,
    numSegments: data.num_segments,
    recipients: [],
    timestamp: iso(at),
    ...{ fromCity: null, fromState: null, fromZip: null, fromCountry: null },
    ...{ toCity: null, toState: null, toZip: null, toCountry: null }
  }
}

type Facts = LoggedEvent['data']

const studioFacts = [
  'execution_sid',
  'flow_sid',
  'flow_revision',
  'contact_channel_address',
  'status',
  'started_by',
  'step_sid',
  'parent_step_sid',
  'name',
  'transitioned_from',
  'transitioned_to',
  'ended_reason',
  'date_created',
  'date_updated'
] as const

/** Names that differ between the log and this payload. */
const payloadNames: Readonly<Record<string, string>> = {
  transfer_sid: 'task_transfer_sid'
}

const payloadInstants: ReadonlySet<string> = new Set([
  'task_date_created',
  'task_queue_entered_date',
  'task_virtual_start_time'
])

function taskrouterPayload(facts: Facts): Record<string, unknown> {
  const payload: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(facts)) {
    payload[payloadNames[name] ?? name] = payloadInstants.has(name) ? instant(value) : value
  }
  return payload
}

/** What the facts are called, and which of them are told of a resource: the rest is for webhooks alone. */
const conversationNames = {
  conversation: {
    conversation_sid: 'ConversationSid',
    chat_service_sid: 'ChatServiceSid',
    messaging_service_sid: 'MessagingServiceSid',
    friendly_name: 'FriendlyName',
    unique_name: 'UniqueName',
    attributes: 'Attributes',
    state: 'State',
    created_by: 'CreatedBy'
  },
  state: {
    conversation_sid: 'ConversationSid',
    chat_service_sid: 'ChatServiceSid',
    messaging_service_sid: 'MessagingServiceSid',
    state_from: 'StateFrom',
    state_to: 'StateTo',
    reason: 'Reason'
  },
  participant: {
    conversation_sid: 'ConversationSid',
    chat_service_sid: 'ChatServiceSid',
    participant_sid: 'ParticipantSid',
    identity: 'Identity',
    role_sid: 'RoleSid',
    attributes: 'Attributes',
    last_read_message_index: 'LastReadMessageIndex'
  },
  message: {
    conversation_sid: 'ConversationSid',
    chat_service_sid: 'ChatServiceSid',
    messaging_service_sid: 'MessagingServiceSid',
    message_sid: 'MessageSid',
    index: 'Index',
    author: 'Author',
    participant_sid: 'ParticipantSid',
    body: 'MessageBody',
    subject: 'MessageSubject',
    attributes: 'Attributes'
  },
  user: {
    chat_service_sid: 'ChatServiceSid',
    user_sid: 'UserSid',
    identity: 'Identity',
    friendly_name: 'FriendlyName',
    role_sid: 'RoleSid',
    attributes: 'Attributes'
  }
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** What streams call the fields of a message's files (reference events 4.2). */
const mediaNames = { sid: 'MediaSid', filename: 'Filename', content_type: 'ContentType', size: 'Size' } as const

function conversationContents({ type, resource_type, data, at }: LoggedEvent): Record<string, unknown> {
  if (type === 'conversation.state.updated') return { ...renamed(data, conversationNames.state), StateUpdated: iso(at) }
  if (!isKeyOf(conversationNames, resource_type)) throw new Error(`invariant: ${type} is of a conversation's resource`)
  return {
    ...renamed(data, conversationNames[resource_type]),
    ...(resource_type === 'participant' && { MessagingBinding: bindingOf(data) }),
    ...(typeof data.media === 'string' && { Media: mediaParameters(data.media, mediaNames) }),
    DateCreated: instant(data.date_created),
    ...(!type.endsWith('.added') && { DateUpdated: instant(data.date_updated) }),
    ...(type.endsWith('.removed') && { DateRemoved: instant(data.date_removed) })
  }
}

function renamed(facts: Facts, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(names).map(([name, told]) => [told, facts[name]]))
}

function bindingOf(facts: Facts): object | null {
  if (facts.messaging_binding_type === null || facts.messaging_binding_type === undefined) return null
  return {
    Type: facts.messaging_binding_type,
    Address: facts.messaging_binding_address ?? undefined,
    ProxyAddress: facts.messaging_binding_proxy_address ?? undefined,
    ProjectedAddress: facts.messaging_binding_projected_address ?? undefined
  }
}

/** The path of what the event is about, as its API has it (reference events 3). */
function sourceOf({ type, resource_type, resource_sid, data, workspace_sid }: LoggedEvent): string {
  if (type === 'sink.test') return 'Sink'
  const source = sources[resource_type]
  if (source === undefined) return resource_sid
  return source(resource_sid, workspace_sid === undefined ? data : { ...data, workspace_sid })
}

const sources: Readonly<Record<string, (sid: string, facts: Facts) => string>> = {
  'channel-message': (sid) => `/Messages/${sid}`,
  workspace: (sid) => `/v1/Workspaces/${sid}`,
  activity: inWorkspace('Activities'),
  'task-channel': inWorkspace('TaskChannels'),
  'task-queue': inWorkspace('TaskQueues'),
  workflow: inWorkspace('Workflows'),
  worker: inWorkspace('Workers'),
  task: inWorkspace('Tasks'),
  reservation: (sid, facts) => `/v1/Workspaces/${facts.workspace_sid}/Tasks/${facts.task_sid}/Reservations/${sid}`,
  'conversation-webhook': (sid, facts) => `/v1/Conversations/${facts.conversation_sid}/Webhooks/${sid}`,
  'service-webhook-configuration': (sid) => `/v1/Services/${sid}/Configuration/Webhooks`,
  'configuration-webhook': () => '/v1/Configuration/Webhooks',
  conversation: (sid, facts) => `/v1/Services/${facts.chat_service_sid}/Conversations/${sid}`,
  participant: inConversation('Participants'),
  message: inConversation('Messages'),
  user: (sid, facts) => `/v1/Services/${facts.chat_service_sid}/Users/${sid}`,
  interaction: (sid) => `/v1/Interactions/${sid}`,
  'interaction-channel': (sid, facts) => `/v1/Interactions/${facts.interaction_sid}/Channels/${sid}`,
  'interaction-participant': (sid, facts) =>
    `/v1/Interactions/${facts.interaction_sid}/Channels/${facts.channel_sid}/Participants/${sid}`
}

function inWorkspace(segment: string) {
  return (sid: string, facts: Facts) => `/v1/Workspaces/${facts.workspace_sid}/${segment}/${sid}`
}

function inConversation(segment: string) {
  return (sid: string, facts: Facts) =>
    `/v1/Services/${facts.chat_service_sid}/Conversations/${facts.conversation_sid}/${segment}/${sid}`
}

function instant(value: Facts[string]): unknown {
  return typeof value === 'number' ? iso(value) : value
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
