import type { TaskRow } from '../routing/rows.ts'

/** FIFO: priority first, then age (reference taskrouter 4.3). */
export function fifo(a: TaskRow, b: TaskRow): number {
  return b.priority - a.priority || a.virtual_start_time - b.virtual_start_time || a.seq - b.seq
}

/** LIFO: the newest first, priority ignored. */
export function lifo(a: TaskRow, b: TaskRow): number {
  return b.virtual_start_time - a.virtual_start_time || b.seq - a.seq
}

/** The task is for one worker only (reference taskrouter 4.4). */
export function isDirect(task: TaskRow): task is TaskRow & { readonly routing_target: string } {
  return task.routing_target?.startsWith('WK') ?? false
}

export function ignoresCapacity(task: TaskRow): boolean {
  return task.ignore_capacity === true && isDirect(task)
}
