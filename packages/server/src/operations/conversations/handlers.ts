import { InvalidRequest } from '@ringdown/contract/form'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { checkedAddress } from '@ringdown/engine/conversations/address'
import type { ConversationRow, UserRow } from '@ringdown/engine/conversations/rows'
import { seesConversation } from '../../access/sight.ts'
import type { Ledger } from '../../commit/ledger.ts'
import type { AnyCall, Context, Handlers, Listed, One } from '../handler.ts'
import { coldPage } from '../listing.ts'
import { conversationOf, type In, userOf } from './cold-lookup.ts'
import { credentialHandlers } from './credentials.ts'
import { agreed } from './pre-webhook.ts'
import { representParticipantConversation, representUser } from './representation.ts'
import { userConversationHandlers } from './user-conversations.ts'

async function deleteConversation(
  {
    path,
    params: { x_twilio_webhook_enabled: webhook_enabled }
  }: { path: In<One>; params: { readonly x_twilio_webhook_enabled?: boolean } },
  context: Context
) {
  // Webhooks of a closed conversation are told of its end, and are found by its SID only.
  const { sid } = webhook_enabled ? await conversationOf(context, path.sid, path) : path
  const choice = webhook_enabled === undefined ? {} : { webhook_enabled }
  await context.execute(await agreed(context, { type: 'conversation.delete', ...choice, ...path, sid }))
}

/**
 * A user, with whether it is there where its service shows that: online while an SDK or a page of it follows the log by a
 * stream, notifiable while a device of it is registered (reference conversations 13).
 */
async function fetchUser({ path }: { readonly path: In<One> }, context: Context) {
  const { state, ledger, feed } = context
  const user = await userOf(context, path)
  const shown = representUser(state, user)
  if (!state.find('chat_service', user.chat_service_sid)?.reachability_enabled) return shown
  const devices = await ledger.page({
    kind: 'service_binding',
    where: [
      ['user_sid', '=', user.sid],
      ['binding_type', 'in', ['apn', 'gcm', 'fcm']]
    ],
    order: ['seq'],
    descending: false,
    limit: 1
  })
  return { ...shown, is_online: feed?.isOnline(user) ?? null, is_notifiable: devices.length > 0 }
}

/**
 * The conversations that somebody is in, by identity or by address, in every state, newest first (reference conversations
 * 10). Who may not see all is shown those of them that it was in itself: a page may have fewer then.
 */
async function listParticipantConversations(
  {
    path,
    params,
    page
  }: {
    path: In
    params: OperationTypes['conversations_v1.ListParticipantConversation']['params']
  } & Pick<AnyCall, 'page'>,
  { state, ledger, sight }: Context
) {
  const { identity, address } = params
  if ((identity === undefined) === (address === undefined))
    throw new InvalidRequest('One of Identity and Address is expected')
  const key =
    identity === undefined
      ? (['address', '=', checkedAddress(address ?? '')] as const)
      : (['identity', '=', identity] as const)
  const listed = await coldPage(ledger, page, {
    kind: 'participant',
    where: [key],
    order: ['seq'],
    descending: true
  })
  const sids = [...new Set(listed.items.map((row) => row.conversation_sid))]
  const found = await ledger.page({
    kind: 'conversation',
    where: [['sid', 'in', sids]],
    order: ['seq'],
    descending: false,
    limit: sids.length
  })
  const isSeen = await Promise.all(found.map((row) => sight === undefined || seesConversation(sight, ledger, row.sid)))
  const conversations = new Map(found.filter((_, index) => isSeen[index]).map((row) => [row.sid, row]))
  const users = identity === undefined ? [] : await usersOf(ledger, identity, conversations.values())
  const { chat_service_sid } = path
  const items = listed.items.flatMap((participant) => {
    const conversation = conversations.get(participant.conversation_sid)
    if (!conversation || (chat_service_sid !== undefined && conversation.chat_service_sid !== chat_service_sid))
      return []
    const user = users.find((one) => one.chat_service_sid === conversation.chat_service_sid)
    return [representParticipantConversation(state, participant, conversation, user)]
  })
  return { ...listed, items } satisfies Listed<unknown>
}

/** Who an identity is in the services of these conversations. */
async function usersOf(ledger: Ledger, identity: string, conversations: Iterable<ConversationRow>): Promise<UserRow[]> {
  const services = new Set([...conversations].map((conversation) => conversation.chat_service_sid))
  const found = await Promise.all(
    [...services].map((chat_service_sid) => ledger.find('user', { chat_service_sid, identity }))
  )
  return found.flat()
}

/** Operations of Conversations that do not follow the general rules, at the root and below a service alike. */
export const conversationsHandlers = {
  ...userConversationHandlers,
  ...credentialHandlers,
  'conversations_v1.FetchUser': fetchUser,
  'conversations_v1.FetchServiceUser': fetchUser,
  'conversations_v1.DeleteConversation': deleteConversation,
  'conversations_v1.DeleteServiceConversation': deleteConversation,
  'conversations_v1.ListParticipantConversation': listParticipantConversations,
  'conversations_v1.ListServiceParticipantConversation': listParticipantConversations
} satisfies Handlers
