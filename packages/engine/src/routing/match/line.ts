import type { TaskChannelRow } from '../rows.ts'
import { Bits } from './bits.ts'
import type { Floor } from './floor.ts'

/** Everything of one task channel: a worker who is free only on another one does not look at it at all. */
export class Line {
  readonly floor: Floor
  readonly task_channel_sid: string
  /** The idle clock is one for each of a worker's channels (reference taskrouter 6.4). */
  isOptimized = false
  /** Slots of the pools for which something waits. */
  readonly pools = new Bits()
  /** Tasks that stand in buckets. */
  waiting = 0

  constructor(floor: Floor, task_channel_sid: string) {
    this.floor = floor
    this.task_channel_sid = task_channel_sid
  }

  changed(row: TaskChannelRow): void {
    if (this.isOptimized === row.channel_optimized_routing) return
    this.isOptimized = row.channel_optimized_routing
    this.floor.forgetReady()
  }
}
