import { execFile } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/**
 * This thread takes what others leave of the processors (docs/decisions/068-questions-are-idle-to-linux.md). A low priority
 * alone lets it stay where it runs until the next tick of the machine, up to 4 ms, though somebody waits: under Linux's policy for idle
 * threads it goes at once. Node has no call for that, so the system's own command is asked; where there is none, the
 * priority stays. Only Linux counts threads apart: elsewhere it would be the whole process.
 */
export function takeSpareTime(): void {
  if (process.platform !== 'linux') return
  setPriority(constants.priority.PRIORITY_LOW)
  try {
    const thread = basename(readlinkSync('/proc/thread-self'))
    // Options that util-linux and BusyBox both know. What it says, or that it is not there, concerns nobody.
    execFile('chrt', ['-i', '-p', '0', thread], { timeout: 5000 }, () => {})
  } catch {
    // A system that lets nobody see or do it.
  }
}
