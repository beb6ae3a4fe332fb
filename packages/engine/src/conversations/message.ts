import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { deadlines, moveConversation } from './conversation.ts'
import { emitMessage } from './events.ts'
import { checkedAttributes, editable, given, maxAttributes, pathOf, type ServiceScope } from './lookup.ts'
import { consequence, type Origin } from './origin.ts'
import type { ConversationRow, MessageRow } from './rows.ts'

export interface MessageParams {
  /** `system` by default. */
  readonly author?: string
  readonly body?: string
  readonly subject?: string
  readonly attributes?: string
  readonly date_created?: number
  readonly date_updated?: number
}

export interface CreateMessage extends MessageParams, ServiceScope, Origin {
  readonly conversation_sid: string
  readonly media_sid?: string
  readonly content_sid?: string
  readonly content_variables?: string
}

const maxBody = 32_768
const maxSubject = 256

/** Adds a message, which wakes an inactive conversation and restarts its timers (reference conversations 8.2). */
export function createMessage(state: State, params: CreateMessage): { message: MessageRow } {
  const conversation = editable(state, params.conversation_sid, params)
  if (params.content_sid) refuse('invalid', 'ContentSid: content templates are not supported')
  if (params.media_sid) refuse('invalid', 'MediaSid: media is not supported')
  if (!params.body) refuse('invalid', 'A Message needs a Body')
  checkParams(params)
  const author = params.author || 'system'
  state.change('conversation', conversation.sid, {
    next_index: conversation.next_index + 1,
    ...deadlines(state, conversation)
  })
  if (conversation.state === 'inactive') moveConversation(state, conversation.sid, 'active', 'EVENT', consequence)
  const message = state.insert('message', {
    chat_service_sid: conversation.chat_service_sid,
    conversation_sid: conversation.sid,
    index: conversation.next_index,
    author,
    participant_sid: authorSid(state, conversation, author),
    body: params.body,
    subject: params.subject || null,
    attributes: checkedAttributes(params.attributes, maxAttributes) ?? '{}',
    source: params.source === undefined ? 'API' : params.source,
    added_event: state.next_event, // its own, emitted below
    ...given({ date_created: params.date_created, date_updated: params.date_updated ?? params.date_created })
  })
  emitMessage(state, 'message.added', message, params)
  return { message }
}

/** Changes what a message says; it is not sent again (reference conversations 8.4). */
export function updateMessage(
  state: State,
  params: MessageParams & { readonly conversation_sid: string; readonly sid: string } & ServiceScope & Origin
): { message: MessageRow } {
  const conversation = editable(state, params.conversation_sid, params)
  const before = messageOf(state, conversation, params.sid, params)
  if (params.body === '') refuse('invalid', 'A Message needs a Body')
  checkParams(params)
  const { author, body, subject } = params
  const message = state.change('message', before.sid, {
    ...given({
      body,
      attributes: checkedAttributes(params.attributes, maxAttributes),
      date_created: params.date_created,
      date_updated: params.date_updated
    }),
    ...(author && { author, participant_sid: authorSid(state, conversation, author) }),
    ...(subject !== undefined && { subject: subject || null })
  })
  emitMessage(state, 'message.updated', message, params)
  return { message }
}

/** Its index is never used again. */
export function deleteMessage(
  state: State,
  params: { readonly conversation_sid: string; readonly sid: string } & ServiceScope & Origin
): Record<string, never> {
  const conversation = editable(state, params.conversation_sid, params)
  const message = messageOf(state, conversation, params.sid, params)
  emitMessage(state, 'message.removed', message, params)
  state.remove('message', message.sid)
  return {}
}

function messageOf(state: State, conversation: ConversationRow, sid: string, scope: ServiceScope): MessageRow {
  const row = state.find('message', sid)
  if (row?.conversation_sid === conversation.sid) return row
  return notFound(pathOf(scope, `/Conversations/${conversation.sid}/Messages/${sid}`))
}

/** The participant whose identity or address the author is (reference conversations 8.1). */
function authorSid(state: State, conversation: ConversationRow, author: string): string | null {
  const member = state.tables.participant.firstBy('member', nameKey(conversation.sid, author))
  if (member) return member.sid
  for (const participant of state.tables.participant.by('messaging', conversation.sid)) {
    if (participant.address === author) return participant.sid
  }
  return null
}

function checkParams(params: MessageParams): void {
  checkLength(params.body, 'Body', maxBody)
  checkLength(params.author, 'Author', 256)
  checkLength(params.subject, 'Subject', maxSubject)
  checkedAttributes(params.attributes, maxAttributes)
}
