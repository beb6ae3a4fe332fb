import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import { checkLength, checkUrl, cleared, notFound } from '../core/parameters.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import type { CallbackMethod, SenderRow, SenderType } from './rows.ts'

export interface SenderParams {
  readonly friendly_name?: string
  /** "" clears it, as it does the other addresses. */
  readonly inbound_request_url?: string
  readonly inbound_method?: CallbackMethod
  readonly fallback_url?: string
  readonly fallback_method?: CallbackMethod
  readonly status_callback?: string
}

const channels = { whatsapp: 'WhatsApp', messenger: 'Messenger', rcs: 'RCS' } as const

/** Claims an address of ours that is no phone number (reference messaging 3.2). */
export function createSender(state: State, params: SenderParams & { readonly address: string }): { sender: SenderRow } {
  const known = senderIn(params.address)
  if (!known)
    return refuse(
      'invalid',
      `Value '${params.address}' provided for Address is neither a short code nor an address as whatsapp:+15550100, messenger:1234 or rcs:agent`
    )
  const { type, address } = known
  const owner = ownSender(state, address)
  if (owner) refuse('conflict', `Address ${address} is ${owner.sid} already`)
  checkParams(params)
  const columns = {
    account_sid: state.account_sid,
    sender_type: type,
    address,
    friendly_name: params.friendly_name || null,
    inbound_request_url: params.inbound_request_url || null,
    inbound_method: params.inbound_method ?? 'POST',
    fallback_url: params.fallback_url || null,
    fallback_method: params.fallback_method ?? 'POST',
    status_callback: params.status_callback || null
  } as const
  const sender = state.insert('sender', columns, state.sid(type === 'ShortCode' ? 'SC' : 'XE'))
  return { sender }
}

export function updateSender(state: State, params: SenderParams & { readonly sid: string }): { sender: SenderRow } {
  const before = senderOf(state, params.sid)
  checkParams(params)
  const sender = state.change('sender', before.sid, {
    friendly_name: cleared(params.friendly_name),
    inbound_request_url: cleared(params.inbound_request_url),
    inbound_method: params.inbound_method,
    fallback_url: cleared(params.fallback_url),
    fallback_method: params.fallback_method,
    status_callback: cleared(params.status_callback)
  })
  return { sender }
}

export function deleteSender(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  senderOf(state, sid)
  state.remove('pooled_sender', sid)
  state.remove('sender', sid)
  return {}
}

export function senderOf(state: State, sid: string): SenderRow {
  return state.tables.sender.find(sid) ?? notFound(`/Senders/${sid}`)
}

/** The account's sender with that address, however it is written. */
export function ownSender(state: State, text: string): SenderRow | undefined {
  const known = senderIn(text)
  return known ? state.tables.sender.firstBy('address', nameForm(known.address)) : undefined
}

/** What sort of sender an address could be, and the form in which it is kept and compared; null for all else. */
function senderIn(text: string): { readonly type: SenderType; readonly address: string } | null {
  const trimmed = text.trim()
  if (/^\d{3,8}$/.test(trimmed)) return { type: 'ShortCode', address: trimmed }
  const channel = messageChannelOf(trimmed)
  if (channel === 'sms') return null
  const rest = trimmed.slice(channel.length + 1).trim()
  const own = channel === 'whatsapp' ? e164(rest) : rest
  const isShort = own !== null && own !== '' && own.length <= 200 && !/\s/.test(own)
  return isShort ? { type: channels[channel], address: `${channel}:${own}` } : null
}

export type MessageChannel = keyof typeof channels | 'sms'

/** The channel that an address names before its colon, in any letter case; SMS where it names none of them. */
export function messageChannelOf(address: string): MessageChannel {
  const [, prefix = ''] = /^\s*(whatsapp|messenger|rcs):/i.exec(address) ?? []
  const channel = prefix.toLowerCase()
  return channel === 'whatsapp' || channel === 'messenger' || channel === 'rcs' ? channel : 'sms'
}

function checkParams(params: SenderParams): void {
  checkLength(params.friendly_name, 'FriendlyName', 64)
  checkUrl(params.inbound_request_url, 'InboundRequestUrl')
  checkUrl(params.fallback_url, 'FallbackUrl')
  checkUrl(params.status_callback, 'StatusCallback')
}
