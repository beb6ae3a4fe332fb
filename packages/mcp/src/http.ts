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
  /** The JSON body where it is parsed already; otherwise it is read from `request`. */
  readonly body?: unknown
}

export type McpHttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: McpHttpRequest
) => Promise<void>

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const MOST_BACKENDS = 200

/**
 * The handler of `POST /mcp`, or of `POST /mcp/read-only` with `readOnly`: stateless Streamable HTTP for clients of
 * both protocol eras, in the form that `Accept` takes (accept.ts). It answers 403 where Host or Origin is foreign (DNS rebinding), and never checks credentials:
 * the server that mounts it has done so, with the same ones as REST.
 */
export function mcpHttpHandler(options: McpHttpOptions): McpHttpHandler {
  const { backend: backendFor, hosts = [], origins = [], ...serverOptions } = options
  const backends = new Map<string, Backend>()
  const hostAllowed = hostHeaderValidation([...LOOPBACK, ...hosts])
  const originAllowed = originValidation([...LOOPBACK, ...hosts, ...origins])
  const onerror = (error: Error) => options.onerror?.(error)

  const backendOf = (credentials: Credentials): Backend => {
    const key = principal(credentials)
    const backend = backends.get(key) ?? backendFor(credentials)
    backends.delete(key)
    backends.set(key, backend)
    const [oldest] = backends.keys()
    if (backends.size > MOST_BACKENDS && oldest !== undefined) backends.delete(oldest)
    return backend
  }

  const handler = createMcpHandler(
    ({ authInfo }) => {
      const backend = authInfo?.extra?.backend as Backend | undefined // put there below
      if (!backend) throw new Error('an MCP request came in without its account')
      return createMcpServer({ ...serverOptions, backend })
    },
    { onerror }
  )
  const serve = toNodeHandler(negotiating(handler), { onerror })

  return async (request, response, { credentials, body }) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return
    const auth = { token: '', clientId: credentials.username, scopes: [], extra: { backend: backendOf(credentials) } }
    await serve(Object.assign(request, { auth }) as NodeIncomingMessageLike, response, body) // Node's type says `method?: string | undefined`, the adapter's `method?: string`
  }
}
