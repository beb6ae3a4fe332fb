import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

describe('what is kept of a worker', () => {
  it('has its channels by index and by SID, each with its load', () => {
    const world = new World()
    world.addQueue('All')
    world.addWorkflow('Main', { default_filter: { queue: 'All' } })
    world.addWorker('Ada', { capacity: { chat: 2 } })
    for (const name of ['one', 'two']) world.addTask(name, { task_channel: 'chat' })
    world.accept('Ada', 'one')
    const entry = world.state.matcher.entry(world.worker('Ada').sid)
    const row = world.channel('Ada', 'chat')
    const chat = entry?.channel(row.task_channel_sid)
    expect(chat).toMatchObject({ row, open: 2, assigned: 1 })
    expect(entry?.channelOn(entry.workspaceIndex.channelIndex(row.task_channel_sid))).toBe(chat)
    expect([entry?.open, entry?.channel('TCnone')]).toEqual([2, undefined])
    world.complete('Ada', 'one')
    world.reject('Ada', 'two')
    expect([chat?.open, chat?.assigned, entry?.open]).toEqual([0, 0, 0])
  })

  it('is never stale after a decision, nor marked for an offer', () => {
    const world = new World()
    world.addWorker('Ada')
    world.setAttributes('Ada', { level: 2 })
    const entry = world.state.matcher.entry(world.worker('Ada').sid)
    expect(entry).toMatchObject({ row: world.worker('Ada'), staleEligibility: 'none', isMarkedForOffer: false })
    expect(entry?.countedActivity).toBe(world.activity('Available').sid)
  })
})
