import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { FeedLimits } from '../realtime/feed/feed.ts'
import { Served, served } from './fixture.ts'

/* What bounds the feed: calls that wait, streams that are open, readers that do not read. */

const headers = { authorization: served.authorization }
let server: Served | undefined

afterEach(async () => {
  await server?.close()
})

async function listening(feedLimits: Partial<FeedLimits>): Promise<{ server: Served; url: string }> {
  server = await Served.open({ feedLimits })
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  return { server, url: `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/ringdown/v1/Events` } // as: it listens on a port
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { headers })
  await response.body?.cancel()
  return response.status
}

describe('calls that wait', () => {
  it('are so many at most; one that is given up makes room', async () => {
    const { url } = await listening({ polls: 2 })
    const leave = new AbortController()
    const waiting = [1, 2].map(() => fetch(`${url}?wait_s=50`, { headers, signal: leave.signal }).catch(() => 'left'))
    let refused = await fetch(`${url}?wait_s=1`, { headers })
    while (refused.status === 200) refused = await fetch(`${url}?wait_s=1`, { headers })
    expect(await refused.json()).toMatchObject({
      code: 20429,
      status: 429,
      message: expect.stringContaining('waiting')
    })
    // Whoever does not wait is answered.
    expect(await statusOf(`${url}?wait_s=0`)).toBe(200)
    leave.abort()
    expect(await Promise.all(waiting)).toEqual(['left', 'left'])
    while ((await statusOf(`${url}?wait_s=1`)) === 429);
  })
})

describe('streams', () => {
  it('are so many at most', async () => {
    const { url } = await listening({ streams: 1 })
    const leave = new AbortController()
    const first = await fetch(`${url}/stream`, { headers, signal: leave.signal })
    expect(first.status).toBe(200)
    const second = await fetch(`${url}/stream`, { headers })
    expect(second.status).toBe(429)
    expect(await second.json()).toMatchObject({ code: 20429 })
    leave.abort()
    while ((await statusOf(`${url}/stream`)) === 429);
  })

  it('say in silence that they are still there, and where', async () => {
    const { server, url } = await listening({ heartbeat_ms: 20 })
    const response = await fetch(`${url}/stream?types=task.created`, { headers })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) text += (await reader?.read())?.value ?? ''
    }
    await until(/: still here\nid: [\w-]{20}\n\n/)
    const before = /\nid: ([\w-]{20})\n\n$/.exec(text)?.[1]
    await server.account.execute({ type: 'workspace.create', friendly_name: 'Floor' })
    const { cursor } = (await (await fetch(`${url}?wait_s=0`, { headers })).json()) as { cursor: string } // as: a page has one
    expect(cursor).not.toBe(before)
    await until(new RegExp(`: still here\nid: ${cursor}\n\n`))
    await reader?.cancel()
  })
})

it('hears a page that says at once by whom it is, however many sockets say nothing', async () => {
  const { url } = await listening({})
  const open = async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, { origin: 'https://desk.example' })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return socket
  }
  const silent: WebSocket[] = []
  for (let i = 0; i < 100; i++) silent.push(await open())
  const eldest = new Promise((resolve) => silent[0]?.once('close', resolve))
  const page = await open()
  await eldest
  const answer = new Promise((resolve) => page.once('message', (text) => resolve(JSON.parse(String(text)))))
  page.send('{"token":"x.y.z"}')
  expect(await answer).toMatchObject({ end: { reason: 'invalid' } })
  for (const socket of silent) socket.terminate()
})

it('does not listen for pages of other places, whose browser knows the credentials', async () => {
  const { url } = await listening({})
  const opening = (origin: string) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket?types=*`, { headers: { ...headers, origin } })
    return new Promise<number | undefined>((resolve) => {
      socket.on('open', () => {
        resolve(101)
        socket.close()
      })
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('error', () => {})
    })
  }
  expect(await opening('https://evil.example')).toBe(403)
  expect(await opening('null')).toBe(403)
  expect(await opening(new URL(url).origin)).toBe(101)
})

describe('a reader that does not read', () => {
  const limits = { unread_bytes: 50_000, patience_ms: 100, streams: 1 }

  /** Makes events until the only stream has been dropped: more than the sockets between two ends hold. */
  async function flood({ account }: Served, url: string): Promise<void> {
    const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Floor' })
    const workspace_sid = workspace.sid
    const { worker } = await account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'ada' })
    for (let i = 0; i < 100 && (await statusOf(`${url}/stream`)) === 429; i++) {
      const update = (j: number) => {
        const attributes = JSON.stringify({ i, j, note: 'x'.repeat(4_000) })
        return account.execute({ type: 'worker.update', workspace_sid, sid: worker.sid, attributes })
      }
      await Promise.all(Array.from({ length: 64 }, (_, j) => update(j)))
    }
  }

  it('of server-sent events finds at the end why, and where to go on', async () => {
    const { server, url } = await listening(limits)
    const { port, pathname } = new URL(url)
    const socket: Socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET ${pathname}/stream HTTP/1.1\r\nHost: a\r\nAuthorization: ${served.authorization}\r\n\r\n`)
    await new Promise((resolve) => socket.once('readable', resolve))
    await flood(server, url)
    let text = ''
    for await (const part of socket) {
      text += String(part)
      if (text.endsWith('\r\n0\r\n\r\n')) break
    }
    const [, last = ''] = /event: end\ndata: (.*)\n/.exec(text) ?? []
    const end = JSON.parse(last)
    expect(end).toMatchObject({ reason: 'slow', message: expect.stringContaining('not read fast enough') })
    const ids = [...text.matchAll(/(?<=\n)id: ([\w-]{20})\n/g)].map(([, id]) => id)
    expect(ids.slice(-2)).toEqual([end.cursor, end.cursor])
    const { body } = await server.get('/ringdown/v1/Events', { cursor: ids[0], limit: 1000, wait_s: 0 })
    expect(body.events.map(({ cursor }: { cursor: string }) => cursor)).toEqual(
      ids.slice(1, -1).slice(0, body.events.length)
    )
  })

  it('of a WebSocket is told by its last message and the close code', async () => {
    const { server, url } = await listening(limits)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket?types=worker.*`, { headers })
    await new Promise((resolve) => socket.once('message', resolve))
    const messages: string[] = []
    socket.on('message', (data) => messages.push(String(data)))
    const closed = new Promise<[number, string]>((resolve) =>
      socket.once('close', (code, reason) => resolve([code, String(reason)]))
    )
    socket.pause()
    await flood(server, url)
    socket.resume()
    const [code, reason] = await closed
    const { end } = JSON.parse(messages.at(-1) ?? '{}')
    expect(end).toMatchObject({ reason: 'slow', cursor: expect.any(String) })
    expect([code, reason]).toEqual([1008, `slow: go on from cursor ${end.cursor}`])
    expect(JSON.parse(messages.at(-2) ?? '{}').cursor).toBe(end.cursor)
  })
})
