import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import type { WebhookListInstanceCreateOptions as Asked } from 'twilio/lib/rest/conversations/v1/conversation/webhook.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'

/* Where webhooks of conversations are configured, through the official SDK (reference conversations 15 and 16). */

const file = 'test/conformance/conversations/webhooks.test.ts'
const flow = `FW${'f'.repeat(32)}`
const bot: Asked = {
  target: 'webhook',
  'configuration.url': 'https://bot.test/in',
  'configuration.filters': ['onMessageAdded']
}

let world: Observed
let v1: Observed['client']['conversations']['v1']
/** For conversations themselves: their link to an export, which Twilio has as well, leads nowhere. */
let conversations: typeof v1.conversations
let service: string

beforeAll(async () => {
  world = await observed()
  v1 = world.client.conversations.v1
  const { url, credentials } = world.running
  const client = twilio(credentials.account_sid, credentials.auth_token, { httpClient: ringdown({ url }) })
  conversations = client.conversations.v1.conversations
  service = (await v1.configuration().fetch()).defaultChatServiceSid
})
afterAll(() => world.close())

/** What a refused call of the SDK is refused with. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; code: number; message: string }> {
  return call.then(
    () => expect.fail('it was not refused'),
    ({ status, code, message }) => ({ status, code, message })
  )
}

describe('the account', () => {
  it('asks nobody and tells nobody until somebody is named', async () => {
    const webhooks = await v1.configuration.webhooks().fetch()
    expect(webhooks.toJSON()).toEqual({
      accountSid: world.running.credentials.account_sid,
      method: 'POST',
      filters: null,
      preWebhookUrl: null,
      postWebhookUrl: null,
      target: 'webhook',
      url: `${world.running.url}/conversations/v1/Configuration/Webhooks`
    })
  })

  it('names whom to ask and whom to tell, and changes its mind', async () => {
    const { configuration } = v1
    const named = await configuration.webhooks().update({
      method: 'get',
      filters: ['onMessageAdd', 'onMessageAdded', 'onMessageSent'],
      preWebhookUrl: 'https://us.test/pre',
      postWebhookUrl: 'https://us.test/post?key=1',
      target: 'flex'
    })
    expect(named).toMatchObject({
      method: 'GET',
      filters: ['onMessageAdd', 'onMessageAdded', 'onMessageSent'],
      preWebhookUrl: 'https://us.test/pre',
      postWebhookUrl: 'https://us.test/post?key=1',
      target: 'flex'
    })
    await configuration.webhooks().update({ filters: [], preWebhookUrl: '', method: 'POST', target: 'webhook' })
    expect(await configuration.webhooks().fetch()).toMatchObject({
      method: 'POST',
      preWebhookUrl: null,
      postWebhookUrl: 'https://us.test/post?key=1',
      target: 'webhook'
    })
    const cleared = await world.call('/conversations/v1/Configuration/Webhooks', { Filters: '', PostWebhookUrl: '' })
    expect(cleared.body).toMatchObject({ filters: [], post_webhook_url: null })
  })

  it.each([
    { preWebhookUrl: 'us.test' },
    { postWebhookUrl: 'ftp://us.test' },
    { method: 'PUT' },
    { target: 'studio' as 'flex' }
  ])('does not take %o', async (params) => {
    expect(await refusal(v1.configuration.webhooks().update(params))).toMatchObject({ status: 400, code: 20001 })
  })
})

describe('a service', () => {
  it('has webhooks of its own', async () => {
    const { webhooks } = v1.services(service).configuration
    expect((await webhooks().fetch()).toJSON()).toMatchObject({
      chatServiceSid: service,
      preWebhookUrl: null,
      postWebhookUrl: null,
      filters: null,
      method: 'POST'
    })
    await webhooks().update({ postWebhookUrl: 'http://shop.test', filters: ['onUserAdded'], method: 'GET' })
    expect(await webhooks().fetch()).toMatchObject({
      postWebhookUrl: 'http://shop.test',
      filters: ['onUserAdded'],
      method: 'GET'
    })
    expect((await v1.configuration.webhooks().fetch()).postWebhookUrl).toBeNull()
    expect(await refusal(webhooks().update({ preWebhookUrl: '//shop.test' }))).toMatchObject({ status: 400 })
    const nowhere = v1.services(`IS${'0'.repeat(32)}`).configuration
    expect(await refusal(nowhere.webhooks().fetch())).toMatchObject({ status: 404, code: 20404 })
    expect(await refusal(nowhere.webhooks().update({ method: 'GET' }))).toMatchObject({ status: 404, code: 20404 })
  })
})

describe('a conversation', () => {
  it('has webhooks at the root and below its service: the same ones', async () => {
    const { sid } = await conversations.create({ uniqueName: 'order-7' })
    const atRoot = v1.conversations(sid)
    const below = v1.services(service).conversations(sid)
    const made = await atRoot.webhooks.create(bot)
    expect(made.toJSON()).toMatchObject({
      sid: expect.stringMatching(/^WH[0-9a-f]{32}$/),
      conversationSid: sid,
      target: 'webhook',
      configuration: { url: 'https://bot.test/in', method: 'POST', filters: ['onMessageAdded'] },
      url: `${world.running.url}/conversations/v1/Conversations/${sid}/Webhooks/${made.sid}`
    })
    const other = await below.webhooks.create({
      target: 'trigger',
      'configuration.url': 'https://bot.test/help',
      'configuration.method': 'get',
      'configuration.triggers': ['help', 'agent'],
      'configuration.replayAfter': 0
    })
    expect(other).toMatchObject({
      chatServiceSid: service,
      configuration: { url: 'https://bot.test/help', method: 'GET', triggers: ['help', 'agent'], replay_after: 0 },
      url: expect.stringContaining(`/v1/Services/${service}/Conversations/${sid}/Webhooks/`)
    })
    expect((await v1.conversations('order-7').webhooks.list()).map((row) => row.sid)).toEqual([made.sid, other.sid])
    expect((await below.webhooks.list({ pageSize: 1 })).map((row) => row.sid)).toEqual([made.sid, other.sid])
    expect((await atRoot.webhooks(other.sid).fetch()).target).toBe('trigger')
    expect((await below.webhooks(made.sid).fetch()).chatServiceSid).toBe(service)
    const changed = await atRoot.webhooks(made.sid).update({ 'configuration.filters': ['onWhatever'] })
    expect(changed.configuration).toEqual({ url: 'https://bot.test/in', method: 'POST', filters: ['onWhatever'] })
    await below.webhooks(made.sid).update({ 'configuration.method': 'get', 'configuration.url': 'http://bot.test' })
    expect((await atRoot.webhooks(made.sid).fetch()).configuration).toEqual({
      url: 'http://bot.test',
      method: 'GET',
      filters: ['onWhatever']
    })
    expect(await atRoot.webhooks(made.sid).remove()).toBe(true)
    expect(await below.webhooks(other.sid).remove()).toBe(true)
    expect(await refusal(atRoot.webhooks(made.sid).fetch())).toEqual({
      status: 404,
      code: 20404,
      message: `The requested resource /Conversations/${sid}/Webhooks/${made.sid} was not found`
    })
    expect(await refusal(below.webhooks(made.sid).remove())).toMatchObject({ status: 404 })
    expect(await atRoot.webhooks.list()).toEqual([])
  })

  it('invokes a flow when there are flows; until then it keeps its name', async () => {
    const { sid } = await conversations.create({})
    const { webhooks } = v1.conversations(sid)
    const made = await webhooks.create({ target: 'studio', 'configuration.flowSid': flow })
    expect(made.configuration).toEqual({ flow_sid: flow })
    const other = `FW${'e'.repeat(32)}`
    expect((await webhooks(made.sid).update({ 'configuration.flowSid': other })).configuration).toEqual({
      flow_sid: other
    })
  })

  it.each<[Asked, string]>([
    [{ target: 'webhook', 'configuration.filters': ['onMessageAdded'] }, 'Configuration.Url'],
    [{ target: 'webhook', 'configuration.url': 'https://x.test' }, 'Configuration.Filters'],
    [{ target: 'trigger', 'configuration.url': 'https://x.test' }, 'Configuration.Triggers'],
    [{ target: 'studio' }, 'Configuration.FlowSid'],
    [{ ...bot, 'configuration.url': 'gopher://x.test' }, 'Configuration.Url'],
    [{ ...bot, 'configuration.replayAfter': -1 }, 'Configuration.ReplayAfter'],
    [{ ...bot, 'configuration.method': 'put' as 'get' }, 'Configuration.Method'],
    [{ target: 'studio', 'configuration.flowSid': 'FWx' }, 'Configuration.FlowSid'],
    [{ target: 'nobody' as 'webhook' }, 'Target']
  ])('does not take %o', async (params, parameter) => {
    const { sid } = await conversations.create({})
    const { status, message } = await refusal(v1.conversations(sid).webhooks.create(params))
    expect({ status, message }).toEqual({ status: 400, message: expect.stringContaining(parameter) })
  })

  it('has five webhooks, and no sixth', async () => {
    const { sid } = await conversations.create({})
    for (let i = 0; i < 5; i++) await v1.conversations(sid).webhooks.create(bot)
    expect(await refusal(v1.conversations(sid).webhooks.create(bot))).toMatchObject({ status: 400, code: 20001 })
    expect(await v1.conversations(sid).webhooks.list()).toHaveLength(5)
  })

  it('keeps its webhooks when it is closed, on disk, until it is removed or they are', async () => {
    const { sid } = await conversations.create({ uniqueName: 'bygone' })
    const made = [await v1.conversations(sid).webhooks.create(bot), await v1.conversations(sid).webhooks.create(bot)]
    const [kept = '', dropped = ''] = made.map((row) => row.sid)
    await conversations(sid).update({ state: 'closed' })
    const account = await world.running.account
    expect(account.state.find('conversation_scoped_webhook', kept)).toBeUndefined()
    const { webhooks } = v1.conversations('bygone')
    expect((await webhooks.list()).map((row) => row.sid)).toEqual([kept, dropped])
    expect((await webhooks(kept).fetch()).configuration).toMatchObject({ url: 'https://bot.test/in' })
    const update = webhooks(kept).update({ 'configuration.url': 'https://x.test' })
    expect(await refusal(update)).toMatchObject({ status: 400, code: 50377 })
    expect(await refusal(webhooks.create(bot))).toMatchObject({ status: 400, code: 50377 })
    expect(await webhooks(dropped).remove()).toBe(true)
    expect((await webhooks.list()).map((row) => row.sid)).toEqual([kept])
    await conversations(sid).remove()
    expect(await account.find('conversation_scoped_webhook', { conversation_sid: sid })).toEqual([])
    expect(await refusal(webhooks.list())).toMatchObject({ status: 404 })
    // Nor do those of open ones stay.
    const open = await conversations.create({})
    await v1.conversations(open.sid).webhooks.create(bot)
    await conversations(open.sid).remove()
    expect(await account.find('conversation_scoped_webhook', { conversation_sid: open.sid })).toEqual([])
    expect([...account.state.tables.conversation_scoped_webhook.by('conversation_sid', open.sid)]).toEqual([])
  })
})

it('what the parity page says of this file is so', () => expectVerified(file, world))
