import type { TaskChannelRow } from '../routing/rows.ts'
import { BitSet } from './bit-set.ts'
import type { WorkerEntry } from './entry.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/**
 * What the matcher knows of one task channel of a workspace. A worker who has room only on other channels is never
 * compared with its tasks.
 *
 * Invariants: `waiting` is the number of tasks in buckets of this channel, and only WaitingTasks writes it. A slot is in
 * `eligibilities` exactly while a target index of that eligibility has a bucket on this channel; only EligibleOnChannel
 * writes it. `isOptimized` is the row's as of its last change. None of this is ever stale once the tasks are filed.
 *
 * `ready` and `idle` are kept from the first question on; then they are right for every worker whose readiness is not marked
 * as stale. Only `keepReady`, `refresh`, `remove` and `forget` write them.
 */
export class ChannelIndex {
  readonly workspaceIndex: WorkspaceIndex
  readonly task_channel_sid: string
  /** Workers have an idle time for each of their channels instead of one for all (reference taskrouter 6.4). */
  isOptimized = false
  /** Slots of the eligibilities for which a task waits on this channel. */
  readonly eligibilities = new BitSet()
  /** How many tasks are in buckets. */
  waiting = 0
  /** Slots of the workers who are ready. */
  ready = new BitSet()
  /** By slot of a worker who is ready: since when it is idle. */
  readonly idle: number[] = []
  #isKept = false

  constructor(workspaceIndex: WorkspaceIndex, task_channel_sid: string) {
    this.workspaceIndex = workspaceIndex
    this.task_channel_sid = task_channel_sid
  }

  /** Sees to it that it is known who is ready. */
  keepReady(): void {
    if (this.#isKept) return
    this.#isKept = true
    for (const worker of this.workspaceIndex.workers) if (worker) this.refresh(worker)
  }

  /** Brings up to date whether the worker is ready. */
  refresh(worker: WorkerEntry): void {
    if (!this.#isKept || worker.slot < 0) return
    if (this.workspaceIndex.isReady(worker, this)) {
      this.ready.add(worker.slot)
      this.idle[worker.slot] = this.workspaceIndex.idleSince(worker, this)
    } else this.ready.delete(worker.slot)
  }

  /** The worker with that slot is gone. */
  remove(slot: number): void {
    this.ready.delete(slot)
  }

  /** It is found out anew who is ready, when somebody asks. */
  forget(): void {
    this.#isKept = false
    this.ready = new BitSet()
  }

  /** The channel's row is this one now. Another idle time changes the offer order of everybody who is ready. */
  changed(row: TaskChannelRow): void {
    if (this.isOptimized === row.channel_optimized_routing) return
    this.isOptimized = row.channel_optimized_routing
    this.workspaceIndex.forgetReady()
  }
}
