import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgres } from '@ringdown/server/store/postgres'
import type { Timing } from '@ringdown/server/store/postgres-session'
import { openSqlite } from '@ringdown/server/store/sqlite'
import { openDatabase } from '@ringdown/server/store/sqlite-driver'
import type { Store } from '@ringdown/server/store/store'
import pg from 'pg'

/** A place of its own for one story: opened as often as the story likes, and gone afterwards. */
export interface Place {
  /** Another store on the same place; closed by `clear` at the latest. */
  open(): Promise<Store>
  /** One statement on a connection of its own. */
  query(sql: string): Promise<unknown[]>
  clear(): Promise<void>
}

export interface PostgresPlace extends Place {
  readonly url: string
}

/** A temporary folder with a SQLite file. */
export async function sqlitePlace(): Promise<Place & { folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-store-'))
  const path = join(folder, 'store.sqlite')
  const opened: Store[] = []
  return {
    folder,
    path,
    async open() {
      const store = await openSqlite({ path })
      opened.push(store)
      return store
    },
    async query(sql) {
      const database = await openDatabase(path)
      try {
        return database.prepare(sql).all()
      } finally {
        database.close()
      }
    },
    async clear() {
      for (const store of opened) await store.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/**
 * Where PostgreSQL is: DATABASE_URL, else a server on 127.0.0.1:5432 that lets `postgres` in without a password. Prints
 * a notice and answers undefined when there is none.
 */
export async function findPostgres(): Promise<string | undefined> {
  const named = process.env.DATABASE_URL
  const candidates =
    named === undefined ? ['test', 'postgres'].map((name) => `postgres://postgres@127.0.0.1:5432/${name}`) : [named]
  for (const url of candidates) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    const reached = await client.connect().then(
      () => true,
      () => false
    )
    await client.end().catch(() => {}) // it was only a question
    if (reached) return url
  }
  console.log(`No PostgreSQL at ${named === undefined ? '127.0.0.1:5432' : 'DATABASE_URL'}: its stories are skipped.`)
  return undefined
}

/** As in production, but patient: a busy machine may keep a connection waiting, and no store here is to be lost by that. */
const patient: Partial<Timing> = { lostMs: 10_000, silentMs: 15_000, answerMs: 20_000, hungMs: 60_000 }

/** A schema of its own in that database; stories about lost connections bring a timing of their own. */
export async function postgresPlace(database: string, timing = patient): Promise<PostgresPlace> {
  const schema = `story_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: database })
  await admin.connect()
  await admin.query(`create schema ${schema}`)
  const url = new URL(database)
  url.searchParams.set('options', `-c search_path=${schema}`)
  await admin.query(`set search_path = ${schema}`)
  const opened: Store[] = []
  return {
    url: url.href,
    async open() {
      const store = await openPostgres({ url: url.href, ...timing })
      opened.push(store)
      return store
    },
    query: async (sql) => (await admin.query(sql)).rows,
    async clear() {
      for (const store of opened) await store.close()
      await admin.query(`drop schema ${schema} cascade`)
      await admin.end()
    }
  }
}
