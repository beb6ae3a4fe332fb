import type { State } from '../center.ts'
import { checkRange, checkVersion, cleared } from '../core/parameters.ts'
import { Refusal, refuse } from '../core/refusals.ts'
import type { NewRow } from '../core/state.ts'
import { isOpen, noFilter } from '../matching/row-values.ts'
import { cancel, closeReservations, complete, dropIfUnused, reasons, wrapUp } from './end-task.ts'
import { emitTask } from './events.ts'
import { followAgain, followWorkflow, targetTimedOut } from './follow-workflow.ts'
import { canTake, isRequest, taskLifeCycle, taskRequests } from './life-cycle.ts'
import { checkAttributes, inWorkspace, named, namedChannel, workspaceOf } from './lookup.ts'
import { enterQueue, offer } from './offer.ts'
import { isTerminal, type ReservationRow, type TaskRow, type WorkflowRow } from './rows.ts'
import { isHeldInTransfer } from './task-holders.ts'

export interface CreateTask {
  readonly workspace_sid: string
  readonly workflow_sid?: string
  readonly attributes?: string
  readonly priority?: number
  /** Seconds. */
  readonly timeout?: number
  readonly task_channel?: string
  readonly virtual_start_time?: number
  readonly routing_target?: string
  readonly ignore_capacity?: boolean
  readonly task_queue_sid?: string
}

/** Creates a task and offers it at once if somebody can take it (reference taskrouter 1.9, 4.4, 3.5). */
export function createTask(state: State, params: CreateTask): { task: TaskRow } {
  return { task: addTask(state, params) }
}

/**
 * The task of `createTask`, for whoever makes one on the way to something else. One that no filter of its workflow takes is
 * refused, or canceled where nobody is there to whom that could be said.
 */
export function addTask(state: State, params: CreateTask, unmatched: 'refused' | 'canceled' = 'refused'): TaskRow {
  const { workspace_sid } = params
  workspaceOf(state, workspace_sid)
  const most = state.settings.limits.tasks
  if (state.tables.task.count('workspace_sid', workspace_sid) >= most)
    refuse('too_many', `The maximum number of Tasks (${most}) is reached`)
  if (params.attributes !== undefined) checkAttributes(params.attributes)
  checkRange(params.priority, 'Priority', 0, 2_147_483_647)
  checkRange(params.timeout, 'Timeout', 1, 1_209_600)
  const place = {
    virtual_start_time: checkedStart(state, params.virtual_start_time) ?? state.at,
    task_channel_sid: namedChannel(state, workspace_sid, params.task_channel || 'default').sid
  }
  const route = routeOf(state, params)
  const task = state.insert('task', newTask(state, params, route, place))
  emitTask(state, 'task.created', task)
  if (route.workflow) emitTask(state, 'workflow.entered', task)
  if (route.queue_sid) enterQueue(state, task.sid, route.queue_sid)
  if (task.workflow_document_sid === null) offer(state, task.sid)
  else if (!followWorkflow(state, task.sid, 0)) {
    if (unmatched === 'canceled') return cancel(state, task.sid, reasons.workflow)
    refuse('invalid', `Task matches no filter of Workflow ${task.workflow_sid}, which has no default filter`)
  }
  return state.tables.task.need(task.sid)
}

/** The row of a task that waits in no queue yet. */
function newTask(
  state: State,
  params: CreateTask,
  route: Route,
  place: Pick<TaskRow, 'virtual_start_time' | 'task_channel_sid'>
): NewRow<TaskRow> {
  const ignore_capacity = route.worker_sid ? (params.ignore_capacity ?? true) : null
  const timeout = params.timeout ?? 86_400
  return {
    workspace_sid: params.workspace_sid,
    assignment_status: 'pending',
    attributes: params.attributes || '{}',
    addons: '{}',
    priority: params.priority ?? 0,
    reason: null,
    timeout,
    task_queue_sid: null,
    task_queue_entered_date: null,
    workflow_sid: route.workflow?.sid ?? null,
    task_channel_sid: place.task_channel_sid,
    virtual_start_time: place.virtual_start_time,
    routing_target: params.routing_target || null,
    ignore_capacity,
    workflow_document_sid: route.queue_sid || route.worker_sid ? null : (route.workflow?.workflow_document_sid ?? null),
    filter_index: noFilter,
    target_index: 0,
    filter_entered_at: null,
    timed_out: false,
    advance: false,
    re_evaluate: false,
    followed_attributes: null,
    rounds: 0,
    rejected_by: [],
    rejections: 0,
    ttl_at: state.at + timeout * 1000,
    target_at: ignore_capacity ? state.at + state.settings.direct_reservation_within_s * 1000 : null,
    retry_at: null,
    delete_at: null,
    forget_at: null,
    task_queue_name: null,
    workflow_name: null
  }
}

interface Route {
  readonly workflow?: WorkflowRow | undefined
  readonly queue_sid?: string | undefined
  readonly worker_sid?: string | undefined
}

/** Where the caller wants the task: along a workflow, in a queue, or to a worker (reference taskrouter 4.4). */
function routeOf(state: State, params: CreateTask): Route {
  const { workspace_sid, workflow_sid, routing_target, task_queue_sid } = params
  const workflow = workflow_sid ? named(state, 'workflow', workspace_sid, workflow_sid, 'WorkflowSid') : undefined
  const kind = routing_target?.slice(0, 2)
  if (routing_target && !/^(WK|WQ|WW)[0-9a-fA-F]{32}$/.test(routing_target)) {
    refuse(
      'invalid',
      `Value '${routing_target}' provided for WorkflowSid as RoutingTarget has an invalid format. WorkspaceSid: ${workspace_sid}, AccountSid: ${state.account_sid}`
    )
  }
  if (params.ignore_capacity !== undefined && kind !== 'WK') {
    refuse('invalid', 'IgnoreCapacity is valid only with a Worker as RoutingTarget')
  }
  if (routing_target && kind === 'WK') {
    const worker_sid = named(state, 'worker', workspace_sid, routing_target, 'RoutingTarget').sid
    const queue_sid = task_queue_sid && named(state, 'task_queue', workspace_sid, task_queue_sid, 'TaskQueueSid').sid
    return { workflow, worker_sid, queue_sid: queue_sid || undefined }
  }
  if (routing_target && kind === 'WQ') {
    return { workflow, queue_sid: named(state, 'task_queue', workspace_sid, routing_target, 'RoutingTarget').sid }
  }
  if (routing_target) return { workflow: named(state, 'workflow', workspace_sid, routing_target, 'RoutingTarget') }
  if (workflow) return { workflow }
  if (state.tables.workflow.count('workspace_sid', workspace_sid) !== 1) {
    refuse(
      'invalid',
      'Missing required parameter WorkflowSid in the post body: it may be left out only in a Workspace with one Workflow'
    )
  }
  return { workflow: state.tables.workflow.firstBy('workspace_sid', workspace_sid) }
}

function checkedStart(state: State, virtual_start_time: number | undefined): number | undefined {
  if (virtual_start_time === undefined) return undefined
  if (virtual_start_time > state.at) refuse('invalid', 'VirtualStartTime must not be in the future')
  if (virtual_start_time < startOf1900) refuse('invalid', 'VirtualStartTime must not be before 1900')
  return virtual_start_time
}

const startOf1900 = -2_208_988_800_000

export interface UpdateTask {
  readonly workspace_sid: string
  readonly sid: string
  readonly attributes?: string
  readonly assignment_status?: string
  readonly reason?: string
  readonly priority?: number
  readonly task_channel?: string
  readonly virtual_start_time?: number
  readonly if_match?: string
}

/** Whether a text may be a task's attributes. */
export function fitsAttributes(text: string): boolean {
  try {
    checkAttributes(text)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** Attributes and place first, then the status (reference taskrouter 4.1). */
export function updateTask(state: State, params: UpdateTask): { task: TaskRow } {
  const before = inWorkspace(state, 'task', params.workspace_sid, params.sid)
  checkVersion(before, params.if_match)
  const { attributes, priority, assignment_status } = params
  if (attributes !== undefined) checkAttributes(attributes)
  checkRange(priority, 'Priority', 0, 2_147_483_647)
  const virtual_start_time = checkedStart(state, params.virtual_start_time)
  const task_channel_sid = params.task_channel && namedChannel(state, params.workspace_sid, params.task_channel).sid
  const place = { priority, virtual_start_time, task_channel_sid: task_channel_sid || undefined }
  const isMoved = Object.values(place).some((value) => value !== undefined)
  const isAsked = isMoved || assignment_status !== undefined || params.reason !== undefined
  // Attributes may still be corrected, for reports (reference taskrouter 4.1).
  if (isTerminal(before) && isAsked) refuseStatus(before, assignment_status ?? 'update', state)
  if (attributes !== undefined || isMoved) {
    const text = attributes === '' ? '{}' : attributes
    const task = state.change('task', before.sid, { ...place, attributes: text })
    if (task.task_channel_sid !== before.task_channel_sid) moveReservations(state, task)
    emitTask(state, 'task.updated', task)
    routeAgain(state, before, task)
  }
  if (assignment_status !== undefined) setStatus(state, before.sid, assignment_status, cleared(params.reason) ?? null)
  else if (params.reason !== undefined) state.change('task', before.sid, { reason: cleared(params.reason) ?? null })
  return { task: state.tables.task.need(before.sid) }
}

/** Workers who hold the task hold it on its new channel, even beyond their capacity there. */
function moveReservations(state: State, { sid, task_channel_sid }: TaskRow): void {
  for (const reservation of state.tables.reservation.list('task_sid', sid)) {
    if (isOpen(reservation)) state.change('reservation', reservation.sid, { task_channel_sid })
  }
}

/** A pending task is looked at in its new light; a reserved one when its reservation ends (reference taskrouter 3.9). */
function routeAgain(state: State, before: TaskRow, task: TaskRow): void {
  const isChanged = before.attributes !== task.attributes && task.workflow_document_sid !== null
  if (task.assignment_status === 'pending') {
    if (!followAgain(state, task.sid, isChanged ? before.attributes : null)) offer(state, task.sid)
  } else if (task.assignment_status === 'reserved' && isChanged) {
    state.change('task', task.sid, { followed_attributes: task.followed_attributes ?? before.attributes })
  }
}

function setStatus(state: State, sid: string, status: string, reason: string | null): void {
  const task = state.tables.task.need(sid)
  if (!isRequest(taskRequests, status)) {
    refuse('invalid', `AssignmentStatus cannot be set to '${status}': only wrapping, completed and canceled can`)
  }
  const { step } = taskRequests[status]
  // While a task is handed on, whoever has it still has it.
  const current = isHeldInTransfer(state, sid) ? 'assigned' : task.assignment_status
  if (!canTake(taskLifeCycle, current, step)) refuseStatus(task, status, state)
  steps[step](state, sid, reason)
}

const steps = { wrap_up: wrapUp, complete, cancel } as const satisfies Record<
  (typeof taskRequests)[keyof typeof taskRequests]['step'],
  (state: State, sid: string, reason: string | null) => unknown
>

function refuseStatus(task: TaskRow, status: string, state: State): never {
  const subject = `task ${task.sid} in workspace ${task.workspace_sid} for account ${state.account_sid}`
  if (!isRequest(taskRequests, status))
    return refuse('not_possible', `Cannot update ${subject} because it is ${task.assignment_status}.`)
  const { verb, needed } = taskRequests[status]
  return refuse('not_possible', `Cannot ${verb} ${subject} because it is not ${needed}.`)
}

/** Works in every state (reference taskrouter 4.5). */
export function deleteTask(
  state: State,
  params: { readonly workspace_sid: string; readonly sid: string; readonly if_match?: string }
): Record<string, never> {
  const task = inWorkspace(state, 'task', params.workspace_sid, params.sid)
  checkVersion(task, params.if_match)
  const reservations = state.tables.reservation.list('task_sid', task.sid)
  closeReservations(state, task.sid, reservations)
  emitTask(state, 'task.deleted', task)
  drop(state, task, reservations)
  return {}
}

function drop(state: State, task: TaskRow, reservations: readonly ReservationRow[]): void {
  for (const reservation of reservations) state.remove('reservation', reservation.sid)
  for (const transfer of state.tables.transfer.list('task_sid', task.sid)) state.remove('transfer', transfer.sid)
  state.remove('task', task.sid)
  dropIfUnused(state, task.workflow_document_sid)
}

// What time does to a task

/** It was not assigned in time. */
export function taskTtlEnded(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  cancel(state, sid, reasons.ttl)
  return {}
}

export function taskTargetEnded(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  targetTimedOut(state, sid)
  return {}
}

/** The back-off after a rejection has ended: the workers who rejected the task may be asked again. */
export function taskRetryDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.change('task', sid, { retry_at: null, rejected_by: [] })
  offer(state, sid)
  return {}
}

/**
 * A task that was assigned for too long is deleted by the system, and so is one that is over while somebody still wraps
 * it up (reference taskrouter 4.2).
 */
export function taskDeleteDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const task = state.tables.task.need(sid)
  // Somebody who has handed it on may still be wrapping up.
  const reservations = state.tables.reservation.list('task_sid', sid)
  closeReservations(state, sid, reservations)
  if (!isTerminal(task)) emitTask(state, 'task.system-deleted', task)
  drop(state, task, reservations)
  return {}
}
