import type { State } from '../center.ts'
import type { ParamsOf } from '../commands.ts'
import { type Need, userNeeds } from '../conversations/needs.ts'
import type { flexCommands } from './commands.ts'
import { valueIn } from './json-text.ts'
import { workerIdentity } from './member.ts'
import { fieldsOf } from './task-attributes.ts'

type Needs = {
  readonly [T in keyof typeof flexCommands | 'reservation.update' | 'reservation.instruct']?: (
    params: ParamsOf<T>,
    state: State
  ) => readonly Need[]
}

/**
 * What each command needs that memory does not hold. An acceptance makes its agent a user of the conversation's service,
 * so it is here, too. Parameters are as they came: what is no object names nothing.
 */
export const flexNeeds: Needs = {
  'interaction.create': ({ channel, routing }, state) => {
    const fields = parsed(channel)
    const { media_channel_sid } = parsed(fields.properties)
    return [
      ...rowNeeds(state, 'conversation', media_channel_sid),
      ...rowNeeds(state, 'interaction_channel', fields.sid),
      ...listIn(fields.participants).flatMap((one) => identityNeeds(state, parsed(one).identity)),
      ...workerNeeds(state, parsed(parsed(routing).properties).worker_sid)
    ]
  },
  'interaction.update': ({ sid }, state) => rowNeeds(state, 'interaction', sid),
  'interaction_channel.update': ({ sid }, state) => rowNeeds(state, 'interaction_channel', sid),
  'invite.create': ({ channel_sid }, state) => rowNeeds(state, 'interaction_channel', channel_sid),
  'interaction_participant.create': ({ channel_sid, media_properties, routing_properties }, state) => [
    ...rowNeeds(state, 'interaction_channel', channel_sid),
    ...identityNeeds(state, parsed(media_properties).identity, channel_sid),
    ...workerNeeds(state, parsed(routing_properties).worker_sid, channel_sid)
  ],
  'interaction_participant.update': ({ channel_sid, sid }, state) => [
    ...rowNeeds(state, 'interaction_channel', channel_sid),
    ...rowNeeds(state, 'interaction_participant', sid)
  ],
  'reservation.update': ({ sid }, state) => acceptanceNeeds(state, sid),
  'reservation.instruct': ({ reservation_sid }, state) => acceptanceNeeds(state, reservation_sid)
}

function acceptanceNeeds(state: State, reservation_sid: string): readonly Need[] {
  const reservation = state.find('reservation', reservation_sid)
  const invite = reservation && state.tables.invite.firstBy('task_sid', reservation.task_sid)
  return invite ? workerNeeds(state, reservation.worker_sid, invite.channel_sid) : []
}

function rowNeeds(
  state: State,
  kind: 'conversation' | 'interaction' | 'interaction_channel' | 'interaction_participant',
  sid: unknown
): Need[] {
  return typeof sid !== 'string' || sid === '' || state.find(kind, sid) ? [] : [{ kind, where: { sid } }]
}

function workerNeeds(state: State, worker_sid: unknown, channel_sid?: string): Need[] {
  const worker = typeof worker_sid === 'string' ? state.find('worker', worker_sid) : undefined
  return worker ? identityNeeds(state, workerIdentity(worker), channel_sid) : []
}

/** The user in the service of the channel's conversation, or of Flex where the conversation is still to be made. */
function identityNeeds(state: State, identity: unknown, channel_sid?: string): Need[] {
  if (typeof identity !== 'string') return []
  const channel = state.find('interaction_channel', channel_sid)
  const service =
    state.find('conversation', channel?.media_channel_sid)?.chat_service_sid ??
    state.find('flex_configuration', state.account_sid)?.chat_service_instance_sid
  return userNeeds(state, identity, service)
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
