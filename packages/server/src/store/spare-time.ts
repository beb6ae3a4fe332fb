import { spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Whether a process may be told to take what others leave of the processors: where it can be seen whether it gets any of
 * them. The system must count times, and by the same numbers by which processes know each other.
 */
export function canSpareTime(): boolean {
  return process.platform === 'linux' && ownNumber() === process.pid && Boolean(timesOf(process.pid)?.worked_ms)
}

/**
 * Has the system plan the thread that does this process's work among the idle ones, soon: everybody else displaces those at
 * once. (A low priority alone has it stay where it runs until the machine's next tick, up to 4 ms, though somebody waits.)
 * Without rights there is no way back. Node has no call for that, so the system's `chrt` is asked, with options that
 * util-linux and BusyBox both know; where there is none, nothing comes of it.
 * (docs/decisions/068-questions-are-idle-to-linux.md)
 */
export function takeSpareTime(): void {
  try {
    const planner = spawn('chrt', ['-i', '-p', '0', String(process.pid)], { stdio: 'ignore' })
    planner.on('error', () => {})
    planner.unref()
  } catch {
    // A system that begins no more processes.
  }
}

/** The number that `/proc` gives this process; 0 where it says none. */
function ownNumber(): number {
  try {
    return Number(readlinkSync('/proc/self'))
  } catch {
    return 0
  }
}

/** What a process has done so far. */
export interface ProcessTimes {
  /** Milliseconds on a processor, and of waiting for one: as long as it waits these are not counted. */
  readonly worked_ms: number
  readonly waited_ms: number
  /** How often it came to a processor. */
  readonly runs: number
}

/** Of a process, as far as its first thread goes; undefined where the system does not say. */
export function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const [worked = 0, waited = 0, runs = 0] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number)
    return { worked_ms: worked / 1e6, waited_ms: waited / 1e6, runs }
  } catch {
    return undefined
  }
}
