import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

function center() {
  const world = new World()
  world.addQueue('All')
  world.addWorkflow('Main', { default_filter: { queue: 'All' } })
  const channel = (unique_name: string) => {
    const row = [...world.state.tables.task_channel.all()].find((one) => one.unique_name === unique_name)
    if (!row) throw new Error(`there is no channel ${unique_name}`)
    return { row, index: world.state.matcher.workspaceIndex(world.workspace_sid).channelIndex(row.sid) }
  }
  return { world, chat: channel('chat'), voice: channel('voice') }
}

describe('a channel index', () => {
  it('is the same whenever it is asked for', () => {
    const { world, chat } = center()
    expect(world.state.matcher.workspaceIndex(world.workspace_sid).channelIndex(chat.row.sid)).toBe(chat.index)
  })

  it('knows who is ready from the first question on, and since when', () => {
    const { world, chat } = center()
    const shown = () => {
      world.state.matcher.workspaceIndex(world.workspace_sid).refreshReadiness()
      const slots: number[] = []
      chat.index.ready.visit((slot) => slots.push(slot))
      return slots.map((slot) => [slot, chat.index.idle[slot]])
    }
    const seq = (name: string) => world.worker(name).last_reserved_seq
    for (const name of ['Ada', 'Bea']) world.addWorker(name, { capacity: { chat: 1 } })
    expect(shown()).toEqual([])
    chat.index.keepReady()
    expect(shown()).toEqual([
      [0, seq('Ada')],
      [1, seq('Bea')]
    ])
    world.addTask('one', { task_channel: 'chat' })
    expect(shown()).toEqual([[1, seq('Bea')]])
    world.accept('Ada', 'one')
    world.complete('Ada', 'one')
    world.move('Bea', 'Offline')
    expect(shown()).toEqual([[0, seq('Ada')]])
    world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('Ada').sid })
    expect(shown()).toEqual([])
  })

  it('counts what waits on its channel, and marks whom it waits for', () => {
    const { world, chat, voice } = center()
    const marked = () => {
      const slots: number[] = []
      chat.index.eligibilities.visit((slot) => slots.push(slot))
      return slots.length
    }
    world.addTask('one', { task_channel: 'chat' })
    world.addTask('two', { task_channel: 'chat' })
    expect([chat.index.waiting, voice.index.waiting, marked()]).toEqual([2, 0, 1])
    world.addWorker('Ada', { capacity: { chat: 1 } })
    expect([world.where('one'), chat.index.waiting, marked()]).toEqual(['reserved Ada', 1, 1])
    world.deleteTask('two')
    expect([chat.index.waiting, marked()]).toEqual([0, 0])
  })

  it('that gets idle times of its own changes the offer order at once', () => {
    const { world, chat } = center()
    world.addWorker('Ada')
    world.addWorker('Bea')
    world.addTask('call', { task_channel: 'voice' })
    world.accept('Ada', 'call')
    world.complete('Ada', 'call')
    const message = { ...world.task('call'), task_channel_sid: chat.row.sid }
    const order = () => {
      const ready = world.state.matcher.targetIndex(message, {})?.ready(undefined)
      return ready?.choose({ attributes: {} }, 2).map(({ row }) => row?.friendly_name)
    }
    expect(order()).toEqual(['Bea', 'Ada'])
    const { workspace_sid } = world
    world.do({ type: 'task_channel.update', workspace_sid, sid: chat.row.sid, channel_optimized_routing: true })
    // On chat, neither has had anything yet, and Ada came first.
    expect(order()).toEqual(['Ada', 'Bea'])
  })
})
