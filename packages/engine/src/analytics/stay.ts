import { joinSpreads, type Spread, type ToldEvent } from './rollup.ts'

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

/** Types of event that begin or end a stay; no other one needs to be shown to `staysOf`. */
export const stayEvents: ReadonlySet<string> = new Set([
  'worker.created',
  'worker.activity.update',
  'worker.deleted',
  'workspace.deleted'
])

/**
 * Stays that some events begin or end, as they are after them. `open` holds the running ones of the workers whom the
 * events are about (for a deleted workspace, of all its workers).
 */
export function staysOf(events: Iterable<ToldEvent>, open: Iterable<Stay>): Stay[] {
  const current = new Map<string, Stay>()
  for (const stay of open) current.set(stay.worker_sid, stay)
  const changed = new Map<number, Stay>()
  const end = (stay: Stay | undefined, at: number) => {
    if (!stay) return
    current.delete(stay.worker_sid)
    changed.set(stay.seq, { ...stay, until_at: at })
  }
  for (const { seq, type, at, workspace_sid, worker_sid, worker_activity_sid } of events) {
    if (!stayEvents.has(type)) continue
    if (type === 'workspace.deleted') {
      for (const stay of [...current.values()]) if (stay.workspace_sid === workspace_sid) end(stay, at)
      continue
    }
    if (workspace_sid === null || worker_sid === null) continue
    end(current.get(worker_sid), at)
    if (type === 'worker.deleted' || worker_activity_sid === null) continue
    const stay = { workspace_sid, worker_sid, seq, activity_sid: worker_activity_sid, from_at: at, until_at: running }
    current.set(worker_sid, stay)
    changed.set(seq, stay)
  }
  return [...changed.values()]
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
const day = 86_400_000

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

/** The cells of the stays that have ended. One that lasted no time is none. */
export function stayCellsOf(stays: Iterable<Stay>): StayCell[] {
  const cells = new Map<string, StayCell>()
  for (const { activity_sid, from_at, until_at } of stays) {
    const ms = until_at - from_at
    if (until_at === running || ms <= 0) continue
    const begun = from_at - (from_at % day)
    const ended = until_at - (until_at % day)
    addStayCell(cells, { activity_sid, begun, ended, count: 1, total: ms, min: ms, max: ms })
  }
  return [...cells.values()]
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
 * single stays at its edges. Undefined when it holds no whole day.
 */
export function stayCoverOf(from: number, until: number): StayCover | undefined {
  const first = Math.ceil(from / day) * day
  const last = until - (until % day)
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
