import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

function center(document: object = { default_filter: { queue: 'Support' } }): World {
  const world = new World()
  world.addQueue('Support')
  world.addQueue('Other')
  world.addWorkflow('Main', document)
  return world
}

const cannot = (verb: string, world: World, why: string) =>
  `400/20001 Cannot ${verb} task ${world.sid('task')} in workspace ${world.workspace_sid} for account ${world.state.account_sid} because it is ${why}.`

describe('a task', () => {
  it('lives from its creation to its end, and is forgotten five minutes later (13.15)', () => {
    const world = center()
    world.addTask('task')
    expect(world.task('task')).toMatchObject({
      assignment_status: 'pending',
      priority: 0,
      timeout: 86_400,
      version: 0,
      reason: null
    })
    world.addWorker('Ada')
    expect(world.where('task')).toBe('reserved Ada')
    world.accept('Ada', 'task')
    world.updateTask('task', { assignment_status: 'wrapping' })
    expect(world.where('task')).toBe('wrapping Ada')
    world.updateTask('task', { assignment_status: 'completed', reason: 'solved' })
    expect([world.where('task'), world.task('task').reason]).toEqual(['completed', 'solved'])
    expect(world.eventTypes('task')).toEqual([
      'task.created',
      'workflow.entered',
      'task-queue.entered',
      'reservation.created',
      'reservation.accepted',
      'reservation.wrapup',
      'task.wrapup',
      'task.completed',
      'reservation.completed'
    ])
    world.pass('299 s')
    expect(world.where('task')).toBe('completed')
    world.pass('1 s')
    expect(world.where('task')).toBe('gone')
    expect(world.state.tables.reservation.size).toBe(0)
  })

  it('is answered as routing left it, its version still 0 (13.17)', () => {
    const world = center()
    world.addWorker('Ada')
    const { task } = world.do({ type: 'task.create', workspace_sid: world.workspace_sid })
    expect(task).toMatchObject({ assignment_status: 'reserved', version: 0 })
  })

  it.each([
    ['pending', 'completed', 'complete', 'not currently assigned'],
    ['pending', 'wrapping', 'wrap up', 'not currently assigned'],
    ['reserved', 'completed', 'complete', 'not currently assigned'],
    ['assigned', 'canceled', 'cancel', 'not pending or reserved'],
    ['wrapping', 'canceled', 'cancel', 'not pending or reserved'],
    ['wrapping', 'wrapping', 'wrap up', 'not currently assigned'],
    ['completed', 'completed', 'complete', 'not currently assigned'],
    ['completed', 'canceled', 'cancel', 'not pending or reserved']
  ])('that is %s cannot become %s', (from, to, verb, why) => {
    const world = center()
    world.addTask('task')
    if (from !== 'pending') world.addWorker('Ada')
    if (from !== 'pending' && from !== 'reserved') world.accept('Ada', 'task')
    if (from === 'wrapping' || from === 'completed') world.updateTask('task', { assignment_status: from })
    expect(world.refusal(() => world.updateTask('task', { assignment_status: to }))).toBe(cannot(verb, world, why))
  })

  it.each(['pending', 'reserved', 'assigned', 'nonsense'])('can never be set to %s', (assignment_status) => {
    const world = center()
    world.addTask('task')
    expect(world.refusal(() => world.updateTask('task', { assignment_status }))).toMatch(/^400\/20001 AssignmentStatus/)
  })

  it('is canceled with its reservations, and its worker goes on with the next', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('task')
    world.addTask('next')
    world.updateTask('task', { assignment_status: 'canceled', reason: 'hung up', attributes: { note: 1 } })
    expect([world.where('task'), world.task('task').reason, world.task('task').attributes]).toEqual([
      'canceled',
      'hung up',
      '{"note":1}'
    ])
    expect([world.who('task', 'canceled'), world.where('next')]).toEqual([['Ada'], 'reserved Ada'])
    const canceled = world.events('reservation.canceled').map((event) => event.refs.task?.assignment_status)
    expect(canceled).toEqual(['canceled'])
  })

  it('can have its attributes corrected until it is forgotten, and nothing else', () => {
    const world = center()
    world.addTask('task')
    world.updateTask('task', { assignment_status: 'canceled' })
    expect(world.updateTask('task', { attributes: { report: 'late' } }).attributes).toBe('{"report":"late"}')
    expect(world.refusal(() => world.updateTask('task', { priority: 1 }))).toBe(cannot('update', world, 'canceled'))
    expect(world.refusal(() => world.updateTask('task', { reason: 'other' }))).toBe(cannot('update', world, 'canceled'))
  })

  it('is deleted in any state: who had it has completed it (13.16)', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('task')
    world.accept('Ada', 'task')
    world.deleteTask('task')
    expect(world.where('task')).toBe('gone')
    expect(world.eventTypes('task').slice(-2)).toEqual(['reservation.completed', 'task.deleted'])
    world.addTask('other')
    world.deleteTask('other')
    expect(world.eventTypes('other').slice(-2)).toEqual(['reservation.canceled', 'task.deleted'])
  })

  it('is changed only by who knows its version (13.17)', () => {
    const world = center()
    world.addTask('task')
    expect(world.updateTask('task', { priority: 1, if_match: '0' }).version).toBe(1)
    expect(world.refusal(() => world.updateTask('task', { priority: 2, if_match: '"0"' }))).toMatch(/^412\/20412 /)
    for (const if_match of ['"1"', 'W/"2"', '3', '*']) world.updateTask('task', { priority: 2, if_match })
    expect(world.task('task').version).toBe(5)
  })

  it('is offered on its channel, and on another when that is changed, its reservations with it', () => {
    const world = center()
    world.addWorker('Ada', { capacity: { chat: 0, voice: 1, default: 1 } })
    world.addTask('task', { task_channel: 'chat' })
    expect(world.where('task')).toBe('pending')
    world.updateTask('task', { task_channel: 'voice' })
    expect(world.where('task')).toBe('reserved Ada')
    world.addTask('call', { task_channel: 'voice' })
    world.updateTask('task', { task_channel: 'default' })
    expect([world.where('task'), world.where('call')]).toEqual(['reserved Ada', 'reserved Ada'])
  })
})

describe('time and a task (4.2)', () => {
  it('cancels it when nobody has it at the end of its time to live', () => {
    const world = center()
    world.addTask('task', { timeout: 60 })
    world.pass('59 s')
    world.addWorker('Ada')
    expect(world.where('task')).toBe('reserved Ada')
    world.pass('1 s')
    expect([world.where('task'), world.task('task').reason, world.who('task', 'canceled')]).toEqual([
      'canceled',
      'Task TTL Exceeded',
      ['Ada']
    ])
  })

  it('does not cancel it once somebody has it, but ends it after a day', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('task', { timeout: 60 })
    world.accept('Ada', 'task')
    world.pass('23 h')
    expect(world.where('task')).toBe('assigned Ada')
    world.pass('1 h')
    expect(world.where('task')).toBe('gone')
    expect(world.eventTypes('task').slice(-2)).toEqual(['reservation.completed', 'task.system-deleted'])
  })

  it('cancels it after as many rounds as are allowed', () => {
    const world = new World({ settings: { limits: { assignment_rounds: 2 } } })
    world.addQueue('Support')
    world.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    for (const name of ['Ada', 'Bea', 'Cleo']) world.addWorker(name)
    world.addTask('task')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('reserved Bea')
    world.reject('Bea', 'task')
    expect([world.where('task'), world.task('task').reason]).toEqual([
      'canceled',
      'Task TTL Exceeded or Max assignment count exceeded'
    ])
  })
})

describe('what a task must be', () => {
  const { at } = new World()

  it.each([
    ['VirtualStartTime must not be in the future', { virtual_start_time: at + 1 }],
    ['VirtualStartTime must not be before 1900', { virtual_start_time: -2_208_988_800_001 }],
    ["Value '-1' provided for Priority", { priority: -1 }],
    ["Value '0' provided for Timeout", { timeout: 0 }],
    ["Value '1209601' provided for Timeout", { timeout: 1_209_601 }],
    ["Value 'fax' provided for TaskChannel", { task_channel: 'fax' }],
    ["Value 'nobody' provided for WorkflowSid as RoutingTarget has an invalid format", { routing_target: 'nobody' }],
    [
      `Value 'WK${'1'.repeat(32)}' provided for RoutingTarget does not exist`,
      { routing_target: `WK${'1'.repeat(32)}` }
    ],
    ['IgnoreCapacity is valid only', { ignore_capacity: true }]
  ])('%s (13.27)', (message, params) => {
    const world = center()
    expect(world.refusal(() => world.addTask('task', params))).toContain(`400/20001 ${message}`)
    expect(world.state.tables.task.size).toBe(0)
  })

  it('needs its workflow named where there are several', () => {
    const world = center()
    world.addWorkflow('Second', { default_filter: { queue: 'Other' } })
    expect(world.refusal(() => world.addTask('task'))).toMatch(/^400\/20001 .*required.*WorkflowSid/)
  })

  it('must match something', () => {
    const world = center({ filters: [{ expression: 'type == "sale"', targets: [{ queue: 'Support' }] }] })
    expect(world.refusal(() => world.addTask('task', { attributes: { type: 'other' } }))).toMatch(
      /^400\/20001 Task matches no filter/
    )
    expect([world.state.tables.task.size, world.events('task.created').length]).toEqual([0, 0])
  })
})

describe('routing directly (4.4)', () => {
  it('to a queue: no filters, until somebody takes it', () => {
    const world = center()
    world.addTask('task', { routing_target: world.queue('Other').sid })
    expect([world.queueOf('task'), world.task('task').workflow_sid, world.eventTypes('task')]).toEqual([
      'Other',
      null,
      ['task.created', 'task-queue.entered']
    ])
    world.addWorker('Ada')
    expect(world.where('task')).toBe('reserved Ada')
  })

  it('to a workflow: as with WorkflowSid', () => {
    const world = center()
    world.addTask('task', { routing_target: world.workflow('Main').sid })
    expect(world.queueOf('task')).toBe('Support')
  })

  it('to a worker: at once, whatever its capacity and activity; nobody else is asked', () => {
    const world = center()
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { activity: 'Offline', capacity: { default: 0 } })
    world.addTask('task', { routing_target: world.worker('Bea').sid, task_queue_sid: world.queue('Other').sid })
    expect([world.where('task'), world.queueOf('task'), world.task('task').ignore_capacity]).toEqual([
      'reserved Bea',
      'Other',
      true
    ])
    world.reject('Bea', 'task')
    expect([world.where('task'), world.task('task').reason]).toEqual([
      'canceled',
      'RoutingTarget not available for Reservation acceptance'
    ])
    expect(world.eventTypes('task').slice(-2)).toEqual(['task.canceled', 'reservation.failed'])
    expect(world.events('reservation.failed')[0]?.refs.worker?.friendly_name).toBe('Bea')
  })

  it('to a worker who does not answer: canceled, too', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('task', { routing_target: world.worker('Ada').sid })
    world.pass('2 min')
    expect([world.where('task'), world.activityOf('Ada')]).toEqual(['canceled', 'Offline'])
  })

  it('to a worker with regard to its capacity: it waits for her alone, before what her queues hold', () => {
    const world = center()
    for (const name of ['Ada', 'Bea']) world.addWorker(name)
    world.addTask('first')
    world.addTask('hers', { routing_target: world.worker('Ada').sid, ignore_capacity: false })
    world.pass('10 min') // Ada did not answer the first, and neither did Bea
    expect([world.activityOf('Ada'), world.where('hers')]).toEqual(['Offline', 'pending'])
    world.move('Ada', 'Available')
    // The first has been waiting longer, and has the same priority.
    expect([world.where('first'), world.where('hers')]).toEqual(['reserved Ada', 'pending'])
    world.accept('Ada', 'first')
    world.complete('Ada', 'first')
    expect(world.where('hers')).toBe('reserved Ada')
  })
})
