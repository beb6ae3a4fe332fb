import { InvalidRequest, shown } from '@ringdown/contract/form'
import { orderingOf } from '@ringdown/contract/ordering'
import { scopeOf } from '@ringdown/contract/page-scope'
import type { Row } from '@ringdown/engine/core/row'

/** A page as the event bridge answers it: the client asks on while `after_sid`, or `meta.next_token`, is there. */
export interface Contents<T extends object = object> {
  readonly contents: readonly T[]
  readonly page: number
  readonly total: number
  readonly start: number
  readonly end: number
  readonly nextPage: number | null
  readonly lastPage: number
  readonly before_sid: string | null
  readonly after_sid: string | null
  readonly meta: { readonly list_key: 'contents'; readonly next_token?: string | null }
}

/** Parameters of a list as they came. */
export type ListParameters = Readonly<Record<string, unknown>>

/** Sorted by one column of instants, ties by sequence. */
export interface Ordering<R extends Row> {
  readonly column: keyof R & string
  readonly descending: boolean
  /** The list's mark in the tokens of its pages. */
  readonly scope: string
}

/**
 * One page of rows, which come in order of creation. With `ordering` the place is a token instead of a SID (reference
 * taskrouter 9.4). Refuses a place that is not on the list with 400.
 */
export function contentsOf<R extends Row, T extends object>(
  rows: readonly R[],
  params: ListParameters,
  shown: (row: R) => T,
  ordering?: Ordering<R>
): Contents<T> {
  const size = pageSize(params.PageSize)
  const sorted = ordering ? [...rows].sort((a, b) => compare(keyOf(a, ordering), keyOf(b, ordering), ordering)) : rows
  const start = ordering ? placeOf(sorted, params.NextToken, ordering) : afterSid(sorted, params.AfterSid)
  const page = sorted.slice(start, start + size)
  const last = start + page.length < sorted.length ? page.at(-1) : undefined
  const number = Math.floor(start / size)
  return {
    contents: page.map(shown),
    page: number,
    total: sorted.length,
    start,
    end: start + page.length,
    nextPage: last ? number + 1 : null,
    lastPage: Math.max(0, Math.ceil(sorted.length / size) - 1),
    before_sid: start > 0 ? (page[0]?.sid ?? null) : null,
    after_sid: last?.sid ?? null,
    meta: { list_key: 'contents', ...(ordering && { next_token: last ? tokenOf(last, ordering) : null }) }
  }
}

/**
 * `DateUpdated:desc`, for a list that is sorted by one column; undefined where nothing is asked for. `list` is what the
 * page is of: its operation, its path, and what else was asked for.
 */
export function sortingOf<R extends Row>(
  columns: Readonly<Record<string, keyof R & string>>,
  ...list: readonly [operation: string, path: ListParameters, asked: ListParameters]
): Ordering<R> | undefined {
  const [operation, path, asked] = list
  const [sorting] = orderingOf(typeof asked.ordering === 'string' ? asked.ordering : undefined, columns)
  return sorting && { ...sorting, scope: scopeOf(operation, path, Object.entries(asked)) }
}

function pageSize(value: unknown): number {
  const size = value === undefined || value === null || value === '' ? 50 : Number(value)
  if (!Number.isInteger(size))
    throw new InvalidRequest(`Parameter PageSize is invalid: an integer is expected, not '${shown(String(value))}'`)
  return Math.min(Math.max(size, 1), 1000)
}

function afterSid(rows: readonly Row[], after: unknown): number {
  if (after === undefined || after === null || after === '') return 0
  const place = rows.findIndex((row) => row.sid === after)
  if (place < 0)
    throw new InvalidRequest(
      `Parameter AfterSid is invalid: '${shown(String(after))}' names nothing on this list`,
      'AfterSid'
    )
  return place + 1
}

type Key = readonly [value: number, seq: number]

function keyOf<R extends Row>(row: R, { column }: Ordering<R>): Key {
  return [Number(row[column]), row.seq] // columns of instants hold numbers
}

function compare(a: Key, b: Key, { descending }: { readonly descending: boolean }): number {
  return (a[0] - b[0]) * (descending ? -1 : 1) || a[1] - b[1]
}

/** By value, so that a row which has moved or gone since does not lose the place. */
function placeOf<R extends Row>(rows: readonly R[], token: unknown, ordering: Ordering<R>): number {
  if (token === undefined || token === null || token === '') return 0
  const [, scope, value, seq] = /^(\w+)\.(\d+)\.(\d+)$/.exec(Buffer.from(String(token), 'base64url').toString()) ?? []
  if (scope !== ordering.scope)
    throw new InvalidRequest(
      `Parameter NextToken is invalid: '${shown(String(token))}' is none of this list`,
      'NextToken'
    )
  const key: Key = [Number(value), Number(seq)]
  const place = rows.findIndex((row) => compare(keyOf(row, ordering), key, ordering) > 0)
  return place < 0 ? rows.length : place
}

function tokenOf<R extends Row>(row: R, ordering: Ordering<R>): string {
  const [value, seq] = keyOf(row, ordering)
  return Buffer.from(`${ordering.scope}.${value}.${seq}`).toString('base64url')
}
