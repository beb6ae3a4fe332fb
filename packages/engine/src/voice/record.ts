import { actionOf, flagIn, keep, type Outcome, type Question, type VerbAct, type VerbRule, wholeIn } from './act.ts'
import { callbackOf } from './dial.ts'
import { changeLeg, play } from './leg.ts'
import type { VerbState } from './program.ts'
import { startRecording, stopRecording } from './recording.ts'

type Recording = Extract<VerbState, { readonly is: 'record' }>

/** `Record`: what the caller says is kept, until silence, a key or the end of its time (reference voice 8). */
export const record: VerbRule = {
  begin(act) {
    const { state, call_sid, verb } = act
    if (!flagIn(verb, 'playBeep', true)) return recorded(act)
    play(state, call_sid, [{ tone: 'beep' }], { listens: null })
    return keep(act, { is: 'record', recording_sid: '', beeping: true, digits: '' })
  },

  on(act, verb, happening): Outcome | undefined {
    if (verb.is !== 'record') return undefined
    if (verb.beeping) return happening.type === 'played' ? recorded(act) : 'waits'
    switch (happening.type) {
      case 'digit': {
        const finish = act.verb.attributes.finishOnKey ?? '1234567890*#'
        return finish.includes(happening.digit) ? over(act, verb, happening.digit) : 'waits'
      }
      // Who speaks is not silent.
      case 'speech':
        return keep(act, verb, dueAfter(act, verb))
      case 'due':
      case 'recording_silent':
        return over(act, verb, '')
      default:
        return undefined
    }
  },

  hungUp(act, verb): Question | undefined {
    if (verb.is !== 'record' || verb.beeping) return undefined
    return actionOf(act, resultOf(act, verb.recording_sid, 'hangup'))
  }
}

function recorded(act: VerbAct): Outcome {
  const { state, call_sid, verb, frame } = act
  changeLeg(state, call_sid, { plays: null, listens: { digits: true } })
  const recording = startRecording(state, {
    call_sid,
    source: 'RecordVerb',
    callback: callbackOf(verb, frame.url, 'recordingStatusCallback', ['completed']),
    silence_ms: silence_ms(act),
    max_ms: maxLength_ms(act)
  })
  const recording_now: Recording = { is: 'record', recording_sid: recording.sid, beeping: false, digits: '' }
  return keep(act, recording_now, dueAfter(act, recording_now))
}

function dueAfter(act: VerbAct, { recording_sid }: Recording): number {
  const { start_time } = act.state.tables.recording.need(recording_sid)
  return Math.min(act.state.at + silence_ms(act), start_time + maxLength_ms(act))
}

function silence_ms({ verb }: VerbAct): number {
  return wholeIn(verb, 'timeout', { usual: 5, min: 1, max: 600 }) * 1000
}

function maxLength_ms({ verb }: VerbAct): number {
  return wholeIn(verb, 'maxLength', { usual: 3600, min: 1, max: 14_400 }) * 1000
}

/** Without a word nothing was recorded: the next verb is reached. */
function over(act: VerbAct, { recording_sid }: Recording, key: string): Outcome {
  const { state, call_sid } = act
  changeLeg(state, call_sid, { listens: null })
  stopRecording(state, recording_sid)
  if (state.tables.recording.need(recording_sid).status === 'absent') return 'next'
  return actionOf(act, resultOf(act, recording_sid, key))
}

function resultOf({ state }: VerbAct, sid: string, key: string): Question['parameters'] {
  const { duration_ms, start_time } = state.tables.recording.need(sid)
  return [
    ['RecordingSid', sid],
    ['RecordingUrl', `ringdown:recording/${sid}`],
    ['RecordingDuration', String(Math.round((duration_ms ?? state.at - start_time) / 1000))],
    ['Digits', key]
  ]
}
