import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Floor, refusal } from './floor.ts'
import { type Observed, observed } from './observed.ts'

/*
 * What expressions take of customers' keys and numbers, over REST: numbers of any length, keys that begin with a digit,
 * and names that mean nothing where they stand (reference taskrouter 2).
 */

let world: Observed
let floor: Floor
let everybody: string

beforeAll(async () => {
  world = await observed()
  floor = await Floor.open(world, { friendlyName: 'Expressions' })
  everybody = await floor.queue('Everybody')
})
afterAll(() => world.close())

/** A worker and a task by the text of their attributes; JSON.stringify would round them. */
const worker = async (friendlyName: string, attributes: string) =>
  (await floor.workspace.workers.create({ friendlyName, attributes, activitySid: floor.activity('Available') })).sid
const task = (workflowSid: string, attributes: string) => floor.workspace.tasks.create({ workflowSid, attributes })
const offeredTo = async (sid: string) => (await floor.reservations(sid)).map(({ workerName }) => workerName)

describe('numbers of any length', () => {
  it('bring a task to the worker with the same number, and to nobody else', async () => {
    await worker('Fifty-two', '{"page": 17841444523369052, "pages": [1,2,3,4,5,6,7,8,9, 17841444523369052]}')
    await worker('Fifty-three', '{"page": 17841444523369053, "pages": [1,2,3,4,5,6,7,8,9, 17841444523369053]}')
    const target = (expression: string) => ({
      filters: [{ expression: '1==1', targets: [{ queue: everybody, expression }] }]
    })
    const equal = await floor.workflow('Equal', target('worker.page == task.page'))
    const member = await floor.workflow('Member', target('worker.pages HAS task.page'))
    const smaller = await floor.workflow('Smaller', target('worker.page < task.page AND worker.page > task.least'))
    for (const workflow of [equal, member]) {
      const { sid } = await task(workflow, '{"page": 17841444523369053.0}')
      expect(await offeredTo(sid)).toEqual(['Fifty-three'])
      await floor.workspace.tasks(sid).remove()
      expect(await offeredTo((await task(workflow, '{"page": 17841444523369054}')).sid)).toEqual([])
    }
    const { sid } = await task(smaller, '{"page": 17841444523369053, "least": 17841444523369051}')
    expect(await offeredTo(sid)).toEqual(['Fifty-two'])
    await floor.workspace.tasks(sid).remove()
  })

  it('order workers', async () => {
    const queue = await floor.queue('Pages', { targetWorkers: 'page IN [17841444523369052, 17841444523369053]' })
    const [largest, smallest] = [
      await floor.workflow('Largest', {
        filters: [{ expression: '1==1', targets: [{ queue, order_by: 'worker.page DESC' }] }]
      }),
      await floor.workflow('Smallest', {
        filters: [{ expression: '1==1', targets: [{ queue, order_by: 'worker.page' }] }]
      })
    ]
    for (const [workflow, name] of [
      [largest, 'Fifty-three'],
      [smallest, 'Fifty-two']
    ] as const) {
      const { sid } = await task(workflow, '{}')
      expect(await offeredTo(sid)).toEqual([name])
      await floor.workspace.tasks(sid).remove()
    }
  })

  it.each([
    ['page == 17841444523369053', ['Fifty-three']],
    ['page < 17841444523369053', ['Fifty-two']],
    ["page == '17841444523369052'", ['Fifty-two']],
    ['page NOT IN [17841444523369052]', ['Fifty-three']],
    ['pages HAS 17841444523369054', []]
  ])('filter workers by %s', async (targetWorkersExpression, names) => {
    const found = await floor.workspace.workers.list({ targetWorkersExpression })
    expect(found.map(({ friendlyName }) => friendlyName)).toEqual(names)
  })

  it('filter queues by the attributes that a worker would have', async () => {
    await floor.queue('Fifty-four', { targetWorkers: 'page == 17841444523369054' })
    const takers = async (page: string) =>
      (await floor.workspace.taskQueues.list({ evaluateWorkerAttributes: `{"page": ${page}}` })).map(
        ({ friendlyName }) => friendlyName
      )
    expect(await takers('17841444523369054')).toContain('Fifty-four')
    expect(await takers('17841444523369055')).not.toContain('Fifty-four')
  })

  it('filter tasks', async () => {
    const workflow = await floor.workflow('Waiting', await floor.queue('Nobody', { targetWorkers: '1==2' }))
    const { sid } = await task(workflow, '{"id": 123456789012345678901234567890, "rate": 0.10}')
    const list = async (evaluateTaskAttributes: string) =>
      (await floor.workspace.tasks.list({ evaluateTaskAttributes })).map((found) => found.sid)
    expect(await list('id == 123456789012345678901234567890 AND rate == 0.1')).toEqual([sid])
    expect(await list('id > 123456789012345678901234567889 AND id < 123456789012345678901234567891')).toEqual([sid])
    expect(await list('id == 123456789012345678901234567891')).toEqual([])
  })
})

describe('keys that begin with a digit', () => {
  it('stand wherever a path may', async () => {
    const sid = await worker('Polyglot', '{"routing": {"levels": {"988EN": 5}, "24_7": ["x"]}}')
    const queue = await floor.queue('988EN', { targetWorkers: "routing.levels.988EN > 3 AND routing.24_7 HAS 'x'" })
    const workflow = await floor.workflow('Levels', {
      filters: [
        {
          expression: 'needs.988EN == 1',
          targets: [
            {
              queue,
              expression: 'worker.routing.levels.988EN >= task.needs.988EN',
              order_by: 'worker.routing.levels.988EN DESC',
              known_worker_sid: 'task.needs.1'
            }
          ]
        }
      ]
    })
    const offered = await task(workflow, JSON.stringify({ needs: { '988EN': 1, 1: sid } }))
    expect(await offeredTo(offered.sid)).toEqual(['Polyglot'])
    const found = await floor.workspace.tasks.list({ evaluateTaskAttributes: 'needs.988EN == 1' })
    expect(found.map((row) => row.sid)).toEqual([offered.sid])
  })

  it('are still no names by themselves, and hold no hyphen', async () => {
    for (const targetWorkers of ['988EN == 1', 'levels.988-EN == 1'])
      expect(await refusal(floor.queue('No', { targetWorkers }))).toMatchObject({ status: 400, code: 20001 })
  })
})

describe('names that mean nothing where they stand', () => {
  it.each([
    ['expression', 'isSurveyTask == true', 'isSurveyTask'],
    ['expression', 'worker == 1', 'worker'],
    ['known_worker_sid', 'worker.sid', 'worker.sid'],
    ['known_worker_friendly_name', 'agent', 'agent']
  ])('%s %s is stored, told in a warning, and offers the task to nobody', async (key, text, name) => {
    const target = { queue: everybody, [key]: text }
    const sid = await floor.workflow(`With ${text}`, { filters: [{ expression: '1==1', targets: [target] }] })
    expect(await offeredTo((await task(sid, '{"isSurveyTask": true, "agent": "Fifty-two"}')).sid)).toEqual([])
    const events = await floor.workspace.events.list({ eventType: 'ringdown.warning' } as never)
    expect(JSON.stringify(events)).toContain(`names ${name}, which means nothing there and is always null`)
  })

  it.each([
    ['skip_if', 'workers.busy == 0'],
    ['order_by', 'level DESC']
  ])('%s %s is stored, and decides nothing', async (key, text) => {
    const target = { queue: everybody, [key]: text }
    const sid = await floor.workflow(`With ${text}`, { filters: [{ expression: '1==1', targets: [target] }] })
    const offered = await task(sid, '{}')
    expect(await offeredTo(offered.sid)).toHaveLength(1)
    await floor.workspace.tasks(offered.sid).remove()
  })
})
