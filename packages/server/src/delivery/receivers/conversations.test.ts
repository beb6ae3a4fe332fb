import { type CreateScopedWebhook, webhookEvents } from '@ringdown/engine/conversations/webhook'
import type { Row } from '@ringdown/engine/core/row'
import { type EngineEvent, eventTypes, render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import type { Draft, RouteContext } from '../delivery.ts'
import { webhookEventOf } from './conversation-parameters.ts'
import { conversationWebhooks, says } from './conversations.ts'

const us = 'https://us.test/post'
const bot = 'https://bot.test/in'

/** A center in which conversations are had, and what is to be sent because of that. */
class Center extends World {
  #read = 0

  /** Rows that left memory, by kind. */
  readonly #cold: { kind: string; row: Row }[] = []

  open(params: object = {}): string {
    return this.do({ type: 'conversation.create', ...params }).conversation.sid
  }

  say(conversation_sid: string, body: string, origin: object = { webhook_enabled: true }) {
    return this.do({ type: 'message.create', conversation_sid, body, ...origin }).message
  }

  hook(conversation_sid: string, params: Partial<CreateScopedWebhook> = {}): string {
    return this.do({
      type: 'conversation_scoped_webhook.create',
      conversation_sid,
      target: 'webhook',
      configuration_url: bot,
      configuration_filters: ['onMessageAdded'],
      ...params
    }).conversation_scoped_webhook.sid
  }

  /** As happens to what is not looked at: it is on disk from now on. */
  evict(kind: 'message' | 'conversation' | 'conversation_scoped_webhook'): void {
    for (const row of this.state.tables[kind].all()) {
      this.#cold.push({ kind, row })
      this.state.evict(kind, row.sid)
    }
  }

  /** The drafts of what has happened since the last time. */
  async drafts(): Promise<Draft[]> {
    const events = this.events().slice(this.#read)
    this.#read += events.length
    const drafts: Draft[] = []
    for (const event of events) drafts.push(...(await this.draftsOf(event)))
    return drafts
  }

  async draftsOf(event: EngineEvent): Promise<readonly Draft[]> {
    const context: RouteContext = {
      account_sid: this.state.account_sid,
      state: this.state,
      find: async (kind, where) =>
        this.#cold.flatMap((cold) =>
          cold.kind === kind &&
          Object.entries(where).every(([column, value]) => (cold.row as never as typeof where)[column] === value)
            ? [cold.row as never] // it is of that kind
            : []
        )
    }
    if (!conversationWebhooks.wants(event.type) || !conversationWebhooks.isUsed(this.state)) return []
    return conversationWebhooks.draftsOf(render(event), context)
  }
}

const parametersOf = (draft: Draft | undefined) =>
  draft && 'parameters' in draft.message ? Object.fromEntries(draft.message.parameters) : {}
const namesOf = (drafts: readonly Draft[]) => drafts.map((draft) => parametersOf(draft).EventType)
const tell = { type: 'configuration_webhook.update', post_webhook_url: us } as const

describe('webhooks', () => {
  it('are no reason to read the log while there are none', async () => {
    const center = new Center()
    center.say(center.open(), 'Hello')
    expect(conversationWebhooks.isUsed(center.state)).toBe(false)
    center.hook(center.open())
    expect(conversationWebhooks.isUsed(center.state)).toBe(true)
    expect(conversationWebhooks.wants('task.created')).toBe(false)
  })

  it('are told at every level, each of what it asked for', async () => {
    const center = new Center()
    const { default_chat_service_sid } = center.do({ type: 'conversations.setup' }).conversation_configuration
    center.do({ ...tell, filters: ['onMessageAdded', 'onConversationAdded'] })
    center.do({
      type: 'service_webhook_configuration.update',
      chat_service_sid: default_chat_service_sid,
      post_webhook_url: 'https://shop.test',
      filters: ['onMessageAdded'],
      method: 'GET'
    })
    const sid = center.open({ webhook_enabled: true })
    const webhook_sid = center.hook(sid)
    const other = center.do({ type: 'chat_service.create', friendly_name: 'Other' }).chat_service
    const elsewhere = center.open({ chat_service_sid: other.sid })
    center.say(sid, 'Hello')
    center.say(elsewhere, 'Hello')
    const drafts = await center.drafts()
    const { account_sid } = center.state
    expect(
      drafts.map(({ receiver_sid, kind, order_key, message }, at) => [
        namesOf(drafts)[at],
        receiver_sid,
        kind,
        order_key,
        message.method
      ])
    ).toEqual([
      ['onConversationAdded', account_sid, 'conversation_webhook', sid, 'POST'],
      ['onMessageAdded', account_sid, 'conversation_webhook', sid, 'POST'],
      ['onMessageAdded', default_chat_service_sid, 'conversation_webhook', sid, 'GET'],
      ['onMessageAdded', webhook_sid, 'conversation_webhook', sid, 'POST'],
      ['onMessageAdded', account_sid, 'conversation_webhook', elsewhere, 'POST']
    ])
    expect(drafts.map((draft) => parametersOf(draft).WebhookSid)).toEqual([
      undefined,
      undefined,
      undefined,
      webhook_sid,
      undefined
    ])
  })

  it.each([
    ['a call without the header', {}, []],
    ['a call with the header', { webhook_enabled: true }, ['API']],
    ['a text message', { source: 'SMS' }, ['SMS']],
    ['WhatsApp', { source: 'whatsapp' }, ['whatsapp']],
    ['a client with a token', { source: 'SDK', client_identity: 'amelie' }, ['SDK']]
  ])('hear of %s as they should', async (_, origin, sources) => {
    const center = new Center()
    center.do({ ...tell, filters: ['onMessageAdded'] })
    const sid = center.open()
    center.hook(sid)
    center.say(sid, 'Hello', origin)
    const drafts = await center.drafts()
    expect(drafts.map((draft) => parametersOf(draft).Source)).toEqual([...sources, ...sources])
    expect(parametersOf(drafts[0]).ClientIdentity).toBe('client_identity' in origin ? 'amelie' : undefined)
  })

  it('hear of what time does, always', async () => {
    const center = new Center()
    center.do({ ...tell, filters: ['onConversationStateUpdated', 'onMessageAdded'] })
    const sid = center.open({ timers_inactive: 'PT1M', timers_closed: 'PT10M' })
    center.pass('1 min')
    center.say(sid, 'Hello', {})
    center.pass('11 min')
    const told = (await center.drafts()).map(parametersOf)
    expect(told.map(({ StateFrom, StateTo, Reason, Source }) => [StateFrom, StateTo, Reason, Source])).toEqual([
      ['active', 'inactive', 'TIMER', undefined],
      ['inactive', 'active', 'EVENT', 'API'],
      ['active', 'inactive', 'TIMER', undefined],
      ['inactive', 'closed', 'TIMER', undefined]
    ])
    expect(told[0]?.StateUpdated).toBe('2026-01-01T00:01:00.000Z')
  })

  it('are not told of what was before them', async () => {
    const center = new Center()
    const sid = center.open()
    center.do({ ...tell, filters: [] })
    center.say(sid, 'before')
    center.hook(sid)
    center.do({ type: 'configuration_webhook.update', post_webhook_url: '' })
    center.do({ ...tell, filters: ['onMessageAdded'] })
    center.say(sid, 'after')
    expect((await center.drafts()).map((draft) => parametersOf(draft).Body)).toEqual(['after', 'after'])
  })

  it('of a conversation are told of its end: when it closes, and when it is removed', async () => {
    const center = new Center()
    const configuration_filters = ['onConversationUpdated', 'onConversationStateUpdated', 'onConversationRemoved']
    const closed = center.open()
    const webhook_sid = center.hook(closed, { configuration_filters })
    center.hook(closed)
    center.do({ type: 'conversation.update', sid: closed, state: 'closed', webhook_enabled: true })
    for (const kind of ['conversation', 'conversation_scoped_webhook'] as const) center.evict(kind)
    const told = await center.drafts()
    expect(namesOf(told)).toEqual(['onConversationUpdated', 'onConversationStateUpdated'])
    expect(told.map((draft) => draft.receiver_sid)).toEqual([webhook_sid, webhook_sid])

    const removed = center.open()
    const last = center.hook(removed, { configuration_filters, configuration_method: 'get' })
    center.do({ type: 'conversation.delete', sid: removed, webhook_enabled: true })
    const [draft, ...others] = await center.drafts()
    expect(others).toEqual([])
    expect(draft).toMatchObject({ receiver_sid: last, message: { method: 'GET', url: bot } })
    expect(parametersOf(draft)).toMatchObject({
      EventType: 'onConversationRemoved',
      WebhookSid: last,
      ConversationSid: removed,
      DateRemoved: '2026-01-01T00:00:00.000Z'
    })
  })

  it('of target trigger are told of messages with one of the words only', async () => {
    const center = new Center()
    const sid = center.open()
    center.hook(sid, {
      target: 'trigger',
      configuration_triggers: ['help', 'agent please'],
      configuration_filters: ['onMessageAdded', 'onParticipantAdded']
    })
    center.do({ type: 'participant.create', conversation_sid: sid, identity: 'amelie', webhook_enabled: true })
    for (const body of ['I am helpless', 'HELP!', 'an agent  please', 'Agent please, now']) center.say(sid, body)
    expect((await center.drafts()).map((draft) => parametersOf(draft).Body)).toEqual(['HELP!', 'Agent please, now'])
  })

  it('of target studio are told nothing, since nothing would run', async () => {
    const center = new Center()
    const sid = center.open()
    center.hook(sid, { target: 'studio', configuration_flow_sid: `FW${'f'.repeat(32)}`, configuration_replay_after: 0 })
    center.say(sid, 'Hello')
    expect(await center.drafts()).toEqual([])
  })

  it('that want to know what was said before them are told in order, before anything new', async () => {
    const center = new Center()
    const sid = center.open({ messaging_service_sid: `MG${'a'.repeat(32)}` })
    const said = ['one', 'two', 'three', 'four'].map((body) => center.say(sid, body, { source: 'SMS' }))
    center.do({ type: 'message.delete', conversation_sid: sid, sid: said[2]?.sid ?? '' })
    const receiver_sid = center.hook(sid, { configuration_replay_after: 1 })
    center.say(sid, 'five')
    center.evict('message')
    const drafts = await center.drafts()
    expect(drafts.map((draft) => parametersOf(draft)).map(({ Body, Index }) => [Body, Index])).toEqual([
      ['two', '1'],
      ['four', '3'],
      ['five', '4']
    ])
    expect(parametersOf(drafts[0])).toMatchObject({
      EventType: 'onMessageAdded',
      WebhookSid: receiver_sid,
      MessageSid: said[1]?.sid,
      MessagingServiceSid: `MG${'a'.repeat(32)}`,
      Source: 'SMS',
      DateCreated: '2026-01-01T00:00:00.000Z'
    })
    // One event, several deliveries: by their own names, in one line.
    expect(new Set(drafts.map(({ event }) => event.sid)).size).toBe(3)
    const places = drafts.map(({ event }) => event.seq)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
    expect(new Set(drafts.map(({ order_key }) => order_key))).toEqual(new Set([sid]))
  })
})

describe('what is told', () => {
  it('of each event is what the reference has for it', async () => {
    const center = new Center()
    const { state } = center
    const filters = [
      ...['onConversationAdded', 'onConversationUpdated', 'onConversationRemoved', 'onConversationStateUpdated'],
      ...['onMessageAdded', 'onMessageUpdated', 'onMessageRemoved'],
      ...['onParticipantAdded', 'onParticipantUpdated', 'onParticipantRemoved', 'onUserAdded', 'onUserUpdated']
    ]
    center.do({ ...tell, filters })
    const origin = { webhook_enabled: true } as const
    const sid = center.open({ friendly_name: 'Order 7', attributes: '{ "a": 1 }', ...origin })
    const place = { conversation_sid: sid, ...origin }
    const { participant } = center.do({ type: 'participant.create', ...place, identity: 'amelie' })
    center.do({
      type: 'participant.create',
      ...place,
      messaging_binding_address: '+37255500001',
      messaging_binding_proxy_address: '+3726000'
    })
    const message = center.do({ type: 'message.create', ...place, author: 'amelie', body: 'Hello' }).message
    center.do({ type: 'participant.update', ...place, sid: 'amelie', last_read_message_index: 0 })
    center.do({ type: 'message.update', ...place, sid: message.sid, body: 'Hello you' })
    center.do({ type: 'message.delete', ...place, sid: message.sid })
    const { user } = center.do({ type: 'user.update', sid: 'amelie', friendly_name: 'Amelie', ...origin })
    center.do({ type: 'participant.delete', ...place, sid: 'amelie' })
    center.do({ type: 'conversation.update', sid, state: 'closed', ...origin })
    center.do({ type: 'conversation.delete', sid, ...origin })

    const at = '2026-01-01T00:00:00.000Z'
    const { default_chat_service_sid, default_messaging_service_sid } = state.get(
      'conversation_configuration',
      state.account_sid
    )
    const common = { AccountSid: state.account_sid, Source: 'API', ChatServiceSid: default_chat_service_sid }
    const serviced = { ...common, MessagingServiceSid: default_messaging_service_sid }
    const created = { DateCreated: at }
    const dates = { DateCreated: at, DateUpdated: at }
    const removed = { ...dates, DateRemoved: at }
    const whole = { ...serviced, ConversationSid: sid, FriendlyName: 'Order 7', Attributes: '{ "a": 1 }' }
    const said = {
      ...serviced,
      ConversationSid: sid,
      MessageSid: message.sid,
      Index: '0',
      Author: 'amelie',
      ParticipantSid: participant.sid,
      Attributes: '{}'
    }
    const { role_sid } = participant
    const member = { ...common, ConversationSid: sid, Attributes: '{}', RoleSid: role_sid }
    const amelie = { ...member, ParticipantSid: participant.sid, Identity: 'amelie' }
    const person = { ...common, UserSid: user.sid, Identity: 'amelie', RoleSid: user.role_sid, Attributes: '{}' }
    expect((await center.drafts()).map(parametersOf)).toEqual([
      { EventType: 'onConversationAdded', ...whole, ...dates, State: 'active' },
      { EventType: 'onUserAdded', ...person, ...created },
      { EventType: 'onParticipantAdded', ...amelie, ...created },
      {
        EventType: 'onParticipantAdded',
        ...member,
        ...created,
        ParticipantSid: expect.stringMatching(/^MB/),
        'MessagingBinding.Type': 'sms',
        'MessagingBinding.Address': '+37255500001',
        'MessagingBinding.ProxyAddress': '+3726000'
      },
      { EventType: 'onMessageAdded', ...said, ...created, Body: 'Hello' },
      { EventType: 'onParticipantUpdated', ...amelie, ...dates, LastReadMessageIndex: '0' },
      { EventType: 'onMessageUpdated', ...said, ...dates, Body: 'Hello you' },
      { EventType: 'onMessageRemoved', ...said, ...removed, Body: 'Hello you' },
      { EventType: 'onUserUpdated', ...person, ...dates, FriendlyName: 'Amelie' },
      { EventType: 'onParticipantRemoved', ...amelie, ...removed },
      { EventType: 'onConversationUpdated', ...whole, ...dates, State: 'closed' },
      {
        EventType: 'onConversationStateUpdated',
        ...serviced,
        ConversationSid: sid,
        StateUpdated: at,
        StateFrom: 'active',
        StateTo: 'closed',
        Reason: 'API'
      },
      { EventType: 'onConversationRemoved', ...whole, ...removed, State: 'closed' }
    ])
  })
})

describe('a word', () => {
  it.each([
    ['Please HELP me', 'help', true],
    ['help', 'Help', true],
    ['helpful', 'help', false],
    ['I need self-help.', 'help', true],
    ['Ärzte', 'rzte', false],
    ['ça va?', 'ça', true],
    ['order #7, please', '#7', true],
    ['order#7', '#7', true],
    ['#71', '#7', false],
    ['2 stop', 'stop', true],
    ['nonstop stop', 'stop', true],
    ['a_stop', 'stop', false],
    ['anything', '', false]
  ])('%j says %j: %s', (text, word, expected) => {
    expect(says(text, [word])).toBe(expected)
  })
})

it('every name under which something is told or asked is known to the filters', () => {
  const named = eventTypes.flatMap((type) => webhookEventOf(type) ?? [])
  const names = named.flatMap(({ before, after }) => (before ? [before.event, after.event] : [after.event]))
  // Messages have no receipts yet.
  expect(new Set([...names, 'onDeliveryUpdated'])).toEqual(new Set(webhookEvents))
})
