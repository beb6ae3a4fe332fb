import { InvalidRequest } from '@ringdown/contract/form'
import { instantOf } from '@ringdown/contract/instant'
import { refuse } from '@ringdown/engine/core/refusals'
import type { Context, Handlers, MovableClock } from '../handler.ts'

/** 9999-12-31T23:59:59Z: what lies beyond has no text in the form that the APIs' dates have. */
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * What time it is here, which pages go by. A test clock moves by `{"advance":"PT2M"}`, `{"advance_ms":120000}` or
 * `{"to":"2026-01-01T00:00:00Z"}`; never back, and not past 9999-12-31T23:59:59Z. The real one moves by itself: 404.
 */
export const clockHandlers = {
  'ringdown_v1.FetchClock': (_call, context) => shownClock(context.now(), context.clock !== undefined),

  async 'ringdown_v1.UpdateClock'({ params }, context) {
    return shownClock(await moved(clockOf(context), params), true)
  }
} satisfies Handlers

function clockOf({ clock }: Context): MovableClock {
  const why = 'the server runs on the real clock; start it with --test-clock'
  return clock ?? refuse('not_found', `The requested resource /clock was not found: ${why}`)
}

function shownClock(now: number, stands_still: boolean) {
  return { now, now_ms: now, stands_still }
}

/** Resolves, for each clock, when nobody moves it any more. */
const moving = new WeakMap<MovableClock, Promise<unknown>>()

/** Requests that come at once move the clock one after the other, each from where the one before has left it. */
function moved(clock: MovableClock, asked: Readonly<Record<string, unknown>>): Promise<number> {
  const now = (moving.get(clock) ?? Promise.resolve()).then(() => clock.advance(distanceOf(asked, clock.now())))
  const over = now.catch(() => {}) // whoever asked is told
  moving.set(clock, over)
  return now
}

/** Milliseconds that are asked for: a whole number, and no distance that ends past the last instant. */
function distanceOf({ advance, advance_ms, to }: Readonly<Record<string, unknown>>, now: number): number {
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
