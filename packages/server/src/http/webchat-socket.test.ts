import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebchatPage } from '../../../../test/support/webchat-page.ts'
import { type AnyJson, Served } from './fixture.ts'

/* A customer's page and its one socket. */

const page = 'https://shop.example'
const sessions = '/ringdown/v1/Webchat/Sessions'

let server: Served
let url: string
let key: string
const pages: WebchatPage[] = []

/** A page on this server, which is closed with it. */
function pageAt(origin?: string): WebchatPage {
  const one = new WebchatPage(url, origin ?? page)
  pages.push(one)
  return one
}

async function opened(token: string, cursor?: string, origin?: string): Promise<WebchatPage> {
  const one = pageAt(origin)
  await one.hello(token, cursor)
  return one
}

beforeEach(async () => {
  server = await Served.open()
  await server.account.execute({ type: 'flex.setup' })
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.app.server.address() as { port: number } // it listens on a port
  url = `ws://127.0.0.1:${port}/ringdown/v1/Webchat/Socket`
  const address = await server.post('/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: 'shop',
    'AutoCreation.Enabled': true,
    'AutoCreation.Type': 'default'
  })
  const limits = JSON.stringify({ messages_per_second: 100, message_burst: 200, sockets: 2 })
  const made = { FriendlyName: 'Shop', AddressSid: address.body.sid, AllowedOrigins: [page], Limits: limits }
  key = (await server.post('/ringdown/v1/Webchat/Deployments', made)).body.sid
})
afterEach(async () => {
  for (const one of pages.splice(0)) one.socket.terminate()
  await server.close()
})

/** What a customer's token opens over REST. */
const asCustomer = (token: string, path: string) =>
  server.ask('GET', path, undefined, { authorization: `Bearer ${token}` })

const asPage = { authorization: '', origin: page, 'content-type': 'application/json' }
const begin = async (body: object = {}) =>
  (await server.ask('POST', sessions, JSON.stringify({ key, ...body }), asPage)).body
const conversation = (sid: string) => `/conversations/v1/Conversations/${sid}`
const bodies = (messages: AnyJson[]) => messages.map(({ body }) => body)

describe('a page', () => {
  it('is told to wait when it comes again and again', async () => {
    const { token } = await begin()
    let last = pageAt()
    for (let n = 0; n <= 30; n++) {
      last = n === 0 ? last : pageAt()
      await last.hello(token)
      if (n < 30) await last.hears('ready')
    }
    expect(await last.hears('end')).toMatchObject({ code: 20429 })
    expect(await last.isClosed()).toBe(1013)
  })

  it('goes on where nobody may begin any more', async () => {
    const { token } = await begin({ form: { query: 'Hello?' } })
    await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, { Enabled: false })
    const ana = await opened(token)
    expect((await ana.hears('ready')).messages).toHaveLength(1)
  })

  it('sees nothing of what is said when its customer was taken out', async () => {
    const { token, conversation_sid, identity } = await begin({ form: { friendlyName: 'Ana', query: 'Hello?' } })
    const ana = await opened(token)
    await ana.hears('ready')
    const place = conversation(conversation_sid)
    const say = (Body: string) => server.post(`${place}/Messages`, { Author: 'emil', Body })
    await server.post(`${place}/Participants`, { Identity: 'emil' })
    await say('One moment')
    await server.delete(`${place}/Participants/${encodeURIComponent(identity)}`)
    expect(await ana.hears('session')).toMatchObject({ status: 'over', reason: 'removed' })
    const { messages } = (await server.ask('GET', `${place}/Messages`)).body
    await server.post(`${place}/Messages/${messages[1].sid}`, { Body: 'Never mind: between us' })
    await say('Between us')
    await server.post(`${place}/Participants`, { Identity: 'nora' })
    ana.say({ type: 'history', id: 'h' })
    const history = await ana.hears('history')
    // What was changed since is not what was said to her, and is shown no more.
    expect(bodies(history.messages)).toEqual(['Hello?'])
    expect(JSON.stringify(ana.frames)).not.toMatch(/Between us|nora/)
    expect(ana.frames.some(({ type }) => type === 'message_updated')).toBe(false)
    // How it was may still be said.
    ana.say({ type: 'rate', rating: 2 })
    expect((await ana.hears('rated')).rating).toBe(2)
    const again = await (await opened(token)).hears('ready')
    expect(again).toMatchObject({ session: { status: 'over' }, participants: [] })
    expect(bodies(again.messages)).toEqual(['Hello?'])
    expect(bodies((await (await opened(token, again.cursor)).hears('ready')).messages)).toEqual(['Hello?'])
    // By the same token over REST there is nothing, and no event tells of it.
    for (const path of [`${place}/Messages`, `${place}/Messages/${messages[1].sid}`, '/ringdown/v1/Events?wait_s=0']) {
      const answer = await asCustomer(token, path)
      expect(JSON.stringify(answer.body)).not.toMatch(/Never mind|Between us|One moment/)
      if (path.startsWith(place)) expect(answer.status).toBe(403)
    }
  })

  it('hears where it is, says and hears, in order', async () => {
    const { token, conversation_sid, identity, sid } = await begin({ form: { friendlyName: 'Ana', query: 'Hello?' } })
    const ana = await opened(token)
    const ready = await ana.hears('ready')
    expect(ready).toMatchObject({ is_resumed: false, has_more: false, session: { sid, status: 'open' } })
    expect(ready.participants).toMatchObject([{ identity, name: 'Ana' }])
    expect(bodies(ready.messages)).toEqual(['Hello?'])
    for (let n = 0; n < 50; n++) ana.say({ type: 'message', id: `m${n}`, body: `No. ${n}` })
    const last = await ana.hears('sent', ({ id }) => id === 'm49')
    expect(last.message).toMatchObject({ index: 50, author: identity, body: 'No. 49' })
    await ana.hears('message', ({ message }) => message.index === 50)
    const heard = ana.frames.filter(({ type }) => type === 'message').map(({ message }) => message.index)
    expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
    // An agent answers, edits, takes back; and reads.
    const { body: message } = await server.post(`${conversation(conversation_sid)}/Messages`, {
      Author: 'emil',
      Body: 'Hi'
    })
    expect((await ana.hears('message', ({ message: { author } }) => author === 'emil')).message).toMatchObject({
      index: 51
    })
    await server.post(`${conversation(conversation_sid)}/Messages/${message.sid}`, { Body: 'Hi!' })
    expect((await ana.hears('message_updated')).message.body).toBe('Hi!')
    await server.delete(`${conversation(conversation_sid)}/Messages/${message.sid}`)
    expect(await ana.hears('message_removed')).toMatchObject({ sid: message.sid, index: 51 })
    await server.post(`${conversation(conversation_sid)}/Participants`, { Identity: 'emil' })
    expect(await ana.hears('participant', ({ did }) => did === 'joined')).toMatchObject({
      participant: { identity: 'emil' }
    })
    ana.say({ type: 'read', index: 40 })
    await ana.hears(
      'participant',
      ({ did, participant }) => did === 'updated' && participant.last_read_message_index === 40
    )
    await server.post(`/ringdown/v1/Conversations/${conversation_sid}/Typing`, { Identity: 'emil', Active: true })
    expect(await ana.hears('typing')).toMatchObject({ identity: 'emil', active: true })
    ana.say({ type: 'typing' })
    ana.say({ type: 'history', id: 'h', before: 10, limit: 3 })
    expect(await ana.hears('history')).toMatchObject({
      id: 'h',
      has_more: true,
      messages: [{ index: 7 }, { index: 8 }, { index: 9 }]
    })
    const signs = (await server.get(`/ringdown/v1/Conversations/${conversation_sid}/Presence`)).body.typing
    expect(signs.map((sign: AnyJson) => sign.identity)).toEqual(['emil', identity])
  })

  it('that lost its socket hears what it has missed, once, and what it asks again is done once', async () => {
    const { token, conversation_sid } = await begin()
    const first = await opened(token)
    await first.hears('ready')
    first.say({ type: 'message', id: 'one', body: 'One' })
    const { cursor } = await first.hears('message')
    await first.hears('sent')
    first.socket.terminate()
    const answer = await server.post(`${conversation(conversation_sid)}/Messages`, { Author: 'emil', Body: 'Two' })
    const again = await opened(token, cursor)
    const ready = await again.hears('ready')
    expect(ready).toMatchObject({ is_resumed: true, messages: [{ sid: answer.body.sid, index: 1 }] })
    again.say({ type: 'message', id: 'one', body: 'One' })
    expect((await again.hears('sent')).message.index).toBe(0)
    again.say({ type: 'message', id: 'one', body: 'Other' })
    expect(await again.hears('refused')).toMatchObject({ id: 'one', code: 20409 })
    const all = (await server.get(`${conversation(conversation_sid)}/Messages`)).body.messages
    expect(bodies(all)).toEqual(['One', 'Two'])
    // What was said earlier and has changed since; and where something is gone, all begins anew.
    await server.post(`${conversation(conversation_sid)}/Messages/${all[0].sid}`, { Body: 'One!' })
    const third = await opened(token, ready.cursor)
    expect(bodies((await third.hears('ready')).updated)).toContain('One!')
    await server.delete(`${conversation(conversation_sid)}/Messages/${all[0].sid}`)
    const fourth = await opened(token, ready.cursor)
    expect(await fourth.hears('ready')).toMatchObject({ is_resumed: false, messages: [{ body: 'Two' }] })
  })

  it('sees the end, rates, and reads what was said', async () => {
    const { token, conversation_sid, resume, sid } = await begin({ form: { query: 'Hello?' } })
    const ana = await opened(token)
    await ana.hears('ready')
    await server.post(conversation(conversation_sid), { State: 'closed' })
    await ana.hears('state', ({ state }) => state === 'closed')
    expect(await ana.hears('session')).toMatchObject({ status: 'over', reason: 'closed' })
    ana.say({ type: 'message', id: 'late', body: 'Wait!' })
    expect(await ana.hears('refused')).toMatchObject({ id: 'late', code: 50377 })
    ana.say({ type: 'rate', rating: 6 })
    await ana.hears('refused', ({ message }) => /Rating must be|provided for Rating/.test(message))
    ana.say({ type: 'rate', rating: 5, comment: 'Thanks' })
    expect(await ana.hears('rated')).toMatchObject({ rating: 5 })
    expect((await server.get(`${sessions}/${sid}`)).body).toMatchObject({
      rating: 5,
      rating_comment: 'Thanks',
      status: 'over'
    })
    const back = (await server.ask('POST', sessions, JSON.stringify({ key, resume }), asPage)).body
    const again = await opened(back.token)
    expect(await again.hears('ready')).toMatchObject({ session: { status: 'over' }, messages: [{ body: 'Hello?' }] })
    await server.clock.advance(86_400_000)
    expect(await again.isClosed()).toBe(4401)
  })

  it('ends the chat for itself', async () => {
    const { token, conversation_sid } = await begin()
    const ana = await opened(token)
    await ana.hears('ready')
    ana.say({ type: 'end' })
    expect(await ana.hears('session')).toMatchObject({ status: 'over', reason: 'customer' })
    expect((await server.get(conversation(conversation_sid))).body.state).toBe('closed')
    ana.say({ type: 'end' })
    await ana.hears('session', (frame) => frame.sid !== undefined)
  })

  it('is sent away where its handle was stolen, its conversation is gone, or its token is nobody’s', async () => {
    const stolen = await begin()
    const one = await opened(stolen.token)
    await one.hears('ready')
    const resume = () => server.ask('POST', sessions, JSON.stringify({ key, resume: stolen.resume }), asPage)
    await resume()
    await server.clock.advance(61_000)
    expect((await resume()).status).toBe(403)
    expect(await one.isClosed()).toBe(4401)
    expect(one.frames.at(-1)).toMatchObject({ type: 'session', status: 'ended', reason: 'stolen' })
    const gone = await begin()
    const two = await opened(gone.token)
    await two.hears('ready')
    await server.delete(conversation(gone.conversation_sid))
    expect(await two.isClosed()).toBe(4401)
    for (const token of [stolen.token, gone.token, 'x.y.z', ''])
      expect(await (await opened(token)).isClosed()).toBe(4401)
  })

  it('renews its token on its socket', async () => {
    const { token } = await begin()
    const ana = await opened(token)
    await ana.hears('ready')
    ana.say({ type: 'renew' })
    const fresh = await ana.hears('token')
    ana.say({ type: 'token', token: fresh.token })
    ana.say({ type: 'ping' })
    await ana.hears('pong')
    const other = await begin()
    ana.say({ type: 'token', token: other.token })
    ana.say({ type: 'message', id: 'm', body: 'Still me' })
    expect((await ana.hears('sent')).message.author).not.toBe(other.identity)
  })

  it('of another origin is not let in, nor one that is not this deployment’s', async () => {
    const evil = pageAt('https://evil.example')
    const [, response] = await once(evil.socket, 'unexpected-response')
    expect(response.statusCode).toBe(403)
    const address = await server.post('/conversations/v1/Configuration/Addresses', { Type: 'chat', Address: 'b' })
    const other = { FriendlyName: 'B', AddressSid: address.body.sid, AllowedOrigins: ['https://b.example'] }
    await server.post('/ringdown/v1/Webchat/Deployments', other)
    const { token } = await begin()
    const wrong = await opened(token, undefined, 'https://b.example')
    expect(await wrong.isClosed()).toBe(4401)
  })
})

describe('bounds', () => {
  it('of messages: bytes, pace, what they bring', async () => {
    await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, { Limits: '{"message_burst":3,"message_bytes":10}' })
    const { token } = await begin()
    const ana = await opened(token)
    await ana.hears('ready')
    for (const [frame, message] of [
      [{ body: 'ääääää' }, /longer than 10 bytes/],
      [{ body: ' ' }, /has a body or a media_sid/],
      [{ body: 7 }, /body must be a text/],
      [{ media_sid: 'ME1' }, /media_sid must be/],
      [{ body: 'x', attributes: {} }, /attributes must be/],
      [{ body: 'x', id: 'ä' }, /id must be/]
    ] as const) {
      ana.frames.length = 0
      ana.say({ type: 'message', ...frame })
      expect((await ana.hears('refused')).message).toMatch(message)
    }
    for (let n = 0; n < 5; n++) ana.say({ type: 'message', id: `m${n}`, body: 'x' })
    expect(await ana.hears('refused', ({ id }) => id === 'm4')).toMatchObject({ code: 20429, status: 429 })
    expect(ana.frames.filter(({ type }) => type === 'sent').length).toBeLessThan(5)
  })

  it('of sockets: the eldest of a chat makes room', async () => {
    const { token } = await begin()
    const [one, two] = [await opened(token), await opened(token)]
    await one.hears('ready')
    await two.hears('ready')
    const three = await opened(token)
    await three.hears('ready')
    expect(await one.isClosed()).toBe(4409)
    expect(two.closed).toBeUndefined()
  })

  it('of nonsense: a socket that is fuzzed is closed or answered, and others feel nothing', async () => {
    const { token } = await begin()
    const calm = await opened(token)
    await calm.hears('ready')
    const nonsense: (string | Buffer)[] = [
      '',
      '{',
      '[]',
      'null',
      '{"type":7}',
      '"hello"',
      Buffer.from([0xff, 0xfe]),
      '['.repeat(10_000),
      `{"type":"hello","token":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      '{"type":"message","body":"x"}',
      'x'.repeat(300_000)
    ]
    for (const text of nonsense) {
      const one = pageAt()
      await once(one.socket, 'open')
      one.socket.send(text)
      expect([1008, 1009, 4401]).toContain(await one.isClosed())
    }
    for (const frame of [
      { type: '__proto__' },
      { type: 'constructor' },
      { type: 'x'.repeat(1000) },
      { type: 'read', index: -1 },
      { type: 'read', index: 1e300 },
      { type: 'rate', rating: 'a' },
      { type: 'history', before: 'x', limit: -5 },
      { type: 'typing', active: 7 },
      { type: 'token', token: {} },
      { type: 'hello', token: 7, cursor: {} },
      { type: 'message', body: '\u0000' }
    ])
      calm.say(frame)
    calm.say('{')
    calm.say({ type: 'ping' })
    await calm.hears('pong')
    expect(calm.closed).toBeUndefined()
    expect(calm.frames.filter(({ type }) => type === 'refused').length).toBeGreaterThan(6)
  })
})
