import type { Draft, Route } from '../delivery.ts'
import { textOf } from './taskrouter.ts'

/**
 * Messages to those outside: each goes to its carrier once it is durable. A carrier has a place of its own, and so have all
 * virtual phones together; between two addresses messages keep their order.
 */
export const carrierMessages: Route = {
  isUsed: ({ tables }) => tables.messaging_use.size > 0,

  wants: (type) => type === 'channel_message.queued',

  draftsOf(event): readonly Draft[] {
    const message_sid = event.resource_sid
    const carrier_sid = textOf(event.data.carrier_sid)
    // One that is lost already knows no carrier.
    if (carrier_sid === undefined) return []
    const { seq, sid, type, data } = event
    return [
      {
        kind: 'carrier_message',
        receiver_sid: message_sid,
        event: { seq, sid, type },
        message: { method: 'carrier', carrier: carrier_sid.startsWith('XC') ? carrier_sid : 'virtual', message_sid },
        order_key: `${data.from} ${data.to}`,
        about: { message_sid }
      }
    ]
  }
}
