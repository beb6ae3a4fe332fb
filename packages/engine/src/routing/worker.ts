import type { State } from '../center.ts'
import { foldedName, nameKey } from '../core/names.ts'
import { checkVersion } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAvailable, checkMove, moveTo } from './activity-moves.ts'
import { failDirect, reasons } from './end-task.ts'
import { emitWorker } from './events.ts'
import { rejectReservation } from './failed-reservation.ts'
import { checkAttributes, checkLimit, checkName, inWorkspace, named, workspaceOf } from './lookup.ts'
import type { WorkerRow } from './rows.ts'
import { warnOfWorker } from './warnings.ts'
import { addWorkerChannel } from './worker-channel.ts'

export function createWorker(
  state: State,
  params: {
    readonly workspace_sid: string
    readonly friendly_name: string
    readonly activity_sid?: string
    readonly attributes?: string
  }
): { worker: WorkerRow } {
  const { workspace_sid, friendly_name, attributes } = params
  const workspace = workspaceOf(state, workspace_sid)
  checkLimit(state, 'worker', workspace_sid, state.settings.limits.workers)
  checkFree(state, workspace_sid, friendly_name)
  if (attributes !== undefined) checkAttributes(attributes)
  const activity_sid = params.activity_sid || workspace.default_activity_sid
  named(state, 'activity', workspace_sid, activity_sid, 'ActivitySid')
  checkAvailable(state, workspace_sid, activity_sid)
  const worker = state.insert('worker', {
    workspace_sid,
    friendly_name,
    attributes: attributes || '{}',
    activity_sid,
    date_status_changed: state.at,
    last_reserved_seq: state.next_seq
  })
  for (const channel of state.tables.task_channel.by('workspace_sid', workspace_sid))
    addWorkerChannel(state, worker, channel.sid)
  emitWorker(state, 'worker.created', worker)
  warnOfWorker(state, worker)
  return { worker }
}

export function updateWorker(
  state: State,
  params: {
    readonly workspace_sid: string
    readonly sid: string
    readonly friendly_name?: string
    readonly activity_sid?: string
    readonly attributes?: string
    readonly reject_pending_reservations?: boolean
    readonly if_match?: string
  }
): { worker: WorkerRow } {
  const { workspace_sid, sid, friendly_name, attributes, activity_sid } = params
  const before = inWorkspace(state, 'worker', workspace_sid, sid)
  checkVersion(before, params.if_match)
  if (friendly_name !== undefined) checkFree(state, workspace_sid, friendly_name, sid)
  if (attributes !== undefined) checkAttributes(attributes)
  if (activity_sid) named(state, 'activity', workspace_sid, activity_sid, 'ActivitySid')
  if (params.reject_pending_reservations && (!activity_sid || state.tables.activity.need(activity_sid).available)) {
    refuse('invalid', 'RejectPendingReservations is valid only with an ActivitySid that is not available')
  }
  if (friendly_name !== undefined || attributes !== undefined) {
    const text = attributes === '' ? '{}' : attributes
    const changed = state.change('worker', sid, {
      ...(friendly_name !== undefined && { friendly_name }),
      ...(text !== undefined && { attributes: text })
    })
    if (changed.attributes !== before.attributes) {
      emitWorker(state, 'worker.attributes.update', changed)
      warnOfWorker(state, changed)
    } else if (changed.friendly_name !== before.friendly_name) emitWorker(state, 'ringdown.worker.updated', changed)
  }
  if (activity_sid) {
    checkMove(state, sid, activity_sid)
    moveTo(state, sid, activity_sid)
  }
  if (params.reject_pending_reservations) {
    for (const reservation of state.tables.reservation.list('open_by_worker', sid)) {
      if (reservation.reservation_status === 'pending') rejectReservation(state, reservation)
    }
  }
  return { worker: state.tables.worker.need(sid) }
}

/** Refused while it holds reservations. Tasks that wait for this worker alone can wait no longer. */
export function deleteWorker(
  state: State,
  params: { readonly workspace_sid: string; readonly sid: string; readonly if_match?: string }
): Record<string, never> {
  const worker = inWorkspace(state, 'worker', params.workspace_sid, params.sid)
  checkVersion(worker, params.if_match)
  const held = state.tables.reservation.list('open_by_worker', worker.sid)
  if (held.length > 0) {
    const tasks = held.map((reservation) => reservation.task_sid).join(', ')
    refuse('in_use', `Worker ${worker.friendly_name} cannot be deleted: it holds reservations for ${tasks}`)
  }
  for (const task of state.matcher.directTasks(worker.sid)) failDirect(state, task.sid, reasons.target_failed)
  emitWorker(state, 'worker.deleted', worker)
  // Reservations that have ended stay with their tasks, whose history they are, and go on telling whose they were.
  for (const { sid } of state.tables.reservation.list('worker_sid', worker.sid))
    state.change('reservation', sid, { worker_name: worker.friendly_name })
  for (const channel of state.tables.worker_channel.list('worker_sid', worker.sid))
    state.remove('worker_channel', channel.sid)
  state.remove('worker', worker.sid)
  return {}
}

/** Names of workers are unique in their workspace whatever their case (reference taskrouter 1.7). */
function checkFree(state: State, workspace_sid: string, friendly_name: string, own_sid?: string): void {
  checkName(friendly_name, 'Worker')
  const other = state.tables.worker.firstBy('name', nameKey(workspace_sid, foldedName(friendly_name)))
  if (other && other.sid !== own_sid) refuse('exists', 'Worker with the same friendly name already exists')
}
