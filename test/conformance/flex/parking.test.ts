import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/* Putting a contact aside over HTTP: an agent with its own token, and a customer who writes again. */

let here: World
let workspace_sid: string
let worker: string

beforeAll(async () => {
  here = await world()
  const { body } = await here.call('/flex-api/v1/Configuration')
  workspace_sid = body.taskrouter_workspace_sid
  const floor = here.client.taskrouter.v1.workspaces(workspace_sid)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  worker = (await floor.workers.create({ friendlyName: 'nora', activitySid: available })).sid
})
afterAll(() => here.close())

describe('a contact that is parked', () => {
  it('is listed, waits for its time, and is offered again when the customer writes', async () => {
    const { client } = here
    const floor = client.taskrouter.v1.workspaces(workspace_sid)
    const talk = await client.conversations.v1.conversations.create()
    const chat = client.conversations.v1.conversations(talk.sid)
    await chat.participants.create({
      'messagingBinding.address': '+33600000001',
      'messagingBinding.proxyAddress': '+15005550006'
    })
    const [workflow] = await floor.workflows.list()
    const interaction = await client.flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: talk.sid } },
      routing: { properties: { workspace_sid, workflow_sid: workflow?.sid, attributes: { topic: 'order' } } }
    })
    const task_sid = (interaction.routing as { properties: { sid: string } }).properties.sid
    const [reservation] = await floor.tasks(task_sid).reservations.list()
    const parked = `/ringdown/v1/Workspaces/${workspace_sid}/Workers/${worker}/ParkedContacts`
    expect(await here.call(parked, { TaskSid: task_sid })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('is in no contact') }
    })
    await floor
      .tasks(task_sid)
      .reservations(reservation?.sid ?? '')
      .update({ reservationStatus: 'accepted' })
    const made = await here.call(parked, { TaskSid: task_sid })
    expect(made).toMatchObject({
      status: 201,
      body: { sid: expect.stringMatching(/^PK/), task_sid, conversation_sid: talk.sid, resume_at: null }
    })
    const { sid } = made.body
    expect((await floor.tasks(task_sid).fetch()).assignmentStatus).toBe('completed')
    const later = new Date((here.running.clock?.now() ?? 0) + 600_000).toISOString()
    expect((await here.call(`${parked}/${sid}`, { ResumeAt: later })).body.resume_at).toBe(later)
    // Nobody waits for a day any more: it comes back when the customer writes.
    expect((await here.call(`${parked}/${sid}`, { ResumeAt: '' })).body.resume_at).toBeNull()
    const shown = await here.call(parked)
    expect(shown.body.parked_contacts).toMatchObject([{ sid, attributes: expect.stringContaining('order') }])
    await chat.messages.create({ author: '+33600000001', body: 'And my order?' })
    const again = await floor.workers(worker).reservations.list({ reservationStatus: 'pending' })
    expect(again).toHaveLength(1)
    expect((await here.call(`${parked}/${sid}`)).status).toBe(404)
    const { events } = (await here.call('/ringdown/v1/Events?since=PT1H&types=ringdown.contact.*&limit=100')).body
    expect(events.map(({ type, data }: { type: string; data: { reason?: string } }) => [type, data.reason])).toEqual([
      ['ringdown.contact.parked', undefined],
      ['ringdown.contact.parked', undefined],
      ['ringdown.contact.parked', undefined],
      ['ringdown.contact.unparked', 'customer']
    ])
  })
})
