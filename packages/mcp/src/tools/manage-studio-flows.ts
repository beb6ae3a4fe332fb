import { customersNotice } from '@ringdown/contract/masking'
import type { ExecutionStepInstance } from 'twilio/lib/rest/studio/v2/flow/execution/executionStep.js'
import type { ExecutionInstance } from 'twilio/lib/rest/studio/v2/flow/execution.js'
import type { FlowInstance } from 'twilio/lib/rest/studio/v2/flow.js'
import { type ApiError, type ErrorBody, explained, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { paged } from '../pages.ts'
import { type Instance, type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { deleted, fieldsArgument, instant, pageArguments, pagingNames } from './shared.ts'

const args = argumentsOf({
  action: {
    type: 'string',
    enum: [
      'list',
      'get',
      'create',
      'update',
      'validate',
      'delete',
      'trigger',
      'list_executions',
      'get_execution',
      'end_execution'
    ]
  },
  flowSid: { type: 'string', ref: 'studio_flow', description: 'SID or name' },
  revision: { type: 'string', description: 'get: number or LatestPublished' },
  friendlyName: { type: 'string' },
  status: {
    type: 'string',
    enum: ['draft', 'published', 'active', 'ended'],
    description: 'flow: draft, published; list_executions: active, ended'
  },
  definition: { type: 'object' },
  commitMessage: { type: 'string' },
  to: { type: 'string', description: 'trigger: contact' },
  from: { type: 'string', description: 'trigger: your number' },
  parameters: { type: 'object', description: 'trigger' },
  executionSid: { type: 'string', sid: ['FN'] },
  dateCreatedFrom: { type: 'string', description: 'list_executions' },
  dateCreatedTo: { type: 'string' },
  ...pageArguments,
  ...fieldsArgument
})
const on = actionsOn(args)
type Given = Values<typeof args>

const flowFields = ['flowSid', 'friendlyName', 'status', 'revision', 'valid', 'errors']
const executionFields = ['executionSid', 'flowSid', 'status', 'contactChannelAddress', 'flowVersion', 'dateCreated']
/** Steps that an execution may have, and those that are shown, the last: all of them would be too many for one result. */
const maxSteps = 1000
const shownSteps = 100
/** Warnings of a definition that are told: they all have one cause, mostly. */
const maxWarnings = 10
const stepFields = ['name', 'transitionedFrom', 'transitionedTo', 'dateCreated']

export const manageStudioFlows: Tool = {
  name: 'manage_studio_flows',
  title: 'Manage Studio flows',
  description:
    'Studio flows are IVR, chatbot and routing logic. View, write and publish flows, trigger an execution towards a contact, read the execution history with its steps.',
  hints: hints('DO'),
  arguments: args,
  output: {
    flows: [
      {
        flowSid: 'string',
        friendlyName: 'string',
        status: 'string',
        revision: 'integer',
        valid: 'boolean',
        widgets: 'strings'
      }
    ],
    executions: [
      {
        executionSid: 'string',
        flowSid: 'string',
        status: 'string',
        contactChannelAddress: 'string',
        flowVersion: 'integer',
        dateCreated: 'string'
      }
    ],
    steps: [{ name: 'string', transitionedFrom: 'string', transitionedTo: 'string', dateCreated: 'string' }],
    context: 'object'
  },
  actions: {
    list: on({
      write: false,
      optional: ['fields', ...pagingNames],
      run: async (_values, call) => {
        const { flows } = call.backend.client.studio.v2
        const { rows, nextPageToken } = await paged(
          call,
          (page) => flows.page(page),
          (flow) => pick(rowOf(flow, 'flowSid'), flowFields, call.fields)
        )
        return { flows: rows, nextPageToken }
      }
    }),
    get: on({ write: false, required: ['flowSid'], optional: ['revision', 'fields'], run: getFlow }),
    create: on({
      write: true,
      required: ['friendlyName', 'definition'],
      optional: ['status', 'commitMessage'],
      run: async (values, call) => {
        const { friendlyName, definition, commitMessage } = values
        const options = {
          friendlyName,
          definition: definition.text,
          status: flowStatus(values) ?? ('draft' as const),
          ...given({ commitMessage })
        }
        return written(await explained(call, () => call.backend.client.studio.v2.flows.create(options), invalid), call)
      }
    }),
    update: on({
      write: true,
      required: ['flowSid'],
      optional: ['friendlyName', 'status', 'definition', 'commitMessage'],
      change: ['friendlyName', 'status', 'definition'],
      run: async (values, call) => {
        const { flowSid, friendlyName, definition, commitMessage } = values
        const flow = call.backend.client.studio.v2.flows(flowSid)
        // Every write makes a revision with a status of its own. What callers get is never published by omission.
        const status = flowStatus(values) ?? 'draft'
        if (!values.status)
          call.warn('saved as a draft: callers get the last published revision until you update with status published')
        const options = { status, ...given({ friendlyName, definition: definition?.text, commitMessage }) }
        return written(await explained(call, () => flow.update(options), invalid), call)
      }
    }),
    validate: on({
      write: false,
      required: ['definition'],
      optional: ['friendlyName', 'status', 'commitMessage'],
      run: async (values, call) => {
        const { friendlyName = 'validation', definition, commitMessage } = values
        const options = {
          friendlyName,
          definition: definition.text,
          status: flowStatus(values) ?? ('draft' as const),
          ...given({ commitMessage })
        }
        const { valid } = await explained(
          call,
          () => call.backend.client.studio.v2.flowValidate.update(options),
          invalid
        )
        return { flows: [{ valid }] }
      }
    }),
    delete: on({
      write: true,
      required: ['flowSid'],
      run: async ({ flowSid }, call) => {
        await call.backend.client.studio.v2.flows(flowSid).remove()
        call.names.forget()
        return { flows: [deleted('flowSid', flowSid)] }
      }
    }),
    trigger: on({
      write: true,
      required: ['flowSid', 'to', 'from'],
      optional: ['parameters'],
      run: async ({ flowSid, to, from, parameters }, call) => {
        const { executions } = call.backend.client.studio.v2.flows(flowSid)
        const options = { to, from, ...given({ parameters: parameters?.text }) }
        return {
          executions: [
            executionRow(
              await explained(
                call,
                () => executions.create(options),
                (api) => notStarted(api, to)
              )
            )
          ]
        }
      }
    }),
    list_executions: on({
      write: false,
      required: ['flowSid'],
      optional: ['status', 'dateCreatedFrom', 'dateCreatedTo', 'fields', ...pagingNames],
      run: async (values, call) => {
        const { executions } = call.backend.client.studio.v2.flows(values.flowSid)
        const filter = given({
          status: executionStatus(values),
          dateCreatedFrom: instant('dateCreatedFrom', values.dateCreatedFrom),
          dateCreatedTo: instant('dateCreatedTo', values.dateCreatedTo)
        })
        const show = (execution: ExecutionInstance) =>
          pick(rowOf(execution, 'executionSid'), executionFields, call.fields)
        const { rows, nextPageToken } = await paged(call, (page) => executions.page({ ...page, ...filter }), show)
        return { executions: rows, nextPageToken }
      }
    }),
    get_execution: on({
      write: false,
      required: ['flowSid', 'executionSid'],
      optional: ['fields'],
      run: async ({ flowSid, executionSid }, call) => {
        const context = call.backend.client.studio.v2.flows(flowSid).executions(executionSid)
        const [execution, steps, { context: data }] = await Promise.all([
          context.fetch(),
          context.steps.list({ limit: maxSteps, pageSize: 100 }),
          context.executionContext().fetch()
        ])
        if (steps.length > shownSteps) call.warn(`it has ${steps.length} steps: these are the last ${shownSteps}`)
        return {
          executions: [pick(rowOf(execution, 'executionSid'), executionFields, call.fields)],
          steps: lastOf(steps).map((step) => pick(rowOf(step, 'stepSid'), stepFields)),
          context: data,
          notice: customersNotice
        }
      }
    }),
    end_execution: on({
      write: true,
      required: ['flowSid', 'executionSid'],
      run: async ({ flowSid, executionSid }, call) => ({
        executions: [
          executionRow(
            await call.backend.client.studio.v2.flows(flowSid).executions(executionSid).update({ status: 'ended' })
          )
        ]
      })
    })
  }
}

const executionRow = (execution: ExecutionInstance): Row => pick(rowOf(execution, 'executionSid'), executionFields)

function flowStatus({ status }: Given): 'draft' | 'published' | undefined {
  if (status === undefined || status === 'draft' || status === 'published') return status
  throw fault('bad_value', 'a flow is draft or published', {
    argument: 'status',
    found: status,
    allowed: ['draft', 'published'],
    next: 'correct status'
  })
}

function executionStatus({ status }: Given): 'active' | 'ended' | undefined {
  if (status === undefined || status === 'active' || status === 'ended') return status
  throw fault('bad_value', 'an execution is active or ended', {
    argument: 'status',
    found: status,
    allowed: ['active', 'ended'],
    next: 'correct status'
  })
}

/** What is only odd about a definition is told, the first of it. */
function written(flow: FlowInstance, call: Call): Outcome {
  call.names.forget()
  const odd = Array.isArray(flow.warnings) ? flow.warnings.map(objectIn) : []
  for (const { property_path, message } of odd.slice(0, maxWarnings))
    if (message) call.warn(property_path ? `${property_path}: ${message}` : String(message))
  if (odd.length > maxWarnings) call.warn(`there are ${odd.length} warnings; these are the first ${maxWarnings}`)
  return { flows: [pick(rowOf(flow, 'flowSid'), flowFields)] }
}

async function getFlow({ flowSid, revision }: Given & { readonly flowSid: string }, call: Call): Promise<Outcome> {
  const context = call.backend.client.studio.v2.flows(flowSid)
  const flow: Instance = revision ? await context.revisions(revision).fetch() : await context.fetch()
  const { definition, ...row } = rowOf(flow, 'flowSid', ['definition'])
  const full = { ...row, widgets: widgetsIn(objectIn(definition)), definition }
  const shown = Object.keys(full).filter((name) => name !== 'definition')
  return { flows: [pick(full, shown, call.fields)] }
}

/** A flow at a glance: `greet: send-and-wait-for-reply → incomingMessage: route, timeout: end`. */
function widgetsIn(definition: Row): readonly string[] {
  const states = Array.isArray(definition.states) ? definition.states.map(objectIn) : []
  return states.map(({ name, type, transitions }) => {
    const next = (Array.isArray(transitions) ? transitions.map(objectIn) : []).flatMap((one) =>
      one.next ? [`${one.event}: ${one.next}`] : []
    )
    return `${name}: ${type}${next.length > 0 ? ` → ${next.join(', ')}` : ''}`
  })
}

function invalid(api: ApiError): Partial<ErrorBody> | undefined {
  const { errors } = api.details
  if (!Array.isArray(errors)) return undefined
  return {
    argument: 'definition',
    errors: errors.map(objectIn).map(({ property_path, message }) => ({ property_path, message })),
    next: 'correct definition at each property_path'
  }
}

function notStarted(api: ApiError, to: string): Partial<ErrorBody> | undefined {
  const running = api.details.conflicting_execution_sid ?? /FN[0-9a-f]{32}/.exec(api.message)?.[0]
  if (running)
    return {
      argument: 'executionSid',
      found: running,
      next: `${running} is active for ${to}: end_execution, or wait for it`
    }
  if (/publish/i.test(api.message))
    return {
      argument: 'flowSid',
      next: "no published revision: update with status published, or use a test user's number"
    }
  return undefined
}

/** The steps that were taken last, in the order of the list: here the oldest is first, elsewhere it may be the newest. */
function lastOf(steps: readonly ExecutionStepInstance[]): readonly ExecutionStepInstance[] {
  const [first, last] = [steps[0], steps.at(-1)]
  const isNewestFirst = first && last && first.dateCreated > last.dateCreated
  return isNewestFirst ? steps.slice(0, shownSteps) : steps.slice(-shownSteps)
}
