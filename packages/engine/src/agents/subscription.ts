import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuseWith } from '../core/refusals.ts'
import type { SituationSubscriptionRow } from './rows.ts'
import { keepRule, wantedSituation } from './rule.ts'

/** Subscriptions of one key, or of the account. */
const maxSubscriptions = 100
/** How long a secret that was replaced signs as well, in milliseconds. */
const former_ms = 600_000

/** A subscription as somebody wants it; the secret is sealed already, and the address has shown that it is theirs. */
export interface KeepSubscription {
  readonly subscription_id: string
  readonly situation: string
  readonly arguments: unknown
  readonly owner_sid: string
  readonly url: string
  readonly sealed_secret: string
  /** Whether the secret is the one that is there: the same sealed twice is not the same text. */
  readonly is_same_secret: boolean
  readonly ends_at: number
  /** Seq of the event after which everything is sent; null: from now on. Of a subscription that is there, nothing is repeated. */
  readonly after: number | null
  readonly redact: boolean
  readonly hide_customer_text: boolean
}

/**
 * Sends a situation to an address from now on, or goes on with it: the same id is the same subscription, which gets a new
 * end, and a new secret where it is another one. Refuses what `keepRule` refuses, and more than `maxSubscriptions`.
 */
export function keepSubscription(
  state: State,
  { is_same_secret, after, ...params }: KeepSubscription
): { situation_subscription: SituationSubscriptionRow } {
  const { subscription_id, owner_sid, url, sealed_secret, ends_at, redact, hide_customer_text } = params
  const { situation, args } = wantedSituation(params)
  const rule_sid = situation.ruled ? keepRule(state, { ...params, until: ends_at }).situation_rule.sid : null
  const known = state.tables.situation_subscription.firstBy('subscription_id', subscription_id)
  const shared = { ends_at, rule_sid, redact, hide_customer_text }
  if (known) {
    const secret = is_same_secret
      ? {}
      : { sealed_secret, former_secret: known.sealed_secret, former_until: state.at + former_ms }
    return { situation_subscription: state.change('situation_subscription', known.sid, { ...shared, ...secret }) }
  }
  if (state.tables.situation_subscription.count('owner_sid', owner_sid) >= maxSubscriptions)
    return refuseWith('too_many', `SituationSubscriptions of one key are at most ${maxSubscriptions}`, {
      limit: maxSubscriptions
    })
  const situation_subscription = state.insert('situation_subscription', {
    account_sid: state.account_sid,
    ...{ subscription_id, situation: situation.name, arguments: args, owner_sid, url, sealed_secret },
    ...{ former_secret: null, former_until: null, begins_after: state.next_event - 1 },
    ...shared
  })
  state.emit('ringdown.situation-subscription.created', { situation_subscription, extra: { after } })
  return { situation_subscription }
}

export function deleteSituationSubscription(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('situation_subscription', situationSubscriptionOf(state, sid).sid)
  return {}
}

export function situationSubscriptionOf(state: State, sid: string): SituationSubscriptionRow {
  return state.find('situation_subscription', sid) ?? notFound(`/SituationSubscriptions/${sid}`)
}

/** Nobody has said in time that it is still wanted. */
export function subscriptionEnds(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('situation_subscription', sid)
  return {}
}
