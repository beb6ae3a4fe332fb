import { isOpen, isOver, type Reservation, type Task } from './book.ts'
import { at, checkMove, checkVersion, must, type Of, type Published, Refused } from './checks.ts'
import type { Router } from './router.ts'
import { beginTransfer, cancelTransfer, holderLeft } from './transfer.ts'

/*
 * What workers, and programs for them, do with what they are given, in the book: they answer, wrap up, complete, and
 * hand on (reference taskrouter 5 and 9.7).
 */

interface Path {
  readonly workspace_sid: string
  readonly task_sid?: string
  readonly worker_sid?: string
  readonly sid: string
}

function reservationAt(router: Router, { workspace_sid, task_sid, worker_sid, sid }: Path): Reservation {
  if (task_sid !== undefined) at(router, 'task', workspace_sid, task_sid)
  if (worker_sid !== undefined) at(router, 'worker', workspace_sid, worker_sid)
  at(router, 'reservation', workspace_sid, sid)
  const reservation = router.get('reservation', sid)
  if (reservation.task !== task_sid && reservation.worker !== worker_sid) throw new Refused(404, 'not here')
  return reservation
}

/** Reference taskrouter 5.1. */
export function updateReservation(router: Router, command: Of<'reservation.update'>, published: Published): void {
  const reservation = reservationAt(router, command)
  checkVersion(published, 'reservation', reservation.sid, command.if_match)
  const task = router.get('task', reservation.task)
  const { reservation_status: wanted, worker_activity_sid } = command
  const { status } = reservation
  if (worker_activity_sid)
    must(router.pages.activity.get(worker_activity_sid)?.workspace === task.workspace, 'no such activity')
  if (wanted === 'accepted') {
    if (status === 'rescinded') throw new Refused(410, 'somebody else was faster')
    must(status === 'pending', 'not pending')
    router.accept(reservation)
  } else if (wanted === 'rejected') {
    must(status === 'pending', 'not pending')
    if (worker_activity_sid) checkMove(router, router.get('worker', reservation.worker), worker_activity_sid)
    router.reject(reservation, worker_activity_sid)
  } else if (wanted === 'wrapping') {
    must(status === 'accepted', 'not accepted')
    wrapUp(router, task, reservation)
  } else {
    must(wanted === 'completed' && (status === 'accepted' || status === 'wrapping'), 'not accepted')
    complete(router, task, reservation)
  }
}

/** Those beside whom a worker has the task, or who are asked to take it. */
function othersOf(router: Router, task: Task, own: Reservation): Reservation[] {
  return router.reservationsOf(task).filter((one) => one !== own && isOpen(one) && !router.hasLetGo(one))
}

/** The last of those who have a task takes it along (reference taskrouter 5.1). */
function wrapUp(router: Router, task: Task, own: Reservation): void {
  if (othersOf(router, task, own).every(({ status }) => status === 'wrapping')) router.wrapUp(task, null)
  else router.wrapUpReservation(own)
}

/** As above; whoever has let go of the task has no say in it. */
function complete(router: Router, task: Task, own: Reservation): void {
  const others = othersOf(router, task, own)
  if (!router.hasLetGo(own) && others.length === 0) {
    router.complete(task, null)
    return
  }
  router.completeReservation(own)
  if (isOver(task) && task.delete_at !== null) router.settleEnd(task, task.delete_at)
  holderLeft(router, task)
  // Assigned is what somebody has accepted (reference taskrouter 11.5).
  if (task.status === 'assigned' && others.every(({ status }) => status === 'wrapping')) router.wrapUp(task, null)
}

export function cancelReservation(router: Router, command: Of<'reservation.cancel'>): void {
  const reservation = reservationAt(router, command)
  must(reservation.status === 'pending', 'not pending')
  router.callOff(reservation)
}

/** The answer of an assignment callback (reference taskrouter 5.5). Nobody waits for an answer, so nothing is refused. */
export function instructReservation(router: Router, command: Of<'reservation.instruct'>): void {
  const { instruction, activity_sid, failures = [] } = command
  const reservation = router.pages.reservation.get(command.reservation_sid)
  if (!reservation) return
  for (const _ of failures) router.tell('ringdown.warning', reservation.sid)
  // Somebody has decided already.
  if (reservation.status !== 'pending') return
  if (instruction === 'accept') router.accept(reservation)
  if (instruction !== 'reject') return
  if (!activity_sid || canMove(router, reservation, activity_sid)) router.reject(reservation, activity_sid)
  else {
    // Ours: a rejection that cannot be followed is none (docs/callbacks.md, 40100).
    router.tell('ringdown.warning', reservation.sid)
    router.callOff(reservation)
  }
}

function canMove(router: Router, { worker }: Reservation, activity: string): boolean {
  try {
    checkMove(router, router.get('worker', worker), activity)
    return true
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return false
  }
}

/** Reference taskrouter 5.4; that each failure is told as a warning is ours (docs/callbacks.md). */
export function callbackFailed(router: Router, command: Of<'reservation.callback_failed'>): void {
  const reservation = router.pages.reservation.get(command.reservation_sid)
  if (!reservation) return
  for (const _ of command.failures) router.tell('ringdown.warning', reservation.sid)
  if (reservation.status === 'pending') router.callOff(reservation)
}

/** Reference taskrouter 9.7: whoever has the task hands it on, to another worker or to a queue. */
export function createTransfer(router: Router, command: Of<'transfer.create'>, { made }: Published): void {
  const { workspace_sid: workspace, worker_sid, to, priority, attributes } = command
  at(router, 'task', workspace, command.task_sid)
  const reservation = reservationAt(router, { workspace_sid: workspace, worker_sid, sid: command.reservation_sid })
  const task = router.get('task', command.task_sid)
  const { mode = 'WARM' } = command
  must(mode === 'WARM' || mode === 'COLD', 'neither warm nor cold')
  must(reservation.task === task.sid && reservation.status === 'accepted' && task.status === 'assigned', 'not its own')
  if (to.startsWith('WQ')) must(router.pages.queue.get(to)?.workspace === workspace, 'no such queue')
  else {
    const worker = router.pages.worker.get(to)
    must(worker?.workspace === workspace, 'no such worker')
    // Ours: who is away is not asked (docs/worker-sdk.md), nor who has the task.
    must(router.isAvailable(worker), 'away')
    must(!router.holdersOf(task).some((one) => one.worker === to), 'has it already')
  }
  const sid = made('transfer', { task_sid: task.sid })
  beginTransfer(router, sid, { reservation, to, mode, priority, attributes: attributes || undefined })
}

/** Only who began it, and once (reference taskrouter 9.7). */
export function takeBackTransfer(router: Router, command: Of<'transfer.cancel'>): void {
  const { workspace_sid, worker_sid, sid } = command
  at(router, 'worker', workspace_sid, worker_sid)
  const transfer = router.pages.transfer.get(sid)
  if (transfer?.workspace !== workspace_sid || transfer.initiator !== worker_sid)
    throw new Refused(404, `no transfer ${sid}`)
  must(transfer.status === 'initiated', 'it is over')
  cancelTransfer(router, transfer)
}
