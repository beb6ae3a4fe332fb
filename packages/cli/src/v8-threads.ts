import { opendirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** By how much, as `nice` counts: on a processor that somebody else wants, too, a helper has a tenth. */
const niceness = 10
/** Threads that V8 has from its beginning, before anybody else begins one: four that work, and one that tells them when. */
const helpers = 5

/**
 * The threads that collect and compile for V8 take what calls and messages leave of the processors
 * (docs/decisions/034-memory-bounded-in-one-process.md). For a main file that has begun no thread. Only Linux counts threads apart; who says how
 * many helpers there are, by a flag or NODE_OPTIONS, has them as they are.
 */
export function helpersGiveWay(): void {
  const flags = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`
  if (process.platform !== 'linux' || /v8[-_]pool[-_]size/.test(flags)) return
  try {
    const own = Math.min(constants.priority.PRIORITY_LOW, getPriority() + niceness)
    for (const thread of firstThreads(1 + helpers).slice(1)) setPriority(thread, own)
  } catch {
    // A system that lets nobody see or do it: all of them are as they were.
  }
}

/** Of this process, in the order in which they began, the main one first: as the system tells them, and not sorted as text. */
function firstThreads(many: number): number[] {
  const folder = opendirSync('/proc/self/task')
  try {
    return Array.from({ length: many }, () => folder.readSync()).flatMap((entry) => (entry ? [Number(entry.name)] : []))
  } finally {
    folder.closeSync()
  }
}
