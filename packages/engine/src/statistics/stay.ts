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
