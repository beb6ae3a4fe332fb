import { nameForm } from '@ringdown/engine/core/names'
import { blockTable, textTable } from './log-blocks.ts'
import { oldBlocks, oldLog } from './old-log.ts'
import { residentCondition } from './query.ts'
import { CannotOpen } from './store.ts'
import { type ColumnType, indexName, journalTable, quote, rowTable, type Table, type Tables } from './tables.ts'

/** Version of the fixed tables below. A store with a higher one was written by a newer program. */
const schemaVersion = 4

/** Stores with a lower version were made while the tables were still changing, and cannot be upgraded. */
const firstVersion = 2

/** Format of the rows' JSON that this program writes and reads; new accounts get it. */
export const rowFormat = 1

/** What a migration needs of a store. All calls belong to one transaction. */
export interface Migrator {
  readonly dialect: 'sqlite' | 'postgres'
  run(sql: string): Promise<void>
  /** Rows of a query, each as its columns. */
  rows(sql: string): Promise<Record<string, unknown>[]>
}

/** Numbered: the first makes the tables, entry n brings a store to firstVersion + n. None changes after a release. */
const migrations: readonly ((migrator: Migrator, tables: Tables) => Promise<void>)[] = [
  async (migrator) => {
    const { run, dialect } = migrator
    const account = { epoch: 'integer', format: 'integer', at: 'integer', decision: 'integer' } as const
    await run(
      tableText(dialect, {
        name: 'account',
        columns: { account_sid: 'text', ...account, next_seq: 'integer', next_event: 'integer' },
        key: ['account_sid']
      })
    )
    for (const table of [rowTable, journalTable]) await run(tableText(dialect, table))
    await run(
      tableText(dialect, {
        name: 'cursor',
        columns: { account_sid: 'text', reader: 'text', seq: 'integer' },
        key: ['account_sid', 'reader']
      })
    )
    // Unlogged, so that a heartbeat costs no flush; it is empty after a crash, when every session is gone as well.
    if (dialect === 'postgres')
      await run(
        'create unlogged table node (backend integer primary key, backend_start timestamptz not null, beat timestamptz not null)'
      )
  },
  compareNames,
  // The log in blocks: its tables follow from their declarations, and what the old one holds is moved account by account.
  async () => {}
]

/** Columns that hold names get the form in which these are compared; which one they have is known to nobody before. */
async function compareNames(migrator: Migrator, tables: Tables): Promise<void> {
  const { run, rows, dialect } = migrator
  for (const kind of tables.coldNames) {
    const { columns } = await describe(migrator, kind)
    for (const name of tables.kind(kind).names) {
      if (!columns.includes(name)) continue
      const column = quote(name)
      // SQLite counts characters, and PostgreSQL too: where there are more bytes, one of them is not ASCII.
      const bytes = dialect === 'sqlite' ? `length(cast(${column} as blob))` : `octet_length(${column})`
      const found = await rows(
        `select account_sid, sid, ${column} as name from ${quote(kind)} where ${bytes} > length(${column})`
      )
      for (const { account_sid, sid, name: text } of found) {
        const form = nameForm(String(text))
        if (form === text) continue
        const where = `account_sid = ${literal(String(account_sid))} and sid = ${literal(String(sid))}`
        await run(`update ${quote(kind)} set ${column} = ${literal(form)} where ${where}`)
      }
    }
  }
}

/** Text in SQL, as both take it. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/**
 * Brings a store to this program's version, in the caller's transaction: first the numbered migrations, then all tables
 * that follow from a declaration (the cold kinds, the log, features' own). Resolves with whether there are events that are not
 * in blocks yet (see `moveOldLog`). Throws CannotOpen when the store is newer than the program.
 */
export async function migrateTables(migrator: Migrator, tables: Tables, where: string): Promise<boolean> {
  const { run, rows } = migrator
  await run('create table if not exists ringdown (schema_version integer not null)')
  const found = (await rows('select schema_version from ringdown'))[0]
  const version = found === undefined ? 0 : Number(found.schema_version)
  if (version > schemaVersion)
    throw new CannotOpen(
      `${where} was written by a newer Ringdown (schema ${version}; this one knows ${schemaVersion}): upgrade Ringdown.`
    )
  if (found !== undefined && version < firstVersion)
    throw new CannotOpen(
      `${where} was made by Ringdown before its first release, and its tables were others: remove it, or choose another place.`
    )
  for (const migration of migrations.slice(found === undefined ? 0 : version - firstVersion + 1))
    await migration(migrator, tables)
  if (found === undefined) await run(`insert into ringdown values (${schemaVersion})`)
  else if (version < schemaVersion) await run(`update ringdown set schema_version = ${schemaVersion}`)
  for (const kind of tables.coldNames) await reconcile(migrator, declarationOf(tables, kind))
  for (const table of [blockTable, textTable, ...tables.others])
    await reconcile(migrator, { table, indexes: indexesOf(table) })
  return hasOldLog(migrator)
}

/** What is left of the old log when all of it has been moved goes. A table of that name that is not ours stays. */
async function hasOldLog(migrator: Migrator): Promise<boolean> {
  const { run, rows } = migrator
  const { columns } = await describe(migrator, 'event')
  if (!['account_sid', 'seq', 'sid', 'type', 'at', 'data'].every((column) => columns.includes(column))) return false
  if ((await rows(`select 1 from ${oldLog} limit 1`)).length > 0) return true
  await run(`drop table ${oldLog}`)
  await run(`drop table if exists ${oldBlocks}`)
  return false
}

/** Refuses an account that a newer program wrote. */
export function checkFormat(account_sid: string, format: number): void {
  if (format > rowFormat)
    throw new CannotOpen(
      `Account ${account_sid} was written by a newer Ringdown (row format ${format}; this one knows ${rowFormat}): upgrade Ringdown.`
    )
}

/** What a table is to be. */
interface Declaration {
  readonly table: Table
  /** Text of each index, by its name. */
  readonly indexes: ReadonlyMap<string, string>
}

/**
 * Makes a table what its declaration says. A new column is filled from `data`, of which every column is but a copy (it
 * is null where a table has none), and indexes that are no longer declared go; so a changed declaration needs no
 * migration of its own.
 */
async function reconcile(migrator: Migrator, { table, indexes: declared }: Declaration): Promise<void> {
  const { run, dialect } = migrator
  const { name } = table
  const { columns: present, indexes: indexed } = await describe(migrator, name)
  if (present.length === 0) await run(tableText(dialect, table))
  else
    for (const [column, type] of Object.entries(table.columns)) {
      if (present.includes(column)) continue
      await run(`alter table ${quote(name)} add column ${quote(column)} ${typeText(dialect, type)}`)
      if (!Object.hasOwn(table.columns, 'data')) continue // a table of a feature: nobody but its owner knows what stands there
      await run(`update ${quote(name)} set ${quote(column)} = ${fieldText(dialect, column, type)}`)
    }
  for (const index of indexed) if (!declared.has(index)) await run(`drop index ${quote(index)}`)
  for (const [index, text] of declared) if (!indexed.includes(index)) await run(text)
}

/** A cold kind's table, with an index of the rows that live in memory. */
function declarationOf(tables: Tables, kind: string): Declaration {
  const { resident } = tables.kind(kind)
  const table = tables.cold(kind)
  const indexes = indexesOf(table)
  if (resident !== undefined) {
    const name = indexName(kind, ['resident', resident.values.join('_')])
    indexes.set(name, indexText(table, name, ['seq'], residentCondition(tables, kind)))
  }
  return { table, indexes }
}

/** The columns and (our) indexes that a table has now. */
async function describe({ rows, dialect }: Migrator, table: string): Promise<{ columns: string[]; indexes: string[] }> {
  const columns =
    dialect === 'sqlite'
      ? await rows(`select name from pragma_table_info('${table}')`)
      : await rows(`select attname as name from pg_attribute
          where attrelid = to_regclass('${quote(table)}') and attnum > 0 and not attisdropped`)
  const indexes =
    dialect === 'sqlite'
      ? await rows(`select name from sqlite_schema where type = 'index' and tbl_name = '${table}' and sql is not null`)
      : await rows(`select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
          where indrelid = to_regclass('${quote(table)}') and not indisprimary`)
  const names = (found: Record<string, unknown>[]) => found.map(({ name }) => String(name))
  return { columns: names(columns), indexes: names(indexes) }
}

/** Text of each of a table's indexes, by its name. */
function indexesOf(table: Table): Map<string, string> {
  const found = new Map<string, string>()
  for (const { columns, where } of table.indexes ?? []) {
    const name = indexName(table.name, columns)
    found.set(name, indexText(table, name, columns, where && `${quote(where)} is not null`))
  }
  return found
}

function indexText(table: Table, name: string, columns: readonly string[], where: string | undefined): string {
  const list = ['account_sid', ...columns].map(quote).join(', ')
  const only = where === undefined ? '' : ` where ${where}`
  return `create index ${quote(name)} on ${quote(table.name)} (${list})${only}`
}

function tableText(dialect: Migrator['dialect'], { name, columns, key, clustered, optional = [] }: Table): string {
  const lines = Object.entries(columns).map(
    ([column, type]) => `${quote(column)} ${typeText(dialect, type)}${optional.includes(column) ? '' : ' not null'}`
  )
  // STRICT: a text in an integer column is refused by SQLite as it is by PostgreSQL.
  const kind = dialect === 'sqlite' ? ` strict${clustered ? ', without rowid' : ''}` : ''
  return `create table ${quote(name)} (${lines.join(', ')}, primary key (${key.map(quote).join(', ')}))${kind}`
}

const blobs = { sqlite: 'blob', postgres: 'bytea' } as const

function typeText(dialect: Migrator['dialect'], type: ColumnType): string {
  if (type === 'deflated') return blobs[dialect]
  if (dialect === 'sqlite') return type
  return type === 'text' ? 'text collate "C"' : 'bigint'
}

/** A field of `data` as a column's value; booleans become 0 and 1. */
function fieldText(dialect: Migrator['dialect'], column: string, type: ColumnType): string {
  if (dialect === 'sqlite') return `json_extract(data, '$."${column}"')`
  const field = `data::json ->> '${column}'`
  return type === 'text'
    ? field
    : `(case ${field} when 'true' then '1' when 'false' then '0' else ${field} end)::bigint`
}
