import { fault } from './errors.ts'
import { maxBytes, type Row, sizeOf } from './results.ts'
import type { Call } from './tool.ts'

/** A page of the SDK: its items and where the next one is. */
export interface ApiPage<T> {
  readonly instances: readonly T[]
  readonly nextPageUrl?: string | undefined
}

/** What the SDK's `page()` takes to find a page. */
export interface PageOptions {
  readonly pageSize: number
  readonly pageNumber?: number
  readonly pageToken?: string
}

/** Rows of one page, and the token of the next. */
export interface Rows {
  readonly rows: readonly Row[]
  readonly nextPageToken?: string | undefined
}

interface Position {
  readonly size: number
  readonly page?: string | undefined
  readonly token?: string | undefined
  /** Items of the page that were already told: a page is cut where the answer would pass 20 kB. */
  readonly offset: number
}

const usualSize = 20

/**
 * One page of a list as the caller asked for it: `read` fetches a page of the API, `show` makes a row of an item.
 *
 * Throws Fault `stale_page_token` when the token belongs to another tool, action or filter.
 */
export async function paged<T>(
  call: Call,
  read: (options: PageOptions) => Promise<ApiPage<T>>,
  show: (item: T) => Row | Promise<Row>
): Promise<Rows> {
  const position = call.pageToken
    ? positionIn(call.pageToken, call.filters)
    : { size: call.pageSize ?? usualSize, offset: 0 }
  const page = await read({
    pageSize: position.size,
    ...(position.page === undefined ? {} : { pageNumber: Number(position.page) }),
    ...(position.token === undefined ? {} : { pageToken: position.token })
  })
  const rows: Row[] = []
  let size = 0
  for (const item of page.instances.slice(position.offset)) {
    const row = await show(item)
    size += sizeOf(row) + 1
    if (size > maxBytes && rows.length > 0) {
      return { rows, nextPageToken: tokenOf({ ...position, offset: position.offset + rows.length }, call.filters) }
    }
    rows.push(row)
  }
  return { rows, nextPageToken: nextOf(page.nextPageUrl, position.size, call.filters) }
}

/** A page of a list that is known as a whole, because the API has no such list. */
export async function pagedList<T>(
  call: Call,
  items: readonly T[],
  show: (item: T) => Row | Promise<Row>
): Promise<Rows> {
  const size = call.pageSize ?? usualSize
  const position = call.pageToken ? positionIn(call.pageToken, call.filters) : { size, offset: 0 }
  const rows: Row[] = []
  let bytes = 0
  for (const item of items.slice(position.offset, position.offset + position.size)) {
    const row = await show(item)
    bytes += sizeOf(row) + 1
    if (bytes > maxBytes && rows.length > 0) break
    rows.push(row)
  }
  const offset = position.offset + rows.length
  return { rows, nextPageToken: offset < items.length ? tokenOf({ ...position, offset }, call.filters) : undefined }
}

/** Throws Fault `stale_page_token` unless the token came from the same tool, action and filters. */
export function checkToken(token: string | undefined, filters: string): void {
  if (token) positionIn(token, filters)
}

function nextOf(url: string | undefined, size: number, filters: string): string | undefined {
  if (!url) return undefined
  const query = new URL(url, 'http://api.invalid').searchParams
  const [page, token] = [query.get('Page'), query.get('PageToken')]
  return page === null && token === null
    ? undefined
    : tokenOf({ size, page: page ?? undefined, token: token ?? undefined, offset: 0 }, filters)
}

function tokenOf({ size, page, token, offset }: Position, filters: string): string {
  return Buffer.from(JSON.stringify([filters, size, offset, page ?? null, token ?? null])).toString('base64url')
}

function positionIn(token: string, filters: string): Position {
  const stale = (message: string) =>
    fault('stale_page_token', message, {
      argument: 'pageToken',
      next: 'leave pageToken out to begin again, or repeat the filters it came with'
    })
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(token, 'base64url').toString())
  } catch {
    throw stale('this pageToken is none of ours')
  }
  if (!Array.isArray(parts) || parts.length !== 5) throw stale('this pageToken is none of ours')
  const [hash, size, offset, page, apiToken] = parts as readonly unknown[] // five parts, each checked here
  if (hash !== filters) throw stale('this pageToken belongs to other filters')
  const whole = (value: unknown, least: number): value is number => Number.isInteger(value) && Number(value) >= least
  if (!whole(size, 1) || size > 100 || !whole(offset, 0)) throw stale('this pageToken is none of ours')
  return {
    size,
    offset,
    page: typeof page === 'string' ? page : undefined,
    token: typeof apiToken === 'string' ? apiToken : undefined
  }
}
