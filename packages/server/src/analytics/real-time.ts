import { enteredAt, realTimeOf } from '@ringdown/engine/analytics/realtime'
import type { State } from '@ringdown/engine/center'
import type { Ledger } from '../commit/ledger.ts'
import { binding } from '../store/query.ts'

/*
 * Real-time figures in the shape in which the API shows them, from counters that follow the living rows. Ages are whole
 * seconds; `now` is the clock's.
 */

/** How many tasks are over and not yet forgotten, by status. */
type Over = Readonly<Record<'completed' | 'canceled', number>>

/** The same of each of some places, by SID; a place without any is missing. */
export type OverByPlace = ReadonlyMap<string, Over>

/**
 * Counts the tasks that were put away, in the store, whose SQL this is: of workspaces, queues or workflows, as the column
 * says, on one channel or on all.
 */
export async function tasksOver(
  { ledger, now }: { readonly ledger: Ledger; now(): number },
  column: 'workspace_sid' | 'task_queue_sid' | 'workflow_sid',
  sids: readonly string[],
  task_channel_sid: string | undefined
): Promise<OverByPlace> {
  await ledger.settled()
  const rows = await ledger.reading((kept, account_sid) => {
    const { values, bind, among } = binding(kept.dialect)
    const conditions = [`account_sid = ${bind(account_sid)}`, `forget_at > ${bind(now())}`, among(column, 'text', sids)]
    if (task_channel_sid !== undefined) conditions.push(`task_channel_sid = ${bind(task_channel_sid)}`)
    const sql = `select ${column} as place, assignment_status as status, count(*) as count from task
      where ${conditions.join(' and ')} group by ${column}, assignment_status`
    return kept.query<{ place: string; status: keyof Over; count: number }>({ sql, values })
  })
  const found = new Map<string, Over>()
  for (const { place, status, count } of rows)
    found.set(place, { ...(found.get(place) ?? none), [status]: Number(count) })
  return found
}

const none: Over = { completed: 0, canceled: 0 }

/** What figures are made of, beside the place that they are about. */
interface Counting {
  readonly state: State
  /** Milliseconds. */
  readonly now: number
  /** Tasks that were put away. */
  readonly over: OverByPlace
  /** One channel; all of them where there is none. */
  readonly task_channel_sid?: string | undefined
}

/** Of the tasks of a workspace, a queue or a workflow. */
export function taskFigures(place_sid: string, { state, now, over, task_channel_sid }: Counting) {
  const figures = realTimeOf(state).tasks(place_sid, task_channel_sid)
  const { total_tasks, tasks_by_status: living, tasks_by_priority, longest } = figures
  const { completed, canceled } = over.get(place_sid) ?? none
  return {
    total_tasks,
    tasks_by_status: { ...living, completed: living.completed + completed, canceled: living.canceled + canceled },
    tasks_by_priority,
    longest_task_waiting_age: longest ? secondsSince(longest.date_created, now) : 0,
    longest_task_waiting_sid: longest?.sid ?? null
  }
}

/** Of a task queue: its tasks, and the workers who may take them. */
export function queueFigures(workspace_sid: string, task_queue_sid: string, counting: Counting) {
  const { state, now, task_channel_sid } = counting
  const { longest_in_queue } = realTimeOf(state).tasks(task_queue_sid, task_channel_sid)
  const { by_activity, eligible, available } = realTimeOf(state).workforce(task_queue_sid, task_channel_sid)
  return {
    task_queue_sid,
    ...taskFigures(task_queue_sid, counting),
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
