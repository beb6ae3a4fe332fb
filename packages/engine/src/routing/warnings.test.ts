import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import { sampled } from './warnings.ts'

/** Ada speaks two languages at level 3, Bea has a single skill as text, and one task has come in. */
function floor(): World {
  const world = new World()
  world.addQueue('Everybody')
  world.addWorkflow('Plain', { default_filter: { queue: 'Everybody' } })
  world.addWorker('Ada', { attributes: { languages: ['en', 'fr'], level: 3, home: null } })
  world.addWorker('Bea', { attributes: { skill: 'sales', address: { city: 'Oslo' } } })
  world.addTask('call', { attributes: { topic: 'sales', tags: ['vip'] } })
  return world
}

/** What is warned of by what an act does. */
function warned(world: World, act: () => unknown): string[] {
  const before = world.events('ringdown.warning').length
  act()
  return world
    .events('ringdown.warning')
    .slice(before)
    .map(({ refs }) => `${refs.extra?.warning}: ${refs.extra?.message}`)
}

describe('a filter of events', () => {
  it.each<[events_filter: string, warnings: string[]]>([
    ['', []],
    ['task.created, reservation.accepted', []],
    ['task.create', ["EventsFilter names 'task.create', and no event is called so"]],
    [
      'Task.Created,task.canceled,task.*,task.*',
      [
        "EventsFilter names 'Task.Created', and no event is called so: 'task.created' is spelled so",
        "EventsFilter names 'task.*', and no event is called so"
      ]
    ],
    ['ringdown.warning', ["EventsFilter names 'ringdown.warning', and no event is called so"]],
    ['x'.repeat(500), [`EventsFilter names '${'x'.repeat(80)}…', and no event is called so`]]
  ])('%.40s is kept as it is', (events_filter, messages) => {
    const world = new World()
    const expected = messages.map((message) => `unknown_event: ${message}`)
    const create = () => world.do({ type: 'workspace.create', friendly_name: 'New', events_filter })
    expect(warned(world, create)).toEqual(expected)
    const sid = world.workspace_sid
    const { workspace } = world.do({ type: 'workspace.update', sid, friendly_name: 'Old' })
    expect(warned(world, () => world.do({ type: 'workspace.update', sid, events_filter }))).toEqual(expected)
    expect(world.state.get('workspace', sid).events_filter).toBe(events_filter || null)
    expect(warned(world, () => world.do({ type: 'workspace.update', sid, friendly_name: 'New' }))).toEqual([])
    const [warning] = world.events('ringdown.warning').slice(-1)
    if (warning) expect(render(warning)).toMatchObject({ resource_type: 'workspace', resource_sid: workspace.sid })
  })
})

describe('a queue', () => {
  it.each<[target_workers: string, warnings: string[]]>([
    ['1==1', []],
    ["languages HAS 'en'", []],
    ["languages HAS 'en' AND level > 2 OR skill == 'sales'", []],
    ["address.city == 'Oslo' AND friendly_name != 'x' AND activity_name != 'x'", []],
    ["home == 'x' OR 1==1", []],
    [
      "langauges HAS 'en'",
      [
        'unknown_worker_attribute: TargetWorkers names worker.langauges, which no worker has',
        'queue_without_workers: None of 2 workers is eligible for the queue'
      ]
    ],
    [
      "address.town == 'Oslo' OR 1==1",
      ['unknown_worker_attribute: TargetWorkers names worker.address.town, which no worker has']
    ],
    [
      "skill HAS 'sales'",
      [
        'never_a_list: TargetWorkers looks for a member of worker.skill, which is a list for no worker',
        'queue_without_workers: None of 2 workers is eligible for the queue'
      ]
    ],
    [
      "'x' IN level OR 1==1",
      ['never_a_list: TargetWorkers looks for a member of worker.level, which is a list for no worker']
    ],
    ["skill IN ['sales', 'support']", []],
    ["skill IN 'sales' OR 1==1", ['never_a_list: TargetWorkers looks for a member of "sales", which is no list']],
    ['level > 5', ['queue_without_workers: None of 2 workers is eligible for the queue']],
    ['', ['queue_without_workers: TargetWorkers is empty, so no worker is eligible for the queue']]
  ])('of %j', (target_workers, expected) => {
    const world = floor()
    expect(warned(world, () => world.addQueue('New', { target_workers }))).toEqual(expected)
    const { sid } = world.queue('Everybody')
    const { workspace_sid } = world
    const update = () => world.do({ type: 'task_queue.update', workspace_sid, sid, target_workers })
    // The other queue has a name of its own; the rest is the same, unless nothing changes.
    expect(warned(world, update)).toEqual(target_workers === '1==1' ? [] : expected)
    expect(warned(world, update)).toEqual([])
  })

  it('is not complained of before there is anybody to compare with', () => {
    const world = new World()
    expect(warned(world, () => world.addQueue('New', { target_workers: "skill HAS 'x'" }))).toEqual([])
    expect(warned(world, () => world.addQueue('Empty', { target_workers: '' }))).toEqual([])
  })

  it('is compared with the newest workers only, and says so', () => {
    const world = new World()
    world.addWorker('First', { attributes: { rare: 1 } })
    for (let i = 0; i < sampled; i++) world.addWorker(`W${i}`, { activity: 'Offline' })
    expect(warned(world, () => world.addQueue('New', { target_workers: 'rare == 1' }))).toEqual([
      `unknown_worker_attribute: TargetWorkers names worker.rare, which none of the ${sampled} newest workers has`
    ])
    expect(world.events('ringdown.warning').at(-1)?.refs.extra).toMatchObject({ looked_at: sampled, of: sampled + 1 })
  })
})

describe('a workflow', () => {
  const target = { queue: 'Everybody' }
  const all = { expression: '1==1', targets: [target] }

  it.each<[name: string, task_routing: object, warnings: string[]]>([
    ['that takes everything', { filters: [all] }, []],
    ['with a default', { filters: [{ expression: "topic == 'x'", targets: [target] }], default_filter: target }, []],
    [
      'without a default',
      { filters: [{ expression: "topic == 'x'", targets: [target] }] },
      ['no_default_filter: A task that matches none of the filters is refused: there is no default_filter']
    ],
    [
      'whose last target times out',
      {
        filters: [
          {
            filter_friendly_name: 'Sales',
            expression: "topic == 'x'",
            targets: [
              { ...target, timeout: 30 },
              { ...target, timeout: 60 }
            ]
          }
        ],
        default_filter: target
      },
      [
        'canceled_after_last_target: A task that nobody takes is canceled 90 seconds after it matched filter Sales: the last target times out, and the default_filter is not for timeouts'
      ]
    ],
    [
      'whose last target times out into a filter for everything',
      { filters: [{ expression: "topic == 'x'", targets: [{ ...target, timeout: 30 }] }, all] },
      []
    ],
    [
      'whose first target holds the task',
      {
        filters: [{ expression: "topic == 'x'", targets: [target, { ...target, timeout: 5 }] }],
        default_filter: target
      },
      []
    ],
    [
      'that leads to nobody',
      { filters: [{ expression: "topic == 'x'", targets: [{ queue: 'Nobody' }] }], default_filter: target },
      ['queue_without_workers: No worker is eligible for TaskQueue Nobody, to which the workflow leads']
    ],
    [
      'that misspells a task attribute',
      { filters: [{ expression: "topik == 'x'", targets: [target] }], default_filter: target },
      ['unknown_task_attribute: task_routing.filters[0].expression names task.topik, which no task has']
    ],
    [
      'that misspells both in a target',
      {
        filters: [
          {
            ...all,
            targets: [
              {
                ...target,
                expression: "worker.langs HAS task.topic AND worker.sid != 'x' AND task.topic HAS 'x'",
                order_by: 'worker.levl DESC',
                known_worker_sid: 'task.agent'
              }
            ]
          }
        ]
      },
      [
        'unknown_worker_attribute: task_routing.filters[0].targets[0].expression names worker.langs, which no worker has',
        'never_a_list: task_routing.filters[0].targets[0].expression looks for a member of task.topic, which is a list for no task',
        'unknown_worker_attribute: task_routing.filters[0].targets[0].order_by names worker.levl, which no worker has',
        'unknown_task_attribute: task_routing.filters[0].targets[0].known_worker_sid names task.agent, which no task has'
      ]
    ],
    [
      'with names that mean nothing where they stand',
      {
        filters: [
          {
            ...all,
            targets: [
              {
                ...target,
                expression: 'isSurveyTask == true OR worker.level > 1',
                skip_if: 'workers.busy == 0',
                order_by: 'level DESC',
                known_worker_friendly_name: 'worker.level'
              }
            ]
          }
        ],
        default_filter: { ...target, order_by: 'task.topic' }
      },
      [
        ...[
          'targets[0].expression names isSurveyTask, which means nothing there and is always null: it expects task.<attribute> or worker.<attribute>',
          'targets[0].skip_if names workers.busy, which means nothing there and is always null: it expects workers.available, workers.unavailable or workers.WA<sid>',
          'targets[0].order_by names level, which means nothing there and is always null: it expects worker.<attribute>',
          'targets[0].known_worker_friendly_name names worker.level, which means nothing there and is always null: it expects task.<attribute>'
        ].map((text) => `unknown_name: task_routing.filters[0].${text}`),
        'unknown_name: task_routing.default_filter.order_by names task.topic, which means nothing there and is always null: it expects worker.<attribute>'
      ]
    ]
  ])('%s', (_name, task_routing, expected) => {
    const world = floor()
    world.addQueue('Nobody', { target_workers: '' })
    expect(warned(world, () => world.addWorkflow('New', task_routing))).toEqual(expected)
    expect(warned(world, () => world.updateWorkflow('Plain', { task_routing }))).toEqual(expected)
    expect(warned(world, () => world.updateWorkflow('Plain', { re_evaluate_tasks: true }))).toEqual([])
  })

  it('with a thousand mistakes is told of the first few', () => {
    const world = floor()
    const filters = Array.from({ length: 1000 }, (_, i) => ({ expression: `x${i} == 1`, targets: [target] }))
    expect(warned(world, () => world.addWorkflow('New', { filters }))).toHaveLength(20)
  })
})

describe('a worker', () => {
  it.each<[name: string, attributes: object, warnings: string[]]>([
    ['who fits', { skills: ['sales'] }, []],
    [
      'whose skill is text',
      { skills: 'sales' },
      [
        'never_a_list: worker.skills is no list, but TaskQueue Sales looks for a member of it',
        'worker_without_queue: The worker is eligible for none of 1 queue'
      ]
    ],
    ['without skills', {}, ['worker_without_queue: The worker is eligible for none of 1 queue']]
  ])('%s', (_name, attributes, expected) => {
    const world = new World()
    world.addQueue('Sales', { target_workers: "skills HAS 'sales'" })
    expect(warned(world, () => world.addWorker('Ada', { attributes }))).toEqual(expected)
    world.setAttributes('Ada', { skills: ['sales', 'other'] })
    expect(warned(world, () => world.setAttributes('Ada', attributes))).toEqual(expected)
    expect(warned(world, () => world.move('Ada', 'Offline'))).toEqual([])
  })

  it('in a workspace without queues is nothing to talk about', () => {
    const world = new World()
    expect(warned(world, () => world.addWorker('Ada'))).toEqual([])
  })
})

it('a warning is told of its row, in one sentence, with its code and details', () => {
  const world = floor()
  const { sid } = world.addQueue('New', { target_workers: 'levl > 1 OR 1==1' })
  const [event] = world.events('ringdown.warning').slice(-1)
  expect(event && render(event)).toMatchObject({
    type: 'ringdown.warning',
    workspace_sid: world.workspace_sid,
    description: 'TargetWorkers names worker.levl, which no worker has',
    resource_type: 'task-queue',
    resource_sid: sid,
    data: {
      warning: 'unknown_worker_attribute',
      place: 'TargetWorkers',
      attribute: 'worker.levl',
      looked_at: 2,
      of: 2,
      task_queue_name: 'New'
    }
  })
})

describe('a task channel is warned of', () => {
  it.each([
    ['my-channel', true],
    ['my channel', true],
    ['é', true],
    ['fax', false],
    ['fax_2', false],
    ['NOT', false]
  ])('%j: %s', (unique_name, warned) => {
    const world = new World()
    const { workspace_sid } = world
    world.do({ type: 'task_channel.create', workspace_sid, friendly_name: 'Mine', unique_name })
    const warnings = world
      .events('ringdown.warning')
      .map(({ refs }) => [refs.task_channel?.unique_name, refs.extra?.warning])
    expect(warnings).toEqual(warned ? [[unique_name, 'channel_not_in_expressions']] : [])
    world.addQueue('Anybody')
    world.addWorkflow('Main', { default_filter: { queue: 'Anybody' } })
    world.addWorker('Ada')
    world.addTask('one', { task_channel: unique_name })
    expect(world.where('one')).toBe('reserved Ada')
    const target = { queue: 'Anybody', expression: `worker.channel.${unique_name}.assigned_tasks == 0` }
    const save = () => world.addWorkflow('By load', { filters: [{ expression: '1==1', targets: [target] }] })
    if (warned) expect(world.refusal(save)).toMatch(/^400/)
    else expect(save).not.toThrow()
  })

  it.each(['', ' ', 'a/b', 'a\u0000'])('%j is refused', (unique_name) => {
    const center = new World()
    const add = () =>
      center.do({
        type: 'task_channel.create',
        workspace_sid: center.workspace_sid,
        friendly_name: 'Mine',
        unique_name
      })
    expect(center.refusal(add)).toMatch(/^400/)
  })
})
