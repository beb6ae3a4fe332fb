import type { State } from '../center.ts'
import type { WorkerRow } from '../routing/rows.ts'
import { ChannelIndex } from './channel-index.ts'
import { Eligibility } from './eligibility.ts'
import type { WorkerEntry } from './entry.ts'
import { compile, type Expression } from './expression/compile.ts'
import { ExpressionIndex } from './expression-index.ts'
import type { ReadyWorkers } from './ready-workers.ts'
import { View } from './view.ts'
import type { Bucket } from './waiting-tasks.ts'

/** Workspaces in which something must be brought up to date before the next question. */
export interface StaleWorkspaces {
  /** Expressions must be evaluated. */
  readonly toEvaluate: Set<WorkspaceIndex>
  /** Eligibilities may have lost their last queue. */
  readonly toDrop: Set<WorkspaceIndex>
}

/**
 * What the matcher keeps of one workspace: its workers and eligibilities by slot, and its channels.
 *
 * Invariants:
 * - A worker with a row has a slot, and is in `workers` there. A slot is used again when it is free.
 * - There is one eligibility per expression text. `acquire` and `acquireUpcoming` count its queues, and each call is undone
 *   by one `release` or `releaseUpcoming`. It is dropped by `dropUnused`, once the tasks of its queues are filed elsewhere.
 * - Stale until `evaluate`: membership of workers marked by `markEligibilityStale`, and in eligibilities that are in force
 *   and not yet evaluated. The workspace is in `toEvaluate` as long as there is any.
 * - Stale until `refreshReadiness`: the offer orders, for workers marked by `markReadinessStale`. ReadyWorkers calls it
 *   before it answers.
 * - `waiting` counts tasks in buckets; WaitingTasks writes it. `rankedWorkers` counts over all offer orders; ReadyWorkers
 *   writes it.
 */
export class WorkspaceIndex {
  readonly workspace_sid: string
  /** By slot. */
  readonly workers: (WorkerEntry | undefined)[] = []
  /** By slot. */
  readonly eligibilities: (Eligibility | undefined)[] = []
  /** The workspace has no multitasking: a worker has one reservation at most, whatever the channel. */
  isSingle = false
  /** How many tasks are in buckets. */
  waiting = 0
  /** How many workers are kept in offer orders, over all of these. */
  rankedWorkers = 0
  readonly #state: State
  readonly #channelIndexes = new Map<string, ChannelIndex>()
  readonly #bySource = new Map<string, Eligibility>()
  readonly #expressionIndex = new ExpressionIndex()
  /** Eligibilities whose expression reads what may change without the worker's attributes. */
  readonly #namesReaders = new Set<Eligibility>()
  readonly #freeWorkerSlots: number[] = []
  readonly #freeEligibilitySlots: number[] = []
  #unevaluated: Eligibility[] = []
  #unused: Eligibility[] = []
  #staleEligibility: WorkerEntry[] = []
  #staleReadiness: WorkerEntry[] = []
  /** Target indexes that were made since those without tasks were dropped, and those that were left then. */
  #targetIndexes = 0
  readonly #stale: StaleWorkspaces
  readonly #entryOf: (worker_sid: string) => WorkerEntry | undefined

  constructor(
    state: State,
    workspace_sid: string,
    stale: StaleWorkspaces,
    entryOf: (worker_sid: string) => WorkerEntry | undefined
  ) {
    this.#state = state
    this.#entryOf = entryOf
    this.workspace_sid = workspace_sid
    this.#stale = stale
  }

  channelIndex(task_channel_sid: string): ChannelIndex {
    let channelIndex = this.#channelIndexes.get(task_channel_sid)
    if (!channelIndex) {
      channelIndex = new ChannelIndex(this, task_channel_sid)
      this.#channelIndexes.set(task_channel_sid, channelIndex)
    }
    return channelIndex
  }

  /** Of how many workers the first are looked for by comparing them. */
  get workersCompared(): number {
    return this.#state.settings.workers_compared
  }

  /** The worker as expressions see it. */
  view(worker: WorkerEntry): View {
    worker.view ??= new View(this.#state, worker.row ?? this.#state.tables.worker.need(worker.sid))
    return worker.view
  }

  // Who is ready

  /** One more task on the channel may be offered to the worker (reference taskrouter 6.1). */
  isReady(worker: WorkerEntry, channelIndex: ChannelIndex): boolean {
    const channel = worker.channelOn(channelIndex)
    const row = channel?.row
    if (!channel || !row || !worker.row) return false
    if (channel.open >= row.configured_capacity || !row.available) return false
    if (this.isSingle && worker.open > 0) return false
    return this.#state.tables.activity.find(worker.row.activity_sid)?.available ?? false
  }

  /** The number of the worker's last reservation, on the channel or on any: the smaller, the longer idle (reference taskrouter 6.4). */
  idleSince(worker: WorkerEntry, channelIndex: ChannelIndex): number {
    if (channelIndex.isOptimized) return worker.channelOn(channelIndex)?.row?.last_reserved_seq ?? 0
    return worker.row?.last_reserved_seq ?? 0
  }

  /** The worker may have become ready, or no longer be so, or have another rank. */
  markReadinessStale(worker: WorkerEntry): void {
    if (worker.isReadinessStale) return
    worker.isReadinessStale = true
    this.#staleReadiness.push(worker)
  }

  /** Brings all kept offer orders up to date. */
  refreshReadiness(): void {
    if (this.#staleReadiness.length === 0) return
    const workers = this.#staleReadiness
    this.#staleReadiness = []
    let worker: WorkerEntry
    const refresh = (eligibility: Eligibility) => eligibility.refreshReady(worker)
    for (worker of workers) {
      worker.isReadinessStale = false
      for (const { channelIndex } of worker.channels) channelIndex.refresh(worker)
      this.#visitEligibilities(worker, refresh)
    }
  }

  // Who is eligible

  /** The worker has a row now. */
  addWorker(worker: WorkerEntry, row: WorkerRow): void {
    worker.slot = this.#freeWorkerSlots.pop() ?? this.workers.length
    worker.countedActivity = row.activity_sid
    this.workers[worker.slot] = worker
  }

  /** The worker's row is gone. */
  removeWorker(worker: WorkerEntry): void {
    this.#visitEligibilities(worker, (eligibility) => eligibility.remove(worker))
    for (const channelIndex of this.#channelIndexes.values()) channelIndex.remove(worker.slot)
    this.workers[worker.slot] = undefined
    this.#freeWorkerSlots.push(worker.slot)
    worker.slot = -1
  }

  /** The eligibility of an expression that is in force in one more queue. */
  acquire(source: string): Eligibility {
    const eligibility = this.#eligibilityOf(source)
    if (!eligibility.isEvaluated) {
      this.#unevaluated.push(eligibility)
      this.#stale.toEvaluate.add(this)
    }
    eligibility.users++
    return eligibility
  }

  /** The eligibility of an expression that comes into force in one more queue when workers have been evaluated in pieces. */
  acquireUpcoming(source: string): Eligibility {
    const eligibility = this.#eligibilityOf(source)
    eligibility.users++
    eligibility.upcoming++
    return eligibility
  }

  /** A queue has the expression in force no longer. The eligibility goes with its last queue. */
  release(eligibility: Eligibility): void {
    if (--eligibility.users > 0) return
    this.#unused.push(eligibility)
    this.#stale.toDrop.add(this)
  }

  /** The expression is upcoming in a queue no longer. */
  releaseUpcoming(eligibility: Eligibility): void {
    eligibility.upcoming--
    this.release(eligibility)
  }

  /** Expressions, of queues, that read what may change without the worker's attributes, such as names. */
  readersOfNames(): Expression[] {
    return [...this.#namesReaders].filter(({ users }) => users > 0).map(({ expression }) => expression)
  }

  /** Whether any queue has the expression in force. */
  isInForce(source: string): boolean {
    return this.#bySource.get(source)?.isInForce ?? false
  }

  #eligibilityOf(source: string): Eligibility {
    let eligibility = this.#bySource.get(source)
    if (!eligibility) {
      const slot = this.#freeEligibilitySlots.pop() ?? this.eligibilities.length
      eligibility = new Eligibility(this, compile(source, 'worker'), slot)
      this.eligibilities[slot] = eligibility
      this.#bySource.set(source, eligibility)
      this.#expressionIndex.add(eligibility)
      if (eligibility.readsNames) this.#namesReaders.add(eligibility)
    }
    return eligibility
  }

  /** Evaluates an upcoming expression for a piece of the workers: those up to a seq, or all that are left. */
  evaluatePiece(eligibility: Eligibility, to: number | undefined): void {
    if (eligibility.isEvaluated) return
    const { worker: workers } = this.#state.tables
    for (const { seq, sid } of workers.pageBy('workspace_sid', this.workspace_sid, eligibility.evaluatedTo, false)) {
      if (to !== undefined && seq > to) break
      const worker = this.#entryOf(sid)
      if (worker) this.#evaluateFor(eligibility, worker, ignore)
    }
    if (to === undefined) eligibility.isEvaluated = true
    else eligibility.evaluatedTo = Math.max(eligibility.evaluatedTo, to)
  }

  /** What the worker is eligible for must be evaluated again: by expressions that read its names or activity, or by all. */
  markEligibilityStale(worker: WorkerEntry, by: 'names' | 'all'): void {
    if (worker.staleEligibility === 'none') this.#staleEligibility.push(worker)
    this.#stale.toEvaluate.add(this)
    if (worker.staleEligibility !== 'all') worker.staleEligibility = by
  }

  /** Brings all memberships up to date. Calls back for everybody who has become a member of an eligibility. */
  evaluate(onEligible: (worker: WorkerEntry) => void): void {
    if (this.#staleEligibility.length > 0) {
      const workers = this.#staleEligibility
      this.#staleEligibility = []
      for (const worker of workers) this.#evaluateWorker(worker, onEligible)
    }
    if (this.#unevaluated.length > 0) this.#evaluateNew(onEligible)
  }

  #evaluateNew(onEligible: (worker: WorkerEntry) => void): void {
    const fresh = this.#unevaluated.filter((eligibility) => !eligibility.isEvaluated && eligibility.isInForce)
    this.#unevaluated = []
    for (const eligibility of fresh) eligibility.isEvaluated = true
    if (fresh.length <= few) {
      for (const eligibility of fresh)
        for (const worker of this.workers) if (worker) this.#evaluateFor(eligibility, worker, onEligible)
      return
    }
    for (const worker of this.workers)
      if (worker)
        this.#expressionIndex.visit(this.view(worker), (eligibility) => {
          if (eligibility.isEvaluated) this.#evaluateFor(eligibility, worker, onEligible)
        })
  }

  #evaluateWorker(worker: WorkerEntry, onEligible: (worker: WorkerEntry) => void): void {
    const { row, staleEligibility } = worker
    worker.staleEligibility = 'none'
    if (!row) return
    if (worker.countedActivity !== row.activity_sid) {
      const before = worker.countedActivity
      worker.countedActivity = row.activity_sid
      this.#visitEligibilities(worker, (eligibility) => {
        eligibility.count(before, -1)
        eligibility.count(row.activity_sid, 1)
      })
    }
    const evaluate = (eligibility: Eligibility) => {
      if (eligibility.isEvaluatedFor(worker)) this.#evaluateFor(eligibility, worker, onEligible)
    }
    if (staleEligibility === 'names') for (const eligibility of this.#namesReaders) evaluate(eligibility)
    else {
      // What the index does not find for the worker now may be what it was a member of before.
      this.#visitEligibilities(worker, evaluate)
      this.#expressionIndex.visit(this.view(worker), evaluate)
    }
  }

  #evaluateFor(eligibility: Eligibility, worker: WorkerEntry, onEligible: (worker: WorkerEntry) => void): void {
    const fits = eligibility.expression.matches(undefined, this.view(worker))
    if (eligibility.has(worker) === fits) return
    this.markReadinessStale(worker)
    if (fits) {
      eligibility.add(worker)
      onEligible(worker)
    } else eligibility.remove(worker)
  }

  /** The worker of a slot that somebody has, as members and whoever is ready do. */
  workerAt(slot: number): WorkerEntry {
    return this.workers[slot] as WorkerEntry // the caller knows
  }

  #visitEligibilities(worker: WorkerEntry, visit: (eligibility: Eligibility) => void): void {
    worker.eligibilities.visit((slot) => visit(this.eligibilities[slot] as Eligibility)) // a worker is a member of what is there
  }

  /** Drops the eligibilities that no queue has any more. The tasks of these queues must have been filed elsewhere. */
  dropUnused(): void {
    const unused = this.#unused
    this.#unused = []
    // It may have got a queue again, or be gone already.
    for (const eligibility of unused)
      if (eligibility.users === 0 && this.eligibilities[eligibility.slot] === eligibility) this.#drop(eligibility)
  }

  #drop(eligibility: Eligibility): void {
    eligibility.members.visit((slot) => eligibility.remove(this.workerAt(slot)))
    for (const { targetIndexes } of eligibility.onChannels.values())
      for (const targetIndex of targetIndexes.values()) targetIndex.forgetReady()
    this.eligibilities[eligibility.slot] = undefined
    this.#freeEligibilitySlots.push(eligibility.slot)
    this.#bySource.delete(eligibility.expression.source)
    this.#expressionIndex.remove(eligibility)
    this.#namesReaders.delete(eligibility)
  }

  // What waits

  /** Visits every bucket of the workspace, in no particular order. */
  visitBuckets(visit: (bucket: Bucket) => void): void {
    for (const channelIndex of this.#channelIndexes.values()) {
      channelIndex.eligibilities.visit((slot) => {
        const targetIndexes = this.eligibilities[slot]?.onChannels.get(channelIndex)?.waiting
        if (targetIndexes)
          for (const { waiting } of targetIndexes) for (const bucket of waiting.buckets.values()) visit(bucket)
      })
    }
  }

  // What can be made anew

  /** Counts a new target index. When there are too many, those at which nothing waits are dropped. */
  makeRoom(): void {
    if (++this.#targetIndexes < maxTargetIndexes) return
    this.#targetIndexes = 0
    for (const eligibility of this.eligibilities) {
      for (const { targetIndexes } of eligibility?.onChannels.values() ?? []) {
        for (const [condition, targetIndex] of targetIndexes) {
          if (targetIndex.waiting.buckets.size > 0) this.#targetIndexes++
          else {
            targetIndex.forgetReady()
            targetIndexes.delete(condition)
          }
        }
      }
    }
  }

  /** When too many workers are kept in offer orders, all of these are forgotten but the one that is being asked. */
  limitRankedWorkers(asked: ReadyWorkers): void {
    if (this.rankedWorkers > maxRankedWorkers) this.forgetReady(asked)
  }

  /** Forgets all offer orders, or all but one. */
  forgetReady(except?: ReadyWorkers): void {
    for (const channelIndex of this.#channelIndexes.values()) channelIndex.forget()
    for (const eligibility of this.eligibilities) {
      for (const { targetIndexes } of eligibility?.onChannels.values() ?? []) {
        for (const targetIndex of targetIndexes.values()) targetIndex.forgetReady(except)
      }
    }
  }
}

const ignore = () => {}

/** Up to so many new eligibilities are evaluated for every worker; for more, each worker looks up its own. */
const few = 8
const maxTargetIndexes = 50_000
const maxRankedWorkers = 1_000_000
