import { type CountedEvent, joinSpreads, type Spread } from './rollup.ts'

/** A worker's time in one activity (reference taskrouter 7.4). */
export interface Stay {
  readonly workspace_sid: string
  readonly worker_sid: string
  /** Seq of the event that began it. */
  readonly seq: number
  readonly activity_sid: string
  readonly from_at: number
  /** `running` while it lasts. */
  readonly until_at: number
}

/** The end of a stay that has none yet: later than any instant. */
export const running = Number.MAX_SAFE_INTEGER

/** Types of event that begin or end a stay. */
export const stayEvents: ReadonlySet<string> = new Set([
  'worker.created',
  'worker.activity.update',
  'worker.deleted',
  'workspace.deleted'
])

/**
 * The running stays of an account, and what events make of them. An event may be shown again, to stays that know of it and
 * of what followed: as long as all that followed is shown as well, each stay ends up as it was.
 */
export class Stays {
  /** By worker. */
  readonly #running = new Map<string, Stay>()
  /** Those that have begun or ended, as they are now, by their seqs, each after those before it; who has kept one takes it out. */
  readonly changed = new Map<number, Stay>()

  /** Begins with those that last. */
  constructor(open: Iterable<Stay> = []) {
    for (const stay of open) this.#running.set(stay.worker_sid, stay)
  }

  /** Events must come in their order; those of other types are nothing. */
  move({ seq, type, at, workspace_sid, worker_sid, worker_activity_sid }: CountedEvent): void {
    if (!stayEvents.has(type) || workspace_sid === null) return
    if (type === 'workspace.deleted') {
      for (const stay of [...this.#running.values()])
        if (stay.workspace_sid === workspace_sid && stay.seq < seq) this.#end(stay, at)
      return
    }
    if (worker_sid === null) return
    const before = this.#running.get(worker_sid)
    if (before && before.seq >= seq) return
    if (before) this.#end(before, at)
    if (type === 'worker.deleted' || worker_activity_sid === null) return
    const stay = { workspace_sid, worker_sid, seq, activity_sid: worker_activity_sid, from_at: at, until_at: running }
    this.#running.set(worker_sid, stay)
    this.changed.set(seq, stay)
  }

  #end(stay: Stay, at: number): void {
    this.#running.delete(stay.worker_sid)
    this.changed.set(stay.seq, { ...stay, until_at: at })
  }
}

/** Stays that some events begin or end, as they are after them; `open` holds the running ones. */
export function staysOf(events: Iterable<CountedEvent>, open: Iterable<Stay>): Stay[] {
  const stays = new Stays(open)
  for (const event of events) stays.move(event)
  return [...stays.changed.values()]
}

/** Durations by activity of the stays in a span of time, each clipped to it; a stay that lasts no time in it is none. */
export function durationsOf(stays: Iterable<Stay>, from: number, until: number): Map<string, Spread> {
  const sums = new Map<string, Spread>()
  for (const { activity_sid, from_at, until_at } of stays) {
    const ms = Math.min(until_at, until) - Math.max(from_at, from)
    if (ms <= 0) continue
    sums.set(activity_sid, joinSpreads(sums.get(activity_sid), { count: 1, total: ms, min: ms, max: ms }))
  }
  return sums
}

/** Milliseconds of the cells that stays are counted in. */
export const day = 86_400_000

/**
 * Stays that began in one day and ended in the same or a later one. A window that holds both days whole holds all of
 * them whole, so that nothing of them needs to be clipped.
 */
export interface StayCell extends Spread {
  readonly activity_sid: string
  /** First instants of the two days. */
  readonly begun: number
  readonly ended: number
}

/** Cells together, each place once. */
export function joinStayCells(...lists: readonly (readonly StayCell[])[]): StayCell[] {
  const cells = new Map<string, StayCell>()
  for (const list of lists) for (const cell of list) addStayCell(cells, cell)
  return [...cells.values()]
}

function addStayCell(cells: Map<string, StayCell>, cell: StayCell): void {
  const key = `${cell.activity_sid}/${cell.begun}/${cell.ended}`
  cells.set(key, { ...cell, ...joinSpreads(cells.get(key), cell) })
}

/** Stays that began before `begun`, by their end: from `ended` on, before `before`. */
export interface StayPart {
  readonly ended: number
  /** Without it those that last are among them. */
  readonly before?: number
  readonly begun: number
}

/** How the stays of a span of time are read. */
interface StayCover {
  /** Whole days: cells that end in them and begin at `first` or later lie wholly in the span. */
  readonly first: number
  readonly last: number
  /** What is read stay by stay, given the cells that end in those days. */
  parts(cells: readonly StayCell[]): StayPart[]
}

/**
 * Covers the stays that overlap a span of time (from `from` on, before `until`): cells where they lie wholly in it,
 * single stays at its edges. There are cells of the days that end before `counted`, or then. Undefined where it holds no
 * such day.
 */
export function stayCoverOf(from: number, until: number, counted = until): StayCover | undefined {
  const first = Math.ceil(from / day) * day
  const end = Math.min(until, counted)
  const last = end - (end % day)
  if (first >= last) return undefined
  const edges: StayPart[] = [
    { ended: from + 1, before: first, begun: until },
    { ended: last, begun: until }
  ]
  return {
    first,
    last,
    parts: (cells) => {
      // Who came before the first whole day may have left at any time, but cells say in which days somebody did.
      const late = new Set(cells.filter(({ begun }) => begun < first).map(({ ended }) => ended))
      return [...edges, ...[...late].map((ended) => ({ ended, before: ended + day, begun: first }))]
    }
  }
}
