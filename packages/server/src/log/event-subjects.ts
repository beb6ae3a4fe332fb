import type { LogSubjects } from '../store/tables.ts'

/** The SIDs in an event's data by which it is found. */
export type SubjectField =
  | 'workspace_sid'
  | 'task_sid'
  | 'reservation_sid'
  | 'worker_sid'
  | 'task_queue_sid'
  | 'workflow_sid'
  | 'task_channel_sid'

/** An event's data, in the text that the log keeps of it; without any, what has none. */
export function dataOf(text: string): Readonly<Record<string, unknown>> {
  const { data }: { readonly data?: Readonly<Record<string, unknown>> } = JSON.parse(text) // as commit/batch wrote it
  return data ?? {}
}

export const logSubjects: LogSubjects = {
  // Spelled out: this happens some hundred times a batch, and to go through a list of names takes five times as long.
  subjectsOf: (data) => [
    data.workspace_sid,
    data.task_sid,
    data.reservation_sid,
    data.worker_sid,
    data.task_queue_sid,
    data.workflow_sid,
    data.task_channel_sid
  ],
  dataOf
}
