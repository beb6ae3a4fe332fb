import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../support/world.ts'

/*
 * A customer's whole way through the house, on each channel by a virtual phone: the message makes the conversation and the
 * contact, an agent accepts, both write and show pictures, it is handed on, parked, taken up again and closed. And the way
 * back: an agent begins.
 */

interface Channel {
  readonly name: string
  /** As Flex Flows call it, and as interactions do. */
  readonly flow_type: 'sms' | 'whatsapp' | 'facebook'
  readonly type: 'sms' | 'whatsapp' | 'messenger'
  readonly customer: string
  readonly ours: string
}

const channels: readonly Channel[] = [
  { name: 'SMS', flow_type: 'sms', type: 'sms', customer: '+33600000001', ours: '+37256000001' },
  {
    name: 'WhatsApp',
    flow_type: 'whatsapp',
    type: 'whatsapp',
    customer: 'whatsapp:+33600000002',
    ours: 'whatsapp:+37256000002'
  },
  {
    name: 'Messenger',
    flow_type: 'facebook',
    type: 'messenger',
    customer: 'messenger:100200300',
    ours: 'messenger:900800700'
  }
]

/** A picture of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

let world: World
let place: Place
beforeAll(async () => {
  world = await opened()
  place = await furnished()
})
afterAll(() => world.close())

interface Place {
  readonly workspace: string
  readonly workflow: string
  readonly service: string
  readonly queues: Readonly<Record<'Support' | 'Billing', string>>
  readonly workers: Readonly<Record<'amelie' | 'bob', string>>
}

/** Amelie in Support, Bob in Billing, and a workflow that hands transfers to where they are to go. */
async function furnished(): Promise<Place> {
  const { client } = world
  const configuration = await client.flexApi.v1.configuration().fetch()
  const workspace = configuration.taskrouterWorkspaceSid
  const floor = client.taskrouter.v1.workspaces(workspace)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const hire = async (friendlyName: string, team: string) =>
    (await floor.workers.create({ friendlyName, activitySid: available, attributes: JSON.stringify({ team }) })).sid
  const workers = { amelie: await hire('amelie', 'support'), bob: await hire('bob', 'billing') }
  const queue = async (friendlyName: string, team: string) =>
    (await floor.taskQueues.create({ friendlyName, targetWorkers: `team == '${team}'` })).sid
  const queues = { Support: await queue('Support', 'support'), Billing: await queue('Billing', 'billing') }
  const filters = [
    { expression: `transferTargetSid == '${queues.Billing}'`, targets: [{ queue: queues.Billing }] },
    { expression: `transferTargetSid == '${queues.Support}'`, targets: [{ queue: queues.Support }] }
  ]
  const workflow = await floor.workflows.create({
    friendlyName: 'Contacts',
    configuration: JSON.stringify({ task_routing: { filters, default_filter: { queue: queues.Support } } })
  })
  return { workspace, workflow: workflow.sid, service: configuration.chatServiceInstanceSid, queues, workers }
}

const floor = () => world.client.taskrouter.v1.workspaces(place.workspace)
const talk = (sid: string) => world.client.conversations.v1.services(place.service).conversations(sid)
const contact = (attributes: Attributes) =>
  world.client.flexApi.v1.interaction(attributes.flexInteractionSid).channels(attributes.flexInteractionChannelSid)

interface Attributes {
  readonly conversationSid: string
  readonly flexInteractionSid: string
  readonly flexInteractionChannelSid: string
  readonly [name: string]: unknown
}

/** Somebody with a virtual phone. */
class Phone {
  readonly #path: string
  readonly #ours: string

  private constructor(path: string, ours: string) {
    this.#path = path
    this.#ours = ours
  }

  static async of({ customer, ours }: Channel): Promise<Phone> {
    const { status, body } = await world.call('/ringdown/v1/Phones', { Address: customer, FriendlyName: 'Ana' })
    expect(status).toBe(201)
    return new Phone(`/ringdown/v1/Phones/${body.sid}/Messages`, ours)
  }

  async write(params: Record<string, string>): Promise<void> {
    const { status, body } = await world.call(this.#path, { To: this.#ours, ...params })
    expect(body).toMatchObject({ direction: 'written' })
    expect(status).toBe(201)
    await world.pass(1)
  }

  /** What it has got, the text or the names of its files. */
  async got(): Promise<string[]> {
    await world.pass(1)
    const { body } = await world.call(this.#path)
    return body.phone_messages
      .filter((one: { direction: string }) => one.direction === 'received')
      .map((one: { body: string | null; media: { content_type: string }[] }) =>
        one.media.length > 0 ? one.media.map((file) => file.content_type).join() : one.body
      )
  }
}

async function uploaded(): Promise<string> {
  const { status, body } = await world.call(`/mcs/v1/Services/${place.service}/Media?Filename=broken.png`, undefined, {
    method: 'POST',
    body: new Uint8Array(pixel),
    headers: { 'content-type': 'image/png' }
  })
  expect(status).toBe(201)
  return body.sid
}

/** The one who is asked accepts. Answers with the task. */
async function accepted(worker: keyof Place['workers']): Promise<{ task_sid: string; attributes: Attributes }> {
  const { reservations } = floor().workers(place.workers[worker])
  const [offer] = await reservations.list({ reservationStatus: 'pending' })
  expect(offer, `${worker} has an offer`).toBeDefined()
  await reservations(offer?.sid ?? '').update({ reservationStatus: 'accepted' })
  const task_sid = offer?.taskSid ?? ''
  return { task_sid, attributes: JSON.parse((await floor().tasks(task_sid).fetch()).attributes) }
}

const statusOf = async (task_sid: string) => (await floor().tasks(task_sid).fetch()).assignmentStatus

async function agentIn(attributes: Attributes): Promise<string> {
  const inside = await contact(attributes).participants.list()
  return inside.find(({ type }) => type === 'agent')?.sid ?? ''
}

describe.each(channels)('a customer on $name', (channel) => {
  let phone: Phone

  beforeAll(async () => {
    phone = await Phone.of(channel)
    await world.client.flexApi.v1.flexFlow.create({
      friendlyName: channel.name,
      chatServiceSid: place.service,
      channelType: channel.flow_type,
      contactIdentity: channel.ours,
      integrationType: 'task',
      'integration.workspaceSid': place.workspace,
      'integration.workflowSid': place.workflow
    })
  })

  it('writes, is answered, handed on, left alone, taken up again and done with', async () => {
    await phone.write({ Body: 'My order is broken.' })
    const first = await accepted('amelie')
    expect(first.attributes).toMatchObject({ channelType: channel.type, customerAddress: channel.customer })
    const conversation = talk(first.attributes.conversationSid)

    // Both write, and both show a picture.
    await conversation.messages.create({ author: 'amelie', body: 'Show me, please.' })
    await phone.write({ MediaSid: await uploaded() })
    await conversation.messages.create({ author: 'amelie', mediaSid: await uploaded() })
    expect(await phone.got()).toEqual(['Show me, please.', 'image/png'])
    const shown = (await conversation.messages.list()).filter(({ media }) => media !== null)
    expect(shown.map(({ author }) => author)).toEqual([channel.customer, 'amelie'])
    const [answer] = (await conversation.messages.list()).filter(({ author }) => author === 'amelie')
    expect(answer?.delivery).toMatchObject({ total: 1, delivered: 'all', failed: 'none' })

    // Cold to Billing: Bob accepts, Amelie is out of it.
    const from = await agentIn(first.attributes)
    await contact(first.attributes).transfers.create({ type: 'cold', from, to: place.queues.Billing })
    const second = await accepted('bob')
    expect(await statusOf(first.task_sid)).toBe('completed')
    const identities = async () =>
      (await conversation.participants.list()).flatMap(({ identity }) => (identity === null ? [] : [identity]))
    expect(await identities()).toEqual(['bob'])

    // Parked: nobody is there, and the conversation goes on.
    await contact(second.attributes)
      .participants(await agentIn(second.attributes))
      .update({ status: 'closed' })
    expect([await identities(), await statusOf(second.task_sid)]).toEqual([[], 'completed'])
    await phone.write({ Body: 'Are you still there?' })
    expect((await contact(second.attributes).fetch()).status).toBe('active')

    // Taken up again, closed and wrapped up.
    await contact(second.attributes).invites.create({
      routing: {
        properties: {
          workspace_sid: place.workspace,
          workflow_sid: place.workflow,
          queue_sid: place.queues.Billing,
          worker_sid: place.workers.bob,
          attributes: second.attributes
        }
      }
    })
    const third = await accepted('bob')
    expect(third.attributes.conversationSid).toBe(first.attributes.conversationSid)
    await conversation.messages.create({ author: 'bob', body: 'A new one is on its way.' })
    expect((await phone.got()).at(-1)).toBe('A new one is on its way.')
    await contact(third.attributes).update({ status: 'closed' })
    expect(await statusOf(third.task_sid)).toBe('wrapping')
    await floor().tasks(third.task_sid).update({ assignmentStatus: 'completed', reason: 'replaced' })

    const history = await conversation.messages.list()
    expect(history.map(({ author, body }) => [author, body])).toEqual([
      [channel.customer, 'My order is broken.'],
      ['amelie', 'Show me, please.'],
      [channel.customer, null],
      ['amelie', null],
      [channel.customer, 'Are you still there?'],
      ['bob', 'A new one is on its way.']
    ])
    expect((await conversation.fetch()).state).toBe('closed')
  })

  it('is written to by an agent, who begins', async () => {
    const { channel: made, routing } = await world.client.flexApi.v1.interaction.create({
      channel: {
        type: channel.type,
        initiated_by: 'agent',
        participants: [{ address: channel.customer, proxy_address: channel.ours }]
      },
      routing: {
        properties: {
          workspace_sid: place.workspace,
          workflow_sid: place.workflow,
          queue_sid: place.queues.Support,
          worker_sid: place.workers.amelie
        }
      }
    })
    const task_sid = routing.properties.sid as string
    await world.pass(1)
    expect(await statusOf(task_sid)).toBe('assigned')
    const attributes: Attributes = JSON.parse((await floor().tasks(task_sid).fetch()).attributes)
    expect(attributes).toMatchObject({ direction: 'outbound', flexInteractionChannelSid: made.sid })
    const conversation = talk(attributes.conversationSid)
    // The customer wrote a moment ago: on WhatsApp and Messenger that is why this may be said.
    await conversation.messages.create({ author: 'amelie', body: 'Did it arrive?' })
    expect((await phone.got()).at(-1)).toBe('Did it arrive?')
    await phone.write({ Body: 'It did, thank you!' })
    expect((await conversation.messages.list()).map(({ author, body }) => [author, body])).toEqual([
      ['amelie', 'Did it arrive?'],
      [channel.customer, 'It did, thank you!']
    ])
    await contact(attributes).update({ status: 'closed', routing: { status: 'closed' } })
    expect(await statusOf(task_sid)).toBe('completed')
  })

  it('hears nothing but templates a day after having written, where the network says so', async () => {
    await world.pass(25 * 3600)
    const conversation = await world.client.conversations.v1
      .services(place.service)
      .conversations.create({ friendlyName: 'Later' })
    const { participants, messages } = talk(conversation.sid)
    const pair = { 'messagingBinding.address': channel.customer, 'messagingBinding.proxyAddress': channel.ours }
    await participants.create(pair)
    const before = (await phone.got()).length
    const { sid } = await messages.create({ author: 'amelie', body: 'Any news?' })
    const got = await phone.got()
    const receipts = await talk(conversation.sid).messages(sid).deliveryReceipts.list()
    if (channel.type === 'sms') {
      expect(got.slice(before)).toEqual(['Any news?'])
      expect(receipts).toMatchObject([{ status: 'delivered', errorCode: 0 }])
    } else {
      expect(got.slice(before)).toEqual([])
      expect(receipts).toMatchObject([{ status: 'failed', errorCode: 63016 }])
    }
  })
})
