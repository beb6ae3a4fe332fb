import { describe, expect, it, onTestFinished } from 'vitest'
import { connected } from './agent.ts'
import { Center } from './center.ts'
import { studioOnTwilio } from './studio-on-twilio.ts'
import { refusal, sid } from './wire.ts'

/** An agent on a Twilio account: no Ringdown has Studio yet. */
async function onTwilio() {
  const center = await Center.open()
  onTestFinished(() => center.world.close())
  const wire = studioOnTwilio(center.world.running.url)
  return { wire, ...(await connected(center.onTwilio(wire))) }
}

describe('a flow of Studio', () => {
  it('is shown by its widgets, its definition on request', async () => {
    const { call } = await onTwilio()
    const get = { action: 'get', flowSid: 'Welcome' }
    const { content } = await call('manage_studio_flows', get)
    expect(content).toMatchObject({
      flows: [{ flowSid: sid('FW'), widgets: ['Trigger: trigger → incomingMessage: greet', 'greet: send-message'] }]
    })
    expect(JSON.stringify(content)).not.toContain('"definition"')
    const whole = await call('manage_studio_flows', { ...get, fields: ['definition'] })
    expect(JSON.stringify(whole.content)).toContain('"states"')
  })

  it('is a draft until it is published on purpose; a wrong definition names each place', async () => {
    const { wire, call } = await onTwilio()
    const change = { action: 'update', flowSid: 'Welcome', definition: { states: [] } }
    expect((await call('manage_studio_flows', change)).content.warnings).toEqual([
      expect.stringContaining('saved as a draft')
    ])
    expect(wire.writes()[0]?.form.Status).toBe('draft')
    const errors = [{ message: 'must be text', property_path: '#/states/0/name' }]
    wire.on('POST studio/v2/Flows/Validate', () => refusal(400, 20001, 'Flow definition is invalid', { errors }))
    expect((await call('manage_studio_flows', { action: 'validate', definition: {} })).error).toMatchObject({
      argument: 'definition',
      errors: [{ property_path: '#/states/0/name', message: 'must be text' }]
    })
  })

  it('runs once at a time for a contact', async () => {
    const { wire, call } = await onTwilio()
    wire.on('POST studio/v2/Flows/:fw/Executions', () =>
      refusal(409, 20409, 'already active', { conflicting_execution_sid: sid('FN', 4) })
    )
    const trigger = { action: 'trigger', flowSid: 'Welcome', to: '+33', from: '+15' }
    expect((await call('manage_studio_flows', trigger)).error).toMatchObject({
      code: 20409,
      next: `${sid('FN', 4)} is active for +33: end_execution, or wait for it`
    })
  })

  it('has executions within the schema that the tool publishes', async () => {
    const { client, call } = await onTwilio()
    await client.listTools() // from here on the official client checks each result against its output schema
    const execution = { action: 'get_execution', flowSid: 'Welcome', executionSid: sid('FN') }
    expect((await call('manage_studio_flows', execution)).isError).toBe(false)
  })
})
