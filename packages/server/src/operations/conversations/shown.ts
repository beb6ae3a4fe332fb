import type {
  ConversationsV1ConversationMessageRow,
  ConversationsV1ConversationParticipantRow,
  ConversationsV1ConversationRow,
  ConversationsV1ParticipantConversationRow,
  ConversationsV1RoleRow,
  ConversationsV1ServiceConfigurationRow,
  ConversationsV1UserRow
} from '@ringdown/contract/generated/conversations-v1'
import type { State } from '@ringdown/engine/center'
import type {
  ChatServiceRow,
  ConversationRow,
  MessageRow,
  ParticipantRow,
  RoleRow,
  UserRow
} from '@ringdown/engine/conversations/rows'
import * as engine from '@ringdown/engine/conversations/shown'

/* Rows as the API shows them, below a service and at the root alike (reference conversations 4 to 14). */

export function shownConversation({ account_sid }: State, row: ConversationRow): ConversationsV1ConversationRow {
  return { ...engine.shownConversation(row), account_sid }
}

export function shownParticipant(
  { account_sid }: State,
  row: ParticipantRow
): ConversationsV1ConversationParticipantRow {
  return { ...engine.shownParticipant(row), account_sid }
}

export function shownMessage({ account_sid }: State, row: MessageRow): ConversationsV1ConversationMessageRow {
  return { ...engine.shownMessage(row), account_sid }
}

export function shownUser({ account_sid }: State, row: UserRow): ConversationsV1UserRow {
  return { ...engine.shownUser(row), account_sid }
}

export function shownRole({ account_sid }: State, row: RoleRow): ConversationsV1RoleRow {
  return { ...row, account_sid }
}

export function shownServiceConfiguration(row: ChatServiceRow): ConversationsV1ServiceConfigurationRow {
  return { ...row, chat_service_sid: row.sid }
}

/** A participant with its conversation, and the user behind its identity. Its binding has every key. */
export function shownParticipantConversation(
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
