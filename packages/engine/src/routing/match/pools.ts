import { SortedList } from '../../state/sorted-list.ts'
import type { State } from '../../state/state.ts'
import { compile, type Expression } from '../expression/compile.ts'
import type { ChannelView, WorkerView, WorkforceView } from '../expression/environment.ts'
import type { ReservationRow, TaskQueueRow, TaskRow, WorkerRow } from '../rows.ts'
import { isOpen, isTerminal } from '../rows.ts'
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
  /** Queues whose waiting tasks are to be offered anew. */
  readonly #opened = new Set<string>()
  readonly #state: State
  readonly #views = new Map<string, View>()
  readonly #tasks = new Map<string, { readonly text: string; readonly view: { readonly attributes: unknown } }>()
  readonly #expressions = new Map<string, { readonly source: string; readonly expression: Expression | undefined }>()
  readonly #documents = new Map<string, WorkflowDocument>()
  readonly #members = new Map<string, Set<string>>()
  readonly #queues = new Map<string, Set<string>>()
  readonly #waiting = new Map<string, SortedList<TaskRow>>()
  readonly #loads = new Map<string, Load>()
  /** Workspace -> how many of its workers are in an available activity. */
  readonly #available = new Map<string, number>()

  constructor(state: State) {
    this.#state = state
    const { tables } = state
    tables.activity.observe((before, after) => {
      if (before && !after) return
      if (after && !before) for (const worker of tables.worker.by('activity_sid', after.sid)) this.#freed.add(worker.sid)
    })
    tables.task_queue.observe((before, after) => this.#queueChanged(before, after))
    tables.workflow_document.observe((before, after) => {
      if (before && !after) this.#documents.delete(before.sid)
    })
    tables.worker.observe((before, after) => this.#workerChanged(before, after))
    tables.worker_channel.observe((_before, after) => {
      if (after) this.#freed.add(after.worker_sid)
    })
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
    return this.#loads.get(`${worker_sid}/${task_channel_sid}`) ?? idle
  }

  available(workspace_sid: string): number {
    return this.#available.get(workspace_sid) ?? 0
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

  /** Workers to be looked at since the last call, in order of creation; then forgets them. */
  takeFreed(): string[] {
    if (this.#freed.size === 0) return []
    const sids = [...this.#freed]
    this.#freed.clear()
    return sids
      .filter((sid) => this.#state.tables.worker.get(sid))
      .sort((a, b) => this.#state.get('worker', a).seq - this.#state.get('worker', b).seq)
  }

  takeOpened(): string[] {
    if (this.#opened.size === 0) return []
    const sids = [...this.#opened]
    this.#opened.clear()
    return sids
      .filter((sid) => this.#state.tables.task_queue.get(sid))
      .sort((a, b) => this.#state.get('task_queue', a).seq - this.#state.get('task_queue', b).seq)
  }

  /** Nothing is to be looked at: after loading, and after undoing a decision. */
  settle(): void {
    this.#freed.clear()
    this.#opened.clear()
  }

  // What follows from rows

  #workerChanged(before: WorkerRow | undefined, after: WorkerRow | undefined): void {
    const workspace_sid = (after ?? before)?.workspace_sid as string // one of both is there
    const was = before ? this.#isAvailable(before.activity_sid) : false
    const is = after ? this.#isAvailable(after.activity_sid) : false
    if (was !== is) this.#available.set(workspace_sid, this.available(workspace_sid) + (is ? 1 : -1))
    if (!after) {
      const sid = before?.sid as string // as above
      for (const queue of this.queuesOf(sid)) this.#members.get(queue)?.delete(sid)
      this.#queues.delete(sid)
      this.#views.delete(sid)
      return
    }
    const renamed = before?.friendly_name !== after.friendly_name || before?.activity_sid !== after.activity_sid
    if (before && before.attributes === after.attributes && !renamed) return
    this.#views.delete(after.sid)
    for (const queue of this.#state.tables.task_queue.by('workspace_sid', after.workspace_sid)) this.#judge(queue, after.sid)
    this.#freed.add(after.sid)
  }

  #queueChanged(before: TaskQueueRow | undefined, after: TaskQueueRow | undefined): void {
    if (!after) {
      const sid = before?.sid as string // one of both is there
      for (const worker of this.members(sid)) this.#queues.get(worker)?.delete(sid)
      this.#members.delete(sid)
      this.#expressions.delete(sid)
      this.#waiting.delete(sid)
      return
    }
    if (before?.task_order !== after.task_order) {
      const tasks = [...(this.#waiting.get(after.sid) ?? [])]
      const list = new SortedList<TaskRow>(after.task_order === 'LIFO' ? lifo : fifo)
      for (const task of tasks) list.add(task)
      this.#waiting.set(after.sid, list)
    }
    if (before?.target_workers !== after.target_workers) {
      for (const worker of this.#state.tables.worker.by('workspace_sid', after.workspace_sid)) this.#judge(after, worker.sid)
    }
    this.#opened.add(after.sid)
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
    const { worker_sid, task_channel_sid } = (after ?? before) as ReservationRow // one of both is there
    const open = Number(after ? isOpen(after) : false) - Number(before ? isOpen(before) : false)
    const accepted =
      Number(after?.reservation_status === 'accepted') - Number(before?.reservation_status === 'accepted')
    if (open === 0 && accepted === 0) return
    const place = `${worker_sid}/${task_channel_sid}`
    const load = this.#loads.get(place) ?? { open: 0, accepted: 0 }
    load.open += open
    load.accepted += accepted
    if (load.open === 0) this.#loads.delete(place)
    else this.#loads.set(place, load)
    if (open < 0) this.#freed.add(worker_sid)
  }

  /** Puts the worker among a queue's members, or takes it out. */
  #judge(queue: TaskQueueRow, worker_sid: string): void {
    const fits = this.#expression(queue)?.matches(undefined, this.#view(worker_sid)) ?? false
    let members = this.#members.get(queue.sid)
    if (!members) this.#members.set(queue.sid, (members = new Set()))
    let queues = this.#queues.get(worker_sid)
    if (!queues) this.#queues.set(worker_sid, (queues = new Set()))
    if (fits) {
      members.add(worker_sid)
      queues.add(queue.sid)
    } else {
      members.delete(worker_sid)
      queues.delete(queue.sid)
    }
  }

  #expression(queue: TaskQueueRow): Expression | undefined {
    const known = this.#expressions.get(queue.sid)
    if (known && known.source === queue.target_workers) return known.expression
    // An empty expression matches nobody (reference taskrouter 1.5).
    const expression = queue.target_workers.trim() === '' ? undefined : compile(queue.target_workers, 'worker')
    this.#expressions.set(queue.sid, { source: queue.target_workers, expression })
    return expression
  }

  #view(sid: string): WorkerView {
    let view = this.#views.get(sid)
    if (!view) this.#views.set(sid, (view = new View(this.#state, this.#state.get('worker', sid))))
    return view
  }

  #isAvailable(activity_sid: string): boolean {
    return this.#state.find('activity', activity_sid)?.available ?? false
  }
}

/** A worker as expressions see it. */
class View implements WorkerView {
  readonly sid: string
  readonly friendly_name: string
  readonly activity_sid: string
  readonly activity_name: string
  readonly attributes: unknown
  readonly #state: State
  readonly #workspace_sid: string

  constructor(state: State, row: WorkerRow) {
    this.#state = state
    this.#workspace_sid = row.workspace_sid
    this.sid = row.sid
    this.friendly_name = row.friendly_name
    this.activity_sid = row.activity_sid
    this.activity_name = state.find('activity', row.activity_sid)?.friendly_name ?? ''
    this.attributes = JSON.parse(row.attributes) // checked when it was given
  }

  channel(unique_name: string): ChannelView | undefined {
    const channel = this.#state.tables.task_channel.firstBy('name', `${this.#workspace_sid}/${unique_name}`)
    const row = channel && this.#state.tables.worker_channel.firstBy('pair', `${this.sid}/${channel.sid}`)
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

const idle: Readonly<Load> = { open: 0, accepted: 0 }
const nobody: ReadonlySet<string> = new Set()
