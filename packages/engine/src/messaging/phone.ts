import type { State } from '../center.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import { maxInGroup } from '../conversations/group.ts'
import type { Found, Read } from '../core/command.ts'
import { checkLength, checkRange, cleared } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { maxChannelBody } from './doom.ts'
import { emitPhone, emitPhoneMessage } from './events.ts'
import { type ReceiveChannelMessage, takeIn, takeInReads } from './inbound.ts'
import { phoneAt, phoneOf, senderAddress } from './lookup.ts'
import {
  type ChannelMessageRow,
  isUnsent,
  type PhoneCallOutcome,
  type PhoneMessageRow,
  type PhoneOutcome,
  type PhoneRow
} from './rows.ts'
import { messageTaken, moveMessage, type StatusNews, statusReads } from './status.ts'

export interface PhoneBehaviour {
  readonly outcome?: PhoneOutcome
  /** Of what is not delivered; null is the channel's own. */
  readonly error_code?: number | null
  readonly delivered_after_ms?: number
  /** null: never. */
  readonly read_after_ms?: number | null
  readonly call_outcome?: PhoneCallOutcome
  readonly answered_after_ms?: number
  readonly presses?: readonly string[]
}

export interface CreatePhone extends PhoneBehaviour {
  readonly address: string
  readonly friendly_name?: string
}

const hour = 3_600_000
const maxDelay_ms = 24 * hour
const maxPhones = 1000

/** A virtual phone with that address. It gets whatever no carrier takes. */
export function createPhone(state: State, params: CreatePhone): { phone: PhoneRow } {
  const address = deviceAddress(params.address) ?? normalized(params.address)
  if (address === null || typeOf(address) === 'chat')
    return refuse('invalid', `Value '${params.address}' provided for Address is no address of a phone`)
  const other = phoneAt(state, address)
  if (other) refuse('conflict', `${address} is that of phone ${other.sid}`)
  if (state.tables.phone.size >= maxPhones) refuse('too_many', `There are ${maxPhones} phones; more are not possible`)
  checkLength(params.friendly_name, 'FriendlyName', 256)
  const phone = state.insert('phone', {
    account_sid: state.account_sid,
    address,
    friendly_name: params.friendly_name || null,
    ...behaviourOf(params, usual)
  })
  emitPhone(state, 'created', phone)
  return { phone }
}

/** Somebody's device, as calls know it: it gets no messages. Null for any other address. */
function deviceAddress(text: string): string | null {
  const [, identity] = /^client:(\S{1,120})$/i.exec(text.trim()) ?? []
  return identity === undefined ? null : `client:${identity}`
}

type Behaviour = Pick<
  PhoneRow,
  'outcome' | 'error_code' | 'delivered_after_ms' | 'read_after_ms' | 'call_outcome' | 'answered_after_ms' | 'presses'
>

const usual: Behaviour = {
  ...{ outcome: 'delivered', error_code: null, delivered_after_ms: 0, read_after_ms: null },
  ...{ call_outcome: 'rings', answered_after_ms: 0, presses: [] }
}

/** What becomes of the messages that it is sent from now on. */
export function updatePhoneBehaviour(
  state: State,
  params: PhoneBehaviour & { readonly phone_sid: string }
): { phone: PhoneRow } {
  const before = phoneOf(state, params.phone_sid)
  const phone = state.change('phone', before.sid, behaviourOf(params, before))
  emitPhone(state, 'updated', phone)
  return { phone }
}

function behaviourOf(params: PhoneBehaviour, before: Behaviour): Behaviour {
  checkRange(params.error_code ?? undefined, 'ErrorCode', 1, 99_999)
  checkRange(params.delivered_after_ms, 'DeliveredAfterMs', 0, maxDelay_ms)
  checkRange(params.read_after_ms ?? undefined, 'ReadAfterMs', 0, maxDelay_ms)
  checkRange(params.answered_after_ms, 'AnsweredAfterMs', 0, maxDelay_ms)
  const { presses = before.presses } = params
  for (const digits of presses ?? [])
    if (!/^[0-9*#]{1,32}$/.test(digits)) refuse('invalid', 'Presses must be texts of up to 32 of 0-9, * and #')
  if ((presses?.length ?? 0) > 32) refuse('invalid', 'Presses are at most 32')
  return {
    call_outcome: params.call_outcome ?? before.call_outcome,
    answered_after_ms: params.answered_after_ms ?? before.answered_after_ms,
    presses,
    outcome: params.outcome ?? before.outcome,
    error_code: params.error_code === undefined ? before.error_code : params.error_code,
    delivered_after_ms: params.delivered_after_ms ?? before.delivered_after_ms,
    read_after_ms: params.read_after_ms === undefined ? before.read_after_ms : params.read_after_ms
  }
}

/** What it has got and written goes with it. */
export function deletePhone(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const phone = phoneOf(state, sid)
  emitPhone(state, 'removed', phone)
  state.remove('phone', phone.sid)
  return {}
}

export interface WritePhoneMessage {
  readonly phone_sid: string
  /** An address of ours, on the phone's channel. */
  readonly to: string
  /** Of a message to a group: whom else it goes to, on SMS. */
  readonly other_recipients?: readonly string[]
  readonly body?: string
  /** SIDs of files that are kept here. */
  readonly media_sids?: readonly string[]
  readonly profile_name?: string
  readonly agreed?: ReceiveChannelMessage['agreed']
}

/** Characters that each channel takes of a customer; 1,600 where it is not here. */
const maxBody: Readonly<Record<string, number>> = { whatsapp: 4096, messenger: 2000 }

/** Somebody writes on a virtual phone: a message comes in. */
export function writePhoneMessage(
  state: State,
  params: WritePhoneMessage
): { phone_message: PhoneMessageRow; channel_message: ChannelMessageRow } {
  const phone = phoneOf(state, params.phone_sid)
  const to = senderAddress(params.to)
  if (to === null || typeOf(to) !== typeOf(phone.address) || to === phone.address)
    return refuse('invalid', `Value '${params.to}' provided for To is no address that ${phone.address} could write to`)
  const { body, media_sids = [], profile_name } = params
  if (!body && media_sids.length === 0) refuse('invalid', 'A message needs a Body or media')
  checkLength(body, 'Body', maxBody[typeOf(phone.address)] ?? maxChannelBody)
  checkLength(profile_name, 'ProfileName', 256)
  const others = otherRecipients(params, phone.address, to)
  const written = state.insert('phone_message', {
    ...{ account_sid: state.account_sid, phone_sid: phone.sid, direction: 'written', from: phone.address, to },
    other_recipients: others.length > 0 ? others : null,
    body: body || null,
    media: [],
    ...{ channel_message_sid: null, chat_service_sid: null, conversation_sid: null, message_sid: null },
    ...nothingToTell
  })
  const channel_message = takeIn(state, {
    carrier_sid: phone.sid,
    provider_sid: written.sid,
    from: phone.address,
    to,
    ...(others.length > 0 && { others }),
    media_sids,
    ...(body !== undefined && { body }),
    ...(profile_name && { told: { ProfileName: profile_name } }),
    ...(params.agreed !== undefined && { agreed: params.agreed })
  })
  const { sid: channel_message_sid, chat_service_sid, conversation_sid, message_sid } = channel_message
  const { media } = channel_message
  const placed = { channel_message_sid, chat_service_sid, conversation_sid, message_sid, media }
  const phone_message = state.change('phone_message', written.sid, placed)
  emitPhoneMessage(state, 'written', phone_message)
  for (const other of others) passOn(state, phone_message, other)
  return { phone_message, channel_message }
}

/** Addresses of a group beside the two: networks carry groups on SMS, of at most ten. */
function otherRecipients({ other_recipients = [] }: WritePhoneMessage, from: string, to: string): readonly string[] {
  const others = other_recipients.map((text) => {
    const address = normalized(text)
    if (address === null || typeOf(address) !== 'sms' || address === from || address === to)
      return refuse(
        'invalid',
        `Value '${text}' provided for OtherRecipients is no address that is another one's on SMS`
      )
    return address
  })
  if (others.length > 0 && typeOf(from) !== 'sms') refuse('invalid', 'Only on SMS are there groups: OtherRecipients')
  if (new Set(others).size !== others.length) refuse('invalid', 'OtherRecipients names an address twice')
  if (others.length + 2 > maxInGroup) refuse('invalid', `A group has at most ${maxInGroup} addresses`)
  return others
}

/** What somebody writes to a group is with its other phones by their network, and does not go by us. */
function passOn(state: State, written: PhoneMessageRow, address: string): void {
  const phone = phoneAt(state, address)
  if (!phone || phone.outcome === 'failed' || phone.outcome === 'undelivered') return
  // It is redacted and erased with the message that it is.
  const { from, to, body, media, channel_message_sid, other_recipients } = written
  const { chat_service_sid, conversation_sid, message_sid } = written
  const others = [to, ...(other_recipients ?? []).filter((one) => one !== address)]
  const phone_message = state.insert('phone_message', {
    ...{ account_sid: state.account_sid, phone_sid: phone.sid, direction: 'received', from, to: address },
    other_recipients: others,
    ...{ body, media, channel_message_sid, chat_service_sid, conversation_sid, message_sid },
    ...nothingToTell
  })
  emitPhoneMessage(state, 'received', phone_message)
}

const nothingToTell = {
  state: 'done',
  next_status: null,
  next_error: null,
  read_after_ms: null,
  date_next: null
} as const

export function writePhoneMessageReads(
  { phone_sid, to, other_recipients: others = [], media_sids = [] }: WritePhoneMessage,
  state: State
): readonly Read[] {
  const phone = state.tables.phone.find(phone_sid)
  return phone ? takeInReads({ from: phone.address, to, others, media_sids }, state) : []
}

/** What a virtual phone answers to whoever brings it a message. */
export type PhoneAnswer =
  | { readonly taken: string }
  | { readonly error_code: number; readonly error_message: string }
  | { readonly away: string }

/**
 * A virtual phone is brought a message, which it takes once, however often it is brought: what it got before it answers
 * again. It tells of the message's states by itself, by its behaviour.
 */
export function takePhoneMessage(state: State, { sid }: { readonly sid: string }): { answer: PhoneAnswer } {
  const message = state.tables.channel_message.find(sid)
  if (!message || !isUnsent(message)) {
    const known = state.tables.phone_message.firstBy('channel_message_sid', sid)
    return { answer: known ? { taken: known.sid } : refused(30008, `Message ${sid} is not under way any more`) }
  }
  const phone = phoneAt(state, message.to)
  if (!phone) return { answer: refused(codes(message.to).unknown, 'The recipient is no virtual phone') }
  const { outcome, error_code } = phone
  if (outcome === 'away') return { answer: { away: `${phone.address} is made not to answer` } }
  if (outcome === 'failed')
    return {
      answer: refused(error_code ?? codes(phone.address).refused, `${phone.address} is made to refuse messages`)
    }
  const phone_message = state.insert('phone_message', {
    ...{ account_sid: state.account_sid, phone_sid: phone.sid, direction: 'received' },
    from: message.from ?? '',
    ...{ to: message.to, body: message.body, media: message.media, channel_message_sid: sid },
    other_recipients: message.other_recipients ?? null,
    chat_service_sid: message.chat_service_sid,
    ...{ conversation_sid: message.conversation_sid, message_sid: message.message_sid },
    state: 'waiting',
    next_status: outcome,
    next_error: outcome === 'delivered' ? null : (error_code ?? codes(phone.address).undelivered),
    read_after_ms: outcome === 'delivered' ? phone.read_after_ms : null,
    date_next: state.at + phone.delivered_after_ms
  })
  emitPhoneMessage(state, 'received', phone_message)
  messageTaken(state, message, phone_message.sid)
  if (phone.delivered_after_ms === 0) phoneMessageDue(state, { sid: phone_message.sid })
  return { answer: { taken: phone_message.sid } }
}

export function takePhoneMessageReads({ sid }: { readonly sid: string }, state: State, found: Found): readonly Read[] {
  const message = state.tables.channel_message.entry(sid)?.row
  // What a phone has taken is not unsent any more.
  const isSettled = (message && isUnsent(message)) || state.tables.phone_message.count('channel_message_sid', sid) > 0
  return [
    ...statusReads(state, sid, found),
    ...(isSettled ? [] : [{ kind: 'phone_message', where: { channel_message_sid: sid } }])
  ]
}

function refused(error_code: number, error_message: string): PhoneAnswer {
  return { error_code, error_message }
}

/** What networks say, by channel (reference messaging 14). */
function codes(address: string) {
  return typeOf(address) === 'sms'
    ? { unknown: 30005, refused: 30007, undelivered: 30003 }
    : { unknown: 63003, refused: 63013, undelivered: 63024 }
}

/** The phone tells what has become of a message that it took. */
export function phoneMessageDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const { channel_message_sid, next_status, next_error, read_after_ms } = state.tables.phone_message.need(sid)
  const reads = next_status === 'delivered' && read_after_ms !== null
  state.change(
    'phone_message',
    sid,
    reads ? { next_status: 'read', date_next: state.at + read_after_ms } : nothingToTell
  )
  const message = state.tables.channel_message.find(channel_message_sid)
  if (message && next_status !== null) {
    const status = next_status as StatusNews['status'] // as takePhoneMessage and this make it
    moveMessage(state, message, { status, error_code: next_error })
  }
  if (reads && read_after_ms === 0) phoneMessageDue(state, { sid })
  return {}
}

export function phoneMessageDueReads({ sid }: { readonly sid: string }, state: State, found: Found): readonly Read[] {
  const message_sid = state.resident('phone_message', sid)?.channel_message_sid
  return message_sid ? statusReads(state, message_sid, found) : []
}

export interface UpdatePhone {
  readonly sid: string
  readonly friendly_name?: string
}

export function updatePhone(state: State, { sid, friendly_name }: UpdatePhone): { phone: PhoneRow } {
  const before = phoneOf(state, sid)
  checkLength(friendly_name, 'FriendlyName', 256)
  const name = cleared(friendly_name)
  const phone = name === undefined ? before : state.change('phone', before.sid, { friendly_name: name })
  if (phone !== before) emitPhone(state, 'updated', phone)
  return { phone }
}
