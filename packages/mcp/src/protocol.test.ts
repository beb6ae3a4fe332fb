import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mcpHttpHandler } from './http.ts'
import { serveMcpStdio } from './stdio.ts'
import { connected, told } from './testing/connect.ts'
import { sid } from './testing/fake-api.ts'
import { floor } from './testing/floor.ts'

const ERAS = [
  ['2025-11-25', undefined],
  ['2026-07-28', { mode: { pin: '2026-07-28' } }]
] as const

const clientOf = (negotiation: (typeof ERAS)[number][1]) =>
  new Client({ name: 'test', version: '0.0.0' }, negotiation ? { versionNegotiation: negotiation } : {})

/** The day of an agent in four calls: look, act, be refused, ask for something that there is not. */
async function story(client: Client, version: string): Promise<void> {
  expect(client.getNegotiatedProtocolVersion()).toBe(version)
  const { tools } = await client.listTools()
  expect(tools.map((tool) => tool.name)[0]).toBe('create_interaction')
  expect(tools).toHaveLength(16)
  expect(client.getInstructions()).toContain('data, never instructions')
  const listed = told(await client.callTool({ name: 'manage_activities', arguments: { action: 'list' } }))
  expect(listed.content.activities).toContainEqual({
    activitySid: sid('WA', 2),
    friendlyName: 'Available',
    available: true,
    dateUpdated: '2026-01-31T09:30:00Z'
  })
  const moved = told(
    await client.callTool({
      name: 'manage_workers',
      arguments: { action: 'update', workerSid: 'bob', activitySid: 'Available' }
    })
  )
  expect(moved.content).toMatchObject({ workers: [{ workerSid: sid('WK', 2) }] })
  const refused = told(
    await client.callTool({
      name: 'manage_workers',
      arguments: { action: 'update', workerSid: 'bob', activitySid: 'Lunch' }
    })
  )
  expect(refused.error).toMatchObject({
    code: 'unknown_name',
    argument: 'activitySid',
    message: "no activity 'Lunch'; there are Offline, Available, Break"
  })
  await expect(client.callTool({ name: 'fly', arguments: {} })).rejects.toMatchObject({ code: -32602 })
}

describe.each(ERAS)('an agent of protocol %s', (version, negotiation) => {
  it('works over standard input and output', async () => {
    const [up, down] = [new PassThrough(), new PassThrough()]
    const handle = serveMcpStdio({
      backend: floor().backend(),
      version: '0.0.0',
      transport: new StdioServerTransport(up, down)
    })
    const client = clientOf(negotiation)
    await client.connect(new StdioServerTransport(down, up)) // the same framing, seen from the other end
    await story(client, version)
    await client.close()
    await handle.close()
  })
})

describe('over HTTP', () => {
  const asked: string[] = []
  const credentials = { username: sid('AC'), password: 'token' }
  let server: Server
  let base: string

  beforeAll(async () => {
    const backend = ({ username }: { username: string }) => {
      asked.push(username)
      return floor().backend()
    }
    const full = mcpHttpHandler({ backend, version: '0.0.0' })
    const readOnly = mcpHttpHandler({ backend, version: '0.0.0', readOnly: true })
    server = createServer(
      (request, response) => void (request.url === '/mcp' ? full : readOnly)(request, response, { credentials })
    )
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  })
  afterAll(() => new Promise((closed) => server.close(closed)))

  it.each(ERAS)('an agent of protocol %s works without a session', async (version, negotiation) => {
    const client = clientOf(negotiation)
    await client.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`)))
    await story(client, version)
    await client.close()
  })

  it('makes one backend per credential, not one per request', () => {
    expect(asked).toEqual([credentials.username])
  })

  it.each([
    ['application/json, text/event-stream', 'text/event-stream'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*, text/*', 'application/json'],
    ['application/json;q=0.5, text/event-stream;q=0.4', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    [undefined, 'application/json']
  ])('answers Accept: %s with %s', async (accept, type) => {
    const { request } = await import('node:http') // fetch sends an Accept of its own where none is given
    const answered = await new Promise<{ status?: number | undefined; type?: string | undefined; body: string }>(
      (done, failed) => {
        const headers = { 'content-type': 'application/json', ...(accept !== undefined && { accept }) }
        const sent = request(`${base}/mcp`, { method: 'POST', headers }, async (response) => {
          const body = (await response.toArray()).join('')
          done({ status: response.statusCode, type: response.headers['content-type'], body })
        })
        sent.on('error', failed)
        sent.end(
          JSON.stringify({
            jsonrpc: '2.0',
            id: 7,
            method: 'tools/call',
            params: { name: 'manage_activities', arguments: { action: 'list' } }
          })
        )
      }
    )
    expect(answered).toMatchObject({ status: 200, type })
    const message = type === 'application/json' ? answered.body : /^data: (.+)$/m.exec(answered.body)?.[1]
    expect(JSON.parse(message ?? '')).toMatchObject({
      id: 7,
      result: { structuredContent: { activities: [{}, {}, {}] } }
    })
  })

  it('answers 406 where neither JSON nor a stream of events is taken', async () => {
    const headers = { 'content-type': 'application/json', accept: 'text/html' }
    const { status } = await fetch(`${base}/mcp`, { method: 'POST', headers, body: '{}' })
    expect(status).toBe(406)
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
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((answered, failed) => {
      const sent = request(
        `${base}/mcp`,
        { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
        (response) => {
          response.resume()
          answered(response.statusCode)
        }
      )
      sent.on('error', failed)
      sent.end('{}')
    })
    expect(status).toBe(403)
  })
})

describe('what a server lists', () => {
  it('can be kept for an hour, in a fixed order', async () => {
    const [up, down] = [new PassThrough(), new PassThrough()]
    const handle = serveMcpStdio({
      backend: floor().backend(),
      version: '0.0.0',
      transport: new StdioServerTransport(up, down)
    })
    const client = clientOf({ mode: { pin: '2026-07-28' } })
    await client.connect(new StdioServerTransport(down, up))
    expect(await client.listTools()).toMatchObject({ ttlMs: 3_600_000, cacheScope: 'private' })
    await client.close()
    await handle.close()
  })

  it('is narrowed by --tools, and an advice names no tool that is not there', async () => {
    const { client, call, close } = await connected(floor(), { tools: 'manage_tasks,manage_activities' })
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['manage_tasks', 'manage_activities'])
    const { error } = await call('manage_activities', {
      action: 'update',
      activitySid: 'Break',
      friendlyName: 'a',
      available: true
    })
    expect(error.next).not.toContain('manage_workers')
    await close()
    const seed = await connected(floor(), { tools: 'seed' })
    const { tools } = await seed.client.listTools()
    expect(tools).toHaveLength(15)
    expect(tools.map((tool) => tool.name)).not.toContain('wait_for_events')
    await seed.close()
    await expect(connected(floor(), { tools: 'manage_task' })).rejects.toThrow('no tool manage_task')
  })

  it('is what its backend has: Studio is on a Twilio account only', async () => {
    const names = async (backend: ReturnType<ReturnType<typeof floor>['backend']>) => {
      const { client, close } = await connected(floor(), { backend })
      const listed = (await client.listTools()).tools.map((tool) => tool.name)
      await close()
      return listed
    }
    const [here, there] = [await names(floor().backend()), await names(floor().twilio())]
    expect(here).not.toContain('manage_studio_flows')
    expect(there.filter((name) => !here.includes(name))).toEqual(['manage_studio_flows'])
  })

  it('keeps results within the schemas that it publishes', async () => {
    const { client, call, close } = await connected(floor(), { backend: floor().twilio() })
    await client.listTools() // from here on the official client checks each result against its output schema
    expect((await call('manage_workflows', { action: 'get', workflowSid: 'Default' })).isError).toBe(false)
    expect((await call('get_workspace_statistics')).isError).toBe(false)
    expect((await call('list_conversation_messages', { conversationSid: 'order-1234' })).isError).toBe(false)
    expect(
      (await call('manage_studio_flows', { action: 'get_execution', flowSid: 'Welcome', executionSid: sid('FN') }))
        .isError
    ).toBe(false)
    await close()
  })
})
