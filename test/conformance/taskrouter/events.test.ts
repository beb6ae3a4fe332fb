import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { morning, type World, world } from '../../support/world.ts'

let here: World
let base: string
let workspace: ReturnType<World['client']['taskrouter']['v1']['workspaces']>
const floor: Record<string, string> = {}

/** A floor with one agent, who is available, and one queue. */
beforeEach(async () => {
  here = await world()
  const { v1 } = here.client.taskrouter
  const { sid } = await v1.workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })
  workspace = v1.workspaces(sid)
  base = `/taskrouter/v1/Workspaces/${sid}`
  floor.workspace = sid
  floor.queue = (await workspace.taskQueues.list())[0]?.sid ?? ''
  floor.workflow = (await workspace.workflows.list())[0]?.sid ?? ''
  for (const row of await workspace.activities.list()) floor[row.friendlyName] = row.sid
  const amelie = await workspace.workers.create({ friendlyName: 'amelie', attributes: '{"skill":"sales"}' })
  floor.amelie = amelie.sid
  await here.pass(60)
  await workspace.workers(amelie.sid).update({ activitySid: floor.Available ?? '' })
})
afterEach(() => here.close())

const list = async (query: Record<string, string> = {}) => {
  const answer = await here.call(`${base}/Events?${new URLSearchParams(query)}`)
  expect(answer).toMatchObject({ status: 200 })
  return answer.body
}

const types = async (query: Record<string, string> = {}): Promise<string[]> =>
  (await list({ PageSize: '100', ...query })).events.map(({ event_type }: { event_type: string }) => event_type)

describe('events', () => {
  it('tell of a contact, newest first', async () => {
    const task = await workspace.tasks.create({ attributes: '{"topic":"sales"}' })
    await here.pass(2)
    const [reservation] = await workspace.tasks(task.sid).reservations.list()
    await workspace
      .tasks(task.sid)
      .reservations(reservation?.sid ?? '')
      .update({ reservationStatus: 'accepted' })
    await here.pass(40)
    await workspace.tasks(task.sid).update({ assignmentStatus: 'completed', reason: 'sold' })
    expect(await types({ TaskSid: task.sid })).toEqual([
      'reservation.completed',
      'task.completed',
      'reservation.accepted',
      'reservation.created',
      'task-queue.entered',
      'workflow.target-matched',
      'workflow.entered',
      'task.created'
    ])
    const [accepted] = await workspace.events.list({
      reservationSid: reservation?.sid ?? '',
      eventType: 'reservation.accepted'
    })
    expect(accepted).toMatchObject({
      eventType: 'reservation.accepted',
      description: `Reservation ${reservation?.sid} accepted`,
      resourceType: 'reservation',
      resourceSid: reservation?.sid,
      resourceUrl: `${here.running.url}${base}/Tasks/${task.sid}/Reservations/${reservation?.sid}`,
      actorType: 'workspace',
      actorSid: floor.workspace,
      actorUrl: `${here.running.url}${base}`,
      source: 'twilio',
      workspaceSid: floor.workspace,
      eventDate: new Date(morning + 62_000)
    })
    // Names in snake_case, and every value a string.
    expect(accepted?.eventData).toMatchObject({
      workspace_sid: floor.workspace,
      workspace_name: 'Floor',
      task_sid: task.sid,
      task_attributes: '{"topic":"sales"}',
      task_age: '2',
      task_priority: '0',
      task_assignment_status: 'assigned',
      task_channel_unique_name: 'default',
      task_queue_sid: floor.queue,
      task_queue_name: 'Sample Queue',
      workflow_sid: floor.workflow,
      worker_sid: floor.amelie,
      worker_name: 'amelie',
      worker_attributes: '{"skill":"sales"}',
      worker_activity_name: 'Available',
      reservation_sid: reservation?.sid
    })
    for (const event of (await list({ PageSize: '100' })).events)
      for (const value of Object.values(event.event_data)) expect(typeof value).toBe('string')
    const [completed] = await workspace.events.list({ eventType: 'task.completed' })
    expect(completed?.eventData).toMatchObject({ task_completed_reason: 'sold', worker_name: 'amelie' })
  })

  it('tell where an agent had been, and for how long', async () => {
    const { events } = await list({ EventType: 'worker.activity' })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      event_type: 'worker.activity.update',
      event_date: '2026-03-02T09:01:00Z',
      event_date_ms: morning + 60_000,
      description: 'Worker amelie updated to Available Activity',
      resource_url: `${here.running.url}${base}/Workers/${floor.amelie}`,
      source_ip_address: null,
      url: `${here.running.url}${base}/Events/${events[0].sid}`,
      event_data: {
        worker_previous_activity_name: 'Offline',
        worker_time_in_previous_activity: '60',
        worker_time_in_previous_activity_ms: '60000'
      }
    })
    const fetched = await workspace.events(events[0].sid).fetch()
    expect(fetched).toMatchObject({ sid: events[0].sid, eventType: 'worker.activity.update' })
    expect(await here.call(`${base}/Events/EV${'0'.repeat(32)}`)).toMatchObject({ status: 404 })
    const other = await here.client.taskrouter.v1.workspaces.create({ friendlyName: 'Other' })
    expect(await here.call(`/taskrouter/v1/Workspaces/${other.sid}/Events/${events[0].sid}`)).toMatchObject({
      status: 404
    })
  })

  it('are found by what they are about', async () => {
    const sold = await workspace.tasks.create({ attributes: '{}', taskChannel: 'voice' })
    await workspace.tasks.create({ attributes: '{}' })
    const ofAll = await types()
    const count = (type: string, all: string[]) => all.filter((each) => each === type).length
    expect(count('task.created', ofAll)).toBe(2)
    expect(count('task.created', await types({ TaskChannel: 'voice' }))).toBe(1)
    const voice = (await here.call(`${base}/TaskChannels/voice`)).body.sid
    expect(count('task.created', await types({ TaskChannel: voice }))).toBe(1)
    expect(await types({ TaskSid: sold.sid, EventType: 'task.created' })).toEqual(['task.created'])
    expect(new Set(await types({ EventType: 'reservation.created' }))).toEqual(new Set(['reservation.created']))
    expect(await types({ WorkerSid: floor.amelie ?? '' })).toEqual(
      ofAll.filter((type) => type.startsWith('reservation.') || type.startsWith('worker.'))
    )
    expect(count('task-queue.entered', await types({ TaskQueueSid: floor.queue ?? '' }))).toBe(2)
    expect(count('workflow.entered', await types({ WorkflowSid: floor.workflow ?? '' }))).toBe(2)
    expect(await types({ WorkflowSid: `WW${'0'.repeat(32)}` })).toEqual([])
    const [one] = (await list()).events
    expect((await list({ Sid: one.sid })).events).toEqual([one])
    expect(await here.call(`${base}/Events?TaskChannel=smoke`)).toMatchObject({ status: 400 })
    expect(await here.call(`${base}/Events?WorkerSid=amelie`)).toMatchObject({ status: 400 })
  })

  it('are found by time: the last 15 minutes, unless said otherwise', async () => {
    expect(await types()).toContain('workspace.created')
    await here.pass(15 * 60 - 30)
    expect(await types()).toEqual(['worker.activity.update'])
    expect(await types({ Minutes: '20' })).toContain('workspace.created')
    expect(await types({ StartDate: '2026-03-02T09:00:01Z' })).toEqual(['worker.activity.update'])
    expect(await types({ EndDate: '2026-03-02T09:00:59Z' })).not.toContain('worker.activity.update')
    expect(await types({ StartDate: '2026-03-02T09:01:00Z', EndDate: '2026-03-02T09:01:00Z' })).toEqual([
      'worker.activity.update'
    ])
    const long = await here.call(`${base}/Events?Minutes=43201`)
    expect(long).toMatchObject({ status: 400, body: { code: 14241 } })
    expect(await here.call(`${base}/Events?StartDate=2026-01-01`)).toMatchObject({ status: 400, body: { code: 14241 } })
  })

  it('come in pages that stay where they are when more happens', async () => {
    await workspace.tasks.create({ attributes: '{}' })
    const all = (await list({ PageSize: '100' })).events.map(({ sid }: { sid: string }) => sid)
    expect(all.length).toBeGreaterThan(10)
    const first = await list({ PageSize: '4' })
    await workspace.tasks.create({ attributes: '{}' })
    const paged: string[] = first.events.map(({ sid }: { sid: string }) => sid)
    let next = first.meta.next_page_url
    let second: string | undefined
    while (next) {
      const { body } = await here.call(next.slice(here.running.url.length))
      paged.push(...body.events.map(({ sid }: { sid: string }) => sid))
      next = body.meta.next_page_url
      second ??= body.meta.previous_page_url
    }
    expect(paged).toEqual(all)
    const { body } = await here.call(second?.slice(here.running.url.length) ?? '')
    expect(body.events.map(({ sid }: { sid: string }) => sid)).toEqual(all.slice(0, 4))
    const older = await list({ PageSize: '3', PageToken: `PA${all[2]}` })
    expect(older.events.map(({ sid }: { sid: string }) => sid)).toEqual(all.slice(3, 6))
    expect(await here.call(`${base}/Events?PageToken=PA${`EV${'0'.repeat(32)}`}`)).toMatchObject({ status: 400 })
    // The official SDK goes through all of them as well.
    expect(await workspace.events.list({ pageSize: 3, minutes: 5 })).toHaveLength(all.length + 4) // the agent is busy: no reservation
  })

  it('are kept for 30 days', async () => {
    const [created] = await workspace.events.list({ eventType: 'workspace.created' })
    await here.pass(29 * 86_400)
    expect(await types({ Minutes: '43200' })).toContain('workspace.created')
    expect((await workspace.events(created?.sid ?? '').fetch()).sid).toBe(created?.sid)
    const account = await here.running.account
    expect((await account.log(0, 1)).length).toBe(1)
    await here.pass(2 * 86_400)
    expect(await types({ Minutes: '43200' })).toEqual([])
    expect((await here.call(`${base}/Events/${created?.sid}`)).status).toBe(404)
    expect(await account.log(0, 1)).toEqual([])
    await workspace.tasks.create({ attributes: '{}' })
    expect(await types()).toContain('task.created')
  })
})

it('events are there after a restart, in their old order', async () => {
  const data = await mkdtemp(join(tmpdir(), 'ringdown-events-'))
  let one = await world({ data })
  const { sid } = await one.client.taskrouter.v1.workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })
  const path = `/taskrouter/v1/Workspaces/${sid}/Events?PageSize=100`
  const before = (await one.call(path)).body.events
  await one.close()
  one = await world({ data })
  const after = (await one.call(path)).body.events
  expect(after.map((event: { sid: string }) => event.sid)).toEqual(before.map((event: { sid: string }) => event.sid))
  await one.close()
  await rm(data, { recursive: true })
})
