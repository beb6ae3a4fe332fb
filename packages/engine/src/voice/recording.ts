import type { State } from '../center.ts'
import { checkUrl } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { attachMedia } from '../media/media.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import { emitRecording } from './events.ts'
import { changeLeg } from './leg.ts'
import type { RecordingRow, VoiceCallback } from './rows.ts'

export interface NewRecording {
  readonly call_sid: string
  readonly conference_sid?: string | null
  readonly source: string
  readonly channels?: 1 | 2
  readonly callback?: VoiceCallback | null
  /** Of `Record`: when it ends by itself. */
  readonly silence_ms?: number
  readonly max_ms?: number
}

export interface RecordingCallbackParams {
  readonly recording_status_callback?: string
  readonly recording_status_callback_method?: CallbackMethod
  readonly recording_status_callback_event?: readonly string[]
}

/** The status callback that a request wants of a recording; null for none. */
export function recordingCallbackIn(params: RecordingCallbackParams): VoiceCallback | null {
  const { recording_status_callback: url, recording_status_callback_method: method = 'POST' } = params
  checkUrl(url, 'RecordingStatusCallback')
  return url ? { url, method, events: params.recording_status_callback_event ?? ['completed'] } : null
}

/** Begins to record a call; a conference is recorded on one of its legs, which need not hear what is said in it. */
export function startRecording(state: State, params: NewRecording): RecordingRow {
  const { call_sid, conference_sid = null, source, channels = 1, callback = null, silence_ms, max_ms } = params
  const call = state.tables.call.need(call_sid)
  const recording = state.insert('recording', {
    account_sid: state.account_sid,
    ...{ call_sid, conference_sid, task_sid: call.task_sid, status: 'in-progress', source, channels },
    ...{ start_time: state.at, duration_ms: null, media_sid: null, words: null, callback },
    ...{ date_paused: null, pauses_ms: 0 }
  })
  const one = {
    ...{ sid: recording.sid, channels, trim: false },
    ...(silence_ms !== undefined && { silence_ms }),
    ...(max_ms !== undefined && { max_ms }),
    ...(conference_sid !== null && { of: [] })
  }
  changeLeg(state, call_sid, { records: [...(call.leg?.records ?? []), one] })
  emitRecording(state, 'in-progress', recording)
  return recording
}

/** What runs of a call's recordings, the oldest first. */
export function runningRecordings(state: State, call_sid: string): RecordingRow[] {
  return state.tables.recording.list('call_sid', call_sid).filter(isRunning)
}

/** Whose sound goes into the recordings of a conference now. */
export function recordThose(state: State, conference_sid: string, of: readonly string[]): void {
  for (const recording of runningConferenceRecordings(state, conference_sid)) {
    const { leg } = state.resident('call', recording.call_sid) ?? {}
    if (!leg) continue
    changeLeg(state, recording.call_sid, {
      records: leg.records.map((one) => (one.sid === recording.sid ? { ...one, of } : one))
    })
  }
}

export function runningConferenceRecordings(state: State, conference_sid: string): RecordingRow[] {
  return state.tables.recording.list('conference_sid', conference_sid).filter(isRunning)
}

function isRunning({ status }: RecordingRow): boolean {
  return status === 'in-progress' || status === 'paused'
}

/** Ends all recordings of a call. */
export function stopRecordings(state: State, call_sid: string): void {
  for (const { sid } of runningRecordings(state, call_sid)) stopRecording(state, sid)
}

export function stopConferenceRecordings(state: State, conference_sid: string): void {
  for (const { sid } of runningConferenceRecordings(state, conference_sid)) stopRecording(state, sid)
}

/**
 * Ends a recording. That of a virtual phone is complete with that: its words are there already. For any other one the
 * process of the sound reports when its file is there.
 */
export function stopRecording(state: State, sid: string): void {
  const { call_sid } = state.tables.recording.need(sid)
  const call = state.resident('call', call_sid)
  if (call?.leg) changeLeg(state, call_sid, { records: call.leg.records.filter((one) => one.sid !== sid) })
  if (!call || call.phone_sid !== null) finishRecording(state, sid, null, null)
  else state.change('recording', sid, { status: 'stopped', duration_ms: lengthSoFar(state, sid) })
}

/** The recording is complete, with its file or, of a virtual phone, with the words that were said. */
export function finishRecording(state: State, sid: string, media_sid: string | null, ms: number | null): RecordingRow {
  const before = state.tables.recording.need(sid)
  const duration_ms = ms ?? before.duration_ms ?? lengthSoFar(state, sid)
  const isThere = media_sid !== null || before.words !== null || before.source !== 'RecordVerb'
  const file = media_sid === null ? undefined : state.tables.media.find(media_sid)
  if (file) attachMedia(state, [file], { recording_sid: sid, chat_service_sid: null })
  const recording = state.change('recording', sid, {
    status: isThere ? 'completed' : 'absent',
    duration_ms,
    media_sid,
    date_paused: null
  })
  emitRecording(state, isThere ? 'completed' : 'absent', recording)
  return recording
}

function lengthSoFar(state: State, sid: string): number {
  const { start_time, date_paused, pauses_ms } = state.tables.recording.need(sid)
  return (date_paused ?? state.at) - start_time - pauses_ms
}

/** Holds a recording, or lets it go on. */
export function pauseRecording(
  state: State,
  sid: string,
  status: 'paused' | 'in-progress',
  behaviour: 'skip' | 'silence'
): RecordingRow {
  const before = state.tables.recording.need(sid)
  if (!isRunning(before))
    refuse('call.wrong_state', `Recording ${sid} is ${before.status}: it cannot be changed any more`)
  if (before.status === status) return before
  const call = state.resident('call', before.call_sid)
  const isPaused = status === 'paused'
  if (call?.leg)
    changeLeg(state, call.sid, {
      records: call.leg.records.map(({ paused: _, ...one }) =>
        one.sid === sid && isPaused ? { ...one, paused: behaviour } : one
      )
    })
  const recording = state.change('recording', sid, {
    status,
    date_paused: isPaused && behaviour === 'skip' ? state.at : null,
    pauses_ms: before.pauses_ms + (before.date_paused === null ? 0 : state.at - before.date_paused)
  })
  if (isPaused) emitRecording(state, 'paused', recording)
  return recording
}

/** Adds words to a recording of virtual phones, after the name of their speaker unless there is only one. */
export function noteWords(state: State, recording_sid: string, text: string, speaker: string | null): void {
  const recording = state.tables.recording.find(recording_sid)
  if (recording?.status !== 'in-progress') return
  const line = speaker === null ? text : `${speaker}: ${text}`
  const words = recording.words === null ? line : `${recording.words}\n${line}`
  if (words.length <= maxWords) state.change('recording', recording_sid, { words })
}

const maxWords = 64 * 1024
