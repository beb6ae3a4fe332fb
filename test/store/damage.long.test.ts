import { copyFile, open as openFile, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { schema } from '@ringdown/server/schema'
import { openSqlite } from '@ringdown/server/store/sqlite'
import { CannotOpen, type Store } from '@ringdown/server/store/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, batch, event, put, row } from './batches.ts'
import { child } from './children.ts'
import { sqlitePlace } from './places.ts'

/** What may have become of a store's files while nobody looked. */
const damages = {
  'the file was emptied': (path) => truncate(path, 0),
  'the file was emptied, and the log is gone': async (path) => {
    await truncate(path, 0)
    await rm(`${path}-wal`)
  },
  'the file was deleted': (path) => rm(path),
  'the file was cut in half': async (path) => {
    const store = await openSqlite({ schema, path })
    await store.close()
    await truncate(path, Math.floor((await readFile(path)).length / 2))
  },
  'another, empty store was put in its place': async (path) => {
    const other = `${path}.other`
    const store = await openSqlite({ schema, path: other })
    await store.migrate()
    await store.close()
    await rename(other, path)
    await rm(`${path}-wal`)
  },
  'pages hold something else': async (path) => {
    const bytes = await readFile(path)
    bytes.fill('Dear Ada, ', 2 * 8192)
    await writeFile(path, bytes)
    await rm(`${path}-wal`)
  },
  'the log is gone': (path) => rm(`${path}-wal`),
  'the log and its index are gone': async (path) => {
    await rm(`${path}-wal`)
    await rm(`${path}-shm`)
  },
  'the log was emptied': (path) => truncate(`${path}-wal`, 0),
  'the log is all zeros': async (path) => {
    const bytes = await readFile(`${path}-wal`)
    await writeFile(`${path}-wal`, bytes.fill(0))
  },
  'the log is of another file': async (path) => {
    const other = `${path}.other`
    const store = await openSqlite({ schema, path: other })
    await store.migrate()
    const head = await store.lock(account)
    await store.write(batch(head, { rows: [put('task', row('WT', 1))] }))
    await copyFile(`${other}-wal`, `${path}-wal`)
    await store.close()
  },
  'the mark was emptied': (path) => truncate(`${path}.mark`, 0),
  'the mark is something else': (path) => writeFile(`${path}.mark`, '{"Dear": "Ada"}')
} as const satisfies Record<string, (path: string) => Promise<unknown>>

describe('a store on SQLite that is opened again', () => {
  let here: Awaited<ReturnType<typeof sqlitePlace>>
  const opened: Store[] = []
  beforeEach(async () => {
    here = await sqlitePlace()
  })
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
    await here.clear()
  })

  /** A process that was killed after it had acknowledged so many decisions; answers how many. */
  async function killed(decisions = 30): Promise<number> {
    const writer = child(`
      const { openSqlite } = await load('sqlite')
      const { schema } = await load('../schema')
      const store = await openSqlite({ schema, path: ${JSON.stringify(here.path)} })
      await store.migrate()
      const { epoch, decision } = await store.lock('${account}')
      for (let n = decision + 1; ; n++) {
        const head = { at: n, decision: n, next_seq: 1, next_event: n + 1 }
        const events = [{ seq: n, sid: 'EV' + n, type: 'task.created', at: n, data: JSON.stringify({ text: 'x'.repeat(2000) }) }]
        await store.write({ account_sid: '${account}', epoch, head, rows: [], events, journal: [] })
        print(String(n - decision))
      }`)
    let acknowledged = 0
    while (acknowledged < decisions) acknowledged = Number(await writer.line())
    await writer.kill()
    return acknowledged
  }

  const again = async (acceptDataLoss = false) => {
    const store = await openSqlite({ schema, path: here.path, acceptDataLoss })
    opened.push(store)
    await store.migrate()
    return store
  }

  it.each(Object.entries(damages))('says so when %s', async (_name, damage) => {
    await killed()
    await damage(here.path)
    const refusal = await again().catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CannotOpen)
    const { message } = refusal as CannotOpen // as: asserted above
    expect(message).toContain(here.path)
    expect(message).toMatch(/--accept-data-loss|or move it and \S+\.mark away to begin with nothing/)
    expect(message).not.toContain('\n')
  })

  it('says how much is missing, and goes on with the rest when that is accepted', async () => {
    await killed(30)
    await rm(`${here.path}-wal`)
    await expect(again()).rejects.toThrow(
      /is not whole: account AC\w+ had come to decision \d+ and event \d+, and it .*; there is no write-ahead log/
    )
    // It is refused for as long as nobody has accepted it.
    await expect(again()).rejects.toThrow('is not whole')
    const store = await again(true)
    const head = await store.lock(account)
    await store.write(batch(head, { events: [event(head.next_event)] }))
    await store.close()
    await again()
  })

  it('is taken as it is after every kill, and knows all that was acknowledged', { timeout: 60_000 }, async () => {
    let total = 0
    for (let n = 0; n < 8; n++) total += await killed(5 + n)
    const head = await (await again()).lock(account)
    expect(head.decision).toBeGreaterThanOrEqual(total)
  })

  it('is taken as it is when somebody else has moved the log into the file, or taken the mark away', async () => {
    await killed()
    await here.query('pragma wal_checkpoint(truncate)')
    for (const end of ['-wal', '-shm']) await rm(`${here.path}${end}`, { force: true })
    const store = await again()
    const head = await store.lock(account)
    expect(head.decision).toBeGreaterThanOrEqual(30)
    // A file has one process at a time (`folder-lock.ts`).
    await store.close()
    await killed()
    await rm(`${here.path}.mark`)
    await again()
  })

  it('believes the better line of a mark that was torn', async () => {
    await killed()
    const mark = await readFile(`${here.path}.mark`, 'latin1')
    await writeFile(
      `${here.path}.mark`,
      `${mark.slice(0, 128)}${mark.slice(128, 140)}${' '.repeat(116)}${mark.slice(256)}`
    )
    await again()
    await opened.pop()?.close()
    await rm(here.path)
    await expect(again()).rejects.toThrow(`${here.path} is missing, though account`)
  })

  it('is opened after a kill without waiting until a long log is moved', async () => {
    await killed()
    const writer = child(`
      const { openDatabase } = await load('sqlite-driver')
      const database = await openDatabase(${JSON.stringify(here.path)})
      database.exec('pragma wal_autocheckpoint = 0; create table other (data blob)')
      database.exec('insert into other values (zeroblob(${12 * 2 ** 20}))')
      print('written')
      setInterval(() => database, 1000)`)
    await writer.line()
    await writer.kill()
    const before = await readFile(here.path)
    opened.push(await openSqlite({ schema, path: here.path }))
    expect((await readFile(here.path)).equals(before)).toBe(true)
    expect((await stat(`${here.path}-wal`)).size).toBeGreaterThan(12 * 2 ** 20)
  })

  it('is read through where it is small, and where it is large what memory holds of it', {
    timeout: 60_000
  }, async () => {
    await killed()
    await (await again()).close()
    const pageOf = async (table: string) => {
      const [found] = await here.query(`select rootpage from sqlite_schema where name = '${table}'`)
      return (found as { rootpage: number }).rootpage - 1 // as: the column that is selected
    }
    /** Whether the file is taken with a page that holds something else, which it holds no more afterwards. */
    const isTakenWithout = async (page: number) => {
      const file = await openFile(here.path, 'r+')
      const bytes = Buffer.alloc(8192)
      await file.read(bytes, 0, 8192, page * 8192)
      await file.write(Buffer.alloc(8192, 'Dear Ada, '), 0, 8192, page * 8192)
      const store = await openSqlite({ schema, path: here.path }).catch((error: unknown) => error)
      if (!(store instanceof Error)) await (store as Store).close() // as: it is one or the other
      await file.write(bytes, 0, 8192, page * 8192)
      await file.close()
      if (store instanceof Error) expect(store.message).toContain('is damaged')
      return !(store instanceof Error)
    }
    await here.query('create table other (data blob)')
    const [row, other] = [await pageOf('row'), await pageOf('other')]
    expect(await isTakenWithout(row)).toBe(false)
    expect(await isTakenWithout(other)).toBe(false)
    await here.query(`insert into other values (zeroblob(${2 ** 28}))`)
    expect(await isTakenWithout(row)).toBe(false)
    expect(await isTakenWithout(other)).toBe(true)
  })
})
