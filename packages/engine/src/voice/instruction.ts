import type { State } from '../center.ts'
import { Refusal } from '../core/refusals.ts'
import { type CallbackFailure, callbackFailed } from '../routing/instruction.ts'
import type { VoiceInstructionName } from '../routing/voice-instruction.ts'
import { failedCode } from '../routing/voice-instruction.ts'
import { warnOfCallback } from '../routing/warnings.ts'
import { carryOut, type Fields } from './worker-call.ts'

export interface InstructVoice {
  readonly reservation_sid: string
  readonly name: Exclude<VoiceInstructionName, 'supervise'>
  readonly fields: Fields
  /** What went wrong before there was an answer. */
  readonly failures?: readonly CallbackFailure[]
}

/**
 * Carries out the telephone instruction that an assignment callback has answered. Refuses nothing, since nobody waits for a
 * refusal: what cannot be done becomes a warning, and the reservation is called off. A late answer changes nothing.
 */
export function instructVoice(state: State, params: InstructVoice): Record<string, never> {
  const { reservation_sid, name, fields, failures = [] } = params
  const reservation = state.tables.reservation.find(reservation_sid)
  if (!reservation) return {}
  warnOfCallback(state, reservation, failures)
  if (reservation.reservation_status !== 'pending') return {}
  const done = state.attempt(() => carryOut(state, reservation, name, fields))
  if (done instanceof Refusal)
    callbackFailed(state, { reservation_sid, failures: [{ code: failedCode(name), message: done.message }] })
  return {}
}
