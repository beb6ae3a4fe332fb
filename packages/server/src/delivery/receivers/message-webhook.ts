import type { CommandOf } from '@ringdown/engine/commands'
import type { WebhookProblem, WebhookReply } from '@ringdown/engine/messaging/webhook-answer'
import { countryOf } from '@ringdown/engine/numbers/country'
import { flowSidIn } from '@ringdown/engine/numbers/flow-url'
import { inboundRouteOf } from '@ringdown/engine/numbers/inbound-route'
import { readAnswer, type TwimlMeaning } from '../../twiml/answer.ts'
import type { TwimlElement } from '../../twiml/document.ts'
import type { Answered, Draft, Kind, LoggedEvent, Outcome, Parameters, Route, RouteContext } from '../delivery.ts'
import { askedAgain, codeIn, failureCodes } from '../failure-code.ts'
import { textOf } from './taskrouter.ts'

/*
 * The webhook of a number, a channel's sender or a messaging service: it is asked what to do with a message that no
 * conversation has taken, and answers with TwiML, with text, or with nothing (reference messaging 2.1, 2.3 and 4).
 */

const received = 'channel_message.received'
const redirected = 'ringdown.message-webhook.redirected'

/**
 * What the events tell of a message that came in. Its media and what else the channel told are JSON text: a list of
 * `ReceivedMedia`, and an object of texts by the names that webhooks have for them.
 */
type ReceivedData = LoggedEvent['data']

interface ReceivedMedia {
  readonly sid: string
  readonly content_type: string | null
  /** Where it is while it is not kept here. */
  readonly url: string | null
}

export const messageWebhook: Route = {
  isUsed: ({ tables }) => tables.messaging_use.size > 0,

  wants: (type) => type === received || type === redirected,

  draftsOf(event, context): readonly Draft[] {
    const { data } = event
    // A conversation has taken it.
    if (textOf(data.conversation_sid) !== undefined) return []
    const route = inboundRouteOf(context.state, textOf(data.to) ?? '')
    const isFirst = event.type === received
    const url = isFirst ? route?.url : textOf(data.url)
    if (url === undefined || (isFirst && isFlow(url, context))) return []
    const method = (isFirst ? route?.method : textOf(data.method)) === 'GET' ? 'GET' : 'POST'
    const { seq, sid, type } = event
    return [
      {
        kind: 'message_webhook',
        receiver_sid: route?.receiver_sid ?? event.resource_sid,
        event: { seq, sid, type },
        message: { method, url, parameters: parametersOf(data, context) },
        ...(route?.fallback_url && { fallback_url: route.fallback_url }),
        about: {
          message_sid: event.resource_sid,
          hop: textOf(data.hop) ?? '0',
          fallback_method: route?.fallback_method ?? 'POST'
        }
      }
    ]
  }
}

/** A flow has heard of it inside the engine. */
function isFlow(url: string, { account_sid, state }: RouteContext): boolean {
  return state.find('flow', flowSidIn(url, account_sid)) !== undefined
}

function parametersOf(data: ReceivedData, { account_sid, public_url = '' }: RouteContext): Parameters {
  const sid = textOf(data.channel_message_sid) ?? ''
  const [from, to] = [textOf(data.from) ?? '', textOf(data.to) ?? '']
  const media: readonly ReceivedMedia[] = JSON.parse(textOf(data.media) ?? '[]') // as the engine wrote it
  const told: Readonly<Record<string, string>> = JSON.parse(textOf(data.told) ?? '{}') // as above
  const values: Record<string, string | undefined> = {
    MessageSid: sid,
    SmsSid: sid,
    SmsMessageSid: sid,
    AccountSid: account_sid,
    MessagingServiceSid: textOf(data.messaging_service_sid),
    From: from,
    To: to,
    Body: textOf(data.body) ?? '',
    NumMedia: String(media.length),
    NumSegments: textOf(data.num_segments) ?? '1',
    SmsStatus: 'received',
    ApiVersion: '2010-04-01',
    FromCountry: countryIn(from),
    ToCountry: countryIn(to),
    ...Object.fromEntries(
      media.flatMap(({ sid: media_sid, content_type, url }, at) => [
        [`MediaUrl${at}`, url ?? `${public_url}/2010-04-01/Accounts/${account_sid}/Messages/${sid}/Media/${media_sid}`],
        [`MediaContentType${at}`, content_type ?? 'application/octet-stream']
      ])
    )
  }
  const all = { ...told, ...values }
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function countryIn(address: string): string | undefined {
  return address.startsWith('+') ? (countryOf(address) ?? undefined) : undefined
}

/** How the webhook is asked: when its answer has arrived, what it leads to, and what the fallback is told beside. */
export const messageWebhookAnswers: Required<Pick<Kind, 'refusal' | 'fallback' | 'answered'>> = {
  refusal(outcome) {
    const meaning = meaningOf(outcome)
    return 'problem' in meaning ? `${meaning.problem.code}: ${meaning.problem.message}` : undefined
  },

  fallback: askedAgain,

  async answered(answer, ledger) {
    const { message_sid, hop } = answer.about
    if (message_sid === undefined) throw new Error('invariant: a webhook of a message is about a message')
    const means = obeyed(answer)
    const isNothing = means.replies.length + means.problems.length === 0 && means.redirect === null
    if (isNothing) return
    await ledger.execute({ type: 'message_webhook.answer', message_sid, hop: Number(hop), ...means })
  }
}

function meaningOf(outcome: Outcome): TwimlMeaning {
  if ('failed' in outcome) return { problem: { code: failureCodes[outcome.failed], message: outcome.reason } }
  return readAnswer(outcome, 'message')
}

type Meaning = Pick<CommandOf<'message_webhook.answer'>, 'replies' | 'redirect' | 'problems'>

/** Messages that one answer sends at most. */
const maxReplies = 30

/** What an answer asks for, and what was wrong on the way to it. */
function obeyed({ outcome, message, first_refusal }: Answered): Meaning {
  if (!('parameters' in message)) throw new Error('invariant: a webhook of a message is asked by parameters')
  const form = new Map(message.parameters)
  const { url } = message
  const problems: WebhookProblem[] = []
  if (first_refusal !== undefined) {
    const { code, message: reason } = codeIn(first_refusal)
    problems.push({ code, reason, url: form.get('ErrorUrl') ?? url, level: 'error' })
  }
  const meaning = meaningOf(outcome)
  const nothing = { replies: [], redirect: null, problems }
  if ('problem' in meaning) {
    const { code, message: reason } = meaning.problem
    problems.push({ code, reason, url, level: 'error' })
    return nothing
  }
  const pair = { to: form.get('From') ?? '', from: form.get('To') ?? '' }
  if ('plain' in meaning) return { ...nothing, replies: [{ ...pair, body: meaning.plain }] }
  const warn = (code: number, reason: string) => problems.push({ code, reason, url, level: 'warning' })
  for (const { code, message: reason } of meaning.warnings) warn(code, reason)
  // Nothing after a redirect is reached.
  const end = meaning.verbs.findIndex(({ verb }) => verb === 'Redirect')
  const messages = end < 0 ? meaning.verbs : meaning.verbs.slice(0, end)
  if (messages.length > maxReplies) warn(12200, `of ${messages.length} messages the first ${maxReplies} are sent`)
  const replies = messages.slice(0, maxReplies).map((verb) => replyOf(verb, pair, url))
  const redirect = end < 0 ? null : redirectOf(meaning.verbs[end], url)
  if (redirect === undefined) warn(11100, 'Redirect leads to what is no address of the web')
  return { replies, redirect: redirect ?? null, problems }
}

function replyOf(
  { attributes, text, children = [] }: TwimlElement,
  { to, from }: { readonly to: string; readonly from: string },
  base: string
): WebhookReply {
  const texts = (verb: string) => children.flatMap((child) => (child.verb === verb ? (child.text ?? '') : []))
  const [bodies, media] = [texts('Body'), texts('Media')]
  const callback = attributes.statusCallback || attributes.action
  return {
    to: attributes.to || to,
    from: attributes.from || from,
    body: bodies.length > 0 ? bodies.join('') : (text ?? ''),
    media_url: media.map((url) => resolved(url, base) ?? url),
    ...(callback && { status_callback: resolved(callback, base) ?? callback })
  }
}

function redirectOf(verb: TwimlElement | undefined, base: string): Meaning['redirect'] | undefined {
  const url = resolved(verb?.text ?? '', base)
  return url === undefined
    ? undefined
    : { url, method: verb?.attributes.method?.toUpperCase() === 'GET' ? 'GET' : 'POST' }
}

/** An address as a document at another address means it; undefined where it is none of the web. */
function resolved(url: string, base: string): string | undefined {
  if (!URL.canParse(url, base)) return undefined
  const { href, protocol } = new URL(url, base)
  return /^https?:$/.test(protocol) ? href : undefined
}
