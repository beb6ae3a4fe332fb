import type { EligibleOnChannel } from './eligibility.ts'
import type { OrderBy } from './expression/order-by.ts'
import { ReadyWorkers } from './ready-workers.ts'
import type { TargetCondition } from './target-condition.ts'
import { WaitingTasks } from './waiting-tasks.ts'

/** Where a demand for workers of one pool on one channel meets them: what waits on one side, who is ready on the other. */
export class TargetIndex {
  readonly place: EligibleOnChannel
  readonly demand: TargetCondition
  readonly waiting: WaitingTasks
  /** By the text of the order in which they are asked. */
  readonly #ready = new Map<string, ReadyWorkers>()

  constructor(place: EligibleOnChannel, demand: TargetCondition) {
    this.place = place
    this.demand = demand
    this.waiting = new WaitingTasks(this)
  }

  ready(order_by: OrderBy | undefined): ReadyWorkers {
    const source = order_by?.source ?? ''
    let ready = this.#ready.get(source)
    if (!ready) {
      ready = new ReadyWorkers(this, order_by)
      this.#ready.set(source, ready)
    }
    return ready
  }

  forgetReady(but?: ReadyWorkers): void {
    for (const [source, ready] of this.#ready) {
      if (ready === but) continue
      ready.forget()
      this.#ready.delete(source)
    }
  }
}
