import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  hostHeaderValidation,
  type NodeIncomingMessageLike,
  originValidation,
  toNodeHandler
} from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { negotiating } from './accept.ts'
import { type Backend, type Credentials, principal } from './backend.ts'
import { ResourceChanges } from './resource-changes.ts'
import { createMcpServer, type McpServerOptions } from './server.ts'

/** How the tools are mounted in an HTTP server. */
export interface McpHttpOptions extends Omit<McpServerOptions, 'backend'> {
  /** The account of a caller whose credentials the HTTP server has already checked. */
  readonly backend: (credentials: Credentials) => Backend
  /** Host names that this server answers to, without ports; loopback names always count. */
  readonly hosts?: readonly string[] | undefined
  /** Host names of the web pages that may call it; a request without `Origin` is no page and passes. */
  readonly origins?: readonly string[] | undefined
}

/** One HTTP request: what the server knows of it beyond Node's objects. */
export interface McpHttpRequest {
  readonly credentials: Credentials
  /** Name of the exchange of this request and its response, where the server is in this process: the call's writes belong to it. */
  readonly exchange?: string | undefined
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
  readonly exchange: string | undefined

  constructor(backend: Backend, exchange: string | undefined) {
    this.backend = backend
    this.exchange = exchange
  }
}

const loopback = ['localhost', '127.0.0.1', '[::1]']
const maxBackends = 200

/**
 * The handler of `POST /mcp`, or of `POST /mcp/read-only` with `readOnly`: stateless Streamable HTTP for clients of
 * both protocol eras, in the form that `Accept` takes (accept.ts). It answers 403 where Host or Origin is foreign (DNS rebinding), and never checks credentials:
 * the server that mounts it has done so, with the same ones as REST.
 */
export function mcpHttpHandler(options: McpHttpOptions): McpHttpHandler {
  const { backend: backendFor, hosts = [], origins = [], ...serverOptions } = options
  const backends = new Map<string, Backend>()
  const hostAllowed = hostHeaderValidation([...loopback, ...hosts])
  const originAllowed = originValidation([...loopback, ...hosts, ...origins])
  const onerror = (error: Error) => options.onerror?.(error)

  const backendOf = (credentials: Credentials): Backend => {
    const key = principal(credentials)
    const backend = backends.get(key) ?? backendFor(credentials)
    backends.delete(key)
    backends.set(key, backend)
    const [oldest] = backends.keys()
    if (backends.size > maxBackends && oldest !== undefined) backends.delete(oldest)
    return backend
  }

  const serving = new WeakMap<Backend, ReturnType<typeof toNodeHandler>>()
  /** Each caller has a handler of its own: what one is told of as it changes is nothing to another. */
  const handlerOf = (backend: Backend) => {
    const known = serving.get(backend)
    if (known) return known
    const bus = backend.ringdown && new ResourceChanges(backend.ringdown, (error) => options.onerror?.(error))
    const handler = createMcpHandler(
      ({ authInfo, era }) => {
        const caller = authInfo?.extra?.caller
        if (!(caller instanceof Caller)) throw new Error('invariant: an MCP request comes in with its account')
        const { exchange } = caller
        // It is over when the response is, which is the server's to know.
        const within = exchange === undefined ? undefined : { name: exchange, end() {} }
        const subscribes = bus !== undefined && era === 'modern'
        return createMcpServer({
          ...serverOptions,
          ...{ backend: caller.backend, exchange: () => within, subscribes, webhooks: true }
        })
      },
      { onerror, ...(bus && { bus }) }
    )
    const fresh = toNodeHandler(negotiating(handler), { onerror })
    serving.set(backend, fresh)
    return fresh
  }

  return async (request, response, { credentials, exchange, body }) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    const backend = backendOf(credentials)
    const caller = new Caller(backend, exchange)
    const auth = { token: '', clientId: credentials.username, scopes: [], extra: { caller } }
    await handlerOf(backend)(Object.assign(request, { auth }) as NodeIncomingMessageLike, response, body) // Node's type says `method?: string | undefined`, the adapter's `method?: string`
  }
}
