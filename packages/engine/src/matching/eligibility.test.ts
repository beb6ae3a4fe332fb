import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { Eligibility } from './eligibility.ts'
import type { WorkerEntry } from './entry.ts'
import { compile } from './expression/compile.ts'
import { TargetCondition } from './target-condition.ts'

/** Two workers in one workspace, and an eligibility of which nobody is a member yet. */
function fixture(source = 'level > 1') {
  const world = new World()
  world.addWorker('Ada')
  world.addWorker('Bea', { activity: 'Offline' })
  const workspaceIndex = world.state.matcher.workspaceIndex(world.workspace_sid)
  const entry = (name: string) => world.state.matcher.entry(world.worker(name).sid) as WorkerEntry // just added
  const eligibility = new Eligibility(workspaceIndex, compile(source, 'worker'), 7)
  return { world, workspaceIndex, eligibility, ada: entry('Ada'), bea: entry('Bea') }
}

describe('members of an eligibility', () => {
  it('are known on both sides, and counted by activity', () => {
    const { world, eligibility, ada, bea } = fixture()
    eligibility.add(ada)
    eligibility.add(bea)
    expect([eligibility.has(ada), ada.eligibilities.has(7), eligibility.size]).toEqual([true, true, 2])
    const [available, offline] = [world.activity('Available').sid, world.activity('Offline').sid]
    expect(Object.fromEntries(eligibility.byActivity)).toEqual({ [available]: 1, [offline]: 1 })
    eligibility.remove(bea)
    expect([eligibility.has(bea), bea.eligibilities.has(7), eligibility.size]).toEqual([false, false, 1])
    expect(Object.fromEntries(eligibility.byActivity)).toEqual({ [available]: 1 })
  })

  it('are never workers without a row', () => {
    const { workspaceIndex, eligibility, ada } = fixture()
    eligibility.add(ada)
    workspaceIndex.eligibilities[7] = eligibility
    workspaceIndex.removeWorker(ada)
    expect([eligibility.has(ada), eligibility.size, ada.slot]).toEqual([false, 0, -1])
  })

  it('are evaluated for all workers, or up to a seq while it is done in pieces', () => {
    const { eligibility, ada, bea } = fixture()
    expect([ada, bea].map((worker) => eligibility.isEvaluatedFor(worker))).toEqual([false, false])
    eligibility.evaluatedTo = ada.row?.seq ?? 0
    expect([ada, bea].map((worker) => eligibility.isEvaluatedFor(worker))).toEqual([true, false])
    eligibility.isEvaluated = true
    expect([ada, bea].map((worker) => eligibility.isEvaluatedFor(worker))).toEqual([true, true])
  })
})

describe('an eligibility', () => {
  it('is in force while a queue has it for which it is not upcoming', () => {
    const { eligibility } = fixture()
    const seen = [
      [0, 0],
      [1, 1],
      [2, 1],
      [1, 0]
    ].map(([users, upcoming]) => {
      Object.assign(eligibility, { users, upcoming })
      return eligibility.isInForce
    })
    expect(seen).toEqual([false, false, true, true])
  })

  it.each([
    ['level > 1', false, undefined],
    ['activity_name == "Available"', true, undefined],
    ['friendly_name == "Ada" AND team == "red"', true, 1],
    ['team IN ["red", "blue"]', false, 2],
    ['1 == 2', false, 0]
  ])('of %j reads names: %j, and is found by so many values: %j', (source, readsNames, lookups) => {
    const { eligibility } = fixture(source)
    expect([eligibility.readsNames, eligibility.lookups?.length]).toEqual([readsNames, lookups])
  })

  it('has one place on each channel, and there one target index for each condition', () => {
    const { eligibility, workspaceIndex } = fixture()
    const [chat, voice] = [workspaceIndex.channelIndex('TCchat'), workspaceIndex.channelIndex('TCvoice')]
    const condition = new TargetCondition(undefined, undefined)
    const onChat = eligibility.onChannel(chat)
    expect(eligibility.onChannel(chat)).toBe(onChat)
    expect(eligibility.onChannel(voice)).not.toBe(onChat)
    expect(onChat.targetIndex(condition)).toBe(onChat.targetIndex(condition))
    expect(onChat.targetIndex(new TargetCondition(undefined, undefined))).not.toBe(onChat.targetIndex(condition))
  })

  it('is marked on a channel from the first target index with tasks to the last', () => {
    const { eligibility, workspaceIndex } = fixture()
    const chat = workspaceIndex.channelIndex('TCchat')
    const onChat = eligibility.onChannel(chat)
    const [one, other] = [
      onChat.targetIndex(new TargetCondition(undefined, undefined)),
      onChat.targetIndex(new TargetCondition(compile('worker.a == 1', 'target'), undefined))
    ]
    const marks = [() => onChat.addWaiting(one), () => onChat.addWaiting(other)]
    const unmarks = [() => onChat.removeWaiting(one), () => onChat.removeWaiting(other)]
    const seen = [...marks, ...unmarks].map((act) => {
      act()
      return [onChat.waiting.size, chat.eligibilities.has(7)]
    })
    expect(seen).toEqual([
      [1, true],
      [2, true],
      [1, true],
      [0, false]
    ])
  })
})
