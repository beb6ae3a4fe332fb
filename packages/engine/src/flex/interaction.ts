import type { State } from '../center.ts'
import { addConversation } from '../conversations/conversation.ts'
import { groupMembers, projectedAddresses } from '../conversations/group.ts'
import { ensureUser } from '../conversations/identity.ts'
import { consequence } from '../conversations/origin.ts'
import { addParticipant, bindingOf, pairHolder } from '../conversations/participant.ts'
import type { ConversationRow, ParticipantRow } from '../conversations/rows.ts'
import { Refusal, refuse } from '../core/refusals.ts'
import { named } from '../routing/lookup.ts'
import type { TaskRow } from '../routing/rows.ts'
import { settle } from './channel.ts'
import { flexOf } from './configuration.ts'
import { emitChannel, emitMember } from './events.ts'
import { namedWebhook } from './interaction-webhook.ts'
import { addInvite, adoptTask, createInvite } from './invite.ts'
import { interactionOf } from './lookup.ts'
import { addMember, isLetter, paramsOfMedia, workerIdentity } from './member.ts'
import {
  type ChannelParameter,
  channelParameter,
  type Media,
  type RoutingParameter,
  routingParameter
} from './parameters.ts'
import type { FlexConfigurationRow, InteractionChannelRow, InteractionRow } from './rows.ts'
import { fieldsOf, firstTaskAttributes } from './task-attributes.ts'
import { outboundRouting } from './voice-contact.ts'

export interface CreateInteraction {
  /** Objects, or the JSON text of them (reference flex 4.1 and 4.2). */
  readonly channel: unknown
  readonly routing?: unknown
  readonly interaction_context_sid?: string
  readonly webhook_ttid?: string
}

export interface MadeInteraction {
  readonly interaction: InteractionRow
  readonly interaction_channel: InteractionChannelRow
  /** The first task; absent where the channel failed. */
  readonly task?: TaskRow
}

/**
 * Makes an interaction with its channel, its first task and, where there is none yet, its conversation. What is wrong
 * with the parameters is refused; what goes wrong with the conversation is told by the channel, which has failed then
 * (reference flex 4.4).
 */
export function createInteraction(state: State, params: CreateInteraction): MadeInteraction {
  return beginInteraction(state, params, {})
}

/** What an interaction has that no caller says. */
export interface Beginning {
  /** The flow that begins it. A first task that no filter of its workflow takes is canceled then. */
  readonly flex_flow_sid?: string
  /** A task that is there already and becomes the first one. */
  readonly task?: TaskRow
}

/** The interaction of `createInteraction`, for whoever begins one on the way to something else. */
export function beginInteraction(state: State, params: CreateInteraction, beginning: Beginning): MadeInteraction {
  const wanted = channelParameter(params.channel)
  if (wanted.sid) return reuseChannel(state, wanted.sid, params)
  const given = routingParameter(params.routing)
  const flex = flexOf(state, given.workspace_sid)
  const routing = outboundRouting(flex, wanted, given)
  const agent_identity = wanted.initiated_by === 'agent' ? agentIdentity(state, routing) : undefined
  const channel = addChannel(state, wanted, params)
  const media = wanted.type === 'voice' ? { participants: [] } : mediaFor(state, flex, wanted)
  if ('failure' in media) return fail(state, channel, media.failure, media.conversation)
  const { conversation } = media
  const customer = customerOf(wanted, routing, media.participants, conversation)
  if (agent_identity && conversation) ensureUser(state, conversation.chat_service_sid, agent_identity, consequence)
  const ready = state.change('interaction_channel', channel.sid, {
    status: 'active',
    flex_flow_sid: beginning.flex_flow_sid ?? null,
    media_channel_sid: conversation?.sid ?? null,
    customer_address: customer.address,
    customer_name: customer.name
  })
  const members = media.participants.map((participant, place) =>
    addMember(state, ready, { type: place === 0 ? 'customer' : 'external', participant_sid: participant.sid })
  )
  if (wanted.type === 'voice') members.push(addMember(state, ready, { type: 'customer', participant_sid: null }))
  const sid = state.sid('KG')
  const first = {
    sid,
    attributes: firstTaskAttributes(routing.attributes_text, ready, sid),
    ...(agent_identity !== undefined && { auto_accept_identity: agent_identity }),
    ...(beginning.flex_flow_sid !== undefined && { unmatched: 'canceled' as const })
  }
  const { task } = beginning.task
    ? adoptTask(state, ready, beginning.task, first)
    : addInvite(state, ready, routing, first)
  const interaction = state.change('interaction', channel.interaction_sid, { task_sid: task.sid })
  emitChannel(state, 'interaction.created', ready)
  emitChannel(state, 'interaction.channel.created', ready)
  for (const member of members) emitMember(state, 'interaction.participant.joined', member)
  return { interaction, interaction_channel: ready, task }
}

/** For a channel that exists the answer is its interaction; with routing, one more agent is asked (reference flex 4.1). */
function reuseChannel(state: State, sid: string, { routing, webhook_ttid }: CreateInteraction): MadeInteraction {
  const channel = state.tables.interaction_channel.find(sid)
  if (!channel) return refuse('interaction.bad_channel', `Channel: sid '${sid}' does not exist`)
  const { interaction_sid } = channel
  if (channel.status === 'closed' || channel.status === 'failed') {
    refuse('interaction.closed', `Channel ${sid} is ${channel.status}`)
  }
  if (webhook_ttid) state.change('interaction', interaction_sid, { webhook_ttid: namedWebhook(state, webhook_ttid) })
  if (routing !== undefined) createInvite(state, { interaction_sid, channel_sid: sid, routing })
  const interaction = state.tables.interaction.need(interaction_sid)
  const task = state.resident('task', interaction.task_sid)
  return { interaction, interaction_channel: channel, ...(task && { task }) }
}

/** An agent who starts a contact is named, with the queue that it counts for. */
function agentIdentity(state: State, { workspace_sid, worker_sid, queue_sid }: RoutingParameter): string {
  if (!worker_sid || !queue_sid) {
    return refuse(
      'invalid',
      'Routing: queue_sid and worker_sid are required for an interaction that an agent initiates'
    )
  }
  return workerIdentity(named(state, 'worker', workspace_sid, worker_sid, 'worker_sid'))
}

function addChannel(state: State, wanted: ChannelParameter, params: CreateInteraction): InteractionChannelRow {
  const sid = state.sid('KD')
  const channel_sid = state.sid('UO')
  state.insert(
    'interaction',
    {
      status: 'open',
      type: wanted.type,
      channel_sid,
      task_sid: null,
      ended_task: null,
      interaction_context_sid: params.interaction_context_sid || null,
      webhook_ttid: namedWebhook(state, params.webhook_ttid)
    },
    sid
  )
  return state.insert(
    'interaction_channel',
    {
      interaction_sid: sid,
      interaction_status: 'open',
      type: wanted.type,
      status: 'setup',
      error_code: null,
      error_message: null,
      initiated_by: wanted.initiated_by,
      media_channel_sid: null,
      customer_address: null,
      customer_name: null,
      flex_flow_sid: null
    },
    channel_sid
  )
}

interface Failure {
  /** Twilio's error number. */
  readonly code: number
  readonly message: string
}

type Channels = {
  readonly conversation?: ConversationRow
  /** From outside, the customer first. */
  readonly participants: readonly ParticipantRow[]
}

/** The conversation of the channel, or why there can be none. */
function mediaFor(
  state: State,
  flex: FlexConfigurationRow,
  wanted: ChannelParameter
): Channels | { readonly failure: Failure; readonly conversation?: ConversationRow } {
  if (wanted.media_channel_sid && wanted.initiated_by !== 'agent') return existing(state, wanted.media_channel_sid)
  const roster = wanted.participants.map((one) => paramsOfMedia(one))
  for (const params of roster) {
    const binding = bindingOf(params)
    const holder = binding && pairHolder(state, binding.address, binding.proxy_address)
    if (holder) {
      const message = `Participant ${binding.address} could not be added: its pair already exists in Conversation ${holder.conversation_sid}`
      return { failure: { code: 45361, message } }
    }
  }
  const service = state.tables.chat_service.need(flex.chat_service_instance_sid)
  const mailbox = wanted.participants.find((one) => isLetter(one) && one.proxy_address)?.proxy_address
  const named = mailbox ? { bindings_email_address: mailbox } : {}
  const conversation = addConversation(state, service, named, consequence)
  if (roster.length === 0) {
    return { failure: { code: 45355, message: `Conversation ${conversation.sid} has no participants` }, conversation }
  }
  const participants = roster.map((params) => {
    try {
      return addParticipant(state, conversation, params, consequence)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return refuse('interaction.bad_participant', error.message)
    }
  })
  return { conversation, participants }
}

function existing(
  state: State,
  sid: string
): Channels | { readonly failure: Failure; readonly conversation?: ConversationRow } {
  const conversation = state.tables.conversation.find(sid)
  if (!conversation) return { failure: { code: 45376, message: `Conversation ${sid} is closed or does not exist` } }
  if (conversation.state === 'closed') {
    return { failure: { code: 45354, message: `Conversation ${sid} is closed` }, conversation }
  }
  const active = activeChannelOf(state, sid)
  if (active) {
    const message = `Conversation ${sid} is in Interaction ${active.interaction_sid} already: invite to its Channel ${active.sid}, which is active, or close that first`
    return { failure: { code: 45361, message }, conversation }
  }
  if (groupMembers(state, sid).length > 0 && projectedAddresses(state, sid).length === 0) {
    const message = `Conversation ${sid} is a group without a MessagingBinding.ProjectedAddress: no agent can join it`
    return { failure: { code: 45361, message }, conversation }
  }
  const roster = [...state.tables.participant.by('conversation_sid', sid)]
  const customer = roster.find((participant) => participant.address !== null) ?? roster[0]
  if (!customer) return { failure: { code: 45355, message: `Conversation ${sid} has no participants` }, conversation }
  return { conversation, participants: [customer] }
}

/** A conversation is in one active channel at a time: its customer cannot be added to another. */
export function activeChannelOf(state: State, conversation_sid: string): InteractionChannelRow | undefined {
  for (const channel of state.tables.interaction_channel.by('media_channel_sid', conversation_sid)) {
    if (channel.status === 'active') return channel
  }
  return undefined
}

/** The channel tells what went wrong; there is no task, since nothing could be done with it. */
function fail(
  state: State,
  channel: InteractionChannelRow,
  { code, message }: Failure,
  conversation: ConversationRow | undefined
): MadeInteraction {
  const failed = state.change('interaction_channel', channel.sid, {
    status: 'failed',
    error_code: code,
    error_message: message,
    media_channel_sid: conversation?.sid ?? null
  })
  emitChannel(state, 'interaction.created', failed)
  emitChannel(state, 'interaction.channel.failed', failed)
  settle(state, channel.interaction_sid)
  return {
    interaction: state.tables.interaction.need(channel.interaction_sid),
    interaction_channel: state.tables.interaction_channel.need(channel.sid)
  }
}

/** Who the customer is, for the task's attributes (reference flex 4.5): a name that was given, else the address. */
function customerOf(
  wanted: ChannelParameter,
  routing: RoutingParameter,
  [participant]: readonly ParticipantRow[],
  conversation: ConversationRow | undefined
): { readonly address: string | null; readonly name: string | null } {
  const described: Media = wanted.participants[0] ?? {}
  const nonEmpty = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const address =
    participant?.address ??
    participant?.identity ??
    described.address ??
    nonEmpty(routing.attributes.customerAddress) ??
    nonEmpty(routing.attributes.outbound_to) ??
    null
  // A web chat keeps the name that the customer gave in the conversation's attributes.
  const chatName = conversation && nonEmpty(fieldsOf(JSON.parse(conversation.attributes)).from)
  const name = nonEmpty(routing.attributes.customerName) ?? described.name ?? wanted.from_name ?? chatName ?? address
  return { address, name }
}

export function updateInteraction(
  state: State,
  { sid, webhook_ttid }: { readonly sid: string; readonly webhook_ttid?: string }
): { interaction: InteractionRow } {
  const before = interactionOf(state, sid)
  if (webhook_ttid === undefined) return { interaction: before }
  return { interaction: state.change('interaction', sid, { webhook_ttid: namedWebhook(state, webhook_ttid) }) }
}
