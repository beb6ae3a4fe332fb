import { defaultServiceSid, findConversation, pathOf } from '@ringdown/engine/conversations/lookup'
import { conversationReads, namedUserReads } from '@ringdown/engine/conversations/reads'
import type { ConversationRow, MessageReceiptRow, ParticipantRow, UserRow } from '@ringdown/engine/conversations/rows'
import { nameKey } from '@ringdown/engine/core/names'
import { notFound } from '@ringdown/engine/core/parameters'
import type { Kinds } from '@ringdown/engine/kinds'
import type { Context, One } from '../handler.ts'

/*
 * Rows that may be in memory or in the store only: closed conversations with their participants, messages and webhooks,
 * and users. The row in memory is the newer one. Each function refuses with 404 where there is none.
 */

/** A path at the root, or below a service. */
export type In<P = object> = P & { readonly chat_service_sid?: string }
export type OfConversation = In<{ readonly conversation_sid: string }>
export type OfMessage = OfConversation & { readonly message_sid: string }

/** A conversation by SID or unique name, open or closed. */
export async function conversationOf({ state, ledger }: Context, name: string, place: In): Promise<ConversationRow> {
  const resident = findConversation(state, name, place)
  if (resident) return resident
  for (const { where } of conversationReads(state, name, place)) {
    const [row] = await ledger.find('conversation', where)
    if (row && isInPlace(row, place)) return row
  }
  return notFound(pathOf(place, `/Conversations/${name}`))
}

/** A participant by SID or identity. */
export async function participantOf(context: Context, path: OfConversation & One): Promise<ParticipantRow> {
  const { sid: conversation_sid } = await conversationOf(context, path.conversation_sid, path)
  const { state, ledger } = context
  const { sid: name } = path
  const resident = state.find('participant', name)
  if (resident?.conversation_sid === conversation_sid) return resident
  const member = state.tables.participant.firstBy('member', nameKey(conversation_sid, name))
  if (member) return member
  const where = isSid('MB', name) ? { conversation_sid, sid: name } : { conversation_sid, identity: name }
  const [row] = await ledger.find('participant', where)
  return row ?? notFound(pathOf(path, `/Conversations/${conversation_sid}/Participants/${name}`))
}

/** A message or a webhook of a conversation; `segment` is how paths name its kind. */
export async function inConversation<K extends 'message' | 'conversation_scoped_webhook'>(
  context: Context,
  kind: K,
  segment: string,
  path: OfConversation & One
): Promise<Kinds[K]> {
  const { sid: conversation_sid } = await conversationOf(context, path.conversation_sid, path)
  const { state, ledger } = context
  const { sid } = path
  const resident = state.find(kind, sid) as (Kinds[K] & { conversation_sid: string }) | undefined // both kinds have one
  if (resident?.conversation_sid === conversation_sid) return resident
  const [row] = await ledger.find(kind, { conversation_sid, sid })
  return row ?? notFound(pathOf(path, `/Conversations/${conversation_sid}/${segment}/${sid}`))
}

/** A receipt of a message. */
export async function receiptOf(
  context: Context,
  { sid, message_sid, ...path }: OfMessage & One
): Promise<MessageReceiptRow> {
  const message = await inConversation(context, 'message', 'Messages', { ...path, sid: message_sid })
  const { state, ledger } = context
  const resident = state.find('message_receipt', sid)
  if (resident?.message_sid === message.sid) return resident
  const [row] = await ledger.find('message_receipt', { message_sid: message.sid, sid })
  const place = `/Conversations/${message.conversation_sid}/Messages/${message.sid}`
  return row ?? notFound(pathOf(path, `${place}/Receipts/${sid}`))
}

/** A user by SID or identity. */
export async function userOf({ state, ledger }: Context, path: In<One>): Promise<UserRow> {
  const { sid: name } = path
  const resident = state.find('user', name)
  if (resident && isInPlace(resident, path)) return resident
  for (const { where } of namedUserReads(path, state)) {
    const [row] = await ledger.find('user', where)
    if (row && isInPlace(row, path)) return row
  }
  const chat_service_sid = path.chat_service_sid ?? defaultServiceSid(state)
  const named = chat_service_sid && state.tables.user.firstBy('identity', nameKey(chat_service_sid, name))
  return named || notFound(pathOf(path, `/Users/${name}`))
}

function isInPlace(row: { readonly chat_service_sid: string }, { chat_service_sid }: In): boolean {
  return chat_service_sid === undefined || row.chat_service_sid === chat_service_sid
}

function isSid(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(text)
}
