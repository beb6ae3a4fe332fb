import type { State } from '../center.ts'
import { attributesOf } from '../core/json.ts'
import { notFound } from '../core/parameters.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import { inWorkspace } from '../routing/lookup.ts'
import type { ReservationRow } from '../routing/rows.ts'
import { calleeIn, oursOf } from './calling.ts'
import { changeParticipant, participantsOf } from './conference.ts'
import { createConferenceParticipant, deleteConferenceParticipant } from './participant.ts'
import { callOfTask } from './queue.ts'
import { pauseRecording, runningConferenceRecordings, runningRecordings } from './recording.ts'
import { type ConferenceParticipantRow, type ConferenceRow, isLiving, type RecordingRow } from './rows.ts'
import { carryOut, supervisorAs, supervisorLabel } from './worker-call.ts'

/*
 * The conference of a task, for the desks of those who work on it: who is there, whether it is recorded, and who listens.
 * Programs work with the same calls by the API of 2010.
 */

export interface OfTask {
  readonly workspace_sid: string
  readonly task_sid: string
}

/** The conference of a task that has not ended, or 404. */
export function conferenceOfTask(state: State, { workspace_sid, task_sid }: OfTask): ConferenceRow {
  const conference = taskConference(state, task_sid)
  const isThere = conference && state.resident('task', task_sid)?.workspace_sid === workspace_sid
  return isThere ? conference : notFound(`/Workspaces/${workspace_sid}/Tasks/${task_sid}/Call`)
}

/** A customer may have been in a conference before there was a task. */
function taskConference(state: State, task_sid: string): ConferenceRow | undefined {
  const present = state.resident('conference', callOfTask(state, task_sid)?.conference_sid)
  return present ?? state.tables.conference.firstBy('task_sid', task_sid)
}

/** What records a conference now: itself, or the call of somebody in it. */
export function recordingOf(state: State, { sid }: ConferenceRow): RecordingRow | undefined {
  const [own] = runningConferenceRecordings(state, sid)
  return own ?? participantsOf(state, sid).flatMap(({ call_sid }) => runningRecordings(state, call_sid))[0]
}

export interface UpdateTaskCall extends OfTask {
  readonly recording?: 'paused' | 'in-progress'
  /** The number of somebody outside who is called into it. */
  readonly invite?: string
  /** The call of somebody outside who is taken out of it. */
  readonly remove?: string
}

/**
 * Holds what records the call of a task, or lets it go on: its time stays, and is silent. Calls somebody outside into it, or
 * takes that one out.
 */
export function updateTaskCall(state: State, params: UpdateTaskCall): { conference: ConferenceRow } {
  const conference = conferenceOfTask(state, params)
  const { recording, invite, remove } = params
  if (recording === undefined && !invite && !remove) refuse('invalid', 'Recording, Invite or Remove is required')
  if (recording !== undefined) {
    const running = recordingOf(state, conference)
    if (!running) return refuse('not_possible', `The call of task ${params.task_sid} is not recorded`)
    pauseRecording(state, running.sid, recording, 'silence')
  }
  if (remove) removeOutsider(state, conference, remove)
  if (invite) inviteOutsider(state, conference, invite)
  return { conference: state.tables.conference.need(conference.sid) }
}

/** The label of somebody outside whom a worker has called into the conference of a task. */
const outsiderLabel = 'external'

/** One at a time, called from the number that the customer has called. */
function inviteOutsider(state: State, { sid: conference_sid }: ConferenceRow, text: string): void {
  const to = e164(text) ?? refuse('call.bad_to', `Invite '${text}' is no number in E.164`)
  const others = participantsOf(state, conference_sid)
  const customer = others.find(({ label }) => label === 'customer')
  if (!customer) return void refuse('not_possible', 'There is no customer in the call any more')
  if (others.some(({ label }) => label === outsiderLabel))
    refuse('conflict', 'Somebody outside has been called into the call already')
  const from = oursOf(state.tables.call.need(customer.call_sid))
  createConferenceParticipant(state, { conference_sid, to, from, label: outsiderLabel, beep: 'false' })
}

function removeOutsider(state: State, { sid: conference_sid }: ConferenceRow, call_sid: string): void {
  const one = participantsOf(state, conference_sid).find((row) => row.call_sid === call_sid)
  if (one?.label !== outsiderLabel) return void notFound(`/Conferences/${conference_sid}/Participants/${call_sid}`)
  deleteConferenceParticipant(state, { conference_sid, call_sid })
}

/** The last worker has left a customer and somebody outside to themselves: the call is over when either of them goes. */
export function leftToThemselves(state: State, task_sid: string): void {
  const conference = taskConference(state, task_sid)
  const others = conference ? participantsOf(state, conference.sid) : []
  const outsider = others.find(({ label, status }) => label === outsiderLabel && status === 'connected')
  if (!outsider || others.some(({ call_sid }) => state.tables.call.need(call_sid).reservation_sid !== null)) return
  changeParticipant(state, outsider.call_sid, { end_conference_on_exit: true })
  // Nobody is there who could take the customer off hold.
  const held = others.find(({ label, hold }) => label === 'customer' && hold)
  if (held) changeParticipant(state, held.call_sid, { hold: false })
}

export interface Supervise extends OfTask {
  readonly worker_sid: string
  readonly mode: 'monitor' | 'whisper' | 'barge'
  /** Whose worker hears a whisper; without it, that of the task's first accepted reservation. */
  readonly reservation_sid?: string
}

/** Calls a worker into the conference of a task to listen, whisper or speak; or changes which of them it is. */
export function superviseTask(state: State, params: Supervise): { conference: ConferenceRow } {
  const { workspace_sid, worker_sid, task_sid, mode, reservation_sid } = params
  const conference = conferenceOfTask(state, params)
  const worker = inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const reservation = supervisedOf(state, task_sid, reservation_sid)
  if (reservation.worker_sid === worker_sid) refuse('not_possible', 'Nobody supervises a call of their own')
  const attributes = attributesOf(worker)
  const own = supervisionOf(state, conference, String(attributes.contact_uri ?? ''))
  if (own) changeParticipant(state, own.call_sid, supervisorAs(state, reservation, mode))
  else carryOut(state, reservation, 'supervise', { supervisor: worker_sid, supervisor_mode: mode })
  return { conference: state.tables.conference.need(conference.sid) }
}

/** Whose call it is: the reservation that is named, or the first that is accepted. */
function supervisedOf(state: State, task_sid: string, named: string | undefined): ReservationRow {
  const accepted = state.tables.reservation
    .list('task_sid', task_sid)
    .filter(({ reservation_status }) => reservation_status === 'accepted')
  const found = named === undefined ? accepted[0] : accepted.find(({ sid }) => sid === named)
  return found ?? refuse('not_possible', `No worker has task ${task_sid} in hand`)
}

/** As what somebody with that address supervises a conference. */
function supervisionOf(
  state: State,
  conference: ConferenceRow,
  contact_uri: string
): ConferenceParticipantRow | undefined {
  const to = calleeIn(contact_uri)
  return participantsOf(state, conference.sid).find(({ label, call_sid }) => {
    const call = state.resident('call', call_sid)
    return label === supervisorLabel && call !== undefined && isLiving(call) && call.to === to
  })
}
