import { instantOf } from './instant.ts'
import { isJsonObject, membersOf } from './json-text.ts'
import type { Operation, Parameter } from './operation.ts'
import { opened, scopeOf } from './page-scope.ts'

/** A request as HTTP has it: decoded path segments by their name in the template, everything else as it came. */
export interface RawRequest {
  readonly path: Readonly<Record<string, string>>
  /** Without the question mark. */
  readonly query: string
  readonly body: string
  readonly contentType: string | undefined
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Names in snake_case; the types are those of `OperationTypes[id]`. `page` is null where the operation has no pages. */
export interface ParsedRequest {
  readonly path: Readonly<Record<string, string | number>>
  readonly params: Readonly<Record<string, unknown>>
  readonly page: PageRequest | null
  /** Of operations that take JSON: the text of each member of `params` that came as JSON. */
  readonly texts?: Readonly<Record<string, string>>
}

export interface PageRequest {
  readonly page_size: number
  readonly page: number
  readonly page_token: string | null
  /** The mark of the list that the page is of, in tokens as clients see them (`page-scope.ts`). */
  readonly scope: string
}

/** A request that the contract refuses. `parameter` is the wire name, null where no single one is to blame. */
export class InvalidRequest extends Error {
  readonly code: number
  readonly status: number
  readonly parameter: string | null

  constructor(
    message: string,
    parameter: string | null = null,
    { code = 20001, status = 400 }: { readonly code?: number | undefined; readonly status?: number | undefined } = {}
  ) {
    super(message)
    this.name = 'InvalidRequest'
    this.code = code
    this.status = status
    this.parameter = parameter
  }
}

/** More than any operation needs, and few enough that nobody can make the parser work for seconds. */
const maxParameters = 1000
/** Deeper JSON would overflow the stack of whoever walks it later. */
const maxJsonDepth = 200

/**
 * Reads a request by its operation: names become snake_case, text becomes what `Parameter.type` says, unknown parameters
 * are ignored. Empty text is empty text for strings of a form, and `{}` for JSON text; elsewhere, and in every filter of a
 * list, it counts as absent, or as null where the parameter is clearable. Throws `InvalidRequest`, never anything else:
 * 400/20001 naming the parameter and what it was, 404/20404 for a malformed SID in the path (reference rest-conventions 4
 * and 6). A page's token is taken by the list alone that gave it, with the same parents and filters.
 */
export function parseRequest(operation: Operation, request: RawRequest): ParsedRequest {
  const { inPath, elsewhere } = placesOf(operation)
  const path = readPath(operation, inPath, request.path)
  const query = request.query === '' ? noPairs : parseForm(request.query)
  if (operation.closed) refuseUnknown(operation, query)
  const position = operation.page && readPage(operation.page, query)
  const hasBody = operation.method !== 'GET' && operation.method !== 'DELETE' && !operation.ignoresBody
  const form = hasBody ? readBody(operation, request) : null
  const params: Record<string, unknown> = form?.json ? { ...form.json } : {}
  for (const { parameter, wire, source, aliases, required } of elsewhere) {
    const texts =
      source === 'header'
        ? headerOf(parameter, request.headers)
        : textsOf(wire, aliases, source === 'query' ? query : form?.pairs)
    const value = texts && readParameter(parameter, texts)
    if (value !== undefined) params[parameter.name] = value
    else if (required) {
      throw new InvalidRequest(`Missing required parameter ${parameter.wire} in the post body`, parameter.wire)
    }
  }
  const placed = position && inScope(position, listOf(operation, path, params))
  return { path, params, page: placed, ...(form?.texts && { texts: form.texts }) }
}

const noPairs: ReadonlyMap<string, string[]> = new Map()

/** A misspelt filter would let everything through. */
function refuseUnknown({ parameters }: Operation, query: ReadonlyMap<string, string[]>): void {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ wire }) => wire)
  const unknown = [...query.keys()].find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new InvalidRequest(`Parameter ${unknown} is unknown: there are ${names.join(', ')}`, unknown)
}

/** What is asked of every parameter at every request, in objects of one shape: some operations have sixty. */
interface Asked {
  readonly parameter: Parameter
  readonly wire: string
  readonly source: Parameter['in']
  readonly aliases: readonly string[] | undefined
  readonly required: boolean
}

interface Places {
  readonly inPath: readonly Parameter[]
  readonly elsewhere: readonly Asked[]
  /** Names of those by which a list is narrowed. */
  readonly filters: readonly string[]
}

const places = new WeakMap<Operation, Places>()

function placesOf(operation: Operation): Places {
  const known = places.get(operation)
  if (known) return known
  const others = operation.parameters.filter((parameter) => parameter.in !== 'path')
  const found: Places = {
    inPath: operation.parameters.filter((parameter) => parameter.in === 'path'),
    elsewhere: others.map((parameter) => ({
      parameter,
      wire: parameter.wire,
      source: parameter.in,
      aliases: parameter.aliases,
      required: parameter.required ?? false
    })),
    filters: others.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  }
  places.set(operation, found)
  return found
}

/** The path of a request without its version, as 404 messages show it: `/Workspaces/WS…/Tasks/WT…`. */
function resourcePath(operation: Operation, path: Readonly<Record<string, string>>): string {
  const named = operation.path.replace(/^\/(v\d+|2010-04-01)/, '') + (operation.extension ?? '')
  return named.replaceAll(/\{(\w+)\}/g, (_, name: string) => path[name] ?? '')
}

/**
 * The pairs of a query or form, decoded: split at the first `=`, plus is a blank, keys may come several times, with or
 * without an index (`Key[0]`, `Key[]`). Throws `InvalidRequest`.
 */
export function parseForm(text: string): Map<string, string[]> {
  const pairs = new Map<string, string[]>()
  if (text === '') return pairs
  if (hasLoneSurrogate(text)) throw new InvalidRequest('The request holds text that is not valid Unicode')
  const parts = text.split('&', maxParameters + 1)
  if (parts.length > maxParameters) throw new InvalidRequest(`More than ${maxParameters} parameters`)
  for (const part of parts) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals), null).replace(/\[\d*\]$/, '')
    const value = equals < 0 ? '' : decode(part.slice(equals + 1), name)
    const present = pairs.get(name)
    if (present) present.push(value)
    else pairs.set(name, [value])
  }
  return pairs
}

function decode(text: string, name: string | null): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  let decoded = spaced
  if (spaced.includes('%')) {
    try {
      decoded = decodeURIComponent(spaced)
    } catch {
      throw new InvalidRequest(`Malformed percent-encoding${name === null ? '' : ` in ${shown(name)}`}`, name)
    }
  }
  if (decoded.includes('\0'))
    throw new InvalidRequest(`U+0000 is not allowed${name === null ? '' : ` in ${shown(name)}`}`, name)
  return decoded
}

function readPath(
  operation: Operation,
  parameters: readonly Parameter[],
  path: Readonly<Record<string, string>>
): Record<string, string | number> {
  const read: Record<string, string | number> = {}
  for (const parameter of parameters) {
    const text = path[parameter.wire] ?? ''
    // What looks like a SID is plain text.
    if (parameter.type === 'sid' && parameter.pattern && patternOf(parameter.pattern).test(text)) {
      read[parameter.name] = text
      continue
    }
    if (text.includes('\0') || hasLoneSurrogate(text)) {
      throw new InvalidRequest(`Parameter ${parameter.wire} is not valid text`, parameter.wire)
    }
    const number = parameter.type === 'integer' ? integerOf(text) : 0
    if (text === '' || number === null || (parameter.pattern && !patternOf(parameter.pattern).test(text))) {
      const message = `The requested resource ${resourcePath(operation, path)} was not found`
      throw new InvalidRequest(message, parameter.wire, { code: 20404, status: 404 })
    }
    read[parameter.name] = parameter.type === 'integer' ? number : text
  }
  return read
}

function readPage(
  limits: NonNullable<Operation['page']>,
  query: ReadonlyMap<string, string[]>
): Omit<PageRequest, 'scope'> {
  const size = readCount('PageSize', query) ?? limits.size
  const page = readCount('Page', query) ?? 0
  const token = query.get('PageToken')?.at(-1)
  if (limits.strict && size < 1)
    throw new InvalidRequest(
      `Parameter PageSize is invalid: an integer of at least 1 is expected, not '${size}'`,
      'PageSize'
    )
  if (page < 0)
    throw new InvalidRequest(`Parameter Page is invalid: a number of at least 0 is expected, not ${page}`, 'Page')
  if (page > 0 && !token) {
    throw new InvalidRequest('Parameter Page needs its PageToken: follow next_page_url instead of counting', 'Page')
  }
  // Out of range is clamped: no client depends on an error (reference rest-conventions 5).
  return { page_size: Math.min(Math.max(size, 1), limits.max), page, page_token: token || null }
}

function listOf(operation: Operation, path: ParsedRequest['path'], params: Readonly<Record<string, unknown>>): string {
  const { filters } = placesOf(operation)
  return scopeOf(
    operation.id,
    path,
    filters.map((name) => [name, params[name]] as const)
  )
}

/** The position with the token as those who list know it. Refuses another list's with 400. */
function inScope(position: Omit<PageRequest, 'scope'>, scope: string): PageRequest {
  const { page_token } = position
  const token = page_token && opened(page_token, scope)
  if (page_token && !token) {
    const message = 'is of another list: its parents and filters must be those that it was given with'
    throw new InvalidRequest(`Parameter PageToken is invalid: '${shown(page_token)}' ${message}`, 'PageToken')
  }
  const { page_size, page } = position
  return { page_size, page, page_token: token, scope }
}

function readCount(wire: string, query: ReadonlyMap<string, string[]>): number | null {
  const text = query.get(wire)?.at(-1)?.trim()
  if (text === undefined || text === '') return null
  const number = integerOf(text)
  if (number === null)
    throw new InvalidRequest(`Parameter ${wire} is invalid: an integer is expected, not '${shown(text)}'`, wire)
  return number
}

interface Body {
  readonly pairs: ReadonlyMap<string, string[]>
  /** Of operations that take JSON: the members with their names in snake_case. */
  readonly json: Readonly<Record<string, unknown>> | null
  /** Of the same, those that came as JSON, as they were written. */
  readonly texts?: Readonly<Record<string, string>>
}

function readBody(operation: Operation, { body, contentType }: RawRequest): Body {
  const none = new Map<string, string[]>()
  if (body.trim() === '') return { pairs: none, json: operation.json ? {} : null }
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  const isForm = type === undefined || type === '' || type === 'application/x-www-form-urlencoded'
  if (
    operation.json &&
    (/^application\/(.+\+)?json$/.test(type ?? '') || (isForm && body.trimStart().startsWith('{')))
  ) {
    return { pairs: none, ...jsonBody(body) }
  }
  if (!isForm) {
    throw new InvalidRequest(
      `Content-Type ${shown(type)} is not supported: application/x-www-form-urlencoded is expected`
    )
  }
  const pairs = parseForm(body)
  return operation.json ? { pairs: none, ...jsonOfForm(pairs) } : { pairs, json: null }
}

function jsonBody(body: string): Pick<Body, 'json' | 'texts'> {
  const value = parseJson(body, 'the request body', null)
  if (!isJsonObject(value)) throw new InvalidRequest('The request body is not a JSON object')
  const texts = membersOf(body).map((member) => [String(member.key), body.slice(member.value, member.end)] as const)
  return { json: named(Object.entries(value)), texts: named(texts) }
}

/** A form for an operation that takes JSON: values that look like JSON are JSON (reference flex 17). */
function jsonOfForm(pairs: ReadonlyMap<string, string[]>): Pick<Body, 'json' | 'texts'> {
  const isJson = (text: string) => /^\s*([[{"]|(true|false|null)\s*$)/.test(text)
  const values = [...pairs].map(([name, texts]): [string, unknown] => {
    const read = texts.map((text) => (isJson(text) ? parseJson(text, `parameter ${shown(name)}`, name) : text))
    return [name, read.length === 1 ? read[0] : read]
  })
  const texts = [...pairs].flatMap(([name, [text = '', ...more]]): [string, string][] =>
    more.length === 0 && isJson(text) ? [[name, text.trim()]] : []
  )
  return { json: named(values), texts: named(texts) }
}

/** Top-level names in snake_case, whatever they came in (`queueSids`, `QueueSids`; reference taskrouter 7.6). */
function named<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  if (entries.length > maxParameters) throw new InvalidRequest(`More than ${maxParameters} parameters`)
  const members: Record<string, T> = {}
  for (const [name, value] of entries) {
    const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
    // The one name that assignment would not store but obey.
    if (snake !== '__proto__') members[snake] = value
  }
  return members
}

function headerOf(parameter: Parameter, headers: RawRequest['headers']): readonly string[] | undefined {
  const value = headers[parameter.wire.toLowerCase()]
  const texts = typeof value === 'string' ? [value] : value
  if (texts?.some((text) => text.includes('\0') || hasLoneSurrogate(text)))
    throw new InvalidRequest(`Parameter ${parameter.wire} is not valid text`, parameter.wire)
  return texts
}

function textsOf(
  wire: string,
  aliases: readonly string[] | undefined,
  pairs: ReadonlyMap<string, string[]> | undefined
): readonly string[] | undefined {
  if (!pairs || pairs.size === 0) return undefined
  const texts = pairs.get(wire)
  if (texts || !aliases) return texts
  for (const alias of aliases) {
    const others = pairs.get(alias)
    if (others) return others
  }
  return undefined
}

/** Undefined where the parameter counts as absent. */
function readParameter(parameter: Parameter, texts: readonly string[]): unknown {
  if (parameter.repeated) {
    const isWords = parameter.several || parameter.enum || parameter.type === 'sid'
    const all = isWords ? texts.flatMap((text) => text.split(/[\s,]+/)) : texts
    const values = all.filter((text) => text !== '').map((text) => readText(parameter, text))
    return values.length === 0 && (parameter.required || parameter.in === 'query') ? undefined : values
  }
  // Of several values for one parameter the last counts.
  const text = texts.at(-1)
  if (text === undefined || (parameter.required && text === '')) return undefined
  return readText(parameter, text)
}

function readText(parameter: Parameter, text: string): unknown {
  if (parameter.maxLength !== undefined && text.length > parameter.maxLength) {
    const expected = `at most ${parameter.maxLength} characters are allowed`
    throw new InvalidRequest(`Parameter ${parameter.wire} is invalid: ${expected}, not ${text.length}`, parameter.wire)
  }
  switch (parameter.type) {
    case 'string':
      return readString(parameter, text)
    case 'json-text':
      return text === '' ? '{}' : checkedJson(parameter, text)
    default:
      return readOther(parameter, text.trim())
  }
}

function readString(parameter: Parameter, text: string): string | undefined {
  const { enum: values, pattern } = parameter
  if (values) return readEnum(parameter, values, text.trim())
  // A filter by nothing is no filter.
  if (text === '') return parameter.in === 'form' ? text : undefined
  if (pattern && !patternOf(pattern).test(text)) throw invalid(parameter, `text like ${pattern} is expected`, text)
  return text
}

function readEnum(parameter: Parameter, values: readonly string[], text: string): string | undefined {
  if (text === '') return undefined
  if (values.includes(text)) return text
  const folded = text.toLowerCase()
  const value = values.find((one) => one.toLowerCase() === folded)
  if (value === undefined) throw invalid(parameter, `one of ${values.join(', ')} is expected`, text)
  return value
}

function readOther(parameter: Parameter, text: string): unknown {
  if (parameter.clearable && (text === '' || text === 'null')) return null
  if (text === '') return undefined
  switch (parameter.type) {
    case 'sid': {
      const { pattern } = parameter
      if (pattern === undefined || patternOf(pattern).test(text)) return text
      throw invalid(parameter, `a SID beginning with ${pattern.slice(1, 3)} is expected`, text)
    }
    case 'boolean':
      return /^(true|1|yes)$/i.test(text)
    case 'integer':
      return inBounds(parameter, text, integerOf(text), 'an integer')
    case 'number': {
      const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)
      return inBounds(parameter, text, isNumber ? Number(text) : null, 'a number')
    }
    case 'json':
      return checkedJson(parameter, text)
    default: {
      const at = instantOf(text)
      if (at === null) throw invalid(parameter, 'a date in ISO 8601 is expected', text)
      return parameter.type === 'date' ? new Date(at).toISOString().slice(0, 10) : at
    }
  }
}

function inBounds(parameter: Parameter, text: string, number: number | null, noun: string): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = parameter
  if (number !== null && Number.isFinite(number) && number >= min && number <= max) return number
  const least = parameter.min === undefined ? '' : ` of at least ${min}`
  const most = parameter.max === undefined ? '' : `${least === '' ? ' of' : ' and'} at most ${max}`
  throw invalid(parameter, `${noun}${least}${most} is expected`, text)
}

function integerOf(text: string): number | null {
  const number = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : null
}

/** The text as it is, of JSON that may be kept: who parses it and writes it again may change what it says. */
function checkedJson(parameter: Parameter, text: string): string {
  const { wire, code } = parameter
  const value = parseJson(text, `parameter ${wire}`, wire, code)
  if (parameter.object && !isJsonObject(value)) throw invalid(parameter, 'a JSON object is expected', text)
  return text
}

function parseJson(text: string, where: string, parameter: string | null, code?: number): unknown {
  const refused = (what: string) => new InvalidRequest(`Invalid JSON in ${where}: ${what}`, parameter, { code })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused(`'${shown(text)}'`)
  }
  const flaw = flawOf(value, text.includes('\\u') || hasLoneSurrogate(text))
  if (flaw) throw refused(flaw)
  return value
}

/** What makes a parsed value unfit to keep. Walks without recursion, since depth is one of the flaws. */
function flawOf(root: unknown, escapes: boolean): string | null {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxJsonDepth) return `nested deeper than ${maxJsonDepth} levels`
    const below: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') {
        if (escapes && (value.includes('\0') || hasLoneSurrogate(value))) return 'U+0000 or half a surrogate pair'
      } else if (typeof value === 'object' && value !== null) {
        if (escapes && !Array.isArray(value)) below.push(...Object.keys(value))
        for (const member of Object.values(value)) if (typeof member === 'object' || escapes) below.push(member)
      }
    }
    level = below
  }
  return null
}

function invalid({ wire, code, expected }: Parameter, expectation: string, text: string): InvalidRequest {
  const what = expected === undefined ? expectation : `${expected} is expected`
  return new InvalidRequest(`Parameter ${wire} is invalid: ${what}, not '${shown(text)}'`, wire, { code })
}

function hasLoneSurrogate(text: string): boolean {
  return !text.isWellFormed()
}

/** Foreign text inside a message: short, so that an error is never larger than its cause. */
export function shown(text: string | undefined): string {
  const given = text ?? ''
  // Nothing is cut in the middle of a character.
  return given.length > 64 ? `${given.slice(0, 64).replace(/[\ud800-\udbff]$/, '')}…` : given
}

const patterns = new Map<string, RegExp>()

function patternOf(source: string): RegExp {
  let pattern = patterns.get(source)
  if (!pattern) {
    pattern = new RegExp(source)
    patterns.set(source, pattern)
  }
  return pattern
}
