import type { PageQuery, Value } from './store.ts'
import { type Cell, quote, type Table, type Tables } from './tables.ts'

/** What differs between the two in the text of a query. */
export interface Dialect {
  /** The n-th parameter, counted from 1. */
  parameter(n: number): string
  /** A condition that is true when the column holds one of the values in the n-th parameter. */
  among(column: string, type: 'text' | 'integer', n: number): string
  /** A condition that is true when the text of the column holds the text in the n-th parameter. */
  contains(column: string, n: number): string
  /** Names of the functions that answer the smaller and the greater of two numbers. */
  readonly least: string
  readonly greatest: string
  /** A condition that is always true, asked of rows by a number of theirs: it is how `analyze` keeps its time. */
  inTime(column: string): string
  readonly json: JsonDialect
  /** Follows a table's name: which index to take, where the planner's guess would be a bad one. */
  using(index: string): string
  /** What to bind for `among`. */
  list(values: readonly Value[]): unknown
}

/** How JSON text is looked into. `text` is an expression of SQL; what is bound for a path is `path`. */
interface JsonDialect {
  /** A table with a row for each element of a list, whose value the functions below take by the table's alias. */
  elements(text: string, alias: string): string
  /** A member, by its place, of an element that is a list itself. */
  integer(alias: string, place: number): string
  text(alias: string, place: number): string
  /** An element that is a text. */
  scalar(alias: string): string
  /**
   * The JSON text of what stands at a path of an object, one for one text or number however it is written; null where nothing
   * does, or null.
   */
  at(text: string, path: string): string
  path(keys: readonly string[]): unknown
  /** A JSON text as a number; null where it is none. */
  number(text: string): string
}

export interface Query {
  readonly sql: string
  readonly values: unknown[]
}

/** How features read: their own tables, and the log through `EventLog`. */
export interface Reading {
  /** How the text of a query is written for this store. */
  readonly dialect: Dialect
  /** The rows of a query, as of its moment; deflated columns come as text. `R` is what it selects. Throws StoreUnavailable. */
  query<R extends object = Record<string, unknown>>(query: Query): Promise<R[]>
}

/** How features write to what is theirs. Each call is one transaction; errors are those of `Store.write`, but for Fenced. */
export interface Writing {
  /** Runs one text that updates or deletes; resolves with how many rows were changed. */
  change(query: Query): Promise<number>
  /** Gives many rows new values, in one transaction; resolves with how many there were. */
  update(account_sid: string, ...updates: readonly Update[]): Promise<number>
  /** Deletes rows in which an instant is before another one, the oldest first, at most `limit`; resolves with how many went. */
  forget(account_sid: string, aging: Aging, before: number, limit: number): Promise<number>
}

/** New values for rows that are found by the values of other columns. */
export interface Update {
  readonly table: Table
  readonly set: readonly string[]
  readonly by: readonly string[]
  /** A column that must not be null in a row, or the row stays as it is. */
  readonly where?: string
  /** For each row the values of `set`, then those of `by`. */
  readonly rows: readonly (readonly Cell[])[]
}

/**
 * A table, and its column that says how old a row is; an index should begin with it. With `parent`, the column is the
 * parent's, and `by` names the parent in a row.
 */
export interface Aging {
  readonly table: Table
  readonly column: string
  readonly parent?: { readonly table: Table; readonly by: string }
}

/** Where the rows are that are old, as `gone`: what SQL selects from, and the columns that say whose they are and how old. */
export function agingText({ table, column, parent }: Aging): {
  readonly from: string
  readonly account: string
  readonly aged: string
} {
  const own = `${quote(table.name)} gone`
  if (!parent) return { from: own, account: 'gone.account_sid', aged: `gone.${quote(column)}` }
  const from = `${quote(parent.table.name)} old
    join ${own} on gone.account_sid = old.account_sid and gone.${quote(parent.by)} = old.sid`
  return { from, account: 'old.account_sid', aged: `old.${quote(column)}` }
}

/** The values of a query that is being written; they must be bound in the order of its text. */
export interface Binding {
  readonly values: unknown[]
  /** Binds a value, and answers its parameter. */
  bind(value: unknown): string
  /** A condition: the column holds one of these. */
  among(column: string, type: 'text' | 'integer', list: readonly Value[]): string
  /** A condition: the column's text holds this one. */
  contains(column: string, text: string): string
}

export function binding(dialect: Dialect): Binding {
  const values: unknown[] = []
  return {
    values,
    bind: (value) => dialect.parameter(values.push(value)),
    among: (column, type, list) => dialect.among(column, type, values.push(dialect.list(list))),
    contains: (column, text) => dialect.contains(column, values.push(text))
  }
}

/** A row as its table has it. */
export interface StoredRow {
  readonly kind: string
  readonly seq: number
  /** The row as JSON text. */
  readonly data: string
}

/** What a store reads of its own tables, as text. */
export class RowQueries {
  readonly #dialect: Dialect
  readonly #tables: Tables

  constructor(dialect: Dialect, tables: Tables) {
    this.#dialect = dialect
    this.#tables = tables
  }

  /** One page of a cold kind by keyset: it begins after a row, never at an offset. */
  page({ account_sid, kind, where, order, descending, after, limit }: PageQuery): Query {
    const { values, bind, among } = binding(this.#dialect)
    const conditions = [`account_sid = ${bind(account_sid)}`]
    for (const [column, comparison, value] of where) {
      const name = columnOf(this.#tables, kind, column)
      if (typeof value === 'object' && value !== null) {
        const type = this.#tables.cold(kind).columns[column] === 'integer' ? 'integer' : 'text'
        conditions.push(among(name, type, value)) // `in`
      } else if (value === null && comparison === '=') conditions.push(`${name} is null`)
      else {
        const compared = this.#tables.compared(kind, column, value)
        conditions.push(`${name} ${comparison} ${bind(compared)}`)
      }
    }
    const columns = order.map((column) => columnOf(this.#tables, kind, column))
    if (after !== undefined)
      conditions.push(`(${columns.join(', ')}) ${descending ? '<' : '>'} (${after.map(bind).join(', ')})`)
    const sorted = columns.map((column) => (descending ? `${column} desc` : column)).join(', ')
    const sql = `select data from ${quote(kind)} where ${conditions.join(' and ')} order by ${sorted} limit ${bind(limit)}`
    return { sql, values }
  }

  /** Rows of a cold kind by the values of its columns, in seq order. */
  find(account_sid: string, kind: string, where: Readonly<Record<string, Value>>): Query {
    const { sql, values } = this.#matching(account_sid, kind, where)
    return { sql: `select data from ${quote(kind)} where ${sql} order by seq`, values }
  }

  /** Deletes the rows of a cold kind by the values of its columns. */
  removal(account_sid: string, kind: string, where: Readonly<Record<string, Value>>): Query {
    const { sql, values } = this.#matching(account_sid, kind, where)
    return { sql: `delete from ${quote(kind)} where ${sql}`, values }
  }

  /** The next piece of an account's resident rows, after [kind, seq]. */
  resident(account_sid: string, after: readonly [string, number], limit: number): Query {
    const [a, b, c, d] = [1, 2, 3, 4].map(this.#dialect.parameter)
    return {
      sql: `select kind, seq, data from "row" where account_sid = ${a} and (kind, seq) > (${b}, ${c})
      order by kind, seq limit ${d}`,
      values: [account_sid, ...after, limit]
    }
  }

  /** The next piece of those rows of a cold kind that live in memory, after a seq. The condition is that of its index. */
  residentCold(account_sid: string, kind: string, after: number, limit: number): Query {
    const [a, b, c] = [1, 2, 3].map(this.#dialect.parameter)
    return {
      sql: `select seq, data from ${quote(kind)} where account_sid = ${a} and ${residentCondition(this.#tables, kind)} and seq > ${b}
      order by seq limit ${c}`,
      values: [account_sid, after, limit]
    }
  }

  #matching(account_sid: string, kind: string, where: Readonly<Record<string, Value>>): Query {
    const { values, bind } = binding(this.#dialect)
    const conditions = [`account_sid = ${bind(account_sid)}`]
    for (const [column, value] of Object.entries(where)) {
      const name = columnOf(this.#tables, kind, column)
      conditions.push(
        value === null ? `${name} is null` : `${name} = ${bind(this.#tables.compared(kind, column, value))}`
      )
    }
    return { sql: conditions.join(' and '), values }
  }
}

/** "This row lives in memory", in literals, so that both planners see that the partial index answers it. */
export function residentCondition(tables: Tables, kind: string): string {
  const { resident } = tables.kind(kind)
  if (resident === undefined) return 'false'
  return `${columnOf(tables, kind, resident.column)} in (${resident.values.map((value) => `'${value}'`).join(', ')})`
}

function columnOf(tables: Tables, kind: string, column: string): string {
  if (!Object.hasOwn(tables.cold(kind).columns, column)) throw new Error(`invariant: ${kind} has no column "${column}"`)
  return quote(column)
}

/**
 * Seq of the last event that a reader of the log has dealt with. A new reader's cursor is made, by `insert`, where it is
 * said to begin.
 */
export async function cursorOf(
  store: Reading,
  insert: (query: Query) => Promise<unknown>,
  account_sid: string,
  { reader, begins_at }: { readonly reader: string; readonly begins_at: number }
): Promise<number> {
  const { values, bind } = binding(store.dialect)
  const sql = `select seq from cursor where account_sid = ${bind(account_sid)} and reader = ${bind(reader)}`
  const [found] = await store.query({ sql, values })
  if (found) return Number(found.seq)
  const fresh = binding(store.dialect)
  await insert({
    sql: `insert into cursor (account_sid, reader, seq) values (${fresh.bind(account_sid)}, ${fresh.bind(reader)}, ${fresh.bind(begins_at)})
      on conflict (account_sid, reader) do nothing`,
    values: fresh.values
  })
  return begins_at
}
