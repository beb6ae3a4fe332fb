import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { createMessagingService } from '../numbers/messaging-service.ts'
import { minClosed_ms, minInactive_ms, timerOf } from './duration.ts'
import { given } from './lookup.ts'
import type { ChatServiceRow, ConversationConfigurationRow } from './rows.ts'
import { addService } from './service-with-roles.ts'

/** Makes the account's configuration and its default service where they are missing (reference conversations 4.1). */
export function setupConversations(
  state: State,
  _params: Readonly<Record<string, unknown>> = {}
): { conversation_configuration: ConversationConfigurationRow } {
  return { conversation_configuration: configurationOf(state) }
}

/** The account's configuration, made with its default services where it is missing: one of each kind, whose pool is empty. */
export function configurationOf(state: State): ConversationConfigurationRow {
  const present = state.tables.conversation_configuration.find(state.account_sid)
  if (present) return present
  const service = addService(state, 'Default Conversations Service')
  const { messaging_service } = createMessagingService(state, {
    friendly_name: 'Default Messaging Service for Conversations'
  })
  return state.insert(
    'conversation_configuration',
    {
      account_sid: state.account_sid,
      default_chat_service_sid: service.sid,
      default_messaging_service_sid: messaging_service.sid,
      default_inactive_timer: null,
      default_closed_timer: null
    },
    state.account_sid
  )
}

/** The service of a path, or the account's default one. */
export function serviceOf(state: State, sid: string | undefined): ChatServiceRow {
  if (sid === undefined) return state.tables.chat_service.need(configurationOf(state).default_chat_service_sid)
  return state.tables.chat_service.find(sid) ?? notFound(`/Services/${sid}`)
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
  if (default_chat_service_sid && !state.tables.chat_service.find(default_chat_service_sid)) {
    refuse('invalid', `Value '${default_chat_service_sid}' provided for DefaultChatServiceSid does not exist`)
  }
  const conversation_configuration = state.change('conversation_configuration', before.sid, {
    ...(default_chat_service_sid && { default_chat_service_sid }),
    ...(default_messaging_service_sid && { default_messaging_service_sid }),
    ...given({
      default_inactive_timer: timerText(default_inactive_timer, 'DefaultInactiveTimer', minInactive_ms),
      default_closed_timer: timerText(default_closed_timer, 'DefaultClosedTimer', minClosed_ms)
    })
  })
  return { conversation_configuration }
}

function timerText(text: string | undefined, parameter: string, least_ms: number): string | null | undefined {
  if (!text) return undefined
  return timerOf(text, parameter, least_ms) === null ? null : text
}
