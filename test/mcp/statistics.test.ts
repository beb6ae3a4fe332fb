import { describe, expect, it } from 'vitest'
import { agent, type Center } from './center.ts'
import { refusal } from './wire.ts'

const T = 'taskrouter/v1/Workspaces/:ws'

/**
 * A quiet quarter of an hour: amelie has taken one task after 20 seconds, and two wait in Support for 240 and 43 seconds;
 * the second of them on the channel chat.
 */
async function afternoon() {
  const here = await agent()
  const { center } = here
  await center.workspace.workers(center.workers.amelie).update({ activitySid: center.activities.Break })
  const taken = await center.task({ language: 'fr' })
  await center.world.pass(20)
  await center.workspace.workers(center.workers.amelie).update({ activitySid: center.activities.Available })
  await accept(center, taken)
  await center.task({ language: 'fr' })
  await center.world.pass(197)
  await center.task({ language: 'fr' }, { taskChannel: 'chat' })
  await center.workspace.workers(center.workers.amelie).update({ activitySid: center.activities.Break })
  await center.world.pass(43)
  return here
}

async function accept({ workspace }: Center, task: string): Promise<void> {
  const [offered] = await workspace.tasks(task).reservations.list({ reservationStatus: 'pending' })
  await workspace
    .tasks(task)
    .reservations(offered?.sid ?? '')
    .update({ reservationStatus: 'accepted' })
}

describe('statistics', () => {
  it.each([
    ['with those who were answered', {}, 101], // 20, 240 and 43 seconds
    ['alone where only this moment is asked for', { view: 'realtime' }, 142],
    ['not in a period that is over', { startDate: '2026-03-02T09:00:00Z', endDate: '2026-03-02T09:04:00Z' }, 20],
    ['not where only a period is asked for', { view: 'cumulative' }, 20],
    ['of the task channel that is asked for', { taskChannel: 'chat' }, 43]
  ] as const)('count who waits now into the average wait: %s', async (_how, args, average) => {
    const { call } = await afternoon()
    expect((await call('get_workspace_statistics', args)).content.summary).toMatchObject({
      averageWaitSeconds: average
    })
  })

  it.each(['task_queue', 'workflow'])('count who waits now in the row of their %s', async (scope) => {
    const { call } = await afternoon()
    const { rows } = (await call('get_workspace_statistics', { scope })).content
    expect(rows[0]).toMatchObject({ averageWaitSeconds: 101 })
  })

  it('sum up who waits, how long, and who is there', async () => {
    const { center, call } = await afternoon()
    const everything = (await call('get_workspace_statistics')).content
    expect(everything).toMatchObject({
      summary: {
        totalTasks: 3,
        waitingTasks: 2,
        longestWaitSeconds: 240,
        averageWaitSeconds: 101,
        availableWorkers: 0,
        totalWorkers: 2
      },
      realtime: { tasks_by_status: { pending: 1, reserved: 1 } },
      cumulative: { reservations_accepted: 1 }
    })
    expect((await call('get_workspace_statistics', { scope: 'task_queue' })).content.rows[0]).toEqual({
      taskQueue: 'Support',
      taskQueueSid: center.queues.Support,
      waiting: 2,
      longestWaitSeconds: 240,
      assigned: 1,
      eligibleWorkers: 2,
      availableWorkers: 0,
      averageWaitSeconds: 101,
      accepted: 1,
      canceled: 0,
      timedOut: 0,
      // Only what has begun in the quarter of an hour counts, as in query_insights.
      ...{ entered: 3, handled: 1, abandoned: 0, serviceLevel: 1, speedOfAnswer: 20 }
    })
  })

  it.each([
    ['task_queue', {}, ['entered', 'handled', 'abandoned', 'service_level', 'speed_of_answer', 'handling_time']],
    ['task_queue', { taskChannel: 'chat' }, ['entered', 'handled', 'abandoned', 'service_level', 'speed_of_answer']],
    ['workflow', {}, ['entered', 'handled', 'service_level', 'speed_of_answer']],
    ['worker', {}, ['handled', 'missed', 'rejected', 'talk_time', 'logged_in_time', 'busy_time', 'occupancy']],
    ['activity', {}, ['activity_time', 'busy_time']]
  ])('are what query_insights says of the same time: by %s, %j', async (scope, more: object, metrics) => {
    const { center, call } = await afternoon()
    const [waiting] = await center.workspace.tasks.list({ assignmentStatus: ['pending'] })
    await center.workspace.tasks(waiting?.sid ?? '').update({ assignmentStatus: 'canceled', reason: 'gone' })
    await center.world.pass(7)
    const { rows } = (await call('get_workspace_statistics', { scope, minutes: 5, ...more })).content
    const asked = await call('query_insights', {
      ...{ metrics, groupBy: [scope], from: 'PT5M' },
      where: { workspace: center.workspaceSid, ...('taskChannel' in more && { channel: more.taskChannel }) }
    })
    const inRows = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    const nameOf = (row: Record<string, unknown>) => row[inRows(scope)]
    const shown = (rows as Record<string, unknown>[]).flatMap((row) => {
      const own = metrics.flatMap((name) => (row[inRows(name)] === undefined ? [] : [[name, row[inRows(name)]]]))
      return own.length === 0 ? [] : [[nameOf(row), Object.fromEntries(own)]]
    })
    const expected = (asked.content.rows as Record<string, unknown>[]).map((row) => [
      row[scope],
      Object.fromEntries(metrics.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]])))
    ])
    const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort()
    expect(expected.length).toBeGreaterThan(0)
    expect(sorted(shown)).toEqual(sorted(expected))
  })

  it('say how one worker does, and how many are in which activity', async () => {
    const { call } = await afternoon()
    const { rows } = (await call('get_workspace_statistics', { workerSid: 'amelie' })).content
    expect(rows).toMatchObject([{ worker: 'amelie', handled: 1, missed: 0, busyTime: 240 }])
    const activities = (await call('get_workspace_statistics', { scope: 'activity' })).content.rows
    expect(activities).toContainEqual(expect.objectContaining({ activity: 'Break', workers: 1 }))
  })

  it('do without the cumulative part where a server has none, unless it is what was asked for', async () => {
    const { wire, call } = await afternoon()
    const missing = () => refusal(501, 20501, 'FetchWorkspaceCumulativeStatistics is not implemented')
    wire.on(`GET ${T}/CumulativeStatistics`, missing).on(`GET ${T}/TaskQueues/Statistics`, missing)
    const { content } = await call('get_workspace_statistics')
    expect(content).toMatchObject({
      summary: { waitingTasks: 2 },
      warnings: [expect.stringContaining('no cumulative figures')]
    })
    expect((await call('get_workspace_statistics', { scope: 'task_queue' })).content.rows).toHaveLength(2)
    expect((await call('get_workspace_statistics', { view: 'cumulative' })).error).toMatchObject({
      code: 'not_built',
      status: 501
    })
  })

  it('know that one worker has no real-time ones, and how far back they go', async () => {
    const { call } = await agent()
    expect((await call('get_workspace_statistics', { workerSid: 'amelie', view: 'realtime' })).error).toMatchObject({
      code: 'bad_value',
      argument: 'view'
    })
    expect((await call('get_workspace_statistics', { startDate: '2020-01-01' })).error).toMatchObject({
      code: 14241,
      argument: 'startDate',
      next: 'at most 30 days back; older history: query_insights'
    })
  })
})
