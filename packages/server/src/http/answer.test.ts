import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Served, served } from '@ringdown/server/http/fixture'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const list = '/taskrouter/v1/Workspaces'
let server: Served
let workspace: string
let cafe: string

beforeAll(async () => {
  server = await Served.open()
  workspace = (await server.post(list, { FriendlyName: 'Floor' })).body.sid
  cafe = (await server.post(list, { FriendlyName: 'café' })).body.sid
  await server.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => server.close())

/** What comes back for what is sent as it is, until the connection is closed: its last request says so. */
async function said(text: string, { app } = server): Promise<string> {
  const { port } = app.server.address() as AddressInfo // it listens on a port
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let answer = ''
  socket.on('data', (part) => {
    answer += part
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

function request(line: string, more: readonly string[] = [], body = ''): string {
  const length =
    body === '' ? [] : [`Content-Length: ${body.length}`, 'Content-Type: application/x-www-form-urlencoded']
  return [line, 'Host: x', `Authorization: ${served.authorization}`, ...more, ...length, '', body].join('\r\n')
}

/** The answers in a text, one behind the other, each with as much of a body as its length says. */
function answersIn(text: string, hasBody = true) {
  const answers: { readonly status: string; readonly headers: Map<string, string>; readonly body: string }[] = []
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n')
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n')
    const pairs = lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(': ')).toLowerCase(),
      line.slice(line.indexOf(': ') + 2)
    ])
    expect(pairs.map(([name]) => name)).toEqual([...new Set(pairs.map(([name]) => name))])
    const headers = new Map(pairs)
    const start = end + 4
    const length = hasBody ? Number(headers.get('content-length') ?? 0) : 0
    answers.push({ status, headers, body: rest.slice(start, start + length) })
    rest = rest.slice(start + length)
  }
  return answers
}

const last = ['Connection: close']

const changing = [
  'connection',
  'date',
  'keep-alive',
  'twilio-request-duration',
  'twilio-request-id',
  'transfer-encoding'
]

/** The headers of an answer that came past no socket, as Node writes them. */
async function plainHeaders(path: string): Promise<Record<string, unknown>> {
  const { headers } = await server.get(path, undefined, { host: 'x' })
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !changing.includes(name)))
}

describe('an answer over a connection', () => {
  it.each([
    ['a resource', () => `${list}/${workspace}`],
    ['a list', () => `${list}/${workspace}/Activities`],
    ['an error', () => `${list}/WS${'0'.repeat(32)}`],
    ['of another API', () => '/conversations/v1/Configuration'],
    ['text that is no ASCII', () => `${list}/${cafe}`]
  ])('has the headers that any has, each once: %s', async (_what, pathOf) => {
    const path = pathOf()
    const [answer, ...others] = answersIn(await said(request(`GET ${path} HTTP/1.1`, last)))
    expect(others).toEqual([])
    const { headers, body, status } = answer ?? expect.fail()
    const own = Object.fromEntries([...headers].filter(([name]) => !changing.includes(name)))
    expect(own).toEqual(await plainHeaders(path))
    expect(headers.get('connection')).toBe('close')
    expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/)
    expect(headers.get('twilio-request-duration')).toMatch(/^\d+\.\d{3}$/)
    const told: unknown = JSON.parse(body)
    if (!status.includes('200')) expect(told).toMatchObject({ status: 404 })
    // What Node makes comes first where an answer goes as one text: with one of ASCII alone.
    const names = [...headers.keys()]
    const isOne = names.indexOf('content-length') < names.indexOf('x-content-type-options')
    expect(isOne).toBe(!path.includes(cafe))
  })

  it('to HEAD has no body, and to a write that warns its warnings', async () => {
    const head = answersIn(await said(request(`HEAD ${list}/${workspace} HTTP/1.1`, last)), false)
    expect(head.map(({ status }) => status)).toEqual(['HTTP/1.1 200 OK'])
    expect(Number(head[0]?.headers.get('content-length'))).toBeGreaterThan(100)

    const form = 'FriendlyName=Chat&UniqueName=my-channel'
    const path = `${list}/${workspace}/TaskChannels`
    const warned = await said(request(`POST ${path} HTTP/1.1`, ['Ringdown-Warnings: ask', ...last], form))
    const [answer] = answersIn(warned)
    expect(answer?.status).toBe('HTTP/1.1 201 Created')
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ unique_name: 'my-channel' })
    expect(answer?.headers.has('ringdown-warnings')).toBe(true)
    expect(answer?.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('comes in the order of requests, and is the last one where its caller says so', async () => {
    const both = request(`GET ${list}/${workspace} HTTP/1.1`) + request(`GET ${list} HTTP/1.1`, last)
    const bodies = answersIn(await said(both)).map(({ body }) => Object.keys(JSON.parse(body)))
    expect(bodies.map((keys) => keys.includes('workspaces'))).toEqual([false, true])

    const old = answersIn(await said(request(`GET ${list} HTTP/1.0`)))
    expect(old.map(({ headers }) => headers.get('connection'))).toEqual(['close'])
  })

  it('that fails when something else was about to be sent says nothing of that', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringdown-answer-'))
    mkdirSync(join(folder, 'assets'))
    const file = join(folder, 'assets', 'index-abc.js')
    for (const path of [join(folder, 'index.html'), file, `${file}.br`]) writeFileSync(path, 'x')
    const other = await Served.open({ desk: { folder, frames: () => [] } })
    onTestFinished(async () => {
      await other.close()
      rmSync(folder, { recursive: true })
    })
    await other.app.listen({ port: 0, host: '127.0.0.1' })
    for (const path of [file, `${file}.br`]) rmSync(path)
    const asked = request('GET /desk/assets/index-abc.js HTTP/1.1', ['Accept-Encoding: br', ...last])
    const [answer] = answersIn(await said(asked, other))
    expect(answer?.status).toBe('HTTP/1.1 500 Internal Server Error')
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ status: 500 })
    expect(answer?.headers.get('cache-control')).toBe('no-store')
    expect(answer?.headers.has('content-encoding')).toBe(false)
  })
})
