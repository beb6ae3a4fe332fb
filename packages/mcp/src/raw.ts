import type twilio from 'twilio'
import { objectIn } from './json.ts'

/** What a raw request answered: the value, and its text, which keeps every digit. */
export interface RawAnswer {
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The texts of answers that were read as values. */
const texts = new WeakMap<object, string>()

/** Keeps the text from which an answer's value was read. */
export function keepText(body: object, text: string): void {
  texts.set(body, text)
}

/** A refusal in the shape of the SDK's exceptions. */
class RawRefusal extends Error {
  readonly status: number
  readonly code: number
  readonly moreInfo: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body.message === 'string' ? body.message : `HTTP ${status}`)
    this.status = status
    this.code = typeof body.code === 'number' ? body.code : status
    this.moreInfo = typeof body.more_info === 'string' ? body.more_info : ''
    this.details = objectIn(body.details)
  }
}

/** A request that the SDK has no method for, or whose text matters. */
export interface RawRequest {
  readonly method: 'get' | 'post' | 'delete'
  /** Under Twilio's host names: `https://flex-api.twilio.com/v1/Configuration`. */
  readonly uri: string
  /** A form, or JSON text. */
  readonly data?: Readonly<Record<string, unknown>> | string
  readonly params?: Readonly<Record<string, unknown>>
}

/** Sends it with the account's credentials. Throws what the SDK's own methods would when it is refused. */
export async function rawRequest(client: twilio.Twilio, { method, uri, data, params }: RawRequest): Promise<RawAnswer> {
  const isJson = typeof data === 'string'
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  const answer = await client.request({
    method,
    uri,
    ...(params && { params: { ...params } }),
    ...(data !== undefined && { data: data as object, headers: { 'Content-Type': type } }) // JSON text goes as it is
  })
  const body = objectIn(answer.body)
  if (answer.statusCode >= 400) throw new RawRefusal(answer.statusCode, body)
  const { body: kept } = answer
  const known = typeof kept === 'object' && kept !== null ? texts.get(kept) : undefined
  return { body, text: known ?? JSON.stringify(body) }
}
