import type { Logger } from 'pino'
import type { Clock } from '../clock/clock.ts'
import type { Ledger } from '../commit/ledger.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryKind, Kind } from './delivery.ts'
import type { Lane } from './lane.ts'
import type { DeliveryRow } from './rows.ts'
import type { CarrierSender, KinesisSender } from './transport.ts'

/** How a request is signed beside what every request has. */
export interface Signing {
  readonly secrets: readonly string[]
  /** By which its receiver knows it; without it, the delivery's token. */
  readonly id?: string
}

/** What the sender needs of its account. */
export interface Sending extends Ledger {
  /** Whether this process may speak for the account. */
  readonly isReady: boolean
}

export interface SenderOptions {
  readonly store: Store
  readonly account: Sending
  readonly clock: Clock
  readonly log: Logger
  readonly auth_token: string
  readonly allowPrivate: boolean
  /** Attempts under way to one destination at once. */
  readonly concurrency: number
  /** Deliveries to one destination that are in memory to be sent, at most; without it as many as usual. */
  readonly held?: number
  readonly kinds?: Readonly<Record<DeliveryKind, Kind>>
  readonly kinesis?: KinesisSender | undefined
  readonly carrier?: CarrierSender | undefined
  /** Signs as Standard Webhooks ask as well. */
  readonly webhookSecret?: string | undefined
  /** Who has secrets of its own; undefined for a delivery of somebody who has none. */
  readonly signing?: ((row: DeliveryRow) => Signing | undefined) | undefined
  /** What answers mean is decided in the order in which the attempts began, so that a test clock's run is repeatable. */
  readonly inOrder?: boolean
}

/** What the parts of a sender ask of the whole. */
export interface Whole {
  now(): number
  /** Something has changed for a lane: there may be more to do for it. */
  pump(lane: Lane): void
  /** Something has ended: whoever waits for the end of everything looks again. */
  changed(): void
  /** The store did not answer, or somebody else has written there: all that is in memory is forgotten. */
  lost(err: unknown): void
}
