import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import twilio from 'twilio'

/** A request as it arrived. */
export interface Received {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** As the sender must have dialed it. */
  readonly url: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The body as it is. */
  readonly raw: string
  /** Parameters of a form's body, or of a GET's query; a name that occurs more than once has its last value here. */
  readonly form: Readonly<Record<string, string>>
  /** The body, parsed, when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a body's shape is what tests look at
  readonly json: any
  /** What the official SDK says of its signature. */
  readonly isSigned: boolean
  readonly token: string | undefined
  /** `performance.now()`. */
  readonly at: number
}

/** What a request is answered with. */
export interface Reply {
  /** 200 */
  readonly status?: number
  /** An object is sent as JSON. */
  readonly body?: string | object
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds of real time before it. */
  readonly delay_ms?: number
  /** Never. */
  readonly hang?: boolean
  /** Whatever else may happen to an answer. */
  readonly by?: (response: ServerResponse, request: Received) => void
}

/** An HTTP server that takes what is delivered, checks its signature as customers do, and keeps it. */
export interface Receiver {
  /** Without a slash at its end. */
  readonly url: string
  readonly requests: readonly Received[]
  /** Those to one path, in the order of their arrival. */
  to(path: string): Received[]
  /** Answers a path so from now on; a list answers one request each, its last entry all that follow. */
  answer(path: string, reply: Reply | readonly Reply[] | ((request: Received) => Reply)): void
  /** Resolves when the condition holds, which is asked at every arrival; rejects after ten seconds, or `seconds`. */
  until(condition: (requests: readonly Received[]) => boolean, seconds?: number): Promise<void>
  /** Forgets what has arrived. */
  clear(): void
  close(): Promise<void>
}

type Answer = (request: Received) => Reply

/** Listens on a free port of this machine (or the given one). All is answered 200 with an empty body unless told otherwise. */
export async function receiver(options: {
  readonly auth_token: string
  readonly port?: number
  /** PEM texts: the receiver speaks HTTPS then. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Checks signatures with Node's own HMAC instead of the SDK, which is several times slower, and keeps no requests. */
  readonly onReceived?: (request: Received) => void
}): Promise<Receiver> {
  const requests: Received[] = []
  const answers = new Map<string, Answer>()
  const watchers = new Set<() => void>()
  const { tls, auth_token } = options

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', () => {}) // the sender hung up
    request.on('end', () => {
      const scheme = tls ? 'https' : 'http'
      const raw = Buffer.concat(parts).toString('utf8')
      const received = receivedOf(request, { raw, scheme, auth_token, withSdk: !options.onReceived })
      if (options.onReceived) options.onReceived(received)
      else requests.push(received)
      reply(response, received, answers.get(received.path)?.(received) ?? {})
      for (const watcher of [...watchers]) watcher()
    })
  }
  const server = tls ? createSecureServer(tls, handle) : createServer(handle)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    to: (path) => requests.filter((request) => request.path === path),
    answer(path, given) {
      if (typeof given === 'function') return void answers.set(path, given)
      const left = [given].flat() as Reply[] // as: flat() forgets that a list is read only
      answers.set(path, () => (left.length > 1 ? (left.shift() as Reply) : (left[0] ?? {}))) // as: there is more than one
    },
    until(condition, seconds = 10) {
      return new Promise((resolve, reject) => {
        const end = (done: () => void) => {
          clearTimeout(timer)
          watchers.delete(check)
          done()
        }
        const check = () => condition(requests) && end(resolve)
        const timer = setTimeout(
          () => end(() => reject(new Error(`not within ${seconds} s; ${requests.length} requests have arrived`))),
          seconds * 1000
        )
        watchers.add(check)
        check()
      })
    },
    clear() {
      requests.length = 0
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    }
  }
}

function reply(response: ServerResponse, request: Received, { status = 200, body = '', ...rest }: Reply): void {
  if (rest.hang) return
  response.on('error', () => {}) // the sender hung up
  const answer = () => {
    if (rest.by) return rest.by(response, request)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = typeof body === 'string' ? 'text/plain' : 'application/json'
    response.writeHead(status, {
      ...(text !== '' && { 'content-type': type }),
      'content-length': Buffer.byteLength(text),
      ...rest.headers
    })
    response.end(text)
  }
  if (rest.delay_ms === undefined) answer()
  else setTimeout(answer, rest.delay_ms)
}

interface Arrival {
  readonly raw: string
  readonly scheme: string
  readonly auth_token: string
  readonly withSdk: boolean
}

function receivedOf(
  { method = '', url: target = '', headers }: IncomingMessage,
  { raw, scheme, auth_token, withSdk }: Arrival
): Received {
  const url = `${scheme}://${headers.host}${target}`
  const { pathname, searchParams } = new URL(url)
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const fields = isForm ? new URLSearchParams(raw) : searchParams
  const isJson = headers['content-type']?.startsWith('application/json') ?? false
  const signature = String(headers['x-twilio-signature'] ?? '')
  const form: Record<string, string> = Object.fromEntries(fields)
  return {
    method,
    path: pathname,
    url,
    query: searchParams,
    headers,
    raw,
    form,
    json: isJson ? JSON.parse(raw) : undefined,
    isSigned: (withSdk ? isSigned : isSignedByHand)(auth_token, {
      signature,
      url,
      form: isForm ? fields : undefined,
      raw
    }),
    token: headers['i-twilio-idempotency-token'] as string | undefined, // as: Node joins a header that comes twice
    at: performance.now()
  }
}

interface Signed {
  readonly signature: string
  readonly url: string
  readonly form: URLSearchParams | undefined
  readonly raw: string
}

function isSigned(auth_token: string, { signature, url, form, raw }: Signed): boolean {
  if (url.includes('bodySHA256=')) return twilio.validateRequestWithBody(auth_token, signature, url, raw)
  const fields = Object.fromEntries([...new Set(form?.keys())].map((name) => [name, valuesOf(form, name)]))
  return twilio.validateRequest(auth_token, signature, url, fields)
}

function valuesOf(form: URLSearchParams | undefined, name: string): string | string[] {
  const values = form?.getAll(name) ?? []
  return values.length === 1 ? (values[0] as string) : values // as: there is one
}

/** The scheme of reference rest-conventions 8, for those who take thousands a second; names occur once. */
function isSignedByHand(auth_token: string, { signature, url, form, raw }: Signed): boolean {
  const hash = /[?&]bodySHA256=(\w+)/.exec(url)?.[1]
  if (hash !== undefined && hash !== createHash('sha256').update(raw).digest('hex')) return false
  const sorted = [...(form ?? [])].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const text = url + sorted.map(([name, value]) => name + value).join('')
  return createHmac('sha1', auth_token).update(text).digest('base64') === signature
}
