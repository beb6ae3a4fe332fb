import { type JsonStep, setAt } from '@ringdown/contract/json-text'
import type { WorkflowInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/workflow.js'
import { type ErrorBody, explained, Fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { paged } from '../pages.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Json, type Tool } from '../tool.ts'
import { count, deleted, fieldsArgument, pageArguments, pagingNames, workspaceArgument, workspaceOf } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  ...workspaceArgument,
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  friendlyName: { type: 'string' },
  configuration: {
    type: 'object',
    description:
      '{task_routing: {filters: [{filter_friendly_name, expression, targets: [{queue, expression?, priority?, timeout?}]}], default_filter: {queue}}}'
  },
  assignmentCallbackUrl: { type: 'string', clearable: true },
  fallbackAssignmentCallbackUrl: { type: 'string', clearable: true },
  taskReservationTimeout: { type: 'integer', min: 1, max: 86_400, description: 'seconds, default 120' },
  reEvaluateTasks: { type: 'boolean', description: 'route waiting tasks anew' },
  ...pageArguments,
  ...fieldsArgument
})
const on = actionsOn(args)
const shownFields = ['workflowSid', 'friendlyName', 'filters', 'assignmentCallbackUrl', 'taskReservationTimeout']
const settingNames = [
  'configuration',
  'assignmentCallbackUrl',
  'fallbackAssignmentCallbackUrl',
  'taskReservationTimeout'
] as const

export const manageWorkflows: Tool = {
  name: 'manage_workflows',
  title: 'Manage workflows',
  description:
    'Workflows are the routing rules: the first filter that matches a task names target queues, tried in order, with priorities and timeouts. Queues in configuration may be names.',
  hints: hints('D'),
  arguments: args,
  output: {
    workflows: [
      {
        workflowSid: 'string',
        friendlyName: 'string',
        filters: 'strings',
        assignmentCallbackUrl: 'string',
        taskReservationTimeout: 'integer',
        configuration: 'object'
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName', 'configuration'],
      optional: ['assignmentCallbackUrl', 'fallbackAssignmentCallbackUrl', 'taskReservationTimeout'],
      unused: { reEvaluateTasks: 'a new workflow has no tasks to route anew: leave it out' },
      run: async (values, call) => {
        const { workflows } = await workspaceOf(call)
        const { friendlyName, assignmentCallbackUrl, fallbackAssignmentCallbackUrl, taskReservationTimeout } = values
        const configuration = await withQueueSids(values.configuration, call)
        warnWithoutDefault(values.configuration, call)
        const options = given({
          friendlyName,
          configuration,
          assignmentCallbackUrl,
          fallbackAssignmentCallbackUrl,
          taskReservationTimeout
        })
        return written(call, () => workflows.create(options), values.configuration)
      }
    }),
    get: on({
      write: false,
      required: ['workflowSid'],
      optional: ['fields'],
      run: async ({ workflowSid }, call) => {
        const { workflows } = await workspaceOf(call)
        const row = rowFor(await workflows(workflowSid).fetch())
        return { workflows: [pick(row, Object.keys(row), call.fields)] }
      }
    }),
    list: on({
      write: false,
      optional: ['friendlyName', 'fields', ...pagingNames],
      run: async ({ friendlyName }, call) => {
        const { workflows } = await workspaceOf(call)
        const filter = given({ friendlyName })
        const show = (workflow: WorkflowInstance) => pick(rowFor(workflow), shownFields, call.fields)
        const { rows, nextPageToken } = await paged(call, (page) => workflows.page({ ...page, ...filter }), show)
        return { workflows: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['workflowSid'],
      optional: ['friendlyName', 'reEvaluateTasks', ...settingNames],
      change: ['friendlyName', 'reEvaluateTasks', ...settingNames],
      run: async (values, call) => {
        const { workflows, tasks } = await workspaceOf(call)
        const {
          workflowSid,
          friendlyName,
          assignmentCallbackUrl,
          fallbackAssignmentCallbackUrl,
          taskReservationTimeout
        } = values
        const configuration = values.configuration && (await withQueueSids(values.configuration, call))
        if (values.configuration) warnWithoutDefault(values.configuration, call)
        const reEvaluateTasks = values.reEvaluateTasks?.toString()
        const options = given({
          friendlyName,
          configuration,
          assignmentCallbackUrl,
          fallbackAssignmentCallbackUrl,
          taskReservationTimeout,
          reEvaluateTasks
        })
        const outcome = await written(call, () => workflows(workflowSid).update(options), values.configuration)
        if (configuration && !values.reEvaluateTasks) {
          const waiting = await tasks.list({
            workflowSid,
            assignmentStatus: ['pending', 'reserved'],
            limit: 1000,
            pageSize: 1000
          })
          if (waiting.length > 0) {
            call.warn(
              `the old rules still hold for ${count(waiting.length, 'waiting task')}; repeat with reEvaluateTasks: true to route anew`
            )
          }
        }
        return outcome
      }
    }),
    delete: on({
      write: true,
      required: ['workflowSid'],
      run: async ({ workflowSid }, call) => {
        const { workflows } = await workspaceOf(call)
        await explained(
          call,
          () => workflows(workflowSid).remove(),
          () => inUse(call, workflowSid)
        )
        call.names.forget()
        return { workflows: [deleted('workflowSid', workflowSid)] }
      }
    })
  }
}

interface Routing {
  readonly filters?: unknown
  readonly default_filter?: unknown
}
const routingIn = (configuration: Readonly<Record<string, unknown>>): Routing => objectIn(configuration.task_routing)
const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The row of a workflow, with the names of its filters and its configuration as JSON. */
function rowFor(workflow: WorkflowInstance): Row {
  const row = rowOf(workflow, 'workflowSid', ['configuration'])
  const routing = routingIn(objectIn(workflow.configuration))
  const filters = listIn(routing.filters).map((filter, index) => nameOf(objectIn(filter), index))
  return { ...row, filters: routing.default_filter ? [...filters, 'default_filter'] : filters }
}

function nameOf(filter: Readonly<Record<string, unknown>>, index: number): string {
  return String(filter.filter_friendly_name ?? filter.friendly_name ?? filter.expression ?? `filters[${index}]`)
}

async function written(
  call: Call,
  write: () => Promise<WorkflowInstance>,
  configuration: Json | undefined
): Promise<Outcome> {
  const workflow = await explained(call, write, (api) => refused(api.message, configuration))
  call.names.forget()
  return { workflows: [pick(rowFor(workflow), shownFields)] }
}

/** What texts of a target hold, where that is not an expression about the task and the worker. */
const textsOfTarget = {
  order_by: 'order_by takes worker.<attribute> ASC or DESC, joined by commas',
  known_worker_sid: "known_worker_sid takes task.<attribute>, which holds the worker's SID",
  known_worker_friendly_name:
    "known_worker_friendly_name takes task.<attribute>, which holds the worker's friendlyName",
  skip_if: 'skip_if compares workers.available, workers.unavailable or workers.WA<sid> with numbers'
} as const

const textMembers = ['expression', ...Object.keys(textsOfTarget)]

/** Names the filter of which the API quotes a text, and says what such a text holds. */
function refused(message: string, configuration: Json | undefined): Partial<ErrorBody> | undefined {
  if (!configuration) return undefined
  const routing = routingIn(configuration.value)
  const filters = listIn(routing.filters).map(objectIn)
  const quoted = (holder: unknown) =>
    textMembers.some((key) => {
      const text = objectIn(holder)[key]
      return typeof text === 'string' && text !== '' && message.includes(text)
    })
  const index = filters.findIndex(
    (filter, at) => message.includes(`filters[${at}]`) || [filter, ...listIn(filter.targets)].some(quoted)
  )
  const takes = Object.entries(textsOfTarget).find(([key]) => message.includes(`.${key}`))?.[1]
  const hint = takes === undefined ? '' : `: ${takes}`
  const filter = filters[index]
  if (filter) {
    const next = `correct filter ${nameOf(filter, index)}${hint}`
    return { argument: `configuration.task_routing.filters[${index}]`, next }
  }
  if (!message.includes('default_filter') && !quoted(routing.default_filter)) return { argument: 'configuration' }
  return { argument: 'configuration.task_routing.default_filter', next: `correct the default_filter${hint}` }
}

function warnWithoutDefault(configuration: Json, call: Call): void {
  if (!routingIn(configuration.value).default_filter)
    call.warn('no default_filter: tasks that match no filter are refused at creation', 'no_default_filter')
}

/**
 * The configuration's text with queue SIDs where names stood; everything else is forwarded byte for byte.
 *
 * Throws Fault `unknown_name` for each name, with its place.
 */
export async function withQueueSids(configuration: Json, call: Call): Promise<string> {
  const workspaceSid = await call.workspace()
  const faults: ErrorBody[] = []
  let text = configuration.text
  for (const [path, holder] of queueHolders(routingIn(configuration.value))) {
    const { queue } = objectIn(holder)
    if (typeof queue !== 'string') continue
    const place = ['configuration', ...path].reduce<string>(
      (at, step) => (typeof step === 'number' ? `${at}[${step}]` : at === '' ? step : `${at}.${step}`),
      ''
    )
    try {
      const { sid } = await call.names.resolve('task_queue', queue, `${place}.queue`, workspaceSid)
      if (sid !== queue) text = setAt(text, [...path, 'queue'], JSON.stringify(sid))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      faults.push(...error.bodies.map((body) => ({ ...body, message: `${place}.queue: ${body.message}` })))
    }
  }
  if (faults.length > 0) throw new Fault(faults)
  return text
}

/** What names a queue in a configuration, with the path to it: targets of filters, and the default filter. */
function queueHolders(routing: Routing): readonly (readonly [path: readonly JsonStep[], holder: unknown])[] {
  const targets = listIn(routing.filters).flatMap((filter, index) =>
    listIn(objectIn(filter).targets).map(
      (target, place) => [['task_routing', 'filters', index, 'targets', place], target] as const
    )
  )
  return [...targets, [['task_routing', 'default_filter'], routing.default_filter]]
}

async function inUse(call: Call, workflowSid: string): Promise<Partial<ErrorBody> | undefined> {
  const { tasks } = await workspaceOf(call)
  const open = await tasks.list({
    workflowSid,
    assignmentStatus: ['pending', 'reserved', 'assigned', 'wrapping'],
    limit: 100
  })
  if (open.length === 0) return undefined
  return {
    argument: 'workflowSid',
    next: `it routes ${count(open.length, 'open task')}: finish or cancel with manage_tasks`
  }
}
