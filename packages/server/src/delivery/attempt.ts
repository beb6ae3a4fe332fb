import type { Kind, Outcome } from './delivery.ts'
import { urlPlace } from './queued.ts'
import type { DeliveryRow } from './rows.ts'

/** One attempt, as it is kept and shown. Instants and durations are in milliseconds. */
export interface Attempt {
  readonly at: number
  readonly destination: string
  readonly duration_ms: number
  readonly status?: number
  readonly failed?: string
  readonly reason?: string
}

/** What an outcome means for a delivery. */
export interface Conclusion {
  /** As it is after the attempt. */
  readonly row: DeliveryRow
  readonly end: 'delivered' | 'again' | 'fallback' | 'failed'
  /** Why it has not arrived. */
  readonly refusal: string | undefined
}

/** Attempts that are kept. */
const kept = 10

/** What becomes of a delivery after an attempt that began at an instant and ended `now`. */
export function conclude(
  row: DeliveryRow,
  outcome: Outcome,
  {
    kind,
    at,
    now,
    duration_ms
  }: { readonly kind: Kind; readonly at: number; readonly now: number; readonly duration_ms: number }
): Conclusion {
  const refusal = refusalOf(outcome, kind)
  const attempt: Attempt = {
    at,
    destination: row.destination,
    duration_ms,
    ...('failed' in outcome ? { failed: outcome.failed } : { status: outcome.status }),
    ...(refusal !== undefined && { reason: refusal })
  }
  const log: Attempt[] = JSON.parse(row.attempts_log) // as it is written here
  const tried: DeliveryRow = {
    ...row,
    attempts: row.attempts + 1,
    tries: row.tries + 1,
    updated_at: now,
    attempts_log: JSON.stringify([...log, attempt].slice(-kept)),
    last_error: refusal ?? null
  }
  if (refusal === undefined) return { row: finished(tried, 'delivered', now), end: 'delivered', refusal }
  const due_at = kind.isTransient(outcome) ? nextTry(row, outcome, kind, now) : undefined
  if (due_at !== undefined) return { row: { ...tried, due_at }, end: 'again', refusal }
  return giveUp(tried, refusal, kind, now)
}

/** What becomes of a delivery to which no more attempt is made: the fallback's turn, or the end. */
export function giveUp(row: DeliveryRow, refusal: string, { retry }: Kind, now: number): Conclusion {
  const { fallback_url } = row
  if (row.leg === 1 || fallback_url === null)
    return { row: finished({ ...row, last_error: refusal }, 'failed', now), end: 'failed', refusal }
  const moved: DeliveryRow = {
    ...row,
    leg: 1,
    destination: urlPlace(fallback_url),
    tries: 0,
    due_at: now,
    updated_at: now,
    window_ends_at: retry.window_ms === undefined ? null : now + retry.window_ms,
    first_refusal: refusal,
    last_error: refusal
  }
  return { row: moved, end: 'fallback', refusal }
}

/** Whether there is no time left for another attempt. */
export function isLate({ window_ends_at }: DeliveryRow, now: number): boolean {
  return window_ends_at !== null && now > window_ends_at
}

function finished(row: DeliveryRow, state: 'delivered' | 'failed', now: number): DeliveryRow {
  return { ...row, state, due_at: null, updated_at: now, finished_at: now }
}

/** Why it has not arrived; undefined when it has. One line of text that every store can keep. */
function refusalOf(outcome: Outcome, kind: Kind): string | undefined {
  return reasonOf(outcome, kind)
    ?.replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, 300)
}

function reasonOf(outcome: Outcome, kind: Kind): string | undefined {
  if ('failed' in outcome) return `${outcome.failed}: ${outcome.reason}`
  if (kind.refusal) return kind.refusal(outcome)
  return outcome.status >= 200 && outcome.status < 300 ? undefined : `answered ${outcome.status}`
}

/** When to try again; undefined when the tries are used up, or the next would come too late. */
function nextTry(row: DeliveryRow, outcome: Outcome, { retry, jitter }: Kind, now: number): number | undefined {
  const delay = retry.delays_ms[row.tries]
  if (delay === undefined || row.tries >= retriesOf(row)) return undefined
  const spread = 1 - jitter + 2 * jitter * fraction(`${row.sid}/${row.attempts}`)
  const due = now + Math.max(Math.round(delay * spread), waitOf(outcome))
  return row.window_ends_at !== null && due > row.window_ends_at ? undefined : due
}

/** Stands among what the delivery is about: only few have it. */
function retriesOf({ about }: DeliveryRow): number {
  const { retries }: { readonly retries?: string } = about === null ? {} : JSON.parse(about) // as queued.ts wrote it
  return retries === undefined ? Number.POSITIVE_INFINITY : Number(retries)
}

/** Milliseconds that a receiver with too much to do asks for. */
function waitOf(outcome: Outcome): number {
  if ('failed' in outcome || ![425, 429, 503].includes(outcome.status)) return 0
  const text = outcome.headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  // A date is a way from the receiver's own time, whatever ours is.
  const ms = Date.parse(text) - (Date.parse(outcome.headers.date ?? '') || Date.now())
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

/** A number from 0 to 1 that follows from a text (FNV-1a): the same run on a test clock has the same delays. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) / 2 ** 32
}
