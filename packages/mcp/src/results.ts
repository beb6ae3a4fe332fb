import type { CallToolResult } from '@modelcontextprotocol/server'
import { fault } from './errors.ts'
import { plain, StoredJson, storedOr, written } from './json.ts'
import { near } from './near.ts'

/** One item of a result, by the SDK's camelCase names. */
export type Row = Readonly<Record<string, unknown>>
/** What an action answers; null and undefined members are left out. */
export type Outcome = Readonly<Record<string, unknown>>

/** Bytes of text that one result may have. */
export const maxBytes = 20_000
const room_bytes = 400

/** How many bytes a value takes in the result's text. */
export const sizeOf = (value: unknown): number => Buffer.byteLength(written(value) ?? '')

/** Something of the SDK that tells its properties. */
export interface Instance {
  toJSON(): object
}

/** Properties that say nothing to an agent: links, and the account that it works on anyway. */
const noise = new Set(['url', 'links', 'accountSid'])

/**
 * An SDK instance as a row: `sid` takes its typed name, JSON text becomes JSON as it is written, dates become ISO text.
 *
 * `sidName`: the name under which the row's SID is an argument of these tools, e.g. `taskSid`.
 */
export function rowOf(instance: Instance, sidName: string, json: readonly string[] = ['attributes']): Row {
  const row: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(instance.toJSON())) {
    if (!noise.has(key)) row[key === 'sid' ? sidName : key] = json.includes(key) ? storedOr(value) : dated(value)
  }
  return row
}

/** ISO text of a date, without the zero milliseconds that the API does not write either. */
export function dated(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().replace('.000Z', 'Z') : value
}

/**
 * A row with the fields that the caller asked for, or else with `shown`; the row's SID (its first field) stays.
 * `"attributes.lang"` picks inside, `"*"` everything.
 *
 * Throws Fault `bad_value` for a field that such rows do not have.
 */
export function pick(row: Row, shown: readonly string[], fields?: readonly string[]): Row {
  if (!fields || fields.length === 0) return compact(Object.fromEntries(shown.map((name) => [name, row[name]])))
  if (fields.includes('*')) return compact(row)
  const picked: Record<string, unknown> = {}
  const [sid] = shown
  if (sid && sid in row) picked[sid] = row[sid]
  for (const field of fields) {
    const [head = '', ...path] = field.split('.')
    const name = Object.keys(row).find((key) => key.toLowerCase() === head.replaceAll('_', '').toLowerCase())
    if (name === undefined) throw unknownField(field, row)
    if (path.length === 0) picked[name] = row[name]
    else if (row[name] !== undefined) graft(picked, [name, ...path], inside(row[name], path))
  }
  return compact(picked)
}

function unknownField(field: string, row: Row): Error {
  const names = Object.keys(row)
  const close = near(
    field,
    names.map((text) => ({ text }))
  ).map(({ text }) => text)
  return fault('bad_value', `no field ${field}`, {
    argument: 'fields',
    found: field,
    allowed: names,
    next: close.length > 0 ? `fields: ${close.join(' or ')}?` : 'fields: choose from allowed'
  })
}

function inside(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (value instanceof StoredJson) return value.at(path)
  return typeof value === 'object' && value !== null ? inside((value as Record<string, unknown>)[key], rest) : undefined // an object, as just checked
}

function graft(onto: Record<string, unknown>, path: readonly string[], value: unknown): void {
  if (value === undefined) return
  let at = onto
  for (const key of path.slice(0, -1)) {
    const present = Object.hasOwn(at, key) ? at[key] : undefined
    if (present instanceof StoredJson) return // it is there as a whole
    const next = typeof present === 'object' && present !== null ? { ...present } : {}
    Object.defineProperty(at, key, { value: next, enumerable: true, configurable: true, writable: true })
    at = next as Record<string, unknown> // just made
  }
  Object.defineProperty(at, path.at(-1) ?? '', { value, enumerable: true, configurable: true, writable: true })
}

/** An object without its null and undefined members: output fields are never nullable. */
export function compact<T extends Row>(row: T): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)) as T // fewer optional members
}

/**
 * The result of a call: JSON, the same in structuredContent and in the text, but for numbers that values cannot hold:
 * those are text in the first.
 */
export function resultOf(outcome: Outcome, warnings: readonly string[]): CallToolResult {
  const told = compact(outcome)
  let isExact = true
  const asText = (source: string) => {
    isExact = false
    return source
  }
  const shown = sizeOf(told) <= maxBytes - room_bytes ? told : shortened(told)
  const values = plain(shown, asText) as Row // of an object it makes one
  const all = isExact ? warnings : [...warnings, longNumbers]
  const structuredContent = withWarnings(values, all)
  const result = withWarnings(shown, all)
  return { structuredContent, content: [{ type: 'text', text: written(result) ?? '{}' }] }
}

const longNumbers =
  'numbers of more than 15 digits are text in structuredContent; to write one, send attributes as JSON text'

function withWarnings(outcome: Outcome, warnings: readonly string[]): Record<string, unknown> {
  return { ...outcome, ...(warnings.length > 0 ? { warnings: [...new Set(warnings)] } : {}) }
}

/**
 * Too much for one result: the biggest values give way, named with their size under `omitted`; where that is not enough,
 * lists end earlier. Every value is measured once, and every list that is cut twice.
 */
function shortened(outcome: Outcome): Outcome {
  const copy = Object.fromEntries(Object.entries(outcome).map(([key, value]) => [key, copied(value)]))
  const omitted: Record<string, string> = {}
  /** Bytes over the limit; `omitted` has room of its own, which it may not leave. */
  let over = sizeOf(copy) - (maxBytes - room_bytes - omitted_bytes)
  let left_bytes = omitted_bytes - 20
  for (const place of placesOf(copy)) {
    const told = kilobytes(place.size)
    const cost = Buffer.byteLength(JSON.stringify(place.path)) + told.length + 4
    if (over <= 0 || place.size < minOmitted_bytes || cost > left_bytes) break
    omitted[place.path] = told
    delete place.holder[place.key]
    over -= place.size
    left_bytes -= cost
  }
  return { ...(over > 0 ? cut(copy, over, omitted) : copy), omitted }
}

/** Bytes of a result in which it is told what was left out. */
const omitted_bytes = 2_000
/** Smaller values stay: their place and size would be as long as they are. */
const minOmitted_bytes = 100

/** The longest lists without their ends, so that so many bytes are saved. */
function cut(outcome: Outcome, over: number, omitted: Record<string, string>): Outcome {
  const lists = Object.entries(outcome)
    .flatMap(([key, list]) => (Array.isArray(list) ? [{ key, list, sizes: list.map((item) => sizeOf(item) + 1) }] : []))
    .map((one) => ({ ...one, size: one.sizes.reduce((sum, size) => sum + size, 0) }))
    .sort((a, b) => b.size - a.size)
  const rest: Record<string, unknown> = { ...outcome }
  let left = over
  for (const { key, list, sizes } of lists) {
    let length = list.length
    while (left > 0 && length > 0) left -= sizes[--length] ?? 0
    if (length === list.length) break
    rest[key] = list.slice(0, length)
    omitted[key] = `the last ${list.length - length} of ${list.length}`
  }
  return rest
}

/** Copies what `placesOf` looks into: lists, and the rows of lists. */
function copied(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.map((item) => (isRow(item) ? { ...item } : item))
}

function isRow(item: unknown): item is Row {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !(item instanceof StoredJson)
}

interface Place {
  readonly holder: Record<string, unknown>
  readonly key: string
  readonly path: string
  readonly size: number
}

/** The values that can be left out, the largest first: members of the outcome, of its objects, and of the rows of its lists. */
function placesOf(outcome: Record<string, unknown>): readonly Place[] {
  const places: Place[] = []
  const collect = (holder: Record<string, unknown>, path: string, depth: number): void => {
    for (const [key, value] of Object.entries(holder)) {
      const at = path ? `${path}.${key}` : key
      if (Array.isArray(value) && depth === 0) {
        value.forEach((item, index) => {
          if (isRow(item)) collect(item, `${at}[${index}]`, depth + 1)
        })
        if (value.every((item) => typeof item !== 'object')) places.push({ holder, key, path: at, size: sizeOf(value) })
      } else places.push({ holder, key, path: at, size: sizeOf(value) })
    }
  }
  collect(outcome, '', 0)
  return places.sort((a, b) => b.size - a.size)
}

/** A size as people say it: `12 kB`, `80 B`. */
export const kilobytes = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : `${Math.round(bytes / 1000)} kB`)

const maxBody = 2000

/** A message body, cut at 2,000 characters; `bodyLength` tells its length then. */
export function bodyOf(body: string | null | undefined): Row {
  if (!body || body.length <= maxBody) return { body }
  return { body: body.slice(0, maxBody), bodyLength: body.length }
}
