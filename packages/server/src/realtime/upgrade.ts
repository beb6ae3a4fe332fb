import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ErrorBody, errorBody } from '@ringdown/contract/errors'
import { strangers } from './strangers.ts'
import { hangUpWith } from './worker-sdk/hang-up.ts'

/** Somebody who opens WebSockets: at its own paths, or wherever nobody else does. */
export interface Taker {
  takes(request: IncomingMessage): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

const takersOf = new WeakMap<Server, Taker[]>()

/** Hands WebSockets to the first taker that wants them, in the order in which they were mounted. */
export function onUpgrade(server: Server, taker: Taker): void {
  const known = takersOf.get(server)
  if (known) {
    known.push(taker)
    return
  }
  const takers = [taker]
  takersOf.set(server, takers)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const chosen = isWebSocket(request) ? takers.find((one) => one.takes(request)) : undefined
    const wrong = chosen && wrongIn(request)
    if (wrong) hangUpWith(socket, errorBody(wrong), { 'Sec-WebSocket-Version': '13' })
    else if (chosen) chosen.upgrade(request, socket, head)
    else giveBack(server, request, socket, head)
  })
}

/** Answers an upgrade that is not granted, at the pace of strangers. Browsers are not challenged: they would remember what somebody types in. */
export function refuseUpgrade(socket: Duplex, envelope: ErrorBody, request?: IncomingMessage): void {
  const isChallenged = envelope.status === 401 && request !== undefined && request.headers.origin === undefined
  socket.on('error', () => {}) // a close follows
  strangers.inTurn(
    socket instanceof Socket ? socket.remoteAddress : undefined,
    () => hangUpWith(socket, envelope, isChallenged ? { 'WWW-Authenticate': 'Basic realm="Twilio API"' } : {}),
    () => socket.destroy()
  )
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** What would make `ws` refuse a handshake in words of its own (RFC 6455, 4.2.1). */
function wrongIn({ method, headers }: IncomingMessage): Parameters<typeof errorBody>[0] | undefined {
  const version = headers['sec-websocket-version']
  if (method !== 'GET') return { status: 405, code: 20004, message: 'Method not allowed' }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? ''))
    return { status: 400, code: 20001, message: 'The header Sec-WebSocket-Key is missing or invalid' }
  if (version === '13' || version === '8') return undefined
  return { status: 426, code: 20001, message: 'The header Sec-WebSocket-Version is invalid: 13 is expected' }
}

/**
 * Puts a request back before the server without its wish for another protocol. Some HTTP clients offer HTTP/2 that way
 * (`Upgrade: h2c`) and are content with an ordinary answer, which they would not get once anybody listens for upgrades:
 * Node hands over every connection that asks for one.
 */
function giveBack(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(i, i + 2)
    if (!/^(?:upgrade|http2-settings|connection)$/i.test(name)) lines.push(`${name}: ${value}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}
