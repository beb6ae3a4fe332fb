import { flag, integer, json, type KindsOf, kind, type RowOf, text } from '../core/kind.ts'
import { foldedName, nameKey } from '../core/names.ts'
import { column, keyOf } from '../core/table.ts'
import { isOpen } from '../matching/row-values.ts'

const workspaceColumns = {
  account_sid: text(),
  friendly_name: text(),
  default_activity_sid: text(),
  timeout_activity_sid: text(),
  event_callback_url: text<string | null>(),
  events_filter: text<string | null>(),
  multi_task_enabled: flag(),
  prioritize_queue_order: text<'FIFO' | 'LIFO'>()
} as const
export type WorkspaceRow = RowOf<typeof workspaceColumns>

const activityColumns = {
  workspace_sid: text(),
  friendly_name: text(),
  available: flag()
} as const
export type ActivityRow = RowOf<typeof activityColumns>

const taskChannelColumns = {
  workspace_sid: text(),
  friendly_name: text(),
  unique_name: text(),
  channel_optimized_routing: flag()
} as const
export type TaskChannelRow = RowOf<typeof taskChannelColumns>

const taskQueueColumns = {
  workspace_sid: text(),
  friendly_name: text(),
  target_workers: text(),
  max_reserved_workers: integer(),
  task_order: text<'FIFO' | 'LIFO'>(),
  reservation_activity_sid: text<string | null>(),
  assignment_activity_sid: text<string | null>()
} as const
export type TaskQueueRow = RowOf<typeof taskQueueColumns>

/**
 * Workers are being evaluated again, a piece at a time in order of creation: by a queue's new TargetWorkers, or by the new
 * name of the activity that they are in. The row goes with the last piece. Stored rows and journals name its kind and
 * columns, which is why they are not called after evaluation.
 */
const judgingColumns = {
  workspace_sid: text(),
  task_queue_sid: text<string | null>(),
  activity_sid: text<string | null>(),
  /**
   * Of a queue: the expression that is in force until all workers have been evaluated; blank, which nobody matches, when the
   * queue is new. Of an activity: the name that expressions still see for workers who have not been evaluated.
   */
  former: text(),
  /** Seq of the last worker who has been evaluated. */
  judged_to: integer(),
  // Timer
  /** When the next piece is due; null while another row has its turn. */
  judge_at: integer<number | null>()
} as const
export type JudgingRow = RowOf<typeof judgingColumns>

const workflowColumns = {
  workspace_sid: text(),
  friendly_name: text(),
  configuration: text(),
  /** The document that new tasks follow. */
  workflow_document_sid: text(),
  assignment_callback_url: text<string | null>(),
  fallback_assignment_callback_url: text<string | null>(),
  /** Seconds. */
  task_reservation_timeout: integer(),
  document_content_type: text<string | null>()
} as const
export type WorkflowRow = RowOf<typeof workflowColumns>

/** A configuration that a workflow has, or had while a task that still follows it entered (reference taskrouter 3.9). */
const workflowDocumentColumns = {
  workspace_sid: text(),
  workflow_sid: text(),
  configuration: text(),
  // Timer
  /** When the next piece of the workflow's tasks is re-evaluated; null when none are left that entered before this one. */
  re_evaluate_at: integer<number | null>()
} as const
export type WorkflowDocumentRow = RowOf<typeof workflowDocumentColumns>

const workerColumns = {
  workspace_sid: text(),
  friendly_name: text(),
  /** JSON text, as it was given. */
  attributes: text(),
  activity_sid: text(),
  date_status_changed: integer(),
  /** Seq of the last reservation, or of the worker before there is one: the smaller, the longer idle. */
  last_reserved_seq: integer()
} as const
export type WorkerRow = RowOf<typeof workerColumns>

const workerChannelColumns = {
  workspace_sid: text(),
  worker_sid: text(),
  task_channel_sid: text(),
  configured_capacity: integer(),
  available: flag(),
  last_reserved_time: integer<number | null>(),
  last_reserved_seq: integer()
} as const
export type WorkerChannelRow = RowOf<typeof workerChannelColumns>

export type AssignmentStatus = 'pending' | 'reserved' | 'assigned' | 'wrapping' | 'completed' | 'canceled'

const taskColumns = {
  workspace_sid: text(),
  assignment_status: text<AssignmentStatus>(),
  /** JSON text, as it was given. */
  attributes: text(),
  addons: text(),
  priority: integer(),
  reason: text<string | null>(),
  /** Seconds that the task may live unassigned. */
  timeout: integer(),
  task_queue_sid: text<string | null>(),
  task_queue_entered_date: integer<number | null>(),
  workflow_sid: text<string | null>(),
  task_channel_sid: text(),
  virtual_start_time: integer(),
  routing_target: text<string | null>(),
  ignore_capacity: flag<boolean | null>(),
  // Where it stands in its workflow (reference taskrouter 11.1)
  workflow_document_sid: text<string | null>(),
  /** Index of the filter, or one of `defaultFilter` and `noFilter`. */
  filter_index: integer(),
  target_index: integer(),
  filter_entered_at: integer<number | null>(),
  /** A target has timed out, so the default filter is out of the question. */
  timed_out: flag(),
  /** The target's time ended while the task was reserved: it goes on to the next one when the reservation fails. */
  advance: flag(),
  /** A new workflow document is waiting for the reservation to end. */
  re_evaluate: flag(),
  /** The attributes by which it was last routed, while newer ones wait for its reservation to end; null when none do. */
  followed_attributes: text<string | null>(),
  /** pending -> reserved transitions so far. */
  rounds: integer(),
  /** Workers who rejected the task since the last back-off ended; not offered to them until `retry_at`. */
  rejected_by: json<readonly string[]>(),
  rejections: integer(),
  // Timers
  ttl_at: integer<number | null>(),
  target_at: integer<number | null>(),
  retry_at: integer<number | null>(),
  delete_at: integer<number | null>(),
  /** When a task that is over is forgotten: then it is put away, with its reservations and transfers. Null until then. */
  forget_at: integer<number | null>(),
  /** The names that its queue and workflow had when it was put away, for when these are deleted; null until then. */
  task_queue_name: text<string | null>(),
  workflow_name: text<string | null>()
} as const
export type TaskRow = RowOf<typeof taskColumns>

export type ReservationStatus =
  | 'pending'
  | 'accepted'
  | 'rejected'
  | 'timeout'
  | 'canceled'
  | 'rescinded'
  | 'wrapping'
  | 'completed'

const reservationColumns = {
  workspace_sid: text(),
  task_sid: text(),
  worker_sid: text(),
  /** The name that the worker had when it was deleted; null while there is one, and who asks is told the name of now. */
  worker_name: text<string | null>(),
  task_channel_sid: text(),
  reservation_status: text<ReservationStatus>(),
  worker_previous_activity_sid: text<string | null>(),
  // Timer
  timeout_at: integer<number | null>(),
  /** As its task's. */
  forget_at: integer<number | null>()
} as const
export type ReservationRow = RowOf<typeof reservationColumns>

/** A task that one worker hands on to another, or to a queue (reference taskrouter 9.7). */
const transferColumns = {
  workspace_sid: text(),
  task_sid: text(),
  initiating_reservation_sid: text(),
  initiating_worker_sid: text(),
  initiating_queue_sid: text<string | null>(),
  initiating_workflow_sid: text<string | null>(),
  /** WARM: the initiator keeps the task until somebody has accepted, and beyond. COLD: the initiator lets go at once. */
  transfer_mode: text<'WARM' | 'COLD'>(),
  transfer_type: text<'WORKER' | 'QUEUE'>(),
  transfer_to: text(),
  transfer_status: text<'initiated' | 'complete' | 'canceled' | 'failed'>(),
  transfer_failed_reason: text<string | null>(),
  /** The reservation that was made for it last, or has failed or been accepted last. */
  reservation_sid: text<string | null>(),
  /** As its task's. */
  forget_at: integer<number | null>()
} as const
export type TransferRow = RowOf<typeof transferColumns>

export function isTerminal(task: TaskRow): boolean {
  return task.assignment_status === 'completed' || task.assignment_status === 'canceled'
}

/** It is over for good, and may have left memory; rows of earlier revisions lack the column. */
export function isPutAway(row: { readonly forget_at: number | null }): boolean {
  return (row.forget_at ?? null) !== null
}

export type RoutingKinds = KindsOf<typeof routingKinds>

const inWorkspace = column('workspace_sid')

/** The key of an index over rows that were not put away. */
function living<C extends string>(name: C) {
  return keyOf<{ readonly [K in C]: string | null } & { readonly forget_at: number | null }>(
    [name, 'forget_at'],
    (row) => (isPutAway(row) ? null : row[name])
  )
}

export const routingKinds = {
  workspace: kind(workspaceColumns, {
    prefix: 'WS',
    indexes: { account_sid: column('account_sid') }
  }),
  activity: kind(activityColumns, {
    prefix: 'WA',
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  }),
  task_channel: kind(taskChannelColumns, {
    prefix: 'TC',
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.unique_name) }
  }),
  task_queue: kind(taskQueueColumns, {
    prefix: 'WQ',
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  }),
  judging: kind(judgingColumns, {
    prefix: 'JU',
    indexes: {
      workspace_sid: inWorkspace,
      task_queue_sid: column('task_queue_sid'),
      activity_sid: column('activity_sid'),
      turn: keyOf(['sid'], () => 'all')
    },
    timers: { judge_at: 'timer.judging' }
  }),
  workflow: kind(workflowColumns, {
    prefix: 'WW',
    indexes: { workspace_sid: inWorkspace, name: (row) => nameKey(row.workspace_sid, row.friendly_name) }
  }),
  workflow_document: kind(workflowDocumentColumns, {
    prefix: 'WD',
    indexes: { workspace_sid: inWorkspace, workflow_sid: column('workflow_sid') },
    timers: { re_evaluate_at: 'timer.workflow_document' }
  }),
  worker: kind(workerColumns, {
    prefix: 'WK',
    indexes: {
      workspace_sid: inWorkspace,
      name: keyOf(['workspace_sid', 'friendly_name'], (row) =>
        nameKey(row.workspace_sid, foldedName(row.friendly_name))
      ),
      activity_sid: column('activity_sid')
    }
  }),
  worker_channel: kind(workerChannelColumns, {
    prefix: 'WC',
    indexes: {
      workspace_sid: inWorkspace,
      worker_sid: column('worker_sid'),
      task_channel_sid: column('task_channel_sid'),
      pair: keyOf(['worker_sid', 'task_channel_sid'], (row) => nameKey(row.worker_sid, row.task_channel_sid))
    }
  }),
  task: kind(taskColumns, {
    prefix: 'WT',
    indexes: {
      workspace_sid: living('workspace_sid'),
      task_queue_sid: living('task_queue_sid'),
      workflow_sid: living('workflow_sid'),
      task_channel_sid: living('task_channel_sid'),
      /** Tasks that still follow a document: it must stay as long as there is one. */
      workflow_document_sid: keyOf(['assignment_status', 'workflow_document_sid'], (row) =>
        isTerminal(row) ? null : row.workflow_document_sid
      )
    },
    rarelyAsked: ['workflow_sid', 'task_channel_sid'],
    timers: {
      ttl_at: 'timer.task_ttl',
      target_at: 'timer.task_target',
      retry_at: 'timer.task_retry',
      delete_at: 'timer.task_delete'
    },
    cold: {
      until: 'forget_at',
      columns: [
        'seq',
        'workspace_sid',
        'task_queue_sid',
        'workflow_sid',
        'task_channel_sid',
        'assignment_status',
        'forget_at'
      ],
      indexes: [['workspace_sid', 'seq'], ['forget_at']],
      foundBy: ['sid'],
      under: { workspace_sid: 'workspace' }
    }
  }),
  reservation: kind(reservationColumns, {
    prefix: 'WR',
    indexes: {
      workspace_sid: living('workspace_sid'),
      task_sid: column('task_sid'),
      worker_sid: living('worker_sid'),
      open_by_worker: keyOf(['reservation_status', 'worker_sid'], (row) => (isOpen(row) ? row.worker_sid : null))
    },
    rarelyAsked: ['workspace_sid', 'worker_sid'],
    timers: { timeout_at: 'timer.reservation' },
    cold: {
      until: 'forget_at',
      columns: ['seq', 'workspace_sid', 'task_sid', 'worker_sid', 'forget_at'],
      indexes: [['task_sid', 'seq'], ['worker_sid', 'seq'], ['forget_at']],
      foundBy: ['sid'],
      under: { workspace_sid: 'workspace' }
    }
  }),
  transfer: kind(transferColumns, {
    prefix: 'TT',
    indexes: {
      workspace_sid: living('workspace_sid'),
      task_sid: column('task_sid'),
      reservation_sid: living('reservation_sid'),
      initiating_reservation_sid: living('initiating_reservation_sid'),
      open_by_task: keyOf(['transfer_status', 'task_sid'], (row) => (isUnderWay(row) ? row.task_sid : null)),
      open_by_initiator: keyOf(['transfer_status', 'initiating_reservation_sid'], (row) =>
        isUnderWay(row) ? row.initiating_reservation_sid : null
      )
    },
    cold: {
      until: 'forget_at',
      columns: ['seq', 'workspace_sid', 'task_sid', 'reservation_sid', 'forget_at'],
      indexes: [['task_sid'], ['reservation_sid'], ['forget_at']],
      foundBy: ['sid'],
      under: { workspace_sid: 'workspace' }
    }
  })
}

export function isUnderWay(transfer: TransferRow): boolean {
  return transfer.transfer_status === 'initiated'
}
