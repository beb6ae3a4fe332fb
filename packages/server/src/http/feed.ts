import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { parseForm } from '@ringdown/contract/form'
import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Caller } from '../access/caller.ts'
import { eventReader } from '../access/event-sight.ts'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import { Cursors } from '../log/cursor.ts'
import { checkRight } from '../operations/permission.ts'
import type { Feed, FeedPage, StreamDoor } from '../realtime/feed/feed.ts'
import type { Feeds } from '../realtime/feed/feeds.ts'
import { streamEnds } from '../realtime/feed/page.ts'
import { feedQuestion, type QueryParameters } from '../realtime/feed/question.ts'
import { FeedSockets } from '../realtime/feed/socket.ts'
import { onUpgrade } from '../realtime/upgrade.ts'
import { safeHeaders } from '../realtime/worker-sdk/hang-up.ts'
import type { Subject } from './answer.ts'
import { askingWho, type Credentials, callerOf } from './credentials.ts'
import { queryText } from './endpoint.ts'
import { envelopeOf, HttpRefusal, notAllowed, refused } from './errors.ts'
import { checkPage, type OriginOptions } from './origin.ts'

export interface FeedOptions {
  readonly feeds: Feeds
  readonly credentials: Credentials
  readonly log: Logger
  /** Milliseconds, by the clock of the log. */
  readonly now: () => number
  readonly origin: OriginOptions
}

const path = '/ringdown/v1/Events'
const subject: Subject = { id: 'ringdown_v1.event_stream', product: undefined }

/** The stream that a request for a page of events wants instead, by its header `Accept`. */
export type StreamOf = (
  request: FastifyRequest
) => ((request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) | undefined

/**
 * The account's events as they become durable, in the order of the log, through three doors with one kind of cursor:
 * `GET /ringdown/v1/Events` waits for a page, and is an operation of the contract. Here are the other two: the same with
 * `Accept: text/event-stream`, or `…/Events/stream`, is a stream of server-sent events, and `…/Events/socket` a WebSocket.
 * Waiting is real time, under a test clock too.
 */
export function mountFeed(app: FastifyInstance, options: FeedOptions): StreamOf {
  const { credentials, log, now, feeds } = options
  const feedOf = (account_sid: string): Feed => {
    const feed = feeds.of(account_sid)
    if (!feed) throw new Unavailable(`account ${account_sid} is not served here`)
    return feed
  }

  /** Throws 403 where somebody may follow nothing. */
  const admitted = (caller: Caller) => {
    checkRight(listEvent, caller)
    return {
      feed: feedOf(caller.account_sid),
      caller,
      reader: eventReader(caller, feeds.readAccount(caller.account_sid))
    }
  }

  const stream = async (request: FastifyRequest, reply: FastifyReply) => {
    const { feed, reader } = admitted(callerOf(request).caller)
    const run = await feed.open(feedQuestion(resumed(request, parametersOf(request)), now(), reader))
    reply.hijack()
    log.debug({ request_id: request.id }, 'a stream of events is open')
    await run(sseDoor(reply, feed), goneOf(reply))
    log.debug({ request_id: request.id }, 'a stream of events has ended')
    return reply
  }
  const socketOnly = (): never => {
    throw new HttpRefusal({ status: 426, code: 20001, message: 'Upgrade required: this is the address of a WebSocket' })
  }
  const doors = {
    [`${path}/stream`]: stream,
    [`${path}/socket`]: socketOnly
  } satisfies Record<string, (request: FastifyRequest, reply: FastifyReply) => unknown>
  const onRequest = askingWho(credentials)
  for (const [url, handler] of Object.entries(doors)) {
    app.route({ method: 'GET', url, exposeHeadRoute: false, onRequest, config: { subject }, handler })
    app.route({
      method: ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      onRequest: [onRequest, notAllowed],
      config: { subject },
      handler: notAllowed
    })
  }

  const sockets = new FeedSockets({
    async admit(request) {
      const { authorization } = request.headers
      // Pages cannot send headers here: their first message has a token, which no page of another origin can have got.
      if (authorization === undefined && request.headers.origin !== undefined && credentials.admission) return undefined
      checkPage(request, options.origin)
      const credential = await credentials.of(authorization)
      if (!credential) throw new HttpRefusal(refused.authenticate)
      return admitted(credential.caller)
    },
    async admitBy(token) {
      if (!credentials.admission) throw new HttpRefusal(refused.authenticate)
      return admitted(await credentials.admission.tokens.caller(token))
    },
    question: (parameters, reader) => feedQuestion(parameters, now(), reader),
    envelopeOf,
    log
  })
  onUpgrade(app.server, {
    takes: (request) => placeOf(request) === `${path}/socket`,
    upgrade: (request, socket, head) => {
      const [, query = ''] = (request.url ?? '').split('?', 2)
      sockets.upgrade(request, socket, head, query)
    }
  })
  app.addHook('preClose', async () => {
    feeds.close()
    sockets.close()
  })
  return (request) => (wantsStream(request) ? stream : undefined)
}

/** The operation whose other doors these are: who may do it may come in here. */
const listEvent = operations.find(({ id }) => id === 'ringdown_v1.ListEvent') as Operation // our own API has it

const cursors = new WeakMap<Ledger, Cursors>()

/**
 * The cursor of the feed after all that has been decided: for a request that asks by the header `Ringdown-Cursor`, which
 * then finds everything that it causes behind the cursor in its answer. What is not durable yet will be before the answer.
 */
export function feedCursor(ledger: Ledger): string {
  let known = cursors.get(ledger)
  if (!known) {
    known = new Cursors(ledger.account_sid)
    cursors.set(ledger, known)
  }
  return known.at(ledger.state.next_event - 1)
}

function placeOf({ url }: IncomingMessage): string {
  return (url ?? '').split('?', 1)[0]?.replace(/\/$/, '') ?? ''
}

function parametersOf(request: FastifyRequest): QueryParameters {
  return parseForm(queryText(request))
}

/** Where a browser's EventSource was when it lost its stream; its URL is as old as the page. */
function resumed({ headers }: FastifyRequest, parameters: QueryParameters): QueryParameters {
  const last = headers['last-event-id']
  return typeof last === 'string' && last !== '' ? new Map([...parameters, ['cursor', [last]]]) : parameters
}

function wantsStream({ headers }: FastifyRequest): boolean {
  return /(?:^|,)\s*text\/event-stream\b/i.test(headers.accept ?? '')
}

/** Aborted when the caller hangs up (and, without effect, after the answer). */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/** A client that does not read the last word is hung up on. */
const farewell_ms = 5_000

/**
 * Server-sent events: `opened`, with the cursor; then one message an event, whose `id` is its cursor; `truncated` where
 * events are gone; in silence a comment and a new `id`; `end` before the server hangs up, saying why.
 */
function sseDoor({ raw }: FastifyReply, { cursors }: Feed): StreamDoor {
  let isOpen = false
  const frame = (name: string, position: number, more: object = {}) => {
    const cursor = cursors.at(position)
    return `id: ${cursor}\nevent: ${name}\ndata: ${JSON.stringify({ ...more, cursor })}\n\n`
  }
  raw.on('error', () => {}) // a close follows
  return {
    send(page: FeedPage) {
      const { events, position, isTruncated } = page
      if (!isOpen) {
        isOpen = true
        raw.writeHead(200, sseHeaders).write(`retry: 1000\n${frame('opened', position)}`)
        return
      }
      const lost = isTruncated ? 'event: truncated\ndata: {}\n\n' : ''
      const beat = events.length === 0 ? `: still here\nid: ${cursors.at(position)}\n\n` : ''
      raw.write(lost + events.map(({ seq, text }) => `id: ${cursors.at(seq)}\ndata: ${text}\n\n`).join('') + beat)
    },
    tell(name, text) {
      if (isOpen) raw.write(`event: ${name}\ndata: ${text}\n\n`)
    },
    unread: () => raw.writableLength,
    async drained(signal) {
      await once(raw, 'drain', { signal }).catch(() => {}) // gone, or out of patience: what is unread says which
    },
    end(why, position) {
      if (!isOpen) raw.writeHead(200, sseHeaders)
      raw.end(frame('end', position, { reason: why, message: streamEnds[why] }))
      setTimeout(() => raw.writableFinished || raw.destroy(), farewell_ms).unref()
    }
  }
}

const sseHeaders = {
  ...safeHeaders,
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Proxies of the nginx kind would keep the events to themselves for a while.
  'X-Accel-Buffering': 'no',
  'Access-Control-Allow-Origin': '*'
} as const
