import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Floor } from './floor.ts'
import { type Observed, observed } from './observed.ts'

/* Why a task waits, and what a worker could take: ours, under /ringdown/v1, with the same credentials and errors. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

const explained = (floor: Floor, path: string, init?: RequestInit) =>
  world.call(`/ringdown/v1/Workspaces/${floor.sid}/${path}/Explanation`, undefined, init)

describe('the explanation', () => {
  it('of a task names its target, when that ends, and the first reason against each worker', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('French', { targetWorkers: "languages HAS 'fr'" })
    await floor.workflow('Route', {
      filters: [
        { filter_friendly_name: 'Sales', expression: "topic == 'sales'", targets: [{ queue }] },
        { filter_friendly_name: 'French', expression: "language == 'fr'", targets: [{ queue, timeout: 60 }] }
      ]
    })
    await floor.worker('Amelie', { languages: ['fr'] }, { activity: 'Unavailable' })
    await floor.worker('Bob', { languages: ['en'] })
    const { sid } = await floor.task({ language: 'fr' })
    const now = new Date((await world.running.account).state.at)
    const { status, body } = await explained(floor, `Tasks/${sid}`)
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        task_sid: sid,
        at: now.toISOString(),
        assignment_status: 'pending',
        filters: [
          { friendly_name: 'Sales', matches: false },
          { friendly_name: 'French', matches: true }
        ],
        target: {
          task_queue_sid: queue,
          task_queue_friendly_name: 'French',
          ends_at: new Date(now.getTime() + 60_000).toISOString()
        },
        workers: { total: 2, eligible: 1, first_choice: null }
      }
    })
    const reasons = Object.fromEntries(
      body.workers.listed.map((row: { worker_name: string; reason: string }) => [row.worker_name, row.reason])
    )
    expect(reasons).toEqual({ Amelie: expect.any(String), Bob: expect.any(String) })
    expect(reasons.Amelie).not.toBe(reasons.Bob)
    const [amelie, bob] = body.workers.listed
    expect(amelie).toMatchObject({
      activity_name: 'Unavailable',
      activity_available: false,
      date_status_changed: now.toISOString()
    })
    expect(amelie.channels[0]).toMatchObject({ configured_capacity: 1, assigned_tasks: 0, free_capacity: 1 })
    expect(bob.clauses).toEqual([
      { expression: "languages HAS 'fr'", matches: false, values: { 'worker.languages': ['en'] } }
    ])
    expect((await explained(floor, `Tasks/${sid}`, {})).body.verdict).toEqual(expect.any(String))
    const short = await world.call(`/ringdown/v1/Workspaces/${floor.sid}/Tasks/${sid}/Explanation?Limit=1`)
    expect(short.body.workers.listed).toHaveLength(1)
  })

  it('of a worker names what is offered next, and why nothing else is', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = await floor.worker('Alice', {}, { activity: 'Unavailable' })
    const { sid } = await floor.task()
    const { status, body } = await explained(floor, `Workers/${alice}`)
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { worker_sid: alice, activity_name: 'Unavailable', activity_available: false, task_queues: 1, waiting: 1 }
    })
    expect(body.listed).toMatchObject([
      { task_sid: sid, task_queue_friendly_name: 'Sample Queue', reason: expect.any(String) }
    ])
    expect(body.channels).toHaveLength(5)
  })

  it('is that of the instant of the question, and leaves values as they are', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Late', { targetWorkers: 'shift.ends_at > 10' })
    await floor.workflow('Route', { filters: [], default_filter: { queue } })
    const worker = await floor.worker('Amelie', { shift: { ends_at: 5 } })
    const { sid } = await floor.task()
    const decided = (await world.running.account).state.at
    await world.pass(7)
    const at = new Date(decided + 7000).toISOString()
    const { body } = await explained(floor, `Tasks/${sid}`)
    expect(body.at).toBe(at)
    expect(body.workers.listed[0].clauses[0].values).toEqual({ 'worker.shift.ends_at': 5 })
    expect((await explained(floor, `Workers/${worker}`)).body).toMatchObject({
      at,
      listed: [{ task_sid: sid, clauses: [{ matches: false, values: { 'worker.shift.ends_at': 5 } }] }]
    })
  })

  it('is refused like anything else', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const elsewhere = await Floor.open(world, { template: 'FIFO' })
    const { sid } = await floor.task()
    const unknown = `WT${'0'.repeat(32)}`
    expect(await explained(floor, `Tasks/${unknown}`)).toMatchObject({
      status: 404,
      body: {
        code: 20404,
        status: 404,
        message: `The requested resource /Workspaces/${floor.sid}/Tasks/${unknown} was not found`
      }
    })
    expect((await explained(elsewhere, `Tasks/${sid}`)).status).toBe(404)
    expect((await explained(floor, `Workers/${sid}`)).status).toBe(404)
    expect((await explained(floor, 'Tasks/__proto__')).status).toBe(404)
    const wrong = { headers: { authorization: 'Basic bm9ib2R5Om5vYm9keQ==' } }
    expect(await explained(floor, `Tasks/${sid}`, wrong)).toMatchObject({ status: 401, body: { code: 20003 } })
    expect(await explained(floor, `Tasks/${sid}`, { method: 'DELETE' })).toMatchObject({
      status: 405,
      body: { code: 20004 }
    })
    for (const limit of ['0', 'x', '1001', '-1']) {
      const path = `/ringdown/v1/Workspaces/${floor.sid}/Tasks/${sid}/Explanation?Limit=${limit}`
      expect(await world.call(path)).toMatchObject({ status: 400, body: { code: 20001 } })
    }
  })
})
