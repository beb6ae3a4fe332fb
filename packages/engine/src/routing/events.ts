import type { State } from '../center.ts'
import type { RenderedEvent } from '../core/events.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import type { ReservationRow, TaskRow, TransferRow, WorkerChannelRow, WorkerRow } from './rows.ts'

/** TaskRouter's events: names, and what each tells (reference taskrouter 8.2 and 8.3). */
export const routingEvents = {
  'workspace.created': configured('workspace', () => 'created'),
  'workspace.updated': configured('workspace', () => 'updated'),
  'workspace.deleted': configured('workspace', () => 'deleted'),
  'activity.created': configured('activity', () => 'created'),
  'activity.updated': configured('activity', () => 'updated'),
  'activity.deleted': configured('activity', () => 'deleted'),
  'task-channel.created': configured('task_channel', () => 'created'),
  'task-channel.updated': configured('task_channel', () => 'updated'),
  'task-channel.deleted': configured('task_channel', () => 'deleted'),
  'task-queue.created': configured('task_queue', () => 'created'),
  'task-queue.deleted': configured('task_queue', () => 'deleted'),
  'task-queue.expression.updated': configured('task_queue', () => 'expression updated'),
  'workflow.created': configured('workflow', () => 'created'),
  'workflow.updated': configured('workflow', () => 'updated'),
  'workflow.deleted': configured('workflow', () => 'deleted'),
  'worker.created': ofWorker(() => 'created'),
  'worker.activity.update': ofWorker((refs) => `updated to ${refs.activity?.friendly_name} Activity`),
  'worker.attributes.update': ofWorker(() => 'updated'),
  'worker.capacity.update': ofWorker(() => 'channel capacity updated'),
  'worker.channel.availability.update': ofWorker(() => 'channel availability updated'),
  'worker.deleted': ofWorker(() => 'deleted'),
  // Ours: of names, and of what is set beside a queue's expression, the original tells nothing.
  'ringdown.worker.updated': ofWorker(() => 'renamed'),
  'ringdown.task-queue.updated': configured('task_queue', () => 'updated'),
  'task.created': ofTask(() => 'created'),
  'task.updated': ofTask(() => 'updated'),
  'task.canceled': ofTask(() => 'canceled'),
  'task.wrapup': ofTask(() => 'wrapping up'),
  'task.completed': ofTask(() => 'completed'),
  'task.deleted': ofTask(() => 'deleted'),
  'task.system-deleted': ofTask(() => 'deleted by the system'),
  'task.transfer-initiated': ofTask(() => 'transfer initiated'),
  'task.transfer-completed': ofTask(() => 'transfer completed'),
  'task.transfer-attempt-failed': ofTask(() => 'transfer attempt failed'),
  'task.transfer-failed': ofTask(() => 'transfer failed'),
  'task.transfer-canceled': ofTask(() => 'transfer canceled'),
  'task-queue.entered': ofTask((refs) => `entered TaskQueue ${refs.task_queue?.friendly_name}`),
  'task-queue.moved': ofTask((refs) => `moved to TaskQueue ${refs.task_queue?.friendly_name}`),
  'task-queue.timeout': ofTask((refs) => `timed out of TaskQueue ${refs.task_queue?.friendly_name}`),
  'workflow.entered': ofTask((refs) => `entered Workflow ${refs.workflow?.friendly_name}`),
  'workflow.target-matched': ofTask(() => 'matched a workflow target'),
  'workflow.timeout': ofTask((refs) => `timed out of Workflow ${refs.workflow?.friendly_name}`),
  'workflow.skipped': ofTask((refs) => `skipped the targets of Workflow ${refs.workflow?.friendly_name}`),
  'reservation.created': ofReservation('created'),
  'reservation.accepted': ofReservation('accepted'),
  'reservation.rejected': ofReservation('rejected'),
  'reservation.timeout': ofReservation('timed out'),
  'reservation.canceled': ofReservation('canceled'),
  'reservation.rescinded': ofReservation('rescinded'),
  'reservation.wrapup': ofReservation('wrapping up'),
  'reservation.completed': ofReservation('completed'),
  'reservation.failed': ofTask(() => 'could not be reserved'),
  'ringdown.warning': warning,
  'ringdown.reservation.instructed': instructed
} satisfies Record<string, Rendering>

/** What was asked of the telephone; addresses are in it, and nothing that was said. */
function instructed(refs: EventRefs): ReturnType<Rendering> {
  const { sid, workspace_sid, task_sid, worker_sid } = refOf(refs, 'reservation')
  return {
    workspace_sid,
    description: `Reservation ${sid} is to be carried out by telephone`,
    resource_type: 'reservation',
    resource_sid: sid,
    data: { reservation_sid: sid, workspace_sid, task_sid, worker_sid, ...refs.extra }
  }
}

type TaskEvent = Extract<
  keyof typeof routingEvents,
  `task.${string}` | `task-queue.${string}` | `workflow.${string}` | 'reservation.failed'
>
type ReservationEvent = Exclude<Extract<keyof typeof routingEvents, `reservation.${string}`>, 'reservation.failed'>
type WorkerEvent = Extract<keyof typeof routingEvents, `${'' | 'ringdown.'}worker.${string}`>
type Extra = NonNullable<EventRefs['extra']>

/*
 * Events of tasks and reservations, which are most, carry the same fields in the same order: rendering reads one shape.
 */

/**
 * Emits an event of a task, with its queue, workflow, channel and, where one has it, the worker. Most events are of tasks: what
 * is rarely there comes last, and no object is made for it.
 */
export function emitTask(state: State, type: TaskEvent, task: TaskRow, extra?: Extra, worker?: WorkerRow): void {
  const { tables } = state
  state.emit(type, {
    workspace: tables.workspace.get(task.workspace_sid),
    reservation: undefined,
    task,
    task_queue: task.task_queue_sid === null ? undefined : tables.task_queue.get(task.task_queue_sid),
    workflow: task.workflow_sid === null ? undefined : tables.workflow.get(task.workflow_sid),
    task_channel: tables.task_channel.get(task.task_channel_sid),
    worker,
    activity: worker && tables.activity.get(worker.activity_sid),
    transfer: undefined,
    extra
  })
}

export function emitReservation(
  state: State,
  type: ReservationEvent,
  reservation: ReservationRow,
  extra?: Extra
): void {
  const task = state.tables.task.need(reservation.task_sid)
  const worker = state.tables.worker.need(reservation.worker_sid)
  const { tables } = state
  state.emit(type, {
    workspace: tables.workspace.get(reservation.workspace_sid),
    reservation,
    task,
    task_queue: task.task_queue_sid === null ? undefined : tables.task_queue.get(task.task_queue_sid),
    workflow: task.workflow_sid === null ? undefined : tables.workflow.get(task.workflow_sid),
    task_channel: tables.task_channel.get(task.task_channel_sid),
    worker,
    activity: tables.activity.get(worker.activity_sid),
    transfer: transferOf(state, reservation.sid),
    extra
  })
}

/** The transfer that a reservation is of, or that its worker has begun. Hardly a task has one: most need not look. */
function transferOf({ tables: { transfer } }: State, reservation_sid: string): TransferRow | undefined {
  if (transfer.size === 0) return undefined
  return transfer.firstBy('reservation_sid', reservation_sid) ?? transfer.firstBy('open_by_initiator', reservation_sid)
}

/** Tells of a transfer with its task, and the worker who began it. */
export function emitTransfer(
  state: State,
  type: Extract<TaskEvent, `task.transfer-${string}`>,
  transfer: TransferRow
): void {
  const task = state.tables.task.need(transfer.task_sid)
  const worker = state.tables.worker.find(transfer.initiating_worker_sid)
  state.emit(type, {
    workspace: state.tables.workspace.find(task.workspace_sid),
    transfer,
    task,
    task_queue: state.tables.task_queue.find(task.task_queue_sid),
    workflow: state.tables.workflow.find(task.workflow_sid),
    task_channel: state.tables.task_channel.find(task.task_channel_sid),
    worker,
    activity: worker && state.tables.activity.find(worker.activity_sid),
    extra: {
      transfer_sid: transfer.sid,
      transfer_mode: transfer.transfer_mode,
      transfer_type: transfer.transfer_type,
      transfer_to: transfer.transfer_to,
      transfer_status: transfer.transfer_status,
      ...(transfer.transfer_failed_reason !== null && { transfer_failed_reason: transfer.transfer_failed_reason })
    }
  })
}

/** As for tasks, what is rarely there comes last. */
export function emitWorker(
  state: State,
  type: WorkerEvent,
  worker: WorkerRow,
  extra?: Extra,
  worker_channel?: WorkerChannelRow
): void {
  state.emit(type, {
    workspace: state.tables.workspace.find(worker.workspace_sid),
    worker,
    activity: state.tables.activity.find(worker.activity_sid),
    worker_channel,
    task_channel: worker_channel && state.tables.task_channel.find(worker_channel.task_channel_sid),
    extra
  })
}

type Configured = 'workspace' | 'activity' | 'task_channel' | 'task_queue' | 'workflow'

function configured(kind: Configured, did: () => string): Rendering {
  return (refs, at) => {
    const row = refs[kind]
    if (!row) throw new Error(`invariant: the event has its ${kind}`)
    const name = kind.replace('_', '-')
    return {
      ...(refs.workspace && { workspace_sid: refs.workspace.sid }),
      description: `${noun[kind]} ${row.friendly_name} ${did()}`,
      resource_type: name,
      resource_sid: row.sid,
      data: dataOf(refs, at)
    }
  }
}

/**
 * Ours: what is allowed and hardly meant (`warnings.ts`), told of the row that was created or updated; or what went wrong
 * with the callback for a reservation.
 */
function warning(refs: EventRefs, at: number): ReturnType<Rendering> {
  const { workspace, conversation_scoped_webhook: webhook, extra } = refs
  const kind = warnable.find((one) => refs[one])
  const row = kind && refs[kind]
  if (!row) throw new Error('invariant: the event has the row that it warns of')
  return {
    ...(workspace && { workspace_sid: workspace.sid }),
    description: String(extra?.message),
    resource_type: kind === 'conversation_scoped_webhook' ? 'conversation-webhook' : kind.replaceAll('_', '-'),
    resource_sid: row.sid,
    data: { ...dataOf(refs, at), ...(webhook && { conversation_sid: webhook.conversation_sid }) }
  }
}

/** Kinds of rows that a warning is about; the first that the event has is the one, the others say where. */
const warnable = [
  'reservation',
  'task_queue',
  'workflow',
  'worker',
  'task_channel',
  'conversation_scoped_webhook',
  'service_webhook_configuration',
  'configuration_address',
  'configuration_webhook',
  'flex_configuration',
  'flex_flow',
  'carrier',
  'workspace'
] as const

const noun = {
  workspace: 'Workspace',
  activity: 'Activity',
  task_channel: 'TaskChannel',
  task_queue: 'TaskQueue',
  workflow: 'Workflow'
} satisfies Record<Configured, string>

function ofWorker(did: (refs: EventRefs) => string): Rendering {
  return (refs, at) => {
    const worker = refOf(refs, 'worker')
    return {
      workspace_sid: worker.workspace_sid,
      description: `Worker ${worker.friendly_name} ${did(refs)}`,
      resource_type: 'worker',
      resource_sid: worker.sid,
      data: dataOf(refs, at)
    }
  }
}

function ofTask(did: (refs: EventRefs) => string): Rendering {
  return (refs, at) => {
    const task = refOf(refs, 'task')
    return {
      workspace_sid: task.workspace_sid,
      description: `Task ${task.sid} ${did(refs)}`,
      resource_type: 'task',
      resource_sid: task.sid,
      data: dataOf(refs, at)
    }
  }
}

function ofReservation(did: string): Rendering {
  return (refs, at) => {
    const reservation = refOf(refs, 'reservation')
    return {
      workspace_sid: reservation.workspace_sid,
      description: `Reservation ${reservation.sid} ${did}`,
      resource_type: 'reservation',
      resource_sid: reservation.sid,
      data: dataOf(refs, at)
    }
  }
}

type RenderedData = RenderedEvent['data']

/**
 * What an event tells of the rows that it carries. One literal whose absent fields are undefined (JSON leaves them out):
 * put together from conditional pieces, it cost a hundred times as much, more than everything else that a decision does.
 */
function dataOf(refs: EventRefs, at: number): RenderedData {
  const { workspace, reservation, task, task_queue, workflow, worker, activity, worker_channel, task_channel } = refs
  const own = worker ? undefined : activity
  const data = {
    workspace_sid: workspace?.sid,
    workspace_name: workspace?.friendly_name,
    reservation_sid: reservation?.sid,
    reservation_version: reservation?.version,
    task_sid: task?.sid,
    task_attributes: task?.attributes,
    task_age: task && Math.floor((at - task.date_created) / 1000),
    task_priority: task?.priority,
    task_assignment_status: task?.assignment_status,
    task_addons: task?.addons,
    task_version: task?.version,
    task_date_created: task?.date_created,
    task_queue_entered_date: task?.task_queue_entered_date,
    task_virtual_start_time: task?.virtual_start_time,
    task_ignore_capacity: task?.ignore_capacity ?? undefined,
    task_canceled_reason: task?.assignment_status === 'canceled' ? task.reason : undefined,
    task_completed_reason: task?.assignment_status === 'completed' ? task.reason : undefined,
    task_channel_sid: task_channel?.sid,
    task_channel_unique_name: task_channel?.unique_name,
    task_channel_name: task ? undefined : task_channel?.friendly_name,
    task_channel_optimized_routing: task ? undefined : task_channel?.channel_optimized_routing,
    task_queue_sid: task_queue?.sid,
    task_queue_name: task_queue?.friendly_name,
    task_queue_target_expression: task_queue?.target_workers,
    workflow_sid: workflow?.sid,
    workflow_name: workflow?.friendly_name,
    worker_sid: worker?.sid,
    worker_name: worker?.friendly_name,
    worker_attributes: worker?.attributes,
    worker_activity_sid: worker?.activity_sid,
    worker_activity_name: worker && (activity?.friendly_name ?? null),
    worker_version: worker?.version,
    activity_sid: own?.sid,
    activity_name: own?.friendly_name,
    activity_available: own?.available,
    worker_channel_available: worker_channel?.available,
    worker_channel_capacity: worker_channel?.configured_capacity
  }
  return refs.extra ? Object.assign(data, refs.extra) : data
}
