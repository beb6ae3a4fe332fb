import { flag, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm } from '../core/names.ts'

/** From when until when, as `HH:MM`; an end that is not after its beginning is on the next day, and `24:00` is its end. */
export type Hours = readonly (readonly [from: string, to: string])[]

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof weekdays)[number]

/** A day that is not as its weekday is. */
export interface ScheduleException {
  /** `YYYY-MM-DD` */
  readonly date: string
  readonly name: string
  readonly kind: 'holiday' | 'exception'
  readonly hours: Hours
}

/** When somebody is there. */
const scheduleColumns = {
  account_sid: text(),
  name: text(),
  time_zone: text(),
  weekly: json<{ readonly [day in Weekday]?: Hours }>(),
  exceptions: json<readonly ScheduleException[]>(),
  /** An emergency: closed, whatever the hours say. */
  closed: flag(),
  closed_reason: text<string | null>()
} as const
export type ScheduleRow = RowOf<typeof scheduleColumns>

export const scheduleKinds = {
  schedule: kind(scheduleColumns, {
    prefix: 'KH',
    indexes: { account_sid: (row) => row.account_sid, name: (row) => nameForm(row.name) }
  })
}
