import { isKeyOf } from '@ringdown/engine/core/keys'
import type { DeliveryKind, Draft, Kind, Message, Parameters } from './delivery.ts'
import { type DeliveryRow, deliverySid } from './rows.ts'

/** A draft as the row that is written for it, due at once. */
export function rowOf(
  { kind, receiver_sid, event, message, fallback_url, order_key, about, retries }: Draft,
  now: number,
  { retry }: Kind
): DeliveryRow {
  return {
    sid: deliverySid(event.seq, `${kind}/${receiver_sid}/${event.sid}`),
    event_seq: event.seq,
    event_sid: event.sid,
    event_type: event.type,
    kind,
    receiver_sid,
    destination: destinationOf(message),
    order_key: order_key ?? null,
    state: 'queued',
    leg: 0,
    attempts: 0,
    tries: 0,
    due_at: now,
    created_at: now,
    updated_at: now,
    finished_at: null,
    window_ends_at: retry.window_ms === undefined ? null : now + retry.window_ms,
    fallback_url: fallback_url ?? null,
    about: aboutOf(about, retries),
    message: JSON.stringify(message),
    attempts_log: '[]',
    first_refusal: null,
    last_error: null
  }
}

/**
 * What concurrency and the breaker are kept by: the address, the stream, or the carrier. Not the host alone: what one program there
 * answers says nothing about the next.
 */
export function destinationOf(message: Message): string {
  if (message.method === 'carrier') return `carrier/${message.carrier}`
  return message.method === 'kinesis' ? message.stream.arn : urlPlace(message.url)
}

/** `https://acme.example:8443/hook`, without query and credentials; what is no address has a place of its own, too. */
export function urlPlace(url: string): string {
  const { origin, pathname } = URL.canParse(url) ? new URL(url) : { origin: 'null', pathname: '' }
  return origin === 'null' ? 'invalid' : `${origin}${pathname}`
}

/** The message of a row as it is sent now: to the fallback where that is its turn, with the number of tries before. */
export function queuedMessage(row: DeliveryRow, kind: Kind): Message {
  const { counted } = kind
  const message: Message = JSON.parse(row.message) // as rowOf wrote it
  if (message.method === 'kinesis' || message.method === 'carrier') return message
  if (kind.fallback && row.leg === 1 && row.fallback_url !== null && 'parameters' in message) {
    const { fallback_url, first_refusal } = row
    return kind.fallback({ message, fallback_url, first_refusal: first_refusal ?? '', about: queuedAbout(row) })
  }
  const url = row.leg === 1 && row.fallback_url !== null ? row.fallback_url : message.url
  if (counted === undefined || !('parameters' in message)) return { ...message, url }
  const others = message.parameters.filter(([name]) => name !== counted)
  const parameters: Parameters = [...others, [counted, String(row.attempts)]]
  return { ...message, url, parameters }
}

/** JSON of SIDs, and of how often it is tried again where that is not the kind's business. */
function aboutOf(about: Draft['about'], retries: number | undefined): string | null {
  if (about === undefined && retries === undefined) return null
  return JSON.stringify({ ...about, ...(retries !== undefined && { retries: String(retries) }) })
}

/** SIDs for the kind's `answered`. */
export function queuedAbout({ about }: DeliveryRow): Readonly<Record<string, string>> {
  return about === null ? {} : JSON.parse(about) // as rowOf wrote it
}

/** The kind of a row. A store may hold rows of a kind that this program does not know: they are not sent. */
export function kindOf({ kind }: DeliveryRow, kinds: Readonly<Record<DeliveryKind, Kind>>): Kind | undefined {
  return isKeyOf(kinds, kind) ? kinds[kind] : undefined
}
