import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, Served, served } from '../../http/fixture.ts'

const { account_sid } = served
const keys = `/2010-04-01/Accounts/${account_sid}/Keys`

describe('an API key', () => {
  let server: Served

  beforeEach(async () => {
    server = await Served.open()
  })

  afterEach(() => server.close())

  const as = ({ sid, secret }: { sid: string; secret: string }) => ({ authorization: basic(sid, secret) })

  async function restricted(...allow: string[]) {
    const Policy = JSON.stringify({ allow })
    const { status, body } = await server.post('/iam/v1/Keys', {
      AccountSid: account_sid,
      KeyType: 'restricted',
      Policy
    })
    expect(status).toBe(201)
    return body
  }

  it('is made, told once, listed, renamed and taken away', async () => {
    const { status, body: made } = await server.post(`${keys}.json`, { FriendlyName: 'Night shift' })
    expect(status).toBe(201)
    expect(made).toEqual({
      sid: expect.stringMatching(/^SK[0-9a-f]{32}$/),
      friendly_name: 'Night shift',
      date_created: 'Mon, 02 Mar 2026 09:00:00 +0000',
      date_updated: 'Mon, 02 Mar 2026 09:00:00 +0000',
      secret: expect.stringMatching(/^[\w-]{32}$/)
    })
    const { secret: _, ...rest } = made
    expect((await server.get(`${keys}/${made.sid}.json`)).body).toEqual(rest)
    expect((await server.get(`${keys}.json?PageSize=1`)).body).toEqual({
      first_page_uri: `${keys}.json?PageSize=1&Page=0`,
      end: 0,
      previous_page_uri: null,
      uri: `${keys}.json?PageSize=1&Page=0`,
      page_size: 1,
      start: 0,
      next_page_uri: null,
      page: 0,
      keys: [rest]
    })
    expect((await server.get('/iam/v1/Keys', { AccountSid: account_sid })).body.keys).toEqual([
      { ...rest, flags: ['rest_api', 'signing'] }
    ])
    expect((await server.post(`${keys}/${made.sid}.json`, { FriendlyName: 'Day' })).body.friendly_name).toBe('Day')
    const url = '/taskrouter/v1/Workspaces'
    expect((await server.get(url, {}, as(made))).status).toBe(200)
    expect((await server.delete(`${keys}/${made.sid}.json`)).status).toBe(204)
    expect(await server.get(url, {}, as(made))).toMatchObject({ status: 401, body: { code: 20003 } })
    expect((await server.get(`${keys}/${made.sid}.json`)).status).toBe(404)
  })

  it('has pages whose paths lead on', async () => {
    for (const FriendlyName of ['a', 'b', 'c']) await server.post(`${keys}.json`, { FriendlyName })
    const { body: first } = await server.get(`${keys}.json`, { PageSize: 2 })
    expect(first).toMatchObject({ start: 0, end: 1, page: 0 })
    const { body: second } = await server.get(first.next_page_uri)
    expect(second).toMatchObject({ start: 2, end: 2, page: 1, next_page_uri: null, keys: [{ friendly_name: 'c' }] })
    expect((await server.get(second.previous_page_uri)).body.keys).toHaveLength(2)
  })

  it('is told to nobody afterwards: no row, event, journal or list has its secret', async () => {
    const { body: made } = await server.post(`${keys}.json`)
    await server.get('/taskrouter/v1/Workspaces', {}, as(made))
    const { body: feed } = await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0')
    expect(feed.events.map(({ type }: { type: string }) => type)).toContain('ringdown.key.created')
    const row = server.account.state.get('key', made.sid)
    for (const text of [JSON.stringify(feed), JSON.stringify(row)]) expect(text).not.toContain(made.secret)
  })

  it('that is standard may do all but accounts and keys', async () => {
    const { body: made } = await server.post(`${keys}.json`)
    expect((await server.post('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor' }, as(made))).status).toBe(201)
    for (const url of [`${keys}.json`, `${keys}/${made.sid}.json`, `/2010-04-01/Accounts/${account_sid}.json`])
      expect(await server.get(url, {}, as(made)), url).toMatchObject({ status: 401, body: { code: 20003 } })
    expect((await server.post(`${keys}.json`, {}, as(made))).status).toBe(401)
  })

  it('that is a main key may do everything', async () => {
    const { body: made } = await server.post('/iam/v1/Keys', { AccountSid: account_sid, KeyType: 'main' })
    expect((await server.get(`${keys}.json`, {}, as(made))).status).toBe(200)
    expect((await server.post(`${keys}.json`, {}, as(made))).status).toBe(201)
  })

  it('that is restricted may do what its policy says, until that says otherwise', async () => {
    const made = await restricted('/twilio/taskrouter/workspaces/read')
    expect(made.policy).toEqual({ allow: ['/twilio/taskrouter/workspaces/read'] })
    expect((await server.get('/taskrouter/v1/Workspaces', {}, as(made))).status).toBe(200)
    expect(await server.post('/taskrouter/v1/Workspaces', { FriendlyName: 'x' }, as(made))).toMatchObject({
      status: 403,
      body: { code: 20403, message: expect.stringContaining('/twilio/taskrouter/workspaces/create') }
    })
    const Policy = '{"allow":["/twilio/taskrouter"],"deny":["/twilio/taskrouter/workspaces/*/list"]}'
    expect((await server.post(`/iam/v1/Keys/${made.sid}`, { Policy })).body.policy).toEqual(JSON.parse(Policy))
    const { status, body: workspace } = await server.post('/taskrouter/v1/Workspaces', { FriendlyName: 'x' }, as(made))
    expect(status).toBe(201)
    expect((await server.get(`/taskrouter/v1/Workspaces/${workspace.sid}/Tasks`, {}, as(made))).status).toBe(403)
  })

  it('that is restricted makes no key that may do more, unless its policy names keys', async () => {
    const make = { AccountSid: account_sid, KeyType: 'main' }
    for (const wide of ['/twilio/*/create', '/twilio/*', '/twilio', '/*'])
      expect((await server.post('/iam/v1/Keys', make, as(await restricted(wide)))).status, wide).toBe(403)
    for (const wide of ['/ringdown/*', '/ringdown'])
      expect((await server.post('/ringdown/v1/Users', { Username: 'x' }, as(await restricted(wide)))).status).toBe(403)
    const named = await restricted('/twilio/iam/keys/create')
    expect((await server.post('/iam/v1/Keys', make, as(named))).status).toBe(201)
    const reading = as(await restricted('/twilio/*/read'))
    expect((await server.get('/iam/v1/Keys', { AccountSid: account_sid }, reading)).status).toBe(200)
  })

  it('has a policy of as many stars as anybody likes, and nobody waits for it', async () => {
    const Policy = JSON.stringify({ allow: [`/twilio/${'*'.repeat(1000)}!`, `/${'*e'.repeat(500)}`] })
    const began = performance.now()
    const form = { AccountSid: account_sid, KeyType: 'restricted', Policy }
    expect((await server.post('/iam/v1/Keys', form)).status).toBe(400)
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it.each([
    ['without a policy', { KeyType: 'restricted' }],
    ['with a policy that names nothing', { KeyType: 'restricted', Policy: '{"allow":["/twilio/teleport"]}' }],
    ['with a policy of another shape', { KeyType: 'restricted', Policy: '{"permit":[]}' }],
    ['that is standard, with a policy', { Policy: '{"allow":["/twilio/taskrouter"]}' }],
    ['of a kind that there is not', { KeyType: 'golden' }],
    ['with a long name', { FriendlyName: 'x'.repeat(65) }]
  ])('%s is refused', async (_, form) => {
    expect((await server.post('/iam/v1/Keys', { AccountSid: account_sid, ...form })).status).toBe(400)
  })

  it('of another account is not there', async () => {
    const other = `/2010-04-01/Accounts/AC${'d'.repeat(32)}`
    for (const url of [`${other}.json`, `${other}/Keys.json`, `${other}/Keys/SK${'1'.repeat(32)}.json`])
      expect((await server.get(url)).status, url).toBe(404)
    expect((await server.post(`${other}/Keys.json`)).status).toBe(404)
  })

  it('has the instant of its last use kept, once a minute', async () => {
    const { body: made } = await server.post(`${keys}.json`)
    const used = () => server.account.state.find('key_use', made.sid)?.date_used
    const use = () => server.get('/taskrouter/v1/Workspaces', {}, as(made))
    expect(used()).toBeUndefined()
    await use()
    const first = server.clock.now()
    expect(used()).toBe(first)
    await server.clock.advance(59_000)
    await use()
    expect(used()).toBe(first)
    await server.clock.advance(2_000)
    await use()
    expect(used()).toBe(first + 61_000)
  })

  it('does not say by its time whether it is known', async () => {
    const { body: made } = await server.post(`${keys}.json`)
    for (const wrong of [
      { ...made, secret: 'wrong' },
      { sid: `SK${'0'.repeat(32)}`, secret: made.secret }
    ])
      expect(await server.get('/taskrouter/v1/Workspaces', {}, as(wrong))).toMatchObject({
        status: 401,
        body: { code: 20003, message: 'Authenticate' }
      })
  })
})

it('tells of the account, but for its token', async () => {
  const server = await Served.open()
  const { body } = await server.get(`/api/2010-04-01/Accounts/${account_sid}`)
  expect(body).toMatchObject({
    sid: account_sid,
    status: 'active',
    auth_token: null,
    uri: `/2010-04-01/Accounts/${account_sid}.json`,
    subresource_uris: { keys: `${keys}.json` }
  })
  expect((await server.get('/2010-04-01/Accounts.json')).body.accounts).toHaveLength(1)
  await server.close()
})

it('a key may read what is but listed: the log', async () => {
  const server = await Served.open()
  const Policy = '{"allow":["/ringdown/events/read"]}'
  const made = await server.post('/iam/v1/Keys', { AccountSid: account_sid, KeyType: 'restricted', Policy })
  expect(made.status).toBe(201)
  const authorization = basic(made.body.sid, made.body.secret)
  expect((await server.get('/ringdown/v1/Events?wait_s=0', undefined, { authorization })).status).toBe(200)
  const other = '{"allow":["/ringdown/events/create"]}'
  expect(
    (await server.post('/iam/v1/Keys', { AccountSid: account_sid, KeyType: 'restricted', Policy: other })).status
  ).toBe(400)
  await server.close()
})
