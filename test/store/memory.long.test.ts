import { describe, expect, it } from 'vitest'
import { account } from './batches.ts'
import { child } from './children.ts'
import { findPostgres, postgresPlace, sqlitePlace } from './places.ts'

const database = await findPostgres()

/**
 * Text for a process of its own: `grown(work)` prints how many bytes the heap has grown by while the work was done once
 * more, after collections.
 */
const measuring = `
  const heap = async () => {
    for (let n = 0; n < 4; n++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return process.memoryUsage().heapUsed
  }
  const grown = async (work) => {
    await work(2_000)
    const before = await heap()
    await work(${20_000})
    print(String(await heap() - before))
  }
  const writing = async (store) => {
    const { epoch, decision } = await store.lock('${account}')
    let n = decision
    const next = () => {
      n++
      return store.write({
        account_sid: '${account}', epoch, rows: [], events: [], journal: [],
        head: { at: n, decision: n, next_seq: 1, next_event: 1 }
      })
    }
    return async (count) => {
      for (let left = count; left > 0; left -= 100) await Promise.all(Array.from({ length: 100 }, next))
    }
  }`

/** What a hundred bytes a statement come to; noise is a tenth of it, and a promise that is kept costs twice as much. */
const bound = 2_000_000

const flags = ['--expose-gc']

describe('a store in the long run', () => {
  it('keeps nothing of the batches that it has written (SQLite)', { timeout: 240_000 }, async () => {
    const here = await sqlitePlace()
    await (await here.open()).migrate()
    const writer = child(
      `${measuring}
      const { openSqlite } = await load('sqlite')
      const { schema } = await load('../schema')
      await grown(await writing(await openSqlite({ schema, path: ${JSON.stringify(here.path)} })))`,
      { flags }
    )
    expect(Number(await writer.line())).toBeLessThan(bound)
    await writer.kill()
    await here.clear()
  })

  it.runIf(database !== undefined)(
    'keeps nothing of the statements of its session (PostgreSQL)',
    { timeout: 240_000 },
    async () => {
      const here = await postgresPlace(database as string) // as: this story runs only where one was found
      await (await here.open()).migrate()
      const node = child(
        `${measuring}
        const { openPostgres } = await load('postgres')
        const { schema } = await load('../schema')
        const store = await openPostgres({ schema, url: ${JSON.stringify(here.url)}, heartbeatMs: 1, lostMs: 60_000, silentMs: 90_000 })
        // A stand-by beats, and asks for the account.
        await grown(async (count) => {
          for (let left = count; left > 0; left -= 100) await Promise.all(Array.from({ length: 100 }, () => store.ping()))
        })
        await grown(await writing(store))`,
        { flags }
      )
      expect(Number(await node.line())).toBeLessThan(bound)
      expect(Number(await node.line())).toBeLessThan(bound)
      await node.kill()
      await here.clear()
    }
  )
})
