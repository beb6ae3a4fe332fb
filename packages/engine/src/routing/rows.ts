import { foldedName, nameForm } from '../name.ts'
import type { Row } from '../state/row.ts'
import { column, type KindDefinition, keyOf } from '../state/table.ts'

export interface WorkspaceRow extends Row {
  readonly account_sid: string
  readonly friendly_name: string
  readonly default_activity_sid: string
  readonly timeout_activity_sid: string
  readonly event_callback_url: string | null
  readonly events_filter: string | null
  readonly multi_task_enabled: boolean
  readonly prioritize_queue_order: 'FIFO' | 'LIFO'
}

export interface ActivityRow extends Row {
  readonly workspace_sid: string
  readonly friendly_name: string
  readonly available: boolean
}

export interface TaskChannelRow extends Row {
  readonly workspace_sid: string
  readonly friendly_name: string
  readonly unique_name: string
  readonly channel_optimized_routing: boolean
}

export interface TaskQueueRow extends Row {
  readonly workspace_sid: string
  readonly friendly_name: string
  readonly target_workers: string
  readonly max_reserved_workers: number
  readonly task_order: 'FIFO' | 'LIFO'
  readonly reservation_activity_sid: string | null
  readonly assignment_activity_sid: string | null
}

/**
 * Workers are being judged anew, a piece at a time in order of creation: by a queue's new TargetWorkers, or by the new
 * name of the activity that they are in. The row goes with the last piece.
 */
export interface JudgingRow extends Row {
  readonly workspace_sid: string
  readonly task_queue_sid: string | null
  readonly activity_sid: string | null
  /**
   * Of a queue: the expression that is in force until everybody has been judged; blank, which nobody matches, when the
   * queue is new. Of an activity: the name by which expressions still know it of workers who have not been judged.
   */
  readonly former: string
  /** Seq of the last worker who has been judged. */
  readonly judged_to: number
  // Timer
  /** When the next piece is due; null while it is another one's turn. */
  readonly judge_at: number | null
}

export interface WorkflowRow extends Row {
  readonly workspace_sid: string
  readonly friendly_name: string
  readonly configuration: string
  /** The document that new tasks follow. */
  readonly workflow_document_sid: string
  readonly assignment_callback_url: string | null
  readonly fallback_assignment_callback_url: string | null
  /** Seconds. */
  readonly task_reservation_timeout: number
  readonly document_content_type: string | null
}

/** A configuration that a workflow has, or had while a task that still follows it entered (reference taskrouter 3.9). */
export interface WorkflowDocumentRow extends Row {
  readonly workspace_sid: string
  readonly workflow_sid: string
  readonly configuration: string
  // Timer
  /** When the next piece of the workflow's tasks is re-evaluated; null when none are left that entered before this one. */
  readonly re_evaluate_at: number | null
}

export interface WorkerRow extends Row {
  readonly workspace_sid: string
  readonly friendly_name: string
  /** JSON text, as it was given. */
  readonly attributes: string
  readonly activity_sid: string
  readonly date_status_changed: number
  /** Seq of the last reservation, or of the worker before there is one: the smaller, the longer idle. */
  readonly last_reserved_seq: number
}

export interface WorkerChannelRow extends Row {
  readonly workspace_sid: string
  readonly worker_sid: string
  readonly task_channel_sid: string
  readonly configured_capacity: number
  readonly available: boolean
  readonly last_reserved_time: number | null
  readonly last_reserved_seq: number
}

export type AssignmentStatus = 'pending' | 'reserved' | 'assigned' | 'wrapping' | 'completed' | 'canceled'

export interface TaskRow extends Row {
  readonly workspace_sid: string
  readonly assignment_status: AssignmentStatus
  /** JSON text, as it was given. */
  readonly attributes: string
  readonly addons: string
  readonly priority: number
  readonly reason: string | null
  /** Seconds that the task may live unassigned. */
  readonly timeout: number
  readonly task_queue_sid: string | null
  readonly task_queue_entered_date: number | null
  readonly workflow_sid: string | null
  readonly task_channel_sid: string
  readonly virtual_start_time: number
  readonly routing_target: string | null
  readonly ignore_capacity: boolean | null
  // Where it stands in its workflow (reference taskrouter 11.1)
  readonly workflow_document_sid: string | null
  /** Index of the filter, or one of `defaultFilter` and `noFilter`. */
  readonly filter_index: number
  readonly target_index: number
  readonly filter_entered_at: number | null
  /** A target has timed out, so the default filter is out of the question. */
  readonly timed_out: boolean
  /** The target's time ended while the task was reserved: it goes on to the next one when the reservation fails. */
  readonly advance: boolean
  /** A new workflow document is waiting for the reservation to end. */
  readonly re_evaluate: boolean
  /** The attributes by which it was last routed, while newer ones wait for its reservation to end; null when none do. */
  readonly followed_attributes: string | null
  /** pending -> reserved transitions so far. */
  readonly rounds: number
  /** Workers who rejected the task since the last back-off ended; not offered to them until `retry_at`. */
  readonly rejected_by: readonly string[]
  readonly rejections: number
  // Timers
  readonly ttl_at: number | null
  readonly target_at: number | null
  readonly retry_at: number | null
  readonly delete_at: number | null
}

export const defaultFilter = -1
export const noFilter = -2

export type ReservationStatus =
  | 'pending'
  | 'accepted'
  | 'rejected'
  | 'timeout'
  | 'canceled'
  | 'rescinded'
  | 'wrapping'
  | 'completed'

export interface ReservationRow extends Row {
  readonly workspace_sid: string
  readonly task_sid: string
  readonly worker_sid: string
  readonly task_channel_sid: string
  readonly reservation_status: ReservationStatus
  readonly worker_previous_activity_sid: string | null
  // Timer
  readonly timeout_at: number | null
}

/** A task that one worker hands on to another, or to a queue (reference taskrouter 9.7). */
export interface TransferRow extends Row {
  readonly workspace_sid: string
  readonly task_sid: string
  readonly initiating_reservation_sid: string
  readonly initiating_worker_sid: string
  readonly initiating_queue_sid: string | null
  readonly initiating_workflow_sid: string | null
  /** WARM: the initiator keeps the task until somebody has accepted, and beyond. COLD: the initiator lets go at once. */
  readonly transfer_mode: 'WARM' | 'COLD'
  readonly transfer_type: 'WORKER' | 'QUEUE'
  readonly transfer_to: string
  readonly transfer_status: 'initiated' | 'complete' | 'canceled' | 'failed'
  readonly transfer_failed_reason: string | null
  /** The reservation that was made for it last, or has failed or been accepted last. */
  readonly reservation_sid: string | null
}

/** Statuses in which a reservation holds capacity (reference taskrouter 6.2). */
export function isOpen(reservation: ReservationRow): boolean {
  const status = reservation.reservation_status
  return status === 'pending' || status === 'accepted' || status === 'wrapping'
}

export function isTerminal(task: TaskRow): boolean {
  return task.assignment_status === 'completed' || task.assignment_status === 'canceled'
}

export interface RoutingKinds {
  workspace: WorkspaceRow
  activity: ActivityRow
  task_channel: TaskChannelRow
  task_queue: TaskQueueRow
  judging: JudgingRow
  workflow: WorkflowRow
  workflow_document: WorkflowDocumentRow
  worker: WorkerRow
  worker_channel: WorkerChannelRow
  task: TaskRow
  reservation: ReservationRow
  transfer: TransferRow
}

const inWorkspace = column('workspace_sid')

export const routingKinds: { [K in keyof RoutingKinds]: KindDefinition<RoutingKinds[K]> } = {
  workspace: {
    prefix: 'WS',
    columns: [
      'account_sid',
      'friendly_name',
      'default_activity_sid',
      'timeout_activity_sid',
      'event_callback_url',
      'events_filter',
      'multi_task_enabled',
      'prioritize_queue_order'
    ],
    indexes: { account_sid: column('account_sid') }
  },
  activity: {
    prefix: 'WA',
    columns: ['workspace_sid', 'friendly_name', 'available'],
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  },
  task_channel: {
    prefix: 'TC',
    columns: ['workspace_sid', 'friendly_name', 'unique_name', 'channel_optimized_routing'],
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.unique_name) }
  },
  task_queue: {
    prefix: 'WQ',
    columns: [
      'workspace_sid',
      'friendly_name',
      'target_workers',
      'max_reserved_workers',
      'task_order',
      'reservation_activity_sid',
      'assignment_activity_sid'
    ],
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  },
  judging: {
    prefix: 'JU',
    columns: ['workspace_sid', 'task_queue_sid', 'activity_sid', 'former', 'judged_to', 'judge_at'],
    indexes: {
      workspace_sid: inWorkspace,
      task_queue_sid: column('task_queue_sid'),
      activity_sid: column('activity_sid'),
      turn: keyOf(['sid'], () => 'all')
    },
    timers: { judge_at: 'timer.judging' }
  },
  workflow: {
    prefix: 'WW',
    columns: [
      'workspace_sid',
      'friendly_name',
      'configuration',
      'workflow_document_sid',
      'assignment_callback_url',
      'fallback_assignment_callback_url',
      'task_reservation_timeout',
      'document_content_type'
    ],
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  },
  workflow_document: {
    prefix: 'WD',
    columns: ['workspace_sid', 'workflow_sid', 'configuration', 're_evaluate_at'],
    indexes: { workspace_sid: inWorkspace, workflow_sid: column('workflow_sid') },
    timers: { re_evaluate_at: 'timer.workflow_document' }
  },
  worker: {
    prefix: 'WK',
    columns: [
      'workspace_sid',
      'friendly_name',
      'attributes',
      'activity_sid',
      'date_status_changed',
      'last_reserved_seq'
    ],
    indexes: {
      workspace_sid: inWorkspace,
      name: keyOf(['workspace_sid', 'friendly_name'], (row) =>
        nameKey(row.workspace_sid, foldedName(row.friendly_name))
      ),
      activity_sid: column('activity_sid')
    }
  },
  worker_channel: {
    prefix: 'WC',
    columns: [
      'workspace_sid',
      'worker_sid',
      'task_channel_sid',
      'configured_capacity',
      'available',
      'last_reserved_time',
      'last_reserved_seq'
    ],
    indexes: {
      workspace_sid: inWorkspace,
      worker_sid: column('worker_sid'),
      task_channel_sid: column('task_channel_sid'),
      pair: keyOf(['worker_sid', 'task_channel_sid'], (row) => nameKey(row.worker_sid, row.task_channel_sid))
    }
  },
  task: {
    prefix: 'WT',
    columns: [
      'workspace_sid',
      'assignment_status',
      'attributes',
      'addons',
      'priority',
      'reason',
      'timeout',
      'task_queue_sid',
      'task_queue_entered_date',
      'workflow_sid',
      'task_channel_sid',
      'virtual_start_time',
      'routing_target',
      'ignore_capacity',
      'workflow_document_sid',
      'filter_index',
      'target_index',
      'filter_entered_at',
      'timed_out',
      'advance',
      're_evaluate',
      'followed_attributes',
      'rounds',
      'rejected_by',
      'rejections',
      'ttl_at',
      'target_at',
      'retry_at',
      'delete_at'
    ],
    indexes: {
      workspace_sid: inWorkspace,
      task_queue_sid: column('task_queue_sid'),
      workflow_sid: column('workflow_sid'),
      task_channel_sid: column('task_channel_sid'),
      /** Tasks that still follow a document: it must stay as long as there is one. */
      workflow_document_sid: keyOf(['assignment_status', 'workflow_document_sid'], (row) =>
        isTerminal(row) ? null : row.workflow_document_sid
      )
    },
    timers: {
      ttl_at: 'timer.task_ttl',
      target_at: 'timer.task_target',
      retry_at: 'timer.task_retry',
      delete_at: 'timer.task_delete'
    }
  },
  reservation: {
    prefix: 'WR',
    columns: [
      'workspace_sid',
      'task_sid',
      'worker_sid',
      'task_channel_sid',
      'reservation_status',
      'worker_previous_activity_sid',
      'timeout_at'
    ],
    indexes: {
      workspace_sid: inWorkspace,
      task_sid: column('task_sid'),
      worker_sid: column('worker_sid'),
      open_by_worker: keyOf(['reservation_status', 'worker_sid'], (row) => (isOpen(row) ? row.worker_sid : null))
    },
    timers: { timeout_at: 'timer.reservation' }
  },
  transfer: {
    prefix: 'TT',
    columns: [
      'workspace_sid',
      'task_sid',
      'initiating_reservation_sid',
      'initiating_worker_sid',
      'initiating_queue_sid',
      'initiating_workflow_sid',
      'transfer_mode',
      'transfer_type',
      'transfer_to',
      'transfer_status',
      'transfer_failed_reason',
      'reservation_sid'
    ],
    indexes: {
      workspace_sid: inWorkspace,
      task_sid: column('task_sid'),
      reservation_sid: column('reservation_sid'),
      initiating_reservation_sid: column('initiating_reservation_sid'),
      open_by_task: keyOf(['transfer_status', 'task_sid'], (row) => (isUnderWay(row) ? row.task_sid : null)),
      open_by_initiator: keyOf(['transfer_status', 'initiating_reservation_sid'], (row) =>
        isUnderWay(row) ? row.initiating_reservation_sid : null
      )
    }
  }
}

export function isUnderWay(transfer: TransferRow): boolean {
  return transfer.transfer_status === 'initiated'
}

/** Key of an index by name inside a parent, the same for all forms of a name. */
export function nameKey(parent_sid: string, name: string): string {
  return `${parent_sid}/${nameForm(name)}`
}
