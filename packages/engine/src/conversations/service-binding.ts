import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { nameKey } from '../core/names.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { serviceOf } from './configuration.ts'
import { ensureUser } from './identity.ts'
import { defaultServiceSid } from './lookup.ts'
import type { Origin } from './origin.ts'
import { userReads } from './reads.ts'
import type { ServiceBindingRow } from './rows.ts'

export interface RegisterBinding {
  readonly chat_service_sid: string
  readonly identity: string
  readonly binding_type: ServiceBindingRow['binding_type']
  /** Names the device: who registers it again moves the binding. */
  readonly endpoint: string
  readonly credential_sid?: string
  readonly message_types?: readonly string[]
}

const bySdk: Origin = { source: 'SDK' }

/**
 * Keeps where a user can be reached by push. The API has no operation for it: the SDK does it over its socket, which is
 * the caller of this (reference conversations 4.7).
 */
export function registerBinding(state: State, params: RegisterBinding): { service_binding: ServiceBindingRow } {
  const { sid: chat_service_sid } = serviceOf(state, params.chat_service_sid)
  const { identity, binding_type, endpoint, message_types = [] } = params
  if (identity === '' || endpoint === '') refuse('invalid', 'A Binding needs an Identity and an Endpoint')
  checkLength(identity, 'Identity', 256)
  checkLength(endpoint, 'Endpoint', 2048)
  const credential_sid = credentialFor(state, params)
  const { sid: user_sid } = ensureUser(state, chat_service_sid, identity, bySdk)
  const columns = { chat_service_sid, user_sid, identity, binding_type, endpoint, credential_sid, message_types }
  const before = state.tables.service_binding.firstBy('endpoint', endpointKey(params, chat_service_sid))
  const service_binding = before
    ? state.change('service_binding', before.sid, columns)
    : state.insert('service_binding', columns)
  return { service_binding }
}

export function registerBindingReads(params: RegisterBinding, state: State): readonly Read[] {
  const { chat_service_sid, binding_type, endpoint, identity } = params
  const users = userReads(state, identity, chat_service_sid || defaultServiceSid(state))
  if (state.tables.service_binding.firstBy('endpoint', endpointKey(params, chat_service_sid))) return users
  return [...users, { kind: 'service_binding', where: { chat_service_sid, binding_type, endpoint } }]
}

export function deleteBinding(
  state: State,
  { chat_service_sid, sid }: { readonly chat_service_sid: string; readonly sid: string }
): Record<string, never> {
  const row = state.tables.service_binding.find(sid)
  if (row?.chat_service_sid !== chat_service_sid) notFound(`/Services/${chat_service_sid}/Bindings/${sid}`)
  state.remove('service_binding', sid)
  return {}
}

export function deleteBindingReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return state.tables.service_binding.find(sid) ? [] : [{ kind: 'service_binding', where: { sid } }]
}

function endpointKey({ binding_type, endpoint }: RegisterBinding, chat_service_sid: string): string {
  return nameKey(chat_service_sid, `${binding_type} ${endpoint}`)
}

/** A push service needs a credential of its type; a socket has none. */
function credentialFor(state: State, { binding_type, credential_sid }: RegisterBinding): string | null {
  if (binding_type === 'twilsock') return null
  const credential = state.tables.credential.find(credential_sid)
  if (credential?.type === binding_type) return credential.sid
  return refuse('invalid', `Value '${credential_sid ?? ''}' is not a Credential of type ${binding_type}`)
}
