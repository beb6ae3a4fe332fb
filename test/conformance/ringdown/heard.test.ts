import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/* What the feed tells somebody of colleagues: what lists show of them, and nothing that says more. */

const { AccessToken } = twilio.jwt

let here: World
let workspace_sid: string
const workers: Record<string, string> = {}
let tokens: Record<string, string> = {}
const attributes = (name: string) => JSON.stringify({ contact_uri: `client:${name}`, salary: 1 })

beforeAll(async () => {
  here = await world()
  const { client, running } = here
  const { account_sid } = running.credentials
  workspace_sid = (await client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
  const { workers: all } = client.taskrouter.v1.workspaces(workspace_sid)
  for (const name of ['ada', 'bob'])
    workers[name] = (await all.create({ friendlyName: name, attributes: attributes(name) })).sid
  const key = await client.newKeys.create({})
  tokens = Object.fromEntries(
    ['worker', 'supervisor'].map((role) => {
      const token = new AccessToken(account_sid, key.sid, key.secret, { identity: 'ada', ttl: 600 })
      const own = { workspaceSid: workspace_sid, workerSid: workers.ada ?? '', role }
      token.addGrant(new AccessToken.TaskRouterGrant(own))
      return [role, token.toJwt()]
    })
  )
})
afterAll(() => here.close())

interface Told {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const floor = (path: string) => `/taskrouter/v1/Workspaces/${workspace_sid}${path}`

async function heard(role: string, types: string, more = ''): Promise<Told[]> {
  const headers = { authorization: `Bearer ${tokens[role]}` }
  const path = `/ringdown/v1/Events?since=PT1H&wait_s=0&limit=1000&types=${types}${more}`
  const { status, body } = await here.call(path, undefined, { headers })
  expect(status).toBe(200)
  return body.events
}

const dataOf = (told: readonly Told[], type: string) => told.filter((one) => one.type === type).at(-1)?.data

describe('of a colleague', () => {
  it('an agent hears the name and the activity', async () => {
    const { body } = await here.call(floor('/Activities?PageSize=50'))
    const available = body.activities.find((row: { available: boolean }) => row.available)
    await here.call(floor(`/Workers/${workers.bob}`), { ActivitySid: available.sid })
    await here.call(floor(`/Workers/${workers.bob}`), { FriendlyName: 'Bob B.' })
    const told = await heard('worker', 'worker.*,ringdown.*', `&worker_sid=${workers.bob}`)
    expect(dataOf(told, 'worker.activity.update')).toEqual({
      workspace_sid,
      workspace_name: expect.any(String),
      worker_sid: workers.bob,
      worker_name: 'bob',
      worker_activity_sid: available.sid,
      worker_activity_name: 'Available'
    })
    expect(dataOf(told, 'ringdown.worker.updated')).toMatchObject({ worker_name: 'Bob B.' })
    expect(JSON.stringify(told)).not.toContain('salary')
    expect(JSON.stringify(await heard('supervisor', 'worker.*'))).toContain('salary')
  })

  it('an agent hears nothing of what the channels of others can take', async () => {
    await here.call(floor(`/Workers/${workers.bob}/Channels/chat`), { Capacity: '7' })
    await here.call(floor(`/Workers/${workers.ada}/Channels/chat`), { Capacity: '7' })
    const told = await heard('worker', 'worker.capacity.update')
    expect(told.map(({ data }) => data.worker_sid)).toEqual([workers.ada])
    expect(await heard('supervisor', 'worker.capacity.update')).toHaveLength(2)
  })

  it('an agent hears of queues, workflows and activities what their lists show', async () => {
    const { body: queue } = await here.call(floor('/TaskQueues'), { FriendlyName: 'VIP', TargetWorkers: 'salary > 0' })
    await here.call(floor(`/TaskQueues/${queue.sid}`), { FriendlyName: 'Important' })
    await here.call(floor('/Activities'), { FriendlyName: 'Lunch' })
    const told = await heard('worker', 'task-queue.*,activity.*,ringdown.*')
    expect(dataOf(told, 'ringdown.task-queue.updated')).toMatchObject({ task_queue_name: 'Important' })
    expect(dataOf(told, 'activity.created')).toMatchObject({ activity_name: 'Lunch' })
    expect(JSON.stringify(told)).not.toContain('salary')
    expect(JSON.stringify(await heard('supervisor', 'task-queue.*'))).toContain('salary')
  })

  it('an agent hears what comes of a task that both have, and not to whom it was offered', async () => {
    await here.call(floor(`/TaskQueues`), { FriendlyName: 'Both', TargetWorkers: '1 == 1', MaxReservedWorkers: '2' })
    const { body: activities } = await here.call(floor('/Activities?PageSize=50'))
    const available = activities.activities.find((row: { available: boolean }) => row.available).sid
    await here.call(floor(`/Workers/${workers.ada}`), { ActivitySid: available })
    const queue = (await here.call(floor('/TaskQueues?FriendlyName=Both'))).body.task_queues[0].sid
    const configuration = JSON.stringify({ task_routing: { filters: [], default_filter: { queue } } })
    const workflow = (await here.call(floor('/Workflows'), { FriendlyName: 'Both', Configuration: configuration })).body
    const common = (await here.call(floor('/Tasks'), { WorkflowSid: workflow.sid, TaskChannel: 'chat' })).body.sid
    const told = await heard('worker', 'reservation.created', `&task_sid=${common}`)
    expect(told.map(({ data }) => [data.worker_sid, data.reservation_sid !== undefined])).toEqual(
      expect.arrayContaining([
        [workers.ada, true],
        [undefined, false]
      ])
    )
    const list = await here.call(floor(`/Tasks/${common}/Reservations`), undefined, {
      headers: { authorization: `Bearer ${tokens.worker}` }
    })
    expect(list.body.reservations.map((row: { worker_sid: string }) => row.worker_sid)).toEqual([workers.ada])
    const all = await here.call(floor(`/Tasks/${common}/Reservations`))
    expect(all.body.reservations).toHaveLength(2)
  })
})
