import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAccountSid } from '../numbers/callback.ts'
import { callOf } from './call.ts'
import { emitRecording } from './events.ts'
import {
  pauseRecording,
  type RecordingCallbackParams,
  recordingCallbackIn,
  runningConferenceRecordings,
  runningRecordings,
  startRecording,
  stopRecording
} from './recording.ts'
import { isLiving, type RecordingRow } from './rows.ts'

export interface CreateRecording extends RecordingCallbackParams {
  readonly account_sid?: string
  readonly call_sid: string
  readonly recording_channels?: string
}

/** Begins to record a call; one at a time (reference voice 8). */
export function createRecording(state: State, params: CreateRecording): { recording: RecordingRow } {
  checkAccountSid(state, params)
  const call = callOf(state, params.call_sid)
  if (!isLiving(call) || call.status !== 'in-progress')
    refuse('call.wrong_state', `Call ${call.sid} is ${call.status}: it cannot be recorded`)
  if (runningRecordings(state, call.sid).some(({ conference_sid }) => conference_sid === null))
    refuse('call.wrong_state', `Call ${call.sid} is recorded already`)
  const recording = startRecording(state, {
    call_sid: call.sid,
    source: 'StartCallRecordingAPI',
    channels: params.recording_channels === 'dual' ? 2 : 1,
    callback: recordingCallbackIn(params)
  })
  return { recording }
}

export interface UpdateRecording {
  readonly account_sid?: string
  readonly call_sid?: string
  readonly conference_sid?: string
  /** `RE…`, or `Twilio.CURRENT`. */
  readonly sid: string
  readonly status: 'paused' | 'stopped' | 'in-progress'
  readonly pause_behavior?: string
}

/** Holds a recording, has it go on, or ends it. */
export function updateRecording(state: State, params: UpdateRecording): { recording: RecordingRow } {
  checkAccountSid(state, params)
  const { sid } = namedRecording(state, params)
  const before = state.tables.recording.need(sid)
  if (before.status !== 'in-progress' && before.status !== 'paused')
    refuse('call.wrong_state', `Recording ${sid} is ${before.status}: it cannot be changed any more`)
  if (params.status === 'stopped') stopRecording(state, sid)
  else pauseRecording(state, sid, params.status, params.pause_behavior === 'skip' ? 'skip' : 'silence')
  return { recording: state.tables.recording.need(sid) }
}

function namedRecording(state: State, { call_sid, conference_sid, sid }: UpdateRecording): RecordingRow {
  const current = () =>
    call_sid !== undefined
      ? runningRecordings(state, call_sid)[0]
      : runningConferenceRecordings(state, conference_sid ?? '')[0]
  const found = sid.toLowerCase() === 'twilio.current' ? current() : state.tables.recording.find(sid)
  const isOf = call_sid === undefined ? found?.conference_sid === conference_sid : found?.call_sid === call_sid
  return found && isOf ? found : notFound(`/Recordings/${sid}`)
}

/** Takes a recording away, with its sound or its words. */
export function deleteRecording(
  state: State,
  params: {
    readonly account_sid?: string
    readonly call_sid?: string
    readonly conference_sid?: string
    readonly sid: string
  }
): Record<string, never> {
  checkAccountSid(state, params)
  const recording = state.tables.recording.find(params.sid)
  const isOf =
    recording &&
    (params.call_sid === undefined || recording.call_sid === params.call_sid) &&
    (params.conference_sid === undefined || recording.conference_sid === params.conference_sid)
  if (!recording || !isOf) return notFound(`/Recordings/${params.sid}`)
  if (recording.status === 'in-progress' || recording.status === 'paused')
    refuse('call.wrong_state', `Recording ${recording.sid} is ${recording.status}: it cannot be deleted yet`)
  emitRecording(state, 'deleted', recording)
  state.remove('recording', recording.sid)
  return {}
}

export function recordingReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return sid.startsWith('RE') && !state.tables.recording.entry(sid) ? [{ kind: 'recording', where: { sid } }] : []
}
