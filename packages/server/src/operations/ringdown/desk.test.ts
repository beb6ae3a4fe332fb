import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Form, Served, served } from '../../http/fixture.ts'

/* An agent who has signed in, at the own desk; a colleague, and a customer who must hear nothing of what both note. */

const v1 = '/ringdown/v1'
const password = 'correct horse battery'
const page = { host: 'localhost:8080', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

let server: Served
let workspace_sid: string
const workers: Record<string, string> = {}
const users: Record<string, string> = {}
const tokens: Record<string, string> = {}
const conversations: Record<string, string> = {}

/** Signs somebody in, as a page does. */
async function signedIn(name: string): Promise<string> {
  const ask = (path: string, body: object | undefined, headers: Record<string, string> = {}) =>
    server.ask('POST', `${v1}/Sessions${path}`, body && JSON.stringify(body), {
      ...page,
      authorization: '',
      ...headers
    })
  const { body: link } = await server.post(`${v1}/Users/${users[name]}/SetupLinks`)
  const { headers } = await ask('/Setup', { secret: link.secret, password })
  const cookie = String(headers['set-cookie']).split(';')[0] ?? ''
  return `Bearer ${(await ask('/Current/Token', undefined, { cookie })).body.token}`
}

beforeAll(async () => {
  server = await Served.open()
  workspace_sid = (await server.get('/flex-api/v1/Configuration')).body.taskrouter_workspace_sid
  for (const name of ['ada', 'bob']) {
    const made = await server.account.execute({ type: 'worker.create', workspace_sid, friendly_name: name })
    workers[name] = made.worker.sid
    const user = { Username: name, Roles: ['agent'], WorkerSid: made.worker.sid }
    users[name] = (await server.post(`${v1}/Users`, user)).body.sid
    tokens[name] = await signedIn(name)
    const { sid } = (await server.post('/conversations/v1/Conversations', { FriendlyName: `of ${name}` })).body
    conversations[name] = sid
    for (const Identity of [name, 'customer'])
      await server.post(`/conversations/v1/Conversations/${sid}/Participants`, { Identity })
  }
  const { chat_service_sid: service_sid } = (await server.get(`/conversations/v1/Conversations/${conversations.ada}`))
    .body
  const token = await new SignJWT({ grants: { identity: 'customer', chat: { service_sid } } })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
    .setIssuer(served.account_sid)
    .setSubject(served.account_sid)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(served.token))
  tokens.customer = `Bearer ${token}`
})
afterAll(() => server.close())

const as = (who: string) => ({ authorization: tokens[who] ?? '' })
const get = (path: string, who: string) => server.get(v1 + path, undefined, as(who))
const post = (path: string, form: Form, who: string) => server.post(v1 + path, form, as(who))

describe('an agent who has signed in', () => {
  it('sees the own desk and nobody else’s', async () => {
    const desk = await get(`/Workspaces/${workspace_sid}/Workers/${workers.ada}/Desk`, 'ada')
    expect(desk).toMatchObject({ status: 200, body: { conversations: [{ sid: conversations.ada }] } })
    expect((await get(`/Workspaces/${workspace_sid}/Workers/${workers.bob}/Desk`, 'ada')).status).toBe(403)
    expect((await get(`/Workspaces/${workspace_sid}/Workers/${workers.ada}/Desk`, 'customer')).status).toBe(403)
  })

  it('sees no conversation of somebody else’s by naming it in a task', async () => {
    const { body: queue } = await server.post(`/taskrouter/v1/Workspaces/${workspace_sid}/TaskQueues`, {
      FriendlyName: 'All'
    })
    const Configuration = JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } })
    const { body: workflow } = await server.post(`/taskrouter/v1/Workspaces/${workspace_sid}/Workflows`, {
      FriendlyName: 'All',
      Configuration
    })
    const activity = server.account.state.tables.activity.all().find((one) => one.available)?.sid ?? ''
    await server.post(`/taskrouter/v1/Workspaces/${workspace_sid}/Workers/${workers.ada}`, { ActivitySid: activity })
    const named = { WorkflowSid: workflow.sid, RoutingTarget: workers.ada ?? '' }
    const make = (conversationSid = '') =>
      server.post(
        `/taskrouter/v1/Workspaces/${workspace_sid}/Tasks`,
        { ...named, Attributes: JSON.stringify({ conversationSid }) },
        as('ada')
      )
    const { status, body: task } = await make(conversations.bob)
    expect(status).toBe(201)
    const desk = `/Workspaces/${workspace_sid}/Workers/${workers.ada}/Desk`
    const { body } = await get(desk, 'ada')
    expect(body.tasks).toMatchObject([{ sid: task.sid }])
    expect(body.conversations.map((one: { sid: string }) => one.sid)).toEqual([conversations.ada])
    const { body: whole } = await server.get(v1 + desk)
    expect(whole.conversations.map((one: { sid: string }) => one.sid)).toEqual([conversations.bob, conversations.ada])
    await server.delete(`/taskrouter/v1/Workspaces/${workspace_sid}/Tasks/${task.sid}`)
  })

  it('keeps the own preferences', async () => {
    const own = `/Users/${users.ada}/Preferences`
    expect((await get(own, 'ada')).body).toMatchObject({ preferences: {}, date_updated: null })
    const chosen = { Preferences: '{"theme":"dark","n":17841444523369053}' }
    expect((await post(own, chosen, 'ada')).body.preferences).toMatchObject({ theme: 'dark' })
    expect((await get(own, 'ada')).body).toMatchObject({
      preferences: { theme: 'dark' },
      date_updated: expect.any(String)
    })
    expect((await get(own, 'bob')).status).toBe(403)
    expect((await post(own, chosen, 'bob')).status).toBe(403)
    expect((await post(own, { Preferences: '[]' }, 'ada')).status).toBe(400)
    expect((await server.get(`${v1}/Users/FU${'0'.repeat(32)}/Preferences`)).status).toBe(404)
  })

  it('notes under the own name, where the own conversations are', async () => {
    const notes = `/Conversations/${conversations.ada}/Notes`
    expect((await post(notes, { Body: 'VIP' }, 'ada')).body).toMatchObject({ author: 'ada', body: 'VIP' })
    expect((await post(notes, { Body: 'VIP', Author: 'bob' }, 'ada')).status).toBe(403)
    expect((await post(notes, { Body: 'VIP' }, 'bob')).status).toBe(403)
    expect((await get(notes, 'bob')).status).toBe(403)
    expect((await get(notes, 'ada')).body.notes).toHaveLength(1)
  })

  it('types and looks as itself', async () => {
    const conversation = `/Conversations/${conversations.ada}`
    expect((await post(`${conversation}/Typing`, { Identity: 'bob' }, 'ada')).body.identity).toBe('ada')
    expect((await post(`${conversation}/Viewing`, {}, 'ada')).body.identity).toBe('ada')
    expect((await post(`${conversation}/Typing`, {}, 'customer')).body.identity).toBe('customer')
    expect((await post(`${conversation}/Typing`, {}, 'bob')).status).toBe(403)
    const { typing, viewing } = (await get(`${conversation}/Presence`, 'ada')).body
    expect([typing.length, viewing.length]).toEqual([2, 1])
    expect((await get(`${conversation}/Presence`, 'customer')).status).toBe(403)
  })

  it('finds what is its own, and the names of colleagues', async () => {
    const search = async (query: string) =>
      (await get(`/Workspaces/${workspace_sid}/Search?Query=${query}`, 'ada')).body.results.map(
        ({ type, name }: { type: string; name: string }) => `${type} ${name}`
      )
    expect(await search('of')).toEqual(['activity Offline', 'conversation of ada'])
    expect(await search(conversations.bob ?? '')).toEqual([])
    expect(await search('bob')).toEqual(['worker bob'])
  })

  it('reads canned responses, and writes none', async () => {
    const hello = { Section: 'General', Label: 'Hello', Text: 'Hello!' }
    await server.post(`${v1}/CannedResponses`, hello)
    expect((await get('/CannedResponses', 'ada')).body.canned_responses).toHaveLength(1)
    expect((await post('/CannedResponses', hello, 'ada')).status).toBe(403)
  })
})

it('a customer hears what is said in the conversation, and nothing of what is noted', async () => {
  const { body } = await get('/Events?since=PT1H&wait_s=0&limit=1000', 'customer')
  const types = new Set(body.events.map(({ type }: { type: string }) => type))
  expect(types.has('participant.added')).toBe(true)
  expect([...types].filter((type) => /^note|^canned/.test(String(type)))).toEqual([])
  const { body: own } = await get('/Events?since=PT1H&wait_s=0&limit=1000', 'ada')
  const heard = own.events.map(({ type }: { type: string }) => type)
  expect(heard.filter((type: string) => /^note|^canned/.test(type))).toEqual(['note.added', 'canned-response.created'])
  for (const path of [`/Conversations/${conversations.ada}/Notes`, '/CannedResponses'])
    expect((await get(path, 'customer')).status).toBe(403)
})
