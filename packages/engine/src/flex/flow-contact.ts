import { setAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { moveConversation } from '../conversations/conversation.ts'
import { consequence } from '../conversations/origin.ts'
import type { ConversationRow, MessageRow, ParticipantRow } from '../conversations/rows.ts'
import { nameKey } from '../core/names.ts'
import type { EventRefs } from '../events.ts'
import type { TaskRow } from '../routing/rows.ts'
import { endChannel } from './channel.ts'
import { activeChannelOf, beginInteraction } from './interaction.ts'
import type { ChannelType, FlexFlowRow, InteractionChannelRow } from './rows.ts'
import { fieldsOf } from './task-attributes.ts'

/*
 * What a flow of integration `task` does with what customers write, and with what its task leaves behind (reference flex
 * 13). The two other integrations are webhooks of the conversation from its beginning.
 */

/** The flow by which a conversation came to be, as long as there is one. */
export function flowOfConversation(state: State, conversation: ConversationRow): FlexFlowRow | undefined {
  const chat = state.resident('flex_chat_channel', conversation.sid)
  if (chat) return state.tables.flex_flow.find(chat.flex_flow_sid)
  const { address_configuration_sid } = conversation
  return address_configuration_sid
    ? state.tables.flex_flow.firstBy('address_configuration_sid', address_configuration_sid)
    : undefined
}

/** A customer writes, and nobody is there or on the way: the flow asks for an agent. */
export function customerWrites(state: State, { conversation, message, extra }: EventRefs): void {
  const open = state.resident('conversation', conversation?.sid)
  if (!message || !open || open.state === 'closed') return
  const flow = flowOfConversation(state, open)
  if (!flow?.enabled || flow.integration_type !== 'task' || activeChannelOf(state, open.sid)) return
  if (isOfCustomer(state, open, message, extra?.source))
    beginContact(state, flow, open, { attributes: engagementOf(open) })
}

/** Of JSON text: a task has room for more than that, but not for any form. */
const maxEngagement = 2048

/** What a customer wrote in the form before a chat is its task's as well, for workflows to go by. */
function engagementOf({ attributes }: ConversationRow): string {
  const { pre_engagement_data, webchat } = fieldsOf(JSON.parse(attributes)) // attributes were checked when they were given
  const text = JSON.stringify({ pre_engagement_data, webchat })
  return text.length <= maxEngagement ? text : '{}'
}

/** By an address, or as the guest of a chat; what a carrier brought is a customer's, whoever it says that wrote it. */
export function isOfCustomer(state: State, { sid }: ConversationRow, message: MessageRow, source: unknown): boolean {
  if (typeof source === 'string' && source !== 'API' && source !== 'SDK') return true
  const author = state.resident('participant', message.participant_sid)
  return author?.conversation_sid === sid && (author.address !== null || isGuest(state, author))
}

function isGuest(state: State, { conversation_sid, identity, attributes }: ParticipantRow): boolean {
  const chat = state.resident('flex_chat_channel', conversation_sid)
  if (chat) return identity !== null && nameKey('', identity) === nameKey('', chat.identity)
  return fieldsOf(JSON.parse(attributes)).member_type === 'guest' // attributes were checked when they were given
}

interface Contact {
  /** JSON text of an object: what the task has besides. */
  readonly attributes?: string
  /** A task that is there already. */
  readonly task?: TaskRow
  readonly initiated_by?: 'customer' | 'api'
}

/**
 * Begins the flow's interaction in a conversation. Nobody is there who could be told that the flow's workflow is gone or
 * not Flex's: it is told as a warning, and nothing else happens.
 */
export function beginContact(
  state: State,
  flow: FlexFlowRow,
  conversation: ConversationRow,
  { attributes = '{}', task, initiated_by = 'customer' }: Contact
): TaskRow | undefined {
  const why = whyNot(state, flow)
  if (why !== undefined) {
    const message = `FlexFlow ${flow.sid} begins no interaction: ${why}`
    state.emit('ringdown.warning', { flex_flow: flow, conversation, extra: { warning: 'flex_flow', message } })
    return undefined
  }
  const { workspace_sid, workflow_sid, channel, timeout, priority } = flow.integration
  const named = setAt(withName(conversation, attributes), ['channelSid'], JSON.stringify(conversation.sid))
  const made = beginInteraction(
    state,
    {
      channel: {
        type: interactionTypes[flow.channel_type],
        initiated_by,
        properties: { media_channel_sid: conversation.sid }
      },
      routing: {
        properties: { workspace_sid, workflow_sid, task_channel_sid: channel, timeout, priority, attributes: named }
      }
    },
    { flex_flow_sid: flow.sid, ...(task && { task }) }
  )
  const chat = state.resident('flex_chat_channel', conversation.sid)
  if (chat && made.task) state.change('flex_chat_channel', chat.sid, { task_sid: made.task.sid })
  return made.task
}

/** What an interaction calls the channel of a flow. */
export const interactionTypes = {
  web: 'web',
  sms: 'sms',
  facebook: 'messenger',
  whatsapp: 'whatsapp',
  line: 'chat',
  custom: 'chat'
} as const satisfies Record<FlexFlowRow['channel_type'], ChannelType>

/** What the flow named may have gone since. */
function whyNot(state: State, { integration }: FlexFlowRow): string | undefined {
  const { workspace_sid, workflow_sid, channel } = integration
  const own = state.tables.flex_configuration.find(state.account_sid)?.taskrouter_workspace_sid ?? workspace_sid
  if (own !== workspace_sid || !state.tables.workspace.find(String(workspace_sid)))
    return `Workspace ${workspace_sid} is not that of Flex`
  if (state.tables.workflow.find(String(workflow_sid))?.workspace_sid !== workspace_sid)
    return `Workflow ${workflow_sid} does not exist`
  const task_channel =
    state.tables.task_channel.find(String(channel)) ??
    state.tables.task_channel.firstBy('name', nameKey(String(workspace_sid), String(channel)))
  if (task_channel?.workspace_sid !== workspace_sid) return `TaskChannel ${channel} does not exist`
  const most = state.settings.limits.tasks
  return state.tables.task.count('workspace_sid', String(workspace_sid)) < most ? undefined : `there are ${most} tasks`
}

/** A name that does not fit into a task's attributes is cut: nobody could be told that it is too long. */
const maxName = 128

function withName({ attributes: text }: ConversationRow, attributes: string): string {
  const { from } = fieldsOf(JSON.parse(text)) // attributes were checked when they were given
  const { customerName } = fieldsOf(JSON.parse(attributes)) // as these
  if (typeof from !== 'string' || from.length <= maxName || typeof customerName === 'string') return attributes
  return setAt(attributes, ['customerName'], JSON.stringify(from.slice(0, maxName)))
}

/** The flow that began a channel, as long as there is one. */
function flowOfChannel(state: State, channel: InteractionChannelRow): FlexFlowRow | undefined {
  return state.tables.flex_flow.find(channel.flex_flow_sid)
}

/**
 * A task was canceled or deleted, and not by Flex: where the flow wants it so, what it leaves behind is cleared away
 * (reference flex 13). Otherwise the channel stays as it is, as everywhere.
 */
export function clearAway(state: State, task: TaskRow): void {
  const invite = state.tables.invite.firstBy('task_sid', task.sid)
  const channel = state.resident('interaction_channel', invite?.channel_sid)
  if (!channel?.media_channel_sid || !flowOfChannel(state, channel)?.janitor_enabled) return
  // A channel that had an agent is closed by now, and a conversation that outlives it is left to its next one.
  const isLast = channel.status === 'closed' && !activeChannelOf(state, channel.media_channel_sid)
  if (channel.status !== 'active' && !isLast) return
  for (const { task_sid } of state.tables.invite.by('channel_sid', channel.sid)) {
    const other = state.resident('task', task_sid)
    if (other && other.assignment_status !== 'canceled' && other.assignment_status !== 'completed') return
  }
  endContact(state, channel.media_channel_sid)
}

/** Ends what a flow began: the conversation says so for whoever looks at it later, and its channel closes with it. */
export function endContact(state: State, conversation_sid: string | null): void {
  const conversation = state.resident('conversation', conversation_sid)
  if (!conversation || conversation.state === 'closed') return
  const attributes = setAt(conversation.attributes, ['status'], '"INACTIVE"')
  state.change('conversation', conversation.sid, { attributes })
  const channel = activeChannelOf(state, conversation.sid)
  if (channel) endChannel(state, channel.sid, 'closed', 'wrapping')
  else moveConversation(state, conversation.sid, 'closed', { reason: 'API', origin: consequence })
}
