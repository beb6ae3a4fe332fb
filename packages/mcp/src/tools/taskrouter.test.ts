import { describe, expect, it } from 'vitest'
import { connected } from '../testing/connect.ts'
import { listOf, type Route, refusal, type Sent, sid } from '../testing/fake-api.ts'
import { configuration, floor, queues, reservation, task, workers } from '../testing/floor.ts'

const T = 'taskrouter/v1/Workspaces/:ws'

async function agent(...routes: readonly Route[]) {
  const api = floor(...routes)
  return { api, ...(await connected(api)) }
}
const badRequest = (message: string) => () => refusal(400, 20001, message)

describe('tasks', () => {
  it('go to the only workflow; to a queue or worker directly when one is named', async () => {
    const { api, call } = await agent()
    await call('manage_tasks', { action: 'create', attributes: { type: 'x' } })
    await call('manage_tasks', { action: 'create', taskQueueSid: 'support' })
    await call('manage_tasks', { action: 'create', workerSid: 'amelie', taskQueueSid: 'Support', ignoreCapacity: true })
    expect(api.writes().map((sent) => sent.form)).toEqual([
      { WorkflowSid: sid('WW'), Attributes: '{"type":"x"}' },
      { RoutingTarget: sid('WQ') },
      { RoutingTarget: sid('WK'), TaskQueueSid: sid('WQ'), IgnoreCapacity: 'true' }
    ])
  })

  it('cannot be completed while nobody has them, and the error says what can be done', async () => {
    const { call } = await agent([
      `POST ${T}/Tasks/:sid`,
      badRequest('Cannot complete task because it is not currently assigned.')
    ])
    for (const args of [{ action: 'complete' }, { action: 'update', assignmentStatus: 'completed' }]) {
      expect((await call('manage_tasks', { ...args, taskSid: sid('WT', 2) })).error).toMatchObject({
        code: 20001,
        status: 400,
        message: 'Cannot complete task because it is not currently assigned.',
        argument: 'action',
        found: 'pending',
        allowed: ['accept', 'cancel'],
        next: 'not assigned: accept it (workerSid), or cancel'
      })
    }
  })

  it('that nobody is offered say how long they wait and who could come', async () => {
    const { call } = await agent()
    expect((await call('manage_tasks', { action: 'accept', taskSid: sid('WT', 2) })).error.message).toBe(
      'reserved by nobody: pending 4 min in Support, 4 of 9 eligible workers available'
    )
  })

  it('were somebody else quicker, the API says so and the tool says who', async () => {
    const lost = { ...reservation(4, 3, 2, 'rescinded') }
    const { call } = await agent(
      [
        `GET ${T}/Tasks/${sid('WT', 3)}/Reservations`,
        (sent: Sent) => ({
          body: listOf('reservations', sent.query.WorkerSid ? [lost] : [lost, reservation(3, 3, 1, 'accepted')])
        })
      ],
      [`POST ${T}/Tasks/:sid/Reservations/:wr`, () => refusal(410, 20001, 'Reservation is rescinded')]
    )
    const { error } = await call('manage_tasks', { action: 'accept', taskSid: sid('WT', 3), workerSid: 'bob' })
    expect(error).toMatchObject({ status: 410, next: 'amelie accepted first; list shows what else is offered' })
  })

  it('get attributes and a final status in two requests, attributes first', async () => {
    const { api, call } = await agent()
    await call('manage_tasks', {
      action: 'update',
      taskSid: sid('WT'),
      attributes: { note: 1 },
      assignmentStatus: 'completed',
      reason: 'solved'
    })
    expect(api.writes().map((sent) => sent.form)).toEqual([
      { Attributes: '{"note":1}' },
      { AssignmentStatus: 'completed', Reason: 'solved' }
    ])
  })

  it('are merged into under their version, again when somebody was quicker, and not without end', async () => {
    let version = 4
    let quicker = 2
    const { api, call } = await agent(
      [
        `GET ${T}/Tasks/:sid`,
        () => ({ body: task(1, 'assigned', { a: 1, version }), headers: { etag: `"${version}"` } })
      ],
      [
        `POST ${T}/Tasks/:sid`,
        () => {
          if (quicker-- <= 0) return { body: task(1, 'assigned') }
          version++
          return refusal(412, 20412, 'changed')
        }
      ]
    )
    expect(
      (await call('manage_tasks', { action: 'update', taskSid: sid('WT'), patchAttributes: { b: 2, a: null } })).isError
    ).toBe(false)
    expect(api.writes().map((sent) => [sent.headers['If-Match'], sent.form.Attributes])).toEqual([
      ['"4"', '{"version":4,"b":2}'],
      ['"5"', '{"version":5,"b":2}'],
      ['"6"', '{"version":6,"b":2}']
    ])
    quicker = 10
    expect(
      (await call('manage_tasks', { action: 'update', taskSid: sid('WT'), patchAttributes: { b: 2 } })).error.code
    ).toBe(20412)
    expect(api.writes()).toHaveLength(3 + 4)
  })

  it('of a worker are those that their open reservations name', async () => {
    const { call } = await agent()
    expect((await call('manage_tasks', { action: 'list', workerSid: 'amelie' })).content).toMatchObject({
      tasks: [{ taskSid: sid('WT'), reservations: [{ reservationSid: sid('WR'), reservationStatus: 'accepted' }] }]
    })
  })
})

describe('workers', () => {
  it('are told to exist when a name is taken', async () => {
    const { call } = await agent([`POST ${T}/Workers`, badRequest('Worker with the same friendly name already exists')])
    expect((await call('manage_workers', { action: 'create', friendlyName: 'Amelie' })).error.next).toBe(
      `a worker called amelie exists (${sid('WK')}); names ignore case; update that one`
    )
  })

  it('change themselves first and then the one channel, and the error says what stands', async () => {
    const { api, call } = await agent([`POST ${T}/Workers/:sid/Channels/:tc`, badRequest('Capacity')])
    const { error } = await call('manage_workers', {
      action: 'update',
      workerSid: 'bob',
      activitySid: 'Available',
      taskChannel: 'chat',
      capacity: 9
    })
    expect(error.message).toBe('the worker was updated, but the channel was not: Capacity')
    expect(api.writes().map((sent) => sent.form)).toEqual([{ ActivitySid: sid('WA', 2) }, { Capacity: 9 }])
  })

  it('who leave with offers pending are warned about', async () => {
    const { call } = await agent([
      `GET ${T}/Workers/:sid/Reservations`,
      listOf('reservations', [reservation(1, 1, 2, 'pending')])
    ])
    const { content } = await call('manage_workers', { action: 'update', workerSid: 'bob', activitySid: 'Break' })
    expect(content.warnings).toEqual([expect.stringContaining('1 reservation stay pending')])
  })
})

describe('queues', () => {
  it('that nobody can serve are made with a warning that says why', async () => {
    const nobody = { ...queues[0], target_workers: "languages HAS 'fr'" }
    const { call } = await agent(
      [`POST ${T}/TaskQueues`, nobody],
      [`GET ${T}/TaskQueues/:sid/RealTimeStatistics`, { total_eligible_workers: 0 }]
    )
    const { content } = await call('manage_task_queues', {
      action: 'create',
      friendlyName: 'Français',
      targetWorkers: "languages HAS 'fr'"
    })
    expect(content).toMatchObject({ taskQueues: [{ eligibleWorkers: 0 }] })
    expect(content.warnings).toEqual([
      "0 of 2 workers match. languages is a string on 2 workers; HAS needs a list: use languages == 'fr' or make it ['fr']"
    ])
  })

  it('explain a hyphen, and what still holds one that cannot be deleted', async () => {
    const { call } = await agent(
      [`POST ${T}/TaskQueues`, badRequest("extraneous input '-'")],
      [`DELETE ${T}/TaskQueues/:sid`, badRequest('in use')]
    )
    expect(
      (await call('manage_task_queues', { action: 'create', friendlyName: 'A', targetWorkers: 'skill-level > 3' }))
        .error.next
    ).toContain('rename it to skill_level')
    expect((await call('manage_task_queues', { action: 'delete', taskQueueSid: 'Support' })).error.next).toBe(
      'workflows Default name it: change them with manage_workflows; 1 task is in it: manage_tasks list taskQueueSid shows them'
    )
  })
})

describe('workflows', () => {
  const named = structuredClone(configuration) as {
    task_routing: { filters: { targets: { queue: string }[] }[]; default_filter: { queue: string } }
  }
  const [filter] = named.task_routing.filters
  if (filter) filter.targets = [{ queue: 'Support' }]

  it('take queues by name, and what has none is forwarded byte for byte', async () => {
    const { api, call } = await agent()
    await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration: named })
    const spaced = JSON.stringify(configuration, null, 2)
    await call('manage_workflows', {
      action: 'update',
      workflowSid: 'Default',
      configuration: spaced,
      reEvaluateTasks: true
    })
    expect(JSON.parse(String(api.writes()[0]?.form.Configuration))).toEqual(configuration)
    expect(api.writes()[1]?.form).toEqual({ Configuration: spaced, ReEvaluateTasks: 'true' })
  })

  it.each([
    ['order_by', '', 'order_by takes worker.<attribute> ASC or DESC, joined by commas'],
    ['known_worker_sid', "'WK1'", "known_worker_sid takes task.<attribute>, which holds the worker's SID"],
    [
      'known_worker_friendly_name',
      '5',
      "known_worker_friendly_name takes task.<attribute>, which holds the worker's friendlyName"
    ],
    ['skip_if', 'workers', 'skip_if compares workers.available, workers.unavailable or workers.WA<sid> with numbers']
  ])('say what %s takes where it is wrong', async (key, text, takes) => {
    const message = `Configuration: task_routing.filters[0].targets[0].${key}: "${text}", column 1: mismatched input`
    const { call } = await agent([`POST ${T}/Workflows`, badRequest(message)])
    expect(
      (await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })).error
    ).toMatchObject({ argument: 'configuration.task_routing.filters[0]', next: `correct filter French: ${takes}` })
  })

  it('say so of the default_filter', async () => {
    const message = 'Configuration: task_routing.default_filter.order_by: "", column 1: mismatched input'
    const { call } = await agent([`POST ${T}/Workflows`, badRequest(message)])
    expect(
      (await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })).error
    ).toMatchObject({
      argument: 'configuration.task_routing.default_filter',
      next: 'correct the default_filter: order_by takes worker.<attribute> ASC or DESC, joined by commas'
    })
  })

  it('say where a queue is called wrongly, and which filter is wrong', async () => {
    const { call } = await agent([`POST ${T}/Workflows`, badRequest("filter 'French': language == 'fr', column 3")])
    const wrong = { task_routing: { filters: [{ targets: [{ queue: 'Bling' }] }] } }
    expect(
      (await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration: wrong })).error
    ).toMatchObject({
      code: 'unknown_name',
      message: expect.stringMatching(
        /^configuration\.task_routing\.filters\[0\]\.targets\[0\]\.queue: no queue 'Bling'/
      )
    })
    expect(
      (await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })).error
    ).toMatchObject({
      argument: 'configuration.task_routing.filters[0]',
      next: 'correct filter French'
    })
  })

  it('that change while tasks wait are warned about, and show filters, not configuration, in lists', async () => {
    const { call } = await agent()
    const { content } = await call('manage_workflows', { action: 'update', workflowSid: 'Default', configuration })
    expect(content.warnings).toEqual([
      'the old rules still hold for 1 waiting task; repeat with reEvaluateTasks: true to route anew'
    ])
    const list = await call('manage_workflows', { action: 'list' })
    expect(list.content.workflows).toEqual([
      {
        workflowSid: sid('WW'),
        friendlyName: 'Default',
        filters: ['French', 'default_filter'],
        assignmentCallbackUrl: '',
        taskReservationTimeout: 120
      }
    ])
    expect((await call('manage_workflows', { action: 'get', workflowSid: 'Default' })).content).toMatchObject({
      workflows: [{ configuration }]
    })
  })
})

describe('activities', () => {
  it('that are in use say by whom', async () => {
    const { call } = await agent([`DELETE ${T}/Activities/:sid`, badRequest('in use')])
    expect((await call('manage_activities', { action: 'delete', activitySid: 'Available' })).error.next).toBe(
      '1 worker is in Available: move them with manage_workers'
    )
    expect((await call('manage_activities', { action: 'delete', activitySid: 'Offline' })).error.next).toContain(
      "Offline is the workspace's default activity"
    )
  })
})

describe('statistics', () => {
  const queueing = (...waits: readonly (readonly [number, object?])[]): Route => [
    `GET ${T}/Tasks`,
    listOf(
      'tasks',
      waits.map(([age, more], index) => ({ ...task(index + 1, 'pending'), age, ...more }))
    )
  ]

  it.each([
    ['with those who were answered', {}, [[240], [41], [2]], 36], // 77 s of seven, and 283 s of three
    ['alone where only this moment is asked for', { view: 'realtime' }, [[240], [41], [1]], 94],
    ['not in a period that is over', { startDate: '2026-01-01', endDate: '2026-01-02' }, [[240]], 11],
    ['not where only a period is asked for', { view: 'cumulative' }, [[240]], 11],
    [
      'of the task channel that is asked for',
      { taskChannel: sid('TC', 8) },
      [[900], [43, { task_channel_sid: sid('TC', 8) }]],
      15
    ]
  ] as const)('count who waits now into the average wait: %s', async (_how, args, waits, average) => {
    const { call } = await agent(queueing(...waits))
    expect((await call('get_workspace_statistics', args)).content.summary).toMatchObject({
      averageWaitSeconds: average
    })
  })

  it.each(['task_queue', 'workflow'])('count who waits now in the row of their %s', async (scope) => {
    const { call } = await agent(queueing([83], [900, { task_queue_sid: sid('WQ', 7), workflow_sid: sid('WW', 7) }]))
    const { rows } = (await call('get_workspace_statistics', { scope })).content
    expect(rows).toMatchObject([{ averageWaitSeconds: 20 }])
  })

  it('sum up who waits, how long, and who is there', async () => {
    const { call } = await agent()
    expect((await call('get_workspace_statistics')).content).toMatchObject({
      summary: {
        totalTasks: 5,
        waitingTasks: 3,
        longestWaitSeconds: 41,
        averageWaitSeconds: 11,
        availableWorkers: 1,
        totalWorkers: 2
      },
      realtime: { tasks_by_status: { pending: 2 } },
      cumulative: { reservations_accepted: 7 }
    })
    expect((await call('get_workspace_statistics', { scope: 'task_queue' })).content.rows).toEqual([
      {
        taskQueue: 'Support',
        taskQueueSid: sid('WQ'),
        waiting: 3,
        longestWaitSeconds: 41,
        assigned: 2,
        eligibleWorkers: 9,
        availableWorkers: 4,
        averageWaitSeconds: 11,
        accepted: 7,
        canceled: 2,
        timedOut: 1
      }
    ])
  })

  it('do without the cumulative part where a server has none, unless it is what was asked for', async () => {
    const missing = () => refusal(501, 20501, 'FetchWorkspaceCumulativeStatistics is not implemented')
    const { call } = await agent(
      [`GET ${T}/CumulativeStatistics`, missing],
      [`GET ${T}/TaskQueues/Statistics`, missing]
    )
    const { content } = await call('get_workspace_statistics')
    expect(content).toMatchObject({
      summary: { waitingTasks: 3 },
      warnings: [expect.stringContaining('no cumulative figures')]
    })
    expect((await call('get_workspace_statistics', { scope: 'task_queue' })).content.rows).toHaveLength(2)
    expect((await call('get_workspace_statistics', { view: 'cumulative' })).error).toMatchObject({
      code: 'not_built',
      status: 501
    })
  })

  it('know that one worker has no real-time ones, and how far back they go', async () => {
    const { call } = await agent([`GET ${T}/CumulativeStatistics`, () => refusal(400, 14241, 'interval')])
    expect((await call('get_workspace_statistics', { workerSid: 'amelie', view: 'realtime' })).error).toMatchObject({
      code: 'bad_value',
      argument: 'view'
    })
    expect((await call('get_workspace_statistics', { startDate: '2020-01-01' })).error).toMatchObject({
      code: 14241,
      argument: 'startDate',
      next: 'at most 30 days back'
    })
  })
})

it('a list of the busiest floor stays small enough for every client', async () => {
  const crowd = Array.from({ length: 100 }, (_, index) => ({
    ...workers[0],
    sid: sid('WK', index + 1),
    friendly_name: `worker ${index}`,
    attributes: JSON.stringify({ note: 'x'.repeat(500) })
  }))
  const { call } = await agent([`GET ${T}/Workers`, listOf('workers', crowd)])
  const first = await call('manage_workers', { action: 'list', pageSize: 100 })
  expect(first.text.length).toBeLessThanOrEqual(20_500)
  const second = await call('manage_workers', { action: 'list', pageSize: 100, pageToken: first.content.nextPageToken })
  const seen = [first, second].map(({ content }) =>
    (content.workers as { friendlyName: string }[]).map((row) => row.friendlyName)
  ) // rows of the list
  expect(seen[1]?.[0]).toBe(`worker ${seen[0]?.length}`)
})

describe('documents that are stored', () => {
  const stored = String.raw`{"page_id": 17841444523369053,"rate":1.0,"10":"b","2":"a","e\u0301":"\u00e9\/"}`
  const holding = (attributes: string): Route => [
    `GET ${T}/Tasks/:sid`,
    () => ({ body: { ...task(1, 'pending'), attributes }, headers: { etag: '"7"' } })
  ]

  it('are shown to the digit: as text in the values, as they are in the text', async () => {
    const { call } = await agent(holding(stored))
    const told = await call('manage_tasks', { action: 'get', taskSid: sid('WT'), fields: ['attributes'] })
    expect(told.text).toContain(`"attributes":${stored}`)
    expect(told.content).toMatchObject({
      tasks: [{ attributes: { page_id: '17841444523369053', rate: 1, 10: 'b', 'e\u0301': 'é/' } }],
      warnings: [expect.stringContaining('15 digits')]
    })
    const picked = await call('manage_tasks', {
      action: 'get',
      taskSid: sid('WT'),
      fields: ['attributes.rate', 'attributes.page_id', 'attributes.\u00e9']
    })
    expect(picked.text).toContain('"attributes":{"rate":1.0,"page_id":17841444523369053,"')
    const none = await call('manage_tasks', { action: 'get', taskSid: sid('WT'), fields: ['attributes.rate'] })
    expect(none.content.warnings).toBeUndefined()
  })

  it('change by patchAttributes only where they are told to', async () => {
    const { api, call } = await agent(holding(stored))
    const patch = '{"rate":null,"note":{"id":98765432109876543210,"gone":null},"2":2.50}'
    await call('manage_tasks', { action: 'update', taskSid: sid('WT'), patchAttributes: patch })
    expect(api.writes()[0]?.form.Attributes).toBe(
      String.raw`{"page_id": 17841444523369053,"10":"b","2":2.50,"e\u0301":"\u00e9\/","note":{"id":98765432109876543210}}`
    )
  })

  it('of workflows change only where a queue is named', async () => {
    const { api, call } = await agent()
    const configuration =
      '{ "task_routing": {"filters":[{"expression":"1==1","targets":[{"queue":"Support","priority":1.0}],"x":12345678901234567890}],\n"default_filter":{"queue":"support"}}, "10":1, "2":2}'
    await call('manage_workflows', { action: 'create', friendlyName: 'Night', configuration })
    expect(api.writes()[0]?.form.Configuration).toBe(configuration.replaceAll(/"support"/gi, `"${sid('WQ')}"`))
  })
})
