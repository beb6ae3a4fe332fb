import { InvalidRequest, parseRequest } from '@ringdown/contract/form'
import type { Operation } from '@ringdown/contract/operation'
import { listEnvelope } from '@ringdown/contract/paging'
import { type Rendering, serialize } from '@ringdown/contract/serialize'
import type { FastifyRequest } from 'fastify'
import type { Ledger } from '../commit/ledger.ts'
import type { AnyCall, AnyHandler, Context, Listed } from '../operations/handler.ts'
import { NotImplemented } from './errors.ts'
import type { UrlOf } from './origin.ts'

/** What an operation answers to one request, ready to be sent. */
export interface Rendered {
  readonly status: number
  /** JSON text; undefined for none. */
  readonly body: string | undefined
  /** Of a row that has one: `"3"`. */
  readonly etag: string | undefined
}

/** Answers an operation's requests. Throws whatever its handler refuses. */
export type Endpoint = (request: FastifyRequest, ledger: Ledger, context: Context, url: UrlOf) => Promise<Rendered>

/** Schemas whose rows have a version that the API shows as ETag (reference taskrouter 0.5). */
const versioned = new Set([
  'TaskrouterV1Task',
  'TaskrouterV1Worker',
  'TaskrouterV1TaskReservation',
  'TaskrouterV1WorkerReservation'
])

export function endpointOf(operation: Operation, handler: AnyHandler | undefined): Endpoint {
  if (!handler) {
    return async () => {
      throw new NotImplemented(`${operation.id} (${operation.method} ${operation.path}) is not implemented`)
    }
  }
  const render = rendererOf(operation)
  const parse = (request: FastifyRequest) => parseRequest(operation, rawOf(request))
  if (operation.method === 'GET') {
    return async (request, ledger, context, url) => {
      const call = parse(request)
      try {
        const answer = handler(call, context)
        return render(answer instanceof Promise ? await answer : answer, request, call, url)
      } finally {
        // What is told, even that something is missing, may not be lost afterwards: everything that was read is durable.
        await ledger.settled()
      }
    }
  }
  return async (request, _ledger, context, url) => {
    const call = parse(request)
    return render(await handler(call, context), request, call, url)
  }
}

function rawOf(request: FastifyRequest) {
  return {
    path: request.params as Record<string, string>, // the router's parameters of the operation's own template
    query: (request.query as { text: string }).text, // made by the server's query parser
    body: typeof request.body === 'string' ? request.body : '',
    contentType: request.headers['content-type'],
    headers: request.headers
  }
}

type Renderer = (answer: unknown, request: FastifyRequest, call: AnyCall, url: UrlOf) => Rendered

function rendererOf(operation: Operation): Renderer {
  const { status, schema, listKey } = operation
  if (schema === null) return () => ({ status, body: undefined, etag: undefined })
  if (listKey !== null)
    return (answer, request, call, url) => renderList(operation, answer as Listed<object>, request, call, url) // a list's handler answers a page
  const hasVersion = versioned.has(schema.name)
  return (answer, _request, { path }, url) => {
    const row = answer as Readonly<Record<string, unknown>> // a handler of one row answers it
    const rendering: Rendering = { url, path }
    return {
      status,
      body: JSON.stringify(serialize(operation, row, rendering)),
      etag: hasVersion ? `"${row.version}"` : undefined
    }
  }
}

function renderList(
  operation: Operation,
  listed: Listed<object>,
  request: FastifyRequest,
  { path, page }: AnyCall,
  url: UrlOf
): Rendered {
  if (page === null) throw new InvalidRequest(`${operation.id} has no pages`)
  const rendering: Rendering = { url, path }
  const items = listed.items.map((row) => serialize(operation, row as Readonly<Record<string, unknown>>, rendering))
  const rawUrl = request.url
  const end = rawUrl.indexOf('?')
  const list = {
    items,
    url,
    path: withoutLabel(end < 0 ? rawUrl : rawUrl.slice(0, end)),
    query: end < 0 ? '' : rawUrl.slice(end + 1),
    page,
    next: listed.next,
    previous: listed.previous
  }
  return { status: operation.status, body: JSON.stringify(listEnvelope(operation, list)), etag: undefined }
}

/** `/taskrouter/v1/Workspaces/` -> `/v1/Workspaces`. */
function withoutLabel(path: string): string {
  return path.replace(/^\/[^/]+/, '').replace(/\/$/, '')
}
