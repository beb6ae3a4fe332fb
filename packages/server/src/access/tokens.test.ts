import { SignJWT } from 'jose'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Served, served } from '../http/fixture.ts'

const { account_sid, token: secret } = served

interface Making {
  readonly iss?: string
  readonly sub?: string
  readonly secret?: string
  readonly alg?: string
  readonly life_s?: number
  readonly nbf?: number
  readonly role?: string
  readonly worker_sid?: string | null
  readonly workspace_sid?: string
  /** Seconds from now; null for a token that does not say it. */
  readonly iat?: number | null
}

const soon = () => Math.floor(Date.now() / 1000)

describe('a bearer token', () => {
  let server: Served
  let workspace_sid: string
  let worker_sid: string
  let key: { sid: string; secret: string }

  beforeAll(async () => {
    server = await Served.open()
    const { workspace } = await server.account.execute({ type: 'workspace.create', friendly_name: 'Floor' })
    workspace_sid = workspace.sid
    const { worker } = await server.account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
    worker_sid = worker.sid
    key = (await server.post(`/2010-04-01/Accounts/${account_sid}/Keys.json`)).body
  })

  afterAll(() => server.close())

  function tokenWith(making: Making = {}): Promise<string> {
    const { iss = account_sid, sub = account_sid, alg = 'HS256', life_s = 600, nbf, iat = 0, role = 'worker' } = making
    const worker = making.worker_sid === undefined ? worker_sid : making.worker_sid
    const grant = {
      workspace_sid: making.workspace_sid ?? workspace_sid,
      ...(worker !== null && { worker_sid: worker }),
      role
    }
    const token = new SignJWT({ grants: { identity: 'ada', task_router: grant } })
      .setProtectedHeader({ alg, typ: 'JWT', cty: 'twilio-fpa;v=1' })
      .setIssuer(iss)
      .setSubject(sub)
    if (Number.isFinite(life_s)) token.setExpirationTime(soon() + life_s)
    if (iat !== null) token.setIssuedAt(soon() + iat)
    if (nbf !== undefined) token.setNotBefore(nbf)
    return token.sign(new TextEncoder().encode(making.secret ?? (iss === key.sid ? key.secret : secret)))
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const ownWorker = (token: string) =>
    server.get(`/taskrouter/v1/Workspaces/${workspace_sid}/Workers/${worker_sid}`, undefined, bearer(token))

  it.each(['HS256', 'HS384', 'HS512'])('is taken when it is signed with %s by the account or by a key', async (alg) => {
    for (const iss of [account_sid, key.sid])
      expect(await ownWorker(await tokenWith({ alg, iss }))).toMatchObject({ status: 200, body: { sid: worker_sid } })
  })

  it('is taken as Basic of the user token, as Flex sends it', async () => {
    const authorization = `Basic ${Buffer.from(`token:${await tokenWith()}`).toString('base64')}`
    const url = `/taskrouter/v1/Workspaces/${workspace_sid}/Workers/${worker_sid}`
    expect((await server.get(url, undefined, { authorization })).status).toBe(200)
  })

  it.each([
    ['that has expired', { life_s: -1 }, 20104],
    ['that is not valid yet', { nbf: 4_000_000_000 }, 20105],
    ['of a stranger', { iss: `SK${'c'.repeat(32)}`, secret: 'x' }, 20103],
    ['for another account', { sub: `AC${'d'.repeat(32)}` }, 20103],
    ['with a wrong signature', { secret: 'another secret' }, 20107],
    ['that lives for more than a day', { life_s: 90_000 }, 20157],
    ['that does not say when it was made, and lives for more than a day', { iat: null, life_s: 90_000 }, 20157],
    ['that lives longer than a timer can hold', { iat: null, life_s: 25 * 86_400 }, 20157],
    ['that will have been made next week', { iat: 604_800, life_s: 605_000 }, 20157],
    ['that will have been made in an hour', { iat: 3_600, life_s: 7_200 }, 20105],
    ['that never expires', { life_s: Number.POSITIVE_INFINITY }, 20104],
    ['without a role', { role: '' }, 20106],
    ['of a worker who is not named', { worker_sid: null }, 20106],
    ['of an administrator who is a worker by a wrong name', { role: 'admin', worker_sid: 'WQ1' }, 20106],
    ['for no worker', { worker_sid: 'WK1' }, 20106],
    ['of a worker who is not there', { worker_sid: `WK${'1'.repeat(32)}` }, 20106],
    ['of a workspace that is not there', { workspace_sid: `WS${'1'.repeat(32)}` }, 20106]
  ] as const)('%s is refused', async (_, making, code) => {
    expect(await ownWorker(await tokenWith(making))).toMatchObject({ status: 401, body: { code } })
  })

  it.each(['none', 'RS256'])('whose header says %s is refused', async (alg) => {
    const [, claims, signature] = (await tokenWith()).split('.')
    const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
    for (const one of ['', signature])
      expect(await ownWorker(`${header}.${claims}.${one}`)).toMatchObject({ status: 401, body: { code: 20102 } })
  })

  it.each(['', 'x', 'a.b.c', '..', 'e30.e30.e30'])('that is none (%j) is refused', async (token) => {
    expect((await ownWorker(token)).status).toBe(401)
  })

  it('may be of a clock that is a little ahead', async () => {
    expect((await ownWorker(await tokenWith({ iat: 30, nbf: soon() + 30 }))).status).toBe(200)
  })

  it('is made by Twilio\u2019s helper library with a key', async () => {
    const { AccessToken } = twilio.jwt
    const made = new AccessToken(account_sid, key.sid, key.secret, { identity: 'ada', ttl: 600 })
    made.addGrant(
      new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, workerSid: worker_sid, role: 'worker' })
    )
    made.addGrant(new AccessToken.ChatGrant({}))
    made.addGrant(new AccessToken.VoiceGrant({ incomingAllow: true }))
    expect((await ownWorker(made.toJwt())).status).toBe(200)
    const asked = JSON.stringify({ token: made.toJwt() })
    const validate = (body: string) =>
      server.ask('POST', `/iam/v1/Accounts/${account_sid}/Tokens/validate`, body, {
        'content-type': 'application/json'
      })
    expect(await validate(asked)).toMatchObject({
      status: 200,
      body: { valid: true, code: 0, message: null, worker_sid, roles: ['agent'], identity: 'ada', realm_user_id: 'ada' }
    })
    expect(await validate('{"token":"x.y.z"}')).toMatchObject({
      status: 200,
      body: { valid: false, code: 20101, worker_sid: null, roles: null, expiration: null }
    })
    expect((await validate('{}')).status).toBe(400)
  })

  it.each([
    ['of an administrator acts as its key', { role: 'admin', worker_sid: null }, 'key'],
    ['of a supervisor without a worker does', { role: 'supervisor', worker_sid: null }, 'key'],
    ['of a supervisor with a worker acts as that', { role: 'supervisor' }, 'worker']
  ])('%s', async (_, making, type) => {
    const headers = bearer(await tokenWith({ iss: key.sid, ...making }))
    const floor = `/taskrouter/v1/Workspaces/${workspace_sid}`
    const { activities } = (await server.get(`${floor}/Activities`)).body
    for (const { sid } of activities)
      expect((await server.post(`${floor}/Workers/${worker_sid}`, { ActivitySid: sid }, headers)).status).toBe(200)
    const [last] = (await server.get('/ringdown/v1/Audit?PageSize=1')).body.audit_entries
    const by = { actor_type: type, actor_sid: type === 'key' ? key.sid : worker_sid }
    expect(last).toMatchObject({ ...by, on_behalf_of: type === 'key' ? worker_sid : null })
    if (making.role !== 'admin') return
    expect((await server.post(`${floor}/Workers`, { FriendlyName: 'New' }, headers)).status).toBe(201)
    const [made] = (await server.get('/ringdown/v1/Audit?PageSize=1')).body.audit_entries
    expect(made).toMatchObject({ ...by, on_behalf_of: null })
  })

  it('of a restricted key is none: such a key makes no tokens', async () => {
    const { body } = await server.post('/iam/v1/Keys', {
      AccountSid: account_sid,
      KeyType: 'restricted',
      Policy: '{"allow":["/twilio/taskrouter"]}'
    })
    const token = await tokenWith({ iss: body.sid, secret: body.secret })
    expect(await ownWorker(token)).toMatchObject({ status: 401, body: { code: 20103 } })
  })

  it('of the 1.x SDK is told to be one, wherever it comes to', async () => {
    const { TaskRouterCapability } = twilio.jwt.taskrouter
    const old = new TaskRouterCapability({
      accountSid: account_sid,
      authToken: secret,
      workspaceSid: workspace_sid,
      channelId: worker_sid
    })
    const answer = await ownWorker(old.toJwt())
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 20101, message: expect.stringContaining('AccessToken with a TaskRouterGrant') }
    })
  })

  // The last one: it takes away what the others have.
  it('goes with its key, whether or not it was known, and with its worker', async () => {
    const known = await tokenWith({ iss: key.sid })
    expect((await ownWorker(known)).status).toBe(200)
    const fresh = await tokenWith({ iss: key.sid, life_s: 500 })
    const own = await tokenWith()
    expect((await ownWorker(own)).status).toBe(200)
    expect((await server.delete(`/2010-04-01/Accounts/${account_sid}/Keys/${key.sid}.json`)).status).toBe(204)
    for (const token of [known, fresh])
      expect(await ownWorker(token)).toMatchObject({ status: 401, body: { code: 20103 } })
    await server.account.execute({ type: 'worker.delete', workspace_sid, sid: worker_sid })
    expect((await ownWorker(own)).status).toBe(401)
  })
})
