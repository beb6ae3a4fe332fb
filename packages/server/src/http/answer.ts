import { randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { strangers } from '../realtime/strangers.ts'
import { safeHeaders, sayLast } from '../realtime/worker-sdk/hang-up.ts'
import { isLongUnread } from './connections.ts'
import { envelopeOf } from './errors.ts'
import type { Metrics } from './metrics.ts'
import { isFromPage } from './origin.ts'

/** The answer to a preflight (reference rest-conventions 3): for pages that have a token; none is let in by what a browser remembers. */
export const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers':
    'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Idempotency-Key, Range, X-Twilio-Token, X-Twilio-Webhook-Enabled',
  'Access-Control-Expose-Headers': 'ETag, Twilio-Request-Id'
} as const

/** Nothing is limited; clients read them all the same (reference taskrouter 0.1). */
const rateLimitHeaders = {
  'X-Rate-Limit-Limit': '1000000',
  'X-Rate-Limit-Remaining': '1000000',
  'X-Rate-Limit-Config': 'Unlimited'
} as const

/** Headers that answers of a kind have in common: names and values in turn, and as they go over the wire. */
interface Common {
  readonly list: readonly string[]
  readonly text: string
}

function common(...headers: readonly Readonly<Record<string, string>>[]): Common {
  const pairs = headers.flatMap((some) => Object.entries(some))
  return { list: pairs.flat(), text: pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('') }
}

/** Only pages, which say their origin, need all of CORS. */
const constantHeaders = {
  open: common(safeHeaders, { 'Access-Control-Allow-Origin': '*' }),
  cors: common(safeHeaders, corsHeaders)
}

const privateHeaders = { open: common(safeHeaders), cors: common(safeHeaders) }

const taskrouterHeaders = {
  open: common(safeHeaders, { 'Access-Control-Allow-Origin': '*' }, rateLimitHeaders),
  cors: common(safeHeaders, corsHeaders, rateLimitHeaders)
}

/** One process's requests have this in common, and a number each. */
const requestPrefix = `RQ${randomBytes(12).toString('hex')}`
let requests = 0

/** `RQ` and 32 hex digits: not a secret, only unlikely to come twice. */
export function requestId(): string {
  requests = (requests + 1) % 0x100000000
  return requestPrefix + requests.toString(16).padStart(8, '0')
}

/** Milliseconds as seconds with three digits behind the point. Most answers take few: what `toFixed` makes of those is kept. */
function durationText(ms: number): string {
  const whole = Math.round(ms)
  const known = durations[whole]
  if (known !== undefined) return known
  const text = (whole / 1000).toFixed(3)
  if (whole < 1000) durations[whole] = text
  return text
}

const durations: string[] = []

/** An answer as Node keeps it until it is sent: there is no other way to its head. */
type NodeResponse = ServerResponse & { _header?: unknown; readonly _hasBody?: boolean }

interface Head {
  readonly status: number
  /** Those that Node looks at, and those of few answers: names and values in turn. */
  readonly headers: string[]
  /** All others, as lines. */
  readonly more: string
}

/**
 * Sends an answer with a body of ASCII as one text. Node puts together the head of what it needs to look at; what it would
 * only copy, header by header, stands behind that. And given the body, it would write head and body as one text and an empty
 * one for the end, which the socket gathers in a buffer that it makes for both: a tenth of all that writing an answer costs.
 */
function sendAsOne(response: NodeResponse, { status, headers, more }: Head, body: string): void {
  response.writeHead(status, headers)
  const head = String(response._header)
  response._header = `${head.slice(0, -2)}${more}\r\n${response._hasBody ? body : ''}`
  response.end()
}

/** Whether an answer that is sent so comes out as it should: what it counts on is Node's own affair. */
const isSentAsOne = (() => {
  let sent = ''
  const nobody = Object.assign(new Socket(), {
    write: (text: string) => {
      sent += text
      return true
    }
  })
  try {
    const response = new ServerResponse(new IncomingMessage(nobody))
    response.assignSocket(nobody)
    sendAsOne(response, { status: 200, headers: ['Content-Length', '2'], more: 'X: y\r\n' }, 'ok')
  } catch {
    return false
  }
  return /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n(?:[\w-]+: .+\r\n)*X: y\r\n\r\nok$/.test(sent)
})()

/** Whose answer it is: an operation's, or of something beside the APIs (`health`, `clock`, …). */
export interface Subject {
  readonly id: string
  readonly product: string | undefined
  /** For pages of our own origin alone: nothing is said to others. */
  readonly isPrivate?: true
}

export const nothing: Subject = { id: 'none', product: undefined }

interface Answer {
  readonly subject: Subject
  readonly status: number
  /** JSON text, unless `type` says else; undefined for none (204). */
  readonly body: string | undefined
  readonly etag?: string | undefined
  /** JSON by default. */
  readonly type?: string | undefined
}

/** Names of headers that say what a body is, and for how long it may be kept. (A range is told of with its refusal.) */
const isOfBody = /^(?:content-(?!range$)|cache-control$|etag$|last-modified$)/

/** Callers without valid credentials that the log is told in a second, one by one. */
const toldStrangers = 20

/** Sends answers, and tells log and metrics of each: one line without query and body. */
export class Answers {
  readonly #log: Logger
  readonly #metrics: Metrics | undefined
  readonly #isTls: boolean
  /** Callers without valid credentials in this second, and when it ends. */
  #strangers = 0
  #secondEnds = 0
  /** Once the server stops, each answer is the last one of its connection. */
  isStopping = false

  /** @param isTls - whether all who call do so by TLS, and browsers may remember that. */
  constructor(log: Logger, metrics: Metrics | undefined, isTls = false) {
    this.#log = log
    this.#metrics = metrics
    this.#isTls = isTls
  }

  /**
   * Written past Fastify's reply, which would copy, lower and look up each header: that costs as much as finding the row.
   * Who is not known is answered at the pace of strangers.
   */
  send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
    reply.hijack()
    if (answer.status !== 401) this.#write(request, reply, answer)
    else
      strangers.inTurn(
        request.raw.socket.remoteAddress,
        () => this.#write(request, reply, answer),
        () => reply.raw.destroy()
      )
    return reply
  }

  #write(
    request: FastifyRequest,
    reply: FastifyReply,
    { subject, status, body, etag, type = 'application/json' }: Answer
  ): void {
    const ms = performance.now() - request.began
    const { open, cors } = subject.isPrivate
      ? privateHeaders
      : subject.product === 'taskrouter'
        ? taskrouterHeaders
        : constantHeaders
    const { list, text } = request.headers.origin === undefined ? open : cors
    const duration = durationText(ms)
    const headers: string[] = []
    if (status === 401 && !isFromPage(request.headers)) headers.push('WWW-Authenticate', 'Basic realm="Twilio API"')
    if (etag !== undefined) headers.push('ETag', etag)
    if (this.#isTls) headers.push('Strict-Transport-Security', 'max-age=31536000')
    const bytes = body === undefined ? 0 : Buffer.byteLength(body)
    if (body !== undefined) headers.push('Content-Type', type, 'Content-Length', String(bytes))
    const { socket } = reply.raw
    // Only the answer whose turn it is on its connection has a socket.
    const isNext = socket instanceof Socket
    const isLast = isNext && status >= 400 && isLongUnread(request.raw)
    if (this.isStopping && !isLast) headers.push('Connection', 'close')
    // Text of ASCII alone goes out as it lies in memory.
    const isAscii = body !== undefined && bytes === body.length
    if (isNext && !isLast && isAscii && isSentAsOne && reply.raw.getHeaderNames().length === 0) {
      const more = `${text}Twilio-Request-Id: ${request.id}\r\nTwilio-Request-Duration: ${duration}\r\n`
      sendAsOne(reply.raw, { status, headers, more }, body)
    } else {
      const all = [...list, 'Twilio-Request-Id', request.id, 'Twilio-Request-Duration', duration, ...headers]
      if (isLast) sayLast(socket, { status, headers: all, body: body ?? '' }, { isHeard: false })
      else reply.raw.writeHead(status, all).end(body)
    }
    this.#tell(request, subject, status, ms)
  }

  /** An answer that writes itself, and resolves with its status; what it throws before it has begun is answered. */
  async streamed(
    request: FastifyRequest,
    reply: FastifyReply,
    subject: Subject,
    write: () => Promise<number>
  ): Promise<void> {
    if (this.isStopping) reply.raw.setHeader('Connection', 'close')
    try {
      const status = await write()
      this.#tell(request, subject, status, performance.now() - request.began)
    } catch (error) {
      if (!reply.raw.headersSent) return void this.fail(request, reply, subject, error)
      // Most often its reader has hung up; the length that was said tells whoever has not that something is missing.
      reply.raw.destroy()
      this.#log.debug({ request_id: request.id, operation: subject.id, err: error }, 'an answer broke off')
      this.#tell(request, subject, reply.raw.statusCode, performance.now() - request.began)
    }
  }

  #tell(request: FastifyRequest, subject: Subject, status: number, ms: number): void {
    this.#metrics?.requestEnded(subject.id, status, ms / 1000)
    const isQuiet = (request.method === 'GET' && status < 400) || (status === 401 && !this.#isTold())
    const level = isQuiet ? 'debug' : 'info'
    if (this.#log.isLevelEnabled(level)) {
      const { id: request_id, method } = request
      this.#log[level]({ request_id, method, operation: subject.id, status, ms: Math.round(ms * 10) / 10 }, 'request')
    }
  }

  /** Whether one more caller without valid credentials is told: a flood of them shall not fill a disk. */
  #isTold(): boolean {
    const now = performance.now()
    if (now >= this.#secondEnds) {
      const untold = this.#strangers - toldStrangers
      if (untold > 0) this.#log.warn({ requests: untold }, 'more requests came without valid credentials')
      this.#secondEnds = now + 1000
      this.#strangers = 0
    }
    this.#strangers++
    return this.#strangers <= toldStrangers
  }

  /**
   * The envelope of what was thrown. What is our fault is told to the log, with the request id that the caller has; what
   * only was unavailable is a request like any other, for whoever lost the store has told the log why.
   */
  fail(request: FastifyRequest, reply: FastifyReply, subject: Subject, error: unknown): FastifyReply {
    const body = envelopeOf(error)
    // What was to be sent, and is not, may have been told of already.
    for (const name of reply.raw.getHeaderNames()) if (isOfBody.test(name)) reply.raw.removeHeader(name)
    if (body.status >= 500 && body.status !== 501 && body.status !== 503) {
      this.#log.error({ request_id: request.id, operation: subject.id, err: error }, 'request failed')
    }
    return this.send(request, reply, { subject, status: body.status, body: JSON.stringify(body) })
  }
}
