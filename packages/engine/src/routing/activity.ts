import { refuse } from '../refusals.ts'
import type { State } from '../state/state.ts'
import { beginRenaming, endJudgingOf, needsRenaming } from './judging.ts'
import { checkLimit, checkName, inWorkspace, workspaceOf } from './lookup.ts'
import { type ActivityRow, nameKey } from './rows.ts'

export function createActivity(
  state: State,
  {
    workspace_sid,
    ...params
  }: { readonly workspace_sid: string; readonly friendly_name: string; readonly available?: boolean }
): { activity: ActivityRow } {
  workspaceOf(state, workspace_sid)
  checkLimit(
    state,
    'activity',
    'workspace_sid',
    workspace_sid,
    state.settings.limits.activities,
    'Activities in a Workspace'
  )
  return { activity: addActivity(state, workspace_sid, params) }
}

export function addActivity(
  state: State,
  workspace_sid: string,
  { friendly_name, available }: { readonly friendly_name: string; readonly available?: boolean }
): ActivityRow {
  checkFree(state, workspace_sid, friendly_name)
  const activity = state.insert('activity', { workspace_sid, friendly_name, available: available ?? false })
  state.emit('activity.created', { workspace: workspaceOf(state, workspace_sid), activity })
  return activity
}

/** `available` is fixed at creation; sending it is silently ignored, as Twilio does (reference taskrouter 1.3). */
export function updateActivity(
  state: State,
  {
    workspace_sid,
    sid,
    friendly_name
  }: { readonly workspace_sid: string; readonly sid: string; readonly friendly_name?: string }
): { activity: ActivityRow } {
  const before = inWorkspace(state, 'activity', workspace_sid, sid)
  if (friendly_name === undefined || friendly_name === before.friendly_name) return { activity: before }
  checkFree(state, workspace_sid, friendly_name, sid)
  if (needsRenaming(state, before)) beginRenaming(state, before)
  const activity = state.change('activity', sid, { friendly_name })
  state.emit('activity.updated', { workspace: workspaceOf(state, workspace_sid), activity })
  return { activity }
}

export function deleteActivity(
  state: State,
  { workspace_sid, sid }: { readonly workspace_sid: string; readonly sid: string }
): Record<string, never> {
  const activity = inWorkspace(state, 'activity', workspace_sid, sid)
  const workspace = workspaceOf(state, workspace_sid)
  const use = useOf(state, activity)
  if (use) refuse('in_use', `Activity ${activity.friendly_name} cannot be deleted: ${use}`)
  state.emit('activity.deleted', { workspace, activity })
  state.remove('activity', sid)
  endJudgingOf(state, 'activity_sid', sid)
  return {}
}

function useOf(state: State, { sid, workspace_sid }: ActivityRow): string | undefined {
  const workspace = workspaceOf(state, workspace_sid)
  if (workspace.default_activity_sid === sid) return "it is the Workspace's default activity"
  if (workspace.timeout_activity_sid === sid) return "it is the Workspace's timeout activity"
  const workers = state.tables.worker.count('activity_sid', sid)
  if (workers > 0) return `${workers} ${workers === 1 ? 'worker is' : 'workers are'} in it`
  for (const queue of state.tables.task_queue.by('workspace_sid', workspace_sid)) {
    if (queue.reservation_activity_sid === sid || queue.assignment_activity_sid === sid) {
      return `TaskQueue ${queue.friendly_name} uses it`
    }
  }
  return undefined
}

function checkFree(state: State, workspace_sid: string, friendly_name: string, own_sid?: string): void {
  checkName(friendly_name, 'Activity')
  const other = state.tables.activity.firstBy('name', nameKey(workspace_sid, friendly_name))
  if (other && other.sid !== own_sid) {
    refuse('exists', `Activity with the same friendly name already exists`)
  }
}
