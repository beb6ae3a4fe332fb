import { integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm } from '../core/names.ts'

/*
 * What is kept of messages on channels, for how long, and how a customer is erased from it:
 *
 * - A channel message that belongs to a conversation goes with the conversation, or with its message. Any other is kept
 *   for 400 days after it was last changed, and goes at once when it is deleted; its text goes when it is redacted.
 * - What is known of a pair of addresses goes a week after the customer last wrote, unless the customer has opted out:
 *   that has to be remembered for as long as somebody could send.
 * - What a virtual phone has got and written goes with the phone, and with the channel message that it was.
 * - Parts of a message that comes in several go five minutes after they came, their text as soon as the whole is there.
 * - A carrier stays until it is deleted, with its secrets.
 */

export type Direction = 'inbound' | 'outbound-api' | 'outbound-call' | 'outbound-reply'

export type ChannelMessageStatus =
  | 'accepted'
  | 'scheduled'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'undelivered'
  | 'failed'
  | 'read'
  | 'canceled'
  | 'received'

/** Statuses of messages that nobody has taken yet: those live in memory. */
export const unsent = ['accepted', 'scheduled', 'queued', 'sending'] as const satisfies readonly ChannelMessageStatus[]

export function isUnsent({ status }: { readonly status: ChannelMessageStatus }): boolean {
  return (unsent as readonly ChannelMessageStatus[]).includes(status)
}

/** A file of a message: `url` is where it is fetched while it is not kept here. */
export interface ChannelMedia {
  /** `ME…` */
  readonly sid: string
  readonly content_type: string | null
  readonly url: string | null
  readonly filename?: string | null
  readonly size?: number | null
}

/** Why a message will not be sent, known when it was made and told a moment later. */
export interface Doom {
  readonly code: number
  readonly message: string
}

/**
 * How far a network has been given a message that it cannot be asked for by our SID: noted before each part, so that whoever
 * comes after a crash knows what may have been sent (docs/decisions/049-what-may-have-been-sent.md).
 */
export interface Giving {
  /** Parts before this one are with the network. */
  readonly part: number
  /** When this one was begun; null where the network surely does not have it. */
  readonly since: number | null
}

/** One message on a channel, in or out: what the API of 2010 calls a Message (reference messaging 1). */
const channelMessageColumns = {
  account_sid: text(),
  direction: text<Direction>(),
  status: text<ChannelMessageStatus>(),
  /** Null while a messaging service has not chosen one. */
  from: text<string | null>(),
  to: text(),
  /** Who else has it, of a message of a group MMS; null, or not there, for any other. */
  other_recipients: json<readonly string[] | null>(),
  /** Null once it was redacted. */
  body: text<string | null>(),
  media: json<readonly ChannelMedia[]>(),
  num_segments: integer(),
  messaging_service_sid: text<string | null>(),
  application_sid: text<string | null>(),
  /** Where the message itself says that its states go. */
  status_callback: text<string | null>(),
  content_sid: text<string | null>(),
  content_variables: text<string | null>(),
  /** `retain`, or `discard`: then the text goes as soon as it is sent. */
  content_retention: text<'retain' | 'discard'>(),
  /** Rows that were stored before there was one have none. */
  address_retention: text<'retain' | 'obfuscate'>(),
  error_code: integer<number | null>(),
  error_message: text<string | null>(),
  /** The carrier, or the virtual phone, that takes it or brought it; null where there is none. */
  carrier_sid: text<string | null>(),
  /** What the provider calls it. */
  provider_sid: text<string | null>(),
  // The message of a conversation that it is a leg of, or that it became.
  chat_service_sid: text<string | null>(),
  conversation_sid: text<string | null>(),
  message_sid: text<string | null>(),
  participant_sid: text<string | null>(),
  receipt_sid: text<string | null>(),
  /** What else the channel told of an inbound message, by Twilio's names (reference messaging 2.1). */
  told: json<Readonly<Record<string, string>>>(),
  feedback: text<'confirmed' | 'unconfirmed' | null>(),
  /** Addresses whose answers about a message that came in have been obeyed; messages that were stored before have none. */
  webhook_hops: integer(),
  doom: json<Doom | null>(),
  /** Null, or not there, while nothing of it was given to a network. */
  giving: json<Giving | null>(),
  /** Seconds in which it has to be sent; null for ever. */
  validity_period: integer<number | null>(),
  date_sent: integer<number | null>(),
  /** When it was last sent, or failed: from then on its time of being kept runs. Null while it is under way or in a conversation. */
  date_settled: integer<number | null>(),
  /** Timer: when it is scheduled for, when it moves on, or when it expires, by its status. */
  date_due: integer<number | null>()
} as const
export type ChannelMessageRow = RowOf<typeof channelMessageColumns>

/** Types of carriers that there is an implementation of. */
export const carrierTypes = ['virtual', 'twilio', 'whatsapp_cloud', 'messenger', 'instagram', 'email', 'smpp'] as const
export type CarrierType = (typeof carrierTypes)[number]

/** A connection to a network that carries messages. Secrets are sealed: the engine cannot read them. */
const carrierColumns = {
  account_sid: text(),
  carrier_type: text<CarrierType>(),
  friendly_name: text(),
  /** Addresses of ours for which it sends: `+1…`, `whatsapp:+1…`. */
  senders: json<readonly string[]>(),
  /** What is no secret, as JSON text of an object. */
  configuration: text(),
  secret_names: json<readonly string[]>(),
  sealed_secrets: text<string | null>(),
  /** `failing` from the first message that it could not be given until the next that it took. */
  state: text<'ready' | 'failing' | 'disabled'>(),
  last_error: text<string | null>(),
  last_error_at: integer<number | null>(),
  /** How far what comes in has been read, where the network keeps it until then; carriers that were stored before have none. */
  cursor: json<CarrierCursor | null>()
} as const
/** What a carrier needs to know to read on, by names of its own. */
export type CarrierCursor = Readonly<Record<string, string | number>>
export type CarrierRow = RowOf<typeof carrierColumns>

/** What becomes of a message that a virtual phone is sent. */
export type PhoneOutcome = 'delivered' | 'undelivered' | 'failed' | 'away'

export type PhoneCallOutcome = 'rings' | 'answers' | 'busy' | 'rejects'

/** A virtual phone: somebody's, for trying things out. It needs no network. */
const phoneColumns = {
  account_sid: text(),
  address: text(),
  friendly_name: text<string | null>(),
  outcome: text<PhoneOutcome>(),
  error_code: integer<number | null>(),
  /** Milliseconds from when it was sent until it is delivered, or known not to be. */
  delivered_after_ms: integer(),
  /** Milliseconds from when it was delivered until it is read; null for never. */
  read_after_ms: integer<number | null>(),
  // Of calls; phones that were stored before have none of these.
  /** What it does when it is called: it rings until somebody does something, or one of the others by itself. */
  call_outcome: text<PhoneCallOutcome | null>(),
  /** Milliseconds that it rings before it answers by itself. */
  answered_after_ms: integer<number | null>(),
  /** Keys that it presses, each when it is asked the next time. */
  presses: json<readonly string[] | null>()
} as const
export type PhoneRow = RowOf<typeof phoneColumns>

/** What a virtual phone has got or written. */
const phoneMessageColumns = {
  account_sid: text(),
  phone_sid: text(),
  direction: text<'received' | 'written'>(),
  from: text(),
  to: text(),
  /** Who else has it, of a message of a group; null, or not there, for any other. */
  other_recipients: json<readonly string[] | null>(),
  body: text<string | null>(),
  media: json<readonly ChannelMedia[]>(),
  channel_message_sid: text<string | null>(),
  // Where that belongs: it is erased with them.
  chat_service_sid: text<string | null>(),
  conversation_sid: text<string | null>(),
  message_sid: text<string | null>(),
  /** `waiting`: there are states that it has yet to tell. */
  state: text<'waiting' | 'done'>(),
  /** What it tells next, and the code that goes with it. */
  next_status: text<ChannelMessageStatus | null>(),
  next_error: integer<number | null>(),
  /** Milliseconds from `next_status` until it is read; null for never. */
  read_after_ms: integer<number | null>(),
  /** Timer. */
  date_next: integer<number | null>()
} as const
export type PhoneMessageRow = RowOf<typeof phoneMessageColumns>

/** What is known between a sender of ours (an address, or a messaging service) and somebody outside. */
const addressPairColumns = {
  account_sid: text(),
  sender: text(),
  recipient: text(),
  /** Since when nothing may be sent; null while everything may. */
  opted_out_at: integer<number | null>(),
  /** When the recipient last wrote to the sender. */
  last_inbound_at: integer<number | null>(),
  /** The same while it may be forgotten: null for who has opted out. */
  date_forgettable: integer<number | null>(),
  // How many letters the recipient has written lately: since when they are counted, and how many. Older rows have none.
  burst_at: integer<number | null>(),
  burst: integer<number | null>()
} as const
export type AddressPairRow = RowOf<typeof addressPairColumns>

/** What a provider has told of a message before it said what it calls it. Kept for some minutes. */
const earlyReportColumns = {
  account_sid: text(),
  carrier_sid: text(),
  provider_sid: text(),
  status: text<ChannelMessageStatus>(),
  error_code: integer<number | null>(),
  error_message: text<string | null>(),
  /** Timer. */
  date_over: integer<number | null>()
} as const
export type EarlyReportRow = RowOf<typeof earlyReportColumns>

/** A part of a message that comes in several. Its text goes when the whole is there, and the row some minutes later. */
const messagePartColumns = {
  account_sid: text(),
  carrier_sid: text(),
  from: text(),
  to: text(),
  /** What the parts of one message have in common. */
  reference: integer(),
  total: integer(),
  /** From 1. */
  number: integer(),
  /** Null once the message has been put together. */
  body: text<string | null>(),
  /** Timer: until then the others are waited for, and known again. */
  date_over: integer<number | null>()
} as const
export type MessagePartRow = RowOf<typeof messagePartColumns>

/** One row, as soon as there has been any channel message: from then on its events are looked at. Its SID is the account's. */
const messagingUseColumns = { account_sid: text() } as const
export type MessagingUseRow = RowOf<typeof messagingUseColumns>

/** Key of an index over two texts; none where one is missing. */
export function twoKey(first: string | null | undefined, second: string | null | undefined): string | null {
  return first && second ? `${nameForm(first)}\n${nameForm(second)}` : null
}

/** Key of the index over parts of one message. */
export function wholeKey({
  carrier_sid,
  from,
  to,
  reference,
  total
}: Pick<MessagePartRow, 'carrier_sid' | 'from' | 'to' | 'reference' | 'total'>): string {
  return `${carrier_sid}\n${nameForm(from)}\n${nameForm(to)}\n${reference}\n${total}`
}

export const messagingKinds = {
  channel_message: kind(channelMessageColumns, {
    prefix: 'SM',
    indexes: {
      /** Of those that are not sent yet. */
      unsent: (row) => (isUnsent(row) ? row.carrier_sid : null),
      conversation_sid: (row) => row.conversation_sid,
      message_sid: (row) => row.message_sid,
      provider: (row) => twoKey(row.carrier_sid, row.provider_sid)
    },
    timers: { date_due: 'timer.channel_message' },
    cold: {
      columns: [
        'seq',
        'from',
        'to',
        'status',
        'date_created',
        'date_sent',
        'date_settled',
        'carrier_sid',
        'provider_sid',
        'chat_service_sid',
        'conversation_sid',
        'message_sid'
      ],
      indexes: [
        ['seq'],
        ['from', 'seq'],
        ['to', 'seq'],
        ['date_sent', 'seq'],
        ['status', 'seq'],
        ['provider_sid', 'carrier_sid'],
        ['conversation_sid', 'seq'],
        ['message_sid', 'seq'],
        ['chat_service_sid'],
        ['date_settled']
      ],
      resident: { column: 'status', values: unsent },
      foundBy: ['sid', 'provider'],
      under: { conversation_sid: 'conversation', message_sid: 'message', chat_service_sid: 'chat_service' }
    }
  }),
  carrier: kind(carrierColumns, {
    prefix: 'XC',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  phone: kind(phoneColumns, {
    prefix: 'XP',
    indexes: { account_sid: (row) => row.account_sid, address: (row) => nameForm(row.address) }
  }),
  phone_message: kind(phoneMessageColumns, {
    prefix: 'XM',
    indexes: {
      phone_sid: (row) => row.phone_sid,
      channel_message_sid: (row) => row.channel_message_sid,
      conversation_sid: (row) => row.conversation_sid,
      message_sid: (row) => row.message_sid
    },
    timers: { date_next: 'timer.phone_message' },
    cold: {
      columns: [
        'seq',
        'phone_sid',
        'direction',
        'state',
        'date_created',
        'channel_message_sid',
        'chat_service_sid',
        'conversation_sid',
        'message_sid'
      ],
      indexes: [
        ['phone_sid', 'seq'],
        ['channel_message_sid'],
        ['conversation_sid', 'seq'],
        ['message_sid', 'seq'],
        ['chat_service_sid'],
        ['state', 'seq'],
        ['date_created']
      ],
      resident: { column: 'state', values: ['waiting'] },
      foundBy: ['sid', 'channel_message_sid'],
      under: {
        phone_sid: 'phone',
        channel_message_sid: 'channel_message',
        conversation_sid: 'conversation',
        message_sid: 'message',
        chat_service_sid: 'chat_service'
      }
    }
  }),
  address_pair: kind(addressPairColumns, {
    prefix: 'XO',
    indexes: { pair: (row) => twoKey(row.sender, row.recipient) },
    cold: {
      columns: ['seq', 'sender', 'recipient', 'opted_out_at', 'date_forgettable'],
      names: ['sender', 'recipient'],
      indexes: [['recipient', 'sender'], ['seq'], ['date_forgettable']],
      foundBy: ['sid', 'pair']
    }
  }),
  early_report: kind(earlyReportColumns, {
    prefix: 'XR',
    indexes: { provider: (row) => twoKey(row.carrier_sid, row.provider_sid) },
    timers: { date_over: 'timer.early_report' }
  }),
  message_part: kind(messagePartColumns, {
    prefix: 'XK',
    indexes: { whole: (row) => wholeKey(row) },
    timers: { date_over: 'timer.message_part' }
  }),
  messaging_use: kind(messagingUseColumns, { prefix: 'AC' })
}
