import { InvalidRequest } from '@ringdown/contract/form'
import { inWorkspace, namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import { isTerminal, nameKey, type TaskRow } from '@ringdown/engine/routing/rows'
import type { State } from '@ringdown/engine/state/state'
import type { Handlers } from '../handler.ts'

/** Real-time figures, counted from the live rows (reference taskrouter 7.2 and 7.6). Durations are whole seconds. */
export const statistics = {
  'taskrouter_v1.FetchWorkspaceRealTimeStatistics'({ path: { workspace_sid }, params }, { state, now }) {
    const tasks = state.tables.task.by('workspace_sid', workspaceOf(state, workspace_sid).sid)
    return {
      ...owner(state, workspace_sid),
      ...taskFigures(tasks, channelSid(state, workspace_sid, params.task_channel), now()),
      ...workforceFigures(state, workspace_sid, allWorkers(state, workspace_sid))
    }
  },

  'taskrouter_v1.FetchTaskQueueRealTimeStatistics'(
    { path: { workspace_sid, task_queue_sid }, params },
    { state, now }
  ) {
    inWorkspace(state, 'task_queue', workspace_sid, task_queue_sid)
    return {
      ...owner(state, workspace_sid),
      ...queueFigures(
        state,
        workspace_sid,
        task_queue_sid,
        channelSid(state, workspace_sid, params.task_channel),
        now()
      )
    }
  },

  'taskrouter_v1.FetchWorkflowRealTimeStatistics'({ path: { workspace_sid, workflow_sid }, params }, { state, now }) {
    inWorkspace(state, 'workflow', workspace_sid, workflow_sid)
    const tasks = state.tables.task.by('workflow_sid', workflow_sid)
    return {
      ...owner(state, workspace_sid),
      workflow_sid,
      ...taskFigures(tasks, channelSid(state, workspace_sid, params.task_channel), now())
    }
  },

  'taskrouter_v1.FetchWorkersRealTimeStatistics'({ path: { workspace_sid } }, { state }) {
    workspaceOf(state, workspace_sid)
    return {
      ...owner(state, workspace_sid),
      ...workforceFigures(state, workspace_sid, allWorkers(state, workspace_sid))
    }
  },

  'taskrouter_v1.CreateTaskQueueBulkRealTimeStatistics'({ path: { workspace_sid }, params }, { state, now }) {
    workspaceOf(state, workspace_sid)
    const at = now()
    const task_queue_data = queueSids(params.queue_sids).map((sid) => {
      // A queue that does not exist has an entry with zeros (reference taskrouter 7.6).
      const { longest_relative_task_age_in_queue, longest_relative_task_sid_in_queue, ...figures } = queueFigures(
        state,
        workspace_sid,
        state.find('task_queue', sid)?.workspace_sid === workspace_sid ? sid : '',
        undefined,
        at
      )
      return { ...figures, task_queue_sid: sid }
    })
    return { ...owner(state, workspace_sid), task_queue_response_count: task_queue_data.length, task_queue_data }
  }
} satisfies Handlers

function owner({ account_sid }: State, workspace_sid: string) {
  return { account_sid, workspace_sid }
}

/** Of the tasks of one channel, or of all. */
export function taskFigures(tasks: Iterable<TaskRow>, task_channel_sid: string | undefined, now: number) {
  const tasks_by_status = { pending: 0, reserved: 0, assigned: 0, wrapping: 0, canceled: 0, completed: 0 }
  const tasks_by_priority: Record<string, number> = {}
  let total_tasks = 0
  let longest: TaskRow | undefined
  for (const task of tasks) {
    if (task_channel_sid !== undefined && task.task_channel_sid !== task_channel_sid) continue
    tasks_by_status[task.assignment_status]++
    if (isTerminal(task)) continue
    total_tasks++
    tasks_by_priority[task.priority] = (tasks_by_priority[task.priority] ?? 0) + 1
    if (task.assignment_status === 'pending' && (!longest || task.date_created < longest.date_created)) longest = task
  }
  return {
    total_tasks,
    tasks_by_status,
    tasks_by_priority,
    longest_task_waiting_age: longest ? secondsSince(longest.date_created, now) : 0,
    longest_task_waiting_sid: longest?.sid ?? null
  }
}

export function queueFigures(
  state: State,
  workspace_sid: string,
  task_queue_sid: string,
  task_channel_sid: string | undefined,
  now: number
) {
  const members = state.pools.members(task_queue_sid)
  const { activity_statistics, total_workers } = workforceFigures(state, workspace_sid, members)
  let total_available_workers = 0
  for (const sid of members) if (isAvailable(state, sid, task_channel_sid)) total_available_workers++
  const longest = longestInQueue(state, task_queue_sid, task_channel_sid)
  return {
    task_queue_sid,
    ...taskFigures(state.tables.task.by('task_queue_sid', task_queue_sid), task_channel_sid, now),
    longest_relative_task_age_in_queue: longest ? secondsSince(enteredAt(longest), now) : 0,
    longest_relative_task_sid_in_queue: longest?.sid ?? null,
    activity_statistics,
    total_eligible_workers: total_workers,
    total_available_workers
  }
}

/** Every activity of the workspace with how many of the workers are in it, zeros included. */
export function workforceFigures(state: State, workspace_sid: string, workers: Iterable<string>) {
  const counts = new Map<string, number>()
  let total_workers = 0
  for (const sid of workers) {
    const { activity_sid } = state.get('worker', sid)
    counts.set(activity_sid, (counts.get(activity_sid) ?? 0) + 1)
    total_workers++
  }
  const activity_statistics = [...state.tables.activity.by('workspace_sid', workspace_sid)].map(
    ({ sid, friendly_name }) => ({
      sid,
      friendly_name,
      workers: counts.get(sid) ?? 0
    })
  )
  return { activity_statistics, total_workers }
}

function* allWorkers(state: State, workspace_sid: string): Generator<string> {
  for (const { sid } of state.tables.worker.by('workspace_sid', workspace_sid)) yield sid
}

/** In an available activity, even when full; with a channel, that channel of it must be available, too. */
function isAvailable(state: State, worker_sid: string, task_channel_sid: string | undefined): boolean {
  const { activity_sid } = state.get('worker', worker_sid)
  if (!state.find('activity', activity_sid)?.available) return false
  if (task_channel_sid === undefined) return true
  return state.tables.worker_channel.firstBy('pair', nameKey(worker_sid, task_channel_sid))?.available ?? false
}

function longestInQueue(
  state: State,
  task_queue_sid: string,
  task_channel_sid: string | undefined
): TaskRow | undefined {
  let longest: TaskRow | undefined
  for (const task of state.tables.task.by('task_queue_sid', task_queue_sid)) {
    if (task.assignment_status !== 'pending') continue
    if (task_channel_sid !== undefined && task.task_channel_sid !== task_channel_sid) continue
    if (!longest || enteredAt(task) < enteredAt(longest)) longest = task
  }
  return longest
}

function enteredAt(task: TaskRow): number {
  return task.task_queue_entered_date ?? task.date_created
}

function secondsSince(instant: number, now: number): number {
  return Math.max(0, Math.floor((now - instant) / 1000))
}

function channelSid(state: State, workspace_sid: string, name: string | undefined): string | undefined {
  return name ? namedChannel(state, workspace_sid, name).sid : undefined
}

/** 1 to 50 of them, whatever the body's spelling of the name was. */
function queueSids(value: unknown): readonly string[] {
  const sids = typeof value === 'string' ? [value] : value
  if (!Array.isArray(sids) || sids.length < 1 || sids.length > 50) {
    throw new InvalidRequest('Parameter QueueSids is invalid: a list of 1 to 50 SIDs is expected', 'QueueSids')
  }
  if (!sids.every((sid) => typeof sid === 'string' && /^WQ[0-9a-fA-F]{32}$/.test(sid))) {
    throw new InvalidRequest('Parameter QueueSids is invalid: SIDs beginning with WQ are expected', 'QueueSids')
  }
  return sids
}
