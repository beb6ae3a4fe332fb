import { frame_ms } from './g711.ts'
import type { Legs } from './legs.ts'

/** Frames that are made up for at once; what is later than that is lost. */
const maxAtOnce = 5

/** Calls for a frame every 20 milliseconds, as long as there is anybody to hear it. */
export class FrameClock {
  readonly #legs: Pick<Legs, 'size' | 'tick'>
  #timer: NodeJS.Timeout | undefined
  #due = 0
  #ticks = 0
  #late = 0

  constructor(legs: Pick<Legs, 'size' | 'tick'>) {
    this.#legs = legs
  }

  get figures(): { readonly ticks: number; readonly late: number } {
    return { ticks: this.#ticks, late: this.#late }
  }

  run(isNeeded: boolean): void {
    if (isNeeded && !this.#timer) {
      this.#due = performance.now()
      this.#tick()
    } else if (!isNeeded) this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    for (let made = 0; this.#due <= now; made++) {
      if (made === maxAtOnce) {
        const lost = Math.ceil((now - this.#due) / frame_ms)
        this.#late += lost
        this.#due += lost * frame_ms
        break
      }
      if (now - this.#due > frame_ms) this.#late++
      this.#ticks++
      this.#legs.tick(this.#due)
      this.#due += frame_ms
    }
    if (this.#legs.size === 0) this.stop()
    else this.#timer = setTimeout(() => this.#tick(), Math.max(0, this.#due - performance.now()))
  }
}
