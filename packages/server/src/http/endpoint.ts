import { parseRequest } from '@ringdown/contract/form'
import type { Operation } from '@ringdown/contract/operation'
import { listEnvelope } from '@ringdown/contract/paging'
import { type Rendering, serialized } from '@ringdown/contract/serialize'
import type { FastifyRequest } from 'fastify'
import { type MaybePromise, whenThere } from '../access/at-once.ts'
import type { Ledger } from '../commit/ledger.ts'
import type { AnyCall, AnyHandler, Context, Listed } from '../operations/handler.ts'
import { answered, checkRight, guardOf, type Permitted } from '../operations/permission.ts'
import { TextAnswer } from '../operations/text-answer.ts'
import { type Credential, callerOf } from './credentials.ts'
import { NotImplemented } from './errors.ts'
import { answeredOnce, fingerprintOf, idempotencyKeyOf, keptAnswer } from './once.ts'

/** What an operation answers to one request, ready to be sent. */
export interface Rendered {
  readonly status: number
  /** JSON text; undefined for none. */
  readonly body: string | undefined
  /** Of a row that has one: `"3"`. */
  readonly etag: string | undefined
  /** Of a body that is no JSON. */
  readonly type?: string
  /** Whether it was answered before, under the same idempotency key. */
  readonly isAgain?: boolean
}

/**
 * Answers an operation's requests; `base` stands before paths in its URLs. Throws whatever its handler refuses. Called for each
 * request with what http has at hand, so no object is made for its arguments.
 */
export type Endpoint = (
  request: FastifyRequest,
  ledger: Ledger,
  context: Context,
  base: string,
  /** What the request says, where http has read it in another way. */
  call?: AnyCall
) => Rendered | Promise<Rendered>

/** Schemas whose rows have a version that the API shows as ETag (reference taskrouter 0.5). */
const versioned = new Set([
  'TaskrouterV1Task',
  'TaskrouterV1Worker',
  'TaskrouterV1TaskReservation',
  'TaskrouterV1WorkerReservation'
])

export function endpointOf(operation: Operation, handler: AnyHandler | undefined): Endpoint {
  if (!handler) {
    return async (request) => {
      checkRight(operation, callerOf(request).caller)
      throw new NotImplemented(`${operation.id} (${operation.method} ${operation.path}) is not implemented`)
    }
  }
  const render = rendererOf(operation)
  const permit = guardOf(operation)
  const parse = (request: FastifyRequest) => parseRequest(operation, rawOf(request))
  // Who waits is told events, which are durable before anybody is.
  if (operation.method === 'GET' && !operation.waits) {
    return (request, ledger, context, base) => {
      const call = parse(request)
      const tell = (permitted: Permitted): MaybePromise<Rendered> =>
        whenThere(answered(handler, permitted), (answer) => {
          const rendered = render(answer, request, call, base)
          return whenThere(durable(ledger, handler, permitted, answer), () => rendered)
        })
      return refusedOnceSettled(ledger, () => whenThere(permit(callerOf(request).caller, call, context), tell))
    }
  }
  const isCreate = operation.verb === 'create'
  return async (request, ledger, context, base, given) => {
    const call = given ?? parse(request)
    const permitted = await permit(callerOf(request).caller, call, context)
    const key = isCreate ? idempotencyKeyOf(request.headers['idempotency-key']) : undefined
    if (key === undefined) return render(await answered(handler, permitted), request, call, base)
    const keyed = { key: ownKey(key, callerOf(request)), fingerprint: fingerprintOf(operation, permitted.call) }
    return answeredOnce(ledger, keyed, context.now(), async () => {
      let rendered: Rendered | undefined
      const keeping = context.keeping((shown) => {
        rendered = render(shown, request, call, base)
        return keptAnswer(keyed, context.now(), shown, rendered)
      })
      const answer = await answered(handler, { ...permitted, context: keeping })
      return rendered ?? render(answer, request, call, base)
    })
  }
}

/** Two callers who choose the same key do not mean the same request. */
function ownKey(key: string, { caller: { actor } }: Credential): string {
  return actor ? JSON.stringify([actor.type, actor.sid, key]) : key
}

/**
 * What is told may not be lost afterwards: ends when all that was read is durable; undefined where it is. A process may have
 * been stopped while it read: what it tells must be true when it tells it.
 */
function durable(
  ledger: Ledger,
  { shows }: AnyHandler,
  { call, context, isNames }: Permitted,
  answer: unknown
): Promise<void> | undefined {
  if (ledger.isSettled) return undefined
  // Which rows somebody may see follows from others.
  const shown = context.sight || isNames ? undefined : shows?.(call, answer)
  return shown ? ledger.settledAbout(shown) : ledger.settled()
}

/** Reads; a refusal, that something is missing for example, is told when all that it may follow from is durable. */
function refusedOnceSettled(ledger: Ledger, read: () => MaybePromise<Rendered>): MaybePromise<Rendered> {
  const refuse = async (error: unknown): Promise<never> => {
    await ledger.settled()
    throw error
  }
  try {
    const rendered = read()
    return rendered instanceof Promise ? rendered.catch(refuse) : rendered
  } catch (error) {
    if (ledger.isSettled) throw error
    return refuse(error)
  }
}

function rawOf(request: FastifyRequest) {
  return {
    path: request.params as Record<string, string>, // the router's parameters of the operation's own template
    query: queryText(request),
    body: typeof request.body === 'string' ? request.body : '',
    contentType: request.headers['content-type'],
    headers: request.headers
  }
}

/** The text of a request's query. */
export function queryText(request: FastifyRequest): string {
  return (request.query as { text: string }).text // made by the server's query parser
}

/** A row as the API shows it. */
type Shown = Readonly<Record<string, unknown>>

type Renderer = (answer: unknown, request: FastifyRequest, call: AnyCall, base: string) => Rendered

function rendererOf(operation: Operation): Renderer {
  const { status, schema, listKey } = operation
  if (schema === null)
    return (answer) =>
      answer instanceof TextAnswer
        ? { status, body: answer.text, etag: undefined, type: answer.type }
        : { status, body: undefined, etag: undefined }
  if (listKey !== null) return listRendererOf(operation)
  const hasVersion = versioned.has(schema.name)
  return (answer, _request, { path }, base) => {
    const row = answer as Shown // a handler of one row answers it
    return {
      status,
      body: serialized(operation, row, { base, path }),
      etag: hasVersion ? `"${row.version}"` : undefined
    }
  }
}

function listRendererOf(operation: Operation): Renderer {
  return (answer, request, { path, page }, base) => {
    if (page === null) throw new Error(`invariant: the list ${operation.id} has pages`)
    const listed = answer as Listed<Shown> // a list's handler answers a page
    const rendering: Rendering = { base, path }
    const items = listed.items.map((row) => serialized(operation, row, rendering))
    const rawUrl = request.url
    const end = rawUrl.indexOf('?')
    const list = {
      items: [],
      count: items.length,
      url: (path: string) => base + path,
      path: withoutLabel(end < 0 ? rawUrl : rawUrl.slice(0, end)),
      query: end < 0 ? '' : rawUrl.slice(end + 1),
      page,
      next: listed.next,
      previous: listed.previous
    }
    // The items are text already, and take the place of the envelope's own empty ones, which stand last.
    const envelope = JSON.stringify(listEnvelope(operation, list))
    const body = `${envelope.slice(0, -2)}${items.join(',')}]}`
    return { status: operation.status, body, etag: undefined }
  }
}

/** `/taskrouter/v1/Workspaces/` -> `/v1/Workspaces`. */
function withoutLabel(path: string): string {
  return path.replace(/^\/[^/]+/, '').replace(/\/$/, '')
}
