import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { explainTask, explainWorker } from './explain.ts'

function floor(): World {
  const world = new World()
  world.addQueue('Sales', { target_workers: "skills HAS 'sales'" })
  world.addQueue('Anybody')
  world.addWorkflow('Main', {
    filters: [
      { filter_friendly_name: 'VIP', expression: "tier == 'gold'", targets: [{ queue: 'Anybody' }] },
      {
        filter_friendly_name: 'Language',
        expression: 'language != null AND size > 2',
        targets: [
          { queue: 'Sales', expression: 'worker.languages HAS task.language AND worker.level > 1', timeout: 30 },
          { queue: 'Anybody', timeout: 60 }
        ]
      }
    ],
    default_filter: { queue: 'Anybody' }
  })
  return world
}

const ask = { language: 'fr', size: 3 }

describe('a waiting task is explained', () => {
  it('by what rules out each worker, and the clause that does', () => {
    const world = floor()
    world.addWorker('Ada', { attributes: { skills: ['sales'], languages: ['en'], level: 3 } })
    world.addWorker('Bea', { attributes: { skills: ['sales'], languages: ['fr'], level: 2 }, activity: 'Offline' })
    world.addWorker('Cleo', { attributes: { skills: [] } })
    world.addTask('call', { attributes: ask })
    const explained = explainTask(world.state, world.task('call'))
    expect(explained.verdict).toBe(
      'It waits in queue Sales, and none of its 2 eligible workers can take it: 1 not in an available activity, 1 the target expression does not match.'
    )
    expect(explained.workers).toMatchObject({ total: 3, eligible: 2, first_choice: null })
    expect(explained.workers?.listed).toMatchObject([
      {
        worker_sid: world.worker('Ada').sid,
        worker_name: 'Ada',
        reason: 'the target expression does not match',
        clauses: [
          {
            expression: 'worker.languages HAS task.language',
            matches: false,
            values: { 'task.language': 'fr', 'worker.languages': ['en'] }
          },
          { expression: 'worker.level > 1', matches: true, values: { 'worker.level': 3 } }
        ]
      },
      { worker_sid: world.worker('Bea').sid, worker_name: 'Bea', reason: 'not in an available activity' },
      {
        worker_sid: world.worker('Cleo').sid,
        worker_name: 'Cleo',
        reason: 'not eligible for the queue',
        clauses: [{ expression: "skills HAS 'sales'", matches: false, values: { 'worker.skills': [] } }]
      }
    ])
    expect(explained.workers?.listed[1]).not.toHaveProperty('clauses')
    expect(JSON.parse(JSON.stringify(explained))).toEqual(explained)
  })

  it('by what each worker does, since when, and how full its channels are', () => {
    const world = floor()
    world.addWorker('Ada', { capacity: { chat: 3 } })
    world.addTask('chat', { task_channel: 'chat' })
    world.accept('Ada', 'chat')
    world.respond('Ada', 'chat', 'wrapping')
    world.addTask('other', { task_channel: 'chat' })
    world.pass('10 s')
    world.move('Ada', 'Offline')
    const since = world.at
    world.pass('10 s')
    world.addTask('call')
    const [ada] = explainTask(world.state, world.task('call')).workers?.listed ?? []
    expect(ada).toMatchObject({
      activity_sid: world.worker('Ada').activity_sid,
      activity_name: 'Offline',
      activity_available: false,
      date_status_changed: since
    })
    expect(ada?.channels.find((channel) => channel.task_channel_unique_name === 'chat')).toEqual({
      task_channel_unique_name: 'chat',
      available: true,
      configured_capacity: 3,
      assigned_tasks: 1,
      open_reservations: 2,
      free_capacity: 1
    })
  })

  it('by the worker whom the task asks for, when that is another', () => {
    const world = new World()
    world.addQueue('Anybody')
    const target = { queue: 'Anybody', known_worker_friendly_name: 'task.agent' }
    world.addWorkflow('Main', { filters: [{ expression: '1==1', targets: [target] }] })
    world.addWorker('Ada')
    world.addTask('call', { attributes: { agent: 'Bea' } })
    expect(explainTask(world.state, world.task('call')).workers?.listed).toMatchObject([
      {
        reason: 'another worker is the known worker',
        clauses: [{ matches: false, values: { 'task.agent': 'Bea', 'worker.friendly_name': 'Ada' } }]
      }
    ])
  })

  it('at the instant of the question', () => {
    const world = floor()
    world.addTask('call')
    const at = world.state.at + 5000
    expect(explainTask(world.state, world.task('call'), { at }).at).toBe(at)
    expect(explainWorker(world.state, world.addWorker('Ada').sid, { at }).at).toBe(at)
  })

  it('by the filters that were tried, and why they did not match', () => {
    const world = floor()
    world.addTask('call', { attributes: ask })
    expect(explainTask(world.state, world.task('call')).filters).toEqual([
      {
        index: 0,
        friendly_name: 'VIP',
        expression: "tier == 'gold'",
        matches: false,
        clauses: [{ expression: "tier == 'gold'", matches: false, values: { 'task.tier': null } }]
      },
      {
        index: 1,
        friendly_name: 'Language',
        expression: 'language != null AND size > 2',
        matches: true,
        clauses: [
          { expression: 'language != null', matches: true, values: { 'task.language': 'fr' } },
          { expression: 'size > 2', matches: true, values: { 'task.size': 3 } }
        ]
      }
    ])
  })

  it('by the end of its target and what follows', () => {
    const world = floor()
    world.addTask('call', { attributes: ask })
    const begun = world.at
    const target = () => explainTask(world.state, world.task('call')).target
    expect(target()).toMatchObject({
      filter_index: 1,
      target_index: 0,
      task_queue_friendly_name: 'Sales',
      ends_at: begun + 30_000,
      afterwards: 'it goes on to target 2 in queue Anybody'
    })
    world.pass('30 s')
    expect(target()).toMatchObject({ target_index: 1, ends_at: begun + 90_000 })
    expect(target().afterwards).toBe('it is canceled: Task canceled on Workflow timeout')
    world.addTask('other')
    expect(explainTask(world.state, world.task('other'))).toMatchObject({
      verdict: 'It waits in queue Anybody, for which none of 0 workers is eligible.',
      target: {
        is_default_filter: true,
        ends_at: world.at + 86_400_000,
        afterwards: 'it is canceled: Task TTL Exceeded'
      }
    })
  })

  it('with a list that stays short while everybody is counted', () => {
    const world = floor()
    for (let i = 0; i < 5; i++) world.addWorker(`W${i}`, { activity: 'Offline' })
    world.addTask('call')
    const { workers } = explainTask(world.state, world.task('call'), { limit: 2 })
    expect(workers?.listed).toHaveLength(2)
    expect(workers?.reasons).toEqual({ 'not in an available activity': 5 })
  })

  it('and so is one that somebody has', () => {
    const world = floor()
    world.addWorker('Ada')
    world.addTask('call')
    const verdict = () => explainTask(world.state, world.task('call')).verdict
    expect(verdict()).toBe('It is offered to Ada.')
    world.accept('Ada', 'call')
    expect(verdict()).toBe('It is with Ada.')
    world.complete('Ada', 'call')
    expect(verdict()).toBe('It is completed.')
    expect(explainTask(world.state, world.task('call')).workers).toBeNull()
  })

  it('that waits for one worker alone', () => {
    const world = floor()
    const { sid } = world.addWorker('Ada', { activity: 'Offline' })
    world.addTask('call', { routing_target: sid, ignore_capacity: false })
    expect(explainTask(world.state, world.task('call')).verdict).toBe(
      'It waits for Ada alone: not in an available activity.'
    )
  })
})

describe('a worker is explained', () => {
  it('by its channels and by what each waiting task has against it', () => {
    const world = floor()
    const ada = world.addWorker('Ada', { attributes: { skills: ['sales'], languages: ['en'], level: 3 } })
    world.addTask('call', { attributes: ask })
    world.addTask('other')
    world.addTask('third')
    const explained = explainWorker(world.state, ada.sid)
    expect(explained.verdict).toBe('Ada is ready on voice, chat, sms, video; nothing that waits fits.')
    expect(explained.channels[0]).toMatchObject({
      task_channel_unique_name: 'default',
      open_reservations: 1,
      reason: 'no capacity left on the channel'
    })
    expect(explained).toMatchObject({ task_queues: 2, next_task_sid: null, waiting: 2, is_complete: true })
    expect(explained.listed.map(({ task_sid, reason }) => [task_sid, reason])).toEqual([
      [world.sid('call'), 'the target expression does not match'],
      [world.sid('third'), 'no capacity left on the channel']
    ])
    world.move('Ada', 'Offline')
    expect(explainWorker(world.state, ada.sid).verdict).toBe(
      'Ada takes nothing now: Offline is not an available activity.'
    )
  })
})
