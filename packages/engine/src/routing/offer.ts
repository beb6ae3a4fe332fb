import type { State } from '../center.ts'
import { candidates } from '../matching/match.ts'
import { moveBySingleTask } from './activity-moves.ts'
import { emitReservation, emitTask } from './events.ts'
import type { TaskRow } from './rows.ts'

/** Books the task in a queue; one that is in it already stays as it is. */
export function enterQueue(state: State, sid: string, task_queue_sid: string): void {
  const before = state.tables.task.need(sid)
  if (before.task_queue_sid === task_queue_sid) return
  emitQueue(state, before, state.change('task', sid, { task_queue_sid, task_queue_entered_date: state.at }))
}

/** Since when the task has been in that queue: now, unless it is there already. */
export function queueEntered(state: State, before: TaskRow, task_queue_sid: string): number | null {
  return before.task_queue_sid === task_queue_sid ? before.task_queue_entered_date : state.at
}

/** Emits what happened when the task is in another queue than before. */
export function emitQueue(state: State, before: TaskRow, task: TaskRow): void {
  if (before.task_queue_sid === task.task_queue_sid) return
  // Whoever has seen it in the former queue has to know that it is there no more.
  if (before.task_queue_sid !== null)
    emitTask(state, 'task-queue.moved', task, { previous_task_queue_sid: before.task_queue_sid })
  emitTask(state, 'task-queue.entered', task)
}

/** Reserves the task for the workers who come first, up to the queue's MaxReservedWorkers; false when nobody can take it. */
export function offer(state: State, sid: string): boolean {
  const task = state.tables.task.need(sid)
  if (task.assignment_status !== 'pending') return false
  const queue = state.tables.task_queue.find(task.task_queue_sid)
  const workers = candidates(state, task, queue?.max_reserved_workers ?? 1)
  if (workers.length === 0) return false
  const timeout_at = reservationTimeout(state, task)
  state.change('task', sid, { assignment_status: 'reserved', rounds: task.rounds + 1, retry_at: null })
  for (const worker of workers) reserve(state, sid, worker.sid, timeout_at)
  return true
}

/** Reserves the task for a worker who was chosen, whatever else that worker does. */
export function offerTo(state: State, sid: string, worker_sid: string): void {
  const task = state.tables.task.need(sid)
  state.change('task', sid, { assignment_status: 'reserved', rounds: task.rounds + 1 })
  reserve(state, sid, worker_sid, reservationTimeout(state, task))
}

/** Until when a reservation that is made now can be accepted. */
function reservationTimeout(state: State, task: TaskRow): number {
  const workflow = state.tables.workflow.find(task.workflow_sid)
  return state.at + (workflow?.task_reservation_timeout ?? 120) * 1000
}

/** Reserves the task for one worker; a transfer's reservation is the one that it was made for last. */
function reserve(state: State, task_sid: string, worker_sid: string, timeout_at: number): void {
  const task = state.tables.task.need(task_sid)
  const worker = state.tables.worker.need(worker_sid)
  const reservation = state.insert('reservation', {
    workspace_sid: task.workspace_sid,
    task_sid,
    worker_sid,
    worker_name: null,
    task_channel_sid: task.task_channel_sid,
    reservation_status: 'pending',
    worker_previous_activity_sid: worker.activity_sid,
    timeout_at,
    forget_at: null
  })
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  if (transfer) state.change('transfer', transfer.sid, { reservation_sid: reservation.sid })
  // The worker's version grows with it (reference taskrouter 0.5), and its idle clock starts anew (6.4).
  state.change('worker', worker_sid, { last_reserved_seq: reservation.seq })
  const channel = state.matcher.channelOf(worker_sid, task.task_channel_sid)
  if (channel) {
    state.change('worker_channel', channel.sid, { last_reserved_seq: reservation.seq, last_reserved_time: state.at })
  }
  emitReservation(state, 'reservation.created', reservation)
  moveBySingleTask(state, reservation, 'reservation_activity_sid')
}
