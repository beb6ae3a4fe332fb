import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import { State } from '../center.ts'
import { World } from '../testing/world.ts'
import { refuse } from './refusals.ts'

const seed = [1, 2, 3, 4] as const

/** A center in the middle of its day: tasks in every state, a document of old, a back-off, a round of two. */
function midday(): World {
  const world = new World()
  world.addQueue('Support', { max_reserved_workers: 2 })
  world.addQueue('Sales', { target_workers: 'team == "sales"', task_order: 'LIFO' })
  world.addWorkflow('Main', {
    filters: [{ expression: 'type == "sale"', targets: [{ queue: 'Sales', timeout: 300 }, { queue: 'Support' }] }],
    default_filter: { queue: 'Support' }
  })
  for (const name of ['Ada', 'Bea', 'Cleo'])
    world.addWorker(name, { attributes: { team: name === 'Cleo' ? 'sales' : 'support' } })
  for (const name of ['done', 'held', 'asked', 'next']) world.addTask(name, { attributes: { name } })
  for (const name of ['sale 1', 'sale 2']) world.addTask(name, { attributes: { type: 'sale' } })
  world.accept('Ada', 'done')
  world.complete('Ada', 'done')
  world.updateWorkflow('Main', { task_routing: { default_filter: { queue: 'Sales' } } })
  world.pass('30 s')
  return world
}

describe('a state', () => {
  it('never goes back in time', () => {
    const state = new State('AC')
    state.begin(100, seed)
    state.end()
    state.begin(50, seed)
    expect(state.at).toBe(100)
    state.end()
  })

  it('decides one thing after another', () => {
    const world = midday()
    world.state.begin(world.at, seed)
    world.state.change('worker', world.worker('Ada').sid, {})
    expect(() => world.state.begin(world.at, seed)).toThrow('invariant: the last decision has ended')
  })

  it('raises a row’s version once a decision, dates it, and tells each change once with what was before', () => {
    const world = midday()
    const { state } = world
    const before = world.worker('Ada')
    state.begin(world.at + 5, seed)
    state.change('worker', before.sid, { friendly_name: 'Ann' })
    state.change('worker', before.sid, { friendly_name: 'Anna' })
    const made = state.insert('activity', {
      workspace_sid: world.workspace_sid,
      friendly_name: 'Lunch',
      available: false
    })
    state.change('activity', made.sid, { friendly_name: 'Break' })
    const gone = state.insert('activity', {
      workspace_sid: world.workspace_sid,
      friendly_name: 'Gone',
      available: false
    })
    state.remove('activity', gone.sid)
    const { changes } = state.end()
    expect(changes.map(({ kind, before: was, after }) => [kind, was?.version, after?.version])).toEqual([
      ['worker', before.version, before.version + 1],
      ['activity', undefined, 0]
    ])
    expect(world.worker('Anna').date_updated).toBe(world.at + 5)
    expect(changes[0]?.before).toBe(before)
  })

  it('is after a rollback what it was, whatever was done', () => {
    const world = midday()
    const { state, workspace_sid } = world
    const before = snapshot(state)
    for (const undo of [
      () => state.change('task_queue', world.queue('Support').sid, { target_workers: '1==2', task_order: 'LIFO' }),
      () => state.change('activity', world.activity('Available').sid, { friendly_name: 'Here' }),
      () =>
        state.change('task', world.sid('next'), {
          priority: 9,
          ttl_at: world.at + 1,
          task_queue_sid: world.queue('Sales').sid
        }),
      () => state.remove('worker', world.worker('Bea').sid),
      () => state.insert('task_queue', { ...world.queue('Sales'), friendly_name: 'Copy' }, 'WQ1'),
      () => state.emit('workspace.deleted', { workspace: state.get('workspace', workspace_sid) })
    ]) {
      state.begin(world.at + 1000, seed)
      undo()
      state.rollback()
      expect(snapshot(state)).toEqual(before)
    }
  })

  it.each([
    ['workspace.delete', (world: World) => ({ type: 'workspace.delete', sid: world.workspace_sid }) as const],
    ['task.create', (world: World) => ({ type: 'task.create', workspace_sid: world.workspace_sid }) as const],
    [
      'task.delete',
      (world: World) => ({ type: 'task.delete', workspace_sid: world.workspace_sid, sid: world.sid('held') }) as const
    ],
    [
      'workflow.update',
      (world: World) =>
        ({
          type: 'workflow.update',
          workspace_sid: world.workspace_sid,
          sid: world.workflow('Main').sid,
          re_evaluate_tasks: true
        }) as const
    ],
    [
      'task_queue.update',
      (world: World) =>
        ({
          type: 'task_queue.update',
          workspace_sid: world.workspace_sid,
          sid: world.queue('Sales').sid,
          target_workers: '1==1'
        }) as const
    ]
  ])('forgets all of %s when that fails at its very end, and can then do it', (_, commandOf) => {
    const world = midday()
    const { state } = world
    const before = snapshot(state)
    const { end } = state
    state.end = () => {
      throw new Error('the disk is on fire')
    }
    expect(() => world.do(commandOf(world))).toThrow('the disk is on fire')
    state.end = end
    expect(snapshot(state)).toEqual(before)
    world.do(commandOf(world)) // audited
    expect(snapshot(state)).not.toEqual(before)
  })

  it('loaded from its rows is the same, and goes on in the same way', () => {
    const world = midday()
    const copy = reloaded(world.state)
    expect(snapshot(copy)).toEqual(snapshot(world.state))
    const next = (state: State) => {
      state.begin(world.at, seed)
      const row = state.insert('activity', {
        workspace_sid: world.workspace_sid,
        friendly_name: 'Lunch',
        available: false
      })
      state.end()
      return row
    }
    expect(next(copy)).toEqual(next(world.state))
  })

  it('is the same when an activity, a queue or a document is younger than what names it', () => {
    const world = midday()
    const { workspace_sid } = world
    world.addQueue('Here', { target_workers: 'activity_name == "Here"' })
    world.do({ type: 'activity.create', workspace_sid, friendly_name: 'Here', available: true })
    world.move('Bea', 'Here')
    world.updateWorkflow('Main', { task_routing: { default_filter: { queue: 'Here' } }, re_evaluate_tasks: true })
    const copy = reloaded(world.state)
    expect(snapshot(copy)).toEqual(snapshot(world.state))
    expect([...copy.matcher.members(world.queue('Here').sid)]).toEqual([world.worker('Bea').sid])
    expect(copy.matcher.available(workspace_sid)).toBe(world.state.matcher.available(workspace_sid))
  })

  it('says what is missing: to us as a mistake, to a caller in the API’s words', () => {
    const state = new State('AC')
    expect(() => state.get('task', 'WT1')).toThrow('invariant: task WT1 exists')
    expect(state.find('task', 'WT1')).toBeUndefined()
    expect(() => refuse('not_found', 'x')).toThrow(expect.objectContaining({ status: 404, number: 20404 }))
  })
})
