import type { State } from '../center.ts'
import { checkRange, checkUrl, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAccountSid } from '../numbers/callback.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import { calleeIn, callerIn, callOut, checkRoom, maxCall_s } from './calling.ts'
import {
  changeParticipant,
  conferenceNamed,
  endConference,
  expectParticipant,
  joinConference,
  leaveConference,
  participantFor,
  participantsOf,
  recordConference
} from './conference.ts'
import { endCall } from './ending.ts'
import { play } from './leg.ts'
import { startRecording } from './recording.ts'
import type { CallRow, ConferenceParticipantRow, ConferenceRow, VoiceCallback } from './rows.ts'

interface OfConference {
  readonly account_sid?: string
  /** `CF…`, or, to make a participant, the conference's name. */
  readonly conference_sid: string
}

export interface CreateConferenceParticipant extends OfConference {
  readonly from: string
  readonly to: string
  readonly label?: string
  readonly timeout?: number
  readonly time_limit?: number
  readonly muted?: boolean
  readonly coaching?: boolean
  readonly call_sid_to_coach?: string
  readonly beep?: string
  readonly start_conference_on_enter?: boolean
  readonly end_conference_on_exit?: boolean
  readonly wait_url?: string
  readonly wait_method?: CallbackMethod
  readonly max_participants?: number
  readonly record?: boolean
  readonly conference_record?: string
  readonly status_callback?: string
  readonly status_callback_method?: CallbackMethod
  readonly status_callback_event?: readonly string[]
  readonly conference_status_callback?: string
  readonly conference_status_callback_method?: CallbackMethod
  readonly conference_status_callback_event?: readonly string[]
}

/** Calls somebody into a conference, which is made where only its name is known (reference voice 5). */
export function createConferenceParticipant(
  state: State,
  params: CreateConferenceParticipant
): { conference_participant: ConferenceParticipantRow } {
  checkAccountSid(state, params)
  const to = calleeIn(params.to) ?? refuse('call.bad_to', `To '${params.to}' is no number in E.164, client: or sip:`)
  const from = callerIn(params.from) ?? refuse('call.bad_from', `From '${params.from}' cannot be who calls`)
  checkRange(params.timeout, 'Timeout', 1, 600)
  checkRange(params.time_limit, 'TimeLimit', 1, 86_400)
  checkRoom(state)
  const conference = conferenceFor(state, params)
  if (participantsOf(state, conference.sid).length >= conference.max_participants)
    refuse('too_many', `Conference ${conference.sid} has ${conference.max_participants} participants already`)
  checkLabel(state, conference.sid, params.label)
  const coached = coachedBy(state, conference.sid, params)
  const call = callOut(state, {
    ...{ to, from, direction: 'outbound-api' },
    timeout: params.timeout ?? 60,
    time_limit: params.time_limit ?? maxCall_s,
    purpose: { for: 'conference', conference_sid: conference.sid },
    status_callback: callbackIn('StatusCallback', {
      url: params.status_callback,
      method: params.status_callback_method,
      events: params.status_callback_event ?? ['completed']
    })
  })
  const beep = params.beep
  const conference_participant = expectParticipant(state, conference.sid, call.sid, {
    label: params.label || null,
    muted: params.muted ?? false,
    ...coached,
    start_conference_on_enter: params.start_conference_on_enter ?? true,
    end_conference_on_exit: params.end_conference_on_exit ?? false,
    beep: beep === 'false' || beep === 'onEnter' || beep === 'onExit' ? beep : 'true',
    wait_url: params.wait_url ?? null,
    wait_method: params.wait_method ?? 'POST'
  })
  if (params.record) startRecording(state, { call_sid: call.sid, source: 'OutboundAPI' })
  if (params.conference_record === 'true' || params.conference_record === 'record-from-start')
    recordConference(state, conference.sid, { call_sid: call.sid })
  return { conference_participant }
}

function conferenceFor(state: State, params: CreateConferenceParticipant): ConferenceRow {
  const { conference_sid: name } = params
  if (/^CF[0-9a-f]{32}$/i.test(name)) return livingConference(state, name)
  return conferenceNamed(state, {
    friendly_name: name.slice(0, 128),
    max_participants: Math.min(Math.max(params.max_participants ?? 250, 2), 250),
    status_callback: callbackIn('ConferenceStatusCallback', {
      url: params.conference_status_callback,
      method: params.conference_status_callback_method,
      events: params.conference_status_callback_event ?? ['start', 'end']
    })
  })
}

interface WantedCallback {
  readonly url: string | undefined
  readonly method: CallbackMethod | undefined
  /** Names of events; one text may have several of them. */
  readonly events: readonly string[]
}

function callbackIn(parameter: string, { url, method = 'POST', events }: WantedCallback): VoiceCallback | null {
  checkUrl(url, parameter)
  return url ? { url, method, events: events.flatMap((text) => text.split(/\s+/)) } : null
}

function livingConference(state: State, sid: string): ConferenceRow {
  const conference = state.tables.conference.find(sid)
  return conference && conference.status !== 'completed' ? conference : notFound(`/Conferences/${sid}`)
}

function checkLabel(state: State, conference_sid: string, label: string | undefined): void {
  if (label && participantsOf(state, conference_sid).some((one) => one.label === label))
    refuse('conflict', `Conference ${conference_sid} has a participant with the label '${label}'`)
}

interface Coaching {
  readonly coaching?: boolean
  readonly call_sid_to_coach?: string
}

/** Whom somebody coaches must be in the same conference. */
function coachedBy(state: State, conference_sid: string, { coaching, call_sid_to_coach }: Coaching) {
  if (call_sid_to_coach) {
    const coached = participantFor(state, call_sid_to_coach)
    if (coached?.conference_sid !== conference_sid)
      refuse('invalid', `CallSidToCoach ${call_sid_to_coach} is in no way in conference ${conference_sid}`)
  } else if (coaching) refuse('invalid', 'Coaching needs CallSidToCoach')
  return {
    ...(coaching !== undefined && { coaching }),
    ...(call_sid_to_coach && { call_sid_to_coach })
  }
}

export interface UpdateConferenceParticipant extends OfConference {
  readonly call_sid: string
  readonly muted?: boolean
  readonly hold?: boolean
  readonly hold_url?: string
  readonly hold_method?: CallbackMethod
  readonly announce_url?: string
  readonly wait_url?: string
  readonly wait_method?: CallbackMethod
  readonly beep_on_exit?: boolean
  readonly end_conference_on_exit?: boolean
  readonly coaching?: boolean
  readonly call_sid_to_coach?: string
}

/** Mutes somebody in a conference, puts on hold, lets coach, and back (reference voice 5). */
export function updateConferenceParticipant(
  state: State,
  params: UpdateConferenceParticipant
): { conference_participant: ConferenceParticipantRow } {
  checkAccountSid(state, params)
  const before = conferenceParticipantOf(state, params)
  for (const [name, url] of [
    ['HoldUrl', params.hold_url],
    ['WaitUrl', params.wait_url],
    ['AnnounceUrl', params.announce_url]
  ] as const)
    checkUrl(url, name)
  const coached = coachedBy(state, before.conference_sid, {
    ...(params.coaching !== undefined && { coaching: params.coaching }),
    ...(params.coaching && { call_sid_to_coach: params.call_sid_to_coach ?? before.call_sid_to_coach ?? '' }),
    ...(params.call_sid_to_coach && { call_sid_to_coach: params.call_sid_to_coach })
  })
  const conference_participant = changeParticipant(state, before.call_sid, {
    ...coached,
    ...(params.coaching === false && { coaching: false, call_sid_to_coach: null }),
    ...(params.muted !== undefined && { muted: params.muted }),
    ...(params.hold !== undefined && { hold: params.hold }),
    ...(params.hold_url !== undefined && { hold_url: params.hold_url || null }),
    ...(params.hold_method && { hold_method: params.hold_method }),
    ...(params.wait_url !== undefined && { wait_url: params.wait_url }),
    ...(params.wait_method && { wait_method: params.wait_method }),
    ...(params.end_conference_on_exit !== undefined && { end_conference_on_exit: params.end_conference_on_exit })
  })
  if (params.announce_url && conference_participant.status === 'connected')
    play(state, before.call_sid, [{ play: params.announce_url }])
  return { conference_participant }
}

/** Puts somebody out of a conference; the call goes on with its document, or ends. */
export function deleteConferenceParticipant(
  state: State,
  params: OfConference & { readonly call_sid: string }
): Record<string, never> {
  checkAccountSid(state, params)
  const { call_sid, status } = conferenceParticipantOf(state, params)
  leaveConference(state, call_sid, 'participant_updated_via_api', true)
  if (status !== 'connected') endCall(state, call_sid, 'canceled', { by: 'program' })
  return {}
}

/** By the call's SID, or by its label. */
export function conferenceParticipantOf(
  state: State,
  { conference_sid, call_sid }: { readonly conference_sid: string; readonly call_sid: string }
): ConferenceParticipantRow {
  const named = participantFor(state, call_sid)
  const found = named ?? participantsOf(state, conference_sid).find(({ label }) => label === call_sid)
  return found?.conference_sid === conference_sid
    ? found
    : notFound(`/Conferences/${conference_sid}/Participants/${call_sid}`)
}

export interface UpdateConference {
  readonly account_sid?: string
  readonly sid: string
  readonly status?: 'completed'
  readonly announce_url?: string
}

/** Ends a conference, or plays something to everybody in it. */
export function updateConference(state: State, params: UpdateConference): { conference: ConferenceRow } {
  checkAccountSid(state, params)
  const before = state.tables.conference.find(params.sid) ?? notFound(`/Conferences/${params.sid}`)
  checkUrl(params.announce_url, 'AnnounceUrl')
  if (before.status === 'completed' && (params.status || params.announce_url))
    refuse('call.wrong_state', `Conference ${before.sid} has ended`)
  if (params.announce_url)
    for (const { call_sid, status } of participantsOf(state, before.sid))
      if (status === 'connected') play(state, call_sid, [{ play: params.announce_url }])
  if (params.status === 'completed') endConference(state, before.sid, 'conference-ended-via-api', null)
  return { conference: state.tables.conference.need(before.sid) }
}

/** A call that was made into a conference is answered. */
export function conferenceCallReady(state: State, { sid, purpose }: CallRow): void {
  const conference = purpose?.for === 'conference' ? state.resident('conference', purpose.conference_sid) : undefined
  if (!conference || conference.status === 'completed' || !participantFor(state, sid))
    return void endCall(state, sid, 'completed', { by: 'program' })
  joinConference(state, conference.sid, sid)
}
