import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { EventSearch } from '@ringdown/server/log/event-search'
import { EventTexts } from '@ringdown/server/log/event-texts'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store, StoredEvent } from '@ringdown/server/store/store'
import { describe, expect, it, onTestFinished } from 'vitest'
import { credentials } from '../support/process.ts'
import { world } from '../support/world.ts'
import { account, batch, event, sid } from './batches.ts'
import { child } from './children.ts'
import type { Place } from './places.ts'
import { stores } from './stores.ts'

/*
 * A log that was kept as a row for each event is moved into blocks when its account is taken. `before-blocks.sqlite.gz` is
 * what the revision before (583c191) left of a morning's work: a SQLite file, and beside it what was in its log.
 */

const fixtures = new URL('../fixtures/', import.meta.url)

interface Before {
  readonly account_sid: string
  readonly workspace_sid: string
  /** Instant of the last event. */
  readonly at: number
  readonly events: number
  /** Of all events, each as a line of JSON: seq, sid, type, at, data. */
  readonly sha256: string
  readonly task_sid: string
  /** SIDs of the events about this task, newest first. */
  readonly of_task: readonly string[]
  /** How many there are of each type. */
  readonly types: Readonly<Record<string, number>>
}

async function morningOf(): Promise<Before & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-old-log-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(
    join(folder, 'ringdown.sqlite'),
    gunzipSync(await readFile(new URL('before-blocks.sqlite.gz', fixtures)))
  )
  return { ...JSON.parse(await readFile(new URL('before-blocks.json', fixtures), 'utf8')), folder }
}

async function wholeLog(store: Store, account_sid: string, limit = 1_000): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (;;) {
    const more = await store.log(account_sid, events.at(-1)?.seq ?? 0, limit)
    if (more.length === 0) return events
    events.push(...more)
  }
}

const digestOf = (events: readonly StoredEvent[]) => {
  const hash = createHash('sha256')
  for (const { seq, sid, type, at, data } of events) hash.update(`${JSON.stringify([seq, sid, type, at, data])}\n`)
  return hash.digest('hex')
}

describe('a data folder of the revision before', () => {
  it('is moved once, with a line about it, and every event is what it was', async () => {
    const { folder, account_sid, workspace_sid, at, events, sha256, task_sid, of_task, types } = await morningOf()
    const lines: string[] = []
    const open = () => openStore({ schema, data: folder, tell: (line) => lines.push(line) })
    let store = await open()
    const head = await store.lock(account_sid)
    expect(head.next_event).toBe(events + 1)
    expect(lines.at(0)).toBe(`Moving the log of account ${account_sid} into blocks: event 0 of ${events}`)
    expect(lines.at(-1)).toBe(`Moving the log of account ${account_sid} into blocks: event ${events} of ${events}`)
    for (const limit of [1_000, 7]) expect(digestOf(await wholeLog(store, account_sid, limit))).toBe(sha256)
    const where = { workspace_sid, task_sid }
    const query = { account_sid, where, from: 0, until: at, descending: true, limit: 100 }
    expect((await new EventSearch(store).page(query)).map(({ sid }) => sid)).toEqual(of_task)
    for (const [type, count] of Object.entries(types)) {
      const asked = { types: [type], after: 0, through: events, limit: 1_000 }
      expect([type, (await new EventTexts(store).ofTypes(account_sid, asked)).length]).toEqual([type, count])
    }
    await store.write(batch(head, { events: [event(events + 1, 'task.created', at + 1)] }))
    await store.close()

    lines.length = 0
    store = await open()
    await store.lock(account_sid)
    expect(lines).toEqual([])
    expect((await wholeLog(store, account_sid)).length).toBe(events + 1)
    const [left] = await store.query({
      sql: "select count(*) as n from sqlite_schema where name like 'event%'",
      values: []
    })
    expect(left?.n).toBe(0)
    await store.close()
  })

  it('is served: events of a task, and what was removed goes', async () => {
    const { folder, account_sid, workspace_sid, task_sid, of_task, at } = await morningOf()
    expect(account_sid).toBe(credentials.account_sid)
    const { auth_token } = credentials
    const env = { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token }
    const here = await world({ data: folder, env, at })
    onTestFinished(() => here.close())
    await here.running.account
    const events = `/taskrouter/v1/Workspaces/${workspace_sid}/Events?Minutes=600&TaskSid=${task_sid}`
    const { body } = await here.call(events)
    expect(body.events.map(({ sid }: { sid: string }) => sid)).toEqual(of_task)
    const told = async () => JSON.stringify((await here.call('/ringdown/v1/Events?since=PT10H&limit=1000')).body)
    expect(await told()).toContain('Message 0 of 3')
    await here.pass(61)
    expect(await told()).not.toContain('Message 0 of 3')
    expect(await told()).toContain('Message 0 of 4')
  })
})

/** The tables of the log as schema version 3 had them. */
const oldTables = {
  SQLite: { text: 'text', integer: 'integer', end: ' strict' },
  PostgreSQL: { text: 'text collate "C"', integer: 'bigint', end: '' }
}

for (const { name, available, place } of stores)
  describe.runIf(available)(`an old log on ${name}`, () => {
    const size = 20_000

    /** Events of 500 tasks in turns, long enough that it takes a while to move them. */
    function oldEvent(seq: number): StoredEvent {
      const data = { workspace_sid: 'WS', task_sid: sid('WT', seq % 500), text: `it's ${'ö'.repeat(seq % 300)}` }
      return { ...event(seq), type: seq % 2 ? 'task.updated' : 'task.created', data: JSON.stringify({ data }) }
    }

    async function oldStore(): Promise<Place> {
      const here = await place()
      onTestFinished(() => here.clear())
      const store = await here.open()
      await store.migrate()
      await store.lock(account)
      await store.close()
      const { text, integer, end } = oldTables[name as keyof typeof oldTables] // as: one of both
      const statements = [
        'drop table log_block',
        'drop table log_text',
        `create table event (account_sid ${text} not null, seq ${integer} not null, sid ${text} not null,
          type ${text} not null, at ${integer} not null, workspace_sid ${text}, task_sid ${text}, data ${text} not null,
          primary key (account_sid, seq))${end}`,
        'create index event__workspace_sid__seq on event (account_sid, workspace_sid, seq) where workspace_sid is not null',
        `create table event_block (account_sid ${text} not null, block ${integer} not null, subjects ${text},
          primary key (account_sid, block))${end}`,
        `update account set next_event = ${size + 1}, decision = 1`,
        'update ringdown set schema_version = 3'
      ]
      for (let from = 1; from <= size; from += 2_000) {
        const rows = Array.from({ length: 2_000 }, (_, n) => oldEvent(from + n)).map(
          ({ seq, sid, type, at, data }) =>
            `('${account}', ${seq}, '${sid}', '${type}', ${at}, 'WS', null, '${data.replaceAll("'", "''")}')`
        )
        statements.push(`insert into event values ${rows.join(', ')}`)
      }
      for (const sql of statements) await here.query(sql)
      return here
    }

    it('is none, and stays, where somebody else has a table of that name', async () => {
      const here = await place()
      onTestFinished(() => here.clear())
      await here.query('create table event (name text)')
      const store = await here.open()
      await store.migrate()
      await store.write(batch(await store.lock(account), { events: [event(1)] }))
      expect(await store.log(account, 0, 10)).toEqual([event(1)])
      await store.close()
      await (await here.open()).migrate()
      expect(await here.query('select * from event')).toEqual([])
    })

    it('is moved by processes that are killed on the way, and loses nothing', { timeout: 120_000 }, async () => {
      const here = await oldStore()
      const opening =
        name === 'SQLite'
          ? `(await load('sqlite')).openSqlite({ path: ${JSON.stringify((here as { path?: string }).path)}, schema, tell: print })`
          : `(await load('postgres')).openPostgres({ url: ${JSON.stringify((here as { url?: string }).url)}, schema, tell: print })`
      const count = async (what: string, table: string) => {
        const [row] = (await here.query(`select ${what} as n from ${table}`)) as { n: unknown }[] // as: selected so
        return Number(row?.n)
      }
      let halves = 0
      for (let life_ms = 20; ; life_ms *= 2) {
        const mover = child(`
          const { schema } = await load('../schema')
          const store = await ${opening}
          await store.migrate()
          await store.lock('${account}')
          print('done')
          await store.close()`)
        const first = await mover.line()
        await new Promise((resolve) => setTimeout(resolve, life_ms))
        await mover.kill()
        if (first === 'done') break
        const [old, fresh] = [await count('count(*)', 'event'), await count('coalesce(max(last), 0)', 'log_block')]
        if (old > 0 && fresh > 0) halves++
        // What is in both was moved, and not yet taken away.
        expect(old + fresh).toBeGreaterThanOrEqual(size)
        if (old === 0) break
      }
      expect(halves).toBeGreaterThan(0)
      const store = await here.open()
      await store.migrate()
      await store.lock(account)
      const log = await wholeLog(store, account)
      expect(digestOf(log)).toBe(digestOf(Array.from({ length: size }, (_, n) => oldEvent(n + 1))))
      expect(await count('sum(last - first + 1)', 'log_block')).toBe(size)
      const where = { workspace_sid: 'WS', task_sid: sid('WT', 77), type: 'task.updated' }
      const query = { account_sid: account, where, from: 0, until: Number.MAX_SAFE_INTEGER - 1, descending: false }
      const found = await new EventSearch(store).page({ ...query, limit: 100 })
      expect(found.map(({ seq }) => seq)).toEqual(Array.from({ length: size / 500 }, (_, n) => 77 + n * 500))
    })
  })
