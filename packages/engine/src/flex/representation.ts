import type { State } from '../center.ts'
import type { TaskRow } from '../routing/rows.ts'
import type { InteractionParticipantRow, InteractionRow, InviteRow, TaskSnapshot } from './rows.ts'

/** `routing.properties`: dates in seconds since 1970, unlike everything else (reference flex 4.6). */
export function taskSnapshot(state: State, task: TaskRow): TaskSnapshot {
  const queue = state.tables.task_queue.find(task.task_queue_sid)
  const entered = task.task_queue_entered_date
  return {
    sid: task.sid,
    account_sid: state.account_sid,
    workspace_sid: task.workspace_sid,
    workflow_sid: task.workflow_sid,
    workflow_name: state.tables.workflow.find(task.workflow_sid)?.friendly_name ?? null,
    queue_sid: task.task_queue_sid,
    queue_name: queue?.friendly_name ?? null,
    task_channel_sid: task.task_channel_sid,
    task_channel_unique_name: state.tables.task_channel.find(task.task_channel_sid)?.unique_name ?? null,
    attributes: task.attributes,
    assignment_status: task.assignment_status,
    priority: task.priority,
    age: seconds(state.at - task.date_created),
    age_in_queue: entered === null ? 0 : seconds(state.at - entered),
    reason: task.reason ?? '',
    timeout: task.timeout,
    assignmentCounter: task.rounds,
    routing_target: task.routing_target,
    date_created: seconds(task.date_created),
    date_updated: seconds(task.date_updated),
    task_queue_entered_date: entered === null ? null : seconds(entered),
    addons: task.addons
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/** The task as it is, or as it was when it ended; null where there never was one. `task`: as a decision answered it. */
function routingOf(
  state: State,
  row: { readonly task_sid: string | null; readonly ended_task: TaskSnapshot | null },
  task = state.resident('task', row.task_sid)
) {
  const properties = task ? taskSnapshot(state, task) : row.ended_task
  return properties && { reservation: null, properties }
}

/** The columns that the API has and rows do not: put beside a row before it is serialized. */
export function representInteraction(state: State, interaction: InteractionRow, task?: TaskRow) {
  const { type, channel_sid } = interaction
  return { ...interaction, channel: { type, sid: channel_sid }, routing: routingOf(state, interaction, task) }
}

export function representInvite(state: State, invite: InviteRow, task?: TaskRow) {
  return { ...invite, routing: routingOf(state, invite, task) }
}

/** Somebody without a task has no routing (reference flex 7). */
export function representMember(member: InteractionParticipantRow) {
  const { task_sid, worker_sid, reservation_sid } = member
  const hasRouting = task_sid !== null || worker_sid !== null || reservation_sid !== null
  return { ...member, routing_properties: hasRouting ? { task_sid, worker_sid, reservation_sid } : null }
}
