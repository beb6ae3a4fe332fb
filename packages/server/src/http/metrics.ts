import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus is told. The account's part is handed in: `commitTook` after each batch, `queueLength` to be asked. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests: Histogram<'operation' | 'status'>
  readonly #commits: Histogram
  readonly #decisions: Counter
  /** What the histogram would look up by its labels at each request. */
  readonly #series = new Map<string, Histogram.Internal<'operation' | 'status'>>()

  constructor() {
    const registers = [this.registry]
    // Among them nodejs_eventloop_lag_*, the lag of the loop that decides everything.
    collectDefaultMetrics({ register: this.registry })
    this.#requests = new Histogram({
      name: 'ringdown_http_request_seconds',
      help: 'Requests by operation and HTTP status: how many, and how long from the headers to the answer',
      labelNames: ['operation', 'status'],
      buckets,
      registers
    })
    this.#commits = new Histogram({
      name: 'ringdown_commit_seconds',
      help: 'Time that a batch took to be durable',
      buckets,
      registers
    })
    this.#decisions = new Counter({ name: 'ringdown_decisions_total', help: 'Decisions made durable', registers })
  }

  requestEnded(operation: string, status: number, seconds: number): void {
    const key = `${operation} ${status}`
    let one = this.#series.get(key)
    if (!one) {
      one = this.#requests.labels(operation, String(status))
      this.#series.set(key, one)
    }
    one.observe(seconds)
  }

  /** A batch of so many decisions is durable. */
  commitTook(seconds: number, decisions: number): void {
    this.#commits.observe(seconds)
    this.#decisions.inc(decisions)
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
