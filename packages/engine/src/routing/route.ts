import type { State } from '../state/state.ts'
import { emitReservation, emitTask } from './events.ts'
import { candidates, workFor } from './match/match.ts'
import { defaultFilter, noFilter, type ReservationRow, type TaskRow } from './rows.ts'
import type { DefaultFilter, WorkflowFilter, WorkflowTarget } from './workflow-document.ts'
import { moveTo } from './worker.ts'

/*
 * How a task moves through its workflow (reference taskrouter 3 and 11): filters from the top, the targets of the first
 * that matches, each offered once on entering, left by skipping or by time.
 */

export const reasons = {
  workflow: 'Task canceled on Workflow timeout',
  ttl: 'Task TTL Exceeded',
  rounds: 'Task TTL Exceeded or Max assignment count exceeded',
  target_late: 'RoutingTarget SLA for Reservation creation was not met',
  target_failed: 'RoutingTarget not available for Reservation acceptance'
} as const

/**
 * Runs the task through the filters of its document, beginning with one. True when it is reserved or waits somewhere,
 * false when nothing takes it.
 */
export function followWorkflow(state: State, sid: string, start: number): boolean {
  const task = state.get('task', sid)
  const document = state.pools.document(task.workflow_document_sid as string) // a task that follows a workflow has one
  for (const filter of document.filters.slice(start)) {
    if (!filter.expression.matches(state.pools.task(state.get('task', sid)))) continue
    const changed = state.change('task', sid, { filter_index: filter.index, target_index: 0, filter_entered_at: state.at })
    emitTask(state, 'workflow.target-matched', changed, {
      workflow_filter_name: filter.friendly_name ?? null,
      workflow_filter_expression: JSON.stringify([filter.source])
    })
    if (enterTargets(state, sid, filter, 0)) return true
    emitTask(state, 'workflow.skipped', state.get('task', sid))
  }
  // The default filter never follows a timeout (reference taskrouter 3.4).
  if (state.get('task', sid).timed_out || !document.default_filter) return false
  enterDefault(state, sid, document.default_filter)
  return true
}

/** Tries a filter's targets from one on; true when the task is reserved or waits in one of them. */
function enterTargets(state: State, sid: string, filter: WorkflowFilter, first: number): boolean {
  for (const target of filter.targets.slice(first)) {
    enterTarget(state, sid, filter, target)
    if (offer(state, sid)) return true
    const skips = target.skip_if?.matches(undefined, undefined, state.pools.workforce(target.queue)) ?? false
    if (!skips) return true
  }
  return false
}

function enterTarget(state: State, sid: string, filter: WorkflowFilter, target: WorkflowTarget): void {
  const task = state.get('task', sid)
  // Timeouts are measured from entering the filter and add up (reference taskrouter 3.3).
  const until = filter.targets.slice(0, target.index + 1).reduce((sum, { timeout_s }) => sum + (timeout_s ?? 0), 0)
  const entered = task.filter_entered_at ?? state.at
  state.change('task', sid, {
    filter_index: filter.index,
    target_index: target.index,
    advance: false,
    target_at: target.timeout_s === undefined ? null : entered + until * 1000,
    rejected_by: [],
    rejections: 0,
    retry_at: null,
    ...(target.priority !== undefined && { priority: target.priority })
  })
  enterQueue(state, sid, target.queue)
}

function enterDefault(state: State, sid: string, filter: DefaultFilter): void {
  state.change('task', sid, {
    filter_index: defaultFilter,
    target_index: 0,
    filter_entered_at: state.at,
    advance: false,
    target_at: null,
    rejected_by: [],
    rejections: 0,
    retry_at: null,
    ...(filter.priority !== undefined && { priority: filter.priority })
  })
  enterQueue(state, sid, filter.queue)
  offer(state, sid)
}

/** Books the task in a queue. Leaving another one for it is `task-queue.moved`. */
export function enterQueue(state: State, sid: string, task_queue_sid: string): void {
  const before = state.get('task', sid)
  if (before.task_queue_sid === task_queue_sid) return
  const task = state.change('task', sid, { task_queue_sid, task_queue_entered_date: state.at })
  if (before.task_queue_sid !== null) emitTask(state, 'task-queue.moved', task)
  emitTask(state, 'task-queue.entered', task)
}

/** Reserves the task for the workers who come first, up to the queue's MaxReservedWorkers; false when nobody can take it. */
export function offer(state: State, sid: string): boolean {
  const task = state.get('task', sid)
  if (task.assignment_status !== 'pending') return false
  const queue = state.find('task_queue', task.task_queue_sid)
  const workers = candidates(state, task, queue?.max_reserved_workers ?? 1)
  if (workers.length === 0) return false
  const workflow = state.find('workflow', task.workflow_sid)
  const timeout_at = state.at + (workflow?.task_reservation_timeout ?? 120) * 1000
  state.change('task', sid, { assignment_status: 'reserved', rounds: task.rounds + 1, retry_at: null })
  for (const worker of workers) reserve(state, sid, worker.sid, timeout_at)
  return true
}

function reserve(state: State, task_sid: string, worker_sid: string, timeout_at: number): void {
  const task = state.get('task', task_sid)
  const worker = state.get('worker', worker_sid)
  const reservation = state.insert('reservation', {
    workspace_sid: task.workspace_sid,
    task_sid,
    worker_sid,
    task_channel_sid: task.task_channel_sid,
    reservation_status: 'pending',
    worker_previous_activity_sid: worker.activity_sid,
    timeout_at
  })
  // The worker's version grows with it (reference taskrouter 0.5), and its idle clock starts anew (6.4).
  state.change('worker', worker_sid, { last_reserved_seq: reservation.seq })
  const channel = state.tables.worker_channel.firstBy('pair', `${worker_sid}/${task.task_channel_sid}`)
  if (channel) {
    state.change('worker_channel', channel.sid, { last_reserved_seq: reservation.seq, last_reserved_time: state.at })
  }
  emitReservation(state, 'reservation.created', reservation)
  moveBySingleTask(state, reservation, 'reservation_activity_sid')
}

/** In a workspace without multitasking the queue's activities are set (reference taskrouter 5.3). */
export function moveBySingleTask(
  state: State,
  reservation: ReservationRow,
  column: 'reservation_activity_sid' | 'assignment_activity_sid'
): void {
  if (state.get('workspace', reservation.workspace_sid).multi_task_enabled) return
  const task = state.get('task', reservation.task_sid)
  const activity_sid = state.find('task_queue', task.task_queue_sid)?.[column]
  if (activity_sid) moveTo(state, reservation.worker_sid, activity_sid)
}

/** The time in the task's target has ended. */
export function targetTimedOut(state: State, sid: string): void {
  const task = state.change('task', sid, { target_at: null })
  if (task.assignment_status === 'reserved') state.change('task', sid, { advance: true })
  else if (task.filter_index === noFilter) failDirect(state, sid, reasons.target_late)
  else leaveTarget(state, sid)
}

/** On to the next target, to the next filters after the last one, or out of the workflow. */
function leaveTarget(state: State, sid: string): void {
  const task = state.change('task', sid, { timed_out: true, advance: false, target_at: null })
  emitTask(state, 'task-queue.timeout', task)
  const document = state.pools.document(task.workflow_document_sid as string) // it is in one of its targets
  const filter = document.filters[task.filter_index]
  const rest = filter && task.target_index + 1 < filter.targets.length
  if (filter && rest) {
    if (enterTargets(state, sid, filter, task.target_index + 1)) return
    emitTask(state, 'workflow.skipped', state.get('task', sid))
  }
  if (!followWorkflow(state, sid, task.filter_index + 1)) leaveWorkflow(state, sid)
}

function leaveWorkflow(state: State, sid: string): void {
  emitTask(state, 'workflow.timeout', state.get('task', sid))
  cancel(state, sid, reasons.workflow)
}

/** A round of reservations has ended without acceptance: the task goes on, or is offered again where it stands. */
export function roundEnded(state: State, sid: string): void {
  const task = state.get('task', sid)
  if (task.assignment_status !== 'reserved') return
  for (const reservation of state.tables.reservation.by('task_sid', sid)) {
    if (reservation.reservation_status === 'pending') return
  }
  state.change('task', sid, { assignment_status: 'pending' })
  if (task.rounds >= state.settings.limits.assignment_rounds) cancel(state, sid, reasons.rounds)
  else if (task.routing_target?.startsWith('WK')) failDirect(state, sid, reasons.target_failed)
  else if (task.re_evaluate) reEvaluate(state, sid)
  else if (task.advance) leaveTarget(state, sid)
  else offer(state, sid)
}

/** A task for one worker that this worker does not take (reference taskrouter 4.4). */
function failDirect(state: State, sid: string, reason: string): void {
  cancel(state, sid, reason)
  const worker = state.find('worker', state.get('task', sid).routing_target)
  emitTask(state, 'reservation.failed', state.get('task', sid), undefined, worker)
}

/**
 * Starts the task anew with its workflow's newest document. A reserved task does so when its reservation fails, one that
 * a worker has is left alone; its age stays, the clock of its target restarts (reference taskrouter 3.9).
 */
export function reEvaluate(state: State, sid: string): void {
  const task = state.get('task', sid)
  const workflow = state.find('workflow', task.workflow_sid)
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
  }
}

/** Ends a task that nobody has: its pending reservations are canceled, then the task. */
export function cancel(state: State, sid: string, reason: string | null): TaskRow {
  cancelReservations(state, sid)
  const task = state.change('task', sid, { assignment_status: 'canceled', reason, ...ended(state) })
  emitTask(state, 'task.canceled', task)
  return task
}

export function cancelReservations(state: State, task_sid: string): void {
  for (const pending of [...state.tables.reservation.by('task_sid', task_sid)]) {
    if (pending.reservation_status !== 'pending') continue
    const reservation = state.change('reservation', pending.sid, { reservation_status: 'canceled', timeout_at: null })
    emitReservation(state, 'reservation.canceled', reservation)
  }
}

/** What ends with a task: its timers; it is kept a while for whoever asks (reference taskrouter 4.2). */
export function ended(state: State): Partial<TaskRow> {
  return {
    ttl_at: null,
    target_at: null,
    retry_at: null,
    delete_at: state.at + state.settings.finished_task_kept_s * 1000
  }
}

/** Offers what waits to everybody for whom something has changed, until nothing more can be offered. */
export function offerWaiting(state: State): void {
  for (;;) {
    const queues = state.pools.takeOpened()
    const workers = state.pools.takeFreed()
    if (queues.length === 0 && workers.length === 0) return
    for (const sid of queues) {
      for (const task of [...(state.pools.waiting(sid) ?? [])]) offer(state, task.sid)
    }
    for (const sid of workers) {
      for (let worker = state.find('worker', sid); worker; worker = state.find('worker', sid)) {
        const task = workFor(state, worker)
        if (!task || !offer(state, task.sid)) break
      }
    }
  }
}
