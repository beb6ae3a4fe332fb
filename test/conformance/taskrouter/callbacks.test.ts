import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, type Reply, receiver } from '../../support/receiver.ts'
import { type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/*
 * What TaskRouter tells and asks of a customer's program (reference taskrouter 5.4, 5.5, 8): whole server, real HTTP, the
 * signature checked by the official SDK.
 */

let world: Observed
let program: Receiver
/** What the server says to whoever runs it. */
const lines: string[] = []

beforeAll(async () => {
  world = await observed({ log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }) })
  program = await receiver({ auth_token: world.running.credentials.auth_token })
})
afterAll(async () => {
  await world.close()
  await program.close()
})
beforeEach(() => {
  program.clear()
  lines.length = 0
})

/** Everything that has happened is delivered. */
const delivered = () => world.pass(0)

describe("a workspace's event callback", () => {
  it('tells of everything, signed, what is of one task in its order', async () => {
    const floor = await Floor.open(world, { eventCallbackUrl: `${program.url}/events?of=floor` })
    const queue = await floor.queue('Support')
    await floor.workflow('Main', queue)
    await floor.worker('Ada', { level: 2 })
    const { sid } = await floor.task({ kind: 'call' })
    const offer = await floor.offer(sid)
    await floor.workspace.tasks(sid).reservations(offer.sid).update({ reservationStatus: 'accepted' })
    await delivered()
    const told = program.to('/events')
    expect(told.length).toBeGreaterThan(8)
    expect(told.every((one) => one.isSigned && one.method === 'POST' && one.query.get('of') === 'floor')).toBe(true)
    expect(told[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(told.map(({ form }) => form.EventType)).toEqual(
      expect.arrayContaining(['workspace.created', 'task.created'])
    )
    const ofTask = told.filter(({ form }) => form.TaskSid === sid)
    expect(ofTask.map(({ form }) => form.EventType)).toEqual([
      'task.created',
      'workflow.entered',
      'task-queue.entered',
      'reservation.created',
      'reservation.accepted'
    ])
    expect(ofTask.at(-1)?.form).toMatchObject({
      AccountSid: world.running.credentials.account_sid,
      WorkspaceSid: floor.sid,
      WorkspaceName: 'Floor',
      ResourceType: 'reservation',
      ReservationSid: offer.sid,
      ResourceSid: offer.sid,
      TaskAttributes: '{"kind":"call"}',
      WorkerAttributes: '{"level":2}',
      TaskAssignmentStatus: 'assigned',
      EventDescription: `Reservation ${offer.sid} accepted`,
      Timestamp: String(Date.parse('2026-03-02T09:00:00Z') / 1000)
    })
    // Each event is one of the log, told once.
    const sids = told.map(({ form }) => form.Sid)
    expect(new Set(sids).size).toBe(sids.length)
    const event = await floor.workspace.events(String(ofTask.at(-1)?.form.Sid)).fetch()
    expect(event.eventType).toBe('reservation.accepted')
  })

  it('tells of what its filter names, from the moment that it is set', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Ada')
    const { sid } = floor
    const workspace = world.client.taskrouter.v1.workspaces(sid)
    const eventsFilter = 'worker.created, worker.activity.update'
    await delivered()
    await workspace.update({ eventCallbackUrl: `${program.url}/filtered`, eventsFilter })
    const bea = await floor.worker('Bea')
    await floor.move(bea, 'Offline')
    await delivered()
    expect(
      program.to('/filtered').map(({ form }) => [form.EventType, form.WorkerName, form.WorkerActivityName])
    ).toEqual([
      ['worker.created', 'Bea', 'Available'],
      ['worker.activity.update', 'Bea', 'Offline']
    ])
    await workspace.update({ eventCallbackUrl: '' })
    await floor.move(bea, 'Available')
    await delivered()
    expect(program.to('/filtered')).toHaveLength(2)
  })

  it('says nothing of what only Ringdown knows', async () => {
    const floor = await Floor.open(world, { eventCallbackUrl: `${program.url}/known` })
    await floor.worker('Ada')
    await floor.queue('Nobody', { targetWorkers: "skill == 'none'" })
    await delivered()
    const types = program.to('/known').map(({ form }) => form.EventType)
    expect(types).toContain('task-queue.created')
    expect(types.filter((type) => type?.startsWith('ringdown.'))).toEqual([])
    expect(await floor.events(floor.sid)).toContain('ringdown.warning')
  })
})

/** A floor whose workflow asks a program. The path is the story's own, so that stories do not see each other's requests. */
async function asking(
  path: string,
  reply: Reply | readonly Reply[],
  {
    fallback,
    workers = ['Ada'],
    maxReservedWorkers = 1
  }: { fallback?: Reply; workers?: string[]; maxReservedWorkers?: number } = {}
) {
  const floor = await Floor.open(world)
  const queue = await floor.queue('Support', { maxReservedWorkers })
  await floor.workflow('Main', queue, {
    assignmentCallbackUrl: `${program.url}${path}`,
    ...(fallback && { fallbackAssignmentCallbackUrl: `${program.url}${path}/fallback` })
  })
  program.answer(path, reply)
  if (fallback) program.answer(`${path}/fallback`, fallback)
  const sids = new Map<string, string>()
  for (const name of workers) sids.set(name, await floor.worker(name))
  const { sid: task } = await floor.task({ kind: 'call' }, { priority: 5 })
  await delivered()
  const status = async () => (await floor.fetchTask(task)).assignmentStatus
  const offers = async () => (await floor.reservations(task)).map((one) => `${one.workerName} ${one.reservationStatus}`)
  const activity = async (name: string) => (await floor.workspace.workers(sids.get(name) ?? '').fetch()).activityName
  return { floor, task, sids, status, offers, activity }
}

/** Codes of the warnings about a task's callbacks, by the address that they are about. */
async function warnings(floor: Floor, task: string): Promise<unknown[]> {
  const events = await floor.workspace.events.list({ eventType: 'ringdown.warning', taskSid: task })
  const data = events.reverse().map((event) => event.eventData as Record<string, string>) // as the log has them
  return data.map(({ error_code, callback }) => [error_code, callback?.replace('assignment_callback_url', '')])
}

describe('an assignment callback', () => {
  it('is asked with what the reference lists, signed, and accepts', async () => {
    const { floor, task, sids, status, offers } = await asking('/accept', { body: { instruction: 'accept' } })
    expect([await status(), await offers()]).toEqual(['assigned', ['Ada accepted']])
    const [asked, ...others] = program.to('/accept')
    expect(others).toEqual([])
    expect([asked?.method, asked?.isSigned]).toEqual(['POST', true])
    const [reservation] = await floor.reservations(task)
    const { workflowSid, taskQueueSid } = await floor.fetchTask(task)
    expect(asked?.form).toEqual({
      AccountSid: world.running.credentials.account_sid,
      WorkspaceSid: floor.sid,
      WorkflowSid: workflowSid,
      TaskQueueSid: taskQueueSid,
      WorkerSid: sids.get('Ada'),
      WorkerAttributes: '{}',
      TaskSid: task,
      TaskAttributes: '{"kind":"call"}',
      TaskAge: '0',
      TaskPriority: '5',
      ReservationSid: reservation?.sid,
      Timestamp: expect.stringMatching(/^\d{10}$/)
    })
    expect(await warnings(floor, task)).toEqual([])
  })

  it('rejects, and moves the worker', async () => {
    const floor = await Floor.open(world)
    const activity_sid = floor.activity('Unavailable')
    const queue = await floor.queue('Support')
    await floor.workflow('Main', queue, { assignmentCallbackUrl: `${program.url}/reject` })
    program.answer('/reject', { body: { instruction: 'reject', activity_sid } })
    const ada = await floor.worker('Ada')
    const { sid } = await floor.task()
    await delivered()
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
    expect((await floor.workspace.workers(ada).fetch()).activityName).toBe('Unavailable')
    expect((await floor.events(sid)).filter((type) => type.startsWith('reservation.'))).toEqual([
      'reservation.created',
      'reservation.rejected'
    ])
  })

  it.each<readonly [string, Reply]>([
    ['200', {}],
    ['204', { status: 204 }]
  ])('may answer nothing, with %s: the worker decides', async (name, reply) => {
    const { floor, task, status, offers } = await asking(`/empty/${name}`, reply)
    expect([await status(), await offers()]).toEqual(['reserved', ['Ada pending']])
    const offer = await floor.offer(task)
    await floor.workspace.tasks(task).reservations(offer.sid).update({ reservationStatus: 'accepted' })
    await delivered()
    expect(await status()).toBe('assigned')
    expect(await warnings(floor, task)).toEqual([])
  })

  it('is asked once for each reservation of a task', async () => {
    const workers = ['Ada', 'Bea', 'Cid']
    const { floor, task, offers } = await asking('/all', {}, { workers, maxReservedWorkers: 2 })
    expect(await offers()).toEqual(['Ada pending', 'Bea pending'])
    const reservations = (await floor.reservations(task)).map(({ sid }) => sid)
    expect(
      program
        .to('/all')
        .map(({ form }) => form.ReservationSid)
        .sort()
    ).toEqual(reservations.sort())
  })

  it('brings the agent into a contact, too, and makes a user of them', async () => {
    const { body } = await world.call('/flex-api/v1/Configuration')
    const { taskrouter_workspace_sid: workspace_sid, taskrouter_target_workflow_sid: workflow_sid } = body
    const workspace = world.client.taskrouter.v1.workspaces(workspace_sid)
    const [available] = await workspace.activities.list({ available: 'true' })
    await workspace.workers.create({ friendlyName: 'Ada', ...(available && { activitySid: available.sid }) })
    await workspace.workflows(workflow_sid).update({ assignmentCallbackUrl: `${program.url}/contact` })
    program.answer('/contact', { body: { instruction: 'accept' } })
    const participants = [{ address: '+15550001', proxy_address: '+15559999' }]
    const { sid, channel } = await world.client.flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'api', participants },
      routing: { properties: { workspace_sid, workflow_sid } }
    })
    await delivered()
    const path = `/flex-api/v1/Interactions/${sid}/Channels/${(channel as { sid: string }).sid}/Participants` // reference flex 4.6
    const { body: members } = await world.call(path)
    expect(members.participants.map((member: { type: string }) => member.type)).toEqual(['customer', 'agent'])
    expect((await world.client.conversations.v1.users('Ada').fetch()).identity).toBe('Ada')
  })

  it('that comes too late changes nothing', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Support')
    await floor.workflow('Main', queue, { assignmentCallbackUrl: `${program.url}/late` })
    // Somebody accepts while the program is still thinking.
    program.answer('/late', {
      by: async (response, { form: { ReservationSid = '' } }) => {
        await floor.workspace.workers(ada).reservations(ReservationSid).update({ reservationStatus: 'accepted' })
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"instruction":"reject"}')
      }
    })
    const ada = await floor.worker('Ada')
    const { sid } = await floor.task()
    await delivered()
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('assigned')
    expect(await floor.events(sid)).not.toContain('reservation.rejected')
  })
})

describe('an assignment callback that fails', () => {
  it.each<readonly [string, string, Reply]>([
    ['11200', 'status', { status: 500, body: { instruction: 'accept' } }],
    ['40000', 'type', { body: '{"instruction":"accept"}' }],
    ['40001', 'json', { body: 'accept', headers: { 'content-type': 'application/json' } }],
    ['40005', 'none', { body: {} }],
    ['55555', 'unknown', { body: { instruction: 'dance' } }],
    ['11205', 'broken', { by: (response) => response.destroy() }]
  ])('with %s (%s) asks the fallback, and says so', async (code, name, reply) => {
    const fallback = { body: { instruction: 'accept' } }
    const { floor, task, status, offers } = await asking(`/fails/${name}`, reply, { fallback })
    expect([await status(), await offers()]).toEqual(['assigned', ['Ada accepted']])
    expect(program.to(`/fails/${name}`)).toHaveLength(1)
    const [asked] = program.to(`/fails/${name}/fallback`)
    expect(asked?.isSigned).toBe(true)
    expect(asked?.form).toEqual(program.to(`/fails/${name}`)[0]?.form)
    expect(await warnings(floor, task)).toEqual([[code, '']])
  })

  it('at both addresses takes the reservation back; after a pause the same worker is asked again', async () => {
    const failing = [{ status: 500 }, { body: { instruction: 'accept' } }]
    const { floor, task, status, offers, activity } = await asking('/both', failing, { fallback: { body: 'what?' } })
    expect([await status(), await offers(), await activity('Ada')]).toEqual(['pending', ['Ada canceled'], 'Available'])
    expect(await warnings(floor, task)).toEqual([
      ['11200', ''],
      ['40000', 'fallback_']
    ])
    const told = lines.map((line) => JSON.parse(line)).filter(({ warning }) => warning === 'assignment_callback')
    expect(told.map(({ level, resource_type, msg }) => [level, resource_type, msg])).toEqual([
      [40, 'reservation', "11200: the answer's status is 500, not 200"],
      [40, 'reservation', "40000: the answer's content type is 'text/plain', not application/json"]
    ])
    expect(lines.join()).not.toContain('what?')
    await world.pass(1)
    expect(await status()).toBe('pending')
    await world.pass(1)
    expect([await status(), await offers()]).toEqual(['assigned', ['Ada canceled', 'Ada accepted']])
  })

  it('without a fallback gives the task to somebody else', async () => {
    const answers = [{ status: 404 }, { body: { instruction: 'accept' } }]
    const { offers, activity } = await asking('/other', answers, { workers: ['Ada', 'Bea'] })
    expect(await offers()).toEqual(['Ada canceled', 'Bea accepted'])
    expect(await activity('Ada')).toBe('Available')
  })

  it.each<readonly [string, string, object]>([
    ['dequeue', '40131', {}],
    ['call', '40111', { to: 'client:ada', url: 'https://a.example/' }],
    ['dequeue', '40140', { to: 'client:ada' }],
    ['redirect', '40122', { call_sid: 'CA1', url: 'https://a.example/' }],
    ['conference', '40142', { to: 'client:ada' }],
    ['reject', '40100', { activity_sid: `WA${'0'.repeat(32)}` }],
    ['reject', '40100', { activity_sid: { no: 'sid' } }]
  ])('since nobody can follow %s takes the reservation back: %s', async (instruction, code, fields) => {
    const path = `/cannot/${instruction}/${code}/${Object.keys(fields).length}`
    const { floor, task, status, offers } = await asking(path, { body: { instruction, ...fields } })
    expect([await status(), await offers()]).toEqual(['pending', ['Ada canceled']])
    expect(await warnings(floor, task)).toEqual([[code, undefined]])
    await floor.workspace.tasks(task).remove()
  })

  it('by REST is refused: there is no call', async () => {
    const { floor, task, status } = await asking('/rest', {})
    const { sid } = await floor.offer(task)
    const update = floor.workspace.tasks(task).reservations(sid)
    expect(await refusal(update.update({ instruction: 'dequeue', dequeueTo: 'client:ada' }))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining('needs call_sid or outbound_to')
    })
    await update.update({ instruction: 'accept' })
    expect(await status()).toBe('assigned')
  })
})
