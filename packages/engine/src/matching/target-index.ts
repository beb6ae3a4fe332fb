import type { ChannelIndex } from './channel-index.ts'
import type { Eligibility, EligibleOnChannel } from './eligibility.ts'
import type { OrderBy } from './expression/order-by.ts'
import { ReadyWorkers } from './ready-workers.ts'
import type { TargetCondition } from './target-condition.ts'
import { WaitingTasks } from './waiting-tasks.ts'

/**
 * Where one eligibility, one channel and one target condition meet: waiting tasks on one side, ready workers on the other.
 *
 * Invariants: there is one per such triple at most, found through EligibleOnChannel. It may be dropped whenever nothing
 * waits here, since ready workers can be made again from the eligibility's members.
 */
export class TargetIndex {
  readonly onChannel: EligibleOnChannel
  readonly eligibility: Eligibility
  readonly channelIndex: ChannelIndex
  readonly condition: TargetCondition
  readonly waiting: WaitingTasks
  /** By the text of the target's `order_by`, blank for none. */
  readonly #ready = new Map<string, ReadyWorkers>()

  constructor(onChannel: EligibleOnChannel, condition: TargetCondition) {
    this.onChannel = onChannel
    this.eligibility = onChannel.eligibility
    this.channelIndex = onChannel.channelIndex
    this.condition = condition
    this.waiting = new WaitingTasks(this)
  }

  /** The workers who are ready here, in the offer order of a target with that `order_by`. */
  ready(order_by: OrderBy | undefined): ReadyWorkers {
    const source = order_by?.source ?? ''
    let ready = this.#ready.get(source)
    if (!ready) {
      ready = new ReadyWorkers(this, order_by)
      this.#ready.set(source, ready)
    }
    return ready
  }

  /** Lets go of all offer orders, or all but one. They are made again when they are asked for. */
  forgetReady(except?: ReadyWorkers): void {
    for (const [source, ready] of this.#ready) {
      if (ready === except) continue
      ready.forget()
      this.#ready.delete(source)
    }
  }
}
