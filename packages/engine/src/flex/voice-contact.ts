import { isJsonObject, withDefaults } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { isTerminal, type ReservationRow } from '../routing/rows.ts'
import { problemOf } from '../routing/voice-instruction.ts'
import { endChannel } from './channel.ts'
import type { ChannelParameter, RoutingParameter } from './parameters.ts'
import type { FlexConfigurationRow } from './rows.ts'

/*
 * Interactions that are calls: they have no conversation, and what stands for the contact is the call of their task
 * (reference flex 4.3).
 */

/**
 * The routing of a call that is to go out, with what the configuration's default outbound call flow has where nothing is
 * said: workflow, queue and the number that is shown. The task's `outbound_to` is the customer who was named.
 */
export function outboundRouting(
  { outbound_call_flows }: FlexConfigurationRow,
  { type, initiated_by, participants: [customer] }: ChannelParameter,
  routing: RoutingParameter
): RoutingParameter {
  if (type !== 'voice' || initiated_by === 'customer' || 'call_sid' in routing.attributes) return routing
  const flow = flowIn(outbound_call_flows)
  const caller = customer?.proxy_address ?? flow('caller_id')
  const named = {
    outbound_to: customer?.address && JSON.stringify(customer.address),
    from: caller && JSON.stringify(caller)
  }
  const attributes_text = withDefaults(routing.attributes_text, named)
  // A queue alone is a task without a workflow, which only an agent's contact is.
  const isAgents = initiated_by === 'agent'
  return {
    ...routing,
    workflow_sid: routing.workflow_sid ?? flow('workflow_sid'),
    queue_sid: routing.queue_sid ?? (isAgents ? flow('queue_sid') : undefined),
    attributes: JSON.parse(attributes_text), // it was an object
    attributes_text
  }
}

function flowIn(flows: unknown): (name: string) => string | undefined {
  const usual = isJsonObject(flows) ? flows.default : undefined
  if (!isJsonObject(usual) || usual.enabled === false) return () => undefined
  return (name) => {
    const value = usual[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
}

/** The agent who has begun a call is called first. Who cannot be called keeps the offer, and says where. */
export function ringAgent(state: State, reservation: ReservationRow): void {
  if (problemOf(state, reservation, 'conference', {})) return
  const task = state.tables.task.need(reservation.task_sid)
  state.emit('ringdown.reservation.instructed', {
    ...{ reservation, task },
    extra: { instruction: 'conference', fields: '{}', is_tried: true }
  })
}

/** A call's task is over without a call that was taken: nobody is there any more, and the channel closes. */
export function closeWithoutCall(state: State, task_sid: string): void {
  const invite = state.tables.invite.firstBy('task_sid', task_sid)
  const channel = state.resident('interaction_channel', invite?.channel_sid)
  if (channel?.type !== 'voice' || channel.status !== 'active') return
  for (const other of state.tables.invite.by('channel_sid', channel.sid)) {
    const task = state.resident('task', other.task_sid)
    if (task && !isTerminal(task)) return
  }
  endChannel(state, channel.sid, 'closed', 'wrapping')
}
