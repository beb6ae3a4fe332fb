import {
  type McpServer,
  ProtocolError,
  type ServerContext,
  type StandardSchemaV1,
  SUBSCRIPTION_ID_META_KEY
} from '@modelcontextprotocol/server'
import type { Privacy } from '@ringdown/contract/masking'
import { situationErrors } from '@ringdown/contract/situation-errors'
import { inputSchemaOf, payloadSchemaOf, type Situation, situations } from '@ringdown/contract/situations'
import type { Backend } from './backend.ts'
import { apiError, Fault } from './errors.ts'
import { bad, refusedRequest } from './event-errors.ts'
import { EventWebhooks } from './event-webhooks.ts'
import { Following, integerIn } from './following.ts'
import { objectIn } from './json.ts'
import { takeTurn } from './rate.ts'
import type { Row } from './results.ts'

/*
 * MCP Events (SEP-3415): what happens, listed as types, asked for by polls, pushed on a stream that is a request of its own,
 * or sent to a webhook. Cursors are the feed's: a client goes on where it was through any door, and after any restart.
 */

const usualEvents = 50
const maxEventsAtOnce = 100
const maxPages = 10
/** Milliseconds until the next poll: where there is more, where something was, and where nothing was. */
const pollSoon_ms = 1_000
const pollLater_ms = 5_000
/** Seconds after which a stream tells that it is alive, and where it is. */
const heartbeat_s = 15
/** Streams that one caller may have open. */
const maxStreams = 100

const streams = new WeakMap<Backend, number>()

export interface EventDoor {
  readonly backend: Backend
  readonly workspace: string | undefined
  readonly privacy: Privacy
  /** Whether events are sent to webhooks: who comes over HTTP has a credential by which they are known. */
  readonly webhooks: boolean
  /** Aborted when the connection of a request is gone, where that does not end the request by itself. */
  readonly gone?: ((context: ServerContext) => AbortSignal | undefined) | undefined
}

const modes = ({ webhooks }: Pick<EventDoor, 'webhooks'>): readonly string[] =>
  webhooks ? ['poll', 'push', 'webhook'] : ['poll', 'push']

/** The extension among the capabilities; some clients look for `events`. */
export const eventsCapability = (door: Pick<EventDoor, 'webhooks'>) => ({
  events: { delivery: modes(door) },
  extensions: { 'io.modelcontextprotocol/events': {} }
})

/** Serves the requests of the extension; only a Ringdown has a log that they can follow. */
export function registerEvents({ server }: McpServer, door: EventDoor): void {
  const api = door.backend.ringdown
  if (!api) return
  const delivery = modes(door)
  server.setRequestHandler('events/list', { params: anything }, () => ({
    events: situations.map((one) => ({ ...listed(one), delivery }))
  }))
  const serve = (method: string, answer: (params: Row, context: ServerContext) => Promise<Row>) =>
    server.setRequestHandler(method, { params: anything }, (params, context) =>
      asRequest(() => {
        takeTurn(door.backend)
        return answer(objectIn(params), context)
      })
    )
  serve('events/poll', (params, context) => poll(new Following(door, api), params, context))
  serve('events/stream', (params, context) => stream(new Following(door, api), params, within(context, door)))
  const webhooks = new EventWebhooks(door, api)
  serve('events/subscribe', (params, { mcpReq: { signal } }) => webhooks.subscribe(params, signal))
  serve('events/unsubscribe', (params, { mcpReq: { signal } }) => webhooks.unsubscribe(params, signal))
}

function listed(situation: Situation): Row {
  const { name, description } = situation
  return { name, description, inputSchema: inputSchemaOf(situation), payloadSchema: payloadSchemaOf(situation) }
}

async function poll(following: Following, params: Row, { mcpReq: { signal } }: ServerContext): Promise<Row> {
  const subscription = await following.subscription(params, signal)
  const limit = Math.min(integerIn(params.maxEvents, 'maxEvents') ?? usualEvents, maxEventsAtOnce)
  if (subscription.cursor === undefined) {
    const { cursor } = await following.page(subscription, { cursor: undefined, wait_s: 0, signal })
    return { events: [], cursor, hasMore: false, truncated: false, nextPollMs: pollLater_ms }
  }
  const events: Row[] = []
  let { cursor } = subscription
  let [hasMore, truncated] = [true, false]
  for (let page = 0; page < maxPages && hasMore && events.length < limit; page++) {
    const found = await following.page(subscription, { cursor, wait_s: 0, signal })
    const told = found.events.slice(0, limit - events.length)
    events.push(...told.map((one) => ({ ...one })))
    const isCut = told.length < found.events.length
    cursor = isCut ? (told.at(-1)?.cursor ?? cursor) : found.cursor
    hasMore = isCut || found.has_more
    truncated ||= found.truncated
  }
  const nextPollMs = hasMore || events.length > 0 ? pollSoon_ms : pollLater_ms
  return { events, cursor, hasMore, truncated, nextPollMs }
}

/** In a session a request outlives its connection; a stream does not, since whoever comes again goes on from its cursor. */
function within(context: ServerContext, { gone }: EventDoor): ServerContext {
  const hangUp = gone?.(context)
  if (!hangUp) return context
  const { mcpReq } = context
  return { ...context, mcpReq: { ...mcpReq, signal: AbortSignal.any([mcpReq.signal, hangUp]) } }
}

/** Open until the client hangs up; what it was told last has the cursor from which it can go on. */
async function stream(following: Following, params: Row, { mcpReq }: ServerContext): Promise<Row> {
  const { signal, id } = mcpReq
  const subscription = await following.subscription(params, signal)
  const open = streams.get(following.backend) ?? 0
  if (open >= maxStreams)
    throw new ProtocolError(situationErrors.tooMany, `${maxStreams} streams are open already`, {
      limit: 'streams',
      max: maxStreams
    })
  streams.set(following.backend, open + 1)
  const tell = (what: string, told: object) => {
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: id }
    return mcpReq.notify({ method: `notifications/events/${what}`, params: { ...told, _meta } })
  }
  try {
    let { cursor } = subscription
    cursor ??= (await following.page(subscription, { cursor, wait_s: 0, signal })).cursor
    await tell('active', { cursor, truncated: false })
    while (!signal.aborted) {
      const found = await following.page(subscription, { cursor, wait_s: heartbeat_s, signal })
      // Some of what it asked for is not kept any more: it is told so before what there is.
      if (found.truncated)
        await tell('active', { cursor: found.events.length === 0 ? found.cursor : cursor, truncated: true })
      for (const occurrence of found.events) await tell('event', occurrence)
      // A page that has more has only passed what nobody asked for.
      if (found.events.length === 0 && !found.has_more) await tell('heartbeat', { cursor: found.cursor })
      cursor = found.cursor
      await following.keep(subscription, signal)
    }
  } catch (error) {
    if (signal.aborted) return {}
    const refused = apiError(error)
    if (!refused || (refused.status !== 401 && refused.status !== 403)) throw error
    // Who may not see it any more is told so.
    await tell('terminated', { error: { code: situationErrors.notAllowed, message: refused.message } })
  } finally {
    streams.set(following.backend, (streams.get(following.backend) ?? 1) - 1)
  }
  return {}
}

/** Refusals become errors of the protocol: the requests of this extension have no results that are errors. */
async function asRequest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault) {
      const [first] = error.bodies
      if (first?.status === 429) throw new ProtocolError(situationErrors.tooMany, first.message)
      throw bad(first?.message ?? 'refused')
    }
    throw refusedRequest(error) ?? error
  }
}

/** What a client sends is looked at here, and told in our words. */
const anything: StandardSchemaV1<unknown> = {
  '~standard': { version: 1, vendor: 'ringdown', validate: (value) => ({ value }) }
}
