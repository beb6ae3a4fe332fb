import { isKeyOf } from '@ringdown/engine/core/keys'
import type { MediaShown } from '@ringdown/engine/media/media'
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

/** Of a conversation that somebody's first message makes (reference conversations 12.2). */
const firstBinding: readonly Field[] = [
  ['MessagingBinding.Address', 'messaging_binding_address'],
  ['MessagingBinding.ProxyAddress', 'messaging_binding_proxy_address'],
  // Of a group.
  ['MessagingBinding.ProjectedAddress', 'messaging_binding_projected_address'],
  ['MessagingBinding.AuthorAddress', 'messaging_binding_author_address']
]

const newMessage: readonly Field[] = [
  ['ConversationSid', 'conversation_sid'],
  ['ChatServiceSid', 'chat_service_sid'],
  ['MessagingServiceSid', 'messaging_service_sid'],
  ['Body', 'body'],
  ['Author', 'author'],
  ['ParticipantSid', 'participant_sid'],
  ['Attributes', 'attributes'],
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
  ['MessagingBinding.ProxyAddress', 'messaging_binding_proxy_address'],
  ['MessagingBinding.ProjectedAddress', 'messaging_binding_projected_address']
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
interface WebhookEvent {
  readonly after: WebhookContent
  /** What those are asked who may object; some events nobody can object to. */
  readonly before?: WebhookContent
}

interface WebhookContent {
  /** As filters have it. */
  readonly event: string
  readonly fields: readonly Field[]
}

/** Reference conversations 17.1 and 17.4. */
const webhookEvents = {
  'conversation.added': {
    after: { event: 'onConversationAdded', fields: [...conversation, ...firstBinding] },
    before: {
      event: 'onConversationAdd',
      fields: [...conversationFields, ...firstBinding, ['MessageBody', 'message_body']]
    }
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
  'message.delivery.updated': {
    after: {
      event: 'onDeliveryUpdated',
      fields: [
        ['ConversationSid', 'conversation_sid'],
        ['ChatServiceSid', 'chat_service_sid'],
        ['MessageSid', 'message_sid'],
        ['DeliveryReceiptSid', 'delivery_receipt_sid'],
        ['ChannelMessageSid', 'channel_message_sid'],
        ['ParticipantSid', 'participant_sid'],
        ['Status', 'status'],
        ['ErrorCode', 'error_code'],
        ...dates
      ]
    }
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
} as const satisfies Record<string, WebhookEvent>

function without(fields: readonly Field[], wire: string): readonly Field[] {
  return fields.filter(([name]) => name !== wire)
}

/** How webhooks are told of an event of that type, or undefined where they never are. */
export function webhookEventOf(type: string): WebhookEvent | undefined {
  return isKeyOf(webhookEvents, type) ? webhookEvents[type] : undefined
}

/** The parameters of one webhookEvent, and who did it; `RetryCount` is the sender's to add. */
export function parametersOf(
  content: WebhookContent,
  data: LoggedEvent['data'],
  account_sid: string,
  webhook_sid?: string
): Parameters {
  const own = [
    ['AccountSid', account_sid],
    ['EventType', content.event],
    ['Source', data.source],
    ['ClientIdentity', data.client_identity],
    ...content.fields.map(([wire, field]) => [wire, textOf(field, data[field])] as const),
    ['WebhookSid', webhook_sid]
  ] as const
  return own.flatMap(([wire, value]) =>
    value === undefined || value === null || value === '' ? [] : [[wire, String(value)] as const]
  )
}

/** Instants carry milliseconds (reference conversations 1.1). */
function textOf(field: string, value: LoggedEvent['data'][string]): string | null | undefined {
  if (value === undefined || value === null) return value
  if (field === 'media') return JSON.stringify(mediaParameters(value, mediaNames))
  const isInstant = field.startsWith('date_') || field === 'state_updated'
  return isInstant && typeof value === 'number' ? new Date(value).toISOString() : String(value)
}

/** What webhooks call the fields of a file. */
const mediaNames = { sid: 'Sid', content_type: 'ContentType', filename: 'Filename', size: 'Size' } as const

/** The files of a message, which the log has as JSON text, by the names that somebody has for their fields. */
export function mediaParameters(
  value: unknown,
  names: { readonly [N in keyof MediaShown]: string }
): readonly object[] {
  if (typeof value !== 'string') return []
  const media: readonly MediaShown[] = JSON.parse(value) // as the event was written
  return media.map(
    (one) => Object.fromEntries(Object.entries(names).map(([name, told]) => [told, one[name as keyof MediaShown]])) // its own names
  )
}

/** Whether webhooks are told of it: calls over REST have to ask for that (reference conversations 17.2). */
export function reachesWebhooks(data: LoggedEvent['data']): boolean {
  return data.webhook_enabled === true || data.source !== 'API'
}
