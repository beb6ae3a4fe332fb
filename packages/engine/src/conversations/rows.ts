import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm, nameKey } from '../core/names.ts'
import type { MediaShown } from '../media/media.ts'
import type { EmailThread } from './email.ts'

/** The account's configuration: one row, whose SID is the account's (reference conversations 4.1). */
const conversationConfigurationColumns = {
  account_sid: text(),
  default_chat_service_sid: text(),
  default_messaging_service_sid: text(),
  /** ISO 8601 durations as they were given; null is off. */
  default_inactive_timer: text<string | null>(),
  default_closed_timer: text<string | null>()
} as const
export type ConversationConfigurationRow = RowOf<typeof conversationConfigurationColumns>

/** A service with its configuration (reference conversations 4.2 and 4.3). */
const chatServiceColumns = {
  account_sid: text(),
  friendly_name: text(),
  default_conversation_creator_role_sid: text(),
  default_conversation_role_sid: text(),
  default_chat_service_role_sid: text(),
  reachability_enabled: flag()
} as const
export type ChatServiceRow = RowOf<typeof chatServiceColumns>

const roleColumns = {
  chat_service_sid: text(),
  friendly_name: text(),
  type: text<'conversation' | 'service'>(),
  permissions: json<readonly string[]>()
} as const
export type RoleRow = RowOf<typeof roleColumns>

/** What users with an app are told by push, as it was set: nothing is pushed from here (reference conversations 4.4). */
const serviceNotificationColumns = {
  chat_service_sid: text(),
  log_enabled: flag(),
  new_message_enabled: flag(),
  new_message_template: text<string | null>(),
  new_message_sound: text<string | null>(),
  new_message_badge_count_enabled: flag(),
  new_message_with_media_enabled: flag(),
  new_message_with_media_template: text<string | null>(),
  added_to_conversation_enabled: flag(),
  added_to_conversation_template: text<string | null>(),
  added_to_conversation_sound: text<string | null>(),
  removed_from_conversation_enabled: flag(),
  removed_from_conversation_template: text<string | null>(),
  removed_from_conversation_sound: text<string | null>()
} as const
export type ServiceNotificationRow = RowOf<typeof serviceNotificationColumns>

/** What a push service is to be asked with (reference conversations 4.6). Its secrets are sealed, and never shown. */
const credentialColumns = {
  account_sid: text(),
  friendly_name: text<string | null>(),
  type: text<'apn' | 'gcm' | 'fcm'>(),
  /** Of APN: `true` or `false`, as text. */
  sandbox: text<string | null>(),
  sealed_certificate: text<string | null>(),
  sealed_private_key: text<string | null>(),
  sealed_api_key: text<string | null>(),
  sealed_secret: text<string | null>()
} as const
export type CredentialRow = RowOf<typeof credentialColumns>

/** A device or a socket of a user, which its SDK has registered (reference conversations 4.7). */
const serviceBindingColumns = {
  chat_service_sid: text(),
  user_sid: text(),
  credential_sid: text<string | null>(),
  identity: text(),
  /** Distinguishes the devices of a user. */
  endpoint: text(),
  binding_type: text<'apn' | 'gcm' | 'fcm' | 'twilsock'>(),
  message_types: json<readonly string[]>()
} as const
export type ServiceBindingRow = RowOf<typeof serviceBindingColumns>

export type ConversationState = 'initializing' | 'active' | 'inactive' | 'closed'

const conversationColumns = {
  chat_service_sid: text(),
  messaging_service_sid: text<string | null>(),
  friendly_name: text<string | null>(),
  unique_name: text<string | null>(),
  /** JSON text, as it was given. */
  attributes: text(),
  state: text<ConversationState>(),
  /** An identity, or `system`. */
  created_by: text(),
  bindings_email_address: text<string | null>(),
  bindings_email_name: text<string | null>(),
  /** Index of the next message: never goes back, so that no index is used twice. */
  next_index: integer(),
  /** Messages that were removed: without any, what is unread follows from indexes. Older rows have none: nobody counted. */
  removed_messages: integer(),
  /** The address to which a customer wrote that it was made for; null where nobody wrote first. Older rows have none. */
  address_configuration_sid: text<string | null>(),
  /** Durations; null is off. */
  inactive_after_ms: integer<number | null>(),
  closed_after_ms: integer<number | null>(),
  // Timers
  date_inactive: integer<number | null>(),
  date_closed: integer<number | null>()
} as const
export type ConversationRow = RowOf<typeof conversationColumns>

const participantColumns = {
  chat_service_sid: text(),
  conversation_sid: text(),
  /** Follows the conversation's: only in one that is not closed does a participant hold its pair. */
  conversation_state: text<ConversationState>(),
  identity: text<string | null>(),
  attributes: text(),
  role_sid: text<string | null>(),
  /** `sms`, `whatsapp`, `email`, … ; null for participants with an identity only. */
  binding_type: text<string | null>(),
  address: text<string | null>(),
  proxy_address: text<string | null>(),
  /** A number of ours by which a group MMS sees somebody who is not on a phone. Older rows have none. */
  projected_address: text<string | null>(),
  /** E-mail only. */
  binding_name: text<string | null>(),
  binding_level: text<string | null>(),
  /** E-mail only: null before the first letter. Older rows have none. */
  email_thread: json<EmailThread | null>(),
  last_read_message_index: integer<number | null>(),
  last_read_timestamp: integer<number | null>(),
  /** How the user is told of what happens here. Older rows have none, which is `default`. */
  notification_level: text<'default' | 'muted'>()
} as const
export type ParticipantRow = RowOf<typeof participantColumns>

/** Receipts of a message, by how far they are: read is delivered as well, and delivered is sent (reference conversations 8.5). */
export interface DeliveryCounts {
  readonly total: number
  readonly sent: number
  readonly delivered: number
  readonly read: number
  readonly failed: number
  readonly undelivered: number
}

const messageColumns = {
  chat_service_sid: text(),
  conversation_sid: text(),
  index: integer(),
  author: text(),
  participant_sid: text<string | null>(),
  /** Who has sent it, where a pre-webhook has put another's name to it. Older rows have none. */
  sender_sid: text<string | null>(),
  body: text<string | null>(),
  /** What it brings; null for nothing. Messages of older programs do not have it. */
  media: json<readonly MediaShown[] | null>(),
  subject: text<string | null>(),
  attributes: text(),
  /** The template that it was made of, and with which variables: channels may have a form of their own for it. */
  content_sid: text<string | null>(),
  content_variables: text<string | null>(),
  /** What became of it with those who are reached by an address; null before it went to anybody. Older rows have none. */
  delivery_counts: json<DeliveryCounts | null>(),
  // For webhooks that get it later than others: where it came from (`origin.ts`), and the seq of its first event.
  source: text<string | null>(),
  added_event: integer()
} as const
export type MessageRow = RowOf<typeof messageColumns>

export type ReceiptStatus = 'sent' | 'delivered' | 'read' | 'failed' | 'undelivered'

/** How a message fared with one of those who are reached by an address (reference conversations 8.5). It names nobody. */
const messageReceiptColumns = {
  chat_service_sid: text(),
  conversation_sid: text(),
  message_sid: text(),
  participant_sid: text(),
  /** `SM…` or `MM…`: what was sent for it. */
  channel_message_sid: text<string | null>(),
  status: text<ReceiptStatus>(),
  /** 0 for none. */
  error_code: integer()
} as const
export type MessageReceiptRow = RowOf<typeof messageReceiptColumns>

const userColumns = {
  chat_service_sid: text(),
  role_sid: text(),
  identity: text(),
  friendly_name: text<string | null>(),
  attributes: text()
} as const
export type UserRow = RowOf<typeof userColumns>

export type WebhookMethod = 'GET' | 'POST'

/** Twilio's, and `instagram`, which is ours. */
export const addressTypes = [
  'sms',
  'whatsapp',
  'messenger',
  'instagram',
  'gbm',
  'email',
  'rcs',
  'apple',
  'chat'
] as const

/** What becomes of a message to an address of ours that belongs to no open conversation (reference conversations 12.1). */
const configurationAddressColumns = {
  account_sid: text(),
  type: text<(typeof addressTypes)[number]>(),
  /** In the form in which participants have it; of a chat any label. */
  address: text(),
  friendly_name: text<string | null>(),
  /** Of a short code: ISO 3166-1 alpha-2. */
  address_country: text<string | null>(),
  auto_creation_enabled: flag(),
  auto_creation_type: text<'webhook' | 'studio' | 'default'>(),
  /** Null: whichever is the account's default service when a message comes. */
  auto_creation_conversation_service_sid: text<string | null>(),
  auto_creation_webhook_url: text<string | null>(),
  auto_creation_webhook_method: text<WebhookMethod>(),
  auto_creation_webhook_filters: json<readonly string[]>(),
  auto_creation_studio_flow_sid: text<string | null>(),
  auto_creation_studio_retry_count: integer()
} as const
export type ConfigurationAddressRow = RowOf<typeof configurationAddressColumns>

/** Whom to ask before changes and to tell after them (reference conversations 16). */
const webhooksColumns = {
  method: text<WebhookMethod>(),
  /** Names of events; null before any were given. */
  filters: json<readonly string[] | null>(),
  pre_webhook_url: text<string | null>(),
  post_webhook_url: text<string | null>(),
  /** Seq of the first event that is sent: nobody had asked for those before. */
  since_event: integer()
} as const

/** The account's: one row, whose SID is the account's. It is there as soon as anybody has configured any webhook. */
const configurationWebhookColumns = {
  ...webhooksColumns,
  account_sid: text(),
  target: text<'webhook' | 'flex'>()
} as const
export type ConfigurationWebhookRow = RowOf<typeof configurationWebhookColumns>

/** A service's; its SID is the service's. */
const serviceWebhookConfigurationColumns = {
  ...webhooksColumns,
  chat_service_sid: text()
} as const
export type ServiceWebhookConfigurationRow = RowOf<typeof serviceWebhookConfigurationColumns>

export type ScopedTarget = 'webhook' | 'trigger' | 'studio'

/** A conversation's (reference conversations 15). What its target does not take is null. */
const scopedWebhookColumns = {
  chat_service_sid: text(),
  conversation_sid: text(),
  /** Follows the conversation's: those of open ones live in memory. */
  conversation_state: text<ConversationState>(),
  target: text<ScopedTarget>(),
  configuration_url: text<string | null>(),
  configuration_method: text<WebhookMethod | null>(),
  configuration_filters: json<readonly string[] | null>(),
  /** Words that a message has to say. */
  configuration_triggers: json<readonly string[] | null>(),
  configuration_flow_sid: text<string | null>(),
  configuration_replay_after: integer<number | null>(),
  /** Seq of the event by which the webhook is added: earlier events are not sent. */
  since_event: integer()
} as const
export type ScopedWebhookRow = RowOf<typeof scopedWebhookColumns>

/** Key of the index over pairs of addresses; a closed conversation holds none (reference conversations 7.4). */
export function pairKey(address: string, proxy_address: string): string {
  return nameForm(`${address} ${proxy_address}`)
}

/** Whether somebody is reached as a member of a group MMS: by an address on SMS, and none of ours. */
export function isGroupMember({
  binding_type,
  address,
  proxy_address
}: Pick<ParticipantRow, 'binding_type' | 'address' | 'proxy_address'>): boolean {
  return binding_type === 'sms' && address !== null && proxy_address === null
}

const isHeld = (row: ParticipantRow) => row.conversation_state !== 'closed'

export const conversationKinds = {
  conversation_configuration: kind(conversationConfigurationColumns, {
    prefix: 'AC'
  }),
  chat_service: kind(chatServiceColumns, {
    prefix: 'IS',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  role: kind(roleColumns, {
    prefix: 'RL',
    indexes: { chat_service_sid: (row) => row.chat_service_sid }
  }),
  service_notification: kind(serviceNotificationColumns, {
    prefix: 'IS'
  }),
  credential: kind(credentialColumns, {
    prefix: 'CR',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  service_binding: kind(serviceBindingColumns, {
    prefix: 'BS',
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      user_sid: (row) => row.user_sid,
      credential_sid: (row) => row.credential_sid,
      endpoint: (row) => nameKey(row.chat_service_sid, `${row.binding_type} ${row.endpoint}`)
    },
    cold: {
      columns: ['seq', 'chat_service_sid', 'user_sid', 'identity', 'binding_type', 'credential_sid', 'endpoint'],
      names: ['identity'],
      indexes: [
        ['chat_service_sid', 'seq'],
        ['chat_service_sid', 'endpoint'],
        ['chat_service_sid', 'identity', 'seq'],
        ['user_sid'],
        ['credential_sid']
      ],
      foundBy: ['sid', 'endpoint'],
      under: { chat_service_sid: 'chat_service', user_sid: 'user', credential_sid: 'credential' }
    }
  }),
  conversation: kind(conversationColumns, {
    prefix: 'CH',
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      name: (row) => (row.unique_name === null ? null : nameKey(row.chat_service_sid, row.unique_name))
    },
    timers: { date_inactive: 'timer.conversation_inactive', date_closed: 'timer.conversation_closed' },
    cold: {
      columns: ['seq', 'chat_service_sid', 'unique_name', 'state', 'date_created'],
      names: ['unique_name'],
      indexes: [['seq'], ['chat_service_sid', 'seq'], ['chat_service_sid', 'unique_name'], ['state', 'seq']],
      resident: { column: 'state', values: ['active', 'inactive', 'initializing'] },
      foundBy: ['sid', 'name'],
      under: { chat_service_sid: 'chat_service' }
    }
  }),
  participant: kind(participantColumns, {
    prefix: 'MB',
    indexes: {
      conversation_sid: (row) => row.conversation_sid,
      /** Participants with an address in a conversation. */
      messaging: (row) => (row.address === null ? null : row.conversation_sid),
      /** Those whom a group sees by a number of ours. */
      projected: (row) => (row.projected_address ? row.conversation_sid : null),
      /** Members of groups that are not closed, by their address. */
      group_address: (row) =>
        isHeld(row) && row.address !== null && isGroupMember(row) ? nameForm(row.address) : null,
      member: (row) => (row.identity === null ? null : nameKey(row.conversation_sid, row.identity)),
      /** By identity, in conversations that are not closed. */
      identity: (row) => (isHeld(row) && row.identity !== null ? nameKey(row.chat_service_sid, row.identity) : null),
      pair: (row) =>
        isHeld(row) && row.address !== null && row.proxy_address !== null
          ? pairKey(row.address, row.proxy_address)
          : null
    },
    cold: {
      columns: ['seq', 'chat_service_sid', 'conversation_sid', 'conversation_state', 'identity', 'address'],
      names: ['identity', 'address'],
      indexes: [
        ['conversation_sid', 'seq'],
        ['identity', 'seq'],
        ['address', 'seq']
      ],
      resident: { column: 'conversation_state', values: ['active', 'inactive', 'initializing'] },
      under: { conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  }),
  message: kind(messageColumns, {
    prefix: 'IM',
    indexes: { conversation_sid: (row) => row.conversation_sid },
    cold: {
      columns: ['seq', 'chat_service_sid', 'conversation_sid', 'index'],
      indexes: [
        ['conversation_sid', 'index'],
        ['chat_service_sid', 'seq']
      ],
      foundBy: ['sid'],
      under: { conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  }),
  message_receipt: kind(messageReceiptColumns, {
    prefix: 'DY',
    indexes: { message_sid: (row) => row.message_sid, conversation_sid: (row) => row.conversation_sid },
    cold: {
      columns: ['seq', 'chat_service_sid', 'conversation_sid', 'message_sid'],
      indexes: [['message_sid', 'seq'], ['conversation_sid'], ['chat_service_sid']],
      foundBy: ['sid'],
      under: { message_sid: 'message', conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  }),
  user: kind(userColumns, {
    prefix: 'US',
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      identity: (row) => nameKey(row.chat_service_sid, row.identity)
    },
    cold: {
      columns: ['seq', 'chat_service_sid', 'identity'],
      names: ['identity'],
      indexes: [['chat_service_sid', 'identity'], ['seq']],
      foundBy: ['sid', 'identity'],
      under: { chat_service_sid: 'chat_service' }
    }
  }),
  configuration_address: kind(configurationAddressColumns, {
    prefix: 'IG',
    indexes: { account_sid: (row) => row.account_sid, address: (row) => nameForm(row.address) }
  }),
  configuration_webhook: kind(configurationWebhookColumns, {
    prefix: 'AC'
  }),
  service_webhook_configuration: kind(serviceWebhookConfigurationColumns, {
    prefix: 'IS'
  }),
  conversation_scoped_webhook: kind(scopedWebhookColumns, {
    prefix: 'WH',
    indexes: { conversation_sid: (row) => row.conversation_sid },
    cold: {
      columns: ['seq', 'chat_service_sid', 'conversation_sid', 'conversation_state'],
      indexes: [
        ['conversation_sid', 'seq'],
        ['chat_service_sid', 'seq']
      ],
      resident: { column: 'conversation_state', values: ['active', 'inactive', 'initializing'] },
      foundBy: ['sid'],
      under: { conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  })
}
