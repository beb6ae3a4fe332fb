import { offsetMinutes } from '../rendering/zone.ts'

/*
 * Local time of a zone: intervals that begin when a day, a week or a quarter of an hour begins there, days of 23 and of 25
 * hours among them.
 */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** How intervals are named, as durations of ISO 8601, and how long they are; longer ones go by the calendar. */
const lengths = {
  PT5M: 5 * minute,
  PT10M: 10 * minute,
  PT15M: 15 * minute,
  PT30M: 30 * minute,
  PT1H: hour,
  P1D: day,
  P1W: 7 * day,
  P1M: 31 * day
} as const

export type Interval = keyof typeof lengths

export const intervals = Object.keys(lengths) as readonly Interval[] // its own keys

export function isInterval(text: string): text is Interval {
  return Object.hasOwn(lengths, text)
}

/** What clocks in a zone show at an instant, as if it were UTC. */
export function shownAt(zone: string, instant: number): number {
  return instant + offsetAt(zone, instant)
}

const offsets = new Map<string, number>()
/** Instants whose offsets are remembered: questions ask for the same midnights. */
const maxOffsets = 10_000

function offsetAt(zone: string, instant: number): number {
  const key = `${instant} ${zone}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const offset = offsetMinutes(zone, instant) * minute
  if (offsets.size >= maxOffsets) offsets.clear()
  offsets.set(key, offset)
  return offset
}

/**
 * The instant at which clocks in a zone show a time; the first one where they show it twice, and where they never show it,
 * the one at which they jump over it.
 */
export function instantShowing(zone: string, shown: number): number {
  const before = offsetAt(zone, shown - day)
  const after = offsetAt(zone, shown + day)
  for (const offset of before === after ? [before] : [Math.max(before, after), Math.min(before, after)])
    if (shownAt(zone, shown - offset) === shown) return shown - offset
  return jumpBetween(zone, shown - day, shown + day)
}

/** When clocks show a time of the day in which an instant lies: so many milliseconds after midnight. */
export function timeOfDay(zone: string, instant: number, after_ms: number): number {
  return instantShowing(zone, Math.floor(shownAt(zone, instant) / day) * day + after_ms)
}

/** When the offset changes between two instants. */
function jumpBetween(zone: string, from: number, until: number): number {
  const first = offsetAt(zone, from)
  let [low, high] = [from, until]
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000
    if (offsetAt(zone, middle) === first) low = middle
    else high = middle
  }
  return high
}

/** When the interval begins in which an instant lies. */
export function startOf(zone: string, interval: Interval, instant: number): number {
  if (lengths[interval] <= hour) {
    const length = lengths[interval]
    const shown = instant + offsetAt(zone, instant)
    return instant - (((shown % length) + length) % length)
  }
  return instantShowing(zone, shownStart(interval, shownAt(zone, instant)))
}

function shownStart(interval: Interval, shown: number): number {
  const midnight = Math.floor(shown / day) * day
  if (interval === 'P1D') return midnight
  // The fourth of January 1970 was a Sunday: weeks begin on Mondays.
  if (interval === 'P1W') return midnight - ((((midnight / day + 3) % 7) + 7) % 7) * day
  const date = new Date(midnight)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

function nextStart(zone: string, interval: Interval, start: number): number {
  // A clock that is set may leave less than the length of an interval, and never half of it more.
  if (lengths[interval] <= hour) {
    const length = lengths[interval]
    const next = startOf(zone, interval, start + length)
    return next > start ? next : start + length
  }
  const shown = shownAt(zone, start)
  const middle = shown + (interval === 'P1M' ? 40 * day : lengths[interval] + 12 * hour)
  return instantShowing(zone, shownStart(interval, middle))
}

/** The beginnings of the intervals that overlap a span of time; undefined where there would be more than so many. */
export function startsIn(
  { zone, interval }: { readonly zone: string; readonly interval: Interval },
  [from, to]: readonly [from: number, to: number],
  maxStarts: number
): number[] | undefined {
  if ((to - from) / lengths[interval] > maxStarts) return undefined
  const starts: number[] = []
  for (let start = startOf(zone, interval, from); start < to; start = nextStart(zone, interval, start)) {
    starts.push(start)
    if (starts.length > maxStarts) return undefined
  }
  return starts
}

/** An instant as clocks in a zone show it, with its offset: `2026-03-29T03:00:00+02:00`. */
export function shownIn(zone: string, instant: number): string {
  const offset = offsetAt(zone, instant)
  const text = new Date(instant + offset).toISOString().replace(/\.000Z$|Z$/, '')
  if (offset === 0) return `${text}Z`
  const minutes = Math.round(Math.abs(offset) / minute)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${text}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
