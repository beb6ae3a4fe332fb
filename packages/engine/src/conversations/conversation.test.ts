import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../../test/support/snapshot.ts'
import { State } from '../center.ts'
import { type CommandOf, readsOf } from '../commands.ts'
import { seedOf } from '../core/ids.ts'
import { cascadesOf } from '../core/kind.ts'
import { decide } from '../decide.ts'
import { render } from '../events.ts'
import { kinds } from '../kinds.ts'
import { ms, World } from '../testing/world.ts'
import type { CreateConversation } from './conversation.ts'
import { bindingsOf, messagingBindingOf, timersOf } from './representation.ts'

const whatsapp = {
  messaging_binding_address: 'whatsapp:+37255500001',
  messaging_binding_proxy_address: 'whatsapp:+3726000'
}
const ada = { messaging_binding_address: '+37255500001', messaging_binding_proxy_address: '+3726000' } as const

function open(world: World, params: CreateConversation = {}) {
  return world.do({ type: 'conversation.create', ...params }).conversation
}

function join(world: World, conversation_sid: string, params: object) {
  return world.do({ type: 'participant.create', conversation_sid, ...params }).participant
}

function say(world: World, conversation_sid: string, body: string, author?: string) {
  return world.do({ type: 'message.create', conversation_sid, body, ...(author && { author }) }).message
}

const now = (world: World, sid: string) => world.state.get('conversation', sid)
const types = (world: World) => world.events().map((event) => event.type)

describe('a conversation', () => {
  it('is in the default service, which is made with its four roles when it is first needed', () => {
    const world = new World()
    const conversation = open(world, { friendly_name: 'Ada and us', attributes: '{ "order": 7 }' })
    const { default_chat_service_sid } = world.do({ type: 'conversations.setup' }).conversation_configuration
    expect(conversation.chat_service_sid).toBe(default_chat_service_sid)
    expect(conversation).toMatchObject({
      state: 'active',
      created_by: 'system',
      attributes: '{ "order": 7 }',
      next_index: 0
    })
    const roles = [...world.state.tables.role.by('chat_service_sid', default_chat_service_sid)]
    expect(roles.map((role) => `${role.type}: ${role.friendly_name}`)).toEqual([
      'service: service admin',
      'service: service user',
      'conversation: channel admin',
      'conversation: channel user'
    ])
  })

  it('takes its dates from whoever brings it from elsewhere', () => {
    const state = new State(`AC${'0'.repeat(32)}`)
    const command = { type: 'conversation.create', date_created: 1_000, date_updated: 2_000 } as const
    const { result } = decide(state, { at: 5_000, seed: seedOf(1, 0), command })
    expect(result.conversation).toMatchObject({ date_created: 1_000, date_updated: 2_000 })
  })

  it('is found by its unique name in its service only', () => {
    const world = new World()
    open(world, { unique_name: 'order-7' })
    const { chat_service } = world.do({ type: 'chat_service.create', friendly_name: 'Other' })
    const place = { chat_service_sid: chat_service.sid }
    expect(
      world.refusal(() => world.do({ type: 'conversation.update', sid: 'order-7', ...place, state: 'closed' }))
    ).toMatch(/^404\/20404 The requested resource \/Services\/IS\w+\/Conversations\/order-7 was not found/)
    expect(open(world, { unique_name: 'order-7', ...place }).chat_service_sid).toBe(chat_service.sid)
    expect(world.do({ type: 'conversation.update', sid: 'order-7', state: 'closed' }).conversation.state).toBe('closed')
  })

  it('shows bindings of e-mail, and clears what is set to nothing', () => {
    const world = new World()
    const { sid } = open(world, {
      friendly_name: 'Ada',
      bindings_email_address: 'us@x.test',
      bindings_email_name: 'Us'
    })
    expect(bindingsOf(now(world, sid))).toEqual({ email: { projected_address: 'us@x.test', name: 'Us' } })
    world.do({
      type: 'conversation.update',
      sid,
      friendly_name: '',
      bindings_email_address: '',
      bindings_email_name: ''
    })
    expect(now(world, sid).friendly_name).toBeNull()
    expect(bindingsOf(now(world, sid))).toEqual({})
  })

  it('is removed with everything in it, also when it is closed, and its pair is free', () => {
    const world = new World()
    const { sid } = open(world)
    join(world, sid, ada)
    say(world, sid, 'Hello')
    world.do({ type: 'conversation.update', sid, state: 'closed' })
    world.do({ type: 'conversation.delete', sid })
    expect(
      world.state.tables.conversation.size + world.state.tables.participant.size + world.state.tables.message.size
    ).toBe(0)
    expect(
      cascadesOf(kinds)
        .get('conversation')
        ?.map(({ kind }) => kind)
    ).toEqual([
      'media',
      'participant',
      'message',
      'message_receipt',
      'conversation_scoped_webhook',
      'channel_message',
      'phone_message',
      'flex_chat_channel',
      'note',
      'webchat_session'
    ])
    expect(world.refusal(() => world.do({ type: 'conversation.delete', sid }))).toContain('404/20404')
  })
})

describe('states and timers', () => {
  it('goes inactive, then closed, by time; both are measured from the same instant', () => {
    const world = new World()
    const { sid } = open(world, { timers_inactive: 'PT1M', timers_closed: 'PT10M' })
    expect(timersOf(now(world, sid))).toEqual({
      date_inactive: world.at + ms('1 min'),
      date_closed: world.at + ms('10 min')
    })
    const closes = world.at + ms('10 min')
    world.pass('1 min')
    expect(now(world, sid).state).toBe('inactive')
    expect(timersOf(now(world, sid))).toEqual({ date_closed: closes })
    world.pass('9 min')
    expect(now(world, sid).state).toBe('closed')
    expect(timersOf(now(world, sid))).toEqual({})
    expect(world.events('conversation.state.updated').map((event) => render(event).data)).toMatchObject([
      { state_from: 'active', state_to: 'inactive', reason: 'TIMER', source: null, webhook_enabled: true },
      { state_from: 'inactive', state_to: 'closed', reason: 'TIMER', state_updated: closes }
    ])
    expect(types(world)).not.toContain('conversation.updated')
  })

  it('closes at once when that deadline comes first', () => {
    const world = new World()
    const { sid } = open(world, { timers_inactive: 'PT1H', timers_closed: 'PT10M' })
    world.pass('10 min')
    expect(now(world, sid).state).toBe('closed')
  })

  it.each<readonly [string, (world: World, sid: string) => void]>([
    ['a message', (world, sid) => say(world, sid, 'Still there?')],
    ['somebody who joins', (world, sid) => join(world, sid, { identity: 'bea' })],
    [
      'somebody who leaves',
      (world, sid) => world.do({ type: 'participant.delete', conversation_sid: sid, sid: 'ada' })
    ],
    ['an update', (world, sid) => world.do({ type: 'conversation.update', sid, attributes: '{"a":1}' })]
  ])('starts both clocks anew with %s', (_, act) => {
    const world = new World()
    const { sid } = open(world, { timers_inactive: 'PT2M', timers_closed: 'PT20M' })
    join(world, sid, { identity: 'ada' })
    world.pass('1 min')
    act(world, sid)
    expect(timersOf(now(world, sid))).toEqual({
      date_inactive: world.at + ms('2 min'),
      date_closed: world.at + ms('20 min')
    })
  })

  it('does not start them anew when a participant reads', () => {
    const world = new World()
    const { sid } = open(world, { timers_inactive: 'PT2M' })
    join(world, sid, { identity: 'ada' })
    const before = timersOf(now(world, sid))
    world.pass('1 min')
    world.do({ type: 'participant.update', conversation_sid: sid, sid: 'ada', last_read_message_index: 0 })
    expect(timersOf(now(world, sid))).toEqual(before)
  })

  it('takes the account’s timers where none are given, and PT0S turns one off', () => {
    const world = new World()
    world.do({ type: 'conversation_configuration.update', default_inactive_timer: 'PT5M', default_closed_timer: 'P1D' })
    expect(timersOf(open(world, { timers_inactive: 'PT0S' }))).toEqual({ date_closed: world.at + ms('1 d') })
    expect(timersOf(open(world))).toEqual({ date_inactive: world.at + ms('5 min'), date_closed: world.at + ms('1 d') })
    const { conversation_configuration } = world.do({
      type: 'conversation_configuration.update',
      default_inactive_timer: 'PT0S'
    })
    expect(conversation_configuration).toMatchObject({ default_inactive_timer: null, default_closed_timer: 'P1D' })
  })

  it('wakes up by a message', () => {
    const world = new World()
    const { sid } = open(world, { state: 'inactive', timers_inactive: 'PT1M' })
    expect(timersOf(now(world, sid))).toEqual({})
    const message = say(world, sid, 'Hello?')
    expect(now(world, sid).state).toBe('active')
    expect(timersOf(now(world, sid))).toEqual({ date_inactive: world.at + ms('1 min') })
    expect(types(world).slice(-2)).toEqual(['conversation.state.updated', 'message.added'])
    expect(render(world.events('conversation.state.updated')[0] as never).data.reason).toBe('EVENT')
    expect(message.index).toBe(0)
  })

  it('tells of an update and of the new state, and of neither state twice', () => {
    const world = new World()
    const { sid } = open(world)
    const origin = { source: 'API', webhook_enabled: true }
    world.do({ type: 'conversation.update', sid, state: 'closed', ...origin })
    world.do({ type: 'conversation.update', sid, state: 'closed', ...origin })
    expect(types(world).slice(-2)).toEqual(['conversation.updated', 'conversation.state.updated'])
    expect(world.events('conversation.state.updated').map((event) => render(event).data)).toMatchObject([
      { state_from: 'active', state_to: 'closed', reason: 'API', ...origin }
    ])
  })
})

describe('participants', () => {
  it('hold a pair in one conversation until that closes', () => {
    const world = new World()
    const first = open(world)
    const second = open(world)
    join(world, first.sid, ada)
    const add = () => join(world, second.sid, { ...ada, messaging_binding_address: ' +372 5550 0001' })
    expect(world.refusal(add)).toMatch(new RegExp(`^409/50416 .*already exists in Conversation ${first.sid}$`))
    expect(world.refusal(() => join(world, first.sid, ada))).toContain('409/50416')
    world.do({ type: 'conversation.update', sid: first.sid, state: 'inactive' })
    expect(world.refusal(add)).toContain('409/50416')
    world.do({ type: 'conversation.update', sid: first.sid, state: 'closed' })
    expect(messagingBindingOf(add())).toEqual({ type: 'sms', address: '+37255500001', proxy_address: '+3726000' })
  })

  it.each([
    ['a short code', '26000', '26000'],
    ['a name', ' Acme Shop ', 'Acme Shop'],
    ['a number', '+372 6001', '+3726001']
  ])('are written to from %s, on SMS', (_, proxy, stored) => {
    const world = new World()
    const { sid: conversation_sid } = open(world)
    const { sid } = join(world, conversation_sid, { ...ada, messaging_binding_proxy_address: proxy })
    expect(world.state.get('participant', sid)).toMatchObject({ binding_type: 'sms', proxy_address: stored })
    const update = { type: 'participant.update', conversation_sid, sid } as const
    for (const text of ['(555) 26000', '003726000', 'twelve chars'])
      expect(world.refusal(() => world.do({ ...update, messaging_binding_proxy_address: text }))).toContain('400/50408')
    world.do({ ...update, messaging_binding_proxy_address: '27000' })
    expect(world.state.get('participant', sid).proxy_address).toBe('27000')
  })

  it('free a pair when they are removed, and come back as somebody else', () => {
    const world = new World()
    const { sid } = open(world)
    const before = join(world, sid, ada)
    const message = say(world, sid, 'Hello', '+37255500001')
    expect(message.participant_sid).toBe(before.sid)
    world.do({ type: 'participant.delete', conversation_sid: sid, sid: before.sid })
    const after = join(world, sid, ada)
    expect(after.sid).not.toBe(before.sid)
    expect(world.state.get('message', message.sid).participant_sid).toBe(before.sid)
  })

  it('with an identity become users of the service, once', () => {
    const world = new World()
    const [one, two] = [open(world), open(world)]
    join(world, one.sid, { identity: 'ada' })
    join(world, two.sid, { identity: 'ada' })
    const { user } = world.do({ type: 'user.update', sid: 'ada', friendly_name: 'Ada' })
    expect(user).toMatchObject({ identity: 'ada', friendly_name: 'Ada', chat_service_sid: one.chat_service_sid })
    expect(world.events('user.added')).toHaveLength(1)
    expect(types(world).slice(-4)).toEqual(['user.added', 'participant.added', 'participant.added', 'user.updated'])
  })

  it('leave every conversation that is not closed when their user is deleted', () => {
    const world = new World()
    const [one, two] = [open(world), open(world)]
    for (const { sid } of [one, two]) join(world, sid, { identity: 'ada' })
    world.do({ type: 'conversation.update', sid: two.sid, state: 'closed' })
    world.do({ type: 'user.delete', sid: 'ada' })
    expect(world.state.tables.participant.all().map((row) => row.conversation_sid)).toEqual([two.sid])
    expect(world.state.tables.user.size).toBe(0)
  })

  it('read no further than the newest message', () => {
    const world = new World()
    const { sid } = open(world)
    join(world, sid, { identity: 'ada' })
    const read = (last_read_message_index: number | null) =>
      world.do({ type: 'participant.update', conversation_sid: sid, sid: 'ada', last_read_message_index }).participant
    expect(read(3).last_read_message_index).toBeNull()
    for (const body of ['one', 'two']) say(world, sid, body)
    expect(read(3)).toMatchObject({ last_read_message_index: 1, last_read_timestamp: world.at })
    expect(read(0).last_read_message_index).toBe(0)
    expect(read(null)).toMatchObject({ last_read_message_index: null, last_read_timestamp: null })
  })

  it('move to another number of ours, if that pair is free', () => {
    const world = new World()
    const [one, two] = [open(world), open(world)]
    const { sid } = join(world, one.sid, ada)
    join(world, two.sid, { ...ada, messaging_binding_proxy_address: '+3726001' })
    const move = (messaging_binding_proxy_address: string) =>
      world.do({ type: 'participant.update', conversation_sid: one.sid, sid, messaging_binding_proxy_address })
    expect(world.refusal(() => move('+3726001'))).toContain(`409/50416`)
    expect(move('+3726002').participant.proxy_address).toBe('+3726002')
  })
})

describe('messages', () => {
  it('have indexes that are never used again', () => {
    const world = new World()
    const { sid } = open(world)
    const messages = ['one', 'two', 'three'].map((body) => say(world, sid, body))
    world.do({ type: 'message.delete', conversation_sid: sid, sid: (messages[2] as { sid: string }).sid })
    expect(say(world, sid, 'four')).toMatchObject({ index: 3, author: 'system', participant_sid: null })
  })

  it('can be changed, with the exact text of their attributes', () => {
    const world = new World()
    const { sid } = open(world)
    const message = say(world, sid, 'Helo', 'ada')
    const attributes = '{ "spelling" : [1,  2] }'
    const update = { type: 'message.update', conversation_sid: sid, sid: message.sid } as const
    expect(world.do({ ...update, body: 'Hello', attributes }).message).toMatchObject({
      index: 0,
      body: 'Hello',
      author: 'ada',
      attributes
    })
    expect(world.refusal(() => world.do({ ...update, attributes: '{' }))).toContain('400/50304')
    expect(render(world.events('message.updated')[0] as never).data).toMatchObject({
      message_sid: message.sid,
      index: 0,
      body: 'Hello'
    })
  })
})

describe('a conversation with participants', () => {
  const pair = { address: '+37255500001', proxy_address: '+3726000' }
  const roster = [
    { identity: 'ada' },
    { messaging_binding: { address: '+37255500001', proxy_address: '+3726000' } },
    {
      'MessagingBinding.Address': 'whatsapp:+37255500002',
      'MessagingBinding.ProxyAddress': 'whatsapp:+3726000',
      Attributes: { vip: true }
    }
  ]

  it('is made with all of them', () => {
    const world = new World()
    const { conversation } = world.do({
      type: 'conversation.create_with_participants',
      friendly_name: 'Three',
      participant: roster
    })
    const rows = [...world.state.tables.participant.by('conversation_sid', conversation.sid)]
    expect(rows.map((row) => row.identity ?? `${row.binding_type} ${row.address}`)).toEqual([
      'ada',
      'sms +37255500001',
      'whatsapp whatsapp:+37255500002'
    ])
    expect(rows[2]?.attributes).toBe('{"vip":true}')
  })

  it.each<readonly [string, readonly unknown[], string]>([
    ['eleven', Array.from({ length: 11 }, (_, i) => ({ identity: `${i}` })), '400/50426'],
    ['a pair in use', roster, '400/50425'],
    ['the same pair twice', [roster[2], roster[2]], '400/50425'],
    ['the same identity twice', [roster[0], roster[0]], '400/50427'],
    ['nobody', [{}], '400/50427'],
    ['a number without a plus', [{ messaging_binding: { ...pair, address: '37255500001' } }], '400/50407'],
    ['a proxy that is none', [{ messaging_binding: { ...pair, proxy_address: '(555) 26000' } }], '400/50408'],
    ['attributes that are no JSON', [{ identity: 'ada', attributes: "{'a':1}" }], '400/50304']
  ])('is not made with %s, and nothing of it stays', (_, participant, refused) => {
    const world = new World()
    join(world, open(world).sid, ada)
    const before = snapshot(world.state)
    expect(world.refusal(() => world.do({ type: 'conversation.create_with_participants', participant }))).toContain(
      refused
    )
    expect(snapshot(world.state)).toEqual(before)
  })
})

describe('refusals change nothing', () => {
  const ours = { conversation_sid: 'open' }
  const text = (length: number) => 'x'.repeat(length)
  const cases: readonly (readonly [refused: string, command: CommandOf<never> | object])[] = [
    ['409/50353', { type: 'conversation.create', unique_name: 'open' }],
    ['400/50384', { type: 'conversation.create', state: 'closed' }],
    ['400/20001', { type: 'conversation.create', state: 'initializing' }],
    ['400/20001', { type: 'conversation.create', timers_closed: 'PT9M' }],
    ['400/20001', { type: 'conversation.create', timers_inactive: 'PT59S' }],
    ['400/20001', { type: 'conversation.create', timers_inactive: 'soon' }],
    ['400/50304', { type: 'conversation.create', attributes: '{"a":' }],
    ['400/50304', { type: 'conversation.update', sid: 'open', attributes: "{'a':1}" }],
    ['400/50304', { type: 'participant.create', ...ours, identity: 'bea', attributes: 'vip' }],
    ['400/50304', { type: 'participant.update', ...ours, sid: 'ada', attributes: '{a:1}' }],
    ['400/50304', { type: 'message.create', ...ours, body: 'Hi', attributes: '[1,]' }],
    ['400/50304', { type: 'user.create', identity: 'bea', attributes: '{' }],
    ['400/50304', { type: 'user.update', sid: 'ada', attributes: 'undefined' }],
    ['400/20001', { type: 'conversation.create', attributes: `"${text(16_384)}"` }],
    ['400/20001', { type: 'conversation.create', friendly_name: text(257) }],
    ['404/20404', { type: 'conversation.create', chat_service_sid: `IS${'0'.repeat(32)}` }],
    ['409/50353', { type: 'conversation.update', sid: 'open', unique_name: 'closed' }],
    ['400/50377', { type: 'conversation.update', sid: 'closed', friendly_name: 'again' }],
    ['400/50377', { type: 'conversation.update', sid: 'closed', state: 'active' }],
    ['404/20404', { type: 'conversation.update', sid: 'nowhere', state: 'active' }],
    ['400/50377', { type: 'participant.create', conversation_sid: 'closed', identity: 'ada' }],
    ['400/50377', { type: 'participant.delete', conversation_sid: 'closed', sid: 'old' }],
    ['400/50377', { type: 'message.create', conversation_sid: 'closed', body: 'Hello' }],
    ['409/50433', { type: 'participant.create', ...ours, identity: 'ada' }],
    ['400/20001', { type: 'participant.create', ...ours }],
    ['400/50407', { type: 'participant.create', ...ours, identity: 'bea', ...ada }],
    ['400/50407', { type: 'participant.create', ...ours, ...ada, messaging_binding_address: 'Ada' }],
    ['400/50407', { type: 'participant.create', ...ours, messaging_binding_proxy_address: '+3726000' }],
    ['400/50407', { type: 'participant.create', ...ours, ...ada, messaging_binding_address: '37255500001' }],
    ['400/50407', { type: 'participant.create', ...ours, ...ada, messaging_binding_address: '12345' }],
    ['400/50407', { type: 'participant.create', ...ours, ...ada, messaging_binding_address: 'whatsapp:37255500001' }],
    ['400/50408', { type: 'participant.create', ...ours, ...ada, messaging_binding_proxy_address: '003726000' }],
    ['400/50408', { type: 'participant.create', ...ours, ...ada, messaging_binding_proxy_address: 'A name too long' }],
    ['400/50408', { type: 'participant.create', ...ours, ...whatsapp, messaging_binding_proxy_address: '26000' }],
    [
      '400/50408',
      { type: 'participant.create', ...ours, ...ada, messaging_binding_proxy_address: 'whatsapp:+3726000' }
    ],
    [
      '400/50407 An address of type whatsapp needs',
      { type: 'participant.create', ...ours, messaging_binding_address: 'whatsapp:+37255500001' }
    ],
    [
      '400/50408 Invalid messaging binding projected address',
      { type: 'participant.create', ...ours, identity: 'bea', messaging_binding_projected_address: '26000' }
    ],
    ['400/50420', { type: 'participant.create', ...ours, ...ada, messaging_binding_name: 'Ada' }],
    ['400/20001', { type: 'participant.create', ...ours, identity: 'bea', role_sid: `RL${'0'.repeat(32)}` }],
    ['404/20404', { type: 'participant.update', ...ours, sid: 'bea', attributes: '{}' }],
    ['400/20001', { type: 'message.create', ...ours }],
    ['400/20001', { type: 'message.create', ...ours, body: text(32_769) }],
    ['400/20001 Value', { type: 'message.create', ...ours, media_sid: `ME${'0'.repeat(32)}` }],
    ['400/21655 The ContentSid', { type: 'message.create', ...ours, body: 'Hi', content_sid: `HX${'0'.repeat(32)}` }],
    ['404/20404', { type: 'message.delete', ...ours, sid: `IM${'0'.repeat(32)}` }],
    ['409/50201', { type: 'user.create', identity: 'ada' }],
    ['404/20404', { type: 'user.update', sid: 'nobody', friendly_name: 'Nobody' }],
    ['400/20001', { type: 'conversation_configuration.update', default_closed_timer: 'PT1M' }],
    ['400/20001', { type: 'conversation_configuration.update', default_chat_service_sid: `IS${'0'.repeat(32)}` }]
  ]

  it.each(cases)('%s %j', (refused, command) => {
    const world = new World()
    for (const unique_name of ['open', 'closed']) open(world, { unique_name, timers_inactive: 'PT1H' })
    join(world, 'open', { identity: 'ada' })
    join(world, 'closed', { identity: 'old' })
    world.do({ type: 'conversation.update', sid: 'closed', state: 'closed' })
    const before = snapshot(world.state)
    expect(world.refusal(() => world.do(command as CommandOf<'conversation.create'>))).toContain(refused)
    expect(snapshot(world.state)).toEqual(before)
  })

  it('keeps the default service', () => {
    const world = new World()
    const { default_chat_service_sid: sid } = world.do({ type: 'conversations.setup' }).conversation_configuration
    expect(world.refusal(() => world.do({ type: 'chat_service.delete', sid }))).toContain('409/20409')
    const other = world.do({ type: 'chat_service.create', friendly_name: 'Other' }).chat_service
    join(world, open(world, { chat_service_sid: other.sid }).sid, { identity: 'ada' })
    world.do({ type: 'chat_service.delete', sid: other.sid })
    expect(
      world.state.tables.conversation.size + world.state.tables.user.size + world.state.tables.participant.size
    ).toBe(0)
    expect(world.state.tables.role.size).toBe(4)
  })
})

describe('what a command must read from the store', () => {
  it('is what memory does not hold', () => {
    const world = new World()
    const conversation = open(world, { unique_name: 'here' })
    const { chat_service_sid } = conversation
    const { state } = world
    const closed = `CH${'c'.repeat(32)}`
    expect(readsOf({ type: 'message.create', conversation_sid: 'here', body: 'Hi' }, state)).toEqual([])
    expect(readsOf({ type: 'message.create', conversation_sid: closed, body: 'Hi' }, state)).toEqual([
      { kind: 'conversation', where: { sid: closed } },
      // A unique name may look like a SID.
      { kind: 'conversation', where: { chat_service_sid, unique_name: closed } }
    ])
    expect(readsOf({ type: 'conversation.create', unique_name: 'gone' }, state)).toEqual([
      { kind: 'conversation', where: { chat_service_sid, unique_name: 'gone' } }
    ])
    expect(readsOf({ type: 'participant.create', conversation_sid: 'here', identity: 'ada' }, state)).toEqual([
      { kind: 'user', where: { chat_service_sid, identity: 'ada' } }
    ])
    join(world, 'here', { identity: 'ada' })
    expect(readsOf({ type: 'user.create', identity: 'ada' }, state)).toEqual([])
  })

  it('is asked for by nobody who has not read it', () => {
    const world = new World()
    const chat_service_sid = open(world, { unique_name: 'here' }).chat_service_sid
    const { state } = world
    const command: CommandOf<'user.create'> = { type: 'user.create', identity: 'ada' }
    const input = { at: world.at, seed: seedOf(1, state.decision), command }
    const before = snapshot(state)
    expect(() => decide(state, { ...input, reads: [] })).toThrow(
      `invariant: user ${chat_service_sid}/ada (identity) was read before the decision`
    )
    expect(snapshot(state)).toEqual(before)
    const other = [{ kind: 'user', where: { chat_service_sid, identity: 'bea' } }]
    expect(() => decide(state, { ...input, reads: other })).toThrow('invariant: user')
    expect(decide(state, { ...input, reads: readsOf(command, state) }).result.user.identity).toBe('ada')
    // What is in memory need not be read, and outside of a decision nothing need be.
    expect(state.find('user', `US${'0'.repeat(32)}`)).toBeUndefined()
    const update: CommandOf<'user.update'> = { type: 'user.update', sid: 'ada', friendly_name: 'Ada' }
    expect(readsOf(update, state)).toEqual([])
    expect(decide(state, { ...input, command: update, reads: [] }).result.user.friendly_name).toBe('Ada')
  })
})
