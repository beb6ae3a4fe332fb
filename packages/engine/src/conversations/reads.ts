import type { State } from '../center.ts'
import { templateReads } from '../content/content.ts'
import type { Read } from '../core/command.ts'
import { isSid } from '../core/ids.ts'
import { nameKey } from '../core/names.ts'
import { mediaReads } from '../media/media.ts'
import type { CreateConversation, UpdateConversation } from './conversation.ts'
import { type CreateConversationWithParticipants, participantParams } from './conversation-with-participants.ts'
import { defaultServiceSid, findConversation, isInScope, type ServiceScope } from './lookup.ts'
import { type CreateMessage, mediaSidsOf } from './message.ts'
import { type Origin, reachesWebhooks } from './origin.ts'

/*
 * Rows that Conversations' commands must see and that memory may not hold: closed conversations and what is in them,
 * messages, and users. Each function answers what has to be read from the store before its command is decided.
 */

export function createConversationReads(params: CreateConversation, state: State): readonly Read[] {
  return nameReads(state, params.unique_name, params)
}

export function createWithParticipantsReads(params: CreateConversationWithParticipants, state: State): readonly Read[] {
  return [
    ...nameReads(state, params.unique_name, params),
    ...(params.participant ?? []).flatMap((one) =>
      userReads(state, participantParams(one).identity, params.chat_service_sid ?? defaultServiceSid(state))
    )
  ]
}

export function updateConversationReads(params: UpdateConversation, state: State): readonly Read[] {
  const conversation = findConversation(state, params.sid, params)
  const chat_service_sid = conversation?.chat_service_sid ?? params.chat_service_sid
  return [
    ...conversationReads(state, params.sid, params),
    ...nameReads(state, params.unique_name, chat_service_sid === undefined ? {} : { chat_service_sid })
  ]
}

export function deleteConversationReads(
  params: ServiceScope & Origin & { readonly sid: string },
  state: State
): readonly Read[] {
  return [
    ...conversationReads(state, params.sid, params),
    ...(reachesWebhooks(params) ? webhookReads(state, params.sid, params) : [])
  ]
}

type InConversation = ServiceScope & { readonly conversation_sid: string }

/** The conversation that a command is about, whatever it does there. */
export function inConversationReads(params: InConversation, state: State): readonly Read[] {
  return conversationReads(state, params.conversation_sid, params)
}

export function memberReads(params: InConversation & { readonly identity?: string }, state: State): readonly Read[] {
  const conversation = findConversation(state, params.conversation_sid, params)
  return [
    ...conversationReads(state, params.conversation_sid, params),
    ...userReads(state, params.identity, conversation?.chat_service_sid)
  ]
}

export function createMessageReads(params: CreateMessage, state: State): readonly Read[] {
  return [
    ...inConversationReads(params, state),
    ...templateReads(params, state),
    ...mediaReads(state, mediaSidsOf(params))
  ]
}

export function messageReads(params: InConversation & { readonly sid: string }, state: State): readonly Read[] {
  return [...inConversationReads(params, state), ...rowReads(state, 'message', params.sid)]
}

export function scopedWebhookReads(params: InConversation & { readonly sid: string }, state: State): readonly Read[] {
  return [...inConversationReads(params, state), ...rowReads(state, 'conversation_scoped_webhook', params.sid)]
}

export function createUserReads(params: ServiceScope & { readonly identity: string }, state: State): readonly Read[] {
  return userReads(state, params.identity, params.chat_service_sid ?? defaultServiceSid(state))
}

export function namedUserReads(params: ServiceScope & { readonly sid: string }, state: State): readonly Read[] {
  const { sid: name } = params
  const user = state.tables.user.find(name)
  if (user && isInScope(user, params)) return []
  // An identity may look like a SID.
  const bySid = isSid('US', name) ? [{ kind: 'user', where: { sid: name } }] : []
  return [...bySid, ...userReads(state, name, params.chat_service_sid ?? defaultServiceSid(state))]
}

/** The user of an identity in a service, unless it is in memory. */
export function userReads(state: State, identity: string | undefined, service: string | undefined): Read[] {
  if (!identity || service === undefined) return []
  if (state.tables.user.firstBy('identity', nameKey(service, identity))) return []
  return [{ kind: 'user', where: { chat_service_sid: service, identity } }]
}

/** A conversation by its SID or unique name, unless it is in memory. */
export function conversationReads(state: State, name: string, scope: ServiceScope): Read[] {
  const found = findConversation(state, name, scope)
  // A unique name may look like a SID, and whoever has the SID comes first.
  const isNamed = found?.sid !== name && isSid('CH', name)
  if (found && !isNamed) return []
  const bySid = isNamed ? [{ kind: 'conversation', where: { sid: name } }] : []
  return [...bySid, ...nameReads(state, name, scope)]
}

/** Who else has a unique name: it is taken by closed conversations, too. */
function nameReads(state: State, unique_name: string | undefined, scope: ServiceScope): Read[] {
  const chat_service_sid = scope.chat_service_sid ?? defaultServiceSid(state)
  if (!unique_name || chat_service_sid === undefined) return []
  if (state.tables.conversation.firstBy('name', nameKey(chat_service_sid, unique_name))) return []
  return [{ kind: 'conversation', where: { chat_service_sid, unique_name } }]
}

/**
 * Webhooks of a conversation that is not open: they get the event of its end. A closed conversation that is no longer in
 * memory must be named by its SID.
 */
function webhookReads(state: State, name: string, scope: ServiceScope): Read[] {
  const conversation = findConversation(state, name, scope)
  if (conversation && conversation.state !== 'closed') return []
  const conversation_sid = conversation?.sid ?? name
  return isSid('CH', conversation_sid) ? [{ kind: 'conversation_scoped_webhook', where: { conversation_sid } }] : []
}

function rowReads(state: State, kind: 'message' | 'conversation_scoped_webhook', sid: string): Read[] {
  return state.find(kind, sid) ? [] : [{ kind, where: { sid } }]
}
