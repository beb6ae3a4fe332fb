import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { memberAt } from '@ringdown/engine/core/member-at'
import type { Row } from '@ringdown/engine/core/row'
import pg from 'pg'
import { changesOf } from './changes.ts'
import { EventLog } from './event-log.ts'
import { blockTable, inflateChunk, textTable } from './log-blocks.ts'
import { checkFormat, migrateTables, rowFormat } from './migrations.ts'
import { moveOldLog } from './old-log.ts'
import { withPassword } from './passfile.ts'
import { pause } from './pause.ts'
import { answerOf, clientConfig, placeOf, storeError } from './postgres-client.ts'
import { openSession, type Timing, usualTiming } from './postgres-session.ts'
import { advanceOf, forgetOf, updateOf, writeOf } from './postgres-write.ts'
import { cursorOf, type Dialect, type Query, RowQueries, type Update } from './query.ts'
import {
  type AccountHead,
  CannotOpen,
  ContentRejected,
  Fenced,
  type LoadedRow,
  type Store,
  StoreUnavailable
} from './store.ts'
import { journalTable, quote, type Schema, type Table, Tables } from './tables.ts'

const loadPiece = 5_000
const standbyMs = 100
const readers = 4

const dialect: Dialect = {
  parameter: (n) => `$${n}`,
  among: (column, type, n) => `${column} = any($${n}::${type === 'text' ? 'text' : 'bigint'}[])`,
  list: (values) => [...values],
  least: 'least',
  greatest: 'greatest',
  contains: (column, n) => `strpos(${column}, $${n}::text) > 0`,
  using: () => ''
}

/**
 * A store in one PostgreSQL database (the first schema of the search path), shared by several nodes: an account belongs
 * to the node whose session holds its advisory lock, and a write counts only with the account's current epoch. That
 * fences writes on one primary; without synchronous replication, a failover of PostgreSQL itself may lose acknowledged
 * work. `tell` is given a line now and then while something takes long. Throws CannotOpen when no connection can be made.
 */
export async function openPostgres({
  url: place,
  schema,
  tell = () => {},
  ...given
}: { url: string; schema: Schema; tell?: (line: string) => void } & Partial<Timing>): Promise<Store> {
  const url = await withPassword(place)
  const timing = { ...usualTiming, ...given }
  const session = await openSession(url, timing)
  const pool = new pg.Pool({ ...clientConfig(url), max: readers, query_timeout: 30_000, idleTimeoutMillis: 30_000 })
  pool.on('error', () => {}) // an idle reader broke: the pool makes a new one, and the session tells of a real loss
  /** Accounts by the generation of the session that locked them. */
  const held = new Map<string, number>()
  const tables = new Tables(schema)
  const queries = new RowQueries(dialect, tables)
  /** Writes so far; and by account, the last that had been asked for when one was rejected for its content. */
  let tickets = 0
  const refused = new Map<string, number>()
  let closed = false
  let hasOldLog = false

  async function read(query: Query): Promise<pg.QueryResult['rows']> {
    if (closed) throw new StoreUnavailable('the store is closed')
    try {
      return await inflated(await pool.query(query.sql, query.values))
    } catch (error) {
      throw storeError(error)
    }
  }

  /** As `read`, for what changes rows: a warning means that the outcome is unknown. */
  async function written({ sql, values }: Query): Promise<pg.QueryResult['rows']> {
    if (closed) throw new StoreUnavailable('the store is closed')
    let broken = false
    const client = await pool.connect().catch((error) => {
      throw storeError(error)
    })
    try {
      return (await answerOf(client, { text: sql, values })).rows
    } catch (error) {
      broken = !(error instanceof pg.DatabaseError) && !(error instanceof StoreUnavailable)
      throw storeError(error)
    } finally {
      client.release(broken)
    }
  }

  /** Runs a text that changes rows, beside the node's writing connection; resolves with how many it changed. */
  async function change({ sql, values }: Query): Promise<number> {
    return (await written({ sql: `${sql} returning 1`, values })).length
  }

  async function update(account_sid: string, ...updates: readonly Update[]): Promise<number> {
    const some = updates.filter(({ rows }) => rows.length > 0)
    return some.length === 0 ? 0 : (await written(await updateOf(account_sid, some))).length
  }

  async function readRows<R extends Row>(query: Query): Promise<R[]> {
    return (await read(query)).map(({ data }) => JSON.parse(data))
  }

  /** Takes the lock and raises the epoch in one statement, so that no loss of the connection can come between. */
  async function tryLock(account_sid: string): Promise<AccountHead | undefined> {
    const generation = session.generation()
    const { rows } = await session.query({ name: 'lock', text: lockText, values: [account_sid, rowFormat] })
    const head: AccountHead | undefined = rows[0]
    if (head === undefined) return undefined
    checkFormat(account_sid, head.format)
    held.set(account_sid, generation)
    return head
  }

  const store: Store = {
    async migrate() {
      const client = await pool.connect().catch((error) => {
        throw storeError(error)
      })
      try {
        await client.query('begin')
        await client.query("select pg_advisory_xact_lock(hashtextextended('ringdown migrate ' || current_schema(), 0))")
        const run = async (sql: string) => void (await client.query(sql))
        const rows = async (sql: string) => (await client.query(sql)).rows
        hasOldLog = await migrateTables({ dialect: 'postgres', run, rows }, tables, placeOf(url))
        await client.query('commit')
        client.release()
      } catch (error) {
        client.release(true) // closing the connection rolls back
        throw error instanceof CannotOpen ? error : storeError(error)
      }
    },

    async accounts() {
      const rows = await read({ sql: 'select account_sid from account order by account_sid', values: [] })
      return rows.map(({ account_sid }) => account_sid)
    },

    async lock(account_sid, signal) {
      for (;;) {
        signal?.throwIfAborted()
        try {
          await session.enroll()
          const head = await tryLock(account_sid)
          if (head !== undefined) {
            if (hasOldLog) await moveOldLog(store, tables.log, account_sid, tell)
            return head
          }
          const steady = session.steady()
          if (steady) await session.query({ text: endSilentText, values: [account_sid, timing.silentMs, steady.until] })
        } catch (error) {
          if (!(error instanceof StoreUnavailable) || closed) throw error
        }
        await pause(standbyMs, signal)
      }
    },

    // Another node may have taken it.
    peek: () => Promise.resolve(undefined),

    async load(account_sid) {
      const loaded: LoadedRow[] = []
      let after: [string, number] = ['', 0]
      for (;;) {
        const rows = await read(queries.resident(account_sid, after, loadPiece))
        for (const { kind, data } of rows) loaded.push({ kind, row: JSON.parse(data) })
        if (rows.length < loadPiece) break
        after = [rows.at(-1).kind, rows.at(-1).seq]
      }
      for (const kind of tables.coldNames)
        if (tables.kind(kind).resident !== undefined) await loadCold(account_sid, kind, loaded)
      return loaded.sort((a, b) => a.row.seq - b.row.seq)
    },

    async write(batch) {
      const { account_sid } = batch
      const query = writeOf(batch, changesOf(batch, tables), tables)
      query.catch(() => {}) // told by the session
      const ticket = ++tickets
      // Asked when its turn has come: what follows a failed write was decided on memory that is no longer true.
      const allow = () => {
        if (held.get(account_sid) !== session.generation())
          throw new StoreUnavailable(`account ${account_sid} must be locked first`)
        if (ticket <= (refused.get(account_sid) ?? 0)) throw new StoreUnavailable('a write before this one failed')
      }
      try {
        const { rows } = await session.query(query, allow)
        if (rows[0].matched === 1) return
      } catch (error) {
        // The next one's turn comes after this: the session was asked for this one first.
        if (error instanceof ContentRejected) refused.set(account_sid, tickets)
        else if (error instanceof StoreUnavailable && ticket > (refused.get(account_sid) ?? 0)) held.delete(account_sid)
        throw error
      }
      held.delete(account_sid)
      throw new Fenced(`account ${account_sid} was taken by another node`)
    },

    page: async (query) => readRows(queries.page(query)),
    find: async (account_sid, kind, where) => readRows(queries.find(account_sid, kind, where)),

    log: (account_sid, cursor, limit) => new EventLog(store).after(account_sid, cursor, limit),

    journal(account_sid, after, limit) {
      const sql =
        'select decision, at, seed, data from journal where account_sid = $1 and decision > $2 order by decision limit $3'
      return read({ sql, values: [account_sid, after, limit] })
    },

    dialect,
    query: read,
    change,
    update,
    forget: (account_sid, aging, before, limit) => change(forgetOf(account_sid, aging, before, limit)),

    cursor: (account_sid, reader, begins_at = 0) =>
      cursorOf({ dialect, query: read }, written, account_sid, { reader, begins_at }),

    // Beside the node's writing connection, so that no decision waits for it: the cursor fences it.
    async advance(step) {
      const [row] = await written(await advanceOf(step))
      if (row.matched !== 1)
        throw new Fenced(`the reader ${step.reader} of account ${step.account_sid} is not at event ${step.from}`)
    },

    async prune(account_sid, { event, journal }, limit) {
      let gone = 0
      if (event !== undefined) {
        const sql = `with old as (${pruneText(blockTable)} returning last)
          delete from ${quote(textTable.name)} texts using old where account_sid = $1 and texts.last = old.last`
        gone += await change({ sql, values: [account_sid, event, limit] })
      }
      if (journal !== undefined)
        gone += await change({ sql: pruneText(journalTable), values: [account_sid, journal, limit] })
      return gone
    },

    compact: () => Promise.resolve(0),

    async backup() {
      throw new CannotOpen('A PostgreSQL store is backed up with its own tools: use pg_dump, or an archive of its log.')
    },

    async ping() {
      await session.query({ text: 'select 1' })
    },

    healthy: () => !closed && session.healthy(),
    trouble: () => (closed || session.healthy() ? undefined : 'PostgreSQL does not answer'),
    onLost: session.onLost,

    async close() {
      if (closed) return
      closed = true
      await session.close()
      held.clear()
      await pool.end()
    }
  }
  return store

  async function loadCold(account_sid: string, kind: string, loaded: LoadedRow[]): Promise<void> {
    let after = -1
    for (;;) {
      const rows = await read(queries.residentCold(account_sid, kind, after, loadPiece))
      for (const { data } of rows) loaded.push({ kind, row: JSON.parse(data) })
      if (rows.length < loadPiece) return
      after = rows.at(-1).seq
    }
  }
}

const lockKey = "hashtextextended(current_schema() || ' ' || $1::text, 0)"

/** No row comes back when another session holds the lock. A session may take its own lock again. */
const lockText = `with free as materialized (select pg_try_advisory_lock(${lockKey}) as locked)
  insert into account (account_sid, epoch, format, at, decision, next_seq, next_event)
  select $1::text, 1, $2, 0, 0, 1, 1 from free where locked
  on conflict (account_sid) do update set epoch = account.epoch + 1
  returning account_sid, epoch, format, at, decision, next_seq, next_event`

/**
 * Ends the backend that holds the account and has not beaten for too long; its own node gave up before. Its row is
 * condemned in the same statement: a beat that comes later finds out. In a server that was frozen, a statement may be
 * carried out long after it was asked: not later than $3, by the server's clock.
 */
const endSilentText = `with silent as (
    update node set beat = '-infinity'
    from pg_locks
    join pg_stat_activity activity on activity.pid = pg_locks.pid
    where node.backend = pg_locks.pid and activity.backend_start = node.backend_start
      and pg_locks.locktype = 'advisory' and pg_locks.granted and pg_locks.objsubid = 1
      and pg_locks.database = (select oid from pg_database where datname = current_database())
      and (pg_locks.classid::bigint << 32) | pg_locks.objid::bigint = ${lockKey}
      and node.beat < clock_timestamp() - $2::int * interval '1 ms'
      and clock_timestamp() < to_timestamp($3::bigint / 1000.0)
    returning node.backend
  )
  select pg_terminate_backend(backend) from silent`

/** Instants never go back along the sequence, so the oldest rows are the first: no index on the instant is needed. */
function pruneText({ name, key }: Table): string {
  const [table, order] = [quote(name), quote(memberAt(key, key.length - 1))]
  return `delete from ${table} where account_sid = $1 and ${order} in (
    select ${order} from (select ${order}, at from ${table} where account_sid = $1 order by ${order} limit $3) oldest
    where at < $2)`
}

/** The rows of an answer, with what is kept deflated as text; a thread of Node's does that. */
async function inflated({ fields, rows }: pg.QueryResult): Promise<pg.QueryResult['rows']> {
  const columns = fields.filter(({ dataTypeID }) => dataTypeID === pg.types.builtins.BYTEA)
  if (columns.length === 0) return rows
  const text = async (value: Buffer) => {
    const inflated = await inflate(value, { chunkSize: inflateChunk }).catch((error: Error) => {
      throw new StoreUnavailable('PostgreSQL: a block of the log is damaged', { cause: error })
    })
    return inflated.toString('utf8')
  }
  const texts = rows.map((row) => columns.map(async ({ name }) => [name, await text(row[name])] as const))
  const found = await Promise.all(texts.map((of) => Promise.all(of)))
  return rows.map((row, n) => ({ ...row, ...Object.fromEntries(found[n] ?? []) }))
}

const inflate = promisify<Buffer, { chunkSize: number }, Buffer>(zlib.inflate)
