import { refuse } from '../refusals.ts'

/** How a participant without the SDK is reached: two addresses, or one e-mail address. */
export interface Binding {
  readonly type: string
  readonly address: string
  readonly proxy_address: string | null
  readonly name: string | null
  readonly level: string | null
}

const prefixes = ['whatsapp', 'messenger', 'rcs', 'gbm', 'apple', 'line', 'viber', 'instagram', 'email', 'chat', 'sms']
const mostCharacters = 256

/** The text before the first colon where it names a channel, else e-mail where there is an `@`, else SMS (reference conversations 7.1). */
export function typeOf(address: string): string {
  const colon = address.indexOf(':')
  const prefix = address.slice(0, colon).toLowerCase()
  if (colon > 0 && prefixes.includes(prefix)) return prefix
  return address.includes('@') ? 'email' : 'sms'
}

/**
 * The address in the form in which it is compared and stored: numbers on SMS and WhatsApp are E.164, without the marks that
 * people write between the digits. Null where it is none. A blank in front is a plus that nobody encoded.
 */
export function normalized(text: string): string | null {
  const address = /^ \d/.test(text) ? `+${text.slice(1)}` : text.trim()
  if (address === '' || address.length > mostCharacters) return null
  const type = typeOf(address)
  if (type === 'sms') return e164(address)
  if (type === 'email') return /^\S+@\S+$/.test(address) ? address : null
  const colon = address.indexOf(':')
  const rest = address.slice(colon + 1).trim()
  const number = type === 'whatsapp' ? e164(rest) : rest
  return number ? `${type}:${number}` : null
}

/** The number as a plus and 2 to 15 digits, of which the first begins a country's code and is no zero; null for all else. */
export function e164(text: string): string | null {
  const number = text.trim().replaceAll(/[\s().-]/g, '')
  return /^\+[1-9]\d{1,14}$/.test(number) ? number : null
}

/** What else may send an SMS, but is nobody whom one could write to: a short code, or a name of up to 11 characters. */
function senderOf(text: string): string | null {
  const sender = text.trim()
  if (/^\d{3,8}$/.test(sender)) return sender
  return /^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/.test(sender) ? sender : null
}

/** The address of somebody outside, as `normalized` has it. Refuses what is none (reference conversations 7.4, rule 6). */
export function checkedAddress(text: string): string {
  return normalized(text) ?? refuse('participant.bad_address', `Invalid messaging binding address: ${text}`)
}

/** The binding that these two addresses make. Refuses what is no address (reference conversations 7.4). */
export function pairOf(addressText: string, proxyText: string): Binding {
  const address = checkedAddress(addressText)
  const proxy_address = checkedProxy(address, proxyText)
  return { type: typeOf(address), address, proxy_address, name: null, level: null }
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
