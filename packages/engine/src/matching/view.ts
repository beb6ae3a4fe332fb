import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import type { WorkerRow } from '../routing/rows.ts'
import { readJson } from './expression/decimal.ts'
import type { ChannelView, WorkerView } from './expression/environment.ts'

/** A worker as expressions see it. What it remembers is right as long as name, activity and attributes stay. */
export class View implements WorkerView {
  readonly sid: string
  readonly friendly_name: string
  readonly activity_sid: string
  readonly attributes: unknown
  readonly text: string
  readonly #state: State
  readonly #workspace_sid: string
  readonly #seq: number

  constructor(state: State, row: WorkerRow) {
    this.#state = state
    this.#workspace_sid = row.workspace_sid
    this.#seq = row.seq
    this.sid = row.sid
    this.friendly_name = row.friendly_name
    this.activity_sid = row.activity_sid
    this.text = row.attributes
    this.attributes = readJson(row.attributes) // checked when it was given
  }

  get activity_name(): string {
    return this.#state.matcher.activityName(this.activity_sid, this.#seq)
  }

  channel(unique_name: string): ChannelView | undefined {
    const { matcher, tables } = this.#state
    const channel = tables.task_channel.firstBy('name', nameKey(this.#workspace_sid, unique_name))
    const row = channel && matcher.channelOf(this.sid, channel.sid)
    if (!channel || !row) return undefined
    const { open, assigned } = matcher.load(this.sid, channel.sid)
    return {
      configured_capacity: row.configured_capacity,
      assigned_tasks: assigned,
      available_capacity_percentage: capacityLeft(open, row.configured_capacity)
    }
  }
}

/** Percentage of a channel's capacity that is free, 0 to 100 (reference taskrouter 6.2). */
export function capacityLeft(open: number, configured_capacity: number): number {
  if (configured_capacity <= 0) return 0
  return Math.max(0, Math.min(100, Math.floor(((configured_capacity - open) * 100) / configured_capacity)))
}
