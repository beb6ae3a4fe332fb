import type { State } from '../../state/state.ts'
import { defaultFilter, noFilter, type TaskRow, type WorkerRow } from '../rows.ts'
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
  const direct = task.routing_target?.startsWith('WK') ?? false
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
  if (direct && task.ignore_capacity) return undefined
  if (!state.get('activity', worker.activity_sid).available) return 'not in an available activity'
  const channel = state.tables.worker_channel.firstBy('pair', `${worker.sid}/${task.task_channel_sid}`)
  if (!channel?.available) return 'not available on the channel'
  if (!state.get('workspace', task.workspace_sid).multi_task_enabled) {
    return state.tables.reservation.count('open_by_worker', worker.sid) > 0 ? 'busy with another task' : undefined
  }
  if (pools.load(worker.sid, task.task_channel_sid).open >= channel.configured_capacity) return 'no capacity left on the channel'
  return undefined
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
  const target = task.routing_target?.startsWith('WK') ? task.routing_target : undefined
  const sids = target ? [target] : state.pools.members(task.task_queue_sid ?? '')
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
      ? (state.tables.worker_channel.firstBy('pair', `${worker.sid}/${task.task_channel_sid}`)?.last_reserved_seq ?? 0)
      : worker.last_reserved_seq
  return (a, b) =>
    demands.order_by?.compare(state.pools.worker(a.sid), state.pools.worker(b.sid)) || idleSince(a) - idleSince(b)
}

/** The waiting task that this worker should be offered next, or undefined (reference taskrouter 6.5). */
export function workFor(state: State, worker: WorkerRow): TaskRow | undefined {
  const lifoFirst = state.get('workspace', worker.workspace_sid).prioritize_queue_order === 'LIFO'
  let best: TaskRow | undefined
  let bestIsLifo = false
  const consider = (place: string, isLifo: boolean) => {
    for (const task of state.pools.waiting(place) ?? []) {
      if (reasonAgainst(state, task, worker, demandsOf(state, task)) !== undefined) continue
      const better =
        best === undefined || (isLifo === bestIsLifo ? (isLifo ? lifo : fifo)(task, best) < 0 : isLifo === lifoFirst)
      if (better) {
        best = task
        bestIsLifo = isLifo
      }
      return
    }
  }
  consider(worker.sid, false)
  for (const sid of state.pools.queuesOf(worker.sid)) consider(sid, state.get('task_queue', sid).task_order === 'LIFO')
  return best
}
