import twilio from 'twilio'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Receiver, type Reply, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/* What a program is asked about a message to its number, and what becomes of its answer (reference messaging 2.1 and 2.3). */

const xml = (response: { toString(): string }): Reply => ({
  body: response.toString(),
  headers: { 'content-type': 'text/xml' }
})
const replying = (text: string) => {
  const response = new twilio.twiml.MessagingResponse()
  response.message(text)
  return response
}

for (const { name, available, place } of databases)
  describe.runIf(available)(`the webhook of a number on ${name}`, () => {
    let here: World
    let there: PostgresPlace | undefined
    let hooks: Receiver
    let count = 0

    beforeAll(async () => {
      there = await place()
      here = await world({ publicUrl: 'https://center.example/', ...(there && { database: there.url }) })
      await here.running.account
      hooks = await receiver({ auth_token: here.running.credentials.auth_token })
    })
    afterAll(async () => {
      await here.close()
      await hooks.close()
      await there?.clear()
    })
    beforeEach(() => hooks.clear())

    /** A number that nobody else has, whose webhook is at a path of its own, and Ana, who can write to it. */
    async function lines(form: Record<string, string> = {}) {
      count++
      const path = `/sms/${count}`
      const own = `+1415555${String(1000 + count)}`
      const { sid } = await here.client.incomingPhoneNumbers.create({
        phoneNumber: own,
        smsUrl: `${hooks.url}${path}`,
        ...form
      })
      const address = `+3361234${String(count).padStart(4, '0')}`
      const phone = (await here.call('/ringdown/v1/Phones', { Address: address })).body.sid
      const messages = `/ringdown/v1/Phones/${phone}/Messages`
      return {
        ...{ own, sid, path, address },
        async write(Body: string, more: Record<string, string> = {}) {
          const { status } = await here.call(messages, { To: own, Body, ...more })
          expect(status).toBe(201)
          await here.pass(0)
          await here.pass(0)
        },
        got: async () =>
          (
            (await here.call(`${messages}?Direction=received`)).body.phone_messages as { body: string; from: string }[]
          ).map(({ body }) => body)
      }
    }

    const failures = async () =>
      (
        (await here.call('/ringdown/v1/Events?limit=1000&types=ringdown.message-webhook.failed&since=PT10H&wait_s=0'))
          .body.events as { type: string; data: object }[]
      )
        .filter(({ type }) => type === 'ringdown.message-webhook.failed')
        .map(({ data }) => data)

    it('is asked with all that is known of the message, signed, and its TwiML is sent back', async () => {
      const line = await lines()
      hooks.answer(line.path, xml(replying('Bonjour, Ana & co')))
      await line.write('Allô?', { ProfileName: 'Ana' })
      const [asked] = hooks.to(line.path)
      expect(asked).toMatchObject({ method: 'POST', isSigned: true })
      expect(asked?.form).toMatchObject({
        ...{ From: line.address, To: line.own, Body: 'Allô?', NumMedia: '0', NumSegments: '1', SmsStatus: 'received' },
        ...{ ApiVersion: '2010-04-01', FromCountry: 'FR', ToCountry: 'US', ProfileName: 'Ana' }
      })
      const { MessageSid, SmsSid, SmsMessageSid, AccountSid } = asked?.form ?? {}
      expect([SmsSid, SmsMessageSid, AccountSid]).toEqual([
        MessageSid,
        MessageSid,
        here.running.credentials.account_sid
      ])
      expect(await line.got()).toEqual(['Bonjour, Ana & co'])
      const [reply] = await here.client.messages.list({ to: line.address })
      expect(reply).toMatchObject({ direction: 'outbound-reply', from: line.own, status: 'delivered' })
    })

    it.each<[string, Reply, string[]]>([
      ['plain text', { body: ' Salut\n', headers: { 'content-type': 'text/plain' } }, ['Salut']],
      ['nothing', {}, []],
      ['no content', { status: 204 }, []],
      ['an empty document', xml(new twilio.twiml.MessagingResponse()), []],
      ['TwiML that is called HTML', { ...xml(replying('Yes')), headers: { 'content-type': 'text/html' } }, ['Yes']]
    ])('answers with %s', async (_, answer, sent) => {
      const before = (await failures()).length
      const line = await lines()
      hooks.answer(line.path, answer)
      await line.write('Hi')
      expect(await line.got()).toEqual(sent)
      expect((await failures()).length).toBe(before)
    })

    it('is told of pictures, and sends some', async () => {
      const line = await lines()
      const response = new twilio.twiml.MessagingResponse()
      const message = response.message({ statusCallback: '/told' }, '')
      message.body('Look')
      message.media('/cat.png')
      hooks.answer(line.path, xml(response))
      const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
      hooks.answer('/1.png', { by: (response) => void response.end(Buffer.from(png, 'base64')) })
      await line.write('See', { MediaUrl: `${hooks.url}/1.png` })
      const { form } = hooks.to(line.path)[0] ?? {}
      const kept = expect.stringMatching(/\/2010-04-01\/Accounts\/AC\w+\/Messages\/MM\w+\/Media\/ME\w+$/)
      expect(form).toMatchObject({ NumMedia: '1', MediaUrl0: kept, MediaContentType0: 'image/png' })
      const [reply] = await here.client.messages.list({ to: line.address })
      expect(reply).toMatchObject({ body: 'Look', numMedia: '1' })
      await hooks.until(() => hooks.to('/told').length > 0)
      expect(hooks.to('/told')[0]?.form).toMatchObject({ MessageSid: reply?.sid, MessageStatus: 'sent' })
    })

    it('leads further, with the same message, after what it says first', async () => {
      const line = await lines()
      const response = replying('One')
      response.redirect({ method: 'GET' }, `next/${count}?a=1`)
      response.message('Never')
      hooks.answer(line.path, xml(response))
      hooks.answer(`/sms/next/${count}`, xml(replying('Two')))
      await line.write('Go')
      await here.pass(0)
      const [first, second] = [hooks.to(line.path)[0], hooks.to(`/sms/next/${count}`)[0]]
      expect(second).toMatchObject({ method: 'GET', isSigned: true })
      expect(second?.form).toMatchObject({ ...first?.form, a: '1' })
      expect(await line.got()).toEqual(['One', 'Two'])
    })

    it('that leads to itself is asked ten times', async () => {
      const line = await lines()
      const response = new twilio.twiml.MessagingResponse()
      response.redirect(line.path)
      hooks.answer(line.path, xml(response))
      await line.write('Round')
      for (let i = 0; i < 10; i++) await here.pass(0)
      expect(hooks.to(line.path)).toHaveLength(10)
      expect((await failures()).at(-1)).toMatchObject({ code: 11215, level: 'error' })
    })

    it.each<[string, Reply, string]>([
      ['an error', { status: 500 }, '11200'],
      ['JSON', { body: {} }, '12300'],
      ['what is no XML', { body: '<Response><Message>', headers: { 'content-type': 'text/xml' } }, '12100'],
      ['too much', { body: 'x'.repeat(70_000), headers: { 'content-type': 'text/plain' } }, '11750']
    ])('that answers with %s has its fallback asked once, by its own method', async (_, answer, code) => {
      const line = await lines({ smsFallbackUrl: `${hooks.url}/fallback/${count + 1}`, smsFallbackMethod: 'GET' })
      hooks.answer(line.path, answer)
      hooks.answer(`/fallback/${count}`, xml(replying('Sorry')))
      await line.write('Hi')
      expect(hooks.to(line.path)).toHaveLength(1)
      const [asked] = hooks.to(`/fallback/${count}`)
      expect(asked).toMatchObject({ method: 'GET', isSigned: true })
      expect(asked?.form).toMatchObject({ ErrorCode: code, ErrorUrl: `${hooks.url}${line.path}`, Body: 'Hi' })
      expect(await line.got()).toEqual(['Sorry'])
      expect((await failures()).at(-1)).toMatchObject({
        code: Number(code),
        url: `${hooks.url}${line.path}`,
        level: 'error'
      })
    })

    it('that fails without a fallback is told of, as is what it says that nobody understands', async () => {
      const line = await lines()
      hooks.answer(line.path, [
        { status: 404 },
        { body: '<Response><Say>Hi</Say><Message>Yes</Message></Response>', headers: { 'content-type': 'text/xml' } },
        { body: '<Response><Message/><Message>Still</Message></Response>', headers: { 'content-type': 'text/xml' } }
      ])
      await line.write('One')
      expect((await failures()).at(-1)).toMatchObject({
        code: 11200,
        reason: "the answer's status is 404",
        level: 'error'
      })
      const seen = await here.call('/ringdown/v1/Debugger?Product=messaging&PageSize=1')
      expect(seen.body.entries?.[0]).toMatchObject({
        ...{ error_code: 11200, product: 'messaging', level: 'error', message: "the answer's status is 404" }
      })
      const { alerts } = (await here.call('/monitor/v1/Alerts?LogLevel=error')).body
      const alert_sid = `NO${String(seen.body.entries?.[0]?.sid).slice(2)}`
      expect(alerts).toContainEqual(expect.objectContaining({ sid: alert_sid, error_code: '11200' }))
      const deliveries = (await here.call('/ringdown/v1/Deliveries?State=failed')).body.deliveries
      expect(deliveries[0]).toMatchObject({ kind: 'message_webhook' })
      const all = (await here.call('/ringdown/v1/Debugger')).body.entries as {
        resource_type: string
        details: object
      }[]
      expect(all.filter(({ details }) => 'kind' in details)).toEqual([])
      await line.write('Two')
      const warned = await here.call('/ringdown/v1/Debugger?Product=messaging&Level=warning&PageSize=1')
      expect(warned.body.entries?.[0]).toMatchObject({ error_code: 12200, level: 'warning' })
      expect((await failures()).at(-1)).toMatchObject({ code: 12200, level: 'warning' })
      await line.write('Three')
      expect((await failures()).at(-1)).toMatchObject({ code: 21619, level: 'error' })
      expect(await line.got()).toEqual(['Yes', 'Still'])
    })

    it('is its service’s, which chooses whose pool writes, and is told what becomes of that', async () => {
      const line = await lines()
      const service = await here.client.messaging.v1.services.create({
        friendlyName: 'Shop',
        inboundRequestUrl: `${hooks.url}/service`,
        statusCallback: `${hooks.url}/service-status`
      })
      await here.client.messaging.v1.services(service.sid).phoneNumbers.create({ phoneNumberSid: line.sid })
      await line.write('Hi')
      expect(hooks.to(line.path)).toEqual([])
      expect(hooks.to('/service')[0]?.form.MessagingServiceSid).toBe(service.sid)
      const sent = await here.client.messages.create({
        to: line.address,
        messagingServiceSid: service.sid,
        body: 'News'
      })
      expect(sent).toMatchObject({ status: 'accepted', from: null })
      await here.pass(0)
      await hooks.until(() => hooks.to('/service-status').some(({ form }) => form.MessageStatus === 'delivered'))
      expect((await here.client.messages(sent.sid).fetch()).from).toBe(line.own)
      await expect(
        here.client.messages.create({ to: line.address, messagingServiceSid: `MG${'0'.repeat(32)}`, body: 'a' })
      ).rejects.toMatchObject({ code: 21_701 })
      const empty = await here.client.messaging.v1.services.create({ friendlyName: 'Empty' })
      const lost = await here.client.messages.create({ to: line.address, messagingServiceSid: empty.sid, body: 'a' })
      await here.pass(0)
      expect(await here.client.messages(lost.sid).fetch()).toMatchObject({ status: 'failed', errorCode: 21_703 })
    })

    it('is asked about no message that a conversation takes', async () => {
      const line = await lines()
      const { sid } = await here.client.conversations.v1.conversations.create()
      await here.client.conversations.v1.conversations(sid).participants.create({
        'messagingBinding.address': line.address,
        'messagingBinding.proxyAddress': line.own
      })
      await line.write('Hi')
      expect(hooks.to(line.path)).toEqual([])
    })

    it('a template is sent in the form of its channel', async () => {
      const line = await lines()
      const types = { 'twilio/quick-reply': { body: 'Was that {{1}}?', actions: [{ title: 'Yes' }, { title: 'No' }] } }
      const init = {
        method: 'POST',
        body: JSON.stringify({ language: 'en', types }),
        headers: { 'content-type': 'application/json' }
      }
      const { sid: contentSid } = (await here.call('/content/v1/Content', undefined, init)).body
      const sent = { to: line.address, from: line.own, contentSid }
      await here.client.messages.create({ ...sent, body: 'not this', contentVariables: '{"1":"good"}' })
      await here.pass(0)
      expect(await line.got()).toEqual(['Was that good?\n- Yes\n- No'])
      await expect(here.client.messages.create(sent)).rejects.toMatchObject({ code: 63_028 })
      await expect(here.client.messages.create({ ...sent, contentVariables: '[' })).rejects.toMatchObject({
        code: 21_656
      })
      const none = { ...sent, contentSid: `HX${'0'.repeat(32)}` }
      await expect(here.client.messages.create(none)).rejects.toMatchObject({ code: 21_655 })
    })
  })
