import type { OperationId } from '@ringdown/contract/generated/operations'
import { permissions } from '@ringdown/contract/generated/permissions'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import type { Permission, Role, Scope } from '@ringdown/contract/permissions'
import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { isOpen } from '@ringdown/engine/matching/row-values'
import { allowsRight, type Caller, type HeldRole, type RoleStanding } from '../access/caller.ts'
import { eventReader } from '../access/event-sight.ts'
import { missingRight, unknownCaller } from '../access/refusals.ts'
import { Sight, teamOf } from '../access/sight.ts'
import { forbiddenMember } from '../access/worker-attributes.ts'
import { chatMay } from './conversations/chat-permission.ts'
import type { AnyCall, AnyHandler, Context } from './handler.ts'
import { subjectsOf } from './subjects.ts'

/** A call as somebody may make it. */
interface Permitted {
  readonly call: AnyCall
  readonly context: Context
  /** Of others' rows just what tells them apart. */
  readonly isNames?: boolean
}

/** A call of somebody who has roles, and what decides about it. */
export interface Asked {
  readonly operation: Operation
  readonly permission: Permission
  readonly caller: Caller
  readonly standing: RoleStanding
  readonly call: AnyCall
  readonly context: Context
}

/** Answers a call as its caller may make it; at once where nothing has to be looked up. */
type Guard = (caller: Caller, call: AnyCall, context: Context) => Permitted | Promise<Permitted>

/** Whether somebody might do an operation at all, on some row. Throws as `guardOf` says. */
export function checkRight(operation: Operation, caller: Caller): void {
  const permission = permissionOf(operation)
  const standing = caller.standing() ?? refuse(unknownCaller())
  if (standing.kind === 'standard' && !permission.standard) throw unknownCaller()
  if (standing.kind === 'policy' && !allowsRight(standing.policy, permission.right, !permission.standard))
    throw missingRight(permission.right)
  if (standing.kind === 'roles' && rolesFor(operation, permission, standing).length === 0)
    throw missingRight(permission.right)
}

function permissionOf({ id }: Operation): Permission {
  if (!isKeyOf(permissions, id)) throw new Error(`invariant: ${id} has a permission`)
  return permissions[id]
}

/**
 * Who may make a call, of the operation, and how. Refuses with 403/20403, naming the right that is missing; with 401/20003
 * who may not come in any more.
 */
export function guardOf(operation: Operation): Guard {
  const permission = permissionOf(operation)
  return (caller, call, context) => {
    const standing = caller.standing()
    if (standing?.kind === 'everything' && (!permission.rows || caller.actor === undefined)) return { call, context }
    checkRight(operation, caller)
    if (standing?.kind === 'roles') return firstPermitted({ operation, permission, caller, standing, call, context })
    return { call, context: permission.rows ? seeing(context, undefined, caller) : context }
  }
}

/** By the first of somebody's roles that suffices; refused in the words of the first that does not. */
async function firstPermitted(asked: Asked): Promise<Permitted> {
  const { operation, permission, standing } = asked
  let refusal: unknown
  for (const acting of rolesFor(operation, permission, standing)) {
    try {
      return await asRole(asked, acting)
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}

const width: readonly Scope[] = ['all', 'team', 'own', 'names']

function rolesFor({ product, id }: Operation, { scopes }: Permission, { roles }: RoleStanding) {
  const found: Acting[] = []
  for (const { role, isTaskRouter } of roles) {
    const scope = scopes[role]
    // Who is let in by a grant of one product is let in to that.
    if (scope === undefined || (isTaskRouter && product !== 'taskrouter' && !ofFloor.has(id))) continue
    found.push({ role, isTaskRouter, scope })
  }
  return found.sort((a, b) => width.indexOf(a.scope) - width.indexOf(b.scope))
}

/** Operations beside TaskRouter's that are about its workers and tasks. */
const ofFloor: ReadonlySet<string> = new Set<OperationId>([
  'ringdown_v1.ListEvent',
  'ringdown_v1.FetchTaskExplanation',
  'ringdown_v1.FetchWorkerExplanation',
  'ringdown_v1.FetchReservationWrapUp',
  'ringdown_v1.UpdateReservationWrapUp',
  'ringdown_v1.FetchClock',
  'iam_v1.CreateTokenValidation'
])

/** A role that somebody has, and how far it reaches. */
interface Acting extends HeldRole {
  readonly scope: Scope
}

async function asRole(asked: Asked, { role, isTaskRouter, scope }: Acting): Promise<Permitted> {
  const { operation, permission, caller, standing, call: given, context } = asked
  const { right } = permission
  const { state } = context
  const call = role === 'chat' ? inService(operation, standing, given, state) : given
  checkParameters(permission, role, call)
  // An administrator is one of all workspaces, but by a grant, which names its own.
  if (role !== 'admin' || isTaskRouter) checkWorkspace(operation, permission, standing, call)
  const team = scope === 'team' ? teamOf(state, standing) : undefined
  const isAll = scope === 'all' || (scope === 'team' && team === undefined)
  const sight = new Sight(state, standing, team)
  const subjects = subjectsOf(operation, call)
  const isNames = scope === 'names' && !(await seesAll(subjects, sight, context))
  if (!isAll && scope !== 'names' && !(permission.rows && subjects.length === 0)) {
    if (!(await seesAll(subjects, sight, context))) throw missingRight(right, ` in the scope ${scopeWords[scope]}`)
  }
  if (role === 'agent' || role === 'supervisor') checkAttributes(asked, role)
  if (role === 'chat') await chatMay(asked)
  if (role === 'supervisor' || role === 'admin') context.exchange?.actsFor(workerOf(operation, standing, call, state))
  return {
    call: signed(operation, standing, call),
    context: permission.rows ? seeing(context, isAll ? undefined : sight, caller) : context,
    isNames
  }
}

const scopeWords: Readonly<Record<Scope, string>> = {
  all: 'of all',
  team: 'of the own team',
  own: 'of the own',
  names: 'of names'
}

/** Whether there is something that a call is about, and all of it may be seen. */
async function seesAll(subjects: ReturnType<typeof subjectsOf>, sight: Sight, context: Context): Promise<boolean> {
  if (subjects.length === 0) return false
  for (const subject of subjects) if (!(await subject(sight, context))) return false
  return true
}

function checkParameters({ right, parameters }: Permission, role: Role, { params }: AnyCall): void {
  const allowed = parameters?.[role]
  const other = allowed && Object.keys(params).find((name) => params[name] !== undefined && !allowed.includes(name))
  if (other !== undefined) throw missingRight(right, ` for the parameter ${other}`)
}

/** The worker whose work somebody else changes: the one that is named, or who has what is named. */
function workerOf(
  { resource }: Operation,
  { worker_sid: own }: RoleStanding,
  { path }: AnyCall,
  state: State
): string | undefined {
  const sid = String(path.sid ?? '')
  const holder = () => {
    if (resource === 'worker') return sid
    if (/_reservation$/.test(resource)) return state.find('reservation', sid)?.worker_sid
    if (resource !== 'task') return path.worker_sid === undefined ? undefined : String(path.worker_sid)
    return [...state.tables.reservation.by('task_sid', sid)].find(isOpen)?.worker_sid
  }
  const found = holder()
  return found === own ? undefined : found
}

/** Nobody makes itself better, or part of another team. */
function checkAttributes({ operation, permission, standing, call, context }: Asked, role: Role): void {
  const { path, params } = call
  if (operation.id !== 'taskrouter_v1.UpdateWorker' || params.attributes === undefined) return
  const worker = context.state.find('worker', String(path.sid))
  const isOwn = role === 'agent' || path.sid === standing.worker_sid
  const name = worker && forbiddenMember(worker.attributes, String(params.attributes), isOwn)
  if (name !== undefined) throw missingRight(permission.right, ` for the attribute ${name}`)
}

/** Who is let in to a workspace is in no other. */
function checkWorkspace(
  { resource }: Operation,
  { right }: Permission,
  standing: RoleStanding,
  { path }: AnyCall
): void {
  const asked = resource === 'workspace' ? path.sid : path.workspace_sid
  if (asked !== undefined && asked !== standing.workspace_sid) throw missingRight(right, ' in that Workspace')
}

/** At the root, too, a customer is in the service of its grant alone: in others somebody else may have its identity. */
function inService({ product, resource }: Operation, standing: RoleStanding, call: AnyCall, state: State): AnyCall {
  const { path } = call
  const isOfService = product === 'conversations' || resource.startsWith('conversation_')
  const chat_service_sid = standing.chat_service_sid ?? defaultServiceSid(state)
  if (!isOfService || path.chat_service_sid !== undefined || chat_service_sid === undefined) return call
  return { ...call, path: { ...path, chat_service_sid } }
}

/** What somebody writes is by whom it is, and reaches webhooks as what a person does (reference conversations 17.2). */
function signed({ resource, verb }: Operation, { identity }: RoleStanding, call: AnyCall): AnyCall {
  if (verb === 'fetch' || verb === 'list' || identity === undefined || !/conversation/.test(resource)) return call
  const origin = { source: 'SDK', client_identity: identity, x_twilio_webhook_enabled: true }
  return { ...call, params: { ...call.params, ...origin, ...signature(resource, verb, identity) } }
}

/** How what somebody writes says by whom it is. */
function signature(resource: string, verb: Operation['verb'], identity: string): object {
  if (/conversation_(?:message|note)$/.test(resource)) return verb === 'create' ? { author: identity } : {}
  return /^conversation_(?:typing|viewing)$/.test(resource) ? { identity } : {}
}

/** The context in which lists leave out what may not be seen; the log is followed for longer than a look takes. */
function seeing(context: Context, sight: Sight | undefined, caller: Caller): Context {
  const reader = eventReader(caller, () => context.state)
  return Object.create(context, { sight: { value: sight }, reader: { value: reader } }) as Context // what it has besides is as it was
}

/** What a handler answers to a call that is permitted. */
export function answered(handler: AnyHandler, { call, context, isNames }: Permitted): unknown {
  const answer = handler(call, context)
  if (!isNames) return answer
  return answer instanceof Promise ? answer.then(namesOf) : namesOf(answer)
}

/** Rows, or a page of them, without what is nobody else's business. */
function namesOf(answer: unknown): unknown {
  if (!isJsonObject(answer)) throw new Error('invariant: what has names is a row, or a page of them')
  return Array.isArray(answer.items) ? { ...answer, items: answer.items.map(named) } : named(answer)
}

type Row = Readonly<Record<string, unknown>>

const shown = [
  'sid',
  'account_sid',
  'workspace_sid',
  'friendly_name',
  'activity_sid',
  'activity_name',
  'available',
  'version'
]

function named(row: Row): Row {
  const names = Object.fromEntries(shown.flatMap((name) => (name in row ? [[name, row[name]]] : [])))
  return 'attributes' in row ? { ...names, attributes: '{}' } : names
}

function refuse(error: Error): never {
  throw error
}
