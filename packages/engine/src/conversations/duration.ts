import { refuse } from '../core/refusals.ts'

const iso =
  /^P(?!$)(?:(\d{1,9})W|(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?!$)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,]\d+)?S)?)?)$/i

const second_ms = 1000
const minute_ms = 60 * second_ms
const hour_ms = 60 * minute_ms
const day_ms = 24 * hour_ms
/** Of weeks, years, months, days, hours, minutes, seconds; a year is 365 days, a month 30. */
const units_ms = [7 * day_ms, 365 * day_ms, 30 * day_ms, day_ms, hour_ms, minute_ms, second_ms]
const max_ms = 100 * 365 * day_ms

/** Milliseconds of an ISO 8601 duration (fractions of a second are dropped), or null where the text is none. */
export function durationOf(text: string): number | null {
  const match = iso.exec(text.trim())
  if (match === null) return null
  const ms = units_ms.reduce((sum, unit_ms, place) => sum + Number(match[place + 1] ?? 0) * unit_ms, 0)
  return ms > max_ms ? null : ms
}

export const minInactive_ms = minute_ms
export const minClosed_ms = 10 * minute_ms

/** A timer's duration; nothing at all (`PT0S`, or empty text) turns it off, which is null (reference conversations 6). */
export function timerOf(text: string, parameter: string, least_ms: number): number | null {
  if (text === '') return null
  const ms = durationOf(text)
  if (ms === null) return refuse('invalid', `Value '${text}' provided for ${parameter} is not an ISO 8601 duration`)
  if (ms === 0) return null
  if (ms < least_ms) {
    refuse(
      'invalid',
      `Value '${text}' provided for ${parameter} is too short: at least PT${least_ms / minute_ms}M is needed`
    )
  }
  return ms
}
