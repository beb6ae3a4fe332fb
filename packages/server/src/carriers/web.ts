import type { Agent, Dispatcher } from 'undici'
import { AddressRefused, checkHost, publicLookup } from '../network/guard.ts'
import { messageOf } from '../store/thrown.ts'
import type { CarrierContext } from './carrier.ts'

/** A request to a network. */
export interface WebRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Dispatcher.DispatchOptions['body']
}

/** What came of it. */
export type WebOutcome =
  | {
      readonly status: number
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly body: string
    }
  /** Nobody answered. `isSure`: the request has not left. */
  | { readonly failed: string; readonly isSure: boolean }

/** Bytes of an answer that are read: networks answer little. */
const maxAnswerBytes = 512 * 1024

let network: Promise<{ readonly anywhere: Agent; readonly guarded: Agent }> | undefined

/** Loaded by the first message: most servers start without a carrier. */
async function load() {
  const { Agent } = await import('undici')
  const connection = { keepAliveTimeout: 4_000, connectTimeout: 10_000, pipelining: 1 }
  return { anywhere: new Agent(connection), guarded: new Agent({ ...connection, connect: { lookup: publicLookup } }) }
}

/** Asks a network once, under the guard of deliveries; follows no redirect. Never throws. */
export async function askNetwork(
  { method, url, headers = {}, body = null }: WebRequest,
  { allowPrivate, signal }: Pick<CarrierContext, 'allowPrivate' | 'signal'>
): Promise<WebOutcome> {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (!address || !/^https?:$/.test(address.protocol)) return { failed: 'its address is no http URL', isSure: true }
  try {
    network ??= load()
    const { anywhere, guarded } = await network
    if (!allowPrivate) checkHost(address)
    const { request } = await import('undici')
    const answer = await request(address, {
      method,
      headers: { 'User-Agent': 'Ringdown', Accept: 'application/json', ...headers },
      body,
      signal,
      dispatcher: allowPrivate ? anywhere : guarded
    })
    return { status: answer.statusCode, headers: answer.headers, body: await textOf(answer.body) }
  } catch (error) {
    return { failed: `${address.host}: ${reasonOf(error)}`, isSure: causesOf(error).some(isBeforeSending) }
  }
}

async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxAnswerBytes) {
      body.destroy()
      break
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const beforeSending: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_INVALID_ARG_VALUE']
])

function isBeforeSending(error: unknown): boolean {
  if (error instanceof AddressRefused) return true
  return error instanceof Error && 'code' in error && beforeSending.has(String(error.code))
}

function causesOf(error: unknown): readonly unknown[] {
  if (!(error instanceof Error)) return []
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...inner, ...(error.cause === undefined ? [] : causesOf(error.cause))]
}

function reasonOf(error: unknown): string {
  const [deepest] = causesOf(error).slice(-1)
  const said = deepest instanceof Error && deepest.message === '' && 'code' in deepest ? String(deepest.code) : ''
  return (said || messageOf(deepest ?? error)).slice(0, 200)
}

/** An address as configured, without a slash at its end. */
export function basePlace(base: unknown, usual: string): string {
  return (typeof base === 'string' && base !== '' ? base : usual).replace(/\/+$/, '')
}

/** Milliseconds that `Retry-After` asks for; undefined where it says nothing. */
export function retryAfter(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
  const text = String(headers['retry-after'] ?? '').trim()
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined
}
