import type { IncomingMessage } from 'node:http'
import { operations } from '@ringdown/contract/generated/operations'

/** Host labels of the APIs, which are the path prefixes as well: `taskrouter`, `conversations`, `flex-api`, … */
export const labels: ReadonlySet<string> = new Set([...operations.map(({ product }) => product), 'event-bridge'])

export interface OriginOptions {
  /** Whether a proxy in front may say which scheme and host the caller used. */
  readonly trustProxy: boolean
  /** Where callers reach this server, without a slash at its end; else what they say in `Host`. */
  readonly publicUrl: string | undefined
}

/**
 * Which API a `Host` names: `taskrouter.twilio.com`, `taskrouter.dublin.ie1.twilio.com`, `taskrouter.localhost:8080`;
 * undefined for any other host, where the path's prefix says it.
 */
export function labelOfHost(host: string | undefined): string | undefined {
  const label = labelIn(host)
  return label !== undefined && labels.has(label) ? label : undefined
}

function labelIn(host: string | undefined): string | undefined {
  const match = /^([a-z][a-z-]*)(?:(?:\.[a-z0-9-]+){0,2}\.twilio\.com|\.localhost)(?::\d+)?$/i.exec(host ?? '')
  return match?.[1]?.toLowerCase()
}

/** Twilio's other APIs (reference rest-conventions 2): nothing of them is here. */
const elsewhere = new Set(
  `accounts api chat content iam insights intelligence ip-messaging lookups messaging monitor notify numbers pricing proxy
  serverless supersim sync trunking trusthub verify video voice wireless`.split(/\s+/)
)

/** Which of Twilio's APIs a request is for that Ringdown has nothing of; undefined for all else. */
export function missingApi(request: IncomingMessage, { trustProxy }: OriginOptions): string | undefined {
  const [, first = '', second = ''] = (request.url ?? '').split(/[/?]/)
  if (first === '2010-04-01') return 'api'
  const named = /^v\d/.test(first) ? labelIn(hostOf(request, trustProxy)) : first
  const isVersioned = /^(v\d|2010-)/.test(named === first ? second : first)
  return named !== undefined && isVersioned && elsewhere.has(named) ? named : undefined
}

/** The URL that the router sees: always with the prefix. */
export function routedUrl(request: IncomingMessage, { trustProxy }: OriginOptions): string {
  const url = request.url ?? '/'
  if (!/^\/v\d/.test(url)) return url
  const label = labelOfHost(hostOf(request, trustProxy))
  return label === undefined ? url : `/${label}${url}`
}

/** What stands before an API's paths in the URLs of an answer, in the form in which the request came in. */
export function baseOf(
  request: IncomingMessage,
  label: string,
  isByHost: boolean,
  { trustProxy, publicUrl }: OriginOptions
): string {
  if (publicUrl !== undefined && !isByHost) return `${publicUrl}/${label}`
  const scheme = schemeOf(request, trustProxy)
  const host = hostOf(request, trustProxy) ?? 'localhost'
  return isByHost ? `${scheme}://${host}` : `${scheme}://${host}/${label}`
}

function schemeOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? first(request.headers['x-forwarded-proto']) : undefined
  if (forwarded === 'http' || forwarded === 'https') return forwarded
  return 'encrypted' in request.socket && request.socket.encrypted ? 'https' : 'http'
}

/** What looks like no host is none: it would end up in URLs. */
function hostOf(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const host = (trustProxy ? first(request.headers['x-forwarded-host']) : undefined) ?? request.headers.host
  return host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? host : undefined
}

/** Of several proxies the outermost. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',', 1)[0]?.trim() || undefined
}
