import type { IncomingMessage, ServerResponse } from 'node:http'
import { operations } from '@ringdown/contract/generated/operations'
import type { Method, Operation } from '@ringdown/contract/operation'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import { type Context, contextOf } from '../operations/handler.ts'
import { handlers } from '../operations/registry.ts'
import { Answers, corsHeaders, malformedAnswer, nothing, requestId, type Subject } from './answer.ts'
import { type MovableClock, mountClock } from './clock.ts'
import { authenticate, type Credential, type Credentials } from './credentials.ts'
import { type Endpoint, endpointOf } from './endpoint.ts'
import { HttpRefusal, notFound, refused } from './errors.ts'
import type { Metrics } from './metrics.ts'
import { baseOf, labels, type OriginOptions, routedUrl } from './origin.ts'
import { mountOurs } from './ours.ts'
import { mountProbes } from './probes.ts'

export interface ServerOptions {
  /** The account's ledger; undefined while this process does not own the account, which callers are told by 503. */
  readonly ledger: (account_sid: string) => Ledger | undefined
  readonly credentials: Credentials
  readonly log: Logger
  readonly version: string
  /** Milliseconds since the epoch; the test clock's where there is one. */
  readonly now: () => number
  readonly metrics?: Metrics | undefined
  /** Whether the store answers and the accounts are owned. */
  readonly isReady?: (() => boolean | Promise<boolean>) | undefined
  /** The test clock; without it the server runs on the real one. */
  readonly clock?: MovableClock | undefined
  readonly mcp?: MountMcp | undefined
  /** Where callers reach this server, without a slash at its end; URLs in answers begin with it. */
  readonly publicUrl?: string | undefined
  /** Whether X-Forwarded-Proto and X-Forwarded-Host are believed. */
  readonly trustProxy?: boolean | undefined
}

/** Answers one MCP request on Node's own objects; the credentials have been checked, the body has not been read. */
export type MountMcp = (
  request: IncomingMessage,
  response: ServerResponse,
  context: {
    readonly credentials: { readonly username: string; readonly password: string; readonly accountSid: string }
    /** Whether the request came to `/mcp/read-only`. */
    readonly readOnly: boolean
  }
) => Promise<void>

declare module 'fastify' {
  interface FastifyRequest {
    /** `performance.now()` when it came in. */
    began: number
    /** Whose request it is; null until it is checked, and where nothing is checked. */
    credential: Credential | null
  }
}

/** A legal workflow grows past 1 MiB when it is url-encoded. */
const bodyLimit = 4 * 1024 * 1024

/**
 * The HTTP server: every operation of the contract under `/<label><path>` (without the prefix where the Host says which
 * API), the test clock, MCP, and what machines watch it by. Nothing listens yet.
 */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { log, metrics } = options
  const origin: OriginOptions = {
    trustProxy: options.trustProxy ?? false,
    publicUrl: options.publicUrl?.replace(/\/$/, '')
  }
  const answers = new Answers(log, metrics)
  const app = Fastify({
    // Requests are logged by `Answers`: a child logger for each would cost as much as answering one.
    logger: false,
    bodyLimit,
    requestTimeout: 60_000,
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: (request) => routedUrl(request, origin),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024, querystringParser: (text) => ({ text }) },
    frameworkErrors: (error, request, reply) => {
      begin(request)
      answers.fail(request, reply, nothing, error)
    },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) return
      const isLarge = error.code === 'HPE_HEADER_OVERFLOW'
      socket.end(
        malformedAnswer(isLarge ? 431 : 400, isLarge ? 'The headers are too large' : 'This is no HTTP request')
      )
    }
  })
  app.decorateRequest('began', 0)
  app.decorateRequest('credential', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onRequest', (request, _reply, done) => {
    begin(request)
    done(isClosing ? new Unavailable('the server is stopping') : undefined)
  })
  app.setErrorHandler((error, request, reply) => answers.fail(request, reply, subjectOf(request), error))
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    const label = path.split('/')[1] ?? ''
    // Only who may see what is there is told what is not.
    if (labels.has(label)) authenticate(request, options.credentials)
    return answers.fail(
      request,
      reply,
      nothing,
      notFound(labels.has(label) ? path.replace(/^\/[^/]+\/v\d+/, '') : path)
    )
  })
  app.options('*', (_request, reply) => reply.code(204).headers(corsHeaders).send())
  mountOperations(app, options, answers, origin)
  mountProbes(app, answers, options)
  mountClock(app, answers, options)
  mountOurs(app, answers, options)
  if (options.mcp) mountMcp(app, options.credentials, options.mcp, log)
  return app
}

function begin(request: FastifyRequest): void {
  request.began = performance.now()
}

function subjectOf(request: FastifyRequest): Subject {
  return (request.routeOptions.config as { subject?: Subject }).subject ?? nothing // put there by whoever made the route
}

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** One route per operation, and 405 for a known path's other methods. */
function mountOperations(app: FastifyInstance, options: ServerOptions, answers: Answers, origin: OriginOptions): void {
  const { credentials, ledger: ledgerOf, now } = options
  const contexts = new WeakMap<Ledger, Context>()
  const contextFor = (ledger: Ledger) => {
    let context = contexts.get(ledger)
    if (!context) {
      context = contextOf(ledger, now)
      contexts.set(ledger, context)
    }
    return context
  }
  const check = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    authenticate(request, credentials)
    done()
  }
  const known = new Map<string, Set<string>>()
  for (const operation of operations) {
    const url = routeOf(operation)
    const used = known.get(url.replaceAll(/:\w+/g, ':')) ?? new Set()
    known.set(url.replaceAll(/:\w+/g, ':'), used.add(operation.method))
    const subject: Subject = { id: operation.id, product: operation.product }
    const serve = serverOf(operation, endpointOf(operation, handlers.get(operation.id)), subject)
    app.route({ method: operation.method, url, onRequest: check, config: { subject }, handler: serve })
  }
  const template = new Map(operations.map((operation) => [routeOf(operation).replaceAll(/:\w+/g, ':'), operation]))
  for (const [path, used] of known) {
    const operation = template.get(path) as Operation // the same keys
    const subject: Subject = { id: 'none', product: operation.product }
    app.route({
      method: methods.filter((method) => !used.has(method)),
      url: routeOf(operation),
      onRequest: check,
      config: { subject },
      handler: () => {
        throw new HttpRefusal(refused.methodNotAllowed)
      }
    })
  }

  function serverOf(operation: Operation, endpoint: Endpoint, subject: Subject) {
    const { product } = operation
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const { account_sid } = request.credential as Credential // checked by the route's hook
      const ledger = ledgerOf(account_sid)
      if (!ledger) throw new Unavailable(`account ${account_sid} is not served here`)
      const base = baseOf(request.raw, product, request.originalUrl !== request.url, origin)
      const { status, body, etag } = await endpoint(request, ledger, contextFor(ledger), base)
      return answers.send(request, reply, subject, status, body, etag)
    }
  }
}

/** `/v1/Workspaces/{Sid}` of TaskRouter -> `/taskrouter/v1/Workspaces/:Sid`. */
function routeOf({ product, path }: Operation): string {
  return `/${product}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
}

/** MCP reads its own bodies and writes its own answers: Fastify only finds the path, and who calls. */
function mountMcp(app: FastifyInstance, credentials: Credentials, answer: MountMcp, log: Logger): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    const mount = (url: string, readOnly: boolean) =>
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        config: { subject: { id: 'mcp', product: undefined } satisfies Subject },
        handler: async (request, reply) => {
          const credential = credentials.any(request.headers.authorization)
          if (!credential) throw new HttpRefusal(refused.authenticate)
          const { username, password, account_sid } = credential
          reply.hijack()
          try {
            await answer(request.raw, reply.raw, {
              credentials: { username, password, accountSid: account_sid },
              readOnly
            })
          } catch (error) {
            log.error({ request_id: request.id, err: error }, 'MCP request failed')
            reply.raw.destroy()
          }
        }
      })
    mount('/mcp', false)
    mount('/mcp/read-only', true)
  })
}
