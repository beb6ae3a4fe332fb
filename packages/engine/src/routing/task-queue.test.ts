import { describe, expect, it } from 'vitest'
import type { EventType } from '../events.ts'
import { World } from '../testing/world.ts'

/** A center with queues, each reached by a workflow of its name. */
function center(queues: Readonly<Record<string, Parameters<World['addQueue']>[1]>>, workspace = {}): World {
  const world = new World({ workspace })
  for (const [name, params] of Object.entries(queues)) {
    world.addQueue(name, params)
    world.addWorkflow(name, { default_filter: { queue: name } })
  }
  return world
}

function into(world: World, queue: string, name: string, params = {}): void {
  world.addTask(name, { workflow_sid: world.workflow(queue).sid, ...params })
}

/** The tasks in the order in which one worker is offered them. */
function order(world: World, worker: string, tasks: readonly string[]): string[] {
  const offered: string[] = []
  for (let i = 0; i < tasks.length; i++) {
    const next = tasks.find((name) => world.where(name) === `reserved ${worker}`)
    if (next === undefined) break
    offered.push(next)
    world.accept(worker, next)
    world.complete(worker, next)
  }
  return offered
}

describe('whom a queue is for', () => {
  const workers = { languages: ['english', 'german'], level: 5, team: 'support' }

  it.each([
    ['1==1', true],
    ['', false],
    ['languages HAS "english"', true],
    ['"english" IN languages', true],
    ['languages[0] == "english"', true],
    ['languages HAS "french"', false],
    ['level HAS "x"', false],
    ['level > 4 AND team == "support"', true],
    ['missing == null', true],
    ['friendly_name == "Ada"', true],
    ['activity_name == "Available"', true],
    ['activity_name == "Offline"', false]
  ])('%s: %s (13.6, 13.7)', (target_workers, fits) => {
    const world = center({ Queue: { target_workers } })
    world.addWorker('Ada', { attributes: workers })
    into(world, 'Queue', 'task')
    expect(world.where('task')).toBe(fits ? 'reserved Ada' : 'pending')
  })

  it('cannot be told with a hyphen in a name (13.6)', () => {
    const world = new World()
    expect(world.refusal(() => world.addQueue('Q', { target_workers: 'skill-level > 3' }))).toMatch(
      /^400\/20001 TargetWorkers: /
    )
  })

  it('is looked at again when the expression changes, and told', () => {
    const world = center({ Queue: { target_workers: '' } })
    world.addWorker('Ada', { attributes: workers })
    into(world, 'Queue', 'task')
    const { workspace_sid } = world
    const update = (target_workers: string) =>
      world.do({ type: 'task_queue.update', workspace_sid, sid: world.queue('Queue').sid, target_workers })
    update('level > 5')
    expect(world.where('task')).toBe('pending')
    update('level > 4')
    expect(world.where('task')).toBe('reserved Ada')
    update('level > 9') // who has a reservation keeps it
    expect(world.where('task')).toBe('reserved Ada')
    expect(world.events('task-queue.expression.updated')).toHaveLength(3)
  })

  it('follows a worker from one activity to another', () => {
    const world = center({ Resting: { target_workers: 'activity_name != "Available"' } })
    world.do({
      type: 'activity.create',
      workspace_sid: world.workspace_sid,
      friendly_name: 'Back office',
      available: true
    })
    world.addWorker('Ada')
    into(world, 'Resting', 'letter')
    expect(world.where('letter')).toBe('pending')
    world.move('Ada', 'Back office')
    expect(world.where('letter')).toBe('reserved Ada')
  })
})

describe('the order of a queue (4.3)', () => {
  it('FIFO: priority, then age; an earlier virtual start overtakes (13.27)', () => {
    const world = center({ Queue: {} })
    const { at } = world
    world.pass('1 h')
    into(world, 'Queue', 'first')
    world.pass('1 s')
    into(world, 'Queue', 'second')
    into(world, 'Queue', 'urgent', { priority: 5 })
    into(world, 'Queue', 'patient', { virtual_start_time: at })
    world.updateTask('second', { priority: 1 })
    world.addWorker('Ada')
    expect(order(world, 'Ada', ['first', 'second', 'urgent', 'patient'])).toEqual([
      'urgent',
      'second',
      'patient',
      'first'
    ])
  })

  it('LIFO: the newest first, priority ignored (13.19)', () => {
    const world = center({ Queue: { task_order: 'LIFO' } })
    for (const [name, priority] of [
      ['one', 9],
      ['two', 0],
      ['three', 5]
    ] as const) {
      world.pass('1 s')
      into(world, 'Queue', name, { priority })
    }
    world.addWorker('Ada')
    expect(order(world, 'Ada', ['one', 'two', 'three'])).toEqual(['three', 'two', 'one'])
  })

  it('can be turned round while tasks wait', () => {
    const world = center({ Queue: {} })
    for (const name of ['one', 'two', 'three']) into(world, 'Queue', name)
    world.do({
      type: 'task_queue.update',
      workspace_sid: world.workspace_sid,
      sid: world.queue('Queue').sid,
      task_order: 'LIFO'
    })
    world.addWorker('Ada')
    expect(order(world, 'Ada', ['one', 'two', 'three'])).toEqual(['three', 'two', 'one'])
  })

  it.each([
    ['FIFO', ['urgent', 'old', 'newest', 'new']],
    ['LIFO', ['newest', 'new', 'urgent', 'old']]
  ] as const)(
    'among queues, those that the workspace prefers come first: %s (13.19)',
    (prioritize_queue_order, expected) => {
      const world = center({ Stack: { task_order: 'LIFO' }, ChannelIndex: {}, Other: {} }, { prioritize_queue_order })
      into(world, 'ChannelIndex', 'old')
      world.pass('1 s')
      into(world, 'Stack', 'new', { priority: 9 })
      world.pass('1 s')
      into(world, 'Other', 'urgent', { priority: 1 })
      into(world, 'Stack', 'newest')
      world.addWorker('Ada')
      expect(order(world, 'Ada', ['old', 'new', 'urgent', 'newest'])).toEqual(expected)
    }
  )

  it('decides among workers who become free together: the first task goes first, to whoever has been idle longest', () => {
    const world = center({
      Both: { max_reserved_workers: 2 },
      All: {},
      Beas: { target_workers: 'friendly_name == "Bea"' }
    })
    for (const name of ['Bea', 'Ada']) world.addWorker(name)
    into(world, 'Both', 'round')
    into(world, 'Beas', 'hers', { priority: 5 })
    into(world, 'All', 'anybody')
    expect([world.where('round'), world.where('hers')]).toEqual(['reserved Bea, Ada', 'pending'])
    world.updateTask('round', { assignment_status: 'canceled' })
    expect([world.where('hers'), world.where('anybody')]).toEqual(['reserved Bea', 'reserved Ada'])
  })
})

describe('MaxReservedWorkers (5.3)', () => {
  it('asks several at once; the first to accept has the task (13.14)', () => {
    const world = center({ Queue: { max_reserved_workers: 3 } })
    for (const name of ['Ada', 'Bea', 'Cleo', 'Dora']) world.addWorker(name)
    into(world, 'Queue', 'task')
    expect([world.where('task'), world.task('task').rounds]).toEqual(['reserved Ada, Bea, Cleo', 1])
    world.accept('Bea', 'task')
    expect([world.where('task'), world.who('task', 'rescinded')]).toEqual(['assigned Bea', ['Ada', 'Cleo']])
    expect(world.refusal(() => world.accept('Ada', 'task'))).toMatch(
      /^410\/20001 Cannot accept reservation WR[0-9a-f]{32}/
    )
    const statuses = world.events('reservation.rescinded').map((event) => event.refs.task?.assignment_status)
    expect(statuses).toEqual(['assigned', 'assigned'])
    // Whoever was slower is told who has it.
    const names = world.events('reservation.rescinded').map((event) => event.refs.extra?.accepted_worker_name)
    expect(names).toEqual(['Bea', 'Bea'])
  })

  it('leaves the others alone when one says no or nothing, and does not top up', () => {
    const world = center({ Queue: { max_reserved_workers: 2 } })
    for (const name of ['Ada', 'Bea']) world.addWorker(name)
    into(world, 'Queue', 'task')
    world.addWorker('Cleo')
    world.pass('10 s')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('reserved Bea')
    world.pass('10 s')
    expect(world.where('task')).toBe('reserved Bea')
    world.pass('100 s')
    // The round is over; the next one asks those who have been idle longest: Ada since her offer, Cleo since she came.
    expect([world.where('task'), world.task('task').rounds, world.activityOf('Bea')]).toEqual([
      'reserved Ada, Cleo',
      2,
      'Offline'
    ])
  })

  it('changes from the next round on', () => {
    const world = center({ Queue: {} })
    for (const name of ['Ada', 'Bea', 'Cleo']) world.addWorker(name)
    into(world, 'Queue', 'task')
    world.do({
      type: 'task_queue.update',
      workspace_sid: world.workspace_sid,
      sid: world.queue('Queue').sid,
      max_reserved_workers: 2
    })
    expect(world.where('task')).toBe('reserved Ada')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('reserved Bea, Cleo')
  })
})

describe('deleting a queue', () => {
  it('is refused while a workflow names it or open tasks are in it', () => {
    const world = center({ Queue: {} })
    const { sid } = world.queue('Queue')
    const remove = () => world.do({ type: 'task_queue.delete', workspace_sid: world.workspace_sid, sid })
    expect(world.refusal(remove)).toMatch(/^400\/20001 .* Workflow Queue names it$/)
    into(world, 'Queue', 'task')
    world.addTask('direct', { routing_target: sid })
    world.addQueue('Other')
    world.updateWorkflow('Queue', { task_routing: { default_filter: { queue: 'Other' } } })
    expect(world.refusal(remove)).toMatch(/names it in a version that tasks still follow$/)
    world.updateTask('task', { assignment_status: 'canceled' })
    expect(world.refusal(remove)).toMatch(/1 open tasks are in it$/)
    world.deleteTask('direct')
    remove()
    expect(world.task('task').task_queue_sid).toBe(sid) // a finished task remembers
    const types: EventType[] = world.events().map((event) => event.type)
    expect(types.at(-1)).toBe('task-queue.deleted')
  })
})
