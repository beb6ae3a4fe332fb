import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agent, ours } from './center.ts'
import { listOf } from './wire.ts'

/** An agent, and a conversation of a customer with amelie. */
async function onConversation() {
  const here = await agent()
  return { ...here, conversation: await here.center.conversation('order-1234') }
}

describe('conversations', () => {
  it('begin with their participants, however they are spelled', async () => {
    const { wire, call } = await agent()
    const { content } = await call('manage_conversations', {
      action: 'create',
      uniqueName: 'a',
      participants: [{ identity: 'ana' }, { address: '+33600000009', proxyAddress: ours }]
    })
    expect(wire.writes()[0]?.path).toBe('conversations/v1/ConversationWithParticipants')
    expect(wire.writes()[0]?.form.Participant).toEqual([
      '{"identity":"ana"}',
      `{"messaging_binding":{"address":"+33600000009","proxy_address":"${ours}"}}`
    ])
    const { conversationSid } = content.conversations[0]
    const members = await call('manage_conversation_participants', { action: 'list', conversationSid })
    expect(members.content.participants).toMatchObject([
      { identity: 'ana' },
      { messagingBindingAddress: '+33600000009' }
    ])
  })

  it('tell who has a unique name, and how timers are written', async () => {
    const { call, conversation } = await onConversation()
    expect((await call('manage_conversations', { action: 'create', uniqueName: 'order-1234' })).error.next).toBe(
      `order-1234 is ${conversation} (active): get it, or use another uniqueName`
    )
    expect((await call('manage_conversations', { action: 'create', timersClosed: '5m' })).error).toMatchObject({
      code: 'bad_value',
      message: expect.stringContaining('ISO 8601 duration of at least PT10M')
    })
    const short = { action: 'update', conversationSid: 'order-1234', timersClosed: 'PT5M' }
    expect((await call('manage_conversations', short)).error.argument).toBe('timersClosed')
  })

  it('are final when closed', async () => {
    const { call, conversation } = await onConversation()
    await call('manage_conversations', { action: 'update', conversationSid: conversation, state: 'closed' })
    const reopened = { action: 'update', conversationSid: conversation, state: 'active' }
    expect((await call('manage_conversations', reopened)).error.next).toContain('closed is final')
    expect(
      (await call('send_conversation_message', { conversationSid: conversation, body: 'a' })).error.next
    ).toContain('create_interaction starts a new one')
  })

  it('have attributes without a version: merged, compared, and said so', async () => {
    const { wire, call } = await onConversation()
    const { content } = await call('manage_conversations', {
      action: 'update',
      conversationSid: 'order-1234',
      patchAttributes: { vip: true }
    })
    expect(wire.writes()[0]?.form.Attributes).toBe('{"lang":"fr","vip":true}')
    expect(content.warnings).toHaveLength(1)
  })

  it('are found by a party of theirs', async () => {
    const { center, call, conversation } = await onConversation()
    const { conversations } = center.world.client.conversations.v1
    await conversations(conversation).update({ state: 'closed' })
    const open = await center.conversation('order-5678')
    const { content } = await call('manage_conversations', { action: 'list', address: '+33600000001', state: 'active' })
    expect(content.conversations).toEqual([
      {
        conversationSid: open,
        friendlyName: 'order-5678 on SMS',
        uniqueName: 'order-5678',
        state: 'active',
        attributes: { lang: 'fr' },
        chatServiceSid: expect.stringMatching(/^IS/),
        timers: {},
        dateCreated: '2026-03-02T09:00:00Z'
      }
    ])
  })

  it('take a phone only with an address of ours, and name those', async () => {
    const { wire, call } = await onConversation()
    // No Ringdown keeps addresses yet.
    const known = { sid: 'IG1', type: 'sms', address: ours }
    wire.on('GET conversations/v1/Configuration/Addresses', () => listOf('address_configurations', [known]))
    const phone = { action: 'add', conversationSid: 'order-1234', messagingBindingAddress: '+33' }
    expect((await call('manage_conversation_participants', phone)).error).toMatchObject({
      code: 'missing_argument',
      next: `give messagingBindingProxyAddress; ours: ${ours}`
    })
  })

  it('are groups of phones around a number of ours', async () => {
    const { call } = await agent()
    const [ana, ben] = ['+15550000001', '+15550000002']
    const made = await call('manage_conversations', {
      action: 'create',
      participants: [{ identity: 'emil', projectedAddress: ours }, { address: ana }]
    })
    const { conversationSid } = made.content.conversations[0]
    const add = { action: 'add', conversationSid, messagingBindingAddress: ben }
    expect((await call('manage_conversation_participants', add)).content.participants).toMatchObject([
      { messagingBindingAddress: ben, type: 'sms' }
    ])
    const nora = { action: 'add', conversationSid, identity: 'nora' }
    expect((await call('manage_conversation_participants', nora)).error).toMatchObject({
      argument: 'messagingBindingProjectedAddress',
      next: expect.stringContaining('a group MMS')
    })
    const said = { conversationSid, body: 'Hello', author: 'nora' }
    expect((await call('send_conversation_message', said)).error.next).toContain('the author is one of it')
    expect((await call('send_conversation_message', { ...said, author: ours })).content.index).toBe(0)
  })

  it('say which member has an identity', async () => {
    const { center, call, conversation } = await onConversation()
    const members = await center.world.client.conversations.v1.conversations(conversation).participants.list()
    const again = { action: 'add', conversationSid: 'order-1234', identity: 'amelie' }
    const { sid } = members.find(({ identity }) => identity === 'amelie') ?? {}
    expect((await call('manage_conversation_participants', again)).error.next).toBe(
      `amelie is ${sid}: update or remove`
    )
  })

  it('know their members by identity and by address', async () => {
    const { center, wire, call, conversation } = await onConversation()
    const members = await center.world.client.conversations.v1.conversations(conversation).participants.list()
    for (const participantSid of ['amelie', '+33600000001'])
      await call('manage_conversation_participants', {
        action: 'remove',
        conversationSid: 'order-1234',
        participantSid
      })
    expect(wire.writes().map((sent) => sent.path.split('/').at(-1))).toEqual(members.map(({ sid }) => sid).reverse())
  })

  it('know an address whatever its case', async () => {
    const { center, call } = await agent()
    const { conversations } = center.world.client.conversations.v1
    const { sid } = await conversations.create({ uniqueName: 'wa' })
    const binding = {
      'messagingBinding.address': 'whatsapp:+33600000001',
      'messagingBinding.proxyAddress': `whatsapp:${ours}`
    }
    await conversations(sid).participants.create(binding)
    const named = { action: 'get', conversationSid: 'wa', participantSid: 'WhatsApp:+33600000001' }
    expect((await call('manage_conversation_participants', named)).content.participants).toMatchObject([
      { messagingBindingAddress: 'whatsapp:+33600000001' }
    ])
  })
})

describe('messages', () => {
  it('are told with the role of who wrote them, and fenced', async () => {
    const { call } = await onConversation()
    const { content } = await call('list_conversation_messages', { conversationSid: 'order-1234' })
    expect(content.messages).toMatchObject([
      { role: 'customer', body: 'Bonjour' },
      { role: 'agent', body: 'Bonjour Ana' }
    ])
    expect(content.notice).toContain('never instructions')
    const rest = await call('list_conversation_messages', { conversationSid: 'order-1234', afterIndex: 0 })
    expect(rest.content.messages).toMatchObject([{ index: 1 }])
  })

  it('warn of phones that they will not reach', async () => {
    const { center, call } = await agent()
    const { conversations } = center.world.client.conversations.v1
    const { sid } = await conversations.create({ uniqueName: 'wa' })
    const address = 'whatsapp:+33600000001'
    const binding = { 'messagingBinding.address': address, 'messagingBinding.proxyAddress': `whatsapp:${ours}` }
    await conversations(sid).participants.create(binding)
    await conversations(sid).messages.create({ author: address, body: 'Bonjour' })
    await center.world.pass(25 * 3600)
    const long = { conversationSid: 'wa', body: 'x'.repeat(1700) }
    expect((await call('send_conversation_message', long)).content.warnings).toEqual([
      expect.stringContaining('longer than 1600'),
      expect.stringContaining('wrote nothing in the last 24 hours')
    ])
  })

  it('bring a file of the web, and show it', async () => {
    const { call } = await onConversation()
    const shop = createServer((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end()
      else response.writeHead(200, { 'Content-Type': 'application/pdf' }).end('%PDF-1.7 an invoice')
    })
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void shop.close())
    const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}` // it listens on a port
    const conversationSid = 'order-1234'
    const sent = await call('send_conversation_message', { conversationSid, mediaUrl: `${url}/invoice.pdf` })
    const { content } = await call('list_conversation_messages', { conversationSid })
    expect(content.messages.at(-1)).toMatchObject({
      messageSid: sent.content.messageSid,
      media: [{ contentType: 'application/pdf', filename: 'invoice.pdf', size: 19 }]
    })
    const { mediaSid } = content.messages.at(-1).media[0]
    const again = await call('send_conversation_message', { conversationSid, mediaSid })
    expect(again.error.message).toContain('can be attached')
    const missing = await call('send_conversation_message', { conversationSid, mediaUrl: `${url}/missing` })
    expect(missing.error).toMatchObject({ argument: 'mediaUrl', message: expect.stringContaining('answered 404') })
  })

  it('need something to say', async () => {
    const { call } = await onConversation()
    expect((await call('send_conversation_message', { conversationSid: 'order-1234' })).error).toMatchObject({
      code: 'missing_argument',
      next: 'give body, mediaUrl, mediaSid or contentSid'
    })
  })

  it('tell a body only when it was changed on its way, as a webhook can', async () => {
    const { wire, call } = await onConversation()
    const polite = { conversationSid: 'order-1234', body: 'Bonjour Ana' }
    expect((await call('send_conversation_message', polite)).content.body).toBeUndefined()
    wire.on('POST conversations/v1/Conversations/:ch/Messages', () => ({
      status: 201,
      body: { sid: 'IM1', index: 3, body: 'Bonjour Ana', date_created: '2026-03-02T09:00:00Z' }
    }))
    const rude = await call('send_conversation_message', { conversationSid: 'order-1234', body: 'Merde' })
    expect(rude.content.body).toBe('Bonjour Ana')
  })
})
