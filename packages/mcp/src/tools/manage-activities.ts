import type { ActivityInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/activity.js'
import { explained } from '../errors.ts'
import { called } from '../near.ts'
import { paged } from '../pages.ts'
import { pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool } from '../tool.ts'
import { count, deleted, pageArguments, pagingNames, sentence, workspaceArgument, workspaceOf } from './shared.ts'

const fixedReason =
  'fixed at creation (the API would silently ignore it): create another activity and move workers with manage_workers'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  ...workspaceArgument,
  activitySid: { type: 'string', ref: 'activity', description: 'SID or name' },
  friendlyName: { type: 'string' },
  available: { type: 'boolean', description: 'create: default false; list: filter' },
  ...pageArguments
})
const on = actionsOn(args)

export const manageActivities: Tool = {
  name: 'manage_activities',
  title: 'Manage activities',
  description:
    'Activities say what workers are doing (Available, Break, Offline) and whether they can get tasks. available is fixed at creation.',
  hints: hints('D'),
  arguments: args,
  output: {
    activities: [{ activitySid: 'string', friendlyName: 'string', available: 'boolean', dateUpdated: 'string' }]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName'],
      optional: ['available'],
      run: async ({ friendlyName, available }, call) => {
        const { activities } = await workspaceOf(call)
        const made = await explained(
          call,
          () => activities.create(given({ friendlyName, available })),
          () => duplicate(call, friendlyName)
        )
        call.names.forget()
        return one(made)
      }
    }),
    get: on({
      write: false,
      required: ['activitySid'],
      run: async ({ activitySid }, call) => one(await (await workspaceOf(call)).activities(activitySid).fetch())
    }),
    list: on({
      write: false,
      optional: ['friendlyName', 'available', ...pagingNames],
      run: async ({ friendlyName, available }, call) => {
        const { activities } = await workspaceOf(call)
        const filter = given({ friendlyName, available: available?.toString() })
        const { rows, nextPageToken } = await paged(call, (page) => activities.page({ ...page, ...filter }), shown)
        return { activities: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['activitySid', 'friendlyName'],
      unused: { available: fixedReason },
      run: async ({ activitySid, friendlyName }, call) => {
        const { activities } = await workspaceOf(call)
        const made = await explained(
          call,
          () => activities(activitySid).update({ friendlyName }),
          () => duplicate(call, friendlyName, activitySid)
        )
        call.names.forget()
        return one(made)
      }
    }),
    delete: on({
      write: true,
      required: ['activitySid'],
      run: async ({ activitySid }, call) => {
        const { activities } = await workspaceOf(call)
        await explained(
          call,
          () => activities(activitySid).remove(),
          () => inUse(call, activitySid)
        )
        call.names.forget()
        return { activities: [deleted('activitySid', activitySid)] }
      }
    })
  }
}

const shown = (activity: ActivityInstance): Row =>
  pick(rowOf(activity, 'activitySid'), ['activitySid', 'friendlyName', 'available', 'dateUpdated'])
const one = (activity: ActivityInstance) => ({ activities: [shown(activity)] })

/** A name that is taken: say by which activity. */
async function duplicate(call: Call, friendlyName: string, except?: string) {
  const entries = await call.names.entries('activity', await call.workspace())
  const [taken] = called(
    friendlyName,
    entries.filter(({ sid }) => sid !== except),
    ({ names }) => names
  )
  return (
    taken && {
      argument: 'friendlyName',
      found: friendlyName,
      next: `${taken.names[0]} exists (${taken.sid}): use it, or another friendlyName`
    }
  )
}

/** Why an activity cannot be deleted: workers are in it, or the workspace names it. */
async function inUse(call: Call, activitySid: string) {
  const workspace = await workspaceOf(call)
  const [settings, workers, queues] = await Promise.all([
    workspace.fetch(),
    workspace.workers.list({ activitySid, limit: 100 }),
    workspace.taskQueues.list({ limit: 1000 })
  ])
  const name = (await call.names.nameOf('activity', activitySid, await call.workspace())) ?? activitySid
  const users = queues.filter((queue) =>
    [queue.reservationActivitySid, queue.assignmentActivitySid].includes(activitySid)
  )
  const reasons = [
    settings.defaultActivitySid === activitySid && `${name} is the workspace's default activity`,
    settings.timeoutActivitySid === activitySid && `${name} is the workspace's timeout activity`,
    workers.length > 0 &&
      `${count(workers.length, 'worker')} ${workers.length === 1 ? 'is' : 'are'} in ${name}: move them with manage_workers`,
    users.length > 0 &&
      `queues name it: ${sentence(users.map(({ sid, friendlyName }) => ({ sid, names: [friendlyName] })))}`
  ].filter((reason) => reason !== false)
  return reasons.length > 0 ? { argument: 'activitySid', next: reasons.join('; ') } : undefined
}
