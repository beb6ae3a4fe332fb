import type { State } from '../center.ts'
import { Heap, type Heaped } from '../core/heap.ts'
import type { TaskRow, WorkerRow } from '../routing/rows.ts'
import type { ChannelIndex } from './channel-index.ts'
import type { TaskEntry, WorkerEntry } from './entry.ts'
import { fifo, ignoresCapacity, isDirect, lifo } from './order.ts'
import { isOpen } from './row-values.ts'
import type { Target } from './target-condition.ts'
import type { Bucket } from './waiting-tasks.ts'

/**
 * The first reason why a task cannot be offered to a worker now, or undefined when it can
 * (reference taskrouter 6.1; the order is that of the questions a supervisor would ask).
 */
export function reasonAgainst(
  state: State,
  task: TaskRow,
  worker: WorkerRow,
  target: Target = state.matcher.targetOf(task)
): Reason | undefined {
  const { matcher } = state
  const direct = isDirect(task)
  if (direct && task.routing_target !== worker.sid) return 'another worker is the routing target'
  if (!direct && !matcher.isMember(worker.sid, task.task_queue_sid ?? '')) return 'not eligible for the queue'
  if (target.known_worker) {
    const known = target.known_worker.read(matcher.task(task))
    if (known !== target.known_worker.nameOf(worker)) return 'another worker is the known worker'
  }
  if (target.expression && !target.expression.matches(matcher.task(task), matcher.worker(worker.sid))) {
    return 'the target expression does not match'
  }
  if (hasRejected(task, worker.sid)) return 'has just rejected the task'
  if (isHolder(state, task.sid, worker.sid)) return 'has the task already'
  return ignoresCapacity(task) ? undefined : reasonNotReady(state, worker, task.task_channel_sid)
}

/** Why the worker takes nothing at all on a channel now, or undefined when it does. */
export function reasonNotReady(state: State, worker: WorkerRow, task_channel_sid: string): Reason | undefined {
  const entry = state.matcher.entry(worker.sid)
  const channel = entry?.channel(task_channel_sid)
  if (!state.tables.activity.need(worker.activity_sid).available) return 'not in an available activity'
  if (!entry || !channel?.row?.available) return 'not available on the channel'
  if (entry.workspaceIndex.isSingle && entry.open > 0) return 'busy with another task'
  return channel.open >= channel.row.configured_capacity ? 'no capacity left on the channel' : undefined
}

export type Reason =
  | 'another worker is the routing target'
  | 'not eligible for the queue'
  | 'another worker is the known worker'
  | 'the target expression does not match'
  | 'has just rejected the task'
  | 'has the task already'
  | 'not in an available activity'
  | 'not available on the channel'
  | 'busy with another task'
  | 'no capacity left on the channel'

/** Workers to whom the task can be offered now, the first choice first, at most `limit` (reference taskrouter 6.4). */
export function candidates(state: State, task: TaskRow, limit: number): WorkerRow[] {
  const { matcher } = state
  const target = matcher.targetOf(task)
  if (isDirect(task)) {
    const worker = state.tables.worker.find(task.routing_target)
    return worker && reasonAgainst(state, task, worker, target) === undefined ? [worker] : []
  }
  const targetIndex = matcher.targetIndex(task, target)
  if (!targetIndex) return []
  const isBarred = isException(state, task) ? (sid: string) => isBarredFrom(state, task, sid) : undefined
  const chosen = targetIndex.ready(target.order_by).choose(matcher.task(task), limit, isBarred)
  return chosen.map((worker) => worker.row as WorkerRow) // whoever is ready has a row
}

/** The waiting task that this worker should be offered next, or undefined (reference taskrouter 6.5). */
export function workFor(state: State, worker: WorkerEntry): TaskRow | undefined {
  state.matcher.fileTasks()
  const { row, direct, channels, workspaceIndex } = worker
  if (!row) return undefined
  const search = new Search(state, worker)
  direct?.visit((task) => {
    if (reasonAgainst(state, task.filed, row) !== undefined) return true
    search.consider(task, false)
    return false
  })
  for (const { channelIndex } of channels)
    if (channelIndex.waiting > 0 && workspaceIndex.isReady(worker, channelIndex)) search.searchChannel(channelIndex)
  return search.best?.filed
}

/** The search for the task that one worker is offered next: among those for which it is ready, the first in turn. */
class Search {
  best: TaskEntry | undefined
  #isLifo = false
  readonly #state: State
  readonly #worker: WorkerEntry

  constructor(state: State, worker: WorkerEntry) {
    this.#state = state
    this.#worker = worker
  }

  searchChannel(channelIndex: ChannelIndex): void {
    const { workspaceIndex, eligibilities } = this.#worker
    const view = workspaceIndex.view(this.#worker)
    eligibilities.visitShared(channelIndex.eligibilities, (slot) => {
      const targetIndexes = workspaceIndex.eligibilities[slot]?.onChannels.get(channelIndex)?.waiting
      if (!targetIndexes) return
      for (const { condition, waiting } of targetIndexes) {
        condition.foresee(view)
        if (!condition.admits(view)) continue
        waiting.visitFor(view, (bucket) => {
          const head = headOf(bucket)
          if (!this.#isBefore(head, bucket.isLifo)) return
          if (bucket.isException && isBarredFrom(this.#state, head.filed, this.#worker.sid)) return
          if (condition.fits(this.#state.matcher.task(head.filed), view)) this.#take(head, bucket.isLifo)
        })
      }
    })
  }

  consider(task: TaskEntry, isLifo: boolean): void {
    if (this.#isBefore(task, isLifo)) this.#take(task, isLifo)
  }

  /** Whether a task is offered before the best one so far; the first one is. */
  #isBefore(task: TaskEntry, isLifo: boolean): boolean {
    const { best } = this
    return best === undefined || order(this.#state, task.filed, isLifo, best.filed, this.#isLifo) < 0
  }

  #take(task: TaskEntry, isLifo: boolean): void {
    this.best = task
    this.#isLifo = isLifo
  }
}

/** Which of two waiting tasks is offered first: the kind of queue that the workspace prefers, then the queue's order. */
export function inTurn(state: State, a: TaskRow, b: TaskRow): number {
  return order(state, a, waitsInLifo(state, a), b, waitsInLifo(state, b))
}

/** Both tasks and their orders come one by one: an object for each comparison would cost more than the comparison. */
function order(state: State, a: TaskRow, aIsLifo: boolean, b: TaskRow, bIsLifo: boolean): number {
  if (aIsLifo === bIsLifo) return aIsLifo ? lifo(a, b) : fifo(a, b)
  const lifoFirst = state.tables.workspace.need(a.workspace_sid).prioritize_queue_order === 'LIFO'
  return aIsLifo === lifoFirst ? -1 : 1
}

/** A task for one worker waits in order of priority and age whatever its queue. */
function waitsInLifo(state: State, task: TaskRow): boolean {
  return !isDirect(task) && state.tables.task_queue.find(task.task_queue_sid)?.task_order === 'LIFO'
}

/** The task itself may bar workers who would fit: one has just rejected it, or is transferring it. */
export function isException(state: State, task: TaskRow): boolean {
  return (
    (task.retry_at !== null && task.rejected_by.length > 0) || state.tables.transfer.count('task_sid', task.sid) > 0
  )
}

function isBarredFrom(state: State, task: TaskRow, worker_sid: string): boolean {
  return hasRejected(task, worker_sid) || isHolder(state, task.sid, worker_sid)
}

function hasRejected(task: TaskRow, worker_sid: string): boolean {
  return task.retry_at !== null && task.rejected_by.includes(worker_sid)
}

/** Only a task that is being transferred is offered while somebody has it. */
function isHolder(state: State, task_sid: string, worker_sid: string): boolean {
  if (state.tables.transfer.count('task_sid', task_sid) === 0) return false
  for (const row of state.tables.reservation.by('task_sid', task_sid)) {
    if (row.worker_sid === worker_sid && isOpen(row)) return true
  }
  return false
}

function headOf({ tasks }: Bucket): TaskEntry {
  return tasks.first as TaskEntry // a bucket is never empty
}

/** A bucket and the task that was its first when the bucket was added: by that task it has its turn. */
interface Turn extends Heaped {
  readonly bucket: Bucket
  readonly head: TaskEntry
}

/**
 * All that waits in some workspaces, to be offered in turn. It is for when so many workers have become free at once that a
 * search for each of them costs more than a look at each bucket, of which a worker fits all or none.
 *
 * Invariant: each bucket that had tasks at the beginning is here once, until nobody can take its first task or it is empty.
 * A turn is stale when its task is not its bucket's first any more, or has another row; `first` then puts the bucket back by
 * the task that is first now. A bucket that opens later is not here.
 */
export class OfferOrder {
  readonly #state: State
  readonly #turns: Heap<Turn>

  constructor(state: State, workspace_sids: Iterable<string>) {
    this.#state = state
    this.#turns = new Heap((a, b) => {
      return order(state, a.head.filed, a.bucket.isLifo, b.head.filed, b.bucket.isLifo) < 0
    })
    state.matcher.fileTasks()
    for (const sid of workspace_sids) state.matcher.workspaceIndex(sid).visitBuckets((bucket) => this.#add(bucket))
  }

  /** The first task in turn that may still be offered; undefined when none is left. */
  get first(): TaskRow | undefined {
    this.#state.matcher.fileTasks()
    for (;;) {
      const turn = this.#turns.first
      if (!turn) return undefined
      const { bucket, head } = turn
      const { first } = bucket.tasks
      if (head === first && head.filed === this.#state.tables.task.find(head.filed.sid)) return head.filed
      this.#turns.remove(turn)
      if (first) this.#add(bucket)
    }
  }

  /** Nobody can take the first task, hence none of its bucket. */
  drop(): void {
    const turn = this.#turns.first
    if (turn) this.#turns.remove(turn)
  }

  #add(bucket: Bucket): void {
    this.#turns.add({ bucket, head: headOf(bucket), place: -1 }, 0)
  }
}
