import { InvalidRequest, shown } from '@ringdown/contract/form'
import type { CommandOf } from '@ringdown/engine/commands'
import { spelled } from '@ringdown/engine/enumeration'
import { flexNeeds } from '@ringdown/engine/flex/needs'
import { foldedName, isSameName } from '@ringdown/engine/name'
import { compile, type Expression } from '@ringdown/engine/routing/expression/compile'
import { inWorkspace, workspaceOf } from '@ringdown/engine/routing/lookup'
import { findReservation } from '@ringdown/engine/routing/reservation'
import { isOpen, nameKey, type TaskQueueRow, type WorkerRow } from '@ringdown/engine/routing/rows'
import { checkExpression } from '@ringdown/engine/routing/task-queue'
import type { State } from '@ringdown/engine/state/state'
import type { Ledger } from '../commit/ledger.ts'
import { askedInPieces } from '../commit/pieces.ts'
import type { Access } from './access-token.ts'
import { type BridgeCall, matched, parametersOf, textsOf } from './call.ts'
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
  readonly state: State
  /** Milliseconds. */
  readonly now: number
}

type Path = Readonly<Record<string, string>>
type Answer = (path: Path, scene: Scene) => object | Promise<object>

/**
 * Answers a call with its payload. Reads wait until what they show is durable; everything that changes is the command
 * that REST executes, too. Throws what the engine refuses, and InvalidRequest.
 */
export async function answerCall(call: BridgeCall, access: Access, ledger: Ledger, now: number): Promise<object> {
  for (const [template, answer] of Object.entries(call.method === 'GET' ? reads : writes)) {
    const path = matched(template, call.path)
    if (!path) continue
    if (path.workspace_sid !== access.workspace_sid) forbid('the token is for another Workspace')
    const scene: Scene = { call, access, ledger, state: ledger.state, now }
    const payload = await answer(path, scene)
    if (call.method === 'GET') await ledger.settled()
    return payload
  }
  throw new InvalidRequest(`The requested resource /${call.path.join('/')} was not found`, null, {
    status: 404,
    code: 20404
  })
}

const reads: Readonly<Record<string, Answer>> = {
  'Workspaces/:workspace_sid/Workers/:sid': (path, { state }) => shownWorker(state, found(state, 'worker', path)),

  'Workspaces/:workspace_sid/TaskQueues/:sid': (path, { state }) =>
    taskQueuePayload(state, found(state, 'task_queue', path)),

  'Workspaces/:workspace_sid/Tasks/:sid'(path, scene) {
    checkTask(scene, path.sid)
    const task = found(scene.state, 'task', path)
    return taskPayload(scene.state.account_sid, task, taskParents(scene.state, task), scene.now)
  },

  'Workspaces/:workspace_sid/Workers/:worker_sid/Reservations/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { state, now } = scene
    const reservation = findReservation(state, path as ReservationPath) // the template names these
    return reservationPayload(state.account_sid, reservation, reservationParents(state, reservation), now)
  },

  'Workspaces/:workspace_sid/Activities'({ workspace_sid = '' }, { state, call }) {
    const rows = [...state.tables.activity.by('workspace_sid', workspaceOf(state, workspace_sid).sid)]
    return contentsOf(rows, call.params, (row) => activityPayload(state.account_sid, row))
  },

  'Workspaces/:workspace_sid/Workers/:sid/WorkerChannels'(path, scene) {
    checkOwn(scene, path.sid)
    const { state, call } = scene
    const rows = [...state.tables.worker_channel.by('worker_sid', found(state, 'worker', path).sid)]
    return contentsOf(rows, call.params, (row) => {
      const task_channel = state.find('task_channel', row.task_channel_sid)
      return channelPayload(state.account_sid, row, task_channel, channelLoad(state, row))
    })
  },

  'Workspaces/:workspace_sid/Workers/:sid/Reservations'(path, scene) {
    checkOwn(scene, path.sid)
    const { state, call, now } = scene
    const { sid } = found(state, 'worker', path)
    const index = /^(true|1|yes)$/i.test(String(call.params.Active)) ? 'open_by_worker' : 'worker_sid'
    return contentsOf([...state.tables.reservation.by(index, sid)], call.params, (row) =>
      reservationPayload(state.account_sid, row, reservationParents(state, row), now)
    )
  },

  async 'Workspaces/:workspace_sid/Workers'({ workspace_sid = '' }, { state, call }) {
    const { FriendlyName, ActivitySid, ActivityName, TargetWorkersExpression, Ordering } = call.params
    const named = ActivityName
      ? state.tables.activity.firstBy('name', nameKey(workspace_sid, String(ActivityName)))
      : undefined
    const expression = TargetWorkersExpression ? filterOf(String(TargetWorkersExpression)) : undefined
    const { worker } = state.tables
    const isMeant = (row: WorkerRow) =>
      (!FriendlyName || foldedName(row.friendly_name) === foldedName(String(FriendlyName))) &&
      (!ActivitySid || row.activity_sid === ActivitySid) &&
      (!ActivityName || row.activity_sid === named?.sid)
    const meant = () => [...worker.by('workspace_sid', workspaceOf(state, workspace_sid).sid)].filter(isMeant)
    const suits = expression
      ? await askedInPieces({
          table: worker,
          rows: meant(),
          length: () => expression.source.length,
          test: (row) => expression.matches(undefined, state.pools.worker(row.sid))
        })
      : () => true
    const rows = meant().filter(suits)
    const ordering = sortingOf<WorkerRow>(Ordering, 'DateStatusChanged', 'date_status_changed')
    return contentsOf(rows, call.params, (row) => shownWorker(state, row), ordering)
  },

  'Workspaces/:workspace_sid/TaskQueues'({ workspace_sid = '' }, { state, call }) {
    const { FriendlyName, WorkerSid, Ordering } = call.params
    const queues = WorkerSid ? state.pools.queuesOf(String(WorkerSid)) : undefined
    const rows = [...state.tables.task_queue.by('workspace_sid', workspaceOf(state, workspace_sid).sid)].filter(
      (row) =>
        (!FriendlyName || isSameName(row.friendly_name, String(FriendlyName))) && (!queues || queues.has(row.sid))
    )
    const ordering = sortingOf<TaskQueueRow>(Ordering, 'DateUpdated', 'date_updated')
    return contentsOf(rows, call.params, (row) => taskQueuePayload(state, row), ordering)
  }
}

type ReservationPath = Parameters<typeof findReservation>[1]

const writes: Readonly<Record<string, Answer>> = {
  async 'Workspaces/:workspace_sid/Workers/:sid'(path, { call, access, ledger }) {
    if (access.role === 'worker' && path.sid !== access.worker_sid) forbid('a worker may change only itself')
    const params = parametersOf('taskrouter_v1.UpdateWorker', path, call)
    const { worker } = await ledger.execute({
      type: 'worker.update',
      ...params
    } as unknown as CommandOf<'worker.update'>) // its parameters are those of the operation, by their names
    return shownWorker(ledger.state, worker)
  },

  async 'Workspaces/:workspace_sid/Tasks'(path, scene) {
    const { call, access, ledger, now } = scene
    const { TaskChannelUniqueName, TaskChannelSid, TaskChannel, ...others } = call.params
    const own: BridgeCall = {
      ...call,
      params: { TaskChannel: TaskChannel ?? TaskChannelSid ?? TaskChannelUniqueName, ...others }
    }
    if (access.role === 'worker' && others.RoutingTarget !== access.worker_sid)
      forbid('a worker may create only tasks whose RoutingTarget it is')
    const params = parametersOf('taskrouter_v1.CreateTask', path, own)
    const { task } = await ledger.execute({ type: 'task.create', ...params } as unknown as CommandOf<'task.create'>) // as above
    return taskPayload(ledger.account_sid, task, taskParents(ledger.state, task), now)
  },

  async 'Workspaces/:workspace_sid/Tasks/:sid'(path, scene) {
    checkTask(scene, path.sid)
    const { call, ledger, now } = scene
    const params = parametersOf('taskrouter_v1.UpdateTask', path, call)
    const { task } = await ledger.execute({ type: 'task.update', ...params } as unknown as CommandOf<'task.update'>) // as above
    return taskPayload(ledger.account_sid, task, taskParents(ledger.state, task), now)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Reservations/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, ledger } = scene
    checkInstruction(call.params.Instruction)
    const params = parametersOf('taskrouter_v1.UpdateWorkerReservation', path, call)
    const command = { type: 'reservation.update', ...params } as unknown as CommandOf<'reservation.update'> // as above
    // An acceptance may make its agent a participant of a conversation.
    const needs = flexNeeds['reservation.update']?.(command, ledger.state) ?? []
    const { reservation } = await ledger.execute(command, needs)
    return answeredReservation(ledger.account_sid, reservation, ledger.state.find('worker', reservation.worker_sid))
  },

  'Workspaces/:workspace_sid/Tasks/:task_sid/Reservations/:sid'(_path, { call, access }) {
    if (access.role === 'worker') forbid('only supervisors may supervise')
    checkInstruction(call.params.Instruction)
    throw new InvalidRequest('Only Instruction=supervise is possible here', 'Instruction')
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Transfers'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, access, ledger } = scene
    const { ReservationSid, TaskSid, To, Mode, Priority, Attributes } = textsOf(call)
    const { transfer } = await ledger.execute({
      type: 'transfer.create',
      workspace_sid: access.workspace_sid,
      worker_sid: access.worker_sid,
      reservation_sid: ReservationSid ?? '',
      task_sid: TaskSid ?? '',
      to: To ?? '',
      ...(Mode && { mode: Mode }),
      ...(Priority && { priority: Number(Priority) }),
      ...(Attributes && { attributes: Attributes })
    })
    return transferPayload(ledger.account_sid, transfer)
  },

  async 'Workspaces/:workspace_sid/Workers/:worker_sid/Transfers/:sid'(path, scene) {
    checkOwn(scene, path.worker_sid)
    const { call, access, ledger } = scene
    if (!spelled(['canceled'], call.params.TransferStatus))
      throw new InvalidRequest(
        `TransferStatus can only be set to canceled, not '${shown(String(call.params.TransferStatus))}'`,
        'TransferStatus'
      )
    const { transfer } = await ledger.execute({
      type: 'transfer.cancel',
      workspace_sid: access.workspace_sid,
      worker_sid: access.worker_sid,
      sid: path.sid ?? ''
    })
    return transferPayload(ledger.account_sid, transfer)
  },

  'Workspaces/:workspace_sid/Workers/:worker_sid/CustomerParticipant': noCall,
  'Workspaces/:workspace_sid/Workers/:worker_sid/WorkerParticipant': noCall,
  'Workspaces/:workspace_sid/Workers/:worker_sid/HoldWorkerParticipant': noCall,
  'Workspaces/:workspace_sid/Workers/:worker_sid/KickWorkerParticipant': noCall
}

function shownWorker(state: State, row: WorkerRow): object {
  return workerPayload(state.account_sid, row, state.find('activity', row.activity_sid))
}

/** The row that a path names, or 404. */
function found<K extends 'worker' | 'task' | 'task_queue'>(state: State, kind: K, path: Path) {
  return inWorkspace(state, kind, path.workspace_sid ?? '', path.sid ?? '')
}

// Rights (reference taskrouter 9.8)

/** What belongs to one worker is for that worker's token only. */
function checkOwn({ access }: Scene, worker_sid: string | undefined): void {
  if (worker_sid !== access.worker_sid) forbid('the token is for another Worker')
}

/** A worker sees and changes the tasks that it holds, and, for late reports, those that it has completed. */
function checkTask({ access, state }: Scene, task_sid: string | undefined): void {
  if (access.role !== 'worker') return
  for (const row of state.tables.reservation.by('task_sid', task_sid ?? '')) {
    if (row.worker_sid === access.worker_sid && (isOpen(row) || row.reservation_status === 'completed')) return
  }
  forbid('the Worker does not hold this Task')
}

function forbid(why: string): never {
  throw new InvalidRequest(`Forbidden: ${why}`, null, { status: 403, code: 20403 })
}

// Voice

function checkInstruction(instruction: unknown): void {
  if (instruction === undefined || instruction === '' || spelled(['accept', 'reject'], instruction)) return
  throw new InvalidRequest(
    `Instruction '${shown(String(instruction))}' is not possible: no voice connection is configured`,
    'Instruction'
  )
}

function noCall(): never {
  throw new InvalidRequest('There is no call: no voice connection is configured')
}

function filterOf(source: string): Expression {
  checkExpression(source, 'worker', 'TargetWorkersExpression')
  return compile(source, 'worker')
}
