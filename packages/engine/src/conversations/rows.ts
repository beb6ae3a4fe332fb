import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm, nameKey } from '../core/names.ts'

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
  /** E-mail only. */
  binding_name: text<string | null>(),
  binding_level: text<string | null>(),
  last_read_message_index: integer<number | null>(),
  last_read_timestamp: integer<number | null>()
} as const
export type ParticipantRow = RowOf<typeof participantColumns>

const messageColumns = {
  chat_service_sid: text(),
  conversation_sid: text(),
  index: integer(),
  author: text(),
  participant_sid: text<string | null>(),
  body: text<string | null>(),
  subject: text<string | null>(),
  attributes: text(),
  // For webhooks that get it later than others: where it came from (`origin.ts`), and the seq of its first event.
  source: text<string | null>(),
  added_event: integer()
} as const
export type MessageRow = RowOf<typeof messageColumns>

const userColumns = {
  chat_service_sid: text(),
  role_sid: text(),
  identity: text(),
  friendly_name: text<string | null>(),
  attributes: text()
} as const
export type UserRow = RowOf<typeof userColumns>

export type WebhookMethod = 'GET' | 'POST'

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
