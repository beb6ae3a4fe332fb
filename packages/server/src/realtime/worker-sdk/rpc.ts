import { InvalidRequest, shown } from '@ringdown/contract/form'
import type { OperationId } from '@ringdown/contract/generated/operations'
import { permissions } from '@ringdown/contract/generated/permissions'
import type { State } from '@ringdown/engine/center'
import { spelled } from '@ringdown/engine/core/enumeration'
import { foldedName, isSameName, nameKey } from '@ringdown/engine/core/names'
import { compile, type Expression } from '@ringdown/engine/matching/expression/compile'
import type { Scope } from '@ringdown/engine/matching/expression/environment'
import { inWorkspace, type ReservationPath, workspaceOf } from '@ringdown/engine/routing/lookup'
import {
  isPutAway,
  type ReservationRow,
  type TaskQueueRow,
  type TaskRow,
  type WorkerRow
} from '@ringdown/engine/routing/rows'
import { checkExpression } from '@ringdown/engine/routing/task-queue'
import { callOfTask } from '@ringdown/engine/voice/queue'
import type { RoleStanding } from '../../access/caller.ts'
import { Sight, seesTask, teamOf } from '../../access/sight.ts'
import { forbiddenMember } from '../../access/worker-attributes.ts'
import type { Exchange } from '../../commit/exchange.ts'
import type { Ledger } from '../../commit/ledger.ts'
import { askedInPieces } from '../../commit/pieces.ts'
import { reservationOf, taskOf, withStored } from '../../commit/put-away.ts'
import type { Access } from './access.ts'
import { type BridgeCall, callParameters, matched, textsOf } from './call.ts'
import { contentsOf, sortingOf } from './contents.ts'
import {
  activityPayload,
  answeredReservation,
  channelLoad,
  channelPayload,
  reservationParents,
  reservationPayload,
  taskParents,
  taskPayload,
  taskQueuePayload,
  transferPayload,
  workerPayload
} from './payload.ts'

/** What a call works with. */
interface Scene {
  readonly call: BridgeCall
  readonly access: Access
  readonly ledger: Ledger
  readonly execute: Ledger['execute']
  readonly exchange: Exchange | undefined
  readonly state: State
  /** Milliseconds. */
  readonly now: number
}

type Path = Readonly<Record<string, string>>
type CallHandler = (path: Path, scene: Scene) => object | Promise<object>

/**
 * Answers a call with its payload. Reads wait until what they show is durable; everything that changes is the command
 * that REST executes, too, and its events follow the answer of `exchange`. Throws what the engine refuses, and
 * InvalidRequest.
 */
export async function answerCall(
  call: BridgeCall,
  access: Access,
  ledger: Ledger,
  { now, exchange }: { readonly now: number; readonly exchange?: Exchange }
): Promise<object> {
  const execute: Ledger['execute'] = (command) => ledger.execute(command, exchange)
  for (const [template, handler] of Object.entries(call.method === 'GET' ? reads : writes)) {
    const path = matched(template, call.path)
    if (!path) continue
    if (path.workspace_sid !== access.workspace_sid) forbid('the token is for another Workspace')
    const scene: Scene = { call, access, ledger, execute, exchange, state: ledger.state, now }
    const payload = await handler(path, scene)
    if (call.method === 'GET') await ledger.settled()
    return payload
  }
  throw new InvalidRequest(`The requested resource /${call.path.join('/')} was not found`, null, {
    status: 404,
    code: 20404
  })
}

const reads: Readonly<Record<string, CallHandler>> = {
  'Workspaces/:workspace_sid/Workers/:sid': (path, { state, access }) =>
    shownWorker(state, found(state, 'worker', path), access),

  'Workspaces/:workspace_sid/TaskQueues/:sid': (path, { state, access }) =>
    shownQueue(state, found(state, 'task_queue', path), access),

  async 'Workspaces/:workspace_sid/Tasks/:sid'(path, scene) {
    await checkTask(scene, path.sid)
    const task = await taskOf(scene.ledger, path.workspace_sid ?? '', path.sid ?? '')
    return taskPayload(scene.state.account_sid, task, taskParents(scene.state, task), scene.now)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Reservations/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    return shownReservation(scene, await reservationOf(scene.ledger, reservationPath(path)))
  },

  'Workspaces/:workspace_sid/Activities'(path, { state, call }) {
    const { friendly_name, available } = callParameters('taskrouter_v1.ListActivity', path, call)
    const rows = [
      ...state.tables.activity.by('workspace_sid', workspaceOf(state, path.workspace_sid ?? '').sid)
    ].filter((row) => isNamed(row, friendly_name) && isAsked(row.available, available))
    return contentsOf(rows, call.params, (row) => activityPayload(state.account_sid, row))
  },

  'Workspaces/:workspace_sid/Workers/:worker_sid/WorkerChannels'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { state, call } = scene
    callParameters('taskrouter_v1.ListWorkerChannel', path, call)
    const rows = [...state.tables.worker_channel.by('worker_sid', ownWorker(state, path).sid)]
    return contentsOf(rows, call.params, (row) => {
      const task_channel = state.find('task_channel', row.task_channel_sid)
      return channelPayload(state.account_sid, row, task_channel, channelLoad(state, row))
    })
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Reservations'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { state, call, ledger } = scene
    const { reservation_status } = callParameters('taskrouter_v1.ListWorkerReservation', path, call)
    const { sid } = ownWorker(state, path)
    const { reservation } = state.tables
    const all = /^(true|1|yes)$/i.test(String(call.params.Active))
      ? reservation.list('open_by_worker', sid)
      : await withStored(ledger, 'reservation', reservation.list('worker_sid', sid), [['worker_sid', '=', sid]])
    const rows = all.filter((row) => isAsked(row.reservation_status, reservation_status))
    const page = contentsOf(rows, call.params, (row) => row)
    return { ...page, contents: await Promise.all(page.contents.map((row) => shownReservation(scene, row))) }
  },

  async 'Workspaces/:workspace_sid/Workers'(path, { state, call, access }) {
    const asked = callParameters('taskrouter_v1.ListWorker', path, call)
    const { workspace_sid = '' } = path
    const activity = namedSid(state, 'activity', workspace_sid, asked.activity_name)
    const queues = [asked.task_queue_sid, namedSid(state, 'task_queue', workspace_sid, asked.task_queue_name)]
      .filter((sid) => sid !== undefined)
      .map((sid) => state.matcher.members(String(sid)))
    const expression = filterOf(asked.target_workers_expression, 'worker', 'TargetWorkersExpression')
    // What an expression finds tells of attributes that are not shown, and so does who is in a queue.
    if (access.role === 'worker' && (expression || queues.length > 0))
      forbid('a worker may not ask for attributes of others')
    const { worker } = state.tables
    const isMeant = (row: WorkerRow) =>
      isNamed(row, asked.friendly_name, foldedName) &&
      isAsked(row.activity_sid, asked.activity_sid) &&
      isAsked(row.activity_sid, activity) &&
      isAsked(state.find('activity', row.activity_sid)?.available ?? false, asked.available) &&
      queues.every((members) => members.has(row.sid))
    const meant = () => [...worker.by('workspace_sid', workspaceOf(state, workspace_sid).sid)].filter(isMeant)
    const suits = expression
      ? await askedInPieces({
          table: worker,
          rows: meant(),
          length: () => expression.source.length,
          test: (row) => expression.matches(undefined, state.matcher.worker(row.sid))
        })
      : () => true
    const rows = meant().filter(suits)
    const ordering = sortingOf<WorkerRow>(
      { DateStatusChanged: 'date_status_changed' },
      'taskrouter_v1.ListWorker',
      path,
      asked
    )
    return contentsOf(rows, call.params, (row) => shownWorker(state, row, access), ordering)
  },

  'Workspaces/:workspace_sid/TaskQueues'(path, { state, call, access }) {
    const asked = callParameters('taskrouter_v1.ListTaskQueue', path, call)
    // The SDK asks for the queues of its own worker.
    if (access.role === 'worker' && asked.worker_sid !== undefined && asked.worker_sid !== access.worker_sid)
      forbid('the queues of another Worker tell of its attributes')
    const queues = asked.worker_sid ? state.matcher.queuesOf(String(asked.worker_sid)) : undefined
    const rows = [
      ...state.tables.task_queue.by('workspace_sid', workspaceOf(state, path.workspace_sid ?? '').sid)
    ].filter((row) => isNamed(row, asked.friendly_name) && (!queues || queues.has(row.sid)))
    const ordering = sortingOf<TaskQueueRow>(
      { DateUpdated: 'date_updated' },
      'taskrouter_v1.ListTaskQueue',
      path,
      asked
    )
    return contentsOf(rows, call.params, (row) => shownQueue(state, row, access), ordering)
  },

  async 'Workspaces/:workspace_sid/Tasks'(path, { state, call, access, ledger, now }) {
    if (access.role === 'worker') forbid('a worker sees only the tasks that it holds')
    const sight = sightOf({ access, state })
    const asked = callParameters('taskrouter_v1.ListTask', path, call)
    const { workspace_sid = '' } = path
    const workflow = namedSid(state, 'workflow', workspace_sid, asked.workflow_name)
    const queue = namedSid(state, 'task_queue', workspace_sid, asked.task_queue_name)
    const statuses: readonly string[] | undefined = asked.assignment_status
    const expression = filterOf(asked.evaluate_task_attributes, 'task', 'EvaluateTaskAttributes')
    const { task } = state.tables
    const isMeant = (row: TaskRow) =>
      isAsked(row.workflow_sid, asked.workflow_sid) &&
      isAsked(row.workflow_sid, workflow) &&
      isAsked(row.task_queue_sid, asked.task_queue_sid) &&
      isAsked(row.task_queue_sid, queue) &&
      isAsked(row.priority, asked.priority) &&
      isAsked(row.routing_target, asked.routing_target) &&
      (sight === undefined || sight.openTask(row.sid, row)) &&
      (statuses === undefined || statuses.includes(row.assignment_status))
    const { sid } = workspaceOf(state, workspace_sid)
    const all = await withStored(ledger, 'task', task.list('workspace_sid', sid), [['workspace_sid', '=', sid]])
    const meant = new Map(all.filter(isMeant).map((row) => [row.sid, row]))
    const suits = expression
      ? await askedInPieces({
          table: meant,
          rows: meant.values(),
          length: () => expression.source.length,
          test: (row) => expression.matches(state.matcher.task(row))
        })
      : () => true
    const rows = [...meant.values()].filter(suits)
    return contentsOf(rows, call.params, (row) => taskPayload(state.account_sid, row, taskParents(state, row), now))
  }
}

const writes: Readonly<Record<string, CallHandler>> = {
  async 'Workspaces/:workspace_sid/Workers/:sid'(path, { call, access, ledger, execute, exchange }) {
    const sight = sightOf({ access, state: ledger.state })
    if (sight && !sight.worker(path.sid ?? ''))
      forbid(access.role === 'worker' ? 'a worker may change only itself' : 'the Worker is of another team')
    const params = callParameters('taskrouter_v1.UpdateWorker', path, call)
    if (access.role !== 'admin') checkWorker(ledger.state, path.sid, params, path.sid === access.worker_sid)
    if (path.sid !== access.worker_sid) exchange?.actsFor(path.sid)
    const { worker } = await execute({ type: 'worker.update', ...params })
    return shownWorker(ledger.state, worker, access)
  },

  async 'Workspaces/:workspace_sid/Tasks'(path, scene) {
    const { call, access, ledger, execute, now } = scene
    const { TaskChannelUniqueName, TaskChannelSid, TaskChannel, ...others } = call.params
    const channel = TaskChannel ?? TaskChannelSid ?? TaskChannelUniqueName
    const own: BridgeCall = { ...call, params: { ...(channel !== undefined && { TaskChannel: channel }), ...others } }
    if (access.role === 'worker' && others.RoutingTarget !== access.worker_sid)
      forbid('a worker may create only tasks whose RoutingTarget it is')
    const params = callParameters('taskrouter_v1.CreateTask', path, own)
    const { task } = await execute({ type: 'task.create', ...params })
    return taskPayload(ledger.account_sid, task, taskParents(ledger.state, task), now)
  },

  async 'Workspaces/:workspace_sid/Tasks/:sid'(path, scene) {
    await checkTask(scene, path.sid)
    const { call, access, ledger, execute, now } = scene
    const params = callParameters('taskrouter_v1.UpdateTask', path, call)
    if (access.role === 'worker') checkParameters('taskrouter_v1.UpdateTask', params, path)
    const { task } = await execute({ type: 'task.update', ...params })
    return taskPayload(ledger.account_sid, task, taskParents(ledger.state, task), now)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Reservations/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, ledger, execute } = scene
    const params = callParameters('taskrouter_v1.UpdateWorkerReservation', path, call)
    const { reservation } = await execute({ type: 'reservation.update', ...params })
    return answeredReservation(ledger.account_sid, reservation, ledger.state.find('worker', reservation.worker_sid))
  },

  async 'Workspaces/:workspace_sid/Tasks/:task_sid/Reservations/:sid'(path, { call, access, ledger, execute }) {
    if (access.role === 'worker') forbid('only supervisors may supervise')
    if (!spelled(['supervise'], call.params.Instruction))
      throw new InvalidRequest('Only Instruction=supervise is possible here', 'Instruction')
    const params = callParameters('taskrouter_v1.UpdateTaskReservation', path, call)
    const { reservation } = await execute({ type: 'reservation.update', ...params })
    return answeredReservation(ledger.account_sid, reservation, ledger.state.find('worker', reservation.worker_sid))
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Transfers'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, access, ledger, execute } = scene
    const { ReservationSid, TaskSid, To, Mode, Priority, Attributes } = textsOf(call)
    const { transfer } = await execute({
      type: 'transfer.create',
      workspace_sid: access.workspace_sid,
      worker_sid: path.worker_sid ?? '',
      reservation_sid: ReservationSid ?? '',
      task_sid: TaskSid ?? '',
      to: To ?? '',
      ...(Mode && { mode: Mode }),
      ...(Priority && { priority: integerOf(Priority, 'Priority') }),
      ...(Attributes && { attributes: Attributes })
    })
    return transferPayload(ledger.account_sid, transfer)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Transfers/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, access, ledger, execute } = scene
    if (!spelled(['canceled'], call.params.TransferStatus))
      throw new InvalidRequest(
        `TransferStatus can only be set to canceled, not '${shown(String(call.params.TransferStatus))}'`,
        'TransferStatus'
      )
    const { transfer } = await execute({
      type: 'transfer.cancel',
      workspace_sid: access.workspace_sid,
      worker_sid: path.worker_sid ?? '',
      sid: path.sid ?? ''
    })
    return transferPayload(ledger.account_sid, transfer)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/CustomerParticipant'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { task_sid, conference_sid } = conferenceOf(scene, scene.call.params.TaskSid)
    await scene.execute({
      type: 'conference_participant.update',
      ...{ conference_sid, call_sid: 'customer' },
      ...holdOf(scene.call.params)
    })
    return taskAnswer(scene, task_sid)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/WorkerParticipant'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, state, execute, ledger } = scene
    const reservation = state.find('reservation', textIn(call.params.ReservationSid))
    if (!reservation || reservation.worker_sid !== path.worker_sid) return noCall()
    const { conference_sid } = conferenceOf(scene, reservation.task_sid)
    const { EndConferenceOnExit, Mute, BeepOnExit } = call.params
    await execute({
      type: 'conference_participant.update',
      ...{ conference_sid, call_sid: callOfWorker(scene, reservation.task_sid, reservation.worker_sid) },
      ...(EndConferenceOnExit !== undefined && { end_conference_on_exit: isTrue(EndConferenceOnExit) }),
      ...(Mute !== undefined && { muted: isTrue(Mute) }),
      ...(BeepOnExit !== undefined && { beep_on_exit: isTrue(BeepOnExit) })
    })
    return answeredReservation(ledger.account_sid, reservation, state.find('worker', reservation.worker_sid))
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/HoldWorkerParticipant'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { TaskSid, TargetWorkerSid } = scene.call.params
    const { task_sid, conference_sid } = conferenceOf(scene, TaskSid)
    await scene.execute({
      type: 'conference_participant.update',
      ...{ conference_sid, call_sid: callOfWorker(scene, task_sid, textIn(TargetWorkerSid)) },
      ...holdOf(scene.call.params)
    })
    return taskAnswer(scene, task_sid)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/KickWorkerParticipant'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { TaskSid, TargetWorkerSid } = scene.call.params
    const { task_sid, conference_sid } = conferenceOf(scene, TaskSid)
    const call_sid = callOfWorker(scene, task_sid, textIn(TargetWorkerSid))
    await scene.execute({ type: 'conference_participant.delete', conference_sid, call_sid })
    return taskAnswer(scene, task_sid)
  }
}

// Calls

function noCall(): never {
  throw new InvalidRequest('There is no call: the task has no conference')
}

/** The conference of a task that the worker has. */
function conferenceOf(
  { state, access }: Scene,
  named: unknown
): { readonly task_sid: string; readonly conference_sid: string } {
  const task_sid = textIn(named)
  const isTheirs = state.tables.reservation
    .list('task_sid', task_sid)
    .some(({ worker_sid }) => worker_sid === access.worker_sid)
  // Whoever was invited is in the conference of the task that was there first.
  const conference_sid =
    state.tables.conference.firstBy('task_sid', task_sid)?.sid ?? callOfTask(state, task_sid)?.conference_sid
  return conference_sid && (isTheirs || access.role !== 'worker') ? { task_sid, conference_sid } : noCall()
}

/** The call that a worker has for a task. */
function callOfWorker({ state }: Scene, task_sid: string, worker_sid: string | undefined): string {
  const reservations = state.tables.reservation.list('task_sid', task_sid)
  for (const { sid } of reservations.filter((one) => one.worker_sid === worker_sid)) {
    const call = state.tables.call.firstBy('reservation_sid', sid)
    if (call) return call.sid
  }
  return noCall()
}

function holdOf({ Hold, HoldUrl }: BridgeCall['params']) {
  return {
    ...(Hold !== undefined && { hold: isTrue(Hold) }),
    ...(HoldUrl !== undefined && { hold_url: textIn(HoldUrl) })
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isTrue(value: unknown): boolean {
  return String(value).toLowerCase() === 'true'
}

function taskAnswer({ state, ledger, now }: Scene, task_sid: string): object {
  const task = state.find('task', task_sid)
  return task ? taskPayload(ledger.account_sid, task, taskParents(state, task), now) : noCall()
}

/** Of others a worker sees their names and what they do, as in REST. */
function shownWorker(state: State, row: WorkerRow, { role, worker_sid }: Access): object {
  const shown = role === 'worker' && row.sid !== worker_sid ? { ...row, attributes: '{}' } : row
  return workerPayload(state.account_sid, shown, state.find('activity', row.activity_sid))
}

/** To whom a queue gives its tasks is not shown to a worker: what an expression says tells of others' attributes. */
function shownQueue(state: State, row: TaskQueueRow, { role }: Access): object {
  return taskQueuePayload(state, role === 'worker' ? { ...row, target_workers: '' } : row)
}

/** A reservation with its task, which may be over, and the transfer that it is of. */
async function shownReservation({ state, ledger, now }: Scene, row: ReservationRow): Promise<object> {
  const task = await taskOf(ledger, row.workspace_sid, row.task_sid)
  const living = state.tables.transfer.firstBy('reservation_sid', row.sid)
  const [incoming] = living
    ? [living]
    : isPutAway(row)
      ? await ledger.find('transfer', { reservation_sid: row.sid })
      : []
  return reservationPayload(state.account_sid, row, reservationParents(state, row, task, incoming), now)
}

/** The names of a reservation's path, which its template has. */
function reservationPath({ workspace_sid = '', worker_sid = '', sid = '' }: Path): ReservationPath {
  return { workspace_sid, worker_sid, sid }
}

/** The row that a path names, or 404. */
function found<K extends 'worker' | 'task_queue'>(state: State, kind: K, path: Path) {
  return inWorkspace(state, kind, path.workspace_sid ?? '', path.sid ?? '')
}

// Rights (reference taskrouter 9.8)

/** What belongs to one worker is for that worker's token only. */
function checkOwn({ access }: Scene, worker_sid: string | undefined): void {
  if (worker_sid !== access.worker_sid) forbid('the token is for another Worker')
}

/** A worker sees and changes the tasks that it holds, and, for late reports, those that it has completed; a team its own. */
async function checkTask(scene: Scene, task_sid = ''): Promise<void> {
  const sight = sightOf(scene)
  if (!sight || (await seesTask(sight, scene.ledger, task_sid))) return
  forbid(scene.access.role === 'worker' ? 'the Worker does not hold this Task' : 'the Task is of another team')
}

/** Which rows somebody sees; undefined for who sees all of the workspace. */
function sightOf({
  access: { role, workspace_sid, worker_sid },
  state
}: Pick<Scene, 'access' | 'state'>): Sight | undefined {
  const nobody = { identity: undefined, chat_service_sid: undefined }
  const standing: RoleStanding = { kind: 'roles', roles: [], workspace_sid, worker_sid, ...nobody }
  const team = role === 'supervisor' ? teamOf(state, standing) : undefined
  return role === 'worker' || team !== undefined ? new Sight(state, standing, team) : undefined
}

/** A worker gives what REST lets an agent give (the table of permissions). */
function checkParameters(id: OperationId, params: Readonly<Record<string, unknown>>, path: Path): void {
  const allowed = permissions[id].parameters?.agent ?? []
  const other = Object.keys(params).find(
    (name) => params[name] !== undefined && !(name in path || allowed.includes(name))
  )
  if (other !== undefined) forbid(`a worker may not give the parameter ${other}`)
}

/** A worker changes its activity and what it says of itself: not its name, nor what it is good at; and nobody a team. */
function checkWorker(
  state: State,
  worker_sid: string | undefined,
  params: Readonly<Record<string, unknown>>,
  isOwn: boolean
): void {
  if (params.friendly_name !== undefined) forbid('a worker may not change its name')
  const worker = state.find('worker', worker_sid)
  if (params.attributes === undefined || !worker) return
  const name = forbiddenMember(worker.attributes, String(params.attributes), isOwn)
  if (name !== undefined) forbid(`a worker may not change its attribute ${name}`)
}

function forbid(why: string): never {
  throw new InvalidRequest(`Forbidden: ${why}`, null, { status: 403, code: 20403 })
}

// Filters: read by the contract, as REST reads them; what is absent or empty keeps everything.

function isAsked(value: unknown, asked: unknown): boolean {
  return asked === undefined || asked === '' || value === asked
}

/** Names are compared as the lists of REST compare them: those of workers without regard to case. */
function isNamed({ friendly_name }: { readonly friendly_name: string }, asked: unknown, form = (name: string) => name) {
  return typeof asked !== 'string' || asked === '' || isSameName(form(friendly_name), form(asked))
}

/** The SID behind a name: undefined where none is given, null where nothing has it. */
function namedSid(state: State, kind: 'activity' | 'task_queue' | 'workflow', workspace_sid: string, name: unknown) {
  if (name === undefined || name === '') return undefined
  return state.tables[kind].firstBy('name', nameKey(workspace_sid, String(name)))?.sid ?? null
}

function filterOf(source: unknown, scope: Scope, parameter: string): Expression | undefined {
  if (typeof source !== 'string' || source.trim() === '') return undefined
  checkExpression(source, scope, parameter)
  return compile(source, scope)
}

function integerOf(text: string, name: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidRequest(`Parameter ${name} is invalid: an integer is expected, not '${shown(text)}'`, name)
}

function ownWorker(state: State, { workspace_sid = '', worker_sid = '' }: Path): WorkerRow {
  return inWorkspace(state, 'worker', workspace_sid, worker_sid)
}
