import type { State } from '../center.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { serviceOf } from './configuration.ts'
import { pathOf, type ServiceScope } from './lookup.ts'
import { checkedPermissions, roleTypeOf } from './permissions.ts'
import type { RoleRow } from './rows.ts'

const maxName = 64

export interface CreateRole extends ServiceScope {
  readonly friendly_name: string
  /** `Type`; a command has its own. */
  readonly role_type: string
  readonly permission: readonly string[]
}

export function createRole(state: State, params: CreateRole): { role: RoleRow } {
  const { sid: chat_service_sid } = serviceOf(state, params.chat_service_sid)
  const { friendly_name, permission } = params
  if (friendly_name.trim() === '') refuse('invalid', 'FriendlyName of a Role must not be empty')
  checkLength(friendly_name, 'FriendlyName', maxName)
  const type = roleTypeOf(params.role_type)
  const permissions = checkedPermissions(type, permission)
  return { role: state.insert('role', { chat_service_sid, friendly_name, type, permissions }) }
}

/** Replaces all permissions (reference conversations 14.1). Whoever has the role is bound by them from now on. */
export function updateRole(
  state: State,
  params: ServiceScope & { readonly sid: string; readonly permission: readonly string[] }
): { role: RoleRow } {
  const before = roleOf(state, params)
  return { role: state.change('role', before.sid, { permissions: checkedPermissions(before.type, params.permission) }) }
}

/**
 * Refuses a role that the service gives by default. Others who have it keep its SID, and it permits nothing any more: they
 * may be in the store only.
 */
export function deleteRole(state: State, params: ServiceScope & { readonly sid: string }): Record<string, never> {
  const { sid, chat_service_sid } = roleOf(state, params)
  const service = state.tables.chat_service.need(chat_service_sid)
  const defaults = [
    service.default_chat_service_role_sid,
    service.default_conversation_creator_role_sid,
    service.default_conversation_role_sid
  ]
  if (defaults.includes(sid)) refuse('conflict', `Role ${sid} is a default role of Service ${chat_service_sid}`)
  state.remove('role', sid)
  return {}
}

function roleOf(state: State, { sid, ...scope }: ServiceScope & { readonly sid: string }): RoleRow {
  const service = serviceOf(state, scope.chat_service_sid)
  const row = state.tables.role.find(sid)
  return row?.chat_service_sid === service.sid ? row : notFound(pathOf(scope, `/Roles/${sid}`))
}
