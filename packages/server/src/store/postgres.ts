import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { memberAt } from '@ringdown/engine/core/member-at'
import { fieldOf, type Row } from '@ringdown/engine/core/row'
import pg from 'pg'
import { changesOf } from './changes.ts'
import { EventLog } from './event-log.ts'
import { loadRows } from './loading.ts'
import { blockTable, inflateChunk, textTable } from './log-blocks.ts'
import { checkFormat, migrateTables, rowFormat } from './migrations.ts'
import { moveOldLog } from './old-log.ts'
import { withPassword } from './passfile.ts'
import { pause } from './pause.ts'
import { answerOf, clientConfig, placeOf, storeError } from './postgres-client.ts'
import { openSession, type Session, type Timing, usualTiming } from './postgres-session.ts'
import { advanceOf, forgetOf, updateOf, writeOf } from './postgres-write.ts'
import {
  type Aging,
  cursorOf,
  type Dialect,
  type Query,
  type Reading,
  RowQueries,
  type StoredRow,
  type Update
} from './query.ts'
import {
  type AccountHead,
  type Batch,
  CannotOpen,
  ContentRejected,
  Fenced,
  type JournalEntry,
  type LoadedRow,
  type PageQuery,
  type ReaderStep,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  TookTooLong,
  type Value
} from './store.ts'
import { journalTable, quote, type Schema, type Table, Tables } from './tables.ts'

const loadPiece = 5_000
const standbyMs = 100
const readers = 4
const analysts = 2

/** Texts have one form in `jsonb`; numbers keep their zeros. (Without an offset, the JSON would be read twice.) */
const plain = `case jsonb_typeof(j) when 'null' then null when 'number' then trim_scale((j #>> '{}')::numeric)::text else j::text end`

const dialect: Dialect = {
  parameter: (n) => `$${n}`,
  among: (column, type, n) => `${column} = any($${n}::${type === 'text' ? 'text' : 'bigint'}[])`,
  list: (values) => [...values],
  least: 'least',
  greatest: 'greatest',
  contains: (column, n) => `strpos(${column}, $${n}::text) > 0`,
  inTime: () => 'true',
  json: {
    elements: (text, alias) => `jsonb_array_elements((${text})::jsonb) ${alias}(value)`,
    integer: (alias, place) => `(${alias}.value ->> ${place})::bigint`,
    text: (alias, place) => `(${alias}.value ->> ${place})`,
    scalar: (alias) => `(${alias}.value #>> '{}')`,
    at: (text, path) => `(select ${plain} from (select (${text})::jsonb #> ${path}::text[] as j offset 0) at)`,
    path: (keys) => [...keys],
    // What is beyond or below all that this type has would end the whole query.
    number: (text) => `case when ${text} !~ '^[-0-9]' then null when abs(${text}::numeric) < 1e-300 then 0
      when abs(${text}::numeric) < 1e300 then ${text}::double precision else sign(${text}::numeric)::double precision * 'infinity' end`
  },
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
  return new PostgresStore({ url, schema, tell, timing, session: await openSession(url, timing) })
}

interface Opened {
  /** With the password. */
  readonly url: string
  readonly schema: Schema
  readonly tell: (line: string) => void
  readonly timing: Timing
  /** The node's writing connection. */
  readonly session: Session
}

class PostgresStore implements Store {
  readonly dialect = dialect
  readonly #url: string
  readonly #timing: Timing
  readonly #session: Session
  readonly #tell: (line: string) => void
  /** For reading, and for writing beside the node's writing connection. */
  readonly #pool: pg.Pool
  /** For questions that may take long. */
  readonly #analysts: pg.Pool
  readonly #tables: Tables
  readonly #queries: RowQueries
  readonly #log: EventLog
  /** Accounts by the generation of the session that locked them. */
  readonly #held = new Map<string, number>()
  /** Writes so far; and by account, the last that had been asked for when one was rejected for its content. */
  #tickets = 0
  readonly #refused = new Map<string, number>()
  #closed = false
  #hasOldLog = false

  constructor({ url, schema, tell, timing, session }: Opened) {
    this.#url = url
    this.#timing = timing
    this.#session = session
    this.#tell = tell
    this.#pool = new pg.Pool({
      ...clientConfig(url),
      max: readers,
      query_timeout: 30_000,
      idleTimeoutMillis: 30_000
    })
    this.#pool.on('error', () => {}) // an idle reader broke: the pool makes a new one, and the session tells of a real loss
    this.#analysts = new pg.Pool({ ...clientConfig(url), max: analysts, idleTimeoutMillis: 10_000 })
    this.#analysts.on('error', () => {})
    this.#tables = new Tables(schema)
    this.#queries = new RowQueries(dialect, this.#tables)
    this.#log = new EventLog(this)
  }

  async migrate(): Promise<void> {
    const client = await this.#client()
    try {
      await client.query('begin')
      await client.query("select pg_advisory_xact_lock(hashtextextended('ringdown migrate ' || current_schema(), 0))")
      const run = async (sql: string) => void (await client.query(sql))
      const rows = async (sql: string) => (await client.query(sql)).rows
      this.#hasOldLog = await migrateTables({ dialect: 'postgres', run, rows }, this.#tables, placeOf(this.#url))
      await client.query('commit')
      client.release()
    } catch (error) {
      client.release(true) // closing the connection rolls back
      throw error instanceof CannotOpen ? error : storeError(error)
    }
  }

  // Accounts and their rows

  async accounts(): Promise<string[]> {
    const sql = 'select account_sid from account order by account_sid'
    return (await this.query<Pick<AccountHead, 'account_sid'>>({ sql, values: [] })).map((row) => row.account_sid)
  }

  async lock(account_sid: string, signal?: AbortSignal): Promise<AccountHead> {
    for (;;) {
      signal?.throwIfAborted()
      try {
        await this.#session.enroll()
        const head = await this.#tryLock(account_sid)
        if (head !== undefined) {
          if (this.#hasOldLog) await moveOldLog(this, this.#tables.log, account_sid, this.#tell)
          return head
        }
        const steady = this.#session.steady()
        if (steady) {
          const values = [account_sid, this.#timing.silentMs, steady.until]
          await this.#session.query({ text: endSilentText, values })
        }
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || this.#closed) throw error
      }
      await pause(standbyMs, signal)
    }
  }

  /** Another node may have taken it. */
  peek(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  load(account_sid: string): Promise<LoadedRow[]> {
    const query: Reading['query'] = (asked) => this.query(asked)
    return loadRows({ query, queries: this.#queries, tables: this.#tables, piece: loadPiece }, account_sid)
  }

  async write(batch: Batch): Promise<void> {
    const { account_sid } = batch
    const query = writeOf(batch, changesOf(batch, this.#tables), this.#tables)
    query.catch(() => {}) // told by the session
    const ticket = ++this.#tickets
    // Asked when its turn has come: what follows a failed write was decided on memory that is no longer true.
    const allow = () => {
      if (this.#held.get(account_sid) !== this.#session.generation())
        throw new StoreUnavailable(`account ${account_sid} must be locked first`)
      if (ticket <= (this.#refused.get(account_sid) ?? 0)) throw new StoreUnavailable('a write before this one failed')
    }
    try {
      const { rows } = await this.#session.query(query, allow)
      if (rows[0].matched === 1) return
    } catch (error) {
      // The next one's turn comes after this: the session was asked for this one first.
      if (error instanceof ContentRejected) this.#refused.set(account_sid, this.#tickets)
      else if (error instanceof StoreUnavailable && ticket > (this.#refused.get(account_sid) ?? 0))
        this.#held.delete(account_sid)
      throw error
    }
    this.#held.delete(account_sid)
    throw new Fenced(`account ${account_sid} was taken by another node`)
  }

  async page<R extends Row = Row>(query: PageQuery): Promise<R[]> {
    return this.#rows<R>(this.#queries.page(query))
  }

  async find<R extends Row = Row>(
    account_sid: string,
    kind: string,
    where: Readonly<Record<string, Value>>
  ): Promise<R[]> {
    return this.#rows<R>(this.#queries.find(account_sid, kind, where))
  }

  // The log, and those who read it

  log(account_sid: string, cursor: number, limit: number): Promise<StoredEvent[]> {
    return this.#log.after(account_sid, cursor, limit)
  }

  journal(account_sid: string, after: number, limit: number): Promise<JournalEntry[]> {
    const sql =
      'select decision, at, seed, data from journal where account_sid = $1 and decision > $2 order by decision limit $3'
    return this.query<JournalEntry>({ sql, values: [account_sid, after, limit] })
  }

  async prune(account_sid: string, before: { event?: number; journal?: number }, limit: number): Promise<number> {
    const { event, journal } = before
    let gone = 0
    if (event !== undefined) {
      const sql = `with old as (${pruneText(blockTable)} returning last)
          delete from ${quote(textTable.name)} texts using old where account_sid = $1 and texts.last = old.last`
      gone += await this.change({ sql, values: [account_sid, event, limit] })
    }
    if (journal !== undefined)
      gone += await this.change({ sql: pruneText(journalTable), values: [account_sid, journal, limit] })
    return gone
  }

  cursor(account_sid: string, reader: string, begins_at = 0): Promise<number> {
    return cursorOf(this, (query) => this.#written(query), account_sid, { reader, begins_at })
  }

  /** Beside the node's writing connection, so that no decision waits for it: the cursor fences it. */
  async advance(step: ReaderStep): Promise<void> {
    const [row] = await this.#written(await advanceOf(step))
    if (row.matched !== 1)
      throw new Fenced(`the reader ${step.reader} of account ${step.account_sid} is not at event ${step.from}`)
  }

  // What features keep

  async query<R extends object = Record<string, unknown>>({ sql, values }: Query): Promise<R[]> {
    if (this.#closed) throw new StoreUnavailable('the store is closed')
    try {
      return await inflated<R>(await this.#pool.query(sql, values))
    } catch (error) {
      throw storeError(error)
    }
  }

  async analyze<R extends object = Record<string, unknown>>({ sql, values }: Query, limit_ms: number): Promise<R[]> {
    if (this.#closed) throw new StoreUnavailable('the store is closed')
    const until = Date.now() + limit_ms
    const client = await this.#analysts.connect().catch((error) => {
      throw storeError(error)
    })
    let isBroken = false
    try {
      const left = until - Date.now()
      if (left <= 0) throw new TookTooLong('the time of the question is over')
      // A number of ours: the statement takes no parameters.
      await client.query(`set statement_timeout = ${Math.ceil(left)}`)
      return (await client.query(sql, values)).rows
    } catch (error) {
      if (error instanceof TookTooLong) throw error
      if (error instanceof pg.DatabaseError && error.code === queryCanceled)
        throw new TookTooLong('the time of the question is over', { cause: error })
      isBroken = !(error instanceof pg.DatabaseError)
      throw storeError(error)
    } finally {
      client.release(isBroken)
    }
  }

  /** Beside the node's writing connection, as `update` and `forget`. */
  async change({ sql, values }: Query): Promise<number> {
    return (await this.#written({ sql: `${sql} returning 1`, values })).length
  }

  async update(account_sid: string, ...updates: readonly Update[]): Promise<number> {
    const some = updates.filter(({ rows }) => rows.length > 0)
    return some.length === 0 ? 0 : (await this.#written(await updateOf(account_sid, some))).length
  }

  forget(account_sid: string, aging: Aging, before: number, limit: number): Promise<number> {
    return this.change(forgetOf(account_sid, aging, before, limit))
  }

  // The database

  compact(): Promise<number> {
    return Promise.resolve(0)
  }

  async backup(): Promise<never> {
    throw new CannotOpen('A PostgreSQL store is backed up with its own tools: use pg_dump, or an archive of its log.')
  }

  async ping(): Promise<void> {
    await this.#session.query({ text: 'select 1' })
  }

  healthy(): boolean {
    return !this.#closed && this.#session.healthy()
  }

  trouble(): string | undefined {
    return this.#closed || this.#session.healthy() ? undefined : 'PostgreSQL does not answer'
  }

  onLost(listener: (why: StoreUnavailable) => void): () => void {
    return this.#session.onLost(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#session.close()
    this.#held.clear()
    await this.#pool.end()
    await this.#analysts.end()
  }

  /** Takes the lock and raises the epoch in one statement, so that no loss of the connection can come between. */
  async #tryLock(account_sid: string): Promise<AccountHead | undefined> {
    const generation = this.#session.generation()
    const { rows } = await this.#session.query({ name: 'lock', text: lockText, values: [account_sid, rowFormat] })
    const head: AccountHead | undefined = rows[0]
    if (head === undefined) return undefined
    checkFormat(account_sid, head.format)
    this.#held.set(account_sid, generation)
    return head
  }

  async #rows<R extends Row>(query: Query): Promise<R[]> {
    return (await this.query<Pick<StoredRow, 'data'>>(query)).map(({ data }) => JSON.parse(data))
  }

  /** As `query`, for what changes rows: a warning means that the outcome is unknown. */
  async #written({ sql, values }: Query): Promise<pg.QueryResult['rows']> {
    if (this.#closed) throw new StoreUnavailable('the store is closed')
    let broken = false
    const client = await this.#client()
    try {
      return (await answerOf(client, { text: sql, values })).rows
    } catch (error) {
      broken = !(error instanceof pg.DatabaseError) && !(error instanceof StoreUnavailable)
      throw storeError(error)
    } finally {
      client.release(broken)
    }
  }

  /** A connection of the pool; whoever asks for it lets it go. */
  #client(): Promise<pg.PoolClient> {
    return this.#pool.connect().catch((error) => {
      throw storeError(error)
    })
  }
}

/** PostgreSQL's code for a statement that was ended: its time was over. */
const queryCanceled = '57014'

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
async function inflated<R extends object>({ fields, rows }: pg.QueryResult<R>): Promise<R[]> {
  const columns = fields.filter(({ dataTypeID }) => dataTypeID === pg.types.builtins.BYTEA)
  if (columns.length === 0) return rows
  const text = async (value: unknown) => {
    if (!(value instanceof Buffer)) throw new Error('invariant: bytea comes as a Buffer')
    const inflated = await inflate(value, { chunkSize: inflateChunk }).catch((error: Error) => {
      throw new StoreUnavailable('PostgreSQL: a block of the log is damaged', { cause: error })
    })
    return inflated.toString('utf8')
  }
  const texts = rows.map((row) => columns.map(async ({ name }) => [name, await text(fieldOf(row, name))] as const))
  const found = await Promise.all(texts.map((of) => Promise.all(of)))
  return rows.map((row, n) => ({ ...row, ...Object.fromEntries(found[n] ?? []) }))
}

const inflate = promisify<Buffer, { chunkSize: number }, Buffer>(zlib.inflate)
