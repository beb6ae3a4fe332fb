import type { State } from '../center.ts'
import { ownAddressTowards } from '../conversations/group.ts'
import { sayMessage } from '../conversations/message.ts'
import { conversationReads } from '../conversations/reads.ts'
import type { ConversationRow, MessageRow } from '../conversations/rows.ts'
import type { Read } from '../core/command.ts'
import { type Json, valueIn } from '../core/json.ts'
import { Refusal } from '../core/refusals.ts'
import { fanOutReads } from '../messaging/fan-out.ts'
import { type CreateChannelMessage, createChannelMessage, createChannelMessageReads } from '../messaging/outbound.ts'
import type { ChannelMessageRow } from '../messaging/rows.ts'
import type { Act, Done } from './acting.ts'
import { outputOf } from './acting.ts'
import { fieldsOfContext } from './context.ts'
import { codes, type Properties, WidgetFailure } from './rendering.ts'
import type { ContextData } from './rows.ts'
import { setContext } from './turns.ts'

/** More messages of one execution than these, in as many milliseconds, are two programs that answer each other (reference studio 6). */
const maxReplies = 30
const replies_ms = 30_000

const defaultTimeout_s = 3600
/** As long as an execution lives. */
const maxTimeout_s = 30 * 86_400

/** Says something (reference studio 4.2). */
export function sendMessage(act: Act): Done {
  return { event: 'sent', changes: [outputOf(act, { outbound: say(act) })] }
}

/** Says something and waits for an answer, for as long as it says (reference studio 4.3). */
export function sendAndWait(act: Act): Done {
  const { state, execution, properties } = act
  const seconds = Number(properties.text('timeout') || defaultTimeout_s)
  if (!(seconds >= 0)) throw new WidgetFailure(codes.value, 'timeout is no number of seconds')
  const said = say(act)
  setContext(state, execution.sid, [outputOf(act, { outbound: said })])
  state.change('execution', execution.sid, {
    waits_for: 'message',
    said_sid: sidOf(said),
    // The variable that the answer is kept under, beside the widget's own name for it.
    ticket: properties.text('save_response_as') || null,
    date_timeout: state.at + Math.min(seconds, maxTimeout_s) * 1000
  })
  return 'waits'
}

export function sayReads(act: Act): readonly Read[] {
  const { state } = act
  const conversation_sid = conversationSidOf(act)
  if (conversation_sid === null) return createChannelMessageReads(channelMessageOfAct(act), state)
  return [...conversationReads(state, conversation_sid, {}), ...fanOutReads({ conversation_sid }, state)]
}

/** Into the execution's conversation, or the one that the widget names; else as a message of its own. */
function say(act: Act): Json {
  countReply(act)
  const conversation_sid = conversationSidOf(act)
  if (conversation_sid !== null) return sayInConversation(act, conversation_sid)
  const { state } = act
  const sent = state.attempt(() => createChannelMessage(state, channelMessageOfAct(act)).channel_message)
  if (sent instanceof Refusal) throw new WidgetFailure(codes.message, sent.message)
  return sentOf(sent)
}

/** The same message for who reads and who sends. */
function channelMessageOfAct({ execution, properties }: Act): CreateChannelMessage {
  const from = properties.text('from').trim() || execution.flow_channel_address
  const to = properties.text('to').trim() || execution.contact_channel_address
  const media_url = properties.text('media_url').trim()
  return {
    to,
    ...(/^MG[0-9a-f]{32}$/i.test(from) ? { messaging_service_sid: from } : { from }),
    ...contentOf(properties),
    ...(media_url !== '' && { media_url: [media_url] })
  }
}

/** A template with its variables, or a text. */
function contentOf(properties: Properties): Pick<CreateChannelMessage, 'body' | 'content_sid' | 'content_variables'> {
  if (properties.text('message_type') !== 'content_template') return { body: properties.text('body') }
  const variables = properties
    .pairs('content_variables')
    .map(([key, value]) => [key.replaceAll(/[{}\s]/g, ''), value] as const)
  return {
    content_sid: properties.text('content_sid'),
    content_variables: JSON.stringify(Object.fromEntries(variables))
  }
}

/** A message of its own as the widget that sent it shows it (reference studio 4.2). */
function sentOf(message: ChannelMessageRow): Json {
  return {
    Sid: message.sid,
    AccountSid: message.account_sid,
    MessagingServiceSid: message.messaging_service_sid,
    From: message.from,
    To: message.to,
    Body: message.body,
    Status: message.status,
    Direction: message.direction,
    NumMedia: String(message.media.length),
    NumSegments: String(message.num_segments),
    Price: null,
    PriceUnit: null,
    ErrorCode: message.error_code,
    ErrorMessage: message.error_message
  }
}

function sidOf(said: Json): string | null {
  return String(fieldsOfContext(said).Sid ?? '') || null
}

function conversationSidOf({ execution, properties }: Act): string | null {
  if (execution.conversation_sid !== null) return execution.conversation_sid
  const channel = properties.text('channel')
  return /^CH[0-9a-f]{32}$/i.test(channel) ? channel : null
}

function sayInConversation({ state, execution, properties }: Act, conversation_sid: string): Json {
  const attributes = properties.object('attributes').text
  const author = properties.text('from')
  const posted = state.attempt(
    () =>
      sayMessage(state, {
        conversation_sid,
        ...(author !== '' && { author: author.slice(0, 256) }),
        ...contentOf(properties),
        attributes,
        source: 'API',
        webhook_enabled: true,
        flow_sid: execution.flow_sid
      }).message
  )
  if (posted instanceof Refusal) throw new WidgetFailure(codes.message, posted.message)
  return outboundOf(posted)
}

/** A message of a conversation as the widget that sent it shows it (reference studio 4.2). */
function outboundOf(message: MessageRow): Json {
  return {
    Sid: message.sid,
    ConversationSid: message.conversation_sid,
    ChannelSid: message.conversation_sid,
    Body: message.body,
    Author: message.author,
    Index: message.index,
    Attributes: message.attributes,
    ParticipantSid: message.participant_sid
  }
}

function countReply({ state, execution }: Act): void {
  const isNew = state.at - execution.replies_since >= replies_ms
  const replies = isNew ? 1 : execution.replies + 1
  state.change('execution', execution.sid, { replies, ...(isNew && { replies_since: state.at }) })
  if (replies > maxReplies)
    throw new WidgetFailure(codes.replyLoop, `more than ${maxReplies} messages were sent in ${replies_ms / 1000} s`)
}

/** A message in a conversation as the widget sees it that waited for it, and as a trigger has it (reference studio 5). */
export function heardOf(state: State, message: MessageRow, source: string | null): ContextData {
  const conversation = state.resident('conversation', message.conversation_sid)
  const media = message.media ?? []
  return {
    AccountSid: state.account_sid,
    Body: message.body ?? '',
    ConversationSid: message.conversation_sid,
    ChannelSid: message.conversation_sid,
    ChatServiceSid: message.chat_service_sid,
    InstanceSid: message.chat_service_sid,
    MessageSid: message.sid,
    MessagingServiceSid: conversation?.messaging_service_sid ?? null,
    ParticipantSid: message.participant_sid,
    From: message.author,
    To: proxyOf(state, message) ?? '',
    Author: message.author,
    Index: message.index,
    DateCreated: isoText(state, message.date_created),
    Source: source,
    Attributes: message.attributes,
    NumMedia: String(media.length),
    ...(media.length > 0 && { Media: media.map(mediumOf) }),
    ChannelAttributes: attributesOf(conversation)
  }
}

/** An instant as webhooks have it: `2026-01-01T09:00:00.000Z`. */
function isoText({ tools }: State, at: number): string {
  const { year, month, day, hour, minute } = tools.wallTime('UTC', at)
  const [date, time] = [
    [year, month, day],
    [hour, minute, Math.floor(at / 1000) % 60]
  ].map((parts) => parts.map((part) => String(part).padStart(2, '0')))
  return `${date?.join('-')}T${time?.join(':')}.${String(at % 1000).padStart(3, '0')}Z`
}

/** A file by the names that webhooks of conversations have for it. */
function mediumOf({ sid, content_type, filename, size }: NonNullable<MessageRow['media']>[number]): Json {
  return { Sid: sid, ContentType: content_type, Filename: filename, Size: size }
}

/** The business's address towards whoever wrote; undefined where that is somebody with an identity. */
export function proxyOf(state: State, { participant_sid }: MessageRow): string | undefined {
  const author = state.resident('participant', participant_sid)
  return (author && ownAddressTowards(state, author)) ?? undefined
}

function attributesOf(conversation: ConversationRow | undefined): Json {
  return fieldsOfContext(valueIn(conversation?.attributes ?? '{}') as Json) // it was JSON
}
