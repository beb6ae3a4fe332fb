import { Sum, type Tally } from '@ringdown/engine/analytics/rollup'

/** Sums by scope, of one channel or of all: what is added from memory, from cells and from events comes together here. */
export class Sums {
  readonly #task_channel_sid: string | undefined
  readonly #sums = new Map<string, Sum>()

  /** Undefined for all channels together. */
  constructor(task_channel_sid: string | undefined) {
    this.#task_channel_sid = task_channel_sid
  }

  /** Where something is added that happened to a scope on a channel; undefined where that was not asked for. */
  of({ scope_sid, task_channel_sid }: { readonly scope_sid: string; readonly task_channel_sid: string }) {
    if (this.#task_channel_sid !== undefined && task_channel_sid !== this.#task_channel_sid) return undefined
    let sum = this.#sums.get(scope_sid)
    if (!sum) {
      sum = new Sum()
      this.#sums.set(scope_sid, sum)
    }
    return sum
  }

  /** What has been added so far. */
  get tallies(): Map<string, Tally> {
    return new Map([...this.#sums].map(([scope_sid, sum]) => [scope_sid, sum.tally]))
  }
}
