import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor } from './floor.ts'

/* The shapes of statistics and events (reference taskrouter 7 and 8, row 24 of 13); what they count has tests of its own. */

let world: Observed
let floor: Floor
let queue: string
let workflow: string
let worker: string
let task: string

/** One call, answered after 40 seconds and finished 20 seconds later. */
beforeAll(async () => {
  world = await observed()
  floor = await Floor.open(world)
  queue = await floor.queue('Everybody')
  workflow = await floor.workflow('Route', queue)
  task = (await floor.task({}, { priority: 3 })).sid
  await world.pass(40)
  worker = await floor.worker('Alice')
  const offer = await floor.offer(task)
  await floor.workspace.tasks(task).reservations(offer.sid).update({ reservationStatus: 'accepted' })
  await world.pass(20)
  await floor.workspace.tasks(task).update({ assignmentStatus: 'completed', reason: 'solved' })
})
afterAll(() => world.close())

const realTime = [
  'tasks_by_priority',
  'tasks_by_status',
  'total_tasks',
  'longest_task_waiting_age',
  'longest_task_waiting_sid'
]
const reservations = ['created', 'accepted', 'rejected', 'timed_out', 'canceled', 'rescinded'].map(
  (what) => `reservations_${what}`
)
const cumulative = [
  ...['start_time', 'end_time', 'avg_task_acceptance_time', 'split_by_wait_time'],
  ...reservations,
  ...['wait_duration_until_accepted', 'wait_duration_until_canceled'],
  ...['tasks_canceled', 'tasks_completed', 'tasks_deleted', 'tasks_moved']
]
const ofQueue = {
  realtime: [
    ...realTime,
    ...['longest_relative_task_age_in_queue', 'longest_relative_task_sid_in_queue', 'activity_statistics'],
    ...['total_eligible_workers', 'total_available_workers']
  ],
  cumulative: [...cumulative, 'tasks_entered', 'wait_duration_in_queue_until_accepted']
}

const activities = ['Offline', 'Unavailable', 'Available']

it.each<[path: () => string, realtime: readonly string[], cumulative: readonly string[]]>([
  [
    () => '/Statistics',
    [...realTime, 'activity_statistics', 'total_workers'],
    [...cumulative, 'tasks_created', 'tasks_timed_out_in_workflow']
  ],
  [() => `/TaskQueues/${queue}/Statistics`, ofQueue.realtime, ofQueue.cumulative],
  [() => `/Workflows/${workflow}/Statistics`, realTime, [...cumulative, 'tasks_entered', 'tasks_timed_out_in_workflow']]
])('24: figures of now and of an interval, apart and together: %s', async (path, realtime, counted) => {
  const url = floor.path + path()
  const { body } = await world.call(`${url}?SplitByWaitTime=5,30`)
  expect(body.realtime).toMatchObject({
    tasks_by_status: { completed: 1 },
    total_tasks: 0,
    longest_task_waiting_age: 0
  })
  expect(Object.keys(body.realtime)).toEqual(expect.arrayContaining([...realtime]))
  expect(Object.keys(body.cumulative)).toEqual(expect.arrayContaining([...counted]))
  expect(Object.keys(body.cumulative.split_by_wait_time)).toEqual(['5', '30'])
  expect(body.cumulative).toMatchObject({
    reservations_accepted: 1,
    tasks_completed: 1,
    wait_duration_until_accepted: { avg: 40, min: 40, max: 40, total: 40 }
  })
  const now = (await world.call(url.replace('Statistics', 'RealTimeStatistics'))).body
  expect(now).toMatchObject(body.realtime)
  const since = (await world.call(`${url.replace('Statistics', 'CumulativeStatistics')}?Minutes=30`)).body
  expect(since).toMatchObject({ reservations_accepted: 1, split_by_wait_time: null })
  for (const one of [body.realtime.activity_statistics, now.activity_statistics])
    expect(one?.map((row: { friendly_name: string }) => row.friendly_name) ?? activities).toEqual(activities)
})

it('24: figures of queues as a list, page by page', async () => {
  const other = await floor.queue('Other')
  const seen: string[] = []
  let path: string | undefined = `${floor.path}/TaskQueues/Statistics?PageSize=1`
  while (path !== undefined) {
    const { body } = await world.call(path)
    for (const row of body.task_queues_statistics) {
      seen.push(row.task_queue_sid)
      expect(Object.keys(row.realtime)).toEqual(expect.arrayContaining(ofQueue.realtime))
      expect(Object.keys(row.cumulative)).toEqual(expect.arrayContaining(ofQueue.cumulative))
    }
    path = body.meta.next_page_url?.slice(world.running.url.length)
  }
  expect(seen).toEqual([queue, other])
})

it('24: figures of workers, with every activity', async () => {
  const { body } = await world.call(`${floor.path}/Workers/Statistics?Minutes=30`)
  expect(body.realtime).toMatchObject({ total_workers: 1 })
  const counted = (await world.call(`${floor.path}/Workers/CumulativeStatistics?Minutes=30`)).body
  expect(Object.keys(counted)).toEqual(expect.arrayContaining(reservations))
  const one = (await world.call(`${floor.path}/Workers/${worker}/Statistics?Minutes=30`)).body
  for (const { activity_durations } of [body.cumulative, counted, one.cumulative]) {
    expect(activity_durations.map((row: { friendly_name: string }) => row.friendly_name)).toEqual(activities)
    expect(Object.keys(activity_durations[0]).sort()).toEqual(['avg', 'friendly_name', 'max', 'min', 'sid', 'total'])
  }
})

it('24: more than thirty days back is refused by its own number', async () => {
  const StartDate = new Date((await world.running.account).state.at - 31 * 86_400_000).toISOString()
  for (const path of ['Statistics', 'CumulativeStatistics', 'Workers/CumulativeStatistics', 'Events']) {
    const query = new URLSearchParams({ StartDate })
    expect(await world.call(`${floor.path}/${path}?${query}`)).toMatchObject({ status: 400, body: { code: 14241 } })
  }
})

it('events are listed newest first, by what they tell of, and fetched one by one', async () => {
  const { events } = floor.workspace
  const told = await events.list({ taskSid: task, pageSize: 3 })
  expect(told.map(({ eventType }) => eventType).slice(-1)).toEqual(['task.created'])
  expect(told.map(({ eventType }) => eventType)).toContain('reservation.accepted')
  const [created] = await events.list({ taskSid: task, eventType: 'task.created' })
  expect(await events(created?.sid ?? '').fetch()).toMatchObject({
    eventType: 'task.created',
    resourceType: 'task',
    resourceSid: task,
    workspaceSid: floor.sid
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/figures.test.ts', world)
})
