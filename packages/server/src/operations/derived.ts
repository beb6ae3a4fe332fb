import type { Operation, Verb } from '@ringdown/contract/operation'
import type { State } from '@ringdown/engine/center'
import { type Command, type CommandType, commands } from '@ringdown/engine/commands'
import { isSameName } from '@ringdown/engine/core/names'
import { fieldOf, type Row } from '@ringdown/engine/core/row'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import { type MaybePromise, whenThere } from '../access/at-once.ts'
import type { Sight } from '../access/sight.ts'
import type { PageQuery } from '../store/store.ts'
import type { AnyCall, AnyHandler, Context, Listed } from './handler.ts'
import { coldPage, joinedPage, mappedPage, pageOf } from './listing.ts'

type Path = Readonly<Record<string, string | number | undefined>>
type Params = Readonly<Record<string, unknown>>

/** The rows of a list that are in memory, in order of creation: the index and the key under which they stand. */
export interface ResidentRows {
  readonly index: string
  readonly key: string
  /** Where some of the list's rows may have been put away: how the store finds those. */
  readonly where?: PageQuery['where']
  /** Newest first; of lists of which nothing is put away. */
  readonly descending?: boolean
}

/** The rows of a list that has to be read from the store; the last column of `order` makes it total. */
export type ColdQuery = Pick<PageQuery, 'where' | 'order'> & { readonly descending?: boolean }

/**
 * What the general rules need to know of a resource. `K` is its kind of rows, `P` what its paths name, and `Default` what
 * a fetch finds where there is no row yet. Without `find` or `rows`, fetches or lists do not follow from it.
 */
export interface NounRules<K extends Kind, P extends Path = Path, Default = never> {
  readonly kind: K
  /** The row that a path names, from memory or from the store. Refuses with 404. */
  find?(context: Context, path: P): MaybePromise<Kinds[K] | Default>
  /** Where the rows of a path's list are. Refuses with 404 where their parent is missing. */
  rows?(context: Context, path: P, params: Params): MaybePromise<ResidentRows | ColdQuery>
  /** The row as the API shows it; without it, the row's columns are what the API shows. `now` is in milliseconds. */
  represent?(state: State, row: Kinds[K] | Default, now: number): object
  /**
   * What is shown follows from the rows that are found and from those that they and the path name by SID, and from nothing
   * else: such a read does not wait for what is decided about others.
   */
  readonly showsRowsOnly?: true
  /** Whether somebody sees a row of a list, of those whose path it sees; for operations whose permission looks at rows. */
  isSeen?(sight: Sight, row: Kinds[K]): boolean
  /** The commands of verbs whose command is not `<kind>.<verb>`. */
  readonly commands?: { readonly [V in Verb]?: CommandType }
  /** Parameters that the command has by another name. */
  readonly renamed?: Readonly<Record<string, string>>
  /**
   * Of an operation that takes JSON, whose contract names no members: those that its command may have. Nothing else of a
   * body comes in.
   */
  readonly members?: readonly string[]
  /** Asks whoever has to be asked before a command of this noun; resolves with the command as it is to be executed. */
  agreed?(context: Context, command: Command): Promise<Command>
}

/** The handler of an operation on a noun that follows from the contract's table; undefined where none does. */
export type Noun = (operation: Operation) => AnyHandler | undefined

/**
 * A resource whose operations follow the general rules: a fetch finds the row, a list pages through its rows (those in
 * memory filtered by the columns that its parameters name), everything else executes the command `<kind>.<verb>` with
 * the parameters and the path, and answers the row of that kind.
 */
export function noun<K extends Kind, P extends Path = Path, Default = never>(rules: NounRules<K, P, Default>): Noun {
  return (operation) => {
    switch (operation.verb) {
      case 'fetch':
        return fetchHandler(rules)
      case 'list':
        return listHandler(rules)
      default:
        return commandHandler(rules, operation)
    }
  }
}

function fetchHandler<K extends Kind, P extends Path, Default>(
  rules: NounRules<K, P, Default>
): AnyHandler | undefined {
  const { find, represent = asItIs } = rules
  if (!find) return undefined
  return Object.assign<AnyHandler, Pick<AnyHandler, 'shows'>>(
    ({ path }, context) =>
      // as: a noun is declared for the paths of its operations
      whenThere(find(context, path as P), (row) => represent(context.state, row, context.now())),
    { shows: rules.showsRowsOnly && (({ path }, row) => ({ sids: sidsOf(path, [row as object]) })) } // as: it shows a row
  )
}

function listHandler<K extends Kind, P extends Path, Default>(rules: NounRules<K, P, Default>): AnyHandler | undefined {
  const { rows, represent = asItIs } = rules
  if (!rows) return undefined
  const list: AnyHandler = ({ path, params, page }, context) =>
    // as: a noun is declared for the paths of its operations
    whenThere(rows(context, path as P, params), (found) =>
      whenThere(listed(rules, context, found, { params, page }), (one) => {
        const { state } = context
        const at = context.now()
        return mappedPage(one, (row) => represent(state, row, at))
      })
    )
  return Object.assign<AnyHandler, Pick<AnyHandler, 'shows'>>(list, {
    shows:
      rules.showsRowsOnly &&
      (({ path }, page) => {
        const { items, group } = page as Listed<object> // as it answers
        return group && { sids: sidsOf(path, items), group }
      })
  })
}

/** The SIDs that a path and rows have. */
function sidsOf(path: Path, rows: readonly object[]): Set<string> {
  const sids = new Set<string>()
  for (const of of [path, ...rows])
    for (const [column, value] of Object.entries(of))
      if (typeof value === 'string' && (column === 'sid' || column.endsWith('_sid'))) sids.add(value)
  return sids
}

function listed<K extends Kind>(
  { kind, isSeen }: Pick<NounRules<K>, 'kind' | 'isSeen'>,
  { state, ledger, sight }: Context,
  rows: ResidentRows | ColdQuery,
  { params, page }: Pick<AnyCall, 'params' | 'page'>
): MaybePromise<Listed<Kinds[K]>> {
  if ('order' in rows) return coldPage(ledger, page, { kind, ...rows })
  const { index, key, where, descending = false } = rows
  const isMeant = keeping<Kinds[K]>(params)
  const keep = sight && isSeen ? (row: Kinds[K]) => isSeen(sight, row) && (isMeant?.(row) ?? true) : isMeant
  if (where) return joinedPage(ledger, { kind, index, key, where }, page, { keep })
  const { items, next, previous } = pageOf({ table: state.table(kind), index, key }, page, { keep, descending })
  return { items, next, previous, group: { kind, index, key } }
}

function commandHandler<K extends Kind, P extends Path, Default>(
  rules: NounRules<K, P, Default>,
  { id, verb, schema, json, parameters: declared }: Operation
): AnyHandler | undefined {
  const { kind, renamed, represent = asItIs, agreed, members } = rules
  const type = rules.commands?.[verb] ?? `${kind}.${verb}`
  if (!Object.hasOwn(commands, type)) return undefined
  if (json && !members) throw new Error(`invariant: ${id} takes JSON, and its noun says which members of it`)
  const names = [...declared.map(({ name }) => name), ...(members ?? [])]
  if (names.some((name) => (renamed?.[name] ?? name) === 'type'))
    throw new Error(`invariant: the parameter type of ${id} has another name in its command, whose type is its own`)
  return async ({ path, params }, context) => {
    const own = json && members ? membersOf(params, members) : params
    // as: a command's parameters are those of its operation, by their names
    const command = {
      type,
      ...(renamed ? withNames(own, renamed) : own),
      ...(renamed ? withNames(path, renamed) : path)
    } as unknown as Command
    return context.answer(agreed ? await agreed(context, command) : command, (result) => {
      const row = schema === null ? undefined : (result as { readonly [N in K]?: Kinds[K] })[kind] // rows by their kinds
      return row && represent(context.state, row, context.now())
    })
  }
}

function membersOf(params: Params, names: readonly string[]): Params {
  return Object.fromEntries(names.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]]])))
}

function asItIs<R>(_state: State, row: R): R & object {
  return row as R & object // rows are objects
}

/** The parameters, some of them by other names. */
function withNames(params: Params, names: Readonly<Record<string, string>>): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [names[name] ?? name, value]))
}

/** Rows whose columns hold what the parameters say. */
function keeping<R extends Row>(params: Params): ((row: R) => boolean) | undefined {
  const wanted = Object.entries(params)
  if (wanted.length === 0) return undefined
  return (row) => wanted.every(([column, value]) => isSame(fieldOf(row, column), value))
}

/** Texts are names and SIDs. */
function isSame(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' ? isSameName(a, b) : a === b
}
