/** Instants are integer milliseconds since 1970 in UTC everywhere; this file reads and writes their text. */

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:(Z)|([+ -])(\d{2}):?(\d{2}))?)?$/i

/**
 * Milliseconds of an ISO 8601 text, or null where it is none. A date alone is its midnight in UTC, a time without an
 * offset is UTC, digits below a millisecond are dropped. A blank before the offset is a plus sign that nobody encoded.
 * Null as well for what an offset takes out of the years 0000 to 9999.
 */
export function instantOf(text: string): number | null {
  const match = iso.exec(text)
  if (match === null) return null
  const field = (index: number) => Number(match[index] ?? 0)
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const at = Date.UTC(field(1), field(2) - 1, field(3), field(4), field(5), field(6), milliseconds)
  // Date.UTC carries overflowing fields (February 30, 25:00) over to the next; such text is refused.
  if (!new Date(at).toISOString().startsWith(match[0].slice(0, 10)) || field(4) > 23) return null
  if (field(5) > 59 || field(6) > 59 || field(10) > 23 || field(11) > 59) return null
  const offset = (field(10) * 60 + field(11)) * 60_000
  const instant = match[9] === '-' ? at + offset : at - offset
  return instant >= firstInstant && instant <= lastInstant ? instant : null
}

/** What lies outside of four digits' years has no text in the form of the APIs' dates. */
const firstInstant = Date.parse('0000-01-01T00:00:00Z')
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')

const pairs = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
const msPerDay = 86_400_000
let lastDay = Number.NaN
let lastDayText = ''

/**
 * `YYYY-MM-DDTHH:MM:SSZ`, the form of every date in the APIs' answers. The text of the day is kept for the next call:
 * `toISOString` costs ten times as much, and a task has four dates.
 */
export function isoSeconds(at: number): string {
  const day = Math.floor(at / msPerDay)
  if (day !== lastDay) {
    lastDayText = new Date(day * msPerDay).toISOString().slice(0, -13)
    lastDay = day
  }
  const second = Math.floor((at - day * msPerDay) / 1000)
  const minute = Math.floor(second / 60)
  return `${lastDayText}${pairs[Math.floor(minute / 60)]}:${pairs[minute % 60]}:${pairs[second % 60]}Z`
}

/** `Thu, 30 Jul 2015 20:00:00 +0000`, the form of dates in the API of 2010 (reference rest-conventions 6). */
export function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace(/GMT$/, '+0000')
}

/** `YYYY-MM-DDTHH:MM:SS.sssZ`, the form of instants in our own API's answers. */
export function isoMilliseconds(at: number): string {
  return new Date(at).toISOString()
}
