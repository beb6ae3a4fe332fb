import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { mountMcp } from '../../packages/cli/src/mount.ts'
import { told } from './agent.ts'
import { Center } from './center.ts'

/* Clients of before 2026-07-28 over HTTP: a session, with a stream of the server's own, for as long as they use it. */

let center: Center
beforeAll(async () => {
  center = await Center.open({ testClock: false, mcp: mountMcp('0.0.0', { confirm: 'destructive' }) })
})
afterAll(() => center.world.close())

const url = (path = '/mcp') => new URL(center.world.running.url + path)

/** A key of its own. */
async function newKey() {
  const { sid, secret } = await center.world.client.newKeys.create({ friendlyName: 'agent' })
  return { sid, authorization: `Basic ${Buffer.from(`${sid}:${secret}`).toString('base64')}` }
}

/** An official client in a session; `answer` makes it one that shows forms. */
async function connected({
  authorization = center.world.authorization,
  answer = undefined as 'accept' | 'decline' | undefined
} = {}) {
  const capabilities = answer ? { elicitation: { form: {} } } : {}
  const client = new Client({ name: 'test', version: '0.0.0' }, { capabilities })
  const asked: string[] = []
  if (answer)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message)
      return answer === 'accept' ? { action: answer, content: { confirm: true } } : { action: answer }
    })
  const transport = new StreamableHTTPClientTransport(url(), { requestInit: { headers: { authorization } } })
  await client.connect(transport)
  onTestFinished(() => client.close())
  const call = async (name: string, args: Record<string, unknown>) =>
    told(await client.callTool({ name, arguments: args }))
  return { client, transport, call, asked }
}

interface More {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

/** One request as any program makes it. */
async function ask(session: string | undefined, message: object | undefined, more: More = {}) {
  const { method = message ? 'POST' : 'GET', path, headers, signal } = more
  return fetch(url(path), {
    method,
    headers: {
      authorization: center.world.authorization,
      'content-type': 'application/json',
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      ...(session !== undefined && { 'mcp-session-id': session }),
      ...headers
    },
    ...(message && { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
    ...(signal && { signal })
  })
}

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } }
const initialize = { id: 0, method: 'initialize', params }
const list = { id: 1, method: 'tools/call', params: { name: 'manage_activities', arguments: { action: 'list' } } }

/** A session as any program begins one. */
async function begun(headers: Record<string, string> = {}): Promise<string> {
  const response = await ask(undefined, initialize, { headers })
  await response.text()
  return response.headers.get('mcp-session-id') ?? ''
}

describe('a session', () => {
  it('begins with initialize, is there for its credential at its address alone, and ends with DELETE', async () => {
    const session = await begun()
    expect(session).toMatch(/^[0-9a-f-]{36}$/)
    const status = async (more: More) => {
      const response = await ask(session, list, more)
      await response.text()
      return response.status
    }
    expect(await status({})).toBe(200)
    expect(await status({ headers: { authorization: (await newKey()).authorization } })).toBe(404)
    expect(await status({ path: '/mcp/read-only' })).toBe(404)
    expect(await status({ headers: { accept: 'application/json' } })).toBe(406)
    expect(
      (await ask(session, undefined, { method: 'DELETE', headers: { authorization: (await newKey()).authorization } }))
        .status
    ).toBe(404)
    expect(await status({})).toBe(200)
    expect((await ask(session, undefined, { method: 'DELETE' })).status).toBe(200)
    expect(await status({})).toBe(404)
    expect((await ask('of-another-server', list)).status).toBe(404)
  })

  it('is for those who read streams of events, and nobody needs one for a call', async () => {
    const alone = await ask(undefined, list)
    expect([alone.status, alone.headers.get('mcp-session-id')]).toEqual([200, null])
    expect(await begun({ accept: 'application/json' })).toBe('')
    expect((await ask(undefined, undefined)).status).toBe(405)
  })

  it('asks its user to confirm by a form, and does what they say', async () => {
    const { conversations } = center.world.client.conversations.v1
    const { sid: conversationSid } = await conversations.create()
    const remove = { action: 'delete', conversationSid }
    const no = await connected({ answer: 'decline' })
    expect((await no.call('manage_conversations', remove)).error).toMatchObject({ message: 'a person declined this' })
    const yes = await connected({ answer: 'accept' })
    expect((await yes.call('manage_conversations', remove)).isError).toBe(false)
    expect(yes.asked).toEqual([expect.stringContaining(`conversationSid ${conversationSid}`)])
    const formless = await connected()
    const { error } = await formless.call('manage_task_queues', { action: 'delete', taskQueueSid: 'Billing' })
    expect(error).toMatchObject({ code: 'needs_confirmation', confirmToken: expect.any(String) })
  })

  it('tells of the resources that were subscribed to, by name too, and of no others', async () => {
    const { client } = await connected()
    expect(client.getServerCapabilities()?.resources).toMatchObject({ subscribe: true })
    const updates: string[] = []
    client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => void updates.push(uri))
    const floor = 'ringdown://workspaces/Flex/floor'
    const queue = `ringdown://workspaces/${center.workspaceSid}/task-queues/${center.queues.Support}`
    await client.subscribeResource({ uri: floor })
    await client.subscribeResource({ uri: queue })
    for (const uri of [
      'ringdown://workspaces/Nowhere/floor',
      `ringdown://conversations/CH${'0'.repeat(32)}`,
      'file:///etc'
    ])
      await expect(client.subscribeResource({ uri })).rejects.toMatchObject({ code: -32602 })
    const happened = async () => {
      await center.task({ language: 'fr' })
      return [...new Set(updates)].sort()
    }
    await expect.poll(happened, { timeout: 10_000, interval: 200 }).toEqual([floor, queue].sort())
  }, 20_000)

  it('goes on with a stream that was lost, and tells what it missed once', async () => {
    const session = await begun()
    const lost = new AbortController()
    const wait = { name: 'wait_for_events', arguments: { types: ['worker.attributes.update'], waitSeconds: 20 } }
    const headers = { 'mcp-protocol-version': '2025-11-25' }
    const call = { id: 7, method: 'tools/call', params: wait }
    const response = await ask(session, call, { headers, signal: lost.signal })
    const { value } = await (response.body as ReadableStream<Uint8Array>).getReader().read()
    const [, id = ''] = /^id: (.+)$/m.exec(new TextDecoder().decode(value)) ?? []
    lost.abort()
    // It is waiting when its connection is gone, and is told nobody.
    await new Promise((resolve) => setTimeout(resolve, 200))
    await center.workspace.workers(center.workers.bob).update({ attributes: '{"skill":"billing"}' })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const resumed = await ask(session, undefined, { headers: { ...headers, 'last-event-id': id } })
    const text = await resumed.text()
    expect(text.match(/^data: .+$/gm)).toHaveLength(1)
    expect(JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? '')).toMatchObject({
      id: 7,
      result: { structuredContent: { events: [{ type: 'worker.attributes.update' }] } }
    })
    const foreign = await ask(await begun(), undefined, { headers: { ...headers, 'last-event-id': id } })
    expect(await foreign.text()).toBe(': open\n\n')
  })

  it('tells beside results what was refused, and more to who asks, without a word of customers', async () => {
    const { client, call } = await connected()
    const logs: object[] = []
    client.setNotificationHandler('notifications/message', ({ params: { level, data } }) => {
      logs.push({ level, ...Object(data) })
    })
    const rename = (friendlyName: string) => ({ action: 'update', activitySid: center.activities.Break, friendlyName })
    await call('manage_activities', rename('Break'))
    await call('manage_activities', { action: 'get', activitySid: 'CANARY' })
    await client.setLoggingLevel('debug')
    await call('manage_activities', rename('Break'))
    await call('manage_activities', { action: 'list' })
    await client.setLoggingLevel('error')
    await call('manage_activities', { action: 'get', activitySid: 'CANARY' })
    const tool = 'manage_activities'
    expect(logs).toEqual([
      { level: 'warning', tool, action: 'get', outcome: 'unknown_name' },
      { level: 'info', tool, action: 'update', outcome: 'done' },
      { level: 'debug', tool, action: 'list', outcome: 'done' }
    ])
  })

  it('ends within a second after its key is taken away, with its streams; so do those of later clients', async () => {
    const key = await newKey()
    const session = await begun({ authorization: key.authorization })
    const headers = { authorization: key.authorization }
    const stream = await ask(session, undefined, { headers })
    const modern = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await modern.connect(new StreamableHTTPClientTransport(url(), { requestInit: { headers } }))
    onTestFinished(() => modern.close())
    const listened = await modern.listen({
      resourceSubscriptions: [`ringdown://workspaces/${center.workspaceSid}/floor`]
    })
    expect(stream.status).toBe(200)
    await center.world.client.keys(key.sid).remove()
    const begunAt = performance.now()
    await Promise.all([stream.text(), listened.closed])
    expect(performance.now() - begunAt).toBeLessThan(1000)
    expect((await ask(session, list, { headers })).status).toBe(401)
  })
})

describe('a server that stops', () => {
  it('waits for no stream of its own', async () => {
    const other = await Center.open({ mcp: mountMcp('0.0.0') })
    const { running, authorization } = other.world
    const client = new Client({ name: 'test', version: '0.0.0' })
    const address = new URL(`${running.url}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(address, { requestInit: { headers: { authorization } } }))
    onTestFinished(() => client.close())
    await client.listTools()
    const later = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await later.connect(new StreamableHTTPClientTransport(address, { requestInit: { headers: { authorization } } }))
    onTestFinished(() => later.close())
    await later.listen({ resourceSubscriptions: [`ringdown://workspaces/${other.workspaceSid}/floor`] })
    const begunAt = performance.now()
    await other.world.close()
    expect(performance.now() - begunAt).toBeLessThan(2500)
  })
})
