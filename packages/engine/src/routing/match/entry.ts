import type { SortedList } from '../../state/sorted-list.ts'
import type { TaskRow, WorkerChannelRow, WorkerRow } from '../rows.ts'
import { Bits } from './bits.ts'
import type { Floor } from './floor.ts'
import type { Line } from './line.ts'
import type { View } from './view.ts'
import type { Bucket } from './waiting.ts'

/** What the matcher keeps of a worker. It is there from the first row that mentions the worker to the last. */
export class WorkerEntry {
  readonly sid: string
  readonly floor: Floor
  row: WorkerRow | undefined
  view: View | undefined
  /** Its number in pools while it has a row, else -1. */
  slot = -1
  /** Slots of the pools that it is a member of. */
  readonly pools = new Bits()
  readonly channels: ChannelEntry[] = []
  /** Reservations that hold capacity, on all channels. */
  open = 0
  /** Which pools are to judge it anew: none, those that read its names or activity, or all. */
  toJudge: 'none' | 'names' | 'all' = 'none'
  /** The activity in which its pools count it. */
  counted = ''
  /** Something may be offered to it. */
  isFreed = false
  /** It has changed, and the orders of choice are still to hear of it. */
  isNoted = false
  /** Tasks that wait for this worker alone, in the order in which they are offered. */
  direct: SortedList<TaskEntry> | undefined

  constructor(sid: string, floor: Floor) {
    this.sid = sid
    this.floor = floor
  }

  channelOn(line: Line): ChannelEntry | undefined {
    for (const channel of this.channels) if (channel.line === line) return channel
    return undefined
  }

  channel(task_channel_sid: string): ChannelEntry | undefined {
    for (const channel of this.channels) if (channel.line.task_channel_sid === task_channel_sid) return channel
    return undefined
  }
}

/** A worker's channel and how many reservations it holds there. */
export interface ChannelEntry {
  readonly line: Line
  row: WorkerChannelRow | undefined
  open: number
  assigned: number
}

/** What the matcher keeps of a task that waits, or may soon. */
export interface TaskEntry {
  /** Undefined when the task is gone. */
  row: TaskRow | undefined
  /** The row by which it stands where it stands: its line is in that order. */
  placed: TaskRow
  view: { readonly text: string; readonly attributes: unknown } | undefined
  bucket: Bucket | undefined
  worker: WorkerEntry | undefined
  isChanged: boolean
}
