import { ask, definition, say, set, trigger, widget } from '@ringdown/engine/testing/flows'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connected } from './agent.ts'
import { Center } from './center.ts'
import { studioOnTwilio } from './studio-on-twilio.ts'
import { refusal, sid, Wire } from './wire.ts'

async function agent() {
  const center = await Center.open()
  onTestFinished(() => center.world.close())
  return { center, ...(await connected(center.backend(new Wire(center.world.running.url)))) }
}

/** An agent on a Twilio account. */
async function onTwilio() {
  const center = await Center.open()
  onTestFinished(() => center.world.close())
  const wire = studioOnTwilio(center.world.running.url)
  return { wire, ...(await connected(center.onTwilio(wire))) }
}

describe.each(['ringdown', 'twilio'] as const)('an agent on %s', (kind) => {
  it('writes, checks, publishes, tries, reads and removes a flow with no other tool', async () => {
    const center = await Center.open()
    onTestFinished(() => center.world.close())
    // What plays Twilio there is this server: it has no word of Twilio's that the SDK would not read.
    const wire = new Wire(center.world.running.url)
    const { call } = await connected(kind === 'ringdown' ? center.backend(wire) : center.onTwilio(wire))
    const confirmed: string[] = []
    /** The agent's user agrees to whatever it is asked. */
    const tool = async (args: Readonly<Record<string, unknown>>) => {
      const first = await call('manage_studio_flows', args as never)
      const { code, confirmToken } = (first.error ?? {}) as { code?: string; confirmToken?: string }
      if (code !== 'needs_confirmation') return first
      confirmed.push(String(args.action))
      return call('manage_studio_flows', { ...args, confirmToken } as never)
    }
    const studio = async (args: Readonly<Record<string, unknown>>) => (await tool(args)).content
    const wrong = {
      states: [{ name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingRequest', next: 'gone' }] }],
      initial_state: 'Trigger'
    }
    expect((await tool({ action: 'validate', definition: wrong })).error).toMatchObject({
      errors: [{ property_path: '#/states/0/transitions/0/next', message: "'gone' is the name of no state" }]
    })
    const right = JSON.parse(
      definition([trigger({ incomingRequest: 'ask' }), ask('ask', 'Name?', 'bye'), say('bye', 'Bye.')])
    )
    expect(await studio({ action: 'validate', definition: right })).toMatchObject({ flows: [{ valid: true }] })
    const made = await studio({ action: 'create', friendlyName: 'Bot', definition: right, commitMessage: 'first' })
    expect(made).toMatchObject({ flows: [{ friendlyName: 'Bot', status: 'draft', revision: 1, valid: true }] })
    const [{ flowSid }] = made.flows as [{ flowSid: string }]
    const trying = { action: 'trigger', flowSid: 'Bot', to: '+33600000001', from: '+15005550006' }
    expect((await tool(trying)).error?.next).toContain('update with status published')
    const published = await studio({ action: 'update', flowSid: 'Bot', status: 'published', friendlyName: 'Bot 2' })
    expect(published).toMatchObject({ flows: [{ flowSid, friendlyName: 'Bot 2', status: 'published', revision: 2 }] })
    expect((await studio({ action: 'list' })).flows).toMatchObject([{ flowSid, friendlyName: 'Bot 2', revision: 2 }])
    expect(await studio({ action: 'get', flowSid: 'Bot 2' })).toMatchObject({
      flows: [
        {
          flowSid,
          widgets: [
            'Trigger: trigger → incomingRequest: ask',
            'ask: send-and-wait-for-reply → incomingMessage: bye',
            'bye: send-message'
          ]
        }
      ]
    })
    expect(await studio({ action: 'get', flowSid, revision: '1', fields: ['friendlyName', 'status'] })).toMatchObject({
      flows: [{ friendlyName: 'Bot', status: 'draft' }]
    })
    await center.world.call('/ringdown/v1/Phones', { Address: '+33600000001' })
    const again = { ...trying, flowSid, parameters: { order: 7 } }
    const [execution] = (await studio(again)).executions as { executionSid: string }[]
    expect((await tool(again)).error).toMatchObject({ code: 20409, found: execution?.executionSid })
    const one = { flowSid, executionSid: execution?.executionSid }
    await center.world.pass(1)
    const read = await studio({ action: 'get_execution', ...one })
    expect(read).toMatchObject({
      executions: [{ status: 'active', flowVersion: 2 }],
      steps: [{ name: 'incomingRequest', transitionedFrom: 'Trigger', transitionedTo: 'ask' }],
      context: { flow: { data: { order: 7 } } }
    })
    const listed = async (filter: object) =>
      (await studio({ action: 'list_executions', flowSid, ...filter })).executions as { executionSid: string }[]
    expect(await listed({ status: 'active' })).toMatchObject([{ executionSid: one.executionSid }])
    expect(await listed({ dateCreatedTo: '2000-01-01T00:00:00Z' })).toEqual([])
    expect(await listed({ dateCreatedFrom: '2000-01-01T00:00:00Z' })).toHaveLength(1)
    expect((await tool({ action: 'list_executions', flowSid, status: 'draft' })).error).toMatchObject({
      argument: 'status'
    })
    expect(await studio({ action: 'end_execution', ...one })).toMatchObject({ executions: [{ status: 'ended' }] })
    expect(await listed({ status: 'active' })).toEqual([])
    await studio({ action: 'delete', flowSid: 'Bot 2' })
    expect((await studio({ action: 'list' })).flows).toEqual([])
    expect((await tool({ action: 'get', flowSid })).isError).toBe(true)
    expect(confirmed).toEqual(kind === 'ringdown' ? [] : ['end_execution', 'delete'])
  })
})

describe('an execution', () => {
  it('of many steps shows the last, and says so', async () => {
    const { center, call } = await agent()
    const studio = async (args: object) => (await call('manage_studio_flows', args as never)).content
    const circle = [trigger({ incomingRequest: 'a' }), set('a', { n: '1' }, 'b'), set('b', { n: '2' }, 'a')]
    await studio({
      action: 'create',
      friendlyName: 'Circle',
      definition: JSON.parse(definition(circle)),
      status: 'published'
    })
    const { executions } = await studio({
      action: 'trigger',
      flowSid: 'Circle',
      to: '+33600000001',
      from: '+15005550006'
    })
    const one = { flowSid: 'Circle', executionSid: executions[0].executionSid }
    await center.world.call('/ringdown/v1/clock', { advance: 'PT1S' })
    const read = await studio({ action: 'get_execution', ...one })
    expect(read.executions).toMatchObject([{ status: 'ended' }])
    expect(read.steps).toHaveLength(100)
    expect(read.steps[0]).toMatchObject({ transitionedFrom: expect.any(String), dateCreated: expect.any(String) })
    // It began at the trigger.
    expect(read.steps.some((step: { transitionedFrom: string }) => step.transitionedFrom === 'Trigger')).toBe(false)
    expect(read.warnings).toEqual(['it has 1000 steps: these are the last 100'])
  })
})

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

  it('says what is only odd about a definition when it is written', async () => {
    const { call } = await agent()
    const oddities = Array.from({ length: 12 }, (_, n) => widget(`w${n}`, 'invented', {}))
    const text = (states: ReturnType<typeof widget>[]) => definition([trigger({ incomingRequest: 'w0' }), ...states])
    const write = async (args: object, states: ReturnType<typeof widget>[]) =>
      (await call('manage_studio_flows', { ...args, definition: JSON.parse(text(states)) })).content.warnings
    const one = "#/states/1/type: the type 'invented' is not known here: a flow that comes to it ends"
    const create = { action: 'create', friendlyName: 'Odd' }
    expect(await write(create, oddities.slice(0, 1))).toEqual([one])
    const all = await write({ action: 'update', flowSid: 'Odd', status: 'draft' }, oddities)
    expect(all).toEqual(expect.arrayContaining([one, 'there are 12 warnings; these are the first 10']))
    expect(all.filter((text: string) => text.startsWith('#/states/'))).toHaveLength(10)
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
