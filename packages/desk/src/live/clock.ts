import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { useEffect } from 'react'
import { Store, useStore } from './store.ts'

/*
 * The server's time. Machines have wrong clocks, so every age counts from here, and this is the one file that asks the
 * machine for its own. Under a test clock the server's time stands still, and so do all ages.
 */

type ServerTime = OperationTypes['ringdown_v1.FetchClock']['result']

let offset_ms = 0
let still_at: number | undefined

/** Takes the server's answer to what time it is. A clock that stands still is never put back: an older answer may be later. */
export function measuredTime({ now_ms, stands_still }: ServerTime): void {
  still_at = stands_still ? Math.max(still_at ?? 0, now_ms) : undefined
  offset_ms = now_ms - performance.now()
  second.set(serverNow())
}

/** Takes an instant that has been, in milliseconds: it is at least as late as that. */
export function heardTime(at: number): void {
  if (at <= serverNow()) return
  if (still_at !== undefined) still_at = at
  offset_ms = at - performance.now()
  second.set(serverNow())
}

/** Now, by the server, in milliseconds. */
export function serverNow(): number {
  return still_at ?? Math.round(performance.now() + offset_ms)
}

/** The one ticker of the page. */
const second = new Store(0)

setInterval(() => {
  if (!document.hidden) second.set(serverNow())
}, 1000)

document.addEventListener('visibilitychange', () => second.set(serverNow()))

/** Now, by the server, each second anew. */
export function useNow(): number {
  const at = useStore(second)
  useEffect(() => second.set(serverNow()), [])
  return at || serverNow()
}

/** An instant of the API, as milliseconds. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** `0:48`, `12:04`, `2 h`, `3 d`. */
export function spanText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
  return s < 86_400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86_400)} d`
}
