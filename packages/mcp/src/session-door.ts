import {
  isInitializeRequest,
  isLegacyRequest,
  type McpHandlerRequestOptions,
  type McpServer,
  readRequestBody
} from '@modelcontextprotocol/server'
import { answerForm, notAcceptable, takesEvents } from './accept.ts'
import type { SessionOwner, SessionRequest, Sessions } from './sessions.ts'

/** A handler with the web-standard face. */
interface FetchHandler {
  fetch(request: Request, options?: McpHandlerRequestOptions): Promise<Response>
}

/** What a request with a session needs beyond itself. */
export interface SessionCaller {
  readonly owner: SessionOwner
  readonly onceOver: SessionRequest['onceOver']
}

interface SessionDoor {
  readonly sessions: Sessions
  /** Who asks. */
  readonly callerOf: (options: McpHandlerRequestOptions) => SessionCaller
  /** A server for a session of its own. */
  readonly make: () => McpServer
}

const sessionHeader = 'mcp-session-id'
/** The revision from which on there are no sessions. */
const sessionless = '2026-07-28'
/** Bytes of an `initialize`; a longer body is none. */
const maxInitialize = 64 * 1024

/**
 * Sessions before a handler that knows none: an `initialize` of a client that reads streams of events begins one, and its
 * further requests come with `Mcp-Session-Id`. Whoever names none is served without, as programs do that make one call.
 */
export function withSessions(handler: FetchHandler, { sessions, callerOf, make }: SessionDoor): FetchHandler {
  return {
    async fetch(request, options = {}) {
      const revision = request.headers.get('mcp-protocol-version')
      if (revision !== null && revision >= sessionless) return handler.fetch(request, options)
      const { owner, onceOver } = callerOf(options)
      const asked = (own = options) => ({ request: readingEvents(request), options: own, onceOver })
      const id = request.headers.get(sessionHeader)
      if (id !== null) {
        const session = sessions.find(id, owner)
        if (!session) return refused(404, -32_001, 'Session not found: begin a new one with initialize')
        // What the server asks, and tells, comes as events.
        if (request.method !== 'DELETE' && !takesEvents(request)) return notAcceptable()
        const response = await sessions.answer(session, asked())
        return request.method === 'GET' && response.ok ? opened(response) : response
      }
      const parsedBody = await initializeIn(request, options)
      if (parsedBody === undefined) return handler.fetch(request, options)
      const own = { ...options, parsedBody }
      return (await sessions.begin(asked(own), owner, make)) ?? handler.fetch(request, options)
    }
  }
}

/** The `initialize` in a request of a client that reads events; undefined for any other request, whose body stays unread. */
async function initializeIn(request: Request, { parsedBody }: McpHandlerRequestOptions): Promise<unknown> {
  if (request.method !== 'POST' || request.headers.get('content-type')?.startsWith('application/json') !== true)
    return undefined
  const form = answerForm(request.headers.get('accept'))
  if (form !== 'events' && form !== 'either') return undefined
  const body = parsedBody ?? (await jsonIn(request.clone()))
  return isInitializeRequest(body) && (await isLegacyRequest(request, body)) ? body : undefined
}

/** Undefined for what is no JSON, or too long. */
async function jsonIn(request: Request): Promise<unknown> {
  const body = await readRequestBody(request, maxInitialize)
  if (body.tooLarge) return undefined
  try {
    return JSON.parse(body.text)
  } catch {
    return undefined
  }
}

/** The request as the SDK wants it, which takes only clients that name both forms. */
function readingEvents(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.set('accept', 'application/json, text/event-stream')
  return new Request(request, { headers })
}

/** A stream whose first bytes are there at once: until then a client does not know that it is open. */
function opened({ body, status, headers }: Response): Response {
  const opening = new TransformStream<Uint8Array, Uint8Array>({
    start: (stream) => stream.enqueue(new TextEncoder().encode(': open\n\n'))
  })
  return new Response(body?.pipeThrough(opening) ?? null, { status, headers })
}

function refused(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status })
}
