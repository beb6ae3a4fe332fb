import type { State } from '../center.ts'
import { memberAt } from '../core/member-at.ts'
import { nameKey } from '../core/names.ts'
import { checkRange, checkUrl } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { fifo } from '../matching/order.ts'
import { MAX_DOCUMENT_BYTES, parseWorkflowDocument, WorkflowDocumentError } from '../matching/workflow-document.ts'
import { dropIfUnused } from './end-task.ts'
import { reEvaluate } from './follow-workflow.ts'
import { checkLimit, checkName, inWorkspace, workspaceOf } from './lookup.ts'
import { isTerminal, type TaskRow, type WorkflowDocumentRow, type WorkflowRow } from './rows.ts'
import { warnOfWorkflow } from './warnings.ts'

export interface WorkflowParams {
  readonly friendly_name?: string
  readonly configuration?: string
  readonly assignment_callback_url?: string
  readonly fallback_assignment_callback_url?: string
  readonly task_reservation_timeout?: number
}

export function createWorkflow(
  state: State,
  {
    workspace_sid,
    ...params
  }: WorkflowParams & { readonly workspace_sid: string; readonly friendly_name: string; readonly configuration: string }
): { workflow: WorkflowRow } {
  workspaceOf(state, workspace_sid)
  checkLimit(state, 'workflow', workspace_sid, state.settings.limits.workflows)
  const workflow = addWorkflow(state, workspace_sid, params)
  warnOfWorkflow(state, workflow)
  return { workflow }
}

export function addWorkflow(
  state: State,
  workspace_sid: string,
  params: WorkflowParams & { readonly friendly_name: string; readonly configuration: string }
): WorkflowRow {
  checkParams(state, workspace_sid, params)
  const sid = state.sid('WW')
  const { configuration } = params
  const document = addDocument(state, { workspace_sid, workflow_sid: sid, configuration })
  const workflow = state.insert(
    'workflow',
    {
      workspace_sid,
      friendly_name: params.friendly_name,
      configuration,
      workflow_document_sid: document.sid,
      assignment_callback_url: params.assignment_callback_url || null,
      fallback_assignment_callback_url: params.fallback_assignment_callback_url || null,
      task_reservation_timeout: params.task_reservation_timeout ?? 120,
      document_content_type: 'application/json'
    },
    sid
  )
  state.emit('workflow.created', { workspace: workspaceOf(state, workspace_sid), workflow })
  return workflow
}

/**
 * Tasks that are inside keep the document with which they entered, unless `re_evaluate_tasks` says otherwise
 * (reference taskrouter 3.9).
 */
export function updateWorkflow(
  state: State,
  {
    workspace_sid,
    sid,
    re_evaluate_tasks,
    ...params
  }: WorkflowParams & { readonly workspace_sid: string; readonly sid: string; readonly re_evaluate_tasks?: boolean }
): { workflow: WorkflowRow } {
  const before = inWorkspace(state, 'workflow', workspace_sid, sid)
  checkParams(state, workspace_sid, params, before)
  const { configuration, assignment_callback_url, fallback_assignment_callback_url } = params
  const isNew = configuration !== undefined && configuration !== before.configuration
  const isLong =
    re_evaluate_tasks === true &&
    state.tables.task.count('workflow_sid', sid) > state.settings.tasks_re_evaluated_at_once
  // Whoever still follows another document than this one is still to be re-evaluated.
  const document =
    (isNew || isLong) &&
    addDocument(state, {
      workspace_sid,
      workflow_sid: sid,
      configuration: configuration ?? before.configuration,
      re_evaluate_at: isLong ? state.at : null
    })
  const workflow = state.change('workflow', sid, {
    ...params,
    ...(document && { workflow_document_sid: document.sid }),
    ...(assignment_callback_url !== undefined && { assignment_callback_url: assignment_callback_url || null }),
    ...(fallback_assignment_callback_url !== undefined && {
      fallback_assignment_callback_url: fallback_assignment_callback_url || null
    })
  })
  state.emit('workflow.updated', { workspace: workspaceOf(state, workspace_sid), workflow })
  if (isNew) warnOfWorkflow(state, workflow)
  if (re_evaluate_tasks && !isLong) {
    // As they would be offered, for those who come first may take the last worker.
    for (const task of [...state.tables.task.by('workflow_sid', sid)].sort(fifo)) reEvaluate(state, task.sid)
  }
  dropIfUnused(state, before.workflow_document_sid)
  return { workflow }
}

/**
 * One piece of a re-evaluation that is too long for one decision: others have their turn between two of them. Goes on a
 * millisecond later, since what is due now is decided before anything else.
 */
export function reEvaluationDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const document = state.tables.workflow_document.need(sid)
  const older = [...state.tables.workflow_document.by('workflow_sid', document.workflow_sid)].filter(
    ({ seq }) => seq < document.seq
  )
  const waiting: TaskRow[] = []
  for (const { sid } of older)
    for (const task of state.tables.task.by('workflow_document_sid', sid))
      if (task.assignment_status === 'pending' || (task.assignment_status === 'reserved' && !task.re_evaluate))
        waiting.push(task)
  const most = state.settings.tasks_re_evaluated_at_once
  for (const task of foremost(waiting, most)) reEvaluate(state, task.sid)
  state.change('workflow_document', sid, { re_evaluate_at: waiting.length > most ? state.at + 1 : null })
  dropIfUnused(state, sid)
  return {}
}

/** The first tasks in the order in which they are offered, without putting all of them in order. */
function foremost(tasks: readonly TaskRow[], most: number): TaskRow[] {
  if (tasks.length <= most) return [...tasks].sort(fifo)
  const first: TaskRow[] = []
  for (const task of tasks) {
    const last = first[most - 1]
    if (last && fifo(task, last) > 0) continue
    let low = 0
    let high = first.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (fifo(memberAt(first, middle), task) < 0) low = middle + 1
      else high = middle
    }
    first.splice(low, 0, task)
    if (first.length > most) first.pop()
  }
  return first
}

function addDocument(
  state: State,
  columns: Pick<WorkflowDocumentRow, 'workspace_sid' | 'workflow_sid' | 'configuration'> &
    Partial<Pick<WorkflowDocumentRow, 're_evaluate_at'>>
): WorkflowDocumentRow {
  return state.insert('workflow_document', { re_evaluate_at: null, ...columns })
}

export function deleteWorkflow(
  state: State,
  { workspace_sid, sid }: { readonly workspace_sid: string; readonly sid: string }
): Record<string, never> {
  const workflow = inWorkspace(state, 'workflow', workspace_sid, sid)
  const open = [...state.tables.task.by('workflow_sid', sid)].filter((task) => !isTerminal(task)).length
  if (open > 0) refuse('in_use', `Workflow ${workflow.friendly_name} cannot be deleted: ${open} open tasks are in it`)
  state.emit('workflow.deleted', { workspace: workspaceOf(state, workspace_sid), workflow })
  for (const document of [...state.tables.workflow_document.by('workflow_sid', sid)])
    state.remove('workflow_document', document.sid)
  state.remove('workflow', sid)
  return {}
}

function checkParams(state: State, workspace_sid: string, params: WorkflowParams, before?: WorkflowRow): void {
  const { friendly_name, configuration } = params
  if (friendly_name !== undefined) {
    checkName(friendly_name, 'Workflow')
    const other = state.tables.workflow.firstBy('name', nameKey(workspace_sid, friendly_name))
    if (other && other.sid !== before?.sid) refuse('exists', 'Workflow with the same friendly name already exists')
  }
  checkRange(params.task_reservation_timeout, 'TaskReservationTimeout', 1, 86_400)
  checkUrl(params.assignment_callback_url, 'AssignmentCallbackUrl')
  checkUrl(params.fallback_assignment_callback_url, 'FallbackAssignmentCallbackUrl')
  if (configuration === undefined) return
  if (configuration.length > MAX_DOCUMENT_BYTES)
    refuse('invalid', `Configuration must not be larger than ${MAX_DOCUMENT_BYTES} bytes`)
  try {
    const compiling = (length: number) => state.matcher.longAnswers.compiling(length)
    for (const queue_sid of parseWorkflowDocument(configuration, compiling).queues) {
      if (state.tables.task_queue.find(queue_sid)?.workspace_sid !== workspace_sid) {
        refuse('invalid', `Configuration: TaskQueue ${queue_sid} does not exist in Workspace ${workspace_sid}`)
      }
    }
  } catch (error) {
    if (!(error instanceof WorkflowDocumentError)) throw error
    refuse('invalid', `Configuration: ${error.message}`)
  }
}
