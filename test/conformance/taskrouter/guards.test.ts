import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { document, Floor, refusal } from './floor.ts'

/* What TaskRouter refuses: versions that are stale, deleting what is in use, and more than there may be (reference
 * taskrouter 0.5, 1, 10, and row 17 of 13). */

const settings: Settings = {
  ...defaultSettings,
  limits: {
    ...defaultSettings.limits,
    workspaces: 20,
    activities: 4,
    task_channels: 6,
    task_queues: 2,
    workflows: 2,
    workers: 3,
    available_workers: 2,
    tasks: 3,
    assignment_rounds: 2
  },
  rates: {
    ...{ expression_lists: 3, bulk_statistics: 5, conversation_changes: null, execution_starts: null },
    webchat_chats: null
  }
}

let world: Observed
beforeAll(async () => {
  world = await observed({ settings })
})
afterAll(() => world.close())

const stale = { status: 412, code: 20412 }
const inUse = { status: 400, code: 20001 }

describe('If-Match', () => {
  it('17: of a task, from its first version on', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const made = await world.call(`${floor.path}/Tasks`, { Attributes: '{}' })
    expect({ status: made.status, etag: made.headers.get('etag') }).toEqual({ status: 201, etag: '"0"' })
    const task = floor.workspace.tasks(made.body.sid)
    expect(await refusal(task.update({ ifMatch: '7', priority: 1 }))).toMatchObject(stale)
    expect((await task.fetch()).priority).toBe(0)
    const changed = await world.call(
      `${floor.path}/Tasks/${made.body.sid}`,
      { Priority: '1' },
      { headers: { 'if-match': '0' } }
    )
    expect({ status: changed.status, etag: changed.headers.get('etag') }).toEqual({ status: 200, etag: '"1"' })
    for (const ifMatch of ['1', '*']) expect((await task.update({ ifMatch, priority: 2 })).priority).toBe(2)
    for (const ifMatch of ['"3"', 'W/"4"']) expect((await task.update({ ifMatch, priority: 3 })).priority).toBe(3)
    expect(await refusal(task.remove({ ifMatch: '4' }))).toMatchObject(stale)
    expect(await task.remove({ ifMatch: '5' })).toBe(true)
  })

  it('of a worker, which grows with its channels and reservations as well', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const sid = await floor.worker('Alice', {}, { activity: 'Offline' })
    const version = async () => JSON.parse((await world.call(`${floor.path}/Workers/${sid}`)).headers.get('etag') ?? '')
    expect(await version()).toBe('0')
    const alice = floor.workspace.workers(sid)
    await alice.workerChannels('chat').update({ capacity: 2 })
    expect(await version()).toBe('1')
    expect(await refusal(alice.update({ ifMatch: '0', attributes: '{}' }))).toMatchObject(stale)
    await alice.update({ ifMatch: '1', activitySid: floor.activity('Available') })
    await floor.task()
    expect(await version()).toBe('3')
    expect(await refusal(alice.remove({ ifMatch: '2' }))).toMatchObject(stale)
  })

  it('of a reservation, through both doors', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const worker = await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    const byTask = floor.workspace.tasks(sid).reservations(offer.sid)
    const byWorker = floor.workspace.workers(worker).reservations(offer.sid)
    expect(await refusal(byTask.update({ ifMatch: '9', reservationStatus: 'accepted' }))).toMatchObject(stale)
    expect(await refusal(byWorker.update({ ifMatch: '9', reservationStatus: 'accepted' }))).toMatchObject(stale)
    expect((await byTask.update({ ifMatch: '0', reservationStatus: 'accepted' })).reservationStatus).toBe('accepted')
    const fetched = await world.call(`${floor.path}/Workers/${worker}/Reservations/${offer.sid}`)
    expect(fetched.headers.get('etag')).toBe('"1"')
    expect((await byWorker.update({ ifMatch: '1', reservationStatus: 'completed' })).reservationStatus).toBe(
      'completed'
    )
  })
})

describe('deleting', () => {
  it('an activity: not the default one, not with workers in it, not while a queue uses it', async () => {
    const floor = await Floor.open(world)
    const { activities } = floor.workspace
    const made = await activities.create({ friendlyName: 'Lunch' })
    const queue = await floor.queue('Queue', { reservationActivitySid: made.sid })
    const worker = await floor.worker('Alice', {}, { activity: 'Unavailable' })
    for (const sid of [floor.activity('Offline'), made.sid, floor.activity('Unavailable')])
      expect(await refusal(activities(sid).remove())).toMatchObject(inUse)
    await floor.workspace.taskQueues(queue).update({ reservationActivitySid: '' })
    await floor.move(worker, 'Offline')
    expect(await activities(made.sid).remove()).toBe(true)
    expect(await activities(floor.activity('Unavailable')).remove()).toBe(true)
    expect((await activities.list()).map((row) => row.friendlyName)).toEqual(['Offline', 'Available'])
  })

  it('a queue: not while a workflow names it, not while a task is in it', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Queue')
    const other = await floor.queue('Other')
    const workflow = await floor.workflow('Route', queue)
    const { taskQueues } = floor.workspace
    expect(await refusal(taskQueues(queue).remove())).toMatchObject(inUse)
    const { sid } = await floor.task()
    await floor.workspace.workflows(workflow).update({ configuration: document(other) })
    expect(await refusal(taskQueues(queue).remove())).toMatchObject(inUse)
    await floor.workspace.tasks(sid).update({ assignmentStatus: 'canceled' })
    expect(await taskQueues(queue).remove()).toBe(true)
    expect(await refusal(taskQueues(queue).fetch())).toMatchObject({ status: 404, code: 20404 })
  })

  it('a workflow: not while tasks follow it', async () => {
    const floor = await Floor.open(world)
    const workflow = floor.workspace.workflows(await floor.workflow('Route', await floor.queue('Queue')))
    const { sid } = await floor.task()
    expect(await refusal(workflow.remove())).toMatchObject(inUse)
    await floor.workspace.tasks(sid).update({ assignmentStatus: 'canceled' })
    expect(await workflow.remove()).toBe(true)
  })

  it('a task channel: not the default one, not while tasks use it', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const { taskChannels } = floor.workspace
    const { sid } = await floor.task({}, { taskChannel: 'sms' })
    for (const name of ['default', 'sms']) expect(await refusal(taskChannels(name).remove())).toMatchObject(inUse)
    await floor.workspace.tasks(sid).update({ assignmentStatus: 'canceled' })
    expect(await taskChannels('sms').remove()).toBe(true)
  })

  it('a worker: not while it holds reservations; it need not be offline', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = floor.workspace.workers(await floor.worker('Alice'))
    const { sid } = await floor.task()
    expect(await refusal(alice.remove())).toMatchObject(inUse)
    const offer = await floor.offer(sid)
    await alice.reservations(offer.sid).update({ reservationStatus: 'accepted' })
    expect(await refusal(alice.remove())).toMatchObject(inUse)
    await floor.workspace.tasks(sid).update({ assignmentStatus: 'completed' })
    expect(await alice.remove()).toBe(true)
  })
})

describe('limits', () => {
  const most = (what: RegExp) => ({ status: 400, code: 20001, message: expect.stringMatching(what) })

  it('of what a workspace may have', async () => {
    const floor = await Floor.open(world)
    const { activities, taskChannels } = floor.workspace
    await activities.create({ friendlyName: 'Lunch' })
    expect(await refusal(activities.create({ friendlyName: 'Training' }))).toMatchObject(most(/Activities.*4/))
    await taskChannels.create({ friendlyName: 'Fax', uniqueName: 'fax' })
    expect(await refusal(taskChannels.create({ friendlyName: 'Pigeon', uniqueName: 'pigeon' }))).toMatchObject(
      most(/TaskChannels.*6/)
    )
    const queue = await floor.queue('One')
    await floor.queue('Two')
    expect(await refusal(floor.queue('Three'))).toMatchObject(most(/TaskQueues.*2/))
    const workflowSid = await floor.workflow('One', queue)
    await floor.workflow('Two', queue)
    expect(await refusal(floor.workflow('Three', queue))).toMatchObject(most(/Workflows.*2/))
    for (let i = 0; i < 3; i++) await floor.task({}, { workflowSid })
    expect(await refusal(floor.task({}, { workflowSid }))).toMatchObject(most(/Tasks.*3/))
  })

  it('of workers, and of those available at a time', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Alice')
    await floor.worker('Bob')
    expect(await refusal(floor.worker('Chen'))).toMatchObject({ status: 400, code: 14240 })
    const chen = await floor.worker('Chen', {}, { activity: 'Offline' })
    expect(await refusal(floor.move(chen, 'Available'))).toMatchObject({ status: 400, code: 14240 })
    expect(await refusal(floor.worker('Dora'))).toMatchObject(most(/Workers.*3/))
  })

  it('of names, attributes, configurations and numbers', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const { workspaces } = world.client.taskrouter.v1
    const { workspace } = floor
    const long = 'x'.repeat(65)
    const attributes = (length: number) => `{"x":"${'x'.repeat(length - 8)}"}`
    for (const call of [
      workspaces.create({ friendlyName: long }),
      workspace.activities.create({ friendlyName: long }),
      workspace.workers.create({ friendlyName: long }),
      workspace.taskChannels.create({ friendlyName: long, uniqueName: 'x' }),
      workspace.taskQueues.create({ friendlyName: long }),
      workspace.workers.create({ friendlyName: '' }),
      workspace.workers.create({ friendlyName: 'x', attributes: attributes(4097) }),
      workspace.tasks.create({ attributes: attributes(4097) }),
      workspace.tasks.create({ attributes: '[]' }),
      workspace.tasks.create({ priority: -1 }),
      workspace.tasks.create({ priority: 2_147_483_648 }),
      workspace.tasks.create({ timeout: 1_209_601 }),
      workspace.taskQueues.create({ friendlyName: 'x', maxReservedWorkers: 51 }),
      workspace.taskQueues.create({ friendlyName: 'x', maxReservedWorkers: 0 }),
      workspace.workflows.create({ friendlyName: 'x', configuration: '{}', taskReservationTimeout: 86_401 }),
      workspace.workflows.create({ friendlyName: 'x', configuration: `{"x":"${'x'.repeat(1_038_576)}"}` })
    ]) {
      expect(await refusal(call)).toMatchObject({ status: 400, code: 20001 })
    }
    expect((await workspace.tasks.create({ attributes: attributes(4096), priority: 2_147_483_647 })).priority).toBe(
      2_147_483_647
    )
    expect((await floor.workspace.workers.create({ friendlyName: 'x'.repeat(64) })).friendlyName).toHaveLength(64)
  })

  it('of how often a task is offered, and of how long it may wait', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const { sid } = await floor.task({}, { timeout: 600 })
    await floor.worker('Alice')
    for (let round = 0; round < 2; round++) {
      const offer = await floor.offer(sid)
      await floor.workspace.tasks(sid).reservations(offer.sid).update({ reservationStatus: 'rejected' })
      await world.pass(40)
    }
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('canceled')
    const elsewhere = await Floor.open(world, { template: 'FIFO' })
    const waiting = await elsewhere.task({}, { timeout: 600 })
    await world.pass(601)
    expect(await elsewhere.fetchTask(waiting.sid)).toMatchObject({
      assignmentStatus: 'canceled',
      reason: expect.stringContaining('TTL')
    })
  })

  it('of workspaces', async () => {
    const { workspaces } = world.client.taskrouter.v1
    const present = (await workspaces.list()).length
    const made = []
    for (let i = present; i < 20; i++) made.push(await workspaces.create({ friendlyName: `Floor ${i}` }))
    expect(await refusal(workspaces.create({ friendlyName: 'One more' }))).toMatchObject(most(/Workspaces.*20/))
    for (const { sid } of made) await workspaces(sid).remove()
  })
})

describe('rates, where they are switched on', () => {
  const tooMany = { status: 429, code: 20429 }

  it('allow three lists by expression a second, of each kind, and any number of others', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const { workers, tasks, taskQueues } = floor.workspace
    for (const ask of [
      () => workers.list({ targetWorkersExpression: '1==1' }),
      () => tasks.list({ evaluateTaskAttributes: '1==1' }),
      () => taskQueues.list({ evaluateWorkerAttributes: '{}' })
    ]) {
      for (let i = 0; i < 3; i++) await ask()
      expect(await refusal(ask())).toMatchObject(tooMany)
    }
    for (let i = 0; i < 5; i++) await workers.list({ available: '1' })
    await world.pass(1)
    expect(await tasks.list({ evaluateTaskAttributes: '1==1' })).toEqual([])
  })

  it('allow five bulk statistics a second', async () => {
    const floor = await Floor.open(world)
    const ask = () => world.call(`${floor.path}/TaskQueues/RealTimeStatistics`, { QueueSids: `WQ${'0'.repeat(32)}` })
    for (let i = 0; i < 5; i++) expect((await ask()).status).toBe(200)
    expect(await ask()).toMatchObject({ status: 429, body: { code: 20429 } })
    await world.pass(1)
    expect((await ask()).status).toBe(200)
  })
})

describe('who may call, and how', () => {
  it('is told apart: credentials, paths, methods, media types', async () => {
    const path = '/taskrouter/v1/Workspaces'
    const wrong = `Basic ${Buffer.from('AC1:2').toString('base64')}`
    const unauthorized = await world.call(path, undefined, { headers: { authorization: wrong } })
    expect(unauthorized).toMatchObject({ status: 401, body: { code: 20003 } })
    expect(unauthorized.headers.get('www-authenticate')).toBe('Basic realm="Twilio API"')
    expect(await world.call(`${path}/WS1`)).toMatchObject({ status: 404, body: { code: 20404 } })
    expect(await world.call(`${path}/WS${'0'.repeat(32)}/Nothing`)).toMatchObject({ status: 404 })
    expect(await world.call(path, undefined, { method: 'PUT' })).toMatchObject({ status: 405, body: { code: 20004 } })
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"FriendlyName":"x"}' }
    expect(await world.call(path, undefined, json)).toMatchObject({ status: 400, body: { code: 20001 } })
    expect(await world.call(path, {})).toMatchObject({
      status: 400,
      body: { message: 'Missing required parameter FriendlyName in the post body' }
    })
  })

  it('sees the headers that every answer has', async () => {
    const { headers } = await world.call('/taskrouter/v1/Workspaces')
    expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/)
    expect(headers.get('twilio-request-duration')).toMatch(/^\d+\.\d+$/)
    for (const name of ['x-rate-limit-limit', 'x-rate-limit-remaining', 'x-rate-limit-config'])
      expect(headers.get(name)).not.toBeNull()
    expect(headers.get('access-control-allow-origin')).toBe('*')
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/guards.test.ts', world)
})
