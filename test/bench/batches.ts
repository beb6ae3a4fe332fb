import { readdirSync, readFileSync } from 'node:fs'
import type { Command } from '@ringdown/engine/commands'
import type { Decision } from '@ringdown/engine/decide'
import { batchOf } from '@ringdown/server/commit/batch'
import type { Entry } from '@ringdown/server/commit/entry'
import type { AccountHead, Batch } from '@ringdown/server/store/store'
import { Floor, type Shape } from './floor.ts'

/** An endless row of lifecycles, cut into batches as an account writes them. */
export class Batches {
  readonly floor: Floor
  readonly #decisions: number
  readonly #pace_ms: number
  #entries: Entry[] = []
  #i = 0
  #rows = 0
  #events = 0
  #made = 0

  /** So many decisions to a batch; between two lifecycles as much time passes as is said: finished tasks go after five minutes. */
  constructor(shape: Shape, { decisions, pace_ms = 10 }: { readonly decisions: number; readonly pace_ms?: number }) {
    this.floor = new Floor(shape)
    this.#decisions = decisions
    this.#pace_ms = pace_ms
    this.floor.onDecision = (command, seed, decision) => this.#entries.push(this.#entry(command, seed, decision))
  }

  next({ account_sid, epoch }: AccountHead): Batch {
    while (this.#entries.length < this.#decisions) {
      // Sixteen contacts at a time, as when many agents work: their rows meet in a batch, but not all of them.
      const sids = Array.from({ length: 16 }, () => this.floor.create(this.#i++).sid)
      for (const sid of sids) this.floor.finish(sid)
      this.floor.at += 16 * this.#pace_ms
      this.floor.settle()
    }
    const batch = batchOf(account_sid, epoch, this.#entries.splice(0, this.#decisions), false)
    this.#made++
    this.#rows += batch.rows.length
    this.#events += batch.events.length
    return batch
  }

  /** Lifecycles that were begun. */
  get lifecycles(): number {
    return this.#i
  }

  get shape(): string {
    const mean = (sum: number) => (sum / this.#made).toFixed(0)
    return `On average that is ${mean(this.#rows)} rows and ${mean(this.#events)} events.`
  }

  #entry(command: Command, seed: Entry['seed'], decision: Decision): Entry {
    const { at, decision: number, next_seq, next_event } = this.floor.state
    const head = { at, decision: number, next_seq, next_event }
    const nobody = () => {} // waits for it
    const common = { at, reads: [], fetched: [], timer: undefined, resolve: nobody, reject: nobody }
    return { ...common, command, seed, decision, head }
  }
}

/** Processor time of each of this process's threads so far, in microseconds, by its number; empty where the system does not say. */
export function threadTimes(): Map<string, number> {
  try {
    const threads = readdirSync('/proc/self/task')
    return new Map(
      threads.map((thread) => {
        const [nanoseconds] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ')
        return [thread, Number(nanoseconds) / 1000]
      })
    )
  } catch {
    return new Map()
  }
}

/** The most that any thread has used since `before`, in microseconds, of those that were not there at `known`. */
export function busiestSince(before: Map<string, number>, known: Map<string, number>): number {
  const used = [...threadTimes()].filter(([thread]) => !known.has(thread))
  return Math.max(...used.map(([thread, time]) => time - (before.get(thread) ?? 0)))
}

/** What the main thread has used since `before`, in microseconds. */
export function mainSince(before: Map<string, number>): number {
  const main = String(process.pid)
  return (threadTimes().get(main) ?? Number.NaN) - (before.get(main) ?? Number.NaN)
}
