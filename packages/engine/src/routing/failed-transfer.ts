import type { State } from '../center.ts'
import { cancel, reasons } from './end-task.ts'
import { emitTransfer } from './events.ts'
import { followWorkflow, leaveWorkflow } from './follow-workflow.ts'
import { enterQueue, offer } from './offer.ts'
import { isUnderWay, type ReservationRow, type TransferRow } from './rows.ts'
import { holding } from './task-holders.ts'

/* What happens when nobody accepts a task that is being transferred, or its transfer is taken back. */

/**
 * Notes on the transfer that its attempt has failed, when the last reservation of a round has, and why. A transfer to a
 * worker has failed with it; one to a queue has when its rounds are used up. The event of the reservation comes after
 * this, and so shows the transfer's new status.
 */
export function noteFailedAttempt(
  state: State,
  { sid: reservation_sid, task_sid, reservation_status }: ReservationRow
): void {
  const transfer = state.tables.transfer.firstBy('open_by_task', task_sid)
  if (!transfer) return
  const goesOn =
    transfer.transfer_type === 'QUEUE' &&
    state.tables.task.need(task_sid).rounds < state.settings.limits.assignment_rounds
  const how = ended[reservation_status] ?? 'was canceled'
  const transfer_failed_reason = `Transfer ${goesOn ? 'attempt ' : ''}failed because the reservation ${how}`
  state.change('transfer', transfer.sid, {
    reservation_sid,
    transfer_failed_reason,
    ...(!goesOn && { transfer_status: 'failed' })
  })
}

/** After that, when the task is pending: offers it again, or ends the transfer. False where there was no transfer. */
export function followFailedAttempt(state: State, { sid, task_sid }: ReservationRow): boolean {
  const transfer = state.tables.transfer.firstBy('reservation_sid', sid)
  if (!transfer || transfer.transfer_status === 'canceled') return false
  if (isUnderWay(transfer)) {
    emitTransfer(state, 'task.transfer-attempt-failed', transfer)
    offer(state, task_sid)
    return true
  }
  const isHeld = giveBack(state, transfer)
  emitTransfer(state, 'task.transfer-failed', transfer)
  if (!isHeld) routeAnew(state, transfer)
  return true
}

const ended: Readonly<Record<string, string>> = {
  timeout: 'timed out',
  rejected: 'was rejected',
  canceled: 'was canceled'
}

/** Gives the task back to whoever still has it; false when nobody does. */
export function giveBack(state: State, transfer: TransferRow): boolean {
  const { task_sid } = transfer
  const holders = holding(state, task_sid)
  if (holders.length === 0) {
    state.change('task', task_sid, { assignment_status: 'pending' })
    return false
  }
  const isWrapping = holders.every((row) => row.reservation_status === 'wrapping')
  state.change('task', task_sid, {
    assignment_status: isWrapping ? 'wrapping' : 'assigned',
    rejected_by: [],
    rejections: 0,
    retry_at: null
  })
  backToQueue(state, transfer)
  return true
}

/** Nobody has the task: its workflow says where it goes, or it is back in its queue. */
export function routeAnew(state: State, transfer: TransferRow): void {
  const { task_sid } = transfer
  const task = state.tables.task.need(task_sid)
  const workflow = state.tables.workflow.find(task.workflow_sid)
  if (task.rounds >= state.settings.limits.assignment_rounds) cancel(state, task_sid, reasons.rounds)
  else if (workflow && !task.routing_target?.startsWith('WK')) {
    state.change('task', task_sid, { routing_target: null, workflow_document_sid: workflow.workflow_document_sid })
    if (!followWorkflow(state, task_sid, 0)) leaveWorkflow(state, task_sid)
  } else {
    backToQueue(state, transfer)
    offer(state, task_sid)
  }
}

/** Into the queue that it was transferred from, if that is still there. */
function backToQueue(state: State, { task_sid, initiating_queue_sid }: TransferRow): void {
  const queue = state.tables.task_queue.find(initiating_queue_sid)
  if (queue) enterQueue(state, task_sid, queue.sid)
}
