import { setTimeout as wait } from 'node:timers/promises'
import { membersOf, objectText, setAt, withDefaults } from '@ringdown/contract/json-text'
import type { InteractionChannelInstance } from 'twilio/lib/rest/flexApi/v1/interaction/interactionChannel.js'
import { advised, explained, Fault, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { compact, type Outcome, type Row } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { ifPossible, taskIn } from './interactions.ts'
import { boundIn } from './manage-conversation-participants.ts'
import { onlyWorkflow } from './manage-tasks.ts'
import { maxPriority, maxSeconds, workspaceArgument, workspaceOf } from './shared.ts'

const args = argumentsOf({
  channelType: {
    type: 'string',
    enum: ['sms', 'whatsapp', 'messenger', 'instagram', 'web', 'chat', 'email', 'voice', 'gbm'],
    also: { facebook: 'messenger', webchat: 'web' }
  },
  initiatedBy: {
    type: 'string',
    enum: ['customer', 'agent', 'api'],
    description: 'default: agent with workerSid, customer with conversationSid, else api'
  },
  customerAddress: { type: 'string', description: 'number, e-mail; web, chat: identity' },
  businessAddress: { type: 'string', description: 'your number or sender' },
  customerName: { type: 'string' },
  conversationSid: { type: 'string', ref: 'conversation', description: 'SID or name' },
  participants: { type: 'objects', description: 'native form instead' },
  channelProperties: { type: 'object', description: 'more native properties' },
  ...workspaceArgument,
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  taskChannel: { type: 'string', ref: 'task_channel', description: 'default by channelType' },
  attributes: { type: 'object' },
  priority: { type: 'integer', min: 0, max: maxPriority },
  timeout: { type: 'integer', min: 1, max: maxSeconds, description: 'seconds' },
  interactionContextSid: { type: 'string', sid: ['HQ'] },
  webhookTtid: { type: 'string' }
})
const on = actionsOn(args)
type Given = Values<typeof args> & { readonly channelType: string }

export const createInteraction: Tool = {
  name: 'create_interaction',
  title: 'Create interaction',
  description:
    'Start a customer contact, inbound or outbound, on SMS, WhatsApp, Messenger, web chat, email or voice. Creates the conversation, or adopts conversationSid; then routes a task by workflow, or to workerSid when an agent starts the contact. Answers when the channel is active or has failed.',
  hints: hints('O'),
  arguments: args,
  aliases: { routingattributes: 'attributes', to: 'customerAddress', from: 'businessAddress' },
  ignored: { interactioncontextjson: 'interactionContextJson is ignored: put it into attributes' },
  output: {
    interactionSid: 'string',
    channelSid: 'string',
    channelStatus: 'string',
    conversationSid: 'string',
    taskSid: 'string',
    assignmentStatus: 'string',
    taskQueueFriendlyName: 'string'
  },
  actions: {
    call: on({
      write: true,
      required: ['channelType'],
      optional: [
        'initiatedBy',
        'customerAddress',
        'businessAddress',
        'customerName',
        'conversationSid',
        'participants',
        'channelProperties',
        'workflowSid',
        'taskQueueSid',
        'workerSid',
        'taskChannel',
        'attributes',
        'priority',
        'timeout',
        'interactionContextSid',
        'webhookTtid'
      ],
      run: createContact
    })
  }
}

/** Channel types whose customer is an identity in the chat, without an address of ours. */
const chatTypes = new Set(['web', 'chat'])
const addressPrefixes: Readonly<Record<string, string>> = {
  whatsapp: 'whatsapp:',
  messenger: 'messenger:',
  instagram: 'instagram:'
}
/** Milliseconds that a call waits for the channel to leave `setup`. */
const patience_ms = 3000

async function createContact(values: Given, call: Call): Promise<Outcome> {
  const { channelType, conversationSid, workerSid } = values
  const isThere = conversationSid !== undefined || isWaiting(values)
  const initiatedBy = values.initiatedBy ?? (workerSid ? 'agent' : isThere ? 'customer' : 'api')
  if (initiatedBy === 'agent' && !(workerSid && values.taskQueueSid)) throw await agentMissing(values, call)
  const participants = participantsOf(values)
  if (participants.length > 0 && !conversationSid) await refuseBound(participants, call)
  const workspaceSid = await call.workspace()
  const channel = {
    type: channelType,
    initiated_by: initiatedBy,
    ...(participants.length > 0 && !conversationSid ? { participants } : {}),
    ...propertiesOf(values)
  }
  const routing = objectText({ properties: await routingOf(values, workspaceSid, call) })
  const { interactionContextSid, webhookTtid } = values
  const made = await explained(
    call,
    () =>
      call.backend.client.flexApi.v1.interaction.create({
        channel,
        routing,
        ...given({ interactionContextSid, webhookTtid })
      }),
    (api) => boundIn(api.message)
  )
  const settled = await settledChannel(made.sid, objectIn(made.channel).sid, call)
  return answerOf({ interactionSid: made.sid, channel: settled, taskSid: taskIn(made.routing).sid }, values, call)
}

/** Native participants of the contact: the customer, as the channel type knows customers. */
function participantsOf(values: Given): readonly Row[] {
  const { channelType, participants, conversationSid, customerName } = values
  if (participants && participants.length > 0) return participants
  const properties = values.channelProperties?.value ?? {}
  const customer = values.customerAddress ?? (typeof properties.to === 'string' ? properties.to : undefined)
  const business = values.businessAddress ?? (typeof properties.from === 'string' ? properties.from : undefined)
  const addressed = chatTypes.has(channelType) ? customer : channelType === 'email' ? customer : customer && business
  if (channelType === 'voice' && (customer || isWaiting(values))) return []
  if (!addressed) {
    if (conversationSid) return []
    const both =
      channelType === 'voice'
        ? 'customerAddress (whom to call), or attributes.call_sid (a call that waits in a queue)'
        : chatTypes.has(channelType)
          ? 'customerAddress (their identity)'
          : channelType === 'email'
            ? 'customerAddress'
            : 'customerAddress and businessAddress'
    throw fault('missing_argument', `${channelType} needs conversationSid (customer already wrote) or ${both}`, {
      argument: customer ? 'businessAddress' : 'customerAddress',
      next: `give conversationSid, or ${both}`
    })
  }
  if (chatTypes.has(channelType)) return [{ identity: customer }]
  if (channelType === 'email')
    return [compact({ level: 'to', address: customer, name: customerName, proxy_address: business })]
  const prefix = addressPrefixes[channelType] ?? ''
  const prefixed = (address: string | undefined) => (address?.startsWith(prefix) ? address : `${prefix}${address}`)
  return [{ address: prefixed(customer), proxy_address: prefixed(business), type: channelType }]
}

function propertiesOf({ channelType, conversationSid, channelProperties, customerName }: Given): Row {
  const { to: _to, from: _from, ...rest } = channelProperties?.value ?? {}
  const properties = compact({
    ...rest,
    media_channel_sid: conversationSid ?? rest.media_channel_sid,
    from_name: rest.from_name ?? customerName
  })
  return Object.keys(properties).length > 0 ? { properties: { type: channelType, ...properties } } : {}
}

/** JSON text: attributes stay as they were given. */
async function routingOf(values: Given, workspaceSid: string, call: Call): Promise<string> {
  const { taskQueueSid, workerSid, taskChannel, attributes, priority, timeout, customerName } = values
  const named = { customerName: customerName && JSON.stringify(customerName), ...calledFrom(values) }
  const attributed = withDefaults(attributes?.text ?? '{}', named)
  const properties = compact({
    workspace_sid: workspaceSid,
    workflow_sid: values.workflowSid ?? (await defaultWorkflow(taskQueueSid !== undefined, call)),
    queue_sid: taskQueueSid,
    worker_sid: workerSid,
    task_channel_sid: taskChannel,
    priority,
    timeout
  })
  const text = JSON.stringify(properties)
  return membersOf(attributed).length > 0 ? setAt(text, ['attributes'], attributed) : text
}

/** Whether it is for a call that is there already. */
function isWaiting({ channelType, attributes }: Given): boolean {
  return channelType === 'voice' && typeof attributes?.value.call_sid === 'string'
}

/** Of a call that is to be made: whom the worker's acceptance calls, and what number is shown. */
function calledFrom(values: Given): Record<string, string | undefined> {
  const { channelType, customerAddress, businessAddress } = values
  if (channelType !== 'voice' || isWaiting(values)) return {}
  return {
    direction: '"outbound"',
    outbound_to: customerAddress && JSON.stringify(customerAddress),
    from: businessAddress && JSON.stringify(businessAddress)
  }
}

/** The only workflow, or Flex's default one; where a queue is given the API may do without. */
async function defaultWorkflow(targeted: boolean, call: Call): Promise<string | undefined> {
  try {
    return await onlyWorkflow(call)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const configuration = await ifPossible(() => call.backend.client.flexApi.v1.configuration().fetch())
    const chosen = configuration?.taskrouterTargetWorkflowSid
    if (chosen) return chosen
    if (targeted) return undefined
    throw error
  }
}

async function agentMissing({ channelType, workerSid }: Given, call: Call): Promise<Fault> {
  const workers = await (await workspaceOf(call)).workers.list({ available: 'true', limit: 20 })
  const names = workers.map((worker) => worker.friendlyName)
  return fault('missing_argument', 'initiatedBy agent needs workerSid and taskQueueSid', {
    argument: workerSid ? 'taskQueueSid' : 'workerSid',
    next: `give workerSid and taskQueueSid; workers available now for ${channelType}: ${names.join(', ') || 'nobody'}`
  })
}

/** An open conversation of the same two addresses would refuse the new one: say so before anything is made. */
async function refuseBound(participants: readonly Row[], call: Call): Promise<void> {
  const { client } = call.backend
  for (const { address, proxy_address: proxy } of participants) {
    if (typeof address !== 'string' || typeof proxy !== 'string') continue
    const known = await ifPossible(() =>
      client.conversations.v1.participantConversations.list({ address, limit: 200, pageSize: 50 })
    )
    const open = known?.find(
      (one) => one.conversationState !== 'closed' && objectIn(one.participantMessagingBinding).proxy_address === proxy
    )
    if (open) {
      const message = `${address} and ${proxy} are already in conversation ${open.conversationSid}`
      throw new Fault([{ code: 50416, status: 409, message, ...boundIn(message) }])
    }
  }
}

/** The channel when it has left `setup`, or as it is after three seconds. */
async function settledChannel(
  interactionSid: string,
  sid: unknown,
  call: Call
): Promise<InteractionChannelInstance | undefined> {
  if (typeof sid !== 'string') return undefined
  const context = call.backend.client.flexApi.v1.interaction(interactionSid).channels(sid)
  let channel = await context.fetch()
  for (
    let waited = 0, step = 100;
    channel.status === 'setup' && waited < patience_ms;
    waited += step, step = Math.min(step * 2, 800)
  ) {
    await wait(step)
    channel = await context.fetch()
  }
  return channel
}

/** A contact as the API has made it, or could not. */
interface Contact {
  readonly interactionSid: string
  readonly channel: InteractionChannelInstance | undefined
  readonly taskSid: string | undefined
}

async function answerOf({ interactionSid, channel, taskSid }: Contact, values: Given, call: Call): Promise<Outcome> {
  if (channel?.status === 'failed') {
    const code = channel.errorCode ?? 45770
    const message = channel.errorMessage || 'the channel failed'
    const found = { interactionSid, channelSid: channel.sid, channelStatus: 'failed' }
    const next = 'correct the addresses or conversationSid, and create it again'
    throw new Fault([{ code, message, found, next, ...advised({ code }, call.tool), ...boundIn(message) }])
  }
  if (channel?.status === 'setup')
    call.warn('the channel is still being set up: look again with manage_interaction_channel get')
  const workspace = await workspaceOf(call)
  const task = taskSid ? await ifPossible(() => workspace.tasks(taskSid).fetch()) : undefined
  const conversation = objectIn(task?.attributes).conversationSid
  return {
    interactionSid,
    channelSid: channel?.sid,
    channelStatus: channel?.status,
    conversationSid: typeof conversation === 'string' ? conversation : values.conversationSid,
    taskSid,
    assignmentStatus: task?.assignmentStatus,
    taskQueueFriendlyName: task?.taskQueueFriendlyName
  }
}
