import type { State } from '../center.ts'
import { userReads } from '../conversations/reads.ts'
import type { Read, Reads } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import type { CreateInteraction } from './interaction.ts'
import { type CreateInteractionParticipant, type UpdateInteractionParticipant, workerIdentity } from './member.ts'
import { fieldsOf } from './task-attributes.ts'
import type { CreateInteractionTransfer, UpdateInteractionTransfer } from './transfer.ts'

/*
 * Rows that Flex's commands, and its reactions to those of others, must see and that memory may not hold: closed
 * interactions and what is in them, and users. Parameters are as they came: what is no object names nothing.
 */

export function createInteractionReads({ channel, routing }: CreateInteraction, state: State): readonly Read[] {
  const fields = parsed(channel)
  const { media_channel_sid } = parsed(fields.properties)
  return [
    ...rowReads(state, 'conversation', media_channel_sid),
    ...rowReads(state, 'interaction_channel', fields.sid),
    ...listIn(fields.participants).flatMap((one) => identityReads(state, parsed(one).identity)),
    ...workerReads(state, parsed(parsed(routing).properties).worker_sid)
  ]
}

export function interactionReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return rowReads(state, 'interaction', sid)
}

export function channelReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return rowReads(state, 'interaction_channel', sid)
}

export function inviteReads({ channel_sid }: { readonly channel_sid: string }, state: State): readonly Read[] {
  return rowReads(state, 'interaction_channel', channel_sid)
}

export function createParticipantReads(
  { channel_sid, media_properties, routing_properties }: CreateInteractionParticipant,
  state: State
): readonly Read[] {
  return [
    ...rowReads(state, 'interaction_channel', channel_sid),
    ...identityReads(state, parsed(media_properties).identity, channel_sid),
    ...workerReads(state, parsed(routing_properties).worker_sid, channel_sid)
  ]
}

export function updateParticipantReads(
  { channel_sid, sid }: UpdateInteractionParticipant,
  state: State
): readonly Read[] {
  return [...rowReads(state, 'interaction_channel', channel_sid), ...rowReads(state, 'interaction_participant', sid)]
}

export function createInteractionTransferReads(
  { channel_sid, from, to }: CreateInteractionTransfer,
  state: State
): readonly Read[] {
  return [
    ...rowReads(state, 'interaction_channel', channel_sid),
    ...rowReads(state, 'interaction_participant', from),
    // Somebody outside may be named by an identity.
    ...identityReads(state, to, channel_sid)
  ]
}

export function updateInteractionTransferReads(
  { channel_sid, sid }: UpdateInteractionTransfer,
  state: State
): readonly Read[] {
  return [...rowReads(state, 'interaction_channel', channel_sid), ...rowReads(state, 'interaction_transfer', sid)]
}

export function autoAcceptReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  const reservation_sid = state.tables.auto_accept.find(sid)?.reservation_sid
  return reservation_sid === undefined ? [] : acceptanceReads(state, reservation_sid)
}

/** An acceptance makes its agent a user of the conversation's service, whichever door it comes by. */
export const flexReads = {
  'reservation.update': ({ sid }: { readonly sid: string }, state) => acceptanceReads(state, sid),
  'reservation.instruct': ({ reservation_sid }: { readonly reservation_sid: string }, state) =>
    acceptanceReads(state, reservation_sid)
} satisfies Readonly<Record<string, Reads<State, never>>>

function acceptanceReads(state: State, reservation_sid: string): readonly Read[] {
  const reservation = state.resident('reservation', reservation_sid)
  const invite = reservation && state.tables.invite.firstBy('task_sid', reservation.task_sid)
  return invite ? workerReads(state, reservation.worker_sid, invite.channel_sid) : []
}

function rowReads(
  state: State,
  kind: 'conversation' | 'interaction' | 'interaction_channel' | 'interaction_participant' | 'interaction_transfer',
  sid: unknown
): Read[] {
  return typeof sid !== 'string' || sid === '' || state.find(kind, sid) ? [] : [{ kind, where: { sid } }]
}

function workerReads(state: State, worker_sid: unknown, channel_sid?: string): Read[] {
  const worker = typeof worker_sid === 'string' ? state.tables.worker.find(worker_sid) : undefined
  return worker ? identityReads(state, workerIdentity(worker), channel_sid) : []
}

/** The user in the service of the channel's conversation, or of Flex where the conversation is still to be made. */
function identityReads(state: State, identity: unknown, channel_sid?: string): Read[] {
  if (typeof identity !== 'string') return []
  const channel = state.tables.interaction_channel.find(channel_sid)
  const service =
    state.tables.conversation.find(channel?.media_channel_sid)?.chat_service_sid ??
    state.tables.flex_configuration.find(state.account_sid)?.chat_service_instance_sid
  return userReads(state, identity, service)
}

/** Of what may be the text of a list. */
function listIn(value: unknown): readonly unknown[] {
  const list = typeof value === 'string' ? valueIn(value) : value
  return Array.isArray(list) ? list : []
}

function parsed(value: unknown): Readonly<Record<string, unknown>> {
  // What is no JSON names nothing either: the decider refuses it.
  return fieldsOf(typeof value === 'string' ? valueIn(value) : value)
}
