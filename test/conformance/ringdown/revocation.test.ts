import { once } from 'node:events'
import { ringdownBackend } from '@ringdown/mcp/backend'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import type { StartOptions } from '@ringdown/server/start'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type World, world } from '../../support/world.ts'

/*
 * What is taken away is felt within a second, also where a connection is open: by calls that wait, streams, sockets of the
 * feed and sockets of workers.
 */

const { AccessToken } = twilio.jwt

let ringdown: World
let account_sid: string
let workspace_sid: string
let worker_sid: string

beforeAll(async () => {
  ringdown = await world({ mcp: tools })
  account_sid = ringdown.running.credentials.account_sid
  const { workspaces } = ringdown.client.taskrouter.v1
  workspace_sid = (await workspaces.create({ friendlyName: 'Floor' })).sid
  worker_sid = (await workspaces(workspace_sid).workers.create({ friendlyName: 'Ada' })).sid
})

afterAll(() => ringdown.close())

/** The tools, as the command mounts them. */
const tools: NonNullable<StartOptions['mcp']> = ({ url, hosts }) => {
  const options = {
    backend: (own: Parameters<typeof ringdownBackend>[0]['credentials']) => ringdownBackend({ url, credentials: own }),
    version: '0',
    hosts
  }
  const [full, reading] = [mcpHttpHandler(options), mcpHttpHandler({ ...options, readOnly: true })]
  return (request, response, { credentials, readOnly }) =>
    (readOnly ? reading : full)(request, response, { credentials })
}

/** A key as Twilio's own client makes it. */
const newKey = () => ringdown.client.newKeys.create({ friendlyName: 'Desk' })

type Key = Awaited<ReturnType<typeof newKey>>

function tokenOf(key: Key, ttl = 600): string {
  const token = new AccessToken(account_sid, key.sid, key.secret, { identity: 'ada', ttl })
  token.addGrant(
    new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, workerSid: worker_sid, role: 'worker' })
  )
  return token.toJwt()
}

const basic = ({ sid, secret }: Key) => `Basic ${Buffer.from(`${sid}:${secret}`).toString('base64')}`

/** Milliseconds from the moment at which a key is taken away to that at which somebody feels it. */
async function felt<T>(key: Key, end: Promise<T>): Promise<{ ms: number; end: T }> {
  await ringdown.client.keys(key.sid).remove()
  const begun = performance.now()
  return { end: await end, ms: performance.now() - begun }
}

const socketUrl = () => `${ringdown.running.url.replace('http', 'ws')}/ringdown/v1/Events/socket`

async function frame(socket: WebSocket): Promise<Record<string, unknown>> {
  const [text] = await once(socket, 'message')
  return JSON.parse(String(text))
}

describe('a key that is taken away', () => {
  it('ends a call that waits for events', async () => {
    const key = await newKey()
    const asked = ringdown.call('/ringdown/v1/Events?wait_s=30&types=task.*', undefined, {
      headers: { authorization: basic(key) }
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { ms, end } = await felt(key, asked)
    expect(end).toMatchObject({ status: 401, body: { code: 20003 } })
    expect(ms).toBeLessThan(1000)
  })

  it('ends a stream of events', async () => {
    const key = await newKey()
    const stream = await fetch(`${ringdown.running.url}/ringdown/v1/Events/stream`, {
      headers: { authorization: basic(key) }
    })
    expect(stream.status).toBe(200)
    const { ms, end } = await felt(key, stream.text())
    expect(end).toContain('"reason":"revoked"')
    expect(ms).toBeLessThan(1000)
  })

  it('ends sockets of the feed that a token of its has opened', async () => {
    const key = await newKey()
    const socket = new WebSocket(socketUrl(), { headers: { authorization: `Bearer ${tokenOf(key)}` } })
    await once(socket, 'open')
    socket.send('{"types":"worker.*"}')
    await frame(socket)
    const { ms, end } = await felt(key, once(socket, 'close'))
    expect(end[0]).toBe(4401)
    expect(ms).toBeLessThan(1000)
  })

  it('ends sockets of workers, and their calls', async () => {
    const key = await newKey()
    const token = tokenOf(key)
    const url = `${ringdown.running.url}/event-bridge/v1/wschannels`
    const socket = new WebSocket(`${url.replace('http', 'ws')}?token=${token}`)
    await frame(socket)
    const call = async () => {
      const body = JSON.stringify({
        url: `Workspaces/${workspace_sid}/Workers/${worker_sid}`,
        method: 'GET',
        params: {},
        token
      })
      return (await fetch(url, { method: 'POST', body })).status
    }
    expect(await call()).toBe(200)
    const { ms, end } = await felt(key, once(socket, 'close'))
    expect(end[0]).toBe(1008)
    expect(ms).toBeLessThan(1000)
    expect(await call()).toBe(403)
  })
})

describe.concurrent('a page', () => {
  const headers = { origin: 'https://desk.example' }

  it('says by the first frame who it is, and by a later one that it still is', async () => {
    const key = await newKey()
    const socket = new WebSocket(socketUrl(), { headers })
    await once(socket, 'open')
    socket.send(JSON.stringify({ token: tokenOf(key, 2), types: 'worker.*' }))
    expect(await frame(socket)).toMatchObject({ events: [] })
    socket.send(JSON.stringify({ token: tokenOf(key, 4) }))
    const begun = performance.now()
    const [code] = await once(socket, 'close')
    expect(code).toBe(4401)
    expect(performance.now() - begun).toBeGreaterThan(2500)
  })

  it('is let in by no other token than a right one', async () => {
    for (const token of ['', 'x.y.z', undefined]) {
      const socket = new WebSocket(socketUrl(), { headers })
      await once(socket, 'open')
      socket.send(JSON.stringify({ token }))
      expect(await frame(socket)).toMatchObject({ end: { reason: 'invalid' } })
      expect((await once(socket, 'close'))[0]).toBe(1008)
    }
  })

  it('is not prolonged by somebody else’s token', async () => {
    const key = await newKey()
    const socket = new WebSocket(socketUrl(), { headers })
    await once(socket, 'open')
    socket.send(JSON.stringify({ token: tokenOf(key, 2) }))
    await frame(socket)
    const other = new AccessToken(account_sid, key.sid, key.secret, { identity: 'eve', ttl: 600 })
    other.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, role: 'admin' }))
    socket.send(JSON.stringify({ token: other.toJwt() }))
    expect((await once(socket, 'close'))[0]).toBe(4401)
  })
})

it('a key that only reads sees the tools that only read, and no others', async () => {
  const policy = { allow: ['/twilio/*/read', '/ringdown/*/read'] }
  const reading = await ringdown.client.iam.v1.newApiKey.create({
    accountSid: account_sid,
    keyType: 'restricted',
    policy
  })
  const list = async (authorization: string) => {
    const { body } = await ringdown.call('/mcp', undefined, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
    })
    return (body.result.tools as { name: string }[]).map(({ name }) => name)
  }
  const all = await list(ringdown.authorization)
  const few = await list(basic(reading as unknown as Key)) // both have a SID and a secret
  expect(all).toContain('create_interaction')
  expect(few).not.toContain('create_interaction')
  expect(few.length).toBeGreaterThan(0)
})
