import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/** This thread comes behind all others. Only Linux plans threads apart: elsewhere it would be the whole process. */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
}

/**
 * This thread takes what others leave of the processors (docs/decisions/068-questions-are-idle-to-linux.md). A low
 * priority alone has it stay where it runs until the machine's next tick, up to 4 ms, though somebody waits; under Linux's
 * policy for idle threads it goes at once. Node has no call for it, so the system's command is asked, with options that
 * util-linux and BusyBox both know; where there is none, or it may not, the lowest priority is all. Who has no rights can
 * set the policy and not take it back. Answers the thread's number, or 0 where threads are not planned apart.
 */
export function takeSpareTime(): number {
  if (process.platform !== 'linux') return 0
  setPriority(constants.priority.PRIORITY_LOW)
  try {
    const thread = basename(readlinkSync('/proc/thread-self'))
    execFile('chrt', ['-i', '-p', '0', thread], { timeout: 5000 }, () => {})
    return Number(thread)
  } catch {
    return 0 // a system that lets nobody see or do it
  }
}

/** How long a thread has been on a processor, and has waited for one, so far. */
export interface ThreadTimes {
  readonly worked_ms: number
  readonly waited_ms: number
}

/** Of a thread of this process; undefined where the system does not say. */
export function timesOf(thread: number): ThreadTimes | undefined {
  if (thread === 0) return undefined
  try {
    const [worked_ms = 0, waited_ms = 0] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8')
      .split(' ')
      .map((nanoseconds) => Number(nanoseconds) / 1e6)
    return { worked_ms, waited_ms }
  } catch {
    return undefined
  }
}
