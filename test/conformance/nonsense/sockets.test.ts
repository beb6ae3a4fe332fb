import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type World, world } from '../../support/world.ts'

/*
 * Whatever comes to a door for WebSockets: handshakes that are none, frames of the wrong shape, halves of them, tokens of
 * nobody, floods. Nothing of it ends the server, stays, or is felt by who follows beside it.
 */

const { AccessToken } = twilio.jwt

let here: World
let workspace_sid: string
let token: string
let follower: WebSocket
let worker: WebSocket
const told: string[] = []
const pushed: string[] = []

beforeAll(async () => {
  here = await world()
  const { account_sid } = here.running.credentials
  workspace_sid = (await here.client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
  const { sid } = await here.client.taskrouter.v1.workspaces(workspace_sid).workers.create({ friendlyName: 'Ada' })
  const key = await here.client.newKeys.create({})
  const made = new AccessToken(account_sid, key.sid, key.secret, { identity: 'ada', ttl: 3600 })
  made.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, workerSid: sid, role: 'worker' }))
  token = made.toJwt()
  const base = here.running.url.replace('http', 'ws')
  follower = new WebSocket(`${base}/ringdown/v1/Events/socket`, { headers: { authorization: here.authorization } })
  follower.on('message', (text) => told.push(String(text)))
  await once(follower, 'open')
  follower.send('{"types":"worker.*"}')
  worker = new WebSocket(`${base}/event-bridge/v1/wschannels?token=${token}`)
  worker.on('message', (text) => pushed.push(String(text)))
  await once(worker, 'open')
})

afterAll(async () => {
  follower.terminate()
  worker.terminate()
  await here.close()
})

/** Something happens, and both who follow are told of it. */
async function areServed(): Promise<void> {
  const { workers } = here.client.taskrouter.v1.workspaces(workspace_sid)
  const [ada] = await workers.list()
  const note = `n${told.length}-${pushed.length}-${Math.random()}`
  await workers(ada?.sid ?? '').update({ attributes: JSON.stringify({ note }) })
  const hasNote = (texts: readonly string[]) => texts.some((text) => text.includes(note))
  await expect.poll(() => hasNote(told) && hasNote(pushed), { timeout: 5000 }).toBe(true)
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

const doors = ['/ringdown/v1/Events/socket', '/event-bridge/v1/wschannels'] as const

/** A frame of the protocol; of any length that it says it has, whatever follows. */
function frame(
  opcode: number,
  payload: Buffer,
  { isMasked = true, isLast = true, length = payload.length } = {}
): Buffer {
  const head = [(isLast ? 0x80 : 0) | opcode]
  const mask = isMasked ? 0x80 : 0
  if (length < 126) head.push(mask | length)
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff)
  else head.push(mask | 127, ...[...Buffer.from(length.toString(16).padStart(16, '0'), 'hex')])
  return Buffer.concat([Buffer.from(head), ...(isMasked ? [Buffer.alloc(4)] : []), payload])
}

function handshake(path: string, headers: Readonly<Record<string, string>>): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

function opened(): Promise<Socket> {
  const { hostname, port } = new URL(here.running.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)))
}

const json = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '{"token":"x.y.z"}',
    '{"token":1}',
    '{"cursor":"x"}',
    '{"types":["*"]}',
    '[]',
    'null',
    '{"since":"PT1H"}'
  )
)
const frames = fc.oneof(
  json.map((text) => frame(1, Buffer.from(text))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      opcode: fc.integer({ min: 0, max: 15 }),
      bytes: fc.uint8Array({ maxLength: 200 }),
      isMasked: fc.boolean(),
      isLast: fc.boolean(),
      length: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined })
    })
    .map(({ opcode, bytes, isMasked, isLast, length }) =>
      frame(opcode, Buffer.from(bytes), { isMasked, isLast, ...(length !== undefined && { length }) })
    )
)
const visits = fc.record({
  door: fc.constantFrom(...doors),
  who: fc.constantFrom('account', 'token', 'forged', 'page', 'nobody'),
  greeting: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.string() }),
  parts: fc.array(frames, { maxLength: 12 }),
  /** Bytes after which a piece ends. */
  cut: fc.integer({ min: 1, max: 400 }),
  end: fc.constantFrom('reset', 'half', 'stays')
})

function greetingOf(door: string, who: string): string {
  const forged = `${token.slice(0, -6)}AAAAAA`
  if (door === doors[1]) {
    const query = who === 'nobody' ? '' : `?token=${who === 'forged' ? forged : token}`
    return handshake(`${door}${query}`, {})
  }
  if (who === 'account') return handshake(door, { Authorization: here.authorization })
  if (who === 'page') return handshake(door, { Origin: 'http://localhost' })
  return handshake(door, who === 'nobody' ? {} : { Authorization: `Bearer ${who === 'forged' ? forged : token}` })
}

describe('a door for WebSockets', () => {
  it('stands whatever comes to it, and keeps nothing of it', { timeout: 120_000 }, async () => {
    await areServed()
    const before = sockets()
    const staying: Socket[] = []
    const property = fc.asyncProperty(visits, async ({ door, who, greeting, parts, cut, end }) => {
      const socket = await opened()
      socket.resume()
      const all = Buffer.concat([Buffer.from(greeting ?? greetingOf(door, who)), ...parts])
      for (let at = 0; at < all.length && socket.writable; at += cut) socket.write(all.subarray(at, at + cut))
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (end === 'reset') socket.resetAndDestroy()
      else if (end === 'half') socket.end()
      else staying.push(socket)
    })
    await fc.assert(property, { numRuns: 200, seed: 11, endOnFailure: true })
    await areServed()
    for (const socket of staying) socket.destroy()
    await expect.poll(sockets, { timeout: 20_000 }).toBeLessThanOrEqual(before)
    await areServed()
  })

  it.each(doors)('hangs up on who pings and does not read: %s', { timeout: 60_000 }, async (door) => {
    const socket = await opened()
    socket.write(greetingOf(door, door === doors[1] ? 'token' : 'account'))
    await once(socket, 'readable')
    let isOver = false
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    closed.then(() => {
      isOver = true
    })
    const many = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, Buffer.alloc(125))))
    const drained = () => new Promise<void>((resolve) => socket.once('drain', () => resolve()))
    for (let n = 0; n < 400 && !isOver; n++) if (!socket.write(many)) await Promise.race([drained(), closed])
    await closed
    await areServed()
  })

  it('reads one new token at a time, however many are sent', { timeout: 60_000 }, async () => {
    const socket = new WebSocket(`${here.running.url.replace('http', 'ws')}${doors[0]}`, {
      headers: { authorization: `Bearer ${token}` }
    })
    await once(socket, 'open')
    socket.send('{"types":"worker.*"}')
    await once(socket, 'message')
    const heap = process.memoryUsage().heapUsed
    const forged = JSON.stringify({ token: `${token}${'A'.repeat(8000)}` })
    for (let n = 0; n < 5000; n++) socket.send(forged)
    await areServed()
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(200 * 1024 * 1024)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    // A right one still counts.
    socket.send(JSON.stringify({ token }))
    await areServed()
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
  })
})
