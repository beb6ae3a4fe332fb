import { ringdown } from '@ringdown/mcp/twilio-client'
import type twilio from 'twilio'

/** One request of a tool, without host: `taskrouter/v1/Workspaces`. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

export interface WireAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What comes of a request before the server hears of it: an answer, or nothing, and then the server answers. */
type Interjection = (sent: Sent) => WireAnswer | undefined | Promise<WireAnswer | undefined>

/**
 * The wire between tools and a server: it keeps what was sent, lets a test act between two requests of a tool, and gives
 * the answers that no Ringdown gives (Twilio's own refusals, rates, events that come late).
 */
export class Wire {
  readonly sent: Sent[] = []
  readonly #url: string
  #rows: (readonly [method: string, path: RegExp, Interjection])[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** `GET taskrouter/v1/Workspaces/:ws`, where `:name` is one segment; the row that was added last is asked first. */
  on(pattern: string, interjection: Interjection): this {
    const [method = '', path = ''] = pattern.split(' ')
    this.#rows.unshift([method, new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`), interjection])
    return this
  }

  /** Everything that was sent but reads. */
  writes(): readonly Sent[] {
    return this.sent.filter((request) => request.method !== 'GET')
  }

  /** How often a path that ends so was read. */
  reads(end: string): number {
    return this.sent.filter(({ method, path }) => method === 'GET' && path.endsWith(end)).length
  }

  /** The transport for a backend's SDK. */
  httpClient(): twilio.RequestClient {
    const http = ringdown({ url: this.#url })
    const original = http.request.bind(http)
    const client: twilio.RequestClient = Object.create(http)
    client.request = (async (request: Parameters<typeof original>[0]) => {
      const { host, pathname, searchParams } = new URL(request.uri)
      const label = host.endsWith('.twilio.com') ? `${host.split('.')[0]}${pathname}` : pathname.slice(1)
      const answer = await this.#hear({
        method: request.method.toUpperCase(),
        path: decodeURIComponent(label),
        form: recordOf(request.data),
        query: { ...Object.fromEntries(searchParams), ...recordOf(request.params) },
        headers: recordOf(request.headers)
      })
      if (answer === undefined) return original(request)
      return { statusCode: answer.status, body: structuredClone(answer.body), headers: answer.headers ?? {} }
    }) as never // the SDK's signature is generic over the body
    return client
  }

  /** The transport for what only a Ringdown has. */
  readonly fetch: typeof globalThis.fetch = async (url, init) => {
    const { pathname, searchParams } = new URL(String(url))
    const answer = await this.#hear({
      method: 'GET',
      path: pathname.slice(1),
      form: {},
      query: Object.fromEntries(searchParams),
      headers: Object.fromEntries(new Headers(init?.headers))
    })
    if (answer === undefined) return fetch(url, init)
    const { status, body, headers } = answer
    return new Response(JSON.stringify(body), { status, ...(headers && { headers }) })
  }

  async #hear(sent: Sent): Promise<WireAnswer | undefined> {
    this.sent.push(sent)
    for (const [method, path, interjection] of this.#rows) {
      const answer = method === sent.method && path.test(sent.path) ? await interjection(sent) : undefined
      if (answer) return answer
    }
    return undefined
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value ?? {})
}

/** The APIs' error envelope. */
export function refusal(status: number, code: number, message: string, details?: object): WireAnswer {
  const more_info = `https://www.twilio.com/docs/errors/${code}`
  return { status, body: { code, message, status, more_info, ...(details && { details }) } }
}

/** A list answer of one page. */
export function listOf(key: string, items: readonly unknown[]): WireAnswer {
  const meta = {
    key,
    page: 0,
    page_size: 50,
    next_page_url: null,
    previous_page_url: null,
    first_page_url: '',
    url: ''
  }
  return { status: 200, body: { [key]: items, meta } }
}

/** A SID that says what it is: `sid('WK', 1)`. */
export const sid = (prefix: string, number = 1): string => `${prefix}${number.toString(16).padStart(32, '0')}`
