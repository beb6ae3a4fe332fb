import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type World, world } from '../../support/world.ts'

/* Who types and who looks, told to streams that want to hear it, and never in the log. */

let here: World
let conversation: string
const opened: { close(): void }[] = []
beforeAll(async () => {
  here = await world()
  conversation = (await here.call('/conversations/v1/Conversations', { UniqueName: 'order-1' })).body.sid
})
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})
afterAll(() => here.close())

const v1 = '/ringdown/v1'

type Frame = Readonly<Record<string, { readonly identity: string; readonly active: boolean }>>

/** Frames of a socket that are no pages. */
async function listener(query: string): Promise<Frame[]> {
  const url = `${here.running.url.replace('http', 'ws')}${v1}/Events/socket?${query}`
  const socket = new WebSocket(url, { headers: { authorization: here.authorization } })
  opened.push({ close: () => socket.terminate() })
  const frames: Frame[] = []
  const first = once(socket, 'message')
  socket.on('message', (text) => {
    const frame = JSON.parse(String(text))
    if (!('events' in frame)) frames.push(frame)
  })
  await first
  return frames
}

const typing = (identity: string, more: Record<string, string> = {}, name = conversation) =>
  here.call(`${v1}/Conversations/${name}/Typing`, { Identity: identity, ...more })

const told = (frames: readonly Frame[]) =>
  frames.map((frame) => Object.entries(frame).map(([kind, { identity, active }]) => `${kind} ${identity} ${active}`)[0])

describe('presence', () => {
  it('is told to sockets that ask for it, of the conversation that they follow', async () => {
    const all = await listener('presence=true')
    const deaf = await listener('types=message.*')
    const other = await listener(`presence=true&conversation_sid=CH${'0'.repeat(32)}`)
    const own = await listener(`presence=true&types=message.*&conversation_sid=${conversation}`)
    const now = here.running.clock?.now() ?? 0
    expect(await typing('ana')).toMatchObject({
      status: 200,
      body: { identity: 'ana', active: true, ends_at: new Date(now + 6_000).toISOString() }
    })
    await here.call(`${v1}/Conversations/order-1/Viewing`, { Identity: 'nora' })
    expect((await here.call(`${v1}/Conversations/order-1/Presence`)).body).toMatchObject({
      conversation_sid: conversation,
      typing: [{ identity: 'ana' }],
      viewing: [{ identity: 'nora' }]
    })
    expect((await typing('ana', { Active: 'false' })).body).toMatchObject({ active: false, ends_at: null })
    await expect.poll(() => told(own)).toEqual(['typing ana true', 'viewing nora true', 'typing ana false'])
    expect(told(all)).toEqual(told(own))
    expect(own[0]?.typing).toMatchObject({
      conversation_sid: conversation,
      ends_at: new Date(now + 6_000).toISOString()
    })
    expect([deaf, other]).toEqual([[], []])
  })

  it('is over after six seconds, and in no log', async () => {
    await typing('bob')
    await here.pass(6)
    expect((await here.call(`${v1}/Conversations/${conversation}/Presence`)).body.typing).toEqual([])
    const { events } = (await here.call(`${v1}/Events?since=PT1H&limit=1000`)).body
    expect(JSON.stringify(events)).not.toContain('bob')
  })

  it('is told over server-sent events by its name', async () => {
    const gone = new AbortController()
    opened.push({ close: () => gone.abort() })
    const headers = { authorization: here.authorization }
    const stream = await fetch(`${here.running.url}${v1}/Events/stream?presence=true`, { headers, signal: gone.signal })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('opened')) text += (await reader?.read())?.value
    await typing('ana')
    while (!/typing\n.*\n\n/.test(text)) text += (await reader?.read())?.value
    expect(text).toMatch(
      /event: typing\ndata: \{"conversation_sid":"CH\w+","chat_service_sid":"IS\w+","identity":"ana"/
    )
  })

  it('is refused where there is nothing to look at, or nobody who could answer', async () => {
    expect((await typing('ana', {}, `CH${'0'.repeat(32)}`)).status).toBe(404)
    expect((await here.call(`${v1}/Conversations/${conversation}/Typing`, {})).status).toBe(400)
    expect((await typing('x'.repeat(257))).status).toBe(400)
    await here.call(`/conversations/v1/Conversations/${conversation}`, { State: 'closed' })
    expect((await typing('ana')).status).toBe(400)
    expect((await here.call(`${v1}/Conversations/${conversation}/Viewing`, { Identity: 'nora' })).status).toBe(200)
    const wrong = await here.call(`${v1}/Events/stream?presence=perhaps`)
    expect(wrong).toMatchObject({ status: 400, body: { message: expect.stringContaining('true or false') } })
  })
})
