import type { Row } from '@ringdown/engine/core/row'
import { changesOf } from './changes.ts'
import { EventLog } from './event-log.ts'
import { inTimeName } from './in-time.ts'
import { loadRows } from './loading.ts'
import { checkFormat, migrateTables, rowFormat } from './migrations.ts'
import { moveOldLog } from './old-log.ts'
import { pause } from './pause.ts'
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
import { canPass, reasonOf } from './sqlite-errors.ts'
import { SqliteFile } from './sqlite-file.ts'
import type { Step } from './sqlite-thread.ts'
import {
  advanceSteps,
  boundBy,
  forgetStep,
  pruneLogSteps,
  pruneStep,
  stepOf,
  stepsOf,
  updateStep
} from './sqlite-write.ts'
import {
  type AccountHead,
  type Batch,
  CannotOpen,
  Fenced,
  type JournalEntry,
  type LoadedRow,
  type PageQuery,
  type ReaderStep,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  type Value
} from './store.ts'
import { journalTable, quote, type Schema, Tables } from './tables.ts'

/** Rows that are read, posted and parsed at a time: enough to be quick, and few enough to leave memory as it is. */
const loadPiece = 250
const retryMs = 250

/**
 * Two texts of JSON are the same if their characters are, whether escaped or not, and two numbers if their values are: of
 * those with fewer digits than a double keeps, SQLite makes the one text that it has for it.
 */
const plain = `case when j glob '"*' then case when instr(j, '\\') = 0 then j else json_quote(j ->> '$') end
  when j = 'null' then null
  when j glob '[[{]*' then json(j)
  when j not glob '[-0-9]*' or j not glob '*[.eE]*' then j
  when abs(cast(j as real)) < 9e15 and cast(j as real) = cast(cast(j as real) as integer) then cast(cast(cast(j as real) as integer) as text)
  when length(j) <= 17 then json_quote(cast(j as real))
  when j glob '*[eE]*' then j
  else rtrim(rtrim(j, '0'), '.') end`

const dialect: Dialect = {
  parameter: () => '?',
  among: (column) => `${column} in (select value from json_each(?))`,
  list: (values) => JSON.stringify(values),
  least: 'min',
  greatest: 'max',
  contains: (column) => `instr(${column}, ?) > 0`,
  // One row in 512 is enough: between two of them less than a millisecond passes.
  inTime: (column) => `(${column} % 512 <> 0 or ${inTimeName}() = 1)`,
  json: {
    elements: (text, alias) => `json_each(${text}) ${alias}`,
    integer: (alias, place) => `json_extract(${alias}.value, '$[${place}]')`,
    text: (alias, place) => `json_extract(${alias}.value, '$[${place}]')`,
    scalar: (alias) => `${alias}.value`,
    at: (text, path) => `(select ${plain} from (select ${text} -> ${path} as j) at)`,
    path: (keys) => `$${keys.map((key) => `."${key}"`).join('')}`,
    number: (text) => `case when ${text} glob '[-0-9]*' then cast(${text} as real) end`
  },
  using: (index) => ` indexed by ${quote(index)}`
}

/**
 * A store in one SQLite file, for one process (who else may open the folder is `folder-lock.ts`'s affair).
 * Throws CannotOpen when the file cannot be opened, or does not hold what the mark beside it says (see `intact.ts`), unless
 * `acceptDataLoss`. `tell` is given a line now and then while something takes long.
 */
export async function openSqlite({
  path,
  schema,
  acceptDataLoss = false,
  tell = () => {}
}: {
  path: string
  schema: Schema
  acceptDataLoss?: boolean
  tell?: (line: string) => void
}): Promise<Store> {
  return new SqliteStore(await SqliteFile.open(path, acceptDataLoss), schema, tell)
}

class SqliteStore implements Store {
  readonly dialect = dialect
  readonly #file: SqliteFile
  readonly #tables: Tables
  readonly #queries: RowQueries
  readonly #log: EventLog
  readonly #tell: (line: string) => void
  #hasOldLog = false

  constructor(file: SqliteFile, schema: Schema, tell: (line: string) => void) {
    this.#file = file
    this.#tell = tell
    this.#tables = new Tables(schema)
    this.#queries = new RowQueries(dialect, this.#tables)
    this.#log = new EventLog(this)
  }

  migrate(): Promise<void> {
    return this.#file.migrate(async (run, rows) => {
      this.#hasOldLog = await migrateTables({ dialect: 'sqlite', run, rows }, this.#tables, this.#file.path)
    })
  }

  // Accounts and their rows

  async accounts(): Promise<string[]> {
    const sql = 'select account_sid from account order by account_sid'
    return (await this.#file.read<Pick<AccountHead, 'account_sid'>>(sql, [])).map((row) => row.account_sid)
  }

  async lock(account_sid: string, signal?: AbortSignal): Promise<AccountHead> {
    for (;;) {
      signal?.throwIfAborted()
      try {
        const [head] = await this.#file.run<AccountHead>(lockText, [account_sid, rowFormat])
        if (!head) throw new Error('invariant: the row of an account is made where there is none')
        checkFormat(account_sid, head.format)
        if (this.#hasOldLog) await moveOldLog(this, this.#tables.log, account_sid, this.#tell)
        this.#file.held.add(account_sid)
        return head
      } catch (error) {
        if (error instanceof CannotOpen || this.#file.isClosed) throw error
        if (!(error instanceof StoreUnavailable) || !canPass(error)) throw this.#cannotTake(account_sid, error)
        await pause(retryMs, signal)
      }
    }
  }

  async peek(account_sid: string): Promise<AccountHead | undefined> {
    const [head] = await this.#file.peek<AccountHead>(peekText, [account_sid])
    return head
  }

  load(account_sid: string): Promise<LoadedRow[]> {
    const query: Reading['query'] = (asked) => this.query(asked)
    return this.#file.readOnce(() =>
      loadRows({ query, queries: this.#queries, tables: this.#tables, piece: loadPiece }, account_sid)
    )
  }

  async write(batch: Batch): Promise<void> {
    const { account_sid } = batch
    const steps = stepsOf(batch, changesOf(batch, this.#tables), this.#queries)
    if (!this.#file.held.has(account_sid)) throw new StoreUnavailable(`account ${account_sid} must be locked first`)
    const { decision, next_event } = batch.head
    if (await this.#file.writeBatch(steps, { account_sid, decision, next_event })) return
    this.#file.held.delete(account_sid)
    throw new Fenced(`account ${account_sid} was taken by another process`)
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

  async journal(account_sid: string, after: number, limit: number): Promise<JournalEntry[]> {
    const sql =
      'select decision, at, seed, data from journal where account_sid = ? and decision > ? order by decision limit ?'
    return this.#file.read<JournalEntry>(sql, [account_sid, after, limit])
  }

  async prune(account_sid: string, before: { event?: number; journal?: number }, limit: number): Promise<number> {
    const { event, journal } = before
    let gone = 0
    // A block is a row of either table.
    if (event !== undefined) gone += (await this.#file.transact(pruneLogSteps(account_sid, event, limit))).changes / 2
    if (journal !== undefined)
      gone += await this.#changed(pruneStep(journalTable, journalTable, { account_sid, before: journal, limit }))
    return gone
  }

  cursor(account_sid: string, reader: string, begins_at = 0): Promise<number> {
    const insert = (query: Query) => this.#file.run(query.sql, boundBy(query))
    return cursorOf(this, insert, account_sid, { reader, begins_at })
  }

  async advance(step: ReaderStep): Promise<void> {
    if ((await this.#file.transact(advanceSteps(step))).missed === -1) return
    throw new Fenced(`the reader ${step.reader} of account ${step.account_sid} is not at event ${step.from}`)
  }

  // What features keep

  query<R extends object = Record<string, unknown>>(query: Query): Promise<R[]> {
    return this.#file.read<R>(query.sql, boundBy(query))
  }

  analyze<R extends object = Record<string, unknown>>(query: Query, limit_ms: number): Promise<R[]> {
    return this.#file.analyze<R>(query.sql, boundBy(query), Date.now() + limit_ms)
  }

  change(query: Query): Promise<number> {
    return this.#changed(stepOf(query))
  }

  async update(account_sid: string, ...updates: readonly Update[]): Promise<number> {
    const steps = updates.filter(({ rows }) => rows.length > 0).map((update) => updateStep(account_sid, update))
    return steps.length === 0 ? 0 : (await this.#file.transact(steps)).changes
  }

  forget(account_sid: string, aging: Aging, before: number, limit: number): Promise<number> {
    return this.#changed(forgetStep(account_sid, aging, before, limit))
  }

  // The file

  async compact(pages: number): Promise<number> {
    const [found] = await this.#file.ask<{ mode: number; free: number; all: number }>(roomText)
    const { mode, free, all } = found ?? { mode: 0, free: 0, all: 0 }
    if (mode !== incremental || free - Math.max(minKept, all * shareKept) < pages) return 0
    await this.#file.giveBack(pages)
    return pages
  }

  backup(path: string): Promise<void> {
    return this.#file.copyTo(path)
  }

  async ping(): Promise<void> {
    await this.#file.ask('select count(*) from sqlite_schema')
  }

  healthy(): boolean {
    return this.#file.trouble === undefined
  }

  trouble(): string | undefined {
    return this.#file.trouble
  }

  onLost(listener: (why: StoreUnavailable) => void): () => void {
    return this.#file.onLost(listener)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #rows<R extends Row>(query: Query): Promise<R[]> {
    return (await this.query<Pick<StoredRow, 'data'>>(query)).map(({ data }) => JSON.parse(data))
  }

  async #changed(step: Step): Promise<number> {
    return (await this.#file.transact([step])).changes
  }

  #cannotTake(account_sid: string, error: unknown): CannotOpen {
    const message = `Cannot take account ${account_sid} in ${this.#file.path}: ${reasonOf(error)}.`
    return new CannotOpen(message, { cause: error })
  }
}

const roomText = `select auto_vacuum as mode, freelist_count as free, page_count as "all"
  from pragma_auto_vacuum, pragma_freelist_count, pragma_page_count`

/** Of a file that was made before, and was not rewritten since, nothing is given back. */
const incremental = 2

/** Free pages that are kept, since a file that grows again costs more than the room: so many, and such a share of all. */
const minKept = 256
const shareKept = 0.1

const lockText = `insert into account (account_sid, epoch, format, at, decision, next_seq, next_event)
  values (?, 1, ?, 0, 0, 1, 1)
  on conflict (account_sid) do update set epoch = account.epoch + 1
  returning account_sid, epoch, format, at, decision, next_seq, next_event`

const peekText =
  'select account_sid, epoch, format, at, decision, next_seq, next_event from account where account_sid = ?'
