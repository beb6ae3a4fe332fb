import type { State } from '@ringdown/engine/center'
import type { SubscribedEventRow } from '@ringdown/engine/event-streams/rows'
import { sinkOf } from '@ringdown/engine/event-streams/sink'
import { subscribedEventOf } from '@ringdown/engine/event-streams/subscribed-event'
import { subscriptionOf } from '@ringdown/engine/event-streams/subscription'
import type { Kinds } from '@ringdown/engine/kinds'
import type { Noun } from '../derived.ts'

/** A resource that hangs on nothing but the account, and is shown as it is. */
function ofAccount<K extends 'sink' | 'subscription'>(kind: K, of: (state: State, sid: string) => Kinds[K]): Noun {
  const noun: Noun<Kinds[K]> = {
    kind,
    find: (state, { sid }) => of(state, String(sid)),
    group: (state) => ['account_sid', state.account_sid],
    shown: (_state, row) => row
  }
  return noun as unknown as Noun // it only ever sees rows of its own kind
}

/** Resources of Event Streams whose operations follow the general rules; each only ever sees rows of its own kind. */
export const eventsNouns: Readonly<Record<string, Noun>> = {
  sink: ofAccount('sink', sinkOf),
  subscription: ofAccount('subscription', subscriptionOf),
  subscribed_event: {
    kind: 'subscribed_event',
    find: (state, { subscription_sid, type }) => subscribedEventOf(state, String(subscription_sid), String(type)),
    group: (state, { subscription_sid }) => ['subscription_sid', subscriptionOf(state, String(subscription_sid)).sid],
    shown: (_state, row) => row
  } satisfies Noun<SubscribedEventRow> as unknown as Noun
}
