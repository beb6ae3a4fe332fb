import type { State } from '../center.ts'
import type { ChatServiceRow } from './rows.ts'

/** Adds a service with its default roles (reference conversations 4.2 and 14.3). */
export function addService(state: State, friendly_name: string): ChatServiceRow {
  const sid = state.sid('IS')
  const made = defaultRoles.map(([name, type, permissions]) =>
    state.insert('role', { chat_service_sid: sid, friendly_name: name, type, permissions: permissions.split(' ') })
  )
  const named = (name: string) => made.find((role) => role.friendly_name === name)?.sid ?? ''
  return state.insert(
    'chat_service',
    {
      account_sid: state.account_sid,
      friendly_name,
      default_conversation_creator_role_sid: named('channel admin'),
      default_conversation_role_sid: named('channel user'),
      default_chat_service_role_sid: named('service user'),
      reachability_enabled: false
    },
    sid
  )
}

const defaultRoles = [
  [
    'service admin',
    'service',
    'addParticipant createConversation deleteAnyMessage deleteConversation editAnyMessage editAnyMessageAttributes editAnyUserInfo editConversationAttributes editConversationName editOwnMessage editOwnMessageAttributes editOwnUserInfo joinConversation removeParticipant'
  ],
  ['service user', 'service', 'createConversation joinConversation editOwnUserInfo'],
  [
    'channel admin',
    'conversation',
    'addParticipant removeParticipant deleteConversation editConversationName editConversationAttributes sendMessage sendMediaMessage leaveConversation editAnyMessage editAnyMessageAttributes editAnyParticipantAttributes deleteAnyMessage editNotificationLevel'
  ],
  [
    'channel user',
    'conversation',
    'sendMessage sendMediaMessage leaveConversation editOwnMessage editOwnMessageAttributes deleteOwnMessage editNotificationLevel'
  ]
] as const satisfies readonly (readonly [string, 'conversation' | 'service', string])[]
