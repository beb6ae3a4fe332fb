import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { capacityLeft } from '../matching/view.ts'
import { emitWorker } from './events.ts'
import { inWorkspace } from './lookup.ts'
import type { WorkerChannelRow, WorkerRow } from './rows.ts'

/** One channel of a worker by its own SID, the task channel's SID, or the task channel's unique name (reference taskrouter 1.8). */
export function workerChannel(state: State, workspace_sid: string, worker_sid: string, name: string): WorkerChannelRow {
  inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const own = state.tables.worker_channel.find(name)
  if (own?.worker_sid === worker_sid) return own
  const channel =
    state.tables.task_channel.find(name) ?? state.tables.task_channel.firstBy('name', nameKey(workspace_sid, name))
  const row = channel && state.tables.worker_channel.firstBy('pair', nameKey(worker_sid, channel.sid))
  return row ?? notFound(`/Workspaces/${workspace_sid}/Workers/${worker_sid}/Channels/${name}`)
}

export function addWorkerChannel(state: State, worker: WorkerRow, task_channel_sid: string): WorkerChannelRow {
  return state.insert('worker_channel', {
    workspace_sid: worker.workspace_sid,
    worker_sid: worker.sid,
    task_channel_sid,
    configured_capacity: 1,
    available: true,
    last_reserved_time: null,
    last_reserved_seq: worker.last_reserved_seq
  })
}

/** Lowering the capacity below the load keeps the work and only blocks new reservations. Raises the worker's version too. */
export function updateWorkerChannel(
  state: State,
  params: {
    readonly workspace_sid: string
    readonly worker_sid: string
    readonly sid: string
    readonly capacity?: number
    readonly available?: boolean
  }
): { worker_channel: WorkerChannelRow } {
  const before = workerChannel(state, params.workspace_sid, params.worker_sid, params.sid)
  const { capacity, available } = params
  checkRange(capacity, 'Capacity', 0, 50)
  const single = !state.tables.workspace.need(params.workspace_sid).multi_task_enabled
  if (single && capacity !== undefined && capacity > 1) {
    refuse('invalid', 'Capacity cannot be more than 1 in a Workspace without multitasking')
  }
  const worker_channel = state.change('worker_channel', before.sid, {
    ...(capacity !== undefined && { configured_capacity: capacity }),
    ...(available !== undefined && { available })
  })
  const worker = state.change('worker', params.worker_sid, {})
  const { open, assigned } = state.matcher.load(worker.sid, worker_channel.task_channel_sid)
  const extra = {
    worker_channel_available_capacity: capacityLeft(open, worker_channel.configured_capacity),
    worker_channel_consumed_capacity: open,
    worker_channel_task_count: assigned,
    worker_channel_previous_capacity: before.configured_capacity
  }
  if (worker_channel.configured_capacity !== before.configured_capacity) {
    emitWorker(state, 'worker.capacity.update', worker, extra, worker_channel)
  }
  if (worker_channel.available !== before.available) {
    emitWorker(state, 'worker.channel.availability.update', worker, extra, worker_channel)
  }
  return { worker_channel }
}
