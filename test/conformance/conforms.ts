import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { Operation, Property, Schema } from '@ringdown/contract/operation'

const byId = new Map(operations.map((operation) => [operation.id, operation]))

/**
 * What the answer of an operation has that the contract's response schema does not allow, one line each; none when it
 * conforms. Looks at every key (missing and unknown ones), types, enums, SID patterns, the form of dates, `url` and
 * `links`, and the envelope of lists. `body` is parsed JSON; undefined for an answer without a body.
 */
export function conforms(id: OperationId, body: unknown): string[] {
  const operation = byId.get(id) as Operation // every OperationId is the id of one
  const { schema, listKey } = operation
  if (schema === null) return body === undefined || body === '' ? [] : [`${id}: an answer without a body has one`]
  const complaints = listKey === null ? rowComplaints(operation, schema, body) : listComplaints(operation, schema, body)
  return complaints.map((complaint) => `${id}: ${complaint}`)
}

function listComplaints(operation: Operation, schema: Schema, body: unknown): string[] {
  const key = operation.listKey as string // asked before
  if (!isJsonObject(body)) return ['the list is no object']
  const { [key]: items, ...envelope } = body
  const complaints = operation.extension ? olderComplaints(envelope) : pageComplaints(envelope, key)
  if (!Array.isArray(items)) return [...complaints, `${key} is no list`]
  return [
    ...complaints,
    ...items.flatMap((item, at) =>
      rowComplaints(operation, schema, item).map((complaint) => `${key}[${at}]: ${complaint}`)
    )
  ]
}

function pageComplaints({ meta, ...others }: Readonly<Record<string, unknown>>, key: string): string[] {
  const strangers = Object.keys(others).map((name) => `unknown key ${name} beside the list`)
  return [...strangers, ...metaComplaints(meta, key)]
}

/** The API of 2010 has no `meta`, and paths for URLs. */
const olderTypes = {
  page: isCount,
  page_size: isCount,
  start: isCount,
  end: isCount,
  first_page_uri: isPath,
  previous_page_uri: (value: unknown) => value === null || isPath(value),
  uri: isPath,
  next_page_uri: (value: unknown) => value === null || isPath(value)
} as const satisfies Record<string, (value: unknown) => boolean>

function olderComplaints(envelope: Readonly<Record<string, unknown>>): string[] {
  return [
    ...keyComplaints(Object.keys(envelope), Object.keys(olderTypes)),
    ...Object.entries(olderTypes).flatMap(([name, isRight]) =>
      isRight(envelope[name]) ? [] : [`${name} is ${JSON.stringify(envelope[name])}`]
    )
  ]
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/2010-04-01/')
}

const metaTypes = {
  page: isCount,
  page_size: isCount,
  first_page_url: isAbsolute,
  previous_page_url: (value: unknown) => value === null || isAbsolute(value),
  url: isAbsolute,
  next_page_url: (value: unknown) => value === null || isAbsolute(value),
  key: (value: unknown) => typeof value === 'string'
} as const satisfies Record<string, (value: unknown) => boolean>

function metaComplaints(meta: unknown, key: string): string[] {
  if (!isJsonObject(meta)) return ['meta is missing']
  return [
    ...keyComplaints(Object.keys(meta), Object.keys(metaTypes)).map((complaint) => `meta: ${complaint}`),
    ...Object.entries(metaTypes).flatMap(([name, isRight]) =>
      isRight(meta[name]) ? [] : [`meta.${name} is ${JSON.stringify(meta[name])}`]
    ),
    ...(meta.key === key ? [] : [`meta.key is ${JSON.stringify(meta.key)}, not ${key}`])
  ]
}

function rowComplaints(operation: Operation, schema: Schema, row: unknown): string[] {
  if (!isJsonObject(row)) return [`${schema.name} is no object`]
  const names = schema.properties.map(({ name }) => name)
  return [
    ...keyComplaints(Object.keys(row), names),
    ...schema.properties.flatMap((property) =>
      property.name in row ? valueComplaints(operation, property, property.name, row[property.name]) : []
    )
  ]
}

function keyComplaints(present: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...wanted.filter((name) => !present.includes(name)).map((name) => `key ${name} is missing`),
    ...present.filter((name) => !wanted.includes(name)).map((name) => `unknown key ${name}`)
  ]
}

type Described = Omit<Property, 'name'>

function valueComplaints(operation: Operation, property: Described, name: string, value: unknown): string[] {
  if (value === null) return property.nullable || property.type === 'json' ? [] : [`${name} is null`]
  if (!types[property.type](value)) return [`${name} is no ${property.type}: ${JSON.stringify(value)}`]
  if (property.enum && !property.enum.includes(value as string))
    return [`${name} is not of its enum: ${JSON.stringify(value)}`]
  if (property.pattern && !new RegExp(property.pattern).test(String(value)))
    return [`${name} is not like ${property.pattern}: ${JSON.stringify(value)}`]
  // The API of 2010 names paths, of whatever there is.
  if (property.type === 'links' && operation.extension) return []
  if (property.type === 'links') return linkComplaints(operation, value as Readonly<Record<string, unknown>>)
  const { items } = property
  if (items && Array.isArray(value))
    return value.flatMap((item, at) => valueComplaints(operation, items, `${name}[${at}]`, item))
  if (name === 'url' && !isAbsolute(value)) return [`url is not absolute: ${JSON.stringify(value)}`]
  return []
}

function linkComplaints({ links }: Operation, shown: Readonly<Record<string, unknown>>): string[] {
  return [
    ...keyComplaints(Object.keys(shown), Object.keys(links ?? {})).map((complaint) => `links: ${complaint}`),
    ...Object.entries(shown).flatMap(([name, link]) =>
      link === null || isAbsolute(link) ? [] : [`links.${name} is ${JSON.stringify(link)}`]
    )
  ]
}

const types: Readonly<Record<Property['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  sid: (value) => typeof value === 'string' && /^[A-Z]{2}[0-9a-f]{32}$/.test(value),
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  'date-time': isInstant,
  'date-time-2822': (value) =>
    typeof value === 'string' &&
    /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  'date-time-ms': (value) => typeof value === 'string' && /\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value)),
  uri: (value) => typeof value === 'string',
  links: isJsonObject,
  array: Array.isArray,
  instants: (value) => isJsonObject(value) && Object.values(value).every(isInstant),
  json: () => true
}

/** Every date of TaskRouter, Conversations and Flex has this form (reference taskrouter 0.4). */
function isInstant(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value))
  )
}

function isAbsolute(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** What an error's answer has that the envelope does not allow (reference rest-conventions 10); none when it is right. */
export function envelopeComplaints(status: number, body: unknown): string[] {
  if (!isJsonObject(body)) return [`the ${status} is no envelope: ${JSON.stringify(body)}`]
  const { code, message, more_info } = body
  return [
    ...keyComplaints(Object.keys(body), ['code', 'message', 'more_info', 'status']),
    ...(body.status === status ? [] : [`status in the body is ${body.status}, of the answer ${status}`]),
    ...(Number.isSafeInteger(code) && (code as number) > 0 ? [] : [`code is ${JSON.stringify(code)}`]),
    ...(typeof message === 'string' && message !== '' ? [] : [`message is ${JSON.stringify(message)}`]),
    ...(more_info === `https://www.twilio.com/docs/errors/${code}` ? [] : [`more_info is ${JSON.stringify(more_info)}`])
  ]
}
