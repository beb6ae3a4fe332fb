import type { Expression, Finding } from '../expression/compile.ts'
import { Bits } from './bits.ts'
import type { Demand } from './demand.ts'
import type { WorkerEntry } from './entry.ts'
import type { Floor } from './floor.ts'
import type { Line } from './line.ts'
import type { Ready } from './ready.ts'
import { Stand } from './stand.ts'

/** The workers whom one expression accepts, for all queues that have it. */
export class Pool {
  readonly floor: Floor
  readonly expression: Expression
  readonly slot: number
  /** Slots of its workers. */
  readonly members = new Bits()
  size = 0
  /** How many of them are in an activity; none is left out or 0. */
  readonly byActivity = new Map<string, number>()
  /** Queues with this expression. */
  users = 0
  /** How many of them will have it in force only when everybody has been judged. */
  awaited = 0
  isJudged = false
  /** Seq of the last worker who has been judged, while they are judged in pieces. */
  judgedTo = 0
  /** Judgement may change without the worker's attributes. */
  readonly readsNames: boolean
  /** Nobody is a member whom none of these finds; undefined when everybody has to be asked. */
  readonly finds: readonly Finding[] | undefined
  readonly places = new Map<Line, Place>()
  /** Orders of choice among its members that are kept, and hear of every change. */
  readonly kept = new Set<Ready>()

  constructor(floor: Floor, expression: Expression, slot: number) {
    this.floor = floor
    this.expression = expression
    this.slot = slot
    this.readsNames = expression.worker_paths.some((path) => path.system)
    // What is never true of anybody finds nobody.
    if (expression.constant === false) this.finds = []
    else for (const part of expression.conjuncts) if (part.kind === 'worker' && part.finds) this.finds ??= part.finds
  }

  has(worker: WorkerEntry): boolean {
    return worker.slot >= 0 && this.members.has(worker.slot)
  }

  /** The expression is in force in a queue. */
  get isInForce(): boolean {
    return this.users > this.awaited
  }

  /** What it says of the worker is kept up to date. */
  hasJudged({ row }: WorkerEntry): boolean {
    return this.isJudged || (row !== undefined && row.seq <= this.judgedTo)
  }

  add(worker: WorkerEntry): void {
    this.members.add(worker.slot)
    worker.pools.add(this.slot)
    this.size++
    this.count(worker.counted, 1)
  }

  remove(worker: WorkerEntry): void {
    this.members.delete(worker.slot)
    worker.pools.delete(this.slot)
    this.size--
    this.count(worker.counted, -1)
    this.tell(worker)
  }

  /** The worker, who is or was a member, has changed. */
  tell(worker: WorkerEntry): void {
    for (const ready of this.kept) ready.hear(worker)
  }

  count(activity_sid: string, by: number): void {
    const count = (this.byActivity.get(activity_sid) ?? 0) + by
    if (count === 0) this.byActivity.delete(activity_sid)
    else this.byActivity.set(activity_sid, count)
  }

  at(line: Line): Place {
    let place = this.places.get(line)
    if (!place) {
      place = new Place(this, line)
      this.places.set(line, place)
    }
    return place
  }
}

/** A pool on a channel. */
export class Place {
  readonly pool: Pool
  readonly line: Line
  readonly stands = new Map<Demand, Stand>()
  /** Those of its stands at which something waits. */
  readonly waiting = new Set<Stand>()

  constructor(pool: Pool, line: Line) {
    this.pool = pool
    this.line = line
  }

  stand(demand: Demand): Stand {
    let stand = this.stands.get(demand)
    if (!stand) {
      this.pool.floor.makeRoom()
      stand = new Stand(this, demand)
      this.stands.set(demand, stand)
    }
    return stand
  }
}
