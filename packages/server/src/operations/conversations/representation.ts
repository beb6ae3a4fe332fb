import type {
  ConversationsV1ConfigurationAddressRow,
  ConversationsV1ConfigurationWebhookRow,
  ConversationsV1ConversationMessageRow,
  ConversationsV1ConversationParticipantRow,
  ConversationsV1ConversationRow,
  ConversationsV1CredentialRow,
  ConversationsV1ParticipantConversationRow,
  ConversationsV1RoleRow,
  ConversationsV1ServiceBindingRow,
  ConversationsV1ServiceConfigurationRow,
  ConversationsV1ServiceConversationMessageReceiptRow,
  ConversationsV1ServiceConversationScopedWebhookRow,
  ConversationsV1ServiceNotificationRow,
  ConversationsV1ServiceWebhookConfigurationRow,
  ConversationsV1UserConversationRow,
  ConversationsV1UserRow
} from '@ringdown/contract/generated/conversations-v1'
import type { State } from '@ringdown/engine/center'
import * as engine from '@ringdown/engine/conversations/representation'
import type {
  ChatServiceRow,
  ConfigurationAddressRow,
  ConfigurationWebhookRow,
  ConversationRow,
  CredentialRow,
  MessageReceiptRow,
  MessageRow,
  ParticipantRow,
  RoleRow,
  ScopedTarget,
  ScopedWebhookRow,
  ServiceBindingRow,
  ServiceNotificationRow,
  UserRow
} from '@ringdown/engine/conversations/rows'
import type { UserConversation } from '@ringdown/engine/conversations/user-conversation'
import type { Row } from '@ringdown/engine/core/row'

/* Rows as the API shows them, below a service and at the root alike (reference conversations 4 to 14). */

export function representConversation({ account_sid }: State, row: ConversationRow): ConversationsV1ConversationRow {
  return { ...engine.representConversation(row), account_sid }
}

export function representParticipant(
  { account_sid }: State,
  row: ParticipantRow
): ConversationsV1ConversationParticipantRow {
  return { ...engine.representParticipant(row), account_sid }
}

export function representMessage({ account_sid }: State, row: MessageRow): ConversationsV1ConversationMessageRow {
  return { ...engine.representMessage(row), account_sid }
}

export function representReceipt(
  { account_sid }: State,
  row: MessageReceiptRow
): ConversationsV1ServiceConversationMessageReceiptRow {
  return { ...row, account_sid }
}

export function representUser({ account_sid }: State, row: UserRow): ConversationsV1UserRow {
  return { ...engine.representUser(row), account_sid }
}

export function representRole({ account_sid }: State, row: RoleRow): ConversationsV1RoleRow {
  return { ...row, account_sid }
}

export function representServiceConfiguration(row: ChatServiceRow): ConversationsV1ServiceConfigurationRow {
  return { ...row, chat_service_sid: row.sid }
}

/** Without its secrets: nothing shows them. */
export function representCredential({
  sealed_certificate: _certificate,
  sealed_private_key: _key,
  sealed_api_key: _api,
  sealed_secret: _secret,
  ...shown
}: CredentialRow): ConversationsV1CredentialRow {
  return shown
}

export function representBinding({ account_sid }: State, row: ServiceBindingRow): ConversationsV1ServiceBindingRow {
  return { ...row, account_sid }
}

/** A service's notifications, or what stands for them where nobody has set any. What is not set is left out (reference conversations 4.4). */
export function representServiceNotification(
  { account_sid }: State,
  row: Omit<ServiceNotificationRow, keyof Row>
): ConversationsV1ServiceNotificationRow {
  return {
    account_sid,
    chat_service_sid: row.chat_service_sid,
    log_enabled: row.log_enabled,
    new_message: {
      enabled: row.new_message_enabled,
      ...present({ template: row.new_message_template, sound: row.new_message_sound }),
      badge_count_enabled: row.new_message_badge_count_enabled,
      with_media: {
        enabled: row.new_message_with_media_enabled,
        ...present({ template: row.new_message_with_media_template })
      }
    },
    added_to_conversation: {
      enabled: row.added_to_conversation_enabled,
      ...present({ template: row.added_to_conversation_template, sound: row.added_to_conversation_sound })
    },
    removed_from_conversation: {
      enabled: row.removed_from_conversation_enabled,
      ...present({ template: row.removed_from_conversation_template, sound: row.removed_from_conversation_sound })
    }
  }
}

function present(texts: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text === null ? [] : [[name, text]])))
}

/** A user's place in a conversation (reference conversations 10). */
export function representUserConversation(
  { account_sid }: State,
  { user, conversation, participant, unread }: UserConversation & { readonly unread: number | null }
): ConversationsV1UserConversationRow {
  const { state } = conversation
  return {
    account_sid,
    chat_service_sid: conversation.chat_service_sid,
    conversation_sid: conversation.sid,
    user_sid: user.sid,
    participant_sid: participant.sid,
    unread_messages_count: unread,
    last_read_message_index: participant.last_read_message_index,
    notification_level: participant.notification_level ?? 'default', // older rows have none
    friendly_name: conversation.friendly_name,
    unique_name: conversation.unique_name,
    conversation_state: state === 'initializing' ? 'active' : state,
    timers: engine.timersOf(conversation),
    attributes: conversation.attributes,
    created_by: conversation.created_by,
    date_created: conversation.date_created,
    date_updated: conversation.date_updated
  }
}

/** A participant with its conversation, and the user behind its identity. Its binding has every key. */
export function representParticipantConversation(
  { account_sid }: State,
  participant: ParticipantRow,
  conversation: ConversationRow,
  user: UserRow | undefined
): ConversationsV1ParticipantConversationRow {
  const { binding_type, address, proxy_address, projected_address = null, binding_name, binding_level } = participant
  const { state } = conversation
  return {
    account_sid,
    chat_service_sid: conversation.chat_service_sid,
    participant_sid: participant.sid,
    participant_user_sid: user?.sid ?? null,
    participant_identity: participant.identity,
    participant_messaging_binding:
      binding_type === null
        ? null
        : {
            type: binding_type,
            address,
            proxy_address,
            projected_address,
            name: binding_name,
            level: binding_level
          },
    conversation_sid: conversation.sid,
    conversation_unique_name: conversation.unique_name,
    conversation_friendly_name: conversation.friendly_name,
    conversation_attributes: conversation.attributes,
    conversation_date_created: conversation.date_created,
    conversation_date_updated: conversation.date_updated,
    conversation_created_by: conversation.created_by,
    conversation_state: state === 'initializing' ? 'active' : state,
    conversation_timers: engine.timersOf(conversation)
  }
}

/** An address, with those settings of what is made for it that its type has (reference conversations 12.1). */
export function representConfigurationAddress(
  { tables, account_sid }: State,
  row: ConfigurationAddressRow
): ConversationsV1ConfigurationAddressRow {
  const { auto_creation_type: type } = row
  const defaults = tables.conversation_configuration.get(account_sid)
  return {
    ...row,
    auto_creation: {
      enabled: row.auto_creation_enabled,
      type,
      conversation_service_sid:
        row.auto_creation_conversation_service_sid ?? defaults?.default_chat_service_sid ?? null,
      ...(type === 'webhook' && {
        webhook_url: row.auto_creation_webhook_url,
        webhook_method: row.auto_creation_webhook_method,
        webhook_filters: row.auto_creation_webhook_filters
      }),
      ...(type === 'studio' && {
        studio_flow_sid: row.auto_creation_studio_flow_sid,
        studio_retry_count: row.auto_creation_studio_retry_count
      })
    }
  }
}

/** The account's webhooks, or what stands for them where nobody has set any. */
export function representConfigurationWebhook(
  { account_sid }: State,
  row: WebhookSettings
): ConversationsV1ConfigurationWebhookRow {
  return { target: 'webhook', ...row, account_sid }
}

export function representServiceWebhook(
  { account_sid }: State,
  row: WebhookSettings & { readonly chat_service_sid: string }
): ConversationsV1ServiceWebhookConfigurationRow {
  return { ...row, account_sid }
}

type WebhookSettings = Pick<ConfigurationWebhookRow, 'method' | 'filters' | 'pre_webhook_url' | 'post_webhook_url'>

export function representScopedWebhook(
  { account_sid }: State,
  row: ScopedWebhookRow
): ConversationsV1ServiceConversationScopedWebhookRow {
  return { ...row, account_sid, configuration: configurationOf(row) }
}

/** What each target shows always; what else was given is shown as well. */
const always = {
  webhook: ['url', 'method', 'filters'],
  trigger: ['url', 'method', 'triggers'],
  studio: ['flow_sid']
} as const satisfies Record<ScopedTarget, readonly string[]>

function configurationOf(row: ScopedWebhookRow): Readonly<Record<string, unknown>> {
  const whole = {
    url: row.configuration_url,
    method: row.configuration_method,
    filters: row.configuration_filters,
    triggers: row.configuration_triggers,
    flow_sid: row.configuration_flow_sid,
    replay_after: row.configuration_replay_after
  }
  const names: readonly string[] = always[row.target]
  return Object.fromEntries(Object.entries(whole).filter(([name, value]) => names.includes(name) || value !== null))
}
