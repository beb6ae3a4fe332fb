import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkTools, mountMcp } from '../../packages/cli/src/mount.ts'
import { world } from '../support/world.ts'
import { told } from './agent.ts'

/* The tools at /mcp of a server that was started with options for them. */

describe('the options of a server for its tools', () => {
  it('narrow, ask and mask at /mcp as they do over standard input', async () => {
    const options = { tools: 'seed', confirm: 'destructive', redact: true } as const
    const here = await world({ mcp: mountMcp('0.0.0', options) })
    onTestFinished(() => here.close())
    const client = new Client({ name: 'test', version: '0.0.0' })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${here.running.url}/mcp`), {
        requestInit: { headers: { authorization: here.authorization } }
      })
    )
    onTestFinished(() => client.close())
    expect((await client.listTools()).tools).toHaveLength(16)
    const { sid } = await here.client.conversations.v1.conversations.create({ friendlyName: 'Call +33612345678' })
    const call = async (args: Record<string, unknown>) =>
      told(await client.callTool({ name: 'manage_conversations', arguments: { conversationSid: sid, ...args } }))
    expect((await call({ action: 'get' })).text).not.toContain('612345678')
    expect((await call({ action: 'delete' })).error.code).toBe('needs_confirmation')
  })

  it('are refused at the start where they name a tool that there is not', async () => {
    const none = { workspace: undefined, confirm: undefined, redact: false, hideCustomerText: false }
    await expect(checkTools({ ...none, tools: 'manage_task,nothing' })).rejects.toThrow(/no tool manage_task, nothing/)
    await checkTools({ ...none, tools: 'seed' })
  })
})

describe('resources that a client listens to', () => {
  it('are told when they change, and no others, while a stream is open', async () => {
    const here = await world({ mcp: mountMcp('0.0.0') })
    onTestFinished(() => here.close())
    const client = new Client(
      { name: 'test', version: '0.0.0' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } }
    )
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${here.running.url}/mcp`), {
        requestInit: { headers: { authorization: here.authorization } }
      })
    )
    onTestFinished(() => client.close())
    expect(client.getServerCapabilities()?.resources).toMatchObject({ subscribe: true })
    const { conversations } = here.client.conversations.v1
    const [mine, other] = [await conversations.create(), await conversations.create()]
    const transcript = `ringdown://conversations/${mine.sid}/transcript`
    const told: string[] = []
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      told.push(params.uri)
    })
    const stream = await client.listen({ resourceSubscriptions: [transcript] })
    // The feed is followed from when somebody listens, which is soon.
    const written = async () => {
      for (const sid of [other.sid, mine.sid]) await conversations(sid).messages.create({ body: 'hello' })
      return [...new Set(told)]
    }
    await expect.poll(written, { timeout: 10_000, interval: 200 }).toEqual([transcript])
    await stream.close()
  }, 20_000)
})
