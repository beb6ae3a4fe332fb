import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/*
 * Every list of TaskRouter with its filters, orders and pages (reference taskrouter 0.4, 1, and rows 3 and 28 of 13), on
 * one floor where every row differs from the others in what filters look at.
 */

let world: Observed
let floor: Floor
const sids: Record<string, string> = {}

beforeAll(async () => {
  world = await observed()
  floor = await Floor.open(world, { friendlyName: 'Lists' })
  sids.sales = await floor.queue('Sales', { targetWorkers: "skills HAS 'sales'" })
  await world.pass(1)
  sids.everybody = await floor.queue('Everybody')
  await world.pass(1)
  sids.route = await floor.workflow('Route', {
    filters: [{ expression: "topic == 'sales'", targets: [{ queue: sids.sales }] }],
    default_filter: { queue: sids.everybody }
  })
  await world.pass(1)
  sids.other = await floor.workflow('Other', sids.everybody)
  sids.amelie = await floor.worker('amelie', { skills: ['sales'] }, { activity: 'Offline' })
  await world.pass(1)
  sids.bob = await floor.worker('bob', { level: 3 }, { activity: 'Unavailable' })
  await world.pass(1)
  sids.chen = await floor.worker('chen', { skills: ['sales', 'french'], level: 5 }, { activity: 'Offline' })
  await world.pass(1)
  const start = (await floor.workspace.fetch()).dateCreated.getTime()
  const workflowSid = sids.route
  sids.old = (
    await floor.task({ topic: 'sales' }, { workflowSid, priority: 5, virtualStartTime: new Date(start - 60_000) })
  ).sid
  await world.pass(1)
  sids.mid = (await floor.task({ topic: 'help', vip: true }, { workflowSid })).sid
  await world.pass(1)
  sids.gone = (await floor.task({ topic: 'help' }, { workflowSid, virtualStartTime: new Date(start - 90_000) })).sid
  await floor.workspace.tasks(sids.gone).update({ assignmentStatus: 'canceled', reason: 'hung up' })
  await world.pass(1)
  sids.late = (await floor.task({}, { workflowSid: sids.other, priority: 5 })).sid
  await world.pass(1)
  sids.direct = (await floor.task({}, { routingTarget: sids.bob })).sid
})
afterAll(() => world.close())

function named(found: readonly { readonly sid: string }[]): string[] {
  const names = new Map(Object.entries(sids).map(([name, sid]) => [sid, name]))
  return found.map(({ sid }) => names.get(sid) ?? sid)
}

describe('tasks', () => {
  const list = (params: Parameters<Floor['workspace']['tasks']['list']>[0]) =>
    floor.workspace.tasks.list(params as never)

  it.each([
    [() => ({}), ['old', 'mid', 'gone', 'late', 'direct']],
    [() => ({ priority: 5 }), ['old', 'late']],
    [() => ({ assignmentStatus: ['pending'] }), ['old', 'mid', 'late']],
    [() => ({ assignmentStatus: ['canceled', 'pending'] }), ['old', 'mid', 'gone', 'late']],
    [() => ({ assignmentStatus: ['canceled,reserved'] }), ['gone', 'direct']],
    [() => ({ workflowSid: sids.other }), ['late']],
    [() => ({ workflowName: 'Route' }), ['old', 'mid', 'gone']],
    [() => ({ workflowName: 'Nothing' }), []],
    [() => ({ workflowName: 'Route', workflowSid: sids.other }), []],
    [() => ({ taskQueueSid: sids.sales }), ['old']],
    [() => ({ taskQueueName: 'Everybody', assignmentStatus: ['pending'] }), ['mid', 'late']],
    [() => ({ taskQueueName: 'Nowhere' }), []],
    [() => ({ evaluateTaskAttributes: "topic == 'help' AND vip == true" }), ['mid']],
    [() => ({ evaluateTaskAttributes: 'topic == null' }), ['late', 'direct']],
    [() => ({ routingTarget: sids.bob }), ['direct']],
    [() => ({ hasAddons: false }), ['old', 'mid', 'gone', 'late', 'direct']],
    [() => ({ hasAddons: true }), []],
    [() => ({ ordering: 'DateCreated:desc' }), ['direct', 'late', 'gone', 'mid', 'old']],
    [() => ({ ordering: 'Priority:desc,DateCreated:asc' }), ['old', 'late', 'mid', 'gone', 'direct']],
    [() => ({ ordering: 'Priority:asc,DateCreated:desc' }), ['direct', 'gone', 'mid', 'late', 'old']],
    [() => ({ ordering: 'VirtualStartTime:asc' }), ['gone', 'old', 'mid', 'late', 'direct']],
    [() => ({ ordering: 'Priority:desc,VirtualStartTime:desc' }), ['late', 'old', 'direct', 'mid', 'gone']]
  ] as readonly (readonly [() => object, readonly string[]])[])('28: are listed by %s', async (params, expected) => {
    expect(named(await list(params()))).toEqual(expected)
    expect(named(await list({ ...params(), pageSize: 2 }))).toEqual(expected)
  })

  it.each([
    [{ ordering: 'DateCreated:asc,VirtualStartTime:asc' }, 'Ordering'],
    [{ ordering: 'Age:asc' }, 'Ordering'],
    [{ assignmentStatus: ['lost'] }, 'AssignmentStatus'],
    [{ evaluateTaskAttributes: 'topic = = 1' }, 'EvaluateTaskAttributes'],
    [{ workflowSid: 'WW1' }, 'WorkflowSid'],
    [{ taskQueueSid: 'nobody' }, 'TaskQueueSid']
  ])('28: %j is refused by its name', async (params, parameter) => {
    expect(await refusal(list(params))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining(parameter)
    })
  })
})

describe('workers', () => {
  const list = (params: Parameters<Floor['workspace']['workers']['list']>[0]) =>
    floor.workspace.workers.list(params as never)

  it.each([
    [() => ({}), ['amelie', 'bob', 'chen']],
    [() => ({ friendlyName: 'bob' }), ['bob']],
    [() => ({ activityName: 'Offline' }), ['amelie', 'chen']],
    [() => ({ activityName: 'Nirvana' }), []],
    [() => ({ activitySid: floor.activity('Unavailable') }), ['bob']],
    [() => ({ activitySid: floor.activity('Unavailable'), activityName: 'Offline' }), []],
    [() => ({ available: '1' }), []],
    [() => ({ available: 'nonsense is false' }), ['amelie', 'bob', 'chen']],
    [() => ({ taskQueueName: 'Sales' }), ['amelie', 'chen']],
    [() => ({ taskQueueName: 'Nowhere' }), []],
    [() => ({ taskQueueSid: sids.sales, friendlyName: 'chen' }), ['chen']],
    [() => ({ targetWorkersExpression: 'level >= 3' }), ['bob', 'chen']],
    [() => ({ targetWorkersExpression: "activity_name == 'Unavailable'" }), ['bob']],
    [() => ({ targetWorkersExpression: "friendly_name CONTAINS 'me'" }), ['amelie']],
    [() => ({ ordering: 'DateStatusChanged:desc' }), ['chen', 'bob', 'amelie']],
    [() => ({ ordering: 'DateStatusChanged:asc' }), ['amelie', 'bob', 'chen']]
  ] as readonly (readonly [() => object, readonly string[]])[])('are listed by %s', async (params, expected) => {
    expect(named(await list(params()))).toEqual(expected)
    expect(named(await list({ ...params(), pageSize: 1 }))).toEqual(expected)
  })

  it.each([
    [{ activitySid: 'WA1' }, 'ActivitySid'],
    [{ targetWorkersExpression: 'skill-level > 3' }, 'TargetWorkersExpression'],
    [{ ordering: 'FriendlyName:asc' }, 'Ordering']
  ])('%j is refused by its name', async (params, parameter) => {
    expect(await refusal(list(params))).toMatchObject({ status: 400, message: expect.stringContaining(parameter) })
  })

  it('carry their attributes in lists as well', async () => {
    expect((await list({ friendlyName: 'bob' }))[0]?.attributes).toBe('{"level":3}')
  })
})

describe('task queues', () => {
  const list = (params: Parameters<Floor['workspace']['taskQueues']['list']>[0]) =>
    floor.workspace.taskQueues.list(params as never)

  it.each([
    [() => ({}), ['sales', 'everybody']],
    [() => ({ friendlyName: 'Sales' }), ['sales']],
    [() => ({ friendlyName: 'sales' }), []],
    [() => ({ workerSid: sids.bob }), ['everybody']],
    [() => ({ workerSid: sids.chen }), ['sales', 'everybody']],
    [() => ({ workerSid: `WK${'0'.repeat(32)}` }), []],
    [() => ({ evaluateWorkerAttributes: '{"skills":["sales"]}' }), ['sales', 'everybody']],
    [() => ({ evaluateWorkerAttributes: '{}' }), ['everybody']],
    [() => ({ ordering: 'DateUpdated:desc' }), ['everybody', 'sales']],
    [() => ({ ordering: 'DateUpdated:asc' }), ['sales', 'everybody']]
  ] as readonly (readonly [() => object, readonly string[]])[])('are listed by %s', async (params, expected) => {
    expect(named(await list(params()))).toEqual(expected)
    expect(named(await list({ ...params(), pageSize: 1 }))).toEqual(expected)
  })

  it('are asked for with attributes, not with an expression', async () => {
    for (const evaluateWorkerAttributes of ["skills HAS 'sales'", '[]', '"sales"', 'null']) {
      expect(await refusal(list({ evaluateWorkerAttributes }))).toMatchObject({ status: 400, code: 20001 })
    }
  })
})

describe('the other lists', () => {
  it('activities by name and by whether they are available', async () => {
    const list = async (params: object) =>
      (await floor.workspace.activities.list(params as never)).map((row) => row.friendlyName)
    expect(await list({})).toEqual(['Offline', 'Unavailable', 'Available'])
    expect(await list({ friendlyName: 'Unavailable' })).toEqual(['Unavailable'])
    expect(await list({ available: 'true' })).toEqual(['Available'])
    expect(await list({ available: '0' })).toEqual(['Offline', 'Unavailable'])
    expect(await list({ available: 'yes', friendlyName: 'Offline' })).toEqual([])
  })

  it('workflows and workspaces by name', async () => {
    expect(named(await floor.workspace.workflows.list())).toEqual(['route', 'other'])
    expect(named(await floor.workspace.workflows.list({ friendlyName: 'Other' }))).toEqual(['other'])
    expect(await floor.workspace.workflows.list({ friendlyName: 'Nothing' })).toEqual([])
    const { workspaces } = world.client.taskrouter.v1
    expect((await workspaces.list({ friendlyName: 'Lists' })).map(({ sid }) => sid)).toEqual([floor.sid])
    expect(await workspaces.list({ friendlyName: 'Nothing' })).toEqual([])
  })

  it("reservations by status and worker, through both doors; a worker's channels", async () => {
    const { reservations } = floor.workspace.tasks(sids.direct ?? '')
    const [offer, ...others] = await reservations.list({ reservationStatus: 'pending', workerSid: sids.bob ?? '' })
    expect(others).toEqual([])
    expect(offer).toMatchObject({ workerName: 'bob', taskSid: sids.direct, reservationStatus: 'pending' })
    expect(await reservations.list({ workerSid: sids.chen ?? '' })).toEqual([])
    expect(await reservations.list({ reservationStatus: 'accepted' })).toEqual([])
    const bob = floor.workspace.workers(sids.bob ?? '')
    expect((await bob.reservations.list({ reservationStatus: 'pending' })).map(({ sid }) => sid)).toEqual([offer?.sid])
    expect(await bob.reservations.list({ reservationStatus: 'timeout' })).toEqual([])
    expect(await refusal(bob.reservations.list({ reservationStatus: 'lost' as 'timeout' }))).toMatchObject({
      status: 400
    })
    const fetched = await reservations(offer?.sid ?? '').fetch()
    expect(fetched.url).toContain(`/Tasks/${sids.direct}/Reservations/`)
    expect((await bob.workerChannels.list()).map((row) => row.taskChannelUniqueName)).toEqual([
      'default',
      'voice',
      'chat',
      'sms',
      'video'
    ])
    expect((await floor.workspace.taskChannels.list()).map((row) => row.uniqueName)).toContain('chat')
  })
})

describe('pages', () => {
  it('3: the SDK walks through every list one by one', async () => {
    const { workspace } = floor
    const bob = workspace.workers(sids.bob ?? '')
    const lists = {
      workspaces: world.client.taskrouter.v1.workspaces,
      activities: workspace.activities,
      taskChannels: workspace.taskChannels,
      taskQueues: workspace.taskQueues,
      workflows: workspace.workflows,
      workers: workspace.workers,
      tasks: workspace.tasks,
      channels: bob.workerChannels,
      reservations: bob.reservations,
      taskReservations: workspace.tasks(sids.direct ?? '').reservations
    } as const
    const counts: Record<string, number> = {}
    for (const [name, list] of Object.entries(lists)) {
      const walk = list.list as (params: object) => Promise<{ readonly sid: string }[]>
      const whole = (await walk.call(list, {})).map(({ sid }) => sid)
      const single = (await walk.call(list, { pageSize: 1 })).map(({ sid }) => sid)
      expect([name, single]).toEqual([name, whole])
      counts[name] = single.length
    }
    expect(counts).toMatchObject({ activities: 3, taskChannels: 5, taskQueues: 2, workers: 3, tasks: 5, channels: 5 })
  })

  it('say where they are, keep their filters, and go back as they came', async () => {
    const query = 'AssignmentStatus=pending&AssignmentStatus=canceled&Ordering=Priority%3Adesc&PageSize=1'
    const first = (await world.call(`${floor.path}/Tasks?${query}`)).body
    const url = `${world.running.url}${floor.path}/Tasks?AssignmentStatus=pending&AssignmentStatus=canceled&Ordering=Priority%3Adesc&PageSize=1&Page=0`
    expect(first.meta).toMatchObject({
      page: 0,
      page_size: 1,
      key: 'tasks',
      url,
      first_page_url: url,
      previous_page_url: null
    })
    const seen = [first]
    for (let page = first; page.meta.next_page_url; ) {
      page = (await world.call(page.meta.next_page_url.slice(world.running.url.length))).body
      seen.push(page)
    }
    expect(seen.map(({ tasks }) => named(tasks)[0])).toEqual(['old', 'late', 'mid', 'gone'])
    const back: string[] = []
    for (let page = seen.at(-1); page.meta.previous_page_url; ) {
      page = (await world.call(page.meta.previous_page_url.slice(world.running.url.length))).body
      back.push(...named(page.tasks))
    }
    expect(back).toEqual(['mid', 'late', 'old'])
  })

  it('know the older form of their tokens, and refuse what is none', async () => {
    const path = `${floor.path}/Workers`
    const after = (await world.call(`${path}?PageSize=1&Page=1&PageToken=PA${sids.amelie}`)).body
    expect(named(after.workers)).toEqual(['bob'])
    const before = (await world.call(`${path}?PageSize=1&Page=0&PageToken=PB${sids.bob}`)).body
    expect(named(before.workers)).toEqual(['amelie'])
    for (const query of ['Page=1', 'PageToken=PTnonsense', `PageToken=PA${sids.sales}`, 'PageSize=x']) {
      expect(await world.call(`${path}?${query}`)).toMatchObject({ status: 400, body: { code: 20001 } })
    }
    expect((await world.call(`${path}?PageSize=0`)).body.meta.page_size).toBe(1)
    expect((await world.call(`${path}?PageSize=5000`)).body.meta.page_size).toBe(1000)
    expect((await world.call(path)).body.meta.page_size).toBe(50)
  })

  it('stay in order while rows come and go', async () => {
    const own = await Floor.open(world)
    for (const name of ['a', 'b', 'c', 'd']) await own.worker(name, {}, { activity: 'Offline' })
    const seen: string[] = []
    let path = `${own.path}/Workers?PageSize=1`
    for (;;) {
      const { workers, meta } = (await world.call(path)).body
      seen.push(workers[0].friendly_name)
      if (seen.length === 2) {
        await own.workspace.workers(workers[0].sid).remove()
        await own.worker('e', {}, { activity: 'Offline' })
      }
      if (meta.next_page_url === null) break
      path = meta.next_page_url.slice(world.running.url.length)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/lists.test.ts', world)
})
