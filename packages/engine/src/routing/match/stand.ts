import type { OrderBy } from '../expression/order-by.ts'
import type { Demand } from './demand.ts'
import type { Place } from './pool.ts'
import { Ready } from './ready.ts'
import { Waiting } from './waiting.ts'

/** Where a demand for workers of one pool on one channel meets them: what waits on one side, who is ready on the other. */
export class Stand {
  readonly place: Place
  readonly demand: Demand
  readonly waiting: Waiting
  /** By the text of the order in which they are asked. */
  readonly #ready = new Map<string, Ready>()

  constructor(place: Place, demand: Demand) {
    this.place = place
    this.demand = demand
    this.waiting = new Waiting(this)
  }

  ready(order_by: OrderBy | undefined): Ready {
    const source = order_by?.source ?? ''
    let ready = this.#ready.get(source)
    if (!ready) {
      ready = new Ready(this, order_by)
      this.#ready.set(source, ready)
    }
    return ready
  }

  forgetReady(but?: Ready): void {
    for (const [source, ready] of this.#ready) {
      if (ready === but) continue
      ready.forget()
      this.#ready.delete(source)
    }
  }
}
