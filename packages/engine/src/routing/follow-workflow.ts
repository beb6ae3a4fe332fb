import type { State } from '../center.ts'
import { foldedName, nameKey } from '../core/names.ts'
import { readJson } from '../matching/expression/decimal.ts'
import { defaultFilter, noFilter } from '../matching/row-values.ts'
import type { DefaultFilter, WorkflowFilter, WorkflowTarget } from '../matching/workflow-document.ts'
import { cancel, dropIfUnused, failDirect, reasons } from './end-task.ts'
import { emitTask } from './events.ts'
import { emitQueue, offer, queueEntered } from './offer.ts'
import type { TaskRow } from './rows.ts'

/*
 * How a task moves through its workflow (reference taskrouter 3 and 11): filters from the top, the targets of the first
 * that matches, each offered once on entering, left by skipping or by time.
 */

/**
 * Runs the task through the filters of its document, beginning with one. True when it is reserved or waits somewhere,
 * false when nothing takes it.
 */
export function followWorkflow(state: State, sid: string, start: number): boolean {
  const task = state.tables.task.need(sid)
  const document = state.matcher.documentOf(task)
  const view = state.matcher.task(task) // being routed changes no attributes
  let filter = document.finder.first(view, start)
  for (; filter; filter = document.finder.first(view, filter.index + 1)) {
    const changed = state.change('task', sid, {
      filter_index: filter.index,
      target_index: 0,
      filter_entered_at: state.at,
      followed_attributes: null
    })
    emitTask(state, 'workflow.target-matched', changed, matched(state, filter, changed))
    if (enterTargets(state, sid, filter, 0)) return true
    emitTask(state, 'workflow.skipped', state.tables.task.need(sid))
  }
  // The default filter never follows a timeout (reference taskrouter 3.4).
  if (state.tables.task.need(sid).timed_out || !document.default_filter) return false
  enterDefault(state, sid, document.default_filter)
  return true
}

/** What the event says of the filter that matched, and of the worker for whom one of its targets is (reference taskrouter 3.8, 8.3). */
function matched(state: State, filter: WorkflowFilter, task: TaskRow) {
  const fields = {
    workflow_filter_name: filter.friendly_name ?? null,
    workflow_filter_expression: filter.told_source
  }
  const known = filter.targets.find((target) => target.known_worker)?.known_worker
  const name = known?.read(state.matcher.task(task))
  if (!known || name === undefined) return fields
  const { worker: workers } = state.tables
  const worker =
    known.by === 'sid' ? workers.get(name) : workers.firstBy('name', nameKey(task.workspace_sid, foldedName(name)))
  if (worker?.workspace_sid !== task.workspace_sid || known.nameOf(worker) !== name) return fields
  return { ...fields, known_worker_sid: worker.sid }
}

/** Tries a filter's targets from one on; true when the task is reserved or waits in one of them. */
function enterTargets(state: State, sid: string, filter: WorkflowFilter, first: number): boolean {
  for (const target of filter.targets) {
    if (target.index < first) continue
    enterTarget(state, sid, filter, target)
    if (offer(state, sid)) return true
    const skips = target.skip_if?.matches(undefined, undefined, state.matcher.workforce(target.queue)) ?? false
    if (!skips) return true
  }
  return false
}

function enterTarget(state: State, sid: string, filter: WorkflowFilter, target: WorkflowTarget): void {
  const entered = state.tables.task.need(sid).filter_entered_at ?? state.at
  // Timeouts are measured from entering the filter and add up (reference taskrouter 3.3).
  let until_s = 0
  for (let i = 0; i <= target.index; i++) until_s += filter.targets[i]?.timeout_s ?? 0
  stand(state, sid, {
    filter_index: filter.index,
    target_index: target.index,
    target_at: target.timeout_s === undefined ? null : entered + until_s * 1000,
    priority: target.priority,
    task_queue_sid: target.queue,
    filter_entered_at: undefined,
    followed_attributes: undefined
  })
}

function enterDefault(state: State, sid: string, filter: DefaultFilter): void {
  stand(state, sid, {
    filter_index: defaultFilter,
    target_index: 0,
    target_at: null,
    priority: filter.priority,
    task_queue_sid: filter.queue,
    filter_entered_at: state.at,
    followed_attributes: null
  })
  offer(state, sid)
}

/** A place in a workflow, in columns of a task; `undefined` leaves one as it is. */
interface Place extends Pick<TaskRow, 'filter_index' | 'target_index' | 'target_at'> {
  readonly priority: number | undefined
  readonly task_queue_sid: string
  readonly filter_entered_at: number | undefined
  readonly followed_attributes: null | undefined
}

/** Puts the task in that place, and in its queue. Nobody has rejected it there yet. */
function stand(state: State, sid: string, place: Place): void {
  const before = state.tables.task.need(sid)
  // Named one by one: every task comes here, and changes that are spread cost it some two microseconds more.
  const task = state.change('task', sid, {
    filter_index: place.filter_index,
    target_index: place.target_index,
    target_at: place.target_at,
    priority: place.priority,
    task_queue_sid: place.task_queue_sid,
    task_queue_entered_date: queueEntered(state, before, place.task_queue_sid),
    filter_entered_at: place.filter_entered_at,
    followed_attributes: place.followed_attributes,
    advance: false,
    rejected_by: nobody,
    rejections: 0,
    retry_at: null
  })
  emitQueue(state, before, task)
}

const nobody: readonly string[] = []

/** The time in the task's target has ended. */
export function targetTimedOut(state: State, sid: string): void {
  const task = state.change('task', sid, { target_at: null })
  if (task.assignment_status === 'reserved') state.change('task', sid, { advance: true })
  else if (task.filter_index === noFilter) failDirect(state, sid, reasons.target_late)
  else leaveTarget(state, sid)
}

/** On to the next target, to the next filters after the last one, or out of the workflow. */
export function leaveTarget(state: State, sid: string): void {
  const task = state.change('task', sid, { timed_out: true, advance: false, target_at: null })
  emitTask(state, 'task-queue.timeout', task)
  const document = state.matcher.documentOf(task)
  const filter = document.filters[task.filter_index]
  if (filter && task.target_index + 1 < filter.targets.length) {
    if (enterTargets(state, sid, filter, task.target_index + 1)) return
    emitTask(state, 'workflow.skipped', state.tables.task.need(sid))
  }
  if (!followWorkflow(state, sid, task.filter_index + 1)) leaveWorkflow(state, sid)
}

/** Nothing in its workflow takes the task any more. */
export function leaveWorkflow(state: State, sid: string): void {
  emitTask(state, 'workflow.timeout', state.tables.task.need(sid))
  cancel(state, sid, reasons.workflow)
}

/**
 * The attributes of a pending task have changed: its document's filters are evaluated again (reference taskrouter 3.9).
 * It keeps its place and clock while the filter that has it still matches and no earlier one has come to match. A filter
 * that it had already left by time or by skipping does not get it back just because it matches as before.
 * True when the task has gone elsewhere.
 */
export function followAgain(state: State, sid: string, followed_attributes: string | null): boolean {
  const task = state.tables.task.need(sid)
  if (followed_attributes === null || task.workflow_document_sid === null) return false
  if (task.followed_attributes !== null) state.change('task', sid, { followed_attributes: null })
  const start = filterAfterChange(state, task, followed_attributes)
  if (start === undefined) return false
  if (!followWorkflow(state, sid, start)) leaveWorkflow(state, sid)
  return true
}

/** The filter from which on the task is to be routed anew, or undefined when it stays where it is. */
function filterAfterChange(state: State, task: TaskRow, followed_attributes: string): number | undefined {
  const { filters } = state.matcher.documentOf(task)
  const was = { attributes: readJson(followed_attributes) } // checked when it was given
  const is = state.matcher.task(task)
  const current = task.filter_index === defaultFilter ? filters.length : task.filter_index
  const earlier = filters.slice(0, current).find(({ expression }) => expression.matches(is) && !expression.matches(was))
  if (earlier) return earlier.index
  const own = filters[current]
  return own && !own.expression.matches(is) ? current + 1 : undefined
}

/**
 * Starts the task anew with its workflow's newest document. A reserved task does so when its reservation fails, one that
 * a worker has is left alone; its age stays, the clock of its target restarts (reference taskrouter 3.9).
 */
export function reEvaluate(state: State, sid: string): void {
  const task = state.tables.task.need(sid)
  const workflow = state.tables.workflow.find(task.workflow_sid)
  if (!workflow || task.workflow_document_sid === null) return
  if (task.assignment_status === 'reserved') {
    state.change('task', sid, { re_evaluate: true })
  } else if (task.assignment_status === 'pending') {
    state.change('task', sid, {
      workflow_document_sid: workflow.workflow_document_sid,
      re_evaluate: false,
      timed_out: false,
      advance: false
    })
    if (!followWorkflow(state, sid, 0)) leaveWorkflow(state, sid)
    dropIfUnused(state, task.workflow_document_sid)
  }
}
