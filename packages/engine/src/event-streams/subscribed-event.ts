import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { streamTypeOf } from './catalogue.ts'
import type { SubscribedEventRow } from './rows.ts'
import { addSubscribedEvent, subscriptionOf, wantedType, wantedVersion } from './subscription.ts'

/** The path of a subscription's event: its type is called `event_type`, since a command has a type of its own. */
interface SubscribedEventPath {
  readonly subscription_sid: string
  readonly event_type: string
}

/** Adds a type to a subscription. One that is there stays, in the version that is asked for (reference events 1). */
export function createSubscribedEvent(
  state: State,
  { subscription_sid, event_type, schema_version }: SubscribedEventPath & { readonly schema_version?: number }
): { subscribed_event: SubscribedEventRow } {
  const subscription = subscriptionOf(state, subscription_sid)
  const wanted = wantedType(event_type)
  const present = find(state, subscription_sid, wanted.type)
  if (!present) {
    const version = wantedVersion(wanted, schema_version)
    return { subscribed_event: addSubscribedEvent(state, subscription, wanted.type, version) }
  }
  if (schema_version === undefined) return { subscribed_event: present }
  return updateSubscribedEvent(state, { subscription_sid, event_type, schema_version })
}

export function updateSubscribedEvent(
  state: State,
  { subscription_sid, event_type, schema_version }: SubscribedEventPath & { readonly schema_version?: number }
): { subscribed_event: SubscribedEventRow } {
  const before = subscribedEventOf(state, subscription_sid, event_type)
  if (schema_version === undefined) return { subscribed_event: before }
  const version = wantedVersion(wantedType(before.type), schema_version)
  return { subscribed_event: state.change('subscribed_event', before.sid, { schema_version: version }) }
}

/** The last one stays: a subscription to nothing would be one that somebody forgot. */
export function deleteSubscribedEvent(
  state: State,
  { subscription_sid, event_type }: SubscribedEventPath
): Record<string, never> {
  const { sid, type } = subscribedEventOf(state, subscription_sid, event_type)
  if (state.tables.subscribed_event.count('subscription_sid', subscription_sid) === 1) {
    refuse('invalid', `${type} is the last type of Subscription ${subscription_sid}: delete the Subscription instead`)
  }
  state.remove('subscribed_event', sid)
  return {}
}

export function subscribedEventOf(state: State, subscription_sid: string, event_type: string): SubscribedEventRow {
  subscriptionOf(state, subscription_sid)
  return (
    find(state, subscription_sid, streamTypeOf(event_type)?.type ?? event_type) ??
    notFound(`/Subscriptions/${subscription_sid}/SubscribedEvents/${event_type}`)
  )
}

function find(state: State, subscription_sid: string, type: string): SubscribedEventRow | undefined {
  return state.tables.subscribed_event.firstBy('pair', nameKey(subscription_sid, type))
}
