import type {
  TaskrouterV1ActivityRow,
  TaskrouterV1TaskChannelRow,
  TaskrouterV1TaskQueueRow,
  TaskrouterV1TaskReservationRow,
  TaskrouterV1TaskRow,
  TaskrouterV1WorkerChannelRow,
  TaskrouterV1WorkerReservationRow,
  TaskrouterV1WorkerRow,
  TaskrouterV1WorkflowRow,
  TaskrouterV1WorkspaceRow
} from '@ringdown/contract/generated/taskrouter-v1'
import type { State } from '@ringdown/engine/center'
import { capacityLeft } from '@ringdown/engine/matching/view'
import type {
  ActivityRow,
  ReservationRow,
  TaskChannelRow,
  TaskQueueRow,
  TaskRow,
  WorkerChannelRow,
  WorkerRow,
  WorkflowRow,
  WorkspaceRow
} from '@ringdown/engine/routing/rows'

/*
 * Rows as the API shows them: their columns, and what follows from other rows (reference taskrouter 1). A row that is
 * named and gone meanwhile shows null, never an error.
 */

export function representWorkspace(state: State, row: WorkspaceRow): TaskrouterV1WorkspaceRow {
  return {
    ...row,
    default_activity_name: nameOf(state, 'activity', row.default_activity_sid),
    timeout_activity_name: nameOf(state, 'activity', row.timeout_activity_sid)
  }
}

export function representActivity(state: State, row: ActivityRow): TaskrouterV1ActivityRow {
  return { ...row, account_sid: state.account_sid }
}

export function representTaskChannel(state: State, row: TaskChannelRow): TaskrouterV1TaskChannelRow {
  return { ...row, account_sid: state.account_sid }
}

export function representTaskQueue(state: State, row: TaskQueueRow): TaskrouterV1TaskQueueRow {
  return {
    ...row,
    account_sid: state.account_sid,
    reservation_activity_name: nameOf(state, 'activity', row.reservation_activity_sid),
    assignment_activity_name: nameOf(state, 'activity', row.assignment_activity_sid)
  }
}

export function representWorkflow(state: State, row: WorkflowRow): TaskrouterV1WorkflowRow {
  return { ...row, account_sid: state.account_sid }
}

export function representWorker(state: State, row: WorkerRow): TaskrouterV1WorkerRow {
  const activity = state.find('activity', row.activity_sid)
  return {
    ...row,
    account_sid: state.account_sid,
    activity_name: activity?.friendly_name ?? null,
    available: activity?.available ?? false
  }
}

export function representWorkerChannel(state: State, row: WorkerChannelRow): TaskrouterV1WorkerChannelRow {
  const { open, assigned } = state.matcher.load(row.worker_sid, row.task_channel_sid)
  return {
    ...row,
    account_sid: state.account_sid,
    task_channel_unique_name: state.find('task_channel', row.task_channel_sid)?.unique_name ?? null,
    assigned_tasks: assigned,
    available_capacity_percentage: capacityLeft(open, row.configured_capacity)
  }
}

/**
 * `now` is what its age is counted to, in milliseconds. Field by field, since it is what is fetched most: spreading a row
 * of so many columns costs more than serializing it.
 */
export function representTask(
  state: State,
  row: TaskRow,
  now: number
): TaskrouterV1TaskRow & { readonly version: number } {
  return {
    sid: row.sid,
    version: row.version,
    account_sid: state.account_sid,
    workspace_sid: row.workspace_sid,
    age: Math.max(0, Math.floor((now - row.date_created) / 1000)),
    assignment_status: row.assignment_status,
    attributes: row.attributes,
    addons: row.addons,
    priority: row.priority,
    reason: row.reason,
    timeout: row.timeout,
    task_queue_sid: row.task_queue_sid,
    // Rows that older versions put away lack the names.
    task_queue_friendly_name: nameOf(state, 'task_queue', row.task_queue_sid) ?? row.task_queue_name ?? null,
    task_queue_entered_date: row.task_queue_entered_date,
    workflow_sid: row.workflow_sid,
    workflow_friendly_name: nameOf(state, 'workflow', row.workflow_sid) ?? row.workflow_name ?? null,
    task_channel_sid: row.task_channel_sid,
    task_channel_unique_name: state.find('task_channel', row.task_channel_sid)?.unique_name ?? null,
    virtual_start_time: row.virtual_start_time,
    routing_target: row.routing_target,
    ignore_capacity: row.ignore_capacity,
    date_created: row.date_created,
    date_updated: row.date_updated
  } satisfies { readonly [F in Exclude<keyof TaskrouterV1TaskRow, 'url' | 'links'>]-?: unknown } & {
    readonly version: number
  }
}

export function representReservation(
  state: State,
  row: ReservationRow
): TaskrouterV1TaskReservationRow & TaskrouterV1WorkerReservationRow & { readonly version: number } {
  return {
    sid: row.sid,
    version: row.version,
    account_sid: state.account_sid,
    workspace_sid: row.workspace_sid,
    task_sid: row.task_sid,
    worker_sid: row.worker_sid,
    // Rows that older versions wrote lack the name.
    worker_name: nameOf(state, 'worker', row.worker_sid) ?? row.worker_name ?? null,
    reservation_status: row.reservation_status,
    date_created: row.date_created,
    date_updated: row.date_updated
  } satisfies {
    readonly [F in Exclude<
      keyof TaskrouterV1TaskReservationRow | keyof TaskrouterV1WorkerReservationRow,
      'url' | 'links'
    >]-?: unknown
  } & { readonly version: number }
}

function nameOf(
  state: State,
  kind: 'activity' | 'task_queue' | 'workflow' | 'worker',
  sid: string | null
): string | null {
  return state.find(kind, sid)?.friendly_name ?? null
}
