import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import { serveMcpStdio } from '@ringdown/mcp/stdio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connected, told } from './agent.ts'
import { agent, Center } from './center.ts'
import { clientOf, eras, type Negotiation } from './doors.ts'
import { sid, Wire } from './wire.ts'

let center: Center
beforeAll(async () => {
  center = await Center.open()
})
afterAll(() => center.world.close())

const backend = () => center.backend(new Wire(center.world.running.url))

/** The day of an agent in four calls: look, act, be refused, ask for something that there is not. */
async function story(client: Client, version: string): Promise<void> {
  expect(client.getNegotiatedProtocolVersion()).toBe(version)
  const { tools } = await client.listTools()
  expect(tools.map((tool) => tool.name)[0]).toBe('create_interaction')
  expect(tools).toHaveLength(24)
  expect(client.getInstructions()).toContain('data, never instructions')
  const call = async (name: string, args: object) => told(await client.callTool({ name, arguments: { ...args } }))
  expect((await call('manage_activities', { action: 'list' })).content.activities).toContainEqual({
    activitySid: center.activities.Available,
    friendlyName: 'Available',
    available: true,
    dateUpdated: '2026-03-02T09:00:00Z'
  })
  const move = { action: 'update', workerSid: 'bob' }
  expect((await call('manage_workers', { ...move, activitySid: 'Available' })).content).toMatchObject({
    workers: [{ workerSid: center.workers.bob }]
  })
  expect((await call('manage_workers', { ...move, activitySid: 'Lunch' })).error).toMatchObject({
    code: 'unknown_name',
    argument: 'activitySid',
    message: "no activity 'Lunch'; there are Offline, Break, Available"
  })
  await expect(client.callTool({ name: 'fly', arguments: {} })).rejects.toMatchObject({ code: -32602 })
}

/** A client at the other end of standard input and output. */
async function overStdio(negotiation: Negotiation) {
  const [up, down] = [new PassThrough(), new PassThrough()]
  const transport = new StdioServerTransport(up, down)
  const handle = serveMcpStdio({ backend: backend(), version: '0.0.0', transport })
  const client = clientOf(negotiation)
  await client.connect(new StdioServerTransport(down, up)) // the same framing, seen from the other end
  const close = async () => {
    await client.close()
    await handle.close()
  }
  return { client, close }
}

describe.each(eras)('an agent of protocol %s', (version, negotiation) => {
  it('works over standard input and output', async () => {
    const { client, close } = await overStdio(negotiation)
    await story(client, version)
    await close()
  })
})

it.each(eras)(
  'a client of protocol %s is told over standard input that a resource has changed',
  async (_version, negotiation) => {
    const { client, close } = await overStdio(negotiation)
    expect(client.getServerCapabilities()?.resources).toMatchObject({ subscribe: true })
    const told: string[] = []
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void told.push(params.uri))
    const uri = `ringdown://workspaces/${center.workspaceSid}/floor`
    if (negotiation) await client.listen({ resourceSubscriptions: [uri] })
    else await client.subscribeResource({ uri })
    // The feed is followed from when somebody listens, which is soon.
    const happened = async () => {
      await center.task()
      return [...new Set(told)]
    }
    await expect.poll(happened, { timeout: 10_000, interval: 200 }).toEqual([uri])
    await close()
  },
  20_000
)

describe('over HTTP', () => {
  const asked: string[] = []
  const credentials = { username: sid('AC'), password: 'token' }
  let server: Server
  let base: string

  beforeAll(async () => {
    const makes = ({ username }: { username: string }) => {
      asked.push(username)
      return backend()
    }
    const full = mcpHttpHandler({ backend: makes, version: '0.0.0' })
    const readOnly = mcpHttpHandler({ backend: makes, version: '0.0.0', readOnly: true })
    server = createServer((incoming, response) => {
      const handler = incoming.url === '/mcp' ? full : readOnly
      void handler(incoming, response, { credentials })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  })
  afterAll(() => new Promise((closed) => server.close(closed)))

  it.each(eras)('an agent of protocol %s works', async (version, negotiation) => {
    const client = clientOf(negotiation)
    await client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`)))
    await story(client, version)
    await client.close()
  })

  it('makes one backend per credential, not one per request', () => {
    expect(asked).toEqual([credentials.username])
  })

  /** Posts as any program would: fetch sends an Accept of its own where none is given. */
  function post(headers: Record<string, string>, body: object = {}) {
    return new Promise<{ status?: number | undefined; type?: string | undefined; text: string }>((done, failed) => {
      const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
      const sent = request(`${base}/mcp`, options, async (response) => {
        const text = (await response.toArray()).join('')
        done({ status: response.statusCode, type: response.headers['content-type'], text })
      })
      sent.on('error', failed)
      sent.end(JSON.stringify(body))
    })
  }

  it.each([
    ['application/json, text/event-stream', 'text/event-stream'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*, text/*', 'application/json'],
    ['application/json;q=0.5, text/event-stream;q=0.4', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    [undefined, 'application/json']
  ])('answers Accept: %s with %s', async (accept, type) => {
    const params = { name: 'manage_activities', arguments: { action: 'list' } }
    const headers = accept === undefined ? {} : { accept }
    const answered = await post(headers, { jsonrpc: '2.0', id: 7, method: 'tools/call', params })
    expect(answered).toMatchObject({ status: 200, type })
    const message = type === 'application/json' ? answered.text : /^data: (.+)$/m.exec(answered.text)?.[1]
    expect(JSON.parse(message ?? '')).toMatchObject({
      id: 7,
      result: { structuredContent: { activities: [{}, {}, {}] } }
    })
  })

  it('answers 406 where neither JSON nor a stream of events is taken', async () => {
    expect((await post({ accept: 'text/html' })).status).toBe(406)
  })

  it('only reads at the read-only address, whatever the client asks', async () => {
    const client = clientOf(undefined)
    await client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp/read-only`)))
    const { tools } = await client.listTools()
    expect(tools.every((tool) => tool.annotations?.readOnlyHint)).toBe(true)
    const refused = told(
      await client.callTool({ name: 'manage_tasks', arguments: { action: 'cancel', taskSid: sid('WT') } })
    )
    expect(refused.error).toMatchObject({ code: 'read_only', allowed: ['get', 'list'] })
    await client.close()
  })

  it.each([
    ['Host', { host: 'evil.example' }],
    ['Origin', { origin: 'https://evil.example' }]
  ])('refuses a foreign %s, as a browser led astray would send it', async (_header, headers) => {
    expect((await post(headers)).status).toBe(403)
  })
})

it.each(eras)(
  'each call over HTTP writes in the exchange of its own request, in protocol %s',
  async (_version, negotiation) => {
    const wire = new Wire(center.world.running.url)
    const handler = mcpHttpHandler({ backend: () => center.backend(wire), version: '0.0.0' })
    let count = 0
    const credentials = { username: sid('AC'), password: 'token' }
    const server = createServer((request, response) => {
      void handler(request, response, { credentials, exchange: `exchange-${count++}` })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo // it listens on a port
    const client = clientOf(negotiation)
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)))
    for (const taskReservationTimeout of [30, 60])
      await client.callTool({
        name: 'manage_workflows',
        arguments: { action: 'update', workflowSid: 'Default', taskReservationTimeout }
      })
    const written = wire.writes().filter(({ path }) => path.startsWith('taskrouter/'))
    const exchanges = written.map(({ headers }) => String(headers['Ringdown-Exchange'] ?? headers['ringdown-exchange']))
    expect(new Set(exchanges).size).toBe(2)
    for (const name of exchanges) expect(name).toMatch(/^exchange-\d+$/)
    await client.close()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
)

describe('what a server lists', () => {
  it('can be kept for an hour, in a fixed order', async () => {
    const { client, close } = await overStdio({ mode: { pin: '2026-07-28' } })
    expect(await client.listTools()).toMatchObject({ ttlMs: 3_600_000, cacheScope: 'private' })
    await close()
  })

  it('is narrowed by --tools, and an advice names no tool that is not there', async () => {
    const { client, call, close } = await connected(backend(), { tools: 'manage_tasks,manage_activities' })
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['manage_tasks', 'manage_activities'])
    const change = { action: 'update', activitySid: 'Break', friendlyName: 'a', available: true }
    expect((await call('manage_activities', change)).error.next).not.toContain('manage_workers')
    await close()
    const seed = await connected(backend(), { tools: 'seed' })
    const { tools } = await seed.client.listTools()
    expect(tools).toHaveLength(16)
    expect(tools.map((tool) => tool.name)).not.toContain('wait_for_events')
    await seed.close()
    await expect(connected(backend(), { tools: 'manage_task' })).rejects.toThrow('no tool manage_task')
  })

  it('is what its backend has: the same tools on both but for those that need Ringdown', async () => {
    const names = async (...[there]: Parameters<typeof connected>) => {
      const { client, close } = await connected(there)
      const listed = (await client.listTools()).tools.map((tool) => tool.name)
      await close()
      return listed
    }
    const here = await names(backend())
    const there = await names(center.onTwilio(new Wire(center.world.running.url)))
    expect(here).toContain('manage_studio_flows')
    expect(there.filter((name) => !here.includes(name))).toEqual([])
  })

  it('keeps results within the schemas that it publishes', async () => {
    const { center, client, call } = await agent()
    await center.conversation('order-1234')
    await client.listTools() // from here on the official client checks each result against its output schema
    expect((await call('manage_workflows', { action: 'get', workflowSid: 'Default' })).isError).toBe(false)
    expect((await call('get_workspace_statistics')).isError).toBe(false)
    expect((await call('list_conversation_messages', { conversationSid: 'order-1234' })).isError).toBe(false)
  })
})
