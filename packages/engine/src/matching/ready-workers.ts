import { SortedList } from '../core/sorted-list.ts'
import type { WorkerEntry } from './entry.ts'
import type { TaskView } from './expression/environment.ts'
import type { OrderBy, OrderKeys } from './expression/order-by.ts'
import type { TargetIndex } from './target-index.ts'
import type { View } from './view.ts'

/** A worker with what decides its rank. It is kept while the worker is not ready; then it is in none of its groups. */
interface RankedWorker {
  readonly worker: WorkerEntry
  readonly view: View
  readonly keys: OrderKeys | undefined
  idle: number
  isReady: boolean
  /** The worker's. */
  readonly seq: number
  readonly groups: SortedList<RankedWorker>[]
}

/**
 * The workers who are ready at a target index, in offer order: by the target's `order_by`, then the longest idle
 * (reference taskrouter 6.4). Of a small pool the first are looked for among the channel's ready workers; nothing is kept.
 * Those of a large one are ranked, grouped by the keys that they share with tasks, and in each key by class: the values that
 * decide the rest.
 *
 * Invariants, of what is ranked: once made, and until forgotten, it is in its eligibility's `readyWorkers` and is refreshed with every member that
 * changes or leaves. It is right after a refresh, which every question begins with; between two questions it lacks what is
 * still marked as stale readiness in the workspace. If more workers change than there are members and nobody asks, because
 * no task arrives, then it forgets everybody and is made anew for the next question. A ranked worker is in its groups
 * exactly while `isReady`, under the `idle` with which it was added. Only this class writes it, and the workspace's count
 * of ranked workers.
 */
export class ReadyWorkers {
  readonly #targetIndex: TargetIndex
  readonly #order_by: OrderBy | undefined
  /** Keys and ranks read channel figures, which change without a new view of the worker. */
  readonly #isVolatile: boolean
  readonly #ranked = new Map<WorkerEntry, RankedWorker>()
  /** By key, then by class. */
  #groups = new Map<string, Map<string, SortedList<RankedWorker>>>()
  /** The most classes that a key has. */
  #classes = 0
  /** With too many classes there are none, and workers are compared one by one. */
  #hasClasses: boolean
  /** How many changes of workers there were since the last question. */
  #changes = 0
  /** Otherwise it is to be made from the members. */
  #isMade = false

  constructor(targetIndex: TargetIndex, order_by: OrderBy | undefined) {
    const { condition } = targetIndex
    this.#targetIndex = targetIndex
    this.#order_by = order_by
    // To tell the classes of a long one takes as long as to ask it.
    this.#hasClasses = condition.isMixed && !condition.isLong
    this.#isVolatile = condition.readsFigures || (order_by?.worker_paths.some((path) => path.volatile) ?? false)
  }

  /** The first workers for a task, at most `limit`, without those whom the task itself bars. */
  choose(view: TaskView, limit: number, isBarred?: (worker_sid: string) => boolean): WorkerEntry[] {
    if (this.#isSmall) return this.#chooseAmongFew(view, limit, isBarred)
    this.#refresh()
    const keys = this.#ranked.size === 0 ? undefined : this.#targetIndex.condition.keysOfTask(view)
    if (keys === undefined) return []
    const found: RankedWorker[] = []
    for (const key of keys) {
      const classes = this.#groups.get(key)
      if (classes) for (const group of classes.values()) this.#take(group, view, limit, isBarred, found)
    }
    if (found.length < 2) return found.map(workerOf)
    found.sort(this.#compare)
    // Two keys may lead to the same worker.
    const workers: WorkerEntry[] = []
    for (const { worker } of found) {
      if (workers.length === limit) break
      if (workers.length === 0 || workers[workers.length - 1] !== worker) workers.push(worker)
    }
    return workers
  }

  /** Comparing everybody takes less than keeping ranks with each change of a worker. */
  get #isSmall(): boolean {
    const { eligibility, condition } = this.#targetIndex
    return !this.#order_by && !condition.isLong && eligibility.size <= eligibility.workspaceIndex.workersCompared
  }

  #chooseAmongFew(
    view: TaskView,
    limit: number,
    isBarred: ((worker_sid: string) => boolean) | undefined
  ): WorkerEntry[] {
    const { eligibility, channelIndex, condition } = this.#targetIndex
    const { workspaceIndex, members } = eligibility
    if (this.#isMade) this.forget()
    workspaceIndex.refreshReadiness()
    channelIndex.keepReady()
    const { workers } = workspaceIndex
    const { ready, idle } = channelIndex
    const suits = (worker: WorkerEntry) => condition.fits(view, workspaceIndex.view(worker)) && !isBarred?.(worker.sid)
    if (limit === 1) {
      const isBefore = (a: number, b: number) => seqOf(workers[a]) < seqOf(workers[b])
      // Mostly one of the first suits: to look for the next one takes a fraction of what it takes to sort them all.
      let slot: number | undefined
      for (let tried = 0; tried < maxTried; tried++) {
        slot = members.leastShared(ready, idle, isBefore, slot)
        if (slot === undefined) return []
        const worker = workspaceIndex.workerAt(slot)
        if (suits(worker)) return [worker]
        if (tried === 0 && condition.keysOfTask(view) === undefined) return []
      }
    }
    if (condition.keysOfTask(view) === undefined) return []
    const slots: number[] = []
    members.visitShared(ready, (slot) => slots.push(slot))
    slots.sort((a, b) => (idle[a] ?? 0) - (idle[b] ?? 0) || seqOf(workers[a]) - seqOf(workers[b])) // both are ready
    const chosen: WorkerEntry[] = []
    for (const slot of slots) {
      const worker = workspaceIndex.workerAt(slot)
      if (suits(worker)) chosen.push(worker)
      if (chosen.length === limit) break
    }
    return chosen
  }

  /** Adds those of a group who suit, to `found`. On the path of every offer: what it is asked comes without an object. */
  #take(
    group: SortedList<RankedWorker>,
    view: TaskView,
    limit: number,
    isBarred: ((worker_sid: string) => boolean) | undefined,
    found: RankedWorker[]
  ): void {
    const { condition } = this.#targetIndex
    const first = group.first
    if (first === undefined || (this.#hasClasses && !condition.fitsClass(view, first.view))) return
    const suits = (ranked: RankedWorker) => condition.fits(view, ranked.view) && !isBarred?.(ranked.worker.sid)
    if (limit === 1 && suits(first)) {
      found.push(first)
      return
    }
    let left = limit
    group.visit((ranked) => {
      if (!suits(ranked)) return true
      found.push(ranked)
      return --left > 0
    })
  }

  /** The worker, who is or was a member, may have become ready, or no longer be so, or have another rank. */
  refreshWorker(worker: WorkerEntry): void {
    this.#changes++
    if (this.#changes > 64 + this.#targetIndex.eligibility.size) this.forget()
    else this.#update(worker)
  }

  /** Lets go of everybody. The next question makes it anew. */
  forget(): void {
    const { eligibility } = this.#targetIndex
    eligibility.workspaceIndex.rankedWorkers -= this.#ranked.size
    this.#ranked.clear()
    this.#groups.clear()
    this.#classes = 0
    this.#isMade = false
    eligibility.readyWorkers.delete(this)
  }

  #refresh(): void {
    const { workspaceIndex } = this.#targetIndex.eligibility
    if (!this.#isMade && this.#targetIndex.condition.isLong) this.#foresee()
    workspaceIndex.refreshReadiness()
    if (!this.#isMade) this.#make()
    else if (this.#changes === 0) return
    this.#changes = 0
    const isScattered = this.#hasClasses && this.#classes > maxClasses
    if (isScattered || this.#groups.size > 64 + 4 * this.#ranked.size) {
      if (isScattered) this.#hasClasses = false
      this.#make()
    }
    workspaceIndex.limitRankedWorkers(this)
  }

  /** Asks what making it will ask. Only here, where nothing is half made, may a decision be broken off. */
  #foresee(): void {
    const { eligibility, channelIndex, condition } = this.#targetIndex
    const { workspaceIndex } = eligibility
    eligibility.members.visit((slot) => {
      const worker = workspaceIndex.workerAt(slot)
      if (workspaceIndex.isReady(worker, channelIndex)) condition.foresee(workspaceIndex.view(worker))
    })
  }

  #make(): void {
    this.forget()
    const { eligibility } = this.#targetIndex
    const { workspaceIndex } = eligibility
    eligibility.members.visit((slot) => this.#update(workspaceIndex.workerAt(slot)))
    this.#isMade = true
    eligibility.readyWorkers.add(this)
  }

  #update(worker: WorkerEntry): void {
    const { eligibility, channelIndex, condition } = this.#targetIndex
    const { workspaceIndex } = eligibility
    const old = this.#ranked.get(worker)
    const isMember = eligibility.has(worker)
    if (!isMember || !workspaceIndex.isReady(worker, channelIndex)) {
      if (old && isMember) this.#takeOut(old)
      else if (old) this.#remove(old)
      return
    }
    const view = workspaceIndex.view(worker)
    const idle = workspaceIndex.idleSince(worker, channelIndex)
    if (old && old.view === view && !this.#isVolatile) {
      // Only its idle time can have changed.
      if (old.isReady && old.idle === idle) return
      this.#takeOut(old)
      old.idle = idle
      this.#putIn(old)
      return
    }
    if (old) this.#remove(old)
    if (!condition.admits(view)) return
    const seq = worker.row?.seq ?? 0 // whoever is ready has a row
    this.#add({ worker, view, keys: this.#order_by?.keys(view), idle, isReady: false, seq, groups: [] })
  }

  #add(ranked: RankedWorker): void {
    const { condition, eligibility } = this.#targetIndex
    this.#ranked.set(ranked.worker, ranked)
    eligibility.workspaceIndex.rankedWorkers++
    const values = this.#hasClasses ? condition.valuesOfWorker(ranked.view) : ''
    for (const key of condition.keysOfWorker(ranked.view)) {
      let classes = this.#groups.get(key)
      if (!classes) {
        classes = new Map()
        this.#groups.set(key, classes)
      }
      let group = classes.get(values)
      if (!group) {
        group = new SortedList(this.#compare)
        classes.set(values, group)
        this.#classes = Math.max(this.#classes, classes.size)
      }
      ranked.groups.push(group)
    }
    this.#putIn(ranked)
  }

  #remove(ranked: RankedWorker): void {
    this.#takeOut(ranked)
    this.#ranked.delete(ranked.worker)
    this.#targetIndex.eligibility.workspaceIndex.rankedWorkers--
  }

  #putIn(ranked: RankedWorker): void {
    ranked.isReady = true
    for (const group of ranked.groups) group.add(ranked)
  }

  /** An empty group stays for the next worker of its class, until there are too many groups. */
  #takeOut(ranked: RankedWorker): void {
    if (!ranked.isReady) return
    ranked.isReady = false
    for (const group of ranked.groups) group.remove(ranked)
  }

  readonly #compare = (a: RankedWorker, b: RankedWorker): number => {
    // With order_by, all have keys.
    if (this.#order_by && a.keys && b.keys) {
      const order = this.#order_by.compareKeys(a.keys, b.keys)
      if (order !== 0) return order
    }
    return a.idle - b.idle || a.seq - b.seq
  }
}

function seqOf(worker: WorkerEntry | undefined): number {
  return worker?.row?.seq ?? 0 // whoever is ready has a row
}

function workerOf({ worker }: RankedWorker): WorkerEntry {
  return worker
}

const maxClasses = 64
/** Of a small pool, how many workers are asked one by one before all of them are put in order. */
const maxTried = 8
