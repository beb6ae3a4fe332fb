import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { schema } from '@ringdown/server/schema'
import { openPostgres } from '@ringdown/server/store/postgres'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { Store } from '@ringdown/server/store/store'
import pg from 'pg'
import { Batches, busiestSince, mainSince, threadTimes } from './batches.ts'
import { atEnd, temporaryFolder } from './lifetime.ts'
import { syncLatency } from './machine.ts'
import {
  type Figure,
  type Measured,
  median,
  ms,
  type Options,
  perSecond,
  quantile,
  say,
  spread,
  us
} from './measured.ts'

const decisions = 64
const shape = { workers: 1000, queues: 50 }

/** Batches of 64 decisions a second, one after the other as an account writes them, on SQLite and PostgreSQL. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const figures: Figure[] = []
  const notes: string[] = []
  const batches = new Batches(shape, { decisions })
  const known = threadTimes()
  const folder = temporaryFolder()
  const before = syncLatency(folder)
  await write('SQLite', await openSqlite({ schema, path: join(folder, 'store.sqlite') }))
  const after = syncLatency(folder, 100)
  notes.push(`fdatasync in the same folder just before and after: p99 ${ms(before.p99)} and ${ms(after.p99)}.`)

  const url = await postgresSchema()
  if (url === undefined) figures.push({ what: 'PostgreSQL', figure: 'not measured: none answers' })
  else await write('PostgreSQL', await openPostgres({ schema, url }))
  return {
    figures,
    how: `A batch is what an account writes in one transaction: ${decisions} decisions of task lifecycles (the floor of the row \`engine\`), rows that several of them change written once, all events. ${batches.shape} The time of \`Store.write\` counts, from the call to the durable answer, one batch after the other. ${notes.join(' ')}`
  }

  async function write(name: string, store: Store): Promise<void> {
    const close = atEnd(() => store.close())
    await store.migrate()
    const floor = batches.floor
    const head = await store.lock(floor.state.account_sid)
    const took: number[] = []
    const rates: number[] = []
    const usages: number[] = []
    const mains: number[] = []
    for (let sample = 0; sample < 4; sample++) {
      let spent = 0
      let written = 0
      const before = threadTimes()
      const lifecycles = batches.lifecycles
      while (spent < seconds * 500) {
        // A store has a heartbeat, and what is left of the last write: they have their turn while the next batch is made.
        const batch = batches.next(head)
        await new Promise((resolve) => setImmediate(resolve))
        const begun = performance.now()
        await store.write(batch)
        const duration = performance.now() - begun
        spent += duration
        written++
        if (sample > 0) took.push(duration)
      }
      if (sample === 0) continue
      rates.push((written / spent) * 1000)
      usages.push(busiestSince(before, known) / (batches.lifecycles - lifecycles))
      mains.push(mainSince(before) / (batches.lifecycles - lifecycles))
    }
    await close()
    const rate = median(rates)
    say(`${name}: ${spread(rates, perSecond)}; a write p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}`)
    figures.push(
      { what: `${name}: batches of ${decisions} decisions`, figure: perSecond(rate) },
      { what: `${name}: decisions`, figure: perSecond(rate * decisions) },
      ...(name === 'SQLite' ? [{ what: `${name}: writer's CPU a lifecycle`, figure: us(median(usages)) }] : []),
      { what: `${name}: main thread's CPU a lifecycle, decisions included`, figure: us(median(mains)) },
      { what: `${name}: one write, p50 / p99`, figure: `${ms(median(took))} / ${ms(quantile(took, 0.99))}` }
    )
    notes.push(`${name}, minimum / median / maximum of three samples: ${spread(rates, perSecond)}.`)
  }
}

export const namedPostgres = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** A schema of its own in a PostgreSQL on 127.0.0.1:5432, or at DATABASE_URL; undefined where none answers. */
export async function postgresSchema(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: namedPostgres, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
  } catch {
    return undefined
  }
  atEnd(() => client.end())
  const schema = `bench_${randomBytes(6).toString('hex')}`
  await client.query(`create schema ${schema}`)
  atEnd(() => client.query(`drop schema ${schema} cascade`))
  const url = new URL(namedPostgres)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return url.href
}
