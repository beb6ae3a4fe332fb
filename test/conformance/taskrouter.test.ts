import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Floor, refusal } from './floor.ts'
import { expectVerified, type Observed, observed } from './observed.ts'

/*
 * The checklist of reference taskrouter 13, through the official SDK. The number in front of a test is its row there;
 * lists and guards have files of their own, callbacks, events and statistics theirs.
 */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('a new workspace', () => {
  it('1: has three activities, five channels, and everybody starts offline', async () => {
    const { workspaces } = world.client.taskrouter.v1
    const made = await workspaces.create({ friendlyName: 'Empty' })
    const activities = await workspaces(made.sid).activities.list()
    expect(activities.map(({ friendlyName, available }) => [friendlyName, available])).toEqual([
      ['Offline', false],
      ['Unavailable', false],
      ['Available', true]
    ])
    const channels = await workspaces(made.sid).taskChannels.list()
    expect(channels.map(({ uniqueName, friendlyName }) => [uniqueName, friendlyName])).toEqual([
      ['default', 'Default'],
      ['voice', 'Voice'],
      ['chat', 'Programmable Chat'],
      ['sms', 'SMS'],
      ['video', 'Video']
    ])
    const offline = activities[0]?.sid
    expect(made).toMatchObject({
      friendlyName: 'Empty',
      multiTaskEnabled: true,
      prioritizeQueueOrder: 'FIFO',
      defaultActivitySid: offline,
      defaultActivityName: 'Offline',
      timeoutActivitySid: offline,
      timeoutActivityName: 'Offline'
    })
    expect(await workspaces(made.sid).taskQueues.list()).toEqual([])
    expect(await workspaces(made.sid).workflows.list()).toEqual([])
  })

  it('2: of the template FIFO has a queue for everybody and a workflow that leads there', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const [queue, ...queues] = await floor.workspace.taskQueues.list()
    const [workflow, ...workflows] = await floor.workspace.workflows.list()
    expect([queues, workflows]).toEqual([[], []])
    expect(queue).toMatchObject({
      friendlyName: 'Sample Queue',
      targetWorkers: '1==1',
      maxReservedWorkers: 1,
      taskOrder: 'FIFO'
    })
    expect(workflow).toMatchObject({ friendlyName: 'Default Fifo Workflow', taskReservationTimeout: 120 })
    expect(JSON.stringify(JSON.parse(workflow?.configuration ?? ''))).toContain(queue?.sid)
    // With one workflow, a task need not name it.
    expect(await floor.task()).toMatchObject({ assignmentStatus: 'pending', taskQueueSid: queue?.sid })
  })

  it('is fetched, changed and deleted with all that is in it', async () => {
    const floor = await Floor.open(world, { eventsFilter: 'task.created, task.canceled' })
    const changed = await floor.workspace.update({
      friendlyName: 'Renamed',
      timeoutActivitySid: floor.activity('Unavailable'),
      defaultActivitySid: floor.activity('Available'),
      prioritizeQueueOrder: 'LIFO'
    })
    expect(changed).toMatchObject({ defaultActivityName: 'Available', timeoutActivityName: 'Unavailable' })
    expect(await floor.workspace.fetch()).toMatchObject({ friendlyName: 'Renamed', prioritizeQueueOrder: 'LIFO' })
    expect(await refusal(floor.workspace.update({ multiTaskEnabled: false }))).toMatchObject({
      status: 400,
      code: 20001
    })
    const queue = await floor.queue('Everybody')
    expect(await floor.workspace.remove()).toBe(true)
    expect(await refusal(floor.workspace.fetch())).toEqual({
      status: 404,
      code: 20404,
      message: `The requested resource /Workspaces/${floor.sid} was not found`
    })
    expect(await refusal(floor.workspace.taskQueues(queue).fetch())).toMatchObject({ status: 404, code: 20404 })
  })
})

describe('workers, activities and channels', () => {
  it('4: a name that differs in case only is taken', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Alice')
    expect(await refusal(floor.worker('aLICE'))).toEqual({
      status: 400,
      code: 20001,
      message: 'Worker with the same friendly name already exists'
    })
  })

  it('5: an activity stays as available as it was made', async () => {
    const floor = await Floor.open(world)
    const { activities } = floor.workspace
    const lunch = await activities.create({ friendlyName: 'Lunch', available: false })
    const answer = await world.call(`${floor.path}/Activities/${lunch.sid}`, { Available: 'true' })
    expect(answer).toMatchObject({ status: 200, body: { friendly_name: 'Lunch', available: false } })
    expect(await activities(lunch.sid).update({ friendlyName: 'Break' })).toMatchObject({ friendlyName: 'Break' })
    expect(await activities(lunch.sid).fetch()).toMatchObject({ available: false })
    expect(await activities(lunch.sid).remove()).toBe(true)
  })

  it('task channels go by SID and by unique name, and every worker gets each', async () => {
    const floor = await Floor.open(world)
    const worker = await floor.worker('Alice')
    const made = await floor.workspace.taskChannels.create({ friendlyName: 'Fax', uniqueName: 'fax' })
    expect(made.channelOptimizedRouting).toBe(false)
    const { taskChannels } = floor.workspace
    expect((await taskChannels('fax').update({ channelOptimizedRouting: true })).channelOptimizedRouting).toBe(true)
    expect((await taskChannels(made.sid).fetch()).uniqueName).toBe('fax')
    const { workerChannels } = floor.workspace.workers(worker)
    expect(await workerChannels('fax').fetch()).toMatchObject({
      taskChannelSid: made.sid,
      configuredCapacity: 1,
      available: true,
      assignedTasks: 0,
      availableCapacityPercentage: 100
    })
    expect((await workerChannels(made.sid).update({ capacity: 50, available: false })).configuredCapacity).toBe(50)
    expect(await refusal(workerChannels('fax').update({ capacity: 51 }))).toMatchObject({ status: 400, code: 20001 })
    // Unwise, since no expression can name it, and possible.
    expect((await taskChannels.create({ friendlyName: 'x', uniqueName: 'web-chat' })).uniqueName).toBe('web-chat')
    expect(await refusal(taskChannels.create({ friendlyName: 'x', uniqueName: 'web/chat' }))).toMatchObject({
      status: 400
    })
    expect(await taskChannels('fax').remove()).toBe(true)
    expect((await workerChannels.list()).map((row) => row.taskChannelUniqueName)).not.toContain('fax')
  })

  it('a worker is fetched, changed and deleted; the same activity again changes nothing', async () => {
    const floor = await Floor.open(world)
    const alice = await floor.worker('Alice', { languages: ['en'] })
    const before = await floor.workspace.workers(alice).fetch()
    expect(before).toMatchObject({ activityName: 'Available', available: true, attributes: '{"languages":["en"]}' })
    await world.pass(5)
    const same = await floor.move(alice, 'Available')
    expect(same.dateStatusChanged).toEqual(before.dateStatusChanged)
    const away = await floor.move(alice, 'Unavailable', { friendlyName: 'Alicia' })
    expect(away).toMatchObject({ friendlyName: 'Alicia', available: false, activityName: 'Unavailable' })
    expect(away.dateStatusChanged.getTime()).toBe(before.dateStatusChanged.getTime() + 5000)
    expect(await floor.workspace.workers(alice).remove()).toBe(true)
    expect(await refusal(floor.workspace.workers(alice).fetch())).toMatchObject({ status: 404, code: 20404 })
  })
})

describe('expressions', () => {
  it('6: only their syntax is checked', async () => {
    const floor = await Floor.open(world)
    const { taskQueues } = floor.workspace
    expect(await refusal(taskQueues.create({ friendlyName: 'x', targetWorkers: 'skill-level > 3' }))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining('TargetWorkers')
    })
    await floor.worker('Alice', { level: 3 })
    await floor.worker('Bob')
    const eligible = async (targetWorkers: string) => {
      const sid = await floor.queue(targetWorkers, { targetWorkers })
      return (await floor.workspace.workers.list({ taskQueueSid: sid })).map((worker) => worker.friendlyName)
    }
    expect(await eligible('level HAS "x"')).toEqual([])
    expect(await eligible('1==1')).toEqual(['Alice', 'Bob'])
    expect(await eligible('level > 2')).toEqual(['Alice'])
    expect(await eligible('level == "3"')).toEqual(['Alice'])
  })

  it('7: a worker with a list is found by HAS, by IN and by index', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Alice', { languages: ['english', 'french'] })
    await floor.worker('Bob', { languages: ['french', 'english'] })
    await floor.worker('Chen')
    for (const [targetWorkersExpression, expected] of [
      ['languages HAS "english"', ['Alice', 'Bob']],
      ['"english" IN languages', ['Alice', 'Bob']],
      ['languages[0] == "english"', ['Alice']]
    ] as const) {
      const found = await floor.workspace.workers.list({ targetWorkersExpression })
      expect([targetWorkersExpression, found.map((worker) => worker.friendlyName)]).toEqual([
        targetWorkersExpression,
        expected
      ])
    }
  })
})

describe('queues', () => {
  it('are fetched and changed, and what waits in them is matched anew at once', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Sales', { targetWorkers: 'level > 5' })
    await floor.workflow('Route', queue)
    await floor.worker('Alice', { level: 3 })
    const { sid } = await floor.task()
    const { taskQueues } = floor.workspace
    const reservationActivitySid = floor.activity('Unavailable')
    const changed = await taskQueues(queue).update({
      friendlyName: 'Seller',
      taskOrder: 'LIFO',
      reservationActivitySid
    })
    expect(changed).toMatchObject({ friendlyName: 'Seller', reservationActivityName: 'Unavailable' })
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
    await taskQueues(queue).update({ targetWorkers: 'level > 2' })
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('reserved')
    expect(await floor.events(queue)).toContain('task-queue.expression.updated')
    expect(await taskQueues(queue).fetch()).toMatchObject({ targetWorkers: 'level > 2', taskOrder: 'LIFO' })
  })
})

describe('workflows', () => {
  it('8: the priority of a target beats that of the task', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const workflowSid = await floor.workflow('Route', {
      filters: [
        { expression: 'vip == true', targets: [{ queue, priority: 10 }] },
        { expression: '1==1', targets: [{ queue }] }
      ]
    })
    expect((await floor.task({ vip: true }, { workflowSid, priority: 5 })).priority).toBe(10)
    expect((await floor.task({}, { workflowSid, priority: 5 })).priority).toBe(5)
  })

  it('9: targets time out one after the other, and the last one cancels the task; the default is for others', async () => {
    const floor = await Floor.open(world)
    const first = await floor.queue('First')
    const second = await floor.queue('Second')
    const fallback = await floor.queue('Fallback')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: first, timeout: 2 },
            { queue: second, timeout: 2 }
          ]
        }
      ],
      default_filter: { queue: fallback }
    })
    const { sid } = await floor.task()
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(first)
    await world.pass(1.9)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(first)
    await world.pass(0.2)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(second)
    await world.pass(2)
    expect(await floor.fetchTask(sid)).toMatchObject({
      assignmentStatus: 'canceled',
      reason: 'Task canceled on Workflow timeout'
    })
    const events = await floor.events(sid)
    expect(events).toEqual(expect.arrayContaining(['task-queue.moved', 'workflow.timeout', 'task.canceled']))
    expect(events.filter((type) => type === 'task-queue.timeout')).toHaveLength(2)
    expect(events.filter((type) => type === 'task-queue.entered')).toHaveLength(2)
    expect(events.slice(-2)).toEqual(['workflow.timeout', 'task.canceled'])
  })

  it('10: a task that every target skips goes by the default', async () => {
    const floor = await Floor.open(world)
    const nobody = await floor.queue('Nobody', { targetWorkers: '' })
    const fallback = await floor.queue('Fallback')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [
            { queue: nobody, skip_if: '1==1' },
            { queue: nobody, skip_if: '1==1' }
          ]
        }
      ],
      default_filter: { queue: fallback }
    })
    expect((await floor.task()).taskQueueSid).toBe(fallback)
  })

  it('20: order_by asks the best first, and who lacks the attribute last', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    await floor.workflow('Route', {
      filters: [{ expression: '1==1', targets: [{ queue, order_by: 'worker.level DESC' }] }]
    })
    await floor.worker('None')
    await floor.worker('Low', { level: 1 })
    await floor.worker('High', { level: 9 })
    const asked: string[] = []
    for (let i = 0; i < 3; i++) asked.push((await floor.offer((await floor.task()).sid)).workerName)
    expect(asked).toEqual(['High', 'Low', 'None'])
  })

  it('21: a known worker is waited for alone; null is nobody, and time leads on', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const anybody = await floor.queue('Anybody')
    await floor.workflow('Route', {
      filters: [
        {
          expression: '1==1',
          targets: [{ queue, known_worker_sid: 'task.agent', timeout: 10 }, { queue: anybody }]
        }
      ]
    })
    await floor.worker('Alice')
    const bob = await floor.worker('Bob', {}, { activity: 'Offline' })
    const known = await floor.task({ agent: bob })
    expect(known.assignmentStatus).toBe('pending')
    await floor.move(bob, 'Available')
    expect((await floor.offer(known.sid)).workerName).toBe('Bob')
    const unknown = await floor.task({ agent: null })
    expect(unknown).toMatchObject({ assignmentStatus: 'pending', taskQueueSid: queue })
    await world.pass(10)
    expect(await floor.fetchTask(unknown.sid)).toMatchObject({ assignmentStatus: 'reserved', taskQueueSid: anybody })
    expect((await floor.offer(unknown.sid)).workerName).toBe('Alice')
  })

  it('29: tasks keep the route that they came in on, unless the update says otherwise', async () => {
    const floor = await Floor.open(world)
    const old = await floor.queue('Old')
    const fresh = await floor.queue('Fresh')
    const workflow = await floor.workflow('Route', {
      filters: [{ expression: '1==1', targets: [{ queue: old, timeout: 60 }, { queue: old }] }]
    })
    const { sid } = await floor.task()
    const configuration = JSON.stringify({
      task_routing: { filters: [{ expression: '1==1', targets: [{ queue: fresh }] }] }
    })
    const { workflows } = floor.workspace
    expect((await workflows(workflow).update({ configuration })).configuration).toBe(configuration)
    await world.pass(61)
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(old)
    expect((await floor.task()).taskQueueSid).toBe(fresh)
    expect(await refusal(floor.workspace.taskQueues(old).remove())).toMatchObject({ status: 400, code: 20001 })
    await workflows(workflow).update({ reEvaluateTasks: 'true' })
    expect((await floor.fetchTask(sid)).taskQueueSid).toBe(fresh)
    expect(await floor.workspace.taskQueues(old).remove()).toBe(true)
    expect((await workflows(workflow).fetch()).documentContentType).toBe('application/json')
  })

  it('30: a target without a queue stays in that of the target before it', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Experts')
    await floor.workflow('Route', {
      filters: [
        { expression: '1==1', targets: [{ queue, expression: 'worker.level > 5', timeout: 10 }, { priority: 7 }] }
      ]
    })
    await floor.worker('Low', { level: 1 })
    const { sid } = await floor.task()
    await world.pass(10)
    expect(await floor.fetchTask(sid)).toMatchObject({
      taskQueueSid: queue,
      priority: 7,
      assignmentStatus: 'reserved'
    })
    expect(await floor.events(sid)).not.toContain('task-queue.moved')
  })

  it('is refused when it names no queue, a foreign one, or nothing sensible', async () => {
    const floor = await Floor.open(world)
    const foreign = await (await Floor.open(world)).queue('Foreign')
    for (const configuration of [
      '{}',
      '[]',
      'task-routing:',
      JSON.stringify({ task_routing: { default_filter: { queue: foreign } } }),
      JSON.stringify({ task_routing: { filters: [{ expression: 'a-b', targets: [{ queue: foreign }] }] } })
    ]) {
      const refused = await refusal(floor.workspace.workflows.create({ friendlyName: 'x', configuration }))
      expect(refused).toMatchObject({ status: 400, code: 20001, message: expect.stringContaining('Configuration') })
    }
  })
})

describe('reservations', () => {
  it('11: as many as the channel holds; accepted ones are counted as assigned', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = await floor.worker('Alice', {}, { capacity: { default: 3 } })
    const tasks = []
    for (let i = 0; i < 4; i++) tasks.push(await floor.task())
    expect(tasks.map((task) => task.assignmentStatus)).toEqual(['reserved', 'reserved', 'reserved', 'pending'])
    const channel = floor.workspace.workers(alice).workerChannels('default')
    expect(await channel.fetch()).toMatchObject({ availableCapacityPercentage: 0, assignedTasks: 0 })
    const { sid } = await floor.offer(tasks[0]?.sid ?? '')
    const { reservations } = floor.workspace.workers(alice)
    expect(await reservations(sid).update({ reservationStatus: 'accepted' })).toMatchObject({
      reservationStatus: 'accepted',
      workerName: 'Alice'
    })
    expect(await channel.fetch()).toMatchObject({ availableCapacityPercentage: 0, assignedTasks: 1 })
    expect((await reservations(sid).fetch()).url).toContain(`/Workers/${alice}/Reservations/${sid}`)
  })

  it('12: one that nobody answers times out, and its worker goes to the timeout activity', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody'), { taskReservationTimeout: 2 })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    await world.pass(2)
    const { reservations } = floor.workspace.tasks(sid)
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('timeout')
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Offline')
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
  })

  it('13: rejecting moves the worker only where it is told', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const { reservations } = floor.workspace.tasks(sid)
    const first = await floor.offer(sid)
    expect(await reservations(first.sid).update({ reservationStatus: 'rejected' })).toMatchObject({
      reservationStatus: 'rejected'
    })
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Available')
    await world.pass(60)
    const again = await floor.offer(sid)
    await reservations(again.sid).update({
      reservationStatus: 'rejected',
      workerActivitySid: floor.activity('Unavailable')
    })
    expect((await floor.workspace.workers(alice).fetch()).activityName).toBe('Unavailable')
  })

  it('14: several are asked at once, the first who accepts has it, the others are too late', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody', { maxReservedWorkers: 3 }))
    for (const name of ['Alice', 'Bob', 'Chen', 'Dora']) await floor.worker(name)
    const { sid } = await floor.task()
    const [first, second, third, ...more] = await floor.reservations(sid)
    expect(more).toEqual([])
    const { reservations } = floor.workspace.tasks(sid)
    await reservations(second?.sid ?? '').update({ reservationStatus: 'accepted' })
    expect((await floor.reservations(sid)).map((row) => row.reservationStatus)).toEqual([
      'rescinded',
      'accepted',
      'rescinded'
    ])
    const late = reservations(first?.sid ?? '').update({ reservationStatus: 'accepted' })
    expect(await refusal(late)).toMatchObject({ status: 410, code: 20001 })
    const byWorker = floor.workspace.workers(third?.workerSid ?? '').reservations(third?.sid ?? '')
    expect(await refusal(byWorker.update({ reservationStatus: 'accepted' }))).toMatchObject({ status: 410 })
  })

  it('18: who goes away keeps what was offered, unless they say otherwise', async () => {
    const floor = await Floor.open(world)
    await floor.workflow('Route', await floor.queue('Everybody'))
    const alice = await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    await floor.move(alice, 'Unavailable')
    const { reservations } = floor.workspace.tasks(sid)
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('pending')
    expect(await refusal(floor.move(alice, 'Available', { rejectPendingReservations: true }))).toMatchObject({
      status: 400,
      code: 20001
    })
    await floor.move(alice, 'Offline', { rejectPendingReservations: true })
    expect((await reservations(offer.sid).fetch()).reservationStatus).toBe('rejected')
    expect((await floor.fetchTask(sid)).assignmentStatus).toBe('pending')
  })

  it('19: LIFO takes the newest whatever its priority, and the workspace says which kind of queue comes first', async () => {
    const floor = await Floor.open(world, { prioritizeQueueOrder: 'LIFO' })
    const stack = await floor.queue('Stack', { taskOrder: 'LIFO' })
    const line = await floor.queue('Line')
    const workflow = await floor.workflow('Route', {
      filters: [{ expression: "kind == 'stack'", targets: [{ queue: stack }] }],
      default_filter: { queue: line }
    })
    expect(workflow).toMatch(/^WW/)
    const task = async (kind: string, priority: number) => {
      await world.pass(1)
      return (await floor.task({ kind }, { priority })).sid
    }
    const oldest = await task('line', 9)
    const old = await task('stack', 9)
    const newest = await task('stack', 0)
    const alice = await floor.worker('Alice', {}, { activity: 'Available', capacity: { default: 2 } })
    expect((await floor.fetchTask(newest)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(old)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(oldest)).assignmentStatus).toBe('pending')
    await floor.workspace.update({ prioritizeQueueOrder: 'FIFO' })
    const later = await task('stack', 0)
    await floor.workspace.workers(alice).workerChannels('default').update({ capacity: 3 })
    expect((await floor.fetchTask(oldest)).assignmentStatus).toBe('reserved')
    expect((await floor.fetchTask(later)).assignmentStatus).toBe('pending')
  })
})

describe('tasks', () => {
  it('15: are canceled, wrapped up and completed only when that makes sense, and then forgotten', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const waiting = await floor.task()
    const where = (sid: string) =>
      `task ${sid} in workspace ${floor.sid} for account ${world.running.credentials.account_sid}`
    const { tasks } = floor.workspace
    expect(await refusal(tasks(waiting.sid).update({ assignmentStatus: 'completed' }))).toEqual({
      status: 400,
      code: 20001,
      message: `Cannot complete ${where(waiting.sid)} because it is not currently assigned.`
    })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.offer(waiting.sid)
    await floor.workspace.workers(alice).reservations(sid).update({ instruction: 'accept' })
    expect(await refusal(tasks(waiting.sid).update({ assignmentStatus: 'canceled' }))).toEqual({
      status: 400,
      code: 20001,
      message: `Cannot cancel ${where(waiting.sid)} because it is not pending or reserved.`
    })
    expect((await tasks(waiting.sid).update({ assignmentStatus: 'wrapping' })).assignmentStatus).toBe('wrapping')
    expect(await tasks(waiting.sid).update({ assignmentStatus: 'completed', reason: 'sold' })).toMatchObject({
      assignmentStatus: 'completed',
      reason: 'sold'
    })
    await world.pass(299)
    expect((await floor.fetchTask(waiting.sid)).reason).toBe('sold')
    await world.pass(2)
    expect(await refusal(floor.fetchTask(waiting.sid))).toEqual({
      status: 404,
      code: 20404,
      message: `The requested resource /Workspaces/${floor.sid}/Tasks/${waiting.sid} was not found`
    })
  })

  it('16: deleting one that somebody has completes their reservation', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    const { reservations } = floor.workspace.tasks(sid)
    await reservations(offer.sid).update({ reservationStatus: 'accepted' })
    expect(await floor.workspace.tasks(sid).remove()).toBe(true)
    expect(await floor.events(offer.sid)).toContain('reservation.completed')
    expect(await refusal(floor.fetchTask(sid))).toMatchObject({ status: 404 })
  })

  it('27: a start in the past overtakes, one in the future is refused', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const first = await floor.task()
    const virtualStartTime = new Date(first.dateCreated.getTime() - 60_000)
    const second = await floor.task({}, { virtualStartTime })
    expect(second.virtualStartTime).toEqual(virtualStartTime)
    await floor.worker('Alice')
    expect((await floor.fetchTask(first.sid)).assignmentStatus).toBe('pending')
    expect((await floor.fetchTask(second.sid)).assignmentStatus).toBe('reserved')
    const future = new Date(first.dateCreated.getTime() + 60_000)
    expect(await refusal(floor.task({}, { virtualStartTime: future }))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining('future')
    })
    expect(await refusal(floor.task({}, { virtualStartTime: new Date('1899-12-31T00:00:00Z') }))).toMatchObject({
      status: 400
    })
  })

  it('go to one worker, one queue or one workflow when they are told to', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const other = await floor.workflow('Other', queue)
    await floor.workflow('Another', await floor.queue('Elsewhere'))
    const alice = await floor.worker('Alice')
    const direct = await floor.task({}, { routingTarget: alice })
    expect(direct).toMatchObject({ routingTarget: alice, ignoreCapacity: true, assignmentStatus: 'reserved' })
    expect(await floor.task({}, { routingTarget: queue })).toMatchObject({ taskQueueSid: queue, ignoreCapacity: null })
    expect(await floor.task({}, { routingTarget: other })).toMatchObject({ workflowSid: other })
    expect(await refusal(floor.task())).toMatchObject({ status: 400, message: expect.stringMatching(/WorkflowSid.*/) })
    expect((await refusal(floor.task())).message).toContain('required')
    expect((await refusal(floor.task({}, { routingTarget: 'XX1' }))).message).toBe(
      `Value 'XX1' provided for WorkflowSid as RoutingTarget has an invalid format. WorkspaceSid: ${floor.sid}, AccountSid: ${world.running.credentials.account_sid}`
    )
  })
})

describe('real-time statistics', () => {
  it('24: count every activity, and what waits how long', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const workflow = await floor.workflow('Route', queue)
    await floor.worker('Alice', {}, { activity: 'Unavailable' })
    const activity_statistics = [
      { friendly_name: 'Offline', workers: 0 },
      { friendly_name: 'Unavailable', workers: 1 },
      { friendly_name: 'Available', workers: 0 }
    ]
    const empty = await floor.workspace.realTimeStatistics().fetch()
    expect(empty).toMatchObject({
      longestTaskWaitingAge: 0,
      longestTaskWaitingSid: null,
      totalTasks: 0,
      totalWorkers: 1,
      tasksByPriority: {},
      activityStatistics: activity_statistics
    })
    const { sid } = await floor.task({}, { priority: 3 })
    await world.pass(42)
    const waiting = {
      longestTaskWaitingAge: 42,
      longestTaskWaitingSid: sid,
      totalTasks: 1,
      tasksByPriority: { '3': 1 }
    }
    expect(await floor.workspace.realTimeStatistics().fetch()).toMatchObject(waiting)
    expect(await floor.workspace.taskQueues(queue).realTimeStatistics().fetch()).toMatchObject({
      ...waiting,
      longestRelativeTaskAgeInQueue: 42,
      totalEligibleWorkers: 1,
      totalAvailableWorkers: 0,
      activityStatistics: activity_statistics
    })
    expect(await floor.workspace.workflows(workflow).realTimeStatistics().fetch()).toMatchObject(waiting)
    const workers = await world.call(`${floor.path}/Workers/RealTimeStatistics`)
    expect(workers.body).toMatchObject({ total_workers: 1, activity_statistics })
  })

  it('25: of fifty queues at once, with zeros for one that does not exist', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const path = `${floor.path}/TaskQueues/RealTimeStatistics`
    const ask = (queueSids: readonly string[], name = 'queueSids') =>
      world.call(path, undefined, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [name]: queueSids })
      })
    const unknown = `WQ${'0'.repeat(32)}`
    for (const name of ['queueSids', 'QueueSids']) {
      const { status, body } = await ask([queue, unknown], name)
      expect({ status, count: body.task_queue_response_count }).toEqual({ status: 200, count: 2 })
      expect(body.task_queue_data[1]).toMatchObject({
        task_queue_sid: unknown,
        total_tasks: 0,
        total_eligible_workers: 0
      })
    }
    expect(await ask(Array(51).fill(unknown))).toMatchObject({ status: 400, body: { code: 20001 } })
    expect(await ask(['WQ1'])).toMatchObject({ status: 400, body: { code: 20001 } })
    expect(await ask([])).toMatchObject({ status: 400 })
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter.test.ts', world)
})
