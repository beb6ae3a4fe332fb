import type { State } from '../center.ts'
import { renderedContent } from '../content/content.ts'
import { nameKey } from '../core/names.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { attachMedia, freeMedia, mediaShown } from '../media/media.ts'
import type { MediaRow } from '../media/rows.ts'
import { deadlines, moveConversation } from './conversation.ts'
import { maxSubject } from './email.ts'
import { emitMessage } from './events.ts'
import { checkSpeaker } from './group.ts'
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
  /** For doors that name several. */
  readonly media_sids?: readonly string[]
  readonly content_sid?: string
  /** JSON text of an object. */
  readonly content_variables?: string
  /** What a pre-webhook has made of the body that the template gave. */
  readonly template_body?: string
}

/** UTF-16 units. */
export const maxBody = 32_768

/** Adds a message, which wakes an inactive conversation and restarts its timers (reference conversations 8.2). */
export function createMessage(state: State, asked: CreateMessage): { message: MessageRow } {
  const conversation = editable(state, asked.conversation_sid, asked)
  const author = asked.author || 'system'
  checkSpeaker(state, conversation, authorSid(state, conversation, author), author)
  return sayMessage(state, asked)
}

/** The same for what is said on the center's own behalf: in a group, by its first number. */
export function sayMessage(state: State, asked: CreateMessage): { message: MessageRow } {
  const conversation = editable(state, asked.conversation_sid, asked)
  const params = asked.content_sid ? fromTemplate(state, asked) : asked
  const { chat_service_sid } = conversation
  const media = freeMedia(state, mediaSidsOf(params), { chat_service_sid, identity: params.client_identity })
  if (!params.body && media.length === 0) refuse('invalid', 'A Message needs a Body or a MediaSid')
  return { message: addMessage(state, conversation, { ...params, media }, params) }
}

/** Adds a message to a conversation that can be changed, with files that nothing else has. */
export function addMessage(
  state: State,
  conversation: ConversationRow,
  params: MessageParams &
    Pick<CreateMessage, 'content_sid' | 'content_variables'> & {
      readonly media?: readonly MediaRow[]
      /** The address that it came from, whoever is its author. */
      readonly from?: string
    },
  origin: Origin
): MessageRow {
  const { media = [], from } = params
  const { sid: conversation_sid, chat_service_sid } = conversation
  checkParams(params)
  const author = params.author || 'system'
  state.change('conversation', conversation.sid, {
    next_index: conversation.next_index + 1,
    ...deadlines(state, conversation)
  })
  if (conversation.state === 'inactive')
    moveConversation(state, conversation.sid, 'active', { reason: 'EVENT', origin: consequence })
  const participant_sid = authorSid(state, conversation, author)
  const sender_sid = from === undefined ? participant_sid : authorSid(state, conversation, from)
  const message = state.insert('message', {
    chat_service_sid,
    conversation_sid,
    index: conversation.next_index,
    author,
    participant_sid,
    sender_sid: sender_sid === participant_sid ? null : sender_sid,
    body: (media.length > 0 ? params.body || null : params.body) ?? null,
    media: mediaShown(media),
    subject: params.subject || null,
    attributes: checkedAttributes(params.attributes, maxAttributes) ?? '{}',
    content_sid: params.content_sid || null,
    content_variables: (params.content_sid && params.content_variables) || null,
    delivery_counts: null,
    source: origin.source === undefined ? 'API' : origin.source,
    added_event: state.next_event, // its own, emitted below
    ...given({ date_created: params.date_created, date_updated: params.date_updated ?? params.date_created })
  })
  attachMedia(state, media, { conversation_sid, message_sid: message.sid, chat_service_sid })
  emitMessage(state, 'message.added', message, origin)
  return message
}

/** What a template says stands in the place of body and media; its pictures are told by their addresses (reference messaging 17.4). */
function fromTemplate(state: State, params: CreateMessage): CreateMessage {
  const { body, media } = renderedContent(state, params, 'chat')
  const said = params.template_body ?? [body, ...media].filter((line) => line !== null).join('\n')
  return { ...params, body: said, media_sid: '', media_sids: [] }
}

/** The files that a message is to bring, as its door names them. */
export function mediaSidsOf({
  media_sid,
  media_sids = []
}: Pick<CreateMessage, 'media_sid' | 'media_sids'>): readonly string[] {
  return media_sid ? [media_sid, ...media_sids] : media_sids
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

/** Its index is never used again, and the conversation keeps how many are gone. */
export function deleteMessage(
  state: State,
  params: { readonly conversation_sid: string; readonly sid: string } & ServiceScope & Origin
): Record<string, never> {
  const conversation = editable(state, params.conversation_sid, params)
  const message = messageOf(state, conversation, params.sid, params)
  emitMessage(state, 'message.removed', message, params)
  state.remove('message', message.sid)
  const { removed_messages } = conversation
  // Where nobody has counted from the first on, nobody can.
  if (typeof removed_messages === 'number')
    state.change('conversation', conversation.sid, { removed_messages: removed_messages + 1 })
  return {}
}

function messageOf(state: State, conversation: ConversationRow, sid: string, scope: ServiceScope): MessageRow {
  const row = state.tables.message.find(sid)
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
  // In a group a number of ours may speak for itself, though several people stand behind it.
  const behind = state.tables.participant
    .list('projected', conversation.sid)
    .filter(({ projected_address }) => projected_address === author)
  return (behind.find(({ identity }) => identity === null) ?? behind[0])?.sid ?? null
}

function checkParams(params: MessageParams): void {
  checkLength(params.body, 'Body', maxBody)
  checkLength(params.author, 'Author', 256)
  checkLength(params.subject, 'Subject', maxSubject)
  checkedAttributes(params.attributes, maxAttributes)
}
