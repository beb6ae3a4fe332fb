import { AsyncLocalStorage } from 'node:async_hooks'
import type twilio from 'twilio'

/** The header by which a Ringdown is asked for, and answers, the place in its log just before a write. */
const header = 'ringdown-cursor'

interface Position {
  cursor?: string
}

const positions = new AsyncLocalStorage<Position>()

/** Runs a call and says where the log was just before the first thing that it wrote; undefined where it wrote nothing. */
export async function noting<T>(
  work: () => Promise<T>
): Promise<{ readonly done: T; readonly cursor: string | undefined }> {
  const position: Position = {}
  const done = await positions.run(position, work)
  return { done, cursor: position.cursor }
}

/** The client, asking for the position with every write that it sends inside `noting`. */
export function asking(http: twilio.RequestClient): twilio.RequestClient {
  const original = http.request.bind(http)
  const client: twilio.RequestClient = Object.create(http)
  client.request = (async (request: Parameters<typeof original>[0]) => {
    const position = positions.getStore()
    if (!position || position.cursor !== undefined || request.method.toUpperCase() === 'GET') return original(request)
    const response = await original({ ...request, headers: { ...request.headers, [header]: 'before' } } as never) // as below
    const cursor = (response.headers as Readonly<Record<string, unknown>> | undefined)?.[header] // axios' headers, read like a record
    if (typeof cursor === 'string') position.cursor ??= cursor
    return response
  }) as never // the SDK's signature is generic over the body
  return client
}
