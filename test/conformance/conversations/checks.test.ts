import { isJsonObject } from '@ringdown/contract/json-text'
import type { Inbound } from '@ringdown/engine/conversations/inbound'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/*
 * What known clients rely on (reference conversations 23), through the official SDK and on both stores. Webhooks over REST
 * and pre-webhooks are in `webhooks-told.test.ts` beside it.
 */

const ours = '+3726000'
let customers = 0
const pairOf = (address = `+3725551${String(++customers).padStart(4, '0')}`) => ({
  'messagingBinding.address': address,
  'messagingBinding.proxyAddress': ours
})

/** What a refused call of the SDK is refused with. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; code: number; message: string }> {
  return call.then(
    () => expect.fail('it was not refused'),
    ({ status, code, message }) => ({ status, code, message })
  )
}

for (const { name, available, place } of databases)
  describe.runIf(available)(`on ${name}`, () => {
    let there: PostgresPlace | undefined
    let here: World
    let customer: Receiver
    let v1: World['client']['conversations']['v1']

    beforeAll(async () => {
      there = await place()
      here = await world({ ...(there && { database: there.url }) })
      await here.running.account
      customer = await receiver({ auth_token: here.running.credentials.auth_token })
      v1 = here.client.conversations.v1
    })
    afterAll(async () => {
      await here.close()
      await customer.close()
      await there?.clear()
    })

    const open = async (params = {}) => (await v1.conversations.create(params)).sid
    const join = (sid: string, params: object) => v1.conversations(sid).participants.create(params)
    const account = async () => (await here.running.account) ?? expect.fail('the account is open')
    /** As messaging takes a message in. */
    const write = async (inbound: Omit<Inbound, 'to'>) =>
      (await account()).execute({ type: 'conversation.receive', to: ours, ...inbound })

    it('1. a pair is one conversation`s until that is closed', async () => {
      const pair = pairOf()
      const [a, b] = [await open(), await open()]
      await join(a, pair)
      const held = await refusal(join(b, pair))
      expect(held).toMatchObject({ status: 409, code: 50416 })
      expect(/already exists in Conversation (CH[0-9a-f]{32})$/.exec(held.message)?.[1]).toBe(a)
      await v1.conversations(a).update({ state: 'closed' })
      expect(await join(b, pair)).toMatchObject({ conversationSid: b })
    })

    it('2. a message from outside wakes an inactive conversation, and makes another one of a closed', async () => {
      const address = '+37255520001'
      await v1.addressConfigurations.create({ type: 'sms', address: ours, 'autoCreation.enabled': true })
      await v1.configuration.webhooks().update({
        postWebhookUrl: `${customer.url}/us`,
        filters: ['onConversationStateUpdated']
      })
      const sid = await open({ state: 'inactive' })
      await join(sid, pairOf(address))
      expect((await write({ from: address, body: 'Hello?' })).conversation?.sid).toBe(sid)
      expect(await v1.conversations(sid).fetch()).toMatchObject({ state: 'active' })
      await here.pass(0)
      expect(customer.to('/us').at(-1)?.form).toMatchObject({
        StateFrom: 'inactive',
        StateTo: 'active',
        Reason: 'EVENT'
      })
      await v1.conversations(sid).update({ state: 'closed' })
      const next = (await write({ from: address, body: 'And now?' })).conversation?.sid ?? ''
      expect(next).not.toBe(sid)
      expect(await v1.conversations(next).messages.list()).toMatchObject([{ author: address, index: 0 }])
      expect((await v1.participantConversations.list({ address })).map((one) => one.conversationState)).toEqual([
        'active',
        'closed'
      ])
      await v1.configuration.webhooks().update({ filters: ['none'] })
      await v1.addressConfigurations(ours).remove()
    })

    it('2. the webhook of an address hears of its first customer and of the first message', async () => {
      await v1.addressConfigurations.create({
        type: 'sms',
        address: ours,
        'autoCreation.enabled': true,
        'autoCreation.type': 'webhook',
        'autoCreation.webhookUrl': `${customer.url}/first`,
        'autoCreation.webhookFilters': ['onParticipantAdded', 'onMessageAdded']
      })
      await write({ from: '+37255520002', body: 'Hello?' })
      await here.pass(0)
      expect(customer.to('/first').map(({ form, isSigned }) => [form.EventType, form.Source, isSigned])).toEqual([
        ['onParticipantAdded', 'SMS', true],
        ['onMessageAdded', 'SMS', true]
      ])
      await v1.addressConfigurations(ours).remove()
    })

    it('3. a conversation closes after ten minutes at the earliest', async () => {
      const closed = (after: string) => v1.conversations.create({ 'timers.closed': after, 'timers.inactive': 'PT1M' })
      expect(await refusal(closed('PT9M'))).toMatchObject({ status: 400, code: 20001 })
      expect(Object.keys((await closed('PT10M')).timers)).toEqual(['date_inactive', 'date_closed'])
    })

    it('6. pages backward see each index once while messages arrive', async () => {
      const sid = await open()
      for (let i = 0; i < 7; i++) await v1.conversations(sid).messages.create({ body: String(i) })
      const seen: number[] = []
      let path = `/conversations/v1/Conversations/${sid}/Messages?Order=desc&PageSize=2`
      for (let url: string | null = here.running.url + path; url !== null; ) {
        path = url.slice(here.running.url.length)
        const { body } = await here.call(path)
        seen.push(...body.messages.map(({ index }: { index: number }) => index))
        url = body.meta.next_page_url
        await v1.conversations(sid).messages.create({ body: 'meanwhile' })
      }
      expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0])
    })

    it('8. of two on phones, only the one who did not write is sent it', async () => {
      const sid = await open()
      const [first, second] = [pairOf(), pairOf()]
      for (const pair of [first, second]) {
        await here.call('/ringdown/v1/Phones', { Address: pair['messagingBinding.address'] })
        await join(sid, pair)
      }
      const { messages } = v1.conversations(sid)
      const author = first['messagingBinding.address']
      const message = await messages.create({ author, body: 'Hello' })
      await here.pass(1)
      const { delivery, participantSid } = await messages(message.sid).fetch()
      expect(delivery).toMatchObject({ total: 1, sent: 'all' })
      const [own] = await v1.conversations(sid).participants.list()
      expect(participantSid).toBe(own?.sid)
      const sent = await here.client.messages.list({ from: ours, to: second['messagingBinding.address'] })
      expect(sent.map(({ body }) => body)).toEqual(['Hello'])
      expect(await here.client.messages.list({ from: ours, to: author })).toEqual([])
    })

    it('9. attributes come back as they were written, or not at all', async () => {
      const sid = await open()
      const wrong = v1.conversations(sid).update({ attributes: '{no' })
      expect(await refusal(wrong)).toMatchObject({ status: 400, code: 50304 })
      const attributes = '{ "b" : 1,  "a": [ 1.0, "ñ" ] }'
      expect(await v1.conversations(sid).update({ attributes })).toMatchObject({ attributes })
    })

    it('10. who comes back is another participant, and old messages keep the old one', async () => {
      const sid = await open()
      const pair = pairOf()
      const first = await join(sid, pair)
      const author = pair['messagingBinding.address']
      const message = await v1.conversations(sid).messages.create({ author, body: 'Hello' })
      await v1.conversations(sid).participants(first.sid).remove()
      const second = await join(sid, pair)
      expect(second.sid).not.toBe(first.sid)
      expect(await v1.conversations(sid).messages(message.sid).fetch()).toMatchObject({ participantSid: first.sid })
      expect(await v1.conversations(sid).messages.create({ author, body: 'Me again' })).toMatchObject({
        participantSid: second.sid
      })
    })

    it('11. an identity that joins is a user from then on', async () => {
      await join(await open(), { identity: 'newcomer@acme.test' })
      expect(await v1.users('newcomer@acme.test').fetch()).toMatchObject({ friendlyName: null, attributes: '{}' })
      expect(await v1.users('newcomer@acme.test').update({ friendlyName: 'Ann' })).toMatchObject({
        friendlyName: 'Ann'
      })
    })

    it('12. a sixth webhook is refused', async () => {
      const sid = await open()
      const add = () =>
        v1.conversations(sid).webhooks.create({
          target: 'webhook',
          'configuration.url': 'https://bot.test/in',
          'configuration.filters': ['onMessageAdded']
        })
      for (let i = 0; i < 5; i++) await add()
      expect(await refusal(add())).toMatchObject({ status: 400, code: 20001 })
    })

    it('unread messages are counted as they are, whatever was removed', async () => {
      const sid = await open()
      const { messages, participants } = v1.conversations(sid)
      await participants.create({ identity: 'reader' })
      const made = []
      for (let i = 0; i < 12; i++) made.push(await messages.create({ body: String(i) }))
      const unread = async () => (await v1.users('reader').userConversations(sid).fetch()).unreadMessagesCount
      await v1.users('reader').userConversations(sid).update({ lastReadMessageIndex: 5 })
      expect(await unread()).toBe(6)
      for (const index of [2, 7, 8, 11]) await messages(made[index]?.sid ?? '').remove()
      expect(await unread()).toBe(3)
      await participants('reader').update({ lastReadMessageIndex: 1 })
      expect(await unread()).toBe(6)
      expect((await v1.users('reader').userConversations.list())[0]).toMatchObject({ unreadMessagesCount: 6 })
      await v1.conversations(sid).update({ state: 'closed' })
      expect(await v1.users('reader').userConversations.list()).toMatchObject([
        { conversationState: 'closed', unreadMessagesCount: 6 }
      ])
      const late = v1.users('reader').userConversations(sid)
      expect(await refusal(late.update({ lastReadMessageIndex: 9 }))).toMatchObject({ status: 400, code: 50377 })
      expect(await refusal(late.remove())).toMatchObject({ status: 400, code: 50377 })
    })

    it('a message of a hundred receipts shows what became of them, and webhooks hear of each step', async () => {
      const sid = await open()
      const { messages, webhooks } = v1.conversations(sid)
      await webhooks.create({
        target: 'webhook',
        'configuration.url': `${customer.url}/delivery`,
        'configuration.filters': ['onDeliveryUpdated']
      })
      const { sid: message_sid } = await messages.create({ body: 'To all of you' })
      const engine = await account()
      const made: string[] = []
      for (let i = 0; i < 100; i++) {
        const { message_receipt } = await engine.execute({
          type: 'message_receipt.create',
          message_sid,
          participant_sid: `MB${String(i).padStart(32, '0')}`,
          channel_message_sid: `SM${String(i).padStart(32, '0')}`
        })
        made.push(message_receipt?.sid ?? '')
      }
      const [first = '', second = ''] = made
      await engine.execute({ type: 'message_receipt.report', sid: first, message_sid, status: 'read' })
      await engine.execute({
        type: 'message_receipt.report',
        sid: second,
        message_sid,
        status: 'undelivered',
        error_code: 30005
      })
      const { delivery, dateUpdated, dateCreated } = await messages(message_sid).fetch()
      expect(delivery).toEqual({
        total: 100,
        sent: 'some',
        delivered: 'some',
        read: 'some',
        failed: 'none',
        undelivered: 'some'
      })
      expect(dateUpdated).toEqual(dateCreated)
      const { deliveryReceipts } = messages(message_sid)
      const listed = await deliveryReceipts.list({ pageSize: 30 })
      expect(listed.map((one) => one.sid)).toEqual(made)
      expect(listed.slice(0, 3).map(({ status, errorCode }) => [status, errorCode])).toEqual([
        ['read', 0],
        ['undelivered', 30005],
        ['sent', 0]
      ])
      await here.pass(0)
      expect(customer.to('/delivery')).toHaveLength(102)
      expect(customer.to('/delivery').at(-1)?.form).toMatchObject({
        EventType: 'onDeliveryUpdated',
        ConversationSid: sid,
        MessageSid: message_sid,
        DeliveryReceiptSid: second,
        ChannelMessageSid: `SM${'1'.padStart(32, '0')}`,
        Status: 'undelivered',
        ErrorCode: '30005'
      })
      expect(customer.to('/delivery').at(-1)?.form).not.toHaveProperty('Source')
      await messages(message_sid).remove()
      expect((await engine.find('message_receipt', { conversation_sid: sid })).length).toBe(0)
    })

    it('Event Streams have no type for deliveries that they tell', async () => {
      const { types } = (await here.call('/events/v1/Types?PageSize=500')).body
      const delivery = types.find((one: unknown) => isJsonObject(one) && String(one.type).includes('delivery.updated'))
      expect(delivery).toMatchObject({ status: 'discontinued' })
    })
  })
