import type { LegDown } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import { emitCall } from './events.ts'
import { changeLeg, playMusic } from './leg.ts'
import { type CallRow, type CallStatus, isLiving } from './rows.ts'

export type CallEnd = Extract<CallStatus, 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled'>

export interface HowEnded {
  readonly by: NonNullable<CallRow['ended_by']>
  readonly reason?: LegDown
  readonly sip_code?: number | undefined
}

/**
 * Ends a call. Calls that are connected with it, have made it or wait for it react to the event, in the same decision.
 * Nothing happens to one that has ended.
 */
export function endCall(state: State, sid: string, status: CallEnd, { by, reason, sip_code }: HowEnded): void {
  const before = state.resident('call', sid)
  if (!before || !isLiving(before)) return
  if (before.leg)
    changeLeg(state, sid, {
      wanted: 'down',
      reason: reason ?? downOf(status),
      plays: null,
      hears: [],
      listens: null,
      records: []
    })
  state.change('call', sid, {
    status,
    end_time: state.at,
    ended_by: by,
    sip_response_code: sip_code,
    request: null,
    phone_leg: null,
    ...{ verb_due: null, ring_due: null, limit_due: null, phone_due: null }
  })
  part(state, sid)
  emitCall(state, 'completed', sid)
}

function downOf(status: CallEnd): LegDown {
  return status === 'no-answer' ? 'canceled' : status
}

/** Connects two calls: each hears the other, and nothing else. */
export function connect(state: State, one: string, other: string): void {
  part(state, one)
  part(state, other)
  state.change('call', one, { bridged_sid: other })
  state.change('call', other, { bridged_sid: one })
  settleBridge(state, one)
  state.emit('ringdown.call.connected', { call: state.tables.call.need(one), extra: { other_call_sid: other } })
}

/** Says to a call and the one that it is connected with whom they hear: each other, or music while one of them is away. */
export function settleBridge(state: State, sid: string): void {
  const one = state.tables.call.need(sid)
  const other = state.resident('call', one.bridged_sid)
  if (!other) return
  const isApart = one.away || other.away
  for (const [listener, speaker] of [
    [one, other],
    [other, one]
  ] as const)
    if (isApart) playMusic(state, listener.sid, null, { hears: [] })
    else changeLeg(state, listener.sid, { plays: null, hears: [speaker.sid] })
}

/** Separates a call from the one that it is connected with; both react to the event. */
export function part(state: State, sid: string): void {
  const { bridged_sid } = state.tables.call.need(sid)
  if (bridged_sid === null) return
  for (const one of [sid, bridged_sid]) {
    state.change('call', one, { bridged_sid: null })
    changeLeg(state, one, { plays: null, hears: [] })
  }
  state.emit('ringdown.call.parted', { call: state.tables.call.need(sid), extra: { other_call_sid: bridged_sid } })
}
