import { memberAt } from '../core/member-at.ts'
import {
  type CountedEvent,
  countPlaces,
  finest,
  type Histograms,
  packedLength,
  places,
  rules,
  type Seconds,
  Sum,
  second,
  type Wait,
  waitKey
} from './rollup.ts'

/** Seconds of a minute. */
const seconds = finest / second

/** A rule as it is followed: whom it counts for, and where in their cells. */
interface Entry {
  readonly workspace: boolean
  readonly task_queue: boolean
  readonly workflow: boolean
  readonly worker: boolean
  readonly place: number
  readonly wait: { readonly place: number; readonly name: keyof Histograms } | undefined
}

const waitOf = {
  reservations_accepted: 'until_accepted',
  tasks_canceled: 'until_canceled'
} as const satisfies Record<keyof Histograms, Wait>

const entries: ReadonlyMap<string, Entry> = new Map(
  [...rules].map(([type, { count, scopes, wait }]) => [
    type,
    {
      workspace: scopes.includes('workspace_sid'),
      task_queue: scopes.includes('task_queue_sid'),
      workflow: scopes.includes('workflow_sid'),
      worker: scopes.includes('worker_sid'),
      place: places[count],
      wait: wait && { place: places[waitOf[wait]], name: wait }
    }
  ])
)

/**
 * The figures of one minute, counted event by event, of everybody who had a part in it. It must be quick: every event of an
 * account passes here, a microsecond after its decision was written (docs/decisions/030-statistics-in-memory.md).
 */
export class Minute {
  /** Its first instant. */
  readonly start: number
  /** By scope; cells of a scope's other channels hang on the first. */
  readonly #cells = new Map<string, MinuteCell>()
  #size = 0

  constructor(start: number) {
    this.start = start
  }

  /** How many cells there are. */
  get size(): number {
    return this.#size
  }

  /** Counts an event that happened in this minute; one that counts as nothing is passed over. */
  count(event: CountedEvent): void {
    const entry = entries.get(event.type)
    if (!entry) return
    const { at, workspace_sid, task_queue_sid, workflow_sid, worker_sid, task_date_created } = event
    const { place, wait } = entry
    const which = Math.floor((at - this.start) / second)
    const channel = event.task_channel_sid ?? ''
    // Spelled out, as everything here: scopes by name, in a loop, take twice the time.
    const workspace = entry.workspace && workspace_sid !== null && this.#counted(workspace_sid, channel, which, place)
    const task_queue =
      entry.task_queue && task_queue_sid !== null && this.#counted(task_queue_sid, channel, which, place)
    const workflow = entry.workflow && workflow_sid !== null && this.#counted(workflow_sid, channel, which, place)
    // A worker's figures are its reservations alone.
    if (entry.worker && worker_sid !== null) this.#counted(worker_sid, channel, which, place)
    if (!wait || task_date_created === null) return
    const ms = Math.max(0, at - task_date_created)
    if (workspace) workspace.wait(wait.place, ms, wait.name)
    if (workflow) workflow.wait(wait.place, ms, wait.name)
    if (!task_queue) return
    task_queue.wait(wait.place, ms, wait.name)
    if (wait.name === 'reservations_accepted')
      task_queue.wait(
        places.in_queue_until_accepted,
        Math.max(0, at - (event.task_queue_entered_date ?? task_date_created))
      )
  }

  /** A scope's cells, one for each channel. */
  *of(scope_sid: string): Generator<MinuteCell> {
    for (let cell = this.#cells.get(scope_sid); cell; cell = cell.other) yield cell
  }

  *cells(): Generator<MinuteCell> {
    for (const scope_sid of this.#cells.keys()) yield* this.of(scope_sid)
  }

  /** The cell of a scope on a channel, in which one more was counted. */
  #counted(scope_sid: string, task_channel_sid: string, which: number, place: number): MinuteCell {
    let cell = this.#cells.get(scope_sid)
    if (cell === undefined) {
      cell = this.#made(scope_sid, task_channel_sid)
      this.#cells.set(scope_sid, cell)
    }
    while (cell.task_channel_sid !== task_channel_sid) {
      cell.other ??= this.#made(scope_sid, task_channel_sid)
      cell = cell.other
    }
    cell.count(which, place)
    return cell
  }

  #made(scope_sid: string, task_channel_sid: string): MinuteCell {
    this.#size++
    return new MinuteCell(scope_sid, task_channel_sid)
  }
}

/** A minute of one scope on one channel: the second that is being counted, and those before it as they are stored. */
export class MinuteCell {
  readonly scope_sid: string
  readonly task_channel_sid: string
  /** The same scope on another channel. */
  other: MinuteCell | undefined
  /** As in `Packed`, with nothing left out; empty while nothing is counted. */
  readonly #now: number[] = new Array<number>(packedLength).fill(0)
  #waited: Map<number, number> | undefined
  #second = 0
  #isEmpty = true
  readonly #seconds: number[] = []

  constructor(scope_sid: string, task_channel_sid: string) {
    this.scope_sid = scope_sid
    this.task_channel_sid = task_channel_sid
  }

  /** What has been counted so far. */
  get seconds(): Seconds {
    this.#close()
    return this.#seconds
  }

  /** The figures from one second on and before another are added to a sum. */
  addTo(sum: Sum, from = 0, until = seconds): void {
    sum.addSeconds(this.seconds, from, until)
  }

  get sum(): Sum {
    const sum = new Sum()
    this.addTo(sum)
    return sum
  }

  /** One more, at a place of counts, in a second that is the last one or a later one. */
  count(which: number, place: number): void {
    if (which !== this.#second) {
      this.#close()
      this.#second = which
    }
    this.#isEmpty = false
    this.#add(place, 1)
  }

  /** One wait, in the second that was counted in last; with a name it is to be found by its whole seconds, too. */
  wait(place: number, ms: number, name?: keyof Histograms): void {
    const now = this.#now
    const isFirst = now[place] === 0
    this.#add(place, 1)
    this.#add(place + 1, ms)
    // Every place holds a number.
    if (isFirst || ms < memberAt(now, place + 2)) now[place + 2] = ms
    if (isFirst || ms > memberAt(now, place + 3)) now[place + 3] = ms
    if (name === undefined) return
    const key = waitKey(name, Math.floor(ms / second))
    this.#waited ??= new Map()
    this.#waited.set(key, (this.#waited.get(key) ?? 0) + 1)
  }

  #add(place: number, more: number): void {
    this.#now[place] = memberAt(this.#now, place) + more
  }

  /** The second that was being counted goes to those before it. */
  #close(): void {
    if (this.#isEmpty) return
    const list = this.#seconds
    const now = this.#now
    const length = list.push(this.#second, 0)
    for (let place = 0; place < countPlaces; place++) {
      const count = memberAt(now, place)
      if (count > 0) list.push(place, count)
    }
    for (let place = countPlaces; place < packedLength; place += 4)
      if (now[place] !== 0)
        list.push(
          place,
          memberAt(now, place),
          memberAt(now, place + 1),
          memberAt(now, place + 2),
          memberAt(now, place + 3)
        )
    if (this.#waited) {
      for (const [key, count] of this.#waited) list.push(key, count)
      this.#waited.clear()
    }
    list[length - 1] = list.length - length
    now.fill(0)
    this.#isEmpty = true
  }
}
