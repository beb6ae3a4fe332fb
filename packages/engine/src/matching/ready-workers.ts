import { SortedList } from '../core/sorted-list.ts'
import type { WorkerEntry } from './entry.ts'
import type { TaskView } from './expression/environment.ts'
import type { OrderBy, OrderKeys } from './expression/order-by.ts'
import type { TargetIndex } from './target-index.ts'
import type { View } from './view.ts'

/** A worker's place in the order of choice, kept while it is not ready: then it stands in none of its groups. */
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
 * The workers who are ready at a stand, in order of choice: by the target's order, then the longest idle (reference
 * taskrouter 6.4). They are filed by what joins them to tasks, and by class: the values that decide the rest.
 *
 * Before it is asked, it hears of everybody in its pool who has changed, while what the matcher keeps of them is still
 * near at hand. When it hears of many and is not asked, because no task arrives at its stand, it forgets everybody and is
 * made anew when one does.
 */
export class ReadyWorkers {
  readonly #stand: TargetIndex
  readonly #order_by: OrderBy | undefined
  readonly #isVolatile: boolean
  readonly #spots = new Map<WorkerEntry, RankedWorker>()
  #groups = new Map<string, Map<string, SortedList<RankedWorker>>>()
  #classes = 0
  /** With too many classes there are none, and workers are asked one by one. */
  #hasClasses: boolean
  /** How many changes it has heard of since it was asked last. */
  #heard = 0
  /** Otherwise it is to be made from the pool. */
  #isMade = false

  constructor(stand: TargetIndex, order_by: OrderBy | undefined) {
    this.#stand = stand
    this.#order_by = order_by
    this.#hasClasses = stand.demand.isMixed
    this.#isVolatile = stand.demand.readsFigures || (order_by?.worker_paths.some((path) => path.volatile) ?? false)
  }

  /** The first workers for a task, at most `limit`, without those whom the task itself bars. */
  choose(view: TaskView, limit: number, isBarred?: (worker_sid: string) => boolean): WorkerEntry[] {
    this.#refresh()
    const keys = this.#spots.size === 0 ? undefined : this.#stand.demand.keysOfTask(view)
    if (keys === undefined) return []
    const found: RankedWorker[] = []
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string // i < length
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

  #take(
    group: SortedList<RankedWorker>,
    view: TaskView,
    limit: number,
    isBarred: ((worker_sid: string) => boolean) | undefined,
    found: RankedWorker[]
  ): void {
    const { demand } = this.#stand
    const first = group.first
    if (first === undefined || (this.#hasClasses && !demand.joins(view, first.view))) return
    const suits = (spot: RankedWorker) => demand.fits(view, spot.view) && !isBarred?.(spot.worker.sid)
    if (limit === 1 && suits(first)) {
      found.push(first)
      return
    }
    let left = limit
    group.visit((spot) => {
      if (!suits(spot)) return true
      found.push(spot)
      return --left > 0
    })
  }

  /** The worker may have become ready, or no longer be so, or have its turn elsewhere. */
  hear(worker: WorkerEntry): void {
    this.#heard++
    if (this.#heard > 64 + this.#stand.place.pool.size) this.forget()
    else this.#update(worker)
  }

  forget(): void {
    this.#stand.place.pool.floor.spots -= this.#spots.size
    this.#spots.clear()
    this.#groups.clear()
    this.#classes = 0
    this.#isMade = false
    this.#stand.place.pool.kept.delete(this)
  }

  #refresh(): void {
    const { pool } = this.#stand.place
    pool.floor.tellReady()
    if (!this.#isMade) this.#make()
    else if (this.#heard === 0) return
    this.#heard = 0
    const isScattered = this.#hasClasses && this.#classes > maxClasses
    if (isScattered || this.#groups.size > 64 + 4 * this.#spots.size) {
      if (isScattered) this.#hasClasses = false
      this.#make()
    }
    pool.floor.keepWithin(this)
  }

  #make(): void {
    this.forget()
    const { pool } = this.#stand.place
    pool.members.visit((slot) => this.#update(pool.floor.workers[slot] as WorkerEntry)) // a member has a slot
    this.#isMade = true
    pool.kept.add(this)
  }

  #update(worker: WorkerEntry): void {
    const { place, demand } = this.#stand
    const old = this.#spots.get(worker)
    const { line, pool } = place
    const isIn = pool.has(worker)
    if (!isIn || !pool.floor.isReady(worker, line)) {
      if (old && isIn) this.#leave(old)
      else if (old) this.#remove(old)
      return
    }
    const view = pool.floor.view(worker)
    const idle = pool.floor.idleSince(worker, line)
    if (old && old.view === view && !this.#isVolatile) {
      // Nothing but its turn can be another one.
      if (old.isReady && old.idle === idle) return
      this.#leave(old)
      old.idle = idle
      this.#join(old)
      return
    }
    if (old) this.#remove(old)
    if (!demand.admits(view)) return
    const seq = worker.row?.seq ?? 0 // whoever is ready has a row
    this.#add({ worker, view, keys: this.#order_by?.keys(view), idle, isReady: false, seq, groups: [] })
  }

  #add(spot: RankedWorker): void {
    const { demand, place } = this.#stand
    this.#spots.set(spot.worker, spot)
    place.pool.floor.spots++
    const values = this.#hasClasses ? demand.valuesOfWorker(spot.view) : ''
    for (const key of demand.keysOfWorker(spot.view)) {
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
      spot.groups.push(group)
    }
    this.#join(spot)
  }

  #remove(spot: RankedWorker): void {
    this.#leave(spot)
    this.#spots.delete(spot.worker)
    this.#stand.place.pool.floor.spots--
  }

  #join(spot: RankedWorker): void {
    spot.isReady = true
    for (const group of spot.groups) group.add(spot)
  }

  /** An empty group stays for the next worker of its kind, until there are too many. */
  #leave(spot: RankedWorker): void {
    if (!spot.isReady) return
    spot.isReady = false
    for (const group of spot.groups) group.remove(spot)
  }

  readonly #compare = (a: RankedWorker, b: RankedWorker): number => {
    if (this.#order_by) {
      const order = this.#order_by.compareKeys(a.keys as OrderKeys, b.keys as OrderKeys) // with an order, spots have keys
      if (order !== 0) return order
    }
    return a.idle - b.idle || a.seq - b.seq
  }
}

function workerOf({ worker }: RankedWorker): WorkerEntry {
  return worker
}

const maxClasses = 64
