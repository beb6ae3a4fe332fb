import { allTools } from '@ringdown/mcp/tools/all'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Acting, type Arguments, fitting, suppliedCenter, type ToolAgent } from './acting.ts'
import { connected } from './agent.ts'
import type { Center } from './center.ts'
import { doors } from './doors.ts'
import { sid, Wire } from './wire.ts'

/* Every action of every tool: through each door, and with everything that its arguments may be. */

describe.each(doors)('through $name', ({ open }) => {
  let center: Center
  let agent: ToolAgent
  beforeAll(async () => {
    center = await suppliedCenter()
    agent = await open(center)
  })
  afterAll(async () => {
    await agent.close()
    await center.world.close()
  })

  const actions = allTools.flatMap((tool) => Object.keys(tool.actions).map((action) => [tool, action] as const))
  it.each(actions.map(([tool, action]) => [tool.name, action, tool] as const))(
    '%s %s does its work, within the schemas that are published',
    (_name, action, tool) =>
      new Acting(
        tool,
        action,
        () => center,
        () => agent
      ).succeeds()
  )
})

const renamed = (args: Arguments, name: (old: string) => string): Arguments =>
  Object.fromEntries(Object.entries(args).map(([old, value]) => [name(old), value]))
const mapped = (args: Arguments, change: (value: unknown, name: string) => unknown): Arguments =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, change(value, name)]))

describe.each(allTools.map((tool) => [tool.name, tool] as const))('%s', (_name, tool) => {
  let center: Center
  let agent: ToolAgent

  beforeAll(async () => {
    center = await suppliedCenter()
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
