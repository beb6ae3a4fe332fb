import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { valueIn } from '../core/json.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type StreamType, streamTypeOf } from './catalogue.ts'
import type { SinkRow, SubscribedEventRow, SubscriptionRow } from './rows.ts'
import { checkDescription } from './sink.ts'

/** `types`: objects, or their JSON texts, with `type` and, unless it is to be the latest, `schema_version` (reference events 1). */
export function createSubscription(
  state: State,
  params: { readonly description: string; readonly sink_sid: string; readonly types: readonly unknown[] }
): { subscription: SubscriptionRow } {
  const { account_sid } = state
  checkDescription(params.description)
  const { sid: sink_sid } = activeSink(state, params.sink_sid)
  const wanted = wantedTypes(params.types)
  const subscription = state.insert('subscription', { account_sid, description: params.description, sink_sid })
  for (const [{ type }, schema_version] of wanted) addSubscribedEvent(state, subscription, type, schema_version)
  return { subscription }
}

/** May also move it to another sink, as older samples do. */
export function updateSubscription(
  state: State,
  params: { readonly sid: string; readonly description?: string; readonly sink_sid?: string }
): { subscription: SubscriptionRow } {
  const before = subscriptionOf(state, params.sid)
  const { description } = params
  if (description !== undefined) checkDescription(description)
  const sink_sid = params.sink_sid ? activeSink(state, params.sink_sid).sid : before.sink_sid
  const subscription = state.change('subscription', before.sid, {
    sink_sid,
    ...(description !== undefined && { description })
  })
  return { subscription }
}

export function deleteSubscription(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const subscription = subscriptionOf(state, sid)
  for (const event of [...state.tables.subscribed_event.by('subscription_sid', sid)]) {
    state.remove('subscribed_event', event.sid)
  }
  state.remove('subscription', subscription.sid)
  return {}
}

export function subscriptionOf(state: State, sid: string): SubscriptionRow {
  return state.tables.subscription.find(sid) ?? notFound(`/Subscriptions/${sid}`)
}

export function addSubscribedEvent(
  state: State,
  { sid: subscription_sid, account_sid }: SubscriptionRow,
  type: string,
  schema_version: number
): SubscribedEventRow {
  return state.insert('subscribed_event', { account_sid, subscription_sid, type, schema_version })
}

function activeSink(state: State, sid: string): SinkRow {
  const sink = state.tables.sink.find(sid) ?? refuse('invalid', `Value '${sid}' provided for SinkSid does not exist`)
  if (sink.status !== 'active') refuse('invalid', `Sink ${sid} is ${sink.status}, and must be active`)
  return sink
}

function wantedTypes(types: readonly unknown[]): (readonly [type: StreamType, schema_version: number])[] {
  if (types.length === 0) refuse('invalid', 'A Subscription needs at least one of Types')
  const wanted = types.map((given) => {
    const one: unknown = typeof given === 'string' ? valueIn(given) : given
    const { type, schema_version }: Readonly<Record<string, unknown>> = isJsonObject(one) ? one : {}
    if (typeof type !== 'string') refuse('invalid', 'Each of Types must be a JSON object with type and schema_version')
    const found = wantedType(type)
    return [found, wantedVersion(found, schema_version ?? undefined)] as const
  })
  const names = wanted.map(([{ type }]) => type)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) refuse('invalid', `Types names ${twice} more than once`)
  return wanted
}

/** The type that one may subscribe to, or 400 (reference events 1). */
export function wantedType(name: string): StreamType {
  const found = streamTypeOf(name) ?? refuse('invalid', `Event type '${name}' does not exist`)
  if (found.status === 'available' || found.status === 'deprecated') return found
  return refuse('invalid', `Event type ${found.type} is ${found.status} and cannot be subscribed to`)
}

/** A version of the type's schema: the latest unless it is given. */
export function wantedVersion({ type, latest_version }: StreamType, version: unknown): number {
  if (version === undefined) return latest_version
  const number = typeof version === 'string' && /^\d{1,9}$/.test(version) ? Number(version) : version
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= latest_version) return number
  return refuse('invalid', `Event type ${type} has schema versions from 1 to ${latest_version}`)
}
