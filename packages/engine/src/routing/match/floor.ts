import type { State } from '../../state/state.ts'
import { compile, type Expression } from '../expression/compile.ts'
import type { WorkerRow } from '../rows.ts'
import type { WorkerEntry } from './entry.ts'
import { Line } from './line.ts'
import { Pool } from './pool.ts'
import type { Ready } from './ready.ts'
import { Signs } from './signs.ts'
import { View } from './view.ts'
import type { Bucket } from './waiting.ts'

/** Workspaces in which something is to be brought up to date before the next question. */
export interface Due {
  /** Workers or pools are to be judged. */
  readonly judge: Set<Floor>
  /** Pools may be unused. */
  readonly drop: Set<Floor>
}

/** What the matcher keeps of a workspace. */
export class Floor {
  readonly workspace_sid: string
  /** By slot. */
  readonly workers: (WorkerEntry | undefined)[] = []
  /** By slot. */
  readonly pools: (Pool | undefined)[] = []
  readonly lines = new Map<string, Line>()
  /** Without multitasking a worker has one reservation at most, whatever the channel. */
  isSingle = false
  /** Tasks that stand in buckets. */
  waiting = 0
  /** Places in the order of choice that are kept, over all stands. */
  spots = 0
  readonly #state: State
  readonly #bySource = new Map<string, Pool>()
  readonly #signs = new Signs()
  /** Pools whose expression reads what the system knows of a worker. */
  readonly #naming = new Set<Pool>()
  readonly #freeSlots: { readonly workers: number[]; readonly pools: number[] } = { workers: [], pools: [] }
  #unjudged: Pool[] = []
  #unused: Pool[] = []
  #toJudge: WorkerEntry[] = []
  #noted: WorkerEntry[] = []
  #stands = 0

  readonly #due: Due
  readonly #entryOf: (worker_sid: string) => WorkerEntry | undefined

  constructor(state: State, workspace_sid: string, due: Due, entryOf: (worker_sid: string) => WorkerEntry | undefined) {
    this.#state = state
    this.#entryOf = entryOf
    this.workspace_sid = workspace_sid
    this.#due = due
  }

  line(task_channel_sid: string): Line {
    let line = this.lines.get(task_channel_sid)
    if (!line) {
      line = new Line(this, task_channel_sid)
      this.lines.set(task_channel_sid, line)
    }
    return line
  }

  view(worker: WorkerEntry): View {
    worker.view ??= new View(this.#state, worker.row ?? this.#state.get('worker', worker.sid))
    return worker.view
  }

  // Who is ready

  /** May be offered one more task on the channel (reference taskrouter 6.1). */
  isReady(worker: WorkerEntry, line: Line): boolean {
    const channel = worker.channelOn(line)
    const row = channel?.row
    if (!channel || !row || !worker.row) return false
    if (channel.open >= row.configured_capacity || !row.available) return false
    if (this.isSingle && worker.open > 0) return false
    return this.#state.find('activity', worker.row.activity_sid)?.available ?? false
  }

  /** The smaller, the longer idle (reference taskrouter 6.4). */
  idleSince(worker: WorkerEntry, line: Line): number {
    if (line.isOptimized) return worker.channelOn(line)?.row?.last_reserved_seq ?? 0
    return worker.row?.last_reserved_seq ?? 0
  }

  /** Something has changed that may make the worker ready, or no longer so, or change its turn. */
  note(worker: WorkerEntry): void {
    if (worker.isNoted) return
    worker.isNoted = true
    this.#noted.push(worker)
  }

  /** Tells the orders of choice who has changed; before one of them is asked. */
  tellReady(): void {
    if (this.#noted.length === 0) return
    const workers = this.#noted
    this.#noted = []
    let worker: WorkerEntry
    const tell = (pool: Pool) => pool.tell(worker)
    for (worker of workers) {
      worker.isNoted = false
      this.#poolsOf(worker, tell)
    }
  }

  // Who is in which pool

  join(worker: WorkerEntry, row: WorkerRow): void {
    worker.slot = this.#freeSlots.workers.pop() ?? this.workers.length
    worker.counted = row.activity_sid
    this.workers[worker.slot] = worker
  }

  leave(worker: WorkerEntry): void {
    this.#poolsOf(worker, (pool) => pool.remove(worker))
    this.workers[worker.slot] = undefined
    this.#freeSlots.workers.push(worker.slot)
    worker.slot = -1
  }

  /** The pool of an expression that is in force in one more queue. */
  acquire(source: string): Pool {
    const pool = this.#poolOf(source)
    if (!pool.isJudged) {
      this.#unjudged.push(pool)
      this.#due.judge.add(this)
    }
    pool.users++
    return pool
  }

  /** The pool of an expression that is to be in force in one more queue, when its workers have been judged in pieces. */
  expect(source: string): Pool {
    const pool = this.#poolOf(source)
    pool.users++
    pool.awaited++
    return pool
  }

  /** Expressions that read what the system knows of a worker. */
  readersOfNames(): Expression[] {
    return [...this.#naming].filter((pool) => pool.users > 0).map((pool) => pool.expression)
  }

  isInForce(source: string): boolean {
    return this.#bySource.get(source)?.isInForce ?? false
  }

  #poolOf(source: string): Pool {
    let pool = this.#bySource.get(source)
    if (!pool) {
      const slot = this.#freeSlots.pools.pop() ?? this.pools.length
      pool = new Pool(this, compile(source, 'worker'), slot)
      this.pools[slot] = pool
      this.#bySource.set(source, pool)
      this.#signs.add(pool)
      if (pool.readsNames) this.#naming.add(pool)
    }
    return pool
  }

  /** A queue has left the pool. It goes with the last one, once its tasks have left it too. */
  release(pool: Pool): void {
    if (--pool.users > 0) return
    this.#unused.push(pool)
    this.#due.drop.add(this)
  }

  /** Is awaited no longer. */
  giveUp(pool: Pool): void {
    pool.awaited--
    this.release(pool)
  }

  /** Judges a piece of the workers for a pool that is awaited: those up to a seq, or all. */
  judgePiece(pool: Pool, to: number | undefined): void {
    if (pool.isJudged) return
    const { worker: workers } = this.#state.tables
    for (const { seq, sid } of workers.pageBy('workspace_sid', this.workspace_sid, pool.judgedTo, false)) {
      if (to !== undefined && seq > to) break
      const worker = this.#entryOf(sid)
      if (worker) this.#judgeFor(pool, worker, ignore)
    }
    if (to === undefined) pool.isJudged = true
    else pool.judgedTo = Math.max(pool.judgedTo, to)
  }

  /** Is to be judged anew before the next question. */
  judgeLater(worker: WorkerEntry, by: 'names' | 'all'): void {
    if (worker.toJudge === 'none') this.#toJudge.push(worker)
    this.#due.judge.add(this)
    if (worker.toJudge !== 'all') worker.toJudge = by
  }

  /** Brings the pools up to date; `joined` hears of everybody who has become a member of one. */
  judge(joined: (worker: WorkerEntry) => void): void {
    if (this.#toJudge.length > 0) {
      const workers = this.#toJudge
      this.#toJudge = []
      for (const worker of workers) this.#judgeWorker(worker, joined)
    }
    if (this.#unjudged.length === 0) return
    const pools = this.#unjudged
    this.#unjudged = []
    const fresh = pools.filter((pool) => !pool.isJudged && pool.isInForce)
    for (const pool of fresh) pool.isJudged = true
    if (fresh.length <= few)
      for (const pool of fresh) for (const worker of this.workers) if (worker) this.#judgeFor(pool, worker, joined)
    if (fresh.length > few)
      for (const worker of this.workers)
        if (worker)
          this.#signs.visit(this.view(worker), (pool) => {
            if (pool.isJudged) this.#judgeFor(pool, worker, joined)
          })
  }

  /** Lets go of pools that no queue has any more. Their tasks must have been placed elsewhere. */
  dropUnused(): void {
    const unused = this.#unused
    this.#unused = []
    for (const pool of unused) {
      if (pool.users > 0 || this.pools[pool.slot] !== pool) continue
      pool.members.visit((slot) => pool.remove(this.workers[slot] as WorkerEntry)) // a member has a slot
      for (const place of pool.places.values()) for (const stand of place.stands.values()) stand.forgetReady()
      this.pools[pool.slot] = undefined
      this.#freeSlots.pools.push(pool.slot)
      this.#bySource.delete(pool.expression.source)
      this.#signs.remove(pool)
      this.#naming.delete(pool)
    }
  }

  #judgeWorker(worker: WorkerEntry, joined: (worker: WorkerEntry) => void): void {
    const { row, toJudge } = worker
    worker.toJudge = 'none'
    if (!row) return
    if (worker.counted !== row.activity_sid) {
      const before = worker.counted
      worker.counted = row.activity_sid
      this.#poolsOf(worker, (pool) => {
        pool.count(before, -1)
        pool.count(row.activity_sid, 1)
      })
    }
    const judge = (pool: Pool) => {
      if (pool.hasJudged(worker)) this.#judgeFor(pool, worker, joined)
    }
    if (toJudge === 'names') for (const pool of this.#naming) judge(pool)
    else {
      this.#poolsOf(worker, judge)
      this.#signs.visit(this.view(worker), judge)
    }
  }

  #judgeFor(pool: Pool, worker: WorkerEntry, joined: (worker: WorkerEntry) => void): void {
    const fits = pool.expression.matches(undefined, this.view(worker))
    if (pool.has(worker) === fits) return
    this.note(worker)
    if (fits) {
      pool.add(worker)
      joined(worker)
    } else pool.remove(worker)
  }

  #poolsOf(worker: WorkerEntry, visit: (pool: Pool) => void): void {
    worker.pools.visit((slot) => visit(this.pools[slot] as Pool)) // a worker is in pools that are there
  }

  // What waits

  visitBuckets(visit: (bucket: Bucket) => void): void {
    for (const line of this.lines.values()) {
      line.pools.visit((slot) => {
        const waiting = this.pools[slot]?.places.get(line)?.waiting
        if (waiting) for (const stand of waiting) for (const bucket of stand.waiting.buckets.values()) visit(bucket)
      })
    }
  }

  // What can be made anew

  /** A stand more. When there are too many, those at which nothing waits go. */
  makeRoom(): void {
    if (++this.#stands < mostStands) return
    this.#stands = 0
    for (const pool of this.pools) {
      for (const place of pool?.places.values() ?? []) {
        for (const [demand, stand] of place.stands) {
          if (stand.waiting.buckets.size > 0) this.#stands++
          else {
            stand.forgetReady()
            place.stands.delete(demand)
          }
        }
      }
    }
  }

  /** When too many places in orders of choice are kept, all but those just asked for go. */
  keepWithin(asked: Ready): void {
    if (this.spots > mostSpots) this.forgetReady(asked)
  }

  forgetReady(but?: Ready): void {
    for (const pool of this.pools) {
      for (const place of pool?.places.values() ?? []) {
        for (const stand of place.stands.values()) stand.forgetReady(but)
      }
    }
  }
}

const ignore = () => {}

/** Unjudged pools for each of which all workers are asked; with more, each worker looks for its own. */
const few = 8
const mostStands = 50_000
const mostSpots = 1_000_000
