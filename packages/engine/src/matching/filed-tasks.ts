import type { State } from '../center.ts'
import { RecentMap } from '../core/recent-map.ts'
import { SortedList } from '../core/sorted-list.ts'
import type { TaskRow } from '../routing/rows.ts'
import { parseAttributes } from './attributes.ts'
import type { TaskEntry, WorkerEntry } from './entry.ts'
import type { TaskView } from './expression/environment.ts'
import { isException } from './match.ts'
import { isDirect } from './order.ts'
import type { TargetIndex } from './target-index.ts'
import { byFifo } from './waiting-tasks.ts'

/**
 * The tasks that wait, each filed where workers find it: in a bucket of its target index, or with the one worker whom it
 * is for.
 *
 * Invariants: there is an entry for every task that is pending or reserved, and for no other. Only this class writes
 * entries, and `direct` of workers. An entry is stale from a change of its task, of a transfer of the task, or of its queue
 * until `file`; meanwhile it is filed as before. Between decisions nothing is stale.
 */
export class FiledTasks {
  readonly #state: State
  readonly #workerEntry: (sid: string, workspace_sid: string) => WorkerEntry
  readonly #targetIndexOf: (task: TaskRow) => TargetIndex | undefined
  readonly #entries = new RecentMap<TaskEntry>()
  #stale: TaskEntry[] = []

  constructor(
    state: State,
    workerEntry: (sid: string, workspace_sid: string) => WorkerEntry,
    targetIndexOf: (task: TaskRow) => TargetIndex | undefined
  ) {
    this.#state = state
    this.#workerEntry = workerEntry
    this.#targetIndexOf = targetIndexOf
  }

  /** The task as expressions see it. */
  view(task: TaskRow): TaskView {
    const entry = this.#entries.get(task.sid)
    if (entry?.view?.text === task.attributes) return entry.view
    const view = { text: task.attributes, attributes: parseAttributes(task.attributes) }
    if (entry) entry.view = view
    return view
  }

  /** The task's row has changed, come or gone. */
  changed(sid: string, after: TaskRow | undefined): void {
    const entry = this.#entries.get(sid)
    if (after?.assignment_status === 'pending' || after?.assignment_status === 'reserved') {
      const task = entry ?? this.#add(after)
      task.row = after
      if (after.assignment_status === 'pending' || task.bucket || task.worker) this.#markStale(task)
    } else if (entry) {
      entry.row = undefined
      entry.view = undefined
      this.#entries.delete(sid)
      if (entry.bucket || entry.worker) this.#markStale(entry)
    }
  }

  /** A transfer of the task has changed, and with it, whom the task bars. */
  transferChanged(task_sid: string): void {
    const task = this.#entries.get(task_sid)
    if (task) this.#markStale(task)
  }

  /** The queue's order, or its eligibility, is another one. */
  queueChanged(task_queue_sid: string): void {
    for (const task of this.#state.tables.task.by('task_queue_sid', task_queue_sid)) {
      if (task.assignment_status === 'pending') this.#markStale(this.#entries.get(task.sid) ?? this.#add(task))
    }
  }

  /** Files every stale task where it waits now. */
  file(): void {
    if (this.#stale.length === 0) return
    const tasks = this.#stale
    this.#stale = []
    for (const task of tasks) this.#file(task)
  }

  #file(task: TaskEntry): void {
    task.isStale = false
    this.#takeOut(task)
    const { row } = task
    if (row?.assignment_status !== 'pending') return
    task.filed = row
    if (isDirect(row)) {
      task.worker = this.#workerEntry(row.routing_target, row.workspace_sid)
      task.worker.direct ??= new SortedList(byFifo)
      task.worker.direct.add(task)
    } else {
      const isLifo = this.#state.tables.task_queue.find(row.task_queue_sid)?.task_order === 'LIFO'
      this.#targetIndexOf(row)?.waiting.add(task, this.view(row), isLifo, isException(this.#state, row))
    }
  }

  #takeOut(task: TaskEntry): void {
    task.bucket?.waiting.remove(task, task.bucket)
    const { worker } = task
    if (!worker) return
    worker.direct?.remove(task)
    if (worker.direct?.length === 0) worker.direct = undefined
    task.worker = undefined
  }

  #markStale(task: TaskEntry): void {
    if (task.isStale) return
    task.isStale = true
    this.#stale.push(task)
  }

  #add(row: TaskRow): TaskEntry {
    const task = { row, filed: row, view: undefined, bucket: undefined, worker: undefined, isStale: false }
    this.#entries.set(row.sid, task)
    return task
  }
}
