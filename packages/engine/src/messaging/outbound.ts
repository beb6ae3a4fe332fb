import type { State } from '../center.ts'
import { renderedContent, templateReads } from '../content/content.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import type { Found, Read } from '../core/command.ts'
import { refuse } from '../core/refusals.ts'
import type { Changes } from '../core/table.ts'
import { copyMedia } from '../media/media.ts'
import type { MediaRow } from '../media/rows.ts'
import { chooseSender } from '../numbers/choice.ts'
import { messageChannelOf } from '../numbers/sender.ts'
import { isOptedOut, pairReads } from './address-pair.ts'
import { carrierSid, doomOf, failureOf, maxLengthTo } from './doom.ts'
import { emitStatus } from './events.ts'
import { senderAddress } from './lookup.ts'
import { checkMessage, namedSender, noSender, recipientOf } from './message-form.ts'
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

/**
 * Takes a message that is to be sent. What cannot be sent at all is refused; what a network would turn down is taken, and
 * fails a moment later (reference messaging 1, 14 and 16).
 */
export function createChannelMessage(
  state: State,
  asked: CreateChannelMessage
): { channel_message: ChannelMessageRow } {
  const to = recipientOf(asked)
  const from = namedSender(asked, to)
  const params = asked.content_sid ? fromTemplate(state, asked, to) : asked
  checkMessage(state, params, maxLengthTo(to))
  const service = params.messaging_service_sid || null
  if (service !== null && !state.tables.messaging_service.find(service))
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
  if (!state.tables.messaging_use.find(state.account_sid)) {
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

/** The time of a message has come: it fails, or was not sent in time. */
export function channelMessageDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const message = state.tables.channel_message.need(sid)
  if (message.doom !== null) {
    moveMessage(state, message, failureOf(message.doom))
  } else if (message.status === 'queued') {
    moveMessage(state, message, failureOf({ code: 30036, message: 'The message could not be sent while it was valid' }))
  } else {
    sendAccepted(state, message)
  }
  return {}
}
