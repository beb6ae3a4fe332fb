import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import type { Eligibility } from './eligibility.ts'
import type { WorkerEntry } from './entry.ts'
import { compile } from './expression/compile.ts'
import { TargetCondition } from './target-condition.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

function center(levels: Readonly<Record<string, number>> = {}) {
  const world = new World({ settings: { workers_compared: 0 } })
  for (const [name, level] of Object.entries(levels)) world.addWorker(name, { attributes: { level } })
  const index = world.state.matcher.workspaceIndex(world.workspace_sid)
  const entry = (name: string) => world.state.matcher.entry(world.worker(name).sid) as WorkerEntry // just added
  return { world, index, entry }
}

function evaluated(index: WorkspaceIndex): string[] {
  const became: string[] = []
  index.evaluate(({ row }) => became.push(row?.friendly_name ?? '?'))
  return became
}

function members(index: WorkspaceIndex, eligibility: Eligibility): string[] {
  return index.workers.flatMap((worker) =>
    worker && eligibility.has(worker) ? [worker.row?.friendly_name ?? '?'] : []
  )
}

describe('workers of a workspace', () => {
  it('have a slot while they have a row, and a free one is used again', () => {
    const { world, index, entry } = center({ Ada: 1, Bea: 2 })
    expect(['Ada', 'Bea'].map((name) => entry(name).slot)).toEqual([0, 1])
    const ada = entry('Ada')
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: ada.sid })
    expect([ada.slot, index.workers[0]]).toEqual([-1, undefined])
    world.addWorker('Cleo')
    expect([entry('Cleo').slot, index.workers.length]).toEqual([0, 2])
  })
})

describe('eligibilities of a workspace', () => {
  it('are one for each text, and evaluated at the next look', () => {
    const { index } = center({ Ada: 1, Bea: 2, Cleo: 3 })
    const experts = index.acquire('level > 1')
    expect(index.acquire('level > 1')).toBe(experts)
    expect([experts.users, experts.size, experts.isEvaluated]).toEqual([2, 0, false])
    expect(evaluated(index)).toEqual(['Bea', 'Cleo'])
    expect([members(index, experts), experts.isEvaluated]).toEqual([['Bea', 'Cleo'], true])
    expect(evaluated(index)).toEqual([])
  })

  it('are evaluated alike when there are many new ones at once', () => {
    const { index } = center({ Ada: 1, Bea: 2, Cleo: 3 })
    const all = ['level > 1', ...Array.from({ length: 12 }, (_, level) => `level == ${level}`)]
    const eligibilities = all.map((source) => index.acquire(source))
    evaluated(index)
    expect(eligibilities.map((one) => members(index, one).join(' '))).toEqual([
      'Bea Cleo',
      '',
      'Ada',
      'Bea',
      'Cleo',
      ...Array(8).fill('')
    ])
  })

  it('are not in force while upcoming, and evaluated in pieces', () => {
    const { index, entry } = center({ Ada: 2, Bea: 2, Cleo: 2 })
    const upcoming = index.acquireUpcoming('level > 1')
    expect(evaluated(index)).toEqual([])
    index.evaluatePiece(upcoming, entry('Bea').row?.seq)
    expect([members(index, upcoming), index.isInForce('level > 1')]).toEqual([['Ada', 'Bea'], false])
    index.evaluatePiece(upcoming, undefined)
    expect([members(index, upcoming), upcoming.isEvaluated]).toEqual([['Ada', 'Bea', 'Cleo'], true])
    index.acquire('level > 1')
    index.releaseUpcoming(upcoming)
    expect([index.isInForce('level > 1'), upcoming.users, upcoming.upcoming]).toEqual([true, 1, 0])
  })

  it('are dropped with their last queue, not before, and nobody is a member any more', () => {
    const { index, entry } = center({ Ada: 2 })
    const experts = index.acquire('level > 1')
    index.acquire('level > 1')
    evaluated(index)
    index.release(experts)
    index.dropUnused()
    expect(index.eligibilities[experts.slot]).toBe(experts)
    index.release(experts)
    index.acquire('level > 1')
    index.dropUnused()
    expect(index.eligibilities[experts.slot]).toBe(experts)
    index.release(experts)
    index.dropUnused()
    expect([index.eligibilities[experts.slot], entry('Ada').eligibilities.has(experts.slot)]).toEqual([
      undefined,
      false
    ])
    expect(index.acquire('level > 2').slot).toBe(experts.slot)
  })

  it('that read names are known as long as a queue has them', () => {
    const { index } = center()
    const sources = () => index.readersOfNames().map(({ source }) => source)
    const readers = index.acquire('activity_name == "Lunch"')
    index.acquire('level > 1')
    expect(sources()).toEqual(['activity_name == "Lunch"'])
    index.release(readers)
    expect(sources()).toEqual([])
  })
})

describe('what a worker is eligible for', () => {
  it('is stale until it is evaluated, for all expressions or for those that read names', () => {
    const { index, entry, world } = center({ Ada: 1 })
    const [experts, adas] = [index.acquire('level > 1'), index.acquire('friendly_name == "Bea"')]
    evaluated(index)
    const ada = entry('Ada')
    const change = (columns: object) => {
      ada.row = { ...world.worker('Ada'), ...columns }
      ada.view = undefined
    }
    change({ friendly_name: 'Bea', attributes: '{"level":9}' })
    index.markEligibilityStale(ada, 'names')
    expect([members(index, adas), ada.staleEligibility]).toEqual([[], 'names'])
    evaluated(index)
    expect([members(index, adas), members(index, experts), ada.staleEligibility]).toEqual([['Bea'], [], 'none'])
    index.markEligibilityStale(ada, 'all')
    index.markEligibilityStale(ada, 'names')
    expect(ada.staleEligibility).toBe('all')
    evaluated(index)
    expect([members(index, experts), ada.isReadinessStale]).toEqual([['Bea'], true])
    index.refreshReadiness()
    expect(ada.isReadinessStale).toBe(false)
  })

  it('is counted by the activity that it is in after evaluation', () => {
    const { index, entry, world } = center({ Ada: 2 })
    const experts = index.acquire('level > 1')
    evaluated(index)
    const ada = entry('Ada')
    const [available, offline] = [world.activity('Available').sid, world.activity('Offline').sid]
    expect(experts.byActivity.get(available)).toBe(1)
    ada.row = { ...world.worker('Ada'), activity_sid: offline }
    index.markEligibilityStale(ada, 'names')
    evaluated(index)
    expect(Object.fromEntries(experts.byActivity)).toEqual({ [offline]: 1 })
  })
})

describe('what can be made anew', () => {
  it('gives way: target indexes without tasks, when there are 50,000', () => {
    const { index } = center()
    const onChannel = index.acquire('1 == 1').onChannel(index.channelIndex('TCchat'))
    for (let i = 0; i < 49_999; i++) onChannel.targetIndex(new TargetCondition(undefined, undefined))
    expect(onChannel.targetIndexes.size).toBe(49_999)
    onChannel.targetIndex(new TargetCondition(undefined, undefined))
    expect(onChannel.targetIndexes.size).toBe(1)
  })

  it('gives way: offer orders, when they keep a million workers, but for the one that is asked', () => {
    const { world, index } = center({ Ada: 1 })
    const onChannel = index.acquire('1 == 1').onChannel(index.channelIndex('TCchat'))
    evaluated(index)
    const at = (source: string) => onChannel.targetIndex(new TargetCondition(compile(source, 'target'), undefined))
    const [one, other] = [at('worker.level == 1').ready(undefined), at('worker.level == task.level').ready(undefined)]
    for (const ready of [one, other]) ready.choose({ attributes: {} }, 1)
    expect(onChannel.eligibility.readyWorkers.size).toBe(2)
    index.rankedWorkers += 1_000_000
    world.state.matcher.settle()
    index.limitRankedWorkers(other)
    expect(onChannel.eligibility.readyWorkers.size).toBe(2)
    index.rankedWorkers++
    index.limitRankedWorkers(other)
    expect([...onChannel.eligibility.readyWorkers]).toEqual([other])
  })
})
