import { SortedList } from '../core/sorted-list.ts'
import type { TaskEntry } from './entry.ts'
import type { TaskView, WorkerView } from './expression/environment.ts'
import { fifo, lifo } from './order.ts'
import type { TargetIndex } from './target-index.ts'

/** Tasks in the order in which they are offered, of which a worker fits all or none. */
export interface Bucket {
  readonly id: string
  readonly waiting: WaitingTasks
  readonly isLifo: boolean
  /** It holds a single task that bars some workers for reasons of its own. */
  readonly isException: boolean
  readonly keys: readonly string[]
  readonly tasks: SortedList<TaskEntry>
}

/**
 * The tasks that wait at a target index, in buckets, and the keys under which a worker finds the buckets.
 *
 * Invariants: only FiledTasks adds and removes tasks. A bucket is never empty; it is in `buckets` by its
 * ID and stands under each of its keys. A task's `bucket` is the bucket it is in. Tasks are ordered by `filed`, which must
 * not change while the task is here. The counts of channel and workspace, and EligibleOnChannel's `waiting`, follow at once.
 */
export class WaitingTasks {
  readonly buckets = new Map<string, Bucket>()
  readonly #targetIndex: TargetIndex
  readonly #byKey = new Map<string, Set<Bucket>>()

  constructor(targetIndex: TargetIndex) {
    this.#targetIndex = targetIndex
  }

  /** Puts a task into its bucket, unless no worker at all can fit it. `view` is the task's as expressions see it. */
  add(task: TaskEntry, view: TaskView, isLifo: boolean, isException: boolean): void {
    const { condition, eligibility, channelIndex } = this.#targetIndex
    const keys = condition.keysOfTask(view)
    if (keys === undefined) return
    const id = `${isLifo ? 'L' : 'F'}${isException ? task.filed.sid : ''}${condition.valuesOfTask(view)}`
    let bucket = this.buckets.get(id)
    if (!bucket) {
      bucket = { id, waiting: this, isLifo, isException, keys, tasks: new SortedList(isLifo ? byLifo : byFifo) }
      this.#open(bucket)
    }
    bucket.tasks.add(task)
    task.bucket = bucket
    channelIndex.waiting++
    eligibility.workspaceIndex.waiting++
  }

  /** Takes a task out of its bucket. It must still be the row by which it was filed. */
  remove(task: TaskEntry, bucket: Bucket): void {
    if (!bucket.tasks.remove(task)) throw new Error(`invariant: task ${task.filed.sid} is in its bucket`)
    task.bucket = undefined
    const { eligibility, channelIndex } = this.#targetIndex
    channelIndex.waiting--
    eligibility.workspaceIndex.waiting--
    if (bucket.tasks.length === 0) this.#close(bucket)
  }

  /** Visits the bucket of every task that shares a key with the worker, perhaps more than once. */
  visitFor(worker: WorkerView, visit: (bucket: Bucket) => void): void {
    for (const key of this.#targetIndex.condition.keysOfWorker(worker)) {
      const buckets = this.#byKey.get(key)
      if (buckets) for (const bucket of buckets) visit(bucket)
    }
  }

  #open(bucket: Bucket): void {
    if (this.buckets.size === 0) this.#targetIndex.onChannel.addWaiting(this.#targetIndex)
    this.buckets.set(bucket.id, bucket)
    for (const key of bucket.keys) {
      const buckets = this.#byKey.get(key)
      if (buckets) buckets.add(bucket)
      else this.#byKey.set(key, new Set([bucket]))
    }
  }

  #close(bucket: Bucket): void {
    this.buckets.delete(bucket.id)
    for (const key of bucket.keys) {
      const buckets = this.#byKey.get(key)
      buckets?.delete(bucket)
      if (buckets?.size === 0) this.#byKey.delete(key)
    }
    if (this.buckets.size === 0) this.#targetIndex.onChannel.removeWaiting(this.#targetIndex)
  }
}

export function byFifo(a: TaskEntry, b: TaskEntry): number {
  return fifo(a.filed, b.filed)
}

function byLifo(a: TaskEntry, b: TaskEntry): number {
  return lifo(a.filed, b.filed)
}
