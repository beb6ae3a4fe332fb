import { existsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type Packed, unpacked } from './packed.ts'
import { type Database, errorCode, openDatabase, type Statement } from './sqlite-driver.ts'
import { isContentCode } from './sqlite-errors.ts'
import { type AnswerRows, rowsOf } from './sqlite-rows.ts'
import type { Opening, ThreadAnswer, ThreadCall, Work } from './sqlite-thread.ts'
import { KnownStatements, type KnownStep } from './statement-numbers.ts'
import { messageOf } from './thrown.ts'

/**
 * The thread that holds one connection to a SQLite file. It knows SQL and transactions and nothing of accounts: the
 * calling side (`sqlite.ts`) says what to run. It binds only string, number, null and what it has deflated, and prepares each
 * statement once.
 */
/** An event fills a third of SQLite's usual page of 4 KiB: twice that is written in a third less time, four times that in more. */
const pageBytes = 8192
/**
 * Room for pages. A writer's are those that are changed over and over (workers, and the ends of the tables): it has room
 * for them once it has written so often, and until then no more than what it reads at a start would fill.
 */
const cacheKilobytes = { writer: 1_000, often: 16_000, reader: 4_000 }
const often = 500
/** More statements than any program of ours has; a list with filters of its own must not grow memory for ever. */
const preparedLimit = 500

const { path, readOnly }: Opening = workerData // sqlite-thread.ts starts this file and nobody else
const port = parentPort
if (port === null) throw new Error('invariant: sqlite-worker.ts runs in a worker thread')

/** Transactions so far. */
let written = 0
let database: Database | undefined
let wasOpen = false
let prepared = new Map<string, Statement>()
/** The reader's second connection, on which the log is moved into the file. */
let mover: Database | undefined
/** How many failures were known to the sender of the last transaction that failed: of a lane, and of all for the disk's sake. */
const failedLanes = new Map<string, number>()
let failedAll = -1

async function open(): Promise<Database> {
  if (database !== undefined) return database
  if (wasOpen) checkThere()
  const fresh = await openDatabase(path, { readOnly })
  try {
    fresh.exec('pragma busy_timeout = 5000')
    fresh.exec(`pragma cache_size = -${cacheKilobytes[readOnly ? 'reader' : written >= often ? 'often' : 'writer']}`)
    if (!readOnly) beginWriting(fresh)
  } catch (error) {
    fresh.close()
    throw error
  }
  database = fresh
  wasOpen = true
  return fresh
}

/**
 * What is deleted is overwritten: the text of what was removed is not to be found in the free room of the file. SQLite
 * moves no log by itself, behind whatever writes: after a kill, an opening would wait for that.
 */
function beginWriting(db: Database): void {
  db.exec('pragma wal_autocheckpoint = 0; pragma secure_delete = on')
  const [file] = db.prepare('pragma page_count').all()
  // The size of a page, and that free pages may be given back, is settled with a new file, before the log comes.
  if (file?.page_count === 0) db.exec(`pragma page_size = ${pageBytes}; pragma auto_vacuum = incremental`)
  db.exec('pragma journal_mode = wal; pragma synchronous = full')
}

/** SQLite would make a new file, which is not the one that was lost. The number is its own, for what cannot be opened. */
function checkThere(): void {
  if (!existsSync(path)) throw Object.assign(new Error(`${path} is gone`), { errcode: 14 })
}

function prepare(db: Database, sql: string): Statement {
  const known = prepared.get(sql)
  if (known !== undefined) return known
  if (prepared.size >= preparedLimit) prepared = new Map()
  const statement = db.prepare(sql)
  prepared.set(sql, statement)
  return statement
}

const statements = new KnownStatements()

let isFlushed = true

/**
 * Whether what follows is on the disk before it is answered. What readers of the log write is not: after a loss of power
 * the log is still there, and they read it again. The next batch of decisions flushes theirs with its own.
 */
function flush(db: Database, wanted: boolean): void {
  if (wanted === isFlushed) return
  db.exec(`pragma synchronous = ${wanted ? 'full' : 'normal'}`)
  isFlushed = wanted
}

/** Runs all steps or none. Resolves with the index of the step that changed no row though it had to, or with -1. */
function transaction(db: Database, steps: readonly KnownStep[], packed: Packed): { missed: number; changes: number } {
  const values = unpacked(packed)
  if (++written % often === 0) db.exec(`pragma cache_size = -${cacheKilobytes.often}`)
  let changes = 0
  let at = 0
  db.exec('begin immediate')
  try {
    for (const [index, { sql, count, width, must }] of steps.entries()) {
      const statement = prepare(db, sql)
      let changed = 0
      for (const end = at + count; at < end; at += width)
        changed += Number(statement.run(...values.slice(at, at + width)).changes)
      if (must === true && changed === 0) {
        db.exec('rollback')
        return { missed: index, changes: 0 }
      }
      changes += changed
    }
    db.exec('commit')
  } catch (error) {
    abandon(db)
    throw error
  }
  return { missed: -1, changes }
}

/** After most errors the transaction is still open; after some SQLite has ended it already. */
function abandon(db: Database): void {
  try {
    db.exec('rollback')
  } catch {
    // There was nothing left to roll back.
  }
}

/** Moves what it can of the write-ahead log into the file, while others go on writing; answers the log's pages. */
async function checkpoint(): Promise<AnswerRows> {
  if (!readOnly) return rowsOf((await open()).prepare(checkpointText).all())
  if (mover === undefined) {
    checkThere()
    mover = await openDatabase(path, { readOnly: false })
  }
  try {
    return rowsOf(mover.prepare(checkpointText).all())
  } catch (error) {
    dropMover()
    throw error
  }
}

const checkpointText = 'pragma wal_checkpoint(passive)'

function dropMover(): void {
  const old = mover
  mover = undefined
  if (old !== undefined) quietly(() => old.close())
}

/** For what costs nothing but room when it fails. */
function quietly(step: () => void): void {
  try {
    step()
  } catch {
    // A disk that is really broken is reported by the next write.
  }
}

/** Lets go of a connection that failed; the next call opens a new one, so that recovery needs no restart. */
function drop(): void {
  const old = database
  database = undefined
  isFlushed = true
  prepared = new Map()
  if (old !== undefined) quietly(() => old.close())
}

async function answer(work: Work): Promise<Omit<ThreadAnswer, 'id'>> {
  if (work.do === 'close') {
    // A connection that is closed lives on until its statements are collected, so nobody is the last one, who would do it.
    if (database !== undefined && !readOnly) quietly(() => database?.exec('pragma wal_checkpoint(truncate)'))
    dropMover()
    drop()
    return {}
  }
  if (work.do === 'checkpoint') return { rows: await checkpoint() }
  const steps = work.do === 'transaction' ? statements.of(work.steps) : []
  const db = await open()
  if (!readOnly) flush(db, work.do !== 'transaction' || work.lane !== undefined)
  if (work.do === 'rows') return { rows: rowsOf(prepare(db, work.sql).all(...work.values)) }
  if (work.do === 'script') {
    db.exec(work.sql)
    return {}
  }
  const { lane, failures } = work
  if (lane !== undefined && failures <= Math.max(failedAll, failedLanes.get(lane) ?? -1)) return { refused: true }
  try {
    const done = transaction(db, steps, work.values)
    if (done.missed !== -1 && lane !== undefined) failedLanes.set(lane, failures)
    return done
  } catch (error) {
    if (!isContentCode(errorCode(error))) failedAll = failures
    else if (lane !== undefined) failedLanes.set(lane, failures)
    throw error
  }
}

/** One call at a time, in the order they came: opening is the only step that awaits. */
let last: Promise<void> = Promise.resolve()
port.on('message', ({ id, work }: ThreadCall) => {
  last = last.then(async () => {
    try {
      const done = await answer(work)
      port.postMessage({ id, ...done } satisfies ThreadAnswer)
    } catch (error) {
      if (!isContentCode(errorCode(error)) && work.do !== 'checkpoint') drop()
      port.postMessage({ id, failed: { message: messageOf(error), code: errorCode(error) } } satisfies ThreadAnswer)
    }
    if (work.do === 'close') port.close()
  })
})
