import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../../test/support/snapshot.ts'
import { World } from '../testing/world.ts'
import { dryRun, type TriedTask, triedFilters, warningsOf } from './dry-run.ts'

/** A supervisor edits a workflow and asks where tasks would go, before anything is saved. */

function floor() {
  const world = new World()
  const sales = world.addQueue('Sales', { target_workers: "skills HAS 'sales'" }).sid
  const anybody = world.addQueue('Anybody').sid
  const { sid } = world.addWorkflow('Main', {
    filters: [
      { filter_friendly_name: 'Orders', expression: "topic == 'order'", targets: [{ queue: 'Sales', timeout: 60 }] }
    ],
    default_filter: { queue: 'Anybody' }
  })
  world.addWorker('Ada', { attributes: { skills: ['sales'] } })
  const planned = JSON.stringify({
    task_routing: {
      filters: [
        { filter_friendly_name: 'Gold', expression: "tier == 'gold'", targets: [{ queue: anybody, priority: 9 }] },
        { filter_friendly_name: 'Orders', expression: "topic == 'order'", targets: [{ queue: sales, timeout: 60 }] }
      ]
    }
  })
  const plan = { workspace_sid: world.workspace_sid, sid, at: world.at + 5 }
  return { world, sales, anybody, planned, plan }
}

function made(attributes: object, more: Partial<TriedTask> = {}): TriedTask {
  return { task_sid: null, attributes: JSON.stringify(attributes), ...more }
}

describe('a dry run', () => {
  it('says queue, priority, worker and time of each task, and what differs from today', () => {
    const { world, sales, anybody, planned, plan } = floor()
    const tasks = [made({ topic: 'order', tier: 'gold' }), made({ topic: 'order' }), made({ topic: 'other' })]
    const [gold, order, other] = dryRun(world.state, { ...plan, configuration: planned }, tasks)
    const ada = world.worker('Ada').sid
    expect(gold).toMatchObject({
      today: {
        outcome: 'offered',
        verdict: 'It would be offered to Ada at once.',
        filter_friendly_name: 'Orders',
        task_queue_sid: sales,
        priority: 0,
        worker_sids: [ada]
      },
      planned: { outcome: 'offered', filter_friendly_name: 'Gold', task_queue_sid: anybody, priority: 9 },
      differs: ['task_queue_sid', 'priority', 'ends_at', 'afterwards']
    })
    // The filter has moved down, and nothing that anybody would notice.
    expect(order).toMatchObject({ today: { filter_index: 0 }, planned: { filter_index: 1 }, differs: [] })
    expect(order?.planned).toMatchObject({ ends_at: plan.at + 60_000, eligible_workers: 1 })
    expect(other).toMatchObject({
      today: { is_default_filter: true, task_queue_friendly_name: 'Anybody' },
      planned: {
        outcome: 'refused',
        task_queue_sid: null,
        verdict: expect.stringContaining('which has no default filter')
      }
    })
    expect(other?.differs).toContain('outcome')
  })

  it('changes nothing: whatever follows is as if it had not been asked', () => {
    const { world, planned, plan } = floor()
    world.addTask('waiting', { attributes: { topic: 'order' } })
    const before = JSON.stringify(snapshot(world.state))
    dryRun(world.state, { ...plan, configuration: planned }, [made({ topic: 'order' }), made({})])
    triedFilters(world.state, plan, made({ topic: 'order' }))
    warningsOf(world.state, { ...plan, configuration: planned })
    expect(JSON.stringify(snapshot(world.state))).toBe(before)
    world.pass('2 min')
    world.addTask('next', { attributes: { topic: 'order' } })
  })

  it('treats each task as if it came alone: the first takes nobody away from the second', () => {
    const { world, plan } = floor()
    const [first, second] = dryRun(world.state, plan, [made({ topic: 'order' }), made({ topic: 'order' })])
    expect(second).toEqual(first)
    expect(first?.today.worker_sids).toHaveLength(1)
  })

  it('takes channel and priority, and shows what the filters have read', () => {
    const { world, plan } = floor()
    const [route] = dryRun(world.state, plan, [made({ topic: 'order' }, { priority: 4, task_channel: 'voice' })])
    expect(route?.today).toMatchObject({ priority: 4 })
    expect(triedFilters(world.state, plan, made({ topic: 'other' }))).toMatchObject([
      { friendly_name: 'Orders', matches: false, clauses: [{ values: { 'task.topic': 'other' } }] }
    ])
  })

  it('refuses and warns as the update would', () => {
    const { world, planned, plan } = floor()
    expect(warningsOf(world.state, { ...plan, configuration: planned })).toContainEqual({
      warning: 'no_default_filter',
      message: expect.any(String)
    })
    expect(world.refusal(() => warningsOf(world.state, { ...plan, configuration: '{}' }))).toBe(
      '400/20001 Configuration: task_routing: is missing'
    )
    expect(world.refusal(() => dryRun(world.state, { ...plan, sid: `WW${'0'.repeat(32)}` }, [made({})]))).toMatch(
      /^404/
    )
  })
})
