import { isKeyOf } from '@ringdown/engine/core/keys'
import type { LoggedEvent, Parameters } from '../delivery.ts'

/** A parameter of a webhook and the field of the event's data that it is; what has no value is left out. */
type Field = readonly [wire: string, field: string]

const conversationFields: readonly Field[] = [
  ['FriendlyName', 'friendly_name'],
  ['UniqueName', 'unique_name'],
  ['Attributes', 'attributes'],
  ['ChatServiceSid', 'chat_service_sid'],
  ['MessagingServiceSid', 'messaging_service_sid'],
  ['State', 'state']
]
const dates: readonly Field[] = [
  ['DateCreated', 'date_created'],
  ['DateUpdated', 'date_updated']
]
const removed: Field = ['DateRemoved', 'date_removed']
const conversation: readonly Field[] = [['ConversationSid', 'conversation_sid'], ...dates, ...conversationFields]

const newMessage: readonly Field[] = [
  ['ConversationSid', 'conversation_sid'],
  ['ChatServiceSid', 'chat_service_sid'],
  ['MessagingServiceSid', 'messaging_service_sid'],
  ['Body', 'body'],
  ['Author', 'author'],
  ['ParticipantSid', 'participant_sid'],
  ['Attributes', 'attributes'],
  // Media is not built; a message that had some would name it as `Media`.
  ['Media', 'media']
]
const message: readonly Field[] = [...newMessage, ['MessageSid', 'message_sid'], ['Index', 'index'], ...dates]

const newParticipant: readonly Field[] = [
  ['ConversationSid', 'conversation_sid'],
  ['ChatServiceSid', 'chat_service_sid'],
  ['Identity', 'identity'],
  ['RoleSid', 'role_sid'],
  ['Attributes', 'attributes'],
  ['MessagingBinding.Type', 'messaging_binding_type'],
  ['MessagingBinding.Address', 'messaging_binding_address'],
  ['MessagingBinding.ProxyAddress', 'messaging_binding_proxy_address']
]
const participant: readonly Field[] = [...newParticipant, ['ParticipantSid', 'participant_sid'], ...dates]

const user: readonly Field[] = [
  ['ChatServiceSid', 'chat_service_sid'],
  ['UserSid', 'user_sid'],
  ['Identity', 'identity'],
  ['RoleSid', 'role_sid'],
  ['Attributes', 'attributes'],
  ['FriendlyName', 'friendly_name']
]

/** What webhooks know an event of the log as, and what they are given of it. */
interface Telling {
  readonly after: Told
  /** What those are asked who may object; some events nobody can object to. */
  readonly before?: Told
}

interface Told {
  /** As filters have it. */
  readonly event: string
  readonly fields: readonly Field[]
}

/** Reference conversations 17.1 and 17.4. `onDeliveryUpdated` has no row: messages have no receipts yet. */
const tellings = {
  'conversation.added': {
    after: { event: 'onConversationAdded', fields: conversation },
    before: { event: 'onConversationAdd', fields: conversationFields }
  },
  'conversation.updated': {
    after: { event: 'onConversationUpdated', fields: conversation },
    before: { event: 'onConversationUpdate', fields: conversation }
  },
  'conversation.removed': {
    after: { event: 'onConversationRemoved', fields: [...conversation, removed] },
    before: { event: 'onConversationRemove', fields: conversation }
  },
  'conversation.state.updated': {
    after: {
      event: 'onConversationStateUpdated',
      fields: [
        ['ConversationSid', 'conversation_sid'],
        ['ChatServiceSid', 'chat_service_sid'],
        ['MessagingServiceSid', 'messaging_service_sid'],
        ['StateUpdated', 'state_updated'],
        ['StateFrom', 'state_from'],
        ['StateTo', 'state_to'],
        ['Reason', 'reason']
      ]
    }
  },
  'message.added': {
    after: { event: 'onMessageAdded', fields: without(message, 'DateUpdated') },
    before: { event: 'onMessageAdd', fields: newMessage }
  },
  'message.updated': {
    after: { event: 'onMessageUpdated', fields: message },
    before: { event: 'onMessageUpdate', fields: message }
  },
  'message.removed': {
    after: { event: 'onMessageRemoved', fields: [...message, removed] },
    before: { event: 'onMessageRemove', fields: message }
  },
  'participant.added': {
    after: { event: 'onParticipantAdded', fields: without(participant, 'DateUpdated') },
    before: { event: 'onParticipantAdd', fields: newParticipant }
  },
  'participant.updated': {
    after: {
      event: 'onParticipantUpdated',
      fields: [...participant, ['LastReadMessageIndex', 'last_read_message_index']]
    },
    before: { event: 'onParticipantUpdate', fields: participant }
  },
  'participant.removed': {
    after: { event: 'onParticipantRemoved', fields: [...participant, removed] },
    before: { event: 'onParticipantRemove', fields: participant }
  },
  'user.added': { after: { event: 'onUserAdded', fields: [...user, ['DateCreated', 'date_created']] } },
  'user.updated': {
    after: { event: 'onUserUpdated', fields: [...user, ...dates] },
    before: { event: 'onUserUpdate', fields: [...user, ['DateUpdated', 'date_updated']] }
  }
} as const satisfies Record<string, Telling>

function without(fields: readonly Field[], wire: string): readonly Field[] {
  return fields.filter(([name]) => name !== wire)
}

/** How webhooks are told of an event of that type, or undefined where they never are. */
export function tellingOf(type: string): Telling | undefined {
  return isKeyOf(tellings, type) ? tellings[type] : undefined
}

/** The parameters of one telling, and who did it; `RetryCount` is the sender's to add. */
export function parametersOf(
  told: Told,
  data: LoggedEvent['data'],
  account_sid: string,
  webhook_sid?: string
): Parameters {
  const own = [
    ['AccountSid', account_sid],
    ['EventType', told.event],
    ['Source', data.source],
    ['ClientIdentity', data.client_identity],
    ...told.fields.map(([wire, field]) => [wire, textOf(field, data[field])] as const),
    ['WebhookSid', webhook_sid]
  ] as const
  return own.flatMap(([wire, value]) =>
    value === undefined || value === null || value === '' ? [] : [[wire, String(value)] as const]
  )
}

/** Instants carry milliseconds (reference conversations 1.1). */
function textOf(field: string, value: LoggedEvent['data'][string]): string | null | undefined {
  if (value === undefined || value === null) return value
  const isInstant = field.startsWith('date_') || field === 'state_updated'
  return isInstant && typeof value === 'number' ? new Date(value).toISOString() : String(value)
}

/** Whether webhooks are told of it: calls over REST have to ask for that (reference conversations 17.2). */
export function isTold(data: LoggedEvent['data']): boolean {
  return data.webhook_enabled === true || data.source !== 'API'
}
