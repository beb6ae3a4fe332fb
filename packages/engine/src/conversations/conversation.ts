import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { checkLength, cleared } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { configurationOf, serviceOf } from './configuration.ts'
import { minClosed_ms, minInactive_ms, timerOf } from './duration.ts'
import { emitConversation } from './events.ts'
import {
  checkEditable,
  checkedAttributes,
  conversationOf,
  given,
  maxConversationAttributes,
  type ServiceScope
} from './lookup.ts'
import { byTimer, type Origin } from './origin.ts'
import type { ChatServiceRow, ConversationRow, ConversationState } from './rows.ts'
import { followWebhooks, webhooksOfRemoval } from './webhook.ts'

export interface ConversationParams {
  readonly friendly_name?: string
  readonly unique_name?: string
  readonly attributes?: string
  readonly messaging_service_sid?: string | null
  readonly state?: string
  /** ISO 8601 durations. */
  readonly timers_inactive?: string
  readonly timers_closed?: string
  readonly bindings_email_address?: string
  readonly bindings_email_name?: string
  readonly date_created?: number
  readonly date_updated?: number
}

export interface CreateConversation extends ConversationParams, ServiceScope, Origin {
  /** Who makes it, where that is not the account itself. */
  readonly created_by?: string
}

export function createConversation(state: State, params: CreateConversation): { conversation: ConversationRow } {
  return { conversation: addConversation(state, serviceOf(state, params.chat_service_sid), params, params) }
}

/** Adds a conversation; timers that are not given are the account's (reference conversations 4.1 and 5). */
export function addConversation(
  state: State,
  service: ChatServiceRow,
  params: ConversationParams &
    Pick<CreateConversation, 'created_by'> & {
      readonly came_by?: CameBy
      /** Of a group whose members are added next: until then it cannot be changed. */
      readonly is_initializing?: boolean
    },
  origin: Origin
): ConversationRow {
  const configuration = configurationOf(state)
  checkParams(state, service.sid, params)
  const to = params.state ?? 'active'
  if (to === 'closed') refuse('conversation.created_closed', 'A Conversation cannot be created in state closed')
  if (to !== 'active' && to !== 'inactive') refuseState(to)
  const inactive = params.timers_inactive || configuration.default_inactive_timer
  const closed = params.timers_closed || configuration.default_closed_timer
  const clock = {
    state: params.is_initializing ? 'initializing' : to,
    inactive_after_ms: inactive === null ? null : timerOf(inactive, 'Timers.Inactive', minInactive_ms),
    closed_after_ms: closed === null ? null : timerOf(closed, 'Timers.Closed', minClosed_ms)
  } as const
  const conversation = state.insert('conversation', {
    chat_service_sid: service.sid,
    messaging_service_sid: params.messaging_service_sid || configuration.default_messaging_service_sid,
    friendly_name: params.friendly_name || null,
    unique_name: params.unique_name || null,
    attributes: params.attributes || '{}',
    created_by: params.created_by ?? 'system',
    bindings_email_address: params.bindings_email_address || null,
    bindings_email_name: params.bindings_email_name || null,
    next_index: 0,
    removed_messages: 0,
    address_configuration_sid: params.came_by?.address_configuration_sid ?? null,
    ...clock,
    ...deadlines(state, clock),
    ...given({ date_created: params.date_created, date_updated: params.date_updated ?? params.date_created })
  })
  emitConversation(state, 'conversation.added', conversation, { origin, extra: params.came_by?.told })
  return conversation
}

/** The message because of which a conversation is made: where it came in, and what is told of it with the conversation. */
export interface CameBy {
  readonly address_configuration_sid: string
  readonly told: Readonly<Record<string, string | null>>
}

export interface UpdateConversation extends ConversationParams, ServiceScope, Origin {
  readonly sid: string
}

/** An update restarts both timers; one that changes the state tells of that, too (reference conversations 6). */
export function updateConversation(state: State, params: UpdateConversation): { conversation: ConversationRow } {
  const before = conversationOf(state, params.sid, params)
  // Closing what is closed changes nothing, so it may be said again.
  if (before.state === 'closed' && params.state === 'closed' && isOnlyState(params)) return { conversation: before }
  checkEditable(before)
  checkParams(state, before.chat_service_sid, params, before)
  const to = params.state ?? before.state
  if (to !== 'active' && to !== 'inactive' && to !== 'closed') refuseState(to)
  const { timers_inactive, timers_closed } = params
  const clock = {
    state: to,
    inactive_after_ms: timers_inactive
      ? timerOf(timers_inactive, 'Timers.Inactive', minInactive_ms)
      : before.inactive_after_ms,
    closed_after_ms: timers_closed ? timerOf(timers_closed, 'Timers.Closed', minClosed_ms) : before.closed_after_ms
  } as const
  const { messaging_service_sid } = params
  const conversation = state.change('conversation', before.sid, {
    ...given({
      friendly_name: cleared(params.friendly_name),
      unique_name: cleared(params.unique_name),
      attributes: checkedAttributes(params.attributes, maxConversationAttributes),
      bindings_email_address: cleared(params.bindings_email_address),
      bindings_email_name: cleared(params.bindings_email_name),
      date_created: params.date_created,
      date_updated: params.date_updated
    }),
    ...(messaging_service_sid !== undefined && {
      messaging_service_sid: messaging_service_sid || configurationOf(state).default_messaging_service_sid
    }),
    ...clock,
    ...deadlines(state, clock)
  })
  const members = followState(state, conversation)
  emitConversation(state, 'conversation.updated', conversation, { origin: params })
  if (to !== before.state)
    emitStateUpdated(state, { from: before.state, conversation, reason: 'API', members, origin: params })
  return { conversation }
}

export function deleteConversation(
  state: State,
  params: { readonly sid: string } & ServiceScope & Origin
): Record<string, never> {
  dropConversation(state, conversationOf(state, params.sid, params), params)
  return {}
}

/** Removes a conversation in any state, with all that is in it. */
export function dropConversation(state: State, conversation: ConversationRow, origin: Origin): void {
  emitConversation(state, 'conversation.removed', conversation, {
    origin,
    extra: { ...webhooksOfRemoval(state, conversation, origin), ...membersOf(state, conversation) }
  })
  state.remove('conversation', conversation.sid)
}

interface Members {
  readonly member_identities?: string
}

/** Who is in it, as JSON text: by that it is known later whom it concerned that it ended. */
function membersOf(state: State, { sid }: ConversationRow): Members {
  const identities = [...state.tables.participant.by('conversation_sid', sid)].flatMap(({ identity }) => identity ?? [])
  return identities.length === 0 ? {} : { member_identities: JSON.stringify(identities) }
}

// State and timers (reference conversations 6)

export type MoveReason = 'API' | 'TIMER' | 'EVENT'

/** Moves a conversation to another state and restarts its timers; nothing happens when it is there already. */
export function moveConversation(
  state: State,
  sid: string,
  to: ConversationState,
  { reason, origin }: { readonly reason: MoveReason; readonly origin: Origin }
): ConversationRow {
  const before = state.tables.conversation.need(sid)
  if (before.state === to) return before
  const conversation = state.change('conversation', sid, { state: to, ...deadlines(state, { ...before, state: to }) })
  const members = followState(state, conversation)
  emitStateUpdated(state, { from: before.state, conversation, reason, members, origin })
  return conversation
}

/** Something has happened in the conversation: both clocks start anew. */
export function restartTimers(state: State, sid: string): void {
  const conversation = state.tables.conversation.need(sid)
  if (conversation.inactive_after_ms === null && conversation.closed_after_ms === null) return
  state.change('conversation', sid, deadlines(state, conversation))
}

/** Going inactive by time does not restart the clock of closing. */
export function inactiveDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const conversation = state.change('conversation', sid, { state: 'inactive', date_inactive: null })
  const members = followState(state, conversation)
  emitStateUpdated(state, { from: 'active', conversation, reason: 'TIMER', members, origin: byTimer })
  return {}
}

export function closedDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  moveConversation(state, sid, 'closed', { reason: 'TIMER', origin: byTimer })
  return {}
}

type Clock = Pick<ConversationRow, 'state' | 'inactive_after_ms' | 'closed_after_ms'>

/** Both are measured from now; one that no longer applies is none. */
export function deadlines(state: State, clock: Clock): Pick<ConversationRow, 'date_inactive' | 'date_closed'> {
  const { inactive_after_ms, closed_after_ms } = clock
  return {
    date_inactive: clock.state === 'active' && inactive_after_ms !== null ? state.at + inactive_after_ms : null,
    date_closed: clock.state !== 'closed' && closed_after_ms !== null ? state.at + closed_after_ms : null
  }
}

/** Participants know their conversation's state: closing it frees their pairs. Answers who they are. */
function followState(state: State, conversation: ConversationRow): Members {
  const members = membersOf(state, conversation)
  for (const participant of [...state.tables.participant.by('conversation_sid', conversation.sid)]) {
    if (participant.conversation_state === conversation.state) continue
    state.change('participant', participant.sid, { conversation_state: conversation.state })
  }
  followWebhooks(state, conversation)
  return members
}

interface Move {
  readonly from: ConversationState
  /** As it is now. */
  readonly conversation: ConversationRow
  readonly reason: MoveReason
  readonly members: Members
  readonly origin: Origin
}

function emitStateUpdated(state: State, { from, conversation, reason, members, origin }: Move): void {
  const extra = {
    state_from: from,
    state_to: conversation.state,
    state_updated: state.at,
    reason,
    ...(conversation.state === 'closed' && members)
  }
  emitConversation(state, 'conversation.state.updated', conversation, { origin, extra })
}

// Parameters

function checkParams(state: State, chat_service_sid: string, params: ConversationParams, own?: ConversationRow): void {
  checkLength(params.friendly_name, 'FriendlyName', 256)
  checkLength(params.unique_name, 'UniqueName', 256)
  checkLength(params.bindings_email_address, 'Bindings.Email.Address', 256)
  checkLength(params.bindings_email_name, 'Bindings.Email.Name', 256)
  checkedAttributes(params.attributes, maxConversationAttributes)
  if (!params.unique_name) return
  const other = state.tables.conversation.firstBy('name', nameKey(chat_service_sid, params.unique_name))
  if (other && other.sid !== own?.sid) {
    refuse('conversation.unique_name_taken', `Conversation with unique name '${params.unique_name}' already exists`)
  }
}

function refuseState(to: string): never {
  return refuse('invalid', `State cannot be set to '${to}': only active, inactive and closed can`)
}

function isOnlyState(params: UpdateConversation): boolean {
  return columns.every((column) => column === 'state' || params[column] === undefined)
}

const columns = [
  'friendly_name',
  'unique_name',
  'attributes',
  'messaging_service_sid',
  'state',
  'timers_inactive',
  'timers_closed',
  'bindings_email_address',
  'bindings_email_name',
  'date_created',
  'date_updated'
] as const satisfies readonly (keyof ConversationParams)[]
