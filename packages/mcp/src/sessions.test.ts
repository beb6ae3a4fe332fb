import { McpServer } from '@modelcontextprotocol/server'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { SentMessages } from './sent-messages.ts'
import { type SessionLimits, Sessions } from './sessions.ts'

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } }
const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params }
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** Sessions whose time a test moves; `begin` answers the id of one, and what ends the request that began it. */
function holding(limits: Partial<SessionLimits>) {
  vi.useFakeTimers()
  const sessions = new Sessions(limits)
  onTestFinished(() => {
    sessions.close()
    vi.useRealTimers()
  })
  const begin = async (principal: string, stands?: () => boolean) => {
    let over = () => {}
    const asked = {
      request: new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body: JSON.stringify(initialize) }),
      options: {},
      onceOver: (call: () => void) => {
        over = call
      }
    }
    const make = () => new McpServer({ name: 'test', version: '0' })
    const response = await sessions.begin(asked, { principal, stands }, make)
    const id = response?.headers.get('mcp-session-id') ?? undefined
    return { id, over: () => over(), isThere: () => sessions.find(id ?? '', { principal }) !== undefined }
  }
  return { sessions, begin }
}

describe('sessions', () => {
  it('give way, the one first that was used longest ago, but never one that is in use', async () => {
    const { begin } = holding({ perCaller: 2, inAll: 3 })
    const [first, second] = [await begin('ada'), await begin('ada')]
    first.over()
    const third = await begin('ada')
    expect([first, second, third].map(({ isThere }) => isThere())).toEqual([false, true, true])
    // All of this caller's are in use; another's place is another's.
    expect((await begin('ada')).id).toBeUndefined()
    const other = await begin('bob')
    expect(other.isThere()).toBe(true)
    expect((await begin('carla')).id).toBeUndefined()
    other.over()
    third.over()
    expect((await begin('carla')).isThere()).toBe(true)
    expect([other, third].map(({ isThere }) => isThere())).toEqual([false, true])
  })

  it('end when nobody has used them for their time, and none before', async () => {
    const { begin, sessions } = holding({ idle_ms: 60_000 })
    const [idle, listening] = [await begin('ada'), await begin('ada')]
    vi.advanceTimersByTime(120_000)
    expect(idle.isThere()).toBe(true)
    idle.over()
    vi.advanceTimersByTime(59_000)
    expect(idle.isThere()).toBe(true)
    vi.advanceTimersByTime(2_000)
    expect([idle, listening].map(({ isThere }) => isThere())).toEqual([false, true])
    expect(sessions.size).toBe(1)
  })

  it('end within a second after their credential is gone, in use or not', async () => {
    const { begin } = holding({})
    let stands = true
    const [hers, his] = [await begin('ada', () => stands), await begin('bob')]
    stands = false
    vi.advanceTimersByTime(1000)
    expect([hers, his].map(({ isThere }) => isThere())).toEqual([false, true])
  })
})

describe('what was sent to a session', () => {
  const message = (id: number, text = '') => ({ jsonrpc: '2.0' as const, id, result: { text } })
  const after = async (sent: SentMessages, id: string) => {
    const again: unknown[] = []
    const stream = await sent.replayEventsAfter(id, {
      send: async (_id, { ...one }) => void again.push(Object(one).id)
    })
    return { stream, again }
  }

  it('is sent again after the message that a client names, of the same stream', async () => {
    const sent = new SentMessages()
    const opened = await sent.storeEvent('one', {} as never) // as the SDK opens a stream
    await sent.storeEvent('two', message(1))
    const second = await sent.storeEvent('one', message(2))
    await sent.storeEvent('one', message(3))
    expect(await after(sent, opened)).toEqual({ stream: 'one', again: [2, 3] })
    expect(await after(sent, second)).toEqual({ stream: 'one', again: [3] })
    expect(await sent.getStreamIdForEventId(second)).toBe('one')
    expect(await sent.getStreamIdForEventId('nonsense')).toBeUndefined()
  })

  it('is kept so far: so many, so long, so late, and the last one in any case', async () => {
    const limits = { messages: 3, bytes: 1000, age_ms: 60_000 }
    const sent = new SentMessages(limits)
    const first = await sent.storeEvent('one', message(0))
    for (const id of [1, 2, 3, 4]) await sent.storeEvent('one', message(id))
    expect((await after(sent, first)).again).toEqual([2, 3, 4])
    await sent.storeEvent('one', message(5, 'x'.repeat(900)))
    expect((await after(sent, first)).again).toEqual([4, 5])
    await sent.storeEvent('one', message(6, 'x'.repeat(2000)))
    expect((await after(sent, first)).again).toEqual([6])
    sent.forgetOld(performance.now() + 61_000)
    expect((await after(sent, first)).again).toEqual([])
  })
})
