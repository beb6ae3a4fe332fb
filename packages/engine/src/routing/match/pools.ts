import { RecentMap } from '../../state/recent-map.ts'
import { SortedList } from '../../state/sorted-list.ts'
import type { State } from '../../state/state.ts'
import { parseAttributes } from '../attributes.ts'
import type { Expression } from '../expression/compile.ts'
import type { TaskView, WorkerView, WorkforceView } from '../expression/environment.ts'
import {
  type ActivityRow,
  defaultFilter,
  isOpen,
  type JudgingRow,
  noFilter,
  type ReservationRow,
  type TaskQueueRow,
  type TaskRow,
  type WorkerChannelRow,
  type WorkerRow,
  type WorkspaceRow
} from '../rows.ts'
import { parseWorkflowDocument, type WorkflowDocument } from '../workflow-document.ts'
import { Demand, type Demands } from './demand.ts'
import { type ChannelEntry, type TaskEntry, WorkerEntry } from './entry.ts'
import { type Due, Floor } from './floor.ts'
import { isException } from './match.ts'
import { fifo, isDirect, lifo } from './order.ts'
import type { Pool } from './pool.ts'
import type { Stand } from './stand.ts'
import { byFifo } from './waiting.ts'

export { capacityLeft } from './view.ts'

/** SIDs of workers, as of now. */
export interface Members extends Iterable<string> {
  readonly size: number
  has(worker_sid: string): boolean
}

/**
 * What routing keeps beside the rows: who may take from which queue, what waits where, how loaded everybody is. All of it
 * follows from rows: the tables' observers only note what has changed, and the next question brings everything up to
 * date. So it is right after loading, after a decision and after its undoing, and a decision that changes a row five
 * times pays once.
 */
export class Pools {
  readonly #state: State
  readonly #floors = new Map<string, Floor>()
  readonly #workers = new RecentMap<WorkerEntry>()
  readonly #tasks = new RecentMap<TaskEntry>()
  /** By queue: the pool of the expression that is in force. */
  readonly #poolOf = new Map<string, Pool>()
  /** By queue: the pool of the expression that comes into force when everybody has been judged for it. */
  readonly #comingTo = new Map<string, Pool>()
  readonly #documents = new Map<string, WorkflowDocument>()
  readonly #demands = new Map<string, Demand>()
  readonly #demandOf = new WeakMap<Demands, Demand>()
  /** Workers to whom something may be offered since the last look. */
  #freed: WorkerEntry[] = []
  readonly #due: Due = { judge: new Set(), drop: new Set() }
  #changed: TaskEntry[] = []
  readonly #joined = (worker: WorkerEntry): void => {
    this.#look(worker)
  }

  constructor(state: State) {
    this.#state = state
    const { tables } = state
    tables.workspace.observe((before, after) => this.#workspaceChanged(before, after))
    tables.activity.observe((before, after) => this.#activityChanged(before, after))
    tables.task_channel.observe((_before, after) => {
      if (after) this.floor(after.workspace_sid).line(after.sid).changed(after)
    })
    tables.task_queue.observe((before, after) => this.#queueChanged(before, after))
    tables.judging.observe((before, after) => this.#judgingChanged(before, after))
    tables.workflow_document.observe((before, after) => {
      if (before && !after) this.#documents.delete(before.sid)
    })
    tables.worker.observe((before, after) => this.#workerChanged(before, after))
    tables.worker_channel.observe((before, after) => this.#channelChanged(before, after))
    tables.task.observe((before, after) => this.#taskChanged(before, after))
    tables.transfer.observe((before, after) => {
      const task = this.#tasks.get(either(before, after).task_sid)
      if (task) this.#placeLater(task)
    })
    tables.reservation.observe((before, after) => this.#reservationChanged(before, after))
  }

  // Questions

  worker(sid: string): WorkerView {
    const entry = this.#workers.get(sid)
    if (!entry) throw new Error(`invariant: worker ${sid} exists`)
    return entry.floor.view(entry)
  }

  task(task: TaskRow): TaskView {
    const entry = this.#tasks.get(task.sid)
    if (entry?.view?.text === task.attributes) return entry.view
    const view = { text: task.attributes, attributes: parseAttributes(task.attributes) }
    if (entry) entry.view = view
    return view
  }

  document(sid: string): WorkflowDocument {
    let document = this.#documents.get(sid)
    if (!document) {
      document = parseWorkflowDocument(this.#state.get('workflow_document', sid).configuration)
      this.#documents.set(sid, document)
    }
    return document
  }

  /** What the task's place in its workflow asks of a worker. */
  demandsOf(task: TaskRow): Demands {
    if (task.workflow_document_sid === null || task.filter_index === noFilter) return nothing
    const document = this.document(task.workflow_document_sid)
    if (task.filter_index === defaultFilter) return document.default_filter ?? nothing
    return document.filters[task.filter_index]?.targets[task.target_index] ?? nothing
  }

  /** Those demands, taken apart. Targets with the same texts share them. */
  demand(demands: Demands): Demand {
    let demand = this.#demandOf.get(demands)
    if (demand) return demand
    const { expression, known_worker } = demands
    const key = `${expression?.source ?? ''}\n${known_worker?.by ?? ''}\n${known_worker?.source ?? ''}`
    demand = this.#demands.get(key)
    if (!demand) {
      if (this.#demands.size > mostDemands) this.#demands.clear()
      demand = new Demand(expression, known_worker)
      this.#demands.set(key, demand)
    }
    this.#demandOf.set(demands, demand)
    return demand
  }

  /** The expression by which the queue's workers are chosen now: its own, or the former one while that is being judged. */
  inForce({ sid, target_workers }: TaskQueueRow): string {
    return this.#state.tables.judging.firstBy('task_queue_sid', sid)?.former ?? target_workers
  }

  /** Whether any queue of the workspace has the expression in force. */
  isInForce(workspace_sid: string, source: string): boolean {
    return this.floor(workspace_sid).isInForce(source)
  }

  /** Expressions of the workspace's queues that may read an activity's name. */
  readersOfNames(workspace_sid: string): readonly Expression[] {
    return this.floor(workspace_sid).readersOfNames()
  }

  /** An activity's name as expressions see it at the worker with that seq: the former one until it has been judged by the new. */
  activityName(sid: string, worker_seq: number): string {
    const { judging, activity } = this.#state.tables
    if (judging.size > 0)
      for (const { judged_to, former } of judging.by('activity_sid', sid)) if (judged_to < worker_seq) return former
    return activity.get(sid)?.friendly_name ?? ''
  }

  /** The queue's expression that is being judged. */
  coming(task_queue_sid: string): Expression {
    return this.#coming(task_queue_sid).expression
  }

  /** Judges workers up to a seq, or all, for the expression that is to come into force in the queue. */
  judgeComing(task_queue_sid: string, to: number | undefined): void {
    this.#judge()
    const pool = this.#coming(task_queue_sid)
    pool.floor.judgePiece(pool, to)
  }

  #coming(task_queue_sid: string): Pool {
    const pool = this.#comingTo.get(task_queue_sid)
    if (!pool) throw new Error(`invariant: an expression is being judged for ${task_queue_sid}`)
    return pool
  }

  /** Eligible for the queue, whatever their activity; in no particular order. */
  members(task_queue_sid: string): Members {
    this.#judge()
    const pool = this.#poolOf.get(task_queue_sid)
    if (!pool) return new Set<string>()
    const entries = this.#workers
    return {
      size: pool.size,
      has(worker_sid) {
        const worker = entries.get(worker_sid)
        return worker !== undefined && worker.floor === pool.floor && pool.has(worker)
      },
      *[Symbol.iterator]() {
        for (const worker of pool.floor.workers) if (worker && pool.has(worker)) yield worker.sid
      }
    }
  }

  isMember(worker_sid: string, task_queue_sid: string): boolean {
    return this.members(task_queue_sid).has(worker_sid)
  }

  /** SIDs of the queues for which a worker is eligible. */
  queuesOf(worker_sid: string): ReadonlySet<string> {
    this.#judge()
    const worker = this.#workers.get(worker_sid)
    const queues = new Set<string>()
    if (!worker?.row) return queues
    for (const { sid } of this.#state.tables.task_queue.by('workspace_sid', worker.row.workspace_sid)) {
      if (this.#poolOf.get(sid)?.has(worker)) queues.add(sid)
    }
    return queues
  }

  channelOf(worker_sid: string, task_channel_sid: string): WorkerChannelRow | undefined {
    return this.#workers.get(worker_sid)?.channel(task_channel_sid)?.row
  }

  /** How many reservations a worker holds on a channel, and how many of them count as assigned tasks: accepted or being wrapped up. */
  load(worker_sid: string, task_channel_sid: string): Readonly<Pick<ChannelEntry, 'open' | 'assigned'>> {
    const channel = this.#workers.get(worker_sid)?.channel(task_channel_sid)
    return channel ? { open: channel.open, assigned: channel.assigned } : idle
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

  /** Head counts of the workers who are eligible for a queue. */
  workforce(task_queue_sid: string): WorkforceView {
    this.#judge()
    const pool = this.#poolOf.get(task_queue_sid)
    let available = 0
    for (const [activity_sid, count] of pool?.byActivity ?? []) {
      if (this.#state.find('activity', activity_sid)?.available) available += count
    }
    return {
      available,
      unavailable: (pool?.size ?? 0) - available,
      activity: (sid) => pool?.byActivity.get(sid) ?? 0
    }
  }

  /** Tasks that wait for one worker alone, in the order in which they are offered. */
  directTasks(worker_sid: string): TaskRow[] {
    this.#place()
    return this.#workers.get(worker_sid)?.direct?.toArray().map(rowOf) ?? []
  }

  /** Tasks that wait in a queue, in the order in which they are offered. Sorts them: for checking and explaining only. */
  waiting(task_queue_sid: string): TaskRow[] {
    const order = this.#state.find('task_queue', task_queue_sid)?.task_order === 'LIFO' ? lifo : fifo
    const tasks = [...this.#state.tables.task.by('task_queue_sid', task_queue_sid)]
    return tasks.filter((task) => task.assignment_status === 'pending' && !isDirect(task)).sort(order)
  }

  // For matching

  floor(workspace_sid: string): Floor {
    let floor = this.#floors.get(workspace_sid)
    if (!floor) {
      floor = new Floor(this.#state, workspace_sid, this.#due, (sid) => this.#workers.get(sid))
      this.#floors.set(workspace_sid, floor)
    }
    return floor
  }

  /** The worker with everything that is known of it, as of now. */
  entry(worker_sid: string): WorkerEntry | undefined {
    this.#judge()
    return this.#workers.get(worker_sid)
  }

  /** Where the task meets workers, with the pools as of now; undefined while it is in no queue. */
  stand(task: TaskRow, demands: Demands): Stand | undefined {
    this.#judge()
    return this.#standOf(task, demands)
  }

  /** Puts every task that has changed where it waits now. */
  settleTasks(): void {
    this.#place()
  }

  /** Workers for whom something may wait, to be looked at since the last call, in no particular order; then forgets them. */
  takeFreed(): readonly WorkerEntry[] {
    this.#judge()
    this.#place()
    let found: WorkerEntry[] | undefined
    for (const worker of this.#freed) {
      worker.isFreed = false
      if (!worker.row || !mayHaveWork(worker)) continue
      if (found) found.push(worker)
      else found = [worker]
    }
    if (this.#freed.length > 0) this.#freed = []
    return found ?? nobody
  }

  /** Nothing is to be looked at: after loading, and after undoing a decision. */
  settle(): void {
    this.#judge()
    this.#place()
    for (const worker of this.#freed) worker.isFreed = false
    this.#freed = []
    // After loading, the pieces that have been done are done again.
    if (this.#state.tables.judging.size === 0) return
    for (const { task_queue_sid, judged_to } of this.#state.tables.judging.by('turn', 'all'))
      if (task_queue_sid !== null) this.judgeComing(task_queue_sid, judged_to)
  }

  #judge(): void {
    if (this.#due.judge.size === 0) return
    for (const floor of this.#due.judge) floor.judge(this.#joined)
    this.#due.judge.clear()
  }

  #place(): void {
    if (this.#changed.length > 0) {
      const tasks = this.#changed
      this.#changed = []
      for (const task of tasks) this.#placeTask(task)
    }
    if (this.#due.drop.size === 0) return
    for (const floor of this.#due.drop) floor.dropUnused()
    this.#due.drop.clear()
  }

  #placeTask(task: TaskEntry): void {
    task.isChanged = false
    task.bucket?.waiting.remove(task, task.bucket)
    if (task.worker) {
      task.worker.direct?.remove(task)
      if (task.worker.direct?.length === 0) task.worker.direct = undefined
      task.worker = undefined
    }
    const { row } = task
    if (row?.assignment_status !== 'pending') return
    task.placed = row
    if (isDirect(row)) {
      task.worker = this.#entry(row.routing_target as string, row.workspace_sid) // a direct task has one
      task.worker.direct ??= new SortedList(byFifo)
      task.worker.direct.add(task)
    } else {
      const isLifo = this.#state.find('task_queue', row.task_queue_sid)?.task_order === 'LIFO'
      this.#standOf(row, this.demandsOf(row))?.waiting.add(task, this.task(row), isLifo, isException(this.#state, row))
    }
  }

  #standOf(task: TaskRow, demands: Demands): Stand | undefined {
    const pool = task.task_queue_sid === null ? undefined : this.#poolOf.get(task.task_queue_sid)
    return pool?.at(pool.floor.line(task.task_channel_sid)).stand(this.demand(demands))
  }

  // What follows from rows

  #workspaceChanged(before: WorkspaceRow | undefined, after: WorkspaceRow | undefined): void {
    if (!after) return
    const floor = this.floor(after.sid)
    floor.isSingle = !after.multi_task_enabled
    if (!before || before.multi_task_enabled === after.multi_task_enabled) return
    // With multitasking, who is busy on one channel may be free on another.
    for (const worker of floor.workers) if (worker) this.#free(worker)
  }

  /** Expressions may name an activity. When rows are loaded, an activity may come after the workers who are in it. */
  #activityChanged(before: ActivityRow | undefined, after: ActivityRow | undefined): void {
    if (!after || before?.friendly_name === after.friendly_name) return
    // For expressions, nobody is in an activity of that name yet.
    if (before && this.#state.tables.judging.count('activity_sid', after.sid) > 0) return
    this.#renamed(after, 0, undefined)
  }

  /** Expressions see another name of the activity at workers after a seq, and up to one. */
  #renamed(
    { sid, workspace_sid }: Pick<ActivityRow, 'sid' | 'workspace_sid'>,
    after: number,
    to: number | undefined
  ): void {
    for (const row of this.#state.tables.worker.pageBy('activity_sid', sid, after, false)) {
      if (to !== undefined && row.seq > to) return
      const worker = this.#entry(row.sid, workspace_sid)
      worker.view = undefined
      worker.floor.judgeLater(worker, 'names')
      this.#free(worker)
    }
  }

  #judgingChanged(before: JudgingRow | undefined, after: JudgingRow | undefined): void {
    const { task_queue_sid, activity_sid, workspace_sid } = either(before, after)
    const queue = this.#state.find('task_queue', task_queue_sid)
    if (queue) this.#queueChanged(queue, queue)
    if (activity_sid === null) return
    const activity = { sid: activity_sid, workspace_sid }
    if (before && after)
      this.#renamed(activity, Math.min(before.judged_to, after.judged_to), Math.max(before.judged_to, after.judged_to))
    else if (!this.#isBeginning(activity_sid, either(before, after)))
      this.#renamed(activity, either(before, after).judged_to, undefined)
  }

  /** The name of the activity is still, or again, the one that it is to lose: expressions see no other one. */
  #isBeginning(activity_sid: string, { seq, former }: JudgingRow): boolean {
    const { judging, activity } = this.#state.tables
    if (activity.get(activity_sid)?.friendly_name !== former) return false
    for (const other of judging.by('activity_sid', activity_sid)) if (other.seq > seq) return false
    return true
  }

  #queueChanged(before: TaskQueueRow | undefined, after: TaskQueueRow | undefined): void {
    const { sid, workspace_sid } = either(before, after)
    const floor = this.floor(workspace_sid)
    const source = after && this.inForce(after)
    const coming = after && source !== after.target_workers ? after.target_workers : undefined
    const old = this.#poolOf.get(sid)
    const isOther = old?.expression.source !== source
    const awaited = this.#comingTo.get(sid)
    if (isOther) {
      if (source === undefined) this.#poolOf.delete(sid)
      else this.#poolOf.set(sid, floor.acquire(source))
    }
    if (awaited?.expression.source !== coming) {
      if (coming === undefined) this.#comingTo.delete(sid)
      else this.#comingTo.set(sid, floor.expect(coming))
      if (awaited) floor.giveUp(awaited)
    }
    if (isOther) {
      if (old) floor.release(old)
      // Whoever was a member of the pool before the queue had it may now take what waits in the queue.
      const pool = this.#poolOf.get(sid)
      if (before && pool) for (const worker of floor.workers) if (worker && pool.has(worker)) this.#look(worker)
    } else if (before?.task_order === after?.task_order) return
    for (const task of this.#state.tables.task.by('task_queue_sid', sid)) {
      if (task.assignment_status === 'pending') this.#placeLater(this.#taskEntry(task))
    }
  }

  #workerChanged(before: WorkerRow | undefined, after: WorkerRow | undefined): void {
    const { sid, workspace_sid } = either(before, after)
    const worker = this.#entry(sid, workspace_sid)
    const { floor } = worker
    worker.row = after
    if (!after) {
      worker.view = undefined
      floor.leave(worker)
      floor.note(worker)
      this.#dropIfEmpty(worker)
      return
    }
    if (worker.slot < 0) floor.join(worker, after)
    if (before?.attributes !== after.attributes) {
      floor.judgeLater(worker, 'all')
    } else if (before.friendly_name !== after.friendly_name || before.activity_sid !== after.activity_sid) {
      floor.judgeLater(worker, 'names')
    } else {
      if (before.last_reserved_seq !== after.last_reserved_seq) floor.note(worker)
      return
    }
    worker.view = undefined
    this.#free(worker)
  }

  /** Target expressions read channels: even one that is gone may make something fit. */
  #channelChanged(before: WorkerChannelRow | undefined, after: WorkerChannelRow | undefined): void {
    const row = either(before, after)
    const worker = this.#entry(row.worker_sid, row.workspace_sid)
    this.#channelEntry(worker, row.task_channel_sid).row = after
    this.#free(worker)
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
    this.#free(worker)
    if (!after) this.#dropIfEmpty(worker)
  }

  #count(worker: WorkerEntry, { task_channel_sid, reservation_status }: ReservationRow, by: number): void {
    const channel = this.#channelEntry(worker, task_channel_sid)
    worker.open += by
    channel.open += by
    if (reservation_status !== 'pending') channel.assigned += by
  }

  #taskChanged(before: TaskRow | undefined, after: TaskRow | undefined): void {
    const task = this.#tasks.get(either(before, after).sid)
    if (after && (after.assignment_status === 'pending' || after.assignment_status === 'reserved')) {
      const entry = task ?? this.#taskEntry(after)
      entry.row = after
      if (after.assignment_status === 'pending' || entry.bucket || entry.worker) this.#placeLater(entry)
    } else if (task) {
      task.row = undefined
      task.view = undefined
      this.#tasks.delete(task.placed.sid)
      if (task.bucket || task.worker) this.#placeLater(task)
    }
  }

  #placeLater(task: TaskEntry): void {
    if (task.isChanged) return
    task.isChanged = true
    this.#changed.push(task)
  }

  #free(worker: WorkerEntry): void {
    worker.floor.note(worker)
    this.#look(worker)
  }

  /** Something may be offered to the worker. */
  #look(worker: WorkerEntry): void {
    if (worker.isFreed) return
    worker.isFreed = true
    this.#freed.push(worker)
  }

  #taskEntry(row: TaskRow): TaskEntry {
    let task = this.#tasks.get(row.sid)
    if (!task) {
      task = { row, placed: row, view: undefined, bucket: undefined, worker: undefined, isChanged: false }
      this.#tasks.set(row.sid, task)
    }
    return task
  }

  #entry(sid: string, workspace_sid: string): WorkerEntry {
    let worker = this.#workers.get(sid)
    if (!worker) {
      worker = new WorkerEntry(sid, this.floor(workspace_sid))
      this.#workers.set(sid, worker)
    }
    return worker
  }

  #channelEntry(worker: WorkerEntry, task_channel_sid: string): ChannelEntry {
    let channel = worker.channel(task_channel_sid)
    if (!channel) {
      channel = { line: worker.floor.line(task_channel_sid), row: undefined, open: 0, assigned: 0 }
      worker.channels.push(channel)
    }
    return channel
  }

  /** Channels of a worker that are gone, and a worker of whom nothing is left. */
  #dropIfEmpty(worker: WorkerEntry): void {
    if (worker.row || worker.direct || worker.open > 0) return
    if (worker.channels.some((channel) => channel.row !== undefined)) return
    this.#workers.delete(worker.sid)
  }
}

function mayHaveWork({ direct, floor, channels }: WorkerEntry): boolean {
  if (direct) return true
  if (floor.waiting === 0) return false
  for (const { line } of channels) if (line.waiting > 0) return true
  return false
}

function rowOf(task: TaskEntry): TaskRow {
  return task.placed
}

function either<T>(before: T | undefined, after: T | undefined): T {
  return (after ?? before) as T // an observer gets at least one of both
}

const idle = { open: 0, assigned: 0 } as const
const nothing: Demands = {}
const nobody: readonly WorkerEntry[] = []
const mostDemands = 10_000
