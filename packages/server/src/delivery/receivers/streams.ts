import type { State } from '@ringdown/engine/center'
import type { StreamType } from '@ringdown/engine/event-streams/catalogue'
import type { SinkRow } from '@ringdown/engine/event-streams/rows'
import { type CloudEvent, cloudEventOf, streamTypesOf } from '../cloud-event.ts'
import type { Draft, LoggedEvent, Message, Route, RouteContext } from '../delivery.ts'
import { trackMessage } from '../segment.ts'

/**
 * Event Streams: an event goes to the sink of every subscription that names its type, once for each (reference events 2),
 * as the subscriptions are when the log is read. A test goes to its sink alone. In no particular order.
 */
export const streams: Route = {
  isUsed: (state) => state.tables.sink.size > 0,
  wants: (type, state) =>
    type === 'sink.test' || streamTypesOf(type).some((told) => !state || isSubscribed(state, told.type)),
  draftsOf(event, context) {
    if (event.type === 'sink.test') return testDrafts(event, context)
    return streamTypesOf(event.type).flatMap((type) => (isTold(event, type) ? draftsOfType(event, type, context) : []))
  }
}

/** Of the status callbacks of calls those are told that somebody wanted (reference events 4). */
function isTold({ data }: LoggedEvent, { type }: StreamType): boolean {
  return !type.startsWith('com.twilio.voice.status-callback.call.') || data.callback_url !== undefined
}

function isSubscribed(state: State, type: string): boolean {
  return state.tables.subscribed_event.count('type', type) > 0
}

function draftsOfType(event: LoggedEvent, type: StreamType, { state, account_sid }: RouteContext): Draft[] {
  const drafts: Draft[] = []
  for (const { subscription_sid, schema_version } of state.tables.subscribed_event.by('type', type.type)) {
    const sink = sinkOf(state, subscription_sid)
    if (sink?.status !== 'active') continue
    const told = cloudEventOf(event, type, schema_version, account_sid)
    drafts.push(draftOf(event, subscription_sid, messageTo(sink, told, state)))
  }
  return drafts
}

/** The sink may be gone by now. */
function testDrafts(event: LoggedEvent, { state, account_sid }: RouteContext): Draft[] {
  const sink = state.find('sink', event.resource_sid)
  const [type] = streamTypesOf(event.type)
  if (!sink || !type) return []
  const told = cloudEventOf(event, type, type.latest_version, account_sid)
  return [draftOf(event, sink.sid, messageTo(sink, told, state))]
}

function sinkOf(state: State, subscription_sid: string): SinkRow | undefined {
  return state.find('sink', state.find('subscription', subscription_sid)?.sink_sid)
}

function draftOf({ seq, sid, type }: LoggedEvent, receiver_sid: string, message: Message): Draft {
  return { kind: 'event_stream', receiver_sid, event: { seq, sid, type }, message }
}

/** A webhook gets an array, of one event also where it would take several, and by POST also where it asked for GET. */
function messageTo({ sink_type, sink_configuration }: SinkRow, event: CloudEvent, state: State): Message {
  // That they are there, and texts, was checked when the sink was made.
  const text = (name: string) => String(sink_configuration[name])
  switch (sink_type) {
    case 'kinesis': {
      const stream = { arn: text('arn'), role_arn: text('role_arn'), external_id: text('external_id') }
      return { method: 'kinesis', stream, json: JSON.stringify(event) }
    }
    case 'segment':
      return trackMessage(event, text('write_key'), state.account_sid, state.settings.segment_url)
    default:
      return { method: 'POST', url: text('destination'), json: JSON.stringify([event]) }
  }
}
