import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { State } from '@ringdown/engine/center'
import { Insights } from '@ringdown/engine/insights/insights'
import { Recent } from '@ringdown/server/analytics/recent'
import { segmentTable } from '@ringdown/server/analytics/segments'
import type { Statistics } from '@ringdown/server/analytics/statistics'
import { Questions } from '@ringdown/server/insights/questions'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import { foldCost } from './insight-fold.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Figure, type Measured, median, ms, type Options, quantile, say } from './measured.ts'
import { account_sid, childrenOf, processorTime } from './server.ts'

/** How much there is; fewer for a look at the row itself: RINGDOWN_BENCH_SEGMENTS. */
export const segments = Number(process.env.RINGDOWN_BENCH_SEGMENTS ?? 1_000_000)
const months = 13
const day_ms = 86_400_000
const span_ms = months * 30 * day_ms
const queues = 20
const workers = 200
const asks = 15

const sid = (prefix: string, n: number) => prefix + n.toString(16).padStart(32, '0')
const columns = Object.keys(segmentTable.columns).filter((name) => name !== 'account_sid')

/** Questions over 13 months of segments, on SQLite in a process of its own, and the same figures by DuckDB over the same rows. */
export async function measure(_options: Options): Promise<Measured> {
  const folder = temporaryFolder()
  const now = Date.now()
  const store = await openStore({ schema, data: join(folder, 'ringdown') })
  await store.migrate()
  const csv = join(folder, 'segments.csv')
  await fill(store, csv, now)
  const duck = await (await DuckDBInstance.create(':memory:')).connect()
  await duck.run(`create table segment as select * from read_csv('${csv}', header = true)`)
  const figures: Figure[] = []
  const questions = questionsOn(store)
  for (const { what, target, asked, sql } of cases(now)) {
    const { took, cpu_ms } = await timed((n) => questions.report(asked(n), now))
    const yardstick = await timed(() => duck.runAndReadAll(sql))
    const text = `${what}, p50 (p99 ${ms(quantile(took, 0.99))}, processor ${ms(cpu_ms)}; DuckDB ${ms(median(yardstick.took))})`
    say(`${text}: ${ms(median(took))}`)
    figures.push(atMost(text, median(took), target, ms))
  }
  await store.close()
  const { event_us, events, task_bytes } = foldCost()
  const fold = `the fold, processor time an event (of ${count(events)} events of task lifecycles)`
  say(`${fold}: ${event_us.toFixed(2)} µs; ${Math.round(task_bytes)} bytes kept of a waiting task`)
  figures.push(atMost(fold, event_us, 1, (value) => `${value.toFixed(2)} µs`))
  figures.push({ what: 'kept in memory of a task that waits', figure: `${Math.round(task_bytes)} bytes` })
  const how = `A SQLite store with ${count(segments)} segments over ${months} months (${queues} queues, ${workers} agents), written beforehand; ${asks} questions each, one after the other, in one process, as the handler of a request asks them. DuckDB answers the same figures from the same rows in its memory, by SQL that was written for them; it is the yardstick and not a part of Ringdown.`
  return { figures, how }
}

interface Case {
  readonly what: string
  readonly target: number
  asked(n: number): object
  readonly sql: string
}

function cases(now: number): Case[] {
  const month = (n: number) => ({
    from: new Date(now - 40 * day_ms - n * day_ms).toISOString(),
    to: new Date(now - 10 * day_ms - n * day_ms).toISOString()
  })
  const within = `began_at >= ${now - 40 * day_ms} and began_at < ${now - 10 * day_ms}`
  const year = { from: new Date(now - 365 * day_ms).toISOString(), to: new Date(now).toISOString() }
  return [
    {
      what: 'handled by queue and day, a month',
      target: 50,
      asked: (n) => ({
        metrics: ['handled'],
        group_by: ['task_queue'],
        interval: 'P1D',
        time_zone: 'Europe/Paris',
        page_size: 1000,
        ...month(n)
      }),
      sql: `select task_queue_sid, began_at // ${day_ms} as day, count(*) from segment where kind = 'conversation' and ${within} group by all`
    },
    {
      what: 'service level by queue and day, a month',
      target: 50,
      asked: (n) => ({
        metrics: ['service_level'],
        group_by: ['task_queue'],
        interval: 'P1D',
        time_zone: 'Europe/Paris',
        page_size: 1000,
        ...month(n)
      }),
      sql: `select task_queue_sid, began_at // ${day_ms} as day, avg(case when queue_ms <= 20000 then 1 else 0 end) from segment where kind = 'conversation' and queue_ms is not null and ${within} group by all`
    },
    {
      what: 'talk time by month, a year',
      target: 300,
      asked: () => ({ metrics: ['talk_time'], interval: 'P1M', time_zone: 'Europe/Paris', ...year }),
      sql: `select date_trunc('month', epoch_ms(began_at)) as month, avg(talk_ms) from segment where kind = 'conversation' and began_at >= ${now - 365 * day_ms} group by all`
    },
    {
      what: 'the 90th percentile of waits by queue, a month',
      target: 300,
      asked: (n) => ({ metrics: ['queue_time_p90'], group_by: ['task_queue'], ...month(n) }),
      sql: `select task_queue_sid, quantile_disc(queue_ms, 0.9) from segment where kind = 'queue' and ${within} group by all`
    }
  ]
}

/**
 * Milliseconds of each, and of processor time on average, which a busy machine does not change: of this process and of the
 * one that it asks.
 */
async function timed(ask: (n: number) => Promise<unknown>): Promise<{ took: number[]; cpu_ms: number }> {
  // The first one begins the process that answers.
  await ask(0)
  const took: number[] = []
  const before = worked_ms()
  for (let n = 1; n <= asks; n++) {
    const begun = performance.now()
    await ask(n)
    took.push(performance.now() - begun)
  }
  return { took, cpu_ms: (worked_ms() - before) / asks }
}

/** Milliseconds of processor time. */
function worked_ms(): number {
  const { user, system } = process.cpuUsage()
  const others = childrenOf(process.pid).map((pid) => processorTime({ pid }) ?? 0)
  return (user + system) / 1000 + others.reduce((sum, seconds) => sum + seconds * 1000, 0)
}

function questionsOn(store: Store): Questions {
  const state = new State(account_sid)
  const account = { state, account_sid, reading: <T>(work: () => Promise<T>) => work() }
  const statistics = {
    account,
    upToDate: async () => new Recent(0, [], new Insights()),
    keptText: <T>(text: T) => text
  }
  return new Questions({ store, statistics: statistics as unknown as Statistics, query_s: 60 }) // as: no more of it is asked
}

/** Half of them waits, half of them answers, spread evenly; to the store, and as a file for the yardstick. */
export async function fill(store: Store, csv: string, now: number): Promise<void> {
  const file = createWriteStream(csv)
  file.write(`${columns.join(',')}\n`)
  const reader = 'bench'
  let cursor = await store.cursor(account_sid, reader)
  const piece = 5_000
  for (let first = 0; first < segments; first += piece) {
    const rows = Array.from({ length: Math.min(piece, segments - first) }, (_, k) => rowOf(first + k, now))
    await store.advance({ account_sid, reader, from: cursor, to: cursor + 1, writes: [{ table: segmentTable, rows }] })
    cursor++
    const lines = rows.map((row) => row.map((value) => value ?? '').join(',')).join('\n')
    if (!file.write(`${lines}\n`)) await new Promise<void>((resolve) => file.once('drain', () => resolve()))
  }
  await new Promise<void>((resolve) => file.end(resolve))
}

function rowOf(n: number, now: number): (string | number | null)[] {
  const isWait = n % 2 === 0
  const contact = n >> 1
  const waited = (contact * 7919) % 90_000
  const talked = 30_000 + ((contact * 104_729) % 600_000)
  const values: Readonly<Record<string, string | number>> = {
    began_at: Math.floor(now - span_ms + (span_ms * n) / segments),
    seq: n + 1,
    kind: isWait ? 'queue' : 'conversation',
    ended_at: Math.floor(now - span_ms + (span_ms * n) / segments) + (isWait ? waited : talked),
    result: isWait ? (contact % 12 === 0 ? 'abandoned' : 'answered') : 'completed',
    ring_ms: 3_000,
    queue_ms: waited,
    ...(!isWait && {
      talk_ms: talked,
      wrap_up_ms: 15_000,
      worker_sid: sid('WK', contact % workers),
      team: `team ${contact % 9}`
    }),
    responses: 0,
    response_ms: 0,
    workspace_sid: sid('WS', 1),
    task_queue_sid: sid('WQ', contact % queues),
    workflow_sid: sid('WW', 1),
    task_channel_sid: sid('TC', contact % 3),
    channel: ['voice', 'chat', 'sms'][contact % 3] ?? 'voice',
    direction: 'inbound',
    task_sid: sid('WT', contact),
    conversation_id: sid('WT', contact)
  }
  return columns.map((column) => values[column] ?? null)
}
