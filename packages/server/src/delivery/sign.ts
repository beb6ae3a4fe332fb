import { createHash, createHmac } from 'node:crypto'
import type { Message, Parameters } from './delivery.ts'

/*
 * How a receiver knows that a request is ours: X-Twilio-Signature (reference rest-conventions 8), and Standard Webhooks
 * for those who ask for it.
 */

/** What goes over the wire, except for the headers that every request has. */
export interface Request {
  readonly method: 'POST' | 'GET'
  readonly url: URL
  /** The address as it is signed: `origin` and `path`, which are dialed, and nothing else. */
  readonly address: string
  /** Scheme, host and port, in the form in which they reach the receiver as `Host`. */
  readonly origin: string
  /** Path and query as they stand in the request line. */
  readonly path: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A message as a signed request. Throws a TypeError when the address is no http or https URL.
 *
 * A form's parameters are signed after the address, a query's are part of it, and a text's SHA-256 is put into it as
 * `bodySHA256`. Userinfo is not signed (a receiver that rebuilds the address from `Host` cannot know it) but becomes a
 * Basic authorization; a fragment is neither sent nor signed.
 */
export function requestOf(message: Exclude<Message, { readonly method: 'kinesis' }>, auth_token: string): Request {
  const url = new URL(message.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${url.protocol.slice(0, -1)} is not a scheme that anything is sent by`)
  const authorization = authorizationOf(url)
  const headers: Record<string, string> = { ...(authorization && { Authorization: authorization }) }
  if ('json' in message) {
    const hash = `bodySHA256=${createHash('sha256').update(message.json).digest('hex')}`
    // Whoever sends us on has often kept the query as it was.
    if (!url.search.slice(1).split('&').includes(hash)) append(url, hash)
    headers['Content-Type'] = 'application/json'
    const place = placeOf(url)
    headers['X-Twilio-Signature'] = signatureOf(auth_token, place.address, [])
    return { method: 'POST', ...place, body: message.json, headers }
  }
  const encoded = new URLSearchParams(
    message.parameters.map(([name, value]): [string, string] => [name, value])
  ).toString()
  if (message.method === 'GET') {
    if (encoded !== '') append(url, encoded)
    const place = placeOf(url)
    headers['X-Twilio-Signature'] = signatureOf(auth_token, place.address, [])
    return { method: 'GET', ...place, body: undefined, headers }
  }
  headers['Content-Type'] = 'application/x-www-form-urlencoded; charset=UTF-8'
  const place = placeOf(url)
  headers['X-Twilio-Signature'] = signatureOf(auth_token, place.address, message.parameters)
  return { method: 'POST', ...place, body: encoded, headers }
}

/**
 * Where a request goes, said once: what is signed is what the receiver can put together again from `Host` and the
 * request line. The standard's form of a URL: host in lower case and ASCII, no default port, spaces and non-ASCII encoded;
 * a question mark with nothing behind it stays.
 */
function placeOf(url: URL): Pick<Request, 'url' | 'address' | 'origin' | 'path'> {
  url.username = ''
  url.password = ''
  url.hash = ''
  const { origin, href } = url
  return { url, address: href, origin, path: href.slice(origin.length) }
}

/**
 * HMAC-SHA1 in base64 over the address and the parameters: names in the order of their code units, the distinct values of
 * a name in theirs, and nothing in between (reference rest-conventions 8).
 */
export function signatureOf(auth_token: string, url: string, parameters: Parameters): string {
  const values = new Map<string, Set<string>>()
  for (const [name, value] of parameters) {
    const known = values.get(name)
    if (known === undefined) values.set(name, new Set([value]))
    else known.add(value)
  }
  let text = url
  for (const name of [...values.keys()].sort())
    for (const value of [...(values.get(name) ?? [])].sort()) text += name + value
  return createHmac('sha1', auth_token).update(text, 'utf8').digest('base64')
}

/**
 * The headers of Standard Webhooks (standardwebhooks.com) for a body. The secret is `whsec_` and base64, or any text;
 * `at` is in milliseconds.
 */
export function standardHeaders(secret: string, id: string, at: number, body: string): Record<string, string> {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret
  const seconds = String(Math.floor(at / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }
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

function append(url: URL, query: string): void {
  url.search = url.search === '' ? `?${query}` : `${url.search}&${query}`
}
