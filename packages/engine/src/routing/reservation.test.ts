import { describe, expect, it } from 'vitest'
import { decide } from '../decide.ts'
import { World } from '../testing/world.ts'
import { cancelReservation } from './reservation.ts'

function center(...workers: readonly string[]): World {
  const world = new World()
  world.addQueue('Support')
  world.addWorkflow('Main', { default_filter: { queue: 'Support' } }, { task_reservation_timeout: 60 })
  for (const name of workers) world.addWorker(name)
  return world
}

describe('a reservation', () => {
  it('that nobody answers takes the worker offline, and the task to the next (13.12)', () => {
    const world = center('Ada', 'Bea')
    world.addTask('task')
    world.pass('59 s')
    expect(world.where('task')).toBe('reserved Ada')
    world.pass('1 s')
    expect([world.who('task', 'timeout'), world.activityOf('Ada'), world.where('task')]).toEqual([
      ['Ada'],
      'Offline',
      'reserved Bea'
    ])
    world.pass('60 s')
    expect([world.activityOf('Bea'), world.where('task')]).toEqual(['Offline', 'pending'])
    const statuses = world.events('reservation.timeout').map((event) => event.refs.task?.assignment_status)
    expect(statuses).toEqual(['pending', 'pending'])
  })

  it('that nobody answers does not move a worker who is unavailable already', () => {
    const world = center('Ada')
    world.addTask('task')
    world.move('Ada', 'Unavailable')
    world.pass('60 s')
    expect([world.activityOf('Ada'), world.where('task')]).toEqual(['Unavailable', 'pending'])
  })

  it.each([
    ['Unavailable', 'Unavailable'],
    [undefined, 'Available']
  ])('that is rejected with WorkerActivitySid %s leaves the worker %s (13.13)', (activity, expected) => {
    const world = center('Ada')
    world.addTask('task')
    world.reject('Ada', 'task', activity)
    expect([world.activityOf('Ada'), world.where('task'), world.who('task', 'rejected')]).toEqual([
      expected,
      'pending',
      ['Ada']
    ])
    expect(world.events('reservation.rejected')[0]?.refs.task?.assignment_status).toBe('pending')
  })

  it('that is rejected is offered to others first, then to the same again after 2, 4, 8, 16, 30, 30 seconds (5.2)', () => {
    const world = center('Ada', 'Bea')
    world.addTask('task')
    world.reject('Ada', 'task')
    expect(world.where('task')).toBe('reserved Bea')
    world.move('Bea', 'Offline', true)
    world.pass('3 s')
    expect(world.where('task')).toBe('pending')
    world.pass('1 s')
    expect(world.where('task')).toBe('reserved Ada')
    const pauses: number[] = []
    for (let i = 0; i < 5; i++) {
      world.reject('Ada', 'task')
      const from = world.at
      while (world.where('task') === 'pending') world.pass('1 s')
      pauses.push((world.at - from) / 1000)
    }
    expect(pauses).toEqual([8, 16, 30, 30, 30])
  })

  it('that is rejected leaves the worker free for what else waits', () => {
    const world = center('Ada')
    world.addTask('first')
    world.addTask('second')
    world.reject('Ada', 'first')
    expect([world.where('first'), world.where('second')]).toEqual(['pending', 'reserved Ada'])
    world.pass('10 s')
    expect(world.where('first')).toBe('pending') // she is busy
  })

  it('that is rejected is offered at once to whoever comes', () => {
    const world = center('Ada')
    world.addTask('task')
    world.reject('Ada', 'task')
    world.addWorker('Bea')
    expect(world.where('task')).toBe('reserved Bea')
  })

  it.each([
    ['pending', 'wrapping', 'Cannot wrap up'],
    ['pending', 'completed', 'Cannot complete'],
    ['accepted', 'accepted', 'Cannot accept'],
    ['accepted', 'rejected', 'Cannot reject'],
    ['wrapping', 'wrapping', 'Cannot wrap up'],
    ['completed', 'completed', 'Cannot complete'],
    ['rejected', 'accepted', 'Cannot accept'],
    ['canceled', 'accepted', 'Cannot accept'],
    ['timeout', 'accepted', 'Cannot accept']
  ])('that is %s cannot become %s', (from, to, text) => {
    const world = center('Ada')
    world.addTask('task')
    if (from === 'timeout') world.pass('60 s')
    else if (from === 'canceled') world.updateTask('task', { assignment_status: 'canceled' })
    else if (from !== 'pending') {
      if (from !== 'rejected') world.accept('Ada', 'task')
      if (from !== 'accepted') world.respond('Ada', 'task', from)
    }
    expect(world.reservation('Ada', 'task').reservation_status).toBe(from)
    expect(world.refusal(() => world.respond('Ada', 'task', to))).toMatch(
      new RegExp(`^400/20001 ${text} reservation WR.* in workspace WS`)
    )
  })

  it.each(['pending', 'timeout', 'rescinded', 'canceled', 'nonsense'])('can never be set to %s', (status) => {
    const world = center('Ada')
    world.addTask('task')
    expect(world.refusal(() => world.respond('Ada', 'task', status))).toMatch(
      /^400\/20001 ReservationStatus cannot be set/
    )
  })

  it('is found by its task or by its worker, with its version', () => {
    const world = center('Ada', 'Bea')
    world.addTask('task')
    const { workspace_sid } = world
    const { sid } = world.reservation('Ada', 'task')
    const worker_sid = world.worker('Bea').sid
    const update = (params: object) =>
      world.do({ type: 'reservation.update', workspace_sid, sid, reservation_status: 'accepted', ...params })
    expect(world.refusal(() => update({ worker_sid }))).toMatch(
      /^404\/20404 .*\/Workers\/WK.*\/Reservations\/WR.* was not found$/
    )
    expect(world.refusal(() => update({ task_sid: world.sid('task'), if_match: '1' }))).toMatch(/^412\/20412/)
    update({ worker_sid: world.worker('Ada').sid, if_match: '0' })
    expect(world.reservation('Ada', 'task')).toMatchObject({
      reservation_status: 'accepted',
      version: 1,
      timeout_at: null
    })
  })

  it.each([
    ['accept', 'assigned Ada'],
    ['reject', 'pending']
  ])('follows the instruction %s', (instruction, where) => {
    const world = center('Ada')
    world.addTask('task')
    const { sid, task_sid } = world.reservation('Ada', 'task')
    world.do({ type: 'reservation.update', workspace_sid: world.workspace_sid, task_sid, sid, instruction })
    expect(world.where('task')).toBe(where)
  })

  it('takes the task along when it is wrapped up or completed', () => {
    const world = center('Ada')
    world.addTask('task')
    world.accept('Ada', 'task')
    world.respond('Ada', 'task', 'wrapping')
    expect(world.where('task')).toBe('wrapping Ada')
    world.complete('Ada', 'task')
    expect([world.where('task'), world.who('task', 'completed')]).toEqual(['completed', ['Ada']])
    expect(world.events('task.completed')[0]?.refs.worker?.friendly_name).toBe('Ada')
  })

  it('holds its capacity while it is pending, accepted or wrapping', () => {
    const world = center('Ada')
    world.addTask('task')
    world.addTask('next')
    for (const act of ['accepted', 'wrapping']) {
      expect(world.where('next')).toBe('pending')
      world.respond('Ada', 'task', act)
    }
    expect(world.where('next')).toBe('pending')
    world.complete('Ada', 'task')
    expect(world.where('next')).toBe('reserved Ada')
  })

  it('that could not be brought to the worker is canceled: the activity stays, the task goes to others or waits a moment (5.4)', () => {
    const world = center('Ada')
    world.addTask('task')
    const { state, workspace_sid } = world
    const { sid, task_sid } = world.reservation('Ada', 'task')
    state.begin(world.at, [1, 2, 3, 4])
    expect(cancelReservation(state, { workspace_sid, task_sid, sid }).reservation.reservation_status).toBe('canceled')
    state.end()
    expect([world.where('task'), world.activityOf('Ada')]).toEqual(['pending', 'Available'])
    world.pass('2 s')
    expect(world.where('task')).toBe('reserved Ada')
  })
})

describe('a decision that fails', () => {
  it('leaves nothing behind', () => {
    const world = center('Ada')
    const { state, workspace_sid } = world
    const before = [state.next_seq, state.next_event, state.tables.task.size, state.at]
    const command = { type: 'task.create', workspace_sid, attributes: 'no JSON' } as const
    expect(() => decide(state, { at: world.at + 5, seed: [1, 2, 3, 4], command })).toThrow(
      'Attributes are not valid JSON'
    )
    expect([state.next_seq, state.next_event, state.tables.task.size, state.at]).toEqual(before)
  })
})
