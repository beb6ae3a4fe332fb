import type { TaskQueueInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/taskQueue.js'
import { apiError, explained } from '../errors.ts'
import { objectIn } from '../json.ts'
import { called } from '../near.ts'
import { paged } from '../pages.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool } from '../tool.ts'
import { count, deleted, pageArguments, pagingNames, workspaceArgument, workspaceOf } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  ...workspaceArgument,
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  friendlyName: { type: 'string' },
  targetWorkers: { type: 'string', description: "expression, e.g. languages HAS 'fr'; default all" },
  maxReservedWorkers: { type: 'integer', min: 1, max: 50 },
  taskOrder: { type: 'string', enum: ['FIFO', 'LIFO'] },
  reservationActivitySid: { type: 'string', ref: 'activity', clearable: true },
  assignmentActivitySid: { type: 'string', ref: 'activity', clearable: true },
  workerSid: { type: 'string', ref: 'worker', description: 'list: queues this worker serves' },
  evaluateWorkerAttributes: { type: 'object', description: 'list: queues such attributes fit' },
  ordering: { type: 'string', description: 'list: DateUpdated:desc' },
  ...pageArguments
})
const on = actionsOn(args)
const shownFields = ['taskQueueSid', 'friendlyName', 'targetWorkers', 'maxReservedWorkers', 'taskOrder']
const settingNames = [
  'targetWorkers',
  'maxReservedWorkers',
  'taskOrder',
  'reservationActivitySid',
  'assignmentActivitySid'
] as const

export const manageTaskQueues: Tool = {
  name: 'manage_task_queues',
  title: 'Manage task queues',
  description:
    'Task queues hold tasks until a worker whom targetWorkers matches is free. create and update report how many workers match now.',
  hints: hints('D'),
  arguments: args,
  output: {
    taskQueues: [
      {
        taskQueueSid: 'string',
        friendlyName: 'string',
        targetWorkers: 'string',
        maxReservedWorkers: 'integer',
        taskOrder: 'string',
        eligibleWorkers: 'integer'
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName'],
      optional: [...settingNames],
      run: async (values, call) => {
        const { taskQueues } = await workspaceOf(call)
        const {
          friendlyName,
          targetWorkers,
          maxReservedWorkers,
          taskOrder,
          reservationActivitySid,
          assignmentActivitySid
        } = values
        const options = given({
          friendlyName,
          targetWorkers,
          maxReservedWorkers,
          taskOrder,
          reservationActivitySid,
          assignmentActivitySid
        })
        return written(call, () => taskQueues.create(options), values)
      }
    }),
    get: on({
      write: false,
      required: ['taskQueueSid'],
      run: async ({ taskQueueSid }, call) => {
        const { taskQueues } = await workspaceOf(call)
        const [queue, figures] = await Promise.all([taskQueues(taskQueueSid).fetch(), eligible(call, taskQueueSid)])
        return { taskQueues: [pick({ ...rowOf(queue, 'taskQueueSid'), ...figures }, [], ['*'])] }
      }
    }),
    list: on({
      write: false,
      optional: ['friendlyName', 'workerSid', 'evaluateWorkerAttributes', 'ordering', ...pagingNames],
      run: async ({ friendlyName, workerSid, evaluateWorkerAttributes, ordering }, call) => {
        const { taskQueues } = await workspaceOf(call)
        const filter = given({
          friendlyName,
          workerSid,
          evaluateWorkerAttributes: evaluateWorkerAttributes?.text,
          ordering
        })
        const { rows, nextPageToken } = await paged(call, (page) => taskQueues.page({ ...page, ...filter }), shown)
        return { taskQueues: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['taskQueueSid'],
      optional: ['friendlyName', ...settingNames],
      change: ['friendlyName', ...settingNames],
      run: async (values, call) => {
        const { taskQueues } = await workspaceOf(call)
        const {
          taskQueueSid,
          friendlyName,
          targetWorkers,
          maxReservedWorkers,
          taskOrder,
          reservationActivitySid,
          assignmentActivitySid
        } = values
        const options = given({
          friendlyName,
          targetWorkers,
          maxReservedWorkers,
          taskOrder,
          reservationActivitySid,
          assignmentActivitySid
        })
        return written(call, () => taskQueues(taskQueueSid).update(options), values)
      }
    }),
    delete: on({
      write: true,
      required: ['taskQueueSid'],
      run: async ({ taskQueueSid }, call) => {
        const { taskQueues } = await workspaceOf(call)
        await explained(
          call,
          () => taskQueues(taskQueueSid).remove(),
          () => inUse(call, taskQueueSid)
        )
        call.names.forget()
        return { taskQueues: [deleted('taskQueueSid', taskQueueSid)] }
      }
    })
  }
}

const shown = (queue: TaskQueueInstance): Row => pick(rowOf(queue, 'taskQueueSid'), shownFields)

interface Written {
  readonly friendlyName?: string | undefined
  readonly targetWorkers?: string | undefined
}

async function written(call: Call, write: () => Promise<TaskQueueInstance>, values: Written): Promise<Outcome> {
  const queue = await explained(call, write, () => refused(call, values))
  call.names.forget()
  const figures = await eligible(call, queue.sid)
  if (figures.eligibleWorkers === 0) await tellNobody(call, queue.targetWorkers)
  return { taskQueues: [{ ...shown(queue), ...figures }] }
}

/** How many workers the queue's expression matches; absent where the server has no such figures. */
async function eligible(call: Call, taskQueueSid: string): Promise<Row> {
  const queue = (await workspaceOf(call)).taskQueues(taskQueueSid)
  try {
    return { eligibleWorkers: (await queue.realTimeStatistics().fetch()).totalEligibleWorkers }
  } catch (error) {
    if (!apiError(error)) throw error
    call.warn('how many workers match is unknown: the real-time figures did not answer')
    return {}
  }
}

async function refused(call: Call, { friendlyName, targetWorkers }: Written) {
  const hyphenated = targetWorkers?.match(/\b[A-Za-z_$][\w$]*-[A-Za-z][\w$-]*/)?.[0]
  if (hyphenated) {
    const renamed = hyphenated.replaceAll('-', '_')
    return {
      argument: 'targetWorkers',
      found: hyphenated,
      next: `attribute names cannot hold a hyphen in expressions: rename it to ${renamed}`
    }
  }
  if (friendlyName) {
    const entries = await call.names.entries('task_queue', await call.workspace())
    const [taken] = called(friendlyName, entries, ({ names }) => names)
    if (taken)
      return {
        argument: 'friendlyName',
        next: `${taken.names[0]} exists (${taken.sid}): update it, or use another friendlyName`
      }
  }
  return targetWorkers === undefined ? undefined : { argument: 'targetWorkers' }
}

/** Says why an expression matches nobody, where it asks a list of an attribute that is text. */
async function tellNobody(call: Call, targetWorkers: string): Promise<void> {
  const workers = await (await workspaceOf(call)).workers.list({ limit: 500, pageSize: 500 })
  const clue = [...targetWorkers.matchAll(/([A-Za-z_$][\w$.]*)\s+HAS\s+(['"][^'"]*['"]|\S+)/gi)].flatMap(
    ([, path = '', value = '']) => {
      const texts = workers.filter((worker) => typeof objectIn(worker.attributes)[path] === 'string').length
      return texts > 0
        ? [
            ` ${path} is a string on ${count(texts, 'worker')}; HAS needs a list: use ${path} == ${value} or make it [${value}]`
          ]
        : []
    }
  )
  const said = ['queue_without_workers', ...(clue.length > 0 ? ['never_a_list'] : [])]
  call.warn(`0 of ${workers.length} workers match.${clue.join(';')}`, ...said)
}

async function inUse(call: Call, taskQueueSid: string) {
  const workspace = await workspaceOf(call)
  const [workflows, tasks] = await Promise.all([
    workspace.workflows.list({ limit: 1000 }),
    workspace.tasks.list({
      taskQueueSid,
      assignmentStatus: ['pending', 'reserved', 'assigned', 'wrapping'],
      limit: 100
    })
  ])
  const users = workflows
    .filter((workflow) => workflow.configuration.includes(taskQueueSid))
    .map((workflow) => workflow.friendlyName)
  const reasons = [
    users.length > 0 && `workflows ${users.join(', ')} name it: change them with manage_workflows`,
    tasks.length > 0 &&
      `${count(tasks.length, 'task')} ${tasks.length === 1 ? 'is' : 'are'} in it: manage_tasks list taskQueueSid shows them`
  ].filter((reason) => reason !== false)
  return reasons.length > 0 ? { argument: 'taskQueueSid', next: reasons.join('; ') } : undefined
}
