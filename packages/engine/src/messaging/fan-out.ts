import type { State } from '../center.ts'
import { renderedContent } from '../content/content.ts'
import { typeOf } from '../conversations/address.ts'
import { othersInGroup, projectedAddresses, projectedFor } from '../conversations/group.ts'
import { findConversation, type ServiceScope } from '../conversations/lookup.ts'
import { type ConversationRow, isGroupMember, type MessageRow, type ParticipantRow } from '../conversations/rows.ts'
import type { Read } from '../core/command.ts'
import { isSameName } from '../core/names.ts'
import { Refusal } from '../core/refusals.ts'
import type { MediaRow } from '../media/rows.ts'
import { messageChannelOf } from '../numbers/sender.ts'
import { pairReads } from './address-pair.ts'
import { headOf, letterSender, noteLetter, wasNamed } from './email.ts'
import { type Outgoing, queue } from './outbound.ts'

/** Kinds of addresses that no carrier takes: who is there reads the conversation itself. */
const withoutCarrier: readonly string[] = ['chat']

/**
 * A message of a conversation goes to everybody in it who is outside, but for whoever wrote it: from the address of ours
 * that each of them knows, one message for each (reference conversations 11).
 */
export function fanOut(state: State, conversation: ConversationRow, message: MessageRow): void {
  for (const participant of state.tables.participant.list('messaging', conversation.sid)) {
    if (isAuthor(participant, message) || hasHeard(state, participant, message)) continue
    sendLeg(state, conversation, message, participant)
  }
}

/** What came in from an address never goes out to it, whatever name a pre-webhook has put to it. */
function isAuthor({ sid, address }: ParticipantRow, { participant_sid, sender_sid, author }: MessageRow): boolean {
  return participant_sid === sid || sender_sid === sid || (address !== null && isSameName(address, author))
}

/** What somebody wrote to a group on the phone network is with its other members already. */
function hasHeard(state: State, participant: ParticipantRow, message: MessageRow): boolean {
  if (message.source !== 'SMS' || !isGroupMember(participant)) return false
  const sender = state.resident('participant', message.sender_sid ?? message.participant_sid)
  return sender?.conversation_sid === participant.conversation_sid && isGroupMember(sender)
}

function sendLeg(state: State, conversation: ConversationRow, message: MessageRow, participant: ParticipantRow): void {
  const { messaging_service_sid } = conversation
  const { sid: participant_sid, address } = participant
  const from = ownFor(state, conversation, participant, message.participant_sid)
  if (address === null || from === null || withoutCarrier.includes(typeOf(address))) return
  const isLetter = participant.binding_type === 'email'
  if (isLetter && wasNamed(message, address)) return
  const { body, media_url } = wordsFor(state, message, address)
  const outgoing: Outgoing & { readonly files: readonly MediaRow[] } = {
    to: address,
    from,
    ...(isLetter && { told: headOf(state, conversation, message, participant) }),
    ...(isGroupMember(participant) && { other_recipients: othersInGroup(state, conversation.sid, [address, from]) }),
    body,
    media: media_url.map((url) => ({ sid: state.sid('ME'), content_type: null, url, filename: null, size: null })),
    files: (message.media ?? []).map(({ sid }) => state.tables.media.need(sid)),
    direction: 'outbound-api',
    messaging_service_sid,
    application_sid: null,
    status_callback: null,
    // Messages that were stored before there were templates have none.
    content_sid: message.content_sid ?? null,
    content_variables: message.content_variables ?? null,
    content_retention: 'retain',
    address_retention: 'retain',
    validity_period: null
  }
  const sent = queue(state, outgoing, from, {
    chat_service_sid: message.chat_service_sid,
    conversation_sid: message.conversation_sid,
    message_sid: message.sid,
    participant_sid
  })
  if (isLetter) noteLetter(state, participant, sent)
}

/** The address of ours that a participant knows; of e-mail it may be the conversation's, and in a group it is the author's. */
function ownFor(
  state: State,
  conversation: ConversationRow,
  participant: ParticipantRow,
  author_sid: string | null
): string | null {
  if (isGroupMember(participant)) return projectedFor(state, conversation.sid, author_sid)
  return participant.proxy_address ?? (participant.binding_type === 'email' ? letterSender(state, conversation) : null)
}

/**
 * What a message says on somebody's channel: a template, what it says there (reference messaging 17.4). Where a webhook has put other words in its
 * place, or the channel cannot show it, that is what the conversation shows.
 */
function wordsFor(
  state: State,
  { body, content_sid, content_variables }: MessageRow,
  address: string
): { readonly body: string | null; readonly media_url: readonly string[] } {
  const asShown = { body, media_url: [] }
  if (!content_sid) return asShown
  const template = { content_sid, content_variables: content_variables ?? null }
  try {
    const here = renderedContent(state, template, 'chat')
    const isChanged = [here.body, ...here.media].filter((line) => line !== null).join('\n') !== body
    if (isChanged) return asShown
    const there = renderedContent(state, template, messageChannelOf(address))
    return { body: there.body, media_url: there.media }
  } catch (error) {
    if (error instanceof Refusal) return asShown
    throw error
  }
}

/** What must have been read of everybody to whom a message of a conversation may go. */
export function fanOutReads(
  params: ServiceScope & { readonly conversation_sid: string },
  state: State
): readonly Read[] {
  const conversation = findConversation(state, params.conversation_sid, params)
  if (!conversation) return []
  return state.tables.participant.list('messaging', conversation.sid).flatMap((participant) => {
    const { address } = participant
    // Who writes is known only later.
    const own = isGroupMember(participant)
      ? projectedAddresses(state, conversation.sid)
      : [ownFor(state, conversation, participant, null)]
    return address === null ? [] : pairReads(state, [...own, conversation.messaging_service_sid], address)
  })
}
