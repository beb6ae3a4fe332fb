import type { ReservationRow, TaskRow, TransferRow } from './rows.ts'

/*
 * The life cycles of tasks, reservations and transfers (reference taskrouter 4.1, 5.1 and 9.7): for each status what can
 * happen in it, and the status that follows. Nothing is imported here but types, so buttons can read the tables, too.
 */

/** For each status, the steps that can be taken in it, with the status to which each leads. */
type LifeCycle<Status extends string> = Readonly<Record<Status, Readonly<Record<string, Status>>>>

/**
 * A task that is being transferred is pending or reserved, but whoever has it can still wrap it up or complete it: ask for
 * those as if it were assigned (`isHeldInTransfer`). Deleting a task is possible in every status.
 */
export const taskLifeCycle = {
  pending: { reserve: 'reserved', cancel: 'canceled', return: 'assigned', return_wrapping: 'wrapping' },
  reserved: {
    accept: 'assigned',
    fail: 'pending',
    cancel: 'canceled',
    return: 'assigned',
    return_wrapping: 'wrapping'
  },
  assigned: { wrap_up: 'wrapping', complete: 'completed', transfer: 'pending' },
  wrapping: { complete: 'completed' },
  completed: {},
  canceled: {}
} as const satisfies LifeCycle<TaskRow['assignment_status']>

export const reservationLifeCycle = {
  pending: {
    accept: 'accepted',
    reject: 'rejected',
    time_out: 'timeout',
    cancel: 'canceled',
    rescind: 'rescinded'
  },
  accepted: { wrap_up: 'wrapping', complete: 'completed' },
  wrapping: { complete: 'completed' },
  rejected: {},
  timeout: {},
  canceled: {},
  rescinded: {},
  completed: {}
} as const satisfies LifeCycle<ReservationRow['reservation_status']>

/** A transfer stays initiated while one attempt after the other fails. */
export const transferLifeCycle = {
  initiated: { complete: 'complete', cancel: 'canceled', fail: 'failed' },
  complete: {},
  canceled: {},
  failed: {}
} as const satisfies LifeCycle<TransferRow['transfer_status']>

/** The name of a step of that life cycle, in whichever status it can be taken. */
export type StepOf<L> = { [Status in keyof L]: keyof L[Status] }[keyof L]

/** Whether a step of the life cycle can be taken in that status. */
export function canTake<L extends Readonly<Record<keyof L, object>>>(
  lifeCycle: L,
  status: keyof L,
  step: StepOf<L>
): boolean {
  return Object.hasOwn(lifeCycle[status], step)
}

/** What a caller asks for by naming a status: the step, and the words of the refusal when it cannot be taken. */
interface Request<Step> {
  readonly step: Step
  /** "Cannot … the task". */
  readonly verb: string
  /** "because it is not …". */
  readonly needed: string
}

/** The statuses that a caller can set a task to. The words are those of real answers (reference taskrouter 0.2). */
export const taskRequests = {
  wrapping: { step: 'wrap_up', verb: 'wrap up', needed: 'currently assigned' },
  completed: { step: 'complete', verb: 'complete', needed: 'currently assigned' },
  canceled: { step: 'cancel', verb: 'cancel', needed: 'pending or reserved' }
} as const satisfies Partial<Record<TaskRow['assignment_status'], Request<StepOf<typeof taskLifeCycle>>>>

/** The statuses that a caller can set a reservation to. */
export const reservationRequests = {
  accepted: { step: 'accept', verb: 'accept', needed: 'pending' },
  rejected: { step: 'reject', verb: 'reject', needed: 'pending' },
  wrapping: { step: 'wrap_up', verb: 'wrap up', needed: 'accepted' },
  completed: { step: 'complete', verb: 'complete', needed: 'accepted or wrapping' }
} as const satisfies Partial<Record<ReservationRow['reservation_status'], Request<StepOf<typeof reservationLifeCycle>>>>

/** Whether the table has a row of that name. */
export function isRequest<R extends object>(requests: R, status: string): status is keyof R & string {
  return Object.hasOwn(requests, status)
}
