import type { State } from '../../state/state.ts'
import { isOpen, type TaskRow, type WorkerRow } from '../rows.ts'
import type { Demands } from './demand.ts'
import type { TaskEntry, WorkerEntry } from './entry.ts'
import type { Line } from './line.ts'
import { fifo, ignoresCapacity, isDirect, lifo } from './order.ts'
import type { Bucket } from './waiting.ts'

/**
 * The first reason why a task cannot be offered to a worker now, or undefined when it can
 * (reference taskrouter 6.1; the order is that of the questions a supervisor would ask).
 */
export function reasonAgainst(
  state: State,
  task: TaskRow,
  worker: WorkerRow,
  demands: Demands = state.pools.demandsOf(task)
): Reason | undefined {
  const { pools } = state
  const direct = isDirect(task)
  if (direct && task.routing_target !== worker.sid) return 'another worker is the routing target'
  if (!direct && !pools.isMember(worker.sid, task.task_queue_sid ?? '')) return 'not eligible for the queue'
  if (demands.known_worker) {
    const known = demands.known_worker.read(pools.task(task))
    if (known !== demands.known_worker.nameOf(worker)) return 'another worker is the known worker'
  }
  if (demands.expression && !demands.expression.matches(pools.task(task), pools.worker(worker.sid))) {
    return 'the target expression does not match'
  }
  if (hasRejected(task, worker.sid)) return 'has just rejected the task'
  if (isHolder(state, task.sid, worker.sid)) return 'has the task already'
  return ignoresCapacity(task) ? undefined : reasonNotReady(state, worker, task.task_channel_sid)
}

/** Why the worker takes nothing at all on a channel now, or undefined when it does. */
export function reasonNotReady(state: State, worker: WorkerRow, task_channel_sid: string): Reason | undefined {
  const entry = state.pools.entry(worker.sid)
  const channel = entry?.channel(task_channel_sid)
  if (!state.get('activity', worker.activity_sid).available) return 'not in an available activity'
  if (!entry || !channel?.row?.available) return 'not available on the channel'
  if (entry.floor.isSingle && entry.open > 0) return 'busy with another task'
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
  const { pools } = state
  const demands = pools.demandsOf(task)
  if (isDirect(task)) {
    const worker = state.find('worker', task.routing_target)
    return worker && reasonAgainst(state, task, worker, demands) === undefined ? [worker] : []
  }
  const stand = pools.stand(task, demands)
  if (!stand) return []
  const isBarred = isException(state, task) ? (sid: string) => isBarredFrom(state, task, sid) : undefined
  const chosen = stand.ready(demands.order_by).choose(pools.task(task), limit, isBarred)
  return chosen.map((worker) => worker.row as WorkerRow) // whoever is ready has a row
}

/** The waiting task that this worker should be offered next, or undefined (reference taskrouter 6.5). */
export function workFor(state: State, worker: WorkerEntry): TaskRow | undefined {
  state.pools.settleTasks()
  const { row, direct, channels, floor } = worker
  if (!row) return undefined
  const search = new Search(state, worker)
  direct?.visit((task) => {
    if (reasonAgainst(state, task.placed, row) !== undefined) return true
    search.compare(task, false)
    return false
  })
  for (const { line } of channels) if (line.waiting > 0 && floor.isReady(worker, line)) search.look(line)
  return search.best?.placed
}

/** One worker's search for the first task in turn. */
class Search {
  best: TaskEntry | undefined
  #isLifo = false
  readonly #state: State
  readonly #worker: WorkerEntry

  constructor(state: State, worker: WorkerEntry) {
    this.#state = state
    this.#worker = worker
  }

  look(line: Line): void {
    const { floor, pools } = this.#worker
    const view = floor.view(this.#worker)
    pools.visitShared(line.pools, (slot) => {
      const stands = floor.pools[slot]?.places.get(line)?.waiting
      if (!stands) return
      for (const { demand, waiting } of stands) {
        if (!demand.admits(view)) continue
        waiting.visitOf(view, (bucket) => {
          const head = bucket.tasks.first as TaskEntry // a bucket is never empty
          if (this.best !== undefined && !this.#isBefore(head, bucket.isLifo)) return
          if (bucket.isException && isBarredFrom(this.#state, head.placed, this.#worker.sid)) return
          if (demand.fits(this.#state.pools.task(head.placed), view)) this.#take(head, bucket.isLifo)
        })
      }
    })
  }

  compare(task: TaskEntry, isLifo: boolean): void {
    if (this.best === undefined || this.#isBefore(task, isLifo)) this.#take(task, isLifo)
  }

  #isBefore(task: TaskEntry, isLifo: boolean): boolean {
    const best = (this.best as TaskEntry).placed // the caller has seen it
    return order(this.#state, task.placed, isLifo, best, this.#isLifo) < 0
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

function order(state: State, a: TaskRow, aIsLifo: boolean, b: TaskRow, bIsLifo: boolean): number {
  if (aIsLifo === bIsLifo) return aIsLifo ? lifo(a, b) : fifo(a, b)
  const lifoFirst = state.get('workspace', a.workspace_sid).prioritize_queue_order === 'LIFO'
  return aIsLifo === lifoFirst ? -1 : 1
}

/** A task for one worker waits in order of priority and age whatever its queue. */
function waitsInLifo(state: State, task: TaskRow): boolean {
  return !isDirect(task) && state.find('task_queue', task.task_queue_sid)?.task_order === 'LIFO'
}

/** The task itself bars workers who would fit: one has just rejected it, or is handing it on. */
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

/**
 * All that waits in a workspace, to be taken in turn. For when so many workers have become free at once that looking for
 * each of them costs more than looking at each bucket: any worker fits all of a bucket or none.
 */
export class Turns {
  readonly #state: State
  readonly #heap: Bucket[] = []
  readonly #heads = new Map<Bucket, TaskEntry>()

  constructor(state: State, workspace_sids: Iterable<string>) {
    this.#state = state
    state.pools.settleTasks()
    for (const sid of workspace_sids) state.pools.floor(sid).visitBuckets((bucket) => this.#add(bucket))
  }

  /** The first in turn of what may still be offered. */
  get first(): TaskRow | undefined {
    this.#state.pools.settleTasks()
    for (;;) {
      const bucket = this.#heap[0]
      if (!bucket) return undefined
      const head = this.#heads.get(bucket)
      const first = bucket.tasks.first
      if (head && head === first && head.placed === this.#state.find('task', head.placed.sid)) return head.placed
      this.#pop()
      if (first) this.#add(bucket)
    }
  }

  /** Nobody can take the first, hence none of its bucket. */
  drop(): void {
    this.#pop()
  }

  #add(bucket: Bucket): void {
    this.#heads.set(bucket, bucket.tasks.first as TaskEntry) // a bucket is never empty
    const heap = this.#heap
    let place = heap.length
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!this.#isBefore(bucket, heap[above] as Bucket)) break // above < place
      heap[place] = heap[above] as Bucket // as before
      place = above
    }
    heap[place] = bucket
  }

  #pop(): void {
    const heap = this.#heap
    const top = heap[0] as Bucket // the caller has seen it
    this.#heads.delete(top)
    const last = heap.pop() as Bucket // as before
    if (heap.length === 0) return
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && this.#isBefore(heap[below + 1] as Bucket, heap[below] as Bucket)) below++ // in the heap
      if (!this.#isBefore(heap[below] as Bucket, last)) break // as before
      heap[place] = heap[below] as Bucket // as before
      place = below
    }
    heap[place] = last
  }

  #isBefore(a: Bucket, b: Bucket): boolean {
    const left = (this.#heads.get(a) as TaskEntry).placed // whatever is in the heap has a head
    const right = (this.#heads.get(b) as TaskEntry).placed // as before
    return order(this.#state, left, a.isLifo, right, b.isLifo) < 0
  }
}
