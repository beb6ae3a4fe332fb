import type { LegEnd, LegEvent, LegReport } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { noteSound } from './conference.ts'
import { type CallEnd, endCall } from './ending.ts'
import { emitCall } from './events.ts'
import { changeLeg } from './leg.ts'
import { finishRecording } from './recording.ts'
import { ringAgain } from './ring-again.ts'
import { type CallRow, isLiving } from './rows.ts'
import { callHappens, run } from './runner.ts'

/**
 * Takes a report on a leg from the process of its sound (decision 046). A report whose number was taken already changes
 * nothing; nor does any on a call that has ended, but for those on its recordings.
 */
export function reportLeg(state: State, { call_sid, number, event }: LegReport): { call: CallRow } {
  const call = state.tables.call.find(call_sid) ?? notFound(`/Calls/${call_sid}`)
  if (!Number.isInteger(number)) refuse('invalid', 'Number of a report must be an integer')
  if (number <= call.reported) return { call }
  state.change('call', call_sid, { reported: number })
  takeReport(state, call_sid, event)
  return { call: state.tables.call.need(call_sid) }
}

export function reportReads({ call_sid, event }: LegReport, state: State): readonly Read[] {
  const recording = event.type === 'recorded' && !state.resident('recording', event.sid) ? [event.sid] : []
  return [
    ...(state.resident('call', call_sid) ? [] : [{ kind: 'call', where: { sid: call_sid } }]),
    ...recording.map((sid) => ({ kind: 'recording', where: { sid } }))
  ]
}

/** The same for a virtual phone, which reports in the decision in which it happens. */
export function phoneReports(state: State, sid: string, event: LegEvent): void {
  const { reported } = state.tables.call.need(sid)
  state.change('call', sid, { reported: reported + 1 })
  takeReport(state, sid, event)
}

function takeReport(state: State, sid: string, event: LegEvent): void {
  const call = state.tables.call.need(sid)
  if (event.type === 'recorded') {
    const recording = state.tables.recording.find(event.sid)
    if (recording && recording.call_sid === sid && recording.status !== 'completed')
      finishRecording(state, event.sid, event.file, event.ms)
    return
  }
  if (!isLiving(call)) return
  switch (event.type) {
    case 'ringing':
      if (call.status === 'queued') {
        state.change('call', sid, { status: 'ringing' })
        emitCall(state, 'ringing', sid)
      }
      return
    case 'answered':
      return void answered(state, call, event.device)
    case 'digit':
      if (/^[0-9*#A-D]$/.test(event.digit)) callHappens(state, sid, event)
      return
    case 'played':
      if (call.leg?.plays?.id === event.id) callHappens(state, sid, event)
      return
    case 'play_failed':
      state.emit('ringdown.call.document-failed', {
        call,
        extra: { code: 12300, reason: event.error.slice(0, 200), url: '', level: 'warning' }
      })
      return
    case 'speech':
      return void callHappens(state, sid, event)
    case 'recording_silent':
      return void callHappens(state, sid, { type: 'recording_silent' })
    case 'dialog':
      state.change('call', sid, {
        dialog: event.dialog,
        ...(call.leg && { leg: { ...call.leg, dialog: event.dialog } })
      })
      return
    case 'no_sound':
      // No sound for a minute: nobody is there any more (reference voice 10).
      if (event.seconds >= 60) endCall(state, sid, 'completed', { by: 'network' })
      else noteSound(state, sid, false)
      return
    case 'sound_again':
      return void noteSound(state, sid, true)
    case 'ended':
      return void ended(state, call, event)
    default:
      return
  }
}

/** The other end answers a call that went out. */
function answered(state: State, { sid, status, address, time_limit }: CallRow, device: string | undefined): void {
  if (status !== 'queued' && status !== 'ringing') return
  if (status === 'queued') {
    state.change('call', sid, { status: 'ringing' })
    emitCall(state, 'ringing', sid)
  }
  const answering = 'sdk' in address && device ? { sdk: { ...address.sdk, device } } : undefined
  state.change('call', sid, {
    status: 'in-progress',
    start_time: state.at,
    ring_due: null,
    limit_due: state.at + time_limit * 1000,
    address: answering
  })
  const { leg } = state.tables.call.need(sid)
  if (answering && leg) state.change('call', sid, { leg: { ...leg, address: answering } })
  changeLeg(state, sid, { wanted: 'up' })
  emitCall(state, 'answered', sid)
  const { program } = state.tables.call.need(sid)
  if (program) run(state, sid)
  else state.emit('ringdown.call.ready', { call: state.tables.call.need(sid) })
}

function ended(
  state: State,
  call: CallRow,
  { status: how, sip_code, by, never_connected }: Extract<LegEvent, { readonly type: 'ended' }>
): void {
  const { sid, status, direction } = call
  const who = by === 'network' ? 'network' : direction === 'inbound' ? 'caller' : 'agent'
  const isUp = status === 'in-progress'
  const is = { by: who, sip_code } as const
  if (isUp && never_connected) ringAgain(state, call)
  if (isUp) return void endCall(state, sid, how === 'failed' ? 'failed' : 'completed', is)
  if (direction === 'inbound') return void endCall(state, sid, 'no-answer', is)
  const ends = {
    ...{ completed: 'no-answer', busy: 'busy', declined: 'busy', failed: 'failed', canceled: 'canceled' },
    ...{ 'no-answer': 'no-answer', unreachable: 'no-answer' }
  } as const satisfies Record<LegEnd, CallEnd>
  endCall(state, sid, ends[how], is)
}
