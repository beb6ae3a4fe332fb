import type { State } from '../center.ts'
import { isKeyOf } from '../core/keys.ts'
import { type Clause, clausesOf } from '../matching/expression/clause.ts'
import { compile, type Expression } from '../matching/expression/compile.ts'
import { candidates, type Reason, reasonAgainst, reasonNotReady, workFor } from '../matching/match.ts'
import { defaultFilter, noFilter } from '../matching/row-values.ts'
import type { WorkflowDocument, WorkflowFilter } from '../matching/workflow-document.ts'
import { reasons } from './end-task.ts'
import type { TaskQueueRow, TaskRow, WorkerChannelRow, WorkerRow } from './rows.ts'

/*
 * Why a task is where it is, and what a worker could take. The matching code itself is asked, so whoever an explanation
 * calls the first choice is whom the engine would offer the task to. Plain values, fit for JSON; instants in milliseconds.
 * It reads the state as the last decision left it, which
 * holds until the next one, and changes nothing.
 */

export interface ExplainedFilter {
  readonly index: number
  readonly friendly_name: string | null
  readonly expression: string
  readonly matches: boolean
  readonly clauses: readonly Clause[]
}

export interface ExplainedTarget {
  /** Null in the default filter, and for a task that was routed directly. */
  readonly filter_index: number | null
  readonly target_index: number | null
  readonly is_default_filter: boolean
  readonly task_queue_sid: string | null
  readonly task_queue_friendly_name: string | null
  readonly target_workers: string | null
  readonly expression: string | null
  readonly order_by: string | null
  readonly known_worker: string | null
  /** When the task leaves it, and what follows then; null when it is somebody's. */
  readonly ends_at: number | null
  readonly afterwards: string | null
}

export interface ExplainedWorker {
  readonly worker_sid: string
  readonly worker_name: string
  readonly activity_sid: string
  readonly activity_name: string
  readonly activity_available: boolean
  /** Since when the worker is in that activity. */
  readonly date_status_changed: number
  readonly channels: readonly ExplainedLoad[]
  /** Null: the task can be offered to this worker now. */
  readonly reason: Reason | null
  /** The clauses of the queue's or the target's expression, or what the known worker is compared with, when they are the reason. */
  readonly clauses?: readonly Clause[]
}

/** How loaded one channel of a worker is. */
export interface ExplainedLoad {
  readonly task_channel_unique_name: string
  readonly available: boolean
  readonly configured_capacity: number
  /** Accepted, or being wrapped up. */
  readonly assigned_tasks: number
  /** Assigned tasks, and offers that are not answered yet. */
  readonly open_reservations: number
  readonly free_capacity: number
}

export interface TaskExplanation {
  readonly task_sid: string
  readonly at: number
  readonly assignment_status: TaskRow['assignment_status']
  /** The answer in one sentence. */
  readonly verdict: string
  /** Those that were tried, from the top; the last one has the task, unless it is in the default filter. */
  readonly filters: readonly ExplainedFilter[]
  readonly target: ExplainedTarget
  /** Only for a task that is pending. */
  readonly workers: {
    readonly total: number
    readonly eligible: number
    readonly first_choice: string | null
    /** How many workers each first reason rules out. */
    readonly reasons: Readonly<Partial<Record<Reason, number>>>
    /** First choices first, then those who are eligible for the queue, then the others; at most `limit`. */
    readonly listed: readonly ExplainedWorker[]
  } | null
}

export interface WorkerExplanation {
  readonly worker_sid: string
  readonly at: number
  readonly verdict: string
  readonly activity_sid: string
  readonly activity_name: string
  readonly activity_available: boolean
  /** Since when the worker is in that activity. */
  readonly date_status_changed: number
  readonly channels: readonly (ExplainedLoad & {
    readonly task_channel_sid: string
    /** Why nothing is offered on it; null: it is ready. */
    readonly reason: Reason | null
  })[]
  /** Queues for which the worker is eligible. */
  readonly task_queues: number
  /** The waiting task that would be offered next. */
  readonly next_task_sid: string | null
  /** Waiting tasks that were looked at, the oldest of the workspace; all of them unless `is_complete` is false. */
  readonly waiting: number
  readonly is_complete: boolean
  readonly reasons: Readonly<Partial<Record<Reason, number>>>
  readonly listed: readonly {
    readonly task_sid: string
    readonly task_queue_sid: string | null
    readonly task_queue_friendly_name: string | null
    readonly reason: Reason | null
    readonly clauses?: readonly Clause[]
  }[]
}

interface ExplainOptions {
  /** The instant of the question, in milliseconds; that of the last decision where none is given. */
  readonly at?: number
  readonly limit?: number
}

/** Why a task waits, or who has it, or how it ended. Lists at most `limit` workers (100). */
export function explainTask(
  state: State,
  task: TaskRow,
  { at = state.at, limit = 100 }: ExplainOptions = {}
): TaskExplanation {
  const workers = task.assignment_status === 'pending' ? explainWorkers(state, task, limit) : null
  return {
    task_sid: task.sid,
    at,
    assignment_status: task.assignment_status,
    verdict: verdictOf(state, task, workers),
    filters: explainFilters(state, task),
    target: explainTarget(state, task),
    workers
  }
}

/** What a worker could take now, and why not the rest. Lists at most `limit` tasks (100). Throws when there is no such worker. */
export function explainWorker(
  state: State,
  worker_sid: string,
  { at = state.at, limit = 100 }: ExplainOptions = {}
): WorkerExplanation {
  const worker = state.tables.worker.need(worker_sid)
  const activity = state.tables.activity.need(worker.activity_sid)
  const entry = state.matcher.entry(worker_sid)
  const next = entry && workFor(state, entry)
  const waiting = explainWaiting(state, worker, limit)
  const channels = [...state.tables.worker_channel.by('worker_sid', worker_sid)].map((row) => ({
    task_channel_sid: row.task_channel_sid,
    ...loadOf(state, row),
    reason: reasonNotReady(state, worker, row.task_channel_sid) ?? null
  }))
  const ready = channels.filter((channel) => channel.reason === null).map((row) => row.task_channel_unique_name)
  const name = worker.friendly_name
  const verdict = next
    ? `${name} is offered task ${next.sid} next.`
    : ready.length === 0
      ? `${name} takes nothing now: ${activity.available ? 'no channel has room' : `${activity.friendly_name} is not an available activity`}.`
      : `${name} is ready on ${ready.join(', ')}; ${waiting.waiting === 0 ? 'nothing waits' : 'nothing that waits fits'}.`
  return {
    worker_sid,
    at,
    verdict,
    activity_sid: activity.sid,
    activity_name: activity.friendly_name,
    activity_available: activity.available,
    date_status_changed: worker.date_status_changed,
    channels,
    task_queues: state.matcher.queuesOf(worker_sid).size,
    next_task_sid: next?.sid ?? null,
    ...waiting
  }
}

function loadOf(state: State, row: WorkerChannelRow): ExplainedLoad {
  const { open, assigned } = state.matcher.load(row.worker_sid, row.task_channel_sid)
  return {
    task_channel_unique_name: state.tables.task_channel.need(row.task_channel_sid).unique_name,
    available: row.available,
    configured_capacity: row.configured_capacity,
    assigned_tasks: assigned,
    open_reservations: open,
    free_capacity: Math.max(0, row.configured_capacity - open)
  }
}

function explainWaiting(
  state: State,
  worker: WorkerRow,
  limit: number
): Pick<WorkerExplanation, 'waiting' | 'is_complete' | 'reasons' | 'listed'> {
  const counts: Partial<Record<Reason, number>> = {}
  const takable: WorkerExplanation['listed'][number][] = []
  const others: WorkerExplanation['listed'][number][] = []
  let waiting = 0
  let is_complete = true
  for (const task of state.tables.task.by('workspace_sid', worker.workspace_sid)) {
    if (task.assignment_status !== 'pending') continue
    if (waiting === maxTasks) {
      is_complete = false
      break
    }
    waiting++
    const reason = reasonAgainst(state, task, worker)
    const { task_queue_sid } = task
    const task_queue_friendly_name = state.tables.task_queue.find(task_queue_sid)?.friendly_name ?? null
    const place = { task_sid: task.sid, task_queue_sid, task_queue_friendly_name }
    if (reason === undefined) takable.push({ ...place, reason: null })
    else {
      counts[reason] = (counts[reason] ?? 0) + 1
      if (others.length < limit) others.push({ ...place, reason, ...clausesFor(state, task, worker, reason) })
    }
  }
  return { waiting, is_complete, reasons: counts, listed: [...takable, ...others].slice(0, limit) }
}

function explainWorkers(state: State, task: TaskRow, limit: number): NonNullable<TaskExplanation['workers']> {
  const chosen = candidates(state, task, Math.max(1, limit))
  const members = state.matcher.members(task.task_queue_sid ?? '')
  const counts: Partial<Record<Reason, number>> = {}
  const eligible: ExplainedWorker[] = []
  const others: ExplainedWorker[] = []
  let total = 0
  for (const worker of state.tables.worker.by('workspace_sid', task.workspace_sid)) {
    total++
    const reason = reasonAgainst(state, task, worker)
    if (reason === undefined) continue
    counts[reason] = (counts[reason] ?? 0) + 1
    const list = members.has(worker.sid) ? eligible : others
    if (list.length >= limit) continue
    list.push(explainedWorker(state, task, worker, reason))
  }
  const first = chosen.map((worker) => explainedWorker(state, task, worker, null))
  return {
    total,
    eligible: members.size,
    first_choice: chosen[0]?.sid ?? null,
    reasons: counts,
    listed: [...first, ...eligible, ...others].slice(0, limit)
  }
}

function explainedWorker(state: State, task: TaskRow, worker: WorkerRow, reason: Reason | null): ExplainedWorker {
  const activity = state.tables.activity.need(worker.activity_sid)
  return {
    worker_sid: worker.sid,
    worker_name: worker.friendly_name,
    activity_sid: activity.sid,
    activity_name: activity.friendly_name,
    activity_available: activity.available,
    date_status_changed: worker.date_status_changed,
    channels: [...state.tables.worker_channel.by('worker_sid', worker.sid)].map((row) => loadOf(state, row)),
    reason,
    ...clausesFor(state, task, worker, reason)
  }
}

/** What was read where an expression, or the known worker, is the reason against a worker. */
function clausesFor(
  state: State,
  task: TaskRow,
  worker: WorkerRow,
  reason: Reason | null
): { clauses?: readonly Clause[] } {
  const { matcher } = state
  const { expression, known_worker } = matcher.targetOf(task)
  if (reason === 'not eligible for the queue') {
    const queue = state.tables.task_queue.find(task.task_queue_sid)
    return queue ? { clauses: clausesOf(targetWorkers(state, queue), undefined, matcher.worker(worker.sid)) } : {}
  }
  if (reason === 'another worker is the known worker' && known_worker) {
    const { by, source, path } = known_worker
    const values = { [path.text]: path.read(matcher.task(task)) ?? null, [`worker.${by}`]: worker[by] }
    return { clauses: [{ expression: `worker.${by} == ${source}`, matches: false, values }] }
  }
  if (reason === 'the target expression does not match' && expression)
    return { clauses: clausesOf(expression, matcher.task(task), matcher.worker(worker.sid)) }
  return {}
}

const compiled = new WeakMap<TaskQueueRow, Expression>()

/** The expression that is in force in the queue. */
function targetWorkers(state: State, queue: TaskQueueRow): Expression {
  const source = state.matcher.expressionInForce(queue)
  let expression = compiled.get(queue)
  if (expression?.source !== source) {
    expression = compile(source, 'worker')
    compiled.set(queue, expression)
  }
  return expression
}

function documentOf(state: State, task: TaskRow): WorkflowDocument | undefined {
  const row = state.tables.workflow_document.find(task.workflow_document_sid)
  return row && state.matcher.document(row.sid)
}

/** The filters that a task has tried, from the top, with what their clauses read. */
export function explainFilters(state: State, task: TaskRow): ExplainedFilter[] {
  const document = documentOf(state, task)
  if (!document || task.filter_index === noFilter) return []
  const tried =
    task.filter_index === defaultFilter ? document.filters : document.filters.slice(0, task.filter_index + 1)
  const view = state.matcher.task(task)
  return tried.map(({ index, friendly_name, source, expression }) => ({
    index,
    friendly_name: friendly_name ?? null,
    expression: source,
    matches: expression.matches(view),
    clauses: clausesOf(expression, view)
  }))
}

/** Where a task stands, and what follows if nobody takes it. */
export function explainTarget(state: State, task: TaskRow): ExplainedTarget {
  const queue = state.tables.task_queue.find(task.task_queue_sid)
  const target = documentOf(state, task) ? state.matcher.targetOf(task) : {}
  const isIn = task.filter_index >= 0
  return {
    filter_index: isIn ? task.filter_index : null,
    target_index: isIn ? task.target_index : null,
    is_default_filter: task.filter_index === defaultFilter,
    task_queue_sid: task.task_queue_sid,
    task_queue_friendly_name: queue?.friendly_name ?? null,
    target_workers: queue ? state.matcher.expressionInForce(queue) : null,
    expression: target.expression?.source ?? null,
    order_by: target.order_by?.source ?? null,
    known_worker: target.known_worker?.source ?? null,
    ...endOf(state, task)
  }
}

/** When the task leaves its target if nobody takes it, and where to: time to live or the target's own time, what is first. */
function endOf(state: State, task: TaskRow): Pick<ExplainedTarget, 'ends_at' | 'afterwards'> {
  const { target_at, ttl_at } = task
  if (ttl_at === null && target_at === null) return { ends_at: null, afterwards: null }
  if (target_at === null || (ttl_at !== null && ttl_at <= target_at))
    return { ends_at: ttl_at, afterwards: `it is canceled: ${reasons.ttl}` }
  const document = documentOf(state, task)
  const filter = document?.filters[task.filter_index]
  if (!document || !filter) return { ends_at: target_at, afterwards: `it is canceled: ${reasons.target_late}` }
  const next = filter.targets[task.target_index + 1]
  if (next)
    return {
      ends_at: target_at,
      afterwards: `it goes on to target ${next.index + 1} in ${queueName(state, next.queue)}`
    }
  const below = nextFilter(state, task, document)
  const afterwards = below
    ? `it goes on to filter ${below.friendly_name ?? below.index + 1} in ${queueName(state, below.targets[0]?.queue)}`
    : `it is canceled: ${reasons.workflow}`
  return { ends_at: target_at, afterwards }
}

function nextFilter(state: State, task: TaskRow, document: WorkflowDocument): WorkflowFilter | undefined {
  const view = state.matcher.task(task)
  return document.finder.first(view, task.filter_index + 1)
}

function queueName(state: State, sid: string | undefined): string {
  return `queue ${state.tables.task_queue.find(sid)?.friendly_name ?? sid}`
}

function verdictOf(state: State, task: TaskRow, workers: TaskExplanation['workers']): string {
  if (workers) return pendingVerdict(state, task, workers)
  const status = { reserved: 'pending', assigned: 'accepted', wrapping: 'wrapping' } as const
  const held = task.assignment_status
  if (!isKeyOf(status, held)) return `It is ${task.assignment_status}${task.reason === null ? '' : `: ${task.reason}`}.`
  const names = [...state.tables.reservation.by('task_sid', task.sid)]
    .filter((row) => row.reservation_status === status[held])
    .map((row) => state.tables.worker.find(row.worker_sid)?.friendly_name ?? row.worker_sid)
  const verb = { reserved: 'It is offered to', assigned: 'It is with', wrapping: 'It is wrapped up by' }
  return `${verb[held]} ${names.join(', ')}.`
}

function pendingVerdict(state: State, task: TaskRow, workers: NonNullable<TaskExplanation['workers']>): string {
  const first = workers.first_choice
  if (first !== null) return `It can be offered to ${state.tables.worker.need(first).friendly_name} now.`
  const direct = task.routing_target?.startsWith('WK') ? state.tables.worker.find(task.routing_target) : undefined
  if (direct) return `It waits for ${direct.friendly_name} alone: ${reasonAgainst(state, task, direct)}.`
  const place =
    task.task_queue_sid === null ? 'It is in no queue' : `It waits in ${queueName(state, task.task_queue_sid)}`
  if (workers.eligible === 0) return `${place}, for which none of ${workers.total} workers is eligible.`
  const against = Object.entries(workers.reasons)
    .filter(([reason]) => reason !== ('not eligible for the queue' satisfies Reason))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([reason, count]) => `${count} ${reason}`)
  return `${place}, and none of its ${workers.eligible} eligible workers can take it: ${against.join(', ')}.`
}

/** More waiting tasks than these are not looked at for one worker: the account's writer waits meanwhile. */
const maxTasks = 10_000
