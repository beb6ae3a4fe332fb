import { createHmac, hash } from 'node:crypto'
import { signatureOf } from '../network/twilio-signature.ts'
import type { Message, Parameters } from './delivery.ts'

/*
 * How a receiver knows that a request is ours: X-Twilio-Signature (reference rest-conventions 8), and Standard Webhooks
 * for those who ask for it.
 */

/** What goes over the wire, except for the headers that every request has. */
export interface Request {
  readonly method: 'POST' | 'GET'
  /** The address as it is signed: `origin` and `path`, which are dialed, and nothing else. */
  readonly address: string
  /** Scheme, host and port, in the form in which they reach the receiver as `Host`. */
  readonly origin: string
  readonly hostname: string
  /** Path and query as they stand in the request line. */
  readonly path: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A message as a signed request. Throws a TypeError when the address is no http or https URL.
 *
 * A form's parameters are signed after the address, a query's are part of it, and a text's SHA-256 is put into it as
 * `bodySHA256`, unless it is to go to the address as it is. Userinfo is not signed (a receiver that rebuilds the address from `Host` cannot know it) but becomes a
 * Basic authorization; a fragment is neither sent nor signed.
 */
export function requestOf(
  message: Exclude<Message, { readonly method: 'kinesis' | 'carrier' }>,
  auth_token: string
): Request {
  const place = placeOf(message.url)
  if ('json' in message) {
    const digest = `bodySHA256=${hash('sha256', message.json)}`
    // Whoever sends us on has often kept the query as it was.
    const isThere = queryOf(place.address).split('&').includes(digest)
    const address = isThere ? place.address : added(place, digest)
    return signed('POST', place, { address, auth_token, body: message.json, type: 'application/json' })
  }
  if ('text' in message) {
    const { address } = place
    const { text: body, content_type: type, headers } = message
    return signed('POST', place, { address, auth_token, body, type, ...(headers && { headers }) })
  }
  const encoded = new URLSearchParams(
    message.parameters.map(([name, value]): [string, string] => [name, value])
  ).toString()
  if (message.method === 'GET') {
    const address = encoded === '' ? place.address : added(place, encoded)
    return signed('GET', place, { address, auth_token })
  }
  const { address } = place
  const type = 'application/x-www-form-urlencoded; charset=UTF-8'
  return signed('POST', place, { address, auth_token, body: encoded, type, parameters: message.parameters })
}

function signed(
  method: Request['method'],
  { origin, hostname, authorization }: Place,
  {
    address,
    auth_token,
    body,
    type,
    headers: own = {},
    parameters = []
  }: {
    readonly address: string
    readonly auth_token: string
    readonly body?: string
    readonly type?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly parameters?: Parameters
  }
): Request {
  const headers: Record<string, string> = { ...own }
  if (authorization !== undefined) headers.Authorization = authorization
  if (type !== undefined) headers['Content-Type'] = type
  headers['X-Twilio-Signature'] = signatureOf(auth_token, address, parameters)
  return { method, address, origin, hostname, path: address.slice(origin.length), body, headers }
}

/** Where a request goes, but for what is added to its query. */
interface Place extends Pick<Request, 'address' | 'origin' | 'hostname'> {
  readonly authorization: string | undefined
}

/** Places of addresses that were asked for before: there are few of them, and parsing one costs as much as signing. */
const places = new Map<string, Place>()
const maxPlaces = 1_000
/** What is longer is no address that somebody has configured, but one that we were sent on to. */
const maxKept = 512

function placeOf(url: string): Place {
  const known = places.get(url)
  if (known !== undefined) return known
  const place = parsed(new URL(url))
  if (places.size >= maxPlaces) places.clear()
  if (url.length <= maxKept) places.set(url, place)
  return place
}

/**
 * Where a request goes, said once: what is signed is what the receiver can put together again from `Host` and the
 * request line. The standard's form of a URL: host in lower case and ASCII, no default port, spaces and non-ASCII encoded;
 * a question mark with nothing behind it stays.
 */
function parsed(url: URL): Place {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${url.protocol.slice(0, -1)} is not a scheme that anything is sent by`)
  const authorization = authorizationOf(url)
  url.username = ''
  url.password = ''
  url.hash = ''
  const { origin, hostname, href: address } = url
  return { address, origin, hostname, authorization }
}

/** An address with more in its query; a question mark with nothing behind it is taken. */
function added({ address }: Place, query: string): string {
  const at = address.indexOf('?')
  if (at < 0) return `${address}?${query}`
  return at === address.length - 1 ? address + query : `${address}&${query}`
}

/** What stands behind the question mark of an address or a path. */
export function queryOf(address: string): string {
  const at = address.indexOf('?')
  return at < 0 ? '' : address.slice(at + 1)
}

/**
 * The headers of Standard Webhooks (standardwebhooks.com) for a body. Secrets are `whsec_` and base64, or any text: while one
 * is replaced by another, both sign. `at` is in milliseconds.
 */
export function standardHeaders(
  secrets: readonly string[],
  id: string,
  at: number,
  body: string
): Record<string, string> {
  const seconds = String(Math.floor(at / 1000))
  const signatures = secrets.map((secret) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') }
}

/** Userinfo is sent without being asked for: digest and challenges are not supported. */
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign that begins no character stands for itself
  }
}
