import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorBody, errorBody } from '@ringdown/contract/errors'
import type { FastifyInstance } from 'fastify'
import { hangUpWith } from '../realtime/worker-sdk/hang-up.ts'
import { refused } from './errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends every connection now, whatever is on it. For a server that is being closed and shall wait no longer. */
    hangUp(): void
  }
}

/** How long connections are waited for, in milliseconds. */
export interface ConnectionLimits {
  /** For all headers of a request. */
  readonly headers_ms: number
  /** For a whole request. */
  readonly request_ms: number
  /** Between two looks at who takes too long. */
  readonly look_ms: number
  /** For what is not finished when the server is closed: half a request, an answer that is not read. */
  readonly grace_ms: number
}

export const connectionLimits: ConnectionLimits = {
  headers_ms: 20_000,
  request_ms: 60_000,
  look_ms: 2_000,
  grace_ms: 5_000
}

/** Settings of Node's own server: everything that it refuses is refused here, in the envelope. */
export function nodeOptions({ headers_ms, look_ms }: ConnectionLimits): ServerOptions {
  return { headersTimeout: headers_ms, connectionsCheckingInterval: look_ms, requireHostHeader: false }
}

/**
 * Keeps the server's sockets in order: no request is invited to send its body before somebody reads it, and a server that
 * closes ends within the grace, whatever anybody holds.
 */
export function keepConnections(app: FastifyInstance, { grace_ms }: ConnectionLimits): void {
  const { server } = app
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    inviteWhenRead(request, response)
    server.emit('request', request, response)
  })
  // What else a caller may expect is not known; that it is not met it sees by the answer (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  // Nobody is connected to anywhere through here. Without a listener Node hangs up and says nothing.
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => {}) // a close follows
    refuse(errorBody(refused.methodNotAllowed), socket)
  })
  app.decorate('hangUp', () => {
    for (const socket of sockets) socket.destroy()
  })
  app.addHook('preClose', async () => hangUpInTime(server, sockets, grace_ms))
}

/** `100 Continue` is said when the body is wanted: to whoever is not known it never is. */
function inviteWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const invite = (event: string | symbol) => {
    if (event !== 'data' && event !== 'readable') return
    request.off('newListener', invite)
    response.writeContinue()
  }
  request.on('newListener', invite)
}

/**
 * Idle connections go as soon as they are idle. One on which nothing has been asked yet is not idle to Node (some clients
 * open one after they have given up a request), and an unfinished one never is.
 */
function hangUpInTime(server: Server, sockets: ReadonlySet<Socket>, grace_ms: number): void {
  if (!server.listening) return
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  const idle = setInterval(() => server.closeIdleConnections(), 20)
  const late = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, grace_ms)
  server.once('close', () => {
    clearInterval(idle)
    clearTimeout(late)
  })
}

/** Bytes of a body that are dropped as they come, so that its connection can go on. */
const shortBody = 64 * 1024

/**
 * Whether a request that is answered before its body has come would have us read a lot that nobody wants. (A short rest is
 * read by Node, until the time for the request is over.)
 */
export function isLongUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > shortBody
}

const malformed: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of the chunks are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive']
}

/**
 * Answers bytes that are no HTTP request, or one that does not arrive, and hangs up. Requests before it on the same
 * connection get their answers first: this one would be taken for theirs.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET') return void socket.destroy()
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && patientSockets.has(socket)) return
  // Each further piece of what is no HTTP is told, too.
  if (refusedSockets.has(socket)) return
  refusedSockets.add(socket)
  const [status, message] = malformed[error.code ?? ''] ?? [400, 'This is no HTTP request']
  refuse(errorBody({ code: 20001, message, status }), socket)
}

const refusedSockets = new WeakSet<Socket>()

/** Sockets on which a file comes in, whose own door says how long it may take. */
const patientSockets = new WeakSet<Socket>()

/** From now on the request on a socket may take longer than others; the answer ends that. Node says once that it is late. */
export function takesLong(socket: Socket): () => void {
  patientSockets.add(socket)
  return () => patientSockets.delete(socket)
}

function refuse(envelope: ErrorBody, socket: Socket): void {
  if (!socket.writable) return void socket.destroy()
  const { _httpMessage: underWay } = socket as Socket & { readonly _httpMessage?: ServerResponse | null } // where Node keeps it; there is no other way to it
  if (underWay?.req.complete) {
    underWay.once('close', () => refuse(envelope, socket))
    return
  }
  // Its own answer has begun: nothing may follow it.
  if (underWay?.headersSent) return void socket.destroy()
  hangUpWith(socket, envelope)
}
