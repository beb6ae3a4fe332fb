import type { State } from '../../state/state.ts'
import { defaultFilter, nameKey, noFilter, type TaskRow, type WorkerRow } from '../rows.ts'
import type { WorkflowTarget } from '../workflow-document.ts'
import { fifo, lifo } from './pools.ts'

/** What a task's place in its workflow asks of a worker beyond the queue's own expression. */
export type Demands = Partial<Pick<WorkflowTarget, 'expression' | 'order_by' | 'known_worker'>>

export function demandsOf(state: State, task: TaskRow): Demands {
  if (task.workflow_document_sid === null || task.filter_index === noFilter) return nothing
  const document = state.pools.document(task.workflow_document_sid)
  if (task.filter_index === defaultFilter) return document.default_filter ?? nothing
  return document.filters[task.filter_index]?.targets[task.target_index] ?? nothing
}

const nothing: Demands = {}

/**
 * The first reason why a task cannot be offered to a worker now, or undefined when it can
 * (reference taskrouter 6.1; the order is that of the questions a supervisor would ask).
 */
export function reasonAgainst(state: State, task: TaskRow, worker: WorkerRow, demands: Demands): Reason | undefined {
  const { pools } = state
  const direct = isDirect(task)
  if (direct && task.routing_target !== worker.sid) return 'another worker is the routing target'
  if (!direct && !pools.members(task.task_queue_sid ?? '').has(worker.sid)) return 'not eligible for the queue'
  if (demands.known_worker) {
    const known = demands.known_worker.read(pools.task(task))
    const name = demands.known_worker.by === 'sid' ? worker.sid : worker.friendly_name
    if (known !== name) return 'another worker is the known worker'
  }
  if (demands.expression && !demands.expression.matches(pools.task(task), pools.worker(worker.sid))) {
    return 'the target expression does not match'
  }
  if (task.retry_at !== null && task.rejected_by.includes(worker.sid)) return 'has just rejected the task'
  return ignoresCapacity(task) ? undefined : reasonNotReady(state, worker, task.task_channel_sid)
}

/** Why the worker takes nothing at all on a channel now, or undefined when it does. */
export function reasonNotReady(state: State, worker: WorkerRow, task_channel_sid: string): Reason | undefined {
  if (!state.get('activity', worker.activity_sid).available) return 'not in an available activity'
  const channel = state.tables.worker_channel.firstBy('pair', nameKey(worker.sid, task_channel_sid))
  if (!channel?.available) return 'not available on the channel'
  const isSingle = !state.get('workspace', worker.workspace_sid).multi_task_enabled
  if (isSingle && state.tables.reservation.count('open_by_worker', worker.sid) > 0) return 'busy with another task'
  const { open } = state.pools.load(worker.sid, task_channel_sid)
  return open >= channel.configured_capacity ? 'no capacity left on the channel' : undefined
}

function isDirect(task: TaskRow): boolean {
  return task.routing_target?.startsWith('WK') ?? false
}

function ignoresCapacity(task: TaskRow): boolean {
  return isDirect(task) && task.ignore_capacity === true
}

export type Reason =
  | 'another worker is the routing target'
  | 'not eligible for the queue'
  | 'another worker is the known worker'
  | 'the target expression does not match'
  | 'has just rejected the task'
  | 'not in an available activity'
  | 'not available on the channel'
  | 'busy with another task'
  | 'no capacity left on the channel'

/** Workers to whom the task can be offered now, the first choice first, at most `limit` (reference taskrouter 6.4). */
export function candidates(state: State, task: TaskRow, limit: number): WorkerRow[] {
  const demands = demandsOf(state, task)
  const sids = isDirect(task) ? [task.routing_target] : state.pools.members(task.task_queue_sid ?? '')
  const fitting: WorkerRow[] = []
  for (const sid of sids) {
    const worker = state.find('worker', sid)
    if (worker && reasonAgainst(state, task, worker, demands) === undefined) fitting.push(worker)
  }
  if (fitting.length > 1) fitting.sort(byChoice(state, task, demands))
  return fitting.slice(0, limit)
}

function byChoice(state: State, task: TaskRow, demands: Demands): (a: WorkerRow, b: WorkerRow) => number {
  const optimized = state.get('task_channel', task.task_channel_sid).channel_optimized_routing
  const idleSince = (worker: WorkerRow) =>
    optimized
      ? (state.tables.worker_channel.firstBy('pair', nameKey(worker.sid, task.task_channel_sid))?.last_reserved_seq ??
        0)
      : worker.last_reserved_seq
  return (a, b) =>
    demands.order_by?.compare(state.pools.worker(a.sid), state.pools.worker(b.sid)) || idleSince(a) - idleSince(b)
}

/** The waiting task that this worker should be offered next, or undefined (reference taskrouter 6.5). */
export function workFor(state: State, worker: WorkerRow): TaskRow | undefined {
  const notReady = new Map<string, Reason | undefined>()
  const fits = (task: TaskRow) => {
    const channel_sid = task.task_channel_sid
    if (!notReady.has(channel_sid)) notReady.set(channel_sid, reasonNotReady(state, worker, channel_sid))
    if (notReady.get(channel_sid) !== undefined && !ignoresCapacity(task)) return false
    return reasonAgainst(state, task, worker, demandsOf(state, task)) === undefined
  }
  let best: TaskRow | undefined
  for (const place of [worker.sid, ...state.pools.queuesOf(worker.sid)]) {
    for (const task of state.pools.waiting(place) ?? []) {
      if (!fits(task)) continue
      if (best === undefined || inTurn(state, task, best) < 0) best = task
      break // what comes later in the same list comes later
    }
  }
  return best
}

/** Which of two waiting tasks is offered first: the kind of queue that the workspace prefers, then the queue's order. */
export function inTurn(state: State, a: TaskRow, b: TaskRow): number {
  const isLifo = waitsInLifo(state, a)
  if (isLifo === waitsInLifo(state, b)) return (isLifo ? lifo : fifo)(a, b)
  const lifoFirst = state.get('workspace', a.workspace_sid).prioritize_queue_order === 'LIFO'
  return isLifo === lifoFirst ? -1 : 1
}

/** A task for one worker waits in order of priority and age whatever its queue. */
function waitsInLifo(state: State, task: TaskRow): boolean {
  return !isDirect(task) && state.find('task_queue', task.task_queue_sid)?.task_order === 'LIFO'
}
