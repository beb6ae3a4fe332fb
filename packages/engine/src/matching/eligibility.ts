import { BitSet } from './bit-set.ts'
import type { ChannelIndex } from './channel-index.ts'
import type { WorkerEntry } from './entry.ts'
import type { Expression, WorkerLookup } from './expression/compile.ts'
import type { ReadyWorkers } from './ready-workers.ts'
import type { TargetCondition } from './target-condition.ts'
import { TargetIndex } from './target-index.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/**
 * The workers whom one expression accepts, shared by all queues of the workspace that have this expression.
 *
 * Invariants: a worker's slot is in `members` exactly if this eligibility's slot is in `worker.eligibilities`; `size` and
 * `byActivity` count the members, each under its `countedActivity`. Only WorkspaceIndex adds, removes and counts. Members
 * are right for every worker whom `isEvaluatedFor` names and whose `staleEligibility` is `none`; before that they are what
 * the expression said at the last evaluation. Each of `readyWorkers` is refreshed with every member that changed or left.
 */
export class Eligibility {
  readonly workspaceIndex: WorkspaceIndex
  readonly expression: Expression
  /** Its number in the workspace; another eligibility may get it when this one is dropped. */
  readonly slot: number
  /** Slots of its workers. */
  readonly members = new BitSet()
  size = 0
  /** How many members are in each activity; an activity without members has no entry. */
  readonly byActivity = new Map<string, number>()
  /** How many queues have the expression, in force or upcoming. */
  users = 0
  /** For how many of these queues it is upcoming: in force only after all workers have been evaluated. */
  upcoming = 0
  /** All workers have been evaluated. */
  isEvaluated = false
  /** While workers are evaluated in pieces: seq of the last one that has been. */
  evaluatedTo = 0
  /** The expression reads the worker's name, SID or activity, or a channel, which change without the attributes. */
  readonly readsNames: boolean
  /** A worker whom none of these finds is no member; undefined when every worker must be evaluated. */
  readonly lookups: readonly WorkerLookup[] | undefined
  readonly onChannels = new Map<ChannelIndex, EligibleOnChannel>()
  /** Offer orders of its members that are kept up to date. */
  readonly readyWorkers = new Set<ReadyWorkers>()

  constructor(workspaceIndex: WorkspaceIndex, expression: Expression, slot: number) {
    this.workspaceIndex = workspaceIndex
    this.expression = expression
    this.slot = slot
    this.readsNames = expression.worker_paths.some((path) => path.system)
    this.lookups = lookupsOf(expression)
  }

  has(worker: WorkerEntry): boolean {
    return worker.slot >= 0 && this.members.has(worker.slot)
  }

  /** The expression is in force in at least one queue. */
  get isInForce(): boolean {
    return this.users > this.upcoming
  }

  /** The expression has been evaluated for the worker, and is evaluated again whenever the worker changes. */
  isEvaluatedFor({ row }: WorkerEntry): boolean {
    return this.isEvaluated || (row !== undefined && row.seq <= this.evaluatedTo)
  }

  add(worker: WorkerEntry): void {
    this.members.add(worker.slot)
    worker.eligibilities.add(this.slot)
    this.size++
    this.count(worker.countedActivity, 1)
  }

  remove(worker: WorkerEntry): void {
    this.members.delete(worker.slot)
    worker.eligibilities.delete(this.slot)
    this.size--
    this.count(worker.countedActivity, -1)
    this.refreshReady(worker)
  }

  /** Brings all kept offer orders up to date with a worker who is, or just was, a member. */
  refreshReady(worker: WorkerEntry): void {
    for (const ready of this.readyWorkers) ready.refreshWorker(worker)
  }

  /** `by` more members are in the activity. */
  count(activity_sid: string, by: number): void {
    const count = (this.byActivity.get(activity_sid) ?? 0) + by
    if (count === 0) this.byActivity.delete(activity_sid)
    else this.byActivity.set(activity_sid, count)
  }

  onChannel(channelIndex: ChannelIndex): EligibleOnChannel {
    let onChannel = this.onChannels.get(channelIndex)
    if (!onChannel) {
      onChannel = new EligibleOnChannel(this, channelIndex)
      this.onChannels.set(channelIndex, onChannel)
    }
    return onChannel
  }
}

function lookupsOf({ constant, conjuncts }: Expression): readonly WorkerLookup[] | undefined {
  // An expression that is never true needs to look for nobody.
  if (constant === false) return []
  for (const part of conjuncts) if (part.kind === 'worker' && part.lookups) return part.lookups
  return undefined
}

/**
 * An eligibility on one channel: its target indexes by their conditions.
 *
 * Invariant: `waiting` holds the target indexes that have a bucket, and the channel's bit of this eligibility is set
 * exactly while there is one. WaitingTasks says when its first bucket opens and its last one closes.
 */
export class EligibleOnChannel {
  readonly eligibility: Eligibility
  readonly channelIndex: ChannelIndex
  readonly targetIndexes = new Map<TargetCondition, TargetIndex>()
  /** Those of its target indexes at which something waits. */
  readonly waiting = new Set<TargetIndex>()

  constructor(eligibility: Eligibility, channelIndex: ChannelIndex) {
    this.eligibility = eligibility
    this.channelIndex = channelIndex
  }

  targetIndex(condition: TargetCondition): TargetIndex {
    let targetIndex = this.targetIndexes.get(condition)
    if (!targetIndex) {
      this.eligibility.workspaceIndex.makeRoom()
      targetIndex = new TargetIndex(this, condition)
      this.targetIndexes.set(condition, targetIndex)
    }
    return targetIndex
  }

  /** The target index has its first bucket. */
  addWaiting(targetIndex: TargetIndex): void {
    if (this.waiting.size === 0) this.channelIndex.eligibilities.add(this.eligibility.slot)
    this.waiting.add(targetIndex)
  }

  /** The last bucket of the target index is gone. */
  removeWaiting(targetIndex: TargetIndex): void {
    this.waiting.delete(targetIndex)
    if (this.waiting.size === 0) this.channelIndex.eligibilities.delete(this.eligibility.slot)
  }
}
