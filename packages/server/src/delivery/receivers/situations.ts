import { situationErrors } from '@ringdown/contract/situation-errors'
import {
  type FeedEvent,
  isOccurrence,
  type Occurrence,
  occurrenceOf,
  type Situation,
  situations,
  writerOf
} from '@ringdown/contract/situations'
import type { SituationSubscriptionRow } from '@ringdown/engine/agents/rows'
import { isTerminated } from '@ringdown/engine/agents/subscription'
import type { State } from '@ringdown/engine/center'
import type { ParticipantRow } from '@ringdown/engine/conversations/rows'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { Cursors } from '../../log/cursor.ts'
import type { Draft, Kind, LoggedEvent, Route, RouteContext } from '../delivery.ts'
import type { DeliveryRow } from '../rows.ts'
import type { Signing } from '../sending.ts'

/** Situations by the types of events that they are made of. */
const byType = new Map<string, readonly Situation[]>()
for (const situation of situations)
  for (const type of situation.types) byType.set(type, [...(byType.get(type) ?? []), situation])

/**
 * Situations of MCP Events: an occurrence goes to every address that is subscribed to it, as the same request would have
 * got it by a poll. Of one subscription one after the other, so that a cursor which has arrived is one to go on from.
 */
export const situationWebhooks: Route = {
  isUsed: (state) => state.tables.situation_subscription.size > 0,
  wants: (type, state) =>
    (type === beginning ||
      isKeyOf(envelopes, type) ||
      byType
        .get(type)
        ?.some(({ name }) => !state || state.tables.situation_subscription.count('situation', name) > 0)) ??
    false,
  async draftsOf(event, context) {
    if (event.type === beginning) return draftsBefore(event, context)
    if (isKeyOf(envelopes, event.type)) return envelopeDrafts(event, envelopes[event.type], context)
    const told = feedEventOf(event, context.account_sid)
    const drafts: Draft[] = []
    for (const { name } of byType.get(event.type) ?? [])
      for (const subscription of context.state.tables.situation_subscription.list('situation', name)) {
        if (event.seq <= subscription.begins_after || isTerminated(subscription)) continue
        const occurrence = await occurrenceFor(subscription, told, context)
        if (occurrence) drafts.push(draftFor(subscription, event, { what: 'event', body: occurrence }))
      }
    return drafts
  }
}

const beginning = 'ringdown.situation-subscription.created'

/** What is sent about a subscription itself, by the events that tell of it (SEP-3415, what is no event). */
const envelopes = {
  'ringdown.situation-subscription.terminated': 'terminated',
  'ringdown.situation-subscription.gap': 'gap'
} as const
type Envelope = (typeof envelopes)[keyof typeof envelopes]

function envelopeDrafts(event: LoggedEvent, what: Envelope, { state, account_sid }: RouteContext): Draft[] {
  const subscription = state.find('situation_subscription', String(event.data.subscription_sid))
  if (!subscription) return []
  const error = { code: situationErrors.notAllowed, message: 'Who has subscribed may not do so any more' }
  // Whatever was to come before has come, or was given up: from there it goes on.
  const body = what === 'gap' ? { type: what, cursor: cursorsOf(account_sid).at(event.seq) } : { type: what, error }
  return [draftFor(subscription, event, { what, body })]
}

/** Events before a subscription that are looked at for it, the last ones. */
export const maxLookedBack = 10_000
const chunk = 500

/** What has happened between the place that a new subscription names and its beginning. */
async function draftsBefore({ seq, data }: LoggedEvent, context: RouteContext): Promise<Draft[]> {
  const subscription = context.state.find('situation_subscription', String(data.subscription_sid))
  if (!subscription || !context.log || typeof data.after !== 'number') return []
  const drafts: Draft[] = []
  let place = Math.max(data.after, seq - maxLookedBack)
  while (place < subscription.begins_after) {
    const events = await context.log(place, chunk)
    for (const event of events) {
      if (event.seq > subscription.begins_after) break
      const occurrence = await occurrenceFor(subscription, feedEventOf(event, context.account_sid), context)
      if (occurrence) drafts.push(draftFor(subscription, event, { what: 'event', body: occurrence }))
    }
    const last = events.at(-1)
    if (!last) break
    place = last.seq
  }
  return drafts
}

/** The occurrence that an event is to a subscription; undefined when it is none. */
async function occurrenceFor(
  { situation: name, arguments: args, rule_sid, redact, hide_customer_text }: SituationSubscriptionRow,
  event: FeedEvent,
  context: Pick<RouteContext, 'state' | 'find'>
): Promise<Occurrence | undefined> {
  const situation = situations.find((one) => one.name === name)
  if (!situation || !isOccurrence(situation, event, args, rule_sid ?? undefined)) return undefined
  const role = situation.name === 'message.added' ? await roleOf(event, context) : undefined
  if (args.role !== undefined && role !== args.role) return undefined
  return occurrenceOf(situation, event, { role, privacy: { redact, hideCustomerText: hide_customer_text } })
}

function draftFor(
  { sid, subscription_id, url }: Pick<SituationSubscriptionRow, 'sid' | 'subscription_id' | 'url'>,
  { seq, sid: event_sid, type }: Pick<LoggedEvent, 'seq' | 'sid' | 'type'>,
  { what, body }: { readonly what: Envelope | 'event'; readonly body: object }
): Draft {
  return {
    kind: 'situation_webhook',
    receiver_sid: sid,
    event: { seq, sid: event_sid, type },
    message: {
      method: 'POST',
      url,
      text: JSON.stringify(body),
      content_type: 'application/json',
      headers: { 'X-MCP-Subscription-Id': subscription_id }
    },
    order_key: sid,
    about: { subscription_sid: sid, what }
  }
}

/** Whoever has lost the right to a subscription is told so, and nothing else. */
export function isSituationWanted(state: State, sid: string, event_type: string): boolean {
  const subscription = state.find('situation_subscription', sid)
  if (!subscription) return false
  return !isTerminated(subscription) || (isKeyOf(envelopes, event_type) && envelopes[event_type] === 'terminated')
}

/** What was given up is a gap, of which the address is told when it is there again; what it did not want (410) is none. */
export const situationAnswers: Required<Pick<Kind, 'answered'>> = {
  async answered({ about, outcome, isDelivered }, ledger) {
    const { subscription_sid: sid = '', what } = about
    if (what === 'terminated') return
    if (isDelivered) {
      if (what === 'gap') await ledger.execute({ type: 'situation_subscription.tell_gap', sid })
    } else if (!('status' in outcome && outcome.status === 410))
      await ledger.execute({ type: 'situation_subscription.miss', sid, is_gap: what === 'gap' })
  }
}

const cursors = new Map<string, Cursors>()

function cursorsOf(account_sid: string): Cursors {
  const own = cursors.get(account_sid) ?? new Cursors(account_sid)
  cursors.set(account_sid, own)
  return own
}

function feedEventOf({ seq, sid, type, at, workspace_sid, description, data }: LoggedEvent, account_sid: string) {
  const instant = new Date(at).toISOString()
  return {
    sid,
    cursor: cursorsOf(account_sid).at(seq),
    type,
    at: instant,
    ...(workspace_sid && { workspace_sid }),
    description,
    data
  }
}

/** Who wrote a message, by its participant; who is gone is told by how it wrote. */
async function roleOf({ data }: FeedEvent, { state, find }: Pick<RouteContext, 'state' | 'find'>) {
  const sid = typeof data.participant_sid === 'string' ? data.participant_sid : null
  const author = typeof data.author === 'string' ? data.author : null
  const row = sid === null ? undefined : (state.resident('participant', sid) ?? (await find('participant', { sid }))[0])
  return writerOf(row && { isOutside: row.address !== null || isGuest(row) }, { participantSid: sid, author })
}

function isGuest({ attributes }: ParticipantRow): boolean {
  return Object(JSON.parse(attributes)).member_type === 'guest'
}

/** How what is sent for a subscription is signed: with its secret, and for a while with the one before. */
export function situationSigning(
  state: State,
  row: Pick<DeliveryRow, 'kind' | 'receiver_sid' | 'event_sid' | 'event_type'>,
  { open, now }: { open(sealed: string): string | undefined; readonly now: number }
): Signing | undefined {
  if (row.kind !== 'situation_webhook') return undefined
  const subscription = state.find('situation_subscription', row.receiver_sid)
  if (!subscription) return undefined
  const { sealed_secret, former_secret, former_until } = subscription
  const former = former_secret !== null && former_until !== null && now < former_until ? [former_secret] : []
  const secrets = [sealed_secret, ...former].flatMap((sealed) => open(sealed) ?? [])
  const { event_sid, event_type } = row
  return { secrets, id: isKeyOf(envelopes, event_type) ? `msg_${envelopes[event_type]}_${event_sid}` : event_sid }
}
