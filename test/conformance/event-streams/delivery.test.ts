import { defaultSettings } from '@ringdown/engine/settings'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Received, type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

const accepted = 'com.twilio.taskrouter.reservation.accepted'
const created = 'com.twilio.taskrouter.worker.created'
const auth_token = 'event-streams-auth-token-of-32-c'

let here: World
let out: Receiver
let events: World['client']['events']['v1']
let workspace: ReturnType<World['client']['taskrouter']['v1']['workspaces']>
let names = 0

beforeAll(async () => {
  out = await receiver({ auth_token })
  here = await world({
    env: { RINGDOWN_ACCOUNT_SID: `AC${'5'.repeat(32)}`, RINGDOWN_AUTH_TOKEN: auth_token },
    settings: { ...defaultSettings, segment_url: `${out.url}/segment` }
  })
  events = here.client.events.v1
  const { v1 } = here.client.taskrouter
  workspace = v1.workspaces((await v1.workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })).sid)
})
afterEach(async () => {
  for (const { sid } of await events.subscriptions.list()) await events.subscriptions(sid).remove()
  for (const { sid } of await events.sinks.list()) await events.sinks(sid).remove()
  out.clear()
})
afterAll(async () => {
  await here.close()
  await out.close()
})

/** A webhook sink at a path of the receiver. */
const addSink = (path: string, change: object = {}) =>
  events.sinks.create({
    description: path,
    sinkType: 'webhook',
    sinkConfiguration: { destination: out.url + path, method: 'POST', batch_events: false, ...change }
  })

const subscribe = (sinkSid: string, ...types: string[]) =>
  events.subscriptions.create({ description: 'Reports', sinkSid, types: types.map((type) => ({ type })) })

/** Something happens that is told as `created`. */
const addWorker = () => workspace.workers.create({ friendlyName: `Worker ${++names}` })

/** Everything that is due is sent. */
const settle = () => here.pass(0)

const typesOf = (requests: readonly Received[]): string[] =>
  requests.flatMap(({ json }) => json).map(({ type }) => type)

describe('a webhook sink', () => {
  it('hears of a contact: signed, as an array, what its subscription names and nothing else', async () => {
    const { sid } = await addSink('/contact?tenant=7', { batch_events: true, method: 'GET' })
    await subscribe(sid, accepted, created, 'com.twilio.taskrouter.task.completed')
    const [available] = await workspace.activities.list({ available: 'true' })
    const worker = await workspace.workers.create({ friendlyName: 'Ada', activitySid: available?.sid ?? '' })
    const task = workspace.tasks((await workspace.tasks.create({ attributes: '{"name":"Ann"}' })).sid)
    await here.pass(12)
    const [reservation] = await task.reservations.list()
    await task.reservations(reservation?.sid ?? '').update({ reservationStatus: 'accepted' })
    await task.update({ assignmentStatus: 'completed' })
    await settle()
    const requests = out.to('/contact')
    expect(typesOf(requests).sort()).toEqual([accepted, 'com.twilio.taskrouter.task.completed', created])
    for (const request of requests) {
      expect(request).toMatchObject({ method: 'POST', isSigned: true })
      expect(request.headers['content-type']).toBe('application/json')
      expect(request.query.get('tenant')).toBe('7')
      expect(request.query.get('bodySHA256')).toMatch(/^[0-9a-f]{64}$/)
      expect(request.json).toHaveLength(1)
    }
    const [told] = requests.find(({ json }) => json[0].type === accepted)?.json ?? []
    const [logged] = await workspace.events.list({ eventType: 'reservation.accepted' })
    expect(told).toMatchObject({
      specversion: '1.0',
      id: `EZ${logged?.sid.slice(2)}`,
      source: `/v1/Workspaces/${worker.workspaceSid}/Tasks/${reservation?.taskSid}/Reservations/${reservation?.sid}`,
      dataschema: 'https://events-schemas.twilio.com/TaskRouter.WDSEvent/4',
      time: '2026-03-02T09:00:12.000Z',
      data: { payload: { task_age: 12, task_attributes: '{"name":"Ann"}', worker_name: 'Ada' } }
    })
  })

  it('gets a test event with a fresh id for each test', async () => {
    const { sid } = await addSink('/test')
    await addSink('/other')
    await events.sinks(sid).sinkTest.create()
    await events.sinks(sid).sinkTest.create()
    await settle()
    const told = out.to('/test').flatMap(({ json }) => json)
    expect(told).toMatchObject([
      { type: 'com.twilio.eventstreams.test-event', source: 'Sink' },
      { type: 'com.twilio.eventstreams.test-event' }
    ])
    expect(new Set(told.map(({ data }) => data.test_id)).size).toBe(2)
    expect(out.to('/other')).toEqual([])
    const { result } = await events.sinks(sid).sinkValidate.create({ testId: told[0].data.test_id })
    expect(result).toBe('valid')
  })

  it('is told by every subscription, under one id', async () => {
    const sinks = [await addSink('/one'), await addSink('/other')]
    for (const { sid } of sinks) await subscribe(sid, created)
    await subscribe(sinks[0]?.sid ?? '', created, accepted)
    await addWorker()
    await settle()
    expect([out.to('/one').length, out.to('/other').length]).toEqual([2, 1])
    expect(new Set(out.requests.map(({ json }) => json[0].id)).size).toBe(1)
    expect(new Set(out.requests.map(({ token }) => token)).size).toBe(3)
  })

  it('gets user and password of its address as Basic authorization, neither signed nor sent otherwise', async () => {
    const destination = `${out.url.replace('://', '://ann:s%40cret@')}/secret`
    const { sid } = await addSink('/secret', { destination })
    await subscribe(sid, created)
    await addWorker()
    await settle()
    const [request] = out.to('/secret')
    expect(request).toMatchObject({ isSigned: true })
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`)
  })

  it('hears of conversations and interactions too, whoever began them', async () => {
    const { sid } = await addSink('/talk')
    await subscribe(sid, 'com.twilio.conversations.message.added', 'org.ringdown.flex.interaction.created')
    const conversation = await here.client.conversations.v1.conversations.create({})
    const { messages, participants } = here.client.conversations.v1.conversations(conversation.sid)
    await participants.create({
      'messagingBinding.address': '+37255500001',
      'messagingBinding.proxyAddress': '+3726000'
    })
    const message = await messages.create({ author: '+37255500001', body: 'Where is my order?' })
    const { taskrouterWorkspaceSid } = await here.client.flexApi.v1.configuration().fetch()
    const [workflow] = await here.client.taskrouter.v1.workspaces(taskrouterWorkspaceSid).workflows.list()
    const interaction = await here.client.flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation.sid } },
      routing: { properties: { workspace_sid: workflow?.workspaceSid, workflow_sid: workflow?.sid, attributes: {} } }
    })
    await settle()
    const told = new Map(out.to('/talk').map(({ json: [event] }) => [event.type, event]))
    expect(told.get('com.twilio.conversations.message.added')).toMatchObject({
      dataschema: 'https://events-schemas.twilio.com/Conversations.MessageAdded/2',
      data: { MessageSid: message.sid, MessageBody: 'Where is my order?', ConversationSid: conversation.sid, Index: 0 }
    })
    expect(told.get('org.ringdown.flex.interaction.created')).toMatchObject({
      source: `/v1/Interactions/${interaction.sid}`,
      data: { interaction_sid: interaction.sid, media_channel_sid: conversation.sid }
    })
    expect(told.size).toBe(2)
  })

  it('hears no more once its subscription is gone', async () => {
    const { sid } = await addSink('/gone')
    const subscription = await subscribe(sid, created)
    await addWorker()
    await settle()
    await events.subscriptions(subscription.sid).remove()
    await addWorker()
    await settle()
    expect(out.to('/gone')).toHaveLength(1)
  })
})

describe('a webhook sink that fails', () => {
  it.each([
    ['500', { status: 500 }],
    ['429', { status: 429 }],
    ['404', { status: 404 }],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
    ['hanging up', { by: (response: { destroy(): void }) => response.destroy() }]
  ])('by %s gets the same event again after a second or so', async (name, reply) => {
    const path = `/fails-by-${encodeURIComponent(name)}`
    out.answer(path, [reply, { status: 204 }])
    const { sid } = await addSink(path)
    await subscribe(sid, created)
    await addWorker()
    await settle()
    expect(out.to(path)).toHaveLength(1)
    await here.pass(2)
    await here.pass(3_600)
    const [first, second, ...rest] = out.to(path)
    expect(rest).toEqual([])
    expect(second).toMatchObject({ isSigned: true, raw: first?.raw, token: first?.token })
    expect(out.to('/elsewhere')).toEqual([])
  })

  it('for four hours is given up then, and not before', async () => {
    const clock = here.running.clock
    const instants: number[] = []
    out.answer('/down', () => {
      instants.push(clock?.now() ?? 0)
      return { status: 503 }
    })
    const { sid } = await addSink('/down')
    const { sid: receiver_sid } = await subscribe(sid, created)
    await addWorker()
    const began = clock?.now() ?? 0
    await settle()
    await here.pass(3 * 3_600)
    const [waiting] = await deliveriesTo(receiver_sid)
    expect(waiting).toMatchObject({ state: 'queued' })
    await here.pass(2 * 3_600)
    const tried = instants.length
    const last = (instants.at(-1) ?? 0) - began
    expect(last).toBeGreaterThan(3.7 * 3_600_000)
    expect(last).toBeLessThanOrEqual(4 * 3_600_000)
    // Waits grow from a second to a quarter of an hour.
    const waits = instants.slice(1).map((at, index) => at - (instants[index] ?? 0))
    expect(waits[0]).toBeLessThan(1_500)
    expect(Math.max(...waits)).toBeGreaterThan(12 * 60_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(18 * 60_000)
    expect(new Set(out.to('/down').map(({ json }) => json[0].id)).size).toBe(1)
    await here.pass(24 * 3_600)
    expect(instants).toHaveLength(tried)
    const [failed] = await deliveriesTo(receiver_sid)
    expect(failed).toMatchObject({ state: 'failed', attempts: tried, last_error: 'answered 503' })
  })
})

describe('a webhook sink on an address that may not be dialed', () => {
  it('is given up at once: waiting makes it no better', async () => {
    const guarded = await world({ allowPrivateDestinations: false })
    try {
      const { v1 } = guarded.client.events
      const sinkConfiguration = { destination: `${out.url}/inside` }
      const { sid } = await v1.sinks.create({ description: 'Inside', sinkType: 'webhook', sinkConfiguration })
      await v1.sinks(sid).sinkTest.create()
      await guarded.pass(0)
      const { body } = await guarded.call(`/ringdown/v1/Deliveries?Receiver=${sid}`)
      expect(body.deliveries).toMatchObject([{ state: 'failed', attempts: 1, last_error: expect.any(String) }])
      expect(out.to('/inside')).toEqual([])
    } finally {
      await guarded.close()
    }
  })
})

describe('a Segment sink', () => {
  it('tracks what happens, with the write key as its user', async () => {
    const { sid } = await events.sinks.create({
      description: 'Segment',
      sinkType: 'segment',
      sinkConfiguration: { write_key: 'key/1' }
    })
    await subscribe(sid, created)
    const { friendlyName } = await addWorker()
    await settle()
    const [request, ...rest] = out.to('/segment/v1/track')
    expect(rest).toEqual([])
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('key/1:').toString('base64')}`)
    expect(request?.json).toMatchObject({
      event: created,
      messageId: expect.stringMatching(/^EZ[0-9a-f]{32}$/),
      properties: { payload: { worker_name: friendlyName } }
    })
  })
})

async function deliveriesTo(receiver_sid: string): Promise<{ state: string }[]> {
  return (await here.call(`/ringdown/v1/Deliveries?Receiver=${receiver_sid}`)).body.deliveries
}
