import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

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

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/workspaces.test.ts', world)
})
