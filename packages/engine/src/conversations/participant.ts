import type { State } from '../center.ts'
import { isSameName, nameKey } from '../core/names.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { NewRow } from '../core/state.ts'
import { type Binding, checkedAddress, checkedProxy, pairOf, typeOf } from './address.ts'
import { restartTimers } from './conversation.ts'
import { emitParticipant } from './events.ts'
import { ensureUser } from './identity.ts'
import {
  checkedAttributes,
  checkRole,
  editable,
  given,
  maxAttributes,
  participantOf,
  type ServiceScope
} from './lookup.ts'
import type { Origin } from './origin.ts'
import { type ConversationRow, type ParticipantRow, pairKey } from './rows.ts'

/** The limits of a conversation's roster (reference conversations 20). */
const most = { participants: 1000, messaging: 50, conversations: 1000 } as const

export interface ParticipantParams {
  readonly identity?: string
  readonly messaging_binding_address?: string
  readonly messaging_binding_proxy_address?: string
  readonly messaging_binding_projected_address?: string
  readonly messaging_binding_name?: string
  readonly messaging_binding_level?: string
  readonly attributes?: string
  readonly role_sid?: string
  readonly date_created?: number
  readonly date_updated?: number
}

export interface CreateParticipant extends ParticipantParams, ServiceScope, Origin {
  /** SID or unique name. */
  readonly conversation_sid: string
}

export function createParticipant(state: State, params: CreateParticipant): { participant: ParticipantRow } {
  const conversation = editable(state, params.conversation_sid, params)
  return { participant: addParticipant(state, conversation, params, params) }
}

/** Adds a participant, and the user of an identity that is new to the service (reference conversations 7). */
export function addParticipant(
  state: State,
  conversation: ConversationRow,
  params: ParticipantParams,
  origin: Origin
): ParticipantRow {
  const columns = checkedColumns(state, conversation, params)
  if (columns.identity !== null) ensureUser(state, conversation.chat_service_sid, columns.identity, origin)
  return insertParticipant(state, columns, origin)
}

/** Adds a participant whose identity, if it has one, is known to be a user of the service. */
export function addKnownParticipant(
  state: State,
  conversation: ConversationRow,
  params: ParticipantParams,
  origin: Origin
): ParticipantRow {
  return insertParticipant(state, checkedColumns(state, conversation, params), origin)
}

function checkedColumns(
  state: State,
  conversation: ConversationRow,
  params: ParticipantParams
): NewRow<ParticipantRow> {
  const binding = bindingOf(params)
  const identity = params.identity || null
  const { chat_service_sid } = conversation
  const attributes = checkedAttributes(params.attributes, maxAttributes) ?? '{}'
  checkLength(identity ?? undefined, 'Identity', 256)
  const role_sid = params.role_sid
    ? checkRole(state, chat_service_sid, params.role_sid, 'conversation')
    : state.get('chat_service', chat_service_sid).default_conversation_role_sid
  if (identity !== null) checkIdentity(state, conversation, identity)
  if (binding) checkPair(state, binding.address, binding.proxy_address)
  checkRoom(state, conversation, binding !== null)
  return {
    chat_service_sid,
    conversation_sid: conversation.sid,
    conversation_state: conversation.state,
    identity,
    attributes,
    role_sid,
    binding_type: binding?.type ?? null,
    address: binding?.address ?? null,
    proxy_address: binding?.proxy_address ?? null,
    binding_name: binding?.name ?? null,
    binding_level: binding?.level ?? null,
    last_read_message_index: null,
    last_read_timestamp: null,
    ...given({ date_created: params.date_created, date_updated: params.date_updated ?? params.date_created })
  }
}

function insertParticipant(state: State, columns: NewRow<ParticipantRow>, origin: Origin): ParticipantRow {
  const participant = state.insert('participant', columns)
  restartTimers(state, participant.conversation_sid)
  emitParticipant(state, 'participant.added', participant, origin)
  return participant
}

/**
 * How the participant is reached; null for one with an identity only. Refuses every combination that is no kind of
 * participant, and group MMS, which is not built (reference conversations 7.1).
 */
export function bindingOf(params: ParticipantParams): Binding | null {
  const { messaging_binding_address: address, messaging_binding_proxy_address: proxy } = params
  if (params.messaging_binding_projected_address) refuseGroup('MessagingBinding.ProjectedAddress')
  if (!address && !proxy) {
    if (params.identity) return null
    return refuse(
      'invalid',
      'A Participant needs an Identity, or MessagingBinding.Address and MessagingBinding.ProxyAddress'
    )
  }
  if (params.identity)
    refuse('participant.bad_address', 'A Participant cannot have an Identity and a pair of addresses')
  if (!address) return refuse('participant.bad_address', 'MessagingBinding.Address is missing')
  const isEmail = typeOf(address.trim()) === 'email'
  const { messaging_binding_name: name, messaging_binding_level: level } = params
  if (isEmail && !proxy) {
    const email = checkedAddress(address)
    return { type: 'email', address: email, proxy_address: null, name: name || null, level: level || null }
  }
  if (!proxy) return refuseGroup('MessagingBinding.Address without MessagingBinding.ProxyAddress')
  if (name || level) {
    refuse(
      'participant.binding_parameters',
      `A messaging binding of type ${typeOf(address.trim())} takes no name and no level`
    )
  }
  return pairOf(address, proxy)
}

function refuseGroup(what: string): never {
  return refuse('invalid', `${what}: group MMS participants are not supported`)
}

/** One identity stands in a conversation once (reference conversations 7.4, rule 1). */
function checkIdentity(state: State, conversation: ConversationRow, identity: string): void {
  if (state.tables.participant.firstBy('member', nameKey(conversation.sid, identity))) {
    refuse(
      'participant.exists',
      `Participant with identity '${identity}' already exists in Conversation ${conversation.sid}`
    )
  }
  const held = state.tables.participant.count('identity', nameKey(conversation.chat_service_sid, identity))
  if (held >= most.conversations) {
    refuse('participant.limit', `'${identity}' is in ${held} Conversations that are not closed; more are not possible`)
  }
}

/** A pair is held by one open conversation at most. Clients read its SID from the end of the message (reference conversations 7.4, rule 2). */
function checkPair(state: State, address: string, proxy_address: string | null, own_sid?: string): void {
  const holder = pairHolder(state, address, proxy_address)
  if (!holder || holder.sid === own_sid) return
  refuse(
    'participant.pair_bound',
    `A binding for this participant and proxy address already exists in Conversation ${holder.conversation_sid}`
  )
}

/** The participant that holds a pair now. */
export function pairHolder(state: State, address: string, proxy_address: string | null): ParticipantRow | undefined {
  return proxy_address === null ? undefined : state.tables.participant.firstBy('pair', pairKey(address, proxy_address))
}

function checkRoom(state: State, { sid }: ConversationRow, isMessaging: boolean): void {
  if (state.tables.participant.count('conversation_sid', sid) >= most.participants) {
    refuse('participant.limit', `Conversation ${sid} has ${most.participants} Participants; more are not possible`)
  }
  if (isMessaging && state.tables.participant.count('messaging', sid) >= most.messaging) {
    refuse(
      'participant.limit',
      `Conversation ${sid} has ${most.messaging} messaging Participants; more are not possible`
    )
  }
}

export interface UpdateParticipant extends ServiceScope, Origin {
  readonly conversation_sid: string
  /** SID or identity. */
  readonly sid: string
  readonly identity?: string
  readonly attributes?: string
  readonly role_sid?: string
  readonly messaging_binding_proxy_address?: string
  readonly messaging_binding_projected_address?: string
  /** null: nothing has been read. */
  readonly last_read_message_index?: number | null
  readonly last_read_timestamp?: number | null
  readonly date_created?: number
  readonly date_updated?: number
}

export function updateParticipant(state: State, params: UpdateParticipant): { participant: ParticipantRow } {
  const conversation = editable(state, params.conversation_sid, params)
  const before = participantOf(state, conversation, params.sid, params)
  const attributes = checkedAttributes(params.attributes, maxAttributes)
  const identity = newIdentity(state, conversation, before, params.identity)
  const proxy_address = newProxy(state, before, params)
  const { chat_service_sid } = conversation
  const role_sid = params.role_sid ? checkRole(state, chat_service_sid, params.role_sid, 'conversation') : undefined
  if (identity !== undefined) ensureUser(state, chat_service_sid, identity, params)
  const participant = state.change('participant', before.sid, {
    ...given({ attributes, identity, proxy_address, role_sid }),
    ...horizon(state, conversation, params),
    ...given({ date_created: params.date_created, date_updated: params.date_updated })
  })
  emitParticipant(state, 'participant.updated', participant, params)
  return { participant }
}

function newIdentity(
  state: State,
  conversation: ConversationRow,
  before: ParticipantRow,
  identity: string | undefined
): string | undefined {
  if (!identity || identity === before.identity) return undefined
  if (before.identity === null) refuse('invalid', 'A messaging Participant cannot be given an Identity')
  checkLength(identity, 'Identity', 256)
  // Written in another form, it is nobody else.
  if (!isSameName(identity, before.identity)) checkIdentity(state, conversation, identity)
  return identity
}

function newProxy(state: State, before: ParticipantRow, params: UpdateParticipant): string | undefined {
  const text = params.messaging_binding_proxy_address
  const projected = params.messaging_binding_projected_address
  // The literal `null` takes an address away; there is never a projected one to take.
  if (projected && projected !== 'null') refuseGroup('MessagingBinding.ProjectedAddress')
  if (text === undefined || text === '') return undefined
  if (before.address === null)
    return refuse('invalid', 'A Participant with an Identity has no MessagingBinding.ProxyAddress')
  if (text === 'null') return refuseGroup('MessagingBinding.Address without MessagingBinding.ProxyAddress')
  const proxy_address = checkedProxy(before.address, text)
  checkPair(state, before.address, proxy_address, before.sid)
  return proxy_address
}

/** How far the participant has read: never beyond the newest message (reference conversations 7.5). */
function horizon(
  state: State,
  conversation: ConversationRow,
  params: UpdateParticipant
): Partial<Pick<ParticipantRow, 'last_read_message_index' | 'last_read_timestamp'>> {
  const { last_read_message_index: index, last_read_timestamp: timestamp } = params
  if (index === undefined) return given({ last_read_timestamp: timestamp })
  if (index === null) return { last_read_message_index: null, last_read_timestamp: timestamp ?? null }
  if (!Number.isInteger(index) || index < 0)
    refuse('invalid', `Value '${index}' provided for LastReadMessageIndex is no index`)
  const newest = conversation.next_index - 1
  return {
    last_read_message_index: newest < 0 ? null : Math.min(index, newest),
    last_read_timestamp: timestamp ?? state.at
  }
}

export function deleteParticipant(
  state: State,
  params: { readonly conversation_sid: string; readonly sid: string } & ServiceScope & Origin
): Record<string, never> {
  const conversation = editable(state, params.conversation_sid, params)
  dropParticipant(state, participantOf(state, conversation, params.sid, params), params)
  return {}
}

/** Removes a participant; its messages stay and keep its SID. */
export function dropParticipant(state: State, participant: ParticipantRow, origin: Origin): void {
  emitParticipant(state, 'participant.removed', participant, origin)
  state.remove('participant', participant.sid)
  restartTimers(state, participant.conversation_sid)
}
