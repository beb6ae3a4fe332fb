import type { TaskChannelInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/taskChannel.js'
import type { WorkspaceInstance } from 'twilio/lib/rest/taskrouter/v1/workspace.js'
import { explained } from '../errors.ts'
import { paged } from '../pages.ts'
import { pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool } from '../tool.ts'
import { deleted, pageArguments, pagingNames, sentence, workspaceArgument, workspaceOf } from './shared.ts'

const args = argumentsOf({
  action: {
    type: 'string',
    enum: [
      'create',
      'get',
      'list',
      'update',
      'delete',
      'list_task_channels',
      'create_task_channel',
      'update_task_channel',
      'delete_task_channel'
    ]
  },
  ...workspaceArgument,
  friendlyName: { type: 'string' },
  template: { type: 'string', enum: ['NONE', 'FIFO'] },
  prioritizeQueueOrder: { type: 'string', enum: ['FIFO', 'LIFO'] },
  eventCallbackUrl: { type: 'string', clearable: true },
  eventsFilter: { type: 'string', clearable: true },
  defaultActivitySid: { type: 'string', ref: 'activity' },
  timeoutActivitySid: { type: 'string', ref: 'activity' },
  taskChannelSid: { type: 'string', ref: 'task_channel' },
  uniqueName: { type: 'string' },
  channelOptimizedRouting: { type: 'boolean' },
  ...pageArguments
})
const on = actionsOn(args)
const shownFields = [
  'workspaceSid',
  'friendlyName',
  'defaultActivityName',
  'timeoutActivityName',
  'prioritizeQueueOrder',
  'eventCallbackUrl',
  'eventsFilter'
]
const settingNames = ['friendlyName', 'prioritizeQueueOrder', 'eventCallbackUrl', 'eventsFilter'] as const
const activityNames = ['defaultActivitySid', 'timeoutActivitySid'] as const

export const manageWorkspaces: Tool = {
  name: 'manage_workspaces',
  title: 'Manage workspaces',
  description:
    'A workspace holds workers, queues, workflows, activities and tasks of its own. Also its task channels (chat, voice, …), which capacity is counted by.',
  hints: hints('D'),
  arguments: args,
  output: {
    workspaces: [
      {
        workspaceSid: 'string',
        friendlyName: 'string',
        defaultActivityName: 'string',
        timeoutActivityName: 'string',
        prioritizeQueueOrder: 'string',
        eventCallbackUrl: 'string',
        eventsFilter: 'string'
      }
    ],
    taskChannels: [
      { taskChannelSid: 'string', uniqueName: 'string', friendlyName: 'string', channelOptimizedRouting: 'boolean' }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName'],
      optional: ['template', 'prioritizeQueueOrder', 'eventCallbackUrl', 'eventsFilter'],
      unused: Object.fromEntries(
        activityNames.map((name) => [name, 'a new workspace has its own activities: update it afterwards'])
      ),
      run: async ({ friendlyName, template, prioritizeQueueOrder, eventCallbackUrl, eventsFilter }, call) => {
        const { workspaces } = call.backend.client.taskrouter.v1
        const options = given({ friendlyName, template, prioritizeQueueOrder, eventCallbackUrl, eventsFilter })
        const made = await explained(
          call,
          () => workspaces.create(options),
          () => taken(call, friendlyName)
        )
        call.names.forget()
        return { workspaces: [shown(made)] }
      }
    }),
    get: on({
      write: false,
      run: async (_values, call) => {
        const row = rowOf(await (await workspaceOf(call)).fetch(), 'workspaceSid')
        return { workspaces: [pick(row, Object.keys(row))] }
      }
    }),
    list: on({
      write: false,
      optional: ['friendlyName', ...pagingNames],
      run: async ({ friendlyName }, call) => {
        const { workspaces } = call.backend.client.taskrouter.v1
        const filter = given({ friendlyName })
        const { rows, nextPageToken } = await paged(call, (page) => workspaces.page({ ...page, ...filter }), shown)
        return { workspaces: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      optional: [...settingNames, ...activityNames],
      change: [...settingNames, ...activityNames],
      unused: { template: 'a template is filled in at creation' },
      run: async ({ workspaceSid: _given, ...values }, call) => {
        const workspace = await workspaceOf(call)
        const { friendlyName, prioritizeQueueOrder, eventCallbackUrl, eventsFilter } = values
        const { defaultActivitySid, timeoutActivitySid } = values
        const options = given({
          friendlyName,
          prioritizeQueueOrder,
          eventCallbackUrl,
          eventsFilter,
          defaultActivitySid,
          timeoutActivitySid
        })
        const changed = await explained(
          call,
          () => workspace.update(options),
          () => (friendlyName ? taken(call, friendlyName) : undefined)
        )
        call.names.forget()
        return { workspaces: [shown(changed)] }
      }
    }),
    delete: on({
      write: true,
      required: ['workspaceSid'],
      run: async ({ workspaceSid }, call) => {
        await (await workspaceOf(call)).remove()
        call.names.forget()
        return { workspaces: [deleted('workspaceSid', workspaceSid)] }
      }
    }),
    list_task_channels: on({
      write: false,
      optional: [...pagingNames],
      run: async (_values, call) => {
        const { taskChannels } = await workspaceOf(call)
        const { rows, nextPageToken } = await paged(call, (page) => taskChannels.page(page), shownChannel)
        return { taskChannels: rows, nextPageToken }
      }
    }),
    create_task_channel: on({
      write: true,
      required: ['uniqueName'],
      optional: ['friendlyName', 'channelOptimizedRouting'],
      run: async ({ uniqueName, friendlyName = uniqueName, channelOptimizedRouting }, call) => {
        const { taskChannels } = await workspaceOf(call)
        const made = await explained(
          call,
          () => taskChannels.create(given({ uniqueName, friendlyName, channelOptimizedRouting })),
          async () => ({ argument: 'uniqueName', next: `another uniqueName; there are ${await channelNames(call)}` })
        )
        call.names.forget()
        return { taskChannels: [shownChannel(made)] }
      }
    }),
    update_task_channel: on({
      write: true,
      required: ['taskChannelSid'],
      optional: ['friendlyName', 'channelOptimizedRouting'],
      change: ['friendlyName', 'channelOptimizedRouting'],
      unused: { uniqueName: 'fixed at creation: tasks and capacities name the channel by it' },
      run: async ({ taskChannelSid, friendlyName, channelOptimizedRouting }, call) => {
        const { taskChannels } = await workspaceOf(call)
        const options = given({ friendlyName, channelOptimizedRouting })
        const changed = await taskChannels(taskChannelSid).update(options)
        call.names.forget()
        return { taskChannels: [shownChannel(changed)] }
      }
    }),
    delete_task_channel: on({
      write: true,
      required: ['taskChannelSid'],
      run: async ({ taskChannelSid }, call) => {
        const { taskChannels } = await workspaceOf(call)
        await taskChannels(taskChannelSid).remove()
        call.names.forget()
        return { taskChannels: [deleted('taskChannelSid', taskChannelSid)] }
      }
    })
  }
}

const shown = (workspace: WorkspaceInstance): Row => pick(rowOf(workspace, 'workspaceSid'), shownFields)
const shownChannel = (channel: TaskChannelInstance): Row =>
  pick(rowOf(channel, 'taskChannelSid'), ['taskChannelSid', 'uniqueName', 'friendlyName', 'channelOptimizedRouting'])

const channelNames = async (call: Call): Promise<string> =>
  sentence(await call.names.entries('task_channel', await call.workspace()))

/** A name that is taken: say by which workspace. */
async function taken(call: Call, friendlyName: string) {
  const entries = await call.names.entries('workspace')
  const other = entries.find(({ names }) => names.includes(friendlyName))
  return other && { argument: 'friendlyName', next: `${friendlyName} is ${other.sid}: use it, or another friendlyName` }
}
