import { type AddressInfo, connect } from 'node:net'
import { operations } from '@ringdown/contract/generated/operations'
import { Unavailable } from '@ringdown/server/commit/ledger'
import { type AnyJson, basic, Served, served } from '@ringdown/server/http/fixture'
import { Metrics } from '@ringdown/server/http/metrics'
import { implemented } from '@ringdown/server/operations/registry'
import { StoreUnavailable } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let server: Served
let workspace: string
const taskrouter = '/taskrouter/v1/Workspaces'

beforeAll(async () => {
  server = await Served.open({ metrics: new Metrics() })
  workspace = (await server.post(taskrouter, { FriendlyName: 'Floor', Template: 'FIFO' })).body.sid
})
afterAll(() => server.close())

/** The envelope, and nothing beside it. */
function envelope(status: number, code: number, message?: unknown) {
  return {
    status,
    body: {
      code,
      status,
      message: message ?? expect.any(String),
      more_info: `https://www.twilio.com/docs/errors/${code}`
    }
  }
}

/** Everything that the account holds: nothing may change it that is refused. */
async function everything(): Promise<string> {
  await server.account.settled()
  const { tables } = server.account.state
  return JSON.stringify(Object.values(tables).map((table) => table.all()))
}

describe('who may call', () => {
  it('is the account with its token, and an API key with its secret', async () => {
    const url = `${taskrouter}/${workspace}`
    expect(await server.get(url)).toMatchObject({ status: 200 })
    expect(await server.get(url, {}, { authorization: basic(served.key, served.secret) })).toMatchObject({
      status: 200
    })
    expect(await server.get(url, {}, { authorization: served.authorization.replace('Basic', 'basic') })).toMatchObject({
      status: 200
    })
  })

  it.each([
    ['nothing', ''],
    ['a wrong token', basic(served.account_sid, 'wrong')],
    ['a token that only begins right', basic(served.account_sid, served.token.slice(0, -1))],
    ['no token', basic(served.account_sid, '')],
    ['an unknown key', basic(`SK${'0'.repeat(32)}`, served.secret)],
    ['a token without a name', basic('', served.token)],
    ['another scheme', `Digest ${served.token}`],
    ['what is no base64', 'Basic ::::']
  ])('is not who brings %s', async (_what, authorization) => {
    const { status, body, headers } = await server.get(`${taskrouter}/${workspace}`, {}, { authorization })
    expect({ status, body }).toEqual(envelope(401, 20003, 'Authenticate'))
    expect(headers['www-authenticate']).toBe('Basic realm="Twilio API"')
  })

  it('is asked before anything else is told or read', async () => {
    const stranger = { authorization: basic(served.account_sid, 'wrong') }
    for (const [method, url] of [
      ['POST', taskrouter],
      ['PUT', taskrouter],
      ['GET', '/taskrouter/v1/Nothing'],
      ['GET', '/conversations/v1/Credentials'],
      ['GET', '/ringdown/v1/clock']
    ] as const) {
      expect((await server.ask(method, url, 'x'.repeat(5 * 1024 * 1024), stranger)).status, `${method} ${url}`).toBe(
        401
      )
    }
  })

  it('answers 503 where the account is not served here', async () => {
    const { status, body } = await server.get(taskrouter, {}, { authorization: basic(served.stranger, served.token) })
    expect({ status, body }).toEqual(envelope(503, 20503))
  })
})

describe('a refused request', () => {
  const workflow = JSON.stringify({ task_routing: { filters: [{ expression: "1 ===== 'x", targets: [] }] } })
  it.each<[string, number, number, RegExp, () => Promise<{ status: number; body: unknown }>]>([
    [
      'malformed JSON in Attributes',
      400,
      20001,
      /Attributes/,
      () => server.post(`${taskrouter}/${workspace}/Tasks`, { Attributes: '{"a":' })
    ],
    [
      'Attributes that are no object',
      400,
      20001,
      /Attributes/,
      () => server.post(`${taskrouter}/${workspace}/Tasks`, { Attributes: '[1]' })
    ],
    [
      'malformed JSON in Configuration',
      400,
      20001,
      /Configuration/,
      () => server.post(`${taskrouter}/${workspace}/Workflows`, { FriendlyName: 'W', Configuration: '{' })
    ],
    [
      'a syntax error in a filter',
      400,
      20001,
      /Configuration/,
      () => server.post(`${taskrouter}/${workspace}/Workflows`, { FriendlyName: 'W', Configuration: workflow })
    ],
    [
      'a syntax error in TargetWorkers',
      400,
      20001,
      /TargetWorkers/,
      () =>
        server.post(`${taskrouter}/${workspace}/TaskQueues`, { FriendlyName: 'Q', TargetWorkers: 'skill-level > 3' })
    ],
    [
      'an unknown enum value',
      400,
      20001,
      /TaskOrder/,
      () => server.post(`${taskrouter}/${workspace}/TaskQueues`, { FriendlyName: 'Q', TaskOrder: 'RANDOM' })
    ],
    [
      'a SID of the wrong kind in the path',
      404,
      20404,
      /not found/,
      () => server.get(`${taskrouter}/${workspace.replace('WS', 'WT')}`)
    ],
    [
      'a SID of the wrong kind in a parameter',
      400,
      20001,
      /ActivitySid/,
      () => server.post(`${taskrouter}/${workspace}/Workers`, { FriendlyName: 'w', ActivitySid: workspace })
    ],
    [
      'text where a number is due',
      400,
      20001,
      /Priority/,
      () => server.post(`${taskrouter}/${workspace}/Tasks`, { Priority: 'high' })
    ],
    [
      'a number out of its bounds',
      400,
      20001,
      /MaxReservedWorkers/,
      () => server.post(`${taskrouter}/${workspace}/TaskQueues`, { FriendlyName: 'Q', MaxReservedWorkers: 51 })
    ],
    [
      'text where a date is due',
      400,
      20001,
      /VirtualStartTime/,
      () => server.post(`${taskrouter}/${workspace}/Tasks`, { VirtualStartTime: 'yesterday' })
    ],
    ['a missing parameter', 400, 20001, /FriendlyName/, () => server.post(`${taskrouter}/${workspace}/Workers`)],
    [
      'a text that is too long',
      400,
      20001,
      /FriendlyName/,
      () => server.post(`${taskrouter}/${workspace}/Activities`, { FriendlyName: 'x'.repeat(65) })
    ],
    [
      'U+0000',
      400,
      20001,
      /U\+0000/,
      () => server.post(`${taskrouter}/${workspace}/Activities`, { FriendlyName: 'x\0' })
    ],
    [
      'malformed percent-encoding in the body',
      400,
      20001,
      /percent-encoding/,
      () => server.ask('POST', `${taskrouter}/${workspace}/Activities`, 'FriendlyName=%E0%A4')
    ],
    ['malformed percent-encoding in the path', 400, 20001, /percent-encoding/, () => server.get(`${taskrouter}/%ZZ`)],
    [
      'a JSON body where a form is due',
      400,
      20001,
      /Content-Type/,
      () => server.ask('POST', taskrouter, '{"FriendlyName":"x"}', { 'content-type': 'application/json' })
    ],
    [
      'a malformed Content-Type',
      415,
      20001,
      /Content-Type/,
      () => server.ask('POST', taskrouter, 'FriendlyName=x', { 'content-type': 'nonsense' })
    ],
    [
      'a body over the limit',
      413,
      20001,
      /4 MiB/,
      () => server.post(taskrouter, { FriendlyName: 'x'.repeat(5 * 1024 * 1024) })
    ],
    ['a path segment that is too long', 414, 20001, /./, () => server.get(`${taskrouter}/${'x'.repeat(2000)}`)],
    [
      'an illegal change of state',
      400,
      20001,
      /because it is not currently assigned/,
      async () =>
        server.post(`${taskrouter}/${workspace}/Tasks/${await pendingTask()}`, {
          AssignmentStatus: 'completed',
          Reason: 'x'
        })
    ],
    [
      'a row that is not there',
      404,
      20404,
      /^The requested resource \/Workspaces\/WS0{32} was not found$/,
      () => server.get(`${taskrouter}/WS${'0'.repeat(32)}`)
    ],
    [
      'a path that is not there',
      404,
      20404,
      /^The requested resource \/Nowhere was not found$/,
      () => server.get('/taskrouter/v1/Nowhere')
    ],
    [
      'no API at all',
      404,
      20404,
      /^The requested resource \/favicon.ico was not found$/,
      () => server.get('/favicon.ico')
    ],
    [
      'PUT on a known path',
      405,
      20004,
      /Method/,
      () => server.ask('PUT', `${taskrouter}/${workspace}`, 'FriendlyName=x')
    ],
    ['DELETE on a list', 405, 20004, /Method/, () => server.delete(taskrouter)],
    [
      'GET where only POST is',
      405,
      20004,
      /Method/,
      () => server.get(`${taskrouter}/${workspace}/TaskQueues/RealTimeStatistics`)
    ],
    [
      'a foreign page token',
      400,
      20001,
      /PageToken/,
      () => server.get(`${taskrouter}/${workspace}/Activities`, { PageToken: 'PTnonsense' })
    ],
    [
      'an operation that nobody has built',
      501,
      20501,
      /flex_v1\.ListInsightsSegments/,
      () => server.get('/flex-api/v1/Insights/Segments')
    ],
    [
      'what nobody has built of the API of 2010',
      501,
      20501,
      /^api\.twilio/,
      () => server.get('/2010-04-01/Accounts/AC1/Usage/Triggers.json')
    ],
    ['an API of which nothing is here', 501, 20501, /^sync\.twilio/, () => server.get('/sync/v1/Services')],
    ['a path that is nobody’s', 404, 20404, /not found/, () => server.get('/nonsense/v1/Services')]
  ])('says what is wrong with %s, and changes nothing', async (_what, status, code, message, ask) => {
    await pendingTask()
    const before = await everything()
    const { status: answered, body } = await ask()
    expect({ status: answered, body }).toEqual(envelope(status, code, expect.stringMatching(message)))
    expect(await everything()).toBe(before)
  })

  let task: string | undefined
  async function pendingTask(): Promise<string> {
    task ??= (await server.post(`${taskrouter}/${workspace}/Tasks`, { Attributes: '{}' })).body.sid as string
    return task
  }

  it('is in the envelope even when it is no HTTP', async () => {
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.app.server.address() as AddressInfo
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'))
      let text = ''
      socket
        .setEncoding('utf8')
        .on('data', (chunk) => (text += chunk))
        .on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: 20001, status: 400 })
  })
})

describe('an answer', () => {
  it('carries the headers of the API', async () => {
    const { headers } = await server.get(taskrouter)
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/json/),
      'twilio-request-id': expect.stringMatching(/^RQ[0-9a-f]{32}$/),
      'twilio-request-duration': expect.stringMatching(/^\d+\.\d{3}$/),
      'x-rate-limit-limit': expect.any(String),
      'x-rate-limit-remaining': expect.any(String),
      'x-rate-limit-config': expect.any(String),
      'access-control-allow-origin': '*'
    })
    const fromPage = await server.get(`${taskrouter}/${workspace}`, {}, { origin: 'https://desk.example' })
    expect(fromPage.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('ETag'),
      'access-control-allow-methods': expect.stringContaining('POST')
    })
  })

  it('to a preflight needs no credentials', async () => {
    const { status, headers } = await server.ask('OPTIONS', `${taskrouter}/${workspace}/Tasks`, undefined, {
      authorization: ''
    })
    expect(status).toBe(204)
    expect(headers).toMatchObject({
      'access-control-allow-methods': expect.stringContaining('DELETE'),
      'access-control-allow-headers': expect.stringContaining('If-Match'),
      'access-control-expose-headers': expect.stringContaining('ETag')
    })
  })

  it('to a path with a slash at its end is the same', async () => {
    expect((await server.get(`${taskrouter}/${workspace}/`)).body).toEqual(
      (await server.get(`${taskrouter}/${workspace}`)).body
    )
  })

  it.each([
    ['the prefix', `${taskrouter}/`, {}, 'http://ringdown.example/taskrouter'],
    ['the host of the API', '/v1/Workspaces/', { host: 'taskrouter.twilio.com' }, 'https://taskrouter.twilio.com'],
    [
      'the host of an edge',
      '/v1/Workspaces/',
      { host: 'taskrouter.dublin.ie1.twilio.com' },
      'https://taskrouter.dublin.ie1.twilio.com'
    ],
    ['a local host', '/v1/Workspaces/', { host: 'taskrouter.localhost:8080' }, 'http://taskrouter.localhost:8080'],
    ['a host that is no host', `${taskrouter}/`, { host: 'a"b/c' }, 'http://localhost/taskrouter'],
    [
      'a forwarded host that nobody trusts',
      `${taskrouter}/`,
      { 'x-forwarded-host': 'evil.example' },
      'http://ringdown.example/taskrouter'
    ]
  ])('to %s has URLs of that form', async (_form, path, headers, base) => {
    const { body } = await server.get(path + workspace, {}, headers)
    expect(body.url).toBe(`${base}/v1/Workspaces/${workspace}`)
    expect(body.links.tasks).toBe(`${base}/v1/Workspaces/${workspace}/Tasks`)
    const list = await server.get(path, { FriendlyName: 'Floor' }, headers)
    expect(list.body.meta.url).toBe(`${base}/v1/Workspaces?FriendlyName=Floor&PageSize=50&Page=0`)
  })

  it('behind a proxy that is trusted has URLs as the proxy was asked; a public URL stands above all', async () => {
    const trusting = await Served.open({ trustProxy: true })
    const { body } = await trusting.post(
      taskrouter,
      { FriendlyName: 'Floor' },
      { 'x-forwarded-host': 'center.example, inner', 'x-forwarded-proto': 'https' }
    )
    expect(body.url).toBe(`https://center.example/taskrouter/v1/Workspaces/${body.sid}`)
    await trusting.close()
    const known = await Served.open({ publicUrl: 'https://public.example/' })
    const made = await known.post(taskrouter, { FriendlyName: 'Floor' })
    expect(made.body.url).toBe(`https://public.example/taskrouter/v1/Workspaces/${made.body.sid}`)
    await known.close()
  })
})

describe('beside the APIs', () => {
  it('tells machines how it is, without credentials', async () => {
    const anonymous = { authorization: '' }
    expect(await server.get('/health', {}, anonymous)).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await server.get('/ready', {}, anonymous)).toMatchObject({ status: 200, body: { status: 'ready' } })
    await server.get(taskrouter)
    const { body } = await server.get('/metrics', {}, anonymous)
    expect(body).toMatch(
      /ringdown_http_request_seconds_count\{operation="taskrouter_v1.ListWorkspace",status="200"\} \d+/
    )
    expect(body).toContain('ringdown_commit_seconds_bucket')
    expect(body).toContain('nodejs_eventloop_lag_seconds')
  })

  it('tells the log what went wrong here with its stack, and what only was unavailable as any request', async () => {
    const lines: AnyJson[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
    const thrown: Error[] = [new Unavailable('the store is away'), new StoreUnavailable('gone'), new TypeError('ours')]
    const ledger = () => {
      throw thrown.shift()
    }
    const faulty = await Served.open({ log, ledger })
    const statuses: number[] = []
    while (thrown.length > 0) statuses.push((await faulty.get(`${taskrouter}/${workspace}`)).status)
    await faulty.close()
    expect(statuses).toEqual([503, 503, 500])
    const told = lines
      .slice(0, 4)
      .map(({ level, msg, status, err }) => [pino.levels.labels[level], msg, status ?? err.type])
    expect(told).toEqual([
      ['info', 'request', 503],
      ['info', 'request', 503],
      ['error', 'request failed', 'TypeError'],
      ['info', 'request', 500]
    ])
  })

  it('is not ready while the store is away', async () => {
    const away = await Served.open({ isReady: () => false })
    const { status, body } = await away.get('/ready')
    expect({ status, body }).toEqual(envelope(503, 20503))
    await away.close()
  })

  it('moves the test clock by a duration, by milliseconds and to an instant', async () => {
    const moved = await Served.open()
    const clock = '/ringdown/v1/clock'
    const json = (body: unknown) =>
      moved.ask('POST', clock, JSON.stringify(body), { 'content-type': 'application/json' })
    expect((await moved.get(clock)).body).toMatchObject({ now: '2026-03-02T09:00:00.000Z', stands_still: true })
    expect((await json({ advance: 'PT2M' })).body.now).toBe('2026-03-02T09:02:00.000Z')
    expect((await json({ advance_ms: 1500 })).body.now).toBe('2026-03-02T09:02:01.500Z')
    expect((await moved.post(clock, { to: '2026-03-03T00:00:00Z' })).body.now).toBe('2026-03-03T00:00:00.000Z')
    expect(await json({ to: '2026-03-02T00:00:00Z' })).toMatchObject(
      envelope(400, 20001, expect.stringContaining('back'))
    )
    expect(await json({ advance: 'two minutes' })).toMatchObject(
      envelope(400, 20001, expect.stringContaining('advance'))
    )
    expect(await json({})).toMatchObject(envelope(400, 20001))
    expect(await moved.ask('POST', clock, '{"advance":')).toMatchObject(envelope(400, 20001))
    await moved.close()
  })

  it.each([
    ['advance', 'P3000000D'],
    ['advance', 'P99999999999999999999D'],
    ['advance', '-PT1S'],
    ['advance', 'PT0.0005S'],
    ['advance', 60],
    ['advance', null],
    ['advance_ms', 251_635_474_800_000],
    ['advance_ms', Number.MAX_SAFE_INTEGER],
    ['advance_ms', 2 ** 53],
    ['advance_ms', '1e999'],
    ['advance_ms', 0.5],
    ['advance_ms', -1],
    ['advance_ms', 'NaN'],
    ['advance_ms', [5]],
    ['advance_ms', null],
    ['to', '9999-12-31T23:59:59.001Z'],
    ['to', '9999-12-31T23:59:59-01:00'],
    ['to', '+010000-01-01T00:00:00Z'],
    ['to', '2026-03-02T08:59:59.999Z'],
    ['to', 1_772_442_000_001]
  ])('does not move the test clock by %s: %j', async (parameter, value) => {
    const clock = '/ringdown/v1/clock'
    const still = (await server.get(clock)).body.now_ms
    const moved = await server.ask('POST', clock, JSON.stringify({ [parameter]: value }), {
      'content-type': 'application/json'
    })
    expect(moved).toMatchObject(envelope(400, 20001, expect.stringContaining(`Parameter ${parameter} is invalid`)))
    expect((await server.get(clock)).body.now_ms).toBe(still)
  })

  it('moves the test clock to the last second that a date can tell, and no further, whoever asks at once', async () => {
    const moved = await Served.open()
    const clock = '/ringdown/v1/clock'
    const same = { to: '2026-03-02T10:00:00Z' }
    const both = await Promise.all([moved.post(clock, same), moved.post(clock, same)])
    expect(both.map(({ body }) => body.now)).toEqual(['2026-03-02T10:00:00.000Z', '2026-03-02T10:00:00.000Z'])
    const far = { advance: 'P2000000D' } // 5,475 years
    const twice = await Promise.all([moved.post(clock, far), moved.post(clock, far)])
    expect(twice.map(({ status }) => status)).toEqual([200, 400])
    const last = await moved.post(clock, { to: '9999-12-31T23:59:59Z' })
    expect(last.body.now).toBe('9999-12-31T23:59:59.000Z')
    expect(await moved.post(clock, { advance_ms: 1 })).toMatchObject(
      envelope(400, 20001, expect.stringContaining('advance_ms'))
    )
    expect(await moved.post(clock, { advance_ms: 0 })).toMatchObject({ status: 200 })
    await moved.close()
  })

  it('has no clock to move when time is real', async () => {
    const real = await Served.open({ clock: undefined })
    expect(await real.get('/ringdown/v1/clock')).toMatchObject({ status: 200, body: { stands_still: false } })
    expect(await real.post('/ringdown/v1/clock', { advance: 'PT1M' })).toMatchObject(
      envelope(404, 20404, expect.stringContaining('--test-clock'))
    )
    await real.close()
  })

  it('hands MCP its requests unread, with whose they are', async () => {
    const seen: unknown[] = []
    const tools = await Served.open({
      mcp: async (request, response, context) => {
        let body = ''
        for await (const chunk of request) body += chunk
        seen.push({ body, ...context })
        response.writeHead(202).end('{"ok":true}')
      }
    })
    const bearer = `Bearer ${Buffer.from(`${served.key}:${served.secret}`).toString('base64')}`
    for (const authorization of [served.authorization, bearer, `Bearer ${served.key}:${served.secret}`]) {
      expect(
        (await tools.ask('POST', '/mcp', '{"id":1}', { authorization, 'content-type': 'application/json' })).status
      ).toBe(202)
    }
    expect((await tools.ask('POST', '/mcp/read-only', '{}')).status).toBe(202)
    expect(await tools.ask('POST', '/mcp', '{}', { authorization: 'Bearer nobody' })).toMatchObject({ status: 401 })
    expect(seen).toMatchObject([
      {
        body: '{"id":1}',
        credentials: { username: served.account_sid, accountSid: served.account_sid },
        readOnly: false
      },
      { credentials: { username: served.key, password: served.secret, accountSid: served.account_sid } },
      { credentials: { username: served.key, password: served.secret } },
      { body: '{}', readOnly: true }
    ])
    await tools.close()
  })

  it('finishes what is under way when it stops, and refuses what still comes in the envelope', async () => {
    let finish = () => {}
    const arrived = new Promise<void>((arrive) => {
      Served.open({
        mcp: async (_request, response) => {
          arrive()
          await new Promise<void>((resolve) => (finish = resolve))
          response.writeHead(200, { 'Content-Length': '0' }).end()
        }
      }).then(async (stopping) => {
        await stopping.app.listen({ port: 0, host: '127.0.0.1' })
        const { port } = stopping.app.server.address() as AddressInfo
        const head = `Host: ringdown.example\r\nAuthorization: ${served.authorization}\r\n`
        const socket = connect(port, '127.0.0.1', () =>
          socket.write(`POST /mcp HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n`)
        )
        socket.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        socket.on('close', () => closed())
        await arrived
        const ended = stopping.close()
        await new Promise((resolve) => setImmediate(resolve))
        socket.write(`GET ${taskrouter} HTTP/1.1\r\n${head}\r\n`)
        await new Promise((resolve) => setImmediate(resolve))
        finish()
        await ended
      })
    })
    let text = ''
    let closed = () => {}
    await new Promise<void>((resolve) => (closed = resolve))
    const [first = '', second = ''] = text.split(/(?<=\r\n\r\n)(?=HTTP)/)
    expect(first).toMatch(/^HTTP\/1\.1 200/)
    expect(second).toMatch(/^HTTP\/1\.1 503/)
    expect(JSON.parse(second.slice(second.indexOf('{')))).toMatchObject({ code: 20503, status: 503 })
  })
})

it('tells what is not on disk yet only when it is', async () => {
  const told: string[] = []
  // Decided at once; the disk takes another turn of the event loop, and the requests are here before that.
  const opening = server.account.execute({ type: 'workspace.create', friendly_name: 'Opening' })
  expect(server.account.isSettled).toBe(false)
  const durable = server.account.settled().then(() => told.push('durable'))
  const url = `${taskrouter}?FriendlyName=Opening`
  const asked = server.get(url).finally(() => told.push('told'))
  const refused = server.get(`${taskrouter}/WS${'0'.repeat(32)}`).finally(() => told.push('told'))
  await durable
  expect(told).toEqual(['durable'])
  expect((await refused).status).toBe(404)
  expect((await asked).body.workspaces).toMatchObject([{ sid: (await opening).workspace.sid }])
  expect(server.account.isSettled).toBe(true)
  expect((await server.get(url)).body).toEqual((await asked).body)
})

it('knows how every operation is done', () => {
  const ids = new Set(operations.map(({ id }) => id))
  expect([...implemented.keys()].filter((id) => !ids.has(id))).toEqual([])
  expect(implemented.get('taskrouter_v1.FetchTask')).toBe('derived')
  expect(implemented.get('taskrouter_v1.ListTask')).toBe('written')
})
