import {
  Book,
  byAge,
  inDefault,
  inNone,
  isDirect,
  isOpen,
  isOver,
  type Judging,
  type Queue,
  type Reservation,
  type Target,
  type Task,
  type TaskStatus,
  type Transfer,
  type Worker
} from './book.ts'
import { attemptFailed, attemptFails, completeTransfer, transferEnds } from './transfer.ts'

/*
 * What must happen to tasks, as reference taskrouter 3 to 5 and 11 tell it, in the book and naively: after everything, all
 * that waits is looked at again, in turn, against everybody.
 */

/** Something that must be told: an event's name and the SID of what it is about. */
export interface Told {
  readonly type: string
  readonly about: string
  /** How the task stands in it, where that is promised (reference taskrouter 9.6). */
  readonly task_status?: string
  /** The transfer that it shows, and how that stands then; null: it shows none (reference taskrouter 9.7). */
  readonly transfer?: { readonly sid: string; readonly status: string } | null
}

/** What the account allows, and how long things last. */
export interface Rules {
  readonly assignment_rounds: number
  readonly available_workers: number
  readonly finished_task_kept_s: number
  readonly assigned_task_lives_s: number
  readonly direct_reservation_within_s: number
  readonly tasks_re_evaluated_at_once: number
}

export const tooManyRounds = 'Task TTL Exceeded or Max assignment count exceeded'

export class Router extends Book {
  readonly rules: Rules
  at = 0
  told: Told[] = []
  /** How many nouns and offers there have been: an order finer than time. */
  count = 0
  /** Finds the SID that a new reservation has been given. */
  reservationSid: (task: Task, worker: Worker) => string = () => '(none)'

  constructor(rules: Rules) {
    super()
    this.rules = rules
  }

  tell(type: string, about: string, task_status?: string, transfer?: Transfer | null): void {
    const shown = transfer && { sid: transfer.sid, status: transfer.status }
    this.told.push({
      type,
      about,
      ...(task_status !== undefined && { task_status }),
      ...(shown !== undefined && { transfer: shown })
    })
  }

  // Along a workflow

  /** Reference taskrouter 11.2. True when the task is reserved or waits somewhere. */
  follow(task: Task, start: number): boolean {
    const { filters, default_filter } = this.followed(task)
    for (let i = start; i < filters.length; i++) {
      const filter = filters[i]
      if (!filter || !this.matches(task, filter.expression)) continue
      task.filter_entered = this.at
      task.routed_by = null
      this.tell('workflow.target-matched', task.sid)
      if (this.#tryTargets(task, i, 0)) return true
      this.tell('workflow.skipped', task.sid)
    }
    if (task.timed_out || !default_filter) return false
    task.routed_by = null
    this.#enter(task, inDefault, 0, default_filter, null)
    this.offer(task)
    return true
  }

  #tryTargets(task: Task, filter: number, first: number): boolean {
    const targets = this.followed(task).filters[filter]?.targets ?? []
    for (let i = first; i < targets.length; i++) {
      const target = targets[i] as Target // i < length
      const ends = targets
        .slice(0, i + 1)
        .reduce((sum, { timeout_s = 0 }) => sum + timeout_s * 1000, task.filter_entered)
      this.#enter(task, filter, i, target, target.timeout_s === undefined ? null : ends)
      if (this.offer(task) || !this.skips(target)) return true
    }
    return false
  }

  #enter(task: Task, filter: number, index: number, target: Target, target_at: number | null): void {
    Object.assign(task, { filter, target: index, target_at, advance: false })
    Object.assign(task, { rejected_by: [], rejections: 0, retry_at: null })
    if (target.priority !== undefined) task.priority = target.priority
    this.enterQueue(task, target.queue)
  }

  enterQueue(task: Task, queue: string): void {
    if (task.queue === queue) return
    if (task.queue !== null) this.tell('task-queue.moved', task.sid)
    this.tell('task-queue.entered', task.sid)
    task.queue = queue
    task.queue_entered = this.at
  }

  #leaveTarget(task: Task): void {
    task.timed_out = true
    task.advance = false
    task.target_at = null
    this.tell('task-queue.timeout', task.sid)
    const { filters } = this.followed(task)
    if (task.target + 1 < (filters[task.filter]?.targets.length ?? 0)) {
      if (this.#tryTargets(task, task.filter, task.target + 1)) return
      this.tell('workflow.skipped', task.sid)
    }
    if (!this.follow(task, task.filter + 1)) this.leaveWorkflow(task)
  }

  leaveWorkflow(task: Task): void {
    this.tell('workflow.timeout', task.sid)
    this.cancel(task, 'Task canceled on Workflow timeout')
  }

  /**
   * A pending task has other attributes: it goes to a filter above its own that has come to match, stays while its own
   * matches, and goes on below it otherwise (reference taskrouter 3.9; a filter that it has left is no news to it).
   */
  #judgeAgain(task: Task, routed_by: string): boolean {
    task.routed_by = null
    const { filters } = this.followed(task)
    const own = task.filter === inDefault ? filters.length : task.filter
    let start = filters.findIndex(
      ({ expression }, i) => i < own && this.matches(task, expression) && !this.matches(task, expression, routed_by)
    )
    const filter = filters[own]
    if (start === -1 && filter && !this.matches(task, filter.expression)) start = own + 1
    if (start === -1) return false
    if (!this.follow(task, start)) this.leaveWorkflow(task)
    return true
  }

  /** Something about the task is new (reference taskrouter 3.9). */
  lookAgain(task: Task, before: string): void {
    const isNew = before !== task.attributes && task.document !== null
    if (task.status === 'pending') {
      if (!isNew || !this.#judgeAgain(task, before)) this.offer(task)
    } else if (task.status === 'reserved' && isNew) task.routed_by ??= before
  }

  /** By the newest document, at once or when its reservation has failed (reference taskrouter 3.9). */
  reEvaluate(task: Task): void {
    if (task.document === null) return
    if (task.status === 'reserved') task.re_evaluate = true
    if (task.status !== 'pending') return
    const { document } = this.get('workflow', task.workflow)
    Object.assign(task, { document, re_evaluate: false, timed_out: false, advance: false })
    if (!this.follow(task, 0)) this.leaveWorkflow(task)
  }

  /**
   * A piece of a long re-evaluation. That there are pieces, their size, and the millisecond between two of them are ours
   * (`tasks_re_evaluated_at_once` in the engine's settings): the first in turn of those who still follow an older document
   * and have not been told to leave it.
   */
  reEvaluatePiece(sid: string): void {
    const document = this.get('document', sid)
    const left = this.tasksOf(document.workflow).filter(
      (task) =>
        task.document !== null &&
        (task.status === 'pending' || (task.status === 'reserved' && !task.re_evaluate)) &&
        this.get('document', task.document).n < document.n
    )
    const most = this.rules.tasks_re_evaluated_at_once
    for (const task of left.slice(0, most)) this.reEvaluate(task)
    document.re_evaluate_at = left.length > most ? this.at + 1 : null
  }

  // What is judged in pieces, which is for the engine to say, as is their size.

  /** Until all workers have been judged, an expression, or the name of an activity, is the former one. */
  beginJudging(judging: Omit<Judging, 'judged_to' | 'judge_at'>): void {
    const judge_at = this.pages.judging.size === 0 ? this.at + 20 : null
    this.pages.judging.set(judging.sid, { ...judging, judged_to: 0, judge_at })
  }

  /** What is new is in force; it is the turn of the next one that waits. */
  endJudging(judging: Judging | undefined): void {
    if (!judging) return
    this.pages.judging.delete(judging.sid)
    const [next] = this.pages.judging.values()
    if (next) next.judge_at ??= this.at + 20
  }

  judgePiece(judging: Judging, judged_to: number | undefined): void {
    if (judged_to === undefined) {
      this.endJudging(judging)
      return
    }
    if (judged_to <= judging.judged_to) throw new Error(`a piece of ${judging.sid} judges nobody`)
    judging.judged_to = judged_to
    judging.judge_at = this.at + 20
  }

  /** A document stays while its workflow has it, a task that is not over follows it, or it has yet to be followed. */
  forgetDocuments(): void {
    const kept = new Set<string | null>()
    for (const { document } of this.pages.workflow.values()) kept.add(document)
    for (const task of this.pages.task.values()) if (!isOver(task)) kept.add(task.document)
    for (const { sid, re_evaluate_at } of [...this.pages.document.values()])
      if (re_evaluate_at === null && !kept.has(sid)) this.pages.document.delete(sid)
  }

  // Offers

  /** Reference taskrouter 11.3. */
  offer(task: Task): boolean {
    if (task.status !== 'pending') return false
    const workers = this.choices(task).slice(0, task.queue === null ? 1 : this.get('queue', task.queue).max_reserved)
    if (workers.length === 0) return false
    task.status = 'reserved'
    task.rounds++
    task.retry_at = null
    for (const worker of workers) this.reserve(task, worker)
    return true
  }

  reserve(task: Task, worker: Worker): void {
    const sid = this.reservationSid(task, worker)
    const timeout_s =
      task.workflow === null ? 120 : (this.pages.workflow.get(task.workflow)?.reservation_timeout_s ?? 120)
    this.pages.reservation.set(sid, {
      sid,
      n: ++this.count,
      workspace: task.workspace,
      task: task.sid,
      worker: worker.sid,
      worker_name: null,
      channel: task.channel,
      status: 'pending',
      previous_activity: worker.activity,
      timeout_at: this.at + timeout_s * 1000
    })
    const transfer = this.transferOf(task)
    if (transfer) transfer.last = sid
    worker.idle = this.count
    const own = worker.channels.get(task.channel)
    if (own) own.idle = this.count
    this.tell('reservation.created', sid, 'reserved', transfer ?? null)
    this.#moveInSingleTask(task, worker, 'reservation_activity')
  }

  /** Whatever waits is offered, the first in turn first, until nobody could be given anything (reference taskrouter 6.5). */
  offerWaiting(): void {
    for (const workspace of this.pages.workspace.keys()) {
      while (this.inTurn(workspace).some((task) => this.offer(task)));
    }
  }

  move(worker: Worker, activity: string): void {
    if (worker.activity === activity) return
    worker.activity = activity
    worker.since = this.at
    this.tell('worker.activity.update', worker.sid)
  }

  #queueOf(task: Task): Queue | undefined {
    return task.queue === null ? undefined : this.pages.queue.get(task.queue)
  }

  #moveInSingleTask(task: Task, worker: Worker, to: 'reservation_activity' | 'assignment_activity'): void {
    const activity = this.#queueOf(task)?.[to]
    if (!this.get('workspace', task.workspace).multi && activity) this.move(worker, activity)
  }

  /** Without multitasking: whether the worker still is where the reservation has sent it. */
  #isSent({ task, worker, workspace }: Reservation): boolean {
    if (this.get('workspace', workspace).multi) return false
    return this.#queueOf(this.get('task', task))?.reservation_activity === this.get('worker', worker).activity
  }

  // Ends of reservations

  accept(reservation: Reservation): void {
    const task = this.get('task', reservation.task)
    Object.assign(task, { status: 'assigned', ttl_at: null, target_at: null, retry_at: null })
    Object.assign(task, { advance: false, re_evaluate: false, routed_by: null })
    task.delete_at = this.at + this.rules.assigned_task_lives_s * 1000
    reservation.status = 'accepted'
    reservation.timeout_at = null
    this.#moveInSingleTask(task, this.get('worker', reservation.worker), 'assignment_activity')
    this.tell('reservation.accepted', reservation.sid, 'assigned')
    completeTransfer(this, reservation)
    for (const other of this.reservationsOf(task))
      if (other.status === 'pending') this.withdraw(other, 'rescinded', 'assigned')
  }

  withdraw(reservation: Reservation, status: 'rescinded' | 'canceled', task_status?: TaskStatus): void {
    reservation.status = status
    reservation.timeout_at = null
    this.tell(`reservation.${status}`, reservation.sid, task_status, this.transferOfOffer(reservation))
    this.#moveBack(reservation)
  }

  #moveBack(reservation: Reservation): void {
    if (this.#isSent(reservation) && this.pages.activity.has(reservation.previous_activity))
      this.move(this.get('worker', reservation.worker), reservation.previous_activity)
  }

  #fail(reservation: Reservation, status: 'rejected' | 'timeout' | 'canceled'): Task {
    const task = this.get('task', reservation.task)
    reservation.status = status
    reservation.timeout_at = null
    const isLast = !this.reservationsOf(task).some((other) => other.status === 'pending')
    const transfer = isLast ? this.transferOf(task) : undefined
    if (isLast) task.status = 'pending'
    if (transfer) attemptFails(this, task, transfer, reservation)
    this.tell(`reservation.${status}`, reservation.sid, task.status, transfer)
    return task
  }

  reject(reservation: Reservation, activity?: string): void {
    const task = this.#fail(reservation, 'rejected')
    if (activity) this.move(this.get('worker', reservation.worker), activity)
    this.#backOff(task, reservation.worker)
    this.#roundEnds(task, reservation)
  }

  /** Nobody could be asked (reference taskrouter 5.4). */
  callOff(reservation: Reservation): void {
    const task = this.#fail(reservation, 'canceled')
    this.#moveBack(reservation)
    this.#backOff(task, reservation.worker)
    this.#roundEnds(task, reservation)
  }

  timeOut(reservation: Reservation): void {
    const task = this.#fail(reservation, 'timeout')
    const worker = this.get('worker', reservation.worker)
    if (this.isAvailable(worker) || this.#isSent(reservation))
      this.move(worker, this.get('workspace', worker.workspace).timeout_activity)
    this.#roundEnds(task, reservation)
  }

  /** 2 s, doubling to 30 s (reference taskrouter 5.2). */
  #backOff(task: Task, worker: string): void {
    task.retry_at = this.at + Math.min(30, 2 * 2 ** task.rejections) * 1000
    task.rejections = Math.min(10, task.rejections + 1)
    if (!task.rejected_by.includes(worker)) task.rejected_by.push(worker)
  }

  /** After the failure of a reservation. */
  #roundEnds(task: Task, failed: Reservation): void {
    if (task.status !== 'pending') return
    const transfer = this.transferOfOffer(failed)
    if (transfer) attemptFailed(this, task, transfer)
    else if (task.rounds >= this.rules.assignment_rounds) {
      this.cancel(task, tooManyRounds)
    } else if (isDirect(task)) {
      this.failDirect(task, 'RoutingTarget not available for Reservation acceptance')
    } else if (task.re_evaluate) {
      this.reEvaluate(task)
    } else if (task.routed_by === null || !this.#judgeAgain(task, task.routed_by)) {
      if (task.advance) this.#leaveTarget(task)
      else this.offer(task)
    }
  }

  // Ends of tasks

  cancel(task: Task, reason: string | null): void {
    task.status = 'canceled'
    task.reason = reason
    this.#end(task)
    transferEnds(this, task, () => this.withdrawPending(task, 'canceled'))
    this.tell('task.canceled', task.sid)
    this.settleEnd(task, this.at + this.rules.finished_task_kept_s * 1000)
  }

  /** The task's status is told where it is promised. */
  withdrawPending(task: Task, task_status?: TaskStatus): void {
    for (const one of this.reservationsOf(task))
      if (one.status === 'pending') this.withdraw(one, 'canceled', task_status)
  }

  failDirect(task: Task, reason: string): void {
    this.cancel(task, reason)
    this.tell('reservation.failed', task.sid)
  }

  wrapUp(task: Task, reason: string | null): void {
    transferEnds(this, task, () => this.withdrawPending(task))
    task.status = 'wrapping'
    task.retry_at = null
    task.reason = reason ?? task.reason
    for (const one of this.reservationsOf(task)) if (one.status === 'accepted') this.wrapUpReservation(one)
    this.tell('task.wrapup', task.sid)
  }

  wrapUpReservation(reservation: Reservation): void {
    reservation.status = 'wrapping'
    this.tell('reservation.wrapup', reservation.sid)
  }

  complete(task: Task, reason: string | null): void {
    task.status = 'completed'
    task.reason = reason
    this.#end(task)
    this.tell('task.completed', task.sid)
    this.#closeReservations(task)
    this.settleEnd(task, this.at + this.rules.finished_task_kept_s * 1000)
  }

  #end(task: Task): void {
    Object.assign(task, { ttl_at: null, target_at: null, retry_at: null })
  }

  /** What is over is deleted in time; without a decision, unless somebody still wraps up what was handed on. */
  settleEnd(task: Task, at: number): void {
    const isHeld = this.reservationsOf(task).some(isOpen)
    task.delete_at = isHeld ? at : null
    task.forget_at = isHeld ? null : at
    if (isHeld) return
    task.queue_name = this.pages.queue.get(task.queue ?? '')?.name ?? null
    task.workflow_name = this.pages.workflow.get(task.workflow ?? '')?.name ?? null
    for (const one of this.reservationsOf(task))
      one.worker_name = this.pages.worker.get(one.worker)?.name ?? one.worker_name
  }

  /** Forgets what was to be kept until an instant. Answers the SIDs of what went. */
  forget(at: number): string[] {
    const gone = [...this.pages.task.values()].filter(({ forget_at }) => forget_at !== null && forget_at <= at)
    return gone.flatMap((task) => this.#drop(task))
  }

  #closeReservations(task: Task): void {
    transferEnds(this, task, () => this.withdrawPending(task))
    for (const one of this.reservationsOf(task)) if (isOpen(one)) this.completeReservation(one)
  }

  completeReservation(reservation: Reservation): void {
    reservation.status = 'completed'
    this.tell('reservation.completed', reservation.sid)
  }

  /** Somebody deletes the task, or the system does after its time. */
  delete(task: Task, event: 'task.deleted' | 'task.system-deleted' | undefined): void {
    this.#closeReservations(task)
    if (event) this.tell(event, task.sid)
    this.#drop(task)
  }

  #drop(task: Task): string[] {
    const reservations = this.reservationsOf(task).map(({ sid }) => sid)
    const transfers = [...this.pages.transfer.values()].filter((one) => one.task === task.sid).map(({ sid }) => sid)
    for (const sid of reservations) this.pages.reservation.delete(sid)
    for (const sid of transfers) this.pages.transfer.delete(sid)
    this.pages.task.delete(task.sid)
    return [task.sid, ...reservations, ...transfers]
  }

  // Time

  /** Every instant at which something is due, and what. */
  due(): { readonly at: number; readonly type: string; readonly sid: string }[] {
    const all: { at: number; type: string; sid: string }[] = []
    const add = (at: number | null, type: string, sid: string) => at !== null && all.push({ at, type, sid })
    for (const task of this.pages.task.values()) {
      add(task.ttl_at, 'timer.task_ttl', task.sid)
      add(task.target_at, 'timer.task_target', task.sid)
      add(task.retry_at, 'timer.task_retry', task.sid)
      add(task.delete_at, 'timer.task_delete', task.sid)
    }
    for (const one of this.pages.reservation.values()) add(one.timeout_at, 'timer.reservation', one.sid)
    for (const one of this.pages.document.values()) add(one.re_evaluate_at, 'timer.workflow_document', one.sid)
    for (const one of this.pages.judging.values()) add(one.judge_at, 'timer.judging', one.sid)
    return all
  }

  ttlEnds(task: Task): void {
    this.cancel(task, 'Task TTL Exceeded')
  }

  targetEnds(task: Task): void {
    task.target_at = null
    if (task.status === 'reserved') task.advance = true
    else if (task.filter === inNone) this.failDirect(task, 'RoutingTarget SLA for Reservation creation was not met')
    else this.#leaveTarget(task)
  }

  backOffEnds(task: Task): void {
    task.retry_at = null
    task.rejected_by = []
    this.offer(task)
  }

  deletionDue(task: Task): void {
    this.delete(task, isOver(task) ? undefined : 'task.system-deleted')
  }

  /** Tasks of a workflow, but for those that were put away, in the order in which they are looked at again. */
  tasksOf(workflow: string): Task[] {
    const isOne = (task: Task) => task.workflow === workflow && task.forget_at === null
    return [...this.pages.task.values()].filter(isOne).sort(byAge)
  }
}
