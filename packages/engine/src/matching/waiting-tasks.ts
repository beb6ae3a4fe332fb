import { SortedList } from '../core/sorted-list.ts'
import type { TaskEntry } from './entry.ts'
import type { TaskView, WorkerView } from './expression/environment.ts'
import { fifo, lifo } from './order.ts'
import type { TargetIndex } from './target-index.ts'

/** Tasks of which a worker fits all or none, in the order in which they are offered. */
export interface Bucket {
  readonly id: string
  readonly waiting: WaitingTasks
  readonly isLifo: boolean
  /** Of one task, which bars some workers by itself. */
  readonly isException: boolean
  readonly keys: readonly string[]
  readonly tasks: SortedList<TaskEntry>
}

/** The tasks that wait at a stand, in buckets, and the keys under which a worker finds them. */
export class WaitingTasks {
  readonly stand: TargetIndex
  readonly buckets = new Map<string, Bucket>()
  readonly #byKey = new Map<string, Set<Bucket>>()

  constructor(stand: TargetIndex) {
    this.stand = stand
  }

  /** Puts a task in line. A task that nobody can fit stands nowhere. */
  add(task: TaskEntry, view: TaskView, isLifo: boolean, isException: boolean): void {
    const { demand, place } = this.stand
    const keys = demand.keysOfTask(view)
    if (keys === undefined) return
    const id = `${isLifo ? 'L' : 'F'}${isException ? task.placed.sid : ''}${demand.valuesOfTask(view)}`
    let bucket = this.buckets.get(id)
    if (!bucket) {
      bucket = { id, waiting: this, isLifo, isException, keys, tasks: new SortedList(isLifo ? byLifo : byFifo) }
      this.#open(bucket)
    }
    bucket.tasks.add(task)
    task.bucket = bucket
    place.line.waiting++
    place.pool.floor.waiting++
  }

  remove(task: TaskEntry, bucket: Bucket): void {
    if (!bucket.tasks.remove(task)) throw new Error(`invariant: task ${task.placed.sid} stands in its bucket`)
    task.bucket = undefined
    const { line, pool } = this.stand.place
    line.waiting--
    pool.floor.waiting--
    if (bucket.tasks.length === 0) this.#close(bucket)
  }

  /** Shows the bucket of every task that shares a key with the worker, perhaps more than once. */
  visitOf(worker: WorkerView, visit: (bucket: Bucket) => void): void {
    for (const key of this.stand.demand.keysOfWorker(worker)) {
      const buckets = this.#byKey.get(key)
      if (buckets) for (const bucket of buckets) visit(bucket)
    }
  }

  #open(bucket: Bucket): void {
    const { place } = this.stand
    if (this.buckets.size === 0) {
      if (place.waiting.size === 0) place.line.pools.add(place.pool.slot)
      place.waiting.add(this.stand)
    }
    this.buckets.set(bucket.id, bucket)
    for (const key of bucket.keys) {
      const buckets = this.#byKey.get(key)
      if (buckets) buckets.add(bucket)
      else this.#byKey.set(key, new Set([bucket]))
    }
  }

  #close(bucket: Bucket): void {
    const { place } = this.stand
    this.buckets.delete(bucket.id)
    for (const key of bucket.keys) {
      const buckets = this.#byKey.get(key)
      buckets?.delete(bucket)
      if (buckets?.size === 0) this.#byKey.delete(key)
    }
    if (this.buckets.size > 0) return
    place.waiting.delete(this.stand)
    if (place.waiting.size === 0) place.line.pools.delete(place.pool.slot)
  }
}

export function byFifo(a: TaskEntry, b: TaskEntry): number {
  return fifo(a.placed, b.placed)
}

function byLifo(a: TaskEntry, b: TaskEntry): number {
  return lifo(a.placed, b.placed)
}
