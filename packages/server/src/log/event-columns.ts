import type { Value } from '../store/store.ts'
import type { LogColumns } from '../store/tables.ts'

/**
 * What of an event's data is a column as well: what the log is searched by, and what the statistics are made from. This is
 * the one place that says which they are; a new column is filled from the data when the store is opened.
 */
export const eventColumns = [
  'workspace_sid',
  'task_sid',
  'reservation_sid',
  'worker_sid',
  'worker_activity_sid',
  'task_queue_sid',
  'workflow_sid',
  'task_channel_sid',
  'task_date_created',
  'task_queue_entered_date'
] as const

type EventColumn = (typeof eventColumns)[number]

/** Columns of SIDs that are found by way of blocks. */
export const subjects = ['task_sid', 'worker_sid'] as const satisfies readonly EventColumn[]

/**
 * Each index costs every decision, and one whose entries come in no order (tasks, workers) as much as all else that a batch
 * does: those are found by `subjects`. An event itself is found by the number in its SID, an instant by halving, since
 * instants never go back along the sequence. Other filters read this index, which holds what they compare.
 */
export const workspaceIndex = {
  columns: ['workspace_sid', 'seq', 'type', 'reservation_sid', 'task_queue_sid', 'workflow_sid', 'task_channel_sid'],
  where: 'workspace_sid'
}

export const logColumns: LogColumns = {
  columns: Object.fromEntries(
    eventColumns.map((column) => [column, column.endsWith('_sid') ? ('text' as const) : ('integer' as const)])
  ),
  indexes: [workspaceIndex],
  subjects,
  // Spelled out: this happens some hundred times a batch, and to go through the list by name takes five times as long.
  valuesOf: (data) => [
    plainOf(data.workspace_sid),
    plainOf(data.task_sid),
    plainOf(data.reservation_sid),
    plainOf(data.worker_sid),
    plainOf(data.worker_activity_sid),
    plainOf(data.task_queue_sid),
    plainOf(data.workflow_sid),
    plainOf(data.task_channel_sid),
    plainOf(data.task_date_created),
    plainOf(data.task_queue_entered_date)
  ]
}

function plainOf(field: unknown): Value {
  return typeof field === 'string' || typeof field === 'number' ? field : null
}
