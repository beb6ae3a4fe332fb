import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { inWorkspace } from '../routing/lookup.ts'
import type { ReservationRow } from '../routing/rows.ts'
import { calleeIn } from './calling.ts'
import { changeParticipant, participantsOf } from './conference.ts'
import { callOfTask } from './queue.ts'
import { pauseRecording, runningConferenceRecordings, runningRecordings } from './recording.ts'
import { type ConferenceParticipantRow, type ConferenceRow, isLiving, type RecordingRow } from './rows.ts'
import { carryOut, supervisorAs, supervisorLabel } from './worker-call.ts'

/*
 * The conference of a task as those see it who work in it: who is there, whether it is recorded, and who listens. What
 * others do with calls is done by the API of 2010.
 */

export interface OfTask {
  readonly workspace_sid: string
  readonly task_sid: string
}

/** The conference of a task that has not ended, or 404. */
export function conferenceOfTask(state: State, { workspace_sid, task_sid }: OfTask): ConferenceRow {
  // A customer may have been in a conference before there was a task.
  const meeting = state.resident('conference', callOfTask(state, task_sid)?.conference_sid)
  const conference = meeting ?? state.tables.conference.firstBy('task_sid', task_sid)
  const isThere = conference && state.find('task', task_sid)?.workspace_sid === workspace_sid
  return isThere ? conference : notFound(`/Workspaces/${workspace_sid}/Tasks/${task_sid}/Call`)
}

/** What records a conference now: itself, or the call of somebody in it. */
export function recordingOf(state: State, { sid }: ConferenceRow): RecordingRow | undefined {
  const [own] = runningConferenceRecordings(state, sid)
  return own ?? participantsOf(state, sid).flatMap(({ call_sid }) => runningRecordings(state, call_sid))[0]
}

export interface UpdateTaskCall extends OfTask {
  readonly recording: 'paused' | 'in-progress'
}

/** Holds what records the call of a task, or lets it go on: its time stays, and is silent. */
export function updateTaskCall(state: State, params: UpdateTaskCall): { conference: ConferenceRow } {
  const conference = conferenceOfTask(state, params)
  const recording = recordingOf(state, conference)
  if (!recording) return refuse('not_possible', `The call of task ${params.task_sid} is not recorded`)
  pauseRecording(state, recording.sid, params.recording, 'silence')
  return { conference }
}

export interface Supervise extends OfTask {
  readonly worker_sid: string
  readonly mode: 'monitor' | 'whisper' | 'barge'
  /** Whose worker hears a whisper; without it, whoever has had the task for longest. */
  readonly reservation_sid?: string
}

/** Calls a worker into the conference of a task to listen, whisper or speak; or changes which of them it is. */
export function superviseTask(state: State, params: Supervise): { conference: ConferenceRow } {
  const { workspace_sid, worker_sid, task_sid, mode, reservation_sid } = params
  const conference = conferenceOfTask(state, params)
  const worker = inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const reservation = supervisedOf(state, task_sid, reservation_sid)
  if (reservation.worker_sid === worker_sid) refuse('not_possible', 'Nobody supervises a call of their own')
  const own = supervisionOf(state, conference, String(JSON.parse(worker.attributes).contact_uri ?? ''))
  if (own) changeParticipant(state, own.call_sid, supervisorAs(state, reservation, mode))
  else carryOut(state, reservation, 'supervise', { supervisor: worker_sid, supervisor_mode: mode })
  return { conference: state.get('conference', conference.sid) }
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
