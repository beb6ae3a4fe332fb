import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import twilio from 'twilio'
import { Supervisor, Worker, type WorkerOptions, Workspace } from 'twilio-taskrouter'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/*
 * The official JavaScript SDK for workers (`twilio-taskrouter`), unmodified, against a server in this process on the real
 * clock. Only `ebServer` and `wsServer` say where it is (reference taskrouter 9).
 */

let ringdown: World
const connected: Worker[] = []

beforeAll(async () => {
  ringdown = await world({ testClock: false })
})
afterAll(() => ringdown.close())
afterEach(() => {
  for (const worker of connected.splice(0)) worker.disconnect()
})

/** A workspace with one queue for everybody, a workflow into it, and two workers who are Available. */
async function openFloor() {
  const { workspaces } = ringdown.client.taskrouter.v1
  const { sid } = await workspaces.create({ friendlyName: `Floor ${Math.random()}`, template: 'FIFO' })
  const floor = workspaces(sid)
  const activities = await floor.activities.list()
  const activity = (name: string) => activities.find(({ friendlyName }) => friendlyName === name)?.sid as string // a new workspace has it
  const [queue] = await floor.taskQueues.list()
  const [workflow] = await floor.workflows.list()
  const available = activity('Available')
  const ada = await floor.workers.create({ friendlyName: 'Ada', activitySid: available, attributes: '{"level":3}' })
  const bob = await floor.workers.create({ friendlyName: 'Bob', activitySid: activity('Offline') })
  return {
    sid,
    floor,
    available,
    offline: activity('Offline'),
    unavailable: activity('Unavailable'),
    queue_sid: queue?.sid as string, // the template makes both
    workflow_sid: workflow?.sid as string,
    ada,
    bob,
    newTask: (attributes: object = {}) => floor.tasks.create({ attributes: JSON.stringify(attributes) })
  }
}

type Floor = Awaited<ReturnType<typeof openFloor>>

/** A token as an application's server makes it; the account signs with its own auth token. */
function tokenFor(workspace_sid: string, worker_sid: string | undefined, { role = 'worker', ttl = 3600 } = {}): string {
  const { account_sid, auth_token } = ringdown.running.credentials
  const { AccessToken } = twilio.jwt
  const token = new AccessToken(account_sid, account_sid, auth_token, { identity: 'somebody', ttl })
  token.addGrant(
    new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, ...(worker_sid && { workerSid: worker_sid }), role })
  )
  return token.toJwt()
}

function servers() {
  const { url } = ringdown.running
  return {
    ebServer: `${url}/event-bridge/v1/wschannels`,
    wsServer: `${url.replace(/^http/, 'ws')}/event-bridge/v1/wschannels`,
    logLevel: 'silent' as const
  }
}

function connect(floor: Floor, worker: { sid: string }, options: WorkerOptions = {}): Worker {
  const connection = new Worker(tokenFor(floor.sid, worker.sid), { ...servers(), ...options })
  connected.push(connection)
  return connection
}

async function ready(floor: Floor, worker: { sid: string }, options: WorkerOptions = {}): Promise<Worker> {
  const connection = connect(floor, worker, options)
  await next(connection, 'ready')
  return connection
}

interface Emitter {
  once(event: string, listener: (...args: never[]) => void): unknown
}

/** What an emitter tells next under a name. */
function next<T>(emitter: unknown, event: string): Promise<T> {
  return new Promise((resolve) => (emitter as Emitter).once(event, (told: T) => resolve(told))) // each of them is one
}

/** A call as the SDK makes it, without the SDK. */
async function call(token: string, method: 'GET' | 'POST', url: string, params: object = {}) {
  const response = await fetch(servers().ebServer, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', apiVersion: 'v1', clientVersion: '2.1.1' },
    body: JSON.stringify({ url, method, params, token })
  })
  return {
    status: response.status,
    body: (await response.json()) as { payload: never; code?: number; message?: string }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the SDK's types of events lag behind what they carry
type Told = any

describe('a worker at the desk', () => {
  it('connects, and knows itself, its activities, its channels and its open reservations', async () => {
    const floor = await openFloor()
    await floor.newTask({ topic: 'socks' })
    const ada = await ready(floor, floor.ada)
    expect(ada.sid).toBe(floor.ada.sid)
    expect(ada.name).toBe('Ada')
    expect(ada.attributes).toEqual({ level: 3 })
    expect(ada.activity.name).toBe('Available')
    expect([...ada.activities.values()].map(({ name }) => name)).toEqual(['Offline', 'Unavailable', 'Available'])
    expect([...ada.channels.values()].map((channel) => channel.taskChannelUniqueName)).toContain('chat')
    expect([...ada.reservations.values()].map(({ status, task }) => [status, task.attributes])).toEqual([
      ['pending', { topic: 'socks' }]
    ])
    expect(Math.abs(ada.dateCreated.getTime() - Date.now())).toBeLessThan(60_000)
  })

  it('is offered a task, accepts it, wraps up and completes it', async () => {
    const floor = await openFloor()
    const ada = await ready(floor, floor.ada)
    const offered = next<Told>(ada, 'reservationCreated')
    const { sid } = await floor.newTask({ topic: 'socks' })
    const reservation = await offered
    expect(reservation).toMatchObject({ status: 'pending', timeout: 120, workerSid: floor.ada.sid })
    expect(reservation.task).toMatchObject({
      sid,
      status: 'reserved',
      queueName: 'Sample Queue',
      attributes: { topic: 'socks' }
    })

    const accepted = next<Told>(reservation, 'accepted')
    await reservation.accept()
    expect((await accepted).task.status).toBe('assigned')
    expect((await floor.floor.tasks(sid).fetch()).assignmentStatus).toBe('assigned')

    const [wrapped, wrapping] = [next<Told>(reservation, 'wrapup'), next<Told>(reservation.task, 'wrapup')]
    await reservation.task.wrapUp({ reason: 'done' })
    expect([(await wrapped).status, (await wrapping).status]).toEqual(['wrapping', 'wrapping'])

    const completed = next<Told>(reservation, 'completed')
    await reservation.complete()
    await completed
    expect(ada.reservations.size).toBe(0)
    expect((await floor.floor.tasks(sid).fetch()).assignmentStatus).toBe('completed')
  })

  it('rejects a task and goes where it said', async () => {
    const floor = await openFloor()
    const ada = await ready(floor, floor.ada)
    const offered = next<Told>(ada, 'reservationCreated')
    await floor.newTask()
    const reservation = await offered
    const [rejected, moved] = [next<Told>(reservation, 'rejected'), next<Told>(ada, 'activityUpdated')]
    await reservation.reject({ activitySid: floor.unavailable })
    expect((await rejected).task.status).toBe('pending')
    expect((await moved).activity.name).toBe('Unavailable')
  })

  it('changes the attributes of a task, completes it by a reason, and is told when it is canceled', async () => {
    const floor = await openFloor()
    const ada = await ready(floor, floor.ada)
    const offered = next<Told>(ada, 'reservationCreated')
    await floor.newTask()
    const reservation = await offered
    await reservation.accept()
    const updated = next<Told>(reservation.task, 'updated')
    await reservation.task.setAttributes({ mood: 'better', '&': '=' })
    expect((await updated).attributes).toEqual({ mood: 'better', '&': '=' })
    await reservation.task.setVirtualStartTime(new Date(Date.now() - 60_000))
    const completed = next<Told>(reservation.task, 'completed')
    await reservation.task.complete('sold')
    expect((await completed).reason).toBe('sold')

    const second = next<Told>(ada, 'reservationCreated')
    const { sid } = await floor.newTask()
    const { task } = await second
    const canceled = next<Told>(task, 'canceled')
    await floor.floor.tasks(sid).update({ assignmentStatus: 'canceled', reason: 'gone' })
    expect((await canceled).status).toBe('canceled')
  })

  it('moves between activities and hears of changes that others make', async () => {
    const floor = await openFloor()
    const ada = await ready(floor, floor.ada)
    const moved = next<Told>(ada, 'activityUpdated')
    await ada.activities.get(floor.offline)?.setAsCurrent()
    expect((await moved).activity.name).toBe('Offline')
    expect((await floor.floor.workers(floor.ada.sid).fetch()).activityName).toBe('Offline')

    const attributes = next<Told>(ada, 'attributesUpdated')
    await floor.floor.workers(floor.ada.sid).update({ attributes: '{"level":4}' })
    expect((await attributes).attributes).toEqual({ level: 4 })
    await ada.setAttributes({ level: 5 })
    expect(ada.attributes).toEqual({ level: 5 })

    const chat = [...ada.channels.values()].find(({ taskChannelUniqueName }) => taskChannelUniqueName === 'chat')
    const capacity = next<Told>(chat, 'capacityUpdated')
    await floor.floor.workers(floor.ada.sid).workerChannels('chat').update({ capacity: 4 })
    expect(await capacity).toMatchObject({ capacity: 4, availableCapacityPercentage: 100, assignedTasks: 0 })
    const away = next<Told>(chat, 'availabilityUpdated')
    await floor.floor.workers(floor.ada.sid).workerChannels('chat').update({ available: false })
    expect((await away).available).toBe(false)
  })

  it('comes in through its connect activity, creates a task for itself, and versions agree', async () => {
    const floor = await openFloor()
    const bob = connect(floor, floor.bob, { connectActivitySid: floor.unavailable, enableVersionCheck: true })
    // The SDK says that it is ready before it has moved.
    await Promise.all([next(bob, 'ready'), next(bob, 'activityUpdated')])
    await expect.poll(() => bob.activity.name).toBe('Unavailable')
    await bob.fetchLatestVersion()
    const offered = next<Told>(bob, 'reservationCreated')
    const sid = await bob.createTask('+15550100', '+15550101', floor.workflow_sid, floor.queue_sid, {
      attributes: { why: 'call back' },
      taskChannelUniqueName: 'voice'
    })
    const { task } = await offered
    expect(task).toMatchObject({ sid, taskChannelUniqueName: 'voice', routingTarget: floor.bob.sid })
    expect(task.attributes).toEqual({ why: 'call back', outbound_to: '+15550100', from: '+15550101' })
    // The client has counted the reservation itself: its version is the server's.
    await bob.setAttributes({ level: 1 })
    await floor.floor.workers(floor.bob.sid).update({ friendlyName: 'Robert' })
    await expect(bob.setAttributes({ level: 2 })).rejects.toThrow(/412/)
    await bob.fetchLatestVersion()
    await bob.setAttributes({ level: 2 })
  })

  it('is told plainly that there is no call', async () => {
    const floor = await openFloor()
    const ada = await ready(floor, floor.ada)
    const offered = next<Told>(ada, 'reservationCreated')
    await floor.newTask()
    const reservation = await offered
    await expect(reservation.conference()).rejects.toThrow(/400.*no contact_uri/)
    await expect(reservation.dequeue()).rejects.toThrow(/no contact_uri/)
    await expect(reservation.task.updateParticipant({ hold: true })).rejects.toThrow(/There is no call/)
    expect(reservation.status).toBe('pending')
  })

  it('does not hear what only concerns others', async () => {
    const floor = await openFloor()
    const [ada, bob] = await Promise.all([ready(floor, floor.ada), ready(floor, floor.bob)])
    const heard: string[] = []
    for (const event of ['reservationCreated', 'activityUpdated', 'attributesUpdated'] as const)
      bob.on(event, () => heard.push(event))
    const offered = next<Told>(ada, 'reservationCreated')
    await floor.newTask()
    const reservation = await offered
    await reservation.accept()
    await ada.setAttributes({ level: 9 })
    // What comes to Bob comes in order: had there been anything before, it would have been heard by now.
    const own = next<Told>(bob, 'attributesUpdated')
    await bob.setAttributes({ level: 1 })
    await own
    expect(heard).toEqual(['attributesUpdated'])
    expect(
      (await call(tokenFor(floor.sid, floor.bob.sid), 'GET', `Workspaces/${floor.sid}/Tasks/${reservation.task.sid}`))
        .status
    ).toBe(403)
  })
})

describe('a transfer', () => {
  async function assigned() {
    const floor = await openFloor()
    const [ada, bob] = await Promise.all([ready(floor, floor.ada), ready(floor, floor.bob)])
    const offered = next<Told>(ada, 'reservationCreated')
    const { sid } = await floor.newTask()
    const reservation = await offered
    await reservation.accept()
    await bob.activities.get(floor.available)?.setAsCurrent()
    return { floor, ada, bob, sid, reservation }
  }

  it('to a worker: both have the task once it is accepted', async () => {
    const { floor, bob, sid, reservation } = await assigned()
    const begun = next<Told>(reservation.task, 'transferInitiated')
    const offered = next<Told>(bob, 'reservationCreated')
    await reservation.task.transfer(floor.bob.sid)
    const incoming = await offered
    expect(incoming.transfer).toMatchObject({ mode: 'WARM', type: 'WORKER', to: floor.bob.sid, status: 'initiated' })
    expect(await begun).toMatchObject({ status: 'initiated', reservationSid: reservation.sid })
    const done = next<Told>(reservation.task.transfers.outgoing, 'completed')
    await incoming.accept()
    expect((await done).status).toBe('complete')
    await reservation.complete()
    expect((await floor.floor.tasks(sid).fetch()).assignmentStatus).toBe('assigned')
    await incoming.complete()
    expect((await floor.floor.tasks(sid).fetch()).assignmentStatus).toBe('completed')
  })

  it('that is rejected gives the task back', async () => {
    const { floor, bob, sid, reservation } = await assigned()
    const offered = next<Told>(bob, 'reservationCreated')
    await reservation.task.transfer(floor.bob.sid)
    const incoming = await offered
    const failed = next<Told>(reservation.task.transfers.outgoing, 'failed')
    await incoming.reject()
    expect((await failed).transferFailedReason).toMatch(/rejected/)
    expect((await floor.floor.tasks(sid).fetch()).assignmentStatus).toBe('assigned')
  })

  it('to a queue, cold, can be taken back once', async () => {
    const { floor, bob, sid, reservation } = await assigned()
    const offered = next<Told>(bob, 'reservationCreated')
    const wrapped = next<Told>(reservation, 'wrapup')
    await reservation.task.transfer(floor.queue_sid, { mode: 'COLD', priority: 7, attributes: { from: 'Ada' } })
    await wrapped
    const incoming = await offered
    expect(incoming.task).toMatchObject({ priority: 7, attributes: { from: 'Ada' } })
    const withdrawn = next<Told>(incoming, 'canceled')
    await reservation.task.transfers.outgoing.cancel()
    await withdrawn
    expect(['pending', 'reserved']).toContain((await floor.floor.tasks(sid).fetch()).assignmentStatus)
    await expect(reservation.task.transfers.outgoing.cancel()).rejects.toThrow(/already canceled/)
  })
})

describe('a supervisor and the workspace', () => {
  it('changes other workers, which a worker may not', async () => {
    const floor = await openFloor()
    const bob = await ready(floor, floor.bob)
    const moved = next<Told>(bob, 'activityUpdated')
    const boss = new Supervisor(tokenFor(floor.sid, floor.ada.sid, { role: 'supervisor' }), servers())
    connected.push(boss)
    await next(boss, 'ready')
    await boss.setWorkerActivity(floor.bob.sid, floor.available)
    expect((await moved).activity.name).toBe('Available')
    await boss.setWorkerAttributes(floor.bob.sid, { level: 8 })
    await expect(boss.monitor(`WT${'0'.repeat(32)}`, `WR${'0'.repeat(32)}`, {})).rejects.toThrow(/404/)
    const own = tokenFor(floor.sid, floor.bob.sid)
    const refused = await call(own, 'POST', `Workspaces/${floor.sid}/Workers/${floor.ada.sid}`, { Attributes: {} })
    expect([refused.status, refused.body.code]).toEqual([403, 20403])
  })

  it('lists workers and queues page by page, filtered and sorted', async () => {
    const floor = await openFloor()
    for (let i = 0; i < 5; i++) await floor.floor.workers.create({ friendlyName: `Agent ${i}` })
    const options = { ...servers(), pageSize: 2 }
    const workspace = new Workspace(tokenFor(floor.sid, floor.ada.sid, { role: 'supervisor' }), options, floor.sid)
    const names = (workers: Map<string, Told>) => [...workers.values()].map(({ friendlyName }) => friendlyName)
    expect(names(await workspace.fetchWorkersInfo())).toEqual([
      'Ada',
      'Bob',
      'Agent 0',
      'Agent 1',
      'Agent 2',
      'Agent 3',
      'Agent 4'
    ])
    const sorted = await workspace.fetchWorkersInfo({ Ordering: 'DateStatusChanged:desc' })
    expect(sorted.size).toBe(7)
    expect(names(await workspace.fetchWorkersInfo({ TargetWorkersExpression: 'level > 2' }))).toEqual(['Ada'])
    expect(names(await workspace.fetchWorkersInfo({ ActivityName: 'Available' }))).toEqual(['Ada'])
    expect([...(await workspace.fetchTaskQueues()).values()].map(({ queueName }: Told) => queueName)).toEqual([
      'Sample Queue'
    ])
    expect((await workspace.fetchWorkerInfo(floor.bob.sid)).friendlyName).toBe('Bob')
    expect((await workspace.fetchTaskQueue(floor.queue_sid)).queueSid).toBe(floor.queue_sid)
    const lost = await call(tokenFor(floor.sid, floor.ada.sid), 'GET', `Workspaces/${floor.sid}/Workers`, {
      AfterSid: 'WK0'
    })
    expect(lost.status).toBe(400)
  })
})

describe('the workspace of an administrator who is no worker', () => {
  it('lists workers and queues, and shows a task', async () => {
    const floor = await openFloor()
    const token = tokenFor(floor.sid, undefined, { role: 'admin' })
    const workspace = new Workspace(token, servers(), floor.sid)
    expect([...(await workspace.fetchWorkersInfo()).keys()]).toEqual([floor.ada.sid, floor.bob.sid])
    expect([...(await workspace.fetchTaskQueues()).keys()]).toEqual([floor.queue_sid])
    const task = await floor.newTask({ topic: 'socks' })
    await floor.newTask({ topic: 'shoes' })
    const listed = await call(token, 'GET', `Workspaces/${floor.sid}/Tasks`, {
      EvaluateTaskAttributes: "topic == 'socks'"
    })
    expect(listed.body.payload).toMatchObject({
      contents: [{ sid: task.sid, attributes: '{"topic":"socks"}' }],
      total: 1
    })
    const shown = await call(token, 'GET', `Workspaces/${floor.sid}/Tasks/${task.sid}`)
    expect(shown.body.payload).toMatchObject({ sid: task.sid, workflow_sid: floor.workflow_sid })
    // What belongs to one worker is nobody else's.
    for (const list of ['WorkerChannels', 'Reservations']) {
      const own = await call(token, 'GET', `Workspaces/${floor.sid}/Workers/${floor.ada.sid}/${list}`)
      expect([own.status, own.body.code]).toEqual([403, 20403])
    }
    const worker = await call(tokenFor(floor.sid, floor.ada.sid), 'GET', `Workspaces/${floor.sid}/Tasks`)
    expect([worker.status, worker.body.code]).toEqual([403, 20403])
  })

  it('is told what is wrong with a filter, as REST tells it', async () => {
    const floor = await openFloor()
    const token = tokenFor(floor.sid, undefined, { role: 'admin' })
    const wrong = {
      Workers: [
        { ActivitySid: 'WAxxx' },
        { TaskQueueSid: 'WQ1' },
        { TargetWorkersExpression: 'level >' },
        { Ordering: 'Name:asc' },
        { PageSize: 'many' }
      ],
      TaskQueues: [{ WorkerSid: floor.queue_sid }, { Ordering: 'FriendlyName:up' }],
      Tasks: [
        { AssignmentStatus: 'lost' },
        { WorkflowSid: 'WW1' },
        { Priority: 'high' },
        { EvaluateTaskAttributes: '(' }
      ]
    } satisfies Record<string, readonly Record<string, string>[]>
    for (const [list, filters] of Object.entries(wrong))
      for (const filter of filters) {
        const told = await call(token, 'GET', `Workspaces/${floor.sid}/${list}`, filter)
        const query = new URLSearchParams(filter as Record<string, string>)
        const rest = await ringdown.call(`/taskrouter/v1/Workspaces/${floor.sid}/${list}?${query}`)
        expect({ ...filter, status: told.status, code: told.body.code, message: told.body.message }).toEqual({
          ...filter,
          status: 400,
          code: rest.body.code,
          message: rest.body.message
        })
      }
    for (const filter of [
      { ActivitySid: `WA${'0'.repeat(32)}` },
      { ActivityName: 'Nowhere' },
      { Available: 'true', ActivitySid: floor.offline }
    ])
      expect((await call(token, 'GET', `Workspaces/${floor.sid}/Workers`, filter)).body).toMatchObject({
        payload: { total: 0 }
      })
    const own = tokenFor(floor.sid, floor.ada.sid)
    const worker = `Workspaces/${floor.sid}/Workers/${floor.ada.sid}`
    expect((await call(own, 'GET', `${worker}/Reservations`, { ReservationStatus: 'lost' })).status).toBe(400)
    const transfer = await call(own, 'POST', `${worker}/Transfers`, { Priority: 'high', To: floor.bob.sid })
    expect([transfer.status, transfer.body.message]).toEqual([400, expect.stringMatching(/Priority/)])
  })
})

describe('a token', () => {
  it('that is expired, signed by somebody else, or without a role opens nothing', async () => {
    const floor = await openFloor()
    const { sid } = floor.ada
    const path = `Workspaces/${floor.sid}/Workers/${sid}`
    const answers = async (token: string) => {
      const { status, body } = await call(token, 'GET', path)
      return [status, body.code]
    }
    const good = tokenFor(floor.sid, sid)
    expect((await call(good, 'GET', path)).status).toBe(200)
    expect(await answers(tokenFor(floor.sid, sid, { ttl: -10 }))).toEqual([401, 20104])
    expect(await answers(`${good.slice(0, -4)}AAAA`)).toEqual([403, 20107])
    expect(await answers('nonsense')).toEqual([403, 20101])
    expect(await answers(tokenFor(floor.sid, sid, { role: '' }))).toEqual([403, 20106])
    expect(await answers(tokenFor(`WS${'0'.repeat(32)}`, sid))).toEqual([403, 20106])

    const refused = new Worker(tokenFor(floor.sid, sid, { ttl: -10 }), servers())
    connected.push(refused)
    expect((await next<Error>(refused, 'error')).message).toMatch(/Could not connect/)
  })

  it('ends its socket when it expires, and a new one goes on', async () => {
    const floor = await openFloor()
    const ada = new Worker(tokenFor(floor.sid, floor.ada.sid, { ttl: 2 }), servers())
    connected.push(ada)
    const [expired, ended] = [next(ada, 'tokenExpired'), next<{ message: string }>(ada, 'disconnected')]
    await next(ada, 'ready')
    await expired
    expect((await ended).message).toBe('Token expired')
    const again = next(ada, 'ready')
    ada.updateToken(tokenFor(floor.sid, floor.ada.sid))
    await again
    const offered = next<Told>(ada, 'reservationCreated')
    await floor.newTask()
    await (await offered).accept()
  })
})

describe('a connection', () => {
  it('replaces older ones where that is asked for', async () => {
    const floor = await openFloor()
    const older = await ready(floor, floor.ada)
    const ended = next<{ message: string }>(older, 'disconnected')
    await ready(floor, floor.ada, { closeExistingSessions: true })
    expect((await ended).message).toMatch(/newer session/)
  })

  it('takes its worker offline when the last one is gone, where that is asked for', async () => {
    const floor = await openFloor()
    const watching = await ready(floor, floor.bob)
    const ada = await ready(floor, floor.ada, { setWorkerOfflineIfDisconnected: true })
    ada.disconnect()
    const activity = () => floor.floor.workers(floor.ada.sid).fetch()
    await expect.poll(async () => (await activity()).activityName, { timeout: 5000 }).toBe('Offline')
    expect(watching.activity.name).toBe('Offline')
  })

  it('is told how long a call may be', async () => {
    const body = JSON.stringify({ token: '', params: { attributes: 'x'.repeat(70_000) } })
    const answer = await fetch(`${ringdown.running.url}/event-bridge/v1/wschannels`, { method: 'POST', body })
    expect(await answer.json()).toMatchObject({ status: 413, message: 'The request body is larger than 64 KiB' })
  })

  it('lets a browser ask first', async () => {
    const { status, headers } = await fetch(servers().ebServer, {
      method: 'OPTIONS',
      headers: { origin: 'https://desk.example' }
    })
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-headers')).toMatch(/apiversion.*clientversion.*if-match.*content-type/)
  })

  it('comes back by itself after the server was restarted, with what happened meanwhile', async () => {
    const data = await mkdtemp(join(tmpdir(), 'ringdown-restart-'))
    const shared = ringdown
    try {
      ringdown = await world({ data, testClock: false })
      const floor = await openFloor()
      const ada = await ready(floor, floor.ada)
      const offered = next<Told>(ada, 'reservationCreated')
      await floor.newTask({ topic: 'before' })
      await (await offered).accept()
      // It tries while the server is away, too.
      ada.on('error', () => {})
      const gone = next<{ message: string }>(ada, 'disconnected')
      const again = next(ada, 'ready')
      const port = Number(new URL(ringdown.running.url).port)
      await ringdown.close()
      expect((await gone).message).toMatch(/stopping/)
      ringdown = await world({ data, testClock: false, port })
      await again
      expect([...ada.reservations.values()].map(({ status, task }) => [status, task.attributes])).toEqual([
        ['accepted', { topic: 'before' }]
      ])
      const [reservation] = [...ada.reservations.values()]
      const completed = next<Told>(reservation, 'completed')
      await reservation?.complete()
      await completed
      ada.disconnect()
    } finally {
      await ringdown.close()
      ringdown = shared
      await rm(data, { recursive: true, force: true })
    }
  })
})
