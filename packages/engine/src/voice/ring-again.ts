import type { State } from '../center.ts'
import { callOut, isFull } from './calling.ts'
import { changeParticipant, expectParticipant, participantFor } from './conference.ts'
import type { CallRow } from './rows.ts'
import { secondsIn, setAttribute } from './worker-call.ts'

/**
 * A worker has answered, and no sound has ever come about: the phone rings once more, and the others in the conference wait
 * with music instead of being hung up on. What was instructed once is rung again once. To be called before that call ends.
 */
export function ringAgain(state: State, { sid, to, from, purpose, status_callback, ...call }: CallRow): void {
  const participant = participantFor(state, sid)
  const reservation = state.resident('reservation', call.reservation_sid)
  if (purpose?.for !== 'instruction' || purpose.name !== 'conference' || participant?.status !== 'connected') return
  if (reservation?.reservation_status !== 'accepted' || isFull(state)) return
  const { conference_sid, label, muted, start_conference_on_enter, end_conference_on_exit, beep } = participant
  // The conference does not end with the leg that has failed.
  changeParticipant(state, sid, { end_conference_on_exit: false })
  const { task_sid } = reservation
  const next = callOut(state, {
    ...{ to, from, direction: 'outbound-api', status_callback, task_sid, reservation_sid: reservation.sid },
    timeout: secondsIn(purpose.fields.timeout),
    purpose: { for: 'conference', conference_sid }
  })
  const as = { label, muted, start_conference_on_enter, end_conference_on_exit, beep }
  expectParticipant(state, conference_sid, next.sid, as)
  setAttribute(state, task_sid, ['conference', 'participants', 'worker'], next.sid)
}
