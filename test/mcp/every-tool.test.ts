import type { Argument, Tool } from '@ringdown/mcp/tool'
import { allTools } from '@ringdown/mcp/tools/all'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected, type connected as connects } from './agent.ts'
import { Center, ours } from './center.ts'
import { supplies } from './supplies.ts'
import { sid, Wire } from './wire.ts'

/** A value that fits each argument in a center that has these things. */
const fittingValues: Readonly<Record<string, unknown>> = {
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
  participantSid: 'amelie',
  executionSid: sid('FN'),
  timersInactive: 'PT1H',
  timersClosed: 'P1D',
  virtualStartTime: '2026-01-31T09:00:00Z',
  startDate: '2026-03-01',
  endDate: '2026-03-02',
  dateCreatedFrom: '2026-01-31T09:00:00Z',
  dateCreatedTo: '2026-01-31T10:00:00Z',
  assignmentStatus: 'completed',
  configuration: { task_routing: { filters: [], default_filter: { queue: 'Support' } } },
  definition: { states: [] },
  participants: [{ identity: 'ana' }],
  fields: ['*'],
  types: ['reservation.*'],
  since: 'PT10M',
  cursor: 'none'
}

function fitting(name: string, argument: Argument | undefined): unknown {
  if (name in fittingValues) return fittingValues[name]
  if (argument?.sid) return sid(argument.sid[0] ?? 'WT')
  if (argument?.enum) return argument.enum[0]
  if (argument?.type === 'integer') return 1
  if (argument?.type === 'boolean') return true
  if (argument?.type === 'object') return { note: 1 }
  if (argument?.type === 'strings') return ['*']
  return 'something'
}

type Arguments = Readonly<Record<string, unknown>>

/** A tool's action in a center: what it needs is put there before the first call, and again after a call that has changed it. */
class Acting {
  readonly tool: Tool
  readonly action: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
  readonly #center: () => Center
  readonly #agent: () => Agent
  #enough: Arguments | undefined

  constructor(tool: Tool, action: string, center: () => Center, agent: () => Agent) {
    const { required = [], optional = [] } = tool.actions[action] ?? {}
    this.tool = tool
    this.action = action
    this.required = required
    this.optional = optional
    this.#center = center
    this.#agent = agent
  }

  /** Arguments with which a call succeeds now. */
  async enough(): Promise<Arguments> {
    const { tool, action, required } = this
    this.#enough ??= {
      ...(action !== 'call' && { action }),
      ...Object.fromEntries(required.map((name) => [name, fitting(name, tool.arguments[name])])),
      ...(await supplies[`${tool.name} ${action}`]?.(this.#center(), this.#agent().call))
    }
    return this.#enough
  }

  /** Calls, and checks what holds for every answer: an error names an argument or a next step; no defect shows. */
  async call(args: Arguments) {
    const { tool, action } = this
    const agent = this.#agent()
    const told = await agent.call(tool.name, args)
    expect(agent.defects, `${tool.name} ${JSON.stringify(args)}`).toEqual([])
    if (told.isError) {
      expect(told.error.code, told.text).not.toBe('internal')
      expect(told.error.argument ?? told.error.next, told.text).toBeTruthy()
      expect(told.text).not.toMatch(/\bat .*\.ts:\d/)
    } else if (tool.actions[action]?.write) this.#enough = undefined
    expect(told.text.length).toBeLessThan(21_000)
    return told
  }

  /** Calls with what is enough, changed in some way that must not matter. */
  async succeeds(change: (enough: Arguments) => Arguments = (enough) => enough): Promise<void> {
    const told = await this.call(change(await this.enough()))
    expect(told.isError, told.text).toBe(false)
  }
}

type Agent = Awaited<ReturnType<typeof connects>>

const renamed = (args: Arguments, name: (old: string) => string): Arguments =>
  Object.fromEntries(Object.entries(args).map(([old, value]) => [name(old), value]))
const mapped = (args: Arguments, change: (value: unknown, name: string) => unknown): Arguments =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, change(value, name)]))

describe.each(allTools.map((tool) => [tool.name, tool] as const))('%s', (_name, tool) => {
  let center: Center
  let agent: Agent

  beforeAll(async () => {
    center = await Center.open()
    await center.conversation('order-1234')
    const { flexApi } = center.world.client
    const { chatServiceInstanceSid: chatServiceSid } = await flexApi.v1.configuration().fetch()
    const flow = {
      friendlyName: 'WhatsApp desk',
      channelType: 'whatsapp',
      contactIdentity: `whatsapp:${ours}`
    } as const
    await flexApi.v1.flexFlow.create({ ...flow, chatServiceSid })
    const { url } = center.world.running
    agent = await connected(center.backend(new Wire(url)))
  })
  afterAll(async () => {
    await agent.close()
    await center.world.close()
  })

  const actions = Object.keys(tool.actions).map((action) => {
    const acting = new Acting(
      tool,
      action,
      () => center,
      () => agent
    )
    return [action, acting] as const
  })

  describe.each(actions)('%s', (action, acting) => {
    const { required, optional } = acting

    it('does its work', () => acting.succeeds())

    it('takes the other spellings of its names', async () => {
      await acting.succeeds((enough) =>
        renamed(enough, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
      )
      await acting.succeeds((enough) => renamed(enough, (name) => `${name[0]?.toUpperCase()}${name.slice(1)}`))
    })

    it('takes names in other case', () =>
      acting.succeeds((enough) =>
        mapped(enough, (value, name) => {
          const { ref } = tool.arguments[name] ?? {}
          return ref && ref !== 'conversation' ? String(value).toUpperCase() : value
        })
      ))

    it('takes JSON as text, and null and "" as not given', async () => {
      await acting.succeeds((enough) =>
        mapped(enough, (value) => (typeof value === 'object' ? JSON.stringify(value) : value))
      )
      const absent = (enough: Arguments) => optional.filter((name) => !(name in enough))
      await acting.succeeds((enough) => ({
        ...enough,
        ...Object.fromEntries(absent(enough).map((name) => [name, null]))
      }))
      for (const name of absent(await acting.enough())) await acting.call({ ...(await acting.enough()), [name]: '' })
    })

    it('names each required argument that is missing', async () => {
      for (const name of required) {
        const { [name]: _left, ...rest } = await acting.enough()
        expect((await acting.call(rest)).error, name).toMatchObject({ code: 'missing_argument', argument: name })
      }
      // Without anything, but no wait for nothing.
      const { waitSeconds } = await acting.enough()
      await acting.call({ ...(action !== 'call' && { action }), waitSeconds })
    })

    it('answers each optional argument, fitting or not, without a defect', async () => {
      for (const name of optional)
        for (const value of [fitting(name, tool.arguments[name]), 'no such thing', ['a', { b: 1 }]])
          await acting.call({ ...(await acting.enough()), [name]: value })
    })

    it('refuses a SID of another kind, saying what it is', async () => {
      const named = [...required, ...optional].filter((name) => tool.arguments[name]?.ref || tool.arguments[name]?.sid)
      for (const name of named) {
        const told = await acting.call({ ...(await acting.enough()), [name]: sid('GO') })
        expect(told.error, name).toMatchObject({ code: 'wrong_sid', argument: name })
        expect(told.error.message).toContain('a Flex instance')
      }
    })

    it('refuses what it does not know, and a page that is not its own', async () => {
      const enough = await acting.enough()
      expect((await acting.call({ ...enough, colour: 'red' })).error).toMatchObject({
        code: 'unknown_argument',
        argument: 'colour'
      })
      if (!optional.includes('pageToken')) return
      expect((await acting.call({ ...enough, pageToken: 'stale' })).error).toMatchObject({
        code: 'stale_page_token',
        argument: 'pageToken'
      })
    })
  })
})
