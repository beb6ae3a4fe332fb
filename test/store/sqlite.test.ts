import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { schema } from '@ringdown/server/schema'
import { RowQueries } from '@ringdown/server/store/query'
import { openSqlite } from '@ringdown/server/store/sqlite'
import { CannotOpen, type Store, StoreUnavailable } from '@ringdown/server/store/store'
import { Tables } from '@ringdown/server/store/tables'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, batch, event, put, row, sid } from './batches.ts'
import { child } from './children.ts'
import { sqlitePlace } from './places.ts'

describe('a store on SQLite', () => {
  let here: Awaited<ReturnType<typeof sqlitePlace>>
  let store: Store
  beforeEach(async () => {
    here = await sqlitePlace()
    store = await here.open()
    await store.migrate()
  })
  afterEach(() => here.clear())

  it('is copied while it is written', async () => {
    const head = await store.lock(account)
    const task = row('WT', 1)
    await store.write(batch(head, { rows: [put('task', task)], events: [event(1)] }))
    const target = join(here.folder, 'copy.sqlite')
    const writes = [2, 3, 4].map((n) => store.write(batch({ ...head, decision: n }, { events: [event(n)] })))
    await Promise.all([store.backup(target), ...writes])

    const copy = await openSqlite({ schema, path: target })
    await copy.migrate()
    expect(await copy.load(account)).toEqual([{ kind: 'task', row: task }])
    expect((await copy.log(account, 0, 10)).length).toBeGreaterThanOrEqual(1)
    await copy.close()
  })

  it('overwrites nothing with a backup', async () => {
    const target = join(here.folder, 'letters.txt')
    await writeFile(target, 'Dear Ada')
    await expect(store.backup(target)).rejects.toThrow(`Cannot write a backup to ${target}`)
    await expect(store.backup(join(here.folder, 'no', 'such', 'folder'))).rejects.toThrow(CannotOpen)
    await store.ping()
  })

  it('leaves one file behind when it is closed', async () => {
    const head = await store.lock(account)
    await store.write(batch(head, { events: [event(1)] }))
    await store.close()
    expect(await readdir(here.folder)).toEqual(['store.sqlite', 'store.sqlite.mark'])
  })

  it('does not let its write-ahead log grow without end', async () => {
    const head = await store.lock(account)
    const attributes = 'x'.repeat(4_000)
    const size = 400
    for (let n = 0; n < 100; n++) {
      const rows = Array.from({ length: size }, (_, i) => put('task', row('WT', n * size + i + 1, { attributes })))
      await store.write(batch({ ...head, decision: n }, { rows }))
    }
    const log = (await stat(`${here.path}-wal`)).size
    const file = (await stat(here.path)).size
    expect(file).toBeGreaterThan(160_000_000)
    expect(log).toBeLessThan(file / 2)
  })

  it('does not let it grow without end while one question after the other is answered', async () => {
    const head = await store.lock(account)
    const attributes = 'x'.repeat(1_000)
    const size = 400
    let isOver = false
    // It reads the file for as long as it counts.
    const sql =
      'with recursive n (i) as (select 1 union all select i + 1 from n where i < 200000) select count(*) from n, account'
    const asking = Array.from({ length: 2 }, async () => {
      while (!isOver) await store.analyze({ sql, values: [] }, 60_000)
    })
    for (let n = 0; n < 400; n++) {
      const rows = Array.from({ length: size }, (_, i) => put('task', row('WT', n * size + i + 1, { attributes })))
      await store.write(batch({ ...head, decision: n }, { rows }))
    }
    const log = (await stat(`${here.path}-wal`)).size
    isOver = true
    await Promise.all(asking)
    // Two hundred and sixty million bytes were written to it.
    expect(log).toBeLessThan(130_000_000)
  }, 60_000)

  it('gives the room of what is gone back, a little at a time, and keeps some', async () => {
    const head = await store.lock(account)
    const conversation_sid = sid('CH', 1)
    const size = 100
    for (let n = 0; n < 40; n++) {
      const body = 'secret-'.repeat(1_000)
      const messages = Array.from({ length: size }, (_, i) => row('IM', n * size + i + 1, { conversation_sid, body }))
      await store.write(batch({ ...head, decision: n }, { rows: messages.map((each) => put('message', each)) }))
    }
    await store.write(
      batch({ ...head, decision: 40 }, { removals: [{ kind: 'message', where: { conversation_sid } }] })
    )
    const pages = async () => (await here.query('pragma page_count'))[0] as { page_count: number } // as: SQLite answers so
    const before = (await pages()).page_count
    let given = 0
    for (let more = -1; more !== 0; given += more) {
      more = await store.compact(64)
      expect(more).toBeLessThanOrEqual(64)
    }
    expect((await pages()).page_count).toBeLessThanOrEqual(before - given + 1)
    expect(given).toBeGreaterThan(before / 2)
    await store.close()
    // What was deleted was overwritten, also where the room is kept.
    expect((await readFile(here.path, 'latin1')).includes('secret-')).toBe(false)
    expect((await stat(here.path)).size).toBeLessThan((before * 4096) / 3)
  })

  it('loses nothing that it acknowledged when its process is killed', async () => {
    await store.close()
    const writer = child(`
      const { openSqlite } = await load('sqlite')
      const { schema } = await load('../schema')
      const store = await openSqlite({ schema, path: ${JSON.stringify(here.path)} })
      const { epoch } = await store.lock('${account}')
      for (let n = 1; ; n++) {
        const head = { at: n, decision: n, next_seq: 1, next_event: n + 1 }
        const events = [{ seq: n, sid: 'EV' + n, type: 'task.created', at: n, data: '{}' }]
        await store.write({ account_sid: '${account}', epoch, head, rows: [], events, journal: [] })
        print(String(n))
      }`)
    let acknowledged = 0
    while (acknowledged < 100) acknowledged = Number(await writer.line())
    await writer.kill()
    store = await here.open()
    const head = await store.lock(account)
    const log = await store.log(account, 0, 100_000)
    expect(head.decision).toBeGreaterThanOrEqual(acknowledged)
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: head.decision }, (_, n) => n + 1))
  })

  it('recovers from a full disk without a restart, but only after the account was locked again', async () => {
    await store.close()
    const writer = child(
      `
      const { openSqlite } = await load('sqlite')
      const { schema } = await load('../schema')
      const store = await openSqlite({ schema, path: ${JSON.stringify(here.path)} })
      store.onLost((why) => print('lost: ' + why.name))
      const batch = ({ epoch, decision }, rows) => ({ account_sid: '${account}', epoch, rows, events: [], journal: [],
        head: { at: 1, decision: decision + 1, next_seq: 1, next_event: 1 } })
      const task = (n, size) => ({ kind: 'task', sid: 'WT' + n, seq: n, row: { sid: 'WT' + n, seq: n, version: 0, text: 'x'.repeat(size) } })
      const told = (work) => work.then(() => print('done'), (error) => print(error.name))
      const head = await store.lock('${account}')
      await told(store.write(batch(head, [task(1, 10)])))
      // The second of these was decided on a memory that holds the first.
      await Promise.all([told(store.write(batch(head, [task(2, 20_000_000)]))), told(store.write(batch(head, [task(3, 10)])))])
      print('healthy: ' + store.healthy())
      print('what is there can be read: ' + (await store.load('${account}')).map(({ row }) => row.sid).join())
      const again = await store.lock('${account}')
      print('healthy: ' + store.healthy())
      await told(store.write(batch(again, [task(4, 10)])))
      print((await store.load('${account}')).map(({ row }) => row.sid).join())
      await store.close()
      print('closed')`,
      { limitBlocks: 8_000 }
    )
    const lines: string[] = []
    while (lines.at(-1) !== 'closed') lines.push(await writer.line())
    expect(lines).toEqual([
      'done',
      'lost: StoreUnavailable',
      'StoreUnavailable',
      'StoreUnavailable',
      'healthy: false',
      'what is there can be read: WT1',
      'healthy: true',
      'done',
      'WT1,WT4',
      'closed'
    ])
    await writer.kill()
  })

  it('waits with a lock for what can pass, and refuses in one line what will not', async () => {
    await store.lock(account)
    const told: string[] = []
    store.onLost(({ message }) => told.push(message))
    await here.query('update account set at = 9007199254740993')
    const refusal = await store.lock(account).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CannotOpen)
    const { message } = refusal as CannotOpen // as: asserted above
    expect(message).toMatch(new RegExp(`^Cannot take account ${account} in ${here.path}: .+\\.$`))
    expect(told).toHaveLength(1)

    // The connection was let go of; there is no file to open another one on.
    await here.query('update account set at = 1')
    await rename(here.folder, `${here.folder}.away`)
    const waiting = store.lock(account)
    await expect(store.ping()).rejects.toThrow(StoreUnavailable)
    await rename(`${here.folder}.away`, here.folder)
    expect(await waiting).toMatchObject({ account_sid: account, at: 1 })
    expect(store.healthy()).toBe(true)
  })

  it('finds what lives in memory by an index, however much is closed', async () => {
    const none = () => ''
    const dialect = {
      parameter: () => 'null',
      among: () => '',
      contains: () => '',
      inTime: () => '',
      json: { elements: none, integer: none, text: none, scalar: none, at: none, path: none, number: none },
      using: () => '',
      list: () => '',
      least: '',
      greatest: ''
    }
    const { sql } = new RowQueries(dialect, new Tables(schema)).residentCold(account, 'participant', -1, 10)
    const plan = await here.query(`explain query plan ${sql}`)
    expect(plan.map((step) => (step as { detail: string }).detail)).toEqual([
      expect.stringContaining('USING INDEX participant__resident')
    ])
  })

  it('cannot be opened where there is no database', async () => {
    const path = join(here.folder, 'letter.sqlite')
    await writeFile(path, 'Dear Ada, this is not a database, but it is long enough to look like one.'.repeat(20))
    await expect(openSqlite({ schema, path })).rejects.toThrow(CannotOpen)
    await expect(openSqlite({ schema, path: here.folder })).rejects.toThrow(/^Cannot open .*: .*\.$/)
  })

  it('has one thread at rest, and one beside it that reads as long as much is done', async () => {
    const begun: string[] = []
    const watch = (worker: Worker) => worker.once('online', () => begun.push('a reader'))
    process.on('worker', watch)
    const head = await store.lock(account)
    const task = row('WT', 1)
    await store.write(batch(head, { rows: [put('task', task)] }))
    for (let n = 0; n < 20; n++) expect(await store.load(account)).toHaveLength(1)
    expect(begun).toEqual([])

    // Whoever would wait for the writer has another one read; until that has begun the writer answers, in its turn.
    let version = 0
    for (; begun.length === 0 && version < 500; version++) {
      const written = store.write(
        batch({ ...head, decision: version + 2 }, { rows: [put('task', { ...task, version })] })
      )
      const read: Promise<unknown[]>[] = []
      for (let turn = 0; turn < 10; turn++) {
        await new Promise(setImmediate)
        read.push(store.load(account))
      }
      await written
      for (const rows of await Promise.all(read)) expect(rows).toHaveLength(1)
    }
    expect(begun).toEqual(['a reader'])
    expect(await store.load(account)).toEqual([{ kind: 'task', row: { ...task, version: version - 1 } }])
    await store.close()
    expect(await readdir(here.folder)).toEqual(['store.sqlite', 'store.sqlite.mark'])
    process.off('worker', watch)
  })

  it('refuses what was decided on a write that failed, whatever else has failed meanwhile', async () => {
    const head = await store.lock(account)
    await store.write(batch(head, { events: [event(1)] }))
    const attributes = 'x'.repeat(1_000)
    const rows = Array.from({ length: 20_000 }, (_, n) => put('task', row('WT', n + 1, { attributes })))
    // The writer answers it, and fails, when the write behind it is already on its way.
    const read = store.query({ sql: 'select nonsense from nowhere', values: [] }).catch((error: unknown) => error)
    const [first] = await Promise.allSettled([
      // What it holds was written before.
      store.write(batch({ ...head, decision: 2 }, { rows, events: [event(1)] })),
      read.then(() =>
        expect(store.write(batch({ ...head, decision: 3 }, { rows: [put('task', row('WT', 1))] }))).rejects.toThrow(
          StoreUnavailable
        )
      )
    ])
    expect(first).toMatchObject({ status: 'rejected' })
    expect(await store.load(account)).toEqual([])
  })

  it('reads while another account is being written', async () => {
    const head = await store.lock(account)
    await store.lock(sid('AC', 2))
    const writes = Array.from({ length: 20 }, (_, n) =>
      store.write(batch({ ...head, decision: n }, { rows: [put('task', row('WT', n + 1))] }))
    )
    expect(await store.load(sid('AC', 2))).toEqual([])
    await Promise.all(writes)
    expect(await store.load(account)).toHaveLength(20)
  })
})
