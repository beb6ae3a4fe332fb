import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../routing/rows.ts'
import { World, type WorldOptions } from '../testing/world.ts'
import { compile } from './expression/compile.ts'
import { compileOrderBy } from './expression/order-by.ts'
import type { ReadyWorkers } from './ready-workers.ts'
import type { Target } from './target-condition.ts'

/** A center whose queue takes everybody, and a task that has come and gone, to ask with. */
function floor(options?: WorldOptions): { world: World; past: TaskRow } {
  const world = new World(options)
  world.addQueue('All')
  world.addWorkflow('Main', { default_filter: { queue: 'All' } })
  const past = world.addTask('past')
  world.updateTask('past', { assignment_status: 'canceled' })
  return { world, past }
}

function readyFor(world: World, task: TaskRow, target: Target = {}): ReadyWorkers {
  const targetIndex = world.state.matcher.targetIndex(task, target)
  if (!targetIndex) throw new Error('the task is in no queue')
  return targetIndex.ready(target.order_by)
}

function names(world: World, ready: ReadyWorkers, attributes: object = {}, limit = 10, isBarred?: string): string[] {
  const bars = isBarred === undefined ? undefined : (sid: string) => sid === world.worker(isBarred).sid
  return ready.choose({ attributes }, limit, bars).map(({ sid }) => world.state.get('worker', sid).friendly_name)
}

function handle(world: World, worker: string, task: string): void {
  world.addTask(task)
  world.accept(worker, task)
  world.complete(worker, task)
}

describe.each([0, 128])('ready workers, compared in queues of up to %i', (workers_compared) => {
  const center = (options: WorldOptions = {}) =>
    floor({ ...options, settings: { ...options.settings, workers_compared } })

  it('are those who have room, the longest idle first', () => {
    const { world, past } = center()
    for (const name of ['Ada', 'Bea', 'Cleo']) world.addWorker(name)
    const ready = readyFor(world, past)
    expect(names(world, ready)).toEqual(['Ada', 'Bea', 'Cleo'])
    handle(world, 'Ada', 'one')
    expect(names(world, ready)).toEqual(['Bea', 'Cleo', 'Ada'])
    world.move('Bea', 'Offline')
    expect(names(world, ready)).toEqual(['Cleo', 'Ada'])
    world.setChannel('Cleo', 'default', { capacity: 0 })
    expect(names(world, ready)).toEqual(['Ada'])
    world.move('Bea', 'Available')
    expect(names(world, ready)).toEqual(['Bea', 'Ada'])
  })

  it('come in the order of the target first, as their attributes are now', () => {
    const { world, past } = center()
    for (const [name, level] of Object.entries({ Ada: 1, Bea: 3, Cleo: 3 }))
      world.addWorker(name, { attributes: { level } })
    const ready = readyFor(world, past, { order_by: compileOrderBy('worker.level DESC') })
    expect(names(world, ready)).toEqual(['Bea', 'Cleo', 'Ada'])
    world.setAttributes('Ada', { level: 5 })
    expect(names(world, ready)).toEqual(['Ada', 'Bea', 'Cleo'])
  })

  it('may be ordered by load, which changes while nobody is asked', () => {
    const { world, past } = center()
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { capacity: { default: 3 } })
    const ready = readyFor(world, past, { order_by: compileOrderBy('worker.channel.default.assigned_tasks ASC') })
    expect(names(world, ready)).toEqual(['Ada', 'Bea'])
    world.addTask('one')
    world.accept('Ada', 'one')
    expect(names(world, ready)).toEqual(['Bea', 'Ada'])
  })

  it('are chosen by what they share with the task, each once', () => {
    const { world, past } = center()
    for (const [name, skills] of Object.entries({ Ada: ['tax', 'law'], Bea: ['law'], Cleo: [] }))
      world.addWorker(name, { attributes: { skills } })
    const ready = readyFor(world, past, { expression: compile('task.topics HAS worker.skills[0]', 'target') })
    expect(names(world, ready, { topics: ['law', 'tax'] })).toEqual(['Ada', 'Bea'])
    const byList = readyFor(world, past, { expression: compile('task.topic IN worker.skills', 'target') })
    expect(names(world, byList, { topic: 'law' })).toEqual(['Ada', 'Bea'])
    expect(names(world, byList, { topic: 'art' })).toEqual([])
  })

  it('are at most as many as asked for, without whom the task bars', () => {
    const { world, past } = center()
    for (const name of ['Ada', 'Bea', 'Cleo']) world.addWorker(name)
    const ready = readyFor(world, past)
    expect(names(world, ready, {}, 2)).toEqual(['Ada', 'Bea'])
    expect(names(world, ready, {}, 1, 'Ada')).toEqual(['Bea'])
    expect(names(world, ready, {}, 2, 'Bea')).toEqual(['Ada', 'Cleo'])
  })

  it('are the first who suits where only one is asked for, however many come before', () => {
    const { world, past } = center()
    for (let level = 0; level < 12; level++) world.addWorker(`w${level}`, { attributes: { level } })
    handle(world, 'w0', 'one')
    const ready = readyFor(world, past, { expression: compile('worker.level >= task.level', 'target') })
    for (let level = 1; level < 12; level++) expect(names(world, ready, { level }, 1)).toEqual([`w${level}`])
    expect(names(world, ready, { level: 0 }, 1)).toEqual(['w1'])
    expect(names(world, ready, { level: 12 }, 1)).toEqual([])
    expect(names(world, ready, {}, 1)).toEqual([])
  })

  it('answer a mixed condition alike in classes, and in more classes than are worth having', () => {
    const { world, past } = center()
    for (let level = 0; level < 70; level++) world.addWorker(`w${level}`, { attributes: { level } })
    const ready = readyFor(world, past, { expression: compile('worker.level >= task.level', 'target') })
    // The first answer finds too many classes and does without from then on.
    for (let time = 0; time < 2; time++) {
      expect(names(world, ready, { level: 68 })).toEqual(['w68', 'w69'])
      expect(names(world, ready, { level: 3 }, 1)).toEqual(['w3'])
    }
  })
})

describe('an offer order', () => {
  const center = () => floor({ settings: { workers_compared: 0 } })

  it('is not kept of a small queue', () => {
    const { world, past } = floor({ settings: { workers_compared: 1 } })
    const ready = readyFor(world, past)
    const { readyWorkers } = world.state.matcher.targetIndex(past, {})?.eligibility ?? nothing()
    const known = []
    for (const name of ['Ada', 'Bea']) {
      world.addWorker(name)
      known.push([names(world, ready), readyWorkers.has(ready)])
    }
    expect(known).toEqual([
      [['Ada'], false],
      [['Ada', 'Bea'], true]
    ])
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('Ada').sid })
    expect([names(world, ready), readyWorkers.has(ready)]).toEqual([['Bea'], false])
  })

  it('is told of changes from the first question on', () => {
    const { world, past } = center()
    world.addWorker('Ada')
    const ready = readyFor(world, past)
    const { matcher } = world.state
    const kept = matcher.targetIndex(past, {})?.eligibility.readyWorkers
    ready.forget()
    expect(kept?.has(ready)).toBe(false)
    names(world, ready)
    expect(kept?.has(ready)).toBe(true)
    ready.forget()
    expect(kept?.has(ready)).toBe(false)
    expect(names(world, ready)).toEqual(['Ada'])
  })

  it('forgets everybody when workers change more often than there are members and nobody asks', () => {
    const { world, past } = center()
    world.addWorker('Ada')
    const ready = readyFor(world, past)
    names(world, ready)
    const { workspaceIndex, readyWorkers } = world.state.matcher.targetIndex(past, {})?.eligibility ?? nothing()
    const entry = world.state.matcher.entry(world.worker('Ada').sid) ?? nothing()
    const counts = []
    for (let change = 0; change <= 65; change++) {
      workspaceIndex.markReadinessStale(entry)
      workspaceIndex.refreshReadiness()
      counts.push(readyWorkers.has(ready))
    }
    expect(counts.indexOf(false)).toBe(65)
    expect(names(world, ready)).toEqual(['Ada'])
  })

  it('counts whom it keeps, until it forgets them', () => {
    const { world, past } = center()
    for (const name of ['Ada', 'Bea']) world.addWorker(name)
    const { workspaceIndex } = world.state.matcher.targetIndex(past, {})?.eligibility ?? nothing()
    workspaceIndex.forgetReady()
    expect(workspaceIndex.rankedWorkers).toBe(0)
    const ready = readyFor(world, past)
    names(world, ready)
    expect(workspaceIndex.rankedWorkers).toBe(2)
    // Kept while not ready, and not while no member.
    world.move('Ada', 'Offline')
    names(world, ready)
    expect(workspaceIndex.rankedWorkers).toBe(2)
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('Ada').sid })
    expect(names(world, ready)).toEqual(['Bea'])
    expect(workspaceIndex.rankedWorkers).toBe(1)
    ready.forget()
    expect(workspaceIndex.rankedWorkers).toBe(0)
  })
})

function nothing(): never {
  throw new Error('it is not there')
}
