import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import type { OriginOptions } from './origin.ts'

/** The network that somebody is in, as far as the proxy that is in front can say. */
export function addressOf(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  { trustProxy }: OriginOptions
): string {
  const forwarded = trustProxy
    ? String(headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : ''
  return networkOf(forwarded || (socket.remoteAddress ?? ''))
}

/**
 * The network of an address, by which tries are counted: whoever has an address of IPv6 has all those that share its first
 * 64 bits.
 */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  const [plain = ''] = address.split('%')
  if (!isIPv6(plain)) return address
  const [head = '', tail] = plain.toLowerCase().split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [before, after] = [groups(head), groups(tail ?? '')]
  const between = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  const four = [...before, ...between, ...after].slice(0, 4)
  return `${four.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
