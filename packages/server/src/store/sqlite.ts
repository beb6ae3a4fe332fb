import { open } from 'node:fs/promises'
import type { Row } from '@ringdown/engine/state/row'
import { blankingsOf } from './blanking.ts'
import { Checkpoints } from './checkpoints.ts'
import { deliveriesOf, deliveryTable, deliveryValues, type Writing } from './deliveries.ts'
import { EventBlocks, pruneBlocksText } from './event-blocks.ts'
import { FileWatch } from './file-watch.ts'
import { checkIntact, expectedOf } from './intact.ts'
import { Mark } from './mark.ts'
import { checkFormat, migrateTables, rowFormat } from './migrations.ts'
import { pause } from './pause.ts'
import { type Dialect, findOf, pageOf, type Query, removalOf, residentColdOf, residentOf } from './query.ts'
import { readingsOf } from './readings.ts'
import { canPass, Refused, reasonOf, type Step, sqliteThread } from './sqlite-thread.ts'
import {
  type AccountHead,
  type Batch,
  CannotOpen,
  Fenced,
  type JournalEntry,
  type LoadedRow,
  type Store,
  type StoredEvent,
  StoreUnavailable,
  type Value
} from './store.ts'
import {
  aging,
  type Changes,
  changesOf,
  coldKind,
  coldNames,
  type Inserts,
  quote,
  rest,
  type Table,
  writtenBy
} from './tables.ts'

/** Rows that are read, posted and parsed at a time: enough to be quick, and few enough to leave memory as it is. */
const loadPiece = 1_000
const retryMs = 250

const dialect: Dialect = {
  parameter: () => '?',
  among: (column) => `${column} in (select value from json_each(?))`,
  list: (values) => JSON.stringify(values),
  least: 'min',
  greatest: 'max',
  contains: (column) => `instr(${column}, ?) > 0`,
  using: (index) => ` indexed by ${quote(index)}`
}

/**
 * A store in one SQLite file, for one process (who else may open the folder is `folder-lock.ts`'s affair). One worker
 * thread writes, another one reads, so that a read waits neither for a flush nor for this thread.
 * Throws CannotOpen when the file cannot be opened, or does not hold what the mark beside it says (see `intact.ts`), unless
 * `acceptDataLoss`.
 */
export async function openSqlite({
  path,
  acceptDataLoss = false
}: {
  path: string
  acceptDataLoss?: boolean
}): Promise<Store> {
  const expected = expectedOf(path, acceptDataLoss)
  const writer = sqliteThread({ path, readOnly: false })
  const reader = sqliteThread({ path, readOnly: true })
  const checkpoints = new Checkpoints(writer, reader)
  const held = new Set<string>()
  const blocks = new EventBlocks()
  const listeners = new Set<(why: StoreUnavailable) => void>()
  /** Why nothing can be written, since the last write that failed. */
  let failed: StoreUnavailable | undefined
  /** Why the file is not the one that was opened. */
  let gone: StoreUnavailable | undefined
  let closed = false
  let renewal: Promise<void> | undefined
  let migration: Promise<void> | undefined
  /** Batches that are not answered yet. */
  const underWay = new Set<Promise<unknown>>()

  reader.warm()
  const reached = await checkIntact(writer, { path, expected, acceptDataLoss }).catch(async (error: unknown) => {
    await reader.close()
    await writer.close()
    throw error
  })
  const mark = new Mark(path, reached)
  const watch = new FileWatch(path, {
    gone(why) {
      gone = why === undefined ? undefined : new StoreUnavailable(why)
      if (gone) lose(gone)
    },
    logGone(why) {
      lose(new StoreUnavailable(why))
      // What is in it can still be read by those who have it open; the last of them moves it into the file.
      renewal ??= renew().finally(() => {
        renewal = undefined
      })
    }
  })

  async function renew(): Promise<void> {
    watch.expectNewLog()
    await Promise.allSettled([reader.renew(), writer.renew()])
  }

  /** Memory is no longer to be trusted: whoever holds an account must lock it again. */
  function lose(why: StoreUnavailable): void {
    const known = failed
    failed = why
    held.clear()
    if (!known) for (const listener of listeners) listener(why)
  }

  async function transact(steps: readonly Step[], lane?: string): Promise<{ missed: number; changes: number }> {
    const done = await writer.transaction(steps, lane)
    checkpoints.wrote(done.changes)
    return done
  }

  /** The writer's work. When it fails for another reason than its content, memory is no longer to be trusted. */
  async function writing<T>(work: () => Promise<T>): Promise<T> {
    const result = await asking(work)
    failed = undefined
    return result
  }

  /** The same for what writes nothing: that it succeeds does not say that a write would. */
  async function asking<T>(work: () => Promise<T>): Promise<T> {
    await migration
    await renewal
    try {
      if (gone) throw gone
      return await work()
    } catch (error) {
      if (error instanceof StoreUnavailable && !(error instanceof Refused)) lose(error)
      throw error
    }
  }

  async function readRows({ sql, values }: Query): Promise<Row[]> {
    return (await reader.rows(sql, values)).map(({ data }) => JSON.parse(data as string)) // as: the column is text
  }

  /** One step that readers of the log, or the sender of deliveries, take beside them. */
  async function changing(step: Step): Promise<number> {
    return (await writing(() => transact([step]))).changes
  }

  const changes: Writing = {
    change: ({ sql, values }) => changing({ sql, width: values.length, values: values as Value[] }), // as: they bind only these
    changeEach: (sql, rows) => changing({ sql, width: rows[0]?.length ?? 0, values: rows.flat() })
  }

  const store: Store = {
    migrate() {
      migration ??= migrate().finally(() => {
        migration = undefined
      })
      return migration
    },

    async accounts() {
      return (await reader.rows('select account_sid from account order by account_sid', [])).map((row) =>
        String(row.account_sid)
      )
    },

    async lock(account_sid, signal) {
      for (;;) {
        signal?.throwIfAborted()
        try {
          const [head] = await writing(() => writer.rows(lockText, [account_sid, rowFormat]))
          const found = head as unknown as AccountHead // as: the columns of account are the fields of its head
          checkFormat(account_sid, found.format)
          blocks.forget(account_sid)
          held.add(account_sid)
          return { ...found }
        } catch (error) {
          if (error instanceof CannotOpen || closed) throw error
          if (!(error instanceof StoreUnavailable) || !canPass(error)) throw cannotTake(account_sid, error)
          await pause(retryMs, signal)
        }
      }
    },

    async peek(account_sid) {
      await renewal
      if (gone) throw gone
      const [head] = await reader.rows(peekText, [account_sid])
      return head as AccountHead | undefined // as: the columns of account are the fields of its head
    },

    async load(account_sid) {
      const loaded: LoadedRow[] = []
      let after: [string, number] = ['', 0]
      for (;;) {
        const { sql, values } = residentOf(account_sid, after, loadPiece, dialect)
        const rows = (await reader.rows(sql, values)) as { kind: string; seq: number; data: string }[] // as: selected so
        for (const { kind, data } of rows) loaded.push({ kind, row: JSON.parse(data) })
        const last = rows.at(-1)
        if (last === undefined || rows.length < loadPiece) break
        after = [last.kind, last.seq]
      }
      for (const kind of coldNames) if (coldKind(kind).resident !== undefined) await loadCold(account_sid, kind, loaded)
      return loaded.sort((a, b) => a.row.seq - b.row.seq)
    },

    async write(batch) {
      const steps = stepsOf(batch, changesOf(batch, blocks))
      if (!held.has(batch.account_sid)) throw new StoreUnavailable(`account ${batch.account_sid} must be locked first`)
      // In the order of the calls. What follows a failed write was decided on memory that is no longer true.
      const written = writing(() => transact(steps, batch.account_sid))
      underWay.add(written)
      const { missed } = await written.finally(() => underWay.delete(written))
      if (missed === -1) {
        const { decision, next_event } = batch.head
        mark.reached({ account_sid: batch.account_sid, decision, next_event })
        return
      }
      held.delete(batch.account_sid)
      throw new Fenced(`account ${batch.account_sid} was taken by another process`)
    },

    page: async (query) => readRows(pageOf(query, dialect)),
    find: async (account_sid, kind, where) => readRows(findOf(account_sid, kind, where, dialect)),

    async log(account_sid, cursor, limit) {
      const sql = 'select seq, sid, type, at, data from event where account_sid = ? and seq > ? order by seq limit ?'
      return (await reader.rows(sql, [account_sid, cursor, limit])) as unknown as StoredEvent[] // as: selected so
    },

    async journal(account_sid, after, limit) {
      const sql =
        'select decision, at, seed, data from journal where account_sid = ? and decision > ? order by decision limit ?'
      return (await reader.rows(sql, [account_sid, after, limit])) as unknown as JournalEntry[] // as: selected so
    },

    ...readingsOf(
      ({ sql, values }) => reader.rows(sql, values),
      dialect,
      ({ sql, values }) => writing(() => writer.rows(sql, values))
    ),

    ...deliveriesOf(({ sql, values }) => reader.rows(sql, values), dialect, changes),
    ...blankingsOf(({ sql, values }) => reader.rows(sql, values), dialect, changes),

    async advance({ account_sid, reader: name, from, to, deliveries = [], ...written }) {
      const cursor: Step = { sql: cursorText, width: 4, values: [to, account_sid, name, from], must: true }
      const steps = [cursor, ...writtenBy(written).map((inserts) => upsertStep(account_sid, inserts))]
      if (deliveries.length > 0) {
        const values = deliveryValues(deliveries).flatMap((row) => [account_sid, ...row])
        const sql = `${insertText(deliveryTable)} on conflict do nothing`
        steps.push({ sql, width: Object.keys(deliveryTable.columns).length, values })
      }
      if ((await writing(() => transact(steps))).missed === -1) return
      throw new Fenced(`the reader ${name} of account ${account_sid} is not at event ${from}`)
    },

    async prune(account_sid, { event, journal, rollup }, limit) {
      const steps: Step[] = []
      if (event !== undefined) {
        steps.push(pruneStep('event', 'seq', account_sid, event, limit))
        steps.push({ sql: pruneBlocksText(dialect), width: 2, values: [account_sid, account_sid] })
      }
      if (journal !== undefined) steps.push(pruneStep('journal', 'decision', account_sid, journal, limit))
      if (rollup !== undefined)
        for (const [table, end] of aging)
          steps.push({
            sql: `delete from ${table} where rowid in (select rowid from ${table} where account_sid = ? and ${end} < ? limit ?)`,
            width: 3,
            values: [account_sid, rollup, limit]
          })
      return (await writing(() => transact(steps))).changes
    },

    async compact(pages) {
      const [found] = await asking(() => writer.rows(roomText, []))
      const { mode, free, all } = found as { mode: number; free: number; all: number } // as: selected so
      if (mode !== incremental || free - Math.max(leastKept, all * shareKept) < pages) return 0
      await writing(() => writer.rows(`pragma incremental_vacuum(${pages})`, []))
      checkpoints.wrote(pages)
      return pages
    },

    async backup(target) {
      // Its own thread and connection: a long copy keeps neither reads nor writes waiting.
      const copier = sqliteThread({ path, readOnly: true })
      try {
        // Made by us, for its owner only; SQLite fills an empty file, and nothing is overwritten.
        await (await open(target, 'wx', 0o600)).close()
        await copier.rows('vacuum into ?', [target])
        await syncFile(target)
      } catch (error) {
        throw new CannotOpen(`Cannot write a backup to ${target}: ${(error as Error).message}.`, { cause: error }) // as: threads reject with errors
      } finally {
        await copier.close()
      }
    },

    async ping() {
      await asking(() => writer.rows('select count(*) from sqlite_schema', []))
    },

    healthy: () => failed === undefined && !closed,
    trouble: () => (closed ? 'the store is closed' : failed?.message),

    onLost(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async close() {
      if (!closed) await Promise.allSettled(underWay)
      closed = true
      held.clear()
      watch.close()
      await checkpoints.close()
      await reader.close()
      await writer.close()
      mark.close()
    }
  }

  async function migrate(): Promise<void> {
    await writer.script('begin immediate')
    try {
      const rows = (sql: string) => writer.rows(sql, [])
      await migrateTables({ dialect: 'sqlite', run: writer.script, rows }, path)
      await writer.script('commit')
    } catch (error) {
      await writer.script('rollback').catch(() => {}) // the first error is the one to tell
      throw error
    }
  }

  function cannotTake(account_sid: string, error: unknown): CannotOpen {
    return new CannotOpen(`Cannot take account ${account_sid} in ${path}: ${reasonOf(error)}.`, { cause: error })
  }

  async function loadCold(account_sid: string, kind: string, loaded: LoadedRow[]): Promise<void> {
    let after = -1
    for (;;) {
      const { sql, values } = residentColdOf(account_sid, kind, after, loadPiece, dialect)
      const rows = (await reader.rows(sql, values)) as { seq: number; data: string }[] // as: selected so
      for (const { data } of rows) loaded.push({ kind, row: JSON.parse(data) })
      const last = rows.at(-1)
      if (last === undefined || rows.length < loadPiece) return
      after = last.seq
    }
  }

  return store
}

const roomText = `select auto_vacuum as mode, freelist_count as free, page_count as "all"
  from pragma_auto_vacuum, pragma_freelist_count, pragma_page_count`

/** Of a file that was made before, and was not rewritten since, nothing is given back. */
const incremental = 2

/** Free pages that are kept, since a file that grows again costs more than the room: so many, and such a share of all. */
const leastKept = 256
const shareKept = 0.1

const lockText = `insert into account (account_sid, epoch, format, at, decision, next_seq, next_event)
  values (?, 1, ?, 0, 0, 1, 1)
  on conflict (account_sid) do update set epoch = account.epoch + 1
  returning account_sid, epoch, format, at, decision, next_seq, next_event`

const peekText =
  'select account_sid, epoch, format, at, decision, next_seq, next_event from account where account_sid = ?'

const cursorText = 'update cursor set seq = ? where account_sid = ? and reader = ? and seq = ?'

const headText =
  'update account set at = ?, decision = ?, next_seq = ?, next_event = ? where account_sid = ? and epoch = ?'

/**
 * A batch as the steps of one transaction, one statement a table. Each is a prepared statement run per row: measured
 * with 64 decisions (384 rows) a batch, that takes 2.2 ms, several rows a statement 2.5 ms, and json_each 4.2 ms.
 */
function stepsOf({ account_sid, epoch, head }: Batch, changes: Changes): Step[] {
  const headValues = [head.at, head.decision, head.next_seq, head.next_event, account_sid, epoch]
  const steps: Step[] = [{ sql: headText, width: headValues.length, values: headValues, must: true }]
  const add = (sql: string, rows: readonly (readonly Value[])[]) => {
    const values: Value[] = []
    for (const row of rows) values.push(account_sid, ...row)
    steps.push({ sql, width: (rows[0]?.length ?? 0) + 1, values })
  }
  for (const { table, rows } of changes.upserts) add(upsertText(table), rows)
  for (const { table, rows } of changes.deletes) add(deleteText(table), rows)
  for (const { kind, where } of changes.removals) {
    const { sql, values } = removalOf(account_sid, kind, where, dialect)
    steps.push({ sql, width: values.length, values: values as Value[] }) // as: an account and values of `where`
  }
  for (const { table, rows } of changes.inserts) add(insertText(table), rows)
  return steps
}

function upsertStep(account_sid: string, { table, rows }: Inserts): Step {
  const values = rows.flatMap((row) => [account_sid, ...row])
  return { sql: upsertText(table), width: Object.keys(table.columns).length, values }
}

const texts = new Map<string, string>()
function remembered(name: string, make: () => string): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const made = make()
  texts.set(name, made)
  return made
}

function insertText({ name, columns }: Inserts['table']): string {
  return remembered(`insert ${name}`, () => {
    const list = Object.keys(columns)
    return `insert into ${quote(name)} (${list.map(quote).join(', ')}) values (${list.map(() => '?').join(', ')})`
  })
}

function upsertText(table: Table): string {
  return remembered(`upsert ${table.name}`, () => {
    const sets = rest(table).map((column) => `${quote(column)} = excluded.${quote(column)}`)
    return `${insertText(table)} on conflict (${table.key.join(', ')}) do update set ${sets.join(', ')}`
  })
}

function deleteText({ name, key }: Table): string {
  return `delete from ${quote(name)} where ${key.map((column) => `${column} = ?`).join(' and ')}`
}

/** Instants never go back along the sequence, so the oldest rows are the first: no index on the instant is needed. */
function pruneStep(table: string, order: string, account_sid: string, before: number, limit: number): Step {
  const sql = `delete from ${table} where account_sid = ? and ${order} in (
    select ${order} from (select ${order}, at from ${table} where account_sid = ? order by ${order} limit ?) where at < ?)`
  return { sql, width: 4, values: [account_sid, account_sid, limit, before] }
}

/** VACUUM INTO does not flush what it wrote. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
