import { setTimeout as pause } from 'node:timers/promises'
import type { Backend } from './backend.ts'
import type { Answer } from './call.ts'

/** How long the answers of other calls are waited for, and how long after it was made an answer has surely left. Milliseconds. */
const patience_ms = 250
const leaving_ms = 10

/** Calls of an account whose answers are on their way. */
const underWay = new WeakMap<Backend, Set<Promise<void>>>()

/**
 * Where the server is in another process, it tells what a call has caused when each of its requests is answered. Then at
 * least whoever waits for events here is answered after the calls that are under way here.
 */
export async function answerFirst(backend: Backend, isWaiting: boolean, result: Promise<Answer>): Promise<Answer> {
  const all = underWay.get(backend) ?? new Set()
  underWay.set(backend, all)
  if (isWaiting) {
    const answer = await result
    await Promise.race([Promise.all(all), pause(patience_ms, undefined, { ref: false })])
    return answer
  }
  const answered = result.then(() => pause(leaving_ms, undefined, { ref: false })).finally(() => all.delete(answered))
  all.add(answered)
  return result
}
