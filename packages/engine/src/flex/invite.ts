import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { refuse } from '../core/refusals.ts'
import type { TaskRow } from '../routing/rows.ts'
import { addTask, updateTask } from '../routing/task.ts'
import { flexOf } from './configuration.ts'
import { channelOf } from './lookup.ts'
import { addAgent } from './member.ts'
import { type RoutingParameter, routingParameter } from './parameters.ts'
import { type InteractionChannelRow, type InviteRow, isUsable } from './rows.ts'
import { inviteAttributes } from './task-attributes.ts'

export interface CreateInvite {
  readonly interaction_sid: string
  readonly channel_sid: string
  readonly routing: unknown
}

/** Asks one more agent to join, by a task of its own (reference flex 6). */
export function createInvite(state: State, params: CreateInvite): { invite: InviteRow; task: TaskRow } {
  const channel = channelOf(state, params.interaction_sid, params.channel_sid)
  if (!isUsable(channel)) refuse('interaction.closed', `Channel ${channel.sid} is ${channel.status}`)
  const routing = routingParameter(params.routing)
  flexOf(state, routing.workspace_sid)
  const sid = state.sid('KG')
  const attributes = inviteAttributes(routing.attributes_text, channel, sid)
  return addInvite(state, channel, routing, { sid, attributes })
}

/** An invite as it is to be; `unmatched` is for a task that no filter of its workflow takes. */
interface Invitation {
  readonly sid: string
  readonly attributes: string
  readonly auto_accept_identity?: string
  readonly unmatched?: 'canceled'
}

/** Makes the task of an invite. It waits for a worker who is named as long as any other task (reference flex 27, U8). */
export function addInvite(
  state: State,
  channel: InteractionChannelRow,
  routing: RoutingParameter,
  invite: Invitation
): { invite: InviteRow; task: TaskRow } {
  const { workspace_sid, workflow_sid, queue_sid, worker_sid, priority, timeout } = routing
  if (worker_sid && !queue_sid) refuse('invalid', 'Routing: queue_sid is required with worker_sid')
  const params = {
    workspace_sid,
    task_channel: taskChannel(state, channel, routing),
    attributes: invite.attributes,
    ...(workflow_sid && { workflow_sid }),
    ...(worker_sid && queue_sid && { routing_target: worker_sid, task_queue_sid: queue_sid, ignore_capacity: false }),
    ...(queue_sid && !worker_sid && { routing_target: queue_sid }),
    ...(priority !== undefined && { priority }),
    ...(timeout !== undefined && { timeout })
  }
  const task = addTask(state, params, invite.unmatched)
  return { invite: insertInvite(state, channel, task, invite), task }
}

/** A task that is there already asks for the channel; whoever has it is in it. */
export function adoptTask(
  state: State,
  channel: InteractionChannelRow,
  { sid, workspace_sid }: TaskRow,
  invite: Invitation
): { invite: InviteRow; task: TaskRow } {
  const { task } = updateTask(state, { workspace_sid, sid, attributes: invite.attributes })
  const row = insertInvite(state, channel, task, invite)
  for (const reservation of state.tables.reservation.list('task_sid', sid)) {
    if (reservation.reservation_status === 'accepted') addAgent(state, channel, reservation, null)
  }
  return { invite: row, task }
}

function insertInvite(
  state: State,
  { interaction_sid, sid: channel_sid, interaction_status }: InteractionChannelRow,
  { sid: task_sid }: TaskRow,
  { sid, auto_accept_identity }: Invitation
): InviteRow {
  const place = { interaction_sid, channel_sid, interaction_status }
  return state.insert(
    'invite',
    { ...place, task_sid, ended_task: null, auto_accept_identity: auto_accept_identity ?? null },
    sid
  )
}

/** The one that is named, the one called like the channel's type, or the default one. */
function taskChannel(
  state: State,
  channel: InteractionChannelRow,
  { workspace_sid, task_channel }: RoutingParameter
): string {
  if (task_channel) return task_channel
  return state.tables.task_channel.firstBy('name', nameKey(workspace_sid, channel.type)) ? channel.type : 'default'
}
