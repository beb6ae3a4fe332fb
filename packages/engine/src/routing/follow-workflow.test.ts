import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

/*
 * Where time, reservations and changes meet (reference taskrouter 3.3, 3.9 and 5.2).
 */

function center(task_routing: object, task_reservation_timeout = 40): World {
  const world = new World()
  for (const name of ['One', 'Two', 'Three', 'Four']) world.addQueue(name, { target_workers: `queues HAS "${name}"` })
  world.addWorkflow('Main', task_routing, { task_reservation_timeout })
  return world
}

const always = (...targets: readonly object[]) => ({ filters: [{ expression: '1==1', targets }] })

describe('a target’s time that ends while the task is reserved', () => {
  const targets = always({ queue: 'One', timeout: 30 }, { queue: 'Two', timeout: 60 }, { queue: 'Three' })

  it('moves it when the reservation fails', () => {
    const world = center(targets)
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('30 s')
    expect([world.where('task'), world.queueOf('task'), world.task('task').advance]).toEqual([
      'reserved Ada',
      'One',
      true
    ])
    world.pass('10 s')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
    expect(world.eventTypes('task').slice(-4)).toEqual([
      'reservation.timeout',
      'task-queue.timeout',
      'task-queue.moved',
      'task-queue.entered'
    ])
    world.pass('50 s') // at 90 s, as if nobody had held it
    expect(world.queueOf('task')).toBe('Three')
  })

  it('does not matter when the worker accepts', () => {
    const world = center(targets)
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('35 s')
    world.accept('Ada', 'task')
    world.pass('10 min')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['assigned Ada', 'One'])
  })

  it('has not ended when the reservation fails before: the same target asks the next', () => {
    const world = center(targets)
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('20 s')
    world.reject('Ada', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['reserved Bea', 'One'])
    world.pass('10 s')
    world.reject('Bea', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
  })

  it('lets it fall through every target whose time is over, each of which asks once (3.3)', () => {
    const world = center(
      always(
        { queue: 'One', timeout: 10 },
        { queue: 'Two', timeout: 10 },
        { queue: 'Three', timeout: 10 },
        { queue: 'Four' }
      )
    )
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('35 s')
    world.reject('Ada', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Four'])
    expect(world.eventTypes('task').filter((type) => type === 'task-queue.timeout')).toHaveLength(3)
  })

  it('lets a target whose time is over have its one attempt; when that fails it goes on', () => {
    const world = center(always({ queue: 'One', timeout: 10 }, { queue: 'Two', timeout: 10 }, { queue: 'Three' }))
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addWorker('Bea', { attributes: { queues: ['Two'] } })
    world.addTask('task')
    world.pass('35 s')
    world.reject('Ada', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['reserved Bea', 'Two'])
    world.reject('Bea', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Three'])
  })

  it('of the last one ends the task’s stay in the workflow', () => {
    const world = center(always({ queue: 'One', timeout: 30 }))
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('40 s')
    expect([world.where('task'), world.task('task').reason]).toEqual(['canceled', 'Task canceled on Workflow timeout'])
  })

  it('waits for the last of several reservations', () => {
    const world = center(targets)
    world.do({
      type: 'task_queue.update',
      workspace_sid: world.workspace_sid,
      sid: world.queue('One').sid,
      max_reserved_workers: 2
    })
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('32 s')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('reserved Bea')
    world.pass('8 s')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
  })

  it('at the very instant of the reservation’s own end counts as ended', () => {
    const world = center(targets, 30)
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.pass('30 s')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
  })
})

describe('a rejection', () => {
  it('is forgotten in the next target', () => {
    const world = center(always({ queue: 'One', timeout: 1 }, { queue: 'Two' }))
    world.addWorker('Ada', { attributes: { queues: ['One', 'Two'] } })
    world.addTask('task')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('pending')
    world.pass('1 s')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['reserved Ada', 'Two'])
  })

  it('does not keep the worker from what it becomes eligible for, nor the task from skip_if’s judgement', () => {
    const world = center(always({ queue: 'One', skip_if: '1==1' }, { queue: 'Two' }))
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task')
    world.reject('Ada', 'task') // skip_if is a matter of entering: the task stays in its target
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'One'])
    world.pass('2 s')
    expect(world.where('task')).toBe('reserved Ada')
  })
})

describe('new attributes of a task (3.9)', () => {
  const document = {
    filters: [
      { expression: 'tier == "gold"', targets: [{ queue: 'One', timeout: 60 }] },
      { expression: 'tier == "silver" OR tier == "gold"', targets: [{ queue: 'Two', timeout: 60 }] }
    ],
    default_filter: { queue: 'Three' }
  }

  it('keep its place and clock while the same filter matches', () => {
    const world = center(document)
    world.addTask('task', { attributes: { tier: 'gold' } })
    world.pass('59 s')
    world.updateTask('task', { attributes: { tier: 'gold', note: 'called twice' } })
    world.pass('1 s')
    expect(world.queueOf('task')).toBe('Two')
  })

  it('lead it to another filter, with a new clock', () => {
    const world = center(document)
    world.addTask('task', { attributes: { tier: 'none' } })
    expect(world.queueOf('task')).toBe('Three')
    world.pass('59 s')
    world.updateTask('task', { attributes: { tier: 'silver' } })
    expect(world.queueOf('task')).toBe('Two')
    world.updateTask('task', { attributes: { tier: 'gold' } })
    expect(world.queueOf('task')).toBe('One')
    world.pass('59 s')
    expect(world.queueOf('task')).toBe('One')
    world.updateTask('task', { attributes: { tier: 'none' } })
    expect(world.queueOf('task')).toBe('Three')
  })

  it('do not lead it back to a filter that it left by time', () => {
    const world = center(document)
    world.addTask('task', { attributes: { tier: 'gold' } })
    world.pass('90 s')
    expect(world.queueOf('task')).toBe('Two')
    world.updateTask('task', { attributes: { tier: 'gold', note: 'still waiting' } })
    expect(world.queueOf('task')).toBe('Two')
    world.pass('30 s')
    expect(world.where('task')).toBe('canceled')
  })

  it('do not lead it back to a filter that it left by skipping', () => {
    const world = center({
      filters: [
        { expression: 'tier == "gold"', targets: [{ queue: 'One', skip_if: '1==1' }] },
        { expression: '1==1', targets: [{ queue: 'Two', timeout: 60 }] }
      ]
    })
    world.addTask('task', { attributes: { tier: 'gold' } })
    const { target_at } = world.task('task')
    const before = world.eventTypes('task').length
    world.pass('10 s')
    world.updateTask('task', { attributes: { tier: 'gold', note: 1 } })
    expect([world.queueOf('task'), world.task('task').target_at]).toEqual(['Two', target_at])
    expect(world.eventTypes('task').slice(before)).toEqual(['task.updated'])
  })

  it('cancel it when nothing takes it any more', () => {
    const world = center({ filters: [{ expression: 'tier == "gold"', targets: [{ queue: 'One' }] }] })
    world.addTask('task', { attributes: { tier: 'gold' } })
    world.updateTask('task', { attributes: {} })
    expect([world.where('task'), world.task('task').reason]).toEqual(['canceled', 'Task canceled on Workflow timeout'])
  })

  it('count at once for the target’s expression', () => {
    const world = center(always({ queue: 'One', expression: 'worker.languages HAS task.language' }))
    world.addWorker('Ada', { attributes: { queues: ['One'], languages: ['es'] } })
    world.addTask('task')
    world.updateTask('task', { attributes: { language: 'es' } })
    expect(world.where('task')).toBe('reserved Ada')
  })

  it('of a reserved task count when its reservation fails', () => {
    const world = center(document)
    world.addWorker('Ada', { attributes: { queues: ['One', 'Three'] } })
    world.addTask('task', { attributes: { tier: 'gold' } })
    world.updateTask('task', { attributes: { tier: 'silver' } })
    expect([world.where('task'), world.queueOf('task')]).toEqual(['reserved Ada', 'One'])
    world.reject('Ada', 'task')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
  })

  it('of a reserved task that are taken back change nothing', () => {
    const world = center(document)
    world.addWorker('Ada', { attributes: { queues: ['One'] } })
    world.addTask('task', { attributes: { tier: 'gold' } })
    const { target_at } = world.task('task')
    world.updateTask('task', { attributes: { tier: 'silver' } })
    world.updateTask('task', { attributes: { tier: 'gold' } })
    world.reject('Ada', 'task')
    expect([world.queueOf('task'), world.task('task').target_at]).toEqual(['One', target_at])
  })
})

describe('two centers', () => {
  it('live side by side', () => {
    const world = center({ default_filter: { queue: 'One' } })
    const other = world.do({ type: 'workspace.create', friendly_name: 'Other', template: 'FIFO' }).workspace.sid
    const available = [...world.state.tables.activity.by('workspace_sid', other)].find((row) => row.available)
    world.do({ type: 'worker.create', workspace_sid: other, friendly_name: 'Ada', activity_sid: available?.sid ?? '' })
    world.addWorker('Ada', { activity: 'Offline', attributes: { queues: ['One'] } })
    world.addTask('task')
    expect(world.where('task')).toBe('pending')
    const { task } = world.do({ type: 'task.create', workspace_sid: other })
    expect(task.assignment_status).toBe('reserved')
    expect(
      world.refusal(() => world.do({ type: 'task.delete', workspace_sid: other, sid: world.sid('task') }))
    ).toMatch(/^404\/20404/)
  })
})
