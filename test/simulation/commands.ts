import type { Command } from '@ringdown/engine/commands'
import {
  callbackFailed,
  cancelReservation,
  createTransfer,
  instructReservation,
  takeBackTransfer,
  updateReservation
} from './answers.ts'
import { documentOf, inNone, isOpen, isOver, type Task, type Version, type Worker, type Workflow } from './book.ts'
import { at, checkAvailable, checkMove, checkVersion, must, type Of, type Published, Refused } from './checks.ts'
import type { Router } from './router.ts'

/*
 * What each command asks for, in the book: who may ask it, and what it changes before routing goes on (reference
 * taskrouter 1, 4 and 5). Only what can be refused for reasons of state is refused here; the workload's texts are valid.
 */

/** Writes the command into the book. Throws Refused; the book may then be half-written. */
export function execute(router: Router, command: Command, published: Published): void {
  const act = acts[command.type as keyof typeof acts] as
    | ((router: Router, command: Command, published: Published) => void)
    | undefined // each act takes commands of its own type
  if (!act) throw new Error(`the auditor does not know ${command.type}`)
  act(router, command, published)
  router.offerWaiting()
  router.forgetDocuments()
}

const acts = {
  'workspace.create': createWorkspace,
  'workspace.update': updateWorkspace,
  'workspace.delete': deleteWorkspace,
  'activity.create': createActivity,
  'activity.update': updateActivity,
  'activity.delete': deleteActivity,
  'task_channel.create': createChannel,
  'task_channel.update': updateChannel,
  'task_channel.delete': deleteChannel,
  'task_queue.create': createQueue,
  'task_queue.update': updateQueue,
  'task_queue.delete': deleteQueue,
  'workflow.create': createWorkflow,
  'workflow.update': updateWorkflow,
  'workflow.delete': deleteWorkflow,
  'worker.create': createWorker,
  'worker.update': updateWorker,
  'worker.delete': deleteWorker,
  'worker_channel.update': updateWorkerChannel,
  'task.create': createTask,
  'task.update': updateTask,
  'task.delete': deleteTask,
  'reservation.update': updateReservation,
  'reservation.cancel': cancelReservation,
  'reservation.instruct': instructReservation,
  'reservation.callback_failed': callbackFailed,
  'transfer.create': createTransfer,
  'transfer.cancel': takeBackTransfer,
  'timer.task_ttl': (router: Router, { sid }: Of<'timer.task_ttl'>) => router.ttlEnds(router.get('task', sid)),
  'timer.task_target': (router: Router, { sid }: Of<'timer.task_target'>) => router.targetEnds(router.get('task', sid)),
  'timer.task_retry': (router: Router, { sid }: Of<'timer.task_retry'>) => router.backOffEnds(router.get('task', sid)),
  'timer.task_delete': (router: Router, { sid }: Of<'timer.task_delete'>) =>
    router.deletionDue(router.get('task', sid)),
  'timer.reservation': (router: Router, { sid }: Of<'timer.reservation'>) =>
    router.timeOut(router.get('reservation', sid)),
  'timer.workflow_document': (router: Router, { sid }: Of<'timer.workflow_document'>) => router.reEvaluatePiece(sid),
  'timer.judging': (router: Router, { sid }: Of<'timer.judging'>, { judgedTo }: Published) => {
    const judging = router.get('judging', sid)
    router.judgePiece(judging, judgedTo(sid))
  }
}

const channels = ['default', 'voice', 'chat', 'sms', 'video']

function createWorkspace(router: Router, command: Of<'workspace.create'>, { made }: Published): void {
  const sid = made('workspace', { friendly_name: command.friendly_name })
  const activities = (['Offline', 'Unavailable', 'Available'] as const).map((name) => {
    const activity = made('activity', { workspace_sid: sid, friendly_name: name })
    router.pages.activity.set(activity, { sid: activity, workspace: sid, name, available: name === 'Available' })
    router.tell('activity.created', activity)
    return activity
  })
  const [first = ''] = activities
  router.pages.workspace.set(sid, {
    sid,
    multi: command.multi_task_enabled ?? true,
    prefers: command.prioritize_queue_order ?? 'FIFO',
    default_activity: first,
    timeout_activity: first
  })
  for (const unique_name of channels) {
    const channel = made('task_channel', { workspace_sid: sid, unique_name })
    router.pages.channel.set(channel, { sid: channel, workspace: sid, unique_name, optimized: false })
  }
  router.tell('workspace.created', sid)
}

function updateWorkspace(router: Router, command: Of<'workspace.update'>): void {
  const workspace = router.pages.workspace.get(command.sid)
  if (!workspace) throw new Refused(404, 'no workspace')
  must(!(workspace.multi && command.multi_task_enabled === false), 'multitasking stays')
  for (const sid of [command.default_activity_sid, command.timeout_activity_sid])
    must(sid === undefined || router.pages.activity.get(sid)?.workspace === workspace.sid, 'no such activity')
  workspace.multi = command.multi_task_enabled ?? workspace.multi
  workspace.prefers = command.prioritize_queue_order ?? workspace.prefers
  workspace.default_activity = command.default_activity_sid ?? workspace.default_activity
  workspace.timeout_activity = command.timeout_activity_sid ?? workspace.timeout_activity
  router.tell('workspace.updated', workspace.sid)
}

function deleteWorkspace(router: Router, { sid }: Of<'workspace.delete'>): void {
  if (!router.pages.workspace.delete(sid)) throw new Refused(404, 'no workspace')
  for (const [kind, page] of Object.entries(router.pages))
    if (kind !== 'workspace' && kind !== 'judging')
      for (const noun of router.all(kind as 'task', sid)) page.delete(noun.sid) // any but that one
  for (const judging of router.all('judging', sid)) router.endJudging(judging)
  router.tell('workspace.deleted', sid)
}

function createActivity(router: Router, command: Of<'activity.create'>, { made }: Published): void {
  const { workspace_sid: workspace, friendly_name: name } = command
  if (!router.pages.workspace.has(workspace)) throw new Refused(404, 'no workspace')
  must(!router.all('activity', workspace).some((one) => one.name === name), 'taken')
  const sid = made('activity', { friendly_name: name })
  router.pages.activity.set(sid, { sid, workspace, name, available: command.available ?? false })
  router.tell('activity.created', sid)
}

function updateActivity(router: Router, command: Of<'activity.update'>, { made, judgedTo }: Published): void {
  at(router, 'activity', command.workspace_sid, command.sid)
  const activity = router.get('activity', command.sid)
  const { friendly_name: name = activity.name } = command
  if (name === activity.name) return
  must(!router.all('activity', activity.workspace).some((one) => one.name === name), 'taken')
  const { sid, workspace } = activity
  if (judgedTo(sid) !== undefined) {
    const judging = made('judging', { activity_sid: sid })
    router.beginJudging({ sid: judging, workspace, queue: null, activity: sid, former: activity.name })
  }
  activity.name = name
  router.tell('activity.updated', activity.sid)
}

function deleteActivity(router: Router, { workspace_sid, sid }: Of<'activity.delete'>): void {
  at(router, 'activity', workspace_sid, sid)
  const { default_activity, timeout_activity } = router.get('workspace', workspace_sid)
  must(sid !== default_activity && sid !== timeout_activity, 'the workspace needs it')
  must(!router.all('worker', workspace_sid).some((worker) => worker.activity === sid), 'somebody is in it')
  const queues = router.all('queue', workspace_sid)
  must(
    !queues.some((queue) => [queue.reservation_activity, queue.assignment_activity].includes(sid)),
    'a queue needs it'
  )
  router.pages.activity.delete(sid)
  for (const one of router.all('judging', workspace_sid)) if (one.activity === sid) router.endJudging(one)
  router.tell('activity.deleted', sid)
}

function createChannel(router: Router, command: Of<'task_channel.create'>, { made }: Published): void {
  const { workspace_sid: workspace, unique_name, channel_optimized_routing: optimized = false } = command
  if (!router.pages.workspace.has(workspace)) throw new Refused(404, 'no workspace')
  const others = router.all('channel', workspace)
  must(others.length < 15 && !others.some((one) => one.unique_name === unique_name), 'taken, or too many')
  const sid = made('task_channel', { workspace_sid: workspace, unique_name })
  router.pages.channel.set(sid, { sid, workspace, unique_name, optimized })
  for (const worker of router.all('worker', workspace)) addChannel(worker, sid)
  router.tell('task-channel.created', sid)
}

/** Capacity 1, available, and as long idle as the worker. */
function addChannel(worker: Worker, sid: string): void {
  worker.channels.set(sid, { capacity: 1, available: true, idle: worker.idle })
}

function channelNamed(router: Router, workspace: string, name: string) {
  return router.all('channel', workspace).find((one) => one.sid === name || one.unique_name === name)
}

function updateChannel(router: Router, command: Of<'task_channel.update'>): void {
  const channel = channelNamed(router, command.workspace_sid, command.sid)
  if (!channel) throw new Refused(404, 'no channel')
  channel.optimized = command.channel_optimized_routing ?? channel.optimized
  router.tell('task-channel.updated', channel.sid)
}

function deleteChannel(router: Router, command: Of<'task_channel.delete'>): void {
  const { workspace_sid: workspace } = command
  const channel = channelNamed(router, workspace, command.sid)
  if (!channel) throw new Refused(404, 'no channel')
  must(channel.unique_name !== 'default', 'the default channel stays')
  must(!router.all('task', workspace).some((task) => task.channel === channel.sid && !isOver(task)), 'in use')
  for (const worker of router.all('worker', workspace)) worker.channels.delete(channel.sid)
  router.pages.channel.delete(channel.sid)
  router.tell('task-channel.deleted', channel.sid)
}

function createQueue(router: Router, command: Of<'task_queue.create'>, { made, judgedTo }: Published): void {
  const { workspace_sid: workspace, friendly_name: name } = command
  if (!router.pages.workspace.has(workspace)) throw new Refused(404, 'no workspace')
  must(!router.all('queue', workspace).some((one) => one.name === name), 'taken')
  for (const sid of [command.reservation_activity_sid, command.assignment_activity_sid])
    must(!sid || router.pages.activity.get(sid)?.workspace === workspace, 'no such activity')
  const sid = made('task_queue', { workspace_sid: workspace, friendly_name: name })
  router.pages.queue.set(sid, {
    sid,
    workspace,
    name,
    target_workers: command.target_workers ?? '1==1',
    max_reserved: command.max_reserved_workers ?? 1,
    order: command.task_order ?? 'FIFO',
    reservation_activity: command.reservation_activity_sid || null,
    assignment_activity: command.assignment_activity_sid || null
  })
  if (judgedTo(sid) !== undefined) {
    const judging = made('judging', { task_queue_sid: sid })
    router.beginJudging({ sid: judging, workspace, queue: sid, activity: null, former: '' })
  }
  router.tell('task-queue.created', sid)
}

function updateQueue(router: Router, command: Of<'task_queue.update'>, { made, judgedTo }: Published): void {
  at(router, 'queue', command.workspace_sid, command.sid)
  const queue = router.get('queue', command.sid)
  const { friendly_name: name = queue.name, target_workers = queue.target_workers } = command
  const taken = router.all('queue', queue.workspace).some((one) => one !== queue && one.name === name)
  must(!taken, 'taken')
  for (const sid of [command.reservation_activity_sid, command.assignment_activity_sid])
    must(!sid || router.pages.activity.get(sid)?.workspace === queue.workspace, 'no such activity')
  queue.name = name
  if (target_workers !== queue.target_workers) {
    router.tell('task-queue.expression.updated', queue.sid)
    const { sid, workspace } = queue
    const judging = router.judgingOf(sid)
    if (judgedTo(sid) === undefined || router.inForce(queue) === target_workers) router.endJudging(judging)
    else if (judging) judging.judged_to = 0
    else {
      const made_as = made('judging', { task_queue_sid: sid })
      router.beginJudging({ sid: made_as, workspace, queue: sid, activity: null, former: queue.target_workers })
    }
  } else router.tell('ringdown.task-queue.updated', queue.sid)
  queue.target_workers = target_workers
  queue.max_reserved = command.max_reserved_workers ?? queue.max_reserved
  queue.order = command.task_order ?? queue.order
  if (command.reservation_activity_sid !== undefined)
    queue.reservation_activity = command.reservation_activity_sid || null
  if (command.assignment_activity_sid !== undefined) queue.assignment_activity = command.assignment_activity_sid || null
}

function deleteQueue(router: Router, { workspace_sid, sid }: Of<'task_queue.delete'>): void {
  at(router, 'queue', workspace_sid, sid)
  const open = router.all('task', workspace_sid).filter((task) => !isOver(task))
  const isNamed = router.all('document', workspace_sid).some(({ configuration }) => {
    const { filters, default_filter } = documentOf(configuration)
    return default_filter?.queue === sid || filters.some(({ targets }) => targets.some(({ queue }) => queue === sid))
  })
  must(!isNamed, 'a workflow names it')
  must(!open.some((task) => task.queue === sid), 'tasks are in it')
  router.pages.queue.delete(sid)
  router.endJudging(router.judgingOf(sid))
  router.tell('task-queue.deleted', sid)
}

function checkDocument(router: Router, workspace: string, configuration: string): void {
  const { filters, default_filter } = documentOf(configuration)
  const queues = [...filters.flatMap(({ targets }) => targets.map(({ queue }) => queue)), default_filter?.queue]
  for (const sid of queues)
    must(sid === undefined || router.pages.queue.get(sid)?.workspace === workspace, 'no such queue')
}

function createWorkflow(router: Router, command: Of<'workflow.create'>, { made }: Published): void {
  const { workspace_sid: workspace, friendly_name: name, configuration } = command
  if (!router.pages.workspace.has(workspace)) throw new Refused(404, 'no workspace')
  must(!router.all('workflow', workspace).some((one) => one.name === name), 'taken')
  checkDocument(router, workspace, configuration)
  const sid = made('workflow', { workspace_sid: workspace, friendly_name: name })
  const { task_reservation_timeout: reservation_timeout_s = 120 } = command
  const workflow: Workflow = { sid, workspace, name, document: '', reservation_timeout_s }
  router.pages.workflow.set(sid, workflow)
  addDocument(router, workflow, made('workflow_document', { configuration }), configuration)
  router.tell('workflow.created', sid)
}

function addDocument(router: Router, workflow: Workflow, sid: string, configuration: string): Version {
  const { sid: own, workspace } = workflow
  const document = { sid, n: ++router.count, workspace, workflow: own, configuration, re_evaluate_at: null }
  router.pages.document.set(sid, document)
  workflow.document = sid
  return document
}

/**
 * Reference taskrouter 3.9. A re-evaluation of more tasks than one decision takes, whatever their status, begins with a
 * document of its own and goes on by a timer: ours (`tasks_re_evaluated_at_once` in the engine's settings).
 */
function updateWorkflow(router: Router, command: Of<'workflow.update'>, { made }: Published): void {
  at(router, 'workflow', command.workspace_sid, command.sid)
  const workflow = router.get('workflow', command.sid)
  const before = router.get('document', workflow.document)
  const { configuration = before.configuration } = command
  checkDocument(router, workflow.workspace, configuration)
  const tasks = router.tasksOf(workflow.sid)
  const isLong = (command.re_evaluate_tasks ?? false) && tasks.length > router.rules.tasks_re_evaluated_at_once
  if (isLong || configuration !== before.configuration) {
    const document = addDocument(router, workflow, made('workflow_document', { configuration }), configuration)
    if (isLong) document.re_evaluate_at = router.at
  }
  workflow.reservation_timeout_s = command.task_reservation_timeout ?? workflow.reservation_timeout_s
  router.tell('workflow.updated', workflow.sid)
  if (command.re_evaluate_tasks && !isLong) for (const task of tasks) router.reEvaluate(task)
}

function deleteWorkflow(router: Router, { workspace_sid, sid }: Of<'workflow.delete'>): void {
  at(router, 'workflow', workspace_sid, sid)
  must(!router.all('task', workspace_sid).some((task) => task.workflow === sid && !isOver(task)), 'tasks are in it')
  for (const document of router.all('document', workspace_sid))
    if (document.workflow === sid) router.pages.document.delete(document.sid)
  router.pages.workflow.delete(sid)
  router.tell('workflow.deleted', sid)
}

function createWorker(router: Router, command: Of<'worker.create'>, { made }: Published): void {
  const { workspace_sid, friendly_name: name } = command
  const workspace = router.pages.workspace.get(workspace_sid)
  if (!workspace) throw new Refused(404, 'no workspace')
  const taken = router.all('worker', workspace.sid).some((one) => one.name.toLowerCase() === name.toLowerCase())
  must(!taken, 'taken')
  const activity = command.activity_sid || workspace.default_activity
  must(router.pages.activity.get(activity)?.workspace === workspace.sid, 'no such activity')
  checkAvailable(router, workspace.sid, activity)
  const sid = made('worker', { workspace_sid, friendly_name: name })
  const worker: Worker = {
    sid,
    workspace: workspace.sid,
    name,
    attributes: command.attributes || '{}',
    activity,
    since: router.at,
    idle: ++router.count,
    channels: new Map()
  }
  for (const channel of router.all('channel', workspace.sid)) addChannel(worker, channel.sid)
  router.pages.worker.set(sid, worker)
  router.tell('worker.created', sid)
}

function updateWorker(router: Router, command: Of<'worker.update'>, published: Published): void {
  at(router, 'worker', command.workspace_sid, command.sid)
  const worker = router.get('worker', command.sid)
  checkVersion(published, 'worker', worker.sid, command.if_match)
  const { friendly_name: name = worker.name, activity_sid, attributes = worker.attributes } = command
  const others = router.all('worker', worker.workspace).filter((one) => one !== worker)
  must(!others.some((one) => one.name.toLowerCase() === name.toLowerCase()), 'taken')
  if (activity_sid) checkMove(router, worker, activity_sid)
  const rejects = command.reject_pending_reservations ?? false
  must(!rejects || (!!activity_sid && !router.get('activity', activity_sid).available), 'for unavailable activities')
  const isRenamed = worker.name !== name
  worker.name = name
  if (worker.attributes !== (attributes || '{}')) router.tell('worker.attributes.update', worker.sid)
  else if (isRenamed) router.tell('ringdown.worker.updated', worker.sid)
  worker.attributes = attributes || '{}'
  if (activity_sid) router.move(worker, activity_sid)
  if (!rejects) return
  for (const one of router.held(worker)) if (one.status === 'pending') router.reject(one)
}

function deleteWorker(router: Router, command: Of<'worker.delete'>, published: Published): void {
  const { workspace_sid, sid } = command
  at(router, 'worker', workspace_sid, sid)
  checkVersion(published, 'worker', sid, command.if_match)
  const worker = router.get('worker', sid)
  must(router.held(worker).length === 0, 'it holds reservations')
  for (const one of router.pages.reservation.values())
    if (one.worker === sid && router.pages.task.get(one.task)?.forget_at === null) one.worker_name = worker.name
  for (const task of router.inTurn(workspace_sid))
    if (task.routing_target === sid) router.failDirect(task, 'RoutingTarget not available for Reservation acceptance')
  router.pages.worker.delete(sid)
  router.tell('worker.deleted', sid)
}

function updateWorkerChannel(router: Router, command: Of<'worker_channel.update'>): void {
  at(router, 'worker', command.workspace_sid, command.worker_sid)
  const worker = router.get('worker', command.worker_sid)
  const own = worker.channels.get(channelNamed(router, worker.workspace, command.sid)?.sid ?? '')
  if (!own) throw new Refused(404, 'no channel')
  const { capacity = own.capacity, available = own.available } = command
  const { multi } = router.get('workspace', worker.workspace)
  must(multi || command.capacity === undefined || capacity <= 1, 'one task at a time')
  if (capacity !== own.capacity) router.tell('worker.capacity.update', worker.sid)
  if (available !== own.available) router.tell('worker.channel.availability.update', worker.sid)
  Object.assign(own, { capacity, available })
}

/** Reference taskrouter 1.9, 3.5 and 4.4. */
function createTask(router: Router, command: Of<'task.create'>, { made }: Published): void {
  const { workspace_sid: workspace, routing_target } = command
  if (!router.pages.workspace.has(workspace)) throw new Refused(404, 'no workspace')
  const { virtual_start_time: start = router.at, timeout = 86_400, attributes = '{}' } = command
  must(start <= router.at, 'VirtualStartTime in the future')
  const channel = channelNamed(router, workspace, command.task_channel || 'default')
  must(channel !== undefined, 'no such channel')
  const isFor = (prefix: string) => routing_target?.startsWith(prefix) ?? false
  must(command.ignore_capacity === undefined || isFor('WK'), 'IgnoreCapacity without a worker')
  const find = (kind: 'worker' | 'queue' | 'workflow', sid: string | undefined) => {
    must(!sid || router.pages[kind].get(sid)?.workspace === workspace, `no such ${kind}`)
    return sid || null
  }
  let workflow = find('workflow', isFor('WW') ? routing_target : command.workflow_sid)
  const queue = find('queue', isFor('WQ') ? routing_target : isFor('WK') ? command.task_queue_sid : undefined)
  if (isFor('WK')) find('worker', routing_target)
  if (workflow === null && !isFor('WK') && !isFor('WQ')) {
    const [only, ...others] = router.all('workflow', workspace)
    must(only !== undefined && others.length === 0, 'no WorkflowSid')
    workflow = only.sid
  }
  const follows = workflow !== null && !isFor('WK') && !isFor('WQ')
  const ignores_capacity = isFor('WK') && (command.ignore_capacity ?? true)
  const sid = made('task', {})
  const task: Task = {
    sid,
    workspace,
    n: ++router.count,
    status: 'pending',
    attributes: attributes || '{}',
    priority: command.priority ?? 0,
    reason: null,
    queue: null,
    queue_entered: null,
    workflow,
    channel: channel.sid,
    start,
    routing_target: routing_target || null,
    ignores_capacity,
    document: follows ? router.get('workflow', workflow).document : null,
    filter: inNone,
    target: 0,
    filter_entered: router.at,
    timed_out: false,
    advance: false,
    re_evaluate: false,
    routed_by: null,
    rounds: 0,
    rejected_by: [],
    rejections: 0,
    timeout_s: timeout,
    ttl_at: router.at + timeout * 1000,
    target_at: ignores_capacity ? router.at + router.rules.direct_reservation_within_s * 1000 : null,
    retry_at: null,
    delete_at: null,
    forget_at: null,
    queue_name: null,
    workflow_name: null
  }
  router.pages.task.set(sid, task)
  router.tell('task.created', sid)
  if (workflow !== null) router.tell('workflow.entered', sid)
  if (queue !== null) router.enterQueue(task, queue)
  if (!follows) router.offer(task)
  else if (!router.follow(task, 0)) {
    router.pages.task.delete(sid)
    throw new Refused(400, 'no filter takes it')
  }
}

/** Reference taskrouter 4.1. */
function updateTask(router: Router, command: Of<'task.update'>, published: Published): void {
  at(router, 'task', command.workspace_sid, command.sid)
  const task = router.get('task', command.sid)
  checkVersion(published, 'task', task.sid, command.if_match)
  const { priority, virtual_start_time: start, task_channel, attributes, assignment_status: status, reason } = command
  must(start === undefined || start <= router.at, 'VirtualStartTime in the future')
  const channel = task_channel ? channelNamed(router, task.workspace, task_channel) : undefined
  must(!task_channel || channel !== undefined, 'no such channel')
  const isMoved = priority !== undefined || start !== undefined || channel !== undefined
  must(!isOver(task) || (!isMoved && status === undefined && reason === undefined), 'it is over')
  if (isMoved || attributes !== undefined) {
    const before = task.attributes
    Object.assign(task, { priority: priority ?? task.priority, start: start ?? task.start })
    task.attributes = attributes === undefined ? before : attributes || '{}'
    if (channel) moveTo(router, task, channel.sid)
    router.tell('task.updated', task.sid)
    router.lookAgain(task, before)
  }
  if (status === undefined) {
    if (reason !== undefined) task.reason = reason || null
    return
  }
  // Ours: while a task is handed on, whoever has it still has it.
  const isHeld = router.transferOf(task) !== undefined && router.holdersOf(task).length > 0
  const current = isHeld ? 'assigned' : task.status
  if (status === 'canceled') {
    must(current === 'pending' || current === 'reserved', 'not pending or reserved')
    router.cancel(task, reason || null)
  } else if (status === 'wrapping') {
    must(current === 'assigned', 'not assigned')
    router.wrapUp(task, reason || null)
  } else {
    must(status === 'completed' && (current === 'assigned' || current === 'wrapping'), 'not assigned')
    router.complete(task, reason || null)
  }
}

function moveTo(router: Router, task: Task, channel: string): void {
  task.channel = channel
  for (const one of router.reservationsOf(task)) if (isOpen(one)) one.channel = channel
}

function deleteTask(router: Router, command: Of<'task.delete'>, published: Published): void {
  at(router, 'task', command.workspace_sid, command.sid)
  checkVersion(published, 'task', command.sid, command.if_match)
  router.delete(router.get('task', command.sid), 'task.deleted')
}
