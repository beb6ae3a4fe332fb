import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { QueryConfig } from 'pg'
import type { Changes } from './changes.ts'
import { type Aging, agingText, type Query, type Update } from './query.ts'
import type { Batch, ReaderStep, Value } from './store.ts'
import { type Cell, type ColumnType, type Inserts, quote, rest, type Table, type Tables } from './tables.ts'

/**
 * A batch as one statement: it is a transaction by itself, takes one round trip, and cannot mix with another account's
 * on the same connection. `head` must find the account at our epoch; everything else happens only if it does, and
 * `matched` says whether it did. One part a table; values come as one array a column.
 */
export async function writeOf(batch: Batch, changes: Changes, tables: Tables): Promise<QueryConfig> {
  const { account_sid, epoch, head } = batch
  const values: unknown[] = [account_sid, epoch, head.at, head.decision, head.next_seq, head.next_event]
  const bind = (value: unknown) => values.push(value)
  const parts = [
    ...changes.upserts.map((inserts) => insertPart(inserts, bind, true)),
    ...changes.deletes.map((keys) => deletePart(keys, bind)),
    ...changes.removals.map(({ kind, where }) => removalPart(tables.cold(kind), where, bind)),
    ...changes.inserts.map((inserts) => insertPart(inserts, bind, false))
  ]
  const text = `with head as (update account set at = $3, decision = $4, next_seq = $5, next_event = $6
    where account_sid = $1 and epoch = $2 returning 1)${parts.map((part, n) => `,\n  part${n} as (${part})`).join('')}
  select count(*)::int as matched from head`
  return { ...named(text), values: await Promise.all(values) }
}

/** A reader's step as one statement in the same manner: its head is the cursor, which must be where the step begins. */
export async function advanceOf({ account_sid, reader, from, to, writes = [] }: ReaderStep): Promise<Query> {
  const values: unknown[] = [account_sid, reader, from, to]
  const bind = (value: unknown) => values.push(value)
  const texts = writes
    .filter(({ rows }) => rows.length > 0)
    .map(({ keeps, ...inserts }) => {
      const text = insertPart(inserts, bind, !keeps)
      return keeps ? `${text} on conflict do nothing` : text
    })
  const parts = texts.map((text, n) => `,\n  part${n} as (${text})`)
  const sql = `with head as (update cursor set seq = $4
    where account_sid = $1 and reader = $2 and seq = $3 returning 1)${parts.join('')}
  select count(*)::int as matched from head`
  return { sql, values: await Promise.all(values) }
}

/** New values for many rows at once, joined with them as arrays; one part a table. */
export async function updateOf(account_sid: string, updates: readonly Update[]): Promise<Query> {
  const values: unknown[] = [account_sid]
  const parts = updates.map(
    (update, n) => `part${n} as (${updatePart(update, (value) => values.push(value))} returning 1)`
  )
  const all = updates.map((_, n) => `select 1 from part${n}`)
  return { sql: `with ${parts.join(',\n  ')}\n  ${all.join(' union all ')}`, values: await Promise.all(values) }
}

function updatePart({ table, set, by, where, rows }: Update, bind: (value: unknown) => number): string {
  const types = [...set, ...by].map((column) => table.columns[column] ?? 'text')
  const from = arrays(types, rows, bind)
  const sets = set.map((column, n) => `${quote(column)} = given.set${n}`)
  const conditions = [
    'stored.account_sid = $1',
    ...by.map((column, n) => `stored.${quote(column)} = given.by${n}`),
    ...(where === undefined ? [] : [`stored.${quote(where)} is not null`])
  ]
  const given = [...set.map((_, n) => `set${n}`), ...by.map((_, n) => `by${n}`)].join(', ')
  return `update ${quote(table.name)} stored set ${sets.join(', ')} from ${from} as given (${given})
    where ${conditions.join(' and ')}`
}

/** Deletes the oldest rows of a table, or what is below the oldest ones of another. */
export function forgetOf(account_sid: string, aging: Aging, before: number, limit: number): Query {
  const { from, account, aged } = agingText(aging)
  const sql = `delete from ${quote(aging.table.name)} where ctid = any(array(
    select gone.ctid from ${from} where ${account} = $1 and ${aged} < $2 order by ${aged} limit $3))`
  return { sql, values: [account_sid, before, limit] }
}

const gate = 'exists (select 1 from head)'

function insertPart({ table, rows }: Inserts, bind: (value: unknown) => number, upsert: boolean): string {
  const columns = Object.keys(table.columns).map(quote).join(', ')
  const from = arrays(Object.values(table.columns).slice(1), rows, bind)
  const text = `insert into ${quote(table.name)} (${columns}) select $1::text, given.* from ${from} as given where ${gate}`
  if (!upsert) return text
  const sets = rest(table).map((column) => `${quote(column)} = excluded.${quote(column)}`)
  return `${text} on conflict (${table.key.join(', ')}) do update set ${sets.join(', ')}`
}

function deletePart({ table, rows }: Inserts, bind: (value: unknown) => number): string {
  const key = table.key.slice(1)
  const types = key.map((column) => table.columns[column] ?? 'text')
  const from = arrays(types, rows, bind)
  const same = key.map((column) => `stored.${column} = given.${column}`).join(' and ')
  return `delete from ${quote(table.name)} stored using ${from} as given (${key.join(', ')})
    where stored.account_sid = $1 and ${same} and ${gate}`
}

function removalPart(table: Table, where: Readonly<Record<string, Value>>, bind: (value: unknown) => number): string {
  const conditions = Object.entries(where).map(([column, value]) => {
    if (!Object.hasOwn(table.columns, column)) throw new Error(`invariant: ${table.name} has no column "${column}"`)
    return value === null ? `${quote(column)} is null` : `${quote(column)} = $${bind(value)}`
  })
  return `delete from ${quote(table.name)} where account_sid = $1 and ${[...conditions, gate].join(' and ')}`
}

function arrays(
  types: readonly ColumnType[],
  rows: readonly (readonly Cell[])[],
  bind: (value: unknown) => number
): string {
  const columns = types.map((type, at) => {
    const cells = rows.map((row) => row[at] ?? null)
    const n = bind(type === 'deflated' ? Promise.all(cells.map(deflated)) : cells)
    return `$${n}::${arrayTypes[type]}[]`
  })
  return `unnest(${columns.join(', ')})`
}

const arrayTypes = { text: 'text', integer: 'bigint', deflated: 'bytea' } as const satisfies Record<ColumnType, string>

/** As little as possible (see `packed.ts`), and on a thread of Node's. */
async function deflated(cell: Cell): Promise<Buffer> {
  return deflate(Buffer.from([cell].flat().join('')), { level: 1 }) // it comes in pieces
}

const deflate = promisify<Buffer, { level: number }, Buffer>(zlib.deflate)

/** Statements that return are prepared once; their number is that of the combinations of tables a batch may touch. */
const names = new Map<string, string>()
const namesLimit = 200

function named(text: string): { text: string; name?: string } {
  const known = names.get(text)
  if (known !== undefined) return { text, name: known }
  if (names.size >= namesLimit) return { text }
  const name = `write ${createHash('sha1').update(text).digest('hex')}`
  names.set(text, name)
  return { text, name }
}
