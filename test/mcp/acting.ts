import type { Argument, Tool } from '@ringdown/mcp/tool'
import { expect } from 'vitest'
import type { CallTool } from './agent.ts'
import { Center, ours } from './center.ts'
import { supplies } from './supplies.ts'
import { sid } from './wire.ts'

/* What every action of every tool needs in order to be called. */

/** What calls tools, and what they would hide. */
export interface ToolAgent {
  readonly call: CallTool
  readonly defects: readonly unknown[]
  close(): Promise<void>
}

/** A center in which there is one of everything that values name. */
export async function suppliedCenter(): Promise<Center> {
  const center = await Center.open()
  await center.conversation('order-1234')
  const { flexApi } = center.world.client
  const { chatServiceInstanceSid: chatServiceSid } = await flexApi.v1.configuration().fetch()
  const flow = { friendlyName: 'WhatsApp desk', channelType: 'whatsapp', contactIdentity: `whatsapp:${ours}` } as const
  await flexApi.v1.flexFlow.create({ ...flow, chatServiceSid })
  return center
}

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

export function fitting(name: string, argument: Argument | undefined): unknown {
  if (name in fittingValues) return fittingValues[name]
  if (argument?.sid) return sid(argument.sid[0] ?? 'WT')
  if (argument?.enum) return argument.enum[0]
  if (argument?.type === 'integer') return 1
  if (argument?.type === 'boolean') return true
  if (argument?.type === 'object') return { note: 1 }
  if (argument?.type === 'strings') return ['*']
  return 'something'
}

export type Arguments = Readonly<Record<string, unknown>>

/** A tool's action in a center: what it needs is put there before the first call, and again after a call that has changed it. */
export class Acting {
  readonly tool: Tool
  readonly action: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
  readonly #center: () => Center
  readonly #agent: () => ToolAgent
  #enough: Arguments | undefined

  constructor(tool: Tool, action: string, center: () => Center, agent: () => ToolAgent) {
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
