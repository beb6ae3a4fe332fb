import { isoSeconds } from './instant.ts'
import type { Operation, Property } from './operation.ts'

export interface Rendering {
  /** Makes an absolute URL of an API path (`/v1/Workspaces/WS…`) in the form that the request came in with. */
  readonly url: (path: string) => string
  /** The request's path parameters, for rows that do not name their ancestors. */
  readonly path?: Readonly<Record<string, string | number>>
}

type Serializer = (
  row: Readonly<Record<string, unknown>>,
  url: Rendering['url'],
  path: Readonly<Record<string, unknown>>
) => Record<string, unknown>

const serializers = new WeakMap<Operation, Serializer>()

/**
 * A row as the API shows it: the response schema's properties in their order, instants from milliseconds to
 * `YYYY-MM-DDTHH:MM:SSZ`, what is missing as null, `url` and `links` made from the row's fields. A link with a field
 * that is null is null. For a list operation the row is one item. Operations without a body have no serialization.
 */
export function serialize(
  operation: Operation,
  row: Readonly<Record<string, unknown>>,
  { url, path }: Rendering
): Record<string, unknown> {
  let serializer = serializers.get(operation)
  if (!serializer) {
    serializer = compile(operation)
    serializers.set(operation, serializer)
  }
  return serializer(row, url, path ?? {})
}

/**
 * Writes the source of one object literal per operation: it keeps every row of a kind in one shape, which makes a task
 * several times cheaper than assigning property by property. All its text comes from the generated tables, none from
 * a request.
 */
function compile(operation: Operation): Serializer {
  if (operation.schema === null) throw new Error(`${operation.id} answers without a body`)
  const members = operation.schema.properties.map(
    (property) => `${JSON.stringify(property.name)}: ${memberSource(operation, property)}`
  )
  const variables = [...new Set([operation.url, ...Object.values(operation.links ?? {})].flatMap(variablesOf))]
  const declarations = variables.map((name) => `const $${name} = row.${name} ?? path.${name}`)
  const body = `return (row, url, path) => {\n${declarations.join('\n')}\nreturn {\n${members.join(',\n')}\n}\n}`
  return new Function('instant', 'instants', 'segment', body)(instant, instants, segment)
}

function memberSource(operation: Operation, property: Property): string {
  const field = `row.${property.name}`
  if (property.name === 'url' && operation.url !== null) return targetSource(operation.url)
  if (property.type === 'links' && operation.links !== null) {
    const links = Object.entries(operation.links).map(
      ([name, path]) => `${JSON.stringify(name)}: ${targetSource(path)}`
    )
    return `{ ${links.join(', ')} }`
  }
  if (property.type === 'date-time') return `instant(${field})`
  if (property.type === 'instants') return `instants(${field})`
  return `${field} ?? ${property.default ?? null}`
}

/** `/v1/Workspaces/{workspace_sid}` as an expression; null when a field of it is. */
function targetSource(path: string): string {
  const variables = variablesOf(path)
  const parts = path.split(/(\{\w+\})/).filter((part) => part !== '')
  const source = parts.map((part) => (part.startsWith('{') ? segmentSource(part.slice(1, -1)) : JSON.stringify(part)))
  const call = `url(${source.join(' + ')})`
  return variables.length === 0 ? call : `${variables.map((name) => `$${name} == null`).join(' || ')} ? null : ${call}`
}

/** SIDs need no percent-encoding; names (event types, schema ids) may. */
function segmentSource(name: string): string {
  return /^sid$|_sid$/.test(name) ? `$${name}` : `segment($${name})`
}

function variablesOf(path: string | null): string[] {
  return [...(path ?? '').matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
}

function segment(value: unknown): string {
  return encodeURIComponent(String(value))
}

/** Text passes, so that a value rendered before (in an event, in a cold row) keeps its form. */
function instant(value: unknown): string | null {
  if (typeof value === 'number') return isoSeconds(value)
  return typeof value === 'string' ? value : null
}

function instants(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null
  const entries = Object.entries(value).filter(([, at]) => at !== null && at !== undefined)
  return Object.fromEntries(entries.map(([name, at]) => [name, instant(at)]))
}
