import type { State } from '../center.ts'
import { keysOf } from '../core/keys.ts'
import { nameKey } from '../core/names.ts'
import { SortedList } from '../core/sorted-list.ts'
import { type AssignmentStatus, isPutAway, isTerminal, type TaskRow } from '../routing/rows.ts'

/** Real-time figures of some tasks, without those that were put away (reference taskrouter 7.2). */
export interface TaskFigures {
  readonly total_tasks: number
  readonly tasks_by_status: Readonly<Record<AssignmentStatus, number>>
  readonly tasks_by_priority: Readonly<Record<string, number>>
  /** The pending task that was created first. */
  readonly longest: TaskRow | undefined
  /** The pending task that has been in its queue for the longest time; of a queue only. */
  readonly longest_in_queue: TaskRow | undefined
}

/** How many workers of a queue are where. */
export interface Workforce {
  readonly by_activity: ReadonlyMap<string, number>
  readonly eligible: number
  /** In an available activity, even when full; with a channel, that one of theirs must be available, too. */
  readonly available: number
}

/** Real-time figures at a cost that does not grow with the number of tasks. */
export interface RealTime {
  /** Of a workspace, a queue or a workflow, by SID: of one channel, or of all. */
  tasks(place_sid: string, task_channel_sid: string | undefined): TaskFigures
  /** Counted once after each change of who works where, however often it is asked for. */
  workforce(task_queue_sid: string, task_channel_sid: string | undefined): Workforce
}

const kept = new WeakMap<State, RealTime>()

/**
 * The counters of a state. They are made when somebody asks for the first time (one look at all tasks) and follow the
 * tables from then on, so that a center whose figures nobody reads pays nothing for them: they would cost routing a
 * quarter of its time. Like everything that observes, they are right after a decision and after its undoing.
 */
export function realTimeOf(state: State): RealTime {
  let found = kept.get(state)
  if (!found) {
    found = new Counters(state)
    kept.set(state, found)
  }
  return found
}

/** Tasks of one channel in one place. */
class Counter {
  readonly by_status = { pending: 0, reserved: 0, assigned: 0, wrapping: 0, canceled: 0, completed: 0 }
  readonly by_priority = new Map<number, number>()
  readonly pending = new SortedList<TaskRow>(byCreation)
  readonly entered: SortedList<TaskRow> | undefined
  size = 0

  constructor(isQueue: boolean) {
    this.entered = isQueue ? new SortedList<TaskRow>(byEntering) : undefined
  }

  add(task: TaskRow): void {
    this.size++
    this.by_status[task.assignment_status]++
    if (!isTerminal(task)) this.by_priority.set(task.priority, (this.by_priority.get(task.priority) ?? 0) + 1)
    if (task.assignment_status !== 'pending') return
    this.pending.add(task)
    this.entered?.add(task)
  }

  remove(task: TaskRow): void {
    this.size--
    this.by_status[task.assignment_status]--
    if (!isTerminal(task)) {
      const left = (this.by_priority.get(task.priority) ?? 0) - 1
      if (left > 0) this.by_priority.set(task.priority, left)
      else this.by_priority.delete(task.priority)
    }
    if (task.assignment_status !== 'pending') return
    this.pending.remove(task)
    this.entered?.remove(task)
  }
}

class Counters implements RealTime {
  readonly #state: State
  /** By place, then by channel: a workspace has 15 of those at most. */
  readonly #places = new Map<string, Map<string, Counter>>()
  /** Raised by everything that may change who works where. */
  #moves = 0
  readonly #workforces = new Map<string, { readonly moves: number; readonly workforce: Workforce }>()

  constructor(state: State) {
    this.#state = state
    const { task, worker, worker_channel, activity, task_queue, judging } = state.tables
    for (const row of task.all()) this.#count(row, 'add')
    task.observe((before, after) => {
      if (before && after && isAlike(before, after)) return
      if (before) this.#count(before, 'remove')
      if (after) this.#count(after, 'add')
    })
    // Reservations change workers all the time, but not where they are.
    worker.observe((before, after) => {
      if (!before || !after || isElsewhere(before, after)) this.#moves++
    })
    worker_channel.observe((before, after) => {
      if (before?.available !== after?.available) this.#moves++
    })
    activity.observe(() => this.#moves++)
    task_queue.observe(() => this.#moves++)
    judging.observe(() => this.#moves++)
  }

  tasks(place_sid: string, task_channel_sid: string | undefined): TaskFigures {
    const channels = this.#places.get(place_sid)
    const asked = task_channel_sid === undefined ? [...(channels?.values() ?? [])] : [channels?.get(task_channel_sid)]
    const tasks_by_status = { pending: 0, reserved: 0, assigned: 0, wrapping: 0, canceled: 0, completed: 0 }
    const tasks_by_priority: Record<string, number> = {}
    let longest: TaskRow | undefined
    let longest_in_queue: TaskRow | undefined
    for (const counter of asked) {
      if (!counter) continue
      for (const status of keysOf(counter.by_status)) tasks_by_status[status] += counter.by_status[status]
      for (const [priority, count] of counter.by_priority)
        tasks_by_priority[priority] = (tasks_by_priority[priority] ?? 0) + count
      longest = first(longest, counter.pending.first, byCreation)
      longest_in_queue = first(longest_in_queue, counter.entered?.first, byEntering)
    }
    const { pending, reserved, assigned, wrapping } = tasks_by_status
    const total_tasks = pending + reserved + assigned + wrapping
    return { total_tasks, tasks_by_status, tasks_by_priority, longest, longest_in_queue }
  }

  workforce(task_queue_sid: string, task_channel_sid: string | undefined): Workforce {
    const queue = this.#state.tables.task_queue.find(task_queue_sid)
    if (!queue) return nobody
    // Queues that ask the same of their workers have the same ones.
    const key = `${queue.workspace_sid}/${task_channel_sid ?? ''}/${this.#state.matcher.expressionInForce(queue)}`
    const known = this.#workforces.get(key)
    if (known?.moves === this.#moves) return known.workforce
    const workforce = workforceOf(this.#state, task_queue_sid, task_channel_sid)
    if (this.#workforces.size >= maxWorkforces) this.#workforces.clear()
    this.#workforces.set(key, { moves: this.#moves, workforce })
    return workforce
  }

  /** What was put away is not counted here: it comes and goes as memory needs it. */
  #count(task: TaskRow, how: 'add' | 'remove'): void {
    if (isPutAway(task)) return
    this.#countIn(task.workspace_sid, task, how, false)
    if (task.task_queue_sid !== null) this.#countIn(task.task_queue_sid, task, how, true)
    if (task.workflow_sid !== null) this.#countIn(task.workflow_sid, task, how, false)
  }

  #countIn(place_sid: string, task: TaskRow, how: 'add' | 'remove', isQueue: boolean): void {
    let channels = this.#places.get(place_sid)
    if (!channels) {
      channels = new Map()
      this.#places.set(place_sid, channels)
    }
    let counter = channels.get(task.task_channel_sid)
    if (!counter) {
      counter = new Counter(isQueue)
      channels.set(task.task_channel_sid, counter)
    }
    counter[how](task)
    if (counter.size > 0) return
    channels.delete(task.task_channel_sid)
    if (channels.size === 0) this.#places.delete(place_sid)
  }
}

const maxWorkforces = 10_000

const nobody: Workforce = { by_activity: new Map(), eligible: 0, available: 0 }

function workforceOf(state: State, task_queue_sid: string, task_channel_sid: string | undefined): Workforce {
  const by_activity = new Map<string, number>()
  let eligible = 0
  let available = 0
  for (const sid of state.matcher.members(task_queue_sid)) {
    const { activity_sid } = state.tables.worker.need(sid)
    by_activity.set(activity_sid, (by_activity.get(activity_sid) ?? 0) + 1)
    eligible++
    if (state.tables.activity.find(activity_sid)?.available && hasChannel(state, sid, task_channel_sid)) available++
  }
  return { by_activity, eligible, available }
}

function hasChannel(state: State, worker_sid: string, task_channel_sid: string | undefined): boolean {
  if (task_channel_sid === undefined) return true
  return state.tables.worker_channel.firstBy('pair', nameKey(worker_sid, task_channel_sid))?.available ?? false
}

/** Nothing that is counted differs. */
function isAlike(a: TaskRow, b: TaskRow): boolean {
  return (
    a.assignment_status === b.assignment_status &&
    isPutAway(a) === isPutAway(b) &&
    a.task_queue_sid === b.task_queue_sid &&
    a.task_queue_entered_date === b.task_queue_entered_date &&
    a.workflow_sid === b.workflow_sid &&
    a.task_channel_sid === b.task_channel_sid &&
    a.priority === b.priority
  )
}

type Placed = { readonly activity_sid: string; readonly attributes: string; readonly friendly_name: string }

function isElsewhere(a: Placed, b: Placed): boolean {
  return a.activity_sid !== b.activity_sid || a.attributes !== b.attributes || a.friendly_name !== b.friendly_name
}

function byCreation(a: TaskRow, b: TaskRow): number {
  return a.date_created - b.date_created || a.seq - b.seq
}

function byEntering(a: TaskRow, b: TaskRow): number {
  return enteredAt(a) - enteredAt(b) || a.seq - b.seq
}

/** When it entered its queue. */
export function enteredAt(task: TaskRow): number {
  return task.task_queue_entered_date ?? task.date_created
}

function first(a: TaskRow | undefined, b: TaskRow | undefined, compare: (a: TaskRow, b: TaskRow) => number) {
  if (!a || !b) return a ?? b
  return compare(a, b) <= 0 ? a : b
}
