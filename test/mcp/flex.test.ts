import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'
import { listOf } from './wire.ts'

describe('the Flex configuration', () => {
  it('names what is big, finds enabled channels and covers secrets', async () => {
    const { center, wire, call } = await agent()
    // No Ringdown keeps addresses yet.
    const address = { sid: 'IG1', type: 'sms', address: '+15005550006', auto_creation: { enabled: true } }
    wire.on('GET conversations/v1/Configuration/Addresses', () => listOf('address_configurations', [address]))
    await center.world.call('/flex-api/v1/Configuration', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        account_sid: center.world.running.credentials.account_sid,
        ui_attributes: { theme: 'x'.repeat(12_000) },
        attributes: { company: 'Ringdown' },
        integrations: [{ type: 'crm', name: 'one', config: '{"apiKey":"s3cret","host":"crm.example"}' }],
        channel_configs: [{ address_type: 'web', cbm_attachments: { enabled: true } }]
      })
    })
    const flexFlow = { friendlyName: 'WhatsApp desk', contactIdentity: 'whatsapp:+15005550006', enabled: true }
    const chatServiceSid = (await center.world.client.flexApi.v1.configuration().fetch()).chatServiceInstanceSid
    await center.world.client.flexApi.v1.flexFlow.create({ ...flexFlow, chatServiceSid, channelType: 'whatsapp' })
    // A number without a program takes no calls.
    const number = await center.world.client.incomingPhoneNumbers.create({ phoneNumber: '+15005550010' })
    const channels = async () => (await call('get_flex_configuration', { fields: ['enabledChannels'] })).content
    expect(await channels()).toMatchObject({ enabledChannels: ['sms', 'web', 'whatsapp'] })
    await center.world.client.incomingPhoneNumbers(number.sid).update({ voiceUrl: 'https://a.example/voice' })
    const { content } = await call('get_flex_configuration')
    expect(content).toMatchObject({
      enabledChannels: ['sms', 'voice', 'web', 'whatsapp'],
      attributes: { company: 'Ringdown' },
      omitted: { uiAttributes: '12 kB' }
    })
    expect((await call('get_flex_configuration', { fields: ['integrations'] })).content.integrations).toMatchObject([
      { config: { apiKey: '***', host: 'crm.example' } }
    ])
    expect((await call('get_flex_configuration', { fields: ['serviceSid'] })).error).toMatchObject({
      code: 'bad_value',
      argument: 'fields',
      next: expect.stringContaining('flexServiceInstanceSid')
    })
  })
})

describe('a Flex Flow', () => {
  it('names what its integration lacks, and who has the address', async () => {
    const { call } = await agent()
    const flow = {
      action: 'create',
      friendlyName: 'WhatsApp desk',
      channelType: 'whatsapp',
      contactIdentity: 'whatsapp:+15005550006'
    }
    expect((await call('manage_flex_flows', { ...flow, integrationType: 'task' })).error.next).toBe(
      'integrationWorkflowSid; workflows: Default'
    )
    const made = await call('manage_flex_flows', flow)
    expect((await call('manage_flex_flows', flow)).error.next).toBe(
      `${made.content.flexFlows?.[0].flexFlowSid} already handles whatsapp:+15005550006; update it, or disable it first`
    )
  })
})
