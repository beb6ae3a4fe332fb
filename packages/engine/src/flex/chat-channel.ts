import { objectText, setAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { addConversation, type CreateConversation, dropConversation } from '../conversations/conversation.ts'
import { ensureUser } from '../conversations/identity.ts'
import { consequence } from '../conversations/origin.ts'
import { addParticipant } from '../conversations/participant.ts'
import { createConversationReads, deleteConversationReads, userReads } from '../conversations/reads.ts'
import type { ConversationRow, UserRow } from '../conversations/rows.ts'
import { createScopedWebhook } from '../conversations/webhook.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { isTerminal, type TaskRow } from '../routing/rows.ts'
import { beginContact, endContact, interactionTypes } from './flow-contact.ts'
import { paramsOfMedia, workerIdentity } from './member.ts'
import { mediaOf } from './parameters.ts'
import { chatKey, type FlexChatChannelRow, type FlexFlowRow } from './rows.ts'
import { withGiven } from './task-attributes.ts'

/** Begins a chat by a flow (reference flex 14). */
export interface CreateChatChannel {
  readonly flex_flow_sid: string
  /** Of the customer. */
  readonly identity: string
  readonly chat_user_friendly_name: string
  readonly chat_friendly_name: string
  readonly chat_unique_name?: string
  /** JSON text. */
  readonly pre_engagement_data?: string
  /** The customer's address, where the chat goes out to it. */
  readonly target?: string
  /** A task that is there already. */
  readonly task_sid?: string
  /** JSON text of an object. */
  readonly task_attributes?: string
  /** The flow's by default. */
  readonly long_lived?: boolean
}

export type CreateWebChannel = Pick<
  CreateChatChannel,
  'flex_flow_sid' | 'identity' | 'chat_friendly_name' | 'chat_unique_name' | 'pre_engagement_data'
> & { readonly customer_friendly_name: string }

type Made = { flex_chat_channel: FlexChatChannelRow }

export function createChatChannel(state: State, params: CreateChatChannel): Made {
  return begin(state, 'chat', params)
}

export function createWebChannel(state: State, { customer_friendly_name, ...params }: CreateWebChannel): Made {
  return begin(state, 'web', { ...params, chat_user_friendly_name: customer_friendly_name })
}

/** A customer of a flow whose chats live long comes back to the one that is open. */
function begin(state: State, type: 'chat' | 'web', params: CreateChatChannel): Made {
  const flow = state.tables.flex_flow.find(params.flex_flow_sid)
  if (!flow) return refuse('invalid', `Value '${params.flex_flow_sid}' provided for FlexFlowSid does not exist`)
  if (!flow.enabled) refuse('invalid', `FlexFlow ${flow.sid} is not enabled`)
  const { identity } = params
  if (identity.trim() === '') refuse('invalid', 'Identity must not be empty')
  checkLength(identity, 'Identity', 256)
  const task = taskOf(state, flow, params.task_sid)
  const long_lived = params.long_lived ?? flow.long_lived
  const open = long_lived && state.tables.flex_chat_channel.firstBy('contact', chatKey(type, flow.sid, identity))
  if (open) return { flex_chat_channel: open }
  const user = userOfChat(state, flow, params)
  const conversation = conversationOfChat(state, flow, params, long_lived)
  const flex_chat_channel = state.insert(
    'flex_chat_channel',
    {
      account_sid: state.account_sid,
      type,
      flex_flow_sid: flow.sid,
      conversation_sid: conversation.sid,
      status: 'active',
      identity,
      user_sid: user.sid,
      task_sid: null,
      long_lived
    },
    conversation.sid
  )
  hear(state, flow, conversation)
  addCustomer(state, flow, conversation, params)
  if (flow.integration_type === 'task') ask(state, flow, conversation, { ...params, task })
  return { flex_chat_channel }
}

/** A task that is open and in no interaction yet; only a flow that makes tasks can take one. */
function taskOf(state: State, flow: FlexFlowRow, task_sid: string | undefined): TaskRow | undefined {
  if (!task_sid) return undefined
  if (flow.integration_type !== 'task')
    refuse('invalid', 'TaskSid is valid only with a FlexFlow of integration type task')
  const task = state.resident('task', task_sid)
  if (!task || task.workspace_sid !== flow.integration.workspace_sid || isTerminal(task))
    return refuse('invalid', `Value '${task_sid}' provided for TaskSid is no open Task of the FlexFlow's Workspace`)
  const invite = state.tables.invite.firstBy('task_sid', task_sid)
  if (invite) refuse('conflict', `Task ${task_sid} is in Interaction ${invite.interaction_sid} already`)
  return task
}

function userOfChat(state: State, flow: FlexFlowRow, params: CreateChatChannel): UserRow {
  const { identity, chat_user_friendly_name } = params
  checkLength(chat_user_friendly_name, 'ChatUserFriendlyName', 256)
  const user = ensureUser(state, flow.chat_service_sid, identity, consequence)
  if (!chat_user_friendly_name || user.friendly_name === chat_user_friendly_name) return user
  return state.change('user', user.sid, { friendly_name: chat_user_friendly_name })
}

function conversationOfChat(
  state: State,
  flow: FlexFlowRow,
  params: CreateChatChannel,
  long_lived: boolean
): ConversationRow {
  const { chat_user_friendly_name, chat_friendly_name, chat_unique_name, pre_engagement_data } = params
  const attributes = objectText({
    channel_type: JSON.stringify(flow.channel_type),
    status: '"ACTIVE"',
    long_lived: JSON.stringify(long_lived),
    from: chat_user_friendly_name ? JSON.stringify(chat_user_friendly_name) : undefined,
    pre_engagement_data: writtenJson(pre_engagement_data, 'PreEngagementData')
  })
  return addConversation(
    state,
    state.tables.chat_service.need(flow.chat_service_sid),
    { friendly_name: chat_friendly_name, ...(chat_unique_name && { unique_name: chat_unique_name }), attributes },
    consequence
  )
}

/** JSON text as it was written; undefined for none. */
export function writtenJson(text: string | undefined, parameter: string): string | undefined {
  if (!text?.trim()) return undefined
  return valueIn(text) === undefined ? refuse('invalid', `${parameter} is not valid JSON`) : text
}

/** Who is told of the chat from its beginning, where that is not Flex. */
function hear(state: State, { integration_type, integration }: FlexFlowRow, { sid }: ConversationRow): void {
  if (integration_type === 'external') {
    createScopedWebhook(state, {
      conversation_sid: sid,
      target: 'webhook',
      configuration_url: String(integration.url),
      configuration_method: 'POST',
      configuration_filters: ['onMessageAdded']
    })
  } else if (integration_type === 'studio') {
    createScopedWebhook(state, {
      conversation_sid: sid,
      target: 'studio',
      configuration_flow_sid: String(integration.flow_sid)
    })
  }
}

function addCustomer(
  state: State,
  flow: FlexFlowRow,
  conversation: ConversationRow,
  { identity, target }: CreateChatChannel
): void {
  if (!target) {
    addParticipant(state, conversation, { identity, attributes: '{"member_type":"guest"}' }, consequence)
    return
  }
  const proxy_address = flow.contact_identity ?? undefined
  if (proxy_address === undefined)
    refuse('invalid', `Target: FlexFlow ${flow.sid} has no ContactIdentity to write to it from`)
  const media = mediaOf({ address: target, proxy_address }, 'Target', interactionTypes[flow.channel_type])
  addParticipant(state, conversation, paramsOfMedia(media), consequence)
}

/** The task: now, or once the customer answers what went out. */
function ask(
  state: State,
  flow: FlexFlowRow,
  conversation: ConversationRow,
  {
    target,
    task_attributes = '{}',
    task
  }: Pick<CreateChatChannel, 'target' | 'task_attributes'> & { readonly task: TaskRow | undefined }
): void {
  if (target && !task && flow.integration.creation_on_message === true) return
  const attributes = withGiven(task?.attributes ?? '{}', task_attributes || '{}')
  beginContact(state, flow, conversation, {
    attributes,
    initiated_by: target ? 'api' : 'customer',
    ...(task && { task })
  })
}

export interface UpdateWebChannel {
  readonly sid: string
  readonly chat_status?: string
  /** JSON text. */
  readonly post_engagement_data?: string
}

/** `inactive` ends the chat, and whatever agents have of it goes into wrap-up. */
export function updateWebChannel(state: State, params: UpdateWebChannel): Made {
  const { sid, conversation_sid, status } = chatChannelOf(state, 'web', params.sid)
  const after = writtenJson(params.post_engagement_data, 'PostEngagementData')
  if (status === 'active' && after !== undefined) {
    const conversation = state.tables.conversation.need(conversation_sid)
    const attributes = setAt(conversation.attributes, ['post_engagement_data'], after)
    state.change('conversation', conversation_sid, { attributes })
  }
  if (params.chat_status === 'inactive') endContact(state, conversation_sid)
  return { flex_chat_channel: state.tables.flex_chat_channel.need(sid) }
}

/** The conversation goes with it, open or not; the engagement ends. */
export function deleteChatChannel(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  return remove(state, 'chat', sid)
}

export function deleteWebChannel(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  return remove(state, 'web', sid)
}

function remove(state: State, type: 'chat' | 'web', name: string): Record<string, never> {
  const { sid, conversation_sid } = chatChannelOf(state, type, name)
  dropConversation(state, state.tables.conversation.need(conversation_sid), consequence)
  state.remove('flex_chat_channel', sid)
  return {}
}

function chatChannelOf(state: State, type: 'chat' | 'web', sid: string): FlexChatChannelRow {
  const row = state.tables.flex_chat_channel.find(sid)
  return row?.type === type ? row : notFound(`/${type === 'web' ? 'WebChannels' : 'Channels'}/${sid}`)
}

// What must have been read

export function createChatChannelReads(params: CreateChatChannel, state: State): readonly Read[] {
  const chat_service_sid = state.tables.flex_flow.find(params.flex_flow_sid)?.chat_service_sid
  if (chat_service_sid === undefined) return []
  const { chat_unique_name: unique_name } = params
  const named: CreateConversation = { chat_service_sid, ...(unique_name && { unique_name }) }
  return [
    ...userReads(state, params.identity, chat_service_sid),
    ...createConversationReads(named, state),
    ...holderReads(state, params.task_sid, chat_service_sid)
  ]
}

export function createWebChannelReads(params: CreateWebChannel, state: State): readonly Read[] {
  return createChatChannelReads({ ...params, chat_user_friendly_name: params.customer_friendly_name }, state)
}

/** Whoever has a task joins the chat with it. */
function holderReads(state: State, task_sid: string | undefined, service: string): readonly Read[] {
  return state.tables.reservation.list('task_sid', task_sid ?? '').flatMap(({ worker_sid }) => {
    const worker = state.tables.worker.find(worker_sid)
    return worker ? userReads(state, workerIdentity(worker), service) : []
  })
}

export function chatChannelReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  const own: Read[] = state.tables.flex_chat_channel.find(sid) ? [] : [{ kind: 'flex_chat_channel', where: { sid } }]
  return [...own, ...deleteConversationReads({ sid, ...consequence }, state)]
}
