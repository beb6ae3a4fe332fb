import { decodeJwt, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Served, served } from './fixture.ts'

/* Customers who call from a page: by the key, the origins and the limits of a deployment of web chat. */

const page = 'https://shop.example'
const calls = '/ringdown/v1/Webchat/Calls'
const { account_sid } = served

let server: Served
let key: string
let application_sid: string

beforeEach(async () => {
  server = await Served.open()
  await server.account.execute({ type: 'flex.setup' })
  const application = await server.post(`/2010-04-01/Accounts/${account_sid}/Applications.json`, {
    FriendlyName: 'Shop',
    VoiceUrl: 'https://shop.example/voice'
  })
  application_sid = application.body.sid
  const address = await server.post('/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: 'shop',
    'AutoCreation.Enabled': true,
    'AutoCreation.Type': 'default'
  })
  const made = await server.post('/ringdown/v1/Webchat/Deployments', {
    FriendlyName: 'Shop',
    AddressSid: address.body.sid,
    AllowedOrigins: [page],
    ApplicationSid: application_sid,
    Limits: '{"calls_per_hour":2}'
  })
  expect(made.status).toBe(201)
  expect(made.body.application_sid).toBe(application_sid)
  key = made.body.sid
})
afterEach(() => server.close())

const place = () => `/ringdown/v1/Webchat/Deployments/${key}`
const asks = (body: object = {}, origin = page) =>
  server.ask('POST', calls, JSON.stringify({ key, ...body }), {
    authorization: '',
    origin,
    'content-type': 'application/json'
  })

describe('a page that calls', () => {
  it('is given a token for the deployment’s application, and for nothing else', async () => {
    const { status, body, headers } = await asks()
    expect([status, headers['access-control-allow-origin']]).toEqual([201, page])
    const { grants, iss, sub, exp = 0, iat = 0 } = decodeJwt(body.token)
    expect([iss, sub, exp - iat]).toEqual([key, account_sid, 300])
    expect(grants).toEqual({
      identity: body.identity,
      voice: { outgoing: { application_sid, params: { WebchatDeploymentSid: key, CustomerVerified: 'false' } } }
    })
    const bearer = { authorization: `Bearer ${body.token}` }
    for (const path of [`/2010-04-01/Accounts/${account_sid}/Calls.json`, '/ringdown/v1/Webchat/Deployments'])
      expect((await server.get(path, {}, bearer)).status).toBe(403)
    expect((await server.get('/ringdown/v1/Events', { wait_s: 0 }, bearer)).body.events ?? []).toEqual([])
    expect((await server.ask('GET', place(), undefined, { authorization: '' })).body.calls).toBe(true)
  })

  it('says who the customer is where the shop’s own server has signed that, and nobody else can', async () => {
    const { secret } = (await server.post(`${place()}/Secret`)).body
    const identity_token = (by: string) =>
      new SignJWT({ name: 'Ana' })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('42')
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(by))
    const { body } = await asks({ identity_token: await identity_token(secret) })
    const { voice } = decodeJwt(body.token).grants as { voice: { outgoing: { params: object } } }
    expect([body.identity, voice.outgoing.params]).toEqual([
      'web:42',
      { WebchatDeploymentSid: key, CustomerVerified: 'true', CustomerName: 'Ana' }
    ])
    expect((await asks({ identity_token: await identity_token('another secret') })).status).toBe(403)
  })

  it('is refused from elsewhere, too often, and where nobody calls', async () => {
    expect((await asks({}, 'https://other.example')).status).toBe(403)
    expect((await asks({ key: `WD${'0'.repeat(32)}` })).status).toBe(404)
    expect((await asks()).status).toBe(201)
    const { body } = await asks()
    const third = await asks()
    expect([third.status, Number(third.headers['retry-after'])]).toEqual([429, expect.closeTo(1800, -2)])
    const bearer = { authorization: `Bearer ${body.token}` }
    const status = async () => (await server.get(`/2010-04-01/Accounts/${account_sid}/Calls.json`, {}, bearer)).status
    expect(await status()).toBe(403)
    // What is taken away takes its tokens along.
    await server.post(place(), { ApplicationSid: '' })
    expect([(await asks()).status, await status()]).toEqual([403, 401])
    const wrong = await server.post(place(), { ApplicationSid: `AP${'0'.repeat(32)}` })
    expect([wrong.status, wrong.body.message]).toEqual([400, expect.stringContaining('There is no Application')])
  })
})
