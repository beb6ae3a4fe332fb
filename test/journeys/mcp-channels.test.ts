import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CallTool, connected } from '../mcp/agent.ts'
import { Center } from '../mcp/center.ts'
import { Wire } from '../mcp/wire.ts'

/*
 * A contact's whole way by the tools alone, as `channels.test.ts` has it by the APIs: the customer has a virtual phone, and
 * all that people in the center would do, an AI agent does.
 */

interface Channel {
  readonly type: 'sms' | 'whatsapp' | 'messenger'
  readonly flowType: 'sms' | 'whatsapp' | 'facebook'
  readonly customer: string
  readonly ours: string
}

const channels: readonly Channel[] = [
  { type: 'sms', flowType: 'sms', customer: '+33600000001', ours: '+37256000001' },
  { type: 'whatsapp', flowType: 'whatsapp', customer: 'whatsapp:+33600000002', ours: 'whatsapp:+37256000002' },
  { type: 'messenger', flowType: 'facebook', customer: 'messenger:100200300', ours: 'messenger:900800700' }
]

/** A picture of one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

let center: Center
let connection: Awaited<ReturnType<typeof connected>>
let web: Server

beforeAll(async () => {
  center = await Center.open()
  connection = await connected(center.backend(new Wire(center.world.running.url)))
  await tool('manage_task_queues', { action: 'update', taskQueueSid: 'Support', targetWorkers: "skill == 'care'" })
  await tool('manage_workers', { action: 'update', workerSid: 'amelie', attributes: { skill: 'care' } })
  await tool('manage_workers', { action: 'update', workerSid: 'bob', activitySid: 'Available' })
  const toBilling = { expression: "transferQueueName == 'Billing'", targets: [{ queue: 'Billing' }] }
  await tool('manage_workflows', {
    action: 'create',
    friendlyName: 'Contacts',
    configuration: { task_routing: { filters: [toBilling], default_filter: { queue: 'Support' } } }
  })
  web = createServer((_request, response) => void response.setHeader('Content-Type', 'image/png').end(pixel))
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
})
afterAll(async () => {
  web.close()
  await connection.close()
  await center.world.close()
})

/** What a tool answers; what it refuses is thrown. */
async function tool(...asked: Parameters<CallTool>) {
  const { isError, content, text } = await connection.call(...asked)
  if (isError) throw new Error(`${asked[0]}: ${text}`)
  return content
}

const picture = () => `http://127.0.0.1:${(web.address() as AddressInfo).port}/broken.png` // it listens on a port

/** Somebody with a virtual phone, who is no user of tools. */
class Phone {
  readonly #path: string
  readonly #ours: string

  private constructor(path: string, ours: string) {
    this.#path = path
    this.#ours = ours
  }

  static async of({ customer, ours }: Channel): Promise<Phone> {
    const { status, body } = await center.world.call('/ringdown/v1/Phones', { Address: customer })
    expect(status).toBe(201)
    return new Phone(`/ringdown/v1/Phones/${body.sid}/Messages`, ours)
  }

  async write(params: Record<string, string>): Promise<void> {
    expect((await center.world.call(this.#path, { To: this.#ours, ...params })).status).toBe(201)
    await center.world.pass(1)
  }

  /** The texts that it has got, and the types of files. */
  async got(): Promise<string[]> {
    await center.world.pass(1)
    const { body } = await center.world.call(this.#path)
    return body.phone_messages
      .filter((one: { direction: string }) => one.direction === 'received')
      .map((one: { body: string | null; media: { content_type: string }[] }) =>
        one.media.length > 0 ? one.media.map((file) => file.content_type).join() : one.body
      )
  }
}

/** The worker looks at what is offered, and takes it. Answers with the task as it is then. */
async function taken(workerSid: string) {
  const { tasks } = await tool('manage_tasks', { action: 'list', workerSid, assignmentStatus: 'reserved' })
  expect(tasks, `${workerSid} has one offer`).toHaveLength(1)
  const [{ taskSid }] = tasks
  await tool('manage_tasks', { action: 'accept', taskSid, workerSid })
  const { tasks: got } = await tool('manage_tasks', { action: 'get', taskSid })
  return got[0]
}

describe.each(channels)('a customer on $type, by tools alone', (channel) => {
  const { type, flowType, customer, ours } = channel
  let phone: Phone

  beforeAll(async () => {
    phone = await Phone.of(channel)
    await tool('manage_flex_flows', {
      action: 'create',
      friendlyName: `${type} of ours`,
      channelType: flowType,
      contactIdentity: ours,
      integrationType: 'task',
      integrationWorkflowSid: 'Contacts'
    })
  })

  it('writes, is answered, handed on, parked, taken up again and done with', async () => {
    const { cursor } = await tool('wait_for_events', { waitSeconds: 0 })
    await phone.write({ Body: 'My order is broken.' })
    const told = await tool('wait_for_events', { cursor, types: ['reservation.created'], waitSeconds: 5 })
    expect(told.events[0].summary).toContain('amelie')

    const first = await taken('amelie')
    expect(first.attributes).toMatchObject({ channelType: type, customerAddress: customer })
    const { conversationSid, flexInteractionSid: interactionSid } = first.attributes
    const say = (author: string, more: object) =>
      tool('send_conversation_message', { conversationSid, author, ...more })
    await say('amelie', { body: 'Show me, please.' })
    await phone.write({ MediaUrl: picture() })
    await say('amelie', { mediaUrl: picture() })
    expect(await phone.got()).toEqual(['Show me, please.', 'image/png'])

    // Cold to Billing: bob accepts, amelie is out of it.
    await tool('manage_interaction_participants', { action: 'transfer', interactionSid, taskQueueSid: 'Billing' })
    const second = await taken('bob')
    const statusOf = async (taskSid: string) =>
      (await tool('manage_tasks', { action: 'get', taskSid })).tasks[0].assignmentStatus
    expect([await statusOf(first.taskSid), second.attributes.conversationSid]).toEqual(['completed', conversationSid])
    const agents = async () =>
      (await tool('manage_interaction_participants', { action: 'list', interactionSid })).participants.flatMap(
        (one: { type: string; workerName: string }) => (one.type === 'agent' ? [one.workerName] : [])
      )
    expect(await agents()).toEqual(['bob'])

    // Parked: nobody is there, and the conversation goes on.
    await tool('manage_interaction_participants', { action: 'remove', interactionSid, participantSid: 'bob' })
    expect([await agents(), await statusOf(second.taskSid)]).toEqual([[], 'completed'])
    await phone.write({ Body: 'Are you still there?' })

    // Taken up again, closed and wrapped up.
    await tool('manage_interaction_participants', { action: 'invite', interactionSid, workerSid: 'bob' })
    const third = await taken('bob')
    expect(third.attributes).toMatchObject({ conversationSid, customerAddress: customer })
    await say('bob', { body: 'A new one is on its way.' })
    expect((await phone.got()).at(-1)).toBe('A new one is on its way.')
    await tool('manage_interaction_channel', { action: 'close', interactionSid })
    expect(await statusOf(third.taskSid)).toBe('wrapping')
    await tool('manage_tasks', { action: 'complete', taskSid: third.taskSid, reason: 'replaced' })

    const { messages } = await tool('list_conversation_messages', { conversationSid })
    expect(
      messages.map(({ author, role, body, media }: Record<string, unknown>) => [author, role, body ?? media])
    ).toEqual([
      [customer, 'customer', 'My order is broken.'],
      ['amelie', 'agent', 'Show me, please.'],
      [customer, 'customer', [expect.objectContaining({ contentType: 'image/png' })]],
      ['amelie', 'agent', [expect.objectContaining({ contentType: 'image/png' })]],
      [customer, 'customer', 'Are you still there?'],
      ['bob', 'agent', 'A new one is on its way.']
    ])
  })

  it('is parked by its channel, and taken up again by whom the queue finds', async () => {
    await phone.write({ Body: 'One more thing.' })
    const first = await taken('amelie')
    const { conversationSid, flexInteractionSid: interactionSid } = first.attributes
    await tool('manage_interaction_channel', { action: 'update', interactionSid, status: 'inactive' })
    await phone.write({ Body: 'Hello?' })
    await tool('manage_interaction_participants', { action: 'invite', interactionSid, taskQueueSid: 'Billing' })
    const second = await taken('bob')
    expect(second.attributes.conversationSid).toBe(conversationSid)
    await tool('send_conversation_message', { conversationSid, author: 'bob', body: 'Here I am.' })
    expect((await phone.got()).at(-1)).toBe('Here I am.')
    await tool('manage_interaction_channel', { action: 'close', interactionSid, routingStatus: 'closed' })
  })

  it('is written to by an agent, who begins', async () => {
    const made = await tool('create_interaction', {
      channelType: type,
      customerAddress: customer,
      businessAddress: ours,
      workerSid: 'amelie',
      taskQueueSid: 'Support',
      workflowSid: 'Contacts'
    })
    expect(made.channelStatus).toBe('active')
    await center.world.pass(1)
    const { conversationSid, interactionSid } = made
    await tool('send_conversation_message', { conversationSid, author: 'amelie', body: 'Did it arrive?' })
    expect((await phone.got()).at(-1)).toBe('Did it arrive?')
    await phone.write({ Body: 'It did, thank you!' })
    await tool('manage_interaction_channel', { action: 'close', interactionSid, routingStatus: 'closed' })
  })

  it('hears nothing but templates a day after having written, where the network says so', async () => {
    await center.world.pass(25 * 3600)
    const made = await tool('manage_conversations', {
      action: 'create',
      uniqueName: `later-${type}`,
      participants: [{ address: customer, proxyAddress: ours }]
    })
    const [{ conversationSid }] = made.conversations
    const say = (more: object) => tool('send_conversation_message', { conversationSid, author: 'amelie', ...more })
    const before = (await phone.got()).length
    const late = await say({ body: 'Any news?' })
    const { sid: contentSid } = await center.world.client.content.v1.contents.create({
      friendly_name: `news-${type}`,
      language: 'en',
      variables: { 1: 'your order' },
      types: { 'twilio/text': { body: 'Is there news of {{1}}?' } }
    } as never)
    const approval = center.world.client.content.v1.contents(contentSid).approvalCreate
    await approval.create({ name: `news_${type}`, category: 'UTILITY' } as never)
    await say({ contentSid, contentVariables: { 1: 'your phone' } })
    const texts = (await phone.got()).slice(before)
    if (type === 'sms')
      expect([texts, late.warnings]).toEqual([['Any news?', 'Is there news of your phone?'], undefined])
    else {
      expect(late.warnings).toEqual([expect.stringContaining('24 hours')])
      expect(texts).toEqual(type === 'whatsapp' ? ['Is there news of your phone?'] : [])
    }
    await tool('manage_conversations', { action: 'delete', conversationSid })
  })
})
