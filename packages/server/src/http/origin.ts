import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { operations } from '@ringdown/contract/generated/operations'
import { HttpRefusal } from './errors.ts'

/** Host labels of the APIs, which are the path prefixes as well: `taskrouter`, `conversations`, `flex-api`, … */
export const labels: ReadonlySet<string> = new Set([
  ...operations.map(({ product }) => product),
  'event-bridge',
  'webhooks'
])

export interface OriginOptions {
  /** Whether a proxy in front may say which scheme and host the caller used. */
  readonly trustProxy: boolean
  /** Where callers reach this server, without a slash at its end; else what they say in `Host`. */
  readonly publicUrl: string | undefined
}

/** `taskrouter`, `taskrouter.ie1`, `taskrouter.dublin.ie1`: an API, and where in the world it is asked for. */
const named = /^([a-z][a-z0-9-]*)(?:\.[a-z0-9-]+){0,2}\.(?:twilio\.com|localhost)\.?(?::\d+)?$/i
const placed = /^\/([a-z][a-z0-9-]*)(?:\.[a-z0-9-]+){1,2}(?=\/v\d)/
const ofTwilio = /(?:^|\.)twilio\.com\.?(?::\d+)?$/i

/**
 * Which API a `Host` names: `taskrouter.twilio.com`, `taskrouter.dublin.ie1.twilio.com`, `taskrouter.localhost:8080`;
 * undefined for any other host, where the path's prefix says it.
 */
function labelOfHost(host: string | undefined): string | undefined {
  const label = labelIn(host)
  return label !== undefined && labels.has(label) ? label : undefined
}

function labelIn(host: string | undefined): string | undefined {
  return host === undefined ? undefined : named.exec(host)?.[1]?.toLowerCase()
}

/** Twilio's other APIs, as their own SDKs and pages name them (reference rest-conventions 2): nothing of them is here. */
const elsewhere = new Set(
  `accounts aim assets assistants autopilot bulkexports chat cds content datahub email eventgw fax frontline-api hooks
  insights intelligence ip-messaging knowledge lookups marketplace media memory messaging microvisor monitor
  notify numbers oauth organizations preview preview-iam pricing proxy routes sdkgw serverless supersim sync trunking
  trusthub tsock twilsock verify video voice wireless`.split(/\s+/)
)

/**
 * Which of Twilio's APIs a request is for that Ringdown has nothing of; undefined for all else. A path that begins with
 * one's name asks for it wherever it came in; any other path asks for the one that `Host` names.
 */
export function missingApi(request: IncomingMessage, { trustProxy }: OriginOptions): string | undefined {
  const [, first = '', second = ''] = (request.url ?? '').split(/[/?]/)
  const [label = ''] = first.split('.', 1)
  if (/^(v\d|2010-)/.test(second) && elsewhere.has(label)) return label
  const host = hostOf(request, trustProxy)
  const asked = labelIn(host)
  if (asked === undefined || labels.has(asked)) return undefined
  return ofTwilio.test(host ?? '') || elsewhere.has(asked) ? asked : undefined
}

/**
 * The URL that the router sees: always with the prefix, without region and edge. A proxy's form of a request
 * (`GET http://taskrouter.twilio.com/v1/…`) is taken as the one that it stands for: what it names is the host
 * (RFC 9112, 3.2.2).
 */
export function routedUrl(request: IncomingMessage, { trustProxy }: OriginOptions): string {
  const url = pathOf(request)
  const older = url.startsWith('/2010-') || url.startsWith('/api') ? ofOlderApi.exec(url) : null
  if (older) return `/api${older[1]}${older[2] ?? ''}`
  // Most paths name their API, and neither region nor edge.
  if (!/^\/v\d/.test(url)) return url.includes('.') ? url.replace(placed, shortened) : url
  const label = labelOfHost(hostOf(request, trustProxy))
  return label === undefined ? url : `/${label}${url}`
}

/** The API of 2010 is known by its version alone. Its paths end in `.json`, or else answer JSON all the same, but for sound. */
const ofOlderApi = /^(?:\/api(?:\.[a-z0-9-]+){0,2})?(\/2010-04-01\/[^?]*?)(?:\.(?:json|wav|mp3))?\/?(\?.*)?$/

/** Without the region and the edge of an API that is here or that is known to be elsewhere. */
function shortened(whole: string, label: string): string {
  return labels.has(label) ? `/${label}` : whole
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/'
  const absolute = url.charCodeAt(0) === 0x2f ? null : /^https?:\/\/([^/?#@]+)(\/[^#]*)?(\?[^#]*)?/i.exec(url)
  if (!absolute) return url
  const [, host, path = '/', query = ''] = absolute
  request.headers.host = host
  return path + query
}

/** Whether the Host said which API was meant, and no prefix: the router's URL has one more than the path that came in. */
export function isByHost({ url = '' }: IncomingMessage, original: string): boolean {
  return original !== url && /^(?:https?:\/\/[^/]*)?\/v\d/i.test(original)
}

/** How a request reached an API. */
interface Reached {
  readonly host: string | undefined
  readonly scheme: string
  readonly isByHost: boolean
}

/**
 * What stands before an API's paths in the URLs of an answer, in the form in which the request came in. Nearly all come in
 * like the one before.
 */
export class Bases {
  readonly #label: string
  readonly #options: OriginOptions
  #last: Reached | undefined
  #base = ''

  constructor(label: string, options: OriginOptions) {
    this.#label = label
    this.#options = options
  }

  of(request: IncomingMessage, isByHost: boolean): string {
    const { trustProxy, publicUrl } = this.#options
    const host = saidHost(request, trustProxy)
    const scheme = schemeOf(request, trustProxy)
    const last = this.#last
    if (!last || last.host !== host || last.scheme !== scheme || last.isByHost !== isByHost) {
      this.#last = { host, scheme, isByHost }
      this.#base = baseOf(this.#last, this.#label, publicUrl)
    }
    return this.#base
  }
}

/**
 * A Host of Twilio's makes URLs `https` and without a port that was not spoken to in it: what an SDK asks for next goes the
 * way of its first request, wherever that led, and never to another machine in the clear.
 */
function baseOf({ host, scheme, isByHost }: Reached, label: string, publicUrl: string | undefined): string {
  if (publicUrl !== undefined && !isByHost) return `${publicUrl}/${label}`
  const plain = (plainHost(host) ?? 'localhost').toLowerCase()
  const origin =
    scheme === 'http' && ofTwilio.test(plain) ? `https://${plain.replace(/\.?(:\d+)?$/, '')}` : `${scheme}://${plain}`
  return isByHost ? origin : `${origin}/${label}`
}

function schemeOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? first(request.headers['x-forwarded-proto']) : undefined
  if (forwarded === 'http' || forwarded === 'https') return forwarded
  return 'encrypted' in request.socket && request.socket.encrypted ? 'https' : 'http'
}

function hostOf(request: IncomingMessage, trustProxy: boolean): string | undefined {
  return plainHost(saidHost(request, trustProxy))
}

/** The host as it is said, whatever it looks like. */
function saidHost({ headers }: IncomingMessage, trustProxy: boolean): string | undefined {
  return (trustProxy ? first(headers['x-forwarded-host']) : undefined) ?? headers.host
}

/** What looks like no host is none: it would end up in URLs. */
function plainHost(host: string | undefined): string | undefined {
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? host : undefined
}

/** Of several proxies the outermost. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',', 1)[0]?.trim() || undefined
}

/**
 * Whether a browser has sent it for a page, or to show it, or a part of one. Such a request is not challenged to name a user: what somebody
 * types into the window that a browser then opens is sent along with whatever any page asks for later.
 */
export function isFromPage({ origin, accept, ...headers }: IncomingHttpHeaders): boolean {
  return (
    origin !== undefined ||
    headers['sec-fetch-site'] !== undefined ||
    headers['sec-fetch-dest'] !== undefined ||
    headers['sec-fetch-mode'] === 'navigate' ||
    // Over plain HTTP browsers tell nothing of that; each of them says that it is Mozilla.
    /^Mozilla\//.test(headers['user-agent'] ?? '') ||
    /\b(?:text\/html|text\/css|image\/)/i.test(accept ?? '')
  )
}

/**
 * A browser sends the credentials that it knows for a host with every form and every WebSocket to it, whichever page they
 * are of: pages of other places may neither write nor listen. Who names no origin is no page, or one of our own. Throws
 * 403/20403.
 */
export function checkPage(request: IncomingMessage, { trustProxy, publicUrl }: OriginOptions): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  // Said by the browser itself, which no page can make it say.
  if (site === 'same-origin' || site === 'none') return
  if (origin === undefined ? site === undefined : isOwn(origin, request, { trustProxy, publicUrl })) return
  throw new HttpRefusal({ status: 403, code: 20403, message: 'Forbidden: the page is of another origin' })
}

/** Whether a request is a page's of our own, or somebody's who has typed in its address; who says nothing is none. */
export function isOwnPage(request: IncomingMessage, { trustProxy, publicUrl }: OriginOptions): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (site !== undefined) return site === 'same-origin'
  return origin !== undefined && isOwn(origin, request, { trustProxy, publicUrl })
}

/** Where this server is to whoever asks, without a slash at its end. */
export function ownBase(request: IncomingMessage, { trustProxy, publicUrl }: OriginOptions): string {
  return publicUrl ?? `${schemeOf(request, trustProxy)}://${hostOf(request, trustProxy) ?? 'localhost'}`
}

/** Whether whoever asks does so by TLS, at least as far as the proxy that is in front. */
export function isSecure(request: IncomingMessage, { trustProxy, publicUrl }: OriginOptions): boolean {
  return schemeOf(request, trustProxy) === 'https' || publicUrl?.startsWith('https:') === true
}

/**
 * A page of the same host without TLS is another one's where ours have it: whoever is on the way can write it. (The other
 * way round there may be a proxy in front that nobody has told us of.)
 */
function isOwn(origin: string, request: IncomingMessage, options: OriginOptions): boolean {
  const { trustProxy, publicUrl } = options
  if (!URL.canParse(origin)) return false
  const page = new URL(origin)
  if (page.protocol !== 'https:' && isSecure(request, options)) return false
  const host = hostOf(request, trustProxy)
  const isAt = (place: string) => URL.canParse(place) && new URL(place).host === page.host
  return (host !== undefined && isAt(`${page.protocol}//${host}`)) || (publicUrl !== undefined && isAt(publicUrl))
}
