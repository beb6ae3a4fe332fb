import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'
import { conforms } from '../conforms.ts'

/* Messages of the API of 2010, as programs that use the official SDK send, read and lose them; and virtual phones at the other end. */

const ours = '+15005550006'
const v1 = '/ringdown/v1'

for (const { name, available, place } of databases)
  describe.runIf(available)(`messages on ${name}`, () => {
    let here: World
    let there: PostgresPlace | undefined
    let hooks: Receiver
    let number = 0

    beforeAll(async () => {
      there = await place()
      hooks = await receiver({ auth_token: 'unknown' })
      here = await world({ ...(there && { database: there.url }) })
      await here.running.account
      await hooks.close()
      hooks = await receiver({ auth_token: here.running.credentials.auth_token })
    })
    afterAll(async () => {
      await here.close()
      await hooks.close()
      await there?.clear()
    })
    beforeEach(() => hooks.clear())

    /** A virtual phone with an address that no other has. */
    async function phone(form: Record<string, string> = {}, prefix = '') {
      const address = `${prefix}+3361234${String(++number).padStart(4, '0')}`
      const { status, body } = await here.call(`${v1}/Phones`, { Address: address, ...form })
      expect(status).toBe(201)
      return { address, sid: String(body.sid), path: `${v1}/Phones/${body.sid}` }
    }

    const got = async ({ path }: { path: string }) =>
      (await here.call(`${path}/Messages?Direction=received`)).body.phone_messages as Record<string, unknown>[]

    it('bring ten files at most, and none is fetched for one that brings more', async () => {
      const { path } = await phone()
      const form = new URLSearchParams([
        ['To', ours],
        ['Body', 'look'],
        ...Array.from({ length: 11 }, (_, n): [string, string] => ['MediaUrl', `${hooks.url}/${n}.gif`])
      ])
      const answer = await fetch(`${here.running.url}${path}/Messages`, {
        method: 'POST',
        headers: { authorization: here.authorization },
        body: form
      })
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/at most 10 media/)])
      expect(hooks.requests).toEqual([])
    })

    it('arrive at a virtual phone, and are fetched by the official SDK as what they became', async () => {
      const ana = await phone()
      const made = await here.client.messages.create({ to: ana.address, from: ours, body: 'Votre colis est l\u00e0' })
      expect(made).toMatchObject({
        status: 'queued',
        direction: 'outbound-api',
        numSegments: '1',
        numMedia: '0',
        errorCode: null,
        dateSent: null,
        apiVersion: '2010-04-01'
      })
      expect(made.sid).toMatch(/^SM[0-9a-f]{32}$/)
      await here.pass(0)
      const sent = await here.client.messages(made.sid).fetch()
      expect(sent.status).toBe('delivered')
      expect(sent.dateSent).toEqual(made.dateCreated)
      expect(await got(ana)).toMatchObject([
        { from: ours, to: ana.address, body: 'Votre colis est l\u00e0', channel_message_sid: made.sid }
      ])
      const path = `/2010-04-01/Accounts/${made.accountSid}/Messages/${made.sid}.json`
      expect(conforms('api_v2010.FetchMessage', (await here.call(`/api${path}`)).body)).toEqual([])
      // What is delivered was a delivery.
      const { deliveries } = (await here.call(`${v1}/Deliveries?Receiver=${made.sid}`)).body
      expect(deliveries).toMatchObject([
        { kind: 'carrier_message', destination: 'carrier/virtual', state: 'delivered' }
      ])
    })

    it('fail where nobody has the number, and say that no carrier is connected', async () => {
      const { sid, status } = await here.client.messages.create({ to: '+33699999999', from: ours, body: 'Hello' })
      expect(status).toBe('queued')
      await here.pass(0)
      expect(await here.client.messages(sid).fetch()).toMatchObject({
        status: 'failed',
        errorCode: 30005,
        errorMessage: 'No carrier is connected for the sender, and the recipient is no virtual phone'
      })
    })

    it.each([
      [{ to: 'nobody', from: ours, body: 'Hello' }, 21211],
      [{ to: '+33612345678', body: 'Hello' }, 21603],
      [{ to: '+33612345678', from: ours }, 21619],
      [{ to: '+33612345678', from: ours, body: 'x'.repeat(1601) }, 21617],
      [{ to: '+33612345678', from: ours, body: 'x', mediaUrl: ['nowhere'] }, 21620]
    ])('are refused with the code that programs know: %j', async (params, code) => {
      await expect(here.client.messages.create(params as never)).rejects.toMatchObject({ status: 400, code })
    })

    it('are refused to nobody', async () => {
      const path = `/api/2010-04-01/Accounts/${here.running.credentials.account_sid}/Messages.json`
      expect((await here.call(path, { From: ours, Body: 'Hello' })).body).toMatchObject({ status: 400, code: 21604 })
    })

    it('tell their states to whoever asked, in order, but not the one they were made in', async () => {
      const ana = await phone({ DeliveredAfterMs: '2000', ReadAfterMs: '1000' })
      const statusCallback = `${hooks.url}/status?order=7`
      const { sid } = await here.client.messages.create({ to: ana.address, from: ours, body: 'Hello', statusCallback })
      await here.pass(10)
      const told = hooks.to('/status')
      expect(told.map(({ form }) => form.MessageStatus)).toEqual(['sent', 'delivered', 'read'])
      expect(told.every(({ isSigned, method }) => isSigned && method === 'POST')).toBe(true)
      expect(told[1]?.form).toEqual({
        MessageSid: sid,
        SmsSid: sid,
        MessageStatus: 'delivered',
        SmsStatus: 'delivered',
        To: ana.address,
        From: ours,
        AccountSid: here.running.credentials.account_sid,
        ApiVersion: '2010-04-01',
        RawDlrDoneDate: expect.stringMatching(/^2603\d{6}$/)
      })
      const lost = await here.client.messages.create({ to: '+33699999999', from: ours, body: 'x', statusCallback })
      await here.pass(0)
      expect(hooks.to('/status').at(-1)?.form).toMatchObject({
        MessageSid: lost.sid,
        MessageStatus: 'failed',
        ErrorCode: '30005'
      })
    })

    it('are tried again while nobody answers, and are sent once all the same', async () => {
      const ana = await phone({ Outcome: 'away' })
      const { sid } = await here.client.messages.create({ to: ana.address, from: ours, body: 'Hello' })
      await here.pass(60)
      expect((await here.client.messages(sid).fetch()).status).toBe('queued')
      await here.call(`${ana.path}/Behaviour`, { Outcome: 'delivered' })
      await here.pass(600)
      expect((await here.client.messages(sid).fetch()).status).toBe('delivered')
      expect(await got(ana)).toHaveLength(1)
      // One that is sent again by hand is not wanted any more.
      const [delivery] = (await here.call(`${v1}/Deliveries?Receiver=${sid}`)).body.deliveries
      await here.call(`${v1}/Deliveries/${delivery.sid}`, {})
      await here.pass(60)
      expect(await got(ana)).toHaveLength(1)
      expect((await here.client.messages(sid).fetch()).status).toBe('delivered')
    })

    it('are listed newest first, by whom and when they were sent, page by page', async () => {
      const ana = await phone()
      const bob = await phone()
      const sids: string[] = []
      for (const [to, n] of [
        [ana, 1],
        [bob, 2],
        [ana, 3]
      ] as const) {
        sids.push((await here.client.messages.create({ to: to.address, from: ours, body: `${n}` })).sid)
        await here.pass(60)
      }
      const toAna = await here.client.messages.list({ to: ana.address, pageSize: 1 })
      expect(toAna.map(({ body }) => body)).toEqual(['3', '1'])
      expect((await here.client.messages.list({ from: ours, to: bob.address })).map(({ sid }) => sid)).toEqual([
        sids[1]
      ])
      const first = toAna.at(-1)?.dateSent as Date // it was sent
      const onward = await here.client.messages.list({ to: ana.address, dateSentAfter: new Date(+first + 1000) })
      expect(onward.map(({ body }) => body)).toEqual(['3'])
      const until = await here.client.messages.list({ to: ana.address, dateSentBefore: first })
      expect(until.map(({ body }) => body)).toEqual(['1'])
      expect(await here.client.messages.list({ to: ana.address, dateSent: first, pageSize: 1 })).toHaveLength(2)
      expect(await here.client.messages.list({ dateSent: new Date('2026-01-01') })).toEqual([])
      const path = `/api/2010-04-01/Accounts/${here.running.credentials.account_sid}/Messages.json?PageSize=2`
      expect(conforms('api_v2010.ListMessage', (await here.call(path)).body)).toEqual([])
    })

    it('carry files by their addresses, which are listed, fetched and deleted', async () => {
      const ana = await phone()
      const mediaUrl = ['https://acme.example/a.png', 'https://acme.example/b.pdf']
      const { sid, numMedia } = await here.client.messages.create({ to: ana.address, from: ours, mediaUrl })
      expect(sid).toMatch(/^MM[0-9a-f]{32}$/)
      expect(numMedia).toBe('2')
      await here.pass(0)
      const media = await here.client.messages(sid).media.list({ pageSize: 1 })
      expect(media).toHaveLength(2)
      const [first] = media
      expect(await here.client.messages(sid).media(String(first?.sid)).fetch()).toMatchObject({ parentSid: sid })
      await here.client.messages(sid).media(String(first?.sid)).remove()
      expect(await here.client.messages(sid).media.list()).toHaveLength(1)
      await expect(here.client.messages(sid).media(String(first?.sid)).fetch()).rejects.toMatchObject({ status: 404 })
      expect((await got(ana))[0]?.media).toMatchObject(mediaUrl.map((url) => ({ url })))
    })

    it('are given feedback on, redacted and deleted, and the log forgets what they said', async () => {
      const ana = await phone()
      const { sid } = await here.client.messages.create({ to: ana.address, from: ours, body: 'Secret 4711' })
      await expect(here.client.messages(sid).remove()).rejects.toMatchObject({ status: 409, code: 20009 })
      await here.pass(0)
      const feedback = await here.client.messages(sid).feedback.create({ outcome: 'confirmed' })
      expect(feedback).toMatchObject({ messageSid: sid, outcome: 'confirmed' })
      expect((await here.client.messages(sid).update({ body: '' })).body).toBe('')
      await expect(here.client.messages(sid).update({ status: 'canceled' })).rejects.toMatchObject({ status: 400 })
      await here.pass(60)
      const log = JSON.stringify((await here.call(`${v1}/Events?since=PT1H&types=channel_message.*`)).body)
      expect([log.includes(sid), log.includes('4711')]).toEqual([true, false])
      expect(await got(ana)).toMatchObject([{ body: null }])
      expect(await here.client.messages(sid).remove()).toBe(true)
      await expect(here.client.messages(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 })
      expect(await got(ana)).toEqual([])
    })

    it('stay what they are for another account', async () => {
      const path = `/api/2010-04-01/Accounts/AC${'9'.repeat(32)}/Messages.json`
      expect((await here.call(path)).status).toBe(404)
      expect((await here.call(path, { To: '+33612345678', From: ours, Body: 'x' })).status).toBe(404)
    })

    it('are answered from the phone, which may wait for what comes', async () => {
      const ana = await phone({}, 'whatsapp:')
      const bound = `whatsapp:${ours}`
      const written = await here.call(`${ana.path}/Messages`, { To: bound, Body: 'Bonjour', ProfileName: 'Ana' })
      expect(written).toMatchObject({ status: 201, body: { direction: 'written', body: 'Bonjour', to: bound } })
      expect(conforms('ringdown_v1.CreatePhoneMessage', written.body)).toEqual([])
      const inbound = await here.client.messages(written.body.channel_message_sid).fetch()
      expect(inbound).toMatchObject({ direction: 'inbound', status: 'received', from: ana.address, body: 'Bonjour' })
      const after = `${ana.path}/Messages?After=${written.body.sid}`
      const waiting = here.call(`${after}&WaitSeconds=20`)
      await here.client.messages.create({ to: ana.address, from: bound, body: 'Oui ?' })
      await here.pass(0)
      const { body } = await waiting
      expect(body.phone_messages).toMatchObject([{ direction: 'received', body: 'Oui ?' }])
      expect(conforms('ringdown_v1.ListPhoneMessage', body)).toEqual([])
      expect((await here.call(`${ana.path}/Messages?After=XM${'0'.repeat(32)}`)).status).toBe(400)
      const next = `${ana.path}/Messages?After=${body.phone_messages[0].sid}&WaitSeconds=1`
      expect((await here.call(next)).body.phone_messages).toEqual([])
    })

    it('reach nobody outside of the window on WhatsApp, as the phone is not asked', async () => {
      const ana = await phone({}, 'whatsapp:')
      const { sid } = await here.client.messages.create({ to: ana.address, from: `whatsapp:${ours}`, body: 'Buy!' })
      await here.pass(0)
      expect(await here.client.messages(sid).fetch()).toMatchObject({ status: 'failed', errorCode: 63016 })
      expect(await got(ana)).toEqual([])
    })

    it('go out from conversations, and come back into them', async () => {
      const ana = await phone()
      const configuration = { type: 'sms', address: '+15005550111', 'autoCreation.enabled': true } as const
      await here.client.conversations.v1.addressConfigurations.create({ ...configuration })
      await here.call(`${ana.path}/Messages`, { To: '+15005550111', Body: 'It is broken' })
      const [part] = await here.client.conversations.v1.participantConversations.list({ address: ana.address })
      const conversation = here.client.conversations.v1.conversations(String(part?.conversationSid))
      const [first] = await conversation.messages.list()
      expect(first).toMatchObject({ author: ana.address, body: 'It is broken' })
      const said = await conversation.messages.create({ author: 'amelie', body: 'How so?' })
      await here.pass(0)
      const [receipt] = await conversation.messages(said.sid).deliveryReceipts.list()
      expect(receipt).toMatchObject({ status: 'delivered', errorCode: 0 })
      const leg = await here.client.messages(String(receipt?.channelMessageSid)).fetch()
      expect(leg).toMatchObject({ status: 'delivered', to: ana.address, from: '+15005550111' })
      // A report that comes when all of them have long left memory finds them again.
      await here.pass(3600)
      await here.running.account.then((account) =>
        account.execute({ type: 'channel_message.report', sid: leg.sid, status: 'read' })
      )
      expect((await conversation.messages(said.sid).deliveryReceipts.list())[0]?.status).toBe('read')
      expect((await conversation.messages(said.sid).fetch()).delivery).toMatchObject({ read: 'all', total: 1 })
      expect(await got(ana)).toMatchObject([{ from: '+15005550111', body: 'How so?' }])
      // What was said goes with the conversation, on the phone as well.
      await conversation.remove()
      expect((await here.call(`${ana.path}/Messages`)).body.phone_messages).toEqual([])
      expect(await here.client.messages.list({ to: ana.address })).toEqual([])
    })

    it('bring files into conversations, and take them out to phones', async () => {
      const ana = await phone()
      const png = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64'
      )
      hooks.answer('/a.png', { by: (response) => void response.setHeader('content-type', 'image/png').end(png) })
      const MediaUrl = `${hooks.url}/a.png`
      const written = await here.call(`${ana.path}/Messages`, { To: '+15005550111', MediaUrl })
      expect(written).toMatchObject({ status: 201, body: { media: [{ content_type: 'image/png', size: png.length }] } })
      const { channel_message_sid, conversation_sid } = written.body
      const [file] = await here.client.messages(channel_message_sid).media.list()
      expect(file).toMatchObject({ contentType: 'image/png', parentSid: channel_message_sid })
      const bytes = await fetch(`${here.running.url}/api${file?.uri.replace('.json', '')}`, {
        headers: { authorization: here.authorization }
      })
      expect(Buffer.from(await bytes.arrayBuffer()).equals(png)).toBe(true)
      const conversation = here.client.conversations.v1.conversations(conversation_sid)
      const [first] = await conversation.messages.list()
      expect(first).toMatchObject({ body: null, media: [{ content_type: 'image/png', size: png.length }] })
      // An agent's file goes out as the customer's came in: as a copy of its own.
      const { chatServiceSid } = await conversation.fetch()
      const uploaded = await here.call(`/mcs/v1/Services/${chatServiceSid}/Media`, undefined, {
        method: 'POST',
        body: png,
        headers: { 'content-type': 'image/png' }
      })
      await conversation.messages.create({ author: 'amelie', mediaSid: uploaded.body.sid })
      await here.pass(0)
      const [got1] = await got(ana)
      expect(got1).toMatchObject({ body: null, media: [{ content_type: 'image/png' }] })
      expect(got1?.channel_message_sid).toMatch(/^MM/)
      expect((await here.call(`${ana.path}/Messages`, { To: ours, MediaUrl: `${hooks.url}/none` })).status).toBe(400)
      await conversation.remove()
      expect((await here.call(`/api${file?.uri}`)).status).toBe(404)
    })

    it('keep what waits for a carrier over a restart of the account', async () => {
      const ana = await phone({ Outcome: 'away' })
      const { sid } = await here.client.messages.create({ to: ana.address, from: ours, body: 'Later' })
      await here.pass(1)
      expect((await here.client.messages.list({ to: ana.address }))[0]?.status).toBe('queued')
      await here.call(`${ana.path}/Behaviour`, { Outcome: 'delivered' })
      await here.pass(3600)
      expect((await here.client.messages(sid).fetch()).status).toBe('delivered')
    })

    it('are told to sinks that subscribe to them', async () => {
      const sink = await here.client.events.v1.sinks.create({
        description: 'Messages',
        sinkType: 'webhook',
        sinkConfiguration: { destination: `${hooks.url}/sink`, method: 'POST', batch_events: false }
      })
      const types = ['sent', 'failed'].map((status) => ({ type: `com.twilio.messaging.message.${status}` }))
      const subscription = await here.client.events.v1.subscriptions.create({
        description: 'Messages',
        sinkSid: sink.sid,
        types: [...types, { type: 'com.twilio.messaging.inbound-message.received' }]
      })
      const ana = await phone()
      const { sid } = await here.client.messages.create({ to: ana.address, from: ours, body: 'Hello' })
      await here.pass(0)
      await here.call(`${ana.path}/Messages`, { To: ours, Body: 'Hi' })
      await here.pass(0)
      const told = hooks.to('/sink').flatMap(({ json }) => json)
      expect(told.map(({ type, data }) => [type, data.body])).toEqual([
        ['com.twilio.messaging.message.sent', 'Hello'],
        ['com.twilio.messaging.inbound-message.received', 'Hi']
      ])
      expect(told[0].data).toMatchObject({ messageSid: sid, messageStatus: 'SENT', to: ana.address, errorCode: null })
      expect(told[1].data).toMatchObject({ numMedia: 0, numSegments: 1, from: ana.address, recipients: [] })
      await here.client.events.v1.subscriptions(subscription.sid).remove()
      await here.client.events.v1.sinks(sink.sid).remove()
    })

    it('are counted by carrier for whoever watches the server', async () => {
      const metrics = await (
        await fetch(`${here.running.url}/metrics`, { headers: { authorization: here.authorization } })
      ).text()
      expect(metrics).toMatch(/ringdown_carrier_messages_total\{carrier="virtual",status="delivered"\} [1-9]/)
      expect(metrics).toMatch(/ringdown_carrier_messages_total\{carrier="none",status="failed"\} [1-9]/)
    })

    it('use a carrier whose secrets nobody reads', async () => {
      const made = await here.call(`${v1}/Carriers`, {
        Type: 'virtual',
        FriendlyName: 'Test network',
        Senders: ['+15005550222', 'whatsapp:+15005550222'],
        Configuration: '{"region":"eu"}',
        Secrets: '{"token":"s3cr3t","other":"x"}'
      })
      expect(made).toMatchObject({
        status: 201,
        body: {
          type: 'virtual',
          state: 'ready',
          secret_names: ['other', 'token'],
          configuration: { region: 'eu' },
          queued: 0
        }
      })
      expect(conforms('ringdown_v1.CreateCarrier', made.body)).toEqual([])
      const path = `${v1}/Carriers/${made.body.sid}`
      const changed = await here.call(path, { Secrets: '{"other":null,"token":"n3w"}' })
      expect(changed.body.secret_names).toEqual(['token'])
      const everything = JSON.stringify([made.body, changed.body, (await here.call(`${v1}/Carriers`)).body])
      expect(everything).not.toMatch(/s3cr3t|n3w/)
      expect((await here.call(`${path}/Test`, {})).body).toMatchObject({ state: 'ready', last_error: null })
      const ana = await phone()
      const { sid } = await here.client.messages.create({ to: ana.address, from: '+15005550222', body: 'Hello' })
      await here.pass(0)
      expect((await here.client.messages(sid).fetch()).status).toBe('delivered')
      const [delivery] = (await here.call(`${v1}/Deliveries?Receiver=${sid}`)).body.deliveries
      expect(delivery.destination).toBe(`carrier/${made.body.sid}`)
      // A number that nobody has, on a network that is connected.
      const lost = await here.client.messages.create({ to: '+33699999998', from: '+15005550222', body: 'Hello' })
      await here.pass(0)
      expect(await here.client.messages(lost.sid).fetch()).toMatchObject({ status: 'failed', errorCode: 30005 })
      for (const wrong of [{ Secrets: '["x"]' }, { Secrets: '{"A":"x"}' }, { Configuration: '7' }, { Senders: '!' }])
        expect((await here.call(path, wrong as Record<string, string>)).status).toBe(400)
      expect((await here.call(path, undefined, { method: 'DELETE' })).status).toBe(204)
    })
  })
