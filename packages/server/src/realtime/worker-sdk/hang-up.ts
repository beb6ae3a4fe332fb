import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@ringdown/contract/errors'

/** What every answer has: no browser may take it for anything else than it says it is, and nobody keeps it. */
export const safeHeaders = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' } as const

/** How long a caller has to read the last answer and to close its side; a shorter time where it may send a lot. */
const linger_ms = 1_000
const unheard_ms = 250

/** Answers an error where no response stands for it (bytes that are no HTTP, an upgrade that is not granted). */
export function hangUpWith(socket: Duplex, envelope: ErrorBody, more: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify(envelope)
  const length = String(Buffer.byteLength(body))
  const headers = { ...safeHeaders, ...more, 'Content-Type': 'application/json', 'Content-Length': length }
  sayLast(socket, { status: envelope.status, headers: Object.entries(headers).flat(), body }, { isHeard: true })
}

interface LastAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
}

/**
 * Writes the last answer of a connection, past Node's response, and lets go of the socket. It stands for a moment longer,
 * until the caller has closed its side: destroying a socket with unread bytes resets the connection, and the answer may be
 * lost with it. What still comes is read and dropped meanwhile if `isHeard`; else it is left where it is, and the caller
 * that sends it soon has to stop.
 */
export function sayLast(
  socket: Duplex,
  { status, headers, body }: LastAnswer,
  { isHeard }: { readonly isHeard: boolean }
): void {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  socket.on('error', () => {}) // a close follows
  socket.end(`${head}Connection: close\r\n\r\n${body}`)
  // Where the caller closes its side first, the socket ends by itself when the answer has left.
  const late = setTimeout(() => socket.destroy(), isHeard ? linger_ms : unheard_ms)
  socket.once('close', () => clearTimeout(late))
  if (isHeard) socket.resume()
  else socket.pause()
}
