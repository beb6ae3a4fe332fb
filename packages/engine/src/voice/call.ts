import type { LegArrival } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { checkRange, checkUrl, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAccountSid } from '../numbers/callback.ts'
import { ownNumber } from '../numbers/incoming-phone-number.ts'
import type { ApplicationRow, CallbackMethod, IncomingPhoneNumberRow } from '../numbers/rows.ts'
import { beginning, type CallBeginning, frameOf } from './beginning.ts'
import { calleeIn, callerIn, callOut, checkRoom, maxCall_s, newCallColumns, newLeg, noteUse } from './calling.ts'
import { leaveConference } from './conference.ts'
import { endCall, part } from './ending.ts'
import { emitCall } from './events.ts'
import { changeLeg } from './leg.ts'
import type { Program, VoiceVerb } from './program.ts'
import { leaveCallQueue } from './queue.ts'
import { type RecordingCallbackParams, recordingCallbackIn, startRecording } from './recording.ts'
import { type CallRow, isLiving, type VoiceCallback } from './rows.ts'
import { answer, replaceProgram, run } from './runner.ts'
import { callerLedAway } from './task-call.ts'
import { idlePhoneLeg } from './virtual-leg.ts'

export interface CallDocument {
  readonly url?: string
  readonly method?: CallbackMethod
  /** The document that came with the request, as it was parsed. */
  readonly verbs?: readonly VoiceVerb[]
  readonly fallback_url?: string
  readonly fallback_method?: CallbackMethod
}

export interface CreateCall extends CallDocument, RecordingCallbackParams {
  readonly account_sid?: string
  readonly to: string
  readonly from: string
  readonly application_sid?: string
  readonly status_callback?: string
  readonly status_callback_method?: CallbackMethod
  readonly status_callback_event?: readonly string[]
  readonly send_digits?: string
  readonly timeout?: number
  readonly time_limit?: number
  readonly record?: boolean
  readonly recording_channels?: string
}

/** Calls somebody, and runs a document when that one answers (reference voice 1). */
export function createCall(state: State, params: CreateCall): { call: CallRow } {
  checkAccountSid(state, params)
  const to = calleeIn(params.to) ?? refuse('call.bad_to', `To '${params.to}' is no number in E.164, client: or sip:`)
  const from = callerIn(params.from) ?? refuse('call.bad_from', `From '${params.from}' cannot be who calls`)
  checkRange(params.timeout, 'Timeout', 1, 600)
  checkRange(params.time_limit, 'TimeLimit', 1, 86_400)
  if (params.send_digits && !/^[0-9*#wW]{1,32}$/.test(params.send_digits))
    refuse('invalid', 'SendDigits may have 0-9, *, # and w')
  checkRoom(state)
  const call = callOut(state, {
    ...{ to, from, direction: 'outbound-api' },
    program: programFor(state, params),
    status_callback: callbackIn(params),
    timeout: params.timeout ?? 60,
    time_limit: params.time_limit ?? maxCall_s
  })
  if (params.record)
    startRecording(state, {
      call_sid: call.sid,
      source: 'OutboundAPI',
      channels: params.recording_channels === 'dual' ? 2 : 1,
      callback: recordingCallbackIn(params)
    })
  return { call: state.tables.call.need(call.sid) }
}

function programFor(state: State, params: CreateCall): Program {
  const { url, verbs, application_sid, fallback_url, fallback_method, send_digits: digits } = params
  checkUrl(fallback_url, 'FallbackUrl')
  if (application_sid) {
    const application =
      state.tables.application.find(application_sid) ??
      refuse('call.no_application', `Application ${application_sid} was not found`)
    const begun = application.voice_url && beginning('call', { ...originOf(application), digits })
    return begun || refuse('call.no_application', `Application ${application_sid} has no VoiceUrl`)
  }
  checkDocumentUrl(url)
  const begun = beginning('call', {
    ...{ url, method: params.method, digits },
    fallback_url: fallback_url || null,
    ...(fallback_method && { fallback_method }),
    ...(!url && verbs && { verbs })
  })
  // Keys alone are no document.
  return ((url || verbs) && begun) || refuse('call.no_url', 'Url, Twiml or ApplicationSid is required')
}

function checkDocumentUrl(url: string | undefined): void {
  if (url && !/^https?:\/\/[^\s/?#]+([/?#]\S*)?$/i.test(url)) refuse('call.bad_url', `Url '${url}' is not valid`)
}

function originOf({
  voice_url,
  voice_method,
  voice_fallback_url,
  voice_fallback_method
}: ApplicationRow | IncomingPhoneNumberRow) {
  return {
    ...{ url: voice_url, method: voice_method },
    ...{ fallback_url: voice_fallback_url, fallback_method: voice_fallback_method }
  }
}

const callEvents = ['initiated', 'ringing', 'answered', 'completed'] as const

function callbackIn(
  params: Pick<CreateCall, 'status_callback' | 'status_callback_method' | 'status_callback_event'>
): VoiceCallback | null {
  const { status_callback: url, status_callback_method: method = 'POST', status_callback_event } = params
  checkUrl(url, 'StatusCallback')
  if (!url) return null
  const events = (status_callback_event ?? ['completed']).flatMap((text) => text.split(/\s+/))
  for (const event of events)
    if (!(callEvents as readonly string[]).includes(event))
      refuse('invalid', `Value '${event}' provided for StatusCallbackEvent is not one of ${callEvents.join(', ')}`)
  return { url, method, events }
}

/**
 * Somebody calls one of the center's numbers, or a device an application. The number's program is asked what to do; without
 * one nobody answers. An arrival that was reported before answers the call that it has made.
 */
export function arrive(state: State, params: LegArrival): { call: CallRow } {
  const known = state.tables.call.firstBy('arrival', params.arrival)
  if (known) return { call: known }
  checkRoom(state)
  const from = callerIn(params.from) ?? refuse('call.bad_from', `From '${params.from}' cannot be who calls`)
  const number = ownNumber(state, params.to)
  const application = state.tables.application.find(params.application_sid ?? number?.voice_application_sid)
  if (!number && !application) refuse('call.no_number', `'${params.to}' is no number of this account`)
  const origin = application ?? number
  noteUse(state)
  const callback = origin?.status_callback
  const phone_sid = 'phone' in params.address ? params.address.phone : null
  const inserted = state.insert('call', {
    ...newCallColumns,
    account_sid: state.account_sid,
    parent_call_sid: null,
    ...{ from, to: number?.phone_number ?? params.to, direction: 'inbound', status: 'ringing' },
    phone_number_sid: number?.sid ?? null,
    forwarded_from: params.forwarded_from ?? null,
    caller_name: params.caller_name ?? null,
    arrival: params.arrival,
    parameters: params.parameters ?? {},
    status_callback: callback ? { url: callback, method: origin.status_callback_method, events: ['completed'] } : null,
    program: origin ? beginning('call', originOf(origin)) : null,
    ...{ task_sid: null, reservation_sid: null, purpose: null, ring_due: null },
    ...{ address: params.address, dialog: params.dialog ?? null, time_limit: maxCall_s },
    ...{ phone_sid, phone_leg: phone_sid === null ? null : idlePhoneLeg }
  })
  state.change('call', inserted.sid, { leg: newLeg(inserted) })
  changeLeg(state, inserted.sid, { wanted: 'ring' })
  emitCall(state, 'ringing', inserted.sid)
  if (inserted.program) run(state, inserted.sid)
  else endCall(state, inserted.sid, 'failed', { by: 'program', sip_code: 404 })
  return { call: state.tables.call.need(inserted.sid) }
}

export interface UpdateCall extends CallDocument {
  readonly account_sid?: string
  readonly sid: string
  readonly status?: 'canceled' | 'completed'
  readonly status_callback?: string
  readonly status_callback_method?: CallbackMethod
  readonly time_limit?: number
}

/** Ends a living call, or has it do something else from now on (reference voice 1). */
export function updateCall(state: State, params: UpdateCall): { call: CallRow } {
  checkAccountSid(state, params)
  const before = callOf(state, params.sid)
  const { sid, status, url, verbs, time_limit } = params
  if (!isLiving(before)) refuse('call.wrong_state', `Call ${sid} is ${before.status}: it cannot be changed any more`)
  checkRange(time_limit, 'TimeLimit', 1, 86_400)
  checkDocumentUrl(url)
  if (params.status_callback !== undefined) {
    const events = before.status_callback?.events
    state.change('call', sid, {
      status_callback: callbackIn({ ...params, ...(events && { status_callback_event: events }) })
    })
  }
  if (time_limit !== undefined)
    state.change('call', sid, {
      time_limit,
      ...(before.start_time !== null && { limit_due: before.start_time + time_limit * 1000 })
    })
  if (status === 'canceled') {
    if (before.status === 'in-progress')
      refuse('call.wrong_state', `Call ${sid} is in-progress: it can only be completed`)
    endCall(state, sid, 'canceled', { by: 'program' })
  } else if (status === 'completed')
    endCall(state, sid, before.status === 'in-progress' ? 'completed' : 'canceled', { by: 'program' })
  else if (url || verbs) redirectCall(state, sid, { ...params, verbs: url ? undefined : verbs })
  return { call: state.tables.call.need(sid) }
}

/** Has a living call run another document at once, and takes it out of its bridge, queue or conference for that. */
export function redirectCall(
  state: State,
  sid: string,
  { url, method, verbs }: Pick<CallBeginning, 'url' | 'method' | 'verbs'>
): void {
  const before = state.tables.call.need(sid)
  const { fallback_url = null, fallback_method = 'POST' } = before.program ?? {}
  const program = beginning('call', { url, method, fallback_url, fallback_method }) ?? {
    ...{ frames: [frameOf('call', verbs ?? [], '')], idle: 0, fallback_url, fallback_method }
  }
  replaceProgram(state, sid, null)
  const waited = leaveCallQueue(state, sid, before.bridged_sid === null ? 'redirected' : 'redirected-from-bridged')
  if (waited !== null) callerLedAway(state, sid, 'redirected')
  part(state, sid)
  leaveConference(state, sid, 'participant_updated_via_api')
  replaceProgram(state, sid, program)
  if (before.status === 'queued' || (before.status === 'ringing' && before.direction !== 'inbound')) return
  answer(state, sid)
  changeLeg(state, sid, { plays: null, hears: [], listens: null })
  run(state, sid)
}

/** Deletes a call that has ended, with what its virtual phone has heard of it. */
export function deleteCall(
  state: State,
  params: { readonly account_sid?: string; readonly sid: string }
): Record<string, never> {
  checkAccountSid(state, params)
  const call = callOf(state, params.sid)
  if (isLiving(call)) refuse('call.wrong_state', `Call ${call.sid} is ${call.status}: it cannot be deleted yet`)
  state.emit('call.deleted', { call })
  state.remove('call', call.sid)
  return {}
}

export function callOf(state: State, sid: string): CallRow {
  return state.tables.call.find(sid) ?? notFound(`/Calls/${sid}`)
}

/** A call that a command names, unless it is in memory. */
export function callReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return state.tables.call.entry(sid) ? [] : [{ kind: 'call', where: { sid } }]
}

/** The same for a path below a call. */
export function ofCallReads({ call_sid }: { readonly call_sid: string }, state: State): readonly Read[] {
  return callReads({ sid: call_sid }, state)
}

/** A conference that a command names by its SID, unless it is in memory. */
export function conferenceReads(
  { sid, conference_sid = sid ?? '' }: { readonly sid?: string; readonly conference_sid?: string },
  state: State
): readonly Read[] {
  const isSid = /^CF[0-9a-f]{32}$/i.test(conference_sid) && !state.tables.conference.entry(conference_sid)
  return isSid ? [{ kind: 'conference', where: { sid: conference_sid } }] : []
}

/** Nobody has answered in time. */
export function ringDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const { address } = state.tables.call.need(sid)
  // Without a trunk nobody is out there.
  if ('sip' in address) endCall(state, sid, 'failed', { by: 'network', sip_code: 404 })
  else endCall(state, sid, 'no-answer', { by: 'program' })
  return {}
}

/** The call has reached its time limit. */
export function limitDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  endCall(state, sid, 'completed', { by: 'program' })
  return {}
}
