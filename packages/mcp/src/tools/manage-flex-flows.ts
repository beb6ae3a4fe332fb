import type { FlexFlowInstance } from 'twilio/lib/rest/flexApi/v1/flexFlow.js'
import { type ErrorBody, explained, fault } from '../errors.ts'
import { paged } from '../pages.ts'
import { pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { deleted, pageArguments, pagingNames, sentence } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  flexFlowSid: { type: 'string', ref: 'flex_flow', description: 'SID or name' },
  friendlyName: { type: 'string' },
  channelType: {
    type: 'string',
    enum: ['web', 'sms', 'facebook', 'whatsapp', 'line', 'custom'],
    also: { messenger: 'facebook', webchat: 'web', chat: 'web' }
  },
  contactIdentity: { type: 'string', description: 'business address' },
  chatServiceSid: { type: 'string', sid: ['IS'], description: "default: Flex's" },
  enabled: { type: 'boolean' },
  integrationType: { type: 'string', enum: ['studio', 'external', 'task'] },
  integrationFlowSid: { type: 'string', ref: 'studio_flow', description: 'studio' },
  integrationUrl: { type: 'string', description: 'external' },
  integrationWorkspaceSid: { type: 'string', ref: 'workspace', description: 'task' },
  integrationWorkflowSid: { type: 'string', ref: 'workflow', description: 'task' },
  integrationChannel: { type: 'string' },
  integrationTimeout: { type: 'integer', min: 0 },
  integrationPriority: { type: 'integer', min: 0 },
  integrationRetryCount: { type: 'integer', min: 0, max: 3 },
  integrationCreationOnMessage: { type: 'boolean' },
  longLived: { type: 'boolean' },
  janitorEnabled: { type: 'boolean' },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>

const shownFields = [
  'flexFlowSid',
  'friendlyName',
  'channelType',
  'contactIdentity',
  'enabled',
  'integrationType',
  'integration'
]
const integrationNames = [
  'integrationType',
  'integrationFlowSid',
  'integrationUrl',
  'integrationWorkspaceSid',
  'integrationWorkflowSid',
  'integrationChannel',
  'integrationTimeout',
  'integrationPriority',
  'integrationRetryCount',
  'integrationCreationOnMessage'
] as const
const settingNames = ['contactIdentity', 'enabled', ...integrationNames, 'longLived', 'janitorEnabled'] as const

export const manageFlexFlows: Tool = {
  name: 'manage_flex_flows',
  title: 'Manage Flex Flows',
  description:
    'Flex Flows link a messaging channel and business address to the contact center: incoming messages go to a Studio flow, an external webhook, or straight to a task.',
  hints: hints('D'),
  arguments: args,
  output: {
    flexFlows: [
      {
        flexFlowSid: 'string',
        friendlyName: 'string',
        channelType: 'string',
        contactIdentity: 'string',
        enabled: 'boolean',
        integrationType: 'string',
        integration: 'object'
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['friendlyName', 'channelType'],
      optional: ['chatServiceSid', ...settingNames],
      run: async (values, call) => {
        await integrationComplete(values, call)
        const { friendlyName, channelType } = values
        const chatServiceSid = values.chatServiceSid ?? (await flexChatService(call))
        const workspace = values.integrationType === 'task' ? await call.workspace() : undefined
        const options = {
          friendlyName,
          channelType,
          chatServiceSid,
          ...settings(values),
          ...given({ 'integration.workspaceSid': workspace })
        }
        const made = await explained(
          call,
          () => call.backend.client.flexApi.v1.flexFlow.create(options),
          (api) => refused(api.status, api.message, values, call)
        )
        call.names.forget()
        return { flexFlows: [shown(made)] }
      }
    }),
    get: on({
      write: false,
      required: ['flexFlowSid'],
      run: async ({ flexFlowSid }, call) => {
        const row = rowOf(await call.backend.client.flexApi.v1.flexFlow(flexFlowSid).fetch(), 'flexFlowSid')
        return { flexFlows: [pick(row, Object.keys(row))] }
      }
    }),
    list: on({
      write: false,
      optional: ['friendlyName', ...pagingNames],
      run: async ({ friendlyName }, call) => {
        const { flexFlow } = call.backend.client.flexApi.v1
        const filter = given({ friendlyName })
        const { rows, nextPageToken } = await paged(call, (page) => flexFlow.page({ ...page, ...filter }), shown)
        return { flexFlows: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['flexFlowSid'],
      optional: ['friendlyName', 'channelType', 'chatServiceSid', ...settingNames],
      change: ['friendlyName', 'channelType', 'chatServiceSid', ...settingNames],
      run: async (values, call) => {
        const { flexFlowSid, friendlyName, channelType, chatServiceSid } = values
        const options = { ...given({ friendlyName, channelType, chatServiceSid }), ...settings(values) }
        const flow = call.backend.client.flexApi.v1.flexFlow(flexFlowSid)
        const made = await explained(
          call,
          () => flow.update(options),
          (api) => refused(api.status, api.message, values, call)
        )
        call.names.forget()
        return { flexFlows: [shown(made)] }
      }
    }),
    delete: on({
      write: true,
      required: ['flexFlowSid'],
      run: async ({ flexFlowSid }, call) => {
        await call.backend.client.flexApi.v1.flexFlow(flexFlowSid).remove()
        call.names.forget()
        return { flexFlows: [deleted('flexFlowSid', flexFlowSid)] }
      }
    })
  }
}

const shown = (flow: FlexFlowInstance): Row => pick(rowOf(flow, 'flexFlowSid'), shownFields)

function settings(values: Given) {
  return given({
    contactIdentity: values.contactIdentity,
    enabled: values.enabled,
    integrationType: values.integrationType,
    'integration.flowSid': values.integrationFlowSid,
    'integration.url': values.integrationUrl,
    'integration.workspaceSid': values.integrationWorkspaceSid,
    'integration.workflowSid': values.integrationWorkflowSid,
    'integration.channel': values.integrationChannel,
    'integration.timeout': values.integrationTimeout,
    'integration.priority': values.integrationPriority,
    'integration.retryCount': values.integrationRetryCount,
    'integration.creationOnMessage': values.integrationCreationOnMessage,
    longLived: values.longLived,
    janitorEnabled: values.janitorEnabled
  })
}

/** Throws Fault where the integration lacks its goal, with what there is to choose from. */
async function integrationComplete(values: Given, call: Call): Promise<void> {
  const { integrationType, integrationFlowSid, integrationUrl, integrationWorkflowSid } = values
  if (integrationType === 'task' && !integrationWorkflowSid) {
    const workflows = sentence(await call.names.entries('workflow', await call.workspace()))
    throw fault('missing_argument', 'integrationType task needs integrationWorkflowSid', {
      argument: 'integrationWorkflowSid',
      next: `integrationWorkflowSid; workflows: ${workflows || 'none yet'}`
    })
  }
  if (integrationType === 'studio' && !integrationFlowSid) {
    const flows = sentence(await call.names.entries('studio_flow'))
    throw fault('missing_argument', 'integrationType studio needs integrationFlowSid', {
      argument: 'integrationFlowSid',
      next: `integrationFlowSid; flows: ${flows || 'none yet'}`
    })
  }
  if (integrationType === 'external' && !integrationUrl) {
    throw fault('missing_argument', 'integrationType external needs integrationUrl', {
      argument: 'integrationUrl',
      next: 'give integrationUrl: each message is posted there'
    })
  }
}

async function flexChatService(call: Call): Promise<string> {
  const { chatServiceInstanceSid } = await call.backend.client.flexApi.v1.configuration().fetch()
  if (chatServiceInstanceSid) return chatServiceInstanceSid
  throw fault('missing_argument', 'the Flex configuration has no chat service', {
    argument: 'chatServiceSid',
    next: 'give chatServiceSid: IS…'
  })
}

async function refused(
  status: number,
  message: string,
  values: Given,
  call: Call
): Promise<Partial<ErrorBody> | undefined> {
  if (/end of life|legacy|deprecat|no longer/i.test(message)) {
    return {
      next: 'use manage_addresses: same number, autoCreationType studio or webhook; Flex Flows are the older way'
    }
  }
  const { channelType, contactIdentity, flexFlowSid } = values
  if (![400, 409].includes(status) || !contactIdentity) return undefined
  const flows = await call.backend.client.flexApi.v1.flexFlow.list({ limit: 1000 })
  const other = flows.find(
    (flow) =>
      flow.sid !== flexFlowSid &&
      flow.contactIdentity === contactIdentity &&
      (!channelType || flow.channelType === channelType)
  )
  return (
    other && {
      argument: 'contactIdentity',
      next: `${other.sid} already handles ${contactIdentity}; update it, or disable it first`
    }
  )
}
