import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { RequestTimes } from './request-times.ts'

/** What Prometheus is told. The account's part is handed in: `commitTook` after each batch, `queueLength` to be asked. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests: RequestTimes
  readonly #commits: Histogram
  readonly #decisions: Counter
  readonly #attempts: Counter<'kind' | 'outcome'>

  constructor() {
    const registers = [this.registry]
    // Among them nodejs_eventloop_lag_*, the lag of the loop that decides everything.
    collectDefaultMetrics({ register: this.registry })
    this.#requests = new RequestTimes(buckets)
    this.registry.registerMetric(this.#requests)
    this.#commits = new Histogram({
      name: 'ringdown_commit_seconds',
      help: 'Time that a batch took to be durable',
      buckets,
      registers
    })
    this.#decisions = new Counter({ name: 'ringdown_decisions_total', help: 'Decisions made durable', registers })
    this.#attempts = new Counter({
      name: 'ringdown_delivery_attempts_total',
      help: "Attempts to deliver, by kind of delivery, and by the status's class or why there was none",
      labelNames: ['kind', 'outcome'],
      registers
    })
  }

  requestEnded(operation: string, status: number, seconds: number): void {
    this.#requests.ended(operation, status, seconds)
  }

  /** A batch of so many decisions is durable. */
  commitTook(seconds: number, decisions: number): void {
    this.#commits.observe(seconds)
    this.#decisions.inc(decisions)
  }

  deliveryAttempted(kind: string, outcome: string): void {
    this.#attempts.inc({ kind, outcome })
  }

  /** Says what is on its way out, whenever somebody asks. */
  deliveries(ask: {
    readonly figures: () => { readonly queued: number; readonly sending: number; readonly away: number } | undefined
    /** Milliseconds. */
    readonly oldest: () => Promise<number>
  }): void {
    const registers = [this.registry]
    const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await value())
        }
      })
    gauge('ringdown_delivery_queue_length', 'Deliveries that are queued', () => ask.figures()?.queued ?? 0)
    gauge('ringdown_delivery_attempts_running', 'Attempts to deliver under way', () => ask.figures()?.sending ?? 0)
    gauge('ringdown_delivery_destinations_away', 'Destinations that are asked with one delivery at a time', () => {
      return ask.figures()?.away ?? 0
    })
    gauge('ringdown_delivery_oldest_seconds', 'Age of the delivery that has been queued for longest', async () => {
      // The store may be away; the other figures are told all the same.
      return ask.oldest().then(
        (ms) => ms / 1000,
        () => 0
      )
    })
  }

  /** Says how many decisions are waiting for the disk, whenever somebody asks. */
  queueLength(ask: () => number): void {
    new Gauge({
      name: 'ringdown_commit_queue_length',
      help: 'Decisions that are not durable yet',
      registers: [this.registry],
      collect() {
        this.set(ask())
      }
    })
  }
}

/** Seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
