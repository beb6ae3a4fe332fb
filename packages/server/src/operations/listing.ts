import { InvalidRequest, type PageRequest } from '@ringdown/contract/form'
import { type Cursor, decodeToken } from '@ringdown/contract/paging'
import { fieldOf, type Row } from '@ringdown/engine/core/row'
import type { Table } from '@ringdown/engine/core/table'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import type { Ledger } from '../commit/ledger.ts'
import { storedAtOnce, storedRows } from '../commit/put-away.ts'
import type { PageQuery, Value } from '../store/store.ts'
import type { Listed } from './handler.ts'

type Key = Cursor['key']

/** Rows of one group of a resident kind. */
export interface Group<R extends Row> {
  readonly table: Table<R>
  readonly index: string
  readonly key: string
}

export interface Filter<R> {
  /** Leaves a row out where it answers false. */
  readonly keep?: ((row: R) => boolean) | undefined
}

/** A column that a list is sorted by; its values are numbers. */
export interface Sorting<R> {
  readonly column: keyof R & string
  readonly descending: boolean
}

/** A page of a group in order of creation, or newest first. */
export function pageOf<R extends Row>(
  group: Group<R>,
  request: PageRequest | null,
  { keep, descending = false }: Filter<R> & { readonly descending?: boolean } = {}
): Listed<R> {
  const { table, index, key } = group
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const isBack = cursor?.direction === 'before'
  const rows: R[] = []
  for (const row of table.pageBy(index, key, cursor ? seqOf(group, cursor.key) : undefined, descending !== isBack)) {
    if (keep && !keep(row)) continue
    rows.push(row)
    if (rows.length > page_size) break
  }
  return cut(rows, page_size, cursor, (row) => [row.seq, row.sid])
}

/** A page of a group sorted by columns, ties in order of creation. Looks at all of its rows, keeps few. */
export function sortedPage<R extends Row>(
  group: Group<R>,
  request: PageRequest | null,
  { keep, sort }: Filter<R> & { readonly sort: readonly Sorting<R>[] }
): Listed<R> {
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const keyOf = (row: R): Key => [...sort.map(({ column }) => valueIn(row, column)), row.seq, row.sid]
  const place = cursor && sortPlace(group, cursor.key, sort.length, keyOf)
  const first = new FirstRows(page_size + 1, keyOf, directed(sort, cursor), place)
  for (const row of group.table.by(group.index, group.key)) if (!keep || keep(row)) first.add(row)
  return cut(first.rows, page_size, cursor, keyOf)
}

/** The rows of a kind that stand in an index, and those that were put away: how the store finds them. */
export interface JoinedGroup<K extends Kind> extends Pick<PageQuery, 'where'> {
  readonly kind: K
  readonly index: string
  readonly key: string
}

/**
 * A page of rows of which some may have been put away: those in memory and those in the store, in one order. `at_once` is
 * how many rows may be asked by `keep` before others have a turn. In order of creation it reads as far as the page goes;
 * otherwise it looks at all of them.
 */
export async function joinedPage<K extends Kind>(
  ledger: Ledger,
  { kind, index, key, where }: JoinedGroup<K>,
  request: PageRequest | null,
  {
    keep = () => true,
    sort = [],
    at_once = storedAtOnce
  }: Filter<Kinds[K]> & {
    readonly sort?: readonly Sorting<Kinds[K]>[] | undefined
    readonly at_once?: number | undefined
  }
): Promise<Listed<Kinds[K]>> {
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const table = ledger.state.table(kind)
  const keyOf = (row: Kinds[K]): Key => [...sort.map(({ column }) => valueIn(row, column)), row.seq, row.sid]
  const place = cursor && sortPlace({ table, index, key }, cursor.key, sort.length, keyOf)
  const first = new FirstRows(page_size + 1, keyOf, directed(sort, cursor), place)
  const isByCreation = sort.length === 0
  const isBack = cursor?.direction === 'before'
  const [seq] = place ?? []
  const after = isByCreation && typeof seq === 'number' ? seq : undefined
  // Memory first: what ends meanwhile is found in the store then, and nothing is missed.
  for (const row of table.pageBy(index, key, after, isByCreation && isBack)) {
    if (keep(row) && !first.add(row) && isByCreation) break
  }
  await ledger.settled()
  const order = { order: ['seq'], descending: isByCreation && isBack }
  const limit = Math.min(storedAtOnce, at_once, isByCreation ? Math.max(50, page_size + 1) : storedAtOnce)
  for await (const row of storedRows(ledger, { kind, where, ...order }, { after, limit })) {
    if (keep(row) && !first.add(row) && isByCreation) break
  }
  return cut(first.rows, page_size, cursor, keyOf)
}

/** The first of all rows that it is given, once each, in an order that begins after a place. */
class FirstRows<R extends Row> {
  readonly #most: number
  readonly #keyOf: (row: R) => Key
  readonly #compare: (a: Key, b: Key) => number
  readonly #place: Key | null
  /** In their order. */
  readonly #first: { readonly key: Key; readonly row: R }[] = []

  constructor(most: number, keyOf: (row: R) => Key, compare: (a: Key, b: Key) => number, place: Key | null) {
    this.#most = most
    this.#keyOf = keyOf
    this.#compare = compare
    this.#place = place
  }

  get rows(): R[] {
    return this.#first.map(({ row }) => row)
  }

  /** Takes in a row; false when it comes after as many others as are wanted. */
  add(row: R): boolean {
    const key = this.#keyOf(row)
    if (this.#place && this.#compare(key, this.#place) <= 0) return true
    let low = 0
    let high = this.#first.length
    const last = this.#first[high - 1]
    if (last && this.#compare(last.key, key) < 0) low = high // most come in order
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#first[middle]
      if (other && this.#compare(other.key, key) < 0) low = middle + 1
      else high = middle
    }
    if (this.#first[low]?.row.sid === row.sid) return true
    if (low >= this.#most) return false
    this.#first.splice(low, 0, { key, row })
    if (this.#first.length > this.#most) this.#first.pop()
    return true
  }
}

/** Compares keys in the direction in which a page is read. */
function directed(
  sort: readonly { readonly descending: boolean }[],
  cursor: Cursor | null
): (a: Key, b: Key) => number {
  const sign = cursor?.direction === 'before' ? -1 : 1
  return (a, b) => compareKeys(a, b, sort) * sign
}

/** Which rows of a cold kind, and in which order; the last column of `order` makes it total. */
export interface ColdList<K extends Kind> extends Pick<PageQuery, 'where' | 'order'> {
  readonly kind: K
  readonly descending?: boolean
}

/** A page of a cold kind, read from the store. */
export async function coldPage<K extends Kind>(
  ledger: Ledger,
  request: PageRequest | null,
  { kind, where, order, descending = false }: ColdList<K>
): Promise<Listed<Kinds[K]>> {
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const isBack = cursor?.direction === 'before'
  const keyOf = (row: Row): Key => [...order.map((column) => valueIn(row, column)), row.sid]
  const after = cursor && (await coldPlace(ledger, { kind, where, order }, cursor.key, keyOf))
  await ledger.settled()
  const rows = await ledger.page({
    kind,
    where,
    order,
    descending: descending !== isBack,
    limit: page_size + 1,
    ...(after && { after })
  })
  return cut(rows, page_size, cursor, keyOf)
}

/** The page with another item for each of its items. */
export function mappedPage<R, S>(listed: Listed<R>, map: (row: R) => S): Listed<S> {
  return { ...listed, items: listed.items.map(map) }
}

export const emptyPage: Listed<never> = { items: [], next: null, previous: null }

export const wholePage = { page_size: 50, page_token: null }

/** Of one row more than fits: whether there is another page is known by it. */
export function cut<R>(rows: R[], page_size: number, cursor: Cursor | null, keyOf: (row: R) => Key): Listed<R> {
  const isBack = cursor?.direction === 'before'
  const hasMore = rows.length > page_size
  const items = hasMore ? rows.slice(0, page_size) : rows
  if (isBack) items.reverse()
  const first = items[0]
  const last = items[items.length - 1]
  return {
    items,
    next: last && (isBack || hasMore) ? { direction: 'after', key: keyOf(last) } : null,
    previous: first && (isBack ? hasMore : cursor !== null) ? { direction: 'before', key: keyOf(first) } : null
  }
}

/** The row that a token of the older form names, where it is of this group. */
function rowOf<R extends Row>({ table, index, key: own }: Group<R>, key: Key): R | undefined {
  const [sid] = key
  const row = key.length === 1 && typeof sid === 'string' ? table.get(sid) : undefined
  return row && table.definition.indexes?.[index]?.(row) === own ? row : undefined
}

function seqOf<R extends Row>(group: Group<R>, key: Key): number {
  const [first, second] = key
  if (key.length === 2 && typeof first === 'number' && typeof second === 'string') return first
  return rowOf(group, key)?.seq ?? badToken()
}

function sortPlace<R extends Row>(group: Group<R>, key: Key, columns: number, keyOf: (row: R) => Key): Key {
  const isNumeric = key.slice(0, -1).every((part) => typeof part === 'number' || part === null)
  if (key.length === columns + 2 && isNumeric) return key
  const row = rowOf(group, key)
  return row ? keyOf(row) : badToken()
}

async function coldPlace(
  ledger: Ledger,
  { kind, where, order }: Pick<ColdList<Kind>, 'kind' | 'where' | 'order'>,
  key: Key,
  keyOf: (row: Row) => Key
): Promise<readonly Value[]> {
  const columns = order.length
  if (key.length === columns + 1 && key.length > 1) {
    const place = key.slice(0, columns)
    // Cold kinds are sorted by whole numbers; PostgreSQL would take nothing else for them.
    return place.every((value) => Number.isSafeInteger(value)) ? place : badToken()
  }
  const [sid] = key
  // Of another parent it is nowhere.
  const own = where.flatMap(([column, comparison, value]) =>
    comparison === '=' && (typeof value !== 'object' || value === null) ? [[column, value] as const] : []
  )
  const isSid = key.length === 1 && typeof sid === 'string'
  const [row] = isSid ? await ledger.find(kind, { ...Object.fromEntries(own), sid }) : []
  return row ? keyOf(row).slice(0, columns) : badToken()
}

/** By the columns in their directions, then by seq; null is less than any number. */
function compareKeys(a: Key, b: Key, sort: readonly { readonly descending: boolean }[]): number {
  for (let i = 0; i <= sort.length; i++) {
    const left = placeOf(a[i])
    const right = placeOf(b[i])
    if (left !== right) return (left < right ? -1 : 1) * (sort[i]?.descending ? -1 : 1)
  }
  return 0
}

function placeOf(part: Value | undefined): number {
  return typeof part === 'number' ? part : Number.NEGATIVE_INFINITY
}

/** What a row has in a column that lists are sorted by. */
function valueIn(row: Row, column: string): Value {
  const value = fieldOf(row, column)
  return typeof value === 'number' || typeof value === 'string' ? value : null
}

export function badToken(): never {
  throw new InvalidRequest('Parameter PageToken is invalid: it is of another list, or its row is gone', 'PageToken')
}
