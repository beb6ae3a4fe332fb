import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { emitParticipant } from './events.ts'
import { checkEditable, conversationOf, given, pathOf, type ServiceScope, userOf } from './lookup.ts'
import type { Origin } from './origin.ts'
import { dropParticipant, horizon } from './participant.ts'
import { conversationReads, namedUserReads } from './reads.ts'
import type { ConversationRow, ParticipantRow, UserRow } from './rows.ts'

/** A user's place in a conversation (reference conversations 10). */
export interface UserConversation {
  readonly user: UserRow
  readonly conversation: ConversationRow
  readonly participant: ParticipantRow
}

interface Named extends ServiceScope {
  /** SID or identity. */
  readonly user_sid: string
  /** SID or unique name. */
  readonly conversation_sid: string
}

export interface UpdateUserConversation extends Named, Pick<Origin, 'source' | 'client_identity'> {
  readonly notification_level?: 'default' | 'muted'
  /** null: nothing has been read. */
  readonly last_read_message_index?: number | null
  readonly last_read_timestamp?: number | null
}

/** What the user has read, and how it is told of more. Over REST no header asks for webhooks here, so none hear of it. */
export function updateUserConversation(state: State, params: UpdateUserConversation): UserConversation {
  const { user, conversation, participant: before } = membershipOf(state, params)
  const { notification_level } = params
  const participant = state.change('participant', before.sid, {
    ...given({ notification_level }),
    ...horizon(state, conversation, params)
  })
  emitParticipant(state, 'participant.updated', participant, params)
  return { user, conversation, participant }
}

/** Takes the user out of the conversation. */
export function deleteUserConversation(state: State, params: Named & Origin): Record<string, never> {
  dropParticipant(state, membershipOf(state, params).participant, params)
  return {}
}

export function userConversationReads(params: Named, state: State): readonly Read[] {
  return [
    ...namedUserReads({ ...params, sid: params.user_sid }, state),
    ...conversationReads(state, params.conversation_sid, params)
  ]
}

/** Refuses what can no longer be changed, and with 404 what is not there. */
function membershipOf(state: State, params: Named): UserConversation {
  const user = userOf(state, params.user_sid, params)
  const conversation = conversationOf(state, params.conversation_sid, params)
  const isSameService = conversation.chat_service_sid === user.chat_service_sid
  const member = state.tables.participant.firstBy('member', nameKey(conversation.sid, user.identity))
  // Of a closed conversation nobody may be in memory: it is refused before anybody is missed.
  if (isSameService) checkEditable(conversation)
  if (isSameService && member) return { user, conversation, participant: member }
  return notFound(pathOf(params, `/Users/${params.user_sid}/Conversations/${params.conversation_sid}`))
}
