import { greeter, orderLookup, phoneMenu } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../../support/world.ts'
import { conforms } from '../conforms.ts'

let world: World
let workflow: string
beforeAll(async () => {
  world = await opened()
  const { taskrouterWorkspaceSid } = await world.client.flexApi.v1.configuration().fetch()
  const [one] = await world.client.taskrouter.v1.workspaces(taskrouterWorkspaceSid).workflows.list()
  workflow = String(one?.sid)
})
afterAll(() => world.close())

const dryRun = (form: Record<string, string>) => world.call('/ringdown/v1/Flows/DryRun', form)

describe('a dry run', () => {
  it('plays a customer’s part, and leaves nothing behind', async () => {
    const script = ['hello', { message: 'Ana' }, 'hours', 'agent', 'too late']
    const { status, body } = await dryRun({ Definition: greeter(workflow, 'chat'), Script: JSON.stringify(script) })
    expect([status, conforms('ringdown_v1.CreateFlowDryRun', body)]).toEqual([200, []])
    expect(body).toMatchObject({ status: 'ended', ended_reason: 'FLOW_END', unused: 1, errors: [] })
    expect(body.messages.map((one: { from: string; body: string }) => `${one.from}: ${one.body}`).slice(0, 4)).toEqual([
      'customer: hello',
      'flow: Hi! What is your name?',
      'customer: Ana',
      'flow: Thanks Ana. Reply HOURS, ORDER or AGENT.'
    ])
    expect(JSON.parse(body.tasks[0].attributes)).toMatchObject({ topic: 'agent', customerName: 'Ana' })
    expect(await world.client.studio.v2.flows.list()).toEqual([])
    expect(await world.client.conversations.v1.conversations.list()).toEqual([])
  })

  it('lets time go by, answers over HTTP, and says where a flow waits', async () => {
    const silent = await dryRun({ Definition: greeter(workflow, 'chat'), Script: '["hello",{"wait":3600}]' })
    expect(silent.body.steps.at(-1)).toMatchObject({ transitioned_from: 'to_agent', name: 'callComplete' })
    const asked = {
      Definition: orderLookup('https://acme.example/o'),
      Trigger: 'request',
      Parameters: '{"order_id":"A1"}'
    }
    const waiting = await dryRun(asked)
    expect(waiting.body).toMatchObject({
      status: 'active',
      widget: 'lookup',
      waits_for: 'answer',
      requests: [{ method: 'GET', url: 'https://acme.example/o/A1' }]
    })
    const told = await dryRun({ ...asked, Script: '[{"http":{"body":{"state":"new","days_late":1}}}]' })
    expect(told.body.messages).toEqual([
      expect.objectContaining({ from: 'flow', body: 'Order A1 is 1 day(s) late. We are sorry.' })
    ])
    const phone = await dryRun({ Definition: phoneMenu(workflow, 'voice'), Trigger: 'request' })
    expect(phone.body.errors).toEqual([expect.stringContaining('there is no call for')])
  })

  it.each([
    [{}, 'One of FlowSid and Definition'],
    [{ Definition: '{}', FlowSid: `FW${'0'.repeat(32)}` }, 'One of FlowSid and Definition'],
    [{ Definition: '[]' }, 'Definition'],
    [{ Definition: '{"states":[]}', Script: '{}' }, 'Script'],
    [{ Definition: '{"states":[]}', Script: '[5]' }, 'entry 0']
  ])('refuses %j', async (form, message) => {
    const { status, body } = await dryRun(form as Record<string, string>)
    expect([status, body.message]).toEqual([400, expect.stringContaining(message)])
  })
})

describe('a picture', () => {
  it('is an SVG or a chart, with the way of an execution', async () => {
    const flow = await world.client.studio.v2.flows.create({
      friendlyName: 'A & B',
      status: 'published',
      definition: greeter(workflow, 'chat')
    })
    const path = `${world.running.url}/ringdown/v1/Flows/${flow.sid}/Picture`
    const headers = { authorization: world.authorization }
    const svg = await fetch(path, { headers })
    expect([svg.status, svg.headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8'])
    expect(await svg.text()).toContain('<title>A &amp; B</title>')
    const chat = await world.client.conversations.v1.conversations.create()
    const room = world.client.conversations.v1.conversations(chat.sid)
    await room.participants.create({ identity: 'ana' })
    await room.webhooks.create({ target: 'studio', 'configuration.flowSid': flow.sid })
    await room.messages.create({ author: 'ana', body: 'hi', xTwilioWebhookEnabled: 'true' })
    const [execution] = await world.client.studio.v2.flows(flow.sid).executions.list()
    const marked = await (await fetch(`${path}?execution=${execution?.sid}`, { headers })).text()
    expect(marked.match(/class="way went"/g)).toHaveLength(1)
    const chart = await fetch(`${path}?format=mermaid`, { headers })
    expect(chart.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await chart.text()).toMatch(/^flowchart TD\n {2}w0\["Trigger<br\/>trigger"\]/)
    expect((await fetch(`${path}?Revision=9`, { headers })).status).toBe(404)
    expect((await fetch(path)).status).toBe(401)
  })
})

describe('schedules', () => {
  it('are made, asked, closed in an emergency, and removed', async () => {
    const made = await world.call('/ringdown/v1/Schedules', {
      Name: 'Support',
      TimeZone: 'Europe/Paris',
      Weekly: '{"mon":[["09:00","17:00"]]}'
    })
    expect([made.status, conforms('ringdown_v1.CreateSchedule', made.body)]).toEqual([201, []])
    const status = await world.call('/ringdown/v1/Schedules/Support/Status')
    expect(conforms('ringdown_v1.FetchScheduleStatus', status.body)).toEqual([])
    expect(status.body).toMatchObject({
      open: true,
      reason: 'open',
      is_open: true,
      next_change: '2026-03-02T16:00:00.000Z'
    })
    await world.call('/ringdown/v1/Schedules/Support', { Closed: 'true', ClosedReason: 'Storm' })
    expect((await world.call('/ringdown/v1/Schedules/Support/Status?At=2026-03-02T10:00:00Z')).body).toMatchObject({
      open: false,
      reason: 'emergency',
      closed_reason: 'Storm'
    })
    expect((await world.call('/ringdown/v1/Schedules')).body.schedules).toHaveLength(1)
    expect((await world.call('/ringdown/v1/Schedules', { Name: 'Support' })).status).toBe(409)
    expect((await world.call('/ringdown/v1/Schedules/Support', undefined, { method: 'DELETE' })).status).toBe(204)
    expect((await world.call('/ringdown/v1/Schedules/Support')).status).toBe(404)
  })
})

describe('the debugger', () => {
  it('lists what went wrong in flows, configurations and deliveries, the newest first, in pages', async () => {
    const { client } = world
    const flow = await client.studio.v2.flows.create({
      friendlyName: 'Phone',
      status: 'published',
      definition: phoneMenu(workflow, 'voice')
    })
    for (const to of ['+1555', '+1556']) {
      await client.studio.v2.flows(flow.sid).executions.create({ to, from: '+1999' })
      await world.pass(60)
    }
    await client.conversations.v1.configuration
      .webhooks()
      .update({ filters: ['onNonsense'], postWebhookUrl: 'http://127.0.0.1:1/x' })
    const all = await world.call('/ringdown/v1/Debugger')
    expect(conforms('ringdown_v1.ListDebuggerEntry', all.body)).toEqual([])
    const words = all.body.entries.map(
      (one: Record<string, unknown>) => `${one.product} ${one.level} ${one.error_code}`
    )
    expect(words).toEqual(['taskrouter warning null', 'studio error 20001', 'studio error 20001'])
    const first = await world.call('/ringdown/v1/Debugger?PageSize=2')
    expect(first.body.entries).toHaveLength(2)
    const next = new URL(first.body.meta.next_page_url)
    const second = await world.call(next.pathname + next.search)
    expect([...first.body.entries, ...second.body.entries]).toEqual(all.body.entries)
    expect((await world.call('/ringdown/v1/Debugger?Product=studio&PageSize=1')).body.entries[0].details.widget).toBe(
      'menu'
    )
  })
})
