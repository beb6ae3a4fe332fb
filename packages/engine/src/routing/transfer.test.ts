import { describe, expect, it } from 'vitest'
import { World, type WorldOptions } from '../testing/world.ts'
import type { TransferRow } from './rows.ts'

/** Ada has a task; Bea and Cleo are there; Cleo alone is in the queue Experts. */
function center(settings: NonNullable<WorldOptions['settings']> = {}): World {
  const world = new World({ settings })
  world.addQueue('Support')
  world.addQueue('Experts', { target_workers: 'expert == true' })
  world.addWorkflow('Main', { default_filter: { queue: 'Support' } }, { task_reservation_timeout: 60 })
  world.addWorker('Ada')
  world.addTask('task')
  world.accept('Ada', 'task')
  world.addWorker('Bea')
  world.addWorker('Cleo', { attributes: { expert: true } })
  return world
}

function transfer(world: World, from: string, to: string, mode?: string, extra: object = {}): TransferRow {
  const { sid, task_sid, worker_sid } = world.reservation(from, 'task')
  return world.do({
    type: 'transfer.create',
    workspace_sid: world.workspace_sid,
    worker_sid,
    reservation_sid: sid,
    task_sid,
    to,
    ...(mode !== undefined && { mode }),
    ...extra
  }).transfer
}

function status(world: World, { sid }: TransferRow): string {
  const { transfer_status, transfer_failed_reason } = world.state.get('transfer', sid)
  return transfer_failed_reason === null ? transfer_status : `${transfer_status}: ${transfer_failed_reason}`
}

function cancel(world: World, { sid, initiating_worker_sid: worker_sid }: TransferRow): void {
  world.do({ type: 'transfer.cancel', workspace_sid: world.workspace_sid, worker_sid, sid })
}

function deleteTask(world: World): void {
  world.do({ type: 'task.delete', workspace_sid: world.workspace_sid, sid: world.sid('task') })
}

function transferEvents(world: World): string[] {
  return world.eventTypes('task').filter((type) => type.startsWith('task.transfer'))
}

describe('a warm transfer (reference 9.7)', () => {
  it('to a worker: both have the task after acceptance, and the last one completes it', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.worker('Bea').sid)
    expect(made).toMatchObject({
      transfer_mode: 'WARM',
      transfer_type: 'WORKER',
      transfer_status: 'initiated',
      initiating_worker_sid: world.worker('Ada').sid,
      initiating_queue_sid: world.queue('Support').sid,
      initiating_workflow_sid: world.workflow('Main').sid,
      reservation_sid: world.reservation('Bea', 'task').sid
    })
    expect([world.where('task'), world.who('task', 'accepted')]).toEqual(['reserved Bea', ['Ada']])
    world.accept('Bea', 'task')
    expect([status(world, made), world.where('task')]).toEqual(['complete', 'assigned Ada, Bea'])
    world.complete('Ada', 'task')
    expect(world.where('task')).toBe('assigned Bea')
    world.complete('Bea', 'task')
    expect(world.where('task')).toBe('completed')
    expect(transferEvents(world)).toEqual(['task.transfer-initiated', 'task.transfer-completed'])
  })

  it.each([
    ['rejects', (world: World) => world.reject('Bea', 'task'), 'was rejected'],
    ['does not answer', (world: World) => world.pass('60 s'), 'timed out']
  ])('to a worker who %s fails, and the initiator has the task as before', (_, act, how) => {
    const world = center()
    const made = transfer(world, 'Ada', world.worker('Bea').sid)
    act(world)
    expect(status(world, made)).toBe(`failed: Transfer failed because the reservation ${how}`)
    expect([world.where('task'), world.queueOf('task')]).toEqual(['assigned Ada', 'Support'])
    expect(transferEvents(world)).toEqual(['task.transfer-initiated', 'task.transfer-failed'])
    world.complete('Ada', 'task')
    expect(world.where('task')).toBe('completed')
  })

  it.each<[string, 'WORKER' | 'QUEUE', (world: World, made: TransferRow) => void, string]>([
    ['rejected', 'WORKER', (world) => world.reject('Cleo', 'task'), 'failed'],
    ['timeout', 'WORKER', (world) => world.pass('60 s'), 'failed'],
    ['rejected', 'QUEUE', (world) => world.reject('Cleo', 'task'), 'initiated'],
    ['timeout', 'QUEUE', (world) => world.pass('60 s'), 'initiated'],
    ['canceled', 'WORKER', cancel, 'canceled'],
    ['canceled', 'QUEUE', cancel, 'canceled'],
    ['canceled', 'WORKER', deleteTask, 'canceled'],
    ['canceled', 'QUEUE', deleteTask, 'canceled'],
    ['accepted', 'WORKER', (world) => world.accept('Cleo', 'task'), 'complete']
  ])('tells of the reservation that is %s, for one to a %s, how the transfer stands', (how, type, act, stands) => {
    const world = center()
    const made = transfer(world, 'Ada', type === 'QUEUE' ? world.queue('Experts').sid : world.worker('Cleo').sid)
    act(world, made)
    const refs = world.events(`reservation.${how}` as 'reservation.rejected').at(-1)?.refs // as: of the table above
    expect([refs?.worker?.friendly_name, refs?.transfer?.sid, refs?.transfer?.transfer_status]).toEqual([
      'Cleo',
      made.sid,
      stands
    ])
  })

  it('to a queue has failed when the reservation is told that used up its last round', () => {
    const world = center({ limits: { assignment_rounds: 2 } })
    transfer(world, 'Ada', world.queue('Experts').sid)
    world.reject('Cleo', 'task')
    expect(world.events('reservation.rejected').at(-1)?.refs.transfer).toMatchObject({
      transfer_status: 'failed',
      transfer_failed_reason: 'Transfer failed because the reservation was rejected'
    })
  })

  it('to a queue waits there, asks one after the other, and is never offered to the initiator', () => {
    const world = center()
    world.setAttributes('Ada', { expert: true })
    world.move('Cleo', 'Offline')
    const made = transfer(world, 'Ada', world.queue('Experts').sid)
    expect([world.where('task'), world.queueOf('task')]).toEqual(['pending', 'Experts'])
    world.move('Cleo', 'Available')
    world.reject('Cleo', 'task')
    expect(status(world, made)).toBe('initiated: Transfer attempt failed because the reservation was rejected')
    expect([world.where('task'), world.who('task', 'accepted')]).toEqual(['pending', ['Ada']])
    world.pass('2 s')
    world.accept('Cleo', 'task')
    expect([status(world, made), world.where('task')]).toEqual(['complete', 'assigned Ada, Cleo'])
    expect(transferEvents(world)).toEqual([
      'task.transfer-initiated',
      'task.transfer-attempt-failed',
      'task.transfer-completed'
    ])
  })

  it('to a queue that asks several fails as the last of them to answer did', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.addQueue('Many', { max_reserved_workers: 2 }).sid)
    expect(world.where('task')).toBe('reserved Bea, Cleo')
    world.reject('Cleo', 'task')
    expect(status(world, made)).toBe('initiated')
    world.pass('60 s')
    expect(status(world, made)).toBe('initiated: Transfer attempt failed because the reservation timed out')
  })

  it('leaves a task wrapping up when those who have accepted it are done, and another is not', () => {
    const world = center()
    transfer(world, 'Ada', world.worker('Bea').sid)
    world.accept('Bea', 'task')
    world.respond('Bea', 'task', 'wrapping')
    expect(world.where('task')).toBe('assigned Ada')
    world.complete('Ada', 'task')
    expect(world.where('task')).toBe('wrapping Bea')
    expect(world.eventTypes('task').at(-1)).toBe('task.wrapup')
    world.complete('Bea', 'task')
    expect(world.where('task')).toBe('completed')
  })

  it('can be taken back once, by who began it, while it is under way', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.queue('Experts').sid)
    expect(world.where('task')).toBe('reserved Cleo')
    const others = { ...made, initiating_worker_sid: world.worker('Bea').sid }
    expect(world.refusal(() => cancel(world, others))).toMatch(/^404/)
    cancel(world, made)
    expect([status(world, made), world.where('task'), world.who('task', 'canceled')]).toEqual([
      'canceled',
      'assigned Ada',
      ['Cleo']
    ])
    expect(world.queueOf('task')).toBe('Support')
    const canceled = world.events('reservation.canceled').at(-1)
    expect(canceled?.refs.task?.assignment_status).toBe('assigned')
    expect(world.refusal(() => cancel(world, made))).toBe(
      `400/20001 Transfer ${made.sid} is already canceled . Cannot cancel transfer.`
    )
  })

  it('lives no longer than an assigned task, and ends with it', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.worker('Bea').sid)
    expect(world.task('task').ttl_at).toBeNull()
    expect(world.refusal(() => world.updateTask('task', { assignment_status: 'canceled' }))).toMatch(/not pending/)
    world.updateTask('task', { assignment_status: 'completed' })
    expect([world.where('task'), status(world, made), world.who('task', 'canceled')]).toEqual([
      'completed',
      'canceled',
      ['Bea']
    ])
  })
})

describe('a cold transfer (reference 9.7)', () => {
  it('lets the initiator wrap up at once; the task is the next worker’s alone', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.worker('Bea').sid, 'COLD', { priority: 7, attributes: '{"from":"Ada"}' })
    expect([world.where('task'), world.who('task', 'wrapping')]).toEqual(['reserved Bea', ['Ada']])
    expect(world.task('task')).toMatchObject({ priority: 7, attributes: '{"from":"Ada"}' })
    world.accept('Bea', 'task')
    expect([status(world, made), world.where('task')]).toEqual(['complete', 'assigned Bea'])
    world.complete('Ada', 'task')
    expect(world.where('task')).toBe('assigned Bea')
    world.complete('Bea', 'task')
    expect(world.where('task')).toBe('completed')
  })

  it('that fails is routed anew by its workflow', () => {
    const world = center()
    const made = transfer(world, 'Ada', world.worker('Bea').sid, 'COLD')
    world.reject('Bea', 'task')
    expect(status(world, made)).toMatch(/^failed/)
    expect(world.where('task')).toBe('reserved Cleo')
    expect(world.queueOf('task')).toBe('Support')
  })

  it('that fails after too many rounds cancels its task, and says why (reference 4.2)', () => {
    const world = center({ limits: { assignment_rounds: 2 } })
    const made = transfer(world, 'Ada', world.worker('Bea').sid, 'COLD')
    world.reject('Bea', 'task')
    expect([world.where('task'), status(world, made)]).toEqual([
      'canceled',
      'failed: Transfer failed because the reservation was rejected'
    ])
    expect(world.task('task').reason).toBe('Task TTL Exceeded or Max assignment count exceeded')
  })

  it('to a queue where nobody comes ends with the life of the task', () => {
    const world = center()
    world.move('Cleo', 'Offline')
    const made = transfer(world, 'Ada', world.queue('Experts').sid, 'COLD')
    world.complete('Ada', 'task')
    expect(world.where('task')).toBe('pending')
    world.pass('1 d')
    expect([world.where('task'), status(world, made)]).toEqual(['canceled', 'canceled'])
  })
})

describe('a transfer is refused', () => {
  it.each([
    ['to oneself', 'Ada', 'Ada', /^400.*itself/],
    ['to somebody who is away', 'Ada', 'Zoe', /^400.*not available/],
    ['in another mode', 'Ada', 'Bea', /^400.*Mode/]
  ])('%s', (what, from, to, text) => {
    const world = center()
    world.addWorker('Zoe', { activity: 'Offline' })
    const mode = what === 'in another mode' ? 'LUKEWARM' : undefined
    expect(world.refusal(() => transfer(world, from, world.worker(to).sid, mode))).toMatch(text)
  })

  it('to somebody who has the task as well, but not back to who has let go of it', () => {
    const world = center()
    transfer(world, 'Ada', world.worker('Bea').sid)
    world.accept('Bea', 'task')
    expect(world.refusal(() => transfer(world, 'Ada', world.worker('Bea').sid))).toMatch(/^400.*already/)
    transfer(world, 'Ada', world.worker('Cleo').sid, 'COLD')
    world.accept('Cleo', 'task')
    transfer(world, 'Cleo', world.worker('Ada').sid)
    expect(world.where('task')).toBe('reserved Ada')
  })

  it('of what one does not have (any more), and twice at once', () => {
    const world = center()
    transfer(world, 'Ada', world.worker('Bea').sid)
    expect(world.refusal(() => transfer(world, 'Ada', world.worker('Cleo').sid))).toMatch(/not currently assigned/)
    expect(world.refusal(() => transfer(world, 'Bea', world.worker('Cleo').sid))).toMatch(/not currently assigned/)
  })
})
