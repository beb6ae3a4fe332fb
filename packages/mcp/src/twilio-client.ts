import twilio from 'twilio'

type Request = Parameters<twilio.RequestClient['request']>[0]
type Response = Awaited<ReturnType<twilio.RequestClient['request']>>

/** How the SDK's own HTTP client is set up: back-off after 429 within about five seconds in all, and timeouts. */
export interface HttpClientOptions {
  /** Repeats a request after 429, at most three times (the SDK's back-off). */
  readonly autoRetry?: boolean
  /** Milliseconds after which a request is given up; the SDK's default is 30,000. */
  readonly timeout?: number
}

const twilioHost = /^https?:\/\/([a-z0-9-]+)(?:\.[a-z0-9-]+)*\.twilio\.com(?=[/:?]|$)(?::\d+)?/i

/** The SDK's HTTP client with the address of each request changed on its way; what is not Twilio's passes unchanged. */
class MappedClient extends twilio.RequestClient {
  readonly #map: (request: Request, label: string, host: string, rest: string) => Request

  constructor(
    map: (request: Request, label: string, host: string, rest: string) => Request,
    options: HttpClientOptions = {}
  ) {
    super({ ...options, maxRetryDelay: 1500, maxRetries: 3 })
    this.#map = map
  }

  override async request<TData>(request: Request): Promise<import('twilio/lib/http/response.js').default<TData>> {
    const match = twilioHost.exec(request.uri)
    if (!match) return super.request<TData>(request as never) // the SDK types the request by the body it sends, which passes through
    const [address, label = ''] = match
    const host = new URL(address).host
    return super.request<TData>(this.#map(request, label, host, request.uri.slice(address.length)) as never) // as above
  }
}

/**
 * An `httpClient` for the official Twilio SDK that sends everything to a Ringdown:
 * `new Twilio(sid, token, { httpClient: ringdown({ url: 'http://127.0.0.1:8080' }) })`.
 * `https://<product>.twilio.com/…` becomes `<url>/<product>/…` (reference rest-conventions 12); page URLs come
 * back in that form and are followed as they are.
 */
export function ringdown(options: { readonly url: string } & HttpClientOptions): twilio.RequestClient {
  const base = baseOf(options.url)
  return new MappedClient((request, label, _host, rest) => ({ ...request, uri: `${base}/${label}${rest}` }), options)
}

/**
 * An `httpClient` that keeps Twilio's host names in the `Host` header and dials another address, as a name server
 * or proxy of one's own would: how the Twilio backend is proven against a server that answers to those names.
 */
export function underTwilioHosts(options: { readonly url: string } & HttpClientOptions): twilio.RequestClient {
  const base = baseOf(options.url)
  return new MappedClient(
    (request, _label, host, rest) => ({
      ...request,
      uri: `${base}${rest}`,
      headers: { ...request.headers, Host: host }
    }),
    options
  )
}

function baseOf(url: string): string {
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new TypeError(`the address of a Ringdown begins with http:// or https://, not ${parsed.protocol}`)
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
}

export type { Response as HttpResponse }
