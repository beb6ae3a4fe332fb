import type { SinkRow, SubscribedEventRow, SubscriptionRow } from '@ringdown/engine/event-streams/rows'
import { sinkOf } from '@ringdown/engine/event-streams/sink'
import { subscribedEventOf } from '@ringdown/engine/event-streams/subscribed-event'
import { subscriptionOf } from '@ringdown/engine/event-streams/subscription'
import type { Noun } from '../derived.ts'

/** Resources of Event Streams whose operations follow the general rules; each only ever sees rows of its own kind. */
export const eventsNouns: Readonly<Record<string, Noun>> = {
  sink: {
    kind: 'sink',
    find: (state, { sid }) => sinkOf(state, String(sid)),
    group: (state) => ['account_sid', state.account_sid],
    shown: (_state, row) => row
  } satisfies Noun<SinkRow> as unknown as Noun,
  subscription: {
    kind: 'subscription',
    find: (state, { sid }) => subscriptionOf(state, String(sid)),
    group: (state) => ['account_sid', state.account_sid],
    shown: (_state, row) => row
  } satisfies Noun<SubscriptionRow> as unknown as Noun,
  subscribed_event: {
    kind: 'subscribed_event',
    find: (state, { subscription_sid, type }) => subscribedEventOf(state, String(subscription_sid), String(type)),
    group: (state, { subscription_sid }) => ['subscription_sid', subscriptionOf(state, String(subscription_sid)).sid],
    shown: (_state, row) => row
  } satisfies Noun<SubscribedEventRow> as unknown as Noun
}
