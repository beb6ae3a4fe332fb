import type { Json } from '../core/json.ts'
import { integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameKey } from '../core/names.ts'

export const sinkTypes = ['kinesis', 'webhook', 'segment', 'email'] as const
export type SinkType = (typeof sinkTypes)[number]

/** Where events go. */
const sinkColumns = {
  account_sid: text(),
  description: text(),
  sink_type: text<SinkType>(),
  /**
   * As it was given and checked (reference events 1), with whatever else the caller put beside it: `destination` (which may
   * carry `user:password@`), `method` and `batch_events` of a webhook, `arn`, `role_arn` and `external_id` of Kinesis,
   * `write_key` of Segment.
   */
  sink_configuration: json<{ readonly [name: string]: Json }>(),
  status: text<'initialized' | 'validating' | 'active' | 'failed'>()
} as const
export type SinkRow = RowOf<typeof sinkColumns>

/** What is sent to a sink. */
const subscriptionColumns = {
  account_sid: text(),
  description: text(),
  sink_sid: text()
} as const
export type SubscriptionRow = RowOf<typeof subscriptionColumns>

/** One type of events that a subscription wants. The API names it by its type; nobody sees its SID. */
const subscribedEventColumns = {
  account_sid: text(),
  subscription_sid: text(),
  type: text(),
  schema_version: integer()
} as const
export type SubscribedEventRow = RowOf<typeof subscribedEventColumns>

export const eventStreamKinds = {
  sink: kind(sinkColumns, {
    prefix: 'DG',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  subscription: kind(subscriptionColumns, {
    prefix: 'DF',
    indexes: { account_sid: (row) => row.account_sid, sink_sid: (row) => row.sink_sid }
  }),
  subscribed_event: kind(subscribedEventColumns, {
    prefix: 'DT',
    indexes: {
      subscription_sid: (row) => row.subscription_sid,
      /** Who wants an event: asked for every event that happens. */
      type: (row) => row.type,
      pair: (row) => nameKey(row.subscription_sid, row.type)
    }
  })
}
