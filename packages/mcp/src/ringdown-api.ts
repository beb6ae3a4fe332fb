import type { Credentials } from './backend.ts'

/** What a Ringdown has beside Twilio's APIs, under `/ringdown/v1`: the official SDK rebuilds the names of unknown hosts. */
export interface RingdownApi {
  /**
   * GETs a path below `/ringdown/v1/`; members of the query that are undefined are left out.
   *
   * Throws RingdownRefusal when it is refused, and what `fetch` failed for when there was no answer.
   */
  get(path: string, query: Readonly<Record<string, string | number | undefined>>, signal: AbortSignal): Promise<unknown>
  /** POSTs a form to such a path; throws as `get` does. */
  post(path: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown>
  /** DELETEs such a path; throws as `get` does. */
  remove(path: string, signal: AbortSignal): Promise<unknown>
}

/** A refusal in the APIs' envelope, in the shape of the SDK's exceptions. */
class RingdownRefusal extends Error {
  override name = 'RingdownRefusal'
  readonly status: number
  readonly code: number
  readonly moreInfo: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>, headers: Headers) {
    super(typeof body.message === 'string' ? body.message : `HTTP ${status}`)
    this.status = status
    this.code = typeof body.code === 'number' ? body.code : status
    this.moreInfo = typeof body.more_info === 'string' ? body.more_info : undefined
    this.details = {
      ...Object(body.details),
      requestId: headers.get('twilio-request-id') ?? undefined,
      retryAfter: headers.get('retry-after') ?? undefined
    }
  }
}

/** Asks a Ringdown at `url` by the credentials of its REST API. `fetch` replaces the transport, e.g. in tests. */
export function ringdownApi({
  url,
  credentials: { username, password },
  fetch = globalThis.fetch
}: {
  readonly url: string
  readonly credentials: Credentials
  readonly fetch?: typeof globalThis.fetch | undefined
}): RingdownApi {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const place = (path: string) => new URL(`${url.replace(/\/+$/, '')}/ringdown/v1/${path}`)
  const read = async (asked: Promise<Response>): Promise<unknown> => {
    const response = await answered(asked)
    const body = await answered(response.text())
    if (response.ok) return body === '' ? undefined : JSON.parse(body)
    throw new RingdownRefusal(response.status, objectOf(body), response.headers)
  }
  return {
    async get(path, query, signal) {
      const asked = place(path)
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) asked.searchParams.set(name, String(value))
      return read(fetch(asked, { headers: { authorization }, signal }))
    },
    post: (path, form, signal) =>
      read(fetch(place(path), { method: 'POST', headers: { authorization }, body: new URLSearchParams(form), signal })),
    remove: (path, signal) => read(fetch(place(path), { method: 'DELETE', headers: { authorization }, signal }))
  }
}

/** `fetch` wraps what went wrong: inside is the error whose code says it. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    throw cause instanceof Error && 'code' in cause ? cause : error
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
