import { SortedList } from '../../state/sorted-list.ts'
import type { TaskView } from '../expression/environment.ts'
import type { OrderBy, OrderKeys } from '../expression/order-by.ts'
import type { WorkerEntry } from './entry.ts'
import type { Stand } from './stand.ts'
import type { View } from './view.ts'

/** A ready worker's place in the order of choice. */
interface Spot {
  readonly worker: WorkerEntry
  readonly view: View
  readonly keys: OrderKeys | undefined
  readonly idle: number
  /** The worker's. */
  readonly seq: number
  readonly groups: SortedList<Spot>[]
}

/**
 * The workers who are ready at a stand, in order of choice: by the target's order, then the longest idle (reference
 * taskrouter 6.4). They are filed by what joins them to tasks, and by class: the values that decide the rest.
 *
 * It is brought up to date when it is asked, from the floor's log of workers who have changed since; nothing is done for
 * stands at which no task arrives.
 */
export class Ready {
  readonly #stand: Stand
  readonly #order_by: OrderBy | undefined
  readonly #isVolatile: boolean
  readonly #spots = new Map<WorkerEntry, Spot>()
  #groups = new Map<string, Map<string, SortedList<Spot>>>()
  #classes = 0
  /** With too many classes there are none, and workers are asked one by one. */
  #hasClasses: boolean
  /** How far it has read the floor's log; -1: it is to be made from the pool. */
  #read = -1

  constructor(stand: Stand, order_by: OrderBy | undefined) {
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
    const found: Spot[] = []
    for (const key of keys) {
      const classes = this.#groups.get(key)
      if (classes) for (const group of classes.values()) this.#take(group, { view, isBarred, limit, found })
    }
    if (found.length > 1) found.sort(this.#compare)
    // Two keys may lead to the same worker.
    const workers: WorkerEntry[] = []
    for (const { worker } of found) {
      if (workers.length === limit) break
      if (workers.length === 0 || workers[workers.length - 1] !== worker) workers.push(worker)
    }
    return workers
  }

  #take(
    group: SortedList<Spot>,
    {
      view,
      isBarred,
      limit,
      found
    }: {
      readonly view: TaskView
      readonly isBarred: ((worker_sid: string) => boolean) | undefined
      readonly limit: number
      readonly found: Spot[]
    }
  ): void {
    const { demand } = this.#stand
    const first = group.first
    if (first === undefined || (this.#hasClasses && !demand.joins(view, first.view))) return
    let left = limit
    group.visit((spot) => {
      if (!demand.fits(view, spot.view) || isBarred?.(spot.worker.sid)) return true
      found.push(spot)
      return --left > 0
    })
  }

  forget(): void {
    this.#stand.place.pool.floor.spots -= this.#spots.size
    this.#spots.clear()
    this.#groups.clear()
    this.#classes = 0
    this.#read = -1
  }

  #refresh(): void {
    const { pool } = this.#stand.place
    const { log } = pool.floor
    const behind = log.end - this.#read
    if (behind === 0) return
    if (this.#read < log.start || behind > 64 + 2 * pool.size) this.#make()
    else for (let i = this.#read; i < log.end; i++) this.#update(log.at(i))
    this.#read = log.end
    log.wasRead()
    const isScattered = this.#hasClasses && this.#classes > mostClasses
    if (isScattered || this.#groups.size > 64 + 4 * this.#spots.size) {
      if (isScattered) this.#hasClasses = false
      this.#make()
      this.#read = log.end
    }
    pool.floor.keepWithin(this)
  }

  #make(): void {
    this.forget()
    const { pool } = this.#stand.place
    pool.members.visit((slot) => this.#update(pool.floor.workers[slot] as WorkerEntry)) // a member has a slot
  }

  #update(worker: WorkerEntry): void {
    const { place, demand } = this.#stand
    const old = this.#spots.get(worker)
    const { line, pool } = place
    const isIn = pool.has(worker) && pool.floor.isReady(worker, line)
    const view = isIn ? pool.floor.view(worker) : undefined
    if (view === undefined || !demand.admits(view)) {
      if (old) this.#remove(old)
      return
    }
    const idle = pool.floor.idleSince(worker, line)
    if (old) {
      if (old.idle === idle && old.view === view && !this.#isVolatile) return
      this.#remove(old)
    }
    const seq = worker.row?.seq ?? 0 // whoever is ready has a row
    this.#add({ worker, view, keys: this.#order_by?.keys(view), idle, seq, groups: [] })
  }

  #add(spot: Spot): void {
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
      group.add(spot)
      spot.groups.push(group)
    }
  }

  /** An empty group stays for the next worker of its kind, until there are too many. */
  #remove(spot: Spot): void {
    this.#spots.delete(spot.worker)
    this.#stand.place.pool.floor.spots--
    for (const group of spot.groups) group.remove(spot)
  }

  readonly #compare = (a: Spot, b: Spot): number => {
    if (this.#order_by) {
      const order = this.#order_by.compareKeys(a.keys as OrderKeys, b.keys as OrderKeys) // with an order, spots have keys
      if (order !== 0) return order
    }
    return a.idle - b.idle || a.seq - b.seq
  }
}

const mostClasses = 64
