import { objectText } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { addConversation } from '../conversations/conversation.ts'
import { addUser, ensureUser } from '../conversations/identity.ts'
import { consequence } from '../conversations/origin.ts'
import { addKnownParticipant } from '../conversations/participant.ts'
import { userReads } from '../conversations/reads.ts'
import type { ConversationRow, ParticipantRow } from '../conversations/rows.ts'
import { attachAutoCreation } from '../conversations/webhook.ts'
import type { Read } from '../core/command.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { writtenJson } from './chat-channel.ts'
import { setupFlex } from './configuration.ts'

export interface CreateWebChat {
  /** Of an address configuration of type chat. */
  readonly address_sid: string
  readonly chat_friendly_name?: string
  readonly customer_friendly_name?: string
  /** JSON text. */
  readonly pre_engagement_data?: string
  /** A guest of its own without one. */
  readonly identity?: string
  /** Of the conversation's attributes besides, as JSON texts. */
  readonly members?: Readonly<Record<string, string>>
}

/**
 * Begins a chat of a guest on a page: a conversation as its address configuration wants it, and the guest in it. Nobody is
 * asked before the guest writes (reference flex 15.1).
 */
export function createWebChat(
  state: State,
  params: CreateWebChat
): { conversation: ConversationRow; participant: ParticipantRow } {
  const address = state.tables.configuration_address.find(params.address_sid)
  if (address?.type !== 'chat')
    return refuse('invalid', `Value '${params.address_sid}' provided for AddressSid is no address of type chat`)
  if (!address.auto_creation_enabled) refuse('invalid', `Address ${address.sid} is not enabled`)
  const { customer_friendly_name, chat_friendly_name } = params
  checkLength(params.identity, 'Identity', 256)
  checkLength(customer_friendly_name, 'CustomerFriendlyName', 256)
  const attributes = objectText({
    pre_engagement_data: writtenJson(params.pre_engagement_data, 'PreEngagementData'),
    from: customer_friendly_name ? JSON.stringify(customer_friendly_name) : undefined,
    ...params.members
  })
  const service = state.tables.chat_service.need(serviceOfChats(state, params) ?? flexService(state))
  const came_by = { address_configuration_sid: address.sid, told: {} }
  const named = { ...(chat_friendly_name && { friendly_name: chat_friendly_name }), attributes }
  const conversation = addConversation(state, service, { ...named, came_by }, consequence)
  attachAutoCreation(state, conversation, address)
  const identity = guestOf(state, service.sid, params)
  const guest = { identity, attributes: '{"member_type":"guest"}' }
  const participant = addKnownParticipant(state, conversation, guest, consequence)
  return { conversation: state.tables.conversation.need(conversation.sid), participant }
}

/** The identity of a user that bears the guest's name. One that is made up is nobody's yet. */
function guestOf(state: State, service: string, { identity, customer_friendly_name }: CreateWebChat): string {
  const user = identity
    ? ensureUser(state, service, identity, consequence)
    : addUser(state, service, state.sid('ID').slice(2), consequence)
  if (customer_friendly_name && user.friendly_name !== customer_friendly_name)
    state.change('user', user.sid, { friendly_name: customer_friendly_name })
  return user.identity
}

export function createWebChatReads(params: CreateWebChat, state: State): readonly Read[] {
  return userReads(state, params.identity, serviceOfChats(state, params))
}

/** The address's own, or Flex's where that is there already. */
function serviceOfChats(state: State, { address_sid }: CreateWebChat): string | undefined {
  return (
    state.tables.configuration_address.find(address_sid)?.auto_creation_conversation_service_sid ??
    state.tables.flex_configuration.find(state.account_sid)?.chat_service_instance_sid
  )
}

function flexService(state: State): string {
  return setupFlex(state).flex_configuration.chat_service_instance_sid
}
