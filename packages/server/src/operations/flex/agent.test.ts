import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnyJson, type Form, Served } from '../../http/fixture.ts'

/* Agents who have signed in, and what they may do with contacts: their own, and in nobody else's place. */

const v1 = '/ringdown/v1'
const flex = '/flex-api/v1'
const password = 'correct horse battery'
const page = { host: 'localhost:8080', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

let server: Served
let configuration: AnyJson
const workers: Record<string, string> = {}
const tokens: Record<string, string> = {}

/** Lets somebody in, and signs that one in as a page does. */
async function signedIn(Username: string, role: string, WorkerSid: string): Promise<string> {
  const ask = (path: string, body: object | undefined, headers: Record<string, string> = {}) =>
    server.ask('POST', `${v1}/Sessions${path}`, body && JSON.stringify(body), {
      ...page,
      authorization: '',
      ...headers
    })
  const { body: user } = await server.post(`${v1}/Users`, { Username, Roles: [role], WorkerSid })
  const { body: link } = await server.post(`${v1}/Users/${user.sid}/SetupLinks`)
  const { headers } = await ask('/Setup', { secret: link.secret, password })
  const cookie = String(headers['set-cookie']).split(';')[0] ?? ''
  return `Bearer ${(await ask('/Current/Token', undefined, { cookie })).body.token}`
}

beforeAll(async () => {
  server = await Served.open()
  configuration = (await server.get(`${flex}/Configuration`)).body
  const { taskrouter_workspace_sid: workspace_sid } = configuration
  const activity = server.account.state.tables.activity.all().find((row) => row.available)
  for (const [name, team] of Object.entries({ ada: 'red', bob: 'red', eve: 'red', yan: 'blue' })) {
    const attributes = JSON.stringify({ team_name: team })
    const { worker } = await server.account.execute({
      type: 'worker.create',
      workspace_sid,
      friendly_name: name,
      attributes,
      activity_sid: activity?.sid ?? ''
    })
    workers[name] = worker.sid
    await server.account.execute({
      type: 'worker_channel.update',
      workspace_sid,
      worker_sid: worker.sid,
      sid: 'sms',
      capacity: 50
    })
    tokens[name] = await signedIn(name, name === 'eve' ? 'supervisor' : 'agent', worker.sid)
  }
})
afterAll(() => server.close())

const post = (path: string, form: Form, who?: string) =>
  server.post(flex + path, form, who === undefined ? undefined : { authorization: tokens[who] ?? '' })
const send = (path: string, body: object, who: string) =>
  server.ask('POST', flex + path, JSON.stringify(body), {
    authorization: tokens[who] ?? '',
    'content-type': 'application/json'
  })

let customers = 0

/** A contact that somebody begins with a customer, for a worker. */
function outbound(who: string | undefined, name: string, change: { channel?: object; properties?: object } = {}) {
  const address = `+3725551${String(++customers).padStart(4, '0')}`
  const participants = [{ address, proxy_address: '+3726000' }]
  const { taskrouter_workspace_sid: workspace_sid, taskrouter_target_taskqueue_sid: queue_sid } = configuration
  const properties = { workspace_sid, queue_sid, worker_sid: workers[name], ...change.properties }
  const channel = { type: 'sms', initiated_by: 'agent', participants, ...change.channel }
  return post('/Interactions', { Channel: JSON.stringify(channel), Routing: JSON.stringify({ properties }) }, who)
}

/** The path of the channel of a contact that an agent has, and the agent's participant. */
async function held(name: string): Promise<{ path: string; from: string }> {
  const { body } = await outbound(undefined, name)
  const path = `/Interactions/${body.sid}/Channels/${body.channel.sid}`
  const { participants } = (await server.get(`${flex}${path}/Participants`)).body
  return { path, from: participants.find(({ type }: AnyJson) => type === 'agent').sid }
}

describe('an agent', () => {
  it('begins a contact that is its own at once', async () => {
    const { status, body } = await outbound('ada', 'ada')
    expect([status, body.routing.properties.assignment_status]).toEqual([200, 'assigned'])
    expect(JSON.parse(body.routing.properties.attributes)).toMatchObject({ direction: 'outbound' })
    const path = `/Interactions/${body.sid}/Channels/${body.channel.sid}`
    const { participants } = (
      await server.get(`${flex}${path}/Participants`, undefined, { authorization: tokens.ada ?? '' })
    ).body
    expect(participants).toMatchObject([{ type: 'customer' }, { routing_properties: { worker_sid: workers.ada } }])
  })

  it.each<readonly [string, () => Promise<{ readonly status: number }>]>([
    ['for somebody else', () => outbound('ada', 'bob')],
    ['for whoever takes it', () => outbound('ada', 'ada', { properties: { worker_sid: undefined } })],
    ['in the name of a customer or program', () => outbound('ada', 'ada', { channel: { initiated_by: 'api' } })],
    ['on a channel that is there', () => outbound('ada', 'ada', { channel: { sid: `UO${'0'.repeat(32)}` } })],
    [
      'in a conversation that it does not see',
      async () => {
        const { body } = await server.post('/conversations/v1/Conversations', {})
        return outbound('ada', 'ada', { channel: { properties: { media_channel_sid: body.sid } } })
      }
    ],
    ['out of nothing', () => post('/Interactions', { Channel: '{"type":"pigeon"}', Routing: '{}' }, 'ada')]
  ])('begins none %s', async (_, act) => {
    expect(await act()).toMatchObject({ status: 403, body: { code: 20403 } })
  })

  it('hands on what it has, and takes that back', async () => {
    const { path, from } = await held('ada')
    const made = await send(`${path}/Transfers`, { type: 'cold', to: workers.bob, note: 'Wants a refund' }, 'ada')
    expect(made).toMatchObject({
      status: 201,
      body: { from, status: 'active', note_sid: expect.stringMatching(/^KQ/) }
    })
    const own = `${path}/Transfers/${made.body.sid}`
    expect(await send(own, { status: 'failed' }, 'ada')).toMatchObject({ status: 200, body: { status: 'failed' } })
  })

  it('hands on nothing that is a colleague’s, is in it or not, and takes back nothing of a colleague’s', async () => {
    const { path, from } = await held('ada')
    expect(await send(`${path}/Transfers`, { type: 'cold', from, to: workers.yan }, 'yan')).toMatchObject({
      status: 403
    })
    const made = await send(`${path}/Transfers`, { type: 'warm', from, to: workers.bob }, 'ada')
    const task = server.account.state.get('interaction_transfer', made.body.sid).task_sid ?? ''
    const [offer] = server.account.state.tables.reservation.list('task_sid', task)
    await server.account.execute({
      type: 'reservation.update',
      workspace_sid: configuration.taskrouter_workspace_sid,
      task_sid: task,
      sid: offer?.sid ?? '',
      reservation_status: 'accepted'
    })
    expect(await send(`${path}/Transfers`, { type: 'cold', from, to: workers.yan }, 'bob')).toMatchObject({
      status: 403
    })
    const next = await send(`${path}/Transfers`, { type: 'cold', from, to: workers.yan }, 'ada')
    expect(next.status).toBe(201)
    expect(await send(`${path}/Transfers/${next.body.sid}`, { status: 'failed' }, 'bob')).toMatchObject({ status: 403 })
    const bearer = { authorization: tokens.bob ?? '' }
    expect((await server.get(`${flex}${path}/Transfers/${next.body.sid}`, undefined, bearer)).status).toBe(200)
  })
})

describe('a supervisor', () => {
  it('hands on what the own team has, and nothing of another', async () => {
    const own = await held('ada')
    expect(await send(`${own.path}/Transfers`, { type: 'cold', from: own.from, to: workers.bob }, 'eve')).toMatchObject(
      {
        status: 201
      }
    )
    const other = await held('yan')
    expect(
      await send(`${other.path}/Transfers`, { type: 'cold', from: other.from, to: workers.bob }, 'eve')
    ).toMatchObject({ status: 403 })
    expect((await outbound('eve', 'bob')).status).toBe(200)
  })
})
