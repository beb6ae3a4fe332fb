import type {
  ConversationsV1ConfigurationWebhookRow,
  ConversationsV1ConversationMessageRow,
  ConversationsV1ConversationParticipantRow,
  ConversationsV1ConversationRow,
  ConversationsV1ParticipantConversationRow,
  ConversationsV1RoleRow,
  ConversationsV1ServiceConfigurationRow,
  ConversationsV1ServiceConversationScopedWebhookRow,
  ConversationsV1ServiceWebhookConfigurationRow,
  ConversationsV1UserRow
} from '@ringdown/contract/generated/conversations-v1'
import type { State } from '@ringdown/engine/center'
import * as engine from '@ringdown/engine/conversations/representation'
import type {
  ChatServiceRow,
  ConfigurationWebhookRow,
  ConversationRow,
  MessageRow,
  ParticipantRow,
  RoleRow,
  ScopedTarget,
  ScopedWebhookRow,
  UserRow
} from '@ringdown/engine/conversations/rows'

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

export function representUser({ account_sid }: State, row: UserRow): ConversationsV1UserRow {
  return { ...engine.representUser(row), account_sid }
}

export function representRole({ account_sid }: State, row: RoleRow): ConversationsV1RoleRow {
  return { ...row, account_sid }
}

export function representServiceConfiguration(row: ChatServiceRow): ConversationsV1ServiceConfigurationRow {
  return { ...row, chat_service_sid: row.sid }
}

/** A participant with its conversation, and the user behind its identity. Its binding has every key. */
export function representParticipantConversation(
  { account_sid }: State,
  participant: ParticipantRow,
  conversation: ConversationRow,
  user: UserRow | undefined
): ConversationsV1ParticipantConversationRow {
  const { binding_type, address, proxy_address, binding_name, binding_level } = participant
  const { state } = conversation
  return {
    account_sid,
    chat_service_sid: conversation.chat_service_sid,
    participant_sid: participant.sid,
    participant_user_sid: user?.sid ?? null,
    participant_identity: participant.identity,
    participant_messaging_binding:
      address === null
        ? null
        : {
            type: binding_type,
            address,
            proxy_address,
            projected_address: null,
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
