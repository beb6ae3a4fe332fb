import type { State } from '../center.ts'
import { ownNumber } from './incoming-phone-number.ts'
import type { CallbackMethod, IncomingPhoneNumberRow, MessagingServiceRow, SenderRow } from './rows.ts'
import { ownSender } from './sender.ts'

/** Whom to ask what to do with a message that came in, by whose configuration. */
export interface InboundRoute {
  /** `MG…`, `AP…`, `PN…`, `XE…` or `SC…`. */
  readonly receiver_sid: string
  readonly url: string
  readonly method: CallbackMethod
  readonly fallback_url: string | null
  readonly fallback_method: CallbackMethod
}

/**
 * Who is asked about a message to an address of ours: the service in whose pool it is, unless that leaves it to its numbers;
 * else the number's application, else the number or sender itself. Undefined where nobody wants to be asked
 * (reference messaging 3.4).
 */
export function inboundRouteOf(state: State, to: string): InboundRoute | undefined {
  const own = ownAddress(state, to)
  if (!own) return undefined
  const service = serviceOf(state, own.sid)
  if (service && !service.use_inbound_webhook_on_number) return routeOfInbound(service)
  return 'phone_number' in own ? routeOfNumber(state, own) : routeOfInbound(own)
}

/** SID of the service in whose pool an address of ours is; null where it is in none. */
export function messagingServiceFor(state: State, address: string): string | null {
  const own = ownAddress(state, address)
  return (own && serviceOf(state, own.sid)?.sid) ?? null
}

/** Whether an address is the account's. */
export function isOwnAddress(state: State, address: string): boolean {
  return ownAddress(state, address) !== undefined
}

export interface StatusAddress {
  readonly url: string
  readonly method: CallbackMethod
}

/**
 * Who is told of a message's way, where the message itself names nobody: its service, else the application that it names,
 * else its sender's application or its sender (reference messaging 3.5).
 */
export function statusCallbackOf(
  state: State,
  message: {
    readonly messaging_service_sid?: string | null
    readonly application_sid?: string | null
    readonly from?: string | null
  }
): StatusAddress | undefined {
  const service = state.tables.messaging_service.find(message.messaging_service_sid)
  if (service?.status_callback) return { url: service.status_callback, method: 'POST' }
  const own = message.from ? ownAddress(state, message.from) : undefined
  const named = own && 'phone_number' in own ? own.sms_application_sid : null
  const application = state.tables.application.find(message.application_sid ?? named)
  const url =
    application?.message_status_callback ??
    application?.sms_status_callback ??
    (own && 'sender_type' in own ? own.status_callback : null)
  return url ? { url, method: 'POST' } : undefined
}

type OwnAddress = IncomingPhoneNumberRow | SenderRow

function ownAddress(state: State, address: string): OwnAddress | undefined {
  return ownNumber(state, address) ?? ownSender(state, address)
}

function serviceOf(state: State, sid: string): MessagingServiceRow | undefined {
  return state.tables.messaging_service.find(state.tables.pooled_sender.find(sid)?.messaging_service_sid)
}

function routeOfInbound(row: MessagingServiceRow | SenderRow): InboundRoute | undefined {
  const { sid, inbound_request_url: url, inbound_method: method, fallback_url, fallback_method } = row
  return url === null ? undefined : { receiver_sid: sid, url, method, fallback_url, fallback_method }
}

function routeOfNumber(state: State, number: IncomingPhoneNumberRow): InboundRoute | undefined {
  const { sid, sms_url, sms_method, ...row } = state.tables.application.find(number.sms_application_sid) ?? number
  if (sms_url === null) return undefined
  return {
    receiver_sid: sid,
    url: sms_url,
    method: sms_method,
    fallback_url: row.sms_fallback_url,
    fallback_method: row.sms_fallback_method
  }
}
