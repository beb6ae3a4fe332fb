import type { ReservationInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/task/reservation.js'
import type { TaskInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/task.js'
import { pick, type Row, rowOf } from '../results.ts'

/** Fields of a task that are shown unless others are asked for. */
export const shownFields = [
  'taskSid',
  'assignmentStatus',
  'priority',
  'age',
  'taskQueueFriendlyName',
  'taskChannelUniqueName',
  'reason'
]

/** What can be done to a task next, by its status. */
export const nextSteps: Readonly<Record<string, { readonly allowed: readonly string[]; readonly next: string }>> = {
  pending: { allowed: ['accept', 'cancel'], next: 'not assigned: accept it (workerSid), or cancel' },
  reserved: { allowed: ['accept', 'reject', 'cancel'], next: 'not assigned: accept it (workerSid), or cancel' },
  assigned: { allowed: ['wrapup', 'complete'], next: 'a worker has it: complete it, or wrapup' },
  wrapping: { allowed: ['complete'], next: 'it is being wrapped up: complete it' },
  completed: { allowed: ['get', 'delete'], next: 'it is completed: nothing more to do; create another one' },
  canceled: { allowed: ['get', 'delete'], next: 'it is canceled: nothing more to do; create another one' }
}

/** A task as a row; an empty reason and the unused add-ons say nothing. */
export function rowFor(task: TaskInstance): Row {
  const { addons: _addons, ...row } = rowOf(task, 'taskSid')
  return { ...row, reason: task.reason || undefined }
}

export const shownTask = (task: TaskInstance): Row => pick(rowFor(task), shownFields)

export const reservationRow = ({ sid, reservationStatus, workerSid, workerName }: ReservationInstance): Row => ({
  reservationSid: sid,
  reservationStatus,
  workerSid,
  workerName
})
