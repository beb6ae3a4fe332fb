import type { Command } from '@ringdown/engine/commands'
import type { Decision } from '@ringdown/engine/decide'
import { batchOf } from '@ringdown/server/commit/batch'
import type { Entry } from '@ringdown/server/commit/entry'
import { openPostgres } from '@ringdown/server/store/postgres'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { AccountHead, Batch, Store } from '@ringdown/server/store/store'
import { findPostgres, postgresPlace, sqlitePlace } from '../store/places.ts'
import { Floor } from './floor.ts'
import { atEnd } from './lifetime.ts'
import { syncLatency } from './machine.ts'
import { type Figure, type Measured, median, ms, type Options, perSecond, quantile, say, spread } from './measured.ts'

const decisions = 64
const shape = { workers: 1000, queues: 50 }

/** Batches of 64 decisions a second, one after the other as an account writes them, on SQLite and PostgreSQL. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const figures: Figure[] = []
  const notes: string[] = []
  const batches = new Batches()
  const sqlite = await sqlitePlace()
  atEnd(sqlite.clear)
  const before = syncLatency(sqlite.folder)
  await write('SQLite', await openSqlite({ path: sqlite.path }))
  const after = syncLatency(sqlite.folder, 100)
  notes.push(`fdatasync in the same folder just before and after: p99 ${ms(before.p99)} and ${ms(after.p99)}.`)

  const database = await findPostgres()
  if (database === undefined) figures.push({ what: 'PostgreSQL', figure: 'not measured: none answers' })
  else {
    const place = await postgresPlace(database)
    atEnd(place.clear)
    await write('PostgreSQL', await openPostgres({ url: place.url }))
  }
  return {
    figures,
    how: `A batch is what an account writes in one transaction: ${decisions} decisions of task lifecycles (the floor of the row \`engine\`), rows that several of them change written once, all events. ${batches.shape} Batches are made beforehand; the time of \`Store.write\` counts, from the call to the durable answer, one batch after the other. ${notes.join(' ')}`
  }

  async function write(name: string, store: Store): Promise<void> {
    const close = atEnd(() => store.close())
    await store.migrate()
    const floor = batches.floor
    const head = await store.lock(floor.state.account_sid)
    const took: number[] = []
    const rates: number[] = []
    for (let sample = 0; sample < 4; sample++) {
      const ready = Array.from({ length: 40 }, () => batches.next(head))
      let spent = 0
      let written = 0
      for (let i = 0; spent < seconds * 500; i++) {
        const batch = ready[i] ?? batches.next(head)
        const begun = performance.now()
        await store.write(batch)
        const duration = performance.now() - begun
        spent += duration
        written++
        if (sample > 0) took.push(duration)
      }
      if (sample > 0) rates.push((written / spent) * 1000)
    }
    await close()
    const rate = median(rates)
    say(`${name}: ${spread(rates, perSecond)}; a write p50 ${ms(median(took))}, p99 ${ms(quantile(took, 0.99))}`)
    figures.push(
      { what: `${name}: batches of ${decisions} decisions`, figure: perSecond(rate) },
      { what: `${name}: decisions`, figure: perSecond(rate * decisions) },
      { what: `${name}: one write, p50 / p99`, figure: `${ms(median(took))} / ${ms(quantile(took, 0.99))}` }
    )
    notes.push(`${name}, minimum / median / maximum of three samples: ${spread(rates, perSecond)}.`)
  }
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
    const common = { at, fetch: [], fetched: [], timer: undefined, resolve: nobody, reject: nobody }
    return { ...common, command, seed, decision, head }
  }
}
