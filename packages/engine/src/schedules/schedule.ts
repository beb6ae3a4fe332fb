import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { valueIn } from '../core/json.ts'
import { nameForm } from '../core/names.ts'
import { checkLength, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type Hours, type ScheduleException, type ScheduleRow, weekdays } from './rows.ts'

export interface ScheduleParams {
  readonly time_zone?: string
  /** JSON texts. */
  readonly weekly?: string
  readonly exceptions?: string
  readonly closed?: boolean
  readonly closed_reason?: string
}

const maxSchedules = 1000
const maxExceptions = 500
const maxHours = 12
const maxName = 128

export function createSchedule(
  state: State,
  params: ScheduleParams & { readonly name: string }
): { schedule: ScheduleRow } {
  const { name } = params
  if (!/^[^\s/](?:[^/]*[^\s/])?$/.test(name) || /^KH[0-9a-f]{32}$/i.test(name))
    refuse('invalid', 'Name of a Schedule must begin and end with no blank, hold no slash, and be no SID')
  checkLength(name, 'Name', maxName)
  const other = state.tables.schedule.firstBy('name', nameForm(name))
  if (other) refuse('conflict', `Name ${name} is that of ${other.sid}`)
  if (state.tables.schedule.size >= maxSchedules) refuse('too_many', `Schedules are at most ${maxSchedules}`)
  const columns = columnsOf(state, params)
  return {
    schedule: state.insert('schedule', {
      account_sid: state.account_sid,
      name,
      ...{ time_zone: 'UTC', weekly: {}, exceptions: [], closed: false, closed_reason: null },
      ...columns
    })
  }
}

export function updateSchedule(
  state: State,
  params: ScheduleParams & { readonly name: string }
): { schedule: ScheduleRow } {
  const { sid } = scheduleOf(state, params.name)
  return { schedule: state.change('schedule', sid, columnsOf(state, params)) }
}

export function deleteSchedule(state: State, { name }: { readonly name: string }): Record<string, never> {
  state.remove('schedule', scheduleOf(state, name).sid)
  return {}
}

/** By name or SID. */
export function scheduleOf(state: State, name: string): ScheduleRow {
  return scheduleNamed(state, name) ?? notFound(`/Schedules/${name}`)
}

/** By name or SID; undefined where there is none. */
export function scheduleNamed(state: State, name: string): ScheduleRow | undefined {
  return state.tables.schedule.find(name) ?? state.tables.schedule.firstBy('name', nameForm(name))
}

function columnsOf(state: State, { time_zone, weekly, exceptions, closed, closed_reason }: ScheduleParams) {
  if (time_zone !== undefined && !state.tools.isZone(time_zone))
    refuse('invalid', `Value '${time_zone}' provided for TimeZone is no time zone as Europe/Paris`)
  checkLength(closed_reason, 'ClosedReason', 256)
  return {
    ...(time_zone !== undefined && { time_zone }),
    ...(weekly !== undefined && { weekly: weeklyIn(weekly) }),
    ...(exceptions !== undefined && { exceptions: exceptionsIn(exceptions) }),
    ...(closed !== undefined && { closed }),
    ...(closed_reason !== undefined && { closed_reason: cleared(closed_reason) ?? null })
  }
}

function weeklyIn(text: string): ScheduleRow['weekly'] {
  const value = valueIn(text)
  if (!isJsonObject(value)) return refuse('invalid', 'Weekly must be a JSON object of days')
  const days = Object.entries(value).map(([day, hours]) => {
    const known = weekdays.find((one) => one === day.slice(0, 3).toLowerCase())
    if (!known) return refuse('invalid', `Weekly: '${day}' is not one of ${weekdays.join(', ')}`)
    return [known, hoursIn(hours, `Weekly: ${day}`)] as const
  })
  return Object.fromEntries(days)
}

function exceptionsIn(text: string): ScheduleException[] {
  const value = valueIn(text)
  if (!Array.isArray(value)) return refuse('invalid', 'Exceptions must be a JSON list')
  if (value.length > maxExceptions) refuse('invalid', `Exceptions are at most ${maxExceptions}`)
  const all = value.map((one: unknown): ScheduleException => {
    if (!isJsonObject(one)) return refuse('invalid', 'Exceptions must be objects with date, name and hours')
    const { date, name, hours = [], kind = 'holiday' } = one
    if (typeof date !== 'string' || !isDate(date)) return refuse('invalid', 'Exceptions: date must be YYYY-MM-DD')
    if (typeof name !== 'string' || name === '' || name.length > maxName)
      return refuse('invalid', `Exceptions: name of ${date} must have 1 to ${maxName} characters`)
    if (kind !== 'holiday' && kind !== 'exception')
      return refuse('invalid', `Exceptions: kind of ${date} is not one of holiday, exception`)
    return { date, name, kind, hours: hoursIn(hours, `Exceptions: ${date}`) }
  })
  if (new Set(all.map(({ date }) => date)).size < all.length) refuse('invalid', 'Exceptions: there is one for a date')
  return all.sort((a, b) => (a.date < b.date ? -1 : 1))
}

function hoursIn(value: unknown, place: string): Hours {
  if (!Array.isArray(value) || value.length > maxHours)
    return refuse('invalid', `${place} must be a list of at most ${maxHours} [from, to]`)
  return value.map((one: unknown) => {
    const [from, to] = Array.isArray(one) && one.length === 2 ? one : []
    if (typeof from !== 'string' || typeof to !== 'string' || !isTime(from) || !(isTime(to) || to === '24:00'))
      return refuse('invalid', `${place}: hours are [from, to] as ["09:00", "17:30"]`)
    return [from, to] as const
  })
}

function isTime(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text)
}

function isDate(text: string): boolean {
  const [, year = 0, month = 0, day = 0] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? []
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && isLeap ? 29 : (daysOf[month - 1] ?? 0)
  return day >= 1 && day <= days
}

const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
