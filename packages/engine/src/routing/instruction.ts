import type { State } from '../center.ts'
import { Refusal } from '../core/refusals.ts'
import { checkMove } from './activity-moves.ts'
import { callOff, rejectReservation } from './failed-reservation.ts'
import { accept } from './reservation.ts'
import type { ReservationRow } from './rows.ts'
import { warnOfCallback } from './warnings.ts'

/** Something that went wrong with an assignment callback or with what its answer asks for. */
export interface CallbackFailure {
  /** Twilio's number in the debugger (reference taskrouter 5.4 and 5.5). */
  readonly code: number
  /** One sentence. */
  readonly message: string
  /** Which of the workflow's addresses it was, where it was an address. */
  readonly callback?: 'assignment_callback_url' | 'fallback_assignment_callback_url'
}

export interface InstructReservation {
  readonly reservation_sid: string
  /** Null where the answer was empty: whoever answered acts through REST later. */
  readonly instruction: 'accept' | 'reject' | null
  /** Of a rejection: where the worker goes. */
  readonly activity_sid?: string
  /** What went wrong before there was an answer. */
  readonly failures?: readonly CallbackFailure[]
}

/**
 * What the answer of an assignment callback asks for (reference taskrouter 5.5). Refuses nothing, since nobody waits for
 * the answer: what cannot be done is told as a warning, and the reservation called off. When the reservation is no longer
 * pending, the answer came too late and changes nothing.
 */
export function instructReservation(state: State, params: InstructReservation): { reservation?: ReservationRow } {
  const { reservation_sid, instruction, activity_sid, failures = [] } = params
  const reservation = state.tables.reservation.find(reservation_sid)
  if (!reservation) return {}
  warnOfCallback(state, reservation, failures)
  if (reservation.reservation_status !== 'pending') return { reservation }
  if (instruction === 'accept') accept(state, reservation)
  else if (instruction === 'reject') {
    const wrong = activity_sid ? wrongMove(state, reservation, activity_sid) : undefined
    if (wrong) return callbackFailed(state, { reservation_sid, failures: [{ code: 40100, message: wrong }] })
    rejectReservation(state, reservation, activity_sid || undefined)
  }
  return { reservation: state.tables.reservation.need(reservation_sid) }
}

/**
 * There is no answer that could be followed. The reservation is canceled and its task goes to others first, then to the
 * same worker after a short back-off; the worker's activity stays (reference taskrouter 5.4).
 */
export function callbackFailed(
  state: State,
  { reservation_sid, failures }: { readonly reservation_sid: string; readonly failures: readonly CallbackFailure[] }
): { reservation?: ReservationRow } {
  const reservation = state.tables.reservation.find(reservation_sid)
  if (!reservation) return {}
  warnOfCallback(state, reservation, failures)
  if (reservation.reservation_status === 'pending') callOff(state, reservation)
  return { reservation: state.tables.reservation.need(reservation_sid) }
}

/** Why the worker cannot be moved there. */
function wrongMove(state: State, { workspace_sid, worker_sid }: ReservationRow, sid: string): string | undefined {
  if (state.tables.activity.find(sid)?.workspace_sid !== workspace_sid) {
    return `activity_sid '${sid}' of the instruction reject does not exist in Workspace ${workspace_sid}`
  }
  try {
    checkMove(state, worker_sid, sid)
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.message
  }
}
