import { afterAll, describe, expect, it } from 'vitest'
import { connected } from '../testing/connect.ts'
import { sid } from '../testing/fake-api.ts'
import { floor } from '../testing/floor.ts'
import type { Argument, Tool } from '../tool.ts'
import { TOOLS } from './all.ts'

/** A value that fits each argument on the floor of testing/floor.ts. */
const FITTING: Readonly<Record<string, unknown>> = {
  activitySid: 'Break',
  taskQueueSid: 'Support',
  workflowSid: 'Default',
  workerSid: 'amelie',
  taskChannel: 'chat',
  workspaceSid: 'Flex',
  flexFlowSid: 'WhatsApp desk',
  flowSid: 'Welcome',
  conversationSid: 'order-1234',
  reservationActivitySid: 'Break',
  assignmentActivitySid: 'Break',
  integrationWorkspaceSid: 'Flex',
  integrationWorkflowSid: 'Default',
  integrationFlowSid: 'Welcome',
  taskSid: sid('WT'),
  interactionSid: sid('KD'),
  channelSid: sid('UO'),
  participantSid: 'amelie',
  executionSid: sid('FN'),
  timersInactive: 'PT1H',
  timersClosed: 'P1D',
  virtualStartTime: '2026-01-31T09:00:00Z',
  startDate: '2026-01-31',
  endDate: '2026-01-31',
  dateCreatedFrom: '2026-01-31T09:00:00Z',
  dateCreatedTo: '2026-01-31T10:00:00Z',
  assignmentStatus: 'completed',
  configuration: { task_routing: { filters: [], default_filter: { queue: 'Support' } } },
  definition: { states: [] },
  participants: [{ identity: 'ana' }],
  fields: ['*'],
  types: ['reservation.*'],
  since: 'PT10M',
  cursor: 'cursor-0'
}

/** What an action needs besides its required arguments to get as far as the API. */
const ENOUGH: Readonly<Record<string, Record<string, unknown>>> = {
  'create_interaction call': { channelType: 'chat', customerAddress: 'ana' },
  'manage_interaction_channel update': { status: 'closed' },
  'manage_interaction_participants invite': { workerSid: 'amelie' },
  'manage_interaction_participants transfer': { workerSid: 'bob' },
  'manage_tasks update': { priority: 3 },
  'manage_tasks accept': { taskSid: sid('WT', 3) },
  'manage_tasks reject': { taskSid: sid('WT', 3) },
  'manage_tasks wrapup': { taskSid: sid('WT') },
  'manage_workers update': { activitySid: 'Break' },
  'manage_task_queues update': { maxReservedWorkers: 2 },
  'manage_workflows update': { taskReservationTimeout: 60 },
  'manage_flex_flows update': { enabled: false },
  'manage_conversations update': { friendlyName: 'Ana' },
  'manage_conversation_participants add': { identity: 'carla' },
  'manage_conversation_participants update': { lastReadMessageIndex: 1 },
  'send_conversation_message call': { body: 'Bonjour' },
  'manage_studio_flows update': { status: 'published' }
}

function fitting(name: string, argument: Argument | undefined): unknown {
  if (name in FITTING) return FITTING[name]
  if (argument?.sid) return sid(argument.sid[0] ?? 'WT')
  if (argument?.enum) return argument.enum[0]
  if (argument?.type === 'integer') return 1
  if (argument?.type === 'boolean') return true
  if (argument?.type === 'object') return { note: 1 }
  if (argument?.type === 'strings') return ['*']
  return 'something'
}

interface Row {
  readonly tool: Tool
  readonly action: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** Arguments with which the call succeeds. */
  readonly enough: Record<string, unknown>
}

const rows: readonly Row[] = TOOLS.flatMap((tool) =>
  Object.entries(tool.actions).map(([action, { required = [], optional = [] }]) => ({
    tool,
    action,
    required,
    optional,
    enough: {
      ...(action === 'call' ? {} : { action }),
      ...Object.fromEntries(required.map((name) => [name, fitting(name, tool.arguments[name])])),
      ...(optional.includes('interactionSid') && { interactionSid: fitting('interactionSid', undefined) }),
      ...ENOUGH[`${tool.name} ${action}`]
    }
  }))
)
const named = rows.map((row) => [`${row.tool.name} ${row.action}`, row] as const)

const api = floor()
const onRingdown = await connected(api)
const onTwilio = await connected(api, { backend: api.twilio() })
afterAll(() => Promise.all([onRingdown.close(), onTwilio.close()]))

/** Calls, and checks what holds for every answer: an error names an argument or a next step; no defect shows. */
async function calls(tool: Tool, args: Record<string, unknown>) {
  const agent = tool.backends?.includes('ringdown') === false ? onTwilio : onRingdown
  const told = await agent.call(tool.name, args)
  expect(agent.defects, `${tool.name} ${JSON.stringify(args)}`).toEqual([])
  if (told.isError) {
    expect(told.error.code, told.text).not.toBe('internal')
    expect(told.error.argument ?? told.error.next, told.text).toBeTruthy()
    expect(told.text).not.toMatch(/\bat .*\.ts:\d/)
  }
  expect(told.text.length).toBeLessThan(21_000)
  return told
}

describe.each(named)('%s', (_name, { tool, action, required, optional, enough }) => {
  it('does its work', async () => {
    expect((await calls(tool, enough)).isError).toBe(false)
  })

  it('takes the other spellings of its names', async () => {
    const snaked = Object.fromEntries(
      Object.entries(enough).map(([name, value]) => [
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value
      ])
    )
    const capital = Object.fromEntries(
      Object.entries(enough).map(([name, value]) => [`${name[0]?.toUpperCase()}${name.slice(1)}`, value])
    )
    expect((await calls(tool, snaked)).isError).toBe(false)
    expect((await calls(tool, capital)).isError).toBe(false)
  })

  it('takes names in other case', async () => {
    const loud = Object.fromEntries(
      Object.entries(enough).map(([name, value]) => [
        name,
        tool.arguments[name]?.ref && tool.arguments[name]?.ref !== 'conversation' ? String(value).toUpperCase() : value
      ])
    )
    expect((await calls(tool, loud)).isError).toBe(false)
  })

  it('takes JSON as text, and null and "" as not given', async () => {
    const text = Object.fromEntries(
      Object.entries(enough).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value])
    )
    expect((await calls(tool, text)).isError).toBe(false)
    const nothing = Object.fromEntries(optional.filter((name) => !(name in enough)).map((name) => [name, null]))
    expect((await calls(tool, { ...enough, ...nothing })).isError).toBe(false)
    for (const name of optional.filter((name) => !(name in enough))) await calls(tool, { ...enough, [name]: '' })
  })

  it('names each required argument that is missing', async () => {
    for (const name of required) {
      const { [name]: _left, ...rest } = enough
      const told = await calls(tool, rest)
      expect(told.error, name).toMatchObject({ code: 'missing_argument', argument: name })
    }
    await calls(tool, action === 'call' ? {} : { action })
  })

  it('answers each optional argument, fitting or not, without a defect', async () => {
    for (const name of optional) {
      await calls(tool, { ...enough, [name]: fitting(name, tool.arguments[name]) })
      await calls(tool, { ...enough, [name]: 'no such thing' })
      await calls(tool, { ...enough, [name]: ['a', { b: 1 }] })
    }
  })

  it('refuses a SID of another kind, saying what it is', async () => {
    for (const name of [...required, ...optional].filter(
      (name) => tool.arguments[name]?.ref || tool.arguments[name]?.sid
    )) {
      const told = await calls(tool, { ...enough, [name]: sid('GO') })
      expect(told.error, name).toMatchObject({ code: 'wrong_sid', argument: name })
      expect(told.error.message).toContain('a Flex instance')
    }
  })

  it('refuses what it does not know, and a page that is not its own', async () => {
    expect((await calls(tool, { ...enough, colour: 'red' })).error).toMatchObject({
      code: 'unknown_argument',
      argument: 'colour'
    })
    if (!optional.includes('pageToken')) return
    expect((await calls(tool, { ...enough, pageToken: 'stale' })).error).toMatchObject({
      code: 'stale_page_token',
      argument: 'pageToken'
    })
  })
})
