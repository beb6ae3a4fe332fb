import { refuse } from '../refusals.ts'
import { nameKey, type TaskRow } from '../routing/rows.ts'
import { addTask } from '../routing/task.ts'
import type { State } from '../state/state.ts'
import { channelOf } from './channel.ts'
import { flexOf } from './configuration.ts'
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

/** Makes the task of an invite. It waits for a worker who is named as long as any other task (reference flex 27, U8). */
export function addInvite(
  state: State,
  channel: InteractionChannelRow,
  routing: RoutingParameter,
  invite: { readonly sid: string; readonly attributes: string; readonly auto_accept_identity?: string }
): { invite: InviteRow; task: TaskRow } {
  const { workspace_sid, workflow_sid, queue_sid, worker_sid, priority, timeout } = routing
  if (worker_sid && !queue_sid) refuse('invalid', 'Routing: queue_sid is required with worker_sid')
  const task = addTask(state, {
    workspace_sid,
    task_channel: taskChannel(state, channel, routing),
    attributes: invite.attributes,
    ...(workflow_sid && { workflow_sid }),
    ...(worker_sid && queue_sid && { routing_target: worker_sid, task_queue_sid: queue_sid, ignore_capacity: false }),
    ...(queue_sid && !worker_sid && { routing_target: queue_sid }),
    ...(priority !== undefined && { priority }),
    ...(timeout !== undefined && { timeout })
  })
  const row = state.insert(
    'invite',
    {
      interaction_sid: channel.interaction_sid,
      channel_sid: channel.sid,
      interaction_status: channel.interaction_status,
      task_sid: task.sid,
      ended_task: null,
      auto_accept_identity: invite.auto_accept_identity ?? null
    },
    invite.sid
  )
  return { invite: row, task }
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
