import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashOf, isPassword } from '../access/passwords.ts'
import { SignInTries } from '../access/tries.ts'
import { type Answered, Served, served } from './fixture.ts'

const sessions = '/ringdown/v1/Sessions'
const password = 'correct horse battery'
const page = { host: 'localhost:8080', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

describe('somebody who signs in', () => {
  let server: Served
  let user: { sid: string }
  let worker_sid: string
  let workspace_sid: string

  beforeEach(async () => {
    server = await Served.open()
    const { workspace } = await server.account.execute({
      type: 'workspace.create',
      friendly_name: 'Floor',
      template: 'FIFO'
    })
    workspace_sid = workspace.sid
    const made = await server.account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'ada' })
    worker_sid = made.worker.sid
    const { status, body } = await server.post('/ringdown/v1/Users', {
      Username: 'Ada',
      FullName: 'Ada L.',
      Roles: ['agent'],
      WorkerSid: worker_sid
    })
    expect(status).toBe(201)
    user = body
  })

  afterEach(() => server.close())

  /** As a browser sends it: no credentials but a cookie. */
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    server.ask(method, sessions + path, body && JSON.stringify(body), { authorization: '', ...page, ...headers })

  const cookieOf = ({ headers }: Answered) => String(headers['set-cookie']).split(';')[0] ?? ''

  async function setUp(): Promise<string> {
    const { body: link } = await server.post(`/ringdown/v1/Users/${user.sid}/SetupLinks`)
    const answer = await ask('POST', '/Setup', { secret: link.secret, password })
    expect(answer.status).toBe(201)
    return cookieOf(answer)
  }

  const tokenOf = async (cookie: string) => (await ask('POST', '/Current/Token', undefined, { cookie })).body.token
  const own = (token: string) =>
    server.get(`/taskrouter/v1/Workspaces/${workspace_sid}/Workers/${worker_sid}`, undefined, {
      authorization: `Bearer ${token}`
    })

  it('chooses a password by a link, once, and then signs in by it', async () => {
    const { body: link } = await server.post(`/ringdown/v1/Users/${user.sid}/SetupLinks`)
    expect(await ask('POST', '/Setup', { secret: link.secret, password: 'short' })).toMatchObject({ status: 400 })
    const first = await ask('POST', '/Setup', { secret: link.secret, password })
    expect(first).toMatchObject({ status: 201, body: { user: { sid: user.sid, username: 'Ada', roles: ['agent'] } } })
    expect(await ask('POST', '/Setup', { secret: link.secret, password })).toMatchObject({ status: 400 })
    const wrong = await ask('POST', '', { username: 'ada', password: 'something else entirely' })
    const unknown = await ask('POST', '', { username: 'nobody', password })
    for (const { status, body } of [wrong, unknown])
      expect({ status, message: body.message }).toEqual({ status: 401, message: 'The name or the password is wrong' })
    const right = await ask('POST', '', { username: 'ADA', password })
    expect(right.status).toBe(201)
    const flags = String(right.headers['set-cookie'])
    expect(flags).toMatch(/^ringdown_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
    const { body: shown } = await server.get(`/ringdown/v1/Users/${user.sid}`)
    expect(shown).toMatchObject({ has_password: true, is_signed_in: true })
    expect(JSON.stringify(shown)).not.toContain('scrypt')
  })

  it('has half an hour for the link, and a newer one takes its place', async () => {
    const { body: old } = await server.post(`/ringdown/v1/Users/${user.sid}/SetupLinks`)
    const { body: link } = await server.post(`/ringdown/v1/Users/${user.sid}/SetupLinks`)
    expect((await ask('POST', '/Setup', { secret: old.secret, password })).status).toBe(400)
    await server.clock.advance(30 * 60_000 + 1)
    expect((await ask('POST', '/Setup', { secret: link.secret, password })).status).toBe(400)
  })

  it('gets a cookie that opens the sessions alone, and tokens for all else', async () => {
    const cookie = await setUp()
    expect((await ask('GET', '/Current', undefined, { cookie })).body.user.worker_sid).toBe(worker_sid)
    expect((await server.get('/taskrouter/v1/Workspaces', undefined, { authorization: '', cookie })).status).toBe(401)
    const { status, body } = await ask('POST', '/Current/Token', undefined, { cookie })
    expect(status).toBe(201)
    expect((await own(body.token)).status).toBe(200)
    expect((await server.get('/ringdown/v1/Users', undefined, { authorization: `Bearer ${body.token}` })).status).toBe(
      403
    )
    const validate = `/iam/v1/Accounts/${served.account_sid}/Tokens/validate`
    const json = { 'content-type': 'application/json' }
    expect((await server.ask('POST', validate, JSON.stringify({ token: body.token }), json)).body).toMatchObject({
      valid: true,
      roles: ['agent'],
      worker_sid,
      identity: 'ada'
    })
  })

  it('by TLS gets a cookie that goes by TLS alone; in the clear from elsewhere nobody signs in', async () => {
    await setUp()
    const tls = await Served.open({ publicUrl: 'https://desk.example' })
    const { body: made } = await tls.post('/ringdown/v1/Users', { Username: 'Bob' })
    const { body: link } = await tls.post(`/ringdown/v1/Users/${made.sid}/SetupLinks`)
    const answer = await tls.ask('POST', `${sessions}/Setup`, JSON.stringify({ secret: link.secret, password }), page)
    expect(String(answer.headers['set-cookie'])).toMatch(/^__Host-ringdown_session=.*; Secure$/)
    await tls.close()
    const elsewhere = { host: 'desk.example:8080' }
    expect(await ask('POST', '', { username: 'Ada', password }, elsewhere)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('TLS') }
    })
  })

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling', { 'sec-fetch-site': 'same-site' }],
    ['an address that was typed in', { 'sec-fetch-site': 'none' }],
    ['another origin, in an older browser', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
    ['nobody knows where', { 'sec-fetch-site': '' }]
  ])('is not asked by a page of %s', async (_, { 'sec-fetch-site': site, ...more }) => {
    const cookie = await setUp()
    const { 'sec-fetch-site': _site, ...rest } = page
    const headers = { authorization: '', ...rest, cookie, ...(site && { 'sec-fetch-site': site }), ...more }
    for (const [method, path] of [
      ['GET', '/Current'],
      ['POST', '/Current/Token'],
      ['DELETE', '/Current'],
      ['POST', ''],
      ['POST', '/Setup']
    ] as const) {
      const answer = await server.ask(method, sessions + path, undefined, headers)
      expect(answer.status, `${method} ${path}`).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect((await ask('GET', '/Current', undefined, { cookie })).status).toBe(200)
    const ownOrigin = { ...rest, authorization: '', cookie, origin: 'http://localhost:8080' }
    expect((await server.ask('GET', `${sessions}/Current`, undefined, ownOrigin)).status).toBe(200)
  })

  it('at a second place is signed out at the first, and can come back', async () => {
    const first = await setUp()
    const token = await tokenOf(first)
    const second = cookieOf(await ask('POST', '', { username: 'Ada', password }))
    expect((await ask('GET', '/Current', undefined, { cookie: first })).status).toBe(401)
    expect(await own(token)).toMatchObject({ status: 401, body: { code: 20103 } })
    expect((await own(await tokenOf(second))).status).toBe(200)
  })

  it('who signs out is offered nothing any more, and is out everywhere', async () => {
    const cookie = await setUp()
    const token = await tokenOf(cookie)
    const { state } = server.account
    const available = [...state.tables.activity.by('workspace_sid', workspace_sid)].find((row) => row.available)
    await server.account.execute({
      type: 'worker.update',
      workspace_sid,
      sid: worker_sid,
      activity_sid: available?.sid ?? ''
    })
    const gone = await ask('DELETE', '/Current', undefined, { cookie })
    expect(gone.status).toBe(204)
    expect(String(gone.headers['set-cookie'])).toContain('Max-Age=0')
    expect((await own(token)).status).toBe(401)
    expect(state.find('activity', state.get('worker', worker_sid).activity_sid)?.available).toBe(false)
  })

  it('is put out by an administrator, by another password, and by being taken away', async () => {
    for (const put of [
      () => server.delete(`/ringdown/v1/Users/${user.sid}/Sessions`),
      async () => {
        const { body: link } = await server.post(`/ringdown/v1/Users/${user.sid}/SetupLinks`)
        return ask('POST', '/Setup', { secret: link.secret, password: `${password}!` })
      },
      () => server.delete(`/ringdown/v1/Users/${user.sid}`)
    ]) {
      const cookie = await setUp()
      const token = await tokenOf(cookie)
      expect((await own(token)).status).toBe(200)
      expect((await put()).status).toBeLessThan(300)
      expect((await own(token)).status).toBe(401)
      expect((await ask('GET', '/Current', undefined, { cookie })).status).toBe(401)
    }
  })

  it('has a role taken away or given at once, by the next token', async () => {
    const cookie = await setUp()
    const token = await tokenOf(cookie)
    await server.post(`/ringdown/v1/Users/${user.sid}`, { Roles: ['admin'] })
    expect((await own(token)).status).toBe(401)
    const authorization = `Bearer ${await tokenOf(cookie)}`
    expect((await server.get('/ringdown/v1/Users', undefined, { authorization })).status).toBe(200)
    // Of all workspaces.
    const { body: other } = await server.post('/taskrouter/v1/Workspaces', { FriendlyName: 'Other' })
    const elsewhere = `/taskrouter/v1/Workspaces/${other.sid}/Workers`
    expect((await server.get(elsewhere, undefined, { authorization })).status).toBe(200)
    await server.post(`/ringdown/v1/Users/${user.sid}`, { Roles: ['agent'] })
    expect((await server.get('/ringdown/v1/Users', undefined, { authorization })).status).toBe(401)
  })

  it('is out after half a day of silence, and after a day in any case', async () => {
    const cookie = await setUp()
    const hours = (count: number) => server.clock.advance(count * 3_600_000)
    await hours(11)
    await tokenOf(cookie)
    await hours(11)
    expect((await ask('GET', '/Current', undefined, { cookie })).status).toBe(200)
    await tokenOf(cookie)
    await hours(3)
    expect((await ask('GET', '/Current', undefined, { cookie })).status).toBe(401)
    const second = cookieOf(await ask('POST', '', { username: 'Ada', password }))
    await hours(13)
    expect((await ask('GET', '/Current', undefined, { cookie: second })).status).toBe(401)
  })

  it('is asked for patience after five tries, whatever the name is', async () => {
    const guess = (username: string) => ask('POST', '', { username, password: 'not this one, surely' })
    for (let i = 0; i < 5; i++) expect((await guess(`user ${i}`)).status).toBe(401)
    const { status, headers } = await guess('Ada')
    expect(status).toBe(429)
    expect(Number(headers['retry-after'])).toBeGreaterThan(30)
  })

  it('is told in the log and by Flex, without what it signs in by', async () => {
    await setUp()
    const { body } = await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0&types=ringdown.*')
    const types = body.events.map(({ type }: { type: string }) => type)
    expect(types).toEqual(expect.arrayContaining(['ringdown.flex-user.created', 'ringdown.session.started']))
    expect(JSON.stringify(body)).not.toMatch(/scrypt|cookie|secret/)
    await server.account.execute({ type: 'flex.setup' })
    const { flex_instance_sid } = server.account.state.get('flex_configuration', served.account_sid)
    const flex = `/flex-api/v2/Instances/${flex_instance_sid}/Users/${user.sid}`
    expect((await server.post(flex, { Email: 'ada@example.com', Locale: 'fr' })).body).toMatchObject({
      flex_user_sid: user.sid,
      username: 'Ada',
      email: 'ada@example.com',
      locale: 'fr',
      roles: ['agent'],
      worker_sid
    })
    expect((await server.get(flex)).status).toBe(200)
  })

  it('has a name of its own, and a worker of its own', async () => {
    expect((await server.post('/ringdown/v1/Users', { Username: 'ADA' })).status).toBe(409)
    expect((await server.post('/ringdown/v1/Users', { Username: 'Eve', WorkerSid: worker_sid })).status).toBe(409)
    expect((await server.post('/ringdown/v1/Users', { Username: 'Eve', Roles: ['boss'] })).status).toBe(400)
    expect((await server.post('/ringdown/v1/Users', { Username: ' ' })).status).toBe(400)
    await server.account.execute({ type: 'worker.delete', workspace_sid, sid: worker_sid })
    expect((await server.get(`/ringdown/v1/Users/${user.sid}`)).body.worker_sid).toBeNull()
  })
})

describe('a password', () => {
  it('is known by its hash, in whichever form of Unicode it is typed', async () => {
    const hash = await hashOf('caf\u00e9 au lait, s\u2019il vous pla\u00eet')
    expect(hash).toMatch(/^scrypt\$17\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(await isPassword('cafe\u0301 au lait, s\u2019il vous plai\u0302t', hash)).toBe(true)
    expect(await isPassword('cafe au lait', hash)).toBe(false)
  })

  it('takes the same time for whom there is none', async () => {
    const timed = async (hash: string | null) => {
      const { user: begun } = process.cpuUsage()
      expect(await isPassword('some password', hash)).toBe(false)
      return process.cpuUsage().user - begun
    }
    const [known, unknown] = [await timed(await hashOf('another password')), await timed(null)]
    expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(3)
  })
})

it('waits double with each try, and a flood of names takes no more memory than some', () => {
  let now = 0
  const tries = new SignInTries(() => now)
  const waits = Array.from({ length: 9 }, () => {
    const wait = tries.begin(['name ada'])
    now += wait
    return wait / 60_000
  })
  expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
  expect(waits[5]).toBe(1)
  for (let i = 0; i < 50_000; i++) tries.begin([`name ${i}`])
  expect(tries.begin(['name ada'])).toBe(0)
})
