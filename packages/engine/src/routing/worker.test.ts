import { describe, expect, it } from 'vitest'
import { capacityLeft } from '../matching/view.ts'
import { World } from '../testing/world.ts'

function center(): World {
  const world = new World()
  world.addQueue('Everybody')
  world.addWorkflow('Main', { default_filter: { queue: 'Everybody' } })
  return world
}

describe('a worker', () => {
  it('has a name of its own, whatever the case (13.4)', () => {
    const world = center()
    world.addWorker('Ada')
    expect(world.refusal(() => world.addWorker('ADA'))).toBe(
      '400/20001 Worker with the same friendly name already exists'
    )
    world.do({
      type: 'worker.update',
      workspace_sid: world.workspace_sid,
      sid: world.worker('Ada').sid,
      friendly_name: 'ada'
    })
    expect(world.worker('Ada').friendly_name).toBe('ada')
  })

  it('begins in the default activity with every channel at capacity one', () => {
    const world = center()
    const { worker } = world.do({ type: 'worker.create', workspace_sid: world.workspace_sid, friendly_name: 'Ada' })
    expect([world.activityOf('Ada'), worker.attributes, worker.version]).toEqual(['Offline', '{}', 0])
    expect(world.channel('Ada', 'voice')).toMatchObject({ configured_capacity: 1, available: true })
  })

  it('takes as many tasks as its capacity says, waiting ones first by age (13.11)', () => {
    const world = center()
    world.addWorker('Ada', { capacity: { default: 3 } })
    for (const name of ['one', 'two', 'three', 'four']) world.addTask(name)
    expect(['one', 'two', 'three', 'four'].map((name) => world.where(name))).toEqual([
      'reserved Ada',
      'reserved Ada',
      'reserved Ada',
      'pending'
    ])
    const load = () => ({
      ...world.state.matcher.load(world.worker('Ada').sid, world.channel('Ada', 'default').task_channel_sid)
    })
    expect(load()).toEqual({ open: 3, assigned: 0 })
    expect(capacityLeft(3, 3)).toBe(0)
    world.accept('Ada', 'one')
    expect(load()).toEqual({ open: 3, assigned: 1 })
    world.complete('Ada', 'one')
    expect(world.where('four')).toBe('reserved Ada')
  })

  it.each([
    [0, 3, 100],
    [1, 3, 66],
    [2, 3, 33],
    [3, 3, 0],
    [4, 3, 0],
    [0, 0, 0],
    [1, 0, 0]
  ])('with %i reservations at capacity %i has %i %% left', (open, capacity, left) => {
    expect(capacityLeft(open, capacity)).toBe(left)
  })

  it('keeps work beyond a lowered capacity, takes nothing at capacity 0, and more as soon as it may', () => {
    const world = center()
    world.addWorker('Ada', { capacity: { default: 2 } })
    for (const name of ['one', 'two', 'three']) world.addTask(name)
    world.setChannel('Ada', 'default', { capacity: 0 })
    world.accept('Ada', 'one')
    world.complete('Ada', 'one')
    expect([world.where('two'), world.where('three')]).toEqual(['reserved Ada', 'pending'])
    world.setChannel('Ada', 'default', { capacity: 2 })
    expect(world.where('three')).toBe('reserved Ada')
  })

  it('takes nothing on a channel that it has closed, and other channels go on', () => {
    const world = center()
    world.addWorker('Ada')
    world.setChannel('Ada', 'chat', { available: false })
    world.addTask('chat', { task_channel: 'chat' })
    world.addTask('call', { task_channel: 'voice' })
    expect([world.where('chat'), world.where('call')]).toEqual(['pending', 'reserved Ada'])
    world.setChannel('Ada', 'chat', { available: true })
    expect(world.where('chat')).toBe('reserved Ada')
  })

  it('becomes unavailable: its reservations stay unless they are to be rejected (13.18)', () => {
    const world = center()
    world.addWorker('Ada', { capacity: { default: 2 } })
    world.addTask('one')
    world.move('Ada', 'Unavailable')
    expect(world.where('one')).toBe('reserved Ada')
    world.move('Ada', 'Available')
    world.addTask('two')
    world.accept('Ada', 'one')
    world.move('Ada', 'Offline', true)
    expect([world.where('one'), world.where('two'), world.who('two', 'rejected')]).toEqual([
      'assigned Ada',
      'pending',
      ['Ada']
    ])
    expect(world.refusal(() => world.move('Ada', 'Available', true))).toMatch(/^400\/20001 RejectPendingReservations/)
  })

  it('changes its activity with the time it spent in the last one; the same activity again is no change (6.7)', () => {
    const world = center()
    world.addWorker('Ada')
    const { version, date_status_changed } = world.worker('Ada')
    world.pass('2500 ms')
    world.move('Ada', 'Available')
    expect(world.worker('Ada')).toMatchObject({ version, date_status_changed })
    world.move('Ada', 'Offline')
    expect(world.worker('Ada')).toMatchObject({ version: version + 1, date_status_changed: world.at })
    expect(world.events('worker.activity.update').at(-1)?.refs.extra).toEqual({
      worker_previous_activity_sid: world.activity('Available').sid,
      worker_previous_activity_name: 'Available',
      worker_time_in_previous_activity: 2,
      worker_time_in_previous_activity_ms: 2500
    })
  })

  it('is one version older with each change, a reservation included (0.5)', () => {
    const world = center()
    world.addWorker('Ada')
    const before = world.worker('Ada').version
    world.addTask('one')
    expect(world.worker('Ada').version).toBe(before + 1)
    world.setChannel('Ada', 'chat', { capacity: 2 })
    expect(world.worker('Ada').version).toBe(before + 2)
  })

  it.each(['accepted', 'wrapping'] as const)(
    'tells of its channel with the figures that a callback shows: %s (8.3)',
    (status) => {
      const world = center()
      world.addWorker('Ada', { capacity: { default: 4 } })
      world.addTask('one')
      world.accept('Ada', 'one')
      if (status === 'wrapping') world.respond('Ada', 'one', status)
      world.setChannel('Ada', 'default', { capacity: 2 })
      expect(world.events('worker.capacity.update').at(-1)?.refs.extra).toEqual({
        worker_channel_previous_capacity: 4,
        worker_channel_available_capacity: 50,
        worker_channel_consumed_capacity: 1,
        worker_channel_task_count: 1
      })
    }
  )

  it('takes what it has become able to take', () => {
    const world = center()
    world.addQueue('Spanish', { target_workers: 'languages HAS "es"' })
    world.addWorkflow('Spanish', { default_filter: { queue: 'Spanish' } })
    world.addWorker('Ada', { attributes: { languages: ['en'] } })
    world.addTask('hola', { workflow_sid: world.workflow('Spanish').sid })
    expect(world.where('hola')).toBe('pending')
    world.setAttributes('Ada', { languages: ['en', 'es'] })
    expect(world.where('hola')).toBe('reserved Ada')
  })

  it('is not deleted while it holds reservations; afterwards it goes, and its tasks keep their history', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('one')
    world.accept('Ada', 'one')
    const { sid } = world.worker('Ada')
    const remove = () => world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid })
    expect(world.refusal(remove)).toMatch(/^400\/20001 Worker Ada cannot be deleted/)
    world.complete('Ada', 'one')
    remove()
    expect(world.where('one')).toBe('completed')
    expect(world.state.tables.worker_channel.size).toBe(0)
    expect(world.state.tables.reservation.all()).toMatchObject([
      { task_sid: world.sid('one'), worker_sid: sid, worker_name: 'Ada', reservation_status: 'completed' }
    ])
    world.addWorker('Ada')
    expect(world.worker('Ada').sid).not.toBe(sid)
    world.do({ type: 'task.delete', workspace_sid: world.workspace_sid, sid: world.sid('one') })
    expect(world.state.tables.reservation.size).toBe(0)
  })

  it('who is deleted after a rejection leaves the reservation with the task that still waits', () => {
    const world = center()
    world.addWorker('Ada')
    world.addTask('one')
    world.reject('Ada', 'one')
    const { sid } = world.worker('Ada')
    world.move('Ada', 'Offline')
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid })
    world.addWorker('Bea')
    expect(world.where('one')).toBe('reserved Bea')
    const kept = world.state.tables.reservation.list('task_sid', world.sid('one'))
    expect(kept.map((row) => [row.reservation_status, row.worker_name])).toEqual([
      ['rejected', 'Ada'],
      ['pending', null]
    ])
  })

  it('who is deleted leaves no task waiting for it alone', () => {
    const world = center()
    world.addWorker('Ada')
    world.move('Ada', 'Offline')
    world.addTask('mine', { routing_target: world.worker('Ada').sid, ignore_capacity: false })
    expect(world.where('mine')).toBe('pending')
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('Ada').sid })
    expect([world.where('mine'), world.task('mine').reason]).toEqual([
      'canceled',
      'RoutingTarget not available for Reservation acceptance'
    ])
    expect(world.eventTypes('mine')).toContain('reservation.failed')
  })

  it('cannot become available beyond the account’s limit; leaving and coming back is fine', () => {
    const world = new World({ settings: { limits: { available_workers: 1 } } })
    world.addWorker('Ada')
    expect(world.refusal(() => world.addWorker('Bea'))).toMatch(/^400\/14240 /)
    world.move('Ada', 'Offline')
    world.move('Bea', 'Available')
    expect(world.refusal(() => world.move('Ada', 'Available'))).toMatch(/^400\/14240 /)
  })
})

describe('the order in which workers are chosen (6.4)', () => {
  it('is that of their idle time; a new worker is idle since its creation', () => {
    const world = center()
    for (const name of ['Ada', 'Bea', 'Cleo']) world.addWorker(name, { capacity: { default: 5 } })
    const taken = ['1', '2', '3', '4', '5', '6'].map((name) => {
      world.addTask(name)
      return world.who(name)[0]
    })
    expect(taken).toEqual(['Ada', 'Bea', 'Cleo', 'Ada', 'Bea', 'Cleo'])
  })

  it('is not changed by a new activity', () => {
    const world = center()
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { capacity: { default: 5 } })
    world.addTask('1')
    world.move('Bea', 'Offline')
    world.move('Bea', 'Available')
    world.addTask('2')
    expect(world.who('2')).toEqual(['Bea'])
  })

  it.each([
    [false, 'Bea'],
    [true, 'Ada']
  ])(
    'with channel_optimized_routing %s: after Ada had a call, the chat goes to %s',
    (channel_optimized_routing, chosen) => {
      const world = center()
      for (const name of ['Ada', 'Bea']) world.addWorker(name, { capacity: { chat: 5, voice: 5 } })
      world.do({
        type: 'task_channel.update',
        workspace_sid: world.workspace_sid,
        sid: 'chat',
        channel_optimized_routing
      })
      world.addTask('call', { task_channel: 'voice' })
      expect(world.who('call')).toEqual(['Ada'])
      world.addTask('chat', { task_channel: 'chat' })
      expect(world.who('chat')).toEqual([chosen])
    }
  )
})

describe('an activity', () => {
  it('keeps its availability for good (13.5)', () => {
    const world = center()
    const { sid } = world.activity('Unavailable')
    const command = {
      type: 'activity.update',
      workspace_sid: world.workspace_sid,
      sid,
      friendly_name: 'Lunch',
      available: true
    } as const
    expect(world.do(command).activity).toMatchObject({ friendly_name: 'Lunch', available: false })
  })

  it('is not deleted while it is in use', () => {
    const world = center()
    const { workspace_sid } = world
    world.addWorker('Ada')
    const remove = (name: string) => world.do({ type: 'activity.delete', workspace_sid, sid: world.activity(name).sid })
    expect(world.refusal(() => remove('Offline'))).toContain('default activity')
    expect(world.refusal(() => remove('Available'))).toContain('1 worker is in it')
    const { sid } = world.activity('Unavailable')
    remove('Unavailable')
    expect(world.refusal(() => world.do({ type: 'activity.delete', workspace_sid, sid }))).toBe(
      `404/20404 The requested resource /Workspaces/${workspace_sid}/Activities/${sid} was not found`
    )
  })

  it('that is renamed counts by its new name where expressions read names', () => {
    const world = center()
    world.addQueue('Lunch', { target_workers: 'activity_name == "Lunch"' })
    world.addWorkflow('Lunch', { default_filter: { queue: 'Lunch' } })
    world.addWorker('Ada')
    world.addTask('call', { workflow_sid: world.workflow('Lunch').sid })
    expect(world.where('call')).toBe('pending')
    world.do({
      type: 'activity.update',
      workspace_sid: world.workspace_sid,
      sid: world.activity('Available').sid,
      friendly_name: 'Lunch'
    })
    expect(world.where('call')).toBe('reserved Ada')
  })
})
