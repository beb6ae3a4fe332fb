import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { morning, type World, world } from '../../support/world.ts'

/** A floor with one queue, one workflow that gives up after ten minutes, and two agents who are offline. */
interface Floor {
  readonly workspace: ReturnType<World['client']['taskrouter']['v1']['workspaces']>
  readonly base: string
  readonly activity: Readonly<Record<string, string>>
  readonly queue: string
  readonly workflow: string
  readonly amelie: string
  readonly bob: string
}

async function open({ client }: World): Promise<Floor> {
  const { v1 } = client.taskrouter
  const { sid } = await v1.workspaces.create({ friendlyName: 'Floor' })
  const workspace = v1.workspaces(sid)
  const activity = Object.fromEntries((await workspace.activities.list()).map((row) => [row.friendlyName, row.sid]))
  const queue = await workspace.taskQueues.create({ friendlyName: 'Everybody' })
  const targets = [{ queue: queue.sid, timeout: 600 }]
  const workflow = await workspace.workflows.create({
    friendlyName: 'Route',
    taskReservationTimeout: 60,
    configuration: JSON.stringify({ task_routing: { filters: [{ expression: '1==1', targets }] } })
  })
  const [amelie, bob] = [
    await workspace.workers.create({ friendlyName: 'amelie' }),
    await workspace.workers.create({ friendlyName: 'bob' })
  ]
  const base = `/taskrouter/v1/Workspaces/${sid}`
  return { workspace, base, activity, queue: queue.sid, workflow: workflow.sid, amelie: amelie.sid, bob: bob.sid }
}

for (const { name, available, place } of databases)
  describe.runIf(available)(`statistics on ${name}`, () => {
    let here: World
    let floor: Floor

    let own: PostgresPlace | undefined

    beforeEach(async () => {
      own = await place()
      here = await world(own && { database: own.url })
      await here.running.account // on PostgreSQL it answers before it has the account
      floor = await open(here)
    })
    afterEach(async () => {
      await here.close()
      await own?.clear()
    })

    const get = async (path: string, query: Record<string, string> = {}) => {
      const answer = await here.call(`${floor.base}/${path}?${new URLSearchParams(query)}`)
      expect(answer).toMatchObject({ status: 200 })
      return answer.body
    }

    const move = (worker: string, activity: string) =>
      floor.workspace.workers(worker).update({ activitySid: floor.activity[activity] as string }) // every workspace has it

    const create = (attributes: object = {}) =>
      floor.workspace.tasks.create({ attributes: JSON.stringify(attributes), workflowSid: floor.workflow })

    /** The first pending reservation of a task is accepted. */
    const accept = async (task: string) => {
      const [reservation] = await floor.workspace.tasks(task).reservations.list({ reservationStatus: 'pending' })
      await floor.workspace
        .tasks(task)
        .reservations(reservation?.sid ?? '')
        .update({ reservationStatus: 'accepted' })
    }

    it('tell nothing of a floor on which nothing happened', async () => {
      const quiet = { avg: 0, min: 0, max: 0, total: 0 }
      const none = {
        avg_task_acceptance_time: 0,
        reservations_created: 0,
        reservations_accepted: 0,
        reservations_rejected: 0,
        reservations_timed_out: 0,
        reservations_canceled: 0,
        reservations_rescinded: 0,
        split_by_wait_time: null,
        wait_duration_until_accepted: quiet,
        wait_duration_until_canceled: quiet,
        tasks_canceled: 0,
        tasks_completed: 0,
        tasks_deleted: 0,
        tasks_moved: 0
      }
      expect(await get('CumulativeStatistics')).toEqual({
        ...none,
        tasks_created: 0,
        tasks_timed_out_in_workflow: 0,
        start_time: '2026-03-02T08:45:00Z',
        end_time: '2026-03-02T09:00:00Z',
        account_sid: expect.stringMatching(/^AC/),
        workspace_sid: expect.stringMatching(/^WS/),
        url: `${here.running.url}${floor.base}/CumulativeStatistics`
      })
      const queue = await get(`TaskQueues/${floor.queue}/CumulativeStatistics`)
      expect(queue).toMatchObject({
        ...none,
        tasks_entered: 0,
        wait_duration_in_queue_until_accepted: quiet,
        task_queue_sid: floor.queue
      })
      expect(await get(`Workflows/${floor.workflow}/CumulativeStatistics`)).toMatchObject({
        ...none,
        tasks_entered: 0,
        tasks_timed_out_in_workflow: 0,
        workflow_sid: floor.workflow
      })
      const realtime = await floor.workspace.realTimeStatistics().fetch()
      expect(realtime).toMatchObject({
        totalTasks: 0,
        longestTaskWaitingAge: 0,
        longestTaskWaitingSid: null,
        totalWorkers: 2
      })
      expect(realtime.activityStatistics).toEqual(
        ['Offline', 'Unavailable', 'Available'].map((friendly_name, n) => ({
          sid: floor.activity[friendly_name],
          friendly_name,
          workers: n === 0 ? 2 : 0
        }))
      )
    })

    it('count a contact to the second: who waited how long, in queue and workflow and altogether', async () => {
      const first = await create()
      await here.pass(5)
      const second = await create()
      await here.pass(7.5)
      await move(floor.amelie, 'Available')
      await accept(first.sid) // after 12.5 s
      await here.pass(30)
      await floor.workspace.tasks(first.sid).update({ assignmentStatus: 'completed', reason: 'done' })
      await accept(second.sid) // after 37.5 s
      await here.pass(10)
      await floor.workspace.tasks(second.sid).update({ assignmentStatus: 'completed' })

      const waited = { avg: 25, min: 12, max: 37, total: 50 }
      const figures = {
        reservations_created: 2,
        reservations_accepted: 2,
        tasks_completed: 2,
        tasks_canceled: 0,
        avg_task_acceptance_time: 25,
        wait_duration_until_accepted: waited
      }
      expect(await get('CumulativeStatistics')).toMatchObject({ ...figures, tasks_created: 2 })
      expect(await get(`Workflows/${floor.workflow}/CumulativeStatistics`)).toMatchObject({
        ...figures,
        tasks_entered: 2
      })
      const split = await get(`TaskQueues/${floor.queue}/CumulativeStatistics`, { SplitByWaitTime: '5,13,37' })
      expect(split).toMatchObject({ ...figures, tasks_entered: 2, wait_duration_in_queue_until_accepted: waited })
      const part = (reservations_accepted: number) => ({ tasks_canceled: 0, reservations_accepted })
      expect(split.split_by_wait_time).toEqual({
        5: { below: part(0), above: part(2) },
        13: { below: part(1), above: part(1) },
        37: { below: part(1), above: part(1) }
      })
      const amelie = await floor.workspace.workers(floor.amelie).statistics().fetch()
      expect(amelie.cumulative).toMatchObject({ reservations_created: 2, reservations_accepted: 2 })
      const bob = await floor.workspace.workers(floor.bob).statistics().fetch()
      expect(bob.cumulative).toMatchObject({ reservations_created: 0 })
    })

    it('count what went wrong: rejected, timed out, canceled by hand and by time, deleted', async () => {
      await move(floor.amelie, 'Available')
      const rejected = await create()
      const [offer] = await floor.workspace.tasks(rejected.sid).reservations.list()
      await floor.workspace
        .tasks(rejected.sid)
        .reservations(offer?.sid ?? '')
        .update({ reservationStatus: 'rejected', workerActivitySid: floor.activity.Offline as string }) // every workspace has it
      await here.pass(20)
      await floor.workspace.tasks(rejected.sid).update({ assignmentStatus: 'canceled', reason: 'gone' })
      await move(floor.amelie, 'Available')
      const late = await create()
      await here.pass(60) // nobody answers, and amelie is taken offline
      await here.pass(540) // the workflow gives up
      const deleted = await create()
      await floor.workspace.tasks(deleted.sid).remove()
      expect((await floor.workspace.tasks(late.sid).fetch()).assignmentStatus).toBe('canceled')
      const figures = {
        reservations_created: 2,
        reservations_rejected: 1,
        reservations_timed_out: 1,
        reservations_accepted: 0,
        tasks_canceled: 2,
        tasks_deleted: 1,
        tasks_timed_out_in_workflow: 1,
        wait_duration_until_canceled: { avg: 310, min: 20, max: 600, total: 620 }
      }
      expect(await get('CumulativeStatistics')).toMatchObject({ ...figures, tasks_created: 3 })
      const combined = await get('Statistics', { SplitByWaitTime: '30' })
      expect(combined.cumulative).toMatchObject({
        ...figures,
        split_by_wait_time: {
          30: {
            below: { tasks_canceled: 1, reservations_accepted: 0 },
            above: { tasks_canceled: 1, reservations_accepted: 0 }
          }
        }
      })
      expect(combined.realtime.tasks_by_status).toMatchObject({ canceled: 1, pending: 0 })
    })

    it('know the edges of a window to the second, also inside a minute', async () => {
      await here.pass(13)
      await create() // 09:00:13
      await here.pass(30)
      await create() // 09:00:43
      await here.pass(60)
      await create() // 09:01:43
      await here.pass(7_300) // 11:03:23
      const created = async (StartDate: string, EndDate?: string) =>
        (await get('CumulativeStatistics', { StartDate, ...(EndDate && { EndDate }) })).tasks_created
      expect(await created('2026-03-02T09:00:13Z')).toBe(3)
      expect(await created('2026-03-02T09:00:14Z')).toBe(2)
      expect(await created('2026-03-02T09:00:14Z', '2026-03-02T09:00:42Z')).toBe(0)
      expect(await created('2026-03-02T09:00:14Z', '2026-03-02T09:00:43Z')).toBe(1)
      expect(await created('2026-03-02T09:00:43Z', '2026-03-02T09:01:42Z')).toBe(1)
      expect(await created('2026-03-02T09:00:43Z', '2026-03-02T11:01:43Z')).toBe(2)
      expect(await created('2026-03-01T09:00:00Z')).toBe(3)
      expect(await get('CumulativeStatistics')).toMatchObject({ tasks_created: 0 })
      expect(await get('CumulativeStatistics', { Minutes: '122' })).toMatchObject({ tasks_created: 1 })
      const ended = await get('CumulativeStatistics', { EndDate: '2026-03-02T09:10:00Z' })
      expect(ended).toMatchObject({ tasks_created: 3, start_time: '2026-03-02T08:55:00Z' })
      const ignored = await get('CumulativeStatistics', { StartDate: '2026-03-02T09:00:00Z', Minutes: '1' })
      expect(ignored).toMatchObject({ tasks_created: 3, end_time: '2026-03-02T11:03:23Z' })
    })

    it('refuse what is more than 30 days back, and what is no window', async () => {
      await here.pass(40 * 86_400)
      const refused = async (query: Record<string, string>) =>
        (await here.call(`${floor.base}/CumulativeStatistics?${new URLSearchParams(query)}`)).body
      const month = here.running.clock?.now() ?? 0
      const ago = (ms: number) => new Date(month - ms).toISOString()
      expect(await refused({ StartDate: ago(30 * 86_400_000 + 1000) })).toMatchObject({ status: 400, code: 14241 })
      expect(await refused({ Minutes: '43201' })).toMatchObject({ status: 400, code: 14241 })
      expect(await refused({ Minutes: '43200' })).toMatchObject({ tasks_created: 0 })
      expect(await refused({ Minutes: '0' })).toMatchObject({ status: 400, code: 20001 })
      expect(await refused({ StartDate: ago(0), EndDate: ago(60_000) })).toMatchObject({ status: 400, code: 20001 })
      expect(await refused({ SplitByWaitTime: '5,soon' })).toMatchObject({ status: 400, code: 20001 })
      expect(await refused({ TaskChannel: 'smoke' })).toMatchObject({ status: 400, code: 20001 })
    })

    it('tell the channels apart', async () => {
      await floor.workspace.tasks.create({ workflowSid: floor.workflow, taskChannel: 'voice', priority: 3 })
      await here.pass(2)
      await create()
      const voice = (await here.call(`${floor.base}/TaskChannels/voice`)).body.sid
      expect(await get('CumulativeStatistics', { TaskChannel: 'voice' })).toMatchObject({ tasks_created: 1 })
      expect(await get('CumulativeStatistics', { TaskChannel: voice })).toMatchObject({ tasks_created: 1 })
      expect(await get('CumulativeStatistics', { TaskChannel: 'sms' })).toMatchObject({ tasks_created: 0 })
      const realtime = await get(`TaskQueues/${floor.queue}/RealTimeStatistics`, { TaskChannel: 'voice' })
      expect(realtime).toMatchObject({ total_tasks: 1, tasks_by_priority: { 3: 1 }, longest_task_waiting_age: 2 })
    })

    it('share out the time of agents: clipped to the window, the running stay included', async () => {
      await here.pass(600) // offline: 600 s each
      await move(floor.amelie, 'Available')
      await here.pass(100)
      await move(floor.amelie, 'Unavailable')
      await here.pass(200)
      await move(floor.amelie, 'Available')
      await here.pass(50) // 09:15:50
      const durations = async (path: string, query: Record<string, string> = {}) => {
        const body = await get(path, query)
        const list: { friendly_name: string; sid: string; total: number }[] = (body.cumulative ?? body)
          .activity_durations
        return Object.fromEntries(list.map(({ friendly_name, sid: _sid, ...rest }) => [friendly_name, rest]))
      }
      const all = { StartDate: '2026-03-02T09:00:00Z' }
      expect(await durations(`Workers/${floor.amelie}/Statistics`, all)).toEqual({
        Offline: { avg: 600, min: 600, max: 600, total: 600 },
        Unavailable: { avg: 200, min: 200, max: 200, total: 200 },
        Available: { avg: 75, min: 50, max: 100, total: 150 }
      })
      expect(await durations('Workers/CumulativeStatistics', all)).toEqual({
        Offline: { avg: 775, min: 600, max: 950, total: 1550 },
        Unavailable: { avg: 200, min: 200, max: 200, total: 200 },
        Available: { avg: 75, min: 50, max: 100, total: 150 }
      })
      expect(await durations('Workers/Statistics', { ...all, FriendlyName: 'bob' })).toEqual({
        Offline: { avg: 950, min: 950, max: 950, total: 950 },
        Unavailable: { avg: 0, min: 0, max: 0, total: 0 },
        Available: { avg: 0, min: 0, max: 0, total: 0 }
      })
      // From 09:11:00 to 09:15:10: the middle of one stay to the middle of another.
      const middle = { StartDate: '2026-03-02T09:11:00Z', EndDate: '2026-03-02T09:15:10Z' }
      expect(await durations(`Workers/${floor.amelie}/Statistics`, middle)).toEqual({
        Offline: { avg: 0, min: 0, max: 0, total: 0 },
        Unavailable: { avg: 200, min: 200, max: 200, total: 200 },
        Available: { avg: 25, min: 10, max: 40, total: 50 }
      })
      await floor.workspace.workers(floor.bob).remove()
      await here.pass(1000)
      expect((await durations('Workers/CumulativeStatistics', { Minutes: '1' })).Offline).toMatchObject({ total: 0 })
      expect((await durations('Workers/CumulativeStatistics', all)).Offline).toMatchObject({ total: 1550 })
    })

    it('tell how it stands now: what waits, for how long, and who could take it', async () => {
      await floor.workspace.workers(floor.bob).update({ activitySid: floor.activity.Unavailable as string }) // every workspace has it
      const first = await floor.workspace.tasks.create({ workflowSid: floor.workflow, priority: 7 })
      await here.pass(30)
      await create()
      await here.pass(12)
      const queue = await floor.workspace.taskQueues(floor.queue).realTimeStatistics().fetch()
      expect(queue).toMatchObject({
        totalTasks: 2,
        tasksByStatus: { pending: 2, reserved: 0, assigned: 0, wrapping: 0, canceled: 0, completed: 0 },
        tasksByPriority: { 0: 1, 7: 1 },
        longestTaskWaitingAge: 42,
        longestTaskWaitingSid: first.sid,
        longestRelativeTaskAgeInQueue: 42,
        longestRelativeTaskSidInQueue: first.sid,
        totalEligibleWorkers: 2,
        totalAvailableWorkers: 0
      })
      await move(floor.bob, 'Available')
      await accept(first.sid)
      const workflow = await floor.workspace.workflows(floor.workflow).statistics().fetch()
      expect(workflow.realtime).toMatchObject({
        total_tasks: 2,
        tasks_by_status: { pending: 1, assigned: 1 },
        longest_task_waiting_age: 12
      })
      const workers = await floor.workspace.workers.statistics().fetch({ taskQueueName: 'Everybody' })
      expect(workers.realtime).toMatchObject({ total_workers: 2 })
      expect(workers.cumulative).toMatchObject({ reservations_accepted: 1 })
      const strangers = await floor.workspace.workers.statistics().fetch({ taskQueueName: 'Nobody' })
      expect(strangers.realtime).toMatchObject({ total_workers: 0 })
      expect(strangers.cumulative).toMatchObject({ reservations_accepted: 0 })
    })

    it('list the queues with both kinds, page by page', async () => {
      for (const friendlyName of ['A', 'B']) await floor.workspace.taskQueues.create({ friendlyName })
      await create()
      const queues = await floor.workspace.taskQueues.statistics.list({ pageSize: 2 })
      expect(queues).toHaveLength(3)
      const [everybody] = queues
      expect(everybody).toMatchObject({
        taskQueueSid: floor.queue,
        realtime: { total_tasks: 1 },
        cumulative: { tasks_entered: 1 }
      })
      const [a] = await floor.workspace.taskQueues.statistics.list({ friendlyName: 'A' })
      expect(a).toMatchObject({
        realtime: { total_tasks: 0 },
        cumulative: { tasks_entered: 0, split_by_wait_time: null }
      })
    })

    it('answer for many queues at once, in both spellings, with zeros for strangers', async () => {
      await create()
      const stranger = `WQ${'9'.repeat(32)}`
      const ask = (body: object) =>
        here.call(`${floor.base}/TaskQueues/RealTimeStatistics`, undefined, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' }
        })
      for (const name of ['queueSids', 'QueueSids']) {
        const { status, body } = await ask({ [name]: [floor.queue, stranger] })
        expect({ status, count: body.task_queue_response_count }).toEqual({ status: 200, count: 2 })
        expect(body.task_queue_data[0]).toMatchObject({ task_queue_sid: floor.queue, total_tasks: 1 })
        expect(body.task_queue_data[1]).toMatchObject({
          task_queue_sid: stranger,
          total_tasks: 0,
          longest_task_waiting_sid: null
        })
      }
      expect(await ask({ queueSids: Array(51).fill(floor.queue) })).toMatchObject({ status: 400 })
      expect(await ask({ queueSids: [] })).toMatchObject({ status: 400 })
    })
  })

describe('statistics and restarts', () => {
  it('count everything once, whenever the process ends', async () => {
    const data = await mkdtemp(join(tmpdir(), 'ringdown-statistics-'))
    let at = morning
    let base = ''
    for (let round = 1; round <= 3; round++) {
      const here = await world({ data, at, seed: round })
      const { v1 } = here.client.taskrouter
      if (base === '')
        base = `/taskrouter/v1/Workspaces/${(await v1.workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })).sid}`
      for (let n = 0; n < 4; n++) await here.call(`${base}/Tasks`, { Attributes: '{}' })
      // Every other time somebody has asked before the end, so that the reader has been here.
      if (round !== 2) {
        const { body } = await here.call(`${base}/CumulativeStatistics?Minutes=60`)
        expect(body.tasks_created).toBe(4 * round)
      }
      await here.pass(90)
      at += 90_000
      await here.close()
    }
    await rm(data, { recursive: true })
  })
})
