import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('expressions', () => {
  it('6: only their syntax is checked', async () => {
    const floor = await Floor.open(world)
    const { taskQueues } = floor.workspace
    expect(await refusal(taskQueues.create({ friendlyName: 'x', targetWorkers: 'skill-level > 3' }))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining('TargetWorkers')
    })
    await floor.worker('Alice', { level: 3 })
    await floor.worker('Bob')
    const eligible = async (targetWorkers: string) => {
      const sid = await floor.queue(targetWorkers, { targetWorkers })
      return (await floor.workspace.workers.list({ taskQueueSid: sid })).map((worker) => worker.friendlyName)
    }
    expect(await eligible('level HAS "x"')).toEqual([])
    expect(await eligible('1==1')).toEqual(['Alice', 'Bob'])
    expect(await eligible('level > 2')).toEqual(['Alice'])
    expect(await eligible('level == "3"')).toEqual(['Alice'])
  })

  it('7: a worker with a list is found by HAS, by IN and by index', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Alice', { languages: ['english', 'french'] })
    await floor.worker('Bob', { languages: ['french', 'english'] })
    await floor.worker('Chen')
    for (const [targetWorkersExpression, expected] of [
      ['languages HAS "english"', ['Alice', 'Bob']],
      ['"english" IN languages', ['Alice', 'Bob']],
      ['languages[0] == "english"', ['Alice']]
    ] as const) {
      const found = await floor.workspace.workers.list({ targetWorkersExpression })
      expect([targetWorkersExpression, found.map((worker) => worker.friendlyName)]).toEqual([
        targetWorkersExpression,
        expected
      ])
    }
  })
})

describe('queues', () => {
  it('are fetched and changed, and what waits in them is matched anew at once', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Sales', { targetWorkers: 'level > 5' })
    await floor.workflow('Route', queue)
    await floor.worker('Alice', { level: 3 })
    const { sid } = await floor.task()
    const { taskQueues } = floor.workspace
    const reservationActivitySid = floor.activity('Unavailable')
    const changed = await taskQueues(queue).update({
      friendlyName: 'Seller',
      taskOrder: 'LIFO',
      reservationActivitySid
    })
    expect(changed).toMatchObject({ friendlyName: 'Seller', reservationActivityName: 'Unavailable' })
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
    await taskQueues(queue).update({ targetWorkers: 'level > 2' })
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('reserved')
    expect(await floor.events(queue)).toContain('task-queue.expression.updated')
    expect(await taskQueues(queue).fetch()).toMatchObject({ targetWorkers: 'level > 2', taskOrder: 'LIFO' })
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/queues.test.ts', world)
})
