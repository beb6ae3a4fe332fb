import { statSync } from 'node:fs'

/**
 * Milliseconds of work between two rests. Fewer would make a question of many rests, after each of which a process of low
 * priority waits for a processor.
 */
const work_ms = 4
/** Of work that was interrupted by others nobody knows how long it was. The end of a question rests for what it has sorted. */
const maxRest_ms = 8
const maxLastRest_ms = 50

const bed = new Int32Array(new SharedArrayBuffer(4))

interface Time {
  /** Milliseconds. */
  now(): number
  rest(ms: number): void
}

const real: Time = { now: () => performance.now(), rest: (ms) => void Atomics.wait(bed, 0, 0, ms) }

/**
 * What has another value when somebody has written to a SQLite file since: when its log was changed. Memory that processes
 * share would say it of decisions alone, and Node has none. Where the system does not tell, nobody rests.
 */
export function writesTo(path: string): () => unknown {
  return () => {
    try {
      return statSync(`${path}-wal`).mtimeMs
    } catch {
      return undefined
    }
  }
}

/**
 * How a process that has time gives way to one that has none: as long as decisions are written, it rests for as long as it
 * works. (A low priority alone is not enough: who works on the other half of a core, and through the same caches, slows
 * down whoever is there.)
 */
export class Pace {
  readonly #writes: () => unknown
  readonly #time: Time
  #seen: unknown
  #since: number

  /** @param writes - another value once something was decided. */
  constructor(writes: () => unknown, time = real) {
    this.#writes = writes
    this.#time = time
    this.#seen = writes()
    this.#since = time.now()
  }

  /** Work begins: what was before was waiting for it. */
  begin(): void {
    this.#since = this.#time.now()
  }

  /** Called again and again while work goes on: rests, when it is time to and somebody decides. */
  keep(): void {
    this.#rest(maxRest_ms)
  }

  /** The same when work ends: SQLite sorts without a pause, and while this rests nothing is read. */
  end(): void {
    this.#rest(maxLastRest_ms)
  }

  #rest(max_ms: number): void {
    const worked = this.#time.now() - this.#since
    if (worked < work_ms) return
    const writes = this.#writes()
    if (writes !== this.#seen) this.#time.rest(Math.min(max_ms, worked))
    this.#seen = writes
    this.#since = this.#time.now()
  }
}
