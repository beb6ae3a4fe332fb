import type { State } from '@ringdown/engine/center'
import type { RenderedEvent } from '@ringdown/engine/core/events'
import type { Kinds } from '@ringdown/engine/kinds'
import type { Ledger } from '../commit/ledger.ts'
import type { Value } from '../store/store.ts'

/*
 * The words of delivery. A reader of the log asks every route what an event has to be sent for, and writes the answers as
 * deliveries, in one transaction with its cursor; the sender sends them, again and again until they have arrived or are
 * given up. So an event is lost or sent for nothing only if somebody else loses it.
 */

/** An event of the log, parsed. */
export type LoggedEvent = RenderedEvent

/** What is sent. A form's and a query's parameters are signed with the address; a text's hash becomes part of it. */
export type Message =
  | { readonly method: 'POST' | 'GET'; readonly url: string; readonly parameters: Parameters }
  | { readonly method: 'POST'; readonly url: string; readonly json: string }
  /** Any text as it is: nothing is put into its address. */
  | {
      readonly method: 'POST'
      readonly url: string
      readonly text: string
      readonly content_type: string
      /** Beside those that every request has. */
      readonly headers?: Readonly<Record<string, string>>
    }
  /** One record to a stream, through the AWS SDK. */
  | { readonly method: 'kinesis'; readonly stream: KinesisStream; readonly json: string }
  /** A message to somebody outside, by a carrier (its SID, or `virtual`); what it says is in its row. */
  | { readonly method: 'carrier'; readonly carrier: string; readonly message_sid: string }

/** Names and values in the order in which they are sent. A name may occur more than once. */
export type Parameters = readonly (readonly [name: string, value: string])[]

export interface KinesisStream {
  readonly arn: string
  readonly role_arn: string
  readonly external_id: string
}

/** A delivery to be: one message for one destination because of one event. */
export interface Draft {
  readonly kind: DeliveryKind
  /**
   * Whom it is for, by the SID of what was configured (`WS…`, `WW…`, `DF…`, `IS…`, `WH…`, an interaction webhook's ttid) or
   * `AC…` for the account's own. Together with the kind and the event it names the delivery: the same draft made twice is
   * one delivery.
   */
  readonly receiver_sid: string
  readonly event: Pick<LoggedEvent, 'seq' | 'sid' | 'type'>
  readonly message: Message
  /** Where the message goes when the first address has failed for good. */
  readonly fallback_url?: string
  /** Deliveries to one place with the same order key are sent one after the other, in the order of their events. */
  readonly order_key?: string
  /** At most so many more attempts, where the kind has more. */
  readonly retries?: number
  /** Kept for the kind's `answered`: SIDs of what the answer is about. */
  readonly about?: Readonly<Record<string, string>>
}

/** What a route may look at. The state is as it is when the event is read, which may be a moment after it happened. */
export interface RouteContext {
  readonly account_sid: string
  readonly state: State
  /** Where others reach this server, without a slash at its end; undefined where nobody has said it. */
  readonly public_url?: string | undefined
  /** Events after a place in the log, the oldest first, parsed; left out where nobody looks back. */
  readonly log?: (after: number, limit: number) => Promise<readonly LoggedEvent[]>
  /** Rows of a cold kind, from the store. */
  find<K extends keyof Kinds>(kind: K, where: Readonly<Record<string, Value>>): Promise<Kinds[K][]>
}

/** One way out: which events go where. */
export interface Route {
  /** False while nothing is configured that could want an event: the log is then not even read for it. */
  isUsed(state: State): boolean
  /** Whether an event of this type could have a draft (in that state); asked before the event is parsed, so to be quick. */
  wants(type: string, state?: State): boolean
  draftsOf(event: LoggedEvent, context: RouteContext): readonly Draft[] | Promise<readonly Draft[]>
}

/** What came back, or did not. */
export type Outcome =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly failed: Failure; readonly reason: string }

/** Why there was no answer. */
export type Failure =
  | 'timeout'
  | 'connection'
  | 'address_refused'
  | 'certificate'
  | 'too_large'
  | 'redirect'
  | 'invalid'

/** What the sender needs to know of a kind of delivery. */
export interface Kind {
  /** Time for one attempt, all of it, in milliseconds. */
  readonly timeout_ms: number
  /** Milliseconds from one failed attempt to the next, before jitter; given up after the last one, or after `window_ms`. */
  readonly retry: { readonly delays_ms: readonly number[]; readonly window_ms?: number }
  /** Jitter: a delay is multiplied by a number from 1 - jitter to 1 + jitter. */
  readonly jitter: number
  /** Whether an outcome is worth another attempt; all others are final. */
  isTransient(outcome: Outcome): boolean
  /** Whether it has arrived: any 2xx, unless the kind wants to see more. A reason when it has not. */
  refusal?(outcome: Outcome): string | undefined
  /** Redirects that are followed with the same method and body; each is dialed under the same guard. */
  readonly redirects: number
  /** Whether it matters what the answer says: an answer that is too long is then a failure, and not just cut off. */
  readonly reads_body?: boolean
  /** Somebody waits for the answer: an open breaker does not keep it back. */
  readonly urgent?: boolean
  /** Whether who it is for is still there, and wants to be told of such an event; what is for nobody is given up. */
  isWanted?(state: State, receiver_sid: string, event_type: string): boolean
  /** Parameter that says how often it was tried before (`RetryCount`). */
  readonly counted?: string
  /** What the fallback is sent, where that is not what the first address was. */
  fallback?(first: FirstMessage): Message
  /** Told once, when the delivery has arrived or was given up: what the answer means becomes commands. */
  answered?(answer: Answered, ledger: Ledger): Promise<void>
}

/** A message of parameters that its first address has not taken. */
export interface FirstMessage {
  readonly message: Extract<Message, { readonly parameters: Parameters }>
  readonly fallback_url: string
  readonly first_refusal: string
  readonly about: Readonly<Record<string, string>>
}

export interface Answered {
  readonly about: Readonly<Record<string, string>>
  /** What was answered. */
  readonly message: Message
  readonly outcome: Outcome
  readonly isDelivered: boolean
  /** Why the first address was given up (the kind's refusal, or the failure's reason), when the fallback was asked. */
  readonly first_refusal?: string
}

export type DeliveryKind =
  | 'taskrouter_event'
  | 'assignment_callback'
  | 'message_webhook'
  | 'conversation_webhook'
  | 'flow_message'
  | 'interaction_webhook'
  | 'event_stream'
  | 'situation_webhook'
  | 'carrier_message'
  | 'status_callback'
  | 'flow_request'
  | 'call_document'
