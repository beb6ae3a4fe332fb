import { afterAll, beforeAll, expect, test } from 'vitest'
import { receiver } from '../../support/receiver.ts'
import { expectVerified, type Observed, observed } from '../observed.ts'

/** Templates by the official SDK, and what messages are made of them (reference messaging 17). */

let center: Observed

beforeAll(async () => {
  center = await observed()
})

afterAll(() => center.close())

const types = {
  'twilio/text': { body: 'Hi {{1}}, pick {{2}}.' },
  'twilio/quick-reply': { body: 'Hi {{1}}', actions: [{ title: 'Yes', id: 'yes' }] }
}

const json = (body: unknown, method = 'POST') => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' }
})

test('a template is made, found, changed, approved and removed', async () => {
  const { client, call } = center
  const { contents } = client.content.v1
  // The SDK sends what it is given, while its types ask for classes that no package exports.
  const content = { friendly_name: 'Order', language: 'en', variables: { 2: 'one' }, types }
  const made = await contents.create(content as never)
  expect(made).toMatchObject({ friendlyName: 'Order', language: 'en', variables: { 2: 'one' }, types })
  expect(made.links.approval_fetch).toContain(`/v1/Content/${made.sid}/ApprovalRequests`)
  const { sid } = made
  expect(await contents(sid).fetch()).toMatchObject({ sid, types, variables: { 2: 'one' } })
  expect((await contents.list()).map((one) => one.sid)).toEqual([sid])

  expect((await contents(sid).approvalFetch().fetch()).whatsapp).toMatchObject({ status: 'unsubmitted' })
  const approval = await contents(sid).approvalCreate.create({ name: 'order_1', category: 'UTILITY' } as never)
  expect(approval).toMatchObject({
    name: 'order_1',
    status: 'approved',
    contentType: 'twilio/quick-reply',
    allowCategoryChange: true
  })
  expect((await contents(sid).approvalFetch().fetch()).whatsapp).toMatchObject({ name: 'order_1', status: 'approved' })
  const [both] = await client.content.v1.contentAndApprovals.list()
  expect(both).toMatchObject({ sid, approvalRequests: { name: 'order_1', category: 'UTILITY', status: 'approved' } })

  const changed = await call(
    `/content/v1/Content/${sid}`,
    undefined,
    json({ friendly_name: 'Orders', types: { 'twilio/text': { body: 'Bye' } } }, 'PUT')
  )
  expect(changed.body).toMatchObject({ friendly_name: 'Orders', types: { 'twilio/text': { body: 'Bye' } } })
  expect((await contents(sid).approvalFetch().fetch()).whatsapp).toMatchObject({ status: 'unsubmitted' })
  await contents(sid).remove()
  expect((await call(`/content/v1/Content/${sid}`)).status).toBe(404)
})

test('what a body of JSON has beside a template does nothing', async () => {
  const { call } = center
  const answer = await call(
    '/content/v1/Content',
    undefined,
    json({ type: 'sender.create', address: '12345', language: 'en', types })
  )
  expect(answer.status).toBe(201)
  expect((await call('/ringdown/v1/Senders')).body.senders).toEqual([])
})

test('a message in a conversation says what its template does, and a pre-webhook may change it', async () => {
  const hooks = await receiver(center.running.credentials)
  const { client, call } = center
  const { body: content } = await call('/content/v1/Content', undefined, json({ language: 'en', types }))
  const { sid } = await client.conversations.v1.conversations.create()
  const messages = client.conversations.v1.conversations(sid).messages
  const variables = { contentSid: content.sid, contentVariables: '{"1":"Ana"}' }
  const message = await messages.create({ ...variables, body: 'not this' })
  expect(message).toMatchObject({ body: 'Hi Ana', contentSid: content.sid, media: null })
  expect((await messages(message.sid).fetch()).contentSid).toBe(content.sid)
  const error: { code?: number } = await messages.create({ contentSid: content.sid }).then(
    () => ({}),
    (error) => error
  )
  expect(error.code).toBe(63_028)

  await client.conversations.v1.configuration.webhooks().update({
    preWebhookUrl: `${hooks.url}/before`,
    filters: ['onMessageAdd'],
    method: 'POST'
  })
  hooks.answer('/before', { body: { body: 'Hi you' } })
  const rewritten = await messages.create({ ...variables, xTwilioWebhookEnabled: 'true' })
  expect(hooks.to('/before').at(-1)?.form).toMatchObject({ Body: 'Hi Ana' })
  expect(rewritten).toMatchObject({ body: 'Hi you', contentSid: content.sid })
  await hooks.close()
})

test('what is said of this file is true', () => expectVerified('test/conformance/messaging/content.test.ts', center))
