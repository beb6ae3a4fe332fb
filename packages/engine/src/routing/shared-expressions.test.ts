import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

describe('two targets with the same long expression', () => {
  it('of which one asks for a known worker, each have their own answers', () => {
    // So that the expression counts as long, and what it answers is kept.
    const world = new World({ settings: { comparisons_at_once: 4 } })
    const { workspace_sid } = world
    const queueOf = (friendly_name: string) =>
      world.do({ type: 'task_queue.create', workspace_sid, friendly_name }).task_queue.sid
    const [all, known] = [queueOf('All'), queueOf('Known')]
    const activity_sid = [...world.state.tables.activity.all()].find(({ available }) => available)?.sid ?? ''
    world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Ada', activity_sid })
    const expression = 'task.team == worker.team'
    const configuration = JSON.stringify({
      task_routing: {
        filters: [
          { expression: 'kind == 1', targets: [{ queue: all, expression }] },
          { expression: 'kind == 2', targets: [{ queue: known, expression, known_worker_sid: 'task.agent' }] }
        ]
      }
    })
    world.do({ type: 'workflow.create', workspace_sid, friendly_name: 'Both', configuration })
    world.do({ type: 'task.create', workspace_sid, attributes: '{"kind":2}' })
    world.do({ type: 'task.create', workspace_sid, attributes: '{"kind":1}' })
    const seen = [...world.state.tables.task.all()].map((task) => [task.task_queue_sid, task.assignment_status])
    expect(seen).toEqual([
      [known, 'pending'],
      [all, 'reserved']
    ])
  })
})
