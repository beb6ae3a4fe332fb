import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { checkRange } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { compile } from '../matching/expression/compile.ts'
import type { Scope } from '../matching/expression/environment.ts'
import { ExpressionError } from '../matching/expression/error.ts'
import { beginJudging, endJudgingOf, needsJudging } from './judging.ts'
import { checkLimit, checkName, inWorkspace, named, workspaceOf } from './lookup.ts'
import { isTerminal, type TaskQueueRow } from './rows.ts'
import { warnOfQueue } from './warnings.ts'

export interface TaskQueueParams {
  readonly friendly_name?: string
  readonly target_workers?: string
  readonly max_reserved_workers?: number
  readonly task_order?: 'FIFO' | 'LIFO'
  readonly reservation_activity_sid?: string | null
  readonly assignment_activity_sid?: string | null
}

export function createTaskQueue(
  state: State,
  { workspace_sid, ...params }: TaskQueueParams & { readonly workspace_sid: string; readonly friendly_name: string }
): { task_queue: TaskQueueRow } {
  workspaceOf(state, workspace_sid)
  checkLimit(state, 'task_queue', workspace_sid, state.settings.limits.task_queues)
  const task_queue = addQueue(state, workspace_sid, params)
  warnOfQueue(state, task_queue)
  return { task_queue }
}

export function addQueue(
  state: State,
  workspace_sid: string,
  params: TaskQueueParams & { readonly friendly_name: string }
): TaskQueueRow {
  checkParams(state, workspace_sid, params)
  const { target_workers = '1==1' } = params
  const isLong = needsJudging(state, workspace_sid, target_workers)
  const task_queue = state.insert('task_queue', {
    workspace_sid,
    friendly_name: params.friendly_name,
    target_workers,
    max_reserved_workers: params.max_reserved_workers ?? 1,
    task_order: params.task_order ?? 'FIFO',
    reservation_activity_sid: params.reservation_activity_sid || null,
    assignment_activity_sid: params.assignment_activity_sid || null
  })
  if (isLong) beginJudging(state, task_queue, '')
  state.emit('task-queue.created', { workspace: workspaceOf(state, workspace_sid), task_queue })
  return task_queue
}

export function updateTaskQueue(
  state: State,
  { workspace_sid, sid, ...params }: TaskQueueParams & { readonly workspace_sid: string; readonly sid: string }
): { task_queue: TaskQueueRow } {
  const before = inWorkspace(state, 'task_queue', workspace_sid, sid)
  checkParams(state, workspace_sid, params, before)
  const { reservation_activity_sid, assignment_activity_sid } = params
  const { target_workers = before.target_workers } = params
  const isOther = target_workers !== before.target_workers
  const former = state.matcher.expressionInForce(before)
  const isLong = isOther && target_workers !== former && needsJudging(state, workspace_sid, target_workers)
  if (isLong) beginJudging(state, before, former)
  const task_queue = state.change('task_queue', sid, {
    ...params,
    ...(reservation_activity_sid !== undefined && { reservation_activity_sid: reservation_activity_sid || null }),
    ...(assignment_activity_sid !== undefined && { assignment_activity_sid: assignment_activity_sid || null })
  })
  if (isOther) {
    if (!isLong) endJudgingOf(state, 'task_queue_sid', sid)
    state.emit('task-queue.expression.updated', { workspace: workspaceOf(state, workspace_sid), task_queue })
    warnOfQueue(state, task_queue)
  } else state.emit('ringdown.task-queue.updated', { workspace: workspaceOf(state, workspace_sid), task_queue })
  return { task_queue }
}

/** Refused while a workflow names the queue (in a document that tasks still follow, too), or open tasks are in it. */
export function deleteTaskQueue(
  state: State,
  { workspace_sid, sid }: { readonly workspace_sid: string; readonly sid: string }
): Record<string, never> {
  const task_queue = inWorkspace(state, 'task_queue', workspace_sid, sid)
  for (const document of state.tables.workflow_document.by('workspace_sid', workspace_sid)) {
    if (!state.matcher.document(document.sid).queues.includes(sid)) continue
    const workflow = state.tables.workflow.need(document.workflow_sid)
    const current = workflow.workflow_document_sid === document.sid
    refuse(
      'in_use',
      `TaskQueue ${task_queue.friendly_name} cannot be deleted: Workflow ${workflow.friendly_name} names it${current ? '' : ' in a version that tasks still follow'}`
    )
  }
  const open = [...state.tables.task.by('task_queue_sid', sid)].filter((task) => !isTerminal(task)).length
  if (open > 0)
    refuse('in_use', `TaskQueue ${task_queue.friendly_name} cannot be deleted: ${open} open tasks are in it`)
  state.emit('task-queue.deleted', { workspace: workspaceOf(state, workspace_sid), task_queue })
  state.remove('task_queue', sid)
  endJudgingOf(state, 'task_queue_sid', sid)
  return {}
}

function checkParams(state: State, workspace_sid: string, params: TaskQueueParams, before?: TaskQueueRow): void {
  const { friendly_name, target_workers } = params
  if (friendly_name !== undefined) {
    checkName(friendly_name, 'TaskQueue')
    const other = state.tables.task_queue.firstBy('name', nameKey(workspace_sid, friendly_name))
    if (other && other.sid !== before?.sid) refuse('exists', 'TaskQueue with the same friendly name already exists')
  }
  if (target_workers !== undefined && target_workers.trim() !== '')
    checkExpression(target_workers, 'worker', 'TargetWorkers')
  checkRange(params.max_reserved_workers, 'MaxReservedWorkers', 1, 50)
  for (const [parameter, sid] of [
    ['ReservationActivitySid', params.reservation_activity_sid],
    ['AssignmentActivitySid', params.assignment_activity_sid]
  ] as const) {
    if (sid) named(state, 'activity', workspace_sid, sid, parameter)
  }
}

/** Only the syntax is checked, never types or attributes (reference taskrouter 2.3). */
export function checkExpression(source: string, scope: Scope, parameter: string): void {
  try {
    compile(source, scope)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    refuse('invalid', `${parameter}: ${error.message}`)
  }
}
