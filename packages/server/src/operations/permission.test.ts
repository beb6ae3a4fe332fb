import { operations } from '@ringdown/contract/generated/operations'
import { permissions } from '@ringdown/contract/generated/permissions'
import type { Operation, Parameter } from '@ringdown/contract/operation'
import type { Permission, Role } from '@ringdown/contract/permissions'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, Served, served } from '../http/fixture.ts'
import { implemented } from './registry.ts'

const { account_sid } = served

let server: Served
let workspace_sid: string
let other_workspace_sid: string
let service_sid: string
const workers: Record<string, string> = {}
const credentials: Record<string, string> = {}

function token(grants: object): Promise<string> {
  return new SignJWT({ grants })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
    .setIssuer(account_sid)
    .setSubject(account_sid)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(served.token))
}

async function bearer(grants: object): Promise<string> {
  return `Bearer ${await token(grants)}`
}

const as = (who: string) => ({ authorization: credentials[who] ?? '' })

beforeAll(async () => {
  server = await Served.open()
  const { account } = server
  await account.execute({ type: 'flex.setup' })
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' })
  workspace_sid = workspace.sid
  other_workspace_sid = (await account.execute({ type: 'workspace.create', friendly_name: 'Other' })).workspace.sid
  service_sid = (await account.execute({ type: 'conversations.setup' })).conversation_configuration
    .default_chat_service_sid
  for (const [name, team] of Object.entries({ ada: 'red', bob: 'blue', eve: 'red', sam: '' })) {
    const attributes = JSON.stringify({ ...(team && { team_name: team }), salary: 1, senior: name === 'eve' })
    const made = await account.execute({ type: 'worker.create', workspace_sid, friendly_name: name, attributes })
    workers[name] = made.worker.sid
  }
  const grant = (name: string, role: string) =>
    bearer({ identity: name, task_router: { workspace_sid, worker_sid: workers[name], role } })
  const key = async (form: Record<string, string>) => {
    const { body } = await server.post('/iam/v1/Keys', { AccountSid: account_sid, ...form })
    return basic(body.sid, body.secret)
  }
  Object.assign(credentials, {
    account: served.authorization,
    main: await key({ KeyType: 'main' }),
    standard: await key({}),
    reading: await key({ KeyType: 'restricted', Policy: '{"allow":["/twilio/*/read","/ringdown/*/read"]}' }),
    agent: await grant('ada', 'worker'),
    supervisor: await grant('eve', 'supervisor'),
    head: await grant('sam', 'supervisor'),
    admin: await bearer({ task_router: { workspace_sid, role: 'admin' } }),
    chat: await bearer({ identity: 'customer', chat: { service_sid } }),
    caller: await bearer({ identity: 'caller', voice: { incoming: { allow: true } } })
  })
})

afterAll(() => server.close())

/** Names of what is not there, or is somebody else's; the workspace and the service are there. */
function textFor({ pattern = '', type, enum: values, min }: Omit<Parameter, 'in'>): string {
  const prefix = /^\^\(?([A-Za-z]+)(?:\|[A-Z]+\))?\[/.exec(pattern)?.[1] ?? ''
  if (prefix === 'WS') return workspace_sid
  if (prefix === 'AC') return account_sid
  if (prefix === 'IS') return service_sid
  if (pattern.startsWith('^flex_')) return `flex_interactionwebhook_${'0'.repeat(26)}`
  if (prefix !== '') return prefix + '0'.repeat(32)
  if (values) return values[0] ?? ''
  if (type === 'integer' || type === 'number') return String(min ?? 1)
  if (type === 'json' || type === 'json-text') return '{}'
  return type === 'date-time' ? '2026-03-02T09:00:00Z' : 'x'
}

function ask(operation: Operation, who: string) {
  const { method, url, body, headers } = requestOf(operation, who)
  return server.ask(method, url, body, headers)
}

function requestOf({ id, product, method, path, parameters, json }: Operation, who: string) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.wire === name)
    return textFor(parameter ?? { wire: name, name, type: 'string' })
  })
  const needed = (place: string) =>
    new URLSearchParams(
      parameters
        .filter((one) => one.required && one.in === place)
        .map((one): [string, string] => [one.wire, textFor(one)])
    )
  const query = id === 'ringdown_v1.ListEvent' ? 'wait_s=0' : needed('query')
  const body = method === 'GET' || method === 'DELETE' ? undefined : json ? '{}' : String(needed('form'))
  const type = json ? 'application/json' : 'application/x-www-form-urlencoded'
  return { method, url: `/${product}${filled}?${query}`, body, headers: { ...as(who), 'content-type': type } }
}

/** Operations that a role may do on some rows, none of which are those that are asked for here. */
const isNarrow = (permission: Permission, role: Role) => permission.scopes[role] !== 'all'

/** A list whose rows are looked at one by one, of nothing that somebody would have to see first. */
const isOpenList = (operation: Operation) =>
  permissionOf(operation).rows === true && !/\{(?:Task|Worker)Sid\}/.test(operation.path)

const permissionOf = ({ id }: Operation): Permission => permissions[id as keyof typeof permissions]

// Deleting the workspace would end the walk.
const walked = operations.filter(
  ({ id }) => id !== 'taskrouter_v1.DeleteWorkspace' && id !== 'conversations_v1.DeleteService'
)

function forbidden(operation: Operation) {
  return { status: 403, code: 20403, message: expect.stringContaining(permissionOf(operation).right) }
}

describe('on the floor', () => {
  const floor = (path: string) => `/taskrouter/v1/Workspaces/${workspace_sid}${path}`
  const task: Record<string, string> = {}

  beforeAll(async () => {
    const { account } = server
    const state = account.state
    const available = [...state.tables.activity.by('workspace_sid', workspace_sid)].find((row) => row.available)
    const queue = await account.execute({
      type: 'task_queue.create',
      workspace_sid,
      friendly_name: 'Reds',
      target_workers: 'senior == true'
    })
    for (const name of ['ada', 'bob']) {
      await account.execute({
        type: 'worker.update',
        workspace_sid,
        sid: workers[name] ?? '',
        activity_sid: available?.sid ?? ''
      })
      const made = await account.execute({
        type: 'task.create',
        workspace_sid,
        attributes: '{}',
        routing_target: workers[name] ?? ''
      })
      task[name] = made.task.sid
    }
    const { workflow } = await account.execute({
      type: 'workflow.create',
      workspace_sid,
      friendly_name: 'Reds',
      configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.task_queue.sid } } })
    })
    const { sid: workflow_sid } = workflow
    const waiting = await account.execute({ type: 'task.create', workspace_sid, attributes: '{}', workflow_sid })
    task.red = waiting.task.sid
  })

  const sids = async (path: string, who: string) => {
    const { status, body } = await server.get(floor(path), {}, as(who))
    expect(status, `${path} as ${who}`).toBe(200)
    return (body[body.meta.key] as { sid: string }[]).map(({ sid }) => sid)
  }

  it('an agent sees its own tasks, a supervisor those of its team, and who has no team all', async () => {
    const [ada, bob, red] = [task.ada, task.bob, task.red]
    expect(await sids('/Tasks', 'agent')).toEqual([ada])
    expect(await sids('/Tasks', 'supervisor')).toEqual([ada, red])
    expect(await sids('/Tasks', 'head')).toEqual([ada, bob, red])
    expect((await server.get(floor(`/Tasks/${ada}`), {}, as('agent'))).status).toBe(200)
    for (const sid of [bob, red, `WT${'0'.repeat(32)}`])
      expect((await server.get(floor(`/Tasks/${sid}`), {}, as('agent'))).status).toBe(403)
  })

  it('a list that is cut says nothing of what was left out, page by page', async () => {
    const { body } = await server.get(floor('/Tasks'), { PageSize: 1 }, as('agent'))
    expect(body.tasks).toHaveLength(1)
    expect(body.meta.next_page_url).toBeNull()
  })

  it('an agent sees of others their names, and nothing that says more', async () => {
    const { body } = await server.get(floor(`/Workers/${workers.bob}`), {}, as('agent'))
    expect(body).toMatchObject({ friendly_name: 'bob', available: true, attributes: '{}', date_created: null })
    const { body: list } = await server.get(floor('/Workers'), {}, as('agent'))
    expect(JSON.stringify(list)).not.toContain('salary')
    const { status } = await server.get(floor('/Workers'), { TargetWorkersExpression: 'salary == 1' }, as('agent'))
    expect(status).toBe(403)
    expect((await server.get(floor(`/Workers/${workers.ada}`), {}, as('agent'))).body.attributes).toContain('salary')
  })

  it('an agent changes its own activity, and not what it is good at', async () => {
    const own = floor(`/Workers/${workers.ada}`)
    const { body: worker } = await server.get(own)
    expect((await server.post(own, { ActivitySid: worker.activity_sid }, as('agent'))).status).toBe(200)
    expect((await server.post(own, { FriendlyName: 'boss' }, as('agent'))).status).toBe(403)
    for (const attributes of [
      { salary: 1, team_name: 'blue' },
      { salary: 1, team_name: 'red', routing: { skills: ['vip'] } }
    ])
      expect((await server.post(own, { Attributes: JSON.stringify(attributes) }, as('agent'))).status).toBe(403)
    const theme = JSON.stringify({ team_name: 'red', salary: 1, theme: 'dark' })
    expect((await server.post(own, { Attributes: theme }, as('agent'))).status).toBe(200)
    expect(
      (await server.post(floor(`/Workers/${workers.bob}`), { ActivitySid: worker.activity_sid }, as('agent'))).status
    ).toBe(403)
  })

  it('a supervisor works for its team alone', async () => {
    const { body: worker } = await server.get(floor(`/Workers/${workers.ada}`))
    const change = { ActivitySid: worker.activity_sid }
    expect((await server.post(floor(`/Workers/${workers.ada}`), change, as('supervisor'))).status).toBe(200)
    expect((await server.post(floor(`/Workers/${workers.bob}`), change, as('supervisor'))).status).toBe(403)
    expect((await server.post(floor(`/Tasks/${task.red}`), { Priority: 3 }, as('supervisor'))).status).toBe(200)
    expect((await server.post(floor(`/Tasks/${task.bob}`), { Priority: 3 }, as('supervisor'))).status).toBe(403)
    expect((await server.get(floor('/RealTimeStatistics'), {}, as('supervisor'))).status).toBe(403)
    expect((await server.get(floor('/RealTimeStatistics'), {}, as('head'))).status).toBe(200)
  })

  it('a call is its agents’, and whoever leads their team may listen in', async () => {
    const ours = (path: string) => `/ringdown/v1/Workspaces/${workspace_sid}${path}`
    const of = (name: string) => ours(`/Tasks/${task[name]}`)
    const supervise = (who: string, by: string, name: string) =>
      server.post(ours(`/Workers/${workers[by]}/Supervision`), { TaskSid: task[name] ?? '', Mode: 'monitor' }, as(who))
    // There is no call: 404 for whoever may know that.
    expect((await server.get(`${of('ada')}/Call`, {}, as('agent'))).status).toBe(404)
    expect((await server.get(`${of('bob')}/Call`, {}, as('agent'))).status).toBe(403)
    expect((await server.post(`${of('bob')}/Call`, { Recording: 'paused' }, as('agent'))).status).toBe(403)
    expect((await server.get(`${of('ada')}/Recordings`, {}, as('agent'))).body.recordings).toEqual([])
    expect((await server.get(`${of('bob')}/Recordings`, {}, as('agent'))).status).toBe(403)
    expect((await supervise('agent', 'ada', 'ada')).status).toBe(403)
    expect((await supervise('supervisor', 'eve', 'ada')).status).toBe(404)
    expect((await supervise('supervisor', 'eve', 'bob')).status).toBe(403)
    expect((await supervise('supervisor', 'bob', 'ada')).status).toBe(403)
    expect((await supervise('head', 'sam', 'bob')).status).toBe(404)
    expect((await server.get(ours('/Calls'), {}, as('agent'))).status).toBe(403)
    expect((await server.get(ours('/Calls'), {}, as('supervisor'))).body.calls).toEqual([])
    expect((await server.post(`${of('bob')}/Call`, { Invite: '+33612345678' }, as('agent'))).status).toBe(403)
    expect((await server.get(ours('/Recordings'), {}, as('agent'))).status).toBe(403)
    expect((await server.get(ours('/Recordings'), {}, as('supervisor'))).body.recordings).toEqual([])
  })

  it('a reservation is answered by who has it', async () => {
    const [own] = await sids(`/Workers/${workers.ada}/Reservations`, 'agent')
    const url = (name: string, sid: string | undefined) => floor(`/Workers/${workers[name]}/Reservations/${sid}`)
    expect((await server.post(url('ada', own), { ReservationStatus: 'accepted' }, as('agent'))).status).toBe(200)
    const [foreign] = await sids(`/Workers/${workers.bob}/Reservations`, 'account')
    // Neither below its worker, nor below the own one.
    for (const name of ['bob', 'ada'])
      expect((await server.post(url(name, foreign), { ReservationStatus: 'accepted' }, as('agent'))).status).toBe(403)
  })

  it('each hears of the log what it may see', async () => {
    const heard = async (who: string) => {
      const { body } = await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0&limit=1000', undefined, as(who))
      return body.events as { type: string; data: Record<string, unknown> }[]
    }
    const workersIn = (events: Awaited<ReturnType<typeof heard>>) =>
      new Set(events.flatMap(({ data }) => (data.worker_sid === undefined ? [] : [data.worker_sid])))
    const ofWork = async (who: string) =>
      workersIn((await heard(who)).filter(({ type }) => !type.startsWith('worker.')))
    expect(await ofWork('agent')).toEqual(new Set([workers.ada]))
    expect(await ofWork('supervisor')).toEqual(new Set([workers.ada]))
    expect(await ofWork('head')).toEqual(new Set([workers.ada, workers.bob]))
    // Everybody sees who else is there.
    for (const who of ['agent', 'supervisor', 'head']) expect(workersIn(await heard(who)).size).toBe(4)
    expect(JSON.stringify(await heard('agent')).match(/salary/g)?.length ?? 0).toBeGreaterThan(0)
    const ofOthers = (await heard('agent')).filter(({ data }) => data.worker_sid !== workers.ada)
    expect(JSON.stringify(ofOthers)).not.toContain('salary')
    for (const who of ['agent', 'supervisor', 'head', 'chat'])
      expect((await heard(who)).filter(({ type }) => type.startsWith('ringdown.key'))).toEqual([])
    expect((await heard('account')).filter(({ type }) => type.startsWith('ringdown.key'))).not.toEqual([])
  })
})

describe('in conversations', () => {
  const conversations = '/conversations/v1/Conversations'
  let own: string
  let foreign: string

  beforeAll(async () => {
    const make = async (identity: string) => {
      const { body } = await server.post(conversations, { FriendlyName: identity })
      await server.post(`${conversations}/${body.sid}/Participants`, { Identity: identity })
      return body.sid as string
    }
    own = await make('customer')
    foreign = await make('somebody')
  })

  it('a customer reads and writes in the one it is in, as itself, and webhooks hear of it', async () => {
    const { status, body } = await server.post(
      `${conversations}/${own}/Messages`,
      { Body: 'Hi', Author: 'agent' },
      as('chat')
    )
    expect({ status, author: body.author }).toEqual({ status: 201, author: 'customer' })
    expect((await server.get(`${conversations}/${own}/Messages`, {}, as('chat'))).body.messages).toHaveLength(1)
    const { body: feed } = await server.get(
      '/ringdown/v1/Events?since=PT1H&wait_s=0&types=message.added',
      undefined,
      as('chat')
    )
    expect(feed.events[0].data).toMatchObject({ source: 'SDK', client_identity: 'customer', webhook_enabled: true })
  })

  it('a customer finds no other, whatever it asks for', async () => {
    for (const path of ['', '/Messages', '/Participants'])
      expect((await server.get(`${conversations}/${foreign}${path}`, {}, as('chat'))).status, path).toBe(403)
    expect((await server.post(`${conversations}/${foreign}/Messages`, { Body: 'Hi' }, as('chat'))).status).toBe(403)
    expect((await server.get(conversations, {}, as('chat'))).status).toBe(403)
    const list = '/conversations/v1/ParticipantConversations'
    expect((await server.get(list, { Identity: 'somebody' }, as('chat'))).status).toBe(403)
    expect((await server.get(list, { Identity: 'customer' }, as('chat'))).body.conversations).toHaveLength(1)
  })

  it('of what an address has written somebody finds what it was in itself', async () => {
    const address = '+33600000077'
    const talks: string[] = []
    for (const identity of ['customer', 'somebody', 'customer']) {
      const { body } = await server.post(conversations, { FriendlyName: identity })
      const members = `${conversations}/${body.sid}/Participants`
      const binding = { 'MessagingBinding.Address': address, 'MessagingBinding.ProxyAddress': '+15005550006' }
      expect((await server.post(members, binding)).status).toBe(201)
      await server.post(members, { Identity: identity })
      // The address is free again for the next one.
      await server.post(`${conversations}/${body.sid}`, { State: 'closed' })
      talks.push(body.sid)
    }
    const found = async (who: string) => {
      const { body } = await server.get('/conversations/v1/ParticipantConversations', { Address: address }, as(who))
      return body.conversations.map(({ conversation_sid: sid }: { conversation_sid: string }) => talks.indexOf(sid))
    }
    expect([await found('account'), await found('chat')]).toEqual([
      [2, 1, 0],
      [2, 0]
    ])
    for (const sid of talks) await server.delete(`${conversations}/${sid}`)
  })

  it('a customer may what its role in the conversation permits', async () => {
    const { body: message } = await server.post(`${conversations}/${own}/Messages`, { Body: 'Oops' }, as('chat'))
    const { body: other } = await server.post(`${conversations}/${own}/Messages`, { Body: 'Hello', Author: 'agent' })
    const url = (sid: string) => `${conversations}/${own}/Messages/${sid}`
    expect((await server.post(url(message.sid), { Body: 'Better' }, as('chat'))).body.body).toBe('Better')
    expect((await server.post(url(other.sid), { Body: 'Forged' }, as('chat'))).status).toBe(403)
    expect((await server.post(url(message.sid), { Body: 'x', Author: 'agent' }, as('chat'))).status).toBe(403)
    const rename = () => server.post(`${conversations}/${own}`, { FriendlyName: 'Mine' }, as('chat'))
    expect(await rename()).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('editConversationName') }
    })
    const { body: members } = await server.get(`${conversations}/${own}/Participants`)
    const { body: roles } = await server.get('/conversations/v1/Roles')
    const admin = roles.roles.find((role: { friendly_name: string }) => role.friendly_name === 'channel admin')
    const member = `${conversations}/${own}/Participants/${members.participants[0].sid}`
    // Nobody makes itself an administrator.
    expect((await server.post(member, { RoleSid: admin.sid }, as('chat'))).status).toBe(403)
    await server.post(member, { RoleSid: admin.sid })
    expect((await rename()).status).toBe(200)
  })

  it('a customer makes a conversation as its role permits, and comes in as its maker, but into no other', async () => {
    const made = await server.post(conversations, { FriendlyName: 'Ours' }, as('chat'))
    expect(made).toMatchObject({ status: 201, body: { chat_service_sid: service_sid } })
    expect(server.account.state.find('conversation', made.body.sid)?.created_by).toBe('customer')
    const path = `${conversations}/${made.body.sid}`
    expect((await server.get(path, undefined, as('chat'))).status).toBe(403)
    expect((await server.post(`${path}/Participants`, { Identity: 'somebody' }, as('chat'))).status).toBe(403)
    const joined = await server.post(`${path}/Participants`, { Identity: 'customer' }, as('chat'))
    expect(joined.status).toBe(201)
    const { body: role } = await server.get(`/conversations/v1/Roles/${joined.body.role_sid}`)
    expect(role.friendly_name).toBe('channel admin')
    // Its maker may let others in.
    expect((await server.post(`${path}/Participants`, { Identity: 'somebody' }, as('chat'))).status).toBe(201)
    const { body: other } = await server.post(conversations, { FriendlyName: 'Theirs' })
    expect(
      (await server.post(`${conversations}/${other.sid}/Participants`, { Identity: 'customer' }, as('chat'))).status
    ).toBe(403)
    expect((await server.post(conversations, { 'Timers.Closed': 'PT10M' }, as('chat'))).status).toBe(403)
    for (const sid of [made.body.sid, other.sid]) await server.delete(`${conversations}/${sid}`)
  })

  it('a customer finds its own conversations with what is unread, says what it has read, and leaves', async () => {
    const ours = '/conversations/v1/Users/customer/Conversations'
    const { body } = await server.post(conversations, { FriendlyName: 'Short' })
    await server.post(`${conversations}/${body.sid}/Participants`, { Identity: 'customer' })
    for (const Body of ['One', 'Two']) await server.post(`${conversations}/${body.sid}/Messages`, { Body })
    const list = await server.get(ours, {}, as('chat'))
    expect(list.body.conversations[0]).toMatchObject({ conversation_sid: body.sid, unread_messages_count: null })
    const read = { LastReadMessageIndex: 0, NotificationLevel: 'muted' }
    expect(await server.post(`${ours}/${body.sid}`, read, as('chat'))).toMatchObject({
      status: 200,
      body: { unread_messages_count: 1, last_read_message_index: 0, notification_level: 'muted' }
    })
    const others = '/conversations/v1/Users/somebody/Conversations'
    for (const path of ['', `/${foreign}`]) expect((await server.get(others + path, {}, as('chat'))).status).toBe(403)
    expect((await server.post(`${others}/${foreign}`, read, as('chat'))).status).toBe(403)
    expect((await server.delete(`${ours}/${body.sid}`, as('chat'))).status).toBe(204)
    expect((await server.get(`${ours}/${body.sid}`, {}, as('chat'))).status).toBe(403)
    const told = await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0&types=participant.*')
    const done = told.body.events.filter(
      ({ data }: { data: { conversation_sid: string } }) => data.conversation_sid === body.sid
    )
    expect(done.map(({ type, data }: { type: string; data: object }) => [type, data])).toMatchObject([
      ['participant.added', { source: 'API' }],
      ['participant.updated', { source: 'SDK', client_identity: 'customer', last_read_message_index: 0 }],
      ['participant.removed', { source: 'SDK', client_identity: 'customer' }]
    ])
    expect((await server.get('/conversations/v1/Roles', {}, as('chat'))).status).toBe(403)
    expect((await server.get('/conversations/v1/Credentials', {}, as('agent'))).status).toBe(403)
  })

  it('what a role permits is felt at once, also under names of Chat`s time', async () => {
    const { body: role } = await server.post('/conversations/v1/Roles', {
      FriendlyName: 'namer',
      Type: 'conversation',
      Permission: ['editChannelName']
    })
    const { body } = await server.post(conversations, { FriendlyName: 'Plain' })
    const rename = () => server.post(`${conversations}/${body.sid}`, { FriendlyName: 'Mine' }, as('chat'))
    await server.post(`${conversations}/${body.sid}/Participants`, { Identity: 'customer', RoleSid: role.sid })
    expect((await rename()).status).toBe(200)
    await server.post(`/conversations/v1/Roles/${role.sid}`, { Permission: ['sendMessage'] })
    expect((await rename()).status).toBe(403)
    expect((await server.delete(`/conversations/v1/Roles/${role.sid}`)).status).toBe(204)
    expect((await server.post(`${conversations}/${body.sid}/Messages`, { Body: 'Hi' }, as('chat'))).status).toBe(403)
    expect(
      await server.post('/conversations/v1/Roles', { FriendlyName: 'x', Type: 'service', Permission: ['fly'] })
    ).toMatchObject({ status: 400, body: { code: 20001 } })
    await server.delete(`${conversations}/${body.sid}`)
  })

  it('a customer of another service is none here', async () => {
    const { body: service } = await server.post('/conversations/v1/Services', { FriendlyName: 'Other' })
    const authorization = await bearer({ identity: 'customer', chat: { service_sid: service.sid } })
    expect((await server.get(`${conversations}/${own}`, {}, { authorization })).status).toBe(403)
  })

  it('a customer is nobody in another service, where somebody else has its identity: by SID at the root, in lists, in the log', async () => {
    const { body: service } = await server.post('/conversations/v1/Services', { FriendlyName: 'Other' })
    const there = `/conversations/v1/Services/${service.sid}/Conversations`
    const { body: namesake } = await server.post(there, { FriendlyName: 'of a namesake' })
    await server.post(`${there}/${namesake.sid}/Participants`, { Identity: 'customer' })
    const { body: user } = await server.post(`/conversations/v1/Services/${service.sid}/Users`, {
      Identity: 'customer-2'
    })
    await server.post(`${there}/${namesake.sid}/Messages`, { Body: 'Private' })
    const unnamed = { authorization: await bearer({ identity: 'customer', chat: {} }) }
    const second = { authorization: await bearer({ identity: 'customer-2', chat: { service_sid } }) }
    for (const who of [as('chat'), unnamed]) {
      for (const path of ['', '/Messages', '/Participants'])
        expect((await server.get(`${conversations}/${namesake.sid}${path}`, {}, who)).status, path).toBe(403)
      const typing = `/ringdown/v1/Conversations/${namesake.sid}/Typing`
      expect((await server.post(typing, {}, who)).status).toBe(403)
      const { body } = await server.get('/conversations/v1/ParticipantConversations', { Identity: 'customer' }, who)
      expect(body.conversations.map((one: { conversation_sid: string }) => one.conversation_sid)).toEqual([own])
      const { body: feed } = await server.get('/ringdown/v1/Events?since=PT1H&wait_s=0', undefined, who)
      expect(feed.events.length).toBeGreaterThan(0)
      expect(JSON.stringify(feed.events)).not.toContain(namesake.sid)
    }
    expect((await server.get(`/conversations/v1/Users/${user.sid}`, {}, second)).status).toBe(403)
    expect((await server.get(`${conversations}/${own}`, {}, unnamed)).status).toBe(200)
  })

  it('who chooses the key of another one’s request gets an answer of its own, or none', async () => {
    const send = (conversation: string, who: string) =>
      server.post(
        `${conversations}/${conversation}/Messages`,
        { Body: 'Once' },
        { ...as(who), 'idempotency-key': 'one' }
      )
    const first = await send(own, 'account')
    const second = await send(own, 'chat')
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body.sid).not.toBe(first.body.sid)
    expect((await send(own, 'chat')).body).toEqual(second.body)
    await server.post(
      `${conversations}/${foreign}/Messages`,
      { Body: 'x' },
      { ...as('account'), 'idempotency-key': 'two' }
    )
    const asked = { ...as('chat'), 'idempotency-key': 'two' }
    expect((await server.post(`${conversations}/${foreign}/Messages`, { Body: 'x' }, asked)).status).toBe(403)
  })

  it('who is taken out is out at once', async () => {
    const { body } = await server.get(`${conversations}/${own}/Participants`)
    await server.delete(`${conversations}/${own}/Participants/${body.participants[0].sid}`)
    expect((await server.get(`${conversations}/${own}/Messages`, {}, as('chat'))).status).toBe(403)
  })
})

// Last, since it makes and changes whatever it may.
describe('every operation', () => {
  it('is open to the account and to main keys', async () => {
    for (const operation of walked)
      for (const who of ['account', 'main'])
        expect([401, 403], `${operation.id} as ${who}`).not.toContain((await ask(operation, who)).status)
  }, 60_000)

  it('is closed to who brings nothing', async () => {
    credentials.nobody = ''
    // Each from an address of its own: strangers of one address are answered at a measured pace.
    for (const [n, operation] of walked.entries()) {
      const { method, url, body, headers } = requestOf(operation, 'nobody')
      const { statusCode } = await server.app.inject({
        method: method as 'GET', // inject's type names the methods, of which these are some
        url,
        headers: { host: 'ringdown.example', ...headers },
        ...(body !== undefined && { payload: body }),
        remoteAddress: `10.0.${n >> 8}.${n & 255}`
      })
      expect(statusCode, operation.id).toBe(401)
    }
  })

  it('is open to standard keys, but for accounts, keys and who may sign in', async () => {
    for (const operation of walked) {
      const { status } = await ask(operation, 'standard')
      if (/(?:Key|Keys|Account|ringdown_v1\.\w+(?:User|UserSetupLink|UserSession))$/.test(operation.id))
        expect(status, operation.id).toBe(401)
      else expect([401, 403], operation.id).not.toContain(status)
    }
  }, 60_000)

  it('is open to restricted keys as their policy says, and names the right that is missing', async () => {
    for (const operation of walked) {
      const { status, body } = await ask(operation, 'reading')
      const isRead = operation.verb === 'fetch' || operation.verb === 'list'
      if (isRead) expect([401, 403], operation.id).not.toContain(status)
      else expect({ status, code: body.code, message: body.message }, operation.id).toEqual(forbidden(operation))
    }
  }, 60_000)

  it.each(['agent', 'supervisor', 'admin', 'chat'] as const)(
    'is open to a token of the role %s as the table says',
    async (role) => {
      const open: string[] = []
      for (const operation of walked) {
        const permission = permissionOf(operation)
        const { status, body } = await ask(operation, role)
        const isOther =
          role === 'chat'
            ? false
            : !/^taskrouter_v1|Explanation$|ListEvent$|FetchClock$|TokenValidation$|WrapUp$|ParkedContact$|InsightQuery$|InsightMetric$|Workspace(Board|Breaches|Series|Call|Recordings)$|Task(Call|Recordings)$|Supervision$/.test(
                operation.id
              )
        const scope = isOther ? undefined : permission.scopes[role]
        // What nobody has is nobody's own; lists are cut, and names are for all.
        const isRefused =
          scope === undefined || (isNarrow(permission, role) && scope !== 'names' && !isOpenList(operation))
        // What is not built has no rows that could be somebody else's.
        if (isRefused && scope !== undefined && !implemented.has(operation.id)) expect(status, operation.id).toBe(501)
        else if (isRefused)
          expect({ status, code: body.code, message: body.message }, operation.id).toEqual(forbidden(operation))
        else {
          open.push(operation.id)
          expect([401, 403], operation.id).not.toContain(status)
        }
      }
      expect(open.length).toBeGreaterThan(role === 'chat' ? 1 : 10)
    },
    60_000
  )

  it('is closed to a token whose grants let into something else', async () => {
    for (const operation of walked) expect((await ask(operation, 'caller')).status, operation.id).toBe(403)
  }, 60_000)

  it('is closed in another workspace than the token’s', async () => {
    for (const who of ['agent', 'supervisor', 'head', 'admin'])
      for (const path of ['', '/Activities', '/Workers', '/Tasks', `/Workers/${workers.ada}`])
        expect((await server.get(`/taskrouter/v1/Workspaces/${other_workspace_sid}${path}`, {}, as(who))).status).toBe(
          403
        )
  })
})
