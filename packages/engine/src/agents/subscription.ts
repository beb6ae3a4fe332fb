import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuseWith } from '../core/refusals.ts'
import type { SituationSubscriptionRow } from './rows.ts'
import { keepRule, wantedSituation } from './rule.ts'

/** Subscriptions of one key, or of the account. */
const maxSubscriptions = 100
/** How long a secret that was replaced signs as well, in milliseconds. */
const former_ms = 600_000
/** How long a subscription that was taken away is kept, so that its address can be told: as long as that is tried. */
const farewell_ms = 1_200_000

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
  const known = standingSubscription(state, subscription_id)
  const shared = { ends_at, rule_sid, redact, hide_customer_text }
  if (known) {
    const secret = is_same_secret
      ? {}
      : { sealed_secret, former_secret: known.sealed_secret, former_until: state.at + former_ms }
    return { situation_subscription: state.change('situation_subscription', known.sid, { ...shared, ...secret }) }
  }
  // Whoever asks again for what was taken away has it anew.
  const ended = state.tables.situation_subscription.firstBy('subscription_id', subscription_id)
  if (ended) state.remove('situation_subscription', ended.sid)
  const others = state.tables.situation_subscription.list('owner_sid', owner_sid)
  if (others.filter((one) => !isTerminated(one)).length >= maxSubscriptions)
    return refuseWith('too_many', `SituationSubscriptions of one key are at most ${maxSubscriptions}`, {
      limit: maxSubscriptions
    })
  const situation_subscription = state.insert('situation_subscription', {
    account_sid: state.account_sid,
    ...{ subscription_id, situation: situation.name, arguments: args, owner_sid, url, sealed_secret },
    ...{ former_secret: null, former_until: null, begins_after: state.next_event - 1 },
    ...{ terminated_at: null, gap_since: null },
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
  const found = state.tables.situation_subscription.find(sid)
  return found && !isTerminated(found) ? found : notFound(`/SituationSubscriptions/${sid}`)
}

/** What a subscriber knows by this id; undefined where there is none, or it was taken away. */
export function standingSubscription(state: State, subscription_id: string): SituationSubscriptionRow | undefined {
  const found = state.tables.situation_subscription.firstBy('subscription_id', subscription_id)
  return found && !isTerminated(found) ? found : undefined
}

/** Whether its owner has lost the right to it. Rows of before there was such a thing have no word of it. */
export const isTerminated = ({ terminated_at }: SituationSubscriptionRow): boolean => terminated_at != null

/** Takes away all that somebody has subscribed to; each address is told. */
export function terminateSubscriptions(state: State, owner_sid: string): void {
  for (const row of state.tables.situation_subscription.list('owner_sid', owner_sid)) {
    if (isTerminated(row)) continue
    const gone = { terminated_at: state.at, ends_at: state.at + farewell_ms }
    const situation_subscription = state.change('situation_subscription', row.sid, gone)
    state.emit('ringdown.situation-subscription.terminated', { situation_subscription })
  }
}

export interface MissSituation {
  readonly sid: string
  /** Whether it is the news of a gap that has not arrived. */
  readonly is_gap: boolean
}

/** Something was given up: its address is told that there is a gap, once, and again until it knows. */
export function missSituation(state: State, { sid, is_gap }: MissSituation): Record<string, never> {
  const row = state.tables.situation_subscription.find(sid)
  if (!row || isTerminated(row) || (row.gap_since != null && !is_gap)) return {}
  const situation_subscription = state.change('situation_subscription', sid, { gap_since: row.gap_since ?? state.at })
  state.emit('ringdown.situation-subscription.gap', { situation_subscription })
  return {}
}

/** The address knows of its gap. */
export function tellGap(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  if (state.tables.situation_subscription.find(sid)) state.change('situation_subscription', sid, { gap_since: null })
  return {}
}

/** Nobody has said in time that it is still wanted. */
export function subscriptionEnds(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('situation_subscription', sid)
  return {}
}
