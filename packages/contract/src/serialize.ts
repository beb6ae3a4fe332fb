import { isoMilliseconds, isoSeconds, rfc2822 } from './instant.ts'
import { JsonText } from './json-text.ts'
import type { Operation, Property } from './operation.ts'

export interface Rendering {
  /** What stands before an API path (`/v1/Workspaces/WS…`) in URLs, in the form that the request came in with. */
  readonly base: string
  /** The request's path parameters, for rows that do not name their ancestors. */
  readonly path?: Readonly<Record<string, string | number>>
}

type Serializer = (row: Readonly<Record<string, unknown>>, path: Readonly<Record<string, unknown>>) => string

/** An operation's template, and what came of it by the base: the texts that are the same for all rows of one origin. */
interface Compiled {
  readonly template: (base: string) => Serializer
  readonly byBase: Map<string, Serializer>
}

const compiled = new WeakMap<Operation, Compiled>()

/** Of one operation. Callers choose the host that they name, so what is remembered of it has an end. */
const maxBases = 100

/**
 * A row as the API shows it, as JSON text: the response schema's properties in their order, instants from milliseconds to
 * `YYYY-MM-DDTHH:MM:SSZ` (or with milliseconds, where the property says so), what is missing as null, `url` and `links` made from the row's fields. A link with a field
 * that is null is null. For a list operation the row is one item. Operations without a body have no serialization.
 */
export function serialized(
  operation: Operation,
  row: Readonly<Record<string, unknown>>,
  { base, path }: Rendering
): string {
  let known = compiled.get(operation)
  if (!known) {
    known = { template: compile(operation), byBase: new Map() }
    compiled.set(operation, known)
  }
  let serializer = known.byBase.get(base)
  if (!serializer) {
    if (known.byBase.size >= maxBases) known.byBase.clear()
    serializer = known.template(escaped(base) ?? '')
    known.byBase.set(base, serializer)
  }
  return serializer(row, path ?? noPath)
}

const noPath: Readonly<Record<string, unknown>> = {}

/**
 * Writes the source of one template per operation: what is the same for all rows stands in its literal parts, what a row
 * holds is escaped once, and what several links begin with is put together once. All source text comes from the generated
 * tables, none from a request.
 */
function compile(operation: Operation): Compiled['template'] {
  if (operation.schema === null) throw new Error(`${operation.id} answers without a body`)
  const targets = [operation.url, ...Object.values(operation.links ?? {})]
  const variables = [...new Set(targets.flatMap(variablesOf))]
  const declarations = variables.map(
    (name) => `const $${name} = ${isSid(name) ? 'escaped' : 'segment'}(row.${name} ?? path.${name})`
  )
  const beginnings = new Beginnings()
  const members = operation.schema.properties.map(
    (property) => `"${property.name}":\${${memberSource(operation, property, variables, beginnings)}}`
  )
  const lines = [...declarations, ...beginnings.declarations, `return \`{${members.join(',')}}\``]
  const serializer = `return (row, path) => {\n${lines.join('\n')}\n}`
  const body = `return (base) => {\n${[...beginnings.constants, serializer].join('\n')}\n}`
  const names = ['escaped', 'segment', 'json', 'instant', 'precise', 'worded', 'instants', 'target']
  return new Function(...names, body)(escaped, segment, json, instant, precise, worded, instants, target)
}

/** What URLs of one answer begin with, up to and with a variable: each is put together once, from the one before it. */
class Beginnings {
  /** Of one origin. */
  readonly constants: string[] = []
  /** Of one row. */
  readonly declarations: string[] = []
  readonly #names = new Map<string, string>()

  /** The name of what stands before a path's last literal part (a quote included), and that part. */
  of(path: string): { readonly name: string; readonly rest: string } {
    const parts = path.split(/\{(\w+)\}/)
    const first = parts[0] ?? ''
    let name = this.#named(`/${first}`, (name) => this.constants.push(`const ${name} = \`"\${base}${first}\``))
    for (let i = 1; i + 1 < parts.length; i += 2) {
      const [before, variable] = [name, parts[i]]
      const literal = i === 1 ? '' : parts[i - 1]
      name = this.#named(parts.slice(0, i + 1).join('|'), (name) =>
        this.declarations.push(`const ${name} = \`\${${before}}${literal}\${$${variable}}\``)
      )
    }
    return { name, rest: parts.length === 1 ? '' : (parts.at(-1) ?? '') }
  }

  #named(text: string, declare: (name: string) => void): string {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const name = `_${this.#names.size}`
    this.#names.set(text, name)
    declare(name)
    return name
  }
}

/** An expression of JSON text. */
function memberSource(
  operation: Operation,
  { name, type, default: missing }: Property,
  variables: readonly string[],
  beginnings: Beginnings
): string {
  const field = `row.${name}`
  if (name === 'url' && operation.url !== null) return targetSource(operation.url, beginnings)
  if (type === 'links' && operation.links !== null) {
    const links = Object.entries(operation.links).map(([name, path]) => {
      return `"${name}":\${${targetSource(path, beginnings)}}`
    })
    return `\`{${links.join(',')}}\``
  }
  // Rows name other resources by their API path.
  if (name === 'resource_url' || name === 'actor_url') return `target(${field}, base)`
  if (type === 'date-time') return `instant(${field})`
  if (type === 'date-time-ms') return `precise(${field})`
  if (type === 'date-time-2822') return `worded(${field})`
  if (type === 'instants') return `instants(${field})`
  if (isSid(name) && variables.includes(name))
    return `typeof ${field} === 'string' ? \`"\${$${name}}"\` : json(${field})`
  return missing === undefined ? `json(${field})` : `json(${field} ?? ${missing})`
}

/** `/v1/Workspaces/{workspace_sid}` as an expression of JSON text; null when a field of it is. */
function targetSource(path: string, beginnings: Beginnings): string {
  const { name, rest } = beginnings.of(path)
  const text = `\`\${${name}}${rest}"\``
  const isMissing = variablesOf(path).map((name) => `$${name} === null`)
  return isMissing.length === 0 ? text : `${isMissing.join(' || ')} ? 'null' : ${text}`
}

/** SIDs need no percent-encoding; names (event types, schema ids) may. */
function isSid(name: string): boolean {
  return /^sid$|_sid$/.test(name)
}

function variablesOf(path: string | null): string[] {
  return [...(path ?? '').matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
}

/** Anything but characters that JSON text holds as they are: no quote, backslash, control character or half of a pair. */
const unsafe = /[^ !#-[\]-\ud7ff\ue000-\uffff]/

/** What stands between the quotes of a JSON string; null of null and undefined. */
function escaped(value: unknown): string | null {
  if (value === null || value === undefined) return null
  const text = String(value)
  return unsafe.test(text) ? JSON.stringify(text).slice(1, -1) : text
}

function segment(value: unknown): string | null {
  return value === null || value === undefined ? null : encodeURIComponent(String(value))
}

function json(value: unknown): string {
  if (typeof value === 'string') return unsafe.test(value) ? JSON.stringify(value) : `"${value}"`
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  return value instanceof JsonText ? value.text : (JSON.stringify(value) ?? 'null')
}

/** `base` is escaped already. */
function target(path: unknown, base: string): string {
  return typeof path === 'string' && path.startsWith('/') ? `"${base}${escaped(path)}"` : json(path)
}

/** Text passes, so that a value rendered before (in an event, in a cold row) keeps its form. */
function instant(value: unknown): string {
  if (typeof value === 'number') return `"${isoSeconds(value)}"`
  return typeof value === 'string' ? json(value) : 'null'
}

function precise(value: unknown): string {
  return typeof value === 'number' ? `"${isoMilliseconds(value)}"` : instant(value)
}

function worded(value: unknown): string {
  return typeof value === 'number' ? `"${rfc2822(value)}"` : instant(value)
}

function instants(value: unknown): string {
  if (typeof value !== 'object' || value === null) return json(value)
  const members = Object.entries(value).filter(([, at]) => at !== null && at !== undefined)
  return `{${members.map(([name, at]) => `${JSON.stringify(name)}:${instant(at)}`).join(',')}}`
}
