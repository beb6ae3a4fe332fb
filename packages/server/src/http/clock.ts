import { InvalidRequest, parseForm } from '@ringdown/contract/form'
import { instantOf } from '@ringdown/contract/instant'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answers, Subject } from './answer.ts'
import { authenticate, type Credentials } from './credentials.ts'
import { HttpRefusal, notFound } from './errors.ts'

/** The test clock: time stands still until it is moved. */
export interface MovableClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves on by milliseconds, through every instant at which something is due; resolves with the new time. */
  advance(ms: number): Promise<number>
}

const subject: Subject = { id: 'ringdown.clock', product: undefined }

/**
 * `GET /ringdown/v1/clock` shows the test clock; `POST` moves it: `{"advance":"PT2M"}`, `{"advance_ms":120000}` or
 * `{"to":"2026-01-01T00:00:00Z"}`, as JSON or as a form.
 */
export function mountClock(
  app: FastifyInstance,
  answers: Answers,
  { clock, credentials }: { readonly clock?: MovableClock | undefined; readonly credentials: Credentials }
): void {
  const show = (request: FastifyRequest, reply: FastifyReply, now: number) =>
    answers.send(request, reply, subject, 200, JSON.stringify({ now: new Date(now).toISOString(), now_ms: now }))
  const existing = (request: FastifyRequest): MovableClock => {
    authenticate(request, credentials)
    if (clock) return clock
    const { message } = notFound('/clock')
    throw new HttpRefusal({
      status: 404,
      code: 20404,
      message: `${message}: the server runs on the real clock; start it with --test-clock`
    })
  }
  app.get('/ringdown/v1/clock', { config: { subject } }, (request, reply) =>
    show(request, reply, existing(request).now())
  )
  app.post('/ringdown/v1/clock', { config: { subject } }, async (request, reply) => {
    const moved = existing(request)
    const ms = wayOf(typeof request.body === 'string' ? request.body : '', moved.now())
    return show(request, reply, await moved.advance(ms))
  })
}

/** Milliseconds that the body asks for. */
function wayOf(body: string, now: number): number {
  const asked = membersOf(body)
  const { advance, advance_ms, to } = asked
  const given = [advance, advance_ms, to].filter((value) => value !== undefined)
  if (given.length !== 1) throw new InvalidRequest('One of advance (PT2M), advance_ms and to (ISO 8601) is expected')
  if (advance !== undefined) return durationOf(advance) ?? invalid('advance', 'a duration like PT2M is expected')
  if (advance_ms !== undefined) {
    const ms = typeof advance_ms === 'string' && advance_ms.trim() !== '' ? Number(advance_ms) : advance_ms
    return Number.isSafeInteger(ms) && (ms as number) >= 0
      ? (ms as number)
      : invalid('advance_ms', 'an integer of at least 0 is expected') // isSafeInteger says that it is a number
  }
  const instant = typeof to === 'string' ? instantOf(to) : null
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
function durationOf(value: unknown): number | undefined {
  const match = typeof value === 'string' && /\d/.test(value) ? duration.exec(value) : null
  if (!match) return undefined
  const part = (index: number) => Number(match[index] ?? 0)
  const hours = (part(1) * 7 + part(2)) * 24 + part(3)
  const ms = Math.round(((hours * 60 + part(4)) * 60 + part(5)) * 1000)
  return Number.isSafeInteger(ms) ? ms : undefined
}

function invalid(parameter: string, expectation: string): never {
  throw new InvalidRequest(`Parameter ${parameter} is invalid: ${expectation}`, parameter)
}
