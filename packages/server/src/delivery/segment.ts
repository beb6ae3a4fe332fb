import type { CloudEvent } from './cloud-event.ts'
import type { Message } from './delivery.ts'

/**
 * A CloudEvent as Segment's `track`: the type is the event, what it holds its properties (reference events 3). The write
 * key is the user of Basic authorization. `endpoint` is where Segment answers, without a slash at its end.
 */
export function trackMessage(event: CloudEvent, write_key: string, account_sid: string, endpoint: string): Message {
  const url = new URL(`${endpoint}/v1/track`)
  url.username = encodeURIComponent(write_key)
  const track = {
    event: event.type,
    properties: event.data,
    // Segment wants to know who did it, and drops what it has seen under the same id.
    userId: account_sid,
    messageId: event.id,
    timestamp: event.time,
    context: { source: event.source, dataschema: event.dataschema }
  }
  return { method: 'POST', url: url.href, json: JSON.stringify(track) }
}
