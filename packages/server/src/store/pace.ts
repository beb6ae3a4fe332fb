/**
 * Milliseconds of work between two rests. Fewer would make a question of many rests, after each of which a thread of low
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
 * How a thread that has time gives way to one that has none: as long as decisions are written, it rests for as long as it
 * works. (A low priority alone is not enough: who works on the other half of a core, and through the same caches, slows
 * down whoever is there.)
 */
export class Pace {
  readonly #batches: Int32Array
  readonly #time: Time
  #seen: number
  #since: number

  /** @param batches - how many batches of decisions there were, counted by another thread. */
  constructor(batches: Int32Array, time = real) {
    this.#batches = batches
    this.#time = time
    this.#seen = Atomics.load(batches, 0)
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
    const batches = Atomics.load(this.#batches, 0)
    if (batches !== this.#seen) this.#time.rest(Math.min(max_ms, worked))
    this.#seen = batches
    this.#since = this.#time.now()
  }
}
