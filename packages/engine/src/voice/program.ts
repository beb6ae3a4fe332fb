import type { CallbackMethod } from '../numbers/rows.ts'

/* What a call does: documents of TwiML as data, and where in them it stands. */

/** A verb, or an element in one, as it was parsed. */
export interface VoiceVerb {
  readonly verb: string
  readonly attributes: Readonly<Record<string, string>>
  /** Its own text, without blanks around it. */
  readonly text?: string
  readonly children?: readonly VoiceVerb[]
}

/**
 * A document that runs. `call`: what the call does; `wait`: what it hears while it waits in a queue; `screen`: what a called
 * leg hears before it is connected. The last one of a program is the one that runs.
 */
export interface DocumentFrame {
  readonly role: 'call' | 'wait' | 'screen'
  /** Where it is from, and what its addresses are relative to. Empty for one that came with a request. */
  readonly url: string
  readonly method: CallbackMethod
  readonly verbs: readonly VoiceVerb[]
  /** Index of the verb that runs. */
  readonly at: number
  readonly verb: VerbState | null
}

export interface Program {
  readonly frames: readonly DocumentFrame[]
  /** Documents in a row that took no time at all: a program that only redirects is stopped. */
  readonly idle: number
  /** When the last one was taken. */
  readonly taken_at?: number
  readonly fallback_url: string | null
  readonly fallback_method: CallbackMethod
}

/** What a running verb knows. */
export type VerbState =
  | { readonly is: 'plays' }
  | {
      readonly is: 'gather'
      readonly digits: string
      readonly prompting: boolean
      /** The best of what was said so far that is not final. */
      readonly speech: string
    }
  | { readonly is: 'record'; readonly recording_sid: string; readonly beeping: boolean; readonly digits: string }
  | {
      readonly is: 'dial'
      /** Calls that ring, and the nouns that are rung next, one after the other. */
      readonly legs: readonly string[]
      readonly next: readonly number[]
      readonly answered_sid: string | null
      readonly date_bridged: number | null
      /** How the last leg ended. */
      readonly status: string | null
      readonly sid: string | null
    }
  | {
      readonly is: 'enqueue'
      readonly queue_sid: string
      readonly bridged: boolean
      readonly task_sid: string | null
      /** How long it has waited; undefined while it does. */
      readonly waited_ms?: number
      /** The task by which the caller will be called back. */
      readonly callback_task_sid?: string
    }
  | { readonly is: 'conference'; readonly conference_sid: string; readonly since: number }
  | { readonly is: 'dial_queue'; readonly queue_sid: string | null; readonly bridged_at: number | null }

/** What a program is asked (reference voice 2): `delivery` asks it, and answers with the command `call.document`. */
export interface VoiceRequest {
  readonly ticket: string
  readonly url: string
  readonly method: CallbackMethod
  readonly fallback_url: string | null
  readonly fallback_method: CallbackMethod
  /** Beside the parameters that every request has. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** What the answer becomes. */
  readonly role: DocumentFrame['role']
}
