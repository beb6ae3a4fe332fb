import type {
  ReservationInstance,
  ReservationStatus
} from 'twilio/lib/rest/taskrouter/v1/workspace/task/reservation.js'
import type { TaskInstance, TaskStatus } from 'twilio/lib/rest/taskrouter/v1/workspace/task.js'
import { apiError, type ErrorBody, explained, fault } from '../errors.ts'
import { shown as candidate } from '../names.ts'
import { paged, pagedList } from '../pages.ts'
import { changed, onlyOne, versionOf } from '../patch.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import {
  count,
  deleted,
  FIELDS,
  instant,
  MOST_PRIORITY,
  MOST_SECONDS,
  PAGE,
  PAGING,
  WORKSPACE,
  workspaceOf
} from './shared.ts'

const args = argumentsOf({
  action: {
    type: 'string',
    enum: ['create', 'get', 'list', 'update', 'accept', 'reject', 'wrapup', 'complete', 'cancel', 'delete']
  },
  ...WORKSPACE,
  taskSid: { type: 'string', sid: ['WT'] },
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  taskChannel: { type: 'string', ref: 'task_channel' },
  attributes: { type: 'object', description: 'replaces all' },
  patchAttributes: { type: 'object', description: 'merges; null removes' },
  priority: { type: 'integer', min: 0, max: MOST_PRIORITY },
  timeout: { type: 'integer', min: 1, max: MOST_SECONDS, description: 'seconds' },
  virtualStartTime: { type: 'string' },
  ignoreCapacity: { type: 'boolean' },
  assignmentStatus: { type: 'string', description: 'list: comma list; update: wrapping, completed, canceled' },
  reason: { type: 'string' },
  activitySid: { type: 'string', ref: 'activity', description: 'reject: worker goes there' },
  evaluateTaskAttributes: { type: 'string', description: "list: expression, e.g. type == 'vip'" },
  ordering: { type: 'string', description: 'list: Priority:desc,DateCreated:asc' },
  ifMatch: { type: 'string', description: 'version' },
  ...PAGE,
  ...FIELDS
})
const on = actionsOn(args)
type Given = Values<typeof args>

const SHOWN = [
  'taskSid',
  'assignmentStatus',
  'priority',
  'age',
  'taskQueueFriendlyName',
  'taskChannelUniqueName',
  'reason'
]
const STATUSES = ['pending', 'reserved', 'assigned', 'wrapping', 'completed', 'canceled']
const SETTABLE: readonly TaskStatus[] = ['wrapping', 'completed', 'canceled']
const MOVES =
  'a task moves by its attributes and workflow, or by cancel and create; priority and virtualStartTime change its place'

/** What can be done to a task next, by its status. */
const NEXT: Readonly<Record<string, { readonly allowed: readonly string[]; readonly next: string }>> = {
  pending: { allowed: ['accept', 'cancel'], next: 'not assigned: accept it (workerSid), or cancel' },
  reserved: { allowed: ['accept', 'reject', 'cancel'], next: 'not assigned: accept it (workerSid), or cancel' },
  assigned: { allowed: ['wrapup', 'complete'], next: 'a worker has it: complete it, or wrapup' },
  wrapping: { allowed: ['complete'], next: 'it is being wrapped up: complete it' },
  completed: { allowed: ['get', 'delete'], next: 'it is completed: nothing more to do; create another one' },
  canceled: { allowed: ['get', 'delete'], next: 'it is canceled: nothing more to do; create another one' }
}

export const manageTasks: Tool = {
  name: 'manage_tasks',
  title: 'Manage tasks',
  description:
    "Tasks are units of work routed to workers. list filters by status, queue, workflow, attributes, or workerSid (what is offered to or held by them). accept, reject and wrapup act on a worker's reservation. complete needs an assigned or wrapping task, cancel a pending or reserved one.",
  hints: hints('D'),
  arguments: args,
  output: {
    tasks: [
      {
        taskSid: 'string',
        assignmentStatus: 'string',
        priority: 'integer',
        age: 'integer',
        taskQueueFriendlyName: 'string',
        taskChannelUniqueName: 'string',
        reason: 'string',
        attributes: 'object',
        version: 'string',
        reservations: [
          { reservationSid: 'string', reservationStatus: 'string', workerSid: 'string', workerName: 'string' }
        ]
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      optional: [
        'workflowSid',
        'taskQueueSid',
        'workerSid',
        'taskChannel',
        'attributes',
        'priority',
        'timeout',
        'virtualStartTime',
        'ignoreCapacity'
      ],
      unused: { patchAttributes: 'a new task has nothing to merge with: give attributes' },
      run: createTask
    }),
    get: on({
      write: false,
      required: ['taskSid'],
      optional: ['fields'],
      run: ({ taskSid }, call) => getTask(taskSid, call)
    }),
    list: on({
      write: false,
      optional: [
        'workflowSid',
        'taskQueueSid',
        'workerSid',
        'priority',
        'assignmentStatus',
        'evaluateTaskAttributes',
        'ordering',
        'fields',
        ...PAGING
      ],
      run: (values, call) => (values.workerSid ? listOfWorker(values, values.workerSid, call) : listTasks(values, call))
    }),
    update: on({
      write: true,
      required: ['taskSid'],
      optional: [
        'attributes',
        'patchAttributes',
        'priority',
        'virtualStartTime',
        'taskChannel',
        'assignmentStatus',
        'reason',
        'ifMatch'
      ],
      change: ['attributes', 'patchAttributes', 'priority', 'virtualStartTime', 'taskChannel', 'assignmentStatus'],
      unused: {
        taskQueueSid: MOVES,
        workflowSid: MOVES,
        workerSid: `${MOVES}; accept and reject act on a worker's reservation`,
        timeout: 'fixed at creation: cancel it and create another one',
        ignoreCapacity: 'fixed at creation: cancel it and create another one'
      },
      run: updateTask
    }),
    accept: on({
      write: true,
      optional: ['taskSid', 'workerSid'],
      run: (values, call) => reserve(values, 'accepted', call)
    }),
    reject: on({
      write: true,
      optional: ['taskSid', 'workerSid', 'activitySid'],
      run: (values, call) => reserve(values, 'rejected', call)
    }),
    wrapup: on({
      write: true,
      optional: ['taskSid', 'workerSid'],
      run: (values, call) => reserve(values, 'wrapping', call)
    }),
    complete: on({
      write: true,
      required: ['taskSid'],
      optional: ['reason', 'ifMatch'],
      run: ({ taskSid, reason, ifMatch }, call) =>
        finish(taskSid, { assignmentStatus: 'completed', ...given({ reason, ifMatch }) }, call)
    }),
    cancel: on({
      write: true,
      required: ['taskSid'],
      optional: ['reason', 'ifMatch'],
      run: ({ taskSid, reason, ifMatch }, call) =>
        finish(taskSid, { assignmentStatus: 'canceled', ...given({ reason, ifMatch }) }, call)
    }),
    delete: on({
      write: true,
      required: ['taskSid'],
      optional: ['ifMatch'],
      run: async ({ taskSid, ifMatch }, call) => {
        await (await workspaceOf(call)).tasks(taskSid).remove(given({ ifMatch }))
        return { tasks: [deleted('taskSid', taskSid)] }
      }
    })
  }
}

/** A task as a row; an empty reason and the unused add-ons say nothing. */
function rowFor(task: TaskInstance): Row {
  const { addons: _addons, ...row } = rowOf(task, 'taskSid')
  return { ...row, reason: task.reason || undefined }
}

const shown = (task: TaskInstance): Row => pick(rowFor(task), SHOWN)

const reservationRow = ({ sid, reservationStatus, workerSid, workerName }: ReservationInstance): Row => ({
  reservationSid: sid,
  reservationStatus,
  workerSid,
  workerName
})

async function createTask(values: Given, call: Call): Promise<Outcome> {
  const { tasks } = await workspaceOf(call)
  const { workerSid, taskQueueSid, taskChannel, attributes, priority, timeout, ignoreCapacity } = values
  const target = workerSid ?? taskQueueSid
  const workflowSid = values.workflowSid ?? (target ? undefined : await onlyWorkflow(call))
  if (ignoreCapacity !== undefined && !workerSid) {
    throw fault('missing_argument', 'ignoreCapacity is for a task that goes straight to a worker', {
      argument: 'workerSid',
      next: 'give workerSid, or leave ignoreCapacity out'
    })
  }
  const task = await tasks.create(
    given({
      workflowSid,
      routingTarget: target,
      taskQueueSid: workerSid ? taskQueueSid : undefined,
      taskChannel,
      attributes: attributes?.text,
      priority,
      timeout,
      virtualStartTime: instant('virtualStartTime', values.virtualStartTime),
      ignoreCapacity: ignoreCapacity?.toString()
    })
  )
  return { tasks: [shown(task)] }
}

/** The workspace's only workflow; @throws Fault where the caller must choose. */
export async function onlyWorkflow(call: Call, argument = 'workflowSid'): Promise<string> {
  const entries = await call.names.entries('workflow', await call.workspace())
  const [only] = entries
  if (only && entries.length === 1) return only.sid
  if (!only)
    throw fault('missing_argument', 'this workspace has no workflow', {
      argument,
      next: `create one with manage_workflows; give taskQueueSid or workerSid instead of ${argument}`
    })
  throw fault('missing_argument', `which workflow? there are ${entries.length}`, {
    argument,
    candidates: entries.slice(0, 10).map(candidate),
    next: `give ${argument}`
  })
}

async function getTask(taskSid: string, call: Call): Promise<Outcome> {
  const context = (await workspaceOf(call)).tasks(taskSid)
  const [fetched, reservations] = await Promise.all([
    context.fetchWithHttpInfo(),
    context.reservations.list({ limit: 50 })
  ])
  const row: Row = {
    ...rowFor(fetched.body),
    version: versionOf(fetched),
    reservations: reservations.map(reservationRow)
  }
  return { tasks: [pick(row, Object.keys(row), call.fields)] }
}

function statusesIn(text: string | undefined): string[] | undefined {
  const statuses = text?.split(',').map((status) => status.trim().toLowerCase())
  const wrong = statuses?.find((status) => !STATUSES.includes(status))
  if (wrong !== undefined) {
    throw fault('bad_value', `no assignmentStatus ${wrong}`, {
      argument: 'assignmentStatus',
      found: wrong,
      allowed: STATUSES,
      next: 'assignmentStatus: a comma list of the allowed ones'
    })
  }
  return statuses
}

async function listTasks(values: Given, call: Call): Promise<Outcome> {
  const { tasks } = await workspaceOf(call)
  const { workflowSid, taskQueueSid, priority, evaluateTaskAttributes, ordering } = values
  const filter = given({
    workflowSid,
    taskQueueSid,
    priority,
    evaluateTaskAttributes,
    ordering,
    assignmentStatus: statusesIn(values.assignmentStatus)
  })
  const show = (task: TaskInstance) => pick(rowFor(task), SHOWN, call.fields)
  const { rows, nextPageToken } = await paged(call, (page) => tasks.page({ ...page, ...filter }), show)
  return { tasks: rows, nextPageToken }
}

/** What is offered to a worker or held by them: the API has no such filter on tasks, so their open reservations tell. */
async function listOfWorker(values: Given, workerSid: string, call: Call): Promise<Outcome> {
  if (values.evaluateTaskAttributes || values.ordering) {
    throw fault('bad_value', 'evaluateTaskAttributes and ordering do not go with workerSid', {
      argument: 'workerSid',
      next: 'leave them out, or workerSid'
    })
  }
  const workspace = await workspaceOf(call)
  const { reservations } = workspace.workers(workerSid)
  const open: readonly ReservationStatus[] = ['pending', 'accepted', 'wrapping']
  const held = (
    await Promise.all(open.map((reservationStatus) => reservations.list({ reservationStatus, limit: 200 })))
  ).flat()
  const statuses = statusesIn(values.assignmentStatus)
  const tasks = await Promise.all(
    [...new Set(held.map((one) => one.taskSid))].map((sid) => workspace.tasks(sid).fetch())
  )
  const wanted = tasks.filter(
    (task) =>
      (!statuses || statuses.includes(task.assignmentStatus)) &&
      (!values.taskQueueSid || task.taskQueueSid === values.taskQueueSid) &&
      (!values.workflowSid || task.workflowSid === values.workflowSid) &&
      (values.priority === undefined || task.priority === values.priority)
  )
  const show = (task: TaskInstance) => ({
    ...pick(rowFor(task), SHOWN, call.fields),
    reservations: held
      .filter((one) => one.taskSid === task.sid)
      .map(({ sid, reservationStatus }) => ({ reservationSid: sid, reservationStatus }))
  })
  const { rows, nextPageToken } = await pagedList(call, wanted, show)
  return { tasks: rows, nextPageToken }
}

async function updateTask(values: Given & { readonly taskSid: string }, call: Call): Promise<Outcome> {
  const { taskSid, attributes, patchAttributes, priority, taskChannel, reason, ifMatch } = values
  onlyOne(values)
  const virtualStartTime = instant('virtualStartTime', values.virtualStartTime)
  const status = SETTABLE.find((one) => one === values.assignmentStatus?.toLowerCase())
  if (values.assignmentStatus && !status) {
    throw fault('bad_value', 'a task is set to wrapping, completed or canceled; accept and reject do the rest', {
      argument: 'assignmentStatus',
      found: values.assignmentStatus,
      allowed: SETTABLE,
      next: 'correct assignmentStatus, or use action accept'
    })
  }
  const context = (await workspaceOf(call)).tasks(taskSid)
  const others = given({ priority, taskChannel, virtualStartTime })
  const first = attributes || patchAttributes || Object.keys(others).length > 0
  // Attributes are read when a task ends: they go first, in a request of their own.
  const task = first
    ? await changed(
        values,
        () => context.fetchWithHttpInfo(),
        (change) => context.update({ ...others, ...change, ...(status ? {} : given({ reason })) })
      )
    : undefined
  if (status)
    return finish(
      taskSid,
      { assignmentStatus: status, ...given({ reason, ifMatch: first ? undefined : ifMatch }) },
      call
    )
  return { tasks: task ? [shown(task)] : [] }
}

interface Finish {
  readonly assignmentStatus: TaskStatus
  readonly reason?: string
  readonly ifMatch?: string
}

async function finish(taskSid: string, change: Finish, call: Call): Promise<Outcome> {
  const context = (await workspaceOf(call)).tasks(taskSid)
  const task = await explained(
    call,
    () => context.update(change),
    async (api) => {
      if (api.status !== 400) return undefined
      const { assignmentStatus } = await context.fetch()
      return { argument: 'action', found: assignmentStatus, ...NEXT[assignmentStatus] }
    }
  )
  return { tasks: [shown(task)] }
}

type Answer = 'accepted' | 'rejected' | 'wrapping'
/** The status that a reservation must have for each answer. */
const FROM = { accepted: 'pending', rejected: 'pending', wrapping: 'accepted' } as const satisfies Record<
  Answer,
  string
>

async function reserve(values: Given, answer: Answer, call: Call): Promise<Outcome> {
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
  return { tasks: [{ ...shown(await context.fetch()), reservations: [reservationRow(reservation)] }] }
}

/** The one reservation that an answer can mean. */
async function theReservation(
  taskSid: string | undefined,
  workerSid: string | undefined,
  answer: Answer,
  call: Call
): Promise<{ sid: string; task: string }> {
  const workspace = await workspaceOf(call)
  const from = FROM[answer]
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
      { argument: 'action', found: assignmentStatus, ...NEXT[assignmentStatus] }
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
