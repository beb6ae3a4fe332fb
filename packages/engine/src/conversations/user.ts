import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { checkLength, cleared } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { serviceOf } from './configuration.ts'
import { emitUser, emitUserRemoved } from './events.ts'
import { checkedAttributes, checkRole, given, maxAttributes, type ServiceScope, userOf } from './lookup.ts'
import type { Origin } from './origin.ts'
import { dropParticipant } from './participant.ts'
import type { UserRow } from './rows.ts'

interface UserParams {
  readonly friendly_name?: string
  readonly attributes?: string
  readonly role_sid?: string
}

export function createUser(
  state: State,
  params: UserParams & { readonly identity: string } & ServiceScope & Origin
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
    attributes: checkedAttributes(params.attributes, maxAttributes) ?? '{}'
  })
  emitUser(state, 'user.added', user, params)
  return { user }
}

export function updateUser(
  state: State,
  params: UserParams & { readonly sid: string } & ServiceScope & Origin
): { user: UserRow } {
  const before = userOf(state, params.sid, params)
  checkLength(params.friendly_name, 'FriendlyName', 256)
  const { role_sid } = params
  const user = state.change('user', before.sid, {
    ...given({
      friendly_name: cleared(params.friendly_name),
      attributes: checkedAttributes(params.attributes, maxAttributes),
      role_sid: role_sid ? checkRole(state, before.chat_service_sid, role_sid, 'service') : undefined
    })
  })
  emitUser(state, 'user.updated', user, params)
  return { user }
}

/** Removes a user and takes it out of every conversation that is not closed; closed ones keep their roster. */
export function deleteUser(
  state: State,
  params: { readonly sid: string } & ServiceScope & Origin
): Record<string, never> {
  const user = userOf(state, params.sid, params)
  const key = nameKey(user.chat_service_sid, user.identity)
  for (const participant of [...state.tables.participant.by('identity', key)])
    dropParticipant(state, participant, params)
  state.remove('user', user.sid)
  emitUserRemoved(state, user)
  return {}
}
