import type { State } from '../center.ts'
import type { ParamsOf } from '../commands.ts'
import { nameKey } from '../core/names.ts'
import type { Kind } from '../kinds.ts'
import type { conversationCommands } from './commands.ts'
import { participantParams } from './conversation-with-participants.ts'
import { defaultServiceSid, findConversation, type Place } from './lookup.ts'
import { isTold } from './origin.ts'

/** A cold row that must be in memory before a command is decided, if there is one: named by columns of its kind. */
export interface Need {
  readonly kind: Kind
  readonly where: Readonly<Record<string, string>>
}

type Needs = {
  readonly [T in keyof typeof conversationCommands]?: (params: ParamsOf<T>, state: State) => readonly Need[]
}

/** What each command needs that memory does not hold. Deciders take what is not there after fetching as absent. */
export const conversationNeeds: Needs = {
  'conversation.create': (params, state) => nameNeeds(state, params.unique_name, params),
  'conversation.create_with_participants': (params, state) => [
    ...nameNeeds(state, params.unique_name, params),
    ...(params.participant ?? []).flatMap((one) =>
      userNeeds(state, participantParams(one).identity, params.chat_service_sid ?? defaultServiceSid(state))
    )
  ],
  'conversation.update': (params, state) => {
    const conversation = findConversation(state, params.sid, params)
    const chat_service_sid = conversation?.chat_service_sid ?? params.chat_service_sid
    return [
      ...conversationNeed(state, params.sid, params),
      ...nameNeeds(state, params.unique_name, chat_service_sid === undefined ? {} : { chat_service_sid })
    ]
  },
  'conversation.delete': (params, state) => [
    ...conversationNeed(state, params.sid, params),
    ...(isTold(params) ? webhookNeeds(state, params.sid, params) : [])
  ],
  'participant.create': (params, state) => memberNeeds(state, params),
  'participant.update': (params, state) => memberNeeds(state, params),
  'participant.delete': (params, state) => conversationNeed(state, params.conversation_sid, params),
  'message.create': (params, state) => conversationNeed(state, params.conversation_sid, params),
  'message.update': (params, state) => messageNeeds(state, params),
  'message.delete': (params, state) => messageNeeds(state, params),
  'conversation_scoped_webhook.create': (params, state) => conversationNeed(state, params.conversation_sid, params),
  'conversation_scoped_webhook.update': (params, state) => conversationNeed(state, params.conversation_sid, params),
  'conversation_scoped_webhook.delete': (params, state) => [
    ...conversationNeed(state, params.conversation_sid, params),
    ...rowNeed(state, 'conversation_scoped_webhook', params.sid)
  ],
  'user.create': (params, state) =>
    userNeeds(state, params.identity, params.chat_service_sid ?? defaultServiceSid(state)),
  'user.update': (params, state) => userNeed(state, params.sid, params),
  'user.delete': (params, state) => userNeed(state, params.sid, params)
}

/** The user of an identity in a service, unless it is in memory. */
export function userNeeds(state: State, identity: string | undefined, service: string | undefined): Need[] {
  if (!identity || service === undefined) return []
  if (state.tables.user.firstBy('identity', nameKey(service, identity))) return []
  return [{ kind: 'user', where: { chat_service_sid: service, identity } }]
}

function conversationNeed(state: State, name: string, place: Place): Need[] {
  if (findConversation(state, name, place)) return []
  if (isSid('CH', name)) return [{ kind: 'conversation', where: { sid: name } }]
  return nameNeeds(state, name, place)
}

/** Who else has a unique name: it is taken by closed conversations, too. */
function nameNeeds(state: State, unique_name: string | undefined, place: Place): Need[] {
  const chat_service_sid = place.chat_service_sid ?? defaultServiceSid(state)
  if (!unique_name || chat_service_sid === undefined) return []
  if (state.tables.conversation.firstBy('name', nameKey(chat_service_sid, unique_name))) return []
  return [{ kind: 'conversation', where: { chat_service_sid, unique_name } }]
}

function memberNeeds(
  state: State,
  params: { readonly conversation_sid: string; readonly identity?: string } & Place
): Need[] {
  const conversation = findConversation(state, params.conversation_sid, params)
  if (!conversation) return conversationNeed(state, params.conversation_sid, params)
  return userNeeds(state, params.identity, conversation.chat_service_sid)
}

function messageNeeds(
  state: State,
  params: { readonly conversation_sid: string; readonly sid: string } & Place
): Need[] {
  return [...conversationNeed(state, params.conversation_sid, params), ...rowNeed(state, 'message', params.sid)]
}

/**
 * Webhooks of a conversation that is not open: they are told of its end. A closed conversation that is in memory no more
 * must be named by its SID.
 */
function webhookNeeds(state: State, name: string, place: Place): Need[] {
  const conversation = findConversation(state, name, place)
  if (conversation && conversation.state !== 'closed') return []
  const conversation_sid = conversation?.sid ?? name
  return isSid('CH', conversation_sid) ? [{ kind: 'conversation_scoped_webhook', where: { conversation_sid } }] : []
}

function rowNeed(state: State, kind: 'message' | 'conversation_scoped_webhook', sid: string): Need[] {
  return state.find(kind, sid) ? [] : [{ kind, where: { sid } }]
}

function userNeed(state: State, name: string, place: Place): Need[] {
  if (state.find('user', name)) return []
  if (isSid('US', name)) return [{ kind: 'user', where: { sid: name } }]
  return userNeeds(state, name, place.chat_service_sid ?? defaultServiceSid(state))
}

function isSid(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(text)
}
