import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm } from '../core/names.ts'

export type CallbackMethod = 'GET' | 'POST'

/** Whom a number, or an application, asks what to do with a message or a call (reference messaging 7). Null is nobody. */
const callbackColumns = {
  sms_url: text<string | null>(),
  sms_method: text<CallbackMethod>(),
  sms_fallback_url: text<string | null>(),
  sms_fallback_method: text<CallbackMethod>(),
  voice_url: text<string | null>(),
  voice_method: text<CallbackMethod>(),
  voice_fallback_url: text<string | null>(),
  voice_fallback_method: text<CallbackMethod>(),
  voice_caller_id_lookup: flag(),
  /** Of calls. */
  status_callback: text<string | null>(),
  status_callback_method: text<CallbackMethod>()
} as const
export type CallbackColumns = Omit<
  RowOf<typeof callbackColumns>,
  'sid' | 'seq' | 'version' | 'date_created' | 'date_updated'
>

export type NumberType = 'local' | 'mobile' | 'toll-free'

/** A phone number that the account has claimed; there is no shop (reference messaging 7.1). */
const incomingPhoneNumberColumns = {
  ...callbackColumns,
  account_sid: text(),
  /** E.164. No other number of the account has it. */
  phone_number: text(),
  friendly_name: text(),
  number_type: text<NumberType>(),
  /** In the place of the number's own URLs. */
  sms_application_sid: text<string | null>(),
  voice_application_sid: text<string | null>(),
  voice_receive_mode: text<'voice' | 'fax'>(),
  // What regulators ask for is kept as it was given, and nobody looks at it.
  address_sid: text<string | null>(),
  identity_sid: text<string | null>(),
  bundle_sid: text<string | null>(),
  emergency_address_sid: text<string | null>()
} as const
export type IncomingPhoneNumberRow = RowOf<typeof incomingPhoneNumberColumns>

/** A set of URLs that several numbers share (reference messaging 7.2). */
const applicationColumns = {
  ...callbackColumns,
  account_sid: text(),
  friendly_name: text<string | null>(),
  sms_status_callback: text<string | null>(),
  message_status_callback: text<string | null>(),
  public_application_connect_enabled: flag()
} as const
export type ApplicationRow = RowOf<typeof applicationColumns>

export const serviceUsecases = [
  'notifications',
  'marketing',
  'verification',
  'discussion',
  'poll',
  'undeclared'
] as const
export type ContentScan = 'inherit' | 'enable' | 'disable'

/** A pool of senders, and what they have in common (reference messaging 3). */
const messagingServiceColumns = {
  account_sid: text(),
  friendly_name: text(),
  inbound_request_url: text<string | null>(),
  inbound_method: text<CallbackMethod>(),
  fallback_url: text<string | null>(),
  fallback_method: text<CallbackMethod>(),
  status_callback: text<string | null>(),
  sticky_sender: flag(),
  mms_converter: flag(),
  smart_encoding: flag(),
  scan_message_content: text<ContentScan>(),
  fallback_to_long_code: flag(),
  area_code_geomatch: flag(),
  synchronous_validation: flag(),
  /** Seconds. */
  validity_period: integer(),
  usecase: text<(typeof serviceUsecases)[number]>(),
  use_inbound_webhook_on_number: flag()
} as const
export type MessagingServiceRow = RowOf<typeof messagingServiceColumns>

export type SenderType = 'ShortCode' | 'WhatsApp' | 'Messenger' | 'RCS'

/** An address of ours that is no phone number: a short code, or a channel's (reference messaging 3.2). */
const senderColumns = {
  account_sid: text(),
  sender_type: text<SenderType>(),
  /** `12345`, `whatsapp:+15550001`, `messenger:1234`, `rcs:agent`: as `sender.ts` writes it. */
  address: text(),
  friendly_name: text<string | null>(),
  inbound_request_url: text<string | null>(),
  inbound_method: text<CallbackMethod>(),
  fallback_url: text<string | null>(),
  fallback_method: text<CallbackMethod>(),
  status_callback: text<string | null>()
} as const
export type SenderRow = RowOf<typeof senderColumns>

export type PoolType = 'phone_number' | 'short_code' | 'channel_sender' | 'alpha_sender' | 'destination_alpha_sender'

/** A sender in a service's pool. Its SID is that of the number or the sender, which is in one pool at most; names have their own. */
const pooledSenderColumns = {
  account_sid: text(),
  messaging_service_sid: text(),
  pool_type: text<PoolType>(),
  sender_type: text<SenderType | null>(),
  address: text(),
  /** ISO 3166; of a name, the one country that it is for. */
  country_code: text<string | null>(),
  capabilities: json<readonly string[]>()
} as const
export type PooledSenderRow = RowOf<typeof pooledSenderColumns>

/*
 * All of them stay in memory: whoever runs a center sets them up, there are as many as it has lines, and every message
 * asks for them. None of them says anything of a customer. They go when they are deleted, a pool's with its service.
 */
export const numberKinds = {
  incoming_phone_number: kind(incomingPhoneNumberColumns, {
    prefix: 'PN',
    indexes: {
      account_sid: (row) => row.account_sid,
      phone_number: (row) => row.phone_number,
      number_type: (row) => row.number_type
    }
  }),
  application: kind(applicationColumns, {
    prefix: 'AP',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  messaging_service: kind(messagingServiceColumns, {
    prefix: 'MG',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  sender: kind(senderColumns, {
    prefix: 'XE',
    indexes: { account_sid: (row) => row.account_sid, address: (row) => nameForm(row.address) }
  }),
  pooled_sender: kind(pooledSenderColumns, {
    prefix: 'AI',
    indexes: {
      messaging_service_sid: (row) => row.messaging_service_sid,
      pool: (row) => poolKey(row.messaging_service_sid, row.pool_type)
    }
  })
}

/** Key of the senders of one type in a pool. */
export function poolKey(messaging_service_sid: string, type: PoolType): string {
  return `${messaging_service_sid}/${type}`
}
