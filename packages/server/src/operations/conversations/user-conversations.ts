import { pathOf } from '@ringdown/engine/conversations/lookup'
import type { ConversationRow, UserRow } from '@ringdown/engine/conversations/rows'
import type { UserConversation } from '@ringdown/engine/conversations/user-conversation'
import { nameKey } from '@ringdown/engine/core/names'
import { notFound } from '@ringdown/engine/core/parameters'
import type { AnyCall, Context, Handlers } from '../handler.ts'
import { coldPage } from '../listing.ts'
import { conversationOf, type In, userOf } from './cold-lookup.ts'
import { checkChanges } from './rates.ts'
import { representUserConversation } from './representation.ts'
import { unreadCounts } from './unread.ts'

/* The conversations of a user, each with what of it is unread (reference conversations 10). */

type OfUser = In<{ readonly user_sid: string }>
type Place = OfUser & { readonly conversation_sid: string }

/** In every state, those joined last first. */
async function list({ path, page }: { readonly path: OfUser } & Pick<AnyCall, 'page'>, context: Context) {
  const { ledger } = context
  const user = await userOf(context, { ...path, sid: path.user_sid })
  const listed = await coldPage(ledger, page, {
    kind: 'participant',
    where: [
      ['identity', '=', user.identity],
      ['chat_service_sid', '=', user.chat_service_sid]
    ],
    order: ['seq'],
    descending: true
  })
  const sids = listed.items.map((row) => row.conversation_sid)
  const found = await ledger.page({
    kind: 'conversation',
    where: [['sid', 'in', sids]],
    order: ['seq'],
    descending: false,
    limit: sids.length
  })
  const conversations = new Map(found.map((row) => [row.sid, row]))
  const places = listed.items.flatMap((participant) => {
    const conversation = conversations.get(participant.conversation_sid)
    return conversation ? [{ user, conversation, participant }] : []
  })
  return { ...listed, items: await shown(context, places) }
}

async function fetch({ path }: { readonly path: Place }, context: Context) {
  return first(context, await placeOf(context, path))
}

async function update(
  {
    path,
    params
  }: {
    readonly path: Place
    readonly params: {
      readonly notification_level?: 'default' | 'muted'
      readonly last_read_timestamp?: number | null
      readonly last_read_message_index?: number | null
    }
  },
  context: Context
) {
  const command = { type: 'user_conversation.update', ...params, ...path } as const
  checkChanges(context, command)
  return first(context, await context.execute(command))
}

async function remove(
  { path, params }: { readonly path: Place; readonly params: object },
  context: Context
): Promise<void> {
  const command = { type: 'user_conversation.delete', ...params, ...path } as const
  checkChanges(context, command)
  await context.execute(command)
}

async function placeOf(context: Context, path: Place): Promise<UserConversation> {
  const user = await userOf(context, { ...path, sid: path.user_sid })
  const conversation = await conversationOf(context, path.conversation_sid, path)
  const participant = await memberOf(context, conversation, user)
  if (participant) return { user, conversation, participant }
  return notFound(pathOf(path, `/Users/${path.user_sid}/Conversations/${path.conversation_sid}`))
}

async function memberOf({ state, ledger }: Context, { sid, chat_service_sid }: ConversationRow, user: UserRow) {
  if (chat_service_sid !== user.chat_service_sid) return undefined
  const resident = state.tables.participant.firstBy('member', nameKey(sid, user.identity))
  return resident ?? (await ledger.find('participant', { conversation_sid: sid, identity: user.identity }))[0]
}

async function first(context: Context, place: UserConversation) {
  const [one] = await shown(context, [place])
  if (one === undefined) throw new Error('invariant: one place is shown as one')
  return one
}

async function shown(context: Context, places: readonly UserConversation[]) {
  const read = places.map(({ conversation, participant }) => ({
    conversation,
    last_read_message_index: participant.last_read_message_index
  }))
  const counts = await unreadCounts(context, read)
  return places.map((place, i) => {
    // Nobody has said what was read, so nobody knows what is not.
    const unread = place.participant.last_read_message_index === null ? null : (counts[i] ?? 0)
    return representUserConversation(context.state, { ...place, unread })
  })
}

export const userConversationHandlers = {
  'conversations_v1.ListUserConversation': list,
  'conversations_v1.ListServiceUserConversation': list,
  'conversations_v1.FetchUserConversation': fetch,
  'conversations_v1.FetchServiceUserConversation': fetch,
  'conversations_v1.UpdateUserConversation': update,
  'conversations_v1.UpdateServiceUserConversation': update,
  'conversations_v1.DeleteUserConversation': remove,
  'conversations_v1.DeleteServiceUserConversation': remove
} satisfies Handlers
