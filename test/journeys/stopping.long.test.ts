import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Folder, FolderTaken, takeFolder } from '@ringdown/server/store/folder-lock'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * A server that is told to stop lets its account go at once, whatever its callers hold on to, and ends a few seconds later.
 */
const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`
const head = `Host: ringdown\r\nAuthorization: ${authorization}\r\n`
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const create = '/taskrouter/v1/Workspaces'

const waiting = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'wait_for_events', arguments: { waitSeconds: 25 } }
})

/** Connections that never finish by themselves, and what was said on each. */
const holders: Readonly<Record<string, string>> = {
  'half a header': 'GET /taskrouter/v1/Workspaces HTTP/1.1\r\nHost: ring',
  'half a header behind an answer': `GET /health HTTP/1.1\r\n${head}\r\nGET /health HT`,
  'half a body': `POST ${create} HTTP/1.1\r\n${head}${form}Content-Length: 100\r\n\r\nFriendlyName=Half`,
  'an upload in pieces': `POST ${create} HTTP/1.1\r\n${head}${form}Transfer-Encoding: chunked\r\n\r\n5\r\nFrien\r\n`,
  'an upload of a stranger': `POST ${create} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nFriendlyName=`,
  'half a message to the tools': `POST /mcp HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
  'a tool that waits': `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${waiting.length}\r\n\r\n${waiting}`,
  'half a call of a worker': `POST /event-bridge/v1/wschannels HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{`,
  'an upgrade to something else': `GET /health HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /`,
  'a stream of events': `GET /ringdown/v1/Events/stream HTTP/1.1\r\n${head}\r\n`,
  'a long poll': `GET /ringdown/v1/Events?wait_s=25 HTTP/1.1\r\n${head}\r\n`,
  'a reader that does not read': `GET /metrics HTTP/1.1\r\n${head}\r\n`.repeat(2000),
  'nothing at all': ''
}

async function hold(url: string, text: string): Promise<{ socket: Socket; said: () => string }> {
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  let said = ''
  await once(socket, 'connect')
  if (text.length > 100_000) socket.pause()
  else socket.on('data', (piece) => (said += piece))
  socket.write(text)
  return { socket, said: () => said }
}

/** Every holder on a server, and a socket of the feed. Resolves when the server has them all. */
async function holdAll({ url }: Started) {
  const held = new Map<string, Awaited<ReturnType<typeof hold>>>()
  for (const [name, text] of Object.entries(holders)) held.set(name, await hold(url, text))
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ringdown/v1/Events/socket?types=task.*`, {
    headers: { authorization }
  })
  socket.on('error', () => {})
  await once(socket, 'message')
  await expect.poll(() => held.get('a stream of events')?.said()).toContain('event: opened')
  return held
}

async function made(url: string, name: string): Promise<number> {
  const body = new URLSearchParams({ FriendlyName: name })
  return (await fetch(url + create, { method: 'POST', body, headers: { authorization } })).status
}

async function namesAt(url: string): Promise<string[]> {
  const answer = await fetch(url + create, { headers: { authorization } })
  const { workspaces } = (await answer.json()) as { workspaces: { friendly_name: string }[] } // as the API answers
  return workspaces.map(({ friendly_name }) => friendly_name)
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ringdown-stopping-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** The lock of a folder as soon as nobody else has it: a whole server would take too long to start to know when that was. */
async function takenFolder(data: string): Promise<Folder> {
  for (;;) {
    const folder = await takeFolder(data).catch((error: unknown) => {
      if (!(error instanceof FolderTaken)) throw error
    })
    if (folder) return folder
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isRunning({ child }: Started): boolean {
  return child.exitCode === null && child.signalCode === null
}

describe('a server that is told to stop', () => {
  it('gives its folder to the next one while callers still hold on to it, and ends by itself', async () => {
    const data = await folder()
    const first = await started(['--data', data])
    expect(await made(first.url, 'Before')).toBe(201)
    const held = await holdAll(first)
    const ended = first.stop()
    await (await takenFolder(data)).release()
    const wasRunning = isRunning(first)
    const second = await started(['--data', data])
    expect(await namesAt(second.url)).toContain('Before')
    expect(await ended).toBe(0)
    expect(wasRunning, 'the first one still had callers when the second one had the folder').toBe(true)
    expect(held.get('a stream of events')?.said()).toMatch(/event: end[\s\S]*stopping/)
    expect(held.get('a long poll')?.said()).toMatch(/^HTTP\/1\.1 200/)
    expect(held.get('a tool that waits')?.said()).toMatch(/^HTTP\/1\.1 200[\s\S]*"jsonrpc":"2\.0"/)
    expect(held.get('an upload of a stranger')?.said()).toMatch(/^HTTP\/1\.1 401/)
    expect(await second.stop()).toBe(0)
  })

  it('decides nothing that comes in full only afterwards, and says so', async () => {
    const data = await folder()
    const server = await started(['--data', data])
    const { socket, said } = await hold(server.url, holders['half a body'] as string) // it is in the table
    const idle = await hold(server.url, '')
    expect(await made(server.url, 'Before')).toBe(201)
    const ended = server.stop()
    // A connection without a word is hung up on when the server stops.
    await once(idle.socket, 'end')
    socket.write('&x='.padEnd(100 - 'FriendlyName=Half'.length, 'x'))
    await once(socket, 'end')
    expect(said()).toMatch(/^HTTP\/1\.1 503 /)
    expect(said()).toMatch(/^connection: close\r$/im)
    expect(JSON.parse(said().slice(said().indexOf('{')))).toMatchObject({ code: 20503, status: 503 })
    expect(await ended).toBe(0)
    const next = await started(['--data', data])
    expect(await namesAt(next.url)).toEqual(expect.arrayContaining(['Before']))
    expect(await namesAt(next.url)).not.toContain('Half')
    expect(await next.stop()).toBe(0)
  })

  it('waits for nobody when it is asked again', async () => {
    const server = await started(['--data', await folder()])
    const { socket } = await hold(server.url, holders['half a header'] as string) // it is in the table
    const idle = await hold(server.url, '')
    // Who is answered knows that the half of a header before it was read: to the server its connection is not an idle one.
    expect(await made(server.url, 'Before')).toBe(201)
    const closed = once(socket, 'end')
    const ended = server.stop()
    await once(idle.socket, 'end')
    // Once: whoever asks a third time is not even waited for to end well.
    const insisting = setTimeout(() => server.child.kill('SIGTERM'), 1_500)
    onTestFinished(() => clearTimeout(insisting))
    await closed
    expect(await ended).toBe(0)
  })
})

const database = await findPostgres()

describe.runIf(database !== undefined)('a node of several that is told to stop', () => {
  it('leaves the account to the one that stands by while callers still hold on to it', async () => {
    const place = await postgresPlace(database as string) // as: it runs only where there is one
    onTestFinished(() => place.clear())
    const node = async () => started(['--data', await folder(), '--database', place.url])
    const first = await node()
    await expect.poll(async () => (await fetch(`${first.url}/ready`)).status, { timeout: 10_000 }).toBe(200)
    expect(await made(first.url, 'Before')).toBe(201)
    const second = await node()
    expect((await fetch(`${second.url}/ready`)).status).toBe(503)
    for (const name of ['half a header', 'half a body', 'an upload of a stranger', 'a reader that does not read'])
      await hold(first.url, holders[name] as string) // they are in the table
    const ended = first.stop()
    await expect
      .poll(async () => (await fetch(`${second.url}/ready`)).status, { timeout: 10_000, interval: 50 })
      .toBe(200)
    expect(isRunning(first)).toBe(true)
    expect(await namesAt(second.url)).toContain('Before')
    expect(await ended).toBe(0)
    expect(await second.stop()).toBe(0)
  })

  it('ends with success while it stands by, too', async () => {
    const place = await postgresPlace(database as string) // as above
    onTestFinished(() => place.clear())
    const node = async () => started(['--data', await folder(), '--database', place.url])
    const first = await node()
    await expect.poll(async () => (await fetch(`${first.url}/ready`)).status, { timeout: 10_000 }).toBe(200)
    const second = await node()
    expect(await second.stop()).toBe(0)
    expect(await first.stop()).toBe(0)
  })
})
