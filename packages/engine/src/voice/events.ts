import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'
import type { CallRow, ConferenceParticipantRow, ConferenceRow, RecordingRow, VoiceCallback } from './rows.ts'

/*
 * Events of calls. What is said and what is pressed is in none of them; where a program is asked, its address and the
 * request's number are.
 */
export const voiceEvents = {
  'call.initiated': ofCall('initiated'),
  'call.ringing': ofCall('rings'),
  'call.answered': ofCall('answered'),
  /** However it has ended: its status says how. */
  'call.completed': ofCall('ended'),
  'call.deleted': ofCall('deleted'),
  'ringdown.call.leg-changed': ofLeg(),
  'ringdown.call.document-asked': ofCall('asks a program'),
  'ringdown.call.flow-asked': ofCall('asks a flow'),
  'ringdown.call.document-taken': ofCall('has a document'),
  'ringdown.call.document-failed': ofCall('got no document'),
  'ringdown.sound.gone': ofSound(),
  'ringdown.sound.back': ofSound(),
  'ringdown.call.ready': ofCall('can be connected'),
  'ringdown.call.connected': ofCall('is connected'),
  'ringdown.call.parted': ofCall('is no longer connected'),
  'ringdown.call.queued': ofCall('waits in a queue'),
  'ringdown.call.dequeued': ofCall('has left its queue'),
  'conference.start': ofConference('started'),
  'conference.end': ofConference('ended'),
  'conference.participant-join': ofParticipant('joined'),
  'conference.participant-leave': ofParticipant('left'),
  'conference.participant-modify': ofParticipant('changed'),
  'conference.participant-mute': ofParticipant('was muted'),
  'conference.participant-unmute': ofParticipant('is not muted any more'),
  'conference.participant-hold': ofParticipant('was put on hold'),
  'conference.participant-unhold': ofParticipant('is not on hold any more'),
  'ringdown.conference.waiting-changed': ofParticipant('hears something else while it waits'),
  'queue.created': ofQueue('created'),
  'queue.updated': ofQueue('updated'),
  'queue.deleted': ofQueue('deleted'),
  'recording.in-progress': ofRecording('began'),
  'recording.paused': ofRecording('paused'),
  'recording.completed': ofRecording('completed'),
  'recording.absent': ofRecording('has nothing'),
  'recording.deleted': ofRecording('deleted')
} satisfies Record<string, Rendering>

type CallProgress = 'initiated' | 'ringing' | 'answered' | 'completed'

/**
 * Emits how far a call has come. Where a status callback is wanted for it, the event has its address and sequence number, so
 * that the callback follows from the event alone.
 */
export function emitCall(state: State, progress: CallProgress, sid: string): void {
  const { status_callback, sequence_number } = state.tables.call.need(sid)
  const isWanted = status_callback?.events.includes(progress) ?? false
  const call = isWanted
    ? state.change('call', sid, { sequence_number: sequence_number + 1 })
    : state.tables.call.need(sid)
  state.emit(`call.${progress}`, {
    call,
    extra: isWanted && status_callback ? callbackIn(status_callback, sequence_number) : {}
  })
}

type ConferenceProgress =
  | 'start'
  | 'end'
  | `participant-${'join' | 'leave' | 'modify' | 'mute' | 'unmute' | 'hold' | 'unhold'}`

/** By which name a conference's status callback subscribes to it. */
const subscribedAs = {
  start: 'start',
  end: 'end',
  'participant-join': 'join',
  'participant-leave': 'leave',
  'participant-modify': 'modify',
  'participant-mute': 'mute',
  'participant-unmute': 'mute',
  'participant-hold': 'hold',
  'participant-unhold': 'hold'
} as const satisfies Record<ConferenceProgress, string>

/** Whom an event of a conference is about, and what it says beside. */
interface ConferenceNews {
  readonly participant?: ConferenceParticipantRow
  readonly extra?: Readonly<Record<string, string>>
}

/** The same for what happens in a conference. */
export function emitConference(
  state: State,
  progress: ConferenceProgress,
  conference_sid: string,
  { participant: conference_participant, extra = {} }: ConferenceNews = {}
): void {
  const { status_callback, sequence_number } = state.tables.conference.need(conference_sid)
  const isWanted = status_callback?.events.includes(subscribedAs[progress]) ?? false
  const conference = isWanted
    ? state.change('conference', conference_sid, { sequence_number: sequence_number + 1 })
    : state.tables.conference.need(conference_sid)
  const callback = isWanted && status_callback ? callbackIn(status_callback, sequence_number) : {}
  state.emit(`conference.${progress}`, { conference, conference_participant, extra: { ...extra, ...callback } })
}

function callbackIn({ url, method }: VoiceCallback, sequence_number: number) {
  return { callback_url: url, callback_method: method, sequence_number }
}

function ofCall(did: string): Rendering {
  return (refs) => {
    const call = refOf(refs, 'call')
    return {
      description: `Call ${call.sid} ${did}`,
      resource_type: 'call',
      resource_sid: call.sid,
      data: { ...callData(call), ...refs.extra }
    }
  }
}

function callData(call: CallRow) {
  const { sid, parent_call_sid, from, to, direction, status, start_time, end_time, ended_by } = call
  const { conference_sid, task_sid, reservation_sid, phone_sid, forwarded_from, caller_name, sip_response_code } = call
  return {
    call_sid: sid,
    ...{ parent_call_sid, from, to, direction, status },
    ...{ conference_sid, task_sid, reservation_sid, phone_sid, forwarded_from, caller_name, sip_response_code },
    ...{ start_time, end_time, ended_by, date_created: call.date_created }
  }
}

/** Of all calls together: there is no row that it is about. */
function ofSound(): Rendering {
  return ({ extra = {} }) => ({
    description: String(extra.message),
    resource_type: 'account',
    resource_sid: String(extra.account_sid),
    data: extra
  })
}

/** The process of the sound is given the leg itself, from the row. */
function ofLeg(): Rendering {
  return (refs) => {
    const { sid, revision, leg } = refOf(refs, 'call')
    return {
      description: `Leg of call ${sid} changed`,
      resource_type: 'call',
      resource_sid: sid,
      data: { call_sid: sid, revision, wanted: leg?.wanted ?? null }
    }
  }
}

function ofConference(did: string): Rendering {
  return (refs) => {
    const conference = refOf(refs, 'conference')
    return {
      description: `Conference ${conference.sid} ${did}`,
      resource_type: 'conference',
      resource_sid: conference.sid,
      data: { ...conferenceData(conference), ...refs.extra }
    }
  }
}

function conferenceData({ sid, friendly_name, status, task_sid, ...row }: ConferenceRow) {
  const { reason_conference_ended, call_sid_ending_conference, date_started } = row
  return {
    conference_sid: sid,
    ...{ friendly_name, status, task_sid, reason_conference_ended, call_sid_ending_conference, date_started }
  }
}

function ofParticipant(did: string): Rendering {
  return (refs, at) => {
    const participant = refOf(refs, 'conference_participant')
    const { data, ...others } = ofConference(`: a participant ${did}`)(refs, at)
    const { call_sid, label, muted, hold, coaching, call_sid_to_coach } = participant
    const { start_conference_on_enter, end_conference_on_exit } = participant
    return {
      ...others,
      data: {
        ...data,
        ...{ call_sid, label, muted, hold, coaching, call_sid_to_coach },
        ...{ start_conference_on_enter, end_conference_on_exit }
      }
    }
  }
}

function ofQueue(did: string): Rendering {
  return (refs) => {
    const { sid, friendly_name, max_size, workflow_sid } = refOf(refs, 'queue')
    return {
      description: `Queue ${friendly_name} ${did}`,
      resource_type: 'queue',
      resource_sid: sid,
      data: { queue_sid: sid, friendly_name, max_size, workflow_sid }
    }
  }
}

/** Emits how far a recording has come, with the callback that is wanted for it. */
export function emitRecording(
  state: State,
  progress: 'in-progress' | 'paused' | 'completed' | 'absent' | 'deleted',
  recording: RecordingRow
): void {
  const { callback } = recording
  const extra =
    callback && progress !== 'deleted' && callback.events.includes(progress)
      ? { callback_url: callback.url, callback_method: callback.method }
      : {}
  state.emit(`recording.${progress}`, { recording, extra })
}

/** What was said is not in it. */
function ofRecording(did: string): Rendering {
  return (refs) => {
    const { sid, call_sid, conference_sid, task_sid, status, source, channels, start_time, duration_ms } = refOf(
      refs,
      'recording'
    )
    return {
      description: `Recording ${sid} ${did}`,
      resource_type: 'recording',
      resource_sid: sid,
      data: {
        recording_sid: sid,
        ...{ call_sid, conference_sid, task_sid, status, source, channels, start_time, duration_ms },
        ...refs.extra
      }
    }
  }
}
