import { randomUUID } from 'node:crypto'
import { type ErrorBody, errorBody } from '@ringdown/contract/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { envelopeOf } from './errors.ts'
import type { Metrics } from './metrics.ts'

/** Of every answer of an API (reference rest-conventions 3); a preflight gets these and nothing else. */
export const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'Access-Control-Allow-Headers':
    'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key, X-Twilio-Webhook-Enabled',
  'Access-Control-Expose-Headers': 'ETag, Twilio-Request-Id',
  'Access-Control-Allow-Credentials': 'true'
} as const

/** Nothing is limited; clients read them all the same (reference taskrouter 0.1). */
const rateLimitHeaders = {
  'X-Rate-Limit-Limit': '1000000',
  'X-Rate-Limit-Remaining': '1000000',
  'X-Rate-Limit-Config': 'Unlimited'
} as const

const apiHeaders = { 'Content-Type': 'application/json', ...corsHeaders }
const taskrouterHeaders = { ...apiHeaders, ...rateLimitHeaders }

/** `RQ` and 32 hex digits: not a secret, only unlikely to come twice. */
export function requestId(): string {
  return `RQ${randomUUID().replaceAll('-', '')}`
}

/** Whose answer it is: an operation's, or of something beside the APIs (`health`, `clock`, …). */
export interface Subject {
  readonly id: string
  readonly product: string | undefined
}

export const nothing: Subject = { id: 'none', product: undefined }

/** Sends answers, and tells log and metrics of each: one line without query and body. */
export class Answers {
  readonly #log: Logger
  readonly #metrics: Metrics | undefined

  constructor(log: Logger, metrics: Metrics | undefined) {
    this.#log = log
    this.#metrics = metrics
  }

  /** `body` is JSON text, or undefined for none (204). */
  send(request: FastifyRequest, reply: FastifyReply, subject: Subject, status: number, body: string | undefined): FastifyReply {
    const ms = performance.now() - request.began
    reply.code(status).headers(subject.product === 'taskrouter' ? taskrouterHeaders : apiHeaders)
    reply.header('Twilio-Request-Id', request.id).header('Twilio-Request-Duration', (ms / 1000).toFixed(3))
    this.#metrics?.requestEnded(subject.id, status, ms / 1000)
    const line = { request_id: request.id, method: request.method, operation: subject.id, status, ms: Math.round(ms * 10) / 10 }
    if (request.method === 'GET' && status < 400) this.#log.debug(line, 'request')
    else this.#log.info(line, 'request')
    if (body === undefined) reply.removeHeader('Content-Type')
    return reply.send(body)
  }

  /** The envelope of what was thrown. What is our fault is told to the log, with the request id that the caller has. */
  fail(request: FastifyRequest, reply: FastifyReply, subject: Subject, error: unknown): FastifyReply {
    const body = envelopeOf(error)
    if (body.status >= 500 && body.status !== 501) {
      this.#log.error({ request_id: request.id, operation: subject.id, err: error }, 'request failed')
    }
    if (body.status === 401) reply.header('WWW-Authenticate', 'Basic realm="Twilio API"')
    return this.send(request, reply, subject, body.status, JSON.stringify(body))
  }
}

/** An answer to bytes that are no HTTP request: there is no request yet, so it is written by hand. */
export function malformedAnswer(status: number, message: string): string {
  const body = JSON.stringify(errorBody({ code: 20001, message, status } satisfies Omit<ErrorBody, 'more_info'>))
  return `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
