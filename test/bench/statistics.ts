import { join } from 'node:path'
import { RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { AccountHead, EventWrite, Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { Connection, expected } from './api.ts'
import { temporaryFolder } from './lifetime.ts'
import {
  atMost,
  count,
  type Figure,
  type Measured,
  median,
  ms,
  type Options,
  perSecond,
  quantile,
  say
} from './measured.ts'
import { account_sid, processorTime, startServer } from './server.ts'

const shape = { events: 1_000_000, days: 30, queues: 20, workflows: 5, workers: 200 }
const day_ms = 86_400_000
const contacts = shape.events / 10
const asks = 40

interface Center {
  readonly workspace_sid: string
  readonly channel_sid: string
  readonly queues: readonly string[]
  readonly workflows: readonly string[]
  readonly workers: readonly string[]
  readonly activities: readonly string[]
}

/** Statistics and events over HTTP, on a center with a month of history. */
export async function measure({ profile }: Options): Promise<Measured> {
  const folder = temporaryFolder()
  const now = Date.now()
  const center = await fill(join(folder, 'ringdown'), now)
  const server = await startServer({ folder, profile })
  const connection = await Connection.open(server)
  const base = `/taskrouter/v1/Workspaces/${center.workspace_sid}`
  const all = `${base}/CumulativeStatistics?StartDate=${new Date(now - 29.99 * day_ms).toISOString()}`
  const begun = performance.now()
  // The reader works off the month; an answer does not wait for that.
  for (let created = 0; created < contacts; ) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    created = expected<{ readonly tasks_created: number }>(await connection.get(all), 200).tasks_created
  }
  const digested_s = (performance.now() - begun) / 1000
  const used_s = processorTime(server.child) ?? Number.NaN
  say(
    `the reader took ${digested_s.toFixed(1)} s (${used_s.toFixed(1)} s of processor time) for ${count(shape.events)} events`
  )

  /** Windows of any length up to 30 days, none of which begins with a minute. */
  const window = (n: number) => `StartDate=${new Date(now - 29.9 * day_ms + n * 3_333_000).toISOString()}`
  const one = (sids: readonly string[], n: number) => sids[n % sids.length]
  const paths: Record<string, (n: number) => string> = {
    'cumulative statistics of the workspace': (n) => `${base}/CumulativeStatistics?${window(n)}`,
    'of the workspace, with SplitByWaitTime': (n) => `${base}/CumulativeStatistics?${window(n)}&SplitByWaitTime=5,30`,
    'of a queue': (n) => `${base}/TaskQueues/${one(center.queues, n)}/CumulativeStatistics?${window(n)}`,
    'of a workflow, combined': (n) => `${base}/Workflows/${one(center.workflows, n)}/Statistics?${window(n)}`,
    'of all workers': (n) => `${base}/Workers/CumulativeStatistics?${window(n)}`,
    'of one worker': (n) => `${base}/Workers/${one(center.workers, n)}/Statistics?${window(n)}`,
    'of all queues, a page of 20': (n) => `${base}/TaskQueues/Statistics?${window(n)}`,
    'events of a worker, newest 50': (n) => `${base}/Events?${window(n)}&WorkerSid=${one(center.workers, n)}`,
    'events of a day three weeks ago, newest 50': (n) =>
      `${base}/Events?StartDate=${new Date(now - 21 * day_ms).toISOString()}&EndDate=${new Date(now - 20 * day_ms + n).toISOString()}`
  }
  const figures: Figure[] = []
  for (const [what, path] of Object.entries(paths)) {
    const took: number[] = []
    let used = Number.NaN
    for (let n = 0; n <= asks; n++) {
      if (n === 1) used = processorTime(server.child) ?? Number.NaN
      const asked = performance.now()
      const answer = await connection.get(path(n))
      if (n > 0) took.push(performance.now() - asked)
      expected(answer, 200)
    }
    const each_ms = (((processorTime(server.child) ?? Number.NaN) - used) * 1000) / asks
    const text = what.startsWith('of') ? `… ${what}` : what
    say(`${text}: p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}; processor time ${ms(each_ms)}`)
    figures.push(
      atMost(`${text}, p50 (p99 ${ms(quantile(took, 0.99))}; processor ${ms(each_ms)})`, median(took), 10, ms)
    )
  }
  connection.close()
  await server.stop()
  return {
    figures,
    how: `A store with ${count(shape.events)} events over ${shape.days} days (${count(shape.queues)} queues, ${count(shape.workflows)} workflows, ${count(shape.workers)} workers; one event in twenty is a change of activity), written beforehand, and a server on it that has read its log: ${digested_s.toFixed(1)} s for all of it at once (${perSecond(shape.events / digested_s)}). Each figure is over ${asks} requests, one after the other, for windows of up to 30 days that begin at any second; processor time is the server's, all threads, for one request.`
  }
}

async function fill(folder: string, now: number): Promise<Center> {
  const store = await openStore({ schema, data: folder })
  const account = await Account.open({
    store,
    account_sid,
    clock: new RealClock(),
    log: pino({ level: 'silent' }),
    seed: 1
  })
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Bench' })
  const workspace_sid = workspace.sid
  const made = async (n: number, make: (friendly_name: string) => Promise<string>) =>
    Promise.all(Array.from({ length: n }, (_, i) => make(`n${i}`)))
  const queues = await made(shape.queues, async (friendly_name) => {
    return (await account.execute({ type: 'task_queue.create', workspace_sid, friendly_name })).task_queue.sid
  })
  const configuration = JSON.stringify({ task_routing: { default_filter: { queue: queues[0] }, filters: [] } })
  const workflows = await made(shape.workflows, async (friendly_name) => {
    return (await account.execute({ type: 'workflow.create', workspace_sid, friendly_name, configuration })).workflow
      .sid
  })
  const workers = await made(shape.workers, async (friendly_name) => {
    return (await account.execute({ type: 'worker.create', workspace_sid, friendly_name })).worker.sid
  })
  const activities = account.state.tables.activity.all().map(({ sid }) => sid)
  const channel_sid = account.state.tables.task_channel.all()[0]?.sid ?? ''
  await account.close()
  const center = { workspace_sid, channel_sid, queues, workflows, workers, activities }
  await store.prune(account_sid, { event: Number.MAX_SAFE_INTEGER }, 1_000_000) // the month begins before the floor was made
  await remember(store, center, now)
  await store.close()
  return center
}

/** A month of contacts, ten events each, and of agents who come and go. */
async function remember(store: Store, center: Center, now: number): Promise<void> {
  const head = await store.lock(account_sid)
  let seq = head.next_event
  // In order: random ones would make the writing of a million events, which is not what is measured, twice as long.
  let sids = 0
  const sid = (prefix: string) => prefix + (++sids).toString(16).padStart(32, '0')
  let events: EventWrite[] = []
  const tell = (at: number, type: string, more: Readonly<Record<string, string | number>>) => {
    const data = {
      workspace_sid: center.workspace_sid,
      workspace_name: 'Bench',
      task_attributes: '{}',
      note: 'x'.repeat(500),
      ...more
    }
    const told = { description: type, resource_type: 'task', resource_sid: more.task_sid ?? center.workspace_sid, data }
    events.push({ seq: seq++, sid: sid('EV'), type, at, about: data, data: JSON.stringify(told) })
  }
  const step_ms = (30 * day_ms - 3_600_000) / contacts
  for (let n = 0; n < contacts; n++) {
    const at = Math.floor(now - 30 * day_ms + 1_800_000 + n * step_ms)
    contact(center, n, at, tell, sid)
    if (events.length < 5_000) continue
    await store.write(batchOf(head, at + 1000, seq, events))
    events = []
  }
  await store.write(batchOf(head, now, seq, events))
}

type Tell = (at: number, type: string, more: Readonly<Record<string, string | number>>) => void

function contact(center: Center, n: number, at: number, tell: Tell, sid: (prefix: string) => string): void {
  const of = (list: readonly string[], salt: number) => list[(n * salt) % list.length] ?? ''
  const created = at - (n % 900) * 1000
  const task = {
    task_sid: sid('WT'),
    task_channel_sid: center.channel_sid,
    task_date_created: created,
    task_queue_entered_date: created,
    task_queue_sid: of(center.queues, 7),
    workflow_sid: of(center.workflows, 3)
  }
  const worker = { worker_sid: of(center.workers, 11) }
  const held = { ...task, ...worker, reservation_sid: sid('WR') }
  for (const type of ['task.created', 'workflow.entered', 'workflow.target-matched', 'task-queue.entered'])
    tell(at, type, task)
  tell(at, 'reservation.created', held)
  tell(at, n % 9 === 0 ? 'reservation.rejected' : 'reservation.accepted', held)
  tell(at, n % 9 === 0 ? 'task.canceled' : 'task.completed', task)
  tell(at, 'reservation.completed', held)
  tell(at, 'task.updated', task)
  if (n % 2 === 0) tell(at, 'worker.activity.update', { ...worker, worker_activity_sid: of(center.activities, 5) })
  else tell(at, 'worker.attributes.update', worker)
}

function batchOf(head: AccountHead, at: number, next_event: number, events: readonly EventWrite[]) {
  const { decision, next_seq } = head
  return { account_sid, epoch: head.epoch, head: { at, decision, next_seq, next_event }, rows: [], events, journal: [] }
}
