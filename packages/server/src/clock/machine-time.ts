/** What a machine's two clocks say: the wall clock, which people and programs set, and one that only goes on. Milliseconds. */
export interface MachineClocks {
  wall(): number
  steady(): number
}

/** The wall clock was set, or the machine slept. */
export interface ClockStep {
  /** Milliseconds by which it was put forward, or back (negative). */
  readonly by: number
  /** The new time. */
  readonly at: number
}

/** Less is no step: clocks that are kept right are moved by milliseconds. */
const stepMs = 1_000
/** So much may be waited out unnoticed. */
const tolerated = 5
/** Time that is ahead of the wall clock goes so much slower, until it is not. */
const slower = 0.99

/**
 * Time that never goes back and never stands still. It is the wall clock's while that goes on; when the wall clock is put
 * back, it goes on from where it was, a hundredth slower until the wall clock has caught up, so that everything that waits
 * goes on waiting for as long as it should.
 */
export class MachineTime {
  readonly #clocks: MachineClocks
  #time: number
  #wall: number
  #steady: number
  #step: ClockStep | undefined
  /** Called with each step of the wall clock, once. */
  readonly onStep = new Set<(step: ClockStep) => void>()

  constructor(clocks: MachineClocks = { wall: () => Date.now(), steady: () => performance.now() }) {
    this.#clocks = clocks
    this.#wall = clocks.wall()
    this.#steady = clocks.steady()
    this.#time = this.#wall
  }

  /** Whole milliseconds since the epoch. */
  now(): number {
    const wall = this.#clocks.wall()
    const steady = this.#clocks.steady()
    const passed = Math.max(0, steady - this.#steady)
    const by = Math.round(wall - this.#wall - passed)
    const isAhead = this.#time + passed - wall > tolerated
    this.#time = Math.max(this.#time + (isAhead ? passed * slower : 0), wall)
    this.#wall = wall
    this.#steady = steady
    if (Math.abs(by) >= stepMs) this.#stepped({ by, at: wall })
    return Math.floor(this.#time)
  }

  /** Goes on from an instant that has been told before, when that is later: by another process, before a restart. */
  notBefore(instant: number): void {
    this.#time = Math.max(this.now(), instant)
  }

  /** The last step since the process began, and how far time is ahead of the wall clock now. */
  get step(): (ClockStep & { readonly ahead: number }) | undefined {
    const ahead = Math.max(0, this.now() - this.#wall)
    return this.#step && { ...this.#step, ahead }
  }

  #stepped(step: ClockStep): void {
    this.#step = step
    for (const listener of this.onStep) listener(step)
  }
}
