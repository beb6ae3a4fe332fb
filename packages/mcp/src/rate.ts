import type { Backend } from './backend.ts'
import { Fault } from './errors.ts'

/** Calls of a credential that may come at once, and how many more each second. */
const burst = 200
const perSecond = 50

/** What a credential may still call, and since when it is so. */
const buckets = new WeakMap<Backend, { left: number; at: number }>()

/** Counts a call. Throws Fault 429 with the seconds to wait when a credential calls too often. */
export function takeTurn(backend: Backend, now = performance.now()): void {
  const bucket = buckets.get(backend) ?? { left: burst, at: now }
  bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
  bucket.at = now
  buckets.set(backend, bucket)
  if (bucket.left < 1) {
    const retryAfterSeconds = Math.ceil((1 - bucket.left) / perSecond)
    throw new Fault([
      {
        code: 20429,
        status: 429,
        message: `these credentials call tools more than ${perSecond} times a second`,
        retryAfterSeconds,
        next: 'wait, then repeat the call'
      }
    ])
  }
  bucket.left -= 1
}
