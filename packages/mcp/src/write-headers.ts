import { AsyncLocalStorage } from 'node:async_hooks'
import type twilio from 'twilio'
import { objectIn } from './json.ts'

/** An exchange of a Ringdown to which a call's writes belong: what they cause is told when the call is answered. */
export interface CallExchange {
  readonly name: string
  end(): void
}

/** A warning of a Ringdown about what a write has made, by its code. */
export interface WriteWarning {
  readonly warning: string
  readonly message: string
}

/** What a Ringdown said of the writes of one call. */
export class WriteNotes {
  readonly exchange: string | undefined
  /** The place in the log just before the first write; undefined before there was one. */
  cursor: string | undefined
  readonly warnings: WriteWarning[] = []

  constructor(exchange?: string) {
    this.exchange = exchange
  }
}

const current = new AsyncLocalStorage<WriteNotes>()

/** Does a call's work, whose writes are noted. */
export function noting<T>(notes: WriteNotes, work: () => Promise<T>): Promise<T> {
  return current.run(notes, work)
}

/**
 * The client, which says with every write inside `noting` to which exchange it belongs, and asks for the place in the log
 * before the first of them, and for warnings about what it made. A Ringdown answers these in headers.
 */
export function asking(http: twilio.RequestClient): twilio.RequestClient {
  const original = http.request.bind(http)
  const client: twilio.RequestClient = Object.create(http)
  client.request = (async (request: Parameters<typeof original>[0]) => {
    const notes = current.getStore()
    if (!notes || request.method.toUpperCase() === 'GET') return original(request)
    const headers = {
      ...request.headers,
      'ringdown-warnings': 'ask',
      ...(notes.exchange !== undefined && { 'ringdown-exchange': notes.exchange }),
      ...(notes.cursor === undefined && { 'ringdown-cursor': 'before' })
    }
    const response = await original({ ...request, headers } as never) // as below
    const { 'ringdown-cursor': cursor, 'ringdown-warnings': warnings } = objectIn(response.headers)
    if (typeof cursor === 'string') notes.cursor ??= cursor
    if (typeof warnings === 'string') notes.warnings.push(...JSON.parse(warnings))
    return response
  }) as never // the SDK's signature is generic over the body
  return client
}
