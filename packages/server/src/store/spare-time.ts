import { spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** Has Linux plan the threads that it is told among the idle ones. Options are those that util-linux and BusyBox both know. */
const script = 'while read -r thread; do chrt -i -p 0 "$thread"; done'

let planner: Writable | undefined

/**
 * From now on threads of this process may take what others leave of the processors
 * (docs/decisions/068-questions-are-idle-to-linux.md): Node has no call for that, so a small process waits to be told of them.
 * For a program that has not grown yet, since a large one takes 20 to 90 ms to begin another process. What it answers ends
 * that; so does the end of this one, however it comes. Where the system has no `sh` or no `chrt`, nothing comes of it.
 */
export function beginSpareTime(): () => void {
  // Threads have a number each on Linux only, and it must be the one by which others know them.
  if (process.platform !== 'linux' || planner !== undefined || ownNumber('self') !== process.pid) return () => {}
  const child = spawn('sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH }
  })
  const { stdin } = child
  const forget = () => {
    if (planner === stdin) planner = undefined
  }
  child.once('error', forget)
  child.once('exit', forget)
  child.unref()
  stdin.once('error', forget)
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  planner = stdin
  return () => {
    forget()
    stdin.end()
  }
}

/**
 * Has the system plan a thread of this process among the idle ones, soon: everybody else displaces those at once. (A low
 * priority alone has a thread stay where it runs until the machine's next tick, up to 4 ms, though somebody waits.) Without
 * rights there is no way back. Answers whether it was asked: not where it could not be seen that the thread gets nothing.
 */
export function takeSpareTime(thread: number): boolean {
  if (planner === undefined || !timesOf(thread)?.worked_ms) return false
  planner.write(`${thread}\n`)
  return true
}

/** The number that Linux gives this process or thread; 0 where nobody can say. */
export function ownNumber(of: 'self' | 'thread-self'): number {
  try {
    return Number(readlinkSync(`/proc/${of}`).split('/').at(-1))
  } catch {
    return 0
  }
}

/** What a thread has done so far. */
export interface ThreadTimes {
  /** Milliseconds on a processor, and of waiting for one: as long as it waits these are not counted. */
  readonly worked_ms: number
  readonly waited_ms: number
  /** How often it came to a processor. */
  readonly runs: number
}

/** Of a thread of this process; undefined where the system does not say. */
export function timesOf(thread: number): ThreadTimes | undefined {
  try {
    const [worked = 0, waited = 0, runs = 0] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8')
      .split(' ')
      .map(Number)
    return { worked_ms: worked / 1e6, waited_ms: waited / 1e6, runs }
  } catch {
    return undefined
  }
}
