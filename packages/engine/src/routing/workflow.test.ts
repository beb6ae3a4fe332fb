import { describe, expect, it } from 'vitest'
import type { Settings } from '../settings.ts'
import { World } from '../testing/world.ts'

/** A center with queues One, Two and Three, whoever works there, and one workflow. */
function center(task_routing: object, settings: Partial<Settings> = {}): World {
  const world = new World({ settings })
  for (const name of ['One', 'Two', 'Three'])
    world.addQueue(name, { target_workers: `queue == "${name}" OR queue == "all"` })
  world.addWorkflow('Main', task_routing, { task_reservation_timeout: 100 })
  return world
}

const always = (...targets: readonly object[]) => ({ filters: [{ expression: '1==1', targets }] })

describe('the way of a task through its workflow', () => {
  it('takes the first filter that matches, else the default (3.2)', () => {
    const world = center({
      filters: [
        { filter_friendly_name: 'Gold', expression: 'tier == "gold"', targets: [{ queue: 'One' }] },
        { expression: 'tier == "gold" OR tier == "silver"', targets: [{ queue: 'Two' }] }
      ],
      default_filter: { queue: 'Three' }
    })
    const queues = ['gold', 'silver', 'none'].map((tier) => {
      world.addTask(tier, { attributes: { tier } })
      return world.queueOf(tier)
    })
    expect(queues).toEqual(['One', 'Two', 'Three'])
    expect(world.events('workflow.target-matched').map((event) => event.refs.extra)).toEqual([
      { workflow_filter_name: 'Gold', workflow_filter_expression: '["tier == \\"gold\\""]' },
      { workflow_filter_name: null, workflow_filter_expression: '["tier == \\"gold\\" OR tier == \\"silver\\""]' }
    ])
    expect(world.eventTypes('none')).not.toContain('workflow.target-matched')
  })

  it('has the target’s priority override the task’s own (13.8)', () => {
    const world = center(
      always({ queue: 'One', timeout: 10 }, { queue: 'Two', priority: 10, timeout: 10 }, { queue: 'Three' })
    )
    world.addTask('task', { priority: 5 })
    expect(world.task('task').priority).toBe(5)
    world.pass('10 s')
    expect(world.task('task').priority).toBe(10)
    world.updateTask('task', { priority: 1 })
    world.pass('10 s')
    expect([world.queueOf('task'), world.task('task').priority]).toEqual(['Three', 1])
  })

  it('goes on after each target’s time, and out after the last; the default is not for those (13.9)', () => {
    const world = center({
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: 'One', timeout: 2 },
            { queue: 'Two', timeout: 2 }
          ]
        }
      ],
      default_filter: { queue: 'Three' }
    })
    world.addTask('task')
    world.pass('1999 ms')
    expect(world.queueOf('task')).toBe('One')
    world.pass('1 ms')
    expect(world.queueOf('task')).toBe('Two')
    world.pass('2 s')
    expect([world.where('task'), world.task('task').reason]).toEqual(['canceled', 'Task canceled on Workflow timeout'])
    expect(world.eventTypes('task')).toEqual([
      'task.created',
      'workflow.entered',
      'workflow.target-matched',
      'task-queue.entered',
      'task-queue.timeout',
      'task-queue.moved',
      'task-queue.entered',
      'task-queue.timeout',
      'workflow.timeout',
      'task.canceled'
    ])
  })

  it('adds the timeouts up: 30, 60 and 20 end at 30, 90 and 110 seconds (3.3)', () => {
    const world = center(
      always({ queue: 'One', timeout: 30 }, { queue: 'Two', timeout: 60 }, { queue: 'Three', timeout: 20 })
    )
    world.addTask('task')
    const left: string[] = []
    for (let second = 1; second <= 110; second++) {
      const before = world.queueOf('task')
      world.pass('1 s')
      if (world.queueOf('task') !== before || world.where('task') === 'canceled') left.push(`${before} at ${second}`)
    }
    expect(left).toEqual(['One at 30', 'Two at 90', 'Three at 110'])
  })

  it('stays in a target without timeout, whatever comes after it', () => {
    const world = center(always({ queue: 'One' }, { queue: 'Two' }))
    world.addTask('task')
    world.pass('23 h')
    expect(world.queueOf('task')).toBe('One')
    world.pass('1 h')
    expect(world.task('task').reason).toBe('Task TTL Exceeded')
  })

  it('stays in the queue of the target before where a target names none (13.30)', () => {
    const world = center(always({ queue: 'One', timeout: 5 }, { priority: 7, timeout: 5 }, { queue: 'Two' }))
    world.addTask('task')
    const { task_queue_entered_date } = world.task('task')
    world.pass('5 s')
    expect(world.task('task')).toMatchObject({ task_queue_entered_date, priority: 7, target_index: 1 })
    expect(world.queueOf('task')).toBe('One')
    expect(world.eventTypes('task').filter((type) => type === 'task-queue.moved')).toEqual([])
    world.pass('5 s')
    expect(world.queueOf('task')).toBe('Two')
  })

  it('goes on with the next filter that matches after the last target’s time, with a clock of its own (3.4)', () => {
    const world = center({
      filters: [
        { expression: 'a == 1', targets: [{ queue: 'One', timeout: 10 }] },
        { expression: 'a == 2', targets: [{ queue: 'Two', timeout: 10 }] },
        { expression: 'a >= 1', targets: [{ queue: 'Three', timeout: 10 }] }
      ]
    })
    world.addTask('task', { attributes: { a: 1 } })
    world.pass('10 s')
    expect(world.queueOf('task')).toBe('Three')
    world.pass('9 s')
    expect(world.where('task')).toBe('pending')
    world.pass('1 s')
    expect(world.where('task')).toBe('canceled')
  })
})

describe('skip_if (3.6)', () => {
  it('with 1==1 everywhere and nobody there leads to the default (13.10)', () => {
    const world = center({
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: 'One', skip_if: '1==1' },
            { queue: 'Two', skip_if: '1==1', timeout: 9 }
          ]
        },
        { expression: '1==2', targets: [{ queue: 'Two' }] }
      ],
      default_filter: { queue: 'Three' }
    })
    world.addTask('task')
    expect([world.queueOf('task'), world.task('task').target_at]).toEqual(['Three', null])
    expect(world.eventTypes('task').filter((type) => type.startsWith('workflow.'))).toEqual([
      'workflow.entered',
      'workflow.target-matched',
      'workflow.skipped'
    ])
  })

  it('is not asked when somebody can take the task at once', () => {
    const world = center(always({ queue: 'One', skip_if: '1==1' }, { queue: 'Two' }))
    world.addWorker('Ada', { attributes: { queue: 'all' } })
    world.addTask('first')
    world.addTask('second')
    expect([world.queueOf('first'), world.where('first'), world.queueOf('second')]).toEqual([
      'One',
      'reserved Ada',
      'Two'
    ])
  })

  it.each([
    ['workers.available == 0', 'Two'],
    ['workers.available > 0', 'One'],
    ['workers.unavailable == 2', 'Two'],
    ['workers.unavailable == 1 OR workers.available > 5', 'One']
  ])('counts those who are eligible for the queue by their activity: %s leads to queue %s', (skip_if, queue) => {
    const world = center(always({ queue: 'One', skip_if }, { queue: 'Two' }))
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { activity: 'Offline', attributes: { queue: 'One' } })
    world.addWorker('Cleo', { attributes: { queue: 'Two' }, capacity: { default: 0 } })
    world.addTask('task')
    expect(world.queueOf('task')).toBe(queue)
  })

  it('counts the busy as available: their queue is worth waiting for', () => {
    const world = center(always({ queue: 'One', skip_if: 'workers.available == 0' }, { queue: 'Two' }))
    world.addWorker('Ada', { attributes: { queue: 'One' }, capacity: { default: 0 } })
    world.addTask('task')
    expect(world.queueOf('task')).toBe('One')
  })

  it('can name an activity', () => {
    const world = center({ default_filter: { queue: 'Three' } })
    const skip_if = `workers.${world.activity('Unavailable').sid} >= 1`
    world.updateWorkflow('Main', { task_routing: always({ queue: 'One', skip_if }, { queue: 'Two' }) })
    world.addTask('before')
    world.addWorker('Ada', { activity: 'Unavailable', attributes: { queue: 'One' } })
    world.addTask('after')
    expect([world.queueOf('before'), world.queueOf('after')]).toEqual(['One', 'Two'])
  })

  it('does not shorten what follows: times are those of the task’s age', () => {
    const world = center(
      always({ queue: 'One', timeout: 30, skip_if: '1==1' }, { queue: 'Two', timeout: 60 }, { queue: 'Three' })
    )
    world.addTask('task')
    world.pass('89 s')
    expect(world.queueOf('task')).toBe('Two')
    world.pass('1 s')
    expect(world.queueOf('task')).toBe('Three')
  })

  it('after a timeout leads out of the workflow, not to the default', () => {
    const world = center({
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: 'One', timeout: 5 },
            { queue: 'Two', skip_if: '1==1' }
          ]
        }
      ],
      default_filter: { queue: 'Three' }
    })
    world.addTask('task')
    world.pass('5 s')
    expect([world.where('task'), world.task('task').reason]).toEqual(['canceled', 'Task canceled on Workflow timeout'])
    expect(world.eventTypes('task').slice(-3)).toEqual(['workflow.skipped', 'workflow.timeout', 'task.canceled'])
  })
})

describe('whom a target is for', () => {
  it('order_by: highest first, who lacks the attribute last, idle time decides between equals (13.20)', () => {
    const world = center(always({ queue: 'One', order_by: 'worker.level DESC' }))
    for (const [name, level] of [
      ['Ada', 1],
      ['Bea', undefined],
      ['Cleo', 5],
      ['Dora', 5]
    ] as const) {
      world.addWorker(name, { attributes: { queue: 'One', ...(level !== undefined && { level }) } })
    }
    const tasks = ['1', '2', '3', '4'].map((name) => {
      world.addTask(name)
      return world.who(name)[0]
    })
    expect(tasks).toEqual(['Cleo', 'Dora', 'Ada', 'Bea'])
  })

  it('known_worker_sid: only that worker; nobody when the attribute says nothing, until the time is over (13.21)', () => {
    const world = center(always({ queue: 'One', known_worker_sid: 'task.agent', timeout: 10 }, { queue: 'One' }))
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { attributes: { queue: 'One' } })
    world.addTask('hers', { attributes: { agent: world.worker('Bea').sid } })
    world.addTask('again', { attributes: { agent: world.worker('Bea').sid } })
    world.addTask('nobodys', { attributes: { agent: null } })
    expect(['hers', 'again', 'nobodys'].map((name) => world.where(name))).toEqual([
      'reserved Bea',
      'pending',
      'pending'
    ])
    world.accept('Bea', 'hers')
    world.complete('Bea', 'hers')
    expect(world.where('again')).toBe('reserved Bea')
    world.pass('10 s')
    expect(world.where('nobodys')).toBe('reserved Ada')
  })

  it('known_worker_friendly_name: by name, which may come later', () => {
    const world = center(always({ queue: 'One', known_worker_friendly_name: 'task.agent' }))
    world.addWorker('Ada', { attributes: { queue: 'One' } })
    world.addTask('task', { attributes: { agent: 'Bea' } })
    expect(world.where('task')).toBe('pending')
    world.do({
      type: 'worker.update',
      workspace_sid: world.workspace_sid,
      sid: world.worker('Ada').sid,
      friendly_name: 'Bea'
    })
    expect(world.where('task')).toBe('reserved Bea')
  })

  it('an expression brings task and worker together, and only in its target', () => {
    const world = center(
      always({ queue: 'One', expression: 'worker.languages HAS task.language', timeout: 10 }, { queue: 'One' })
    )
    world.addWorker('Ada', { attributes: { queue: 'One', languages: ['en'] } })
    world.addTask('hola', { attributes: { language: 'es' } })
    expect(world.where('hola')).toBe('pending')
    world.pass('10 s')
    expect(world.where('hola')).toBe('reserved Ada')
  })

  it('a call is for who has no chats: it comes as soon as the last one is over (2.1)', () => {
    const world = center(always({ queue: 'One', expression: 'worker.channel.chat.assigned_tasks == 0' }))
    world.addWorkflow('Chats', { default_filter: { queue: 'Two' } })
    world.addWorker('Ada', { attributes: { queue: 'all' }, capacity: { chat: 2 } })
    const chats = { workflow_sid: world.workflow('Chats').sid, task_channel: 'chat' }
    const calls = { workflow_sid: world.workflow('Main').sid, task_channel: 'voice' }
    for (const name of ['chat 1', 'chat 2']) {
      world.addTask(name, chats)
      world.accept('Ada', name)
    }
    world.addTask('call', calls)
    world.complete('Ada', 'chat 1')
    expect(world.where('call')).toBe('pending')
    world.respond('Ada', 'chat 2', 'wrapping') // still fills the channel
    expect(world.where('call')).toBe('pending')
    world.complete('Ada', 'chat 2')
    expect(world.where('call')).toBe('reserved Ada')
  })

  it('what is wrapped up counts in an order, and a reservation that is pending does not', () => {
    const world = center(always({ queue: 'One', order_by: 'worker.channel.chat.assigned_tasks ASC' }))
    world.addWorkflow('Chats', { default_filter: { queue: 'Two' } })
    world.addWorker('Ada', { attributes: { queue: 'all' } })
    world.addTask('chat', { workflow_sid: world.workflow('Chats').sid, task_channel: 'chat' })
    world.addWorker('Bea', { attributes: { queue: 'One' } })
    const assigned = () => {
      const { assigned } = world.state.matcher.load(
        world.worker('Ada').sid,
        world.state.tables.task_channel.all().find((row) => row.unique_name === 'chat')?.sid ?? ''
      )
      return assigned
    }
    expect(assigned()).toBe(0)
    world.accept('Ada', 'chat')
    world.respond('Ada', 'chat', 'wrapping')
    expect(assigned()).toBe(1)
    world.addTask('call', { workflow_sid: world.workflow('Main').sid, task_channel: 'voice' })
    expect(world.where('call')).toBe('reserved Bea')
  })

  it.each([
    ['worker.channel.chat.assigned_tasks == 1', 'accepted'],
    ['worker.channel.chat.available_capacity_percentage <= 50', 'pending']
  ])('%s becomes true by more work: the reservation being %s', (expression, status) => {
    const world = center(always({ queue: 'One', expression }))
    world.addWorkflow('Chats', { default_filter: { queue: 'Two' } })
    world.addWorker('Ada', { attributes: { queue: 'all' }, capacity: { chat: 2 } })
    world.addTask('more', { workflow_sid: world.workflow('Main').sid })
    expect(world.where('more')).toBe('pending')
    world.addTask('chat', { workflow_sid: world.workflow('Chats').sid, task_channel: 'chat' })
    if (status === 'accepted') {
      expect(world.where('more')).toBe('pending')
      world.accept('Ada', 'chat')
    }
    expect(world.where('more')).toBe('reserved Ada')
  })

  it.each([
    ['worker.activity_name == "Available"', (world: World) => world.move('Ada', 'Available')],
    ['worker.channel.sms.configured_capacity == 9', (world: World) => world.setChannel('Ada', 'sms', { capacity: 9 })],
    [
      'worker.channel.sms.configured_capacity == null',
      (world: World) => world.do({ type: 'task_channel.delete', workspace_sid: world.workspace_sid, sid: 'sms' })
    ],
    [
      'worker.channel.fax.configured_capacity == 1',
      (world: World) =>
        world.do({
          type: 'task_channel.create',
          workspace_sid: world.workspace_sid,
          friendly_name: 'Fax',
          unique_name: 'fax'
        })
    ],
    [
      'worker.activity_name == "Lunch"',
      (world: World) => {
        const { sid } = world.activity('Working')
        world.do({ type: 'activity.update', workspace_sid: world.workspace_sid, sid, friendly_name: 'Lunch' })
      }
    ]
  ])('%s is noticed when it becomes true', (expression, act) => {
    const world = center(always({ queue: 'One', expression }))
    world.do({ type: 'activity.create', workspace_sid: world.workspace_sid, friendly_name: 'Working', available: true })
    world.addWorker('Ada', { activity: 'Working', attributes: { queue: 'One' } })
    world.addTask('task')
    expect(world.where('task')).toBe('pending')
    act(world)
    expect(world.where('task')).toBe('reserved Ada')
  })
})

describe('a new document (3.9)', () => {
  const one = { default_filter: { queue: 'One' } }
  const two = { default_filter: { queue: 'Two' } }

  it('is for new tasks only; the old one stays as long as somebody follows it (13.29)', () => {
    const world = center(one)
    world.addTask('old')
    world.updateWorkflow('Main', { task_routing: two })
    world.addTask('new')
    expect([world.queueOf('old'), world.queueOf('new'), world.state.tables.workflow_document.size]).toEqual([
      'One',
      'Two',
      2
    ])
    world.updateTask('old', { assignment_status: 'canceled' })
    expect(world.state.tables.workflow_document.size).toBe(1)
  })

  it('is for all with ReEvaluateTasks, which may be sent alone (13.29)', () => {
    const world = center(one)
    world.addTask('old')
    world.updateWorkflow('Main', { task_routing: two })
    world.updateWorkflow('Main', { re_evaluate_tasks: true })
    expect([world.queueOf('old'), world.state.tables.workflow_document.size]).toEqual(['Two', 1])
    expect(world.eventTypes('old').slice(-2)).toEqual(['task-queue.moved', 'task-queue.entered'])
  })

  it('reaches a reserved task when its reservation fails, and never one that somebody has', () => {
    const world = center(one)
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { attributes: { queue: 'One' } })
    world.addTask('hers')
    world.accept('Ada', 'hers')
    world.addTask('task')
    world.updateWorkflow('Main', { task_routing: two, re_evaluate_tasks: true })
    expect([world.where('task'), world.queueOf('task')]).toEqual(['reserved Bea', 'One'])
    world.pass('100 s')
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Two'])
    expect(world.queueOf('hers')).toBe('One')
    expect(world.state.tables.workflow_document.size).toBe(2)
    world.complete('Ada', 'hers')
    expect(world.state.tables.workflow_document.size).toBe(1)
  })

  it('that has no place for a task cancels it', () => {
    const world = center(one)
    world.addTask('task', { attributes: { a: 1 } })
    world.updateWorkflow('Main', {
      task_routing: { filters: [{ expression: 'a == 2', targets: [{ queue: 'One' }] }] },
      re_evaluate_tasks: true
    })
    expect([world.where('task'), world.task('task').reason]).toEqual(['canceled', 'Task canceled on Workflow timeout'])
    expect(world.eventTypes('task').slice(-2)).toEqual(['workflow.timeout', 'task.canceled'])
  })

  it('starts the clock of the target anew, and keeps the task’s age', () => {
    const world = center(always({ queue: 'One', timeout: 60 }))
    world.addTask('task')
    const { date_created } = world.task('task')
    world.pass('59 s')
    world.updateWorkflow('Main', { re_evaluate_tasks: true })
    world.pass('59 s')
    expect([world.where('task'), world.task('task').date_created]).toEqual(['pending', date_created])
    world.pass('1 s')
    expect(world.where('task')).toBe('canceled')
  })

  it('of many tasks takes several decisions, the urgent first, and new tasks do not wait for its end', () => {
    const world = center(one, { tasks_re_evaluated_at_once: 2 })
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const [i, name] of names.entries()) world.addTask(name, { priority: i })
    world.updateWorkflow('Main', { task_routing: two, re_evaluate_tasks: true })
    const queues = () => names.map((name) => world.queueOf(name)).join(' ')
    expect(queues()).toBe('One One One Two Two')
    world.addTask('new')
    expect(world.queueOf('new')).toBe('Two')
    world.updateTask('a', { priority: 9 })
    world.pass('1 ms')
    expect(queues()).toBe('Two One Two Two Two')
    world.pass('1 ms')
    expect([queues(), world.state.tables.workflow_document.size]).toEqual(['Two Two Two Two Two', 1])
    expect(world.eventTypes('new').filter((type) => type === 'workflow.entered')).toHaveLength(1)
    expect(world.state.nextTimer?.command).not.toBe('timer.workflow_document')
  })

  it('of many tasks goes on by the newest document when that comes meanwhile', () => {
    const world = center(one, { tasks_re_evaluated_at_once: 1 })
    for (const name of ['a', 'b', 'c']) world.addTask(name)
    world.updateWorkflow('Main', { re_evaluate_tasks: true })
    world.updateWorkflow('Main', { task_routing: two })
    world.pass('5 ms')
    expect(['a', 'b', 'c'].map((name) => world.queueOf(name))).toEqual(['One', 'Two', 'Two'])
    world.updateWorkflow('Main', { re_evaluate_tasks: true })
    world.pass('5 ms')
    expect([world.queueOf('a'), world.state.tables.workflow_document.size]).toEqual(['Two', 1])
  })

  it('is gone through in the order in which tasks are offered, so that the urgent get whoever is there', () => {
    const world = center(one)
    for (const [name, priority] of [
      ['calm', 0],
      ['urgent', 5]
    ] as const)
      world.addTask(name, { priority })
    world.addWorker('Ada', { attributes: { queue: 'Two' } })
    world.updateWorkflow('Main', { task_routing: two, re_evaluate_tasks: true })
    expect([world.where('calm'), world.where('urgent')]).toEqual(['pending', 'reserved Ada'])
  })
})

describe('a workflow', () => {
  it.each([
    ['is no JSON', '{'],
    ['names nobody’s queue', JSON.stringify({ task_routing: { default_filter: { queue: `WQ${'1'.repeat(32)}` } } })],
    ['has a hyphen in a name', '{"task_routing":{"filters":[{"expression":"a-b == 1","targets":[{"queue":"WQ"}]}]}}']
  ])('is refused when its configuration %s', (_, configuration) => {
    const world = new World()
    const { workspace_sid } = world
    const create = () => world.do({ type: 'workflow.create', workspace_sid, friendly_name: 'Main', configuration })
    expect(world.refusal(create)).toMatch(/^400\/20001 Configuration: /)
  })

  it('is not deleted while open tasks are in it', () => {
    const world = center({ default_filter: { queue: 'One' } })
    world.addTask('task')
    const remove = () =>
      world.do({ type: 'workflow.delete', workspace_sid: world.workspace_sid, sid: world.workflow('Main').sid })
    expect(world.refusal(remove)).toMatch(/^400\/20001 Workflow Main cannot be deleted: 1 open tasks/)
    world.updateTask('task', { assignment_status: 'canceled' })
    remove()
    expect(world.state.tables.workflow_document.size).toBe(0)
  })
})
