import { refuse } from '../refusals.ts'
import { notFound } from '../routing/lookup.ts'
import type { State } from '../state/state.ts'
import { dropConversation } from './conversation.ts'
import { leastClosed_ms, leastInactive_ms, timerOf } from './duration.ts'
import { emitServiceRemoved } from './events.ts'
import { checkLength, given } from './lookup.ts'
import { consequence } from './origin.ts'
import type { ChatServiceRow, ConversationConfigurationRow } from './rows.ts'

/** Makes the account's configuration and its default service where they are missing (reference conversations 4.1). */
export function setupConversations(
  state: State,
  _params: Readonly<Record<string, unknown>> = {}
): { conversation_configuration: ConversationConfigurationRow } {
  return { conversation_configuration: configurationOf(state) }
}

export function configurationOf(state: State): ConversationConfigurationRow {
  const present = state.find('conversation_configuration', state.account_sid)
  if (present) return present
  const service = addService(state, 'Default Conversations Service')
  return state.insert(
    'conversation_configuration',
    {
      account_sid: state.account_sid,
      default_chat_service_sid: service.sid,
      default_messaging_service_sid: state.sid('MG'),
      default_inactive_timer: null,
      default_closed_timer: null
    },
    state.account_sid
  )
}

/** The service of a path, or the account's default one. */
export function serviceOf(state: State, sid: string | undefined): ChatServiceRow {
  if (sid === undefined) return state.get('chat_service', configurationOf(state).default_chat_service_sid)
  return state.find('chat_service', sid) ?? notFound(`/Services/${sid}`)
}

export interface UpdateConfiguration {
  readonly default_chat_service_sid?: string
  readonly default_messaging_service_sid?: string
  readonly default_inactive_timer?: string
  readonly default_closed_timer?: string
}

export function updateConfiguration(
  state: State,
  params: UpdateConfiguration
): { conversation_configuration: ConversationConfigurationRow } {
  const before = configurationOf(state)
  const { default_chat_service_sid, default_messaging_service_sid, default_inactive_timer, default_closed_timer } =
    params
  if (default_chat_service_sid && !state.find('chat_service', default_chat_service_sid)) {
    refuse('invalid', `Value '${default_chat_service_sid}' provided for DefaultChatServiceSid does not exist`)
  }
  const conversation_configuration = state.change('conversation_configuration', before.sid, {
    ...(default_chat_service_sid && { default_chat_service_sid }),
    ...(default_messaging_service_sid && { default_messaging_service_sid }),
    ...given({
      default_inactive_timer: timerText(default_inactive_timer, 'DefaultInactiveTimer', leastInactive_ms),
      default_closed_timer: timerText(default_closed_timer, 'DefaultClosedTimer', leastClosed_ms)
    })
  })
  return { conversation_configuration }
}

function timerText(text: string | undefined, parameter: string, least_ms: number): string | null | undefined {
  if (!text) return undefined
  return timerOf(text, parameter, least_ms) === null ? null : text
}

export function createService(
  state: State,
  params: { readonly friendly_name: string }
): { chat_service: ChatServiceRow } {
  if (params.friendly_name.trim() === '') refuse('invalid', 'FriendlyName of a Service must not be empty')
  checkLength(params.friendly_name, 'FriendlyName', 256)
  configurationOf(state)
  return { chat_service: addService(state, params.friendly_name) }
}

/** Adds a service with its default roles (reference conversations 4.2 and 14.3). */
function addService(state: State, friendly_name: string): ChatServiceRow {
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

/**
 * Removes a service and what is in it. Its closed conversations and users that are not in memory go with it in the store
 * (`cascades` in `needs.ts`). The default service stays, since every path without a service leads to it.
 */
export function deleteService(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const service = serviceOf(state, sid)
  if (configurationOf(state).default_chat_service_sid === sid) {
    refuse('conflict', `Service ${sid} is the default Conversations Service of the account and cannot be deleted`)
  }
  if (state.find('flex_configuration', state.account_sid)?.chat_service_instance_sid === sid) {
    refuse('conflict', `Service ${sid} is the Service of Flex and cannot be deleted`)
  }
  for (const conversation of [...state.tables.conversation.by('chat_service_sid', sid)]) {
    dropConversation(state, conversation, consequence)
  }
  for (const user of [...state.tables.user.by('chat_service_sid', sid)]) state.remove('user', user.sid)
  state.remove('service_webhook_configuration', sid)
  for (const role of [...state.tables.role.by('chat_service_sid', sid)]) state.remove('role', role.sid)
  state.remove('chat_service', service.sid)
  emitServiceRemoved(state, service)
  return {}
}
