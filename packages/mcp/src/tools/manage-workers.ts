import type { WorkerChannelInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/worker/workerChannel.js'
import type { WorkerInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/worker.js'
import { apiError, type ErrorBody, explained, fault } from '../errors.ts'
import { called } from '../near.ts'
import { paged } from '../pages.ts'
import { changed, onlyOne, versionOf } from '../patch.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import {
  count,
  deleted,
  fieldsArgument,
  pageArguments,
  pagingNames,
  sentence,
  workspaceArgument,
  workspaceOf
} from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  ...workspaceArgument,
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  friendlyName: { type: 'string' },
  activitySid: { type: 'string', ref: 'activity', description: 'SID or name' },
  attributes: { type: 'object', description: 'replaces all' },
  patchAttributes: { type: 'object', description: 'merges; null removes' },
  rejectPendingReservations: { type: 'boolean' },
  taskChannel: { type: 'string', ref: 'task_channel' },
  capacity: { type: 'integer', min: 0, max: 50 },
  channelAvailable: { type: 'boolean' },
  available: { type: 'boolean', description: 'list' },
  targetWorkersExpression: { type: 'string', description: 'list' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'list: SID or name' },
  ordering: { type: 'string', description: 'list: DateStatusChanged:asc' },
  ifMatch: { type: 'string', description: 'version' },
  ...pageArguments,
  ...fieldsArgument
})
const on = actionsOn(args)
const shownFields = ['workerSid', 'friendlyName', 'activityName', 'available', 'attributes', 'dateStatusChanged']
const ownNames = ['friendlyName', 'activitySid', 'attributes', 'patchAttributes', 'rejectPendingReservations'] as const

export const manageWorkers: Tool = {
  name: 'manage_workers',
  title: 'Manage workers',
  description:
    'Workers are the agents who handle tasks. update changes attributes, activity (their availability) and, with taskChannel, capacity on that channel. list filters by activity, expression, or taskQueueSid (who is eligible for that queue).',
  hints: hints('D'),
  arguments: args,
  output: {
    workers: [
      {
        workerSid: 'string',
        friendlyName: 'string',
        activityName: 'string',
        available: 'boolean',
        attributes: 'object',
        dateStatusChanged: 'string',
        version: 'string',
        channels: [
          {
            taskChannel: 'string',
            capacity: 'integer',
            available: 'boolean',
            assignedTasks: 'integer',
            availableCapacityPercentage: 'integer'
          }
        ]
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName'],
      optional: ['activitySid', 'attributes'],
      unused: { patchAttributes: 'a new worker has nothing to merge with: give attributes' },
      run: async ({ friendlyName, activitySid, attributes }, call) => {
        const { workers } = await workspaceOf(call)
        const options = given({ friendlyName, activitySid, attributes: attributes?.text })
        const worker = await explained(
          call,
          () => workers.create(options),
          () => duplicate(call, friendlyName)
        )
        call.names.forget()
        return { workers: [shown(worker)] }
      }
    }),
    get: on({
      write: false,
      required: ['workerSid'],
      optional: ['fields'],
      run: async ({ workerSid }, call) => getWorker(workerSid, call)
    }),
    list: on({
      write: false,
      optional: [
        'friendlyName',
        'activitySid',
        'available',
        'targetWorkersExpression',
        'taskQueueSid',
        'ordering',
        'fields',
        ...pagingNames
      ],
      run: async ({ friendlyName, activitySid, available, targetWorkersExpression, taskQueueSid, ordering }, call) => {
        const { workers } = await workspaceOf(call)
        const filter = given({
          friendlyName,
          activitySid,
          available: available?.toString(),
          targetWorkersExpression,
          taskQueueSid,
          ordering
        })
        const show = (worker: WorkerInstance) => pick(rowOf(worker, 'workerSid'), shownFields, call.fields)
        const { rows, nextPageToken } = await paged(call, (page) => workers.page({ ...page, ...filter }), show)
        return { workers: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['workerSid'],
      optional: [...ownNames, 'taskChannel', 'capacity', 'channelAvailable', 'ifMatch'],
      change: [...ownNames, 'capacity', 'channelAvailable'],
      run: updateWorker
    }),
    delete: on({
      write: true,
      required: ['workerSid'],
      optional: ['ifMatch'],
      run: async ({ workerSid, ifMatch }, call) => {
        const { workers } = await workspaceOf(call)
        await explained(
          call,
          () => workers(workerSid).remove(given({ ifMatch })),
          () => busy(call, workerSid)
        )
        call.names.forget()
        return { workers: [deleted('workerSid', workerSid)] }
      }
    })
  }
}

const shown = (worker: WorkerInstance): Row => pick(rowOf(worker, 'workerSid'), shownFields)

function channelRow(channel: WorkerChannelInstance): Row {
  const { taskChannelUniqueName, configuredCapacity, available, assignedTasks, availableCapacityPercentage } = channel
  return {
    taskChannel: taskChannelUniqueName,
    capacity: configuredCapacity,
    available,
    assignedTasks,
    availableCapacityPercentage
  }
}

async function getWorker(workerSid: string, call: Call): Promise<Outcome> {
  const context = (await workspaceOf(call)).workers(workerSid)
  const [fetched, channels] = await Promise.all([
    context.fetchWithHttpInfo(),
    context.workerChannels.list({ limit: 50 })
  ])
  const row: Row = {
    ...rowOf(fetched.body, 'workerSid'),
    channels: channels.map(channelRow),
    version: versionOf(fetched)
  }
  return { workers: [pick(row, Object.keys(row), call.fields)] }
}

type Update = Values<typeof args> & { readonly workerSid: string }

async function updateWorker(values: Update, call: Call): Promise<Outcome> {
  const { workerSid, friendlyName, activitySid, rejectPendingReservations, taskChannel, capacity, channelAvailable } =
    values
  onlyOne(values)
  const onChannel = capacity !== undefined || channelAvailable !== undefined
  if (onChannel && taskChannel === undefined) throw await whichChannel(call)
  if (!onChannel && taskChannel !== undefined) {
    throw fault('missing_argument', 'taskChannel alone changes nothing', {
      argument: 'capacity',
      next: 'give capacity or channelAvailable with it'
    })
  }
  const context = (await workspaceOf(call)).workers(workerSid)
  let row: Row | undefined
  if (ownNames.some((name) => values[name] !== undefined)) {
    const options = given({ friendlyName, activitySid, rejectPendingReservations })
    const worker = await explained(
      call,
      () =>
        changed(
          values,
          () => context.fetchWithHttpInfo(),
          (attributes) => context.update({ ...options, ...attributes })
        ),
      () => (friendlyName ? duplicate(call, friendlyName, workerSid) : undefined)
    )
    if (friendlyName) call.names.forget()
    row = shown(worker)
    if (activitySid && !rejectPendingReservations && !worker.available) await warnPending(call, workerSid)
  }
  if (!onChannel || taskChannel === undefined) return { workers: [row ?? {}] }
  const channel = await afterFirst(row !== undefined, () =>
    context.workerChannels(taskChannel).update(given({ capacity, available: channelAvailable }))
  )
  return { workers: [{ ...(row ?? shown(await context.fetch())), channels: [channelRow(channel)] }] }
}

/** The second of two requests: if it fails, the error says that the first one stands. */
async function afterFirst<T>(first: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const api = apiError(error)
    if (!api || !first) throw error
    throw fault('bad_value', `the worker was updated, but the channel was not: ${api.message}`, {
      status: api.status,
      argument: 'taskChannel',
      next: 'repeat with taskChannel, capacity and channelAvailable only'
    })
  }
}

async function whichChannel(call: Call) {
  const channels = await (await workspaceOf(call)).taskChannels.list({ limit: 50 })
  return fault(
    'missing_argument',
    'capacity and channelAvailable belong to one channel of the worker: which channel?',
    {
      argument: 'taskChannel',
      allowed: channels.map((channel) => channel.uniqueName),
      next: `give taskChannel: ${channels.map((channel) => channel.uniqueName).join(', ')}`
    }
  )
}

async function warnPending(call: Call, workerSid: string): Promise<void> {
  const pending = await (await workspaceOf(call))
    .workers(workerSid)
    .reservations.list({ reservationStatus: 'pending', limit: 50 })
  if (pending.length > 0) {
    call.warn(
      `${count(pending.length, 'reservation')} stay pending for this worker until they time out; rejectPendingReservations: true frees them`
    )
  }
}

async function duplicate(call: Call, friendlyName: string, except?: string): Promise<Partial<ErrorBody> | undefined> {
  const entries = await call.names.entries('worker', await call.workspace())
  const [taken] = called(
    friendlyName,
    entries.filter(({ sid }) => sid !== except),
    ({ names }) => names
  )
  return (
    taken && {
      argument: 'friendlyName',
      next: `a worker called ${taken.names[0]} exists (${taken.sid}); names ignore case; update that one`
    }
  )
}

async function busy(call: Call, workerSid: string): Promise<Partial<ErrorBody> | undefined> {
  const { reservations } = (await workspaceOf(call)).workers(workerSid)
  const held = (await reservations.list({ limit: 200 })).filter((one) =>
    ['pending', 'accepted', 'wrapping'].includes(one.reservationStatus)
  )
  if (held.length === 0) return undefined
  const name = (await call.names.nameOf('worker', workerSid, await call.workspace())) ?? workerSid
  const tasks = sentence(
    held.map((one) => ({ sid: one.taskSid, names: [one.taskSid] })),
    5
  )
  return {
    argument: 'workerSid',
    next: `${name} holds ${count(held.length, 'task')} (${tasks}): finish them with manage_tasks; transfer them with manage_interaction_participants`
  }
}
