import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'

/** Numbers, applications and messaging services by the official SDK (reference messaging 3 and 7). */

let center: Observed

beforeAll(async () => {
  center = await observed()
})

afterAll(() => center.close())

const refusal = async (act: Promise<unknown>) => {
  const error: { status?: number; code?: number } = await act.then(
    () => ({}),
    (error: unknown) => error as { status?: number; code?: number } // the SDK's own
  )
  return `${error.status}/${error.code}`
}

test('a number is claimed, given an application, listed and given up', async () => {
  const { client } = center
  const application = await client.applications.create({ friendlyName: 'Desk', smsUrl: 'https://a.example/sms' })
  expect(application.voiceMethod).toBe('POST')
  const number = await client.incomingPhoneNumbers.create({
    phoneNumber: '+14155552671',
    friendlyName: 'Sales',
    smsApplicationSid: application.sid,
    voiceUrl: 'https://a.example/voice'
  })
  expect(number).toMatchObject({
    phoneNumber: '+14155552671',
    friendlyName: 'Sales',
    status: 'in-use',
    origin: 'twilio',
    capabilities: { voice: true, sms: true, mms: true }
  })
  expect(number.uri).toBe(`/2010-04-01/Accounts/${number.accountSid}/IncomingPhoneNumbers/${number.sid}.json`)
  expect(await refusal(client.incomingPhoneNumbers.create({ phoneNumber: '+1 415-555-2671' }))).toBe('400/21422')
  expect(await refusal(client.incomingPhoneNumbers.create({}))).toBe('400/21421')
  const updated = await client.incomingPhoneNumbers(number.sid).update({ smsApplicationSid: '', smsMethod: 'GET' })
  expect([updated.smsApplicationSid, updated.smsMethod, updated.voiceUrl]).toEqual([
    null,
    'GET',
    'https://a.example/voice'
  ])
  expect(await refusal(client.incomingPhoneNumbers(number.sid).update({ accountSid: `AC${'1'.repeat(32)}` }))).toBe(
    '400/20001'
  )
  expect((await client.incomingPhoneNumbers(number.sid).fetch()).sid).toBe(number.sid)
  await client.incomingPhoneNumbers(number.sid).remove()
  expect(await refusal(client.incomingPhoneNumbers(number.sid).fetch())).toBe('404/20404')

  await client
    .applications(application.sid)
    .update({ friendlyName: 'Desks', messageStatusCallback: 'https://a.example/status' })
  const named = await client.applications.list({ friendlyName: 'Desks' })
  expect(named.map(({ sid, smsUrl }) => [sid, smsUrl])).toEqual([[application.sid, 'https://a.example/sms']])
  expect((await client.applications(application.sid).fetch()).messageStatusCallback).toBe('https://a.example/status')
  await client.applications(application.sid).remove()
  expect(await client.applications.list()).toEqual([])
})

test('numbers are listed by type, name and digits', async () => {
  const { client } = center
  const numbers = client.incomingPhoneNumbers
  await numbers.local.create({ phoneNumber: '+12125550111', friendlyName: 'A' })
  await numbers.mobile.create({ phoneNumber: '+4915112345678', friendlyName: 'B' })
  await numbers.tollFree.create({ phoneNumber: '+18005550122', friendlyName: 'B' })
  await numbers.create({ areaCode: '212' })
  expect(await refusal(numbers.tollFree.create({ phoneNumber: '+12125550112' }))).toBe('400/21421')
  const listed = async (list: Promise<{ phoneNumber: string }[]>) => (await list).map(({ phoneNumber }) => phoneNumber)
  expect(await listed(numbers.local.list())).toEqual(['+12125550111', '+12125550100'])
  expect(await listed(numbers.mobile.list())).toEqual(['+4915112345678'])
  expect(await listed(numbers.tollFree.list())).toEqual(['+18005550122'])
  expect(await listed(numbers.list({ friendlyName: 'B' }))).toEqual(['+4915112345678', '+18005550122'])
  expect(await listed(numbers.list({ phoneNumber: '555*1*1' }))).toEqual(['+12125550111'])
  expect(await listed(numbers.list({ phoneNumber: '+1212' }))).toEqual(['+12125550111', '+12125550100'])
  expect(await listed(numbers.list({ beta: true }))).toEqual([])
  expect(await listed(numbers.list({ origin: 'hosted' }))).toEqual([])
  expect(await listed(numbers.list({ pageSize: 1 }))).toHaveLength(4)
  const elsewhere = await center.call(`/2010-04-01/Accounts/AC${'1'.repeat(32)}/IncomingPhoneNumbers.json`)
  expect([elsewhere.status, elsewhere.body.code]).toEqual([404, 20404])
})

test('a messaging service has a pool of every sort of sender', async () => {
  const { client, call } = center
  const services = client.messaging.v1.services
  const service = await services.create({ friendlyName: 'Shop', inboundRequestUrl: 'https://a.example/in' })
  expect(service).toMatchObject({
    stickySender: true,
    validityPeriod: 36_000,
    usecase: 'undeclared',
    scanMessageContent: 'inherit',
    useInboundWebhookOnNumber: false
  })
  expect(Object.keys(service.links)).toContain('channel_senders')
  const own = services(service.sid)
  const number = await client.incomingPhoneNumbers.create({ phoneNumber: '+442071838750' })
  const pooled = await own.phoneNumbers.create({ phoneNumberSid: number.sid })
  expect(pooled).toMatchObject({
    sid: number.sid,
    phoneNumber: '+442071838750',
    countryCode: 'GB',
    capabilities: ['SMS', 'MMS', 'Voice']
  })
  expect(await refusal(own.phoneNumbers.create({ phoneNumberSid: number.sid }))).toBe('409/21710')
  const sender = async (Address: string) => (await call('/ringdown/v1/Senders', { Address })).body.sid as string
  const [code, whatsapp] = [await sender('12345'), await sender('whatsapp:+442071838750')]
  expect((await own.shortCodes.create({ shortCodeSid: code })).shortCode).toBe('12345')
  expect(await own.channelSenders.create({ sid: whatsapp })).toMatchObject({
    sender: 'whatsapp:+442071838750',
    senderType: 'WhatsApp'
  })
  const alpha = await own.alphaSenders.create({ alphaSender: 'Shop' })
  const french = await own.destinationAlphaSenders.create({ alphaSender: 'Boutique', isoCountryCode: 'FR' })
  expect(french).toMatchObject({ isoCountryCode: 'FR', capabilities: ['SMS'] })

  expect((await own.phoneNumbers.list()).map(({ sid }) => sid)).toEqual([number.sid])
  expect((await own.shortCodes.list()).map(({ sid }) => sid)).toEqual([code])
  expect((await own.channelSenders.list()).map(({ sid }) => sid)).toEqual([whatsapp])
  expect((await own.alphaSenders.list()).map(({ sid }) => sid)).toEqual([alpha.sid])
  expect((await own.destinationAlphaSenders.list({ isoCountryCode: 'fr' })).map(({ sid }) => sid)).toEqual([french.sid])
  expect(await own.destinationAlphaSenders.list({ isoCountryCode: 'GB' })).toEqual([])

  expect((await own.phoneNumbers(number.sid).fetch()).serviceSid).toBe(service.sid)
  expect((await own.shortCodes(code).fetch()).sid).toBe(code)
  expect((await own.channelSenders(whatsapp).fetch()).messagingServiceSid).toBe(service.sid)
  expect((await own.alphaSenders(alpha.sid).fetch()).alphaSender).toBe('Shop')
  expect((await own.destinationAlphaSenders(french.sid).fetch()).alphaSender).toBe('Boutique')
  expect(await refusal(own.alphaSenders(french.sid).fetch())).toBe('404/20404')

  await own.phoneNumbers(number.sid).remove()
  await own.shortCodes(code).remove()
  await own.channelSenders(whatsapp).remove()
  await own.alphaSenders(alpha.sid).remove()
  await own.destinationAlphaSenders(french.sid).remove()
  expect(await own.phoneNumbers.list()).toEqual([])

  const updated = await own.update({ inboundRequestUrl: '', stickySender: false, validityPeriod: 60 })
  expect([updated.inboundRequestUrl, updated.stickySender, updated.validityPeriod]).toEqual([null, false, 60])
  expect(await refusal(own.update({ validityPeriod: 36_001 }))).toBe('400/20001')
  expect((await own.fetch()).validityPeriod).toBe(60)
  expect((await services.list()).map(({ sid }) => sid)).toContain(service.sid)
  await own.remove()
  expect(await refusal(own.fetch())).toBe('404/20404')
})

test('an address that is no number is claimed, changed and given up', async () => {
  const { call } = center
  const created = await call('/ringdown/v1/Senders', {
    Address: 'Messenger:1234',
    InboundRequestUrl: 'https://a.example/'
  })
  expect(created.body).toMatchObject({ address: 'messenger:1234', sender_type: 'Messenger', inbound_method: 'POST' })
  const path = `/ringdown/v1/Senders/${created.body.sid}`
  expect((await call(path, { InboundRequestUrl: '', FriendlyName: 'Page' })).body).toMatchObject({
    inbound_request_url: null,
    friendly_name: 'Page'
  })
  expect((await call('/ringdown/v1/Senders', { Address: 'messenger:1234' })).status).toBe(409)
  expect((await call('/ringdown/v1/Senders', { Address: '+15550100' })).status).toBe(400)
  const listed = await call('/ringdown/v1/Senders?SenderType=Messenger')
  expect(listed.body.senders.map(({ sid }: { sid: string }) => sid)).toEqual([created.body.sid])
  expect((await call(path)).body.friendly_name).toBe('Page')
  expect((await call(path, undefined, { method: 'DELETE' })).status).toBe(204)
  expect((await call(path)).status).toBe(404)
})

test('what is said of this file is true', () => expectVerified('test/conformance/messaging/numbers.test.ts', center))
