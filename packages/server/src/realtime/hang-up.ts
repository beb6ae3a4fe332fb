import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@ringdown/contract/errors'

/** What every answer has: no browser may take it for anything else than it says it is, and nobody keeps it. */
export const safeHeaders = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' } as const

/** A caller that neither reads the last answer nor closes its side is not waited for any longer. */
const linger_ms = 1_000

/**
 * Writes an answer where no response stands for one (bytes that are no HTTP, an upgrade that is not granted), and lets go
 * of the socket. What the caller still sends is read and dropped for a moment: destroying a socket with unread bytes
 * resets the connection, and the answer may be lost with it.
 */
export function hangUpWith(socket: Duplex, envelope: ErrorBody, more: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify(envelope)
  const headers = {
    ...safeHeaders,
    ...more,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close'
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => {}) // a close follows
  socket.end(`HTTP/1.1 ${envelope.status} ${STATUS_CODES[envelope.status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`)
  // Where the caller closes its side first, the socket ends by itself when the answer has left.
  const late = setTimeout(() => socket.destroy(), linger_ms)
  socket.once('close', () => clearTimeout(late))
  socket.resume()
}
