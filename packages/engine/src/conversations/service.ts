import type { State } from '../center.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { configurationOf, serviceOf } from './configuration.ts'
import { forgetService } from './configuration-address.ts'
import { dropConversation } from './conversation.ts'
import { emitServiceRemoved } from './events.ts'
import { consequence } from './origin.ts'
import type { ChatServiceRow } from './rows.ts'
import { addService } from './service-with-roles.ts'

export function createService(
  state: State,
  params: { readonly friendly_name: string }
): { chat_service: ChatServiceRow } {
  if (params.friendly_name.trim() === '') refuse('invalid', 'FriendlyName of a Service must not be empty')
  checkLength(params.friendly_name, 'FriendlyName', 256)
  configurationOf(state)
  return { chat_service: addService(state, params.friendly_name) }
}

/**
 * Removes a service and what is in it. Its closed conversations and users that are not in memory go with it in the store
 * (`under` of their kinds). The default service stays, since every path without a service leads to it.
 */
export function deleteService(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const service = serviceOf(state, sid)
  if (configurationOf(state).default_chat_service_sid === sid) {
    refuse('conflict', `Service ${sid} is the default Conversations Service of the account and cannot be deleted`)
  }
  if (state.tables.flex_configuration.find(state.account_sid)?.chat_service_instance_sid === sid) {
    refuse('conflict', `Service ${sid} is the Service of Flex and cannot be deleted`)
  }
  for (const conversation of [...state.tables.conversation.by('chat_service_sid', sid)]) {
    dropConversation(state, conversation, consequence)
  }
  forgetService(state, sid)
  state.remove('service_webhook_configuration', sid)
  state.remove('service_notification', sid)
  for (const role of [...state.tables.role.by('chat_service_sid', sid)]) state.remove('role', role.sid)
  state.remove('chat_service', service.sid)
  emitServiceRemoved(state, service)
  return {}
}
