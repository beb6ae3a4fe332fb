import { allTools } from '@ringdown/mcp/tools/all'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected } from './agent.ts'
import { agent as agentOf, Center, ours } from './center.ts'
import { supplies } from './supplies.ts'
import { refusal, sid, Wire, type WireAnswer } from './wire.ts'

/*
 * The tools on a Twilio account. It is a Ringdown under Twilio's host names, of which only Twilio's APIs are asked, with
 * Twilio's own refusals where a Ringdown has none.
 */

/** What only a Ringdown can do: whole tools, which are not listed, and actions of others, which say so. */
const needRingdown = {
  tools: ['explain_routing', 'query_insights', 'apply_changes'],
  actions: ['manage_event_subscriptions deliveries', 'manage_event_subscriptions replay']
}

const works = allTools.flatMap((tool) =>
  needRingdown.tools.includes(tool.name)
    ? []
    : Object.keys(tool.actions).map((action) => [`${tool.name} ${action}`, tool, action] as const)
)

describe('on a Twilio account', () => {
  let center: Center
  let wire: Wire
  let agent: Awaited<ReturnType<typeof connected>>

  beforeAll(async () => {
    // Twilio's list of events is asked by the hour of day.
    center = await Center.open({ testClock: false })
    await center.conversation('order-1234')
    const { flexApi } = center.world.client
    const { chatServiceInstanceSid: chatServiceSid } = await flexApi.v1.configuration().fetch()
    const contactIdentity = `whatsapp:${ours}`
    await flexApi.v1.flexFlow.create({
      friendlyName: 'WhatsApp desk',
      channelType: 'whatsapp',
      contactIdentity,
      chatServiceSid
    })
    wire = new Wire(center.world.running.url)
    agent = await connected(center.onTwilio(wire), { confirm: 'off' })
    // Whoever has listed the tools checks results by their schemas.
    await agent.client.listTools()
  })
  afterAll(async () => {
    await agent.close()
    await center.world.close()
  })

  it('the tools that need a Ringdown are not listed, in no form', async () => {
    const names = (await agent.client.listTools()).tools.map(({ name }) => name)
    expect(names).toEqual(allTools.map(({ name }) => name).filter((name) => !needRingdown.tools.includes(name)))
    for (const name of needRingdown.tools)
      await expect(agent.client.callTool({ name, arguments: {} })).rejects.toMatchObject({ code: -32602 })
    expect(agent.client.getServerCapabilities()).not.toHaveProperty('events')
  })

  it.each(works)('%s', async (name, tool, action) => {
    const { required = [] } = tool.actions[action] ?? {}
    const usual: Readonly<Record<string, unknown>> = {
      activitySid: 'Break',
      taskQueueSid: 'Support',
      workflowSid: 'Default',
      workerSid: 'amelie',
      conversationSid: 'order-1234',
      flexFlowSid: 'WhatsApp desk',
      participantSid: 'amelie',
      friendlyName: 'something new',
      channelType: 'sms',
      configuration: { task_routing: { filters: [], default_filter: { queue: 'Support' } } }
    }
    const args = {
      ...(action !== 'call' && { action }),
      ...Object.fromEntries(required.map((argument) => [argument, usual[argument]])),
      ...(await supplies[name]?.(center, agent.call)),
      ...(name.startsWith('wait_for_events') && { waitSeconds: 0 })
    }
    wire.sent.length = 0
    const told = await agent.call(tool.name, args)
    expect(agent.defects).toEqual([])
    if (needRingdown.actions.includes(name))
      expect(told.error, told.text).toMatchObject({ code: 'unsupported_backend' })
    else expect(told.isError, told.text).toBe(false)
    expect(wire.sent.filter(({ path }) => path.startsWith('ringdown/'))).toEqual([])
  })
})

describe("Twilio's own refusals", () => {
  const answers: readonly (readonly [
    what: string,
    tool: string,
    args: Record<string, unknown>,
    request: string,
    WireAnswer,
    error: object
  ])[] = [
    [
      'wrong credentials',
      'get_flex_configuration',
      {},
      'GET flex-api/v1/Configuration',
      refusal(401, 20003, 'Authenticate'),
      { code: 20003, next: expect.stringContaining('TWILIO_AUTH_TOKEN') }
    ],
    [
      'an account without Flex',
      'get_flex_configuration',
      {},
      'GET flex-api/v1/Configuration',
      refusal(404, 20404, 'The requested resource was not found'),
      { code: 20404, next: expect.stringContaining('TaskRouter') }
    ],
    [
      'an account where Flex Flows are no more',
      'manage_flex_flows',
      { action: 'create', friendlyName: 'SMS', channelType: 'sms', contactIdentity: ours },
      'POST flex-api/v1/FlexFlows',
      refusal(403, 45015, 'Flex Flows are at their end of life and not available to this account'),
      { code: 45015, next: expect.stringContaining('manage_addresses') }
    ],
    [
      'statistics of a big workspace',
      'get_workspace_statistics',
      { scope: 'worker' },
      'GET taskrouter/v1/Workspaces/:ws/Workers/RealTimeStatistics',
      refusal(403, 14242, 'Workers statistics are blocked for this workspace'),
      { code: 14242, next: expect.stringContaining('scope task_queue') }
    ],
    [
      'a template that is due',
      'send_conversation_message',
      { conversationSid: sid('CH'), body: 'hello' },
      'POST conversations/v1/Conversations/:ch/Messages',
      refusal(400, 63016, 'Outside of the allowed window'),
      { code: 63016, next: expect.stringContaining('contentSid') }
    ]
  ]

  it.each(answers)('%s', async (_what, tool, args, request, answer, error) => {
    const { wire, call, defects } = await agentOf({ kind: 'twilio', confirm: 'off' })
    wire.on(request, () => answer)
    const told = await call(tool, args)
    expect(told.error, told.text).toMatchObject(error)
    expect(defects).toEqual([])
  })

  it('confirms what cannot be taken back unless it is told otherwise', async () => {
    const { call, center } = await agentOf({ kind: 'twilio' })
    const taskSid = await center.task()
    const cancel = { action: 'cancel', taskSid }
    const { error } = await call('manage_tasks', cancel)
    expect(error.code).toBe('needs_confirmation')
    expect((await call('manage_tasks', { ...cancel, confirmToken: error.confirmToken })).isError).toBe(false)
  })
})
