import type { Inbound } from '@ringdown/engine/conversations/inbound'
import { type Answered, type Form, Served, served } from '@ringdown/server/http/fixture'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, type Reply, receiver } from '../../../../../test/support/receiver.ts'
import type { Ask } from '../handler.ts'
import { agreedInbound } from './pre-webhook.ts'
import { preWebhookRequester } from './pre-webhook-request.ts'

const root = '/conversations/v1'
const enabled = { 'X-Twilio-Webhook-Enabled': 'true' }

let customer: Receiver
let server: Served
let service: string
let ask: Ask

async function open(): Promise<void> {
  customer = await receiver({ auth_token: served.token })
  ask = preWebhookRequester({ auth_token: served.token, allowPrivate: true, log: pino({ level: 'silent' }) })
  server = await Served.open({ ask: (_account_sid, ...question) => ask(...question) })
  service = (await server.get(`${root}/Configuration`)).body.default_chat_service_sid
}

async function close(): Promise<void> {
  await server.close()
  await customer.close()
}

const everything = [
  'onConversationAdd',
  'onConversationUpdate',
  'onConversationRemove',
  'onMessageAdd',
  'onMessageUpdate',
  'onMessageRemove',
  'onParticipantAdd',
  'onParticipantUpdate',
  'onParticipantRemove',
  'onUserUpdate'
]

const askAccount = (form: Form = {}) =>
  server.post(`${root}/Configuration/Webhooks`, {
    PreWebhookUrl: `${customer.url}/account`,
    Filters: everything,
    ...form
  })
const askService = (form: Form = {}) =>
  server.post(`${root}/Services/${service}/Configuration/Webhooks`, {
    PreWebhookUrl: `${customer.url}/service`,
    Filters: everything,
    ...form
  })

async function made(path: string, form: Form = {}, headers = {}): Promise<Answered['body']> {
  const { status, body } = await server.post(root + path, form, headers)
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}

const asked = () => customer.requests.map(({ form }) => form)
const names = () => customer.requests.map(({ path, form }) => `${path} ${form.EventType}`)

describe('before a change', () => {
  beforeEach(open)
  afterEach(close)

  it('the account is asked about everything that it can object to, in words of its own', async () => {
    await askAccount()
    const { sid } = await made('/Conversations', { FriendlyName: 'Order 7', UniqueName: 'order-7' }, enabled)
    const place = `/Conversations/${sid}`
    await server.post(root + place, { Attributes: '{"a":1}' }, enabled)
    const amelie = await made(`${place}/Participants`, { Identity: 'amelie' }, enabled)
    const ada = { 'MessagingBinding.Address': '+15550001', 'MessagingBinding.ProxyAddress': '+15559999' }
    await made(`${place}/Participants`, ada, enabled)
    await server.post(`${root}${place}/Participants/amelie`, { Attributes: '{"b":2}' }, enabled)
    const message = await made(`${place}/Messages`, { Author: 'amelie', Body: 'Hello' }, enabled)
    await server.post(`${root}${place}/Messages/${message.sid}`, { Body: 'Hello you' }, enabled)
    await server.delete(`${root}${place}/Messages/${message.sid}`, enabled)
    await server.post(`${root}/Users/amelie`, { FriendlyName: 'Amelie' }, enabled)
    await server.delete(`${root}${place}/Participants/amelie`, enabled)
    await server.delete(root + place, enabled)

    const common = { AccountSid: served.account_sid, Source: 'API', RetryCount: '0', ChatServiceSid: service }
    const whole = { ConversationSid: sid, FriendlyName: 'Order 7', UniqueName: 'order-7', State: 'active' }
    const instant = expect.stringMatching(/^2026-03-02T09:00:00\.\d{3}Z$/)
    const dates = { DateCreated: instant, DateUpdated: instant }
    const { participant_sid } = message
    expect(asked()).toEqual([
      {
        ...common,
        EventType: 'onConversationAdd',
        FriendlyName: 'Order 7',
        UniqueName: 'order-7',
        Attributes: '{}',
        MessagingServiceSid: expect.stringMatching(/^MG/),
        State: 'active'
      },
      expect.objectContaining({
        ...common,
        ...whole,
        ...dates,
        EventType: 'onConversationUpdate',
        Attributes: '{"a":1}'
      }),
      {
        ...common,
        EventType: 'onParticipantAdd',
        ConversationSid: sid,
        Identity: 'amelie',
        RoleSid: amelie.role_sid,
        Attributes: '{}'
      },
      expect.objectContaining({
        EventType: 'onParticipantAdd',
        'MessagingBinding.Type': 'sms',
        'MessagingBinding.Address': '+15550001',
        'MessagingBinding.ProxyAddress': '+15559999'
      }),
      expect.objectContaining({
        ...dates,
        EventType: 'onParticipantUpdate',
        ParticipantSid: participant_sid,
        Identity: 'amelie',
        Attributes: '{"b":2}'
      }),
      {
        ...common,
        EventType: 'onMessageAdd',
        ConversationSid: sid,
        MessagingServiceSid: expect.any(String),
        Body: 'Hello',
        Author: 'amelie',
        ParticipantSid: participant_sid,
        Attributes: '{}'
      },
      expect.objectContaining({
        ...dates,
        EventType: 'onMessageUpdate',
        MessageSid: message.sid,
        Index: '0',
        Body: 'Hello you'
      }),
      expect.objectContaining({ EventType: 'onMessageRemove', MessageSid: message.sid }),
      expect.objectContaining({
        EventType: 'onUserUpdate',
        Identity: 'amelie',
        FriendlyName: 'Amelie',
        UserSid: expect.stringMatching(/^US/),
        DateUpdated: instant
      }),
      expect.objectContaining({ ...dates, EventType: 'onParticipantRemove', ParticipantSid: participant_sid }),
      expect.objectContaining({ ...whole, ...dates, EventType: 'onConversationRemove' })
    ])
    expect(customer.requests.every(({ isSigned, method }) => isSigned && method === 'POST')).toBe(true)
  })

  it('nobody is asked by calls that do not want it, about events that nobody named, or about what cannot be', async () => {
    await askAccount({ Filters: ['onMessageAdd'] })
    const { sid } = await made('/Conversations', {}, enabled)
    const messages = `/Conversations/${sid}/Messages`
    await made(messages, { Body: 'quietly' })
    await made(messages, { Body: 'quietly' }, { 'X-Twilio-Webhook-Enabled': 'false' })
    expect((await server.post(root + messages, { Body: 'x', Attributes: 'x' }, enabled)).status).toBe(400)
    expect((await server.post(root + messages, {}, enabled)).status).toBe(400)
    await server.post(`${root}/Conversations/${sid}`, { State: 'closed' }, enabled)
    expect(await server.post(root + messages, { Body: 'late' }, enabled)).toMatchObject({
      status: 400,
      body: { code: 50377 }
    })
    expect(names()).toEqual([])
  })

  it.each([
    ['an object', (attributes: string) => attributes],
    ['the text of one', (attributes: string) => JSON.stringify(attributes)]
  ])('attributes of an answer are kept as they are written: %s', async (_how, given) => {
    const attributes = String.raw`{"id":17841444523369053, "rate":1.0,"10":"b","2":"a","e\u0301":"\u00e9\/"}`
    await askAccount({ Method: 'GET' })
    const { sid } = await made('/Conversations', {}, enabled)
    customer.answer('/account', () => ({ body: `{"attributes" : ${given(attributes)}, "body":null}` }))
    const message = await made(`/Conversations/${sid}/Messages`, { Body: 'Hello', Author: 'amelie' }, enabled)
    expect(message).toMatchObject({ body: 'Hello', attributes })
  })

  it('the account is asked first, then the service, which sees what the account has made of it', async () => {
    await askAccount({ Method: 'GET' })
    await askService()
    customer.answer('/account', { body: { body: 'Hello, dear', attributes: { polite: true }, index: 7 } })
    customer.answer('/service', ({ form }) => ({ body: JSON.stringify({ body: `${form.Body}!`, author: 'desk' }) }))
    const { sid } = await made('/Conversations', {}, enabled)
    customer.clear()
    expect(await made(`/Conversations/${sid}/Messages`, { Body: 'Hello', Author: 'amelie' }, enabled)).toMatchObject({
      body: 'Hello, dear!',
      author: 'desk',
      attributes: '{"polite":true}',
      index: 0
    })
    expect(customer.requests.map(({ method, path, form }) => [method, path, form.Body])).toEqual([
      ['GET', '/account', 'Hello'],
      ['POST', '/service', 'Hello, dear']
    ])
    expect(customer.requests.every(({ isSigned }) => isSigned)).toBe(true)
  })

  it('a new name may be given to a conversation, made or changed, and to nothing else of it', async () => {
    await askAccount()
    customer.answer('/account', { body: { friendly_name: 'Renamed', unique_name: 'taken', attributes: '{"a":1}' } })
    const { sid, ...row } = await made('/Conversations', { FriendlyName: 'Order 7' }, enabled)
    expect(row).toMatchObject({ friendly_name: 'Renamed', unique_name: null, attributes: '{}' })
    customer.answer('/account', { body: { friendly_name: 'Again' } })
    const changed = await server.post(`${root}/Conversations/${sid}`, { Attributes: '{"b":2}' }, enabled)
    expect(changed.body).toMatchObject({ friendly_name: 'Again', attributes: '{"b":2}' })
    const all = { Participant: ['{"identity":"bob"}', '{"identity":"carol"}'] }
    customer.clear()
    const { status, body } = await server.post(`${root}/ConversationWithParticipants`, all, enabled)
    expect({ status, name: body.friendly_name }).toEqual({ status: 201, name: 'Again' })
    // What is not there yet has no SID.
    expect(asked().map(({ EventType, Identity, ConversationSid }) => [EventType, Identity, ConversationSid])).toEqual([
      ['onConversationAdd', undefined, undefined],
      ['onParticipantAdd', 'bob', undefined],
      ['onParticipantAdd', 'carol', undefined]
    ])
  })
})

describe('an answer', () => {
  beforeAll(open)
  beforeEach(() => customer.clear())
  afterAll(close)

  const rejected = {
    status: 403,
    body: { code: 20403, status: 403, message: expect.stringMatching(/rejected by the pre-webhook/) }
  }
  const invalid = { status: 400, body: { code: 20001, message: expect.stringMatching(/pre-webhook of the account/) } }
  const asSaid = { status: 201, body: { body: 'Hello', author: 'system', attributes: '{}' } }

  it.each<[string, Reply, object]>([
    ['403', { status: 403 }, rejected],
    ['404', { status: 404 }, rejected],
    ['500', { status: 500, body: { body: 'changed' } }, rejected],
    ['200 without a body', {}, asSaid],
    ['{}', { body: {} }, asSaid],
    ['a word', { body: 'OK' }, asSaid],
    ['JSON that is no object', { body: '["body"]' }, asSaid],
    ['null for a text', { body: { body: null, author: null } }, asSaid],
    ['204', { status: 204 }, asSaid],
    ['302 to somewhere else', { status: 302, headers: { location: '/elsewhere' } }, asSaid],
    ['nothing: the connection breaks', { by: (response) => response.destroy() }, asSaid],
    ['JSON that says it is text', { body: '{"body":"Bye"}' }, { status: 201, body: { body: 'Bye' } }],
    ['attributes as text', { body: { attributes: '{ "a": 1 }' } }, { status: 201, body: { attributes: '{ "a": 1 }' } }],
    ['attributes that are no JSON', { body: { attributes: '{' } }, { status: 400, body: { code: 50304 } }],
    [
      'attributes beyond all bounds',
      { body: { attributes: { a: 'x'.repeat(5000) } } },
      { status: 400, body: { code: 20001 } }
    ],
    ['a body that is no text', { body: { body: 7 } }, invalid],
    ['a body with U+0000', { body: { body: 'a\0b' } }, invalid],
    ['an empty body', { body: { body: '' } }, { status: 400, body: { code: 20001 } }],
    ['a body of 40,000 letters', { body: { body: 'x'.repeat(40_000) } }, { status: 400, body: { code: 20001 } }],
    ['more than anybody reads', { body: 'x'.repeat(100_000) }, invalid]
  ])('of %s', async (_, reply, expected) => {
    const { sid } = await made('/Conversations')
    await askAccount()
    customer.answer('/account', reply)
    expect(await server.post(`${root}/Conversations/${sid}/Messages`, { Body: 'Hello' }, enabled)).toMatchObject(
      expected
    )
    const { messages } = (await server.get(`${root}/Conversations/${sid}/Messages`)).body
    expect(messages).toHaveLength((expected as { status: number }).status === 201 ? 1 : 0)
    expect(names()).toEqual(['/account onMessageAdd'])
  })
})

describe('an answer', () => {
  beforeEach(open)
  afterEach(close)

  it('of one is enough to object: the service is not asked what the account has rejected', async () => {
    const { sid } = await made('/Conversations')
    await askAccount()
    await askService()
    customer.answer('/account', { status: 403 })
    const remove = () => server.delete(`${root}/Conversations/${sid}`, enabled)
    expect(await remove()).toMatchObject({ status: 403, body: { message: expect.stringContaining('the account') } })
    expect(names()).toEqual(['/account onConversationRemove'])
    customer.answer('/account', {})
    customer.answer('/service', { status: 418 })
    expect(await remove()).toMatchObject({ status: 403, body: { message: expect.stringContaining('the service') } })
    expect((await server.get(`${root}/Conversations/${sid}`)).status).toBe(200)
    customer.answer('/service', {})
    expect((await remove()).status).toBe(204)
  })

  it('to what meanwhile cannot be any more does not make it possible', async () => {
    const { sid } = await made('/Conversations')
    await askAccount({ Filters: ['onMessageAdd'] })
    let answer = () => {}
    customer.answer('/account', {
      by: (response) => {
        answer = () => response.end()
      }
    })
    const waiting = server.post(`${root}/Conversations/${sid}/Messages`, { Body: 'Hello' }, enabled)
    await customer.until((requests) => requests.length === 1)
    await server.post(`${root}/Conversations/${sid}`, { State: 'closed' })
    answer()
    expect(await waiting).toMatchObject({ status: 400, body: { code: 50377 } })
  })

  it('is asked for about a conversation that is closed and out of memory, by its name as well', async () => {
    await askAccount({ Filters: ['onConversationRemove'] })
    const { sid } = await made('/Conversations', { UniqueName: 'bygone' })
    await server.post(`${root}/Conversations/${sid}`, { State: 'closed' })
    expect(server.account.state.find('conversation', sid)).toBeUndefined()
    expect((await server.delete(`${root}/Conversations/bygone`, enabled)).status).toBe(204)
    expect(asked()).toMatchObject([{ ConversationSid: sid, UniqueName: 'bygone', State: 'closed' }])
    expect(server.account.state.find('conversation', sid)).toBeUndefined()
  })
})

describe('a message from outside', () => {
  beforeEach(open)
  afterEach(close)

  const first = { from: '+15550001', to: '+15559999', body: 'Where is it?' }

  /** As the door of a channel does it: asks, then takes in what was agreed to. */
  async function write(inbound: Inbound) {
    const { account } = server
    const asking = {
      state: account.state,
      ledger: account,
      ask: (...question: Parameters<Ask>) => ask(...question),
      now: () => server.clock.now()
    }
    const agreed = await agreedInbound(asking, inbound)
    return agreed && account.execute({ type: 'conversation.receive', ...agreed })
  }

  beforeEach(async () => {
    await made('/Configuration/Addresses', { Type: 'sms', Address: first.to, 'AutoCreation.Enabled': true })
    await askAccount()
  })

  it('is asked about as the conversation that it makes, and then as a message', async () => {
    customer.answer('/account', { status: 200, body: JSON.stringify({ friendly_name: 'Ana', body: 'Hello, I see.' }) })
    const received = await write(first)
    expect(received?.conversation).toMatchObject({ friendly_name: 'Ana' })
    expect(received?.message).toMatchObject({ body: 'Where is it?', index: 0 })
    expect(asked()).toEqual([
      {
        AccountSid: served.account_sid,
        EventType: 'onConversationAdd',
        Source: 'SMS',
        RetryCount: '0',
        ChatServiceSid: service,
        MessagingServiceSid: expect.stringMatching(/^MG/),
        FriendlyName: first.from,
        Attributes: '{}',
        State: 'active',
        'MessagingBinding.Address': first.from,
        'MessagingBinding.ProxyAddress': first.to,
        MessageBody: first.body
      }
    ])
    expect((await write({ ...first, body: 'Damn' }))?.message).toMatchObject({ body: 'Hello, I see.', index: 1 })
    expect(asked().at(-1)).toMatchObject({ EventType: 'onMessageAdd', Body: 'Damn', Author: first.from })
  })

  it('is dropped where somebody rejects it, and nothing is made', async () => {
    customer.answer('/account', { status: 403 })
    expect(await write(first)).toBeUndefined()
    expect(server.account.state.tables.conversation.size).toBe(0)
  })

  it('comes as it is where the answer cannot be used, or there is none', async () => {
    customer.answer('/account', { status: 200, body: JSON.stringify({ friendly_name: 'x'.repeat(300) }) })
    expect((await write(first))?.conversation).toMatchObject({ friendly_name: first.from })
    customer.answer('/account', { status: 200, body: JSON.stringify({ attributes: 'no JSON' }) })
    expect((await write(first))?.message).toMatchObject({ body: first.body })
  })

  it('that nobody takes is nobody`s question', async () => {
    expect(await write({ ...first, to: '+15550000' })).toEqual({})
    expect(asked()).toEqual([])
  })
})
