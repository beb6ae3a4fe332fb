import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { compile } from './expression/compile.ts'
import { compileOrderBy } from './expression/order-by.ts'
import type { Target } from './target-condition.ts'

/** Two queues with one expression and one with another, and a task of each that has come and gone. */
function center() {
  const world = new World({ settings: { workers_compared: 0 } })
  const pasts = Object.entries({ One: '1 == 1', Two: '1 == 1', Three: 'level > 1' }).map(([name, target_workers]) => {
    world.addQueue(name, { target_workers })
    world.addWorkflow(name, { default_filter: { queue: name } })
    const past = world.addTask(name, { workflow_sid: world.workflow(name).sid })
    world.updateTask(name, { assignment_status: 'canceled' })
    return past
  })
  const at = (queue: 0 | 1 | 2, target: Target = {}) => {
    const past = pasts[queue]
    const found = past && world.state.matcher.targetIndex(past, target)
    if (!found) throw new Error('the task is in no queue')
    return found
  }
  return { world, at }
}

describe('a target index', () => {
  it('is one for queues with the same expression and targets with the same texts', () => {
    const { at } = center()
    const target = () => ({ expression: compile('worker.a == task.a', 'target') })
    expect(at(0)).toBe(at(1))
    expect(at(0)).not.toBe(at(2))
    expect(at(0, target())).toBe(at(1, target()))
    expect(at(0, target())).not.toBe(at(0))
  })

  it('is one whatever the order_by, and has an offer order for each', () => {
    const { at } = center()
    const orders = [undefined, compileOrderBy('worker.level DESC'), compileOrderBy('worker.level ASC')]
    const indexes = orders.map((order_by) => at(0, order_by && { order_by }))
    expect(new Set(indexes).size).toBe(1)
    expect(new Set(orders.map((order_by) => at(0).ready(order_by))).size).toBe(3)
    expect(at(0).ready(compileOrderBy('worker.level DESC'))).toBe(at(0).ready(orders[1]))
  })

  it('forgets its offer orders but one, and makes them again when asked', () => {
    const { world, at } = center()
    world.addWorker('Ada')
    const [kept, other] = [at(0).ready(undefined), at(0).ready(compileOrderBy('worker.level DESC'))]
    for (const ready of [kept, other]) ready.choose({ attributes: {} }, 1)
    at(0).forgetReady(kept)
    expect(at(0).ready(undefined)).toBe(kept)
    const again = at(0).ready(compileOrderBy('worker.level DESC'))
    expect(again).not.toBe(other)
    expect([...at(0).eligibility.readyWorkers]).toEqual([kept])
    expect(again.choose({ attributes: {} }, 1).map(({ sid }) => sid)).toEqual([world.worker('Ada').sid])
  })
})
