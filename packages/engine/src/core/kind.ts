import type { Row } from './row.ts'
import type { IndexKey } from './table.ts'

/*
 * A kind of rows, declared once: its columns with their types, how its rows are found, when they are due, and which of
 * them stay in memory. The row's type, the tables in memory and in SQL, and what goes with a removed row follow from it.
 */

/** A column: how SQL has its values (where it has a column of its own there), and as `T` what they are here. */
export interface Column<T> {
  readonly sql: 'text' | 'integer'
  /** Never there: it carries the type. */
  readonly type?: T
}

export type Columns = Readonly<Record<string, Column<unknown>>>

/** A row of these columns. */
export type RowOf<C extends Columns> = Row & {
  readonly [N in keyof C]: C[N] extends Column<infer T> ? T : never
}

export const text = <T extends string | null = string>(): Column<T> => ({ sql: 'text' })
/** Instants are integers of milliseconds. */
export const integer = <T extends number | null = number>(): Column<T> => ({ sql: 'integer' })
export const flag = <T extends boolean | null | undefined = boolean>(): Column<T> => ({ sql: 'integer' })
/** Lists and objects: SQL keeps them with the row's other data, as it keeps every column that is not named there. */
export const json = <T>(): Column<T> => ({ sql: 'text' })

/** What a kind of rows is, beside its columns. */
export interface KindRules<R extends Row> {
  /** Two letters in front of its SIDs. */
  readonly prefix: string
  /** Groups of rows that share a key, each in order of creation. No key, no group. */
  readonly indexes?: Readonly<Record<string, IndexKey<R>>>
  /** Those of the indexes that decisions hardly ask: each is made when somebody does, and kept for as long as they go on. */
  readonly rarelyAsked?: readonly string[]
  /** Columns that hold an instant (or null), and the command that is decided then. */
  readonly timers?: { readonly [column in keyof R & string]?: string }
  /** For a kind whose rows do not all live in memory: the others are read by SQL. */
  readonly cold?: ColdRules<R>
}

export interface ColdRules<R extends Row> {
  /** What SQL finds and sorts its rows by: columns of its table, beside account, SID, version and the whole row. */
  readonly columns: readonly (keyof R & string)[]
  /** Those of them that hold names: in the form in which these are compared, while the row has them as they were sent. */
  readonly names?: readonly (keyof R & string)[]
  /** Indexes of that table, over its columns; the account is put in front of each. */
  readonly indexes: readonly (readonly (keyof R & string)[])[]
  /** Which rows are in memory all the same: those for which the column holds one of these values. None without it. */
  readonly resident?: { readonly column: keyof R & string; readonly values: readonly string[] }
  /**
   * In the place of `resident`: the column that says until when a row can still be asked for; null while its life goes on.
   * Living rows are in memory, and stored among those of kinds that always are. A row leaves for the kind's own table when
   * it is put away (`CoreState.putAway`), and whoever asks for it from that instant on does not find it.
   */
  readonly until?: keyof R & string
  /**
   * How commands name rows that may not be in memory: `sid`, or an index. Who asks a table for such a row in a decision,
   * and it is not there, must have read it before: else nobody knows whether it is absent.
   */
  readonly foundBy?: readonly string[]
  /** Columns that hold the SID of a row with which its rows are removed, and that row's kind. */
  readonly under?: { readonly [column in keyof R & string]?: string }
}

export interface KindDefinition<R extends Row> extends KindRules<R> {
  /** In the order in which they are stored. */
  readonly columns: Columns
}

/** Declares a kind of rows with these columns. */
export function kind<C extends Columns>(columns: C, rules: KindRules<RowOf<C>>): KindDefinition<RowOf<C>> {
  return { columns, ...rules }
}

/** The rows of declared kinds, by kind. */
export type KindsOf<D> = { readonly [K in keyof D]: D[K] extends KindDefinition<infer R> ? R : never }

/** How SQL has a cold kind. */
export interface ColdKind {
  readonly columns: Readonly<Record<string, 'text' | 'integer'>>
  readonly names: readonly string[]
  readonly indexes: readonly (readonly string[])[]
  readonly resident?: { readonly column: string; readonly values: readonly string[] } | undefined
  readonly until?: string | undefined
}

type Declared = Readonly<Record<string, { readonly columns: Columns; readonly cold?: ColdRules<never> | undefined }>>

/** The tables in SQL of those declared kinds that are cold, by kind. */
export function coldKindsOf(kinds: Declared): ReadonlyMap<string, ColdKind> {
  const found = new Map<string, ColdKind>()
  for (const [name, { columns: own, cold }] of Object.entries(kinds)) {
    if (!cold) continue
    const columns = Object.fromEntries(
      cold.columns.map((column) => [column, own[column]?.sql ?? 'integer']) // seq and dates are every row's
    )
    found.set(name, {
      columns,
      names: cold.names ?? [],
      indexes: cold.indexes,
      resident: cold.resident,
      until: cold.until
    })
  }
  return found
}

/** Of the kinds with which cold rows are removed: those rows' kinds, and their column of its SID. */
export function cascadesOf(kinds: Declared): ReadonlyMap<string, readonly Cascade[]> {
  const found = new Map<string, Cascade[]>()
  for (const [kind, { cold }] of Object.entries(kinds)) {
    for (const [column, parent] of Object.entries(cold?.under ?? {})) {
      if (parent !== undefined) found.set(parent, [...(found.get(parent) ?? []), { kind, column }])
    }
  }
  return found
}

export interface Cascade {
  readonly kind: string
  readonly column: string
}
