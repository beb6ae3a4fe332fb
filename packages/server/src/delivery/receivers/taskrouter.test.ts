import { type EventType, render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import type { Parameters, RouteContext } from '../delivery.ts'
import { admits, pascal, workspaceEvents } from './taskrouter.ts'

const url = 'https://a.example/events'

function contextOf(world: World): RouteContext {
  const { state } = world
  return { account_sid: state.account_sid, state, find: () => Promise.resolve([]) }
}

async function sent(world: World, type: EventType): Promise<Readonly<Record<string, string>>[]> {
  const drafts = await Promise.all(
    world.events(type).map((event) => workspaceEvents.draftsOf(render(event), contextOf(world)))
  )
  return drafts.flat().map(({ message }) => {
    if (!('parameters' in message)) throw new Error('it is a form')
    return Object.fromEntries(message.parameters satisfies Parameters)
  })
}

/** A day on the floor: two workers, a task that one of them rejects and the other one completes. */
function day(): World {
  const world = new World({ workspace: { event_callback_url: url } })
  world.addQueue('Support', { target_workers: 'level > 1' })
  const targets = [{ queue: 'Support', known_worker_friendly_name: 'task.agent', timeout: 60 }, { queue: 'Support' }]
  world.addWorkflow('Main', { filters: [{ filter_friendly_name: 'Calls', expression: "kind == 'call'", targets }] })
  world.addWorker('Ada', { attributes: { level: 2 }, capacity: { default: 3 } })
  world.addWorker('Bea', { attributes: { level: 2 } })
  world.addTask('task', { attributes: { kind: 'call', agent: 'Ada' }, priority: 7 })
  world.pass('5 s')
  world.reject('Ada', 'task', 'Unavailable')
  world.pass('60 s')
  world.accept('Bea', 'task')
  world.complete('Bea', 'task')
  world.addTask('other', { attributes: { kind: 'call' } })
  world.updateTask('other', { assignment_status: 'canceled', reason: 'hung up' })
  const { workspace_sid } = world
  const channel = { friendly_name: 'Fax', unique_name: 'fax' }
  const { sid } = world.do({ type: 'task_channel.create', workspace_sid, ...channel }).task_channel
  world.do({ type: 'task_channel.delete', workspace_sid, sid })
  world.do({ type: 'activity.create', workspace_sid, friendly_name: 'Lunch', available: false })
  world.setChannel('Ada', 'default', { available: false })
  return world
}

const common = [
  ...['EventType', 'AccountSid', 'WorkspaceSid', 'WorkspaceName', 'EventDescription', 'ResourceType', 'ResourceSid'],
  ...['Timestamp', 'TimestampMs', 'Sid']
]
const task = [
  ...['TaskSid', 'TaskAttributes', 'TaskAge', 'TaskPriority', 'TaskAssignmentStatus', 'TaskAddons', 'TaskChannelSid'],
  ...['TaskChannelUniqueName', 'TaskVersion', 'TaskDateCreated', 'TaskVirtualStartTime']
]
const routed = ['TaskQueueSid', 'TaskQueueName', 'TaskQueueTargetExpression', 'TaskQueueEnteredDate']
const workflow = ['WorkflowSid', 'WorkflowName']
const worker = [
  ...['WorkerSid', 'WorkerName', 'WorkerAttributes', 'WorkerActivitySid', 'WorkerActivityName', 'WorkerVersion']
]
const reservation = ['ReservationSid', 'ReservationVersion', ...task, ...routed, ...workflow, ...worker]
const capacity = [
  ...['TaskChannelSid', 'TaskChannelUniqueName', 'WorkerChannelAvailable', 'WorkerChannelAvailableCapacity'],
  ...['WorkerChannelPreviousCapacity', 'WorkerChannelTaskCount', 'WorkerChannelCapacity'],
  'WorkerChannelConsumedCapacity'
]

describe("a workspace's event callback", () => {
  const world = day()

  it.each<readonly [EventType, readonly string[]]>([
    ['task.created', [...task, ...workflow]],
    ['task.canceled', [...task, ...routed, ...workflow, 'TaskCanceledReason']],
    ['task.completed', [...task, ...routed, ...workflow, ...worker]],
    ['workflow.entered', [...task, ...workflow]],
    ['workflow.target-matched', [...task, ...workflow, 'WorkflowFilterName', 'WorkflowFilterExpression']],
    ['task-queue.entered', [...task, ...routed, ...workflow]],
    ['reservation.created', reservation],
    ['reservation.rejected', reservation],
    ['reservation.accepted', reservation],
    ['reservation.completed', reservation],
    ['worker.created', worker],
    [
      'worker.activity.update',
      [
        ...worker,
        ...['WorkerPreviousActivitySid', 'WorkerPreviousActivityName', 'WorkerTimeInPreviousActivity'],
        'WorkerTimeInPreviousActivityMs'
      ]
    ],
    ['worker.capacity.update', [...worker, ...capacity]],
    ['worker.channel.availability.update', [...worker, ...capacity]],
    ['activity.created', ['ActivitySid', 'ActivityName', 'ActivityAvailable']],
    [
      'task-channel.created',
      ['TaskChannelSid', 'TaskChannelName', 'TaskChannelUniqueName', 'TaskChannelOptimizedRouting']
    ],
    ['task-queue.created', ['TaskQueueSid', 'TaskQueueName', 'TaskQueueTargetExpression']],
    ['workflow.created', workflow]
  ])('tells of %s all that it should (reference taskrouter 8.3)', async (type, names) => {
    const forms = await sent(world, type)
    expect(forms.length).toBeGreaterThan(0)
    for (const form of forms) {
      expect([...common, ...names].filter((name) => form[name] === undefined)).toEqual([])
      expect(Object.values(form).every((value) => typeof value === 'string')).toBe(true)
    }
  })

  it('has texts for values, and the instant in seconds and milliseconds', async () => {
    const [accepted] = await sent(world, 'reservation.accepted')
    expect(accepted).toMatchObject({
      EventType: 'reservation.accepted',
      AccountSid: world.state.account_sid,
      WorkspaceSid: world.workspace_sid,
      WorkspaceName: 'Center',
      ResourceType: 'reservation',
      ResourceSid: accepted?.ReservationSid,
      TaskSid: world.sid('task'),
      TaskAttributes: '{"kind":"call","agent":"Ada"}',
      TaskPriority: '7',
      TaskAge: '65',
      TaskAssignmentStatus: 'assigned',
      WorkerName: 'Bea',
      WorkerActivityName: 'Available',
      TaskQueueTargetExpression: 'level > 1',
      Timestamp: String(Math.floor(Number(accepted?.TimestampMs) / 1000))
    })
    const [created] = await sent(world, 'task.created')
    expect(Object.keys(created ?? {}).filter((name) => name.startsWith('Worker'))).toEqual([])
    const [canceled] = await sent(world, 'task.canceled')
    expect(canceled?.TaskCanceledReason).toBe('hung up')
    const [matched, other] = await sent(world, 'workflow.target-matched')
    expect(matched).toMatchObject({
      WorkflowFilterName: 'Calls',
      WorkflowFilterExpression: '["kind == \'call\'"]',
      KnownWorkerSid: world.worker('Ada').sid
    })
    expect(other?.KnownWorkerSid).toBeUndefined()
  })

  it('is for every type of TaskRouter, and not for ours or of others', () => {
    expect(
      ['task.created', 'worker.activity.update', 'ringdown.warning', 'interaction.created'].map((type) =>
        workspaceEvents.wants(type)
      )
    ).toEqual([true, true, false, false])
  })

  it('is made while there is an address, of what the filter admits', async () => {
    const quiet = new World()
    quiet.addQueue('Support')
    expect(workspaceEvents.isUsed(quiet.state)).toBe(false)
    expect(await sent(quiet, 'task-queue.created')).toEqual([])
    const { workspace_sid: sid } = quiet
    const update = (params: object) => quiet.do({ type: 'workspace.update', sid, ...params })
    update({ event_callback_url: url, events_filter: 'task.created, task-queue.created' })
    expect(workspaceEvents.isUsed(quiet.state)).toBe(true)
    expect(await sent(quiet, 'task-queue.created')).toHaveLength(1)
    expect(await sent(quiet, 'workspace.updated')).toEqual([])
  })

  it.each([
    [null, 'task.created', true],
    ['', 'task.created', true],
    ['task.created', 'task.created', true],
    ['task.updated, task.created', 'task.created', true],
    ['task', 'task.created', false],
    ['task.created.more', 'task.created', false]
  ])('filter %j and %s: %s', (filter, type, expected) => {
    expect(admits(filter, type)).toBe(expected)
  })
})

it('names parameters as the API does', () => {
  expect(['sid', 'task_sid', 'worker_time_in_previous_activity_ms'].map(pascal)).toEqual([
    'Sid',
    'TaskSid',
    'WorkerTimeInPreviousActivityMs'
  ])
})
