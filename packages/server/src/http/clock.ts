import { InvalidRequest, parseForm } from '@ringdown/contract/form'
import { instantOf } from '@ringdown/contract/instant'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answers, Subject } from './answer.ts'
import { askingWho, type Credentials } from './credentials.ts'
import { HttpRefusal, notFound } from './errors.ts'

/** The test clock: time stands still until it is moved. */
export interface MovableClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves on by milliseconds, through every instant at which something is due; resolves with the new time. */
  advance(ms: number): Promise<number>
}

/** 9999-12-31T23:59:59Z: what lies beyond has no text in the form that the APIs' dates have. */
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59)

const subject: Subject = { id: 'ringdown.clock', product: undefined }

/**
 * `GET /ringdown/v1/clock` shows the test clock; `POST` moves it: `{"advance":"PT2M"}`, `{"advance_ms":120000}` or
 * `{"to":"2026-01-01T00:00:00Z"}`, as JSON or as a form; never back, and not past 9999-12-31T23:59:59Z. Requests that
 * come at once move it one after the other, each from where the one before has left it.
 */
export function mountClock(
  app: FastifyInstance,
  answers: Answers,
  { clock, credentials }: { readonly clock?: MovableClock | undefined; readonly credentials: Credentials }
): void {
  const show = (request: FastifyRequest, reply: FastifyReply, now: number) =>
    answers.send(request, reply, subject, 200, JSON.stringify({ now: new Date(now).toISOString(), now_ms: now }))
  const onRequest = askingWho(credentials)
  const existing = (): MovableClock => {
    if (clock) return clock
    const { message } = notFound('/clock')
    throw new HttpRefusal({
      status: 404,
      code: 20404,
      message: `${message}: the server runs on the real clock; start it with --test-clock`
    })
  }
  app.get('/ringdown/v1/clock', { onRequest, config: { subject } }, (request, reply) =>
    show(request, reply, existing().now())
  )
  /** Resolves when nobody moves the clock any more. */
  let last: Promise<unknown> = Promise.resolve()
  app.post('/ringdown/v1/clock', { onRequest, config: { subject } }, async (request, reply) => {
    const moved = existing()
    const body = typeof request.body === 'string' ? request.body : ''
    const now = last.then(() => moved.advance(wayOf(body, moved.now())))
    last = now.catch(() => {}) // told to the one who asked
    return show(request, reply, await now)
  })
}

/** Milliseconds that the body asks for: a whole number, and no way that ends past the last instant. */
function wayOf(body: string, now: number): number {
  const { advance, advance_ms, to } = membersOf(body)
  const asked = Object.entries({ advance, advance_ms, to }).filter(([, value]) => value !== undefined)
  const [parameter] = asked[0] ?? []
  if (parameter === undefined || asked.length > 1)
    throw new InvalidRequest('One of advance (PT2M), advance_ms and to (ISO 8601) is expected')
  const ms =
    parameter === 'advance' ? durationOf(advance) : parameter === 'to' ? spanTo(to, now) : millisecondsOf(advance_ms)
  return now + ms <= lastInstant ? ms : invalid(parameter, 'time ends at 9999-12-31T23:59:59Z')
}

function millisecondsOf(value: unknown): number {
  const ms = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0) return ms
  return invalid('advance_ms', 'an integer of at least 0 is expected')
}

function spanTo(value: unknown, now: number): number {
  const instant = typeof value === 'string' ? instantOf(value) : null
  if (instant === null) return invalid('to', 'a date in ISO 8601 is expected')
  if (instant < now) return invalid('to', 'time never goes back')
  return instant - now
}

function membersOf(body: string): Readonly<Record<string, unknown>> {
  const text = body.trim()
  if (!text.startsWith('{'))
    return Object.fromEntries([...parseForm(text)].map(([name, values]) => [name, values.at(-1)]))
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>> // text that begins with a brace parses to an object
  } catch {
    throw new InvalidRequest('Invalid JSON in the request body')
  }
}

const duration = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/

/** Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds. */
function durationOf(value: unknown): number {
  const match = typeof value === 'string' && /\d/.test(value) ? duration.exec(value) : null
  if (!match) return invalid('advance', 'a duration like PT2M is expected')
  const part = (index: number) => Number(match[index] ?? 0)
  const hours = (part(1) * 7 + part(2)) * 24 + part(3)
  return Math.round(((hours * 60 + part(4)) * 60 + part(5)) * 1000)
}

function invalid(parameter: string, expectation: string): never {
  throw new InvalidRequest(`Parameter ${parameter} is invalid: ${expectation}`, parameter)
}
