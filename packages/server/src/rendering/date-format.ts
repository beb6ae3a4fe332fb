import { type LocalTime, wallTime } from './zone.ts'

/*
 * Dates of templates: what a text means as one, and how `strftime` writes it. All of it follows from the instant and the
 * zone that are given, and from nothing of the machine.
 */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
]

/** The instant that a template's value means, in milliseconds; undefined where it means none. `now` is in milliseconds. */
export function instantIn(value: unknown, now: number, zone: string): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value * 1000 : undefined
  const text = String(value ?? '').trim()
  if (text === 'now' || text === 'today') return now
  if (/^-?\d{1,13}(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (text === '' || text.length > 64) return undefined
  const hasZone = /(?:z|gmt|utc|[+-]\d\d:?\d\d)$/i.test(text)
  // What has no zone is meant in the one that is asked for.
  const parsed = Date.parse(
    hasZone
      ? text
      : /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/.test(text)
        ? `${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`
        : `${text} UTC`
  )
  if (Number.isNaN(parsed)) return undefined
  return hasZone ? parsed : parsed - wallTime(zone, parsed).offset_min * 60_000
}

/** An instant in the words of a format as `%Y-%m-%d %H:%M`. */
export function strftime(at: number, format: string, zone: string): string {
  const wall = wallTime(zone, at)
  return format.replaceAll(
    /%([-0^_#]*)(\d{0,2})(:{0,2})([A-Za-z%+])/g,
    // Its arguments are those of `replaceAll`: the match and its groups.
    (whole, flags: string, width: string, colons: string, letter: string) => {
      const written = written_(letter, { wall, at, colons, zone })
      if (written === undefined) return whole
      return padded(written, flags, Number(width))
    }
  )
}

interface Moment {
  readonly wall: LocalTime
  readonly at: number
  readonly colons: string
  readonly zone: string
}

/** Text, or a number with the digits that it has by itself. */
type Written = string | { readonly number: number; readonly digits: number; readonly blank?: true }

function written_(letter: string, moment: Moment): Written | undefined {
  const { wall, at } = moment
  const of = (number: number, digits: number): Written => ({ number, digits })
  const blank = (number: number, digits: number): Written => ({ number, digits, blank: true })
  const hour12 = wall.hour % 12 || 12
  const yearDay = dayOfYear(wall)
  switch (letter) {
    case 'Y':
      return of(wall.year, 1)
    case 'C':
      return of(Math.floor(wall.year / 100), 2)
    case 'y':
      return of(wall.year % 100, 2)
    case 'm':
      return of(wall.month, 2)
    case 'B':
      return months[wall.month - 1]
    case 'b':
    case 'h':
      return months[wall.month - 1]?.slice(0, 3)
    case 'd':
      return of(wall.day, 2)
    case 'e':
      return blank(wall.day, 2)
    case 'j':
      return of(yearDay, 3)
    case 'H':
      return of(wall.hour, 2)
    case 'k':
      return blank(wall.hour, 2)
    case 'I':
      return of(hour12, 2)
    case 'l':
      return blank(hour12, 2)
    case 'M':
      return of(wall.minute, 2)
    case 'S':
      return of(wall.second, 2)
    case 'L':
      return of(((at % 1000) + 1000) % 1000, 3)
    case 'N':
      return `${String(((at % 1000) + 1000) % 1000).padStart(3, '0')}000000`
    case 'p':
      return wall.hour < 12 ? 'AM' : 'PM'
    case 'P':
      return wall.hour < 12 ? 'am' : 'pm'
    case 'A':
      return days[wall.weekday]
    case 'a':
      return days[wall.weekday]?.slice(0, 3)
    case 'u':
      return of(wall.weekday || 7, 1)
    case 'w':
      return of(wall.weekday, 1)
    case 'U':
      return of(Math.floor((yearDay + 6 - wall.weekday) / 7), 2)
    case 'W':
      return of(Math.floor((yearDay + 6 - ((wall.weekday + 6) % 7)) / 7), 2)
    case 's':
      return of(Math.floor(at / 1000), 1)
    case 'z':
      return offset(wall.offset_min, moment.colons)
    case 'Z':
      return wall.offset_min === 0 ? 'UTC' : offset(wall.offset_min, '')
    case 'n':
      return '\n'
    case 't':
      return '\t'
    case '%':
      return '%'
    default:
      return compound(letter, moment)
  }
}

const compounds: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  v: '%e-%b-%Y'
}

function compound(letter: string, { at, zone }: Moment): string | undefined {
  const format = Object.hasOwn(compounds, letter) ? compounds[letter] : undefined
  return format === undefined ? undefined : strftime(at, format, zone)
}

function padded(written: Written, flags: string, width: number): string {
  if (typeof written === 'string') {
    const text = flags.includes('^') ? written.toUpperCase() : flags.includes('#') ? written.toLowerCase() : written
    return text.padStart(width, flags.includes('0') ? '0' : ' ')
  }
  const text = String(written.number)
  if (flags.includes('-')) return text
  const isBlank = flags.includes('_') || (written.blank && !flags.includes('0'))
  return text.padStart(Math.max(width, written.digits), isBlank ? ' ' : '0')
}

function offset(minutes: number, colons: string): string {
  const all = Math.abs(minutes)
  const [h, m] = [Math.floor(all / 60), all % 60].map((part) => String(part).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${h}${colons === '' ? '' : ':'}${m}`
}

function dayOfYear({ year, month, day }: LocalTime): number {
  return Math.round((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1
}
