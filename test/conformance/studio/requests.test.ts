import { ask, definition, say, split, trigger, widget } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'

/* What flows ask over HTTP, and what of it goes wrong; whatever goes wrong is told to whoever has subscribed to that. */

let world: World
let acme: Receiver
beforeAll(async () => {
  world = await opened()
  acme = await receiver({ auth_token: world.running.credentials.auth_token })
})
afterAll(async () => {
  await acme.close()
  await world.close()
})

const patience = { timeout: 9000, interval: 50 }

interface Started {
  readonly flow: string
  readonly execution: string
}

/** A flow that asks a path and says what came of it; it is started, and its execution's SID answered. */
async function started(path: string, client = world.client): Promise<Started> {
  const look = widget(
    'look',
    'make-http-request',
    { success: 'good', failed: 'bad' },
    { method: 'GET', url: acme.url + path, content_type: 'text/plain' }
  )
  const states = [trigger({ incomingRequest: 'look' }), look, say('good', 'good'), say('bad', 'bad')]
  const flow = await client.studio.v2.flows.create({
    friendlyName: path,
    status: 'published',
    definition: definition(states)
  })
  const { sid } = await client.studio.v2.flows(flow.sid).executions.create({ to: '+15550101', from: '+1999' })
  return { flow: flow.sid, execution: sid }
}

async function stepsOf({ flow, execution }: Started, client = world.client): Promise<string[]> {
  const steps = await client.studio.v2.flows(flow).executions(execution).steps.list()
  return steps.map((step) => `${step.transitionedFrom} ${step.name}`)
}

describe('a request of a flow', () => {
  it('to an address that hangs, or says too much, holds nobody else up', async () => {
    acme.answer('/hangs', { hang: true })
    acme.answer('/huge', { body: 'x'.repeat(10 * 1_048_576) })
    acme.answer('/moved', { status: 302, headers: { location: `${acme.url}/here` } })
    acme.answer('/here', { body: { ok: true } })
    // With a clock of its own a server takes answers in the order of their questions; this one takes them as they come.
    const real = await opened({ testClock: false })
    onTestFinished(() => real.close())
    const { client } = real
    const hanging = await started('/hangs', client)
    await acme.until((requests) => requests.some(({ path }) => path === '/hangs'))
    const [huge, moved] = [await started('/huge', client), await started('/moved', client)]
    await expect.poll(() => stepsOf(moved, client), patience).toContain('look success')
    await expect.poll(() => stepsOf(huge, client), patience).toContain('look failed')
    expect(await stepsOf(hanging, client)).toEqual(['Trigger incomingRequest'])
    const { executions } = client.studio.v2.flows(hanging.flow)
    expect((await executions(hanging.execution).update({ status: 'ended' })).status).toBe('ended')
    const { body } = await real.call('/ringdown/v1/Debugger?Product=studio')
    expect(body.entries.map((one: { error_code: number }) => one.error_code)).toContain(81014)
  })
})

describe('whoever has subscribed to errors', () => {
  it('is told of those of flows, and of warnings of what is configured', async () => {
    const { client } = world
    const sink = await client.events.v1.sinks.create({
      description: 'errors',
      sinkConfiguration: { destination: `${acme.url}/errors`, method: 'post', batch_events: false },
      sinkType: 'webhook'
    })
    const types = [{ type: 'com.twilio.error-logs.error.logged' }]
    await client.events.v1.subscriptions.create({ description: 'errors', sinkSid: sink.sid, types })
    acme.answer('/broken', { status: 500 })
    const { flow } = await started('/broken')
    await client.conversations.v1.configuration
      .webhooks()
      .update({ filters: ['onNonsense'], postWebhookUrl: 'http://127.0.0.1:1/x' })
    await world.pass(2)
    const told = acme.to('/errors').map(({ json }) => json[0])
    expect(told.map(({ type, data }) => [type, data.product_name, data.level, data.error_code])).toEqual(
      expect.arrayContaining([
        [types[0]?.type, 'studio', 'WARNING', 81014],
        [types[0]?.type, 'taskrouter', 'WARNING', null]
      ])
    )
    expect(told.find(({ data }) => data.service_sid === flow)?.data.payload.more_info.message).toContain('500')
  })
})

describe('opening hours', () => {
  it('are what a dry run asks, and what a web chat is open by', async () => {
    await world.call('/ringdown/v1/Schedules', { Name: 'Support', Weekly: '{"mon":[["09:00","17:00"]]}' })
    const flow = definition([
      trigger({ incomingConversationMessage: 'hours' }),
      split('hours', '{{schedules.Support.open}}', [['equal_to', 'true', 'open']], 'closed'),
      ask('open', 'How can we help?', undefined),
      say('closed', 'We are closed.')
    ])
    const said = async (At: string) => {
      const { body } = await world.call('/ringdown/v1/Flows/DryRun', { Definition: flow, Script: '["hi"]', At })
      return body.messages.at(-1).body
    }
    // A Monday.
    expect(await said('2027-03-01T10:00:00Z')).toBe('How can we help?')
    expect(await said('2027-03-01T18:00:00Z')).toBe('We are closed.')
    const address = await world.client.conversations.v1.addressConfigurations.create({
      type: 'chat',
      address: 'shop',
      'autoCreation.enabled': true,
      'autoCreation.type': 'default'
    } as never)
    const made = await world.call('/ringdown/v1/Webchat/Deployments', {
      FriendlyName: 'Shop',
      AddressSid: address.sid,
      Hours: '{"schedule":"Support"}'
    })
    expect(made.status).toBe(201)
    const isOpen = async () => {
      const shown = await fetch(`${world.running.url}/ringdown/v1/Webchat/Deployments/${made.body.sid}`)
      return ((await shown.json()) as { is_open: boolean }).is_open
    }
    expect(await isOpen()).toBe(true)
    await world.call('/ringdown/v1/Schedules/Support', { Closed: 'true' })
    expect(await isOpen()).toBe(false)
  })
})
