import { describe, expect, it } from 'vitest'
import type { TaskQueueRow } from '../routing/rows.ts'
import { World } from '../testing/world.ts'
import { QueueEligibilities } from './queue-eligibilities.ts'

/** Eligibilities of a story's own, beside the matcher's, in a workspace of a center where nothing else happens. */
function center() {
  const world = new World()
  const other = new World()
  const workspaceIndex = other.state.matcher.workspaceIndex(other.workspace_sid)
  const queues = new QueueEligibilities(world.state, () => workspaceIndex)
  const row = (target_workers: string, sid = 'WQ1'): TaskQueueRow => ({
    ...world.addQueue(`Queue ${world.state.next_seq}`),
    sid,
    target_workers
  })
  return { world, workspaceIndex, queues, row }
}

describe('the eligibility in force in a queue', () => {
  it('comes with the queue, changes with its expression, and goes with it', () => {
    const { queues, row, workspaceIndex } = center()
    const [one, two] = [row('level > 1'), row('level > 2')]
    expect(queues.inForce('WQ1')).toBeUndefined()
    expect(queues.changed(one, one)).toBe(true)
    expect(queues.inForce('WQ1')?.expression.source).toBe('level > 1')
    expect(queues.changed(two, two)).toBe(true)
    expect([workspaceIndex.isInForce('level > 1'), workspaceIndex.isInForce('level > 2')]).toEqual([false, true])
    expect(queues.changed(two, undefined)).toBe(true)
    expect([queues.inForce('WQ1'), workspaceIndex.isInForce('level > 2')]).toEqual([undefined, false])
  })

  it('is the same when anything else of the queue changes', () => {
    const { queues, row } = center()
    const one = row('level > 1')
    queues.changed(one, one)
    const before = queues.inForce('WQ1')
    expect(queues.changed(one, { ...one, task_order: 'LIFO' })).toBe(false)
    expect([queues.inForce('WQ1') === before, before?.users]).toEqual([true, 1])
  })

  it('is shared with a queue that has the same expression', () => {
    const { queues, row } = center()
    for (const sid of ['WQ1', 'WQ2']) {
      const one = row('level > 1', sid)
      queues.changed(one, one)
    }
    expect(queues.inForce('WQ1')).toBe(queues.inForce('WQ2'))
    expect(queues.inForce('WQ1')?.users).toBe(2)
  })
})

describe('the upcoming eligibility of a queue', () => {
  it('is there while a judging row says so, and the former one is in force', () => {
    const { world, queues, row, workspaceIndex } = center()
    const [former, next] = [row('level > 1'), row('level > 2')]
    queues.changed(former, former)
    expect(() => queues.upcoming('WQ1')).toThrow('invariant')
    const { workspace_sid } = world
    const { sid } = world.state.insert('judging', {
      ...{ workspace_sid, task_queue_sid: 'WQ1', activity_sid: null, former: 'level > 1' },
      ...{ judged_to: 0, judge_at: null }
    })
    expect(queues.changed(next, next)).toBe(false)
    expect([queues.inForce('WQ1')?.expression.source, queues.upcoming('WQ1').expression.source]).toEqual([
      'level > 1',
      'level > 2'
    ])
    expect([queues.expressionInForce(next), workspaceIndex.isInForce('level > 2')]).toEqual(['level > 1', false])
    world.state.remove('judging', sid)
    expect(queues.changed(next, next)).toBe(true)
    expect([queues.expressionInForce(next), queues.inForce('WQ1')?.upcoming]).toEqual(['level > 2', 0])
    expect(() => queues.upcoming('WQ1')).toThrow('invariant')
  })
})
