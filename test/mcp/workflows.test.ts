import { describe, expect, it } from 'vitest'
import { agent, routing } from './center.ts'

const byName = routing({ Support: 'Support', Billing: 'Billing' })

describe('workflows', () => {
  it('take queues by name, and what has none is forwarded byte for byte', async () => {
    const { center, wire, call } = await agent()
    await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration: byName })
    const spaced = JSON.stringify(routing(center.queues), null, 2)
    await call('manage_workflows', {
      action: 'update',
      workflowSid: 'Default',
      configuration: spaced,
      reEvaluateTasks: true
    })
    expect(JSON.parse(String(wire.writes()[0]?.form.Configuration))).toEqual(routing(center.queues))
    expect(wire.writes()[1]?.form).toEqual({ Configuration: spaced, ReEvaluateTasks: 'true' })
  })

  it.each([
    ['order_by', 'worker.level UP', 'order_by takes worker.<attribute> ASC or DESC, joined by commas'],
    ['known_worker_sid', "'WK1'", "known_worker_sid takes task.<attribute>, which holds the worker's SID"],
    [
      'known_worker_friendly_name',
      '5',
      "known_worker_friendly_name takes task.<attribute>, which holds the worker's friendlyName"
    ],
    [
      'skip_if',
      'workers.available ==',
      'skip_if compares workers.available, workers.unavailable or workers.WA<sid> with numbers'
    ]
  ])('say what %s takes where it is wrong', async (key, text, takes) => {
    const { center, call } = await agent()
    const targets = [{ queue: center.queues.Support, [key]: text }]
    const filter = { filter_friendly_name: 'French', expression: "language == 'fr'", targets }
    const configuration = { task_routing: { filters: [filter], default_filter: { queue: 'Billing' } } }
    const { error } = await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })
    expect(error).toMatchObject({
      code: 20001,
      argument: 'configuration.task_routing.filters[0]',
      next: `correct filter French: ${takes}`
    })
  })

  it('say so of the default_filter', async () => {
    const { call } = await agent()
    const configuration = {
      task_routing: { filters: [], default_filter: { queue: 'Billing', order_by: 'worker.level UP' } }
    }
    const { error } = await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })
    expect(error).toMatchObject({
      argument: 'configuration.task_routing.default_filter',
      next: 'correct the default_filter: order_by takes worker.<attribute> ASC or DESC, joined by commas'
    })
  })

  it('say where a queue is called wrongly, and which filter is wrong', async () => {
    const { call } = await agent()
    const lost = { task_routing: { filters: [{ targets: [{ queue: 'Bling' }] }] } }
    const create = { action: 'create', friendlyName: 'A' }
    expect((await call('manage_workflows', { ...create, configuration: lost })).error).toMatchObject({
      code: 'unknown_name',
      message: expect.stringMatching(
        /^configuration\.task_routing\.filters\[0\]\.targets\[0\]\.queue: no queue 'Bling'/
      )
    })
    const filter = { filter_friendly_name: 'French', expression: 'language == ', targets: [{ queue: 'Support' }] }
    const wrong = { task_routing: { filters: [filter], default_filter: { queue: 'Billing' } } }
    expect((await call('manage_workflows', { ...create, configuration: wrong })).error).toMatchObject({
      argument: 'configuration.task_routing.filters[0]',
      next: 'correct filter French'
    })
  })

  it('that change while tasks wait are warned about', async () => {
    const { center, call } = await agent()
    await center.task()
    const change = { action: 'update', workflowSid: 'Default', configuration: routing(center.queues) }
    expect((await call('manage_workflows', change)).content.warnings).toEqual([
      'the old rules still hold for 1 waiting task; repeat with reEvaluateTasks: true to route anew'
    ])
  })

  it('show filters, not configuration, in lists', async () => {
    const { center, call } = await agent()
    const list = await call('manage_workflows', { action: 'list' })
    expect(list.content.workflows).toEqual([
      {
        workflowSid: center.workflow,
        friendlyName: 'Default',
        filters: ['French', 'default_filter'],
        taskReservationTimeout: 120
      }
    ])
    expect((await call('manage_workflows', { action: 'get', workflowSid: 'Default' })).content).toMatchObject({
      workflows: [{ configuration: routing(center.queues) }]
    })
  })

  it('keep the bytes of their documents but where a queue is named', async () => {
    const { center, call } = await agent()
    const configuration =
      '{ "task_routing": {"filters":[{"expression":"1==1","targets":[{"queue":"Support","priority":1.0}],"x":12345678901234567890}],\n"default_filter":{"queue":"support"}}, "10":1, "2":2}'
    const made = await call('manage_workflows', { action: 'create', friendlyName: 'Night', configuration })
    expect(made.isError, made.text).toBe(false)
    const kept = await center.workspace.workflows(made.content.workflows[0].workflowSid).fetch()
    expect(kept.configuration).toBe(configuration.replaceAll(/"support"/gi, `"${center.queues.Support}"`))
  })
})
