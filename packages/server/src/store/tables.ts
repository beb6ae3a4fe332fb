import { generated } from '@ringdown/engine/core/generated'
import type { ColdKind } from '@ringdown/engine/core/kind'
import { nameForm } from '@ringdown/engine/core/names'
import { fieldOf } from '@ringdown/engine/core/row'
import type { Value } from './store.ts'

/**
 * What a column holds. `deflated` is text that is kept deflated: it is given in pieces (see `Cell`), is read as text, and
 * cannot be searched. Neither is done by the main thread.
 */
export type ColumnType = 'text' | 'integer' | 'deflated'

/** A table, as both stores see it. How it is written in SQL is each dialect's affair. */
export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly key: readonly string[]
  /** Columns that may be null. */
  readonly optional?: readonly string[]
  /** SQLite keeps its rows in the order of the key, for tables that are read from one instant to another. */
  readonly clustered?: true
  /** Beside the key; account_sid is put in front of each. `where` names a column that rows of the index have. */
  readonly indexes?: readonly { readonly columns: readonly string[]; readonly where?: string }[]
}

/** What a store is told about those who use it: it knows none of their names itself. */
export interface Schema {
  /** Kinds of rows that have a table of their own; all others share the table `row`. */
  readonly kinds: ReadonlyMap<string, ColdKind>
  readonly log: LogSubjects
  /** Tables that features read and write by `query`, `change`, `update`, `forget` and the steps of readers. */
  readonly tables: readonly Table[]
}

/** By what events are found in the log. */
export interface LogSubjects {
  /** SIDs in an event's data by which it is found; whatever is no text is none. */
  subjectsOf(data: Readonly<Record<string, unknown>>): readonly unknown[]
  /** The data in an event's text. */
  dataOf(text: string): Readonly<Record<string, unknown>>
}

/**
 * The key ends in `seq` and not in the SID: what was created together is changed together, and then stands on the same
 * pages. With SIDs, which are random, nearly each row of a batch is on a page of its own (measured: 1.8 times the time).
 */
export const rowTable: Table = {
  name: 'row',
  columns: { account_sid: 'text', kind: 'text', seq: 'integer', sid: 'text', version: 'integer', data: 'text' },
  key: ['account_sid', 'kind', 'seq']
}

export const journalTable: Table = {
  name: 'journal',
  columns: { account_sid: 'text', decision: 'integer', at: 'integer', seed: 'text', data: 'text' },
  key: ['account_sid', 'decision']
}

/** The table in SQL of a cold kind. */
export function coldTable(name: string, { columns, indexes }: ColdKind): Table {
  return {
    name,
    columns: { account_sid: 'text', sid: 'text', version: 'integer', ...columns, data: 'text' },
    key: ['account_sid', 'sid'],
    optional: Object.keys(columns),
    indexes: indexes.map((listed) => ({ columns: listed }))
  }
}

/** The tables of one store: its own, as its schema makes them, and those of features. */
export class Tables {
  readonly log: LogSubjects
  /** Tables of features. */
  readonly others: readonly Table[]
  /** The cold kinds in the order of their declaration. */
  readonly coldNames: readonly string[]
  readonly #kinds: ReadonlyMap<string, ColdKind>
  readonly #cold: ReadonlyMap<string, Table>

  constructor({ kinds, log, tables }: Schema) {
    this.log = log
    this.others = tables
    this.coldNames = [...kinds.keys()]
    this.#kinds = kinds
    this.#cold = new Map([...kinds].map(([name, kind]) => [name, coldTable(name, kind)]))
  }

  /** The table of a cold kind; undefined for all others. */
  coldOf(kind: string): Table | undefined {
    return this.#cold.get(kind)
  }

  /** The same where only a cold kind makes sense: asking for another one is our mistake. */
  cold(kind: string): Table {
    const found = this.#cold.get(kind)
    if (found === undefined) throw new Error(`invariant: "${kind}" is not a cold kind`)
    return found
  }

  /** The table of a row of that kind: a living one is among those of resident kinds where others are put away. */
  homeOf(kind: string, row: object): Table {
    const cold = this.coldOf(kind)
    if (cold === undefined) return rowTable
    const { until } = this.kind(kind)
    const isLiving = until !== undefined && (fieldOf(row, until) ?? null) === null
    return isLiving ? rowTable : cold
  }

  /** Whether rows of that kind may be in the table of resident kinds. */
  livesInRows(kind: string): boolean {
    return this.coldOf(kind) === undefined || this.kind(kind).until !== undefined
  }

  /** The declaration of a cold kind; asking for another one is our mistake. */
  kind(kind: string): ColdKind {
    const found = this.#kinds.get(kind)
    if (found === undefined) throw new Error(`invariant: "${kind}" is not a cold kind`)
    return found
  }

  /** A value as its column holds it: names are compared in one form, however they were sent. */
  compared(kind: string, column: string, value: Value): Value {
    const isName = typeof value === 'string' && this.kind(kind).names.includes(column)
    return isName ? nameForm(value) : value
  }
}

/** Index names say what they hold, so that a changed declaration is a new name. PostgreSQL's names end at 63 bytes. */
export function indexName(table: string, columns: readonly string[]): string {
  return [table, ...columns].join('__').slice(0, 63)
}

/** A name as SQL takes it: `index` is a word of SQL, too. Names come from declarations, never from requests. */
export function quote(name: string): string {
  return `"${name}"`
}

/** The columns of a table that are not its key. */
export function rest(table: Table): string[] {
  return Object.keys(table.columns).filter((column) => !table.key.includes(column))
}

/** A value as it is written: that of a deflated column comes in pieces, so that nobody makes one long text of them. */
export type Cell = Value | readonly string[]

/** Rows for one table; each is an array of values in the order of the table's columns, without `account_sid`. */
export interface Inserts {
  readonly table: Table
  readonly rows: Cell[][]
}

/** Objects as rows of a table: their fields are named as its columns, and what is missing is null. */
export function insertsOf(table: Table, rows: readonly object[]): Inserts {
  const read = readerOf(table)
  return { table, rows: rows.map((row) => read(row)) }
}

type Reader = (row: object) => Value[]

const readers = new WeakMap<Table, Reader>()

/** What reads a table's columns from an object, by their names, and not by a variable for which V8 looks each time. */
function readerOf(table: Table): Reader {
  const known = readers.get(table)
  if (known) return known
  const columns = Object.keys(table.columns).filter((column) => column !== 'account_sid')
  const values = columns.map((column) => `row[${JSON.stringify(column)}] ?? null`)
  const reader = generated<Reader>(['row'], `return [${values.join(',')}]`)
  readers.set(table, reader)
  return reader
}
