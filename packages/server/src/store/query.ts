import type { PageQuery, Value } from './store.ts'
import { coldKind, coldTable, compared, quote } from './tables.ts'

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
  /** Follows a table's name: which index to take, where the planner's guess would be a bad one. */
  using(index: string): string
  /** What to bind for `among`. */
  list(values: readonly Value[]): unknown
}

export interface Query {
  readonly sql: string
  readonly values: unknown[]
}

/** One page of a cold kind by keyset: it begins after a row, never at an offset. */
export function pageOf(query: PageQuery, dialect: Dialect): Query {
  const values: unknown[] = [query.account_sid]
  const bind = (value: unknown) => dialect.parameter(values.push(value))
  const conditions = [`account_sid = ${dialect.parameter(1)}`]
  for (const [column, comparison, value] of query.where) {
    const name = columnOf(query.kind, column)
    if (comparison === 'in') {
      const type = coldTable(query.kind).columns[column] ?? 'text'
      values.push(dialect.list(value as readonly Value[])) // as: `in` compares with a list
      conditions.push(dialect.among(name, type, values.length))
    } else if (value === null && comparison === '=') conditions.push(`${name} is null`)
    else conditions.push(`${name} ${comparison} ${bind(compared(query.kind, column, value as Value))}`) // as: no other comparison is with a list
  }
  const order = query.order.map((column) => columnOf(query.kind, column))
  if (query.after !== undefined) {
    const from = query.after.map(bind).join(', ')
    conditions.push(`(${order.join(', ')}) ${query.descending ? '<' : '>'} (${from})`)
  }
  const sorted = order.map((column) => (query.descending ? `${column} desc` : column)).join(', ')
  const limit = bind(query.limit)
  const sql = `select data from ${quote(query.kind)} where ${conditions.join(' and ')} order by ${sorted} limit ${limit}`
  return { sql, values }
}

/** Rows of a cold kind by the values of its columns, in seq order. */
export function findOf(
  account_sid: string,
  kind: string,
  where: Readonly<Record<string, Value>>,
  dialect: Dialect
): Query {
  const { sql, values } = matching(account_sid, kind, where, dialect)
  return { sql: `select data from ${quote(kind)} where ${sql} order by seq`, values }
}

/** Deletes the rows of a cold kind by the values of its columns. */
export function removalOf(
  account_sid: string,
  kind: string,
  where: Readonly<Record<string, Value>>,
  dialect: Dialect
): Query {
  const { sql, values } = matching(account_sid, kind, where, dialect)
  return { sql: `delete from ${quote(kind)} where ${sql}`, values }
}

function matching(account_sid: string, kind: string, where: Readonly<Record<string, Value>>, dialect: Dialect): Query {
  const values: unknown[] = [account_sid]
  const conditions = [`account_sid = ${dialect.parameter(1)}`]
  for (const [column, value] of Object.entries(where)) {
    const name = columnOf(kind, column)
    conditions.push(
      value === null ? `${name} is null` : `${name} = ${dialect.parameter(values.push(compared(kind, column, value)))}`
    )
  }
  return { sql: conditions.join(' and '), values }
}

/** The next piece of an account's resident rows, after [kind, seq]. */
export function residentOf(
  account_sid: string,
  after: readonly [string, number],
  limit: number,
  dialect: Dialect
): Query {
  const [a, b, c, d] = [1, 2, 3, 4].map(dialect.parameter)
  return {
    sql: `select kind, seq, data from "row" where account_sid = ${a} and (kind, seq) > (${b}, ${c})
      order by kind, seq limit ${d}`,
    values: [account_sid, ...after, limit]
  }
}

/** The next piece of those rows of a cold kind that live in memory, after a seq. The condition is that of its index. */
export function residentColdOf(
  account_sid: string,
  kind: string,
  after: number,
  limit: number,
  dialect: Dialect
): Query {
  const [a, b, c] = [1, 2, 3].map(dialect.parameter)
  return {
    sql: `select seq, data from ${quote(kind)} where account_sid = ${a} and ${residentCondition(kind)} and seq > ${b}
      order by seq limit ${c}`,
    values: [account_sid, after, limit]
  }
}

/** "This row lives in memory", in literals, so that both planners see that the partial index answers it. */
export function residentCondition(kind: string): string {
  const { resident } = coldKind(kind)
  if (resident === undefined) return 'false'
  return `${columnOf(kind, resident.column)} in (${resident.values.map((value) => `'${value}'`).join(', ')})`
}

function columnOf(kind: string, column: string): string {
  if (!Object.hasOwn(coldTable(kind).columns, column)) throw new Error(`invariant: ${kind} has no column "${column}"`)
  return quote(column)
}
