import { type AnyJson, type Form, Served } from '@ringdown/server/http/fixture'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/* How parameters are read, over the wire and in all products: one rule, wherever a value of its kind can stand. */

let server: Served
let workspace: string
const conversations = '/conversations/v1'
const flex = '/flex-api/v1'
const composed = 'Åsa'
const decomposed = 'A\u030asa'

beforeAll(async () => {
  server = await Served.open()
  const { sid } = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor' })
  workspace = `/taskrouter/v1/Workspaces/${sid}`
})
afterAll(() => server.close())

async function made(url: string, form: Form = {}): Promise<AnyJson> {
  const answered = await server.post(url, form)
  expect([200, 201], JSON.stringify(answered.body)).toContain(answered.status)
  return answered.body
}

async function refusal(answered: Promise<{ status: number; body: AnyJson }>): Promise<string> {
  const { status, body } = await answered
  return `${status}/${body.code} ${body.message}`
}

const names = (rows: readonly AnyJson[]): string[] => rows.map((row) => row.friendly_name)

describe('an address that is none on its channel', () => {
  const numbers = ['(555) 010-9999', '0015550109999', '15550109999', '+1', '+0155501099', '+1234567890123456', '12345']

  it.each(numbers)('%s is refused wherever it can stand', async (number) => {
    const service = (await made(`${conversations}/Services`, { FriendlyName: 'Shop' })).sid
    for (const root of [conversations, `${conversations}/Services/${service}`]) {
      const { sid } = await made(`${root}/Conversations`)
      const participants = `${root}/Conversations/${sid}/Participants`
      for (const prefix of ['', 'whatsapp:']) {
        const pair = {
          'MessagingBinding.Address': prefix + number,
          'MessagingBinding.ProxyAddress': `${prefix}+15550109998`
        }
        expect(await refusal(server.post(participants, pair))).toBe(
          `400/50407 Invalid messaging binding address: ${prefix}${number}`
        )
        const Participant = JSON.stringify({
          messaging_binding: { address: prefix + number, proxy_address: '+15550109998' }
        })
        expect(await refusal(server.post(`${root}/ConversationWithParticipants`, { Participant }))).toMatch(
          /^400\/50407/
        )
        const found = server.get(`${root}/ParticipantConversations`, { Address: prefix + number })
        expect(await refusal(found)).toMatch(/^400\/50407/)
      }
      expect((await server.get(participants)).body.participants).toEqual([])
    }
    const { taskrouter_workspace_sid: workspace_sid, taskrouter_target_workflow_sid: workflow_sid } = (
      await server.get(`${flex}/Configuration`)
    ).body
    const interact = (participant: object) =>
      server.post(`${flex}/Interactions`, {
        Channel: JSON.stringify({ type: 'SMS', initiated_by: 'Api', participants: [participant] }),
        Routing: JSON.stringify({ properties: { workspace_sid, workflow_sid } })
      })
    expect(await refusal(interact({ address: number, proxy_address: '+15550109998' }))).toMatch(/^400\/45367 /)
    const suffix = numbers.indexOf(number)
    const known = await made(`${conversations}/Conversations`)
    await made(`${conversations}/Conversations/${known.sid}/Participants`, { Identity: 'ada' })
    const inbound = server.post(`${flex}/Interactions`, {
      Channel: JSON.stringify({
        type: 'whatsapp',
        initiated_by: 'customer',
        properties: { media_channel_sid: known.sid },
        participants: [{ address: number }]
      }),
      Routing: JSON.stringify({ properties: { workspace_sid, workflow_sid } })
    })
    expect(await refusal(inbound)).toMatch(/^400\/45367 Channel: participants: 'whatsapp:/)
    const { body } = await interact({ address: `+155501${suffix}`, proxy_address: '+15550109998' })
    const MediaProperties = JSON.stringify({ address: number, proxy_address: '+15550109998' })
    const channel = `${flex}/Interactions/${body.sid}/Channels/${body.channel.sid}`
    expect(await refusal(server.post(`${channel}/Participants`, { Type: 'External', MediaProperties }))).toMatch(
      /^400\/45367 MediaProperties: /
    )
  })

  it('is not one that may send: a short code or a name is a proxy on SMS, and found by nobody', async () => {
    const { sid } = await made(`${conversations}/Conversations`)
    const participants = `${conversations}/Conversations/${sid}/Participants`
    for (const [address, proxy] of [
      ['+372555001', '26000'],
      ['+372555002', 'Acme Shop']
    ] as const) {
      const pair = { 'MessagingBinding.Address': address, 'MessagingBinding.ProxyAddress': proxy }
      expect(await made(participants, pair)).toMatchObject({ messaging_binding: { address, proxy_address: proxy } })
    }
    const pair = {
      'MessagingBinding.Address': 'whatsapp:+372555003',
      'MessagingBinding.ProxyAddress': 'whatsapp:26000'
    }
    expect(await refusal(server.post(participants, pair))).toMatch(/^400\/50408/)
  })
})

describe('attributes that are no JSON', () => {
  it('have a number of their own in all of Conversations', async () => {
    const service = (await made(`${conversations}/Services`, { FriendlyName: 'Shop' })).sid
    for (const root of [conversations, `${conversations}/Services/${service}`]) {
      const { sid } = await made(`${root}/Conversations`)
      const participant = await made(`${root}/Conversations/${sid}/Participants`, { Identity: 'ada' })
      const message = await made(`${root}/Conversations/${sid}/Messages`, { Body: 'Hi' })
      const user = await made(`${root}/Users`, { Identity: 'cleo' })
      for (const [path, form] of [
        ['/Users', { Identity: 'bea' }],
        [`/Users/${user.sid}`, {}],
        ['/Conversations', {}],
        [`/Conversations/${sid}`, {}],
        ['/ConversationWithParticipants', {}],
        [`/Conversations/${sid}/Participants`, { Identity: 'bea' }],
        [`/Conversations/${sid}/Participants/${participant.sid}`, {}],
        [`/Conversations/${sid}/Messages`, { Body: 'Hi' }],
        [`/Conversations/${sid}/Messages/${message.sid}`, {}]
      ] as const)
        expect(await refusal(server.post(root + path, { ...form, Attributes: "{'a':1}" })), path).toBe(
          "400/50304 Invalid JSON in parameter Attributes: '{'a':1}'"
        )
      const Participant = JSON.stringify({ identity: 'bea', attributes: "{'a':1}" })
      expect(await refusal(server.post(`${root}/ConversationWithParticipants`, { Participant }))).toMatch(/^400\/50304/)
    }
  })
})

describe('a name in another form of Unicode', () => {
  it('finds and takes the same thing in TaskRouter, and comes back as it was sent', async () => {
    const activity = await made(`${workspace}/Activities`, { FriendlyName: composed, Available: true })
    const queue = await made(`${workspace}/TaskQueues`, { FriendlyName: decomposed })
    const workflow = await made(`${workspace}/Workflows`, {
      FriendlyName: composed,
      Configuration: JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } })
    })
    const worker = await made(`${workspace}/Workers`, { FriendlyName: decomposed, ActivitySid: activity.sid })
    const task = await made(`${workspace}/Tasks`, { WorkflowSid: workflow.sid })
    expect([activity.friendly_name, queue.friendly_name, worker.friendly_name]).toEqual([
      composed,
      decomposed,
      decomposed
    ])
    for (const name of [composed, decomposed]) {
      for (const collection of ['Activities', 'TaskQueues', 'Workflows', 'Workers']) {
        const { body } = await server.get(`${workspace}/${collection}`, { FriendlyName: name })
        expect(body[body.meta.key], collection).toHaveLength(1)
        const form = { FriendlyName: name, Configuration: '{"task_routing":{}}' }
        expect(await refusal(server.post(`${workspace}/${collection}`, form)), collection).toMatch(
          /^400\/20001 .*already exists/
        )
      }
      const { body } = await server.get(`${workspace}/Workers`, { ActivityName: name, TaskQueueName: name })
      expect(names(body.workers)).toEqual([decomposed])
      const tasks = await server.get(`${workspace}/Tasks`, { WorkflowName: name, TaskQueueName: name })
      expect(tasks.body.tasks.map(({ sid }: AnyJson) => sid)).toEqual([task.sid])
    }
    expect(names((await server.get(`${workspace}/Workers`, { FriendlyName: 'åSA' })).body.workers)).toEqual([
      decomposed
    ])
    const renamed = await made(`${workspace}/Activities/${activity.sid}`, { FriendlyName: decomposed })
    expect(renamed.friendly_name).toBe(decomposed)
  })

  it('leads a task to the worker that it names', async () => {
    const known = {
      filters: [{ expression: '1==1', targets: [{ queue: '', known_worker_friendly_name: 'task.who' }] }]
    }
    const queue = await made(`${workspace}/TaskQueues`, { FriendlyName: 'Known' })
    const [first] = known.filters
    if (first?.targets[0]) first.targets[0].queue = queue.sid
    const workflow = await made(`${workspace}/Workflows`, {
      FriendlyName: 'Known',
      Configuration: JSON.stringify({ task_routing: known })
    })
    const activity = (await server.get(`${workspace}/Activities`, { Available: true })).body.activities[0].sid
    const worker = await made(`${workspace}/Workers`, { FriendlyName: 'Ze\u0301', ActivitySid: activity })
    const Attributes = JSON.stringify({ who: 'Z\u00e9' })
    const task = await made(`${workspace}/Tasks`, { WorkflowSid: workflow.sid, Attributes })
    const { reservations } = (await server.get(`${workspace}/Tasks/${task.sid}/Reservations`)).body
    expect(reservations.map(({ worker_sid }: AnyJson) => worker_sid)).toEqual([worker.sid])
  })

  it('is one identity and one unique name in Conversations, of open and of closed ones', async () => {
    const { sid, unique_name } = await made(`${conversations}/Conversations`, { UniqueName: decomposed })
    expect(unique_name).toBe(decomposed)
    const participants = `${conversations}/Conversations/${sid}/Participants`
    const { sid: member, identity } = await made(participants, { Identity: decomposed })
    expect(identity).toBe(decomposed)
    expect(await refusal(server.post(participants, { Identity: composed }))).toMatch(/^409\/50433/)
    expect(await refusal(server.post(`${conversations}/Users`, { Identity: composed }))).toMatch(/^409\/50201/)
    for (const state of ['active', 'closed']) {
      if (state === 'closed') await made(`${conversations}/Conversations/${sid}`, { State: 'Closed' })
      for (const name of [composed, decomposed]) {
        const path = encodeURIComponent(name)
        expect((await server.get(`${conversations}/Conversations/${path}`)).body).toMatchObject({ sid, unique_name })
        expect((await server.get(`${participants}/${path}`)).body).toMatchObject({ sid: member, identity })
        expect((await server.get(`${conversations}/Users/${path}`)).body).toMatchObject({ identity })
        const mine = await server.get(`${conversations}/ParticipantConversations`, { Identity: name })
        expect(mine.body.conversations).toMatchObject([{ conversation_sid: sid, participant_identity: identity }])
        expect(await refusal(server.post(`${conversations}/Conversations`, { UniqueName: name }))).toMatch(
          /^409\/50353/
        )
      }
    }
    expect((await server.delete(`${conversations}/Users/${encodeURIComponent(composed)}`)).status).toBe(204)
    expect((await server.get(`${conversations}/Users/${encodeURIComponent(decomposed)}`)).status).toBe(404)
  })

  it('is one address of a Flex flow', async () => {
    const ChatServiceSid = (await server.get(`${conversations}/Configuration`)).body.default_chat_service_sid
    const form = { ChatServiceSid, ChannelType: 'Web', FriendlyName: decomposed }
    const flow = await made(`${flex}/FlexFlows`, { ...form, ContactIdentity: decomposed })
    expect(flow).toMatchObject({ channel_type: 'web', contact_identity: decomposed })
    expect(await refusal(server.post(`${flex}/FlexFlows`, { ...form, ContactIdentity: composed }))).toMatch(
      /^409\/20409/
    )
    const { flex_flows } = (await server.get(`${flex}/FlexFlows`, { FriendlyName: composed })).body
    expect(flex_flows.map(({ sid }: AnyJson) => sid)).toEqual([flow.sid])
  })
})

describe('lists', () => {
  it('are sorted without a direction and in any case', async () => {
    for (const name of ['One', 'Two']) {
      server.clock.advance?.(1000)
      await made(`${workspace}/TaskQueues`, { FriendlyName: name })
    }
    for (const [collection, column] of [
      ['TaskQueues', 'DateUpdated'],
      ['Workers', 'DateStatusChanged'],
      ['Tasks', 'Priority']
    ] as const) {
      const sids = async (Ordering: string) => {
        const { status, body } = await server.get(`${workspace}/${collection}`, { Ordering })
        expect(status, JSON.stringify(body)).toBe(200)
        return body[body.meta.key].map(({ sid }: AnyJson) => sid)
      }
      expect(await sids(column)).toEqual(await sids(`${column}:asc`))
      expect(await sids(`${column.toLowerCase()}:DESC`)).toEqual(await sids(`${column}:desc`))
      const wrong = server.get(`${workspace}/${collection}`, { Ordering: `${column}:up` })
      expect(await refusal(wrong)).toContain(`Ordering is invalid: `)
      expect((await wrong).body.message).toContain(`'${column}:up'`)
    }
  })

  it('filter by nothing as if nothing were said', async () => {
    for (const collection of ['Activities', 'TaskQueues', 'Workflows', 'Workers', 'Tasks']) {
      const all = (await server.get(`${workspace}/${collection}`)).body
      const filters = [
        'FriendlyName',
        'ActivityName',
        'ActivitySid',
        'WorkflowName',
        'TaskQueueName',
        'Available',
        'Ordering'
      ]
      const { body } = await server.get(
        `${workspace}/${collection}`,
        Object.fromEntries(filters.map((name) => [name, '']))
      )
      expect(body[body.meta.key], collection).toEqual(all[all.meta.key])
    }
  })

  it("take no other list's page", async () => {
    for (let n = 0; n < 3; n++) {
      await made(`${workspace}/Activities`, { FriendlyName: `Rest ${n}` })
      await made(`${conversations}/Conversations`)
    }
    const tokenOf = (body: AnyJson) => new URL(body.meta.next_page_url).searchParams.get('PageToken') ?? ''
    const next = async (url: string, query: Form, token: string) =>
      (await server.get(url, { ...query, PageSize: 1, Page: 1, PageToken: token })).status
    const activities = `${workspace}/Activities`
    const token = tokenOf((await server.get(activities, { PageSize: 1, Available: false })).body)
    expect(await next(activities, { Available: false }, token)).toBe(200)
    expect(await next(activities, { Available: 'no' }, token)).toBe(200)
    expect(await next(activities, {}, token)).toBe(400)
    expect(await next(`${workspace}/TaskQueues`, {}, token)).toBe(400)
    const { sid } = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Other' })
    const other = `/taskrouter/v1/Workspaces/${sid}/Activities`
    expect(await next(other, { Available: false }, token)).toBe(400)
    const [row] = (await server.get(activities)).body.activities
    expect(await next(activities, {}, `PA${row.sid}`)).toBe(200)
    expect(await next(other, {}, `PA${row.sid}`)).toBe(400)
    const open = tokenOf((await server.get(`${conversations}/Conversations`, { PageSize: 1 })).body)
    expect(await next(`${conversations}/Conversations`, {}, open)).toBe(200)
    expect(await next(`${conversations}/Conversations`, { State: 'active' }, open)).toBe(400)
    const service = (await made(`${conversations}/Services`, { FriendlyName: 'Shop' })).sid
    expect(await next(`${conversations}/Services/${service}/Conversations`, {}, open)).toBe(400)
  })

  it('say which value was wrong', async () => {
    expect(await refusal(server.get(`${workspace}/Workers`, { ActivitySid: 'WAxxx' }))).toBe(
      "400/20001 Parameter ActivitySid is invalid: a SID beginning with WA is expected, not 'WAxxx'"
    )
  })
})

describe('empty and oddly spelled parameters', () => {
  it('leave things as they are', async () => {
    const queue = await made(`${workspace}/TaskQueues`, {
      FriendlyName: 'Plain',
      TaskOrder: 'lifo',
      MaxReservedWorkers: ''
    })
    expect(queue).toMatchObject({ task_order: 'LIFO', max_reserved_workers: 1 })
    const same = await made(`${workspace}/TaskQueues/${queue.sid}`, { TaskOrder: '', MaxReservedWorkers: '' })
    expect(same).toMatchObject({ task_order: 'LIFO', max_reserved_workers: 1 })
    const task = await made(`${workspace}/Tasks`, {
      RoutingTarget: queue.sid,
      IgnoreCapacity: '',
      Priority: '',
      Attributes: '',
      Timeout: ''
    })
    expect(task).toMatchObject({ priority: 0, attributes: '{}', ignore_capacity: null })
    const floor = await made(`${workspace}`, { DefaultActivitySid: '', TimeoutActivitySid: '', MultiTaskEnabled: '' })
    expect(floor).toMatchObject({ multi_task_enabled: true })
    const conversation = await made(`${conversations}/Conversations`, {
      'Timers.Inactive': '',
      State: '',
      Attributes: ''
    })
    expect(conversation).toMatchObject({ state: 'active', timers: {}, attributes: '{}' })
  })

  it('instruct in any case', async () => {
    const activity = (await server.get(`${workspace}/Activities`, { Available: true })).body.activities[0].sid
    const worker = await made(`${workspace}/Workers`, { FriendlyName: 'Instructed', ActivitySid: activity })
    const task = await made(`${workspace}/Tasks`, { RoutingTarget: worker.sid, TaskChannel: 'DEFAULT'.toLowerCase() })
    const [{ sid }] = (await server.get(`${workspace}/Tasks/${task.sid}/Reservations`)).body.reservations
    const reservation = `${workspace}/Tasks/${task.sid}/Reservations/${sid}`
    const redirect = {
      Instruction: 'Redirect',
      RedirectCallSid: `CA${'0'.repeat(32)}`,
      RedirectUrl: 'https://a.example'
    }
    expect(await refusal(server.post(reservation, redirect))).toMatch(/^400\/20001 Call CA0+ is no living call/)
    const conference = { Instruction: 'CONFERENCE', To: 'client:a', ConferenceStatusCallbackEvent: 'start end Join' }
    expect(await refusal(server.post(reservation, conference))).toMatch(
      /Instruction 'conference' needs call_sid or outbound_to/
    )
    expect(await made(reservation, { Instruction: 'Accept' })).toMatchObject({ reservation_status: 'accepted' })
    expect(await made(reservation, { ReservationStatus: 'Wrapping' })).toMatchObject({ reservation_status: 'wrapping' })
  })
})
