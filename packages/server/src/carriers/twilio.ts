import { parseForm } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '@ringdown/engine/core/json'
import { settingOf } from '@ringdown/engine/messaging/lookup'
import { isSignedFor } from '../network/twilio-signature.ts'
import type { BroughtFile, Carrier, CarrierContext, News, OutboundMessage, WebhookRequest } from './carrier.ts'
import { type Evidence, giveParts, type PartOutcome, taggedIn } from './giving.ts'
import { askNetwork, basePlace, retryAfter, type WebOutcome } from './web.ts'
import { webhookPathOf } from './webhook-path.ts'

/*
 * Twilio as a carrier, for numbers that are there: its Messages API takes what goes out, its webhook of a number brings what
 * comes in, and its status callbacks say what has become of messages (reference messaging 1 and 2).
 *
 * Configuration: `account_sid`; `api_key_sid` where the secret is a key's; `base_url`; `content_sids`, an object of our
 * templates' SIDs and theirs. Secrets: `auth_token`, which signs what comes in, and `api_key_secret`.
 */
export const twilioCarrier: Carrier = {
  async send(message, context) {
    const missing = whatIsMissing(context)
    if (missing !== null) return { error_code: 63001, error_message: missing, trouble: true }
    const form = formOf(message, context)
    if (typeof form === 'string') return { error_code: 63019, error_message: form, trouble: true }
    return giveParts([() => create(form, message, context)], message, context, lookedFor(message, context))
  },

  async test(context) {
    const missing = whatIsMissing(context)
    if (missing !== null) return missing
    const outcome = await call(context, { path: '.json' })
    if ('failed' in outcome) return `Twilio cannot be reached: ${outcome.failed}`
    if (outcome.status === 200 && isJsonObject(valueIn(outcome.body))) return null
    return `Twilio answered ${outcome.status}${saidOf(outcome.body)}`
  },

  webhook: {
    max_body_bytes: 64 * 1024,
    repeats: false,
    reply: { type: 'text/xml', body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' },

    isSigned({ headers, body, urls }, { secrets }) {
      const { auth_token } = secrets
      if (!auth_token) return false
      return isSignedFor(headers['x-twilio-signature'], auth_token, {
        urls,
        parameters: pairsOf(body.toString('utf8'))
      })
    },

    read(request, context) {
      const form = new Map(pairsOf(request.body.toString('utf8')))
      const sid = form.get('MessageSid') ?? form.get('SmsSid') ?? ''
      if (!/^(?:SM|MM)[0-9a-f]{32}$/i.test(sid)) return undefined
      const status = form.get('MessageStatus') ?? form.get('SmsStatus') ?? ''
      if (status === 'received' || status === 'receiving') return [messageIn(sid, form, context)]
      return statusIn(sid, status, form, request)
    }
  }
}

function whatIsMissing({ carrier, secrets }: CarrierContext): string | null {
  const { account_sid, auth } = accountOf({ carrier, secrets })
  if (!/^AC[0-9a-f]{32}$/i.test(account_sid)) return 'Configuration has no account_sid of Twilio'
  return auth === undefined ? 'Secrets has no auth_token, nor the api_key_secret of Configuration’s api_key_sid' : null
}

function accountOf({ carrier, secrets }: Pick<CarrierContext, 'carrier' | 'secrets'>) {
  const account_sid = String(settingOf(carrier, 'account_sid') ?? '')
  const key = settingOf(carrier, 'api_key_sid')
  const [user, secret] =
    typeof key === 'string' && key !== '' ? [key, secrets.api_key_secret] : [account_sid, secrets.auth_token]
  return { account_sid, auth: secret ? basic(user, secret) : undefined }
}

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

interface Call {
  /** Below the account's resource. */
  readonly path: string
  readonly form?: URLSearchParams
  /** An idempotency key, where the other side knows them. */
  readonly key?: string
}

function call(context: CarrierContext, { path, form, key }: Call): Promise<WebOutcome> {
  const { account_sid, auth = '' } = accountOf(context)
  const base = basePlace(settingOf(context.carrier, 'base_url'), 'https://api.twilio.com')
  return askNetwork(
    {
      method: form ? 'POST' : 'GET',
      url: `${base}/2010-04-01/Accounts/${account_sid}${path}`,
      headers: {
        Authorization: auth,
        ...(form && { 'Content-Type': 'application/x-www-form-urlencoded' }),
        ...(key !== undefined && { 'Idempotency-Key': key })
      },
      ...(form && { body: form.toString() })
    },
    context
  )
}

/** The message as Twilio's API takes it; a text where a file cannot be shown to it. */
function formOf(message: OutboundMessage, context: CarrierContext): URLSearchParams | string {
  const { sid, from, to, body, media, valid_ms, content_sid, content_variables } = message
  const { carrier, public_url, files } = context
  const form = new URLSearchParams({ From: from, To: to })
  const theirs = theirContent(carrier, content_sid)
  if (theirs !== undefined) {
    form.set('ContentSid', theirs)
    if (content_variables) form.set('ContentVariables', content_variables)
  } else {
    if (body) form.set('Body', body)
    for (const { sid: media_sid, url } of media) {
      const address = url ?? files?.link(media_sid)
      if (address === undefined) return 'Files are fetched from this server: start it with --public-url'
      form.append('MediaUrl', address)
    }
  }
  if (public_url !== undefined && carrier)
    form.set('StatusCallback', `${public_url}${webhookPathOf(carrier.sid)}?Message=${sid}`)
  if (valid_ms !== null) form.set('ValidityPeriod', String(Math.min(36_000, Math.max(1, Math.ceil(valid_ms / 1000)))))
  return form
}

/** What a template of ours is called there. */
function theirContent(carrier: CarrierContext['carrier'], content_sid: string | null): string | undefined {
  const known = settingOf(carrier, 'content_sids')
  const theirs = content_sid !== null && isJsonObject(known) ? known[content_sid] : undefined
  return typeof theirs === 'string' ? theirs : undefined
}

async function create(form: URLSearchParams, { sid }: OutboundMessage, context: CarrierContext): Promise<PartOutcome> {
  const outcome = await call(context, { path: '/Messages.json', form, key: sid })
  if ('failed' in outcome) return { away: outcome.failed, isUnsure: !outcome.isSure }
  const { status, headers, body } = outcome
  const answer = valueIn(body)
  const named = isJsonObject(answer) && typeof answer.sid === 'string' ? answer.sid : undefined
  if (status >= 200 && status < 300 && named !== undefined) return { taken: named }
  const code = isJsonObject(answer) && typeof answer.code === 'number' ? answer.code : undefined
  const said = `Twilio answered ${status}${saidOf(body)}`
  if (status === 429) return { away: said, after_ms: retryAfter(headers) ?? 1_000 }
  if (status === 401 || code === 20003) return { error_code: 63001, error_message: said, trouble: true }
  // Only a refusal of its API says that the message was not taken.
  if (code === undefined || status < 400 || status >= 500) return { away: said, isUnsure: true }
  return { error_code: code, error_message: said, ...(status === 403 && { trouble: true }) }
}

/** Milliseconds after which a request without an answer has arrived or never will; and by how much clocks may differ. */
const settled_ms = 5_000
const skew_ms = 60_000

/**
 * Looks for a message that Twilio may have: it lists those between two addresses. One with the same text, made since, that is
 * not another message of ours is the one.
 */
function lookedFor({ from, to, body, media }: OutboundMessage, context: CarrierContext): Evidence {
  return async (_part, since) => {
    if (context.now() - since < settled_ms) return 'unknown'
    const query = new URLSearchParams({ From: from, To: to, PageSize: '50' })
    const outcome = await call(context, { path: `/Messages.json?${query}` })
    const answer = 'failed' in outcome || outcome.status !== 200 ? undefined : valueIn(outcome.body)
    const list = isJsonObject(answer) ? answer.messages : undefined
    if (!Array.isArray(list)) return 'unknown'
    for (const one of list.filter(isJsonObject)) {
      const isOut = String(one.direction).startsWith('outbound')
      const isSame = one.body === (body ?? '') && Number(one.num_media) === media.length
      const isSince = Date.parse(String(one.date_created)) >= since - skew_ms
      if (isOut && isSame && isSince && typeof one.sid === 'string' && !(await isAnothers(one.sid, context)))
        return { taken: one.sid }
    }
    return 'not there'
  }
}

async function isAnothers(provider_sid: string, { ledger, carrier }: CarrierContext): Promise<boolean> {
  const known = await ledger.find('channel_message', { provider_sid, carrier_sid: carrier?.sid ?? '' })
  return known.length > 0
}

/** ` 21211: Invalid 'To' address`; nothing where it is no error of its API. */
function saidOf(body: string): string {
  const answer = valueIn(body)
  if (!isJsonObject(answer) || typeof answer.message !== 'string') return ''
  return ` ${typeof answer.code === 'number' ? `${answer.code}: ` : ''}${answer.message.slice(0, 200)}`
}

// What comes in

function pairsOf(text: string): (readonly [string, string])[] {
  return [...parseForm(text)].flatMap(([name, values]) => values.map((value) => [name, value] as const))
}

/** Parameters of a webhook that are kept with a message, and handed on under the same names (reference messaging 2.1). */
const keptParameters: readonly string[] = [
  ...['ProfileName', 'MessageType', 'ButtonText', 'ButtonPayload', 'ListId', 'ListTitle', 'Latitude', 'Longitude'],
  ...['Address', 'Label', 'Forwarded', 'FrequentlyForwarded', 'ReferralBody', 'ReferralHeadline', 'ReferralSourceId'],
  ...['ReferralSourceType', 'ReferralSourceUrl', 'ReferralCtwaClid', 'ChannelMetadata', 'FromCountry', 'ToCountry'],
  ...['FromCity', 'FromState', 'FromZip', 'ToCity', 'ToState', 'ToZip']
]
const maxTold = 1_024
const maxFiles = 10

function messageIn(sid: string, form: ReadonlyMap<string, string>, context: CarrierContext): News {
  const { auth } = accountOf(context)
  const base = basePlace(settingOf(context.carrier, 'base_url'), 'https://api.twilio.com')
  const count = Math.min(maxFiles, Number(form.get('NumMedia')) || 0)
  const files = Array.from({ length: count }, (_, at): BroughtFile | undefined => {
    const url = form.get(`MediaUrl${at}`)
    if (!url) return undefined
    // Our credentials go to Twilio only, and to no other host that a message may name.
    const isTheirs = URL.canParse(url) && new URL(url).origin === new URL(base).origin
    return { at: { url, ...(isTheirs && auth !== undefined && { headers: { Authorization: auth } }) } }
  })
  const told = keptParameters.flatMap((name) => {
    const value = form.get(name)
    return value ? [[name, value.slice(0, maxTold)] as const] : []
  })
  const [latitude, longitude] = [form.get('Latitude'), form.get('Longitude')]
  const place = latitude && longitude ? [form.get('Label'), form.get('Address'), `${latitude},${longitude}`] : []
  return {
    news: 'message',
    message: {
      provider_sid: sid,
      from: form.get('From') ?? '',
      to: form.get('To') ?? '',
      body: form.get('Body') || place.filter(Boolean).join('\n'),
      files: files.filter((file) => file !== undefined),
      told: Object.fromEntries(told),
      replies_to: form.get('OriginalRepliedMessageSid') || undefined,
      at: context.now()
    }
  }
}

const statuses = ['sent', 'delivered', 'undelivered', 'failed', 'read'] as const

function statusIn(
  provider_sid: string,
  text: string,
  form: ReadonlyMap<string, string>,
  { query }: WebhookRequest
): readonly News[] {
  const status = form.get('EventType') === 'READ' ? 'read' : statuses.find((one) => one === text)
  const named = new URLSearchParams(query).get('Message') ?? undefined
  const code = Number(form.get('ErrorCode'))
  const said = form.get('ErrorMessage') ?? form.get('ChannelStatusMessage')
  return [
    {
      news: 'status',
      provider_sid,
      ...taggedIn(named),
      status,
      ...(code > 0 && { error_code: code }),
      ...(said && { error_message: said.slice(0, 300) })
    }
  ]
}
