import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import type { State } from '../center.ts'
import { seedOf } from '../core/ids.ts'
import { decide } from '../decide.ts'
import { decideDue } from '../due.ts'
import { World } from '../testing/world.ts'

/** Two comparisons a worker, four of which are made at once: two workers a piece. */
const long = 'level > 1 OR tier > 1'

/** Six workers, three of them of level 2, who are elsewhere until they are moved. */
function floor(comparisons_at_once = 4): World {
  const world = new World({ settings: { comparisons_at_once } })
  for (let i = 0; i < 6; i++) world.addWorker(`w${i}`, { activity: 'Offline', attributes: { level: 1 + (i % 2) } })
  return world
}

function members(world: World, queue: string): string {
  const sids = [...world.state.matcher.members(world.queue(queue).sid)]
  return sids
    .map((sid) => world.state.get('worker', sid).friendly_name)
    .sort()
    .join(' ')
}

function retarget(world: World, queue: string, target_workers: string): void {
  const { workspace_sid } = world
  world.do({ type: 'task_queue.update', workspace_sid, sid: world.queue(queue).sid, target_workers })
}

function rename(world: World, activity: string, friendly_name: string): void {
  const { workspace_sid } = world
  world.do({ type: 'activity.update', workspace_sid, sid: world.activity(activity).sid, friendly_name })
}

/** Lets a state live on by itself until nothing is judged any more. */
function finish(state: State): unknown {
  for (const _ of decideDue(state, state.at + 1000, (n) => seedOf(1, n))) if (state.tables.judging.size === 0) break
  return snapshot(state)
}

describe('a queue with a long expression', () => {
  it('has no workers until all have been asked, and others have their turn in between', () => {
    const world = floor()
    const before = world.state.decision
    world.addQueue('Experts', { target_workers: long })
    world.addWorkflow('Main', { default_filter: { queue: 'Experts' } })
    world.addTask('task')
    world.move('w1', 'Available')
    expect([members(world, 'Experts'), world.where('task')]).toEqual(['', 'pending'])
    world.pass('40 ms')
    expect([members(world, 'Experts'), world.where('task')]).toEqual(['', 'pending'])
    world.pass('20 ms')
    expect([members(world, 'Experts'), world.where('task')]).toEqual(['w1 w3 w5', 'reserved w1'])
    // Four commands, and three pieces.
    expect([world.state.decision - before, world.state.tables.judging.size]).toEqual([7, 0])
  })

  it('keeps the former one in force while the new one is judged, and is shown with the new one', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: 'level == 1' })
    world.pass('1 s')
    world.addWorkflow('Main', { default_filter: { queue: 'Experts' } })
    retarget(world, 'Experts', long)
    const shown = world.queue('Experts')
    world.addTask('task')
    world.move('w1', 'Available')
    expect([members(world, 'Experts'), world.where('task')]).toEqual(['w0 w2 w4', 'pending'])
    expect(world.queue('Experts').target_workers).toBe(long)
    world.pass('1 s')
    expect([members(world, 'Experts'), world.where('task')]).toEqual(['w1 w3 w5', 'reserved w1'])
    // Coming into force is no change of what is shown.
    expect(world.queue('Experts')).toEqual(shown)
  })

  it('hears of workers who come, change and go meanwhile', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: long })
    world.setAttributes('w1', {})
    world.setAttributes('w0', { tier: 2 })
    world.setAttributes('w5', {})
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('w3').sid })
    world.addWorker('new', { activity: 'Offline', attributes: { tier: 7 } })
    expect(members(world, 'Experts')).toBe('')
    world.pass('1 s')
    expect(members(world, 'Experts')).toBe('new w0')
  })

  it('is judged to the same end when memory is lost on the way', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: long })
    world.addWorkflow('Main', { default_filter: { queue: 'Experts' } })
    world.addTask('task')
    world.move('w3', 'Available')
    for (const passed of ['0 ms', '20 ms', '20 ms'] as const) {
      world.pass(passed)
      const loaded = reloaded(world.state)
      expect(loaded.tables.judging.size).toBe(1)
      expect(snapshot(loaded)).toEqual(snapshot(world.state))
      expect(finish(loaded)).toEqual(finish(reloaded(world.state)))
      expect(loaded.tables.reservation.size).toBe(1)
    }
    const loaded = reloaded(world.state)
    expect(finish(loaded)).toEqual(finish(world.state))
  })

  it('goes back to its former expression at once, and to a short one', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: '1==1' })
    retarget(world, 'Experts', long)
    expect(world.state.tables.judging.size).toBe(1)
    retarget(world, 'Experts', '1==1')
    expect([world.state.tables.judging.size, members(world, 'Experts')]).toEqual([0, 'w0 w1 w2 w3 w4 w5'])
    retarget(world, 'Experts', long)
    retarget(world, 'Experts', '')
    expect([world.state.tables.judging.size, members(world, 'Experts')]).toEqual([0, ''])
  })

  it('begins anew when it changes again meanwhile', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: 'level == 1' })
    world.pass('1 s')
    retarget(world, 'Experts', long)
    world.pass('20 ms')
    retarget(world, 'Experts', 'level > 2 OR tier == 1')
    world.pass('40 ms')
    expect(members(world, 'Experts')).toBe('w0 w2 w4')
    world.pass('1 s')
    expect(members(world, 'Experts')).toBe('')
  })

  it('is in force at once where another queue has it', () => {
    const world = floor()
    world.addQueue('One', { target_workers: long })
    world.addQueue('Two', { target_workers: long })
    expect([members(world, 'Two'), world.state.tables.judging.size]).toEqual(['', 2])
    world.pass('80 ms')
    expect([members(world, 'One'), members(world, 'Two'), world.state.tables.judging.size]).toEqual([
      'w1 w3 w5',
      'w1 w3 w5',
      0
    ])
    world.addQueue('Three', { target_workers: long })
    expect([members(world, 'Three'), world.state.tables.judging.size]).toEqual(['w1 w3 w5', 0])
  })

  it('waits for its turn, which comes too when the one before it goes', () => {
    const world = floor()
    world.addQueue('One', { target_workers: long })
    world.addQueue('Two', { target_workers: 'level == 1 AND tier != 1' })
    const turns = () =>
      world.state.tables.judging.all().map(({ judged_to, judge_at }) => [judged_to > 0, judge_at !== null])
    expect(turns()).toEqual([
      [false, true],
      [false, false]
    ])
    world.pass('20 ms')
    expect(turns()).toEqual([
      [true, true],
      [false, false]
    ])
    world.do({ type: 'task_queue.delete', workspace_sid: world.workspace_sid, sid: world.queue('One').sid })
    expect(turns()).toEqual([[false, true]])
    world.pass('1 s')
    expect(world.state.tables.judging.size).toBe(0)
    world.addQueue('Three', { target_workers: 'level > 3 OR tier > 3' })
    world.do({ type: 'workspace.delete', sid: world.workspace_sid })
    expect([world.state.tables.judging.size, world.state.nextTimer]).toEqual([0, undefined])
  })

  it('is said to have no workers when that is known', () => {
    const world = floor()
    const said = (event: { readonly type: string }) => event.type === 'ringdown.warning'
    world.addQueue('Nobody', { target_workers: 'level > 7 OR level == 9' })
    const { state } = world
    const warned: unknown[] = []
    for (const { decision } of decideDue(state, state.at + 100, (n) => seedOf(1, n)))
      warned.push(decision.events.filter(said).map(({ refs }) => refs.extra?.warning))
    expect(warned.at(-1)).toEqual(['queue_without_workers'])
    expect(warned.slice(0, -1).flat()).toEqual([])
  })

  it('is undone as a whole when a piece fails', () => {
    const world = floor()
    world.addQueue('Experts', { target_workers: long })
    const { state } = world
    const before = snapshot(state)
    const { end } = state
    state.end = () => {
      throw new Error('no')
    }
    const { sid } = state.tables.judging.all()[0] ?? { sid: '' }
    const piece = () =>
      decide(state, { at: state.at + 20, seed: [1, 2, 3, 4], command: { type: 'timer.judging', sid } })
    expect(piece).toThrow('no')
    state.end = end
    expect(snapshot(state)).toEqual(before)
    world.pass('1 s')
    expect(members(world, 'Experts')).toBe('w1 w3 w5')
  })
})

describe('an activity with a new name', () => {
  /** A queue of those who are at lunch, and six workers who are; two of them are judged at once. */
  function lunch(): World {
    const world = floor()
    world.addQueue('Lunch', { target_workers: 'activity_name == "Lunch"' })
    const { workspace_sid } = world
    world.do({ type: 'activity.create', workspace_sid, friendly_name: 'Lunch' })
    world.pass('1 s')
    for (let i = 0; i < 6; i++) world.move(`w${i}`, 'Lunch')
    return world
  }

  it('is known by it to expressions worker by worker, and to everybody else at once', () => {
    const world = lunch()
    expect(members(world, 'Lunch')).toBe('w0 w1 w2 w3 w4 w5')
    rename(world, 'Lunch', 'Away')
    expect([members(world, 'Lunch'), world.activity('Away').friendly_name]).toEqual(['w0 w1 w2 w3 w4 w5', 'Away'])
    world.pass('20 ms')
    expect(members(world, 'Lunch')).toBe('w2 w3 w4 w5')
    world.pass('20 ms')
    expect(members(world, 'Lunch')).toBe('w4 w5')
    world.pass('20 ms')
    expect([members(world, 'Lunch'), world.state.tables.judging.size]).toEqual(['', 0])
  })

  it('takes one name after the other', () => {
    const world = lunch()
    rename(world, 'Lunch', 'Away')
    rename(world, 'Away', 'Lunch')
    world.pass('20 ms')
    expect(members(world, 'Lunch')).toBe('w2 w3 w4 w5')
    const loaded = reloaded(world.state)
    expect(snapshot(loaded)).toEqual(snapshot(world.state))
    world.pass('1 s')
    expect([members(world, 'Lunch'), world.state.tables.judging.size]).toEqual(['w0 w1 w2 w3 w4 w5', 0])
    finish(loaded)
    expect(loaded.matcher.members(world.queue('Lunch').sid).size).toBe(6)
  })

  it('is judged at once where no expression reads it', () => {
    const world = floor()
    rename(world, 'Offline', 'Home')
    expect(world.state.tables.judging.size).toBe(0)
  })
})
