import type { State } from '../center.ts'
import { RecentMap } from '../core/recent-map.ts'
import type {
  ActivityRow,
  JudgingRow,
  ReservationRow,
  TaskQueueRow,
  TaskRow,
  WorkerChannelRow,
  WorkerRow,
  WorkspaceRow
} from '../routing/rows.ts'
import { type ChannelEntry, type TaskEntry, WorkerEntry } from './entry.ts'
import type { Expression } from './expression/compile.ts'
import type { TaskView, WorkerView, WorkforceView } from './expression/environment.ts'
import { FiledTasks } from './filed-tasks.ts'
import type { LongAnswers } from './long-answers.ts'
import { fifo, isDirect, lifo } from './order.ts'
import { QueueEligibilities } from './queue-eligibilities.ts'
import { isOpen } from './row-values.ts'
import type { Target } from './target-condition.ts'
import type { TargetIndex } from './target-index.ts'
import type { WorkflowDocument } from './workflow-document.ts'
import { WorkflowTargets } from './workflow-targets.ts'
import { type StaleWorkspaces, WorkspaceIndex } from './workspace-index.ts'

/** SIDs of workers, as of now. */
export interface Members extends Iterable<string> {
  readonly size: number
  has(worker_sid: string): boolean
}

/**
 * What routing keeps beside the rows, so that nobody need compare every worker with every task: who may take from which
 * queue, what waits where, how loaded everybody is.
 *
 * Invariants:
 * - All of it follows from rows. Observers of the tables only mark what is stale, and the next question brings up to date
 *   what it needs. So it is right after loading, after a decision and after one is undone, and a decision that changes a row
 *   five times pays once.
 * - Rows, views and loads of workers are never stale. Memberships are until `#evaluate`, filed tasks until `fileTasks`, offer
 *   orders until they are asked (see WorkspaceIndex). Each question here begins with what it needs of these.
 * - Workers to whom a task may have to be offered are marked until `takeMarkedForOffer` or `settle`.
 * - Only Matcher writes worker and channel entries, but for what the headers of the other classes claim.
 */
export class Matcher {
  readonly #state: State
  readonly #workspaceIndexes = new Map<string, WorkspaceIndex>()
  readonly #workers = new RecentMap<WorkerEntry>()
  readonly #targets: WorkflowTargets
  readonly #queues: QueueEligibilities
  readonly #tasks: FiledTasks
  readonly #stale: StaleWorkspaces = { toEvaluate: new Set(), toDrop: new Set() }
  #markedForOffer: WorkerEntry[] = []

  constructor(state: State) {
    this.#state = state
    this.#targets = new WorkflowTargets(state)
    this.#queues = new QueueEligibilities(state, (sid) => this.workspaceIndex(sid))
    this.#tasks = new FiledTasks(
      state,
      (sid, workspace_sid) => this.#entry(sid, workspace_sid),
      (task) => this.#targetIndexOf(task, this.targetOf(task))
    )
    const { tables } = state
    tables.workspace.observe((before, after) => this.#workspaceChanged(before, after))
    tables.activity.observe((before, after) => this.#activityChanged(before, after))
    tables.task_channel.observe((_before, after) => {
      if (after) this.workspaceIndex(after.workspace_sid).channelIndex(after.sid).changed(after)
    })
    tables.task_queue.observe((before, after) => this.#queueChanged(before, after))
    tables.judging.observe((before, after) => this.#judgingChanged(before, after))
    tables.workflow_document.observe((before, after) => {
      if (before && !after) this.#targets.forget(before.sid)
    })
    tables.worker.observe((before, after) => this.#workerChanged(before, after))
    tables.worker_channel.observe((before, after) => this.#channelChanged(before, after))
    tables.task.observe((before, after) => this.#tasks.changed(either(before, after).sid, after))
    tables.transfer.observe((before, after) => this.#tasks.transferChanged(either(before, after).task_sid))
    tables.reservation.observe((before, after) => this.#reservationChanged(before, after))
  }

  /** How much a decision may ask long expressions of targets, and what they have answered. */
  get longAnswers(): LongAnswers {
    return this.#targets.longAnswers
  }

  // What expressions read

  /** A worker as expressions see it. Throws when there is no such worker. */
  worker(sid: string): WorkerView {
    const entry = this.#workers.get(sid)
    if (!entry) throw new Error(`invariant: worker ${sid} exists`)
    return entry.workspaceIndex.view(entry)
  }

  /** A task as expressions see it. */
  task(task: TaskRow): TaskView {
    return this.#tasks.view(task)
  }

  /** The activity's name as expressions see it for the worker with that seq: the former one until they have been evaluated with the new one. */
  activityName(sid: string, worker_seq: number): string {
    const { judging, activity } = this.#state.tables
    if (judging.size > 0)
      for (const { judged_to, former } of judging.by('activity_sid', sid)) if (judged_to < worker_seq) return former
    return activity.get(sid)?.friendly_name ?? ''
  }

  // Workflows

  /** The parsed document of a row. Throws when there is no such row. */
  document(sid: string): WorkflowDocument {
    return this.#targets.document(sid)
  }

  /** That of a task that follows a workflow. */
  documentOf({ workflow_document_sid }: TaskRow): WorkflowDocument {
    return this.document(workflow_document_sid as string) // whoever follows a workflow has one
  }

  /** The target of its workflow that the task is at; one that asks for nothing when no filter has the task. */
  targetOf(task: TaskRow): Target {
    return this.#targets.targetOf(task)
  }

  // Expressions of queues

  /** The expression that chooses the queue's workers now: its own, or the former one while workers are evaluated in pieces. */
  expressionInForce(queue: TaskQueueRow): string {
    return this.#queues.expressionInForce(queue)
  }

  /** Whether any queue of the workspace has the expression in force. */
  isInForce(workspace_sid: string, source: string): boolean {
    return this.workspaceIndex(workspace_sid).isInForce(source)
  }

  /** Expressions of the workspace's queues that may read an activity's name. */
  readersOfNames(workspace_sid: string): readonly Expression[] {
    return this.workspaceIndex(workspace_sid).readersOfNames()
  }

  /** The expression that comes into force in the queue when all workers have been evaluated. Throws when there is none. */
  upcomingExpression(task_queue_sid: string): Expression {
    return this.#queues.upcoming(task_queue_sid).expression
  }

  /** Evaluates the queue's upcoming expression for workers up to a seq, or for all that are left. Throws when there is none. */
  evaluateUpcoming(task_queue_sid: string, to: number | undefined): void {
    this.#evaluate()
    const eligibility = this.#queues.upcoming(task_queue_sid)
    eligibility.workspaceIndex.evaluatePiece(eligibility, to)
  }

  // Who is eligible, and how loaded

  /** Workers eligible for the queue, whatever their activity; in no particular order. */
  members(task_queue_sid: string): Members {
    this.#evaluate()
    const eligibility = this.#queues.inForce(task_queue_sid)
    if (!eligibility) return new Set<string>()
    const { workspaceIndex } = eligibility
    const entries = this.#workers
    return {
      size: eligibility.size,
      has(worker_sid) {
        const worker = entries.get(worker_sid)
        return worker !== undefined && worker.workspaceIndex === workspaceIndex && eligibility.has(worker)
      },
      *[Symbol.iterator]() {
        for (const worker of workspaceIndex.workers) if (worker && eligibility.has(worker)) yield worker.sid
      }
    }
  }

  isMember(worker_sid: string, task_queue_sid: string): boolean {
    return this.members(task_queue_sid).has(worker_sid)
  }

  /** SIDs of the queues for which a worker is eligible. */
  queuesOf(worker_sid: string): ReadonlySet<string> {
    this.#evaluate()
    const worker = this.#workers.get(worker_sid)
    const queues = new Set<string>()
    if (!worker?.row) return queues
    for (const { sid } of this.#state.tables.task_queue.by('workspace_sid', worker.row.workspace_sid)) {
      if (this.#queues.inForce(sid)?.has(worker)) queues.add(sid)
    }
    return queues
  }

  /** Head counts of the workers who are eligible for a queue. */
  workforce(task_queue_sid: string): WorkforceView {
    this.#evaluate()
    const eligibility = this.#queues.inForce(task_queue_sid)
    let available = 0
    for (const [activity_sid, count] of eligibility?.byActivity ?? []) {
      if (this.#state.tables.activity.find(activity_sid)?.available) available += count
    }
    return {
      available,
      unavailable: (eligibility?.size ?? 0) - available,
      activity: (sid) => eligibility?.byActivity.get(sid) ?? 0
    }
  }

  /** How many workers of a workspace are in an available activity. */
  available(workspace_sid: string): number {
    const { activity, worker } = this.#state.tables
    let sum = 0
    for (const { sid, available } of activity.by('workspace_sid', workspace_sid)) {
      if (available) sum += worker.count('activity_sid', sid)
    }
    return sum
  }

  channelOf(worker_sid: string, task_channel_sid: string): WorkerChannelRow | undefined {
    return this.#workers.get(worker_sid)?.channel(task_channel_sid)?.row
  }

  /** How many reservations a worker holds on a channel, and how many of them count as assigned tasks: accepted or being wrapped up. */
  load(worker_sid: string, task_channel_sid: string): Readonly<Pick<ChannelEntry, 'open' | 'assigned'>> {
    const channel = this.#workers.get(worker_sid)?.channel(task_channel_sid)
    return channel ? { open: channel.open, assigned: channel.assigned } : idle
  }

  // What waits

  /** Tasks that wait for one worker alone, in the order in which they are offered. */
  directTasks(worker_sid: string): TaskRow[] {
    this.fileTasks()
    return this.#workers.get(worker_sid)?.direct?.toArray().map(rowOf) ?? []
  }

  /** Tasks that wait in a queue, in the order in which they are offered. It sorts them, so it is for checking and explaining only. */
  waiting(task_queue_sid: string): TaskRow[] {
    const order = this.#state.tables.task_queue.find(task_queue_sid)?.task_order === 'LIFO' ? lifo : fifo
    const tasks = [...this.#state.tables.task.by('task_queue_sid', task_queue_sid)]
    return tasks.filter((task) => task.assignment_status === 'pending' && !isDirect(task)).sort(order)
  }

  // For matching

  workspaceIndex(workspace_sid: string): WorkspaceIndex {
    let workspaceIndex = this.#workspaceIndexes.get(workspace_sid)
    if (!workspaceIndex) {
      workspaceIndex = new WorkspaceIndex(this.#state, workspace_sid, this.#stale, (sid) => this.#workers.get(sid))
      this.#workspaceIndexes.set(workspace_sid, workspaceIndex)
    }
    return workspaceIndex
  }

  /** The worker with everything that is kept of it, memberships up to date. */
  entry(worker_sid: string): WorkerEntry | undefined {
    this.#evaluate()
    return this.#workers.get(worker_sid)
  }

  /** Where the task meets workers, memberships up to date; undefined while it is in no queue. */
  targetIndex(task: TaskRow, target: Target): TargetIndex | undefined {
    this.#evaluate()
    return this.#targetIndexOf(task, target)
  }

  /** Files every task that has changed where it waits now, then drops what no queue needs any more. */
  fileTasks(): void {
    this.#tasks.file()
    if (this.#stale.toDrop.size === 0) return
    for (const workspaceIndex of this.#stale.toDrop) workspaceIndex.dropUnused()
    this.#stale.toDrop.clear()
  }

  /** Workers marked since the last call for whom something may be waiting, in no particular order. Their marks are gone. */
  takeMarkedForOffer(): readonly WorkerEntry[] {
    this.#evaluate()
    this.fileTasks()
    let found: WorkerEntry[] | undefined
    for (const worker of this.#markedForOffer) {
      worker.isMarkedForOffer = false
      if (!worker.row || !mayHaveWork(worker)) continue
      if (found) found.push(worker)
      else found = [worker]
    }
    if (this.#markedForOffer.length > 0) this.#markedForOffer = []
    return found ?? nobody
  }

  /** Brings everything up to date and offers nothing: after loading, and after a decision is undone. */
  settle(): void {
    this.#evaluate()
    this.fileTasks()
    for (const worker of this.#markedForOffer) worker.isMarkedForOffer = false
    this.#markedForOffer = []
    // After loading, the pieces of upcoming expressions that had been evaluated are evaluated again.
    if (this.#state.tables.judging.size === 0) return
    for (const { task_queue_sid, judged_to } of this.#state.tables.judging.by('turn', 'all'))
      if (task_queue_sid !== null) this.evaluateUpcoming(task_queue_sid, judged_to)
  }

  #evaluate(): void {
    if (this.#stale.toEvaluate.size === 0) return
    for (const workspaceIndex of this.#stale.toEvaluate) workspaceIndex.evaluate(this.#markForOffer)
    this.#stale.toEvaluate.clear()
  }

  #targetIndexOf(task: TaskRow, target: Target): TargetIndex | undefined {
    const eligibility = task.task_queue_sid === null ? undefined : this.#queues.inForce(task.task_queue_sid)
    if (!eligibility) return undefined
    const channelIndex = eligibility.workspaceIndex.channelIndex(task.task_channel_sid)
    return eligibility.onChannel(channelIndex).targetIndex(this.#targets.conditionOf(target))
  }

  // What rows change

  #workspaceChanged(before: WorkspaceRow | undefined, after: WorkspaceRow | undefined): void {
    if (!after) return
    const workspaceIndex = this.workspaceIndex(after.sid)
    workspaceIndex.isSingle = !after.multi_task_enabled
    if (!before || before.multi_task_enabled === after.multi_task_enabled) return
    // With multitasking, a worker who is busy on one channel may have room on another.
    for (const worker of workspaceIndex.workers) if (worker) this.#readinessChanged(worker)
  }

  /** Expressions may read an activity's name. When rows are loaded, an activity may come after the workers who are in it. */
  #activityChanged(before: ActivityRow | undefined, after: ActivityRow | undefined): void {
    if (!after || before?.friendly_name === after.friendly_name) return
    // While a judging row says that the name reaches expressions in pieces, no expression sees it yet.
    if (before && this.#state.tables.judging.count('activity_sid', after.sid) > 0) return
    this.#nameChanged(after, 0, undefined)
  }

  /** Expressions see another name of the activity for workers after a seq, and up to one if it is given. */
  #nameChanged(
    { sid, workspace_sid }: Pick<ActivityRow, 'sid' | 'workspace_sid'>,
    after: number,
    to: number | undefined
  ): void {
    for (const row of this.#state.tables.worker.pageBy('activity_sid', sid, after, false)) {
      if (to !== undefined && row.seq > to) return
      const worker = this.#entry(row.sid, workspace_sid)
      worker.view = undefined
      worker.workspaceIndex.markEligibilityStale(worker, 'names')
      this.#readinessChanged(worker)
    }
  }

  #judgingChanged(before: JudgingRow | undefined, after: JudgingRow | undefined): void {
    const { task_queue_sid, activity_sid, workspace_sid } = either(before, after)
    const queue = this.#state.tables.task_queue.find(task_queue_sid)
    if (queue) this.#queueChanged(queue, queue)
    if (activity_sid === null) return
    const activity = { sid: activity_sid, workspace_sid }
    const { judged_to } = either(before, after)
    if (before && after)
      this.#nameChanged(activity, Math.min(before.judged_to, judged_to), Math.max(before.judged_to, judged_to))
    else if (!this.#hasFormerName(activity_sid, either(before, after)))
      this.#nameChanged(activity, judged_to, undefined)
  }

  /** The activity still has, or again has, the name that it is to lose, so expressions see no other one. */
  #hasFormerName(activity_sid: string, { seq, former }: JudgingRow): boolean {
    const { judging, activity } = this.#state.tables
    if (activity.get(activity_sid)?.friendly_name !== former) return false
    for (const other of judging.by('activity_sid', activity_sid)) if (other.seq > seq) return false
    return true
  }

  #queueChanged(before: TaskQueueRow | undefined, after: TaskQueueRow | undefined): void {
    const queue = either(before, after)
    if (this.#queues.changed(queue, after)) {
      // Who was a member already, through another queue, may now take what waits in this one. New members are marked anyway.
      const eligibility = before && this.#queues.inForce(queue.sid)
      for (const worker of eligibility?.workspaceIndex.workers ?? [])
        if (worker && eligibility?.has(worker)) this.#markForOffer(worker)
    } else if (before?.task_order === after?.task_order) return
    this.#tasks.queueChanged(queue.sid)
  }

  #workerChanged(before: WorkerRow | undefined, after: WorkerRow | undefined): void {
    const { sid, workspace_sid } = either(before, after)
    const worker = this.#entry(sid, workspace_sid)
    const { workspaceIndex } = worker
    worker.row = after
    if (!after) {
      worker.view = undefined
      workspaceIndex.removeWorker(worker)
      workspaceIndex.markReadinessStale(worker)
      this.#dropIfEmpty(worker)
      return
    }
    if (worker.slot < 0) workspaceIndex.addWorker(worker, after)
    if (before?.attributes !== after.attributes) {
      workspaceIndex.markEligibilityStale(worker, 'all')
    } else if (before.friendly_name !== after.friendly_name || before.activity_sid !== after.activity_sid) {
      workspaceIndex.markEligibilityStale(worker, 'names')
    } else {
      if (before.last_reserved_seq !== after.last_reserved_seq) workspaceIndex.markReadinessStale(worker)
      return
    }
    worker.view = undefined
    this.#readinessChanged(worker)
  }

  /** Target expressions read channels: even one that is gone may make something fit. */
  #channelChanged(before: WorkerChannelRow | undefined, after: WorkerChannelRow | undefined): void {
    const row = either(before, after)
    const worker = this.#entry(row.worker_sid, row.workspace_sid)
    this.#channelEntry(worker, row.task_channel_sid).row = after
    this.#readinessChanged(worker)
    if (!after) this.#dropIfEmpty(worker)
  }

  /** More load, too, may make an expression true: `worker.channel.chat.assigned_tasks > 0`. */
  #reservationChanged(before: ReservationRow | undefined, after: ReservationRow | undefined): void {
    // What has ended counts for nothing, and its worker may be gone.
    if (!(before && isOpen(before)) && !(after && isOpen(after))) return
    const row = either(before, after)
    const worker = this.#entry(row.worker_sid, row.workspace_sid)
    if (before && isOpen(before)) this.#count(worker, before, -1)
    if (after && isOpen(after)) this.#count(worker, after, 1)
    this.#readinessChanged(worker)
    if (!after) this.#dropIfEmpty(worker)
  }

  #count(worker: WorkerEntry, { task_channel_sid, reservation_status }: ReservationRow, by: number): void {
    const channel = this.#channelEntry(worker, task_channel_sid)
    worker.open += by
    channel.open += by
    if (reservation_status !== 'pending') channel.assigned += by
  }

  /** The worker may be ready now, or no longer, or in another rank. */
  #readinessChanged(worker: WorkerEntry): void {
    worker.workspaceIndex.markReadinessStale(worker)
    this.#markForOffer(worker)
  }

  readonly #markForOffer = (worker: WorkerEntry): void => {
    if (worker.isMarkedForOffer) return
    worker.isMarkedForOffer = true
    this.#markedForOffer.push(worker)
  }

  #entry(sid: string, workspace_sid: string): WorkerEntry {
    let worker = this.#workers.get(sid)
    if (!worker) {
      worker = new WorkerEntry(sid, this.workspaceIndex(workspace_sid))
      this.#workers.set(sid, worker)
    }
    return worker
  }

  #channelEntry(worker: WorkerEntry, task_channel_sid: string): ChannelEntry {
    let channel = worker.channel(task_channel_sid)
    if (!channel) {
      const channelIndex = worker.workspaceIndex.channelIndex(task_channel_sid)
      channel = { channelIndex, row: undefined, open: 0, assigned: 0 }
      worker.channels.push(channel)
    }
    return channel
  }

  /** Forgets a worker of whom nothing is left: no row, no channel, no reservation, no task that waits for it. */
  #dropIfEmpty(worker: WorkerEntry): void {
    if (worker.row || worker.direct || worker.open > 0) return
    if (worker.channels.some((channel) => channel.row !== undefined)) return
    this.#workers.delete(worker.sid)
  }
}

function mayHaveWork({ direct, workspaceIndex, channels }: WorkerEntry): boolean {
  if (direct) return true
  if (workspaceIndex.waiting === 0) return false
  for (const { channelIndex } of channels) if (channelIndex.waiting > 0) return true
  return false
}

function rowOf(task: TaskEntry): TaskRow {
  return task.filed
}

function either<T>(before: T | undefined, after: T | undefined): T {
  return (after ?? before) as T // an observer gets at least one of both
}

const idle = { open: 0, assigned: 0 } as const
const nobody: readonly WorkerEntry[] = []
