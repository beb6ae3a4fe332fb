import type { State } from '../center.ts'
import { attributesOf } from '../core/json.ts'
import { cancel } from '../routing/end-task.ts'
import { isHeldInTransfer } from '../routing/task-holders.ts'
import { participantsOf } from './conference.ts'
import { endCall } from './ending.ts'
import { callOfTask, isWorkers, queueMemberFor } from './queue.ts'
import { isLiving } from './rows.ts'

/** A task's caller has hung up: nobody is offered the task any more, and no worker's phone rings for it. */
export function callerGone(state: State, sid: string): void {
  const gone = state.tables.call.need(sid)
  const task = state.resident('task', gone.task_sid)
  if (!task || isWorkers(state, gone)) return
  const isWaiting = task.assignment_status === 'pending' || task.assignment_status === 'reserved'
  if (isWaiting && !isHeldInTransfer(state, task.sid)) cancel(state, task.sid, 'hangup')
  for (const call of state.tables.call.list('task_sid', task.sid))
    if (isLiving(call) && call.status !== 'in-progress') endCall(state, call.sid, 'canceled', { by: 'caller' })
}

/**
 * A caller has left its queue, for no worker: its task, where it still waits, has nobody to be taken for and is
 * canceled, and the call is that task's no longer (reference voice 9).
 */
export function callerLedAway(state: State, sid: string, reason: 'redirected' | 'leave' | 'callback'): void {
  const call = state.tables.call.need(sid)
  const task = state.resident('task', call.task_sid)
  if (!task || isWorkers(state, call)) return
  if (task.assignment_status !== 'pending' && task.assignment_status !== 'reserved') return
  state.change('call', sid, { task_sid: null })
  cancel(state, task.sid, reason)
}

/** The call that a task names becomes the task's, where it waits in a queue and is no other one's. */
export function takeCallIntoTask(state: State, task_sid: string): void {
  const attributes = attributesOf(state.tables.task.need(task_sid))
  const call = typeof attributes.call_sid === 'string' ? state.resident('call', attributes.call_sid) : undefined
  if (!call || call.task_sid !== null || !queueMemberFor(state, call.sid)) return
  state.change('call', call.sid, { task_sid })
}

/** Ends the call of a task's customer who is with nobody any more. */
export function hangUpAlone(state: State, task_sid: string): void {
  const call = callOfTask(state, task_sid)
  if (!call || call.bridged_sid !== null) return
  const around = call.conference_sid === null ? [] : participantsOf(state, call.conference_sid)
  // Calls that were ended in this very decision may still be among them.
  const isThere = (sid: string) => sid !== call.sid && isLiving(state.tables.call.need(sid))
  if (around.some(({ call_sid, status }) => status === 'connected' && isThere(call_sid))) return
  endCall(state, call.sid, call.status === 'in-progress' ? 'completed' : 'canceled', { by: 'program' })
}
