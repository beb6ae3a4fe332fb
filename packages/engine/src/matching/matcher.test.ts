import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

function center(): World {
  const world = new World()
  world.addQueue('Experts', { target_workers: 'level > 1' })
  world.addQueue('All')
  world.addWorkflow('Main', { default_filter: { queue: 'Experts' } })
  return world
}

function members(world: World, queue: string): string[] {
  const { matcher } = world.state
  return [...matcher.members(world.queue(queue).sid)].map((sid) => world.state.get('worker', sid).friendly_name)
}

/** Who may have to be offered something because of changes that no decision has looked at yet. */
function marked(world: World): string[] {
  return world.state.matcher.takeMarkedForOffer().map(({ row }) => row?.friendly_name ?? '?')
}

describe('answers of the matcher', () => {
  it('are as of the rows, also in the middle of a decision and after it is undone', () => {
    const world = center()
    const { sid } = world.addWorker('Ada', { attributes: { level: 1 }, activity: 'Offline' })
    const { matcher } = world.state
    const before = [members(world, 'Experts'), [...matcher.queuesOf(sid)], matcher.worker(sid).attributes]
    world.state.change('worker', sid, { attributes: '{"level":2}' })
    expect(members(world, 'Experts')).toEqual(['Ada'])
    expect([...matcher.queuesOf(sid)]).toEqual(['Experts', 'All'].map((name) => world.queue(name).sid))
    expect(matcher.workforce(world.queue('Experts').sid)).toMatchObject({ available: 0, unavailable: 1 })
    world.state.rollback()
    expect([members(world, 'Experts'), [...matcher.queuesOf(sid)], matcher.worker(sid).attributes]).toEqual(before)
    expect(matcher.workforce(world.queue('Experts').sid)).toMatchObject({ available: 0, unavailable: 0 })
  })

  it('see an activity by its name as it is now', () => {
    const world = center()
    world.addQueue('Free', { target_workers: 'activity_name == "Free"' })
    world.addWorker('Ada')
    expect(members(world, 'Free')).toEqual([])
    const { workspace_sid } = world
    world.do({ type: 'activity.update', workspace_sid, sid: world.activity('Available').sid, friendly_name: 'Free' })
    expect(members(world, 'Free')).toEqual(['Ada'])
    expect(world.state.matcher.worker(world.worker('Ada').sid).activity_name).toBe('Free')
  })

  it('forget a worker of whom nothing is left', () => {
    const world = center()
    const { sid } = world.addWorker('Ada')
    const { matcher } = world.state
    expect(matcher.entry(sid)).toBeDefined()
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid })
    expect(matcher.entry(sid)).toBeUndefined()
    expect(() => matcher.worker(sid)).toThrow('invariant')
  })
})

describe('workers marked for an offer', () => {
  it('are those who changed while something waits on a channel of theirs', () => {
    const world = center()
    const { sid } = world.addWorker('Ada', { attributes: { level: 1 } })
    world.state.change('worker', sid, { attributes: '{"level":0}' })
    expect(marked(world)).toEqual([])
    world.state.rollback()
    world.addTask('task')
    world.state.change('worker', sid, { attributes: '{"level":0}' })
    expect(marked(world)).toEqual(['Ada'])
    expect(marked(world)).toEqual([])
    world.state.rollback()
    expect(marked(world)).toEqual([])
  })

  it('are everybody in whose queue another expression is in force, and who did not change', () => {
    const world = center()
    world.addWorker('Ada', { attributes: { level: 1 } })
    world.addTask('task')
    world.state.change('task_queue', world.queue('Experts').sid, { target_workers: '1==1' })
    expect(marked(world)).toEqual(['Ada'])
    world.state.rollback()
  })
})

describe('tasks in the matcher', () => {
  it('for one worker alone are listed with the worker, the others by queue in its order', () => {
    const world = center()
    const { sid } = world.addWorker('Ada', { activity: 'Offline', attributes: { level: 2 } })
    for (const priority of [1, 3, 2]) world.addTask(`p${priority}`, { priority })
    world.addTask('direct', { routing_target: sid, ignore_capacity: false })
    const { matcher } = world.state
    expect(matcher.directTasks(sid).map((task) => task.sid)).toEqual([world.sid('direct')])
    const waiting = () => matcher.waiting(world.queue('Experts').sid).map((task) => task.priority)
    expect(waiting()).toEqual([3, 2, 1])
    const { workspace_sid } = world
    world.do({ type: 'task_queue.update', workspace_sid, sid: world.queue('Experts').sid, task_order: 'LIFO' })
    expect(waiting()).toEqual([2, 3, 1])
  })

  it('meet workers at no target index while they are in no queue', () => {
    const world = center()
    const task = world.addTask('task')
    const { matcher } = world.state
    expect(matcher.targetIndex({ ...task, task_queue_sid: null }, {})).toBeUndefined()
    const targetIndex = matcher.targetIndex(task, matcher.targetOf(task))
    expect(targetIndex?.eligibility.expression.source).toBe('level > 1')
    expect(targetIndex?.waiting.buckets.size).toBe(1)
  })
})
