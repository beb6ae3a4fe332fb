import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { expectVerified, type Observed, observed } from '../observed.ts'

/*
 * Flex's interaction webhooks (reference flex 9): the resource by plain HTTP, since no SDK has it, and what arrives.
 */

let world: Observed
let program: Receiver
let configuration: Record<string, string>
let instance: string
let webhooks: string
const url = 'https://x.example/hook'

beforeAll(async () => {
  world = await observed()
  program = await receiver({ auth_token: world.running.credentials.auth_token })
  configuration = (await world.call('/flex-api/v1/Configuration')).body
  instance = configuration.flex_instance_sid ?? ''
  webhooks = `/flex-api/v1/Instances/${instance}/InteractionWebhooks`
})
afterAll(async () => {
  await world.close()
  await program.close()
})

describe('the resource', () => {
  it('is made as the reference shows it', async () => {
    const WebhookEvents = ['onParticipantJoined', 'onChannelStatusUpdated']
    const form = { Type: 'interaction', WebhookUrl: url, WebhookMethod: 'POST', WebhookEvents }
    const { status, body } = await world.call(webhooks, form)
    expect([status, body]).toEqual([
      201,
      {
        ttid: expect.stringMatching(/^flex_interactionwebhook_[0-9a-hjkmnp-tv-z]{26}$/),
        account_sid: world.running.credentials.account_sid,
        instance_sid: instance,
        type: 'interaction',
        friendly_name: null,
        webhook_url: url,
        webhook_events: WebhookEvents,
        webhook_method: 'POST',
        url: `${world.running.url}${webhooks}/${body.ttid}`
      }
    ])
  })

  it('takes the names of the other documentation page, and is global by POST by default', async () => {
    const { body } = await world.call(webhooks, { WebhookUrl: url, Filters: 'onParticipantLeft', Method: 'get' })
    expect(body).toMatchObject({ type: 'global', webhook_events: ['onParticipantLeft'], webhook_method: 'GET' })
    const { body: plain } = await world.call(webhooks, { WebhookUrl: url, WebhookEvents: 'onParticipantLeft' })
    expect(plain).toMatchObject({ type: 'global', webhook_method: 'POST' })
  })

  it('is read, listed by type and in pages, changed and deleted', async () => {
    const { body: made } = await world.call(webhooks, { WebhookUrl: url, WebhookEvents: 'onChannelCreated' })
    const own = `${webhooks}/${made.ttid}`
    expect((await world.call(own)).body).toEqual(made)
    const changed = await world.call(own, { FriendlyName: 'Mine', WebhookEvents: 'onInteractionCreated' })
    expect(changed).toMatchObject({
      status: 200,
      body: { ...made, friendly_name: 'Mine', webhook_events: ['onInteractionCreated'] }
    })
    const { body: all } = await world.call(webhooks)
    expect(all.meta.key).toBe('data')
    expect(all.data).toHaveLength(4)
    const { body: some } = await world.call(`${webhooks}?type=interaction`)
    expect(some.data.map((row: { type: string }) => row.type)).toEqual(['interaction'])
    const { body: page } = await world.call(`${webhooks}?PageSize=1&Type=global`)
    expect(page.data).toHaveLength(1)
    const { pathname, search } = new URL(page.meta.next_page_url)
    const { body: next } = await world.call(pathname + search)
    expect(next.data[0]).toMatchObject({ type: 'global' })
    expect(next.data[0].ttid).not.toBe(page.data[0].ttid)
    expect((await world.call(own, undefined, { method: 'DELETE' })).status).toBe(204)
    expect((await world.call(own)).status).toBe(404)
  })

  it.each([
    [400, {}],
    [400, { WebhookUrl: url }],
    [400, { WebhookUrl: 'x.example', WebhookEvents: 'onChannelCreated' }],
    [400, { WebhookUrl: url, WebhookEvents: 'onParticipantAdded' }],
    [400, { WebhookUrl: url, WebhookEvents: 'onChannelCreated', Type: 'local' }],
    [400, { WebhookUrl: url, WebhookEvents: 'onChannelCreated', WebhookMethod: 'PUT' }]
  ])('answers %d to %j', async (status, form: Record<string, string>) => {
    expect(await world.call(webhooks, form)).toMatchObject({ status, body: { code: 20001 } })
  })

  it('is not below another instance', async () => {
    const other = `/flex-api/v1/Instances/GO${'0'.repeat(32)}/InteractionWebhooks`
    expect((await world.call(other)).status).toBe(404)
    expect((await world.call(other, { WebhookUrl: url, WebhookEvents: 'onChannelCreated' })).status).toBe(404)
  })
})

/** A customer writes by SMS: the SDK's interaction. */
async function contact(address: string, webhookTtid?: string) {
  const { taskrouter_workspace_sid: workspace_sid, taskrouter_target_workflow_sid: workflow_sid } = configuration
  return world.client.flexApi.v1.interaction.create({
    channel: { type: 'sms', initiated_by: 'api', participants: [{ address, proxy_address: '+15559999' }] },
    routing: { properties: { workspace_sid, workflow_sid } },
    ...(webhookTtid !== undefined && { webhookTtid })
  })
}

async function hook(path: string, form: Record<string, string | string[]>): Promise<string> {
  const { body, status } = await world.call(webhooks, { WebhookUrl: `${program.url}${path}`, ...form })
  expect(status).toBe(201)
  return body.ttid
}

/** Everything that has happened is delivered. */
const delivered = () => world.pass(0)

describe('what is delivered', () => {
  it('is the story of a contact, signed, by POST', async () => {
    const WebhookEvents = [
      ...['onInteractionCreated', 'onChannelCreated', 'onParticipantJoined', 'onParticipantUpdated'],
      ...['onParticipantLeft', 'onChannelStatusUpdated']
    ]
    const ttid = await hook('/global', { WebhookEvents })
    const interaction = await contact('+15550001')
    const workspace = world.client.taskrouter.v1.workspaces(configuration.taskrouter_workspace_sid ?? '')
    const [available] = await workspace.activities.list({ available: 'true' })
    const worker = await workspace.workers.create({
      friendlyName: 'Ada',
      ...(available && { activitySid: available.sid })
    })
    const [offer] = await workspace.workers(worker.sid).reservations.list()
    const reservation = workspace.workers(worker.sid).reservations(offer?.sid ?? '')
    await reservation.update({ reservationStatus: 'accepted' })
    await reservation.update({ reservationStatus: 'completed' })
    await delivered()
    const told = program.to('/global')
    expect(told.every((one) => one.isSigned && one.method === 'POST')).toBe(true)
    expect(told.map(({ form }) => [form.EventType, form.ParticipantType, form.ChannelStatus])).toEqual([
      ['onInteractionCreated', undefined, undefined],
      ['onChannelCreated', undefined, undefined],
      ['onParticipantJoined', 'customer', undefined],
      ['onParticipantJoined', 'agent', undefined],
      ['onParticipantLeft', 'agent', undefined],
      ['onChannelStatusUpdated', undefined, 'closed']
    ])
    const { sid: ChannelSid } = interaction.channel as { sid: string } // the reference's answer
    expect(told[3]?.form).toEqual({
      EventType: 'onParticipantJoined',
      AccountSid: world.running.credentials.account_sid,
      InstanceSid: instance,
      InteractionSid: interaction.sid,
      ChannelSid,
      MediaChannelSid: expect.stringMatching(/^CH/),
      MediaChannelType: 'sms',
      ParticipantSid: expect.stringMatching(/^UT/),
      ParticipantType: 'agent',
      TaskSid: offer?.taskSid,
      Sid: expect.stringMatching(/^EV/),
      ChannelType: 'sms',
      Timestamp: expect.stringMatching(/^\d{10}$/)
    })
    await world.call(`${webhooks}/${ttid}`, undefined, { method: 'DELETE' })
    await contact('+15550002')
    await delivered()
    expect(program.to('/global')).toHaveLength(told.length)
  })

  it('goes to the webhook that an interaction names, and to the global ones as well', async () => {
    const events = { WebhookEvents: 'onInteractionCreated' }
    const named = await hook('/named', { ...events, Type: 'interaction', WebhookMethod: 'GET' })
    const everybody = await hook('/everybody', events)
    const own = await contact('+15550003', named)
    const other = await contact('+15550004')
    await delivered()
    const [told, ...others] = program.to('/named')
    expect(others).toEqual([])
    expect([told?.method, told?.isSigned, told?.raw, told?.form.InteractionSid]).toEqual(['GET', true, '', own.sid])
    expect(program.to('/everybody').map(({ form }) => form.InteractionSid)).toEqual([own.sid, other.sid])
    await world.call(`${webhooks}/${everybody}`, undefined, { method: 'DELETE' })
  })

  it('begins when an interaction comes to name the webhook', async () => {
    const ttid = await hook('/later', { WebhookEvents: 'onChannelStatusUpdated', Type: 'interaction' })
    const { sid, channel } = await contact('+15550005')
    expect((await world.client.flexApi.v1.interaction(sid).update({ webhookTtid: ttid })).webhookTtid).toBe(ttid)
    const channels = world.client.flexApi.v1.interaction(sid).channels
    await channels((channel as { sid: string }).sid).update({ status: 'closed' }) // as above
    await delivered()
    expect(program.to('/later').map(({ form }) => [form.InteractionSid, form.ChannelStatus])).toEqual([[sid, 'closed']])
    const unknown = `flex_interactionwebhook_${'0'.repeat(26)}`
    await expect(world.client.flexApi.v1.interaction(sid).update({ webhookTtid: unknown })).rejects.toMatchObject({
      status: 400,
      code: 20001
    })
    await expect(contact('+15550006', unknown)).rejects.toMatchObject({ status: 400, code: 20001 })
  })
})

it('has seen what the parity page says of it', () =>
  expectVerified('test/conformance/flex/interaction-webhooks.test.ts', world))
