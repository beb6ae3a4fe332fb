import type { IncomingMessage } from 'node:http'
import { networkOf } from '../access/tries.ts'
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
