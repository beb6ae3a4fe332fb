import { join } from 'node:path'
import type { Clock } from '@ringdown/server/clock/clock'
import { EventSearch } from '@ringdown/server/log/event-search'
import { Retention } from '@ringdown/server/log/retention'
import { schema } from '@ringdown/server/schema'
import { openPostgres } from '@ringdown/server/store/postgres'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { AccountHead, Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { Batches } from './batches.ts'
import { atEnd, temporaryFolder } from './lifetime.ts'
import {
  atMost,
  count,
  type Figure,
  type Measured,
  median,
  ms,
  type Options,
  quantile,
  say,
  times
} from './measured.ts'
import { postgresSchema } from './store.ts'

const shape = { workers: 1000, queues: 50 }
/** So many that their deletion takes seconds, and the p99 of the writes meanwhile is not that of the slowest alone. */
const lifecycles = 48_000
const asks = 300
/** Batches of 16 decisions every 20 ms: some 200 contacts a second. */
const paced = { decisions: 16, every_ms: 20 }
const day_ms = 86_400_000

/** Reading the log, and writing to it while what is old is deleted. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const figures: Figure[] = []
  await ask('SQLite', await openSqlite({ schema, path: join(temporaryFolder(), 'store.sqlite') }))
  const url = await postgresSchema()
  if (url === undefined) figures.push({ what: 'PostgreSQL', figure: 'not measured: none answers' })
  else await ask('PostgreSQL', await openPostgres({ schema, url }))
  return {
    figures,
    how: `A log of ${count(lifecycles)} lifecycles, written in batches of 64 decisions; ${asks} questions each, one after the other, from the call to the events. Retention: batches of ${paced.decisions} decisions every ${paced.every_ms} ms, before and while the old ones of the log are deleted.`
  }

  async function ask(name: string, store: Store): Promise<void> {
    const close = atEnd(() => store.close())
    await store.migrate()
    const batches = new Batches(shape, { decisions: 64, pace_ms: 100 })
    const { account_sid } = batches.floor.state
    const head = await store.lock(account_sid)
    const tasks: string[] = []
    for (let last = Promise.resolve(); batches.lifecycles < lifecycles; ) {
      const batch = batches.next(head)
      for (const { type, about } of batch.events) if (type === 'task.created') tasks.push(String(about?.task_sid))
      await last
      last = store.write(batch)
      if (batches.lifecycles >= lifecycles) await last
    }
    const events = batches.floor.state.next_event - 1
    const search = new EventSearch(store)
    const { workspace_sid } = batches.floor
    const newest = { account_sid, from: 0, until: batches.floor.at, descending: true, limit: 50 }
    const one = (n: number) => tasks[(n * 7_919) % tasks.length] ?? ''
    const questions: Record<string, (n: number) => Promise<unknown[]>> = {
      'a page of 500 of the log': (n) => store.log(account_sid, (n * 104_729) % (events - 500), 500),
      'newest 50 of a workspace': () => search.page({ ...newest, where: { workspace_sid } }),
      'newest 50 of a type': () => search.page({ ...newest, where: { workspace_sid, type: 'reservation.accepted' } }),
      'events of one task': (n) => search.page({ ...newest, where: { workspace_sid, task_sid: one(n) } })
    }
    for (const [what, question] of Object.entries(questions)) {
      const took: number[] = []
      for (let n = 0; n < asks; n++) {
        const begun = performance.now()
        const found = await question(n)
        if (found.length === 0) throw new Error(`invariant: there are events: ${what}`)
        took.push(performance.now() - begun)
      }
      say(`${name}: ${what}: p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}`)
      figures.push({ what: `${name}: ${what}, p50`, figure: ms(median(took)) })
      figures.push({ what: `${name}: ${what}, p99`, figure: ms(quantile(took, 0.99)) })
    }
    await forget(name, store, head, batches, seconds)
    await close()
  }

  async function forget(
    name: string,
    store: Store,
    head: AccountHead,
    { floor }: Batches,
    seconds: number
  ): Promise<void> {
    const more = new Batches(shape, { ...paced, pace_ms: 100 })
    // The same account goes on, with numbers that follow the others.
    more.floor.state.next_event = floor.state.next_event
    more.floor.at = floor.at
    const write = async (isOver: () => boolean): Promise<number[]> => {
      const took: number[] = []
      for (let next = performance.now(); !isOver(); next += paced.every_ms) {
        const batch = more.next(head)
        await new Promise((resolve) => setTimeout(resolve, next - performance.now()))
        const begun = performance.now()
        await store.write(batch)
        took.push(performance.now() - begun)
      }
      return took
    }
    const later = performance.now() + seconds * 3_000
    const without = await write(() => performance.now() > later)
    let now = floor.at + 31 * day_ms
    const clock = { now: () => now, at: () => () => {} } as unknown as Clock // retention asks for no more
    const { account_sid } = head
    const retention = new Retention({ store, account_sid, clock, log: pino({ level: 'silent' }) })
    now += day_ms
    const begun = performance.now()
    let isDone = false
    const work = retention.doDue().then(() => {
      isDone = true
    })
    const during = await write(() => isDone)
    await work
    const took = performance.now() - begun
    await retention.close()
    const [left] = await store.log(account_sid, 0, 1)
    say(`${name}: retention took ${ms(took)}, ${during.length} writes; the first event left is ${left?.seq}`)
    const [p99, p99During] = [quantile(without, 0.99), quantile(during, 0.99)]
    figures.push(
      { what: `${name}: a write, p50 / p99`, figure: `${ms(median(without))} / ${ms(p99)}` },
      { what: `${name}: while old events are deleted`, figure: `${ms(median(during))} / ${ms(p99During)}` },
      { what: `${name}: events deleted a second`, figure: count((floor.state.next_event / took) * 1000) },
      atMost(`${name}: p99 while old events are deleted, over p99 without`, p99During / p99, 1.5, times)
    )
  }
}
