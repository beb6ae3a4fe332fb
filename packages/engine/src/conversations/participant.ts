import type { State } from '../center.ts'
import { isSameName, nameKey } from '../core/names.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { NewRow } from '../core/state.ts'
import { type Binding, checkedAddress, checkedProjected, checkedProxy, pairOf, typeOf, unbound } from './address.ts'
import { restartTimers } from './conversation.ts'
import { emitParticipant } from './events.ts'
import { checkGroup, groupMembers } from './group.ts'
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
import { type ConversationRow, isGroupMember, type ParticipantRow, pairKey } from './rows.ts'

/** The limits of a conversation's roster (reference conversations 20). */
const maxMembers = { participants: 1000, messaging: 50, conversations: 1000 } as const

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
  const participant = addOneOf(state, conversation, params, origin)
  checkGroup(state, conversation)
  return participant
}

/** One of several who are added at once: whether they are a group that there is, is looked at when all are there. */
export function addOneOf(
  state: State,
  conversation: ConversationRow,
  params: ParticipantParams,
  origin: Origin
): ParticipantRow {
  const columns = checkedColumns(state, conversation, params)
  if (columns.identity !== null) ensureUser(state, conversation.chat_service_sid, columns.identity, origin)
  return insertParticipant(state, columns, origin)
}

/** Whoever has made a conversation with a token has the role of its maker there (reference conversations 14.3). */
function usualRole(state: State, { chat_service_sid, created_by }: ConversationRow, identity: string | null): string {
  const service = state.tables.chat_service.need(chat_service_sid)
  const isMaker = identity !== null && created_by !== 'system' && created_by === identity
  return isMaker ? service.default_conversation_creator_role_sid : service.default_conversation_role_sid
}

/** Adds a participant whose identity, if it has one, is known to be a user of the service. */
export function addKnownParticipant(
  state: State,
  conversation: ConversationRow,
  params: ParticipantParams,
  origin: Origin
): ParticipantRow {
  const participant = insertParticipant(state, checkedColumns(state, conversation, params), origin)
  checkGroup(state, conversation)
  return participant
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
  if (identity !== null) checkIdentity(state, conversation, identity)
  if (binding) checkPair(state, binding.address, binding.proxy_address)
  checkPlace(state, conversation, binding)
  checkRoom(state, conversation, (binding?.address ?? null) !== null)
  return {
    chat_service_sid,
    conversation_sid: conversation.sid,
    conversation_state: conversation.state,
    identity,
    attributes,
    role_sid: roleFor(state, conversation, { binding, identity, role_sid: params.role_sid }),
    binding_type: binding?.type ?? null,
    address: binding?.address ?? null,
    proxy_address: binding?.proxy_address ?? null,
    projected_address: binding?.projected_address ?? null,
    binding_name: binding?.name ?? null,
    binding_level: binding?.level ?? null,
    email_thread: null,
    last_read_message_index: null,
    last_read_timestamp: null,
    notification_level: 'default',
    ...given({ date_created: params.date_created, date_updated: params.date_updated ?? params.date_created })
  }
}

/** The role that is asked for, else the usual one; who is in a group by a phone alone has none (reference conversations 7.2). */
function roleFor(
  state: State,
  conversation: ConversationRow,
  {
    binding,
    identity,
    role_sid
  }: { readonly binding: Binding | null; readonly identity: string | null; readonly role_sid: string | undefined }
): string | null {
  if (role_sid) return checkRole(state, conversation.chat_service_sid, role_sid, 'conversation')
  return binding && isMember(binding) ? null : usualRole(state, conversation, identity)
}

/** Whether a binding is a group's member's. */
export function isMember({ type, address, proxy_address }: Binding): boolean {
  return isGroupMember({ binding_type: type, address, proxy_address })
}

/** What a group asks of whoever comes in, and whoever comes in as a member of one of those who are there. */
function checkPlace(state: State, { sid }: ConversationRow, binding: Binding | null, own_sid?: string): void {
  const members = groupMembers(state, sid)
  if (binding === null) {
    if (members.length > 0)
      refuse(
        'group.no_projected_address',
        `Conversation ${sid} is a group: a Participant with an Identity needs a MessagingBinding.ProjectedAddress`
      )
    return
  }
  const { address, projected_address } = binding
  const roster = state.tables.participant.list('conversation_sid', sid).filter((one) => one.sid !== own_sid)
  if (projected_address !== null && members.some((one) => one.address === projected_address))
    refuse('participant.bad_proxy_address', `${projected_address} is the address of a member of Conversation ${sid}`)
  if (address === null || (!isMember(binding) && !members.some((one) => one.address === address))) return
  if (roster.some((one) => one.address === address))
    refuse('participant.in_group', `Participant with address '${address}' already exists in Conversation ${sid}`)
  if (roster.some((one) => one.projected_address === address))
    refuse('participant.bad_address', `${address} is a projected address of Conversation ${sid}`)
  if (roster.some((one) => one.identity !== null && !one.projected_address))
    refuse(
      'group.no_number',
      `Conversation ${sid} has a Participant with an Identity and no MessagingBinding.ProjectedAddress: it cannot be a group`
    )
}

function insertParticipant(state: State, columns: NewRow<ParticipantRow>, origin: Origin): ParticipantRow {
  const participant = state.insert('participant', columns)
  restartTimers(state, participant.conversation_sid)
  emitParticipant(state, 'participant.added', participant, origin)
  return participant
}

/**
 * How the participant is reached; null for one with an identity only. Refuses every combination that is no kind of
 * participant (reference conversations 7.1).
 */
export function bindingOf(params: ParticipantParams): Binding | null {
  const { messaging_binding_address: address, messaging_binding_proxy_address: proxy } = params
  const { messaging_binding_projected_address: projected } = params
  const { messaging_binding_name: name, messaging_binding_level: level } = params
  if (projected) {
    if (address || proxy)
      refuse('participant.bad_address', 'A Participant has a ProjectedAddress or an Address of its own, and not both')
    checkUnnamed(params, 'sms')
    return { ...unbound, type: 'sms', projected_address: checkedProjected(projected) }
  }
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
  const type = typeOf(address.trim())
  if (type === 'email' && !proxy)
    return { ...unbound, type, address: checkedAddress(address), name: name || null, level: level || null }
  checkUnnamed(params, type)
  if (proxy) return pairOf(address, proxy)
  if (type !== 'sms')
    refuse('participant.bad_address', `An address of type ${type} needs a MessagingBinding.ProxyAddress`)
  return { ...unbound, type, address: checkedAddress(address) }
}

function checkUnnamed(params: ParticipantParams, type: string): void {
  if (params.messaging_binding_name || params.messaging_binding_level)
    refuse('participant.binding_parameters', `A messaging binding of type ${type} takes no name and no level`)
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
  if (held >= maxMembers.conversations) {
    refuse('participant.limit', `'${identity}' is in ${held} Conversations that are not closed; more are not possible`)
  }
}

/** A pair is held by one open conversation at most. Clients read its SID from the end of the message (reference conversations 7.4, rule 2). */
function checkPair(state: State, address: string | null, proxy_address: string | null, own_sid?: string): void {
  const holder = pairHolder(state, address, proxy_address)
  if (!holder || holder.sid === own_sid) return
  refuse(
    'participant.pair_bound',
    `A binding for this participant and proxy address already exists in Conversation ${holder.conversation_sid}`
  )
}

/** The participant that holds a pair now. */
export function pairHolder(
  state: State,
  address: string | null,
  proxy_address: string | null
): ParticipantRow | undefined {
  if (address === null || proxy_address === null) return undefined
  return state.tables.participant.firstBy('pair', pairKey(address, proxy_address))
}

function checkRoom(state: State, { sid }: ConversationRow, isMessaging: boolean): void {
  if (state.tables.participant.count('conversation_sid', sid) >= maxMembers.participants) {
    refuse(
      'participant.limit',
      `Conversation ${sid} has ${maxMembers.participants} Participants; more are not possible`
    )
  }
  if (isMessaging && state.tables.participant.count('messaging', sid) >= maxMembers.messaging) {
    refuse(
      'participant.limit',
      `Conversation ${sid} has ${maxMembers.messaging} messaging Participants; more are not possible`
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
  const binding = newBinding(state, conversation, before, params)
  const { chat_service_sid } = conversation
  const role_sid = params.role_sid ? checkRole(state, chat_service_sid, params.role_sid, 'conversation') : undefined
  if (identity !== undefined) ensureUser(state, chat_service_sid, identity, params)
  const participant = state.change('participant', before.sid, {
    ...given({ attributes, identity, role_sid }),
    ...binding,
    ...horizon(state, conversation, params),
    ...given({ date_created: params.date_created, date_updated: params.date_updated })
  })
  if (Object.keys(binding).length > 0) checkGroup(state, conversation)
  emitParticipant(state, 'participant.updated', participant, params)
  return { participant }
}

/** A number of ours that stands in a group by itself may be given to somebody, and to somebody else (vendor's guide to group texting). */
function newIdentity(
  state: State,
  conversation: ConversationRow,
  before: ParticipantRow,
  identity: string | undefined
): string | undefined {
  if (!identity || identity === before.identity) return undefined
  if (before.address !== null) refuse('invalid', 'A messaging Participant cannot be given an Identity')
  checkLength(identity, 'Identity', 256)
  // Written in another form, it is nobody else.
  if (before.identity === null || !isSameName(identity, before.identity)) checkIdentity(state, conversation, identity)
  return identity
}

type BindingChanges = Partial<Pick<ParticipantRow, 'binding_type' | 'proxy_address' | 'projected_address'>>

function newBinding(
  state: State,
  conversation: ConversationRow,
  before: ParticipantRow,
  params: UpdateParticipant
): BindingChanges {
  const { messaging_binding_proxy_address: proxy, messaging_binding_projected_address: projected } = params
  if (proxy && projected && proxy !== 'null' && projected !== 'null')
    refuse('participant.bad_address', 'A Participant has a ProjectedAddress or a ProxyAddress, and not both')
  return {
    ...(projected && newProjected(state, conversation, before, { text: projected, identity: params.identity })),
    ...(proxy && newProxy(state, conversation, before, proxy))
  }
}

/** The literal `null` takes it away: then there must be an identity to be known by, and no group to be seen by. */
function newProjected(
  state: State,
  conversation: ConversationRow,
  before: ParticipantRow,
  { text, identity }: { readonly text: string; readonly identity: string | undefined }
): BindingChanges {
  if (text === 'null') {
    if (!before.projected_address) return {}
    if (before.identity === null && !identity)
      refuse('invalid', 'A Participant needs an Identity or a MessagingBinding.ProjectedAddress')
    checkPlace(state, conversation, null)
    return { binding_type: null, projected_address: null }
  }
  if (before.address !== null)
    refuse(
      'participant.bad_address',
      'A Participant with an Address of its own has no MessagingBinding.ProjectedAddress'
    )
  const binding = { ...unbound, type: 'sms', projected_address: checkedProjected(text) }
  checkPlace(state, conversation, binding)
  return { binding_type: binding.type, projected_address: binding.projected_address }
}

/** The literal `null` takes it away: on SMS the participant is one of a group by that. */
function newProxy(state: State, conversation: ConversationRow, before: ParticipantRow, text: string): BindingChanges {
  const { address, binding_type } = before
  if (address === null || binding_type === null)
    return refuse('invalid', 'A Participant with an Identity has no MessagingBinding.ProxyAddress')
  if (text !== 'null') {
    const proxy_address = checkedProxy(address, text)
    checkPair(state, address, proxy_address, before.sid)
    return { proxy_address }
  }
  if (before.proxy_address === null) return {}
  if (binding_type !== 'sms')
    return refuse('participant.bad_address', `An address of type ${binding_type} needs a MessagingBinding.ProxyAddress`)
  checkPlace(state, conversation, { ...unbound, type: binding_type, address }, before.sid)
  return { proxy_address: null }
}

/** How far the participant has read: never beyond the newest message (reference conversations 7.5). */
export function horizon(
  state: State,
  conversation: ConversationRow,
  params: Pick<UpdateParticipant, 'last_read_message_index' | 'last_read_timestamp'>
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
  checkGroup(state, conversation)
  return {}
}

/** Removes a participant; its messages stay and keep its SID. */
export function dropParticipant(state: State, participant: ParticipantRow, origin: Origin): void {
  emitParticipant(state, 'participant.removed', participant, origin)
  state.remove('participant', participant.sid)
  restartTimers(state, participant.conversation_sid)
}
