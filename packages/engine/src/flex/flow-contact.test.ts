import { describe, expect, it } from 'vitest'
import { readsOf } from '../commands.ts'
import { render } from '../events.ts'
import type { Settings } from '../settings.ts'
import { FlexFloor } from '../testing/flex-floor.ts'
import type { FlexFlowParams } from './flex-flow.ts'

const ours = '+3726000'
const customer = '+37255500001'

/** A floor whose customers write to a number that a flow answers for. */
class FlowFloor extends FlexFloor {
  flow(params: FlexFlowParams = {}) {
    const { chat_service_instance_sid } = this.state.get('flex_configuration', this.state.account_sid)
    return this.do({
      type: 'flex_flow.create',
      friendly_name: 'Numbers',
      chat_service_sid: chat_service_instance_sid,
      channel_type: 'sms',
      contact_identity: ours,
      integration_type: 'task',
      integration_workspace_sid: this.workspace_sid,
      integration_workflow_sid: this.workflow('Anyone').sid,
      integration_channel: 'sms',
      integration_priority: 7,
      integration_timeout: 600,
      ...params
    }).flex_flow
  }

  write(body: string, from = customer) {
    return this.do({ type: 'conversation.receive', from, to: ours, body })
  }

  get channels() {
    return this.state.tables.interaction_channel.all()
  }

  get tasks() {
    return this.state.tables.task.all()
  }

  /** What happens to the only reservation of the newest task. */
  answer(reservation_status: string): void {
    const task_sid = this.tasks.at(-1)?.sid ?? ''
    const { sid, workspace_sid } = [...this.state.tables.reservation.by('task_sid', task_sid)].at(-1) ?? {}
    this.do({
      type: 'reservation.update',
      workspace_sid: workspace_sid ?? '',
      task_sid,
      sid: sid ?? '',
      reservation_status
    })
  }
}

function floorWithBea(params: FlexFlowParams = {}, settings: Partial<Omit<Settings, 'limits'>> = {}) {
  const floor = new FlowFloor(settings)
  floor.agent('Bea')
  return { floor, flow: floor.flow(params) }
}

describe('a flow with an identity', () => {
  it.each<readonly [string, FlexFlowParams, object]>([
    [
      'task',
      {},
      {
        type: 'sms',
        address: ours,
        auto_creation_type: 'default',
        auto_creation_enabled: true,
        friendly_name: 'Numbers'
      }
    ],
    [
      'external',
      { integration_type: 'external', integration_url: 'https://acme.example/in' },
      {
        auto_creation_type: 'webhook',
        auto_creation_webhook_url: 'https://acme.example/in',
        auto_creation_webhook_filters: ['onMessageAdded']
      }
    ],
    [
      'studio',
      { integration_type: 'studio', integration_flow_sid: `FW${'0'.repeat(32)}`, integration_retry_count: 1 },
      {
        auto_creation_type: 'studio',
        auto_creation_studio_flow_sid: `FW${'0'.repeat(32)}`,
        auto_creation_studio_retry_count: 1
      }
    ],
    [
      'task on WhatsApp',
      { channel_type: 'whatsapp', contact_identity: ours },
      { type: 'whatsapp', address: `whatsapp:${ours}` }
    ],
    ['task on Facebook', { channel_type: 'facebook', contact_identity: 'acme' }, { type: 'messenger' }],
    ['task on the web', { channel_type: 'web', contact_identity: 'Shop' }, { type: 'chat', address: 'Shop' }]
  ])('has an address configuration of its own: %s', (_, params, expected) => {
    const { floor, flow } = floorWithBea(params)
    const [address, ...others] = floor.state.tables.configuration_address.all()
    expect(others).toEqual([])
    expect(address).toMatchObject({ sid: flow.address_configuration_sid, ...expected })
  })

  it('takes it along: its address, whether it is enabled, and its end', () => {
    const { floor, flow } = floorWithBea()
    const { sid } = flow
    const addresses = () => floor.state.tables.configuration_address.all()
    floor.do({ type: 'flex_flow.update', sid, enabled: false })
    expect(addresses()).toMatchObject([{ sid: flow.address_configuration_sid, auto_creation_enabled: false }])
    floor.do({ type: 'flex_flow.update', sid, enabled: true, contact_identity: '+3726001' })
    expect(addresses()).toMatchObject([{ address: '+3726001', auto_creation_enabled: true }])
    floor.do({ type: 'flex_flow.delete', sid })
    expect(addresses()).toEqual([])
  })

  it.each<readonly [string, FlexFlowParams]>([
    ['no identity', { contact_identity: '' }],
    ['a channel that conversations do not have', { channel_type: 'line', contact_identity: 'acme' }],
    ['a flow that is not enabled', { enabled: false }]
  ])('has none with %s', (_, params) => {
    const { floor, flow } = floorWithBea(params)
    expect(flow.address_configuration_sid).toBeNull()
    expect(floor.state.tables.configuration_address.size).toBe(0)
  })

  it('is refused where the address is configured already, or is none', () => {
    const floor = new FlowFloor()
    floor.do({ type: 'configuration_address.create', address_type: 'sms', address: ours })
    expect(floor.refusal(() => floor.flow())).toMatch(/^409\/20409 Address \+3726000 is configured already/)
    expect(floor.refusal(() => floor.flow({ contact_identity: 'not a number at all' }))).toMatch(
      /^400\/20001 ContactIdentity 'not a number at all' is no sms address/
    )
  })
})

describe('a customer who writes to a flow that makes tasks', () => {
  it('gets an interaction with the first message, as the flow wants it', () => {
    const { floor, flow } = floorWithBea()
    const { conversation } = floor.write('Hello?')
    expect(floor.channels).toMatchObject([
      {
        type: 'sms',
        status: 'active',
        initiated_by: 'customer',
        media_channel_sid: conversation?.sid,
        customer_address: customer,
        flex_flow_sid: flow.sid
      }
    ])
    expect(floor.tasks).toMatchObject([{ priority: 7, timeout: 600, workflow_sid: floor.workflow('Anyone').sid }])
    const attributes = JSON.parse(floor.tasks[0]?.attributes ?? '')
    expect(attributes).toMatchObject({ channelSid: conversation?.sid, customerAddress: customer, channelType: 'sms' })
    floor.write('Anybody?')
    floor.answer('accepted')
    floor.write('There you are')
    expect([floor.channels.length, floor.tasks.length]).toEqual([1, 1])
  })

  it('gets a new one, in a new conversation, when the task has ended', () => {
    const { floor } = floorWithBea({}, { close_on_last_wrapup: false })
    const { conversation } = floor.write('Hello?')
    floor.answer('accepted')
    floor.answer('completed')
    expect(floor.state.find('conversation', conversation?.sid)?.state).toBe('closed')
    const next = floor.write('One more thing')
    expect(next.conversation?.sid).not.toBe(conversation?.sid)
    expect(floor.channels.map(({ status }) => status)).toEqual(['closed', 'active'])
  })

  it('stays in the conversation when the flow is long-lived', () => {
    const { floor } = floorWithBea({ long_lived: true })
    const { conversation } = floor.write('Hello?')
    floor.answer('accepted')
    floor.answer('wrapping')
    expect(floor.channels).toMatchObject([{ status: 'closed' }])
    expect(floor.state.get('conversation', conversation?.sid ?? '').state).toBe('active')
    const next = floor.write('One more thing')
    expect(next.conversation?.sid).toBe(conversation?.sid)
    expect(floor.channels.map(({ status }) => status)).toEqual(['closed', 'active'])
    expect(floor.tasks.map(({ assignment_status }) => assignment_status)).toEqual(['wrapping', 'reserved'])
  })

  it('gets another one when the first was parked without tasks', () => {
    const { floor } = floorWithBea()
    floor.write('Hello?')
    floor.answer('accepted')
    const { sid, interaction_sid } = floor.channels[0] ?? { sid: '', interaction_sid: '' }
    const routing = { status: 'closed' }
    floor.do({ type: 'interaction_channel.update', interaction_sid, sid, status: 'inactive', routing })
    floor.write('Still there?')
    expect(floor.channels.map(({ status }) => status)).toEqual(['inactive', 'active'])
  })

  it('is heard only as a customer: nobody else’s message makes a task', () => {
    const { floor } = floorWithBea({ long_lived: true })
    const { conversation } = floor.write('Hello?')
    floor.answer('accepted')
    floor.answer('completed')
    const conversation_sid = conversation?.sid ?? ''
    floor.do({ type: 'participant.create', conversation_sid, identity: 'bot' })
    floor.do({ type: 'message.create', conversation_sid, author: 'bot', body: 'We will write to you' })
    floor.do({ type: 'message.create', conversation_sid, body: 'System' })
    expect(floor.channels).toHaveLength(1)
  })

  it('is kept, and nothing else happens, when the flow is not enabled or gone', () => {
    const { floor, flow } = floorWithBea({ long_lived: true })
    floor.write('Hello?')
    floor.answer('accepted')
    floor.answer('completed')
    floor.do({ type: 'flex_flow.update', sid: flow.sid, enabled: false })
    expect(floor.write('Hello again?').message).toBeDefined()
    floor.do({ type: 'flex_flow.delete', sid: flow.sid })
    expect(floor.write('And again?').message).toBeDefined()
    expect(floor.channels).toHaveLength(1)
  })
})

describe('what the flow names may be wrong by now', () => {
  it('a task that no filter takes is canceled, and the message stands', () => {
    const floor = new FlowFloor()
    floor.agent('Bea')
    const filters = [{ expression: "topic == 'order'", targets: [{ queue: 'Everyone' }] }]
    const workflow = floor.addWorkflow('Orders', { filters })
    floor.flow({ integration_workflow_sid: workflow.sid })
    expect(floor.write('Hello?').message?.body).toBe('Hello?')
    expect(floor.tasks).toMatchObject([{ assignment_status: 'canceled' }])
    expect(floor.channels).toMatchObject([{ status: 'active' }])
  })

  it('a workflow that is gone is told, and the message stands', () => {
    const floor = new FlowFloor()
    const workflow = floor.addWorkflow('Old', { filters: [], default_filter: { queue: 'Everyone' } })
    const flow = floor.flow({ integration_workflow_sid: workflow.sid })
    floor.do({ type: 'workflow.delete', workspace_sid: floor.workspace_sid, sid: workflow.sid })
    expect(floor.write('Hello?').message?.body).toBe('Hello?')
    expect(floor.channels).toEqual([])
    const [told] = floor.events('ringdown.warning').map(render)
    expect(told).toMatchObject({
      resource_type: 'flex-flow',
      resource_sid: flow.sid,
      description: expect.stringContaining(`Workflow ${workflow.sid} does not exist`)
    })
  })
})

describe('a task that is deleted by hand', () => {
  it.each([
    [true, 'closed'],
    [false, 'active']
  ])('with JanitorEnabled %s leaves a conversation that is %s', (janitor_enabled, expected) => {
    const { floor } = floorWithBea({ janitor_enabled })
    const { conversation } = floor.write('Hello?')
    floor.do({ type: 'task.delete', workspace_sid: floor.workspace_sid, sid: floor.tasks[0]?.sid ?? '' })
    const left = floor.state.get('conversation', conversation?.sid ?? '')
    expect(left.state).toBe(expected)
    expect(JSON.parse(left.attributes).status).toBe(janitor_enabled ? 'INACTIVE' : undefined)
    expect(floor.channels[0]?.status).toBe(expected)
  })

  it.each([
    [true, 'closed'],
    [false, 'active']
  ])('while an agent has it, with JanitorEnabled %s, leaves what is long-lived %s', (janitor_enabled, expected) => {
    const { floor } = floorWithBea({ janitor_enabled, long_lived: true })
    const { conversation } = floor.write('Hello?')
    floor.answer('accepted')
    floor.do({ type: 'task.delete', workspace_sid: floor.workspace_sid, sid: floor.tasks[0]?.sid ?? '' })
    expect(floor.state.get('conversation', conversation?.sid ?? '').state).toBe(expected)
  })

  it('leaves the contact to another agent who has it', () => {
    const { floor } = floorWithBea({ janitor_enabled: true })
    floor.write('Hello?')
    floor.answer('accepted')
    floor.agent('Cy')
    const { sid: channel_sid, interaction_sid } = floor.channels[0] ?? { sid: '', interaction_sid: '' }
    const routing = { properties: { workspace_sid: floor.workspace_sid, workflow_sid: floor.workflow('Anyone').sid } }
    floor.do({ type: 'invite.create', interaction_sid, channel_sid, routing })
    floor.answer('accepted')
    floor.do({ type: 'task.delete', workspace_sid: floor.workspace_sid, sid: floor.tasks[0]?.sid ?? '' })
    expect(floor.channels[0]?.status).toBe('active')
  })
})

describe('a chat that a program begins by a flow', () => {
  const chat = (floor: FlowFloor, flow_sid: string, params: object = {}) =>
    floor.do({
      type: 'flex_chat_channel.create',
      flex_flow_sid: flow_sid,
      identity: 'zoe',
      chat_user_friendly_name: 'Zoe',
      chat_friendly_name: 'Shop chat',
      ...params
    }).flex_chat_channel
  const say = (floor: FlowFloor, conversation_sid: string, author: string) =>
    floor.do({ type: 'message.create', conversation_sid, author, body: 'Hello?' })

  it('has a conversation with the customer, and a task at once', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '' })
    const made = chat(floor, flow.sid, {
      pre_engagement_data: '{"page":"/cart", "n":1.0}',
      task_attributes: '{"topic":"order"}'
    })
    expect(made).toMatchObject({
      task_sid: floor.tasks[0]?.sid,
      status: 'active',
      user_sid: expect.stringMatching(/^US/)
    })
    const conversation = floor.state.get('conversation', made.sid)
    expect(conversation.friendly_name).toBe('Shop chat')
    expect(conversation.attributes).toContain('"pre_engagement_data":{"page":"/cart", "n":1.0}')
    expect([...floor.state.tables.participant.by('conversation_sid', made.sid)]).toMatchObject([
      { identity: 'zoe', attributes: '{"member_type":"guest"}' }
    ])
    expect(floor.state.get('user', made.user_sid).friendly_name).toBe('Zoe')
    expect(JSON.parse(floor.tasks[0]?.attributes ?? '')).toMatchObject({
      topic: 'order',
      customerName: 'Zoe',
      channelType: 'web'
    })
    expect(floor.channels).toMatchObject([{ type: 'web', initiated_by: 'customer' }])
  })

  it('to a number has its task at once, or once the customer answers', () => {
    for (const integration_creation_on_message of [false, true]) {
      const { floor, flow } = floorWithBea({ integration_creation_on_message })
      const made = chat(floor, flow.sid, { target: customer })
      expect(floor.tasks).toHaveLength(integration_creation_on_message ? 0 : 1)
      const answered = floor.write('Yes?')
      expect(answered.conversation?.sid).toBe(made.sid)
      expect(floor.tasks).toHaveLength(1)
      expect(floor.state.get('flex_chat_channel', made.sid).task_sid).toBe(floor.tasks[0]?.sid)
    }
  })

  it('takes over a task that is there, with the agent who has it', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '' })
    floor.addTask('callback', { attributes: { topic: 'call' } })
    const task_sid = floor.tasks[0]?.sid ?? ''
    floor.answer('accepted')
    const wish = {
      type: 'flex_chat_channel.create',
      flex_flow_sid: flow.sid,
      identity: 'zoe',
      chat_user_friendly_name: 'Zoe',
      chat_friendly_name: 'Shop chat',
      task_sid
    } as const
    expect(readsOf(wish, floor.state).map(({ where }) => where.identity)).toEqual(['zoe', 'Bea'])
    const made = chat(floor, flow.sid, { task_sid })
    expect(made.task_sid).toBe(task_sid)
    expect(JSON.parse(floor.tasks[0]?.attributes ?? '')).toMatchObject({ topic: 'call', conversationSid: made.sid })
    const roster = [...floor.state.tables.participant.by('conversation_sid', made.sid)]
    expect(roster.map(({ identity }) => identity)).toEqual(['zoe', 'Bea'])
    expect(floor.refusal(() => chat(floor, flow.sid, { identity: 'yan', task_sid }))).toMatch(/^409\/20409 Task WT/)
  })

  it('is the same one for a customer who comes back, where it is long-lived', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '' })
    const first = chat(floor, flow.sid, { long_lived: true })
    expect(chat(floor, flow.sid, { long_lived: true }).sid).toBe(first.sid)
    expect(chat(floor, flow.sid, { identity: 'yan', long_lived: true }).sid).not.toBe(first.sid)
    expect(chat(floor, flow.sid).sid).not.toBe(first.sid)
    floor.do({ type: 'conversation.update', sid: first.sid, state: 'closed' })
    expect(chat(floor, flow.sid, { long_lived: true }).sid).not.toBe(first.sid)
  })

  it('of a flow that is long-lived outlives its task', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '', long_lived: true })
    const { sid } = chat(floor, flow.sid)
    floor.answer('accepted')
    floor.answer('completed')
    expect(floor.channels).toMatchObject([{ status: 'closed' }])
    say(floor, sid, 'zoe')
    expect(floor.channels.map(({ status }) => status)).toEqual(['closed', 'active'])
    expect(floor.state.get('flex_chat_channel', sid).task_sid).toBe(floor.tasks.at(-1)?.sid)
  })

  it.each<readonly [string, FlexFlowParams, object]>([
    [
      'external',
      { integration_type: 'external', integration_url: 'https://acme.example/in' },
      { target: 'webhook', configuration_url: 'https://acme.example/in', configuration_filters: ['onMessageAdded'] }
    ],
    [
      'studio',
      { integration_type: 'studio', integration_flow_sid: `FW${'0'.repeat(32)}` },
      { target: 'studio', configuration_flow_sid: `FW${'0'.repeat(32)}` }
    ]
  ])('by a flow of integration %s is told to whom the flow names, and no task is made', (_, params, expected) => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '', ...params })
    const { sid } = chat(floor, flow.sid)
    expect([...floor.state.tables.conversation_scoped_webhook.by('conversation_sid', sid)]).toMatchObject([expected])
    say(floor, sid, 'zoe')
    expect(floor.tasks).toEqual([])
  })

  it('ends with ChatStatus inactive, and with its conversation', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: '' })
    const { flex_chat_channel } = floor.do({
      type: 'web_channel.create',
      flex_flow_sid: flow.sid,
      identity: 'zoe',
      customer_friendly_name: 'Zoe',
      chat_friendly_name: 'Shop chat'
    })
    const { sid } = flex_chat_channel
    floor.answer('accepted')
    floor.do({ type: 'web_channel.update', sid, post_engagement_data: '{"stars":5}' })
    expect(floor.state.get('flex_chat_channel', sid).status).toBe('active')
    const ended = floor.do({ type: 'web_channel.update', sid, chat_status: 'inactive' }).flex_chat_channel
    expect(ended.status).toBe('closed')
    const conversation = floor.state.get('conversation', sid)
    expect(conversation.state).toBe('closed')
    expect(JSON.parse(conversation.attributes)).toMatchObject({
      status: 'INACTIVE',
      post_engagement_data: { stars: 5 }
    })
    expect(floor.tasks).toMatchObject([{ assignment_status: 'wrapping' }])
    floor.do({ type: 'web_channel.delete', sid })
    expect([floor.state.find('conversation', sid), floor.state.tables.flex_chat_channel.size]).toEqual([undefined, 0])
  })

  it.each<readonly [string, FlexFlowParams, object, RegExp]>([
    ['a flow that is not there', {}, { flex_flow_sid: `FO${'0'.repeat(32)}` }, /^400\/20001 .* does not exist/],
    ['a flow that is not enabled', { enabled: false }, {}, /^400\/20001 FlexFlow FO\w+ is not enabled/],
    ['no identity', {}, { identity: ' ' }, /^400\/20001 Identity must not be empty/],
    ['data that are no JSON', {}, { pre_engagement_data: '{' }, /^400\/20001 PreEngagementData is not valid JSON/],
    ['a task of nobody', {}, { task_sid: `WT${'0'.repeat(32)}` }, /^400\/20001 .* TaskSid/],
    [
      'a task for a flow without tasks',
      { integration_type: 'external', integration_url: 'https://acme.example' },
      { task_sid: `WT${'0'.repeat(32)}` },
      /^400\/20001 TaskSid is valid only/
    ],
    ['no number to write from', { contact_identity: '' }, { target: customer }, /^400\/20001 Target: FlexFlow/],
    ['a target that is no number', {}, { target: 'Zoe' }, /^400\/45367/]
  ])('is refused for %s', (_, flowParams, params, refusal) => {
    const { floor, flow } = floorWithBea(flowParams)
    expect(floor.refusal(() => chat(floor, flow.sid, params))).toMatch(refusal)
  })
})

describe('a web chat', () => {
  it('has a guest, and the flow of its address makes a task once the guest writes', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: 'Shop' })
    const { conversation, participant } = floor.do({
      type: 'web_chat.create',
      address_sid: flow.address_configuration_sid ?? '',
      customer_friendly_name: 'Zoe',
      chat_friendly_name: 'Cart',
      pre_engagement_data: '{"page":"/cart"}'
    })
    expect(conversation).toMatchObject({ friendly_name: 'Cart', state: 'active' })
    expect(JSON.parse(conversation.attributes)).toEqual({ pre_engagement_data: { page: '/cart' }, from: 'Zoe' })
    expect(participant).toMatchObject({
      identity: expect.stringMatching(/^[0-9a-f]{32}$/),
      attributes: '{"member_type":"guest"}'
    })
    expect(floor.tasks).toEqual([])
    const author = participant.identity ?? ''
    floor.do({ type: 'message.create', conversation_sid: conversation.sid, author, body: 'Hello?' })
    expect(floor.channels).toMatchObject([{ type: 'web', customer_name: 'Zoe', customer_address: author }])
  })

  it('is refused at an address that is none of chats, or not enabled', () => {
    const { floor, flow } = floorWithBea({ channel_type: 'web', contact_identity: 'Shop' })
    const address_sid = flow.address_configuration_sid ?? ''
    const { sid } = floor.do({
      type: 'configuration_address.create',
      address_type: 'sms',
      address: ours
    }).configuration_address
    for (const other of [sid, `IG${'0'.repeat(32)}`])
      expect(floor.refusal(() => floor.do({ type: 'web_chat.create', address_sid: other }))).toMatch(
        /^400\/20001 .* is no address of type chat/
      )
    floor.do({ type: 'flex_flow.update', sid: flow.sid, enabled: false })
    expect(floor.refusal(() => floor.do({ type: 'web_chat.create', address_sid }))).toMatch(
      /^400\/20001 .* not enabled/
    )
  })
})
