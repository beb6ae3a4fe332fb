import { InvalidRequest, type PageRequest, shown } from './form.ts'
import type { Meta, Operation } from './operation.ts'
import { sealed } from './page-scope.ts'

/**
 * Where a page begins (`after` a row) or ends (`before` it). `key` is the row's sort key as the list has it, its SID
 * last. A token of the older form `PA<sid>` or `PB<sid>` has the SID alone: whoever lists looks the row up.
 */
export interface Cursor {
  readonly direction: 'after' | 'before'
  readonly key: readonly (string | number | null)[]
}

/** `PT` and base64url of the cursor. Clients treat it as opaque. */
export function encodeToken({ direction, key }: Cursor): string {
  const text = JSON.stringify([direction === 'after' ? 'a' : 'b', ...key])
  // JSON's own escapes keep it ASCII, so one character is one byte.
  return `PT${base64url(text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))}`
}

/** The cursor of a token, also of `PA<sid>` and `PB<sid>`. Throws `InvalidRequest` (400/20001). */
export function decodeToken(token: string): Cursor {
  const older = /^P([AB])([A-Z]{2}[0-9a-fA-F]{32})$/.exec(token)
  if (older?.[2] !== undefined) return { direction: older[1] === 'A' ? 'after' : 'before', key: [older[2]] }
  const cursor = token.startsWith('PT') && token.length <= 2048 ? cursorOf(token.slice(2)) : null
  if (cursor === null)
    throw new InvalidRequest(`Parameter PageToken is invalid: '${shown(token)}' is none`, 'PageToken')
  return cursor
}

export interface ListPage {
  /** As the API shows them. */
  readonly items: readonly unknown[]
  /** How many they are, where they are put in later. */
  readonly count?: number
  /** Makes an absolute URL of an API path. */
  readonly url: (path: string) => string
  /** Of the request, without prefix: `/v1/Workspaces/WS…/Tasks`. */
  readonly path: string
  /** Of the request, as it came and without the question mark. */
  readonly query: string
  readonly page: PageRequest
  readonly next: Cursor | null
  readonly previous: Cursor | null
}

/**
 * A list's answer: the items under their key, and `meta` with the page URLs, in which the request's filters come first
 * (reference rest-conventions 5, conversations 1.4). SDKs follow `next_page_url` verbatim and read `payload[meta.key]`.
 */
export function listEnvelope(operation: Operation, list: ListPage): Record<string, unknown> {
  if (operation.extension) return olderEnvelope(operation, list)
  const { listKey } = operation
  if (listKey === null) throw new Error(`${operation.id} is not a list`)
  const { page, page_size, page_token } = list.page
  const pageUrl = (number: number, token: string | null) => list.url(pathOfPage(operation, list, number, token))
  const meta: Meta = {
    page,
    page_size,
    first_page_url: pageUrl(0, null),
    previous_page_url: list.previous && pageUrl(Math.max(page - 1, 0), encodeToken(list.previous)),
    url: pageUrl(page, page_token),
    next_page_url: list.next && pageUrl(page + 1, encodeToken(list.next)),
    key: listKey
  }
  return { meta, [listKey]: list.items }
}

/**
 * The same in the API of 2010: no `meta`, and paths instead of URLs (reference rest-conventions 5). Its clients take
 * whatever else there is for the list, so nothing may be added.
 */
function olderEnvelope(operation: Operation, list: ListPage): Record<string, unknown> {
  const { page, page_size, page_token } = list.page
  const pageUri = (number: number, token: string | null) => pathOfPage(operation, list, number, token)
  const start = page * page_size
  return {
    first_page_uri: pageUri(0, null),
    end: start + Math.max((list.count ?? list.items.length) - 1, 0),
    previous_page_uri: list.previous && pageUri(Math.max(page - 1, 0), encodeToken(list.previous)),
    uri: pageUri(page, page_token),
    page_size,
    start,
    next_page_uri: list.next && pageUri(page + 1, encodeToken(list.next)),
    page,
    [operation.listKey ?? '']: list.items
  }
}

function pathOfPage(
  { extension }: Operation,
  { path, query, page: { page_size, scope } }: ListPage,
  number: number,
  token: string | null
): string {
  const position = token === null ? '' : `&PageToken=${encodeURIComponent(sealed(token, scope))}`
  return `${path}${extension ?? ''}?${filtersOf(query)}PageSize=${page_size}&Page=${number}${position}`
}

/** The query without what says where the page is, ready for more to follow. */
function filtersOf(query: string): string {
  const kept = query.split('&').filter((part) => part !== '' && !/^Page(Size|Token)?(=|$)/.test(part))
  return kept.map((part) => `${part}&`).join('')
}

function cursorOf(encoded: string): Cursor | null {
  const text = fromBase64url(encoded)
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(value) || value.length < 2 || value.length > 9) return null
  const [direction, ...key] = value
  if ((direction !== 'a' && direction !== 'b') || !key.every(isKeyPart)) return null
  return { direction: direction === 'a' ? 'after' : 'before', key }
}

function isKeyPart(value: unknown): value is string | number | null {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  return value === null || typeof value === 'number'
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Of ASCII text; this package has neither Buffer nor btoa. */
function base64url(ascii: string): string {
  let encoded = ''
  let bits = 0
  let held = 0
  for (let index = 0; index < ascii.length; index++) {
    held = (held << 8) | ascii.charCodeAt(index)
    for (bits += 8; bits >= 6; bits -= 6) encoded += alphabet.charAt((held >> (bits - 6)) & 63)
    held &= (1 << bits) - 1
  }
  return bits === 0 ? encoded : encoded + alphabet.charAt((held << (6 - bits)) & 63)
}

function fromBase64url(encoded: string): string | null {
  let ascii = ''
  let bits = 0
  let held = 0
  for (const character of encoded) {
    const value = alphabet.indexOf(character)
    if (value < 0) return null
    held = (held << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    ascii += String.fromCharCode(held >> bits)
    held &= (1 << bits) - 1
  }
  return ascii
}
