import { afterAll, beforeAll, expect, it } from 'vitest'
import { world as opened, type World } from '../support/world.ts'

/*
 * Three people on their phones and a number of ours: what one of them writes to all makes one conversation and one contact,
 * the agent answers them all, hands the contact on, and it ends. And the way back: a program begins a group.
 */

const ours = '+15005550006'
const [ana, ben, cem] = ['+15550000001', '+15550000002', '+15550000003'] as const

let world: World
const phones = new Map<string, string>()
beforeAll(async () => {
  world = await opened()
  for (const address of [ana, ben, cem]) {
    const { body } = await world.call('/ringdown/v1/Phones', { Address: address })
    phones.set(address, `/ringdown/v1/Phones/${body.sid}/Messages`)
  }
})
afterAll(() => world.close())

async function write(from: string, others: readonly string[], Body: string) {
  const form = new URLSearchParams({ To: ours, Body })
  for (const one of others) form.append('OtherRecipients', one)
  const { status, body } = await world.call(phones.get(from) ?? '', undefined, {
    method: 'POST',
    body: form.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' }
  })
  expect([status, body.message]).toEqual([201, undefined])
  await world.pass(1)
  return body
}

/** What a phone has got: from whom, and what. */
async function got(address: string): Promise<string[]> {
  await world.pass(1)
  const { body } = await world.call(`${phones.get(address)}?Direction=received`)
  return body.phone_messages.map((one: { from: string; body: string }) => `${one.from} ${one.body}`)
}

it('a group writes, is answered, handed on and done with, in one conversation', async () => {
  const { client } = world
  const configuration = await client.flexApi.v1.configuration().fetch()
  const floor = client.taskrouter.v1.workspaces(configuration.taskrouterWorkspaceSid)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const worker = async (friendlyName: string) =>
    (await floor.workers.create({ friendlyName, activitySid: available })).sid
  const workers = { amelie: await worker('amelie') }
  const queue = await floor.taskQueues.create({ friendlyName: 'All', targetWorkers: '1==1' })
  const task_routing = { default_filter: { queue: queue.sid } }
  const workflow = await floor.workflows.create({
    friendlyName: 'Contacts',
    configuration: JSON.stringify({ task_routing })
  })
  const service = configuration.chatServiceInstanceSid
  await client.flexApi.v1.flexFlow.create({
    friendlyName: 'Groups',
    chatServiceSid: service,
    channelType: 'sms',
    contactIdentity: ours,
    integrationType: 'task',
    'integration.workspaceSid': configuration.taskrouterWorkspaceSid,
    'integration.workflowSid': workflow.sid
  })
  const written = await write(ana, [ben, cem], 'We want to see the house.')
  expect(written).toMatchObject({ other_recipients: [ben, cem], to: ours })
  const accept = async (worker_sid: string) => {
    const { reservations } = floor.workers(worker_sid)
    const [offer] = await reservations.list({ reservationStatus: 'pending' })
    await reservations(offer?.sid ?? '').update({ reservationStatus: 'accepted' })
    return JSON.parse((await floor.tasks(offer?.taskSid ?? '').fetch()).attributes)
  }
  const attributes = await accept(workers.amelie)
  expect(attributes).toMatchObject({
    channelType: 'sms',
    customerAddress: ana,
    conversationSid: written.conversation_sid
  })
  const conversation = client.conversations.v1.services(service).conversations(attributes.conversationSid)
  const bindings = async () =>
    (await conversation.participants.list()).map(({ identity, messagingBinding }) => ({
      identity,
      ...messagingBinding
    }))
  expect(await bindings()).toEqual([
    { identity: null, type: 'sms', projected_address: ours },
    { identity: null, type: 'sms', address: ana },
    { identity: null, type: 'sms', address: ben },
    { identity: null, type: 'sms', address: cem },
    { identity: 'amelie', type: 'sms', projected_address: ours }
  ])

  // The agent answers all of them; what they write all of them have, once.
  const { sid } = await conversation.messages.create({ author: 'amelie', body: 'On Monday?' })
  expect(await got(ana)).toEqual([`${ours} On Monday?`])
  await write(ben, [ana, cem], 'Monday is fine.')
  expect(await got(ana)).toEqual([`${ours} On Monday?`, `${ben} Monday is fine.`])
  expect(await got(cem)).toEqual([`${ana} We want to see the house.`, `${ours} On Monday?`, `${ben} Monday is fine.`])
  const receipts = await conversation.messages(sid).deliveryReceipts.list()
  expect(receipts.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'delivered'])
  expect((await conversation.messages(sid).fetch()).delivery).toMatchObject({ total: 3, delivered: 'all' })

  const contact = client.flexApi.v1
    .interaction(attributes.flexInteractionSid)
    .channels(attributes.flexInteractionChannelSid)
  const bob = await worker('bob')
  const [agent] = (await contact.participants.list()).filter(({ type }) => type === 'agent')
  await contact.transfers.create({ type: 'cold', from: agent?.sid ?? '', to: bob })
  await accept(bob)
  await conversation.messages.create({ author: 'bob', body: 'See you on Monday.' })
  expect((await got(cem)).at(-1)).toBe(`${ours} See you on Monday.`)
  await contact.update({ status: 'closed', routing: { status: 'closed' } })
  expect((await conversation.messages.list()).map(({ author, body }) => `${author} ${body}`)).toEqual([
    `${ana} We want to see the house.`,
    'amelie On Monday?',
    `${ben} Monday is fine.`,
    'bob See you on Monday.'
  ])
  // Nobody else's group: a pair is a conversation of its own.
  expect((await write(ana, [], 'Just me.')).conversation_sid).not.toBe(attributes.conversationSid)
})

it('a program begins a group, which is one conversation by its addresses', async () => {
  const { conversations } = world.client.conversations.v1
  const participant = [
    { identity: 'emil', messaging_binding: { projected_address: '+15005550007' } },
    ...[ana, ben].map((address) => ({ messaging_binding: { address } }))
  ].map((one) => JSON.stringify(one))
  const begin = () => world.client.conversations.v1.conversationWithParticipants.create({ participant })
  const { sid } = await begin()
  await expect(begin()).rejects.toMatchObject({
    status: 409,
    code: 50438,
    message: expect.stringContaining(`already exists in Conversation ${sid}`)
  })
  const { messages, participants } = conversations(sid)
  await expect(messages.create({ body: 'Hello' })).rejects.toMatchObject({ status: 400, code: 50513 })
  await expect(participants.create({ identity: 'nora' })).rejects.toMatchObject({ status: 400, code: 50434 })
  await messages.create({ author: '+15005550007', body: 'Hello both' })
  expect((await got(ben)).at(-1)).toBe('+15005550007 Hello both')
  const found = await world.client.conversations.v1.participantConversations.list({ address: ben })
  expect(found.find((one) => one.conversationSid === sid)?.participantMessagingBinding).toMatchObject({
    type: 'sms',
    address: ben,
    proxy_address: null,
    projected_address: null
  })
  await conversations(sid).update({ state: 'closed' })
  await begin()
})
