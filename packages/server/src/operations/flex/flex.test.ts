import { type AnyJson, type Form, Served, served } from '@ringdown/server/http/fixture'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let server: Served
let workspace: string
let configuration: AnyJson
const root = '/flex-api/v1'
const business = 'whatsapp:+15559999'

beforeAll(async () => {
  server = await Served.open()
  configuration = (await server.get(`${root}/Configuration`)).body
  workspace = `/taskrouter/v1/Workspaces/${configuration.taskrouter_workspace_sid}`
})
afterAll(() => server.close())

async function made(url: string, form: Form, status = 200): Promise<AnyJson> {
  const answered = await server.post(url, form)
  expect(answered).toMatchObject({ status })
  return answered.body
}

/** A customer writes on WhatsApp: an interaction with its channel and first task. */
async function contact(address: string): Promise<{ interaction: AnyJson; channel: string }> {
  const channel = {
    type: 'whatsapp',
    initiated_by: 'api',
    participants: [{ address: `whatsapp:${address}`, proxy_address: business, name: 'Zoe' }]
  }
  const routing = {
    properties: {
      workspace_sid: configuration.taskrouter_workspace_sid,
      workflow_sid: configuration.taskrouter_target_workflow_sid,
      attributes: { topic: 'order' }
    }
  }
  const interaction = await made(`${root}/Interactions`, {
    Channel: JSON.stringify(channel),
    Routing: JSON.stringify(routing)
  })
  return { interaction, channel: `${root}/Interactions/${interaction.sid}/Channels/${interaction.channel.sid}` }
}

describe('the configuration', () => {
  it('is there, and is changed by JSON and by a form', async () => {
    expect(configuration).toMatchObject({
      account_sid: served.account_sid,
      status: 'ok',
      flex_instance_sid: expect.stringMatching(/^GO/),
      date_created: '2026-03-02T09:00:00Z'
    })
    const body = JSON.stringify({ account_sid: served.account_sid, ui_language: 'de', attributes: { a: [1] } })
    const changed = await server.ask('POST', `${root}/Configuration`, body, { 'content-type': 'application/json' })
    expect(changed).toMatchObject({ status: 200, body: { ui_language: 'de', attributes: { a: [1] } } })
    const form = await made(`${root}/Configuration`, { account_sid: served.account_sid, attributes: '{"b":2}' })
    expect(form).toMatchObject({ ui_language: 'de', attributes: { b: 2 } })
    const readOnly = await server.post(`${root}/Configuration`, {
      account_sid: served.account_sid,
      flex_service_instance_sid: 'IS1'
    })
    expect(readOnly).toMatchObject({ status: 400, body: { code: 45004 } })
    expect(
      await server.ask('POST', `${root}/Configuration`, '{"account_sid":', { 'content-type': 'application/json' })
    ).toMatchObject({ status: 400, body: { code: 20001 } })
    expect((await server.get(`${root}/account/provision/status`)).body.status).toBe('active')
  })
})

describe('documents of the configuration', () => {
  const attributes = String.raw`{"id":17841444523369053, "rate":1.0,"10":"b","2":"a","e\u0301":"\u00e9\/"}`
  const skills = '[{"name":"fr","minimum":98765432109876543210}]'

  it.each([
    [
      'JSON',
      `{"accountSid":"${served.account_sid}", "attributes":${attributes},"taskrouterSkills" : ${skills}}`,
      'application/json'
    ],
    [
      'a form',
      new URLSearchParams({ account_sid: served.account_sid, attributes, taskrouter_skills: skills }).toString(),
      'application/x-www-form-urlencoded'
    ]
  ])('come back as they were written in %s', async (_form, body, type) => {
    const headers = { authorization: served.authorization, 'content-type': type }
    const url = `${root}/Configuration`
    const answer = await server.app.inject({ method: 'POST', url, payload: body, headers })
    expect([answer.statusCode, answer.body]).toEqual([200, expect.stringContaining(`"attributes":${attributes}`)])
    const read = await server.app.inject({ method: 'GET', url, headers: { authorization: served.authorization } })
    expect(read.body).toContain(`"attributes":${attributes}`)
    expect(read.body).toContain(`"taskrouter_skills":${skills}`)
    expect(JSON.parse(read.body)).toMatchObject({ ui_attributes: {}, taskrouter_skills: [{ name: 'fr' }] })
  })
})

describe('flex flows', () => {
  it('are made, listed by name, changed and deleted', async () => {
    const form = {
      FriendlyName: 'Web',
      ChatServiceSid: configuration.chat_service_instance_sid,
      ChannelType: 'web',
      IntegrationType: 'external',
      'Integration.Url': 'https://example.org/hook'
    }
    const { sid } = await made(`${root}/FlexFlows`, form, 201)
    expect((await server.get(`${root}/FlexFlows/${sid}`)).body).toMatchObject({
      friendly_name: 'Web',
      integration: { url: 'https://example.org/hook' },
      enabled: true
    })
    expect((await server.get(`${root}/FlexFlows`, { FriendlyName: 'Web' })).body.flex_flows).toHaveLength(1)
    expect((await server.get(`${root}/FlexFlows`, { FriendlyName: 'SMS' })).body.flex_flows).toEqual([])
    expect((await made(`${root}/FlexFlows/${sid}`, { Enabled: false })).enabled).toBe(false)
    expect((await server.delete(`${root}/FlexFlows/${sid}`)).status).toBe(204)
    expect((await server.get(`${root}/FlexFlows/${sid}`)).status).toBe(404)
  })
})

describe('an interaction', () => {
  it('has a channel, a task and a conversation', async () => {
    const { interaction, channel } = await contact('+15550001')
    expect(interaction).toMatchObject({
      channel: { type: 'whatsapp', sid: expect.stringMatching(/^UO/) },
      routing: { properties: { assignment_status: 'pending' } }
    })
    expect((await server.get(`${root}/Interactions/${interaction.sid}`)).body.routing.properties.sid).toBe(
      interaction.routing.properties.sid
    )
    expect((await server.get(`${root}/Interactions/${interaction.sid}/Channels`)).body.channels).toMatchObject([
      { status: 'active', type: 'whatsapp' }
    ])
    expect((await server.get(channel)).body).toMatchObject({ status: 'active', error_code: null })
    expect((await server.get(`${channel}/Participants`)).body.participants).toMatchObject([
      { type: 'customer', routing_properties: null }
    ])
    expect((await server.get(`${channel}/Invites`)).body.invites).toMatchObject([
      { sid: expect.stringMatching(/^KG/), routing: { properties: { assignment_status: 'pending' } } }
    ])
    const webhooks = `${root}/Instances/${configuration.flex_instance_sid}/InteractionWebhooks`
    const form = { WebhookUrl: 'https://example.org/hook', WebhookEvents: 'onParticipantLeft', Type: 'interaction' }
    const { ttid } = await made(webhooks, form, 201)
    const named = await made(`${root}/Interactions/${interaction.sid}`, { WebhookTtid: ttid })
    expect(named.webhook_ttid).toBe(ttid)
    const unknown = { WebhookTtid: `flex_interactionwebhook_${'0'.repeat(26)}` }
    expect(await server.post(`${root}/Interactions/${interaction.sid}`, unknown)).toMatchObject({ status: 400 })
  })

  it('brings in the agent who accepts, others by invite, and ends for good', async () => {
    const available = (await server.get(`${workspace}/Activities`, { FriendlyName: 'Available' })).body.activities[0]
      .sid
    const agent = await made(`${workspace}/Workers`, { FriendlyName: 'amelie', ActivitySid: available }, 201)
    const { interaction, channel } = await contact('+15550002')
    const [offer] = (await server.get(`${workspace}/Tasks/${interaction.routing.properties.sid}/Reservations`)).body
      .reservations.length
      ? (await server.get(`${workspace}/Tasks/${interaction.routing.properties.sid}/Reservations`)).body.reservations
      : (await server.get(`${workspace}/Workers/${agent.sid}/Reservations`, { ReservationStatus: 'pending' })).body
          .reservations
    await made(`${workspace}/Workers/${agent.sid}/Reservations/${offer.sid}`, { ReservationStatus: 'accepted' })
    const task = (await server.get(`${workspace}/Tasks/${offer.task_sid}`)).body
    const { flexInteractionSid, flexInteractionChannelSid } = JSON.parse(task.attributes)
    const joined = `${root}/Interactions/${flexInteractionSid}/Channels/${flexInteractionChannelSid}`
    const { participants } = (await server.get(`${joined}/Participants`)).body
    expect(participants.map((row: AnyJson) => row.type)).toEqual(['customer', 'agent'])
    expect(participants[1].routing_properties).toMatchObject({
      task_sid: offer.task_sid,
      worker_sid: agent.sid,
      reservation_sid: offer.sid
    })

    const routing = {
      properties: {
        workspace_sid: configuration.taskrouter_workspace_sid,
        queue_sid: configuration.taskrouter_target_taskqueue_sid
      }
    }
    const invite = await made(`${joined}/Invites`, { Routing: JSON.stringify(routing) })
    expect(invite.routing.properties.queue_sid).toBe(configuration.taskrouter_target_taskqueue_sid)
    const supervisor = await made(`${joined}/Participants`, {
      Type: 'supervisor',
      MediaProperties: '{"identity":"boss"}'
    })
    expect(supervisor.type).toBe('supervisor')
    expect((await made(`${joined}/Participants/${supervisor.sid}`, { Status: 'closed' })).sid).toBe(supervisor.sid)
    expect(await server.post(`${joined}/Participants`, { Type: 'customer' })).toMatchObject({ status: 400 })

    expect((await made(channel, { Status: 'closed', Routing: '{"status":"closed"}' })).status).toBe('closed')
    expect(await server.post(`${channel}/Invites`, { Routing: JSON.stringify(routing) })).toMatchObject({
      status: 400,
      body: { code: 45354 }
    })
    expect((await server.get(channel)).body.status).toBe('closed')
    expect((await server.get(`${root}/Interactions/${interaction.sid}`)).status).toBe(200)
  })

  it('is read after everything about it has ended', async () => {
    const { interaction, channel } = await contact('+15550003')
    await made(channel, { Status: 'closed', Routing: '{"status":"closed"}' })
    const task = interaction.routing.properties.sid
    await server.post(`${workspace}/Tasks/${task}`, { AssignmentStatus: 'canceled', Reason: 'done' })
    await server.clock.advance(3_600_000)
    expect((await server.get(`${workspace}/Tasks/${task}`)).status).toBe(404)
    expect(server.account.state.find('interaction', interaction.sid)).toBeUndefined()
    expect((await server.get(`${root}/Interactions/${interaction.sid}`)).body.routing.properties.sid).toBe(task)
    expect((await server.get(channel)).body.status).toBe('closed')
    expect((await server.get(`${channel}/Invites`)).body.invites).toHaveLength(1)
  })

  it("is refused in Flex's words", async () => {
    const unknown = `KD${'0'.repeat(32)}`
    expect(await server.get(`${root}/Interactions/${unknown}`)).toMatchObject({ status: 404, body: { code: 20404 } })
    expect(await server.get(`${root}/Interactions/${unknown}/Channels`)).toMatchObject({ status: 404 })
    expect(await server.post(`${root}/Interactions`, { Channel: '{"type":"pigeon"}' })).toMatchObject({
      status: 400,
      body: { code: 45366 }
    })
    expect(await server.post(`${root}/Interactions`, { Channel: '{' })).toMatchObject({
      status: 400,
      body: { code: 45366 }
    })
    expect(await server.post(`${root}/Interactions`, {})).toMatchObject({
      status: 400,
      body: { code: 20001, message: expect.stringContaining('Channel') }
    })
    const { interaction } = await contact('+15550004')
    const other = `${root}/Interactions/${unknown}/Channels/${interaction.channel.sid}`
    expect((await server.get(other)).status).toBe(404)
  })
})
