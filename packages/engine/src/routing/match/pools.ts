import { SortedList } from '../../state/sorted-list.ts'
import type { State } from '../../state/state.ts'
import { compile, type Expression } from '../expression/compile.ts'
import type { ChannelView, WorkerView, WorkforceView } from '../expression/environment.ts'
import type { ActivityRow, ReservationRow, TaskQueueRow, TaskRow, WorkerRow, WorkspaceRow } from '../rows.ts'
import { isOpen, isTerminal, nameKey } from '../rows.ts'
import { parseWorkflowDocument, type WorkflowDocument } from '../workflow-document.ts'

/** How many reservations a worker holds on one channel. */
interface Load {
  open: number
  accepted: number
}

/**
 * What routing keeps beside the rows: who may take from which queue, what waits where, how loaded everybody is. All of it
 * follows from rows through the tables' observers, so it is right after loading, after a decision and after its undoing.
 */
export class Pools {
  /** Workers to whom something may be offered since the last look, by SID. */
  readonly #freed = new Set<string>()
  readonly #state: State
  readonly #views = new Map<string, View>()
  readonly #tasks = new Map<string, { readonly text: string; readonly view: { readonly attributes: unknown } }>()
  readonly #expressions = new Map<string, Expression>()
  readonly #documents = new Map<string, WorkflowDocument>()
  readonly #members = new Map<string, Set<string>>()
  readonly #queues = new Map<string, Set<string>>()
  readonly #waiting = new Map<string, SortedList<TaskRow>>()
  readonly #loads = new Map<string, Load>()

  constructor(state: State) {
    this.#state = state
    const { tables } = state
    tables.workspace.observe((before, after) => this.#workspaceChanged(before, after))
    tables.activity.observe((before, after) => this.#activityChanged(before, after))
    tables.task_queue.observe((before, after) => this.#queueChanged(before, after))
    tables.workflow_document.observe((before, after) => {
      if (before && !after) this.#documents.delete(before.sid)
    })
    tables.worker.observe((before, after) => this.#workerChanged(before, after))
    // Target expressions read channels: even one that is gone may make something fit.
    tables.worker_channel.observe((before, after) => this.#freed.add(either(before, after).worker_sid))
    tables.task.observe((before, after) => this.#taskChanged(before, after))
    tables.reservation.observe((before, after) => this.#reservationChanged(before, after))
  }

  // Questions

  worker(sid: string): WorkerView {
    return this.#view(sid)
  }

  task(task: TaskRow): { readonly attributes: unknown } {
    const known = this.#tasks.get(task.sid)
    if (known && known.text === task.attributes) return known.view
    const view = { attributes: JSON.parse(task.attributes) as unknown } // checked when it was given
    if (!isTerminal(task)) this.#tasks.set(task.sid, { text: task.attributes, view })
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

  /** Eligible for the queue, whatever their activity. */
  members(task_queue_sid: string): ReadonlySet<string> {
    return this.#members.get(task_queue_sid) ?? nobody
  }

  queuesOf(worker_sid: string): ReadonlySet<string> {
    return this.#queues.get(worker_sid) ?? nobody
  }

  load(worker_sid: string, task_channel_sid: string): Readonly<Load> {
    return this.#loads.get(nameKey(worker_sid, task_channel_sid)) ?? idle
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

  /** Tasks that wait in a queue, or for one worker, in the order in which they are offered. */
  waiting(place: string): SortedList<TaskRow> | undefined {
    return this.#waiting.get(place)
  }

  workforce(task_queue_sid: string): WorkforceView {
    const counts = new Map<string, number>()
    let available = 0
    for (const sid of this.members(task_queue_sid)) {
      const { activity_sid } = this.#state.get('worker', sid)
      counts.set(activity_sid, (counts.get(activity_sid) ?? 0) + 1)
      if (this.#state.get('activity', activity_sid).available) available++
    }
    return {
      available,
      unavailable: this.members(task_queue_sid).size - available,
      activity: (sid) => counts.get(sid) ?? 0
    }
  }

  // What is to be looked at

  /** Workers to be looked at since the last call, in no particular order; then forgets them. */
  takeFreed(): WorkerRow[] {
    if (this.#freed.size === 0) return []
    const workers = [...this.#freed].flatMap((sid) => this.#state.find('worker', sid) ?? [])
    this.#freed.clear()
    return workers
  }

  /** Nothing is to be looked at: after loading, and after undoing a decision. */
  settle(): void {
    this.#freed.clear()
  }

  // What follows from rows

  #workspaceChanged(before: WorkspaceRow | undefined, after: WorkspaceRow | undefined): void {
    // With multitasking, who is busy on one channel may be free on another.
    if (!before || !after || before.multi_task_enabled === after.multi_task_enabled) return
    for (const worker of this.#state.tables.worker.by('workspace_sid', after.sid)) this.#freed.add(worker.sid)
  }

  /** Expressions may name an activity. When rows are loaded, an activity may come after the workers who are in it. */
  #activityChanged(before: ActivityRow | undefined, after: ActivityRow | undefined): void {
    if (!after || before?.friendly_name === after.friendly_name) return
    for (const worker of this.#state.tables.worker.by('activity_sid', after.sid)) {
      this.#judgeBySystemNames(worker)
      this.#freed.add(worker.sid)
    }
  }

  #workerChanged(before: WorkerRow | undefined, after: WorkerRow | undefined): void {
    if (!after) {
      const { sid } = either(before, after)
      for (const queue of this.queuesOf(sid)) this.#members.get(queue)?.delete(sid)
      this.#queues.delete(sid)
      this.#views.delete(sid)
      return
    }
    const isRenamed = before?.friendly_name !== after.friendly_name || before.activity_sid !== after.activity_sid
    if (before?.attributes !== after.attributes) {
      this.#views.delete(after.sid)
      for (const queue of this.#state.tables.task_queue.by('workspace_sid', after.workspace_sid))
        this.#judge(queue, after.sid)
    } else if (isRenamed) {
      this.#views.delete(after.sid)
      this.#judgeBySystemNames(after)
    } else return
    this.#freed.add(after.sid)
  }

  #queueChanged(before: TaskQueueRow | undefined, after: TaskQueueRow | undefined): void {
    if (!after) {
      const { sid } = either(before, after)
      for (const worker of this.members(sid)) this.#queues.get(worker)?.delete(sid)
      this.#members.delete(sid)
      this.#expressions.delete(sid)
      this.#waiting.delete(sid)
      return
    }
    if (before?.task_order !== after.task_order) {
      const tasks = this.#waiting.get(after.sid) ?? []
      const list = new SortedList<TaskRow>(after.task_order === 'LIFO' ? lifo : fifo)
      for (const task of tasks) list.add(task)
      this.#waiting.set(after.sid, list)
    }
    if (before?.target_workers !== after.target_workers) {
      for (const worker of this.#state.tables.worker.by('workspace_sid', after.workspace_sid))
        this.#judge(after, worker.sid)
    }
  }

  #taskChanged(before: TaskRow | undefined, after: TaskRow | undefined): void {
    const from = before && placeOf(before)
    const to = after && placeOf(after)
    if (before && from && this.#waiting.get(from)?.remove(before) && from.startsWith('WK')) {
      if (this.#waiting.get(from)?.length === 0) this.#waiting.delete(from)
    }
    if (after && to) {
      let list = this.#waiting.get(to)
      if (!list) {
        const queue = this.#state.find('task_queue', to)
        list = new SortedList<TaskRow>(queue?.task_order === 'LIFO' ? lifo : fifo)
        this.#waiting.set(to, list)
      }
      list.add(after)
    }
    if (before && (!after || isTerminal(after))) this.#tasks.delete(before.sid)
  }

  #reservationChanged(before: ReservationRow | undefined, after: ReservationRow | undefined): void {
    if (before) this.#count(before, -1)
    if (after) this.#count(after, 1)
    // More load, too, may make an expression true: `worker.channel.chat.assigned_tasks > 0`.
    this.#freed.add(either(before, after).worker_sid)
  }

  #count(reservation: ReservationRow, by: 1 | -1): void {
    if (!isOpen(reservation)) return
    const place = nameKey(reservation.worker_sid, reservation.task_channel_sid)
    const load = kept(this.#loads, place, () => ({ open: 0, accepted: 0 }))
    load.open += by
    if (reservation.reservation_status === 'accepted') load.accepted += by
    if (load.open === 0) this.#loads.delete(place)
  }

  /** Judges the worker anew for the queues whose expressions read its name or its activity. */
  #judgeBySystemNames(worker: WorkerRow): void {
    for (const queue of this.#state.tables.task_queue.by('workspace_sid', worker.workspace_sid)) {
      if (this.#expression(queue).worker_paths.some((path) => path.system)) this.#judge(queue, worker.sid)
    }
  }

  /** Puts the worker among a queue's members, or takes it out. */
  #judge(queue: TaskQueueRow, worker_sid: string): void {
    const fits = this.#expression(queue).matches(undefined, this.#view(worker_sid))
    const members = kept(this.#members, queue.sid, () => new Set())
    if (members.has(worker_sid) === fits) return
    const queues = kept(this.#queues, worker_sid, () => new Set())
    if (fits) {
      members.add(worker_sid)
      queues.add(queue.sid)
      this.#freed.add(worker_sid)
    } else {
      members.delete(worker_sid)
      queues.delete(queue.sid)
    }
  }

  #expression(queue: TaskQueueRow): Expression {
    const known = this.#expressions.get(queue.sid)
    if (known && known.source === queue.target_workers) return known
    const expression = compile(queue.target_workers, 'worker')
    this.#expressions.set(queue.sid, expression)
    return expression
  }

  #view(sid: string): WorkerView {
    return kept(this.#views, sid, () => new View(this.#state, this.#state.get('worker', sid)))
  }
}

/** A worker as expressions see it. */
class View implements WorkerView {
  readonly sid: string
  readonly friendly_name: string
  readonly activity_sid: string
  readonly attributes: unknown
  readonly #state: State
  readonly #workspace_sid: string

  constructor(state: State, row: WorkerRow) {
    this.#state = state
    this.#workspace_sid = row.workspace_sid
    this.sid = row.sid
    this.friendly_name = row.friendly_name
    this.activity_sid = row.activity_sid
    this.attributes = JSON.parse(row.attributes) // checked when it was given
  }

  get activity_name(): string {
    return this.#state.find('activity', this.activity_sid)?.friendly_name ?? ''
  }

  channel(unique_name: string): ChannelView | undefined {
    const { task_channel, worker_channel } = this.#state.tables
    const channel = task_channel.firstBy('name', nameKey(this.#workspace_sid, unique_name))
    const row = channel && worker_channel.firstBy('pair', nameKey(this.sid, channel.sid))
    if (!channel || !row) return undefined
    const { open, accepted } = this.#state.pools.load(this.sid, channel.sid)
    return {
      configured_capacity: row.configured_capacity,
      assigned_tasks: accepted,
      available_capacity_percentage: capacityLeft(open, row.configured_capacity)
    }
  }
}

/** Percentage of a channel's capacity that is free, 0 to 100 (reference taskrouter 6.2). */
export function capacityLeft(open: number, configured_capacity: number): number {
  if (configured_capacity <= 0) return 0
  return Math.max(0, Math.min(100, Math.floor((1 - open / configured_capacity) * 100)))
}

/** Where a pending task waits: for its worker, or in its queue; nowhere while it is in no queue. */
export function placeOf(task: TaskRow): string | null {
  if (task.assignment_status !== 'pending') return null
  if (task.routing_target?.startsWith('WK')) return task.routing_target
  return task.task_queue_sid
}

/** FIFO: priority first, then age (reference taskrouter 4.3). */
export function fifo(a: TaskRow, b: TaskRow): number {
  return b.priority - a.priority || a.virtual_start_time - b.virtual_start_time || a.seq - b.seq
}

/** LIFO: the newest first, priority ignored. */
export function lifo(a: TaskRow, b: TaskRow): number {
  return b.virtual_start_time - a.virtual_start_time || b.seq - a.seq
}

/** What a map keeps for a key; it is made when there is nothing yet. */
function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function either<T>(before: T | undefined, after: T | undefined): T {
  return (after ?? before) as T // an observer gets at least one of both
}

const idle: Readonly<Load> = { open: 0, accepted: 0 }
const nobody: ReadonlySet<string> = new Set()
