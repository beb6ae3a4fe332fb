import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replay } from '@ringdown/server/commit/replay'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { WebhookListInstanceCreateOptions as Asked } from 'twilio/lib/rest/conversations/v1/conversation/webhook.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, type Reply, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/* What webhooks of conversations are told, and what they may object to, from the request to the receiver
 * (reference conversations 17 and 23.1). */

let here: World
let customer: Receiver
let v1: World['client']['conversations']['v1']
let service: string

beforeEach(async () => {
  here = await world()
  customer = await receiver({ auth_token: here.running.credentials.auth_token })
  v1 = here.client.conversations.v1
  service = (await v1.configuration().fetch()).defaultChatServiceSid
})
afterEach(async () => {
  await here.close()
  await customer.close()
})

const told = { xTwilioWebhookEnabled: 'true' } as const
/** Until everything that was due has been sent. */
const sent = () => here.pass(0)

async function open(params = {}): Promise<string> {
  return (await v1.conversations.create(params)).sid
}

async function hook(sid: string, params: Partial<Asked> = {}): Promise<string> {
  const { webhooks } = v1.conversations(sid)
  const bot: Asked = {
    target: 'webhook',
    'configuration.url': `${customer.url}/bot`,
    'configuration.filters': ['onMessageAdded']
  }
  return (await webhooks.create({ ...bot, ...params })).sid
}

const say = (sid: string, body: string, params = {}) => v1.conversations(sid).messages.create({ body, ...params })
const tellUs = (filters: string[], path = '/us') =>
  v1.configuration.webhooks().update({ postWebhookUrl: `${customer.url}${path}`, filters })
const bodies = (path: string) => customer.to(path).map(({ form }) => form.Body)

describe('a message', () => {
  it('over REST is told to nobody without the header, and with it to everybody who asked for it', async () => {
    await tellUs(['onMessageAdded'])
    await v1
      .services(service)
      .configuration.webhooks()
      .update({
        postWebhookUrl: `${customer.url}/shop?key=1`,
        filters: ['onMessageAdded', 'onMessageUpdated'],
        method: 'GET'
      })
    const sid = await open()
    const webhook_sid = await hook(sid)
    await say(sid, 'quietly')
    await sent()
    expect(customer.requests).toEqual([])
    const message = await say(sid, 'aloud & clear: ñ', { author: 'amelie', attributes: '{ "a": 1 }', ...told })
    await sent()
    const common = {
      AccountSid: here.running.credentials.account_sid,
      EventType: 'onMessageAdded',
      Source: 'API',
      RetryCount: '0',
      ChatServiceSid: service,
      MessagingServiceSid: expect.stringMatching(/^MG/),
      ConversationSid: sid,
      MessageSid: message.sid,
      Index: '1',
      DateCreated: '2026-03-02T09:00:00.000Z',
      Body: 'aloud & clear: ñ',
      Author: 'amelie',
      Attributes: '{ "a": 1 }'
    }
    expect(customer.to('/us')).toMatchObject([{ method: 'POST', form: common, isSigned: true }])
    expect(customer.to('/us')[0]?.form).toEqual(common)
    expect(customer.to('/bot')[0]?.form).toEqual({ ...common, WebhookSid: webhook_sid })
    expect(customer.to('/shop')).toMatchObject([{ method: 'GET', form: { ...common, key: '1' }, isSigned: true }])
    expect(customer.requests.every(({ headers }) => /^TwilioProxy/.test(headers['user-agent'] ?? ''))).toBe(true)
    expect(new Set(customer.requests.map(({ token }) => token)).size).toBe(3)
  })

  it('is told after the one before it, also to a receiver that takes its time', async () => {
    const sid = await open()
    await hook(sid)
    await hook(sid, { 'configuration.url': `${customer.url}/quick` })
    let waited = 0
    customer.answer('/bot', () => ({ delay_ms: waited++ % 3 === 0 ? 40 : 0 }))
    const said = Array.from({ length: 12 }, (_, i) => `message ${i}`)
    for (const body of said) await say(sid, body, told)
    await sent()
    expect(bodies('/bot')).toEqual(said)
    expect(bodies('/quick')).toEqual(said)
  })

  it('is told once more to whom it could not be told at once', async () => {
    const sid = await open()
    await hook(sid)
    customer.answer('/bot', [{ by: (response) => response.destroy() }, {}])
    await say(sid, 'Hello', told)
    await say(sid, 'Anybody?', told)
    await here.pass(60)
    expect(customer.to('/bot').map(({ form }) => [form.Body, form.RetryCount])).toEqual([
      ['Hello', '0'],
      ['Hello', '1'],
      ['Anybody?', '0']
    ])
    const [first, second] = customer.to('/bot')
    expect(first?.token).toBe(second?.token)
  })

  it('that a receiver refuses is not told again', async () => {
    const sid = await open()
    await hook(sid)
    customer.answer('/bot', { status: 500 })
    await say(sid, 'Hello', told)
    await here.pass(3600)
    expect(bodies('/bot')).toEqual(['Hello'])
  })

  it('with a word that somebody waits for is told, others are not', async () => {
    const sid = await open()
    await hook(sid, { target: 'trigger', 'configuration.triggers': ['help'] })
    for (const body of ['helpless', 'Help, please']) await say(sid, body, told)
    await sent()
    expect(bodies('/bot')).toEqual(['Help, please'])
  })

  it('that was there before a webhook is told to it if it asks for that, in order, before what comes then', async () => {
    const sid = await open()
    const said = Array.from({ length: 12 }, (_, i) => `message ${i}`)
    for (const body of said) await say(sid, body)
    await hook(sid, { 'configuration.replayAfter': 1 })
    await hook(sid, { 'configuration.url': `${customer.url}/late` })
    await say(sid, 'new', told)
    await sent()
    expect(customer.to('/bot').map(({ form }) => [form.Body, form.Index])).toEqual(
      [...said, 'new'].map((body, index) => [body, String(index)]).slice(1)
    )
    expect(customer.to('/bot').every(({ isSigned }) => isSigned)).toBe(true)
    expect(bodies('/late')).toEqual(['new'])
  })
})

describe('a conversation', () => {
  it('is told of when time closes it, and when it is removed, though it is in memory no more', async () => {
    const sid = await open({ 'timers.inactive': 'PT1M', 'timers.closed': 'PT10M' })
    await hook(sid, { 'configuration.filters': ['onConversationStateUpdated', 'onConversationRemoved'] })
    await here.pass(700)
    await v1.conversations(sid).remove(told)
    await sent()
    const account = await here.running.account
    expect(account.state.tables.conversation_scoped_webhook.size).toBe(0)
    expect(
      customer.to('/bot').map(({ form }) => [form.EventType, form.StateTo, form.Reason, form.Source, form.DateRemoved])
    ).toEqual([
      ['onConversationStateUpdated', 'inactive', 'TIMER', undefined, undefined],
      ['onConversationStateUpdated', 'closed', 'TIMER', undefined, undefined],
      ['onConversationRemoved', undefined, undefined, 'API', '2026-03-02T09:11:40.000Z']
    ])
  })

  it('is told of in the order in which it was lived', async () => {
    await tellUs([
      ...['onConversationAdded', 'onConversationUpdated', 'onConversationRemoved', 'onConversationStateUpdated'],
      ...['onParticipantAdded', 'onParticipantUpdated', 'onParticipantRemoved', 'onUserAdded', 'onUserUpdated'],
      ...['onMessageAdded', 'onMessageUpdated', 'onMessageRemoved']
    ])
    const sid = await open({ friendlyName: 'Order 7', ...told })
    const { participants, messages } = v1.conversations(sid)
    await participants.create({ identity: 'amelie', ...told })
    const { sid: message } = await messages.create({ body: 'Hello', author: 'amelie', ...told })
    await participants('amelie').update({ lastReadMessageIndex: 0, ...told })
    await messages(message).update({ body: 'Hello you', ...told })
    await messages(message).remove(told)
    await v1.users('amelie').update({ friendlyName: 'Amelie', ...told })
    await participants('amelie').remove(told)
    await v1.conversations(sid).update({ state: 'closed', ...told })
    await v1.conversations(sid).remove(told)
    await sent()
    const names = customer.to('/us').map(({ form }) => form.EventType)
    const ofUsers = ['onUserAdded', 'onUserUpdated']
    expect(names.filter((name) => ofUsers.includes(name ?? ''))).toEqual(ofUsers)
    expect(names.filter((name) => !ofUsers.includes(name ?? ''))).toEqual([
      'onConversationAdded',
      'onParticipantAdded',
      'onMessageAdded',
      'onParticipantUpdated',
      'onMessageUpdated',
      'onMessageRemoved',
      'onParticipantRemoved',
      'onConversationUpdated',
      'onConversationStateUpdated',
      'onConversationRemoved'
    ])
    expect(customer.requests.every(({ isSigned }) => isSigned)).toBe(true)
  })
})

describe('whoever is asked before', () => {
  const askUs = (filters: string[]) =>
    v1.configuration.webhooks().update({ preWebhookUrl: `${customer.url}/may-i`, filters })

  it('may object, change what is said, or say nothing at all', async () => {
    const sid = await open()
    await hook(sid)
    await askUs(['onMessageAdd'])
    const lost: Reply = { by: (response) => response.destroy() }
    customer.answer('/may-i', [{ status: 403 }, { body: { body: 'x', author: 'desk' } }, lost])
    await expect(say(sid, 'never said', told)).rejects.toMatchObject({ status: 403, code: 20403 })
    expect(await say(sid, 'something', told)).toMatchObject({ body: 'x', author: 'desk', index: 0 })
    expect(await say(sid, 'Hello', told)).toMatchObject({ body: 'Hello', index: 1 })
    await sent()
    expect(customer.to('/may-i').map(({ form, isSigned }) => [form.EventType, form.Body, isSigned])).toEqual([
      ['onMessageAdd', 'never said', true],
      ['onMessageAdd', 'something', true],
      ['onMessageAdd', 'Hello', true]
    ])
    // Those who are told afterwards hear what it became.
    expect(bodies('/bot')).toEqual(['x', 'Hello'])
  }, 15_000)

  it('is not asked again: the answer is part of what happened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-journal-'))
    const kept = await world({ data: folder, journal: true })
    const { account_sid } = kept.running.credentials
    const { conversations, configuration } = kept.client.conversations.v1
    await configuration.webhooks().update({ preWebhookUrl: `${customer.url}/may-i`, filters: ['onMessageAdd'] })
    customer.answer('/may-i', { body: { body: 'Hello, dear', attributes: { checked: true } } })
    const { sid } = await conversations.create({})
    const message = await conversations(sid).messages.create({ body: 'Hello', ...told })
    await kept.close()
    customer.clear()
    const store = await openStore({ schema, data: folder })
    const state = await replay(store, account_sid)
    await store.close()
    expect(state.get('message', message.sid)).toMatchObject({ body: 'Hello, dear', attributes: '{"checked":true}' })
    expect(customer.requests).toEqual([])
    await rm(folder, { recursive: true })
  })
})

it('a server that starts anew knows whom to ask and to tell', async () => {
  const sid = await open()
  await hook(sid)
  const closed = await open()
  await hook(closed, { 'configuration.filters': ['onConversationRemoved'] })
  await v1.conversations(closed).update({ state: 'closed' })
  await v1.configuration.webhooks().update({ preWebhookUrl: `${customer.url}/may-i`, filters: ['onMessageAdd'] })
  await here.running.close()
  const again = await world({ data: here.folder })
  const { conversations } = again.client.conversations.v1
  await conversations(sid).messages.create({ body: 'Hello', ...told })
  await conversations(closed).remove(told)
  await again.pass(0)
  expect(customer.requests.map(({ path, form }) => [path, form.EventType, form.ConversationSid])).toEqual([
    ['/may-i', 'onMessageAdd', sid],
    ['/bot', 'onMessageAdded', sid],
    ['/bot', 'onConversationRemoved', closed]
  ])
  await again.close()
})
