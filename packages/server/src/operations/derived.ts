import type { Operation } from '@ringdown/contract/operation'
import { type Command, deciders } from '@ringdown/engine/commands'
import type { Kind } from '@ringdown/engine/kinds'
import { isSameName } from '@ringdown/engine/name'
import type { Row } from '@ringdown/engine/state/row'
import type { State } from '@ringdown/engine/state/state'
import type { Table } from '@ringdown/engine/state/table'
import type { AnyHandler } from './handler.ts'
import { pageOf, shownPage } from './listing.ts'

type Path = Readonly<Record<string, string | number>>

/** What the general rules need to know of a resident kind. `R` is its row. */
export interface Noun<R extends Row = Row> {
  readonly kind: Kind
  /** The row that a path names, or a refusal. */
  find(state: State, path: Path): R
  /** The index and key under which a path's rows are listed, or a refusal where the parent is missing. */
  group(state: State, path: Path): readonly [index: string, key: string]
  /** The row as the API shows it. */
  shown(state: State, row: R, now: number): object
}

/**
 * The handler that follows from the contract's table alone, or undefined: a fetch finds the row, a list pages through its
 * group and filters by the columns that its parameters name, everything else executes the command `<noun>.<verb>` with
 * the path and the parameters, and answers the row of that noun.
 */
export function derivedHandler(operation: Operation, noun: Noun): AnyHandler | undefined {
  const { find, group, shown } = noun
  switch (operation.verb) {
    case 'fetch':
      return ({ path }, { state, now }) => shown(state, find(state, path), now())
    case 'list':
      return ({ path, params, page }, { state, now }) => {
        const [index, key] = group(state, path)
        const table = state.tables[noun.kind] as unknown as Table<Row> // whichever kind: only columns of every row are read
        const at = now()
        return shownPage(pageOf({ table, index, key }, page, { keep: keeping(params) }), (row) => shown(state, row, at))
      }
    default:
      return derivedCommand(operation, noun)
  }
}

function derivedCommand({ resource, verb }: Operation, { shown }: Noun): AnyHandler | undefined {
  const type = `${resource}.${verb}`
  if (!Object.hasOwn(deciders, type)) return undefined
  return async ({ path, params }, { state, execute, now }) => {
    const command = { type, ...params, ...path } as unknown as Command // its parameters are those of the operation, by their names
    const result = (await execute(command)) as Readonly<Record<string, Row | undefined>> // rows by their noun
    const row = result[resource]
    return row && shown(state, row, now())
  }
}

/** Rows whose columns hold what the parameters say. */
function keeping(params: Readonly<Record<string, unknown>>): ((row: Row) => boolean) | undefined {
  const wanted = Object.entries(params)
  if (wanted.length === 0) return undefined
  return (row) => wanted.every(([column, value]) => isSame((row as unknown as Record<string, unknown>)[column], value)) // by the column's name
}

/** Texts are names and SIDs. */
function isSame(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' ? isSameName(a, b) : a === b
}
