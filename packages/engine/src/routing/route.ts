import { foldedName } from '../name.ts'
import type { State } from '../state/state.ts'
import { emitReservation, emitTask, emitTransfer } from './events.ts'
import { readJson } from './expression/decimal.ts'
import type { WorkerEntry } from './match/entry.ts'
import { candidates, inTurn, Turns, workFor } from './match/match.ts'
import { defaultFilter, nameKey, noFilter, type ReservationRow, type TaskRow } from './rows.ts'
import { attemptFailed, attemptFails, endTransfer } from './transfer.ts'
import { moveTo } from './worker.ts'
import type { DefaultFilter, WorkflowFilter, WorkflowTarget } from './workflow-document.ts'

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
  const view = state.pools.task(task) // being routed changes no attributes
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
    emitTask(state, 'workflow.skipped', state.get('task', sid))
  }
  // The default filter never follows a timeout (reference taskrouter 3.4).
  if (state.get('task', sid).timed_out || !document.default_filter) return false
  enterDefault(state, sid, document.default_filter)
  return true
}

/** What is told of the filter that matched: the worker, too, whom one of its targets is for (reference taskrouter 3.8, 8.3). */
function matched(state: State, filter: WorkflowFilter, task: TaskRow) {
  const told = {
    workflow_filter_name: filter.friendly_name ?? null,
    workflow_filter_expression: filter.told_source
  }
  const known = filter.targets.find((target) => target.known_worker)?.known_worker
  const name = known?.read(state.pools.task(task))
  if (!known || name === undefined) return told
  const { worker: workers } = state.tables
  const worker =
    known.by === 'sid' ? workers.get(name) : workers.firstBy('name', nameKey(task.workspace_sid, foldedName(name)))
  if (worker?.workspace_sid !== task.workspace_sid || known.nameOf(worker) !== name) return told
  return { ...told, known_worker_sid: worker.sid }
}

/** Tries a filter's targets from one on; true when the task is reserved or waits in one of them. */
function enterTargets(state: State, sid: string, filter: WorkflowFilter, first: number): boolean {
  for (let i = first; i < filter.targets.length; i++) {
    const target = filter.targets[i] as WorkflowTarget // i < length
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
  let until_s = 0
  for (let i = 0; i <= target.index; i++) until_s += filter.targets[i]?.timeout_s ?? 0
  const entered = task.filter_entered_at ?? state.at
  const changed = state.change('task', sid, {
    filter_index: filter.index,
    target_index: target.index,
    advance: false,
    target_at: target.timeout_s === undefined ? null : entered + until_s * 1000,
    rejected_by: nobody,
    rejections: 0,
    retry_at: null,
    priority: target.priority,
    task_queue_sid: target.queue,
    task_queue_entered_date: queueEntered(state, task, target.queue)
  })
  tellOfQueue(state, task, changed)
}

const nobody: readonly string[] = []

function enterDefault(state: State, sid: string, filter: DefaultFilter): void {
  const task = state.get('task', sid)
  const changed = state.change('task', sid, {
    filter_index: defaultFilter,
    target_index: 0,
    filter_entered_at: state.at,
    followed_attributes: null,
    advance: false,
    target_at: null,
    rejected_by: nobody,
    rejections: 0,
    retry_at: null,
    priority: filter.priority,
    task_queue_sid: filter.queue,
    task_queue_entered_date: queueEntered(state, task, filter.queue)
  })
  tellOfQueue(state, task, changed)
  offer(state, sid)
}

/** Books the task in a queue. */
export function enterQueue(state: State, sid: string, task_queue_sid: string): void {
  const before = state.get('task', sid)
  if (before.task_queue_sid === task_queue_sid) return
  tellOfQueue(state, before, state.change('task', sid, { task_queue_sid, task_queue_entered_date: state.at }))
}

/** Since when it is in a queue that it is, or will be, booked in. */
function queueEntered(state: State, task: TaskRow, task_queue_sid: string): number | null {
  return task.task_queue_sid === task_queue_sid ? task.task_queue_entered_date : state.at
}

/** Leaving one queue for another is `task-queue.moved`. */
function tellOfQueue(state: State, before: TaskRow, task: TaskRow): void {
  if (before.task_queue_sid === task.task_queue_sid) return
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

/** Reserves the task for one worker; a transfer's reservation is the one that it was made for last. */
export function reserve(state: State, task_sid: string, worker_sid: string, timeout_at: number): void {
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
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  if (transfer) state.change('transfer', transfer.sid, { reservation_sid: reservation.sid })
  // The worker's version grows with it (reference taskrouter 0.5), and its idle clock starts anew (6.4).
  state.change('worker', worker_sid, { last_reserved_seq: reservation.seq })
  const channel = state.pools.channelOf(worker_sid, task.task_channel_sid)
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

/**
 * Without multitasking, a worker whose reservation is withdrawn goes back to the activity that it was in before, unless
 * somebody has moved it on.
 */
export function moveBackBySingleTask(state: State, reservation: ReservationRow): void {
  if (state.get('workspace', reservation.workspace_sid).multi_task_enabled) return
  const previous = state.find('activity', reservation.worker_previous_activity_sid)
  if (previous && isInReservationActivity(state, reservation)) moveTo(state, reservation.worker_sid, previous.sid)
}

/** Whether the worker is still where its queue sends those who have a reservation. */
export function isInReservationActivity(state: State, reservation: ReservationRow): boolean {
  if (state.get('workspace', reservation.workspace_sid).multi_task_enabled) return false
  const task = state.get('task', reservation.task_sid)
  const activity_sid = state.find('task_queue', task.task_queue_sid)?.reservation_activity_sid
  return activity_sid === state.get('worker', reservation.worker_sid).activity_sid
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

export function leaveWorkflow(state: State, sid: string): void {
  emitTask(state, 'workflow.timeout', state.get('task', sid))
  cancel(state, sid, reasons.workflow)
}

/**
 * Ends a reservation that was not accepted. The task is pending again when no other one is left, and stays where it is
 * until `roundEnded`, so that what the failure does to the worker is done first.
 */
export function fail(
  state: State,
  sid: string,
  reservation_status: 'rejected' | 'timeout' | 'canceled'
): ReservationRow {
  const reservation = state.change('reservation', sid, { reservation_status, timeout_at: null })
  const { task_sid } = reservation
  const isLast = !state.tables.reservation
    .list('task_sid', task_sid)
    .some((other) => other.reservation_status === 'pending')
  if (isLast) {
    state.change('task', task_sid, { assignment_status: 'pending' })
    attemptFails(state, reservation)
  }
  emitReservation(state, `reservation.${reservation_status}`, reservation)
  return reservation
}

/** After a reservation has failed: if it was the round's last, the task goes on, or is offered again where it stands. */
export function roundEnded(state: State, reservation: ReservationRow): void {
  const { task_sid: sid } = reservation
  const task = state.get('task', sid)
  if (task.assignment_status !== 'pending') return
  if (attemptFailed(state, reservation)) return
  if (task.rounds >= state.settings.limits.assignment_rounds) cancel(state, sid, reasons.rounds)
  else if (task.routing_target?.startsWith('WK')) failDirect(state, sid, reasons.target_failed)
  else if (task.re_evaluate) reEvaluate(state, sid)
  else if (followAgain(state, sid, task.followed_attributes)) return
  else if (task.advance) leaveTarget(state, sid)
  else offer(state, sid)
}

/**
 * The attributes of a pending task have changed: its document's filters are judged anew (reference taskrouter 3.9).
 * It keeps its place and clock while the filter that has it still matches and no earlier one has come to match. A filter
 * that it had already left by time or by skipping does not get it back just because it matches as before.
 * True when the task has gone elsewhere.
 */
export function followAgain(state: State, sid: string, followed_attributes: string | null): boolean {
  const task = state.get('task', sid)
  if (followed_attributes === null || task.workflow_document_sid === null) return false
  if (task.followed_attributes !== null) state.change('task', sid, { followed_attributes: null })
  const start = filterAfterChange(state, task, followed_attributes)
  if (start === undefined) return false
  if (!followWorkflow(state, sid, start)) leaveWorkflow(state, sid)
  return true
}

/** The filter from which on the task is to be routed anew, or undefined when it stays where it is. */
function filterAfterChange(state: State, task: TaskRow, followed_attributes: string): number | undefined {
  const { filters } = state.pools.document(task.workflow_document_sid as string) // the caller has seen it
  const was = { attributes: readJson(followed_attributes) } // checked when it was given
  const is = state.pools.task(task)
  const current = task.filter_index === defaultFilter ? filters.length : task.filter_index
  const earlier = filters.slice(0, current).find(({ expression }) => expression.matches(is) && !expression.matches(was))
  if (earlier) return earlier.index
  const own = filters[current]
  return own && !own.expression.matches(is) ? current + 1 : undefined
}

/** A task for one worker that this worker does not take (reference taskrouter 4.4). */
export function failDirect(state: State, sid: string, reason: string): void {
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
    dropIfUnused(state, task.workflow_document_sid)
  }
}

/** A workflow's older document goes when no open task follows it any more. */
export function dropIfUnused(state: State, workflow_document_sid: string | null): void {
  const document = state.find('workflow_document', workflow_document_sid)
  if (
    !document ||
    document.re_evaluate_at !== null ||
    state.find('workflow', document.workflow_sid)?.workflow_document_sid === document.sid
  )
    return
  if (state.tables.task.count('workflow_document_sid', document.sid) === 0)
    state.remove('workflow_document', document.sid)
}

/** Ends a task that nobody has, and its pending reservations with it. */
export function cancel(state: State, sid: string, reason: string | null): TaskRow {
  const task = state.change('task', sid, { assignment_status: 'canceled', reason, ...ended(state) })
  cancelReservations(state, sid)
  emitTask(state, 'task.canceled', task)
  dropIfUnused(state, task.workflow_document_sid)
  return task
}

export function cancelReservations(
  state: State,
  task_sid: string,
  reservations = state.tables.reservation.list('task_sid', task_sid)
): void {
  const transfer = endTransfer(state, task_sid)
  for (const pending of reservations) {
    if (pending.reservation_status === 'pending') withdraw(state, pending.sid, 'canceled')
  }
  if (transfer) emitTransfer(state, 'task.transfer-canceled', transfer)
}

/** Takes a pending reservation back from its worker: the task ends, or somebody else has accepted it. */
export function withdraw(state: State, sid: string, reservation_status: 'canceled' | 'rescinded'): void {
  const reservation = state.change('reservation', sid, { reservation_status, timeout_at: null })
  emitReservation(state, `reservation.${reservation_status}`, reservation)
  moveBackBySingleTask(state, reservation)
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

/**
 * Offers what waits to everybody for whom something has changed, until nothing more can be offered. The task that is first
 * in turn among all that these workers can take is offered first, to whoever is its first choice.
 *
 * For a few workers it looks what each can take; when there are more than `few` of them, at all that waits, in turn.
 */
export function offerWaiting(state: State, few = 16): void {
  const freed = state.pools.takeFreed()
  if (freed.length > 0) offerTo(state, freed, few)
}

function offerTo(state: State, first_freed: readonly WorkerEntry[], few: number): void {
  let freed = first_freed
  let choices: Map<WorkerEntry, TaskRow> | undefined
  let turns: Turns | undefined
  const look = (worker: WorkerEntry) => {
    const task = workFor(state, worker)
    if (task) {
      choices ??= new Map()
      choices.set(worker, task)
    } else choices?.delete(worker)
  }
  for (; ; freed = state.pools.takeFreed()) {
    if (freed.length > 0 && freed.length + (choices?.size ?? 0) > few) {
      const workers = [...freed, ...(choices?.keys() ?? [])]
      choices = undefined
      turns = new Turns(state, new Set(workers.map((worker) => worker.floor.workspace_sid)))
      // What waits for one worker alone stands in no bucket.
      for (const worker of workers) if (worker.direct) look(worker)
    } else for (const worker of freed) look(worker)
    let first = turns?.first
    const fromTurns = first
    for (const [worker, chosen] of choices ?? []) {
      // A row that is another one now has changed since: somebody else may have the task.
      if (state.find('task', chosen.sid) !== chosen) look(worker)
      const task = choices?.get(worker)
      if (task && (first === undefined || inTurn(state, task, first) < 0)) first = task
    }
    if (first === undefined) return
    if (offer(state, first.sid)) continue
    if (first !== fromTurns) throw new Error(`invariant: task ${first.sid}, chosen for a worker, can be offered`)
    turns?.drop()
  }
}
