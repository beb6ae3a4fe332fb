import type { LegAddress, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import { emitCall } from './events.ts'
import { changeLeg } from './leg.ts'
import type { Program } from './program.ts'
import type { CallDirection, CallPurpose, CallRow, VoiceCallback } from './rows.ts'
import { idlePhoneLeg } from './virtual-leg.ts'

/** A call that goes out. */
export interface OutgoingCall {
  readonly from: string
  readonly to: string
  readonly direction: Extract<CallDirection, 'outbound-api' | 'outbound-dial'>
  readonly parent_call_sid?: string
  readonly program?: Program | null
  readonly purpose?: CallPurpose
  readonly status_callback?: VoiceCallback | null
  /** Seconds until it has not been answered. */
  readonly timeout: number
  readonly time_limit?: number
  readonly task_sid?: string | null
  readonly reservation_sid?: string | null
  readonly parameters?: Readonly<Record<string, string>>
}

/** Seconds that a call lasts at most (reference voice 2). */
export const maxCall_s = 14_400

/** Calls of an account at one time. */
const maxCalls = 10_000

/** Whether an account has as many calls as it may. */
export function isFull(state: State): boolean {
  return state.tables.call.count('account_sid', state.account_sid) >= maxCalls
}

/** Refuses another call where an account has as many as it may. */
export function checkRoom(state: State): void {
  if (isFull(state)) refuse('too_many', `There are ${maxCalls} calls; more at one time are not possible`)
}

/** Whom a call can reach, in the form in which it is kept: a number in E.164, `client:` or `sip:`. Null where it is none. */
export function calleeIn(text: string): string | null {
  const to = text.trim()
  const [, scheme = '', rest = ''] = /^(client|sips?):(\S+)$/i.exec(to) ?? []
  if (scheme !== '' && to.length <= 256) return `${scheme.toLowerCase()}:${rest}`
  return e164(to)
}

/** Who a call may be from: the same, and the names that a carrier shows. */
export function callerIn(text: string): string | null {
  return calleeIn(text) ?? (/^[\w +.-]{1,64}$/.test(text.trim()) ? text.trim() : null)
}

/** Our own end of a call: the number that a customer has called, or was called from. A device calls none of ours. */
export function oursOf({ direction, from, to }: Pick<CallRow, 'direction' | 'from' | 'to'>): string {
  return (direction === 'inbound' ? to : from) || 'Anonymous'
}

/** Calls somebody. Reports on the leg say what comes of it; where nobody can be reached the call ends by itself, at once. */
export function callOut(state: State, out: OutgoingCall): CallRow {
  const phone = state.tables.phone.firstBy('address', nameForm(out.to))
  const address: LegAddress = phone ? { phone: phone.sid } : realAddress(out)
  noteUse(state)
  const isReachable = phone !== undefined || 'sdk' in address
  const call = state.insert('call', {
    account_sid: state.account_sid,
    parent_call_sid: out.parent_call_sid ?? null,
    ...{ from: out.from, to: out.to, direction: out.direction, status: 'queued' },
    phone_number_sid: state.tables.incoming_phone_number.firstBy('phone_number', out.from)?.sid ?? null,
    ...newCallColumns,
    parameters: out.parameters ?? {},
    status_callback: out.status_callback ?? null,
    program: out.program ?? null,
    task_sid: out.task_sid ?? null,
    reservation_sid: out.reservation_sid ?? null,
    purpose: out.purpose ?? null,
    address,
    phone_sid: phone?.sid ?? null,
    phone_leg: phone ? idlePhoneLeg : null,
    time_limit: out.time_limit ?? maxCall_s,
    // There is no way to get there: it fails in a decision of its own.
    ring_due: isReachable ? state.at + out.timeout * 1000 : state.at
  })
  state.change('call', call.sid, { leg: newLeg(call) })
  emitCall(state, 'initiated', call.sid)
  changeLeg(state, call.sid, { wanted: 'ring' })
  if (phone) state.change('call', call.sid, { phone_leg: { ...idlePhoneLeg, next: 'rings' }, phone_due: state.at })
  return state.tables.call.need(call.sid)
}

/** Notes that the account has calls: from its first one on, their events are looked at for callbacks. */
export function noteUse(state: State): void {
  const { account_sid } = state
  if (state.tables.voice_use.size === 0) state.insert('voice_use', { account_sid }, account_sid)
}

/** Where a call goes that is for no virtual phone. */
function realAddress({ to, from }: OutgoingCall): LegAddress {
  const [, identity] = /^client:(.+)$/.exec(to) ?? []
  return identity === undefined ? { sip: to, from } : { sdk: { identity } }
}

/** The leg of a new call, which does nothing yet. */
export function newLeg({ sid, from, to, address, parameters, dialog }: CallRow): VoiceLeg {
  return {
    ...{ call_sid: sid, revision: 0, wanted: 'down', address, from, to },
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...{ plays: null, hears: [], listens: null, records: [], dialog }
  }
}

/** Columns of a call of which nothing is known yet. */
export const newCallColumns = {
  ...{ forwarded_from: null, caller_name: null, start_time: null, end_time: null, ended_by: null },
  ...{ sip_response_code: null, arrival: null, sequence_number: 0, request: null, requests: 0 },
  ...{ bridged_sid: null, conference_sid: null, away: false, leg: null, revision: 0, reported: 0, dialog: null },
  ...{ verb_due: null, limit_due: null, phone_due: null }
} as const
