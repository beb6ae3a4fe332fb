import { refuse } from '../refusals.ts'
import { cleared } from '../routing/lookup.ts'
import { nameKey } from '../routing/rows.ts'
import type { State } from '../state/state.ts'
import { emitUser, emitUserRemoved } from './events.ts'
import { checkedAttributes, checkLength, checkRole, given, mostAttributes, type Place, userOf } from './lookup.ts'
import type { Origin } from './origin.ts'
import { dropParticipant } from './participant.ts'
import type { UserRow } from './rows.ts'
import { serviceOf } from './service.ts'

interface UserParams {
  readonly friendly_name?: string
  readonly attributes?: string
  readonly role_sid?: string
}

export function createUser(
  state: State,
  params: UserParams & { readonly identity: string } & Place & Origin
): { user: UserRow } {
  const service = serviceOf(state, params.chat_service_sid)
  const { identity } = params
  if (identity === '') refuse('invalid', 'Identity of a User must not be empty')
  checkLength(identity, 'Identity', 256)
  checkLength(params.friendly_name, 'FriendlyName', 256)
  if (state.tables.user.firstBy('identity', nameKey(service.sid, identity))) {
    refuse('user.exists', `User with identity '${identity}' already exists in Service ${service.sid}`)
  }
  const user = state.insert('user', {
    chat_service_sid: service.sid,
    role_sid: params.role_sid
      ? checkRole(state, service.sid, params.role_sid, 'service')
      : service.default_chat_service_role_sid,
    identity,
    friendly_name: params.friendly_name || null,
    attributes: checkedAttributes(params.attributes, mostAttributes) ?? '{}'
  })
  emitUser(state, 'user.added', user, params)
  return { user }
}

/**
 * The user of an identity, made when it is the first time that the service hears of it (reference conversations 7.4,
 * rule 5). The commit layer has fetched the user for the command when there is one (`needs.ts`).
 */
export function ensureUser(state: State, chat_service_sid: string, identity: string, origin: Origin): UserRow {
  const present = state.tables.user.firstBy('identity', nameKey(chat_service_sid, identity))
  if (present) return present
  const user = state.insert('user', {
    chat_service_sid,
    role_sid: state.get('chat_service', chat_service_sid).default_chat_service_role_sid,
    identity,
    friendly_name: null,
    attributes: '{}'
  })
  emitUser(state, 'user.added', user, origin)
  return user
}

export function updateUser(
  state: State,
  params: UserParams & { readonly sid: string } & Place & Origin
): { user: UserRow } {
  const before = userOf(state, params.sid, params)
  checkLength(params.friendly_name, 'FriendlyName', 256)
  const { role_sid } = params
  const user = state.change('user', before.sid, {
    ...given({
      friendly_name: cleared(params.friendly_name),
      attributes: checkedAttributes(params.attributes, mostAttributes),
      role_sid: role_sid ? checkRole(state, before.chat_service_sid, role_sid, 'service') : undefined
    })
  })
  emitUser(state, 'user.updated', user, params)
  return { user }
}

/** Removes a user and takes it out of every conversation that is not closed; closed ones keep their roster. */
export function deleteUser(state: State, params: { readonly sid: string } & Place & Origin): Record<string, never> {
  const user = userOf(state, params.sid, params)
  const key = nameKey(user.chat_service_sid, user.identity)
  for (const participant of [...state.tables.participant.by('identity', key)])
    dropParticipant(state, participant, params)
  state.remove('user', user.sid)
  emitUserRemoved(state, user)
  return {}
}
