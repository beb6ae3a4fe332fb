import type { ServerResponse } from 'node:http'
import { operations } from '@ringdown/contract/generated/operations'
import type { Method, Operation } from '@ringdown/contract/operation'
import type { EngineEvent } from '@ringdown/engine/events'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Admission } from '../access/admission.ts'
import type { Providers } from '../access/providers.ts'
import type { Statistics } from '../analytics/statistics.ts'
import type { Account } from '../commit/account.ts'
import { type Exchange, exchangeOf } from '../commit/exchange.ts'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import type { Sender } from '../delivery/sender.ts'
import type { InsightDesk } from '../insights/insight-desk.ts'
import type { Media } from '../media/media.ts'
import {
  type Ask,
  type Context,
  type CustomerErasure,
  contextOf,
  type MovableClock,
  type Surroundings
} from '../operations/handler.ts'
import { handlers } from '../operations/registry.ts'
import type { FeedLimits } from '../realtime/feed/feed.ts'
import { Feeds } from '../realtime/feed/feeds.ts'
import type { WebchatSocketLimits } from '../realtime/webchat/sockets.ts'
import { safeHeaders } from '../realtime/worker-sdk/hang-up.ts'
import { Answers, corsHeaders, nothing, requestId, type Subject } from './answer.ts'
import { readBody } from './body.ts'
import { mountCarrierWebhooks } from './carrier-webhooks.ts'
import {
  type ConnectionLimits,
  connectionLimits,
  keepConnections,
  nodeOptions,
  refuseMalformed
} from './connections.ts'
import { authenticate, type Credential, type Credentials } from './credentials.ts'
import { type Endpoint, endpointOf, type Rendered } from './endpoint.ts'
import { HttpRefusal, NotImplemented, notFound, refused, withLimit } from './errors.ts'
import { Exchanges } from './exchanges.ts'
import { feedCursor, goneOf, mountFeed, type StreamOf } from './feed.ts'
import { mountFlowWebhook } from './flow-webhook.ts'
import { type MountMcp, mountMcp } from './mcp.ts'
import { answerFile, fileHandlerOf, mountMediaLinks, Uploads } from './media.ts'
import type { Metrics } from './metrics.ts'
import { Bases, checkPage, isByHost, labels, missingApi, type OriginOptions, routedUrl } from './origin.ts'
import { type DeskPages, mountDesk } from './pages.ts'
import { Paths } from './paths.ts'
import { mountProbes } from './probes.ts'
import { mountSessions, sessionsPath } from './sessions.ts'
import { mountWaitDocument } from './wait-document.ts'
import { warningsText } from './warnings.ts'
import { isWebchatPath, mountWebchat, publicWebchatUrl, shownDeployment } from './webchat.ts'
import { mountWebchatPages, type WebchatPages } from './webchat-pages.ts'
import { mountWebchatSocket } from './webchat-socket.ts'

export interface ServerOptions {
  /** The account's ledger; undefined while this process does not own the account, which callers are told by 503. */
  readonly ledger: (account_sid: string) => Ledger | undefined
  /** The same, to follow its log: without it there is no feed of events. */
  readonly account?: ((account_sid: string) => Account | undefined) | undefined
  /** Other bounds of the feed than the usual ones. */
  readonly feedLimits?: Partial<FeedLimits> | undefined
  /** Other bounds of the sockets of customers' pages than the usual ones. */
  readonly webchatLimits?: Partial<WebchatSocketLimits> | undefined
  /** Other patience with connections than the usual one. */
  readonly connectionLimits?: Partial<ConnectionLimits> | undefined
  readonly credentials: Credentials
  readonly log: Logger
  readonly version: string
  /** Milliseconds since the epoch; the test clock's where there is one. */
  readonly now: () => number
  readonly metrics?: Metrics | undefined
  /** Whether the store answers and the accounts are owned. */
  readonly isReady?: (() => boolean | Promise<boolean>) | undefined
  /** Why that is not so, in words for whoever runs the server. */
  readonly trouble?: (() => string | undefined) | undefined
  /** The last step of the machine's clock since the start, for `/ready`; see `MachineTime`. */
  readonly clockStep?:
    | (() => { readonly by: number; readonly at: number; readonly ahead: number } | undefined)
    | undefined
  /** The test clock; without it the server runs on the real one. */
  readonly clock?: MovableClock | undefined
  readonly mcp?: MountMcp | undefined
  /** Exchanges of several requests; whoever may open others than MCP's brings them. */
  readonly exchanges?: Exchanges | undefined
  /** Who sends on an account's behalf. */
  readonly sender?: ((account_sid: string) => Sender | undefined) | undefined
  /** The files of an account; undefined while they are not here. */
  readonly media?: ((account_sid: string) => Media | undefined) | undefined
  /** Who counts what happens in an account. */
  readonly statistics?: ((account_sid: string) => Statistics | undefined) | undefined
  /** Who answers what is asked about that. */
  readonly insights?: ((account_sid: string) => InsightDesk | undefined) | undefined
  /** Who forgets customers of an account. */
  readonly erasure?: ((account_sid: string) => CustomerErasure | undefined) | undefined
  /** `stun:host:port` and `turn:name:password@host:port`. */
  readonly iceServers?: readonly string[] | undefined
  /** Who asks others, on an account's behalf; without it nobody can be reached. */
  readonly ask?: ((account_sid: string, ...question: Parameters<Ask>) => ReturnType<Ask>) | undefined
  /** Where callers reach this server, without a slash at its end; URLs in answers begin with it. */
  readonly publicUrl?: string | undefined
  /** Whether X-Forwarded-Proto and X-Forwarded-Host are believed. */
  readonly trustProxy?: boolean | undefined
  /** Where people may sign in beside here. */
  readonly providers?: Providers | undefined
  /** A build of the desk; without one there is no desk, and all else is as it is. */
  readonly desk?: DeskPages | undefined
  /** The folder with a build of web chat; without one customers' pages bring their own. */
  readonly webchat?: string | undefined
  /** A certificate and its key, in PEM: with them, TLS is served and nothing else. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** `performance.now()` when it came in. */
    began: number
    /** Whose request it is; null until it is checked, and where nothing is checked. */
    credential: Credential | null
    /** The operation that it asks for; null until it is found, and where there is none. */
    served: Served | null
  }
  interface FastifyContextConfig {
    /** What is asked for by a route that is no operation. */
    readonly subject?: Subject
  }
}

/** An operation as it is answered. */
interface Served {
  readonly subject: Subject & { readonly product: string }
  readonly operation: Operation
  readonly endpoint: Endpoint
  /** What stands before the URLs in its answers. */
  readonly bases: Bases
  /** Whether it may wait for something to happen, until its caller hangs up. */
  readonly waits: boolean
}

/** Between two slashes of a path. */
const maxSegment = 1024

/** A legal workflow grows past 1 MiB when it is url-encoded. */
const bodyLimit = 4 * 1024 * 1024

/**
 * The HTTP server: every operation of the contract under `/<label><path>` (without the prefix where the Host says which
 * API), the streams of events, MCP, and what machines watch it by. Nothing listens yet.
 */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { log, metrics } = options
  const origin: OriginOptions = {
    trustProxy: options.trustProxy ?? false,
    publicUrl: options.publicUrl?.replace(/\/$/, '')
  }
  const limits = { ...connectionLimits, ...options.connectionLimits }
  const isTls = options.tls !== undefined || origin.publicUrl?.startsWith('https:') === true
  const answers = new Answers(log, metrics, isTls)
  const app = Fastify({
    // Requests are logged by `Answers`: a child logger for each would cost as much as answering one.
    logger: false,
    bodyLimit,
    requestTimeout: limits.request_ms,
    ...(options.tls ? { https: { ...nodeOptions(limits), ...options.tls } as never } : { http: nodeOptions(limits) }), // one type of server for both
    return503OnClosing: false,
    genReqId: requestId,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    rewriteUrl: (request) => publicWebchatUrl(request, routedUrl(request, origin)),
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: maxSegment,
      querystringParser: (text) => ({ text })
    },
    frameworkErrors: (error, request, reply) => {
      begin(request)
      answers.fail(request, reply, nothing, error)
    },
    clientErrorHandler: refuseMalformed
  })
  app.decorateRequest('began', 0)
  app.decorateRequest('credential', null)
  app.decorateRequest('served', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  keepConnections(app, limits)
  app.addHook('preClose', async () => {
    answers.isStopping = true
  })
  app.addHook('onRequest', (request, _reply, done) => {
    begin(request)
    if (answers.isStopping) throw new Unavailable('the server is stopping')
    checkSender(request, origin)
    if (request.is404) refuseNobodys(request, options.credentials, origin, done)
    else done()
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(reply.kept ? { 'X-Content-Type-Options': 'nosniff' } : safeHeaders)
  })
  app.setErrorHandler((error, request, reply) => {
    answers.fail(request, reply, subjectOf(request), withLimit(error, request.routeOptions.bodyLimit))
  })
  app.setNotFoundHandler(() => {
    throw new Error('invariant: what is nobody’s is refused by the hook')
  })
  // A preflight needs no credentials, and what it brings is not read.
  app.addHttpMethod('OPTIONS', { hasBody: false, overrideExisting: true })
  app.options('*', (request, reply) =>
    reply
      .code(204)
      .headers(request.url.startsWith(sessionsPath) || isWebchatPath(request.url) ? {} : corsHeaders)
      .send()
  )
  const { account, feedLimits, credentials, insights } = options
  const feeds = account && new Feeds(account, log, feedLimits, (sid) => insights?.(sid)?.boards)
  const streamOf = feeds && mountFeed(app, { credentials, log, now: options.now, origin, feeds })
  const { admission } = credentials
  if (admission) mountSessions(app, { admission, origin, providers: options.providers })
  const exchanges = options.exchanges ?? new Exchanges()
  if (admission) mountCustomers(app, options, { admission, origin, feeds })
  mountOperations(app, options, { answers, origin, feeds, streamOf, exchanges })
  mountProbes(app, answers, options)
  mountFlowWebhook(app, { credentials, origin, ledger: options.ledger })
  mountWaitDocument(app)
  if (options.desk) mountDesk(app, options.desk)
  if (options.mcp) mountMcp(app, options.mcp, exchanges, options)
  return app
}

/** The doors of customers' pages, and of the networks that customers write by. */
function mountCustomers(
  app: FastifyInstance,
  options: ServerOptions,
  { admission, origin, feeds }: Pick<Mounting, 'origin' | 'feeds'> & { readonly admission: Admission }
): void {
  const { ledger: ledgerOf, account, log } = options
  const { make } = contextsOf(options, feeds)
  const contextFor = (account_sid: string, exchange?: Exchange) => {
    const ledger = ledgerOf(account_sid)
    if (!ledger) throw new Unavailable(`account ${account_sid} is not served here`)
    return make(ledger, exchange)
  }
  const doors = { admission, origin, contextFor, log }
  mountWebchat(app, doors)
  const { webchat: folder } = options
  const shown: WebchatPages['shown'] = (sid, deployment) => {
    const { state, now } = contextFor(sid)
    return shownDeployment(state, deployment, now())
  }
  if (folder !== undefined) mountWebchatPages(app, { folder, webchats: admission.webchats, shown })
  mountCarrierWebhooks(app, { ...doors, metrics: options.metrics })
  if (account && feeds) mountWebchatSocket(app, { ...doors, account, feeds, limits: options.webchatLimits })
}

/** The contract checks and serializes. Without these, Fastify loads compilers for JSON Schema, a tenth of all that is loaded. */
function noSchemas(): never {
  throw new Error('invariant: no route has a schema')
}

const nobody: NonNullable<ServerOptions['ask']> = async () => ({
  failed: 'connection',
  reason: 'this server reaches nobody'
})

function begin(request: FastifyRequest): void {
  request.began = performance.now()
}

/** What is no HTTP/1.1, and what a page of another place wants to write with the credentials that a browser remembers. */
function checkSender({ raw, url }: FastifyRequest, origin: OriginOptions): void {
  const { headers, method, httpVersion } = raw
  if (headers.host === undefined && httpVersion === '1.1')
    throw new HttpRefusal({ status: 400, code: 20001, message: 'The header Host is missing' })
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return
  // MCP has an own check of pages, and own names; whoever brings no Basic brings nothing that is remembered.
  const isRead = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  if (isRead || url.startsWith('/mcp') || !/^basic /i.test(headers.authorization ?? '')) return
  checkPage(raw, origin)
}

/** Says that there is no such path. Only who may see what is there is told what is not: 401 to anybody else. */
function refuseNobodys(
  request: FastifyRequest,
  credentials: Credentials,
  origin: OriginOptions,
  done: (error: Error) => void
): void {
  const [path = ''] = request.url.split('?', 1)
  const isApi = labels.has(path.split('/')[1] ?? '')
  const missing = missingApi(request.raw, origin)
  const why = () => {
    // Of methods that few have heard of (TRACE, PROPFIND) there is no route.
    if (isApi && !methods.some((method) => method === request.method)) return new HttpRefusal(refused.methodNotAllowed)
    if (missing !== undefined) return new NotImplemented(`${missing}.twilio.com is an API that Ringdown has nothing of`)
    return notFound(isApi ? unversioned(path) : path)
  }
  if (!isApi && missing === undefined) done(why())
  else authenticate(request, credentials.of(request.headers.authorization), (error) => done(error ?? why()))
}

/** A path without what says which API of which version it is of. */
function unversioned(path: string): string {
  return path.replace(/^\/[^/]+\/(?:v\d+|2010-04-01)/, '')
}

/** APIs of Twilio's of which only some is here. */
const inPart: ReadonlySet<string> = new Set(['api', 'iam', 'mcs', 'monitor'])

function subjectOf(request: FastifyRequest): Subject {
  return request.served?.subject ?? request.routeOptions.config.subject ?? nothing
}

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

interface Mounting {
  readonly answers: Answers
  readonly origin: OriginOptions
  readonly feeds: Feeds | undefined
  /** The stream that a request prefers to a page of events. */
  readonly streamOf: StreamOf | undefined
  readonly exchanges: Exchanges
}

/** Of callers who are not waited for. */
const never = new AbortController().signal

/** One route per API; behind it an operation is found by its path, and 405 answers a known path's other methods. */
function mountOperations(app: FastifyInstance, options: ServerOptions, mounting: Mounting): void {
  const { credentials, log, ledger: ledgerOf } = options
  const { answers, origin, feeds, streamOf, exchanges } = mounting
  const { contextFor, make } = contextsOf(options, feeds)
  const exchangeFor = ({ method, headers, credential }: FastifyRequest, { raw }: FastifyReply, account_sid: string) => {
    if (method === 'GET' || method === 'HEAD') return undefined
    const within = exchanges.find(headers['ringdown-exchange'], account_sid)
    const exchange = exchangeOf(raw, { actor: credential?.caller.actor, within })
    if (headers['ringdown-warnings'] !== undefined) exchange.onDurable = (events) => tellWarnings(raw, events)
    return exchange
  }
  const paths = servedPaths(origin)
  const uploads = new Uploads()
  mountMediaLinks(app, { answers, ledger: ledgerOf, contextFor: (ledger) => contextFor(ledger, undefined) })
  // Fastify has found the way here, and is done: its hooks and its reading of bodies would cost a write a tenth more.
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    const fail = (error: unknown) => {
      if (reply.raw.headersSent) {
        log.error({ request_id: request.id, err: error }, 'an answer failed after it had begun')
        reply.raw.destroy()
      } else answers.fail(request, reply, subjectOf(request), error)
    }
    const go = () => {
      try {
        const served = serve(request, reply)
        if (served instanceof Promise) served.catch(fail)
      } catch (refusal) {
        fail(refusal)
      }
    }
    // A file is read by who keeps it.
    if (request.served?.operation.bytes === 'in') return go()
    readBody(request.raw, bodyLimit, (error, body) => {
      if (error) return void fail(error)
      request.body = body
      go()
    })
  }
  const find = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const { socket } = request.raw
    authenticate(request, credentials.onConnection(socket, authorizationOf(request)), (error) => {
      if (error) return done(error)
      try {
        request.served = servedAt(request, paths)
      } catch (refusal) {
        return done(refusal instanceof Error ? refusal : new Error(String(refusal)))
      }
      answer(request, reply)
    })
  }
  // Without a promise where there is nothing to wait for: those on the way of a fetch would cost as much as finding its row.
  const serve = (request: FastifyRequest, reply: FastifyReply) => {
    const { credential, served } = request
    if (!credential || !served) throw new Error('invariant: the hook has checked the caller and found the operation')
    const { account_sid } = credential
    const { subject, operation, endpoint, bases, waits } = served
    const stream = subject.id === 'ringdown_v1.ListEvent' ? streamOf?.(request) : undefined
    if (stream) return stream(request, reply)
    const ledger = ledgerOf(account_sid)
    if (!ledger) throw new Unavailable(`account ${account_sid} is not served here`)
    if (request.headers['ringdown-cursor'] !== undefined) reply.raw.setHeader('Ringdown-Cursor', feedCursor(ledger))
    const base = bases.of(request.raw, isByHost(request.raw, request.originalUrl))
    const send = ({ status, body, etag, isAgain, type }: Rendered) => {
      if (isAgain) reply.raw.setHeader('Idempotent-Replayed', 'true')
      answers.send(request, reply, { subject, status, body, etag, type })
    }
    const context = waits
      ? make(ledger, undefined, goneOf(reply))
      : contextFor(ledger, exchangeFor(request, reply, account_sid))
    const file = { operation, request, ledger, context }
    const rowOf = fileHandlerOf(operation, request)
    if (rowOf) return answers.streamed(request, reply, subject, () => answerFile(file, rowOf, reply))
    if (operation.bytes === 'in')
      return uploads.take(file, async (call) => endpoint(request, ledger, context, base, call)).then(send)
    const rendered = endpoint(request, ledger, context, base)
    return rendered instanceof Promise ? rendered.then(send) : send(rendered)
  }
  for (const product of new Set(operations.map(({ product }) => product)))
    app.route({ method: [...methods], url: `/${product}/*`, onRequest: find, handler: pastFastify })
}

/** Pages bring their token to the API of media in a header of its own, as SDKs do. */
function authorizationOf({ url, headers }: FastifyRequest): string | undefined {
  const token = headers['x-twilio-token']
  if (headers.authorization !== undefined || typeof token !== 'string' || !url.startsWith('/mcs/'))
    return headers.authorization
  return `Bearer ${token}`
}

/** What operations work with: `make` for one request, `contextFor` as well, but that reads of a ledger share one. */
function contextsOf(options: ServerOptions, feeds: Feeds | undefined) {
  /** What is around a ledger's commands, and what all its reads share. */
  const known = new WeakMap<Ledger, { readonly surroundings: Surroundings; readonly reading: Context }>()
  const of = (ledger: Ledger) => {
    let found = known.get(ledger)
    if (!found) {
      const surroundings = surroundingsOf(options, feeds, ledger.account_sid)
      found = { surroundings, reading: contextOf(ledger, surroundings) }
      known.set(ledger, found)
    }
    return found
  }
  const make = (ledger: Ledger, exchange?: Exchange, gone?: AbortSignal) => {
    const surroundings = gone ? surroundingsOf(options, feeds, ledger.account_sid, gone) : of(ledger).surroundings
    return contextOf(ledger, surroundings, exchange)
  }
  const contextFor = (ledger: Ledger, exchange: Exchange | undefined) =>
    exchange ? make(ledger, exchange) : of(ledger).reading
  return { make, contextFor }
}

/** What an account's operations find around them, asked for when they look at it. */
function surroundingsOf(
  {
    credentials,
    now,
    ask = nobody,
    sender,
    statistics,
    media,
    insights,
    erasure,
    clock,
    iceServers = []
  }: ServerOptions,
  feeds: Feeds | undefined,
  account_sid: string,
  gone = never
): Surroundings {
  return {
    now,
    ask: (...question: Parameters<Ask>) => ask(account_sid, ...question),
    get sender() {
      return sender?.(account_sid)
    },
    get statistics() {
      return statistics?.(account_sid)
    },
    get insights() {
      return insights?.(account_sid)
    },
    get erasure() {
      return erasure?.(account_sid)
    },
    get media() {
      return media?.(account_sid)
    },
    get feed() {
      return feeds?.of(account_sid)
    },
    clock,
    admission: credentials.admission,
    iceServers,
    gone
  }
}

/** Every operation of the contract, by its path. */
function servedPaths(origin: OriginOptions): Paths<Served> {
  const paths = new Paths<Served>()
  const bases = new Map<string, Bases>()
  for (const operation of operations) {
    const { id, product, path, method, waits = false } = operation
    const own = bases.get(product) ?? new Bases(product, origin)
    bases.set(product, own)
    const served: Served = {
      subject: { id, product },
      operation,
      endpoint: endpointOf(operation, handlers.get(id)),
      bases: own,
      waits
    }
    paths.add(`/${product}${path}`, method, served)
  }
  return paths
}

/** Operations are answered before Fastify reads a body. */
function pastFastify(): never {
  throw new Error('invariant: an operation is answered by the hook')
}

/** What Twilio is silent about, for a caller who asks with the header `Ringdown-Warnings`. */
function tellWarnings(response: ServerResponse, events: readonly EngineEvent[]): void {
  const text = response.headersSent ? undefined : warningsText(events)
  if (text !== undefined) response.setHeader('Ringdown-Warnings', text)
}

/** Finds the operation that a request asks for, and puts the parameters of its path in their place. */
function servedAt(request: FastifyRequest, paths: Paths<Served>): Served {
  const { url } = request
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  let found: ReturnType<typeof paths.find>
  try {
    found = paths.find(path, request.method === 'HEAD' ? 'GET' : request.method)
  } catch {
    throw new HttpRefusal(refused.malformedPath)
  }
  if (path.length > maxSegment && path.split('/').some(({ length }) => length > maxSegment))
    throw new HttpRefusal({
      status: 414,
      code: 20001,
      message: `A part of the path is longer than ${maxSegment} characters`
    })
  if (!found) {
    const label = path.split('/', 2)[1] ?? ''
    if (!inPart.has(label)) throw notFound(unversioned(path))
    throw new NotImplemented(
      `${label}.twilio.com is an API of which Ringdown has little: there is no ${unversioned(path)}`
    )
  }
  // Nobody waits for the headers alone.
  const isAllowed = found.value && !(request.method === 'HEAD' && found.value.waits)
  if (!found.value || !isAllowed) throw new HttpRefusal(refused.methodNotAllowed)
  request.params = found.params
  return found.value
}
