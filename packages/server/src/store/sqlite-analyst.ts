import { constants, getPriority, setPriority } from 'node:os'
import type { AnalystAnswer, AnalystCall, AnalystOpening } from './analyst-process.ts'
import { inTimeName, tooLong } from './in-time.ts'
import { Pace, writesTo } from './pace.ts'
import { takeSpareTime } from './spare-time.ts'
import { type Database, errorCode, openDatabase, type Statement } from './sqlite-driver.ts'
import { isContentCode } from './sqlite-errors.ts'
import { rowsOf } from './sqlite-rows.ts'
import { messageOf } from './thrown.ts'

/*
 * The process that answers questions about a SQLite file that may take long, for another process (`analyst-process.ts`): one
 * question after the other, and each no longer than it may take.
 */

const cacheKilobytes = 2000
/** What is sorted at once before it goes to a file: 250 pages at least. */
const sortingKilobytes = 512
const sortingPageBytes = 2048
/** Each is prepared once, but a question with filters of its own must not grow memory for ever. */
const maxPrepared = 20

const { path, share }: AnalystOpening = JSON.parse(process.argv[2] ?? '') // what analyst-process.ts says
const asker = process.ppid
process.title = 'ringdown: questions'
// Whoever asks says when it ends: a terminal or a supervisor tells all processes at once, and it has questions to answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
giveWay()

let database: Database | undefined
let prepared = new Map<string, Statement>()
/** Until when the question that is being answered may take, as the clock of the machine counts. */
let until = 0
let asked = 0
const pace = new Pace(writesTo(path))

async function open(): Promise<Database> {
  if (database !== undefined) return database
  const fresh = await openDatabase(':memory:', { readOnly: true })
  try {
    attach(fresh)
  } catch (error) {
    fresh.close()
    throw error
  }
  database = fresh
  return fresh
}

/**
 * The file beside an empty database. SQLite sorts in blocks of 250 pages of the first one at least: of the file's, that
 * would be 2 MB.
 */
function attach(db: Database): void {
  db.exec(
    `pragma page_size = ${sortingPageBytes}; pragma cache_size = -${sortingKilobytes}; pragma busy_timeout = 5000`
  )
  db.prepare('attach database ? as file').run(path)
  db.exec(`pragma file.cache_size = -${cacheKilobytes}`)
  db.function(inTimeName, inTime)
}

/** Lets go of a connection that failed; the next question opens a new one. */
function drop(): void {
  const old = database
  database = undefined
  prepared = new Map()
  try {
    old?.close()
  } catch {
    // A disk that is really broken is reported by the next question.
  }
}

/** Questions come behind calls and messages. */
function giveWay(): void {
  const { PRIORITY_LOW, PRIORITY_BELOW_NORMAL } = constants.priority
  try {
    setPriority(share === 'low' ? Math.max(getPriority(), PRIORITY_BELOW_NORMAL) : PRIORITY_LOW)
  } catch {
    // A system that lets nobody do it.
  }
}

/** What a long statement calls now and then: it is how it can be ended, and how it gives way. */
function inTime(): number {
  pace.keep()
  if (Date.now() <= until && process.ppid === asker) return 1
  throw new Error(tooLong)
}

function prepare(db: Database, sql: string): Statement {
  const known = prepared.get(sql)
  if (known !== undefined) return known
  if (prepared.size >= maxPrepared) prepared = new Map()
  const statement = db.prepare(sql)
  prepared.set(sql, statement)
  return statement
}

async function answered({ id, sql, values, until: latest }: AnalystCall): Promise<AnalystAnswer> {
  try {
    const db = await open()
    until = latest
    pace.begin()
    inTime()
    return { id, rows: rowsOf(prepare(db, sql).all(...values)) }
  } catch (error) {
    const message = messageOf(error)
    if (!isContentCode(errorCode(error)) && !message.includes(tooLong)) drop()
    return { id, failed: { message, code: errorCode(error) } }
  }
}

/** One question at a time, in the order they came: opening is the only step that awaits. */
let last: Promise<unknown> = Promise.resolve()
process.on('message', (call: AnalystCall) => {
  if (++asked === 2 && share === 'spare') takeSpareTime()
  last = last.then(async () => {
    // Whoever asked may have ended meanwhile.
    process.send?.(await answered(call), undefined, undefined, () => {})
    pace.end()
  })
})
process.on('disconnect', () => process.exit())
