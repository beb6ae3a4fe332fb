import { readdirSync } from 'node:fs'
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
    // In the order in which they began, the main one first.
    for (const thread of readdirSync('/proc/self/task').slice(1, 1 + helpers)) setPriority(Number(thread), own)
  } catch {
    // A system that lets nobody see or do it: all of them are as they were.
  }
}
