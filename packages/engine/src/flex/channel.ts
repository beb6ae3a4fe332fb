import type { State } from '../center.ts'
import { moveConversation } from '../conversations/conversation.ts'
import { consequence } from '../conversations/origin.ts'
import { spelled } from '../core/enumeration.ts'
import { worded } from '../core/json.ts'
import { refuse } from '../core/refusals.ts'
import { cancel, complete, wrapUp } from '../routing/end-task.ts'
import { canTake, taskLifeCycle, taskRequests } from '../routing/life-cycle.ts'
import { isTerminal } from '../routing/rows.ts'
import { isHeldInTransfer } from '../routing/task-holders.ts'
import { emitChannel } from './events.ts'
import { channelOf, conversationOfChannel } from './lookup.ts'
import { dropMember } from './member.ts'
import { objectOf } from './parameters.ts'
import { type InteractionChannelRow, isUsable } from './rows.ts'

export interface UpdateInteractionChannel {
  readonly interaction_sid: string
  readonly sid: string
  readonly status: string
  readonly routing?: unknown
}

/** Ends a channel for good, or parks it without tasks (reference flex 5.1). */
export function updateInteractionChannel(
  state: State,
  params: UpdateInteractionChannel
): { interaction_channel: InteractionChannelRow } {
  const channel = channelOf(state, params.interaction_sid, params.sid)
  const routing = routingStatus(params.routing)
  if (params.status === 'closed') {
    if (!isUsable(channel)) return { interaction_channel: channel }
    return {
      interaction_channel: endChannel(state, channel.sid, 'closed', routing === 'closed' ? 'completed' : 'wrapping')
    }
  }
  if (params.status !== 'inactive')
    refuse('invalid', `Status cannot be set to '${params.status}': only closed and inactive can`)
  if (routing !== 'closed') refuse('invalid', 'Routing with status closed is required to set a channel inactive')
  if (!isUsable(channel)) refuse('interaction.closed', `Channel ${channel.sid} is ${channel.status}`)
  if (channel.status === 'inactive') return { interaction_channel: channel }
  return { interaction_channel: endChannel(state, channel.sid, 'inactive', 'completed') }
}

/** `wrapup` and `wrapping` say what is done without a word as well. */
function routingStatus(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const { status } = objectOf(value, 'Routing', 'invalid')
  if (status === undefined) return undefined
  return (
    spelled(['closed', 'wrapup', 'wrapping'], status) ??
    refuse('invalid', `Routing: status '${worded(status)}' is not closed`)
  )
}

/**
 * Ends a channel: agents leave, their tasks are wrapped up or completed, tasks that nobody has are canceled, and with
 * `closed` the conversation ends; with `left` it goes on without the channel. What follows from that in routing finds nobody here any more, so it ends nothing twice.
 */
export function endChannel(
  state: State,
  sid: string,
  to: 'closed' | 'inactive' | 'left',
  tasks: 'wrapping' | 'completed'
): InteractionChannelRow {
  const channel = state.change('interaction_channel', sid, { status: to === 'inactive' ? 'inactive' : 'closed' })
  const conversation = conversationOfChannel(state, channel)
  // The roster of a closed conversation stays as it was, so it is closed before they leave.
  if (to === 'closed' && conversation)
    moveConversation(state, conversation.sid, 'closed', { reason: 'API', origin: consequence })
  for (const member of [...state.tables.interaction_participant.by('channel_sid', sid)]) {
    if (member.type === 'agent' || member.type === 'supervisor') dropMember(state, member)
  }
  for (const invite of [...state.tables.invite.by('channel_sid', sid)]) endTask(state, invite.task_sid, tasks)
  emitChannel(state, 'interaction.channel.status.updated', channel)
  settle(state, channel.interaction_sid)
  return state.tables.interaction_channel.need(sid)
}

function endTask(state: State, task_sid: string, to: 'wrapping' | 'completed'): void {
  // While a task is handed on, whoever has it still has it.
  const status = isHeldInTransfer(state, task_sid) ? 'assigned' : state.resident('task', task_sid)?.assignment_status
  if (status === undefined) return
  const { step } = taskRequests[to]
  if (canTake(taskLifeCycle, status, 'cancel')) cancel(state, task_sid, 'Interaction channel ended')
  else if (canTake(taskLifeCycle, status, step)) (to === 'wrapping' ? wrapUp : complete)(state, task_sid, null)
}

/** The interaction is over when its channel has ended and none of its tasks lives. */
export function settle(state: State, interaction_sid: string): void {
  const interaction = state.resident('interaction', interaction_sid)
  if (!interaction || interaction.status === 'closed') return
  const channel = state.tables.interaction_channel.need(interaction.channel_sid)
  if (channel.status !== 'closed' && channel.status !== 'failed') return
  const invites = [...state.tables.invite.by('channel_sid', channel.sid)]
  for (const { task_sid } of invites) {
    const task = state.resident('task', task_sid)
    if (task && !isTerminal(task)) return
  }
  state.change('interaction', interaction_sid, { status: 'closed' })
  state.change('interaction_channel', channel.sid, { interaction_status: 'closed' })
  for (const invite of invites) state.change('invite', invite.sid, { interaction_status: 'closed' })
  for (const member of [...state.tables.interaction_participant.by('channel_sid', channel.sid)]) {
    state.change('interaction_participant', member.sid, { interaction_status: 'closed' })
  }
  for (const transfer of [...state.tables.interaction_transfer.by('channel_sid', channel.sid)]) {
    state.change('interaction_transfer', transfer.sid, { interaction_status: 'closed' })
  }
}

/**
 * The last agent wraps up or completes through TaskRouter: nobody is there for the customer, nobody is on the way, so the
 * channel closes (reference flex 10, U4).
 */
export function closeIfDeserted(state: State, sid: string): void {
  const channel = state.resident('interaction_channel', sid)
  if (channel?.status !== 'active') return
  // A flow says itself what becomes of its contacts (reference flex 13).
  const flow = state.tables.flex_flow.find(channel.flex_flow_sid)
  if (!flow && !state.settings.close_on_last_wrapup) return
  for (const member of state.tables.interaction_participant.by('channel_sid', sid)) {
    if (member.type === 'agent' && member.status === 'active') return
  }
  for (const { task_sid } of state.tables.invite.by('channel_sid', sid)) {
    const status = state.resident('task', task_sid)?.assignment_status
    if (status === 'pending' || status === 'reserved') return
    if (state.tables.transfer.count('open_by_task', task_sid) > 0) return // somebody else is about to come
  }
  endChannel(state, sid, flow?.long_lived ? 'left' : 'closed', 'wrapping')
}
