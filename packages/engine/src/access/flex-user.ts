import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { foldedName } from '../core/names.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type FlexUserRow, type UserRole, userRoles } from './rows.ts'
import { endSessions } from './session.ts'

export interface FlexUserParams {
  readonly username?: string
  readonly email?: string
  readonly full_name?: string
  readonly locale?: string
  readonly roles?: readonly string[]
  /** "" for none. */
  readonly worker_sid?: string
  readonly user_sid?: string
  /** A hash. */
  readonly password?: string
  readonly subject?: string
}

/** Lets somebody sign in. Names are one whatever their case; a worker is the work of one user. */
export function createFlexUser(
  state: State,
  params: FlexUserParams & { readonly username: string }
): { flex_user: FlexUserRow } {
  const flex_user = state.insert('flex_user', {
    account_sid: state.account_sid,
    email: null,
    full_name: null,
    locale: null,
    roles: ['agent'],
    worker_sid: null,
    workspace_sid: null,
    user_sid: null,
    flex_team_sid: null,
    password: null,
    subject: null,
    ...changesOf(state, params)
  } as Omit<FlexUserRow, 'sid' | 'seq' | 'version' | 'date_created' | 'date_updated'>) // a user has a name
  state.emit('ringdown.flex-user.created', { flex_user })
  return { flex_user }
}

/** Changes a user. Whoever has another role or another password from now on signs in anew. */
export function updateFlexUser(
  state: State,
  { sid, ...params }: FlexUserParams & { readonly sid: string }
): { flex_user: FlexUserRow } {
  const before = flexUserOf(state, sid)
  const flex_user = state.change('flex_user', sid, changesOf(state, params, before))
  state.emit('ringdown.flex-user.updated', { flex_user })
  if (params.password !== undefined) endSessions(state, sid, 'password')
  return { flex_user }
}

export function deleteFlexUser(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const flex_user = flexUserOf(state, sid)
  endSessions(state, sid, 'deleted')
  for (const link of [...state.tables.setup_link.by('flex_user_sid', sid)]) state.remove('setup_link', link.sid)
  state.remove('flex_user', sid)
  state.emit('ringdown.flex-user.deleted', { flex_user })
  return {}
}

export function flexUserOf(state: State, sid: string): FlexUserRow {
  return state.tables.flex_user.find(sid) ?? notFound(`/Users/${sid}`)
}

type Changes = { -readonly [C in keyof FlexUserRow]?: FlexUserRow[C] }

function changesOf(state: State, params: FlexUserParams, before?: FlexUserRow): Changes {
  const { username, email, full_name, locale, roles, worker_sid, user_sid, password, subject } = params
  const changes: Changes = {}
  if (username !== undefined || !before) changes.username = nameOf(state, username ?? '', before)
  for (const [name, value] of Object.entries({ email, full_name, locale, user_sid, password, subject })) {
    checkLength(value, name, 256)
    if (value !== undefined) Object.assign(changes, { [name]: value === '' ? null : value })
  }
  if (roles !== undefined) changes.roles = rolesOf(roles)
  if (worker_sid !== undefined) Object.assign(changes, workOf(state, worker_sid, before))
  return changes
}

function nameOf(state: State, username: string, before: FlexUserRow | undefined): string {
  if (username.trim() === '') refuse('invalid', 'Username must not be empty')
  checkLength(username, 'Username', 128)
  const other = state.tables.flex_user.firstBy('username', foldedName(username))
  if (other && other.sid !== before?.sid) refuse('conflict', `The Username '${username}' is taken`)
  return username
}

function rolesOf(roles: readonly string[]): readonly UserRole[] {
  if (roles.length === 0) refuse('invalid', 'A user has at least one of the Roles agent, supervisor, admin')
  return [...new Set(roles.map((role) => oneOf(userRoles, role, 'Roles')))]
}

function workOf(state: State, worker_sid: string, before: FlexUserRow | undefined) {
  if (worker_sid === '') return { worker_sid: null, workspace_sid: null }
  const worker = state.tables.worker.find(worker_sid)
  if (!worker) return refuse('invalid', `Worker ${worker_sid} does not exist`)
  const other = state.tables.flex_user.firstBy('worker_sid', worker_sid)
  if (other && other.sid !== before?.sid) refuse('conflict', `User ${other.sid} does the work of ${worker_sid} already`)
  return { worker_sid, workspace_sid: worker.workspace_sid }
}
