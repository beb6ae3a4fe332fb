import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../../support/world.ts'

/* The switches of Flex's template, kept by the server: a whole contact that nobody's page is open for. */

let world: World
let workspace: string
beforeAll(async () => {
  world = await opened()
  const { taskrouterWorkspaceSid } = await world.client.flexApi.v1.configuration().fetch()
  workspace = taskrouterWorkspaceSid
  const features = {
    agent_automation: {
      enabled: true,
      configuration: [
        {
          channel: 'chat',
          auto_accept: true,
          auto_wrapup: true,
          wrapup_time: 30_000,
          allow_extended_wrapup: true,
          extended_wrapup_time: 60_000,
          default_outcome: 'Automatically completed'
        }
      ]
    }
  }
  const { account_sid } = world.running.credentials
  const body = JSON.stringify({ account_sid, ui_attributes: { custom_data: { features } } })
  const headers = { 'content-type': 'application/json' }
  const { status } = await world.call('/flex-api/v1/Configuration', undefined, { method: 'POST', body, headers })
  expect(status).toBe(200)
})
afterAll(() => world.close())

describe('agent automation', () => {
  it('accepts the offer, puts the agent into the conversation, and ends the wrap-up with its default outcome', async () => {
    const { client } = world
    const floor = client.taskrouter.v1.workspaces(workspace)
    const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
    const nora = await floor.workers.create({ friendlyName: 'nora', activitySid: available })
    const { sid: media_channel_sid } = await client.conversations.v1.conversations.create()
    await client.conversations.v1.conversations(media_channel_sid).participants.create({ identity: 'ana' })
    const [workflow] = await floor.workflows.list()
    const interaction = await client.flexApi.v1.interaction.create({
      channel: { type: 'chat', initiated_by: 'customer', properties: { media_channel_sid } },
      routing: {
        properties: { workspace_sid: workspace, workflow_sid: workflow?.sid, task_channel_unique_name: 'chat' }
      }
    })
    const task_sid = (interaction.routing as { properties: { sid: string } }).properties.sid
    const [reservation] = await floor.tasks(task_sid).reservations.list()
    expect(reservation).toMatchObject({ reservationStatus: 'accepted', workerSid: nora.sid })
    const participants = await client.conversations.v1.conversations(media_channel_sid).participants.list()
    expect(participants.map(({ identity }) => identity)).toEqual(['ana', 'nora'])

    const wrapUp = `/ringdown/v1/Workspaces/${workspace}/Reservations/${reservation?.sid}/WrapUp`
    expect((await world.call(wrapUp)).status).toBe(404)
    await floor
      .tasks(task_sid)
      .reservations(reservation?.sid ?? '')
      .update({ reservationStatus: 'wrapping' })
    const now = world.running.clock?.now() ?? 0
    const { body } = await world.call(wrapUp)
    expect(body).toMatchObject({ ends_at: new Date(now + 30_000).toISOString(), extended: false, task_sid })
    expect((await world.call(wrapUp, { Extended: 'true' })).body).toMatchObject({
      ends_at: new Date(now + 90_000).toISOString(),
      extended: true
    })
    expect(await world.call(wrapUp, {})).toMatchObject({ status: 400 })
    await world.pass(90)
    const { assignmentStatus, attributes } = await floor.tasks(task_sid).fetch()
    expect(assignmentStatus).toBe('completed')
    expect(JSON.parse(attributes).conversations.outcome).toBe('Automatically completed')
    expect((await world.call(wrapUp)).status).toBe(404)
    const types = (await world.call('/ringdown/v1/Events?since=PT5M&types=ringdown.*&limit=1000')).body.events
    expect(types.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining([
        'ringdown.reservation.auto-accepted',
        'ringdown.wrap-up.started',
        'ringdown.wrap-up.updated',
        'ringdown.wrap-up.ended'
      ])
    )
  })
})
