import { readdirSync, readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { median, perSecond, us } from './measured.ts'

/** Microseconds of processor time that a process has used so far; NaN where there is no /proc. */
export interface Used {
  /** Its main thread, on which JavaScript runs. */
  readonly main: number
  /** All threads that it has now; what threads used that have ended is not in it. */
  readonly all: number
}

/** Rates say what a machine does beside its other work; processor time says what an operation costs. */
export function usedBy(pid: number): Used {
  try {
    let all = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) all += ofThread(pid, thread)
    return { main: ofThread(pid, String(pid)), all }
  } catch {
    return { main: Number.NaN, all: Number.NaN }
  }
}

/** The same for each of so many operations, since it was asked for before. */
export function usedSince(pid: number, before: Used, operations: number): Used {
  const now = usedBy(pid)
  return { main: (now.main - before.main) / operations, all: (now.all - before.all) / operations }
}

/** Operations a second by the clock, and what one of them used. */
export interface Sample {
  readonly rate: number
  readonly used: Used
}

/** A sample of work that answers how many operations it did, in a process. */
export async function sampled(pid: number, work: () => Promise<number>): Promise<Sample> {
  const before = usedBy(pid)
  const begun = performance.now()
  const operations = await work()
  return { rate: (operations * 1000) / (performance.now() - begun), used: usedSince(pid, before, operations) }
}

/** `45.1 µs, 61.0 µs with all threads`. */
export function usedText({ main, all }: Used): string {
  return `${us(main)}, ${us(all)} with all threads`
}

/** `1,405/s (45.1 µs, 61.0 µs with all threads)`. */
export function sampleText({ rate, used }: Sample): string {
  return `${perSecond(rate)} (${usedText(used)})`
}

/** The median of each. */
export function middleOf(samples: readonly Sample[]): Sample {
  return { rate: median(samples.map(({ rate }) => rate)), used: middleUsed(samples.map(({ used }) => used)) }
}

/** The median of each. */
export function middleUsed(all: readonly Used[]): Used {
  return { main: median(all.map((used) => used.main)), all: median(all.map((used) => used.all)) }
}

/**
 * The threads beside the main one of this process, which compile and collect for it, take what others leave of the
 * processors: a server whose load comes from elsewhere has its machine for itself. Only Linux counts threads apart.
 */
export function helpersGiveWay(): void {
  if (process.platform !== 'linux') return
  for (const thread of readdirSync('/proc/self/task').map(Number)) {
    if (thread === process.pid) continue
    try {
      setPriority(thread, constants.priority.PRIORITY_LOW)
    } catch {
      // It has ended.
    }
  }
}

function ofThread(pid: number, thread: string): number {
  // Nanoseconds on a processor come first. Clock ticks, as in `stat`, are too coarse for one sample.
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000
}
