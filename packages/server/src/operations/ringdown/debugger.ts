import type { PageRequest } from '@ringdown/contract/form'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { decodeToken } from '@ringdown/contract/paging'
import { errorEvents } from '@ringdown/engine/event-streams/catalogue'
import type { DeliveryRow } from '../../delivery/rows.ts'
import { EventSearch } from '../../log/event-search.ts'
import { lookBackMs } from '../../log/retention.ts'
import { troubleIn } from '../../log/trouble.ts'
import type { StoredEvent } from '../../store/store.ts'
import type { Context, Handlers, Listed } from '../handler.ts'
import { badToken, wholePage } from '../listing.ts'

export type Trouble = OperationTypes['ringdown_v1.ListDebuggerEntry']['row']
type Params = OperationTypes['ringdown_v1.ListDebuggerEntry']['params']

/** What went wrong, with its place among its own kind. */
interface Found {
  readonly at: number
  readonly source: number
  readonly place: number | string
  readonly row: Trouble
  /** Whether it stands in the list, as far as nobody asks for less. */
  readonly isShown: boolean
}

/** Types of the log that tell of it. */
const types = errorEvents

/** Deliveries that are questions: what came of one is told by an event of the log, with the reason. */
const toldByEvents: readonly string[] = ['assignment_callback', 'call_document', 'message_webhook']

/** Readings of each kind for one page: where hardly anything fits a filter, the page is short and another one follows. */
const maxReadings = 10

/** One list of everything that went wrong, each once: what the log tells, and deliveries that were given up. */
export const debuggerHandlers = {
  'ringdown_v1.ListDebuggerEntry': ({ params, page }, context) => troublesOf(context, params, page)
} satisfies Handlers

/** A page of what went wrong, the newest first. Filters are looked at row by row: a page may be short, and another one follows. */
export async function troublesOf(context: Context, params: Params, page: PageRequest | null): Promise<Listed<Trouble>> {
  const { page_size, page_token } = page ?? wholePage
  const places = placesIn(page_token)
  await context.ledger.settled()
  const found: Found[] = []
  let isMore = true
  for (let reading = 0; reading < maxReadings && isMore && found.length <= page_size; reading++) {
    const read = await Promise.all(
      [...types.keys(), types.length].map((source) =>
        readFrom(context, params, { source, after: places[source] ?? null, limit: page_size + 1 })
      )
    )
    const all = read.flat().sort((a, b) => b.at - a.at || a.source - b.source)
    isMore = all.length > 0
    for (const one of all.slice(0, page_size + 1)) {
      if (found.length > page_size) break
      if (one.isShown && fits(one.row, params)) found.push(one)
      if (found.length <= page_size) places[one.source] = one.place
    }
  }
  const items = found.slice(0, page_size).map(({ row }) => row)
  const isCut = found.length > page_size
  return { items, next: isCut || isMore ? { direction: 'after', key: places } : null, previous: null }
}

/** One of them, by the SID of its event or its delivery; undefined where there is none, or none any more. */
export async function troubleOf(context: Context, sid: string): Promise<Trouble | undefined> {
  await context.ledger.settled()
  if (sid.startsWith('DV')) {
    const delivery = await context.sender?.find(sid)
    return delivery?.state === 'failed' && !toldByEvents.includes(delivery.kind) ? ofDelivery(delivery) : undefined
  }
  const event = await context.ledger.reading((log, account_sid) => new EventSearch(log).find(account_sid, sid))
  return event && types.some((type) => type === event.type) ? ofEvent(event) : undefined
}

/** One place for each kind. */
function placesIn(token: string | null): (number | string | null)[] {
  const key = token === null ? null : decodeToken(token).key
  if (key === null) return [...types.map(() => null), null]
  return key.length === types.length + 1 ? [...key] : badToken()
}

interface Asked {
  readonly source: number
  readonly after: number | string | null
  readonly limit: number
}

async function readFrom(context: Context, params: Params, { source, after, limit }: Asked): Promise<Found[]> {
  const now = context.now()
  const [from, until] = [params.from ?? now - lookBackMs, params.until ?? now]
  const type = types[source]
  if (type === undefined) {
    const rows = await context.sender?.list({
      where: { state: 'failed' },
      event_seq: undefined,
      ...(typeof after === 'string' && { after }),
      descending: true,
      limit
    })
    return (rows ?? []).map((row) => ({
      ...{ at: row.finished_at ?? row.updated_at, source, place: row.sid, row: ofDelivery(row) },
      isShown: row.created_at >= from && row.created_at <= until && !toldByEvents.includes(row.kind)
    }))
  }
  const rows = await context.ledger.reading((log, account_sid) =>
    new EventSearch(log).page({
      account_sid,
      where: { type },
      from,
      until,
      ...(typeof after === 'number' && { after }),
      descending: true,
      limit
    })
  )
  return rows.map((row) => ({ at: row.at, source, place: row.seq, row: ofEvent(row), isShown: true }))
}

function fits({ product, level }: Trouble, params: Params): boolean {
  return (
    (params.product === undefined || params.product === product) &&
    (params.level === undefined || params.level === level)
  )
}

interface EventWords {
  readonly description: string
  readonly resource_type: string
  readonly resource_sid: string
  readonly data: Readonly<Record<string, string | number | boolean | null>>
}

function ofEvent({ sid, type, at, data: text }: StoredEvent): Trouble {
  const { description, resource_type, resource_sid, data }: EventWords = JSON.parse(text) // as the batch wrote it
  return { sid, date_created: at, ...troubleIn(type, data, description), resource_type, resource_sid, details: data }
}

function ofDelivery(row: DeliveryRow): Trouble {
  const { sid, kind, receiver_sid, destination, attempts, last_error, event_type } = row
  const code = Number(/^(\d{5}):/.exec(last_error ?? '')?.[1] ?? 11200)
  return {
    sid,
    date_created: row.finished_at ?? row.updated_at,
    level: 'error',
    product: 'webhooks',
    error_code: code,
    message: `${kind} to ${destination} was given up: ${last_error ?? 'it did not arrive'}`,
    resource_type: 'delivery',
    resource_sid: receiver_sid,
    details: { kind, destination, attempts, event_type, event_sid: row.event_sid }
  }
}
