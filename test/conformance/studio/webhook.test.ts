import { ask, definition, say, trigger } from '@ringdown/engine/testing/flows'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../../support/world.ts'

let world: World
let flow: string
beforeAll(async () => {
  world = await opened()
  const states = [
    trigger({ incomingMessage: 'ask', incomingCall: 'ask' }),
    ask('ask', 'Hi {{trigger.message.ProfileName}}, which order?', 'tell'),
    say('tell', 'Order {{widgets.ask.inbound.Body}}.')
  ]
  flow = (
    await world.client.studio.v2.flows.create({
      friendlyName: 'Bot',
      status: 'published',
      definition: definition(states)
    })
  ).sid
})
afterAll(() => world.close())

const path = () => `/webhooks/v1/Accounts/${world.running.credentials.account_sid}/Flows/${flow}`
const message = {
  From: '+37255500001',
  To: '+3726000',
  MessageSid: `SM${'1'.repeat(32)}`,
  Body: 'hello',
  ProfileName: 'Ana'
}

async function post(form: Record<string, string>, headers: Record<string, string>, at = path()) {
  const answer = await fetch(world.running.url + at, { method: 'POST', body: new URLSearchParams(form), headers })
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() }
}

describe('the address of a flow', () => {
  it('takes what is signed, as a number’s webhook is, and answers that there is nothing to be said', async () => {
    const { auth_token } = world.running.credentials
    await world.call('/ringdown/v1/Phones', { Address: '+37255500001' })
    const signature = twiliosSignature(auth_token, world.running.url + path(), message)
    const answer = await post(message, { 'x-twilio-signature': signature })
    expect(answer).toEqual({ status: 200, type: 'text/xml', body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' })
    await post({ ...message, Body: '77' }, { authorization: world.authorization })
    await world.pass(1)
    const sent = await world.client.messages.list({ to: '+37255500001' })
    expect(sent.map(({ from, body }) => `${from} ${body}`).sort()).toEqual([
      '+3726000 Hi Ana, which order?',
      '+3726000 Order 77.'
    ])
    const [execution] = await world.client.studio.v2.flows(flow).executions.list()
    expect(execution).toMatchObject({ status: 'ended', contactChannelAddress: '+37255500001' })
  })

  it('lets nobody else in', async () => {
    expect((await post(message, {})).status).toBe(401)
    expect((await post(message, { 'x-twilio-signature': 'nonsense' })).status).toBe(401)
    const other = path().replace(flow, `FW${'0'.repeat(32)}`)
    expect((await post(message, { authorization: world.authorization }, other)).status).toBe(404)
    expect((await post({ ...message, Body: 'x'.repeat(70_000) }, { authorization: world.authorization })).status).toBe(
      413
    )
  })

  it('stands in the flow, for whoever has a number', async () => {
    const { webhookUrl } = await world.client.studio.v2.flows(flow).fetch()
    expect(new URL(webhookUrl).pathname).toBe(path().replace('/webhooks', ''))
  })
})

/** As the official SDK computes it. */
function twiliosSignature(token: string, url: string, form: Record<string, string>): string {
  return twilio.getExpectedTwilioSignature(token, url, form)
}
