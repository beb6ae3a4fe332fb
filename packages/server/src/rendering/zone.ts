import type { WallTime } from '@ringdown/engine/tools'

/** An instant on the clocks of a place. */
export interface LocalTime extends WallTime {
  readonly second: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** Minutes by which clocks there are ahead of UTC. */
  readonly offset_min: number
}

const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const maxKept = 600

/** Whether a text names a zone, as `Europe/Paris`. */
export function isZone(zone: string): boolean {
  return formatOf(zone) !== undefined
}

/** What clocks in a zone show at an instant in milliseconds; UTC where the zone is not known. */
export function wallTime(zone: string, at: number): LocalTime {
  const offset_min = offsetMinutes(zone, at)
  const date = new Date(at + offset_min * 60_000)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    offset_min
  }
}

/** The first instant at which clocks in a zone show a time; one that they leap over is that at which they have leapt. */
export function instantOf(zone: string, wall: WallTime): number {
  const local = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  const offsets = new Set([local - 86_400_000, local, local + 86_400_000].map((at) => offsetMinutes(zone, at)))
  const exact = [...offsets]
    .map((offset) => local - offset * 60_000)
    .filter((at) => at + offsetMinutes(zone, at) * 60_000 === local)
  if (exact.length > 0) return Math.min(...exact)
  return leapBetween(zone, local - Math.max(...offsets) * 60_000, local - Math.min(...offsets) * 60_000)
}

/** The first whole minute at which clocks in a zone are as far ahead as at `late`, of two instants around a leap. */
function leapBetween(zone: string, early: number, late: number): number {
  const ahead = offsetMinutes(zone, late)
  let [before, from] = [early, late]
  while (from - before > 60_000) {
    const middle = before + Math.floor((from - before) / 120_000) * 60_000
    if (offsetMinutes(zone, middle) === ahead) from = middle
    else before = middle
  }
  return from
}

/** Minutes by which clocks in a zone are ahead of UTC at an instant; none where the zone is not known. */
export function offsetMinutes(zone: string, at: number): number {
  const format = formatOf(zone)
  if (!format) return 0
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  return Math.round((local - Math.floor(at / 1000) * 1000) / 60_000)
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone)
  if (formats.size >= maxKept) formats.clear()
  const format = madeFormat(zone)
  formats.set(zone, format)
  return format
}

function madeFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  if (timeZone === '' || timeZone.length > 64) return undefined
  const numeric = 'numeric'
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric
    })
  } catch {
    return undefined // there is no such zone
  }
}
