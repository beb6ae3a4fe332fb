import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'

/* Every operation of Conversations through the official SDK, at the root and below a service. */

const file = 'test/conformance/conversations/operations.test.ts'
const ours = '+3726000'

let world: Observed
let v1: Observed['client']['conversations']['v1']
let service: string

beforeAll(async () => {
  world = await observed()
  v1 = world.client.conversations.v1
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

const account = async () => (await world.running.account) ?? expect.fail('the account is open')

let customers = 0
const customer = () => `+3725550${String(++customers).padStart(4, '0')}`

for (const place of ['at the root', 'below a service'] as const)
  describe(place, () => {
    /** The root and a service have the same resources, which the SDK types each on its own. */
    const at = () => (place === 'at the root' ? v1 : (v1.services(service) as unknown as typeof v1))

    it('conversations are made, listed, found, changed and deleted', async () => {
      const { conversations } = at()
      const made = await conversations.create({
        friendlyName: 'Order 7',
        uniqueName: 'order-7',
        attributes: '{"a": 1}'
      })
      expect(made).toMatchObject({ attributes: '{"a": 1}', state: 'active', chatServiceSid: service })
      expect((await conversations.list({ state: 'active' })).map(({ sid }) => sid)).toContain(made.sid)
      expect(await conversations('order-7').fetch()).toMatchObject({ sid: made.sid })
      expect(await conversations(made.sid).update({ state: 'inactive' })).toMatchObject({ state: 'inactive' })
      expect(await conversations(made.sid).remove()).toBe(true)
      expect(await refusal(conversations(made.sid).fetch())).toMatchObject({ status: 404, code: 20404 })
    })

    it('a conversation is made with its participants', async () => {
      const { conversationWithParticipants } = at()
      const made = await conversationWithParticipants.create({
        friendlyName: 'Both',
        participant: [
          JSON.stringify({ identity: 'ann' }),
          JSON.stringify({ messaging_binding: { address: customer(), proxy_address: ours } })
        ]
      })
      expect(await at().conversations(made.sid).participants.list()).toHaveLength(2)
    })

    it('participants join, are found by identity, change and leave', async () => {
      const address = customer()
      const { sid } = await at().conversations.create()
      const { participants } = at().conversations(sid)
      const ann = await participants.create({ identity: 'ann', attributes: '{"desk":4}' })
      const other = await participants.create({
        'messagingBinding.address': address,
        'messagingBinding.proxyAddress': ours
      })
      expect((await participants.list()).map((one) => one.sid)).toEqual([ann.sid, other.sid])
      expect(await participants('ann').fetch()).toMatchObject({ sid: ann.sid, attributes: '{"desk":4}' })
      expect(await participants(ann.sid).update({ attributes: '{}' })).toMatchObject({ attributes: '{}' })
      const { participantConversations } = at()
      expect((await participantConversations.list({ address })).map((one) => one.conversationSid)).toEqual([sid])
      expect(await participants('ann').remove()).toBe(true)
    })

    it('messages are written, listed, found, changed and deleted, and have receipts', async () => {
      const conversation = await at().conversations.create()
      const address = customer()
      await world.call('/ringdown/v1/Phones', { Address: address })
      const { sid: participant_sid } = await at()
        .conversations(conversation.sid)
        .participants.create({ 'messagingBinding.address': address, 'messagingBinding.proxyAddress': ours })
      const { messages } = at().conversations(conversation.sid)
      const message = await messages.create({ author: 'ann', body: 'Hello' })
      expect(message).toMatchObject({ index: 0, delivery: null, media: null, body: 'Hello' })
      await world.pass(1)
      const delivery = { total: 1, sent: 'all', delivered: 'all', read: 'none', failed: 'none', undelivered: 'none' }
      expect((await messages.list())[0]?.delivery).toEqual(delivery)
      const { deliveryReceipts } = messages(message.sid)
      const [receipt] = await deliveryReceipts.list()
      expect(await deliveryReceipts(receipt?.sid ?? '').fetch()).toMatchObject({
        status: 'delivered',
        errorCode: 0,
        channelMessageSid: expect.stringMatching(/^SM/),
        messageSid: message.sid,
        participantSid: participant_sid
      })
      expect(await messages(message.sid).update({ body: 'Hello!' })).toMatchObject({ body: 'Hello!' })
      expect(await messages(message.sid).fetch()).toMatchObject({ body: 'Hello!', delivery: { total: 1 } })
      expect(await messages(message.sid).remove()).toBe(true)
      expect(await refusal(deliveryReceipts.list())).toMatchObject({ status: 404, code: 20404 })
    })

    it('webhooks of a conversation are attached, changed and taken away', async () => {
      const { sid } = await at().conversations.create()
      const { webhooks } = at().conversations(sid)
      const made = await webhooks.create({
        target: 'webhook',
        'configuration.url': 'https://bot.test/in',
        'configuration.filters': ['onMessageAdded']
      })
      expect((await webhooks.list()).map((one) => one.sid)).toEqual([made.sid])
      await webhooks(made.sid).update({ 'configuration.method': 'get' })
      expect((await webhooks(made.sid).fetch()).configuration).toMatchObject({ method: 'GET' })
      expect(await webhooks(made.sid).remove()).toBe(true)
    })

    it('users are made, listed, found by identity, changed and deleted', async () => {
      const { users } = at()
      const made = await users.create({ identity: `${place} zoe`, friendlyName: 'Zoe' })
      expect((await users.list()).map((one) => one.sid)).toContain(made.sid)
      expect(await users(made.sid).fetch()).toMatchObject({ friendlyName: 'Zoe', isOnline: null, isNotifiable: null })
      expect(await users(made.identity).update({ friendlyName: 'Zoë' })).toMatchObject({ friendlyName: 'Zoë' })
      expect(await users(made.sid).remove()).toBe(true)
    })

    it('a user`s conversations say what is unread, and can be read, muted and left', async () => {
      const identity = `${place} bea`
      const { sid } = await at().conversations.create({ friendlyName: 'Where is it?' })
      const conversation = at().conversations(sid)
      await conversation.participants.create({ identity })
      const written = []
      for (const body of ['one', 'two', 'three', 'four']) written.push(await conversation.messages.create({ body }))
      const { userConversations } = at().users(identity)
      const [listed] = await userConversations.list()
      expect(listed).toMatchObject({
        conversationSid: sid,
        unreadMessagesCount: null,
        lastReadMessageIndex: null,
        notificationLevel: 'default',
        conversationState: 'active',
        friendlyName: 'Where is it?'
      })
      const read = await userConversations(sid).update({ lastReadMessageIndex: 0, notificationLevel: 'muted' })
      expect(read).toMatchObject({ unreadMessagesCount: 3, lastReadMessageIndex: 0, notificationLevel: 'muted' })
      await conversation.messages(written[2]?.sid ?? '').remove()
      expect(await userConversations(sid).fetch()).toMatchObject({ unreadMessagesCount: 2 })
      expect((await userConversations.list())[0]).toMatchObject({ unreadMessagesCount: 2 })
      expect(await userConversations(sid).update({ lastReadMessageIndex: 99 })).toMatchObject({
        unreadMessagesCount: 0,
        lastReadMessageIndex: 3
      })
      await conversation.messages(written[3]?.sid ?? '').remove()
      await conversation.messages.create({ body: 'five' })
      expect(await userConversations(sid).fetch()).toMatchObject({ unreadMessagesCount: 1 })
      expect(await userConversations(sid).remove()).toBe(true)
      expect(await refusal(userConversations(sid).fetch())).toMatchObject({ status: 404, code: 20404 })
      expect(await userConversations.list()).toEqual([])
    })

    it('roles are made, listed, found, changed and deleted', async () => {
      const { roles } = at()
      const made = await roles.create({
        friendlyName: 'guest',
        type: 'conversation',
        permission: ['sendMessage', 'leaveConversation', 'sendMessage']
      })
      expect(made).toMatchObject({ type: 'conversation', permissions: ['sendMessage', 'leaveConversation'] })
      expect((await roles.list()).map((one) => one.sid)).toContain(made.sid)
      const { sid } = made
      expect(await roles(sid).update({ permission: ['sendMediaMessage'] })).toMatchObject({
        permissions: ['sendMediaMessage'],
        type: 'conversation'
      })
      expect(await roles(sid).fetch()).toMatchObject({ friendlyName: 'guest' })
      const configuration = v1.services(service).configuration
      const { defaultConversationRoleSid: before } = await configuration().fetch()
      await configuration().update({ defaultConversationRoleSid: sid })
      expect(await refusal(roles(sid).remove())).toMatchObject({ status: 409, code: 20409 })
      await configuration().update({ defaultConversationRoleSid: before })
      expect(await roles(sid).remove()).toBe(true)
      expect(await refusal(roles(sid).fetch())).toMatchObject({ status: 404 })
    })
  })

describe('the account', () => {
  it('has a default Messaging Service of its own, whose pool is empty', async () => {
    const { defaultMessagingServiceSid } = await v1.configuration().fetch()
    const { services } = world.client.messaging.v1
    expect(await services(defaultMessagingServiceSid).fetch()).toMatchObject({
      friendlyName: 'Default Messaging Service for Conversations'
    })
    expect(await services(defaultMessagingServiceSid).phoneNumbers.list()).toEqual([])
    const made = await v1.conversations.create({ friendlyName: 'By default' })
    expect(made.messagingServiceSid).toBe(defaultMessagingServiceSid)
  })

  it('has addresses for which conversations are made', async () => {
    const { addressConfigurations } = v1
    const made = await addressConfigurations.create({
      type: 'sms',
      address: '+372 6001',
      friendlyName: 'Shop',
      'autoCreation.enabled': true,
      'autoCreation.type': 'webhook',
      'autoCreation.webhookUrl': 'https://bot.test/first',
      'autoCreation.webhookMethod': 'get',
      'autoCreation.webhookFilters': ['onMessageAdded']
    })
    expect(made).toMatchObject({
      address: '+3726001',
      autoCreation: {
        enabled: true,
        type: 'webhook',
        conversation_service_sid: service,
        webhook_url: 'https://bot.test/first',
        webhook_method: 'GET',
        webhook_filters: ['onMessageAdded']
      }
    })
    const flow = `FW${'f'.repeat(32)}`
    const other = await addressConfigurations.create({
      type: 'whatsapp',
      address: 'whatsapp:+3726001',
      'autoCreation.type': 'studio',
      'autoCreation.studioFlowSid': flow,
      'autoCreation.studioRetryCount': 2
    })
    expect(other.autoCreation).toEqual({
      enabled: false,
      type: 'studio',
      conversation_service_sid: service,
      studio_flow_sid: flow,
      studio_retry_count: 2
    })
    expect((await addressConfigurations.list({ type: 'whatsapp' })).map(({ sid }) => sid)).toEqual([other.sid])
    expect((await addressConfigurations.list({ type: 'WhatsApp' })).map(({ sid }) => sid)).toEqual([other.sid])
    expect(await refusal(addressConfigurations.list({ type: 'pigeon' }))).toMatchObject({ status: 400, code: 20001 })
    expect(await addressConfigurations.list()).toHaveLength(2)
    expect(await addressConfigurations('+3726001').fetch()).toMatchObject({ sid: made.sid })
    const changed = await addressConfigurations(made.sid).update({ 'autoCreation.type': 'default' })
    expect(changed.autoCreation).toEqual({ enabled: true, type: 'default', conversation_service_sid: service })
    const again = addressConfigurations.create({ type: 'sms', address: '+3726001' })
    expect(await refusal(again)).toMatchObject({ status: 409, code: 20409 })
    for (const { sid } of [made, other]) expect(await addressConfigurations(sid).remove()).toBe(true)
  })

  it('has credentials of push services, whose secrets nobody sees again', async () => {
    const { credentials } = v1
    const made = await credentials.create({
      type: 'apn',
      friendlyName: 'Phones',
      certificate: 'secret-certificate',
      privateKey: 'secret-key',
      sandbox: true
    })
    expect(made).toMatchObject({ type: 'apn', friendlyName: 'Phones', sandbox: 'true' })
    expect(await credentials(made.sid).update({ friendlyName: 'iPhones' })).toMatchObject({ friendlyName: 'iPhones' })
    expect(await refusal(credentials(made.sid).update({ type: 'fcm' }))).toMatchObject({ status: 400, code: 20001 })
    expect(await credentials(made.sid).update({ type: 'fcm', secret: 'secret-fcm' })).toMatchObject({ sandbox: null })
    expect((await credentials.list()).map(({ sid }) => sid)).toEqual([made.sid])
    expect(JSON.stringify(await credentials(made.sid).fetch())).not.toContain('secret')
    const row = (await account()).state.get('credential', made.sid)
    expect(row.sealed_certificate).toBeNull()
    expect(row.sealed_secret).toMatch(/^v1\./)
    expect(await refusal(credentials.create({ type: 'gcm' }))).toMatchObject({ status: 400, code: 20001 })
    expect(await credentials(made.sid).remove()).toBe(true)
  })

  it('has a configuration and services, each with its own', async () => {
    expect(await v1.configuration().update({ defaultInactiveTimer: 'PT1M' })).toMatchObject({
      defaultInactiveTimer: 'PT1M'
    })
    await v1.configuration().update({ defaultInactiveTimer: 'PT0S' })
    expect(await v1.configuration.webhooks().update({ method: 'GET' })).toMatchObject({ method: 'GET' })
    expect(await v1.configuration.webhooks().fetch()).toMatchObject({ method: 'GET', filters: null })

    const { sid } = await v1.services.create({ friendlyName: 'Shop' })
    expect((await v1.services.list()).map((one) => one.sid)).toEqual([service, sid])
    const { configuration } = v1.services(sid)
    const before = await configuration().fetch()
    const { sid: guest } = await v1
      .services(sid)
      .roles.create({ friendlyName: 'guest', type: 'service', permission: ['joinConversation'] })
    expect(await configuration().update({ defaultChatServiceRoleSid: guest, reachabilityEnabled: true })).toMatchObject(
      {
        defaultChatServiceRoleSid: guest,
        reachabilityEnabled: true,
        defaultConversationRoleSid: before.defaultConversationRoleSid
      }
    )
    expect(await v1.services(sid).users.create({ identity: 'ann' })).toMatchObject({ roleSid: guest })
    const wrong = configuration().update({ defaultConversationRoleSid: guest })
    expect(await refusal(wrong)).toMatchObject({ status: 400, code: 20001 })
    expect(await configuration.webhooks().update({ method: 'GET' })).toMatchObject({ method: 'GET' })
    expect(await configuration.webhooks().fetch()).toMatchObject({ method: 'GET', chatServiceSid: sid })
    expect(await v1.services(sid).fetch()).toMatchObject({ friendlyName: 'Shop' })
    expect(await v1.services(sid).remove()).toBe(true)
  })

  it('keeps what users are to be told by push', async () => {
    const { notifications } = v1.services(service).configuration
    const off = { enabled: false }
    expect(await notifications().fetch()).toMatchObject({
      logEnabled: false,
      newMessage: { enabled: false, badge_count_enabled: false, with_media: off },
      addedToConversation: off,
      removedFromConversation: off
    })
    const set = await notifications().update({
      logEnabled: true,
      'newMessage.enabled': true,
      'newMessage.template': 'There is a message',
      'newMessage.withMedia.enabled': true,
      'removedFromConversation.sound': 'bell'
    })
    expect(set.newMessage).toEqual({
      enabled: true,
      template: 'There is a message',
      badge_count_enabled: false,
      with_media: { enabled: true }
    })
    const cleared = await world.call(`/conversations/v1/Services/${service}/Configuration/Notifications`, {
      'NewMessage.Template': ''
    })
    expect(cleared.body.new_message).not.toHaveProperty('template')
    expect(cleared.body.removed_from_conversation).toEqual({ enabled: false, sound: 'bell' })
  })

  it('knows the devices that an SDK has registered, and lets go of them', async () => {
    const credential = await v1.credentials.create({ type: 'fcm', secret: 'fcm' })
    const register = async (identity: string, endpoint: string) => {
      const { service_binding } = await (await account()).execute({
        type: 'service_binding.register',
        chat_service_sid: service,
        identity,
        binding_type: 'fcm',
        endpoint,
        credential_sid: credential.sid,
        message_types: ['new_message']
      })
      return service_binding.sid
    }
    const phone = await register('ann', 'device-1')
    const tablet = await register('ann', 'device-2')
    const others = await register('bob', 'device-3')
    const { bindings } = v1.services(service)
    expect((await bindings.list()).map(({ sid }) => sid)).toEqual([phone, tablet, others])
    expect((await bindings.list({ identity: ['ann'], bindingType: ['fcm'] })).map(({ sid }) => sid)).toEqual([
      phone,
      tablet
    ])
    expect(await bindings.list({ bindingType: ['apn'] })).toEqual([])
    expect(await bindings(phone).fetch()).toMatchObject({
      identity: 'ann',
      endpoint: 'device-1',
      bindingType: 'fcm',
      credentialSid: credential.sid,
      messageTypes: ['new_message']
    })
    expect(await register('bob', 'device-1')).toBe(phone) // a device that changes hands
    expect(await bindings(phone).fetch()).toMatchObject({ identity: 'bob' })
    expect(await bindings(phone).remove()).toBe(true)
    expect(await refusal(bindings(phone).fetch())).toMatchObject({ status: 404 })
    await v1.services(service).configuration().update({ reachabilityEnabled: true })
    expect(await v1.users('ann').fetch()).toMatchObject({ isNotifiable: true, isOnline: false })
    await v1.users('ann').remove()
    await v1.credentials(credential.sid).remove()
    expect(await bindings.list()).toEqual([])
    await v1.services(service).configuration().update({ reachabilityEnabled: false })
  })
})

it('all of this was answered', () => expectVerified(file, world))
