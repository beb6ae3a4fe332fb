import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'

describe('tasks', () => {
  it('go to the only workflow; to a queue or worker directly when one is named', async () => {
    const { center, wire, call } = await agent()
    await call('manage_tasks', { action: 'create', attributes: { type: 'x' } })
    await call('manage_tasks', { action: 'create', taskQueueSid: 'support' })
    await call('manage_tasks', { action: 'create', workerSid: 'amelie', taskQueueSid: 'Support', ignoreCapacity: true })
    const { queues, workers, workflow } = center
    expect(wire.writes().map((sent) => sent.form)).toEqual([
      { WorkflowSid: workflow, Attributes: '{"type":"x"}' },
      { RoutingTarget: queues.Support },
      { RoutingTarget: workers.amelie, TaskQueueSid: queues.Support, IgnoreCapacity: 'true' }
    ])
    const names = (await center.workspace.tasks.list()).map((task) => task.taskQueueFriendlyName)
    expect(names).toEqual(['Billing', 'Support', 'Support'])
  })

  it.each([{ action: 'complete' }, { action: 'update', assignmentStatus: 'completed' }])(
    'cannot be completed while nobody has them, and the error says what can be done: %j',
    async (args) => {
      const { center, call } = await agent()
      expect((await call('manage_tasks', { ...args, taskSid: await center.task() })).error).toMatchObject({
        code: 20001,
        status: 400,
        message: expect.stringMatching(/^Cannot complete task WT\w+ .*not currently assigned/),
        argument: 'action',
        found: 'pending',
        allowed: ['accept', 'cancel'],
        next: 'not assigned: accept it (workerSid), or cancel'
      })
    }
  )

  it('that nobody is offered say how long they wait and who could come', async () => {
    const { center, call } = await agent()
    const taskSid = await center.task()
    await center.world.pass(240)
    expect((await call('manage_tasks', { action: 'accept', taskSid })).error.message).toBe(
      'reserved by nobody: pending 4 min in Billing, 0 of 1 eligible worker available'
    )
  })

  it('were somebody else quicker, the API says so and the tool says who', async () => {
    const { center, wire, call } = await agent()
    const { workspace, workers, activities, queues } = center
    await workspace.taskQueues(queues.Support).update({ maxReservedWorkers: 2 })
    await workspace.workers(workers.bob).update({ activitySid: activities.Available })
    const { task, reservation } = await center.offer()
    const [first] = await workspace.tasks(task).reservations.list({ workerSid: workers.amelie })
    expect(first?.sid).toBe(reservation)
    // Between the tool's look and its answer amelie accepts.
    wire.on(`POST taskrouter/v1/Workspaces/:ws/Tasks/:wt/Reservations/:wr`, async () => {
      await workspace.tasks(task).reservations(reservation).update({ reservationStatus: 'accepted' })
      return undefined
    })
    const { error } = await call('manage_tasks', { action: 'accept', taskSid: task, workerSid: 'bob' })
    expect(error).toMatchObject({ next: 'amelie accepted first; list shows what else is offered' })
    expect(error.status).toBeGreaterThanOrEqual(400)
  })

  it('get attributes and a final status in two requests, attributes first', async () => {
    const { center, wire, call } = await agent()
    const taskSid = await center.held()
    const { content } = await call('manage_tasks', {
      action: 'update',
      taskSid,
      attributes: { note: 1 },
      assignmentStatus: 'completed',
      reason: 'solved'
    })
    expect(wire.writes().map((sent) => sent.form)).toEqual([
      { Attributes: '{"note":1}' },
      { AssignmentStatus: 'completed', Reason: 'solved' }
    ])
    expect(content.tasks).toMatchObject([{ assignmentStatus: 'completed', reason: 'solved' }])
  })

  it('are merged into under their version, again when somebody was quicker, and not without end', async () => {
    const { center, wire, call } = await agent()
    const taskSid = await center.task({ a: 1 })
    let quicker = 2
    wire.on('POST taskrouter/v1/Workspaces/:ws/Tasks/:wt', async () => {
      if (quicker-- > 0) await center.workspace.tasks(taskSid).update({ attributes: `{"a":1,"n":${quicker}}` })
      return undefined
    })
    const merge = { action: 'update', taskSid, patchAttributes: { b: 2, a: null } }
    expect((await call('manage_tasks', merge)).isError).toBe(false)
    expect(wire.writes().map((sent) => [sent.headers['If-Match'], sent.form.Attributes])).toEqual([
      ['"0"', '{"b":2}'],
      ['"1"', '{"n":1,"b":2}'],
      ['"2"', '{"n":0,"b":2}']
    ])
    quicker = 10
    expect((await call('manage_tasks', merge)).error.code).toBe(20412)
    expect(wire.writes()).toHaveLength(3 + 4)
  })

  it('of a worker are those that their open reservations name', async () => {
    const { center, call } = await agent()
    const taskSid = await center.held()
    await center.task()
    expect((await call('manage_tasks', { action: 'list', workerSid: 'amelie' })).content).toMatchObject({
      tasks: [{ taskSid, reservations: [{ reservationStatus: 'accepted' }] }]
    })
  })

  it('tell by name who had them, even when that worker is gone', async () => {
    const { center, call } = await agent()
    const { task, reservation } = await center.offer()
    await center.workspace.tasks(task).reservations(reservation).update({ reservationStatus: 'rejected' })
    await call('manage_workers', { action: 'update', workerSid: 'amelie', activitySid: 'Offline' })
    await call('manage_workers', { action: 'delete', workerSid: 'amelie' })
    expect((await call('manage_tasks', { action: 'get', taskSid: task })).content.tasks).toMatchObject([
      { reservations: [{ reservationStatus: 'rejected', workerName: 'amelie' }] }
    ])
  })
})

describe('documents that are stored', () => {
  const stored = String.raw`{"page_id": 17841444523369053,"rate":1.0,"10":"b","2":"a","e\u0301":"\u00e9\/"}`

  async function holding(attributes: string) {
    const here = await agent()
    const { sid } = await here.center.workspace.tasks.create({ attributes, workflowSid: here.center.workflow })
    return { ...here, taskSid: sid }
  }

  it('are shown to the digit: as text in the values, as they are in the text', async () => {
    const { call, taskSid } = await holding(stored)
    const told = await call('manage_tasks', { action: 'get', taskSid, fields: ['attributes'] })
    expect(told.text).toContain(`"attributes":${stored}`)
    expect(told.content).toMatchObject({
      tasks: [{ attributes: { page_id: '17841444523369053', rate: 1, 10: 'b', 'e\u0301': 'é/' } }],
      warnings: [expect.stringContaining('15 digits')]
    })
    const picked = await call('manage_tasks', {
      action: 'get',
      taskSid,
      fields: ['attributes.rate', 'attributes.page_id', 'attributes.\u00e9']
    })
    expect(picked.text).toContain('"attributes":{"rate":1.0,"page_id":17841444523369053,"')
    const none = await call('manage_tasks', { action: 'get', taskSid, fields: ['attributes.rate'] })
    expect(none.content.warnings).toBeUndefined()
  })

  it('change by patchAttributes only where they are told to', async () => {
    const { center, call, taskSid } = await holding(stored)
    const patch = '{"rate":null,"note":{"id":98765432109876543210,"gone":null},"2":2.50}'
    await call('manage_tasks', { action: 'update', taskSid, patchAttributes: patch })
    expect((await center.workspace.tasks(taskSid).fetch()).attributes).toBe(
      String.raw`{"page_id": 17841444523369053,"10":"b","2":2.50,"e\u0301":"\u00e9\/","note":{"id":98765432109876543210}}`
    )
  })
})
