import { metrics } from '@ringdown/server/insights/metrics'
import { describe, expect, it } from 'vitest'
import { findPostgres } from '../store/places.ts'
import type { LogEvent } from '../support/recount.ts'
import { morning } from '../support/world.ts'
import { liveDays } from './days.ts'
import { type Floor, floor } from './floor.ts'
import { figures, rank, type Truth, truthOf, within } from './truth.ts'

/*
 * Simulated days, whose figures are what somebody who has nothing but the log works out, metric by metric.
 */

const database = await findPostgres()
const day = 86_400_000
/** Of what these contacts have none: the worked examples of the catalogue show it. */
const elsewhere = ['first_response_time', 'agent_first_response_time', 'responses', 'response_time']

const ofCalls = ['dial_time', 'hung_up_by_customer', 'hung_up_by_agent']

async function logOf(here: Floor): Promise<LogEvent[]> {
  const account = await here.world.running.account
  await account.settled()
  const events: LogEvent[] = []
  for (;;) {
    const more = await account.log(events.at(-1)?.seq ?? 0, 500)
    for (const { seq, type, at, data } of more) events.push({ seq, type, at, data: JSON.parse(data).data })
    if (more.length < 500) return events
  }
}

function close(found: unknown, expected: number | null, what: string): void {
  if (typeof expected === 'number') expect(found, what).toBeCloseTo(expected, 6)
  else expect(found, what).toBe(expected)
}

const names = [...metrics.keys()].filter((name) => !elsewhere.includes(name))

/** Compares what is answered with what the log says: in all, by queue and day, by agent, by channel. */
async function compare(here: Floor, until: number): Promise<void> {
  const account = await here.world.running.account
  const events = await logOf(here)
  const now = here.world.running.clock?.now() ?? 0
  const activities = account.state.tables.activity.all()
  const truth: Truth = {
    ...truthOf(events, now),
    available: new Set(activities.flatMap((row) => (row.available ? [row.sid] : []))),
    offline: new Set([here.activities.Offline ?? ''])
  }
  const ofHere = (of: Truth): Truth => ({
    ...of,
    busy: of.busy.filter(({ worker_sid }) => Object.values(here.workers).includes(worker_sid))
  })
  const span = { from: new Date(morning).toISOString(), to: new Date(until).toISOString() }
  const own = ofHere(within(truth, morning, until))
  const [all] = await here.rows({ metrics: names, ...span })
  for (const name of names) close(all[name], figures[name]?.(own) ?? null, name)

  const contactMetrics = names.filter((name) => metrics.get(name)?.source === 'segments')
  const percentiles = ['queue_time_p50', 'queue_time_p90', 'talk_time_p99.5']
  const byDay = await here.rows({
    metrics: [...contactMetrics, ...percentiles],
    groupBy: ['task_queue'],
    interval: 'P1D',
    timeZone: 'Etc/UTC',
    pageSize: 1000,
    ...span
  })
  expect(byDay.length).toBeGreaterThan(2)
  for (const row of byDay) {
    const start = Date.parse(row.interval)
    const part = within(own, Math.max(start, morning), Math.min(start + day, until))
    const its = { ...part, stretches: part.stretches.filter((one) => one.task_queue_sid === row.task_queue_sid) }
    for (const name of contactMetrics)
      close(row[name], figures[name]?.(its) ?? null, `${name} of ${row.task_queue} on ${row.interval}`)
    const waits = its.stretches.filter(({ kind }) => kind === 'queue').map((one) => one.queue_ms)
    close(row.queue_time_p50, rank(waits, 50), 'p50')
    close(row.queue_time_p90, rank(waits, 90), 'p90')
    close(
      row['talk_time_p99.5'],
      rank(
        its.stretches.map((one) => one.talk_ms),
        99.5
      ),
      'p99.5'
    )
  }
  expect(byDay.reduce((sum, row) => sum + row.handled, 0)).toBe(all.handled)

  const times = names.filter((name) => metrics.get(name)?.source === 'status')
  const byWorker = await here.rows({
    metrics: ['handled', 'missed', ...times],
    groupBy: ['worker'],
    interval: 'PT1H',
    pageSize: 1000,
    limit: 700,
    ...span
  })
  for (const row of byWorker) {
    if (row.worker_sid === null) continue
    const start = Date.parse(row.interval)
    const part = within(own, Math.max(start, morning), Math.min(start + 3_600_000, until))
    const its = {
      ...part,
      stretches: part.stretches.filter((one) => one.worker_sid === row.worker_sid),
      busy: part.busy.filter((one) => one.worker_sid === row.worker_sid)
    }
    for (const name of ['handled', 'missed', ...times])
      close(row[name], figures[name]?.(its) ?? null, `${name} of ${row.worker} at ${row.interval}`)
  }

  const byChannel = await here.rows({
    metrics: contactMetrics,
    groupBy: ['channel'],
    where: { result: { not: 'moved' } },
    ...span
  })
  for (const row of byChannel) {
    const its = {
      ...own,
      stretches: own.stretches.filter((one) => one.channel === row.channel && one.result !== 'moved')
    }
    for (const name of contactMetrics) close(row[name], figures[name]?.(its) ?? null, `${name} of ${row.channel}`)
  }
}

for (const { name, place } of [
  { name: 'SQLite', place: undefined },
  { name: 'PostgreSQL', place: database }
])
  describe.runIf(name === 'SQLite' || place !== undefined)(`ten days on ${name}`, () => {
    it('are told as the log has them', { timeout: 300_000 }, async () => {
      const here = await floor(place)
      const seed = name === 'SQLite' ? 1 : 2
      await liveDays(here, {
        days: 10,
        seed,
        async each(n) {
          // Up to now, and (every third day) when much of it is in the store.
          if (n % 3 === 0 || n === 9) await compare(here, here.world.running.clock?.now() ?? 0)
        }
      })
      const [all] = await here.rows({
        metrics: [
          ...['handled', 'abandoned', 'missed', 'rejected', 'moved', 'transferred', 'held', 'led_away'],
          ...ofCalls
        ],
        from: new Date(morning).toISOString()
      })
      const least = {
        handled: 150,
        abandoned: 50,
        missed: 20,
        rejected: 5,
        moved: 3,
        transferred: 1,
        held: 1,
        led_away: 5
      }
      for (const one of ofCalls) expect(all[one], one).toBeGreaterThan(0)
      for (const [metric, fewest] of Object.entries(least)) expect(all[metric], metric).toBeGreaterThan(fewest)
    })
  })
