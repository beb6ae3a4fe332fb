import type { ReservationInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/task/reservation.js'
import { apiError, type ErrorBody, explained, fault } from '../errors.ts'
import type { Outcome } from '../results.ts'
import { type Call, given } from '../tool.ts'
import { count, workspaceOf } from './shared.ts'
import { nextSteps, reservationRow, shownTask } from './tasks.ts'

type Answer = 'accepted' | 'rejected' | 'wrapping'

/** The status that a reservation must have for each answer. */
const statusBefore = { accepted: 'pending', rejected: 'pending', wrapping: 'accepted' } as const satisfies Record<
  Answer,
  string
>

/** Whose reservation of which task; either may follow from the other. */
interface Whose {
  readonly taskSid?: string | undefined
  readonly workerSid?: string | undefined
  /** Where a worker who rejects goes. */
  readonly activitySid?: string | undefined
}

/** What accept, reject and wrapup do: the one reservation that is meant gets the answer. */
export async function reserve(values: Whose, answer: Answer, call: Call): Promise<Outcome> {
  const { taskSid, workerSid, activitySid } = values
  const workspace = await workspaceOf(call)
  const { sid, task } = await theReservation(taskSid, workerSid, answer, call)
  const context = workspace.tasks(task)
  const change = given({ reservationStatus: answer, workerActivitySid: activitySid })
  const reservation = await explained(
    call,
    () => context.reservations(sid).update(change),
    async () => {
      const now = await context.reservations.list({ limit: 50 })
      const winner = now.find((one) => ['accepted', 'wrapping', 'completed'].includes(one.reservationStatus))
      const found = now.find((one) => one.sid === sid)?.reservationStatus
      return winner && winner.sid !== sid
        ? { argument: 'workerSid', found, next: `${winner.workerName} accepted first; list shows what else is offered` }
        : { argument: 'action', found, next: 'get shows the task and its reservations' }
    }
  )
  return { tasks: [{ ...shownTask(await context.fetch()), reservations: [reservationRow(reservation)] }] }
}

/**
 * Has the worker of a reservation called: accepting follows from the worker's answer. Properties are the instruction's, by
 * the names that the callback's answer has, in camelCase.
 */
export async function instruct(
  values: Whose,
  instruction: string,
  properties: Readonly<Record<string, unknown>>,
  call: Call
): Promise<Outcome> {
  const workspace = await workspaceOf(call)
  const { sid, task } = await theReservation(values.taskSid, values.workerSid, 'accepted', call)
  const context = workspace.tasks(task)
  const named = (name: string) =>
    instruction === 'conference' ? name : `${instruction}${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const change = Object.fromEntries(Object.entries(properties).map(([name, value]) => [named(name), value]))
  const reservation = await explained(
    call,
    () => context.reservations(sid).update({ ...change, instruction }),
    async () => ({ argument: 'instruction', next: 'the worker needs a contact_uri; the task call_sid or outbound_to' })
  )
  return { tasks: [{ ...shownTask(await context.fetch()), reservations: [reservationRow(reservation)] }] }
}

/** The one reservation that an answer can mean. */
async function theReservation(
  taskSid: string | undefined,
  workerSid: string | undefined,
  answer: Answer,
  call: Call
): Promise<{ sid: string; task: string }> {
  const workspace = await workspaceOf(call)
  const from = statusBefore[answer]
  if (!taskSid && !workerSid) {
    throw fault('missing_argument', `${call.action} needs taskSid, or the workerSid whose reservation it is`, {
      argument: 'taskSid',
      next: 'give taskSid or workerSid; list with workerSid shows what is offered'
    })
  }
  if (!taskSid && workerSid) {
    const [first, ...more] = await workspace
      .workers(workerSid)
      .reservations.list({ reservationStatus: from, limit: 50 })
    if (first && more.length === 0) return { sid: first.sid, task: first.taskSid }
    if (first)
      throw fault('missing_argument', `this worker has ${more.length + 1} ${from} reservations: which task?`, {
        argument: 'taskSid',
        candidates: [first, ...more].map((one) => one.taskSid),
        next: 'give taskSid'
      })
    throw fault('bad_value', `this worker has no ${from} reservation`, {
      argument: 'workerSid',
      next: 'list with workerSid shows what is offered or held'
    })
  }
  const task = taskSid ?? '' // one of the two was given, and without taskSid the answer was found above
  const all = await workspace.tasks(task).reservations.list(given({ workerSid, limit: 100 }))
  const [first, ...more] = all.filter((one) => one.reservationStatus === from)
  if (first && more.length === 0) return { sid: first.sid, task }
  if (first) {
    throw fault('missing_argument', `${more.length + 1} workers have a ${from} reservation: whose?`, {
      argument: 'workerSid',
      candidates: [first, ...more].map((one) => `${one.workerName} (${one.workerSid})`),
      next: 'give workerSid'
    })
  }
  // A reservation that another worker was quicker on: the API says so itself (410).
  const lost = workerSid && answer === 'accepted' ? all.find((one) => one.reservationStatus === 'rescinded') : undefined
  if (lost) return { sid: lost.sid, task }
  throw await nobody(task, from, all, call)
}

async function nobody(taskSid: string, from: string, all: readonly ReservationInstance[], call: Call) {
  const workspace = await workspaceOf(call)
  const task = await workspace.tasks(taskSid).fetch()
  const { assignmentStatus, age, taskQueueSid, taskQueueFriendlyName } = task
  if (assignmentStatus !== 'pending') {
    const holders = all.map((one) => `${one.workerName}: ${one.reservationStatus}`)
    return fault(
      'bad_value',
      `no ${from} reservation: the task is ${assignmentStatus}${holders.length > 0 ? ` (${holders.join(', ')})` : ''}`,
      { argument: 'action', found: assignmentStatus, ...nextSteps[assignmentStatus] }
    )
  }
  const figures = await workspace
    .taskQueues(taskQueueSid)
    .realTimeStatistics()
    .fetch()
    .catch((error: unknown) => {
      if (apiError(error)) return undefined
      throw error
    })
  const staff = figures
    ? `, ${figures.totalAvailableWorkers} of ${count(figures.totalEligibleWorkers, 'eligible worker')} available`
    : ''
  const body: Partial<ErrorBody> = {
    argument: 'taskSid',
    found: assignmentStatus,
    next: `explain_routing tells why; make a worker available with manage_workers; manage_workers list taskQueueSid: ${taskQueueFriendlyName} shows who is eligible`
  }
  return fault(
    'bad_value',
    `reserved by nobody: pending ${Math.round(age / 60)} min in ${taskQueueFriendlyName}${staff}`,
    body
  )
}
