import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admission } from '@ringdown/server/access/admission'
import { Sealing } from '@ringdown/server/access/sealing'
import { TestClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { envelopeOf } from '@ringdown/server/http/errors'
import { mountEventBridge } from '@ringdown/server/realtime/worker-sdk/event-bridge'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import Fastify, { type FastifyInstance } from 'fastify'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { likelyTokenIn, readCall, tokenIn } from './call.ts'
import type { SessionLimits } from './sessions.ts'

const account_sid = `AC${'a'.repeat(32)}`
const secret = 'the-token-of-the-account'
const log = pino({ level: 'silent' })

/** The tokens of an account that signs for itself. */
const tokensOf = (account: () => Account | undefined) =>
  new Admission({
    authTokens: new Map([[account_sid, secret]]),
    account,
    sealing: new Sealing(Buffer.alloc(32)),
    now: () => Date.now(),
    machineNow: () => Date.now(),
    log
  }).tokens

interface TokenOptions {
  readonly iss?: string
  readonly sub?: string
  readonly secret?: string
  readonly alg?: string
  readonly life_s?: number
  readonly nbf?: number
  readonly role?: string
  readonly worker_sid?: string | null
  readonly workspace_sid?: string
  /** Seconds from now; null for a token that does not say it. */
  readonly iat?: number | null
}

const soon = () => Math.floor(Date.now() / 1000)

function tokenWith(options: TokenOptions = {}): Promise<string> {
  const { iss = account_sid, sub = account_sid, alg = 'HS256', life_s = 600, nbf, iat = 0, role = 'worker' } = options
  const { worker_sid = `WK${'1'.repeat(32)}`, workspace_sid = `WS${'1'.repeat(32)}` } = options
  const token = new SignJWT({
    grants: { identity: 'ada', task_router: { workspace_sid, ...(worker_sid !== null && { worker_sid }), role } }
  })
    .setProtectedHeader({ alg, typ: 'JWT', cty: 'twilio-fpa;v=1' })
    .setIssuer(iss)
    .setSubject(sub)
  if (Number.isFinite(life_s)) token.setExpirationTime(soon() + life_s)
  if (iat !== null) token.setIssuedAt(soon() + iat)
  if (nbf !== undefined) token.setNotBefore(nbf)
  return token.sign(new TextEncoder().encode(options.secret ?? secret))
}

describe('the sockets', () => {
  let folder: string
  let store: Store
  let account: Account
  let app: FastifyInstance
  let workspace_sid: string
  let worker_sid: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringdown-bridge-'))
    store = await openStore({ schema, data: folder })
    account = await Account.open({ store, account_sid, clock: new TestClock(1_772_442_000_000), log, seed: 1 })
    const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' })
    workspace_sid = workspace.sid
    const { worker } = await account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
    worker_sid = worker.sid
  })

  afterEach(async () => {
    await app.close()
    await account.close()
    await store.close()
    await rm(folder, { recursive: true })
  })

  async function serve(limits: Partial<SessionLimits> = {}): Promise<void> {
    app = Fastify()
    app.get('/hello', async () => 'hello')
    mountEventBridge(app, {
      account: () => account,
      tokens: tokensOf(() => account),
      now: () => Date.now(),
      envelopeOf,
      log,
      limits
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
  }

  function port(): number {
    return (app.server.address() as AddressInfo).port // it listens on a port
  }

  async function open(path = '/event-bridge/v1/wschannels', options: TokenOptions = {}): Promise<WebSocket> {
    const token = await tokenWith({ workspace_sid, worker_sid, ...options })
    return new WebSocket(`ws://127.0.0.1:${port()}${path}?token=${token}`)
  }

  /** The next frames of a socket. */
  function frames(socket: WebSocket, count: number): Promise<string[]> {
    return new Promise((resolve) => {
      const seen: string[] = []
      socket.on('message', (frame) => {
        if (seen.push(String(frame)) === count) resolve(seen)
      })
    })
  }

  function end(socket: WebSocket): Promise<[number, string]> {
    return new Promise((resolve) => socket.on('close', (code, reason) => resolve([code, String(reason)])))
  }

  function refusal(socket: WebSocket): Promise<number | undefined> {
    socket.on('error', () => {})
    return new Promise((resolve) => socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode)))
  }

  it('are greeted by who they are, whichever form the address has', async () => {
    await serve()
    const token = await tokenWith({ workspace_sid, worker_sid })
    const byHost = new WebSocket(`ws://127.0.0.1:${port()}/v1/wschannels?token=${token}&clientVersion=2.1.1`, {
      headers: { host: 'event-bridge.dublin.ie1.twilio.com' }
    })
    for (const socket of [byHost, await open()]) {
      const [first = ''] = await frames(socket, 1)
      expect(JSON.parse(first)).toEqual({
        event_type: 'init',
        payload: { channel_id: worker_sid, account_sid, workspace_sid, token_lifetime: expect.any(Number) }
      })
    }
    expect(await refusal(await open('/v1/wschannels'))).toBe(404)
  })

  it('ask for a token that is looked at before anything is made of the rest', async () => {
    const stranger = await tokenWith({ workspace_sid, worker_sid, secret: 'another secret' })
    const own = await tokenWith({ workspace_sid, worker_sid })
    await serve()
    const post = (payload: string) => app.inject({ method: 'POST', url: '/event-bridge/v1/wschannels', payload })
    // The rest is no JSON, which only those are told whom we know.
    expect((await post(`{"token":"${stranger}",,,`)).json()).toMatchObject({ status: 403, code: 20107 })
    expect((await post(`{"token":"${own}",,,`)).json()).toMatchObject({ status: 400 })
    expect((await post(`{"token":"${own}","params":{"a":"${'x'.repeat(70_000)}"}}`)).statusCode).toBe(413)
  })

  it('get a blank frame at every beat, and a ping', async () => {
    await serve({ heartbeat_ms: 20 })
    const socket = await open()
    const pinged = new Promise((resolve) => socket.on('ping', resolve))
    const [first, ...beats] = await frames(socket, 5)
    expect(JSON.parse(first ?? '')).toMatchObject({ event_type: 'init', payload: { channel_id: worker_sid } })
    expect(beats).toEqual([' ', ' ', ' ', ' '])
    await pinged
  })

  it('are dropped when the other side is silent', async () => {
    await serve({ heartbeat_ms: 20 })
    const token = await tokenWith({ workspace_sid, worker_sid })
    const socket = new WebSocket(`ws://127.0.0.1:${port()}/event-bridge/v1/wschannels?token=${token}`, {
      autoPong: false
    })
    expect(await end(socket)).toEqual([1006, ''])
  })

  it('get events in order, once they are on disk', async () => {
    await serve()
    const socket = await open()
    await frames(socket, 1)
    const pushed = frames(socket, 3)
    const act = (attributes: string) =>
      account.execute({ type: 'worker.update', workspace_sid, sid: worker_sid, attributes })
    await Promise.all([act('{"n":1}'), act('{"n":2}'), act('{"n":3}')])
    const events = (await pushed).map((frame) => JSON.parse(frame))
    expect(events.map(({ payload }) => payload.attributes)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
    expect(events[0]).toEqual({
      event_type: 'worker.attributes.update',
      payload: {
        account_sid,
        workspace_sid,
        sid: worker_sid,
        friendly_name: 'Ada',
        attributes: '{"n":1}',
        activity_sid: expect.stringMatching(/^WA/),
        activity_name: 'Offline',
        available: false,
        date_created: 1_772_442_000,
        date_updated: 1_772_442_000,
        date_status_changed: 1_772_442_000,
        version: 1
      }
    })
    expect(await account.log(0, 100)).toContainEqual(expect.objectContaining({ type: 'worker.attributes.update' }))
  })

  it('are dropped with a reason when they do not read', async () => {
    await serve({ unread_bytes: -1 })
    // Less than nothing may wait: the first frame is too much already.
    expect(await end(await open())).toEqual([1008, 'Dropped: the client does not read fast enough'])
  })

  it('are limited for each worker', async () => {
    await serve({ sockets_per_worker: 1 })
    await frames(await open(), 1)
    expect(await refusal(await open())).toBe(429)
  })

  it('are more than ten where that is asked for, and the dead ones do not count', async () => {
    await serve({ sockets_per_worker: 12, heartbeat_ms: 40 })
    const token = await tokenWith({ workspace_sid, worker_sid })
    const url = `ws://127.0.0.1:${port()}/event-bridge/v1/wschannels?token=${token}`
    const deaf = Array.from({ length: 12 }, () => new WebSocket(url, { autoPong: false }))
    const gone = deaf.map(end)
    await Promise.all(deaf.map((socket) => frames(socket, 1)))
    expect(await refusal(new WebSocket(url))).toBe(429)
    await Promise.all(gone)
    const heard = Array.from({ length: 12 }, () => new WebSocket(url))
    await Promise.all(heard.map((socket) => frames(socket, 6)))
    expect(await refusal(new WebSocket(url))).toBe(429)
  })

  it('are for workers only', async () => {
    await serve()
    expect(await refusal(await open(undefined, { role: 'admin', worker_sid: null }))).toBe(403)
  })

  it('are refused at another path, and to a worker who is not there', async () => {
    await serve()
    expect(await refusal(await open('/somewhere'))).toBe(404)
    expect(await refusal(await open(undefined, { worker_sid: `WK${'9'.repeat(32)}` }))).toBe(403)
    expect(await refusal(await open(undefined, { life_s: -5 }))).toBe(401)
  })

  it('end with their worker', async () => {
    await serve()
    const socket = await open()
    await frames(socket, 1)
    const ended = end(socket)
    await account.execute({ type: 'worker.delete', workspace_sid, sid: worker_sid })
    expect(await ended).toEqual([1000, 'The Worker is gone'])
  })

  it('are told plainly that the protocol of the 1.x SDK is another one', async () => {
    await serve()
    expect(await refusal(await open(`/event-bridge/v1/wschannels/${account_sid}/${worker_sid}`))).toBe(501)
  })

  it('say goodbye when the server stops', async () => {
    await serve()
    const socket = await open()
    await frames(socket, 1)
    const ended = end(socket)
    await app.close()
    expect(await ended).toEqual([1001, 'The server is stopping'])
  })

  it('are not for clients that offer HTTP/2 along the way: those get ordinary answers', async () => {
    await serve()
    const headers: IncomingHttpHeaders = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABk'
    }
    const ask = (method: string, path: string, body: string) =>
      new Promise<string>((resolve, reject) => {
        const asked = request(
          { port: port(), method, path, headers: { ...headers, 'content-length': body.length } },
          (answer) => {
            let text = ''
            answer.on('data', (part) => (text += part)).on('end', () => resolve(`${answer.statusCode} ${text}`))
          }
        )
        asked.on('error', reject)
        asked.end(body)
      })
    expect(await ask('GET', '/hello', '')).toBe('200 hello')
    expect(await ask('POST', '/event-bridge/v1/wschannels', '{"no":"call"}')).toMatch(/^400 .*url, method/)
  })
})

describe('the token in the body of a call', () => {
  it.each([
    ['{"token":"abc"}', 'abc'],
    ['{"url":"x","params":{"token":"inner","a":["{\\"token\\":\\"no\\""]},"token" : "outer"}', 'outer'],
    ['{"a\\"token":"no","token":"yes","z":', 'yes'],
    ['{"token":"one","token":"two"}', 'two']
  ])('of %s is %s', (body, token) => {
    expect([tokenIn(body), likelyTokenIn(body)]).toEqual([token, token])
  })

  it.each([
    '',
    '[]',
    '{"token":1}',
    '{"params":{"token":"inner"}}',
    '"token":"abc"',
    '{"token',
    '{"token":"\\u0061"}',
    `{"token":"${'a'.repeat(9000)}"}`,
    '{'.repeat(65_000),
    '"'.repeat(65_000),
    '\\'.repeat(65_000)
  ])('is missing (%#)', (body) => {
    expect(() => tokenIn(body)).toThrow(/token/)
    // What looks like one and is none is seen when its caller is known, at the latest.
    expect(() => likelyTokenIn(body) && readCall(body, undefined)).toThrow()
  })

  it('counts where it stands alone, whoever may have it', () => {
    const body = '{"url":"Workspaces","method":"GET","params":{"token":"inner"}}'
    expect(likelyTokenIn(body)).toBe('inner')
    expect(() => readCall(body, undefined)).toThrow(/url, method/)
  })
})
