import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('real-time statistics', () => {
  it('24: count every activity, and what waits how long', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const workflow = await floor.workflow('Route', queue)
    await floor.worker('Alice', {}, { activity: 'Unavailable' })
    const activity_statistics = [
      { friendly_name: 'Offline', workers: 0 },
      { friendly_name: 'Unavailable', workers: 1 },
      { friendly_name: 'Available', workers: 0 }
    ]
    const empty = await floor.workspace.realTimeStatistics().fetch()
    expect(empty).toMatchObject({
      longestTaskWaitingAge: 0,
      longestTaskWaitingSid: null,
      totalTasks: 0,
      totalWorkers: 1,
      tasksByPriority: {},
      activityStatistics: activity_statistics
    })
    const { sid } = await floor.task({}, { priority: 3 })
    await world.pass(42)
    const waiting = {
      longestTaskWaitingAge: 42,
      longestTaskWaitingSid: sid,
      totalTasks: 1,
      tasksByPriority: { '3': 1 }
    }
    expect(await floor.workspace.realTimeStatistics().fetch()).toMatchObject(waiting)
    expect(await floor.workspace.taskQueues(queue).realTimeStatistics().fetch()).toMatchObject({
      ...waiting,
      longestRelativeTaskAgeInQueue: 42,
      totalEligibleWorkers: 1,
      totalAvailableWorkers: 0,
      activityStatistics: activity_statistics
    })
    expect(await floor.workspace.workflows(workflow).realTimeStatistics().fetch()).toMatchObject(waiting)
    const workers = await world.call(`${floor.path}/Workers/RealTimeStatistics`)
    expect(workers.body).toMatchObject({ total_workers: 1, activity_statistics })
  })

  it('25: of fifty queues at once, with zeros for one that does not exist', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const path = `${floor.path}/TaskQueues/RealTimeStatistics`
    const ask = (queueSids: readonly string[], name = 'queueSids') =>
      world.call(path, undefined, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [name]: queueSids })
      })
    const unknown = `WQ${'0'.repeat(32)}`
    for (const name of ['queueSids', 'QueueSids']) {
      const { status, body } = await ask([queue, unknown], name)
      expect({ status, count: body.task_queue_response_count }).toEqual({ status: 200, count: 2 })
      expect(body.task_queue_data[1]).toMatchObject({
        task_queue_sid: unknown,
        total_tasks: 0,
        total_eligible_workers: 0
      })
    }
    expect(await ask(Array(51).fill(unknown))).toMatchObject({ status: 400, body: { code: 20001 } })
    expect(await ask(['WQ1'])).toMatchObject({ status: 400, body: { code: 20001 } })
    expect(await ask([])).toMatchObject({ status: 400 })
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/real-time-statistics.test.ts', world)
})
