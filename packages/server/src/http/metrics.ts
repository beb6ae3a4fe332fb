import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus is told. The account's part is handed in: `commitTook` after each batch, `queueLength` to be asked. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests: Counter<'operation' | 'status'>
  readonly #durations: Histogram<'operation'>
  readonly #commits: Histogram
  readonly #batches: Counter
  readonly #seen = new Map<string, Counter.Internal>()
  readonly #timed = new Map<string, Histogram.Internal<'operation'>>()

  constructor() {
    const registers = [this.registry]
    // Among them nodejs_eventloop_lag_*, the lag of the loop that decides everything.
    collectDefaultMetrics({ register: this.registry })
    this.#requests = new Counter({
      name: 'ringdown_http_requests_total',
      help: 'Requests by operation and HTTP status',
      labelNames: ['operation', 'status'],
      registers
    })
    this.#durations = new Histogram({
      name: 'ringdown_http_request_seconds',
      help: 'From the request line to the answer, by operation',
      labelNames: ['operation'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers
    })
    this.#commits = new Histogram({
      name: 'ringdown_commit_seconds',
      help: 'Time that a batch took to be durable',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers
    })
    this.#batches = new Counter({ name: 'ringdown_decisions_total', help: 'Decisions made durable', registers })
  }

  requestEnded(operation: string, status: number, seconds: number): void {
    const key = `${operation} ${status}`
    let counter = this.#seen.get(key)
    if (!counter) this.#seen.set(key, (counter = this.#requests.labels(operation, String(status))))
    counter.inc()
    let histogram = this.#timed.get(operation)
    if (!histogram) this.#timed.set(operation, (histogram = this.#durations.labels(operation)))
    histogram.observe(seconds)
  }

  /** A batch of so many decisions is durable. */
  commitTook(seconds: number, decisions: number): void {
    this.#commits.observe(seconds)
    this.#batches.inc(decisions)
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
