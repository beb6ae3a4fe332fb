import type { State } from '../center.ts'
import { refuse } from '../core/refusals.ts'
import { serviceOf } from './configuration.ts'
import type { ChatServiceRow, RoleRow } from './rows.ts'

export interface UpdateServiceConfiguration {
  readonly chat_service_sid: string
  readonly default_conversation_creator_role_sid?: string
  readonly default_conversation_role_sid?: string
  readonly default_chat_service_role_sid?: string
  readonly reachability_enabled?: boolean
}

/** The roles that a service gives, and whether it shows who is there (reference conversations 4.3). */
export function updateServiceConfiguration(
  state: State,
  { chat_service_sid, reachability_enabled, ...roles }: UpdateServiceConfiguration
): { chat_service: ChatServiceRow } {
  const { sid } = serviceOf(state, chat_service_sid)
  const chat_service = state.change('chat_service', sid, {
    reachability_enabled,
    default_conversation_creator_role_sid: given('default_conversation_creator_role_sid'),
    default_conversation_role_sid: given('default_conversation_role_sid'),
    default_chat_service_role_sid: given('default_chat_service_role_sid')
  })
  return { chat_service }

  function given(column: keyof typeof needed): string | undefined {
    const role_sid = roles[column]
    if (!role_sid) return undefined
    const { type, parameter } = needed[column]
    const role = state.tables.role.find(role_sid)
    if (role?.chat_service_sid === sid && role.type === type) return role_sid
    return refuse('invalid', `Value '${role_sid}' provided for ${parameter} is not a ${type} role of Service ${sid}`)
  }
}

const needed = {
  default_conversation_creator_role_sid: { type: 'conversation', parameter: 'DefaultConversationCreatorRoleSid' },
  default_conversation_role_sid: { type: 'conversation', parameter: 'DefaultConversationRoleSid' },
  default_chat_service_role_sid: { type: 'service', parameter: 'DefaultChatServiceRoleSid' }
} as const satisfies Record<string, { readonly type: RoleRow['type']; readonly parameter: string }>
