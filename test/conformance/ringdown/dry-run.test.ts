import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Observed, observed } from '../observed.ts'
import { document, Floor } from '../taskrouter/floor.ts'

/* "37 of 100 would go elsewhere", said before a workflow is saved: ours, under /ringdown/v1. */

let world: Observed
let floor: Floor
let french: string
let anybody: string
let workflow: string
beforeAll(async () => {
  world = await observed()
  floor = await Floor.open(world)
  french = await floor.queue('French', { targetWorkers: "languages HAS 'fr'" })
  anybody = await floor.queue('Anybody')
  workflow = await floor.workflow('Main', {
    filters: [{ filter_friendly_name: 'French', expression: "language == 'fr'", targets: [{ queue: french }] }],
    default_filter: { queue: anybody }
  })
  for (let n = 0; n < 6; n++) await floor.task({ language: n < 4 ? 'fr' : 'en', n })
})
afterAll(() => world.close())

const tried = (form: Record<string, string>) =>
  world.call(`/ringdown/v1/Workspaces/${floor.sid}/Workflows/${workflow}/DryRun`, form)

describe('a dry run of a workflow', () => {
  it('counts the last tasks that would go elsewhere, also those that are over and gone', async () => {
    const [first] = await floor.workspace.tasks.list()
    await floor.workspace.tasks(first?.sid ?? '').update({ assignmentStatus: 'canceled', reason: 'gone' })
    await world.pass(301)
    const before = await world.call(`/ringdown/v1/Events?since=PT1H&limit=1000`)
    const { status, body } = await tried({ Configuration: document(anybody), Last: '5' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ workflow_sid: workflow, total: 5, moved: 3, differing: 3, filters: null })
    expect(body.tasks.map((task: { differs: string[] }) => task.differs.includes('task_queue_sid'))).toEqual([
      false,
      false,
      true,
      true,
      true
    ])
    expect((await tried({ Configuration: document(anybody) })).body).toMatchObject({ total: 6, moved: 4 })
    // Nothing has happened.
    expect((await world.call(`/ringdown/v1/Events?since=PT1H&limit=1000`)).body.events).toEqual(before.body.events)
    expect((await floor.workspace.workflows(workflow).fetch()).configuration).toContain("language == 'fr'")
  })

  it('of many long expressions lets others have their turn, and says what is wrong at its end', async () => {
    const long = (n: number) => Array.from({ length: 1500 }, (_, i) => `a${n}_${i} == ${i}`).join(' OR ')
    const filters = (last: string) =>
      [...Array.from({ length: 12 }, (_, n) => long(n)), last].map((expression) => ({
        expression,
        targets: [{ queue: french }]
      }))
    let turns = 0
    const counting = setInterval(() => turns++, 0)
    const plan = (last: string) => document({ filters: filters(last), default_filter: { queue: anybody } })
    const { status, body } = await tried({ Configuration: plan("language == 'fr'"), Last: '5' })
    clearInterval(counting)
    expect([status, body.total, body.moved]).toEqual([200, 5, 0])
    expect(turns).toBeGreaterThan(5)
    const wrong = await tried({ Configuration: plan('language ==== 1'), Last: '5' })
    expect([wrong.status, wrong.body.message]).toEqual([400, expect.stringContaining('filters[12].expression')])
  })

  it('shows what the filters read of one task, waiting or made up', async () => {
    const [waiting] = await floor.workspace.tasks.list()
    const one = await tried({ TaskSid: waiting?.sid ?? '' })
    expect(one.body).toMatchObject({ total: 1, moved: 0, tasks: [{ task_sid: waiting?.sid, differs: [] }] })
    const routing = { filters: [{ expression: "language == 'de'", targets: [{ queue: french, timeout: 30 }] }] }
    const two = await tried({ Attributes: '{"language":"de"}', Priority: '3', Configuration: document(routing) })
    expect(two.body).toMatchObject({
      warnings: [{ warning: 'no_default_filter' }, { warning: 'canceled_after_last_target' }],
      tasks: [
        {
          task_sid: null,
          today: { is_default_filter: true, task_queue_sid: anybody, ends_at: expect.any(String) },
          planned: { outcome: 'waits', task_queue_sid: french, priority: 3, eligible_workers: 0 }
        }
      ],
      filters: [{ matches: true, clauses: [{ values: { 'task.language': 'de' } }] }]
    })
  })

  it('refuses what makes no sense', async () => {
    for (const [form, message] of [
      [{ Last: '1', Attributes: '{}' }, 'At most one of TaskSid, Attributes and Last is expected'],
      [{ Priority: '1' }, 'they need Attributes'],
      [{ Last: '0' }, 'an integer from 1 to 1000'],
      [{ Attributes: '[]' }, ''],
      [{ Attributes: '{}', TaskChannel: 'smoke' }, undefined],
      [{ Configuration: '{}' }, 'Configuration: task_routing: is missing']
    ] as const) {
      const { status, body } = await tried(form)
      if (message === undefined) expect(body.tasks[0].planned).toMatchObject({ outcome: 'refused' })
      else expect({ status, body }).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } })
    }
    const lost = await world.call(`/ringdown/v1/Workspaces/${floor.sid}/Workflows/WW${'0'.repeat(32)}/DryRun`, {})
    expect(lost.status).toBe(404)
  })
})
