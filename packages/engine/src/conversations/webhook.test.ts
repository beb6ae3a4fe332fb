import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../../test/support/snapshot.ts'
import { type CommandOf, readsOf } from '../commands.ts'
import { render } from '../events.ts'
import { rehearse } from '../rehearsal.ts'
import { World } from '../testing/world.ts'
import type { CreateScopedWebhook } from './webhook.ts'

const bot = {
  target: 'webhook',
  configuration_url: 'https://bot.test/in',
  configuration_filters: ['onMessageAdded']
} as const

function open(world: World, params: Omit<CommandOf<'conversation.create'>, 'type'> = {}) {
  return world.do({ type: 'conversation.create', ...params }).conversation.sid
}

function hook(world: World, conversation_sid: string, params: Omit<CreateScopedWebhook, 'conversation_sid'> = bot) {
  return world.do({ type: 'conversation_scoped_webhook.create', conversation_sid, ...params })
    .conversation_scoped_webhook
}

const dataOf = (world: World, type: Parameters<World['events']>[0]) =>
  world.events(type).map((event) => render(event).data)

describe('names that no event has', () => {
  it('are kept, and warned of wherever webhooks have filters', () => {
    const world = new World()
    const { chat_service } = world.do({ type: 'chat_service.create', friendly_name: 'Shop' })
    const conversation_sid = open(world)
    const filters = ['onMessageSent', 'onMessageAdded', 'onmessageadd']
    const { configuration_webhook } = world.do({ type: 'configuration_webhook.update', filters })
    expect(configuration_webhook.filters).toEqual(filters)
    const service = { type: 'service_webhook_configuration.update', chat_service_sid: chat_service.sid } as const
    expect(world.do({ ...service, filters }).service_webhook_configuration.filters).toEqual(filters)
    const { sid } = hook(world, conversation_sid, { ...bot, configuration_filters: filters })
    world.do({
      type: 'conversation_scoped_webhook.update',
      conversation_sid,
      sid,
      configuration_filters: ['onNothing']
    })
    world.do({ type: 'conversation_scoped_webhook.update', conversation_sid, sid, configuration_method: 'GET' })
    const warnings = world.events('ringdown.warning').map(render)
    const unknown = (parameter: string) => [
      `${parameter} names 'onMessageSent', and no event is called so`,
      `${parameter} names 'onmessageadd', and no event is called so: 'onMessageAdd' is spelled so`
    ]
    expect(warnings.map(({ description }) => description)).toEqual([
      ...unknown('Filters'),
      ...unknown('Filters'),
      ...unknown('Configuration.Filters'),
      "Configuration.Filters names 'onNothing', and no event is called so"
    ])
    const about = warnings.map(({ resource_type, resource_sid }) => `${resource_type} ${resource_sid}`)
    expect([about[0], about[2], about[6]]).toEqual([
      `configuration-webhook ${world.state.account_sid}`,
      `service-webhook-configuration ${chat_service.sid}`,
      `conversation-webhook ${sid}`
    ])
    expect(warnings[6]?.data).toMatchObject({ conversation_sid, warning: 'unknown_event', event: 'onNothing' })
  })
})

describe('webhooks of the account and of a service', () => {
  it('are changed by what is given; an empty address takes one away', () => {
    const world = new World()
    const first = world.do({
      type: 'configuration_webhook.update',
      filters: ['onMessageAdd', 'onMessageSent'],
      pre_webhook_url: 'https://x.test/pre',
      post_webhook_url: 'http://x.test/post?a=b'
    }).configuration_webhook
    expect(first).toMatchObject({
      sid: world.state.account_sid,
      method: 'POST',
      target: 'webhook',
      filters: ['onMessageAdd', 'onMessageSent']
    })
    const { configuration_webhook } = world.do({
      type: 'configuration_webhook.update',
      method: 'GET',
      target: 'flex',
      pre_webhook_url: ''
    })
    expect(configuration_webhook).toMatchObject({
      method: 'GET',
      target: 'flex',
      filters: ['onMessageAdd', 'onMessageSent'],
      pre_webhook_url: null,
      post_webhook_url: 'http://x.test/post?a=b'
    })
  })

  it('go with their service, and are refused where there is none', () => {
    const world = new World()
    const { sid } = world.do({ type: 'chat_service.create', friendly_name: 'Shop' }).chat_service
    const update = { type: 'service_webhook_configuration.update', filters: ['onUserUpdated'] } as const
    expect(world.do({ ...update, chat_service_sid: sid }).service_webhook_configuration).toMatchObject({ sid })
    world.do({ type: 'chat_service.delete', sid })
    expect(world.state.tables.service_webhook_configuration.size).toBe(0)
    expect(world.refusal(() => world.do({ ...update, chat_service_sid: sid }))).toMatch(/^404\/20404 /)
  })

  it.each(['ftp://x.test', 'x.test/post', 'https://', 'javascript:alert(1)'])('refuse the address %s', (url) => {
    const world = new World()
    for (const parameter of ['pre_webhook_url', 'post_webhook_url'] as const)
      expect(world.refusal(() => world.do({ type: 'configuration_webhook.update', [parameter]: url }))).toContain(
        '400/20001'
      )
    expect(world.state.tables.configuration_webhook.size).toBe(0)
  })
})

describe('webhooks of a conversation', () => {
  it.each([
    [
      'webhook without an address',
      { target: 'webhook', configuration_filters: ['onMessageAdded'] },
      'Configuration.Url'
    ],
    ['webhook without filters', { target: 'webhook', configuration_url: 'https://x.test' }, 'Configuration.Filters'],
    [
      'webhook with no filter at all',
      { target: 'webhook', configuration_url: 'https://x.test', configuration_filters: [] },
      'Configuration.Filters'
    ],
    ['trigger without words', { target: 'trigger', configuration_url: 'https://x.test' }, 'Configuration.Triggers'],
    [
      'trigger with a blank for a word',
      { target: 'trigger', configuration_url: 'https://x.test', configuration_triggers: [' '] },
      'Configuration.Triggers'
    ],
    ['studio without a flow', { target: 'studio', configuration_filters: ['onMessageAdded'] }, 'Configuration.FlowSid'],
    ['webhook to nowhere', { ...bot, configuration_url: 'nowhere' }, 'Configuration.Url']
  ] as const)('a %s is refused', (_, params, parameter) => {
    const world = new World()
    const sid = open(world)
    expect(world.refusal(() => hook(world, sid, params))).toMatch(new RegExp(`^400/20001 .*${parameter}`))
  })

  it('keep what their target takes; method is POST unless GET is asked for, in any letter case', () => {
    const world = new World()
    const sid = open(world)
    const flow = `FW${'f'.repeat(32)}`
    expect(hook(world, sid, { ...bot, configuration_triggers: ['help'], configuration_flow_sid: flow })).toMatchObject({
      configuration_method: 'POST',
      configuration_triggers: null,
      configuration_flow_sid: null
    })
    const trigger = {
      target: 'trigger',
      configuration_url: 'https://x.test',
      configuration_triggers: ['help']
    } as const
    expect(hook(world, sid, { ...trigger, configuration_method: 'get' })).toMatchObject({
      configuration_method: 'GET',
      configuration_triggers: ['help'],
      configuration_filters: null
    })
    expect(hook(world, sid, { target: 'studio', configuration_flow_sid: flow })).toMatchObject({
      configuration_url: null,
      configuration_method: null,
      configuration_flow_sid: flow
    })
  })

  it('are five at most, and another one when one has gone', () => {
    const world = new World()
    const sid = open(world)
    const hooks = Array.from({ length: 5 }, () => hook(world, sid))
    expect(world.refusal(() => hook(world, sid))).toMatch(/^400\/20001 .*5 Webhooks/)
    hook(world, open(world))
    world.do({ type: 'conversation_scoped_webhook.delete', conversation_sid: sid, sid: hooks[2]?.sid ?? '' })
    expect(hook(world, sid).sid).toMatch(/^WH[0-9a-f]{32}$/)
  })

  it('are changed, but not to what their target cannot work with', () => {
    const world = new World()
    const conversation_sid = open(world, { unique_name: 'order-7' })
    const { sid } = hook(world, conversation_sid)
    const update = { type: 'conversation_scoped_webhook.update', conversation_sid: 'order-7', sid } as const
    const { conversation_scoped_webhook } = world.do({
      ...update,
      configuration_method: 'Get',
      configuration_filters: ['onMessageUpdated', 'onWhatever']
    })
    expect(conversation_scoped_webhook).toMatchObject({
      configuration_url: 'https://bot.test/in',
      configuration_method: 'GET',
      configuration_filters: ['onMessageUpdated', 'onWhatever']
    })
    expect(world.refusal(() => world.do({ ...update, configuration_filters: [] }))).toContain('Configuration.Filters')
    expect(world.refusal(() => world.do({ ...update, configuration_url: '' }))).toContain('Configuration.Url')
    const other = open(world)
    expect(world.refusal(() => world.do({ ...update, conversation_sid: other }))).toBe(
      `404/20404 The requested resource /Conversations/${other}/Webhooks/${sid} was not found`
    )
  })

  it('follow their conversation: into closing, where they can only be taken away, and out of the world', () => {
    const world = new World()
    const conversation_sid = open(world, { timers_inactive: 'PT1M' })
    const [kept, dropped] = [hook(world, conversation_sid), hook(world, conversation_sid)]
    const stateOf = (sid: string) => world.state.find('conversation_scoped_webhook', sid)?.conversation_state
    world.pass('1 min')
    expect(stateOf(kept.sid)).toBe('inactive')
    world.do({ type: 'conversation.update', sid: conversation_sid, state: 'closed' })
    expect(stateOf(kept.sid)).toBe('closed')
    expect(world.refusal(() => hook(world, conversation_sid))).toContain('400/50377')
    const update = { type: 'conversation_scoped_webhook.update', conversation_sid, sid: kept.sid } as const
    expect(world.refusal(() => world.do({ ...update, configuration_method: 'get' }))).toContain('400/50377')
    world.do({ type: 'conversation_scoped_webhook.delete', conversation_sid, sid: dropped.sid })
    expect(stateOf(dropped.sid)).toBeUndefined()
    world.do({ type: 'conversation.delete', sid: conversation_sid })
    expect(world.state.tables.conversation_scoped_webhook.size).toBe(0)
  })

  it('are told where their conversation ends, if they want to know, and the call wants it told', () => {
    const world = new World()
    const last = { ...bot, configuration_filters: ['onConversationRemoved'] }
    for (const webhook_enabled of [true, false]) {
      const sid = open(world)
      hook(world, sid)
      const wanting = hook(world, sid, { ...last, configuration_method: 'get' })
      world.do({ type: 'conversation.delete', sid, webhook_enabled })
      const { scoped_webhooks } = dataOf(world, 'conversation.removed').at(-1) ?? {}
      expect(scoped_webhooks && JSON.parse(String(scoped_webhooks))).toEqual(
        webhook_enabled
          ? [{ sid: wanting.sid, configuration_url: 'https://bot.test/in', configuration_method: 'GET' }]
          : undefined
      )
    }
  })

  it('are read for the end of a closed conversation that left memory', () => {
    const world = new World()
    const reads = (sid: string, webhook_enabled: boolean) =>
      readsOf({ type: 'conversation.delete', sid, webhook_enabled }, world.state)
    const gone = `CH${'c'.repeat(32)}`
    expect(reads(gone, true)).toEqual([
      { kind: 'conversation', where: { sid: gone } },
      { kind: 'conversation_scoped_webhook', where: { conversation_sid: gone } }
    ])
    expect(reads(gone, false)).toEqual([{ kind: 'conversation', where: { sid: gone } }])
    expect(reads(open(world), true)).toEqual([])
  })

  it('say from which event on they are told, and which messages were there before', () => {
    const world = new World()
    const conversation_sid = open(world)
    for (const body of ['one', 'two', 'three']) world.do({ type: 'message.create', conversation_sid, body })
    const { sid, since_event } = hook(world, conversation_sid, { ...bot, configuration_replay_after: 1 })
    const event = world.events('ringdown.conversation-webhook.added').at(-1)
    expect(event?.seq).toBe(since_event)
    expect(dataOf(world, 'ringdown.conversation-webhook.added').at(-1)).toMatchObject({
      webhook_sid: sid,
      replay_after: 1,
      next_index: 3
    })
  })
})

describe('a rehearsal', () => {
  it('shows what would be told, or the refusal, and leaves everything as it was', () => {
    const world = new World()
    const { state } = world
    const conversation_sid = open(world, { timers_inactive: 'PT1M', timers_closed: 'PT10M' })
    world.pass('1 min')
    const before = snapshot(state)
    const at = world.at + 5
    const lent = [] as const
    const say = { type: 'message.create', conversation_sid, body: 'Hello', author: 'ada' } as const
    expect(rehearse(state, { at, command: say, lent }).map(({ type, data }) => [type, data.body])).toEqual([
      ['conversation.state.updated', undefined],
      ['message.added', 'Hello']
    ])
    const end = { type: 'conversation.delete', sid: conversation_sid } as const
    expect(rehearse(state, { at, command: end, lent }).map(({ type }) => type)).toEqual(['conversation.removed'])
    expect(world.refusal(() => rehearse(state, { at, command: { ...say, body: '' }, lent }))).toContain('400/20001')
    expect(snapshot(state)).toEqual(before)
  })

  it('is given what is on disk only, and gives it back', () => {
    const world = new World()
    const { state } = world
    const conversation_sid = open(world)
    const { message } = world.do({ type: 'message.create', conversation_sid, body: 'Hello' })
    state.evict('message', message.sid)
    const before = snapshot(state)
    const command = { type: 'message.update', conversation_sid, sid: message.sid, body: 'Goodbye' } as const
    const [event] = rehearse(state, { at: world.at, command, lent: [{ kind: 'message', row: message }] })
    expect(event?.data).toMatchObject({ message_sid: message.sid, body: 'Goodbye', index: 0 })
    expect(snapshot(state)).toEqual(before)
    expect(world.refusal(() => rehearse(state, { at: world.at, command, lent: [] }))).toContain('404/20404')
  })
})
