import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { State } from '@ringdown/engine/center'
import type { CommandOf } from '@ringdown/engine/commands'
import type { Inbound } from '@ringdown/engine/conversations/inbound'
import type { MediaRow } from '@ringdown/engine/media/rows'
import type { CarrierRow, CarrierType, ChannelMedia, Giving } from '@ringdown/engine/messaging/rows'
import type { Logger } from 'pino'
import type { Ledger } from '../commit/ledger.ts'

/*
 * What every carrier has in common. A carrier gives messages to a network, and brings what comes from it:
 *
 * - `send` is called by the sender of deliveries, once the message is durable, and again under the same key when its outcome is
 *   unknown. Its answer becomes a command.
 * - Inbound messages are the command `channel_message.receive`, reports on outbound ones `channel_message.report`: the webhook,
 *   socket or mailbox that gets them from the network executes these. Both may come twice, and a report may come before `send`
 *   has answered: the engine copes with that.
 * - A network that has to be listened to has a connection for as long as its carrier exists unchanged: `connect` makes it, and
 *   `connections.ts` keeps it, and makes another one when the carrier or its secrets change.
 */

/** A message on its way out. */
export interface OutboundMessage {
  /** `SM…` or `MM…`. The same message always has the same one: by it a network is asked not to send twice. */
  readonly sid: string
  readonly from: string
  readonly to: string
  readonly body: string | null
  /** Each has a `url` from which the network may fetch it, or is kept here under its SID. */
  readonly media: readonly ChannelMedia[]
  /** A template, where it is one: what is sent outside of the window. */
  readonly content_sid: string | null
  readonly content_variables: string | null
  /** Milliseconds from now in which it has to be sent; null for ever. */
  readonly valid_ms: number | null
  /** How far the network has been given it before; null for nothing of it. */
  readonly giving: Giving | null
  /** Header fields of a letter, by the names of the engine's `headOf`. */
  readonly told: Readonly<Record<string, string>>
}

/** The outcome of giving a message to a network. */
export type SendOutcome =
  /** The network has it, under this name. `is_noted`: the engine knows that already. */
  | { readonly taken: string; readonly is_noted?: boolean }
  /**
   * The network refuses it for good, with Twilio's number for why. `trouble`: because of the connection (an expired token, a
   * blocked account), and not of the message.
   */
  | { readonly error_code: number; readonly error_message: string; readonly trouble?: boolean }
  /** The network cannot take anything now. `after_ms`: it asks us to wait so long. */
  | { readonly away: string; readonly after_ms?: number }
  /** The network takes other messages, but this one has to wait. */
  | { readonly wait: string; readonly after_ms: number }

/** Files that are kept here, for carriers that are to send them. */
export interface KeptFiles {
  /** What is known of a file, and its bytes; undefined where it is not there. */
  open(media_sid: string): Promise<{ readonly row: MediaRow; readonly bytes: Readable } | undefined>
  /**
   * Fetches the files that a message names by their addresses, and keeps them under the SIDs that it has for them. What cannot be
   * fetched stays as it is: the network may know better.
   */
  keep(message: Pick<OutboundMessage, 'sid' | 'to' | 'media'>, signal: AbortSignal): Promise<void>
  /** An address at which anybody may fetch it for an hour; undefined while nobody says where this server is (`--public-url`). */
  link(media_sid: string): string | undefined
}

/** What a carrier works with. */
export interface CarrierContext {
  readonly ledger: Pick<Ledger, 'execute' | 'account_sid' | 'find' | 'page' | 'settled'> & { readonly state: State }
  /** The connection as it is now; undefined for a virtual phone, which needs none. */
  readonly carrier: CarrierRow | undefined
  /** Its secrets by their names, opened. Not to be kept: the next message may find others. */
  readonly secrets: Readonly<Record<string, string>>
  /** Aborted when the attempt has taken too long, or the server stops. */
  readonly signal: AbortSignal
  /** Milliseconds, by the account's clock. */
  readonly now: () => number
  /** Since when this process receives what networks report, by that clock. */
  readonly since: number
  /** Undefined where the account's files are not here. */
  readonly files: KeptFiles | undefined
  /** Where others reach this server, without a slash at its end; undefined while nobody has said it. */
  readonly public_url: string | undefined
  /** Whether addresses that are not on the public Internet may be dialed. */
  readonly allowPrivate: boolean
  /** What `connect` has made of this carrier as it is; undefined while there is none. */
  readonly connection?: CarrierConnection | undefined
}

/** What a connection works with. */
export interface ConnectionContext extends Omit<CarrierContext, 'signal' | 'connection' | 'carrier' | 'since'> {
  readonly carrier: CarrierRow
  readonly log: Logger
  /** Keeps how the connection is: why there is none, or null when it stands. */
  note(error: string | null): void
  /** Keeps a file that a message brings; resolves with its SID when it is safe. */
  keep(content: Buffer, about: { readonly content_type: string; readonly filename?: string }): Promise<string>
  /** Asks pre-event webhooks about a message; resolves with what they answer, for the command that receives it. */
  agree(message: AskedMessage): Promise<CommandOf<'channel_message.receive'>['agreed']>
}

export interface AskedMessage {
  readonly from: string
  readonly to: string
  readonly body: string
  readonly told: Readonly<Record<string, string>>
  readonly email?: Inbound['email']
}

/** A carrier's lasting connection to its network. It comes back by itself when it breaks. */
export interface CarrierConnection {
  readonly isUp: boolean
  /** Resolves when nothing more comes in by it. */
  close(): Promise<void>
}

export interface Carrier {
  /** Gives a message to the network. An error counts as `away`. */
  send(message: OutboundMessage, context: CarrierContext): Promise<SendOutcome>
  /** Tries the connection without sending anything; resolves with what is wrong, or null. */
  test(context: CarrierContext): Promise<string | null>
  /** Where its network sends what comes in; without it, nothing comes by requests. */
  readonly webhook?: CarrierWebhook
  /** Of networks that are listened to: connects, and does not wait for it. Throws where the configuration cannot be used. */
  connect?(context: ConnectionContext): CarrierConnection | undefined
}

/** A request of a network, as it came in. */
export interface WebhookRequest {
  readonly headers: IncomingHttpHeaders
  /** What stands behind the question mark. */
  readonly query: string
  /** As it came: what is signed are its bytes. */
  readonly body: Buffer
  /** Under which addresses it may have been sent, as far as this server knows what it is called. */
  readonly urls: readonly string[]
}

/** What a webhook works with. */
export type WebhookContext = CarrierContext & { readonly carrier: CarrierRow }

export interface CarrierWebhook {
  readonly max_body_bytes: number
  /** Answers a network that verifies the address before it uses it; undefined refuses it. */
  confirm?(query: string, context: WebhookContext): string | undefined
  /** Whether a request is the network's: compared in constant time, before anything in it is looked at. */
  isSigned(request: WebhookRequest, context: WebhookContext): boolean
  /** The news in a request, in their order. Parts that make no sense are left out; undefined where all of it is nonsense. */
  read(request: WebhookRequest, context: WebhookContext): readonly News[] | undefined
  /** Whether the network retries, for hours, what was answered with an error; one that does not is always answered with success. */
  readonly repeats: boolean
  /** Where the bytes of a file are that a message names by an id. `gone`: why there are none, and never will be. */
  locate?(id: string, context: WebhookContext): Promise<FileAddress | { readonly gone: string }>
  /** A customer's name, for the first message of a contact; undefined where the network gives none. */
  nameOf?(address: string, context: WebhookContext): Promise<string | undefined>
  /** What is answered when all of it is durable. */
  readonly reply: { readonly type: string; readonly body: string }
}

/** Where a file is, and the credentials that it takes. */
export interface FileAddress {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A file of a message that came in: at an address, or by a name that `locate` knows. */
export interface BroughtFile {
  readonly at: FileAddress | { readonly id: string }
  readonly filename?: string | undefined
}

/** A message that came in. */
export interface BroughtMessage {
  readonly provider_sid: string
  readonly from: string
  readonly to: string
  readonly body: string
  readonly files: readonly BroughtFile[]
  /** By Twilio's names (reference messaging 2.1). */
  readonly told: Readonly<Record<string, string>>
  /** What the network calls the message of ours that it is an answer to. */
  readonly replies_to?: string | undefined
  /** A reaction or the like, which begins no conversation. */
  readonly isAside?: boolean
  /** When it was written, in milliseconds. */
  readonly at: number
}

type Status = CommandOf<'channel_message.report'>['status']

/** What a network reports. */
export type News =
  | { readonly news: 'message'; readonly message: BroughtMessage }
  /** What has become of a message: `sid` is ours, where the network returns it; `part` is which of several, but for the last. */
  | {
      readonly news: 'status'
      readonly provider_sid: string
      readonly sid?: string | undefined
      readonly part?: number | undefined
      /** Undefined where the network only says that it has the message. */
      readonly status: Status | undefined
      readonly error_code?: number
      readonly error_message?: string
    }
  /** A letter as it came over the wire, and its recipients where they are given beside it. */
  | { readonly news: 'letter'; readonly raw: Buffer; readonly recipients: readonly string[] }
  /** The customer has read whatever it was sent until an instant. */
  | { readonly news: 'read'; readonly customer: string; readonly own: string; readonly until: number }

/** Every carrier that there is, by its type. */
export type Carriers = Readonly<Record<CarrierType, Carrier>>
