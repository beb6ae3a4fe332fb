import type { Row } from '@ringdown/engine/state/row'
import pg from 'pg'
import { blankingsOf } from './blanking.ts'
import { deliveriesOf, type Writing } from './deliveries.ts'
import { EventBlocks, pruneBlocksText } from './event-blocks.ts'
import { checkFormat, migrateTables, rowFormat } from './migrations.ts'
import { withPassword } from './passfile.ts'
import { pause } from './pause.ts'
import { answerOf, clientConfig, placeOf, storeError } from './postgres-client.ts'
import { openSession, type Timing, usualTiming } from './postgres-session.ts'
import { advanceOf, writeOf } from './postgres-write.ts'
import { type Dialect, findOf, pageOf, type Query, residentColdOf, residentOf } from './query.ts'
import { readingsOf } from './readings.ts'
import {
  type AccountHead,
  CannotOpen,
  ContentRejected,
  Fenced,
  type LoadedRow,
  type Store,
  StoreUnavailable
} from './store.ts'
import { aging, changesOf, coldKind, coldNames } from './tables.ts'

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
 * work. Throws CannotOpen when no connection can be made.
 */
export async function openPostgres({ url: place, ...given }: { url: string } & Partial<Timing>): Promise<Store> {
  const url = await withPassword(place)
  const timing = { ...usualTiming, ...given }
  const session = await openSession(url, timing)
  const pool = new pg.Pool({ ...clientConfig(url), max: readers, query_timeout: 30_000, idleTimeoutMillis: 30_000 })
  pool.on('error', () => {}) // an idle reader broke: the pool makes a new one, and the session tells of a real loss
  /** Accounts by the generation of the session that locked them. */
  const held = new Map<string, number>()
  const blocks = new EventBlocks()
  /** Writes so far; and by account, the last that had been asked for when one was rejected for its content. */
  let tickets = 0
  const refused = new Map<string, number>()
  let closed = false

  async function read(query: Query): Promise<pg.QueryResult['rows']> {
    if (closed) throw new StoreUnavailable('the store is closed')
    try {
      return (await pool.query(query.sql, query.values)).rows
    } catch (error) {
      throw storeError(error)
    }
  }

  /** As `read`, for what changes rows: a warning means that the outcome is unknown. */
  async function change({ sql, values }: Query): Promise<pg.QueryResult['rows']> {
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

  const changing: Writing = {
    change: async ({ sql, values }) => (await change({ sql: `${sql} returning 1`, values })).length
  }

  async function readRows(query: Query): Promise<Row[]> {
    return (await read(query)).map(({ data }) => JSON.parse(data))
  }

  /** Takes the lock and raises the epoch in one statement, so that no loss of the connection can come between. */
  async function tryLock(account_sid: string): Promise<AccountHead | undefined> {
    const generation = session.generation()
    const { rows } = await session.query({ name: 'lock', text: lockText, values: [account_sid, rowFormat] })
    const head: AccountHead | undefined = rows[0]
    if (head === undefined) return undefined
    checkFormat(account_sid, head.format)
    blocks.forget(account_sid)
    held.set(account_sid, generation)
    return head
  }

  return {
    async migrate() {
      const client = await pool.connect().catch((error) => {
        throw storeError(error)
      })
      try {
        await client.query('begin')
        await client.query("select pg_advisory_xact_lock(hashtextextended('ringdown migrate ' || current_schema(), 0))")
        const run = async (sql: string) => void (await client.query(sql))
        const rows = async (sql: string) => (await client.query(sql)).rows
        await migrateTables({ dialect: 'postgres', run, rows }, placeOf(url))
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
          if (head !== undefined) return head
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
        const rows = await read(residentOf(account_sid, after, loadPiece, dialect))
        for (const { kind, data } of rows) loaded.push({ kind, row: JSON.parse(data) })
        if (rows.length < loadPiece) break
        after = [rows.at(-1).kind, rows.at(-1).seq]
      }
      for (const kind of coldNames) if (coldKind(kind).resident !== undefined) await loadCold(account_sid, kind, loaded)
      return loaded.sort((a, b) => a.row.seq - b.row.seq)
    },

    async write(batch) {
      const { account_sid } = batch
      const query = writeOf(batch, changesOf(batch, blocks))
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

    page: async (query) => readRows(pageOf(query, dialect)),
    find: async (account_sid, kind, where) => readRows(findOf(account_sid, kind, where, dialect)),

    log(account_sid, cursor, limit) {
      const sql = 'select seq, sid, type, at, data from event where account_sid = $1 and seq > $2 order by seq limit $3'
      return read({ sql, values: [account_sid, cursor, limit] })
    },

    journal(account_sid, after, limit) {
      const sql =
        'select decision, at, seed, data from journal where account_sid = $1 and decision > $2 order by decision limit $3'
      return read({ sql, values: [account_sid, after, limit] })
    },

    ...readingsOf(read, dialect, read),

    ...deliveriesOf(read, dialect, changing),
    ...blankingsOf(read, dialect, changing),

    // Beside the node's writing connection, so that no decision waits for it: the cursor fences it.
    async advance(step) {
      const [row] = await change(advanceOf(step))
      if (row.matched !== 1)
        throw new Fenced(`the reader ${step.reader} of account ${step.account_sid} is not at event ${step.from}`)
    },

    async prune(account_sid, { event, journal, rollup }, limit) {
      let gone = 0
      if (event !== undefined) {
        gone += (await read({ sql: pruneText('event', 'seq'), values: [account_sid, event, limit] })).length
        await read({ sql: pruneBlocksText(dialect), values: [account_sid, account_sid] })
      }
      if (journal !== undefined)
        gone += (await read({ sql: pruneText('journal', 'decision'), values: [account_sid, journal, limit] })).length
      if (rollup !== undefined)
        for (const [table, end] of aging) {
          const sql = `delete from ${table} where ctid = any(array(
            select ctid from ${table} where account_sid = $1 and ${end} < $2 limit $3)) returning 1`
          gone += (await read({ sql, values: [account_sid, rollup, limit] })).length
        }
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

  async function loadCold(account_sid: string, kind: string, loaded: LoadedRow[]): Promise<void> {
    let after = -1
    for (;;) {
      const rows = await read(residentColdOf(account_sid, kind, after, loadPiece, dialect))
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
function pruneText(table: string, order: string): string {
  return `delete from ${table} where account_sid = $1 and ${order} in (
    select ${order} from (select ${order}, at from ${table} where account_sid = $1 order by ${order} limit $3) oldest
    where at < $2) returning 1`
}
