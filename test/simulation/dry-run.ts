import type { State } from '@ringdown/engine/center'
import type { Command } from '@ringdown/engine/commands'
import { Refusal } from '@ringdown/engine/core/refusals'
import { dryRun, type Route } from '@ringdown/engine/routing/dry-run'
import type { Complaint, Outcome } from './auditor.ts'

/** Where a dry run says that a task will go which is about to be created along a workflow; undefined for all others. */
export function foretold(state: State, command: Command, at: number): Route | undefined {
  if (command.type !== 'task.create') return undefined
  const { type: _, workspace_sid, workflow_sid, attributes = '{}', priority, task_channel, ...more } = command
  // What else is asked for is nothing that a workflow asks about.
  if (!workflow_sid || Object.keys(more).length > 0) return undefined
  if (state.find('workflow', workflow_sid)?.workspace_sid !== workspace_sid) return undefined
  const task = {
    task_sid: null,
    attributes,
    ...(priority !== undefined && { priority }),
    ...(task_channel !== undefined && { task_channel })
  }
  return dryRun(state, { workspace_sid, sid: workflow_sid, at }, [task])[0]?.today
}

/** What has come otherwise than it was foretold. */
export function judgeForetold(state: State, route: Route | undefined, outcome: Outcome): Complaint[] {
  if (route === undefined) return []
  const came = outcome instanceof Refusal ? refusedAs(outcome) : placeOf(state, outcome)
  const { outcome: how, task_queue_sid, priority, worker_sids, verdict } = route
  const said = how === 'refused' ? verdict : JSON.stringify([task_queue_sid, priority, worker_sids])
  return came === said ? [] : [{ rule: 'dry run', text: `a dry run said ${said}, and it came ${came}` }]
}

function refusedAs({ message }: Refusal): string {
  return message
}

function placeOf(state: State, { changes }: Exclude<Outcome, Refusal>): string {
  const sid = changes.find(({ kind, before }) => kind === 'task' && !before)?.sid ?? ''
  const task = state.get('task', sid)
  const offered = [...state.tables.reservation.by('task_sid', sid)].map(({ worker_sid }) => worker_sid)
  return JSON.stringify([task.task_queue_sid, task.priority, offered])
}
