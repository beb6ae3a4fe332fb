import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { ConversationRow, ParticipantRow, UserRow } from './rows.ts'

/** The path by which the caller came: below a service, in which names are then looked for, or at the root. */
export interface ServiceScope {
  readonly chat_service_sid?: string
}

/** The service in which a path without one resolves names; undefined before there is any. */
export function defaultServiceSid(state: State): string | undefined {
  return state.tables.conversation_configuration.find(state.account_sid)?.default_chat_service_sid
}

/**
 * A conversation by its SID, in any service at the root, or by its unique name in the service of the scope
 * (reference conversations 3, U13). 404 where there is none.
 */
export function conversationOf(state: State, name: string, scope: ServiceScope): ConversationRow {
  return findConversation(state, name, scope) ?? notFound(pathOf(scope, `/Conversations/${name}`))
}

export function findConversation(state: State, name: string, scope: ServiceScope): ConversationRow | undefined {
  const row = state.tables.conversation.find(name)
  if (row && isInScope(row, scope)) return row
  const service = scope.chat_service_sid ?? defaultServiceSid(state)
  return service === undefined ? undefined : state.tables.conversation.firstBy('name', nameKey(service, name))
}

/** The conversation, unless it can no longer be changed. */
export function editable(state: State, name: string, scope: ServiceScope): ConversationRow {
  const conversation = conversationOf(state, name, scope)
  checkEditable(conversation)
  return conversation
}

export function checkEditable(conversation: ConversationRow): void {
  if (conversation.state === 'closed') {
    refuse('conversation.closed', `Conversation ${conversation.sid} is closed and cannot be changed`)
  }
  if (conversation.state === 'initializing') {
    refuse('conversation.closed', `Conversation ${conversation.sid} is still being made and cannot be changed`)
  }
}

/** A participant by SID or identity. */
export function participantOf(
  state: State,
  conversation: ConversationRow,
  name: string,
  scope: ServiceScope
): ParticipantRow {
  const row = state.tables.participant.find(name)
  if (row?.conversation_sid === conversation.sid) return row
  return (
    state.tables.participant.firstBy('member', nameKey(conversation.sid, name)) ??
    notFound(pathOf(scope, `/Conversations/${conversation.sid}/Participants/${name}`))
  )
}

/** A user by SID, in any service at the root, or by identity in the service of the scope. */
export function userOf(state: State, name: string, scope: ServiceScope): UserRow {
  const row = state.tables.user.find(name)
  if (row && isInScope(row, scope)) return row
  const service = scope.chat_service_sid ?? defaultServiceSid(state)
  const named = service === undefined ? undefined : state.tables.user.firstBy('identity', nameKey(service, name))
  return named ?? notFound(pathOf(scope, `/Users/${name}`))
}

/** A path as 404 messages show it. */
export function pathOf(scope: ServiceScope, path: string): string {
  return scope.chat_service_sid === undefined ? path : `/Services/${scope.chat_service_sid}${path}`
}

export function isInScope(row: { readonly chat_service_sid: string }, scope: ServiceScope): boolean {
  return scope.chat_service_sid === undefined || row.chat_service_sid === scope.chat_service_sid
}

// Parameters

export const maxConversationAttributes = 16_384
export const maxAttributes = 4096

/** Attributes may be any JSON; the text stays as it was given (reference conversations 5.2). "" stands for `{}`. */
export function checkedAttributes(text: string | undefined, most: number): string | undefined {
  if (text === undefined) return undefined
  if (text === '') return '{}'
  if (text.length > most) refuse('invalid', `Attributes are ${text.length} characters long; the limit is ${most}`)
  try {
    JSON.parse(text)
  } catch {
    refuse('bad_attributes', 'Attributes are not valid JSON')
  }
  return text
}

/** A role of the service and of that type, or 400. */
export function checkRole(
  state: State,
  chat_service_sid: string,
  sid: string,
  type: 'conversation' | 'service'
): string {
  const role = state.tables.role.find(sid)
  if (role?.chat_service_sid !== chat_service_sid || role.type !== type) {
    return refuse('invalid', `Value '${sid}' provided for RoleSid is not a ${type} role of Service ${chat_service_sid}`)
  }
  return sid
}

/** Only the keys that are given: an absent parameter leaves its column. */
export function given<T extends object>(columns: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(columns).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> } // the filter leaves no undefined
}
