import { execFile } from 'node:child_process'
import { existsSync, readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/**
 * This thread takes what others leave of the processors (docs/decisions/068-questions-are-idle-to-linux.md). A low
 * priority alone has it stay where it runs until the machine's next tick, up to 4 ms, though somebody waits: under Linux's
 * policy for idle threads it goes at once. Answers the thread's number, or 0 where threads are not planned apart: only Linux
 * does that, and elsewhere it would be the whole process.
 */
export function takeSpareTime(): number {
  if (process.platform !== 'linux') return 0
  setPriority(constants.priority.PRIORITY_LOW)
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    void plan(thread, 'idle')
    return thread
  } catch {
    return 0 // a system that lets nobody see it
  }
}

/**
 * Has Linux plan a thread of this process among the idle ones, or again among all others by its priority; resolves when that is
 * done. Node has no call for it, so the system's command is asked, with options that util-linux and BusyBox both know. Where
 * there is none, or it may not, all stays as it was.
 */
export async function plan(thread: number, among: 'idle' | 'others'): Promise<void> {
  if (!existsSync(`/proc/self/task/${thread}`)) return
  const args = [among === 'idle' ? '-i' : '-o', '-p', '0', String(thread)]
  await new Promise<void>((resolve) => execFile('chrt', args, { timeout: 5000 }, () => resolve()))
}
