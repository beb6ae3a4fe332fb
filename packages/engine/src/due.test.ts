import { describe, expect, it } from 'vitest'
import { seedOf } from './core/ids.ts'
import { decide } from './decide.ts'
import { decideDue } from './due.ts'
import { World } from './testing/world.ts'

const seedFor = (decision: number) => seedOf(5, decision)

describe('what is due', () => {
  it('is decided in order, each at its own time, however late one asks', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    const begin = world.at
    world.addTask('short', { timeout: 30 })
    world.addTask('long', { timeout: 600 })
    world.addWorker('Ada')
    const due = [...decideDue(world.state, begin + 3_600_000, seedFor)].map(({ due, command, decision }) => [
      (due - begin) / 1000,
      command.type,
      decision.events.map((event) => event.type)
    ])
    expect(due).toEqual([
      [30, 'timer.task_ttl', ['reservation.canceled', 'task.canceled', 'reservation.created']],
      [150, 'timer.reservation', ['reservation.timeout', 'worker.activity.update']],
      [600, 'timer.task_ttl', ['task.canceled']]
    ])
  })

  it('is nothing before its time', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    world.addTask('task', { timeout: 30 })
    expect([...decideDue(world.state, world.at + 29_999, seedFor)]).toEqual([])
    expect([...decideDue(world.state, world.at + 30_000, seedFor)]).toHaveLength(1)
  })

  it('is decided one by one as the caller asks for it', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    for (const name of ['one', 'two']) world.addTask(name, { timeout: 30 })
    decideDue(world.state, world.at + 30_000, seedFor).next()
    expect([world.where('one'), world.where('two')]).toEqual(['canceled', 'pending'])
  })

  it('stays due when its decision fails', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    world.addTask('task', { timeout: 30 })
    const { emit } = world.state
    world.state.emit = () => {
      throw new Error('no')
    }
    expect(() => [...decideDue(world.state, world.at + 30_000, seedFor)]).toThrow('no')
    world.state.emit = emit
    expect([world.where('task'), world.state.nextTimer?.command]).toEqual(['pending', 'timer.task_ttl'])
  })
})

describe('a decision', () => {
  it('follows from state, instant, seed and command alone', () => {
    const make = () => {
      const world = new World({ workspace: { template: 'FIFO' } })
      world.addWorker('Ada')
      const command = { type: 'task.create', workspace_sid: world.workspace_sid } as const
      return decide(world.state, { at: world.at + 7, seed: [4, 3, 2, 1], command })
    }
    expect(JSON.stringify(make())).toBe(JSON.stringify(make()))
  })
})
