import { Histogram } from 'prom-client'

const name = 'ringdown_http_request_seconds'
const help = 'Requests by operation and HTTP status: how many, and how long from the headers to the answer'

type Label = 'operation' | 'status'

interface Times {
  /** Requests whose bound is the first that holds them, by its place; the last is of those that took longer than all. */
  readonly counts: number[]
  sum: number
}

/** A line of what Prometheus reads. */
interface Value {
  readonly metricName: string
  readonly labels: { readonly le?: number | string }
  readonly sharedLabels: Readonly<Record<Label, string>>
  readonly value: number
}

/**
 * How many requests there were, by operation and status, and how long they took: a histogram that counts by itself. The
 * library makes the text of the labels anew at each observation, which takes ten times as long as counting.
 */
export class RequestTimes extends Histogram<Label> {
  readonly #bounds: readonly number[]
  readonly #times = new Map<string, Map<number, Times>>()

  /** Bounds in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    super({ name, help, labelNames: ['operation', 'status'], registers: [] })
    this.#bounds = bounds
  }

  ended(operation: string, status: number, seconds: number): void {
    const times = this.#of(operation, status)
    let place = 0
    for (const bound of this.#bounds) {
      if (seconds <= bound) break
      place++
    }
    times.counts[place] = (times.counts[place] ?? 0) + 1
    times.sum += seconds
  }

  /** What the registry asks for, and the library's own `get`: the types do not name it. */
  async getForPromString() {
    const values = [...this.#times].flatMap(([operation, byStatus]) =>
      [...byStatus].flatMap(([status, times]) => this.#values({ operation, status: String(status) }, times))
    )
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }

  #of(operation: string, status: number): Times {
    let byStatus = this.#times.get(operation)
    if (!byStatus) {
      byStatus = new Map()
      this.#times.set(operation, byStatus)
    }
    let times = byStatus.get(status)
    if (!times) {
      times = { counts: [...this.#bounds, Number.POSITIVE_INFINITY].map(() => 0), sum: 0 }
      byStatus.set(status, times)
    }
    return times
  }

  #values(labels: Record<Label, string>, { counts, sum }: Times): Value[] {
    let count = 0
    const buckets = counts.map((here, place) => {
      count += here
      return {
        metricName: `${name}_bucket`,
        labels: { le: this.#bounds[place] ?? '+Inf' },
        sharedLabels: labels,
        value: count
      }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count }
    ]
  }
}
