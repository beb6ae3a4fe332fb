import type { Center } from './center.ts'

type Supply = (center: Center) => Promise<Readonly<Record<string, unknown>>>

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

const interaction: Supply = async (center) => ({ interactionSid: (await contact(center)).interactionSid })
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
  'manage_studio_flows update': async () => ({ status: 'published' }),
  'wait_for_events call': async () => ({ since: 'PT10M', waitSeconds: 0 })
}
