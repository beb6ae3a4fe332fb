import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { noFilter } from '../matching/row-values.ts'
import { dropIfUnused, withdraw, wrapUpReservation } from './end-task.ts'
import { emitTask, emitTransfer } from './events.ts'
import { giveBack, routeAnew } from './failed-transfer.ts'
import { canTake, taskLifeCycle, transferLifeCycle } from './life-cycle.ts'
import { checkAttributes, findReservation, inWorkspace, named } from './lookup.ts'
import { enterQueue, offer, offerTo } from './offer.ts'
import type { ReservationRow, TaskRow, TransferRow } from './rows.ts'
import { holderLeft, holding } from './task-holders.ts'

/*
 * A worker hands a task on to another worker, or to a queue (reference taskrouter 9.7). WARM: the initiator keeps its
 * reservation, and has the task again when the transfer fails. COLD: the initiator wraps up at once and has no say in the
 * task any more; when the transfer fails, the task is routed anew. Meanwhile the task is pending or reserved again,
 * outside of its workflow.
 */

export interface CreateTransfer {
  readonly workspace_sid: string
  /** Who hands it on. */
  readonly worker_sid: string
  readonly reservation_sid: string
  readonly task_sid: string
  /** `WK…` or `WQ…`. */
  readonly to: string
  /** WARM (default) or COLD. */
  readonly mode?: string
  readonly priority?: number
  readonly attributes?: string
}

/** Begins a transfer, and offers the task to the worker, or in the queue, that it goes to. */
export function createTransfer(state: State, params: CreateTransfer): { transfer: TransferRow } {
  const { workspace_sid, worker_sid, to, priority, attributes } = params
  const task = inWorkspace(state, 'task', workspace_sid, params.task_sid)
  const reservation = findReservation(state, { workspace_sid, worker_sid, sid: params.reservation_sid })
  const mode = oneOf(['WARM', 'COLD'], params.mode ?? 'WARM', 'Mode')
  checkRange(priority, 'Priority', 0, 2_147_483_647)
  if (attributes !== undefined) checkAttributes(attributes)
  checkOwner(state, task, reservation)
  const transfer_type = checkTarget(state, params)
  const transfer = state.insert('transfer', {
    workspace_sid,
    task_sid: task.sid,
    initiating_reservation_sid: reservation.sid,
    initiating_worker_sid: worker_sid,
    initiating_queue_sid: task.task_queue_sid,
    initiating_workflow_sid: task.workflow_sid,
    transfer_mode: mode,
    transfer_type,
    transfer_to: to,
    transfer_status: 'initiated',
    transfer_failed_reason: null,
    reservation_sid: null,
    forget_at: null
  })
  const changed = { ...(priority !== undefined && { priority }), ...(attributes && { attributes }) }
  release(state, task, { ...changed, ...(transfer_type === 'QUEUE' && { routing_target: to, ignore_capacity: null }) })
  if (attributes) emitTask(state, 'task.updated', state.tables.task.need(task.sid))
  emitTransfer(state, 'task.transfer-initiated', transfer)
  if (mode === 'COLD') wrapUpReservation(state, reservation)
  holderLeft(state, task.sid)
  if (transfer_type === 'QUEUE') {
    enterQueue(state, task.sid, to)
    offer(state, task.sid)
  } else offerTo(state, task.sid, to)
  return { transfer: state.tables.transfer.need(transfer.sid) }
}

function checkOwner(state: State, task: TaskRow, reservation: ReservationRow): void {
  const isOwner = reservation.task_sid === task.sid && reservation.reservation_status === 'accepted'
  if (!isOwner || !canTake(taskLifeCycle, task.assignment_status, 'transfer')) {
    const { sid, workspace_sid } = task
    refuse(
      'not_possible',
      `Cannot transfer task ${sid} in workspace ${workspace_sid} because it is not currently assigned to worker ${reservation.worker_sid}.`
    )
  }
  if (state.tables.transfer.firstBy('open_by_task', task.sid)) {
    refuse('not_possible', `Cannot transfer task ${task.sid} because another transfer of it is under way.`)
  }
}

/** A worker is asked whatever its capacity, as by direct routing, but not while it is away. */
function checkTarget(state: State, { workspace_sid, worker_sid, task_sid, to }: CreateTransfer): 'WORKER' | 'QUEUE' {
  if (to.startsWith('WQ')) {
    named(state, 'task_queue', workspace_sid, to, 'To')
    return 'QUEUE'
  }
  const worker = named(state, 'worker', workspace_sid, to, 'To')
  if (worker.sid === worker_sid) refuse('invalid', 'A Worker cannot transfer a Task to itself')
  if (!state.tables.activity.need(worker.activity_sid).available)
    refuse('not_possible', `Worker ${worker.sid} is not available`)
  // After a transfer several may have it; who has let go of it can have it back.
  if (holding(state, task_sid).some((row) => row.worker_sid === worker.sid))
    refuse('not_possible', `Worker ${worker.sid} has task ${task_sid} already`)
  return 'WORKER'
}

/** Takes the task out of its workflow; it can be offered again. */
function release(state: State, task: TaskRow, changes: Partial<TaskRow>): void {
  state.change('task', task.sid, {
    ...changes,
    assignment_status: 'pending',
    workflow_document_sid: null,
    filter_index: noFilter,
    target_index: 0,
    filter_entered_at: null,
    timed_out: false,
    rejected_by: [],
    rejections: 0,
    retry_at: null
  })
  dropIfUnused(state, task.workflow_document_sid)
}

/** Takes a transfer back. Only who began it may, and only while it is under way. */
export function cancelTransfer(
  state: State,
  {
    workspace_sid,
    worker_sid,
    sid
  }: { readonly workspace_sid: string; readonly worker_sid: string; readonly sid: string }
): { transfer: TransferRow } {
  inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const before = state.tables.transfer.find(sid)
  if (!before || before.initiating_worker_sid !== worker_sid || before.workspace_sid !== workspace_sid)
    return notFound(`/Workspaces/${workspace_sid}/Workers/${worker_sid}/Transfers/${sid}`)
  // The space is the original's (reference taskrouter 9.7), and programs compare texts.
  if (!canTake(transferLifeCycle, before.transfer_status, 'cancel'))
    refuse('not_possible', `Transfer ${sid} is already ${before.transfer_status} . Cannot cancel transfer.`)
  const transfer = state.change('transfer', sid, { transfer_status: 'canceled' })
  const isHeld = giveBack(state, transfer)
  for (const pending of state.tables.reservation.list('task_sid', transfer.task_sid)) {
    if (pending.reservation_status === 'pending') withdraw(state, pending.sid, 'canceled')
  }
  emitTransfer(state, 'task.transfer-canceled', transfer)
  if (!isHeld) routeAnew(state, transfer)
  return { transfer: state.tables.transfer.need(sid) }
}
