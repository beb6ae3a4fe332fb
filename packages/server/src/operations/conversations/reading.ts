import { defaultServiceSid, findConversation, type Place, pathOf } from '@ringdown/engine/conversations/lookup'
import { conversationReads, namedUserReads } from '@ringdown/engine/conversations/reads'
import type {
  ConversationRow,
  MessageRow,
  ParticipantRow,
  ScopedWebhookRow,
  UserRow
} from '@ringdown/engine/conversations/rows'
import { nameKey } from '@ringdown/engine/core/names'
import { notFound } from '@ringdown/engine/core/parameters'
import type { Context } from '../handler.ts'

/*
 * Rows that may be in memory or on disk only: closed conversations with their participants, messages and users. What
 * memory has beats what is on disk.
 */

/** A conversation by SID or unique name, open or closed. Refuses with 404. */
export async function conversationOf({ state, ledger }: Context, name: string, place: Place): Promise<ConversationRow> {
  const resident = findConversation(state, name, place)
  if (resident) return resident
  for (const { kind, where } of conversationReads(state, name, place)) {
    const [row] = (await ledger.find(kind, where)) as ConversationRow[] // rows of that kind
    if (row && isInPlace(row, place)) return row
  }
  return notFound(pathOf(place, `/Conversations/${name}`))
}

/** A participant by SID or identity. */
export async function participantOf(
  { state, ledger }: Context,
  conversation: ConversationRow,
  name: string,
  place: Place
): Promise<ParticipantRow> {
  const { sid: conversation_sid } = conversation
  const resident = state.find('participant', name)
  if (resident?.conversation_sid === conversation_sid) return resident
  const member = state.tables.participant.firstBy('member', nameKey(conversation_sid, name))
  if (member) return member
  const where = isSid('MB', name) ? { conversation_sid, sid: name } : { conversation_sid, identity: name }
  const [row] = (await ledger.find('participant', where)) as ParticipantRow[] // rows of that kind
  return row ?? notFound(pathOf(place, `/Conversations/${conversation_sid}/Participants/${name}`))
}

export async function messageOf(
  { state, ledger }: Context,
  conversation: ConversationRow,
  sid: string,
  place: Place
): Promise<MessageRow> {
  const { sid: conversation_sid } = conversation
  const resident = state.find('message', sid)
  if (resident?.conversation_sid === conversation_sid) return resident
  const [row] = (await ledger.find('message', { conversation_sid, sid })) as MessageRow[] // rows of that kind
  return row ?? notFound(pathOf(place, `/Conversations/${conversation_sid}/Messages/${sid}`))
}

export async function scopedWebhookOf(
  { state, ledger }: Context,
  conversation: ConversationRow,
  sid: string,
  place: Place
): Promise<ScopedWebhookRow> {
  const { sid: conversation_sid } = conversation
  const resident = state.find('conversation_scoped_webhook', sid)
  if (resident?.conversation_sid === conversation_sid) return resident
  const found = await ledger.find('conversation_scoped_webhook', { conversation_sid, sid })
  const [row] = found as ScopedWebhookRow[] // rows of that kind
  return row ?? notFound(pathOf(place, `/Conversations/${conversation_sid}/Webhooks/${sid}`))
}

/** A user by SID or identity. */
export async function userOf({ state, ledger }: Context, name: string, place: Place): Promise<UserRow> {
  const resident = state.find('user', name)
  if (resident && isInPlace(resident, place)) return resident
  for (const { kind, where } of namedUserReads({ ...place, sid: name }, state)) {
    const [row] = (await ledger.find(kind, where)) as UserRow[] // rows of that kind
    if (row && isInPlace(row, place)) return row
  }
  const chat_service_sid = place.chat_service_sid ?? defaultServiceSid(state)
  const named = chat_service_sid && state.tables.user.firstBy('identity', nameKey(chat_service_sid, name))
  return named || notFound(pathOf(place, `/Users/${name}`))
}

function isInPlace(row: { readonly chat_service_sid: string }, { chat_service_sid }: Place): boolean {
  return chat_service_sid === undefined || row.chat_service_sid === chat_service_sid
}

function isSid(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(text)
}
