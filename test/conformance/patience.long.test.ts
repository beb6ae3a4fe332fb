import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Receiver, receiver } from '../support/receiver.ts'
import { type World, world } from '../support/world.ts'

/*
 * Programs that hang are waited for five seconds of real time, whatever they are asked or told, and nobody else is held up
 * meanwhile.
 */

let here: World
let program: Receiver

beforeAll(async () => {
  here = await world()
  program = await receiver({ auth_token: here.running.credentials.auth_token })
})
afterAll(async () => {
  await here.close()
  await program.close()
})

const patience_s = 4.9

async function made(path: string, form: Record<string, string | string[]>) {
  const { status, body } = await here.call(path, form)
  expect({ status, body }).toMatchObject({ status: expect.toBeOneOf([200, 201]) })
  return body
}

async function floor(): Promise<string> {
  const { sid } = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', Template: 'FIFO' })
  return `/taskrouter/v1/Workspaces/${sid}`
}

it('an assignment callback that hangs has the fallback asked', async () => {
  program.answer('/hangs', { hang: true })
  program.answer('/fallback', { body: { instruction: 'accept' } })
  const workspace = await floor()
  const { activities } = (await here.call(`${workspace}/Activities?Available=true`)).body
  await made(`${workspace}/Workers`, { FriendlyName: 'Ada', ActivitySid: activities[0].sid })
  const queue = await made(`${workspace}/TaskQueues`, { FriendlyName: 'Support' })
  const { sid: WorkflowSid } = await made(`${workspace}/Workflows`, {
    FriendlyName: 'Main',
    Configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } }),
    AssignmentCallbackUrl: `${program.url}/hangs`,
    FallbackAssignmentCallbackUrl: `${program.url}/fallback`
  })
  const task = await made(`${workspace}/Tasks`, { WorkflowSid })
  await here.pass(0)
  expect((await here.call(`${workspace}/Tasks/${task.sid}`)).body.assignment_status).toBe('assigned')
  const [first, second] = [...program.to('/hangs'), ...program.to('/fallback')]
  expect(((second?.at ?? 0) - (first?.at ?? 0)) / 1000).toBeGreaterThan(patience_s)
  const { events } = (await here.call(`${workspace}/Events?TaskSid=${task.sid}&EventType=ringdown.warning`)).body
  expect(events).toMatchObject([{ event_data: { error_code: '11205' } }])
}, 60_000)

it('a webhook sink that hangs is told again', async () => {
  program.answer('/silent', [{ hang: true }, {}])
  const { sid: SinkSid } = await made('/events/v1/Sinks', {
    Description: 'Silent',
    SinkType: 'webhook',
    SinkConfiguration: JSON.stringify({ destination: `${program.url}/silent`, method: 'POST', batch_events: false })
  })
  const Types = '{"type":"com.twilio.taskrouter.worker.created"}'
  await made('/events/v1/Subscriptions', { Description: 'Reports', SinkSid, Types })
  await made(`${await floor()}/Workers`, { FriendlyName: 'Bea' })
  const before = performance.now()
  await here.pass(0)
  expect((performance.now() - before) / 1000).toBeGreaterThan(patience_s)
  expect(program.to('/silent')).toHaveLength(1)
  await here.pass(2)
  expect(program.to('/silent')).toHaveLength(2)
}, 60_000)

it('a pre-webhook that hangs objects to nothing, and others are answered meanwhile', async () => {
  program.answer('/may-i', { hang: true })
  await made('/conversations/v1/Configuration/Webhooks', {
    PreWebhookUrl: `${program.url}/may-i`,
    Filters: ['onMessageAdd']
  })
  const { sid } = await made('/conversations/v1/Conversations', {})
  const messages = `/conversations/v1/Conversations/${sid}/Messages`
  const before = performance.now()
  const waiting = here.call(messages, { Body: 'slowly' }, { headers: { 'X-Twilio-Webhook-Enabled': 'true' } })
  await program.until(() => program.to('/may-i').length === 1)
  expect((await made(messages, { Body: 'quickly' })).index).toBe(0)
  expect(await waiting).toMatchObject({ status: 201, body: { body: 'slowly', index: 1 } })
  expect((performance.now() - before) / 1000).toBeGreaterThan(patience_s)
}, 60_000)
