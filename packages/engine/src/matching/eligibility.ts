import { BitSet } from './bit-set.ts'
import type { ChannelIndex } from './channel-index.ts'
import type { WorkerEntry } from './entry.ts'
import type { Expression, Finding } from './expression/compile.ts'
import type { ReadyWorkers } from './ready-workers.ts'
import type { TargetCondition } from './target-condition.ts'
import { TargetIndex } from './target-index.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/** The workers whom one expression accepts, for all queues that have it. */
export class Eligibility {
  readonly floor: WorkspaceIndex
  readonly expression: Expression
  readonly slot: number
  /** Slots of its workers. */
  readonly members = new BitSet()
  size = 0
  /** How many of them are in an activity; none is left out or 0. */
  readonly byActivity = new Map<string, number>()
  /** Queues with this expression. */
  users = 0
  /** How many of them will have it in force only when everybody has been judged. */
  awaited = 0
  isJudged = false
  /** Seq of the last worker who has been judged, while they are judged in pieces. */
  judgedTo = 0
  /** Judgement may change without the worker's attributes. */
  readonly readsNames: boolean
  /** Nobody is a member whom none of these finds; undefined when everybody has to be asked. */
  readonly finds: readonly Finding[] | undefined
  readonly places = new Map<ChannelIndex, EligibleOnChannel>()
  /** Orders of choice among its members that are kept, and hear of every change. */
  readonly kept = new Set<ReadyWorkers>()

  constructor(floor: WorkspaceIndex, expression: Expression, slot: number) {
    this.floor = floor
    this.expression = expression
    this.slot = slot
    this.readsNames = expression.worker_paths.some((path) => path.system)
    // What is never true of anybody finds nobody.
    if (expression.constant === false) this.finds = []
    else for (const part of expression.conjuncts) if (part.kind === 'worker' && part.finds) this.finds ??= part.finds
  }

  has(worker: WorkerEntry): boolean {
    return worker.slot >= 0 && this.members.has(worker.slot)
  }

  /** The expression is in force in a queue. */
  get isInForce(): boolean {
    return this.users > this.awaited
  }

  /** What it says of the worker is kept up to date. */
  hasJudged({ row }: WorkerEntry): boolean {
    return this.isJudged || (row !== undefined && row.seq <= this.judgedTo)
  }

  add(worker: WorkerEntry): void {
    this.members.add(worker.slot)
    worker.pools.add(this.slot)
    this.size++
    this.count(worker.counted, 1)
  }

  remove(worker: WorkerEntry): void {
    this.members.delete(worker.slot)
    worker.pools.delete(this.slot)
    this.size--
    this.count(worker.counted, -1)
    this.tell(worker)
  }

  /** The worker, who is or was a member, has changed. */
  tell(worker: WorkerEntry): void {
    for (const ready of this.kept) ready.hear(worker)
  }

  count(activity_sid: string, by: number): void {
    const count = (this.byActivity.get(activity_sid) ?? 0) + by
    if (count === 0) this.byActivity.delete(activity_sid)
    else this.byActivity.set(activity_sid, count)
  }

  at(line: ChannelIndex): EligibleOnChannel {
    let place = this.places.get(line)
    if (!place) {
      place = new EligibleOnChannel(this, line)
      this.places.set(line, place)
    }
    return place
  }
}

/** A pool on a channel. */
export class EligibleOnChannel {
  readonly pool: Eligibility
  readonly line: ChannelIndex
  readonly stands = new Map<TargetCondition, TargetIndex>()
  /** Those of its stands at which something waits. */
  readonly waiting = new Set<TargetIndex>()

  constructor(pool: Eligibility, line: ChannelIndex) {
    this.pool = pool
    this.line = line
  }

  stand(demand: TargetCondition): TargetIndex {
    let stand = this.stands.get(demand)
    if (!stand) {
      this.pool.floor.makeRoom()
      stand = new TargetIndex(this, demand)
      this.stands.set(demand, stand)
    }
    return stand
  }
}
