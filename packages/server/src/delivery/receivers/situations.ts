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
import type { State } from '@ringdown/engine/center'
import type { ParticipantRow } from '@ringdown/engine/conversations/rows'
import { Cursors } from '../../log/cursor.ts'
import type { Draft, LoggedEvent, Route, RouteContext } from '../delivery.ts'
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
      byType
        .get(type)
        ?.some(({ name }) => !state || state.tables.situation_subscription.count('situation', name) > 0)) ??
    false,
  async draftsOf(event, context) {
    if (event.type === beginning) return draftsBefore(event, context)
    const told = feedEventOf(event, context.account_sid)
    const drafts: Draft[] = []
    for (const { name } of byType.get(event.type) ?? [])
      for (const subscription of context.state.tables.situation_subscription.list('situation', name)) {
        if (event.seq <= subscription.begins_after) continue
        const occurrence = await occurrenceFor(subscription, told, context)
        if (occurrence) drafts.push(occurrenceDraft(subscription, event, occurrence))
      }
    return drafts
  }
}

const beginning = 'ringdown.situation-subscription.created'

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
      if (occurrence) drafts.push(occurrenceDraft(subscription, event, occurrence))
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

function occurrenceDraft(
  { sid, subscription_id, url }: Pick<SituationSubscriptionRow, 'sid' | 'subscription_id' | 'url'>,
  { seq, sid: event_sid, type }: Pick<LoggedEvent, 'seq' | 'sid' | 'type'>,
  occurrence: Occurrence
): Draft {
  return {
    kind: 'situation_webhook',
    receiver_sid: sid,
    event: { seq, sid: event_sid, type },
    message: {
      method: 'POST',
      url,
      text: JSON.stringify(occurrence),
      content_type: 'application/json',
      headers: { 'X-MCP-Subscription-Id': subscription_id }
    },
    order_key: sid
  }
}

const cursors = new Map<string, Cursors>()

function feedEventOf({ seq, sid, type, at, workspace_sid, description, data }: LoggedEvent, account_sid: string) {
  const own = cursors.get(account_sid) ?? new Cursors(account_sid)
  cursors.set(account_sid, own)
  const instant = new Date(at).toISOString()
  return { sid, cursor: own.at(seq), type, at: instant, ...(workspace_sid && { workspace_sid }), description, data }
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
  row: Pick<DeliveryRow, 'kind' | 'receiver_sid' | 'event_sid'>,
  { open, now }: { open(sealed: string): string | undefined; readonly now: number }
): Signing | undefined {
  if (row.kind !== 'situation_webhook') return undefined
  const subscription = state.find('situation_subscription', row.receiver_sid)
  if (!subscription) return undefined
  const { sealed_secret, former_secret, former_until } = subscription
  const former = former_secret !== null && former_until !== null && now < former_until ? [former_secret] : []
  return { secrets: [sealed_secret, ...former].flatMap((sealed) => open(sealed) ?? []), id: row.event_sid }
}
