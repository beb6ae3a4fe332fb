import type { TaskInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/task.js'
import type { WorkspaceContext } from 'twilio/lib/rest/taskrouter/v1/workspace.js'
import { explained, fault, isApi } from '../errors.ts'
import { objectIn } from '../json.ts'
import { type ApiPage, type PageOptions, paged, pagedList } from '../pages.ts'
import { compact, dated, type Instance, type Outcome, type Row } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { type FigureGroup, figureFields, insightFigures } from './insight-figures.ts'
import { instant, pageArguments, pagingNames, workspaceArgument, workspaceOf } from './shared.ts'

const args = argumentsOf({
  ...workspaceArgument,
  scope: { type: 'string', enum: ['workspace', 'task_queue', 'worker', 'workflow', 'activity'] },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  view: { type: 'string', enum: ['realtime', 'cumulative', 'both'], description: 'default both' },
  minutes: { type: 'integer', min: 1, description: 'back from now, default 15' },
  startDate: { type: 'string', description: 'ISO, at most 30 days back' },
  endDate: { type: 'string' },
  splitByWaitTime: { type: 'string', description: 'seconds, e.g. 5,30' },
  taskChannel: { type: 'string', ref: 'task_channel' },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>

export const getWorkspaceStatistics: Tool = {
  name: 'get_workspace_statistics',
  title: 'Workspace statistics',
  description:
    'Real-time and cumulative figures: tasks by status, waiting times, available workers, workers by activity, reservations. scope narrows to a queue, worker or workflow; without its SID, a row for each. Ringdown adds figures as query_insights defines them.',
  hints: hints('RI'),
  arguments: args,
  output: {
    summary: {
      totalTasks: 'integer',
      waitingTasks: 'integer',
      longestWaitSeconds: 'integer',
      averageWaitSeconds: 'number',
      availableWorkers: 'integer',
      totalWorkers: 'integer'
    },
    realtime: 'object',
    cumulative: 'object',
    rows: [
      {
        taskQueue: 'string',
        taskQueueSid: 'string',
        workflow: 'string',
        workflowSid: 'string',
        worker: 'string',
        workerSid: 'string',
        activity: 'string',
        activitySid: 'string',
        workers: 'integer',
        waiting: 'integer',
        longestWaitSeconds: 'integer',
        assigned: 'integer',
        eligibleWorkers: 'integer',
        availableWorkers: 'integer',
        averageWaitSeconds: 'number',
        accepted: 'integer',
        canceled: 'integer',
        timedOut: 'integer',
        ...figureFields('task_queue', 'worker', 'activity')
      }
    ]
  },
  actions: {
    call: on({
      write: false,
      optional: [
        'scope',
        'taskQueueSid',
        'workerSid',
        'workflowSid',
        'view',
        'minutes',
        'startDate',
        'endDate',
        'splitByWaitTime',
        'taskChannel',
        ...pagingNames
      ],
      run: (values, call) =>
        explained(
          call,
          () => statistics(values, call),
          (api) => {
            if (api.code === 14241)
              return { argument: 'startDate', next: 'at most 30 days back; older history: query_insights' }
            if (scopeOf(values) === 'worker' && [400, 403].includes(api.status)) {
              return { argument: 'scope', next: 'use scope task_queue; or manage_workers list with available' }
            }
            return undefined
          }
        )
    })
  }
}

const ownerArguments = { task_queue: 'taskQueueSid', worker: 'workerSid', workflow: 'workflowSid' } as const
type Scope = 'workspace' | 'activity' | keyof typeof ownerArguments

function scopeOf(values: Given): Scope {
  const told = Object.entries(ownerArguments).flatMap(([scope, name]) =>
    values[name] === undefined ? [] : [scope as Scope]
  ) // ownerArguments's keys are scopes
  return values.scope ?? told[0] ?? 'workspace'
}

async function statistics(values: Given, call: Call): Promise<Outcome> {
  const scope = scopeOf(values)
  for (const [other, name] of Object.entries(ownerArguments)) {
    if (values[name] !== undefined && other !== scope) {
      throw fault('unused_argument', `${name} is not used with scope ${scope}`, {
        argument: name,
        next: `leave ${name} out, or use scope ${other}`
      })
    }
  }
  const workspace = await workspaceOf(call)
  if (scope === 'task_queue' && !values.taskQueueSid) return queueRows(workspace, values, call)
  if (scope === 'workflow' && !values.workflowSid) return workflowRows(workspace, values, call)
  if (scope === 'activity') return activityRows(workspace, values, call)
  if (scope === 'worker' && values.workerSid) return oneWorker(workspace, values.workerSid, values, call)
  const { realTime, cumulative } = sources(workspace, scope, values)
  const figures = await explained(
    call,
    () => both(realTime, cumulative, values, call),
    // Twilio blocks them where there are very many workers.
    ({ status }) =>
      scope === 'worker' && status === 403
        ? { next: 'use scope task_queue, or manage_workers list with available' }
        : undefined
  )
  const available =
    scope === 'workspace' || scope === 'worker' ? await availableWorkers(workspace, figures.realtime) : undefined
  const { taskQueueSid, workflowSid } = values
  const waiting = await waitingTasks(workspace, values, given({ taskQueueSid, workflowSid }), figures.realtime)
  const rows = scope === 'workspace' ? {} : await rowsBeside(scope, values, call)
  return { summary: summaryOf(figures, available, waiting), ...figures, ...rows }
}

/** Figures of insights in the window of the cumulative ones; undefined where nobody asks for any, or nobody keeps them. */
async function figuresBy(group: FigureGroup, values: Given, call: Call): Promise<ReadonlyMap<string, Row> | undefined> {
  if (values.view === 'realtime') return undefined
  const workspaceSid = await call.workspace()
  const { startDate, endDate, minutes = 15, taskChannel } = values
  const end = instant('endDate', endDate)
  const back = end && new Date(end.getTime() - minutes * 60_000)
  const from = (instant('startDate', startDate) ?? back)?.toISOString() ?? `PT${minutes}M`
  const channel = taskChannel === undefined ? undefined : await channelOf(taskChannel, call)
  return insightFigures(call, group, { workspaceSid, from, to: end?.toISOString(), channel })
}

/** A task channel's unique name. */
async function channelOf(sid: string, call: Call): Promise<string> {
  return (
    await call.backend.client.taskrouter.v1
      .workspaces(await call.workspace())
      .taskChannels(sid)
      .fetch()
  ).uniqueName
}

/** Every worker, or the one thing that is asked for, with its figures. */
async function rowsBeside(scope: 'task_queue' | 'workflow' | 'worker', values: Given, call: Call): Promise<Outcome> {
  const figures = await figuresBy(scope, values, call)
  if (!figures) return {}
  const sid = values[ownerArguments[scope]]
  const names = new Map(
    (await call.names.entries(scope, await call.workspace())).map((one) => [one.sid, one.names[0] ?? one.sid])
  )
  const sids = sid === undefined ? [...names.keys()] : [sid]
  const keys = { task_queue: 'taskQueue', workflow: 'workflow', worker: 'worker' } as const
  const key = keys[scope]
  const { rows, nextPageToken } = await pagedList(call, sids, (one) => ({
    ...{ [key]: names.get(one) ?? one, [`${key}Sid`]: one },
    ...figures.get(one)
  }))
  return { rows, nextPageToken }
}

/** A row for each activity: who is in it now, and how long it took of all. */
async function activityRows(workspace: WorkspaceContext, values: Given, call: Call): Promise<Outcome> {
  const [now, figures] = await Promise.all([
    workspace.workers.realTimeStatistics().fetch(given({ taskChannel: values.taskChannel })),
    figuresBy('activity', values, call)
  ])
  const { activityStatistics } = now
  const { rows, nextPageToken } = await pagedList(
    call,
    activityStatistics.map(objectIn),
    ({ friendly_name, sid, workers }) => ({
      ...{ activity: friendly_name, activitySid: sid, workers: number(workers) },
      ...figures?.get(String(friendly_name))
    })
  )
  return { rows, nextPageToken }
}

const maxWaiting = 1000
const waitingStatuses: ReadonlySet<string> = new Set(['pending', 'reserved'])

/**
 * The tasks that wait now, of very many the first thousand; none where the figures are of a period that is over. An
 * average of those alone who were answered looks best when nobody answers, so these belong to it.
 */
async function waitingTasks(
  workspace: WorkspaceContext,
  { view, endDate, taskChannel }: Given,
  owner: { readonly taskQueueSid?: string; readonly workflowSid?: string } = {},
  realtime?: Row
): Promise<readonly TaskInstance[]> {
  if (view === 'cumulative' || endDate || (realtime && waitingIn(realtime) === 0)) return []
  const tasks = await workspace.tasks.list({
    ...owner,
    assignmentStatus: [...waitingStatuses],
    limit: maxWaiting,
    pageSize: maxWaiting
  })
  return tasks.filter(
    (task) =>
      waitingStatuses.has(task.assignmentStatus) && (taskChannel === undefined || task.taskChannelSid === taskChannel)
  )
}

function span(values: Given) {
  return given({
    minutes: values.startDate ? undefined : values.minutes,
    startDate: instant('startDate', values.startDate),
    endDate: instant('endDate', values.endDate),
    taskChannel: values.taskChannel
  })
}

/** What workspaces, queues and workflows share; the SDK types each one's figures separately. */
interface Measured {
  realTimeStatistics(): { fetch(options: { taskChannel?: string }): Promise<Instance> }
  cumulativeStatistics(): { fetch(options: ReturnType<typeof span> & { splitByWaitTime?: string }): Promise<Instance> }
}

/** Where a scope's two kinds of figures come from. */
function sources(workspace: WorkspaceContext, scope: Scope, values: Given) {
  const { taskQueueSid = '', workflowSid = '' } = values
  const channel = given({ taskChannel: values.taskChannel })
  const period = { ...span(values), ...given({ splitByWaitTime: values.splitByWaitTime }) }
  if (scope === 'worker') {
    const { workers } = workspace
    return {
      realTime: (): Promise<Instance> => workers.realTimeStatistics().fetch(channel),
      cumulative: (): Promise<Instance> => workers.cumulativeStatistics().fetch(span(values))
    }
  }
  const owner: Measured =
    scope === 'task_queue'
      ? workspace.taskQueues(taskQueueSid)
      : scope === 'workflow'
        ? workspace.workflows(workflowSid)
        : workspace
  return {
    realTime: (): Promise<Instance> => owner.realTimeStatistics().fetch(channel),
    cumulative: (): Promise<Instance> => owner.cumulativeStatistics().fetch(period)
  }
}

interface Figures {
  readonly realtime?: Row | undefined
  readonly cumulative?: Row | undefined
}

/** The views that were asked for; cumulative figures that a server does not have yet are only missed when asked for alone. */
async function both(
  realTime: () => Promise<Instance>,
  cumulative: () => Promise<Instance>,
  values: Given,
  call: Call
): Promise<Figures> {
  const [now, period] = await Promise.all([
    values.view === 'cumulative' ? undefined : realTime(),
    values.view === 'realtime'
      ? undefined
      : cumulative().catch((error: unknown) => {
          if (values.view === 'cumulative' || !isApi(error, 501)) throw error
          call.warn('no cumulative figures and averages: not built on this server yet')
          return undefined
        })
  ])
  return { realtime: now && asGiven(now), cumulative: period && asGiven(period) }
}

const ownFields = new Set(['account_sid', 'workspace_sid', 'task_queue_sid', 'workflow_sid', 'worker_sid', 'url'])

/** The figures by the API's own names: free JSON is passed on as it is, and the combined endpoints give it so. */
function asGiven(instance: Instance): Row {
  const entries = Object.entries(instance.toJSON()).map(
    ([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), dated(value)] as const
  )
  return compact(Object.fromEntries(entries.filter(([key]) => !ownFields.has(key))))
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const waitingIn = (realtime: Row): number => {
  const byStatus = objectIn(realtime.tasks_by_status)
  return (number(byStatus.pending) ?? 0) + (number(byStatus.reserved) ?? 0)
}

/** Seconds, on average of those who were answered in the period and of those who wait now. */
function averageWait(cumulative: Row | undefined, waiting: readonly TaskInstance[]): number | undefined {
  const { avg, total } = objectIn(cumulative?.wait_duration_until_accepted)
  if (waiting.length === 0) return number(avg)
  const accepted = number(cumulative?.reservations_accepted) ?? 0
  const waited = number(total) ?? (number(avg) ?? 0) * accepted
  const waits = waiting.reduce((sum, { age }) => sum + age, 0)
  return Math.round((waited + waits) / (accepted + waiting.length))
}

function summaryOf(
  { realtime, cumulative }: Figures,
  available: number | undefined,
  waiting: readonly TaskInstance[]
): Row {
  return compact({
    totalTasks: number(realtime?.total_tasks),
    waitingTasks: realtime?.tasks_by_status ? waitingIn(realtime) : undefined,
    longestWaitSeconds: number(realtime?.longest_task_waiting_age),
    averageWaitSeconds: averageWait(cumulative, waiting),
    availableWorkers: number(realtime?.total_available_workers) ?? available,
    totalWorkers: number(realtime?.total_workers) ?? number(realtime?.total_eligible_workers)
  })
}

/** Workers in available activities: the workspace's figures name activities, and only the activities say which count. */
async function availableWorkers(workspace: WorkspaceContext, realtime: Row | undefined): Promise<number | undefined> {
  const rows = realtime?.activity_statistics
  if (!Array.isArray(rows)) return undefined
  const available = new Set(
    (await workspace.activities.list({ available: 'true', limit: 1000 })).map((activity) => activity.sid)
  )
  return rows
    .map(objectIn)
    .reduce((sum, row) => sum + (available.has(String(row.sid)) ? (number(row.workers) ?? 0) : 0), 0)
}

async function oneWorker(workspace: WorkspaceContext, workerSid: string, values: Given, call: Call): Promise<Outcome> {
  if (values.view === 'realtime') {
    throw fault('bad_value', 'one worker has cumulative figures only', {
      argument: 'view',
      found: 'realtime',
      allowed: ['cumulative'],
      next: 'its state is in manage_workers get; or use view cumulative'
    })
  }
  const { cumulative } = await workspace.workers(workerSid).statistics().fetch(span(values))
  return { cumulative: objectIn(cumulative), ...(await rowsBeside('worker', values, call)) }
}

function rowOfFigures(name: Row, realtime: Row, cumulative: Row | undefined, waiting: readonly TaskInstance[]): Row {
  const byStatus = objectIn(realtime.tasks_by_status)
  return compact({
    ...name,
    waiting: waitingIn(realtime),
    longestWaitSeconds: number(realtime.longest_task_waiting_age),
    assigned: (number(byStatus.assigned) ?? 0) + (number(byStatus.wrapping) ?? 0),
    eligibleWorkers: number(realtime.total_eligible_workers),
    availableWorkers: number(realtime.total_available_workers),
    averageWaitSeconds: averageWait(cumulative, waiting),
    accepted: number(cumulative?.reservations_accepted),
    canceled: number(cumulative?.tasks_canceled),
    timedOut: number(cumulative?.reservations_timed_out)
  })
}

/** One row per queue: from the list of all queues' figures, or queue by queue where a server has only real-time ones. */
async function queueRows(workspace: WorkspaceContext, values: Given, call: Call): Promise<Outcome> {
  const names = new Map(
    (await call.names.entries('task_queue', await call.workspace())).map(({ sid, names: [name] }) => [sid, name])
  )
  const period = { ...span(values), ...given({ splitByWaitTime: values.splitByWaitTime }) }
  const waiting = await waitingTasks(workspace, values)
  const waitingOf = (sid: string) => waiting.filter((task) => task.taskQueueSid === sid)
  const figures = await figuresBy('task_queue', values, call)
  const nameOf = (sid: string): Row => ({ taskQueue: names.get(sid) ?? sid, taskQueueSid: sid, ...figures?.get(sid) })
  if (values.view !== 'realtime') {
    try {
      const { rows, nextPageToken } = await paged(
        call,
        (page) => workspace.taskQueues.statistics.page({ ...page, ...period }),
        ({ taskQueueSid, realtime, cumulative }) =>
          rowOfFigures(nameOf(taskQueueSid), objectIn(realtime), objectIn(cumulative), waitingOf(taskQueueSid))
      )
      return { rows, nextPageToken }
    } catch (error) {
      if (values.view === 'cumulative' || !isApi(error, 501)) throw error
      call.warn('no cumulative figures and averages: not built on this server yet')
    }
  }
  const { rows, nextPageToken } = await pagedFigures(
    call,
    (page) => workspace.taskQueues.page(page),
    async ({ sid }) =>
      rowOfFigures(
        nameOf(sid),
        asGiven(
          await workspace
            .taskQueues(sid)
            .realTimeStatistics()
            .fetch(given({ taskChannel: values.taskChannel }))
        ),
        undefined,
        waitingOf(sid)
      )
  )
  return { rows, nextPageToken }
}

async function workflowRows(workspace: WorkspaceContext, values: Given, call: Call): Promise<Outcome> {
  const waiting = await waitingTasks(workspace, values)
  const figures = await figuresBy('workflow', values, call)
  const { rows, nextPageToken } = await pagedFigures(
    call,
    (page) => workspace.workflows.page(page),
    async ({ sid, friendlyName }) => {
      const { realTime, cumulative } = sources(workspace, 'workflow', { ...values, workflowSid: sid })
      const { realtime, cumulative: period } = await both(realTime, cumulative, values, call)
      const own = waiting.filter((task) => task.workflowSid === sid)
      const name = { workflow: friendlyName, workflowSid: sid, ...figures?.get(sid) }
      return rowOfFigures(name, realtime ?? {}, period, own)
    }
  )
  return { rows, nextPageToken }
}

/** A page whose rows cost a request each: they are asked for together. */
async function pagedFigures<T>(
  call: Call,
  read: (page: PageOptions) => Promise<ApiPage<T>>,
  figures: (item: T) => Promise<Row>
) {
  return paged(
    call,
    async (page) => {
      const { instances, nextPageUrl } = await read(page)
      return { instances: await Promise.all(instances.map(figures)), nextPageUrl }
    },
    (row) => row
  )
}
