import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { valueIn } from '@ringdown/engine/core/json'
import type { Dialect } from '../store/query.ts'
import type { FieldSurroundings, Threshold, Thresholds } from './fields.ts'

/** What fields depend on, as it is now. */
export function surroundingsOf(state: State, dialect: Dialect): FieldSurroundings {
  const { activity, workspace } = state.tables
  const configuration = configurationOf(state)
  const offline = workspace.all().map((row) => row.default_activity_sid)
  const own = configuration?.taskrouter_offline_activity_sid
  return {
    dialect,
    thresholds: thresholdsOf(configuration?.queue_stats_configuration),
    available_activities: activity.all().flatMap((row) => (row.available ? [row.sid] : [])),
    offline_activities: [...new Set([...offline, ...(own ? [own] : [])])].filter(
      (sid) => state.find('activity', sid)?.available !== true
    )
  }
}

function configurationOf(state: State) {
  return state.find('flex_configuration', state.account_sid)
}

/** When a day begins: a time of day, and where clocks show it. */
export interface ResetTime {
  readonly zone: string
  /** Milliseconds after midnight. */
  readonly after_ms: number
}

/** When "today" begins, of a queue or by default (reference flex 17). */
export function resetTimeOf(state: State, task_queue_sid?: string): ResetTime {
  const document = memberOf(configurationOf(state)?.queue_stats_configuration)
  const own = listOf(document.queue_configurations).find(({ queue_sid }) => queue_sid === task_queue_sid)
  const usual = memberOf(document.default)
  const zone = textOf(own?.reset_timezone) ?? textOf(usual.reset_timezone) ?? 'Etc/UTC'
  const [, hours = '0', minutes = '0'] =
    /^([01]?\d|2[0-3]):([0-5]\d)/.exec(textOf(own?.reset_time) ?? textOf(usual.reset_time) ?? '') ?? []
  return { zone, after_ms: (Number(hours) * 60 + Number(minutes)) * 60_000 }
}

/** Seconds of `queue_stats_configuration`, in milliseconds. */
function thresholdsOf(configuration: unknown): Thresholds {
  const document = memberOf(configuration)
  const usual = thresholdIn(memberOf(document.default), { service_level_ms: 20_000, short_abandoned_ms: 5_000 })
  const special = listOf(document.queue_channel_configurations).flatMap((row) => {
    const { queue_sid: task_queue_sid, channel_sid: task_channel_sid } = row
    if (typeof task_queue_sid !== 'string' || typeof task_channel_sid !== 'string') return []
    return [{ task_queue_sid, task_channel_sid, ...thresholdIn(row, usual) }]
  })
  return { usual, special }
}

function thresholdIn(row: Fields, usual: Threshold): Threshold {
  return {
    service_level_ms: milliseconds(row.service_level_threshold) ?? usual.service_level_ms,
    short_abandoned_ms: milliseconds(row.short_abandoned_threshold) ?? usual.short_abandoned_ms
  }
}

type Fields = Readonly<Record<string, unknown>>

/** The configuration keeps what somebody has written as text. */
function memberOf(value: unknown): Fields {
  const read = typeof value === 'string' ? valueIn(value) : value
  return isJsonObject(read) ? read : {}
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function milliseconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof seconds === 'number' && seconds >= 0 && seconds < 1e9 ? Math.round(seconds * 1000) : undefined
}

/** The thresholds in force. */
export function thresholdsIn(state: State): Thresholds {
  return thresholdsOf(configurationOf(state)?.queue_stats_configuration)
}

/** Milliseconds within which a queue is to answer on a channel. */
export function serviceLevelOf(
  { usual, special }: Thresholds,
  task_queue_sid: string,
  task_channel_sid: string
): number {
  const own = special.find((one) => one.task_queue_sid === task_queue_sid && one.task_channel_sid === task_channel_sid)
  return (own ?? usual).service_level_ms
}
