import { describe, expect, it } from 'vitest'
import type { CommandOf } from '../commands.ts'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import type { Inbound } from './inbound.ts'

const customer = '+37255500001'
const ours = '+3726000'
const pair = { messaging_binding_address: customer, messaging_binding_proxy_address: ours } as const

function write(world: World, body: string, inbound: Partial<Inbound> = {}) {
  const { conversation, message } = world.do({
    type: 'conversation.receive',
    from: customer,
    to: ours,
    body,
    ...inbound
  })
  if (!conversation || !message) throw new Error('nothing has taken it')
  return { conversation, message }
}

function configure(world: World, params: Partial<CommandOf<'configuration_address.create'>> = {}) {
  return world.do({
    address_type: 'sms',
    address: ours,
    auto_creation_enabled: true,
    ...params,
    type: 'configuration_address.create'
  }).configuration_address
}

function opened(world: World, params: object = {}) {
  const { sid } = world.do({ type: 'conversation.create', ...params }).conversation
  const { participant } = world.do({ type: 'participant.create', conversation_sid: sid, ...pair })
  return { sid, participant }
}

const rendered = (world: World) => world.events().map((event) => render(event))

describe('a message from outside', () => {
  it('goes to the open conversation that holds its pair, as its customer, and webhooks hear of it', () => {
    const world = new World()
    const { sid, participant } = opened(world)
    const { conversation, message } = write(world, 'Where is it?')
    expect(conversation).toMatchObject({ sid, next_index: 1, address_configuration_sid: null })
    expect(message).toMatchObject({ author: customer, participant_sid: participant.sid, index: 0, source: 'SMS' })
    expect(rendered(world).at(-1)?.data).toMatchObject({ body: 'Where is it?', source: 'SMS', webhook_enabled: false })
  })

  it('is the same whatever marks stand between the digits', () => {
    const world = new World()
    const { sid } = opened(world)
    expect(write(world, 'Hello', { from: '+372 555-00001', to: ' 3726000' }).conversation.sid).toBe(sid)
  })

  it('wakes an inactive conversation and restarts its timers', () => {
    const world = new World()
    const { sid } = opened(world, { timers_inactive: 'PT1M' })
    world.pass('2 min')
    expect(world.state.get('conversation', sid).state).toBe('inactive')
    const { conversation } = write(world, 'Still there?')
    expect(conversation).toMatchObject({ state: 'active', date_inactive: world.at + 60_000 })
    expect(rendered(world).at(-2)).toMatchObject({
      type: 'conversation.state.updated',
      data: { reason: 'EVENT', state_from: 'inactive', state_to: 'active' }
    })
  })

  it('never goes to a closed conversation: the next one is made', () => {
    const world = new World()
    configure(world)
    const first = write(world, 'One')
    world.do({ type: 'conversation.update', sid: first.conversation.sid, state: 'closed' })
    const second = write(world, 'Two')
    expect(second.conversation.sid).not.toBe(first.conversation.sid)
    expect(second.message.index).toBe(0)
    expect(write(world, 'Three').conversation.sid).toBe(second.conversation.sid)
  })

  it('is nobody`s here without a conversation and a configuration that is on', () => {
    const world = new World()
    const nobody = () => world.do({ type: 'conversation.receive', from: customer, to: ours, body: 'Hello?' })
    expect(nobody()).toEqual({})
    configure(world, { auto_creation_enabled: false })
    expect(nobody()).toEqual({})
    expect(world.state.tables.conversation.size).toBe(0)
  })

  it.each([
    ['a name', 'BANK', ours],
    ['a short code', '12345', ours],
    ['itself', ours, ours],
    ['another channel', 'whatsapp:+37255500001', ours.replace('+', 'messenger:')]
  ])('from %s is nobody`s, for nobody could answer', (_, from, to) => {
    const world = new World()
    configure(world)
    expect(world.do({ type: 'conversation.receive', from, to, body: 'Hello' })).toEqual({})
  })

  it('that is too long is taken as far as it goes, to a whole character', () => {
    const world = new World()
    configure(world)
    const { message, conversation } = write(world, `${'x'.repeat(32_767)}😀`, { profile_name: `${'y'.repeat(255)}😀` })
    expect(message.body).toBe('x'.repeat(32_767))
    const [participant] = world.state.tables.participant.by('conversation_sid', conversation.sid)
    expect(participant?.attributes).toBe(`{"profile_name":"${'y'.repeat(255)}"}`)
  })

  it('may say nothing, and may bring attributes', () => {
    const world = new World()
    configure(world)
    expect(write(world, '', { attributes: '{ "a": 1 }' }).message).toMatchObject({ body: '', attributes: '{ "a": 1 }' })
  })
})

describe('a conversation that a first message makes', () => {
  it('has the default timers, the customer`s address as its name, and the message as its first', () => {
    const world = new World()
    world.do({ type: 'conversation_configuration.update', default_inactive_timer: 'PT5M', default_closed_timer: 'P1D' })
    const { sid } = configure(world)
    const { conversation, message } = write(world, 'Hello', { profile_name: 'Ana' })
    expect(conversation).toMatchObject({
      friendly_name: customer,
      created_by: 'system',
      state: 'active',
      address_configuration_sid: sid,
      date_inactive: world.at + 300_000,
      date_closed: world.at + 86_400_000
    })
    const [participant] = world.state.tables.participant.by('conversation_sid', conversation.sid)
    expect(participant).toMatchObject({
      address: customer,
      proxy_address: ours,
      binding_type: 'sms',
      attributes: '{"profile_name":"Ana"}'
    })
    expect(message).toMatchObject({ index: 0, participant_sid: participant?.sid })
  })

  it('is told of in its order, and its webhook is there before anybody is in it', () => {
    const world = new World()
    configure(world, {
      auto_creation_type: 'webhook',
      auto_creation_webhook_url: 'https://bot.test/first',
      auto_creation_webhook_method: 'get',
      auto_creation_webhook_filters: ['onParticipantAdded', 'onMessageAdded']
    })
    const { conversation } = write(world, 'Hello')
    expect(
      rendered(world)
        .slice(-4)
        .map(({ type, data }) => [type, data.source])
    ).toEqual([
      ['conversation.added', 'SMS'],
      ['ringdown.conversation-webhook.added', undefined],
      ['participant.added', 'SMS'],
      ['message.added', 'SMS']
    ])
    expect(rendered(world).at(-4)?.data).toMatchObject({
      messaging_binding_address: customer,
      messaging_binding_proxy_address: ours,
      message_body: 'Hello'
    })
    const [webhook] = world.state.tables.conversation_scoped_webhook.by('conversation_sid', conversation.sid)
    expect(webhook).toMatchObject({
      target: 'webhook',
      configuration_url: 'https://bot.test/first',
      configuration_method: 'GET',
      configuration_filters: ['onParticipantAdded', 'onMessageAdded'],
      since_event: rendered(world).at(-3)?.seq
    })
  })

  it('has a webhook of its Studio flow, or none', () => {
    const world = new World()
    const flow = `FW${'1'.repeat(32)}`
    configure(world, { auto_creation_type: 'studio', auto_creation_studio_flow_sid: flow })
    const other = '+3726001'
    configure(world, { address: other })
    const webhooksOf = (sid: string) => [...world.state.tables.conversation_scoped_webhook.by('conversation_sid', sid)]
    const { conversation } = write(world, 'Hello')
    expect(webhooksOf(conversation.sid)).toMatchObject([{ target: 'studio', configuration_flow_sid: flow }])
    expect(webhooksOf(write(world, 'Hello', { to: other }).conversation.sid)).toEqual([])
  })

  it('is made in the service that the configuration names, and in the default one when that is gone', () => {
    const world = new World()
    const { chat_service } = world.do({ type: 'chat_service.create', friendly_name: 'Shop' })
    configure(world, { auto_creation_conversation_service_sid: chat_service.sid })
    const first = write(world, 'Hello').conversation
    expect(first.chat_service_sid).toBe(chat_service.sid)
    world.do({ type: 'chat_service.delete', sid: chat_service.sid })
    const { default_chat_service_sid } = world.do({ type: 'conversations.setup' }).conversation_configuration
    expect(write(world, 'Hello').conversation.chat_service_sid).toBe(default_chat_service_sid)
  })

  it.each([
    ['whatsapp', 'whatsapp:+37255500001', 'whatsapp:+3726000', '+372 6000', 'whatsapp'],
    ['messenger', 'messenger:4711', 'messenger:shop', 'shop', 'messenger'],
    ['email', 'ana@x.test', 'help@acme.test', 'help@acme.test', 'email'],
    ['sms', customer, '81000', '81000', 'SMS']
  ])('may come by %s', (address_type, from, to, address, source) => {
    const world = new World()
    expect(configure(world, { address_type, address }).address).toBe(to)
    expect(write(world, 'Hello', { from, to }).message).toMatchObject({ author: from, source })
  })
})

describe('the configuration of an address', () => {
  it('is one for each address, in whatever form it was written', () => {
    const world = new World()
    const { sid } = configure(world, { address: '+372 60 00' })
    expect(world.refusal(() => configure(world))).toBe(`409/20409 Address ${ours} is configured already, in ${sid}`)
    expect(configure(world, { address_type: 'WhatsApp' }).address).toBe(`whatsapp:${ours}`)
  })

  it('is found by its SID or its address, and says no more after it is deleted', () => {
    const world = new World()
    const { sid } = configure(world)
    const update = (name: string, params: object) =>
      world.do({ type: 'configuration_address.update', sid: name, ...params }).configuration_address
    expect(update(ours, { friendly_name: 'Shop' })).toMatchObject({ sid, friendly_name: 'Shop' })
    expect(update('+372-6000', { auto_creation_enabled: false })).toMatchObject({ friendly_name: 'Shop' })
    world.do({ type: 'configuration_address.delete', sid: ours })
    expect(world.refusal(() => update(sid, {}))).toContain(
      `404/20404 The requested resource /Configuration/Addresses/${sid}`
    )
  })

  it.each([
    [{ address: 'nobody', address_type: 'whatsapp' }, /Address is no whatsapp address/],
    [{ address: 'whatsapp:+3726000' }, /Address is no sms address/],
    [{ address_type: 'fax' }, /Value 'fax' provided for Type is not one of sms,/],
    [{ address_type: 'chat', address: ' ' }, /Address is no chat address/],
    [{ auto_creation_type: 'webhook' }, /needs an AutoCreation.WebhookUrl/],
    [{ auto_creation_type: 'studio' }, /needs an AutoCreation.StudioFlowSid/],
    [{ auto_creation_webhook_url: 'ftp://x' }, /must be a URL/],
    [{ auto_creation_webhook_method: 'put' }, /is not one of GET, POST/],
    [{ auto_creation_studio_retry_count: 4 }, /from 0 to 3/],
    [{ auto_creation_conversation_service_sid: `IS${'0'.repeat(32)}` }, /does not exist/],
    [{ address_country: 'Estonia' }, /is not a country's two letters/],
    [{ friendly_name: 'x'.repeat(257) }, /FriendlyName must not be longer/]
  ] as const)('refuses %o', (params, why) => {
    const world = new World()
    expect(world.refusal(() => configure(world, params))).toMatch(why)
    expect(world.state.tables.configuration_address.size).toBe(0)
  })
})
