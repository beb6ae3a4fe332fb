import { existsSync, statSync } from 'node:fs'
import { markOf, type Reached, readMark } from './mark.ts'
import { reasonOf, SqliteFailed } from './sqlite-errors.ts'
import { readOnce, type SqliteThread } from './sqlite-thread.ts'
import { CannotOpen } from './store.ts'
import { rowTable } from './tables.ts'

/** Larger files are not read through at every start: SQLite looks at 1 to 2 GB a second of a file that is in memory. */
const maxBytes = 2 ** 28
/** What is looked at of larger ones: the tables of which memory holds all, however much lies behind them. */
const alwaysLooked = ['account', 'cursor', rowTable.name]

const goOn =
  'Bring the missing files or a backup back, or start once with --accept-data-loss to go on with what is there.'

/**
 * How far the accounts of a file had come, as the mark beside it says; nothing where it is not to matter. Throws
 * CannotOpen when there is a mark and no file: SQLite would make a new one without a word.
 */
export function expectedOf(path: string, acceptDataLoss: boolean): Iterable<Reached> {
  if (acceptDataLoss) return []
  const expected = readMark(path, goOn)
  if (expected === undefined) return []
  if (expected.size > 0 && !existsSync(path))
    throw new CannotOpen(`${path} is missing, though ${[...expected.values()].map(said).join(', and ')}. ${goOn}`)
  return expected.values()
}

/**
 * Looks whether a file that was just opened is whole, and answers how far its accounts have come. Throws CannotOpen, in one
 * line, when its pages do not fit together or an account has not come as far as expected.
 */
export async function checkIntact(
  thread: SqliteThread,
  { path, expected, acceptDataLoss }: { path: string; expected: Iterable<Reached>; acceptDataLoss: boolean }
): Promise<Reached[]> {
  const logIsThere = existsSync(`${path}-wal`)
  try {
    await thread.rows('select count(*) from sqlite_schema', [])
  } catch (error) {
    const hint = isHopeless(error)
      ? ` Bring a backup back, or move it and ${markOf(path)} away to begin with nothing.`
      : ''
    throw new CannotOpen(`Cannot open ${path}: ${reasonOf(error)}.${hint}`, { cause: error })
  }
  if (!acceptDataLoss) await checkPages(thread, path)
  const held = await reachedIn(thread, path)
  for (const wanted of expected) {
    const found = held.find(({ account_sid }) => account_sid === wanted.account_sid)
    if (found && found.decision >= wanted.decision && found.next_event >= wanted.next_event) continue
    const there = found
      ? `it holds decisions up to ${found.decision} and events up to ${found.next_event - 1}`
      : 'it knows nothing of it'
    const log = logIsThere ? '' : `; there is no write-ahead log (${path}-wal)`
    throw new CannotOpen(`${path} is not whole: ${said(wanted)}, and ${there}${log}. ${goOn}`)
  }
  return held
}

/** CORRUPT and NOTADB: not even the names of the tables can be read. */
function isHopeless(error: unknown): boolean {
  return error instanceof SqliteFailed && [11, 26].includes(error.code & 0xff)
}

function said({ account_sid, decision, next_event }: Reached): string {
  return `account ${account_sid} had come to decision ${decision} and event ${next_event - 1}`
}

async function checkPages(thread: SqliteThread, path: string): Promise<void> {
  const found = await readOnce(thread, () => foundIn(thread, path)).catch(reasonOf)
  if (found !== 'ok') throw new CannotOpen(`${path} is damaged: ${found.replace(/\s*\n\s*/g, ' ')}. ${goOn}`)
}

/** What is wrong with a file's pages, or `ok`. */
async function foundIn(thread: SqliteThread, path: string): Promise<string> {
  const check = (what: string) => thread.rows<{ readonly quick_check: string }>(`pragma quick_check(${what})`, [])
  if (statSync(path).size <= maxBytes) return wrongIn(await check('1'))
  for (const table of alwaysLooked) {
    const found = (await hasTable(thread, table)) ? wrongIn(await check(table)) : 'ok'
    if (found !== 'ok') return found
  }
  return 'ok'
}

function wrongIn([first]: readonly { readonly quick_check: string }[]): string {
  return first?.quick_check ?? 'ok'
}

async function hasTable(thread: SqliteThread, name: string): Promise<boolean> {
  const tables = await thread.rows("select 1 from sqlite_schema where type = 'table' and name = ?", [name])
  return tables.length > 0
}

async function reachedIn(thread: SqliteThread, path: string): Promise<Reached[]> {
  try {
    if (!(await hasTable(thread, 'account'))) return []
    return await thread.rows<Reached>('select account_sid, decision, next_event from account', [])
  } catch (error) {
    throw new CannotOpen(`Cannot read ${path}: ${reasonOf(error)}. ${goOn}`, { cause: error })
  }
}
