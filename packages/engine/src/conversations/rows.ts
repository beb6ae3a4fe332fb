import { nameForm } from '../name.ts'
import { nameKey } from '../routing/rows.ts'
import type { Row } from '../state/row.ts'
import type { KindDefinition } from '../state/table.ts'

/** The account's configuration: one row, whose SID is the account's (reference conversations 4.1). */
export interface ConversationConfigurationRow extends Row {
  readonly account_sid: string
  readonly default_chat_service_sid: string
  readonly default_messaging_service_sid: string
  /** ISO 8601 durations as they were given; null is off. */
  readonly default_inactive_timer: string | null
  readonly default_closed_timer: string | null
}

/** A service with its configuration (reference conversations 4.2 and 4.3). */
export interface ChatServiceRow extends Row {
  readonly account_sid: string
  readonly friendly_name: string
  readonly default_conversation_creator_role_sid: string
  readonly default_conversation_role_sid: string
  readonly default_chat_service_role_sid: string
  readonly reachability_enabled: boolean
}

export interface RoleRow extends Row {
  readonly chat_service_sid: string
  readonly friendly_name: string
  readonly type: 'conversation' | 'service'
  readonly permissions: readonly string[]
}

export type ConversationState = 'initializing' | 'active' | 'inactive' | 'closed'

export interface ConversationRow extends Row {
  readonly chat_service_sid: string
  readonly messaging_service_sid: string | null
  readonly friendly_name: string | null
  readonly unique_name: string | null
  /** JSON text, as it was given. */
  readonly attributes: string
  readonly state: ConversationState
  /** An identity, or `system`. */
  readonly created_by: string
  readonly bindings_email_address: string | null
  readonly bindings_email_name: string | null
  /** Index of the next message: never goes back, so that no index is used twice. */
  readonly next_index: number
  /** Durations; null is off. */
  readonly inactive_after_ms: number | null
  readonly closed_after_ms: number | null
  // Timers
  readonly date_inactive: number | null
  readonly date_closed: number | null
}

export interface ParticipantRow extends Row {
  readonly chat_service_sid: string
  readonly conversation_sid: string
  /** Follows the conversation's: only in one that is not closed does a participant hold its pair. */
  readonly conversation_state: ConversationState
  readonly identity: string | null
  readonly attributes: string
  readonly role_sid: string | null
  /** `sms`, `whatsapp`, `email`, … ; null for participants with an identity only. */
  readonly binding_type: string | null
  readonly address: string | null
  readonly proxy_address: string | null
  /** E-mail only. */
  readonly binding_name: string | null
  readonly binding_level: string | null
  readonly last_read_message_index: number | null
  readonly last_read_timestamp: number | null
}

export interface MessageRow extends Row {
  readonly chat_service_sid: string
  readonly conversation_sid: string
  readonly index: number
  readonly author: string
  readonly participant_sid: string | null
  readonly body: string | null
  readonly subject: string | null
  readonly attributes: string
  // For those who are told of it later than others: where it came from (`origin.ts`), and the seq of its first event.
  readonly source: string | null
  readonly added_event: number
}

export interface UserRow extends Row {
  readonly chat_service_sid: string
  readonly role_sid: string
  readonly identity: string
  readonly friendly_name: string | null
  readonly attributes: string
}

export type WebhookMethod = 'GET' | 'POST'

/** Whom to ask before changes and to tell after them (reference conversations 16). */
interface Webhooks extends Row {
  readonly method: WebhookMethod
  /** Names of events; null before any were given. */
  readonly filters: readonly string[] | null
  readonly pre_webhook_url: string | null
  readonly post_webhook_url: string | null
  /** Seq of the first event that is told: nobody had asked for those before. */
  readonly since_event: number
}

/** The account's: one row, whose SID is the account's. It is there as soon as anybody has configured any webhook. */
export interface ConfigurationWebhookRow extends Webhooks {
  readonly account_sid: string
  readonly target: 'webhook' | 'flex'
}

/** A service's; its SID is the service's. */
export interface ServiceWebhookConfigurationRow extends Webhooks {
  readonly chat_service_sid: string
}

export type ScopedTarget = 'webhook' | 'trigger' | 'studio'

/** A conversation's (reference conversations 15). What its target does not take is null. */
export interface ScopedWebhookRow extends Row {
  readonly chat_service_sid: string
  readonly conversation_sid: string
  /** Follows the conversation's: those of open ones live in memory. */
  readonly conversation_state: ConversationState
  readonly target: ScopedTarget
  readonly configuration_url: string | null
  readonly configuration_method: WebhookMethod | null
  readonly configuration_filters: readonly string[] | null
  /** Words that a message has to say. */
  readonly configuration_triggers: readonly string[] | null
  readonly configuration_flow_sid: string | null
  readonly configuration_replay_after: number | null
  /** Seq of the event that tells of the webhook: earlier ones are not told. */
  readonly since_event: number
}

export interface ConversationKinds {
  conversation_configuration: ConversationConfigurationRow
  chat_service: ChatServiceRow
  role: RoleRow
  conversation: ConversationRow
  participant: ParticipantRow
  message: MessageRow
  user: UserRow
  configuration_webhook: ConfigurationWebhookRow
  service_webhook_configuration: ServiceWebhookConfigurationRow
  conversation_scoped_webhook: ScopedWebhookRow
}

export function isClosed(row: { readonly state: ConversationState }): boolean {
  return row.state === 'closed'
}

/** Key of the index over pairs of addresses; a closed conversation holds none (reference conversations 7.4). */
export function pairKey(address: string, proxy_address: string): string {
  return nameForm(`${address} ${proxy_address}`)
}

const isHeld = (row: ParticipantRow) => row.conversation_state !== 'closed'

export const conversationKinds: { [K in keyof ConversationKinds]: KindDefinition<ConversationKinds[K]> } = {
  conversation_configuration: {
    prefix: 'AC',
    columns: [
      'account_sid',
      'default_chat_service_sid',
      'default_messaging_service_sid',
      'default_inactive_timer',
      'default_closed_timer'
    ]
  },
  chat_service: {
    prefix: 'IS',
    columns: [
      'account_sid',
      'friendly_name',
      'default_conversation_creator_role_sid',
      'default_conversation_role_sid',
      'default_chat_service_role_sid',
      'reachability_enabled'
    ],
    indexes: { account_sid: (row) => row.account_sid }
  },
  role: {
    prefix: 'RL',
    columns: ['chat_service_sid', 'friendly_name', 'type', 'permissions'],
    indexes: { chat_service_sid: (row) => row.chat_service_sid }
  },
  conversation: {
    prefix: 'CH',
    columns: [
      'chat_service_sid',
      'messaging_service_sid',
      'friendly_name',
      'unique_name',
      'attributes',
      'state',
      'created_by',
      'bindings_email_address',
      'bindings_email_name',
      'next_index',
      'inactive_after_ms',
      'closed_after_ms',
      'date_inactive',
      'date_closed'
    ],
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      name: (row) => (row.unique_name === null ? null : nameKey(row.chat_service_sid, row.unique_name))
    },
    timers: { date_inactive: 'timer.conversation_inactive', date_closed: 'timer.conversation_closed' }
  },
  participant: {
    prefix: 'MB',
    columns: [
      'chat_service_sid',
      'conversation_sid',
      'conversation_state',
      'identity',
      'attributes',
      'role_sid',
      'binding_type',
      'address',
      'proxy_address',
      'binding_name',
      'binding_level',
      'last_read_message_index',
      'last_read_timestamp'
    ],
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
    }
  },
  message: {
    prefix: 'IM',
    columns: [
      'chat_service_sid',
      'conversation_sid',
      'index',
      'author',
      'participant_sid',
      'body',
      'subject',
      'attributes',
      'source',
      'added_event'
    ],
    indexes: { conversation_sid: (row) => row.conversation_sid }
  },
  user: {
    prefix: 'US',
    columns: ['chat_service_sid', 'role_sid', 'identity', 'friendly_name', 'attributes'],
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      identity: (row) => nameKey(row.chat_service_sid, row.identity)
    }
  },
  configuration_webhook: {
    prefix: 'AC',
    columns: ['account_sid', 'method', 'filters', 'pre_webhook_url', 'post_webhook_url', 'target', 'since_event']
  },
  service_webhook_configuration: {
    prefix: 'IS',
    columns: ['chat_service_sid', 'method', 'filters', 'pre_webhook_url', 'post_webhook_url', 'since_event']
  },
  conversation_scoped_webhook: {
    prefix: 'WH',
    columns: [
      'chat_service_sid',
      'conversation_sid',
      'conversation_state',
      'target',
      'configuration_url',
      'configuration_method',
      'configuration_filters',
      'configuration_triggers',
      'configuration_flow_sid',
      'configuration_replay_after',
      'since_event'
    ],
    indexes: { conversation_sid: (row) => row.conversation_sid }
  }
}
