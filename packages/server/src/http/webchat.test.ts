import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Served } from './fixture.ts'

/* Customers' pages at the door: who may begin a chat, who may come back to one, and what their tokens open. */

const page = 'https://shop.example'
const sessions = '/ringdown/v1/Webchat/Sessions'

let server: Served
let key: string

beforeEach(async () => {
  server = await Served.open()
  await server.account.execute({ type: 'flex.setup' })
  key = await deployment()
})
afterEach(() => server.close())

async function deployment(params: Readonly<Record<string, string | readonly string[]>> = {}): Promise<string> {
  const address = await server.post('/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: `shop ${Math.random()}`,
    'AutoCreation.Enabled': true,
    'AutoCreation.Type': 'default'
  })
  const made = await server.post('/ringdown/v1/Webchat/Deployments', {
    FriendlyName: 'Shop',
    AddressSid: address.body.sid,
    AllowedOrigins: [page],
    ...params
  })
  expect(made.status).toBe(201)
  return made.body.sid
}

const asPage = { authorization: '', origin: page, 'content-type': 'application/json' }
const send = (url: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  server.ask('POST', url, JSON.stringify(body), { ...asPage, ...headers })
const begin = async (body: object = {}) => (await send(sessions, { key, ...body })).body
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function signed(sub: string, secret: string, life = '1h'): Promise<string> {
  return new SignJWT({ name: 'Ana', email: 'ana@example.com' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(life)
    .sign(new TextEncoder().encode(secret))
}

const secretOf = async (sid = key) => (await server.post(`/ringdown/v1/Webchat/Deployments/${sid}/Secret`)).body.secret

describe('a deployment', () => {
  it('shows pages what they need without credentials, and its admins all but the secret', async () => {
    const place = `/ringdown/v1/Webchat/Deployments/${key}`
    await server.post(place, {
      Theme: '{"accent":"#0a7"}',
      Hours: '{"timezone":"UTC","weekly":{"mon":[["10:00","12:00"]]}}'
    })
    const shown = await server.ask('GET', place, undefined, { authorization: '' })
    expect(shown).toMatchObject({
      status: 200,
      body: { key, theme: { accent: '#0a7' }, is_open: false, enabled: true }
    })
    expect(shown.headers).toMatchObject({ 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' })
    // At the same address, who has credentials is shown more.
    expect(shown.headers.vary).toBe('Authorization')
    expect(JSON.stringify(shown.body)).not.toMatch(/address_sid|origin|secret/)
    await secretOf()
    expect((await server.get(place)).body).toMatchObject({ has_secret: true, allowed_origins: [page], form: {} })
    await server.clock.advance(3_600_000)
    expect((await server.ask('GET', place, undefined, { authorization: '' })).body.is_open).toBe(true)
    expect((await server.ask('GET', `${place.slice(0, -1)}_`, undefined, { authorization: '' })).status).toBe(401)
  })

  it('is refused with what makes no sense', async () => {
    for (const [what, params, message] of [
      ['an origin with a path', { AllowedOrigins: ['https://shop.example/cart'] }, /AllowedOrigins must be an origin/],
      [
        'eleven origins',
        { AllowedOrigins: Array.from({ length: 11 }, (_, n) => `https://s${n}.example`) },
        /at most 10/
      ],
      ['no JSON', { Theme: '{' }, /Theme must be a JSON object/],
      ['a form of no fields', { Form: '{"fields":{}}' }, /Form must be a JSON object with a list/],
      ['no time zone', { Hours: '{"timezone":"Mars/Olympus"}' }, /timezone must be one like/],
      ['a limit that is none', { Limits: '{"messages_per_second":1e9}' }, /from 0.01 to 100/],
      ['an unknown limit', { Limits: '{"chats":1}' }, /Limits.chats is not known/]
    ] as const) {
      const refused = await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, params)
      expect(refused.status, what).toBe(400)
      expect(refused.body.message).toMatch(message)
    }
  })

  it('goes when its sessions have ended', async () => {
    const { sid } = await begin()
    const place = `/ringdown/v1/Webchat/Deployments/${key}`
    expect((await server.delete(place)).body.message).toMatch(/1 sessions that have not ended/)
    expect((await server.delete(`${sessions}/${sid}`)).status).toBe(204)
    expect((await server.delete(place)).status).toBe(204)
    expect((await server.get(`${sessions}/${sid}`)).body).toMatchObject({ status: 'ended', reason: 'ended' })
  })
})

describe('a chat', () => {
  it('begins with a guest in a conversation that knows the form, and tells who did it', async () => {
    const begun = await send(sessions, { key, form: { friendlyName: 'Ana', order: '17', query: 'Where is it?' } })
    expect(begun.status).toBe(201)
    expect(begun.headers).toMatchObject({ 'access-control-allow-origin': page, vary: 'Origin' })
    expect(begun.headers).not.toHaveProperty('access-control-allow-credentials')
    const { conversation_sid, identity, verified } = begun.body
    expect(verified).toBe(false)
    const conversation = (await server.get(`/conversations/v1/Conversations/${conversation_sid}`)).body
    expect(JSON.parse(conversation.attributes)).toMatchObject({
      pre_engagement_data: { friendlyName: 'Ana', order: '17' },
      from: 'Ana',
      webchat: { deployment_sid: key, verified: false }
    })
    const { messages } = (await server.get(`/conversations/v1/Conversations/${conversation_sid}/Messages`)).body
    expect(messages).toMatchObject([{ author: identity, body: 'Where is it?' }])
    const { events } = (await server.get(`/ringdown/v1/Events?since=PT1H&wait_s=0&types=webchat-session.opened`)).body
    expect(events).toMatchObject([{ actor_type: 'customer', actor_sid: identity, data: { conversation_sid } }])
  })

  it('begins only for pages of the allowed origins, and our own', async () => {
    for (const [headers, status] of [
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: 'http://ringdown.example' }, 201],
      [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
      [{ origin: page, 'sec-fetch-site': 'cross-site' }, 201]
    ] as const)
      expect([headers, (await send(sessions, { key }, headers)).status]).toEqual([headers, status])
    const silent = await server.ask('POST', sessions, '{}', { authorization: '', 'content-type': 'application/json' })
    expect(silent.status).toBe(403)
    expect(silent.headers).not.toHaveProperty('access-control-allow-origin')
    const asked = await server.ask('OPTIONS', sessions, undefined, { ...asPage, origin: 'https://evil.example' })
    expect(asked.status).toBe(403)
    expect((await server.ask('OPTIONS', sessions, undefined, asPage)).headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'POST, OPTIONS'
    })
    // Another deployment's page is not this one's.
    const other = await deployment({ AllowedOrigins: ['https://other.example'] })
    expect((await send(sessions, { key: other })).status).toBe(403)
  })

  it('does not begin without what its form asks for', async () => {
    const form = {
      fields: [
        { name: 'email', type: 'email', required: true },
        { name: 'topic', type: 'select', options: ['a'] }
      ]
    }
    await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, { Form: JSON.stringify(form) })
    for (const [given, why] of [
      [{}, /email is required/],
      [{ email: 'a@b', topic: 'c' }, /topic is none of its options/],
      [{ email: 'a@b', other: 'x' }, /other is not asked for/],
      [{ email: 7 }, /email must be a text/],
      [[], /JSON object/],
      [{ email: 'x'.repeat(4097) }, /longer than 4096/]
    ] as const)
      expect((await send(sessions, { key, form: given })).body.message).toMatch(why)
    expect((await send(sessions, { key, form: { email: 'a@b', topic: 'a' } })).status).toBe(201)
  })

  it('takes an identity that the customer’s own server has signed, and no other', async () => {
    const secret = await secretOf()
    const good = await begin({ identity_token: await signed('17', secret) })
    expect(good).toMatchObject({ identity: 'web:17', verified: true })
    const { attributes } = (await server.get(`/conversations/v1/Conversations/${good.conversation_sid}`)).body
    expect(JSON.parse(attributes)).toMatchObject({ from: 'Ana', webchat: { verified: true, email: 'ana@example.com' } })
    const token = await signed('17', secret)
    const [head = '', claims = '', mark = ''] = token.split('.')
    const other = Buffer.from(JSON.stringify({ sub: 'boss', exp: 9e9 })).toString('base64url')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`
    for (const bad of [
      `${head}.${other}.${mark}`,
      unsigned,
      'x',
      await signed('17', 'another secret'),
      await signed('17', secret, '25h'),
      await signed('17', secret, '-1s'),
      await signed('', secret)
    ])
      expect((await send(sessions, { key, identity_token: bad })).status).toBe(403)
    // A new secret ends what was signed with the one before.
    await secretOf()
    expect((await send(sessions, { key, identity_token: token })).status).toBe(403)
  })

  it('is begun ten times an hour from one address, however often it is tried', async () => {
    const statuses = new Map<number, number>()
    for (let n = 0; n < 600; n++) {
      // Five a second is what an account takes.
      if (n === 5) await new Promise((resolve) => setTimeout(resolve, 1100))
      const { status } = await send(sessions, { key })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect(statuses.get(201)).toBeLessThanOrEqual(10)
    expect((statuses.get(201) ?? 0) + (statuses.get(429) ?? 0)).toBe(600)
    expect(server.account.state.tables.webchat_session.size).toBe(statuses.get(201))
    const refused = await send(sessions, { key })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  }, 60_000)
})

describe('a handle', () => {
  it('lets a customer come back, once each', async () => {
    const first = await begin()
    const second = (await send(sessions, { key, resume: first.resume })).body
    expect(second).toMatchObject({ sid: first.sid, conversation_sid: first.conversation_sid, identity: first.identity })
    expect(second.resume).not.toBe(first.resume)
    // The answer was lost, or a second tab has opened: the same is answered again.
    const again = (await send(sessions, { key, resume: first.resume })).body
    expect(again.resume).toBe(second.resume)
    expect((await send(sessions, { key, resume: second.resume })).status).toBe(200)
  })

  it('that was stolen ends the chat for thief and customer', async () => {
    const mine = await begin()
    const { resume: next, token } = (await send(sessions, { key, resume: mine.resume })).body
    await server.clock.advance(61_000)
    expect((await send(sessions, { key, resume: mine.resume })).status).toBe(403)
    expect((await send(sessions, { key, resume: next })).status).toBe(403)
    const messages = `/conversations/v1/Conversations/${mine.conversation_sid}/Messages`
    expect((await server.get(messages, undefined, bearer(token))).status).toBe(401)
    expect((await server.get(`${sessions}/${mine.sid}`)).body).toMatchObject({ status: 'ended', reason: 'stolen' })
    const { events } = (await server.get(`/ringdown/v1/Events?since=PT1H&wait_s=0&types=webchat-session.ended`)).body
    expect(events).toMatchObject([{ data: { reason: 'stolen', conversation_sid: mine.conversation_sid } }])
    // Nobody else's conversation: agents go on in it.
    expect((await server.get(`/conversations/v1/Conversations/${mine.conversation_sid}`)).body.state).toBe('active')
  })

  it('is good for nothing where it is altered, or another deployment’s, or of an ended session', async () => {
    const { resume, sid } = await begin()
    const [, generation, mark] = resume.split('.')
    const other = await deployment()
    for (const [bad, at] of [
      [`${sid}.2.${mark}`, key],
      [`${sid}.${generation}.${'A'.repeat(43)}`, key],
      [`WB${'0'.repeat(32)}.1.${mark}`, key],
      ['x'.repeat(10_000), key],
      [resume, other]
    ])
      expect((await send(sessions, { key: at, resume: bad })).status).toBe(403)
    expect((await send(sessions, { key, resume })).status).toBe(200)
    await server.clock.advance(8 * 86_400_000)
    expect((await server.get(`${sessions}/${sid}`)).body).toMatchObject({ status: 'ended', reason: 'expired' })
  })
})

describe('a deployment that is not enabled any more', () => {
  it('lets nobody begin, and those who are here go on', async () => {
    const mine = await begin()
    await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, { Enabled: false })
    expect(await send(sessions, { key })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('not enabled') }
    })
    const again = await send(sessions, { key, resume: mine.resume })
    expect([again.status, again.body.conversation_sid]).toEqual([200, mine.conversation_sid])
    expect((await send('/webchat/api/refreshToken', { token: mine.token })).status).toBe(200)
  })
})

describe('a customer’s token', () => {
  it('opens its one conversation, and nothing else', async () => {
    const secret = await secretOf()
    const identity_token = await signed('17', secret)
    const [first, second] = [await begin({ identity_token }), await begin({ identity_token })]
    const as = bearer(first.token)
    const [own, other] = [first, second].map(
      ({ conversation_sid }) => `/conversations/v1/Conversations/${conversation_sid}`
    )
    const said = await server.post(`${own}/Messages`, { Body: 'Hello', Author: 'boss' }, as)
    expect(said).toMatchObject({ status: 201, body: { author: 'web:17', body: 'Hello' } })
    for (const [method, url, status] of [
      ['GET', own, 200],
      ['GET', `${own}/Messages`, 200],
      ['GET', `${own}/Participants`, 200],
      ['GET', other, 403],
      ['GET', `${other}/Messages`, 403],
      ['POST', `${other}/Messages`, 403],
      ['GET', '/conversations/v1/Conversations', 403],
      ['GET', '/conversations/v1/Users/web:17/Conversations', 403],
      ['GET', `/conversations/v1/ParticipantConversations?Identity=web:17`, 403],
      ['POST', `${own}/Participants`, 403],
      ['DELETE', own, 403],
      ['GET', '/taskrouter/v1/Workspaces', 403],
      ['GET', '/ringdown/v1/Webchat/Deployments', 403],
      ['GET', sessions, 403],
      ['GET', `/ringdown/v1/Conversations/${first.conversation_sid}/Notes`, 403]
    ] as const)
      expect([method, url, (await server.ask(method, String(url), undefined, as)).status]).toEqual([
        method,
        url,
        status
      ])
    const heard = (await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0', undefined, as)).body.events
    expect(heard.length).toBeGreaterThan(0)
    for (const { data } of heard) expect(data.conversation_sid).toBe(first.conversation_sid)
    const typing = (sid: string) => server.post(`/ringdown/v1/Conversations/${sid}/Typing`, { Active: true }, as)
    expect([(await typing(first.conversation_sid)).status, (await typing(second.conversation_sid)).status]).toEqual([
      200, 403
    ])
  })
})

describe('what a customer says', () => {
  it('is as long and as much as its deployment allows, without a socket, too', async () => {
    key = await deployment({ Limits: '{"message_bytes":20,"message_burst":3,"messages_per_second":0.01}' })
    const { token, conversation_sid } = await begin()
    const say = async (Body: string) =>
      (await server.post(`/conversations/v1/Conversations/${conversation_sid}/Messages`, { Body }, bearer(token)))
        .status
    expect(await say('Much too long for it.')).toBe(400)
    expect([await say('One'), await say('Two'), await say('Three'), await say('Four')]).toEqual([201, 201, 201, 429])
    const type = async () =>
      (await server.post(`/ringdown/v1/Conversations/${conversation_sid}/Typing`, { Active: true }, bearer(token)))
        .status
    const all = await Promise.all(Array.from({ length: 90 }, type))
    expect([...new Set(all)].sort()).toEqual([200, 429])
  })
})

describe('a chat that is begun twice under one key', () => {
  const once = { 'idempotency-key': 'b7c0a1de-5d1f-4e0e-9a55-3f1f6f0a9c11' }
  const form = { friendlyName: 'Ana', query: 'Hello?' }

  it('is one chat, with one first message and a new token', async () => {
    const both = await Promise.all([send(sessions, { key, form }, once), send(sessions, { key, form }, once)])
    const again = await send(sessions, { key, form }, once)
    const all = [...both, again]
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(all.map(({ body }) => body.sid)).size).toBe(1)
    const { token, conversation_sid, resume } = again.body
    const place = `/conversations/v1/Conversations/${conversation_sid}`
    const { messages } = (await server.get(`${place}/Messages`, undefined, bearer(token))).body
    expect(messages.map(({ body }: { body: string }) => body)).toEqual(['Hello?'])
    expect((await send(sessions, { key, resume })).body.sid).toBe(again.body.sid)
    // Answers are kept without what lets anybody in.
    const [kept] = await server.account.reading((store) =>
      store.query<{ body: string }>({ sql: 'select body from kept_answer', values: [] })
    )
    expect(kept).toEqual({ body: JSON.stringify({ sid: again.body.sid }) })
  })

  it('is greeted once, though the first try was cut short and two more come at once', async () => {
    const greeted = await deployment()
    const { body } = await send(sessions, { key: greeted, form }, once)
    // As where the server was stopped before it had welcomed anybody.
    const change = { Texts: JSON.stringify({ welcome: 'Welcome!' }) }
    expect((await server.post(`/ringdown/v1/Webchat/Deployments/${greeted}`, change)).status).toBe(200)
    for (const _ of [1, 2]) await Promise.all([1, 2].map(() => send(sessions, { key: greeted, form }, once)))
    const place = `/conversations/v1/Conversations/${body.conversation_sid}/Messages`
    const { messages } = (await server.get(place)).body
    expect(messages.map((one: { body: string }) => one.body)).toEqual(['Hello?', 'Welcome!'])
  })

  it('is another one for another key, deployment or customer, and none for another form or a key that can be guessed', async () => {
    const first = await send(sessions, { key, form }, once)
    const other = await send(sessions, { key, form }, { 'idempotency-key': `${once['idempotency-key']}2` })
    const elsewhere = await send(sessions, { key: await deployment(), form }, once)
    expect(new Set([first, other, elsewhere].map(({ body }) => body.sid)).size).toBe(3)
    expect(await send(sessions, { key, form: { friendlyName: 'Bob' } }, once)).toMatchObject({
      status: 409,
      body: { code: 20409 }
    })
    expect((await send(sessions, { key, form }, { 'idempotency-key': '1' })).status).toBe(400)
  })

  it('is not begun anew where it has ended, or is erased', async () => {
    const { body } = await send(sessions, { key, form }, once)
    await server.delete(`/ringdown/v1/Webchat/Sessions/${body.sid}`)
    expect((await send(sessions, { key, form }, once)).status).toBe(409)
    await server.delete(`/conversations/v1/Conversations/${body.conversation_sid}`)
    // 404 once the answer that was kept is erased as well.
    expect([404, 409]).toContain((await send(sessions, { key, form }, once)).status)
  })
})

describe('a customer who follows events', () => {
  it('does so by few calls at once, and keeps out nobody else', async () => {
    const [{ token }, other] = [await begin(), await begin()]
    const path = '/ringdown/v1/Events?wait_s=1&types=conversation.removed'
    const all = await Promise.all(Array.from({ length: 14 }, () => server.get(path, undefined, bearer(token))))
    expect(all.map(({ status }) => status).sort()).toEqual([...Array(10).fill(200), ...Array(4).fill(429)])
    expect((await server.get(path.replace('=1', '=0'), undefined, bearer(other.token))).status).toBe(200)
  })
})

describe('the back end of the public web chat clients', () => {
  it('begins a chat, refreshes its token while it is good, and sends its transcript to its customer alone', async () => {
    await server.post(`/ringdown/v1/Webchat/Deployments/${key}`, { Texts: '{"welcome":"Welcome!"}' })
    const formData = { friendlyName: 'Ana', email: 'ana@example.com', query: 'Where is it?' }
    const begun = await send('/webchat/api/initWebchat', { formData })
    expect(begun.status).toBe(200)
    const { token, conversationSid, expiration } = begun.body
    expect(expiration - Date.now()).toBeGreaterThan(14 * 60_000)
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    expect(claims.grants.identity).toMatch(/^[0-9a-f]{32}$/)
    expect(claims.grants.chat.service_sid).toMatch(/^IS/)
    const { messages } = (await server.get(`/conversations/v1/Conversations/${conversationSid}/Messages`)).body
    expect(messages.map(({ author, body }: { author: string; body: string }) => [author, body])).toEqual([
      [claims.grants.identity, 'Where is it?'],
      ['Concierge', 'Welcome!']
    ])
    const fresh = await send('/webchat/api/refreshToken', { token })
    expect(fresh).toMatchObject({ status: 200, body: { token: expect.any(String), expiration: expect.any(Number) } })
    expect((await send('/webchat/api/refreshToken', { token: `${token}x` })).status).toBe(403)
    expect((await send('/webchat/api/refreshToken', {})).status).toBe(403)
    expect((await send('/webchat/api/refreshToken', { token }, { origin: 'https://evil.example' })).status).toBe(403)
    const mail = (recipientAddress: string) => send('/webchat/api/email', { token, recipientAddress })
    expect((await mail('ana@example.com')).status).toBe(501)
    await server.post('/ringdown/v1/Carriers', {
      Type: 'email',
      FriendlyName: 'Mail',
      Senders: 'help@acme.test',
      Configuration: '{"smtp_host":"127.0.0.1","smtp_port":9}'
    })
    expect((await mail('bob@example.com')).status).toBe(403)
    expect((await mail('ANA@example.com')).status).toBe(202)
    const sent = await server.get(`/2010-04-01/Accounts/${server.account.account_sid}/Messages.json?To=ana@example.com`)
    expect(sent.body.messages).toMatchObject([{ from: 'help@acme.test', status: 'queued' }])
    expect(sent.body.messages[0].body).toMatch(/ Ana: Where is it\?\n.* Concierge: Welcome!$/)
    expect([(await mail('ana@example.com')).status, (await mail('ana@example.com')).status]).toEqual([202, 202])
    expect((await mail('ana@example.com')).status).toBe(429)
    expect((await server.ask('GET', '/webchat/api/initWebchat', undefined, asPage)).status).toBe(405)
  })

  it('sends to who was taken out of the chat what was said until then, as it was said', async () => {
    await server.post('/ringdown/v1/Carriers', {
      Type: 'email',
      FriendlyName: 'Mail',
      Senders: 'help@acme.test',
      Configuration: '{"smtp_host":"127.0.0.1","smtp_port":9}'
    })
    const { token, conversation_sid, identity } = await begin({ form: { email: 'ana@example.com', query: 'Where?' } })
    const place = `/conversations/v1/Conversations/${conversation_sid}`
    const { body: said } = await server.post(`${place}/Messages`, { Author: 'emil', Body: 'One moment' })
    await server.delete(`${place}/Participants/${identity}`)
    await server.post(`${place}/Messages/${said.sid}`, { Author: 'emil', Body: 'Between us' })
    await server.post(`${place}/Messages`, { Author: 'emil', Body: 'A nuisance' })
    expect((await send('/webchat/api/email', { token })).status).toBe(202)
    const sent = await server.get(`/2010-04-01/Accounts/${server.account.account_sid}/Messages.json?To=ana@example.com`)
    expect(sent.body.messages[0].body).toMatch(/: Where\?$/)
  })
})
