import type { State } from '../center.ts'
import { renderedContent, templateReads } from '../content/content.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import { maxBody } from '../conversations/message.ts'
import type { Found, Read } from '../core/command.ts'
import { checkRange, checkUrl } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { Changes } from '../core/table.ts'
import { copyMedia, maxMedia } from '../media/media.ts'
import type { MediaRow } from '../media/rows.ts'
import { chooseSender } from '../numbers/choice.ts'
import { messageChannelOf } from '../numbers/sender.ts'
import { isInWindow, isInWindowOfPeople, isOptedOut, pairReads } from './address-pair.ts'
import { emitStatus } from './events.ts'
import { carrierFor, phoneAt, senderAddress, settingOf } from './lookup.ts'
import type { ChannelMedia, ChannelMessageRow, Direction, Doom } from './rows.ts'
import { segmentsOf, smartEncoded } from './segments.ts'
import { moveMessage, statusReads } from './status.ts'

/** What the API of 2010 takes for a message; what is not named here has no meaning on any carrier that there is. */
export interface CreateChannelMessage {
  readonly to?: string
  readonly from?: string
  readonly messaging_service_sid?: string
  readonly body?: string
  readonly media_url?: readonly string[]
  readonly content_sid?: string
  readonly content_variables?: string
  readonly status_callback?: string
  readonly application_sid?: string
  readonly validity_period?: number
  readonly smart_encoded?: boolean
  readonly schedule_type?: 'fixed'
  /** Milliseconds. */
  readonly send_at?: number
  readonly content_retention?: 'retain' | 'discard'
  /** Of an e-mail. */
  readonly subject?: string
  readonly address_retention?: 'retain' | 'obfuscate'
  /** `outbound-api` by default. */
  readonly direction?: Extract<Direction, 'outbound-api' | 'outbound-reply' | 'outbound-call'>
}

/** Characters of a message on a channel (reference messaging 1), and of a letter: as many as a conversation's message. */
export const maxChannelBody = 1600
function maxLengthTo(address: string): number {
  return typeOf(address) === 'email' ? maxBody : maxChannelBody
}
const minute = 60_000
/** How far ahead a message may be scheduled. */
const scheduled = { least: 15 * minute, most: 35 * 24 * 60 * minute }

/**
 * Takes a message that is to be sent. What cannot be sent at all is refused; what a network would turn down is taken, and
 * fails a moment later (reference messaging 1, 14 and 16).
 */
export function createChannelMessage(
  state: State,
  asked: CreateChannelMessage
): { channel_message: ChannelMessageRow } {
  const to = recipientOf(asked)
  const from = senderOf(asked, to)
  const params = asked.content_sid ? fromTemplate(state, asked, to) : asked
  checkContent(params, maxLengthTo(to))
  checkWhen(params)
  checkSchedule(state, params)
  const service = params.messaging_service_sid || null
  if (service !== null && !state.find('messaging_service', service))
    refuse('message.no_service', `The Messaging Service ${service} does not exist`)
  if (isOptedOut(state, [from, service], to)) {
    refuse('message.opted_out', `${to} has asked to be sent nothing more by ${from ?? service}`)
  }
  const body = params.smart_encoded && params.body ? smartEncoded(params.body) : (params.body ?? null)
  const media = (params.media_url ?? []).map(
    (url): ChannelMedia => ({ sid: state.sid('ME'), content_type: null, url, filename: null, size: null })
  )
  const outgoing: Outgoing = {
    ...{ to, from, body, media },
    direction: params.direction ?? 'outbound-api',
    messaging_service_sid: service,
    application_sid: params.application_sid || null,
    status_callback: params.status_callback || null,
    content_sid: params.content_sid || null,
    content_variables: params.content_variables || null,
    content_retention: params.content_retention ?? 'retain',
    address_retention: params.address_retention ?? 'retain',
    validity_period: params.validity_period ?? null,
    ...(params.subject && { told: { Subject: params.subject } })
  }
  if (service === null) return { channel_message: queue(state, outgoing, from ?? refuse('message.no_from', noSender)) }
  return { channel_message: accept(state, outgoing, params.send_at ?? null) }
}

/** What a template says on the recipient's channel stands in the place of body and media (reference messaging 17.2). */
function fromTemplate(state: State, params: CreateChannelMessage, to: string): CreateChannelMessage {
  const { body, media } = renderedContent(state, params, messageChannelOf(to))
  return { ...params, body: body ?? '', media_url: media }
}

const noSender = 'A From or a MessagingServiceSid is needed to send a message'

export function createChannelMessageReads(params: CreateChannelMessage, state: State): readonly Read[] {
  const to = normalized(params.to ?? '')
  const from = params.from ? senderAddress(params.from) : null
  const pair = to === null ? [] : pairReads(state, [from, params.messaging_service_sid], to)
  return [...pair, ...templateReads(params, state)]
}

/** A message that is to be sent, as far as whoever makes it says. */
export type Outgoing = Pick<
  ChannelMessageRow,
  | 'to'
  | 'from'
  | 'body'
  | 'media'
  | 'direction'
  | 'messaging_service_sid'
  | 'application_sid'
  | 'status_callback'
  | 'content_sid'
  | 'content_variables'
  | 'content_retention'
  | 'address_retention'
  | 'validity_period'
> & {
  /** The head of a letter. */
  readonly told?: ChannelMessageRow['told']
  /** Whom else the recipient sees, in a group. */
  readonly other_recipients?: readonly string[]
}

/** Files that are kept already; the message gets its own copies of them. */
interface WithFiles {
  readonly files?: readonly MediaRow[]
}

/** The message of a conversation that a message on a channel is a leg of. */
export type Leg = Pick<ChannelMessageRow, 'chat_service_sid' | 'conversation_sid' | 'message_sid' | 'participant_sid'>

export const noLeg: Leg = { chat_service_sid: null, conversation_sid: null, message_sid: null, participant_sid: null }

/** Puts a message with a sender into the queue of its carrier; where it cannot go it fails at the next moment. */
export function queue(state: State, outgoing: Outgoing & WithFiles, from: string, leg: Leg = noLeg): ChannelMessageRow {
  const doom = doomOf(state, outgoing, from)
  const { validity_period } = outgoing
  const expires = validity_period === null ? null : state.at + validity_period * 1000
  const message = insertMessage(state, {
    ...outgoing,
    ...leg,
    from,
    status: 'queued',
    num_segments: partsOn(outgoing.to, outgoing.body),
    carrier_sid: doom === null ? carrierSid(state, from, outgoing.to) : null,
    doom,
    date_due: doom === null ? expires : state.at
  })
  emitStatus(state, 'queued', message)
  return message
}

/** Parts in which a message goes; a letter is one. */
function partsOn(to: string, body: string | null): number {
  return typeOf(to) === 'email' ? 1 : segmentsOf(body ?? '')
}

/** Takes a message that a messaging service sends: at once, or at an instant. It chooses the sender then. */
function accept(state: State, outgoing: Outgoing, send_at: number | null): ChannelMessageRow {
  const status = send_at === null ? 'accepted' : 'scheduled'
  const date_due = send_at ?? state.at
  const message = insertMessage(state, {
    ...{ ...outgoing, ...noLeg, status, date_due },
    num_segments: 0,
    carrier_sid: null,
    doom: null
  })
  emitStatus(state, status, message)
  return message
}

/** A messaging service sends a message that it has accepted. */
function sendAccepted(state: State, message: ChannelMessageRow): void {
  const { validity_period, messaging_service_sid: service } = message
  const from = message.from ?? (service === null ? null : serviceSender(state, service, message))
  const doom = from === null ? noneInService : doomOf(state, message, from)
  const queued = state.change('channel_message', message.sid, {
    from,
    status: 'queued',
    num_segments: partsOn(message.to, message.body),
    carrier_sid: doom === null && from !== null ? carrierSid(state, from, message.to) : null,
    date_due: validity_period === null ? null : state.at + validity_period * 1000
  })
  emitStatus(state, 'queued', queued)
  if (doom !== null) moveMessage(state, queued, failureOf(doom))
}

const noneInService: Doom = { code: 21703, message: 'The Messaging Service has no sender for this recipient' }

/** The sender that a messaging service chooses; null where it has none. */
function serviceSender(
  state: State,
  service: string,
  { sid, to }: Pick<ChannelMessageRow, 'sid' | 'to'>
): string | null {
  return chooseSender(state, service, to, { turn: sid })?.address ?? null
}

/** What has to be read when a message's time has come: its sender may be chosen only then. */
export function channelMessageDueReads({ sid }: { readonly sid: string }, state: State, found: Found): readonly Read[] {
  const message = state.resident('channel_message', sid)
  if (!message) return []
  const { from, to, messaging_service_sid: service } = message
  const sender = from ?? (service === null ? null : serviceSender(state, service, message))
  return [
    ...pairReads(state, [sender, service], to),
    ...templateReads(message, state),
    ...statusReads(state, sid, found)
  ]
}

type NewMessage = Outgoing &
  WithFiles &
  Leg &
  Pick<ChannelMessageRow, 'status' | 'num_segments' | 'carrier_sid' | 'doom' | 'date_due'> &
  Partial<ChannelMessageRow>

/** Whatever is inserted comes by here: events of messages are looked at from the first one on. */
export function insertMessage(state: State, { files = [], ...columns }: NewMessage): ChannelMessageRow {
  if (!state.find('messaging_use', state.account_sid)) {
    state.insert('messaging_use', { account_sid: state.account_sid }, state.account_sid)
  }
  const sid = state.sid(columns.media.length + files.length > 0 ? 'MM' : 'SM')
  const { conversation_sid, message_sid } = columns
  const place = { chat_service_sid: null, channel_message_sid: sid, conversation_sid, message_sid }
  const kept = files.map((file) => channelMediaOf(attachedCopy(state, file, place)))
  const row = {
    account_sid: state.account_sid,
    error_code: null,
    error_message: null,
    provider_sid: null,
    receipt_sid: null,
    told: {},
    other_recipients: null,
    feedback: null,
    webhook_hops: 0,
    giving: null,
    date_sent: null,
    date_settled: null,
    ...columns,
    media: [...columns.media, ...kept]
  }
  return state.insert('channel_message', row, sid)
}

/** A copy of a file that goes with a message on a channel, and with what that goes with. */
function attachedCopy(state: State, file: MediaRow, place: Changes<MediaRow>): MediaRow {
  return state.change('media', copyMedia(state, file).sid, { ...place, status: 'attached', date_expires: null })
}

/** A file that is kept here as a message shows it. */
function channelMediaOf({ sid, content_type, filename, size }: MediaRow): ChannelMedia {
  return { sid, content_type, url: null, filename, size }
}

/** Why a message cannot be sent that may be asked for all the same; null where nothing is in the way. */
function doomOf(
  state: State,
  {
    to,
    body,
    content_sid,
    messaging_service_sid,
    other_recipients = []
  }: Pick<Outgoing, 'to' | 'body' | 'content_sid' | 'messaging_service_sid'> & {
    readonly other_recipients?: readonly string[] | null
  },
  from: string
): Doom | null {
  if ((body ?? '').length > maxLengthTo(to)) {
    return { code: 21617, message: `The message has more than ${maxLengthTo(to)} characters` }
  }
  if (isOptedOut(state, [from, messaging_service_sid], to)) {
    return { code: 21610, message: 'The recipient has asked to be sent nothing more' }
  }
  const outside = outsideOfWindow(state, { from, to, content_sid })
  if (outside !== undefined) return { code: 63016, message: outside }
  if (carrierSid(state, from, to) === null) {
    return {
      code: typeOf(to) === 'sms' ? 30005 : 63003,
      message: 'No carrier is connected for the sender, and the recipient is no virtual phone'
    }
  }
  const carrier = carrierFor(state, from)
  // Sent to each alone, it would be answered outside of the group.
  if ((other_recipients?.length ?? 0) > 0 && carrier && carrier.carrier_type !== 'virtual')
    return { code: 21612, message: `A carrier of type ${carrier.carrier_type} takes no group MMS` }
  return null
}

/** Why a message comes too late for its channel's window; undefined where it does not (reference messaging 10). */
function outsideOfWindow(
  state: State,
  { from, to, content_sid }: { readonly from: string; readonly to: string; readonly content_sid: string | null }
): string | undefined {
  if (isInWindow(state, from, to)) return undefined
  if (typeOf(to) === 'whatsapp' && content_sid !== null) {
    const content = state.find('content', content_sid)
    if (content?.approval?.status === 'approved') return undefined
    return 'Outside of 24 hours after the customer wrote, only approved templates may be sent, and this one is not'
  }
  if (isInWindowOfPeople(state, from, to) && settingOf(carrierFor(state, from), 'human_agent') === true)
    return undefined
  return typeOf(to) === 'whatsapp'
    ? 'Outside of 24 hours after the customer wrote, only templates may be sent'
    : 'Outside of 24 hours after the customer wrote, nothing may be sent'
}

/** What takes a message: the carrier of its sender, else the virtual phone that it is for. */
function carrierSid(state: State, from: string, to: string): string | null {
  return (carrierFor(state, from) ?? phoneAt(state, to))?.sid ?? null
}

/** The time of a message has come: it fails, or was not sent in time. */
export function channelMessageDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const message = state.get('channel_message', sid)
  if (message.doom !== null) {
    moveMessage(state, message, failureOf(message.doom))
  } else if (message.status === 'queued') {
    moveMessage(state, message, failureOf({ code: 30036, message: 'The message could not be sent while it was valid' }))
  } else {
    sendAccepted(state, message)
  }
  return {}
}

function failureOf({ code, message }: Doom) {
  return { status: 'failed', error_code: code, error_message: message } as const
}

function recipientOf({ to }: CreateChannelMessage): string {
  if (!to) return refuse('message.no_to', "A 'To' is needed to send a message")
  return normalized(to) ?? refuse('message.bad_to', `Invalid 'To' address: ${to}`)
}

/** The sender that is named; null where a messaging service is to choose one. */
function senderOf({ from, messaging_service_sid }: CreateChannelMessage, to: string): string | null {
  if (!from) return messaging_service_sid ? null : refuse('message.no_from', noSender)
  const sender = senderAddress(from) ?? refuse('message.bad_from', `Invalid 'From' address: ${from}`)
  if (sender === to) refuse('message.same_address', "'To' and 'From' cannot be the same address")
  if (typeOf(sender) !== typeOf(to)) {
    refuse('message.other_channel', `'From' ${sender} and 'To' ${to} must be addresses of one channel`)
  }
  return sender
}

function checkContent({ body, media_url = [], content_sid }: CreateChannelMessage, most: number): void {
  if (!body && media_url.length === 0 && !content_sid) {
    refuse('message.empty', 'A message needs a Body, a MediaUrl or a ContentSid')
  }
  if ((body ?? '').length > most) {
    refuse('message.too_long', `Body has ${body?.length} characters; ${most} are possible`)
  }
  if (media_url.length > maxMedia) {
    refuse('message.too_many_media', `A message has at most ${maxMedia} media, not ${media_url.length}`)
  }
  for (const url of media_url) {
    if (!/^https?:\/\/[^\s/?#]+/i.test(url))
      refuse('message.bad_media_url', `Value '${url}' provided for MediaUrl is no URL`)
  }
}

function checkWhen(params: CreateChannelMessage): void {
  checkUrl(params.status_callback, 'StatusCallback')
  checkRange(params.validity_period, 'ValidityPeriod', 1, 36_000)
}

function checkSchedule(state: State, { schedule_type, send_at, messaging_service_sid }: CreateChannelMessage): void {
  if (schedule_type === undefined && send_at === undefined) return
  if (schedule_type === undefined) refuse('invalid', 'SendAt needs a ScheduleType')
  if (send_at === undefined) refuse('invalid', 'ScheduleType needs a SendAt')
  if (!messaging_service_sid)
    refuse('invalid', 'Only a Messaging Service schedules messages: a MessagingServiceSid is needed')
  const ahead = send_at - state.at
  if (ahead < scheduled.least || ahead > scheduled.most) {
    refuse('invalid', 'SendAt must be 15 minutes to 35 days from now')
  }
}
