import type { SoundFigures } from '@ringdown/contract/voice-link'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { RequestTimes } from './request-times.ts'

/** What Prometheus is told. The account's part is handed in: `commitTook` after each batch, `queueLength` to be asked. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests: RequestTimes
  readonly #commits: Histogram
  readonly #decisions: Counter
  readonly #attempts: Counter<'kind' | 'outcome'>
  readonly #messages: Counter<'carrier' | 'status'>
  readonly #connections: Gauge<'carrier' | 'type'>
  readonly #losses: Counter<'carrier' | 'type'>
  readonly #webhooks: Counter<'carrier' | 'outcome'>

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
    this.#messages = new Counter({
      name: 'ringdown_carrier_messages_total',
      help: 'Messages that carriers brought or were to take, by carrier (`virtual` for virtual phones, `none` where there is none) and what became of them',
      labelNames: ['carrier', 'status'],
      registers
    })
    this.#connections = new Gauge({
      name: 'ringdown_carrier_connected',
      help: 'Whether a carrier that listens to its network is connected to it',
      labelNames: ['carrier', 'type'],
      registers
    })
    this.#losses = new Counter({
      name: 'ringdown_carrier_disconnections_total',
      help: 'Connections of carriers that were lost or could not be made',
      labelNames: ['carrier', 'type'],
      registers
    })
    this.#webhooks = new Counter({
      name: 'ringdown_carrier_webhooks_total',
      help: 'Requests to the webhooks of carriers, by carrier and what became of them (`put off`: they are told to come again)',
      labelNames: ['carrier', 'outcome'],
      registers
    })
  }

  /** A carrier's network has told something, or somebody who is not. */
  carrierWebhook(
    carrier: string,
    outcome: 'taken' | 'forged' | 'nonsense' | 'too many' | 'confirmed' | 'put off'
  ): void {
    this.#webhooks.inc({ carrier, outcome })
  }

  /** A message has come to a status at a carrier. */
  carrierMessage(carrier: string, status: string): void {
    this.#messages.inc({ carrier, status })
  }

  /** A carrier has its connection, has lost it, or (undefined) has none any more. */
  carrierConnection(carrier: string, type: string, isUp: boolean | undefined): void {
    if (isUp === undefined) this.#connections.remove({ carrier, type })
    else this.#connections.set({ carrier, type }, isUp ? 1 : 0)
    if (isUp === false) this.#losses.inc({ carrier, type })
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

  /** Says how the sound of calls fares, whenever somebody asks; nothing while there is none. */
  sound(ask: () => Promise<SoundFigures | undefined>): void {
    let asked: { readonly at: number; readonly figures: Promise<SoundFigures | undefined> } | undefined
    // All of them are of one moment.
    const figures = () => {
      const now = performance.now()
      if (!asked || now - asked.at > 50) asked = { at: now, figures: ask().catch(() => undefined) }
      return asked.figures
    }
    for (const [name, help, value] of soundGauges)
      new Gauge({
        name: `ringdown_sound_${name}`,
        help,
        registers: [this.registry],
        async collect() {
          const now = await figures()
          this.set(now ? value(now) : 0)
        }
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

/** What is told of the process that has the sound, since it was started last. */
const soundGauges: readonly (readonly [name: string, help: string, value: (figures: SoundFigures) => number])[] = [
  ['legs', 'Legs of calls that have sound', ({ legs }) => legs],
  ['ticks', 'Frames of 20 ms that were mixed', ({ ticks }) => ticks],
  ['late_ticks', 'Those that were mixed more than 20 ms late', ({ late }) => late],
  ['dropped_frames', 'Frames of legs that were left out because too many waited', ({ dropped }) => dropped],
  [
    'mixer_p95_seconds',
    'Time that a frame spends in the mixer, 95th percentile',
    ({ waited_p95 }) => waited_p95 / 1000
  ],
  ['resident_bytes', 'Memory of the process', ({ memory_bytes }) => memory_bytes]
]

/** Seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
