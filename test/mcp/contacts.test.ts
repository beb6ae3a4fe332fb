import { describe, expect, it } from 'vitest'
import { agent, ours } from './center.ts'
import { refusal } from './wire.ts'

const channels = 'flex-api/v1/Interactions/:kd/Channels'
const json = (value: unknown) => JSON.parse(String(value))

/** An agent, and the contact that amelie has on her desk. */
async function onContact() {
  const here = await agent()
  const conversation = await here.center.conversation('order-1234')
  return { ...here, conversation, contact: await here.center.contact(conversation) }
}

describe('a contact that is named by its task', () => {
  const named = [
    ['manage_interaction_channel', { action: 'get' }, 'channels'],
    ['manage_interaction_participants', { action: 'list' }, 'participants'],
    ['manage_interaction_participants', { action: 'invite', workerSid: 'bob' }, 'invite'],
    ['manage_interaction_channel', { action: 'close' }, 'channels']
  ] as const

  it('is found by taskSid, in any spelling, and by one name alone', async () => {
    const { call, contact } = await onContact()
    const both = { interactionSid: contact.interaction, taskSid: contact.task }
    for (const tool of ['manage_interaction_channel', 'manage_interaction_participants']) {
      const error = async (args: object) => (await call(tool, { action: 'list', ...args })).error
      expect(await error({}), tool).toMatchObject({ code: 'missing_argument', argument: 'interactionSid' })
      expect(await error(both), tool).toMatchObject({ code: 'bad_value', argument: 'taskSid' })
      expect(await error({ taskSid: contact.interaction }), tool).toMatchObject({ code: 'wrong_sid' })
    }
    for (const [tool, args, found] of named)
      for (const given of [{ taskSid: contact.task }, { task_sid: contact.task }, { interactionSid: contact.task }])
        expect((await call(tool, { ...args, ...given })).content, `${tool} ${args.action}`).toHaveProperty(found)
  })
})

describe('starting a contact', () => {
  const sms = { channelType: 'sms', customerAddress: '+33600000001', businessAddress: ours }

  it('makes participants and routing of plain arguments, and answers when the channel is active', async () => {
    const { center, wire, call } = await agent()
    const { content } = await call('create_interaction', { ...sms, customerName: 'Ana', attributes: { lang: 'fr' } })
    const [task] = await center.workspace.tasks.list()
    expect(content).toEqual({
      interactionSid: json(task?.attributes).flexInteractionSid,
      channelSid: json(task?.attributes).flexInteractionChannelSid,
      channelStatus: 'active',
      conversationSid: json(task?.attributes).conversationSid,
      taskSid: task?.sid,
      assignmentStatus: 'pending',
      taskQueueFriendlyName: 'Billing'
    })
    const [sent] = wire.writes()
    expect(json(sent?.form.Channel)).toEqual({
      type: 'sms',
      initiated_by: 'api',
      participants: [{ address: '+33600000001', proxy_address: ours, type: 'sms' }],
      properties: { type: 'sms', from_name: 'Ana' }
    })
    expect(json(sent?.form.Routing)).toEqual({
      properties: {
        workspace_sid: center.workspaceSid,
        workflow_sid: center.workflow,
        attributes: { customerName: 'Ana', lang: 'fr' }
      }
    })
  })

  it('waits for a channel that is still being set up, as Twilio answers', async () => {
    const { wire, call } = await agent()
    let looks = 0
    wire.on(`GET ${channels}/:uo`, ({ path }) =>
      looks++ < 1 ? { status: 200, body: { sid: path.split('/').at(-1), status: 'setup' } } : undefined
    )
    expect((await call('create_interaction', sms)).content).toMatchObject({ channelStatus: 'active' })
    expect(looks).toBe(2)
  })

  it('adopts a conversation when the customer already wrote', async () => {
    const { center, wire, call } = await agent()
    const conversation = await center.conversation('order-1234')
    const { content } = await call('create_interaction', { channelType: 'sms', conversationSid: 'order-1234' })
    expect(content).toMatchObject({ channelStatus: 'active', conversationSid: conversation })
    expect(json(wire.writes()[0]?.form.Channel)).toEqual({
      type: 'sms',
      initiated_by: 'customer',
      properties: { type: 'sms', media_channel_sid: conversation }
    })
  })

  it('says what is missing', async () => {
    const { call } = await agent()
    expect((await call('create_interaction', { channelType: 'whatsapp' })).error).toMatchObject({
      code: 'missing_argument',
      message: 'whatsapp needs conversationSid (customer already wrote) or customerAddress and businessAddress'
    })
    expect((await call('create_interaction', { ...sms, workerSid: 'amelie' })).error).toMatchObject({
      argument: 'taskQueueSid',
      message: 'initiatedBy agent needs workerSid and taskQueueSid',
      next: expect.stringContaining('workers available now for sms: amelie')
    })
    expect((await call('create_interaction', { channelType: 'voice' })).error).toMatchObject({
      message:
        'voice needs conversationSid (customer already wrote) or customerAddress (whom to call), or attributes.call_sid (a call that waits in a queue)'
    })
  })

  it('does not start a second one with a customer who is in an open conversation', async () => {
    const { center, wire, call } = await agent()
    const conversation = await center.conversation('order-1234', sms.customerAddress)
    expect((await call('create_interaction', sms)).error).toMatchObject({
      code: 50416,
      status: 409,
      argument: 'conversationSid',
      next: expect.stringContaining(`pass conversationSid: ${conversation}`)
    })
    expect(wire.writes()).toEqual([])
  })

  it('is an error when the channel fails, which says what would not', async () => {
    const { center, call } = await agent()
    const conversation = await center.conversation('order-1234')
    await center.world.client.conversations.v1.conversations(conversation).update({ state: 'closed' })
    const { error } = await call('create_interaction', { channelType: 'sms', conversationSid: conversation })
    expect(error).toMatchObject({
      code: 45354,
      message: `Conversation ${conversation} is closed`,
      found: { interactionSid: expect.stringMatching(/^KD/), channelStatus: 'failed' },
      next: "closed is final; start again with create_interaction and the customer's address"
    })
  })
})

it('that is on a desk already is not started again: the error says who has it', async () => {
  const { call, contact } = await onContact()
  const { error } = await call('create_interaction', { channelType: 'sms', conversationSid: 'order-1234' })
  expect(error).toMatchObject({
    code: 45361,
    message: expect.stringContaining(contact.interaction),
    next: expect.stringMatching(/^invite to the contact .* with manage_interaction_participants; or close that first/)
  })
})

describe('the channel of an interaction', () => {
  it.each([
    ['closed, and its task is wrapped up', { action: 'close' }, { Status: 'closed' }, 'wrapping'],
    [
      'closed with its task',
      { action: 'close', routingStatus: 'closed' },
      { Status: 'closed', Routing: '{"status":"closed"}' },
      'completed'
    ],
    [
      'parked, which completes its task',
      { action: 'update', status: 'inactive' },
      { Status: 'inactive', Routing: '{"status":"closed"}' },
      'completed'
    ]
  ])('is %s', async (_how, args, form, status) => {
    const { center, wire, call, contact } = await onContact()
    await call('manage_interaction_channel', { ...args, interactionSid: contact.interaction })
    expect(wire.writes().map((sent) => sent.form)).toEqual([form])
    expect((await center.workspace.tasks(contact.task).fetch()).assignmentStatus).toBe(status)
  })

  it('must be chosen among several, as Twilio may have them', async () => {
    const { wire, call, contact } = await onContact()
    const two = [1, 2].map((number) => ({ sid: `UO${number}`, type: 'sms', status: 'active' }))
    wire.on(`GET ${channels}`, () => ({ status: 200, body: { channels: two, meta: { key: 'channels' } } }))
    const { error } = await call('manage_interaction_channel', { action: 'close', interactionSid: contact.interaction })
    expect(error).toMatchObject({ code: 'missing_argument', argument: 'channelSid' })
  })

  it('is none of a plain task', async () => {
    const { center, call } = await agent()
    const { error } = await call('manage_interaction_channel', { action: 'get', interactionSid: await center.task() })
    expect(error).toMatchObject({
      code: 'bad_value',
      message: 'this task has no flexInteractionSid: it is a plain task'
    })
  })

  it('is final when it is closed', async () => {
    const { call, contact } = await onContact()
    await call('manage_interaction_channel', { action: 'close', interactionSid: contact.interaction })
    const again = { action: 'update', interactionSid: contact.interaction, status: 'inactive' }
    expect((await call('manage_interaction_channel', again)).error).toMatchObject({
      code: 45354,
      next: "closed is final; start again with create_interaction and the customer's address"
    })
  })
})

describe('handing a contact over', () => {
  it('invites with everything the task knew, and then the present agent leaves', async () => {
    const { center, wire, call, contact } = await onContact()
    const { content } = await call('manage_interaction_participants', {
      action: 'transfer',
      interactionSid: contact.interaction,
      taskQueueSid: 'Billing',
      attributes: { note: 'vip' }
    })
    expect(content).toMatchObject({
      invite: { inviteSid: expect.stringMatching(/^KG/), assignmentStatus: 'pending', target: 'Billing' }
    })
    const [invite, leave] = wire.writes()
    const { properties } = json(invite?.form.Routing)
    expect(properties).toMatchObject({
      workspace_sid: center.workspaceSid,
      workflow_sid: center.workflow,
      queue_sid: center.queues.Billing,
      task_channel_unique_name: 'sms'
    })
    const { attributes } = await center.workspace.tasks(content.invite.taskSid).fetch()
    for (const carried of [properties.attributes, json(attributes)])
      expect(carried).toMatchObject({
        customerName: 'Ana',
        conversations: { conversation_id: contact.interaction },
        transferTargetSid: center.queues.Billing,
        transferTargetType: 'queue',
        transferQueueName: 'Billing',
        note: 'vip'
      })
    expect(leave?.form).toEqual({ Status: 'closed' })
    const { content: inside } = await call('manage_interaction_participants', {
      action: 'list',
      interactionSid: contact.interaction
    })
    expect(inside.participants).toMatchObject([{ type: 'customer' }])
  })

  it('to somebody who is away is a warning, warm keeps the agent, and a worker books the own queue', async () => {
    const { center, wire, call, contact } = await onContact()
    const { content } = await call('manage_interaction_participants', {
      action: 'transfer',
      mode: 'warm',
      interactionSid: contact.interaction,
      workerSid: 'bob'
    })
    expect(content.warnings).toEqual([
      'bob is Offline: the task waits until its timeout (86400 s); set timeout, or transfer to a queue'
    ])
    expect(wire.writes()).toHaveLength(1)
    expect(json(wire.writes()[0]?.form.Routing).properties).toMatchObject({
      worker_sid: center.workers.bob,
      queue_sid: center.queues.Support
    })
  })

  it('says that the invite stands when the agent could not leave', async () => {
    const { wire, call, contact } = await onContact()
    wire.on(`POST ${channels}/:uo/Participants/:ut`, () => refusal(400, 45360, 'cannot leave'))
    const { error } = await call('manage_interaction_participants', {
      action: 'transfer',
      interactionSid: contact.interaction,
      taskQueueSid: 'Billing'
    })
    const { content } = await call('manage_interaction_participants', {
      action: 'list',
      interactionSid: contact.interaction
    })
    const [amelie] = content.participants.filter((one: { type: string }) => one.type === 'agent')
    expect(error).toMatchObject({
      code: 45360,
      next: `do not transfer again; finish with action remove, participantSid ${amelie.participantSid}`
    })
    expect(error.message).toMatch(/KG[0-9a-f]{32}/)
  })

  it('asks who leaves when two agents are in, before anybody is invited', async () => {
    const { center, wire, call, contact } = await onContact()
    await center.workspace.workers(center.workers.bob).update({ activitySid: center.activities.Available })
    const here = { interactionSid: contact.interaction }
    const { content } = await call('manage_interaction_participants', { action: 'invite', ...here, workerSid: 'bob' })
    await call('manage_tasks', { action: 'accept', taskSid: content.invite.taskSid })
    const before = wire.writes().length
    const { error } = await call('manage_interaction_participants', {
      action: 'transfer',
      ...here,
      taskQueueSid: 'Billing'
    })
    expect(error).toMatchObject({
      argument: 'participantSid',
      candidates: [expect.stringMatching(/^amelie \(UT/), expect.stringMatching(/^bob \(UT/)]
    })
    expect(wire.writes()).toHaveLength(before)
  })

  it('lists who is in by name, and adds a supervisor by their chat identity', async () => {
    const { center, wire, call, contact } = await onContact()
    const here = { interactionSid: contact.interaction }
    const { content } = await call('manage_interaction_participants', { action: 'list', ...here })
    expect(content.participants).toContainEqual({
      participantSid: expect.stringMatching(/^UT/),
      type: 'agent',
      workerSid: center.workers.amelie,
      workerName: 'amelie',
      taskSid: contact.task,
      reservationSid: contact.reservation
    })
    const supervisor = { participantType: 'supervisor', workerSid: 'amelie' }
    await call('manage_interaction_participants', { action: 'add', ...here, ...supervisor })
    expect(wire.writes()[0]?.form).toEqual({ Type: 'supervisor', MediaProperties: '{"identity":"amelie"}' })
  })
})
