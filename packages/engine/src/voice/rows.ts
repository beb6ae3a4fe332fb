import type { LegAddress, VoiceLeg } from '@ringdown/contract/voice-leg'
import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm } from '../core/names.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import type { Program, VoiceRequest } from './program.ts'
import type { PhoneLeg } from './virtual-leg.ts'

/*
 * What is kept of calls, for how long, and how a customer is erased from it:
 *
 * - A call that has ended is kept for 400 days, and goes at once when it is deleted; its recordings have a life of their own.
 *   Within minutes who it was goes from the log, and from what was sent. Who erases a customer deletes both.
 * - Digits that are pressed and words that are spoken are in the call's row while a document asks for them, and in the
 *   request that brings them to a program. No event has them.
 * - A conference goes 400 days after it has ended; a participant goes when it leaves.
 * - A recording stays until it is deleted, or 400 days; its sound, or on a virtual phone its words, goes with it.
 * - What a virtual phone has heard goes with the phone.
 * - A queue that somebody has made stays until it is deleted.
 */

export type CallStatus =
  | 'queued'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'canceled'

/** Statuses of calls that have not ended: those live in memory. */
const livingCalls = ['queued', 'ringing', 'in-progress'] as const satisfies readonly CallStatus[]

export function isLiving({ status }: { readonly status: CallStatus }): boolean {
  return (livingCalls as readonly CallStatus[]).includes(status)
}

export type CallDirection = 'inbound' | 'outbound-api' | 'outbound-dial'

/** A status callback of a call, a conference or a recording: where it goes, and which events it is for. */
export interface VoiceCallback {
  readonly url: string
  readonly method: CallbackMethod
  readonly events: readonly string[]
}

/** One call: a leg between the center and one other end (reference voice 1). */
const callColumns = {
  account_sid: text(),
  parent_call_sid: text<string | null>(),
  from: text(),
  to: text(),
  direction: text<CallDirection>(),
  status: text<CallStatus>(),
  phone_number_sid: text<string | null>(),
  forwarded_from: text<string | null>(),
  caller_name: text<string | null>(),
  /** When it was answered; of one that came in, when it began. */
  start_time: integer<number | null>(),
  end_time: integer<number | null>(),
  /** Who hung up: the other end, the center's program, or the other side of a bridge. */
  ended_by: text<'caller' | 'agent' | 'program' | 'network' | null>(),
  sip_response_code: integer<number | null>(),
  /** Custom parameters of the caller's device, as form fields. */
  parameters: json<Readonly<Record<string, string>>>(),
  /** The name of its arrival: the same arrival reported twice makes one call. */
  arrival: text<string | null>(),
  status_callback: json<VoiceCallback | null>(),
  /** Of the next status callback. */
  sequence_number: integer(),

  // What the center does with it
  /** Its documents, and the verb that each stands at; null without any. */
  program: json<Program | null>(),
  /** What is asked of a program now. */
  request: json<VoiceRequest | null>(),
  /** Requests so far: each has its number as its ticket. */
  requests: integer(),
  /** The call that it is connected with. */
  bridged_sid: text<string | null>(),
  conference_sid: text<string | null>(),
  /** Nothing has come from there for some seconds; undefined for one of which that was never told. */
  away: flag<boolean | undefined>(),
  task_sid: text<string | null>(),
  reservation_sid: text<string | null>(),
  /** What becomes of a call that is made for something: of a worker's, or of a conference's. */
  purpose: json<CallPurpose | null>(),
  /** Seconds from its answer after which it is ended. */
  time_limit: integer(),

  // Its leg
  address: json<LegAddress>(),
  leg: json<VoiceLeg | null>(),
  revision: integer(),
  /** Number of the last report. */
  reported: integer(),
  dialog: text<string | null>(),
  /** Of a virtual phone. */
  phone_sid: text<string | null>(),
  phone_leg: json<PhoneLeg | null>(),

  // Timers
  verb_due: integer<number | null>(),
  ring_due: integer<number | null>(),
  limit_due: integer<number | null>(),
  phone_due: integer<number | null>()
} as const
export type CallRow = RowOf<typeof callColumns>

/** What a call was made for, when that is not its own document. */
export type CallPurpose =
  /** `Dial` of another call. */
  | { readonly for: 'dial' }
  /** A worker is called because of an instruction. */
  | { readonly for: 'instruction'; readonly name: string; readonly fields: Readonly<Record<string, string>> }
  /** It joins a conference when it is answered. */
  | { readonly for: 'conference'; readonly conference_sid: string }

export type ConferenceStatus = 'init' | 'in-progress' | 'completed'

/** Where several calls hear one another (reference voice 5). */
const conferenceColumns = {
  account_sid: text(),
  friendly_name: text(),
  status: text<ConferenceStatus>(),
  reason_conference_ended: text<string | null>(),
  call_sid_ending_conference: text<string | null>(),
  /** The task that it is for, whose SID is its name. */
  task_sid: text<string | null>(),
  max_participants: integer(),
  status_callback: json<VoiceCallback | null>(),
  /** Of the next status callback. */
  sequence_number: integer(),
  recording_sid: text<string | null>(),
  date_started: integer<number | null>(),
  date_ended: integer<number | null>()
} as const
export type ConferenceRow = RowOf<typeof conferenceColumns>

/** A call in a conference, or on its way there; a call is in one at most. */
const conferenceParticipantColumns = {
  account_sid: text(),
  conference_sid: text(),
  call_sid: text(),
  label: text<string | null>(),
  status: text<'queued' | 'connecting' | 'ringing' | 'connected' | 'complete' | 'failed'>(),
  muted: flag(),
  hold: flag(),
  coaching: flag(),
  call_sid_to_coach: text<string | null>(),
  start_conference_on_enter: flag(),
  end_conference_on_exit: flag(),
  beep: text<'true' | 'false' | 'onEnter' | 'onExit'>(),
  /** The document that it hears while it waits or is on hold; null is our music, and an empty text is silence. */
  wait_url: text<string | null>(),
  wait_method: text<CallbackMethod>(),
  hold_url: text<string | null>(),
  hold_method: text<CallbackMethod>(),
  /** Which of the two it hears now. */
  heard_url: text<string | null>(),
  /** No sound has come from there for some seconds; undefined in rows from before this column. */
  away: flag<boolean | undefined>()
} as const
export type ConferenceParticipantRow = RowOf<typeof conferenceParticipantColumns>

/** Where calls wait, in the order in which they came (reference voice 7). */
const queueColumns = {
  account_sid: text(),
  friendly_name: text(),
  max_size: integer(),
  /** The workflow whose tasks' calls wait in it. */
  workflow_sid: text<string | null>(),
  /** Calls that have left it, and how long they waited, in milliseconds. */
  left: integer(),
  waited_ms: integer()
} as const
export type QueueRow = RowOf<typeof queueColumns>

export type RecordingStatus = 'in-progress' | 'paused' | 'stopped' | 'completed' | 'absent'

/** A call that waits in a queue. Those of a queue are in the order in which they came. */
const queueMemberColumns = {
  account_sid: text(),
  call_sid: text(),
  queue_sid: text()
} as const
export type QueueMemberRow = RowOf<typeof queueMemberColumns>

const recordingColumns = {
  account_sid: text(),
  call_sid: text(),
  conference_sid: text<string | null>(),
  task_sid: text<string | null>(),
  status: text<RecordingStatus>(),
  source: text(),
  channels: integer<1 | 2>(),
  start_time: integer(),
  /** Milliseconds; null until it is over. */
  duration_ms: integer<number | null>(),
  /** The file that has the sound (`ME…`). */
  media_sid: text<string | null>(),
  /** What was said, where the other end is a virtual phone. */
  words: text<string | null>(),
  callback: json<VoiceCallback | null>(),
  date_paused: integer<number | null>(),
  pauses_ms: integer()
} as const
export type RecordingRow = RowOf<typeof recordingColumns>

/** What a virtual phone has heard. */
const heardColumns = {
  account_sid: text(),
  phone_sid: text(),
  call_sid: text(),
  what: text<'ringback' | 'say' | 'play' | 'tone' | 'digits' | 'speech' | 'connected' | 'silence' | 'ended'>(),
  /** The words, the address or the tone; null where there are none. */
  content: text<string | null>(),
  /** Who spoke: its address, of speech in a bridge or a conference. */
  speaker: text<string | null>()
} as const
export type HeardRow = RowOf<typeof heardColumns>

/** One row, as soon as there has been any call: from then on its events are looked at. Its SID is the account's. */
const voiceUseColumns = { account_sid: text() } as const
export type VoiceUseRow = RowOf<typeof voiceUseColumns>

/** Key of a conference's name; of a queue's. */
function nameKeyOf({ friendly_name }: { readonly friendly_name: string }): string {
  return nameForm(friendly_name)
}

/** The key of an index over calls that have not ended. */
function living(name: 'parent_call_sid' | 'task_sid' | 'reservation_sid' | 'phone_sid' | 'arrival') {
  return (row: CallRow) => (isLiving(row) ? row[name] : null)
}

export const voiceKinds = {
  voice_use: kind(voiceUseColumns, { prefix: 'AC' }),
  call: kind(callColumns, {
    prefix: 'CA',
    indexes: {
      account_sid: (row) => (isLiving(row) ? row.account_sid : null),
      parent_call_sid: living('parent_call_sid'),
      task_sid: living('task_sid'),
      reservation_sid: living('reservation_sid'),
      phone_sid: living('phone_sid'),
      arrival: living('arrival')
    },
    timers: {
      verb_due: 'timer.call_verb',
      ring_due: 'timer.call_ring',
      limit_due: 'timer.call_limit',
      phone_due: 'timer.call_phone'
    },
    cold: {
      columns: [
        ...(['seq', 'from', 'to', 'status', 'parent_call_sid', 'phone_sid', 'task_sid'] as const),
        ...(['start_time', 'end_time'] as const)
      ],
      indexes: [
        ['seq'],
        ['from', 'seq'],
        ['to', 'seq'],
        ['status', 'seq'],
        ['parent_call_sid', 'seq'],
        ['phone_sid', 'seq'],
        ['task_sid'],
        ['start_time', 'seq'],
        ['end_time', 'seq']
      ],
      resident: { column: 'status', values: livingCalls },
      foundBy: ['sid']
    }
  }),
  conference: kind(conferenceColumns, {
    prefix: 'CF',
    indexes: {
      account_sid: (row) => (row.status === 'completed' ? null : row.account_sid),
      name: (row) => (row.status === 'completed' ? null : nameKeyOf(row)),
      task_sid: (row) => (row.status === 'completed' ? null : row.task_sid)
    },
    cold: {
      columns: ['seq', 'friendly_name', 'status', 'date_created', 'date_updated', 'date_ended'],
      indexes: [
        ['seq'],
        ['friendly_name', 'seq'],
        ['status', 'seq'],
        ['date_created', 'seq'],
        ['date_updated', 'seq'],
        ['date_ended']
      ],
      resident: { column: 'status', values: ['init', 'in-progress'] },
      foundBy: ['sid']
    }
  }),
  conference_participant: kind(conferenceParticipantColumns, {
    prefix: 'XJ',
    indexes: { conference_sid: (row) => row.conference_sid, call_sid: (row) => row.call_sid }
  }),
  queue: kind(queueColumns, {
    prefix: 'QU',
    indexes: { account_sid: (row) => row.account_sid, name: nameKeyOf }
  }),
  queue_member: kind(queueMemberColumns, {
    prefix: 'XQ',
    indexes: { queue_sid: (row) => row.queue_sid, call_sid: (row) => row.call_sid }
  }),
  recording: kind(recordingColumns, {
    prefix: 'RE',
    indexes: {
      call_sid: (row) => row.call_sid,
      conference_sid: (row) => row.conference_sid
    },
    cold: {
      columns: ['seq', 'call_sid', 'conference_sid', 'status', 'date_created', 'media_sid'],
      indexes: [
        ['seq'],
        ['call_sid', 'seq'],
        ['conference_sid', 'seq'],
        ['date_created', 'seq'],
        ['status', 'seq'],
        ['media_sid']
      ],
      resident: { column: 'status', values: ['in-progress', 'paused'] },
      foundBy: ['sid']
    }
  }),
  heard: kind(heardColumns, {
    prefix: 'XH',
    indexes: { phone_sid: (row) => row.phone_sid, call_sid: (row) => row.call_sid },
    cold: {
      columns: ['seq', 'phone_sid', 'call_sid', 'date_created'],
      indexes: [['phone_sid', 'seq'], ['call_sid', 'seq'], ['date_created']],
      foundBy: ['sid'],
      under: { phone_sid: 'phone', call_sid: 'call' }
    }
  })
}
