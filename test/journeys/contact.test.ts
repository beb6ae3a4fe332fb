import { afterAll, beforeAll, expect, it } from 'vitest'
import { type World, world } from '../support/world.ts'

/*
 * Journey (a): a program with the official SDK runs a whole customer contact, from an empty account to a closed and
 * readable conversation.
 */

let floor: World

beforeAll(async () => {
  floor = await world()
})
afterAll(() => floor.close())

it('takes a contact from the first message to wrap-up through the official SDK', async () => {
  const { client } = floor
  // A workspace from nothing.
  const configuration = await client.flexApi.v1.configuration().fetch()
  const workspace = client.taskrouter.v1.workspaces(configuration.taskrouterWorkspaceSid)
  const activities = await workspace.activities.list()
  expect(activities.map(({ friendlyName, available }) => [friendlyName, available])).toEqual([
    ['Offline', false],
    ['Unavailable', false],
    ['Available', true]
  ])
  const available = activities.find((activity) => activity.available)?.sid as string
  const hire = async (friendlyName: string, languages: string[]) => {
    const attributes = JSON.stringify({ languages, contact_uri: `client:${friendlyName}` })
    const worker = await workspace.workers.create({ friendlyName, attributes, activitySid: available })
    await workspace.workers(worker.sid).workerChannels('sms').update({ capacity: 3 })
    return worker
  }
  const amelie = await hire('amelie', ['fr', 'en'])
  const bob = await hire('bob', ['en'])
  const support = await workspace.taskQueues.create({ friendlyName: 'Support', targetWorkers: '1==1' })
  const french = await workspace.taskQueues.create({ friendlyName: 'French', targetWorkers: "languages HAS 'fr'" })
  const workflow = await workspace.workflows.create({
    friendlyName: 'Default',
    configuration: JSON.stringify({
      task_routing: {
        filters: [
          {
            filter_friendly_name: 'French',
            expression: "language == 'fr'",
            targets: [{ queue: french.sid, priority: 5 }]
          }
        ],
        default_filter: { queue: support.sid }
      }
    })
  })

  // The customer writes.
  const conversation = await client.conversations.v1.conversations.create({ friendlyName: 'Ana' })
  const talk = client.conversations.v1.conversations(conversation.sid)
  const customer = { 'messagingBinding.address': '+33600000001', 'messagingBinding.proxyAddress': '+15005550006' }
  await talk.participants.create(customer)
  await talk.messages.create({ author: '+33600000001', body: 'Bonjour, ma commande est cassée.' })

  // She becomes an interaction, and the right worker is asked.
  const interaction = await client.flexApi.v1.interaction.create({
    channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation.sid } },
    routing: {
      properties: {
        workspace_sid: configuration.taskrouterWorkspaceSid,
        workflow_sid: workflow.sid,
        task_channel_unique_name: 'sms',
        attributes: { language: 'fr', customerName: 'Ana' }
      }
    }
  })
  const taskSid = interaction.routing.properties.sid as string
  const channelSid = interaction.channel.sid as string
  const channel = client.flexApi.v1.interaction(interaction.sid).channels(channelSid)
  expect((await channel.fetch()).status).toBe('active')
  const task = await workspace.tasks(taskSid).fetch()
  expect(task).toMatchObject({ assignmentStatus: 'reserved', priority: 5, taskQueueFriendlyName: 'French' })
  expect(JSON.parse(task.attributes)).toMatchObject({
    flexInteractionSid: interaction.sid,
    flexInteractionChannelSid: channelSid,
    conversationSid: conversation.sid,
    channelType: 'sms',
    customerAddress: '+33600000001',
    customerName: 'Ana',
    language: 'fr'
  })
  const [offered] = await workspace.tasks(taskSid).reservations.list()
  expect(offered).toMatchObject({ reservationStatus: 'pending', workerSid: amelie.sid, workerName: 'amelie' })

  // She accepts; both sides write.
  await workspace
    .workers(amelie.sid)
    .reservations(offered?.sid as string)
    .update({ reservationStatus: 'accepted' })
  expect((await workspace.tasks(taskSid).fetch()).assignmentStatus).toBe('assigned')
  expect((await talk.participants.list()).map(({ identity }) => identity)).toEqual([null, 'amelie'])
  await talk.messages.create({ author: 'amelie', body: 'Bonjour Ana, je vous en envoie une autre.' })
  await talk.messages.create({ author: '+33600000001', body: 'Merci !' })

  // Bob is invited, Amelie leaves.
  const invite = await channel.invites.create({
    routing: {
      properties: {
        workspace_sid: configuration.taskrouterWorkspaceSid,
        workflow_sid: workflow.sid,
        queue_sid: support.sid,
        worker_sid: bob.sid,
        task_channel_unique_name: 'sms',
        attributes: JSON.parse(task.attributes)
      }
    }
  })
  const secondSid = invite.routing.properties.sid as string
  expect(secondSid).not.toBe(taskSid)
  const [second] = await workspace.workers(bob.sid).reservations.list({ reservationStatus: 'pending' })
  expect(second?.taskSid).toBe(secondSid)
  await workspace
    .tasks(secondSid)
    .reservations(second?.sid as string)
    .update({ reservationStatus: 'accepted' })
  expect((await talk.participants.list()).map(({ identity }) => identity)).toEqual([null, 'amelie', 'bob'])
  const inside = await channel.participants.list()
  const leaving = inside.find(({ routingProperties }) => routingProperties?.worker_sid === amelie.sid)
  await channel.participants(leaving?.sid as string).update({ status: 'closed' })
  expect((await workspace.tasks(taskSid).fetch()).assignmentStatus).toBe('completed')
  expect((await talk.participants.list()).map(({ identity }) => identity)).toEqual([null, 'bob'])
  expect((await channel.fetch()).status).toBe('active')
  await talk.messages.create({ author: 'bob', body: 'Bob prend la suite.' })

  // Close, wrap-up, complete.
  await channel.update({ status: 'closed' })
  expect((await workspace.tasks(secondSid).fetch()).assignmentStatus).toBe('wrapping')
  expect((await talk.fetch()).state).toBe('closed')
  await workspace.tasks(secondSid).update({ assignmentStatus: 'completed', reason: 'replaced' })
  expect(await workspace.tasks(secondSid).fetch()).toMatchObject({ assignmentStatus: 'completed', reason: 'replaced' })

  // The history stays readable; the finished tasks are forgotten after five minutes.
  expect((await talk.messages.list()).map(({ index, author, body }) => [index, author, body])).toEqual([
    [0, '+33600000001', 'Bonjour, ma commande est cassée.'],
    [1, 'amelie', 'Bonjour Ana, je vous en envoie une autre.'],
    [2, '+33600000001', 'Merci !'],
    [3, 'bob', 'Bob prend la suite.']
  ])
  await expect(talk.messages.create({ body: 'too late' })).rejects.toMatchObject({ code: 50377 })
  await floor.pass(301)
  await expect(workspace.tasks(secondSid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 })
  for (const worker of [amelie, bob]) {
    const [sms] = (await workspace.workers(worker.sid).workerChannels.list()).filter(
      (one) => one.taskChannelUniqueName === 'sms'
    )
    expect(sms).toMatchObject({ assignedTasks: 0, availableCapacityPercentage: 100 })
  }
})
