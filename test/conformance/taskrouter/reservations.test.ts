import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('reservations', () => {
  it('11: as many as the channel holds; accepted ones are counted as assigned', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = await floor.worker('Alice', {}, { capacity: { default: 3 } })
    const tasks = []
    for (let i = 0; i < 4; i++) tasks.push(await floor.task())
    expect(tasks.map((task) => task.assignmentStatus)).toEqual(['reserved', 'reserved', 'reserved', 'pending'])
    const channel = floor.workspace.workers(alice).workerChannels('default')
    expect(await channel.fetch()).toMatchObject({ availableCapacityPercentage: 0, assignedTasks: 0 })
    const { sid } = await floor.offer(tasks[0]?.sid ?? '')
    const { reservations } = floor.workspace.workers(alice)
    expect(await reservations(sid).update({ reservationStatus: 'accepted' })).toMatchObject({
      reservationStatus: 'accepted',
      workerName: 'Alice'
    })
    expect(await channel.fetch()).toMatchObject({ availableCapacityPercentage: 0, assignedTasks: 1 })
    expect((await reservations(sid).fetch()).url).toContain(`/Workers/${alice}/Reservations/${sid}`)
  })

  it('12: one that nobody answers times out, and its worker goes to the timeout activity', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody'), { taskReservationTimeout: 2 })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    await world.pass(2)
    const { reservations } = floor.workspace.tasks(sid)
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('timeout')
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Offline')
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
  })

  it('13: rejecting moves the worker only where it is told', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const { reservations } = floor.workspace.tasks(sid)
    const first = await floor.offer(sid)
    expect(await reservations(first.sid).update({ reservationStatus: 'rejected' })).toMatchObject({
      reservationStatus: 'rejected'
    })
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Available')
    await world.pass(60)
    const again = await floor.offer(sid)
    await reservations(again.sid).update({
      reservationStatus: 'rejected',
      workerActivitySid: floor.activity('Unavailable')
    })
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Unavailable')
  })

  it('14: several are asked at once, the first who accepts has it, the others are too late', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody', { maxReservedWorkers: 3 }))
    for (const name of ['Alice', 'Bob', 'Chen', 'Dora']) await floor.worker(name)
    const { sid } = await floor.task()
    const [first, second, third, ...more] = await floor.reservations(sid)
    expect(more).toEqual([])
    const { reservations } = floor.workspace.tasks(sid)
    await reservations(second?.sid ?? '').update({ reservationStatus: 'accepted' })
    expect((await floor.reservations(sid)).map((row) => row.reservationStatus)).toEqual([
      'rescinded',
      'accepted',
      'rescinded'
    ])
    const late = reservations(first?.sid ?? '').update({ reservationStatus: 'accepted' })
    expect(await refusal(late)).toMatchObject({ status: 410, code: 20001 })
    const byWorker = floor.workspace.workers(third?.workerSid ?? '').reservations(third?.sid ?? '')
    expect(await refusal(byWorker.update({ reservationStatus: 'accepted' }))).toMatchObject({ status: 410 })
  })

  it('18: who goes away keeps what was offered, unless they say otherwise', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody'))
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    await floor.move(alice, 'Unavailable')
    const { reservations } = floor.workspace.tasks(sid)
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('pending')
    expect(await refusal(floor.move(alice, 'Available', { rejectPendingReservations: true }))).toMatchObject({
      status: 400,
      code: 20001
    })
    await floor.move(alice, 'Offline', { rejectPendingReservations: true })
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('rejected')
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
  })

  it('19: LIFO takes the newest whatever its priority, and the workspace says which kind of queue comes first', async () => {
    const floor = await Floor.open(world, { prioritizeQueueOrder: 'LIFO' })
    const stack = await floor.queue('Stack', { taskOrder: 'LIFO' })
    const line = await floor.queue('Line')
    const workflow = await floor.workflow('Route', {
      filters: [{ expression: "kind == 'stack'", targets: [{ queue: stack }] }],
      default_filter: { queue: line }
    })
    expect(workflow).toMatch(/^WW/)
    const task = async (kind: string, priority: number) => {
      await world.pass(1)
      return (await floor.task({ kind }, { priority })).sid
    }
    const oldest = await task('line', 9)
    const old = await task('stack', 9)
    const newest = await task('stack', 0)
    const alice = await floor.worker('Alice', {}, { activity: 'Available', capacity: { default: 2 } })
    expect((await floor.fetchTask(newest)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(old)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(oldest)).assignmentStatus).toBe('pending')
    await floor.workspace.update({ prioritizeQueueOrder: 'FIFO' })
    const later = await task('stack', 0)
    await floor.workspace.workers(alice).workerChannels('default').update({ capacity: 3 })
    expect((await floor.fetchTask(oldest)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(later)).assignmentStatus).toBe('pending')
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/reservations.test.ts', world)
})
