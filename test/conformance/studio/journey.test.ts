import { greeter } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebchatPage } from '../../support/webchat-page.ts'
import { world as opened, type World } from '../../support/world.ts'

/* From a customer's first word, over a chatbot, to an agent who has accepted: by a phone, and by a chat with a token. */

const page = 'https://shop.example'

/** A picture: one dot. */
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

interface Session {
  readonly token: string
  readonly conversation_sid: string
  readonly chat_service_sid: string
}

let world: World
let workspace: string
let flow: string
beforeAll(async () => {
  world = await opened()
  const { client } = world
  workspace = (await client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
  const floor = client.taskrouter.v1.workspaces(workspace)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const nora = await floor.workers.create({ friendlyName: 'nora', activitySid: available })
  await floor.workers(nora.sid).workerChannels('chat').update({ capacity: 5 })
  const [workflow] = await floor.workflows.list()
  flow = (
    await client.studio.v2.flows.create({
      friendlyName: 'Welcome',
      status: 'published',
      definition: greeter(String(workflow?.sid), 'chat')
    })
  ).sid
})
afterAll(() => world.close())

/** Accepts what is offered, and answers with the task's attributes. */
async function accepted() {
  const floor = world.client.taskrouter.v1.workspaces(workspace)
  const task = (await floor.tasks.list({ assignmentStatus: ['reserved'] }))[0]
  const [reservation] = await floor.tasks(String(task?.sid)).reservations.list()
  await floor.tasks(String(task?.sid)).reservations(String(reservation?.sid)).update({ reservationStatus: 'accepted' })
  return JSON.parse(task?.attributes ?? '{}')
}

describe('a chatbot', () => {
  it('by a phone: an address makes the conversation, the bot asks, an agent goes on', async () => {
    const { client } = world
    const ours = '+37256000000'
    await client.conversations.v1.addressConfigurations.create({
      type: 'sms',
      address: ours,
      'autoCreation.enabled': true,
      'autoCreation.type': 'studio',
      'autoCreation.studioFlowSid': flow
    } as never)
    const { body: phone } = await world.call('/ringdown/v1/Phones', { Address: '+37255500001' })
    const messages = `/ringdown/v1/Phones/${phone.sid}/Messages`
    const write = async (body: string) => {
      await world.call(messages, { To: ours, Body: body })
      await world.pass(2)
    }
    for (const body of ['hello', 'Ana', 'hours', 'agent']) await write(body)
    const { body: seen } = await world.call(messages)
    const got = seen.phone_messages.filter((one: { direction: string }) => one.direction === 'received')
    expect(got.map((one: { body: string }) => one.body)).toEqual([
      'Hi! What is your name?',
      'Thanks Ana. Reply HOURS, ORDER or AGENT.',
      'We are open 09:00 to 18:00.',
      'Thanks Ana. Reply HOURS, ORDER or AGENT.'
    ])
    const attributes = await accepted()
    expect(attributes).toMatchObject({
      topic: 'agent',
      customerName: 'Ana',
      channelType: 'sms',
      from: expect.anything()
    })
    const room = client.conversations.v1.conversations(attributes.conversationSid)
    await room.messages.create({ author: 'nora', body: 'Nora here.' })
    await world.pass(2)
    await write('thank you')
    expect((await client.studio.v2.flows(flow).executions.list()).map(({ status }) => status)).toEqual(['ended'])
    expect((await room.messages.list()).slice(-2).map(({ body }) => body)).toEqual(['Nora here.', 'thank you'])
  })

  it('starts anew when the conversation was closed', async () => {
    const { client } = world
    const [conversation] = await client.conversations.v1.conversations.list({ state: 'active' })
    await client.conversations.v1.conversations(String(conversation?.sid)).update({ state: 'closed' })
    const { body: phones } = await world.call('/ringdown/v1/Phones')
    await world.call(`/ringdown/v1/Phones/${phones.phones[0].sid}/Messages`, {
      To: '+37256000000',
      Body: 'hello again'
    })
    await world.pass(2)
    const executions = await client.studio.v2.flows(flow).executions.list()
    expect(executions.map(({ status }) => status)).toEqual(['active', 'ended'])
  })

  it('by web chat: a Flex Flow begins it, a picture is an answer, and what was said goes on to an agent', async () => {
    const { client, running } = world
    const configuration = await client.flexApi.v1.configuration().fetch()
    await client.flexApi.v1.flexFlow.create({
      friendlyName: 'Shop',
      chatServiceSid: configuration.chatServiceInstanceSid,
      channelType: 'web',
      contactIdentity: 'shop',
      enabled: true,
      integrationType: 'studio',
      'integration.flowSid': flow
    })
    const [address] = await client.conversations.v1.addressConfigurations.list({ type: 'chat' })
    const made = await world.call('/ringdown/v1/Webchat/Deployments', {
      FriendlyName: 'Shop',
      AddressSid: String(address?.sid),
      AllowedOrigins: [page]
    })
    const { url } = running
    const begun = await fetch(`${url}/ringdown/v1/Webchat/Sessions`, {
      method: 'POST',
      headers: { origin: page, 'content-type': 'application/json' },
      body: JSON.stringify({ key: made.body.sid, form: { friendlyName: 'Bea', query: 'hello' } })
    })
    const session = (await begun.json()) as Session
    const customer = new WebchatPage(`${url.replace('http', 'ws')}/ringdown/v1/Webchat/Socket`, page)
    await customer.hello(session.token)
    const bot = async (text: string) => {
      await world.pass(1)
      const isIt = ({ message }: { message: { body: string } }) => message.body.startsWith(text)
      const ready = await customer.hears('ready')
      if (!ready.messages.some((message: { body: string }) => isIt({ message }))) await customer.hears('message', isIt)
    }
    await bot('Hi! What is your name?')
    const upload = await fetch(`${url}/mcs/v1/Services/${session.chat_service_sid}/Media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session.token}`, 'content-type': 'image/png' },
      body: dot
    })
    const picture = (await upload.json()) as { sid: string }
    customer.say({ type: 'message', id: 'name', body: 'Bea', media_sid: picture.sid })
    await customer.hears('sent', ({ id }) => id === 'name')
    await bot('Thanks Bea.')
    const started = await client.studio.v2.flows(flow).executions.list()
    const execution = started.find(({ contactChannelAddress }) => contactChannelAddress === session.conversation_sid)
    const { context } = await client.studio.v2.flows(flow).executions(String(execution?.sid)).executionContext().fetch()
    expect(context.widgets.ask_name.inbound).toMatchObject({
      NumMedia: '1',
      Media: [{ Sid: picture.sid, ContentType: 'image/png' }]
    })
    customer.say({ type: 'message', id: 'agent', body: 'agent' })
    await customer.hears('sent', ({ id }) => id === 'agent')
    await world.pass(1)
    expect(await accepted()).toMatchObject({ topic: 'agent', customerName: 'Bea', channelType: 'web' })
    const joined = await customer.hears(
      'participant',
      ({ did, participant }) => did === 'joined' && participant.identity === 'nora'
    )
    expect(joined.participant.identity).toBe('nora')
    await client.conversations.v1
      .conversations(session.conversation_sid)
      .messages.create({ author: 'nora', body: 'Nora here.', xTwilioWebhookEnabled: 'true' })
    await customer.hears('message', ({ message }) => message.author === 'nora')
    // The flow has let go of the conversation.
    customer.say({ type: 'message', id: 'thanks', body: 'thank you' })
    await customer.hears('sent', ({ id }) => id === 'thanks')
    const executions = await client.studio.v2.flows(flow).executions.list()
    const mine = executions.filter(({ contactChannelAddress }) => contactChannelAddress === session.conversation_sid)
    expect(mine.map(({ status }) => status)).toEqual(['ended'])
    customer.socket.close()
  })
})
