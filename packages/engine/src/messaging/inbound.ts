import type { State } from '../center.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import type { InboundEmail } from '../conversations/email.ts'
import { type Inbound, openFor, type Received, receiveInbound } from '../conversations/inbound.ts'
import type { Found, Read } from '../core/command.ts'
import { refuse } from '../core/refusals.ts'
import { mediaReads } from '../media/media.ts'
import type { MediaRow } from '../media/rows.ts'
import { messagingServiceFor } from '../numbers/inbound-route.ts'
import { noteInbound, pairReads } from './address-pair.ts'
import { letterFacts, lettersInMemory, threadReads, whyNoContact, withThread } from './email.ts'
import { emitStatus } from './events.ts'
import { fanOutReads } from './fan-out.ts'
import { senderAddress } from './lookup.ts'
import { obeyOptOut } from './opt-out.ts'
import { insertMessage, noLeg } from './outbound.ts'
import { type ChannelMedia, type ChannelMessageRow, twoKey } from './rows.ts'
import { segmentsOf } from './segments.ts'

/** A message that a carrier, or a virtual phone, has brought. */
export interface ReceiveChannelMessage {
  readonly carrier_sid: string
  /** What the provider calls it: the same one twice is one message. */
  readonly provider_sid: string
  /** The customer's address. */
  readonly from: string
  /** Ours. */
  readonly to: string
  /** Of a message to a group: whom else it went to. */
  readonly others?: readonly string[]
  readonly body?: string
  readonly media?: readonly Omit<ChannelMedia, 'sid'>[]
  /** Files that are kept here already: its own copies are made of them. */
  readonly media_sids?: readonly string[]
  /** What else the channel told, by Twilio's names: `ProfileName`, `ButtonText`, … (reference messaging 2.1). */
  readonly told?: Readonly<Record<string, string>>
  /** What whoever was asked beforehand has made of it for its conversation; null: it comes into none. */
  readonly agreed?: Pick<Inbound, 'body' | 'author' | 'attributes' | 'friendly_name'> | null
  /** Of an e-mail, what it says of itself. */
  readonly email?: InboundEmail
}

/** How long a provider may bring a message again. After that it may have used the same name for another one. */
const repeated_ms = 7 * 24 * 3_600_000

/** Takes in a message from outside, once: into a conversation where one is for it, and told of in any case. */
export function receiveChannelMessage(
  state: State,
  asked: ReceiveChannelMessage
): { channel_message: ChannelMessageRow; is_repeated: boolean } {
  const params = { ...asked, provider_sid: findable(asked.provider_sid) }
  const known = receivedBefore(state, params)
  return known
    ? { channel_message: known, is_repeated: true }
    : { channel_message: takeIn(state, params), is_repeated: false }
}

/** Takes in a message that was not there before. */
export function takeIn(state: State, params: ReceiveChannelMessage): ChannelMessageRow {
  const { from, to } = pairIn(params)
  const places: Places = { from, to, others: othersIn(params), messaging_service_sid: messagingServiceFor(state, to) }
  const { sid, media } = insertReceived(state, params, places)
  noteInbound(state, to, from)
  const { carrier_sid, email, body = '' } = params
  const refused = email && whyNoContact(state, { from, to, carrier_sid, email })
  if (refused) tellMore(state, sid, refused)
  const { messaging_service_sid } = places
  const opt_out = obeyOptOut(state, { customer: from, own: to, messaging_service_sid, text: body })
  if (opt_out !== undefined) tellMore(state, sid, { OptOutType: opt_out })
  const place = refused ? undefined : intoConversation(state, params, places, media)
  const channel_message = state.change('channel_message', sid, place ?? {})
  if (place) placeFiles(state, media, place)
  emitStatus(state, 'received', channel_message)
  return channel_message
}

/** Between whom a message went, in the form in which addresses are kept. */
interface Places {
  readonly from: string
  readonly to: string
  readonly others: readonly string[]
  readonly messaging_service_sid: string | null
}

function insertReceived(
  state: State,
  params: ReceiveChannelMessage,
  { from, to, others, messaging_service_sid }: Places
): ChannelMessageRow {
  const { carrier_sid, provider_sid, body = '', told = {}, email } = params
  const media = (params.media ?? []).map((one): ChannelMedia => ({ ...one, sid: state.sid('ME') }))
  return insertMessage(state, {
    ...noLeg,
    files: keptFiles(state, params.media_sids ?? []),
    ...{ from, to, body, media, carrier_sid, provider_sid },
    ...(others.length > 0 && { other_recipients: others }),
    direction: 'inbound',
    status: 'received',
    num_segments: email ? 1 : segmentsOf(body),
    messaging_service_sid,
    application_sid: null,
    status_callback: null,
    content_sid: null,
    content_variables: null,
    content_retention: 'retain',
    address_retention: 'retain',
    validity_period: null,
    doom: null,
    date_due: null,
    date_sent: state.at,
    date_settled: state.at,
    told: { ...told, ...channelFacts(from), ...(email && letterFacts(email)) }
  })
}

/** What is known of a message beside what the channel told. */
function tellMore(state: State, sid: string, more: Readonly<Record<string, string>>): void {
  const { told } = state.tables.channel_message.need(sid)
  state.change('channel_message', sid, { told: { ...told, ...more } })
}

/** Where a message has its place when conversations have taken it in; undefined where they have not. */
function intoConversation(
  state: State,
  params: ReceiveChannelMessage,
  { from, to, others }: Places,
  media: readonly ChannelMedia[]
): ReturnType<typeof placeIn> | undefined {
  if (params.agreed === null) return undefined
  const { carrier_sid, email } = params
  const received = receiveInbound(state, {
    ...inboundOf({ ...params, from, to, others }),
    ...(email && { email: withThread(state, carrier_sid, email) }),
    media: media.filter(({ url }) => url === null).map((one) => one.sid)
  })
  return received && placeIn(received)
}

export function receiveChannelMessageReads(params: ReceiveChannelMessage, state: State, found: Found): readonly Read[] {
  const { carrier_sid } = params
  const provider_sid = findable(params.provider_sid)
  const key = twoKey(carrier_sid, provider_sid) ?? ''
  const isKnown = state.tables.channel_message.count('provider', key) > 0
  return [
    ...(isKnown ? [] : [{ kind: 'channel_message', where: { carrier_sid, provider_sid } }]),
    ...(params.email ? letterReads(state, carrier_sid, params.email, found) : []),
    ...takeInReads(params, state)
  ]
}

/** Letters that a letter answers, and everybody to whom it goes on in the conversation of one of them. */
function letterReads(state: State, carrier_sid: string, email: InboundEmail, found: Found): readonly Read[] {
  const rows = found('channel_message') as readonly ChannelMessageRow[] // of that kind
  const answered = [...rows, ...lettersInMemory(state, carrier_sid, email)]
  const sids = new Set(answered.map(({ conversation_sid }) => conversation_sid).filter((sid) => sid !== null))
  return [
    ...threadReads(state, carrier_sid, email),
    ...[...sids].flatMap((conversation_sid) => {
      return state.resident('conversation', conversation_sid) ? fanOutReads({ conversation_sid }, state) : []
    })
  ]
}

export function takeInReads(
  params: Pick<ReceiveChannelMessage, 'from' | 'to' | 'others' | 'media_sids'>,
  state: State
): readonly Read[] {
  const { from, to } = pairIn(params)
  const open = openFor(state, { from, to, others: othersIn(params) })
  const holder = open && { conversation_sid: open.sid }
  return [
    ...mediaReads(state, params.media_sids ?? []),
    ...pairReads(state, [to, messagingServiceFor(state, to)], from),
    ...(holder ? fanOutReads(holder, state) : [])
  ]
}

/** The message as conversations take it in. What it says there may be others' words, what it is here is the customer's. */
export function inboundOf({
  from,
  to,
  others = [],
  body,
  told,
  agreed
}: Omit<ReceiveChannelMessage, 'carrier_sid' | 'provider_sid'>): Inbound {
  const profile_name = told?.ProfileName
  return {
    ...{ from, to },
    ...(others.length > 0 && { others }),
    ...(body !== undefined && { body }),
    ...(profile_name !== undefined && { profile_name }),
    ...agreed
  }
}

/** It goes with the conversation that it has come into. */
function placeIn({ conversation, message }: Received) {
  const { sid: message_sid, participant_sid, chat_service_sid } = message
  return { chat_service_sid, conversation_sid: conversation.sid, message_sid, participant_sid, date_settled: null }
}

/** Files that a message brings, by their SIDs. 400 where one is not there. */
function keptFiles(state: State, sids: readonly string[]): readonly MediaRow[] {
  return sids.map((sid) => state.tables.media.find(sid) ?? refuse('invalid', `There is no Media ${sid}`))
}

/** The message's own copies are erased with the conversation, as well. */
function placeFiles(state: State, media: readonly ChannelMedia[], place: ReturnType<typeof placeIn>): void {
  const { conversation_sid, message_sid } = place
  for (const { sid } of media)
    if (state.tables.media.find(sid)) state.change('media', sid, { conversation_sid, message_sid })
}

/** The newest message that the provider has brought by that name lately. */
function receivedBefore(state: State, { carrier_sid, provider_sid, email }: ReceiveChannelMessage) {
  const key = twoKey(carrier_sid, provider_sid)
  if (key === null) return undefined
  // Looked for by its name first, so that a row which was not read is noticed.
  if (!state.tables.channel_message.firstBy('provider', key)) return undefined
  const last = state.tables.channel_message.list('provider', key).at(-1)
  // What a letter is called is its own for ever: a mailbox may be read again at any time.
  return last && (email || state.at - last.date_created <= repeated_ms) ? last : undefined
}

/** Addresses as they are compared; what is no address stays as it came. */
function pairIn({ from, to }: Pick<ReceiveChannelMessage, 'from' | 'to'>): { from: string; to: string } {
  return { from: senderAddress(from) ?? findable(from.trim()), to: senderAddress(to) ?? findable(to.trim()) }
}

/** What rows are found by holds no U+0000: no column keeps it. */
function findable(text: string): string {
  return text.replaceAll('\0', '')
}

/** Everybody else whom a message to a group went to, each once; what is no full number is nobody there. */
export function othersIn({
  from,
  to,
  others = []
}: Pick<ReceiveChannelMessage, 'from' | 'to' | 'others'>): readonly string[] {
  const pair = pairIn({ from, to })
  const known = others.flatMap((text) => normalized(text) ?? [])
  return [...new Set(known)].filter((one) => typeOf(one) === 'sms' && one !== pair.from && one !== pair.to)
}

/** What follows from the customer's address. */
function channelFacts(from: string): Readonly<Record<string, string>> {
  if (typeOf(from) !== 'whatsapp' || normalized(from) === null) return {}
  return { WaId: from.slice('whatsapp:'.length).replace(/^\+/, '') }
}
