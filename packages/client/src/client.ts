import { type OperationId, type OperationTypes, operations } from '@ringdown/contract/generated/operations'
import type { Meta, Operation } from '@ringdown/contract/operation'
import { errorOf } from './api-error.ts'
import { type Asked, type HttpRequest, requestOf } from './request.ts'

export interface ClientOptions {
  /** Where Ringdown is: `http://127.0.0.1:8080`. */
  readonly url: string
  /** The value of the `Authorization` header; asked for before each request, so that a token may be a new one. */
  readonly authorization: () => string | Promise<string>
  /** The global one where it is left out. */
  readonly fetch?: Send
}

/** `fetch`, as far as it is used. */
export type Send = (
  url: string,
  request: Omit<HttpRequest, 'target'> & { readonly signal?: AbortSignal }
) => Promise<Pick<Response, 'ok' | 'status' | 'statusText' | 'text'>>

/** What is asked of an operation: the names of its path, and its parameters. */
export type Asking<Id extends OperationId> = Named<'path', OperationTypes[Id]['path']> &
  Named<'params', OperationTypes[Id]['params']> &
  Manner

/** How it is asked. */
interface Manner {
  /** Stops waiting for it. */
  readonly signal?: AbortSignal
  /** Of a create, 1 to 255 characters: asked again under it within 24 hours, it answers the same and does nothing. */
  readonly idempotency_key?: string
}

/** Operations that answer in pages. */
export type ListId = {
  [Id in OperationId]: OperationTypes[Id]['result'] extends { readonly meta: Meta } ? Id : never
}[OperationId]

/** One item of a list's answer. */
export type ItemOf<Id extends ListId> = OperationTypes[Id]['result'] extends infer R
  ? R extends Readonly<Record<Exclude<keyof R, 'meta'>, readonly (infer Item)[]>>
    ? Item
    : never
  : never

/**
 * A client of all operations of the contract, by their ids: names in snake_case as the APIs have them, instants as
 * milliseconds. Needs `fetch` and `URL` and nothing else, so it runs in browsers and in Node.
 */
export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /**
   * Asks one operation; answers its resource, or a page of them, as the API shows it.
   *
   * Throws ApiError for every answer that is an error; what `fetch` throws where there was none.
   */
  call<Id extends OperationId>(id: Id, asking: Asking<Id>): Promise<OperationTypes[Id]['result']> {
    return this.#send(operationOf(id), asking)
  }

  /**
   * All items of a list, page after page, as they are asked for. `page_size` is that of the API.
   *
   * Throws ApiError as `call` does.
   */
  async *list<Id extends ListId>(
    id: Id,
    asking: Asking<Id> & { readonly page_size?: number }
  ): AsyncGenerator<ItemOf<Id>> {
    const operation = operationOf(id)
    let query = new URLSearchParams(asking.page_size === undefined ? '' : { PageSize: String(asking.page_size) })
    let params: object = asking.params ?? {}
    for (;;) {
      const page: Page<ItemOf<Id>> = await this.#send(operation, { ...asking, params }, query)
      yield* page[operation.listKey ?? ''] ?? []
      if (page.meta.next_page_url === null) return
      // Its query has the filters, too. Its host is not asked: this client talks to one server only.
      query = new URL(page.meta.next_page_url).searchParams
      params = {}
    }
  }

  /** Its answer is what the contract says of the operation. */
  async #send<T>(
    operation: Operation,
    { signal, idempotency_key, ...asked }: Asked & Manner,
    query?: URLSearchParams
  ): Promise<T> {
    const { method, target, headers, body } = requestOf(operation, asked, new URLSearchParams(query))
    const { url, authorization, fetch: send = globalThis.fetch } = this.#options
    const response = await send(url.replace(/\/$/, '') + target, {
      method,
      headers: {
        accept: 'application/json',
        authorization: await authorization(),
        ...(idempotency_key !== undefined && { 'idempotency-key': idempotency_key }),
        ...headers
      },
      ...(body !== undefined && { body }),
      ...(signal && { signal })
    })
    const text = await response.text()
    if (!response.ok) throw errorOf(response, text)
    return (text === '' ? null : JSON.parse(text)) as T // by the contract
  }
}

/** `Authorization` of an account or key and its secret. */
export function basic(username: string, password: string): () => string {
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  const header = `Basic ${btoa(String.fromCharCode(...bytes))}`
  return () => header
}

/** Required where it has a member that is. */
type Named<Name extends string, T> =
  Record<never, never> extends T ? { readonly [name in Name]?: T } : { readonly [name in Name]: T }

/** Beside `meta` it has one list, whose name differs. */
type Page<Item> = { readonly meta: Meta } & Readonly<Record<string, readonly Item[]>>

const byId = new Map(operations.map((operation) => [operation.id, operation]))

function operationOf(id: OperationId): Operation {
  const operation = byId.get(id)
  if (!operation) throw new TypeError(`there is no operation ${id}`)
  return operation
}
