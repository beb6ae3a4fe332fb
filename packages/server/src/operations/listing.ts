import { InvalidRequest, type PageRequest } from '@ringdown/contract/form'
import { type Cursor, decodeToken } from '@ringdown/contract/paging'
import type { Row } from '@ringdown/engine/state/row'
import type { Table } from '@ringdown/engine/state/table'
import type { Ledger } from '../commit/ledger.ts'
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
  const keyOf = (row: R): Key => [...sort.map(({ column }) => row[column] as number | null), row.seq, row.sid] // sorted columns hold numbers
  const place = cursor && sortPlace(group, cursor.key, sort.length, keyOf)
  const isBack = cursor?.direction === 'before'
  const compare = (a: Key, b: Key) => compareKeys(a, b, sort) * (isBack ? -1 : 1)
  const best: { readonly key: Key; readonly row: R }[] = []
  const trim = () => {
    best.sort((a, b) => compare(a.key, b.key))
    best.length = Math.min(best.length, page_size + 1)
  }
  for (const row of group.table.by(group.index, group.key)) {
    if (keep && !keep(row)) continue
    const key = keyOf(row)
    if (place && compare(key, place) <= 0) continue
    best.push({ key, row })
    if (best.length >= 2 * page_size + 2) trim()
  }
  trim()
  return cut(
    best.map(({ row }) => row),
    page_size,
    cursor,
    keyOf
  )
}

/** A page of a cold kind, read from the store. The last column of `order` makes it total. */
export async function coldPage<R extends Row>(
  ledger: Ledger,
  request: PageRequest | null,
  {
    kind,
    where,
    order,
    descending = false
  }: Pick<PageQuery, 'kind' | 'where' | 'order'> & { readonly descending?: boolean }
): Promise<Listed<R>> {
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const isBack = cursor?.direction === 'before'
  const keyOf = (row: Row): Key => [
    ...order.map((column) => (row as unknown as Record<string, Value>)[column] ?? null),
    row.sid
  ] // rows have the columns of their kind
  const after = cursor && (await coldPlace(ledger, { kind, where }, cursor.key, order.length, keyOf))
  await ledger.settled()
  const rows = await ledger.page({
    kind,
    where,
    order,
    descending: descending !== isBack,
    limit: page_size + 1,
    ...(after && { after })
  })
  return cut(rows as R[], page_size, cursor, keyOf) // rows of the kind that was asked for
}

/** The page with each row as the API shows it. */
export function shownPage<R, S>(listed: Listed<R>, shown: (row: R) => S): Listed<S> {
  return { ...listed, items: listed.items.map(shown) }
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
  { kind, where }: Pick<PageQuery, 'kind' | 'where'>,
  key: Key,
  columns: number,
  keyOf: (row: Row) => Key
): Promise<readonly Value[]> {
  if (key.length === columns + 1 && key.length > 1) {
    const place = key.slice(0, columns)
    // Cold kinds are sorted by whole numbers; PostgreSQL would take nothing else for them.
    return place.every((value) => Number.isSafeInteger(value)) ? place : badToken()
  }
  const [sid] = key
  // Of another parent it is nowhere.
  const own = where.flatMap(([column, comparison, value]) => (comparison === '=' ? [[column, value as Value]] : [])) // as: no list is compared so
  const one = { ...Object.fromEntries(own), sid }
  const [row] = key.length === 1 && typeof sid === 'string' ? await ledger.find(kind, one) : []
  return row ? keyOf(row).slice(0, columns) : badToken()
}

/** By the columns in their directions, then by seq; null is less than any number. */
function compareKeys(a: Key, b: Key, sort: readonly { readonly descending: boolean }[]): number {
  for (let i = 0; i <= sort.length; i++) {
    const left = (a[i] ?? Number.NEGATIVE_INFINITY) as number // columns and seq are numbers
    const right = (b[i] ?? Number.NEGATIVE_INFINITY) as number
    if (left !== right) return (left < right ? -1 : 1) * (sort[i]?.descending ? -1 : 1)
  }
  return 0
}

export function badToken(): never {
  throw new InvalidRequest('Parameter PageToken is invalid: it is of another list, or its row is gone', 'PageToken')
}
