import { InvalidRequest } from '@ringdown/contract/form'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { decodeToken } from '@ringdown/contract/paging'
import { notFound } from '@ringdown/engine/core/parameters'
import { refuse } from '@ringdown/engine/core/refusals'
import { Unavailable } from '../../commit/ledger.ts'
import type { Attempt } from '../../delivery/attempt.ts'
import type { Message } from '../../delivery/delivery.ts'
import type { DeliveryRow } from '../../delivery/rows.ts'
import type { Sender } from '../../delivery/sender.ts'
import { EventSearch } from '../../log/event-search.ts'
import type { Context, Handlers } from '../handler.ts'
import { cut, emptyPage, mappedPage, wholePage } from '../listing.ts'

/** What was sent and what came of it. The sender has the rows: one that is sent again goes on its way at once. */
export const deliveryHandlers = {
  async 'ringdown_v1.ListDelivery'({ params: { event_sid, receiver, ...others }, page }, context) {
    const sender = senderOf(context)
    const { page_size, page_token } = page ?? wholePage
    const cursor = page_token === null ? null : decodeToken(page_token)
    const [after] = cursor?.key ?? []
    if (cursor && typeof after !== 'string')
      throw new InvalidRequest('Parameter PageToken is invalid: it names no delivery', 'PageToken')
    const event_seq = event_sid === undefined ? undefined : await seqOf(context, event_sid)
    if (event_seq === null) return emptyPage
    const rows = await sender.list({
      where: { ...others, receiver_sid: receiver },
      event_seq,
      ...(typeof after === 'string' && { after }),
      // The latest events' first.
      descending: cursor?.direction !== 'before',
      limit: page_size + 1
    })
    return mappedPage(
      cut(rows, page_size, cursor, ({ sid }) => [sid]),
      summaryOf
    )
  },

  async 'ringdown_v1.FetchDelivery'({ path: { sid } }, context) {
    return detailsOf((await senderOf(context).find(sid)) ?? notFound(`/Deliveries/${sid}`))
  },

  async 'ringdown_v1.UpdateDelivery'({ path: { sid } }, context) {
    const row = await senderOf(context).replay(sid)
    if (row === 'queued') return refuse('conflict', 'The delivery is queued: it will be sent anyway')
    return detailsOf(row ?? notFound(`/Deliveries/${sid}`))
  }
} satisfies Handlers

function senderOf({ sender, ledger }: Context): Sender {
  if (!sender) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
  return sender
}

/** Place of an event in the log; null when there is none. */
async function seqOf({ ledger }: Context, sid: string): Promise<number | null> {
  const found = await ledger.reading((log, account_sid) => new EventSearch(log).find(account_sid, sid))
  return found?.seq ?? null
}

function summaryOf(row: DeliveryRow) {
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
    date_created: row.created_at,
    date_updated: row.updated_at,
    date_due: row.due_at,
    date_finished: row.finished_at,
    date_given_up_after: row.window_ends_at
  }
}

function detailsOf(row: DeliveryRow) {
  const attempts: readonly Attempt[] = JSON.parse(row.attempts_log) // as delivery/attempt.ts wrote it
  const message: Message = JSON.parse(row.message) // as rowOf wrote it
  return {
    ...summaryOf(row),
    about: row.about === null ? {} : JSON.parse(row.about),
    is_fallback: row.leg === 1,
    fallback_url: row.fallback_url === null ? null : withoutCredentials(row.fallback_url),
    first_refusal: row.first_refusal,
    last_attempts: attempts.map(({ at, ...attempt }) => ({ date: isoMilliseconds(at), ...attempt })),
    message: redacted(message)
  }
}

/** A message without what authenticates us at its receiver. */
function redacted(message: Message): object {
  if (message.method === 'carrier') return message
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
