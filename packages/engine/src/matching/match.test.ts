import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { inTurn, OfferOrder, reasonAgainst, reasonNotReady } from './match.ts'

function center(workspace: NonNullable<ConstructorParameters<typeof World>[0]>['workspace'] = {}): World {
  const world = new World({ workspace })
  for (const [name, params] of Object.entries({ Old: {}, New: { task_order: 'LIFO' as const } })) {
    world.addQueue(name, params)
    world.addWorkflow(name, {
      default_filter: { queue: name, expression: 'task.team == null OR task.team == worker.team' }
    })
  }
  return world
}

function add(world: World, name: string, queue: string, params: Parameters<World['addTask']>[1] = {}): void {
  world.pass('1 s')
  world.addTask(name, { workflow_sid: world.workflow(queue).sid, ...params })
}

/** Takes everything from an offer order, as if nobody could take anything: the first of each bucket, in turn. */
function firsts(world: World, names: readonly string[]): string[] {
  const order = new OfferOrder(world.state, [world.workspace_sid])
  const found: string[] = []
  for (let first = order.first; first; first = order.first) {
    const { sid } = first
    found.push(names.find((name) => world.sid(name) === sid) ?? '?')
    order.drop()
  }
  return found
}

describe('the offer order of a workspace', () => {
  it.each([
    ['LIFO', ['new2', 'urgent', 'red']],
    ['FIFO', ['urgent', 'red', 'new2']]
  ] as const)(
    'takes the first of each bucket in turn, %s queues before the others',
    (prioritize_queue_order, expected) => {
      const world = center({ prioritize_queue_order })
      add(world, 'red', 'Old', { attributes: { team: 'red' } })
      add(world, 'old', 'Old')
      add(world, 'urgent', 'Old', { priority: 3 })
      add(world, 'new1', 'New')
      add(world, 'new2', 'New')
      expect(firsts(world, ['red', 'old', 'urgent', 'new1', 'new2'])).toEqual(expected)
      expect(Math.sign(inTurn(world.state, world.task('new2'), world.task('urgent')))).toBe(
        expected.indexOf('new2') - expected.indexOf('urgent') < 0 ? -1 : 1
      )
    }
  )

  it('goes on to the next of a bucket when the first is gone', () => {
    const world = center()
    for (const name of ['one', 'two', 'three']) add(world, name, 'Old')
    const order = new OfferOrder(world.state, [world.workspace_sid])
    expect(order.first?.sid).toBe(world.sid('one'))
    world.updateTask('one', { assignment_status: 'canceled' })
    expect(order.first?.sid).toBe(world.sid('two'))
    world.updateTask('three', { priority: 7 })
    expect(order.first?.sid).toBe(world.sid('three'))
    for (const name of ['two', 'three']) world.deleteTask(name)
    expect(order.first).toBeUndefined()
  })
})

describe('the first reason against a worker', () => {
  it('is told in the order in which a supervisor would ask', () => {
    const world = center({ multi_task_enabled: false })
    world.addWorker('Ada', { attributes: { team: 'red' }, activity: 'Offline' })
    world.addWorker('Bea', { attributes: { team: 'blue' }, activity: 'Offline' })
    add(world, 'task', 'Old', { attributes: { team: 'red' } })
    const against = (name: string, change = {}) =>
      reasonAgainst(world.state, { ...world.task('task'), ...change }, world.worker(name))
    expect(against('Bea')).toBe('the target expression does not match')
    expect(against('Ada')).toBe('not in an available activity')
    expect(against('Ada', { routing_target: world.worker('Bea').sid })).toBe('another worker is the routing target')
    expect(against('Ada', { task_queue_sid: null })).toBe('not eligible for the queue')
    expect(against('Ada', { retry_at: 1, rejected_by: [world.worker('Ada').sid] })).toBe('has just rejected the task')
    world.move('Ada', 'Available')
    expect(world.where('task')).toBe('reserved Ada')
    expect(against('Ada')).toBe('busy with another task')
  })

  it('of a channel is availability, then load', () => {
    const world = new World({ workspace: { multi_task_enabled: true } })
    world.addWorker('Ada')
    const reason = () => {
      const { task_channel_sid } = world.channel('Ada', 'chat')
      return reasonNotReady(world.state, world.worker('Ada'), task_channel_sid)
    }
    expect(reason()).toBeUndefined()
    world.setChannel('Ada', 'chat', { capacity: 0 })
    expect(reason()).toBe('no capacity left on the channel')
    world.setChannel('Ada', 'chat', { available: false })
    expect(reason()).toBe('not available on the channel')
  })
})
