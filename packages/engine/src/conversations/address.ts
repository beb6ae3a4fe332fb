import { refuse } from '../core/refusals.ts'

/** How a participant without the SDK is reached: two addresses, or one e-mail address. */
export interface Binding {
  readonly type: string
  readonly address: string
  readonly proxy_address: string | null
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
 * The address in the form in which it is compared and stored: phone numbers are a plus and digits, without the marks that
 * people write between them. Null where it is none. A blank in front is a plus that nobody encoded.
 */
export function normalized(text: string): string | null {
  const address = /^ \d/.test(text) ? `+${text.slice(1)}` : text.trim()
  if (address === '' || address.length > maxCharacters) return null
  const type = typeOf(address)
  if (type === 'sms') return phone(address)
  if (type === 'email') return /^\S+@\S+$/.test(address) ? address : null
  const colon = address.indexOf(':')
  const rest = address.slice(colon + 1).trim()
  const number = type === 'whatsapp' ? phone(rest) : rest
  return number ? `${type}:${number}` : null
}

/** E.164, or a short code of digits. */
function phone(text: string): string | null {
  const digits = text.replaceAll(/[\s().-]/g, '')
  return /^(\+[1-9]\d{4,14}|\d{3,15})$/.test(digits) ? digits : null
}

/** The binding that these two addresses make. Refuses what is no address (reference conversations 7.4). */
export function pairOf(addressText: string, proxyText: string): Binding {
  const address = normalized(addressText)
  if (address === null) return refuse('participant.bad_address', `Invalid messaging binding address: ${addressText}`)
  const proxy_address = checkedProxy(address, proxyText)
  return { type: typeOf(address), address, proxy_address, name: null, level: null }
}

/** The other side's address: on the same channel, and not the same address. */
export function checkedProxy(address: string, proxyText: string): string {
  const proxy = normalized(proxyText)
  const types = [typeOf(address), proxy && typeOf(proxy)]
  const isSame = types[0] === types[1] || types.includes('rcs') // RCS may fall back to SMS
  if (proxy === null || !isSame || proxy === address) {
    return refuse('participant.bad_proxy_address', `Invalid messaging binding proxy address: ${proxyText}`)
  }
  return proxy
}
