import { inNone, type Reservation, type Task, type Transfer } from './book.ts'
import { type Router, tooManyRounds } from './router.ts'

/*
 * A task that somebody hands on, in the book (reference taskrouter 9.7). The reference tells of what a worker sees; how a
 * task waits meanwhile, and where it goes when nobody takes it, are ours, and written down in docs/worker-sdk.md.
 */

export interface Handing {
  /** By whom, and by which of its reservations. */
  readonly reservation: Reservation
  readonly to: string
  readonly mode: 'WARM' | 'COLD'
  readonly priority: number | undefined
  readonly attributes: string | undefined
}

export function beginTransfer(router: Router, sid: string, handing: Handing): void {
  const { reservation, to, mode, priority, attributes } = handing
  const task = router.get('task', reservation.task)
  const type = to.startsWith('WQ') ? 'QUEUE' : 'WORKER'
  router.pages.transfer.set(sid, {
    sid,
    workspace: task.workspace,
    task: task.sid,
    reservation: reservation.sid,
    initiator: reservation.worker,
    queue: task.queue,
    workflow: task.workflow,
    mode,
    type,
    to,
    status: 'initiated',
    reason: null,
    last: null
  })
  Object.assign(task, { status: 'pending', priority: priority ?? task.priority })
  Object.assign(task, { rejected_by: [], rejections: 0, retry_at: null })
  if (attributes !== undefined) {
    task.attributes = attributes
    router.tell('task.updated', task.sid)
  }
  router.tell('task.transfer-initiated', task.sid, undefined, router.transferOf(task))
  if (mode === 'COLD') router.wrapUpReservation(reservation)
  holderLeft(router, task)
  leaveWorkflow(task)
  if (type === 'QUEUE') {
    // As a task that was created for this queue.
    Object.assign(task, { routing_target: to, ignores_capacity: false })
    router.enterQueue(task, to)
    router.offer(task)
  } else {
    // Asked whatever its capacity.
    task.status = 'reserved'
    task.rounds++
    router.reserve(task, router.get('worker', to))
  }
}

/** It stands nowhere in its workflow until somebody sends it there again. */
function leaveWorkflow(task: Task): void {
  Object.assign(task, { document: null, filter: inNone, target: 0, timed_out: false })
}

/** Ours: when nobody has a task any more that is not assigned, its life begins anew as that of one that waits. */
export function holderLeft(router: Router, task: Task): void {
  const isWaiting = task.status === 'pending' || task.status === 'reserved'
  if (!isWaiting || task.ttl_at !== null || router.holdersOf(task).length > 0) return
  task.ttl_at = router.at + task.timeout_s * 1000
  task.delete_at = null
}

/** Somebody has taken it. */
export function completeTransfer(router: Router, { sid, task }: Reservation): void {
  const transfer = router.transferOf(router.get('task', task))
  if (!transfer) return
  Object.assign(transfer, { status: 'complete', reason: null, last: sid })
  router.tell('task.transfer-completed', task, 'assigned', transfer)
}

const ends: Readonly<Partial<Record<Reservation['status'], string>>> = {
  timeout: 'timed out',
  rejected: 'was rejected',
  canceled: 'was canceled'
}

/** Nobody of those who were asked has taken it; how the last of them failed is why (reference taskrouter 9.7; the words are ours). */
export function attemptFails(router: Router, task: Task, transfer: Transfer, failed: Reservation): void {
  const isOver = transfer.type === 'WORKER' || task.rounds >= router.rules.assignment_rounds
  transfer.last = failed.sid
  transfer.reason = `Transfer ${isOver ? '' : 'attempt '}failed because the reservation ${ends[failed.status]}`
  if (isOver) transfer.status = 'failed'
}

/** What follows from it. */
export function attemptFailed(router: Router, task: Task, transfer: Transfer): void {
  if (transfer.status === 'initiated') {
    router.tell('task.transfer-attempt-failed', task.sid, 'pending', transfer)
    router.offer(task)
    return
  }
  const isHeld = giveBack(router, task, transfer)
  router.tell('task.transfer-failed', task.sid, task.status, transfer)
  if (!isHeld) routeAnew(router, task, transfer)
}

export function cancelTransfer(router: Router, transfer: Transfer): void {
  const task = router.get('task', transfer.task)
  transfer.status = 'canceled'
  const isHeld = giveBack(router, task, transfer)
  router.withdrawPending(task, isHeld ? task.status : undefined)
  router.tell('task.transfer-canceled', task.sid, undefined, transfer)
  if (!isHeld) routeAnew(router, task, transfer)
}

/** The task ends, or whoever has it wraps up: offers that are taken back meanwhile tell of it, and then it is told itself. */
export function transferEnds(router: Router, task: Task, takeBack: () => void): void {
  const transfer = router.transferOf(task)
  if (transfer) transfer.status = 'canceled'
  takeBack()
  if (transfer) router.tell('task.transfer-canceled', task.sid, undefined, transfer)
}

/** The task is theirs again who have it, in the queue from which it came if that is still there; false when nobody has it. */
function giveBack(router: Router, task: Task, { queue }: Transfer): boolean {
  const holders = router.holdersOf(task)
  task.status = 'pending'
  if (holders.length === 0) return false
  task.status = holders.some(({ status }) => status === 'accepted') ? 'assigned' : 'wrapping'
  Object.assign(task, { rejected_by: [], rejections: 0, retry_at: null })
  if (router.pages.queue.has(queue ?? '')) router.enterQueue(task, queue ?? '')
  return true
}

/**
 * Ours: along its workflow from the top by the newest document; without one, or when it is for one worker, it waits in
 * the queue from which it came. Rounds are counted all the same (reference taskrouter 4.2).
 */
function routeAnew(router: Router, task: Task, { queue }: Transfer): void {
  if (task.rounds >= router.rules.assignment_rounds) router.cancel(task, tooManyRounds)
  else if (task.workflow !== null && !task.routing_target?.startsWith('WK')) {
    task.routing_target = null
    task.document = router.get('workflow', task.workflow).document
    if (!router.follow(task, 0)) router.leaveWorkflow(task)
  } else {
    if (router.pages.queue.has(queue ?? '')) router.enterQueue(task, queue ?? '')
    router.offer(task)
  }
}
