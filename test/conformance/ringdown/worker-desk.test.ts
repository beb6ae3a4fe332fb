import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/* What is on an agent's desk, in one answer, and the place from which the feed goes on. */

let here: World
let workspace: string
let nora: string
let workflow: string
beforeAll(async () => {
  here = await world()
  const { client } = here
  workspace = (await client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
  const floor = client.taskrouter.v1.workspaces(workspace)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  nora = (await floor.workers.create({ friendlyName: 'nora', activitySid: available })).sid
  await floor.workers(nora).workerChannels('sms').update({ capacity: 3 })
  workflow = (await floor.workflows.list())[0]?.sid ?? ''
  const { account_sid } = here.running.credentials
  const ui_attributes = { custom_data: { ringdown: { reply_target_s: 120 } } }
  const body = JSON.stringify({ account_sid, ui_attributes })
  const headers = { 'content-type': 'application/json' }
  await here.call('/flex-api/v1/Configuration', undefined, { method: 'POST', body, headers })
})
afterAll(() => here.close())

const desk = async () => (await here.call(`/ringdown/v1/Workspaces/${workspace}/Workers/${nora}/Desk`)).body

async function contact(address: string): Promise<{ conversation: string; task: string }> {
  const conversation = (await here.call('/conversations/v1/Conversations', {})).body.sid
  await here.call(`/conversations/v1/Conversations/${conversation}/Participants`, {
    'MessagingBinding.Address': address,
    'MessagingBinding.ProxyAddress': '+37260000'
  })
  const interaction = await here.client.flexApi.v1.interaction.create({
    channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation } },
    routing: { properties: { workspace_sid: workspace, workflow_sid: workflow, task_channel_unique_name: 'sms' } }
  })
  return { conversation, task: (interaction.routing as { properties: { sid: string } }).properties.sid }
}

const say = (conversation: string, Author: string, Body: string) =>
  here.call(`/conversations/v1/Conversations/${conversation}/Messages`, { Author, Body })

const instant = () => new Date(here.running.clock?.now() ?? 0).toISOString()

describe('the desk of a worker', () => {
  it('is empty at first', async () => {
    expect(await desk()).toMatchObject({
      worker: { sid: nora, friendly_name: 'nora', available: true },
      reservations: [],
      tasks: [],
      conversations: []
    })
    const nobody = await here.call(`/ringdown/v1/Workspaces/${workspace}/Workers/WK${'0'.repeat(32)}/Desk`)
    expect(nobody.status).toBe(404)
  })

  it('has offers, tasks, conversations with what is unread, and since when a customer waits', async () => {
    const first = await contact('+37255500001')
    const offered = await desk()
    expect(offered).toMatchObject({
      channels: expect.arrayContaining([expect.objectContaining({ task_channel_unique_name: 'sms' })]),
      reservations: [{ reservation_status: 'pending', task_sid: first.task, timeout_at: expect.any(String) }],
      tasks: [{ sid: first.task, assignment_status: 'reserved', conversation_sid: first.conversation }],
      conversations: [{ sid: first.conversation, task_sid: first.task, last_message: null, unread_count: 0 }]
    })
    const floor = here.client.taskrouter.v1.workspaces(workspace)
    await floor.tasks(first.task).reservations(offered.reservations[0].sid).update({ reservationStatus: 'accepted' })
    await say(first.conversation, '+37255500001', 'Hello?')
    const asked = instant()
    await here.pass(30)
    await say(first.conversation, '+37255500001', 'Anybody?')
    const waiting = await desk()
    expect(waiting.conversations[0]).toMatchObject({
      participants: [{ address: '+37255500001' }, { identity: 'nora', last_read_message_index: null }],
      last_message: { body: 'Anybody?', index: 1 },
      last_messages: [{ body: 'Hello?' }, { body: 'Anybody?' }],
      unread_count: 2,
      waiting_since: asked,
      reply_due_at: new Date(Date.parse(asked) + 120_000).toISOString()
    })
    await say(first.conversation, 'nora', 'Yes!')
    expect((await desk()).conversations[0]).toMatchObject({ waiting_since: null, reply_due_at: null })

    // The log goes on where the desk ends.
    const { cursor } = await desk()
    await say(first.conversation, '+37255500001', 'Good')
    const { events } = (await here.call(`/ringdown/v1/Events?cursor=${cursor}&wait_s=0`)).body
    expect(events.map(({ type }: { type: string }) => type)).toEqual(['message.added'])
  })

  it('keeps the conversation of a task that is wrapped up, and shows others that the worker is in', async () => {
    const [{ sid, task_sid }] = (await desk()).reservations
    const [{ sid: conversation }] = (await desk()).conversations
    const other = (await here.call('/conversations/v1/Conversations', { FriendlyName: 'parked' })).body.sid
    await here.call(`/conversations/v1/Conversations/${other}/Participants`, { Identity: 'nora' })
    const floor = here.client.taskrouter.v1.workspaces(workspace)
    await floor.tasks(task_sid).reservations(sid).update({ reservationStatus: 'wrapping' })
    const { conversations, reservations } = await desk()
    expect(reservations).toMatchObject([{ reservation_status: 'wrapping' }])
    expect(conversations.map((one: { sid: string; state: string }) => [one.sid, one.state])).toEqual([
      [conversation, 'closed'],
      [other, 'active']
    ])
    await floor.tasks(task_sid).reservations(sid).update({ reservationStatus: 'completed' })
    expect((await desk()).conversations.map((one: { sid: string }) => one.sid)).toEqual([other])
  })
})
