import { InvalidRequest, inScope, type PageRequest, parseForm, shown } from '@ringdown/contract/form'
import { scopeOf, sealed } from '@ringdown/contract/page-scope'
import { decodeToken, encodeToken } from '@ringdown/contract/paging'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import type { Message } from '../delivery/delivery.ts'
import type { Sender } from '../delivery/sender.ts'
import type { DeliveryQuery, DeliveryRow } from '../store/deliveries.ts'
import type { Answers, Subject } from './answer.ts'
import { askingWho, type Credentials, callerOf } from './credentials.ts'
import { HttpRefusal, notAllowed, notFound } from './errors.ts'
import { baseOf, type OriginOptions } from './origin.ts'

/*
 * What was sent and what came of it: ours, not Twilio's. Same credentials and envelopes as the APIs, field names in
 * snake_case, instants in ISO 8601.
 */

interface DeliveriesOptions {
  readonly credentials: Credentials
  readonly ledger: (account_sid: string) => Ledger | undefined
  readonly sender: (account_sid: string) => Sender | undefined
  readonly origin: OriginOptions
}

const list: Subject = { id: 'ringdown.list_deliveries', product: undefined }
const fetch: Subject = { id: 'ringdown.fetch_delivery', product: undefined }
const replay: Subject = { id: 'ringdown.replay_delivery', product: undefined }

const path = '/ringdown/v1/Deliveries'

const states = ['queued', 'delivered', 'failed']

/** Parameters of the list, and the columns that must hold their values. */
const filters = {
  Destination: 'destination',
  Receiver: 'receiver_sid',
  EventType: 'event_type',
  State: 'state',
  Kind: 'kind'
} as const satisfies Record<string, keyof DeliveryQuery['where']>

/**
 * `GET /ringdown/v1/Deliveries` lists deliveries, the latest events' first; filters are Destination, Receiver, EventSid,
 * EventType, State and Kind, paging is that of the APIs. `GET …/Deliveries/{DV…}` shows one with its last attempts and the
 * message, without its credentials. `POST …/Deliveries/{DV…}` sends it again, at once and under the same token: 202, or
 * 409/20409 while it is queued, since then it will be sent anyway.
 */
export function mountDeliveries(app: FastifyInstance, answers: Answers, options: DeliveriesOptions): void {
  const onRequest = askingWho(options.credentials)
  const senderFor = (request: FastifyRequest): Sender => {
    const { account_sid } = callerOf(request)
    const sender = options.ledger(account_sid) && options.sender(account_sid)
    if (!sender) throw new Unavailable(`account ${account_sid} is not served here`)
    return sender
  }
  const placeOf = (request: FastifyRequest) => `${baseOf(request.raw, 'ringdown', false, options.origin)}/v1/Deliveries`
  const send = (request: FastifyRequest, reply: FastifyReply, subject: Subject, status: number, body: object) =>
    answers.send(request, reply, subject, status, JSON.stringify(body))

  app.get(path, { onRequest, config: { subject: list } }, async (request, reply) => {
    const sender = senderFor(request)
    const { text } = request.query as { text: string } // made by the server's query parser
    const form = parseForm(text)
    const page = pageOf(form)
    const cursor = page.page_token === null ? null : decodeToken(page.page_token)
    const isBack = cursor?.direction === 'before'
    const [after] = cursor?.key ?? []
    if (cursor && typeof after !== 'string')
      throw new InvalidRequest('Parameter PageToken is invalid: it names no delivery', 'PageToken')
    const event_sid = last(form, 'EventSid')
    const event_seq = event_sid === undefined ? undefined : await seqOf(request, event_sid)
    const rows =
      event_seq === null
        ? []
        : await sender.list({
            where: whereOf(form),
            ...(event_seq !== undefined && { event_seq }),
            ...(typeof after === 'string' && { after }),
            descending: !isBack,
            limit: page.page_size + 1
          })
    const hasMore = rows.length > page.page_size
    const listed = rows.slice(0, page.page_size)
    if (isBack) listed.reverse()
    const [first, end] = [listed[0], listed.at(-1)]
    const next = end && (isBack || hasMore) ? encodeToken({ direction: 'after', key: [end.sid] }) : null
    const previous =
      first && (isBack ? hasMore : cursor) ? encodeToken({ direction: 'before', key: [first.sid] }) : null
    const place = placeOf(request)
    return send(request, reply, list, 200, {
      meta: metaOf(place, text, page, next, previous),
      deliveries: listed.map((row) => summaryOf(row, place))
    })
  })

  app.get(`${path}/:sid`, { onRequest, config: { subject: fetch } }, async (request, reply) => {
    const sender = senderFor(request)
    const row = await sender.find(sidOf(request))
    if (!row) throw notFound(`/Deliveries/${sidOf(request)}`)
    return send(request, reply, fetch, 200, detailsOf(row, placeOf(request)))
  })

  app.post(`${path}/:sid`, { onRequest, config: { subject: replay } }, async (request, reply) => {
    const sender = senderFor(request)
    const row = await sender.replay(sidOf(request))
    if (!row) throw notFound(`/Deliveries/${sidOf(request)}`)
    if (row === 'queued')
      throw new HttpRefusal({ status: 409, code: 20409, message: 'The delivery is queued: it will be sent anyway' })
    return send(request, reply, replay, 202, detailsOf(row, placeOf(request)))
  })

  const refusing = { onRequest: [onRequest, notAllowed], handler: notAllowed }
  app.route({ ...refusing, method: ['POST', 'PUT', 'PATCH', 'DELETE'], url: path, config: { subject: list } })
  app.route({ ...refusing, method: ['PUT', 'PATCH', 'DELETE'], url: `${path}/:sid`, config: { subject: fetch } })

  /** Place of an event in the log; null when there is none. */
  async function seqOf(request: FastifyRequest, sid: string): Promise<number | null> {
    const { account_sid } = callerOf(request)
    const found = await options.ledger(account_sid)?.reading((readings, account) => readings.event(account, sid))
    return found?.seq ?? null
  }
}

/** Nothing else is the SID of a delivery, and not every store takes every text. */
function sidOf(request: FastifyRequest): string {
  const { sid } = request.params as { readonly sid: string } // of the route's own path
  return /^DV[0-9a-f]{32}$/.test(sid) ? sid : refuseSid(sid)
}

function refuseSid(sid: string): never {
  throw notFound(`/Deliveries/${sid}`)
}

type Form = ReturnType<typeof parseForm>

function last(form: Form, name: string): string | undefined {
  const text = form.get(name)?.at(-1)
  return text === '' ? undefined : text
}

function whereOf(form: Form): DeliveryQuery['where'] {
  const state = last(form, 'State')
  const known = states.find((one) => one === state?.trim().toLowerCase())
  if (state !== undefined && known === undefined) {
    const expected = `one of ${states.join(', ')} is expected, not '${shown(state)}'`
    throw new InvalidRequest(`Parameter State is invalid: ${expected}`, 'State')
  }
  const where = Object.fromEntries(Object.entries(filters).map(([name, column]) => [column, last(form, name)]))
  return { ...where, state: known }
}

function pageOf(form: Form): PageRequest {
  const position = {
    page: integer(form, 'Page', 0, 0, Number.MAX_SAFE_INTEGER),
    page_size: integer(form, 'PageSize', 50, 1, 1000),
    page_token: last(form, 'PageToken') ?? null
  }
  const asked = ['EventSid', ...Object.keys(filters)].map((name) => [name, last(form, name)] as const)
  return inScope(position, scopeOf('Deliveries', {}, asked))
}

function integer(form: Form, name: string, standard: number, least: number, most: number): number {
  const text = last(form, name)
  if (text === undefined) return standard
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text) || value < least)
    throw new InvalidRequest(
      `Parameter ${name} is invalid: an integer of at least ${least} is expected, not '${shown(text)}'`,
      name
    )
  return Math.min(value, most)
}

function metaOf(url: string, query: string, page: PageRequest, next: string | null, previous: string | null): object {
  const kept = query.split('&').filter((part) => part !== '' && !/^Page(Size|Token)?(=|$)/.test(part))
  const urlOf = (number: number, token: string | null) => {
    const position = [`PageSize=${page.page_size}`, `Page=${number}`]
    return `${url}?${[...kept, ...position, ...(token === null ? [] : [`PageToken=${sealed(token, page.scope)}`])].join('&')}`
  }
  return {
    page: page.page,
    page_size: page.page_size,
    first_page_url: urlOf(0, null),
    previous_page_url: previous === null ? null : urlOf(Math.max(page.page - 1, 0), previous),
    url: urlOf(page.page, page.page_token),
    next_page_url: next === null ? null : urlOf(page.page + 1, next),
    key: 'deliveries'
  }
}

function summaryOf(row: DeliveryRow, place: string): object {
  const { sid, event_sid, event_type, kind, receiver_sid, destination, state, attempts, last_error } = row
  return {
    sid,
    event_sid,
    event_type,
    kind,
    receiver_sid,
    destination,
    state,
    attempts,
    last_error,
    date_created: instant(row.created_at),
    date_updated: instant(row.updated_at),
    date_due: instant(row.due_at),
    date_finished: instant(row.finished_at),
    date_given_up_after: instant(row.window_ends_at),
    url: `${place}/${sid}`
  }
}

function detailsOf(row: DeliveryRow, place: string): object {
  const attempts = JSON.parse(row.attempts_log) as { readonly at: number }[] // as the sender wrote it
  return {
    ...summaryOf(row, place),
    about: row.about === null ? {} : JSON.parse(row.about),
    is_fallback: row.leg === 1,
    fallback_url: row.fallback_url === null ? null : withoutCredentials(row.fallback_url),
    first_refusal: row.first_refusal,
    last_attempts: attempts.map(({ at, ...attempt }) => ({ date: instant(at), ...attempt })),
    message: redacted(JSON.parse(row.message) as Message) // as the reader wrote it
  }
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** A message without what authenticates us at its receiver. */
function redacted(message: Message): object {
  if (message.method !== 'kinesis') return { ...message, url: withoutCredentials(message.url) }
  return { ...message, stream: { ...message.stream, external_id: 'redacted' } }
}

function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text
  const url = new URL(text)
  if (url.username === '' && url.password === '') return text
  url.username = 'redacted'
  url.password = ''
  return url.href
}
