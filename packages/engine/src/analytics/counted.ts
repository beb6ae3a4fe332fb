import type { EngineEvent } from '../events.ts'
import { type CountedEvent, rules } from './rollup.ts'
import { stayEvents } from './stay.ts'

/** Whether statistics take anything from events of a type; most pass without being looked at. */
export function isCounted(type: string): boolean {
  return rules.has(type) || stayEvents.has(type)
}

/** An event that `isCounted` as the folds see it: the same as what is written of it into the log. */
export function countedEventOf({ seq, type, at, refs }: EngineEvent): CountedEvent {
  const { workspace, task, task_queue, workflow, task_channel, worker } = refs
  return {
    seq,
    type,
    at,
    workspace_sid: workspace?.sid ?? null,
    task_queue_sid: task_queue?.sid ?? null,
    workflow_sid: workflow?.sid ?? null,
    task_channel_sid: task_channel?.sid ?? null,
    worker_sid: worker?.sid ?? null,
    worker_activity_sid: worker?.activity_sid ?? null,
    task_date_created: task?.date_created ?? null,
    task_queue_entered_date: task?.task_queue_entered_date ?? null
  }
}
