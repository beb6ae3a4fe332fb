import type { Agent } from 'undici'
import { AddressRefused, checkHost, publicLookup } from '../network/guard.ts'
import { codeOf } from '../store/thrown.ts'
import type { Failure, Kind, Message, Outcome } from './delivery.ts'
import { ask, bodyLimit, type HopAnswer } from './hop.ts'
import { Patience } from './patience.ts'
import type { Signing } from './sending.ts'
import { queryOf, requestOf, standardHeaders } from './sign.ts'

export type KinesisMessage = Extract<Message, { readonly method: 'kinesis' }>
export type CarrierMessage = Extract<Message, { readonly method: 'carrier' }>
export type WebMessage = Exclude<Message, KinesisMessage | CarrierMessage>

export interface SendOptions {
  /** Time for the whole of it, redirects that are followed, and whether the answer's body matters. */
  readonly kind: Pick<Kind, 'timeout_ms' | 'redirects' | 'reads_body'>
  /** Signs. */
  readonly auth_token: string
  /** Whether addresses that are not on the public Internet may be dialed. */
  readonly allowPrivate: boolean
  /** The same for every attempt of one delivery: by it a receiver knows what it has seen before. */
  readonly idempotency_token: string
  /** Has not begun; ends the attempt when it is given up. */
  readonly patience?: Patience | undefined
  /** Signs as Standard Webhooks ask as well; `at` is in milliseconds. */
  readonly standard?: (Signing & { readonly at: number }) | undefined
  /** Who puts a record into a stream; without it, that is an invalid message. */
  readonly kinesis?: KinesisSender | undefined
  /** Who gives a message to a carrier; without it, that is an invalid message as well. */
  readonly carrier?: CarrierSender | undefined
}

export type KinesisSender = (message: KinesisMessage, options: SendOptions) => Promise<Outcome>
export type CarrierSender = (message: CarrierMessage, options: SendOptions) => Promise<Outcome>

const connection = { keepAliveTimeout: 4_000, connectTimeout: 10_000, pipelining: 1 }
interface Network {
  /** Connections are shared by all who send, and let the process end when they are idle. */
  readonly anywhere: Agent
  readonly guarded: Agent
}

let network: Promise<Network> | undefined

/** Loaded by the first who sends: it takes as long as all else that a server loads, and most servers start without. */
async function load(): Promise<Network> {
  const { Agent } = await import('undici')
  return {
    anywhere: new Agent(connection),
    guarded: new Agent({ ...connection, connect: { lookup: publicLookup } })
  }
}

/**
 * Sends a message once. Never throws: what went wrong is the outcome. Time is the machine's, also with a test clock.
 */
export async function send(message: Message, options: SendOptions): Promise<Outcome> {
  if (message.method === 'kinesis')
    return (
      (await options.kinesis?.(message, options).catch((error: unknown) => failed('connection', textOf(error)))) ??
      failed('invalid', 'nobody here puts records into streams')
    )
  if (message.method === 'carrier')
    return (
      (await options.carrier?.(message, options).catch((error: unknown) => failed('connection', textOf(error)))) ??
      failed('invalid', 'nobody here knows carriers')
    )
  network ??= load()
  const loaded = await network
  const { kind, patience = new Patience() } = options
  if (patience.isOver) return failed('connection', 'given up')
  patience.begin(kind.timeout_ms)
  try {
    return await follow(loaded, message, options, patience)
  } catch (error) {
    if (patience.isLate) return failed('timeout', `no answer within ${kind.timeout_ms} ms`)
    if (patience.isOver) return failed('connection', 'given up')
    return failed(failureOf(error), textOf(error))
  } finally {
    patience.end()
  }
}

/** The request, and where it is sent on to. Every hop is signed for its own address, and dialed under the guard. */
async function follow(
  { anywhere, guarded }: Network,
  message: WebMessage,
  options: SendOptions,
  patience: Patience
): Promise<Outcome> {
  const { kind } = options
  const isLed = (status: number, { location }: HopAnswer['headers']) =>
    redirects.has(status) && kind.redirects > 0 && location !== undefined
  let place = message.url
  for (let hop = 0; ; hop++) {
    const signed = requestOf(hop === 0 ? message : sentOn(message, place), options.auth_token)
    if (!options.allowPrivate) checkHost(signed)
    const { origin, path, method, body = null } = signed
    const headers = headersOf(signed, options)
    const request = { origin, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0 }
    const wantsBody = (status: number, headers: HopAnswer['headers']) => !isLed(status, headers)
    const answer = await ask(options.allowPrivate ? anywhere : guarded, { request, wantsBody }, patience)
    if (!isLed(answer.status, answer.headers)) return outcomeOf(answer, kind.reads_body ?? false)
    if (hop === kind.redirects) return failed('redirect', `sent on more than ${kind.redirects} times`)
    const { location = '' } = answer.headers
    const next = URL.canParse(location, signed.address) ? new URL(location, signed.address) : undefined
    if (next === undefined || !/^https?:$/.test(next.protocol))
      return failed('redirect', 'sent on to what is no address of the web')
    place = next.href
  }
}

/** The address that a query is sent on to is complete; a body goes along. */
function sentOn(message: WebMessage, url: string): WebMessage {
  return message.method === 'GET' ? { ...message, url, parameters: [] } : { ...message, url }
}

const redirects = new Set([301, 302, 303, 307, 308])

function headersOf(
  { headers, body, path }: ReturnType<typeof requestOf>,
  { idempotency_token, standard }: SendOptions
): Record<string, string> {
  return {
    'User-Agent': 'TwilioProxy/1.1 (Ringdown)',
    Accept: '*/*',
    'I-Twilio-Idempotency-Token': idempotency_token,
    ...headers,
    ...(standard &&
      standardHeaders(standard.secrets, standard.id ?? idempotency_token, standard.at, body ?? queryOf(path)))
  }
}

/** What matters of an answer that is too long, or broke off, is its status, unless its body does. Sound is nothing to read. */
function outcomeOf({ status, headers, body, end }: HopAnswer, kindReads: boolean): Outcome {
  const readsBody = kindReads && !isSound(headers)
  if (readsBody && end === 'too long') return failed('too_large', `the answer has more than ${bodyLimit} bytes`)
  if (readsBody && end === 'broken off') return failed('connection', 'the answer broke off')
  return { status, headers, body }
}

/** Whether an answer is a file of sound. */
export function isSound(headers: Readonly<Record<string, string>>): boolean {
  return /^\s*audio\//i.test(headers['content-type'] ?? '')
}

function failed(failure: Failure, reason: string): Outcome {
  return { failed: failure, reason }
}

function failureOf(error: unknown): Failure {
  if (causes(error).some((cause) => cause instanceof AddressRefused)) return 'address_refused'
  const codes = causes(error).map((cause) => codeOf(cause) ?? '')
  if (codes.some((code) => /CERT|_SIGNATURE$|ISSUER|CRL|ERR_TLS/.test(code))) return 'certificate'
  if (codes.some((code) => /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$|^ETIMEDOUT$/.test(code))) return 'timeout'
  if (codes.some((code) => /^UND_ERR_INVALID_ARG$|^ERR_INVALID/.test(code))) return 'invalid'
  return error instanceof TypeError && codes.every((code) => code === '') ? 'invalid' : 'connection'
}

/** The error, what caused it, and, where several addresses were tried, what each of them came to. */
function causes(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  const inner: unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...inner, ...(error.cause === undefined ? [] : causes(error.cause))]
}

/** One line without secrets: errors of sockets name hosts and ports, never paths or bodies. */
function textOf(error: unknown): string {
  const [deepest] = causes(error).reverse()
  const { message } = deepest instanceof Error ? deepest : { message: String(error) }
  const code = codeOf(deepest) ?? ''
  const [line = ''] = (message === '' ? code : message).split('\n', 1)
  return line.slice(0, 200)
}
