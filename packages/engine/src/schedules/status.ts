import type { State } from '../center.ts'
import type { Tools, WallTime } from '../tools.ts'
import { type Hours, type ScheduleException, type ScheduleRow, weekdays } from './rows.ts'

/** Whether somebody is there. Instants are in milliseconds. */
export interface ScheduleStatus {
  readonly open: boolean
  readonly reason: 'open' | 'closed' | 'holiday' | 'emergency'
  /** The exception's name, or what was said of the emergency. */
  readonly label: string | null
  /** Null where nothing is known to change. */
  readonly next_change: number | null
}

type Day = Pick<WallTime, 'year' | 'month' | 'day'>

/** How far ahead a change is looked for. */
const daysAhead = 370

/** The status of a schedule at an instant: hours are those of its place, across changes of the clock. */
export function statusOf({ tools }: Pick<State, 'tools'>, schedule: ScheduleRow, at: number): ScheduleStatus {
  if (schedule.closed) return { open: false, reason: 'emergency', label: schedule.closed_reason, next_change: null }
  const today = tools.wallTime(schedule.time_zone, at)
  let end: number | undefined
  for (let ahead = -1; ahead <= daysAhead; ahead++) {
    for (const [from, to] of spansOf(tools, schedule, dayAfter(today, ahead))) {
      if (end === undefined) {
        if (to <= at) continue
        if (from > at) return closed(schedule, today, from)
        end = to
      } else if (from <= end) end = Math.max(end, to)
      else return { open: true, reason: 'open', label: null, next_change: end }
    }
    // One that ends with the day may go on with the next.
    if (end !== undefined && ahead > 0 && end < tools.instantOf(schedule.time_zone, midnight(dayAfter(today, ahead))))
      return { open: true, reason: 'open', label: null, next_change: end }
  }
  if (end !== undefined) return { open: true, reason: 'open', label: null, next_change: null }
  return closed(schedule, today, null)
}

function closed({ exceptions }: ScheduleRow, today: Day, next_change: number | null): ScheduleStatus {
  const exception = exceptionOn(exceptions, today)
  const isHoliday = exception?.kind === 'holiday' && exception.hours.length === 0
  return { open: false, reason: isHoliday ? 'holiday' : 'closed', label: exception?.name ?? null, next_change }
}

/** The spans of a day, in their order. */
function spansOf(tools: Tools, { time_zone, weekly, exceptions }: ScheduleRow, day: Day): [number, number][] {
  const hours: Hours = exceptionOn(exceptions, day)?.hours ?? weekly[weekdays[weekdayOf(day)] ?? 'sun'] ?? []
  return hours
    .map(([from, to]): [number, number] => {
      const begins = tools.instantOf(time_zone, { ...day, ...timeIn(from) })
      const isNext = to <= from || to === '24:00'
      const ends = tools.instantOf(time_zone, {
        ...(isNext ? dayAfter(day, 1) : day),
        ...timeIn(to === '24:00' ? '00:00' : to)
      })
      return [begins, ends]
    })
    .sort(([a], [b]) => a - b)
}

function exceptionOn(
  exceptions: readonly ScheduleException[],
  { year, month, day }: Day
): ScheduleException | undefined {
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
  return exceptions.find((one) => one.date === date)
}

function timeIn(text: string): Pick<WallTime, 'hour' | 'minute'> {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return { hour, minute }
}

function midnight(day: Day) {
  return { ...day, hour: 0, minute: 0 }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

// Days of the calendar, by their number since 1970 (Hinnant's way): neither clocks nor zones have a part in it.

function numberOf({ year, month, day }: Day): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function dayOfNumber(number: number): Day {
  const shifted = number + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const part = Math.floor((5 * dayOfYear + 2) / 153)
  const month = part < 10 ? part + 3 : part - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * part + 2) / 5) + 1
  }
}

function dayAfter(day: Day, days: number): Day {
  return dayOfNumber(numberOf(day) + days)
}

function weekdayOf(day: Day): number {
  return (((numberOf(day) + 4) % 7) + 7) % 7
}
