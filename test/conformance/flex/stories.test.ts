import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { expectVerified, type Observed, observed } from '../observed.ts'

/*
 * The checklist of reference flex 26 through the official SDK; the number in front of a test is its row there. (13, a
 * matter of reports, stands in `test/insights/queries.test.ts`.) Then the rest of Flex's operations, as a program meets them.
 */

let world: Observed
let program: Receiver
let workspace: string
let workflow: string
let queue: string
let instance: string
let service: string
const workers: Record<string, string> = {}

const flex = () => world.client.flexApi.v1
const floor = () => world.client.taskrouter.v1.workspaces(workspace)
const conversations = () => world.client.conversations.v1.conversations
const routing = (properties: object = {}) => ({
  properties: { workspace_sid: workspace, workflow_sid: workflow, ...properties }
})
const direct = (name: string) => ({ queue_sid: queue, worker_sid: workers[name] })

beforeAll(async () => {
  world = await observed()
  program = await receiver({ auth_token: world.running.credentials.auth_token })
  const configuration = await flex().configuration().fetch()
  workspace = configuration.taskrouterWorkspaceSid
  workflow = configuration.taskrouterTargetWorkflowSid
  queue = configuration.taskrouterTargetTaskqueueSid
  instance = configuration.flexInstanceSid
  service = configuration.chatServiceInstanceSid
  const available = (await floor().activities.list()).find((one) => one.available)?.sid ?? ''
  for (const name of ['ada', 'bob']) {
    const { sid } = await floor().workers.create({ friendlyName: name, activitySid: available })
    workers[name] = sid
    for (const channel of ['default', 'sms', 'chat'])
      await floor().workers(sid).workerChannels(channel).update({ capacity: 50 })
  }
})
afterAll(async () => {
  await world.close()
  await program.close()
})

interface Task {
  readonly sid: string
  readonly assignment_status: string
  readonly attributes: string
}

let customers = 0
/** A number that nobody has used yet. */
const stranger = () => `+3725550${String(++customers).padStart(4, '0')}`

async function conversationWith(address: string): Promise<string> {
  const { sid } = await conversations().create()
  const pair = { 'messagingBinding.address': address, 'messagingBinding.proxyAddress': '+3726000' }
  await conversations()(sid).participants.create(pair)
  return sid
}

/** An interaction as the SDK sees it. */
class Contact {
  readonly sid: string
  readonly channel_sid: string
  readonly conversation_sid: string
  readonly task: Task

  constructor(sid: string, channel_sid: string, conversation_sid: string, task: Task) {
    this.sid = sid
    this.channel_sid = channel_sid
    this.conversation_sid = conversation_sid
    this.task = task
  }

  /** Goes straight to somebody, who accepts. */
  static async of(name: string | undefined, options: { readonly webhookTtid?: string } = {}): Promise<Contact> {
    const address = stranger()
    const media_channel_sid = await conversationWith(address)
    const made = await flex().interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid } },
      routing: routing({ attributes: { topic: 'order' }, ...(name !== undefined && direct(name)) }),
      ...options
    })
    const { properties: task } = made.routing as { readonly properties: Task }
    const contact = new Contact(made.sid, (made.channel as { sid: string }).sid, media_channel_sid, task)
    if (name !== undefined) await accept(task.sid)
    return contact
  }

  get channel() {
    return flex().interaction(this.sid).channels(this.channel_sid)
  }

  async roster(): Promise<(string | undefined)[]> {
    const rows = await conversations()(this.conversation_sid).participants.list()
    return rows.map(
      ({ identity, messagingBinding }) =>
        identity ?? (messagingBinding as { readonly address?: string } | null)?.address
    )
  }

  async agent(name: string) {
    const members = await this.channel.participants.list()
    const found = members.find(
      ({ routingProperties }) => (routingProperties as { worker_sid?: string } | null)?.worker_sid === workers[name]
    )
    if (!found) throw new Error(`${name} is not there`)
    return found
  }

  async invite(name: string, attributes: object = {}): Promise<Task> {
    return taskOf(await this.channel.invites.create({ routing: routing({ ...direct(name), attributes }) }))
  }

  async state(): Promise<string> {
    return (await conversations()(this.conversation_sid).fetch()).state
  }
}

/** Of an invite. */
function taskOf(invite: { readonly routing: unknown } | undefined): Task {
  const { properties } = (invite?.routing ?? {}) as { readonly properties?: Task } // as reference flex 6 has it
  if (!properties) throw new Error('there is no invite')
  return properties
}

async function accept(task_sid: string): Promise<void> {
  await answer(task_sid, 'accepted')
}

async function answer(task_sid: string, reservationStatus: 'accepted' | 'rejected' | 'completed'): Promise<void> {
  const [reservation] = await floor().tasks(task_sid).reservations.list()
  await floor()
    .tasks(task_sid)
    .reservations(reservation?.sid ?? '')
    .update({ reservationStatus })
}

async function status(task_sid: string): Promise<string> {
  return (await floor().tasks(task_sid).fetch()).assignmentStatus
}

/** What the SDK was refused with. */
async function refused(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (reason: { readonly status: number; readonly code: number }) => reason
  )
  return error === undefined ? 'it was not refused' : `${error.status}/${error.code}`
}

describe('the checklist', () => {
  it('1: a customer’s interaction on an existing conversation has a task with the seven identifiers', async () => {
    const contact = await Contact.of(undefined)
    const attributes = JSON.parse(contact.task.attributes)
    expect(attributes).toMatchObject({
      flexInteractionSid: contact.sid,
      flexInteractionChannelSid: contact.channel_sid,
      flexChannelInviteSid: expect.stringMatching(/^KG/),
      conversationSid: contact.conversation_sid,
      channelType: 'sms',
      initiatedBy: 'customer',
      direction: 'inbound',
      topic: 'order',
      conversations: { conversation_id: contact.sid }
    })
    expect((await flex().interaction(contact.sid).fetch()).routing).toMatchObject({
      properties: { sid: contact.task.sid }
    })
    const channels = await flex().interaction(contact.sid).channels.list()
    expect(channels.map(({ sid, status }) => [sid, status])).toEqual([[contact.channel_sid, 'active']])
  })

  it('2: a closed conversation makes a channel that has failed, with 45354, told, and no task', async () => {
    const sid = await conversationWith(stranger())
    await conversations()(sid).update({ state: 'closed' })
    const webhooks = `/flex-api/v1/Instances/${instance}/InteractionWebhooks`
    const form = { WebhookUrl: `${program.url}/failed`, WebhookEvents: 'onChannelCreateFailed' }
    const { body } = await world.call(webhooks, form)
    const made = await flex().interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: sid } },
      routing: routing()
    })
    const { sid: channel_sid } = made.channel as { readonly sid: string }
    expect(made.routing).toBeNull()
    expect(await flex().interaction(made.sid).channels(channel_sid).fetch()).toMatchObject({
      status: 'failed',
      errorCode: 45354
    })
    await world.pass(0)
    expect(program.to('/failed').map(({ form }) => form)).toMatchObject([
      { EventType: 'onChannelCreateFailed', ErrorCode: '45354', InteractionSid: made.sid }
    ])
    await world.call(`${webhooks}/${body.ttid}`, undefined, { method: 'DELETE' })
  })

  it('3: who accepts is a participant with task, worker and reservation, and in the conversation', async () => {
    const contact = await Contact.of('ada')
    const [reservation] = await floor().tasks(contact.task.sid).reservations.list()
    expect((await contact.agent('ada')).routingProperties).toEqual({
      task_sid: contact.task.sid,
      worker_sid: workers.ada,
      reservation_sid: reservation?.sid
    })
    expect(await contact.roster()).toEqual([expect.stringMatching(/^\+372/), 'ada'])
  })

  it('4: closing a channel wraps the task up, or completes it where that is asked for; the conversation closes', async () => {
    for (const [form, expected] of [
      [{}, 'wrapping'],
      [{ routing: { status: 'closed' } }, 'completed']
    ] as const) {
      const contact = await Contact.of('ada')
      const { status: closed } = await contact.channel.update({ status: 'closed', ...form })
      expect([closed, await status(contact.task.sid), await contact.state()]).toEqual(['closed', expected, 'closed'])
    }
  })

  it('5: inactive needs a routing, completes the tasks, and leaves the conversation open', async () => {
    const contact = await Contact.of('ada')
    expect(await refused(contact.channel.update({ status: 'inactive' }))).toBe('400/20001')
    await contact.channel.update({ status: 'inactive', routing: { status: 'closed' } })
    expect([await status(contact.task.sid), await contact.state()]).toEqual(['completed', 'active'])
  })

  it('6: an invite, then one’s own participant closed: the other stays, with what was sent again', async () => {
    const contact = await Contact.of('ada')
    const task = await contact.invite('bob', { transferTargetType: 'worker' })
    await accept(task.sid)
    await contact.channel.participants((await contact.agent('ada')).sid).update({ status: 'closed' })
    expect(await contact.roster()).toEqual([expect.stringMatching(/^\+372/), 'bob'])
    expect((await contact.channel.fetch()).status).toBe('active')
    const attributes = JSON.parse((await floor().tasks(task.sid).fetch()).attributes)
    expect(attributes).toMatchObject({ transferTargetType: 'worker', flexInteractionSid: contact.sid })
    expect(Object.keys(attributes)).not.toContain('topic')
    expect(await contact.channel.invites.list()).toHaveLength(2)
  })

  it('7: two agents are there at once, and when one leaves the other keeps its task', async () => {
    const contact = await Contact.of('ada')
    const task = await contact.invite('bob')
    await accept(task.sid)
    const { messages } = conversations()(contact.conversation_sid)
    await messages.create({ author: 'ada', body: 'Hello' })
    expect((await contact.roster()).slice(1)).toEqual(['ada', 'bob'])
    await contact.channel.participants((await contact.agent('ada')).sid).update({ status: 'closed' })
    expect([await status(contact.task.sid), await status(task.sid)]).toEqual(['completed', 'assigned'])
  })

  it('8: parked without agents the channel stays active, and an invite resumes it', async () => {
    const contact = await Contact.of('ada')
    await contact.channel.participants((await contact.agent('ada')).sid).update({ status: 'closed' })
    expect((await contact.channel.fetch()).status).toBe('active')
    expect((await contact.channel.participants.list()).map(({ type }) => type)).toEqual(['customer'])
    const task = await contact.invite('ada', JSON.parse(contact.task.attributes))
    await accept(task.sid)
    expect(await contact.roster()).toEqual([expect.stringMatching(/^\+372/), 'ada'])
  })

  it('9: a webhook of an interaction is told of that one alone, a global one of all', async () => {
    const webhooks = `/flex-api/v1/Instances/${instance}/InteractionWebhooks`
    const hook = async (path: string, Type: string) => {
      const form = { WebhookUrl: `${program.url}${path}`, WebhookEvents: 'onInteractionCreated', Type }
      return (await world.call(webhooks, form)).body.ttid
    }
    const webhookTtid = await hook('/own', 'interaction')
    await hook('/all', 'global')
    const named = await Contact.of(undefined, { webhookTtid })
    const other = await Contact.of(undefined)
    expect((await flex().interaction(named.sid).fetch()).webhookTtid).toBe(webhookTtid)
    await world.pass(0)
    const told = (path: string) => program.to(path).map(({ form }) => form.InteractionSid)
    expect(told('/own')).toEqual([named.sid])
    expect(told('/all').sort()).toEqual([named.sid, other.sid].sort())
    const renamed = await flex().interaction(other.sid).update({ webhookTtid })
    expect(renamed.webhookTtid).toBe(webhookTtid)
  })

  it('10: a web chat is answered with two keys, and its guest says that it is one', async () => {
    const address = await world.client.conversations.v1.addressConfigurations.create({
      type: 'chat' as never, // documented, and not among the SDK's types
      address: 'Shop',
      'autoCreation.enabled': true,
      'autoCreation.type': 'default',
      'autoCreation.conversationServiceSid': service
    })
    const form = { AddressSid: address.sid, CustomerFriendlyName: 'Zoe', PreEngagementData: '{"page":"/cart"}' }
    const { status: made, body } = await world.call('/flex-api/v2/WebChats', form)
    expect([made, Object.keys(body)]).toEqual([201, ['conversation_sid', 'identity']])
    const [guest] = await conversations()(body.conversation_sid).participants.list()
    expect(JSON.parse(guest?.attributes ?? '')).toEqual({ member_type: 'guest' })
    const { attributes } = await conversations()(body.conversation_sid).fetch()
    expect(JSON.parse(attributes)).toEqual({ pre_engagement_data: { page: '/cart' }, from: 'Zoe' })
    const named = await world.client.flexApi.v2.webChannels.create({ addressSid: address.sid, identity: 'zoe' })
    expect(named.identity).toBe('zoe')
  })

  it('11: the configuration has read-only properties, replaces lists, and wants its account', async () => {
    const { account_sid } = world.running.credentials
    const { configuration } = flex()
    const change = (body: object) => configuration().update(body)
    expect(await refused(change({ account_sid, flex_service_instance_sid: `IS${'0'.repeat(32)}` }))).toBe('400/45004')
    expect(await refused(change({ ui_language: 'de' }))).toBe('400/20001')
    await change({ account_sid, taskrouter_skills: [{ name: 'fr' }, { name: 'de' }] })
    const changed = await change({ account_sid, taskrouter_skills: [{ name: 'et' }] })
    expect(changed.taskrouterSkills).toEqual([{ name: 'et' }])
  })

  it('12: a flow that makes tasks needs a workspace; the key of the list is flex_flows', async () => {
    const params = { friendlyName: 'Web', chatServiceSid: service, channelType: 'web' } as const
    expect(await refused(flex().flexFlow.create({ ...params, integrationType: 'task' }))).toBe('400/20001')
    const { sid } = await flex().flexFlow.create({
      ...params,
      integrationType: 'external',
      'integration.url': `${program.url}/flow`
    })
    expect((await world.call('/flex-api/v1/FlexFlows')).body.flex_flows).toHaveLength(1)
    expect(await flex().flexFlow(sid).fetch()).toMatchObject({ integration: { retry_count: 3 }, enabled: true })
    expect((await flex().flexFlow(sid).update({ longLived: true })).longLived).toBe(true)
    expect((await flex().flexFlow.list({ friendlyName: 'Web' })).map((row) => row.sid)).toEqual([sid])
    expect(await flex().flexFlow(sid).remove()).toBe(true)
  })
})

/** A transfer whose interaction is over. */
let over: { readonly contact: Contact; readonly transfer_sid: string } | undefined

describe('a transfer', () => {
  it('cold: the other accepts, who transfers leaves, and the transfer is completed', async () => {
    const contact = await Contact.of('ada')
    const from = (await contact.agent('ada')).sid
    const made = await contact.channel.transfers.create({ type: 'cold', from, to: workers.bob, note: 'Wants a refund' })
    expect(made).toMatchObject({ type: 'cold', status: 'active', from, to: workers.bob })
    const { body: notes } = await world.call(`/ringdown/v1/Conversations/${contact.conversation_sid}/Notes`)
    expect(notes.notes).toMatchObject([{ sid: made.noteSid, body: 'Wants a refund', author: 'ada' }])
    const [, second] = await contact.channel.invites.list()
    const { sid } = taskOf(second)
    expect(JSON.parse((await floor().tasks(sid).fetch()).attributes)).toMatchObject({ topic: 'order' })
    await accept(sid)
    expect((await contact.channel.transfers(made.sid).fetch()).status).toBe('completed')
    expect(await contact.roster()).toEqual([expect.stringMatching(/^\+372/), 'bob'])
    expect([await status(contact.task.sid), await status(sid)]).toEqual(['completed', 'assigned'])
    await contact.channel.update({ status: 'closed', routing: { status: 'closed' } })
    over = { contact, transfer_sid: made.sid }
  })

  it('declined or taken back has failed, and who transfers goes on', async () => {
    const contact = await Contact.of('ada')
    const from = (await contact.agent('ada')).sid
    const first = await contact.channel.transfers.create({ transferType: 'no', type: 'warm', from, to: workers.bob })
    const [, second] = await contact.channel.invites.list()
    await answer(taskOf(second).sid, 'rejected')
    expect((await contact.channel.transfers(first.sid).fetch()).status).toBe('failed')
    const next = await contact.channel.transfers.create({ type: 'cold', from, to: queue })
    expect((await contact.channel.transfers(next.sid).update({ status: 'failed' })).status).toBe('failed')
    expect(await refused(contact.channel.transfers(next.sid).update({ status: 'completed' }))).toBe('400/20001')
    expect(await contact.roster()).toEqual([expect.stringMatching(/^\+372/), 'ada'])
    expect(
      await refused(contact.channel.transfers.create({ type: 'cold', from: `UT${'0'.repeat(32)}`, to: queue }))
    ).toBe('400/45367')
    expect(await refused(contact.channel.transfers(`UX${'0'.repeat(32)}`).fetch())).toBe('404/20404')
  })
})

describe('participants of a channel', () => {
  it('are added, and leave', async () => {
    const contact = await Contact.of('ada')
    const supervisor = await contact.channel.participants.create({
      type: 'supervisor',
      mediaProperties: { identity: 'eve' }
    })
    expect(supervisor.routingProperties).toBeNull()
    expect((await contact.roster()).at(-1)).toBe('eve')
    await contact.channel.participants(supervisor.sid).update({ status: 'closed' })
    expect((await contact.roster()).at(-1)).toBe('ada')
  })
})

describe('older channels', () => {
  async function flow(params: object = {}) {
    return flex().flexFlow.create({
      friendlyName: 'Chats',
      chatServiceSid: service,
      channelType: 'web',
      integrationType: 'task',
      'integration.workspaceSid': workspace,
      'integration.workflowSid': workflow,
      ...params
    })
  }

  it('a chat has a user and a task', async () => {
    const { sid: flexFlowSid } = await flow()
    expect(await flex().channel.list()).toEqual([])
    const made = await flex().channel.create({
      flexFlowSid,
      identity: 'zoe',
      chatUserFriendlyName: 'Zoe',
      chatFriendlyName: 'Shop',
      taskAttributes: '{"topic":"order"}'
    })
    expect(made).toMatchObject({
      flexFlowSid,
      sid: expect.stringMatching(/^CH/),
      taskSid: expect.stringMatching(/^WT/)
    })
    const { attributes } = await floor().tasks(made.taskSid).fetch()
    expect(JSON.parse(attributes)).toMatchObject({ topic: 'order', customerName: 'Zoe', channelSid: made.sid })
    expect((await flex().channel(made.sid).fetch()).userSid).toBe(made.userSid)
    expect((await flex().channel.list()).map(({ sid }) => sid)).toEqual([made.sid])
    expect(await refused(flex().webChannel(made.sid).fetch())).toBe('404/20404')
    expect(await flex().channel(made.sid).remove()).toBe(true)
    expect(await refused(conversations()(made.sid).fetch())).toBe('404/20404')
  })

  it('a web chat ends when the customer has gone', async () => {
    const { sid: flexFlowSid } = await flow({ longLived: true })
    const made = await flex().webChannel.create({
      flexFlowSid,
      identity: 'zoe',
      customerFriendlyName: 'Zoe',
      chatFriendlyName: 'Shop',
      chatUniqueName: 'cart-1',
      preEngagementData: '{"page":"/cart"}'
    })
    expect((await flex().webChannel(made.sid).fetch()).flexFlowSid).toBe(flexFlowSid)
    expect((await flex().webChannel.list()).map(({ sid }) => sid)).toEqual([made.sid])
    const ended = await flex()
      .webChannel(made.sid)
      .update({ chatStatus: 'inactive', postEngagementData: '{"stars":5}' })
    expect(ended.sid).toBe(made.sid)
    const conversation = await conversations()(made.sid).fetch()
    expect(conversation.state).toBe('closed')
    expect(JSON.parse(conversation.attributes)).toMatchObject({
      status: 'INACTIVE',
      post_engagement_data: { stars: 5 }
    })
    await world.pass(3600)
    expect((await flex().webChannel.list()).map(({ sid }) => sid)).toEqual([made.sid])
    expect(await flex().webChannel(made.sid).remove()).toBe(true)
    expect(await flex().webChannel.list()).toEqual([])
  })

  it('a program is POSTed what customers write, again as often as its flow says', async () => {
    const { sid: flexFlowSid } = await flow({
      integrationType: 'external',
      'integration.url': `${program.url}/flow`,
      'integration.retryCount': 2
    })
    const { sid } = await flex().channel.create({
      flexFlowSid,
      identity: 'yan',
      chatUserFriendlyName: 'Yan',
      chatFriendlyName: 'Shop'
    })
    program.answer('/flow', { status: 500 })
    await conversations()(sid).messages.create({ author: 'yan', body: 'Hello?', xTwilioWebhookEnabled: 'true' })
    for (let second = 0; second < 20; second++) await world.pass(1)
    const told = program.to('/flow').map(({ form }) => form)
    expect(told).toHaveLength(3)
    expect(told[0]).toMatchObject({ EventType: 'onMessageAdded', ConversationSid: sid, Body: 'Hello?' })
  })
})

it('what is over is still answered an hour later', async () => {
  await world.pass(3600)
  const channel = over?.contact.channel
  expect((await channel?.transfers(over?.transfer_sid ?? '').fetch())?.status).toBe('completed')
  expect((await channel?.fetch())?.status).toBe('closed')
})

it('the account is provisioned', async () => {
  expect((await flex().provisioningStatus().fetch()).status).toBe('active')
})

it('holds what docs/parity.md says of it', () => expectVerified('test/conformance/flex/stories.test.ts', world))
