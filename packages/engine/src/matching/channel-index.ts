import type { TaskChannelRow } from '../routing/rows.ts'
import { BitSet } from './bit-set.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/** Everything of one task channel: a worker who is free only on another one does not look at it at all. */
export class ChannelIndex {
  readonly floor: WorkspaceIndex
  readonly task_channel_sid: string
  /** The idle clock is one for each of a worker's channels (reference taskrouter 6.4). */
  isOptimized = false
  /** Slots of the pools for which something waits. */
  readonly pools = new BitSet()
  /** Tasks that stand in buckets. */
  waiting = 0

  constructor(floor: WorkspaceIndex, task_channel_sid: string) {
    this.floor = floor
    this.task_channel_sid = task_channel_sid
  }

  changed(row: TaskChannelRow): void {
    if (this.isOptimized === row.channel_optimized_routing) return
    this.isOptimized = row.channel_optimized_routing
    this.floor.forgetReady()
  }
}
