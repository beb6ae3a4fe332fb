import type { SortedList } from '../core/sorted-list.ts'
import type { TaskRow, WorkerChannelRow, WorkerRow } from '../routing/rows.ts'
import { BitSet } from './bit-set.ts'
import type { ChannelIndex } from './channel-index.ts'
import type { View } from './view.ts'
import type { Bucket } from './waiting-tasks.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/**
 * What the matcher keeps of a worker, from the first row that mentions the worker to the last.
 *
 * Invariants, by who may write what:
 * - Matcher writes `row`, `view` (back to undefined), `channels`, `open` and `isMarkedForOffer`. Rows and counts are never
 *   stale: they change with the row.
 * - WorkspaceIndex writes `slot`, `view` (when it is asked for), `countedActivity` and both stale flags. While a flag is
 *   set, the worker is in that index's list of those to bring up to date, and in it once.
 * - Eligibility writes `eligibilities`, together with its own members.
 * - FiledTasks writes `direct`.
 */
export class WorkerEntry {
  readonly sid: string
  readonly workspaceIndex: WorkspaceIndex
  row: WorkerRow | undefined
  /** Undefined until it is asked for, and again when the row's names or attributes change. */
  view: View | undefined
  /** Its number in the workspace while it has a row, else -1. */
  slot = -1
  /** Slots of the eligibilities that it is a member of. */
  readonly eligibilities = new BitSet()
  readonly channels: ChannelEntry[] = []
  /** Reservations that hold capacity, on all channels. */
  open = 0
  /** Which expressions must be evaluated again for it: none, those that read its names or activity, or all. */
  staleEligibility: 'none' | 'names' | 'all' = 'none'
  /** The activity under which its eligibilities count it. */
  countedActivity = ''
  /** Whether, or in which order, it is ready may be another than the kept offer orders say. */
  isReadinessStale = false
  /** A task may be waiting for it: it is looked at before the decision ends. */
  isMarkedForOffer = false
  /** Tasks that wait for this worker alone, in the order in which they are offered. */
  direct: SortedList<TaskEntry> | undefined

  constructor(sid: string, workspaceIndex: WorkspaceIndex) {
    this.sid = sid
    this.workspaceIndex = workspaceIndex
  }

  /** The worker's entry of a channel, by the channel's index. */
  channelOn(channelIndex: ChannelIndex): ChannelEntry | undefined {
    for (const channel of this.channels) if (channel.channelIndex === channelIndex) return channel
    return undefined
  }

  /** The worker's entry of a channel, by the channel's SID. */
  channel(task_channel_sid: string): ChannelEntry | undefined {
    for (const channel of this.channels) if (channel.channelIndex.task_channel_sid === task_channel_sid) return channel
    return undefined
  }
}

/** A worker's channel. Only Matcher writes it, with the rows that it counts. */
export interface ChannelEntry {
  readonly channelIndex: ChannelIndex
  row: WorkerChannelRow | undefined
  /** Reservations on this channel that hold capacity. */
  open: number
  /** Those of them that are accepted or being wrapped up. */
  assigned: number
}

/**
 * What the matcher keeps of a task that waits, or may do so soon. `bucket` and `worker` say where it is filed: in a
 * bucket, with one worker, or, when both are undefined, nowhere. While `isStale`, that is where it was filed before its
 * row changed, and the task is in the list of those to file again. Only FiledTasks writes it, but for `bucket`, which
 * WaitingTasks sets.
 */
export interface TaskEntry {
  /** Undefined when the task is gone. */
  row: TaskRow | undefined
  /** The row by which it is filed. Lists are in the order of these rows, so it stays until the task has been taken out. */
  filed: TaskRow
  view: { readonly text: string; readonly attributes: unknown } | undefined
  bucket: Bucket | undefined
  worker: WorkerEntry | undefined
  isStale: boolean
}
