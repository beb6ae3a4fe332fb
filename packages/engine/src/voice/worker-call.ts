import { setAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { attributesOf } from '../core/json.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import { moveTo } from '../routing/activity-moves.ts'
import { emitTask } from '../routing/events.ts'
import { callOff, reservationTimedOut } from '../routing/failed-reservation.ts'
import { accept, finish } from '../routing/reservation.ts'
import type { ReservationRow } from '../routing/rows.ts'
import type { VoiceInstructionName } from '../routing/voice-instruction.ts'
import { beginning } from './beginning.ts'
import { redirectCall } from './call.ts'
import { calleeIn, callOut, checkRoom, oursOf } from './calling.ts'
import { conferenceNamed, expectParticipant, joinConference, leaveConference, recordConference } from './conference.ts'
import { endCall } from './ending.ts'
import { callOfTask, connectWaiting, isWorkers, leaveCallQueue } from './queue.ts'
import { startRecording } from './recording.ts'
import {
  type CallRow,
  type ConferenceParticipantRow,
  type ConferenceRow,
  isLiving,
  type VoiceCallback
} from './rows.ts'
import { hangUpAlone } from './task-call.ts'

/*
 * What an instruction for a reservation asks of the telephone (reference voice 9). While the worker's phone rings
 * the reservation's own time stands still; the worker's answer accepts it, and without one it is called off.
 */

/** The label of who supervises a conference. */
export const supervisorLabel = 'supervisor'

/** What an instruction says, as text by the names that the assignment callback's answer has. */
export type Fields = Readonly<Record<string, string>>

/** Carries out an instruction that has been checked. Refuses what cannot be done now. */
export function carryOut(state: State, reservation: ReservationRow, name: VoiceInstructionName, fields: Fields): void {
  if (name === 'supervise') return void supervise(state, reservation, fields)
  if (name === 'redirect') return void redirect(state, reservation, fields)
  const underway = state.tables.call.list('reservation_sid', reservation.sid).find(isLiving)
  if (underway) refuse('not_possible', `Reservation ${reservation.sid} is being carried out by call ${underway.sid}`)
  const task = attributesOf(state.tables.task.need(reservation.task_sid))
  const customer = callOfTask(state, reservation.task_sid)
  if (name !== 'call' && !customer && typeof task.outbound_to !== 'string')
    refuse('not_possible', `The call of task ${reservation.task_sid} is over`)
  if (name !== 'call' && !customer && calleeIn(String(task.outbound_to)) === null)
    refuse('invalid', `Task ${reservation.task_sid} has an outbound_to that nobody can be reached at`)
  const worker = attributesOf(state.tables.worker.need(reservation.worker_sid))
  const to = calleeIn(fields.to || String(worker.contact_uri ?? ''))
  if (to === null) return void refuse('invalid', `Instruction '${name}' has nobody to call`)
  checkRoom(state)
  const isAccepting = name !== 'call' || fields.accept === 'true'
  if (isAccepting) state.change('reservation', reservation.sid, { timeout_at: null })
  callOut(state, {
    ...{ to, from: fields.from || shownTo(customer, task), direction: 'outbound-api' },
    timeout: secondsIn(fields.timeout),
    purpose: { for: 'instruction', name, fields },
    program: name === 'call' ? beginning('call', { url: fields.url }) : null,
    status_callback: callbackOf(fields, 'status_callback', ['initiated', 'ringing', 'answered', 'completed']),
    ...{ task_sid: reservation.task_sid, reservation_sid: reservation.sid }
  })
}

/** The number that a worker sees: the one that the customer called. */
function shownTo(customer: CallRow | undefined, task: Readonly<Record<string, unknown>>): string {
  if (customer) return oursOf(customer)
  return e164(String(task.from ?? '')) ?? 'Anonymous'
}

/** Seconds that a worker is rung, as an instruction says them. */
export function secondsIn(text: string | undefined): number {
  const seconds = Number(text ?? 60)
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 999 ? seconds : 60
}

function callbackOf(fields: Fields, name: string, usual: readonly string[]): VoiceCallback | null {
  const url = fields[name] || fields[`${name}_url`]
  if (!url) return null
  const events = (fields[`${name}_event`] ?? fields[`${name}_events`] ?? '').split(/[\s,]+/).filter((one) => one !== '')
  const method = fields[`${name}_method`]?.toUpperCase() === 'GET' ? 'GET' : 'POST'
  return { url, method, events: events.length > 0 ? events : usual }
}

/** A call that lives is led to another document. */
function redirect(state: State, reservation: ReservationRow, { call_sid = '', url, accept: accepts }: Fields): void {
  const call = state.resident('call', call_sid)
  if (!call || !isLiving(call)) refuse('not_possible', `Call ${call_sid} is no living call`)
  // What is accepted is no task any more that waits, and stays with its worker.
  if (accepts === 'true') accept(state, reservation)
  redirectCall(state, call_sid, { url })
}

/** A supervisor is called into the conference of a task that a worker has. */
function supervise(
  state: State,
  reservation: ReservationRow,
  { supervisor = '', supervisor_mode: mode }: Fields
): void {
  const { task_sid, workspace_sid } = reservation
  const customer = callOfTask(state, task_sid)
  const conference =
    state.tables.conference.find(customer?.conference_sid) ?? state.tables.conference.firstBy('task_sid', task_sid)
  if (!conference) return void refuse('not_possible', `Task ${task_sid} has no conference that could be supervised`)
  const worker = state.tables.worker.find(supervisor)
  const attributes = worker?.workspace_sid === workspace_sid ? attributesOf(worker) : {}
  const to = calleeIn(worker ? String(attributes.contact_uri ?? '') : supervisor)
  if (to === null) return void refuse('invalid', `Supervisor '${supervisor}' can be called nowhere`)
  const as = supervisorAs(state, reservation, mode)
  const call = callOut(state, {
    ...{ to, from: shownTo(customer, {}), direction: 'outbound-api', timeout: 60 },
    purpose: { for: 'conference', conference_sid: conference.sid }
  })
  expectParticipant(state, conference.sid, call.sid, {
    label: supervisorLabel,
    ...as,
    ...{ start_conference_on_enter: false, end_conference_on_exit: false, beep: 'false' }
  })
}

/** What a supervisor is in a conference as: unheard, heard by the worker of a reservation alone, or by all. */
export function supervisorAs(
  state: State,
  reservation: ReservationRow,
  mode: string | undefined
): Pick<ConferenceParticipantRow, 'muted' | 'coaching' | 'call_sid_to_coach'> {
  const agent = state.tables.call.list('reservation_sid', reservation.sid).find(isLiving)
  if (mode === 'whisper' && !agent) refuse('not_possible', `The worker of reservation ${reservation.sid} is on no call`)
  return {
    muted: mode === 'monitor',
    coaching: mode === 'whisper',
    call_sid_to_coach: mode === 'whisper' ? (agent?.sid ?? null) : null
  }
}

/** The worker has answered: everything that follows is one decision. */
export function workerCallReady(state: State, call: CallRow): void {
  const reservation = state.resident('reservation', call.reservation_sid)
  const { purpose } = call
  if (reservation?.reservation_status !== 'pending' || purpose?.for !== 'instruction')
    return void endCall(state, call.sid, 'completed', { by: 'program' })
  if (purpose.name === 'dequeue') dequeueTo(state, call, reservation, purpose.fields)
  else if (purpose.name === 'conference') confer(state, call, reservation, purpose.fields)
}

/** The worker of the instruction `call` has answered, and hears its document. */
export function workerAnswers(state: State, { sid, purpose, reservation_sid }: CallRow): void {
  if (purpose?.for !== 'instruction' || purpose.name !== 'call' || purpose.fields.accept !== 'true') return
  const reservation = state.resident('reservation', reservation_sid)
  if (reservation?.reservation_status !== 'pending') return
  accept(state, reservation)
  setAttribute(state, reservation.task_sid, ['worker_call_sid'], sid)
}

function dequeueTo(state: State, call: CallRow, reservation: ReservationRow, fields: Fields): void {
  const customer = callOfTask(state, reservation.task_sid)
  // Without a customer who waits, the conference is where the customer comes to.
  if (!customer) return void confer(state, call, reservation, fields)
  connectWaiting(state, customer.sid, call.sid)
  accept(state, reservation)
  setAttribute(state, reservation.task_sid, ['worker_call_sid'], call.sid)
  if (fields.record === 'record-from-answer' || fields.record === 'record-from-answer-dual')
    startRecording(state, { call_sid: call.sid, source: 'DialVerb' })
}

/** Worker and customer meet in the conference that the customer is in, or else in one that has the task's name. */
function confer(state: State, call: CallRow, reservation: ReservationRow, fields: Fields): void {
  const { task_sid } = reservation
  const customer = callOfTask(state, task_sid)
  const conference = meetingOf(state, task_sid, customer, fields)
  if (customer && customer.conference_sid === null)
    joinConference(state, conference.sid, customer.sid, {
      label: 'customer',
      end_conference_on_exit: fields.end_conference_on_customer_exit !== 'false',
      beep: fields.beep_on_customer_entrance === 'false' ? 'false' : 'true'
    })
  if (customer) state.change('call', customer.sid, { task_sid })
  joinConference(state, conference.sid, call.sid, {
    label: 'worker',
    muted: fields.muted === 'true',
    start_conference_on_enter: fields.start_conference_on_enter !== 'false',
    end_conference_on_exit: fields.end_conference_on_exit === 'true',
    wait_url: fields.wait_url ?? null,
    wait_method: fields.wait_method?.toUpperCase() === 'GET' ? 'GET' : 'POST'
  })
  accept(state, reservation)
  const customer_sid = customer?.sid ?? callCustomer(state, task_sid, conference.sid, fields)
  if (
    fields.conference_record === 'true' ||
    fields.conference_record === 'record-from-start' ||
    fields.record === 'true'
  )
    // On the customer's leg, which stays when the worker hands on.
    recordConference(state, conference.sid, {
      call_sid: customer_sid ?? call.sid,
      channels: fields.recording_channels === 'dual' ? 2 : 1,
      callback: callbackOf(fields, 'conference_recording_status_callback', ['completed'])
    })
  setAttribute(state, task_sid, ['conference'], {
    sid: conference.sid,
    participants: { worker: call.sid, customer: customer_sid }
  })
}

function meetingOf(state: State, task_sid: string, customer: CallRow | undefined, fields: Fields): ConferenceRow {
  const present = state.tables.conference.find(customer?.conference_sid)
  return (
    present ??
    conferenceNamed(state, {
      ...{ friendly_name: task_sid, task_sid },
      max_participants: Number(fields.max_participants ?? 250) || 250,
      status_callback: callbackOf(fields, 'conference_status_callback', [
        ...['start', 'end', 'join', 'leave', 'mute', 'hold']
      ])
    })
  )
}

/** The customer of a task that goes out is called when its worker is there; null where there is nobody to call any more. */
function callCustomer(state: State, task_sid: string, conference_sid: string, fields: Fields): string | null {
  const attributes = attributesOf(state.tables.task.need(task_sid))
  const to = calleeIn(String(attributes.outbound_to ?? ''))
  if (to === null) return null
  const call = callOut(state, {
    ...{ to, from: fields.from || e164(String(attributes.from ?? '')) || 'Anonymous', direction: 'outbound-api' },
    timeout: secondsIn(fields.timeout),
    purpose: { for: 'conference', conference_sid },
    task_sid
  })
  expectParticipant(state, conference_sid, call.sid, {
    label: 'customer',
    end_conference_on_exit: fields.end_conference_on_customer_exit !== 'false'
  })
  return call.sid
}

/** Sets one of a task's attributes, which its worker and programs then see. */
export function setAttribute(state: State, task_sid: string, path: readonly string[], value: unknown): void {
  const { attributes } = state.tables.task.need(task_sid)
  const task = state.change('task', task_sid, { attributes: setAt(attributes, path, JSON.stringify(value)) })
  emitTask(state, 'task.updated', task)
}

/** A worker's call is over: what has not been accepted is called off, what has is wrapped up. */
export function workerCallEnded(state: State, sid: string): void {
  const { reservation_sid, purpose, status, ended_by } = state.tables.call.need(sid)
  const reservation = state.resident('reservation', reservation_sid)
  if (!reservation) return
  const fields = purpose?.for === 'instruction' ? purpose.fields : {}
  if (reservation.reservation_status === 'pending') {
    // A worker who was only called may still decide.
    if (purpose?.for === 'instruction' && purpose.name === 'call' && fields.accept !== 'true') return
    if (status === 'no-answer' && ended_by === 'program') reservationTimedOut(state, { sid: reservation.sid })
    else callOff(state, reservation)
    return
  }
  if (reservation.reservation_status !== 'accepted') return
  if (purpose?.for === 'instruction' && purpose.name === 'call') return
  // Its worker is being rung again.
  if (state.tables.call.list('reservation_sid', reservation.sid).some(isLiving)) return
  finish(state, reservation, 'wrapping')
  if (purpose?.for === 'conference' && status !== 'completed') hangUpAlone(state, reservation.task_sid)
  const activity = state.tables.activity.find(fields.post_work_activity_sid)
  if (activity) moveTo(state, reservation.worker_sid, activity.sid)
}

/** A reservation is taken back while its worker's phone rings: it rings no longer. */
export function reservationOver(state: State, reservation_sid: string): void {
  for (const call of state.tables.call.list('reservation_sid', reservation_sid))
    if (isLiving(call) && call.status !== 'in-progress') endCall(state, call.sid, 'canceled', { by: 'program' })
}

/** A task is over while its call waits: the call goes on with what its document says next. */
export function taskOver(state: State, task_sid: string): void {
  for (const call of state.tables.call.list('task_sid', task_sid)) {
    if (!isLiving(call)) continue
    if (isWorkers(state, call)) {
      if (call.status !== 'in-progress') endCall(state, call.sid, 'canceled', { by: 'program' })
    } else if (leaveCallQueue(state, call.sid, 'leave') === null)
      leaveConference(state, call.sid, 'participant_updated_via_api')
  }
}
