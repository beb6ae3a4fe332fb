import { InvalidRequest } from '@ringdown/contract/form'
import { instantOf } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { scheduleNamed } from '@ringdown/engine/schedules/schedule'
import { statusOf } from '@ringdown/engine/schedules/status'
import { isZone, wallTime } from '../../rendering/zone.ts'

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

type Spans = readonly (readonly [from: string, until: string])[]

/** When somebody is there: `{"timezone": "Europe/Tallinn", "weekly": {"mon": [["09:00", "17:00"]]}, "dates": {"2026-12-24": []}}`. */
interface Hours {
  readonly timezone: string
  readonly weekly: Readonly<Record<string, Spans>>
  readonly dates: Readonly<Record<string, Spans>>
}

/** Refuses (400) JSON text that says no hours. `{}` says that somebody always is there. */
export function checkHours(state: State, text: string | undefined): void {
  if (text === undefined || text === '') return
  const name = scheduleIn(text)
  if (name === undefined) hoursIn(text)
  else if (!scheduleNamed(state, name)) throw wrong(`there is no schedule ${name.slice(0, 128)}`)
}

/** Whether somebody is there at an instant (milliseconds), by a deployment's hours, or the schedule that they name. */
export function isWithinHours(state: State, text: string, now: number): boolean {
  const name = scheduleIn(text)
  if (name !== undefined) {
    const schedule = scheduleNamed(state, name)
    // One that was removed says no more when nobody is there.
    return schedule === undefined || statusOf(state, schedule, now).open
  }
  const hours = hoursIn(text)
  if (!hours) return true
  const { day, date, time } = localTime(hours.timezone, now)
  const spans = hours.dates[date] ?? hours.weekly[day] ?? []
  return spans.some(([from, until]) => from <= time && time < until)
}

/** The name of a schedule that says when: `{"schedule": "Support"}`. */
function scheduleIn(text: string): string | undefined {
  const given: unknown = parsed(text)
  if (!isJsonObject(given) || given.schedule === undefined) return undefined
  const { schedule, ...others } = given
  if (typeof schedule !== 'string' || Object.keys(others).length > 0)
    throw wrong('schedule is the name of one, and stands alone')
  return schedule
}

function hoursIn(text: string): Hours | undefined {
  const given: unknown = parsed(text)
  if (!isJsonObject(given)) throw wrong('it must be a JSON object')
  const { timezone = 'UTC', weekly = {}, dates = {}, ...others } = given
  if (Object.keys(given).length === 0) return undefined
  const [other] = Object.keys(others)
  if (other !== undefined) throw wrong(`it has timezone, weekly and dates, not ${other.slice(0, 64)}`)
  if (typeof timezone !== 'string' || !isZone(timezone)) throw wrong('timezone must be one like Europe/Tallinn')
  if (!isJsonObject(weekly) || !Object.keys(weekly).every((day) => days.some((one) => one === day)))
    throw wrong(`weekly has the days ${days.join(', ')}`)
  if (!isJsonObject(dates) || !Object.keys(dates).every(isDate)) throw wrong('dates are days like 2026-12-24')
  return { timezone, weekly: spansIn(weekly), dates: spansIn(dates) }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && instantOf(text) !== null
}

function spansIn(given: Readonly<Record<string, unknown>>): Readonly<Record<string, Spans>> {
  return Object.fromEntries(
    Object.entries(given).map(([name, spans]) => {
      if (!Array.isArray(spans) || !spans.every(isSpan))
        throw wrong(`${name} must be a list of pairs like ["09:00", "17:00"]`)
      return [name, spans]
    })
  )
}

function isSpan(given: unknown): given is Spans[number] {
  if (!Array.isArray(given) || given.length !== 2) return false
  return (
    given.every((one) => typeof one === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(one)) &&
    given[0] < given[1]
  )
}

/** Day, date and time of day as clocks in a zone show them. */
function localTime(zone: string, now: number) {
  const { year, month, day, hour, minute, weekday } = wallTime(zone, now)
  const two = (part: number) => String(part).padStart(2, '0')
  return { day: days[weekday] ?? 'sun', date: `${year}-${two(month)}-${two(day)}`, time: `${two(hour)}:${two(minute)}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wrong(why: string): InvalidRequest {
  return new InvalidRequest(`Parameter Hours is invalid: ${why}`, 'Hours')
}
