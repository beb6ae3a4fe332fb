import { allTools } from '@ringdown/mcp/tools/all'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { Acting, suppliedCenter, type ToolAgent } from './acting.ts'
import type { Center } from './center.ts'
import { doors } from './doors.ts'

/*
 * Every action of every tool does its work in one center: of four tools each through a door of its own. The whole, through every door
 * and with everything that arguments may be, is in every-tool.long.test.ts.
 */

let center: Center
const agents: ToolAgent[] = []

beforeAll(async () => {
  center = await suppliedCenter()
  for (const { open } of doors) agents.push(await open(center))
})
afterAll(async () => {
  for (const agent of agents) await agent.close()
  await center.world.close()
})

describe.each(allTools.map((tool, n) => [tool.name, tool, n % doors.length] as const))('%s', (_name, tool, door) => {
  it.each(Object.keys(tool.actions))('%s does its work', (action) =>
    new Acting(
      tool,
      action,
      () => center,
      () => agents[door] as ToolAgent // there is one for each door
    ).succeeds()
  )
})
