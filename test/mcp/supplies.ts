import { setTimeout as wait } from 'node:timers/promises'
import { ask, definition, trigger } from '@ringdown/engine/testing/flows'
import { onTestFinished } from 'vitest'
import { receiver } from '../support/receiver.ts'
import type { CallTool } from './agent.ts'
import type { Center } from './center.ts'

type Supply = (center: Center, call?: CallTool) => Promise<Readonly<Record<string, unknown>>>

let count = 0
/** A name that nothing has yet. */
const name = (noun: string): string => `${noun} ${++count}`

/** A worker of their own who is free, so that what one call leaves on a desk is in no other's way. */
async function free({ workspace, activities }: Center): Promise<{ readonly sid: string; readonly name: string }> {
  const friendlyName = name('worker')
  const { sid } = await workspace.workers.create({ friendlyName, activitySid: activities.Available })
  return { sid, name: friendlyName }
}

/** A task that is offered to a worker of its own. */
async function offered(center: Center) {
  const worker = await free(center)
  const task = await center.task({}, { routingTarget: worker.sid })
  const [reservation] = await center.workspace.tasks(task).reservations.list()
  return { worker, task, reservation: reservation?.sid ?? '' }
}

async function held(center: Center) {
  const offer = await offered(center)
  await center.workspace.tasks(offer.task).reservations(offer.reservation).update({ reservationStatus: 'accepted' })
  return offer
}

const offeredTask: Supply = async (center) => ({ taskSid: (await offered(center)).task })
const heldTask: Supply = async (center) => ({ taskSid: (await held(center)).task })
/** A worker who talks on the phone with whom a task was to call, and a supervisor who can be called. */
const talkedTask: Supply = async ({ world, workspace, activities }) => {
  const [agent, boss] = [name('agent'), name('boss')].map((one) => one.replace(' ', ''))
  const customer = `+33600${String(700_000 + ++count)}`
  for (const Address of [`client:${agent}`, `client:${boss}`, customer])
    await world.call('/ringdown/v1/Phones', { Address, CallOutcome: 'answers' })
  const attributes = (identity = '') => JSON.stringify({ contact_uri: `client:${identity}` })
  const friendlyName = agent ?? ''
  const { sid } = await workspace.workers.create({
    friendlyName,
    activitySid: activities.Available,
    attributes: attributes(agent)
  })
  await workspace.workers.create({ friendlyName: boss ?? '', attributes: attributes(boss) })
  const task = await workspace.tasks.create({
    attributes: JSON.stringify({ outbound_to: customer }),
    routingTarget: sid
  })
  const [reservation] = await workspace.tasks(task.sid).reservations.list()
  await workspace
    .tasks(task.sid)
    .reservations(reservation?.sid ?? '')
    .update({ instruction: 'conference' })
  return { taskSid: task.sid, workerSid: boss }
}
const waitingTask: Supply = async (center) => ({ taskSid: await center.task() })

const activity: Supply = async ({ workspace }) => {
  const friendlyName = name('activity')
  await workspace.activities.create({ friendlyName })
  return { activitySid: friendlyName, friendlyName: name('activity') }
}

const taskQueue: Supply = async ({ workspace }) => {
  const friendlyName = name('queue')
  await workspace.taskQueues.create({ friendlyName })
  return { taskQueueSid: friendlyName }
}

const workflow: Supply = async ({ workspace, queues }) => {
  const friendlyName = name('workflow')
  const configuration = JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queues.Support } } })
  await workspace.workflows.create({ friendlyName, configuration })
  return { workflowSid: friendlyName }
}

const flexFlow: Supply = async ({ world }) => {
  const { flexApi } = world.client
  const { chatServiceInstanceSid: chatServiceSid } = await flexApi.v1.configuration().fetch()
  const friendlyName = name('flow')
  await flexApi.v1.flexFlow.create({ friendlyName, chatServiceSid, channelType: 'web' })
  return { flexFlowSid: friendlyName }
}

const conversation: Supply = async (center) => {
  const uniqueName = `order-${++count}`
  await center.conversation(uniqueName, `+3360${String(count).padStart(7, '0')}`)
  return { conversationSid: uniqueName }
}

/** A contact that a worker of its own has. */
async function contact(center: Center) {
  const worker = await free(center)
  const { conversationSid } = await conversation(center)
  const { flexApi, conversations } = center.world.client
  const { sid: media_channel_sid } = await conversations.v1.conversations(String(conversationSid)).fetch()
  const made = await flexApi.v1.interaction.create({
    channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid } },
    routing: {
      properties: {
        workspace_sid: center.workspaceSid,
        workflow_sid: center.workflow,
        queue_sid: center.queues.Support,
        worker_sid: worker.sid
      }
    }
  })
  const { reservations } = center.workspace.workers(worker.sid)
  const [offer] = await reservations.list()
  await reservations(offer?.sid ?? '').update({ reservationStatus: 'accepted' })
  return { interactionSid: made.sid, participantSid: worker.name }
}

/** Waits for whoever writes. */
const asking = JSON.parse(definition([trigger({ incomingRequest: 'ask' }), ask('ask', 'Name?', undefined)]))

const flow: Supply = async ({ world }) => {
  const friendlyName = name('flow')
  const text = JSON.stringify(asking)
  await world.client.studio.v2.flows.create({ friendlyName, status: 'published', definition: text })
  return { flowSid: friendlyName }
}

const execution: Supply = async (center) => {
  const { flows } = center.world.client.studio.v2
  const { flowSid } = await flow(center)
  const made = (await flows.list()).find(({ friendlyName }) => friendlyName === flowSid)
  const { sid } = await flows(String(made?.sid)).executions.create({ to: '+33600000001', from: '+15005550006' })
  return { flowSid, executionSid: sid }
}

const interaction: Supply = async (center) => ({ interactionSid: (await contact(center)).interactionSid })
const workspace: Supply = async ({ world }) => {
  const friendlyName = name('workspace')
  await world.client.taskrouter.v1.workspaces.create({ friendlyName })
  return { workspaceSid: friendlyName }
}

/** In a workspace of its own: there are 15 at most. */
const taskChannel: Supply = async (center) => {
  const uniqueName = `channel-${++count}`
  const friendlyName = name('workspace')
  const { workspaces } = center.world.client.taskrouter.v1
  const { sid } = await workspaces.create({ friendlyName })
  await workspaces(sid).taskChannels.create({ uniqueName, friendlyName: uniqueName })
  return { workspaceSid: friendlyName, taskChannelSid: uniqueName }
}

const address: Supply = async ({ world }) => {
  const address = `+1500555${String(++count).padStart(4, '0')}`
  await world.client.conversations.v1.addressConfigurations.create({ type: 'sms', address })
  return { addressSid: address }
}

const subscription: Supply = async ({ world }) => {
  const { events } = world.client
  const sinkConfiguration = { destination: 'https://acme.example/hook', method: 'POST', batch_events: false }
  const sink = await events.v1.sinks.create({ description: 'Lake', sinkType: 'webhook', sinkConfiguration })
  const types = [{ type: 'com.twilio.taskrouter.task.created' }]
  const { sid } = await events.v1.subscriptions.create({ description: 'Reports', sinkSid: sink.sid, types })
  return { subscriptionSid: sid }
}

/** An event that somebody outside was told. */
const delivery: Supply = async (center) => {
  const { world, workspace } = center
  const program = await receiver({ auth_token: world.running.credentials.auth_token })
  onTestFinished(() => program.close())
  await workspace.update({ eventCallbackUrl: `${program.url}/told` })
  await center.task()
  const delivered = async (): Promise<string> => {
    const { body } = await world.call('/ringdown/v1/Deliveries?State=delivered')
    return body.deliveries[0]?.sid ?? (await wait(50).then(delivered))
  }
  const deliverySid = await delivered()
  await workspace.update({ eventCallbackUrl: '' })
  return { deliverySid }
}

const change = async (center: Center) => ({
  tool: 'manage_task_queues',
  arguments: { action: 'update', ...(await taskQueue(center)), maxReservedWorkers: 2 }
})

const plan: Supply = async (center, call) => {
  const answer = await call?.('apply_changes', { action: 'plan', changes: [await change(center)] })
  return { planId: answer?.content.planId }
}

const appliedPlan: Supply = async (center, call) => {
  const { planId } = await plan(center, call)
  await call?.('apply_changes', { action: 'apply', planId })
  return { planId }
}

const named: Supply = async () => ({ friendlyName: name('something') })

/** What an action needs that changes it, made anew; beside it what it needs to get as far as the API. */
export const supplies: Readonly<Record<string, Supply>> = {
  'create_interaction call': async () => ({ channelType: 'chat', customerAddress: name('ana') }),
  'manage_interaction_channel list': interaction,
  'manage_interaction_channel get': interaction,
  'manage_interaction_channel update': async (center) => ({ ...(await interaction(center)), status: 'closed' }),
  'manage_interaction_channel close': interaction,
  'manage_interaction_participants list': interaction,
  'manage_interaction_participants add': async (center) => ({
    ...(await interaction(center)),
    participantType: 'supervisor',
    workerSid: 'bob'
  }),
  'manage_interaction_participants remove': contact,
  'manage_interaction_participants invite': async (center) => ({ ...(await interaction(center)), workerSid: 'amelie' }),
  'manage_interaction_participants transfer': async (center) => ({ ...(await interaction(center)), workerSid: 'bob' }),
  'manage_interaction_participants supervise': talkedTask,
  'manage_tasks get': waitingTask,
  'manage_tasks update': async (center) => ({ ...(await waitingTask(center)), priority: 3 }),
  'manage_tasks accept': offeredTask,
  'manage_tasks reject': offeredTask,
  'manage_tasks wrapup': heldTask,
  'manage_tasks complete': heldTask,
  'manage_tasks cancel': waitingTask,
  'manage_tasks delete': waitingTask,
  'manage_workers create': named,
  'manage_workers update': async (center) => ({ workerSid: (await free(center)).name, activitySid: 'Break' }),
  'manage_workers delete': async (center) => ({ workerSid: (await free(center)).name }),
  'manage_activities create': named,
  'manage_activities update': activity,
  'manage_activities delete': async (center) => ({ activitySid: (await activity(center)).activitySid }),
  'manage_task_queues create': named,
  'manage_task_queues update': async (center) => ({ ...(await taskQueue(center)), maxReservedWorkers: 2 }),
  'manage_task_queues delete': taskQueue,
  'manage_workflows create': named,
  'manage_workflows update': async (center) => ({ ...(await workflow(center)), taskReservationTimeout: 60 }),
  'manage_workflows delete': workflow,
  'manage_flex_flows update': async (center) => ({ ...(await flexFlow(center)), enabled: false }),
  'manage_flex_flows delete': flexFlow,
  'manage_conversations update': async (center) => ({ ...(await conversation(center)), friendlyName: 'Ana' }),
  'manage_conversations delete': conversation,
  'manage_conversation_participants add': async () => ({ identity: name('carla') }),
  'manage_conversation_participants update': async (center) => ({
    ...(await conversation(center)),
    lastReadMessageIndex: 1
  }),
  'manage_conversation_participants remove': conversation,
  'send_conversation_message call': async () => ({ body: 'Bonjour' }),
  'explain_routing call': waitingTask,
  'manage_workspaces create': named,
  'manage_workspaces update': named,
  'manage_workspaces delete': workspace,
  'manage_workspaces create_task_channel': async (center) => ({
    ...(await workspace(center)),
    uniqueName: `channel-${++count}`
  }),
  'manage_workspaces update_task_channel': async (center) => ({ ...(await taskChannel(center)), friendlyName: 'Fax' }),
  'manage_workspaces delete_task_channel': taskChannel,
  'update_flex_configuration call': async () => ({ set: { ui_language: `e${++count}` } }),
  'manage_addresses create': async () => ({ type: 'sms', address: `+1500555${String(++count).padStart(4, '0')}` }),
  'manage_addresses get': address,
  'manage_addresses update': async (center) => ({ ...(await address(center)), friendlyName: 'Desk' }),
  'manage_addresses delete': address,
  'manage_event_subscriptions create': async () => ({ url: 'https://acme.example/hook', types: ['taskrouter.task.*'] }),
  'manage_event_subscriptions get': subscription,
  'manage_event_subscriptions update': async (center) => ({ ...(await subscription(center)), description: 'More' }),
  'manage_event_subscriptions delete': subscription,
  'manage_event_subscriptions test': subscription,
  'manage_event_subscriptions replay': delivery,
  'apply_changes plan': async (center) => ({ changes: [await change(center)] }),
  'apply_changes simulate': plan,
  'apply_changes apply': plan,
  'apply_changes undo': appliedPlan,
  'manage_studio_flows get': flow,
  'manage_studio_flows create': async () => ({ friendlyName: name('flow'), definition: asking }),
  'manage_studio_flows update': async (center) => ({ ...(await flow(center)), status: 'published' }),
  'manage_studio_flows validate': async () => ({ definition: asking }),
  'manage_studio_flows delete': flow,
  'manage_studio_flows trigger': async (center) => ({
    ...(await flow(center)),
    to: '+33600000001',
    from: '+15005550006'
  }),
  'manage_studio_flows list_executions': flow,
  'manage_studio_flows get_execution': execution,
  'manage_studio_flows end_execution': execution,
  'wait_for_events call': async () => ({ since: 'PT10M', waitSeconds: 0 }),
  'query_insights call': async () => ({ metrics: ['entered', 'abandoned'], groupBy: ['task_queue'], interval: 'PT1H' })
}
