import { expect, it } from 'vitest'
import { type Floor, floor } from './floor.ts'

/* What `queue_stats_configuration` says of a queue and its channels: thresholds, short abandons, and when today begins. */

async function configure(here: Floor, queue_stats_configuration: unknown) {
  const { account_sid } = here.world.running.credentials
  const { status } = await here.json('/flex-api/v1/Configuration', { account_sid, queue_stats_configuration })
  expect(status).toBe(200)
}

/** The board's rows by their names. */
async function boardOf(here: Floor) {
  const { task_queues } = await here.get(`/ringdown/v1/Workspaces/${here.workspace}/Board`)
  return Object.fromEntries(task_queues.map((row: { friendly_name: string }) => [row.friendly_name, row]))
}

async function channelOf(here: Floor): Promise<string> {
  const { channels } = await here.get(`/taskrouter/v1/Workspaces/${here.workspace}/TaskChannels?PageSize=50`)
  return channels.find((one: { unique_name: string }) => one.unique_name === 'default').sid
}

it('a queue has thresholds of its own for a channel, and its own beginning of the day', {
  timeout: 60_000
}, async () => {
  const here = await floor()
  const { Support, Sales } = here.queues
  await configure(here, {
    default: {
      ...{ service_level_threshold: 20, short_abandoned_threshold: 5 },
      ...{ reset_timezone: 'Etc/UTC', reset_time: '00:00' }
    },
    queue_configurations: [{ queue_sid: Sales, reset_timezone: 'Europe/Paris', reset_time: '10:30' }],
    queue_channel_configurations: [
      {
        ...{ queue_sid: Sales, channel_sid: await channelOf(here) },
        ...{ service_level_threshold: 60, short_abandoned_threshold: 40 }
      }
    ]
  })
  for (const queue of ['Support', 'Sales']) {
    const left = await here.task(queue)
    await here.pass(30)
    await here.finish(left, 'canceled')
  }
  await here.move('bea', 'Available')
  for (const queue of ['Support', 'Sales']) {
    const answered = await here.task(queue)
    await here.pass(30)
    // Whoever let it ring for as long as that is offline by now.
    await here.move('bea', 'Available')
    await here.reservation('bea', answered, 'accepted')
    await here.finish(answered)
  }
  const metrics = ['abandoned', 'short_abandoned', 'handled', 'service_level']
  const rows = await here.rows({ metrics, groupBy: ['task_queue'], order: ['task_queue'] })
  expect(rows).toEqual([
    {
      ...{ task_queue: 'Sales', task_queue_sid: Sales },
      ...{ abandoned: 0, short_abandoned: 1, handled: 1, service_level: 1 }
    },
    {
      ...{ task_queue: 'Support', task_queue_sid: Support },
      ...{ abandoned: 1, short_abandoned: 0, handled: 1, service_level: 0 }
    }
  ])
  await here.move('bea', 'Offline')
  // Two minutes past ten in Paris; the day of Sales begins at half past ten.
  const waiting = [await here.task('Support'), await here.task('Sales')]
  const now = await boardOf(here)
  expect([now.Support.today, now.Sales.today]).toMatchObject([{ entered: 3 }, { entered: 3, short_abandoned: 1 }])
  const breachOf = (row: { next_breach: { at: string } }) => Date.parse(row.next_breach.at)
  expect(breachOf(now.Sales) - breachOf(now.Support)).toBe(40_000)
  for (const sid of waiting) await here.finish(sid, 'canceled')
  await here.pass(1_800)
  const later = await boardOf(here)
  expect([later.Support.today, later.Sales.today]).toMatchObject([{ entered: 3 }, { entered: 0 }])
  await here.task('Sales')
  expect((await boardOf(here)).Sales.today).toMatchObject({ entered: 1 })
})

it.each([
  ['a zone that there is not', { default: { reset_timezone: 'Mars/Olympus', reset_time: '00:00' } }],
  ['a time that there is not', { default: { reset_timezone: 'Europe/Paris', reset_time: '25:61' } }],
  ['thresholds that are none', { default: { service_level_threshold: 'soon', short_abandoned_threshold: -5 } }],
  ['lists that are none', { queue_configurations: 5, queue_channel_configurations: [null, { queue_sid: 7 }] }],
  ['nothing', null]
])('a configuration of %s counts as the usual one', async (_what, configuration) => {
  const here = await floor()
  await configure(here, configuration)
  const left = await here.task('Support')
  await here.pass(30)
  await here.finish(left, 'canceled')
  expect(await here.rows({ metrics: ['abandoned', 'short_abandoned'] })).toEqual([{ abandoned: 1, short_abandoned: 0 }])
  expect((await boardOf(here)).Support.today).toMatchObject({ entered: 1, abandoned: 1 })
})
