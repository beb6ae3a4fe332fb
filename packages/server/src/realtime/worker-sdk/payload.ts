import type { State } from '@ringdown/engine/center'
import { capacityLeft } from '@ringdown/engine/matching/view'
import type {
  ActivityRow,
  ReservationRow,
  TaskChannelRow,
  TaskQueueRow,
  TaskRow,
  TransferRow,
  WorkerChannelRow,
  WorkerRow,
  WorkflowRow
} from '@ringdown/engine/routing/rows'

/*
 * Entities as the event bridge shows them (reference taskrouter 9.5). They differ from REST: dates are whole seconds,
 * attributes are JSON text, and some names are others. A client throws when a key is missing; null is fine.
 */

/** What a task, or a reservation of it, is shown with. */
export interface TaskParents {
  readonly task_queue: TaskQueueRow | undefined
  readonly workflow: WorkflowRow | undefined
  readonly task_channel: TaskChannelRow | undefined
}

export function taskParents(state: State, task: TaskRow): TaskParents {
  return {
    task_queue: state.find('task_queue', task.task_queue_sid),
    workflow: state.find('workflow', task.workflow_sid),
    task_channel: state.find('task_channel', task.task_channel_sid)
  }
}

export function activityPayload(account_sid: string, row: ActivityRow) {
  const { workspace_sid, sid, friendly_name, available } = row
  return { account_sid, workspace_sid, sid, friendly_name, available, ...datesOf(row) }
}

export function workerPayload(account_sid: string, row: WorkerRow, activity: ActivityRow | undefined) {
  const { workspace_sid, sid, friendly_name, attributes, activity_sid, date_status_changed, version } = row
  return {
    account_sid,
    workspace_sid,
    sid,
    friendly_name,
    attributes,
    activity_sid,
    activity_name: activity?.friendly_name ?? null,
    available: activity?.available ?? false,
    ...datesOf(row),
    date_status_changed: seconds(date_status_changed),
    version
  }
}

/** How loaded a channel is. */
export interface ChannelLoad {
  readonly assigned_tasks: number
  /** Percent. */
  readonly available_capacity_percentage: number
}

export function channelLoad(state: State, row: WorkerChannelRow): ChannelLoad {
  const { open, assigned } = state.matcher.load(row.worker_sid, row.task_channel_sid)
  return { assigned_tasks: assigned, available_capacity_percentage: capacityLeft(open, row.configured_capacity) }
}

/** `last_reserved_time` is in milliseconds, unlike every other date. */
export function channelPayload(
  account_sid: string,
  row: WorkerChannelRow,
  task_channel: TaskChannelRow | undefined,
  load: ChannelLoad
) {
  const { workspace_sid, sid, worker_sid, task_channel_sid, configured_capacity, available, last_reserved_time } = row
  return {
    account_sid,
    workspace_sid,
    sid,
    worker_sid,
    task_channel_sid,
    task_channel_unique_name: task_channel?.unique_name ?? null,
    configured_capacity,
    available: available ? 1 : 0,
    assigned_tasks: load.assigned_tasks,
    available_capacity_percentage: load.available_capacity_percentage,
    ...datesOf(row),
    last_reserved_time
  }
}

/** `at` (milliseconds) is what its age is counted to. */
export function taskPayload(account_sid: string, row: TaskRow, parents: TaskParents, at: number) {
  return {
    account_sid,
    workspace_sid: row.workspace_sid,
    ...nestedTask(row, parents, at),
    counter: row.rounds
  }
}

/** A task inside a reservation. */
function nestedTask(row: TaskRow, { task_queue, workflow, task_channel }: TaskParents, at: number) {
  return {
    sid: row.sid,
    ...datesOf(row),
    attributes: row.attributes,
    assignment_status: row.assignment_status,
    workflow_sid: row.workflow_sid,
    workflow_name: workflow?.friendly_name ?? null,
    queue_sid: row.task_queue_sid,
    queue_name: task_queue?.friendly_name ?? null,
    priority: row.priority,
    reason: row.reason,
    timeout: row.timeout,
    task_channel_sid: row.task_channel_sid,
    task_channel_unique_name: task_channel?.unique_name ?? null,
    routing_target: row.routing_target,
    age: Math.max(0, seconds(at - row.date_created)),
    addons: row.addons,
    version: row.version,
    virtual_start_time: seconds(row.virtual_start_time)
  }
}

/** What a reservation is shown with beside its task. */
export interface ReservationParents extends TaskParents {
  readonly task: TaskRow
  readonly worker: WorkerRow | undefined
  /** The transfer that the reservation is of. */
  readonly incoming?: TransferRow | undefined
  /** The transfer of its task that this reservation's worker has begun. */
  readonly outgoing?: TransferRow | undefined
}

export function reservationParents(
  state: State,
  row: ReservationRow,
  task: TaskRow,
  incoming: TransferRow | undefined
): ReservationParents {
  return {
    task,
    ...taskParents(state, task),
    worker: state.find('worker', row.worker_sid),
    incoming,
    outgoing: state.tables.transfer.firstBy('open_by_initiator', row.sid)
  }
}

/** The keys of transfers are there only when there is a transfer: the client would stumble over null. */
export function reservationPayload(account_sid: string, row: ReservationRow, parents: ReservationParents, at: number) {
  const { incoming, outgoing } = parents
  return {
    ...reservationBase(account_sid, row, parents.worker),
    reservation_timeout: reservationTimeout(row, parents.workflow),
    task: nestedTask(parents.task, parents, at),
    ...(incoming && { task_transfer: transferPayload(account_sid, incoming) }),
    ...(outgoing && { active_outgoing_task_transfer: transferPayload(account_sid, outgoing) })
  }
}

/** The answer to a change of a reservation names its task instead of showing it. */
export function answeredReservation(account_sid: string, row: ReservationRow, worker: WorkerRow | undefined) {
  const { task_sid, task_channel_sid } = row
  return { ...reservationBase(account_sid, row, worker), task_sid, task_channel_sid }
}

function reservationBase(account_sid: string, row: ReservationRow, worker: WorkerRow | undefined) {
  const { workspace_sid, sid, worker_sid, reservation_status } = row
  return {
    account_sid,
    workspace_sid,
    sid,
    worker_sid,
    worker_name: worker?.friendly_name ?? row.worker_name ?? null,
    reservation_status,
    ...datesOf(row),
    worker_previous_activity_sid: row.worker_previous_activity_sid,
    version: row.version
  }
}

/** Seconds. Once it is decided upon, its own is no longer known: the workflow's is shown. */
function reservationTimeout(row: ReservationRow, workflow: WorkflowRow | undefined): number {
  if (row.timeout_at !== null) return seconds(row.timeout_at - row.date_created)
  return workflow?.task_reservation_timeout ?? 120
}

export function taskQueuePayload(state: State, row: TaskQueueRow) {
  const { workspace_sid, sid, friendly_name, target_workers, max_reserved_workers, task_order } = row
  return {
    account_sid: state.account_sid,
    workspace_sid,
    sid,
    friendly_name,
    target_workers,
    max_reserved_workers,
    task_order,
    lifo_queue: task_order === 'LIFO',
    assignment_activity_sid: row.assignment_activity_sid,
    assignment_activity_name: state.find('activity', row.assignment_activity_sid)?.friendly_name ?? null,
    reservation_activity_sid: row.reservation_activity_sid,
    reservation_activity_name: state.find('activity', row.reservation_activity_sid)?.friendly_name ?? null,
    ...datesOf(row),
    version: row.version
  }
}

export function transferPayload(account_sid: string, row: TransferRow) {
  return {
    account_sid,
    workspace_sid: row.workspace_sid,
    sid: row.sid,
    task_sid: row.task_sid,
    ...datesOf(row),
    initiating_reservation_sid: row.initiating_reservation_sid,
    initiating_worker_sid: row.initiating_worker_sid,
    initiating_queue_sid: row.initiating_queue_sid,
    initiating_workflow_sid: row.initiating_workflow_sid,
    transfer_mode: row.transfer_mode,
    transfer_type: row.transfer_type,
    transfer_to: row.transfer_to,
    transfer_status: row.transfer_status,
    ...(row.transfer_failed_reason !== null && { transfer_failed_reason: row.transfer_failed_reason })
  }
}

function datesOf(row: { readonly date_created: number; readonly date_updated: number }) {
  return { date_created: seconds(row.date_created), date_updated: seconds(row.date_updated) }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
