import type { Json } from '../core/json.ts'
import { nameKey } from '../core/names.ts'
import type { Row } from '../core/row.ts'
import type { KindDefinition } from '../core/table.ts'

export const sinkTypes = ['kinesis', 'webhook', 'segment', 'email'] as const
export type SinkType = (typeof sinkTypes)[number]

/** A sink's configuration, as it was given and checked (reference events 1); `sink_type` says which. */
export interface WebhookConfiguration {
  /** May carry `user:password@`. */
  readonly destination: string
  readonly method: 'post' | 'get'
  readonly batch_events: boolean
}

export interface KinesisConfiguration {
  readonly arn: string
  readonly role_arn: string
  readonly external_id: string
}

export interface SegmentConfiguration {
  readonly write_key: string
}

/** Where events go. */
export interface SinkRow extends Row {
  readonly account_sid: string
  readonly description: string
  readonly sink_type: SinkType
  /** Of that type, with whatever else the caller put beside it. */
  readonly sink_configuration: { readonly [name: string]: Json }
  readonly status: 'initialized' | 'validating' | 'active' | 'failed'
}

/** What is sent to a sink. */
export interface SubscriptionRow extends Row {
  readonly account_sid: string
  readonly description: string
  readonly sink_sid: string
}

/** One type of events that a subscription wants. The API names it by its type; nobody sees its SID. */
export interface SubscribedEventRow extends Row {
  readonly account_sid: string
  readonly subscription_sid: string
  readonly type: string
  readonly schema_version: number
}

export interface EventStreamKinds {
  sink: SinkRow
  subscription: SubscriptionRow
  subscribed_event: SubscribedEventRow
}

export const eventStreamKinds: { [K in keyof EventStreamKinds]: KindDefinition<EventStreamKinds[K]> } = {
  sink: {
    prefix: 'DG',
    columns: ['account_sid', 'description', 'sink_type', 'sink_configuration', 'status'],
    indexes: { account_sid: (row) => row.account_sid }
  },
  subscription: {
    prefix: 'DF',
    columns: ['account_sid', 'description', 'sink_sid'],
    indexes: { account_sid: (row) => row.account_sid, sink_sid: (row) => row.sink_sid }
  },
  subscribed_event: {
    prefix: 'DT',
    columns: ['account_sid', 'subscription_sid', 'type', 'schema_version'],
    indexes: {
      subscription_sid: (row) => row.subscription_sid,
      /** Who wants an event: asked for every event that happens. */
      type: (row) => row.type,
      pair: (row) => nameKey(row.subscription_sid, row.type)
    }
  }
}
