import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from '@ringdown/engine/commands'
import type { Decision } from '@ringdown/engine/decide'
import { batchOf } from '@ringdown/server/commit/batch'
import type { Entry } from '@ringdown/server/commit/entry'
import { schema } from '@ringdown/server/schema'
import { openPostgres } from '@ringdown/server/store/postgres'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { AccountHead, Batch, Store } from '@ringdown/server/store/store'
import pg from 'pg'
import { Floor } from './floor.ts'
import { atEnd, temporaryFolder } from './lifetime.ts'
import { syncLatency } from './machine.ts'
import { type Figure, type Measured, median, ms, type Options, perSecond, quantile, say, spread } from './measured.ts'
import { middleUsed, sampleText, type Used, usedBy, usedSince } from './processor.ts'

const decisions = 64
const shape = { workers: 1000, queues: 50 }

/** Batches of 64 decisions a second, one after the other as an account writes them, on SQLite and PostgreSQL. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const figures: Figure[] = []
  const notes: string[] = []
  const batches = new Batches()
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
    const used: Used[] = []
    for (let sample = 0; sample < 4; sample++) {
      let spent = 0
      let written = 0
      while (spent < seconds * 500) {
        // A store has a heartbeat, and what is left of the last write: they have their turn while the next batch is made.
        const batch = batches.next(head)
        await new Promise((resolve) => setImmediate(resolve))
        const before = usedBy(process.pid)
        const begun = performance.now()
        await store.write(batch)
        const duration = performance.now() - begun
        spent += duration
        written++
        if (sample === 0) continue
        took.push(duration)
        used.push(usedSince(process.pid, before, decisions))
      }
      if (sample > 0) rates.push((written / spent) * 1000)
    }
    await close()
    const rate = median(rates)
    say(`${name}: ${spread(rates, perSecond)}; a write p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}`)
    figures.push(
      { what: `${name}: batches of ${decisions} decisions`, figure: perSecond(rate) },
      { what: `${name}: decisions`, figure: sampleText({ rate: rate * decisions, used: middleUsed(used) }) },
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

/** An endless row of lifecycles, cut into batches. */
class Batches {
  readonly floor = new Floor(shape)
  #entries: Entry[] = []
  #i = 0
  #rows = 0
  #events = 0
  #made = 0

  constructor() {
    this.floor.onDecision = (command, seed, decision) => this.#entries.push(this.#entry(command, seed, decision))
  }

  next({ account_sid, epoch }: AccountHead): Batch {
    while (this.#entries.length < decisions) {
      // Sixteen contacts at a time, as when many agents work: their rows meet in a batch, but not all of them.
      const sids = Array.from({ length: 16 }, () => this.floor.create(this.#i++).sid)
      for (const sid of sids) this.floor.finish(sid)
      this.floor.at += 160
      this.floor.settle()
    }
    const batch = batchOf(account_sid, epoch, this.#entries.splice(0, decisions), false)
    this.#made++
    this.#rows += batch.rows.length
    this.#events += batch.events.length
    return batch
  }

  get shape(): string {
    const mean = (sum: number) => (sum / this.#made).toFixed(0)
    return `On average that is ${mean(this.#rows)} rows and ${mean(this.#events)} events.`
  }

  #entry(command: Command, seed: Entry['seed'], decision: Decision): Entry {
    const { at, decision: number, next_seq, next_event } = this.floor.state
    const head = { at, decision: number, next_seq, next_event }
    const nobody = () => {} // waits for it
    const common = { at, reads: [], fetched: [], timer: undefined, resolve: nobody, reject: nobody }
    return { ...common, command, seed, decision, head }
  }
}
