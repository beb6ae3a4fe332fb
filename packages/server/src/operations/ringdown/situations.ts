import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { InvalidRequest } from '@ringdown/contract/form'
import { planOf } from '@ringdown/engine/agents/plan'
import type { SituationRuleRow, SituationSubscriptionRow } from '@ringdown/engine/agents/rows'
import { ruleLife_ms, situationRuleOf, wantedSituation } from '@ringdown/engine/agents/rule'
import { isTerminated, situationSubscriptionOf, standingSubscription } from '@ringdown/engine/agents/subscription'
import type { State } from '@ringdown/engine/center'
import { refuseWith } from '@ringdown/engine/core/refusals'
import { Unavailable } from '../../commit/ledger.ts'
import type { Outcome } from '../../delivery/delivery.ts'
import { maxLookedBack } from '../../delivery/receivers/situations.ts'
import { FeedFilter } from '../../realtime/feed/event.ts'
import type { Feed } from '../../realtime/feed/feed.ts'
import { type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'
import { pageOf } from '../listing.ts'

/** What secrets of subscriptions are sealed for. */
export const situationSecretsOf = (account_sid: string): string => `${account_sid} situations`

export const situationNouns: Readonly<Record<string, Noun>> = {
  situation_rule: noun({
    kind: 'situation_rule',
    find: ({ state }, { sid }: One) => situationRuleOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
    represent: representRule
  }),
  situation_subscription: noun({ kind: 'situation_subscription' }),
  change_plan: noun({ kind: 'change_plan', find: ({ state }, { sid }: One) => planOf(state, sid) })
}

function representRule(_state: State, { beyond_since, wanted: _, ...row }: SituationRuleRow) {
  return { ...row, is_beyond: beyond_since !== null }
}

export const situationHandlers = {
  async 'ringdown_v1.CreateSituationRule'({ params: { situation, arguments: given = '{}' } }, context) {
    const { name, args } = wantedOf(situation, given)
    const wanted = JSON.stringify([name, args])
    const known = context.state.tables.situation_rule.firstBy('wanted', wanted)
    // Who asks again and again, as polls do, changes nothing as long as it stands for a while.
    if (known && known.ends_at > context.now() + ruleLife_ms / 2) return representRule(context.state, known)
    return context.answer({ type: 'situation_rule.create', situation, arguments: given }, ({ situation_rule }) =>
      representRule(context.state, situation_rule)
    )
  },

  async 'ringdown_v1.ListSituationSubscription'({ params: { situation, url }, page }, context) {
    const { state } = context
    const keep = (row: SituationSubscriptionRow) =>
      !isTerminated(row) &&
      (situation === undefined || row.situation === situation) &&
      (url === undefined || row.url === url)
    const of = { table: state.tables.situation_subscription, index: 'account_sid', key: state.account_sid }
    const { items, ...places } = pageOf(of, page, { keep })
    return { ...places, items: await Promise.all(items.map((row) => represented(row, context))) }
  },

  'ringdown_v1.FetchSituationSubscription'({ path: { sid } }, context) {
    return represented(situationSubscriptionOf(context.state, sid), context)
  },

  async 'ringdown_v1.CreateSituationSubscription'({ params }, context) {
    const { state, ledger, feed, now } = context
    const { url, secret, cursor, situation, redact = false, hide_customer_text = false } = params
    if (!feed) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
    const owner_sid = ownerOf(context)
    checkPlace(url)
    checkSecret(secret)
    const from = cursor === undefined ? undefined : feed.cursors.seqOf(cursor)
    const { name, args, text } = wantedOf(situation, params.arguments ?? '{}')
    const subscription_id = idOf([owner_sid, url, name, args])
    const known = standingSubscription(state, subscription_id)
    await proved(context, { owner_sid, url, secret, subscription_id })
    const sealing = sealingOf(context)
    const of = situationSecretsOf(ledger.account_sid)
    const { situation_subscription: row } = await context.execute({
      type: 'situation_subscription.create',
      ...{ subscription_id, situation: name, arguments: text, owner_sid, url, redact, hide_customer_text },
      sealed_secret: sealing.seal(secret, of),
      is_same_secret: known !== undefined && sealing.open(known.sealed_secret, of) === secret,
      after: from ?? null,
      ends_at: now() + Math.min(Math.max(params.ttl_ms ?? usual_ms, minLife_ms), maxLife_ms)
    })
    const truncated = from !== undefined && !known && (await isTruncated(feed, from, row))
    // What is known to have arrived is the subscriber's to say; without a word of it, it goes on from now.
    const at = cursor ?? feed.cursors.at(row.begins_after)
    return { ...(await represented(row, context)), cursor: at, truncated }
  }
} satisfies Handlers

const usual_ms = 3_600_000
const minLife_ms = 60_000
const maxLife_ms = 7 * 86_400_000

function wantedOf(situation: string, given: string) {
  const { situation: one, args } = wantedSituation({ situation, arguments: given })
  return { name: one.name, args, text: JSON.stringify(args) }
}

/** The account, or the key, that asks. A token ends, and with it who would be told. */
function ownerOf({ exchange, ledger }: Context): string {
  const actor = exchange?.actor
  if (!actor) return ledger.account_sid
  if (actor.type === 'key' && actor.sid !== null && actor.on_behalf_of === undefined) return actor.sid
  throw new InvalidRequest('Only the account and its API keys may subscribe: a token ends', undefined, {
    code: 20403,
    status: 403
  })
}

/** Hidden addresses, which only a server that allows them dials, may do without encryption. */
function checkPlace(url: string): void {
  const place = URL.canParse(url) ? new URL(url) : undefined
  const isHere = place?.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(place.hostname)
  if (!place || !(place.protocol === 'https:' || isHere) || url.length > 2_000)
    throw new InvalidRequest('Parameter Url is invalid: an address that begins with https:// is expected', 'Url')
  if (place.username || place.password || place.hash)
    throw new InvalidRequest('Parameter Url is invalid: it must hold neither credentials nor a fragment', 'Url')
}

function checkSecret(secret: string): void {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const { length } = Buffer.from(base64, 'base64')
  if (length < 24 || length > 64)
    throw new InvalidRequest('Parameter Secret is invalid: whsec_ and base64 of 24 to 64 bytes is expected', 'Secret')
}

function idOf(key: readonly unknown[]): string {
  return `sub_${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)}`
}

/** Milliseconds in which an address has to echo a challenge. */
const challenge_ms = 10_000

/** Asks an address that is new to its owner whether it wants what comes. Refuses when it does not say so. */
async function proved(
  { state, ask }: Context,
  {
    owner_sid,
    url,
    secret,
    subscription_id
  }: { readonly owner_sid: string; readonly url: string; readonly secret: string; readonly subscription_id: string }
): Promise<void> {
  const isKnown = state.tables.situation_subscription.list('owner_sid', owner_sid).some((one) => one.url === url)
  if (isKnown) return
  const challenge = randomBytes(24).toString('base64url')
  const outcome = await ask(
    {
      method: 'POST',
      url,
      text: JSON.stringify({ type: 'verification', challenge }),
      content_type: 'application/json',
      headers: { 'X-MCP-Subscription-Id': subscription_id }
    },
    {
      timeout_ms: challenge_ms,
      signing: { secrets: [secret], id: `msg_verification_${randomBytes(9).toString('base64url')}` }
    }
  )
  const reason = refusalOf(outcome, challenge)
  if (reason) refuseWith('invalid', `Url did not echo the challenge: ${reason}`, { reason })
}

function refusalOf(outcome: Outcome, challenge: string): string | undefined {
  if ('failed' in outcome) {
    if (outcome.failed === 'timeout') return 'timeout'
    return outcome.failed === 'certificate' ? 'tls_error' : 'connection_refused'
  }
  if (outcome.status < 200 || outcome.status > 299) return 'challenge_failed'
  let echoed: unknown
  try {
    echoed = Object(JSON.parse(outcome.body)).challenge
  } catch {
    return 'challenge_failed'
  }
  const [given, due] = [Buffer.from(String(echoed)), Buffer.from(challenge)]
  return given.length === due.length && timingSafeEqual(given, due) ? undefined : 'challenge_failed'
}

function sealingOf({ admission }: Context) {
  if (!admission) throw new Error('invariant: a server with accounts can seal')
  return admission.sealing
}

/** Whether some of what happened between a place and now is not sent: it is not kept any more, or too much. */
async function isTruncated(feed: Feed, from: number, { begins_after }: SituationSubscriptionRow): Promise<boolean> {
  if (begins_after - from > maxLookedBack) return true
  const filter = new FeedFilter([], [])
  const cursor = feed.cursors.at(from)
  const page = await feed.poll({ cursor, since: undefined, filter, limit: 1, wait_ms: 0, presence: false }, never)
  return page.isTruncated
}

const never = new AbortController().signal

/** A subscription without its secrets, with what has become of its last delivery. */
async function represented(row: SituationSubscriptionRow, { sender }: Context) {
  const { sealed_secret: _, former_secret: __, former_until: ___, begins_after: ____, ...shown } = row
  const [last] =
    (await sender?.list({ where: { receiver_sid: row.sid, state: 'delivered' }, descending: true, limit: 1 })) ?? []
  const [failed] =
    (await sender?.list({ where: { receiver_sid: row.sid, state: 'failed' }, descending: true, limit: 1 })) ?? []
  const isFailing = failed !== undefined && failed.event_seq > (last?.event_seq ?? -1)
  return {
    ...shown,
    webhook_url: row.url,
    refresh_before: row.ends_at,
    cursor: null,
    truncated: false,
    status: {
      active: true,
      last_delivery_at: last?.finished_at == null ? null : new Date(last.finished_at).toISOString(),
      last_error: isFailing ? categoryOf(failed.last_error ?? '') : null
    }
  }
}

/** Why something did not arrive, in the words of SEP-3415: nothing that an address has answered is repeated. */
function categoryOf(error: string): string {
  const [, status] = /^answered (\d)/.exec(error) ?? []
  if (status !== undefined) return `http_${status}xx`
  if (error.startsWith('timeout')) return 'timeout'
  return error.startsWith('certificate') ? 'tls_error' : 'connection_refused'
}
