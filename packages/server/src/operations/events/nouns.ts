import { sinkOf } from '@ringdown/engine/event-streams/sink'
import { subscribedEventOf } from '@ringdown/engine/event-streams/subscribed-event'
import { subscriptionOf } from '@ringdown/engine/event-streams/subscription'
import { type Noun, noun } from '../derived.ts'
import type { One } from '../handler.ts'

/** Resources of Event Streams whose operations follow the general rules; their rows are shown as they are. */
export const eventsNouns: Readonly<Record<string, Noun>> = {
  sink: noun({
    kind: 'sink',
    find: ({ state }, { sid }: One) => sinkOf(state, sid)
  }),
  subscription: noun({
    kind: 'subscription',
    find: ({ state }, { sid }: One) => subscriptionOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid })
  }),
  subscribed_event: noun({
    kind: 'subscribed_event',
    find: ({ state }, { subscription_sid, type }: { readonly subscription_sid: string; readonly type: string }) =>
      subscribedEventOf(state, subscription_sid, type),
    rows: ({ state }, { subscription_sid }: { readonly subscription_sid: string }) => ({
      index: 'subscription_sid',
      key: subscriptionOf(state, subscription_sid).sid
    }),
    // A command's type is its own.
    renamed: { type: 'event_type' }
  })
}
