import { createHash } from 'node:crypto'
import { parseJson } from '@ringdown/contract/json-text'
import twilio from 'twilio'
import { objectIn } from './json.ts'
import { Names } from './names.ts'
import { keepText } from './raw.ts'
import { type RingdownApi, ringdownApi } from './ringdown-api.ts'
import { type HttpResponse, ringdown, underTwilioHosts } from './twilio-client.ts'
import { asking } from './write-headers.ts'

export type BackendKind = 'ringdown' | 'twilio'

/** Where the tools work: one account, reached through the official SDK. */
export interface Backend {
  readonly kind: BackendKind
  readonly client: twilio.Twilio
  /** What the account's names mean; shared by all calls, so that look-ups are made once. */
  readonly names: Names
  /** What only a Ringdown has; undefined on a Twilio account. */
  readonly ringdown?: RingdownApi
}

/** `AC…` with its auth token, or an API key (`SK…`) with its secret and the account it belongs to. */
export interface Credentials {
  readonly username: string
  readonly password: string
  /** Needed with an API key for the few paths that name the account. */
  readonly accountSid?: string | undefined
}

/** How a backend is reached; `httpClient` replaces the transport, e.g. in tests. */
interface Reached {
  readonly credentials: Credentials
  readonly httpClient?: twilio.RequestClient | undefined
}

/** A Ringdown at `url` (`http://127.0.0.1:8080`), by the credentials of its REST API. */
export function ringdownBackend({
  url,
  credentials,
  httpClient,
  fetch
}: Reached & { readonly url: string; readonly fetch?: typeof globalThis.fetch | undefined }): Backend {
  const base = backend('ringdown', credentials, asking(httpClient ?? ringdown({ url, autoRetry: true })))
  return { ...base, ringdown: ringdownApi({ url, credentials, fetch }) }
}

/**
 * A Twilio account. `base` dials another address under Twilio's host names: a Ringdown that stands in for Twilio.
 */
export function twilioBackend({
  credentials,
  base,
  httpClient
}: Reached & { readonly base?: string | undefined }): Backend {
  const http =
    httpClient ?? (base ? underTwilioHosts({ url: base, autoRetry: true }) : new twilio.RequestClient(retrying))
  return backend('twilio', credentials, http)
}

const retrying = { autoRetry: true, maxRetryDelay: 1500, maxRetries: 3 }

/**
 * Credentials from the environment: `TWILIO_API_KEY` and `TWILIO_API_SECRET`, or `TWILIO_ACCOUNT_SID` and
 * `TWILIO_AUTH_TOKEN` (the names that Twilio's own tools read).
 *
 * Throws Error naming the variables that are missing.
 */
export function credentialsFrom(env: Readonly<Record<string, string | undefined>>): Credentials {
  const { TWILIO_ACCOUNT_SID: sid, TWILIO_AUTH_TOKEN: token, TWILIO_API_KEY: key, TWILIO_API_SECRET: secret } = env
  if (key && secret) return { username: key, password: secret, accountSid: sid }
  if (sid && token) return { username: sid, password: token, accountSid: sid }
  throw new Error('set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or TWILIO_API_KEY and TWILIO_API_SECRET')
}

/** One key per account and credential, for caches that must not mix principals. */
export function principal({ username, password }: Credentials): string {
  return createHash('sha256').update(`${username}\n${password}`).digest('hex')
}

function backend(kind: BackendKind, credentials: Credentials, http: twilio.RequestClient): Backend {
  // The SDK insists on an AC… sid; with an API key alone it is never sent, since no path that the tools use has it.
  const accountSid =
    credentials.accountSid ?? (credentials.username.startsWith('AC') ? credentials.username : `AC${'0'.repeat(32)}`)
  const client = new twilio.Twilio(credentials.username, credentials.password, {
    accountSid,
    httpClient: withDetails(http)
  })
  return { kind, client, names: new Names(client) }
}

/**
 * The SDK's exceptions keep an error body's `details` and drop all headers: the request id and Retry-After travel there.
 */
function withDetails(http: twilio.RequestClient): twilio.RequestClient {
  // As text: long numbers inside of documents (the Flex configuration's) would be rounded before anybody sees them.
  http.axios.defaults.transformResponse = [(text: unknown) => text]
  const original = http.request.bind(http)
  const client: twilio.RequestClient = Object.create(http)
  client.request = (async (request: Parameters<typeof original>[0]) => tagged(await original(request))) as never // the SDK's signature is generic over the body
  return client
}

function tagged(response: HttpResponse): HttpResponse {
  if (response.statusCode < 400) {
    const { body: text } = response
    if (typeof text !== 'string') return response
    const value = parsed(text)
    if (typeof value === 'object' && value !== null) keepText(value, text)
    response.body = value ?? text
    return response
  }
  const headers = objectIn(response.headers)
  const body = typeof response.body === 'string' ? parsed(response.body) : response.body
  const isObject = typeof body === 'object' && body !== null
  response.body = {
    ...(isObject ? body : { message: `HTTP ${response.statusCode} without a JSON body` }),
    details: {
      ...objectIn(objectIn(body).details),
      requestId: headers['twilio-request-id'],
      retryAfter: headers['retry-after']
    }
  }
  return response
}

/** The value, with text for numbers that a value cannot hold as they are written. */
function parsed(text: string): unknown {
  try {
    return parseJson(text, (source) => source)
  } catch {
    return undefined
  }
}
