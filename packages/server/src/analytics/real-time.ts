import { enteredAt, realTimeOf } from '@ringdown/engine/analytics/realtime'
import type { State } from '@ringdown/engine/center'

/*
 * Real-time figures in the shape in which the API shows them, from counters that follow the live rows. Ages are whole
 * seconds; `now` is the clock's.
 */

/** Of the tasks of a workspace, a queue or a workflow: of one channel, or of all. */
export function taskFigures(state: State, place_sid: string, task_channel_sid: string | undefined, now: number) {
  const figures = realTimeOf(state).tasks(place_sid, task_channel_sid)
  const { total_tasks, tasks_by_status, tasks_by_priority, longest } = figures
  return {
    total_tasks,
    tasks_by_status,
    tasks_by_priority,
    longest_task_waiting_age: longest ? secondsSince(longest.date_created, now) : 0,
    longest_task_waiting_sid: longest?.sid ?? null
  }
}

/** Of a task queue: its tasks, and the workers who may take them. */
export function queueFigures(
  state: State,
  workspace_sid: string,
  task_queue_sid: string,
  task_channel_sid: string | undefined,
  now: number
) {
  const { longest_in_queue } = realTimeOf(state).tasks(task_queue_sid, task_channel_sid)
  const { by_activity, eligible, available } = realTimeOf(state).workforce(task_queue_sid, task_channel_sid)
  return {
    task_queue_sid,
    ...taskFigures(state, task_queue_sid, task_channel_sid, now),
    longest_relative_task_age_in_queue: longest_in_queue ? secondsSince(enteredAt(longest_in_queue), now) : 0,
    longest_relative_task_sid_in_queue: longest_in_queue?.sid ?? null,
    activity_statistics: activityStatistics(state, workspace_sid, (sid) => by_activity.get(sid) ?? 0),
    total_eligible_workers: eligible,
    total_available_workers: available
  }
}

/** How many workers of a workspace, or of some of them, are in each activity. */
export function workforceFigures(state: State, workspace_sid: string, some?: readonly string[]) {
  const { worker } = state.tables
  if (some === undefined) {
    const activity_statistics = activityStatistics(state, workspace_sid, (sid) => worker.count('activity_sid', sid))
    return { activity_statistics, total_workers: worker.count('workspace_sid', workspace_sid) }
  }
  const counts = new Map<string, number>()
  for (const sid of some) {
    const { activity_sid } = state.get('worker', sid)
    counts.set(activity_sid, (counts.get(activity_sid) ?? 0) + 1)
  }
  const activity_statistics = activityStatistics(state, workspace_sid, (sid) => counts.get(sid) ?? 0)
  return { activity_statistics, total_workers: some.length }
}

/** Every activity of the workspace, zeros included. */
function activityStatistics(state: State, workspace_sid: string, workersIn: (activity_sid: string) => number) {
  return [...state.tables.activity.by('workspace_sid', workspace_sid)].map(({ sid, friendly_name }) => ({
    sid,
    friendly_name,
    workers: workersIn(sid)
  }))
}

function secondsSince(instant: number, now: number): number {
  return Math.max(0, Math.floor((now - instant) / 1000))
}
