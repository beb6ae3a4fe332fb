import { type EventData, quotes, sentenceOf } from '@ringdown/contract/event-sentence'
import { customersNotice } from '@ringdown/contract/masking'
import { storedOr } from '../json.ts'
import { type Outcome, pick, type Row, sizeOf } from '../results.ts'

/** An event as either backend tells it. */
export interface ReportedEvent {
  /** `EV…`; a message that is read from its conversation has none. */
  readonly eventSid?: string | undefined
  readonly type: string
  /** ISO 8601. */
  readonly at: string
  readonly description: string
  readonly data: EventData
}

/** Some events, and the place after each; `cursor` is the place after all that was looked at. */
export interface ReportedEvents<T extends ReportedEvent = ReportedEvent> {
  readonly events: readonly T[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly truncated: boolean
}

/** Of a wait that does not say otherwise: seconds, and events of one answer. */
export const usualWait_s = 20
export const usualEvents = 20

const shownFields = ['eventSid', 'type', 'at', 'summary', 'taskSid', 'workerSid', 'conversationSid']
/** Bytes for the events of one result, so that the rest of it has room. */
const room_bytes = 18_000

/** The row of an event: `data` comes only with `fields`. Throws Fault `bad_value` for an unknown field. */
function rowOf({ eventSid, type, at, description, data }: ReportedEvent, fields: readonly string[] | undefined): Row {
  const row = {
    eventSid,
    type,
    at,
    summary: sentenceOf(type, data, description),
    taskSid: data.task_sid,
    workerSid: data.worker_sid,
    conversationSid: data.conversation_sid ?? data.media_channel_sid,
    data: Object.fromEntries(
      Object.entries(data).map(([name, value]) => [name, name.endsWith('attributes') ? storedOr(value) : value])
    )
  }
  return pick(row, shownFields, fields)
}

/**
 * The result of a wait: as many events as one result holds; `cursorAfter` says where to go on when it is not all of them.
 * What is not so (`hasMore`, `truncated`) is left out: most waits end with nothing, and a model pays for every word.
 */
export function outcomeOf<T extends ReportedEvent>(
  { events, cursor, hasMore, truncated }: ReportedEvents<T>,
  fields: readonly string[] | undefined,
  cursorAfter: (event: T) => string
): Outcome {
  const rows: Row[] = []
  let size = 0
  for (const event of events) {
    const row = rowOf(event, fields)
    size += sizeOf(row) + 1
    if (size > room_bytes && rows.length > 0) break
    rows.push(row)
  }
  const last = rows.length < events.length ? events[rows.length - 1] : undefined
  return {
    events: rows,
    cursor: last ? cursorAfter(last) : cursor,
    hasMore: hasMore || last !== undefined || undefined,
    truncated: truncated || undefined,
    notice: events.some(({ type }) => quotes(type)) ? customersNotice : undefined
  }
}
