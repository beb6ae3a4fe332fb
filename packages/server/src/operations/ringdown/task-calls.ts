import { isoMilliseconds } from '@ringdown/contract/instant'
import type { State } from '@ringdown/engine/center'
import { workspaceOf } from '@ringdown/engine/routing/lookup'
import type { TaskRow } from '@ringdown/engine/routing/rows'
import { participantsOf } from '@ringdown/engine/voice/conference'
import type { CallRow, ConferenceParticipantRow, ConferenceRow, RecordingRow } from '@ringdown/engine/voice/rows'
import { conferenceOfTask, recordingOf } from '@ringdown/engine/voice/task-conference'
import { supervisorLabel } from '@ringdown/engine/voice/worker-call'
import type { Sight } from '../../access/sight.ts'
import { taskOf } from '../../commit/put-away.ts'
import type { Context, Handlers } from '../handler.ts'
import { mappedPage, pageOf } from '../listing.ts'
import { linkTo, workspaceRecordings } from './workspace-recordings.ts'

/** Calls of a task whose recordings are shown, and recordings in all. */
const maxRecordings = 100

/** The calls of tasks as those see them who work in them, or lead those who do. */
export const taskCallHandlers = {
  'ringdown_v1.ListWorkspaceCall'({ path: { workspace_sid }, page }, { state, sight }) {
    const keep = ({ task_sid }: ConferenceRow) =>
      task_sid !== null &&
      state.find('task', task_sid)?.workspace_sid === workspace_sid &&
      (sight?.openTask(task_sid) ?? true)
    const group = { table: state.tables.conference, index: 'account_sid', key: state.account_sid }
    return mappedPage(pageOf(group, page, { keep }), (row) => shownCall(state, row.task_sid ?? '', row, sight))
  },

  'ringdown_v1.FetchTaskCall'({ path }, { state, sight }) {
    return shownCall(state, path.task_sid, conferenceOfTask(state, path), sight)
  },

  async 'ringdown_v1.UpdateTaskCall'({ path, params }, { execute, state, sight }) {
    const { conference } = await execute({ type: 'task_call.update', ...path, ...params })
    return shownCall(state, path.task_sid, conference, sight)
  },

  async 'ringdown_v1.UpdateWorkerSupervision'({ path, params }, { execute, state, sight }) {
    const { conference } = await execute({ type: 'worker_supervision.update', ...path, ...params })
    return shownCall(state, params.task_sid, conference, sight)
  },

  async 'ringdown_v1.FetchWorkspaceRecordings'({ path: { workspace_sid }, params: { before } }, context) {
    workspaceOf(context.state, workspace_sid)
    return { workspace_sid, ...(await workspaceRecordings(context, workspace_sid, before)) }
  },

  async 'ringdown_v1.FetchTaskRecordings'({ path: { workspace_sid, task_sid } }, context) {
    const task = await taskOf(context.ledger, workspace_sid, task_sid)
    const recordings = [...(await messageOf(context, task)), ...(await recordingsOf(context, task.sid))]
    return {
      workspace_sid,
      task_sid: task.sid,
      recordings: recordings.slice(0, maxRecordings).map((row) => shownRecording(context, row))
    }
  }
} satisfies Handlers

function shownCall(state: State, task_sid: string, conference: ConferenceRow, sight: Sight | undefined) {
  const { sid: conference_sid, status, date_started } = conference
  const task = state.get('task', task_sid)
  const recording = recordingOf(state, conference)
  const participants = participantsOf(state, conference_sid)
  const customer = participants.find(({ label }) => label === 'customer')
  // Nobody is told that somebody listens.
  const shown = participants.filter(({ label }) => label !== supervisorLabel || !sight || sight.leads)
  return {
    ...{ workspace_sid: task.workspace_sid, task_sid: task.sid, conference_sid },
    status: status === 'init' ? ('init' as const) : ('in-progress' as const),
    task_queue_friendly_name: state.find('task_queue', task.task_queue_sid)?.friendly_name ?? null,
    customer: customer ? addressOf(state.get('call', customer.call_sid)) : null,
    attributes: task.attributes,
    started_at: date_started,
    recording_sid: recording?.sid ?? null,
    recording_status: !recording
      ? null
      : recording.status === 'paused'
        ? ('paused' as const)
        : ('in-progress' as const),
    participants: shown.map((row) => shownParticipant(state, row))
  }
}

function shownParticipant(state: State, participant: ConferenceParticipantRow) {
  const { call_sid, label, status, muted, hold, coaching, end_conference_on_exit } = participant
  const call = state.get('call', call_sid)
  const reservation = state.find('reservation', call.reservation_sid)
  const worker = state.find('worker', reservation?.worker_sid)
  return {
    ...{ call_sid, label, status, muted, hold, coaching, end_conference_on_exit },
    worker_sid: worker?.sid ?? null,
    reservation_sid: reservation?.sid ?? null,
    name: worker?.friendly_name ?? addressOf(call)
  }
}

/** Where the other end of a call is. */
function addressOf({ direction, from, to }: CallRow): string {
  return direction === 'inbound' ? from : to
}

/** What a caller has left for somebody to hear: the task that was made of it names it, and no other task has it. */
async function messageOf({ state, ledger }: Context, { attributes }: TaskRow): Promise<RecordingRow[]> {
  const { recording_sid, recording_url }: Readonly<Record<string, unknown>> = JSON.parse(attributes) // as was checked
  const [sid] = /\bRE[0-9a-f]{32}\b/.exec(String(recording_sid ?? recording_url ?? '')) ?? []
  if (sid === undefined) return []
  const [row] = [state.find('recording', sid) ?? (await ledger.find('recording', { sid }))].flat()
  return row && row.task_sid === null ? [row] : []
}

/** Recordings are found by their calls: the customer's, and each worker's. */
async function recordingsOf({ state, ledger }: Context, task_sid: string): Promise<RecordingRow[]> {
  await ledger.settled()
  const calls = new Set([
    ...state.tables.call.list('task_sid', task_sid).map(({ sid }) => sid),
    ...(await ledger.find('call', { task_sid })).map(({ sid }) => sid)
  ])
  const found = new Map<string, RecordingRow>()
  for (const call_sid of [...calls].slice(0, maxRecordings)) {
    for (const row of await ledger.find('recording', { call_sid })) found.set(row.sid, row)
    // Where it is in memory it is the newer one.
    for (const row of state.tables.recording.list('call_sid', call_sid)) found.set(row.sid, row)
  }
  return [...found.values()].sort((a, b) => a.seq - b.seq)
}

function shownRecording(context: Context, row: RecordingRow) {
  const { sid, call_sid, conference_sid, status, source, channels, start_time, duration_ms, media_sid, words } = row
  return {
    ...{ sid, call_sid, conference_sid, status, source, channels, words, transcript: linesIn(words) },
    start_time: isoMilliseconds(start_time),
    duration: duration_ms === null ? null : duration_ms / 1000,
    content_url: media_sid === null ? null : linkTo(context, media_sid)
  }
}

/** Words as the engine keeps them: a line for each time that somebody spoke, after the address of who it was. */
function linesIn(words: string | null) {
  return (words?.split('\n') ?? []).map((line) => {
    const [, speaker = null, text = line] = /^((?:client|sips?):\S+|\+\d+): (.*)$/.exec(line) ?? []
    return { speaker, text }
  })
}
