import { InvalidRequest } from '@ringdown/contract/form'
import type { OperationId } from '@ringdown/contract/generated/operations'
import { permissions } from '@ringdown/contract/generated/permissions'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import type { Permission, Role, Scope } from '@ringdown/contract/permissions'
import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { isOpen } from '@ringdown/engine/matching/row-values'
import { type MaybePromise, whenThere } from '../access/at-once.ts'
import { allowsRight, type Caller, type HeldRole, type RoleStanding, type Standing } from '../access/caller.ts'
import { eventReader, readAccountOf } from '../access/event-sight.ts'
import { missingRight, unknownCaller } from '../access/refusals.ts'
import { Sight, teamOf } from '../access/sight.ts'
import { forbiddenMember } from '../access/worker-attributes.ts'
import { chatMay, isJoining } from './conversations/chat-permission.ts'
import type { AnyCall, AnyHandler, Context } from './handler.ts'
import { subjectsIn } from './subjects.ts'

/** A call as somebody may make it. */
export interface Permitted {
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
  /** What calls of the operation are about. */
  readonly subjectsOf: ReturnType<typeof subjectsIn>
  /** The worker whose work a call of the operation changes. */
  readonly workerOf: WorkerOf
  readonly sign: Sign
}

/** Answers a call as its caller may make it; at once where nothing has to be looked up. */
type Guard = (caller: Caller, call: AnyCall, context: Context) => MaybePromise<Permitted>

/** Whether somebody might do an operation at all, on some row. Throws as `guardOf` says. */
export function checkRight(operation: Operation, caller: Caller): void {
  const permission = permissionOf(operation)
  const standing = caller.standing()
  checkStanding(permission, standing)
  if (standing.kind === 'roles' && rolesFor(operation, permission, standing).length === 0)
    throw missingRight(permission.right)
}

function checkStanding(permission: Permission, standing: Standing | undefined): asserts standing is Standing {
  if (!standing) throw unknownCaller()
  if (standing.kind === 'standard' && !permission.standard) throw unknownCaller()
  if (standing.kind === 'policy' && !allowsRight(standing.policy, permission.right, !permission.standard))
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
  // A token's standing is one object as long as nothing that it follows from has changed.
  const acting = new WeakMap<RoleStanding, readonly Acting[]>()
  const [subjectsOf, workerOf, sign] = [subjectsIn(operation), workerIn(operation), signatureIn(operation)]
  return (caller, call, context) => {
    const standing = caller.standing()
    if (standing?.kind === 'everything' && (!permission.rows || caller.actor === undefined)) return { call, context }
    checkStanding(permission, standing)
    if (standing.kind !== 'roles')
      return { call, context: permission.rows ? seeing(context, undefined, caller) : context }
    let roles = acting.get(standing)
    if (!roles) {
      roles = rolesFor(operation, permission, standing)
      acting.set(standing, roles)
    }
    if (roles.length === 0) throw missingRight(permission.right)
    return firstPermitted({ operation, permission, caller, standing, call, context, subjectsOf, workerOf, sign }, roles)
  }
}

/** By the first of somebody's roles that suffices; refused in the words of the first that does not. */
function firstPermitted(asked: Asked, roles: readonly Acting[], at = 0, refusal?: unknown): MaybePromise<Permitted> {
  const role = roles[at]
  if (!role) throw refusal
  const next = (error: unknown) => firstPermitted(asked, roles, at + 1, refusal ?? error)
  try {
    const permitted = asRole(asked, role)
    return permitted instanceof Promise ? permitted.catch(next) : permitted
  } catch (error) {
    return next(error)
  }
}

const width: readonly Scope[] = ['all', 'team', 'own', 'names']

function rolesFor({ product, id }: Operation, { scopes }: Permission, { roles, webchat }: RoleStanding) {
  const found: Acting[] = []
  for (const { role, isTaskRouter } of roles) {
    const scope = scopes[role]
    // Who is let in by a grant of one product is let in to that.
    if (scope === undefined || (isTaskRouter && product !== 'taskrouter' && !ofFloor.has(id))) continue
    if (webchat && !ofWebchat.has(id)) continue
    found.push({ role, isTaskRouter, scope })
  }
  return found.sort((a, b) => width.indexOf(a.scope) - width.indexOf(b.scope))
}

/** What a customer on a page may do, of what the roles of Conversations permit: all of it is in its one conversation. */
const ofWebchat: ReadonlySet<string> = new Set<OperationId>([
  'conversations_v1.FetchConversation',
  'conversations_v1.FetchServiceConversation',
  'conversations_v1.ListConversationMessage',
  'conversations_v1.ListServiceConversationMessage',
  'conversations_v1.FetchConversationMessage',
  'conversations_v1.FetchServiceConversationMessage',
  'conversations_v1.CreateConversationMessage',
  'conversations_v1.CreateServiceConversationMessage',
  'conversations_v1.ListConversationParticipant',
  'conversations_v1.ListServiceConversationParticipant',
  'conversations_v1.FetchUserConversation',
  'conversations_v1.FetchServiceUserConversation',
  'conversations_v1.UpdateUserConversation',
  'conversations_v1.UpdateServiceUserConversation',
  'mcs_v1.CreateMedia',
  'mcs_v1.FetchMedia',
  'mcs_v1.FetchMediaContent',
  'ringdown_v1.UpdateConversationTyping',
  'ringdown_v1.ListEvent',
  'ringdown_v1.FetchClock'
])

/** Operations beside TaskRouter's that are about its workers and tasks. */
const ofFloor: ReadonlySet<string> = new Set<OperationId>([
  'ringdown_v1.ListEvent',
  'ringdown_v1.FetchTaskExplanation',
  'ringdown_v1.FetchWorkerExplanation',
  'ringdown_v1.FetchReservationWrapUp',
  'ringdown_v1.UpdateReservationWrapUp',
  'ringdown_v1.ListWorkerParkedContact',
  'ringdown_v1.CreateWorkerParkedContact',
  'ringdown_v1.FetchWorkerParkedContact',
  'ringdown_v1.UpdateWorkerParkedContact',
  'ringdown_v1.FetchTaskCall',
  'ringdown_v1.UpdateTaskCall',
  'ringdown_v1.FetchTaskRecordings',
  'ringdown_v1.ListWorkspaceCall',
  'ringdown_v1.FetchWorkspaceRecordings',
  'ringdown_v1.UpdateWorkerSupervision',
  'ringdown_v1.FetchClock',
  'ringdown_v1.FetchInsightQuery',
  'ringdown_v1.CreateInsightQuery',
  'ringdown_v1.ListInsightMetric',
  'ringdown_v1.FetchWorkspaceBoard',
  'ringdown_v1.FetchWorkspaceBreaches',
  'ringdown_v1.FetchWorkspaceSeries',
  'iam_v1.CreateTokenValidation'
])

/** A role that somebody has, and how far it reaches. */
interface Acting extends HeldRole {
  readonly scope: Scope
}

function asRole(asked: Asked, { role, isTaskRouter, scope }: Acting): MaybePromise<Permitted> {
  const { operation, permission, caller, standing, call: given, context, workerOf, sign } = asked
  const { state } = context
  const call = role === 'chat' ? inService(operation, standing, given, state) : given
  checkParameters(permission, role, call)
  // An administrator is one of all workspaces, but by a grant, which names its own.
  if (role !== 'admin' || isTaskRouter) checkWorkspace(operation, permission, standing, call)
  const team = scope === 'team' ? teamOf(state, standing) : undefined
  const isAll = scope === 'all' || (scope === 'team' && team === undefined)
  // Who sees everything needs no look.
  const sight = isAll ? undefined : new Sight(state, standing, team)
  const permitted = (isNames: boolean): Permitted => {
    if (role === 'agent' || role === 'supervisor') checkAttributes(asked, role)
    if (role === 'supervisor' || role === 'admin') {
      const worker_sid = workerOf(call, state)
      if (worker_sid !== standing.worker_sid) context.exchange?.actsFor(worker_sid)
    }
    return {
      call: sign(standing, call),
      context: permission.rows ? seeing(context, sight, caller) : context,
      isNames
    }
  }
  const seen = sight ? scopeSeen(asked, { role, scope, sight, call }) : true
  if (role !== 'chat') return whenThere(seen, (isSeen) => permitted(!isSeen))
  return Promise.resolve(seen)
    .then(() => chatMay(asked))
    .then(() => {
      checkPace(asked)
      return permitted(false)
    })
}

/** A customer on a page says no more, and no faster, than its deployment lets it, whichever way it says it. */
function checkPace({ operation: { resource, verb }, standing: { webchat }, call: { params }, context }: Asked): void {
  if (!webchat || (verb !== 'create' && verb !== 'update')) return
  const { message_bytes } = webchat.limits
  if (typeof params.body === 'string' && Buffer.byteLength(params.body) > message_bytes)
    throw new InvalidRequest(`Parameter Body is invalid: at most ${message_bytes} bytes are allowed`, 'Body')
  const what = /conversation_message$/.test(resource) ? 'message' : 'sign'
  if (/^media/.test(resource)) return
  const seconds = context.admission?.webchats.take(what, webchat) ?? 0
  if (seconds > 0)
    throw new InvalidRequest(`Too many at once: try again in ${seconds} s`, null, { status: 429, code: 20429 })
}

/** Whether all that a call is about is seen; false where just its names are. Refuses what is out of the scope. */
function scopeSeen(
  asked: Asked,
  { role, scope, sight, call }: Pick<Acting, 'role' | 'scope'> & { readonly sight: Sight; readonly call: AnyCall }
): MaybePromise<boolean> {
  const { permission, context, subjectsOf } = asked
  const subjects = subjectsOf(call)
  if (scope === 'names') return seesAll(subjects, sight, context)
  if (permission.rows && subjects.length === 0) return true
  return whenThere<boolean, boolean>(seesAll(subjects, sight, context), (isSeen) => {
    if (isSeen) return true
    const refusal = missingRight(permission.right, ` in the scope ${scopeWords[scope]}`)
    if (role !== 'chat') throw refusal
    return isJoining(asked).then((is) => is || refuse(refusal))
  })
}

const scopeWords: Readonly<Record<Scope, string>> = {
  all: 'of all',
  team: 'of the own team',
  own: 'of the own',
  names: 'of names'
}

/** Whether there is something that a call is about, and all of it may be seen; at once where memory says so. */
function seesAll(subjects: ReturnType<Asked['subjectsOf']>, sight: Sight, context: Context): MaybePromise<boolean> {
  let all: MaybePromise<boolean> = subjects.length > 0
  for (const subject of subjects) {
    if (all === false) return false
    all = whenThere<boolean, boolean>(all, (isSeen) => isSeen && subject(sight, context))
  }
  return all
}

function checkParameters({ right, parameters }: Permission, role: Role, { params }: AnyCall): void {
  const allowed = parameters?.[role]
  const other = allowed && Object.keys(params).find((name) => params[name] !== undefined && !allowed.includes(name))
  if (other !== undefined) throw missingRight(right, ` for the parameter ${other}`)
}

type WorkerOf = (call: AnyCall, state: State) => string | undefined

/** The worker whose work a call changes: the one that is named, or who has what is named. */
function workerIn({ resource }: Operation): WorkerOf {
  const textIn = (value: unknown) => (value === undefined ? undefined : String(value))
  // What is made has no SID yet.
  if (resource === 'worker') return ({ path }) => textIn(path.sid)
  if (/_reservation$/.test(resource))
    return ({ path }, state) => state.find('reservation', textIn(path.sid))?.worker_sid
  if (resource === 'task') return ({ path }, state) => holderOf(textIn(path.sid), state)
  return ({ path }) => textIn(path.worker_sid)
}

function holderOf(task_sid: string | undefined, state: State): string | undefined {
  if (task_sid === undefined) return undefined
  for (const reservation of state.tables.reservation.by('task_sid', task_sid))
    if (isOpen(reservation)) return reservation.worker_sid
  return undefined
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

type Sign = (standing: RoleStanding, call: AnyCall) => AnyCall

/** What somebody writes is by whom it is, and reaches webhooks as what a person does (reference conversations 17.2). */
function signatureIn({ resource, verb }: Operation): Sign {
  if (verb === 'fetch' || verb === 'list') return (_standing, call) => call
  if (/^media(?:_import)?$/.test(resource) && verb === 'create')
    return ({ identity }, call) =>
      identity === undefined ? call : { ...call, params: { ...call.params, author: identity } }
  if (!/conversation/.test(resource)) return (_standing, call) => call
  return ({ identity }, call) => {
    if (identity === undefined) return call
    const origin = { source: 'SDK', client_identity: identity, x_twilio_webhook_enabled: true }
    return { ...call, params: { ...call.params, ...origin, ...signature(resource, verb, identity) } }
  }
}

/** How what somebody writes says by whom it is. */
function signature(resource: string, verb: Operation['verb'], identity: string): object {
  if (/conversation_(?:message|note)$/.test(resource)) return verb === 'create' ? { author: identity } : {}
  if (verb === 'create' && /^(?:service_)?conversation$/.test(resource)) return { created_by: identity }
  return /^conversation_(?:typing|viewing)$/.test(resource) ? { identity } : {}
}

/** The context in which lists leave out what may not be seen; the log is followed for longer than a look takes, and by few. */
function seeing(context: Context, sight: Sight | undefined, caller: Caller): Context {
  const account = readAccountOf(() => context.ledger)
  return context.seenBy(sight, () => eventReader(caller, account))
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
