import type { State } from '../center.ts'
import { typeOf } from '../conversations/address.ts'
import { groupMembers, projectedAddresses } from '../conversations/group.ts'
import { consequence } from '../conversations/origin.ts'
import {
  addKnownParticipant,
  addParticipant,
  bindingOf,
  dropParticipant,
  isMember,
  type ParticipantParams
} from '../conversations/participant.ts'
import type { ParticipantRow } from '../conversations/rows.ts'
import { oneOf } from '../core/enumeration.ts'
import { nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { Refusal, refuse } from '../core/refusals.ts'
import { canTake, reservationLifeCycle, reservationRequests } from '../routing/life-cycle.ts'
import { named } from '../routing/lookup.ts'
import { updateReservation } from '../routing/reservation.ts'
import type { ReservationRow, WorkerRow } from '../routing/rows.ts'
import { emitMember } from './events.ts'
import { channelOf, conversationOfChannel } from './lookup.ts'
import { type Media, mediaOf, objectOf, textOf } from './parameters.ts'
import { type InteractionChannelRow, type InteractionParticipantRow, isUsable, type ParticipantType } from './rows.ts'
import { fieldsOf } from './task-attributes.ts'

/** By which name a worker chats: its `contact_uri` without the scheme, else its friendly name (reference flex 6, U15). */
export function workerIdentity(worker: WorkerRow): string {
  const { contact_uri } = fieldsOf(JSON.parse(worker.attributes)) // attributes were checked when they were given
  const identity = typeof contact_uri === 'string' ? contact_uri.replace(/^client:/, '') : ''
  return identity || worker.friendly_name
}

/** Whether somebody is reached by e-mail. */
export function isLetter({ address }: Media): boolean {
  return address !== undefined && typeOf(address.trim()) === 'email'
}

/** The participant that such a description makes, or a refusal in Flex's words. */
export function paramsOfMedia(media: Media, isGroup = false): ParticipantParams {
  const params = {
    ...(media.identity && !media.address && { identity: media.identity }),
    ...(media.address && { messaging_binding_address: media.address }),
    // A letter's address of ours is the conversation's.
    ...(media.proxy_address && !isLetter(media) && { messaging_binding_proxy_address: media.proxy_address }),
    // On other bindings than e-mail a name is the customer's, and no part of the binding.
    ...(media.level && { messaging_binding_level: media.level }),
    ...(media.name && isLetter(media) && { messaging_binding_name: media.name })
  }
  try {
    const binding = bindingOf(params)
    // A group is begun by who is in it already: here it would be nobody's whom it could see.
    if (binding && isMember(binding) && !isGroup)
      refuse('interaction.bad_participant', 'MessagingBinding.ProxyAddress is missing')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    refuse('interaction.bad_participant', error.message)
  }
  return params
}

/** In a group an agent is seen by its first number: agents take turns behind it. */
function seenBy(
  state: State,
  conversation_sid: string
): Pick<ParticipantParams, 'messaging_binding_projected_address'> {
  if (groupMembers(state, conversation_sid).length === 0) return {}
  const [ours] = projectedAddresses(state, conversation_sid)
  return ours === undefined ? {} : { messaging_binding_projected_address: ours }
}

/** Lets somebody with an identity into the channel's conversation; null where there is none, or no longer. */
function enterConversation(
  state: State,
  channel: InteractionChannelRow,
  identity: string,
  add: typeof addParticipant
): ParticipantRow | null {
  const conversation = conversationOfChannel(state, channel)
  if (!conversation) return null
  const present = state.tables.participant.firstBy('member', nameKey(conversation.sid, identity))
  return present ?? add(state, conversation, { identity, ...seenBy(state, conversation.sid) }, consequence)
}

interface Roles {
  readonly type: ParticipantType
  readonly participant_sid: string | null
  readonly task_sid?: string | null
  readonly worker_sid?: string | null
  readonly reservation_sid?: string | null
}

export function addMember(state: State, channel: InteractionChannelRow, roles: Roles): InteractionParticipantRow {
  return state.insert('interaction_participant', {
    interaction_sid: channel.interaction_sid,
    channel_sid: channel.sid,
    interaction_status: channel.interaction_status,
    status: 'active',
    has_left: false,
    task_sid: null,
    worker_sid: null,
    reservation_sid: null,
    ...roles
  })
}

/**
 * The agent who accepted a reservation joins the channel and its conversation (reference flex 10). An identity that is
 * known beforehand became a user with the invite: whatever command has it accepted need not have read that user.
 */
export function addAgent(
  state: State,
  channel: InteractionChannelRow,
  reservation: ReservationRow,
  known_identity: string | null
): InteractionParticipantRow {
  const { worker_sid, task_sid } = reservation
  const identity = known_identity ?? workerIdentity(state.tables.worker.need(worker_sid))
  const add = known_identity === null ? addParticipant : addKnownParticipant
  const participant_sid = enterConversation(state, channel, identity, add)?.sid ?? null
  const member = addMember(state, channel, {
    type: 'agent',
    participant_sid,
    task_sid,
    worker_sid,
    reservation_sid: reservation.sid
  })
  emitMember(state, 'interaction.participant.joined', member)
  return member
}

/** Takes somebody out of the channel, and out of its conversation unless another of its roles needs it there. */
export function dropMember(state: State, member: InteractionParticipantRow): void {
  state.remove('interaction_participant', member.sid)
  emitMember(state, 'interaction.participant.left', member)
  const participant = state.resident('participant', member.participant_sid)
  if (!participant || participant.conversation_state === 'closed') return
  for (const other of state.tables.interaction_participant.by('channel_sid', member.channel_sid)) {
    if (other.participant_sid === participant.sid) return
  }
  dropParticipant(state, participant, consequence)
  keepNumber(state, participant)
}

/** The number that a group saw the agent by stays when nobody else is behind it: without it the group would be another one. */
function keepNumber(state: State, { conversation_sid, projected_address }: ParticipantRow): void {
  if (!projected_address || projectedAddresses(state, conversation_sid).includes(projected_address)) return
  if (groupMembers(state, conversation_sid).length === 0) return
  const conversation = state.tables.conversation.need(conversation_sid)
  addKnownParticipant(state, conversation, { messaging_binding_projected_address: projected_address }, consequence)
}

export interface CreateInteractionParticipant {
  readonly interaction_sid: string
  readonly channel_sid: string
  /** The API's `Type`; a command has a type of its own. */
  readonly participant_type: string
  readonly media_properties?: unknown
  readonly routing_properties?: unknown
}

/** Adds somebody without an invite (reference flex 7). */
export function createInteractionParticipant(
  state: State,
  params: CreateInteractionParticipant
): { interaction_participant: InteractionParticipantRow } {
  const channel = channelOf(state, params.interaction_sid, params.channel_sid)
  if (!isUsable(channel)) refuse('interaction.closed', `Channel ${channel.sid} is ${channel.status}`)
  const type = oneOf(participantTypes, params.participant_type, 'Type')
  const routing = routingOf(state, params.routing_properties)
  const media = mediaOf(params.media_properties ?? {}, 'MediaProperties', channel.type)
  const identity = media.identity ?? (routing.worker && workerIdentity(routing.worker))
  if (!identity && !media.address) {
    refuse('interaction.bad_participant', 'MediaProperties: an identity or an address is missing')
  }
  const member = addMember(state, channel, {
    type,
    participant_sid: enter(state, channel, identity && !media.address ? { ...media, identity } : media),
    task_sid: routing.task_sid,
    worker_sid: routing.worker?.sid ?? null,
    reservation_sid: routing.reservation_sid
  })
  emitMember(state, 'interaction.participant.joined', member)
  return { interaction_participant: member }
}

const participantTypes = ['supervisor', 'customer', 'external', 'agent', 'unknown'] as const

function enter(state: State, channel: InteractionChannelRow, media: Media): string | null {
  const conversation = conversationOfChannel(state, channel)
  const params = paramsOfMedia(media, conversation && groupMembers(state, conversation.sid).length > 0)
  if (!conversation) return null
  try {
    if (params.identity) return enterConversation(state, channel, params.identity, addParticipant)?.sid ?? null
    return addParticipant(state, conversation, params, consequence).sid
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refuse('interaction.participant_failed', error.message)
  }
}

/** Brings in somebody from outside by an address, with the business's one of the customer, or by an identity. */
export function addOutsider(state: State, channel: InteractionChannelRow, to: string): InteractionParticipantRow {
  const isIdentity = channel.type === 'chat' || channel.type === 'web'
  const [customer] = state.tables.interaction_participant
    .list('channel_sid', channel.sid)
    .flatMap((member) => state.resident('participant', member.participant_sid) ?? [])
    .filter((participant) => participant.proxy_address !== null)
  const described = isIdentity ? { identity: to } : { address: to, proxy_address: customer?.proxy_address ?? undefined }
  if (!conversationOfChannel(state, channel))
    refuse('interaction.bad_participant', `to: Channel ${channel.sid} has no conversation that '${to}' could join`)
  const media = mediaOf(described, 'to', channel.type)
  const member = addMember(state, channel, { type: 'external', participant_sid: enter(state, channel, media) })
  emitMember(state, 'interaction.participant.joined', member)
  return member
}

interface MemberRouting {
  readonly task_sid: string | null
  readonly reservation_sid: string | null
  readonly worker: WorkerRow | undefined
}

function routingOf(state: State, value: unknown): MemberRouting {
  const bad = 'interaction.bad_participant'
  const fields = value === undefined || value === null ? {} : objectOf(value, 'RoutingProperties', bad)
  // There is a channel, so there is a Flex instance.
  const { taskrouter_workspace_sid } = state.tables.flex_configuration.need(state.account_sid)
  const row = <K extends 'task' | 'reservation' | 'worker'>(kind: K) => {
    const sid = textOf(fields, `${kind}_sid`, bad)
    if (sid === undefined) return undefined
    try {
      return named(state, kind, taskrouter_workspace_sid, sid, `RoutingProperties: ${kind}_sid`)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return refuse(bad, error.message)
    }
  }
  return { task_sid: row('task')?.sid ?? null, reservation_sid: row('reservation')?.sid ?? null, worker: row('worker') }
}

export interface UpdateInteractionParticipant {
  readonly interaction_sid: string
  readonly channel_sid: string
  readonly sid: string
  readonly status: string
}

/** Leaving the channel, at once or after wrapping up. The channel stays, even without anybody (reference flex 7 and 10). */
export function updateInteractionParticipant(
  state: State,
  params: UpdateInteractionParticipant
): { interaction_participant: InteractionParticipantRow } {
  const channel = channelOf(state, params.interaction_sid, params.channel_sid)
  const member = state.tables.interaction_participant.find(params.sid)
  if (!member || member.channel_sid !== channel.sid) {
    return notFound(`/Interactions/${params.interaction_sid}/Channels/${params.channel_sid}/Participants/${params.sid}`)
  }
  if (params.status === 'closed') {
    leaveChannel(state, member)
    return { interaction_participant: member }
  }
  if (params.status !== 'wrapup')
    refuse('invalid', `Status cannot be set to '${params.status}': only closed and wrapup can`)
  if (member.reservation_sid === null) refuse('invalid', `Participant ${member.sid} has no reservation to wrap up`)
  const interaction_participant = state.change('interaction_participant', member.sid, {
    status: 'wrapup',
    has_left: true
  })
  emitMember(state, 'interaction.participant.updated', interaction_participant)
  finishReservation(state, member, 'wrapping')
  return { interaction_participant }
}

/** Somebody leaves for good and is done with the task; that nobody may be left is no reason to close the channel. */
export function leaveChannel(state: State, member: InteractionParticipantRow): void {
  dropMember(state, member)
  finishReservation(state, member, 'completed')
}

/** Nothing to do where the reservation has come so far already. */
function finishReservation(
  state: State,
  member: InteractionParticipantRow,
  reservation_status: 'wrapping' | 'completed'
): void {
  const reservation = state.resident('reservation', member.reservation_sid)
  const { step } = reservationRequests[reservation_status]
  if (!reservation || !canTake(reservationLifeCycle, reservation.reservation_status, step)) return
  const { workspace_sid, task_sid, sid } = reservation
  updateReservation(state, { workspace_sid, task_sid, sid, reservation_status })
}
