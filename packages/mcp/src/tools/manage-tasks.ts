import type { ReservationStatus } from 'twilio/lib/rest/taskrouter/v1/workspace/task/reservation.js'
import type { TaskInstance, TaskStatus } from 'twilio/lib/rest/taskrouter/v1/workspace/task.js'
import { explained, fault } from '../errors.ts'
import { shown as candidate } from '../names.ts'
import { paged, pagedList } from '../pages.ts'
import { changed, onlyOne, versionOf } from '../patch.ts'
import { type Outcome, pick, type Row } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { instruct, reserve } from './reservations.ts'
import {
  deleted,
  fieldsArgument,
  instant,
  maxPriority,
  maxSeconds,
  pageArguments,
  pagingNames,
  workspaceArgument,
  workspaceOf
} from './shared.ts'
import { nextSteps, reservationRow, rowFor, shownFields, shownTask } from './tasks.ts'

const args = argumentsOf({
  action: {
    type: 'string',
    enum: ['create', 'get', 'list', 'update', 'accept', 'reject', 'wrapup', 'complete', 'cancel', 'delete']
  },
  ...workspaceArgument,
  taskSid: { type: 'string', sid: ['WT'] },
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  taskChannel: { type: 'string', ref: 'task_channel' },
  attributes: { type: 'object', description: 'replaces all' },
  patchAttributes: { type: 'object', description: 'merges; null removes' },
  priority: { type: 'integer', min: 0, max: maxPriority },
  timeout: { type: 'integer', min: 1, max: maxSeconds, description: 'seconds' },
  virtualStartTime: { type: 'string' },
  ignoreCapacity: { type: 'boolean' },
  assignmentStatus: { type: 'string', description: 'list: comma list; update: wrapping, completed, canceled' },
  reason: { type: 'string' },
  activitySid: { type: 'string', ref: 'activity', description: 'reject: worker goes there' },
  instruction: {
    type: 'string',
    enum: ['conference', 'dequeue', 'call'],
    description: 'accept: rings the worker first'
  },
  instructionProperties: { type: 'object', description: '{to, from, timeout, …}' },
  evaluateTaskAttributes: { type: 'string', description: "list: expression, e.g. type == 'vip'" },
  ordering: { type: 'string', description: 'list: Priority:desc,DateCreated:asc' },
  ifMatch: { type: 'string', description: 'version' },
  ...pageArguments,
  ...fieldsArgument
})
const on = actionsOn(args)
type Given = Values<typeof args>

const taskStatuses = ['pending', 'reserved', 'assigned', 'wrapping', 'completed', 'canceled']
const settableStatuses: readonly TaskStatus[] = ['wrapping', 'completed', 'canceled']
const movesReason =
  'a task moves by its attributes and workflow, or by cancel and create; priority and virtualStartTime change its place'

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
        ...pagingNames
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
        taskQueueSid: movesReason,
        workflowSid: movesReason,
        workerSid: `${movesReason}; accept and reject act on a worker's reservation`,
        timeout: 'fixed at creation: cancel it and create another one',
        ignoreCapacity: 'fixed at creation: cancel it and create another one'
      },
      run: updateTask
    }),
    accept: on({
      write: true,
      optional: ['taskSid', 'workerSid', 'instruction', 'instructionProperties'],
      run: (values, call) =>
        values.instruction === undefined
          ? reserve(values, 'accepted', call)
          : instruct(values, values.instruction, values.instructionProperties?.value ?? {}, call)
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
  return { tasks: [shownTask(task)] }
}

/** The workspace's only workflow. Throws Fault where the caller must choose. */
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
  const wrong = statuses?.find((status) => !taskStatuses.includes(status))
  if (wrong !== undefined) {
    throw fault('bad_value', `no assignmentStatus ${wrong}`, {
      argument: 'assignmentStatus',
      found: wrong,
      allowed: taskStatuses,
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
  const show = (task: TaskInstance) => pick(rowFor(task), shownFields, call.fields)
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
    ...pick(rowFor(task), shownFields, call.fields),
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
  const status = settableStatuses.find((one) => one === values.assignmentStatus?.toLowerCase())
  if (values.assignmentStatus && !status) {
    throw fault('bad_value', 'a task is set to wrapping, completed or canceled; accept and reject do the rest', {
      argument: 'assignmentStatus',
      found: values.assignmentStatus,
      allowed: settableStatuses,
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
  return { tasks: task ? [shownTask(task)] : [] }
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
      return { argument: 'action', found: assignmentStatus, ...nextSteps[assignmentStatus] }
    }
  )
  return { tasks: [shownTask(task)] }
}
