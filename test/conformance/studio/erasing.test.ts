import { ask, definition, say, set, trigger, widget } from '@ringdown/engine/testing/flows'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'

let world: World
let acme: Receiver
beforeEach(async () => {
  world = await opened()
  acme = await receiver({ auth_token: world.running.credentials.auth_token })
})
afterEach(async () => {
  await world.close()
  await acme.close()
})

const secret = 'Rosenbaum'
const hours = 3600
const days = 24 * hours

/** Asks for a name, keeps it, looks it up, and asks for more. */
const bot = (url: string) =>
  definition([
    trigger({ incomingConversationMessage: 'ask', incomingMessage: 'ask' }),
    ask('ask', 'Name?', 'keep'),
    set('keep', { name: 'Dear {{widgets.ask.inbound.Body}}' }, 'look'),
    widget(
      'look',
      'make-http-request',
      { success: 'more', failed: 'more' },
      { method: 'POST', url, content_type: 'application/json', body: '{"name":{{flow.variables.name | to_json}}}' }
    ),
    ask('more', 'What else?', 'bye', { timeout: 'bye' }),
    say('bye', 'Bye.')
  ])

/** A chat in which a flow has learnt a name, looked it up, and waits. */
async function learnt() {
  const { client } = world
  acme.answer('/look', [{ body: { found: true } }])
  const flow = await client.studio.v2.flows.create({
    friendlyName: 'Bot',
    status: 'published',
    definition: bot(`${acme.url}/look?who=1`)
  })
  const chat = await client.conversations.v1.conversations.create()
  const room = client.conversations.v1.conversations(chat.sid)
  await room.participants.create({ identity: 'ana' })
  await room.webhooks.create({ target: 'studio', 'configuration.flowSid': flow.sid })
  const write = (body: string) => room.messages.create({ author: 'ana', body, xTwilioWebhookEnabled: 'true' })
  await write('hi')
  const named = await write(secret)
  await acme.until((requests) => requests.length === 1)
  await world.pass(1)
  const [execution] = await client.studio.v2.flows(flow.sid).executions.list()
  if (!execution) throw new Error('nothing was started')
  return { flow: flow.sid, room, write, named, execution: execution.sid }
}

/** All that a flow's API shows of an execution, and what the log and deliveries have. */
async function known(flow: string, execution: string): Promise<string> {
  const api = world.client.studio.v2.flows(flow).executions(execution)
  const steps = await api.steps.list()
  const contexts = await Promise.all(steps.map(({ sid }) => api.steps(sid).stepContext().fetch()))
  const { context } = await api.executionContext().fetch()
  return JSON.stringify([context, contexts.map((one) => one.context), await told()])
}

async function told(): Promise<string> {
  const events = await world.call('/ringdown/v1/Events?since=PT10H&limit=1000&wait_s=0')
  const deliveries = await world.call('/ringdown/v1/Deliveries?Kind=flow_request')
  const each = await Promise.all(
    deliveries.body.deliveries.map(({ sid }: { sid: string }) => world.call(`/ringdown/v1/Deliveries/${sid}`))
  )
  return JSON.stringify([events.body, each.map(({ body }) => body)])
}

describe('what a flow knows of a customer', () => {
  it('goes with the conversation: from its context, its steps, the log, and what was asked over HTTP', async () => {
    const { flow, room, execution } = await learnt()
    expect(await known(flow, execution)).toContain(secret)
    await room.remove()
    await world.pass(130)
    const after = await known(flow, execution)
    expect(after).not.toContain(secret)
    expect(after).not.toContain('"ana"')
    const steps = await world.client.studio.v2.flows(flow).executions(execution).steps.list()
    expect(steps.map((one) => one.name)).toContain('incomingMessage')
  })

  it('goes with a message: at once what it said, and when the flow ends what was made of it', async () => {
    const { flow, room, named, write, execution } = await learnt()
    await room.messages(named.sid).remove()
    const { context } = await world.client.studio.v2.flows(flow).executions(execution).executionContext().fetch()
    expect(context.widgets.ask.inbound).toMatchObject({ Body: '', MessageSid: named.sid })
    // It goes on with what it has.
    expect(context.flow.variables.name).toBe(`Dear ${secret}`)
    await write('nothing')
    await world.pass(130)
    const ended = await world.client.studio.v2.flows(flow).executions(execution).fetch()
    expect(ended.status).toBe('ended')
    const api = world.client.studio.v2.flows(flow).executions(execution)
    expect((await api.executionContext().fetch()).context).toEqual({})
    const contexts = await Promise.all((await api.steps.list()).map(({ sid }) => api.steps(sid).stepContext().fetch()))
    expect(JSON.stringify(contexts.map((one) => one.context))).not.toContain(secret)
  })

  it('stays when a participant goes: what was said is still there', async () => {
    const { flow, room, write, execution } = await learnt()
    await write('nothing')
    const [ana] = await room.participants.list()
    await room.participants(String(ana?.sid)).remove()
    await world.pass(130)
    expect(await known(flow, execution)).toContain(secret)
  })

  it('goes with a message that came by its address, when that is deleted', async () => {
    const { client } = world
    const phone = await world.call('/ringdown/v1/Phones', { Address: '+37255500001' })
    const flow = await client.studio.v2.flows.create({
      friendlyName: 'By number',
      status: 'published',
      definition: definition([trigger({ incomingMessage: 'bye' }), say('bye', 'Dear {{trigger.message.Body}}')])
    })
    await client.incomingPhoneNumbers.create({ phoneNumber: '+3726000', smsUrl: flow.webhookUrl })
    await world.call(`/ringdown/v1/Phones/${phone.body.sid}/Messages`, { To: '+3726000', Body: secret })
    await world.pass(5)
    const [execution] = await client.studio.v2.flows(flow.sid).executions.list()
    if (!execution) throw new Error('nothing was started')
    expect(await known(flow.sid, execution.sid)).toContain(secret)
    const [inbound] = (await client.messages.list({ from: '+37255500001' })).filter(
      ({ direction }) => direction === 'inbound'
    )
    await client.messages(String(inbound?.sid)).remove()
    await world.pass(130)
    const api = client.studio.v2.flows(flow.sid).executions(execution.sid)
    expect((await api.executionContext().fetch()).context).toEqual({})
  })

  it('goes with the execution', async () => {
    const { flow, room, write, execution } = await learnt()
    await write('nothing')
    await world.pass(1)
    expect(await told()).toContain('flow_request')
    await world.client.studio.v2.flows(flow).executions(execution).remove()
    await world.pass(70)
    const requests = await world.call('/ringdown/v1/Deliveries?Kind=flow_request')
    for (const { sid } of requests.body.deliveries) {
      const one = await world.call(`/ringdown/v1/Deliveries/${sid}`)
      expect(JSON.stringify(one.body)).not.toContain(secret)
    }
    expect((await room.messages.list()).map(({ body }) => body)).toContain(secret)
  })

  it('goes with who it was, by an identity', async () => {
    const { flow, write, execution } = await learnt()
    await write('nothing')
    await world.pass(1)
    const erased = await world.call('/ringdown/v1/Insights/Erasures', { Customer: 'ana' })
    expect(erased.body).toEqual({ contacts: 0, executions: 1, calls: 0 })
    await world.pass(70)
    const row = await world.client.studio.v2.flows(flow).executions(execution).fetch()
    expect(row).toMatchObject({ status: 'ended', contactChannelAddress: '' })
    const api = world.client.studio.v2.flows(flow).executions(execution)
    expect((await api.executionContext().fetch()).context).toEqual({})
  })
})

describe('executions that have ended', () => {
  it('are kept for thirty days with their steps, and those that go on for as long as they do', async () => {
    const { flow, write, execution } = await learnt()
    await world.pass(25 * days)
    const { executions } = world.client.studio.v2.flows(flow)
    expect((await executions(execution).fetch()).status).toBe('ended')
    await world.pass(4 * days)
    expect(await executions(execution).steps.list()).toHaveLength(6)
    await write('hello again')
    await world.pass(3 * days)
    await expect(executions(execution).fetch()).rejects.toMatchObject({ status: 404 })
    expect(await executions.list()).toHaveLength(1)
  })
})
