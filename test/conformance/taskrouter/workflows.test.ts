import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('workflows', () => {
  it('8: the priority of a target beats that of the task', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const workflowSid = await floor.workflow('Route', {
      filters: [
        { expression: 'vip == true', targets: [{ queue, priority: 10 }] },
        { expression: '1==1', targets: [{ queue }] }
      ]
    })
    expect((await floor.task({ vip: true }, { workflowSid, priority: 5 })).priority).toBe(10)
    expect((await floor.task({}, { workflowSid, priority: 5 })).priority).toBe(5)
  })

  it('9: targets time out one after the other, and the last one cancels the task; the default is for others', async () => {
    const floor = await Floor.open(world)
    const first = await floor.queue('First')
    const second = await floor.queue('Second')
    const fallback = await floor.queue('Fallback')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: first, timeout: 2 },
            { queue: second, timeout: 2 }
          ]
        }
      ],
      default_filter: { queue: fallback }
    })
    const { sid } = await floor.task()
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(first)
    await world.pass(1.9)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(first)
    await world.pass(0.2)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(second)
    await world.pass(2)
    expect(await floor.fetchTask(sid)).toMatchObject({
      assignmentStatus: 'canceled',
      reason: 'Task canceled on Workflow timeout'
    })
    const events = await floor.events(sid)
    expect(events).toEqual(expect.arrayContaining(['task-queue.moved', 'workflow.timeout', 'task.canceled']))
    expect(events.filter((type) => type === 'task-queue.timeout')).toHaveLength(2)
    expect(events.filter((type) => type === 'task-queue.entered')).toHaveLength(2)
    expect(events.slice(-2)).toEqual(['workflow.timeout', 'task.canceled'])
  })

  it('10: a task that every target skips goes by the default', async () => {
    const floor = await Floor.open(world)
    const nobody = await floor.queue('Nobody', { targetWorkers: '' })
    const fallback = await floor.queue('Fallback')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: nobody, skip_if: '1==1' },
            { queue: nobody, skip_if: '1==1' }
          ]
        }
      ],
      default_filter: { queue: fallback }
    })
    expect((await floor.task()).taskQueueSid).toBe(fallback)
  })

  it('20: order_by asks the best first, and who lacks the attribute last', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    await floor.workflow('Route', {
      filters: [{ expression: '1==1', targets: [{ queue, order_by: 'worker.level DESC' }] }]
    })
    await floor.worker('None')
    await floor.worker('Low', { level: 1 })
    await floor.worker('High', { level: 9 })
    const asked: string[] = []
    for (let i = 0; i < 3; i++) asked.push((await floor.offer((await floor.task()).sid)).workerName)
    expect(asked).toEqual(['High', 'Low', 'None'])
  })

  it('21: a known worker is waited for alone; null is nobody, and time leads on', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const anybody = await floor.queue('Anybody')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [{ queue, known_worker_sid: 'task.agent', timeout: 10 }, { queue: anybody }]
        }
      ]
    })
    await floor.worker('Alice')
    const bob = await floor.worker('Bob', {}, { activity: 'Offline' })
    const known = await floor.task({ agent: bob })
    expect(known.assignmentStatus).toBe('pending')
    await floor.move(bob, 'Available')
    expect((await floor.offer(known.sid)).workerName).toBe('Bob')
    const unknown = await floor.task({ agent: null })
    expect(unknown).toMatchObject({ assignmentStatus: 'pending', taskQueueSid: queue })
    await world.pass(10)
    expect(await floor.fetchTask(unknown.sid)).toMatchObject({ assignmentStatus: 'reserved', taskQueueSid: anybody })
    expect((await floor.offer(unknown.sid)).workerName).toBe('Alice')
  })

  it('29: tasks keep the route that they came in on, unless the update says otherwise', async () => {
    const floor = await Floor.open(world)
    const old = await floor.queue('Old')
    const fresh = await floor.queue('Fresh')
    const workflow = await floor.workflow('Route', {
      filters: [{ expression: '1==1', targets: [{ queue: old, timeout: 60 }, { queue: old }] }]
    })
    const { sid } = await floor.task()
    const configuration = JSON.stringify({
      task_routing: { filters: [{ expression: '1==1', targets: [{ queue: fresh }] }] }
    })
    const { workflows } = floor.workspace
    expect((await workflows(workflow).update({ configuration })).configuration).toBe(configuration)
    await world.pass(61)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(old)
    expect((await floor.task()).taskQueueSid).toBe(fresh)
    expect(await refusal(floor.workspace.taskQueues(old).remove())).toMatchObject({ status: 400, code: 20001 })
    await workflows(workflow).update({ reEvaluateTasks: 'true' })
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(fresh)
    expect(await floor.workspace.taskQueues(old).remove()).toBe(true)
    expect((await workflows(workflow).fetch()).documentContentType).toBe('application/json')
  })

  it('30: a target without a queue stays in that of the target before it', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Experts')
    await floor.workflow('Route', {
      filters: [
        { expression: '1==1', targets: [{ queue, expression: 'worker.level > 5', timeout: 10 }, { priority: 7 }] }
      ]
    })
    await floor.worker('Low', { level: 1 })
    const { sid } = await floor.task()
    await world.pass(10)
    expect(await floor.fetchTask(sid)).toMatchObject({
      taskQueueSid: queue,
      priority: 7,
      assignmentStatus: 'reserved'
    })
    expect(await floor.events(sid)).not.toContain('task-queue.moved')
  })

  it('is refused when it names no queue, a foreign one, or nothing sensible', async () => {
    const floor = await Floor.open(world)
    const foreign = await (await Floor.open(world)).queue('Foreign')
    for (const configuration of [
      '{}',
      '[]',
      'task-routing:',
      JSON.stringify({ task_routing: { default_filter: { queue: foreign } } }),
      JSON.stringify({ task_routing: { filters: [{ expression: 'a-b', targets: [{ queue: foreign }] }] } })
    ]) {
      const refused = await refusal(floor.workspace.workflows.create({ friendlyName: 'x', configuration }))
      expect(refused).toMatchObject({ status: 400, code: 20001, message: expect.stringContaining('Configuration') })
    }
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/workflows.test.ts', world)
})
