import { type AnyJson, type Form, Served } from '@ringdown/server/http/fixture'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let server: Served
let service: string
const root = '/conversations/v1'

beforeAll(async () => {
  server = await Served.open()
  service = (await server.get(`${root}/Configuration`)).body.default_chat_service_sid
})
afterAll(() => server.close())

async function made(url: string, form: Form): Promise<AnyJson> {
  const { status, body } = await server.post(url, form)
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}

describe('the account', () => {
  it('has a configuration that can be changed, and a default service', async () => {
    expect(service).toMatch(/^IS/)
    const { body } = await server.post(`${root}/Configuration`, { DefaultInactiveTimer: 'PT5M' })
    expect(body).toMatchObject({
      default_inactive_timer: 'PT5M',
      links: { service: expect.stringContaining(`/v1/Services/${service}/Configuration`) }
    })
    expect((await server.post(`${root}/Configuration`, { DefaultInactiveTimer: 'PT5S' })).status).toBe(400)
    await server.post(`${root}/Configuration`, { DefaultInactiveTimer: 'PT0S' })
    expect((await server.get(`${root}/Configuration`)).body.default_inactive_timer).toBeNull()
  })

  it('has services with their roles and configuration', async () => {
    const { sid } = await made(`${root}/Services`, { FriendlyName: 'Second' })
    const { body } = await server.get(`${root}/Services`)
    expect(body.services.map((row: AnyJson) => row.friendly_name)).toEqual(['Default Conversations Service', 'Second'])
    expect((await server.get(`${root}/Services/${sid}`)).body.links.roles).toContain(`/v1/Services/${sid}/Roles`)
    const roles = (await server.get(`${root}/Services/${sid}/Roles`)).body.roles
    expect(roles.map((role: AnyJson) => role.friendly_name)).toEqual([
      'service admin',
      'service user',
      'channel admin',
      'channel user'
    ])
    expect((await server.get(`${root}/Services/${sid}/Roles/${roles[0].sid}`)).body).toMatchObject({
      type: 'service',
      permissions: expect.any(Array)
    })
    expect((await server.get(`${root}/Roles/${roles[0].sid}`)).status).toBe(404)
    expect((await server.get(`${root}/Roles`)).body.roles).toHaveLength(4)
    expect((await server.get(`${root}/Services/${sid}/Configuration`)).body).toMatchObject({
      chat_service_sid: sid,
      default_conversation_role_sid: roles[3].sid
    })
    expect((await server.delete(`${root}/Services/${sid}`)).status).toBe(204)
    expect((await server.get(`${root}/Services/${sid}/Roles`)).status).toBe(404)
    expect(await server.delete(`${root}/Services/${service}`)).toMatchObject({ status: 409, body: { code: 20409 } })
  })
})

describe('a conversation', () => {
  it('is made, found by SID and by name at the root and in its service, changed and deleted', async () => {
    const { sid, timers } = await made(`${root}/Conversations`, {
      FriendlyName: 'Order 7',
      UniqueName: 'order-7',
      Attributes: '{ "a": 1 }',
      'Timers.Closed': 'PT10M'
    })
    expect(timers).toEqual({ date_closed: '2026-03-02T09:10:00Z' })
    for (const name of [sid, 'order-7']) {
      const atRoot = (await server.get(`${root}/Conversations/${name}`)).body
      expect(atRoot).toMatchObject({
        sid,
        attributes: '{ "a": 1 }',
        chat_service_sid: service,
        bindings: {},
        url: expect.stringContaining(`/v1/Conversations/${sid}`)
      })
      const below = (await server.get(`${root}/Services/${service}/Conversations/${name}`)).body
      expect(below.url).toContain(`/v1/Services/${service}/Conversations/${sid}`)
    }
    expect(await server.post(`${root}/Conversations`, { UniqueName: 'order-7' })).toMatchObject({
      status: 409,
      body: { code: 50353 }
    })
    expect((await server.post(`${root}/Conversations/order-7`, { FriendlyName: '' })).body.friendly_name).toBeNull()
    expect((await server.delete(`${root}/Services/${service}/Conversations/${sid}`)).status).toBe(204)
    expect(await server.get(`${root}/Conversations/order-7`)).toMatchObject({
      status: 404,
      body: { message: 'The requested resource /Conversations/order-7 was not found' }
    })
  })

  it('is read when it is closed, and changed no more', async () => {
    const { sid } = await made(`${root}/Conversations`, { UniqueName: 'bygone' })
    const url = `${root}/Conversations/${sid}`
    await made(`${url}/Participants`, { Identity: 'amelie' })
    const message = await made(`${url}/Messages`, { Author: 'amelie', Body: 'Bye' })
    expect((await server.post(url, { State: 'closed' })).body).toMatchObject({ state: 'closed', timers: {} })
    // Closed conversations live on disk only.
    expect(server.account.state.find('conversation', sid)).toBeUndefined()
    for (const name of [sid, 'bygone']) {
      const path = `${root}/Conversations/${name}`
      expect((await server.get(path)).body).toMatchObject({ sid, state: 'closed' })
      expect((await server.get(`${path}/Messages`)).body.messages).toMatchObject([
        { sid: message.sid, body: 'Bye', index: 0 }
      ])
      expect(await server.get(`${path}/Messages/${message.sid}`)).toMatchObject({
        status: 200,
        body: { author: 'amelie' }
      })
      expect((await server.get(`${path}/Participants/amelie`)).body).toMatchObject({
        identity: 'amelie',
        sid: message.participant_sid
      })
      expect((await server.get(`${path}/Participants/${message.participant_sid}`)).body.identity).toBe('amelie')
    }
    for (const [path, form] of [
      ['', { FriendlyName: 'x' }],
      ['/Messages', { Body: 'x' }],
      ['/Participants', { Identity: 'bob' }]
    ] as const) {
      expect(await server.post(url + path, form)).toMatchObject({ status: 400, body: { code: 50377 } })
    }
    expect(await server.post(`${root}/Conversations`, { UniqueName: 'bygone' })).toMatchObject({ status: 409 })
    expect((await server.delete(url)).status).toBe(204)
    expect((await server.get(`${url}/Messages`)).status).toBe(404)
  })

  it('is listed newest first, by state and by day', async () => {
    const first = await made(`${root}/Conversations`, { FriendlyName: 'first', DateCreated: '2026-01-05T12:00:00Z' })
    const second = await made(`${root}/Conversations`, { FriendlyName: 'second' })
    await server.post(`${root}/Conversations/${first.sid}`, { State: 'closed' })
    const sids = async (query: Form) =>
      (await server.get(`${root}/Conversations`, query)).body.conversations.map((row: AnyJson) => row.sid)
    expect(await sids({})).toEqual([second.sid, first.sid])
    expect(await sids({ State: 'closed' })).toEqual([first.sid])
    expect(await sids({ StartDate: '2026-01-05', EndDate: '2026-01-05' })).toEqual([first.sid])
    expect(await sids({ StartDate: '2026-01-06' })).toEqual([second.sid])
    const { meta, conversations } = (await server.get(`${root}/Conversations`, { PageSize: 1 })).body
    expect(conversations).toHaveLength(1)
    const next = (await server.get(meta.next_page_url.replace('http://ringdown.example', ''))).body
    expect(next.conversations[0].sid).toBe(first.sid)
    expect(next.meta.next_page_url).toBeNull()
    const back = (await server.get(next.meta.previous_page_url.replace('http://ringdown.example', ''))).body
    expect(back.conversations[0].sid).toBe(second.sid)
  })

  it('is made with its participants at once, or not at all', async () => {
    const pair = '{"messaging_binding":{"address":"+15550001","proxy_address":"+15559999"}}'
    const { sid } = await made(`${root}/ConversationWithParticipants`, {
      FriendlyName: 'both',
      Participant: ['{"identity":"amelie"}', pair]
    })
    expect((await server.get(`${root}/Conversations/${sid}/Participants`)).body.participants).toHaveLength(2)
    const again = await server.post(`${root}/Services/${service}/ConversationWithParticipants`, { Participant: pair })
    expect(again).toMatchObject({ status: 400, body: { code: 50425 } })
  })
})

describe('participants', () => {
  it('are added, found, changed and removed; a pair of addresses is in one conversation only', async () => {
    const { sid } = await made(`${root}/Conversations`, {})
    const url = `${root}/Services/${service}/Conversations/${sid}/Participants`
    const customer = await made(url, {
      'MessagingBinding.Address': 'whatsapp:+15550002',
      'MessagingBinding.ProxyAddress': 'whatsapp:+15559999'
    })
    expect(customer).toMatchObject({
      identity: null,
      messaging_binding: { type: 'whatsapp', address: 'whatsapp:+15550002', proxy_address: 'whatsapp:+15559999' }
    })
    const other = (await made(`${root}/Conversations`, {})).sid
    const twice = await server.post(`${root}/Conversations/${other}/Participants`, {
      'MessagingBinding.Address': 'whatsapp:+15550002',
      'MessagingBinding.ProxyAddress': 'whatsapp:+15559999'
    })
    expect(twice).toMatchObject({
      status: 409,
      body: { code: 50416, message: expect.stringContaining(`Conversation ${sid}`) }
    })
    await made(url, { Identity: 'a+b@example.org' })
    expect(await server.post(url, { Identity: 'a+b@example.org' })).toMatchObject({
      status: 409,
      body: { code: 50433 }
    })
    const identity = encodeURIComponent('a+b@example.org')
    await made(`${root}/Conversations/${sid}/Messages`, { Body: 'Hello' })
    expect((await server.post(`${url}/${identity}`, { LastReadMessageIndex: 0 })).body).toMatchObject({
      last_read_message_index: 0,
      last_read_timestamp: expect.any(String)
    })
    expect((await server.delete(`${url}/${identity}`)).status).toBe(204)
    expect((await server.get(`${url}/${identity}`)).status).toBe(404)
    expect((await server.get(url)).body.participants.map((row: AnyJson) => row.sid)).toEqual([customer.sid])
  })

  it('are found with their conversations by identity and by address, newest first', async () => {
    const mine: string[] = []
    for (const _ of [1, 2]) {
      const { sid } = await made(`${root}/Conversations`, {})
      await made(`${root}/Conversations/${sid}/Participants`, { Identity: 'zoe' })
      mine.unshift(sid)
    }
    await server.post(`${root}/Conversations/${mine[1]}`, { State: 'closed' })
    const { body } = await server.get(`${root}/ParticipantConversations`, { Identity: 'zoe' })
    expect(body.conversations.map((row: AnyJson) => row.conversation_sid)).toEqual(mine)
    expect(body.conversations).toMatchObject([
      { conversation_state: 'active', participant_identity: 'zoe', participant_user_sid: expect.stringMatching(/^US/) },
      { conversation_state: 'closed' }
    ])
    const byAddress = await server.get(`${root}/Services/${service}/ParticipantConversations`, {
      Address: 'whatsapp:+15550002'
    })
    expect(byAddress.body.conversations).toMatchObject([
      { participant_messaging_binding: { type: 'whatsapp', projected_address: null, level: null } }
    ])
    expect((await server.get(`${root}/ParticipantConversations`)).status).toBe(400)
    expect((await server.get(`${root}/ParticipantConversations`, { Identity: 'x', Address: 'y' })).status).toBe(400)
    expect((await server.get(`${root}/ParticipantConversations`, { Identity: 'nobody' })).body.conversations).toEqual(
      []
    )
  })
})

describe('messages', () => {
  it('are numbered, listed both ways, changed and deleted', async () => {
    const { sid } = await made(`${root}/Conversations`, {})
    const url = `${root}/Conversations/${sid}/Messages`
    const sids: string[] = []
    for (const Body of ['one', 'two', 'three']) sids.push((await made(url, { Body })).sid)
    const bodies = async (query: Form) => (await server.get(url, query)).body.messages.map((row: AnyJson) => row.body)
    expect(await bodies({})).toEqual(['one', 'two', 'three'])
    expect(await bodies({ Order: 'desc' })).toEqual(['three', 'two', 'one'])
    const seen: string[] = []
    for (let next: string | null = `${url}?PageSize=1&Order=desc`; next; ) {
      const page: AnyJson = (await server.get(next.replace('http://ringdown.example', ''))).body
      seen.push(...page.messages.map((row: AnyJson) => row.body))
      next = page.meta.next_page_url
    }
    expect(seen).toEqual(['three', 'two', 'one'])
    expect((await server.post(`${url}/${sids[1]}`, { Body: 'zwei' })).body).toMatchObject({
      body: 'zwei',
      index: 1,
      author: 'system',
      media: null,
      delivery: null
    })
    expect((await server.get(`${root}/Services/${service}/Conversations/${sid}/Messages/${sids[1]}`)).body.body).toBe(
      'zwei'
    )
    expect((await server.delete(`${url}/${sids[0]}`)).status).toBe(204)
    expect((await server.get(`${url}/${sids[0]}`)).status).toBe(404)
    expect(await bodies({})).toEqual(['zwei', 'three'])
    expect((await server.post(url, {})).status).toBe(400)
    expect(await server.post(url, { Body: 'x', Attributes: '{' })).toMatchObject({ status: 400, body: { code: 50304 } })
  })
})

describe('users', () => {
  it('are made, found by SID and identity, changed, listed and deleted', async () => {
    const user = await made(`${root}/Users`, { Identity: 'dora', FriendlyName: 'Dora' })
    expect(await server.post(`${root}/Services/${service}/Users`, { Identity: 'dora' })).toMatchObject({ status: 409 })
    for (const name of [user.sid, 'dora']) {
      expect((await server.get(`${root}/Services/${service}/Users/${name}`)).body).toMatchObject({
        identity: 'dora',
        is_online: null
      })
    }
    expect((await server.post(`${root}/Users/dora`, { FriendlyName: 'Dorothea' })).body.friendly_name).toBe('Dorothea')
    expect((await server.get(`${root}/Users`)).body.users.map((row: AnyJson) => row.identity)).toContain('dora')
    expect((await server.delete(`${root}/Users/${user.sid}`)).status).toBe(204)
    expect((await server.get(`${root}/Users/dora`)).status).toBe(404)
  })
})
