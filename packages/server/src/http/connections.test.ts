import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Sender } from '@ringdown/server/delivery/sender'
import { Served, served } from '@ringdown/server/http/fixture'
import type { MountMcp } from '@ringdown/server/http/mcp'
import { Metrics } from '@ringdown/server/http/metrics'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const head = `Host: ringdown.example\r\nAuthorization: ${served.authorization}\r\n`
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const create = '/taskrouter/v1/Workspaces'

let server: Served
/** Waits for nobody's bytes for long. To all else this machine may be too slow for it. */
let hasty: Served

const mcp: MountMcp = async (request, response) => {
  let size = 0
  for await (const piece of request) size += piece.length
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ size }))
}

beforeAll(async () => {
  const sender = { find: async () => undefined, list: async () => [] } as unknown as Sender // one that has sent nothing
  const open = async (headers_ms: number, request_ms: number) => {
    const connectionLimits = { headers_ms, request_ms, look_ms: 50, grace_ms: 100 }
    const opened = await Served.open({ mcp, metrics: new Metrics(), sender: () => sender, connectionLimits })
    await opened.app.listen({ port: 0, host: '127.0.0.1' })
    return opened
  }
  server = await open(20_000, 20_000)
  hasty = await open(300, 600)
})
afterAll(async () => {
  await server.close()
  await hasty.close()
})

/** A connection that never closes its own side. */
async function dial(text: string, at = server): Promise<{ socket: Socket; said: () => string }> {
  const { port } = at.app.server.address() as AddressInfo // it listens on a port
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  let said = ''
  socket.setEncoding('utf8').on('data', (piece) => (said += piece))
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return { socket, said: () => said }
}

/** Everything that is said until the server hangs up. */
async function saidTo(text: string, at = server): Promise<string> {
  const { socket, said } = await dial(text, at)
  await once(socket, 'end')
  return said()
}

async function connections(): Promise<number> {
  const counts = [server, hasty].map(
    ({ app }) =>
      new Promise<number>((resolve, reject) =>
        app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      )
  )
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

/** The server that a malformed row is for: what never comes to its end is waited for. */
const serverFor = (status: number): Served => (status === 408 ? hasty : server)

/** Answers in the order in which they came. */
function answersIn(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/)
}

const safe = [/^x-content-type-options: nosniff\r$/im, /^cache-control: no-store\r$/im]

/** What the wire may bring that is no request, or never becomes one; and the status that answers it. */
const malformed: Readonly<Record<string, readonly [string, number]>> = {
  'no HTTP': ['NONSENSE\r\n\r\n', 400],
  TLS: ['\u0016\u0003\u0001\u0002\u0000', 400],
  'an unknown method': [`BREW ${create} HTTP/1.1\r\n${head}\r\n`, 400],
  'another version': [`GET ${create} HTTP/7.3\r\n${head}\r\n`, 400],
  'two lengths of a body': [
    `POST ${create} HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nx=123`,
    400
  ],
  'a length and chunks': [
    `POST ${create} HTTP/1.1\r\n${head}${form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    400
  ],
  'chunks under another name': [`POST ${create} HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  'a negative length': [`POST ${create} HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`, 400],
  'a chunk that is none': [
    `POST ${create} HTTP/1.1\r\n${head}${form}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`,
    400
  ],
  'a header with a blank in its name': [`GET ${create} HTTP/1.1\r\n${head}Content Length: 0\r\n\r\n`, 400],
  'no Host': [`GET ${create} HTTP/1.1\r\nAuthorization: ${served.authorization}\r\nConnection: close\r\n\r\n`, 400],
  'huge headers': [`GET ${create} HTTP/1.1\r\n${head}X-Huge: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  'half a header': [`GET ${create} HTTP/1.1\r\nHost: ring`, 408],
  'half a body': [`POST ${create} HTTP/1.1\r\n${head}${form}Content-Length: 50\r\n\r\nFriendlyName=x`, 408],
  'half a body in chunks': [
    `POST ${create} HTTP/1.1\r\n${head}${form}Transfer-Encoding: chunked\r\n\r\n3\r\nx=1\r\n`,
    408
  ],
  'half a message to the tools': [`POST /mcp HTTP/1.1\r\n${head}Content-Length: 50\r\n\r\n{`, 408]
}

describe('what is no request', () => {
  it.each(Object.entries(malformed))('%s is answered, and hung up on', async (_what, [text, status]) => {
    const said = await saidTo(text, serverFor(status))
    const answer = answersIn(said)[0] ?? ''
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/^connection: close\r$/im)
    for (const header of safe) expect(answer).toMatch(header)
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 20001, status })
    // Nothing behind it is taken for a request of its own.
    expect(answersIn(said)).toHaveLength(1)
  })

  it.each([
    ['alone', '', ['405']],
    ['behind a request', `GET ${create} HTTP/1.1\r\n${head}\r\n`, ['200', '405']]
  ])('CONNECT is answered that nobody is connected, and hung up on: %s', async (_where, before, statuses) => {
    const text = `${before}CONNECT acme.example:443 HTTP/1.1\r\nHost: acme.example:443\r\n\r\n`
    const answers = answersIn(await saidTo(text))
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(statuses)
    const last = answers.at(-1) ?? ''
    expect(JSON.parse(last.slice(last.indexOf('{')))).toMatchObject({ code: 20004, status: 405 })
    for (const header of safe) expect(last).toMatch(header)
    await expect.poll(connections, { timeout: 5_000 }).toBe(0)
  })

  it('leaves no connection behind, though the caller never closes its side', async () => {
    await Promise.all(Object.values(malformed).map(([text, status]) => saidTo(text, serverFor(status))))
    await expect.poll(connections, { timeout: 5_000 }).toBe(0)
  })

  it('is answered behind the requests before it on the same connection', async () => {
    const answers = answersIn(await saidTo(`GET ${create} HTTP/1.1\r\n${head}\r\nNONSENSE\r\n\r\n`))
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['200', '400'])
  })

  it('does not keep others from their answers', async () => {
    for (const [text] of Object.values(malformed)) await dial(text)
    expect((await server.get(create)).status).toBe(200)
  })
})

/** Every door that takes a body, and what a stranger is told there. */
const doors: readonly (readonly [string, string, number])[] = [
  ['POST', create, 401],
  ['PUT', create, 401],
  ['DELETE', `${create}/WS1`, 401],
  ['POST', '/conversations/v1/Conversations', 401],
  ['POST', '/flex-api/v1/Interactions', 401],
  ['POST', '/studio/v2/Flows', 401],
  ['POST', '/sync/v1/Services', 401],
  ['POST', '/2010-04-01/Accounts.json', 401],
  ['POST', '/taskrouter/v1/Nowhere', 401],
  ['POST', '/nowhere', 404],
  ['POST', '/health', 404],
  ['POST', '/metrics', 404],
  ['POST', '/ringdown/v1/clock', 401],
  ['POST', '/ringdown/v1/Deliveries', 401],
  ['POST', `/ringdown/v1/Deliveries/DV${'0'.repeat(32)}`, 401],
  ['PATCH', `/ringdown/v1/Deliveries/DV${'0'.repeat(32)}`, 401],
  ['POST', '/ringdown/v1/Events', 401],
  ['POST', '/ringdown/v1/Events/stream', 401],
  ['POST', '/ringdown/v1/Events/socket', 401],
  ['POST', '/ringdown/v1/Workspaces/WS1/Tasks/WT1/Explanation', 401],
  ['POST', '/mcp', 401],
  ['DELETE', '/mcp', 401],
  ['POST', '/mcp/read-only', 401],
  ['OPTIONS', create, 204]
]

describe('nobody’s body is read before it is known who asks', () => {
  it.each(doors)('%s %s', async (method, path, status) => {
    const kinds = {
      'Content-Length: 4000000': 'application/x-www-form-urlencoded',
      'Transfer-Encoding: chunked': 'application/json',
      'Content-Length: 90000000000': 'nonsense'
    }
    for (const [length, type] of Object.entries(kinds)) {
      // The body never comes: whoever waited for it would not answer.
      const text = `${method} ${path} HTTP/1.1\r\nHost: ringdown.example\r\nContent-Type: ${type}\r\n${length}\r\nExpect: 100-continue\r\n\r\n`
      const answer = await saidTo(text)
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      for (const header of safe) expect(answer).toMatch(header)
      expect(answersIn(answer)).toHaveLength(1)
    }
  })

  it('and no connection is left of them', async () => {
    await expect.poll(connections, { timeout: 5_000 }).toBe(0)
  })

  it.each([create, '/mcp'])('and is asked for at %s when it is', async (path) => {
    const body = 'FriendlyName=Asked+for'
    const { socket, said } = await dial(
      `POST ${path} HTTP/1.1\r\n${head}${form}Content-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`
    )
    await once(socket, 'data')
    expect(said()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(body)
    await once(socket, 'end')
    expect(said()).toMatch(/\r\n\r\nHTTP\/1\.1 20[01] /)
  })

  it('and who sends a lot of it all the same is answered once, and hung up on', async () => {
    for (const [headers, status] of [
      ['Host: x\r\nContent-Length: 900000000', 401],
      ['Host: x\r\nTransfer-Encoding: chunked', 401],
      [`${head}Content-Length: 900000000`, 413],
      [`${head}Origin: http://evil.example\r\nContent-Length: 900000000`, 403]
    ] as const) {
      const { socket, said } = await dial(`POST ${create} HTTP/1.1\r\n${headers}\r\n${form}\r\n`)
      const piece = `1000\r\n${'x'.repeat(0x1000)}\r\n`.repeat(16)
      const sending = setInterval(() => socket.write(piece), 1)
      onTestFinished(() => clearInterval(sending))
      await Promise.race([once(socket, 'end'), once(socket, 'close')])
      clearInterval(sending)
      expect(answersIn(said()).map((answer) => answer.slice(9, 12))).toEqual([String(status)])
      expect(said()).toMatch(/^connection: close\r$/im)
    }
    await expect.poll(connections, { timeout: 5_000 }).toBe(0)
  })

  it('and a connection goes on after a small body that was not wanted', async () => {
    const refused = `POST ${create} HTTP/1.1\r\nHost: x\r\n${form}Content-Length: 14\r\n\r\nFriendlyName=x`
    const { said } = await dial(`${refused}GET /health HTTP/1.1\r\n${head}\r\n`)
    await expect.poll(() => answersIn(said()).map((answer) => answer.slice(9, 12))).toEqual(['401', '200'])
  })
})

describe('a page', () => {
  const foreign = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'https://ringdown.example.evil.example' },
    { origin: 'http://ringdown.example:8081' },
    { origin: 'nonsense' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }
  ] satisfies Record<string, string>[]
  const own = [
    {},
    { origin: 'http://ringdown.example' },
    { origin: 'https://ringdown.example' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://ringdown.example' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' }
  ] satisfies Record<string, string>[]
  const writes = [
    ['POST', create],
    ['POST', '/conversations/v1/Conversations'],
    ['PUT', `${create}/WS1`],
    ['DELETE', `${create}/WS1`],
    ['POST', '/ringdown/v1/clock'],
    ['POST', `/ringdown/v1/Deliveries/DV${'0'.repeat(32)}`]
  ] as const

  it.each(foreign)('of another place (%j) writes nothing with the credentials of a browser', async (headers) => {
    const before = server.account.state.decision
    for (const [method, path] of writes) {
      const more = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
      const { status, body } = await server.ask(method, path, 'FriendlyName=Evil&advance_ms=1', more)
      expect({ status, code: body.code }, `${method} ${path}`).toEqual({ status: 403, code: 20403 })
    }
    expect(server.account.state.decision).toBe(before)
    expect((await server.get(create, undefined, headers)).status).toBe(200)
  })

  it.each(own)('of this place, and a program (%j), may write', async (headers) => {
    expect((await server.post(create, { FriendlyName: 'Ours' }, headers)).status).toBe(201)
  })

  it('of this place is known by the public URL, and by what a trusted proxy says', async () => {
    const known = await Served.open({ publicUrl: 'https://center.example' })
    const origin = { origin: 'https://center.example' }
    expect((await known.post(create, { FriendlyName: 'Ours' }, origin)).status).toBe(201)
    await known.close()
    const forwarded = { ...origin, 'x-forwarded-host': 'center.example' }
    expect((await server.post(create, { FriendlyName: 'Ours' }, forwarded)).status).toBe(403)
    const trusting = await Served.open({ trustProxy: true })
    expect((await trusting.post(create, { FriendlyName: 'Ours' }, forwarded)).status).toBe(201)
    await trusting.close()
  })

  it.each([
    { 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-dest': 'image' },
    { 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors' },
    { accept: 'text/html,application/xhtml+xml;q=0.9' },
    { accept: 'image/avif,image/webp,*/*;q=0.8' },
    { accept: 'text/css,*/*;q=0.1' },
    { accept: '*/*', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
    { origin: 'http://ringdown.example' }
  ] satisfies Record<string, string>[])(
    'is not asked for a user (%j), so that no browser remembers one',
    async (headers) => {
      for (const [path, authorization] of [
        [create, ''],
        ['/ringdown/v1/Events', 'Basic nonsense'],
        ['/mcp', ''],
        ['/sync/v1/Services', '']
      ] as const) {
        const refused = await server.get(path, undefined, { authorization, ...headers })
        expect(refused.status).toBe(401)
        expect(refused.headers['www-authenticate'], path).toBeUndefined()
      }
    }
  )

  it('is not what a program is: that is told how to say who it is', async () => {
    // As Node's own `fetch` asks.
    const program = { authorization: '', 'sec-fetch-mode': 'cors', accept: '*/*' }
    for (const path of [create, '/ringdown/v1/Events', '/mcp']) {
      const { headers } = await server.get(path, undefined, program)
      expect(headers['www-authenticate']).toBe('Basic realm="Twilio API"')
    }
  })
})

it('has every answer say that it is what it says it is, and is not to be kept', async () => {
  const anonymous = { authorization: '' }
  for (const [method, path, headers] of [
    ['GET', create],
    ['POST', create],
    ['HEAD', create],
    ['GET', `${create}/WS1`],
    ['DELETE', create],
    ['OPTIONS', create],
    ['GET', '/studio/v2/Flows'],
    ['GET', '/nowhere'],
    ['GET', '/%ZZ'],
    ['GET', create, anonymous],
    ['GET', '/health', anonymous],
    ['GET', '/ready', anonymous],
    ['GET', '/metrics', anonymous],
    ['GET', '/ringdown/v1/clock'],
    ['GET', '/ringdown/v1/Deliveries'],
    ['GET', '/ringdown/v1/Events?wait_s=0'],
    ['GET', '/ringdown/v1/Events/socket'],
    ['POST', '/mcp'],
    ['GET', '/mcp', anonymous]
  ] as const) {
    const { headers: answered } = await server.ask(method, path, undefined, headers)
    expect(answered, `${method} ${path}`).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store'
    })
  }
  const { said } = await dial(`GET /ringdown/v1/Events/stream HTTP/1.1\r\n${head}\r\n`)
  await expect.poll(said).toContain('event: opened')
  for (const header of safe) expect(said()).toMatch(header)
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const refused = await saidTo(`GET /ringdown/v1/Events/socket HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)
  expect(refused).toMatch(/^HTTP\/1\.1 401 /)
  for (const header of safe) expect(refused).toMatch(header)
  for (const [wrong, status] of [
    [upgrade.replace('dGhl', 'd'), 400],
    [upgrade.replace('Version: 13', 'Version: 12'), 426],
    [upgrade.replace(/Sec-WebSocket-Key.*/, ''), 400]
  ] as const) {
    const answer = await saidTo(`GET /ringdown/v1/Events/socket HTTP/1.1\r\n${head}${wrong}\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 20001, status })
    for (const header of safe) expect(answer).toMatch(header)
  }
})

it('answers requests in their turn, each with its whole body, and HEAD with none', async () => {
  const { body } = await server.post(create, { FriendlyName: 'Grüße' })
  const plain = await server.post(create, { FriendlyName: 'Plain' })
  const asked = [
    ['GET', body.sid],
    ['HEAD', plain.body.sid],
    ['GET', plain.body.sid],
    ['GET', body.sid],
    ['HEAD', body.sid],
    ['GET', plain.body.sid]
  ] as const
  const text = asked.map(([method, sid], at) => {
    const last = at === asked.length - 1 ? 'Connection: close\r\n' : ''
    return `${method} ${create}/${sid} HTTP/1.1\r\n${head}${last}\r\n`
  })
  const said = await saidTo(text.join(''))
  const answers = answersIn(said)
  expect(answers).toHaveLength(asked.length)
  for (const [at, [method, sid]] of asked.entries()) {
    const [, length = '', rest = ''] = /content-length: (\d+).*?\r\n\r\n(.*)$/is.exec(answers[at] ?? '') ?? []
    expect(Buffer.byteLength(rest)).toBe(method === 'HEAD' ? 0 : Number(length))
    if (method === 'GET') expect(JSON.parse(rest)).toMatchObject({ sid })
  }
})

it.each(['TRACE', 'PROPFIND', 'SEARCH'])('knows no method %s of a path that it knows', async (method) => {
  const said = await saidTo(`${method} ${create} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
  expect(said).toMatch(/^HTTP\/1\.1 405 /)
})

it('answers callers without credentials at a measured pace, and whoever has some at once', async () => {
  const url = (path: string) => `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}${path}` // it listens on a port
  const began = performance.now()
  const strangers = Array.from({ length: 60 }, () => fetch(url(create)))
  const known = await fetch(url(create), { headers: { authorization: served.authorization } })
  const knownMs = performance.now() - began
  expect(known.status).toBe(200)
  const answers = await Promise.all(strangers)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  expect(performance.now() - began).toBeGreaterThan(380)
  expect(knownMs).toBeLessThan(performance.now() - began)
})
