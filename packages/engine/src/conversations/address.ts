import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'

/** How a participant without the SDK is reached: by two addresses, by one, or seen by one of ours. */
export interface Binding {
  readonly type: string
  /** Null for who is only seen. */
  readonly address: string | null
  readonly proxy_address: string | null
  /** Of a group MMS. */
  readonly projected_address: string | null
  readonly name: string | null
  readonly level: string | null
}

const prefixes = ['whatsapp', 'messenger', 'rcs', 'gbm', 'apple', 'line', 'viber', 'instagram', 'email', 'chat', 'sms']
const maxCharacters = 256

/** The text before the first colon where it names a channel, else e-mail where there is an `@`, else SMS (reference conversations 7.1). */
export function typeOf(address: string): string {
  const colon = address.indexOf(':')
  const prefix = address.slice(0, colon).toLowerCase()
  if (colon > 0 && prefixes.includes(prefix)) return prefix
  return address.includes('@') ? 'email' : 'sms'
}

/**
 * The address in the form in which it is compared and stored: numbers on SMS and WhatsApp are E.164, without the marks that
 * people write between the digits. A customer of WhatsApp may have no number, but a name within its business (reference messaging 11).
 * Null where it is none. A blank in front is a plus that nobody encoded.
 */
export function normalized(text: string): string | null {
  const address = /^ \d/.test(text) ? `+${text.slice(1)}` : text.trim()
  if (address === '' || address.length > maxCharacters) return null
  const type = typeOf(address)
  if (type === 'sms') return e164(address)
  if (type === 'email') return /^\S+@\S+$/.test(address) ? address : null
  const colon = address.indexOf(':')
  const rest = address.slice(colon + 1).trim()
  const number = type === 'whatsapp' ? (e164(rest) ?? scopedUser(rest)) : rest
  return number ? `${type}:${number}` : null
}

/** `US.1349…`: a country, and what a business knows the user by. */
function scopedUser(text: string): string | null {
  return /^[A-Z]{2}\.[A-Za-z0-9]{1,128}$/.test(text) ? text : null
}

/** What else may send an SMS, but is nobody whom one could write to: a short code, or a name of up to 11 characters. */
function senderOf(text: string): string | null {
  const sender = text.trim()
  if (/^\d{3,8}$/.test(sender)) return sender
  return /^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/.test(sender) ? sender : null
}

/**
 * An address of ours on a channel, with the channel's prefix where it has one: what customers write to. On SMS it may be a
 * short code or a name. Null where it is none, or is on another channel.
 */
export function ownAddress(type: string, text: string): string | null {
  const isBare = type === 'sms' || type === 'email' || text.trim().toLowerCase().startsWith(`${type}:`)
  const whole = isBare ? text : `${type}:${text.trim()}`
  const address = normalized(whole) ?? (type === 'sms' ? senderOf(whole) : null)
  return address !== null && typeOf(address) === type ? address : null
}

/** The two addresses of a message that came in, as a participant would have them; undefined where nobody could answer. */
export function inboundPair(from: string, to: string): { address: string; proxy_address: string } | undefined {
  const address = normalized(from)
  if (address === null) return undefined
  const type = typeOf(address)
  const proxy_address = ownAddress(type, to)
  return proxy_address === null || proxy_address === address ? undefined : { address, proxy_address }
}

/** The address of somebody outside, as `normalized` has it. Refuses what is none (reference conversations 7.4, rule 6). */
export function checkedAddress(text: string): string {
  return normalized(text) ?? refuse('participant.bad_address', `Invalid messaging binding address: ${text}`)
}

/** A binding without anything. */
export const unbound = { address: null, proxy_address: null, projected_address: null, name: null, level: null } as const

/** A number of ours by which a group MMS sees somebody: networks carry groups among full numbers only. */
export function checkedProjected(text: string): string {
  const address = normalized(text)
  if (address !== null && typeOf(address) === 'sms') return address
  return refuse('participant.bad_proxy_address', `Invalid messaging binding projected address: ${text}`)
}

/** The binding that these two addresses make. Refuses what is no address (reference conversations 7.4). */
export function pairOf(addressText: string, proxyText: string): Binding {
  const address = checkedAddress(addressText)
  const proxy_address = checkedProxy(address, proxyText)
  return { ...unbound, type: typeOf(address), address, proxy_address }
}

/** The other side's address: on the same channel, and not the same address. On SMS it may be a short code or a name. */
export function checkedProxy(address: string, proxyText: string): string {
  const type = typeOf(address)
  const isText = type === 'sms' || type === 'rcs'
  const proxy = normalized(proxyText) ?? (isText ? senderOf(proxyText) : null)
  const types = [type, proxy && typeOf(proxy)]
  const isSame = types[0] === types[1] || types.includes('rcs') // RCS may fall back to SMS
  if (proxy === null || !isSame || proxy === address) {
    return refuse('participant.bad_proxy_address', `Invalid messaging binding proxy address: ${proxyText}`)
  }
  return proxy
}
