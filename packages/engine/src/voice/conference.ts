import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import { flagIn, wholeIn } from './act.ts'
import { part, settleBridge } from './ending.ts'
import { emitConference } from './events.ts'
import { hears } from './hears.ts'
import { changeLeg, playMusic } from './leg.ts'
import type { VoiceVerb } from './program.ts'
import { resolvedUrl } from './prompts.ts'
import { leaveCallQueue } from './queue.ts'
import {
  type NewRecording,
  recordThose,
  runningConferenceRecordings,
  startRecording,
  stopConferenceRecordings
} from './recording.ts'
import type { ConferenceParticipantRow, ConferenceRow, VoiceCallback } from './rows.ts'

/** What somebody is in a conference as. */
export interface Membership {
  readonly label?: string | null
  readonly muted?: boolean
  readonly hold?: boolean
  readonly coaching?: boolean
  readonly call_sid_to_coach?: string | null
  readonly start_conference_on_enter?: boolean
  readonly end_conference_on_exit?: boolean
  readonly beep?: ConferenceParticipantRow['beep']
  readonly wait_url?: string | null
  readonly wait_method?: CallbackMethod
}

export interface NewConference {
  readonly friendly_name: string
  readonly task_sid?: string | null
  readonly max_participants?: number
  readonly status_callback?: VoiceCallback | null
}

/** The conference with that name which has not ended, or a new one. */
export function conferenceNamed(state: State, params: NewConference): ConferenceRow {
  const { friendly_name, task_sid = null, max_participants = 250, status_callback = null } = params
  const known = state.tables.conference.firstBy('name', nameForm(friendly_name))
  if (known)
    return known.status_callback || !status_callback
      ? known
      : state.change('conference', known.sid, { status_callback })
  return state.insert('conference', {
    account_sid: state.account_sid,
    ...{ friendly_name, status: 'init', task_sid, max_participants, status_callback },
    ...{ reason_conference_ended: null, call_sid_ending_conference: null, sequence_number: 0 },
    ...{ recording_sid: null, date_started: null, date_ended: null }
  })
}

/** Puts a call into a conference on behalf of its document's `Conference`; null where there is no room. */
export function joinByDial(
  state: State,
  call_sid: string,
  noun: VoiceVerb,
  { callback, url }: { readonly callback: VoiceCallback | null; readonly url: string }
): string | null {
  const { participantLabel, coach, waitUrl, waitMethod } = noun.attributes
  const conference = conferenceNamed(state, {
    friendly_name: (noun.text ?? '').slice(0, 128),
    max_participants: wholeIn(noun, 'maxParticipants', { usual: 250, min: 2, max: 250 }),
    status_callback: callback
  })
  if (participantsOf(state, conference.sid).length >= conference.max_participants) return null
  const beep = noun.attributes.beep
  joinConference(state, conference.sid, call_sid, {
    label: participantLabel || null,
    muted: flagIn(noun, 'muted', false),
    coaching: Boolean(coach),
    call_sid_to_coach: coach || null,
    start_conference_on_enter: flagIn(noun, 'startConferenceOnEnter', true),
    end_conference_on_exit: flagIn(noun, 'endConferenceOnExit', false),
    beep: beep === 'false' || beep === 'onEnter' || beep === 'onExit' ? beep : 'true',
    wait_url: waitUrl === undefined ? null : waitUrl === '' ? '' : resolvedUrl(waitUrl, url),
    wait_method: waitMethod?.toUpperCase() === 'GET' ? 'GET' : 'POST'
  })
  return conference.sid
}

/** All participants of a conference and those on the way there, in the order in which they came. */
export function participantsOf(state: State, conference_sid: string): ConferenceParticipantRow[] {
  return state.tables.conference_participant.list('conference_sid', conference_sid)
}

/** What a call is in a conference as, or will be; undefined where it is in none. */
export function participantFor(state: State, call_sid: string): ConferenceParticipantRow | undefined {
  return state.tables.conference_participant.firstBy('call_sid', call_sid)
}

/** Notes a call that is on its way to a conference. */
export function expectParticipant(
  state: State,
  conference_sid: string,
  call_sid: string,
  as: Membership
): ConferenceParticipantRow {
  return state.insert('conference_participant', {
    account_sid: state.account_sid,
    ...{ conference_sid, call_sid, label: as.label ?? null, status: 'queued' },
    ...{ muted: as.muted ?? false, hold: as.hold ?? false, coaching: as.coaching ?? false },
    call_sid_to_coach: as.call_sid_to_coach ?? null,
    start_conference_on_enter: as.start_conference_on_enter ?? true,
    end_conference_on_exit: as.end_conference_on_exit ?? false,
    ...{ beep: as.beep ?? 'true', wait_url: as.wait_url ?? null, wait_method: as.wait_method ?? 'POST' },
    ...{ hold_url: null, hold_method: 'GET', heard_url: null, away: false }
  })
}

/** A call comes into a conference, from wherever it is: out of its bridge, its queue or another conference. */
export function joinConference(state: State, conference_sid: string, call_sid: string, as: Membership = {}): void {
  const { conference_sid: former } = state.tables.call.need(call_sid)
  if (former !== null && former !== conference_sid) leaveConference(state, call_sid, 'participant_updated_via_api')
  leaveCallQueue(state, call_sid, 'bridged')
  part(state, call_sid)
  const known = participantFor(state, call_sid)
  const expected = known ?? expectParticipant(state, conference_sid, call_sid, as)
  const { away } = state.change('call', call_sid, { conference_sid })
  const participant = state.change('conference_participant', expected.sid, { status: 'connected', away })
  emitConference(state, 'participant-join', conference_sid, { participant })
  startIfReady(state, conference_sid)
  settleConference(state, conference_sid)
}

/** It starts with the first who may start it (reference voice 5). */
function startIfReady(state: State, conference_sid: string): void {
  const { status } = state.tables.conference.need(conference_sid)
  const connected = connectedIn(state, conference_sid)
  if (status !== 'init' || !connected.some((one) => one.start_conference_on_enter)) return
  state.change('conference', conference_sid, { status: 'in-progress', date_started: state.at })
  emitConference(state, 'start', conference_sid)
}

function connectedIn(state: State, conference_sid: string): ConferenceParticipantRow[] {
  return participantsOf(state, conference_sid).filter(({ status }) => status === 'connected')
}

/** Sets for each leg whom it hears now, and what it is played while it hears nobody. */
function settleConference(state: State, conference_sid: string): void {
  const { status } = state.tables.conference.need(conference_sid)
  const connected = connectedIn(state, conference_sid)
  const heard = new Map<string, string[]>(connected.map(({ call_sid }) => [call_sid, []]))
  if (status === 'in-progress') for (const [listener, speaker] of hears(connected)) heard.get(listener)?.push(speaker)
  const isAlone = connected.length < 2 || status !== 'in-progress'
  const missed = missing(connected)
  for (const participant of connected) {
    const own = heard.get(participant.call_sid) ?? []
    const isLeft = own.length === 0 && missed.has(participant.call_sid)
    if (participant.hold || isAlone || isLeft) waitHearing(state, participant, own)
    else {
      changeLeg(state, participant.call_sid, { hears: own, plays: null })
      hearDocument(state, participant, null)
    }
  }
  const said = status === 'in-progress' ? connected.filter(isSaidToAll).map(({ call_sid }) => call_sid) : []
  recordThose(state, conference_sid, said)
}

/**
 * Whoever would hear somebody, were it not for a connection that is lost: who hears nobody else hears music, until that one is
 * there again or has left. Somebody whom nobody hears, as one who listens in, keeps nobody from it.
 */
function missing(connected: readonly ConferenceParticipantRow[]): ReadonlySet<string> {
  if (!connected.some(({ away }) => away)) return new Set()
  const all = hears(connected.map((one) => ({ ...one, away: false })))
  return new Set(all.map(([listener]) => listener))
}

/** Begins to record a conference, on one of its legs; nothing happens where it is recorded already. */
export function recordConference(
  state: State,
  conference_sid: string,
  recording: Pick<NewRecording, 'call_sid' | 'channels' | 'callback'>
): void {
  if (runningConferenceRecordings(state, conference_sid).length > 0) return
  startRecording(state, { ...recording, conference_sid, source: 'Conference' })
  settleConference(state, conference_sid)
}

/** Whether what somebody says is meant for all: that is what a recording of a conference has. */
function isSaidToAll({ muted, hold, coaching }: ConferenceParticipantRow): boolean {
  return !muted && !hold && !coaching
}

/** Music, silence, or what a document says; until that is there, music. */
function waitHearing(state: State, participant: ConferenceParticipantRow, hears: readonly string[]): void {
  const { call_sid, hold, hold_url, wait_url, heard_url } = participant
  const url = hold ? hold_url : wait_url
  if (url && url === heard_url) changeLeg(state, call_sid, { hears })
  else playMusic(state, call_sid, url === '' ? '' : null, { hears })
  hearDocument(state, participant, url || null)
}

/** Notes which document is to be heard now, or none; the runner of documents reacts to the event. */
function hearDocument(
  state: State,
  { sid, conference_sid, heard_url }: ConferenceParticipantRow,
  url: string | null
): void {
  if (heard_url === url) return
  const conference_participant = state.change('conference_participant', sid, { heard_url: url })
  state.emit('ringdown.conference.waiting-changed', {
    conference: state.tables.conference.need(conference_sid),
    conference_participant
  })
}

/** Nothing comes from a leg any more, or something again: whoever is with it does not listen to silence. */
export function noteSound(state: State, call_sid: string, isThere: boolean): void {
  const away = !isThere
  if ((state.tables.call.need(call_sid).away ?? false) === away) return
  state.change('call', call_sid, { away })
  settleBridge(state, call_sid)
  const participant = participantFor(state, call_sid)
  if (participant?.status !== 'connected') return
  state.change('conference_participant', participant.sid, { away })
  settleConference(state, participant.conference_sid)
}

export type ParticipantChange = Partial<
  Pick<
    ConferenceParticipantRow,
    | ('muted' | 'hold' | 'hold_url' | 'hold_method' | 'coaching' | 'call_sid_to_coach' | 'end_conference_on_exit')
    | ('beep' | 'wait_url' | 'wait_method')
  >
>

/** Changes what somebody is in a conference as, and emits what is different now. */
export function changeParticipant(
  state: State,
  call_sid: string,
  changes: ParticipantChange
): ConferenceParticipantRow {
  const before = participantFor(state, call_sid)
  if (!before) throw new Error(`invariant: call ${call_sid} is in a conference`)
  const after = state.change('conference_participant', before.sid, changes)
  const { conference_sid } = after
  if (after.muted !== before.muted)
    emitConference(state, after.muted ? 'participant-mute' : 'participant-unmute', conference_sid, {
      participant: after
    })
  if (after.hold !== before.hold)
    emitConference(state, after.hold ? 'participant-hold' : 'participant-unhold', conference_sid, {
      participant: after
    })
  const isOther =
    after.coaching !== before.coaching ||
    after.call_sid_to_coach !== before.call_sid_to_coach ||
    after.end_conference_on_exit !== before.end_conference_on_exit
  if (isOther) emitConference(state, 'participant-modify', conference_sid, { participant: after })
  settleConference(state, conference_sid)
  return state.tables.conference_participant.need(before.sid)
}

export type LeaveReason =
  | 'conference_ended_via_api'
  | 'moderator_ended_conference'
  | 'participant_updated_via_api'
  | 'participant_hung_up'
  | 'participant_add_failed'

/**
 * Takes a call out of the conference that it is in, or on its way to. When that ends the conference, all others are taken
 * out as well. A call that is out and lives goes on with the next verb of its document, as a reaction to the event.
 */
export function leaveConference(state: State, call_sid: string, reason: LeaveReason, isKicked = false): void {
  const participant = participantFor(state, call_sid)
  if (!participant) return
  const { conference_sid, status, end_conference_on_exit } = participant
  takeOut(state, participant, reason)
  const conference = state.tables.conference.need(conference_sid)
  if (conference.status === 'completed') return
  if (status === 'connected' && end_conference_on_exit)
    return void endConference(
      state,
      conference_sid,
      `participant-with-end-conference-on-exit-${isKicked ? 'kicked' : 'left'}`,
      call_sid
    )
  const others = participantsOf(state, conference_sid)
  if (others.length === 0)
    endConference(state, conference_sid, `last-participant-${isKicked ? 'kicked' : 'left'}`, call_sid)
  else settleConference(state, conference_sid)
}

/** Ends a conference: everybody in it is taken out. */
export function endConference(state: State, conference_sid: string, reason: string, call_sid: string | null): void {
  const before = state.tables.conference.need(conference_sid)
  if (before.status === 'completed') return
  state.change('conference', conference_sid, {
    status: 'completed',
    reason_conference_ended: reason,
    call_sid_ending_conference: call_sid,
    date_ended: state.at
  })
  stopConferenceRecordings(state, conference_sid)
  const leave = reason === 'conference-ended-via-api' ? 'conference_ended_via_api' : 'moderator_ended_conference'
  for (const participant of participantsOf(state, conference_sid)) takeOut(state, participant, leave)
  emitConference(state, 'end', conference_sid, {
    extra: {
      reason_conference_ended: reason,
      ...(call_sid !== null && { call_sid_ending_conference: call_sid })
    }
  })
}

function takeOut(state: State, participant: ConferenceParticipantRow, reason: LeaveReason): void {
  const { call_sid, conference_sid } = participant
  state.remove('conference_participant', participant.sid)
  const call = state.change('call', call_sid, { conference_sid: null })
  changeLeg(state, call_sid, { hears: [], plays: null })
  emitConference(state, 'participant-leave', conference_sid, {
    participant,
    extra: { reason_participant_left: reason, participant_call_status: call.status }
  })
}
