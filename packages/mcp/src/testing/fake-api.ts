import twilio from 'twilio'
import { type Backend, ringdownBackend, twilioBackend } from '../backend.ts'

/** One request as the SDK sends it, without host and version noise: `taskrouter/v1/Workspaces`. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

/** What the table answers: a body for 200, or a status with it. */
export interface Answer {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Route = readonly [pattern: string, answer: unknown | ((request: Sent) => Answer)]

/**
 * Stands in for the REST API under the official SDK: a table of `METHOD path` → answer. `:name` in a path stands for one
 * segment; the first row that fits wins; what no row fits answers 404 as the API does. `sent` keeps all requests.
 */
export class FakeApi {
  readonly sent: Sent[] = []
  #routes: readonly (readonly [method: string, pattern: RegExp, answer: Route[1]])[] = []

  constructor(routes: readonly Route[] = []) {
    this.first(...routes)
  }

  /** Puts rows before those that are there: what one test wants otherwise. */
  first(...routes: readonly Route[]): this {
    const rows = routes.map(([pattern, answer]) => {
      const [method = '', path = ''] = pattern.split(' ')
      return [method, new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`), answer] as const
    })
    this.#routes = [...rows, ...this.#routes]
    return this
  }

  /** The requests of a kind, e.g. `writes()`: everything but GET. */
  writes(): readonly Sent[] {
    return this.sent.filter((request) => request.method !== 'GET')
  }

  backend(): Backend {
    const credentials = { username: `AC${'a'.repeat(32)}`, password: 'token' }
    const fetch = (url: string | URL | Request, init?: RequestInit) => this.#fetch(String(url), init)
    return ringdownBackend({ url: 'http://ringdown.test', credentials, httpClient: this.#httpClient(), fetch })
  }

  /** The same table behind the names of Twilio's hosts. */
  twilio(): Backend {
    const credentials = { username: `AC${'a'.repeat(32)}`, password: 'token' }
    return twilioBackend({ credentials, httpClient: this.#httpClient() })
  }

  /** What only a Ringdown has: `ringdown/v1/Events`. */
  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname, searchParams } = new URL(url)
    const {
      status = 200,
      body,
      headers
    } = this.#answer({
      method: 'GET',
      path: pathname.slice(1),
      form: {},
      query: Object.fromEntries(searchParams),
      headers: Object.fromEntries(new Headers(init.headers))
    })
    return new Response(JSON.stringify(body), { status, ...(headers && { headers }) })
  }

  #answer(sent: Sent): Answer {
    this.sent.push(sent)
    const route = this.#routes.find(([method, pattern]) => method === sent.method && pattern.test(sent.path))
    return route ? answerOf(route[2], sent) : notFound(sent.path)
  }

  #httpClient(): twilio.RequestClient {
    const client = new twilio.RequestClient()
    client.request = (async (request: Parameters<typeof client.request>[0]) => {
      const { host, pathname } = new URL(request.uri)
      const sent: Sent = {
        method: request.method.toUpperCase(),
        path: `${host.split('.')[0]}${decodeURIComponent(pathname)}`,
        form: (request.data ?? {}) as Record<string, unknown>, // the SDK's form is a record
        query: (request.params ?? {}) as Record<string, unknown>, // as above
        headers: (request.headers ?? {}) as Record<string, unknown> // as above
      }
      const { status = 200, body, headers = {} } = this.#answer(sent)
      return { statusCode: status, body: structuredClone(body), headers }
    }) as never // the SDK's signature is generic over the body
    return client
  }
}

function answerOf(answer: Route[1], sent: Sent): Answer {
  if (typeof answer === 'function') return answer(sent)
  if (sent.method === 'DELETE') return { status: 204, body: '' }
  return { status: sent.method === 'POST' ? 201 : 200, body: answer }
}

const notFound = (path: string): Answer =>
  refusal(404, 20404, `The requested resource /${path.split('/').slice(2).join('/')} was not found`)

/** The API's error envelope. */
export function refusal(status: number, code: number, message: string, details?: object): Answer {
  return {
    status,
    body: {
      code,
      message,
      status,
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      ...(details ? { details } : {})
    }
  }
}

/** A list answer of one page, or with a next one. */
export function listOf(key: string, items: readonly unknown[], next: string | null = null): object {
  return {
    [key]: items,
    meta: { key, page: 0, page_size: 50, next_page_url: next, previous_page_url: null, first_page_url: '', url: '' }
  }
}

/** A SID that says what it is: `sid('WK', 1)`. */
export const sid = (prefix: string, number = 1): string => `${prefix}${number.toString(16).padStart(32, '0')}`
