import type { AddressInfo } from 'node:net'
import { type AnyJson, type Form, Served, served } from '@ringdown/server/http/fixture'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let server: Served
let base: string
const floor: Record<string, string> = {}

/** A floor with two queues and three agents; nobody works yet. */
beforeAll(async () => {
  server = await Served.open()
  const workspace = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor' })
  base = `/taskrouter/v1/Workspaces/${workspace.sid}`
  floor.workspace = workspace.sid
  for (const { sid, friendly_name } of (await server.get(`${base}/Activities`)).body.activities)
    floor[friendly_name] = sid
  floor.sales = (await made(`${base}/TaskQueues`, { FriendlyName: 'Sales', TargetWorkers: "skills HAS 'sales'" })).sid
  floor.everybody = (await made(`${base}/TaskQueues`, { FriendlyName: 'Everybody' })).sid
  const configuration = {
    task_routing: {
      filters: [{ filter_friendly_name: 'Sales', expression: "topic == 'sales'", targets: [{ queue: floor.sales }] }],
      default_filter: { queue: floor.everybody }
    }
  }
  floor.workflow = (
    await made(`${base}/Workflows`, { FriendlyName: 'Route', Configuration: JSON.stringify(configuration) })
  ).sid
  for (const [name, skills] of [
    ['amelie', ['sales']],
    ['bob', []],
    ['chen', ['sales', 'french']]
  ] as const) {
    floor[name] = (await made(`${base}/Workers`, { FriendlyName: name, Attributes: JSON.stringify({ skills }) })).sid
  }
})
afterAll(() => server.close())

/** The row that a POST made. */
async function made(url: string, form: Form): Promise<AnyJson> {
  const { status, body } = await server.post(url, form)
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}

async function names(url: string, query?: Form): Promise<string[]> {
  const { status, body } = await server.get(`${base}/${url}`, query)
  expect({ status, body }).toMatchObject({ status: 200 })
  return body[body.meta.key].map((row: AnyJson) => row.friendly_name ?? row.sid)
}

describe('a workspace', () => {
  it('shows its activities by name, and is found, renamed and deleted', async () => {
    const { sid } = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Other', EventsFilter: 'task.created' })
    const url = `/taskrouter/v1/Workspaces/${sid}`
    expect((await server.get(url)).body).toMatchObject({
      account_sid: served.account_sid,
      default_activity_name: 'Offline',
      timeout_activity_name: 'Offline',
      multi_task_enabled: true,
      date_created: '2026-03-02T09:00:00Z'
    })
    expect((await server.post(url, { FriendlyName: 'Renamed' })).body.friendly_name).toBe('Renamed')
    const { body } = await server.get('/taskrouter/v1/Workspaces', { FriendlyName: 'Renamed' })
    expect(body.workspaces).toHaveLength(1)
    expect(await server.delete(url)).toMatchObject({ status: 204, body: '' })
    expect((await server.get(url)).status).toBe(404)
  })
})

describe('activities and task channels', () => {
  it('are made, listed by their filters, changed and deleted', async () => {
    const { sid } = await made(`${base}/Activities`, { FriendlyName: 'Lunch', Available: 'False' })
    expect(await names('Activities', { Available: 'true' })).toEqual(['Available'])
    expect(await names('Activities', { FriendlyName: 'Lunch' })).toEqual(['Lunch'])
    expect((await server.post(`${base}/Activities/${sid}`, { FriendlyName: 'Break' })).body.friendly_name).toBe('Break')
    expect((await server.delete(`${base}/Activities/${sid}`)).status).toBe(204)
    expect((await server.get(`${base}/Activities/${sid}`)).status).toBe(404)

    const channel = await made(`${base}/TaskChannels`, { FriendlyName: 'Email', UniqueName: 'email' })
    expect((await server.get(`${base}/TaskChannels/email`)).body.sid).toBe(channel.sid)
    expect((await server.post(`${base}/TaskChannels/email`, { FriendlyName: 'E-Mail' })).body.friendly_name).toBe(
      'E-Mail'
    )
    expect(await names('TaskChannels')).toContain('E-Mail')
    expect((await server.delete(`${base}/TaskChannels/${channel.sid}`)).status).toBe(204)
  })
})

describe('task queues', () => {
  it('are found by name, by a worker, and by what a worker could do', async () => {
    expect(await names('TaskQueues')).toEqual(['Sales', 'Everybody'])
    expect(await names('TaskQueues', { FriendlyName: 'Sales' })).toEqual(['Sales'])
    expect(await names('TaskQueues', { WorkerSid: floor.bob })).toEqual(['Everybody'])
    expect(await names('TaskQueues', { WorkerSid: `WK${'0'.repeat(32)}` })).toEqual([])
    expect(await names('TaskQueues', { EvaluateWorkerAttributes: '{"skills":["sales"]}' })).toEqual([
      'Sales',
      'Everybody'
    ])
    expect(await names('TaskQueues', { EvaluateWorkerAttributes: '{}' })).toEqual(['Everybody'])
    expect((await server.get(`${base}/TaskQueues`, { EvaluateWorkerAttributes: 'skills' })).status).toBe(400)
  })

  it('are in order of their last change when asked, name their activities, and go', async () => {
    await server.clock.advance(1000)
    const queue = await made(`${base}/TaskQueues`, { FriendlyName: 'Late', ReservationActivitySid: floor.Unavailable })
    expect(queue).toMatchObject({ reservation_activity_name: 'Unavailable', assignment_activity_name: null })
    expect(await names('TaskQueues', { Ordering: 'DateUpdated:desc' })).toEqual(['Late', 'Sales', 'Everybody'])
    expect(await names('TaskQueues', { Ordering: 'DateUpdated:asc' })).toEqual(['Sales', 'Everybody', 'Late'])
    expect(
      (await server.post(`${base}/TaskQueues/${queue.sid}`, { MaxReservedWorkers: 5 })).body.max_reserved_workers
    ).toBe(5)
    expect((await server.delete(`${base}/TaskQueues/${queue.sid}`)).status).toBe(204)
  })
})

describe('workflows', () => {
  it('are fetched with the configuration as it was given, changed, and deleted', async () => {
    const Configuration = `{ "task_routing": { "default_filter": { "queue": "${floor.everybody}" } } }`
    const { sid } = await made(`${base}/Workflows`, {
      FriendlyName: 'Plain',
      Configuration,
      TaskReservationTimeout: 30
    })
    expect((await server.get(`${base}/Workflows/${sid}`)).body).toMatchObject({
      configuration: Configuration,
      task_reservation_timeout: 30
    })
    expect(await names('Workflows', { FriendlyName: 'Plain' })).toEqual(['Plain'])
    expect((await server.post(`${base}/Workflows/${sid}`, { FriendlyName: 'Simple' })).body.friendly_name).toBe(
      'Simple'
    )
    expect((await server.delete(`${base}/Workflows/${sid}`)).status).toBe(204)
  })
})

describe('workers', () => {
  it.each<[Form, string[]]>([
    [{}, ['amelie', 'bob', 'chen']],
    [{ FriendlyName: 'bob' }, ['bob']],
    [{ ActivityName: 'Offline' }, ['amelie', 'bob', 'chen']],
    [{ ActivityName: 'Available' }, []],
    [{ ActivityName: 'Nirvana' }, []],
    [{ Available: 'false' }, ['amelie', 'bob', 'chen']],
    [{ Available: 'true' }, []],
    [{ TaskQueueName: 'Sales' }, ['amelie', 'chen']],
    [{ TaskQueueName: 'Nowhere' }, []],
    [{ TargetWorkersExpression: "skills HAS 'french'" }, ['chen']],
    [{ TargetWorkersExpression: "friendly_name == 'bob'" }, ['bob']],
    [{ TargetWorkersExpression: "skills HAS 'sales'", FriendlyName: 'amelie' }, ['amelie']],
    [{ Ordering: 'DateStatusChanged:desc' }, ['amelie', 'bob', 'chen']]
  ])('are listed by %j', async (query, expected) => {
    expect(await names('Workers', query)).toEqual(expected)
  })

  it('are listed by SIDs of activity and queue, and an expression is checked', async () => {
    expect(await names('Workers', { ActivitySid: floor.Offline, TaskQueueSid: floor.sales })).toEqual([
      'amelie',
      'chen'
    ])
    expect(await names('Workers', { ActivitySid: floor.Available })).toEqual([])
    expect((await server.get(`${base}/Workers`, { ActivitySid: floor.sales })).status).toBe(400)
    const { status, body } = await server.get(`${base}/Workers`, { TargetWorkersExpression: 'skill-level > 3' })
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { code: 20001, message: expect.stringContaining('TargetWorkersExpression') }
    })
  })

  it('carry their version as ETag, which If-Match must name', async () => {
    const { headers, body } = await server.get(`${base}/Workers/${floor.bob}`)
    expect(body).toMatchObject({ activity_name: 'Offline', available: false })
    const version = Number(JSON.parse(String(headers.etag)))
    const stale = await server.post(
      `${base}/Workers/${floor.bob}`,
      { Attributes: '{}' },
      { 'if-match': String(version + 1) }
    )
    expect(stale).toMatchObject({ status: 412, body: { code: 20412 } })
    const fresh = await server.post(
      `${base}/Workers/${floor.bob}`,
      { Attributes: '{"team":1}' },
      { 'if-match': `"${version}"` }
    )
    expect(fresh).toMatchObject({
      status: 200,
      headers: { etag: `"${version + 1}"` },
      body: { attributes: '{"team":1}' }
    })
    expect((await server.delete(`${base}/Workers/${floor.bob}`, { 'if-match': '0' })).status).toBe(412)
  })

  it('have a channel for each task channel, found by its names and changed', async () => {
    const url = `${base}/Workers/${floor.bob}/Channels`
    const { body } = await server.get(url)
    expect(body.channels.map((channel: AnyJson) => channel.task_channel_unique_name)).toContain('chat')
    const chat = await server.post(`${url}/chat`, { Capacity: 4 })
    expect(chat.body).toMatchObject({
      configured_capacity: 4,
      assigned_tasks: 0,
      available_capacity_percentage: 100,
      available: true
    })
    expect((await server.get(`${url}/${chat.body.sid}`)).body.configured_capacity).toBe(4)
    expect((await server.get(`${url}/${chat.body.task_channel_sid}`)).body.sid).toBe(chat.body.sid)
    expect((await server.post(`${url}/chat`, { Capacity: 51 })).status).toBe(400)
  })
})

describe('tasks', () => {
  const tasks: Record<string, string> = {}
  beforeAll(async () => {
    await server.clock.advance(60_000)
    tasks.sales = (
      await made(`${base}/Tasks`, {
        WorkflowSid: floor.workflow,
        Attributes: '{"topic":"sales"}',
        Priority: 5,
        TaskChannel: 'chat'
      })
    ).sid
    await server.clock.advance(1000)
    tasks.help = (await made(`${base}/Tasks`, { WorkflowSid: floor.workflow, Attributes: '{"topic":"help"}' })).sid
    await server.clock.advance(1000)
    tasks.old = (
      await made(`${base}/Tasks`, { WorkflowSid: floor.workflow, VirtualStartTime: '2026-03-02T08:00:00Z' })
    ).sid
  })

  it('show how old they are, and what their queue, workflow and channel are called', async () => {
    await server.clock.advance(10_000)
    const { body, headers } = await server.get(`${base}/Tasks/${tasks.sales}`)
    expect(body).toMatchObject({
      age: 12,
      assignment_status: 'pending',
      task_queue_friendly_name: 'Sales',
      workflow_friendly_name: 'Route',
      task_channel_unique_name: 'chat',
      attributes: '{"topic":"sales"}'
    })
    expect(headers.etag).toMatch(/^"\d+"$/)
  })

  it.each<[Form, string[]]>([
    [{}, ['sales', 'help', 'old']],
    [{ Priority: 5 }, ['sales']],
    [{ AssignmentStatus: 'pending' }, ['sales', 'help', 'old']],
    [{ AssignmentStatus: ['completed', 'canceled'] }, []],
    [{ AssignmentStatus: 'reserved,pending' }, ['sales', 'help', 'old']],
    [{ WorkflowName: 'Route' }, ['sales', 'help', 'old']],
    [{ WorkflowName: 'Nothing' }, []],
    [{ TaskQueueName: 'Everybody' }, ['help', 'old']],
    [{ EvaluateTaskAttributes: "topic IN ['help', 'sales']" }, ['sales', 'help']],
    [{ HasAddons: 'true' }, []],
    [{ HasAddons: 'false' }, ['sales', 'help', 'old']],
    [{ RoutingTarget: `WK${'0'.repeat(32)}` }, []],
    [{ Ordering: 'DateCreated:desc' }, ['old', 'help', 'sales']],
    [{ Ordering: 'DateCreated:asc' }, ['sales', 'help', 'old']],
    [{ Ordering: 'VirtualStartTime:asc' }, ['old', 'sales', 'help']],
    [{ Ordering: 'Priority:asc,DateCreated:desc' }, ['old', 'help', 'sales']]
  ])('are listed by %j', async (query, expected) => {
    expect(await names('Tasks', query)).toEqual(expected.map((name) => tasks[name]))
  })

  it('are listed by SIDs, and an ordering that makes no sense is refused', async () => {
    expect(await names('Tasks', { TaskQueueSid: floor.sales, WorkflowSid: floor.workflow })).toEqual([tasks.sales])
    expect(await names('Tasks', { TaskQueueSid: floor.sales, TaskQueueName: 'Everybody' })).toEqual([])
    for (const Ordering of ['DateCreated:asc,VirtualStartTime:asc', 'Age:asc', 'Priority:up']) {
      expect((await server.get(`${base}/Tasks`, { Ordering })).status).toBe(400)
    }
    expect((await server.get(`${base}/Tasks`, { AssignmentStatus: 'lost' })).status).toBe(400)
    expect((await server.get(`${base}/Tasks`, { EvaluateTaskAttributes: '==' })).status).toBe(400)
  })

  it('are paged one by one in every order, forth and back, with their filters', async () => {
    for (const [Ordering, expected] of [
      [undefined, ['sales', 'help', 'old']],
      ['DateCreated:desc', ['old', 'help', 'sales']],
      ['Priority:desc,VirtualStartTime:asc', ['sales', 'old', 'help']]
    ] as const) {
      const seen: string[] = []
      let page = (await server.get(`${base}/Tasks`, { PageSize: 1, AssignmentStatus: 'pending', Ordering })).body
      for (;;) {
        seen.push(...page.tasks.map((task: AnyJson) => task.sid))
        if (page.meta.next_page_url === null) break
        expect(page.meta.next_page_url).toContain('AssignmentStatus=pending')
        page = (await server.get(page.meta.next_page_url.replace('http://ringdown.example', ''))).body
      }
      expect(seen).toEqual(expected.map((name) => tasks[name]))
      expect(page.meta.page).toBe(2)
      const back: string[] = []
      while (page.meta.previous_page_url !== null) {
        page = (await server.get(page.meta.previous_page_url.replace('http://ringdown.example', ''))).body
        back.unshift(...page.tasks.map((task: AnyJson) => task.sid))
      }
      expect(back).toEqual(seen.slice(0, -1))
      expect(page.meta.page).toBe(0)
    }
    const older = (await server.get(`${base}/Tasks`, { PageToken: `PA${tasks.sales}`, Page: 1 })).body
    expect(older.tasks.map((task: AnyJson) => task.sid)).toEqual([tasks.help, tasks.old])
    expect((await server.get(`${base}/Tasks`, { Page: 1 })).status).toBe(400)
  })

  it('are offered, accepted and completed through reservations', async () => {
    await server.post(`${base}/Workers/${floor.amelie}`, { ActivitySid: floor.Available })
    const reservations = `${base}/Workers/${floor.amelie}/Reservations`
    const [offer, ...others] = (
      await server.get(reservations, { ReservationStatus: 'pending' })
    ).body.reservations.filter((row: AnyJson) => row.task_sid === tasks.sales)
    expect(others).toEqual([])
    expect(offer).toMatchObject({
      worker_name: 'amelie',
      url: expect.stringContaining(`/Workers/${floor.amelie}/Reservations/`)
    })
    const byTask = `${base}/Tasks/${tasks.sales}/Reservations`
    expect((await server.get(byTask, { WorkerSid: floor.amelie })).body.reservations).toHaveLength(1)
    expect((await server.get(byTask, { WorkerSid: floor.bob })).body.reservations).toEqual([])
    const fetched = await server.get(`${byTask}/${offer.sid}`)
    expect(fetched).toMatchObject({
      body: { url: expect.stringContaining(`/Tasks/${tasks.sales}/Reservations/`) },
      headers: { etag: '"0"' }
    })
    expect((await server.get(`${reservations}/${offer.sid}`)).body.sid).toBe(offer.sid)

    const accepted = await server.post(
      `${reservations}/${offer.sid}`,
      { ReservationStatus: 'accepted' },
      { 'if-match': '0' }
    )
    expect(accepted).toMatchObject({ status: 200, body: { reservation_status: 'accepted' }, headers: { etag: '"1"' } })
    const chat = (await server.get(`${base}/Workers/${floor.amelie}/Channels/chat`)).body
    expect(chat).toMatchObject({ assigned_tasks: 1, available_capacity_percentage: 0 })
    expect((await server.post(`${byTask}/${offer.sid}`, { ReservationStatus: 'accepted' })).status).toBe(400)
    expect((await server.post(`${byTask}/${offer.sid}`, { ReservationStatus: 'wrapping' })).status).toBe(200)
    expect((await server.get(`${base}/Workers/${floor.amelie}/Channels/chat`)).body).toMatchObject({
      assigned_tasks: 1,
      available_capacity_percentage: 0
    })
    expect(
      (await server.post(`${byTask}/${offer.sid}`, { ReservationStatus: 'completed' })).body.reservation_status
    ).toBe('completed')
    expect((await server.get(`${base}/Workers/${floor.amelie}/Channels/chat`)).body.assigned_tasks).toBe(0)
    expect((await server.get(`${base}/Tasks/${tasks.sales}`)).body.assignment_status).toBe('completed')
  })

  it('take an empty flag as none', async () => {
    const routed = await server.post(`${base}/Tasks`, { WorkflowSid: floor.workflow, IgnoreCapacity: '' })
    const direct = await server.post(`${base}/Tasks`, { RoutingTarget: floor.bob, IgnoreCapacity: '' })
    expect([routed.status, direct.status, direct.body.ignore_capacity]).toEqual([201, 201, true])
    for (const { body } of [routed, direct]) await server.delete(`${base}/Tasks/${body.sid}`)
    const channel = `${base}/Workers/${floor.bob}/Channels/sms`
    expect((await server.post(channel, { Available: '', Capacity: '' })).body).toMatchObject({
      available: true,
      configured_capacity: 1
    })
  })

  it('come on a channel whatever its name', async () => {
    const fax = { FriendlyName: 'Fax', UniqueName: 'my-fax', ChannelOptimizedRouting: '' }
    const made = await server.post(`${base}/TaskChannels`, fax)
    expect(made).toMatchObject({ status: 201, body: { unique_name: 'my-fax' } })
    expect((await server.get(`${base}/TaskChannels/my-fax`)).body.sid).toBe(made.body.sid)
    expect((await server.get(`${base}/Workers/${floor.bob}/Channels/my-fax`)).body.assigned_tasks).toBe(0)
    await server.delete(`${base}/TaskChannels/my-fax`)
  })

  it('are changed under If-Match and deleted', async () => {
    const { headers } = await server.get(`${base}/Tasks/${tasks.old}`)
    const changed = await server.post(
      `${base}/Tasks/${tasks.old}`,
      { Priority: 9 },
      { 'if-match': String(headers.etag) }
    )
    expect(changed).toMatchObject({ status: 200, body: { priority: 9 } })
    expect((await server.delete(`${base}/Tasks/${tasks.old}`, { 'if-match': String(headers.etag) })).status).toBe(412)
    expect((await server.delete(`${base}/Tasks/${tasks.old}`)).status).toBe(204)
    expect((await server.get(`${base}/Tasks/${tasks.old}`)).status).toBe(404)
  })
})

describe('real-time statistics', () => {
  it('count tasks and workers of workspace, queue, workflow and workers', async () => {
    await server.clock.advance(30_000)
    const waiting = await made(`${base}/Tasks`, {
      WorkflowSid: floor.workflow,
      Attributes: '{"topic":"sales"}',
      TaskChannel: 'voice',
      Priority: 7
    })
    await server.post(`${base}/Workers/${floor.amelie}`, {
      ActivitySid: floor.Offline,
      RejectPendingReservations: true
    })
    await server.clock.advance(20_000)
    const queue = (await server.get(`${base}/TaskQueues/${floor.sales}/RealTimeStatistics`, { TaskChannel: 'voice' }))
      .body
    expect(queue).toMatchObject({
      task_queue_sid: floor.sales,
      total_tasks: 1,
      tasks_by_priority: { 7: 1 },
      tasks_by_status: { pending: 1, reserved: 0, assigned: 0, wrapping: 0, completed: 0, canceled: 0 },
      longest_task_waiting_age: 20,
      longest_task_waiting_sid: waiting.sid,
      longest_relative_task_age_in_queue: 20,
      longest_relative_task_sid_in_queue: waiting.sid,
      total_eligible_workers: 2,
      total_available_workers: 0
    })
    expect(queue.activity_statistics).toHaveLength(3)
    expect(queue.activity_statistics).toContainEqual({ sid: floor.Offline, friendly_name: 'Offline', workers: 2 })

    const workspace = (await server.get(`${base}/RealTimeStatistics`)).body
    expect(workspace).toMatchObject({
      workspace_sid: floor.workspace,
      total_workers: 3,
      tasks_by_status: { completed: 1 }
    })
    expect(workspace.total_tasks).toBe(2)
    expect((await server.get(`${base}/Workers/RealTimeStatistics`)).body.total_workers).toBe(3)
    const workflow = (await server.get(`${base}/Workflows/${floor.workflow}/RealTimeStatistics`)).body
    expect(workflow).toMatchObject({ workflow_sid: floor.workflow, total_tasks: 2 })
    expect((await server.get(`${base}/RealTimeStatistics`, { TaskChannel: 'pigeon' })).status).toBe(400)
    expect((await server.get(`${base}/TaskQueues/WQ${'0'.repeat(32)}/RealTimeStatistics`)).status).toBe(404)
  })

  it('answer for many queues at once', async () => {
    const url = `${base}/TaskQueues/RealTimeStatistics`
    const json = (body: unknown) =>
      server.ask('POST', url, JSON.stringify(body), { 'content-type': 'application/json' })
    const unknown = `WQ${'0'.repeat(32)}`
    const { status, body } = await json({ queueSids: [floor.sales, unknown] })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      task_queue_response_count: 2,
      task_queue_data: [
        { task_queue_sid: floor.sales, total_tasks: 1 },
        { task_queue_sid: unknown, total_tasks: 0, total_eligible_workers: 0 }
      ]
    })
    expect(await json({ QueueSids: [floor.sales] })).toMatchObject({ status: 200 })
    expect(await json({ QueueSids: [] })).toMatchObject({ status: 400 })
    expect(await json({ QueueSids: ['WQ1'] })).toMatchObject({ status: 400 })
  })
})

describe('the official SDK', () => {
  it('works under the hosts of Twilio without knowing where it really is', async () => {
    await server.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = server.app.server.address() as AddressInfo
    class Redirected extends twilio.RequestClient {
      override async request(options: AnyJson): Promise<AnyJson> {
        const { host, pathname, search } = new URL(options.uri)
        return super.request({
          ...options,
          uri: `http://127.0.0.1:${port}${pathname}${search}`,
          headers: { ...options.headers, Host: host }
        })
      }
    }
    const client = twilio(served.account_sid, served.token, { httpClient: new Redirected() })
    const workspace = client.taskrouter.v1.workspaces(floor.workspace as string) // made at the beginning
    const workers = await workspace.workers.list({ pageSize: 1 })
    expect(workers.map(({ friendlyName }) => friendlyName)).toEqual(['amelie', 'bob', 'chen'])
    const page = await workspace.workers.page({ pageSize: 2 })
    expect(page.nextPageUrl).toMatch(/^https:\/\/taskrouter\.twilio\.com\/v1\/Workspaces\//)
    expect((await page.nextPage())?.instances.map(({ friendlyName }) => friendlyName)).toEqual(['chen'])
    const task = await workspace.tasks.create({
      workflowSid: floor.workflow as string,
      attributes: '{"topic":"sdk"}',
      taskChannel: 'chat'
    })
    expect(task).toMatchObject({ attributes: '{"topic":"sdk"}', taskChannelUniqueName: 'chat', age: 0 })
    const canceled = await workspace
      .tasks(task.sid)
      .update({ assignmentStatus: 'canceled', reason: 'done', ifMatch: '*' })
    expect(canceled).toMatchObject({ assignmentStatus: 'canceled', reason: 'done' })
    await expect(workspace.tasks(task.sid).update({ assignmentStatus: 'completed' })).rejects.toMatchObject({
      code: 20001,
      status: 400
    })
    const figures = await workspace.taskQueues.bulkRealTimeStatistics.create({ queueSids: [floor.sales] } as never) // the SDK sends a free JSON body
    expect(figures.taskQueueResponseCount).toBe(1)
    expect(await workspace.tasks(task.sid).remove()).toBe(true)
    const stranger = twilio(served.account_sid, 'wrong', { httpClient: new Redirected() })
    await expect(stranger.taskrouter.v1.workspaces.list()).rejects.toMatchObject({ code: 20003, status: 401 })
  })
})
