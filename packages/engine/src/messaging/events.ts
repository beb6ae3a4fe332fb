import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import type { CarrierRow, ChannelMessageRow, ChannelMessageStatus, PhoneMessageRow, PhoneRow } from './rows.ts'

/*
 * What the log tells of messages on channels. `channel_message.received` has all that a webhook of the number is told
 * (reference messaging 2.1), the others what a status callback is (reference messaging 2.2).
 */
export const messagingEvents = {
  'channel_message.accepted': ofMessage('accepted'),
  'channel_message.scheduled': ofMessage('scheduled'),
  'channel_message.queued': ofMessage('queued'),
  'channel_message.sent': ofMessage('sent'),
  'channel_message.delivered': ofMessage('delivered'),
  'channel_message.undelivered': ofMessage('not delivered'),
  'channel_message.failed': ofMessage('failed'),
  'channel_message.read': ofMessage('read'),
  'channel_message.canceled': ofMessage('canceled'),
  'channel_message.received': ofMessage('received'),
  'channel_message.redacted': ofGone('redacted'),
  'channel_message.removed': ofGone('removed'),
  'ringdown.message-webhook.redirected': ofWebhook('is asked about at another address', true),
  'ringdown.message-webhook.failed': ofWebhook('could not be asked about'),
  'phone_message.received': ofPhoneMessage('got'),
  'phone_message.written': ofPhoneMessage('wrote'),
  'phone.created': ofPhone('created'),
  'phone.updated': ofPhone('updated'),
  'phone.removed': ofPhone('removed'),
  'carrier.created': ofCarrier('created'),
  'carrier.updated': ofCarrier('updated'),
  'carrier.failing': ofCarrier('does not take messages'),
  'carrier.ready': ofCarrier('takes messages again'),
  'carrier.removed': ofCarrier('removed')
} satisfies Record<string, Rendering>

type Told = Exclude<ChannelMessageStatus, 'sending'>

/** Tells of a status that a message has now. */
export function emitStatus(state: State, status: Told, channel_message: ChannelMessageRow): void {
  state.emit(`channel_message.${status}`, { channel_message })
}

export function emitGone(state: State, did: 'redacted' | 'removed', channel_message: ChannelMessageRow): void {
  state.emit(`channel_message.${did}`, { channel_message })
}

export function emitPhone(state: State, did: 'created' | 'updated' | 'removed', phone: PhoneRow): void {
  state.emit(`phone.${did}`, { phone })
}

export function emitPhoneMessage(state: State, did: 'received' | 'written', phone_message: PhoneMessageRow): void {
  state.emit(`phone_message.${did}`, { phone_message })
}

export function emitCarrier(
  state: State,
  did: 'created' | 'updated' | 'failing' | 'ready' | 'removed',
  carrier: CarrierRow
): void {
  state.emit(`carrier.${did}`, { carrier })
}

function ofMessage(did: string): Rendering {
  return (refs) => {
    const message = refOf(refs, 'channel_message')
    return {
      description: `Message ${message.sid} ${did}`,
      resource_type: 'channel-message',
      resource_sid: message.sid,
      data: {
        channel_message_sid: message.sid,
        direction: message.direction,
        status: message.status,
        from: message.from,
        to: message.to,
        body: message.body,
        media: JSON.stringify(message.media),
        num_media: message.media.length,
        num_segments: message.num_segments,
        messaging_service_sid: message.messaging_service_sid,
        application_sid: message.application_sid,
        status_callback: message.status_callback,
        error_code: message.error_code,
        error_message: message.error_message,
        carrier_sid: message.carrier_sid,
        ...legOf(message),
        told: JSON.stringify(message.told),
        date_created: message.date_created
      }
    }
  }
}

/** Ours: how the webhook of a message that came in went on. Whoever is to ask the next address has to know what the first was told. */
function ofWebhook(did: string, isWhole = false): Rendering {
  return (refs, at) => {
    const message = refOf(refs, 'channel_message')
    const { data, ...others } = ofMessage(did)(refs, at)
    const told = isWhole
      ? data
      : { channel_message_sid: message.sid, ...legOf(message), date_created: message.date_created }
    return { ...others, data: { ...told, ...refs.extra } }
  }
}

/** What was said is not told again by saying that it is gone. */
function ofGone(did: string): Rendering {
  return (refs, at) => {
    const message = refOf(refs, 'channel_message')
    return {
      description: `Message ${message.sid} ${did}`,
      resource_type: 'channel-message',
      resource_sid: message.sid,
      data: {
        channel_message_sid: message.sid,
        direction: message.direction,
        status: message.status,
        ...legOf(message),
        date_created: message.date_created,
        date_removed: at
      }
    }
  }
}

function legOf({ chat_service_sid, conversation_sid, message_sid, participant_sid }: ChannelMessageRow) {
  return {
    ...(chat_service_sid !== null && { chat_service_sid }),
    ...(conversation_sid !== null && { conversation_sid }),
    ...(message_sid !== null && { message_sid }),
    ...(participant_sid !== null && { participant_sid })
  }
}

/** SIDs only: what it says is told of the channel message that it is. */
function ofPhoneMessage(did: string): Rendering {
  return (refs: EventRefs) => {
    const { sid, phone_sid, channel_message_sid } = refOf(refs, 'phone_message')
    return {
      description: `Phone ${phone_sid} ${did} ${sid}`,
      resource_type: 'phone-message',
      resource_sid: sid,
      data: { phone_message_sid: sid, phone_sid, channel_message_sid }
    }
  }
}

function ofPhone(did: string): Rendering {
  return (refs) => {
    const { sid, address, friendly_name, outcome } = refOf(refs, 'phone')
    return {
      description: `Phone ${sid} ${did}`,
      resource_type: 'phone',
      resource_sid: sid,
      data: { phone_sid: sid, address, friendly_name, outcome }
    }
  }
}

function ofCarrier(did: string): Rendering {
  return (refs) => {
    const { sid, carrier_type, friendly_name, state, last_error } = refOf(refs, 'carrier')
    return {
      description: `Carrier ${friendly_name} ${did}`,
      resource_type: 'carrier',
      resource_sid: sid,
      data: { carrier_sid: sid, carrier_type, friendly_name, state, last_error }
    }
  }
}
