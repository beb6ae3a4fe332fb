import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  hostHeaderValidation,
  type NodeIncomingMessageLike,
  originValidation,
  toNodeHandler
} from '@modelcontextprotocol/node'
import { type AuthInfo, createMcpHandler, type McpHandlerRequestOptions } from '@modelcontextprotocol/server'
import { negotiating } from './accept.ts'
import { type Backend, type Credentials, principal } from './backend.ts'
import { ResourceChanges } from './resource-changes.ts'
import { createMcpServer, type Lasting, type McpServerOptions } from './server.ts'
import { withSessions } from './session-door.ts'
import { type SessionLimits, Sessions } from './sessions.ts'
import { endWhenUnwanted } from './unwanted.ts'

/** How the tools are mounted in an HTTP server. */
export interface McpHttpOptions extends Omit<McpServerOptions, 'backend'> {
  /** The account of a caller whose credentials the HTTP server has already checked. */
  readonly backend: (credentials: Credentials) => Backend
  /** Host names that this server answers to, without ports; loopback names always count. */
  readonly hosts?: readonly string[] | undefined
  /** Host names of the web pages that may call it; a request without `Origin` is no page and passes. */
  readonly origins?: readonly string[] | undefined
  /** Other bounds of sessions than the usual ones. */
  readonly sessionLimits?: Partial<SessionLimits> | undefined
}

/** One HTTP request: what the server knows of it beyond Node's objects. */
export interface McpHttpRequest {
  readonly credentials: Credentials
  /** Name of the exchange of this request and its response, where the server is in this process: the call's writes belong to it. */
  readonly exchange?: string | undefined
  /** Whether the credentials still let in: asked again and again while a stream is open or a session is kept. */
  readonly stands?: (() => boolean) | undefined
  /** The JSON body where it is parsed already; otherwise it is read from `request`. */
  readonly body?: unknown
}

export type McpHttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: McpHttpRequest
) => Promise<void>

/** Who calls, from the server that has checked it to the one that the SDK makes. */
class Caller {
  readonly backend: Backend
  readonly principal: string
  readonly exchange: string | undefined
  readonly stands: (() => boolean) | undefined
  readonly #response: ServerResponse

  constructor(backend: Backend, { credentials, exchange, stands }: McpHttpRequest, response: ServerResponse) {
    this.backend = backend
    this.principal = principal(credentials)
    this.exchange = exchange
    this.stands = stands
    this.#response = response
  }

  readonly onceOver = (call: () => void): void => {
    this.#response.once('close', call)
  }

  /** Aborted when the response is over. */
  get gone(): AbortSignal {
    const gone = new AbortController()
    this.onceOver(() => gone.abort())
    if (this.#response.destroyed) gone.abort()
    return gone.signal
  }
}

function callerOf(authInfo: AuthInfo | undefined): Caller {
  const caller = authInfo?.extra?.caller
  if (!(caller instanceof Caller)) throw new Error('invariant: an MCP request comes in with its account')
  return caller
}

const loopback = ['localhost', '127.0.0.1', '[::1]']
const maxBackends = 200

/**
 * The handler of `/mcp`, or of `/mcp/read-only` with `readOnly`: Streamable HTTP, in the form that `Accept` takes
 * (accept.ts). Clients of 2026-07-28 are served without state; earlier ones get a session at `initialize`, with a stream of
 * the server's own (GET), whose lost messages are sent again (`Last-Event-ID`), until they end it (DELETE) or do not use it.
 * It answers 403 where Host or Origin is foreign (DNS rebinding), and never checks credentials: the server that mounts it has
 * done so, with the same ones as REST.
 */
export function mcpHttpHandler(options: McpHttpOptions): McpHttpHandler {
  const { backend: backendFor, hosts = [], origins = [], sessionLimits, ...serverOptions } = options
  const backends = new Map<string, Backend>()
  const hostAllowed = hostHeaderValidation([...loopback, ...hosts])
  const originAllowed = originValidation([...loopback, ...hosts, ...origins])
  const onerror = (error: Error) => options.onerror?.(error)
  const sessions = new Sessions(sessionLimits)

  const backendOf = (credentials: Credentials): Backend => {
    const key = principal(credentials)
    const backend = backends.get(key) ?? backendFor(credentials)
    backends.delete(key)
    backends.set(key, backend)
    const [oldest] = backends.keys()
    if (backends.size > maxBackends && oldest !== undefined) backends.delete(oldest)
    return backend
  }

  /** It is over when the response is, which is the server's to know. */
  const exchangeOf: McpServerOptions['exchange'] = ({ http }) => {
    const { exchange } = callerOf(http?.authInfo)
    return exchange === undefined ? undefined : { name: exchange, end() {} }
  }
  const goneOf: McpServerOptions['gone'] = ({ http }) => callerOf(http?.authInfo).gone
  const serverFor = (backend: Backend, more: { readonly listens?: boolean; readonly lasting?: Lasting }) =>
    createMcpServer({ ...serverOptions, ...more, backend, exchange: exchangeOf, gone: goneOf, webhooks: true })

  const serving = new WeakMap<Backend, ReturnType<typeof toNodeHandler>>()
  /** Each caller has a handler of its own: what one is told of as it changes is nothing to another. */
  const handlerOf = (backend: Backend) => {
    const known = serving.get(backend)
    if (known) return known
    const bus = backend.ringdown && new ResourceChanges(backend.ringdown, (error) => options.onerror?.(error))
    const handler = createMcpHandler(
      ({ era }) => serverFor(backend, { listens: bus !== undefined && era === 'modern' }),
      { onerror, ...(bus && { bus }) }
    )
    const door = {
      sessions,
      callerOf({ authInfo }: McpHandlerRequestOptions) {
        const caller = callerOf(authInfo)
        return { owner: caller, onceOver: caller.onceOver }
      },
      make: () => serverFor(backend, { lasting: { changes: bus } })
    }
    const fresh = toNodeHandler(withSessions(negotiating(handler), door), { onerror })
    serving.set(backend, fresh)
    return fresh
  }

  return async (request, response, asked) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    const backend = backendOf(asked.credentials)
    const caller = new Caller(backend, asked, response)
    endWhenUnwanted(response, asked.stands)
    const auth = { token: '', clientId: asked.credentials.username, scopes: [], extra: { caller } }
    await handlerOf(backend)(Object.assign(request, { auth }) as NodeIncomingMessageLike, response, asked.body) // Node's type says `method?: string | undefined`, the adapter's `method?: string`
  }
}
