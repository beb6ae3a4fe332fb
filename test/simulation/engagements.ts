import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * What becomes of contacts: flows take them up, agents hand them on, park and resume them, and chats come and go. Numbers
 * and customers are few, so that they meet.
 */

const ours = '+3726000'
const address = (n: number) => `+3725550000${n}`
const guests = ['ann', 'bob', 'cid'] as const

export const engagementActs = {
  addFlow: (w, s) => {
    const { dice } = w
    return command(
      {
        type: 'flex_flow.create',
        friendly_name: 'Flow',
        chat_service_sid: w.any('chat_service'),
        channel_type: dice.of(['sms', 'sms', 'web', 'whatsapp']),
        contact_identity: dice.of(['', ours, ours]),
        ...settings(w, s)
      },
      w.fresh('F')
    )
  },
  updateFlow: (w, s) => {
    const enabled = w.dice.chance(70)
    return command({ type: 'flex_flow.update', sid: w.any('flex_flow'), ...settings(w, s), enabled })
  },
  deleteFlow: (w) => command({ type: 'flex_flow.delete', sid: w.any('flex_flow') }),
  addChat: (w) => {
    const { dice } = w
    return command(
      {
        type: 'flex_chat_channel.create',
        flex_flow_sid: w.any('flex_flow'),
        identity: dice.of(guests),
        chat_user_friendly_name: 'Ann',
        chat_friendly_name: 'Shop',
        ...(dice.chance(40) && { target: address(dice.roll(4)) }),
        ...(dice.chance(15) && { task_sid: w.any('task') }),
        ...(dice.chance(30) && { long_lived: dice.chance(60) })
      },
      w.fresh('J')
    )
  },
  addWebChat: (w) =>
    command(
      {
        type: 'web_channel.create',
        flex_flow_sid: w.any('flex_flow'),
        identity: w.dice.of(guests),
        customer_friendly_name: 'Ann',
        chat_friendly_name: 'Shop'
      },
      w.fresh('J')
    ),
  sayInChat: (w) =>
    command(
      {
        type: 'message.create',
        conversation_sid: w.any('flex_chat_channel'),
        author: w.dice.of(guests),
        body: 'Hello?'
      },
      w.fresh('M')
    ),
  endWebChat: (w) =>
    command({
      type: 'web_channel.update',
      sid: w.any('flex_chat_channel'),
      post_engagement_data: '{"stars":5}',
      ...(w.dice.chance(70) && { chat_status: 'inactive' })
    }),
  deleteChat: (w) =>
    command({
      type: w.dice.of(['web_channel.delete', 'flex_chat_channel.delete']),
      sid: w.any('flex_chat_channel')
    }),
  /** To everybody and nobody: who transfers, and what is sent, may be there no more. */
  handOn: (w, s) => {
    const { dice } = w
    const interaction_sid = w.engaged()
    if (interaction_sid === undefined) return outbound(w, s)
    const channel_sid = `${interaction_sid}.channel`
    return command(
      {
        type: 'interaction_transfer.create',
        interaction_sid,
        channel_sid,
        transfer_type: dice.of(['cold', 'cold', 'warm', 'external']),
        ...(dice.chance(40) && { from: `@x/${interaction_sid.slice(1)}/${dice.roll(3)}` }),
        to: dice.of([w.any('worker', s), w.any('worker', s), w.any('task_queue', s), w.any('workflow', s), address(5)]),
        ...(dice.chance(40) && { attributes: { topic: 'refund' } }),
        ...(dice.chance(40) && { note: 'Wants a refund' })
      },
      w.fresh('Z')
    )
  },
  endTransfer: (w, s) => {
    const interaction_sid = w.engaged()
    if (interaction_sid === undefined) return outbound(w, s)
    return command({
      type: 'interaction_transfer.update',
      interaction_sid,
      channel_sid: `${interaction_sid}.channel`,
      sid: `@Z/${interaction_sid.slice(1)}/${w.dice.roll(2)}`,
      status: w.dice.of(['completed', 'failed', 'failed'])
    })
  }
} as const satisfies Record<string, Act>

/** Nobody has anything to hand on: an agent begins something. */
function outbound(w: Workload, s: string) {
  return command(
    {
      type: 'interaction.create',
      channel: { type: 'chat', initiated_by: 'agent', participants: [{ identity: w.dice.of(guests) }] },
      routing: {
        properties: { workspace_sid: `@${s}`, queue_sid: w.any('task_queue', s), worker_sid: w.any('worker', s) }
      }
    },
    w.fresh('i')
  )
}

function settings(w: Workload, s: string) {
  const { dice } = w
  return {
    integration_type: dice.of(['task', 'task', 'task', 'external', 'studio']),
    integration_workspace_sid: `@${s}`,
    integration_workflow_sid: w.any('workflow', s),
    integration_url: 'https://acme.example/in',
    integration_flow_sid: `FW${'0'.repeat(32)}`,
    integration_creation_on_message: dice.chance(50),
    long_lived: dice.chance(50),
    janitor_enabled: dice.chance(50)
  }
}
